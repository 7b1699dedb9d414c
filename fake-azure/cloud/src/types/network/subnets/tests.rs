//! Rules of subnets.

use expect_test::expect;

use crate::testing::check;

#[test]
fn a_subnet_lies_inside_its_network_and_apart_from_others() {
    check(
        "
        put subnet v0/s0 10.0.0.0/24
        put vnet v0 10.0.0.0/16
        put subnet v0/s0 10.1.0.0/24
        put subnet v0/s0 10.0.0.0/30
        put subnet v0/s0
        put subnet v0/s0 Nonsense
        put subnet v0/s0 10.0.0.1/24
        put subnet v0/s0 10.0.0.0/24
        put subnet v0/s1 10.0.0.128/25
        put subnet v0/s1 10.0.1.0/29
        ",
        expect![[r#""#]],
    );
}

#[test]
fn an_ipv6_prefix_has_64_bits() {
    check(
        r#"
        put vnet v0 10.0.0.0/16 fd00::/48
        put subnet v0/s0 {"properties": {"addressPrefixes": ["10.0.0.0/24", "fd00::/65"]}}
        put subnet v0/s0 {"properties": {"addressPrefixes": ["10.0.0.0/24", "fd00::/64"]}}
        "#,
        expect![[r#""#]],
    );
}

#[test]
fn a_subnet_in_use_keeps_its_prefix_and_stays() {
    check(
        "
        put vnet v0 10.0.0.0/16 subnets=s0:10.0.0.0/24
        put nic n0 subnet=v0/s0
        get subnet v0/s0 /properties/ipConfigurations
        put subnet v0/s0 10.0.1.0/24
        put subnet v0/s0 10.0.0.0/24
        delete subnet v0/s0
        delete nic n0
        get subnet v0/s0 /properties/ipConfigurations
        put subnet v0/s0 10.0.1.0/24
        delete subnet v0/s0
        delete subnet v0/s0
        ",
        expect![[r#""#]],
    );
}

#[test]
fn a_subnet_is_not_written_while_its_network_is() {
    check(
        "
        put vnet v0 10.0.0.0/16
        begin put subnet v0/s0 10.0.0.0/24
        state vnet v0
        advance 0s
        put subnet v0/s1 10.0.1.0/24
        settle
        put subnet v0/s1 10.0.1.0/24
        ",
        expect![[r#""#]],
    );
}

#[test]
fn a_subnet_names_a_security_group_of_its_region() {
    check(
        "
        put vnet v0 10.0.0.0/16
        put subnet v0/s0 10.0.0.0/24 nsg=g0
        put nsg g0
        put subnet v0/s0 10.0.0.0/24 nsg=g0
        get subnet v0/s0 /properties/networkSecurityGroup
        get nsg g0 /properties/subnets
        at eastus
        put nsg g1
        put subnet v0/s0 10.0.0.0/24 nsg=g1
        ",
        expect![[r#""#]],
    );
}
