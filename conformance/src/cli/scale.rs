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
    let mut all_hold = true;
    for subject in subjects {
        let mut costs = Vec::new();
        for n_machines in &arguments.machines {
            costs.push(scale::measure(subject, arguments.driver, arguments.seed, *n_machines)?);
        }
        let growths = scale::growths(subject, &costs);
        let holds = growths.iter().all(|growth| growth.reason.is_some());
        all_hold &= holds;
        let word = match (holds, growths.is_empty()) {
            (true, true) => "requests and bytes grow with the machines",
            (true, false) => "requests and bytes grow with the machines, but for what its contract asks for",
            (false, _) => "something grows faster than the machines",
        };
        writeln!(
            streams.out,
            "{subject}\n{}\n\n{}\n\n{}{subject}: {word}\n",
            scale::table(&costs),
            scale::table_of_budgets(subject.stack, &costs),
            scale::show_growths(&growths),
        )?;
    }
    Ok(if all_hold { exit::OK } else { exit::UNEXPECTED })
}
