//! Microsoft.Network.

mod prefixes;
pub mod subnets;
pub mod virtual_networks;
