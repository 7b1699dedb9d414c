//! What CI runs, as a table. Knows commands; refuses to know what they check.

use std::path::Path;
use std::time::Instant;

use anyhow::{Context as _, Result};

use crate::{output, repository};

/// One command of CI.
struct Step {
    title: &'static str,
    env: Option<(&'static str, &'static str)>,
    args: &'static [&'static str],
}

/// Cheapest first: a mistake of form shows within seconds. `.ci/run` has the same steps, tests first.
const STEPS: &[Step] = &[
    Step {
        title: "format",
        env: None,
        args: &["fmt", "--all", "--check"],
    },
    Step {
        title: "tidy",
        env: None,
        args: &["xtask", "tidy"],
    },
    Step {
        title: "lints",
        env: None,
        args: &["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"],
    },
    Step {
        title: "documentation",
        env: Some(("RUSTDOCFLAGS", "-Dwarnings")),
        args: &["doc", "--workspace", "--no-deps"],
    },
    Step {
        title: "tests",
        env: Some(("INSTA_UPDATE", "no")),
        args: &["test", "--workspace"],
    },
    Step {
        title: "coverage table",
        env: None,
        args: &["xtask", "coverage", "--check"],
    },
    Step {
        title: "main job",
        env: None,
        args: &["run", "--release"],
    },
    Step {
        title: "same seed, same journal",
        env: None,
        args: &["xtask", "same-journal"],
    },
];

impl Step {
    /// The command as one would type it, in the form that `.ci/run` uses.
    fn command_line(&self) -> String {
        let env = self
            .env
            .map(|(name, value)| format!("env {name}={value} "))
            .unwrap_or_default();
        format!("{env}cargo {}", self.args.join(" "))
    }
}

/// Runs every step; the first that fails ends the run and is named in the error.
pub(crate) fn run(root: &Path) -> Result<()> {
    let shell = repository::shell(root)?;
    let began = Instant::now();
    for step in STEPS {
        output::line(format!("\n==> {}: {}", step.title, step.command_line()));
        let step_began = Instant::now();
        let args = step.args;
        repository::as_typed(xshell::cmd!(shell, "cargo {args...}"))
            .quiet()
            .envs(step.env)
            .run()
            .with_context(|| format!("{}: `{}` failed", step.title, step.command_line()))?;
        output::line(format!("==> {}: {} s", step.title, step_began.elapsed().as_secs()));
    }
    output::line(format!("\n==> all passed in {} s", began.elapsed().as_secs()));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_script_and_the_table_have_the_same_steps() {
        let script = include_str!("../../.ci/run");
        let mut in_script: Vec<(String, String)> = script
            .lines()
            .filter_map(|line| line.strip_prefix("step '")?.split_once("' "))
            .map(|(title, command)| (title.to_owned(), command.to_owned()))
            .collect();
        let mut in_table: Vec<_> = STEPS
            .iter()
            .map(|step| (step.title.to_owned(), step.command_line()))
            .collect();
        in_script.sort();
        in_table.sort();
        assert_eq!(in_script, in_table);
    }
}
