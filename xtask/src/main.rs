//! Repository chores: what CI runs, what keeps the tree tidy, and the documents that are measured or generated.
//!
//! Knows files, git, cargo and the project's binaries by their command lines. It links none of our crates: what it
//! prints about the product it asks the product.

mod bench;
mod ci;
mod clients;
mod coverage;
mod document;
mod fidelity;
mod new_type;
mod output;
mod repository;
mod same_journal;
mod server;
mod tidy;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};

/// Repository chores.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run what CI runs, cheapest first
    Ci,
    /// Check what neither the compiler nor a lint sees: crate edges, sorted tables, stale files, links, quirks
    Tidy,
    /// Write docs/quirks.md: every quirk with its rule, its tests and its scenarios
    Quirks,
    /// Print what `fake-azure` implements, and write docs/coverage.md
    Coverage {
        /// Compare docs/coverage.md with what would be written, and write nothing
        #[arg(long)]
        check: bool,
    },
    /// Replay recorded sessions against `fake-azure serve`, and write the score to docs/fidelity.md
    Fidelity(fidelity::Options),
    /// Run the benchmarks, and write docs/performance.md
    Bench,
    /// Install stock clients outside the tree, and run their suites and guides against `fake-azure serve`
    Clients(clients::Options),
    /// Check that one seed gives one journal, optimised or not
    SameJournal,
    /// Write the skeleton of a resource type, and say which row it wants
    NewType {
        /// The type as Azure writes it, such as Microsoft.Network/routeTables
        name: String,
    },
}

impl Command {
    /// The commands that write documents, by the names under which the documents know them.
    const GENERATORS: &[&str] = &["bench", "coverage", "fidelity", "quirks"];
}

fn main() -> ExitCode {
    match run(Cli::parse().command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            output::error(&error);
            ExitCode::FAILURE
        }
    }
}

fn run(command: Command) -> Result<()> {
    let root = repository::root();
    match command {
        Command::Ci => ci::run(&root),
        Command::Tidy => tidy::run(&root),
        Command::Quirks => tidy::write_quirks(&root),
        Command::Coverage { check } => coverage::run(&root, check),
        Command::Fidelity(options) => fidelity::run(&root, &options),
        Command::Bench => bench::run(&root),
        Command::Clients(options) => clients::run(&root, &options),
        Command::SameJournal => same_journal::run(&root),
        Command::NewType { name } => new_type::run(&root, &name),
    }
}

/// Where a document that `cargo xtask` writes lies.
fn docs(root: &std::path::Path, name: &str) -> PathBuf {
    root.join("docs").join(name)
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn every_generator_is_a_command() {
        for name in Command::GENERATORS {
            assert!(Cli::command().find_subcommand(name).is_some(), "no command `{name}`");
        }
    }
}
