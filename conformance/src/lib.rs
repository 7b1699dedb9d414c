//! conformance library.
