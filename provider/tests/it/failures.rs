//! What Azure refuses, and what the provider makes of it.

use expect_test::expect;
use provider::{Clock as _, CloudSpec, Error, OpenParams, StatusKind, open};

use crate::setup::{PASSWORD, config, controller, machine, params, ports, report, setup, setup_with, unit};
use crate::shelf::{Verdict, refuse};

const PIP_LIMIT: &str = "Cannot create more than 60 public IP addresses for this subscription in this region.";
const CORES: &str = "Operation results in exceeding quota limits of Core. Maximum allowed: 4, Current in use: 4, Additional requested: 1.";

#[tokio::test]
async fn the_limit_of_public_addresses_is_told_with_numbers_and_way_out() {
    let setup = setup().created().await;
    setup.shelf.fault(
        "PUT",
        "publicIPAddresses",
        1,
        refuse(400, "PublicIPCountLimitReached", PIP_LIMIT),
    );
    let error = setup
        .environ
        .start_instance(machine(0))
        .await
        .expect_err("the limit is hit");
    expect![[r#"creating virtual machine "machine-0": cannot create public IP address `/subscriptions/00000000-0000-0000-0000-000000000005/resourceGroups/juju-env-environment-00000000-0000-0000-0000-00000000000e/providers/Microsoft.Network/publicIPAddresses/machine-0-public-ip`: the resource manager answered 400 PublicIPCountLimitReached: Cannot create more than 60 public IP addresses for this subscription in this region. [quota public IP addresses, limit 60, in use 60, needed 1]; free some of them, or ask Azure support to raise the limit above 60"#]].assert_eq(&error.report());
    assert!(error.is_quota_exceeded());
    assert_eq!(error.quota().and_then(|quota| quota.limit), Some(60));
    assert_eq!(setup.shelf.left_of_machines(), Vec::<String>::new());
}

#[tokio::test]
async fn a_limit_hit_half_way_leaves_nothing() {
    let setup = setup().created().await;
    setup
        .shelf
        .fault("PUT", "virtualMachines", 1, refuse(409, "OperationNotAllowed", CORES));
    let error = setup
        .environ
        .start_instance(controller(0))
        .await
        .expect_err("the limit is hit");
    assert!(error.is_quota_exceeded());
    assert_eq!(setup.shelf.left_of_machines(), Vec::<String>::new());
}

#[tokio::test]
async fn a_machine_that_fails_late_leaves_nothing() {
    let setup = setup().created().await;
    setup
        .shelf
        .fail_late("virtualMachines", "AllocationFailed", "Allocation failed.");
    let error = setup
        .environ
        .start_instance(machine(0))
        .await
        .expect_err("there is no room");
    assert!(error.is_capacity());
    expect![[r#"creating virtual machine "machine-0": cannot create virtual machine `/subscriptions/00000000-0000-0000-0000-000000000005/resourceGroups/juju-env-environment-00000000-0000-0000-0000-00000000000e/providers/Microsoft.Compute/virtualMachines/machine-0`: the resource manager accepted it and failed later: AllocationFailed: Allocation failed. (request id r-37); try another size or another location, or try again later"#]].assert_eq(&error.report());
    assert_eq!(setup.shelf.left_of_machines(), Vec::<String>::new());
}

#[tokio::test]
async fn the_next_family_is_tried_where_that_is_asked_for() {
    let setup = setup_with(|config| config.size_fallback = true).created().await;
    setup
        .shelf
        .fault("PUT", "virtualMachines", 1, refuse(409, "SkuNotAvailable", "not here"));
    let started = setup
        .environ
        .start_instance(machine(0))
        .await
        .expect("another size has room");
    assert_eq!(started.hardware.instance_type, "Standard_D1");

    // A size that was asked for by name is not exchanged.
    let mut named = machine(1);
    named.constraints.instance_type = Some("Standard_A1".to_owned());
    setup
        .shelf
        .fault("PUT", "virtualMachines", 1, refuse(409, "SkuNotAvailable", "not here"));
    assert!(
        setup
            .environ
            .start_instance(named)
            .await
            .is_err_and(|error| error.is_capacity())
    );
}

#[tokio::test]
async fn a_reserved_interface_is_waited_for() {
    let setup = setup().created().await;
    setup
        .shelf
        .fault("PUT", "virtualMachines", 1, refuse(409, "OperationNotAllowed", CORES));
    let reserved = "Nic(s) in request is reserved for another Virtual Machine for 180 seconds. Please provide another nic(s) or \
                    retry after 180 seconds. Reserved VM: x.";
    setup.shelf.fault(
        "DELETE",
        "networkInterfaces",
        1,
        refuse(400, "NicReservedForAnotherVm", reserved),
    );
    let before_ms = setup.clock.now_ms();
    assert!(setup.environ.start_instance(machine(0)).await.is_err());
    assert!(setup.clock.now_ms() - before_ms >= 180_000);
    assert_eq!(setup.shelf.left_of_machines(), Vec::<String>::new());
}

#[tokio::test]
async fn an_address_that_is_taken_is_exchanged() {
    let setup = setup().created().await;
    let taken = refuse(400, "PrivateIPAddressIsAllocated", "taken");
    setup.shelf.fault("PUT", "networkInterfaces", 2, taken);
    assert_eq!(report(setup.environ.start_instance(machine(0)).await), "ok");
    let nic = setup
        .shelf
        .document("/networkinterfaces/machine-0-primary")
        .expect("the interface was made");
    assert_eq!(
        nic["properties"]["ipConfigurations"][0]["properties"]["privateIPAddress"],
        "10.0.0.6"
    );
}

#[tokio::test]
async fn an_address_taken_behind_a_lagging_list_is_exchanged() {
    let setup = setup().created().await.with_machines(&[0]).await;
    setup.shelf.hide_from_lists("networkinterfaces/machine-0");
    assert_eq!(report(setup.environ.start_instance(machine(1)).await), "ok");
}

#[tokio::test]
async fn a_priority_that_is_taken_is_exchanged() {
    let setup = setup().created().await.with_machines(&[0]).await;
    setup
        .shelf
        .fault("PUT", "securityRules", 1, refuse(400, "SecurityRuleConflict", "taken"));
    assert_eq!(
        report(
            setup
                .environ
                .open_ports(&machine(0).instance_id(), &ports("80/tcp"))
                .await
        ),
        "ok"
    );
}

#[tokio::test]
async fn another_operation_is_waited_for() {
    let setup = setup().created().await;
    let busy = "Another operation on this or dependent resource is in progress.";
    setup.shelf.fault(
        "PUT",
        "networkInterfaces",
        3,
        refuse(409, "AnotherOperationInProgress", busy),
    );
    let pending = refuse(400, "ReferencedResourceNotProvisioned", "not in Succeeded state");
    setup.shelf.fault("PUT", "virtualMachines", 2, pending);
    assert_eq!(report(setup.environ.start_instance(machine(0)).await), "ok");
}

#[tokio::test]
async fn another_operation_that_never_ends_is_given_up() {
    let setup = setup().created().await;
    setup.shelf.fault(
        "PUT",
        "networkInterfaces",
        999,
        refuse(409, "AnotherOperationInProgress", "busy"),
    );
    let before_ms = setup.clock.now_ms();
    let error = setup
        .environ
        .start_instance(machine(0))
        .await
        .expect_err("it never ends");
    assert_eq!(error.kind(), Some(provider::Kind::Conflict));
    assert!(setup.clock.now_ms() - before_ms < 3_600_000);
}

#[tokio::test]
async fn throttling_is_obeyed_and_then_told() {
    let setup = setup().created().await;
    let slow = |secs| Verdict::Refuse {
        status: 429,
        code: "TooManyRequests",
        message: "slow down",
        retry_after_secs: Some(secs),
    };
    setup.shelf.fault("GET", "networkInterfaces", 2, slow(30));
    let before_ms = setup.clock.now_ms();
    assert_eq!(report(setup.environ.all_instances().await), "ok");
    assert_eq!(setup.clock.now_ms() - before_ms, 60_000);

    setup.shelf.fault("GET", "networkInterfaces", 99, slow(7_200));
    let error = setup
        .environ
        .all_instances()
        .await
        .expect_err("two hours are not waited for");
    assert!(error.is_throttled());
    assert!(
        error.report().ends_with("try again after 7200 seconds"),
        "{}",
        error.report()
    );
}

#[tokio::test]
async fn a_group_on_its_way_out_is_waited_for_before_it_is_made_again() {
    let setup = setup();
    let going = "The resource group 'g' is in deprovisioning state and cannot perform this operation.";
    setup.shelf.fault(
        "PUT",
        "resourcegroups",
        4,
        refuse(409, "ResourceGroupBeingDeleted", going),
    );
    assert_eq!(report(setup.environ.create().await), "ok");
}

#[tokio::test]
async fn stopping_in_a_group_on_its_way_out_is_done() {
    let setup = setup().created().await.with_machines(&[0]).await;
    setup.shelf.fault(
        "DELETE",
        "virtualMachines",
        99,
        refuse(409, "ResourceGroupBeingDeleted", "going"),
    );
    assert_eq!(
        report(setup.environ.stop_instances(&[machine(0).instance_id()]).await),
        "ok"
    );
}

#[tokio::test]
async fn one_machine_that_cannot_be_stopped_does_not_keep_the_others() {
    let setup = setup().created().await.with_machines(&[0, 1]).await;
    setup.shelf.fault(
        "DELETE",
        "virtualMachines/machine-0",
        9,
        refuse(409, "ScopeLocked", "locked"),
    );
    let ids = [machine(0).instance_id(), machine(1).instance_id()];
    let error = setup.environ.stop_instances(&ids).await.expect_err("one is locked");
    assert_eq!(error.azure().and_then(|azure| azure.code()), Some("ScopeLocked"));
    let left: Vec<_> = setup.environ.all_instances().await.expect("the shelf lists");
    assert_eq!(
        left.iter()
            .map(|own| (own.id.as_str(), own.status.kind))
            .collect::<Vec<_>>(),
        [("machine-0", StatusKind::Running)]
    );
}

#[tokio::test]
async fn a_leased_disk_is_waited_for() {
    let setup = setup().created().await.with_machines(&[0]).await;
    setup
        .shelf
        .fault("DELETE", "osvhds", 3, refuse(412, "LeaseIdMissing", "leased"));
    assert_eq!(
        report(setup.environ.stop_instances(&[machine(0).instance_id()]).await),
        "ok"
    );
    assert_eq!(setup.shelf.left_of_machines(), Vec::<String>::new());
}

#[tokio::test]
async fn a_key_that_was_exchanged_is_asked_for_again() {
    let setup = setup().created().await.with_machines(&[0]).await;
    setup.shelf.fault(
        "DELETE",
        "osvhds",
        1,
        refuse(403, "AuthenticationFailed", "bad signature"),
    );
    assert_eq!(
        report(setup.environ.stop_instances(&[machine(0).instance_id()]).await),
        "ok"
    );
}

#[tokio::test]
async fn a_failed_bootstrap_takes_everything_down_again() {
    let setup = setup();
    setup
        .shelf
        .fault("PUT", "virtualMachines", 1, refuse(409, "OperationNotAllowed", CORES));
    let error = setup
        .environ
        .bootstrap(controller(0))
        .await
        .expect_err("the limit is hit");
    assert!(
        error
            .report()
            .starts_with("bootstrapping environment \"env\": creating virtual machine \"machine-0\": ")
    );
    assert_eq!(setup.shelf.left(), Vec::<String>::new());
}

#[tokio::test]
async fn a_failed_bootstrap_that_cannot_clean_up_says_so() {
    let setup = setup();
    setup
        .shelf
        .fault("PUT", "virtualMachines", 1, refuse(409, "OperationNotAllowed", CORES));
    setup
        .shelf
        .fault("DELETE", "resourcegroups", 99, refuse(409, "ScopeLocked", "locked"));
    let Err(Error::Bootstrap {
        cleanup: Some(cleanup), ..
    }) = setup.environ.bootstrap(controller(0)).await
    else {
        panic!("neither works");
    };
    assert_eq!(cleanup.azure().and_then(|azure| azure.code()), Some("ScopeLocked"));
}

#[tokio::test]
async fn a_bootstrap_ends_with_a_controller() {
    let setup = setup();
    assert_eq!(
        report(setup.environ.bootstrap(machine(0)).await),
        "the machine to bootstrap on must be a controller"
    );
    let started = setup
        .environ
        .bootstrap(controller(0))
        .await
        .map_err(|error| error.report());
    assert_eq!(started.map(|own| own.instance.status.kind), Ok(StatusKind::Running));
}

#[tokio::test]
async fn an_offer_that_is_gone_is_told_with_all_that_was_looked_for() {
    let setup = setup().created().await;
    setup.shelf.fault(
        "GET",
        "offers/UbuntuServer/skus",
        1,
        refuse(404, "NotFound", "Artifact: VMImage was not found."),
    );
    expect![[r#"creating virtual machine "machine-0": Ubuntu SKUs for released stream not found: looked for series trusty among 0 SKUs of offer Canonical:UbuntuServer in westus"#]].assert_eq(&report(setup.environ.start_instance(unit(0, "mysql/0")).await));
}

#[tokio::test]
async fn a_bad_credential_is_told_and_never_shown() {
    let setup = setup();
    setup.shelf.fault(
        "POST",
        "oauth2/token",
        99,
        refuse(401, "invalid_client", "AADSTS7000215: Invalid client secret provided."),
    );
    let error = setup
        .environ
        .prepare_for_bootstrap()
        .await
        .expect_err("the secret is bad");
    assert!(error.is_unauthorised());
    assert!(!format!("{error:?} {}", error.report()).contains(PASSWORD));
    assert!(setup.environ.create().await.is_err_and(|error| error.is_unauthorised()));
}

#[tokio::test]
async fn a_good_credential_makes_nothing() {
    let setup = setup();
    assert_eq!(report(setup.environ.prepare_for_bootstrap().await), "ok");
    assert_eq!(setup.shelf.left(), Vec::<String>::new());
}

#[tokio::test]
async fn a_wrong_subscription_is_no_empty_one() {
    let setup = setup();
    let unknown = refuse(404, "SubscriptionNotFound", "The subscription 's' could not be found.");
    setup.shelf.fault("GET", "networkInterfaces", 99, unknown);
    assert!(
        setup
            .environ
            .all_instances()
            .await
            .is_err_and(|error| error.is_not_found())
    );
}

#[tokio::test]
async fn an_adoption_names_what_it_could_not_hand_over() {
    let setup = setup().created().await.with_machines(&[0]).await;
    setup.shelf.fault(
        "PATCH",
        "virtualMachines/machine-0",
        1,
        refuse(409, "ScopeLocked", "locked"),
    );
    setup.shelf.fault(
        "PATCH",
        "networkInterfaces/machine-0-primary",
        1,
        refuse(405, "MethodNotAllowed", "no PATCH"),
    );
    let next = uuid::Uuid::from_u128(0xd);
    let error = setup
        .environ
        .adopt_resources(next, "2.1.0")
        .await
        .expect_err("one is locked");
    assert_eq!(
        error.to_string(),
        "failed to update controller for some resources: [machine-0]"
    );
    let nic = setup
        .shelf
        .document("/networkinterfaces/machine-0-primary")
        .expect("the interface is there");
    assert_eq!(nic["tags"]["juju-controller-uuid"], next.to_string());
    assert_eq!(report(setup.environ.adopt_resources(next, "2.1.0").await), "ok");
}

#[test]
fn a_live_cloud_refuses_what_it_no_longer_offers() {
    let (shelf, clock) = (std::sync::Arc::default(), crate::setup::TestClock::new());
    let shelf: std::sync::Arc<crate::shelf::Shelf> = shelf;
    let params = OpenParams {
        cloud: CloudSpec::public(),
        ..params(config(), shelf, clock)
    };
    assert!(matches!(open(params), Err(Error::NotSupported(reason)) if reason.contains("retired")));
}
