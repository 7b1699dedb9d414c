//! An environment that lacks a protection which no message shows: all it is asked goes to the provider, and what comes back is
//! mixed up.

use std::sync::Arc;

use async_trait::async_trait;
use provider::{
    Config, Constraints, ConstraintsValidator, CreatedVolume, Environ, Error, IngressRule, Instance, InstanceId,
    InstanceType, NetworkInterface, PerItem, ProviderStorage, Series, StartInstance, Started, SubnetId, SubnetInfo,
    Volume, VolumeAttachment, VolumeAttachmentParams, VolumeId, VolumeParams, VolumeSource,
};
use uuid::Uuid;

use super::{Calls, Protection};

/// The environment.
pub(crate) struct Unprotected {
    pub(crate) inner: Arc<dyn Environ>,
    pub(crate) protection: &'static Protection,
}

impl Unprotected {
    fn lacks(&self, what: Calls) -> bool {
        self.protection.calls == what
    }
}

#[async_trait]
impl Environ for Unprotected {
    fn config(&self) -> Config {
        self.inner.config()
    }

    async fn prepare_for_bootstrap(&self) -> Result<(), Error> {
        self.inner.prepare_for_bootstrap().await
    }

    async fn create(&self) -> Result<(), Error> {
        self.inner.create().await
    }

    async fn bootstrap(&self, params: StartInstance) -> Result<Started, Error> {
        self.inner.bootstrap(params).await
    }

    async fn start_instance(&self, params: StartInstance) -> Result<Started, Error> {
        self.inner.start_instance(params).await
    }

    async fn stop_instances(&self, ids: &[InstanceId]) -> Result<(), Error> {
        self.inner.stop_instances(ids).await
    }

    async fn instances(&self, ids: &[InstanceId]) -> Result<Vec<Instance>, Error> {
        let mut found = self.inner.instances(ids).await?;
        if self.lacks(Calls::Unordered) {
            found.sort_by(|a, b| a.id.cmp(&b.id));
        }
        Ok(found)
    }

    async fn all_instances(&self) -> Result<Vec<Instance>, Error> {
        self.inner.all_instances().await
    }

    async fn controller_instances(&self, controller_uuid: Uuid) -> Result<Vec<InstanceId>, Error> {
        self.inner.controller_instances(controller_uuid).await
    }

    async fn open_ports(&self, id: &InstanceId, rules: &[IngressRule]) -> Result<(), Error> {
        self.inner.open_ports(id, rules).await
    }

    async fn close_ports(&self, id: &InstanceId, rules: &[IngressRule]) -> Result<(), Error> {
        self.inner.close_ports(id, rules).await
    }

    async fn ports(&self, id: &InstanceId) -> Result<Vec<IngressRule>, Error> {
        self.inner.ports(id).await
    }

    async fn expose(&self, id: &InstanceId) -> Result<(), Error> {
        self.inner.expose(id).await
    }

    async fn unexpose(&self, id: &InstanceId) -> Result<(), Error> {
        self.inner.unexpose(id).await
    }

    async fn open_global_ports(&self, rules: &[IngressRule]) -> Result<(), Error> {
        self.inner.open_global_ports(rules).await
    }

    async fn close_global_ports(&self, rules: &[IngressRule]) -> Result<(), Error> {
        self.inner.close_global_ports(rules).await
    }

    async fn global_ports(&self) -> Result<Vec<IngressRule>, Error> {
        self.inner.global_ports().await
    }

    async fn destroy(&self) -> Result<(), Error> {
        self.inner.destroy().await
    }

    async fn destroy_controller(&self, controller_uuid: Uuid) -> Result<(), Error> {
        self.inner.destroy_controller(controller_uuid).await
    }

    async fn adopt_resources(&self, controller_uuid: Uuid, from_version: &str) -> Result<(), Error> {
        self.inner.adopt_resources(controller_uuid, from_version).await
    }

    async fn precheck_instance(
        &self,
        series: &Series,
        constraints: &Constraints,
        placement: Option<&str>,
    ) -> Result<(), Error> {
        self.inner.precheck_instance(series, constraints, placement).await
    }

    async fn instance_types(&self, constraints: &Constraints) -> Result<Vec<InstanceType>, Error> {
        self.inner.instance_types(constraints).await
    }

    async fn constraints_validator(&self) -> Result<ConstraintsValidator, Error> {
        self.inner.constraints_validator().await
    }

    fn supports_unit_placement(&self) -> Result<(), Error> {
        self.inner.supports_unit_placement()
    }

    fn storage(&self) -> Result<Arc<dyn ProviderStorage>, Error> {
        self.inner.storage()
    }

    fn volume_source(self: Arc<Self>) -> Result<Arc<dyn VolumeSource>, Error> {
        let inner = Arc::clone(&self.inner).volume_source()?;
        Ok(Arc::new(Volumes {
            inner,
            protection: self.protection,
        }))
    }

    async fn subnets(&self, instance: Option<&InstanceId>, ids: &[SubnetId]) -> Result<Vec<SubnetInfo>, Error> {
        self.inner.subnets(instance, ids).await
    }

    async fn network_interfaces(&self, ids: &[InstanceId]) -> Result<Vec<Option<Vec<NetworkInterface>>>, Error> {
        self.inner.network_interfaces(ids).await
    }
}

/// Its volumes.
struct Volumes {
    inner: Arc<dyn VolumeSource>,
    protection: &'static Protection,
}

impl Volumes {
    /// What is wrong is counted after all that could be dealt with.
    fn shifted<T>(&self, items: PerItem<T>) -> PerItem<T> {
        let mut items = items?;
        if self.protection.calls == Calls::Shifted {
            items.sort_by_key(Result::is_err);
        }
        Ok(items)
    }
}

#[async_trait]
impl VolumeSource for Volumes {
    async fn create(&self, params: &[VolumeParams]) -> PerItem<CreatedVolume> {
        self.shifted(self.inner.create(params).await)
    }

    async fn list(&self) -> Result<Vec<VolumeId>, Error> {
        self.inner.list().await
    }

    async fn describe(&self, ids: &[VolumeId]) -> PerItem<Volume> {
        self.shifted(self.inner.describe(ids).await)
    }

    async fn destroy(&self, ids: &[VolumeId]) -> PerItem<()> {
        self.shifted(self.inner.destroy(ids).await)
    }

    async fn attach(&self, params: &[VolumeAttachmentParams]) -> PerItem<VolumeAttachment> {
        let mut items = self.shifted(self.inner.attach(params).await)?;
        if self.protection.calls == Calls::DisksByOrder {
            for (attachment, letter) in items.iter_mut().flatten().zip('c'..='z') {
                attachment.device_link = None;
                attachment.device_name = Some(format!("sd{letter}"));
            }
        }
        Ok(items)
    }

    async fn detach(&self, params: &[VolumeAttachmentParams]) -> PerItem<()> {
        self.shifted(self.inner.detach(params).await)
    }

    fn validate(&self, params: &VolumeParams) -> Result<(), Error> {
        self.inner.validate(params)
    }
}
