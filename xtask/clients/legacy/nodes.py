"""The classic API through Apache Libcloud's `azure` driver."""

import os
from urllib.parse import urlsplit

from libcloud.compute.base import NodeAuthPassword
from libcloud.compute.providers import get_driver
from libcloud.compute.types import NodeState, Provider

from check import check, end, story

address = urlsplit(os.environ["FAKE_ASM_URL"])
azure = get_driver(Provider.AZURE)(
    subscription_id=os.environ["FAKE_SUBSCRIPTION"],
    key_file=os.environ["FAKE_ASM_CERT"],
    host=address.hostname,
    port=address.port,
)


def catalogue():
    check("sizes are listed", True, "Small" in [size.id for size in azure.list_sizes()])
    check("locations are listed", True, "West US" in [location.id for location in azure.list_locations()])
    check("images are listed", True, any("Ubuntu-14_04" in image.id for image in azure.list_images()))


def services():
    check("a cloud service is made", True, azure.ex_create_cloud_service("nodesvc", "West US"))
    check("a storage service is made", True, azure.ex_create_storage_service("nodeacct", "West US"))
    names = [service.service_name for service in azure.ex_list_cloud_services()]
    check("cloud services are listed", ["nodesvc"], names)


def nodes():
    image = next(image for image in azure.list_images() if "Ubuntu-14_04" in image.id)
    size = next(size for size in azure.list_sizes() if size.id == "Small")
    azure.create_node(
        name="node0",
        size=size,
        image=image,
        ex_cloud_service_name="nodesvc",
        ex_storage_service_name="nodeacct",
        ex_deployment_name="nodesvc",
        ex_deployment_slot="Production",
        ex_admin_user_id="user",
        auth=NodeAuthPassword("Passw0rd!Passw0rd", False),
    )
    for _ in range(100):
        found = azure.list_nodes("nodesvc")
        if found and found[0].state == NodeState.RUNNING:
            break
    check("a node runs", [("node0", NodeState.RUNNING)], [(node.name, node.state) for node in found])
    check("it has a public address", True, len(found[0].public_ips) == 1 and found[0].public_ips[0] != "")
    check("it is restarted", True, azure.reboot_node(found[0], ex_cloud_service_name="nodesvc", ex_deployment_slot="Production"))
    gone = azure.destroy_node(found[0], ex_cloud_service_name="nodesvc", ex_deployment_slot="Production")
    check("it goes", True, gone)
    for _ in range(100):
        if not azure.list_nodes("nodesvc"):
            break
    check("no node is left", [], azure.list_nodes("nodesvc"))
    check("the cloud service goes", True, azure.ex_destroy_cloud_service("nodesvc"))


for tell in [catalogue, services, nodes]:
    story(tell.__name__, tell)
end()
