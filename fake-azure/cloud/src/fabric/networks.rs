//! Networks and the address pools inside them.

use std::net::Ipv4Addr;

use ipnet::{IpNet, Ipv4Net};
use serde::{Deserialize, Serialize};

use super::Fabric;
use crate::key::Key;

/// Addresses at the start of every pool that nobody can have: network, gateway and two for DNS (ARM 8.2).
pub const RESERVED_AT_START: u32 = 4;

/// A network: prefixes that pools are cut from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Network {
    /// The address space.
    pub spaces: Vec<IpNet>,
}

/// An address pool: a subnet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pool {
    /// The network it lies in.
    pub network: Key,
    /// Its prefixes; the first IPv4 one gives addresses.
    pub prefixes: Vec<IpNet>,
}

/// One half of a peering between two networks: `network` looks at `remote`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Peering {
    /// The network that has this half.
    pub network: Key,
    /// The network that it leads to.
    pub remote: Key,
    /// How the halves stand to each other. Traffic passes when they are connected.
    pub state: PeeringState,
}

/// How the halves of a peering stand to each other (ARM 8.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum PeeringState {
    /// The other half is not there yet.
    Initiated,
    /// Both halves are there.
    Connected,
    /// The other half is gone.
    Disconnected,
}

impl PeeringState {
    /// In Azure's spelling.
    pub fn as_str(self) -> &'static str {
        match self {
            PeeringState::Initiated => "Initiated",
            PeeringState::Connected => "Connected",
            PeeringState::Disconnected => "Disconnected",
        }
    }
}

impl Pool {
    /// The prefix that IPv4 addresses come from.
    pub fn ipv4(&self) -> Option<Ipv4Net> {
        self.prefixes.iter().find_map(|prefix| match prefix {
            IpNet::V4(prefix) => Some(*prefix),
            IpNet::V6(_) => None,
        })
    }

    /// Whether an address can be given out at all: inside the prefix, not reserved.
    pub fn is_usable(&self, address: Ipv4Addr) -> bool {
        self.contains(address) && !self.is_reserved(address)
    }

    /// Whether an address lies in the pool.
    pub fn contains(&self, address: Ipv4Addr) -> bool {
        self.ipv4().is_some_and(|prefix| prefix.contains(&address))
    }

    /// Whether an address is one of the first four or the last.
    pub fn is_reserved(&self, address: Ipv4Addr) -> bool {
        self.ipv4().is_some_and(|prefix| {
            let offset = u32::from(address).wrapping_sub(u32::from(prefix.network()));
            offset < RESERVED_AT_START || address == prefix.broadcast()
        })
    }
}

/// How many addresses of a prefix can be given out.
pub fn host_count(prefix: Ipv4Net) -> u64 {
    let all = 1_u64 << (32 - prefix.prefix_len());
    all.saturating_sub(u64::from(RESERVED_AT_START) + 1)
}

/// Whether two prefixes share an address.
pub fn prefixes_overlap(one: &IpNet, other: &IpNet) -> bool {
    one.contains(other) || other.contains(one)
}

impl Fabric {
    /// The halves that a network has.
    pub fn peerings_of(&self, network: Key) -> impl Iterator<Item = (Key, &Peering)> {
        self.peerings
            .iter()
            .filter(move |(_, row)| row.network == network)
            .map(|(key, row)| (*key, row))
    }

    /// The half by which one network looks at another.
    pub fn peering_between(&self, network: Key, remote: Key) -> Option<(Key, &Peering)> {
        self.peerings_of(network).find(|(_, row)| row.remote == remote)
    }

    /// The lowest free address of a pool, leaving out those in `but`; `None` when it is full (ARM 8.2, dynamic allocation).
    pub fn lowest_free(&self, pool: Key, but: &[Ipv4Addr]) -> Option<Ipv4Addr> {
        let prefix = self.pools.get(&pool)?.ipv4()?;
        let first = u32::from(prefix.network()).checked_add(RESERVED_AT_START)?;
        let last = u32::from(prefix.broadcast()).checked_sub(1)?;

        let mark = self.none_free_below.get(&pool).copied();
        let mut candidate = mark.unwrap_or(first).max(first);
        if candidate > last {
            return None;
        }
        let mut taken = self
            .leases
            .range((pool, candidate)..=(pool, last))
            .map(|(key, _)| key.1)
            .peekable();
        while candidate <= last {
            while taken.peek().is_some_and(|address| *address < candidate) {
                taken.next();
            }
            if taken.peek() != Some(&candidate) && !but.contains(&Ipv4Addr::from(candidate)) {
                return Some(Ipv4Addr::from(candidate));
            }
            candidate = candidate.checked_add(1)?;
        }
        None
    }

    /// Keeps the mark below which no address of a pool is free.
    pub(super) fn note_lease(&mut self, pool: Key, address: u32, taken: bool) {
        let first = self
            .pools
            .get(&pool)
            .and_then(Pool::ipv4)
            .map_or(0, |prefix| u32::from(prefix.network()) + RESERVED_AT_START);
        let mark = self.none_free_below.entry(pool).or_insert(first);
        if taken && *mark == address {
            let held = self.leases.range((pool, address)..=(pool, u32::MAX));
            *mark = address.saturating_add(1);
            for (key, _) in held.skip_while(|(key, _)| key.1 == address) {
                if key.1 != *mark {
                    break;
                }
                *mark = mark.saturating_add(1);
            }
        } else if !taken && (first..*mark).contains(&address) {
            *mark = address;
        }
    }

    /// Whether an address of a pool is held by nobody.
    pub fn is_free(&self, pool: Key, address: Ipv4Addr) -> bool {
        !self.leases.contains(&(pool, u32::from(address)))
    }

    /// How many addresses of a pool are held.
    pub fn held(&self, pool: Key) -> usize {
        self.leases.range((pool, 0)..=(pool, u32::MAX)).count()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use proptest::prelude::*;

    use super::*;
    use crate::fabric::Change;

    const POOL: Key = Key(7);

    fn cut(fabric: &mut Fabric, prefix: &str) {
        let pool = Pool {
            network: Key(6),
            prefixes: vec![prefix.parse().expect("a prefix")],
        };
        fabric.make(Change::Pool(POOL, Some(Arc::new(pool))));
    }

    /// What `lowest_free` saves itself: every address looked at.
    fn by_looking(fabric: &Fabric) -> Option<Ipv4Addr> {
        let pool = fabric.pools.get(&POOL)?;
        let mut hosts = pool.ipv4()?.hosts();
        hosts.find(|address| pool.is_usable(*address) && fabric.is_free(POOL, *address))
    }

    proptest! {
        #[test]
        fn the_lowest_free_address_is_found_whatever_came_and_went(
            steps in proptest::collection::vec((0_u32..40, any::<bool>(), 0_u8..20), 0..120),
        ) {
            let mut fabric = Fabric::default();
            cut(&mut fabric, "10.0.1.0/27");
            for (offset, taken, prefix) in steps {
                match prefix {
                    0 => cut(&mut fabric, "10.0.0.0/23"),
                    1 => cut(&mut fabric, "10.0.1.0/27"),
                    _ => {
                        let address = u32::from(Ipv4Addr::new(10, 0, 1, 0)) + offset;
                        fabric.make(Change::Lease((POOL, address), taken.then(|| Arc::new(Key(9)))));
                    }
                }
                prop_assert_eq!(fabric.lowest_free(POOL, &[]), by_looking(&fabric));
            }
        }
    }
}
