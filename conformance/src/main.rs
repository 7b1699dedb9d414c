//! The binary `conformance`: everything it does is in the library.

use std::io::IsTerminal;
use std::process::ExitCode;

use conformance::cli::{self, Streams};

/// Documents are trees of small pieces: with this one an answer takes three quarters of its time (docs/performance.md).
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    tracing_subscriber::fmt()
        .with_env_filter(tracing_subscriber::EnvFilter::from_default_env())
        .with_writer(std::io::stderr)
        .init();
    let is_terminal = std::io::stderr().is_terminal();
    let mut out = anstream::stdout();
    let mut err = anstream::stderr();
    let mut streams = Streams {
        out: &mut out,
        err: &mut err,
        is_terminal,
    };
    ExitCode::from(cli::main(std::env::args_os(), &mut streams))
}
