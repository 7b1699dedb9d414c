//! Models that move between controllers (juju-provider 3.6, property 6.11): what strikes in every phase, at every request.

use conformance::driver::DriverKind;
use conformance::machine::migration::{Befalls, Operation, Phase, Trouble, scenario};
use conformance::machine::property::{self, PROPERTIES};
use conformance::session::{self, End, Plan};
use conformance::subject::Subject;

const SUBJECTS: [Subject; 3] = [Subject::A1, Subject::A4, Subject::A7];

fn passes(subject: Subject, history: &[Operation]) {
    let scenario = scenario(subject, history);
    let plan = Plan {
        scenario: &scenario,
        driver: DriverKind::Wire,
        seed: 7,
        until: None,
        profile: None,
        subject: None,
        live: None,
    };
    let ran = session::run(&plan).expect("a driver starts");
    assert_eq!(ran.end, End::Passed, "{subject}: {history:?}");
}

#[test]
fn histories_of_migrations_keep_to_the_rules() {
    for row in PROPERTIES.iter().filter(|row| row.name.starts_with("migration-")) {
        let done = property::check(row, 2, 11, None).expect("a driver starts");
        if let Some(found) = done.found {
            panic!(
                "{}, seed {}:\n{}\n{:?}",
                row.name, done.seed, found.scenario, found.trouble
            );
        }
    }
}

/// There and back, with a fault at each of the writes that hand a model over, until there are no more of them.
#[test]
fn a_fault_at_any_write_of_the_handing_over_changes_nothing_but_its_duration() {
    let troubles = [
        Trouble::CutBefore,
        Trouble::CutAfter,
        Trouble::InternalError,
        Trouble::FailsLate,
    ];
    for (nth, trouble) in (1..=8).zip(troubles.iter().cycle()) {
        let befalls = Befalls::Fault {
            nth,
            write: true,
            trouble: *trouble,
        };
        let subject = SUBJECTS[usize::from(nth) % SUBJECTS.len()];
        passes(subject, &[Operation::Expose(true), Operation::Migrate(befalls)]);
    }
}

#[test]
fn a_process_that_ends_at_any_request_of_a_migration_is_followed_by_one_that_goes_on() {
    for (nth, subject) in (1..=24).step_by(3).zip(SUBJECTS.iter().cycle()) {
        let before = nth % 2 == 0;
        passes(*subject, &[Operation::Migrate(Befalls::Crash { nth, before })]);
    }
}

#[test]
fn in_whatever_phase_the_worker_ends_or_somebody_fails_the_model_is_whole() {
    let dies = [Phase::Quiesce, Phase::Import, Phase::Validation, Phase::Success];
    let fails = [Phase::Quiesce, Phase::Import, Phase::Validation, Phase::LogTransfer];
    let there_and_back = |befalls: Vec<Befalls>| befalls.into_iter().map(Operation::Migrate).collect::<Vec<_>>();
    passes(Subject::A7, &there_and_back(dies.map(Befalls::Dies).to_vec()));
    passes(Subject::A4, &there_and_back(fails.map(Befalls::Fails).to_vec()));
}
