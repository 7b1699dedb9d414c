//! Lines that must not be in the tree, whatever the file is about.
//!
//! The forbidden words are put together from halves here, so that this file may be checked like any other.

use std::path::Path;

use super::tree::{Problem, Tree, extension};

/// Longer files are noted: there may be a second noun in them.
const LINES_MAX: usize = 800;

/// What is not finished, in Rust sources, and what to say of it.
const UNFINISHED: &[(&str, &str)] = &[
    (concat!("todo", "!("), "work that is not done"),
    (concat!("unimplemented", "!("), "work that is not done"),
    (
        concat!("#[", "ignore"),
        "a test that does not run; a known difference goes into the baseline",
    ),
    (
        concat!("FIX", "ME"),
        "an open end; mend it, or write `TODO(topic)` beside a test that shows it",
    ),
    (
        concat!("XX", "X"),
        "an open end; mend it, or write `TODO(topic)` beside a test that shows it",
    ),
];

const OPEN: &str = concat!("TO", "DO");

/// Places on one developer's machine.
const MACHINE_PATHS: &[&str] = &[
    concat!("/ho", "me/"),
    concat!("/ro", "ot/"),
    concat!("/tmp/", "bash"),
    concat!("/Us", "ers/"),
];

/// Azure itself knows one path under a home: where the agent puts a Linux user's public key.
const KEYS_FILE: &str = "/.ssh/authorized_keys";

const SLEEPS: &[&str] = &[
    concat!("thread::", "sleep"),
    concat!("tokio::time::", "sleep"),
    concat!("time::", "sleep("),
];

/// Files whose ends of lines we keep. Snapshots are what a program printed, and lock files are cargo's.
const KEPT: &[&str] = &["", "json", "md", "py", "rs", "sh", "toml", "txt", "yaml", "yml"];

pub(crate) fn check(tree: &Tree, root: &Path) -> Vec<Problem> {
    let mut problems = Vec::new();
    for path in tree.paths() {
        if path.ends_with(".snap.new") || path.ends_with(".pending-snap") {
            problems.push(Problem::of(path, "a snapshot waits for review: `cargo insta review`"));
        }
    }

    let checkout = Some(root.to_string_lossy().into_owned()).filter(|root| root.matches('/').count() > 1);
    for (path, text) in tree.texts() {
        for (line_idx, line) in text.lines().enumerate() {
            let messages = line_problems(path, line, checkout.as_deref());
            problems.extend(messages.into_iter().map(|message| Problem::at(path, line_idx, message)));
        }
        if is_kept(path) && !text.is_empty() && !text.ends_with('\n') {
            problems.push(Problem::at(path, text.lines().count() - 1, "the last line has no end"));
        }
        if is_kept(path) && text.ends_with("\n\n") {
            problems.push(Problem::at(path, text.lines().count() - 1, "blank lines at the end"));
        }
    }
    problems
}

fn line_problems(path: &str, line: &str, checkout: Option<&str>) -> Vec<String> {
    let mut messages = Vec::new();
    if is_kept(path) && line.ends_with([' ', '\t', '\r']) {
        messages.push("space at the end of the line".to_owned());
    }
    if has_machine_path(line) || checkout.is_some_and(|checkout| line.contains(checkout)) {
        messages.push("a path of one machine".to_owned());
    }
    if extension(path) != "rs" {
        return messages;
    }

    for (word, why) in UNFINISHED {
        if has_word(line, word) {
            messages.push((*why).to_owned());
        }
    }
    if words(line, OPEN).any(|rest| !rest.starts_with('(')) {
        messages.push(format!("open work without its topic: `{OPEN}(topic): what and why`"));
    }
    if is_test(path) && SLEEPS.iter().any(|sleep| line.contains(sleep)) {
        messages.push("a test waits for states, not for time".to_owned());
    }
    messages
}

fn has_machine_path(line: &str) -> bool {
    let begins_path = |before: &str| !before.ends_with(|c: char| c.is_alphanumeric() || "_-.*}>".contains(c));
    MACHINE_PATHS.iter().any(|place| {
        line.match_indices(place).any(|(at, _)| {
            let below = &line[at + place.len()..];
            let user_end = below.find('/').unwrap_or(below.len());
            begins_path(&line[..at]) && !below[user_end..].starts_with(KEYS_FILE)
        })
    })
}

/// What follows each `word` that is not part of a longer one.
fn words<'a>(line: &'a str, word: &'a str) -> impl Iterator<Item = &'a str> {
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    line.match_indices(word).filter_map(move |(at, _)| {
        let rest = &line[at + word.len()..];
        let starts = !word.starts_with(is_part) || !line[..at].ends_with(is_part);
        let ends = !word.ends_with(is_part) || !rest.starts_with(is_part);
        (starts && ends).then_some(rest)
    })
}

fn has_word(line: &str, word: &str) -> bool {
    words(line, word).next().is_some()
}

fn is_test(path: &str) -> bool {
    path.starts_with("tests/") || path.contains("/tests/")
}

fn is_kept(path: &str) -> bool {
    KEPT.contains(&extension(path)) && !path.starts_with("snapshots/")
}

/// `path (lines)` of every source file in which to look for a second noun. A note, not a problem.
pub(crate) fn long_files(tree: &Tree) -> Vec<String> {
    tree.with_extension("rs")
        .map(|(path, text)| (path, text.lines().count()))
        .filter(|(_, n_lines)| *n_lines > LINES_MAX)
        .map(|(path, n_lines)| format!("{path} has {n_lines} lines; is there a second noun in it?"))
        .collect()
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::super::tree::lines;
    use super::*;

    fn check_text(path: &str, text: &str, expected: &Expect) {
        expected.assert_eq(&lines(check(&Tree::of([(path, text)]), Path::new("/builds/checkout"))));
    }

    #[test]
    fn unfinished_work_is_found() {
        let text = UNFINISHED
            .iter()
            .map(|(word, _)| format!("    {word}\n"))
            .collect::<String>();
        check_text(
            "a/src/b.rs",
            &text,
            &expect![[r#"
            a/src/b.rs:1: work that is not done
            a/src/b.rs:2: work that is not done
            a/src/b.rs:3: a test that does not run; a known difference goes into the baseline
            a/src/b.rs:4: an open end; mend it, or write `TODO(topic)` beside a test that shows it
            a/src/b.rs:5: an open end; mend it, or write `TODO(topic)` beside a test that shows it
        "#]],
        );
    }

    #[test]
    fn longer_words_are_not_taken_for_marks() {
        check_text(
            "a/src/b.rs",
            &format!("{}X_{}\nmy_{}x)\n", UNFINISHED[4].0, OPEN, UNFINISHED[0].0),
            &expect![""],
        );
    }

    #[test]
    fn open_work_names_its_topic() {
        check_text(
            "a/src/b.rs",
            &format!("// {OPEN}(blob): why.\n// {OPEN}: why.\n"),
            &expect![[r#"
            a/src/b.rs:2: open work without its topic: `TODO(topic): what and why`
        "#]],
        );
    }

    #[test]
    fn machine_paths_are_found_but_not_keys_of_linux_users() {
        let [home, root, tmp, users] = MACHINE_PATHS else {
            panic!("four places")
        };
        let text = format!(
            "see {home}me/src\npath: \"{home}azureuser{KEYS_FILE}\"\n'{root}x'\ngraph{users}x\n{users}me\n{tmp}_jobs\n\
             /builds/checkout/a\n"
        );
        check_text(
            "a/b.yaml",
            &text,
            &expect![[r#"
            a/b.yaml:1: a path of one machine
            a/b.yaml:3: a path of one machine
            a/b.yaml:5: a path of one machine
            a/b.yaml:6: a path of one machine
            a/b.yaml:7: a path of one machine
        "#]],
        );
    }

    #[test]
    fn a_test_does_not_sleep() {
        let text = format!("std::{}(second);\n", SLEEPS[0]);
        check_text("a/src/b.rs", &text, &expect![""]);
        check_text(
            "a/tests/it/b.rs",
            &text,
            &expect![[r#"
            a/tests/it/b.rs:1: a test waits for states, not for time
        "#]],
        );
    }

    #[test]
    fn lines_end_cleanly_except_in_snapshots() {
        let text = "a \nb\t\nc";
        check_text(
            "docs/a.md",
            text,
            &expect![[r#"
            docs/a.md:1: space at the end of the line
            docs/a.md:2: space at the end of the line
            docs/a.md:3: the last line has no end
        "#]],
        );
        check_text(
            "docs/a.md",
            "a\n\n",
            &expect![[r#"
            docs/a.md:2: blank lines at the end
        "#]],
        );
        check_text("snapshots/a.txt", text, &expect![""]);
        check_text("a/b.snap", text, &expect![""]);
    }

    #[test]
    fn unreviewed_snapshots_are_found() {
        check_text(
            "snapshots/x/a.snap.new",
            "",
            &expect![[r#"
            snapshots/x/a.snap.new:1: a snapshot waits for review: `cargo insta review`
        "#]],
        );
    }

    #[test]
    fn long_files_are_noted() {
        let long = "\n".repeat(LINES_MAX + 1);
        let tree = Tree::of([("a.rs", long.as_str()), ("b.rs", &long[1..]), ("c.md", long.as_str())]);
        assert_eq!(long_files(&tree), ["a.rs has 801 lines; is there a second noun in it?"]);
    }
}
