//! The terminal: progress while it runs, troubles as they come, a table at the end.

use std::collections::BTreeMap;
use std::io::Write;

use comfy_table::{CellAlignment, Table, presets};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::{Event, PropertyDone, Reporter, ScenarioDone, Standing, show_trouble};
use crate::session::show_simulated;

/// The terminal. Progress and troubles go to one stream, the table to another.
pub struct Console<'w> {
    out: &'w mut dyn Write,
    err: &'w mut dyn Write,
    bar: Option<ProgressBar>,
    show_bar: bool,
    scenarios: Vec<ScenarioDone>,
    properties: Vec<PropertyDone>,
    seed: u64,
}

impl<'w> Console<'w> {
    /// Reports on `out` (the table) and `err` (everything else); a moving bar only where somebody watches.
    pub fn new(out: &'w mut dyn Write, err: &'w mut dyn Write, is_terminal: bool) -> Console<'w> {
        Console {
            out,
            err,
            bar: None,
            show_bar: is_terminal,
            scenarios: Vec::new(),
            properties: Vec::new(),
            seed: 0,
        }
    }

    /// Writes above the bar.
    fn say(&mut self, text: &str) -> anyhow::Result<()> {
        let err = &mut self.err;
        match &self.bar {
            Some(bar) => bar.suspend(|| err.write_all(text.as_bytes()))?,
            None => err.write_all(text.as_bytes())?,
        }
        Ok(())
    }

    fn scenario(&mut self, done: &ScenarioDone) -> anyhow::Result<()> {
        match (done.standing, &done.trouble) {
            (Standing::Failed | Standing::Invalid, Some(trouble)) => {
                self.say(&show_trouble(&format!("scenario `{}`", done.id), trouble))?;
            }
            (Standing::UnexpectedPass, _) => {
                let text = format!(
                    "error: scenario `{}` passes on driver {}, and the baseline expects it to fail: {}\nhint: take its row out of scenarios/baseline.toml\n",
                    done.id,
                    done.driver,
                    done.reason.as_deref().unwrap_or_default()
                );
                self.say(&text)?;
            }
            _ => {}
        }
        if let Some(bar) = &self.bar {
            bar.set_message(format!("{} ({})", done.id, done.driver));
            bar.inc(1);
        }
        self.scenarios.push(done.clone());
        Ok(())
    }

    fn property(&mut self, done: &PropertyDone) -> anyhow::Result<()> {
        if let Some(found) = &done.found {
            let mut text = show_trouble(&format!("property `{}`", done.name), &found.trouble);
            match &found.path {
                Some(path) => text.push_str(&format!("the history is in {path}\n")),
                None => text.push_str(&format!("the history, as a scenario:\n{}", found.scenario)),
            }
            self.say(&text)?;
        }
        if let Some(bar) = &self.bar {
            bar.set_message(done.name.clone());
            bar.inc(1);
        }
        self.properties.push(done.clone());
        Ok(())
    }

    fn tables(&mut self, wall_ms: u64) -> anyhow::Result<()> {
        let mut text = String::new();
        if !self.scenarios.is_empty() {
            text.push_str(&format!("{}\n", scenario_table(&self.scenarios)));
        }
        if !self.properties.is_empty() {
            text.push_str(&format!("{}\n", property_table(&self.properties)));
        }
        let n_bad = self.scenarios.iter().filter(|done| !done.standing.is_good()).count();
        let n_found = self.properties.iter().filter(|done| done.found.is_some()).count();
        let n_runs = self.scenarios.len() + self.properties.len();
        let n_good = n_runs - n_bad - n_found;
        text.push_str(&format!(
            "{n_good} of {n_runs} as expected, seed {}, {}.{:03} s\n",
            self.seed,
            wall_ms / 1000,
            wall_ms % 1000
        ));
        self.out.write_all(text.as_bytes())?;
        self.out.flush()?;
        Ok(())
    }
}

impl Reporter for Console<'_> {
    fn event(&mut self, event: &Event) -> anyhow::Result<()> {
        match event {
            Event::Begun {
                n_runs,
                n_properties,
                seed,
            } => {
                self.seed = *seed;
                if self.show_bar {
                    let style = ProgressStyle::with_template("{bar:32} {pos}/{len} {msg}")?;
                    let n_all = u64::try_from(n_runs + n_properties)?;
                    let bar =
                        ProgressBar::with_draw_target(Some(n_all), ProgressDrawTarget::stderr()).with_style(style);
                    self.bar = Some(bar);
                }
                Ok(())
            }
            Event::Scenario(done) => self.scenario(done),
            Event::Property(done) => self.property(done),
            Event::Ended { wall_ms } => {
                if let Some(bar) = self.bar.take() {
                    bar.finish_and_clear();
                }
                self.tables(*wall_ms)
            }
        }
    }
}

fn table(headings: &[&str], n_words: usize) -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_header(headings.to_vec());
    for index in n_words..headings.len() {
        if let Some(column) = table.column_mut(index) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table
}

fn scenario_table(scenarios: &[ScenarioDone]) -> Table {
    let headings = [
        "theme",
        "scenarios",
        "runs",
        "passed",
        "failed",
        "expected failures",
        "expectations",
        "not judged",
        "simulated",
        "time",
    ];
    let mut table = table(&headings, 1);
    let mut themes: BTreeMap<&str, Vec<&ScenarioDone>> = BTreeMap::new();
    for done in scenarios {
        themes.entry(done.theme()).or_default().push(done);
    }
    for (theme, rows) in &themes {
        table.add_row(row(theme, rows));
    }
    if themes.len() > 1 {
        table.add_row(row("all", &scenarios.iter().collect::<Vec<_>>()));
    }
    table
}

fn row(name: &str, rows: &[&ScenarioDone]) -> Vec<String> {
    let standing = |wanted: &[Standing]| rows.iter().filter(|done| wanted.contains(&done.standing)).count();
    let ids: std::collections::BTreeSet<&str> = rows.iter().map(|done| done.id.as_str()).collect();
    let wall_ms: u64 = rows.iter().map(|done| done.wall_ms).sum();
    let simulated: i64 = rows.iter().map(|done| done.simulated_ms).sum();
    vec![
        name.to_owned(),
        ids.len().to_string(),
        rows.len().to_string(),
        standing(&[Standing::Passed]).to_string(),
        standing(&[Standing::Failed, Standing::Invalid, Standing::UnexpectedPass]).to_string(),
        standing(&[Standing::ExpectedFailure]).to_string(),
        rows.iter().map(|done| done.n_judged).sum::<usize>().to_string(),
        rows.iter().map(|done| done.n_not_judged).sum::<usize>().to_string(),
        show_simulated(simulated),
        format!("{wall_ms} ms"),
    ]
}

fn property_table(properties: &[PropertyDone]) -> Table {
    let mut table = table(&["property", "cases", "steps", "seed", "found", "time"], 1);
    for done in properties {
        table.add_row(vec![
            done.name.clone(),
            done.n_cases.to_string(),
            done.n_steps.to_string(),
            done.seed.to_string(),
            usize::from(done.found.is_some()).to_string(),
            format!("{} ms", done.wall_ms),
        ]);
    }
    table
}
