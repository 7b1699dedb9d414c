//! conformance command.
fn main() {}
