//! Address prefixes as Network's documents write them.

use ipnet::IpNet;

use crate::error::CloudError;
use crate::forms::forms;

forms! {
    HOST_BITS: Invalid, Network, "InvalidCIDRNotation", "The address prefix {prefix} in resource {resource} has an invalid CIDR notation. For the given prefix length, the address prefix should be {fixed}.", "ARM 3.5", "write the network's own address before the slash";
    NO_PREFIX: Invalid, Network, "InvalidAddressPrefixFormat", "Address prefix {prefix} of resource {resource} is not formatted correctly. It should follow CIDR notation, for example 10.0.0.0/24.", "ARM 3.5", "write the prefix as address/length";
}

/// Reads a prefix of a resource: an address and a length, without host bits.
pub(super) fn read(prefix: &str, resource: &str) -> Result<IpNet, CloudError> {
    let Ok(net) = prefix.parse::<IpNet>() else {
        return Err(CloudError::of(&NO_PREFIX)
            .with("prefix", prefix)
            .with("resource", resource));
    };
    if net.addr() != net.network() {
        let fixed = net.trunc();
        let error = CloudError::of(&HOST_BITS)
            .with("prefix", prefix)
            .with("resource", resource);
        return Err(error.with("fixed", fixed));
    }
    Ok(net)
}
