//! Rules of load balancers.

use expect_test::{Expect, expect};

use crate::fabric::Power;
use crate::testing::network::power;
use crate::testing::{Script, check_after};

fn check_in_network(script: &str, expected: Expect) {
    check_after(
        "put vnet v0 10.0.0.0/16 subnets=s0:10.0.0.0/24\nput pip p0\nput pip p1",
        script,
        expected,
    );
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
        expect![[r#"
            created Succeeded, operation over
            "Succeeded" {"publicIPAddress":{"id":"publicIPAddresses/p0"},"privateIPAllocationMethod":"Dynamic","provisioningState":"Succeeded","loadBalancingRules":[{"id":"loadBalancers/l0/loadBalancingRules/r0"}],"inboundNatRules":[{"id":"loadBalancers/l0/inboundNatRules/n0"}]}
            {"provisioningState":"Succeeded","loadBalancingRules":[{"id":"loadBalancers/l0/loadBalancingRules/r0"}]} {"protocol":"Tcp","port":80,"intervalInSeconds":15,"numberOfProbes":2,"provisioningState":"Succeeded","loadBalancingRules":[{"id":"loadBalancers/l0/loadBalancingRules/r0"}]}
            {"protocol":"Tcp","frontendIPConfiguration":{"id":"loadBalancers/l0/frontendIPConfigurations/f"},"backendAddressPool":{"id":"loadBalancers/l0/backendAddressPools/p"},"frontendPort":80,"backendPort":8080,"probe":{"id":"loadBalancers/l0/probes/q"},"enableFloatingIP":false,"idleTimeoutInMinutes":4,"loadDistribution":"Default","provisioningState":"Succeeded"}
            {"protocol":"Tcp","frontendIPConfiguration":{"id":"loadBalancers/l0/frontendIPConfigurations/f"},"frontendPort":2200,"backendPort":22,"enableFloatingIP":false,"idleTimeoutInMinutes":4,"provisioningState":"Succeeded"}
            [] [] - -
            "13.64.0.1" {"id":"loadBalancers/l0/frontendIPConfigurations/f"}
        "#]],
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
        expect![[r#"
            ok
            {"name":"Basic"} - - "Microsoft.Network/loadBalancers/probes"
            {"protocol":"Tcp","frontendIPConfiguration":{"id":"loadBalancers/l0/frontendIPConfigurations/f"},"backendAddressPool":{"id":"loadBalancers/l0/backendAddressPools/p"},"frontendPort":80,"backendPort":8080,"probe":{"id":"loadBalancers/l0/probes/q"},"enableFloatingIP":false,"idleTimeoutInMinutes":4,"loadDistribution":"Default","enableDestinationServiceEndpoint":false,"enableTcpReset":false,"allowBackendPortConflict":false,"provisioningState":"Succeeded"}
            {"protocol":"Tcp","frontendIPConfiguration":{"id":"loadBalancers/l0/frontendIPConfigurations/f"},"frontendPort":2200,"backendPort":22,"enableFloatingIP":false,"idleTimeoutInMinutes":4,"enableDestinationServiceEndpoint":false,"enableTcpReset":false,"allowBackendPortConflict":false,"provisioningState":"Succeeded"} "IPv4"
            ok
            ok
            {"name":"Standard"} [] false
            {"name":"Standard","tier":"Regional"} {"provisioningState":"Succeeded","loadBalancerBackendAddresses":[],"loadBalancingRules":[{"id":"loadBalancers/l1/loadBalancingRules/r0"}]}
        "#]],
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
        expect![[r#"
            ok
            ok
            "10.0.0.5"
            [{"id":"networkInterfaces/n0/ipConfigurations/primary"},{"id":"loadBalancers/l0/frontendIPConfigurations/f"}]
            ok
            "10.0.0.9"
            PrivateIPAddressIsAllocated: IP configuration loadBalancers/l1/frontendIPConfigurations/f is using the private IP address 10.0.0.9 which is already allocated to resource loadBalancers/l0/frontendIPConfigurations/f.
            PrivateIPAddressIsAllocated: IP configuration loadBalancers/l1/frontendIPConfigurations/f is using the private IP address 10.0.0.4 which is already allocated to resource networkInterfaces/n0/ipConfigurations/primary.
            PrivateIPAddressIsAllocated: IP configuration networkInterfaces/n1/ipConfigurations/primary is using the private IP address 10.0.0.9 which is already allocated to resource loadBalancers/l0/frontendIPConfigurations/f.
            PrivateIPAddressInReservedRange: Private static IP address 10.0.0.3 falls within reserved IP range of subnet prefix 10.0.0.0/24.
            InUseSubnetCannotBeDeleted: Subnet s0 is in use by networkInterfaces/n0/ipConfigurations/primary, loadBalancers/l0/frontendIPConfigurations/f and cannot be deleted. In order to delete the subnet, delete all the resources within the subnet. See aka.ms/deletesubnet.
            ok
            ok
        "#]],
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
        expect![[r#"
            LoadBalancerCannotHavePublicAndPrivateFrontends: Load balancer loadBalancers/l0 cannot have both public and private frontend IP configurations.
            FrontendIPConfigurationMustHaveSubnetOrPublicIP: Frontend IP configuration loadBalancers/l0/frontendIPConfigurations/f must reference either a subnet or a public IP address.
            PublicIPAddressInUse: Resource loadBalancers/l0/frontendIPConfigurations/g is referencing public IP address publicIPAddresses/p0 that is already allocated to resource loadBalancers/l0/frontendIPConfigurations/f.
            ok
            PublicIPAddressInUse: Resource loadBalancers/l1/frontendIPConfigurations/f is referencing public IP address publicIPAddresses/p1 that is already allocated to resource loadBalancers/l0/frontendIPConfigurations/g.
            ok
            ok
            PublicIPAddressCannotBeDeleted: Public IP address publicIPAddresses/p1 can not be deleted since it is still allocated to resource loadBalancers/l1/frontendIPConfigurations/f. In order to delete the public IP, disassociate/detach the Public IP address from the resource.  To learn how to do this, see aka.ms/deletepublicip.
        "#]],
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
        expect![[r#"
            ok
            "13.64.0.1"
            ok
            -
            "13.64.0.1"
            ok
            - -
        "#]],
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
        expect![[r#"
            ok
            PublicIPAndLBSkuDoNotMatch: Standard sku load balancer loadBalancers/l0 cannot reference Basic sku publicIP publicIPAddresses/p0.
            PublicIPAndLBSkuDoNotMatch: Basic sku load balancer loadBalancers/l0 cannot reference Standard sku publicIP publicIPAddresses/s0.
            ok
            LoadBalancerSkuCannotChange: Sku of load balancer loadBalancers/l0 cannot be changed from Standard to Basic.
            1
            ok
            0
        "#]],
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
        expect![[r#"
            PortValueIsOutOfRange: Resource r0 has invalid value of FrontendPort (65535). The value must be between 0 and 65534.
            PortValueIsOutOfRange: Resource r0 has invalid value of BackendPort (65536). The value must be between 0 and 65535.
            SubscriptionNotRegisteredForFeature: Subscription 0b1f6471-1bf0-4dda-aec3-cb9272f09590 is not registered for feature Microsoft.Network/AllowILBAllPortsRule required to carry out the requested operation.
            PortValueIsOutOfRange: Resource n0 has invalid value of FrontendPort (65535). The value must be between 0 and 65534.
            PortValueIsOutOfRange: Resource n0 has invalid value of BackendPort (65536). The value must be between 0 and 65535.
            SubscriptionNotRegisteredForFeature: Subscription 0b1f6471-1bf0-4dda-aec3-cb9272f09590 is not registered for feature Microsoft.Network/AllowILBAllPortsRule required to carry out the requested operation.
            PortValueIsOutOfRange: Resource q has invalid value of Port (65536). The value must be between 1 and 65535.
            PortValueIsOutOfRange: Resource q has invalid value of Port (0). The value must be between 1 and 65535.
            PortValueIsOutOfRange: Resource x has invalid value of FrontendPortRangeStart (0). The value must be between 1 and 65534.
            PortValueIsOutOfRange: Resource x has invalid value of FrontendPortRangeEnd (65535). The value must be between 1 and 65534.
            PortValueIsOutOfRange: Resource x has invalid value of BackendPort (65536). The value must be between 1 and 65535.
            ok
            RuleIdleTimeoutIsOutOfRange: Rule r0 has invalid Idle Timeout. The value must be between 4 and 30.
            ok
            RuleIdleTimeoutIsOutOfRange: Rule n0 has invalid Idle Timeout. The value must be between 4 and 30.
        "#]],
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
        expect![[r#"
            ProbeIntervalIsOutOfRange: Probe Interval for probe q must be between 5 and 2147483646.
            NumberOfProbesIsOutOfRange: NumberOfProbes value for probe q is out of range. When IntervalInSeconds is 15, the value must be between 1 and 143165576.
            NumberOfProbesIsOutOfRange: NumberOfProbes value for probe q is out of range. When IntervalInSeconds is 15, the value must be between 1 and 143165576.
            ok
            ProbeRequestPathIsNotNull: Request path for probe loadBalancers/l0/probes/q must be null when its protocol is Tcp.
            ProbeRequestPathIsNull: Request path for probe loadBalancers/l0/probes/q cannot be null when its protocol is Http.
            ok
            {"protocol":"Http","port":80,"intervalInSeconds":15,"numberOfProbes":2,"requestPath":"/health","provisioningState":"Succeeded"}
            InvalidRequestFormat: Cannot parse the request. <InvalidJson: Error converting value "Sctp" at path 'properties.protocol'. Expected one of: Http, Tcp, Https.>
        "#]],
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
        expect![[r#"
            RulesUseSameFrontendPortProtocolAndIPConfig: Load balancing rules loadBalancers/l0/loadBalancingRules/b and loadBalancers/l0/loadBalancingRules/a belong to the same load balancer and use the same frontend port and protocol with the same frontend IP configuration.
            RulesUseSameBackendPortProtocolAndPool: Load balancing rules loadBalancers/l0/loadBalancingRules/b and loadBalancers/l0/loadBalancingRules/a belong to the same load balancer and use the same backend port and protocol with the same backend address pool.
            ok
            RulesUseSameFrontendPortProtocolAndIPConfig: Load balancing rules loadBalancers/l0/inboundNatRules/n and loadBalancers/l0/loadBalancingRules/a belong to the same load balancer and use the same frontend port and protocol with the same frontend IP configuration.
            ok
            ok
        "#]],
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
        expect![[r#"
            ok
            ok
            InboundNatRuleInUse: Resource networkInterfaces/n1/ipConfigurations/primary is referencing inbound NAT rule loadBalancers/l0/inboundNatRules/n0 that is already used by resource networkInterfaces/n0/ipConfigurations/primary.
            ok
            [{"id":"networkInterfaces/n0/ipConfigurations/primary"},{"id":"networkInterfaces/n1/ipConfigurations/primary"}]
            {"id":"networkInterfaces/n0/ipConfigurations/primary"}
            ok
            [{"id":"loadBalancers/l0/backendAddressPools/p"}] -
            ok
            -
            InvalidResourceReference: Resource loadBalancers/l0/backendAddressPools/p referenced by resource networkInterfaces/n1/ipConfigurations/primary was not found. Please make sure that the referenced resource exists, and that both resources are in the same region.
            ok
        "#]],
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
    expect![[r#"
        ok
        ok
        ok
        ok
        updated Succeeded, operation over
        updated Updating, operation runs
        RetryableError: A retryable error occurred. <RetryableErrorDueToAnotherOperation: Operation PutLoadBalancerOperation (<guid>) is updating resource loadBalancers/l0. The call can be retried in 81 seconds.> [ends by itself]
        Succeeded
    "#]].assert_eq(&script.outcomes);
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
        expect![[r#"
            ok
            created Updating, operation runs
            [p]
            ok
            RulesUseSameFrontendPortProtocolAndIPConfig: Load balancing rules loadBalancers/l0/inboundNatRules/m and loadBalancers/l0/inboundNatRules/n belong to the same load balancer and use the same frontend port and protocol with the same frontend IP configuration.
            [{"id":"loadBalancers/l0/inboundNatRules/n"}]
            ok
            -
            ok
            InUseBackendAddressPoolCannotBeDeleted: Backend address pool loadBalancers/l0/backendAddressPools/p is in use by loadBalancers/l0/loadBalancingRules/a and cannot be deleted.
            ok
            ok
            []
        "#]],
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
        expect![[r#"
            ok
            OutboundRuleNotSupportedForBasicSku: Outbound rule loadBalancers/l0/outboundRules/o is not supported on a Basic sku load balancer.
            InvalidRequestFormat: Cannot parse the request. <InvalidJson: Error converting value null at path 'properties.backendAddressPool'. Expected a backend address pool.>
            ok
            {"protocol":"All","backendAddressPool":{"id":"loadBalancers/l0/backendAddressPools/p"},"frontendIPConfigurations":[{"id":"loadBalancers/l0/frontendIPConfigurations/f"}],"allocatedOutboundPorts":0,"idleTimeoutInMinutes":4,"enableTcpReset":false,"provisioningState":"Succeeded"}
            [{"id":"loadBalancers/l0/outboundRules/o"}] [{"id":"loadBalancers/l0/outboundRules/o"}]
        "#]],
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
        expect![[r#"
            ok
            LoadBalancerCountLimitReached: Cannot create more than 1 load balancers for this subscription in this region.
            ok
            ok
        "#]],
    );
}

#[test]
fn a_balancer_has_limits_of_parts() {
    check_in_network(
        "
        put lb i0 f=subnet:v0/s0,g=subnet:v0/s0
        limit FrontendIPConfigurationPerLoadBalancer 1
        put lb l0 f=pip:p0,g=pip:p1
        limit InboundRulesPerLoadBalancer 2
        put lb l0 f=pip:p0 p r=a:f:p::80:80 nat=n:f:81:22 range=x:f:100:200:22
        put lb l0 f=pip:p0 p r=a:f:p::80:80 nat=n:f:81:22
        ",
        expect![[r#"
            FrontendIPConfigurationCountLimitReached: Cannot create more than 1 frontend IP configurations for this load balancer.
            FrontendIPConfigurationCountLimitReached: Cannot create more than 1 frontend IP configurations for this load balancer.
            InboundRuleCountLimitReached: Cannot create more than 2 inbound rules for this load balancer.
            ok
        "#]],
    );
}
