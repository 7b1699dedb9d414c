//! `conformance bench-scale`: what many machines cost.

use super::{ScaleArguments, Streams, usage};
use crate::driver::DriverKind;
use crate::exit;
use crate::scale;

pub(super) fn scale(arguments: &ScaleArguments, streams: &mut Streams<'_>) -> anyhow::Result<u8> {
    if arguments.driver == DriverKind::Model {
        return usage(
            streams,
            "driver `model` speaks no protocol, so there are no requests to count",
            "choose wire or socket",
        );
    }
    let subjects = match super::sweep::subjects(arguments.stack, &arguments.generations) {
        Ok(subjects) => subjects,
        Err(name) => {
            return usage(streams, &format!("`{name}` is no generation"), "choose A1, A4 or A7");
        }
    };
    let mut all_linear = true;
    for subject in subjects {
        let mut costs = Vec::new();
        for n_machines in &arguments.machines {
            costs.push(scale::measure(subject, arguments.driver, arguments.seed, *n_machines)?);
        }
        let linear = scale::is_linear(&costs);
        all_linear &= linear;
        let word = if linear {
            "requests grow with the machines"
        } else {
            "requests grow faster than the machines"
        };
        writeln!(streams.out, "{}\n{subject}: {word}", scale::table(&costs))?;
    }
    Ok(if all_linear { exit::OK } else { exit::UNEXPECTED })
}
