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
        expect![[r#""#]],
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
        expect![[r#""#]],
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
        expect![[r#""#]],
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
        expect![[r#""#]],
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
        expect![[r#""#]],
    );
}
