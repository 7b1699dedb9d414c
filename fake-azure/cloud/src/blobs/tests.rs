//! Rules of the blob service, told in the language of [`bench`].

use std::sync::Arc;

use expect_test::{Expect, expect};

use self::bench::{Bench, id, read};
use super::*;
use crate::fabric::{Blob, LeaseState};
use crate::key::Key;

mod bench;
mod lease_model;

fn check(script: &str, expected: Expect) {
    expected.assert_eq(&Bench::run(script).outcomes);
}

#[test]
fn containers_come_and_go() {
    check(
        "
        make vhds
        make vhds
        make Bad
        make ab
        make nobody:vhds
        stat vhds
        list
        remove vhds
        stat vhds
        make vhds
        advance 30
        make vhds blob
        note none x
        note vhds x
        open vhds container
        ",
        expect![[r#"
            ok
            ContainerAlreadyExists
            InvalidResourceName
            OutOfRangeInput
            ResourceNotFound
            ok
            vhds next -
            ok
            ContainerNotFound
            ContainerBeingDeleted
            ok
            ContainerNotFound
            ok
            ok
        "#]],
    );
}

#[test]
fn a_container_made_by_either_door_is_seen_through_both() {
    let mut bench = Bench::run("make vhds blob\nmake $root");
    bench.script.outcomes.clear();
    bench.script.more(
        "
        version 2019-06-01
        list container acct/default
        get container acct/default/vhds /properties/publicAccess
        patch container acct/default/vhds {\"properties\":{\"publicAccess\":\"None\"}}
        put container acct/default/own
        ",
    );
    bench.more("list\nnote vhds 7\nremove own");
    bench.script.more(
        "list container acct/default\nget container acct/default/vhds /properties/metadata /properties/publicAccess",
    );
    expect![[r#"
        [vhds]
        "Blob"
        ok
        ok
        [vhds]
        {"a":"7"} "None"
    "#]]
    .assert_eq(&bench.script.outcomes);
    expect![[r#"
        ok
        ok
        $root own vhds next -
        ok
        ok
    "#]]
    .assert_eq(&bench.outcomes);
}

#[test]
fn a_container_that_the_compute_service_made_is_taken_up() {
    let mut bench = Bench::new();
    let row = crate::fabric::Container::new(1, bench.script.cloud.now());
    bench
        .script
        .cloud
        .fabric
        .containers
        .set(("acct".into(), "vhds".into()), Some(row.into()));
    bench.more("note vhds x\nmake vhds");
    bench.script.outcomes.clear();
    bench.script.more("version 2019-06-01\nlist container acct/default");
    bench.more("remove vhds");
    bench.script.more("list container acct/default");
    assert_eq!(bench.outcomes, "ok\nContainerAlreadyExists\nok\n");
    assert_eq!(bench.script.outcomes, "[vhds]\n[]\n");
}

#[test]
fn page_blobs_are_written_in_pages() {
    check(
        "
        make vhds
        page vhds/os 1000
        page none/os 1024
        page vhds/os 4096
        write vhds/os 512 512
        write vhds/os 1 512
        write vhds/os 4096 512
        write vhds/none 0 512
        pages vhds/os
        clear vhds/os 512 1024
        pages vhds/os
        write vhds/os 0 1024
        resize vhds/os 512
        pages vhds/os
        stat vhds/os
        if #1 write vhds/os 0 512
        if #1 clear vhds/os 0 512
        resize vhds/os 1024
        if #1 write vhds/os 0 512
        put vhds/text abc
        write vhds/text 0 512
        pages vhds/text
        resize vhds/text 512
        ",
        expect![[r#"
            ok
            InvalidHeaderValue
            ContainerNotFound
            ok
            ok
            InvalidPageRange
            InvalidPageRange
            BlobNotFound
            [(512, 1024)]
            ok
            []
            ok
            ok
            [(0, 512)]
            Page 512 #1
            ok
            ok
            ok
            SequenceNumberConditionNotMet
            ok
            InvalidBlobType
            InvalidBlobType
            InvalidBlobType
        "#]],
    );
}

#[test]
fn conditions_guard_reads_and_writes() {
    let mut bench =
        Bench::run("make vhds\nif there page vhds/os 512\nif new page vhds/os 512\nif new page vhds/os 512");
    let name = ("acct".into(), "vhds".into(), "os".into());
    let etag = etag_text(bench.script.cloud.fabric().blobs.get(&name).expect("it is there").etag);
    bench.more(&format!(
        "if {etag} note vhds/os x\nif {etag} note vhds/os y\nif 0x1 stat vhds/os"
    ));

    let mut stale = read("stat vhds/os");
    let etag = etag_text(bench.script.cloud.fabric().blobs.get(&name).expect("it is there").etag);
    stale.conditions.if_none_match = Some(vec![etag.into()]);
    assert_eq!(bench.ask(&stale), "NotModified");
    stale.conditions = BlobConditions {
        modified_since: Some(bench.script.cloud.now()),
        ..BlobConditions::default()
    };
    assert_eq!(bench.ask(&stale), "NotModified");
    stale.conditions = BlobConditions {
        unmodified_since: Some(bench.script.cloud.now()),
        ..BlobConditions::default()
    };
    assert_eq!(bench.ask(&stale), "Page 512 #0");
    expect![[r#"
        ok
        ConditionNotMet
        ok
        BlobAlreadyExists
        ok
        ConditionNotMet
        ConditionNotMet
    "#]]
    .assert_eq(&bench.outcomes);
}

#[test]
fn every_write_has_an_etag_of_its_own() {
    let mut bench = Bench::run("make vhds\npage vhds/os 512");
    let name = ("acct".into(), "vhds".into(), "os".into());
    let mut seen = Vec::new();
    for line in [
        "note vhds/os 1",
        "write vhds/os 0 512",
        "page vhds/os 512",
        "resize vhds/os 1024",
    ] {
        bench.more(line);
        seen.push(bench.script.cloud.fabric().blobs.get(&name).expect("it is there").etag);
    }
    assert!(seen.windows(2).all(|pair| pair[0] < pair[1]), "{seen:?}");
}

#[test]
fn a_lease_guards_writes_and_not_reads() {
    check(
        "
        make vhds
        page vhds/os 512
        lease vhds/os acquire 15 A
        note vhds/os x
        as B note vhds/os x
        as A note vhds/os x
        stat vhds/os
        as B stat vhds/os
        delete vhds/os
        page vhds/os 512
        snapshot vhds/os
        advance 15
        as A note vhds/os x
        note vhds/os x
        as A note vhds/os x
        lease vhds/os renew A
        as A page vhds/new 512
        ",
        expect![[r#"
            ok
            ok
            leased
            LeaseIdMissing
            LeaseIdMismatchWithBlobOperation
            ok
            Page 512 #0
            LeaseIdMismatchWithBlobOperation
            LeaseIdMissing
            LeaseIdMissing
            snapshot
            LeaseLost
            ok
            LeaseNotPresentWithBlobOperation
            LeaseIdMismatchWithLeaseOperation
            LeaseNotPresentWithBlobOperation
        "#]],
    );
}

#[test]
fn a_leased_container_cannot_be_deleted_without_its_id() {
    check(
        "
        make vhds
        lease vhds acquire inf A
        remove vhds
        note vhds x
        as B note vhds x
        as B stat vhds
        lease vhds break
        lease vhds renew A
        lease vhds break
        lease vhds release A
        as A remove vhds
        lease vhds acquire 60 A
        as A remove vhds
        ",
        expect![[r#"
            ok
            leased
            LeaseIdMissing
            ok
            LeaseIdMismatchWithContainerOperation
            LeaseIdMismatchWithContainerOperation
            0s left
            LeaseIsBrokenAndCannotBeRenewed
            0s left
            released
            LeaseNotPresentWithContainerOperation
            leased
            ok
        "#]],
    );
}

/// Quirk `vhd-lease-holds-container`.
#[test]
fn a_disk_of_a_machine_holds_its_container() {
    cov_mark::check!(vhd_lease_holds_container);
    cov_mark::check!(vhd_lease_holds_container);
    let mut bench = Bench::run("make vhds\nmake empty");
    let name: crate::fabric::BlobName = ("acct".into(), "vhds".into(), "os".into());
    let disk = Blob::page(512, 1, bench.script.cloud.now()).held_by(Key(1), id("A"));
    bench
        .script
        .cloud
        .fabric
        .blobs
        .set(name.clone(), Some(disk.clone().into()));
    bench.more("remove vhds\ndelete vhds/os\nremove empty");
    bench.script.cloud.fabric.blobs.set(name, Some(disk.let_go().into()));
    bench.more("delete vhds/os\nremove vhds");
    expect![[r#"
        ok
        ok
        LeaseIdMissing
        LeaseIdMissing
        ok
        ok
        ok
    "#]]
    .assert_eq(&bench.outcomes);
}

#[test]
fn snapshots_keep_what_was() {
    let mut bench = Bench::run(
        "
        make vhds
        page vhds/os 1024
        write vhds/os 0 512
        snapshot vhds/os
        clear vhds/os 0 512
        delete vhds/os
        list vhds snapshots
        list vhds
        ",
    );
    let name = ("acct".into(), "vhds".into(), "os".into());
    let taken = *bench
        .script
        .cloud
        .fabric()
        .blobs
        .get(&name)
        .expect("it is there")
        .snapshots
        .keys()
        .next()
        .expect("one was taken");
    let mut call = read("pages vhds/os");
    call.operation = BlobOperation::PageRanges {
        range: None,
        snapshot: Some(taken),
    };
    assert_eq!(bench.ask(&call), "[(0, 512)]");
    call.operation = BlobOperation::ReadBlob {
        snapshot: Some(taken + 1),
    };
    assert_eq!(bench.ask(&call), "BlobNotFound");
    call.operation = BlobOperation::DeleteBlob {
        snapshots: None,
        snapshot: Some(taken),
    };
    assert_eq!(bench.ask(&call), "ok");
    bench.more("snapshot vhds/os\nsnapshot vhds/os\ndelete vhds/os only\nlist vhds snapshots\nsnapshot vhds/os\ndelete vhds/os include\nstat vhds/os");
    expect![[r#"
        ok
        ok
        ok
        snapshot
        ok
        SnapshotsPresent
        os@ os next -
        os next -
        snapshot
        snapshot
        ok
        os next -
        snapshot
        ok
        BlobNotFound
    "#]]
    .assert_eq(&bench.outcomes);
}

#[test]
fn copies_are_done_at_once_within_an_account_and_later_between_two() {
    check(
        "
        make vhds
        page vhds/os 1024
        write vhds/os 0 512
        copy vhds/copy vhds/os
        pages vhds/copy
        copy vhds/copy vhds/none
        make other:vhds
        copy other:vhds/os vhds/os
        note other:vhds/os x
        abort other:vhds/os Z
        delete other:vhds/os
        advance 5
        note other:vhds/os x
        abort other:vhds/os Z
        copy other:vhds/os vhds/none
        copy vhds/copy nowhere
        put vhds/text abc
        copy vhds/text vhds/os
        ",
        expect![[r#"
            ok
            ok
            ok
            copied
            [(0, 512)]
            BlobNotFound
            ok
            pending
            PendingCopyOperation
            CopyIdMismatch
            PendingCopyOperation
            ok
            NoPendingCopyOperation
            CannotVerifyCopySource
            CannotVerifyCopySource
            ok
            InvalidBlobType
        "#]],
    );
}

#[test]
fn an_aborted_copy_leaves_an_empty_blob() {
    let mut bench = Bench::run("make vhds\npage vhds/os 1024\nmake other:vhds\ncopy other:vhds/os vhds/os");
    let name = ("other".into(), "vhds".into(), "os".into());
    let copy = bench
        .script
        .cloud
        .fabric()
        .blobs
        .get(&name)
        .and_then(|blob| blob.copy.clone())
        .expect("it is being copied");
    let call = BlobCall::new("other", "vhds", "os", BlobOperation::AbortCopy { id: copy.id });
    assert_eq!(bench.ask(&call), "ok");
    assert_eq!(bench.ask(&read("stat other:vhds/os")), "Page 0 #0 copied");
    assert_eq!(bench.ask(&call), "NoPendingCopyOperation");
}

#[test]
fn block_blobs_are_made_of_blocks() {
    let mut bench = Bench::run(
        "
        make vhds
        block vhds/t AAAA hello
        block vhds/t AA hello
        stat vhds/t
        list vhds
        list vhds uncommitted
        block vhds/t AAAB world
        commit vhds/t AAAA none
        commit vhds/t AAAA AAAB
        blocks vhds/t
        block vhds/t AAAC !
        blocks vhds/t
        commit vhds/t AAAB AAAC
        page vhds/p 512
        block vhds/p AAAA x
        blocks vhds/p
        ",
    );
    let name = ("acct".into(), "vhds".into(), "t".into());
    let blob: &Blob = bench.script.cloud.fabric().blobs.get(&name).expect("it is there");
    assert_eq!(blob.read(0, 100), b"world!");
    bench.more("blocks vhds/t");
    expect![[r#"
        ok
        ok
        InvalidBlobOrBlock
        BlobNotFound
         next -
        t next -
        ok
        InvalidBlockList
        ok
        [("AAAA", 5), ("AAAB", 5)] []
        ok
        [("AAAA", 5), ("AAAB", 5)] [("AAAC", 1)]
        ok
        ok
        InvalidBlobType
        InvalidBlobType
        [("AAAB", 5), ("AAAC", 1)] []
    "#]]
    .assert_eq(&bench.outcomes);
}

#[test]
fn lists_come_in_pages_with_prefixes() {
    check(
        "
        make aaa
        make aab
        make bbb
        list max=2
        list marker=bbb
        list prefix=aa
        put aaa/x 1
        put aaa/d/1 1
        put aaa/d/2 1
        put aaa/e/1 1
        list aaa
        list aaa dirs
        list aaa dirs prefix=d/
        list aaa dirs max=1
        list aaa dirs max=1 marker=e/1
        list none
        ",
        expect![[r#"
            ok
            ok
            ok
            aaa aab next bbb
            bbb next -
            aaa aab next -
            ok
            ok
            ok
            ok
            d/1 d/2 e/1 x next -
            [d/] [e/] x next -
            d/1 d/2 next -
            [d/] next e/1
            [e/] next x
            ContainerNotFound
        "#]],
    );
}

#[test]
fn accounts_hold_what_their_kind_and_sku_allow() {
    let mut bench = Bench::new();
    bench
        .script
        .more("put account premium sku=Premium_LRS\nput account cool kind=BlobStorage");
    bench.more(
        "
        make premium:vhds
        put premium:vhds/t abc
        page premium:vhds/os 512
        make cool:vhds
        put cool:vhds/t abc
        page cool:vhds/os 512
        ",
    );
    bench
        .script
        .more("version 2023-05-01\nput account closed kind=StorageV2");
    bench.more("make closed:vhds blob\nmake closed:vhds");
    expect![[r#"
        ok
        BlobTypeNotSupported
        ok
        ok
        ok
        BlobTypeNotSupported
        PublicAccessNotPermitted
        ok
    "#]]
    .assert_eq(&bench.outcomes);
}

#[test]
fn an_account_answers_once_it_is_made() {
    let mut bench = Bench::new();
    bench.script.more("begin put account late");
    bench.more("make late:vhds\nadvance 30\nmake late:vhds");
    assert_eq!(bench.outcomes, "ResourceNotFound\nok\n");
}

#[test]
fn a_lease_breaks_after_its_period_or_its_end() {
    let mut bench = Bench::run("make vhds\npage vhds/os 512");
    let state = |bench: &Bench| {
        let name = ("acct".into(), "vhds".into(), "os".into());
        let blob: &Blob = bench.script.cloud.fabric().blobs.get(&name).expect("it is there");
        blob.lease.state_at(bench.script.cloud.now())
    };
    bench.more("lease vhds/os acquire 60 A\nadvance 20\nlease vhds/os break 60");
    assert_eq!(state(&bench), LeaseState::Breaking);
    bench.more("lease vhds/os break 10\nadvance 9\nlease vhds/os acquire 60 A\nlease vhds/os change A B\nadvance 1");
    assert_eq!(state(&bench), LeaseState::Broken);
    bench.more("lease vhds/os acquire inf\nlease vhds/os break 5");
    assert_eq!(state(&bench), LeaseState::Breaking);
    expect![[r#"
        ok
        ok
        leased
        40s left
        10s left
        LeaseIsBreakingAndCannotBeAcquired
        LeaseIsBreakingAndCannotBeChanged
        leased
        5s left
    "#]]
    .assert_eq(&bench.outcomes);
}

#[test]
fn the_same_calls_make_the_same_cloud() {
    let script = "make vhds\npage vhds/os 1024\nwrite vhds/os 0 512\nlease vhds/os acquire inf\nsnapshot vhds/os\ncopy vhds/b vhds/os";
    assert_eq!(
        Bench::run(script).script.cloud.digest(),
        Bench::run(script).script.cloud.digest()
    );
    let cloud = Bench::run(script).script.cloud;
    let saved = serde_json::to_string(&cloud).expect("a cloud can be written");
    let read: crate::Cloud = serde_json::from_str(&saved).expect("and read");
    assert_eq!(read.digest(), cloud.digest());
    let _: Arc<[u8]> = Arc::from([]);
}
