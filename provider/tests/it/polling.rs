//! Waiting for operations, and the ways in which they can be lost.

use provider::{Clock as _, Kind};

use crate::setup::{machine, report, setup, setup_with};
use crate::shelf::{ENDLESS, SUPERSEDED, Verdict, refuse};

#[tokio::test]
async fn an_operation_is_polled_as_often_as_it_asks() {
    let setup = setup().created().await;
    let before_ms = setup.clock.now_ms();
    assert_eq!(report(setup.environ.start_instance(machine(0)).await), "ok");
    // Public address, interface, virtual machine: 10 s unasked, then 10 s asked, each.
    assert_eq!(setup.clock.now_ms() - before_ms, 60_000);
}

#[tokio::test]
async fn an_operation_that_never_ends_is_given_up_and_cleaned_up() {
    let setup = setup_with(|config| config.operation_deadline_secs = 600)
        .created()
        .await;
    setup.shelf.fail_late("virtualMachines", ENDLESS, "");
    let error = setup
        .environ
        .start_instance(machine(0))
        .await
        .expect_err("it never ends");
    assert_eq!(error.kind(), Some(Kind::Overdue));
    assert!(
        error
            .report()
            .contains("has not ended the operation after 600 s, last state `InProgress`"),
        "{}",
        error.report()
    );
    assert_eq!(setup.shelf.left_of_machines(), Vec::<String>::new());
}

#[tokio::test]
async fn a_lost_operation_is_read_off_the_resource() {
    for verdict in [
        refuse(404, "NotFound", "m"),
        refuse(500, "InternalServerError", "m"),
        Verdict::CutBefore,
    ] {
        let setup = setup().created().await;
        setup.shelf.fault("GET", "/operations/op-", 999, verdict.clone());
        assert_eq!(
            report(setup.environ.start_instance(machine(0)).await),
            "ok",
            "{verdict:?}"
        );
        assert_eq!(
            report(setup.environ.stop_instances(&[machine(0).instance_id()]).await),
            "ok",
            "{verdict:?}"
        );
        assert_eq!(setup.shelf.left_of_machines(), Vec::<String>::new());
    }
}

#[tokio::test]
async fn a_lost_job_is_read_off_the_group() {
    let setup = setup().created().await;
    setup
        .shelf
        .fault("GET", "/operations/account-", 999, refuse(404, "NotFound", "m"));
    assert_eq!(report(setup.environ.destroy().await), "ok");
    assert_eq!(report(setup.environ.create().await), "ok");
}

#[tokio::test]
async fn a_resource_that_is_not_to_be_seen_yet_is_waited_for() {
    let setup = setup().created().await;
    setup.shelf.fault(
        "GET",
        "networkInterfaces/machine-0-primary",
        5,
        refuse(404, "ResourceNotFound", "m"),
    );
    assert_eq!(report(setup.environ.start_instance(machine(0)).await), "ok");
}

#[tokio::test]
async fn a_resource_that_is_never_seen_is_an_error_and_cleaned_up() {
    let setup = setup().created().await;
    setup.shelf.fault(
        "GET",
        "networkInterfaces/machine-0-primary",
        999,
        refuse(404, "ResourceNotFound", "m"),
    );
    let error = setup
        .environ
        .start_instance(machine(0))
        .await
        .expect_err("it is never seen");
    assert!(error.report().contains("still does not show it"), "{}", error.report());
    assert_eq!(setup.shelf.left_of_machines(), Vec::<String>::new());
}

#[tokio::test]
async fn a_write_that_a_later_one_took_over_ends_as_the_resource_does() {
    let setup = setup().created().await;
    setup.shelf.fail_late("publicIPAddresses", SUPERSEDED, "");
    assert_eq!(report(setup.environ.start_instance(machine(0)).await), "ok");
}

#[tokio::test]
async fn a_preempted_deletion_is_made_again_by_the_next_stop() {
    let setup = setup().created().await.with_machines(&[0]).await;
    setup.shelf.fault(
        "DELETE",
        "virtualMachines",
        2,
        refuse(409, "OperationPreempted", "preempted"),
    );
    assert_eq!(
        report(setup.environ.stop_instances(&[machine(0).instance_id()]).await),
        "ok"
    );
}

#[tokio::test]
async fn our_token_is_sent_nowhere_else() {
    let setup = setup().created().await;
    setup.shelf.fault("PUT", "publicIPAddresses", 1, Verdict::LeadAstray);
    let error = setup
        .environ
        .start_instance(machine(0))
        .await
        .expect_err("the link leads elsewhere");
    assert!(
        error.report().contains("leads to another place, `elsewhere.example`"),
        "{}",
        error.report()
    );
}
