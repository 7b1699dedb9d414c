//! Deleting a machine that was made resource by resource: virtual machine, disk, rules, public address, and its network interface last (juju-provider 1.8.5a).
//!
//! An interface cannot go before its machine, and as long as it is there the machine is reported, so nothing is forgotten.

use super::ArmEnviron;
use super::list::Parts;
use super::network_interfaces::{self, Interface};
use super::public_ip_addresses::{self, PublicIp};
use super::scope::same_id;
use super::virtual_machines;
use crate::{Error, Failure, InstanceId, Kind};

impl ArmEnviron {
    pub(super) async fn stop(&self, ids: &[InstanceId]) -> Result<(), Error> {
        if self.profile.template_versions().is_some() {
            return self.stop_deployed(ids).await;
        }
        if ids.is_empty() {
            return Ok(());
        }

        let mut listed = self.parts().await?;
        let mut first: Result<(), Error> = Ok(());
        for id in ids {
            let outcome = match listed.remove(id) {
                Some(parts) => self.remove(id, parts, false).await,
                None => self.stop_unlisted(id).await,
            };
            if let Err(error) = outcome {
                tracing::warn!(machine = id.as_str(), error = error.report(), "cannot stop machine");
                first = first.and(Err(error));
            }
        }
        first
    }

    /// A list may not show yet what was made just now (field bug `list-lag-orphan`), so absence is asked for by name.
    async fn stop_unlisted(&self, id: &InstanceId) -> Result<(), Error> {
        let interface: Option<Interface> = self
            .client
            .find(&network_interfaces::get(&self.scope, id.as_str()))
            .await?;
        let public_ip: Option<PublicIp> = self
            .client
            .find(&public_ip_addresses::get(&self.scope, id.as_str()))
            .await?;
        if interface.is_none() && public_ip.is_none() {
            return Ok(());
        }

        let parts = Parts {
            interfaces: interface.into_iter().collect(),
            public_ips: public_ip.into_iter().collect(),
            ..Parts::default()
        };
        self.remove(id, parts, false).await
    }

    /// Removes what a start that failed may have made, whether a list shows it or not.
    pub(super) async fn remove_by_name(&self, id: &InstanceId) -> Result<(), Error> {
        let parts = self.parts().await?.remove(id).unwrap_or_default();
        self.remove(id, parts, true).await
    }

    async fn remove(&self, id: &InstanceId, parts: Parts, also_by_name: bool) -> Result<(), Error> {
        let _machine_is_ours = self.machines.of(id).await;
        match self.remove_parts(id, parts, also_by_name).await {
            // The deletion of the group takes everything along.
            Err(error) if error.kind() == Some(Kind::GroupGoing) => Ok(()),
            outcome => outcome,
        }
    }

    async fn remove_parts(&self, id: &InstanceId, parts: Parts, also_by_name: bool) -> Result<(), Error> {
        let (client, scope, name) = (&self.client, &self.scope, id.as_str());
        client.delete(&virtual_machines::delete(scope, name)).await?;
        self.delete_os_vhd(name).await?;
        self.delete_rules(id, &self.guards_of_remains(&parts.interfaces).await?)
            .await?;

        let mut parts = self.refreshed(id, parts).await?;
        if also_by_name && parts.interfaces.is_empty() {
            let found: Option<Interface> = client.find(&network_interfaces::get(scope, name)).await?;
            match found {
                Some(interface) => parts.interfaces.push(interface),
                // Not to be seen, and still there perhaps: then it goes before the public address that it may hold.
                None => {
                    client
                        .delete(&network_interfaces::delete(scope, &network_interfaces::name(name)))
                        .await?;
                }
            }
        }
        for interface in &parts.interfaces {
            if interface.has_public_address() {
                self.detach(interface).await?;
            }
        }

        let mut public_ips: Vec<String> = parts.public_ips.iter().map(|ip| ip.name.clone()).collect();
        let by_name = public_ip_addresses::name(name);
        if also_by_name && !public_ips.iter().any(|own| same_id(own, &by_name)) {
            public_ips.push(by_name);
        }
        for public_ip in public_ips {
            client.delete(&public_ip_addresses::delete(scope, &public_ip)).await?;
        }
        for interface in &parts.interfaces {
            client
                .delete(&network_interfaces::delete(scope, &interface.name))
                .await?;
        }
        Ok(())
    }

    async fn detach(&self, interface: &Interface) -> Result<(), Error> {
        let call = network_interfaces::put_without_public_address(&self.scope, interface);
        match self.client.write(&call).await {
            // It was done; that it cannot be seen yet is no matter, since it goes now.
            Err(Error::Azure(error)) if matches!(*error.failure, Failure::Unseen { .. }) => Ok(()),
            outcome => outcome.map(|_| ()),
        }
    }
}
