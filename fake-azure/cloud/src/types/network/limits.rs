//! Limits of one object: how many parts it may have (ARM 4.1). The codes follow the family of those that are known.

use crate::cx::Cx;
use crate::error::{CloudError, Form};
use crate::forms::forms;

forms! {
    DNS_SERVERS: Quota, Network, "DnsServerCountLimitReached", "Cannot specify more than {limit} DNS servers for a virtual network.", "ARM 4.1 (code and form assumed)", "name fewer DNS servers";
    FRONTENDS: Quota, Network, "FrontendIPConfigurationCountLimitReached", "Cannot create more than {limit} frontend IP configurations for this load balancer.", "ARM 4.1 (code and form assumed)", "use several load balancers";
    INBOUND_RULES: Quota, Network, "InboundRuleCountLimitReached", "Cannot create more than {limit} inbound rules for this load balancer.", "ARM 4.1 (code and form assumed)", "use several load balancers";
    IP_CONFIGURATIONS: Quota, Network, "IPConfigurationCountLimitReached", "Cannot create more than {limit} secondary IP configurations for this network interface.", "ARM 4.1 (code and form assumed)", "use several network interfaces";
    OUTBOUND_RULES: Quota, Network, "OutboundRuleCountLimitReached", "Cannot create more than {limit} outbound rules for this load balancer.", "ARM 4.1 (code and form assumed)", "use several load balancers";
    PEERINGS: Quota, Network, "VirtualNetworkPeeringCountLimitReached", "Cannot create more than {limit} peerings for this virtual network.", "ARM 4.1 (code and form assumed)", "delete a peering";
    ROUTES: Quota, Network, "RouteCountLimitReached", "Cannot create more than {limit} routes for this route table.", "ARM 4.1 (code and form assumed)", "delete routes, or use several tables";
    SUBNETS: Quota, Network, "SubnetCountLimitReached", "Cannot create more than {limit} subnets for this virtual network.", "ARM 4.1 (code and form assumed)", "delete a subnet, or use several networks";
}

/// Refuses more than the limit of a row; nothing is refused where the profile has no such row.
pub(super) fn check(cx: &Cx<'_>, row: &str, count: usize, form: &Form) -> Result<(), CloudError> {
    match cx.limit(row) {
        Some(limit) if i64::try_from(count).is_ok_and(|count| count > limit) => {
            Err(CloudError::of(form).with("limit", limit))
        }
        _ => Ok(()),
    }
}
