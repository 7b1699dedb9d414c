//! One thing goes wrong, at every request of the classic stack in turn: nothing may be forgotten, and everything must go in the end.

use std::collections::BTreeMap;

use provider::{InstanceId, StartInstance};

use crate::classic_setup::{Setup, service_of, setup};
use crate::setup::{controller, ports, unit};
use crate::shelf::{Verdict, refuse};

/// A whole life. What fails fails; the story goes on.
async fn live(setup: &Setup) -> BTreeMap<u32, InstanceId> {
    let environ = &setup.environ;
    let mut ids = BTreeMap::new();
    if let Ok(started) = environ.bootstrap(controller(0)).await {
        ids.insert(0, started.instance.id);
    }
    for (nth, peer) in [(1, None), (2, Some(1))] {
        let peers = peer.and_then(|peer| ids.get(&peer)).cloned();
        let params = StartInstance {
            distribution_group: peers.into_iter().collect(),
            ..unit(nth, &format!("mysql/{nth}"))
        };
        if let Ok(started) = environ.start_instance(params).await {
            ids.insert(nth, started.instance.id);
        }
    }
    if let Some(id) = ids.get(&2) {
        let _ = environ.open_ports(id, &ports("80/tcp 443/tcp")).await;
        let _ = environ.close_ports(id, &ports("80/tcp")).await;
        let _ = environ.stop_instances(std::slice::from_ref(id)).await;
    }
    ids
}

/// Services in which something is, and that no instance tells of.
async fn forgotten(setup: &Setup) -> Vec<String> {
    let instances = setup.environ.all_instances().await.expect("the trouble is over");
    let mut left = setup.shelf.left();
    left.retain(|left| {
        let told = instances
            .iter()
            .any(|own| left.contains(own.id.as_str()) || left.contains(service_of(&own.id)));
        left.starts_with("service ") && !told
    });
    left
}

async fn check(verdict: Verdict) {
    let counted = setup();
    live(&counted).await;
    let n_requests = counted.shelf.n_seen();
    assert!(n_requests > 40, "a life of {n_requests} requests is too short");

    for nth in 1..=n_requests {
        let setup = setup();
        setup.shelf.fault_nth(nth, verdict.clone());
        live(&setup).await;
        assert_eq!(
            forgotten(&setup).await,
            Vec::<String>::new(),
            "{verdict:?} at request {nth}"
        );

        let instances = setup.environ.all_instances().await.expect("the trouble is over");
        let ids: Vec<InstanceId> = instances.into_iter().map(|own| own.id).collect();
        let stopped = setup.environ.stop_instances(&ids).await.map_err(|error| error.report());
        assert_eq!(stopped, Ok(()), "{verdict:?} at request {nth}");
        assert_eq!(setup.shelf.n_roles(), 0, "{verdict:?} at request {nth}");
        let destroyed = setup.environ.destroy().await.map_err(|error| error.report());
        assert_eq!(destroyed, Ok(()), "{verdict:?} at request {nth}");
        assert_eq!(setup.shelf.left(), Vec::<String>::new(), "{verdict:?} at request {nth}");
    }
}

#[tokio::test]
async fn a_refusal_anywhere_leaks_nothing() {
    check(refuse(400, "BadRequest", "A parameter was incorrect")).await;
}

#[tokio::test]
async fn a_denial_anywhere_leaks_nothing() {
    check(refuse(403, "ForbiddenError", "no")).await;
}

#[tokio::test]
async fn a_conflict_anywhere_leaks_nothing() {
    check(refuse(409, "ConflictError", "It requires exclusive access.")).await;
}

#[tokio::test]
async fn trouble_of_azure_s_own_anywhere_leaks_nothing() {
    check(refuse(500, "InternalError", "oops")).await;
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
            _ = live(&setup) => panic!("request {nth} never ends"),
            () = setup.shelf.crashed.notified() => {}
        }
        let setup = setup.reopened();
        assert_eq!(forgotten(&setup).await, Vec::<String>::new(), "crash at request {nth}");

        let ids = live(&setup).await;
        assert_eq!(ids.len(), 3, "crash at request {nth}");
        let instances = setup
            .environ
            .all_instances()
            .await
            .expect("nothing goes wrong any more");
        assert_eq!(instances.len(), 2, "crash at request {nth}");
        assert_eq!(setup.shelf.n_roles(), 2, "crash at request {nth}");
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
