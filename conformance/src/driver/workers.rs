//! Virtual time for what runs at the same time.
//!
//! Workers are polled in the order of their numbers. When every one sleeps, the clock moves to the earliest deadline; of two
//! equal ones the lower worker goes first. A request is over when the poll that sent it returns, so none is ever in flight
//! when the clock moves. Nothing waits, and one seed gives one trace.

use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use async_trait::async_trait;
use fake_azure_cloud::Time;

use super::exchange::Exchange;

/// A future that a worker runs.
pub(crate) type Work<'w, T> = Pin<Box<dyn Future<Output = T> + Send + 'w>>;

/// The harness's clock: the sandbox's, slept on by workers.
pub(crate) struct VirtualClock {
    exchange: Arc<dyn Exchange>,
    worker: AtomicUsize,
    sleepers: Mutex<Vec<Sleeper>>,
    turns: AtomicUsize,
    crashed: AtomicBool,
}

struct Sleeper {
    deadline: Time,
    worker: usize,
    turn: usize,
    waker: Waker,
}

/// Why workers did not come to their end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stopped {
    /// Nobody can go on: every worker waits, and none for the clock. A bug, in the provider or here.
    Stuck,
    /// The process they run in ended, as it was told to.
    Crashed,
}

impl VirtualClock {
    pub(crate) fn new(exchange: Arc<dyn Exchange>) -> VirtualClock {
        VirtualClock {
            exchange,
            worker: AtomicUsize::new(0),
            sleepers: Mutex::new(Vec::new()),
            turns: AtomicUsize::new(0),
            crashed: AtomicBool::new(false),
        }
    }

    /// Ends the process that the workers run in: none of them goes on.
    pub(crate) fn crash(&self) {
        self.crashed.store(true, Ordering::SeqCst);
    }

    fn sleepers(&self) -> MutexGuard<'_, Vec<Sleeper>> {
        self.sleepers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs workers until all are done.
    pub(crate) fn run<T>(&self, workers: Vec<Work<'_, T>>) -> Result<Vec<T>, Stopped> {
        let mut rows: Vec<Row<'_, T>> = workers
            .into_iter()
            .map(|work| Row {
                work: Some(work),
                done: None,
                flag: Arc::new(Flag(AtomicBool::new(true))),
            })
            .collect();
        loop {
            let mut some_polled = false;
            for (number, row) in rows.iter_mut().enumerate() {
                let Some(work) = &mut row.work else {
                    continue;
                };
                if !row.flag.0.swap(false, Ordering::SeqCst) {
                    continue;
                }
                some_polled = true;
                self.worker.store(number, Ordering::SeqCst);
                let waker = Waker::from(Arc::clone(&row.flag));
                let polled = work.as_mut().poll(&mut Context::from_waker(&waker));
                if self.crashed.swap(false, Ordering::SeqCst) {
                    self.sleepers().clear();
                    return Err(Stopped::Crashed);
                }
                if let Poll::Ready(done) = polled {
                    row.done = Some(done);
                    row.work = None;
                }
            }
            if rows.iter().all(|row| row.done.is_some()) {
                self.sleepers().clear();
                return Ok(rows.into_iter().filter_map(|row| row.done).collect());
            }
            if !some_polled && !self.move_on() {
                self.sleepers().clear();
                return Err(Stopped::Stuck);
            }
        }
    }

    /// Moves the clock to the earliest deadline and wakes the one who waits for it.
    fn move_on(&self) -> bool {
        let next = {
            let mut sleepers = self.sleepers();
            let first = sleepers
                .iter()
                .enumerate()
                .min_by_key(|(_, sleeper)| (sleeper.deadline, sleeper.worker, sleeper.turn))
                .map(|(index, _)| index);
            first.map(|index| sleepers.swap_remove(index))
        };
        let Some(sleeper) = next else {
            return false;
        };
        self.exchange.advance(sleeper.deadline);
        sleeper.waker.wake();
        true
    }
}

struct Row<'w, T> {
    work: Option<Work<'w, T>>,
    done: Option<T>,
    flag: Arc<Flag>,
}

struct Flag(AtomicBool);

impl Wake for Flag {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::SeqCst);
    }
}

#[async_trait]
impl provider::Clock for VirtualClock {
    fn now_ms(&self) -> u64 {
        u64::try_from(self.exchange.now().millis()).unwrap_or(0)
    }

    async fn sleep(&self, duration: Duration) {
        let millis = i64::try_from(duration.as_millis()).unwrap_or(i64::MAX);
        let deadline = self.exchange.now().plus_millis(millis);
        Sleep {
            clock: self,
            deadline,
            turn: None,
        }
        .await;
    }
}

struct Sleep<'c> {
    clock: &'c VirtualClock,
    deadline: Time,
    /// Which of all sleepers it is, once it is one.
    turn: Option<usize>,
}

/// Nobody is woken for what nobody waits for any more.
impl Drop for Sleep<'_> {
    fn drop(&mut self) {
        if let Some(turn) = self.turn {
            self.clock.sleepers().retain(|sleeper| sleeper.turn != turn);
        }
    }
}

impl Future for Sleep<'_> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        if let Some(turn) = self.turn {
            if self.clock.exchange.now() >= self.deadline {
                return Poll::Ready(());
            }
            let mut sleepers = self.clock.sleepers();
            if let Some(own) = sleepers.iter_mut().find(|sleeper| sleeper.turn == turn) {
                own.waker = cx.waker().clone();
                return Poll::Pending;
            }
        }
        // One of no length waits for its turn, too: others may have something to do at this very moment.
        let worker = self.clock.worker.load(Ordering::SeqCst);
        let turn = self.clock.turns.fetch_add(1, Ordering::SeqCst);
        self.turn = Some(turn);
        let sleeper = Sleeper {
            deadline: self.deadline,
            worker,
            turn,
            waker: cx.waker().clone(),
        };
        self.clock.sleepers().push(sleeper);
        Poll::Pending
    }
}

#[cfg(test)]
mod tests {
    use provider::Clock as _;

    use super::super::in_process::InProcess;
    use super::super::{START, Setup};
    use super::*;

    fn clock() -> VirtualClock {
        let setup = Setup {
            seed: 1,
            profile: "current".to_owned(),
            location: "westus".to_owned(),
            subject: crate::subject::Subject::A1,
            live: None,
        };
        VirtualClock::new(Arc::new(InProcess::start(&setup)))
    }

    #[test]
    fn the_clock_moves_from_deadline_to_deadline_and_ties_go_by_number() {
        let clock = clock();
        let order = Mutex::new(Vec::new());
        let work = |name: &'static str, spans: &'static [u64]| -> Work<'_, ()> {
            let (clock, order) = (&clock, &order);
            Box::pin(async move {
                for span in spans {
                    clock.sleep(Duration::from_secs(*span)).await;
                    let at = clock.now_ms() - u64::try_from(START.millis()).expect("scenarios begin after 1970");
                    order
                        .lock()
                        .unwrap_or_else(PoisonError::into_inner)
                        .push((at / 1000, name));
                }
            })
        };
        clock
            .run(vec![work("a", &[2, 2]), work("b", &[1, 3]), work("c", &[4])])
            .expect("all can go on");
        let order = order.into_inner().unwrap_or_else(PoisonError::into_inner);
        assert_eq!(order, [(1, "b"), (2, "a"), (4, "a"), (4, "b"), (4, "c")]);
    }

    #[test]
    fn nothing_goes_on_after_a_crash() {
        let clock = clock();
        let after = AtomicUsize::new(0);
        let crashing: Work<'_, ()> = Box::pin(async {
            clock.crash();
            std::future::pending::<()>().await;
        });
        let other: Work<'_, ()> = Box::pin(async {
            after.fetch_add(1, Ordering::SeqCst);
        });
        assert_eq!(clock.run(vec![crashing, other]), Err(Stopped::Crashed));
        assert_eq!(after.load(Ordering::SeqCst), 0);
    }

    #[test]
    fn who_waits_for_nothing_is_found() {
        let forever: Work<'_, ()> = Box::pin(std::future::pending());
        assert_eq!(clock().run(vec![forever]), Err(Stopped::Stuck));
    }
}
