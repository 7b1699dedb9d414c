//! Juju's Azure provider, fit for a live subscription.
//!
//! [`open`] gives an [`Environ`]: the contract Juju's upper layers use, over Azure Resource Manager or, where a configuration has a
//! classic section, over Service Management. What the provider needs from
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
mod network;
mod ports;
mod provider_storage;
mod random;
mod transport;
mod volume;

mod arm;
mod call;
mod classic;
mod policy;

use std::sync::Arc;

pub use classic::ClassicConfig;
pub use clock::{Clock, SystemClock};
pub use cloud::{CloudSpec, Offering};
pub use config::{Config, FirewallMode, Generation, ImageStream, LoadBalancerSku, PublicAddresses, StorageAccountType};
pub use constraints::{Constraints, ConstraintsValidator, InstanceType};
pub use credential::{Certificate, Credential, ManagementCertificate, Secret, ServicePrincipal};
pub use environ::Environ;
pub use error::{AzureError, Component, Error, Failure, Kind, Quota, Refusal};
pub use http_client::{HttpClient, HttpClientError};
pub use instance::{Address, Hardware, Instance, InstanceId, InstanceStatus, Scope, StatusKind};
pub use machine::{RootDisk, Series, StartInstance, Started, UserData, UserFile};
pub use network::{AddressConfig, InterfaceAddress, NetworkInterface, SubnetId, SubnetInfo};
pub use ports::{IngressRule, ParsePortRangeError, PortRange, Protocol};
pub use provider_storage::ProviderStorage;
pub use transport::{Transport, TransportError, TransportErrorKind};
pub use volume::{
    CreatedVolume, PerItem, VOLUME_GIB_MAX, Volume, VolumeAttachment, VolumeAttachmentParams, VolumeId, VolumeParams,
    VolumeSource,
};

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
/// [`Error::Config`] for a configuration, cloud or credential that cannot work, [`Error::NotSupported`] for a generation
/// that stands on what the cloud no longer offers, and for the classic stack where it is no longer offered.
pub fn open(params: OpenParams) -> Result<Arc<dyn Environ>, Error> {
    params.config.validate()?;
    params.cloud.validate()?;
    if let Some(section) = params.config.classic.clone() {
        params.credential.validate_management_certificate()?;
        if params.cloud.offering == Offering::Today {
            return Err(Error::NotSupported(
                "the classic stack is refused on a cloud that offers only what Azure offers today: Azure has retired Service \
                 Management; an environment without a classic section, of generation A7, is needed there"
                    .to_owned(),
            ));
        }
        return Ok(Arc::new(classic::ClassicEnviron::new(params, section)));
    }

    params.credential.validate()?;
    params.config.generation.check(params.cloud.offering)?;
    Ok(Arc::new(arm::ArmEnviron::new(params)))
}
