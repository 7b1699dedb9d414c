//! The environment over Azure Resource Manager, generation A1 (juju-provider 1.8.5a).
//!
//! Resource files (`virtual_machines` and its like) turn parameters into requests and answers into types, and do nothing. The
//! operations (`create`, `start`, `list`, `stop`, `firewall`, `storage`, `destroy`, `adopt`) say which are made in which order.
//! Between them, `client` and `poller` make calls and wait for their end. What is chosen (`choose_size`, `choose_image`,
//! `custom_data`) is chosen by pure functions.

mod client;
mod conflict;
mod poller;
mod scope;
mod tags;

mod availability_sets;
mod blobs;
mod image_skus;
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

mod adopt;
mod create;
mod destroy;
mod firewall;
mod list;
mod start;
mod stop;
mod storage;

use std::sync::{Arc, Mutex as SyncMutex, PoisonError};

use async_trait::async_trait;
use tokio::sync::{Mutex, OnceCell};
use uuid::Uuid;

use self::client::Client;
use self::scope::Scope;
use self::storage::Storage;
use self::virtual_networks::Subnet;
use crate::policy::{Authenticate, Stack};
use crate::random::Random;
use crate::{
    Config, Constraints, ConstraintsValidator, Environ, Error, IngressRule, Instance, InstanceId, InstanceType,
    OpenParams, Series, StartInstance, Started,
};

/// One environment: one resource group and all that is in it.
pub(crate) struct ArmEnviron {
    client: Client,
    scope: Scope,
    stack: Stack,
    authenticate: Arc<Authenticate>,
    random: Random,
    /// What passwords are derived from.
    fingerprint: [u8; 32],
    config: SyncMutex<Config>,
    types: OnceCell<Vec<InstanceType>>,
    subnet: OnceCell<Subnet>,
    storage: Mutex<Option<Storage>>,
    /// Held while an address is chosen and taken.
    addresses: Mutex<()>,
    /// Held while rules are read and written.
    firewall: Mutex<()>,
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
        let stack = Stack::new(transport, Arc::clone(&clock), random.clone());
        let (chain, authenticate) = stack.resource_manager(&cloud, &credential);
        let scope = Scope {
            base: cloud.base(),
            subscription: credential.subscription_id,
            group: config.group_name(),
            location: config.canonical_location(),
        };
        Self {
            client: Client::new(chain, clock, config.operation_deadline()),
            scope,
            stack,
            authenticate,
            random,
            fingerprint: credential.fingerprint(),
            config: SyncMutex::new(config),
            types: OnceCell::new(),
            subnet: OnceCell::new(),
            storage: Mutex::new(None),
            addresses: Mutex::new(()),
            firewall: Mutex::new(()),
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
        self.create_containers().await
    }

    async fn bootstrap(&self, params: StartInstance) -> Result<Started, Error> {
        self.bootstrap_controller(params).await
    }

    async fn start_instance(&self, params: StartInstance) -> Result<Started, Error> {
        self.start(params).await
    }

    async fn stop_instances(&self, ids: &[InstanceId]) -> Result<(), Error> {
        self.stop(ids).await
    }

    async fn instances(&self, ids: &[InstanceId]) -> Result<Vec<Instance>, Error> {
        self.find_instances(ids).await
    }

    async fn all_instances(&self) -> Result<Vec<Instance>, Error> {
        Ok(self.list_instances().await?.into_values().collect())
    }

    async fn controller_instances(&self, controller_uuid: Uuid) -> Result<Vec<InstanceId>, Error> {
        self.find_controllers(controller_uuid).await
    }

    async fn open_ports(&self, id: &InstanceId, rules: &[IngressRule]) -> Result<(), Error> {
        self.open_instance_ports(id, rules).await
    }

    async fn close_ports(&self, id: &InstanceId, rules: &[IngressRule]) -> Result<(), Error> {
        self.close_instance_ports(id, rules).await
    }

    async fn ports(&self, id: &InstanceId) -> Result<Vec<IngressRule>, Error> {
        self.instance_ports(id).await
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
        self.destroy_environment().await
    }

    async fn destroy_controller(&self, controller_uuid: Uuid) -> Result<(), Error> {
        self.destroy_controller_groups(controller_uuid).await
    }

    async fn adopt_resources(&self, controller_uuid: Uuid) -> Result<(), Error> {
        self.adopt(controller_uuid).await
    }

    async fn precheck_instance(
        &self,
        series: &Series,
        constraints: &Constraints,
        placement: Option<&str>,
    ) -> Result<(), Error> {
        start::check_placement(placement)?;
        choose_image::source(series)?;
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
        Ok(ConstraintsValidator::new(types.iter().map(|own| own.name.clone())))
    }
}
