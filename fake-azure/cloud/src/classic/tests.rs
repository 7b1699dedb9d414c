//! Rules of the classic API, through the doors of the cloud.
