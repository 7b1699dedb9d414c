//! The controller above the provider, on every stack: properties 4, 6, 9 and 19 of juju-provider 6 in short, and the oracle that
//! judges them, shown what it has to find.

use camino::Utf8Path;
use conformance::driver::DriverKind;
use conformance::machine::property::{self, PROPERTIES};
use conformance::scenario::{self, Scenario};
use conformance::session::{self, End, Plan};

fn check(prefix: &str, n_cases: u32, seed: u64) {
    let of_kind: Vec<_> = PROPERTIES
        .iter()
        .filter(|property| property.name.starts_with(prefix))
        .collect();
    assert_eq!(of_kind.len(), 4, "a row of {prefix} for every provider");
    for property in of_kind {
        let done = property::check(property, n_cases, seed, None).expect("in process every driver starts");
        let found = done
            .found
            .map(|found| format!("seed {seed}: {:?}\n{}", found.trouble, found.scenario));
        assert_eq!(found, None, "{}", property.name);
    }
}

#[test]
fn every_stack_shows_the_same_and_the_cloud_is_what_the_controller_wants() {
    check("controller-calm", 1, 5);
}

#[test]
fn a_process_that_ends_anywhere_is_taken_over_by_the_next() {
    check("controller-crash", 3, 7);
}

#[test]
fn whatever_passes_leaves_no_trace() {
    check("controller-trouble", 1, 11);
}

fn read(text: &str) -> Scenario {
    scenario::read(Utf8Path::new("story.yaml"), "story", text, &|_: &str| None).expect("the story is well written")
}

fn tell(text: &str) -> End {
    let scenario = read(text);
    let plan = Plan {
        scenario: &scenario,
        driver: DriverKind::Wire,
        seed: 1,
        until: None,
        profile: None,
        subject: None,
        live: None,
    };
    session::run(&plan).expect("in process every driver starts").end
}

/// What is done behind the controller's back, after which it wants one machine with port 80 open.
fn after(step: &str) -> Vec<String> {
    let story = format!(
        "about: x\nprofile: 2016\nsteps:\n  - juju: bootstrap\n  - juju: deploy\n    app: web\n    ports: [80/tcp]\n  \
         - juju: expose\n    app: web\n{step}  - check: [converged]\n"
    );
    match tell(&story) {
        End::Passed => Vec::new(),
        End::Failed(trouble) => trouble.failures.into_iter().map(|failure| failure.what).collect(),
        End::Invalid(trouble) => vec![format!("{trouble:?}")],
    }
}

#[test]
fn whatever_is_otherwise_than_wanted_is_found() {
    assert_eq!(after(""), Vec::<String>::new());
    let differs = |step: &str, what: &str| {
        let found = after(step);
        assert!(found.iter().any(|found| found.contains(what)), "{what}: {found:?}");
    };
    differs(
        "  - provider: close_ports\n    id: machine-1\n    ports: [80/tcp]\n",
        "otherwise open than machine-1",
    );
    differs(
        "  - provider: open_ports\n    id: machine-0\n    ports: [443/tcp]\n",
        "otherwise open than machine-0",
    );
    differs(
        "  - provider: start_instance\n    machine: 7\n",
        "other machines in model story",
    );
    differs(
        "  - provider: stop_instances\n    ids: [machine-1]\n",
        "other machines in model story",
    );
    let rule = |name: &str| {
        format!(
            "  - list: group\n    as: groups\n  - delete: \"${{groups.value.0.id}}/providers/Microsoft.Network/networkSecurityGroups/juju-internal-nsg/securityRules/{name}\"\n"
        )
    };
    differs(&rule("SSHInbound"), "the rule for SSH is lost");
    differs(&rule("machine-0-api"), "the rule for the API is lost");
}

#[test]
fn what_was_never_bootstrapped_cannot_be_destroyed() {
    let story = "about: x\nsteps:\n  - juju: destroy-controller\n";
    assert!(matches!(tell(story), End::Invalid(_)));
}
