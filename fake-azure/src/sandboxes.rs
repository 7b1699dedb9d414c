//! Many sandboxes in one server, and which one a request means.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use dashmap::DashMap;
use fake_azure_cloud::catalogue::limits::Era;
use fake_azure_cloud::{ApiVersion, Call, Conditions, Guid, Kind, ResourceId, Settings, Time};
use http::Request;
use serde_json::json;
use tokio::sync::watch;

use crate::data_plane::{Binding, Responders};
use crate::identity::{self, Directory};
use crate::pace::Pace;
use crate::sandbox::{Sandbox, SandboxSettings};
use crate::storage::StorageEndpoints;
use crate::templates::Templates;
use crate::wire::{Front, Listener};

/// The subscription that is there when nobody asked for another: FAKE_SUBSCRIPTION.
pub const DEFAULT_SUBSCRIPTION: Guid = Guid(0x5ab5_c217_0000_4000_8000_0000_0000_0001);

/// What new sandboxes begin with, unless a reset says otherwise.
#[derive(Clone, Debug)]
pub(crate) struct Defaults {
    pub(crate) seed: u64,
    pub(crate) start: Option<Time>,
    pub(crate) era: Era,
    pub(crate) pace: Pace,
    pub(crate) subscriptions: Vec<Guid>,
    pub(crate) any_subscription: bool,
    pub(crate) enforce_roles: bool,
    pub(crate) responders: Responders,
    pub(crate) directory: Arc<Directory>,
    pub(crate) storage: StorageEndpoints,
    pub(crate) templates: Templates,
}

impl Default for Defaults {
    fn default() -> Defaults {
        Defaults {
            seed: 0,
            start: None,
            era: Era::Current,
            pace: Pace::Immediate,
            subscriptions: vec![DEFAULT_SUBSCRIPTION],
            any_subscription: false,
            enforce_roles: false,
            responders: Responders::default(),
            directory: Arc::new(Directory::default()),
            storage: StorageEndpoints::default(),
            templates: Templates::default(),
        }
    }
}

/// The first moment of a cloud of an era, when nobody asked for another. A constant: the same seed gives the same trace.
pub(crate) const fn start_of(era: Era) -> Time {
    match era {
        Era::Classic2014 => Time::from_millis(1_417_392_000_000), // 2014-12-01
        Era::Arm2016 => Time::from_millis(1_459_468_800_000),     // 2016-04-01
        Era::Current => Time::from_millis(1_767_225_600_000),     // 2026-01-01
    }
}

/// A sandbox among others.
pub(crate) type Shared = Arc<Mutex<Sandbox>>;

/// The sandbox itself. One that panicked is still the same sandbox: the engine undoes what it had begun.
pub(crate) fn lock(sandbox: &Shared) -> MutexGuard<'_, Sandbox> {
    sandbox.lock().unwrap_or_else(PoisonError::into_inner)
}

/// All sandboxes of a server.
#[derive(Debug)]
pub(crate) struct Sandboxes {
    defaults: Mutex<Defaults>,
    by_subscription: DashMap<Guid, Shared>,
    /// Where a blob request last found its account; checked before it is believed.
    by_account: DashMap<String, Shared>,
    last: Mutex<Shared>,
    /// Told after every request: what is exposed may be another.
    changes: watch::Sender<()>,
    /// The public ports that are open on loopback.
    pub(crate) bindings: watch::Sender<Vec<Binding>>,
}

impl Sandboxes {
    /// One sandbox, of the default subscriptions.
    pub(crate) fn new(defaults: Defaults) -> Sandboxes {
        let first = Arc::new(Mutex::new(sandbox(&defaults, &defaults.subscriptions)));
        let sandboxes = Sandboxes {
            last: Mutex::new(Arc::clone(&first)),
            by_subscription: DashMap::new(),
            by_account: DashMap::new(),
            changes: watch::Sender::new(()),
            bindings: watch::Sender::new(Vec::new()),
            defaults: Mutex::new(defaults),
        };
        sandboxes.register(&first);
        sandboxes
    }

    /// What new sandboxes begin with.
    pub(crate) fn defaults(&self) -> Defaults {
        self.defaults.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Says where blobs are served, to every sandbox there is and will be.
    pub(crate) fn set_blob_base(&self, base: Option<String>) {
        self.defaults
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .storage
            .base
            .clone_from(&base);
        for shared in self.all() {
            lock(&shared).storage.base.clone_from(&base);
        }
    }

    /// Tells those who look at every sandbox that one may have changed.
    pub(crate) fn note_change(&self) {
        self.changes.send_replace(());
    }

    /// Wakes up whenever a sandbox may have changed.
    pub(crate) fn changes(&self) -> watch::Receiver<()> {
        self.changes.subscribe()
    }

    /// The sandbox last reset.
    pub(crate) fn last(&self) -> Shared {
        Arc::clone(&self.last.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The sandbox of a subscription.
    pub(crate) fn of(&self, subscription: Guid) -> Option<Shared> {
        self.by_subscription
            .get(&subscription)
            .map(|shared| Arc::clone(&shared))
    }

    /// The sandbox that a request means (design, Sandbox): by the subscription in its path, the account it names, the sandbox
    /// that its token came from; the one last reset otherwise.
    pub(crate) fn choose(&self, listener: Listener, request: &Request<Bytes>) -> Shared {
        let front = crate::wire::front(listener, request.uri());
        if let Some(subscription) = subscription_of(front, request.uri().path()) {
            if let Some(shared) = self.of(subscription) {
                return shared;
            }
            if self.defaults().any_subscription {
                return self.make(subscription);
            }
        }
        if front == Front::Blob
            && let Some(address) = StorageEndpoints::default().locate_request(request.uri())
            && let Some(shared) = self.of_account(&address.account)
        {
            return shared;
        }
        if let Some(vault) = crate::vault::name_in(request.uri())
            && let Some(shared) = self.of_vault(vault)
        {
            return shared;
        }
        let claimed = identity::bearer(request.headers())
            .ok()
            .and_then(identity::decode)
            .and_then(|claims| claims.fake_sandbox);
        claimed
            .and_then(|subscription| self.of(subscription))
            .unwrap_or_else(|| self.last())
    }

    /// The sandbox that owns a storage account; of several, the one last reset, then the one of the lowest subscription.
    fn of_account(&self, account: &str) -> Option<Shared> {
        let owns = |shared: &Shared| lock(shared).cloud.fabric().accounts.contains(&Box::from(account));
        if let Some(known) = self.by_account.get(account).map(|shared| Arc::clone(&shared)) {
            let is_current = lock(&known)
                .subscriptions()
                .first()
                .and_then(|id| self.of(*id))
                .is_some_and(|of| Arc::ptr_eq(&of, &known));
            if is_current && owns(&known) {
                return Some(known);
            }
        }
        let last = self.last();
        let found = if owns(&last) {
            Some(last)
        } else {
            self.all().into_iter().find(owns)
        }?;
        self.by_account.insert(account.to_owned(), Arc::clone(&found));
        Some(found)
    }

    /// The sandbox whose vault holds a name; of several, the one last reset, then the one of the lowest subscription.
    fn of_vault(&self, vault: &str) -> Option<Shared> {
        let owns = |shared: &Shared| {
            let sandbox = lock(shared);
            sandbox.cloud.fabric().vault(vault, sandbox.cloud.now()).is_some()
        };
        let last = self.last();
        if owns(&last) {
            return Some(last);
        }
        self.all().into_iter().find(owns)
    }

    /// Every sandbox, by its lowest subscription; the last one even when it has none.
    pub(crate) fn all(&self) -> Vec<Shared> {
        let mut found: Vec<(Guid, Shared)> = self
            .by_subscription
            .iter()
            .map(|entry| (*entry.key(), Arc::clone(entry.value())))
            .collect();
        found.sort_by_key(|(subscription, _)| *subscription);
        let mut all: Vec<Shared> = Vec::new();
        for shared in found.into_iter().map(|(_, shared)| shared).chain([self.last()]) {
            if !all.iter().any(|known| Arc::ptr_eq(known, &shared)) {
                all.push(shared);
            }
        }
        all
    }

    /// Makes a sandbox of one subscription at its first use.
    fn make(&self, subscription: Guid) -> Shared {
        let defaults = self.defaults();
        let entry = self.by_subscription.entry(subscription);
        Arc::clone(&entry.or_insert_with(|| Arc::new(Mutex::new(sandbox(&defaults, &[subscription])))))
    }

    /// Puts a sandbox in the place of those that hold one of its subscriptions. It counts as the one last reset.
    pub(crate) fn replace(&self, new: Sandbox) -> Shared {
        let gone: Vec<Shared> = new.subscriptions().into_iter().filter_map(|id| self.of(id)).collect();
        self.by_subscription
            .retain(|_, shared| !gone.iter().any(|old| Arc::ptr_eq(old, shared)));
        let new = Arc::new(Mutex::new(new));
        self.register(&new);
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Arc::clone(&new);
        new
    }

    /// Adds a sandbox of subscriptions that nobody holds; the one last reset stays the same.
    pub(crate) fn add(&self, new: Sandbox) -> Shared {
        let new = Arc::new(Mutex::new(new));
        self.register(&new);
        new
    }

    /// Drops every sandbox and puts this one in their place.
    pub(crate) fn replace_all(&self, new: Sandbox) -> Shared {
        self.by_subscription.clear();
        self.by_account.clear();
        self.replace(new)
    }

    fn register(&self, shared: &Shared) {
        let subscriptions = lock(shared).subscriptions();
        for subscription in subscriptions {
            self.by_subscription.insert(subscription, Arc::clone(shared));
        }
    }
}

/// A new sandbox of these subscriptions.
pub(crate) fn sandbox(defaults: &Defaults, subscriptions: &[Guid]) -> Sandbox {
    let mut sandbox = Sandbox::new(&SandboxSettings {
        cloud: Settings {
            seed: defaults.seed,
            start: defaults.start.unwrap_or_else(|| start_of(defaults.era)),
            era: defaults.era,
            subscriptions: subscriptions.to_vec(),
        },
        pace: defaults.pace,
        directory: Arc::clone(&defaults.directory),
        storage: defaults.storage.clone(),
    });
    sandbox.templates = defaults.templates.clone();
    sandbox.enforce_roles = defaults.enforce_roles;
    sandbox.data_plane.responders = defaults.responders.clone();
    sandbox
}

/// The group that holds storage accounts which a reset was asked for.
const ACCOUNTS_GROUP: &str = "fake-azure";
const ACCOUNTS_LOCATION: &str = "westus";
const ACCOUNTS_VERSION: ApiVersion = ApiVersion::date(2016, 1, 1);

/// Makes a storage account in a group of its own, as a client would.
///
/// # Errors
///
/// What the cloud says against it.
pub(crate) fn make_account(sandbox: &mut Sandbox, account: &str) -> Result<(), String> {
    let Some(kind) = Kind::find("Microsoft.Storage", "storageAccounts") else {
        return Err("storage accounts are not implemented".to_owned());
    };
    let Some(subscription) = sandbox.subscriptions().first().copied() else {
        return Err("the sandbox has no subscription".to_owned());
    };
    let group = ResourceId::group(subscription, ACCOUNTS_GROUP);
    let id = ResourceId::resource(subscription, ACCOUNTS_GROUP, kind, vec![account.into()]);
    let group_document = json!({ "location": ACCOUNTS_LOCATION });
    let document = json!({
        "location": ACCOUNTS_LOCATION,
        "kind": "Storage",
        "sku": { "name": "Standard_LRS" },
        "properties": {},
    });
    for (id, document) in [(group, group_document), (id, document)] {
        let call = Call::Put {
            id,
            document,
            version: ACCOUNTS_VERSION,
            conditions: Conditions::NONE,
        };
        let reply = sandbox.cloud.apply(&call).map_err(|error| error.to_string())?;
        let end = reply.operation.and_then(|id| sandbox.cloud.operation(id)?.end());
        if let Some(end) = end {
            sandbox.advance(end);
        }
    }
    Ok(())
}

/// The subscription in a path: `/subscriptions/{id}/...` of Resource Manager, `/{id}/...` of the classic API.
fn subscription_of(front: Front, path: &str) -> Option<Guid> {
    let mut segments = path.split('/').filter(|segment| !segment.is_empty());
    let first = segments.next()?;
    match front {
        // A machine's metadata service stands below its id.
        Front::Arm | Front::Identity if first.eq_ignore_ascii_case("subscriptions") => Guid::parse(segments.next()?),
        Front::Asm => Guid::parse(first),
        _ => None,
    }
}
