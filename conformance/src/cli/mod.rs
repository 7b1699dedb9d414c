//! The command line of the binary `conformance`.
//!
//! Data goes to `out`, everything else to `err`. It refuses to know where these lead.

mod check;
mod digest;
mod explain;
mod list;
mod live;
mod new;
mod record;
mod run;
mod scale;
mod sweep;

use std::ffi::OsString;
use std::io::Write;

use camino::Utf8PathBuf;
use clap::{Args, Parser, Subcommand};

use crate::driver::DriverKind;
use crate::exit;
use crate::scenario::{Library, Scenario};
use crate::subject::Stack;
use crate::sweep::{Fault, Operation};

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
    /// Strikes every request of the provider's operations in turn, by every fault, and by the end of its process.
    Sweep(SweepArguments),
    /// Deletes what a live run left: every group whose name begins with the run's prefix.
    Clean(CleanArguments),
    /// Runs a scenario and writes down, without secrets, what was sent and answered.
    Record(RecordArguments),
    /// Sends the requests of a recorded session to a new simulator, and lists every difference of the answers.
    Replay(ReplayArguments),
    /// Prints a digest of what each scenario sends and is answered: the same on every machine, and in every build.
    Digest(DigestArguments),
    /// Starts, lists and stops many machines, and prints what that costs in requests.
    BenchScale(ScaleArguments),
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
    /// Another generation of the provider than the scenarios': A1, A4 or A7.
    #[arg(long, value_name = "GENERATION")]
    generation: Option<String>,
    /// Against a simulator, or against a live subscription: its account is read from AZURE_TENANT_ID, AZURE_SUBSCRIPTION_ID,
    /// AZURE_CLIENT_ID and AZURE_CLIENT_SECRET, and the beginning of all names from CONFORMANCE_PREFIX.
    #[arg(long, value_name = "TARGET", default_value = "fake")]
    target: Target,
    /// With `--target live`: print every request that would be sent, redacted, and send none.
    #[arg(long)]
    dry_run: bool,
    /// With `--target live`: agree to pay for so many machines.
    #[arg(long, value_name = "MACHINES")]
    i_accept_cost: Option<usize>,
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

/// What to sweep, and how.
#[derive(Debug, Args)]
struct SweepArguments {
    /// Only providers of this stack.
    #[arg(long, value_name = "STACK")]
    stack: Option<Stack>,
    /// Only this generation of the provider for Resource Manager, A1, A4 or A7; may be repeated.
    #[arg(long = "generation", value_name = "GENERATION")]
    generations: Vec<String>,
    /// Only this operation; may be repeated.
    #[arg(long = "operation", value_name = "OPERATION")]
    operations: Vec<Operation>,
    /// Only this fault; may be repeated.
    #[arg(long = "fault", value_name = "FAULT")]
    faults: Vec<Fault>,
    /// Over the protocols in process, or over sockets.
    #[arg(long, value_name = "DRIVER", default_value = "wire")]
    driver: DriverKind,
    /// The seed of everything that is drawn.
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// Only this request of each operation, counted from 1.
    #[arg(long, value_name = "N")]
    at: Option<u64>,
    /// Only every N-th run.
    #[arg(long, value_name = "N", default_value_t = 1)]
    every: usize,
    /// Runs at the same time; 0: as many as there are cores.
    #[arg(long, value_name = "N", default_value_t = 0)]
    threads: usize,
}

/// Where a run goes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
enum Target {
    /// A simulator in this process.
    #[default]
    Fake,
    /// A live subscription.
    Live,
}

/// What to clean.
#[derive(Debug, Args)]
struct CleanArguments {
    /// Print every request that would be sent, redacted, and send none.
    #[arg(long)]
    dry_run: bool,
    /// The seed of the run, which the prefix ends in unless CONFORMANCE_PREFIX says otherwise.
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
}

/// What to record.
#[derive(Debug, Args)]
struct RecordArguments {
    /// The id of a scenario.
    #[arg(value_name = "SCENARIO")]
    id: String,
    /// The file to write.
    #[arg(long, value_name = "FILE")]
    out: Utf8PathBuf,
    /// The seed of everything that is drawn.
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
}

/// What to digest.
#[derive(Debug, Args)]
struct DigestArguments {
    /// Parts of ids, globs or tags of the scenarios; none: all scenarios.
    #[arg(value_name = "FILTER")]
    filters: Vec<String>,
    /// The seed of everything that is drawn.
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
}

/// What to replay.
#[derive(Debug, Args)]
struct ReplayArguments {
    /// A recorded session.
    #[arg(value_name = "FILE")]
    file: Utf8PathBuf,
    /// The seed of the new world; the session's unless given.
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
}

/// How many machines, and whose.
#[derive(Debug, Args)]
struct ScaleArguments {
    /// Numbers of machines, fewest first.
    #[arg(long, value_name = "N,…", value_delimiter = ',', default_value = "10,100,1000")]
    machines: Vec<u32>,
    /// Only providers of this stack.
    #[arg(long, value_name = "STACK")]
    stack: Option<Stack>,
    /// Only this generation of the provider for Resource Manager, A1, A4 or A7; may be repeated.
    #[arg(long = "generation", value_name = "GENERATION")]
    generations: Vec<String>,
    /// Over the protocols in process, or over sockets.
    #[arg(long, value_name = "DRIVER", default_value = "wire")]
    driver: DriverKind,
    /// The seed of everything that is drawn.
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
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
        Command::Sweep(arguments) => sweep::sweep(&arguments, streams),
        Command::Clean(arguments) => {
            let asked = live::Asked {
                dry_run: arguments.dry_run,
                machines_max: Some(0),
                seed: arguments.seed,
            };
            live::clean(&asked, streams)
        }
        Command::Record(arguments) => record::record(&library, &arguments, streams),
        Command::Replay(arguments) => record::replay(&arguments, streams),
        Command::Digest(arguments) => digest::digest(&library, &arguments, streams),
        Command::BenchScale(arguments) => scale::scale(&arguments, streams),
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

/// Every scenario of the library, or the exit code where there is none to be read. Those that are wrong are told and left out.
fn load(library: &Library, streams: &mut Streams<'_>) -> anyhow::Result<Result<(Vec<Scenario>, bool), u8>> {
    let (scenarios, errors) = match library.load() {
        Ok(loaded) => loaded,
        Err(error) => {
            let hint = "name the folder of scenarios with --scenarios FOLDER";
            return Ok(Err(usage(streams, &error.to_string(), hint)?));
        }
    };
    for error in &errors {
        writeln!(streams.err, "error: {error}")?;
    }
    Ok(Ok((scenarios, errors.is_empty())))
}

/// A usage error: what is wrong, and what to do.
fn usage(streams: &mut Streams<'_>, message: &str, hint: &str) -> anyhow::Result<u8> {
    writeln!(streams.err, "error: {message}\nhint: {hint}")?;
    Ok(exit::USAGE)
}

/// How many threads: as many as are asked for, or as there are cores.
fn n_threads(asked: usize) -> usize {
    match asked {
        0 => std::thread::available_parallelism().map_or(1, std::num::NonZero::get),
        n => n,
    }
}
