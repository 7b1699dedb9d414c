//! The command line: flags in, data on stdout, everything else on stderr.

mod az_config;
mod clients;
mod coverage;
mod env;
mod exit;
mod explain;
mod files;
mod output;
mod serve;

use std::process::ExitCode;

use clap::{Parser, Subcommand, ValueEnum};

/// An Azure you can hold in one process.
///
/// Logs go to stderr; FAKE_AZURE_LOG sets what is logged (`warn` unless set).
#[derive(Debug, Parser)]
#[command(name = "fake-azure", version, max_term_width = 100, arg_required_else_help = true, after_help = exit::HELP)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve Resource Manager, Service Management, blobs, sign-in and the control API
    Serve(Box<serve::Arguments>),
    /// Print what a client needs to be pointed at a server that runs
    Env(env::Arguments),
    /// Print what is implemented, type by type
    Coverage {
        /// How to print it
        #[arg(long, value_enum, default_value_t = Format::Table)]
        format: Format,
    },
    /// Print what an error rests on, and the way out
    Explain {
        /// The error's code, e.g. `NicInUse`, in any case
        code: String,
    },
    /// Print a document that describes an interface of the simulator
    Schema {
        /// Which interface
        #[arg(value_enum)]
        interface: Interface,
    },
}

/// How a list is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people
    Table,
    /// For programs
    Json,
}

/// What `schema` describes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Interface {
    /// The control API, as docs/control-api.md
    ControlApi,
}

/// Runs the command.
pub(crate) fn run() -> ExitCode {
    let done = match Arguments::parse().command {
        Command::Serve(arguments) => serve::run(*arguments),
        Command::Env(arguments) => env::run(&arguments),
        Command::Coverage { format } => coverage::run(format),
        Command::Explain { code } => explain::run(&code),
        Command::Schema {
            interface: Interface::ControlApi,
        } => output::write(&fake_azure::control::document()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            failure.print();
            ExitCode::from(failure.code())
        }
    }
}
