//! One thing goes wrong, at every request in turn: nothing may be forgotten, and everything must go in the end.

use provider::{InstanceId, StatusKind};

use crate::setup::{Setup, controller, machine, ports, setup, unit};
use crate::shelf::{Verdict, refuse};

/// A whole life. What fails fails; the story goes on.
async fn live(setup: &Setup) {
    let environ = &setup.environ;
    let _ = environ.create().await;
    let _ = environ.start_instance(controller(0)).await;
    let _ = environ.start_instance(unit(1, "mysql/0")).await;
    let _ = environ
        .open_ports(&machine(1).instance_id(), &ports("80/tcp 443/tcp"))
        .await;
    let _ = environ.close_ports(&machine(1).instance_id(), &ports("80/tcp")).await;
    let _ = environ.stop_instances(&[machine(1).instance_id()]).await;
}

/// What is there of machines, but of none that is reported.
async fn forgotten(setup: &Setup) -> Vec<String> {
    let instances = setup.environ.all_instances().await.expect("the trouble is over");
    let reported: Vec<InstanceId> = instances.into_iter().map(|own| own.id).collect();
    let mut left = setup.shelf.left_of_machines();
    left.retain(|path| !reported.iter().any(|id| path.contains(id.as_str())));
    left
}

async fn check(verdict: Verdict) {
    let counted = setup();
    live(&counted).await;
    let n_requests = counted.shelf.n_seen();
    assert!(n_requests > 80, "a life of {n_requests} requests is too short");

    for nth in 1..=n_requests {
        let setup = setup();
        setup.shelf.fault_nth(nth, verdict.clone());
        live(&setup).await;
        assert_eq!(
            forgotten(&setup).await,
            Vec::<String>::new(),
            "{verdict:?} at request {nth}"
        );

        let ids = [machine(0).instance_id(), machine(1).instance_id()];
        let stopped = setup.environ.stop_instances(&ids).await.map_err(|error| error.report());
        assert_eq!(stopped, Ok(()), "{verdict:?} at request {nth}");
        assert_eq!(
            setup.shelf.left_of_machines(),
            Vec::<String>::new(),
            "{verdict:?} at request {nth}"
        );
        let destroyed = setup.environ.destroy().await.map_err(|error| error.report());
        assert_eq!(destroyed, Ok(()), "{verdict:?} at request {nth}");
        assert_eq!(setup.shelf.left(), Vec::<String>::new(), "{verdict:?} at request {nth}");
    }
}

#[tokio::test]
async fn a_refusal_anywhere_leaks_nothing() {
    check(refuse(400, "Refused", "no")).await;
}

#[tokio::test]
async fn a_denial_anywhere_leaks_nothing() {
    check(refuse(403, "AuthorizationFailed", "no")).await;
}

#[tokio::test]
async fn trouble_of_azure_s_own_anywhere_leaks_nothing() {
    check(refuse(500, "InternalServerError", "oops")).await;
}

#[tokio::test]
async fn a_connection_cut_before_anything_was_done_leaks_nothing() {
    check(Verdict::CutBefore).await;
}

#[tokio::test]
async fn a_reply_lost_anywhere_leaks_nothing() {
    check(Verdict::CutAfter).await;
}

/// The process ends at every request in turn, and another one does it all again.
async fn check_crash(applied: bool) {
    let counted = setup();
    live(&counted).await;
    for nth in 1..=counted.shelf.n_seen() {
        let setup = setup();
        setup.shelf.fault_nth(nth, Verdict::Crash { applied });
        tokio::select! {
            () = live(&setup) => panic!("request {nth} never ends"),
            () = setup.shelf.crashed.notified() => {}
        }
        let setup = setup.reopened();
        assert_eq!(forgotten(&setup).await, Vec::<String>::new(), "crash at request {nth}");

        live(&setup).await;
        let instances = setup
            .environ
            .all_instances()
            .await
            .expect("nothing goes wrong any more");
        let said: Vec<_> = instances.iter().map(|own| (own.id.as_str(), own.status.kind)).collect();
        assert_eq!(said, [("machine-0", StatusKind::Running)], "crash at request {nth}");
        let vms = setup
            .shelf
            .left()
            .into_iter()
            .filter(|left| left.starts_with("virtualmachines/"))
            .count();
        assert_eq!(vms, 1, "crash at request {nth}");
        let destroyed = setup.environ.destroy().await.map_err(|error| error.report());
        assert_eq!(destroyed, Ok(()), "crash at request {nth}");
        assert_eq!(setup.shelf.left(), Vec::<String>::new(), "crash at request {nth}");
    }
}

#[tokio::test]
async fn a_process_that_ends_before_anything_was_done_is_made_up_for() {
    check_crash(false).await;
}

#[tokio::test]
async fn a_process_that_ends_after_something_was_done_is_made_up_for() {
    check_crash(true).await;
}
