"""A machine, its disks and a deployment through the Azure SDK for Python."""

from azure.core.exceptions import HttpResponseError
from azure.mgmt.compute import ComputeManagementClient
from azure.mgmt.network import NetworkManagementClient
from azure.mgmt.resource.resources import ResourceManagementClient

from azure_here import client
from check import check, end, refused, story

resources = client(ResourceManagementClient)
network = client(NetworkManagementClient)
compute = client(ComputeManagementClient)


def nic(name):
    return network.network_interfaces.begin_create_or_update(
        "g1",
        name,
        {
            "location": "westus",
            "properties": {
                "ipConfigurations": [
                    {"name": "ip", "properties": {"subnet": {"id": network.subnets.get("g1", "v1", "s1").id}}}
                ]
            },
        },
    ).result()


def machine(name, nic_id, **more):
    return {
        "location": "westus",
        "properties": {
            "hardwareProfile": {"vmSize": "Standard_D2s_v3"},
            "storageProfile": {
                "imageReference": {
                    "publisher": "Canonical",
                    "offer": "UbuntuServer",
                    "sku": "18.04-LTS",
                    "version": "latest",
                },
                "osDisk": {"createOption": "FromImage", "managedDisk": {"storageAccountType": "Standard_LRS"}},
            },
            "osProfile": {"computerName": name, "adminUsername": "ubuntu", "adminPassword": "Secret-0-Secret"},
            "networkProfile": {"networkInterfaces": [{"id": nic_id}]},
            **more,
        },
    }


def preparing():
    resources.resource_groups.create_or_update("g1", {"location": "westus"})
    network.virtual_networks.begin_create_or_update(
        "g1",
        "v1",
        {
            "location": "westus",
            "properties": {
                "addressSpace": {"addressPrefixes": ["10.0.0.0/16"]},
                "subnets": [{"name": "s1", "properties": {"addressPrefix": "10.0.0.0/24"}}],
            },
        },
    ).result()


def machines():
    port = nic("n1")
    vm = compute.virtual_machines.begin_create_or_update("g1", "vm1", machine("vm1", port.id)).result()
    check("a machine is made", "Succeeded", vm.provisioning_state)
    check("its disk is named by the service", True, bool(vm.storage_profile.os_disk.name))
    view = compute.virtual_machines.get("g1", "vm1", expand="instanceView").instance_view
    check("it runs", "PowerState/running", view.statuses[-1].code)
    check("it is listed", ["vm1"], [vm.name for vm in compute.virtual_machines.list("g1")])
    refused(
        "its interface cannot go",
        "NicInUse",
        lambda: network.network_interfaces.begin_delete("g1", "n1").result(),
        HttpResponseError,
    )
    refused(
        "its interface cannot serve another",
        "NicInUse",
        lambda: compute.virtual_machines.begin_create_or_update("g1", "vm2", machine("vm2", port.id)).result(),
        HttpResponseError,
    )
    compute.virtual_machines.begin_deallocate("g1", "vm1").result()
    view = compute.virtual_machines.instance_view("g1", "vm1")
    check("it is deallocated", "PowerState/deallocated", view.statuses[-1].code)
    compute.virtual_machines.begin_start("g1", "vm1").result()
    check("it runs again", "PowerState/running", compute.virtual_machines.instance_view("g1", "vm1").statuses[-1].code)


def disks():
    disk = compute.disks.begin_create_or_update(
        "g1", "d1", {"location": "westus", "properties": {"creationData": {"createOption": "Empty"}, "diskSizeGB": 8}}
    ).result()
    check("a disk is made", ("Succeeded", "Unattached"), (disk.provisioning_state, disk.disk_state))
    vm = compute.virtual_machines.get("g1", "vm1")
    vm.storage_profile.data_disks = [{"lun": 0, "createOption": "Attach", "managedDisk": {"id": disk.id}}]
    compute.virtual_machines.begin_create_or_update("g1", "vm1", vm).result()
    check("a disk is attached", "Attached", compute.disks.get("g1", "d1").disk_state)
    refused(
        "an attached disk cannot go",
        "OperationNotAllowed",
        lambda: compute.disks.begin_delete("g1", "d1").result(),
        HttpResponseError,
    )
    vm = compute.virtual_machines.get("g1", "vm1")
    vm.storage_profile.data_disks = []
    compute.virtual_machines.begin_create_or_update("g1", "vm1", vm).result()
    snapshot = compute.snapshots.begin_create_or_update(
        "g1",
        "snap1",
        {"location": "westus", "properties": {"creationData": {"createOption": "Copy", "sourceResourceId": disk.id}}},
    ).result()
    check("a snapshot has the size of its disk", 8, snapshot.disk_size_gb)
    compute.disks.begin_delete("g1", "d1").result()


def catalogue():
    sizes = {size.name: size.number_of_cores for size in compute.virtual_machine_sizes.list("westus")}
    check("sizes are listed", 2, sizes.get("Standard_D2s_v3"))
    skus = compute.virtual_machine_images.list_skus("westus", "Canonical", "UbuntuServer")
    check("images are listed", True, "18.04-LTS" in [sku.name for sku in skus])
    usage = {usage.name.value: usage.current_value for usage in compute.usage.list("westus")}
    check("cores are counted", 2, usage.get("cores"))


def removal():
    compute.virtual_machines.begin_delete("g1", "vm1").result()
    check("a machine goes", [], list(compute.virtual_machines.list("g1")))
    resources.resource_groups.begin_delete("g1").result()
    check("the group goes", False, resources.resource_groups.check_existence("g1"))


for tell in [preparing, machines, disks, catalogue, removal]:
    story(tell.__name__, tell)
end()
