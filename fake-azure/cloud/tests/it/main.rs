//! The engine through the cloud's two doors.

mod engine;
