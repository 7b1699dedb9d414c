//! Repeatability: one seed gives one trace, whatever the driver and the build.

use conformance::driver::DriverKind;
use conformance::machine::{network, provider};
use conformance::scenario::Scenario;
use conformance::session::{self, End, Plan};
use proptest::collection::vec;
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

const SEED: u64 = 24_301;

fn journal(scenario: &Scenario, driver: DriverKind) -> Vec<String> {
    let plan = Plan {
        scenario,
        driver,
        seed: SEED,
        until: None,
        profile: None,
        subject: None,
        live: None,
    };
    let (ran, journal) = session::journal(&plan).expect("a driver starts");
    assert_eq!(ran.end, End::Passed, "{} on {driver}", scenario.id);
    assert!(!journal.is_empty());
    journal
}

/// A history drawn from a fixed seed.
fn history<T: std::fmt::Debug>(operations: impl Strategy<Value = T>, n: usize) -> Vec<T> {
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &[7; 32]);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    vec(operations, n)
        .new_tree(&mut runner)
        .expect("operations can always be drawn")
        .current()
}

/// What the drivers share. Sign-in has a host of its own in Azure's cloud, and over sockets is wherever it is asked for; only
/// a client on a socket names the length of its body.
fn comparable(journal: &[String]) -> Vec<String> {
    let shared = |line: &String| {
        let line = line.replace("https://login.windows.net", "{arm}");
        let mut line: serde_json::Value = serde_json::from_str(&line).expect("a journal is JSON lines");
        if let Some(headers) = line["headers"].as_object_mut() {
            headers.retain(|name, _| name != "content-length");
        }
        line.to_string()
    };
    journal.iter().map(shared).collect()
}

#[test]
fn journal_digest_of_a_fixed_history_never_changes() {
    let networks = network::scenario(&history(network::operation(), 60));
    let machines = provider::scenario(&history(provider::operation(false), 10));
    let digests: Vec<String> = [&networks, &machines]
        .into_iter()
        .map(|scenario| session::digest(&journal(scenario, DriverKind::Wire)))
        .collect();
    super::with_snapshots(|| insta::assert_snapshot!("journal_digest", digests.join("\n")));
}

#[test]
fn journal_digest_is_the_same_in_two_runs() {
    let machines = provider::scenario(&history(provider::operation(false), 10));
    assert_eq!(
        journal(&machines, DriverKind::Wire),
        journal(&machines, DriverKind::Wire)
    );
}

#[test]
fn journal_of_a_socket_is_that_of_the_wire() {
    let machines = history(provider::operation(false), 8);
    for scenario in [
        network::scenario(&history(network::operation(), 30)),
        provider::scenario(&machines),
    ] {
        let (wire, socket) = (
            journal(&scenario, DriverKind::Wire),
            journal(&scenario, DriverKind::Socket),
        );
        let (wire, socket) = (comparable(&wire), comparable(&socket));
        for (number, (wire, socket)) in wire.iter().zip(&socket).enumerate() {
            assert_eq!(wire, socket, "{} exchange {}", scenario.id, number + 1);
        }
        assert_eq!(wire.len(), socket.len(), "{}", scenario.id);
    }
}

#[test]
fn a_sweep_strikes_the_request_that_it_names() {
    for nth in [1, 20, 60] {
        let scenario = provider::swept(Some((nth, provider::Trouble::CutAfter)));
        let struck: Vec<usize> = journal(&scenario, DriverKind::Wire)
            .iter()
            .enumerate()
            .filter(|(_, line)| line.contains(r#""fault":"cut-after""#))
            .map(|(index, _)| index)
            .collect();
        assert_eq!(struck.len(), 1, "request {nth}: {struck:?}");
    }
}
