//! `conformance digest`: what a scenario sends and is answered, as one number that is the same on every machine and in every build.

use super::{DigestArguments, Streams, is_chosen};
use crate::driver::DriverKind;
use crate::exit;
use crate::report::show_trouble;
use crate::runner::trouble_report;
use crate::scenario::{Library, Scenario};
use crate::session::{self, End, Plan};

/// The driver whose journals are compared.
const DRIVER: DriverKind = DriverKind::Wire;

pub(super) fn digest(library: &Library, arguments: &DigestArguments, streams: &mut Streams<'_>) -> anyhow::Result<u8> {
    let (scenarios, all_good) = match super::load(library, streams)? {
        Ok(loaded) => loaded,
        Err(code) => return Ok(code),
    };
    let chosen: Vec<&Scenario> = scenarios
        .iter()
        .filter(|scenario| is_chosen(&arguments.filters, &scenario.id, &scenario.tags))
        .collect();
    if chosen.is_empty() {
        return super::usage(
            streams,
            &format!("no scenario is chosen by {}", arguments.filters.join(", ")),
            "see `conformance list` for what there is",
        );
    }
    let mut n_failed = 0_usize;
    for scenario in chosen {
        let plan = Plan {
            scenario,
            driver: DRIVER,
            seed: arguments.seed,
            until: None,
            profile: None,
            subject: None,
            live: None,
        };
        let (ran, journal) = session::journal(&plan)?;
        if let End::Failed(trouble) | End::Invalid(trouble) = ran.end {
            let report = trouble_report(&trouble, &scenario.id, DRIVER, arguments.seed);
            let text = show_trouble(&format!("scenario `{}`", scenario.id), &report);
            streams.err.write_all(text.as_bytes())?;
            n_failed += 1;
            continue;
        }
        writeln!(streams.out, "{}  {}", session::digest(&journal), scenario.id)?;
    }
    Ok(match (n_failed, all_good) {
        (1.., _) => exit::UNEXPECTED,
        (0, true) => exit::OK,
        (0, false) => exit::USAGE,
    })
}
