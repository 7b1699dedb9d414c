//! The environment over Azure Resource Manager (juju-provider 1.8).
//!
//! There are several generations of it. What they differ in is data, in `generation`; operations that differ in more than that
//! have a file for each way: `start_singly` and `start_deployed`.
//!
//! Resource files (`virtual_machines` and its like) turn parameters into requests and answers into types, and do nothing. The
//! operations (`create`, `start`, `list`, `stop`, `firewall`, `storage`, `destroy`, `adopt`) say which are made in which order.
//! Between them, `client` and `poller` make calls and wait for their end. What is chosen (`choose_size`, `choose_image`,
//! `custom_data`) is chosen by pure functions.

mod generation;

mod client;
mod conflict;
mod machine_locks;
mod poller;
mod scope;
mod tags;

mod availability_sets;
mod blobs;
mod compute_skus;
mod data_disks;
mod deployments;
mod disks;
mod image_skus;
mod key_vaults;
mod network_interfaces;
mod network_security_groups;
mod public_ip_addresses;
mod resource_groups;
mod resources;
mod storage_accounts;
mod virtual_machines;
mod virtual_networks;
mod vm_sizes;

mod choose_image;
mod choose_size;
mod custom_data;

mod addresses;
mod adopt;
mod choose_subnet;
mod create;
mod create_common;
mod destroy;
mod destroy_own_group;
mod encryption;
mod fan_out;
mod firewall;
mod list;
mod security_groups;
mod settle;
mod start;
mod start_deployed;
mod start_singly;
mod stop;
mod stop_deployed;
mod storage;
mod subnets;
mod template;
mod volumes;
mod volumes_managed;
mod volumes_unmanaged;

use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex as SyncMutex, PoisonError};

use async_trait::async_trait;
use tokio::sync::{Mutex, OnceCell};
use uuid::Uuid;

pub(crate) use self::choose_image::OperatingSystem;
use self::client::Client;
pub(crate) use self::custom_data::encode_with_keys as encode_custom_data;
use self::encryption::Vaults;
pub(crate) use self::generation::GroupName;
use self::generation::Profile;
use self::machine_locks::MachineLocks;
use self::scope::{LateScope, Scope};
use self::storage::Storage;
use self::virtual_networks::Subnet;
use self::volumes::Volumes;
use crate::policy::{Authenticate, Stack};
use crate::random::Random;
use crate::{
    Config, Constraints, ConstraintsValidator, Environ, Error, IngressRule, Instance, InstanceId, InstanceType,
    NetworkInterface, OpenParams, Series, StartInstance, Started, SubnetId, SubnetInfo, VolumeSource,
};

/// One environment: one resource group and all that is in it.
pub(crate) struct ArmEnviron {
    client: Client,
    profile: &'static Profile,
    scope: LateScope,
    stack: Stack,
    authenticate: Arc<Authenticate>,
    random: Random,
    /// What passwords are derived from.
    fingerprint: [u8; 32],
    config: SyncMutex<Config>,
    types: OnceCell<Vec<InstanceType>>,
    /// Whether `common` was seen done.
    common: OnceCell<()>,
    /// Whether `common` was made by this process, so that it is there even while it cannot be seen.
    makes_common: AtomicBool,
    subnet: OnceCell<Subnet>,
    storage: Mutex<Option<Storage>>,
    /// Held while an address is chosen and taken.
    addresses: Mutex<()>,
    /// Held while rules are read and written.
    firewall: Mutex<()>,
    /// Held while a machine or its interface is read, changed and written back.
    machines: MachineLocks,
    /// Held while a vault, its key and the set that opens it are made.
    vaults: Vaults,
}

impl ArmEnviron {
    pub(crate) fn new(params: OpenParams) -> Self {
        let OpenParams {
            config,
            cloud,
            credential,
            transport,
            clock,
            seed,
        } = params;
        let random = Random::new(seed);
        let profile = config.generation.profile();
        let stack = Stack::new(transport, Arc::clone(&clock), random.clone(), profile.user_agent);
        let (chain, authenticate) = stack.resource_manager(&cloud, &credential, profile.sign_in);
        let scope = Scope {
            base: cloud.base(),
            subscription: credential.subscription(),
            group: config.resource_group(),
            location: config.canonical_location(),
            versions: &profile.versions,
        };
        Self {
            client: Client::new(chain, clock, config.operation_deadline()),
            profile,
            scope: LateScope::new(scope),
            stack,
            authenticate,
            random,
            fingerprint: credential.fingerprint(),
            config: SyncMutex::new(config),
            types: OnceCell::new(),
            common: OnceCell::new(),
            makes_common: AtomicBool::new(false),
            subnet: OnceCell::new(),
            storage: Mutex::new(None),
            addresses: Mutex::new(()),
            firewall: Mutex::new(()),
            machines: MachineLocks::default(),
            vaults: Vaults::new(cloud, credential),
        }
    }

    fn current_config(&self) -> Config {
        self.config.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn change_config(&self, change: impl FnOnce(&mut Config)) {
        change(&mut self.config.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

#[async_trait]
impl Environ for ArmEnviron {
    fn config(&self) -> Config {
        self.current_config()
    }

    async fn prepare_for_bootstrap(&self) -> Result<(), Error> {
        self.authenticate.verify().await.map_err(Error::Azure)
    }

    async fn create(&self) -> Result<(), Error> {
        self.settle().await?;
        self.create_containers().await
    }

    async fn bootstrap(&self, params: StartInstance) -> Result<Started, Error> {
        self.settle().await?;
        self.bootstrap_controller(params).await
    }

    async fn start_instance(&self, params: StartInstance) -> Result<Started, Error> {
        self.settle().await?;
        self.start(params, false).await
    }

    async fn stop_instances(&self, ids: &[InstanceId]) -> Result<(), Error> {
        if ids.is_empty() {
            return Ok(());
        }

        self.settle().await?;
        self.stop(ids).await
    }

    async fn instances(&self, ids: &[InstanceId]) -> Result<Vec<Instance>, Error> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }

        self.settle().await?;
        self.find_instances(ids).await
    }

    async fn all_instances(&self) -> Result<Vec<Instance>, Error> {
        self.settle().await?;
        Ok(self.list_instances().await?.into_values().collect())
    }

    async fn controller_instances(&self, controller_uuid: Uuid) -> Result<Vec<InstanceId>, Error> {
        self.settle().await?;
        self.find_controllers(controller_uuid).await
    }

    async fn open_ports(&self, id: &InstanceId, rules: &[IngressRule]) -> Result<(), Error> {
        self.settle().await?;
        self.open_instance_ports(id, rules).await?;
        self.expose_opened(id, rules.len()).await
    }

    async fn close_ports(&self, id: &InstanceId, rules: &[IngressRule]) -> Result<(), Error> {
        self.settle().await?;
        self.close_instance_ports(id, rules).await?;
        self.unexpose_closed(id).await
    }

    async fn ports(&self, id: &InstanceId) -> Result<Vec<IngressRule>, Error> {
        self.settle().await?;
        self.instance_ports(id).await
    }

    async fn expose(&self, id: &InstanceId) -> Result<(), Error> {
        self.settle().await?;
        self.expose_instance(id).await
    }

    async fn unexpose(&self, id: &InstanceId) -> Result<(), Error> {
        self.settle().await?;
        self.unexpose_instance(id).await
    }

    async fn open_global_ports(&self, _rules: &[IngressRule]) -> Result<(), Error> {
        Err(Error::global_firewall())
    }

    async fn close_global_ports(&self, _rules: &[IngressRule]) -> Result<(), Error> {
        Err(Error::global_firewall())
    }

    async fn global_ports(&self) -> Result<Vec<IngressRule>, Error> {
        Err(Error::global_firewall())
    }

    async fn destroy(&self) -> Result<(), Error> {
        self.settle().await?;
        self.destroy_environment().await
    }

    async fn destroy_controller(&self, controller_uuid: Uuid) -> Result<(), Error> {
        self.settle().await?;
        self.destroy_controller_groups(controller_uuid).await
    }

    async fn adopt_resources(&self, controller_uuid: Uuid, from_version: &str) -> Result<(), Error> {
        self.settle().await?;
        self.adopt(controller_uuid, from_version).await
    }

    async fn precheck_instance(
        &self,
        series: &Series,
        constraints: &Constraints,
        placement: Option<&str>,
    ) -> Result<(), Error> {
        self.check_placement(placement)?;
        choose_image::source(series)?;
        self.settle().await?;
        if let Some(name) = choose_subnet::subnet_of(placement) {
            self.check_subnet(name).await?;
        }
        let Some(name) = constraints.instance_type.as_deref() else {
            return Ok(());
        };
        let types = self.types().await?;
        // By its full name: an alias passes the vocabulary of constraints, and Juju does not take it here (juju-provider 1.8.10).
        match types.iter().any(|own| own.name == name) {
            true => Ok(()),
            false => Err(Error::UnknownInstanceType(name.to_owned())),
        }
    }

    async fn instance_types(&self, constraints: &Constraints) -> Result<Vec<InstanceType>, Error> {
        Ok(choose_size::matching(self.types().await?, constraints))
    }

    async fn constraints_validator(&self) -> Result<ConstraintsValidator, Error> {
        let types = self.types().await?;
        let validator = ConstraintsValidator::new(types.iter().map(|own| own.name.clone()));
        Ok(validator.with_public_ip(self.profile.honours_public_ip))
    }

    fn volume_source(self: Arc<Self>) -> Result<Arc<dyn VolumeSource>, Error> {
        Ok(Arc::new(Volumes(self)))
    }

    async fn subnets(&self, instance: Option<&InstanceId>, ids: &[SubnetId]) -> Result<Vec<SubnetInfo>, Error> {
        self.settle().await?;
        if instance.is_none() {
            // They are looked for right after the environment was made (juju-provider 1.14).
            self.wait_for_common().await?;
        }
        self.find_subnets(instance, ids).await
    }

    async fn network_interfaces(&self, ids: &[InstanceId]) -> Result<Vec<Option<Vec<NetworkInterface>>>, Error> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }

        self.settle().await?;
        self.find_network_interfaces(ids).await
    }
}
