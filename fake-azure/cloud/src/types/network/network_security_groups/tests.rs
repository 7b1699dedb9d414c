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
        expect![[r#""#]],
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
        expect![[r#""#]],
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
        expect![[r#""#]],
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
        expect![[r#""#]],
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
        expect![[r#""#]],
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
        expect![[r#""#]],
    );
}

#[test]
fn a_new_group_is_updating_and_so_are_its_rules() {
    check(
        "
        begin put nsg g0 a:100:Inbound:22
        get nsg g0 /properties/provisioningState /properties/securityRules/0/properties/provisioningState /properties/defaultSecurityRules/0/properties/provisioningState
        put nic n0 {}
        settle
        get nsg g0 /properties/provisioningState /properties/securityRules/0/properties/provisioningState /properties/defaultSecurityRules/0/properties/provisioningState
        ",
        expect![[r#""#]],
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
        expect![[r#""#]],
    );
}
