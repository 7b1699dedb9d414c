//! The contract between Juju's upper layers and a cloud.
//!
//! It speaks in Juju's words and knows no stack: nothing above it asks which one it has.

use std::sync::Arc;

use async_trait::async_trait;
use uuid::Uuid;

use crate::{
    Config, Constraints, ConstraintsValidator, Error, IngressRule, Instance, InstanceId, InstanceType,
    NetworkInterface, ProviderStorage, Series, StartInstance, Started, SubnetId, SubnetInfo, VolumeSource,
};

/// An environment in a cloud (juju-provider 0.4).
///
/// Every call may be made while others run, from several tasks. Every call may be repeated after it failed, and, where it says
/// so, after it succeeded. A call whose future is dropped leaves what it had done; repeating it goes on from there.
#[async_trait]
pub trait Environ: Send + Sync {
    /// The configuration as it is now, with what this environment has generated for itself (its storage account). Whoever keeps
    /// configurations should keep this one after `create` or `bootstrap`.
    fn config(&self) -> Config;

    /// Checks that the credential is accepted.
    ///
    /// Post: a token was issued. Nothing was made.
    async fn prepare_for_bootstrap(&self) -> Result<(), Error>;

    /// Makes the containers of a hosted environment: group, network, security group, subnet, storage account.
    ///
    /// Post: each exists once, provisioned, tagged with environment and controller. May be repeated at any time; what exists stays.
    /// Where it is made by a deployment (generations A4 and A7), that is under way only, and the first machine waits for it. On error
    /// what was made stays, for a repetition or for `destroy`.
    async fn create(&self) -> Result<(), Error>;

    /// `create`, then starts the controller machine.
    ///
    /// Pre: `params.controller`. Post: as of `create` and `start_instance`. On error the whole environment was destroyed;
    /// [`Error::Bootstrap`] carries the cause and, where destroying failed too, that.
    async fn bootstrap(&self, params: StartInstance) -> Result<Started, Error>;

    /// Makes a machine.
    ///
    /// Pre: `create` was done; no machine of that id is wanted otherwise. Post: the virtual machine is provisioned, with one
    /// network interface of an address of its own, a public address where the policy says so, in an availability set. Generation A4
    /// answers while it is being made: then the status tells how that goes, and a machine that could not be made is reported as
    /// [`StatusKind::ProvisioningError`](crate::StatusKind::ProvisioningError) until it is stopped. On error nothing of it is left, or what is left is reported by `all_instances`; [`Error::Start`] carries the cause.
    async fn start_instance(&self, params: StartInstance) -> Result<Started, Error>;

    /// Deletes machines with everything that was made for them alone.
    ///
    /// Ids without an instance are passed over, so it may be repeated. Post: none of `ids` is reported any more. On error what
    /// is left is still reported; every other machine was dealt with; the error is the first in the order of `ids`.
    async fn stop_instances(&self, ids: &[InstanceId]) -> Result<(), Error>;

    /// The instances with these ids, in their order, addresses included. No ids: an empty answer, and no request.
    ///
    /// # Errors
    ///
    /// [`Error::PartialInstances`], with a slot per id, when some are missing; [`Error::NoInstances`] when all are.
    async fn instances(&self, ids: &[InstanceId]) -> Result<Vec<Instance>, Error>;

    /// Every instance of which anything is left, by id. None is an empty answer.
    async fn all_instances(&self) -> Result<Vec<Instance>, Error>;

    /// Ids of the machines that serve the API of this controller.
    ///
    /// # Errors
    ///
    /// [`Error::NoInstances`] when there are none.
    async fn controller_instances(&self, controller_uuid: Uuid) -> Result<Vec<InstanceId>, Error>;

    /// Lets traffic in to a machine. What is open already stays; may be repeated. Where public addresses are given on expose, the
    /// machine has one afterwards, since without it nobody could come in.
    ///
    /// # Errors
    ///
    /// [`Error::NoInstances`] when the machine is gone or going.
    async fn open_ports(&self, id: &InstanceId, rules: &[IngressRule]) -> Result<(), Error>;

    /// Takes openings back. What is closed already stays; may be repeated, also after the machine is gone. Where public addresses
    /// are given on expose, that of a machine with nothing open any more is released.
    async fn close_ports(&self, id: &InstanceId, rules: &[IngressRule]) -> Result<(), Error>;

    /// What is open to a machine, sorted; without what the provider itself keeps open.
    async fn ports(&self, id: &InstanceId) -> Result<Vec<IngressRule>, Error>;

    /// Gives a machine its public address, where the configuration gives them on expose; elsewhere nothing happens. What has one
    /// keeps it; may be repeated.
    ///
    /// Post: the machine has a public address, or `all_instances` reports what of it was made.
    ///
    /// # Errors
    ///
    /// [`Error::NoInstances`] when the machine is gone or going.
    async fn expose(&self, id: &InstanceId) -> Result<(), Error>;

    /// Takes a machine's public address from it and releases it, where the configuration gives them on expose; elsewhere, and for
    /// controllers, nothing happens. May be repeated, also after the machine is gone.
    ///
    /// Post: no public address of the machine exists. On error what is left is still the machine's, and released by a repetition
    /// or with the machine.
    async fn unexpose(&self, id: &InstanceId) -> Result<(), Error>;

    /// Opens ports of every machine at once: `global firewall mode is not supported` on Azure.
    async fn open_global_ports(&self, rules: &[IngressRule]) -> Result<(), Error>;

    /// Closes ports of every machine at once: `global firewall mode is not supported` on Azure.
    async fn close_global_ports(&self, rules: &[IngressRule]) -> Result<(), Error>;

    /// What is open on every machine: `global firewall mode is not supported` on Azure.
    async fn global_ports(&self) -> Result<Vec<IngressRule>, Error>;

    /// Deletes the environment with all it holds. May be repeated.
    ///
    /// Post: nothing of it is left.
    async fn destroy(&self) -> Result<(), Error>;

    /// Deletes every environment of a controller, hosted ones too. Those of other controllers are not touched. May be repeated.
    async fn destroy_controller(&self, controller_uuid: Uuid) -> Result<(), Error>;

    /// Hands everything over to another controller, by rewriting tags and nothing else. May be repeated.
    ///
    /// `from_version` is the version of the controller that everything comes from, `2.2.1`: what it made may look otherwise than
    /// what this provider makes.
    ///
    /// # Errors
    ///
    /// [`Error::Adopt`] with the names of those that could not be handed over; all others were. [`Error::NotSupported`] for a
    /// version whose resources cannot be told from others.
    async fn adopt_resources(&self, controller_uuid: Uuid, from_version: &str) -> Result<(), Error>;

    /// Whether a machine could be asked for like this, as far as can be told without making it.
    ///
    /// # Errors
    ///
    /// [`Error::Placement`], [`Error::UnknownInstanceType`], [`Error::Image`] for a series that is not deployed on Azure.
    async fn precheck_instance(
        &self,
        series: &Series,
        constraints: &Constraints,
        placement: Option<&str>,
    ) -> Result<(), Error>;

    /// The sizes that satisfy `constraints`, cheapest first.
    async fn instance_types(&self, constraints: &Constraints) -> Result<Vec<InstanceType>, Error>;

    /// Judges constraints by the sizes of the location.
    async fn constraints_validator(&self) -> Result<ConstraintsValidator, Error>;

    /// Whether machines may be added, and units put on machines, by hand. Sends nothing.
    ///
    /// # Errors
    ///
    /// [`Error::NotSupported`] with the reason, where every machine is made for units of one application.
    fn supports_unit_placement(&self) -> Result<(), Error> {
        Ok(())
    }

    /// Where the environment keeps files in the cloud, on a stack that has such a place. Sends nothing.
    ///
    /// # Errors
    ///
    /// [`Error::NotSupported`] where the controller keeps them itself.
    fn storage(&self) -> Result<Arc<dyn ProviderStorage>, Error> {
        Err(Error::NotSupported(
            "provider storage not supported: the controller keeps files itself".to_owned(),
        ))
    }

    /// Where volumes of this environment come from. Sends nothing.
    ///
    /// # Errors
    ///
    /// [`Error::NotSupported`] where the stack has no volumes.
    fn volume_source(self: Arc<Self>) -> Result<Arc<dyn VolumeSource>, Error>;

    /// The subnets that machines of this environment can be in. No ids: all of them.
    ///
    /// # Errors
    ///
    /// [`Error::NotSupported`] with an `instance`, `subnets for instance not supported`, and on a stack without subnets;
    /// [`Error::SubnetsNotFound`] naming the ids that are no subnet.
    async fn subnets(&self, instance: Option<&InstanceId>, ids: &[SubnetId]) -> Result<Vec<SubnetInfo>, Error>;

    /// The network interfaces of machines: a slot per id, in their order; an empty one where there is no such machine. No ids: an
    /// empty answer, and no request.
    ///
    /// # Errors
    ///
    /// [`Error::NoInstances`] when all are missing.
    async fn network_interfaces(&self, ids: &[InstanceId]) -> Result<Vec<Option<Vec<NetworkInterface>>>, Error>;
}
