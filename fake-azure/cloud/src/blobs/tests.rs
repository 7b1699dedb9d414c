//! Rules of the blob service.
