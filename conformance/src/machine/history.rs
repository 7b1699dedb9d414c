//! Histories as scenarios: what every machine makes its steps and its story of.

use std::collections::BTreeMap;

use crate::scenario::{Action, Expect, LOCATION, Place, Scenario, Step};
use crate::subject::Subject;

/// A step that nobody wrote into a file.
pub(super) fn step(action: Action, expect: Expect) -> Step {
    Step {
        at: Place::default(),
        action,
        name: None,
        expect,
        repeat: 1,
        wait: true,
    }
}

/// A story made of steps.
pub(super) fn story(id: &str, about: &str, tag: &str, profile: &str, subject: Subject, steps: Vec<Step>) -> Scenario {
    Scenario {
        id: id.to_owned(),
        about: about.to_owned(),
        tags: vec![tag.to_owned(), "generated".to_owned()],
        profile: profile.to_owned(),
        location: LOCATION.to_owned(),
        subject,
        versions: BTreeMap::new(),
        uses: Vec::new(),
        prepare: Vec::new(),
        steps,
    }
}
