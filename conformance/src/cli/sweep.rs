//! `conformance sweep`: every request of an operation struck in turn.

use std::io::Write;
use std::time::{Duration, Instant};

use super::{Streams, SweepArguments, usage};
use crate::driver::DriverKind;
use crate::exit;
use crate::subject::{Stack, Subject};
use crate::sweep::{self, End, Fault, Operation, Plan, Run, Told};

/// How often it is told how far a long sweep is.
const TOLD_EVERY: Duration = Duration::from_secs(20);

pub(super) fn sweep(arguments: &SweepArguments, streams: &mut Streams<'_>) -> anyhow::Result<u8> {
    if arguments.driver == DriverKind::Model {
        return usage(
            streams,
            "driver `model` speaks no protocol, so no request can be struck",
            "choose wire or socket",
        );
    }
    let subjects = match subjects(arguments.stack, &arguments.generations) {
        Ok(subjects) => subjects,
        Err(name) => {
            return usage(streams, &format!("`{name}` is no generation"), "choose A1, A4 or A7");
        }
    };
    let plan = Plan {
        subjects,
        operations: or_all(&arguments.operations, &Operation::ALL),
        faults: or_all(&arguments.faults, &Fault::ALL),
        driver: arguments.driver,
        seed: arguments.seed,
        at: arguments.at,
        every: arguments.every,
        n_threads: super::n_threads(arguments.threads),
    };
    let started = Instant::now();
    let mut runs: Vec<Run> = Vec::new();
    let mut progress = Progress::new(started);
    sweep::sweep(&plan, &mut |told| {
        if let Told::Run(run) = told {
            if let Some(text) = sweep::show_trouble(&plan, run) {
                streams.err.write_all(text.as_bytes())?;
            }
            runs.push(run.clone());
        }
        progress.tell(told, streams.err)
    })?;
    if let Some(table) = sweep::table(&runs) {
        writeln!(streams.out, "{table}")?;
    }
    let millis = started.elapsed().as_millis();
    writeln!(
        streams.out,
        "{}, {}.{:03} s",
        sweep::last_line(&plan, &runs),
        millis / 1000,
        millis % 1000
    )?;
    let good = runs
        .iter()
        .all(|run| matches!(run.end, End::Succeeded | End::CleanedUp));
    Ok(if good { exit::OK } else { exit::UNEXPECTED })
}

/// How far a sweep is, in a line for every operation and one every now and then.
struct Progress {
    started: Instant,
    told: Instant,
    what: String,
    n_done: usize,
    n_runs: usize,
}

impl Progress {
    fn new(started: Instant) -> Progress {
        Progress {
            started,
            told: started,
            what: String::new(),
            n_done: 0,
            n_runs: 0,
        }
    }

    fn tell(&mut self, told: Told<'_>, err: &mut dyn Write) -> anyhow::Result<()> {
        match told {
            Told::Begun {
                subject,
                operation,
                n_runs,
            } => {
                self.what = format!("{operation} of {subject}");
                (self.n_done, self.n_runs) = (0, n_runs);
            }
            Told::Run(_) => {
                self.n_done += 1;
                if self.told.elapsed() < TOLD_EVERY {
                    return Ok(());
                }
            }
        }
        self.told = Instant::now();
        let secs = self.started.elapsed().as_secs();
        writeln!(err, "{secs} s: {}, {} of {} runs", self.what, self.n_done, self.n_runs)?;
        Ok(())
    }
}

/// The providers named: of a stack, of generations; all there are when none is.
pub(super) fn subjects(stack: Option<Stack>, generations: &[String]) -> Result<Vec<Subject>, String> {
    let mut named = Vec::new();
    for name in generations {
        named.push(Subject::generation_of(name).ok_or_else(|| name.clone())?);
    }
    let is_meant = |subject: &&Subject| {
        let by_stack = stack.is_none_or(|stack| stack == subject.stack);
        let by_generation = subject.stack == Stack::Arm && named.contains(&subject.generation);
        by_stack && (named.is_empty() || by_generation)
    };
    Ok(Subject::ALL.iter().filter(is_meant).copied().collect())
}

fn or_all<T: Copy>(named: &[T], all: &[T]) -> Vec<T> {
    if named.is_empty() { all.to_vec() } else { named.to_vec() }
}
