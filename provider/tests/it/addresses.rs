//! Public addresses that come and go with what is open to a machine; subnets and interfaces (the ARM notes, juju-provider 1.14).

use expect_test::{Expect, expect};
use provider::{Error, InstanceId, PublicAddresses, Scope, SubnetId};

use crate::setup::{ENVIRONMENT, SUBSCRIPTION, Setup, controller, machine, ports, report, setup, setup_with};
use crate::shelf::{Change, Verdict, When, edit, refuse};

fn check(setup: &Setup, expect: Expect) {
    let group = format!("juju-env-environment-{ENVIRONMENT}");
    expect.assert_eq(&setup.shelf.journal().replace(&group, "GROUP"));
    setup.shelf.forget_journal();
}

/// Addresses on expose, a controller and a machine.
async fn sparing() -> Setup {
    let setup = setup_with(|config| config.public_addresses = PublicAddresses::OnExpose)
        .created()
        .await;
    let started = setup.environ.start_instance(controller(0)).await;
    assert_eq!(report(started), "ok");
    setup.with_machines(&[1]).await
}

fn id(nth: u32) -> InstanceId {
    machine(nth).instance_id()
}

async fn public_addresses(setup: &Setup, nth: u32) -> usize {
    let instances = setup.environ.instances(&[id(nth)]).await.expect("the machine is there");
    let addresses = instances.iter().flat_map(|own| &own.addresses);
    addresses.filter(|own| own.scope == Scope::Public).count()
}

fn n_public_ips(setup: &Setup) -> usize {
    let left = setup.shelf.left();
    left.iter()
        .filter(|left| left.starts_with("publicipaddresses/"))
        .count()
}

#[tokio::test]
async fn controllers_have_an_address_and_others_get_one_when_they_are_exposed() {
    let setup = sparing().await;
    assert_eq!(public_addresses(&setup, 0).await, 1);
    assert_eq!(public_addresses(&setup, 1).await, 0);
    setup.shelf.forget_journal();
    assert_eq!(report(setup.environ.expose(&id(1)).await), "ok");
    check(
        &setup,
        expect![[r#"
            GET virtualMachines/machine-1 -> 200
            GET networkInterfaces/machine-1-primary -> 200
            GET publicIPAddresses/machine-1-public-ip -> 404
            PUT publicIPAddresses/machine-1-public-ip -> 201
            GET publicIPAddresses/machine-1-public-ip -> 200
            GET networkInterfaces/machine-1-primary -> 200
            PUT networkInterfaces/machine-1-primary -> 200
            GET networkInterfaces/machine-1-primary -> 200"#]],
    );
    let public_ip = setup
        .shelf
        .document("/publicipaddresses/machine-1-public-ip")
        .expect("the address was made");
    assert_eq!(public_ip["tags"]["juju-machine-name"], "machine-1");

    // Once more changes nothing.
    setup.shelf.forget_journal();
    assert_eq!(report(setup.environ.expose(&id(1)).await), "ok");
    assert!(!setup.shelf.journal().contains("PUT"));
}

#[tokio::test]
async fn an_address_goes_when_its_machine_is_exposed_no_more() {
    let setup = sparing().await;
    assert_eq!(report(setup.environ.expose(&id(1)).await), "ok");
    setup.shelf.forget_journal();
    assert_eq!(report(setup.environ.unexpose(&id(1)).await), "ok");
    check(
        &setup,
        expect![[r#"
            GET networkInterfaces/machine-1-primary -> 200
            PUT networkInterfaces/machine-1-primary -> 200
            GET networkInterfaces/machine-1-primary -> 200
            DELETE publicIPAddresses/machine-1-public-ip -> 202"#]],
    );
    assert_eq!(report(setup.environ.unexpose(&id(1)).await), "ok");
    assert_eq!(report(setup.environ.unexpose(&id(9)).await), "ok");
    // A controller keeps its own: it is how one talks to it.
    assert_eq!(report(setup.environ.unexpose(&id(0)).await), "ok");
    assert_eq!(n_public_ips(&setup), 1);
}

#[tokio::test]
async fn what_is_opened_gets_an_address_and_what_is_closed_loses_it() {
    let setup = sparing().await;
    assert_eq!(report(setup.environ.open_ports(&id(1), &[]).await), "ok");
    assert_eq!(n_public_ips(&setup), 1);
    assert_eq!(
        report(setup.environ.open_ports(&id(1), &ports("80/tcp 443/tcp")).await),
        "ok"
    );
    assert_eq!(n_public_ips(&setup), 2);
    assert_eq!(report(setup.environ.close_ports(&id(1), &ports("80/tcp")).await), "ok");
    assert_eq!(n_public_ips(&setup), 2);
    assert_eq!(report(setup.environ.close_ports(&id(1), &ports("443/tcp")).await), "ok");
    assert_eq!(n_public_ips(&setup), 1);
}

#[tokio::test]
async fn other_policies_know_no_exposing() {
    for policy in [
        PublicAddresses::Always,
        PublicAddresses::Controllers,
        PublicAddresses::None,
    ] {
        let setup = setup_with(|config| config.public_addresses = policy)
            .created()
            .await
            .with_machines(&[1])
            .await;
        let before = setup.shelf.left();
        assert_eq!(report(setup.environ.expose(&id(1)).await), "ok");
        assert_eq!(report(setup.environ.unexpose(&id(1)).await), "ok");
        check(&setup, expect![""]);
        assert_eq!(setup.shelf.left(), before);
    }
}

#[tokio::test]
async fn a_machine_that_is_gone_cannot_be_exposed() {
    let setup = sparing().await;
    assert!(matches!(setup.environ.expose(&id(9)).await, Err(Error::NoInstances)));
    assert_eq!(report(setup.environ.stop_instances(&[id(1)]).await), "ok");
    assert!(matches!(setup.environ.expose(&id(1)).await, Err(Error::NoInstances)));
    assert_eq!(n_public_ips(&setup), 1);
}

#[tokio::test]
async fn an_interface_that_goes_meanwhile_is_not_made_anew() {
    let setup = sparing().await;
    setup
        .shelf
        .meddle("networkinterfaces/machine-1-primary", When::Before, Change::Delete);
    assert!(matches!(setup.environ.expose(&id(1)).await, Err(Error::NoInstances)));
    assert_eq!(n_public_ips(&setup), 1);
    assert_eq!(setup.shelf.document("/networkinterfaces/machine-1-primary"), None);
}

#[tokio::test]
async fn what_another_process_writes_meanwhile_is_kept() {
    let setup = sparing().await;
    setup.shelf.meddle(
        "networkinterfaces/machine-1-primary",
        When::Before,
        edit(|nic| {
            nic["tags"]["theirs"] = "kept".into();
        }),
    );
    assert_eq!(report(setup.environ.expose(&id(1)).await), "ok");
    let nic = setup
        .shelf
        .document("/networkinterfaces/machine-1-primary")
        .expect("the interface is there");
    assert_eq!(nic["tags"]["theirs"], "kept");
    assert!(
        nic.pointer("/properties/ipConfigurations/0/properties/publicIPAddress")
            .is_some()
    );
}

#[tokio::test]
async fn wherever_a_process_ends_the_address_is_released_with_its_machine() {
    let n_requests = {
        let setup = sparing().await;
        setup.shelf.fault_nth(usize::MAX, Verdict::CutBefore);
        assert_eq!(report(setup.environ.expose(&id(1)).await), "ok");
        setup.shelf.n_seen()
    };
    assert!(n_requests > 6);
    for nth in 1..=n_requests {
        for applied in [false, true] {
            let setup = sparing().await;
            setup.shelf.fault_nth(nth, Verdict::Crash { applied });
            let environ = std::sync::Arc::clone(&setup.environ);
            tokio::select! {
                outcome = async { environ.expose(&id(1)).await } => panic!("request {nth} crashes, and {}", report(outcome)),
                () = setup.shelf.crashed.notified() => {}
            }
            drop(environ);
            let setup = setup.reopened_as(|config| config.public_addresses = PublicAddresses::OnExpose);
            match applied {
                true => assert_eq!(
                    report(setup.environ.stop_instances(&[id(1)]).await),
                    "ok",
                    "request {nth}"
                ),
                false => {
                    assert_eq!(report(setup.environ.expose(&id(1)).await), "ok", "request {nth}");
                    assert_eq!(n_public_ips(&setup), 2);
                    assert_eq!(report(setup.environ.unexpose(&id(1)).await), "ok", "request {nth}");
                }
            }
            assert_eq!(n_public_ips(&setup), 1, "request {nth}");
        }
    }
}

#[tokio::test]
async fn exposing_and_stopping_side_by_side_leak_nothing() {
    let setup = sparing().await;
    let mut work = tokio::task::JoinSet::new();
    for nth in 0..6 {
        let environ = std::sync::Arc::clone(&setup.environ);
        work.spawn(async move {
            match nth % 3 {
                0 => environ.stop_instances(&[id(1)]).await,
                _ => environ.expose(&id(1)).await,
            }
        });
    }
    for outcome in work.join_all().await {
        assert!(
            matches!(outcome, Ok(()) | Err(Error::NoInstances)),
            "{}",
            report(outcome)
        );
    }
    let left = setup.shelf.left_of_machines();
    assert!(left.iter().all(|left| left.contains("machine-0")), "{left:?}");
}

#[tokio::test]
async fn an_address_that_the_subscription_has_no_room_for_is_told() {
    let setup = sparing().await;
    setup.shelf.fault(
        "PUT",
        "publicIPAddresses/machine-1",
        1,
        refuse(
            400,
            "PublicIPCountLimitReached",
            "Cannot create more than 60 public IP addresses for this subscription in this region.",
        ),
    );
    let error = setup.environ.expose(&id(1)).await.expect_err("there is no room");
    assert!(error.is_quota_exceeded());
    assert_eq!(report(setup.environ.expose(&id(1)).await), "ok");
}

#[tokio::test]
async fn subnets_are_those_of_the_environment_s_network() {
    let setup = setup().created().await;
    let subnets = setup.environ.subnets(None, &[]).await.expect("the shelf lists subnets");
    let told: Vec<String> = subnets.iter().map(|own| format!("{} {}", own.name, own.cidr)).collect();
    assert_eq!(told, ["juju-internal-subnet 10.0.0.0/16"]);
    assert!(subnets[0].network.ends_with("/virtualNetworks/juju-internal-network"));

    let shouted = SubnetId::new(subnets[0].id.as_str().to_uppercase());
    assert_eq!(
        setup.environ.subnets(None, &[shouted]).await.ok().map(|own| own.len()),
        Some(1)
    );
    let missing = setup.environ.subnets(None, &[SubnetId::new("/no/such")]).await;
    assert_eq!(report(missing), "failed to find the following subnets: /no/such");
    let of_instance = setup.environ.subnets(Some(&id(0)), &[]).await;
    assert_eq!(report(of_instance), "subnets for instance not supported");
}

#[tokio::test]
async fn without_a_network_there_are_no_subnets() {
    assert_eq!(setup().environ.subnets(None, &[]).await.ok(), Some(Vec::new()));
}

#[tokio::test]
async fn interfaces_are_told_with_subnet_and_public_address() {
    let setup = setup().created().await.with_machines(&[0, 1]).await;
    assert_eq!(setup.environ.network_interfaces(&[]).await.ok(), Some(Vec::new()));
    check(&setup, expect![""]);
    let slots = setup
        .environ
        .network_interfaces(&[id(1), id(9)])
        .await
        .expect("one is there");
    let text = serde_json::to_string_pretty(&slots).expect("interfaces are plain data");
    let group = format!("juju-env-environment-{ENVIRONMENT}");
    expect![[r#"
        [
          [
            {
              "id": "/subscriptions/SUB/resourceGroups/GROUP/providers/Microsoft.Network/networkInterfaces/machine-1-primary",
              "name": "machine-1-primary",
              "device-index": 0,
              "mac-address": null,
              "addresses": [
                {
                  "value": "10.0.0.5",
                  "scope": "cloud-local",
                  "config": "static",
                  "subnet": "/subscriptions/SUB/resourceGroups/GROUP/providers/Microsoft.Network/virtualNetworks/juju-internal-network/subnets/juju-internal-subnet",
                  "cidr": "10.0.0.0/16"
                },
                {
                  "value": "40.1.2.3",
                  "scope": "public",
                  "config": "dhcp",
                  "subnet": null,
                  "cidr": null
                }
              ]
            }
          ],
          null
        ]"#]].assert_eq(&text.replace(&group, "GROUP").replace(&SUBSCRIPTION.to_string(), "SUB"));
    let none = setup.environ.network_interfaces(&[id(9)]).await;
    assert!(matches!(none, Err(Error::NoInstances)));
}
