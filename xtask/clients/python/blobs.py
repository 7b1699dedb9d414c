"""Storage accounts and blobs through the Azure SDK for Python."""

from azure.core.exceptions import HttpResponseError, ResourceExistsError, ResourceNotFoundError
from azure.mgmt.resource.resources import ResourceManagementClient
from azure.mgmt.storage import StorageManagementClient
from azure.storage.blob import BlobServiceClient, ContainerSasPermissions, generate_container_sas
from datetime import datetime, timezone

from azure_here import client
from check import check, end, refused, story

ACCOUNT = "fakepython01"

resources = client(ResourceManagementClient)
storage = client(StorageManagementClient)


def accounts():
    resources.resource_groups.create_or_update("g1", {"location": "westus"})
    free = storage.storage_accounts.check_name_availability({"name": ACCOUNT, "type": "Microsoft.Storage/storageAccounts"})
    check("a name is free", True, free.name_available)
    account = storage.storage_accounts.begin_create(
        "g1", ACCOUNT, {"location": "westus", "sku": {"name": "Standard_LRS"}, "kind": "StorageV2"}
    ).result()
    check("an account is made", "Succeeded", getattr(account.provisioning_state, "value", account.provisioning_state))
    refused(
        "a name must be of Azure's form",
        "AccountNameInvalid",
        lambda: storage.storage_accounts.begin_create(
            "g1", "Not_A_Name", {"location": "westus", "sku": {"name": "Standard_LRS"}, "kind": "StorageV2"}
        ).result(),
        HttpResponseError,
    )
    before = values(storage.storage_accounts.list_keys("g1", ACCOUNT))
    after = values(storage.storage_accounts.regenerate_key("g1", ACCOUNT, {"keyName": "key2"}))
    check("a key is renewed, the other is not", [True, False], [a == b for a, b in zip(before, after)])


def values(answer):
    return [key["value"] for key in answer["keys"]]


def service():
    key = values(storage.storage_accounts.list_keys("g1", ACCOUNT))[0]
    endpoint = storage.storage_accounts.get_properties("g1", ACCOUNT).primary_endpoints.blob
    return BlobServiceClient(endpoint, credential={"account_name": ACCOUNT, "account_key": key}), key


def blobs():
    here, key = service()
    container = here.create_container("files")
    refused("a container is made once", "ContainerAlreadyExists", lambda: here.create_container("files"), ResourceExistsError)
    blob = container.get_blob_client("a.txt")
    blob.upload_blob(b"hello", metadata={"kind": "greeting"})
    check("what was written is read", b"hello", blob.download_blob().readall())
    check("metadata are kept", {"kind": "greeting"}, dict(blob.get_blob_properties().metadata))
    refused("a blob is not overwritten unasked", "BlobAlreadyExists", lambda: blob.upload_blob(b"again"), ResourceExistsError)
    blob.upload_blob(b"again", overwrite=True)
    check("blobs are listed", [("a.txt", 5)], [(found.name, found.size) for found in container.list_blobs()])

    page = container.get_blob_client("disk.vhd")
    page.create_page_blob(1024)
    page.upload_page(b"x" * 512, offset=512, length=512)
    ranges, _ = page.get_page_ranges()
    check("pages are remembered", [{"start": 512, "end": 1023}], ranges)

    lease = blob.acquire_lease(15)
    refused("a leased blob cannot go", "LeaseIdMissing", blob.delete_blob, HttpResponseError)
    lease.release()

    token = generate_container_sas(
        ACCOUNT,
        "files",
        account_key=key,
        permission=ContainerSasPermissions(read=True),
        expiry=datetime(2099, 1, 1, tzinfo=timezone.utc),
    )
    reader = BlobServiceClient(here.url, credential=token).get_blob_client("files", "a.txt")
    check("a signature opens a container", b"again", reader.download_blob().readall())
    refused(
        "and no more than it says",
        "AuthorizationPermissionMismatch",
        reader.delete_blob,
        HttpResponseError,
    )
    copy = container.get_blob_client("copy.txt")
    check("a copy ends at once", "success", copy.start_copy_from_url(blob.url + "?" + token)["copy_status"])
    blob.delete_blob()
    refused("what is gone is not found", "BlobNotFound", blob.get_blob_properties, ResourceNotFoundError)
    here.delete_container("files")


def removal():
    storage.storage_accounts.delete("g1", ACCOUNT)
    check("an account goes", [], list(storage.storage_accounts.list_by_resource_group("g1")))
    resources.resource_groups.begin_delete("g1").result()


for tell in [accounts, blobs, removal]:
    story(tell.__name__, tell)
end()
