//! Convergence: the world is what a controller wants it to be, machine by machine and rule by rule (juju-provider 6.4 and 6.6).
//!
//! What is wanted comes from the controller's memory alone, what is there from the cloud alone: nothing is asked of the provider
//! that brought the one to the other.

use std::collections::{BTreeMap, BTreeSet};

use fake_azure_cloud::{Cloud, Kind, Resource};
use provider::{IngressRule, PortRange, Protocol};
use serde_json::Value;

use super::{Failure, Verdict};
use crate::controller::ModelGoal;
use crate::subject::Stack;

/// Priorities that are the firewaller's (juju-provider 1.10).
const OPENED: std::ops::RangeInclusive<i64> = 200..=4_096;
/// What is let in to every machine, whatever is opened.
const SSH: &str = "sshinbound";
/// Where machines of the classic stack are reached, and where controllers are, too.
const CLASSIC_SSH: u16 = 22;
const API: u16 = 17_070;

/// Judges every model of every controller.
pub(crate) fn converged(cloud: &Cloud, goals: &[ModelGoal]) -> Verdict {
    let mut verdict = Verdict::default();
    for goal in goals {
        let (there, mut failures) = match goal.stack {
            Stack::Classic => of_classic(cloud, goal),
            Stack::Arm | Stack::Naive => of_resource_manager(cloud, goal),
        };
        let wanted: BTreeMap<String, BTreeSet<String>> = goal
            .machines
            .iter()
            .map(|machine| {
                (
                    machine.id.clone().unwrap_or_default(),
                    lines(&machine.rules, goal.stack),
                )
            })
            .collect();
        let names = |rows: &BTreeMap<String, BTreeSet<String>>| rows.keys().cloned().collect::<Vec<_>>().join(", ");
        if names(&there) != names(&wanted) {
            let what = format!("other machines in model {} than it wants", goal.model);
            failures.push(Failure::new(what, names(&wanted), names(&there)));
        }
        for (id, wanted) in &wanted {
            let Some(open) = there.get(id) else {
                continue;
            };
            let show = |lines: &BTreeSet<String>| lines.iter().cloned().collect::<Vec<_>>().join(", ");
            if open != wanted {
                let what = format!("otherwise open than {id} of model {} wants", goal.model);
                failures.push(Failure::new(what, show(wanted), show(open)));
            }
        }
        verdict.n_judged += 1;
        verdict.failures.extend(failures);
    }
    verdict
}

/// What is let in, one line a range and a source: `tcp 80-80 from *`. The classic stack has one endpoint a port.
fn lines(rules: &[IngressRule], stack: Stack) -> BTreeSet<String> {
    let mut lines = BTreeSet::new();
    for rule in rules {
        if stack == Stack::Classic {
            let ports = rule.ports.from..=rule.ports.to;
            lines.extend(ports.map(|port| line(&PortRange::single(rule.ports.protocol, port), "*")));
            continue;
        }
        if rule.sources.is_empty() {
            lines.insert(line(&rule.ports, "*"));
        }
        for source in &rule.sources {
            lines.insert(line(&rule.ports, &source.to_string()));
        }
    }
    lines
}

pub(super) fn line(ports: &PortRange, source: &str) -> String {
    format!("{} {}-{} from {source}", ports.protocol, ports.from, ports.to)
}

pub(super) type There = (BTreeMap<String, BTreeSet<String>>, Vec<Failure>);

/// Virtual machines of the model's group by name, each with the rules that name it.
pub(super) fn of_resource_manager(cloud: &Cloud, goal: &ModelGoal) -> There {
    let of_type = |namespace: &str, type_path: &str| -> Vec<&Resource> {
        let kind = Kind::find(namespace, type_path);
        let is_own = |resource: &&Resource| {
            let group = cloud.store().get(resource.group);
            Some(resource.kind) == kind && group.is_some_and(|group| goal.owns_group(&group.name))
        };
        cloud.store().iter().map(AsRef::as_ref).filter(is_own).collect()
    };
    let mut there: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for machine in of_type("Microsoft.Compute", "virtualMachines") {
        there.insert(machine.name.to_string(), BTreeSet::new());
    }
    let mut failures = Vec::new();
    for group in of_type("Microsoft.Network", "networkSecurityGroups") {
        let rules: Vec<&Resource> = of_type("Microsoft.Network", "networkSecurityGroups/securityRules")
            .into_iter()
            .filter(|rule| rule.parent == group.key)
            .collect();
        let mut priorities = BTreeMap::new();
        for rule in &rules {
            let priority = number(rule, "priority");
            if let Some(other) = priorities.insert(priority, &rule.name) {
                let got = format!("{priority} of {other} and of {}", rule.name);
                failures.push(Failure::new("two rules of one priority", "each its own", got));
            }
            let opened = there.iter_mut().find(|(id, _)| is_of(rule, id));
            match opened {
                Some((_, lines)) if priority >= *OPENED.start() => {
                    lines.insert(shown(rule));
                    if !OPENED.contains(&priority) {
                        let expected = "200 to 4096";
                        failures.push(Failure::new("a priority out of bounds", expected, priority.to_string()));
                    }
                }
                None if priority >= *OPENED.start() => {
                    failures.push(Failure::new("a rule of no machine", "none", rule.name.to_string()));
                }
                Some(_) | None => {}
            }
        }
        let has = |part: &str| rules.iter().any(|rule| rule.name.to_lowercase().contains(part));
        if !has(SSH) {
            failures.push(Failure::new("the rule for SSH is lost", "SSHInbound", "none"));
        }
        if goal.machines.iter().any(|machine| machine.is_controller) && !has("api") {
            failures.push(Failure::new("the rule for the API is lost", "one", "none"));
        }
    }
    (there, failures)
}

/// `machine-1-tcp-80` is of `machine-1`.
fn is_of(rule: &Resource, id: &str) -> bool {
    rule.name.to_lowercase().starts_with(&format!("{id}-").to_lowercase())
}

fn property<'r>(rule: &'r Resource, name: &str) -> Option<&'r Value> {
    rule.echo.get("properties")?.get(name)
}

fn number(rule: &Resource, name: &str) -> i64 {
    property(rule, name).and_then(Value::as_i64).unwrap_or_default()
}

fn shown(rule: &Resource) -> String {
    let text = |name: &str| {
        property(rule, name)
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned()
    };
    let ports = text("destinationPortRange");
    let ports = match ports.contains('-') {
        true => ports,
        false => format!("{ports}-{ports}"),
    };
    let source = text("sourceAddressPrefix");
    format!("{} {ports} from {source}", text("protocol").to_lowercase())
}

/// Roles of the model's cloud services, each with its endpoints beyond those that every machine has.
fn of_classic(cloud: &Cloud, goal: &ModelGoal) -> There {
    let mut there: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut failures = Vec::new();
    for (_, deployment) in cloud.classic().deployments.iter() {
        let service = deployment.name.trim_end_matches("-v2");
        if !goal.owns_service(service) {
            continue;
        }
        for role in &deployment.roles {
            let id = format!("{service}-{}", role.name);
            let is_controller = goal
                .machines
                .iter()
                .any(|machine| machine.is_controller && machine.id.as_deref() == Some(&id));
            let standing = |port: u16| port == CLASSIC_SSH || (is_controller && port == API);
            let endpoints = &role.network.endpoints;
            for port in [CLASSIC_SSH, API] {
                if standing(port) && !endpoints.iter().any(|endpoint| endpoint.local_port == port) {
                    failures.push(Failure::new(
                        "a standing endpoint is lost",
                        port.to_string(),
                        id.clone(),
                    ));
                }
            }
            let opened = endpoints.iter().filter(|endpoint| !standing(endpoint.local_port));
            let shown = opened.map(|endpoint| {
                let protocol = if &*endpoint.protocol == "udp" {
                    Protocol::Udp
                } else {
                    Protocol::Tcp
                };
                line(&PortRange::single(protocol, endpoint.local_port), "*")
            });
            there.insert(id.clone(), shown.collect());
        }
    }
    (there, failures)
}
