//! Rules of virtual networks.

use expect_test::expect;

use crate::testing::check;

#[test]
fn a_network_is_updating_until_its_operation_ends() {
    check(
        "
        begin put vnet v0 10.0.0.0/16
        get vnet v0 /properties/provisioningState
        put vnet v0 10.0.0.0/16
        settle
        get vnet v0 /properties/provisioningState
        begin put vnet v0 10.0.0.0/16
        ",
        expect![[r#"
            created Updating, operation runs
            "Updating"
            RetryableError: A retryable error occurred. <RetryableErrorDueToAnotherOperation: Operation PutVirtualNetworkOperation (<guid>) is updating resource virtualNetworks/v0. The call can be retried in 1 seconds.> [ends by itself]
            "Succeeded"
            updated Updating, operation runs
        "#]],
    );
}

#[test]
fn an_address_space_is_prefixes_that_are_free_and_apart() {
    check(
        r#"
        put vnet v0
        put vnet v0 10.0.0.0/33
        put vnet v0 10.0.0.9/16
        put vnet v0 127.0.0.0/16
        put vnet v0 168.63.0.0/16
        put vnet v0 10.0.0.0/16 10.0.128.0/17
        put vnet v0 10.0.0.0/16 10.1.0.0/16 dns=nonsense
        put vnet v0 10.0.0.0/16 10.1.0.0/16 dns=10.0.0.9
        get vnet v0 /properties/addressSpace /properties/dhcpOptions
        "#,
        expect![[r#"
            NetcfgInvalidVirtualNetworkSite: Virtual network virtualNetworks/v0 has an invalid address space: no address prefix is given.
            InvalidAddressPrefixFormat: Address prefix 10.0.0.0/33 of resource virtualNetworks/v0 is not formatted correctly. It should follow CIDR notation, for example 10.0.0.0/24.
            InvalidCIDRNotation: The address prefix 10.0.0.9/16 in resource virtualNetworks/v0 has an invalid CIDR notation. For the given prefix length, the address prefix should be 10.0.0.0/16.
            NetcfgInvalidVirtualNetworkSite: Virtual network virtualNetworks/v0 has an invalid address space: 127.0.0.0/16 is reserved.
            NetcfgInvalidVirtualNetworkSite: Virtual network virtualNetworks/v0 has an invalid address space: 168.63.0.0/16 is reserved.
            NetcfgInvalidVirtualNetworkSite: Virtual network virtualNetworks/v0 has an invalid address space: 10.0.128.0/17 overlaps 10.0.0.0/16.
            NetcfgInvalidDnsServer: DNS server is not valid as specified with the name 'nonsense'.
            ok
            {"addressPrefixes":["10.0.0.0/16","10.1.0.0/16"]} {"dnsServers":["10.0.0.9"]}
        "#]],
    );
}

#[test]
fn members_of_a_network_come_with_versions() {
    check(
        "
        put vnet v0 10.0.0.0/16 subnets=s0:10.0.0.0/24
        version 2015-06-15
        get vnet v0 /properties/virtualNetworkPeerings /properties/enableDdosProtection /properties/subnets/0/type
        version 2016-09-01
        get vnet v0 /properties/virtualNetworkPeerings /properties/enableDdosProtection /properties/subnets/0/type
        version 2018-04-01
        get vnet v0 /properties/enableDdosProtection /properties/enableVmProtection /properties/subnets/0/type /properties/subnets/0/properties/delegations
        version 2019-11-01
        get vnet v0 /properties/enableVmProtection /properties/subnets/0/properties/privateEndpointNetworkPolicies
        version 2024-01-01
        get vnet v0 /properties/privateEndpointVNetPolicies /properties/subnets/0/properties/privateEndpointNetworkPolicies
        ",
        expect![[r#"
            ok
            - - -
            [] - -
            false false "Microsoft.Network/virtualNetworks/subnets" []
            - "Enabled"
            "Disabled" "Disabled"
        "#]],
    );
}

#[test]
fn a_network_written_without_subnets_loses_them_until_2023() {
    check(
        "
        put vnet v0 10.0.0.0/16 subnets=a:10.0.0.0/24,b:10.0.1.0/24
        put vnet v0 10.0.0.0/16 subnets=b:10.0.1.0/24
        list subnet v0
        put vnet v0 10.0.0.0/16
        list subnet v0
        put vnet v0 10.0.0.0/16 subnets=a:10.0.0.0/24
        version 2023-09-01
        put vnet v0 10.0.0.0/16
        list subnet v0
        ",
        expect![[r#"
            ok
            ok
            [b]
            ok
            []
            ok
            ok
            [a]
        "#]],
    );
}

#[test]
fn subnets_may_trade_places_in_one_write() {
    check(
        "
        put vnet v0 10.0.0.0/16 subnets=a:10.0.0.0/24,b:10.0.1.0/24
        put vnet v0 10.0.0.0/16 subnets=a:10.0.1.0/24,b:10.0.0.0/24
        get subnet v0/a /properties/addressPrefix
        put vnet v0 10.0.0.0/16 subnets=a:10.0.1.0/24,b:10.0.1.0/25
        ",
        expect![[r#"
            ok
            ok
            "10.0.1.0/24"
            NetcfgSubnetRangesOverlap: Subnet 'b' is not valid because its IP address range overlaps with that of an existing subnet in virtual network 'v0'.
        "#]],
    );
}

#[test]
fn a_network_cannot_shrink_below_its_subnets() {
    check(
        "
        version 2023-09-01
        put vnet v0 10.0.0.0/16 subnets=a:10.0.1.0/24
        put vnet v0 10.0.0.0/24
        put vnet v0 10.0.0.0/24 subnets=a:10.0.1.0/24
        put vnet v0 10.0.0.0/23
        ",
        expect![[r#"
            ok
            ok
            NetcfgInvalidSubnet: Subnet 'a' is not valid in virtual network 'v0'.
            ok
        "#]],
    );
}

#[test]
fn a_network_with_an_interface_in_it_cannot_go() {
    check(
        "
        put vnet v0 10.0.0.0/16 subnets=s0:10.0.0.0/24
        put nic n0 subnet=v0/s0
        delete vnet v0
        put vnet v0 10.0.0.0/16
        delete nic n0
        delete vnet v0
        get vnet v0
        ",
        expect![[r#"
            ok
            ok
            InUseSubnetCannotBeDeleted: Subnet s0 is in use by networkInterfaces/n0/ipConfigurations/primary and cannot be deleted. In order to delete the subnet, delete all the resources within the subnet. See aka.ms/deletesubnet.
            InUseSubnetCannotBeDeleted: Subnet s0 is in use by networkInterfaces/n0/ipConfigurations/primary and cannot be deleted. In order to delete the subnet, delete all the resources within the subnet. See aka.ms/deletesubnet.
            ok
            ok
            ResourceNotFound: The Resource 'Microsoft.Network/virtualNetworks/v0' under resource group 'rg' was not found.
        "#]],
    );
}

#[test]
fn networks_are_counted_by_region() {
    check(
        "
        limit VirtualNetworks 1
        put vnet v0 10.0.0.0/16
        put vnet v1 10.0.0.0/16
        at eastus
        put vnet v1 10.0.0.0/16
        used VirtualNetworks
        delete vnet v1
        used VirtualNetworks
        ",
        expect![[r#"
            ok
            VirtualNetworkCountLimitReached: Cannot create more than 1 virtual networks for this subscription in this region.
            ok
            1
            ok
            0
        "#]],
    );
}

#[test]
fn a_network_has_limits_of_subnets_and_servers() {
    check(
        "
        limit SubnetsPerVirtualNetwork 1
        limit DnsServersPerVirtualNetwork 1
        put vnet v0 10.0.0.0/16 subnets=a:10.0.0.0/24,b:10.0.1.0/24
        put vnet v0 10.0.0.0/16 dns=10.0.0.8,10.0.0.9
        put vnet v0 10.0.0.0/16 subnets=a:10.0.0.0/24 dns=10.0.0.8
        put subnet v0/b 10.0.1.0/24
        ",
        expect![[r#"
            SubnetCountLimitReached: Cannot create more than 1 subnets for this virtual network.
            DnsServerCountLimitReached: Cannot specify more than 1 DNS servers for a virtual network.
            ok
            SubnetCountLimitReached: Cannot create more than 1 subnets for this virtual network.
        "#]],
    );
}
