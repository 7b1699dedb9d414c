//! Application security groups: names for sets of network interfaces, which security rules use in place of addresses.

use serde::{Deserialize, Serialize};

use crate::Document;
use crate::api_version::ApiVersion;
use crate::cx::Cx;
use crate::descriptor::{Descriptor, Dialect, Lifetimes, NameRule, Polls, Provisioning, Stage, Write, WriteVerb};
use crate::error::CloudError;
use crate::forms::forms;
use crate::plan::Plan;
use crate::quota::QuotaKey;
use crate::resource::Resource;
use crate::types::{Put, ResourceType, View};

forms! {
    IN_USE: InUse, Network, "InUseApplicationSecurityGroupCannotBeDeleted", "Application security group {group} cannot be deleted because it is in use by the following resources: {users}.", "assumed: as network security groups", "take it off the configurations and rules that are named";
}

const UPDATING: Provisioning = Provisioning::Updating;

/// Application security groups.
pub(crate) const DESCRIPTOR: Descriptor = Descriptor {
    since: ApiVersion::date(2017, 9, 1),
    names: NameRule::word(1, 80),
    quota: Some(QuotaKey("ApplicationSecurityGroups")),
    lifetimes: Lifetimes {
        create: &[Stage::new(UPDATING, 500, 3_000)],
        update: &[],
        delete: &[Stage::new(Provisioning::Deleting, 1_000, 11_000)],
    },
    writes: &[
        Write::new(WriteVerb::PutNew, 201)
            .polls(Polls::AsyncOperation)
            .retry_after_secs(10),
        Write::new(WriteVerb::PutAgain, 200).polls(Polls::AsyncOperation),
        Write::new(WriteVerb::Patch, 200),
        Write::accepted(WriteVerb::Delete).retry_after_secs(10),
    ],
    errors: ALL,
    ..Descriptor::of("Microsoft.Network/applicationSecurityGroups", Dialect::Network)
};

/// An application security group: its members name it, it names nobody.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ApplicationSecurityGroup {}

impl ResourceType for ApplicationSecurityGroup {
    const DESCRIPTOR: &'static Descriptor = &DESCRIPTOR;

    fn plan_put(_cx: &Cx<'_>, _put: &Put<'_>, _before: Option<&Self>) -> Result<(Self, Plan), CloudError> {
        Ok((ApplicationSecurityGroup {}, Plan::new()))
    }

    /// A group shows no guid (observed-arm).
    fn render(&self, _cx: &Cx<'_>, _resource: &Resource, _view: &View<'_>, document: &mut Document) {
        if let Some(properties) = document["properties"].as_object_mut() {
            properties.shift_remove("resourceGuid");
        }
    }

    fn in_use(cx: &Cx<'_>, target: &Resource, users: &[String]) -> CloudError {
        CloudError::of(&IN_USE)
            .with("group", cx.id(target.key))
            .with("users", users.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use crate::testing::check;

    #[test]
    fn a_group_that_an_interface_or_a_rule_names_cannot_go() {
        check(
            r#"
            version 2018-06-01
            put asg a0
            put asg a1
            put vnet v0 10.0.0.0/16 subnets=s0:10.0.0.0/24
            put nic n0 {"properties": {"ipConfigurations": [{"name": "primary", "properties": {"subnet": {"id": "@subnet:v0/s0"}, "applicationSecurityGroups": [{"id": "@asg:a0"}]}}]}}
            put nsg g0
            put rule g0/r0 to= {}
            delete asg a0
            put rule g0/r0 {"properties": {"priority": 100, "direction": "Inbound", "access": "Allow", "protocol": "Tcp", "sourcePortRange": "*", "destinationPortRange": "22", "sourceAddressPrefix": "*", "destinationApplicationSecurityGroups": [{"id": "@asg:a1"}]}}
            delete asg a1
            delete rule g0/r0
            delete asg a1
            get nic n0 /properties/ipConfigurations/0/properties/applicationSecurityGroups
            "#,
            expect![[r#"
                ok
                ok
                ok
                ok
                ok
                SecurityRuleParameterMissing: Required security rule parameter DestinationAddressPrefix is missing for security rule with Id: networkSecurityGroups/g0/securityRules/r0.
                InUseApplicationSecurityGroupCannotBeDeleted: Application security group applicationSecurityGroups/a0 cannot be deleted because it is in use by the following resources: networkInterfaces/n0/ipConfigurations/primary.
                ok
                InUseApplicationSecurityGroupCannotBeDeleted: Application security group applicationSecurityGroups/a1 cannot be deleted because it is in use by the following resources: networkSecurityGroups/g0/securityRules/r0.
                ok
                ok
                [{"id":"applicationSecurityGroups/a0"}]
            "#]],
        );
    }

    #[test]
    fn a_new_group_is_updating_and_an_old_one_is_written_at_once() {
        check(
            "
            version 2018-06-01
            begin put asg a0
            settle
            begin put asg a0
            get asg a0 /properties
            ",
            expect![[r#"
                created Updating, operation runs
                updated Succeeded
                {"provisioningState":"Succeeded"}
            "#]],
        );
    }
}
