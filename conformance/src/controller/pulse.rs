//! What workers wait by: that something changes, that time passes, that all of them are at rest.
//!
//! It refuses to know what they do.

use std::collections::BTreeMap;
use std::future::poll_fn;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Poll, Waker};
use std::time::Duration;

use provider::Clock;

use super::{Death, Next};

/// The pulse of all workers of a run.
#[derive(Debug, Default)]
pub(super) struct Pulse(Mutex<Beat>);

#[derive(Debug, Default)]
struct Beat {
    /// Grows with every change.
    revision: u64,
    n_workers: usize,
    /// Whether the run ends as soon as all are at rest.
    ends_at_rest: bool,
    is_closing: bool,
    /// Workers at rest, each with the revision that it has seen.
    resting: BTreeMap<usize, u64>,
    /// Workers that do not get any further, each with its last end.
    stuck: BTreeMap<usize, Death>,
    wakers: BTreeMap<usize, Waker>,
    deaths: Vec<Death>,
}

impl Beat {
    /// Ends the run when nobody has anything to do any more.
    fn close_at_rest(&mut self) {
        let revision = self.revision;
        let is_resting = |number: &usize| {
            let seen = self.resting.get(number).is_some_and(|seen| *seen >= revision);
            seen || self.stuck.contains_key(number)
        };
        if self.ends_at_rest && (0..self.n_workers).all(|number| is_resting(&number)) {
            self.close();
        }
    }

    fn close(&mut self) {
        self.is_closing = true;
        self.wake();
    }

    fn wake(&mut self) {
        for (_, waker) in std::mem::take(&mut self.wakers) {
            waker.wake();
        }
    }
}

impl Pulse {
    fn beat(&self) -> MutexGuard<'_, Beat> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A run of so many workers begins.
    pub(super) fn begin(&self, n_workers: usize, ends_at_rest: bool) {
        let mut beat = self.beat();
        *beat = Beat {
            revision: beat.revision,
            n_workers,
            ends_at_rest,
            ..Beat::default()
        };
        beat.close_at_rest();
    }

    pub(super) fn revision(&self) -> u64 {
        self.beat().revision
    }

    pub(super) fn is_closing(&self) -> bool {
        self.beat().is_closing
    }

    /// Something has changed.
    pub(super) fn change(&self) {
        let mut beat = self.beat();
        beat.revision += 1;
        beat.wake();
    }

    /// A worker has ended, and begins again soon; `is_stuck`: it has done so too often.
    pub(super) fn died(&self, number: usize, death: Death, is_stuck: bool) {
        let mut beat = self.beat();
        if is_stuck {
            beat.stuck.insert(number, death.clone());
        }
        beat.deaths.push(death);
        beat.close_at_rest();
    }

    /// A worker has ended with its model, or with the run.
    pub(super) fn leave(&self, number: usize) {
        let mut beat = self.beat();
        beat.resting.insert(number, u64::MAX);
        beat.close_at_rest();
    }

    /// Every end of a worker so far.
    pub(super) fn take_deaths(&self) -> Vec<Death> {
        std::mem::take(&mut self.beat().deaths)
    }

    /// The last end of each worker that does not get any further.
    pub(super) fn take_stuck(&self) -> Vec<Death> {
        std::mem::take(&mut self.beat().stuck).into_values().collect()
    }

    /// A worker waits for what comes `next`; what changed since `seen` is not waited for.
    pub(super) async fn rest(&self, number: usize, seen: u64, next: Next, clock: &dyn Clock) {
        let (span, is_resting) = match next {
            Next::Change => (None, true),
            Next::Later(span) => (Some(span), false),
            Next::Routine(span) => (Some(span), true),
        };
        {
            let mut beat = self.beat();
            beat.stuck.remove(&number);
            if is_resting {
                beat.resting.insert(number, seen);
                beat.close_at_rest();
            }
        }
        self.wait(number, Some(seen), span, clock).await;
        let mut beat = self.beat();
        if !beat.is_closing {
            beat.resting.remove(&number);
        }
    }

    /// Ends the run at a time, unless it ends before.
    pub(super) async fn close_at(&self, at_ms: u64, clock: &dyn Clock) {
        let span = Duration::from_millis(at_ms.saturating_sub(clock.now_ms()));
        self.wait(usize::MAX, None, Some(span), clock).await;
        let mut beat = self.beat();
        if !beat.is_closing {
            beat.close();
        }
    }

    async fn wait(&self, number: usize, seen: Option<u64>, span: Option<Duration>, clock: &dyn Clock) {
        let mut sleep = span.map(|span| clock.sleep(span));
        poll_fn(|context| {
            {
                let mut beat = self.beat();
                if beat.is_closing || seen.is_some_and(|seen| beat.revision != seen) {
                    return Poll::Ready(());
                }
                beat.wakers.insert(number, context.waker().clone());
            }
            match &mut sleep {
                Some(sleep) => sleep.as_mut().poll(context),
                None => Poll::Pending,
            }
        })
        .await;
    }
}
