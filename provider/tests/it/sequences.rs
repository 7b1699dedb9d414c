//! Which calls are made, in which order (juju-provider 1.8.5a).

use expect_test::{Expect, expect};
use provider::{Error, PublicAddresses, Scope, StatusKind};
use uuid::Uuid;

use crate::setup::{CONTROLLER, ENVIRONMENT, Setup, controller, machine, ports, report, setup, setup_with, unit};

fn check(setup: &Setup, expect: Expect) {
    let group = format!("juju-env-environment-{ENVIRONMENT}");
    expect.assert_eq(&setup.shelf.journal().replace(&group, "GROUP"));
    setup.shelf.forget_journal();
}

#[tokio::test]
async fn create_makes_group_network_security_group_subnet_and_account() {
    let setup = setup();
    assert_eq!(report(setup.environ.create().await), "ok");
    check(
        &setup,
        expect![[r#"
        PUT resourcegroups/GROUP -> 201
        PUT virtualNetworks/juju-internal-network -> 201
        GET virtualNetworks/juju-internal-network -> 200
        PUT networkSecurityGroups/juju-internal-nsg -> 201
        GET networkSecurityGroups/juju-internal-nsg -> 200
        PUT virtualNetworks/juju-internal-network/subnets/juju-internal-subnet -> 201
        GET virtualNetworks/juju-internal-network/subnets/juju-internal-subnet -> 200
        POST providers/Microsoft.Storage/checkNameAvailability -> 200
        PUT storageAccounts/jujualqkuq18c2cfnm4g4v5u -> 202
        GET storageAccounts/jujualqkuq18c2cfnm4g4v5u -> 200
        POST storageAccounts/jujualqkuq18c2cfnm4g4v5u/listKeys -> 200"#]],
    );
    let account = setup
        .environ
        .config()
        .storage_account
        .expect("create has made an account");
    assert!(account.starts_with("juju") && account.len() == 24);
}

#[tokio::test]
async fn create_again_changes_nothing() {
    let setup = setup().created().await.with_machines(&[0]).await;
    let id = machine(0).instance_id();
    assert_eq!(report(setup.environ.open_ports(&id, &ports("80/tcp")).await), "ok");
    let before = setup.shelf.left();
    setup.shelf.forget_journal();
    assert_eq!(report(setup.environ.create().await), "ok");
    assert_eq!(setup.shelf.left(), before);
    check(
        &setup,
        expect![[r#"
        PUT resourcegroups/GROUP -> 200
        GET virtualNetworks/juju-internal-network -> 200
        GET networkSecurityGroups/juju-internal-nsg -> 200
        GET virtualNetworks/juju-internal-network/subnets/juju-internal-subnet -> 200
        PUT storageAccounts/jujualqkuq18c2cfnm4g4v5u -> 202
        GET storageAccounts/jujualqkuq18c2cfnm4g4v5u -> 200
        POST storageAccounts/jujualqkuq18c2cfnm4g4v5u/listKeys -> 200"#]],
    );
}

#[tokio::test]
async fn create_by_another_process_comes_to_the_same_account() {
    let setup = setup().created().await.reopened();
    assert_eq!(setup.environ.config().storage_account, None);
    assert_eq!(report(setup.environ.create().await), "ok");
    let accounts = setup
        .shelf
        .left()
        .into_iter()
        .filter(|left| left.starts_with("storageaccounts/"))
        .count();
    assert_eq!(accounts, 1);
}

#[tokio::test]
async fn a_name_that_is_taken_is_passed_over() {
    let first = setup();
    assert_eq!(report(first.environ.create().await), "ok");
    let taken = first
        .environ
        .config()
        .storage_account
        .expect("create has made an account");

    let second = setup();
    second.shelf.take_name(taken.clone());
    assert_eq!(report(second.environ.create().await), "ok");
    assert_ne!(second.environ.config().storage_account, Some(taken));
}

#[tokio::test]
async fn a_controller_is_started_call_by_call() {
    let setup = setup().created().await;
    assert_eq!(report(setup.environ.start_instance(controller(0)).await), "ok");
    check(
        &setup,
        expect![[r#"
        GET providers/Microsoft.Compute/locations/westus/vmSizes -> 200
        GET virtualNetworks/juju-internal-network/subnets/juju-internal-subnet -> 200
        GET providers/Microsoft.Compute/locations/westus/publishers/Canonical/artifacttypes/vmimage/offers/UbuntuServer/skus -> 200
        PUT publicIPAddresses/machine-0-public-ip -> 201
        GET publicIPAddresses/machine-0-public-ip -> 200
        GET networkInterfaces -> 200
        PUT networkInterfaces/machine-0-primary -> 201
        GET networkInterfaces/machine-0-primary -> 200
        GET networkSecurityGroups/juju-internal-nsg -> 200
        PUT networkSecurityGroups/juju-internal-nsg/securityRules/machine-0-api -> 201
        GET networkSecurityGroups/juju-internal-nsg/securityRules/machine-0-api -> 200
        PUT availabilitySets/juju -> 200
        PUT virtualMachines/machine-0 -> 201
        GET virtualMachines/machine-0 -> 200"#]],
    );
}

#[tokio::test]
async fn a_second_machine_asks_less_and_takes_the_next_address() {
    let setup = setup().created().await.with_machines(&[0]).await;
    assert_eq!(report(setup.environ.start_instance(unit(1, "mysql/0")).await), "ok");
    check(
        &setup,
        expect![[r#"
        GET providers/Microsoft.Compute/locations/westus/publishers/Canonical/artifacttypes/vmimage/offers/UbuntuServer/skus -> 200
        PUT publicIPAddresses/machine-1-public-ip -> 201
        GET publicIPAddresses/machine-1-public-ip -> 200
        GET networkInterfaces -> 200
        PUT networkInterfaces/machine-1-primary -> 201
        GET networkInterfaces/machine-1-primary -> 200
        PUT availabilitySets/mysql -> 200
        PUT virtualMachines/machine-1 -> 201
        GET virtualMachines/machine-1 -> 200"#]],
    );
    let nic = setup
        .shelf
        .document("/networkinterfaces/machine-1-primary")
        .expect("the interface was made");
    assert_eq!(
        nic["properties"]["ipConfigurations"][0]["properties"]["privateIPAddress"],
        "10.0.0.5"
    );
}

#[tokio::test]
async fn a_freed_address_is_the_next_one_s() {
    let setup = setup().created().await.with_machines(&[0, 1]).await;
    assert_eq!(
        report(setup.environ.stop_instances(&[machine(0).instance_id()]).await),
        "ok"
    );
    assert_eq!(report(setup.environ.start_instance(machine(2)).await), "ok");
    let nic = setup
        .shelf
        .document("/networkinterfaces/machine-2-primary")
        .expect("the interface was made");
    assert_eq!(
        nic["properties"]["ipConfigurations"][0]["properties"]["privateIPAddress"],
        "10.0.0.4"
    );
}

#[tokio::test]
async fn a_machine_joins_the_set_of_its_peers() {
    let setup = setup().created().await;
    assert_eq!(report(setup.environ.start_instance(unit(0, "mysql/0")).await), "ok");
    let mut params = unit(1, "wordpress/0");
    params.distribution_group = vec![machine(9).instance_id(), machine(0).instance_id()];
    assert_eq!(report(setup.environ.start_instance(params).await), "ok");
    let vm = setup
        .shelf
        .document("/virtualmachines/machine-1")
        .expect("the machine was made");
    let set = vm["properties"]["availabilitySet"]["id"]
        .as_str()
        .expect("the machine is in a set");
    assert!(set.ends_with("/availabilitySets/mysql"));
    assert_eq!(setup.shelf.document("/availabilitysets/wordpress"), None);
}

#[tokio::test]
async fn who_needs_no_public_address_gets_none() {
    let setup = setup_with(|config| config.public_addresses = PublicAddresses::Controllers)
        .created()
        .await;
    assert_eq!(report(setup.environ.start_instance(controller(0)).await), "ok");
    assert_eq!(report(setup.environ.start_instance(machine(1)).await), "ok");
    assert!(setup.shelf.document("/publicipaddresses/machine-0-public-ip").is_some());
    assert!(setup.shelf.document("/publicipaddresses/machine-1-public-ip").is_none());
}

#[tokio::test]
async fn a_machine_is_stopped_with_its_interface_last() {
    let setup = setup().created().await;
    assert_eq!(report(setup.environ.start_instance(controller(0)).await), "ok");
    let id = machine(0).instance_id();
    assert_eq!(report(setup.environ.open_ports(&id, &ports("80/tcp")).await), "ok");
    setup.shelf.forget_journal();
    assert_eq!(report(setup.environ.stop_instances(&[id]).await), "ok");
    check(
        &setup,
        expect![[r#"
        GET networkInterfaces -> 200
        GET virtualMachines -> 200
        GET publicIPAddresses -> 200
        DELETE virtualMachines/machine-0 -> 202
        DELETE /osvhds/machine-0.vhd -> 202
        GET networkSecurityGroups/juju-internal-nsg -> 200
        DELETE networkSecurityGroups/juju-internal-nsg/securityRules/machine-0-api -> 202
        DELETE networkSecurityGroups/juju-internal-nsg/securityRules/machine-0-tcp-80 -> 202
        PUT networkInterfaces/machine-0-primary -> 200
        GET networkInterfaces/machine-0-primary -> 200
        DELETE publicIPAddresses/machine-0-public-ip -> 202
        DELETE networkInterfaces/machine-0-primary -> 202"#]],
    );
    assert_eq!(setup.shelf.left_of_machines(), Vec::<String>::new());
}

#[tokio::test]
async fn ids_without_an_instance_are_passed_over() {
    let setup = setup().created().await;
    assert_eq!(
        report(setup.environ.stop_instances(&[machine(7).instance_id()]).await),
        "ok"
    );
    assert_eq!(report(setup.environ.stop_instances(&[]).await), "ok");
    check(
        &setup,
        expect![[r#"
        GET networkInterfaces -> 200
        GET virtualMachines -> 200
        GET publicIPAddresses -> 200
        GET networkInterfaces/machine-7-primary -> 404
        GET publicIPAddresses/machine-7-public-ip -> 404"#]],
    );
}

#[tokio::test]
async fn another_process_stops_what_it_did_not_start() {
    let setup = setup().created().await.with_machines(&[0]).await.reopened();
    assert_eq!(
        report(setup.environ.stop_instances(&[machine(0).instance_id()]).await),
        "ok"
    );
    assert_eq!(setup.shelf.left_of_machines(), Vec::<String>::new());
}

#[tokio::test]
async fn what_a_list_does_not_show_yet_is_stopped_all_the_same() {
    let setup = setup().created().await.with_machines(&[0]).await;
    setup.shelf.hide_from_lists("machine-0");
    assert_eq!(
        report(setup.environ.stop_instances(&[machine(0).instance_id()]).await),
        "ok"
    );
    assert_eq!(setup.shelf.left_of_machines(), Vec::<String>::new());
}

#[tokio::test]
async fn the_environment_goes_subnet_first() {
    let setup = setup().created().await.with_machines(&[0]).await;
    assert_eq!(report(setup.environ.destroy().await), "ok");
    check(
        &setup,
        expect![[r#"
        DELETE virtualNetworks/juju-internal-network/subnets/juju-internal-subnet -> 400
        DELETE resourcegroups/GROUP -> 202"#]],
    );
    assert_eq!(setup.shelf.left(), Vec::<String>::new());
    assert_eq!(report(setup.environ.destroy().await), "ok");
    assert_eq!(report(setup.environ.create().await), "ok");
}

#[tokio::test]
async fn a_controller_goes_with_what_it_hosts_and_with_nothing_else() {
    let setup = setup().created().await;
    let group = |name: &str, controller: Uuid| {
        let path = format!("/subscriptions/{}/resourcegroups/{name}", crate::setup::SUBSCRIPTION);
        let document = serde_json::json!({"name": name, "location": "westus",
                                          "tags": {"JUJU-controller-uuid": controller.to_string()}});
        (path, document)
    };
    for (path, document) in [group("hosted", CONTROLLER), group("foreign", Uuid::from_u128(0xf))] {
        setup.shelf.put_document(&path, document);
    }
    assert_eq!(report(setup.environ.destroy_controller(CONTROLLER).await), "ok");
    assert_eq!(setup.shelf.left(), vec!["resourcegroups/foreign".to_owned()]);
}

#[tokio::test]
async fn instances_come_in_order_with_their_addresses() {
    let setup = setup().created().await.with_machines(&[0, 1]).await;
    let ids = [machine(1).instance_id(), machine(0).instance_id()];
    let instances = setup.environ.instances(&ids).await.expect("both were started");
    let said: Vec<String> = instances
        .iter()
        .map(|own| {
            let scope = |scope| if scope == Scope::Public { "public" } else { "local" };
            let addresses: Vec<String> = own
                .addresses
                .iter()
                .map(|address| format!("{} {}", scope(address.scope), address.value))
                .collect();
            let size = own
                .hardware
                .as_ref()
                .map_or("", |hardware| hardware.instance_type.as_str());
            format!(
                "{} {:?} {:?} {} {size}",
                own.id,
                own.status.kind,
                own.status.message,
                addresses.join(" ")
            )
        })
        .collect();
    expect![[r#"
        machine-1 Running "" local 10.0.0.5 public 40.1.2.3 Standard_A1
        machine-0 Running "" local 10.0.0.4 public 40.1.2.3 Standard_A1"#]]
    .assert_eq(&said.join("\n"));
}

#[tokio::test]
async fn slots_tell_which_instances_are_missing() {
    let setup = setup().created().await.with_machines(&[0]).await;
    let ids = [machine(5).instance_id(), machine(0).instance_id()];
    let Err(Error::PartialInstances { slots }) = setup.environ.instances(&ids).await else {
        panic!("one of two is no whole answer");
    };
    assert_eq!(slots.iter().map(Option::is_some).collect::<Vec<_>>(), [false, true]);
    assert!(matches!(
        setup.environ.instances(&ids[..1]).await,
        Err(Error::NoInstances)
    ));
    setup.shelf.forget_journal();
    assert_eq!(
        setup
            .environ
            .instances(&[])
            .await
            .map(|own| own.len())
            .map_err(|error| error.report()),
        Ok(0)
    );
    check(&setup, expect![[""]]);
}

#[tokio::test]
async fn an_environment_without_its_group_has_no_instances() {
    let setup = setup();
    assert_eq!(
        setup.environ.all_instances().await.map_err(|error| error.report()),
        Ok(Vec::new())
    );
    assert!(matches!(
        setup.environ.controller_instances(CONTROLLER).await,
        Err(Error::NoInstances)
    ));
}

#[tokio::test]
async fn controllers_are_known_by_their_tags() {
    let setup = setup().created().await.with_machines(&[1]).await;
    assert_eq!(report(setup.environ.start_instance(controller(0)).await), "ok");
    let ids = setup
        .environ
        .controller_instances(CONTROLLER)
        .await
        .map_err(|error| error.report());
    assert_eq!(ids, Ok(vec![machine(0).instance_id()]));
    assert!(matches!(
        setup.environ.controller_instances(Uuid::from_u128(1)).await,
        Err(Error::NoInstances)
    ));
}

#[tokio::test]
async fn a_machine_without_its_vm_is_partially_deleted() {
    let setup = setup().created().await.with_machines(&[0]).await;
    setup.shelf.fault(
        "DELETE",
        "publicIPAddresses",
        9,
        crate::shelf::refuse(400, "Broken", "m"),
    );
    assert_ne!(
        report(setup.environ.stop_instances(&[machine(0).instance_id()]).await),
        "ok"
    );
    let instances = setup.environ.all_instances().await.expect("the shelf lists");
    assert_eq!(instances.len(), 1);
    assert_eq!(
        (instances[0].status.kind, instances[0].status.message.as_str()),
        (StatusKind::Unknown, "Partially Deleted")
    );
}

#[tokio::test]
async fn ports_open_once_and_close_for_good() {
    let setup = setup().created().await.with_machines(&[1, 10]).await;
    let (one, ten) = (machine(1).instance_id(), machine(10).instance_id());
    for _ in 0..2 {
        assert_eq!(
            report(setup.environ.open_ports(&one, &ports("80/tcp 443/tcp")).await),
            "ok"
        );
    }
    assert_eq!(report(setup.environ.open_ports(&ten, &ports("80/tcp")).await), "ok");
    check(
        &setup,
        expect![[r#"
            GET virtualMachines/machine-1 -> 200
            GET networkInterfaces/machine-1-primary -> 200
            GET networkSecurityGroups/juju-internal-nsg -> 200
            PUT networkSecurityGroups/juju-internal-nsg/securityRules/machine-1-tcp-80 -> 201
            GET networkSecurityGroups/juju-internal-nsg/securityRules/machine-1-tcp-80 -> 200
            PUT networkSecurityGroups/juju-internal-nsg/securityRules/machine-1-tcp-443 -> 201
            GET networkSecurityGroups/juju-internal-nsg/securityRules/machine-1-tcp-443 -> 200
            GET virtualMachines/machine-1 -> 200
            GET networkInterfaces/machine-1-primary -> 200
            GET networkSecurityGroups/juju-internal-nsg -> 200
            GET virtualMachines/machine-10 -> 200
            GET networkInterfaces/machine-10-primary -> 200
            GET networkSecurityGroups/juju-internal-nsg -> 200
            PUT networkSecurityGroups/juju-internal-nsg/securityRules/machine-10-tcp-80 -> 201
            GET networkSecurityGroups/juju-internal-nsg/securityRules/machine-10-tcp-80 -> 200"#]],
    );
    let open = setup.environ.ports(&one).await.map_err(|error| error.report());
    assert_eq!(open, Ok(ports("80/tcp 443/tcp")));
    assert_eq!(
        report(setup.environ.close_ports(&one, &ports("80/tcp 22/udp")).await),
        "ok"
    );
    assert_eq!(
        setup.environ.ports(&one).await.map_err(|error| error.report()),
        Ok(ports("443/tcp"))
    );
    assert_eq!(
        setup.environ.ports(&ten).await.map_err(|error| error.report()),
        Ok(ports("80/tcp"))
    );
}

#[tokio::test]
async fn a_rule_of_a_former_machine_is_put_right() {
    let setup = setup().created().await.with_machines(&[0, 1]).await;
    let id = machine(1).instance_id();
    assert_eq!(report(setup.environ.open_ports(&id, &ports("80/tcp")).await), "ok");
    let path = setup
        .shelf
        .document("/securityrules/machine-1-tcp-80")
        .expect("the rule was made");
    let mut stale = path.clone();
    stale["properties"]["destinationAddressPrefix"] = serde_json::json!("10.0.0.99");
    setup
        .shelf
        .put_document(path["id"].as_str().expect("a rule has an id"), stale);
    assert_eq!(report(setup.environ.open_ports(&id, &ports("80/tcp")).await), "ok");
    let rule = setup
        .shelf
        .document("/securityrules/machine-1-tcp-80")
        .expect("the rule is there");
    assert_eq!(rule["properties"]["destinationAddressPrefix"], "10.0.0.5");
    assert_eq!(rule["properties"]["priority"], 200);
}

#[tokio::test]
async fn ports_of_a_machine_that_is_gone_do_not_open() {
    let setup = setup().created().await;
    assert!(matches!(
        setup
            .environ
            .open_ports(&machine(0).instance_id(), &ports("80/tcp"))
            .await,
        Err(Error::NoInstances)
    ));
    assert_eq!(
        report(
            setup
                .environ
                .close_ports(&machine(0).instance_id(), &ports("80/tcp"))
                .await
        ),
        "ok"
    );
}

#[tokio::test]
async fn an_environment_has_no_ports_of_its_own() {
    let setup = setup();
    let refused = "global firewall mode is not supported";
    assert_eq!(report(setup.environ.open_global_ports(&ports("80/tcp")).await), refused);
    assert_eq!(
        report(setup.environ.close_global_ports(&ports("80/tcp")).await),
        refused
    );
    assert_eq!(report(setup.environ.global_ports().await), refused);
}

#[tokio::test]
async fn what_cannot_be_asked_for_is_refused_before_anything_is_sent() {
    let setup = setup().created().await;
    let mut placed = machine(0);
    placed.placement = Some("zone=a".to_owned());
    assert_eq!(
        report(setup.environ.start_instance(placed).await),
        "creating virtual machine \"machine-0\": unknown placement directive: zone=a"
    );
    let mut orphan = machine(0);
    orphan.controller_uuid = Uuid::nil();
    assert_eq!(
        report(setup.environ.start_instance(orphan).await),
        "creating virtual machine \"machine-0\": missing controller UUID"
    );
    check(&setup, expect![[""]]);
}

#[tokio::test]
async fn prechecks_know_placements_series_and_full_size_names() {
    let setup = setup();
    let environ = &setup.environ;
    let trusty = provider::Series::new("trusty");
    let sized = |name: &str| provider::Constraints {
        instance_type: Some(name.to_owned()),
        ..Default::default()
    };
    let none = provider::Constraints::default();
    assert_eq!(report(environ.precheck_instance(&trusty, &none, None).await), "ok");
    assert_eq!(
        report(environ.precheck_instance(&trusty, &none, Some("x")).await),
        "unknown placement directive: x"
    );
    assert_eq!(
        report(environ.precheck_instance(&trusty, &sized("Standard_A1"), None).await),
        "ok"
    );
    assert_eq!(
        report(environ.precheck_instance(&trusty, &sized("A1"), None).await),
        "invalid instance type \"A1\""
    );
    let series = provider::Series::new("plan9");
    assert_eq!(
        report(environ.precheck_instance(&series, &none, None).await),
        "deploying plan9 not supported"
    );
    let validator = environ.constraints_validator().await.expect("the shelf lists sizes");
    assert!(validator.validate(&sized("A1")).is_ok());
    let types = environ.instance_types(&none).await.expect("the shelf lists sizes");
    assert_eq!(
        types.iter().map(|own| own.name.as_str()).collect::<Vec<_>>(),
        ["Standard_A1", "Standard_D1"]
    );
}

#[tokio::test]
async fn parallel_starts_take_different_addresses() {
    let setup = setup().created().await;
    let mut starts = tokio::task::JoinSet::new();
    for nth in 0..8 {
        let environ = std::sync::Arc::clone(&setup.environ);
        starts.spawn(async move { report(environ.start_instance(unit(nth, "mysql/0")).await) });
    }
    assert!(starts.join_all().await.iter().all(|outcome| outcome == "ok"));
    let mut addresses: Vec<String> = setup
        .environ
        .all_instances()
        .await
        .expect("the shelf lists")
        .iter()
        .flat_map(|own| {
            own.addresses
                .iter()
                .filter(|address| address.scope == Scope::CloudLocal)
        })
        .map(|address| address.value.to_string())
        .collect();
    addresses.sort();
    addresses.dedup();
    assert_eq!(addresses.len(), 8);
}
