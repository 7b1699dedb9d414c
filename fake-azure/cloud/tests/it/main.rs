//! The engine, and both APIs at once, through the cloud's two doors.

mod engine;
mod mixed;
