// Groups, networks and refusals through the Azure SDK for JavaScript.

import { NetworkManagementClient } from "@azure/arm-network";
import { ResourceManagementClient } from "@azure/arm-resources";

import { arm, client, credential } from "./azure-here.mjs";
import { all, check, end, refused, story } from "./check.mjs";

const resources = client(ResourceManagementClient);
const network = client(NetworkManagementClient);

await story("signing in", async () => {
  const token = await credential().getToken(`${arm}/.default`);
  check("a secret gives a token", 3, token.token.split(".").length);
  try {
    await credential("wrong").getToken(`${arm}/.default`);
    check("a wrong secret is refused", "an error", "a token");
  } catch (error) {
    check("a wrong secret is refused", true, String(error).includes("AADSTS7000215"));
  }
});

await story("groups", async () => {
  const group = await resources.resourceGroups.createOrUpdate("g1", { location: "westus", tags: { team: "blue" } });
  check("a group is made", ["g1", "Succeeded"], [group.name, group.properties.provisioningState]);
  check("a group is there", true, (await resources.resourceGroups.checkExistence("g1")).body);
  check(
    "groups are listed",
    ["g1"],
    (await all(resources.resourceGroups.list())).map((group) => group.name),
  );
  await refused("a group that is not there is not found", "ResourceGroupNotFound", () => resources.resourceGroups.get("nope"));
  await refused("a group keeps its location", "InvalidResourceGroupLocation", () =>
    resources.resourceGroups.createOrUpdate("g1", { location: "eastus" }),
  );
});

await story("networks", async () => {
  const vnet = await network.virtualNetworks.beginCreateOrUpdateAndWait("g1", "v1", {
    location: "westus",
    addressSpace: { addressPrefixes: ["10.0.0.0/16"] },
    subnets: [{ name: "s1", addressPrefix: "10.0.0.0/24" }],
  });
  check(
    "a network is made with its subnet",
    ["s1"],
    vnet.subnets.map((subnet) => subnet.name),
  );
  const subnet = vnet.subnets[0];
  const nic = await network.networkInterfaces.beginCreateOrUpdateAndWait("g1", "n1", {
    location: "westus",
    ipConfigurations: [{ name: "ip", subnet: { id: subnet.id } }],
  });
  check("an interface has the first free address", "10.0.0.4", nic.ipConfigurations[0].privateIPAddress);
  await refused("a subnet in use stays", "InUseSubnetCannotBeDeleted", () =>
    network.subnets.beginDeleteAndWait("g1", "v1", "s1"),
  );
  await refused("an interface needs a subnet that is there", "InvalidResourceReference", () =>
    network.networkInterfaces.beginCreateOrUpdateAndWait("g1", "n2", {
      location: "westus",
      ipConfigurations: [{ name: "ip", subnet: { id: `${subnet.id}x` } }],
    }),
  );

  const group = await network.networkSecurityGroups.beginCreateOrUpdateAndWait("g1", "nsg1", { location: "westus" });
  check("a security group has its default rules", 6, group.defaultSecurityRules.length);
  const rule = {
    protocol: "Tcp",
    access: "Allow",
    direction: "Inbound",
    priority: 100,
    sourceAddressPrefix: "*",
    sourcePortRange: "*",
    destinationAddressPrefix: "*",
    destinationPortRange: "22",
  };
  const made = await network.securityRules.beginCreateOrUpdateAndWait("g1", "nsg1", "ssh", rule);
  check("a rule is made", ["ssh", 100], [made.name, made.priority]);
  await refused("two rules cannot share a priority", "SecurityRuleConflict", () =>
    network.securityRules.beginCreateOrUpdateAndWait("g1", "nsg1", "again", rule),
  );

  const address = await network.publicIPAddresses.beginCreateOrUpdateAndWait("g1", "ip1", {
    location: "westus",
    sku: { name: "Standard" },
    publicIPAllocationMethod: "Static",
  });
  check("a static address has its number at once", true, /^\d+\.\d+\.\d+\.\d+$/.test(address.ipAddress));
  await network.networkInterfaces.beginDeleteAndWait("g1", "n1");
  await network.virtualNetworks.beginDeleteAndWait("g1", "v1");
  check("a network goes", [], await all(network.virtualNetworks.list("g1")));
});

await story("the end of the group", async () => {
  await resources.resourceGroups.beginDeleteAndWait("g1");
  check("a group goes with all that is in it", [], await all(resources.resourceGroups.list()));
});

end();
