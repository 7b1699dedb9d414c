//! Scripts that say what they checked: a line `ok SENTENCE`, `not ok SENTENCE` or `skip SENTENCE` for each check.
//!
//! Lines that follow a `not ok`, indented, say why. A script that ends with a status other than 0, or that checked
//! nothing, has failed, whatever it said. Knows nothing of the scripts' languages.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use anyhow::Result;

use super::outcome::{Check, Verdict};
use super::process::{self, Ended};

/// How long a script may take.
const SECS_MAX: u64 = 600;

/// Runs a script, and says what it found.
pub(crate) fn run(line: &str, work: &Path, env: &BTreeMap<String, String>) -> Result<Vec<Check>> {
    let ended = process::bash(line, work, env, SECS_MAX)?;
    let mut checks = read(&ended.stdout);
    checks.extend(trouble(line, &ended, &checks));
    Ok(checks)
}

fn read(text: &str) -> Vec<Check> {
    let mut checks: Vec<Check> = Vec::new();
    for line in text.lines() {
        let (sentence, verdict) = if let Some(sentence) = line.strip_prefix("ok ") {
            (sentence, Verdict::Passed)
        } else if let Some(sentence) = line.strip_prefix("not ok ") {
            (sentence, Verdict::Failed(String::new()))
        } else if let Some(sentence) = line.strip_prefix("skip ") {
            (sentence, Verdict::Skipped(String::new()))
        } else {
            let last = checks.last_mut().map(|check| &mut check.verdict);
            if let (Some(Verdict::Failed(why) | Verdict::Skipped(why)), true) = (last, line.starts_with(' ')) {
                why.push_str(line.trim_start());
                why.push('\n');
            }
            continue;
        };
        checks.push(Check {
            name: sentence.to_owned(),
            verdict,
            took: Duration::ZERO,
        });
    }
    checks
}

/// What is wrong with the run as a whole.
fn trouble(line: &str, ended: &Ended, checks: &[Check]) -> Option<Check> {
    let has_failed = checks.iter().any(|check| matches!(check.verdict, Verdict::Failed(_)));
    let why = match ended.status {
        None => format!("it was ended after {SECS_MAX} s"),
        Some(0) if checks.is_empty() => "it checked nothing".to_owned(),
        Some(0) => return None,
        Some(1) if has_failed && ended.stderr.trim().is_empty() => return None,
        Some(status) => format!("exit status {status}"),
    };
    let said = process::tail(&format!("{}{}", ended.stdout, ended.stderr), 25);
    Some(Check {
        name: line.to_owned(),
        verdict: Verdict::Failed(format!("{why}; it said at last:\n{said}")),
        took: ended.took,
    })
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;

    fn told(status: Option<i32>, stdout: &str, stderr: &str) -> String {
        let ended = Ended {
            status,
            stdout: stdout.to_owned(),
            stderr: stderr.to_owned(),
            took: Duration::ZERO,
        };
        let mut checks = read(&ended.stdout);
        checks.extend(trouble("python x.py", &ended, &checks));
        checks.iter().map(|check| format!("{check}\n")).collect()
    }

    #[test]
    fn a_script_says_what_it_checked() {
        expect![[r#"
                ok        0.0 s  a group is made
                FAILED    0.0 s  a network is made
                             expected 1
                             got 2
                SKIPPED   0.0 s  a disk is copied
                             no disks here
        "#]]
        .assert_eq(&told(
            Some(1),
            "hello\nok a group is made\nnot ok a network is made\n  expected 1\n  got 2\nskip a disk is copied\n  no disks here\n",
            "",
        ));
    }

    #[test]
    fn a_script_that_breaks_off_or_checks_nothing_has_failed() {
        expect![[r#"
                ok        0.0 s  a group is made
                FAILED    0.0 s  python x.py
                             exit status 2; it said at last:
                             ok a group is made
                             Traceback
        "#]]
        .assert_eq(&told(Some(2), "ok a group is made\n", "Traceback\n"));
        expect![[r#"
                FAILED    0.0 s  python x.py
                             it checked nothing; it said at last:
        "#]]
        .assert_eq(&told(Some(0), "", ""));
    }
}
