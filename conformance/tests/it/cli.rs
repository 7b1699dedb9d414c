//! The binary: help, output, exit codes.

use assert_cmd::Command;
use conformance::exit;

fn conformance(arguments: &[&str]) -> (u8, String, String) {
    let output = Command::cargo_bin("conformance")
        .expect("the binary was built")
        .args(arguments)
        .env("NO_COLOR", "1")
        .env_remove("RUST_LOG")
        .env("COLUMNS", "120")
        .output()
        .expect("the binary starts");
    let code = output
        .status
        .code()
        .and_then(|code| u8::try_from(code).ok())
        .unwrap_or(255);
    (
        code,
        String::from_utf8_lossy(&output.stdout).into_owned(),
        String::from_utf8_lossy(&output.stderr).into_owned(),
    )
}

/// A folder with one scenario.
fn folder(text: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder can be made");
    std::fs::create_dir(folder.path().join("story")).expect("a folder can be made");
    std::fs::write(folder.path().join("story/one.yaml"), text).expect("a file can be written");
    folder
}

fn path(folder: &tempfile::TempDir) -> &str {
    folder.path().to_str().expect("its name is text")
}

const GOOD: &str =
    "about: A network can be made.\ntags: [story]\nsteps:\n  - put: vnet/v0\n    expect: {settles: Succeeded}\n";
const WRONG: &str = "about: A network that is not there is found.\nsteps:\n  - put: vnet/v0\n  - get: vnet/v1\n    expect: {status: 200}\n";

/// Without what differs from run to run: times, and the columns that give way to them.
fn steady(text: &str) -> String {
    let mut lines = Vec::new();
    for line in text.lines() {
        let words: Vec<&str> = line.split_whitespace().collect();
        let is_time = |index: usize| {
            let unit = words.get(index + 1).is_some_and(|unit| matches!(*unit, "ms" | "s"));
            unit && words[index].parse::<f64>().is_ok()
        };
        let kept: Vec<&str> = words
            .iter()
            .enumerate()
            .map(|(index, word)| if is_time(index) { "N" } else { word })
            .collect();
        lines.push(kept.join(" "));
    }
    lines.join("\n")
}

#[test]
fn help_is_as_documented() {
    let (code, out, err) = conformance(&["--help"]);
    assert_eq!((code, err.as_str()), (exit::OK, ""));
    let (_, run, _) = conformance(&["run", "--help"]);
    super::with_snapshots(|| insta::assert_snapshot!("help", format!("{out}\n{run}")));
}

#[test]
fn a_good_scenario_ends_in_zero_and_a_table() {
    let folder = folder(GOOD);
    let (code, out, err) = conformance(&[
        "--scenarios",
        path(&folder),
        "run",
        "story",
        "--driver",
        "model",
        "--driver",
        "wire",
    ]);
    assert_eq!((code, err.as_str()), (exit::OK, ""), "{out}");
    super::with_snapshots(|| insta::assert_snapshot!("run_good", steady(&out)));
}

#[test]
fn a_digest_is_that_of_the_seed() {
    let folder = folder(GOOD);
    let digest = |seed: &str| conformance(&["--scenarios", path(&folder), "digest", "story", "--seed", seed]);
    let (code, out, err) = digest("1");
    assert_eq!((code, err.as_str()), (exit::OK, ""));
    assert!(out.ends_with("  story/one\n"), "{out}");
    assert_eq!(out, digest("1").1);
    assert_ne!(out, digest("2").1);
}

#[test]
fn a_digest_of_what_fails_or_is_not_there_is_none() {
    let folder = folder(WRONG);
    let (code, out, err) = conformance(&["--scenarios", path(&folder), "digest"]);
    assert_eq!((code, out.as_str()), (exit::UNEXPECTED, ""), "{err}");
    let (code, _, err) = conformance(&["--scenarios", path(&folder), "digest", "tale"]);
    assert_eq!(code, exit::USAGE);
    assert!(err.contains("no scenario is chosen by tale"), "{err}");
}

#[test]
fn a_failure_says_what_where_and_how_to_see_it_again() {
    let folder = folder(WRONG);
    let (code, _, err) = conformance(&[
        "--scenarios",
        path(&folder),
        "run",
        "story/one",
        "--driver",
        "wire",
        "--seed",
        "24301",
    ]);
    assert_eq!(code, exit::UNEXPECTED);
    super::with_snapshots(|| insta::assert_snapshot!("run_failure", err));
}

#[test]
fn a_scenario_none_of_whose_expectations_is_judged_fails() {
    let folder =
        folder("about: Only the wire can tell.\nsteps:\n  - http: {api: arm, get: /x}\n    expect: {status: 404}\n");
    let (code, _, err) = conformance(&["--scenarios", path(&folder), "run", "story", "--driver", "model"]);
    assert_eq!(code, exit::UNEXPECTED);
    assert!(err.contains("nothing judged"), "{err}");
}

#[test]
fn what_the_baseline_expects_is_no_failure_and_what_begins_to_pass_is() {
    let row = "[[expected]]\nscenario = \"story/one\"\nreason = \"not yet\"\n";
    let failing = folder(WRONG);
    std::fs::write(failing.path().join("baseline.toml"), row).expect("a file can be written");
    let (code, out, err) = conformance(&["--scenarios", path(&failing), "run", "story", "--driver", "model"]);
    assert_eq!((code, err.as_str()), (exit::OK, ""), "{out}");

    let passing = folder(GOOD);
    std::fs::write(passing.path().join("baseline.toml"), row).expect("a file can be written");
    let (code, _, err) = conformance(&["--scenarios", path(&passing), "run", "story", "--driver", "model"]);
    assert_eq!(code, exit::UNEXPECTED);
    assert!(err.contains("the baseline expects it to fail: not yet"), "{err}");
}

#[test]
fn wrong_usage_ends_in_two_with_a_hint() {
    let folder = folder(GOOD);
    let rows: [&[&str]; 7] = [
        &["run", "no-such-story"],
        &["run", "--property", "no-such-property"],
        &["run", "--profile", "1999"],
        &["run", "--driver", "telepathy"],
        &["explain", "no/such"],
        &["new", "no id"],
        &["fly"],
    ];
    let mut told = String::new();
    for row in rows {
        let arguments: Vec<&str> = ["--scenarios", path(&folder)]
            .into_iter()
            .chain(row.iter().copied())
            .collect();
        let (code, _, err) = conformance(&arguments);
        assert_eq!(code, exit::USAGE, "{row:?}");
        told.push_str(&format!("$ conformance {}\n{err}\n", row.join(" ")));
    }
    super::with_snapshots(|| insta::assert_snapshot!("usage", told));

    let (code, _, err) = conformance(&["--scenarios", "no-such-folder", "run"]);
    assert_eq!(code, exit::USAGE);
    assert!(err.contains("no-such-folder: there is no such file"), "{err}");
}

#[test]
fn a_file_that_is_no_scenario_is_named_with_its_line() {
    let folder = folder("about: x\nsteps:\n  - get: nic/n0\n    expects: {}\n");
    let file = format!("{}/story/one.yaml", path(&folder));
    let (code, out, err) = conformance(&["--scenarios", path(&folder), "check", &file]);
    assert_eq!((code, out.as_str()), (exit::USAGE, "0 good, 1 not\n"));
    assert!(err.starts_with(&format!("{file}:4:5: ")), "{err}");
    let (code, _, _) = conformance(&["--scenarios", path(&folder), "run"]);
    assert_eq!(code, exit::USAGE);
}

#[test]
fn a_new_scenario_passes() {
    let folder = folder(GOOD);
    let (code, out, err) = conformance(&[
        "--scenarios",
        path(&folder),
        "new",
        "arm/network/mine",
        "--about",
        "Mine: \"it\" works.",
    ]);
    assert_eq!((code, err.as_str()), (exit::OK, ""));
    assert!(out.trim_end().ends_with("arm/network/mine.yaml"), "{out}");
    let (code, _, err) = conformance(&["--scenarios", path(&folder), "run", "mine"]);
    assert_eq!((code, err.as_str()), (exit::OK, ""));
    let (code, out, _) = conformance(&["--scenarios", path(&folder), "explain", "arm/network/mine"]);
    assert_eq!(code, exit::OK);
    assert!(out.contains("Mine: \"it\" works."), "{out}");
}

#[test]
fn reports_are_written_where_they_are_asked_for() {
    let folder = folder(WRONG);
    let (junit, json) = (
        format!("{}/junit.xml", path(&folder)),
        format!("{}/events.jsonl", path(&folder)),
    );
    let arguments = [
        "--scenarios",
        path(&folder),
        "run",
        "story",
        "--driver",
        "wire",
        "--junit",
        &junit,
        "--json",
        &json,
    ];
    let (code, _, _) = conformance(&arguments);
    assert_eq!(code, exit::UNEXPECTED);
    let junit = std::fs::read_to_string(junit).expect("it was written");
    assert!(
        junit.contains("testsuites") && junit.contains("story/one") && junit.contains("<failure"),
        "{junit}"
    );
    let json = std::fs::read_to_string(json).expect("it was written");
    let events: Vec<serde_json::Value> = json
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON lines"))
        .collect();
    let names: Vec<&str> = events.iter().filter_map(|event| event["event"].as_str()).collect();
    assert_eq!(names, ["begun", "scenario", "ended"]);
    assert_eq!(events[1]["standing"], "failed");
}

#[test]
fn the_list_names_scenarios_and_properties() {
    let folder = folder(GOOD);
    let (code, out, _) = conformance(&["--scenarios", path(&folder), "list"]);
    assert_eq!(code, exit::OK);
    super::with_snapshots(|| insta::assert_snapshot!("list", steady(&out)));
    let (_, out, _) = conformance(&["--scenarios", path(&folder), "list", "--json", "story"]);
    let row: serde_json::Value = serde_json::from_str(out.lines().next().unwrap_or_default()).expect("JSON lines");
    assert_eq!(row["scenario"], "story/one");
}

#[test]
fn a_sweep_ends_in_a_table_and_a_line_that_counts_leaks() {
    let arguments = [
        "sweep",
        "--generation",
        "A1",
        "--operation",
        "close-ports",
        "--fault",
        "cut-after",
        "--fault",
        "crash-before",
    ];
    let (code, out, err) = conformance(&arguments);
    assert_eq!(code, exit::OK, "{out}");
    assert!(err.contains("close-ports of a1, 0 of 12 runs"), "{err}");
    let last = out.lines().last().unwrap_or_default();
    assert!(last.starts_with("0 leaks and 0 wrong in "), "{out}");
    assert!(out.contains("a1") && out.contains("crash-before"), "{out}");

    let (code, _, err) = conformance(&["sweep", "--driver", "model"]);
    assert_eq!(code, exit::USAGE);
    assert!(err.contains("hint: choose wire or socket"), "{err}");
    let (code, _, err) = conformance(&["sweep", "--generation", "A9"]);
    assert_eq!(code, exit::USAGE);
    assert!(err.contains("`A9` is no generation"), "{err}");
}

#[test]
fn what_many_machines_cost_grows_with_them() {
    for arguments in [
        ["--stack", "classic"],
        ["--generation", "A1"],
        ["--generation", "A4"],
        ["--generation", "A7"],
    ] {
        let subject = arguments[1].to_lowercase();
        let command = ["bench-scale", arguments[0], arguments[1], "--machines", "15,60"];
        let (code, out, err) = conformance(&command);
        assert_eq!((code, err.as_str()), (exit::OK, ""), "{out}");
        assert!(
            out.contains(&format!("\n{subject}: requests and bytes grow with the machines")),
            "{out}"
        );
        // Where its contract makes a generation list what grows at each start, that is told.
        let told = out.contains("bytes grow faster than the machines: GET Microsoft.Network/");
        assert_eq!(told, ["a1", "a7"].contains(&subject.as_str()), "{out}");
    }
}

#[test]
fn a_session_is_recorded_and_replayed() {
    let folder = folder(GOOD);
    let file = format!("{}/session.jsonl", path(&folder));
    let (code, _, err) = conformance(&["--scenarios", path(&folder), "record", "story/one", "--out", &file]);
    assert_eq!(code, exit::OK, "{err}");
    let (code, out, _) = conformance(&["replay", &file]);
    assert_eq!(code, exit::OK, "{out}");
    assert!(out.starts_with("0 divergences in "), "{out}");
    std::fs::write(&file, "nothing\n").expect("a file can be written");
    let (code, _, err) = conformance(&["replay", &file]);
    assert_eq!(code, exit::USAGE);
    assert!(err.contains("is no recorded session"), "{err}");
}
