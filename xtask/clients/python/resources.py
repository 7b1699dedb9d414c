"""Groups, networks and refusals through the Azure SDK for Python."""

from azure.core.exceptions import ClientAuthenticationError, HttpResponseError, ResourceNotFoundError
from azure.mgmt.network import NetworkManagementClient
from azure.mgmt.resource.resources import ResourceManagementClient

from azure_here import ARM, client, credential
from check import check, end, refused, story

resources = client(ResourceManagementClient)
network = client(NetworkManagementClient)


def signing_in():
    token = credential().get_token(ARM + "/.default")
    check("a secret gives a token", 3, len(token.token.split(".")))
    try:
        credential("wrong").get_token(ARM + "/.default")
        check("a wrong secret is refused", "an error", "a token")
    except ClientAuthenticationError as error:
        check("a wrong secret is refused", True, "AADSTS7000215" in str(error))


def groups():
    group = resources.resource_groups.create_or_update("g1", {"location": "westus", "tags": {"team": "blue"}})
    check("a group is made", ("g1", "Succeeded"), (group.name, group.properties.provisioning_state))
    check("a group is there", True, resources.resource_groups.check_existence("G1"))
    check("another is not", False, resources.resource_groups.check_existence("nope"))
    check("groups are listed", ["g1"], [group.name for group in resources.resource_groups.list()])
    refused("a group that is not there is not found", "ResourceGroupNotFound", lambda: resources.resource_groups.get("nope"), ResourceNotFoundError)
    refused(
        "a group keeps its location",
        "InvalidResourceGroupLocation",
        lambda: resources.resource_groups.create_or_update("g1", {"location": "eastus"}),
        HttpResponseError,
    )
    found = {provider.namespace: provider.registration_state for provider in resources.providers.list()}
    check("providers are registered", "Registered", found.get("Microsoft.Network"))


def networks():
    vnet = network.virtual_networks.begin_create_or_update(
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
    check("a network is made with its subnet", ["s1"], [subnet.name for subnet in vnet.subnets])
    subnet = network.subnets.get("g1", "v1", "s1")
    nic = network.network_interfaces.begin_create_or_update(
        "g1",
        "n1",
        {
            "location": "westus",
            "properties": {"ipConfigurations": [{"name": "ip", "properties": {"subnet": {"id": subnet.id}}}]},
        },
    ).result()
    check("an interface has the first free address", "10.0.0.4", nic.ip_configurations[0].private_ip_address)
    refused(
        "a subnet in use stays",
        "InUseSubnetCannotBeDeleted",
        lambda: network.subnets.begin_delete("g1", "v1", "s1").result(),
        HttpResponseError,
    )
    refused(
        "an interface needs a subnet that is there",
        "InvalidResourceReference",
        lambda: network.network_interfaces.begin_create_or_update(
            "g1",
            "n2",
            {
                "location": "westus",
                "properties": {
                    "ipConfigurations": [{"name": "ip", "properties": {"subnet": {"id": subnet.id + "x"}}}]
                },
            },
        ).result(),
        HttpResponseError,
    )
    group = network.network_security_groups.begin_create_or_update("g1", "nsg1", {"location": "westus"}).result()
    check("a security group has its default rules", 6, len(group.default_security_rules))
    rule = {
        "properties": {
            "protocol": "Tcp",
            "access": "Allow",
            "direction": "Inbound",
            "priority": 100,
            "sourceAddressPrefix": "*",
            "sourcePortRange": "*",
            "destinationAddressPrefix": "*",
            "destinationPortRange": "22",
        }
    }
    made = network.security_rules.begin_create_or_update("g1", "nsg1", "ssh", rule).result()
    check("a rule is made", ("ssh", 100), (made.name, made.priority))
    refused(
        "two rules cannot share a priority",
        "SecurityRuleConflict",
        lambda: network.security_rules.begin_create_or_update("g1", "nsg1", "again", rule).result(),
        HttpResponseError,
    )
    network.network_interfaces.begin_delete("g1", "n1").result()
    network.virtual_networks.begin_delete("g1", "v1").result()
    check("a network goes", [], list(network.virtual_networks.list("g1")))


def end_of_group():
    resources.resource_groups.begin_delete("g1").result()
    check("a group goes with all that is in it", False, resources.resource_groups.check_existence("g1"))


for tell in [signing_in, groups, networks, end_of_group]:
    story(tell.__name__, tell)
end()
