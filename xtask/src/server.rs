//! A `fake-azure serve` for one run: of stock clients, of recorded sessions. Knows its command line and the file of addresses that it
//! writes; refuses to know who will ask it what.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};

use crate::document;

/// The file of addresses, in the folder of the run; guides name it, too.
const ENV_FILE: &str = "fake.env";

/// How long the server may take until it answers, and until it has stopped.
const WAIT_MAX: Duration = Duration::from_secs(60);

/// How often the server's file and process are looked at.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// A running server. Killed when dropped, should it not have been stopped.
pub(crate) struct Server {
    child: Child,
    env_file: PathBuf,
    log_file: PathBuf,
}

impl Server {
    /// Starts the server, whose binary `command` is, on free ports, but for those that `arguments` name, and returns once it answers,
    /// which it tells by writing its file of addresses. Its files are in the folder `work`.
    pub(crate) fn start(mut command: Command, arguments: &[String], work: &Path) -> Result<Server> {
        let env_file = work.join(ENV_FILE);
        let log_file = work.join("serve.log");
        let log = fs_err::File::create(&log_file)?;
        command.current_dir(work).arg("serve");
        for listener in ["arm", "asm", "blob", "aad", "admin"] {
            command.args(["--port", &format!("{listener}=0")]);
        }
        command.arg("--state-dir").arg(work.join("state"));
        if !arguments.iter().any(|argument| argument == "--env-file") {
            command.arg("--env-file").arg(&env_file);
        }
        command
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log.into_parts().0);
        let child = command
            .spawn()
            .with_context(|| format!("cannot start {}", command.get_program().display()))?;
        let mut server = Server {
            child,
            env_file,
            log_file,
        };

        let began = Instant::now();
        while !server.answers() {
            if let Some(status) = server.child.try_wait().context("cannot watch the server")? {
                bail!("the server ended before it answered ({status}):\n{}", server.log());
            }
            ensure!(
                began.elapsed() < WAIT_MAX,
                "the server did not answer within {} s:\n{}",
                WAIT_MAX.as_secs(),
                server.log()
            );
            thread::sleep(LOOK_EVERY);
        }
        Ok(server)
    }

    /// Whether the file of addresses is there and whole.
    fn answers(&self) -> bool {
        let text = document::existing(&self.env_file);
        text.ends_with('\n') && text.contains("FAKE_ARM_URL=") && text.contains("FAKE_ADMIN_URL=")
    }

    /// What the server told of itself.
    pub(crate) fn environment(&self) -> Result<BTreeMap<String, String>> {
        let text = fs_err::read_to_string(&self.env_file)?;
        let pairs = text.lines().filter_map(|line| line.split_once('='));
        Ok(pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect())
    }

    /// Where it has written its addresses.
    pub(crate) fn env_file(&self) -> &Path {
        &self.env_file
    }

    /// What it has said so far.
    pub(crate) fn log(&self) -> String {
        document::existing(&self.log_file)
    }

    /// Asks the server to end, as an operator would, and waits until it has.
    pub(crate) fn stop(mut self) -> Result<()> {
        let id = self.child.id().to_string();
        let asked = Command::new("kill")
            .args(["-TERM", &id])
            .status()
            .context("cannot send SIGTERM")?;
        ensure!(asked.success(), "the server had ended by itself:\n{}", self.log());
        let began = Instant::now();
        while began.elapsed() < WAIT_MAX {
            if self.child.try_wait().context("cannot watch the server")?.is_some() {
                return Ok(());
            }
            thread::sleep(LOOK_EVERY);
        }
        bail!("the server did not stop within {} s of SIGTERM", WAIT_MAX.as_secs())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Both fail when the server has ended, which is what is wanted.
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Stands in for the server: writes the file that follows `--env-file`, then waits for SIGTERM.
    const STAND_IN: &str = r#"
        trap 'kill $!; exit 0' TERM
        while [ "$1" != --env-file ]; do shift; done
        tail -f /dev/null &
        printf 'FAKE_ARM_URL=https://localhost:1\nFAKE_ADMIN_URL=https://localhost:2\n' > "$2"
        wait
    "#;

    #[test]
    fn a_server_is_awaited_and_stopped_as_an_operator_would() {
        let folder = tempfile::tempdir().expect("a folder for the test");
        let mut command = Command::new("sh");
        command.args(["-c", STAND_IN, "sh"]);
        let server = Server::start(command, &[], folder.path()).expect("the stand-in answers");
        assert!(document::existing(server.env_file()).starts_with("FAKE_ARM_URL="));
        server.stop().expect("the stand-in stops when asked");
    }

    #[test]
    fn a_server_that_ends_early_is_an_error_and_not_a_wait() {
        let folder = tempfile::tempdir().expect("a folder for the test");
        let error = Server::start(Command::new("false"), &[], folder.path())
            .err()
            .map(|error| error.to_string());
        assert!(error.is_some_and(|error| error.starts_with("the server ended before it answered")));
    }
}
