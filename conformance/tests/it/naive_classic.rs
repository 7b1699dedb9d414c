//! The scenarios of the classic stack's lessons can fail: a small provider that has learnt every lesson passes them all, and one that
//! has not learnt the lesson that a scenario shows fails it.

use conformance::driver::{DriverKind, Lesson};
use conformance::scenario::{Library, Scenario};
use conformance::session::{self, End, Plan};
use conformance::subject::{Stack, Subject};

/// The scenario of each lesson, in the order of their numbers.
fn scenarios() -> Vec<Scenario> {
    let (all, errors) = Library::of_workspace().load().expect("the folder can be read");
    assert!(errors.is_empty(), "{errors:?}");
    let of = |lesson: &Lesson| {
        let beginning = format!("classic/lessons/l{:02}-", lesson.number());
        let mut own = all.iter().filter(|scenario| scenario.id.starts_with(&beginning));
        match (own.next(), own.next()) {
            (Some(scenario), None) => scenario.clone(),
            (found, _) => panic!(
                "{beginning}: {} scenarios",
                if found.is_some() { "several" } else { "no" }
            ),
        }
    };
    Lesson::ALL.iter().map(of).collect()
}

fn end(scenario: &Scenario, subject: Subject) -> End {
    let plan = Plan {
        scenario,
        driver: DriverKind::Wire,
        seed: 1,
        until: None,
        profile: None,
        subject: Some(subject),
        live: None,
    };
    session::run(&plan).expect("a driver starts").end
}

#[test]
fn who_has_learnt_every_lesson_passes_them_all() {
    let mut failed = Vec::new();
    for scenario in scenarios() {
        assert_eq!(scenario.subject.stack, Stack::Classic, "{}", scenario.id);
        for subject in [Subject::CLASSIC, Subject::pupil(None)] {
            match end(&scenario, subject) {
                End::Passed => {}
                End::Failed(trouble) | End::Invalid(trouble) => {
                    failed.push(format!("{} with {:?}: {trouble:?}", scenario.id, subject.pupil));
                }
            }
        }
    }
    assert_eq!(failed, Vec::<String>::new());
}

#[test]
fn who_has_not_learnt_a_lesson_fails_its_scenario() {
    let mut passed = Vec::new();
    for (lesson, scenario) in Lesson::ALL.into_iter().zip(scenarios()) {
        match end(&scenario, Subject::pupil(Some(lesson))) {
            End::Failed(_) => {}
            End::Passed => passed.push(scenario.id),
            End::Invalid(trouble) => panic!("{}: {trouble:?}", scenario.id),
        }
    }
    assert_eq!(passed, Vec::<String>::new(), "these do not show what they say");
}
