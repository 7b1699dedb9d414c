//! A list of commands of one client with what is expected of each: the story of a session at the terminal, as data.
//!
//! A command runs as it is written. What it prints is looked at through the client's own `--query` (JMESPath), so that a
//! check here is what a person would type. Knows that much of the Azure CLI, and nothing of what its commands do.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use anyhow::{Context as _, Result, ensure};
use serde::Deserialize;
use serde_json::Value;

use super::outcome::{Check, Verdict};
use super::process::{self, Ended};
use crate::output;

/// How long a command may take when it does not say, beside ten times what the list's first one took, which tells how
/// busy the machine is. Shorter than the 30 s that clients wait between two polls when a server names no delay: a command
/// that waits so has failed.
const SECS_MAX: u64 = 20;

/// One command.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Command {
    /// The line, for bash.
    pub(crate) run: String,
    /// What of the output is looked at.
    #[serde(default)]
    query: Option<String>,
    /// What it must be. Without it, the command need only succeed.
    #[serde(default)]
    expect: Option<Value>,
    /// What must occur in the output as it is; for what is not JSON.
    #[serde(default)]
    prints: Option<String>,
    /// The code of Azure's error, which the command must end with.
    #[serde(default)]
    refused: Option<String>,
    /// The exit status; 0 when nothing is said, 1 with `refused`.
    #[serde(default)]
    exit: Option<i32>,
    /// The variable that the output, looked at so, is kept in for later commands.
    #[serde(default)]
    save: Option<String>,
    /// How long it may take.
    #[serde(default)]
    secs_max: Option<u64>,
}

impl Command {
    /// The words before the first option or argument: `network vnet create`.
    fn name(&self) -> String {
        let words = self.run.split_whitespace().skip(1);
        words
            .take_while(|word| word.chars().all(|c| c.is_ascii_lowercase() || c == '-') && !word.starts_with('-'))
            .collect::<Vec<_>>()
            .join(" ")
    }

    fn looks_at_output(&self) -> bool {
        self.query.is_some() || self.expect.is_some() || self.save.is_some()
    }

    /// The line as it is run.
    fn line(&self) -> String {
        match &self.query {
            Some(_) => format!("{} --output json --query \"$QUERY\"", self.run),
            None if self.looks_at_output() => format!("{} --output json", self.run),
            None => self.run.clone(),
        }
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    command: Vec<Command>,
}

/// Reads a list.
pub(crate) fn read(path: &Path) -> Result<Vec<Command>> {
    let text = fs_err::read_to_string(path)?;
    parse(&text).with_context(|| format!("cannot understand {}", path.display()))
}

fn parse(text: &str) -> Result<Vec<Command>> {
    let File { command: commands } = toml::from_str(text)?;
    ensure!(!commands.is_empty(), "the list is empty");
    Ok(commands)
}

/// How many different commands a list has.
pub(crate) fn n_different(commands: &[Command]) -> usize {
    commands.iter().map(Command::name).collect::<BTreeSet<_>>().len()
}

/// Runs a list in its order.
pub(crate) fn run(path: &Path, work: &Path, mut env: BTreeMap<String, String>) -> Result<Vec<Check>> {
    let commands = read(path)?;
    output::line(format!(
        "    {} commands, {} different",
        commands.len(),
        n_different(&commands)
    ));
    let mut checks = Vec::new();
    let mut first_secs = None;
    for command in commands {
        if let Some(query) = &command.query {
            env.insert("QUERY".to_owned(), query.clone());
        }
        let usual = first_secs.map_or(3 * SECS_MAX, |first| SECS_MAX + 10 * first);
        let secs_max = command.secs_max.unwrap_or(usual);
        let ended = process::bash(&command.line(), work, &env, secs_max)?;
        first_secs = first_secs.or(Some(ended.took.as_secs()));
        let verdict = match judge(&command, &ended, secs_max) {
            Ok(output) => {
                if let Some(name) = &command.save {
                    env.insert(name.clone(), text_of(&output));
                }
                Verdict::Passed
            }
            Err(why) => Verdict::Failed(why),
        };
        checks.push(Check {
            name: command.run.clone(),
            verdict,
            took: ended.took,
        });
    }
    Ok(checks)
}

/// The output, when all is as expected; else what is not.
fn judge(command: &Command, ended: &Ended, secs_max: u64) -> Result<Value, String> {
    let said = || process::tail(&format!("{}{}", ended.stdout, ended.stderr), 12);
    let Some(status) = ended.status else {
        return Err(format!("it was ended after {secs_max} s; it said at last:\n{}", said()));
    };
    let wanted = command.exit.unwrap_or(i32::from(command.refused.is_some()));
    if status != wanted {
        return Err(format!(
            "exit status {status}, not {wanted}; it said at last:\n{}",
            said()
        ));
    }
    if let Some(code) = &command.refused
        && !has_word(&ended.stderr, code)
    {
        return Err(format!("no {code} in its errors:\n{}", said()));
    }
    if let Some(text) = &command.prints
        && !ended.stdout.contains(text.as_str())
    {
        return Err(format!("no `{text}` in what it printed:\n{}", said()));
    }
    if !command.looks_at_output() {
        return Ok(Value::Null);
    }

    // Azure CLI prints nothing for null.
    let text = ended.stdout.trim();
    let output = if text.is_empty() {
        Value::Null
    } else {
        serde_json::from_str(text).map_err(|error| format!("it did not print JSON: {error}\n{}", said()))?
    };
    match &command.expect {
        Some(expected) if *expected != output && !(output.is_null() && is_nothing(expected)) => Err(format!(
            "expected {expected}\ngot      {output}{}",
            command
                .query
                .as_ref()
                .map(|query| format!("\nat       {query}"))
                .unwrap_or_default()
        )),
        _ => Ok(output),
    }
}

/// TOML has no null: a list expects nothing by an empty table.
fn is_nothing(expected: &Value) -> bool {
    expected.as_object().is_some_and(serde_json::Map::is_empty)
}

fn has_word(text: &str, word: &str) -> bool {
    text.match_indices(word).any(|(at, _)| {
        let is_part = |c: char| c.is_ascii_alphanumeric();
        !text[..at].ends_with(is_part) && !text[at + word.len()..].starts_with(is_part)
    })
}

fn text_of(output: &Value) -> String {
    match output {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use expect_test::{Expect, expect};

    use super::*;
    use crate::repository;

    fn check(row: &str, status: i32, stdout: &str, stderr: &str, expected: Expect) {
        let commands = parse(&format!("[[command]]\n{row}")).expect("a row");
        let ended = Ended {
            status: Some(status),
            stdout: stdout.to_owned(),
            stderr: stderr.to_owned(),
            took: Duration::ZERO,
        };
        let told = match judge(&commands[0], &ended, SECS_MAX) {
            Ok(output) => format!("passed with {output}"),
            Err(why) => why,
        };
        expected.assert_eq(&told);
    }

    #[test]
    fn what_a_command_prints_must_be_what_is_expected() {
        let row = "run = 'az group show -n g'\nquery = 'location'\nexpect = 'westus'";
        check(row, 0, "\"westus\"\n", "", expect![[r#"passed with "westus""#]]);
        check(
            row,
            0,
            "\"eastus\"\n",
            "",
            expect![[r#"
                expected "westus"
                got      "eastus"
                at       location"#]],
        );
        check(
            row,
            0,
            "",
            "",
            expect![[r#"
            expected "westus"
            got      null
            at       location"#]],
        );
    }

    #[test]
    fn a_refusal_must_have_the_status_and_the_code() {
        let row = "run = 'az network nic delete -g g -n n'\nrefused = 'NicInUse'";
        check(
            row,
            1,
            "",
            "ERROR: (NicInUse) The nic\nCode: NicInUse",
            expect!["passed with null"],
        );
        check(row, 0, "", "", expect!["exit status 0, not 1; it said at last:\n"]);
        check(
            row,
            1,
            "",
            "ERROR: (NicInUseToo) No",
            expect![[r#"
                no NicInUse in its errors:
                ERROR: (NicInUseToo) No"#]],
        );
    }

    #[test]
    fn a_command_is_named_by_its_words() {
        let name = |run: &str| parse(&format!("[[command]]\nrun = '{run}'")).expect("a row")[0].name();
        assert_eq!(
            name("az network vnet subnet list --vnet-name v"),
            "network vnet subnet list"
        );
        assert_eq!(name("az group exists -n g1"), "group exists");
    }

    #[test]
    fn the_list_of_the_azure_cli_has_a_hundred_different_commands() {
        let path = repository::root().join("xtask/clients/az/commands.toml");
        let commands = read(&path).expect("a list");
        let n_refused = commands.iter().filter(|command| command.refused.is_some()).count();
        assert!(
            n_different(&commands) >= 100,
            "{} different commands",
            n_different(&commands)
        );
        assert!(n_refused >= 15, "{n_refused} refusals");
    }
}
