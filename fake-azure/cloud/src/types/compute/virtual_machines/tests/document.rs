//! What machines ask, show and leave, by script.

use expect_test::expect;

use crate::catalogue::limits::Era;
use crate::types::compute::testing::{World, check};

#[test]
fn a_machine_is_made_and_runs() {
    check(
        "
        nic n0 s
        vm v0 nic=n0
        power v0
        get vm v0 /properties/provisioningState
        get nic n0 /properties/virtualMachine/id
        get nic n0 /properties/macAddress
        wait
        power v0
        get vm v0 /properties/provisioningState
        used cores
        used standardDFamily
        used virtualMachines
        ",
        expect![[r#"
            ok ~
            ok ~
            starting
            "Creating"
            "/providers/Microsoft.Compute/virtualMachines/v0"
            none
            -
            running
            "Succeeded"
            1
            1
            1
        "#]],
    );
}

#[test]
fn the_first_answer_hides_what_the_service_chose() {
    check(
        "
        nic n0 s
        vm v0 nic=n0
        write vm v0 /properties/storageProfile/osDisk
        wait
        get vm v0 /properties/storageProfile
        get vm v0 /properties/osProfile
        get vm v0 /properties/networkProfile
        ",
        expect![[r#"
            ok ~
            ok ~
            {"osType":"Linux","createOption":"FromImage","caching":"ReadWrite","managedDisk":{"storageAccountType":"Standard_LRS"}}
            -
            {"imageReference":{"publisher":"Canonical","offer":"UbuntuServer","sku":"16.04.0-LTS","version":"latest"},"osDisk":{"osType":"Linux","name":"v0_OsDisk_1_571e5d6465eb466ebc3659755e617614","createOption":"FromImage","caching":"ReadWrite","managedDisk":{"storageAccountType":"Standard_LRS","id":"/providers/Microsoft.Compute/disks/v0_OsDisk_1_571e5d6465eb466ebc3659755e617614"},"diskSizeGB":30},"dataDisks":[]}
            {"computerName":"v0","adminUsername":"juju","linuxConfiguration":{"disablePasswordAuthentication":false,"provisionVMAgent":true},"secrets":[],"allowExtensionOperations":true,"requireGuestProvisionSignal":true}
            {"networkInterfaces":[{"id":"/providers/Microsoft.Network/networkInterfaces/n0","properties":{"primary":true}}]}
        "#]],
    );
}

#[test]
fn what_is_shown_follows_the_version() {
    check(
        r#"
        nic n0 s
        nic n1 s
        vm v0 nic=n0
        vm w0 nic=n1 {"identity": {"type": "None"}, "properties": {"capacityReservation": {}, "storageProfile": {"imageReference": {"publisher": "MicrosoftWindowsServer", "offer": "WindowsServer", "sku": "2019-Datacenter"}}}}
        wait
        version 2016-03-30
        get vm v0 /properties/osProfile
        get vm w0 /properties/osProfile
        version 2025-04-01
        get vm v0 /properties/storageProfile/imageReference
        get vm w0 /properties/osProfile
        get vm w0 /identity
        get vm w0 /properties/capacityReservation
        get vm w0 /etag
        get vm w0 /properties/timeCreated
        "#,
        expect![[r#"
            ok ~
            ok ~
            ok ~
            ok ~
            -
            -
            {"computerName":"v0","adminUsername":"juju","linuxConfiguration":{"disablePasswordAuthentication":false},"secrets":[]}
            {"computerName":"w0","adminUsername":"juju","windowsConfiguration":{"provisionVMAgent":true,"enableAutomaticUpdates":true},"secrets":[]}
            -
            {"publisher":"Canonical","offer":"UbuntuServer","sku":"16.04.0-LTS","version":"latest","exactVersion":"16.04.202104290"}
            {"computerName":"w0","adminUsername":"juju","windowsConfiguration":{"provisionVMAgent":true,"enableAutomaticUpdates":true,"patchSettings":{"patchMode":"AutomaticByOS","assessmentMode":"ImageDefault"},"enableVMAgentPlatformUpdates":true},"secrets":[],"allowExtensionOperations":true,"requireGuestProvisionSignal":true}
            none
            none
            "\"2\""
            "2016-04-01T00:00:02.9950000+00:00"
        "#]],
    );
}

#[test]
fn parameters_are_required() {
    check(
        r#"
        nic n0 s
        vm v0 nic=n0 {"properties": {"hardwareProfile": null}}
        vm v0 nic=n0 {"properties": {"hardwareProfile": {"vmSize": null}}}
        vm v0 nic=n0 {"properties": {"storageProfile": null}}
        vm v0 nic=n0 {"properties": {"storageProfile": {"osDisk": null}}}
        vm v0 nic=n0 {"properties": {"storageProfile": {"osDisk": {"createOption": null}}}}
        vm v0 nic=n0 {"properties": {"storageProfile": {"osDisk": {"createOption": "Empty"}}}}
        vm v0 nic=n0 {"properties": {"storageProfile": {"imageReference": null}}}
        vm v0 nic=n0 {"properties": {"storageProfile": {"imageReference": {"offer": null}}}}
        vm v0 nic=n0 {"properties": {"osProfile": null}}
        vm v0 nic=n0 {"properties": {"osProfile": {"computerName": null}}}
        vm v0 nic=n0 {"properties": {"osProfile": {"adminUsername": null}}}
        vm v0 nic=n0 {"properties": {"osProfile": {"adminPassword": null}}}
        vm v0 nic=n0 {"properties": {"networkProfile": null}}
        vm v0 {}
        vm v0 nic=n0 {"properties": {"hardwareProfile": {"vmSize": 7}}}
        "#,
        expect![[r#"
            ok ~
            InvalidParameter (hardwareProfile): Required parameter 'hardwareProfile' is missing (null).
            InvalidParameter (vmSize): Required parameter 'vmSize' is missing (null).
            InvalidParameter (storageProfile): Required parameter 'storageProfile' is missing (null).
            InvalidParameter (osDisk): Required parameter 'osDisk' is missing (null).
            InvalidParameter (osDisk.createOption): Required parameter 'osDisk.createOption' is missing (null).
            InvalidParameter (osDisk.createOption): The value of parameter osDisk.createOption is invalid.
            InvalidParameter (imageReference): Required parameter 'imageReference' is missing (null).
            InvalidParameter (imageReference.offer): Required parameter 'imageReference.offer' is missing (null).
            InvalidParameter (osProfile): Required parameter 'osProfile' is missing (null).
            InvalidParameter (computerName): Required parameter 'computerName' is missing (null).
            InvalidParameter (adminUsername): Required parameter 'adminUsername' is missing (null).
            InvalidParameter (adminPassword): Required parameter 'adminPassword' is missing (null).
            InvalidParameter (networkProfile): Required parameter 'networkProfile' is missing (null).
            InvalidParameter (networkProfile.networkInterfaces): Required parameter 'networkProfile.networkInterfaces' is missing (null).
            InvalidParameter (virtualMachine): The value of parameter virtualMachine is invalid.
        "#]],
    );
}

#[test]
fn the_profile_has_rules() {
    check(
        r#"
        nic n0 s
        vm v0 nic=n0 {"properties": {"osProfile": {"adminUsername": "Administrator"}}}
        vm v0 nic=n0 {"properties": {"osProfile": {"adminPassword": "short"}}}
        vm v0 nic=n0 {"properties": {"osProfile": {"adminPassword": "alllowercase"}}}
        vm v0 nic=n0 {"properties": {"osProfile": {"adminPassword": "P@ssword123"}}}
        vm v0 nic=n0 {"properties": {"osProfile": {"computerName": "under_score"}}}
        vm v0 nic=n0 {"properties": {"osProfile": {"customData": "not base64!"}}}
        vm v0 nic=n0 {"properties": {"osProfile": {"adminPassword": null, "linuxConfiguration": {"disablePasswordAuthentication": true}}}}
        vm v0 nic=n0 {"properties": {"osProfile": {"linuxConfiguration": {"ssh": {"publicKeys": [{"path": "/etc/ssh/authorized_keys", "keyData": "k"}]}}}}}
        vm w0 nic=n0 {"properties": {"osProfile": {"computerName": "sixteen-letters-"}, "storageProfile": {"imageReference": {"publisher": "MicrosoftWindowsServer", "offer": "WindowsServer", "sku": "2019-Datacenter"}}}}
        vm w0 nic=n0 {"properties": {"osProfile": {"computerName": "12345"}, "storageProfile": {"imageReference": {"publisher": "MicrosoftWindowsServer", "offer": "WindowsServer", "sku": "2019-Datacenter"}}}}
        vm v0 nic=n0 {"properties": {"osProfile": {"adminPassword": null, "customData": "IyEvYmluL3No", "linuxConfiguration": {"disablePasswordAuthentication": true, "ssh": {"publicKeys": [{"path": "/home/juju/.ssh/authorized_keys", "keyData": "k"}]}}}}}
        get vm v0 /properties/osProfile
        "#,
        expect![[r#"
            ok ~
            InvalidParameter (adminUsername): The Admin Username specified is not allowed.
            InvalidParameter (adminPassword): The supplied password must be between 6-72 characters long and must satisfy at least 3 of password complexity
            InvalidParameter (adminPassword): The supplied password must be between 6-72 characters long and must satisfy at least 3 of password complexity
            InvalidParameter (adminPassword): The Admin password specified is not allowed.
            InvalidParameter (linuxConfiguration): Linux host name cannot exceed 64 characters in length or contain the following characters: ` ~ ! @ # $ % ^ & *
            InvalidParameter (customData): Custom data in OSProfile must be in Base64 encoding and with a maximum length of 87380 characters.
            InvalidParameter (linuxConfiguration.ssh.publicKeys): Required parameter 'linuxConfiguration.ssh.publicKeys' is missing (null).
            InvalidParameter (linuxConfiguration.ssh.publicKeys.path): Destination path for Ssh public keys is currently limited to its default value /home/juju/.ssh/authorized_keys
            InvalidParameter (windowsConfiguration): Windows computer name cannot be more than 15 characters long, be entirely numeric, or contain the following ch
            InvalidParameter (windowsConfiguration): Windows computer name cannot be more than 15 characters long, be entirely numeric, or contain the following ch
            ok ~
            {"computerName":"v0","adminUsername":"juju","linuxConfiguration":{"disablePasswordAuthentication":true,"ssh":{"publicKeys":[{"path":"/home/juju/.ssh/authorized_keys","keyData":"k"}]},"provisionVMAgent":true},"secrets":[],"allowExtensionOperations":true,"requireGuestProvisionSignal":true}
        "#]],
    );
}

#[test]
fn what_is_fixed_at_creation_stays() {
    check(
        r#"
        nic n0 s
        put set a0 {"sku": {"name": "Aligned"}}
        vm v0 nic=n0 {"properties": {"osProfile": {"customData": "IyEvYmluL3No"}}}
        wait
        patch vm v0 {"properties": {"osProfile": {"adminUsername": "other"}}}
        patch vm v0 {"properties": {"osProfile": {"adminPassword": "Other-1234"}}}
        patch vm v0 {"properties": {"osProfile": {"customData": "AAAA"}}}
        patch vm v0 {"properties": {"osProfile": {"adminPassword": "Secret-1234"}}}
        patch vm v0 {"properties": {"storageProfile": {"imageReference": {"sku": "18.04-LTS"}}}}
        patch vm v0 {"properties": {"storageProfile": {"osDisk": {"name": "other"}}}}
        patch vm v0 {"properties": {"priority": "Spot"}}
        vm v0 nic=n0 set=a0
        vm v0 nic=n0 {"properties": {"osProfile": null}}
        wait
        get vm v0 /properties/osProfile/adminUsername
        "#,
        expect![[r#"
            ok ~
            ok
            ok ~
            -
            PropertyChangeNotAllowed (adminUsername): Changing property 'adminUsername' is not allowed.
            PropertyChangeNotAllowed (adminPassword): Changing property 'adminPassword' is not allowed.
            PropertyChangeNotAllowed (customData): Changing property 'customData' is not allowed.
            ok ~
            PropertyChangeNotAllowed (imageReference): Changing property 'imageReference' is not allowed.
            PropertyChangeNotAllowed (osDisk.name): Changing property 'osDisk.name' is not allowed.
            PropertyChangeNotAllowed (priority): Changing property 'priority' is not allowed.
            PropertyChangeNotAllowed (availabilitySet): Changing property 'availabilitySet' is not allowed.
            ok ~
            -
            "juju"
        "#]],
    );
}

/// Quirk `nic-180s`.
#[test]
fn a_failed_machine_keeps_its_interfaces_for_a_while() {
    cov_mark::check!(nic_reserved);
    check(
        "
        nic n0 s
        vm v0 nic=n0
        doom v0 AllocationFailed
        wait
        get vm v0 /properties/provisioningState
        power v0
        used cores
        get vm v0 */properties/instanceView/statuses
        delete vm v0
        advance 155
        exists vm v0
        vm v1 nic=n0
        delete nic n0
        advance 30
        vm v1 nic=n0
        wait
        power v1
        ",
        expect![[r#"
            ok ~
            ok ~
            true
            -
            "Failed"
            no machine
            0
            [{"code":"ProvisioningState/failed/AllocationFailed","level":"Error","displayStatus":"Provisioning failed","message":"Allocation failed. Please try reducing the VM size or number of VMs, retry later, or try deploying to a different Availability Set or different Azure location.","time":"2016-04-01T00:00:46.5120000+00:00"}]
            ok ~
            -
            false
            NicReservedForAnotherVm
            NicReservedForAnotherVm
            -
            ok ~
            -
            running
        "#]],
    );
}

#[test]
fn a_failed_machine_can_be_written_again() {
    check(
        "
        nic n0 s
        vm v0 nic=n0
        doom v0 AllocationFailed
        wait
        vm v0 nic=n0
        wait
        get vm v0 /properties/provisioningState
        power v0
        used cores
        ",
        expect![[r#"
            ok ~
            ok ~
            true
            -
            ok ~
            -
            "Succeeded"
            running
            1
        "#]],
    );
}

#[test]
fn deleting_a_machine_leaves_what_it_held() {
    check(
        r#"
        nic n0 s
        nic n1 s
        vm v0 nic=n0 {"properties": {"storageProfile": {"osDisk": {"name": "root0"}}}}
        version 2021-03-01
        vm v1 nic=n1 {"properties": {"storageProfile": {"osDisk": {"name": "root1", "deleteOption": "delete"}}, "networkProfile": {"networkInterfaces": [{"id": "/subscriptions/0b1f6471-1bf0-4dda-aec3-cb9272f09590/resourceGroups/rg/providers/Microsoft.Network/networkInterfaces/n1", "properties": {"deleteOption": "Delete"}}]}}}
        wait
        delete vm v0
        get vm v0 /properties/provisioningState
        delete vm v0
        act vm v0 start
        patch vm v0 {"tags": {}}
        wait
        get disk root0 /properties/diskState
        get nic n0 /properties/virtualMachine
        get vm v1 /properties/storageProfile/osDisk/deleteOption
        delete vm v1
        wait
        exists disk root1
        exists nic n1
        delete vm v1
        delete nic n0
        delete disk root0
        "#,
        expect![[r#"
            ok ~
            ok ~
            ok ~
            -
            ok ~
            -
            ok ~
            "Deleting"
            ok ~
            OperationNotAllowed: Operation 'start' is not allowed on VM 'v0' since the VM is marked for deletion. You can only retry the Delete
            OperationNotAllowed: Operation 'createOrUpdate' is not allowed on VM 'v0' since the VM is marked for deletion. You can only retry t
            -
            "Unattached"
            none
            "Delete"
            ok ~
            -
            false
            false
            absent
            ok ~
            ok ~
        "#]],
    );
}

#[test]
fn group_deletion_takes_machines_before_what_they_hold() {
    check(
        "
        nic n0 s
        vm v0 nic=n0
        wait
        delete group rg
        wait
        used cores
        used StandardDiskCount
        ",
        expect![[r#"
            ok ~
            ok ~
            -
            ok ~
            -
            0
            0
        "#]],
    );
}

#[test]
fn a_document_read_can_be_written_again() {
    let mut world = World::new(Era::Current);
    world.run(
        r#"
        nic n0 s
        put set a0 {"sku": {"name": "Aligned"}}
        vm v0 nic=n0 set=a0 {"properties": {"osProfile": {"customData": "AAAA"}, "storageProfile": {"dataDisks": [{"lun": 0, "createOption": "Empty", "diskSizeGB": 5}]}}}
        wait
        "#,
    );
    for version in ["2017-03-30", "2020-12-01", "2025-04-01"] {
        world.run(&format!("version {version}"));
        let read = world.run("whole vm v0");
        let again = world.run(&format!("put vm v0 {}\nwait", read.trim()));
        assert!(again.starts_with("ok ~"), "{version}: {again}");
        assert_eq!(read, world.run("whole vm v0"), "{version}");
    }
}

#[test]
fn the_same_seed_makes_the_same_machines() {
    let script = "
        nic n0 s
        vm v0 nic=n0
        wait
        act vm v0 deallocate
        wait
        delete vm v0
        wait
    ";
    let digest = || {
        let mut world = World::new(Era::Current);
        world.run(script);
        world.cloud.digest()
    };
    assert_eq!(digest(), digest());
}

#[test]
fn a_refused_machine_changes_nothing() {
    let mut world = World::new(Era::Current);
    world.run("nic n0 s\nwait\nlimit standardDFamily 0");
    let before = world.cloud.digest();
    let answer = world.run("vm v0 nic=n0");
    assert!(answer.starts_with("OperationNotAllowed"), "{answer}");
    assert_eq!(world.cloud.digest(), before);
}
