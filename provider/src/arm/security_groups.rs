//! Which security groups guard a machine (juju-provider 1.10.3, L48, L61).
//!
//! Older generations have one, of a known name. Since machines may be in a network of the user's own, it is found by the
//! interface, or by the subnet that the interface is in.

use super::ArmEnviron;
use super::generation::Index;
use super::network_interfaces::Interface;
use super::network_security_groups as groups;
use super::scope::same_id;
use super::virtual_networks::{self, Subnet};
use crate::Error;

impl ArmEnviron {
    /// The groups that guard these interfaces, each once, with the interface that it guards first.
    pub(super) async fn guards<'i>(&self, interfaces: &'i [Interface]) -> Result<Vec<(String, &'i Interface)>, Error> {
        let mut guards: Vec<(String, &Interface)> = Vec::new();
        for interface in interfaces {
            let Some(group_id) = self.guard(interface).await? else {
                continue;
            };
            if !guards.iter().any(|(own, _)| same_id(own, &group_id)) {
                guards.push((group_id, interface));
            }
        }
        Ok(guards)
    }

    /// None where nothing guards the interface.
    async fn guard(&self, interface: &Interface) -> Result<Option<String>, Error> {
        if self.profile.index != Index::VirtualMachines {
            return Ok(Some(groups::own_id(&self.scope)));
        }
        if let Some(group_id) = interface.security_group_id() {
            return Ok(Some(group_id.to_owned()));
        }

        let Some(subnet_id) = interface.subnet_id() else {
            return Ok(None);
        };
        let call = virtual_networks::get_subnet_by_id(&self.scope, subnet_id);
        let subnet: Option<Subnet> = self.client.find(&call).await?;
        Ok(subnet.and_then(|subnet| subnet.security_group_id().map(str::to_owned)))
    }

    /// The groups that may hold rules of a machine of which these interfaces are left.
    pub(super) async fn guards_of_remains(&self, interfaces: &[Interface]) -> Result<Vec<String>, Error> {
        let guards = self.guards(interfaces).await?;
        if guards.is_empty() && self.current_config().network.is_none() {
            return Ok(vec![groups::own_id(&self.scope)]);
        }

        Ok(guards.into_iter().map(|(group_id, _)| group_id).collect())
    }
}
