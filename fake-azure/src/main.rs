//! fake-azure command.
fn main() {}
