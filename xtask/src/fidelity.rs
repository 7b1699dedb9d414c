//! The score of `fake-azure` against recorded sessions, as `docs/fidelity.md`.
//!
//! Builds and starts the server, lets the scoring tool replay the recordings against it, and writes down what the tool
//! reports. Refuses to know how an answer is scored.

use std::collections::BTreeMap;
use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, ensure};
use serde::Deserialize;
use xshell::cmd;

use crate::repository::{self, Commit};
use crate::server::Server;
use crate::{document, output};

/// What the score depends on, beside the recordings.
const MEASURED: &[&str] = &["Cargo.lock", "fake-azure"];

/// Sessions that the tool cannot prepare: they ask about a group whose name Azure refuses, and the tool first makes every
/// group that a session finds. A regular expression on the session id, as the tool's `--only` takes it.
const PREPARABLE: &str = "^(?!.*/(should_raise_error_when_attempting_to_get_deployment_with_using_invalid_parameters|\
    should_raise_error_when_attempting_validate_with_invalid_parameters|should_raise_errors_when_attempting_delete_resource_group)$)";

/// Who was in the directory of those days was not recorded.
const ANYBODY: &str = "--any-principal";

#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Grades of the sessions to replay
    #[arg(long, default_value = "AB")]
    grades: String,

    /// Grades of the sessions whose figures stand beside them
    #[arg(long, default_value = "ABCD")]
    all_grades: String,

    /// Folders of the recordings to replay, each measured by itself
    #[arg(long, value_delimiter = ',', default_value = "arm,asm")]
    apis: Vec<String>,

    /// Where to write the document
    #[arg(long, default_value = "docs/fidelity.md")]
    out: PathBuf,

    /// Arguments for the scoring tool, after `--`, such as `--explain 5`; then no document is written
    #[arg(last = true)]
    tool: Vec<String>,
}

impl Options {
    /// The command that gives the same figures again.
    fn command_line(&self) -> String {
        let mut line = format!("cargo xtask fidelity --grades {}", self.grades);
        if self.apis != ["arm", "asm"] {
            line.push_str(&format!(" --apis {}", self.apis.join(",")));
        }
        line
    }
}

/// What was measured of one API.
struct Measured {
    api: String,
    /// Of the sessions that can be replayed.
    report: Report,
    /// Of those that want more, too.
    of_all_grades: Report,
}

/// The tool's report.
#[derive(Debug, Deserialize)]
struct Report {
    sessions: u64,
    passed_over: u64,
    sessions_faithful: u64,
    polls_lost: u64,
    #[serde(rename = "macro")]
    over_operations: Macro,
    polls: Row,
    catalogue: Row,
    total: Row,
    by_operation: BTreeMap<String, Row>,
}

/// Means over the operations with at least three calls.
#[derive(Debug, Deserialize)]
struct Macro {
    operations: u64,
    status: f64,
    code: f64,
    headers: f64,
    paths: f64,
    values: f64,
    faithful: f64,
}

/// Shares between 0 and 1; absent where there was nothing to compare.
#[derive(Debug, Deserialize)]
struct Row {
    exchanges: u64,
    status: Option<f64>,
    code: Option<f64>,
    message: Option<f64>,
    headers: Option<f64>,
    paths: Option<f64>,
    values: Option<f64>,
    faithful: Option<f64>,
}

/// Measures and writes the document. Without recordings or tool it says so and is content: neither is ours to ship.
pub(crate) fn run(root: &Path, options: &Options) -> Result<()> {
    let recordings = place(root, "FAKE_AZURE_RECORDINGS", "../shared/recordings");
    let tool = place(root, "FAKE_AZURE_TOOLS", "../shared/tools").join("fidelity.py");
    if !recordings.is_dir() || !tool.is_file() {
        output::line(format!(
            "skipped: needs the recordings in {} ($FAKE_AZURE_RECORDINGS) and {} (in $FAKE_AZURE_TOOLS)",
            recordings.display(),
            tool.display()
        ));
        return Ok(());
    }

    let shell = repository::shell(root)?;
    cmd!(shell, "cargo build --release --package fake-azure")
        .run()
        .context("cannot build fake-azure")?;
    let target = repository::metadata(root)?.target_directory;
    let binary = target
        .join("release")
        .join(format!("fake-azure{}", env::consts::EXE_SUFFIX));

    let scratch = tempfile::tempdir().context("cannot make a folder for the server's state")?;
    let server = Server::start(Command::new(&binary), &[ANYBODY.to_owned()], scratch.path())
        .with_context(|| format!("cannot serve with {}", binary.display()))?;
    let measure = |api: &str, grades: &str| -> Result<Report> {
        let sessions = sessions(&recordings, api)?;
        let json = scratch.path().join("report.json");
        let (env_file, arguments) = (server.env_file(), &options.tool);
        cmd!(shell, "python3 {tool} --env-file {env_file} --grades {grades} --only {PREPARABLE} --json {json} {arguments...} {sessions...}")
            .quiet()
            .run()
            .with_context(|| format!("the scoring tool failed; the server said:\n{}", server.log()))?;
        serde_json::from_str(&fs_err::read_to_string(&json)?).context("cannot understand the tool's report")
    };
    let mut measured = Vec::new();
    for api in &options.apis {
        let report = measure(api, &options.grades)?;
        if options.tool.is_empty() {
            measured.push(Measured {
                api: api.clone(),
                report,
                of_all_grades: measure(api, &options.all_grades)?,
            });
        }
    }
    server.stop()?;

    if measured.is_empty() {
        return Ok(());
    }
    let out = root.join(&options.out);
    let commit = repository::commit(root, MEASURED)?;
    document::write(&out, &render(&measured, &commit, options, &document::existing(&out)))?;
    output::line(format!("wrote {}", out.display()));
    Ok(())
}

fn place(root: &Path, variable: &str, default: &str) -> PathBuf {
    env::var_os(variable).map_or_else(|| root.join(default), PathBuf::from)
}

/// The session files of an API, sorted; those of which only the groups are left say nothing.
fn sessions(recordings: &Path, api: &str) -> Result<Vec<PathBuf>> {
    let mut sessions = Vec::new();
    for entry in fs_err::read_dir(recordings.join(api))? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if name.ends_with(".jsonl.gz") && !name.contains("groups-only") {
            sessions.push(path);
        }
    }
    sessions.sort();
    ensure!(
        !sessions.is_empty(),
        "no recorded sessions in {} for {api}",
        recordings.display()
    );
    Ok(sessions)
}

/// The heading of an API's section.
fn title(api: &str) -> &str {
    match api {
        "arm" => "Azure Resource Manager",
        "asm" => "Service Management",
        "blob" => "Blob service",
        other => other,
    }
}

fn render(measured: &[Measured], commit: &Commit, options: &Options, existing: &str) -> String {
    let mark = document::mark("fidelity");
    let Commit { name, date } = commit;
    let sections: Vec<String> = measured.iter().map(|own| section(own, options)).collect();
    let sections = sections.join("\n");
    let command = options.command_line();
    let notes = document::notes(existing);
    format!(
        "\
{mark}
# Fidelity

How `fake-azure` answers what real clients once asked of the real Azure. Each recorded session starts on an empty
cloud, its requests are sent in the recorded order, and each answer is held against the recorded one: status, error
code, protocol headers, body paths and body values. An exchange is faithful when status and code agree, no protocol
header is missing, and nine tenths of paths and values do. The figure that counts is the macro share of faithful
exchanges: the mean over all operations with at least three calls.

Sessions have grades: A and B can be replayed on a cloud that the tool prepares, C wants things that the session never
makes, of D some request bodies are unknown. What a session misses is counted against the simulator all the same.

* Commit: {name} ({date})
* Command: `{command}`
* Left out: three sessions about a group named ~`123. The tool makes every group that a session finds, and Azure, like
  the simulator, refuses to make this one

{sections}
{notes}"
    )
}

/// The figures of one API.
fn section(measured: &Measured, options: &Options) -> String {
    let Measured {
        api,
        report,
        of_all_grades,
    } = measured;
    let Report {
        sessions,
        passed_over,
        sessions_faithful,
        polls_lost,
        ..
    } = report;
    let figure = |grades: &str, report: &Report| {
        let mean = &report.over_operations;
        [
            format!("grades {grades}, mean over {} operations (macro)", mean.operations),
            share(Some(mean.status)),
            share(Some(mean.code)),
            share(Some(mean.headers)),
            share(Some(mean.paths)),
            share(Some(mean.values)),
            format!("**{}**", share(Some(mean.faithful))),
        ]
        .to_vec()
    };
    let figures = document::table(
        &[
            "figure",
            "status:",
            "code:",
            "headers:",
            "paths:",
            "values:",
            "faithful:",
        ],
        [
            figure(&options.grades, report),
            figure(&options.all_grades, of_all_grades),
        ],
    );
    let all_calls = format!("all calls, grades {}", options.all_grades);
    let total = [
        ("all calls", &report.total),
        ("polls", &report.polls),
        ("catalogue of the day", &report.catalogue),
        (all_calls.as_str(), &of_all_grades.total),
    ];
    let totals = rows("what", total.into_iter());
    let operations = rows(
        "operation",
        report.by_operation.iter().map(|(name, row)| (name.as_str(), row)),
    );
    let title = title(api);
    format!(
        "\
## {title}

* Sessions: {sessions} replayed, {sessions_faithful} of them faithful throughout, {passed_over} of other grades passed over
* Operations that a recorded client polled and the simulator never issued: {polls_lost}

### Figures of {api}

{figures}
### Totals of {api}

{totals}
### Operations of {api}

{operations}"
    )
}

fn rows<'a>(what: &str, rows: impl Iterator<Item = (&'a str, &'a Row)>) -> String {
    let headings = [
        what,
        "exchanges:",
        "status:",
        "code:",
        "message:",
        "headers:",
        "paths:",
        "values:",
        "faithful:",
    ];
    let cells = |(name, row): (&str, &Row)| {
        let shares = [
            row.status,
            row.code,
            row.message,
            row.headers,
            row.paths,
            row.values,
            row.faithful,
        ];
        [name.to_owned(), row.exchanges.to_string()]
            .into_iter()
            .chain(shares.map(share))
            .collect()
    };
    document::table(&headings, rows.map(cells))
}

fn share(share: Option<f64>) -> String {
    share.map_or_else(|| "-".to_owned(), |share| format!("{share:.4}"))
}

#[cfg(test)]
mod tests {
    use expect_test::expect;
    use serde_json::{Value, json};

    use super::*;

    fn row(exchanges: u64, faithful: f64) -> Value {
        json!({"exchanges": exchanges, "status": 1.0, "code": null, "message": 0.5, "headers": 1.0,
               "paths": 0.98765, "values": 0.9, "extra": 0.1, "faithful": faithful})
    }

    #[test]
    fn a_report_becomes_a_page() {
        let report = json!({
            "sessions": 7, "passed_over": 2, "sessions_faithful": 3, "polls_lost": 1, "seconds": 4.2,
            "macro": {"operations": 1, "status": 1.0, "code": 0.5, "headers": 1.0, "paths": 0.9, "values": 0.8, "faithful": 0.75},
            "polls": row(4, 1.0), "catalogue": {"exchanges": 0, "status": null, "code": null, "message": null,
                "headers": null, "paths": null, "values": null, "extra": null, "faithful": null},
            "total": row(20, 0.8), "by_api": {"arm": row(20, 0.8)},
            "by_operation": {"PUT microsoft.network/publicipaddresses": row(3, 1.0), "GET /subscription": row(17, 0.7)},
        });
        let read = || -> Report { serde_json::from_value(report.clone()).expect("has the tool's members") };
        let measured = Measured {
            api: "arm".to_owned(),
            report: read(),
            of_all_grades: read(),
        };
        let options = Options {
            grades: "AB".to_owned(),
            all_grades: "ABCD".to_owned(),
            apis: vec!["arm".to_owned(), "asm".to_owned()],
            out: PathBuf::new(),
            tool: Vec::new(),
        };
        let commit = Commit {
            name: "abc1234".to_owned(),
            date: "2026-11-21".to_owned(),
        };
        let page = render(&[measured], &commit, &options, "");
        let (_, figures) = page.split_once("* Commit").expect("names the commit");
        expect![[r#"
            : abc1234 (2026-11-21)
            * Command: `cargo xtask fidelity --grades AB`
            * Left out: three sessions about a group named ~`123. The tool makes every group that a session finds, and Azure, like
              the simulator, refuses to make this one

            ## Azure Resource Manager

            * Sessions: 7 replayed, 3 of them faithful throughout, 2 of other grades passed over
            * Operations that a recorded client polled and the simulator never issued: 1

            ### Figures of arm

            | figure | status | code | headers | paths | values | faithful |
            | --- | ---: | ---: | ---: | ---: | ---: | ---: |
            | grades AB, mean over 1 operations (macro) | 1.0000 | 0.5000 | 1.0000 | 0.9000 | 0.8000 | **0.7500** |
            | grades ABCD, mean over 1 operations (macro) | 1.0000 | 0.5000 | 1.0000 | 0.9000 | 0.8000 | **0.7500** |

            ### Totals of arm

            | what | exchanges | status | code | message | headers | paths | values | faithful |
            | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |
            | all calls | 20 | 1.0000 | - | 0.5000 | 1.0000 | 0.9877 | 0.9000 | 0.8000 |
            | polls | 4 | 1.0000 | - | 0.5000 | 1.0000 | 0.9877 | 0.9000 | 1.0000 |
            | catalogue of the day | 0 | - | - | - | - | - | - | - |
            | all calls, grades ABCD | 20 | 1.0000 | - | 0.5000 | 1.0000 | 0.9877 | 0.9000 | 0.8000 |

            ### Operations of arm

            | operation | exchanges | status | code | message | headers | paths | values | faithful |
            | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |
            | GET /subscription | 17 | 1.0000 | - | 0.5000 | 1.0000 | 0.9877 | 0.9000 | 0.7000 |
            | PUT microsoft.network/publicipaddresses | 3 | 1.0000 | - | 0.5000 | 1.0000 | 0.9877 | 0.9000 | 1.0000 |

            ## Notes

            Text between the two marks is kept when this page is written again.

            <!-- notes -->

            <!-- end of notes -->
        "#]]
        .assert_eq(figures);
    }

    #[test]
    fn sessions_of_groups_only_are_left_out() {
        let folder = tempfile::tempdir().expect("a folder for the test");
        fs_err::create_dir(folder.path().join("arm")).expect("the folder is empty");
        for name in ["b.jsonl.gz", "a.jsonl.gz", "a-groups-only.jsonl.gz", "README.md"] {
            fs_err::write(folder.path().join("arm").join(name), "").expect("the folder is ours");
        }
        let found = sessions(folder.path(), "arm").expect("two are left");
        let names: Vec<_> = found.iter().filter_map(|path| path.file_name()).collect();
        assert_eq!(names, ["a.jsonl.gz", "b.jsonl.gz"]);
    }
}
