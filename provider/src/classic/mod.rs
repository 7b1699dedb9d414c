//! The environment over Service Management, as Juju 1.18 to 1.25 had it (juju-provider 2).
//!
//! Resource files (`hosted_services`, `roles` and their like) turn parameters into requests and documents into types, and do nothing.
//! The operations (`bootstrap`, `start`, `list`, `stop`, `ports`, `volumes`, `destroy`) say which are made in which order; `distribution`
//! says where a machine goes. Between them, `client` and `operations` make calls and wait for their end, `retry` says when they are sent again.
//! What is chosen (`role_sizes`, `images`, `endpoints`) is chosen by pure functions.

mod client;
mod config;
mod names;
mod operations;
mod retry;
mod xml;

mod affinity_groups;
mod blobs;
mod deployments;
mod disks;
mod endpoints;
mod hosted_services;
mod images;
mod locations;
mod network_configuration;
mod role_sizes;
mod roles;
mod storage_services;

mod bootstrap;
mod destroy;
mod distribution;
mod list;
mod ports;
mod start;
mod stop;
mod storage;
mod volumes;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex as SyncMutex, PoisonError};

use async_trait::async_trait;
use tokio::sync::{Mutex, OnceCell};
use uuid::Uuid;

use self::blobs::Container;
use self::client::{Client, Endpoint};
pub use self::config::ClassicConfig;
use self::locations::Location;
use self::names::Names;
use self::network_configuration::Binding;
use self::retry::Patience;
use self::storage::Storage;
use self::volumes::Volumes;
use crate::policy::{Stack, UserAgent};
use crate::random::Random;
use crate::{
    Config, Constraints, ConstraintsValidator, Environ, Error, IngressRule, Instance, InstanceId, InstanceType,
    NetworkInterface, OpenParams, ProviderStorage, Series, StartInstance, Started, SubnetId, SubnetInfo, VolumeSource,
};

/// One environment: the cloud services of one name, and what they stand on.
pub(crate) struct ClassicEnviron {
    client: Client,
    endpoint: Endpoint,
    names: Names,
    section: ClassicConfig,
    storage: Arc<Storage>,
    /// `https://acct.blob.core.windows.net/`
    blob_base: String,
    /// `cloudapp.net`
    dns_suffix: &'static str,
    random: Random,
    /// What passwords are derived from.
    fingerprint: [u8; 32],
    config: SyncMutex<Config>,
    location: OnceCell<Location>,
    binding: OnceCell<Binding>,
    /// Held while the network configuration is read and written.
    network_document: Mutex<()>,
    /// Held while something in a cloud service is changed: Azure lets one operation in at a time, and has no preconditions.
    services: SyncMutex<BTreeMap<String, Arc<Mutex<()>>>>,
    /// Cloud services in which a write of endpoints was given up before its end.
    unsettled: SyncMutex<BTreeSet<String>>,
}

impl ClassicEnviron {
    /// `section` is the classic one of `params.config`.
    pub(crate) fn new(params: OpenParams, section: ClassicConfig) -> Self {
        let OpenParams {
            config,
            cloud,
            credential,
            transport,
            clock,
            seed,
        } = params;
        let random = Random::new(seed);
        let stack = Stack::new(transport, Arc::clone(&clock), random.clone(), UserAgent::Classic);
        let chain = stack.unsigned(Patience);
        let client = Client::new(chain, clock, section.operation_deadline());
        let endpoint = Endpoint::new(&cloud.service_management_base(), credential.subscription_id);
        let names = Names::new(&config.name);
        let account = section.storage_account_name.clone();
        let blob_base = cloud.blob_endpoint(&account);
        let container = Container {
            base: blob_base.clone(),
            name: names.container(),
        };
        let storage = Storage::new(client.clone(), endpoint.clone(), stack, account, container);
        Self {
            client,
            endpoint,
            names,
            section,
            storage: Arc::new(storage),
            blob_base,
            dns_suffix: cloud.cloud_service_suffix(),
            random,
            fingerprint: credential.fingerprint(),
            config: SyncMutex::new(config),
            location: OnceCell::new(),
            binding: OnceCell::new(),
            network_document: Mutex::new(()),
            services: SyncMutex::new(BTreeMap::new()),
            unsettled: SyncMutex::new(BTreeSet::new()),
        }
    }

    fn current_config(&self) -> Config {
        self.config.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn service_lock(&self, service: &str) -> Arc<Mutex<()>> {
        let mut services = self.services.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(services.entry(service.to_lowercase()).or_default())
    }

    /// Where a new OS disk goes. Juju names it without TLS, as the service did before 2014.
    fn media_link(&self, blob: &str) -> String {
        let base = match self.blob_base.strip_prefix("https://") {
            Some(rest) => format!("http://{rest}"),
            None => self.blob_base.clone(),
        };
        format!("{base}vhds/{blob}")
    }

    /// The location, as Azure spells it, with its sizes. It is asked for once.
    async fn location(&self) -> Result<&Location, Error> {
        self.location
            .get_or_try_init(|| async {
                let document = self.client.read(&locations::list(&self.endpoint)).await?;
                locations::find(&document, &self.current_config().location)
            })
            .await
    }

    /// To what the environment's network is bound. An environment that is not made yet will be bound to its location.
    async fn binding(&self) -> Result<Binding, Error> {
        if let Some(binding) = self.binding.get() {
            return Ok(*binding);
        }

        let document = self.client.find(&network_configuration::get(&self.endpoint)).await?;
        let found =
            document.and_then(|document| network_configuration::binding(&document, &self.names.virtual_network()));
        match found {
            Some(binding) => Ok(*self.binding.get_or_init(|| async move { binding }).await),
            None => Ok(Binding::Location),
        }
    }

    async fn types(&self) -> Result<Vec<InstanceType>, Error> {
        let sizes = &self.location().await?.role_sizes;
        Ok(role_sizes::instance_types(sizes, self.binding().await?))
    }
}

#[async_trait]
impl Environ for ClassicEnviron {
    fn config(&self) -> Config {
        self.current_config()
    }

    async fn prepare_for_bootstrap(&self) -> Result<(), Error> {
        self.storage.ask_for_key().await.map(|_| ())
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
        self.list_instances().await
    }

    async fn controller_instances(&self, controller_uuid: Uuid) -> Result<Vec<InstanceId>, Error> {
        match controller_uuid == self.current_config().controller_uuid {
            true => self.find_controllers().await,
            false => Err(Error::NoInstances),
        }
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

    /// A cloud service has its address as long as a machine runs in it.
    async fn expose(&self, _id: &InstanceId) -> Result<(), Error> {
        Ok(())
    }

    async fn unexpose(&self, _id: &InstanceId) -> Result<(), Error> {
        Ok(())
    }

    /// Accepted, and of no effect (juju-provider 2.6 Ports).
    async fn open_global_ports(&self, _rules: &[IngressRule]) -> Result<(), Error> {
        Ok(())
    }

    async fn close_global_ports(&self, _rules: &[IngressRule]) -> Result<(), Error> {
        Ok(())
    }

    async fn global_ports(&self) -> Result<Vec<IngressRule>, Error> {
        Ok(Vec::new())
    }

    async fn destroy(&self) -> Result<(), Error> {
        self.destroy_environment().await
    }

    /// Nothing says of another environment which controller it has, so only this one is deleted.
    async fn destroy_controller(&self, controller_uuid: Uuid) -> Result<(), Error> {
        match controller_uuid == self.current_config().controller_uuid {
            true => self.destroy_environment().await,
            false => Ok(()),
        }
    }

    async fn adopt_resources(&self, _controller_uuid: Uuid, _from_version: &str) -> Result<(), Error> {
        Err(Error::NotSupported(
            "resources of the classic API have no tags, so that they cannot be handed to another controller".to_owned(),
        ))
    }

    async fn precheck_instance(
        &self,
        series: &Series,
        constraints: &Constraints,
        placement: Option<&str>,
    ) -> Result<(), Error> {
        self.check_placement(placement)?;
        images::system(series)?;
        self.precheck(constraints).await
    }

    async fn instance_types(&self, constraints: &Constraints) -> Result<Vec<InstanceType>, Error> {
        Ok(role_sizes::matching(&self.types().await?, constraints))
    }

    async fn constraints_validator(&self) -> Result<ConstraintsValidator, Error> {
        let types = self.types().await?;
        let validator = ConstraintsValidator::new(types.iter().map(|own| own.name.clone()));
        Ok(validator.excluding_root_disk())
    }

    fn supports_unit_placement(&self) -> Result<(), Error> {
        self.check_unit_placement()
    }

    fn storage(&self) -> Result<Arc<dyn ProviderStorage>, Error> {
        Ok(Arc::clone(&self.storage) as Arc<dyn ProviderStorage>)
    }

    fn volume_source(self: Arc<Self>) -> Result<Arc<dyn VolumeSource>, Error> {
        Ok(Arc::new(Volumes(self)))
    }

    async fn subnets(&self, _instance: Option<&InstanceId>, _ids: &[SubnetId]) -> Result<Vec<SubnetInfo>, Error> {
        Err(Error::NotSupported(
            "subnets not supported: the network of a classic environment has none".to_owned(),
        ))
    }

    async fn network_interfaces(&self, _ids: &[InstanceId]) -> Result<Vec<Option<Vec<NetworkInterface>>>, Error> {
        Err(Error::NotSupported(
            "network interfaces not supported: the classic API shows the addresses of machines only".to_owned(),
        ))
    }
}
