//! A server that runs: what it leaves for clients to find it by.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use serde_json::Value;

use crate::shell_support::settings;

/// A server with ports of its own; killed when it is dropped.
struct Serving {
    child: Child,
    lines: Vec<String>,
}

impl Serving {
    fn start(folder: &Path, more: &[&str]) -> Serving {
        let mut command = Command::new(env!("CARGO_BIN_EXE_fake-azure"));
        command.args(["serve", "--state-dir"]).arg(folder.join("state"));
        for listener in ["arm", "asm", "blob", "aad", "admin"] {
            command.args(["--port", &format!("{listener}=0")]);
        }
        command
            .args(more)
            .env_remove("FAKE_AZURE_LOG")
            .env_remove("FAKE_ARM_URL");
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the binary runs");
        let stdout = child.stdout.take().expect("it is piped");
        let mut lines = Vec::new();
        for line in BufReader::new(stdout).lines() {
            lines.push(line.expect("text"));
            if lines.last().is_some_and(|line| line.starts_with("FAKE_CLIENT_SECRET=")) {
                break;
            }
        }
        Serving { child, lines }
    }

    /// Asks it to stop, and waits until it has.
    fn stop(mut self) {
        let id = self.child.id().to_string();
        let asked = Command::new("kill")
            .args(["-TERM", &id])
            .status()
            .expect("kill is there");
        assert!(asked.success());
        let status = self.child.wait().expect("it ends");
        assert!(status.success(), "{status}");
    }

    /// A text with the addresses of this run by name.
    fn neutral(&self, text: &str, folder: &Path) -> String {
        let mut text = text.to_owned();
        for line in &self.lines {
            let (name, value) = line.split_once('=').expect("a pair");
            if name.ends_with("_URL") {
                let host = value.trim_start_matches("https://");
                text = text.replace(host, &format!("{{{name}}}"));
            }
        }
        text.replace(folder.to_str().expect("text"), "{folder}")
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        // It may have ended already.
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

fn run(arguments: &[&str]) -> (i32, String, String) {
    let mut command = assert_cmd::Command::new(env!("CARGO_BIN_EXE_fake-azure"));
    let output = command
        .args(arguments)
        .env_remove("FAKE_AZURE_LOG")
        .env_remove("FAKE_ARM_URL")
        .output()
        .expect("the binary runs");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("text");
    (
        output.status.code().expect("an exit code"),
        text(output.stdout),
        text(output.stderr),
    )
}

#[test]
fn a_server_that_runs_is_found_by_its_folder() {
    let folder = tempfile::tempdir().expect("a folder");
    let state = folder.path().join("state");
    let state = state.to_str().expect("text");
    let ask = || run(&["env", "--for", "python", "--state-dir", state]);
    let (code, _, err) = ask();
    assert_eq!(code, 4);
    assert!(
        err.contains("hint: no `fake-azure serve` runs with that folder"),
        "{err}"
    );

    let serving = Serving::start(folder.path(), &["--device-codes", "at-once"]);
    let (code, out, err) = ask();
    assert_eq!((code, err.as_str()), (0, ""));
    let aad = serving
        .lines
        .iter()
        .find_map(|line| line.strip_prefix("FAKE_AAD_URL="))
        .expect("an address");
    assert!(out.contains(&format!("AZURE_AUTHORITY_HOST='{aad}'")), "{out}");
    serving.stop();
    assert_eq!(ask().0, 4, "a server that is gone is not found");
}

#[test]
fn the_azure_cli_is_signed_in_already() {
    let folder = tempfile::tempdir().expect("a folder");
    let az = folder.path().join("az");
    let flag = az.to_str().expect("text").to_owned();
    let second = "5ab5c217-0000-4000-8000-000000000002";
    let first = "5ab5c217-0000-4000-8000-000000000001";
    let flags = [
        "--az-config-dir",
        &flag,
        "--subscription",
        first,
        "--subscription",
        second,
    ];
    let serving = Serving::start(folder.path(), &flags);
    let read = |name: &str| fs_err::read_to_string(az.join(name)).expect("a file");
    let mut shown = String::new();
    for name in [
        "config",
        "clouds.config",
        "azureProfile.json",
        "service_principal_entries.json",
        "env.sh",
    ] {
        let text = read(name);
        let text = match serde_json::from_str::<Value>(&text) {
            Ok(tree) => serde_json::to_string_pretty(&tree).expect("a tree") + "\n",
            Err(_) => text,
        };
        shown.push_str(&format!("# {name}\n{}\n", serving.neutral(&text, folder.path())));
    }
    assert!(read("ca.pem").contains("BEGIN CERTIFICATE"));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let entries = fs_err::metadata(az.join("service_principal_entries.json")).expect("a file");
        assert_eq!(
            entries.permissions().mode() & 0o777,
            0o600,
            "only its owner reads a secret"
        );
    }
    settings().bind(|| insta::assert_snapshot!("cli_az_config", shown));
    serving.stop();

    // The folder is ours, and made anew for the next server.
    Serving::start(folder.path(), &["--az-config-dir", &flag]).stop();
}

#[test]
fn somebody_elses_settings_stay_as_they_are() {
    let folder = tempfile::tempdir().expect("a folder");
    let own = folder.path().join("config");
    fs_err::write(&own, "[core]\noutput = table\n").expect("a file");
    let path = folder.path().to_str().expect("text");
    let (code, out, err) = run(&["serve", "--az-config-dir", path, "--port", "arm=0"]);
    assert_eq!((code, out.as_str()), (4, ""));
    assert!(
        err.contains("holds somebody's settings") && err.contains("hint: "),
        "{err}"
    );
    assert_eq!(
        fs_err::read_to_string(&own).expect("a file"),
        "[core]\noutput = table\n"
    );
}
