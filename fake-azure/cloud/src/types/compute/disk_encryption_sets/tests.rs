//! Rules of disk encryption sets, and of the disks that use them.

use expect_test::{Expect, expect};

use crate::call::{Call, Outcome};
use crate::fabric::VaultCollection;
use crate::key::Guid;
use crate::testing::Script;
use crate::testing::key_vault::ME;
use crate::vaults::{KeyWish, VaultCall, VaultCaller, VaultOperation, VaultOutcome, VersionWish};

/// A vault with a key `k`, and a script whose `KEY` stands for the key's address.
fn check(script: &str, expected: Expect) {
    let mut run = Script::run("version 2022-03-02\nput vault kv1 protect\nput vault kv2");
    let url = create_key(&mut run, "kv1", "RSA");
    let curve = create_key(&mut run, "kv1", "EC");
    run.outcomes.clear();
    for line in script.lines() {
        let line = line.replace("KEY", &url).replace("CURVE", &curve);
        let line = match principal(&run) {
            Some(principal) => line.replace("PRINCIPAL", &principal),
            None => line,
        };
        run.more(&line);
    }
    let outcomes = run.outcomes.replace(&url, "KEY").replace(&curve, "CURVE");
    expected.assert_eq(&outcomes);
}

fn principal(script: &Script) -> Option<String> {
    let id = script.id("set", "s0");
    let set = script.cloud.store().find(id.folded())?;
    let row = script.cloud.fabric().encryption_sets.get(&set.key)?;
    row.principal.map(|principal| principal.to_string())
}

fn create_key(script: &mut Script, vault: &str, kind: &str) -> String {
    let me = Guid::parse(ME).expect("a guid");
    let call = Call::Vault(Box::new(VaultCall {
        vault: vault.into(),
        caller: VaultCaller {
            object: me,
            application: me,
            tenant: me,
            is_user: false,
            address: std::net::Ipv4Addr::LOCALHOST,
        },
        collection: VaultCollection::Keys,
        operation: VaultOperation::CreateKey {
            name: kind.into(),
            key: KeyWish {
                kind: kind.into(),
                ..KeyWish::default()
            },
            wish: VersionWish::default(),
        },
    }));
    let reply = script.cloud.apply(&call).expect("the caller may");
    let Outcome::Vault(outcome) = reply.outcome else {
        panic!("a vault answers what it did");
    };
    let VaultOutcome::Version { object, version } = *outcome else {
        panic!("a key was made");
    };
    format!(
        "https://{vault}.vault.azure.net/keys/{}/{:032x}",
        object.name, version.0
    )
}

const GRANT: &str = r#"act vault kv1 accessPolicies/add {"properties": {"accessPolicies": [{"tenantId": "7e4aa2d1-0000-4000-8000-000000000001", "objectId": "PRINCIPAL", "permissions": {"keys": ["get", "wrapKey", "unwrapKey"]}}]}}"#;

#[test]
fn a_set_is_made_before_it_may_open_the_vault_and_used_after() {
    cov_mark::check!(disk_encryption_set_access);
    check(
        &format!(
            r#"
            put set s0 vault=kv1 url=KEY
            get set s0
            put disk d0 {{"properties": {{"creationData": {{"createOption": "Empty"}}, "diskSizeGB": 10, "encryption": {{"diskEncryptionSetId": "@set:s0"}}}}}}
            {GRANT}
            put disk d0 {{"properties": {{"creationData": {{"createOption": "Empty"}}, "diskSizeGB": 10, "encryption": {{"diskEncryptionSetId": "@set:s0"}}}}}}
            get disk d0 /properties/encryption
            put snapshot p0 {{"properties": {{"creationData": {{"createOption": "Copy", "sourceResourceId": "@disk:d0"}}, "encryption": {{"type": "EncryptionAtRestWithCustomerKey", "diskEncryptionSetId": "@set:s0"}}}}}}
            get snapshot p0 /properties/encryption/type
            delete set s0
            delete snapshot p0
            delete disk d0
            delete set s0
            "#
        ),
        expect![[r#"
            ok
            {"name":"s0","id":"diskEncryptionSets/s0","type":"Microsoft.Compute/diskEncryptionSets","location":"westus","identity":{"type":"SystemAssigned","principalId":"<guid>"},"properties":{"activeKey":{"sourceVault":{"id":"vaults/kv1"},"keyUrl":"KEY"},"previousKeys":[],"encryptionType":"EncryptionAtRestWithCustomerKey","rotationToLatestKeyVersionEnabled":false,"provisioningState":"Succeeded"}}
            KeyVaultAccessForbidden: Unable to access key vault resource 'KEY' to enable encryption at rest. Please grant get, wrap and unwrap key permissions to disk encryption set 's0'. Please visit https://aka.ms/keyvaultaccessssecmk for more information.
            {"id":"vaults/kv1/accessPolicies/","type":"Microsoft.KeyVault/vaults/accessPolicies","location":"westus","properties":{"accessPolicies":[{"tenantId":"<guid>","objectId":"<guid>","permissions":{"keys":["all","purge"],"secrets":["all","purge"]}},{"tenantId":"<guid>","objectId":"<guid>","permissions":{"keys":["get","wrapKey","unwrapKey"]}}]}}
            ok
            {"diskEncryptionSetId":"diskEncryptionSets/s0","type":"EncryptionAtRestWithCustomerKey"}
            ok
            "EncryptionAtRestWithCustomerKey"
            OperationNotAllowed: Disk encryption set 's0' cannot be deleted while it is used by disks/d0, snapshots/p0.
            ok
            ok
            ok
        "#]],
    );
}

#[test]
fn a_machine_may_have_its_system_disk_encrypted() {
    check(
        &format!(
            r#"
            put set s0 vault=kv1 url=KEY
            {GRANT}
            put vnet v0 10.0.0.0/16 subnets=s0:10.0.0.0/24
            put nic n0 subnet=v0/s0
            put vm m0 {{"properties": {{"hardwareProfile": {{"vmSize": "Standard_D1"}}, "storageProfile": {{"imageReference": {{"publisher": "Canonical", "offer": "UbuntuServer", "sku": "16.04.0-LTS", "version": "latest"}}, "osDisk": {{"name": "os", "createOption": "FromImage", "managedDisk": {{"diskEncryptionSet": {{"id": "@set:s0"}}}}}}}}, "osProfile": {{"computerName": "m0", "adminUsername": "juju", "adminPassword": "Secret-1234"}}, "networkProfile": {{"networkInterfaces": [{{"id": "@nic:n0"}}]}}}}}}
            get vm m0 /properties/storageProfile/osDisk/managedDisk
            get disk os /properties/encryption
            delete set s0
            "#
        ),
        expect![[r#"
            ok
            {"id":"vaults/kv1/accessPolicies/","type":"Microsoft.KeyVault/vaults/accessPolicies","location":"westus","properties":{"accessPolicies":[{"tenantId":"<guid>","objectId":"<guid>","permissions":{"keys":["all","purge"],"secrets":["all","purge"]}},{"tenantId":"<guid>","objectId":"<guid>","permissions":{"keys":["get","wrapKey","unwrapKey"]}}]}}
            ok
            ok
            ok
            {"storageAccountType":"Standard_LRS","diskEncryptionSet":{"id":"diskEncryptionSets/s0"},"id":"disks/os"}
            {"diskEncryptionSetId":"diskEncryptionSets/s0","type":"EncryptionAtRestWithCustomerKey"}
            OperationNotAllowed: Disk encryption set 's0' cannot be deleted while it is used by disks/os.
        "#]],
    );
}

#[test]
fn sets_name_a_key_that_can_be_used() {
    check(
        r#"
        put set s0 {"properties": {}}
        put set s0 {"identity": {"type": "SystemAssigned"}, "properties": {}}
        put set s0 {"identity": {"type": "Borrowed"}, "properties": {}}
        put set s0 vault=kv1 url=https://kv1.vault.azure.net/keys/RSA
        put set s0 vault=kv1 url=https://kv1.vault.azure.net/keys/other/00
        put set s0 vault=kv1 url=CURVE
        put set s0 vault=kv2 url=KEY
        put set s0 vault=kv3 url=KEY
        put set s0 {"location": "eastus", "identity": {"type": "SystemAssigned"}, "properties": {"activeKey": {"sourceVault": {"id": "@vault:kv1"}, "keyUrl": "KEY"}}}
        version 2020-09-30
        put set s0 url=KEY
        version 2022-03-02
        put set s0 url=KEY
        put disk d0 {"properties": {"creationData": {"createOption": "Empty"}, "diskSizeGB": 10, "encryption": {"type": "EncryptionAtRestWithCustomerKey"}}}
        put disk d0 {"properties": {"creationData": {"createOption": "Empty"}, "diskSizeGB": 10, "encryption": {"type": "EncryptionAtRestWithPlatformKey", "diskEncryptionSetId": "@set:s0"}}}
        put disk d0 {"properties": {"creationData": {"createOption": "Empty"}, "diskSizeGB": 10, "encryption": {"diskEncryptionSetId": "@set:s9"}}}
        "#,
        expect![[r#"
            InvalidParameter: Required parameter 'identity' is missing (null).
            InvalidParameter: Required parameter 'activeKey.keyUrl' is missing (null).
            InvalidParameter: The value of parameter identity.type is invalid.
            InvalidParameter: https://kv1.vault.azure.net/keys/RSA is not a valid versioned Key Vault Key URL. It should be in the format https://<vaultEndpoint>/keys/<keyName>/<keyVersion>.
            KeyVaultKeyNotFound: Key 'https://kv1.vault.azure.net/keys/other/00' was not found.
            KeyVaultKeyNotEnabled: Key 'CURVE' is not enabled, is expired, or is not valid yet.
            KeyVaultAccessForbidden: Key Vault KEY either has not been enabled for deployment or the vault id provided, vaults/kv2, does not match the Key Vault's true resource id.
            NotFound: Resource vaults/kv3 referenced by resource diskEncryptionSets/s0 was not found.
            KeyVaultAndDiskEncryptionSetInDifferentRegions: The key vault 'kv1' and the disk encryption set 's0' must be in the same region and subscription.
            InvalidParameter: Required parameter 'activeKey.sourceVault' is missing (null).
            ok
            InvalidParameter: Required parameter 'encryption.diskEncryptionSetId' is missing (null).
            InvalidParameter: The value of parameter encryption.diskEncryptionSetId is invalid.
            NotFound: Resource diskEncryptionSets/s9 referenced by resource disks/d0 was not found.
        "#]],
    );
}

#[test]
fn a_vault_without_purge_protection_holds_no_key_of_disks() {
    let mut run = Script::run("version 2022-03-02\nput vault kv2");
    let url = create_key(&mut run, "kv2", "RSA");
    run.outcomes.clear();
    run.more(&format!("put set s0 vault=kv2 url={url}"));
    expect![[r#"
        KeyVaultNotProtected: Key vault 'kv2' must have soft delete and purge protection enabled to be used with a disk encryption set.
    "#]]
    .assert_eq(&run.outcomes);
}
