//! The event queue: what happens by itself, in the order of (time, sequence).

use serde::{Deserialize, Serialize};

use crate::classic::Tick;
use crate::key::Key;
use crate::operation::OperationId;
use crate::table::Table;
use crate::time::Time;

/// Something that will happen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Event {
    /// An operation's present stage ends.
    StageEnds(OperationId),
    /// The deletion of a group takes its next step.
    GroupDeletion(Key),
    /// Something of the classic API.
    Classic(Tick),
    /// Somebody above asked to be woken, with this word.
    WakeUp(u64),
}

/// When, and in which place among the events of that moment.
pub(crate) type Due = (Time, u64);

/// Events by due time.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Queue {
    events: Table<Due, Event>,
    next: u64,
}

impl Queue {
    /// The next event's time.
    pub(crate) fn next_due(&self) -> Option<Time> {
        self.events.first_key().map(|due| due.0)
    }

    /// Adds an event; gives back its place, by which it can be taken back.
    pub(crate) fn add(&mut self, at: Time, event: Event) -> Due {
        let due = (at, self.next);
        self.next += 1;
        self.events.set(due, Some(event.into()));
        due
    }

    /// Takes an event back.
    pub(crate) fn remove(&mut self, due: Due) {
        self.events.set(due, None);
    }

    /// Takes the next event, if it is due at `now`.
    pub(crate) fn pop(&mut self, now: Time) -> Option<(Time, Event)> {
        let due = *self.events.first_key()?;
        if due.0 > now {
            return None;
        }
        let event = self.events.set(due, None).expect("it was just seen");
        Some((due.0, Event::clone(&event)))
    }
}
