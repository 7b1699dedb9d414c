//! Who may sign in: tenants, users and principals. A directory belongs to a server, not to a sandbox, and survives every reset;
//! what clients make in it through Graph does, too.
//!
//! Secrets that it makes follow from a counter and protect nothing, as every key of the simulator.

use std::sync::{Arc, LazyLock, Mutex, OnceLock, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use fake_azure_cloud::{Guid, Time};
use sha2::{Digest as _, Sha256};

use super::certificate;
use super::device::DeviceSignIn;
use super::principals::{
    self, Application, Birth, KNOWN_CLIENTS, KnownClient, Member, Principal, ServicePrincipal, Stands, Tenant, User,
};
use super::token::{self, Claims};
use crate::wire::ClientCertificate;

/// Objects of one directory (Azure's own quota of a tenant without a verified domain).
const OBJECTS_MAX: usize = 50_000;
/// Device codes that are remembered; the oldest go first.
const DEVICE_CODES_MAX: usize = 1_000;

/// How device codes are approved.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum DeviceCodes {
    /// Somebody has to: on the page that the code's message names, or by the control API.
    #[default]
    Wait,
    /// At once, for the first user.
    AtOnce,
}

impl DeviceCodes {
    /// Finds one by its name on the command line.
    pub fn find(name: &str) -> Option<DeviceCodes> {
        match name {
            "wait" => Some(DeviceCodes::Wait),
            "at-once" => Some(DeviceCodes::AtOnce),
            _ => None,
        }
    }
}

/// What is changeable while the directory serves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DirectoryOptions {
    /// How device codes are approved.
    pub device_codes: DeviceCodes,
    /// For how long what was just made is not known to other services, in milliseconds of the cloud's clock.
    pub replication_lag_ms: u32,
    /// Whether a role can be given to an object that no tenant has: for a history whose directory is not at hand.
    pub any_principal: bool,
}

/// The tenants and who is in them.
#[derive(Debug)]
pub struct Directory {
    tenant: Guid,
    principals: Vec<Principal>,
    fake_token: OnceLock<String>,
    /// Copied when it changes, so that a fork of the directory costs nothing.
    register: Mutex<Arc<Register>>,
}

/// Everything that changes.
#[derive(Clone, Debug)]
pub(crate) struct Register {
    /// The home tenant first.
    pub(super) tenants: Vec<Tenant>,
    pub(super) applications: Vec<Application>,
    pub(super) service_principals: Vec<ServicePrincipal>,
    pub(super) users: Vec<Member>,
    pub(super) device_codes: Vec<DeviceSignIn>,
    pub(super) options: DirectoryOptions,
    drawn: u64,
}

/// Who a client id stands for in a tenant.
#[derive(Clone, Debug)]
pub(super) enum Client {
    /// An application with its service principal.
    Application(Box<(Application, ServicePrincipal)>),
    /// A service principal of an application that is registered elsewhere.
    Foreign(Box<ServicePrincipal>),
    /// A public client that every tenant knows.
    Known(&'static KnownClient),
    /// An application that nothing stands for in the tenant.
    WithoutPrincipal(Guid),
}

impl Client {
    pub(super) fn app_id(&self) -> Guid {
        match self {
            Client::Application(both) => both.0.app_id,
            Client::Foreign(principal) => principal.app_id,
            Client::Known(known) => known.app_id,
            Client::WithoutPrincipal(id) => *id,
        }
    }

    pub(super) fn name(&self) -> &str {
        match self {
            Client::Application(both) => both.0.display_name(),
            Client::Foreign(principal) => principal.display_name(),
            Client::Known(known) => known.name,
            Client::WithoutPrincipal(_) => "",
        }
    }

    /// What stands for it in the tenant.
    pub(super) fn principal(&self) -> Option<&ServicePrincipal> {
        match self {
            Client::Application(both) => Some(&both.1),
            Client::Foreign(principal) => Some(principal),
            Client::Known(_) | Client::WithoutPrincipal(_) => None,
        }
    }
}

/// What a directory says of an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Lookup {
    /// It is there.
    Known(PrincipalInfo),
    /// It is there, and other services will know it at this time of the cloud's clock.
    Replicating {
        /// When.
        until: Time,
    },
    /// There is no such object.
    Unknown,
}

/// One object that roles can be assigned to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PrincipalInfo {
    /// Its id.
    pub object_id: Guid,
    /// The application's id; none of a user.
    pub app_id: Option<Guid>,
    /// `User` or `ServicePrincipal`: `principalType` of a role assignment.
    pub kind: &'static str,
    /// What a person calls it.
    pub display_name: String,
    /// The name that a user signs in with.
    pub user_principal_name: Option<String>,
}

impl Directory {
    /// The tenant, unless another one is asked for: FAKE_TENANT.
    pub const DEFAULT_TENANT: Guid = Guid(0x7e4a_a2d1_0000_4000_8000_0000_0000_0001);

    /// A directory of one tenant; the first principal is the one that FAKE_CLIENT_ID and FAKE_TOKEN stand for. A user and a
    /// machine with an identity are there, too.
    pub fn new(tenant: Guid, principals: Vec<Principal>) -> Directory {
        let mut register = Register {
            tenants: vec![Tenant {
                id: tenant,
                display_name: "Fake Azure".to_owned(),
                default_domain: "fakeazure.onmicrosoft.com".to_owned(),
            }],
            applications: Vec::new(),
            service_principals: Vec::new(),
            users: Vec::new(),
            device_codes: Vec::new(),
            options: DirectoryOptions::default(),
            drawn: 0,
        };
        for (principal_idx, principal) in principals.iter().enumerate() {
            let (application, service_principal) = principals::configured(tenant, principal, principal_idx == 0);
            register.applications.push(application);
            register.service_principals.push(service_principal);
        }
        register.service_principals.push(machine(tenant));
        register.add_user(User {
            object_id: Guid(0x05e7_0000_0000_4000_8000_0000_0000_0001),
            user_principal_name: "user@fakeazure.onmicrosoft.com".to_owned(),
            display_name: "Fake User".to_owned(),
            password: "fake-password".to_owned(),
            enabled: true,
            home: tenant,
            guest_of: Vec::new(),
        });
        Directory {
            tenant,
            principals,
            fake_token: OnceLock::new(),
            register: Mutex::new(Arc::new(register)),
        }
    }

    /// Adds a tenant, with a domain of its own and nobody in it.
    #[must_use]
    pub fn with_tenant(self, tenant: Tenant) -> Directory {
        self.with(|register| register.tenants.push(tenant));
        self
    }

    /// Adds a user.
    #[must_use]
    pub fn with_user(self, user: User) -> Directory {
        self.with(|register| register.add_user(user));
        self
    }

    /// Adds an application with its service principal to a tenant that is not the home tenant.
    #[must_use]
    pub fn with_principal_in(self, tenant: Guid, principal: &Principal) -> Directory {
        let (application, service_principal) = principals::configured(tenant, principal, false);
        self.with(|register| {
            register.applications.push(application);
            register.service_principals.push(service_principal);
        });
        self
    }

    /// The tenant of every subscription.
    pub fn tenant(&self) -> Guid {
        self.tenant
    }

    /// The tenants, the home tenant first.
    pub fn tenants(&self) -> Vec<Tenant> {
        self.register().tenants.clone()
    }

    /// The tenants that a caller is known in, the home tenant first: all of a user, its own of an application.
    pub fn tenants_of(&self, object_id: Guid) -> Vec<Tenant> {
        let register = self.register();
        let is_in = |tenant: &&Tenant| match register.user(object_id) {
            Some(member) => member.user.is_in(tenant.id),
            None => register
                .service_principals
                .iter()
                .any(|principal| principal.object_id == object_id && principal.tenant == tenant.id),
        };
        register.tenants.iter().filter(is_in).cloned().collect()
    }

    /// The principals that it began with; there is at least one.
    pub fn principals(&self) -> &[Principal] {
        &self.principals
    }

    /// The principal that FAKE_CLIENT_ID names.
    pub fn first(&self) -> &Principal {
        &self.principals[0]
    }

    /// The users that there are now.
    pub fn users(&self) -> Vec<User> {
        self.register().users.iter().map(|member| member.user.clone()).collect()
    }

    /// Sign-ins on other devices, oldest first.
    pub(crate) fn device_sign_ins(&self) -> Vec<DeviceSignIn> {
        self.register().device_codes.clone()
    }

    /// What is changeable while it serves.
    pub fn options(&self) -> DirectoryOptions {
        self.register().options
    }

    /// Changes it.
    pub fn set_options(&self, options: DirectoryOptions) {
        if options != self.options() {
            self.with(|register| register.options = options);
        }
    }

    /// What a directory says of an object to other services, at a time of a sandbox, which is named by its first subscription.
    pub fn lookup(&self, object_id: Guid, sandbox: Option<Guid>, now: Time) -> Lookup {
        let register = self.register();
        let (birth, info) = if let Some(member) = register.user(object_id) {
            let user = &member.user;
            let info = PrincipalInfo {
                object_id,
                app_id: None,
                kind: "User",
                display_name: user.display_name.clone(),
                user_principal_name: Some(user.user_principal_name.clone()),
            };
            (&member.birth, info)
        } else if let Some(principal) = register.service_principal(object_id) {
            let info = PrincipalInfo {
                object_id,
                app_id: Some(principal.app_id),
                kind: "ServicePrincipal",
                display_name: principal.display_name().to_owned(),
                user_principal_name: None,
            };
            (&principal.birth, info)
        } else {
            return Lookup::Unknown;
        };
        match birth.unknown_until(sandbox, now) {
            Some(until) => Lookup::Replicating { until },
            None => Lookup::Known(info),
        }
    }

    /// Whether a client certificate is one that the classic API knows; any other is answered 403.
    pub fn knows_certificate(&self, certificate: &ClientCertificate) -> bool {
        certificate::is_known(&certificate.0)
    }

    /// The certificate that the classic API knows, as a request in process carries it: a request extension.
    pub fn management_certificate(&self) -> ClientCertificate {
        ClientCertificate(Bytes::from_static(certificate::known()))
    }

    /// FAKE_TOKEN: accepted by every service in every sandbox, and never expires. The same on every run.
    pub fn fake_token(&self) -> &str {
        self.fake_token
            .get_or_init(|| token::encode(&Claims::for_ever(self.tenant, self.first())))
    }

    /// The same directory once more, to go its own way.
    pub(crate) fn fork(&self) -> Directory {
        Directory {
            tenant: self.tenant,
            principals: self.principals.clone(),
            fake_token: self.fake_token.clone(),
            register: Mutex::new(self.register()),
        }
    }

    /// What it holds now.
    pub(super) fn register(&self) -> Arc<Register> {
        Arc::clone(&self.register.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Changes what it holds, unless that is refused: then nothing changes.
    pub(super) fn try_with<R, E>(&self, act: impl FnOnce(&mut Register) -> Result<R, E>) -> Result<R, E> {
        let mut held = self.register.lock().unwrap_or_else(PoisonError::into_inner);
        let mut next = Register::clone(&held);
        let done = act(&mut next)?;
        *held = Arc::new(next);
        Ok(done)
    }

    /// Changes what it holds.
    pub(super) fn with<R>(&self, act: impl FnOnce(&mut Register) -> R) -> R {
        act(Arc::make_mut(
            &mut self.register.lock().unwrap_or_else(PoisonError::into_inner),
        ))
    }
}

impl Default for Directory {
    /// One tenant with three principals, so that rules about callers can be seen to work.
    fn default() -> Directory {
        static USUAL: LazyLock<Directory> = LazyLock::new(|| {
            let principal = |number: u128, secret: &str, name: &str| Principal {
                app_id: Guid(0xc11e_7700_0000_4000_8000_0000_0000_0000 + number),
                object_id: Guid(0x0b1e_c700_0000_4000_8000_0000_0000_0000 + number),
                secret: secret.to_owned(),
                name: name.to_owned(),
            };
            Directory::new(
                Directory::DEFAULT_TENANT,
                vec![
                    principal(1, "fake-secret", "fake-azure"),
                    principal(2, "fake-secret-2", "fake-azure-second"),
                    principal(3, "fake-secret-3", "fake-azure-third"),
                ],
            )
        });
        USUAL.fork()
    }
}

/// The identity of the machine that a client is taken to run on when nothing says on which.
fn machine(tenant: Guid) -> ServicePrincipal {
    let document = serde_json::json!({ "displayName": "fake-azure-machine", "appDisplayName": null });
    ServicePrincipal {
        object_id: Guid(0x0b1e_c700_0000_4000_8000_0000_0000_00a1),
        app_id: Guid(0xc11e_7700_0000_4000_8000_0000_0000_00a1),
        tenant,
        stands: Stands::ManagedIdentity,
        credentials: principals::Credentials::default(),
        birth: Birth::OLD,
        document: document.as_object().cloned().unwrap_or_default(),
        owners: Vec::new(),
    }
}

impl Register {
    fn add_user(&mut self, user: User) {
        self.users.push(Member {
            user,
            birth: Birth::OLD,
            tokens_since: None,
            document: serde_json::Map::new(),
        });
    }

    /// The tenant that a name in a path stands for: its id or its domain.
    pub(super) fn tenant(&self, name: &str) -> Option<&Tenant> {
        match Guid::parse(name) {
            Some(id) => self.tenants.iter().find(|tenant| tenant.id == id),
            None => self
                .tenants
                .iter()
                .find(|tenant| tenant.default_domain.eq_ignore_ascii_case(name)),
        }
    }

    /// The user of an id.
    pub(super) fn user(&self, object_id: Guid) -> Option<&Member> {
        self.users.iter().find(|member| member.user.object_id == object_id)
    }

    /// The user of a name.
    pub(super) fn user_named(&self, name: &str) -> Option<&Member> {
        self.users
            .iter()
            .find(|member| member.user.user_principal_name.eq_ignore_ascii_case(name))
    }

    /// The service principal of an id, in any tenant.
    pub(super) fn service_principal(&self, object_id: Guid) -> Option<&ServicePrincipal> {
        self.service_principals
            .iter()
            .find(|principal| principal.object_id == object_id)
    }

    /// The identity of the machine that a client is taken to run on.
    pub(super) fn machine(&self) -> Option<&ServicePrincipal> {
        self.service_principals
            .iter()
            .find(|principal| principal.stands == Stands::ManagedIdentity)
    }

    /// Who a client id stands for in a tenant; `None` where nobody knows it.
    pub(super) fn client(&self, app_id: Guid, tenant: Guid) -> Option<Client> {
        let principal = self
            .service_principals
            .iter()
            .find(|own| own.app_id == app_id && own.tenant == tenant && own.stands == Stands::Application);
        let application = self.applications.iter().find(|own| own.app_id == app_id);
        match (application, principal) {
            (Some(application), Some(principal)) => {
                Some(Client::Application(Box::new((application.clone(), principal.clone()))))
            }
            (None, Some(principal)) => Some(Client::Foreign(Box::new(principal.clone()))),
            (Some(application), None) if application.tenant == tenant => Some(Client::WithoutPrincipal(app_id)),
            (_, None) => KNOWN_CLIENTS
                .iter()
                .find(|known| known.app_id == app_id)
                .map(Client::Known),
        }
    }

    /// A GUID that nothing else in the directory has.
    pub(super) fn draw_guid(&mut self) -> Guid {
        let bytes = self.draw();
        let bits = bytes
            .iter()
            .take(16)
            .fold(0_u128, |bits, byte| bits << 8 | u128::from(*byte));
        // The bits that say which version of GUID it is: the fourth.
        let versioned = bits & !(0xf000_u128 << 64) | 0x4000_u128 << 64;
        Guid(versioned & !(0xc000_u128 << 48) | 0x8000_u128 << 48)
    }

    /// A secret in the form of Azure's own: 40 letters with a tilde among them.
    pub(super) fn draw_secret(&mut self) -> String {
        let text = URL_SAFE_NO_PAD.encode(self.draw());
        format!("{}8Q~{}", &text[..3], &text[3..37])
    }

    /// Bytes that follow from how many were drawn before.
    pub(super) fn draw(&mut self) -> [u8; 32] {
        self.drawn += 1;
        let mut hash = Sha256::new();
        hash.update(b"fake-azure directory");
        hash.update(self.tenants[0].id.0.to_be_bytes());
        hash.update(self.drawn.to_be_bytes());
        hash.finalize().into()
    }

    /// Whether there is room for another object.
    pub(super) fn has_room(&self) -> bool {
        self.applications.len() + self.service_principals.len() + self.users.len() < OBJECTS_MAX
    }

    /// The birth of an object that is made now.
    pub(super) fn birth(&self, at: Time, sandbox: Option<Guid>, now: Time) -> Birth {
        let lag = i64::from(self.options.replication_lag_ms);
        Birth {
            at,
            replicates: sandbox.filter(|_| lag > 0).map(|own| (own, now.plus_millis(lag))),
        }
    }

    /// Remembers a device code.
    pub(super) fn add_device_code(&mut self, code: DeviceSignIn) {
        if self.device_codes.len() >= DEVICE_CODES_MAX {
            self.device_codes.remove(0);
        }
        self.device_codes.push(code);
    }
}
