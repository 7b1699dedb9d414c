//! Public addresses that come and go with what is open to a machine (the ARM notes).
//!
//! An address is tagged for its machine before its machine has it. So whenever a process ends in between, the machine's list of
//! parts shows it, and stopping the machine releases it. An interface is only ever written as it was just read: one that went
//! meanwhile is not made anew.

use super::ArmEnviron;
use super::list::Parts;
use super::network_interfaces::{self, Interface};
use super::public_ip_addresses::{self, PublicIp};
use super::tags::{self, Tags};
use super::volumes::is_overtaken;
use crate::{Error, InstanceId, PublicAddresses};

/// Another process may write an interface between our look and our write; then we look again.
const WRITES_MAX: u32 = 5;

impl ArmEnviron {
    fn gives_addresses_on_expose(&self) -> bool {
        self.current_config().public_addresses == PublicAddresses::OnExpose
    }

    pub(super) async fn expose_instance(&self, id: &InstanceId) -> Result<(), Error> {
        if !self.gives_addresses_on_expose() {
            return Ok(());
        }

        let _machine_is_ours = self.machines.of(id).await;
        let vm = self.made_machine(id).await?;
        let interface = self.find_interface(id).await?.ok_or(Error::NoInstances)?;
        if interface.has_public_address() {
            return Ok(());
        }

        let public_ip = self.make_public_ip(id, vm.tags).await?;
        match self.attach_public_ip(id, &public_ip).await {
            // The machine went while its address came: nobody else will release it.
            Err(Error::NoInstances) => {
                self.release(id).await?;
                Err(Error::NoInstances)
            }
            outcome => outcome,
        }
    }

    /// The address of an earlier try, or a new one with the tags of its machine.
    async fn make_public_ip(&self, id: &InstanceId, of_machine: Option<Tags>) -> Result<PublicIp, Error> {
        let earlier: Option<PublicIp> = self
            .client
            .find(&public_ip_addresses::get(&self.scope, id.as_str()))
            .await?;
        if let Some(earlier) = earlier.filter(PublicIp::is_made) {
            return Ok(earlier);
        }

        let config = self.current_config();
        let mut own = tags::of_environment(&config);
        own.extend(of_machine.into_iter().flatten());
        let kind = self
            .profile
            .has_managed_disks()
            .then_some(config.load_balancer_sku_name);
        self.client
            .put(&public_ip_addresses::put_of_kind(&self.scope, id.as_str(), kind, &own))
            .await
    }

    async fn attach_public_ip(&self, id: &InstanceId, public_ip: &PublicIp) -> Result<(), Error> {
        for writes in 1.. {
            let interface = self.find_interface(id).await?.ok_or(Error::NoInstances)?;
            if interface.has_public_address() {
                return Ok(());
            }

            let call = network_interfaces::put_public_address(&self.scope, &interface, Some(&public_ip.id));
            match self.client.write(&call).await {
                Err(error) if is_overtaken(&error) && writes < WRITES_MAX => {}
                outcome => return outcome.map(|_| ()),
            }
        }
        Ok(())
    }

    async fn find_interface(&self, id: &InstanceId) -> Result<Option<Interface>, Error> {
        self.client
            .find(&network_interfaces::get(&self.scope, id.as_str()))
            .await
    }

    pub(super) async fn unexpose_instance(&self, id: &InstanceId) -> Result<(), Error> {
        if !self.gives_addresses_on_expose() {
            return Ok(());
        }

        let _machine_is_ours = self.machines.of(id).await;
        self.release(id).await
    }

    /// From the interface first: an address that is in use cannot go.
    async fn release(&self, id: &InstanceId) -> Result<(), Error> {
        for writes in 1.. {
            let Some(interface) = self.find_interface(id).await? else {
                break;
            };
            if is_controller(interface.tags.as_ref()) {
                return Ok(());
            }
            if !interface.has_public_address() {
                break;
            }

            let call = network_interfaces::put_public_address(&self.scope, &interface, None);
            match self.client.write(&call).await {
                Ok(_) => break,
                Err(error) if is_overtaken(&error) && writes < WRITES_MAX => {}
                Err(error) => return Err(error),
            }
        }
        let name = public_ip_addresses::name(id.as_str());
        self.client
            .delete(&public_ip_addresses::delete(&self.scope, &name))
            .await
            .map(|_| ())
    }

    /// What there is of a machine now that it is ours: where addresses come and go, a list of before may be wrong about them.
    pub(super) async fn refreshed(&self, id: &InstanceId, mut parts: Parts) -> Result<Parts, Error> {
        if !self.gives_addresses_on_expose() {
            return Ok(parts);
        }

        let name = network_interfaces::name(id.as_str());
        if let Some(now) = self.find_interface(id).await? {
            parts.interfaces.retain(|own| !own.name.eq_ignore_ascii_case(&name));
            parts.interfaces.push(now);
        }
        let found: Option<PublicIp> = self
            .client
            .find(&public_ip_addresses::get(&self.scope, id.as_str()))
            .await?;
        if let Some(now) = found {
            parts.public_ips.retain(|own| !own.name.eq_ignore_ascii_case(&now.name));
            parts.public_ips.push(now);
        }
        Ok(parts)
    }

    /// After something was opened: without an address nobody comes in.
    pub(super) async fn expose_opened(&self, id: &InstanceId, n_rules: usize) -> Result<(), Error> {
        match n_rules {
            0 => Ok(()),
            _ => self.expose_instance(id).await,
        }
    }

    /// After something was closed: without an opening the address serves nobody.
    pub(super) async fn unexpose_closed(&self, id: &InstanceId) -> Result<(), Error> {
        if !self.gives_addresses_on_expose() || !self.instance_ports(id).await?.is_empty() {
            return Ok(());
        }

        self.unexpose_instance(id).await
    }
}

fn is_controller(own: Option<&Tags>) -> bool {
    tags::value(own, tags::IS_CONTROLLER).is_some_and(|value| value.eq_ignore_ascii_case("true"))
}
