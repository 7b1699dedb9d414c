//! Private addresses: what a configuration may ask of a subnet. Interfaces and internal load balancers share it.

use std::net::{IpAddr, Ipv4Addr};

use crate::cx::Cx;
use crate::error::CloudError;
use crate::forms::forms;
use crate::key::Key;
use crate::registry::Kind;

forms! {
    ADDRESS_ALLOCATED: InUse, Network, "PrivateIPAddressIsAllocated", "IP configuration {configuration} is using the private IP address {address} which is already allocated to resource {holder}.", "ARM 3.5", "choose a free address, or let the service choose";
    ADDRESS_MISSING: Invalid, Network, "PrivateIPAddressMissing", "Private IP address is required when privateIPAllocationMethod is Static in IP configuration {configuration}.", "hashicorp/terraform-provider-azurerm issue 15265", "add privateIPAddress, or use Dynamic";
    ADDRESS_OUTSIDE: Invalid, Network, "PrivateIPAddressNotInSubnet", "Private static IP address {address} does not belong to the range of subnet prefix {prefix}.", "ARM 3.5", "choose an address of the subnet";
    ADDRESS_RESERVED: Invalid, Network, "PrivateIPAddressInReservedRange", "Private static IP address {address} falls within reserved IP range of subnet prefix {prefix}.", "ARM 3.5", "choose an address after the first four and before the last";
    BAD_ADDRESS: Invalid, Network, "InvalidPrivateIPAddressFormat", "Private static IP address value {address} is invalid.", "ARM 3.5, observed-arm", "write an IPv4 address";
    SUBNET_FULL: Capacity, Network, "SubnetIsFull", "Subnet {subnet} with address prefix {prefix} does not have enough capacity for {count} IP addresses.", "ARM 3.5", "delete interfaces, or use a larger subnet";
}

/// A static address: of the subnet, and not reserved there. `configuration` gives the id of what asks for it.
pub(super) fn read_static(
    cx: &Cx<'_>,
    configuration: &dyn Fn() -> String,
    pool: Key,
    address: Option<&str>,
) -> Result<Ipv4Addr, CloudError> {
    let Some(text) = address else {
        return Err(CloudError::of(&ADDRESS_MISSING).with("configuration", configuration()));
    };
    let Ok(IpAddr::V4(address)) = text.parse::<IpAddr>() else {
        return Err(CloudError::of(&BAD_ADDRESS).with("address", text));
    };
    let row = cx.fabric().pools.get(&pool).expect("every subnet has its pool");
    if !row.contains(address) {
        return Err(CloudError::of(&ADDRESS_OUTSIDE)
            .with("address", address)
            .with("prefix", prefix(cx, pool)));
    }
    if row.is_reserved(address) {
        return Err(CloudError::of(&ADDRESS_RESERVED)
            .with("address", address)
            .with("prefix", prefix(cx, pool)));
    }
    Ok(address)
}

/// Who else holds an address: the id of a configuration.
pub(super) fn holder_of(cx: &Cx<'_>, own: Key, pool: Key, address: Ipv4Addr) -> Option<String> {
    let holder = *cx.fabric().leases.get(&(pool, u32::from(address)))?;
    if holder == own {
        return None;
    }
    let held = cx
        .fabric()
        .ports
        .get(&holder)
        .into_iter()
        .flat_map(|port| &port.addresses);
    let name = held
        .filter(|held| held.pool == pool && held.address == address)
        .map(|held| &held.name)
        .next();
    let id = cx.id(holder);
    Some(match name {
        Some(name) if cx.resource(holder).kind == Kind::NetworkInterfaces => format!("{id}/ipConfigurations/{name}"),
        _ => id,
    })
}

/// The refusal of an address that somebody has.
pub(super) fn allocated(configuration: &str, address: Ipv4Addr, holder: &str) -> CloudError {
    let error = CloudError::of(&ADDRESS_ALLOCATED).with("configuration", configuration);
    error.with("address", address).with("holder", holder)
}

/// The refusal of a subnet without a free address.
pub(in crate::types) fn full(cx: &Cx<'_>, pool: Key, count: usize) -> CloudError {
    let error = CloudError::of(&SUBNET_FULL)
        .with("subnet", &cx.resource(pool).name)
        .with("prefix", prefix(cx, pool));
    error.with("count", count)
}

fn prefix(cx: &Cx<'_>, pool: Key) -> String {
    cx.fabric()
        .pools
        .get(&pool)
        .and_then(|pool| pool.ipv4())
        .map_or_else(String::new, |prefix| prefix.to_string())
}
