//! Sizes, sets, quotas and interfaces of machines, by script.

use expect_test::expect;

use crate::catalogue::limits::Era;
use crate::types::compute::testing::{World, check, run};

#[test]
fn network_interfaces_have_rules() {
    check(
        r#"
        nic n0 s
        nic n1 t
        nic f0 far/s
        vm v0 nic=nowhere
        vm v0 nic=n0,n1,f0 size=Standard_D2
        vm v0 nic=n0,f0 size=Standard_D2
        vm v0 nic=n0,n0 size=Standard_D2
        vm v0 nic=n0,n1 size=Standard_D2 {"properties": {"networkProfile": {"networkInterfaces": [{"id": "/subscriptions/0b1f6471-1bf0-4dda-aec3-cb9272f09590/resourceGroups/rg/providers/Microsoft.Network/networkInterfaces/n0"}, {"id": "/subscriptions/0b1f6471-1bf0-4dda-aec3-cb9272f09590/resourceGroups/rg/providers/Microsoft.Network/networkInterfaces/n1"}]}}}
        vm v0 nic=n0,n1 size=Standard_D2
        wait
        get nic n0 /properties/primary
        get nic n1 /properties/primary
        vm v1 nic=n1
        delete nic n1
        vm v0 nic=n0 size=Standard_D2
        act vm v0 deallocate
        wait
        vm v0 nic=n0 size=Standard_D2
        wait
        delete nic n1
        "#,
        expect![[r#"
            ok ~
            ok ~
            ok ~
            NotFound: Resource /providers/Microsoft.Network/networkInterfaces/nowhere referenced by resource /providers/Microsoft.Co
            NetworkInterfaceCountExceeded
            SubnetsNotInSameVnet
            InvalidParameter (networkInterfaces): Network interface /providers/Microsoft.Network/networkInterfaces/n0 appears more than once in the network prof
            VirtualMachineMustHaveOneNetworkInterfaceAsPrimary
            ok ~
            -
            true
            false
            NicInUse
            NicInUse
            OperationNotAllowed: Network interfaces of VM 'v0' can be added or removed only when the VM is deallocated.
            ok ~
            -
            ok ~
            -
            ok ~
        "#]],
    );
}

#[test]
fn words_follow_the_era() {
    let script = r#"
        version 2016-04-30-preview
        nic n0 s
        vm v0 nic=n0 {"properties": {"storageProfile": {"imageReference": {"offer": "Nothing"}}}}
        limit cores 0
        vm v0 nic=n0
    "#;
    expect![[r#"
        -
        ok ~
        ImageNotFound (imageReference)
        -
        OperationNotAllowed: Operation results in exceeding quota limits of Core. Maximum allowed: 0, Current in use: 0, Additional request
    "#]].assert_eq(&run(Era::Arm2016, script));
    expect![[r#"
        -
        ok ~
        PlatformImageNotFound (imageReference)
        -
        OperationNotAllowed: Operation could not be completed as it results in exceeding approved Total Regional Cores quota. Additional de
    "#]].assert_eq(&run(Era::Current, script));
}

#[test]
fn sizes_are_sold_by_location_and_month() {
    check(
        "nic n0 s\nvm v0 nic=n0 size=Standard_HB60rs",
        expect![[r#"
        ok ~
        SkuNotAvailable
    "#]],
    );
    let answer =
        World::new(Era::Arm2016).run("version 2016-04-30-preview\nnic n0 s\nvm v0 nic=n0 size=Standard_D2s_v5");
    assert!(
        answer.contains("InvalidParameter (vmSize): The value Standard_D2s_v5 provided for the VM size is not valid."),
        "{answer}"
    );
}

#[test]
fn quotas_count_cores_by_region_then_family() {
    check(
        "
        nic n0 s
        nic n1 s
        limit cores 2
        limit standardDFamily 1
        vm v0 nic=n0
        vm v1 nic=n1 size=Standard_D2
        vm v1 nic=n1
        vm v1 nic=n1 size=Standard_A1
        used cores
        used standardDFamily
        used standardA0_A7Family
        wait
        limit virtualMachines 2
        delete vm v0
        wait
        used cores
        used standardDFamily
        limit virtualMachines 1
        vm v2 nic=n0
        ",
        expect![[r#"
            ok ~
            ok ~
            -
            -
            ok ~
            OperationNotAllowed: Operation could not be completed as it results in exceeding approved Total Regional Cores quota. Additional de
            OperationNotAllowed: Operation could not be completed as it results in exceeding approved standardDFamily quota. Additional details
            ok ~
            2
            1
            1
            -
            -
            ok ~
            -
            1
            0
            -
            OperationNotAllowed: Operation could not be completed as it results in exceeding approved virtualMachines quota. Additional details
        "#]],
    );
}

#[test]
fn a_running_machine_resizes_within_its_hardware() {
    check(
        r#"
        nic n0 s
        vm v0 nic=n0
        wait
        used cores
        patch vm v0 {"properties": {"hardwareProfile": {"vmSize": "Standard_D2"}}}
        wait
        used cores
        patch vm v0 {"properties": {"hardwareProfile": {"vmSize": "Standard_G1"}}}
        act vm v0 deallocate
        wait
        patch vm v0 {"properties": {"hardwareProfile": {"vmSize": "Standard_D2_v2"}}}
        wait
        used cores
        act vm v0 start
        used standardDv2Family
        "#,
        expect![[r#"
            ok ~
            ok ~
            -
            1
            ok ~
            -
            2
            OperationNotAllowed: Unable to resize the VM because the requested size Standard_G1 is not available in the cluster where the VM is
            ok ~
            -
            ok ~
            -
            0
            ok ~
            2
        "#]],
    );
}

#[test]
fn sets_spread_machines_and_hold_them() {
    check(
        r#"
        put set a0 {"sku": {"name": "aligned"}, "properties": {"platformFaultDomainCount": 2, "platformUpdateDomainCount": 3}}
        nic n0 s
        nic n1 s
        nic n2 s
        nic f0 far/s
        vm v0 nic=n0 set=a0
        vm v1 nic=n1 set=a0
        wait
        get vm v0 */properties/instanceView/platformFaultDomain
        get vm v1 */properties/instanceView/platformFaultDomain
        get vm v1 */properties/instanceView/platformUpdateDomain
        get set a0 /properties/virtualMachines
        write set a0 /properties/virtualMachines
        delete set a0
        vm v2 nic=f0 set=a0
        vm v2 nic=n2 set=a0 size=Standard_G1
        vm v2 nic=n2 set=a0 {"zones": ["1"]}
        vm v2 nic=n2 set=nowhere
        limit VirtualMachinesPerAvailabilitySet 2
        vm v2 nic=n2 set=a0
        delete vm v0
        wait
        vm v2 nic=n2 set=a0
        get vm v2 */properties/instanceView/platformFaultDomain
        put set classic {}
        nic n3 s
        vm v3 nic=n3 set=classic
        "#,
        expect![[r#"
            ok
            ok ~
            ok ~
            ok ~
            ok ~
            ok ~
            ok ~
            -
            0
            1
            1
            [{"id":"/providers/Microsoft.Compute/virtualMachines/v0"},{"id":"/providers/Microsoft.Compute/virtualMachines/v1"}]
            none
            OperationNotAllowed: Availability Set a0 cannot be deleted. Before deleting an Availability Set please ensure that it does not cont
            SubnetsNotInSameVnet
            OperationNotAllowed: Unable to add or update the VM. The requested VM size Standard_G1 may not be available in the existing allocat
            BadRequest: Virtual Machine cannot be created because both Availability Zone and Availability Set were specified. Deployin
            NotFound: Resource /providers/Microsoft.Compute/availabilitySets/nowhere referenced by resource /providers/Microsoft.Com
            -
            OperationNotAllowed: The maximum number of virtual machines in availability set 'a0' is 2.
            ok ~
            -
            ok ~
            0
            ok
            ok ~
            BadRequest: Addition of a VM with managed disks to non-managed Availability Set or addition of a VM with blob based disks
        "#]],
    );
}

#[test]
fn a_size_sold_elsewhere_is_refused_in_the_words_of_its_era() {
    let script = r#"
        version 2016-04-30-preview
        put net east {"location": "eastus", "properties": {"addressSpace": {"addressPrefixes": ["10.5.0.0/16"]}, "subnets": [{"name": "s", "properties": {"addressPrefix": "10.5.0.0/24"}}]}}
        wait
        put nic n0 {"location": "eastus", "properties": {"ipConfigurations": [{"name": "primary", "properties": {"subnet": {"id": "/subscriptions/0b1f6471-1bf0-4dda-aec3-cb9272f09590/resourceGroups/rg/providers/Microsoft.Network/virtualNetworks/east/subnets/s"}}}]}}
        vm v0 nic=n0 size=Standard_G1 {"location": "eastus"}
    "#;
    let mut then = World::new(Era::Arm2016);
    then.run(script);
    let call = then.refusal("vm v0 nic=n0 size=Standard_G1 {\"location\": \"eastus\"}");
    expect!["The requested tier for resource '/subscriptions/0b1f6471-1bf0-4dda-aec3-cb9272f09590/resourceGroups/rg/providers/Microsoft.Compute/virtualMachines/v0' is currently not available in location 'eastus' for subscription '0b1f6471-1bf0-4dda-aec3-cb9272f09590'. Please try another tier or deploy to a different location."].assert_eq(&call);
    let mut now = World::new(Era::Current);
    now.run(script);
    let call = now.refusal("vm v0 nic=n0 size=Standard_G1 {\"location\": \"eastus\"}");
    expect!["The requested VM size for resource 'Following SKUs have failed for Capacity Restrictions: Standard_G1' is currently not available in location 'eastus'. Please try another size or deploy to a different location or different zone. See https://aka.ms/azureskunotavailable for details."].assert_eq(&call);
}
