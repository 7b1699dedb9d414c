//! Where something runs out: priorities, patience, quotas. Each ends with a clean error, and nothing else is broken.

use conformance::driver::DriverKind;
use conformance::stage::Stage;
use conformance::subject::Subject;
use provider::{Error, IngressRule, InstanceId, PortRange, Protocol, StartInstance};
use serde_json::json;

/// Priorities of the rules that open ports: 200 to 4096 (juju-provider 6.8).
const N_PRIORITIES: u16 = 3_897;

fn stage_with_a_machine(subject: Subject) -> anyhow::Result<(Stage, InstanceId)> {
    let mut stage = Stage::open(DriverKind::Wire, subject, 11)?;
    let environ = stage.environ("bounds")?;
    stage.ask(environ.create())?;
    let params = StartInstance::new(0, stage.controller(), stage.series());
    let machine = stage.ask(environ.start_instance(params))?.instance.id;
    stage.advance(3_600_000);
    Ok((stage, machine))
}

fn rules(ports: std::ops::Range<u16>) -> Vec<IngressRule> {
    ports
        .map(|port| IngressRule::from(PortRange::single(Protocol::Tcp, port)))
        .collect()
}

#[test]
fn priorities_run_out_with_a_clean_error() -> anyhow::Result<()> {
    for subject in [Subject::A1, Subject::A4, Subject::A7] {
        priorities_run_out(subject).map_err(|error| anyhow::anyhow!("{subject}: {error:#}"))?;
    }
    Ok(())
}

fn priorities_run_out(subject: Subject) -> anyhow::Result<()> {
    let (mut stage, machine) = stage_with_a_machine(subject)?;
    stage.change(|cloud| {
        let row = "SecurityRulesPerNetworkSecurityGroup";
        cloud.ledger_mut().set_override(row, Some(10_000));
    });
    let environ = stage.environ("bounds")?;
    // Opened by hand, as fast as a cloud can: what is asked here is what the provider says when none is left.
    let group = stage.environ("bounds")?.config().resource_group();
    let full: Vec<serde_json::Value> = (200..4_096)
        .map(|priority| {
            json!({"name": format!("other-{priority}"), "properties": {
                "protocol": "Tcp", "sourcePortRange": "*", "destinationPortRange": "9", "sourceAddressPrefix": "*",
                "destinationAddressPrefix": "*", "access": "Allow", "priority": priority, "direction": "Inbound",
            }})
        })
        .collect();
    assert_eq!(full.len() + 1, usize::from(N_PRIORITIES));
    stage.put(
        &format!("resourceGroups/{group}/providers/Microsoft.Network/networkSecurityGroups/juju-internal-nsg"),
        "2016-09-01",
        &json!({"location": "westus", "properties": {"securityRules": full}}),
    )?;
    stage.advance(3_600_000);

    stage.ask(environ.open_ports(&machine, &rules(80..81)))?;
    let error = stage.run(environ.open_ports(&machine, &rules(443..444)));
    assert!(
        matches!(&error, Ok(Err(Error::Exhausted(text))) if text.contains("[200, 4096]")),
        "{error:?}"
    );
    assert_eq!(stage.ask(environ.ports(&machine))?, rules(80..81));
    stage.ask(environ.close_ports(&machine, &rules(80..81)))?;
    stage.ask(environ.open_ports(&machine, &rules(443..444)))?;
    stage.ask(environ.destroy())?;
    Ok(())
}

/// Property 8 of the classic stack: a cloud service has so many endpoints and no more (juju-provider 2.6, Ports).
#[test]
fn endpoints_run_out_with_a_clean_error() -> anyhow::Result<()> {
    let mut stage = Stage::open(DriverKind::Wire, Subject::CLASSIC, 11)?;
    stage.provide()?;
    let environ = stage.environ("bounds")?;
    let mut params = StartInstance::new(0, stage.controller(), stage.series());
    params.controller = true;
    stage.ask(environ.bootstrap(params))?;
    let mut params = StartInstance::new(1, stage.controller(), stage.series());
    params.units = vec!["mysql/0".to_owned()];
    let machine = stage.ask(environ.start_instance(params))?.instance.id;
    stage.ask(environ.open_ports(&machine, &rules(80..81)))?;

    let error = stage.run(environ.open_ports(&machine, &rules(1_000..1_200)));
    assert!(matches!(&error, Ok(Err(_))), "{error:?}");
    // What was open is open still, and there is room for what there is room for.
    assert_eq!(stage.ask(environ.ports(&machine))?, rules(80..81));
    stage.ask(environ.open_ports(&machine, &rules(1_000..1_100)))?;
    stage.ask(environ.close_ports(&machine, &rules(1_000..1_100)))?;
    assert_eq!(stage.ask(environ.ports(&machine))?, rules(80..81));
    stage.ask(environ.destroy())?;
    Ok(())
}

/// Property 13: what is in a group of the user's own goes within ten passes, whatever hangs on what, and in whatever order it is listed.
#[test]
fn a_group_of_the_users_own_is_emptied_in_ten_passes_whatever_hangs_on_what() -> anyhow::Result<()> {
    // A chain: an interface on a subnet and a balancer, the balancer on an address, the subnet on a table.
    for names in [
        ["a1", "b1", "c1", "d1", "e1"],
        ["e1", "d1", "c1", "b1", "a1"],
        ["c1", "a1", "e1", "b1", "d1"],
    ] {
        let mut stage = Stage::open(DriverKind::Wire, Subject::A7, 11)?;
        stage.put("resourceGroups/mine", "2016-09-01", &json!({"location": "westus"}))?;
        let mut config = serde_json::Map::new();
        config.insert("resource-group-name".to_owned(), json!("mine"));
        let environ = stage.environ_with("bounds", &config)?;
        stage.ask(environ.create())?;
        for machine in 0..2 {
            let mut params = StartInstance::new(machine, stage.controller(), stage.series());
            params.units = vec![format!("mysql/{machine}")];
            let machine = stage.ask(environ.start_instance(params))?.instance.id;
            stage.ask(environ.open_ports(&machine, &rules(80..82)))?;
        }
        let [table, network, address, interface, balancer] = names;
        let tags = json!({"juju-model-uuid": environ.config().uuid.to_string()});
        let id = |kind: &str, name: &str| format!("resourceGroups/mine/providers/Microsoft.Network/{kind}/{name}");
        let site = conformance::driver::SUBSCRIPTION;
        let whole = |kind: &str, name: &str| format!("/subscriptions/{site}/{}", id(kind, name));
        let put = |kind: &str, name: &str, properties: serde_json::Value| {
            let document = json!({"location": "westus", "tags": tags, "properties": properties});
            stage.put(&id(kind, name), "2016-09-01", &document)
        };
        put("routeTables", table, json!({}))?;
        put(
            "virtualNetworks",
            network,
            json!({"addressSpace": {"addressPrefixes": ["10.9.0.0/16"]}, "subnets": [{"name": "s", "properties": {
                "addressPrefix": "10.9.0.0/24", "routeTable": {"id": whole("routeTables", table)}}}]}),
        )?;
        put(
            "publicIPAddresses",
            address,
            json!({"publicIPAllocationMethod": "Dynamic"}),
        )?;
        put(
            "loadBalancers",
            balancer,
            json!({"frontendIPConfigurations": [{"name": "f", "properties": {
                "publicIPAddress": {"id": whole("publicIPAddresses", address)}}}],
                "backendAddressPools": [{"name": "p"}]}),
        )?;
        put(
            "networkInterfaces",
            interface,
            json!({"ipConfigurations": [{"name": "i", "properties": {
                "subnet": {"id": format!("{}/subnets/s", whole("virtualNetworks", network))},
                "loadBalancerBackendAddressPools": [
                    {"id": format!("{}/backendAddressPools/p", whole("loadBalancers", balancer))}]}}]}),
        )?;

        let n_before = stage.journal().len();
        stage.ask(environ.destroy())?;
        let journal = stage.journal().split_off(n_before);
        let n_looks = journal
            .iter()
            .filter(|line| line.contains("\"GET\"") && line.contains("/resources?") && line.contains("tagName"))
            .count();
        assert!((2..=10).contains(&n_looks), "{names:?}: {n_looks} passes");
        let left = stage.look(|cloud| {
            let rows = cloud.store().iter().map(|own| own.name.to_string());
            rows.collect::<Vec<_>>()
        });
        assert_eq!(left, ["mine"], "{names:?}");
    }
    Ok(())
}

/// Property 15: where a third of all requests is throttled, everything ends well, in time, and without a storm of requests.
#[test]
fn throttled_a_third_of_the_time_everything_ends_in_time_and_without_a_storm() -> anyhow::Result<()> {
    for subject in Subject::ALL {
        let told = |rule: Option<serde_json::Value>| -> anyhow::Result<(u64, i64)> {
            let mut stage = Stage::open(DriverKind::Wire, *subject, 11)?;
            stage.provide()?;
            if let Some(rule) = rule {
                stage.fault(&rule)?;
            }
            let environ = stage.environ("bounds")?;
            let began = (stage.n_requests(), stage.now_ms());
            let mut params = StartInstance::new(0, stage.controller(), stage.series());
            let machine = if subject.stack == conformance::subject::Stack::Classic {
                params.controller = true;
                stage.ask(environ.bootstrap(params))?.instance.id
            } else {
                stage.ask(environ.create())?;
                stage.ask(environ.start_instance(params))?.instance.id
            };
            stage.advance(1_800_000);
            stage.ask(environ.open_ports(&machine, &rules(80..82)))?;
            stage.ask(environ.stop_instances(&[machine]))?;
            stage.ask(environ.destroy())?;
            Ok((stage.n_requests() - began.0, stage.now_ms() - began.1))
        };
        let (n_calm, calm_ms) = told(None)?;
        let rule = json!({"match": {"probability": 0.3}, "verdict": {"throttle": {"retry_after_secs": 5}}});
        let (n_requests, took_ms) =
            told(Some(rule)).map_err(|error| anyhow::anyhow!("{subject}, throttled: {error:#}"))?;
        assert!(
            n_requests > n_calm,
            "{subject}: {n_requests} requests, {n_calm} when calm"
        );
        assert!(
            n_requests <= 3 * n_calm,
            "{subject}: {n_requests} requests, {n_calm} when calm"
        );
        assert!(
            took_ms <= calm_ms + 3_600_000,
            "{subject}: {took_ms} ms, {calm_ms} when calm"
        );
    }
    Ok(())
}

#[test]
fn throttled_for_ever_every_call_ends_and_few_requests_are_made() -> anyhow::Result<()> {
    for subject in [Subject::A1, Subject::A4, Subject::A7] {
        let (mut stage, machine) = stage_with_a_machine(subject)?;
        stage.fault(&json!({"verdict": {"throttle": {"retry_after_secs": 20}}}))?;
        let environ = stage.environ("bounds")?;
        let (before, began) = (stage.n_requests(), stage.now_ms());
        let params = StartInstance::new(1, stage.controller(), stage.series());
        let ends = [
            stage.run(environ.all_instances()).map(|ended| ended.err()),
            stage.run(environ.open_ports(&machine, &rules(80..81))).map(Result::err),
            stage.run(environ.start_instance(params)).map(|ended| ended.err()),
            stage
                .run(environ.stop_instances(std::slice::from_ref(&machine)))
                .map(Result::err),
        ];
        for end in ends {
            let error = end.map_err(|stopped| anyhow::anyhow!("{subject}: {stopped:?}"))?;
            assert!(error.as_ref().is_some_and(Error::is_throttled), "{subject}: {error:?}");
        }
        let (n_requests, took_ms) = (stage.n_requests() - before, stage.now_ms() - began);
        assert!(n_requests <= 100, "{subject}: {n_requests} requests");
        assert!(took_ms <= 3_600_000, "{subject}: {took_ms} ms");

        stage.clear()?;
        stage.ask(environ.stop_instances(&[machine]))?;
        assert!(stage.ask(environ.all_instances())?.is_empty());
    }
    Ok(())
}

#[test]
fn machines_of_one_application_started_at_once_share_one_set() -> anyhow::Result<()> {
    for subject in [Subject::A1, Subject::A4, Subject::A7] {
        let mut stage = Stage::open(DriverKind::Wire, subject, 11)?;
        let environ = stage.environ("bounds")?;
        stage.ask(environ.create())?;
        stage.advance(3_600_000);
        let mut work = Vec::new();
        for machine in 0..6 {
            let mut params = StartInstance::new(machine, stage.controller(), stage.series());
            params.units = vec![format!("mysql/{machine}")];
            let environ = std::sync::Arc::clone(&environ);
            let start: std::pin::Pin<Box<dyn Future<Output = Result<(), Error>> + Send>> =
                Box::pin(async move { environ.start_instance(params).await.map(|_| ()) });
            work.push(start);
        }
        for ended in stage.run_all(work).map_err(|stopped| anyhow::anyhow!("{stopped:?}"))? {
            ended.map_err(|error| anyhow::anyhow!("{subject}: {}", error.report()))?;
        }
        stage.advance(3_600_000);
        let there = stage.look(|cloud| {
            let count = |wanted: &str| {
                let rows = cloud.store().iter();
                rows.filter(|resource| resource.kind.descriptor().name == wanted)
                    .count()
            };
            (
                count("Microsoft.Compute/virtualMachines"),
                count("Microsoft.Compute/availabilitySets"),
            )
        });
        assert_eq!(there, (6, 1), "{subject}");
    }
    Ok(())
}

/// The row of the quota of a family of sizes that is in use.
fn family_in_use(stage: &Stage) -> Option<String> {
    stage.look(|cloud| {
        let mut rows = cloud.ledger().counters();
        rows.find(|(_, _, row, _)| row.ends_with("Family"))
            .map(|(_, _, row, _)| row.to_owned())
    })
}

#[test]
fn a_machine_starts_in_the_cheapest_family_that_has_a_quota() -> anyhow::Result<()> {
    let mut stage = Stage::open(DriverKind::Wire, Subject::A7, 11)?;
    let environ = stage.environ("bounds")?;
    stage.ask(environ.create())?;
    let mut without: Vec<String> = Vec::new();
    // Two families without a quota, and the third has one. Juju counts as families what Azure counts together, so more are not
    // walked past within its fifteen tries.
    for machine in 0..3 {
        let params = StartInstance::new(machine, stage.controller(), stage.series());
        let id = stage.ask(environ.start_instance(params))?.instance.id;
        stage.advance(3_600_000);
        let family = family_in_use(&stage).ok_or_else(|| anyhow::anyhow!("no family is counted"))?;
        assert!(!without.contains(&family), "{family} has no quota: {without:?}");
        stage.change(|cloud| cloud.ledger_mut().set_override(&family, Some(0)));
        without.push(family);
        stage.ask(environ.stop_instances(&[id]))?;
        stage.advance(3_600_000);
        let left = stage.ask(environ.all_instances())?;
        assert!(left.is_empty(), "{left:?}");
    }
    Ok(())
}
