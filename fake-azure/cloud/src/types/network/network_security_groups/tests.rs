//! Rules of network security groups.

use expect_test::expect;

use crate::testing::check;

#[test]
fn every_group_shows_its_default_rules() {
    check(
        "
        put nsg g0
        get nsg g0 /properties/securityRules /properties/defaultSecurityRules/1/name /properties/defaultSecurityRules/1/properties
        get nsg g0 /properties/defaultSecurityRules/3/id /properties/defaultSecurityRules/5/properties/priority
        version 2018-04-01
        get nsg g0 /properties/defaultSecurityRules/4/type /properties/defaultSecurityRules/4/properties
        ",
        expect![[r#"
            ok
            [] "AllowAzureLoadBalancerInBound" {"provisioningState":"Succeeded","description":"Allow inbound traffic from azure load balancer","protocol":"*","sourcePortRange":"*","destinationPortRange":"*","sourceAddressPrefix":"AzureLoadBalancer","destinationAddressPrefix":"*","access":"Allow","priority":65001,"direction":"Inbound"}
            "networkSecurityGroups/g0/defaultSecurityRules/AllowVnetOutBound" 65500
            "Microsoft.Network/networkSecurityGroups/defaultSecurityRules" {"provisioningState":"Succeeded","description":"Allow outbound traffic from all VMs to Internet","protocol":"*","sourcePortRange":"*","destinationPortRange":"*","sourceAddressPrefix":"*","destinationAddressPrefix":"Internet","access":"Allow","priority":65001,"direction":"Outbound","sourcePortRanges":[],"destinationPortRanges":[],"sourceAddressPrefixes":[],"destinationAddressPrefixes":[]}
        "#]],
    );
}

#[test]
fn rules_written_inside_a_group_are_resources() {
    check(
        "
        put nsg g0 ssh:100:Inbound:22 web:110:Inbound:80
        list rule g0
        get rule g0/ssh /properties
        put nsg g0 web:110:Inbound:80
        list rule g0
        get rule g0/ssh
        put nsg g0
        list rule g0
        ",
        expect![[r#"
            ok
            [ssh web]
            {"priority":100,"direction":"Inbound","access":"Allow","protocol":"Tcp","sourcePortRange":"*","destinationPortRange":"22","sourceAddressPrefix":"*","destinationAddressPrefix":"*","provisioningState":"Succeeded"}
            ok
            [web]
            NotFound: Resource networkSecurityGroups/g0/securityRules/ssh not found.
            ok
            []
        "#]],
    );
}

#[test]
fn rules_may_trade_priorities_in_one_write() {
    check(
        "
        put nsg g0 a:100:Inbound:22 b:110:Inbound:80
        put nsg g0 a:110:Inbound:22 b:100:Inbound:80
        get rule g0/a /properties/priority
        put nsg g0 a:110:Inbound:22 b:110:Inbound:80
        get rule g0/b /properties/priority
        ",
        expect![[r#"
            ok
            ok
            110
            SecurityRuleConflict: Security rule b conflicts with rule a. Rules cannot have the same Priority and Direction.
            100
        "#]],
    );
}

#[test]
fn a_group_in_use_cannot_be_deleted() {
    check(
        "
        put nsg g0
        put vnet v0 10.0.0.0/16
        put subnet v0/s0 10.0.0.0/24 nsg=g0
        put nic n0 subnet=v0/s0 nsg=g0
        get nsg g0 /properties/networkInterfaces /properties/subnets
        delete nsg g0
        put nic n0 subnet=v0/s0
        delete nsg g0
        put subnet v0/s0 10.0.0.0/24
        get nsg g0 /properties/networkInterfaces /properties/subnets
        delete nsg g0
        ",
        expect![[r#"
            ok
            ok
            ok
            ok
            [{"id":"networkInterfaces/n0"}] [{"id":"virtualNetworks/v0/subnets/s0"}]
            InUseNetworkSecurityGroupCannotBeDeleted: Network security group networkSecurityGroups/g0 cannot be deleted because it is in use by the following resources: virtualNetworks/v0/subnets/s0, networkInterfaces/n0. In order to delete the Network security group, remove the association with the resource(s). To learn how to do this, see aka.ms/deletensg.
            ok
            InUseNetworkSecurityGroupCannotBeDeleted: Network security group networkSecurityGroups/g0 cannot be deleted because it is in use by the following resources: virtualNetworks/v0/subnets/s0. In order to delete the Network security group, remove the association with the resource(s). To learn how to do this, see aka.ms/deletensg.
            ok
            - -
            ok
        "#]],
    );
}

#[test]
fn groups_are_counted_by_region() {
    check(
        "
        limit NetworkSecurityGroups 1
        put nsg g0
        put nsg g1
        put nsg g0
        delete nsg g0
        put nsg g1
        ",
        expect![[r#"
            ok
            NetworkSecurityGroupCountLimitReached: Cannot create more than 1 network security groups for this subscription in this region.
            ok
            ok
            ok
        "#]],
    );
}

#[test]
fn a_group_has_a_limit_of_rules_and_of_their_values() {
    check(
        "
        limit SecurityRulesPerNetworkSecurityGroup 2
        put nsg g0 a:100:Inbound:22 b:110:Inbound:80 c:120:Inbound:443
        put nsg g0 a:100:Inbound:22 b:110:Inbound:80
        put rule g0/c priority=120
        version 2017-10-01
        limit SecurityRuleAddressesOrPortsPerNetworkSecurityGroup 2
        put rule g0/a priority=100 from= froms=10.0.0.1,10.0.0.2
        put rule g0/b priority=110 from= froms=10.0.0.3
        ",
        expect![[r#"
            SecurityRuleCountLimitReached: A security group cannot have more than 2 security rules.
            ok
            SecurityRuleCountLimitReached: A security group cannot have more than 2 security rules.
            ok
            SecurityRuleAddressesOrPortsPerSecurityGroupLimitReached: Network security group networkSecurityGroups/g0 has 3 SourceAddressPrefixes. A security group cannot have more than 2 SourceAddressPrefixes as per the limit MaxSecurityRuleAddressesOrPortsPerSecurityGroup.
        "#]],
    );
}

#[test]
fn a_new_group_is_updating_and_so_are_its_rules() {
    check(
        "
        begin put nsg g0 a:100:Inbound:22
        get nsg g0 /properties/provisioningState /properties/securityRules/0/properties/provisioningState /properties/defaultSecurityRules/0/properties/provisioningState
        settle
        get nsg g0 /properties/provisioningState /properties/securityRules/0/properties/provisioningState /properties/defaultSecurityRules/0/properties/provisioningState
        ",
        expect![[r#"
            created Updating, operation runs
            "Updating" "Updating" "Updating"
            "Succeeded" "Succeeded" "Succeeded"
        "#]],
    );
}

#[test]
fn a_group_that_is_being_written_cannot_be_named() {
    check(
        "
        put vnet v0 10.0.0.0/16 subnets=s0:10.0.0.0/24
        begin put nsg g0
        put nic n0 subnet=v0/s0 nsg=g0
        settle
        put nic n0 subnet=v0/s0 nsg=g0
        ",
        expect![[r#"
            ok
            created Updating, operation runs
            ReferencedResourceNotProvisioned: Cannot proceed with operation because resource networkSecurityGroups/g0 used by resource networkInterfaces/n0 is not in Succeeded state. Resource is in Updating state and the last operation that updated/is updating the resource is PutNetworkSecurityGroupOperation. [ends by itself]
            ok
        "#]],
    );
}
