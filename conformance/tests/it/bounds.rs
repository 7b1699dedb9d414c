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
    let (mut stage, machine) = stage_with_a_machine(Subject::A1)?;
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
