//! What a controller remembers of a model, as rows of a status.

use super::cross_model::{consumers, workload};
use super::provisioner::usual_series;
use super::state::{AgentState, Application, Controller, Endpoint, Machine, Model, Relation, Role, Unit, UnitName};
use super::status::{
    AppRow, ClassicMachine, ClassicService, ClassicStatus, ClassicUnit, MachineRow, ModelRow, OfferRow, RelationRow,
    SaasRow, Status, UnitRow,
};

/// The status of a model, in a region.
pub(super) fn status(controller: &Controller, model: &Model, region: &str) -> Status {
    Status {
        model: ModelRow {
            name: model.name.clone(),
            controller: controller.name.clone(),
            cloud: "azure".to_owned(),
            region: region.to_owned(),
            version: model.agent_version.to_string(),
            message: model.message.clone(),
            upgrade_available: (controller.version > model.agent_version).then(|| controller.version.to_string()),
            sla: "unsupported".to_owned(),
        },
        saas: model
            .remote_applications
            .iter()
            .filter(|(_, remote)| !remote.is_consumer_proxy)
            .map(|(name, remote)| SaasRow {
                name: name.clone(),
                status: remote.status.clone(),
                url: remote.url.clone(),
            })
            .collect(),
        applications: model
            .applications
            .iter()
            .map(|(name, application)| app_row(model, name, application))
            .collect(),
        units: model.units().map(|(name, unit)| unit_row(model, &name, unit)).collect(),
        meters: Vec::new(),
        machines: model
            .machines
            .iter()
            .map(|(number, machine)| machine_row(model, *number, machine))
            .collect(),
        offers: model.offers.keys().flat_map(|name| offer_rows(model, name)).collect(),
        relations: model
            .relations
            .values()
            .filter_map(|own| relation_row(model, own))
            .collect(),
    }
}

fn app_row(model: &Model, name: &str, application: &Application) -> AppRow {
    let charm = charm(&application.charm);
    let n_units = application.units.values().filter(|unit| unit.is_installed).count();
    let series = if application.series.is_empty() {
        usual_series(model)
    } else {
        &application.series
    };
    AppRow {
        name: name.to_owned(),
        version: application.version.clone(),
        status: match n_units {
            0 if !application.units.is_empty() => "waiting".to_owned(),
            _ => workload(model, name),
        },
        n_units: u32::try_from(n_units).unwrap_or(u32::MAX),
        n_units_wanted: u32::try_from(application.units.len()).unwrap_or(u32::MAX),
        charm: charm.name.to_owned(),
        store: charm.store.to_owned(),
        channel: "stable".to_owned(),
        revision: charm.revision,
        os: os_of(series).to_owned(),
        exposed: application.exposed,
        message: String::new(),
    }
}

/// The parts of a charm's address: `local:mysql-0`, `cs:trusty/mysql-57`.
struct Charm<'c> {
    name: &'c str,
    store: &'static str,
    revision: u32,
}

fn charm(url: &str) -> Charm<'_> {
    let (schema, rest) = url.split_once(':').unwrap_or(("cs", url));
    let rest = rest.rsplit('/').next().unwrap_or(rest);
    let (name, revision) = match rest.rsplit_once('-') {
        Some((name, revision)) => match revision.parse() {
            Ok(revision) => (name, revision),
            Err(_) => (rest, 0),
        },
        None => (rest, 0),
    };
    Charm {
        name,
        store: if schema == "local" { "local" } else { "jujucharms" },
        revision,
    }
}

fn os_of(series: &str) -> &'static str {
    match series {
        series if series.starts_with("win") => "windows",
        series if series.starts_with("centos") => "centos",
        _ => "ubuntu",
    }
}

fn unit_row(model: &Model, name: &UnitName, unit: &Unit) -> UnitRow {
    let machine = model.machines.get(&unit.machine);
    let peers = model.applications.get(&name.application).map(|own| &own.units);
    let or = |word: &str, usual: &str| {
        if word.is_empty() {
            usual.to_owned()
        } else {
            word.to_owned()
        }
    };
    UnitRow {
        name: name.to_string(),
        leader: peers.and_then(|units| units.keys().next()) == Some(&name.number),
        workload: or(&unit.workload, "waiting"),
        agent: or(&unit.agent, "allocating"),
        machine: unit.machine.to_string(),
        public_address: machine.map(public_name).unwrap_or_default(),
        ports: unit.opened.iter().map(ToString::to_string).collect(),
        hook: None,
        message: unit.message.clone(),
        subordinates: Vec::new(),
    }
}

/// What the world reaches a machine by: its public address, or the name of its cloud service.
fn public_name(machine: &Machine) -> String {
    match (&machine.dns_name, machine.public_address()) {
        (Some(name), _) => name.clone(),
        (None, Some(address)) => address.value.to_string(),
        (None, None) => String::new(),
    }
}

fn machine_row(model: &Model, number: u32, machine: &Machine) -> MachineRow {
    let status = &machine.instance_status;
    let message = match status.message.as_str() {
        "" => status.state.name(),
        message => message,
    };
    MachineRow {
        id: number.to_string(),
        state: machine.agent.name().to_owned(),
        dns: public_name(machine),
        instance: match &machine.instance_id {
            Some(id) => id.to_string(),
            None => "pending".to_owned(),
        },
        series: machine.series(usual_series(model)).as_str().to_owned(),
        zone: String::new(),
        message: message.to_owned(),
    }
}

fn offer_rows(model: &Model, name: &str) -> Vec<OfferRow> {
    let Some((offer, application)) = model
        .offers
        .get(name)
        .and_then(|offer| Some((offer, model.applications.get(&offer.application)?)))
    else {
        return Vec::new();
    };
    let charm = charm(&application.charm);
    let relations: Vec<&Relation> = consumers(model, offer).collect();
    let endpoints = application
        .endpoints
        .iter()
        .filter(|own| offer.endpoints.contains(&own.name));
    let n = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
    let row = |endpoint: &Endpoint| {
        let own: Vec<&&Relation> = relations
            .iter()
            .filter(|own| own.endpoints.contains(endpoint))
            .collect();
        OfferRow {
            name: name.to_owned(),
            application: offer.application.clone(),
            charm: charm.name.to_owned(),
            revision: charm.revision,
            n_connected: n(own.iter().filter(|own| !own.in_scope.is_empty()).count()),
            n_relations: n(own.len()),
            endpoint: endpoint.name.clone(),
            interface: endpoint.interface.clone(),
            role: match endpoint.role {
                Role::Provider => "provider",
                Role::Requirer => "requirer",
                Role::Peer => "peer",
            }
            .to_owned(),
        }
    };
    endpoints.map(row).collect()
}

/// Who consumes is not shown where it is consumed: its name there says nothing to anybody.
fn relation_row(model: &Model, relation: &Relation) -> Option<RelationRow> {
    let is_proxy = |endpoint: &Endpoint| {
        let remote = model.remote_applications.get(&endpoint.application);
        remote.is_some_and(|remote| remote.is_consumer_proxy)
    };
    if relation.endpoints.iter().any(is_proxy) {
        return None;
    }
    let first = relation.endpoints.first()?;
    let provider = relation
        .endpoints
        .iter()
        .find(|own| own.role == Role::Provider)
        .unwrap_or(first);
    let requirer = relation
        .endpoints
        .iter()
        .find(|own| own.role == Role::Requirer)
        .unwrap_or(first);
    let shown = |endpoint: &Endpoint| format!("{}:{}", endpoint.application, endpoint.name);
    Some(RelationRow {
        provider: shown(provider),
        requirer: shown(requirer),
        interface: first.interface.clone(),
        kind: if first.role == Role::Peer { "peer" } else { "regular" }.to_owned(),
    })
}

/// The status of a model as the classic era showed it.
pub(super) fn classic(model: &Model) -> ClassicStatus {
    let version = |machine: &Machine| machine.agent_version.map(|own| own.to_string()).unwrap_or_default();
    let machines = model.machines.iter().map(|(number, machine)| {
        let row = machine_row(model, *number, machine);
        let shown = ClassicMachine {
            agent_state: row.state,
            agent_version: version(machine),
            dns_name: row.dns,
            instance_id: row.instance,
            instance_state: row.message,
            series: row.series,
        };
        (number.to_string(), shown)
    });
    let unit = |name: &UnitName, unit: &Unit| {
        let machine = model.machines.get(&unit.machine);
        let agent = machine.map_or(AgentState::Pending, |machine| machine.agent);
        ClassicUnit {
            agent_state: match (unit.is_installed, agent) {
                (true, agent) => agent.name(),
                (false, _) => AgentState::Pending.name(),
            }
            .to_owned(),
            agent_version: machine.map(version).unwrap_or_default(),
            machine: unit.machine.to_string(),
            open_ports: unit.opened.iter().map(ToString::to_string).collect(),
            public_address: unit_row(model, name, unit).public_address,
        }
    };
    let services = model.applications.iter().map(|(app, application)| {
        let units = application.units.iter().map(|(number, own)| {
            let name = UnitName::new(app, *number);
            (name.to_string(), unit(&name, own))
        });
        let service = ClassicService {
            charm: application.charm.clone(),
            exposed: application.exposed,
            units: units.collect(),
        };
        (app.clone(), service)
    });
    ClassicStatus {
        machines: machines.collect(),
        services: services.collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn charms_are_taken_apart() {
        let parts = |url| {
            let charm = charm(url);
            (charm.store, charm.name, charm.revision)
        };
        assert_eq!(parts("local:mysql-0"), ("local", "mysql", 0));
        assert_eq!(parts("cs:trusty/mysql-k8s-57"), ("jujucharms", "mysql-k8s", 57));
        assert_eq!(parts("wordpress"), ("jujucharms", "wordpress", 0));
    }
}
