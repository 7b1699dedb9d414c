//! What `juju status` prints (juju-provider 3.8): the tables of 2.2 and of 2.9, and the YAML of the classic era.
//!
//! Pure: rows go in, text comes out. It refuses to know where rows come from.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::fmt::Write;

use serde::Serialize;

/// Everything that a status shows of a model.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Status {
    /// The model itself.
    pub model: ModelRow,
    /// Applications of other models that this one consumes.
    pub saas: Vec<SaasRow>,
    /// Applications.
    pub applications: Vec<AppRow>,
    /// Units; subordinates are in their principals.
    pub units: Vec<UnitRow>,
    /// Metered units.
    pub meters: Vec<MeterRow>,
    /// Machines, containers included.
    pub machines: Vec<MachineRow>,
    /// Offers to other models; shown since 2.9.
    pub offers: Vec<OfferRow>,
    /// Relations.
    pub relations: Vec<RelationRow>,
}

/// A model.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct ModelRow {
    /// Its name.
    pub name: String,
    /// Its controller's name.
    pub controller: String,
    /// Its cloud: `azure`.
    pub cloud: String,
    /// Its region: `westus`; empty where the cloud has none.
    pub region: String,
    /// The version of its agents.
    pub version: String,
    /// What is said of it: `migrating: ...`; goes before the next one.
    pub message: String,
    /// The version that it could be upgraded to.
    pub upgrade_available: Option<String>,
    /// `unsupported` unless somebody pays.
    pub sla: String,
}

/// An application of another model.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct SaasRow {
    /// Its name here.
    pub name: String,
    /// `unknown` until known.
    pub status: String,
    /// The offer: `admin/prod-db.mysqlservice`, with the controller before it where that is another.
    pub url: String,
}

/// An application.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct AppRow {
    /// Its name.
    pub name: String,
    /// The version of what it runs, as its charm says.
    pub version: String,
    /// Its workload's state.
    pub status: String,
    /// How many units there are.
    pub n_units: u32,
    /// How many there should be.
    pub n_units_wanted: u32,
    /// Its charm's name.
    pub charm: String,
    /// Where the charm is from: `jujucharms`, `local`.
    pub store: String,
    /// The channel of the charm, since 2.9.
    pub channel: String,
    /// The charm's revision.
    pub revision: u32,
    /// Operating system.
    pub os: String,
    /// Whether everybody may reach its ports.
    pub exposed: bool,
    /// What its workload says.
    pub message: String,
}

/// A unit.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct UnitRow {
    /// `wordpress/0`.
    pub name: String,
    /// Whether it leads its application.
    pub leader: bool,
    /// Its workload's state.
    pub workload: String,
    /// Its agent's state.
    pub agent: String,
    /// Its machine; empty before it has one, and for subordinates.
    pub machine: String,
    /// Where it can be reached from anywhere.
    pub public_address: String,
    /// What it has opened: `80/tcp`.
    pub ports: Vec<String>,
    /// The hook that it runs.
    pub hook: Option<String>,
    /// What its workload says.
    pub message: String,
    /// Units that live with it.
    pub subordinates: Vec<UnitRow>,
}

/// A metered unit.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct MeterRow {
    /// The unit, or the model.
    pub entity: String,
    /// Its colour.
    pub status: String,
    /// What is said of it.
    pub message: String,
}

/// A machine.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct MachineRow {
    /// `0`, or `0/lxd/1`.
    pub id: String,
    /// Its agent's state.
    pub state: String,
    /// The public address that is preferred.
    pub dns: String,
    /// Its instance.
    pub instance: String,
    /// Its series; since 2.9 its base.
    pub series: String,
    /// Its availability zone; Azure tells none.
    pub zone: String,
    /// What its instance says.
    pub message: String,
}

/// An offer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct OfferRow {
    /// Its name.
    pub name: String,
    /// The application that is offered.
    pub application: String,
    /// Its charm.
    pub charm: String,
    /// The charm's revision.
    pub revision: u32,
    /// How many relations to it are joined.
    pub n_connected: u32,
    /// How many there are.
    pub n_relations: u32,
    /// The endpoint that is offered.
    pub endpoint: String,
    /// Its interface.
    pub interface: String,
    /// Its role.
    pub role: String,
}

/// A relation.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct RelationRow {
    /// `mysql:db`.
    pub provider: String,
    /// `wordpress:db`.
    pub requirer: String,
    /// `mysql`.
    pub interface: String,
    /// `regular`, `peer` or `subordinate`.
    pub kind: String,
}

/// Whose tables.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Era {
    /// Juju 2.2's.
    #[default]
    Juju22,
    /// Juju 2.9's.
    Juju29,
}

/// Longest version of an application that is shown whole.
const VERSION_LEN_MAX: usize = 15;

/// The status as tables.
#[must_use]
pub fn tabular(status: &Status, era: Era) -> String {
    let mut sections = vec![model_section(&status.model)];
    if !status.saas.is_empty() {
        sections.push(saas_section(&status.saas, era));
    }
    if !status.applications.is_empty() {
        sections.push(app_section(&status.applications, era));
    }
    if !status.units.is_empty() {
        sections.push(unit_section(&status.units));
    }
    if !status.meters.is_empty() {
        sections.push(meter_section(&status.meters));
    }
    if !status.machines.is_empty() {
        sections.push(machine_section(&status.machines, era));
    }
    if era == Era::Juju29 && !status.offers.is_empty() {
        sections.push(offer_section(&status.offers));
    }
    if !status.relations.is_empty() {
        sections.push(relation_section(&status.relations));
    }
    let texts: Vec<String> = sections.iter().map(Section::text).collect();
    texts.join("\n")
}

/// A table whose columns are as wide as what is in them.
struct Section {
    /// Columns whose cells end at the same place.
    right: &'static [usize],
    rows: Vec<Vec<String>>,
}

impl Section {
    fn new(header: &[&str], right: &'static [usize]) -> Section {
        Section {
            right,
            rows: vec![header.iter().map(|cell| (*cell).to_owned()).collect()],
        }
    }

    fn row<const N: usize>(&mut self, cells: [&str; N]) {
        self.rows.push(cells.iter().map(|cell| (*cell).to_owned()).collect());
    }

    /// Two spaces between columns, and none behind the last word of a line.
    fn text(&self) -> String {
        let n_columns = self.rows.iter().map(Vec::len).max().unwrap_or(0);
        let width = |column: usize| {
            let cells = self.rows.iter().filter_map(|row| row.get(column));
            cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
        };
        let widths: Vec<usize> = (0..n_columns).map(width).collect();
        let mut text = String::new();
        for row in &self.rows {
            let mut line = String::new();
            for (column, cell) in row.iter().enumerate() {
                let width = widths[column];
                let cell = match self.right.contains(&column) {
                    true => format!("{cell:>width$}"),
                    false => format!("{cell:<width$}"),
                };
                line.push_str(&cell);
                line.push_str("  ");
            }
            text.push_str(line.trim_end());
            text.push('\n');
        }
        text
    }
}

fn model_section(model: &ModelRow) -> Section {
    let region = match model.region.as_str() {
        "" => model.cloud.clone(),
        region => format!("{}/{region}", model.cloud),
    };
    let notes = match (&model.upgrade_available, model.message.as_str()) {
        (_, message) if !message.is_empty() => message.to_owned(),
        (Some(version), _) => format!("upgrade available: {version}"),
        (None, _) => String::new(),
    };
    let cells = [
        ("Model", model.name.as_str()),
        ("Controller", &model.controller),
        ("Cloud/Region", &region),
        ("Version", &model.version),
        ("Notes", &notes),
        ("SLA", &model.sla),
    ];
    // Nobody notes that there is nothing to note.
    let cells: Vec<(&str, &str)> = cells
        .into_iter()
        .filter(|(name, cell)| *name != "Notes" || !cell.is_empty())
        .collect();
    Section {
        right: &[],
        rows: vec![
            cells.iter().map(|(name, _)| (*name).to_owned()).collect(),
            cells.iter().map(|(_, cell)| (*cell).to_owned()).collect(),
        ],
    }
}

fn saas_section(rows: &[SaasRow], era: Era) -> Section {
    let name = match era {
        Era::Juju22 => "SAAS name",
        Era::Juju29 => "SAAS",
    };
    let mut section = Section::new(&[name, "Status", "Store", "URL"], &[]);
    for row in sorted(rows, |row| &row.name) {
        let (store, url) = match row.url.split_once(':') {
            Some((controller, url)) => (controller, url),
            None => ("local", row.url.as_str()),
        };
        let status = if row.status.is_empty() { "unknown" } else { &row.status };
        section.row([&row.name, status, store, url]);
    }
    section
}

fn app_section(rows: &[AppRow], era: Era) -> Section {
    let mut section = match era {
        Era::Juju22 => Section::new(
            &[
                "App", "Version", "Status", "Scale", "Charm", "Store", "Rev", "OS", "Notes",
            ],
            &[3, 6],
        ),
        Era::Juju29 => Section::new(
            &[
                "App", "Version", "Status", "Scale", "Charm", "Channel", "Rev", "Exposed", "Message",
            ],
            &[3, 6],
        ),
    };
    for row in sorted(rows, |row| &row.name) {
        let version = short(&row.version);
        let scale = match row.n_units == row.n_units_wanted {
            true => row.n_units.to_string(),
            false => format!("{}/{}", row.n_units, row.n_units_wanted),
        };
        let revision = row.revision.to_string();
        let head = [row.name.as_str(), &version, &row.status, &scale, &row.charm];
        let tail = match era {
            Era::Juju22 => [
                row.store.as_str(),
                &revision,
                &row.os,
                if row.exposed { "exposed" } else { "" },
            ],
            Era::Juju29 => [
                row.channel.as_str(),
                &revision,
                if row.exposed { "yes" } else { "no" },
                &row.message,
            ],
        };
        section
            .rows
            .push(head.iter().chain(&tail).map(|cell| (*cell).to_owned()).collect());
    }
    section
}

/// A long version loses its end.
fn short(version: &str) -> String {
    match version.chars().count() > VERSION_LEN_MAX {
        true => version.chars().take(VERSION_LEN_MAX - 3).chain("...".chars()).collect(),
        false => version.to_owned(),
    }
}

fn unit_section(rows: &[UnitRow]) -> Section {
    let mut section = Section::new(
        &[
            "Unit",
            "Workload",
            "Agent",
            "Machine",
            "Public address",
            "Ports",
            "Message",
        ],
        &[],
    );
    unit_rows(&mut section, rows, 0);
    section
}

fn unit_rows(section: &mut Section, rows: &[UnitRow], depth: usize) {
    for row in sorted(rows, |row| &row.name) {
        let name = format!(
            "{}{}{}",
            "  ".repeat(depth),
            row.name,
            if row.leader { "*" } else { "" }
        );
        let message = match &row.hook {
            Some(hook) => format!("({hook}) {}", row.message),
            None => row.message.clone(),
        };
        let mut ports: Vec<&str> = row.ports.iter().map(String::as_str).collect();
        ports.sort_by(|one, other| natural(one, other));
        section.row([
            &name,
            &row.workload,
            &row.agent,
            &row.machine,
            &row.public_address,
            &ports.join(","),
            &message,
        ]);
        unit_rows(section, &row.subordinates, depth + 1);
    }
}

fn meter_section(rows: &[MeterRow]) -> Section {
    let mut section = Section::new(&["Entity", "Meter status", "Message"], &[]);
    for row in sorted(rows, |row| &row.entity) {
        section.row([&row.entity, &row.status, &row.message]);
    }
    section
}

fn machine_section(rows: &[MachineRow], era: Era) -> Section {
    let header: [&str; 7] = match era {
        Era::Juju22 => ["Machine", "State", "DNS", "Inst id", "Series", "AZ", "Message"],
        Era::Juju29 => ["Machine", "State", "Address", "Inst id", "Base", "AZ", "Message"],
    };
    let mut section = Section::new(&header, &[]);
    for row in sorted(rows, |row| &row.id) {
        section.row([
            &row.id,
            &row.state,
            &row.dns,
            &row.instance,
            &row.series,
            &row.zone,
            &row.message,
        ]);
    }
    section
}

fn offer_section(rows: &[OfferRow]) -> Section {
    let mut section = Section::new(
        &[
            "Offer",
            "Application",
            "Charm",
            "Rev",
            "Connected",
            "Endpoint",
            "Interface",
            "Role",
        ],
        &[],
    );
    for row in sorted(rows, |row| &row.name) {
        section.row([
            &row.name,
            &row.application,
            &row.charm,
            &row.revision.to_string(),
            &format!("{}/{}", row.n_connected, row.n_relations),
            &row.endpoint,
            &row.interface,
            &row.role,
        ]);
    }
    section
}

fn relation_section(rows: &[RelationRow]) -> Section {
    let mut section = Section::new(&["Relation provider", "Requirer", "Interface", "Type"], &[]);
    let mut rows: Vec<&RelationRow> = rows.iter().collect();
    rows.sort_by(|one, other| {
        natural(&one.provider, &other.provider).then_with(|| natural(&one.requirer, &other.requirer))
    });
    for row in rows {
        section.row([&row.provider, &row.requirer, &row.interface, &row.kind]);
    }
    section
}

fn sorted<T>(rows: &[T], name: impl Fn(&T) -> &String) -> Vec<&T> {
    let mut rows: Vec<&T> = rows.iter().collect();
    rows.sort_by(|one, other| natural(name(one), name(other)));
    rows
}

/// The order of people: numbers in names count as numbers, so `x/2` comes before `x/10`.
fn natural(one: &str, other: &str) -> Ordering {
    let (mut one, mut other) = (one, other);
    loop {
        let (a, rest_of_one) = piece(one);
        let (b, rest_of_other) = piece(other);
        if a.is_empty() || b.is_empty() {
            return one.cmp(other);
        }
        let by_piece = match (a.parse::<u64>(), b.parse::<u64>()) {
            (Ok(a), Ok(b)) => a.cmp(&b),
            _ => a.cmp(b),
        };
        if by_piece != Ordering::Equal {
            return by_piece;
        }
        (one, other) = (rest_of_one, rest_of_other);
    }
}

/// The digits, or what is none, that a text begins with.
fn piece(text: &str) -> (&str, &str) {
    let is_number = text.starts_with(|letter: char| letter.is_ascii_digit());
    let end = text
        .find(|letter: char| letter.is_ascii_digit() != is_number)
        .unwrap_or(text.len());
    text.split_at(end)
}

/// The status of the classic era: machines by id, services with their units by name (seed 000).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct ClassicStatus {
    /// Machines by id.
    pub machines: BTreeMap<String, ClassicMachine>,
    /// Services by name.
    pub services: BTreeMap<String, ClassicService>,
}

/// A machine of the classic era.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct ClassicMachine {
    /// Its agent's state.
    pub agent_state: String,
    /// Its agent's version.
    pub agent_version: String,
    /// The name that the world knows it by: that of its cloud service.
    pub dns_name: String,
    /// Its instance.
    pub instance_id: String,
    /// What Azure says of it: `ReadyRole`.
    pub instance_state: String,
    /// Its series.
    pub series: String,
}

/// A service of the classic era: what is called an application today.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct ClassicService {
    /// `local:trusty/hostname-0`.
    pub charm: String,
    /// Whether everybody may reach its ports.
    pub exposed: bool,
    /// Units by name.
    pub units: BTreeMap<String, ClassicUnit>,
}

/// A unit of the classic era.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct ClassicUnit {
    /// Its agent's state.
    pub agent_state: String,
    /// Its agent's version.
    pub agent_version: String,
    /// Its machine.
    pub machine: String,
    /// What it has opened.
    pub open_ports: Vec<String>,
    /// Where it can be reached: all units of a service at the same place.
    pub public_address: String,
}

/// The status of the classic era as YAML. What is not known is left out.
#[must_use]
pub fn classic_yaml(status: &ClassicStatus) -> String {
    let mut text = String::new();
    heading(&mut text, "machines", status.machines.is_empty());
    for (id, machine) in in_order(&status.machines) {
        line(&mut text, 1, &format!("{}:", scalar(id)));
        let members = [
            ("agent-state", &machine.agent_state),
            ("agent-version", &machine.agent_version),
            ("dns-name", &machine.dns_name),
            ("instance-id", &machine.instance_id),
            ("instance-state", &machine.instance_state),
            ("series", &machine.series),
        ];
        for (name, value) in members {
            member(&mut text, 2, name, value);
        }
    }
    heading(&mut text, "services", status.services.is_empty());
    for (name, service) in in_order(&status.services) {
        line(&mut text, 1, &format!("{}:", scalar(name)));
        member(&mut text, 2, "charm", &service.charm);
        line(&mut text, 2, &format!("exposed: {}", service.exposed));
        if !service.units.is_empty() {
            line(&mut text, 2, "units:");
        }
        for (name, unit) in in_order(&service.units) {
            line(&mut text, 3, &format!("{}:", scalar(name)));
            member(&mut text, 4, "agent-state", &unit.agent_state);
            member(&mut text, 4, "agent-version", &unit.agent_version);
            member(&mut text, 4, "machine", &unit.machine);
            if !unit.open_ports.is_empty() {
                line(&mut text, 4, "open-ports:");
            }
            for port in &unit.open_ports {
                line(&mut text, 4, &format!("- {}", scalar(port)));
            }
            member(&mut text, 4, "public-address", &unit.public_address);
        }
    }
    text
}

fn in_order<T>(rows: &BTreeMap<String, T>) -> Vec<(&String, &T)> {
    let mut rows: Vec<(&String, &T)> = rows.iter().collect();
    rows.sort_by(|(one, _), (other, _)| natural(one, other));
    rows
}

fn heading(text: &mut String, name: &str, is_empty: bool) {
    let nothing = if is_empty { " {}" } else { "" };
    line(text, 0, &format!("{name}:{nothing}"));
}

fn member(text: &mut String, depth: usize, name: &str, value: &str) {
    if !value.is_empty() {
        line(text, depth, &format!("{name}: {}", scalar(value)));
    }
}

fn line(text: &mut String, depth: usize, content: &str) {
    writeln!(text, "{}{content}", "  ".repeat(depth)).expect("a String takes every text");
}

/// A text that YAML reads as that text: what would be read as something else is in quotes.
fn scalar(text: &str) -> String {
    const WORDS: [&str; 9] = ["true", "false", "yes", "no", "on", "off", "null", "y", "n"];
    let has_form = text.starts_with(|letter: char| letter.is_ascii_alphanumeric())
        && !text.ends_with(':')
        && text
            .chars()
            .all(|letter| letter.is_ascii_alphanumeric() || "-_./:".contains(letter));
    let has_letter = text.contains(|letter: char| letter.is_ascii_alphabetic());
    let is_number = text.parse::<f64>().is_ok() || text.starts_with("0x") || text.starts_with("0o");
    let is_word = WORDS.contains(&text.to_lowercase().as_str());
    match has_form && (has_letter || text.matches('.').count() > 1) && !is_number && !is_word {
        true => text.to_owned(),
        false => serde_json::Value::from(text).to_string(),
    }
}
