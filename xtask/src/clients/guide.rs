//! The pages of `docs/clients` as sessions that can be run: what a reader is told to type is typed.
//!
//! A block ```` ```console ```` holds commands after `$ `, each followed by what it prints, in which `...` stands for any
//! text; a documented answer that begins `ERROR` is a refusal. A block that names a file after its language, such as
//! ```` ```python demo.py ````, is that file. The first command starts the server. All commands of a page run in one shell.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};

use super::outcome::{Check, Verdict};
use super::process;

/// How long a page may take.
const SECS_MAX: u64 = 600;

/// Parts what one command printed from what the next one did.
const MARK: char = '\u{1e}';

/// Stands for any text in a documented answer.
const ANY: &str = "...";

/// A page.
#[derive(Debug)]
pub(crate) struct Guide {
    /// Arguments of the `fake-azure serve` that it begins with.
    pub(crate) serve: Vec<String>,
    pub(crate) blocks: Vec<Block>,
}

/// What is done with a block.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Block {
    File { name: String, text: String },
    Command(Command),
}

/// A command with its documented answer.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Command {
    line: String,
    prints: String,
}

/// Reads a page.
pub(crate) fn read(text: &str) -> Result<Guide> {
    let mut blocks = Vec::new();
    for (language, name, text) in fenced(text)? {
        match (language, name) {
            ("console", None) => blocks.extend(commands(&text)?.into_iter().map(Block::Command)),
            (_, Some(name)) => blocks.push(Block::File {
                name: name.to_owned(),
                text,
            }),
            _ => {}
        }
    }

    let first = blocks.iter().position(|block| matches!(block, Block::Command(_)));
    let Some(Block::Command(server)) = first.map(|first| blocks.remove(first)) else {
        bail!("it has no command");
    };
    let serve = server.line.trim_end_matches('&').split_whitespace().map(str::to_owned);
    let serve: Vec<String> = serve.collect();
    ensure!(
        serve.starts_with(&["fake-azure".to_owned(), "serve".to_owned()]),
        "its first command does not start the server: `{}`",
        server.line
    );
    Ok(Guide {
        serve: serve[2..].to_vec(),
        blocks,
    })
}

/// The fenced blocks: language, file name, text.
fn fenced(text: &str) -> Result<Vec<(&str, Option<&str>, String)>> {
    let mut found = Vec::new();
    let mut open: Option<(&str, Option<&str>, String)> = None;
    for line in text.lines() {
        match (&mut open, line.strip_prefix("```")) {
            (None, Some(info)) => {
                let mut words = info.split_whitespace();
                open = Some((words.next().unwrap_or_default(), words.next(), String::new()));
            }
            (Some(_), Some("")) => found.extend(open.take()),
            (Some((_, _, text)), _) => {
                text.push_str(line);
                text.push('\n');
            }
            (None, None) => {}
        }
    }
    ensure!(open.is_none(), "a block is not closed");
    Ok(found)
}

fn commands(text: &str) -> Result<Vec<Command>> {
    let mut commands: Vec<Command> = Vec::new();
    let mut continues = false;
    for line in text.lines() {
        if let Some(line) = line.strip_prefix("$ ") {
            commands.push(Command {
                line: line.to_owned(),
                prints: String::new(),
            });
        } else {
            let command = commands.last_mut().context("a block answers before it asks")?;
            let part = if continues {
                &mut command.line
            } else {
                &mut command.prints
            };
            if !part.is_empty() {
                part.push('\n');
            }
            part.push_str(line);
        }
        let asks = line.starts_with("$ ") || continues;
        continues = asks && line.ends_with('\\');
    }
    Ok(commands)
}

/// Types a page's commands, and holds what they print against the page.
pub(crate) fn run(name: &str, guide: &Guide, work: &Path, env: &BTreeMap<String, String>) -> Result<Vec<Check>> {
    for block in &guide.blocks {
        if let Block::File { name, text } = block {
            fs_err::write(work.join(name), text)?;
        }
    }
    let commands: Vec<&Command> = guide
        .blocks
        .iter()
        .filter_map(|block| match block {
            Block::Command(command) => Some(command),
            Block::File { .. } => None,
        })
        .collect();
    let ended = process::bash(&script(&commands), work, env, SECS_MAX)?;
    let mut answers = answers(&ended.stdout).into_iter();
    let checks = commands.iter().map(|command| Check {
        name: format!("{name}: {}", command.line.lines().next().unwrap_or_default()),
        verdict: match answers.next() {
            Some(answer) => judge(command, &answer),
            None => Verdict::Failed(format!(
                "the page had ended before:\n{}",
                process::tail(&format!("{}{}", ended.stdout, ended.stderr), 12)
            )),
        },
        took: Duration::ZERO,
    });
    let mut checks: Vec<Check> = checks.collect();
    if let Some(last) = checks.last_mut() {
        last.took = ended.took;
    }
    Ok(checks)
}

/// One shell for all commands: what one sets, the next one sees.
fn script(commands: &[&Command]) -> String {
    let mut script = "exec 2>&1\n".to_owned();
    for command in commands {
        script.push_str(&format!("{{ {}\n}}\nprintf '\\036%d\\036' $?\n", command.line));
    }
    script
}

struct Answer {
    printed: String,
    status: i32,
}

fn answers(text: &str) -> Vec<Answer> {
    let parts: Vec<&str> = text.split(MARK).collect();
    parts
        .chunks_exact(2)
        .filter_map(|pair| {
            Some(Answer {
                printed: pair[0].to_owned(),
                status: pair[1].parse().ok()?,
            })
        })
        .collect()
}

fn judge(command: &Command, answer: &Answer) -> Verdict {
    let is_refused = command.prints.lines().any(|line| line.starts_with("ERROR"));
    if (answer.status != 0) != is_refused {
        return Verdict::Failed(format!(
            "exit status {}; it said at last:\n{}",
            answer.status,
            process::tail(&answer.printed, 12)
        ));
    }
    if !command.prints.is_empty() && !matches(&command.prints, &answer.printed) {
        return Verdict::Failed(format!(
            "the page says:\n{}\nit printed:\n{}",
            command.prints,
            answer.printed.trim_end()
        ));
    }
    Verdict::Passed
}

/// Whether a text is as documented, blanks at the ends of lines aside.
fn matches(documented: &str, printed: &str) -> bool {
    let tidy = |text: &str| {
        let lines: Vec<&str> = text.trim().lines().map(str::trim_end).collect();
        lines.join("\n")
    };
    let (documented, printed) = (tidy(documented), tidy(printed));
    let pieces: Vec<&str> = documented.split(ANY).collect();
    let [first, middle @ .., last] = pieces.as_slice() else {
        return documented == printed;
    };
    let Some(mut rest) = printed.strip_prefix(first) else {
        return false;
    };
    for piece in middle {
        // A line that stands for any lines may stand for none.
        let piece = if piece.starts_with('\n') && rest.is_empty() {
            ""
        } else {
            piece
        };
        let Some(at) = rest.find(piece) else {
            return false;
        };
        rest = &rest[at + piece.len()..];
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;

    const PAGE: &str = "\
# A client

```console
$ fake-azure serve --env-file fake.env
FAKE_ARM_URL=...
```

```python demo.py
print(1)
```

```console
$ python demo.py \\
    --twice
1
$ false
ERROR: no
```

```json
{}
```
";

    #[test]
    fn a_page_is_files_and_commands() {
        let guide = read(PAGE).expect("a page");
        expect![[r#"
            [
                "--env-file",
                "fake.env",
            ]
        "#]]
        .assert_debug_eq(&guide.serve);
        expect![[r#"
            [
                File {
                    name: "demo.py",
                    text: "print(1)\n",
                },
                Command(
                    Command {
                        line: "python demo.py \\\n    --twice",
                        prints: "1",
                    },
                ),
                Command(
                    Command {
                        line: "false",
                        prints: "ERROR: no",
                    },
                ),
            ]
        "#]]
        .assert_debug_eq(&guide.blocks);
    }

    #[test]
    fn a_page_without_a_server_is_refused() {
        assert!(read("```console\n$ az login\n```\n").is_err());
        assert!(read("```console\n$ az login\n").is_err());
    }

    #[test]
    fn any_text_may_stand_where_the_page_leaves_it_out() {
        assert!(matches("a ... c", "a b b c\n"));
        assert!(matches("{\n...\n  \"x\": 1\n...", "{\n  \"w\": 0,\n  \"x\": 1\n}\n"));
        assert!(matches("same", "same  \n"));
        assert!(!matches("a ... c", "a b"));
        assert!(!matches("same", "same, and more"));
    }

    #[test]
    fn commands_share_a_shell_and_are_judged_one_by_one() {
        let page = "\
```console
$ fake-azure serve
$ export NAME=world
$ echo hello $NAME
hello world
$ echo hello
goodbye
$ echo 'ERROR: (Code) no'; false
ERROR: (Code) ...
$ false
```
";
        let guide = read(page).expect("a page");
        let work = tempfile::tempdir().expect("a folder");
        let checks = run("page.md", &guide, work.path(), &BTreeMap::new()).expect("bash is there");
        let told: String = checks
            .iter()
            .map(|check| match &check.verdict {
                Verdict::Passed => "passed\n".to_owned(),
                Verdict::Failed(why) => format!("failed: {}\n", why.trim_end()),
                Verdict::Skipped(_) => "skipped\n".to_owned(),
            })
            .collect();
        expect![[r#"
            passed
            passed
            failed: the page says:
            goodbye
            it printed:
            hello
            passed
            failed: exit status 1; it said at last:
        "#]]
        .assert_eq(&told);
    }
}
