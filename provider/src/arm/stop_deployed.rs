//! Deleting machines that deployments have made (juju-provider 1.8.6).
//!
//! A deployment that is under way is cancelled first, and its record goes last: as long as it is there, the machine is reported.
//! Whether there is a machine is not decided by the record, which Azure prunes (juju-provider L58).

use std::collections::BTreeMap;
use std::time::Duration;

use super::ArmEnviron;
use super::client::is_absent;
use super::deployments::{self, Deployment};
use super::disks;
use super::fan_out::fan_out;
use super::list::Parts;
use super::network_interfaces::{self, Interface};
use super::public_ip_addresses::{self, PublicIp};
use super::virtual_machines::{self, VirtualMachine};
use crate::{AzureError, Error, InstanceId, Kind};

/// Between looks at a deployment that was cancelled, and how often.
const LOOK_EVERY: Duration = Duration::from_secs(5);
const LOOKS_MAX: u32 = 60;
/// What was being made when its deployment was cancelled may appear later: so often it is looked for.
const PASSES_MAX: u32 = 4;

/// What came of cancelling a deployment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Cancelled {
    /// It was under way.
    Now,
    /// It was over, or goes with its group.
    Before,
    /// There is no record.
    Absent,
}

impl ArmEnviron {
    pub(super) async fn stop_deployed(&self, ids: &[InstanceId]) -> Result<(), Error> {
        if ids.is_empty() {
            return Ok(());
        }

        let cancelled = fan_out(ids.iter().map(|id| Box::pin(self.cancel(id)) as _).collect()).await;
        let cancelled: Vec<Cancelled> = cancelled.into_iter().collect::<Result<_, _>>()?;
        let Some(mut listed) = self.remains().await? else {
            return Ok(());
        };
        let work = ids.iter().zip(cancelled).map(|(id, cancelled)| {
            let parts = listed.remove(id).unwrap_or_default();
            Box::pin(self.stop_one(id, cancelled, parts)) as _
        });
        let outcomes: Vec<Result<(), Error>> = fan_out(work.collect()).await;
        for (id, outcome) in ids.iter().zip(&outcomes) {
            if let Err(error) = outcome {
                tracing::warn!(machine = id.as_str(), error = error.report(), "cannot stop machine");
            }
        }
        outcomes.into_iter().collect()
    }

    async fn cancel(&self, id: &InstanceId) -> Result<Cancelled, Error> {
        match self.client.send(&deployments::cancel(&self.scope, id.as_str())).await {
            Ok(_) => Ok(Cancelled::Now),
            Err(error) if is_absent(&error) => Ok(Cancelled::Absent),
            Err(error) if is_settled(&error) => Ok(Cancelled::Before),
            Err(error) => Err(error),
        }
    }

    /// Interfaces and public addresses by machine; None where there is no group.
    async fn remains(&self) -> Result<Option<BTreeMap<InstanceId, Parts>>, Error> {
        let interfaces = self
            .client
            .find_list::<Interface>(&network_interfaces::list(&self.scope))
            .await?;
        let Some(interfaces) = interfaces else {
            return Ok(None);
        };
        let public_ips = self
            .client
            .find_list::<PublicIp>(&public_ip_addresses::list(&self.scope))
            .await?;
        let mut remains: BTreeMap<InstanceId, Parts> = BTreeMap::new();
        for interface in interfaces {
            if let Some(id) = self.owner(interface.tags.as_ref()) {
                remains.entry(id).or_default().interfaces.push(interface);
            }
        }
        for public_ip in public_ips.into_iter().flatten() {
            if let Some(id) = self.owner(public_ip.tags.as_ref()) {
                remains.entry(id).or_default().public_ips.push(public_ip);
            }
        }
        Ok(Some(remains))
    }

    async fn stop_one(&self, id: &InstanceId, cancelled: Cancelled, parts: Parts) -> Result<(), Error> {
        let _machine_is_ours = self.machines.of(id).await;
        match self.remove_deployed(id, cancelled, parts).await {
            // The deletion of the group takes everything along.
            Err(error) if error.kind() == Some(Kind::GroupGoing) => Ok(()),
            outcome => outcome,
        }
    }

    async fn remove_deployed(&self, id: &InstanceId, cancelled: Cancelled, mut parts: Parts) -> Result<(), Error> {
        let (client, scope) = (&self.client, &self.scope);
        if cancelled == Cancelled::Absent && parts.is_empty() {
            // A list may not show yet what was made just now, and a record may be pruned.
            parts = self.parts_by_name(id).await?;
            if parts.is_empty() {
                return Ok(());
            }
        } else if self.has_foreign_machine(id).await? {
            return Ok(());
        } else {
            parts = self.refreshed(id, parts).await?;
        }

        for _ in 0..PASSES_MAX {
            if cancelled == Cancelled::Now {
                self.wait_until_over(id).await?;
            }
            self.remove_parts_of_deployed(id, &parts).await?;
            if cancelled != Cancelled::Now {
                break;
            }

            parts = self.parts_by_name(id).await?;
            if parts.is_empty() {
                break;
            }
        }
        match client.delete(&deployments::delete(scope, id.as_str())).await {
            Err(error) if !is_settled(&error) => Err(error),
            _ => Ok(()),
        }
    }

    async fn wait_until_over(&self, id: &InstanceId) -> Result<(), Error> {
        let call = deployments::get(&self.scope, id.as_str());
        for _ in 0..LOOKS_MAX {
            let deployment: Option<Deployment> = self.client.find(&call).await?;
            if deployment.is_none_or(|deployment| deployment.is_over()) {
                break;
            }
            self.client.clock.sleep(LOOK_EVERY).await;
        }
        Ok(())
    }

    /// Virtual machine, OS disk, rules, interfaces, public addresses: in that order each lets go of the next.
    async fn remove_parts_of_deployed(&self, id: &InstanceId, parts: &Parts) -> Result<(), Error> {
        let (client, scope, name) = (&self.client, &self.scope, id.as_str());
        client.delete(&virtual_machines::delete(scope, name)).await?;
        match self.profile.has_managed_disks() {
            true => client.delete(&disks::delete(scope, name)).await.map(|_| ())?,
            false => self.delete_os_vhd(name).await?,
        }
        let group_ids = self.guards_of_remains(&parts.interfaces).await?;
        self.delete_rules(id, &group_ids).await?;

        // What no list shows is deleted by its name.
        let mut interfaces: Vec<String> = parts.interfaces.iter().map(|own| own.name.clone()).collect();
        if interfaces.is_empty() {
            interfaces.push(network_interfaces::name(name));
        }
        for interface in interfaces {
            client.delete(&network_interfaces::delete(scope, &interface)).await?;
        }
        let mut public_ips: Vec<String> = parts.public_ips.iter().map(|own| own.name.clone()).collect();
        if public_ips.is_empty() {
            public_ips.push(public_ip_addresses::name(name));
        }
        for public_ip in public_ips {
            client.delete(&public_ip_addresses::delete(scope, &public_ip)).await?;
        }
        // A group may be shown as it was a while ago, without the rules that were written last: one more look, after some time.
        self.delete_rules(id, &group_ids).await
    }

    /// What there is of a machine by the names that its parts have, whether lists show it or not.
    async fn parts_by_name(&self, id: &InstanceId) -> Result<Parts, Error> {
        let (client, scope, name) = (&self.client, &self.scope, id.as_str());
        let vm: Option<VirtualMachine> = client.find(&virtual_machines::get(scope, name)).await?;
        let interface: Option<Interface> = client.find(&network_interfaces::get(scope, name)).await?;
        let public_ip: Option<PublicIp> = client.find(&public_ip_addresses::get(scope, name)).await?;
        Ok(Parts {
            vm: vm.filter(|own| self.owner(own.tags.as_ref()).is_some()),
            interfaces: interface
                .filter(|own| self.owner(own.tags.as_ref()).is_some())
                .into_iter()
                .collect(),
            public_ips: public_ip
                .filter(|own| self.owner(own.tags.as_ref()).is_some())
                .into_iter()
                .collect(),
            ..Parts::default()
        })
    }

    /// In a group of the user's own a machine of that name may be another's.
    async fn has_foreign_machine(&self, id: &InstanceId) -> Result<bool, Error> {
        if self.current_config().resource_group_name.is_none() {
            return Ok(false);
        }

        let vm: Option<VirtualMachine> = self
            .client
            .find(&virtual_machines::get(&self.scope, id.as_str()))
            .await?;
        Ok(vm.is_some_and(|vm| !self.is_own(vm.tags.as_ref())))
    }
}

/// Refusals of a deployment that is over already, or goes with its group (juju-provider 1.19, L43).
fn is_settled(error: &Error) -> bool {
    let refusal = error.azure().and_then(AzureError::refusal);
    refusal.is_some_and(|own| own.has_code("DeploymentCannotBeCancelled") || own.has_code("ResourceGroupBeingDeleted"))
}
