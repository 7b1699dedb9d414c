//! Rules of network interfaces.

use expect_test::{Expect, expect};

use crate::fabric::Power;
use crate::testing::network::{gone, power};
use crate::testing::{Script, check, check_after};

const TWO_SUBNETS: &str = "put vnet v0 10.0.0.0/16 subnets=s0:10.0.0.0/24,s1:10.0.1.0/29\n";

fn check_in_subnets(script: &str, expected: Expect) {
    check_after(TWO_SUBNETS, script, expected);
}

#[test]
fn an_interface_is_there_with_the_answer() {
    check_in_subnets(
        "
        begin put nic n0 subnet=v0/s0
        begin put nic n0 subnet=v0/s0
        version 2025-05-01
        begin put nic n0 subnet=v0/s0
        begin delete nic n0
        state nic n0
        settle
        delete nic n0
        ",
        expect![[r#"
            created Succeeded, operation over
            updated Succeeded, operation over
            updated Succeeded
            accepted, operation runs
            Deleting
            absent
        "#]],
    );
}

#[test]
fn an_interface_as_it_is_shown_in_2016() {
    check_in_subnets(
        "
        put nic n0 subnet=v0/s0
        get nic n0 /properties/ipConfigurations/0/id /properties/ipConfigurations/0/type /properties/ipConfigurations/0/properties
        get nic n0 /properties/dnsSettings /properties/enableIPForwarding /properties/enableAcceleratedNetworking /properties/macAddress /properties/virtualMachine
        ",
        expect![[r#"
            ok
            "networkInterfaces/n0/ipConfigurations/primary" - {"subnet":{"id":"virtualNetworks/v0/subnets/s0"},"privateIPAllocationMethod":"Dynamic","privateIPAddressVersion":"IPv4","provisioningState":"Succeeded","privateIPAddress":"10.0.0.4","primary":true}
            {"dnsServers":[],"appliedDnsServers":[],"internalDomainNameSuffix":"ycie4u1gnu0l1spj1ivhfz5tic.fx.internal.cloudapp.net"} false - - -
        "#]],
    );
}

#[test]
fn members_of_an_interface_come_with_versions() {
    check_in_subnets(
        "
        put nic n0 subnet=v0/s0
        version 2015-05-01-preview
        get nic n0 /properties/dnsSettings /properties/ipConfigurations/0/properties
        version 2016-09-01
        get nic n0 /properties/enableAcceleratedNetworking /properties/hostedWorkloads /properties/virtualNetworkTapProvisioningState
        version 2018-04-01
        get nic n0 /properties/hostedWorkloads /properties/virtualNetworkTapProvisioningState /properties/ipConfigurations/0/properties/isInUseWithService
        version 2019-09-01
        get nic n0 /properties/hostedWorkloads /properties/tapConfigurations /properties/virtualNetworkTapProvisioningState /properties/ipConfigurations/0/type
        version 2020-03-01
        get nic n0 /properties/nicType /kind
        version 2025-05-01
        get nic n0 /kind /properties/vnetEncryptionSupported /properties/auxiliaryMode /properties/auxiliarySku /properties/disableTcpStateTracking /properties/allowPort25Out /properties/defaultOutboundConnectivityEnabled
        ",
        expect![[r#"
            ok
            {} {"subnet":{"id":"virtualNetworks/v0/subnets/s0"},"privateIPAllocationMethod":"Dynamic","provisioningState":"Succeeded","privateIPAddress":"10.0.0.4"}
            false - -
            - "NotProvisioned" false
            [] [] - "Microsoft.Network/networkInterfaces/ipConfigurations"
            "Standard" -
            "Regular" false "None" "None" false true false
        "#]],
    );
}

#[test]
fn dynamic_addresses_are_the_lowest_free_and_are_kept() {
    check_in_subnets(
        "
        put nic n0 subnet=v0/s0
        put nic n1 subnet=v0/s0
        put nic n2 subnet=v0/s0
        get nic n2 /properties/ipConfigurations/0/properties/privateIPAddress
        delete nic n1
        put nic n2 subnet=v0/s0
        get nic n2 /properties/ipConfigurations/0/properties/privateIPAddress
        put nic n3 subnet=v0/s0
        get nic n3 /properties/ipConfigurations/0/properties/privateIPAddress
        put nic n2 subnet=v0/s0 name=other
        get nic n2 /properties/ipConfigurations/0/properties/privateIPAddress
        put nic n2 subnet=v0/s1 name=other
        get nic n2 /properties/ipConfigurations/0/properties/privateIPAddress
        ",
        expect![[r#"
            ok
            ok
            ok
            "10.0.0.6"
            ok
            ok
            "10.0.0.6"
            ok
            "10.0.0.5"
            ok
            "10.0.0.7"
            ok
            "10.0.1.4"
        "#]],
    );
}

#[test]
fn a_static_address_is_a_free_one_of_the_subnet() {
    check_in_subnets(
        r#"
        put nic n0 subnet=v0/s0 ip=10.11.12.13.14
        put nic n0 subnet=v0/s0 ip=fd00::4
        put nic n0 subnet=v0/s0 ip=10.0.1.4
        put nic n0 subnet=v0/s0 ip=10.0.0.0
        put nic n0 subnet=v0/s0 ip=10.0.0.3
        put nic n0 subnet=v0/s0 ip=10.0.0.255
        put nic n0 subnet=v0/s0 ip=
        put nic n0 subnet=v0/s0 ip=10.0.0.4
        put nic n1 subnet=v0/s0 ip=10.0.0.4
        put nic n1 subnet=v0/s0
        get nic n1 /properties/ipConfigurations/0/properties/privateIPAddress
        put nic n0 subnet=v0/s0 ip=10.0.0.4
        put nic n0 subnet=v0/s0 ip=10.0.0.254
        put nic n0 subnet=v0/s0
        get nic n0 /properties/ipConfigurations/0/properties/privateIPAddress /properties/ipConfigurations/0/properties/privateIPAllocationMethod
        "#,
        expect![[r#"
            InvalidPrivateIPAddressFormat: Private static IP address value 10.11.12.13.14 is invalid.
            InvalidPrivateIPAddressFormat: Private static IP address value fd00::4 is invalid.
            PrivateIPAddressNotInSubnet: Private static IP address 10.0.1.4 does not belong to the range of subnet prefix 10.0.0.0/24.
            PrivateIPAddressInReservedRange: Private static IP address 10.0.0.0 falls within reserved IP range of subnet prefix 10.0.0.0/24.
            PrivateIPAddressInReservedRange: Private static IP address 10.0.0.3 falls within reserved IP range of subnet prefix 10.0.0.0/24.
            PrivateIPAddressInReservedRange: Private static IP address 10.0.0.255 falls within reserved IP range of subnet prefix 10.0.0.0/24.
            PrivateIPAddressMissing: Private IP address is required when privateIPAllocationMethod is Static in IP configuration networkInterfaces/n0/ipConfigurations/primary.
            ok
            PrivateIPAddressIsAllocated: IP configuration networkInterfaces/n1/ipConfigurations/primary is using the private IP address 10.0.0.4 which is already allocated to resource networkInterfaces/n0/ipConfigurations/primary.
            ok
            "10.0.0.5"
            ok
            ok
            ok
            "10.0.0.254" "Dynamic"
        "#]],
    );
}

#[test]
fn a_full_subnet_gives_no_more_addresses() {
    check_in_subnets(
        "
        put nic n0 subnet=v0/s1
        put nic n1 subnet=v0/s1
        put nic n2 subnet=v0/s1
        put nic n3 subnet=v0/s1
        delete nic n1
        put nic n3 subnet=v0/s1
        get nic n3 /properties/ipConfigurations/0/properties/privateIPAddress
        ",
        expect![[r#"
            ok
            ok
            ok
            SubnetIsFull: Subnet s1 with address prefix 10.0.1.0/29 does not have enough capacity for 1 IP addresses.
            ok
            ok
            "10.0.1.5"
        "#]],
    );
}

#[test]
fn several_configurations_have_one_primary() {
    check_in_subnets(
        r#"
        put nic n0 {"properties": {"ipConfigurations": [{"name": "a", "properties": {"subnet": {"id": "@subnet:v0/s0"}}}, {"name": "b", "properties": {"subnet": {"id": "@subnet:v0/s1"}}}]}}
        put nic n0 {"properties": {"ipConfigurations": [{"name": "a", "properties": {"primary": true, "subnet": {"id": "@subnet:v0/s0"}}}, {"name": "b", "properties": {"primary": true, "subnet": {"id": "@subnet:v0/s1"}}}]}}
        put nic n0 {"properties": {"ipConfigurations": [{"name": "a", "properties": {"subnet": {"id": "@subnet:v0/s0"}}}, {"name": "A", "properties": {"primary": true, "subnet": {"id": "@subnet:v0/s1"}}}]}}
        put nic n0 {"properties": {"ipConfigurations": [{"name": "a", "properties": {"subnet": {"id": "@subnet:v0/s0"}}}, {"name": "b", "properties": {"primary": true, "subnet": {"id": "@subnet:v0/s0"}}}]}}
        get nic n0 /properties/ipConfigurations/0/properties /properties/ipConfigurations/1/properties
        put nic n0 {"properties": {"ipConfigurations": [{"name": "a", "properties": {"privateIPAllocationMethod": "Static", "privateIPAddress": "10.0.0.9", "subnet": {"id": "@subnet:v0/s0"}}}, {"name": "b", "properties": {"primary": true, "privateIPAllocationMethod": "Static", "privateIPAddress": "10.0.0.9", "subnet": {"id": "@subnet:v0/s0"}}}]}}
        put nic n0 {"properties": {"ipConfigurations": [{"name": "a", "properties": {"subnet": {"id": "@subnet:v0/s0"}}}, {"name": "b", "properties": {"primary": true, "privateIPAllocationMethod": "Static", "privateIPAddress": "10.0.0.4", "subnet": {"id": "@subnet:v0/s0"}}}]}}
        get nic n0 /properties/ipConfigurations/0/properties/privateIPAddress /properties/ipConfigurations/1/properties/privateIPAddress
        "#,
        expect![[r#"
            NetworkInterfaceMustHaveOneOneIPConfigAsPrimary: Network Interface n0 specifies multiple IPConfigurations but none of the IPConfigurations is specified as Primary.
            NetworkInterfaceMustHaveOneOneIPConfigAsPrimary: Network Interface n0 specifies multiple IPConfigurations as Primary.
            InvalidRequestFormat: Cannot parse the request. <DuplicateResourceName: Resource networkInterfaces/n0 has two child resources with the same name (A).>
            ok
            {"subnet":{"id":"virtualNetworks/v0/subnets/s0"},"privateIPAllocationMethod":"Dynamic","privateIPAddressVersion":"IPv4","provisioningState":"Succeeded","privateIPAddress":"10.0.0.4","primary":false} {"primary":true,"subnet":{"id":"virtualNetworks/v0/subnets/s0"},"privateIPAllocationMethod":"Dynamic","privateIPAddressVersion":"IPv4","provisioningState":"Succeeded","privateIPAddress":"10.0.0.5"}
            PrivateIPAddressIsAllocated: IP configuration networkInterfaces/n0/ipConfigurations/b is using the private IP address 10.0.0.9 which is already allocated to resource networkInterfaces/n0/ipConfigurations/a.
            ok
            "10.0.0.6" "10.0.0.4"
        "#]],
    );
}

#[test]
fn a_configuration_has_a_name_and_a_subnet() {
    check_in_subnets(
        r#"
        put nic n0 {"properties": {}}
        put nic n0 {"properties": {"ipConfigurations": {}}}
        put nic n0 {"properties": {"ipConfigurations": [{"properties": {"subnet": {"id": "@subnet:v0/s0"}}}]}}
        put nic n0 {"properties": {"ipConfigurations": [{"name": "a"}]}}
        put nic n0 {"properties": {"ipConfigurations": [{"name": "a", "properties": {"subnet": {"id": "nonsense"}}}]}}
        put nic n0 {"properties": {"ipConfigurations": [{"name": "a", "properties": {"subnet": {"id": "@vnet:v0"}}}]}}
        put nic n0 subnet=v0/s2
        at eastus
        put nic n0 subnet=v0/s0
        "#,
        expect![[r#"
            InvalidRequestFormat: Cannot parse the request. <InvalidJson: Error converting value null at path 'properties.ipConfigurations'. Expected at least one IP configuration.>
            InvalidRequestFormat: Cannot parse the request. <InvalidJson: Error converting value {} at path 'properties.ipConfigurations'. Expected an array.>
            InvalidRequestFormat: Cannot parse the request. <InvalidJson: Error converting value null at path 'properties.ipConfigurations[0].name'. Expected a name.>
            InvalidRequestFormat: Cannot parse the request. <InvalidJson: Error converting value null at path 'properties.ipConfigurations[0].properties.subnet'. Expected a subnet.>
            LinkedInvalidPropertyId: Property id 'nonsense' at path 'properties.ipConfigurations.0.properties.subnet' is invalid. Expect fully qualified resource Id that start with '/subscriptions/{subscriptionId}' or '/providers/{resourceProviderNamespace}/'.
            InvalidResourceReference: Resource virtualNetworks/v0 referenced by resource networkInterfaces/n0/ipConfigurations/a was not found. Please make sure that the referenced resource exists, and that both resources are in the same region.
            InvalidResourceReference: Resource virtualNetworks/v0/subnets/s2 referenced by resource networkInterfaces/n0/ipConfigurations/primary was not found. Please make sure that the referenced resource exists, and that both resources are in the same region.
            InvalidResourceReference: Resource virtualNetworks/v0/subnets/s0 referenced by resource networkInterfaces/n0/ipConfigurations/primary was not found. Please make sure that the referenced resource exists, and that both resources are in the same region.
        "#]],
    );
}

#[test]
fn an_ipv6_configuration_needs_no_subnet_and_has_no_address_here() {
    check_in_subnets(
        r#"
        put nic n0 {"properties": {"ipConfigurations": [{"name": "a", "properties": {"primary": true, "subnet": {"id": "@subnet:v0/s0"}}}, {"name": "b", "properties": {"privateIPAddressVersion": "IPv6"}}]}}
        get nic n0 /properties/ipConfigurations/1/properties
        "#,
        expect![[r#"
            ok
            {"privateIPAddressVersion":"IPv6","privateIPAllocationMethod":"Dynamic","provisioningState":"Succeeded","primary":false}
        "#]],
    );
}

#[test]
fn all_configurations_lie_in_one_network() {
    check_in_subnets(
        r#"
        put vnet v1 10.0.0.0/16 subnets=s0:10.0.0.0/24
        put nic n0 {"properties": {"ipConfigurations": [{"name": "a", "properties": {"primary": true, "subnet": {"id": "@subnet:v0/s0"}}}, {"name": "b", "properties": {"subnet": {"id": "@subnet:v1/s0"}}}]}}
        put nic n0 subnet=v0/s0
        put nic n0 subnet=v1/s0
        "#,
        expect![[r#"
            ok
            SubnetsNotInSameVnet: Subnet virtualNetworks/v1/subnets/s0 referenced by resource networkInterfaces/n0/ipConfigurations/b is not in the same Virtual Network virtualNetworks/v0 as the subnets of other IP configurations of the network interface.
            ok
            ok
        "#]],
    );
}

#[test]
fn an_interface_on_a_machine_stays_in_its_network_and_keeps_its_primary() {
    let mut script = Script::run(
        "
        put vnet v0 10.0.0.0/16 subnets=s0:10.0.0.0/24,s1:10.0.1.0/24
        put vnet v1 10.0.0.0/16 subnets=s0:10.0.0.0/24
        put nic n0 subnet=v0/s0
        ",
    );
    power(&mut script, "n0", Power::Deallocated);
    script.more(
        "
        put nic n0 subnet=v1/s0
        put nic n0 subnet=v0/s0 name=other
        put nic n0 subnet=v0/s1
        ",
    );
    gone(&mut script, "n0", None);
    script.more("put nic n0 subnet=v1/s0 name=other");
    expect![[r#"
        ok
        ok
        ok
        SubnetsNotInSameVnet: Subnet virtualNetworks/v1/subnets/s0 referenced by resource networkInterfaces/n0/ipConfigurations/primary is not in the same Virtual Network virtualNetworks/v0 as the subnets of other IP configurations of the network interface.
        IpConfigDeleteNotSupported: IP Configuration primary cannot be deleted. Deletion and renaming of primary IP Configuration is not supported
        ok
        ok
    "#]]
    .assert_eq(&script.outcomes);
}

#[test]
fn a_public_address_serves_one_configuration() {
    check_in_subnets(
        r#"
        put pip p0
        put pip p1
        put nic n0 {"properties": {"ipConfigurations": [{"name": "a", "properties": {"primary": true, "subnet": {"id": "@subnet:v0/s0"}, "publicIPAddress": {"id": "@pip:p0"}}}, {"name": "b", "properties": {"subnet": {"id": "@subnet:v0/s0"}, "publicIPAddress": {"id": "@pip:p0"}}}]}}
        put nic n0 subnet=v0/s0 pip=p0
        put nic n1 subnet=v0/s0 pip=p0
        get nic n0 /properties/ipConfigurations/0/properties/publicIPAddress
        put nic n0 subnet=v0/s0 pip=p1
        put nic n1 subnet=v0/s0 pip=p0
        version 2018-06-01
        put pip p2 static standard
        put nic n2 {"properties": {"ipConfigurations": [{"name": "a", "properties": {"primary": true, "subnet": {"id": "@subnet:v0/s0"}, "publicIPAddress": {"id": "@pip:p2"}}}, {"name": "b", "properties": {"subnet": {"id": "@subnet:v0/s0"}, "publicIPAddress": {"id": "@pip:p3"}}}]}}
        put pip p3
        put nic n2 {"properties": {"ipConfigurations": [{"name": "a", "properties": {"primary": true, "subnet": {"id": "@subnet:v0/s0"}, "publicIPAddress": {"id": "@pip:p2"}}}, {"name": "b", "properties": {"subnet": {"id": "@subnet:v0/s0"}, "publicIPAddress": {"id": "@pip:p3"}}}]}}
        "#,
        expect![[r#"
            ok
            ok
            PublicIPAddressInUse: Resource networkInterfaces/n0/ipConfigurations/b is referencing public IP address publicIPAddresses/p0 that is already allocated to resource networkInterfaces/n0/ipConfigurations/a.
            ok
            PublicIPAddressInUse: Resource networkInterfaces/n1/ipConfigurations/primary is referencing public IP address publicIPAddresses/p0 that is already allocated to resource networkInterfaces/n0/ipConfigurations/primary.
            {"id":"publicIPAddresses/p0"}
            ok
            ok
            ok
            InvalidResourceReference: Resource publicIPAddresses/p3 referenced by resource networkInterfaces/n2/ipConfigurations/b was not found. Please make sure that the referenced resource exists, and that both resources are in the same region.
            ok
            PublicIPAddressesOnNicMustHaveSameSku: Network interface networkInterfaces/n2 references public IP addresses of Basic and Standard sku.
        "#]],
    );
}

#[test]
fn a_machine_shows_on_its_interface_and_its_hardware_address_stays() {
    let mut script = Script::run(
        "
        put vnet v0 10.0.0.0/16 subnets=s0:10.0.0.0/24 dns=10.0.0.9
        put nic n0 subnet=v0/s0 label=host
        get nic n0 /properties/dnsSettings/appliedDnsServers /properties/dnsSettings/internalFqdn /properties/macAddress
        ",
    );
    power(&mut script, "n0", Power::Running);
    script.more(
        "
        get nic n0 /properties/macAddress /properties/primary /properties/virtualMachine
        get nic n0 /properties/dnsSettings
        begin put nic n0 subnet=v0/s0 dns=10.0.0.10
        settle
        get nic n0 /properties/dnsSettings/appliedDnsServers /properties/macAddress
        ",
    );
    gone(&mut script, "n0", None);
    script.more("get nic n0 /properties/macAddress /properties/primary /properties/virtualMachine");
    expect![[r##"
        ok
        ok
        [] - -
        "00-0D-3A-AB-CD-EF" true {"id":"#1000000"}
        {"internalDnsNameLabel":"host","dnsServers":[],"appliedDnsServers":["10.0.0.9"],"internalFqdn":"host.ycie4u1gnu0l1spj1ivhfz5tic.fx.internal.cloudapp.net","internalDomainNameSuffix":"ycie4u1gnu0l1spj1ivhfz5tic.fx.internal.cloudapp.net"}
        updated Updating, operation runs
        ["10.0.0.10"] "00-0D-3A-AB-CD-EF"
        "00-0D-3A-AB-CD-EF" - -
    "##]]
    .assert_eq(&script.outcomes);
}

#[test]
fn an_interface_kept_for_a_machine_that_failed_cannot_be_deleted_for_180_seconds() {
    cov_mark::check!(nic_reserved);
    let mut script = Script::run(
        "
        put vnet v0 10.0.0.0/16 subnets=s0:10.0.0.0/24
        put nic n0 subnet=v0/s0
        ",
    );
    power(&mut script, "n0", Power::Running);
    let until = script.cloud.now().plus_millis(crate::fabric::PORT_RESERVATION_MS);
    gone(&mut script, "n0", Some(until));
    script.more(
        "
        advance 60s
        delete nic n0
        advance 120s
        delete nic n0
        ",
    );
    expect![[r#"
        ok
        ok
        NicReservedForAnotherVm: Nic(s) in request is reserved for another Virtual Machine for 180 seconds. Please provide another nic(s) or retry after 180 seconds. Reserved VM: vm0. [ends by itself]
        ok
    "#]]
    .assert_eq(&script.outcomes);
}

#[test]
fn interfaces_are_counted_by_region() {
    check_in_subnets(
        "
        limit NetworkInterfaces 1
        put nic n0 subnet=v0/s0
        put nic n1 subnet=v0/s0
        delete nic n0
        put nic n1 subnet=v0/s0
        used NetworkInterfaces
        ",
        expect![[r#"
            ok
            NetworkInterfaceCountLimitReached: Cannot create more than 1 network interfaces for this subscription in this region.
            ok
            ok
            1
        "#]],
    );
}

#[test]
fn the_domain_suffix_is_the_networks() {
    check(
        "
        put vnet v0 10.0.0.0/16 subnets=s0:10.0.0.0/24,s1:10.0.1.0/24
        put vnet v1 10.0.0.0/16 subnets=s0:10.0.0.0/24
        put nic n0 subnet=v0/s0
        put nic n1 subnet=v0/s1
        put nic n2 subnet=v1/s0
        get nic n0 /properties/dnsSettings/internalDomainNameSuffix
        get nic n1 /properties/dnsSettings/internalDomainNameSuffix
        get nic n2 /properties/dnsSettings/internalDomainNameSuffix
        ",
        expect![[r#"
            ok
            ok
            ok
            ok
            ok
            "ycie4u1gnu0l1spj1ivhfz5tic.fx.internal.cloudapp.net"
            "ycie4u1gnu0l1spj1ivhfz5tic.fx.internal.cloudapp.net"
            "o4e4zafagfz4kfrisysxbayqma.fx.internal.cloudapp.net"
        "#]],
    );
}

#[test]
fn a_group_that_goes_takes_its_interfaces_along() {
    check(
        "
        put vnet v0 10.0.0.0/16 subnets=s0:10.0.0.0/24
        put nsg g0 ssh:100:Inbound:22
        put pip p0 static label=web
        put nic n0 subnet=v0/s0 pip=p0 nsg=g0
        delete group rg
        used NetworkInterfaces
        used StaticPublicIPAddresses
        in rg
        list nic
        ",
        expect![[r#"
            ok
            ok
            ok
            ok
            ok
            0
            0
            []
        "#]],
    );
}

#[test]
fn an_interface_has_a_limit_of_secondary_configurations() {
    check_in_subnets(
        r#"
        limit SecondaryIPConfigurationsPerNetworkInterface 1
        put nic n0 {"properties": {"ipConfigurations": [{"name": "a", "properties": {"primary": true, "subnet": {"id": "@subnet:v0/s0"}}}, {"name": "b", "properties": {"subnet": {"id": "@subnet:v0/s0"}}}, {"name": "c", "properties": {"subnet": {"id": "@subnet:v0/s0"}}}]}}
        put nic n0 {"properties": {"ipConfigurations": [{"name": "a", "properties": {"primary": true, "subnet": {"id": "@subnet:v0/s0"}}}, {"name": "b", "properties": {"subnet": {"id": "@subnet:v0/s0"}}}]}}
        "#,
        expect![[r#"
            IPConfigurationCountLimitReached: Cannot create more than 1 secondary IP configurations for this network interface.
            ok
        "#]],
    );
}

#[test]
fn an_interface_of_a_machine_cannot_be_deleted() {
    cov_mark::check!(nic_in_use);
    check_in_subnets(
        "
        version 2017-12-01
        put pip p0
        put nic n0 subnet=v0/s0 pip=p0
        put vm v0 nic=n0
        get pip p0 /properties/ipAddress
        get nic n0 /properties/virtualMachine /properties/primary
        delete nic n0
        delete vm v0
        get nic n0 /properties/virtualMachine /properties/primary
        get pip p0 /properties/ipAddress
        ",
        expect![[r#"
            ok
            ok
            ok
            "13.64.0.1"
            {"id":"virtualMachines/v0"} true
            NicInUse: Network Interface networkInterfaces/n0 is used by existing resource virtualMachines/v0. In order to delete the network interface, it must be dissociated from the resource. To learn more, see aka.ms/deletenic.
            ok
            - -
            -
        "#]],
    );
}
