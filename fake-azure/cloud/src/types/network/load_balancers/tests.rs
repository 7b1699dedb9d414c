//! Rules of load balancers.

use expect_test::{Expect, expect};

use crate::fabric::Power;
use crate::testing::Script;
use crate::testing::network::power;

fn check_in_network(script: &str, expected: Expect) {
    let mut run = Script::run("put vnet v0 10.0.0.0/16 subnets=s0:10.0.0.0/24\nput pip p0\nput pip p1");
    run.outcomes.clear();
    run.more(script);
    expected.assert_eq(&run.outcomes);
}

#[test]
fn a_balancer_is_there_with_its_children() {
    check_in_network(
        "
        begin put lb l0 f=pip:p0 p probe=q:Tcp:80 r=r0:f:p:q:80:8080 nat=n0:f:2200:22
        get lb l0 /properties/provisioningState /properties/frontendIPConfigurations/0/properties
        get lb l0 /properties/backendAddressPools/0/properties /properties/probes/0/properties
        get lb l0 /properties/loadBalancingRules/0/properties
        get lb l0 /properties/inboundNatRules/0/properties
        get lb l0 /properties/inboundNatPools /properties/outboundNatRules /properties/outboundRules /sku
        get pip p0 /properties/ipAddress /properties/ipConfiguration
        ",
        expect![[r#""#]],
    );
}

#[test]
fn members_of_a_balancer_come_with_versions() {
    check_in_network(
        "
        put lb l0 f=pip:p0 p probe=q:Tcp:80 r=r0:f:p:q:80:8080 nat=n0:f:2200:22
        version 2018-06-01
        get lb l0 /sku /properties/outboundNatRules /properties/outboundRules /properties/probes/0/type
        version 2019-09-01
        get lb l0 /properties/loadBalancingRules/0/properties
        get lb l0 /properties/inboundNatRules/0/properties /properties/frontendIPConfigurations/0/properties/privateIPAddressVersion
        put pip s0 static standard
        put lb l1 standard f=pip:s0 p probe=q:Tcp:80 r=r0:f:p:q:80:8080
        get lb l1 /sku /properties/outboundRules /properties/loadBalancingRules/0/properties/disableOutboundSnat
        version 2025-05-01
        get lb l1 /sku /properties/backendAddressPools/0/properties
        ",
        expect![[r#""#]],
    );
}

#[test]
fn an_internal_frontend_takes_an_address_of_its_subnet() {
    check_in_network(
        "
        put nic n0 subnet=v0/s0
        put lb l0 f=subnet:v0/s0
        get frontend l0/f /properties/privateIPAddress
        get subnet v0/s0 /properties/ipConfigurations
        put lb l0 f=subnet:v0/s0:10.0.0.9
        get frontend l0/f /properties/privateIPAddress
        put lb l1 f=subnet:v0/s0:10.0.0.9
        put lb l1 f=subnet:v0/s0:10.0.0.4
        put nic n1 subnet=v0/s0 ip=10.0.0.9
        put lb l1 f=subnet:v0/s0:10.0.0.3
        delete subnet v0/s0
        delete lb l0
        put nic n1 subnet=v0/s0 ip=10.0.0.9
        ",
        expect![[r#""#]],
    );
}

#[test]
fn frontends_are_all_public_or_all_internal() {
    check_in_network(
        "
        put lb l0 f=pip:p0,g=subnet:v0/s0
        put lb l0 f=none
        put lb l0 f=pip:p0,g=pip:p0
        put lb l0 f=pip:p0,g=pip:p1
        put lb l1 f=pip:p1
        put lb l0 f=pip:p0
        put lb l1 f=pip:p1
        delete pip p1
        ",
        expect![[r#""#]],
    );
}

#[test]
fn a_dynamic_address_is_allocated_while_a_frontend_has_it() {
    check_in_network(
        "
        put lb l0 f=pip:p0
        get pip p0 /properties/ipAddress
        put lb l0 f=pip:p1
        get pip p0 /properties/ipAddress
        get pip p1 /properties/ipAddress
        delete lb l0
        get pip p1 /properties/ipAddress /properties/ipConfiguration
        ",
        expect![[r#""#]],
    );
}

#[test]
fn sku_of_balancer_and_addresses_agree() {
    check_in_network(
        "
        version 2018-06-01
        put pip s0 static standard
        put lb l0 standard f=pip:p0
        put lb l0 f=pip:s0
        put lb l0 standard f=pip:s0
        put lb l0 f=pip:p0
        used StandardSkuLoadBalancers
        delete lb l0
        used StandardSkuLoadBalancers
        ",
        expect![[r#""#]],
    );
}

#[test]
fn ports_and_timeouts_have_ranges() {
    check_in_network(
        r#"
        put lb l0 f=pip:p0 p r=r0:f:p::65535:80
        put lb l0 f=pip:p0 p r=r0:f:p::80:65536
        put lb l0 f=pip:p0 p r=r0:f:p::0:80
        put lb l0 f=pip:p0 p nat=n0:f:65535:22
        put lb l0 f=pip:p0 p nat=n0:f:22:65536
        put lb l0 f=pip:p0 p nat=n0:f:0:22
        put lb l0 f=pip:p0 p probe=q:Tcp:65536
        put lb l0 f=pip:p0 p probe=q:Tcp:0
        put lb l0 f=pip:p0 p range=x:f:0:100:22
        put lb l0 f=pip:p0 p range=x:f:1:65535:22
        put lb l0 f=pip:p0 p range=x:f:1:100:65536
        put lb l0 f=pip:p0 p range=x:f:1:100:22
        put lb l0 f=pip:p0 p r=r0:f:p::80:80 idle=3
        put lb l0 f=pip:p0 p r=r0:f:p::80:80 idle=30
        put lb l0 f=pip:p0 p nat=n0:f:80:80 idle=31
        "#,
        expect![[r#""#]],
    );
}

#[test]
fn probes_have_intervals_counts_and_paths() {
    check_in_network(
        "
        put lb l0 f=pip:p0 probe=q:Tcp:80:4
        put lb l0 f=pip:p0 probe=q:Tcp:80:15:0
        put lb l0 f=pip:p0 probe=q:Tcp:80:15:143165577
        put lb l0 f=pip:p0 probe=q:Tcp:80:15:143165576
        put lb l0 f=pip:p0 probe=q:Tcp:80:15:2:/health
        put lb l0 f=pip:p0 probe=q:Http:80:15:2
        put lb l0 f=pip:p0 probe=q:Http:80:15:2:/health
        get lb l0 /properties/probes/0/properties
        put lb l0 f=pip:p0 probe=q:Sctp:80
        ",
        expect![[r#""#]],
    );
}

#[test]
fn two_rules_differ_at_both_ends() {
    check_in_network(
        "
        put lb l0 f=pip:p0,g=pip:p1 p r=a:f:p::80:80,b:f:p::80:81
        put lb l0 f=pip:p0,g=pip:p1 p r=a:f:p::80:80,b:g:p::80:80
        put lb l0 f=pip:p0,g=pip:p1 p r=a:f:p::80:80,b:g:p::80:80 floating
        put lb l0 f=pip:p0,g=pip:p1 p r=a:f:p::80:80,b:g:p::80:81 nat=n:f:80:22
        put lb l0 f=pip:p0,g=pip:p1 p r=a:f:p::80:80,b:g:p::80:81 nat=n:f:81:22
        put lb l0 f=pip:p0,g=pip:p1 p r=a:f:p::81:80,b:g:p::80:81 nat=n:f:80:22
        ",
        expect![[r#""#]],
    );
}

#[test]
fn members_stand_on_the_interfaces() {
    check_in_network(
        r#"
        put lb l0 f=pip:p0 p nat=n0:f:2200:22
        put nic n0 subnet=v0/s0 pool=l0/p nat=l0/n0
        put nic n1 subnet=v0/s0 nat=l0/n0
        put nic n1 subnet=v0/s0 pool=l0/p
        get lb l0 /properties/backendAddressPools/0/properties/backendIPConfigurations
        get lb l0 /properties/inboundNatRules/0/properties/backendIPConfiguration
        put lb l0 f=pip:p0 p
        get nic n0 /properties/ipConfigurations/0/properties/loadBalancerBackendAddressPools /properties/ipConfigurations/0/properties/loadBalancerInboundNatRules
        delete lb l0
        get nic n0 /properties/ipConfigurations/0/properties/loadBalancerBackendAddressPools
        put nic n1 subnet=v0/s0 pool=l0/p
        delete pip p0
        "#,
        expect![[r#""#]],
    );
}

#[test]
fn a_balancer_with_running_members_takes_its_time() {
    let mut script = Script::run(
        "
        put vnet v0 10.0.0.0/16 subnets=s0:10.0.0.0/24
        put pip p0
        put lb l0 f=pip:p0 p
        put nic n0 subnet=v0/s0 pool=l0/p
        begin put lb l0 f=pip:p0 p
        ",
    );
    power(&mut script, "n0", Power::Running);
    script.more(
        "
        begin put lb l0 f=pip:p0 p
        put lb l0 f=pip:p0 p
        settle
        state lb l0
        ",
    );
    expect![[r#""#]].assert_eq(&script.outcomes);
}

#[test]
fn pools_and_nat_rules_are_written_alone_too() {
    check_in_network(
        r#"
        put lb l0 f=pip:p0
        begin put pool l0/p {}
        settle
        list pool l0
        put natrule l0/n {"properties": {"protocol": "Tcp", "frontendPort": 22, "backendPort": 22, "frontendIPConfiguration": {"id": "@frontend:l0/f"}}}
        put natrule l0/m {"properties": {"protocol": "Tcp", "frontendPort": 22, "backendPort": 23, "frontendIPConfiguration": {"id": "@frontend:l0/f"}}}
        get frontend l0/f /properties/inboundNatRules
        delete natrule l0/n
        get frontend l0/f /properties/inboundNatRules
        put lb l0 f=pip:p0 p r=a:f:p::80:80
        delete pool l0/p
        put lb l0 f=pip:p0 p
        delete pool l0/p
        list pool l0
        "#,
        expect![[r#""#]],
    );
}

#[test]
fn outbound_rules_are_for_standard_balancers() {
    check_in_network(
        r#"
        version 2019-09-01
        put pip s0 static standard
        put lb l0 {"properties": {"frontendIPConfigurations": [{"name": "f", "properties": {"publicIPAddress": {"id": "@pip:p0"}}}], "backendAddressPools": [{"name": "p"}], "outboundRules": [{"name": "o", "properties": {"protocol": "All", "backendAddressPool": {"id": "@pool:l0/p"}, "frontendIPConfigurations": [{"id": "@frontend:l0/f"}]}}]}}
        put lb l0 {"sku": {"name": "Standard"}, "properties": {"frontendIPConfigurations": [{"name": "f", "properties": {"publicIPAddress": {"id": "@pip:s0"}}}], "backendAddressPools": [{"name": "p"}], "outboundRules": [{"name": "o", "properties": {"protocol": "All"}}]}}
        put lb l0 {"sku": {"name": "Standard"}, "properties": {"frontendIPConfigurations": [{"name": "f", "properties": {"publicIPAddress": {"id": "@pip:s0"}}}], "backendAddressPools": [{"name": "p"}], "outboundRules": [{"name": "o", "properties": {"protocol": "All", "backendAddressPool": {"id": "@pool:l0/p"}, "frontendIPConfigurations": [{"id": "@frontend:l0/f"}]}}]}}
        get lb l0 /properties/outboundRules/0/properties
        get lb l0 /properties/frontendIPConfigurations/0/properties/outboundRules /properties/backendAddressPools/0/properties/outboundRules
        "#,
        expect![[r#""#]],
    );
}

#[test]
fn balancers_are_counted_by_region() {
    check_in_network(
        "
        limit LoadBalancers 1
        put lb l0 f=pip:p0
        put lb l1 f=pip:p1
        delete lb l0
        put lb l1 f=pip:p1
        ",
        expect![[r#""#]],
    );
}
