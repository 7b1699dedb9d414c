//! Exit codes of the binary `conformance`.

/// Everything was as expected.
pub const OK: u8 = 0;

/// Something was not as expected: a scenario failed, a property was broken, or an expected failure passes.
pub const UNEXPECTED: u8 = 1;

/// The command line or a scenario file is wrong.
pub const USAGE: u8 = 2;

/// A bug of the harness's own, or a machine that does not let it work.
pub const BUG: u8 = 3;
