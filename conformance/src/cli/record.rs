//! `conformance record` and `conformance replay`.

use super::{RecordArguments, ReplayArguments, Streams, usage};
use crate::driver::DriverKind;
use crate::exit;
use crate::record::{self, Session};
use crate::report::show_trouble;
use crate::runner::trouble_report;
use crate::scenario::Library;
use crate::session::{self, End, Plan};

/// The driver that sessions are recorded on.
const DRIVER: DriverKind = DriverKind::Wire;

pub(super) fn record(library: &Library, arguments: &RecordArguments, streams: &mut Streams<'_>) -> anyhow::Result<u8> {
    let path = library.path_of(&arguments.id);
    let scenario = match library.read_file(&path) {
        Ok(scenario) => scenario,
        Err(error) => return usage(streams, &error.to_string(), "see `conformance list` for what there is"),
    };
    let plan = Plan {
        scenario: &scenario,
        driver: DRIVER,
        seed: arguments.seed,
        until: None,
        profile: None,
        subject: None,
        live: None,
    };
    let (ran, journal) = session::journal(&plan)?;
    let recorded = Session::of_journal(&scenario.id, &scenario.profile, arguments.seed, &journal)?;
    fs_err::write(&arguments.out, recorded.write()?)?;
    writeln!(
        streams.err,
        "{} exchanges of {} in {}",
        recorded.exchanges.len(),
        scenario.id,
        arguments.out
    )?;
    match ran.end {
        End::Passed => Ok(exit::OK),
        End::Failed(trouble) | End::Invalid(trouble) => {
            let report = trouble_report(&trouble, &scenario.id, DRIVER, arguments.seed);
            let text = show_trouble(&format!("scenario `{}`", scenario.id), &report);
            streams.err.write_all(text.as_bytes())?;
            Ok(exit::UNEXPECTED)
        }
    }
}

pub(super) fn replay(arguments: &ReplayArguments, streams: &mut Streams<'_>) -> anyhow::Result<u8> {
    let read = fs_err::read_to_string(&arguments.file)
        .map_err(anyhow::Error::from)
        .and_then(|text| Session::read(&text));
    let recorded = match read {
        Ok(recorded) => recorded,
        Err(error) => {
            let message = format!("{} is no recorded session: {error:#}", arguments.file);
            return usage(
                streams,
                &message,
                "make one with `conformance record SCENARIO --out FILE`",
            );
        }
    };
    let replayed = record::replay(&recorded, arguments.seed.unwrap_or(recorded.heading.seed))?;
    for found in &replayed.divergences {
        writeln!(
            streams.out,
            "exchange {} ({}): {}\n  recorded  {}\n  got       {}",
            found.n, found.request, found.at, found.recorded, found.got
        )?;
    }
    writeln!(
        streams.out,
        "{} divergences in {} requests of {}, {} passed over",
        replayed.divergences.len(),
        replayed.n_sent,
        recorded.heading.scenario,
        replayed.n_passed_over
    )?;
    Ok(if replayed.divergences.is_empty() {
        exit::OK
    } else {
        exit::UNEXPECTED
    })
}
