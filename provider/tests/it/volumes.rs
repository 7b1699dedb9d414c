//! Volumes: on which machine, under which number, by which calls (juju-provider 1.17).

use std::sync::Arc;

use expect_test::{Expect, expect};
use provider::{
    Clock, Error, Generation, InstanceId, StorageAccountType, VolumeAttachmentParams, VolumeId, VolumeParams,
    VolumeSource,
};
use serde_json::{Value, json};

use crate::setup::{ENVIRONMENT, SUBSCRIPTION, Setup, machine, report, setup, setup_with};
use crate::shelf::{When, edit, refuse};

fn check(setup: &Setup, expect: Expect) {
    let group = format!("juju-env-environment-{ENVIRONMENT}");
    expect.assert_eq(&setup.shelf.journal().replace(&group, "GROUP"));
    setup.shelf.forget_journal();
}

fn source(setup: &Setup) -> Arc<dyn VolumeSource> {
    Arc::clone(&setup.environ)
        .volume_source()
        .expect("every stack over Resource Manager has volumes")
}

fn on(volume: u32, machine_nth: u32) -> VolumeParams {
    VolumeParams {
        instance: Some(machine(machine_nth).instance_id()),
        ..VolumeParams::new(volume, 1_024)
    }
}

fn place(volume: &str, machine: u32) -> VolumeAttachmentParams {
    VolumeAttachmentParams {
        volume: VolumeId::new(volume),
        instance: InstanceId::new(format!("machine-{machine}")),
    }
}

fn ids(text: &str) -> Vec<VolumeId> {
    text.split_whitespace().map(VolumeId::new).collect()
}

/// One line per item, in their order.
fn lines<T>(outcomes: Result<Vec<Result<T, Error>>, Error>, show: impl Fn(T) -> String) -> String {
    let line = |outcome: Result<T, Error>| outcome.map_or_else(|error| error.report(), &show);
    match outcomes {
        Ok(outcomes) => outcomes.into_iter().map(line).collect::<Vec<_>>().join("\n"),
        Err(error) => format!("all: {}", error.report()),
    }
}

async fn create(setup: &Setup, params: &[VolumeParams]) -> String {
    lines(source(setup).create(params).await, |own| match own.attachment {
        Some(place) => format!(
            "{} {} MiB, {} lun {}",
            own.volume.id, own.volume.size_mib, place.instance, place.lun
        ),
        None => format!("{} {} MiB", own.volume.id, own.volume.size_mib),
    })
}

async fn attach(setup: &Setup, params: &[VolumeAttachmentParams]) -> String {
    lines(source(setup).attach(params).await, |own| {
        format!("{} on {} lun {}", own.volume, own.instance, own.lun)
    })
}

async fn detach(setup: &Setup, params: &[VolumeAttachmentParams]) -> String {
    lines(source(setup).detach(params).await, |()| "ok".to_owned())
}

async fn destroy(setup: &Setup, text: &str) -> String {
    lines(source(setup).destroy(&ids(text)).await, |()| "ok".to_owned())
}

async fn listed(setup: &Setup) -> String {
    let volumes = source(setup).list().await.expect("the shelf lists blobs");
    let names: Vec<String> = volumes.iter().map(ToString::to_string).collect();
    names.join(" ")
}

fn disks(setup: &Setup, machine: u32) -> Value {
    let vm = setup.shelf.document(&format!("/virtualmachines/machine-{machine}"));
    vm.expect("the machine is there")["properties"]["storageProfile"]["dataDisks"].clone()
}

#[tokio::test]
async fn volumes_are_made_by_one_write_of_each_machine() {
    let setup = setup().created().await.with_machines(&[0, 1]).await;
    expect![[r#"
        volume-0 1024 MiB, machine-0 lun 0
        volume-1 1024 MiB, machine-1 lun 0
        volume-2 1024 MiB, machine-0 lun 1"#]]
    .assert_eq(&create(&setup, &[on(0, 0), on(1, 1), on(2, 0)]).await);
    check(
        &setup,
        expect![[r#"
            GET /datavhds -> 404
            GET virtualMachines/machine-0 -> 200
            PUT virtualMachines/machine-0 -> 200
            GET virtualMachines/machine-0 -> 200
            GET virtualMachines/machine-1 -> 200
            PUT virtualMachines/machine-1 -> 200
            GET virtualMachines/machine-1 -> 200"#]],
    );
    let account = setup
        .environ
        .config()
        .storage_account
        .expect("create has made an account");
    assert_eq!(
        disks(&setup, 1),
        json!([{
            "lun": 0, "name": "volume-1", "caching": "ReadWrite", "createOption": "Empty", "diskSizeGB": 1,
            "vhd": {"uri": format!("https://{account}.blob.core.windows.net/datavhds/volume-1.vhd")},
        }])
    );
    assert_eq!(listed(&setup).await, "volume-0 volume-1 volume-2");
}

#[tokio::test]
async fn an_item_that_cannot_be_harms_no_other() {
    let setup = setup().created().await.with_machines(&[0]).await;
    let params = [
        VolumeParams {
            size_mib: 2_000 * 1_024,
            ..on(0, 0)
        },
        on(1, 9),
        VolumeParams::new(2, 1_024),
        VolumeParams {
            account_type: Some(StorageAccountType::PremiumLrs),
            ..on(3, 0)
        },
        on(4, 0),
    ];
    expect![[r#"
        2000 GiB exceeds the maximum of 1023 GiB
        instance machine-9 not found
        volume-2 is made by attaching it, and no instance is given
        volumes are blobs in the environment's storage account, whose type is Standard_LRS, not Premium_LRS
        volume-4 1024 MiB, machine-0 lun 0"#]]
    .assert_eq(&create(&setup, &params).await);
}

#[tokio::test]
async fn what_is_wrong_with_one_disk_of_a_machine_is_wrong_with_all_of_that_write() {
    let setup = setup().created().await.with_machines(&[0, 1]).await;
    setup.shelf.fault(
        "PUT",
        "virtualMachines/machine-0",
        1,
        refuse(409, "OperationNotAllowed", "full"),
    );
    expect![[r#"
        changing the data disks of "machine-0": cannot change the data disks of virtual machine `/subscriptions/SUB/resourceGroups/GROUP/providers/Microsoft.Compute/virtualMachines/machine-0`: the resource manager answered 409 OperationNotAllowed: full
        volume-1 1024 MiB, machine-1 lun 0
        changing the data disks of "machine-0": cannot change the data disks of virtual machine `/subscriptions/SUB/resourceGroups/GROUP/providers/Microsoft.Compute/virtualMachines/machine-0`: the resource manager answered 409 OperationNotAllowed: full"#]]
    .assert_eq(&redacted(&create(&setup, &[on(0, 0), on(1, 1), on(2, 0)]).await));
    assert_eq!(disks(&setup, 0), Value::Null);
}

fn redacted(text: &str) -> String {
    text.replace(&SUBSCRIPTION.to_string(), "SUB")
        .replace(&format!("juju-env-environment-{ENVIRONMENT}"), "GROUP")
}

#[tokio::test]
async fn a_repetition_makes_nothing_twice() {
    let setup = setup().created().await.with_machines(&[0]).await;
    let first = create(&setup, &[on(0, 0)]).await;
    setup.shelf.forget_journal();
    assert_eq!(create(&setup, &[on(0, 0)]).await, first);
    check(
        &setup,
        expect![[r#"
            GET /datavhds -> 200
            GET virtualMachines/machine-0 -> 200"#]],
    );
}

#[tokio::test]
async fn a_volume_that_was_made_on_a_machine_that_is_gone_is_attached_to_the_next_one() {
    let setup = setup().created().await.with_machines(&[0, 1]).await;
    create(&setup, &[on(0, 0)]).await;
    let stopped = setup.environ.stop_instances(&[machine(0).instance_id()]).await;
    assert_eq!(report(stopped), "ok");
    assert_eq!(create(&setup, &[on(0, 1)]).await, "volume-0 1024 MiB, machine-1 lun 0");
    assert_eq!(disks(&setup, 1)[0]["createOption"], "Attach");
    // What is there is smaller than what is wanted now.
    let larger = VolumeParams {
        size_mib: 4_096,
        ..on(0, 1)
    };
    assert_eq!(
        create(&setup, &[larger]).await,
        "volume-0 exists already with 1024 MiB, and 4096 MiB are wanted"
    );
}

#[tokio::test]
async fn a_volume_moves_to_another_machine_and_the_gap_it_leaves_is_filled() {
    let setup = setup().created().await.with_machines(&[0, 1]).await;
    create(&setup, &[on(0, 0), on(1, 0), on(2, 0)]).await;
    setup.shelf.forget_journal();
    assert_eq!(detach(&setup, &[place("volume-1", 0)]).await, "ok");
    check(
        &setup,
        expect![[r#"
            GET virtualMachines/machine-0 -> 200
            PUT virtualMachines/machine-0 -> 200
            GET virtualMachines/machine-0 -> 200"#]],
    );
    assert_eq!(
        attach(&setup, &[place("volume-1", 1)]).await,
        "volume-1 on machine-1 lun 0"
    );
    assert_eq!(create(&setup, &[on(3, 0)]).await, "volume-3 1024 MiB, machine-0 lun 1");
    // It is there already: nothing is written.
    setup.shelf.forget_journal();
    assert_eq!(
        attach(&setup, &[place("volume-1", 1)]).await,
        "volume-1 on machine-1 lun 0"
    );
    check(&setup, expect!["GET virtualMachines/machine-1 -> 200"]);
}

#[tokio::test]
async fn the_last_volume_leaves_an_empty_list() {
    let setup = setup().created().await.with_machines(&[0]).await;
    create(&setup, &[on(0, 0)]).await;
    assert_eq!(detach(&setup, &[place("volume-0", 0)]).await, "ok");
    assert_eq!(disks(&setup, 0), json!([]));
    assert_eq!(listed(&setup).await, "volume-0");
}

#[tokio::test]
async fn what_is_not_there_is_detached_and_destroyed_already() {
    let setup = setup().created().await.with_machines(&[0]).await;
    let params = [place("volume-0", 0), place("volume-0", 9), place("theirs", 0)];
    assert_eq!(detach(&setup, &params).await, "ok\nok\nok");
    assert_eq!(destroy(&setup, "volume-0 theirs").await, "ok\nok");
    expect![[r#"
        instance machine-9 not found
        theirs not found"#]]
    .assert_eq(&attach(&setup, &[place("volume-0", 9), place("theirs", 0)]).await);
}

#[tokio::test]
async fn volumes_outlive_their_machine_and_wait_for_its_lease_to_end() {
    let setup = setup().created().await.with_machines(&[0]).await;
    create(&setup, &[on(0, 0)]).await;
    // As long as its machine is there, it cannot go, and nobody waits for that.
    let before_ms = setup.clock.now_ms();
    let refusal = destroy(&setup, "volume-0").await;
    assert!(refusal.contains("412"), "{refusal}");
    assert_eq!(setup.clock.now_ms(), before_ms);

    let stopped = setup.environ.stop_instances(&[machine(0).instance_id()]).await;
    assert_eq!(report(stopped), "ok");
    assert_eq!(listed(&setup).await, "volume-0");
    setup.shelf.lag_leases(3);
    assert_eq!(destroy(&setup, "volume-0").await, "ok");
    assert_eq!(listed(&setup).await, "");
}

#[tokio::test]
async fn a_lease_that_never_ends_is_an_error_after_a_while() {
    let setup = setup().created().await;
    let account = setup
        .environ
        .config()
        .storage_account
        .expect("create has made an account");
    setup.shelf.put_blob("/datavhds/volume-0.vhd");
    setup.shelf.lag_leases(usize::MAX);
    let before_ms = setup.clock.now_ms();
    let refusal = destroy(&setup, "volume-0").await;
    assert!(refusal.contains("412") && refusal.contains(&account), "{refusal}");
    assert!(setup.clock.now_ms() - before_ms < 10 * 60 * 1_000);
}

#[tokio::test]
async fn the_destruction_of_the_environment_takes_volumes_along() {
    let setup = setup().created().await.with_machines(&[0]).await;
    create(&setup, &[on(0, 0)]).await;
    assert_eq!(report(setup.environ.destroy().await), "ok");
    assert_eq!(setup.shelf.left(), Vec::<String>::new());
}

#[tokio::test]
async fn volumes_are_described_and_what_is_none_is_told() {
    let setup = setup().created().await.with_machines(&[0]).await;
    create(&setup, &[on(0, 0)]).await;
    setup.shelf.put_blob("/datavhds/volume-x.vhd");
    let outcomes = source(&setup).describe(&ids("volume-1 volume-0 volume-x")).await;
    expect![[r#"
        volume-1 not found
        volume-0 1024 MiB true
        volume-x not found"#]]
    .assert_eq(&lines(outcomes, |own| {
        format!("{} {} MiB {}", own.id, own.size_mib, own.persistent)
    }));
    assert_eq!(listed(&setup).await, "volume-0");
}

#[tokio::test]
async fn parallel_attachments_to_one_machine_lose_none() {
    let setup = setup().created().await.with_machines(&[0]).await;
    let mut work = tokio::task::JoinSet::new();
    for nth in 0..8 {
        let source = source(&setup);
        work.spawn(async move { lines(source.create(&[on(nth, 0)]).await, |own| own.volume.id.to_string()) });
    }
    let mut made = work.join_all().await;
    made.sort();
    assert_eq!(made.len(), 8);
    assert!(made.iter().all(|line| line.starts_with("volume-")), "{made:?}");
    let disks = disks(&setup, 0);
    let mut luns: Vec<u64> = disks
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|own| own["lun"].as_u64())
        .collect();
    luns.sort_unstable();
    assert_eq!(luns, (0..8).collect::<Vec<u64>>());
}

#[tokio::test]
async fn a_disk_that_another_process_has_overwritten_is_attached_again() {
    let setup = setup().created().await.with_machines(&[0]).await;
    setup.shelf.meddle(
        "virtualmachines/machine-0",
        When::After,
        edit(|vm| {
            vm["properties"]["storageProfile"]["dataDisks"] = json!([{"lun": 0, "name": "theirs"}]);
        }),
    );
    assert_eq!(create(&setup, &[on(0, 0)]).await, "volume-0 1024 MiB, machine-0 lun 1");
    assert_eq!(disks(&setup, 0).as_array().map(Vec::len), Some(2));
}

#[tokio::test]
async fn an_attachment_whose_answer_is_lost_is_found_by_a_repetition() {
    let setup = setup().created().await.with_machines(&[0]).await;
    setup
        .shelf
        .fault("PUT", "virtualMachines/machine-0", 1, crate::shelf::Verdict::CutAfter);
    assert_eq!(create(&setup, &[on(0, 0)]).await, "volume-0 1024 MiB, machine-0 lun 0");
    assert_eq!(disks(&setup, 0).as_array().map(Vec::len), Some(1));
}

#[tokio::test]
async fn a_failed_attachment_is_written_again() {
    let setup = setup().created().await.with_machines(&[0]).await;
    setup
        .shelf
        .fail_late("virtualMachines/machine-0", "InternalExecutionError", "no");
    assert!(create(&setup, &[on(0, 0)]).await.contains("InternalExecutionError"));
    setup.shelf.forget_journal();
    assert_eq!(
        attach(&setup, &[place("volume-0", 0)]).await,
        "volume-0 on machine-0 lun 0"
    );
    check(
        &setup,
        expect![[r#"
            GET virtualMachines/machine-0 -> 200
            PUT virtualMachines/machine-0 -> 200
            GET virtualMachines/machine-0 -> 200"#]],
    );
}

/// An environment of managed disks with one machine, and another environment's disk in its group.
fn managed() -> Setup {
    let setup = setup_with(|config| config.generation = Generation::A7);
    let group = format!(
        "/subscriptions/{SUBSCRIPTION}/resourceGroups/{}",
        setup.environ.config().resource_group()
    );
    let own = json!({"juju-model-uuid": ENVIRONMENT.to_string()});
    setup.shelf.put_document(
        &group,
        json!({"id": group, "name": "g", "location": "westus", "tags": own}),
    );
    let vm = format!("{group}/providers/Microsoft.Compute/virtualMachines/machine-0");
    let document = json!({
        "id": vm, "name": "machine-0", "location": "westus", "tags": own,
        "properties": {"provisioningState": "Succeeded", "storageProfile": {"osDisk": {"name": "machine-0"}}},
    });
    setup.shelf.put_document(&vm, document);
    let theirs = format!("{group}/providers/Microsoft.Compute/disks/volume-9");
    let tags = json!({"juju-model-uuid": "somebody else"});
    setup.shelf.put_document(
        &theirs,
        json!({"id": theirs, "name": "volume-9", "tags": tags, "properties": {"diskSizeGB": 1}}),
    );
    setup
}

#[tokio::test]
async fn managed_volumes_are_disks_of_their_own() {
    let setup = managed();
    let premium = VolumeParams {
        account_type: Some(StorageAccountType::PremiumLrs),
        tags: [("juju-storage-instance".to_owned(), "data/0".to_owned())].into(),
        ..VolumeParams::new(1, 5_000)
    };
    let geo = VolumeParams {
        account_type: Some(StorageAccountType::StandardGrs),
        ..VolumeParams::new(2, 1)
    };
    expect![[r#"
        volume-0 1024 MiB
        volume-1 5120 MiB
        volumes of account type Standard_GRS are not supported, Standard_LRS and Premium_LRS are
        resource group `juju-env-00000000` has a disk volume-9 that is not of this environment"#]]
    .assert_eq(&create(&setup, &[on(0, 0), premium, geo, VolumeParams::new(9, 1)]).await);
    let disk = setup.shelf.document("/disks/volume-1").expect("the disk was made");
    assert_eq!(disk["sku"]["name"], "Premium_LRS");
    assert_eq!(disk["tags"]["juju-storage-instance"], "data/0");
    assert_eq!(disk["properties"]["creationData"]["createOption"], "Empty");
    assert_eq!(listed(&setup).await, "volume-0 volume-1");
}

#[tokio::test]
async fn managed_volumes_come_and_go() {
    let setup = managed();
    create(&setup, &[VolumeParams::new(0, 1_024), VolumeParams::new(1, 1_024)]).await;
    setup.shelf.forget_journal();
    expect![[r#"
        volume-1 on machine-0 lun 0
        volume-0 on machine-0 lun 1"#]]
    .assert_eq(&attach(&setup, &[place("volume-1", 0), place("volume-0", 0)]).await);
    assert!(destroy(&setup, "volume-0").await.contains("OperationNotAllowed"));
    assert_eq!(
        detach(&setup, &[place("volume-0", 0), place("volume-1", 0)]).await,
        "ok\nok"
    );
    assert_eq!(disks(&setup, 0), json!([]));
    // Another environment's disk is not touched, nor told of.
    assert_eq!(destroy(&setup, "volume-0 volume-1 volume-9").await, "ok\nok\nok");
    assert_eq!(listed(&setup).await, "");
    assert!(setup.shelf.document("/disks/volume-9").is_some());
    let outcomes = source(&setup).describe(&ids("volume-0 volume-9")).await;
    assert_eq!(
        lines(outcomes, |own| own.id.to_string()),
        "volume-0 not found\nvolume-9 not found"
    );
}
