//! What both sides of a relation between models do about it, one change after the other, read off what is remembered.

use std::collections::BTreeSet;

use async_trait::async_trait;
use ipnet::IpNet;
use uuid::Uuid;

use super::super::state::{Controller, Endpoint, Life, Migration, Model, Relation, RemoteApplication, Role, UnitName};
use super::super::{Cx, Next, Trouble, Worker};
use super::{OfferUrl, UNKNOWN};
use crate::driver::uuid_of;

/// What is said of one that is gone.
const TERMINATED: &str = "terminated";

/// The worker that tells the models of a controller what they have to know of each other. It remembers nothing.
pub(in super::super) struct RemoteRelations;

#[async_trait]
impl Worker for RemoteRelations {
    async fn cycle(&mut self, cx: &Cx) -> Result<Next, Trouble> {
        cx.state.change(flush);
        Ok(Next::Change)
    }
}

/// One thing that a side of a relation does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Change {
    /// Units of this side take part from now on, or do so no more.
    Scope {
        model: String,
        relation: u32,
        units: BTreeSet<UnitName>,
    },
    /// What both sides will know a relation by.
    Token {
        model: String,
        relation: u32,
        token: String,
    },
    /// The offering side hears of a consumer.
    Register {
        model: String,
        proxy: String,
        remote: RemoteApplication,
        relation: Relation,
    },
    /// From where this side is called.
    Ingress {
        model: String,
        relation: u32,
        networks: BTreeSet<IpNet>,
    },
    /// How what is consumed does.
    Status {
        model: String,
        remote: String,
        status: String,
    },
    /// A relation is to go, since its other side goes or is gone.
    Die { model: String, relation: u32 },
    /// A relation that nobody takes part in any more is gone.
    Remove { model: String, relation: u32 },
    /// What stood for a consumer, or was consumed, is gone.
    RemoveRemote { model: String, remote: String },
}

/// Does everything that can be done now; gives back whether anything changed.
pub(super) fn flush(controller: &mut Controller) -> bool {
    let mut changed = false;
    while let Some(change) = next(controller) {
        apply(controller, &change);
        changed = true;
    }
    changed
}

/// What is to be done next, if anything is. A model on its way between controllers is left alone.
pub(super) fn next(controller: &Controller) -> Option<Change> {
    let at_rest = |model: &&Model| model.migration == Migration::None;
    for model in controller.models.values().filter(at_rest) {
        for (number, relation) in &model.relations {
            let side = Side {
                controller,
                model,
                number: *number,
                relation,
            };
            if let Some(change) = side.next() {
                return Some(change);
            }
        }
        for (name, remote) in &model.remote_applications {
            if let Some(change) = next_of_remote(controller, model, name, remote) {
                return Some(change);
            }
        }
    }
    None
}

/// One side of a relation, or the whole of one inside a model.
struct Side<'c> {
    controller: &'c Controller,
    model: &'c Model,
    number: u32,
    relation: &'c Relation,
}

impl<'c> Side<'c> {
    fn next(&self) -> Option<Change> {
        let (model, relation) = (self.model.name.clone(), self.number);
        if self.relation.life == Life::Alive && self.must_die() {
            return Some(Change::Die { model, relation });
        }
        let units = self.members();
        if units != self.relation.in_scope {
            return Some(Change::Scope { model, relation, units });
        }
        if let Some(remote) = self.remote() {
            if self.relation.life == Life::Alive && !remote.is_consumer_proxy {
                let Some(token) = &self.relation.token else {
                    let topic = format!("{}/{}", self.model.uuid, self.number);
                    let token = uuid_of("relation token", &topic).to_string();
                    return Some(Change::Token { model, relation, token });
                };
                if self.other().is_none()
                    && let Some(change) = self.register(remote, token)
                {
                    return Some(change);
                }
            }
            let networks = self.ingress();
            if networks != self.relation.ingress {
                return Some(Change::Ingress {
                    model,
                    relation,
                    networks,
                });
            }
        }
        let other_is_alive = self.other().is_some_and(|other| other.relation.life == Life::Alive);
        match self.relation.life != Life::Alive && !other_is_alive {
            true => Some(Change::Remove { model, relation }),
            false => None,
        }
    }

    /// The application of the other model, as it is known here.
    fn remote(&self) -> Option<&'c RemoteApplication> {
        let mut endpoints = self.relation.endpoints.iter();
        endpoints.find_map(|endpoint| self.model.remote_applications.get(&endpoint.application))
    }

    /// Endpoints of this model's own applications.
    fn own_endpoints(&self) -> impl Iterator<Item = &'c Endpoint> {
        let remotes = &self.model.remote_applications;
        let is_own = |endpoint: &&Endpoint| !remotes.contains_key(&endpoint.application);
        self.relation.endpoints.iter().filter(is_own)
    }

    /// The same relation as the other model knows it.
    fn other(&self) -> Option<Side<'c>> {
        let remote = self.remote()?;
        let model = self.controller.model_of(remote.source_model)?;
        let token = self.relation.token.as_ref()?;
        let mut relations = model.relations.iter();
        let (number, relation) = relations.find(|(_, relation)| relation.token.as_ref() == Some(token))?;
        Some(Side {
            controller: self.controller,
            model,
            number: *number,
            relation,
        })
    }

    /// One of its applications is gone or going, or what it consumes is no longer offered, or the other side goes.
    fn must_die(&self) -> bool {
        let is_gone = |endpoint: &Endpoint| !self.model.applications.contains_key(&endpoint.application);
        if self.model.life != Life::Alive || self.own_endpoints().any(is_gone) {
            return true;
        }
        let Some(remote) = self.remote() else {
            return false;
        };
        match self.other() {
            Some(other) => other.relation.life != Life::Alive,
            // The offering side waits for the consumer; the consumer comes back only to what is still offered.
            None => {
                remote.is_consumer_proxy || remote.life != Life::Alive || offered(self.controller, remote).is_none()
            }
        }
    }

    /// Units that run, as long as the relation does.
    fn members(&self) -> BTreeSet<UnitName> {
        if self.relation.life != Life::Alive {
            return BTreeSet::new();
        }
        let applications: BTreeSet<&str> = self.own_endpoints().map(|own| own.application.as_str()).collect();
        self.model
            .units()
            .filter(|(name, unit)| {
                let runs = unit.life == Life::Alive && unit.is_installed;
                runs && applications.contains(name.application.as_str())
            })
            .map(|(name, _)| name)
            .collect()
    }

    /// From where units of the other side call. Only who is called is told (juju-provider 3.5).
    fn ingress(&self) -> BTreeSet<IpNet> {
        let is_called = self.own_endpoints().any(|own| own.role == Role::Provider);
        let Some(other) = self.other().filter(|_| is_called && self.relation.life == Life::Alive) else {
            return BTreeSet::new();
        };
        if other.relation.life != Life::Alive {
            return BTreeSet::new();
        }
        let machines = other.relation.in_scope.iter().filter_map(|name| other.model.unit(name));
        machines
            .filter_map(|unit| other.model.machines.get(&unit.machine)?.public_address())
            .map(|address| IpNet::from(address.value))
            .collect()
    }

    /// The offering side learns who consumes, by a name that says nothing of it.
    fn register(&self, remote: &RemoteApplication, token: &str) -> Option<Change> {
        let (offering, application) = offered(self.controller, remote)?;
        if offering.migration != Migration::None {
            return None;
        }
        let own = self.own_endpoints().next()?;
        let their = self.relation.endpoints.iter().find(|endpoint| *endpoint != own)?;
        let app_token = application_token(self.model.uuid, &own.application);
        let proxy = proxy_name(app_token);
        let endpoint = Endpoint {
            application: proxy.clone(),
            ..own.clone()
        };
        let remote = RemoteApplication {
            life: Life::Alive,
            url: String::new(),
            source_model: self.model.uuid,
            endpoints: vec![endpoint.clone()],
            token: Some(app_token.to_string()),
            is_consumer_proxy: true,
            status: String::new(),
        };
        let offered = Endpoint {
            application: application.to_owned(),
            ..their.clone()
        };
        let relation = Relation {
            life: Life::Alive,
            endpoints: vec![offered, endpoint],
            token: Some(token.to_owned()),
            in_scope: BTreeSet::new(),
            ingress: BTreeSet::new(),
        };
        Some(Change::Register {
            model: offering.name.clone(),
            proxy,
            remote,
            relation,
        })
    }
}

/// What a consumed application is at its own side: the model and the application's name there, as long as it is offered.
fn offered<'c>(controller: &'c Controller, remote: &RemoteApplication) -> Option<(&'c Model, &'c str)> {
    let url = OfferUrl::parse(&remote.url).ok()?;
    let model = controller.model_of(remote.source_model)?;
    let offer = model.offers.get(&url.offer)?;
    let application = model.applications.get(&offer.application)?;
    let lives = model.life == Life::Alive && application.life == Life::Alive;
    lives.then_some((model, offer.application.as_str()))
}

/// What an application is known by in other models: the same whenever it is asked for.
fn application_token(model: Uuid, application: &str) -> Uuid {
    uuid_of("application token", &format!("{model}/{application}"))
}

/// What a consumer is called where it consumes: `remote-05bd1dca1bf54e7889b485a7b29c4dcd`.
fn proxy_name(token: Uuid) -> String {
    format!("remote-{}", token.simple())
}

fn next_of_remote(controller: &Controller, model: &Model, name: &str, remote: &RemoteApplication) -> Option<Change> {
    let relations = || {
        let of_it = |relation: &&Relation| relation.endpoints.iter().any(|own| own.application == name);
        model.relations.values().filter(of_it)
    };
    if relations().next().is_none() && (remote.is_consumer_proxy || remote.life != Life::Alive) {
        return Some(Change::RemoveRemote {
            model: model.name.clone(),
            remote: name.to_owned(),
        });
    }
    if remote.is_consumer_proxy {
        return None;
    }

    let is_registered = relations().any(|relation| relation.token.is_some());
    let status = match offered(controller, remote) {
        None => TERMINATED.to_owned(),
        Some((offering, application)) if is_registered => workload(offering, application),
        Some(_) => UNKNOWN.to_owned(),
    };
    (status != remote.status).then(|| Change::Status {
        model: model.name.clone(),
        remote: name.to_owned(),
        status,
    })
}

/// What an application's units say, the one that needs somebody most first.
pub(in super::super) fn workload(model: &Model, application: &str) -> String {
    const BY_NEED: [&str; 7] = [
        "error",
        "blocked",
        "waiting",
        "maintenance",
        "active",
        "terminated",
        "unknown",
    ];
    let units = model.applications.get(application).map(|own| &own.units);
    let said = units.into_iter().flatten().map(|(_, unit)| unit.workload.as_str());
    let rank = |word: &&str| BY_NEED.iter().position(|own| own == word).unwrap_or(BY_NEED.len());
    let worst = said.filter(|word| !word.is_empty()).min_by_key(rank);
    worst.unwrap_or(UNKNOWN).to_owned()
}

/// Remembers what a change says. Doing it twice is doing it once.
pub(super) fn apply(controller: &mut Controller, change: &Change) {
    let name = match change {
        Change::Scope { model, .. }
        | Change::Token { model, .. }
        | Change::Register { model, .. }
        | Change::Ingress { model, .. }
        | Change::Status { model, .. }
        | Change::Die { model, .. }
        | Change::Remove { model, .. }
        | Change::RemoveRemote { model, .. } => model,
    };
    let Some(model) = controller.models.get_mut(name) else {
        return;
    };
    match change {
        Change::Scope { relation, units, .. } => {
            if let Some(own) = model.relations.get_mut(relation) {
                own.in_scope.clone_from(units);
            }
        }
        Change::Token { relation, token, .. } => {
            if let Some(own) = model.relations.get_mut(relation) {
                own.token = Some(token.clone());
            }
        }
        Change::Register {
            proxy,
            remote,
            relation,
            ..
        } => {
            model
                .remote_applications
                .entry(proxy.clone())
                .or_insert_with(|| remote.clone());
            if model.relations.values().any(|own| own.token == relation.token) {
                return;
            }
            let number = model.next_relation;
            model.next_relation += 1;
            model.relations.insert(number, relation.clone());
        }
        Change::Ingress { relation, networks, .. } => {
            if let Some(own) = model.relations.get_mut(relation) {
                own.ingress.clone_from(networks);
            }
        }
        Change::Status { remote, status, .. } => {
            if let Some(own) = model.remote_applications.get_mut(remote) {
                own.status.clone_from(status);
            }
        }
        Change::Die { relation, .. } => {
            if let Some(own) = model.relations.get_mut(relation) {
                own.life = Life::Dying;
            }
        }
        Change::Remove { relation, .. } => {
            model.relations.remove(relation);
        }
        Change::RemoveRemote { remote, .. } => {
            model.remote_applications.remove(remote);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use provider::{Address, Scope};

    use super::super::super::state::{Application, Machine, Unit};
    use super::super::{offer, relate, remove_relation};
    use super::*;
    use crate::driver::Options;
    use crate::subject::Subject;

    fn endpoint(application: &str, role: Role) -> Endpoint {
        Endpoint {
            application: application.to_owned(),
            name: "db".to_owned(),
            interface: "mysql".to_owned(),
            role,
        }
    }

    /// A model with one application, whose only unit runs on a machine with a public address.
    fn model(name: &str, number: u8, application: &str, role: Role) -> Model {
        let uuid = Uuid::from_u128(u128::from(number));
        let mut model = Model::new(name, uuid, Subject::A4, Options::default());
        let machine = model.add_machine(Machine {
            addresses: vec![Address {
                value: [40, 78, 0, number].into(),
                scope: Scope::Public,
            }],
            ..Machine::default()
        });
        let unit = Unit {
            machine,
            is_installed: true,
            workload: "active".to_owned(),
            ..Unit::default()
        };
        let application_row = Application {
            endpoints: vec![endpoint(application, role)],
            units: BTreeMap::from([(0, unit)]),
            ..Application::default()
        };
        model.applications.insert(application.to_owned(), application_row);
        model
    }

    /// A database that is offered, and two models that may use it.
    fn controller() -> Controller {
        let mut controller = Controller::new("crossing", Uuid::from_u128(9));
        for model in [
            model("prod-db", 1, "mysql", Role::Provider),
            model("blog", 2, "wordpress", Role::Requirer),
            model("wiki", 3, "mediawiki", Role::Requirer),
        ] {
            controller.models.insert(model.name.clone(), model);
        }
        let said = offer(&mut controller, "prod-db", "mysql:db", Some("mysqlservice"));
        assert_eq!(
            said.as_deref(),
            Ok("Application \"mysql\" endpoints [db] available at \"admin/prod-db.mysqlservice\"")
        );
        controller
    }

    fn related() -> Controller {
        let mut controller = controller();
        for (model, application) in [("blog", "wordpress"), ("wiki", "mediawiki")] {
            let related = relate(&mut controller, model, application, "admin/prod-db.mysqlservice");
            assert_eq!(related, Ok(0));
        }
        controller
    }

    fn callers(controller: &Controller) -> Vec<String> {
        let networks = controller.models["prod-db"].ingress_networks("mysql");
        networks.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn each_consumer_is_known_by_a_name_of_its_own_and_lets_its_machines_in() {
        let mut controller = related();
        assert!(flush(&mut controller) && !flush(&mut controller));
        let offering = &controller.models["prod-db"];
        let names: Vec<&String> = offering.remote_applications.keys().collect();
        let is_name = |name: &&&String| name.len() == "remote-".len() + 32 && name.starts_with("remote-");
        assert_eq!(names.iter().filter(is_name).count(), 2, "{names:?}");
        assert_eq!(callers(&controller), ["40.78.0.2/32", "40.78.0.3/32"]);
        assert_eq!(
            controller.models["blog"].remote_applications["mysqlservice"].status,
            "active"
        );

        let removed = remove_relation(&mut controller, "blog", "wordpress", "mysqlservice");
        assert_eq!(removed, Ok(()));
        flush(&mut controller);
        assert_eq!(callers(&controller), ["40.78.0.3/32"]);
        assert_eq!(controller.models["prod-db"].remote_applications.len(), 1);
        assert!(controller.models["blog"].relations.is_empty());
    }

    #[test]
    fn whoever_begins_anew_or_does_everything_twice_comes_to_the_same() {
        let mut wanted = related();
        flush(&mut wanted);
        let mut controller = related();
        let mut n_changes = 0;
        while let Some(change) = next(&controller) {
            apply(&mut controller, &change);
            apply(&mut controller, &change);
            n_changes += 1;
        }
        assert_eq!(controller, wanted);
        // Two consumers, each with a token, a registration, two scopes, networks and a status.
        assert_eq!(n_changes, 12);
    }

    #[test]
    fn either_side_can_end_a_relation() {
        type End = fn(&mut Controller);
        let ends: [End; 4] = [
            |own| {
                let offering = own.models.get_mut("prod-db").expect("it was added");
                offering.relations.values_mut().for_each(|own| own.life = Life::Dying);
            },
            |own| {
                own.models
                    .get_mut("prod-db")
                    .expect("it was added")
                    .applications
                    .clear()
            },
            |own| {
                own.models.remove("prod-db");
            },
            |own| own.models.values_mut().for_each(|own| own.life = Life::Dying),
        ];
        for (nth, end) in ends.into_iter().enumerate() {
            let mut controller = related();
            flush(&mut controller);
            end(&mut controller);
            flush(&mut controller);
            for model in controller.models.values() {
                assert!(model.relations.is_empty(), "{nth}: {:?}", model.relations);
                assert!(
                    !model.remote_applications.values().any(|own| own.is_consumer_proxy),
                    "{nth}"
                );
            }
        }
    }

    #[test]
    fn who_has_no_public_address_is_not_let_in_and_a_new_address_takes_the_place_of_the_old() {
        let mut controller = related();
        flush(&mut controller);
        let address = |controller: &mut Controller, addresses: Vec<Address>| {
            let blog = controller.models.get_mut("blog").expect("it was added");
            blog.machines.get_mut(&0).expect("it was added").addresses = addresses;
            flush(controller);
        };
        address(&mut controller, Vec::new());
        assert_eq!(callers(&controller), ["40.78.0.3/32"]);
        let new = Address {
            value: [40, 78, 0, 77].into(),
            scope: Scope::Public,
        };
        address(&mut controller, vec![new]);
        assert_eq!(callers(&controller), ["40.78.0.3/32", "40.78.0.77/32"]);
    }

    #[test]
    fn addresses_of_offers_are_read_as_they_are_written() {
        for (text, shown) in [
            ("admin/prod-db.mysql", "admin/prod-db.mysql"),
            ("prod-db.mysql", "admin/prod-db.mysql"),
            ("east:bob/prod-db.mysql", "east:bob/prod-db.mysql"),
        ] {
            assert_eq!(OfferUrl::parse(text).map(|url| url.to_string()), Ok(shown.to_owned()));
        }
        for text in ["mysql", "admin/prod-db", ":admin/a.b", "admin/.b", "/a.b", "a."] {
            assert!(OfferUrl::parse(text).is_err(), "{text} was read");
        }
    }
}
