//! What can go wrong, told so that one knows what to do next.
//!
//! A level adds only its own part; [`Error::report`] prints the whole chain. No error carries a token, a key or a password.

mod azure;
mod quota;

use std::sync::Arc;

pub use azure::{AzureError, Component, Failure, Kind, Refusal};
pub(crate) use azure::{header, retry_after_secs, without_bom};
pub use quota::Quota;
use thiserror::Error as ThisError;

use crate::{Instance, InstanceId, SubnetId, VolumeId};

/// Why the provider did not do what it was asked.
#[derive(Debug, ThisError)]
#[non_exhaustive]
pub enum Error {
    /// The configuration cannot work.
    #[error("invalid `{attribute}`: {reason}")]
    Config {
        /// Name of the attribute.
        attribute: &'static str,
        /// What is wrong with it.
        reason: String,
    },

    /// The provider does not do that.
    #[error("{0}")]
    NotSupported(String),

    /// None of the ids has an instance.
    #[error("no instances found")]
    NoInstances,

    /// Some of the ids have no instance.
    #[error("only some instances were found")]
    PartialInstances {
        /// One slot per id, in the order asked.
        slots: Vec<Option<Instance>>,
    },

    /// A placement directive that this provider does not know.
    #[error("unknown placement directive: {0}")]
    Placement(String),

    /// No size of that name in the location.
    #[error("invalid instance type \"{0}\"")]
    UnknownInstanceType(String),

    /// Constraints that cannot be.
    #[error("{0}")]
    Constraints(String),

    /// No size satisfies the constraints.
    #[error("no instance types in {location} matching constraints \"{constraints}\", {n_considered} were considered")]
    NoInstanceType {
        /// Where was looked.
        location: String,
        /// What was looked for.
        constraints: String,
        /// How many sizes the location has.
        n_considered: usize,
    },

    /// There is no image for a series.
    #[error("{0}")]
    Image(String),

    /// The subnet, a priority range or the like is used up.
    #[error("{0}")]
    Exhausted(String),

    /// Something about the machine asked for cannot be.
    #[error("{0}")]
    Machine(String),

    /// Azure refused, failed or did not answer.
    #[error(transparent)]
    Azure(Box<AzureError>),

    /// A machine could not be started; what had been made of it was removed again.
    #[error("creating virtual machine \"{machine}\"")]
    Start {
        /// Name of the machine.
        machine: String,
        /// Why.
        #[source]
        source: Box<Error>,
        /// Why something of it may be left, where removing failed, too. It is still reported as an instance.
        cleanup: Option<Box<Error>>,
    },

    /// The environment could not be bootstrapped; it was destroyed again.
    #[error("bootstrapping environment \"{environment}\"")]
    Bootstrap {
        /// Name of the environment.
        environment: String,
        /// Why.
        #[source]
        source: Box<Error>,
        /// Why something of it may be left, where destroying failed, too.
        cleanup: Option<Box<Error>>,
    },

    /// Every family of sizes that would do was refused.
    #[error("no suitable instance type found for this subscription, {n_tried} were tried")]
    NoSuitableInstanceType {
        /// How many sizes were tried, the cheapest of each family.
        n_tried: usize,
        /// Why the last one was refused.
        #[source]
        source: Box<Error>,
    },

    /// Some resources still belong to the former controller.
    #[error("failed to update controller for some resources: [{}]", names.join(", "))]
    Adopt {
        /// Their names.
        names: Vec<String>,
        /// The first trouble.
        #[source]
        source: Box<Error>,
    },

    /// Something about the volume asked for cannot be.
    #[error("{0}")]
    Volume(String),

    /// There is no such volume.
    #[error("{0} not found")]
    VolumeNotFound(VolumeId),

    /// There is no virtual machine of that id to work on.
    #[error("instance {0} not found")]
    InstanceNotFound(InstanceId),

    /// Ids that are no subnet of the environment.
    #[error("failed to find the following subnets: {}", .0.iter().map(SubnetId::as_str).collect::<Vec<_>>().join(", "))]
    SubnetsNotFound(Vec<SubnetId>),

    /// The data disks of a machine could not be changed, and none was. Each volume of that change has this error.
    #[error("changing the data disks of \"{instance}\"")]
    Disks {
        /// The machine.
        instance: InstanceId,
        /// Why.
        #[source]
        source: Arc<Error>,
    },

    /// Several things went wrong side by side.
    #[error("{}", .0.iter().map(Error::report).collect::<Vec<_>>().join("; "))]
    Several(Vec<Error>),
}

impl Error {
    pub(crate) fn config(attribute: &'static str, reason: impl Into<String>) -> Self {
        Self::Config {
            attribute,
            reason: reason.into(),
        }
    }

    pub(crate) fn global_firewall() -> Self {
        Self::NotSupported("global firewall mode is not supported".to_owned())
    }

    /// None, the one, or all of `errors`.
    pub(crate) fn join(mut errors: Vec<Error>) -> Result<(), Self> {
        match errors.len() {
            0 => Ok(()),
            1 => Err(errors.remove(0)),
            _ => Err(Self::Several(errors)),
        }
    }

    /// The whole chain in one line: `creating virtual machine "machine-0": cannot create ...`.
    #[must_use]
    pub fn report(&self) -> String {
        let mut text = self.to_string();
        let mut source = std::error::Error::source(self);
        while let Some(inner) = source {
            text.push_str(": ");
            text.push_str(&inner.to_string());
            source = inner.source();
        }
        if let Self::Start {
            cleanup: Some(cleanup), ..
        }
        | Self::Bootstrap {
            cleanup: Some(cleanup), ..
        } = self
        {
            text.push_str(" (and cleaning up failed: ");
            text.push_str(&cleanup.report());
            text.push(')');
        }
        text
    }

    /// What Azure said, if Azure is behind this error.
    #[must_use]
    pub fn azure(&self) -> Option<&AzureError> {
        match self {
            Self::Azure(error) => Some(error),
            Self::Start { source, .. } | Self::Bootstrap { source, .. } | Self::Adopt { source, .. } => source.azure(),
            Self::NoSuitableInstanceType { source, .. } => source.azure(),
            Self::Disks { source, .. } => source.azure(),
            Self::Several(errors) => errors.iter().find_map(Self::azure),
            _ => None,
        }
    }

    /// The class of what Azure said, if Azure is behind this error.
    #[must_use]
    pub fn kind(&self) -> Option<Kind> {
        self.azure().map(AzureError::kind)
    }

    /// The quota that was hit, if one was.
    #[must_use]
    pub fn quota(&self) -> Option<Quota> {
        match self.kind() {
            Some(Kind::QuotaExceeded(quota)) => Some(quota),
            _ => None,
        }
    }

    /// Whether a limit of the subscription is behind this.
    #[must_use]
    pub fn is_quota_exceeded(&self) -> bool {
        self.quota().is_some()
    }

    /// Whether Azure has no room for the size.
    #[must_use]
    pub fn is_capacity(&self) -> bool {
        self.kind() == Some(Kind::Capacity)
    }

    /// Whether something else still uses the resource.
    #[must_use]
    pub fn is_in_use(&self) -> bool {
        self.kind() == Some(Kind::InUse)
    }

    /// Whether Azure does not know the thing.
    #[must_use]
    pub fn is_not_found(&self) -> bool {
        let is_ours = matches!(
            self,
            Self::VolumeNotFound(_) | Self::InstanceNotFound(_) | Self::SubnetsNotFound(_)
        );
        is_ours || self.kind() == Some(Kind::NotFound)
    }

    /// Whether the credential itself is bad, so that nothing will work until it is replaced.
    #[must_use]
    pub fn is_unauthorised(&self) -> bool {
        self.kind() == Some(Kind::Unauthorised)
    }

    /// Whether the credential may not do this.
    #[must_use]
    pub fn is_forbidden(&self) -> bool {
        self.kind() == Some(Kind::Forbidden)
    }

    /// Whether Azure asked to slow down, for longer than the provider waits.
    #[must_use]
    pub fn is_throttled(&self) -> bool {
        matches!(self.kind(), Some(Kind::Throttled { .. }))
    }

    /// Whether there was no answer.
    #[must_use]
    pub fn is_transport(&self) -> bool {
        self.kind() == Some(Kind::Transport)
    }
}

impl From<AzureError> for Error {
    fn from(error: AzureError) -> Self {
        Self::Azure(Box::new(error))
    }
}
