//! The front door for tests: an Azure of one's own.

use std::sync::Arc;

use bytes::Bytes;
use fake_azure_cloud::catalogue::limits::Era;
use fake_azure_cloud::{Guid, Time};
use http::Request;

use crate::control;
use crate::data_plane::Responder;
use crate::faults::{FaultId, Rule, RuleError};
use crate::identity::{Directory, DirectoryOptions, Principal, Tenant, User};
use crate::pace::Pace;
use crate::sandbox::Sandbox;
use crate::sandboxes::{self, Defaults, Sandboxes, Shared, lock};
use crate::server::{Options, ServeError, Server};
use crate::templates::Templates;
use crate::wire::{self, Listener, Served};

/// An Azure of one's own: synchronous, without a socket, there in less than a millisecond. A clone is the same Azure.
///
/// ```
/// use bytes::Bytes;
/// use fake_azure::FakeAzure;
///
/// let azure = FakeAzure::start();
/// let request = http::Request::get("https://management.azure.com/subscriptions?api-version=2022-12-01")
///     .header("authorization", format!("Bearer {}", azure.token()))
///     .body(Bytes::new())
///     .expect("a request");
/// let served = azure.send(request);
/// assert!(served.response.headers().contains_key("x-ms-request-id"));
/// ```
#[derive(Clone, Debug)]
pub struct FakeAzure {
    sandboxes: Arc<Sandboxes>,
    own_dates: bool,
}

/// What an Azure begins with.
#[derive(Clone, Debug, Default)]
pub struct Builder {
    defaults: Defaults,
    subscriptions: Vec<Guid>,
    tenant: Option<Guid>,
    principals: Vec<Principal>,
    more_tenants: Vec<(Tenant, Vec<Principal>)>,
    users: Vec<User>,
    directory: DirectoryOptions,
    own_dates: bool,
}

impl Builder {
    /// Decides every draw; 0 unless told otherwise.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Builder {
        self.defaults.seed = seed;
        self
    }

    /// The cloud's first moment; a day of its era unless told otherwise.
    #[must_use]
    pub fn start_at(mut self, start: Time) -> Builder {
        self.defaults.start = Some(start);
        self
    }

    /// Whose limits and catalogue are in force; today's unless told otherwise.
    #[must_use]
    pub fn era(mut self, era: Era) -> Builder {
        self.defaults.era = era;
        self
    }

    /// How the clock moves; immediate unless told otherwise.
    #[must_use]
    pub fn pace(mut self, pace: Pace) -> Builder {
        self.defaults.pace = pace;
        self
    }

    /// Adds a subscription; one of a known id is there unless some were added.
    #[must_use]
    pub fn subscription(mut self, id: Guid) -> Builder {
        self.subscriptions.push(id);
        self
    }

    /// Makes a sandbox for any subscription at its first use.
    #[must_use]
    pub fn any_subscription(mut self) -> Builder {
        self.defaults.any_subscription = true;
        self
    }

    /// The tenant's id.
    #[must_use]
    pub fn tenant(mut self, tenant: Guid) -> Builder {
        self.tenant = Some(tenant);
        self
    }

    /// Adds a principal; the first one is whom the token of [`FakeAzure::token`] stands for. Three are there unless some were
    /// added.
    #[must_use]
    pub fn principal(mut self, principal: Principal) -> Builder {
        self.principals.push(principal);
        self
    }

    /// Adds a tenant beside the one that the subscriptions belong to, with applications of its own.
    #[must_use]
    pub fn another_tenant(mut self, tenant: Tenant, principals: Vec<Principal>) -> Builder {
        self.more_tenants.push((tenant, principals));
        self
    }

    /// Adds a user; one is there anyway.
    #[must_use]
    pub fn user(mut self, user: User) -> Builder {
        self.users.push(user);
        self
    }

    /// How the directory does what a person or time does in Azure: device codes, replication.
    #[must_use]
    pub fn directory(mut self, options: DirectoryOptions) -> Builder {
        self.directory = options;
        self
    }

    /// Accounts publish `https://{account}.blob.{suffix}/`.
    #[must_use]
    pub fn storage_suffix(mut self, suffix: &str) -> Builder {
        self.defaults.storage.suffix = Some(suffix.to_owned());
        self
    }

    /// Says what a link of a deployment finds at an address outside of the cloud; what nobody supplied cannot be downloaded. An
    /// address that is no absolute `http` or `https` one is refused by Azure whatever stands there, and is not kept.
    #[must_use]
    pub fn template(mut self, address: &str, body: impl Into<Arc<str>>) -> Builder {
        self.defaults.templates.supply(address, body);
        self
    }

    /// The same for many, of a folder perhaps.
    #[must_use]
    pub fn templates(mut self, templates: &Templates) -> Builder {
        self.defaults.templates.add(templates);
        self
    }

    /// What a machine answers a connection with: `SERVICE/ROLE` or `GROUP/MACHINE`, its name wherever it is, or `*` for every other
    /// one; with `:PORT` behind it, at that port. Its host name unless told otherwise.
    #[must_use]
    pub fn responder(mut self, role: &str, responder: Responder) -> Builder {
        self.defaults.responders.set(role, responder);
        self
    }

    /// Callers need roles for what they ask, as in Azure; the first principal owns every subscription.
    #[must_use]
    pub fn enforce_roles(mut self) -> Builder {
        self.defaults.enforce_roles = true;
        self
    }

    /// Over sockets, too, expiry and signed dates are judged by the sandbox's clock: for clients that live on it.
    #[must_use]
    pub fn dates_by_own_clock(mut self) -> Builder {
        self.own_dates = true;
        self
    }

    /// Starts it.
    pub fn start(self) -> FakeAzure {
        let Builder {
            mut defaults,
            subscriptions,
            tenant,
            principals,
            more_tenants,
            users,
            directory: options,
            own_dates,
        } = self;
        if !subscriptions.is_empty() {
            defaults.subscriptions = subscriptions;
        }
        if tenant.is_some() || !principals.is_empty() {
            let usual = Directory::default();
            let principals = if principals.is_empty() {
                usual.principals().to_vec()
            } else {
                principals
            };
            defaults.directory = Arc::new(Directory::new(tenant.unwrap_or(Directory::DEFAULT_TENANT), principals));
        }
        let mut directory = defaults.directory.fork();
        for (tenant, principals) in more_tenants {
            let id = tenant.id;
            directory = directory.with_tenant(tenant);
            directory = principals.iter().fold(directory, |directory, principal| {
                directory.with_principal_in(id, principal)
            });
        }
        directory = users.into_iter().fold(directory, Directory::with_user);
        directory.set_options(options);
        defaults.directory = Arc::new(directory);
        FakeAzure {
            sandboxes: Arc::new(Sandboxes::new(defaults)),
            own_dates,
        }
    }
}

impl FakeAzure {
    /// One with nothing special about it.
    pub fn start() -> FakeAzure {
        FakeAzure::builder().start()
    }

    /// One to order.
    pub fn builder() -> Builder {
        Builder::default()
    }

    /// Answers a request as if it had come in by a listener. Its URI is absolute. The sandbox is the one that the request
    /// means; expiry is judged by its clock.
    pub fn serve(&self, listener: Listener, request: Request<Bytes>) -> Served {
        self.serve_at(listener, request, None)
    }

    /// Answers a request by its host name: `management.azure.com`, `login.microsoftonline.com`, `{account}.blob.core.windows.net`.
    pub fn send(&self, request: Request<Bytes>) -> Served {
        self.serve(Listener::Arm, request)
    }

    /// The same at a moment of wall time, for requests from a socket.
    pub(crate) fn serve_at(&self, listener: Listener, request: Request<Bytes>, wall: Option<Time>) -> Served {
        let uri = request.uri();
        if listener == Listener::Admin && (control::owns_path(uri.path()) || wire::listener_decides(uri)) {
            let served = control::serve(&self.sandboxes, &request, wall);
            self.sandboxes.note_change();
            return served;
        }
        let shared = self.sandboxes.choose(listener, &request);
        let mut sandbox = lock(&shared);
        match wall {
            Some(wall) if !self.own_dates => sandbox.tick(wall),
            _ => sandbox.forget_wall(),
        }
        let served = wire::serve(&mut sandbox, listener, request);
        self.sandboxes.note_change();
        served
    }

    /// Opens sockets. They are closed when the server is stopped or dropped; this Azure goes on.
    ///
    /// # Errors
    ///
    /// When a port is taken, or a certificate cannot be used.
    pub async fn listen(&self, options: Options) -> Result<Server, ServeError> {
        Server::start(self.clone(), options).await
    }

    /// Looks at, or changes, the sandbox last reset: the only one, unless requests or resets made more.
    pub fn with_sandbox<R>(&self, act: impl FnOnce(&mut Sandbox) -> R) -> R {
        let done = act(&mut lock(&self.sandboxes.last()));
        self.sandboxes.note_change();
        done
    }

    /// Looks at, or changes, the sandbox of a subscription.
    pub fn with_sandbox_of<R>(&self, subscription: Guid, act: impl FnOnce(&mut Sandbox) -> R) -> Option<R> {
        self.sandboxes.of(subscription).map(|shared| act(&mut lock(&shared)))
    }

    /// Makes a sandbox as a `POST reset` of the control API does.
    ///
    /// # Errors
    ///
    /// What is wrong with the request.
    pub fn reset(&self, reset: control::Reset) -> Result<(), control::ControlError> {
        control::reset(&self.sandboxes, reset)
    }

    /// Another Azure that stands where the sandbox last reset stands now, with the same subscriptions. The two never meet.
    #[must_use]
    pub fn fork(&self) -> FakeAzure {
        let mut fork = lock(&self.sandboxes.last()).fork();
        fork.directory = Arc::new(fork.directory.fork());
        let sandboxes = Sandboxes::new(Defaults {
            subscriptions: Vec::new(),
            directory: Arc::clone(&fork.directory),
            ..self.sandboxes.defaults()
        });
        sandboxes.replace_all(fork);
        FakeAzure {
            sandboxes: Arc::new(sandboxes),
            own_dates: self.own_dates,
        }
    }

    /// Puts a fault rule in force in the sandbox last reset, until the guard is dropped.
    ///
    /// # Errors
    ///
    /// When the rule cannot be understood.
    pub fn fault(&self, rule: Rule) -> Result<FaultGuard, RuleError> {
        let sandbox = self.sandboxes.last();
        let id = lock(&sandbox).install(rule)?;
        Ok(FaultGuard { sandbox, id })
    }

    /// The first subscription of the sandbox last reset: FAKE_SUBSCRIPTION.
    pub fn subscription(&self) -> Guid {
        self.with_sandbox(|sandbox| sandbox.subscriptions().first().copied())
            .unwrap_or(sandboxes::DEFAULT_SUBSCRIPTION)
    }

    /// The tenant and its principals: FAKE_TENANT, FAKE_CLIENT_ID, FAKE_CLIENT_SECRET.
    pub fn directory(&self) -> Arc<Directory> {
        self.sandboxes.defaults().directory
    }

    /// FAKE_TOKEN: accepted by every service in every sandbox, for ever.
    pub fn token(&self) -> String {
        self.directory().fake_token().to_owned()
    }

    pub(crate) fn sandboxes(&self) -> &Arc<Sandboxes> {
        &self.sandboxes
    }
}

/// Keeps a fault rule in force; dropping it takes the rule back.
#[derive(Debug)]
#[must_use = "the rule is taken back when the guard is dropped"]
pub struct FaultGuard {
    sandbox: Shared,
    id: FaultId,
}

impl FaultGuard {
    /// The rule's name.
    pub fn id(&self) -> FaultId {
        self.id
    }

    /// How many exchanges the rule struck so far.
    pub fn struck(&self) -> u32 {
        let sandbox = lock(&self.sandbox);
        sandbox
            .faults
            .rules()
            .iter()
            .find(|rule| rule.id == self.id)
            .map_or(0, |rule| rule.struck)
    }
}

impl Drop for FaultGuard {
    fn drop(&mut self) {
        lock(&self.sandbox).faults.remove(self.id);
    }
}
