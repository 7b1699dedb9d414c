//! What a directory holds: tenants, users, applications, and the service principals that stand for them in a tenant.
//!
//! It refuses to know how any of them signs in, and what a document of them looks like.

use bytes::Bytes;
use fake_azure_cloud::{Guid, Time};
use serde_json::{Map, Value};

use super::certificate::{Certificate, known_certificate};

/// One principal to begin with: an application of the home tenant that signs in with a secret or a certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Principal {
    /// The application's id: what a client calls `client_id`.
    pub app_id: Guid,
    /// The service principal's id in the tenant.
    pub object_id: Guid,
    /// Its secret.
    pub secret: String,
    /// What a person calls it.
    pub name: String,
}

/// One tenant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tenant {
    /// Its id.
    pub id: Guid,
    /// What a person calls it.
    pub display_name: String,
    /// Its domain: `fakeazure.onmicrosoft.com`.
    pub default_domain: String,
}

/// One user: somebody who signs in with a name and a password, or approves a device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// Its id.
    pub object_id: Guid,
    /// `user@fakeazure.onmicrosoft.com`.
    pub user_principal_name: String,
    /// What a person calls it.
    pub display_name: String,
    /// Its password.
    pub password: String,
    /// Whether it may sign in.
    pub enabled: bool,
    /// The tenant that it belongs to.
    pub home: Guid,
    /// The tenants that know it as a guest.
    pub guest_of: Vec<Guid>,
}

impl User {
    /// Whether a tenant knows the user.
    pub fn is_in(&self, tenant: Guid) -> bool {
        self.home == tenant || self.guest_of.contains(&tenant)
    }
}

/// When an object was made, and where it is not known yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Birth {
    pub(super) at: Time,
    /// The sandbox whose clock counts, by its first subscription, and when the object is known everywhere.
    pub(super) replicates: Option<(Guid, Time)>,
}

impl Birth {
    /// Something that was always there.
    pub(super) const OLD: Birth = Birth {
        at: Time::from_millis(1_388_534_400_000), // 2014-01-01: before any cloud begins.
        replicates: None,
    };

    /// Until when the object is not known, by the clock of a sandbox.
    pub(super) fn unknown_until(&self, sandbox: Option<Guid>, now: Time) -> Option<Time> {
        self.replicates
            .filter(|(own, until)| sandbox == Some(*own) && now < *until)
            .map(|(_, until)| until)
    }
}

/// A secret of an application or a service principal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Password {
    pub(super) key_id: Guid,
    pub(super) secret: String,
    pub(super) display_name: Option<String>,
    /// What an AAD Graph client calls it by.
    pub(super) custom_key_identifier: Option<String>,
    pub(super) start: Time,
    pub(super) end: Time,
}

impl Password {
    /// A secret that always counts.
    pub(super) fn for_ever(key_id: Guid, secret: &str) -> Password {
        Password {
            key_id,
            secret: secret.to_owned(),
            display_name: None,
            custom_key_identifier: None,
            start: Birth::OLD.at,
            end: FOR_EVER,
        }
    }
}

/// A certificate of an application or a service principal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Key {
    pub(super) key_id: Guid,
    pub(super) certificate: Certificate,
    pub(super) display_name: Option<String>,
    pub(super) start: Time,
    pub(super) end: Time,
}

/// The last second of the year 2299: what a directory takes for no end.
pub(super) const FOR_EVER: Time = Time::from_millis(10_413_791_999_000);

/// Secrets and certificates of one object.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Credentials {
    pub(super) passwords: Vec<Password>,
    pub(super) keys: Vec<Key>,
}

/// An application: registered in one tenant, signs in wherever a service principal stands for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Application {
    pub(super) object_id: Guid,
    pub(super) app_id: Guid,
    /// Where it is registered.
    pub(super) tenant: Guid,
    pub(super) credentials: Credentials,
    pub(super) birth: Birth,
    /// The members that a client wrote.
    pub(super) document: Map<String, Value>,
    /// The directory objects that own it.
    pub(super) owners: Vec<Guid>,
}

impl Application {
    pub(super) fn display_name(&self) -> &str {
        text(&self.document, "displayName")
    }

    /// Whether any tenant may have a service principal of it.
    pub(super) fn is_multi_tenant(&self) -> bool {
        text(&self.document, "signInAudience").starts_with("AzureADMultipleOrgs")
            || text(&self.document, "signInAudience").starts_with("AzureADandPersonalMicrosoftAccount")
    }

    /// Whether it signs users in without a credential of its own.
    pub(super) fn is_public(&self) -> bool {
        self.document.get("isFallbackPublicClient") == Some(&Value::Bool(true))
    }

    /// Its identifier URIs.
    pub(super) fn identifier_uris(&self) -> impl Iterator<Item = &str> {
        texts(&self.document, "identifierUris")
    }
}

/// What a service principal stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stands {
    /// An application.
    Application,
    /// A machine or a service of Azure's.
    ManagedIdentity,
}

impl Stands {
    /// `servicePrincipalType`.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Stands::Application => "Application",
            Stands::ManagedIdentity => "ManagedIdentity",
        }
    }
}

/// What stands for an application, or for a machine, in a tenant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ServicePrincipal {
    pub(super) object_id: Guid,
    pub(super) app_id: Guid,
    pub(super) tenant: Guid,
    pub(super) stands: Stands,
    pub(super) credentials: Credentials,
    pub(super) birth: Birth,
    /// The members that a client wrote, and those copied from the application when it was made.
    pub(super) document: Map<String, Value>,
    pub(super) owners: Vec<Guid>,
}

impl ServicePrincipal {
    pub(super) fn display_name(&self) -> &str {
        text(&self.document, "displayName")
    }

    pub(super) fn is_enabled(&self) -> bool {
        self.document.get("accountEnabled") != Some(&Value::Bool(false))
    }

    /// The names that it is found by: its application's id, and that one's URIs.
    pub(super) fn names(&self) -> Vec<String> {
        let uris = texts(&self.document, "servicePrincipalNames").map(str::to_owned);
        let own = self.app_id.to_string();
        let mut names = vec![own.clone()];
        names.extend(uris.filter(|uri| *uri != own));
        names
    }
}

/// A user with what the directory keeps of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Member {
    pub(super) user: User,
    pub(super) birth: Birth,
    /// Since when refresh tokens count: a new password takes the old ones back.
    pub(super) tokens_since: Option<Time>,
    /// The members that a client wrote.
    pub(super) document: Map<String, Value>,
}

/// The application and the service principal of a principal to begin with. The first one has a certificate, too.
pub(super) fn configured(tenant: Guid, principal: &Principal, is_first: bool) -> (Application, ServicePrincipal) {
    let Principal {
        app_id,
        object_id,
        secret,
        name,
    } = principal;
    let mut credentials = Credentials {
        passwords: vec![Password::for_ever(derived(*app_id, 1), secret)],
        keys: Vec::new(),
    };
    if is_first {
        credentials.keys.push(Key {
            key_id: derived(*app_id, 2),
            certificate: known_certificate(),
            display_name: None,
            start: Birth::OLD.at,
            end: FOR_EVER,
        });
    }
    let document = |members: &[(&str, Value)]| -> Map<String, Value> {
        let own = members.iter().map(|(name, value)| ((*name).to_owned(), value.clone()));
        [("displayName".to_owned(), Value::from(name.as_str()))]
            .into_iter()
            .chain(own)
            .collect()
    };
    let application = Application {
        object_id: derived(*app_id, 3),
        app_id: *app_id,
        tenant,
        credentials,
        birth: Birth::OLD,
        document: document(&[("signInAudience", "AzureADMyOrg".into())]),
        owners: Vec::new(),
    };
    let service_principal = ServicePrincipal {
        object_id: *object_id,
        app_id: *app_id,
        tenant,
        stands: Stands::Application,
        credentials: Credentials::default(),
        birth: Birth::OLD,
        document: document(&[("appDisplayName", Value::from(name.as_str()))]),
        owners: Vec::new(),
    };
    (application, service_principal)
}

/// A GUID beside another, for the parts of what is there from the beginning.
fn derived(of: Guid, part: u128) -> Guid {
    Guid(of.0 ^ (part << 80))
}

/// A member of a document that is a text; empty when it is none.
pub(super) fn text<'d>(document: &'d Map<String, Value>, name: &str) -> &'d str {
    document.get(name).and_then(Value::as_str).unwrap_or("")
}

/// A member of a document that is a list of texts.
fn texts<'d>(document: &'d Map<String, Value>, name: &str) -> impl Iterator<Item = &'d str> {
    let list = document.get(name).and_then(Value::as_array);
    list.into_iter().flatten().filter_map(Value::as_str)
}

/// An application of Microsoft's or of others that every tenant knows without registering it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct KnownClient {
    pub(super) app_id: Guid,
    pub(super) name: &'static str,
}

/// Public clients: they sign users in, and have no credential of their own (real-clients 1.2, juju-provider 1.7).
pub(super) const KNOWN_CLIENTS: &[KnownClient] = &[
    KnownClient {
        app_id: Guid(0x04b0_7795_8ddb_461a_bbee_02f9_e1bf_7b46),
        name: "Microsoft Azure CLI",
    },
    KnownClient {
        app_id: Guid(0x1950_a258_227b_4e31_a9cf_7174_9594_5fc2),
        name: "Microsoft Azure PowerShell",
    },
    KnownClient {
        app_id: Guid(0x872c_d9fa_d31f_45e0_9eab_6e46_0a02_d1f1),
        name: "Visual Studio",
    },
    KnownClient {
        app_id: Guid(0xaebc_6443_996d_45c2_90f0_388f_f96f_aa56),
        name: "Visual Studio Code",
    },
    KnownClient {
        app_id: Guid(0xcbb5_48f1_5039_4836_af0b_727e_8571_f6a9),
        name: "Juju",
    },
];

/// A certificate as Graph writes it: DER or PEM, in base64.
pub(super) fn certificate_of(text: &str) -> Option<Certificate> {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    use rustls_pki_types::CertificateDer;
    use rustls_pki_types::pem::PemObject as _;

    let bytes = STANDARD.decode(text.trim().replace(['\r', '\n'], "")).ok()?;
    Certificate::parse(&bytes).or_else(|| {
        let pem = CertificateDer::from_pem_slice(&bytes).ok()?;
        Certificate::parse(&Bytes::copy_from_slice(&pem))
    })
}
