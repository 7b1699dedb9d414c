//! The scenarios of field bugs and lessons can fail: a provider without the protection that they show fails them. What is said of that
//! in `scenarios/README.md` is what is tested here.

use std::collections::BTreeSet;

use camino::{Utf8Path, Utf8PathBuf};
use conformance::driver::{DriverKind, Protection};
use conformance::scenario::{self, Action, Library, Scenario};
use conformance::session::{self, End, Plan};
use conformance::subject::Subject;

/// The provider that lacks everything, in the table.
const EVERYTHING: &str = "everything";

/// Lessons of the stack over Resource Manager.
const LESSONS: std::ops::RangeInclusive<u32> = 19..=89;

/// A row of a table: what it is of, and the scenario that shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Row {
    name: String,
    scenario: String,
    without: String,
    fails: String,
}

impl Row {
    /// The scenario of `field/` that it names, where it names one.
    fn field(&self) -> Option<&str> {
        in_ticks(&self.scenario).find(|text| text.starts_with("field/"))
    }

    /// The protection that it names.
    fn protection(&self) -> Option<&str> {
        in_ticks(&self.without).next().filter(|_| self.fails == "yes")
    }
}

fn in_ticks(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

fn readme() -> String {
    let path = Utf8PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../scenarios/README.md");
    fs_err::read_to_string(path).expect("the scenarios have a readme")
}

/// The rows of the table whose first column is called `first`.
fn table(text: &str, first: &str) -> Vec<Row> {
    let head = format!("| {first} | scenario | without | naive fails |");
    let rows = text.lines().skip_while(|line| *line != head).skip(2);
    rows.take_while(|line| line.starts_with('|'))
        .map(|line| {
            let cells: Vec<&str> = line.trim_matches('|').split(" | ").map(str::trim).collect();
            let [name, scenario, without, fails] = cells.as_slice() else {
                panic!("`{line}` has {} columns, expected 4", cells.len());
            };
            Row {
                name: (*name).to_owned(),
                scenario: (*scenario).to_owned(),
                without: (*without).to_owned(),
                fails: (*fails).to_owned(),
            }
        })
        .collect()
}

fn rows() -> Vec<Row> {
    let text = readme();
    let mut rows = table(&text, "name");
    rows.extend(table(&text, "lesson"));
    rows
}

fn scenarios() -> Vec<Scenario> {
    let (scenarios, errors) = Library::of_workspace().load().expect("the folder can be read");
    assert!(errors.is_empty(), "{errors:?}");
    scenarios
}

fn plan(scenario: &Scenario, subject: Option<Subject>) -> Plan<'_> {
    Plan {
        scenario,
        driver: DriverKind::Wire,
        seed: 1,
        until: None,
        profile: None,
        subject,
        live: None,
    }
}

fn end(scenario: &Scenario) -> End {
    session::run(&plan(scenario, Some(Subject::NAIVE)))
        .expect("a driver starts")
        .end
}

/// Without what only a better provider can say: how its errors read, and that its disks are blobs. What is left to judge is what
/// became of the world.
fn of_the_world_alone(scenario: &Scenario) -> Scenario {
    let mut scenario = scenario.clone();
    for step in scenario.prepare.iter_mut().chain(&mut scenario.steps) {
        let of_provider = matches!(step.action, Action::Provider(_) | Action::Juju(_) | Action::Together(_));
        if of_provider && (step.expect.kind.is_some() || step.expect.error.is_some()) {
            step.expect.any = true;
            step.expect.kind = None;
            step.expect.error = None;
        }
        if let Action::World(counts) = &mut step.action {
            counts.remove("blob");
        }
    }
    scenario
}

#[test]
fn a_naive_provider_does_well_where_nothing_goes_wrong() {
    let calm = "about: Nothing goes wrong.
profile: 2016
steps:
  - provider: create
  - provider: start_instance
    machine: 0
  - provider: start_instance
    machine: 1
  - provider: open_ports
    id: machine-0
    ports: [80/tcp, 443/tcp]
  - provider: ports
    id: machine-0
    expect: {value: [80/tcp, 443/tcp]}
  - provider: close_ports
    id: machine-0
    ports: [80/tcp]
  - provider: stop_instances
    ids: [machine-0]
  - world: {vm: 1, nic: 1, pip: 1, rule: 1}
  - provider: all_instances
    expect: {instances: [machine-1]}
  - provider: destroy
  - clock: {advance: 1h}
  - check: [empty]
";
    let scenario = scenario::read(Utf8Path::new("calm.yaml"), "calm", calm, &|_| None).expect("a scenario");
    assert_eq!(end(&scenario), End::Passed);
}

#[test]
fn the_tables_and_the_folder_agree() {
    let text = readme();
    let lessons: Vec<String> = table(&text, "lesson").into_iter().map(|row| row.name).collect();
    let expected: Vec<String> = LESSONS.map(|number| format!("L{number}")).collect();
    assert_eq!(lessons, expected);

    let named: BTreeSet<String> = rows().iter().filter_map(|row| row.field().map(str::to_owned)).collect();
    let found: BTreeSet<String> = scenarios()
        .into_iter()
        .map(|scenario| scenario.id)
        .filter(|id| id.starts_with("field/"))
        .collect();
    assert_eq!(named, found, "left: named by the tables, right: in the folder");

    for row in rows() {
        let number = row.name.strip_prefix('L').filter(|rest| rest.parse::<u32>().is_ok());
        if let (Some(number), Some(id)) = (number, row.field()) {
            assert!(
                id.starts_with(&format!("field/lessons/l{number}-")),
                "{} is shown by {id}",
                row.name
            );
        }
        match row.fails.as_str() {
            "yes" => assert!(row.field().is_some() && row.protection().is_some(), "{row:?}"),
            "-" => assert!(
                row.without.len() > 1,
                "{} does not say why it has no naive provider",
                row.name
            ),
            other => panic!("`{other}` of {} is neither yes nor -", row.name),
        }
    }
}

#[test]
fn every_protection_has_a_row() {
    let rows = rows();
    let named: BTreeSet<&str> = rows
        .iter()
        .filter_map(Row::protection)
        .filter(|name| *name != EVERYTHING)
        .collect();
    let all: BTreeSet<&str> = Protection::all().iter().map(|own| own.name).collect();
    assert_eq!(named, all, "left: named by the tables, right: those that there are");
}

#[test]
fn a_provider_without_the_protection_fails_every_scenario_that_shows_it() {
    // Whether every file can be read is judged elsewhere.
    let (scenarios, _) = Library::of_workspace().load().expect("the folder can be read");
    let mut troubles = BTreeSet::new();
    let mut report = String::new();
    for row in rows() {
        let (Some(id), Some(name)) = (row.field(), row.protection()) else {
            continue;
        };
        let Some(scenario) = scenarios.iter().find(|scenario| scenario.id == id) else {
            troubles.insert(format!("there is no scenario {id}"));
            continue;
        };
        let end = match name {
            EVERYTHING => end(&of_the_world_alone(scenario)),
            name => {
                let protection = Protection::find(name).unwrap_or_else(|| panic!("there is no protection `{name}`"));
                let ran = session::run_without(&plan(scenario, None), protection);
                ran.expect("a driver starts").end
            }
        };
        match end {
            End::Failed(trouble) => {
                let at = trouble
                    .step
                    .map_or_else(|| "the end".to_owned(), |step| step.to_string());
                report.push_str(&format!("{} without {name}: {at}, {}\n", row.name, trouble.label));
            }
            End::Passed => {
                troubles.insert(format!("{id} passes without {name}"));
            }
            End::Invalid(trouble) => {
                troubles.insert(format!("{id}: {trouble:?}"));
            }
        }
    }
    assert_eq!(troubles, BTreeSet::new(), "these do not show what they say");
    super::with_snapshots(|| insta::assert_snapshot!("naive", report));
}
