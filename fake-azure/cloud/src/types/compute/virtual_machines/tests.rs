//! Machines, by script.

use expect_test::expect;

use crate::catalogue::limits::Era;
use crate::types::compute::testing::{World, check, run};

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
fn the_service_makes_managed_disks() {
    check(
        r#"
        nic n0 s
        vm v0 nic=n0 {"tags": {"a": "b"}, "properties": {"storageProfile": {"osDisk": {"name": "root", "diskSizeGB": 40, "managedDisk": {"storageAccountType": "Standard_LRS"}}, "dataDisks": [{"lun": 1, "name": "data", "createOption": "empty", "diskSizeGB": 10}]}}}
        wait
        get disk root /
        get disk data /properties/diskState
        used StandardDiskCount
        "#,
        expect![[r#"
            ok ~
            ok ~
            -
            {"name":"root","id":"/providers/Microsoft.Compute/disks/root","type":"Microsoft.Compute/disks","location":"westus","tags":{"a":"b"},"managedBy":"/providers/Microsoft.Compute/virtualMachines/v0","sku":{"name":"Standard_LRS","tier":"Standard"},"properties":{"osType":"Linux","hyperVGeneration":"V1","creationData":{"createOption":"FromImage","imageReference":{"id":"/Subscriptions/0b1f6471-1bf0-4dda-aec3-cb9272f09590/Providers/Microsoft.Compute/Locations/westus/Publishers/Canonical/ArtifactTypes/VMImage/Offers/UbuntuServer/Skus/16.04.0-LTS/Versions/16.04.202104290"}},"diskSizeGB":40,"diskIOPSReadWrite":500,"diskMBpsReadWrite":60,"encryption":{"type":"EncryptionAtRestWithPlatformKey"},"timeCreated":"2016-04-01T00:00:02.9950000+00:00","provisioningState":"Succeeded","diskState":"Attached","diskSizeBytes":42949672960,"uniqueId":"2c2b7206-8f46-4df7-b8cd-54899c846a2e"}}
            "Attached"
            2
        "#]],
    );
}

#[test]
fn disks_attach_and_detach_with_the_document() {
    check(
        r#"
        nic n0 s
        nic n1 s
        put disk d0 {"properties": {"creationData": {"createOption": "Empty"}, "diskSizeGB": 10}}
        wait
        vm v0 nic=n0 {"properties": {"storageProfile": {"dataDisks": [{"lun": 0, "createOption": "Attach", "managedDisk": {"id": "/subscriptions/0b1f6471-1bf0-4dda-aec3-cb9272f09590/resourceGroups/RG/providers/Microsoft.Compute/disks/d0"}}]}}}
        write vm v0 /properties/storageProfile/dataDisks
        wait
        get disk d0 /managedBy
        get disk d0 /properties/diskState
        vm v1 nic=n1 {"properties": {"storageProfile": {"dataDisks": [{"lun": 0, "createOption": "Attach", "managedDisk": {"id": "/subscriptions/0b1f6471-1bf0-4dda-aec3-cb9272f09590/resourceGroups/rg/providers/Microsoft.Compute/disks/d0"}}]}}}
        delete disk d0
        patch vm v0 {"tags": {"a": "b"}}
        wait
        get disk d0 /properties/diskState
        patch vm v0 {"properties": {"storageProfile": {"dataDisks": []}}}
        wait
        get disk d0 /properties/diskState
        get vm v0 /properties/storageProfile/dataDisks
        delete disk d0
        "#,
        expect![[r#"
            ok ~
            ok ~
            ok ~
            -
            ok ~
            [{"lun":0,"name":"d0","createOption":"Attach","caching":"None","managedDisk":{"storageAccountType":"Standard_LRS","id":"/providers/Microsoft.Compute/disks/d0"},"diskSizeGB":10,"toBeDetached":false}]
            -
            "/providers/Microsoft.Compute/virtualMachines/v0"
            "Attached"
            ConflictingUserInput: Disk 'd0' cannot be attached as the disk is already owned by VM '/providers/Microsoft.Compute/virtualMachines/
            OperationNotAllowed: Disk d0 is attached to VM /providers/Microsoft.Compute/virtualMachines/v0.
            ok ~
            -
            "Attached"
            ok ~
            -
            "Unattached"
            []
            ok ~
        "#]],
    );
}

#[test]
fn a_disk_marked_to_be_detached_goes() {
    check(
        r#"
        nic n0 s
        vm v0 nic=n0 {"properties": {"storageProfile": {"dataDisks": [{"lun": 0, "name": "d0", "createOption": "Empty", "diskSizeGB": 10}]}}}
        wait
        patch vm v0 {"properties": {"storageProfile": {"dataDisks": [{"lun": 0, "name": "d0", "createOption": "Empty", "diskSizeGB": 10, "toBeDetached": true}]}}}
        wait
        get disk d0 /properties/diskState
        get vm v0 /properties/storageProfile/dataDisks
        "#,
        expect![[r#"
            ok ~
            ok ~
            -
            ok ~
            -
            "Unattached"
            []
        "#]],
    );
}

#[test]
fn data_disks_have_rules() {
    check(
        r#"
        nic n0 s
        vm v0 nic=n0 {"properties": {"storageProfile": {"dataDisks": [{"createOption": "Empty", "diskSizeGB": 1}]}}}
        vm v0 nic=n0 {"properties": {"storageProfile": {"dataDisks": [{"lun": 0, "createOption": "Empty"}]}}}
        vm v0 nic=n0 {"properties": {"storageProfile": {"dataDisks": [{"lun": 0, "diskSizeGB": 1}]}}}
        vm v0 nic=n0 {"properties": {"storageProfile": {"dataDisks": [{"lun": 0, "createOption": "Sideways"}]}}}
        vm v0 nic=n0 {"properties": {"storageProfile": {"dataDisks": [{"lun": 4, "createOption": "Empty", "diskSizeGB": 1}]}}}
        vm v0 nic=n0 {"properties": {"storageProfile": {"dataDisks": [{"lun": 0, "createOption": "Empty", "diskSizeGB": 1}, {"lun": 0, "createOption": "Empty", "diskSizeGB": 1}]}}}
        vm v0 nic=n0 {"properties": {"storageProfile": {"dataDisks": [{"lun": 0, "name": "a", "createOption": "Empty", "diskSizeGB": 1}, {"lun": 1, "name": "A", "createOption": "Empty", "diskSizeGB": 1}]}}}
        vm v0 nic=n0 {"properties": {"storageProfile": {"dataDisks": [{"lun": 0, "createOption": "Empty", "diskSizeGB": 99999}]}}}
        vm v0 nic=n0 {"properties": {"storageProfile": {"dataDisks": [{"lun": 0, "createOption": "Attach"}]}}}
        vm v0 nic=n0 {"properties": {"storageProfile": {"dataDisks": [{"lun": 0, "createOption": "FromImage"}]}}}
        vm v0 nic=n0 {"properties": {"storageProfile": {"dataDisks": [{"lun": 0, "createOption": "Empty", "diskSizeGB": 1, "managedDisk": {"storageAccountType": "Premium_LRS"}}]}}}
        vm v0 nic=n0 {"properties": {"storageProfile": {"dataDisks": [{"lun": 0, "createOption": "Empty", "diskSizeGB": 1, "vhd": {"uri": "https://acc.blob.core.windows.net/vhds/a.vhd"}}]}}}
        vm v0 nic=n0 {"properties": {"storageProfile": {"dataDisks": [{"lun": 0, "createOption": "Empty", "diskSizeGB": 1}, {"lun": 1, "createOption": "Empty", "diskSizeGB": 1}, {"lun": 2, "createOption": "Empty", "diskSizeGB": 1}, {"lun": 3, "createOption": "Empty", "diskSizeGB": 1}, {"lun": 5, "createOption": "Empty", "diskSizeGB": 1}]}}}
        exists vm v0
        "#,
        expect![[r#"
            ok ~
            InvalidParameter (dataDisk.lun): Required parameter 'dataDisk.lun' is missing (null).
            InvalidParameter (dataDisk.diskSizeGB): Required parameter 'dataDisk.diskSizeGB' is missing (null).
            InvalidParameter (dataDisk.createOption): Required parameter 'dataDisk.createOption' is missing (null).
            InvalidParameter (createOption): The value of parameter storageProfile.dataDisks.*.createOption is invalid.
            InvalidParameter (dataDisk.lun): The value of parameter dataDisk.lun is invalid.
            InvalidParameter (dataDisk.lun): A disk at LUN 0 already exists.
            InvalidParameter (dataDisk.name): A disk named 'A' already exists.
            InvalidParameter (dataDisk.diskSizeGB): The value of parameter dataDisk.diskSizeGB is out of range. Value '99999' must be between '1' and '32767' incl
            InvalidParameter (dataDisk.managedDisk.id): Required parameter 'dataDisk.managedDisk.id' is missing (null).
            InvalidParameter (dataDisk.lun): The value of parameter dataDisk.lun is invalid.
            InvalidParameter: Requested operation cannot be performed because the VM size Standard_D1 does not support the storage account t
            OperationNotAllowed (dataDisk.vhd): Addition of a blob based disk to VM with managed disks is not supported.
            OperationNotAllowed (dataDisks): The maximum number of data disks allowed to be attached to a VM of this size is 4.
            false
        "#]],
    );
}

#[test]
fn a_disk_of_that_name_must_be_attached() {
    cov_mark::check!(disk_already_there);
    check(
        r#"
        nic n0 s
        put disk root {"properties": {"creationData": {"createOption": "Empty"}, "diskSizeGB": 10}}
        wait
        vm v0 nic=n0 {"properties": {"storageProfile": {"osDisk": {"name": "root"}}}}
        vm v0 nic=n0 {"properties": {"osProfile": null, "storageProfile": {"imageReference": null, "osDisk": {"createOption": "Attach", "osType": "Linux", "managedDisk": {"id": "/subscriptions/0b1f6471-1bf0-4dda-aec3-cb9272f09590/resourceGroups/rg/providers/Microsoft.Compute/disks/root"}}}}}
        get disk root /properties/diskState
        "#,
        expect![[r#"
            ok ~
            ok ~
            -
            ConflictingUserInput: Disk root already exists in resource group rg. Only CreateOption.Attach is supported.
            ok ~
            "Attached"
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
        vm v0 nic=n0 {"properties": {"osProfile": {"linuxConfiguration": {"ssh": {"publicKeys": [{"path": "/root/.ssh/authorized_keys", "keyData": "k"}]}}}}}
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
fn images_make_machines() {
    check(
        r#"
        nic n0 s
        nic n1 s
        vm v0 nic=n0 {"properties": {"storageProfile": {"dataDisks": [{"lun": 2, "createOption": "Empty", "diskSizeGB": 20}]}}}
        wait
        put image i0 {"properties": {"sourceVirtualMachine": {"id": "/subscriptions/0b1f6471-1bf0-4dda-aec3-cb9272f09590/resourceGroups/rg/providers/Microsoft.Compute/virtualMachines/v0"}}}
        act vm v0 deallocate
        wait
        act vm v0 generalize
        put image i0 {"properties": {"sourceVirtualMachine": {"id": "/subscriptions/0b1f6471-1bf0-4dda-aec3-cb9272f09590/resourceGroups/rg/providers/Microsoft.Compute/virtualMachines/v0"}}}
        wait
        delete vm v0
        wait
        vm v1 nic=n1 {"properties": {"storageProfile": {"imageReference": {"publisher": null, "offer": null, "sku": null, "version": null, "id": "/subscriptions/0b1f6471-1bf0-4dda-aec3-cb9272f09590/resourceGroups/rg/providers/Microsoft.Compute/images/i0"}}}}
        wait
        get vm v1 /properties/storageProfile/dataDisks/0/diskSizeGB
        get vm v1 /properties/storageProfile/osDisk/diskSizeGB
        patch vm v1 {"tags": {"a": "b"}}
        wait
        get vm v1 /properties/storageProfile/dataDisks/0/lun
        "#,
        expect![[r#"
            ok ~
            ok ~
            ok ~
            -
            OperationNotAllowed: The operation 'Create Image' requires the Virtual Machine 'v0' to be Generalized.
            ok ~
            -
            ok
            ok ~
            -
            ok ~
            -
            ok ~
            -
            20
            30
            ok ~
            -
            2
        "#]],
    );
}

#[test]
fn images_have_to_exist_and_fit() {
    check(
        r#"
        nic n0 s
        vm v0 nic=n0 {"properties": {"storageProfile": {"imageReference": {"offer": "Nothing"}}}}
        vm v0 nic=n0 {"properties": {"storageProfile": {"imageReference": {"version": "1.2.3"}}}}
        vm v0 nic=n0 {"properties": {"storageProfile": {"imageReference": {"publisher": null, "id": "/subscriptions/0b1f6471-1bf0-4dda-aec3-cb9272f09590/resourceGroups/rg/providers/Microsoft.Compute/images/i0"}}}}
        vm v0 nic=n0 {"properties": {"storageProfile": {"imageReference": {"offer": "0001-com-ubuntu-server-jammy", "sku": "22_04-lts-gen2"}}}}
        vm v0 nic=n0 size=Standard_D2s_v3 {"properties": {"storageProfile": {"imageReference": {"offer": "0001-com-ubuntu-server-jammy", "sku": "22_04-lts-arm64"}}}}
        vm v0 nic=n0 {"properties": {"storageProfile": {"imageReference": {"offer": "0001-com-ubuntu-pro-jammy", "sku": "pro-22_04-lts"}}}}
        vm v0 nic=n0 {"plan": {"name": "x", "publisher": "canonical", "product": "y"}, "properties": {"storageProfile": {"imageReference": {"offer": "0001-com-ubuntu-pro-jammy", "sku": "pro-22_04-lts"}}}}
        vm v0 nic=n0 {"plan": {"name": "x", "publisher": "canonical", "product": "y"}}
        vm v0 nic=n0 {"properties": {"storageProfile": {"osDisk": {"diskSizeGB": 10}}}}
        vm v0 nic=n0 {"plan": {"name": "pro-22_04-lts", "publisher": "canonical", "product": "0001-com-ubuntu-pro-jammy"}, "properties": {"storageProfile": {"imageReference": {"offer": "0001-com-ubuntu-pro-jammy", "sku": "pro-22_04-lts"}}}}
        "#,
        expect![[r#"
            ok ~
            PlatformImageNotFound (imageReference)
            PlatformImageNotFound (imageReference)
            NotFound: Resource /providers/Microsoft.Compute/images/i0 referenced by resource /providers/Microsoft.Compute/virtualMac
            BadRequest: The selected VM size 'Standard_D1' cannot boot Hypervisor Generation '2'. If this was a Create operation pleas
            BadRequest: Cannot create a VM of size 'Standard_D2s_v3' because this VM size only supports a CPU Architecture of 'x64', b
            VMMarketplaceInvalidInput: Creating a virtual machine from Marketplace image requires Plan information in the request. OS disk name is v0
            VMMarketplaceInvalidInput: The purchase information does not match. OS disk name is v0.
            VMMarketplaceInvalidInput: Creating a virtual machine from a non Marketplace image does not need Plan information, please remove the Plan
            OperationNotAllowed (osDisk.diskSizeGB): The specified disk size 10 GB is smaller than the size of the corresponding disk in the VM image: 30 GB. This 
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
fn vhds_are_made_and_held() {
    check(
        r#"
        account acc westus
        account far eastus
        nic n0 s
        nic n1 s
        vm v0 nic=n0 os=https://nobody.blob.core.windows.net/vhds/v0.vhd
        vm v0 nic=n0 os=https://far.blob.core.windows.net/vhds/v0.vhd
        vm v0 nic=n0 os=acc/vhds/v0.vhd
        vm v0 nic=n0 os=https://acc.blob.core.windows.net/vhds/v0.img
        vm v0 nic=n0 os=https://acc.blob.core.windows.net/vhds/a/v0.vhd
        vm v0 nic=n0 os=https://acc.blob.core.windows.net/vhds/v0.vhd
        write vm v0 /properties/storageProfile/osDisk
        wait
        blob acc v0.vhd
        vm v1 nic=n1 os=https://acc.blob.core.windows.net/vhds/v0.vhd
        vm v1 nic=n1 os=https://acc.blob.core.windows.net/vhds/v0.vhd {"properties": {"osProfile": null, "storageProfile": {"imageReference": null, "osDisk": {"createOption": "Attach", "osType": "Linux"}}}}
        patch vm v0 {"properties": {"storageProfile": {"dataDisks": [{"lun": 0, "createOption": "Empty", "diskSizeGB": 1, "managedDisk": {"storageAccountType": "Standard_LRS"}}]}}}
        patch vm v0 {"properties": {"storageProfile": {"dataDisks": [{"lun": 0, "createOption": "Empty", "diskSizeGB": 1}]}}}
        patch vm v0 {"properties": {"storageProfile": {"dataDisks": [{"lun": 0, "name": "data", "createOption": "Empty", "diskSizeGB": 1, "vhd": {"uri": "https://localhost:8445/acc/vhds/data.vhd"}}]}}}
        wait
        get vm v0 /properties/storageProfile/dataDisks
        delete vm v0
        wait
        blob acc v0.vhd
        blob acc data.vhd
        vm v1 nic=n1 os=https://acc.blob.core.windows.net/vhds/v0.vhd {"properties": {"osProfile": null, "storageProfile": {"imageReference": null, "osDisk": {"createOption": "Attach", "osType": "Linux"}}}}
        wait
        power v1
        "#,
        expect![[r#"
            -
            -
            ok ~
            ok ~
            StorageAccountNotFound
            StorageAccountLocationMismatch
            InvalidParameter (osDisk.vhd.uri): The URI acc/vhds/v0.vhd does not look to be correct blob URI.
            InvalidParameter (osDisk.vhd.uri): Blob name in URL https://acc.blob.core.windows.net/vhds/v0.img must end with '.vhd' extension.
            InvalidParameter (osDisk.vhd.uri): The blob name in URL https://acc.blob.core.windows.net/vhds/a/v0.vhd contains a slash. This is presently not s
            ok ~
            {"osType":"Linux","name":"v0-os","createOption":"FromImage","vhd":{"uri":"https://acc.blob.core.windows.net/vhds/v0.vhd"},"caching":"ReadWrite"}
            -
            Leased 6 marks
            TargetDiskBlobAlreadyExists
            DiskBlobAlreadyInUseByAnotherDisk
            OperationNotAllowed (dataDisk.managedDisk): Addition of a managed disk to a VM with blob based disks is not supported.
            InvalidParameter (dataDisk.vhd): Required parameter 'dataDisk.vhd' is missing (null).
            ok ~
            -
            [{"lun":0,"name":"data","createOption":"Empty","vhd":{"uri":"https://localhost:8445/acc/vhds/data.vhd"},"caching":"None","diskSizeGB":1,"toBeDetached":false}]
            ok ~
            -
            Available 0 marks
            Available 0 marks
            ok ~
            -
            running
        "#]],
    );
}

#[test]
fn vhds_to_attach_have_rules() {
    check(
        r#"
        account acc westus
        nic n0 s
        upload acc block.vhd block 1
        vm v0 nic=n0 os=https://acc.blob.core.windows.net/vhds/none.vhd {"properties": {"osProfile": null, "storageProfile": {"imageReference": null, "osDisk": {"createOption": "Attach", "osType": "Linux"}}}}
        vm v0 nic=n0 os=https://acc.blob.core.windows.net/vhds/block.vhd {"properties": {"osProfile": null, "storageProfile": {"imageReference": null, "osDisk": {"createOption": "Attach", "osType": "Linux"}}}}
        upload acc page.vhd page 1
        vm v0 nic=n0 os=https://acc.blob.core.windows.net/vhds/page.vhd {"properties": {"osProfile": null, "storageProfile": {"imageReference": null, "osDisk": {"createOption": "Attach"}}}}
        vm v0 nic=n0 os=https://acc.blob.core.windows.net/vhds/new.vhd {"properties": {"storageProfile": {"imageReference": null, "osDisk": {"osType": "Linux", "image": {"uri": "https://other.blob.core.windows.net/vhds/image.vhd"}}}}}
        vm v0 nic=n0 os=https://acc.blob.core.windows.net/vhds/new.vhd {"properties": {"storageProfile": {"imageReference": null, "osDisk": {"osType": "Linux", "image": {"uri": "https://acc.blob.core.windows.net/vhds/image.vhd"}}}}}
        wait
        get vm v0 */properties/instanceView/statuses/0/code
        "#,
        expect![[r#"
            -
            ok ~
            -
            DiskBlobNotFound
            IncorrectDiskBlobType
            -
            InvalidParameter (osDisk.osType): Required parameter 'osDisk.osType' is missing (null).
            ConflictingUserInput: Source and destination storage accounts for disk v0-os are different.
            ok ~
            -
            "ProvisioningState/failed/ImageBlobNotFound"
        "#]],
    );
}

#[test]
fn machines_with_vhds_are_captured_and_converted() {
    check(
        r#"
        account acc westus
        nic n0 s
        vm v0 nic=n0 os=https://acc.blob.core.windows.net/vhds/v0.vhd
        wait
        act vm v0 convertToManagedDisks
        act vm v0 capture {"vhdPrefix": "p", "destinationContainerName": "c", "overwriteVhds": true}
        act vm v0 deallocate
        wait
        act vm v0 convertToManagedDisks
        wait
        get vm v0 /properties/storageProfile/osDisk
        get disk v0-os /properties/creationData
        get disk v0-os /properties/diskState
        blob acc v0.vhd
        patch vm v0 {"tags": {"a": "b"}}
        wait
        get vm v0 /properties/provisioningState
        "#,
        expect![[r#"
            -
            ok ~
            ok ~
            -
            OperationNotAllowed: Operation 'convertToManagedDisks' is not allowed on VM 'v0' since the VM is not deallocated.
            OperationNotAllowed: Capture operation cannot be completed because the VM is not generalized.
            ok ~
            -
            ok ~
            -
            {"osType":"Linux","name":"v0-os","createOption":"FromImage","caching":"ReadWrite","managedDisk":{"storageAccountType":"Standard_LRS","id":"/providers/Microsoft.Compute/disks/v0-os"},"diskSizeGB":30}
            {"createOption":"Import","sourceUri":"https://acc.blob.core.windows.net/vhds/v0.vhd"}
            "Reserved"
            Available 0 marks
            ok ~
            -
            "Succeeded"
        "#]],
    );
    let mut world = World::new(Era::Current);
    world.run(
        r#"
        account acc westus
        nic n0 s
        vm v0 nic=n0 os=https://acc.blob.core.windows.net/vhds/v0.vhd
        wait
        act vm v0 powerOff
        wait
        act vm v0 generalize
        "#,
    );
    let answers =
        world.run("act vm v0 capture {\"vhdPrefix\": \"p\", \"destinationContainerName\": \"c\"}\nwait\noutput v0");
    assert!(
        answers.contains("/system/Microsoft.Compute/Images/c/p-osDisk."),
        "{answers}"
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

#[test]
fn the_systems_disk_is_swapped_while_deallocated() {
    check(
        r#"
        nic n0 s
        put disk other {"properties": {"creationData": {"createOption": "Empty"}, "osType": "Linux", "diskSizeGB": 40}}
        wait
        vm v0 nic=n0 {"properties": {"storageProfile": {"osDisk": {"name": "root"}}}}
        wait
        patch vm v0 {"properties": {"storageProfile": {"osDisk": {"name": "other", "managedDisk": {"id": "/subscriptions/0b1f6471-1bf0-4dda-aec3-cb9272f09590/resourceGroups/rg/providers/Microsoft.Compute/disks/other"}}}}}
        act vm v0 deallocate
        wait
        patch vm v0 {"properties": {"storageProfile": {"osDisk": {"name": "other", "managedDisk": {"id": "/subscriptions/0b1f6471-1bf0-4dda-aec3-cb9272f09590/resourceGroups/rg/providers/Microsoft.Compute/disks/other"}}}}}
        wait
        get vm v0 /properties/storageProfile/osDisk
        get disk root /properties/diskState
        get disk other /properties/diskState
        "#,
        expect![[r#"
            ok ~
            ok ~
            -
            ok ~
            -
            OperationNotAllowed: Operation 'swapOSDisk' is not allowed on VM 'v0' since the VM is not deallocated.
            ok ~
            -
            ok ~
            -
            {"osType":"Linux","name":"other","createOption":"FromImage","caching":"ReadWrite","managedDisk":{"storageAccountType":"Standard_LRS","id":"/providers/Microsoft.Compute/disks/other"},"diskSizeGB":40}
            "Unattached"
            "Reserved"
        "#]],
    );
}

#[test]
fn a_local_system_disk_stays_with_its_host() {
    check(
        r#"
        nic n0 s
        vm v0 nic=n0 size=Standard_DS3_v2 {"properties": {"storageProfile": {"osDisk": {"caching": "ReadOnly", "diffDiskSettings": {"option": "Local"}}}}}
        wait
        get vm v0 /properties/storageProfile/osDisk/managedDisk/storageAccountType
        act vm v0 deallocate
        "#,
        expect![[r#"
            ok ~
            ok ~
            -
            "Premium_LRS"
            OperationNotAllowed: Operation 'deallocate' is not supported for VMs or VM Scale Set instances using an ephemeral OS disk.
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
