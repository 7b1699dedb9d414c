//! A sandbox: one isolated cloud with what the protocols keep beside it.
//!
//! It refuses to know sockets and the wall clock: a server passes the time in, in process there is none.

use std::sync::Arc;

use fake_azure_cloud::catalogue::limits::Era;
use fake_azure_cloud::{Cloud, Guid, OperationId, Settings, Streams, Time};
use serde::{Deserialize, Serialize};

use crate::buckets::{Buckets, Class, Remaining, Throttled};
use crate::data_plane::DataPlane;
use crate::faults::{FaultId, Faults, Rule, RuleError};
use crate::identity::Directory;
use crate::journal::Journal;
use crate::pace::Pace;
use crate::policies::{Left, Policy, UsedUp};
use crate::storage::StorageEndpoints;
use crate::templates::Templates;

/// What a sandbox begins with.
#[derive(Clone, Debug)]
pub struct SandboxSettings {
    /// What its cloud begins with.
    pub cloud: Settings,
    /// How its clock moves.
    pub pace: Pace,
    /// Who may sign in: the server's, shared by all sandboxes.
    pub directory: Arc<Directory>,
    /// Where storage accounts are reached.
    pub storage: StorageEndpoints,
}

/// One isolated cloud. A clone goes its own way from there: that is a fork.
#[derive(Clone, Debug)]
pub struct Sandbox {
    /// The world.
    pub cloud: Cloud,
    /// How its clock moves.
    pub pace: Pace,
    /// Who may sign in.
    pub directory: Arc<Directory>,
    /// Where storage accounts are reached.
    pub storage: StorageEndpoints,
    /// What links of deployments find outside of the cloud: the server's to begin with.
    pub templates: Templates,
    /// Whether callers need roles for what they ask.
    pub enforce_roles: bool,
    /// What the machines behind public ports answer.
    pub data_plane: DataPlane,
    /// The fault rules in force.
    pub faults: Faults,
    /// What came in and went out.
    pub journal: Journal,
    /// Throttling counters.
    pub buckets: Buckets,
    /// Wall time when serving; `None` in process, where the cloud's clock counts for everything.
    pub(crate) wall: Option<Time>,
    /// Draws that belong to the protocols (request ids), so that they renumber nothing in the cloud.
    streams: Streams,
}

/// The version of the saved form. A reader of another version refuses; the form carries no promise across versions yet.
pub(crate) const SAVED_VERSION: u32 = 1;

/// A sandbox as it is saved (`GET state`).
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Saved {
    version: u32,
    pace: Pace,
    cloud: Cloud,
    buckets: Buckets,
    streams: Streams,
}

impl Sandbox {
    /// A new sandbox.
    pub fn new(settings: &SandboxSettings) -> Sandbox {
        Sandbox {
            cloud: Cloud::new(&settings.cloud),
            pace: settings.pace,
            directory: Arc::clone(&settings.directory),
            storage: settings.storage.clone(),
            templates: Templates::default(),
            enforce_roles: false,
            data_plane: DataPlane::default(),
            faults: Faults::new(settings.cloud.seed),
            journal: Journal::default(),
            buckets: Buckets::default(),
            wall: None,
            streams: Streams::new(settings.cloud.seed ^ 0x5349_4445), // Another seed than the cloud's, or ids would repeat.
        }
    }

    /// The ids of its subscriptions, in order.
    pub fn subscriptions(&self) -> Vec<Guid> {
        self.cloud.subscriptions().map(|subscription| subscription.id).collect()
    }

    /// Whether a subscription is one of its own.
    pub fn owns(&self, subscription: Guid) -> bool {
        self.cloud.subscription(subscription).is_some()
    }

    /// The era whose limits are in force.
    pub fn era(&self) -> Era {
        self.cloud.ledger().era()
    }

    /// The time by which tokens, SAS and signed dates are judged: wall time when serving, the cloud's in process.
    pub fn now_for_expiry(&self) -> Time {
        self.wall.unwrap_or_else(|| self.cloud.now())
    }

    /// A GUID that names nothing in the cloud: request and trace ids.
    pub fn draw_guid(&mut self) -> Guid {
        self.streams.guid()
    }

    /// Moves the clock as a request asks for, before it is answered. `waits_for` is the operation that the request polls, or
    /// that holds what it reads; `retry_after_secs` is what the real service would have it wait.
    pub fn pace_before(&mut self, waits_for: Option<OperationId>, retry_after_secs: u32) {
        let now = self.cloud.now();
        let step = now.plus_millis(i64::from(retry_after_secs.max(1)) * 1000);
        match (self.pace, waits_for) {
            (Pace::Immediate, Some(operation)) => {
                let runs = |sandbox: &Sandbox| sandbox.cloud.is_under_way(operation);
                // Some ends are not known beforehand: a group is gone when the last of its resources is.
                while runs(self) && self.cloud.next_due().is_some() {
                    let known = self.cloud.end_of(operation);
                    let next = known.or(self.cloud.next_due()).unwrap_or(step);
                    self.advance(next);
                }
                if self.cloud.is_running(operation) {
                    self.advance(step);
                }
            }
            (Pace::Stepped, Some(_)) => self.advance(step),
            (Pace::Stepped, None) => self.advance(now.plus_millis(1000)),
            (Pace::Immediate, None) | (Pace::Scaled(_) | Pace::Paused, _) => {}
        }
    }

    /// Moves the clock after a refusal that ends by itself, so that the next try passes.
    pub fn pace_after(&mut self, until: Option<Time>) {
        if let Some(until) = until.filter(|_| self.pace.is_hasty()) {
            self.advance(until);
        }
    }

    /// The `Retry-After` to send where the real service sends `real`. 1 where nobody waits: several clients take 0 for absent
    /// (real-clients 0.5).
    pub fn retry_after_secs(&self, real: u32) -> u32 {
        if self.pace.is_hasty() { 1 } else { real }
    }

    /// Takes note of wall time, before a request from a socket: under a scaled pace the clock follows it.
    pub(crate) fn tick(&mut self, wall: Time) {
        if let (Pace::Scaled(factor), Some(before)) = (self.pace, self.wall) {
            let elapsed = wall.millis_since(before).max(0).saturating_mul(i64::from(factor));
            self.advance(self.cloud.now().plus_millis(elapsed));
        }
        self.wall = Some(wall);
    }

    /// Forgets wall time: the request comes from this process.
    pub(crate) fn forget_wall(&mut self) {
        self.wall = None;
    }

    /// Puts a fault rule in force.
    ///
    /// # Errors
    ///
    /// When the rule cannot be understood.
    pub fn install(&mut self, rule: Rule) -> Result<FaultId, RuleError> {
        self.faults.install(rule, &self.cloud)
    }

    /// The same sandbox once more, to go its own way: with the fault rules in force, without the journal.
    #[must_use]
    pub fn fork(&self) -> Sandbox {
        // Member by member: a journal may hold a million exchanges, and is not copied to be thrown away.
        Sandbox {
            cloud: self.cloud.clone(),
            pace: self.pace,
            directory: Arc::clone(&self.directory),
            storage: self.storage.clone(),
            templates: self.templates.clone(),
            enforce_roles: self.enforce_roles,
            data_plane: self.data_plane.clone(),
            faults: self.faults.clone(),
            journal: Journal::default(),
            buckets: self.buckets.clone(),
            wall: self.wall,
            streams: self.streams.clone(),
        }
    }

    /// What outlives the process: everything but fault rules, journal and templates from outside.
    pub(crate) fn save(&self) -> Saved {
        Saved {
            version: SAVED_VERSION,
            pace: self.pace,
            cloud: self.cloud.clone(),
            buckets: self.buckets.clone(),
            streams: self.streams.clone(),
        }
    }

    /// Takes on what was saved.
    ///
    /// # Errors
    ///
    /// The version of the format, when it is another.
    pub(crate) fn restore(&mut self, saved: Saved) -> Result<(), u32> {
        if saved.version != SAVED_VERSION {
            return Err(saved.version);
        }
        let Saved {
            version: _,
            pace,
            cloud,
            buckets,
            streams,
        } = saved;
        self.faults.clear();
        (self.pace, self.cloud, self.buckets, self.streams) = (pace, cloud, buckets, streams);
        Ok(())
    }

    /// Moves the clock forward, and serves what asked to be woken on the way. A time that lies behind moves nothing.
    pub fn advance(&mut self, to: Time) {
        while let Some(word) = self.cloud.advance_to(to) {
            crate::arm::deployments::wake(self, word);
        }
    }

    /// Takes one call from the throttling counters (ARM 5.1): what remains, or how long to wait. `subscription` is `None` for
    /// calls of the tenant, `principal` the caller's object id.
    ///
    /// # Errors
    ///
    /// When nothing remains, where throttling is on: under `scaled` and `paused`, or when limits turned it on.
    pub fn take_token(
        &mut self,
        class: Class,
        subscription: Option<Guid>,
        principal: Guid,
    ) -> Result<Remaining, Throttled> {
        let enforced = !self.pace.is_hasty();
        self.buckets.take(
            class,
            subscription,
            principal,
            self.cloud.now(),
            self.cloud.ledger().era(),
            enforced,
        )
    }

    /// Takes one call from a provider's policies (ARM 5.3): what remains of each.
    ///
    /// # Errors
    ///
    /// When one is used up, where throttling is on, as for [`Sandbox::take_token`].
    pub(crate) fn take_policies(&mut self, subscription: Guid, policies: &[Policy]) -> Result<Vec<Left>, UsedUp> {
        let enforced = self.buckets.enforced.unwrap_or(!self.pace.is_hasty());
        self.buckets
            .policies
            .take(subscription, policies, self.cloud.now(), enforced)
    }
}

#[cfg(test)]
mod tests {
    use fake_azure_cloud::{ApiVersion, Call, Conditions, ResourceId};
    use serde_json::json;

    use super::*;

    const SUBSCRIPTION: Guid = Guid(1);

    /// A sandbox with the deletion of a group under way, and the operation.
    fn deleting(pace: Pace) -> (Sandbox, OperationId) {
        let mut sandbox = Sandbox::new(&SandboxSettings {
            cloud: Settings {
                seed: 1,
                start: Time::from_millis(0),
                era: Era::Current,
                subscriptions: vec![SUBSCRIPTION],
            },
            pace,
            directory: Arc::new(Directory::default()),
            storage: StorageEndpoints::default(),
        });
        let id = ResourceId::group(SUBSCRIPTION, "g0");
        let (version, conditions) = (ApiVersion::date(2021, 4, 1), Conditions::NONE);
        let document = json!({ "location": "westus" });
        let put = Call::Put {
            id: id.clone(),
            document,
            version,
            conditions: conditions.clone(),
        };
        sandbox.cloud.apply(&put).expect("a sound group");
        let deleted = sandbox
            .cloud
            .apply(&Call::Delete {
                id,
                version,
                conditions,
            })
            .expect("nothing stands in the way");
        (sandbox, deleted.operation.expect("a group's deletion takes time"))
    }

    fn moved(pace: Pace, polls: bool) -> i64 {
        let (mut sandbox, operation) = deleting(pace);
        sandbox.pace_before(polls.then_some(operation), 15);
        sandbox.cloud.now().millis()
    }

    #[test]
    fn the_clock_moves_as_the_pace_says() {
        assert!(moved(Pace::Immediate, true) > 0);
        assert_eq!(moved(Pace::Immediate, false), 0);
        assert_eq!(moved(Pace::Stepped, true), 15_000);
        assert_eq!(moved(Pace::Stepped, false), 1_000);
        for pace in [Pace::Paused, Pace::Scaled(5)] {
            assert_eq!(moved(pace, true), 0);
        }
    }

    #[test]
    fn an_operation_that_never_ends_still_sees_time_pass() {
        let (mut sandbox, operation) = deleting(Pace::Immediate);
        sandbox.cloud.set_endless(operation, true);
        sandbox.pace_before(Some(operation), 15);
        assert_eq!(sandbox.cloud.now().millis(), 15_000);
        assert!(
            sandbox
                .cloud
                .operation(operation)
                .is_some_and(fake_azure_cloud::Operation::is_running)
        );
    }

    #[test]
    fn a_refusal_that_ends_by_itself_is_waited_for_where_nobody_waits() {
        for (pace, expected) in [(Pace::Immediate, 180_000), (Pace::Stepped, 180_000), (Pace::Paused, 0)] {
            let (mut sandbox, _) = deleting(pace);
            sandbox.pace_after(Some(Time::from_millis(180_000)));
            assert_eq!(sandbox.cloud.now().millis(), expected, "{pace}");
            assert_eq!(sandbox.retry_after_secs(17), if pace.is_hasty() { 1 } else { 17 });
        }
    }

    #[test]
    fn a_scaled_clock_follows_the_wall() {
        let (mut sandbox, _) = deleting(Pace::Scaled(60));
        sandbox.tick(Time::from_millis(1_000_000));
        assert_eq!(sandbox.cloud.now().millis(), 0);
        sandbox.tick(Time::from_millis(1_002_000));
        assert_eq!(sandbox.cloud.now().millis(), 120_000);
        assert_eq!(sandbox.now_for_expiry(), Time::from_millis(1_002_000));
        sandbox.forget_wall();
        assert_eq!(sandbox.now_for_expiry(), sandbox.cloud.now());
    }

    #[test]
    fn throttling_is_on_where_clients_wait() {
        for (pace, refused) in [(Pace::Immediate, false), (Pace::Paused, true)] {
            let (mut sandbox, _) = deleting(pace);
            let last = (0..201)
                .map(|_| sandbox.take_token(Class::Writes, Some(SUBSCRIPTION), Guid(9)))
                .last();
            assert_eq!(last.is_some_and(|taken| taken.is_err()), refused, "{pace}");
        }
    }
}
