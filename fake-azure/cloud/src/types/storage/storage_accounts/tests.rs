//! Rules of storage accounts, blob services and containers.

use expect_test::expect;

use super::*;
use crate::fabric::Blob;
use crate::key::Guid;
use crate::testing::{SUBSCRIPTION, Script, check};

#[test]
fn an_account_is_hidden_until_it_is_made() {
    check(
        "
        begin put account acct
        get account acct
        list account
        get service acct/default
        used StorageAccounts
        put account acct
        delete account acct
        advance 20s
        get account acct /properties/provisioningState
        list account
        get service acct/default /sku/name
        ",
        expect![[r#"
            created Creating, operation runs
            ResourceNotFound: The Resource 'Microsoft.Storage/storageAccounts/acct' under resource group 'rg' was not found.
            []
            ResourceNotFound: The Resource 'Microsoft.Storage/storageAccounts/acct/blobServices/default' under resource group 'rg' was not found.
            1
            StorageAccountOperationInProgress: An operation is currently performing on this storage account that requires exclusive access. [ends by itself]
            StorageAccountOperationInProgress: An operation is currently performing on this storage account that requires exclusive access. [ends by itself]
            "Succeeded"
            [acct]
            "Standard_LRS"
        "#]],
    );
}

#[test]
fn an_account_whose_creation_fails_never_was() {
    let mut script = Script::run("begin put account acct");
    let operation = script.cloud.operations().next().expect("the creation runs").id;
    script
        .cloud
        .doom(operation, CloudError::of(&BAD_VALUES).with("path", "sku"));
    script.more("settle\nlist account\nused StorageAccounts\nput account acct");
    expect![[r#"
        created Creating, operation runs
        []
        0
        ok
    "#]]
    .assert_eq(&script.outcomes);
}

#[test]
fn names_are_judged_and_unique_across_subscriptions() {
    let mut script = Script::run(
        "
        put account ab
        put account Capital
        put account with-hyphen
        put account acct
        in g2
        put account acct
        ",
    );
    let other = Guid(7);
    script.cloud.add_subscription(other);
    assert!(script.cloud.add_storage_account(other, "theirs", "westus"));
    assert!(!script.cloud.add_storage_account(other, "acct", "westus"));
    assert!(!script.cloud.add_storage_account(other, "Bad", "westus"));
    assert!(!script.cloud.add_storage_account(SUBSCRIPTION, "third", "atlantis"));
    script.more("put account theirs");
    expect![[r#"
        AccountNameInvalid: ab is not a valid storage account name. Storage account name must be between 3 and 24 characters in length and use numbers and lower-case letters only.
        AccountNameInvalid: Capital is not a valid storage account name. Storage account name must be between 3 and 24 characters in length and use numbers and lower-case letters only.
        AccountNameInvalid: with-hyphen is not a valid storage account name. Storage account name must be between 3 and 24 characters in length and use numbers and lower-case letters only.
        ok
        StorageAccountInAnotherResourceGroup: The account acct is already in another resource group in this subscription.
        StorageAccountAlreadyTaken: The storage account named theirs is already taken.
    "#]]
    .assert_eq(&script.outcomes);

    assert_eq!(
        script.cloud.check_storage_account_name("free"),
        NameAvailability::Available
    );
    assert!(matches!(
        script.cloud.check_storage_account_name("acct"),
        NameAvailability::Taken(_)
    ));
    assert!(matches!(
        script.cloud.check_storage_account_name("A"),
        NameAvailability::Invalid(_)
    ));
}

#[test]
fn documents_follow_the_version() {
    check(
        "
        version 2019-06-01
        put account acct sku=Standard_GRS
        version 2015-06-15
        get account acct
        version 2016-01-01
        get account acct
        version 2018-11-01
        get account acct
        ",
        expect![[r#"
            ok
            {"id":"storageAccounts/acct","location":"westus","name":"acct","properties":{"accountType":"Standard_GRS","creationTime":"2016-04-01T00:00:00.0000000Z","primaryEndpoints":{"blob":"https://acct.blob.core.windows.net/","file":"https://acct.file.core.windows.net/","queue":"https://acct.queue.core.windows.net/","table":"https://acct.table.core.windows.net/"},"primaryLocation":"westus","provisioningState":"Succeeded","secondaryLocation":"eastus","statusOfPrimary":"available","statusOfSecondary":"available"},"tags":{},"type":"Microsoft.Storage/storageAccounts"}
            {"id":"storageAccounts/acct","kind":"Storage","location":"westus","name":"acct","properties":{"creationTime":"2016-04-01T00:00:00.0000000Z","primaryEndpoints":{"blob":"https://acct.blob.core.windows.net/","file":"https://acct.file.core.windows.net/","queue":"https://acct.queue.core.windows.net/","table":"https://acct.table.core.windows.net/"},"primaryLocation":"westus","provisioningState":"Succeeded","secondaryLocation":"eastus","statusOfPrimary":"available","statusOfSecondary":"available"},"sku":{"name":"Standard_GRS","tier":"Standard"},"tags":{},"type":"Microsoft.Storage/storageAccounts"}
            {"sku":{"name":"Standard_GRS","tier":"Standard"},"kind":"Storage","id":"storageAccounts/acct","name":"acct","type":"Microsoft.Storage/storageAccounts","location":"westus","tags":{},"properties":{"networkAcls":{"bypass":"AzureServices","virtualNetworkRules":[],"ipRules":[],"defaultAction":"Allow"},"supportsHttpsTrafficOnly":true,"encryption":{"services":{"file":{"enabled":true,"lastEnabledTime":"2016-04-01T00:00:00.0000000Z"},"blob":{"enabled":true,"lastEnabledTime":"2016-04-01T00:00:00.0000000Z"}},"keySource":"Microsoft.Storage"},"provisioningState":"Succeeded","creationTime":"2016-04-01T00:00:00.0000000Z","primaryEndpoints":{"blob":"https://acct.blob.core.windows.net/","queue":"https://acct.queue.core.windows.net/","table":"https://acct.table.core.windows.net/","file":"https://acct.file.core.windows.net/"},"primaryLocation":"westus","statusOfPrimary":"available","secondaryLocation":"eastus","statusOfSecondary":"available"}}
        "#]],
    );
}

#[test]
fn later_versions_show_more() {
    check(
        "
        version 2025-01-01
        put account acct sku=Standard_RAGRS kind=StorageV2
        get account acct /properties
        put account disks sku=Premium_LRS
        get account disks /properties/primaryEndpoints /sku/tier /properties/accessTier
        ",
        expect![[r#"
            ok
            {"keyCreationTime":{"key1":"2016-04-01T00:00:00.0000000Z","key2":"2016-04-01T00:00:00.0000000Z"},"allowCrossTenantReplication":false,"privateEndpointConnections":[],"minimumTlsVersion":"TLS1_2","allowBlobPublicAccess":false,"networkAcls":{"ipv6Rules":[],"bypass":"AzureServices","virtualNetworkRules":[],"ipRules":[],"defaultAction":"Allow"},"supportsHttpsTrafficOnly":true,"encryption":{"services":{"file":{"keyType":"Account","enabled":true,"lastEnabledTime":"2016-04-01T00:00:00.0000000Z"},"blob":{"keyType":"Account","enabled":true,"lastEnabledTime":"2016-04-01T00:00:00.0000000Z"}},"keySource":"Microsoft.Storage"},"accessTier":"Hot","provisioningState":"Succeeded","creationTime":"2016-04-01T00:00:00.0000000Z","primaryEndpoints":{"dfs":"https://acct.dfs.core.windows.net/","web":"https://acct.z22.web.core.windows.net/","blob":"https://acct.blob.core.windows.net/","queue":"https://acct.queue.core.windows.net/","table":"https://acct.table.core.windows.net/","file":"https://acct.file.core.windows.net/"},"primaryLocation":"westus","statusOfPrimary":"available","secondaryLocation":"eastus","statusOfSecondary":"available","secondaryEndpoints":{"dfs":"https://acct-secondary.dfs.core.windows.net/","web":"https://acct-secondary.z22.web.core.windows.net/","blob":"https://acct-secondary.blob.core.windows.net/","queue":"https://acct-secondary.queue.core.windows.net/","table":"https://acct-secondary.table.core.windows.net/"}}
            ok
            {"blob":"https://disks.blob.core.windows.net/"} "Premium" -
        "#]],
    );
}

#[test]
fn a_put_again_keeps_what_it_leaves_out_and_a_patch_merges() {
    check(
        r#"
        version 2019-06-01
        put account acct {"sku":{"name":"Standard_LRS"},"kind":"StorageV2","tags":{"a":"1"},"properties":{"accessTier":"Cool","supportsHttpsTrafficOnly":false}}
        begin put account acct {"sku":{"name":"standard_grs"},"kind":"StorageV2"}
        get account acct /sku/name /tags /properties/accessTier /properties/supportsHttpsTrafficOnly
        patch account acct {"properties":{"accessTier":"Hot"},"tags":{"b":"2"}}
        get account acct /sku/name /tags /properties/accessTier /properties/supportsHttpsTrafficOnly
        version 2015-06-15
        patch account acct {"properties":{"accountType":"Standard_LRS"}}
        version 2016-01-01
        get account acct /sku
        patch account acct {"sku":{"name":"Standard_RAGRS"}}
        get account acct /sku
        "#,
        expect![[r#"
            ok
            updated Succeeded
            "Standard_GRS" {"a":"1"} "Cool" false
            ok
            "Standard_GRS" {"b":"2"} "Hot" false
            ok
            {"name":"Standard_LRS","tier":"Standard"}
            ok
            {"name":"Standard_RAGRS","tier":"Standard"}
        "#]],
    );
}

#[test]
fn what_cannot_change_is_refused() {
    check(
        r#"
        version 2019-06-01
        put account acct {"sku":{"name":"Standard_LRS"},"kind":"Storage"}
        patch account acct {"sku":{"name":"Premium_LRS"}}
        patch account acct {"kind":"BlobStorage"}
        patch account acct {"kind":"StorageV2"}
        patch account acct {"kind":"Storage"}
        patch account acct {"properties":{"isHnsEnabled":true}}
        put account acct2 {"sku":{"name":"Standard_XRS"},"kind":"Storage"}
        put account acct2 {"kind":"Storage"}
        put account acct2 {"sku":{"name":"Premium_LRS"},"kind":"BlobStorage"}
        put account acct2 {"sku":{"name":"Standard_LRS"},"kind":"Storage","properties":{"accessTier":"Hot"}}
        put account acct2 {"sku":{"name":"Standard_LRS"},"kind":"Storage","location":"eastus","properties":{"networkAcls":{"bypass":"AzureServices"}}}
        "#,
        expect![[r#"
            ok
            AccountPropertyCannotBeUpdated: The property 'sku.name' was specified in the input, but it cannot be updated.
            AccountPropertyCannotBeUpdated: The property 'kind' was specified in the input, but it cannot be updated.
            ok
            AccountPropertyCannotBeUpdated: The property 'kind' was specified in the input, but it cannot be updated.
            AccountPropertyCannotBeUpdated: The property 'isHnsEnabled' was specified in the input, but it cannot be updated.
            InvalidValuesForRequestParameters: Values for request parameters are invalid: sku.
            InvalidValuesForRequestParameters: Values for request parameters are invalid: sku.
            InvalidValuesForRequestParameters: Values for request parameters are invalid: sku.name.
            AccountPropertyCannotBeSet: The property 'accessTier' was specified in the input, but it cannot be set.
            InvalidValuesForRequestParameters: Values for request parameters are invalid: networkAcls.defaultAction.
        "#]],
    );
}

#[test]
fn network_rules_name_subnets_and_are_shown_whole() {
    check(
        r#"
        version 2018-11-01
        put vnet v0 10.0.0.0/16 subnets=a:10.0.0.0/24
        put account acct {"sku":{"name":"Standard_LRS"},"kind":"Storage","properties":{"networkAcls":{"bypass":"logging,metrics","defaultAction":"deny","virtualNetworkRules":[{"id":"@subnet:v0/a"}],"ipRules":[{"value":"23.20.0.0/20"}]}}}
        get account acct /properties/networkAcls
        patch account acct {"properties":{"networkAcls":{"defaultAction":"Deny","ipRules":[{"value":"nowhere"}]}}}
        delete subnet v0/a
        get account acct /properties/networkAcls/virtualNetworkRules
        "#,
        expect![[r#"
            ok
            ok
            {"bypass":"Logging, Metrics","virtualNetworkRules":[{"id":"virtualNetworks/v0/subnets/a","action":"Allow","state":"Succeeded"}],"ipRules":[{"value":"23.20.0.0/20","action":"Allow"}],"defaultAction":"Deny"}
            NetworkAclsValidationFailure: Validation of network acls failure: InvalidIpRule 'nowhere'.
            ok
            []
        "#]],
    );
}

#[test]
fn keys_are_listed_by_version_and_made_anew_one_by_one() {
    let mut script = Script::run("put account acct");
    let keys = |script: &Script| {
        script
            .cloud
            .fabric()
            .accounts
            .get("acct")
            .expect("it is there")
            .keys
            .clone()
    };
    let before = keys(&script);
    script.more(r#"act account acct regenerateKey {"keyName":"key2"}"#);
    let after = keys(&script);
    assert_eq!(before[0], after[0]);
    assert_ne!(before[1], after[1]);

    script.outcomes.clear();
    script.more(
        r#"
        act account acct listkeys
        version 2015-06-15
        act account acct listKeys
        version 2023-05-01
        act account acct listKeys
        act account acct regenerateKey {"keyName":"key3"}
        act account acct sing
        "#,
    );
    let shown = script
        .outcomes
        .replace(after[0].as_ref(), "ONE")
        .replace(after[1].as_ref(), "TWO");
    expect![[r#"
        {"keys":[{"keyName":"key1","value":"ONE","permissions":"Full"},{"keyName":"key2","value":"TWO","permissions":"Full"}]}
        {"key1":"ONE","key2":"TWO"}
        {"keys":[{"creationTime":"2016-04-01T00:00:00.0000000Z","keyName":"key1","value":"ONE","permissions":"FULL"},{"creationTime":"2016-04-01T00:00:15.2430000Z","keyName":"key2","value":"TWO","permissions":"FULL"}]}
        InvalidValuesForRequestParameters: Values for request parameters are invalid: keyName.
        InvalidResourceType: The action 'sing' is not known for resource storageAccounts/acct.
    "#]]
    .assert_eq(&shown);
}

#[test]
fn signatures_are_listed() {
    let script = Script::run(
        r#"
        put account acct
        act account acct ListAccountSas {"signedServices":"b","signedResourceTypes":"sco","signedPermission":"rl","signedExpiry":"2016-05-01T00:00:00.0000000Z"}
        act account acct ListServiceSas {"canonicalizedResource":"/blob/acct/c","signedResource":"c","signedPermission":"r","signedExpiry":"2016-05-01T00:00:00Z","keyToSign":"key2"}
        act account acct ListAccountSas {"signedServices":"b"}
        "#,
    );
    let lines: Vec<&str> = script.outcomes.lines().collect();
    assert!(
        lines[1].contains("sv=2015-04-05&ss=b&srt=sco&sp=rl&se=2016-05-01T00%3A00%3A00Z&sig="),
        "{}",
        lines[1]
    );
    assert!(
        lines[2].contains("sv=2015-04-05&sr=c&sp=r&se=2016-05-01T00%3A00%3A00Z&sig="),
        "{}",
        lines[2]
    );
    assert_eq!(
        lines[3],
        "InvalidValuesForRequestParameters: Values for request parameters are invalid: signedResourceTypes."
    );
}

#[test]
fn an_account_with_a_disk_in_it_stays() {
    cov_mark::check!(account_with_disks);
    let mut script = Script::run("put account acct\nput container acct/default/vhds");
    let machine = script.resource("account", "acct").key;
    let name: BlobName = ("acct".into(), "vhds".into(), "os.vhd".into());
    let disk = Blob::page(1024, 1, script.cloud.now()).held_by(machine, Guid(5));
    script.cloud.fabric.blobs.set(name.clone(), Some(disk.clone().into()));
    script.more("delete account acct\ndelete container acct/default/vhds");
    script.cloud.fabric.blobs.set(name, Some(disk.let_go().into()));
    script.more("delete account acct\nget account acct\ndelete account acct");
    assert!(script.cloud.fabric.blobs.is_empty() && script.cloud.fabric.containers.is_empty());
    expect![[r#"
        ok
        ok
        StorageAccountContainsActiveVhd: The storage account acct has some active image(s) and/or disk(s), e.g. vhds/os.vhd. Ensure these image(s) and/or disk(s) are removed before deleting this storage account.
        LeaseIdMissing: There is currently a lease on the blob and no lease ID was specified in the request.
        ok
        ResourceNotFound: The Resource 'Microsoft.Storage/storageAccounts/acct' under resource group 'rg' was not found.
        absent
    "#]]
    .assert_eq(&script.outcomes);
}

#[test]
fn too_many_accounts_are_refused_and_one_that_goes_makes_room() {
    check(
        "
        limit StorageAccounts 1
        put account one
        put account two
        delete account one
        put account two
        used StorageAccounts
        ",
        expect![[r#"
            ok
            MaxStorageAccountsCountPerSubscriptionExceeded: Subscription 0b1f6471-1bf0-4dda-aec3-cb9272f09590 already contains 1 storage accounts in location westus and the maximum allowed is 1.
            ok
            ok
            1
        "#]],
    );
}

#[test]
fn containers_are_resources_too() {
    check(
        r#"
        version 2019-06-01
        put account acct
        put container acct/default/vhds
        get container acct/default/vhds
        begin put container acct/default/vhds access=Blob
        patch container acct/default/vhds {"properties":{"metadata":{"a":"1"}}}
        get container acct/default/vhds /properties/publicAccess /properties/metadata
        put container acct/default/Bad
        put container acct/default/a--b
        put container acct/other/c00
        list container acct/default
        delete container acct/default/vhds
        put container acct/default/vhds
        advance 30s
        put container acct/default/vhds
        put service acct/second
        delete service acct/default
        "#,
        expect![[r#"
            ok
            ok
            {"id":"storageAccounts/acct/blobServices/default/containers/vhds","name":"vhds","type":"Microsoft.Storage/storageAccounts/blobServices/containers","properties":{"publicAccess":"None","leaseStatus":"Unlocked","leaseState":"Available","lastModifiedTime":"2016-04-01T00:00:15.2430000Z","hasImmutabilityPolicy":false,"hasLegalHold":false,"defaultEncryptionScope":"$account-encryption-key","denyEncryptionScopeOverride":false},"etag":"\"0x8D359C09AA465B0\""}
            updated Succeeded
            ok
            "Blob" {"a":"1"}
            ContainerNameInvalid: Bad is not a valid container name. A container name must be between 3 and 63 characters in length and use numbers, lower-case letters and dash (-) only.
            ContainerNameInvalid: a--b is not a valid container name. A container name must be between 3 and 63 characters in length and use numbers, lower-case letters and dash (-) only.
            ParentResourceNotFound: Can not perform requested operation on nested resource. Parent resource 'other' not found.
            [vhds]
            ok
            ContainerBeingDeleted: The specified container is being deleted. Try operation later. [ends by itself]
            ok
            InvalidValuesForRequestParameters: Values for request parameters are invalid: BlobServicesName.
            OperationNotSupported: The blob service of an account cannot be deleted.
        "#]],
    );
}
