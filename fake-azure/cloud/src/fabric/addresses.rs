//! Public addresses.

use std::net::Ipv4Addr;

use serde::{Deserialize, Serialize};

use super::Fabric;

/// The first public address that is given out, 13.64.0.1; the space above it is Azure's.
pub const FIRST_PUBLIC_ADDRESS: u32 = 0x0d40_0001;

/// A public address, allocated or waiting for a machine to run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublicAddress {
    /// The address, while there is one.
    pub address: Option<Ipv4Addr>,
    /// Whether it keeps its address whatever happens to its user.
    pub fixed: bool,
    /// Its DNS name, if it has one.
    pub dns_name: Option<Box<str>>,
}

impl Fabric {
    /// The lowest public address that nobody holds, but for the first `skip` of them: a plan that needs several skips those it took.
    pub fn free_public_address(&self, skip: usize) -> Ipv4Addr {
        let mut candidate = FIRST_PUBLIC_ADDRESS;
        let mut left = skip;
        let mut taken = self.public_in_use.iter().map(|(address, _)| *address).peekable();
        loop {
            while taken.peek().is_some_and(|address| *address < candidate) {
                taken.next();
            }
            if taken.peek() != Some(&candidate) {
                if left == 0 {
                    return Ipv4Addr::from(candidate);
                }
                left -= 1;
            }
            candidate += 1;
        }
    }
}
