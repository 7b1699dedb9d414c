// Storage accounts and blobs through the Azure SDK for JavaScript.

import { ResourceManagementClient } from "@azure/arm-resources";
import { StorageManagementClient } from "@azure/arm-storage";
import { BlobServiceClient, StorageSharedKeyCredential } from "@azure/storage-blob";

import { client } from "./azure-here.mjs";
import { all, check, end, refused, story } from "./check.mjs";

const account = "fakejavascript01";
const resources = client(ResourceManagementClient);
const storage = client(StorageManagementClient);

await story("accounts", async () => {
  await resources.resourceGroups.createOrUpdate("g1", { location: "westus" });
  const made = await storage.storageAccounts.beginCreateAndWait("g1", account, {
    location: "westus",
    sku: { name: "Standard_LRS" },
    kind: "StorageV2",
  });
  check("an account is made", "Succeeded", made.provisioningState);
  const free = await storage.storageAccounts.checkNameAvailability({
    name: account,
    type: "Microsoft.Storage/storageAccounts",
  });
  check("its name is taken", [false, "AlreadyExists"], [free.nameAvailable, free.reason]);
  await refused("a name must be of Azure's form", "AccountNameInvalid", () =>
    storage.storageAccounts.beginCreateAndWait("g1", "Not_A_Name", {
      location: "westus",
      sku: { name: "Standard_LRS" },
      kind: "StorageV2",
    }),
  );
});

await story("blobs", async () => {
  const { keys } = await storage.storageAccounts.listKeys("g1", account);
  const { primaryEndpoints } = await storage.storageAccounts.getProperties("g1", account);
  const here = new BlobServiceClient(primaryEndpoints.blob, new StorageSharedKeyCredential(account, keys[0].value));
  const container = here.getContainerClient("files");
  await container.create();
  await refused("a container is made once", "ContainerAlreadyExists", () => container.create());
  const blob = container.getBlockBlobClient("a.txt");
  await blob.upload("hello", 5, { metadata: { kind: "greeting" } });
  check("what was written is read", "hello", (await blob.downloadToBuffer()).toString());
  check("metadata are kept", { kind: "greeting" }, (await blob.getProperties()).metadata);
  await refused("a blob is not overwritten unasked", "BlobAlreadyExists", () =>
    blob.upload("again", 5, { conditions: { ifNoneMatch: "*" } }),
  );
  check(
    "blobs are listed",
    ["a.txt"],
    (await all(container.listBlobsFlat())).map((found) => found.name),
  );
  const lease = blob.getBlobLeaseClient();
  await lease.acquireLease(15);
  await refused("a leased blob cannot go", "LeaseIdMissing", () => blob.delete());
  await lease.releaseLease();
  await blob.delete();
  await refused("what is gone is not found", "BlobNotFound", () => blob.download());
  await container.delete();
});

await story("removal", async () => {
  await storage.storageAccounts.delete("g1", account);
  check("an account goes", [], await all(storage.storageAccounts.listByResourceGroup("g1")));
});

end();
