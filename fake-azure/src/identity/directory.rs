//! Who may sign in: one tenant and its principals. It belongs to a server, not to a sandbox, and survives every reset.

use std::sync::OnceLock;

use bytes::Bytes;
use fake_azure_cloud::Guid;

use super::certificate;
use super::token::{self, Claims};
use crate::wire::ClientCertificate;

/// One principal: an application that signs in with a secret.
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

/// The tenant and its principals.
#[derive(Debug)]
pub struct Directory {
    tenant: Guid,
    principals: Vec<Principal>,
    fake_token: OnceLock<String>,
}

impl Directory {
    /// The tenant, unless another one is asked for: FAKE_TENANT.
    pub const DEFAULT_TENANT: Guid = Guid(0x7e4a_a2d1_0000_4000_8000_0000_0000_0001);

    /// A directory of one tenant; the first principal is the one that FAKE_CLIENT_ID and FAKE_TOKEN stand for.
    pub fn new(tenant: Guid, principals: Vec<Principal>) -> Directory {
        Directory {
            tenant,
            principals,
            fake_token: OnceLock::new(),
        }
    }

    /// The tenant of every subscription.
    pub fn tenant(&self) -> Guid {
        self.tenant
    }

    /// Its principals; there is at least one.
    pub fn principals(&self) -> &[Principal] {
        &self.principals
    }

    /// The principal that FAKE_CLIENT_ID names.
    pub fn first(&self) -> &Principal {
        &self.principals[0]
    }

    /// The principal of an application.
    pub fn application(&self, app_id: Guid) -> Option<&Principal> {
        self.principals.iter().find(|principal| principal.app_id == app_id)
    }

    /// The principal with this object id.
    pub fn object(&self, object_id: Guid) -> Option<&Principal> {
        self.principals
            .iter()
            .find(|principal| principal.object_id == object_id)
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
}

impl Default for Directory {
    /// One tenant with three principals, so that rules about callers can be seen to work.
    fn default() -> Directory {
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
    }
}
