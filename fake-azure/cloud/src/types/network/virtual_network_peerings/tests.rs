//! Rules of peerings.

use expect_test::{Expect, expect};

use crate::testing::check_after;

fn check_between_networks(script: &str, expected: Expect) {
    let networks = "
        version 2017-10-01
        put vnet va 10.0.0.0/16
        put vnet vb 10.1.0.0/16
        put vnet vc 10.1.128.0/17
    ";
    check_after(networks, script, expected);
}

#[test]
fn two_halves_make_a_connection() {
    check_between_networks(
        "
        begin put peering va/ab vb
        settle
        get peering va/ab /properties
        put peering vb/ba va
        get peering va/ab /properties/peeringState
        get peering vb/ba /properties/peeringState
        get vnet va /properties/virtualNetworkPeerings/0/name
        delete peering va/ab
        get peering vb/ba /properties/peeringState
        put peering va/ab vb
        get peering vb/ba /properties/peeringState
        version 2019-09-01
        get peering vb/ba /properties /type
        ",
        expect![[r#"
            created Updating, operation runs
            {"remoteVirtualNetwork":{"id":"virtualNetworks/vb"},"allowVirtualNetworkAccess":true,"allowForwardedTraffic":false,"allowGatewayTransit":false,"useRemoteGateways":false,"routeServiceVips":{},"provisioningState":"Succeeded","peeringState":"Initiated","remoteAddressSpace":{"addressPrefixes":["10.1.0.0/16"]}}
            ok
            "Connected"
            "Connected"
            "ab"
            ok
            "Disconnected"
            ok
            "Connected"
            {"remoteVirtualNetwork":{"id":"virtualNetworks/va"},"allowVirtualNetworkAccess":true,"allowForwardedTraffic":false,"allowGatewayTransit":false,"useRemoteGateways":false,"doNotVerifyRemoteGateways":false,"routeServiceVips":{},"provisioningState":"Succeeded","peeringState":"Connected","remoteAddressSpace":{"addressPrefixes":["10.0.0.0/16"]},"resourceGuid":"<guid>"} "Microsoft.Network/virtualNetworks/virtualNetworkPeerings"
        "#]],
    );
}

#[test]
fn a_half_remembers_a_network_that_is_gone() {
    check_between_networks(
        "
        put peering va/ab vb
        put peering vb/ba va
        delete vnet vb
        get peering va/ab /properties/peeringState /properties/remoteVirtualNetwork /properties/remoteAddressSpace
        delete vnet va
        ",
        expect![[r#"
            ok
            ok
            ok
            "Disconnected" {"id":"virtualNetworks/vb"} {"addressPrefixes":["10.1.0.0/16"]}
            ok
        "#]],
    );
}

#[test]
fn address_spaces_of_peers_are_apart() {
    check_between_networks(
        "
        put peering vb/bc vc
        put peering va/ab vb
        put peering va/ac vc
        put peering va/aa va
        put peering va/second vb
        put peering va/none
        put peering va/ab vb
        ",
        expect![[r#"
            VnetAddressSpacesOverlap: Cannot create or update peering virtualNetworks/vb/virtualNetworkPeerings/bc. Virtual networks virtualNetworks/vb and virtualNetworks/vc cannot be peered because their address spaces overlap. Overlapping address prefixes: 10.1.0.0/16, 10.1.128.0/17.
            ok
            VnetAddressSpaceOverlapsWithAlreadyPeeredVnet: Cannot create or update peering virtualNetworks/va/virtualNetworkPeerings/ac. Address space of virtual network virtualNetworks/vc overlaps with address space of virtual network virtualNetworks/vb already peered with virtual network virtualNetworks/va.
            CannotPeerVirtualNetworkWithItself: Peering virtualNetworks/va/virtualNetworkPeerings/aa cannot reference its own virtual network.
            AnotherPeeringAlreadyReferencesRemoteVnet: Peering virtualNetworks/va/virtualNetworkPeerings/second cannot reference remote virtual network virtualNetworks/vb because another peering virtualNetworks/va/virtualNetworkPeerings/ab of the same virtual network already references it.
            InvalidRequestFormat: Cannot parse the request. <InvalidJson: Error converting value null at path 'properties.remoteVirtualNetwork'. Expected a virtual network.>
            ok
        "#]],
    );
}

#[test]
fn a_network_written_without_peerings_loses_them() {
    check_between_networks(
        "
        put peering va/ab vb
        put peering vb/ba va
        put vnet va 10.0.0.0/16
        list peering va
        get peering vb/ba /properties/peeringState
        version 2015-06-15
        get vnet vb /properties/virtualNetworkPeerings
        ",
        expect![[r#"
            ok
            ok
            ok
            []
            "Disconnected"
            -
        "#]],
    );
}

#[test]
fn networks_have_a_limit_of_peerings() {
    check_between_networks(
        "
        limit PeeringsPerVirtualNetwork 1
        put vnet vd 10.3.0.0/16
        put peering va/ab vb
        put peering va/ad vd
        ",
        expect![[r#"
            ok
            ok
            VirtualNetworkPeeringCountLimitReached: Cannot create more than 1 peerings for this virtual network.
        "#]],
    );
}
