// The classic API through the azure-asm-* packages for Node.

import { readFileSync } from "node:fs";
import { promisify } from "node:util";

import asmCompute from "azure-asm-compute";
import asmManagement from "azure-asm-mgmt";
import asmNetwork from "azure-asm-network";
import asmStorage from "azure-asm-storage";

import { check, end, refused, story } from "./check.mjs";

const { createCertificateCloudCredentials, createManagementClient } = asmManagement;
const { createComputeManagementClient } = asmCompute;
const { createStorageManagementClient } = asmStorage;
const { createNetworkManagementClient } = asmNetwork;

const credentials = createCertificateCloudCredentials({
  subscriptionId: process.env.FAKE_SUBSCRIPTION,
  pem: readFileSync(process.env.FAKE_ASM_CERT, "utf8"),
});
const url = process.env.FAKE_ASM_URL;
const management = createManagementClient(credentials, url);
const compute = createComputeManagementClient(credentials, url);
const storage = createStorageManagementClient(credentials, url);
const network = createNetworkManagementClient(credentials, url);

/** A call of the older kind as a promise. */
const call = (group, name, ...args) => promisify(group[name].bind(group))(...args);

/** Waits for what began. */
async function done(begun) {
  for (let look = 0; look < 1000; look += 1) {
    const status = await call(compute, "getOperationStatus", begun.requestId);
    if (status.status !== "InProgress") {
      return status.status;
    }
  }
  return "it never ended";
}

await story("the catalogue", async () => {
  const locations = await call(management.locations, "list");
  check("locations are listed", true, locations.locations.some((own) => own.name === "West US"));
  const sizes = await call(management.roleSizes, "list");
  check("role sizes are listed", true, sizes.roleSizes.some((own) => own.name === "Small"));
  const own = await call(management.subscriptions, "get");
  check("the subscription is read", process.env.FAKE_SUBSCRIPTION, own.subscriptionID);
  const images = await call(compute.virtualMachineOSImages, "list");
  check("images are listed", true, images.images.some((image) => image.name.includes("Ubuntu-14_04")));
});

await story("accounts", async () => {
  const free = await call(storage.storageAccounts, "checkNameAvailability", "nodejsacct");
  check("a name is free", true, free.isAvailable);
  const begun = await call(storage.storageAccounts, "beginCreating", {
    name: "nodejsacct",
    label: "label",
    location: "West US",
    accountType: "Standard_LRS",
  });
  check("a storage account is made", "Succeeded", await done(begun));
  const keys = await call(storage.storageAccounts, "getKeys", "nodejsacct");
  check("it has two keys", true, keys.primaryKey !== keys.secondaryKey && keys.primaryKey.length > 0);
});

await story("services", async () => {
  await call(compute.hostedServices, "create", { serviceName: "nodejssvc", label: "label", location: "West US" });
  const listed = await call(compute.hostedServices, "list");
  check("a service is made", ["nodejssvc"], listed.hostedServices.map((own) => own.serviceName));
  const again = { serviceName: "nodejssvc", label: "label", location: "West US" };
  await refused("a name is used once", "ConflictError", () => call(compute.hostedServices, "create", again));

  const images = await call(compute.virtualMachineOSImages, "list");
  const image = images.images.find((own) => own.name.includes("Ubuntu-14_04"));
  const begun = await call(compute.virtualMachines, "beginCreatingDeployment", "nodejssvc", {
    name: "nodejssvc",
    deploymentSlot: "Production",
    label: "label",
    roles: [
      {
        roleName: "nodejs0",
        roleType: "PersistentVMRole",
        roleSize: "Small",
        label: "bGFiZWw=",
        oSVirtualHardDisk: {
          sourceImageName: image.name,
          mediaLink: "https://nodejsacct.blob.core.windows.net/vhds/nodejs0.vhd",
        },
        dataVirtualHardDisks: [],
        configurationSets: [
          {
            configurationSetType: "LinuxProvisioningConfiguration",
            hostName: "nodejs0",
            userName: "user",
            userPassword: "Passw0rd!Passw0rd",
            disableSshPasswordAuthentication: false,
            storedCertificateSettings: [],
            inputEndpoints: [],
            subnetNames: [],
          },
          {
            configurationSetType: "NetworkConfiguration",
            inputEndpoints: [{ name: "ssh", protocol: "tcp", port: 22, localPort: 22 }],
            subnetNames: [],
            storedCertificateSettings: [],
          },
        ],
      },
    ],
  });
  check("a deployment is made", "Succeeded", await done(begun));
  const deployment = await call(compute.deployments, "getBySlot", "nodejssvc", "Production");
  check("it runs", "Running", deployment.status);
  check("its machine is ready", ["ReadyRole"], deployment.roleInstances.map((own) => own.instanceStatus));
  const disks = await call(compute.virtualMachineDisks, "listDisks");
  check("it has a disk", 1, disks.disks.length);
  await refused("a service in use stays", "BadRequest", () => call(compute.hostedServices, "deleteMethod", "nodejssvc"));
  const stopped = await call(compute.virtualMachines, "beginShutdown", "nodejssvc", "nodejssvc", "nodejs0", {
    postShutdownAction: "StoppedDeallocated",
  });
  check("a machine is shut down", "Succeeded", await done(stopped));
  const gone = await call(compute.deployments, "beginDeletingByName", "nodejssvc", "nodejssvc", true);
  check("the deployment goes", "Succeeded", await done(gone));
  await call(compute.hostedServices, "deleteMethod", "nodejssvc");
  await call(storage.storageAccounts, "deleteMethod", "nodejsacct");
  check("nothing is left", [], (await call(compute.virtualMachineDisks, "listDisks")).disks);
});

await story("networks", async () => {
  const configuration = `<?xml version="1.0"?><NetworkConfiguration xmlns="http://schemas.microsoft.com/ServiceHosting/2011/07/NetworkConfiguration"><VirtualNetworkConfiguration><VirtualNetworkSites><VirtualNetworkSite name="net" Location="West US"><AddressSpace><AddressPrefix>10.0.0.0/16</AddressPrefix></AddressSpace><Subnets><Subnet name="s"><AddressPrefix>10.0.0.0/24</AddressPrefix></Subnet></Subnets></VirtualNetworkSite></VirtualNetworkSites></VirtualNetworkConfiguration></NetworkConfiguration>`;
  const begun = await call(network.networks, "beginSettingConfiguration", { configuration });
  check("the network configuration is set", "Succeeded", await done(begun));
  const sites = await call(network.networks, "list");
  check("networks are listed", ["net"], sites.virtualNetworkSites.map((own) => own.name));
});

end();
