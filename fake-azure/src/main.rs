//! The `fake-azure` command: serves the simulator, and says what it implements.

mod cli;

use std::process::ExitCode;

use tracing_subscriber::EnvFilter;

/// Documents are trees of small pieces: with this one an answer takes three quarters of its time (docs/performance.md).
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let filter = EnvFilter::try_from_env("FAKE_AZURE_LOG").unwrap_or_else(|_| EnvFilter::new("warn"));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .init();
    cli::run()
}
