"""Nodes, networks and volumes through Apache Libcloud's Resource Manager driver."""

import os

from libcloud.common.exceptions import BaseHTTPError
from libcloud.compute.base import NodeAuthPassword
from libcloud.compute.providers import get_driver
from libcloud.compute.types import NodeState, Provider

from check import check, end, story

ARM = os.environ["FAKE_ARM_URL"]


def driver(secret=None):
    return get_driver(Provider.AZURE_ARM)(
        os.environ["FAKE_TENANT"],
        os.environ["FAKE_SUBSCRIPTION"],
        os.environ["FAKE_CLIENT_ID"],
        secret or os.environ["FAKE_CLIENT_SECRET"],
        region="westus",
        cloud_environment={
            "resourceManagerEndpointUrl": ARM,
            "activeDirectoryEndpointUrl": ARM,
            "activeDirectoryResourceId": ARM + "/",
            "storageEndpointSuffix": "core.windows.net",
        },
    )


def refused(sentence, code, call):
    try:
        call()
        check(sentence, code, "no error")
    except BaseHTTPError as error:
        check(sentence, code, code if code in str(error) else str(error))


azure = driver()


def groups():
    azure.connection.request(
        f"/subscriptions/{azure.subscription_id}/resourceGroups/g1",
        params={"api-version": "2021-04-01"},
        data={"location": "westus"},
        method="PUT",
    )
    check("groups are listed", ["g1"], [group.name for group in azure.ex_list_resource_groups()])
    check("locations are listed", True, "westus" in [location.id for location in azure.list_locations()])


def networks():
    # The driver makes no networks.
    path = f"/subscriptions/{azure.subscription_id}/resourceGroups/g1/providers/Microsoft.Network/virtualNetworks/v1"
    version = {"api-version": "2018-06-01"}
    document = {
        "location": "westus",
        "properties": {
            "addressSpace": {"addressPrefixes": ["10.0.0.0/16"]},
            "subnets": [{"name": "s1", "properties": {"addressPrefix": "10.0.0.0/24"}}],
        },
    }
    azure.connection.request(path, params=version, data=document, method="PUT")
    state = azure.connection.request(path, params=version).object["properties"]["provisioningState"]
    check("a network is made", "Succeeded", state)
    network = azure.ex_list_networks()[0]
    check("networks are listed", "v1", network.name)
    check("subnets are listed", ["s1"], [subnet.name for subnet in azure.ex_list_subnets(network)])
    address = azure.ex_create_public_ip("ip1", "g1")
    check("a public address is made", "ip1", address.name)
    group = azure.ex_create_network_security_group("nsg1", "g1")
    check("security groups are listed", ["nsg1"], [found.name for found in azure.ex_list_network_security_groups("g1")])
    check("a security group is made", None, group)


def nodes():
    subnet = azure.ex_list_subnets(azure.ex_list_networks()[0])[0]
    nic = azure.ex_create_network_interface("n1", subnet, "g1", public_ip=azure.ex_list_public_ips("g1")[0])
    check("an interface is made", "n1", nic.name)
    location = next(location for location in azure.list_locations() if location.id == "westus")
    size = next(size for size in azure.list_sizes(location) if size.id == "Standard_D2s_v3")
    image = azure.get_image("Canonical:UbuntuServer:18.04-LTS:latest", location)
    node = azure.create_node(
        "vm1",
        size,
        image,
        NodeAuthPassword("Secret-0-Secret"),
        ex_resource_group="g1",
        ex_storage_account=None,
        ex_nic=nic,
        ex_use_managed_disks=True,
        location=location,
    )
    check("a node is made", "vm1", node.name)
    found = azure.list_nodes("g1", ex_fetch_power_state=True)
    check("nodes are listed, and run", [("vm1", NodeState.RUNNING)], [(node.name, node.state) for node in found])
    check("a node has a private address", ["10.0.0.4"], found[0].private_ips)
    volume = azure.create_volume(8, "d1", location, ex_resource_group="g1")
    check("a volume is made", ("d1", 8), (volume.name, volume.size))
    azure.attach_volume(found[0], volume, ex_lun=0)
    # The driver does not wait for the end of what it begins; a list does.
    azure.list_nodes("g1")
    refused("an attached volume cannot go", "OperationNotAllowed", lambda: azure.destroy_volume(volume))
    azure.ex_stop_node(found[0], deallocate=True)
    check("a node stops", NodeState.STOPPED, azure.list_nodes("g1", ex_fetch_power_state=True)[0].state)
    azure.ex_start_node(found[0])
    azure.reboot_node(found[0])
    refused("an interface in use cannot go", "NicInUse", lambda: azure.ex_destroy_nic(nic))
    check("a node is destroyed with its interface", True, azure.destroy_node(found[0], ex_destroy_vhd=False))
    check("no node is left", [], azure.list_nodes("g1"))


def signing_in():
    try:
        driver("wrong").list_locations()
        check("a wrong secret is refused", "an error", "an answer")
    except Exception as error:
        check("a wrong secret is refused", True, "401" in str(error) or "AADSTS7000215" in str(error))


for tell in [signing_in, groups, networks, nodes]:
    story(tell.__name__, tell)
end()
