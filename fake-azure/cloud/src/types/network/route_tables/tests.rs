//! Rules of route tables and routes.

use expect_test::expect;

use crate::testing::check;

#[test]
fn a_table_is_written_with_its_routes() {
    check(
        "
        begin put table t0 a:10.0.0.0/24:VirtualAppliance:10.1.0.4 b:0.0.0.0/0:Internet
        settle
        get table t0 /properties/provisioningState /properties/routes/0/properties /properties/disableBgpRoutePropagation
        version 2019-09-01
        get table t0 /properties/routes/1/properties /properties/routes/1/type /properties/disableBgpRoutePropagation
        put table t0 b:0.0.0.0/0:none
        list route t0
        get route t0/b /properties/nextHopType
        ",
        expect![[r#"
            created Updating, operation runs
            "Succeeded" {"addressPrefix":"10.0.0.0/24","nextHopType":"VirtualAppliance","nextHopIpAddress":"10.1.0.4","provisioningState":"Succeeded"} -
            {"addressPrefix":"0.0.0.0/0","nextHopType":"Internet","hasBgpOverride":false,"provisioningState":"Succeeded"} "Microsoft.Network/routeTables/routes" false
            ok
            [b]
            "None"
        "#]],
    );
}

#[test]
fn a_route_is_written_alone_into_its_table() {
    check(
        "
        put route t0/a 10.0.0.0/24 Internet
        put table t0
        begin put route t0/a 10.0.0.0/24 Internet
        state table t0
        settle
        get table t0 /properties/routes/0/name
        delete route t0/a
        get route t0/a
        ",
        expect![[r#"
            ParentResourceNotFound: Can not perform requested operation on nested resource. Parent resource 't0' not found.
            ok
            created Updating, operation runs
            Updating
            "a"
            ok
            NotFound: Resource routeTables/t0/routes/a not found.
        "#]],
    );
}

#[test]
fn a_route_has_an_aligned_prefix_and_a_next_hop() {
    check(
        "
        put table t0
        put route t0/a nonsense Internet
        put route t0/a 10.0.0.1/24 Internet
        put route t0/a 10.0.0.0/24 Sideways
        put route t0/a 10.0.0.0/24
        put route t0/a 10.0.0.0/24 VirtualAppliance
        put route t0/a 10.0.0.0/24 VirtualAppliance nowhere
        put route t0/a 10.0.0.0/24 Internet 10.0.0.4
        put route t0/a 10.0.0.0/24 VirtualAppliance 10.0.0.4
        put route t0/b 10.0.0.0/24 Internet
        put route t0/a 10.0.1.0/24 Internet
        put route t0/b 10.0.0.0/24 Internet
        ",
        expect![[r#"
            ok
            InvalidAddressPrefixFormat: Address prefix nonsense of resource routeTables/t0/routes/a is not formatted correctly. It should follow CIDR notation, for example 10.0.0.0/24.
            InvalidCIDRNotation: The address prefix 10.0.0.1/24 in resource routeTables/t0/routes/a has an invalid CIDR notation. For the given prefix length, the address prefix should be 10.0.0.0/24.
            InvalidRequestFormat: Cannot parse the request. <InvalidJson: Error converting value "Sideways" at path 'properties.nextHopType'. Expected one of: VirtualNetworkGateway, VnetLocal, Internet, VirtualAppliance, None.>
            InvalidRequestFormat: Cannot parse the request. <InvalidJson: Error converting value null at path 'properties.nextHopType'. Expected a next hop type.>
            NextHopIpAddressRequired: Route routeTables/t0/routes/a has next hop type VirtualAppliance and must specify a next hop IP address.
            InvalidNextHopIpAddress: Next hop IP address nowhere of route routeTables/t0/routes/a is not valid.
            NextHopIpAddressNotAllowed: Route routeTables/t0/routes/a cannot specify a next hop IP address because its next hop type is not VirtualAppliance.
            ok
            RouteConflict: Route b conflicts with route a. Routes cannot have the same AddressPrefix.
            ok
            ok
        "#]],
    );
}

#[test]
fn a_table_on_a_subnet_cannot_be_deleted() {
    check(
        "
        put table t0
        put vnet v0 10.0.0.0/16
        put subnet v0/s0 10.0.0.0/24 table=t0
        get table t0 /properties/subnets
        get subnet v0/s0 /properties/routeTable
        delete table t0
        put subnet v0/s0 10.0.0.0/24
        get table t0 /properties/subnets
        delete table t0
        ",
        expect![[r#"
            ok
            ok
            ok
            [{"id":"virtualNetworks/v0/subnets/s0"}]
            {"id":"routeTables/t0"}
            InUseRouteTableCannotBeDeleted: Route table t0 is in use and cannot be deleted.
            ok
            -
            ok
        "#]],
    );
}

#[test]
fn tables_and_their_routes_have_limits() {
    check(
        "
        limit RouteTables 1
        limit RoutesPerRouteTable 1
        put table t0
        put table t1
        put table t0 a:10.0.0.0/24:Internet b:10.0.1.0/24:Internet
        put table t0 a:10.0.0.0/24:Internet
        put route t0/b 10.0.1.0/24 Internet
        ",
        expect![[r#"
            ok
            RouteTableCountLimitReached: Cannot create more than 1 route tables for this subscription in this region.
            RouteCountLimitReached: Cannot create more than 1 routes for this route table.
            ok
            RouteCountLimitReached: Cannot create more than 1 routes for this route table.
        "#]],
    );
}
