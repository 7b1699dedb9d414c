// A machine and its disks through the Azure SDK for JavaScript.

import { ComputeManagementClient } from "@azure/arm-compute";
import { NetworkManagementClient } from "@azure/arm-network";
import { ResourceManagementClient } from "@azure/arm-resources";

import { client } from "./azure-here.mjs";
import { all, check, end, refused, story } from "./check.mjs";

const resources = client(ResourceManagementClient);
const network = client(NetworkManagementClient);
const compute = client(ComputeManagementClient);

function machine(name, nic) {
  return {
    location: "westus",
    hardwareProfile: { vmSize: "Standard_D2s_v3" },
    storageProfile: {
      imageReference: { publisher: "Canonical", offer: "UbuntuServer", sku: "18.04-LTS", version: "latest" },
      osDisk: { createOption: "FromImage", managedDisk: { storageAccountType: "Standard_LRS" } },
    },
    osProfile: { computerName: name, adminUsername: "ubuntu", adminPassword: "Secret-0-Secret" },
    networkProfile: { networkInterfaces: [{ id: nic.id }] },
  };
}

async function powerState() {
  const view = await compute.virtualMachines.instanceView("g1", "vm1");
  return view.statuses.at(-1).code;
}

let nic;

await story("preparing", async () => {
  await resources.resourceGroups.createOrUpdate("g1", { location: "westus" });
  const vnet = await network.virtualNetworks.beginCreateOrUpdateAndWait("g1", "v1", {
    location: "westus",
    addressSpace: { addressPrefixes: ["10.0.0.0/16"] },
    subnets: [{ name: "s1", addressPrefix: "10.0.0.0/24" }],
  });
  nic = await network.networkInterfaces.beginCreateOrUpdateAndWait("g1", "n1", {
    location: "westus",
    ipConfigurations: [{ name: "ip", subnet: { id: vnet.subnets[0].id } }],
  });
  check("an interface is ready", "Succeeded", nic.provisioningState);
});

await story("machines", async () => {
  const vm = await compute.virtualMachines.beginCreateOrUpdateAndWait("g1", "vm1", machine("vm1", nic));
  check("a machine is made", "Succeeded", vm.provisioningState);
  check("it runs", "PowerState/running", await powerState());
  await refused("its interface cannot go", "NicInUse", () => network.networkInterfaces.beginDeleteAndWait("g1", "n1"));
  await refused("its interface cannot serve another", "NicInUse", () =>
    compute.virtualMachines.beginCreateOrUpdateAndWait("g1", "vm2", machine("vm2", nic)),
  );
  await compute.virtualMachines.beginPowerOffAndWait("g1", "vm1");
  check("it is stopped", "PowerState/stopped", await powerState());
  await compute.virtualMachines.beginDeallocateAndWait("g1", "vm1");
  check("it is deallocated", "PowerState/deallocated", await powerState());
  await compute.virtualMachines.beginStartAndWait("g1", "vm1");
  check("it runs again", "PowerState/running", await powerState());
});

await story("disks", async () => {
  const disk = await compute.disks.beginCreateOrUpdateAndWait("g1", "d1", {
    location: "westus",
    creationData: { createOption: "Empty" },
    diskSizeGB: 8,
  });
  check("a disk is made", ["Succeeded", "Unattached"], [disk.provisioningState, disk.diskState]);
  const vm = await compute.virtualMachines.get("g1", "vm1");
  vm.storageProfile.dataDisks = [{ lun: 0, createOption: "Attach", managedDisk: { id: disk.id } }];
  await compute.virtualMachines.beginCreateOrUpdateAndWait("g1", "vm1", vm);
  check("a disk is attached", "Attached", (await compute.disks.get("g1", "d1")).diskState);
  await refused("an attached disk cannot go", "OperationNotAllowed", () => compute.disks.beginDeleteAndWait("g1", "d1"));
});

await story("catalogue", async () => {
  const sizes = await all(compute.virtualMachineSizes.list("westus"));
  check("sizes are listed", 2, sizes.find((size) => size.name === "Standard_D2s_v3")?.numberOfCores);
  const skus = await compute.virtualMachineImages.listSkus("westus", "Canonical", "UbuntuServer");
  check(
    "images are listed",
    true,
    skus.some((sku) => sku.name === "18.04-LTS"),
  );
});

await story("removal", async () => {
  await compute.virtualMachines.beginDeleteAndWait("g1", "vm1");
  check("a machine goes", [], await all(compute.virtualMachines.list("g1")));
  await resources.resourceGroups.beginDeleteAndWait("g1");
  check("the group goes", [], await all(resources.resourceGroups.list()));
});

end();
