//! Juju's Azure provider, fit for a live subscription.
//!
//! [`open`] gives an [`Environ`]: the contract Juju's upper layers use, over Azure Resource Manager. What the provider needs from
//! the world is handed to it: a [`Transport`] that performs requests, a [`Clock`] that tells and passes time, a seed for names.
//!
//! It refuses to know what answers: a live subscription, a simulator or a scripted double look the same from here. It never
//! sleeps by itself, never reads the wall clock, and never prints or logs a secret.

mod clock;
mod cloud;
mod config;
mod constraints;
mod credential;
mod environ;
mod error;
mod http_client;
mod instance;
mod machine;
mod ports;
mod random;
mod transport;

mod arm;
mod policy;

use std::sync::Arc;

pub use clock::{Clock, SystemClock};
pub use cloud::{CloudSpec, Offering};
pub use config::{Config, FirewallMode, Generation, ImageStream, PublicAddresses, StorageAccountType};
pub use constraints::{Constraints, ConstraintsValidator, InstanceType};
pub use credential::{Certificate, Credential, Secret, ServicePrincipal};
pub use environ::Environ;
pub use error::{AzureError, Component, Error, Failure, Kind, Quota, Refusal};
pub use http_client::{HttpClient, HttpClientError};
pub use instance::{Address, Hardware, Instance, InstanceId, InstanceStatus, Scope, StatusKind};
pub use machine::{Series, StartInstance, Started, UserData, UserFile};
pub use ports::{IngressRule, ParsePortRangeError, PortRange, Protocol};
pub use transport::{Transport, TransportError, TransportErrorKind};

/// Everything that [`open`] needs.
pub struct OpenParams {
    /// The environment: its names, place and choices.
    pub config: Config,
    /// Where Azure answers.
    pub cloud: CloudSpec,
    /// Who asks.
    pub credential: Credential,
    /// Performs one request. Every policy is put around it here.
    pub transport: Arc<dyn Transport>,
    /// Tells the time and passes it.
    pub clock: Arc<dyn Clock>,
    /// Where generated names and request ids come from: same seed, same calls, same names. Against a live subscription draw it
    /// from entropy, once per environment.
    pub seed: u64,
}

/// Opens an environment. Sends nothing: the first request is that of the first operation.
///
/// # Errors
///
/// [`Error::Config`] for a configuration, cloud or credential that cannot work, [`Error::NotSupported`] for a generation that is
/// not built or that the cloud no longer offers.
pub fn open(params: OpenParams) -> Result<Arc<dyn Environ>, Error> {
    params.config.validate()?;
    params.cloud.validate()?;
    params.credential.validate()?;
    params.config.generation.check(params.cloud.offering)?;
    Ok(Arc::new(arm::ArmEnviron::new(params)))
}
