//! The table of suites: what each installs and runs. Knows files; refuses to know what a client is.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

use anyhow::{Context as _, Result, ensure};
use serde::Deserialize;

/// A client, or several that belong together.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Suite {
    /// Also the folder of its files below `xtask/clients`.
    pub(crate) name: String,
    /// The client, as a person calls it.
    pub(crate) about: String,
    /// What is installed into a virtual environment.
    #[serde(default)]
    pub(crate) python: Vec<String>,
    /// More of it, in files below the environment's `site-packages`: what an installed package asks for by itself.
    #[serde(default)]
    pub(crate) python_requirements: Vec<String>,
    /// What is installed into `node_modules`.
    #[serde(default)]
    pub(crate) npm: Vec<String>,
    /// The folder of a crate among its files, to be built outside the workspace.
    #[serde(default)]
    pub(crate) crate_folder: Option<String>,
    /// Suites whose programs it needs beside its own.
    #[serde(default)]
    pub(crate) uses: Vec<String>,
    /// A port of this machine without which the client cannot work.
    #[serde(default)]
    pub(crate) needs_port: Option<u16>,
    /// Arguments for `fake-azure serve`.
    #[serde(default)]
    pub(crate) serve: Vec<String>,
    /// Variables of its commands and scripts; `$NAME` stands for one that is set already.
    #[serde(default)]
    pub(crate) env: BTreeMap<String, String>,
    /// What is run, each against a new server.
    pub(crate) runs: Vec<Run>,
}

/// One run of a suite.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) enum Run {
    /// A list of commands with what is expected of each.
    Commands(String),
    /// A command line that prints `ok SENTENCE` and `not ok SENTENCE` lines.
    Script(String),
    /// A page of `docs/clients`, whose commands are executed.
    Guide(String),
}

impl fmt::Display for Run {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Run::Commands(file) => write!(f, "commands: {file}"),
            Run::Script(line) => write!(f, "script: {line}"),
            Run::Guide(name) => write!(f, "guide: docs/clients/{name}"),
        }
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    suite: Vec<Suite>,
}

/// Reads the table.
pub(crate) fn read(path: &Path) -> Result<Vec<Suite>> {
    let text = fs_err::read_to_string(path)?;
    parse(&text).with_context(|| format!("cannot understand {}", path.display()))
}

fn parse(text: &str) -> Result<Vec<Suite>> {
    let File { suite: suites } = toml::from_str(text)?;
    for (suite_idx, suite) in suites.iter().enumerate() {
        ensure!(!suite.runs.is_empty(), "suite `{}` runs nothing", suite.name);
        ensure!(
            !suites[..suite_idx].iter().any(|other| other.name == suite.name),
            "two suites are called `{}`",
            suite.name
        );
    }
    Ok(suites)
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;

    #[test]
    fn a_suite_is_a_row() {
        let suites = parse(
            r#"
            [[suite]]
            name = "az"
            about = "Azure CLI"
            python = ["azure-cli"]
            runs = [{ commands = "commands.toml" }, { guide = "az.md" }]
            "#,
        )
        .expect("a table");
        let told: Vec<String> = suites[0].runs.iter().map(ToString::to_string).collect();
        expect!["commands: commands.toml; guide: docs/clients/az.md"].assert_eq(&told.join("; "));
    }

    #[test]
    fn what_is_not_known_is_refused() {
        let told = |text: &str| parse(text).expect_err("it is refused").to_string();
        assert!(told("[[suite]]\nname = \"a\"\nabout = \"b\"\nruns = []\n").contains("runs nothing"));
        assert!(told("[[suite]]\nname = \"a\"\nabout = \"b\"\nruns = []\npip = []\n").contains("pip"));
    }
}
