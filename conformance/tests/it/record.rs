//! Recorded sessions: sent once more, they are answered the same; what differs is named.

use conformance::driver::DriverKind;
use conformance::record::{self, Session};
use conformance::scenario::Library;
use conformance::session::{self, End, Plan};

fn recorded(id: &str) -> Session {
    let library = Library::of_workspace();
    let scenario = library.read_file(&library.path_of(id)).expect("a scenario");
    let plan = Plan {
        scenario: &scenario,
        driver: DriverKind::Wire,
        seed: 1,
        until: None,
        profile: None,
        subject: None,
        live: None,
    };
    let (ran, journal) = session::journal(&plan).expect("a driver starts");
    assert_eq!(ran.end, End::Passed, "{id}");
    Session::of_journal(id, &scenario.profile, 1, &journal).expect("a journal")
}

#[test]
fn what_was_recorded_is_answered_the_same_by_another_world() {
    for id in [
        "arm/network/nic-in-use",
        "arm/network/public-address-in-use",
        "arm/compute/power-states",
        "juju/machine/start-one-machine",
        "juju/environment/destroy-empties",
    ] {
        let session = recorded(id);
        let again = Session::read(&session.write().expect("a text")).expect("it reads");
        let replayed = record::replay(&again, 1).expect("a world");
        assert_eq!(replayed.divergences, [], "{id}");
        assert!(replayed.n_sent > 5, "{id}: {} requests", replayed.n_sent);
    }
}

/// In a world of another seed operations take other times; what is drawn for names is learnt all the same.
#[test]
fn names_that_another_world_draws_are_learnt() {
    let session = recorded("juju/environment/names-and-network");
    let replayed = record::replay(&session, 77).expect("a world");
    let of_names: Vec<_> = replayed
        .divergences
        .iter()
        .filter(|found| found.at == "status" || found.at.ends_with("/etag") || found.at.ends_with("/id"))
        .collect();
    assert!(of_names.is_empty(), "{of_names:?}");
}

#[test]
fn what_differs_is_named_by_its_place() {
    let mut session = recorded("arm/network/nic-in-use");
    let refusal = session
        .exchanges
        .iter_mut()
        .find(|exchange| exchange.status == 400)
        .expect("a refusal");
    let n = refusal.n;
    refusal.status = 409;
    refusal.answer["error"]["code"] = "AnotherCode".into();
    let replayed = record::replay(&session, 1).expect("a world");
    let places: Vec<(u64, &str, &str, &str)> = replayed
        .divergences
        .iter()
        .map(|found| (found.n, found.at.as_str(), found.recorded.as_str(), found.got.as_str()))
        .collect();
    assert_eq!(
        places,
        [
            (n, "status", "409", "400"),
            (n, "/error/code", "AnotherCode", "NicInUse")
        ]
    );
}

#[test]
fn no_secret_is_written() {
    let text = recorded("juju/machine/start-one-machine").write().expect("a text");
    let directory = fake_azure::identity::Directory::default();
    for secret in [directory.first().secret.as_str(), directory.fake_token(), "eyJ0eX"] {
        assert!(!text.contains(secret), "`{secret}` is written");
    }
}
