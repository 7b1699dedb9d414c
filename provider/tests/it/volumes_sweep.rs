//! One thing goes wrong, at every request of volumes and of addresses on expose in turn: nothing may be forgotten, and everything
//! must go in the end.

use std::sync::Arc;

use provider::{PublicAddresses, VolumeAttachmentParams, VolumeId, VolumeParams};

use crate::setup::{Setup, controller, machine, ports, setup_with, unit};
use crate::shelf::{Verdict, refuse};

fn sparing() -> Setup {
    setup_with(|config| config.public_addresses = PublicAddresses::OnExpose)
}

async fn made() -> Setup {
    let setup = sparing().created().await.with_machines(&[1]).await;
    let started = setup.environ.start_instance(controller(0)).await;
    started.expect("an empty cloud takes a controller");
    let started = setup.environ.start_instance(unit(2, "mysql/0")).await;
    started.expect("an empty cloud takes a machine");
    setup.shelf.fault_nth(usize::MAX, Verdict::CutBefore);
    setup
}

/// A life of two volumes and an address. What fails fails; the story goes on.
async fn live(setup: &Setup) {
    let environ = &setup.environ;
    let volumes = Arc::clone(environ).volume_source().expect("there are volumes");
    let (first, second) = (machine(1).instance_id(), machine(2).instance_id());
    let wanted = |volume| VolumeParams {
        instance: Some(first.clone()),
        ..VolumeParams::new(volume, 1_024)
    };
    let place = |volume: &str, instance| VolumeAttachmentParams {
        volume: VolumeId::new(volume),
        instance,
    };
    let _ = volumes.create(&[wanted(0), wanted(1)]).await;
    let _ = environ.open_ports(&first, &ports("80/tcp")).await;
    let _ = volumes.detach(&[place("volume-0", first.clone())]).await;
    let _ = volumes.attach(&[place("volume-0", second.clone())]).await;
    let _ = environ.expose(&second).await;
    let _ = environ.close_ports(&first, &ports("80/tcp")).await;
    let _ = environ.stop_instances(std::slice::from_ref(&first)).await;
    let _ = volumes.destroy(&[VolumeId::new("volume-1")]).await;
    let _ = volumes.list().await;
}

/// Everything goes in the end, with what `all_instances` and `list` tell of.
async fn check_gone(setup: &Setup, context: &str) {
    let environ = &setup.environ;
    let instances = environ.all_instances().await.expect("the trouble is over");
    let ids: Vec<_> = instances.into_iter().map(|own| own.id).collect();
    let stopped = environ.stop_instances(&ids).await.map_err(|error| error.report());
    assert_eq!(stopped, Ok(()), "{context}");
    assert_eq!(setup.shelf.left_of_machines(), Vec::<String>::new(), "{context}");

    let volumes = Arc::clone(environ).volume_source().expect("there are volumes");
    let listed = volumes.list().await.expect("the trouble is over");
    let outcomes = volumes.destroy(&listed).await.expect("the trouble is over");
    for outcome in outcomes {
        assert_eq!(outcome.map_err(|error| error.report()), Ok(()), "{context}");
    }
    let left = setup.shelf.left();
    assert!(
        !left.iter().any(|left| left.starts_with("blob ")),
        "{context}: {left:?}"
    );
}

async fn check(verdict: Verdict) {
    let counted = made().await;
    live(&counted).await;
    let n_requests = counted.shelf.n_seen();
    assert!(n_requests > 40, "a life of {n_requests} requests is too short");
    check_gone(&counted, "no fault").await;

    for nth in 1..=n_requests {
        let setup = made().await;
        setup.shelf.fault_nth(nth, verdict.clone());
        live(&setup).await;
        check_gone(&setup, &format!("{verdict:?} at request {nth}")).await;
    }
}

#[tokio::test]
async fn a_refusal_anywhere_leaks_no_volume_and_no_address() {
    check(refuse(400, "Refused", "no")).await;
}

#[tokio::test]
async fn a_conflict_anywhere_leaks_no_volume_and_no_address() {
    check(refuse(409, "AnotherOperationInProgress", "wait")).await;
}

#[tokio::test]
async fn a_precondition_that_fails_anywhere_leaks_no_volume_and_no_address() {
    check(refuse(412, "PreconditionFailed", "changed")).await;
}

#[tokio::test]
async fn a_connection_cut_before_anything_was_done_leaks_no_volume_and_no_address() {
    check(Verdict::CutBefore).await;
}

#[tokio::test]
async fn a_reply_lost_anywhere_leaks_no_volume_and_no_address() {
    check(Verdict::CutAfter).await;
}

/// The process ends at every request in turn, and another one tells the story again.
async fn check_crash(applied: bool) {
    let counted = made().await;
    live(&counted).await;
    for nth in 1..=counted.shelf.n_seen() {
        let setup = made().await;
        setup.shelf.fault_nth(nth, Verdict::Crash { applied });
        tokio::select! {
            () = live(&setup) => panic!("request {nth} never ends"),
            () = setup.shelf.crashed.notified() => {}
        }
        let setup = setup.reopened_as(|config| config.public_addresses = PublicAddresses::OnExpose);
        live(&setup).await;
        check_gone(&setup, &format!("crash at request {nth}")).await;
    }
}

#[tokio::test]
async fn a_process_that_ends_before_anything_was_done_leaks_no_volume_and_no_address() {
    check_crash(false).await;
}

#[tokio::test]
async fn a_process_that_ends_after_something_was_done_leaks_no_volume_and_no_address() {
    check_crash(true).await;
}
