//! Disks of machines, by script.

use expect_test::expect;

use crate::catalogue::limits::Era;
use crate::types::compute::testing::{World, check};

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
        upload acc leased.vhd leased 1
        vm v0 nic=n0 os=https://acc.blob.core.windows.net/vhds/leased.vhd {"properties": {"osProfile": null, "storageProfile": {"imageReference": null, "osDisk": {"createOption": "Attach", "osType": "Linux"}}}}
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
            AcquireDiskLeaseFailed
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
fn managed_disks_are_not_captured() {
    check(
        r#"
        nic n0 s
        vm v0 nic=n0
        wait
        act vm v0 powerOff
        wait
        act vm v0 generalize
        act vm v0 capture {"vhdPrefix": "p"}
        act vm v0 capture {"vhdPrefix": "p", "destinationContainerName": "c"}
        "#,
        expect![[r#"
            ok ~
            ok ~
            -
            ok ~
            -
            ok
            InvalidParameter (destinationContainerName): Required parameter 'destinationContainerName' is missing (null).
            OperationNotAllowed: Capture operation is not supported for VM 'v0' with managed disks. Create an image of it instead.
        "#]],
    );
}

#[test]
fn a_write_of_the_data_disks_alone_keeps_the_rest_of_the_machine() {
    check(
        r#"
        nic n0 s
        put disk d0 {"properties": {"creationData": {"createOption": "Empty"}, "diskSizeGB": 10}}
        wait
        vm v0 nic=n0 {}
        wait
        put vm v0 {"properties": {"storageProfile": {"dataDisks": [{"lun": 0, "createOption": "Attach", "managedDisk": {"id": "/subscriptions/0b1f6471-1bf0-4dda-aec3-cb9272f09590/resourceGroups/RG/providers/Microsoft.Compute/disks/d0"}}]}}}
        wait
        get vm v0 /properties/hardwareProfile
        get vm v0 /properties/storageProfile/osDisk/osType
        get disk d0 /properties/diskState
        put vm v1 {"properties": {"storageProfile": {"dataDisks": []}}}
        "#,
        expect![[r#"
            ok ~
            ok ~
            -
            ok ~
            -
            ok ~
            -
            {"vmSize":"Standard_D1"}
            "Linux"
            "Attached"
            InvalidParameter (hardwareProfile): Required parameter 'hardwareProfile' is missing (null).
        "#]],
    );
}
