//! Which provider is under test: a stack, and the generation of it.
//!
//! A new one is one row of [`Subject::ALL`]. Nothing here knows how an environment of it is opened: the driver does.

use std::fmt;

use provider::Generation;

use crate::driver::{Lesson, Pupil};

/// Which of Azure's two APIs the provider stands on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, clap::ValueEnum)]
pub enum Stack {
    /// Azure Resource Manager.
    #[default]
    Arm,
    /// Service Management.
    Classic,
    /// None of Juju's: a client that believes that everything goes well. It shows that scenarios can fail.
    #[value(skip)]
    Naive,
}

impl Stack {
    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Stack::Arm => "arm",
            Stack::Classic => "classic",
            Stack::Naive => "naive",
        }
    }

    /// The stack of a name that a scenario or a command line may write.
    #[must_use]
    pub fn find(name: &str) -> Option<Stack> {
        [Stack::Arm, Stack::Classic]
            .into_iter()
            .find(|stack| stack.name() == name)
    }
}

/// A provider to be tested.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Subject {
    /// Its stack.
    pub stack: Stack,
    /// Its generation; means something for [`Stack::Arm`] only.
    pub generation: Generation,
    /// In place of Juju's, a small classic provider that has learnt its lessons, all or all but one: it shows that scenarios can fail.
    pub pupil: Option<Pupil>,
}

impl Subject {
    /// The generation of early 2016: every resource put by itself.
    pub const A1: Subject = Subject::arm(Generation::A1);
    /// The generation of early 2017: one deployment a machine.
    pub const A4: Subject = Subject::arm(Generation::A4);
    /// The generation of 2.9: managed disks.
    pub const A7: Subject = Subject::arm(Generation::A7);
    /// The classic stack.
    pub const CLASSIC: Subject = Subject {
        stack: Stack::Classic,
        generation: Generation::A1,
        pupil: None,
    };

    /// The provider that believes that everything goes well.
    pub const NAIVE: Subject = Subject {
        stack: Stack::Naive,
        generation: Generation::A1,
        pupil: None,
    };

    /// Every provider of Juju's there is, in the order of their age.
    pub const ALL: &[Subject] = &[Subject::CLASSIC, Subject::A1, Subject::A4, Subject::A7];

    const fn arm(generation: Generation) -> Subject {
        Subject {
            stack: Stack::Arm,
            generation,
            pupil: None,
        }
    }

    /// The small classic provider that has learnt every lesson, or every lesson but this one.
    #[must_use]
    pub const fn pupil(without: Option<Lesson>) -> Subject {
        Subject {
            pupil: Some(Pupil { without }),
            ..Subject::CLASSIC
        }
    }

    /// Its name, as the command line writes it: `a1`, `classic`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match (self.stack, self.generation) {
            (Stack::Classic, _) => "classic",
            (Stack::Naive, _) => "naive",
            (Stack::Arm, Generation::A1) => "a1",
            (Stack::Arm, Generation::A4) => "a4",
            (Stack::Arm, Generation::A7) => "a7",
        }
    }

    /// The generation of a name, in any case: `A7`.
    #[must_use]
    pub fn generation_of(name: &str) -> Option<Generation> {
        [Generation::A1, Generation::A4, Generation::A7]
            .into_iter()
            .find(|generation| generation.to_string().eq_ignore_ascii_case(name))
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_back() {
        assert_eq!(Subject::generation_of("a7"), Some(Generation::A7));
        assert_eq!(Subject::generation_of("A9"), None);
        assert_eq!(Stack::find("classic"), Some(Stack::Classic));
        let names: Vec<&str> = Subject::ALL.iter().map(|subject| subject.name()).collect();
        assert_eq!(names, ["classic", "a1", "a4", "a7"]);
    }
}
