//! One thing goes wrong, at every request in turn, where machines are made by deployments.

use provider::{Generation, StatusKind};

use crate::generations::{id, of};
use crate::setup::{Setup, controller, ports, unit};
use crate::shelf::{Verdict, refuse};

/// A whole life by deployments. What fails fails; the story goes on.
async fn live(setup: &Setup) {
    let environ = &setup.environ;
    let _ = environ.bootstrap(controller(0)).await;
    let _ = environ.start_instance(unit(1, "mysql/0")).await;
    let _ = environ.open_ports(&id(1), &ports("80/tcp")).await;
    let _ = environ.close_ports(&id(1), &ports("80/tcp")).await;
    let _ = environ.stop_instances(&[id(1)]).await;
}

/// What there is of machines, records aside: those are no resources, and Azure forgets them by itself.
fn left_of_machines(setup: &Setup) -> Vec<String> {
    let mut left = setup.shelf.left_of_machines();
    left.retain(|path| !path.starts_with("deployments/"));
    left
}

async fn sweep(generation: Generation, verdict: Verdict) {
    let counted = of(generation);
    live(&counted).await;
    let n_requests = counted.shelf.n_seen();
    assert!(n_requests > 30, "a life of {n_requests} requests is too short");

    for nth in 1..=n_requests {
        let setup = of(generation);
        setup.shelf.fault_nth(nth, verdict.clone());
        live(&setup).await;
        let said = format!("{generation} {verdict:?} at request {nth}");
        let instances = setup.environ.all_instances().await.expect("the trouble is over");
        let mut forgotten = left_of_machines(&setup);
        forgotten.retain(|path| !instances.iter().any(|own| path.contains(own.id.as_str())));
        assert_eq!(forgotten, Vec::<String>::new(), "{said}");

        let stopped = setup.environ.stop_instances(&[id(0), id(1)]).await;
        assert_eq!(stopped.map_err(|error| error.report()), Ok(()), "{said}");
        assert_eq!(left_of_machines(&setup), Vec::<String>::new(), "{said}");
        let destroyed = setup.environ.destroy().await;
        assert_eq!(destroyed.map_err(|error| error.report()), Ok(()), "{said}");
        assert_eq!(setup.shelf.left(), Vec::<String>::new(), "{said}");
    }
}

#[tokio::test]
async fn a_refusal_anywhere_leaks_nothing_of_deployments() {
    sweep(Generation::A4, refuse(400, "Refused", "no")).await;
    sweep(Generation::A7, refuse(400, "Refused", "no")).await;
}

#[tokio::test]
async fn trouble_of_azure_s_own_anywhere_leaks_nothing_of_deployments() {
    sweep(Generation::A4, refuse(500, "InternalServerError", "oops")).await;
    sweep(Generation::A7, refuse(500, "InternalServerError", "oops")).await;
}

#[tokio::test]
async fn a_connection_cut_anywhere_leaks_nothing_of_deployments() {
    sweep(Generation::A4, Verdict::CutBefore).await;
    sweep(Generation::A7, Verdict::CutBefore).await;
}

#[tokio::test]
async fn a_reply_lost_anywhere_leaks_nothing_of_deployments() {
    sweep(Generation::A4, Verdict::CutAfter).await;
    sweep(Generation::A7, Verdict::CutAfter).await;
}

/// The process ends at every request in turn, and another one does it all again.
async fn sweep_crashes(generation: Generation, applied: bool) {
    let counted = of(generation);
    live(&counted).await;
    for nth in 1..=counted.shelf.n_seen() {
        let setup = of(generation);
        setup.shelf.fault_nth(nth, Verdict::Crash { applied });
        tokio::select! {
            () = live(&setup) => panic!("request {nth} never ends"),
            () = setup.shelf.crashed.notified() => {}
        }
        let said = format!("{generation} crash at request {nth}");
        let setup = setup.reopened_as(|config| config.generation = generation);
        let instances = setup
            .environ
            .all_instances()
            .await
            .expect("nothing goes wrong any more");
        let mut forgotten = left_of_machines(&setup);
        forgotten.retain(|path| !instances.iter().any(|own| path.contains(own.id.as_str())));
        assert_eq!(forgotten, Vec::<String>::new(), "{said}");

        live(&setup).await;
        let instances = setup
            .environ
            .all_instances()
            .await
            .expect("nothing goes wrong any more");
        let names: Vec<_> = instances.iter().map(|own| (own.id.as_str(), own.status.kind)).collect();
        assert_eq!(names, [("machine-0", StatusKind::Running)], "{said}");
        let destroyed = setup.environ.destroy().await;
        assert_eq!(destroyed.map_err(|error| error.report()), Ok(()), "{said}");
        assert_eq!(setup.shelf.left(), Vec::<String>::new(), "{said}");
    }
}

#[tokio::test]
async fn a_process_that_ends_anywhere_is_made_up_for_by_deployments_too() {
    for generation in [Generation::A4, Generation::A7] {
        sweep_crashes(generation, false).await;
        sweep_crashes(generation, true).await;
    }
}
