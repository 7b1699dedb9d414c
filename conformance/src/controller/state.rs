//! What a controller remembers: models with their machines, applications, units, ports and relations (juju-provider 3).
//!
//! Plain data. Whatever is not in here is forgotten when a worker or the whole process ends; whatever is in here is all that
//! another controller needs to take a model over. It refuses to know who changes it and why.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use ipnet::IpNet;
use provider::{Address, Constraints, Hardware, Instance, InstanceId, PortRange, Scope, Series};
use uuid::Uuid;

use super::migration;
use super::versions::{Number, Store, Stream};
use crate::driver::Options;
use crate::subject::Subject;

/// Version of a controller unless somebody chooses another.
pub(crate) const VERSION: Number = Number::new(2, 2, 1);

/// How long something lives: it is asked to go before it goes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Life {
    #[default]
    Alive,
    /// Asked to go.
    Dying,
    /// Gone, except for the one who clears it away.
    Dead,
}

impl Life {
    /// Its name, as messages write it: `dying`.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Life::Alive => "alive",
            Life::Dying => "dying",
            Life::Dead => "dead",
        }
    }
}

/// Which instances the provisioner stops (`provisioner-harvest-mode`, juju-provider 3.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum HarvestMode {
    /// Those of dead machines, and those that no machine is known for.
    All,
    /// Those that no machine is known for.
    Unknown,
    /// Those of dead machines.
    #[default]
    Destroyed,
    /// None.
    None,
}

impl HarvestMode {
    /// The mode of a name.
    pub(crate) fn find(name: &str) -> Option<HarvestMode> {
        match name {
            "all" => Some(HarvestMode::All),
            "unknown" => Some(HarvestMode::Unknown),
            "destroyed" => Some(HarvestMode::Destroyed),
            "none" => Some(HarvestMode::None),
            _ => None,
        }
    }

    pub(crate) fn takes_destroyed(self) -> bool {
        matches!(self, HarvestMode::All | HarvestMode::Destroyed)
    }

    pub(crate) fn takes_unknown(self) -> bool {
        matches!(self, HarvestMode::All | HarvestMode::Unknown)
    }
}

/// Where a model stands between two controllers (juju-provider 3.6). While it is not [`Migration::None`] none of its workers runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Migration {
    #[default]
    None,
    /// On its way to another controller.
    Exporting,
    /// On its way to here.
    Importing,
}

/// One controller.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Controller {
    pub(crate) name: String,
    pub(crate) uuid: Uuid,
    /// Version of the server.
    pub(crate) version: Number,
    /// Where agent binaries are looked for.
    pub(crate) stream: Stream,
    /// Lists of agent binaries; none: whatever is asked for is there.
    pub(crate) stores: Option<Vec<Store>>,
    /// Whether its own agents are being upgraded.
    pub(crate) is_upgrading: bool,
    /// Models by name, its own among them.
    pub(crate) models: BTreeMap<String, Model>,
    /// The last migration of each model that was to leave.
    pub(crate) migrations: BTreeMap<Uuid, migration::Record>,
}

impl Controller {
    pub(crate) fn new(name: &str, uuid: Uuid) -> Controller {
        Controller {
            name: name.to_owned(),
            uuid,
            version: VERSION,
            stream: Stream::Released,
            stores: None,
            is_upgrading: false,
            models: BTreeMap::new(),
            migrations: BTreeMap::new(),
        }
    }

    /// Its own model; none before it is bootstrapped.
    pub(crate) fn own_model(&self) -> Option<&Model> {
        self.models.values().find(|model| model.is_controller)
    }

    /// Models beside its own.
    pub(crate) fn hosted(&self) -> impl Iterator<Item = &Model> {
        self.models.values().filter(|model| !model.is_controller)
    }

    /// The model with a uuid.
    pub(crate) fn model_of(&self, uuid: Uuid) -> Option<&Model> {
        self.models.values().find(|model| model.uuid == uuid)
    }
}

/// One model.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Model {
    pub(crate) uuid: Uuid,
    pub(crate) name: String,
    pub(crate) owner: String,
    /// Whether it is the controller's own.
    pub(crate) is_controller: bool,
    /// Attributes of the provider's configuration that are not usual.
    pub(crate) options: Options,
    /// Which provider it stands on.
    pub(crate) subject: Subject,
    pub(crate) life: Life,
    pub(crate) migration: Migration,
    pub(crate) harvest: HarvestMode,
    /// Version that its agents should have.
    pub(crate) agent_version: Number,
    /// What status shows beside it.
    pub(crate) message: String,
    /// Whether something is still to be cleared away in it.
    pub(crate) needs_cleanup: bool,
    /// Whether its credential is no longer accepted.
    pub(crate) has_revoked_credential: bool,
    pub(crate) next_machine: u32,
    pub(crate) machines: BTreeMap<u32, Machine>,
    pub(crate) applications: BTreeMap<String, Application>,
    pub(crate) next_relation: u32,
    pub(crate) relations: BTreeMap<u32, Relation>,
    /// Applications of other models that this one uses, by the name that they have here.
    pub(crate) remote_applications: BTreeMap<String, RemoteApplication>,
    /// What other models may use, by the name that they use it by.
    pub(crate) offers: BTreeMap<String, Offer>,
    /// Volumes by number.
    pub(crate) volumes: BTreeMap<u32, Volume>,
}

impl Model {
    pub(crate) fn new(name: &str, uuid: Uuid, subject: Subject, options: Options) -> Model {
        Model {
            uuid,
            name: name.to_owned(),
            owner: "admin".to_owned(),
            is_controller: false,
            options,
            subject,
            life: Life::Alive,
            migration: Migration::None,
            harvest: HarvestMode::default(),
            agent_version: VERSION,
            message: String::new(),
            needs_cleanup: false,
            has_revoked_credential: false,
            next_machine: 0,
            machines: BTreeMap::new(),
            applications: BTreeMap::new(),
            next_relation: 0,
            relations: BTreeMap::new(),
            remote_applications: BTreeMap::new(),
            offers: BTreeMap::new(),
            volumes: BTreeMap::new(),
        }
    }

    /// Adds a machine that nobody has started yet; gives back its number.
    pub(crate) fn add_machine(&mut self, machine: Machine) -> u32 {
        let number = self.next_machine;
        self.next_machine += 1;
        self.machines.insert(number, machine);
        number
    }

    /// Names of the units that are on a machine.
    pub(crate) fn units_on(&self, machine: u32) -> Vec<UnitName> {
        self.units()
            .filter(|(_, unit)| unit.machine == machine)
            .map(|(name, _)| name)
            .collect()
    }

    /// Every unit with its name.
    pub(crate) fn units(&self) -> impl Iterator<Item = (UnitName, &Unit)> {
        self.applications.iter().flat_map(|(app, application)| {
            let units = application.units.iter();
            units.map(|(number, unit)| (UnitName::new(app, *number), unit))
        })
    }

    pub(crate) fn unit(&self, name: &UnitName) -> Option<&Unit> {
        self.applications.get(&name.application)?.units.get(&name.number)
    }

    pub(crate) fn unit_mut(&mut self, name: &UnitName) -> Option<&mut Unit> {
        self.applications
            .get_mut(&name.application)?
            .units
            .get_mut(&name.number)
    }

    /// Takes a unit out, out of the scopes of its relations, too; its application, if that was asked to go and it was the last.
    pub(crate) fn remove_unit(&mut self, name: &UnitName) {
        for relation in self.relations.values_mut() {
            relation.in_scope.remove(name);
        }
        let Some(application) = self.applications.get_mut(&name.application) else {
            return;
        };
        application.units.remove(&name.number);
        if application.life != Life::Alive && application.units.is_empty() {
            self.applications.remove(&name.application);
        }
    }

    /// Networks that an application lets in without being exposed: those of relations whose other side is in another model, where
    /// this side is the one that is called (juju-provider 3.5).
    pub(crate) fn ingress_networks(&self, application: &str) -> BTreeSet<IpNet> {
        let is_called = |relation: &&Relation| {
            relation.life == Life::Alive
                && relation
                    .endpoints
                    .iter()
                    .any(|endpoint| endpoint.application == application && endpoint.role == Role::Provider)
        };
        self.relations
            .values()
            .filter(is_called)
            .flat_map(|relation| relation.ingress.iter().copied())
            .collect()
    }

    /// A unit opens a range on its machine.
    ///
    /// # Errors
    ///
    /// Another unit there has a part of it: refused before anybody is asked (juju-provider 3.3).
    pub(crate) fn open_port(&mut self, name: &UnitName, range: PortRange) -> Result<(), String> {
        let machine = self.unit(name).map(|unit| unit.machine);
        let Some(machine) = machine else {
            return Err(format!("unit {name} not found"));
        };
        let overlaps = |own: &PortRange| own.protocol == range.protocol && own.from <= range.to && range.from <= own.to;
        for (other, unit) in self.units() {
            let conflict = unit
                .opened
                .iter()
                .find(|own| overlaps(own) && (other != *name || **own != range));
            if unit.machine == machine
                && let Some(own) = conflict
            {
                return Err(format!(
                    "cannot open ports {range} on machine {machine} for unit {name}: port ranges {own} ({other}) and {range} ({name}) conflict"
                ));
            }
        }
        if let Some(unit) = self.unit_mut(name) {
            unit.opened.insert(range);
        }
        Ok(())
    }
}

/// Name of a unit: `mysql/0`. Ordered as people order them, `x/2` before `x/10`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct UnitName {
    pub(crate) application: String,
    pub(crate) number: u32,
}

impl UnitName {
    pub(crate) fn new(application: &str, number: u32) -> UnitName {
        UnitName {
            application: application.to_owned(),
            number,
        }
    }

    pub(crate) fn parse(text: &str) -> Option<UnitName> {
        let (application, number) = text.rsplit_once('/')?;
        Some(UnitName::new(application, number.parse().ok()?))
    }
}

impl fmt::Display for UnitName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.application, self.number)
    }
}

/// How far a machine's instance is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum InstanceState {
    /// Nobody has asked for it yet.
    #[default]
    Pending,
    /// It is being asked for, or made.
    Provisioning,
    /// It is there.
    Running,
    /// It could not be made; somebody has to say that it should be tried again.
    ProvisioningError,
    /// The provider says nothing sensible of it.
    Unknown,
}

impl InstanceState {
    /// Its name, as status prints it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            InstanceState::Pending => "pending",
            InstanceState::Provisioning => "allocating",
            InstanceState::Running => "running",
            InstanceState::ProvisioningError => "provisioning error",
            InstanceState::Unknown => "unknown",
        }
    }
}

/// What is known of a machine's instance, with what was said about it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct InstanceStatus {
    pub(crate) state: InstanceState,
    pub(crate) message: String,
}

impl InstanceStatus {
    pub(crate) fn new(state: InstanceState, message: impl Into<String>) -> InstanceStatus {
        InstanceStatus {
            state,
            message: message.into(),
        }
    }
}

/// What is known of an agent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum AgentState {
    /// It has not reported yet.
    #[default]
    Pending,
    /// It runs.
    Started,
    /// It is not heard of any more.
    Down,
}

impl AgentState {
    /// Its name, as status prints it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            AgentState::Pending => "pending",
            AgentState::Started => "started",
            AgentState::Down => "down",
        }
    }
}

/// One machine.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Machine {
    pub(crate) life: Life,
    /// The series; empty for the usual one.
    pub(crate) series: String,
    pub(crate) constraints: Constraints,
    pub(crate) placement: Option<String>,
    /// Whether it serves the controller's API.
    pub(crate) is_controller: bool,
    /// The instance; none while it is not provisioned.
    pub(crate) instance_id: Option<InstanceId>,
    /// `machine-0:<uuid>`: who has provisioned it, and when.
    pub(crate) nonce: String,
    pub(crate) hardware: Option<Hardware>,
    pub(crate) instance_status: InstanceStatus,
    pub(crate) agent: AgentState,
    /// What the agent runs; none before it runs.
    pub(crate) agent_version: Option<Number>,
    pub(crate) addresses: Vec<Address>,
    /// Name that the world knows it by, where the stack gives one.
    pub(crate) dns_name: Option<String>,
    /// What the provider said of the instance last.
    pub(crate) instance: Option<Instance>,
    /// Whether its operating system is to be started anew.
    pub(crate) reboots: bool,
    /// Whether the instance stays when the machine goes.
    pub(crate) keep_instance: bool,
    /// Whether its provisioning error may be tried again.
    pub(crate) is_transient: bool,
    /// Whether it is dead, and its instance dealt with.
    pub(crate) is_marked_for_removal: bool,
}

impl Machine {
    /// Its instance was asked for, and is being made.
    pub(crate) fn note(&mut self, instance: Instance, hardware: Hardware, nonce: impl Into<String>) {
        self.instance_id = Some(instance.id.clone());
        self.nonce = nonce.into();
        self.hardware = Some(hardware);
        self.instance_status = InstanceStatus::new(InstanceState::Provisioning, "");
        self.is_transient = false;
        self.instance = Some(instance);
    }

    pub(crate) fn is_provisioned(&self) -> bool {
        self.instance_id.is_some()
    }

    /// The first address that the world reaches it by.
    pub(crate) fn public_address(&self) -> Option<Address> {
        self.addresses
            .iter()
            .copied()
            .find(|address| address.scope == Scope::Public)
    }

    /// Whether its instance is there, and has an address.
    pub(crate) fn is_up(&self) -> bool {
        self.instance_status.state == InstanceState::Running && !self.addresses.is_empty()
    }

    pub(crate) fn series(&self, usual: &str) -> Series {
        Series::new(if self.series.is_empty() { usual } else { &self.series })
    }
}

/// One application.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Application {
    pub(crate) life: Life,
    /// `local:mysql-3` or `cs:mysql-57`.
    pub(crate) charm: String,
    /// What the workload says its version is.
    pub(crate) version: String,
    pub(crate) series: String,
    pub(crate) constraints: Constraints,
    /// What its charm can be related by.
    pub(crate) endpoints: Vec<Endpoint>,
    /// What each unit opens as soon as it runs.
    pub(crate) ports: Vec<PortRange>,
    pub(crate) exposed: bool,
    pub(crate) min_units: u32,
    pub(crate) next_unit: u32,
    pub(crate) units: BTreeMap<u32, Unit>,
}

/// One unit.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Unit {
    pub(crate) life: Life,
    pub(crate) machine: u32,
    /// Whether its charm has been installed.
    pub(crate) is_installed: bool,
    /// What the charm says: `active`, `blocked`; empty before it has said anything.
    pub(crate) workload: String,
    pub(crate) message: String,
    /// `idle`, `executing`, `failed`, `allocating`; empty before it runs.
    pub(crate) agent: String,
    /// Whether its charm is being changed for another.
    pub(crate) is_upgrading: bool,
    pub(crate) opened: BTreeSet<PortRange>,
}

/// Which side of a relation calls the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Role {
    /// It is called.
    Provider,
    /// It calls.
    Requirer,
    /// Its own units talk to one another.
    Peer,
}

/// One end of a relation.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Endpoint {
    /// The application, a remote one by the name that it has here.
    pub(crate) application: String,
    pub(crate) name: String,
    pub(crate) interface: String,
    pub(crate) role: Role,
}

/// A relation: two endpoints, or one of peers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Relation {
    pub(crate) life: Life,
    pub(crate) endpoints: Vec<Endpoint>,
    /// What both sides of one that crosses models know it by.
    pub(crate) token: Option<String>,
    /// Units of this model that take part.
    pub(crate) in_scope: BTreeSet<UnitName>,
    /// From where units of the other side come, for one that crosses models.
    pub(crate) ingress: BTreeSet<IpNet>,
}

/// An application of another model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RemoteApplication {
    pub(crate) life: Life,
    /// Where it is offered: `admin/prod-db.mysqlservice`; empty on the side that offers.
    pub(crate) url: String,
    /// The model that it is in.
    pub(crate) source_model: Uuid,
    pub(crate) endpoints: Vec<Endpoint>,
    /// What both sides know it by.
    pub(crate) token: Option<String>,
    /// Whether it stands, at the offering side, for whoever consumes.
    pub(crate) is_consumer_proxy: bool,
    /// `unknown` at first.
    pub(crate) status: String,
}

/// What other models may use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Offer {
    pub(crate) application: String,
    /// Names of the application's endpoints.
    pub(crate) endpoints: BTreeSet<String>,
}

/// A volume.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Volume {
    pub(crate) life: Life,
    pub(crate) size_mib: u64,
    /// The machine that it is attached to.
    pub(crate) machine: Option<u32>,
    /// What the provider calls it; none before it was made.
    pub(crate) id: Option<provider::VolumeId>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn model() -> Model {
        let mut model = Model::new("m", Uuid::nil(), Subject::A1, Options::default());
        model.add_machine(Machine::default());
        for app in ["a", "b"] {
            let application = Application {
                units: BTreeMap::from([(0, Unit::default())]),
                ..Application::default()
            };
            model.applications.insert(app.to_owned(), application);
        }
        model
    }

    fn range(text: &str) -> PortRange {
        text.parse().expect("ranges in tests are well written")
    }

    #[test]
    fn two_units_of_one_machine_cannot_open_the_same_port() {
        let mut model = model();
        let (a, b) = (UnitName::new("a", 0), UnitName::new("b", 0));
        assert_eq!(model.open_port(&a, range("80/tcp")), Ok(()));
        assert_eq!(model.open_port(&a, range("80/tcp")), Ok(()));
        assert_eq!(model.open_port(&b, range("80/udp")), Ok(()));
        let refused = model.open_port(&b, range("79-90/tcp"));
        assert_eq!(
            refused,
            Err("cannot open ports 79-90/tcp on machine 0 for unit b/0: port ranges 80/tcp (a/0) and 79-90/tcp (b/0) conflict".to_owned())
        );
        if let Some(unit) = model.unit_mut(&b) {
            unit.machine = 1;
        }
        assert_eq!(model.open_port(&b, range("79-90/tcp")), Ok(()));
    }

    #[test]
    fn an_application_that_goes_goes_with_its_last_unit() {
        let mut model = model();
        if let Some(application) = model.applications.get_mut("a") {
            application.life = Life::Dying;
        }
        for app in ["a", "b"] {
            model.remove_unit(&UnitName::new(app, 0));
        }
        assert_eq!(model.applications.keys().collect::<Vec<_>>(), ["b"]);
    }

    #[test]
    fn only_who_is_called_lets_networks_in() {
        let mut model = model();
        let endpoint = |application: &str, role| Endpoint {
            application: application.to_owned(),
            name: "db".to_owned(),
            interface: "mysql".to_owned(),
            role,
        };
        let relation = Relation {
            life: Life::Alive,
            endpoints: vec![endpoint("a", Role::Provider), endpoint("remote-1", Role::Requirer)],
            token: None,
            in_scope: BTreeSet::new(),
            ingress: BTreeSet::from(["10.0.0.5/32".parse().expect("a network")]),
        };
        model.relations.insert(0, relation);
        assert_eq!(model.ingress_networks("a").len(), 1);
        assert_eq!(model.ingress_networks("remote-1").len(), 0);
        if let Some(relation) = model.relations.get_mut(&0) {
            relation.life = Life::Dying;
        }
        assert_eq!(model.ingress_networks("a").len(), 0);
    }
}
