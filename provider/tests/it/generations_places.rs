//! Where machines of the newest generation are: groups and networks of the user's own, subnets, public addresses.

use expect_test::expect;
use provider::{Generation, LoadBalancerSku, PublicAddresses};
use serde_json::json;

use crate::generations::{a7_with, check, id, of, statuses};
use crate::setup::{CONTROLLER, SUBSCRIPTION, Setup, controller, machine, ports, report, unit};

fn own_group(setup: &Setup, location: &str) {
    let path = format!("/subscriptions/{SUBSCRIPTION}/resourcegroups/mine");
    setup
        .shelf
        .put_document(&path, json!({"name": "mine", "location": location}));
}

fn foreign_vm(setup: &Setup, name: &str) {
    let path =
        format!("/subscriptions/{SUBSCRIPTION}/resourceGroups/mine/providers/Microsoft.Compute/virtualMachines/{name}");
    let document = json!({"id": path, "name": name, "type": "Microsoft.Compute/virtualMachines", "location": "westus",
        "tags": {"juju-model-uuid": "another", "juju-machine-name": name}, "properties": {"provisioningState": "Succeeded"}});
    setup.shelf.put_document(&path, document);
}

#[tokio::test]
async fn a_group_of_the_user_s_own_is_emptied_of_what_is_ours_alone() {
    let setup = a7_with(|config| config.resource_group_name = Some("mine".to_owned()));
    own_group(&setup, "West US");
    foreign_vm(&setup, "machine-9");
    let before = setup.shelf.left();
    assert_eq!(report(setup.environ.create().await), "ok");
    assert_eq!(report(setup.environ.start_instance(unit(1, "mysql/0")).await), "ok");
    assert_eq!(statuses(&setup).await, "machine-1 Running \"\"");
    let said = report(setup.environ.start_instance(machine(9)).await);
    assert!(
        said.contains("a virtual machine `machine-9` that is not of this environment"),
        "{said}"
    );
    assert_eq!(report(setup.environ.stop_instances(&[id(9)]).await), "ok");
    setup.shelf.forget_journal();
    assert_eq!(report(setup.environ.destroy().await), "ok");
    check(
        &setup,
        expect![[r#"
        POST deployments/common/cancel -> 409
        GET deployments/ -> 200
        GET networkInterfaces -> 200
        GET virtualMachines -> 200
        GET virtualMachines -> 200
        GET publicIPAddresses -> 200
        POST deployments/machine-1/cancel -> 409
        GET networkInterfaces -> 200
        GET publicIPAddresses -> 200
        GET virtualMachines/machine-1 -> 200
        DELETE virtualMachines/machine-1 -> 202
        DELETE disks/machine-1 -> 202
        GET virtualNetworks/juju-internal-network/subnets/juju-internal-subnet -> 200
        GET networkSecurityGroups/juju-internal-nsg -> 200
        DELETE networkInterfaces/machine-1-primary -> 202
        DELETE publicIPAddresses/machine-1-public-ip -> 202
        GET networkSecurityGroups/juju-internal-nsg -> 200
        DELETE deployments/machine-1 -> 202
        GET deployments/machine-1 -> 404
        GET providers -> 200
        GET resourcegroups/GROUP/resources -> 200
        DELETE availabilitySets/mysql -> 202
        DELETE networkSecurityGroups/juju-internal-nsg -> 202
        DELETE virtualNetworks/juju-internal-network -> 202
        GET resourcegroups/GROUP/resources -> 200
        GET resourcegroups/GROUP/resources -> 200
        DELETE deployments/common -> 202
        GET deployments/common -> 404"#]],
    );
    assert_eq!(setup.shelf.left(), before);
    assert_eq!(report(setup.environ.destroy_controller(CONTROLLER).await), "ok");
    assert_eq!(setup.shelf.left(), before);
}

#[tokio::test]
async fn a_group_elsewhere_or_missing_is_refused() {
    let setup = a7_with(|config| config.resource_group_name = Some("mine".to_owned()));
    assert!(setup.environ.create().await.is_err_and(|error| error.is_not_found()));
    own_group(&setup, "eastus");
    assert_eq!(
        report(setup.environ.create().await),
        "cannot use resource group in region \"eastus\" when operating in region \"westus\""
    );
}

fn own_network(setup: &Setup, subnets: &[&str]) {
    let network =
        format!("/subscriptions/{SUBSCRIPTION}/resourceGroups/nets/providers/Microsoft.Network/virtualNetworks/net");
    let group = format!("/subscriptions/{SUBSCRIPTION}/resourcegroups/nets");
    setup
        .shelf
        .put_document(&group, json!({"name": "nets", "location": "westus"}));
    let security_group = network.replace("virtualNetworks/net", "networkSecurityGroups/guard");
    setup.shelf.put_document(
        &security_group,
        json!({"id": security_group, "name": "guard", "properties": {}}),
    );
    for (nth, name) in subnets.iter().enumerate() {
        let path = format!("{network}/subnets/{name}");
        let properties =
            json!({"addressPrefixes": [format!("10.9.{nth}.0/24")], "networkSecurityGroup": {"id": security_group}});
        setup
            .shelf
            .put_document(&path, json!({"id": path, "name": name, "properties": properties}));
    }
}

#[tokio::test]
async fn a_network_of_the_user_s_own_is_used_and_its_guards_are_found() {
    let setup = a7_with(|config| config.network = Some("nets/net".to_owned()));
    own_network(&setup, &["front", "back"]);
    assert_eq!(report(setup.environ.bootstrap(controller(0)).await), "ok");
    assert_eq!(setup.shelf.document("/virtualnetworks/juju-internal-network"), None);
    setup.shelf.forget_journal();
    assert_eq!(report(setup.environ.open_ports(&id(0), &ports("80/tcp")).await), "ok");
    check(
        &setup,
        expect![[r#"
        GET virtualMachines/machine-0 -> 200
        GET networkInterfaces/machine-0-primary -> 200
        GET virtualNetworks/net/subnets/front -> 200
        GET networkSecurityGroups/guard -> 200
        PUT networkSecurityGroups/guard/securityRules/machine-0-tcp-80 -> 201
        GET networkSecurityGroups/guard/securityRules/machine-0-tcp-80 -> 200"#]],
    );
    assert!(
        setup
            .shelf
            .document("/networksecuritygroups/guard/securityrules/machine-0-tcp-80")
            .is_some()
    );
    assert_eq!(report(setup.environ.stop_instances(&[id(0)]).await), "ok");
    assert_eq!(setup.shelf.left_of_machines(), Vec::<String>::new());
}

fn subnet_of(setup: &Setup, interface: &str) -> Option<String> {
    let nic = setup.shelf.document(&format!("/networkinterfaces/{interface}"))?;
    let id = nic
        .pointer("/properties/ipConfigurations/0/properties/subnet/id")?
        .as_str()?;
    id.rsplit('/').next().map(str::to_owned)
}

#[tokio::test]
async fn placement_chooses_a_subnet_and_demands_give_more_interfaces() {
    let setup = a7_with(|config| config.network = Some("nets/net".to_owned()));
    own_network(&setup, &["front", "back", "deep"]);
    assert_eq!(report(setup.environ.create().await), "ok");
    let mut params = unit(1, "mysql/0");
    params.placement = Some("subnet=back".to_owned());
    assert_eq!(report(setup.environ.start_instance(params.clone()).await), "ok");
    assert_eq!(subnet_of(&setup, "machine-1-primary").as_deref(), Some("back"));

    let series = &params.series;
    let none = provider::Constraints::default();
    let said = report(
        setup
            .environ
            .precheck_instance(series, &none, Some("subnet=none"))
            .await,
    );
    assert_eq!(said, "subnet \"none\" not found");
    let said = report(setup.environ.precheck_instance(series, &none, Some("zone=1")).await);
    assert_eq!(said, "unknown placement directive: zone=1");

    let subnet = |name: &str| {
        let network = format!(
            "/subscriptions/{SUBSCRIPTION}/resourceGroups/nets/providers/Microsoft.Network/virtualNetworks/net"
        );
        format!("{network}/subnets/{name}")
    };
    let demand = |name: &str, zones: &[&str]| {
        let zones: Vec<String> = zones.iter().map(|zone| (*zone).to_owned()).collect();
        [(subnet(name), zones)].into()
    };
    let mut params = unit(2, "mysql/1");
    params.placement = Some("subnet=back".to_owned());
    params.subnets_to_zones = vec![demand("front", &["1"]), demand("back", &["1"]), demand("deep", &["1"])];
    assert_eq!(report(setup.environ.start_instance(params.clone()).await), "ok");
    let found: Vec<_> = ["machine-2-primary", "machine-2-interface-1", "machine-2-interface-2"]
        .map(|name| subnet_of(&setup, name))
        .into_iter()
        .flatten()
        .collect();
    assert_eq!(found, ["back", "front", "deep"]);
    assert_eq!(report(setup.environ.stop_instances(&[id(2)]).await), "ok");
    assert!(
        setup
            .shelf
            .left_of_machines()
            .iter()
            .all(|left| !left.contains("machine-2"))
    );

    params.zone = Some("3".to_owned());
    let said = report(setup.environ.start_instance(params).await);
    assert!(
        said.ends_with("availability zone \"3\" has no subnets satisfying space constraints"),
        "{said}"
    );
}

#[tokio::test]
async fn public_addresses_go_by_constraint_policy_and_sku() {
    let setup = of(Generation::A7).created().await;
    let mut params = unit(1, "mysql/0");
    params.constraints.allocate_public_ip = Some(false);
    assert_eq!(report(setup.environ.start_instance(params).await), "ok");
    assert_eq!(setup.shelf.document("/publicipaddresses/machine-1-public-ip"), None);

    let setup = a7_with(|config| {
        config.load_balancer_sku_name = LoadBalancerSku::Basic;
        config.public_addresses = PublicAddresses::Controllers;
    });
    let setup = setup.created().await;
    let mut params = controller(0);
    params.constraints.allocate_public_ip = Some(true);
    assert_eq!(report(setup.environ.start_instance(params).await), "ok");
    assert_eq!(report(setup.environ.start_instance(unit(1, "mysql/0")).await), "ok");
    let address = setup
        .shelf
        .document("/publicipaddresses/machine-0-public-ip")
        .expect("controllers have one");
    assert_eq!(
        (address.get("sku"), &address["properties"]["publicIPAllocationMethod"]),
        (None, &json!("Dynamic"))
    );
    assert_eq!(setup.shelf.document("/publicipaddresses/machine-1-public-ip"), None);
}
