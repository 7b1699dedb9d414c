"""The classic API through azure-servicemanagement-legacy: every noun that the library knows, and Azure's refusals."""

import os
import re

from azure.common import AzureConflictHttpError, AzureHttpError, AzureMissingResourceHttpError
from azure.servicemanagement import (
    ConfigurationSet,
    ConfigurationSetInputEndpoint,
    LinuxConfigurationSet,
    OSVirtualHardDisk,
    ServiceManagementService,
)

from check import check, end, story

UBUNTU = "b39f27a8b8c64d52b05eac6a62ebad85__Ubuntu-14_04-LTS-amd64-server-20140724-en-us-30GB"

host = os.environ["FAKE_ASM_URL"].removeprefix("https://")
azure = ServiceManagementService(os.environ["FAKE_SUBSCRIPTION"], os.environ["FAKE_ASM_CERT"], host=host)


def wait(begun):
    """Waits for what began, and tells how it ended: the library's own helper sleeps at least a second between two looks."""
    for _ in range(1000):
        operation = azure.get_operation_status(begun.request_id)
        if operation.status != "InProgress":
            break
    error = getattr(operation, "error", None)
    return operation.status if not (error and error.code) else f"{operation.status}: {error.code}: {error.message}"


def refused(sentence, code, call):
    """Tells whether a call is refused with Azure's code; the library keeps the whole document as the error's text."""
    try:
        got = call()
    except AzureHttpError as error:
        found = re.search("<Code>(.*?)</Code>", str(error))
        check(sentence, code, found.group(1) if found else str(error))
    else:
        check(sentence, code, got)


def subscription():
    own = azure.get_subscription()
    check("the subscription has an id", os.environ["FAKE_SUBSCRIPTION"], own.subscription_id)
    check("it has cores to use", True, own.max_core_count >= 20 > own.current_core_count)
    names = [location.name for location in azure.list_locations()]
    check("locations are listed", True, "West US" in names)
    sizes = [size.name for size in azure.list_role_sizes()]
    check("role sizes are listed", True, "Small" in sizes)
    families = azure.list_operating_system_families()
    check("operating system families are listed", True, len(families.operating_system_families) > 0)
    check("images are listed", True, UBUNTU in [image.name for image in azure.list_os_images()])


def groups_and_accounts():
    azure.create_affinity_group("ag1", "label", "West US", "about")
    group = azure.get_affinity_group_properties("ag1")
    check("an affinity group is made", ("ag1", "West US"), (group.name, group.location))
    check("its name is taken", True, "ag1" in [group.name for group in azure.list_affinity_groups()])
    check("a name is free", True, azure.check_storage_account_name_availability("legacyacct").result)
    begun = azure.create_storage_account("legacyacct", "about", "label", affinity_group="ag1", account_type="Standard_LRS")
    check("a storage account is made", "Succeeded", wait(begun))
    keys = azure.get_storage_account_keys("legacyacct").storage_service_keys
    check("it has two keys", True, keys.primary != keys.secondary)
    renewed = azure.regenerate_storage_account_keys("legacyacct", "Secondary").storage_service_keys
    check("one is renewed", (keys.primary, True), (renewed.primary, renewed.secondary != keys.secondary))
    refused("a group in use stays", "BadRequest", lambda: azure.delete_affinity_group("ag1"))


def machine(name):
    system = LinuxConfigurationSet(name, "user", "Passw0rd!Passw0rd", True)
    network = ConfigurationSet()
    network.configuration_set_type = "NetworkConfiguration"
    network.input_endpoints.input_endpoints.append(
        ConfigurationSetInputEndpoint("web", "tcp", "80", "1234", load_balanced_endpoint_set_name="web")
    )
    endpoint = network.input_endpoints.input_endpoints[0]
    endpoint.load_balancer_probe.port = "1234"
    endpoint.load_balancer_probe.protocol = "tcp"
    endpoint.load_balancer_probe.path = None
    disk = OSVirtualHardDisk(UBUNTU, f"https://legacyacct.blob.core.windows.net/vhds/{name}.vhd")
    return system, disk, network


def machines():
    check("a service name is free", True, azure.check_hosted_service_name_availability("legacysvc").result)
    azure.create_hosted_service("legacysvc", "label", "about", affinity_group="ag1")
    check("it is no longer", False, azure.check_hosted_service_name_availability("legacysvc").result)
    refused("a service is made once", "ConflictError", lambda: azure.create_hosted_service("legacysvc", "label", affinity_group="ag1"))

    system, disk, network = machine("legacy0")
    begun = azure.create_virtual_machine_deployment(
        "legacysvc", "legacysvc", "production", "label", "legacy0", system, disk, network, "set", role_size="Small"
    )
    check("a deployment is made", "Succeeded", wait(begun))
    system, disk, network = machine("legacy1")
    begun = azure.add_role("legacysvc", "legacysvc", "legacy1", system, disk, network, "set", role_size="Small")
    check("a role is added", "Succeeded", wait(begun))

    deployment = azure.get_deployment_by_name("legacysvc", "legacysvc")
    check("the deployment runs", "Running", deployment.status)
    check("its label is read", "label", deployment.label)
    check("it has two roles", ["legacy0", "legacy1"], sorted(role.role_name for role in deployment.role_list))
    states = {instance.role_name: instance.instance_status for instance in deployment.role_instance_list}
    check("both are ready", {"legacy0": "ReadyRole", "legacy1": "ReadyRole"}, states)
    ports = {(end.name, end.public_port) for instance in deployment.role_instance_list for end in instance.instance_endpoints}
    check("they share a public port", {("web", "80")}, ports)
    by_slot = azure.get_deployment_by_slot("legacysvc", "Production")
    check("a deployment is found by its slot", "legacysvc", by_slot.name)
    role = azure.get_role("legacysvc", "legacysvc", "legacy1")
    check("a role is read", ("legacy1", "Small", "set"), (role.role_name, role.role_size, role.availability_set_name))
    service = azure.get_hosted_service_properties("legacysvc", embed_detail=True)
    check("a service is read with its deployments", ["legacysvc"], [own.name for own in service.deployments])


def disks():
    begun = azure.add_data_disk("legacysvc", "legacysvc", "legacy1", 0, logical_disk_size_in_gb=5,
                                media_link="https://legacyacct.blob.core.windows.net/vhds/data.vhd")
    check("a data disk is added", "Succeeded", wait(begun))
    disk = azure.get_data_disk("legacysvc", "legacysvc", "legacy1", 0)
    check("it is read by its number", (0, 5), (disk.lun, disk.logical_disk_size_in_gb))
    listed = [own for own in azure.list_disks() if own.attached_to and own.attached_to.role_name == "legacy1"]
    check("disks know their machine", 2, len(listed))
    refused("a disk in use stays", "BadRequest", lambda: azure.delete_disk(listed[0].name))
    check("a data disk is taken away", "Succeeded", wait(azure.delete_data_disk("legacysvc", "legacysvc", "legacy1", 0)))
    free = [own.name for own in azure.list_disks() if not own.attached_to]
    check("it is a disk of its own then", 1, len(free))
    azure.delete_disk(free[0], delete_vhd=True)
    try:
        azure.get_data_disk("legacysvc", "legacysvc", "legacy1", 0)
        check("it is gone", "an error", "an answer")
    except AzureMissingResourceHttpError:
        check("it is gone", True, True)


def power():
    check("a machine is shut down", "Succeeded", wait(azure.shutdown_role("legacysvc", "legacysvc", "legacy1", "StoppedDeallocated")))
    states = {own.role_name: own.instance_status for own in azure.get_deployment_by_name("legacysvc", "legacysvc").role_instance_list}
    check("the other one runs on", {"legacy0": "ReadyRole", "legacy1": "StoppedDeallocated"}, states)
    check("it is started", "Succeeded", wait(azure.start_role("legacysvc", "legacysvc", "legacy1")))
    check("it is restarted", "Succeeded", wait(azure.restart_role("legacysvc", "legacysvc", "legacy1")))


def addresses():
    check("an address is reserved", "Succeeded", wait(azure.create_reserved_ip_address("ip1", "label", "West US")))
    reserved = azure.get_reserved_ip_address("ip1")
    check("it has an address", True, bool(reserved.address))
    check("addresses are listed", ["ip1"], [own.name for own in azure.list_reserved_ip_addresses()])
    check("it is given back", "Succeeded", wait(azure.delete_reserved_ip_address("ip1")))


def teardown():
    check("a role goes", "Succeeded", wait(azure.delete_role("legacysvc", "legacysvc", "legacy1", complete=True)))
    refused("the last role stays", "BadRequest", lambda: azure.delete_role("legacysvc", "legacysvc", "legacy0"))
    refused("a service with a deployment stays", "BadRequest", lambda: azure.delete_hosted_service("legacysvc"))
    check("the deployment goes, disks and all", "Succeeded", wait(azure.delete_deployment("legacysvc", "legacysvc", delete_vhd=True)))
    check("no disk is left", [], [own.name for own in azure.list_disks()])
    azure.delete_hosted_service("legacysvc")
    check("no service is left", [], [own.service_name for own in azure.list_hosted_services()])
    azure.delete_storage_account("legacyacct")
    azure.delete_affinity_group("ag1")
    try:
        azure.get_affinity_group_properties("ag1")
        check("a group that is gone is missing", "an error", "an answer")
    except AzureMissingResourceHttpError:
        check("a group that is gone is missing", True, True)
    except AzureConflictHttpError as error:
        check("a group that is gone is missing", "404", str(error))


for tell in [subscription, groups_and_accounts, machines, disks, power, addresses, teardown]:
    story(tell.__name__, tell)
end()
