//! One request, one answer, and the clock: what the drivers with a protocol have in common.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use fake_azure::wire::ClientCertificate;
use fake_azure_cloud::{Cloud, Time};
use http::{Request, Response};

use super::live::Site;

/// A service of Azure's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Api {
    Arm,
    Asm,
    Blob,
    Aad,
}

impl Api {
    pub(crate) fn find(name: &str) -> Api {
        match name {
            "asm" => Api::Asm,
            "blob" => Api::Blob,
            "aad" => Api::Aad,
            _ => Api::Arm,
        }
    }
}

/// The connection broke.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Broken(pub(crate) String);

/// An answer, and after how long it comes.
#[derive(Debug)]
pub(crate) struct Delivered {
    pub(crate) response: Response<Bytes>,
    pub(crate) after: Option<Duration>,
}

/// A way to the simulator. Every exchange is over when the call returns: that keeps the order of things the same on all.
pub(crate) trait Exchange: Send + Sync {
    /// `https://management.azure.com`, without a trailing slash.
    fn base(&self, api: Api) -> String;

    /// Sends a request with an absolute URI.
    fn send(&self, api: Api, request: Request<Bytes>) -> Result<Delivered, Broken>;

    /// A bearer token that every service accepts.
    fn token(&self) -> String;

    /// An application that may sign in: its id and its secret.
    fn application(&self) -> (String, String);

    /// The sandbox's clock.
    fn now(&self) -> Time;

    /// Moves the sandbox's clock; a time that lies behind moves nothing.
    fn advance(&self, to: Time);

    /// Looks at the world.
    fn with_cloud(&self, act: &mut dyn FnMut(&mut Cloud));

    /// Installs a fault rule, or clears all.
    fn fault(&self, rule: &serde_json::Value) -> Result<(), String>;

    /// From here on callers need roles, or do not. `false`: that cannot be said here.
    fn enforce_roles(&self, _enforced: bool) -> bool {
        false
    }

    /// The journal, one line an exchange.
    fn journal(&self) -> Vec<String>;

    /// How many exchanges there were since it began.
    fn n_exchanges(&self) -> u64;

    /// Another simulator that stands where this one stands; the two never meet.
    ///
    /// # Errors
    ///
    /// When its sockets cannot be opened.
    fn fork(&self) -> anyhow::Result<Arc<dyn Exchange>>;

    /// Whether a request may be sent at all.
    ///
    /// # Errors
    ///
    /// Why not.
    fn permit(&self, _api: Api, _request: &Request<Bytes>) -> Result<(), String> {
        Ok(())
    }

    /// The certificate that the classic API knows. A request in process that carries it as an extension was sent with it; over
    /// sockets it is presented in the handshake.
    fn management_certificate(&self) -> Option<ClientCertificate> {
        None
    }

    /// Where scenarios play.
    fn site(&self) -> Site {
        Site::own()
    }
}
