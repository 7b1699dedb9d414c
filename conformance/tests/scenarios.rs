//! Every scenario of the workspace on every driver that can judge it, one test each.

use std::sync::Arc;

use conformance::oracle::Baseline;
use conformance::report::show_trouble;
use conformance::runner::{self, Run, Selection};
use conformance::scenario::{Library, Scenario};
use libtest_mimic::{Arguments, Failed, Trial};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments = Arguments::from_args();
    let library = Library::of_workspace();
    let (scenarios, errors) = library.load()?;
    let baseline = Arc::new(Baseline::load(&library.root().join("baseline.toml"))?);

    let mut trials: Vec<Trial> = errors
        .into_iter()
        .map(|error| {
            Trial::test(format!("read {}", error.path), move || {
                Err(Failed::from(error.to_string()))
            })
        })
        .collect();
    let names: Vec<(Scenario, _)> = runner::runs(&scenarios, &[], false)
        .into_iter()
        .map(|run| (run.scenario.clone(), run.driver))
        .collect();
    for (scenario, driver) in names {
        let baseline = Arc::clone(&baseline);
        let name = format!("{} ({driver})", scenario.id);
        trials.push(Trial::test(name, move || {
            let selection = Selection {
                drivers: Vec::new(),
                seed: 1,
                until: None,
                profile: None,
                subject: None,
                live: None,
            };
            let done = runner::run_one(
                &Run {
                    scenario: &scenario,
                    driver,
                },
                &selection,
                &baseline,
            )
            .map_err(|error| Failed::from(format!("{error:#}")))?;
            if done.standing.is_good() {
                return Ok(());
            }
            let told = match &done.trouble {
                Some(trouble) => show_trouble(&format!("scenario `{}`", done.id), trouble),
                None => format!(
                    "it passes, and the baseline expects it to fail: {}",
                    done.reason.unwrap_or_default()
                ),
            };
            Err(Failed::from(told))
        }));
    }
    libtest_mimic::run(&arguments, trials).exit();
}
