//! The generations that make machines by deployments: which calls they make, in which order, and what they survive.

use expect_test::{Expect, expect};
use provider::{Clock as _, Config, Error, Generation, IngressRule, InstanceId, PortRange, Protocol};
use serde_json::json;
use uuid::Uuid;

use crate::setup::{
    CONTROLLER, ENVIRONMENT, SUBSCRIPTION, Setup, assert_snapshot, controller, machine, ports, report, setup_with, unit,
};
use crate::shelf::refuse;

pub(crate) fn of(generation: Generation) -> Setup {
    setup_with(|config| config.generation = generation)
}

pub(crate) fn a7_with(change: impl FnOnce(&mut Config)) -> Setup {
    setup_with(|config| {
        config.generation = Generation::A7;
        change(config);
    })
}

pub(crate) fn journal(setup: &Setup) -> String {
    let group = setup.environ.config().resource_group();
    let text = setup.shelf.journal().replace(&group, "GROUP");
    setup.shelf.forget_journal();
    // The image catalogue's path is long, and the same everywhere.
    text.replace(
        "providers/Microsoft.Compute/locations/westus/publishers/Canonical/artifacttypes/vmimage/offers/",
        "...",
    )
}

pub(crate) fn check(setup: &Setup, expect: Expect) {
    expect.assert_eq(&journal(setup));
}

pub(crate) fn id(nth: u32) -> InstanceId {
    machine(nth).instance_id()
}

pub(crate) async fn statuses(setup: &Setup) -> String {
    let instances = setup.environ.all_instances().await.expect("the shelf answers");
    let said: Vec<String> = instances
        .iter()
        .map(|own| format!("{} {:?} {:?}", own.id, own.status.kind, own.status.message))
        .collect();
    said.join("\n")
}

fn sources(ports: PortRange, sources: &[&str]) -> IngressRule {
    IngressRule {
        ports,
        sources: sources
            .iter()
            .map(|text| text.parse().expect("the tests write networks"))
            .collect(),
    }
}

const HTTP: PortRange = PortRange {
    protocol: Protocol::Tcp,
    from: 80,
    to: 80,
};

#[tokio::test]
async fn a4_bootstraps_by_a_group_and_one_deployment() {
    let setup = of(Generation::A4);
    assert_eq!(report(setup.environ.bootstrap(controller(0)).await), "ok");
    check(
        &setup,
        expect![[r#"
        PUT resourcegroups/GROUP -> 201
        GET providers/Microsoft.Compute/locations/westus/vmSizes -> 200
        GET ...UbuntuServer/skus -> 200
        PUT deployments/machine-0 -> 201"#]],
    );
    let left: Vec<String> = setup.shelf.left();
    expect![[r#"
        resourcegroups/GROUP
        availabilitysets/juju-controller
        virtualmachines/machine-0
        networkinterfaces/machine-0-primary
        networksecuritygroups/juju-internal-nsg
        networksecuritygroups/juju-internal-nsg/securityrules/jujuapiinbound
        networksecuritygroups/juju-internal-nsg/securityrules/sshinbound
        publicipaddresses/machine-0-public-ip
        virtualnetworks/juju-internal-network
        virtualnetworks/juju-internal-network/subnets/juju-controller-subnet
        virtualnetworks/juju-internal-network/subnets/juju-internal-subnet
        deployments/machine-0
        storageaccounts/juju0000000000000000000e
        blob /osvhds/machine-0.vhd"#]]
    .assert_eq(
        &left
            .join("\n")
            .replace(&setup.environ.config().resource_group(), "GROUP"),
    );
    assert_eq!(
        setup.environ.controller_instances(CONTROLLER).await.ok(),
        Some(vec![id(0)])
    );
    check(&setup, expect!["GET deployments/ -> 200"]);
    let none = setup.environ.controller_instances(Uuid::from_u128(0xf)).await;
    assert!(matches!(none, Err(Error::NoInstances)));
}

#[tokio::test]
async fn a4_makes_what_is_shared_without_waiting_and_waits_for_it_before_the_first_machine() {
    let setup = of(Generation::A4);
    assert_eq!(report(setup.environ.create().await), "ok");
    check(
        &setup,
        expect![[r#"
        PUT resourcegroups/GROUP -> 201
        PUT deployments/common -> 201"#]],
    );
    setup
        .shelf
        .set_deployment("common", json!({"provisioningState": "Running"}));
    setup.shelf.fault(
        "GET",
        "deployments/common",
        1,
        refuse(404, "DeploymentNotFound", "not there yet"),
    );
    let started_ms = setup.clock.now_ms();
    // To another process, a record that is not there is that of a controller's environment: the machine goes on.
    let setup = setup.reopened_as(|config| config.generation = Generation::A4);
    assert_eq!(report(setup.environ.start_instance(unit(1, "mysql/0")).await), "ok");
    assert_eq!(setup.clock.now_ms(), started_ms);
    check(
        &setup,
        expect![[r#"
        GET providers/Microsoft.Compute/locations/westus/vmSizes -> 200
        GET ...UbuntuServer/skus -> 200
        GET deployments/common -> 404
        PUT deployments/machine-1 -> 201"#]],
    );
    assert_eq!(statuses(&setup).await, "machine-1 Running \"\"");
    check(
        &setup,
        expect![[r#"
        GET deployments/ -> 200
        GET networkInterfaces -> 200
        GET publicIPAddresses -> 200"#]],
    );
}

#[tokio::test]
async fn common_is_waited_for_and_its_failure_is_told() {
    for generation in [Generation::A4, Generation::A7] {
        let setup = of(generation).created().await;
        setup
            .shelf
            .set_deployment("common", json!({"provisioningState": "Running"}));
        let started_ms = setup.clock.now_ms();
        let said = report(setup.environ.start_instance(machine(1)).await);
        assert!(said.contains("last state `Running`"), "{said}");
        assert_eq!(setup.clock.now_ms() - started_ms, 300_000, "{generation}");

        let error = json!({"code": "DeploymentFailed", "message": "m", "details": [{"code": "c", "message": "no address space"}]});
        setup
            .shelf
            .set_deployment("common", json!({"provisioningState": "Failed", "error": error}));
        let said = report(setup.environ.start_instance(machine(1)).await);
        assert!(
            said.ends_with("\"common\" resource deployment status is \"Failed\": no address space"),
            "{said}"
        );
        // Made again, it is made whole.
        assert_eq!(report(setup.environ.create().await), "ok");
        assert_eq!(report(setup.environ.start_instance(machine(1)).await), "ok");
    }
}

#[tokio::test]
async fn what_was_made_and_cannot_be_seen_yet_is_waited_for() {
    let setup = of(Generation::A7).created().await;
    let not_found = || refuse(404, "ResourceGroupNotFound", "not there yet");
    setup.shelf.fault("GET", "deployments/common", 2, not_found());
    setup.shelf.fault("GET", "/subnets", 3, not_found());
    let started_ms = setup.clock.now_ms();
    assert_eq!(report(setup.environ.start_instance(machine(1)).await), "ok");
    assert!(setup.clock.now_ms() - started_ms >= 16_000);
}

#[tokio::test]
async fn a_controller_that_joins_is_let_in_wherever_it_joins() {
    for (generation, rule) in [
        (Generation::A4, "securityrules/jujuapiinbound"),
        (Generation::A7, "securityrules/jujuapiinbound17070"),
    ] {
        // Its own environment has let it in before, and has the subnet for it.
        let setup = of(generation);
        assert_eq!(report(setup.environ.bootstrap(controller(0)).await), "ok");
        assert_eq!(report(setup.environ.start_instance(controller(1)).await), "ok");
        let api_rule = |setup: &Setup| {
            let rule = setup.shelf.document(rule)?;
            let prefix = rule.pointer("/properties/destinationAddressPrefix")?.as_str()?;
            Some(prefix.to_owned())
        };
        assert_eq!(api_rule(&setup).as_deref(), Some("192.168.16.0/20"), "{generation}");
        assert_eq!(
            setup.environ.controller_instances(CONTROLLER).await.ok(),
            Some(vec![id(0), id(1)])
        );

        // A hosted one has neither.
        let setup = of(generation).created().await;
        assert_eq!(report(setup.environ.start_instance(controller(0)).await), "ok");
        assert_eq!(api_rule(&setup).as_deref(), Some("192.168.0.0/20"), "{generation}");
    }
}

#[tokio::test]
async fn creating_again_leaves_rules_as_they_are() {
    for generation in [Generation::A4, Generation::A7] {
        let setup = of(generation).created().await.with_machines(&[1]).await;
        assert_eq!(report(setup.environ.open_ports(&id(1), &ports("80/tcp")).await), "ok");
        setup
            .shelf
            .set_deployment("common", json!({"provisioningState": "Failed"}));
        assert_eq!(report(setup.environ.create().await), "ok");
        assert_eq!(report(setup.environ.start_instance(unit(2, "mysql/0")).await), "ok");
        assert_eq!(
            setup.environ.ports(&id(1)).await.ok(),
            Some(ports("80/tcp")),
            "{generation}"
        );
    }
}

/// What Azure failed to make is there, and nothing can be put into it.
#[tokio::test]
async fn creating_again_makes_anew_what_had_failed() {
    for generation in [Generation::A4, Generation::A7] {
        let setup = of(generation).created().await;
        let network = setup
            .shelf
            .document("/juju-internal-network")
            .expect("the network is there");
        let path = network["id"].as_str().unwrap_or_default().to_owned();
        let mut failed = network;
        failed["properties"]["provisioningState"] = "Failed".into();
        setup.shelf.put_document(&path, failed);
        setup
            .shelf
            .set_deployment("common", json!({"provisioningState": "Failed"}));
        assert_eq!(report(setup.environ.create().await), "ok");
        let network = setup
            .shelf
            .document("/juju-internal-network")
            .expect("the network is there");
        assert_ne!(network["properties"]["provisioningState"], "Failed", "{generation}");
        assert_eq!(report(setup.environ.start_instance(unit(2, "mysql/0")).await), "ok");
    }
}

#[tokio::test]
async fn a4_stops_by_cancelling_first_and_forgetting_the_record_last() {
    let setup = of(Generation::A4).created().await.with_machines(&[1, 2]).await;
    assert_eq!(report(setup.environ.open_ports(&id(1), &ports("80/tcp")).await), "ok");
    setup.shelf.forget_journal();
    assert_eq!(report(setup.environ.stop_instances(&[id(1), id(7)]).await), "ok");
    check(
        &setup,
        expect![[r#"
        POST deployments/machine-1/cancel -> 409
        POST deployments/machine-7/cancel -> 404
        GET networkInterfaces -> 200
        GET networkInterfaces -> 200
        GET publicIPAddresses -> 200
        GET publicIPAddresses -> 200
        DELETE virtualMachines/machine-1 -> 202
        GET virtualMachines/machine-7 -> 404
        GET networkInterfaces/machine-7-primary -> 404
        GET publicIPAddresses/machine-7-public-ip -> 404
        GET storageAccounts/juju0000000000000000000e -> 200
        POST storageAccounts/juju0000000000000000000e/listKeys -> 200
        DELETE /osvhds/machine-1.vhd -> 202
        GET networkSecurityGroups/juju-internal-nsg -> 200
        DELETE networkSecurityGroups/juju-internal-nsg/securityRules/machine-1-tcp-80 -> 202
        DELETE networkInterfaces/machine-1-primary -> 202
        DELETE publicIPAddresses/machine-1-public-ip -> 202
        GET networkSecurityGroups/juju-internal-nsg -> 200
        DELETE deployments/machine-1 -> 202
        GET deployments/machine-1 -> 404"#]],
    );
    assert_eq!(statuses(&setup).await, "machine-2 Running \"\"");
    assert!(
        setup
            .shelf
            .left_of_machines()
            .iter()
            .all(|left| left.contains("machine-2"))
    );
}

#[tokio::test]
async fn a4_opens_ports_to_networks_and_closes_them_by_name() {
    let setup = of(Generation::A4).created().await.with_machines(&[3]).await;
    let rules = [sources(HTTP, &["10.0.0.0/24", "10.0.5.6/32"])];
    assert_eq!(report(setup.environ.open_ports(&id(3), &rules).await), "ok");
    check(
        &setup,
        expect![[r#"
        GET virtualMachines/machine-3 -> 200
        GET networkInterfaces/machine-3-primary -> 200
        GET networkSecurityGroups/juju-internal-nsg -> 200
        PUT networkSecurityGroups/juju-internal-nsg/securityRules/machine-3-tcp-80-cidr-10-0-0-0-24 -> 201
        GET networkSecurityGroups/juju-internal-nsg/securityRules/machine-3-tcp-80-cidr-10-0-0-0-24 -> 200
        PUT networkSecurityGroups/juju-internal-nsg/securityRules/machine-3-tcp-80-cidr-10-0-5-6-32 -> 201
        GET networkSecurityGroups/juju-internal-nsg/securityRules/machine-3-tcp-80-cidr-10-0-5-6-32 -> 200"#]],
    );
    assert_eq!(setup.environ.ports(&id(3)).await.ok(), Some(rules.to_vec()));
    check(&setup, expect!["GET networkSecurityGroups/juju-internal-nsg -> 200"]);
    assert_eq!(
        report(
            setup
                .environ
                .close_ports(&id(3), &[sources(HTTP, &["10.0.0.0/24"])])
                .await
        ),
        "ok"
    );
    check(
        &setup,
        expect![
            "DELETE networkSecurityGroups/juju-internal-nsg/securityRules/machine-3-tcp-80-cidr-10-0-0-0-24 -> 202"
        ],
    );
    assert_eq!(
        setup.environ.ports(&id(3)).await.ok(),
        Some(vec![sources(HTTP, &["10.0.5.6/32"])])
    );
}

#[tokio::test]
async fn a7_bootstraps_after_looking_for_its_group() {
    let setup = of(Generation::A7);
    let mut params = controller(0);
    params.autocert_dns_name = Some("api.example.com".to_owned());
    assert_eq!(report(setup.environ.bootstrap(params).await), "ok");
    check(
        &setup,
        expect![[r#"
        GET resourcegroups/juju-env-model-00000000-0000-0000-0000-00000000000e -> 404
        GET resourcegroups/GROUP -> 404
        PUT resourcegroups/GROUP -> 201
        GET providers/Microsoft.Compute/skus -> 200
        GET ...UbuntuServer/skus -> 200
        PUT deployments/machine-0 -> 201
        GET deployments/machine-0 -> 200"#]],
    );
    let rules: Vec<String> = setup
        .shelf
        .left()
        .into_iter()
        .filter(|left| left.contains("securityrules"))
        .collect();
    expect![[r#"
        networksecuritygroups/juju-internal-nsg/securityrules/jujuapiinbound17070
        networksecuritygroups/juju-internal-nsg/securityrules/jujuapiinbound80
        networksecuritygroups/juju-internal-nsg/securityrules/sshinbound"#]]
    .assert_eq(&rules.join("\n"));
}

#[tokio::test]
async fn a7_starts_a_machine_in_the_usual_subnet_and_waits_for_it() {
    let setup = of(Generation::A7).created().await;
    assert_eq!(report(setup.environ.start_instance(unit(1, "mysql/0")).await), "ok");
    check(
        &setup,
        expect![[r#"
        GET providers/Microsoft.Compute/skus -> 200
        GET ...UbuntuServer/skus -> 200
        GET deployments/common -> 200
        GET virtualNetworks/juju-internal-network/subnets -> 200
        PUT deployments/machine-1 -> 201
        GET deployments/machine-1 -> 200"#]],
    );
    assert_eq!(statuses(&setup).await, "machine-1 Running \"\"");
    check(
        &setup,
        expect![[r#"
        GET deployments/ -> 200
        GET networkInterfaces -> 200
        GET virtualMachines -> 200
        GET publicIPAddresses -> 200"#]],
    );
}

#[tokio::test]
async fn a7_stops_with_its_disk_and_finds_the_group_of_its_rules() {
    let setup = of(Generation::A7).created().await.with_machines(&[1]).await;
    assert_eq!(report(setup.environ.open_ports(&id(1), &ports("80/tcp")).await), "ok");
    check(
        &setup,
        expect![[r#"
        GET virtualMachines/machine-1 -> 200
        GET networkInterfaces/machine-1-primary -> 200
        GET virtualNetworks/juju-internal-network/subnets/juju-internal-subnet -> 200
        GET networkSecurityGroups/juju-internal-nsg -> 200
        PUT networkSecurityGroups/juju-internal-nsg/securityRules/machine-1-tcp-80 -> 201
        GET networkSecurityGroups/juju-internal-nsg/securityRules/machine-1-tcp-80 -> 200"#]],
    );
    assert_eq!(report(setup.environ.close_ports(&id(1), &ports("443/tcp")).await), "ok");
    check(
        &setup,
        expect![[r#"
        GET networkInterfaces/machine-1-primary -> 200
        GET virtualNetworks/juju-internal-network/subnets/juju-internal-subnet -> 200
        DELETE networkSecurityGroups/juju-internal-nsg/securityRules/machine-1-tcp-443 -> 204"#]],
    );
    assert_eq!(report(setup.environ.stop_instances(&[id(1)]).await), "ok");
    check(
        &setup,
        expect![[r#"
        POST deployments/machine-1/cancel -> 409
        GET networkInterfaces -> 200
        GET publicIPAddresses -> 200
        DELETE virtualMachines/machine-1 -> 202
        DELETE disks/machine-1 -> 202
        GET virtualNetworks/juju-internal-network/subnets/juju-internal-subnet -> 200
        GET networkSecurityGroups/juju-internal-nsg -> 200
        DELETE networkSecurityGroups/juju-internal-nsg/securityRules/machine-1-tcp-80 -> 202
        DELETE networkInterfaces/machine-1-primary -> 202
        DELETE publicIPAddresses/machine-1-public-ip -> 202
        GET networkSecurityGroups/juju-internal-nsg -> 200
        DELETE deployments/machine-1 -> 202
        GET deployments/machine-1 -> 404"#]],
    );
    assert_eq!(setup.shelf.left_of_machines(), Vec::<String>::new());
    assert_eq!(report(setup.environ.destroy().await), "ok");
    check(&setup, expect!["DELETE resourcegroups/GROUP -> 202"]);
    assert_eq!(setup.shelf.left(), Vec::<String>::new());
}

#[tokio::test]
async fn requests_of_a_machine_are_told_whole() {
    for generation in [Generation::A4, Generation::A7] {
        let setup = of(generation);
        assert_eq!(report(setup.environ.bootstrap(controller(0)).await), "ok");
        let name = format!("requests-bootstrap-{}", generation.to_string().to_lowercase());
        assert_snapshot(&name, &setup.shelf.requests());

        let setup = of(generation).created().await;
        let mut params = unit(3, "mysql/0");
        params.series = provider::Series::new("win2012r2");
        assert_eq!(report(setup.environ.start_instance(params).await), "ok");
        let name = format!("requests-start-windows-{}", generation.to_string().to_lowercase());
        assert_snapshot(&name, &setup.shelf.requests());
    }
}

#[tokio::test]
async fn a_machine_that_appears_after_its_deployment_was_cancelled_goes_all_the_same() {
    let setup = of(Generation::A4).created().await;
    setup.shelf.stall("machine-1");
    assert_eq!(report(setup.environ.start_instance(unit(1, "mysql/0")).await), "ok");
    assert_eq!(statuses(&setup).await, "machine-1 Allocating \"\"");
    setup.shelf.forget_journal();
    assert_eq!(report(setup.environ.stop_instances(&[id(1)]).await), "ok");
    check(
        &setup,
        expect![[r#"
        POST deployments/machine-1/cancel -> 204
        GET networkInterfaces -> 200
        GET publicIPAddresses -> 200
        GET deployments/machine-1 -> 200
        DELETE virtualMachines/machine-1 -> 202
        GET storageAccounts/juju0000000000000000000e -> 200
        POST storageAccounts/juju0000000000000000000e/listKeys -> 200
        DELETE /osvhds/machine-1.vhd -> 202
        GET networkSecurityGroups/juju-internal-nsg -> 200
        DELETE networkInterfaces/machine-1-primary -> 202
        DELETE publicIPAddresses/machine-1-public-ip -> 202
        GET networkSecurityGroups/juju-internal-nsg -> 200
        GET virtualMachines/machine-1 -> 404
        GET networkInterfaces/machine-1-primary -> 404
        GET publicIPAddresses/machine-1-public-ip -> 404
        DELETE deployments/machine-1 -> 202
        GET deployments/machine-1 -> 404"#]],
    );
    assert_eq!(setup.shelf.left_of_machines(), Vec::<String>::new());
}

#[tokio::test]
async fn a_deployment_that_failed_is_an_instance_with_its_reason() {
    let setup = of(Generation::A4).created().await;
    setup.shelf.fail_late(
        "virtualMachines/machine-1",
        "QuotaExceeded",
        "Operation could not be completed as it results in exceeding approved x Cores quota",
    );
    assert_eq!(report(setup.environ.start_instance(unit(1, "mysql/0")).await), "ok");
    assert_eq!(statuses(&setup).await, "machine-1 ProvisioningError \"Failed\"");
    assert_eq!(report(setup.environ.stop_instances(&[id(1)]).await), "ok");
    assert_eq!(setup.shelf.left_of_machines(), Vec::<String>::new());

    // The newest generation tells why, of one that another process has left behind.
    let setup = of(Generation::A7).created().await.with_machines(&[1]).await;
    let vm = format!("/virtualMachines/{}", id(1));
    setup.shelf.remove(&vm);
    let error = json!({"code": "DeploymentFailed", "message": "m", "details": [{"code": "Conflict",
        "message": "{\"error\": {\"code\": \"SkuNotAvailable\", \"message\": \"not here\"}}"}]});
    let failed = json!({"provisioningState": "Failed", "error": error, "dependencies": [{"resourceType": "x"}]});
    setup.shelf.set_deployment("machine-1", failed);
    assert_eq!(statuses(&setup).await, "machine-1 ProvisioningError \"not here\"");
}

#[tokio::test]
async fn a_machine_whose_record_was_pruned_is_reported_and_stopped() {
    for generation in [Generation::A4, Generation::A7] {
        let setup = of(generation).created().await.with_machines(&[1]).await;
        setup.shelf.remove("/deployments/machine-1");
        assert!(statuses(&setup).await.starts_with("machine-1 "), "{generation}");
        assert_eq!(report(setup.environ.stop_instances(&[id(1)]).await), "ok");
        assert_eq!(setup.shelf.left_of_machines(), Vec::<String>::new(), "{generation}");
    }
}

#[tokio::test]
async fn a7_walks_from_family_to_family_while_there_is_no_quota() {
    let setup = of(Generation::A7).created().await;
    setup.shelf.fault(
        "PUT",
        "deployments/machine-1",
        2,
        refuse(
            400,
            "QuotaExceeded",
            "Operation could not be completed as it results in exceeding approved standardDSv3Family Cores quota.",
        ),
    );
    let started = setup.environ.start_instance(unit(1, "mysql/0")).await;
    let started = started.expect("the third family has quota");
    let tried: Vec<String> = journal(&setup)
        .lines()
        .filter(|line| line.starts_with("PUT"))
        .map(str::to_owned)
        .collect();
    expect![[r#"
        Standard_B2ms
        PUT deployments/machine-1 -> 400
        PUT deployments/machine-1 -> 400
        PUT deployments/machine-1 -> 201"#]]
    .assert_eq(&format!("{}\n{}", started.hardware.instance_type, tried.join("\n")));

    setup.shelf.fault(
        "PUT",
        "deployments/machine-2",
        9,
        refuse(
            400,
            "QuotaExceeded",
            "exceeding approved standardDSv3Family Cores quota.",
        ),
    );
    let said = report(setup.environ.start_instance(unit(2, "mysql/1")).await);
    assert!(
        said.contains("no suitable instance type found for this subscription"),
        "{said}"
    );
    assert!(said.contains("exceeding approved"), "{said}");

    let mut named = unit(3, "mysql/2");
    named.constraints.instance_type = Some("Standard_D2s_v3".to_owned());
    setup.shelf.fault(
        "PUT",
        "deployments/machine-3",
        1,
        refuse(
            400,
            "QuotaExceeded",
            "exceeding approved standardDSv3Family Cores quota.",
        ),
    );
    let said = report(setup.environ.start_instance(named).await);
    assert!(!said.contains("no suitable"), "{said}");
    // A limit on addresses is the same for every size.
    setup.shelf.fault(
        "PUT",
        "deployments/machine-4",
        1,
        refuse(
            400,
            "PublicIPCountLimitReached",
            "Cannot create more than 10 public IP addresses for this subscription in this region.",
        ),
    );
    setup.shelf.forget_journal();
    assert!(setup.environ.start_instance(unit(4, "mysql/3")).await.is_err());
    assert_eq!(journal(&setup).matches("PUT").count(), 1);
}

#[tokio::test]
async fn a7_refers_to_the_set_that_another_deployment_makes() {
    let setup = of(Generation::A7).created().await;
    assert_eq!(report(setup.environ.start_instance(unit(1, "mysql/0")).await), "ok");
    setup.shelf.forget_journal();
    setup.shelf.fault(
        "PUT",
        "deployments/machine-2",
        1,
        refuse(
            409,
            "Conflict",
            "The request failed due to conflict with a concurrent request.",
        ),
    );
    assert_eq!(report(setup.environ.start_instance(unit(2, "mysql/1")).await), "ok");
    check(
        &setup,
        expect![[r#"
        GET ...UbuntuServer/skus -> 200
        GET virtualNetworks/juju-internal-network/subnets -> 200
        PUT deployments/machine-2 -> 409
        POST deployments/machine-2/cancel -> 404
        GET networkInterfaces -> 200
        GET publicIPAddresses -> 200
        GET virtualMachines/machine-2 -> 404
        GET networkInterfaces/machine-2-primary -> 404
        GET publicIPAddresses/machine-2-public-ip -> 404
        GET availabilitySets/mysql -> 200
        PUT deployments/machine-2 -> 201
        GET deployments/machine-2 -> 200"#]],
    );

    setup.shelf.fault(
        "PUT",
        "deployments/machine-3",
        1,
        refuse(
            409,
            "Conflict",
            "The request failed due to conflict with a concurrent request.",
        ),
    );
    let said = report(setup.environ.start_instance(unit(3, "redis/0")).await);
    assert!(
        said.ends_with("expecting availability set \"redis\" to be available"),
        "{said}"
    );
    assert!(
        setup
            .shelf
            .left_of_machines()
            .iter()
            .all(|left| !left.contains("machine-3"))
    );
}

#[tokio::test]
async fn a_deployment_of_that_name_that_is_under_way_is_waited_for() {
    let setup = of(Generation::A7).created().await;
    setup.shelf.fault(
        "PUT",
        "deployments/machine-1",
        2,
        refuse(409, "DeploymentActive", "The deployment is still active."),
    );
    let started_ms = setup.clock.now_ms();
    assert_eq!(report(setup.environ.start_instance(machine(1)).await), "ok");
    assert!(setup.clock.now_ms() - started_ms >= 15_000);
}

#[tokio::test]
async fn a7_stays_in_the_group_of_an_older_generation_and_out_of_others() {
    let group = |name: &str, model: &str| {
        let path = format!("/subscriptions/{SUBSCRIPTION}/resourcegroups/{name}");
        (
            path,
            json!({"name": name, "location": "westus", "tags": {"juju-model-uuid": model}}),
        )
    };
    let setup = of(Generation::A7);
    let long = format!("juju-env-model-{ENVIRONMENT}");
    let (path, document) = group(&long, &ENVIRONMENT.to_string());
    setup.shelf.put_document(&path, document);
    assert_eq!(report(setup.environ.create().await), "ok");
    assert!(
        setup
            .shelf
            .journal()
            .contains(&format!("PUT resourcegroups/{long} -> 200"))
    );

    let setup = of(Generation::A7);
    let short = setup.environ.config().resource_group();
    let (path, document) = group(&short, "another");
    setup.shelf.put_document(&path, document);
    let said = report(setup.environ.create().await);
    assert!(
        said.starts_with("unexpected model UUID on resource group `juju-env-00000000`"),
        "{said}"
    );
}

#[tokio::test]
async fn a_few_that_are_missing_are_looked_for_again_and_stay_in_their_slots() {
    let setup = of(Generation::A7).created().await.with_machines(&[1]).await;
    let started_ms = setup.clock.now_ms();
    let Err(Error::PartialInstances { slots }) = setup.environ.instances(&[id(5), id(1)]).await else {
        panic!("one of two is no whole answer");
    };
    assert_eq!(slots.iter().map(Option::is_some).collect::<Vec<_>>(), [false, true]);
    let waited_ms = setup.clock.now_ms() - started_ms;
    assert!((5_000..6_000).contains(&waited_ms), "{waited_ms}");
    assert!(matches!(
        setup.environ.instances(&[id(5)]).await,
        Err(Error::NoInstances)
    ));
}

#[tokio::test]
async fn a4_counts_addresses_by_machine_and_has_no_more_than_its_subnet() {
    let setup = of(Generation::A4).created().await;
    assert_eq!(report(setup.environ.start_instance(machine(9)).await), "ok");
    let nic = setup
        .shelf
        .document("/networkinterfaces/machine-9-primary")
        .expect("it was made");
    let address = nic.pointer("/properties/ipConfigurations/0/properties/privateIPAddress");
    assert_eq!(address, Some(&json!("192.168.0.13")));
    let said = report(setup.environ.start_instance(machine(4_091)).await);
    assert!(said.ends_with("no available IP addresses in 192.168.0.0/20"), "{said}");
}

#[tokio::test]
async fn only_the_newest_generation_runs_on_what_azure_offers_today() {
    for (generation, expected) in [(Generation::A1, false), (Generation::A4, false), (Generation::A7, true)] {
        let setup = of(generation);
        let mut config = setup.environ.config();
        config.generation = generation;
        let mut params = crate::setup::params(config, setup.shelf.clone(), setup.clock.clone());
        params.cloud.offering = provider::Offering::Today;
        let opened = provider::open(params).map(|_| ());
        assert_eq!(opened.is_ok(), expected, "{generation}");
        if let Err(error) = opened {
            assert!(error.to_string().contains("generation A7 is needed there"), "{error}");
        }
    }
}
