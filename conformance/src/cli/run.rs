//! `conformance run`.

use std::time::Instant;

use fake_azure_cloud::catalogue::limits::Era;

use super::{RunArguments, Streams, Target, is_chosen, live, usage};
use crate::exit;
use crate::machine::property::{self, PROPERTIES, Property};
use crate::oracle::Baseline;
use crate::report::{Console, Event, JsonLines, Junit, Reporter};
use crate::runner::{self, Selection};
use crate::scenario::{Library, Scenario};
use crate::subject::Subject;

pub(super) fn run(library: &Library, arguments: &RunArguments, streams: &mut Streams<'_>) -> anyhow::Result<u8> {
    if let Some(profile) = &arguments.profile
        && Era::find(profile).is_none()
    {
        return usage(
            streams,
            &format!("`{profile}` is no limit profile"),
            "choose 2014, 2016 or current",
        );
    }
    let subject = match &arguments.generation {
        None => None,
        Some(name) => match Subject::generation_of(name) {
            Some(generation) => Some(Subject {
                generation,
                ..Subject::default()
            }),
            None => {
                return usage(streams, &format!("`{name}` is no generation"), "choose A1, A4 or A7");
            }
        },
    };
    let scenarios = match super::load(library, streams)? {
        Ok((scenarios, true)) => scenarios,
        Ok((_, false)) => return Ok(exit::USAGE),
        Err(code) => return Ok(code),
    };
    let baseline_path = library.root().join("baseline.toml");
    let baseline = match Baseline::load(&baseline_path) {
        Ok(baseline) => baseline,
        Err(error) => return usage(streams, &error.to_string(), "mend the file"),
    };
    if let Some(unknown) = baseline
        .scenarios()
        .find(|id| scenarios.iter().all(|scenario| scenario.id != *id))
    {
        return usage(
            streams,
            &format!("{baseline_path}: there is no scenario `{unknown}`"),
            "take its row out",
        );
    }
    let properties = match chosen_properties(arguments) {
        Ok(properties) => properties,
        Err(unknown) => {
            let known: Vec<&str> = PROPERTIES.iter().map(|property| property.name).collect();
            return usage(
                streams,
                &format!("`{unknown}` is no property"),
                &format!("choose among {}", known.join(", ")),
            );
        }
    };

    let only_properties = !arguments.properties.is_empty() && arguments.filters.is_empty();
    let chosen: Vec<Scenario> = scenarios
        .into_iter()
        .filter(|scenario| !only_properties && is_chosen(&arguments.filters, &scenario.id, &scenario.tags))
        .collect();
    if chosen.is_empty() && properties.is_empty() {
        return usage(
            streams,
            "no scenario is chosen",
            "see `conformance list` for what there is",
        );
    }
    let selection = Selection {
        drivers: arguments.drivers.clone(),
        seed: arguments.seed,
        until: arguments.until,
        profile: arguments.profile.clone(),
        subject,
        live: None,
    };
    if arguments.target == Target::Live {
        let asked = live::Asked {
            dry_run: arguments.dry_run,
            machines_max: arguments.i_accept_cost,
            seed: arguments.seed,
        };
        return match live::setup(&asked) {
            Ok(setup) => {
                let selection = Selection {
                    live: Some(setup.clone()),
                    ..selection
                };
                live::run(&chosen, &selection, &baseline, &setup, streams)
            }
            Err((message, hint)) => usage(streams, &message, hint),
        };
    }
    let runs = runner::runs(&chosen, &selection.drivers, !arguments.filters.is_empty());
    let n_threads = super::n_threads(arguments.threads);

    let mut junit = match &arguments.junit {
        Some(path) => Some(Junit::new(std::io::BufWriter::new(fs_err::File::create(path)?))),
        None => None,
    };
    let mut json = match &arguments.json {
        Some(path) => Some(JsonLines::new(std::io::BufWriter::new(fs_err::File::create(path)?))),
        None => None,
    };
    let mut console = Console::new(streams.out, streams.err, streams.is_terminal);
    let mut all_good = true;
    let mut tell = |event: &Event| -> anyhow::Result<()> {
        match event {
            Event::Scenario(done) => all_good &= done.standing.is_good(),
            Event::Property(done) => all_good &= done.found.is_none(),
            Event::Begun { .. } | Event::Ended { .. } => {}
        }
        let mut reporters: Vec<&mut dyn Reporter> = vec![&mut console];
        reporters.extend(junit.as_mut().map(|junit| junit as &mut dyn Reporter));
        reporters.extend(json.as_mut().map(|json| json as &mut dyn Reporter));
        runner::tell(&mut reporters, event)
    };

    let started = Instant::now();
    tell(&Event::Begun {
        n_runs: runs.len(),
        n_properties: properties.len(),
        seed: arguments.seed,
    })?;
    runner::run_all(&runs, &selection, &baseline, n_threads, &mut tell)?;
    for property in properties {
        let n_cases = arguments.cases.unwrap_or(property.n_cases);
        let folder = arguments.keep.then(|| library.root());
        tell(&Event::Property(property::check(
            property,
            n_cases,
            arguments.seed,
            folder,
        )?))?;
    }
    tell(&Event::Ended {
        wall_ms: u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX),
    })?;
    Ok(if all_good { exit::OK } else { exit::UNEXPECTED })
}

/// The properties to try: those named, or all when no scenario is named either and no driver.
fn chosen_properties(arguments: &RunArguments) -> Result<Vec<&'static Property>, String> {
    if arguments.cases == Some(0) {
        return Ok(Vec::new());
    }
    if arguments.properties.is_empty() {
        let all = arguments.filters.is_empty() && arguments.until.is_none();
        let on = |property: &&Property| arguments.drivers.is_empty() || arguments.drivers.contains(&property.driver);
        return Ok(PROPERTIES.iter().filter(|property| all && on(property)).collect());
    }
    let find = |name: &String| {
        PROPERTIES
            .iter()
            .find(|property| property.name == name)
            .ok_or_else(|| name.clone())
    };
    arguments.properties.iter().map(find).collect()
}
