//! Rules of peerings.

use expect_test::{Expect, expect};

use crate::testing::Script;

fn check_between_networks(script: &str, expected: Expect) {
    let networks = "
        version 2017-10-01
        put vnet a 10.0.0.0/16
        put vnet b 10.1.0.0/16
        put vnet c 10.1.128.0/17
    ";
    let mut run = Script::run(networks);
    run.outcomes.clear();
    run.more(script);
    expected.assert_eq(&run.outcomes);
}

#[test]
fn two_halves_make_a_connection() {
    check_between_networks(
        "
        begin put peering a/ab b
        settle
        get peering a/ab /properties
        put peering b/ba a
        get peering a/ab /properties/peeringState
        get peering b/ba /properties/peeringState
        get vnet a /properties/virtualNetworkPeerings/0/name
        delete peering a/ab
        get peering b/ba /properties/peeringState
        put peering a/ab b
        get peering b/ba /properties/peeringState
        version 2019-09-01
        get peering b/ba /properties /type
        ",
        expect![[r#""#]],
    );
}

#[test]
fn a_half_remembers_a_network_that_is_gone() {
    check_between_networks(
        "
        put peering a/ab b
        put peering b/ba a
        delete vnet b
        get peering a/ab /properties/peeringState /properties/remoteVirtualNetwork /properties/remoteAddressSpace
        delete vnet a
        ",
        expect![[r#""#]],
    );
}

#[test]
fn address_spaces_of_peers_are_apart() {
    check_between_networks(
        "
        put peering b/bc c
        put peering a/ab b
        put peering a/ac c
        put peering a/aa a
        put peering a/second b
        put peering a/none
        put peering a/ab b
        ",
        expect![[r#""#]],
    );
}

#[test]
fn a_network_written_without_peerings_loses_them() {
    check_between_networks(
        "
        put peering a/ab b
        put peering b/ba a
        put vnet a 10.0.0.0/16
        list peering a
        get peering b/ba /properties/peeringState
        version 2015-06-15
        get vnet b /properties/virtualNetworkPeerings
        ",
        expect![[r#""#]],
    );
}

#[test]
fn networks_have_a_limit_of_peerings() {
    check_between_networks(
        "
        limit PeeringsPerVirtualNetwork 1
        put vnet d 10.3.0.0/16
        put peering a/ab b
        put peering a/ad d
        ",
        expect![[r#""#]],
    );
}
