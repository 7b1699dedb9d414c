//! Rules of public IP addresses.

use expect_test::expect;

use crate::fabric::Power;
use crate::testing::network::{gone, power};
use crate::testing::{Script, check};

#[test]
fn a_static_address_is_there_from_the_end_of_its_first_write_on() {
    check(
        "
        begin put pip p0 static
        get pip p0 /properties/provisioningState /properties/ipAddress
        settle
        get pip p0 /properties/provisioningState /properties/ipAddress
        put pip p0 static idle=10
        get pip p0 /properties/ipAddress /properties/idleTimeoutInMinutes
        put pip p1 static
        get pip p1 /properties/ipAddress
        delete pip p0
        put pip p2 static
        get pip p2 /properties/ipAddress
        ",
        expect![[r#""#]],
    );
}

#[test]
fn a_dynamic_address_lasts_while_its_machine_is_on_a_host() {
    let mut script = Script::run(
        "
        put vnet v0 10.0.0.0/16 subnets=s0:10.0.0.0/24
        put pip p0
        put pip p1 static
        put nic n0 subnet=v0/s0 pip=p0
        get pip p0 /properties/ipAddress
        ",
    );
    power(&mut script, "n0", Power::Running);
    script.more("get pip p0 /properties/ipAddress");
    power(&mut script, "n0", Power::Deallocated);
    script.more("get pip p0 /properties/ipAddress");
    power(&mut script, "n0", Power::Starting);
    script.more(
        "
        get pip p0 /properties/ipAddress
        put pip p0
        get pip p0 /properties/ipAddress
        put nic n0 subnet=v0/s0 pip=p1
        get pip p0 /properties/ipAddress /properties/ipConfiguration
        put nic n0 subnet=v0/s0 pip=p0
        get pip p0 /properties/ipAddress
        ",
    );
    gone(&mut script, "n0", None);
    script.more("get pip p0 /properties/ipAddress");
    expect![[r#""#]]
    .assert_eq(&script.outcomes);
}

#[test]
fn a_dynamic_address_that_becomes_static_is_kept() {
    let mut script = Script::run(
        "
        put vnet v0 10.0.0.0/16 subnets=s0:10.0.0.0/24
        put pip p0
        put nic n0 subnet=v0/s0 pip=p0
        ",
    );
    power(&mut script, "n0", Power::Running);
    script.more(
        "
        get pip p0 /properties/ipAddress
        put pip p0 static
        get pip p0 /properties/ipAddress
        used StaticPublicIPAddresses
        put pip p0 dynamic
        ",
    );
    gone(&mut script, "n0", None);
    script.more(
        "
        get pip p0 /properties/ipAddress
        put nic n0 subnet=v0/s0
        put pip p0 dynamic
        get pip p0 /properties/ipAddress
        used StaticPublicIPAddresses
        ",
    );
    expect![[r#""#]]
    .assert_eq(&script.outcomes);
}

#[test]
fn a_label_is_lower_case_and_unique_in_its_region() {
    check(
        "
        put pip p0 label=l-a_b-1-e
        put pip p0 label=Web
        put pip p0 label=1web
        put pip p0 label=we
        put pip p0 label=web-
        put pip p0 label=web
        get pip p0 /properties/dnsSettings
        put pip p1 label=web
        at eastus
        put pip p2 label=web
        get pip p2 /properties/dnsSettings/fqdn
        at westus
        put pip p0
        get pip p0 /properties/dnsSettings
        put pip p1 label=web
        delete pip p1
        put pip p0 label=web
        ",
        expect![[r#""#]],
    );
}

#[test]
fn an_idle_timeout_lies_between_4_and_30_minutes() {
    check(
        "
        put pip p0 idle=3
        put pip p0 idle=31
        put pip p0 idle=30
        ",
        expect![[r#""#]],
    );
}

#[test]
fn addresses_static_and_standard_ones_have_limits() {
    check(
        "
        limit PublicIPAddresses 3
        limit StaticPublicIPAddresses 1
        limit StandardSkuPublicIpAddresses 1
        put pip p0 static
        put pip p1 static
        put pip p1
        put pip p1 static
        version 2018-06-01
        put pip p2 static standard
        put pip p3
        delete pip p1
        put pip p3 static standard
        used PublicIPAddresses
        used StaticPublicIPAddresses
        used StandardSkuPublicIpAddresses
        delete pip p2
        delete pip p0
        used StaticPublicIPAddresses
        used StandardSkuPublicIpAddresses
        ",
        expect![[r#""#]],
    );
}

#[test]
fn a_standard_address_is_static() {
    check(
        "
        version 2018-06-01
        put pip p0 standard
        put pip p0 static standard
        get pip p0 /sku
        put pip p1 static ipv6
        put pip p1 ipv6
        get pip p1 /properties/ipAddress /properties/publicIPAddressVersion
        ",
        expect![[r#""#]],
    );
}

#[test]
fn sku_version_and_zones_are_for_life() {
    check(
        "
        version 2018-06-01
        put vnet v0 10.0.0.0/16 subnets=s0:10.0.0.0/24
        put pip p0 static
        put nic n0 subnet=v0/s0 pip=p0
        put pip p0 static standard
        put nic n0 subnet=v0/s0
        put pip p0 static standard
        put pip p0 static
        put pip p1
        put pip p1 ipv6
        put pip p2 static standard zones=1,2
        put pip p2 static standard zones=1
        put pip p2 static standard zones=1,2
        ",
        expect![[r#""#]],
    );
}

#[test]
fn an_address_in_use_cannot_be_deleted() {
    check(
        "
        put vnet v0 10.0.0.0/16 subnets=s0:10.0.0.0/24
        put pip p0
        put nic n0 subnet=v0/s0 pip=p0
        get pip p0 /properties/ipConfiguration
        delete pip p0
        put nic n1 subnet=v0/s0 pip=p0
        put nic n0 subnet=v0/s0 pip=p0
        delete nic n0
        delete pip p0
        ",
        expect![[r#""#]],
    );
}

#[test]
fn an_address_that_is_being_made_cannot_be_named() {
    check(
        "
        put vnet v0 10.0.0.0/16 subnets=s0:10.0.0.0/24
        begin put pip p0
        put nic n0 subnet=v0/s0 pip=p0
        ",
        expect![[r#""#]],
    );
}

#[test]
fn members_of_an_address_come_with_versions() {
    check(
        "
        put pip p0 static
        version 2015-06-15
        get pip p0 /sku /properties
        version 2017-08-01
        get pip p0 /sku /properties/publicIPAddressVersion /properties/ipTags
        version 2018-02-01
        get pip p0 /sku /properties/ipTags
        version 2025-05-01
        get pip p0 /sku /properties/ddosSettings
        put pip p1 static standard
        get pip p1 /sku /properties/ddosSettings
        version 2016-03-30
        get pip p1 /sku
        ",
        expect![[r#""#]],
    );
}

#[test]
fn what_the_service_writes_is_not_taken_from_clients() {
    check(
        r#"
        put pip p0 {"properties": {"publicIPAllocationMethod": "dynamic", "ipAddress": "1.2.3.4", "ipConfiguration": {"id": "/x"}, "dnsSettings": {"domainNameLabel": "web", "fqdn": "elsewhere"}}}
        get pip p0 /properties/ipAddress /properties/ipConfiguration /properties/dnsSettings/fqdn /properties/publicIPAllocationMethod
        put pip p1 {"properties": {"publicIPAllocationMethod": "Sometimes"}}
        "#,
        expect![[r#""#]],
    );
}
