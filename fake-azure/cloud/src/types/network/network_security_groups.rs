//! Network security groups.
//!
//! A group owns its rules, which are resources of their own that can also be written inside it. The six default rules
//! belong to every group and are only ever shown.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::security_rules::{self, PLURALS};
use super::{CHILD_TYPES, write_back_links};
use crate::Document;
use crate::api_version::ApiVersion;
use crate::cx::Cx;
use crate::descriptor::{
    Descriptor, Dialect, Field, Inline, Lifetimes, NameRule, Polls, Provisioning, Stage, Write, WriteVerb,
};
use crate::engine::etag;
use crate::error::CloudError;
use crate::forms::forms;
use crate::key::Key;
use crate::plan::Plan;
use crate::quota::QuotaKey;
use crate::registry::Kind;
use crate::resource::Resource;
use crate::types::{Put, ResourceType, View};

forms! {
    IN_USE: InUse, Network, "InUseNetworkSecurityGroupCannotBeDeleted", "Network security group {group} cannot be deleted because it is in use by the following resources: {users}. In order to delete the Network security group, remove the association with the resource(s). To learn how to do this, see aka.ms/deletensg.", "ARM 3.5", "take it off the network interfaces and subnets that are named";
}

const UPDATING: Provisioning = Provisioning::Updating;

/// Network security groups.
pub(crate) const DESCRIPTOR: Descriptor = Descriptor {
    since: ApiVersion::date(2014, 12, 1),
    shows_type_since: ApiVersion::date(2015, 6, 15),
    names: NameRule::word(1, 80),
    quota: Some(QuotaKey("NetworkSecurityGroups")),
    inline: &[Inline {
        path: "/properties/securityRules",
        kind: Kind::SecurityRules,
        // ARM 1.11: a PUT without rules leaves none, in every version.
        kept_if_absent_since: ApiVersion::NEWEST,
    }],
    fields: &[
        Field::read_only("/properties/defaultSecurityRules"),
        Field::read_only("/properties/networkInterfaces"),
        Field::read_only("/properties/subnets"),
    ],
    lifetimes: Lifetimes {
        create: &[Stage::new(UPDATING, 1_000, 4_000)],
        update: &[Stage::new(UPDATING, 1_000, 4_000)],
        delete: &[Stage::new(Provisioning::Deleting, 1_000, 11_000)],
    },
    writes: &[
        Write::new(WriteVerb::PutNew, 201)
            .polls(Polls::AsyncOperation)
            .retry_after_secs(10),
        Write::new(WriteVerb::PutNew, 201)
            .polls(Polls::AsyncOperation)
            .retry_after_secs(3)
            .since(ApiVersion::date(2017, 1, 1)),
        Write::new(WriteVerb::PutAgain, 200)
            .polls(Polls::AsyncOperation)
            .retry_after_secs(3),
        Write::new(WriteVerb::Patch, 200),
        Write::accepted(WriteVerb::Delete).retry_after_secs(10),
    ],
    errors: ALL,
    ..Descriptor::of("Microsoft.Network/networkSecurityGroups", Dialect::Network)
};

/// A default rule: name, description, source, destination, access, priority, direction. Protocol and ports are `*`.
type DefaultRule = (
    &'static str,
    &'static str,
    &'static str,
    &'static str,
    &'static str,
    u16,
    &'static str,
);

/// The rules that every group ends with (ARM 8.2; observed-arm, The rules in short), in the order in which they are shown.
#[rustfmt::skip]
pub(crate) const DEFAULT_RULES: &[DefaultRule] = &[
    ("AllowVnetInBound", "Allow inbound traffic from all VMs in VNET", "VirtualNetwork", "VirtualNetwork", "Allow", 65000, "Inbound"),
    ("AllowAzureLoadBalancerInBound", "Allow inbound traffic from azure load balancer", "AzureLoadBalancer", "*", "Allow", 65001, "Inbound"),
    ("DenyAllInBound", "Deny all inbound traffic", "*", "*", "Deny", 65500, "Inbound"),
    ("AllowVnetOutBound", "Allow outbound traffic from all VMs to all VMs in VNET", "VirtualNetwork", "VirtualNetwork", "Allow", 65000, "Outbound"),
    ("AllowInternetOutBound", "Allow outbound traffic from all VMs to Internet", "*", "Internet", "Allow", 65001, "Outbound"),
    ("DenyAllOutBound", "Deny all outbound traffic", "*", "*", "Deny", 65500, "Outbound"),
];

/// A network security group: all that it has stands in its rules.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct NetworkSecurityGroup {}

impl ResourceType for NetworkSecurityGroup {
    const DESCRIPTOR: &'static Descriptor = &DESCRIPTOR;

    fn plan_put(_cx: &Cx<'_>, _put: &Put<'_>, _before: Option<&Self>) -> Result<(Self, Plan), CloudError> {
        Ok((NetworkSecurityGroup {}, Plan::new()))
    }

    fn check_children(cx: &Cx<'_>, parent: &Resource, written: &[Key]) -> Result<(), CloudError> {
        security_rules::check_among(cx, parent, written)
    }

    fn render(&self, cx: &Cx<'_>, resource: &Resource, view: &View<'_>, document: &mut Document) {
        let properties = &mut document["properties"];
        properties["defaultSecurityRules"] = default_rules(cx, resource, view);
        let users = [
            ("networkInterfaces", Kind::NetworkInterfaces),
            ("subnets", Kind::Subnets),
        ];
        write_back_links(cx, resource, &users, properties);
    }

    fn in_use(cx: &Cx<'_>, target: &Resource, users: &[String]) -> CloudError {
        CloudError::of(&IN_USE)
            .with("group", cx.id(target.key))
            .with("users", users.join(", "))
    }
}

fn default_rules(cx: &Cx<'_>, group: &Resource, view: &View<'_>) -> Value {
    let (id, etag) = (cx.id(group.key), etag(cx, group));
    let state = group.provisioning.as_str();
    let show = |rule: &DefaultRule| {
        let (name, description, source, destination, access, priority, direction) = *rule;
        let mut shown = json!({
            "name": name,
            "id": format!("{id}/defaultSecurityRules/{name}"),
            "etag": etag,
            "properties": {
                "provisioningState": state,
                "description": description,
                "protocol": "*",
                "sourcePortRange": "*",
                "destinationPortRange": "*",
                "sourceAddressPrefix": source,
                "destinationAddressPrefix": destination,
                "access": access,
                "priority": priority,
                "direction": direction,
            },
        });
        if view.version >= CHILD_TYPES {
            shown["type"] = Value::from("Microsoft.Network/networkSecurityGroups/defaultSecurityRules");
        }
        if view.version >= PLURALS {
            for list in [
                "sourcePortRanges",
                "destinationPortRanges",
                "sourceAddressPrefixes",
                "destinationAddressPrefixes",
            ] {
                shown["properties"][list] = json!([]);
            }
        }
        shown
    };
    DEFAULT_RULES.iter().map(show).collect()
}

#[cfg(test)]
mod tests;
