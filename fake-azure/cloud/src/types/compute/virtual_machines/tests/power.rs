//! Power of machines and what goes with it, by script.

use expect_test::expect;

use crate::types::compute::testing::check;

#[test]
fn power_follows_the_actions() {
    check(
        "
        nic n0 s
        vm v0 nic=n0
        wait
        act vm v0 powerOff
        power v0
        get vm v0 /properties/provisioningState
        wait
        power v0
        used cores
        act vm v0 restart
        act vm v0 start
        wait
        power v0
        act vm v0 restart
        wait
        act vm v0 deallocate
        power v0
        wait
        power v0
        used cores
        used virtualMachines
        act vm v0 powerOff
        act vm v0 restart
        act vm v0 redeploy
        act vm v0 deallocate
        wait
        act vm v0 start
        used cores
        power v0
        wait
        power v0
        act vm v0 dance
        ",
        expect![[r#"
            ok ~
            ok ~
            -
            ok ~
            stopping
            "Updating"
            -
            stopped
            1
            OperationNotAllowed: The operation requires the VM to be running (or set to run).
            ok ~
            -
            running
            ok ~
            -
            ok ~
            deallocating
            -
            deallocated
            0
            1
            OperationNotAllowed: Operation 'powerOff' is not allowed on VM 'v0' since the VM is either deallocated or marked to be deallocated.
            OperationNotAllowed: Operation 'restart' is not allowed on VM 'v0' since the VM is either deallocated or marked to be deallocated.
            OperationNotAllowed: Operation 'redeploy' is not allowed on VM 'v0' since the VM is either deallocated or marked to be deallocated.
            ok ~
            -
            ok ~
            1
            starting
            -
            running
            InvalidResourceType
        "#]],
    );
}

#[test]
fn a_start_that_fails_leaves_the_machine_where_it_was() {
    check(
        "
        nic n0 s
        vm v0 nic=n0
        wait
        act vm v0 deallocate
        wait
        act vm v0 start
        used cores
        doom v0 AllocationFailed
        wait
        power v0
        used cores
        get vm v0 /properties/provisioningState
        ",
        expect![[r#"
            ok ~
            ok ~
            -
            ok ~
            -
            ok ~
            1
            true
            -
            deallocated
            0
            "Failed"
        "#]],
    );
}

#[test]
fn dynamic_public_addresses_come_and_go_with_the_host() {
    check(
        r#"
        put pip p0 {"properties": {"publicIPAllocationMethod": "Dynamic"}}
        put pip p1 {"properties": {"publicIPAllocationMethod": "Static"}}
        wait
        nic n0 s pip=p0
        nic n1 s pip=p1
        vm v0 nic=n0
        vm v1 nic=n1
        get pip p0 /properties/ipAddress
        wait
        get pip p0 /properties/ipAddress
        get pip p1 /properties/ipAddress
        act vm v0 deallocate
        act vm v1 deallocate
        wait
        get pip p0 /properties/ipAddress
        get pip p1 /properties/ipAddress
        act vm v0 start
        wait
        get pip p0 /properties/ipAddress
        delete vm v0
        wait
        get pip p0 /properties/ipAddress
        "#,
        expect![[r#"
            ok ~
            ok ~
            -
            ok ~
            ok ~
            ok ~
            ok ~
            none
            -
            "13.64.0.2"
            "13.64.0.1"
            ok ~
            ok ~
            -
            none
            "13.64.0.1"
            ok ~
            -
            "13.64.0.2"
            ok ~
            -
            none
        "#]],
    );
}

#[test]
fn a_generalized_machine_never_starts_again() {
    check(
        "
        nic n0 s
        vm v0 nic=n0
        wait
        act vm v0 generalize
        act vm v0 deallocate
        wait
        act vm v0 generalize
        act vm v0 start
        act vm v0 restart
        get vm v0 */properties/instanceView/statuses
        ",
        expect![[r#"
            ok ~
            ok ~
            -
            OperationNotAllowed: Operation 'generalize' is not allowed on VM 'v0' since the VM is running. Please power off explicitly in case
            ok ~
            -
            ok
            OperationNotAllowed: Operation 'start' is not allowed on VM 'v0' since the VM is generalized.
            OperationNotAllowed: Operation 'restart' is not allowed on VM 'v0' since the VM is generalized.
            [{"code":"ProvisioningState/succeeded","level":"Info","displayStatus":"Provisioning succeeded","time":"2016-04-01T00:02:02.3800000+00:00"},{"code":"OSState/generalized","level":"Info","displayStatus":"VM generalized"},{"code":"PowerState/deallocated","level":"Info","displayStatus":"VM deallocated"}]
        "#]],
    );
}

#[test]
fn spot_machines_count_apart_and_are_evicted() {
    check(
        r#"
        nic n0 s
        nic n1 s
        vm v0 nic=n0 {"properties": {"priority": "spot"}}
        vm v1 nic=n1 {"properties": {"priority": "Spot", "evictionPolicy": "Delete"}}
        used cores
        used lowPriorityCores
        wait
        act vm v0 simulateEviction
        power v0
        act vm v1 simulateEviction
        exists vm v1
        used lowPriorityCores
        "#,
        expect![[r#"
            ok ~
            ok ~
            ok ~
            ok ~
            0
            2
            -
            ok
            deallocated
            ok
            false
            0
        "#]],
    );
}

#[test]
fn a_later_write_takes_the_place_of_an_earlier_one() {
    check(
        r#"
        nic n0 s
        vm v0 nic=n0
        vm v0 nic=n0 {"tags": {"a": "b"}}
        act vm v0 powerOff
        wait
        power v0
        get vm v0 /properties/provisioningState
        act vm v0 start
        delete vm v0
        wait
        exists vm v0
        used cores
        "#,
        expect![[r#"
            ok ~
            ok ~
            ok ~
            ok ~
            -
            stopped
            "Succeeded"
            ok ~
            ok ~
            -
            false
            0
        "#]],
    );
}

#[test]
fn commands_run_on_running_machines() {
    check(
        r#"
        nic n0 s
        vm v0 nic=n0
        wait
        act vm v0 runCommand {"commandId": "RunShellScript", "script": ["ls"]}
        wait
        output v0
        act vm v0 runCommand {}
        act vm v0 deallocate
        wait
        act vm v0 runCommand {"commandId": "RunShellScript"}
        act vm v0 simulateEviction
        "#,
        expect![[r#"
            ok ~
            ok ~
            -
            ok ~
            -
            {"value":[{"code":"ProvisioningState/succeeded","level":"Info","displayStatus":"Provisioning succeeded","message":"Enable succeeded: \n[stdout]\n\n[stderr]\n"}]}
            InvalidParameter (commandId): Required parameter 'commandId' is missing (null).
            ok ~
            -
            OperationNotAllowed: The operation requires the VM to be running (or set to run).
            OperationNotAllowed: Operation 'simulateEviction' is not allowed on VM 'v0' since it is not a Spot VM.
        "#]],
    );
}

#[test]
fn the_instance_view_is_what_the_agent_says() {
    check(
        r#"
        nic n0 s
        vm v0 nic=n0 {"properties": {"diagnosticsProfile": {"bootDiagnostics": {"enabled": true, "storageUri": "https://acc.blob.core.windows.net/"}}}}
        wait
        get vm v0 */properties/instanceView
        advance 60
        get vm v0 */properties/instanceView/vmAgent
        get vm v0 */properties/instanceView/computerName
        get vm v0 /properties/instanceView
        act vm v0 deallocate
        get vm v0 */properties/instanceView/statuses
        wait
        get vm v0 */properties/instanceView/vmAgent
        "#,
        expect![[r#"
            ok ~
            ok ~
            -
            {"vmAgent":{"vmAgentVersion":"Unknown","statuses":[{"code":"ProvisioningState/Unavailable","level":"Warning","displayStatus":"Not Ready","message":"VM status blob is found but not yet populated.","time":"2016-04-01T00:00:46+00:00"}]},"disks":[{"name":"v0_OsDisk_1_571e5d6465eb466ebc3659755e617614","statuses":[{"code":"ProvisioningState/succeeded","level":"Info","displayStatus":"Provisioning succeeded","time":"2016-04-01T00:00:02.9950000+00:00"}]}],"hyperVGeneration":"V1","bootDiagnostics":{"consoleScreenshotBlobUri":"https://acc.blob.core.windows.net/bootdiagnostics-v0-b88fd602-06bb-4161-9eb6-a5765be4d843/v0.b88fd602-06bb-4161-9eb6-a5765be4d843.screenshot.bmp","serialConsoleLogBlobUri":"https://acc.blob.core.windows.net/bootdiagnostics-v0-b88fd602-06bb-4161-9eb6-a5765be4d843/v0.b88fd602-06bb-4161-9eb6-a5765be4d843.serialconsole.log"},"statuses":[{"code":"ProvisioningState/succeeded","level":"Info","displayStatus":"Provisioning succeeded","time":"2016-04-01T00:00:46.5120000+00:00"},{"code":"PowerState/running","level":"Info","displayStatus":"VM running"}]}
            -
            {"vmAgentVersion":"2.2.49.2","statuses":[{"code":"ProvisioningState/succeeded","level":"Info","displayStatus":"Ready","message":"Guest Agent is running","time":"2016-04-01T00:01:46+00:00"}],"extensionHandlers":[]}
            "v0"
            none
            ok ~
            [{"code":"ProvisioningState/updating","level":"Info","displayStatus":"Updating","time":"2016-04-01T00:00:46.5120000+00:00"},{"code":"PowerState/deallocating","level":"Info","displayStatus":"VM deallocating"}]
            -
            none
        "#]],
    );
}

#[test]
fn a_start_onto_other_hardware_than_the_sets_fails_at_its_end() {
    check(
        r#"
        put set a0 {"sku": {"name": "Aligned"}}
        nic n0 s
        nic n1 s
        vm v0 nic=n0 set=a0
        vm v1 nic=n1 set=a0
        wait
        act vm v0 deallocate
        act vm v1 deallocate
        wait
        patch vm v0 {"properties": {"hardwareProfile": {"vmSize": "Standard_G1"}}}
        wait
        act vm v1 start
        wait
        act vm v0 start
        wait
        get vm v0 /properties/provisioningState
        power v0
        used cores
        get vm v0 */properties/instanceView/statuses/0/code
        "#,
        expect![[r#"
            ok
            ok ~
            ok ~
            ok ~
            ok ~
            -
            ok ~
            ok ~
            -
            ok ~
            -
            ok ~
            -
            ok ~
            -
            "Failed"
            deallocated
            1
            "ProvisioningState/failed/AllocationFailed"
        "#]],
    );
}
