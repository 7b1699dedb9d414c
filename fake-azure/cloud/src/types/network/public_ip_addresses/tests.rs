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
        expect![[r#"
            created Updating, operation runs
            "Updating" -
            "Succeeded" "13.64.0.1"
            ok
            "13.64.0.1" 10
            ok
            "13.64.0.2"
            ok
            ok
            "13.64.0.1"
        "#]],
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
    expect![[r#"
        ok
        ok
        ok
        ok
        -
        "13.64.0.2"
        -
        "13.64.0.2"
        ok
        "13.64.0.2"
        ok
        - -
        ok
        "13.64.0.2"
        -
    "#]]
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
    expect![[r#"
        ok
        ok
        ok
        "13.64.0.1"
        ok
        "13.64.0.1"
        1
        PublicIPAllocationMethodCannotBeChanged: Allocation method of public IP address publicIPAddresses/p0 cannot be changed from Static to Dynamic while it is allocated to resource networkInterfaces/n0/ipConfigurations/primary.
        "13.64.0.1"
        ok
        ok
        -
        0
    "#]]
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
        expect![[r#"
            InvalidDomainNameLabel: The domain name label l-a_b-1-e is invalid. It must conform to the following regular expression: ^[a-z][a-z0-9-]{1,61}[a-z0-9]$.
            InvalidDomainNameLabel: The domain name label Web is invalid. It must conform to the following regular expression: ^[a-z][a-z0-9-]{1,61}[a-z0-9]$.
            InvalidDomainNameLabel: The domain name label 1web is invalid. It must conform to the following regular expression: ^[a-z][a-z0-9-]{1,61}[a-z0-9]$.
            InvalidDomainNameLabel: The domain name label we is invalid. It must conform to the following regular expression: ^[a-z][a-z0-9-]{1,61}[a-z0-9]$.
            InvalidDomainNameLabel: The domain name label web- is invalid. It must conform to the following regular expression: ^[a-z][a-z0-9-]{1,61}[a-z0-9]$.
            ok
            {"domainNameLabel":"web","fqdn":"web.westus.cloudapp.azure.com"}
            DnsRecordInUse: DNS record web.westus.cloudapp.azure.com is already used by another public IP.
            ok
            "web.eastus.cloudapp.azure.com"
            ok
            -
            ok
            ok
            ok
        "#]],
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
        expect![[r#"
            PublicIPIdleTimeoutIsOutOfRange: Public IP address p0 has invalid Idle Timeout. The value must be between 4 and 30.
            PublicIPIdleTimeoutIsOutOfRange: Public IP address p0 has invalid Idle Timeout. The value must be between 4 and 30.
            ok
        "#]],
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
        expect![[r#"
            ok
            StaticPublicIPCountLimitReached: Cannot create more than 1 static public IP addresses for this subscription in this region.
            ok
            StaticPublicIPCountLimitReached: Cannot create more than 1 static public IP addresses for this subscription in this region.
            ok
            PublicIPCountLimitReached: Cannot create more than 3 public IP addresses for this subscription in this region.
            ok
            IPv4StandardSkuPublicIpCountLimitReached: Cannot create more than 1 IPv4 Standard SKU public IP addresses for this subscription in this region.
            2
            1
            1
            ok
            ok
            0
            0
        "#]],
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
        expect![[r#"
            StandardSkuPublicIPAddressesMustBeStatic: Standard sku publicIp publicIPAddresses/p0 must have AllocationMethod set to Static.
            ok
            {"name":"Standard"}
            CannotSpecifyPublicIpAllocationMethodAsStaticForIpV6PublicIp: Cannot specify publicIpAllocationMethod as Static for IPv6 PublicIp publicIPAddresses/p1.
            ok
            - "IPv6"
        "#]],
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
        expect![[r#"
            ok
            ok
            ok
            PublicIpAddressSkuCannotChange: Sku of public IP address publicIPAddresses/p0 cannot be changed from Basic to Standard.
            ok
            ok
            PublicIpAddressSkuCannotChange: Sku of public IP address publicIPAddresses/p0 cannot be changed from Standard to Basic.
            ok
            PublicIPAddressVersionCannotBeChanged: Version of public IP address publicIPAddresses/p1 cannot be changed.
            ok
            ResourceAvailabilityZonesCannotBeModified: Resource publicIPAddresses/p2 has an existing availability zone constraint 1,2 and the request has availability zone constraint 1, which do not match. Zones cannot be added/updated/removed once the resource is created. The resource cannot be updated from regional to zonal or vice-versa.
            ok
        "#]],
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
        expect![[r#"
            ok
            ok
            ok
            {"id":"networkInterfaces/n0/ipConfigurations/primary"}
            PublicIPAddressCannotBeDeleted: Public IP address publicIPAddresses/p0 can not be deleted since it is still allocated to resource networkInterfaces/n0/ipConfigurations/primary. In order to delete the public IP, disassociate/detach the Public IP address from the resource.  To learn how to do this, see aka.ms/deletepublicip.
            PublicIPAddressInUse: Resource networkInterfaces/n1/ipConfigurations/primary is referencing public IP address publicIPAddresses/p0 that is already allocated to resource networkInterfaces/n0/ipConfigurations/primary.
            ok
            ok
            ok
        "#]],
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
        expect![[r#"
            ok
            created Updating, operation runs
            ReferencedResourceNotProvisioned: Cannot proceed with operation because resource publicIPAddresses/p0 used by resource networkInterfaces/n0/ipConfigurations/primary is not in Succeeded state. Resource is in Updating state and the last operation that updated/is updating the resource is PutPublicIPAddressOperation. [ends by itself]
        "#]],
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
        expect![[r#"
            ok
            - {"publicIPAllocationMethod":"Static","idleTimeoutInMinutes":4,"provisioningState":"Succeeded","resourceGuid":"<guid>","ipAddress":"13.64.0.1"}
            {"name":"Basic"} "IPv4" -
            {"name":"Basic"} []
            {"name":"Basic","tier":"Regional"} -
            ok
            {"name":"Standard","tier":"Regional"} {"protectionMode":"VirtualNetworkInherited"}
            -
        "#]],
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
        expect![[r#"
            ok
            - - "web.westus.cloudapp.azure.com" "Dynamic"
            InvalidRequestFormat: Cannot parse the request. <InvalidJson: Error converting value "Sometimes" at path 'properties.publicIPAllocationMethod'. Expected one of: Dynamic, Static.>
        "#]],
    );
}
