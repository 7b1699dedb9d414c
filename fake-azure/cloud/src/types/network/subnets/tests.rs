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
        expect![[r#"
            ParentResourceNotFound: Can not perform requested operation on nested resource. Parent resource 'v0' not found.
            ok
            NetcfgInvalidSubnet: Subnet 's0' is not valid in virtual network 'v0'.
            NetcfgInvalidSubnet: Subnet 's0' is not valid in virtual network 'v0'.
            InvalidAddressPrefixFormat: Address prefix  of resource virtualNetworks/v0/subnets/s0 is not formatted correctly. It should follow CIDR notation, for example 10.0.0.0/24.
            InvalidAddressPrefixFormat: Address prefix Nonsense of resource virtualNetworks/v0/subnets/s0 is not formatted correctly. It should follow CIDR notation, for example 10.0.0.0/24.
            InvalidCIDRNotation: The address prefix 10.0.0.1/24 in resource virtualNetworks/v0/subnets/s0 has an invalid CIDR notation. For the given prefix length, the address prefix should be 10.0.0.0/24.
            ok
            NetcfgSubnetRangesOverlap: Subnet 's1' is not valid because its IP address range overlaps with that of an existing subnet in virtual network 'v0'.
            ok
        "#]],
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
        expect![[r#"
            ok
            NetcfgInvalidSubnet: Subnet 's0' is not valid in virtual network 'v0'.
            ok
        "#]],
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
        expect![[r#"
            ok
            ok
            [{"id":"networkInterfaces/n0/ipConfigurations/primary"}]
            InUsePrefixCannotBeDeleted: IpPrefix 10.0.0.0/24 on Subnet s0 has active allocations and cannot be deleted.
            ok
            InUseSubnetCannotBeDeleted: Subnet s0 is in use by networkInterfaces/n0/ipConfigurations/primary and cannot be deleted. In order to delete the subnet, delete all the resources within the subnet. See aka.ms/deletesubnet.
            ok
            -
            ok
            ok
            absent
        "#]],
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
        expect![[r#"
            ok
            created Updating, operation runs
            Updating
            RetryableError: A retryable error occurred. <RetryableErrorDueToAnotherOperation: Operation PutSubnetOperation (<guid>) is updating resource virtualNetworks/v0. The call can be retried in 2 seconds.> [ends by itself]
            ok
        "#]],
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
        expect![[r#"
            ok
            InvalidResourceReference: Resource networkSecurityGroups/g0 referenced by resource virtualNetworks/v0/subnets/s0 was not found. Please make sure that the referenced resource exists, and that both resources are in the same region.
            ok
            ok
            {"id":"networkSecurityGroups/g0"}
            [{"id":"virtualNetworks/v0/subnets/s0"}]
            ok
            InvalidResourceReference: Resource networkSecurityGroups/g1 referenced by resource virtualNetworks/v0/subnets/s0 was not found. Please make sure that the referenced resource exists, and that both resources are in the same region.
        "#]],
    );
}
