//! The firewaller: as much is let in to each machine as its units have opened and their applications let in (juju-provider 3.3).
//!
//! It remembers what it has opened, and compares that with what the cloud says only when it begins. It knows instance mode alone.

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use ipnet::{IpNet, Ipv4Net};
use provider::{Error, IngressRule, InstanceId, PortRange};

use super::state::{Life, Model};
use super::{Cx, Next, Trouble, Worker};

const WORLD: IpNet = IpNet::V4(Ipv4Net::new_assert(std::net::Ipv4Addr::UNSPECIFIED, 0));

/// Who may reach which ports of a machine: networks by range.
pub(super) type Rules = BTreeMap<PortRange, BTreeSet<IpNet>>;

/// The firewaller of a model.
#[derive(Debug, Default)]
pub(super) struct Firewaller {
    /// Whether what the cloud says was compared with what is wanted.
    is_reconciled: bool,
    /// What is open, as far as this one knows.
    open: BTreeMap<u32, Rules>,
}

/// A machine as the firewaller sees it.
#[derive(Clone, Debug)]
struct Row {
    id: Option<InstanceId>,
    life: Life,
    wanted: Rules,
}

#[async_trait]
impl Worker for Firewaller {
    async fn cycle(&mut self, cx: &Cx) -> Result<Next, Trouble> {
        let Some(rows) = cx.look(rows) else {
            return Ok(Next::Change);
        };
        self.open.retain(|number, _| rows.contains_key(number));
        if !self.is_reconciled && !rows.is_empty() {
            for (number, row) in &rows {
                if let (Some(id), true) = (&row.id, row.life != Life::Dead) {
                    self.reconcile(cx, *number, id, &row.wanted).await?;
                }
            }
            self.is_reconciled = true;
        }
        for (number, row) in &rows {
            self.flush(cx, *number, row).await?;
        }
        Ok(Next::Change)
    }
}

impl Firewaller {
    /// Brings what the cloud says of a machine to what is wanted. One that is not there keeps nobody from the others; in 2.2 it ends
    /// the whole comparison.
    async fn reconcile(&mut self, cx: &Cx, number: u32, id: &InstanceId, wanted: &Rules) -> Result<(), Trouble> {
        let found = match cx.environ.instances(std::slice::from_ref(id)).await {
            Ok(_) => cx.environ.ports(id).await,
            Err(error) => Err(error),
        };
        match found {
            Ok(found) => {
                change(cx, id, &of_rules(found), wanted).await?;
                self.open.insert(number, wanted.clone());
                Ok(())
            }
            Err(Error::NoInstances | Error::PartialInstances { .. }) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// Brings a machine to what is wanted, from what this one knows to be open. A dead one gets a last close.
    async fn flush(&mut self, cx: &Cx, number: u32, row: &Row) -> Result<(), Trouble> {
        let known = self.open.get(&number).cloned().unwrap_or_default();
        if known == row.wanted {
            return Ok(());
        }
        let Some(id) = &row.id else {
            return Err(Trouble::new("other", format!("machine {number} not provisioned")));
        };
        cx.environ.instances(std::slice::from_ref(id)).await?;
        change(cx, id, &known, &row.wanted).await?;
        self.open.insert(number, row.wanted.clone());
        Ok(())
    }
}

/// Opens first, then closes.
async fn change(cx: &Cx, id: &InstanceId, known: &Rules, wanted: &Rules) -> Result<(), Trouble> {
    let (open, close) = (beyond(wanted, known), beyond(known, wanted));
    if !open.is_empty() {
        cx.environ.open_ports(id, &open).await?;
    }
    if !close.is_empty() {
        cx.environ.close_ports(id, &close).await?;
    }
    Ok(())
}

/// Every machine, with what is wanted of it: nothing, of one that is dead.
fn rows(model: &Model) -> BTreeMap<u32, Row> {
    let row = |number: &u32, life: Life, id: &Option<InstanceId>| Row {
        id: id.clone(),
        life,
        wanted: match life {
            Life::Dead => Rules::new(),
            Life::Alive | Life::Dying => wanted(model, *number),
        },
    };
    let machines = model.machines.iter();
    machines
        .map(|(number, machine)| (*number, row(number, machine.life, &machine.instance_id)))
        .collect()
}

/// What is to be let in to a machine: every range that a unit on it has opened, from the world where its application is exposed,
/// else from where units of other models come; from nowhere is nothing.
pub(super) fn wanted(model: &Model, machine: u32) -> Rules {
    let mut rules = Rules::new();
    for (name, unit) in model.units().filter(|(_, unit)| unit.machine == machine) {
        let is_exposed = model
            .applications
            .get(&name.application)
            .is_some_and(|application| application.exposed);
        let sources = match is_exposed {
            true => BTreeSet::from([WORLD]),
            false => model.ingress_networks(&name.application),
        };
        for range in &unit.opened {
            if !sources.is_empty() {
                rules.entry(*range).or_default().extend(sources.iter().copied());
            }
        }
    }
    rules
}

/// What is in `these` and not in `those`.
fn beyond(these: &Rules, those: &Rules) -> Vec<IngressRule> {
    let none = BTreeSet::new();
    let mut rules = Vec::new();
    for (ports, sources) in these {
        let others = those.get(ports).unwrap_or(&none);
        let sources: BTreeSet<IpNet> = sources.difference(others).copied().collect();
        if sources.is_empty() {
            continue;
        }
        rules.push(match sources.iter().eq([&WORLD]) {
            true => IngressRule::from(*ports),
            false => IngressRule { ports: *ports, sources },
        });
    }
    rules
}

/// All of them, as the provider is asked for them.
pub(super) fn rules_of(rules: &Rules) -> Vec<IngressRule> {
    beyond(rules, &Rules::new())
}

/// What the provider says is open.
fn of_rules(found: Vec<IngressRule>) -> Rules {
    let mut rules = Rules::new();
    for rule in found {
        let sources = rules.entry(rule.ports).or_default();
        match rule.sources.is_empty() {
            true => {
                sources.insert(WORLD);
            }
            false => sources.extend(rule.sources),
        }
    }
    rules
}

/// Rules as people read them: `80/tcp`, `443/tcp from 10.0.0.5/32`.
pub(super) fn shown(rules: &Rules) -> Vec<String> {
    let text = |(ports, sources): (&PortRange, &BTreeSet<IpNet>)| match sources.iter().eq([&WORLD]) {
        true => ports.to_string(),
        false => {
            let sources: Vec<String> = sources.iter().map(ToString::to_string).collect();
            format!("{ports} from {}", sources.join(" "))
        }
    };
    rules.iter().map(text).collect()
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::super::state::{Application, Endpoint, Machine, Relation, Role, Unit};
    use super::*;
    use crate::driver::Options;
    use crate::subject::Subject;

    /// Two units of `web` on machines 0 and 1, and one of `db` on machine 0; all ports open, nothing let in.
    fn model() -> Model {
        let mut model = Model::new("m", Uuid::nil(), Subject::A4, Options::default());
        for app in [("web", vec![0, 1], "80/tcp"), ("db", vec![0], "3306/tcp")] {
            let (name, machines, range) = app;
            let units = machines.into_iter().map(|machine| {
                let unit = Unit {
                    machine,
                    opened: BTreeSet::from([range.parse().expect("a range")]),
                    ..Unit::default()
                };
                (machine, unit)
            });
            let application = Application {
                units: units.collect(),
                ..Application::default()
            };
            model.applications.insert(name.to_owned(), application);
        }
        for number in 0..2 {
            model.add_machine(Machine {
                instance_id: Some(InstanceId::new(format!("machine-{number}"))),
                ..Machine::default()
            });
        }
        model
    }

    fn show(model: &Model) -> Vec<String> {
        let rows = rows(model).into_iter();
        rows.map(|(number, row)| format!("{number}: {}", shown(&row.wanted).join(", ")))
            .collect()
    }

    fn with(model: &mut Model, app: &str, act: impl FnOnce(&mut Application)) {
        if let Some(application) = model.applications.get_mut(app) {
            act(application);
        }
    }

    #[test]
    fn ports_are_let_in_to_from_where_their_application_is_reached() {
        let mut model = model();
        assert_eq!(show(&model), ["0: ", "1: "]);
        with(&mut model, "web", |web| web.exposed = true);
        assert_eq!(show(&model), ["0: 80/tcp", "1: 80/tcp"]);
        let relation = Relation {
            life: Life::Alive,
            endpoints: vec![Endpoint {
                application: "db".to_owned(),
                name: "db".to_owned(),
                interface: "mysql".to_owned(),
                role: Role::Provider,
            }],
            token: None,
            in_scope: BTreeSet::new(),
            ingress: BTreeSet::from(["10.0.0.5/32".parse().expect("a network")]),
        };
        model.relations.insert(0, relation);
        assert_eq!(show(&model), ["0: 80/tcp, 3306/tcp from 10.0.0.5/32", "1: 80/tcp"]);
        with(&mut model, "db", |db| db.exposed = true);
        assert_eq!(show(&model), ["0: 80/tcp, 3306/tcp", "1: 80/tcp"]);
        if let Some(machine) = model.machines.get_mut(&0) {
            machine.life = Life::Dead;
        }
        assert_eq!(show(&model), ["0: ", "1: 80/tcp"]);
    }

    #[test]
    fn what_differs_is_opened_and_closed_by_source() {
        let rules = |texts: &[(&str, &[&str])]| -> Rules {
            let row = |(ports, sources): &(&str, &[&str])| {
                let sources = sources.iter().map(|source| source.parse().expect("a network"));
                (ports.parse().expect("a range"), sources.collect())
            };
            texts.iter().map(row).collect()
        };
        let known = rules(&[("80/tcp", &["0.0.0.0/0"]), ("443/tcp", &["10.0.0.5/32", "10.0.0.6/32"])]);
        let wanted = rules(&[("80/tcp", &["10.0.0.5/32"]), ("443/tcp", &["10.0.0.5/32"])]);
        let show = |rules: Vec<IngressRule>| shown(&of_rules(rules));
        assert_eq!(show(beyond(&wanted, &known)), ["80/tcp from 10.0.0.5/32"]);
        assert_eq!(show(beyond(&known, &wanted)), ["80/tcp", "443/tcp from 10.0.0.6/32"]);
        assert_eq!(beyond(&known, &known), []);
    }
}
