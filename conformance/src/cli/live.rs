//! `conformance run --target live`, its rehearsal, and `conformance clean`.
//!
//! Nothing is sent to a live subscription unless its account is in the environment and a number of machines was agreed to.

use super::{Streams, usage};
use crate::driver::{Account, DriverKind, LiveSetup, PREFIX_LEN_MIN, Shown};
use crate::exit;
use crate::oracle::Baseline;
use crate::report::show_trouble;
use crate::runner::{self, Run, Selection};
use crate::scenario::{Action, Scenario};
use crate::session;
use crate::subject::{Stack, Subject};

/// Where the account of a live run is read from.
const VARIABLES: [&str; 4] = [
    "AZURE_TENANT_ID",
    "AZURE_SUBSCRIPTION_ID",
    "AZURE_CLIENT_ID",
    "AZURE_CLIENT_SECRET",
];

/// Where the prefix of a live run is read from.
const PREFIX: &str = "CONFORMANCE_PREFIX";

/// What was asked for on the command line.
pub(super) struct Asked {
    pub(super) dry_run: bool,
    pub(super) machines_max: Option<usize>,
    pub(super) seed: u64,
}

/// What is needed for a live run, or what is missing and what to do.
pub(super) fn setup(asked: &Asked) -> Result<LiveSetup, (String, &'static str)> {
    let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let prefix = variable(PREFIX).unwrap_or_else(|| format!("conformance-{}", asked.seed));
    if prefix.len() < PREFIX_LEN_MIN {
        return Err((
            format!("{PREFIX} is `{prefix}`, which could be the beginning of somebody else's names, too"),
            "choose a prefix of at least eight characters",
        ));
    }
    if asked.dry_run {
        return Ok(LiveSetup {
            account: None,
            prefix,
            machines_max: asked.machines_max.unwrap_or(usize::MAX),
            shown: Shown::default(),
        });
    }
    let Some(machines_max) = asked.machines_max else {
        return Err((
            "a live run makes machines that cost money, and none were agreed to".to_owned(),
            "say how many it may make with --i-accept-cost N, or rehearse it with --dry-run",
        ));
    };
    let missing: Vec<&str> = VARIABLES.into_iter().filter(|name| variable(name).is_none()).collect();
    if !missing.is_empty() {
        return Err((
            format!("a live run needs an account, and {} is not set", missing.join(", ")),
            "set it to that of a service principal, or rehearse the run with --dry-run",
        ));
    }
    let [tenant, subscription, client_id, client_secret] = VARIABLES.map(|name| variable(name).unwrap_or_default());
    Ok(LiveSetup {
        account: Some(Account {
            tenant,
            subscription,
            client_id,
            client_secret,
        }),
        prefix,
        machines_max,
        shown: Shown::default(),
    })
}

/// Runs scenarios one after another. Of a rehearsal the requests go to `out`; what came of them goes to `err`.
pub(super) fn run(
    scenarios: &[Scenario],
    selection: &Selection,
    baseline: &Baseline,
    live: &LiveSetup,
    streams: &mut Streams<'_>,
) -> anyhow::Result<u8> {
    for scenario in scenarios {
        if let Some(reason) = refusal(scenario, selection.subject) {
            let message = format!("scenario `{}` cannot run on a live target: {reason}", scenario.id);
            return usage(streams, &message, "add --generation A7, or choose another scenario");
        }
    }
    let mut all_good = true;
    for scenario in scenarios {
        let run = Run {
            scenario,
            driver: DriverKind::Live,
        };
        let done = runner::run_one(&run, selection, baseline)?;
        if live.account.is_none() {
            writeln!(streams.out, "# {}: {}", scenario.id, scenario.about)?;
            for request in live.shown.take() {
                streams.out.write_all(request.as_bytes())?;
            }
        }
        if let Some(trouble) = &done.trouble {
            let text = show_trouble(&format!("scenario `{}`", done.id), trouble);
            streams.err.write_all(text.as_bytes())?;
        }
        all_good &= done.standing.is_good();
        writeln!(
            streams.err,
            "{}: {} expectations judged, {} not, {} simulated",
            done.id,
            done.n_judged,
            done.n_not_judged,
            session::show_simulated(done.simulated_ms)
        )?;
    }
    Ok(if all_good { exit::OK } else { exit::UNEXPECTED })
}

/// Why a scenario cannot run where Azure offers only what it offers today.
fn refusal(scenario: &Scenario, subject: Option<Subject>) -> Option<String> {
    let asks_provider = scenario
        .numbered()
        .any(|(_, step)| matches!(step.action, Action::Provider(_) | Action::Juju(_) | Action::Together(_)));
    let subject = subject.unwrap_or(scenario.subject);
    if !asks_provider {
        return None;
    }
    match subject.stack {
        Stack::Classic => Some("it is of the classic stack, which Azure has retired".to_owned()),
        Stack::Arm | Stack::Naive if subject != Subject::A7 => Some(format!(
            "it is of generation {}, which makes Basic public addresses and unmanaged disks; Azure has retired both, and a live \
             target needs generation A7",
            subject.generation
        )),
        Stack::Arm | Stack::Naive => None,
    }
}

/// Deletes every group that a run of the prefix left.
pub(super) fn clean(asked: &Asked, streams: &mut Streams<'_>) -> anyhow::Result<u8> {
    let live = match setup(asked) {
        Ok(live) => live,
        Err((message, hint)) => return usage(streams, &message, hint),
    };
    let failures = session::clean(&live, asked.seed)?;
    for request in live.shown.take() {
        if asked.dry_run {
            streams.out.write_all(request.as_bytes())?;
        }
    }
    for failure in &failures {
        writeln!(streams.err, "error: {}: {}", failure.what, failure.got)?;
    }
    if !failures.is_empty() {
        return Ok(exit::UNEXPECTED);
    }
    writeln!(streams.err, "nothing is left whose name begins with `{}-`", live.prefix)?;
    Ok(exit::OK)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::machine::provider;

    #[test]
    fn only_what_azure_offers_today_runs_on_it() {
        let scenario = provider::scenario(&[]);
        assert!(refusal(&scenario, None).is_some_and(|reason| reason.contains("A7")));
        assert!(refusal(&scenario, Some(Subject::CLASSIC)).is_some_and(|reason| reason.contains("retired")));
        assert_eq!(refusal(&scenario, Some(Subject::A7)), None);
        let raw = crate::machine::network::scenario(&[]);
        assert_eq!(refusal(&raw, None), None);
    }
}
