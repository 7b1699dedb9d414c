//! What goes wrong in the classic stack, and what becomes of it (juju-provider 2.6, 4.1).

use expect_test::{Expect, expect};
use provider::{Clock as _, Error, Kind};

use crate::classic_setup::{Setup, service_of, setup};
use crate::classic_shelf::{ENDLESS, KEY};
use crate::setup::{controller, machine, ports, report, unit};
use crate::shelf::{Verdict, refuse};

const BUSY: &str = "Windows Azure is currently performing an operation with x-ms-requestid 1d on this deployment that requires \
                    exclusive access.";

fn check(text: &str, expect: Expect) {
    expect.assert_eq(text);
}

fn minutes(setup: &Setup, since_ms: u64) -> u64 {
    (setup.clock.now_ms() - since_ms) / 60_000
}

#[tokio::test]
async fn bootstrap_says_that_the_storage_account_is_missing_and_makes_nothing() {
    let setup = setup();
    setup.shelf.forget_account();
    let error = report(setup.environ.bootstrap(controller(0)).await);
    check(
        &error,
        expect![[
            r#"bootstrapping environment "env": invalid `storage-account-name`: the subscription has no storage account `acct`; it is the one thing that must exist before an environment is bootstrapped, so make it in the environment's location first"#
        ]],
    );
    assert_eq!(setup.shelf.left(), Vec::<String>::new());
}

#[tokio::test]
async fn a_certificate_that_is_not_known_is_said_so_before_anything_is_made() {
    let setup = setup();
    let message = "The server failed to authenticate the request.";
    setup
        .shelf
        .fault("GET", "keys", 1, refuse(403, "ForbiddenError", message));
    let error = setup
        .environ
        .prepare_for_bootstrap()
        .await
        .expect_err("the certificate is foreign");
    assert!(error.is_unauthorised());
    check(
        &error.report(),
        expect![
            "cannot read storage account keys `services/storageservices/acct/keys`: the service management API answered 403 ForbiddenError: The server failed to authenticate the request. (request id 1d); check that the subscription id is right and that the management certificate is one of that subscription's"
        ],
    );
}

#[tokio::test]
async fn a_name_that_is_taken_is_tried_another_way() {
    let (other, _) = setup().bootstrapped().await;
    let taken = other.start_unit(1, "mysql/0", &[]).await;

    // Between the check and the creation somebody else takes it: the check reserves nothing (juju-provider L1).
    let (setup, _) = setup().bootstrapped().await;
    setup.shelf.take_name(service_of(&taken));
    let id = setup.start_unit(1, "mysql/0", &[]).await;
    assert_ne!(service_of(&id), service_of(&taken));
    let journal = setup.shelf.journal();
    assert_eq!(journal.matches("isavailable").count(), 2, "{journal}");
    assert_eq!(
        journal.matches("POST services/hostedservices -> 409").count(),
        1,
        "{journal}"
    );
}

#[tokio::test]
async fn ten_names_that_are_taken_are_enough() {
    let (setup, _) = setup().bootstrapped().await;
    setup.shelf.take_every_name();
    let error = report(setup.environ.start_instance(machine(1)).await);
    check(
        &error,
        expect![[
            r#"creating virtual machine "machine-1": could not come up with a unique hosted service name - is your randomizer initialized?"#
        ]],
    );
}

#[tokio::test]
async fn a_first_machine_that_fails_takes_its_service_along() {
    let (setup, _) = setup().bootstrapped().await;
    let before = setup.shelf.left();
    let message = "The subscription policy limit for resource type 'cores count' was exceeded. The limit for resource type 'cores \
                   count' is 20 per subscription, the current count is 20, and the requested increment is 1.";
    setup.shelf.fail_late("/deployments", "ConflictError", message);
    let error = setup
        .environ
        .start_instance(unit(1, "mysql/0"))
        .await
        .expect_err("no cores are left");
    assert_eq!(error.quota().and_then(|quota| quota.limit), Some(20));
    check(
        &error.report(),
        expect![[
            r#"creating virtual machine "machine-1": cannot create deployment `services/hostedservices/juju-env-68ks7e76rf/deployments`: the service management API accepted it and failed later: 409 ConflictError: The subscription policy limit for resource type 'cores count' was exceeded. The limit for resource type 'cores count' is 20 per subscription, the current count is 20, and the requested increment is 1. (request id 00000000000000000000000000000003) [quota cores, limit 20, in use 20, needed 1]; free some of them, or ask Azure support to raise the limit above 20"#
        ]],
    );
    assert_eq!(setup.shelf.left(), before);
}

#[tokio::test]
async fn another_machine_that_fails_leaves_its_peers_alone() {
    let (setup, _) = setup().bootstrapped().await;
    let first = setup.start_unit(1, "mysql/0", &[]).await;
    let before = setup.shelf.left();
    setup.shelf.fail_late("/roles", "InternalError", "oops");
    let mut params = unit(2, "mysql/1");
    params.distribution_group = vec![first];
    let error = setup.environ.start_instance(params).await.expect_err("the role fails");
    check(
        &error.report(),
        expect![[
            r#"creating virtual machine "machine-2": cannot add role `services/hostedservices/juju-env-68ks7e76rf/deployments/juju-env-68ks7e76rf-v2/roles`: the service management API accepted it and failed later: 400 InternalError: oops (request id 00000000000000000000000000000004)"#
        ]],
    );
    assert_eq!(setup.shelf.left(), before);
}

#[tokio::test]
async fn a_failed_bootstrap_leaves_what_was_there_before() {
    let setup = setup();
    setup.shelf.fail_late("/deployments", "InternalError", "oops");
    let error = report(setup.environ.bootstrap(controller(0)).await);
    check(
        &error,
        expect![[
            r#"bootstrapping environment "env": creating virtual machine "machine-0": cannot create deployment `services/hostedservices/juju-env-7qgrl13775/deployments`: the service management API accepted it and failed later: 400 InternalError: oops (request id 00000000000000000000000000000002)"#
        ]],
    );
    assert_eq!(setup.shelf.left(), Vec::<String>::new());

    assert_eq!(report(setup.environ.create().await), "ok");
    let before = setup.shelf.left();
    setup.shelf.fail_late("/deployments", "InternalError", "oops");
    assert!(setup.environ.bootstrap(controller(0)).await.is_err());
    assert_eq!(setup.shelf.left(), before);
}

#[tokio::test]
async fn an_operation_that_never_ends_is_given_up_and_the_machine_still_told() {
    let (setup, controller) = setup().bootstrapped().await;
    let since_ms = setup.clock.now_ms();
    setup.shelf.fail_late("/deployments", ENDLESS, "");
    setup
        .shelf
        .fault("DELETE", "hostedservices", 100, refuse(409, "ConflictError", BUSY));
    let error = setup
        .environ
        .start_instance(unit(1, "mysql/0"))
        .await
        .expect_err("it never ends");
    assert_eq!(error.kind(), Some(Kind::Overdue));
    check(
        &error.report(),
        expect![[
            r#"creating virtual machine "machine-1": cannot create deployment `services/hostedservices/juju-env-68ks7e76rf/deployments`: the service management API has not ended the operation after 1200 s, last state `InProgress`; look at the resource in the portal's activity log; deleting it is safe (and cleaning up failed: cannot delete cloud service `services/hostedservices/juju-env-68ks7e76rf`: the service management API answered 409 ConflictError: Windows Azure is currently performing an operation with x-ms-requestid 1d on this deployment that requires exclusive access. (request id 1d); try again once the other operation has ended)"#
        ]],
    );
    assert_eq!(minutes(&setup, since_ms), 21);
    let instances = setup.environ.all_instances().await.expect("the list is there");
    assert_eq!(instances.iter().filter(|own| own.id != controller).count(), 1);
}

#[tokio::test]
async fn a_lost_reply_makes_no_second_machine() {
    for path in ["/deployments", "/roles"] {
        for verdict in [Verdict::CutBefore, Verdict::CutAfter] {
            let (setup, _) = setup().bootstrapped().await;
            let first = setup.start_unit(1, "mysql/0", &[]).await;
            let before = setup.shelf.n_roles();
            let mut params = unit(2, "mysql/1");
            if path == "/roles" {
                params.distribution_group = vec![first];
            }
            setup.shelf.fault("POST", path, 1, verdict.clone());
            assert_eq!(
                report(setup.environ.start_instance(params).await),
                "ok",
                "{path} {verdict:?}"
            );
            assert_eq!(setup.shelf.n_roles(), before + 1, "{path} {verdict:?}");
        }
    }
}

#[tokio::test]
async fn a_lost_reply_makes_no_second_service() {
    let (setup, _) = setup().bootstrapped().await;
    let n_before = setup.shelf.left().len();
    setup
        .shelf
        .fault("POST", "services/hostedservices", 1, Verdict::CutAfter);
    setup.start_unit(1, "mysql/0", &[]).await;
    assert_eq!(setup.shelf.left().len(), n_before + 1);
}

#[tokio::test]
async fn a_service_that_another_operation_holds_is_waited_for_within_bounds() {
    let (setup, _) = setup().bootstrapped().await;
    let id = setup.start_unit(1, "mysql/0", &[]).await;
    setup
        .shelf
        .fault("PUT", "/roles/", 3, refuse(409, "ConflictError", BUSY));
    assert_eq!(report(setup.environ.open_ports(&id, &ports("80/tcp")).await), "ok");

    setup
        .shelf
        .fault("PUT", "/roles/", 100, refuse(409, "ConflictError", BUSY));
    setup.shelf.forget_journal();
    let error = setup
        .environ
        .open_ports(&id, &ports("81/tcp"))
        .await
        .expect_err("it is held for ever");
    assert_eq!(error.kind(), Some(Kind::Conflict));
    assert_eq!(setup.shelf.journal().matches("PUT").count(), 7);
    check(
        &error.report(),
        expect![
            "cannot change role `services/hostedservices/juju-env-68ks7e76rf/deployments/juju-env-68ks7e76rf-v2/roles/juju4juyv50f9j00w92zeqkphs35u2dggmapbrdmod1iqjpgrg`: the service management API answered 409 ConflictError: Windows Azure is currently performing an operation with x-ms-requestid 1d on this deployment that requires exclusive access. (request id 1d); try again once the other operation has ended"
        ],
    );
}

#[tokio::test]
async fn a_deletion_that_another_operation_overtakes_is_begun_again() {
    let (setup, _) = setup().bootstrapped().await;
    let id = setup.start_unit(1, "mysql/0", &[]).await;
    setup.shelf.fail_late("hostedservices/juju-env", "ConflictError", BUSY);
    assert_eq!(report(setup.environ.stop_instances(&[id]).await), "ok");
    assert_eq!(setup.shelf.n_roles(), 1);
}

#[tokio::test]
async fn throttling_is_obeyed_and_then_told() {
    let (setup, _) = setup().bootstrapped().await;
    let throttled = Verdict::Refuse {
        status: 429,
        code: "TooManyRequests",
        message: "Too many requests received. Retry after some time.",
        retry_after_secs: Some(120),
    };
    let since_ms = setup.clock.now_ms();
    setup.shelf.fault("GET", "services/hostedservices", 1, throttled);
    assert!(setup.environ.all_instances().await.is_ok());
    assert_eq!(minutes(&setup, since_ms), 2);

    let refusal = refuse(
        503,
        "TooManyRequests",
        "Too many requests received. Retry after some time.",
    );
    setup.shelf.fault("GET", "services/hostedservices", 100, refusal);
    let error = setup.environ.all_instances().await.expect_err("it never ends");
    assert!(error.is_throttled());
}

#[tokio::test]
async fn one_service_that_does_not_go_keeps_no_other_from_going() {
    let (setup, _) = setup().bootstrapped().await;
    let first = setup.start_unit(1, "mysql/0", &[]).await;
    let second = setup.start_unit(2, "wordpress/0", &[]).await;
    setup.shelf.fault(
        "DELETE",
        "hostedservices",
        1,
        refuse(400, "BadRequest", "A parameter was incorrect"),
    );
    let error = setup.environ.stop_instances(&[first.clone(), second]).await;
    assert!(error.is_err());
    let left = setup.environ.all_instances().await.expect("the list is there");
    assert!(left.iter().any(|own| own.id == first) && left.len() == 2);
    assert_eq!(report(setup.environ.stop_instances(&[first]).await), "ok");
}

#[tokio::test]
async fn a_network_that_is_still_in_use_is_waited_for() {
    let (setup, _) = setup().bootstrapped().await;
    let in_use = "The virtual network juju-env-vnet is currently in use.";
    setup.shelf.fault("PUT", "media", 20, refuse(400, "BadRequest", in_use));
    let since_ms = setup.clock.now_ms();
    assert_eq!(report(setup.environ.destroy().await), "ok");
    assert_eq!(setup.shelf.left(), Vec::<String>::new());
    assert!(minutes(&setup, since_ms) <= 1);

    // One that stays in use stays behind, with a warning (juju-provider L10).
    let (setup, _) = crate::classic_setup::setup().bootstrapped().await;
    setup
        .shelf
        .fault("PUT", "media", 1_000, refuse(400, "BadRequest", in_use));
    assert_eq!(report(setup.environ.destroy().await), "ok");
    assert_eq!(setup.shelf.left(), ["network"]);
}

#[tokio::test]
async fn a_destruction_that_fails_leaves_the_mark_of_a_bootstrap() {
    let (setup, _) = setup().bootstrapped().await;
    setup.shelf.fault(
        "DELETE",
        "hostedservices",
        1,
        refuse(400, "BadRequest", "A parameter was incorrect"),
    );
    assert!(setup.environ.destroy().await.is_err());
    assert!(setup.shelf.left().contains(&"container juju-env-private".to_owned()));
    assert_eq!(report(setup.environ.destroy().await), "ok");
    assert_eq!(setup.shelf.left(), Vec::<String>::new());
}

#[tokio::test]
async fn somebody_elses_write_of_the_network_is_written_over_again() {
    let setup = setup();
    // Our first write is lost: somebody else has written the document in between.
    setup.shelf.fail_late(
        "media",
        "ConflictError",
        "Another operation on this or dependent resource is in progress.",
    );
    assert_eq!(report(setup.environ.create().await), "ok");
    assert!(
        setup
            .shelf
            .network()
            .is_some_and(|document| document.contains("juju-env-vnet"))
    );
}

#[tokio::test]
async fn the_last_two_machines_may_go_at_the_same_time() {
    let (setup, _) = setup().bootstrapped().await;
    let first = setup.start_unit(1, "mysql/0", &[]).await;
    let second = setup.start_unit(2, "mysql/1", &[&first]).await;
    let only = refuse(
        400,
        "BadRequest",
        "Role r is the only role present in the deployment and so cannot be removed.",
    );
    setup.shelf.fault("DELETE", "/roles/", 1, only);
    assert_eq!(report(setup.environ.stop_instances(&[first]).await), "ok");
    let gone = setup.environ.instances(&[second]).await;
    assert!(
        matches!(gone, Err(Error::NoInstances)),
        "the service was taken for empty but for it"
    );
}

#[tokio::test]
async fn no_error_shows_a_secret() {
    let (setup, _) = setup().bootstrapped().await;
    let requests = setup.shelf.requests() + &format!("{:?}", setup.environ.config());
    assert!(!requests.contains(KEY));
    for (method, path) in [("POST", "/deployments"), ("PUT", "juju-env-private"), ("GET", "keys")] {
        let setup = crate::classic_setup::setup();
        setup.shelf.fault(
            method,
            path,
            1_000,
            refuse(400, "BadRequest", "A parameter was incorrect"),
        );
        let error = setup.environ.bootstrap(controller(0)).await.expect_err("it is refused");
        let text = format!("{error:?} {}", error.report());
        for secret in [KEY, "secret-key", "PRIVATE KEY", "UserPassword", "SharedKey"] {
            assert!(!text.contains(secret), "{text}");
        }
    }
}

#[tokio::test]
async fn an_operation_that_is_not_known_at_first_is_asked_for_again() {
    let (setup, _) = setup().bootstrapped().await;
    let unknown = || refuse(404, "ResourceNotFound", "The specified resource does not exist.");
    setup.shelf.fault("GET", "operations/0", 3, unknown());
    setup.start_unit(1, "mysql/0", &[]).await;

    setup.shelf.fault("GET", "operations/0", 1_000, unknown());
    let since_ms = setup.clock.now_ms();
    let error = setup
        .environ
        .start_instance(unit(2, "wordpress/0"))
        .await
        .expect_err("nobody knows it");
    assert!(error.is_not_found());
    // As long for the machine, and for the deletion of its service.
    assert!(minutes(&setup, since_ms) <= 5);
}

#[tokio::test]
async fn ports_are_closed_after_an_opening_that_was_given_up() {
    let (setup, _) = setup().bootstrapped().await;
    let id = setup.start_unit(1, "mysql/0", &[]).await;
    setup.shelf.fail_late("/roles/", ENDLESS, "");
    let error = setup
        .environ
        .open_ports(&id, &ports("80/tcp"))
        .await
        .expect_err("it never ends");
    assert_eq!(error.kind(), Some(Kind::Overdue));
    // Held by that operation for ever: nothing is said to be closed as long as it may still be opened.
    setup
        .shelf
        .fault("PUT", "/roles/", 7, refuse(409, "ConflictError", BUSY));
    let closed = setup
        .environ
        .close_ports(&id, &ports("443/tcp"))
        .await
        .expect_err("it is held");
    assert_eq!(closed.kind(), Some(Kind::Conflict));
    assert_eq!(report(setup.environ.close_ports(&id, &ports("80/tcp")).await), "ok");
    setup.shelf.forget_journal();
    assert_eq!(report(setup.environ.close_ports(&id, &ports("80/tcp")).await), "ok");
    assert_eq!(setup.shelf.journal().matches("PUT").count(), 0, "all is settled");
}
