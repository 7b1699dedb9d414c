//! Subnets and network interfaces as Juju's upper layers see them (juju-provider 1.14).

use std::net::IpAddr;

use ipnet::IpNet;
use serde_json::{Map, Value};

use super::ArmEnviron;
use super::client::is_absent;
use super::network_interfaces::Interface;
use super::public_ip_addresses::PublicIp;
use super::scope::{name_of, same_id};
use super::virtual_networks::Subnet;
use crate::{AddressConfig, Error, InstanceId, InterfaceAddress, NetworkInterface, Scope, SubnetId, SubnetInfo};

impl ArmEnviron {
    pub(super) async fn find_subnets(
        &self,
        instance: Option<&InstanceId>,
        ids: &[SubnetId],
    ) -> Result<Vec<SubnetInfo>, Error> {
        if instance.is_some() {
            return Err(Error::NotSupported("subnets for instance not supported".to_owned()));
        }

        let subnets = self.list_subnets().await?;
        if ids.is_empty() {
            return Ok(subnets);
        }

        let find = |id: &SubnetId| subnets.iter().find(|own| same_id(own.id.as_str(), id.as_str()));
        let missing: Vec<SubnetId> = ids.iter().filter(|id| find(id).is_none()).cloned().collect();
        if !missing.is_empty() {
            return Err(Error::SubnetsNotFound(missing));
        }

        Ok(ids.iter().filter_map(|id| find(id).cloned()).collect())
    }

    /// Those of the environment's network, as Azure lists them; without those that have no addresses.
    async fn list_subnets(&self) -> Result<Vec<SubnetInfo>, Error> {
        match self.network_subnets().await {
            Ok(found) => Ok(found.iter().flat_map(subnet_infos).collect()),
            Err(error) if is_absent(&error) => Ok(Vec::new()),
            Err(error) => Err(error),
        }
    }

    pub(super) async fn find_network_interfaces(
        &self,
        ids: &[InstanceId],
    ) -> Result<Vec<Option<Vec<NetworkInterface>>>, Error> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }

        let subnets = self.list_subnets().await?;
        let parts = self.parts().await?;
        let all: Vec<&PublicIp> = parts.values().flat_map(|parts| &parts.public_ips).collect();
        let slots: Vec<Option<Vec<NetworkInterface>>> = ids
            .iter()
            .map(|id| {
                let interfaces = &parts.get(id)?.interfaces;
                let own = interfaces.iter().enumerate();
                let own = own.map(|(idx, interface)| network_interface(interface, idx, &subnets, &all));
                (!interfaces.is_empty()).then(|| own.collect())
            })
            .collect();
        match slots.iter().flatten().count() {
            0 => Err(Error::NoInstances),
            _ => Ok(slots),
        }
    }
}

/// A subnet of both families is one to Azure and two to Juju, which tells the newer one by the end of its id (juju-provider L27).
const IPV6: &str = ":ipv6";

/// One of each family that a subnet has a prefix of, the older family first.
fn subnet_infos(subnet: &Subnet) -> impl Iterator<Item = SubnetInfo> {
    let prefixes: Vec<IpNet> = subnet.prefixes().collect();
    let of = |newer: bool| {
        prefixes
            .iter()
            .find(|own| matches!(own, IpNet::V6(_)) == newer)
            .copied()
    };
    let network = subnet.id.to_lowercase().rfind("/subnets/").map(|at| &subnet.id[..at]);
    let network = network.unwrap_or_default().to_owned();
    let name = match subnet.name.is_empty() {
        true => name_of(&subnet.id).to_owned(),
        false => subnet.name.clone(),
    };
    let info = move |id: String, cidr: IpNet| SubnetInfo {
        id: SubnetId::new(id),
        name: name.clone(),
        network: network.clone(),
        cidr,
    };
    let infos = [
        of(false).map(|cidr| info(subnet.id.clone(), cidr)),
        of(true).map(|cidr| info(format!("{}{IPV6}", subnet.id), cidr)),
    ];
    infos.into_iter().flatten()
}

fn network_interface(
    interface: &Interface,
    device_index: usize,
    subnets: &[SubnetInfo],
    public_ips: &[&PublicIp],
) -> NetworkInterface {
    let properties = interface.document().get("properties");
    let mac = properties.and_then(|own| own.get("macAddress")).and_then(Value::as_str);
    let listed = properties
        .and_then(|own| own.get("ipConfigurations"))
        .and_then(Value::as_array);
    let mut configurations: Vec<&Value> = listed
        .into_iter()
        .flatten()
        .filter_map(|own| own.get("properties"))
        .collect();
    configurations.sort_by_key(|own| !own.get("primary").and_then(Value::as_bool).unwrap_or(false));

    let private = configurations
        .iter()
        .filter_map(|own| private_address(own.as_object()?, subnets));
    let public = configurations.iter().filter_map(|own| public_address(own, public_ips));
    NetworkInterface {
        id: interface.id.clone(),
        name: interface.name.clone(),
        device_index,
        // `00-0D-3A-F0-12-34` in Azure (juju-provider L28).
        mac_address: mac.map(|mac| mac.replace('-', ":").to_lowercase()),
        addresses: private.chain(public).collect(),
    }
}

fn private_address(configuration: &Map<String, Value>, subnets: &[SubnetInfo]) -> Option<InterfaceAddress> {
    let text = |name: &str| configuration.get(name).and_then(Value::as_str);
    let value: IpAddr = text("privateIPAddress")?.parse().ok()?;
    let subnet = configuration
        .get("subnet")
        .and_then(|own| own.get("id"))
        .and_then(Value::as_str);
    let subnet = subnet.map(|id| match value {
        IpAddr::V4(_) => id.to_owned(),
        IpAddr::V6(_) => format!("{id}{IPV6}"),
    });
    let info = subnet
        .as_deref()
        .and_then(|id| subnets.iter().find(|own| same_id(own.id.as_str(), id)));
    Some(InterfaceAddress {
        value,
        scope: Scope::CloudLocal,
        config: config_of(text("privateIPAllocationMethod")),
        subnet: subnet.map(SubnetId::new),
        cidr: info.map(|info| info.cidr),
    })
}

/// An interface tells its public address by id only, so that is looked up among all (juju-provider L28).
fn public_address(configuration: &Value, public_ips: &[&PublicIp]) -> Option<InterfaceAddress> {
    let id = configuration.pointer("/publicIPAddress/id").and_then(Value::as_str)?;
    let public_ip = public_ips.iter().find(|own| same_id(&own.id, id))?;
    Some(InterfaceAddress {
        value: public_ip.address()?,
        scope: Scope::Public,
        config: config_of(public_ip.allocation_method()),
        subnet: None,
        cidr: None,
    })
}

fn config_of(method: Option<&str>) -> AddressConfig {
    match method {
        Some(method) if method.eq_ignore_ascii_case("static") => AddressConfig::Static,
        _ => AddressConfig::Dhcp,
    }
}
