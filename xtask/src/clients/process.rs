//! Running a program to its end, or to the end of our patience. Knows no program.

use std::collections::BTreeMap;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};

/// How often a program is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(10);

/// What a program said.
#[derive(Debug)]
pub(crate) struct Ended {
    /// The exit status; `None` when the program was ended by us or by a signal.
    pub(crate) status: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    pub(crate) took: Duration,
}

/// Runs a line of bash in a folder, in nothing but this environment, and ends it when it takes too long.
pub(crate) fn bash(line: &str, work: &Path, env: &BTreeMap<String, String>, secs_max: u64) -> Result<Ended> {
    // Files, not pipes: a program that leaves a child behind would hold a pipe open.
    let outputs = tempfile::tempdir().context("cannot make a folder for what a client prints")?;
    let (stdout, stderr) = (outputs.path().join("stdout"), outputs.path().join("stderr"));
    let began = Instant::now();
    let mut child = Command::new("bash")
        .args(["-c", line])
        .current_dir(work)
        .env_clear()
        .envs(env)
        .process_group(0)
        .stdin(Stdio::null())
        .stdout(fs_err::File::create(&stdout)?.into_parts().0)
        .stderr(fs_err::File::create(&stderr)?.into_parts().0)
        .spawn()
        .context("cannot start bash")?;
    let status = loop {
        if let Some(status) = child.try_wait().context("cannot watch a client")? {
            break status.code();
        }
        if began.elapsed() > Duration::from_secs(secs_max) {
            // All that it started, too. Fails when it ends in this very moment, which is as good.
            let group = format!("-{}", child.id());
            Command::new("kill").args(["-KILL", "--", &group]).status().ok();
            child.wait().context("cannot end a client")?;
            break None;
        }
        thread::sleep(LOOK_EVERY);
    };

    let read = |path: &Path| Ok::<_, anyhow::Error>(String::from_utf8_lossy(&fs_err::read(path)?).into_owned());
    Ok(Ended {
        status,
        stdout: read(&stdout)?,
        stderr: read(&stderr)?,
        took: began.elapsed(),
    })
}

/// The last lines of a text, for a message.
pub(crate) fn tail(text: &str, n_lines: usize) -> String {
    let lines: Vec<&str> = text.trim_end().lines().collect();
    lines[lines.len().saturating_sub(n_lines)..].join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(line: &str, secs_max: u64) -> Ended {
        let work = tempfile::tempdir().expect("a folder");
        let env = BTreeMap::from([("GREETING".to_owned(), "hello".to_owned())]);
        bash(line, work.path(), &env, secs_max).expect("bash is there")
    }

    #[test]
    fn a_program_is_heard_on_both_channels_and_knows_only_what_it_is_given() {
        let ended = run("echo $GREETING $HOME; echo trouble >&2; exit 3", 20);
        assert_eq!(
            (ended.status, ended.stdout.as_str(), ended.stderr.as_str()),
            (Some(3), "hello\n", "trouble\n")
        );
    }

    #[test]
    fn a_program_that_takes_too_long_is_ended_with_all_that_it_started() {
        let ended = run("tail -f /dev/null & echo $!; wait", 1);
        assert_eq!(ended.status, None);
        // Where there is no such folder, nothing can be said.
        let child = Path::new("/proc").join(ended.stdout.trim()).join("fd/0");
        let asked = Instant::now();
        while child.exists() {
            assert!(
                asked.elapsed() < Duration::from_secs(20),
                "{} is there still",
                child.display()
            );
            thread::yield_now();
        }
    }
}
