//! The virtual network and its one subnet.

use std::net::Ipv4Addr;

use http::Method;
use ipnet::{IpNet, Ipv4Net};
use serde::Deserialize;
use serde_json::{Value, json};

use super::scope::{Call, Scope};
use super::tags::{self, Tags};

const KIND: &str = "Microsoft.Network/virtualNetworks";
const SUBNETS: &str = "Microsoft.Network/virtualNetworks/subnets";

/// Names and space (the ARM notes).
pub(crate) const NETWORK: &str = "juju-internal-network";
pub(crate) const SUBNET: &str = "juju-internal-subnet";
pub(crate) const ADDRESS_SPACE: &str = "10.0.0.0/16";
/// Where machines are made by deployments: of all, and of those that serve the API (juju-provider 1.6).
pub(crate) const INTERNAL_PREFIX: &str = "192.168.0.0/20";
pub(crate) const CONTROLLER_SUBNET: &str = "juju-controller-subnet";
pub(crate) const CONTROLLER_PREFIX: &str = "192.168.16.0/20";
/// Mask of a subnet in that space.
const SUBNET_MASK_LEN: u8 = 16;

/// Addresses of a subnet that Azure keeps: the network itself, gateway, two for DNS; and the last one (ARM 8.2).
const RESERVED_AT_START: u32 = 4;
const RESERVED_AT_END: u32 = 1;

/// A subnet.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Subnet {
    pub(crate) id: String,
    #[serde(default)]
    pub(crate) name: String,
    #[serde(default)]
    properties: SubnetProperties,
}

#[derive(Clone, Debug, Deserialize)]
struct Reference {
    id: String,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct SubnetProperties {
    address_prefix: Option<String>,
    #[serde(default)]
    address_prefixes: Vec<String>,
    #[serde(default)]
    network_security_group: Option<Reference>,
}

impl Subnet {
    /// Its IPv4 prefix.
    pub(crate) fn prefix(&self) -> Option<Ipv4Net> {
        self.prefixes().find_map(|prefix| match prefix {
            IpNet::V4(prefix) => Some(prefix),
            IpNet::V6(_) => None,
        })
    }

    /// Its prefixes; some answers have one, newer ones a list (juju-provider L26).
    pub(crate) fn prefixes(&self) -> impl Iterator<Item = IpNet> {
        let texts = self
            .properties
            .address_prefix
            .iter()
            .chain(&self.properties.address_prefixes);
        texts.filter_map(|text| text.parse().ok())
    }

    /// The security group that hangs on it, if one does.
    pub(crate) fn security_group_id(&self) -> Option<&str> {
        let own = self.properties.network_security_group.as_ref()?;
        Some(own.id.as_str())
    }
}

/// A network, as far as we look at it.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Network {
    #[serde(default)]
    properties: NetworkProperties,
}

#[derive(Clone, Debug, Default, Deserialize)]
struct NetworkProperties {
    #[serde(default)]
    subnets: Vec<Subnet>,
}

impl Network {
    /// The first subnet-sized piece of the space that no other subnet has; our own keeps what it has.
    pub(crate) fn free_prefix(&self) -> Option<Ipv4Net> {
        let space: Ipv4Net = ADDRESS_SPACE.parse().expect("the address space is a prefix");
        let own = self
            .properties
            .subnets
            .iter()
            .find(|subnet| subnet.name.eq_ignore_ascii_case(SUBNET));
        if let Some(prefix) = own.and_then(Subnet::prefix) {
            return Some(prefix);
        }

        let used: Vec<Ipv4Net> = self.properties.subnets.iter().filter_map(Subnet::prefix).collect();
        first_free_prefix(space, SUBNET_MASK_LEN, &used)
    }
}

fn first_free_prefix(space: Ipv4Net, mask_len: u8, used: &[Ipv4Net]) -> Option<Ipv4Net> {
    let overlaps = |a: &Ipv4Net, b: &Ipv4Net| a.contains(&b.network()) || b.contains(&a.network());
    space
        .subnets(mask_len)
        .ok()?
        .find(|prefix| !used.iter().any(|other| overlaps(prefix, other)))
}

/// The lowest address of `prefix` that Azure does not keep and nobody has.
pub(crate) fn lowest_free_address(prefix: Ipv4Net, used: &[Ipv4Addr]) -> Option<Ipv4Addr> {
    let first = u32::from(prefix.network()).checked_add(RESERVED_AT_START)?;
    let last = u32::from(prefix.broadcast()).checked_sub(RESERVED_AT_END)?;
    (first..=last)
        .map(Ipv4Addr::from)
        .find(|address| !used.contains(address))
}

/// The address of the machine with number `nth`, by its number in the subnet; the last one is Azure's (juju-provider 1.6).
pub(crate) fn address_of_machine(prefix: Ipv4Net, nth: u32) -> Option<Ipv4Addr> {
    let first = u32::from(prefix.network()).checked_add(RESERVED_AT_START)?;
    let last = u32::from(prefix.broadcast()).checked_sub(RESERVED_AT_END)?;
    let address = first.checked_add(nth)?;
    (address <= last).then(|| Ipv4Addr::from(address))
}

/// The network alone: its subnet is put by itself.
pub(crate) fn put(scope: &Scope, own: &Tags) -> Call {
    let body = json!({
        "location": scope.location,
        "tags": tags::to_json(own),
        "properties": {"addressSpace": {"addressPrefixes": [ADDRESS_SPACE]}},
    });
    scope.put(
        "create virtual network",
        &scope.id(KIND, &[NETWORK]),
        scope.versions.network,
        &body,
    )
}

pub(crate) fn get(scope: &Scope) -> Call {
    scope.get(
        "find virtual network",
        &scope.id(KIND, &[NETWORK]),
        scope.versions.network,
    )
}

/// The security group hangs on the subnet, not on interfaces (juju-provider 1.8.5a).
pub(crate) fn put_subnet(scope: &Scope, prefix: Ipv4Net, security_group_id: &str) -> Call {
    let body: Value = json!({
        "properties": {"addressPrefix": prefix.to_string(), "networkSecurityGroup": {"id": security_group_id}},
    });
    scope.put(
        "create subnet",
        &scope.id(SUBNETS, &[NETWORK, SUBNET]),
        scope.versions.network,
        &body,
    )
}

pub(crate) fn get_subnet(scope: &Scope) -> Call {
    scope.get(
        "find subnet",
        &scope.id(SUBNETS, &[NETWORK, SUBNET]),
        scope.versions.network,
    )
}

/// A subnet of the environment's own network.
pub(crate) fn get_subnet_named(scope: &Scope, name: &str) -> Call {
    scope.get(
        "find subnet",
        &scope.id(SUBNETS, &[NETWORK, name]),
        scope.versions.network,
    )
}

/// Any subnet, with the security group that hangs on it.
pub(crate) fn get_subnet_by_id(scope: &Scope, id: &str) -> Call {
    let query = [
        ("$expand", "networkSecurityGroup"),
        ("api-version", scope.versions.network),
    ];
    scope.call("find subnet", Method::GET, id, &query, None)
}

/// Every subnet of a network in the group of `scope`.
pub(crate) fn list_subnets(scope: &Scope, network: &str) -> Call {
    scope.get("list subnets", &scope.id(SUBNETS, &[network]), scope.versions.network)
}

pub(crate) fn delete_subnet(scope: &Scope) -> Call {
    scope.delete(
        "delete subnet",
        &scope.id(SUBNETS, &[NETWORK, SUBNET]),
        scope.versions.network,
    )
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use ipnet::Ipv4Net;
    use proptest::prelude::*;

    use super::{address_of_machine, first_free_prefix, lowest_free_address};

    fn net(text: &str) -> Ipv4Net {
        text.parse().expect("the tests write prefixes")
    }

    #[test]
    fn the_first_free_piece_is_taken() {
        let space = net("10.0.0.0/14");
        assert_eq!(first_free_prefix(space, 16, &[]), Some(net("10.0.0.0/16")));
        assert_eq!(
            first_free_prefix(space, 16, &[net("10.0.3.0/24"), net("10.2.0.0/16")]),
            Some(net("10.1.0.0/16"))
        );
        assert_eq!(first_free_prefix(net("10.0.0.0/16"), 16, &[net("10.0.0.0/24")]), None);
    }

    #[test]
    fn addresses_begin_after_those_azure_keeps_and_gaps_are_filled() {
        let prefix = net("10.0.0.0/16");
        assert_eq!(lowest_free_address(prefix, &[]), Some(Ipv4Addr::new(10, 0, 0, 4)));
        let used = [Ipv4Addr::new(10, 0, 0, 4), Ipv4Addr::new(10, 0, 0, 6)];
        assert_eq!(lowest_free_address(prefix, &used), Some(Ipv4Addr::new(10, 0, 0, 5)));
    }

    #[test]
    fn a_small_subnet_has_three_addresses_and_then_none() {
        let prefix = net("10.0.0.0/29");
        let mut used = Vec::new();
        while let Some(address) = lowest_free_address(prefix, &used) {
            used.push(address);
        }
        assert_eq!(used.len(), 3);
        assert_eq!(lowest_free_address(net("10.0.0.0/30"), &[]), None);
    }

    #[test]
    fn a_machine_has_the_address_of_its_number_until_there_are_no_more() {
        let prefix = net("192.168.0.0/20");
        assert_eq!(address_of_machine(prefix, 0), Some(Ipv4Addr::new(192, 168, 0, 4)));
        assert_eq!(
            address_of_machine(prefix, 4_090),
            Some(Ipv4Addr::new(192, 168, 15, 254))
        );
        assert_eq!(address_of_machine(prefix, 4_091), None);
    }

    #[test]
    fn a_chosen_address_is_free_and_inside() {
        proptest!(|(mask in 16_u8..=29, taken in proptest::collection::vec(0_u32..40, 0..40))| {
            let prefix = Ipv4Net::new(Ipv4Addr::new(10, 1, 0, 0), mask).expect("the mask is one");
            let used: Vec<Ipv4Addr> = taken.iter().map(|nth| Ipv4Addr::from(u32::from(prefix.network()) + nth)).collect();
            if let Some(address) = lowest_free_address(prefix, &used) {
                prop_assert!(prefix.contains(&address) && !used.contains(&address));
                prop_assert!(address != prefix.broadcast() && u32::from(address) - u32::from(prefix.network()) >= 4);
            }
        });
    }
}
