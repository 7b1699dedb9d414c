//! The scenario language: what it says to a mistake, that it reads what it writes, and that no text makes it panic.

use camino::Utf8Path;
use conformance::machine::{network, provider};
use conformance::scenario::{self, Library, Scenario, ScenarioError};
use proptest::prelude::*;
use proptest::test_runner::RngSeed;

fn read(text: &str) -> Result<Scenario, ScenarioError> {
    let fragments = |name: &str| {
        let text = "about: A network.\nsteps:\n  - put: vnet/v0\n  - put: subnet/v0/subnet\n";
        (name == "one-subnet").then(|| (format!("prepare/{name}.yaml").into(), text.to_owned()))
    };
    scenario::read(Utf8Path::new("story.yaml"), "story", text, &fragments)
}

#[test]
fn mistakes_are_named_with_line_and_column() {
    let mistakes = [
        ("nothing", ""),
        ("no steps", "about: x\n"),
        ("an empty story", "about: x\nsteps: []\n"),
        ("an unknown key", "about: x\nstep: []\nsteps:\n  - get: nic/n0\n"),
        (
            "an unknown key of a step",
            "about: x\nsteps:\n  - get: nic/n0\n    expects: {}\n",
        ),
        (
            "an unknown key of an expectation",
            "about: x\nsteps:\n  - get: nic/n0\n    expect: {status: 200, cod: X}\n",
        ),
        ("a step without a verb", "about: x\nsteps:\n  - expect: {status: 200}\n"),
        ("two verbs", "about: x\nsteps:\n  - get: nic/n0\n    put: nic/n0\n"),
        (
            "a key of another verb",
            "about: x\nsteps:\n  - get: nic/n0\n    body: {}\n",
        ),
        ("an unknown type", "about: x\nsteps:\n  - get: nick/n0\n"),
        ("a child without its parent", "about: x\nsteps:\n  - get: subnet/a\n"),
        ("an action that is missing", "about: x\nsteps:\n  - post: vm/m0\n"),
        (
            "an unknown particular",
            "about: x\nsteps:\n  - put: nic/n0\n    with: {colour: red}\n",
        ),
        (
            "body and with",
            "about: x\nsteps:\n  - put: nic/n0\n    with: {}\n    body: {}\n",
        ),
        ("a patch of nothing", "about: x\nsteps:\n  - patch: nic/n0\n"),
        (
            "a variable without a value",
            "about: x\nsteps:\n  - put: nic/n0\n    with: {subnet: $nowhere.id}\n",
        ),
        (
            "a broken variable",
            "about: x\nsteps:\n  - put: nic/n0\n    with: {subnet: \"a $ b\"}\n",
        ),
        (
            "a version that is none",
            "about: x\nsteps:\n  - get: nic/n0\n    version: latest\n",
        ),
        (
            "a profile that is none",
            "about: x\nprofile: 2015\nsteps:\n  - get: nic/n0\n",
        ),
        ("a time that is none", "about: x\nsteps:\n  - clock: {advance: soon}\n"),
        ("a limit that is none", "about: x\nsteps:\n  - limits: {Machines: 3}\n"),
        (
            "a limit that is no number",
            "about: x\nsteps:\n  - limits: {PublicIPAddresses: many}\n",
        ),
        (
            "a fault without a verdict",
            "about: x\nsteps:\n  - fault: {match: {nth: 1}}\n",
        ),
        ("an unknown provider call", "about: x\nsteps:\n  - provider: start\n"),
        (
            "a provider call without what it needs",
            "about: x\nsteps:\n  - provider: start_instance\n",
        ),
        (
            "an argument of another call",
            "about: x\nsteps:\n  - provider: create\n    machine: 1\n",
        ),
        ("an unknown juju command", "about: x\nsteps:\n  - juju: upgrade\n"),
        ("an unknown check", "about: x\nsteps:\n  - check: [tidy]\n"),
        (
            "an unknown fragment",
            "about: x\nprepare: [{use: two-subnets}]\nsteps:\n  - get: nic/n0\n",
        ),
        ("a message without a method", "about: x\nsteps:\n  - http: {api: arm}\n"),
        ("an unknown api", "about: x\nsteps:\n  - http: {api: graph, get: /x}\n"),
        (
            "waiting for what is not waited for",
            "about: x\nsteps:\n  - put: vnet/v0\n    wait: false\n    expect: {settles: Succeeded}\n",
        ),
        (
            "an end that is none",
            "about: x\nsteps:\n  - put: vnet/v0\n    expect: {settles: Done}\n",
        ),
        (
            "too many repetitions",
            "about: x\nsteps:\n  - put: vnet/v0\n    repeat: 1000000\n",
        ),
        (
            "a boolean that is none",
            "about: x\nsteps:\n  - put: vnet/v0\n    wait: no\n",
        ),
        ("a key twice", "about: x\nabout: y\nsteps:\n  - get: nic/n0\n"),
        ("no YAML", "about: [x\nsteps: }\n"),
        (
            "a fragment's name only",
            "about: x\nprepare: one-subnet\nsteps:\n  - get: nic/n0\n",
        ),
    ];
    let mut told = String::new();
    for (what, text) in mistakes {
        let error = read(text).expect_err(what);
        told.push_str(&format!("{what}\n    {error}\n"));
    }
    super::with_snapshots(|| insta::assert_snapshot!("mistakes", told));
}

#[test]
fn every_scenario_of_the_workspace_reads_and_reads_again_as_written() {
    let library = Library::of_workspace();
    let (scenarios, errors) = library.load().expect("the folder is there");
    assert_eq!(errors, []);
    assert!(scenarios.len() >= 14, "{} scenarios", scenarios.len());
    for scenario in scenarios {
        reads_as_written(&scenario);
    }
}

/// What was written reads back the same, places aside; fragments have become steps.
fn reads_as_written(scenario: &Scenario) {
    let text = scenario::write(scenario);
    let again = read(&text).unwrap_or_else(|error| panic!("{}: {error}\n{text}", scenario.id));
    let steps = |scenario: &Scenario| {
        let all = scenario.prepare.iter().chain(&scenario.steps);
        all.map(|step| {
            (
                step.action.clone(),
                step.name.clone(),
                step.expect.clone(),
                step.repeat,
                step.wait,
            )
        })
        .collect::<Vec<_>>()
    };
    assert_eq!(steps(scenario), steps(&again), "{}\n{text}", scenario.id);
    assert_eq!(
        (&scenario.about, &scenario.tags, &scenario.profile),
        (&again.about, &again.tags, &again.profile)
    );
}

/// Pieces that scenarios are made of, in an order that makes sense by chance.
fn nearly_yaml() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("about: x\n"),
        Just("steps:\n"),
        Just("  - put: "),
        Just("nic/n0\n"),
        Just("    with: {"),
        Just("subnet: $a"),
        Just("}\n"),
        Just("    expect: {status: "),
        Just("200"),
        Just("- "),
        Just("${"),
        Just("&a "),
        Just("*a"),
        Just("<<: *a\n"),
        Just("!!binary "),
        Just("\t"),
        Just("'"),
        Just("\""),
        Just("|\n"),
        Just("? "),
        Just(": "),
        Just("[[[["),
        Just("tags: [a, b]\n"),
        Just("\u{0}"),
        Just("  - together:\n"),
        Just("      - {provider: create}\n"),
        Just("clock: {advance: 9223372036854775807d}\n"),
        Just("é"),
    ];
    prop::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, rng_seed: RngSeed::Fixed(1), cases: 512, ..ProptestConfig::default() })]

    #[test]
    fn no_text_makes_the_reader_panic(text in "\\PC{0,200}") {
        let _ = read(&text);
    }

    #[test]
    fn nothing_like_a_scenario_makes_the_reader_panic(text in nearly_yaml()) {
        if let Ok(scenario) = read(&text) {
            reads_as_written(&scenario);
        }
    }

    #[test]
    fn generated_histories_read_as_they_are_written(
        networks in prop::collection::vec(network::operation(), 0..20),
        machines in prop::collection::vec(provider::operation(true), 0..20),
    ) {
        reads_as_written(&network::scenario(&networks));
        reads_as_written(&provider::scenario(&machines));
    }
}
