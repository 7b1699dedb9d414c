//! Root disks encrypted with keys of a vault that the provider makes: which calls are made, in which order (juju-provider 1.15).

use expect_test::expect;
use provider::{Generation, RootDisk, StartInstance};
use serde_json::{Value, json};

use crate::generations::{a7_with, check, of};
use crate::setup::{Setup, machine, report};
use crate::shelf::refuse;

fn encrypted(nth: u32) -> StartInstance {
    let mut params = machine(nth);
    params.root_disk = Some(RootDisk {
        encrypted: true,
        vault_name_prefix: Some("kv".to_owned()),
        vault_user_id: Some("somebody".to_owned()),
        ..RootDisk::default()
    });
    params
}

async fn created() -> Setup {
    let setup = of(Generation::A7).created().await;
    assert_eq!(report(setup.environ.start_instance(machine(0)).await), "ok");
    setup.shelf.forget_journal();
    setup
}

/// The calls before the machine's own deployment.
fn before_the_machine(setup: &Setup) -> String {
    let journal = setup.shelf.journal();
    let calls = journal.lines().filter(|line| {
        ["Vault", "vault", "keys/", "diskEncryptionSets"]
            .iter()
            .any(|word| line.contains(word))
    });
    calls.collect::<Vec<_>>().join("\n")
}

/// Who may do something with the vault's keys.
fn allowed(setup: &Setup) -> Vec<String> {
    let vault = setup.shelf.document("/vaults/kv-00000000").expect("the vault is there");
    let policies = vault["properties"]["accessPolicies"]
        .as_array()
        .cloned()
        .unwrap_or_default();
    let told = policies.iter().map(|policy| {
        let keys = policy["permissions"]["keys"].as_array().map_or(0, Vec::len);
        format!("{} {keys}", policy["objectId"].as_str().unwrap_or_default())
    });
    told.collect()
}

#[tokio::test]
async fn a_vault_a_key_and_a_set_are_made_call_by_call() {
    let setup = created().await;
    assert_eq!(report(setup.environ.start_instance(encrypted(1)).await), "ok");
    check(
        &setup,
        expect![[r#"
            GET ...UbuntuServer/skus -> 200
            GET diskEncryptionSets/kv-00000000 -> 404
            GET providers/Microsoft.KeyVault/locations/westus/deletedVaults/kv-00000000 -> 404
            PUT vaults/kv-00000000 -> 200
            POST /keys/disk-secret/create -> 200
            PUT diskEncryptionSets/kv-00000000 -> 201
            GET diskEncryptionSets/kv-00000000 -> 200
            PUT vaults/kv-00000000 -> 200
            GET virtualNetworks/juju-internal-network/subnets -> 200
            PUT deployments/machine-1 -> 201
            GET deployments/machine-1 -> 200"#]],
    );
    assert_eq!(
        allowed(&setup),
        [
            "33333333-3333-3333-3333-333333333333 16",
            "somebody 16",
            "identity-of-kv-00000000 4"
        ]
    );
    let vault = setup.shelf.document("/vaults/kv-00000000").expect("the vault is there");
    assert_eq!(vault["properties"]["enablePurgeProtection"], true);
    assert_eq!(vault["properties"]["tenantId"], "22222222-2222-2222-2222-222222222222");
    assert_eq!(vault["tags"]["juju-model-uuid"], crate::setup::ENVIRONMENT.to_string());
    let vm = setup
        .shelf
        .document("/virtualmachines/machine-1")
        .expect("the machine is there");
    let id = vm.pointer("/properties/storageProfile/osDisk/managedDisk/diskEncryptionSet/id");
    assert!(
        id.and_then(Value::as_str).is_some_and(|id| id.contains("kv-00000000")),
        "{id:?}"
    );
}

#[tokio::test]
async fn a_second_machine_finds_the_set_and_leaves_its_access() {
    let setup = created().await;
    assert_eq!(report(setup.environ.start_instance(encrypted(1)).await), "ok");
    setup.shelf.forget_journal();
    assert_eq!(report(setup.environ.start_instance(encrypted(2)).await), "ok");
    expect![[r#"
        GET diskEncryptionSets/kv-00000000 -> 200
        GET providers/Microsoft.KeyVault/locations/westus/deletedVaults/kv-00000000 -> 404
        PUT vaults/kv-00000000 -> 200
        POST /keys/disk-secret/create -> 200"#]]
    .assert_eq(&before_the_machine(&setup));
    assert_eq!(allowed(&setup).len(), 3);
}

#[tokio::test]
async fn a_deleted_vault_and_a_deleted_key_are_had_back() {
    let setup = created().await;
    assert_eq!(report(setup.environ.start_instance(encrypted(1)).await), "ok");
    assert_eq!(report(setup.environ.destroy().await), "ok");
    setup.shelf.delete_key("disk-secret");
    let setup = setup
        .reopened_as(|config| config.generation = Generation::A7)
        .created()
        .await;
    assert_eq!(report(setup.environ.start_instance(encrypted(1)).await), "ok");
    expect![[r#"
        GET diskEncryptionSets/kv-00000000 -> 404
        GET providers/Microsoft.KeyVault/locations/westus/deletedVaults/kv-00000000 -> 200
        PUT vaults/kv-00000000 -> 200
        POST /keys/disk-secret/create -> 409
        POST /deletedkeys/disk-secret/recover -> 200
        PUT diskEncryptionSets/kv-00000000 -> 201
        GET diskEncryptionSets/kv-00000000 -> 200
        PUT vaults/kv-00000000 -> 200"#]]
    .assert_eq(&before_the_machine(&setup));
}

#[tokio::test]
async fn who_may_not_look_for_deleted_vaults_makes_one() {
    let setup = created().await;
    setup
        .shelf
        .fault("GET", "/deletedVaults/", 1, refuse(403, "AuthorizationFailed", "no"));
    assert_eq!(report(setup.environ.start_instance(encrypted(1)).await), "ok");
}

#[tokio::test]
async fn a_key_that_may_not_be_made_comes_with_advice() {
    let setup = created().await;
    setup
        .shelf
        .fault("POST", "/keys/disk-secret/create", 1, refuse(403, "Forbidden", "no"));
    let said = report(setup.environ.start_instance(encrypted(1)).await);
    expect![[r#"creating virtual machine "machine-1": cannot create key `https://kv-00000000.vault.azure.net/keys/disk-secret/create`: the key vault answered 403 Forbidden: no; give whoever made the credential a role on the Key Vault application in the directory, and the service principal an access policy on the vault with all permissions over keys"#]].assert_eq(&said);
    // What was made stays, and is found again.
    assert_eq!(report(setup.environ.start_instance(encrypted(1)).await), "ok");
}

#[tokio::test]
async fn a_vault_of_somebody_else_s_stops_the_machine() {
    let setup = created().await;
    let refused = refuse(409, "VaultAlreadyExists", "The vault name is already in use.");
    setup.shelf.fault("PUT", "/vaults/", 1, refused);
    let said = report(setup.environ.start_instance(encrypted(1)).await);
    assert!(said.contains("VaultAlreadyExists"), "{said}");
    assert_eq!(setup.shelf.document("/virtualmachines/machine-1"), None);
}

#[tokio::test]
async fn two_machines_at_once_make_one_vault() {
    let setup = created().await;
    let (one, other) = tokio::join!(
        setup.environ.start_instance(encrypted(1)),
        setup.environ.start_instance(encrypted(2))
    );
    assert_eq!((report(one), report(other)), ("ok".to_owned(), "ok".to_owned()));
    let journal = before_the_machine(&setup);
    let made: Vec<&str> = journal
        .lines()
        .filter(|line| line.starts_with("PUT diskEncryptionSets"))
        .collect();
    assert_eq!(made.len(), 1, "{journal}");
}

#[tokio::test]
async fn vaults_leave_a_group_of_the_user_s_own_last_and_by_their_own_version() {
    let path = format!("/subscriptions/{}/resourcegroups/mine", crate::setup::SUBSCRIPTION);
    let setup = a7_with(|config| config.resource_group_name = Some("mine".to_owned()));
    setup
        .shelf
        .put_document(&path, json!({"name": "mine", "location": "westus"}));
    assert_eq!(report(setup.environ.create().await), "ok");
    assert_eq!(report(setup.environ.start_instance(encrypted(1)).await), "ok");
    setup.shelf.forget_journal();
    assert_eq!(report(setup.environ.destroy().await), "ok");
    let journal = setup.shelf.journal();
    let deletions: Vec<&str> = journal.lines().filter(|line| line.starts_with("DELETE")).collect();
    let at = |word: &str| deletions.iter().position(|line| line.contains(word));
    assert!(at("vaults/kv-00000000") > at("diskEncryptionSets/"), "{journal}");
    assert_eq!(setup.shelf.document("/vaults/kv-00000000"), None);
}
