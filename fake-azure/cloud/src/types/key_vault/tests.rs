//! Rules of vaults as resources.

use expect_test::expect;

use crate::call::Call;
use crate::key::Guid;
use crate::testing::{SUBSCRIPTION, Script, check};
use crate::vaults::VaultNameAvailability;

#[test]
fn a_vault_shows_what_the_version_knows() {
    check(
        "
        version 2021-10-01
        begin put vault Kv1
        get vault kv1 /properties/vaultUri /properties/provisioningState
        settle
        get vault kv1
        version 2018-02-14
        get vault kv1 /properties
        list vault
        ",
        expect![[r#"
            created RegisteringDns, operation runs
            "https://kv1.vault.azure.net" "RegisteringDns"
            {"name":"Kv1","id":"vaults/Kv1","type":"Microsoft.KeyVault/vaults","location":"westus","tags":{},"properties":{"sku":{"family":"A","name":"standard"},"tenantId":"<guid>","accessPolicies":[{"tenantId":"<guid>","objectId":"<guid>","permissions":{"keys":["all","purge"],"secrets":["all","purge"]}}],"enabledForDeployment":false,"enableSoftDelete":true,"softDeleteRetentionInDays":90,"vaultUri":"https://kv1.vault.azure.net/","provisioningState":"Succeeded","publicNetworkAccess":"Enabled"}}
            {"sku":{"family":"A","name":"standard"},"tenantId":"<guid>","accessPolicies":[{"tenantId":"<guid>","objectId":"<guid>","permissions":{"keys":["all","purge"],"secrets":["all","purge"]}}],"enabledForDeployment":false,"enableSoftDelete":true,"vaultUri":"https://kv1.vault.azure.net/","provisioningState":"Succeeded"}
            [Kv1]
        "#]],
    );
}

#[test]
fn names_are_judged_and_held_across_the_cloud() {
    let mut script = Script::run(
        "
        version 2021-10-01
        put vault ab
        put vault 1kv
        put vault kv-
        put vault kv--1
        put vault with_underscore
        put vault kv1
        in g2
        put vault KV1
        ",
    );
    let said = |script: &Script, name: &str| match script.cloud.check_vault_name(SUBSCRIPTION, name) {
        VaultNameAvailability::Available => "available".to_owned(),
        VaultNameAvailability::Invalid(message) => format!("invalid: {message:.40}"),
        VaultNameAvailability::Taken(message) => format!("taken: {message:.60}"),
    };
    let mut told: Vec<String> = ["kv2", "kv--2", "kv1"].map(|name| said(&script, name)).to_vec();
    script.more("in rg\ndelete vault kv1");
    told.push(said(&script, "kv1"));
    script.cloud.add_subscription(Guid(7));
    script.outcomes.push_str(&told.join("\n"));
    expect![[r#"
        VaultNameNotValid: The vault name 'ab' is invalid. A vault's name must be between 3-24 alphanumeric characters. The name must begin with a letter, end with a letter or digit, and not contain consecutive hyphens. Follow this link for more information: https://go.microsoft.com/fwlink/?linkid=2147742
        VaultNameNotValid: The vault name '1kv' is invalid. A vault's name must be between 3-24 alphanumeric characters. The name must begin with a letter, end with a letter or digit, and not contain consecutive hyphens. Follow this link for more information: https://go.microsoft.com/fwlink/?linkid=2147742
        VaultNameNotValid: The vault name 'kv-' is invalid. A vault's name must be between 3-24 alphanumeric characters. The name must begin with a letter, end with a letter or digit, and not contain consecutive hyphens. Follow this link for more information: https://go.microsoft.com/fwlink/?linkid=2147742
        VaultNameNotValid: The vault name 'kv--1' is invalid. A vault's name must be between 3-24 alphanumeric characters. The name must begin with a letter, end with a letter or digit, and not contain consecutive hyphens. Follow this link for more information: https://go.microsoft.com/fwlink/?linkid=2147742
        VaultNameNotValid: The vault name 'with_underscore' is invalid. A vault's name must be between 3-24 alphanumeric characters. The name must begin with a letter, end with a letter or digit, and not contain consecutive hyphens. Follow this link for more information: https://go.microsoft.com/fwlink/?linkid=2147742
        ok
        VaultAlreadyExists: The vault name 'KV1' is already in use. Vault names are globally unique so it is possible that the name is already taken. If you are sure that the vault name was not taken then it is possible that a vault with the same name was recently deleted but not purged after being placed in a recoverable state. If the vault is in a recoverable state then the vault will need to be purged before reusing the name. For more information about VaultAlreadyExists, soft delete and purging a vault follow this link https://go.microsoft.com/fwlink/?linkid=2147740.
        ok
        available
        invalid: The vault name 'kv--2' is invalid. A vau
        taken: The vault name 'kv1' is already in use. Vault names are glob
        taken: A vault with the same name already exists in deleted state. "#]]
    .assert_eq(&script.outcomes);
}

#[test]
fn a_deleted_vault_holds_its_name_until_it_is_had_back() {
    cov_mark::check!(vault_name_held);
    check(
        r#"
        version 2021-10-01
        put vault kv1 {"tags": {"a": "b"}, "properties": {"tenantId": "7e4aa2d1-0000-4000-8000-000000000001", "sku": {"family": "A", "name": "premium"}, "accessPolicies": [], "enabledForDiskEncryption": true}}
        delete vault kv1
        get vault kv1
        put vault kv1
        in g2
        put vault kv1 recover
        in rg
        put vault kv1 {"properties": {"tenantId": "7e4aa2d1-0000-4000-8000-000000000001", "sku": {"family": "A", "name": "premium"}, "createMode": "recover"}}
        get vault kv1 /tags /properties/enabledForDiskEncryption /properties/accessPolicies
        put vault kv1 recover
        delete vault kv1
        advance 7775999s
        put vault kv1
        advance 1s
        put vault kv1 recover
        put vault kv1
        "#,
        expect![[r#"
            ok
            ok
            ResourceNotFound: The Resource 'Microsoft.KeyVault/vaults/kv1' under resource group 'rg' was not found.
            ConflictError: A vault with the same name already exists in deleted state. You need to either recover or purge existing key vault. Follow this link https://go.microsoft.com/fwlink/?linkid=2149745 for more information on soft delete.
            ConflictError: A vault with the same name already exists in deleted state. You need to either recover or purge existing key vault. Follow this link https://go.microsoft.com/fwlink/?linkid=2149745 for more information on soft delete.
            ok
            {"a":"b"} true []
            ok
            ok
            ConflictError: A vault with the same name already exists in deleted state. You need to either recover or purge existing key vault. Follow this link https://go.microsoft.com/fwlink/?linkid=2149745 for more information on soft delete.
            DeletedVaultNotFound: The specified deleted vault 'kv1' does not exist.
            ok
        "#]],
    );
}

#[test]
fn a_purge_takes_a_while_and_is_not_for_protected_vaults() {
    cov_mark::check!(vault_purge_protected);
    let mut script = Script::run(
        "
        version 2021-10-01
        put vault kv1
        put vault kv2 protect
        delete vault kv1
        delete vault kv2
        ",
    );
    let purge = |script: &mut Script, location: &str, name: &str| {
        let call = Call::PurgeVault {
            subscription: SUBSCRIPTION,
            location: location.into(),
            name: name.into(),
        };
        let told = match script.cloud.apply(&call) {
            Ok(_) => "purging\n".to_owned(),
            Err(error) => format!("{error}\n"),
        };
        script.outcomes.push_str(&told);
    };
    purge(&mut script, "eastus", "kv1");
    purge(&mut script, "westus", "KV1");
    purge(&mut script, "westus", "kv1");
    purge(&mut script, "westus", "kv2");
    assert_eq!(script.cloud.deleted_vaults(SUBSCRIPTION).count(), 1);
    script.more("put vault kv1\nadvance 15s\nput vault kv1\nput vault kv2");
    expect![[r#"
        ok
        ok
        ok
        ok
        DeletedVaultNotFound: The specified deleted vault 'kv1' does not exist.
        purging
        DeletedVaultNotFound: The specified deleted vault 'kv1' does not exist.
        MethodNotAllowed: Operation "DeletedVaultPurge" is not allowed.
        ConflictError: A vault with the same name already exists in deleted state. You need to either recover or purge existing key vault. Follow this link https://go.microsoft.com/fwlink/?linkid=2149745 for more information on soft delete.
        ok
        ConflictError: A vault with the same name already exists in deleted state. You need to either recover or purge existing key vault. Follow this link https://go.microsoft.com/fwlink/?linkid=2149745 for more information on soft delete.
    "#]]
    .assert_eq(&script.outcomes);
}

#[test]
fn what_protects_can_be_turned_on_and_never_off() {
    check(
        r#"
        version 2018-02-14
        put vault kv1
        get vault kv1 /properties/enableSoftDelete
        patch vault kv1 {"properties": {"enablePurgeProtection": true}}
        patch vault kv1 {"properties": {"enableSoftDelete": true, "softDeleteRetentionInDays": 7}}
        patch vault kv1 {"properties": {"softDeleteRetentionInDays": 8}}
        patch vault kv1 {"properties": {"enableSoftDelete": false}}
        patch vault kv1 {"properties": {"enablePurgeProtection": true}}
        patch vault kv1 {"properties": {"enablePurgeProtection": false}}
        patch vault kv1 {"tags": {"a": "b"}}
        get vault kv1 /properties/enablePurgeProtection
        put vault kv2 soft days=91
        put vault kv2 soft days=7
        delete vault kv2
        advance 604799s
        put vault kv2
        advance 1s
        put vault kv2
        "#,
        expect![[r#"
            ok
            -
            BadRequest: The property "enablePurgeProtection" cannot be set without "enableSoftDelete".
            ok
            BadRequest: The property "softDeleteRetentionInDays" has been set already and it can't be modified.
            BadRequest: The property "enableSoftDelete" can be set to false only for creating new vault. Enabling the 'soft delete' functionality is an irreversible action.
            ok
            BadRequest: The property "enablePurgeProtection" cannot be set to false. Enabling the purge protection for a vault is an irreversible action.
            ok
            true
            BadRequest: The property "softDeleteRetentionInDays" must be between 7 and 90 days.
            ok
            ok
            ConflictError: A vault with the same name already exists in deleted state. You need to either recover or purge existing key vault. Follow this link https://go.microsoft.com/fwlink/?linkid=2149745 for more information on soft delete.
            ok
        "#]],
    );
}

#[test]
fn documents_that_make_no_sense_are_refused() {
    check(
        r#"
        version 2021-10-01
        put vault kv1 {}
        put vault kv1 {"properties": {"tenantId": "7e4aa2d1-0000-4000-8000-000000000001"}}
        put vault kv1 {"properties": {"tenantId": "7e4aa2d1-0000-4000-8000-000000000001", "sku": {"family": "A", "name": "gold"}, "accessPolicies": []}}
        put vault kv1 {"properties": {"tenantId": "7e4aa2d1-0000-4000-8000-000000000001", "sku": {"family": "A", "name": "standard"}}}
        put vault kv1 {"properties": {"tenantId": "7e4aa2d1-0000-4000-8000-000000000001", "sku": {"family": "A", "name": "standard"}, "accessPolicies": [], "createMode": "twice"}}
        put vault kv1 {"properties": {"tenantId": "7e4aa2d1-0000-4000-8000-000000000001", "sku": {"family": "A", "name": "standard"}, "accessPolicies": [], "networkAcls": {"bypass": "Friends"}}}
        put vault kv1 {"properties": {"tenantId": "7e4aa2d1-0000-4000-8000-000000000001", "sku": {"family": "A", "name": "standard"}, "accessPolicies": [], "networkAcls": {"ipRules": [{"value": "everywhere"}]}}}
        put vault kv1 {"properties": {"tenantId": "7e4aa2d1-0000-4000-8000-000000000001", "sku": {"family": "A", "name": "standard"}, "accessPolicies": [], "enabledForDeployment": "yes"}}
        put vault kv1 recover
        "#,
        expect![[r#"
            BadRequest: An invalid value was provided for 'tenantId'.
            BadRequest: An invalid value was provided for 'sku'.
            BadRequest: An invalid value was provided for 'sku'.
            BadRequest: An invalid value was provided for 'accessPolicies'.
            BadRequest: An invalid value was provided for 'createMode'.
            BadRequest: An invalid value was provided for 'networkAcls.bypass'.
            BadRequest: An invalid value was provided for 'networkAcls.ipRules'.
            BadRequest: An invalid value was provided for 'enabledForDeployment'.
            DeletedVaultNotFound: The specified deleted vault 'kv1' does not exist.
        "#]],
    );
}

#[test]
fn policies_are_changed_by_themselves() {
    check(
        r#"
        version 2021-10-01
        put vault kv1 may=get
        act vault kv1 accessPolicies/add {"properties": {"accessPolicies": [{"tenantId": "7e4aa2d1-0000-4000-8000-000000000001", "objectId": "7e4aa2d1-0000-4000-8000-000000000001", "permissions": {"keys": ["wrapKey"]}}]}}
        get vault kv1 /properties/accessPolicies/0/permissions/keys
        act vault kv1 accessPolicies/remove {"properties": {"accessPolicies": [{"tenantId": "7e4aa2d1-0000-4000-8000-000000000001", "objectId": "7e4aa2d1-0000-4000-8000-000000000001", "permissions": {"keys": ["get"], "secrets": ["all", "purge"]}}]}}
        get vault kv1 /properties/accessPolicies/0/permissions
        act vault kv1 accessPolicies/replace {"properties": {}}
        patch vault kv1 {"tags": {"a": "b"}}
        get vault kv1 /properties/accessPolicies/0/permissions/keys
        "#,
        expect![[r#"
            ok
            {"id":"vaults/kv1/accessPolicies/","type":"Microsoft.KeyVault/vaults/accessPolicies","location":"westus","properties":{"accessPolicies":[{"tenantId":"<guid>","objectId":"<guid>","permissions":{"keys":["get","wrapKey"],"secrets":["all","purge"]}}]}}
            ["get","wrapKey"]
            {"id":"vaults/kv1/accessPolicies/","type":"Microsoft.KeyVault/vaults/accessPolicies","location":"westus","properties":{"accessPolicies":[{"tenantId":"<guid>","objectId":"<guid>","permissions":{"keys":["wrapKey"],"secrets":[]}}]}}
            {"keys":["wrapKey"],"secrets":[]}
            BadRequest: An invalid value was provided for 'accessPolicies'.
            ok
            ["wrapKey"]
        "#]],
    );
}
