//! The command line of the binary `conformance`.
//!
//! Data goes to `out`, everything else to `err`. It refuses to know where these lead.

mod check;
mod explain;
mod list;
mod new;
mod run;

use std::ffi::OsString;
use std::io::Write;

use camino::Utf8PathBuf;
use clap::{Args, Parser, Subcommand};

use crate::driver::DriverKind;
use crate::exit;
use crate::scenario::Library;

/// Proves provisioning software against fake-azure: scenarios, properties, oracles, reports.
#[derive(Debug, Parser)]
#[command(
    name = "conformance",
    version,
    after_help = "Without a command, everything runs: each scenario on every driver that can judge it, and each property.\n\nExit codes: 0 as expected, 1 something was not, 2 the command line or a scenario file is wrong, 3 a bug of the harness's own."
)]
struct Arguments {
    /// The folder of scenarios.
    #[arg(long, global = true, value_name = "FOLDER")]
    scenarios: Option<Utf8PathBuf>,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Runs scenarios and properties.
    Run(RunArguments),
    /// Lists scenarios and properties.
    List(ListArguments),
    /// Reads scenario files and says what is wrong with them.
    Check(CheckArguments),
    /// Begins a new scenario.
    New(NewArguments),
    /// Tells what a scenario or a property does.
    Explain(ExplainArguments),
}

/// What to run, and how.
#[derive(Debug, Default, Args)]
struct RunArguments {
    /// Parts of ids, globs or tags of the scenarios to run; none: all scenarios and all properties.
    #[arg(value_name = "FILTER")]
    filters: Vec<String>,
    /// Run on this driver only; may be repeated.
    #[arg(long = "driver", value_name = "DRIVER")]
    drivers: Vec<DriverKind>,
    /// The seed of everything that is drawn.
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// Stop after this step of the scenario; nothing is cleaned up then.
    #[arg(long, value_name = "STEP")]
    until: Option<usize>,
    /// Histories tried for each property; 0: none.
    #[arg(long, value_name = "N")]
    cases: Option<u32>,
    /// Run this property only; may be repeated.
    #[arg(long = "property", value_name = "NAME")]
    properties: Vec<String>,
    /// Another limit profile than the scenarios': 2014, 2016 or current.
    #[arg(long, value_name = "PROFILE")]
    profile: Option<String>,
    /// Write a JUnit report.
    #[arg(long, value_name = "FILE")]
    junit: Option<Utf8PathBuf>,
    /// Write every event as a JSON line.
    #[arg(long, value_name = "FILE")]
    json: Option<Utf8PathBuf>,
    /// Write histories that break a property into the scenario folder.
    #[arg(long)]
    keep: bool,
    /// Scenarios run at the same time; 0: as many as there are cores.
    #[arg(long, value_name = "N", default_value_t = 0)]
    threads: usize,
}

#[derive(Debug, Args)]
struct ListArguments {
    /// Parts of ids, globs or tags.
    #[arg(value_name = "FILTER")]
    filters: Vec<String>,
    /// As JSON lines.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
struct CheckArguments {
    /// Scenario files; none: the whole folder.
    #[arg(value_name = "FILE")]
    files: Vec<Utf8PathBuf>,
}

#[derive(Debug, Args)]
struct NewArguments {
    /// Its id: the path below the scenario folder, without the ending.
    #[arg(value_name = "ID")]
    id: String,
    /// What it shows, in one sentence.
    #[arg(long, value_name = "SENTENCE")]
    about: Option<String>,
}

#[derive(Debug, Args)]
struct ExplainArguments {
    /// The id of a scenario, or the name of a property.
    #[arg(value_name = "ID")]
    id: String,
}

/// Where output goes.
pub struct Streams<'w> {
    /// Data.
    pub out: &'w mut dyn Write,
    /// Everything else.
    pub err: &'w mut dyn Write,
    /// Whether somebody watches `err`.
    pub is_terminal: bool,
}

/// Does what the command line says; gives back the exit code.
pub fn main(arguments: impl IntoIterator<Item = OsString>, streams: &mut Streams<'_>) -> u8 {
    let arguments = match Arguments::try_parse_from(arguments) {
        Ok(arguments) => arguments,
        Err(error) => {
            let text = error.render().to_string();
            let asked = !error.use_stderr();
            let written = if asked {
                streams.out.write_all(text.as_bytes())
            } else {
                streams.err.write_all(text.as_bytes())
            };
            return match (written, asked) {
                (Err(_), _) => exit::BUG,
                (Ok(()), true) => exit::OK,
                (Ok(()), false) => exit::USAGE,
            };
        }
    };
    let library = arguments.scenarios.map_or_else(Library::of_workspace, Library::at);
    let done = match arguments.command.unwrap_or_else(|| {
        Command::Run(RunArguments {
            seed: 1,
            ..RunArguments::default()
        })
    }) {
        Command::Run(arguments) => run::run(&library, &arguments, streams),
        Command::List(arguments) => list::list(&library, &arguments, streams),
        Command::Check(arguments) => check::check(&library, &arguments.files, streams),
        Command::New(arguments) => new::new(&library, &arguments.id, arguments.about.as_deref(), streams),
        Command::Explain(arguments) => explain::explain(&library, &arguments.id, streams),
    };
    match done {
        Ok(code) => code,
        Err(error) if is_broken_pipe(&error) => exit::OK,
        Err(error) => {
            // Whoever reads it may be gone; there is nobody else to tell.
            let _ = writeln!(streams.err, "error: {error:#}");
            exit::BUG
        }
    }
}

/// Whether whoever read our output has read enough.
fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error
        .chain()
        .filter_map(|cause| cause.downcast_ref::<std::io::Error>())
        .any(|cause| cause.kind() == std::io::ErrorKind::BrokenPipe)
}

/// Whether a scenario is chosen: by a part of its id, a glob over it, or a tag.
fn is_chosen(filters: &[String], id: &str, tags: &[String]) -> bool {
    let matches = |filter: &String| {
        let by_glob = globset::Glob::new(filter).is_ok_and(|glob| glob.compile_matcher().is_match(id));
        by_glob || id.contains(filter.as_str()) || tags.contains(filter)
    };
    filters.is_empty() || filters.iter().any(matches)
}

/// A usage error: what is wrong, and what to do.
fn usage(streams: &mut Streams<'_>, message: &str, hint: &str) -> anyhow::Result<u8> {
    writeln!(streams.err, "error: {message}\nhint: {hint}")?;
    Ok(exit::USAGE)
}
