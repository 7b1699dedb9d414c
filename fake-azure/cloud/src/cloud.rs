//! The cloud: one world with its two doors, [`Cloud::apply`] and [`Cloud::advance_to`]. Everything else here only reads, or
//! is for the person who runs the simulation: limits, faults, invariants.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::Document;
use crate::call::{Call, Reply};
use crate::catalogue::limits::Era;
use crate::classic::{self, Classic, ClassicOperation};
use crate::cx::Cx;
use crate::descriptor::Dialect;
use crate::engine;
use crate::error::CloudError;
use crate::event::{Event, Queue};
use crate::fabric::Fabric;
use crate::governance::{self, Governance, Verb};
use crate::key::{Guid, Key};
use crate::operation::{Operation, OperationId};
use crate::quota::Ledger;
use crate::resource::Resource;
use crate::store::Store;
use crate::streams::Streams;
use crate::table::Table;
use crate::time::Time;
use crate::types::View;

/// Room for the id of most resources, in bytes.
const ID_LENGTH: usize = 192;

/// What a cloud begins with.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Decides every draw.
    pub seed: u64,
    /// Its first moment.
    pub start: Time,
    /// Whose limits are in force.
    pub era: Era,
    /// The subscriptions; each has every implemented provider registered.
    pub subscriptions: Vec<Guid>,
}

/// A subscription.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Subscription {
    /// Its name in the world.
    pub key: Key,
    /// Its id.
    pub id: Guid,
    /// What a portal shows.
    pub display_name: Box<str>,
    /// Providers that are not registered, by lower-case namespace.
    pub unregistered: BTreeSet<Box<str>>,
}

/// An Azure: state and rules.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Cloud {
    now: Time,
    next_key: Key,
    pub(crate) streams: Streams,
    pub(crate) store: Store,
    pub(crate) fabric: Fabric,
    pub(crate) classic: Classic,
    #[serde(default)]
    pub(crate) governance: Governance,
    pub(crate) ledger: Ledger,
    pub(crate) operations: Table<OperationId, Operation>,
    /// Operations by the time of their end, to forget them a day later.
    pub(crate) ended: Table<(Time, OperationId), ()>,
    pub(crate) queue: Queue,
    subscriptions: Table<Guid, Subscription>,
    /// What layers above keep here, by name.
    #[serde(default)]
    notes: Table<Box<str>, Document>,
}

impl Cloud {
    /// A new cloud: nothing in it but its subscriptions.
    pub fn new(settings: &Settings) -> Cloud {
        let mut cloud = Cloud {
            now: settings.start,
            next_key: Key(1),
            streams: Streams::new(settings.seed),
            store: Store::default(),
            fabric: Fabric::default(),
            classic: Classic::default(),
            governance: Governance::default(),
            ledger: Ledger::new(settings.era),
            operations: Table::default(),
            ended: Table::default(),
            queue: Queue::default(),
            subscriptions: Table::default(),
            notes: Table::default(),
        };
        for id in &settings.subscriptions {
            cloud.add_subscription(*id);
        }
        cloud
    }

    /// Answers a call. A refused call changes nothing.
    ///
    /// # Errors
    ///
    /// Azure's refusal.
    pub fn apply(&mut self, call: &Call) -> Result<Reply, CloudError> {
        engine::apply(self, call)
    }

    /// Moves time forward, and does what falls due on the way. Stops at a wake-up that somebody asked for, and returns its
    /// word; call again to go on. A time that lies behind moves nothing.
    pub fn advance_to(&mut self, time: Time) -> Option<u64> {
        while let Some((due, event)) = self.queue.pop(time) {
            self.now = self.now.max(due);
            match event {
                Event::StageEnds(operation) => engine::stage_ends(self, operation),
                Event::GroupDeletion(group) => engine::group_deletion_step(self, group),
                Event::Classic(tick) => classic::tick(self, tick),
                Event::WakeUp(word) => return Some(word),
            }
        }
        self.now = self.now.max(time);
        None
    }

    /// Remembers the end of an operation, and forgets those that ended a day ago: an id once given out stays readable for 24
    /// hours (ARM 2.1).
    pub(crate) fn note_end(&mut self, id: OperationId) {
        const DAY_MS: i64 = 86_400_000;
        self.ended.set((self.now, id), Some(().into()));
        while let Some((end, id)) = self.ended.first_key().copied() {
            if self.now.millis_since(end) < DAY_MS {
                break;
            }
            self.ended.set((end, id), None);
            self.operations.set(id, None);
        }
    }

    /// The cloud's time.
    pub fn now(&self) -> Time {
        self.now
    }

    /// When something next happens by itself.
    pub fn next_due(&self) -> Option<Time> {
        self.queue.next_due()
    }

    /// Asks [`Cloud::advance_to`] to stop at a time.
    pub fn wake_up(&mut self, at: Time, word: u64) {
        self.queue.add(at, Event::WakeUp(word));
    }

    /// What a layer above keeps in the cloud under a name: saved, forked and digested with everything else.
    pub fn note(&self, name: &str) -> Option<&Document> {
        self.notes.get(name)
    }

    /// Writes a note, or removes it.
    pub fn set_note(&mut self, name: &str, note: Option<Document>) {
        self.notes.set(name.into(), note.map(Into::into));
    }

    /// The notes whose names begin alike, by name.
    pub fn notes<'c>(&'c self, prefix: &'c str) -> impl Iterator<Item = (&'c str, &'c Document)> {
        self.notes
            .range(Box::<str>::from(prefix)..)
            .take_while(move |(name, _)| name.starts_with(prefix))
            .map(|(name, note)| (name.as_ref(), note))
    }

    /// Everything by id, key, parent.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// The fabric.
    pub fn fabric(&self) -> &Fabric {
        &self.fabric
    }

    /// Counters and limits.
    pub fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// Counters and limits, to change a limit while the cloud runs.
    pub fn ledger_mut(&mut self) -> &mut Ledger {
        &mut self.ledger
    }

    /// What is laid over scopes.
    pub fn governance(&self) -> &Governance {
        &self.governance
    }

    /// Refuses what a lock forbids at an id, for calls that are answered above the cloud.
    ///
    /// # Errors
    ///
    /// `ScopeLocked`.
    pub fn check_locks(&self, id: &str, verb: Verb) -> Result<(), CloudError> {
        governance::check_locks(self, &id, verb)
    }

    /// The read context.
    pub fn cx(&self) -> Cx<'_> {
        Cx::new(self)
    }

    /// A subscription.
    pub fn subscription(&self, id: Guid) -> Option<&Subscription> {
        self.subscriptions.get(&id)
    }

    /// The subscription of a key.
    pub fn subscription_of(&self, key: Key) -> Option<&Subscription> {
        self.subscriptions
            .iter()
            .map(|(_, subscription)| subscription)
            .find(|subscription| subscription.key == key)
    }

    /// All subscriptions, by id.
    pub fn subscriptions(&self) -> impl Iterator<Item = &Subscription> {
        self.subscriptions.iter().map(|(_, subscription)| subscription)
    }

    /// Adds a subscription; one that is there stays as it is.
    pub fn add_subscription(&mut self, id: Guid) {
        if self.subscriptions.contains(&id) {
            return;
        }
        let key = self.take_key();
        let subscription = Subscription {
            key,
            id,
            display_name: "Fake Azure".into(),
            unregistered: BTreeSet::new(),
        };
        self.subscriptions.set(id, Some(subscription.into()));
    }

    /// Registers a subscription with a provider, or takes the registration back. `false` when there is no such subscription.
    pub fn register(&mut self, id: Guid, namespace: &str, registered: bool) -> bool {
        let Some(mut subscription) = self.subscriptions.get(&id).cloned() else {
            return false;
        };
        let namespace: Box<str> = namespace.to_lowercase().into();
        if registered {
            subscription.unregistered.remove(&namespace);
        } else {
            subscription.unregistered.insert(namespace);
        }
        self.subscriptions.set(id, Some(subscription.into()));
        true
    }

    /// An operation.
    pub fn operation(&self, id: OperationId) -> Option<&Operation> {
        self.operations.get(&id)
    }

    /// All operations, by id.
    pub fn operations(&self) -> impl Iterator<Item = &Operation> {
        self.operations.iter().map(|(_, operation)| operation)
    }

    /// Makes a running operation fail at its end, with this error: a fault. `false` when it does not run.
    pub fn doom(&mut self, id: OperationId, error: CloudError) -> bool {
        if self.classic.operations.contains(&id) {
            return self.change_classic_operation(id, |operation| operation.doom = Some(error));
        }
        self.change_operation(id, |operation| operation.doom = Some(error))
    }

    /// Makes a running operation run for ever, or lets it go on: a fault. `false` when it does not run.
    pub fn set_endless(&mut self, id: OperationId, endless: bool) -> bool {
        let now = self.now;
        if self.classic.operations.contains(&id) {
            let changed = self.change_classic_operation(id, |operation| operation.endless = endless);
            if changed && !endless {
                self.queue.add(now, Event::Classic(classic::Tick::Ends(id)));
            }
            return changed;
        }
        let changed = self.change_operation(id, |operation| operation.endless = endless);
        if changed && !endless {
            self.queue.add(now, Event::StageEnds(id));
        }
        changed
    }

    fn change_classic_operation(&mut self, id: OperationId, change: impl FnOnce(&mut ClassicOperation)) -> bool {
        match self.classic.operations.get(&id) {
            Some(operation) if operation.is_running() => {
                let mut operation = operation.clone();
                change(&mut operation);
                self.classic.operations.set(id, Some(operation.into()));
                true
            }
            _ => false,
        }
    }

    /// What runs, of both stacks: operations with the service that performs each.
    pub fn running(&self) -> Vec<(OperationId, Dialect)> {
        let resources = self.operations().filter(|operation| operation.is_running());
        let resources = resources.map(|operation| (operation.id, operation.kind.descriptor().dialect));
        let classic = self
            .classic
            .operations
            .iter()
            .filter(|(_, operation)| operation.is_running());
        resources
            .chain(classic.map(|(id, _)| (*id, Dialect::Classic)))
            .collect()
    }

    /// Whether an operation, of either stack, runs.
    pub fn is_running(&self, id: OperationId) -> bool {
        self.operation(id).is_some_and(Operation::is_running)
            || self.classic_operation(id).is_some_and(ClassicOperation::is_running)
    }

    /// Whether an operation, of either stack, runs and is going to end.
    pub fn is_under_way(&self, id: OperationId) -> bool {
        let resources = self
            .operation(id)
            .is_some_and(|operation| operation.is_running() && !operation.endless);
        resources
            || self
                .classic_operation(id)
                .is_some_and(|operation| operation.is_running() && !operation.endless)
    }

    /// When an operation, of either stack, will end, where that is known.
    pub fn end_of(&self, id: OperationId) -> Option<Time> {
        let classic = self
            .classic_operation(id)
            .filter(|operation| operation.is_running() && !operation.endless);
        classic
            .map(|operation| operation.due)
            .or_else(|| self.operation(id)?.end())
    }

    fn change_operation(&mut self, id: OperationId, change: impl FnOnce(&mut Operation)) -> bool {
        match self.operations.get(&id) {
            Some(operation) if operation.is_running() => {
                let mut operation = operation.clone();
                change(&mut operation);
                self.operations.set(id, Some(operation.into()));
                true
            }
            _ => false,
        }
    }

    /// The id of a resource as Azure prints it: fixed segments in the registry's spelling, names as last written.
    pub fn id(&self, key: Key) -> String {
        let mut id = String::with_capacity(ID_LENGTH);
        self.write_id(key, &mut id);
        id
    }

    fn write_id(&self, key: Key, id: &mut String) {
        let Some(resource) = self.store.get(key) else {
            write!(id, "{key}").expect("a text takes any text");
            return;
        };
        let descriptor = resource.kind.descriptor();
        if descriptor.parent.is_some() {
            self.write_id(resource.parent, id);
            push_all(id, ["/", descriptor.collection(), "/", &resource.name]);
            return;
        }
        match self.store.get(resource.parent) {
            Some(group) => {
                self.write_id(group.key, id);
                push_all(id, ["/providers/", descriptor.name, "/", &resource.name]);
            }
            None => {
                let subscription = self
                    .subscription_of(resource.subscription)
                    .map_or(Guid::NIL, |subscription| subscription.id);
                write!(id, "/subscriptions/{subscription}").expect("a text takes any text");
                push_all(id, ["/resourceGroups/", &resource.name]);
            }
        }
    }

    /// A resource as a document: what was sent, this version's defaults, and the facts.
    pub fn document(&self, resource: &Resource, view: &View<'_>) -> Document {
        engine::document(&self.cx(), resource, view)
    }

    /// A digest of the whole state: two clouds with the same digest answer alike from here on.
    ///
    /// # Panics
    ///
    /// Never: every part of a cloud can be written.
    pub fn digest(&self) -> String {
        struct Sink(Sha256);
        impl std::io::Write for Sink {
            fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
                self.0.update(bytes);
                Ok(bytes.len())
            }
            fn flush(&mut self) -> std::io::Result<()> {
                Ok(())
            }
        }

        let mut sink = Sink(Sha256::new());
        serde_json::to_writer(&mut sink, self).expect("every part of a cloud can be written");
        sink.0.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
    }

    pub(crate) fn next_key(&self) -> Key {
        self.next_key
    }

    pub(crate) fn take_key(&mut self) -> Key {
        let key = self.next_key;
        self.next_key = Key(key.0 + 1);
        key
    }

    pub(crate) fn set_next_key(&mut self, key: Key) {
        self.next_key = key;
    }
}
fn push_all<const N: usize>(text: &mut String, parts: [&str; N]) {
    parts.into_iter().for_each(|part| text.push_str(part));
}
