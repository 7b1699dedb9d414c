//! JUnit XML: one suite a theme and driver, one case a scenario; one suite for the properties.

use std::collections::BTreeMap;
use std::io::Write;
use std::time::Duration;

use quick_junit::{NonSuccessKind, Property, Report, TestCase, TestCaseStatus, TestSuite};

use super::{Event, PropertyDone, Reporter, ScenarioDone, Standing, show_trouble};

/// Collects the run, and writes it when it is over.
pub struct Junit<W> {
    sink: W,
    suites: BTreeMap<String, TestSuite>,
}

impl<W: Write> Junit<W> {
    /// The document goes to `sink`.
    pub fn new(sink: W) -> Junit<W> {
        Junit {
            sink,
            suites: BTreeMap::new(),
        }
    }

    fn suite(&mut self, name: String) -> &mut TestSuite {
        self.suites.entry(name.clone()).or_insert_with(|| TestSuite::new(name))
    }

    fn scenario(&mut self, done: &ScenarioDone) {
        let text = done
            .trouble
            .as_ref()
            .map(|trouble| show_trouble(&format!("scenario `{}`", done.id), trouble));
        let status = match done.standing {
            Standing::Passed => TestCaseStatus::success(),
            Standing::ExpectedFailure => {
                let mut status = TestCaseStatus::skipped();
                status.set_message(format!(
                    "expected failure: {}",
                    done.reason.as_deref().unwrap_or_default()
                ));
                status
            }
            Standing::UnexpectedPass => failure(
                NonSuccessKind::Failure,
                "passes, and the baseline expects it to fail",
                None,
            ),
            Standing::Failed => failure(NonSuccessKind::Failure, first_line(text.as_deref()), text.as_deref()),
            Standing::Invalid => failure(NonSuccessKind::Error, first_line(text.as_deref()), text.as_deref()),
        };
        let mut case = TestCase::new(done.id.as_str(), status);
        case.set_classname(format!("{}.{}", done.driver, done.theme().replace('/', ".")));
        case.set_time(Duration::from_millis(done.wall_ms));
        for (name, value) in [
            ("seed", done.seed.to_string()),
            ("expectations", done.n_judged.to_string()),
            ("not-judged", done.n_not_judged.to_string()),
            ("simulated-ms", done.simulated_ms.to_string()),
            ("journal", done.journal_digest.clone()),
        ] {
            if !value.is_empty() {
                case.properties.push(Property::new(name, value));
            }
        }
        self.suite(format!("{} ({})", done.theme(), done.driver))
            .add_test_case(case);
    }

    fn property(&mut self, done: &PropertyDone) {
        let status = match &done.found {
            None => TestCaseStatus::success(),
            Some(found) => {
                let text = show_trouble(&format!("property `{}`", done.name), &found.trouble);
                failure(
                    NonSuccessKind::Failure,
                    first_line(Some(&text)),
                    Some(&format!("{text}\n{}", found.scenario)),
                )
            }
        };
        let mut case = TestCase::new(done.name.as_str(), status);
        case.set_classname("properties");
        case.set_time(Duration::from_millis(done.wall_ms));
        case.properties.push(Property::new("seed", done.seed.to_string()));
        case.properties.push(Property::new("cases", done.n_cases.to_string()));
        case.properties.push(Property::new("steps", done.n_steps.to_string()));
        self.suite("properties".to_owned()).add_test_case(case);
    }
}

impl<W: Write> Reporter for Junit<W> {
    fn event(&mut self, event: &Event) -> anyhow::Result<()> {
        match event {
            Event::Begun { .. } => {}
            Event::Scenario(done) => self.scenario(done),
            Event::Property(done) => self.property(done),
            Event::Ended { wall_ms } => {
                let mut report = Report::new("conformance");
                report.set_time(Duration::from_millis(*wall_ms));
                report.add_test_suites(std::mem::take(&mut self.suites).into_values());
                report.serialize(&mut self.sink)?;
                self.sink.flush()?;
            }
        }
        Ok(())
    }
}

fn failure(kind: NonSuccessKind, message: &str, text: Option<&str>) -> TestCaseStatus {
    let mut status = TestCaseStatus::non_success(kind);
    status.set_message(message);
    if let Some(text) = text {
        status.set_description(text);
    }
    status
}

fn first_line(text: Option<&str>) -> &str {
    text.and_then(|text| text.lines().next()).unwrap_or("failed")
}
