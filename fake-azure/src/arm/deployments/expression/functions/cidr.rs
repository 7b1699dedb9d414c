//! Address ranges.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use serde_json::{Map, Value};

use super::{Category, Types, function, int, text};

pub(super) const FUNCTIONS: Category = &[
    function("cidrHost", &[Types::TEXT, Types::INT], host),
    function("cidrSubnet", &[Types::TEXT, Types::INT, Types::INT], subnet),
    function("parseCidr", &[Types::TEXT], parse),
];

/// A range: its first address, how long its prefix is, how long an address is.
struct Range {
    first: u128,
    prefix: u32,
    bits: u32,
}

impl Range {
    fn read(given: &str) -> Result<Range, String> {
        let wrong = || format!("the provided value '{given}' is not a valid CIDR notation.");
        let (address, prefix) = given.split_once('/').ok_or_else(wrong)?;
        let (address, bits) = match address.parse::<IpAddr>().map_err(|_| wrong())? {
            IpAddr::V4(address) => (u128::from(u32::from(address)), 32),
            IpAddr::V6(address) => (u128::from(address), 128),
        };
        let prefix: u32 = prefix.parse().ok().filter(|prefix| *prefix <= bits).ok_or_else(wrong)?;
        Ok(Range {
            first: address & !hosts(bits - prefix),
            prefix,
            bits,
        })
    }

    fn last(&self) -> u128 {
        self.first | hosts(self.bits - self.prefix)
    }

    fn shown(&self, address: u128) -> String {
        if self.bits == 32 {
            Ipv4Addr::from(u32::try_from(address & u128::from(u32::MAX)).unwrap_or(0)).to_string()
        } else {
            Ipv6Addr::from(address).to_string()
        }
    }
}

/// So many ones.
fn hosts(bits: u32) -> u128 {
    if bits >= 128 { u128::MAX } else { (1_u128 << bits) - 1 }
}

fn parse(args: &[Value]) -> Result<Value, String> {
    let range = Range::read(text(&args[0]))?;
    let (first, last) = (range.first, range.last());
    let mask = if range.bits == 32 {
        hosts(32) & !hosts(32 - range.prefix)
    } else {
        !hosts(128 - range.prefix)
    };
    let has_hosts = last - first >= 2;
    let mut members = Map::new();
    let mut add = |name: &str, value: String| members.insert(name.to_owned(), Value::from(value));
    add("network", range.shown(first));
    add("netmask", range.shown(mask));
    if range.bits == 32 {
        add("broadcast", range.shown(last));
    }
    add("firstUsable", range.shown(if has_hosts { first + 1 } else { first }));
    add(
        "lastUsable",
        range.shown(if has_hosts && range.bits == 32 { last - 1 } else { last }),
    );
    members.insert("cidr".to_owned(), Value::from(range.prefix));
    Ok(Value::Object(members))
}

fn subnet(args: &[Value]) -> Result<Value, String> {
    let range = Range::read(text(&args[0]))?;
    let (wanted, index) = (int(&args[1]), int(&args[2]));
    let prefix = u32::try_from(wanted)
        .ok()
        .filter(|prefix| (range.prefix..=range.bits).contains(prefix));
    let Some(prefix) = prefix else {
        return Err(format!(
            "the new CIDR '{wanted}' must be between '{}' and '{}'.",
            range.prefix, range.bits
        ));
    };
    let index = u128::try_from(index)
        .ok()
        .filter(|index| *index <= hosts(prefix - range.prefix));
    let Some(index) = index else {
        return Err(format!(
            "the subnet index '{}' is out of the range of '{}'.",
            int(&args[2]),
            text(&args[0])
        ));
    };
    let step = if prefix == 0 { 0 } else { range.bits - prefix };
    let first = range.first + if step >= 128 { 0 } else { index << step };
    Ok(Value::from(format!("{}/{prefix}", range.shown(first))))
}

/// The host with this number, counted from the first that can be used.
fn host(args: &[Value]) -> Result<Value, String> {
    let range = Range::read(text(&args[0]))?;
    let number = int(&args[1]);
    let has_hosts = range.last() - range.first >= 2;
    let first = if has_hosts { range.first + 1 } else { range.first };
    let last = if has_hosts && range.bits == 32 {
        range.last() - 1
    } else {
        range.last()
    };
    let address = u128::try_from(number)
        .ok()
        .and_then(|number| first.checked_add(number))
        .filter(|address| *address <= last);
    match address {
        Some(address) => Ok(Value::from(range.shown(address))),
        None => Err(format!(
            "the host index '{number}' is out of the range of '{}'.",
            text(&args[0])
        )),
    }
}
