//! A transaction: effects committed one by one, each remembered, so that a refusal undoes them all.

use std::sync::Arc;

use crate::api_version::ApiVersion;
use crate::call::Reply;
use crate::classic::{self, Reversal};
use crate::cloud::Cloud;
use crate::cx::Cx;
use crate::descriptor::{Provisioning, Stage};
use crate::error::CloudError;
use crate::event::{Due, Event};
use crate::fabric::Change;
use crate::forms;
use crate::governance;
use crate::key::Key;
use crate::operation::{Doing, Operation, OperationId, Status};
use crate::plan::{Effect, Plan};
use crate::quota::{Claim, Counter, QuotaKey};
use crate::resource::Resource;
use crate::streams::{Bookmark, Topic};
use crate::time::Time;

/// What undoes one change.
enum Undo {
    Resource(Key, Option<Arc<Resource>>),
    Fabric(Change),
    Classic(classic::Change),
    Governance(governance::Change),
    Counter(Counter, i64),
    Operation(OperationId, Option<Arc<Operation>>),
    Event(Due),
}

/// Changes under way.
pub(crate) struct Transaction<'c> {
    pub(crate) cloud: &'c mut Cloud,
    undo: Vec<Undo>,
    bookmark: Bookmark,
    next_key: Key,
    /// Whether limits are enforced: not for what the service does by itself when an operation ends.
    enforce: bool,
    /// Resources written so far: an operation settles them together, and they show its state.
    pub(crate) touched: Vec<Key>,
}

impl<'c> Transaction<'c> {
    /// Runs `act`; on a refusal everything is as it was.
    pub(crate) fn run(
        cloud: &'c mut Cloud,
        act: impl FnOnce(&mut Transaction<'c>) -> Result<Reply, CloudError>,
    ) -> Result<Reply, CloudError> {
        let mut tx = Transaction::new(cloud, true);
        let outcome = act(&mut tx);
        if outcome.is_err() {
            tx.roll_back();
        }
        outcome
    }

    /// Runs what the service does by itself: it is not refused for a limit.
    pub(crate) fn by_itself(cloud: &'c mut Cloud) -> Transaction<'c> {
        Transaction::new(cloud, false)
    }

    fn new(cloud: &'c mut Cloud, enforce: bool) -> Transaction<'c> {
        let (bookmark, next_key) = (cloud.streams.bookmark(), cloud.next_key());
        Transaction {
            cloud,
            undo: Vec::new(),
            bookmark,
            next_key,
            enforce,
            touched: Vec::new(),
        }
    }

    fn roll_back(&mut self) {
        while let Some(undo) = self.undo.pop() {
            match undo {
                Undo::Resource(key, before) => {
                    self.cloud.store.set(key, before);
                }
                Undo::Fabric(change) => {
                    self.cloud.fabric.make(change);
                }
                Undo::Classic(change) => {
                    self.cloud.classic.make(change);
                }
                Undo::Governance(change) => {
                    self.cloud.governance.make(change);
                }
                Undo::Counter(counter, before) => self.cloud.ledger.set(counter, before),
                Undo::Operation(id, before) => {
                    self.cloud.operations.set(id, before);
                }
                Undo::Event(due) => self.cloud.queue.remove(due),
            }
        }
        self.cloud.streams.go_back(self.bookmark);
        self.cloud.set_next_key(self.next_key);
    }

    pub(crate) fn cx(&self) -> Cx<'_> {
        self.cloud.cx()
    }

    /// Writes or removes a resource.
    pub(crate) fn set(&mut self, key: Key, resource: Option<Resource>) {
        let before = self.cloud.store.set(key, resource.map(Arc::new));
        self.undo.push(Undo::Resource(key, before));
    }

    /// Changes a resource that exists.
    pub(crate) fn change(&mut self, key: Key, change: impl FnOnce(&mut Resource)) {
        if let Some(resource) = self.cloud.store.get(key) {
            let mut resource = Resource::clone(resource);
            change(&mut resource);
            self.set(key, Some(resource));
        }
    }

    /// Counts a resource's use of a quota in its subscription and location; refused when the limit would be passed.
    pub(crate) fn charge(
        &mut self,
        subscription: Key,
        location: &str,
        row: QuotaKey,
        by: i64,
    ) -> Result<(), CloudError> {
        let (counter, before) = self.cloud.ledger.charge(subscription, location, row.0, by);
        self.undo.push(Undo::Counter(counter, before));
        if by <= 0 || !self.enforce {
            return Ok(());
        }
        match self.cloud.ledger.limit(row.0) {
            Some(limit) if before + by > limit => {
                let subscription = self
                    .cloud
                    .subscription_of(subscription)
                    .map_or_else(String::new, |found| found.id.to_string());
                Err(self.cloud.ledger.refuse(&Claim {
                    row,
                    limit,
                    used: before,
                    more: by,
                    location,
                    subscription,
                }))
            }
            _ => Ok(()),
        }
    }

    /// Commits a plan's effects for a resource.
    pub(crate) fn commit(
        &mut self,
        subscription: Key,
        location: &str,
        version: ApiVersion,
        plan: &mut Plan,
    ) -> Result<(), CloudError> {
        for effect in plan.effects.drain(..) {
            match effect {
                Effect::Fabric(change) => {
                    let before = self.cloud.fabric.make(change);
                    self.undo.push(Undo::Fabric(before));
                }
                Effect::Classic(change) => self.set_classic(change),
                Effect::ClassicTick { after_ms, tick } => {
                    let at = self.cloud.now().plus_millis(after_ms);
                    self.schedule(at, Event::Classic(tick));
                }
                Effect::Cores { location, by } => self.charge_cores(subscription, &location, by),
                Effect::Charge { row, by } => self.charge(subscription, location, row, by)?,
                Effect::Put { key, id, document } => {
                    super::put::put_by_service(self, key, &id, document, version)?;
                }
                Effect::Make { id, document } => {
                    let key = self.cloud.next_key();
                    super::put::put_by_service(self, key, &id, document, version)?;
                }
                Effect::Act { key, action } => super::put::act_by_service(self, key, action, version)?,
                Effect::Remove(key) => super::delete::remove_tree(self, key),
            }
        }
        Ok(())
    }

    /// Writes or removes a row of the classic API.
    pub(crate) fn set_classic(&mut self, change: classic::Change) {
        let before = self.cloud.classic.make(change);
        self.undo.push(Undo::Classic(before));
    }

    /// Writes or removes what is laid over a scope.
    pub(crate) fn set_governance(&mut self, change: governance::Change) {
        let before = self.cloud.governance.make(change);
        self.undo.push(Undo::Governance(before));
    }

    /// Counts cores of the classic API, whose rules have seen to the limits.
    fn charge_cores(&mut self, subscription: Key, location: &str, by: i64) {
        let (counter, before) = self.cloud.ledger.charge(subscription, location, "cores", by);
        self.undo.push(Undo::Counter(counter, before));
    }

    /// Commits a plan of the classic API; gives back what takes it back later, in the order in which it is to be done.
    /// Containers and accounts that were made stay: others may have put something into them by then.
    pub(crate) fn commit_classic(&mut self, subscription: Key, plan: &mut Plan) -> Result<Vec<Reversal>, CloudError> {
        let reserved = plan.reserved();
        if reserved > 0 {
            self.claim_key(Key(self.cloud.next_key().0 + reserved));
        }
        let cores: Vec<Reversal> = plan
            .effects
            .iter()
            .filter_map(|effect| match effect {
                Effect::Cores { location, by } => Some(Reversal::Cores {
                    location: location.clone(),
                    by: -by,
                }),
                _ => None,
            })
            .collect();
        let begin = self.undo.len();
        self.commit(subscription, "", ApiVersion::NEWEST, plan)?;
        let rows = self.undo[begin..].iter().rev().filter_map(|undo| match undo {
            Undo::Fabric(Change::Container(..)) => None,
            Undo::Fabric(change) => Some(Reversal::Fabric(change.clone())),
            Undo::Classic(change) => Some(Reversal::Classic(change.clone())),
            _ => None,
        });
        Ok(rows.chain(cores).collect())
    }

    /// Takes back one change of an operation that failed.
    pub(crate) fn reverse(&mut self, subscription: Key, reversal: Reversal) {
        match reversal {
            Reversal::Classic(change) => self.set_classic(change),
            Reversal::Fabric(change) => {
                let before = self.cloud.fabric.make(change);
                self.undo.push(Undo::Fabric(before));
            }
            Reversal::Cores { location, by } => self.charge_cores(subscription, &location, by),
        }
    }

    /// Makes sure that a key handed out to a plan is not handed out again.
    pub(crate) fn claim_key(&mut self, key: Key) {
        if key >= self.cloud.next_key() {
            self.cloud.set_next_key(Key(key.0 + 1));
        }
    }

    /// Begins an operation on a resource: draws how long each stage lasts, and shows the first stage's state on everything touched.
    pub(crate) fn begin(
        &mut self,
        target: Key,
        doing: Doing,
        version: ApiVersion,
        stages: &[Stage],
        plan: Plan,
    ) -> OperationId {
        let resource = Arc::clone(
            self.cloud
                .store
                .get(target)
                .expect("an operation is begun on what exists"),
        );
        let started = self.cloud.now();
        let id = OperationId(self.cloud.streams.guid());
        let mut end = started;
        let ahead: Vec<(Stage, Time)> = stages
            .iter()
            .map(|stage| {
                end = end.plus_millis(self.cloud.streams.between(Topic::Latency, stage.low_ms, stage.high_ms));
                (*stage, end)
            })
            .collect();

        let first = ahead.first().map(|(stage, end)| (stage.state, *end));
        let mut touched = std::mem::take(&mut self.touched);
        touched.retain(|key| *key != target);
        touched.insert(0, target);
        for key in &touched {
            self.change(*key, |resource| {
                resource.operation = Some(id);
                if let Some((state, _)) = first {
                    let beside = *key != target && state == Provisioning::Creating;
                    resource.provisioning = if beside { Provisioning::Updating } else { state };
                }
            });
        }
        if let Some((_, end)) = first {
            let due = self.cloud.queue.add(end, Event::StageEnds(id));
            self.undo.push(Undo::Event(due));
        }

        let operation = Operation {
            id,
            doing,
            target,
            kind: resource.kind,
            target_id: self.cloud.id(target).into(),
            subscription: resource.subscription,
            location: resource.location.clone(),
            version,
            started,
            ended: None,
            status: Status::InProgress,
            ahead,
            doom: plan.doom,
            endless: false,
            touched,
            output: plan.output,
        };
        self.set_operation(id, operation);
        id
    }

    /// Records an operation that is over with its answer: its poll finds it so (ARM 2.2, network interfaces).
    pub(crate) fn record(&mut self, target: Key, doing: Doing, version: ApiVersion, touched: Vec<Key>) -> OperationId {
        let resource = Arc::clone(
            self.cloud
                .store
                .get(target)
                .expect("an operation is recorded on what exists"),
        );
        let now = self.cloud.now();
        let id = OperationId(self.cloud.streams.guid());
        let operation = Operation {
            id,
            doing,
            target,
            kind: resource.kind,
            target_id: self.cloud.id(target).into(),
            subscription: resource.subscription,
            location: resource.location.clone(),
            version,
            started: now,
            ended: Some(now),
            status: Status::Succeeded,
            ahead: Vec::new(),
            doom: None,
            endless: false,
            touched,
            output: None,
        };
        self.set_operation(id, operation);
        id
    }

    /// Begins an operation whose end nobody knows yet: something else ends it.
    pub(crate) fn begin_open_ended(
        &mut self,
        target: Key,
        doing: Doing,
        version: ApiVersion,
        stages: &[Stage],
    ) -> OperationId {
        let id = self.begin(target, doing, version, &[], Plan::new());
        if let Some(stage) = stages.first() {
            self.change(target, |resource| resource.provisioning = stage.state);
        }
        id
    }

    /// Writes an operation.
    pub(crate) fn set_operation(&mut self, id: OperationId, operation: Operation) {
        let before = self.cloud.operations.set(id, Some(operation.into()));
        self.undo.push(Undo::Operation(id, before));
    }

    /// Adds an event.
    pub(crate) fn schedule(&mut self, at: Time, event: Event) {
        let due = self.cloud.queue.add(at, event);
        self.undo.push(Undo::Event(due));
    }

    /// Ends a running operation because a later one takes its place (ARM 2.6).
    pub(crate) fn supersede(&mut self, id: OperationId) {
        let Some(operation) = self
            .cloud
            .operations
            .get(&id)
            .filter(|operation| operation.is_running())
        else {
            return;
        };
        let mut operation = operation.clone();
        operation.ended = Some(self.cloud.now());
        operation.status = Status::Canceled(CloudError::of(&forms::PREEMPTED));
        let (target, touched) = (operation.target, operation.touched.clone());
        self.set_operation(id, operation);
        for key in touched {
            // What the later operation does not take up itself is at rest from here on.
            self.change(key, |resource| {
                if resource.operation == Some(id) {
                    resource.operation = None;
                    resource.provisioning = if key == target {
                        Provisioning::Failed
                    } else {
                        Provisioning::Succeeded
                    };
                }
            });
        }
    }
}
