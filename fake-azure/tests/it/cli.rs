//! The command line: help, output, exit codes.

use std::path::Path;

use assert_cmd::Command;
use serde_json::Value;

use crate::shell_support::settings;

fn fake_azure() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_fake-azure"));
    command
        .env_remove("FAKE_AZURE_LOG")
        .env("COLUMNS", "100")
        .env("NO_COLOR", "1");
    command
}

/// Exit code, stdout and stderr of a run.
fn run(arguments: &[&str]) -> (i32, String, String) {
    let output = fake_azure().args(arguments).output().expect("the binary runs");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("text");
    (
        output.status.code().expect("an exit code"),
        text(output.stdout),
        text(output.stderr),
    )
}

fn shown(arguments: &[&str]) -> String {
    let (code, out, err) = run(arguments);
    format!("$ fake-azure {}\n{out}{err}exit code {code}\n", arguments.join(" "))
}

#[test]
fn help() {
    let text: String = [
        vec!["--help"],
        vec!["serve", "--help"],
        vec!["env", "--help"],
        vec!["coverage", "--help"],
    ]
    .into_iter()
    .map(|arguments| shown(&arguments))
    .collect::<Vec<_>>()
    .join("\n");
    settings().bind(|| insta::assert_snapshot!("cli_help", text));
}

#[test]
fn wrong_flags() {
    let rows: &[&[&str]] = &[
        &["serve", "--port", "arm"],
        &["serve", "--port", "nothing=1"],
        &["serve", "--port", "arm=70000"],
        &["serve", "--pace", "fast"],
        &["serve", "--profile", "2015"],
        &["serve", "--subscription", "x"],
        &["serve", "--tls-cert", "a.pem"],
        &["serve", "--http", "--tls-cert", "a.pem", "--tls-key", "b.pem"],
        &["serve", "--listen", "nowhere"],
        &["serve", "--tenant", "x"],
        &["serve", "--device-codes", "never"],
        &["env", "--for", "nobody"],
        &["explain", "NoSuchCode"],
        &["explain", "GroupNotFound"],
        &["frobnicate"],
    ];
    let text = rows
        .iter()
        .map(|arguments| shown(arguments))
        .collect::<Vec<_>>()
        .join("\n");
    settings().bind(|| insta::assert_snapshot!("cli_wrong_flags", text));
}

#[test]
fn explain_says_rule_evidence_and_way_out() {
    settings().bind(|| insta::assert_snapshot!("cli_explain", shown(&["explain", "resourcegroupnotfound"])));
}

#[test]
fn coverage_lists_every_type_in_both_formats() {
    let (code, out, _) = run(&["coverage", "--format", "json"]);
    assert_eq!(code, 0);
    let rows: Vec<Value> = serde_json::from_str(&out).expect("a list of objects");
    let names: Vec<&str> = rows.iter().map(|row| row["type"].as_str().expect("a name")).collect();
    let mut known: Vec<&str> = fake_azure::cloud::Kind::ALL
        .iter()
        .map(|kind| kind.descriptor().name)
        .collect();
    known.sort_unstable();
    assert_eq!(names, known);
    let (_, table, _) = run(&["coverage"]);
    assert!(known.iter().all(|name| table.contains(name)), "{table}");
}

#[test]
fn the_schema_is_the_page() {
    let (code, out, _) = run(&["schema", "control-api"]);
    assert_eq!((code, out), (0, fake_azure::control::document()));
}

#[test]
fn a_client_is_told_how_to_find_the_server() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("env");
    let lines = "FAKE_ARM_URL=https://localhost:8443\nFAKE_ASM_URL=https://localhost:8444\nFAKE_BLOB_URL=https://localhost:8445\n\
                 FAKE_AAD_URL=https://localhost:8446\nFAKE_CA_FILE=/state/ca.pem\nFAKE_ASM_CERT=/state/client.pem\n\
                 FAKE_TOKEN=t\nFAKE_SUBSCRIPTION=s\nFAKE_TENANT=t\nFAKE_CLIENT_ID=c\nFAKE_CLIENT_SECRET=secret\n";
    fs_err::write(&file, lines).expect("a file");
    let clients = [
        "ansible",
        "app-service",
        "az",
        "curl",
        "go",
        "js",
        "juju",
        "libcloud",
        "managed-identity",
        "python",
        "terraform",
    ];
    let text = clients
        .into_iter()
        .map(|client| {
            let (code, out, err) = run(&["env", "--for", client, "--env-file", file.to_str().expect("text")]);
            assert_eq!((code, err.as_str()), (0, ""));
            format!("# {client}\n{out}")
        })
        .collect::<Vec<_>>()
        .join("\n");
    settings().bind(|| insta::assert_snapshot!("cli_env", text));
}

#[test]
fn a_file_that_cannot_be_read_is_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let missing = folder.path().join("missing");
    let path = |path: &Path| path.to_str().expect("text").to_owned();
    let (code, out, err) = run(&["env", "--for", "az", "--env-file", &path(&missing)]);
    assert_eq!((code, out.as_str()), (4, ""));
    assert!(
        err.starts_with("error: ") && err.contains("missing") && err.contains("\nhint: "),
        "{err}"
    );
    assert_eq!(err.lines().count(), 2, "{err}");

    let (code, _, err) = run(&["serve", "--tls-cert", &path(&missing), "--tls-key", &path(&missing)]);
    assert_eq!(code, 4);
    assert!(err.contains("missing"), "{err}");

    let rubbish = folder.path().join("rubbish.pem");
    fs_err::write(&rubbish, "rubbish").expect("a file");
    let (code, _, err) = run(&["serve", "--tls-cert", &path(&rubbish), "--tls-key", &path(&rubbish)]);
    assert_eq!(code, 5);
    assert!(err.contains("it has no certificate") && err.contains("hint: "), "{err}");

    let (code, _, err) = run(&["serve", "--state-dir", &path(&rubbish), "--port", "arm=0"]);
    assert_eq!(code, 4, "{err}");
}
