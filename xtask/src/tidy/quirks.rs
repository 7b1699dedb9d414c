//! Quirks: surprising behaviours with an id that leads from a rule to its test, its scenario, and back.
//!
//! A rule names its quirk in a comment, a scenario in a tag (`quirk:nic-in-use`), a test by the rule's mark
//! (`cov_mark::check!(nic_in_use)`) or in a comment.

use std::collections::BTreeMap;

use crate::document;

use super::tree::{Problem, Tree};

/// How a comment names a quirk; the id and a closing backtick follow.
const NAMED: &str = concat!("Quirk", " `");

/// How a scenario's tag names one.
const TAG: &str = concat!("quirk", ":");

/// Everything the tree says of one id.
#[derive(Debug, Default)]
struct Quirk<'a> {
    /// Where a rule names it: file, line index, and what the comment says.
    rules: Vec<(&'a str, usize, String)>,
    /// Files with a test that names it.
    tests: Vec<&'a str>,
    /// Scenario files with its tag, each with the index of the first such line.
    scenarios: Vec<(&'a str, usize)>,
}

pub(crate) fn check(tree: &Tree) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (id, quirk) in quirks(tree) {
        if quirk.rules.is_empty() {
            for (path, line_idx) in quirk.scenarios {
                problems.push(Problem::at(path, line_idx, format!("no rule names the quirk `{id}`")));
            }
        } else if quirk.tests.is_empty() && quirk.scenarios.is_empty() {
            let (path, line_idx, _) = &quirk.rules[0];
            problems.push(Problem::at(
                path,
                *line_idx,
                format!("quirk `{id}` has neither a test nor a scenario"),
            ));
        }
    }
    problems
}

/// The list of quirks as a document.
pub(crate) fn document(tree: &Tree) -> String {
    let mut out = format!(
        "{}\n# Quirks\n\nSurprising behaviours of Azure that the simulator has, too. Each has an id, which its rule, its \
         tests and the tags of\nits scenarios share: start from whichever you have.\n",
        document::mark("quirks")
    );
    for (id, quirk) in quirks(tree) {
        let Some((_, _, about)) = quirk.rules.first() else {
            continue;
        };
        out.push_str(&format!("\n## {id}\n\n"));
        if !about.is_empty() {
            out.push_str(&format!("{about}\n\n"));
        }
        let mut rules: Vec<&str> = quirk.rules.iter().map(|(path, _, _)| *path).collect();
        rules.dedup();
        push_links(&mut out, "Rule", rules);
        push_links(&mut out, "Tests", quirk.tests);
        push_links(
            &mut out,
            "Scenarios",
            quirk.scenarios.into_iter().map(|(path, _)| path).collect(),
        );
    }
    out
}

fn push_links(out: &mut String, title: &str, paths: Vec<&str>) {
    if !paths.is_empty() {
        let links: Vec<String> = paths.iter().map(|path| format!("[`{path}`](../{path})")).collect();
        out.push_str(&format!("* {title}: {}\n", links.join(", ")));
    }
}

fn quirks(tree: &Tree) -> BTreeMap<&str, Quirk<'_>> {
    let mut quirks: BTreeMap<&str, Quirk<'_>> = BTreeMap::new();
    let sources: Vec<(&str, &str, usize)> = tree
        .with_extension("rs")
        .filter(|(path, _)| !path.starts_with("xtask/"))
        .map(|(path, text)| (path, text, tests_begin(path, text)))
        .collect();

    for (path, text, tests_begin) in &sources {
        let lines: Vec<&str> = text.lines().collect();
        for (line_idx, line) in lines.iter().enumerate().take(*tests_begin) {
            for id in ids(line, NAMED) {
                quirks
                    .entry(id)
                    .or_default()
                    .rules
                    .push((path, line_idx, paragraph(&lines, line_idx)));
            }
        }
    }
    for (path, text) in tree.texts().filter(|(path, _)| path.starts_with("scenarios/")) {
        for (line_idx, line) in text.lines().enumerate() {
            for id in ids(line, TAG) {
                let quirk = quirks.entry(id).or_default();
                if quirk.scenarios.last().is_none_or(|(last, _)| *last != path) {
                    quirk.scenarios.push((path, line_idx));
                }
            }
        }
    }
    for (id, quirk) in &mut quirks {
        let mark = id.replace('-', "_");
        let names = [
            format!("cov_mark::check!({mark})"),
            format!("cov_mark::check_count!({mark},"),
            format!("{TAG}{id}"),
            format!("{NAMED}{id}`"),
        ];
        for (path, text, tests_begin) in &sources {
            let mut tests = text.lines().skip(*tests_begin);
            if tests.any(|line| names.iter().any(|name| line.contains(name.as_str()))) {
                quirk.tests.push(path);
            }
        }
    }
    quirks
}

/// The index of the line from which on a source file holds tests.
fn tests_begin(path: &str, text: &str) -> usize {
    if path.contains("/tests/") || path.ends_with("/tests.rs") {
        return 0;
    }
    text.lines()
        .position(|line| line.trim() == "#[cfg(test)]")
        .unwrap_or(usize::MAX)
}

fn ids<'a>(line: &'a str, before: &'a str) -> impl Iterator<Item = &'a str> {
    line.match_indices(before).filter_map(|(at, _)| {
        let rest = &line[at + before.len()..];
        let end = rest
            .find(|c: char| !c.is_ascii_lowercase() && !c.is_ascii_digit() && c != '-')
            .unwrap_or(rest.len());
        (end > 0).then_some(&rest[..end])
    })
}

/// The paragraph of the comment that line `line_idx` belongs to, without the naming of quirks.
fn paragraph(lines: &[&str], line_idx: usize) -> String {
    let comment = |line_idx: usize| {
        let line = lines.get(line_idx)?.trim();
        let text = ["///", "//!", "//"]
            .iter()
            .find_map(|marker| line.strip_prefix(marker))?
            .trim();
        (!text.is_empty()).then_some(text)
    };
    let begin = (0..line_idx)
        .rev()
        .take_while(|line_idx| comment(*line_idx).is_some())
        .last()
        .unwrap_or(line_idx);
    let text: Vec<&str> = (begin..).map_while(comment).collect();
    let mut text = text.join(" ");
    while let Some(begin) = text.find(NAMED) {
        let rest = &text[begin + NAMED.len()..];
        let Some(end) = rest.find('`') else { break };
        let after = rest[end + 1..]
            .trim_start_matches(['.', ':', ',', ';'])
            .trim_start()
            .to_owned();
        text.truncate(begin);
        text.push_str(&after);
    }
    text.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::super::tree::lines;
    use super::*;

    fn tree<'a>(rule: &'a str, scenario: &'a str) -> Tree {
        Tree::of([("cloud/src/nic.rs", rule), ("scenarios/arm/nic.yaml", scenario)])
    }

    fn check_tree(tree: &Tree, expected: &Expect) {
        expected.assert_eq(&lines(check(tree)));
    }

    #[test]
    fn a_rule_and_a_scenario_that_share_an_id_pass() {
        let rule = format!("/// Stays. {NAMED}nic-in-use`.\n");
        check_tree(&tree(&rule, "tags: [arm, quirk:nic-in-use]\n"), &expect![""]);
    }

    #[test]
    fn a_mark_in_a_test_is_enough() {
        let rule =
            format!("/// {NAMED}nic-in-use`.\n#[cfg(test)]\nmod tests {{\n    cov_mark::check!(nic_in_use);\n}}\n");
        check_tree(&tree(&rule, ""), &expect![""]);
    }

    #[test]
    fn a_mark_outside_a_test_is_not() {
        let rule = format!("/// {NAMED}nic-in-use`.\ncov_mark::check!(nic_in_use);\n");
        check_tree(
            &tree(&rule, ""),
            &expect![[r#"
            cloud/src/nic.rs:1: quirk `nic-in-use` has neither a test nor a scenario
        "#]],
        );
    }

    #[test]
    fn a_tag_wants_a_rule() {
        check_tree(
            &tree("", "about: x\ntags: [quirk:nic-in-use, quirk:other]\n"),
            &expect![[r#"
            scenarios/arm/nic.yaml:2: no rule names the quirk `nic-in-use`
            scenarios/arm/nic.yaml:2: no rule names the quirk `other`
        "#]],
        );
    }

    #[test]
    fn the_document_leads_to_rule_and_scenario() {
        let rule = format!(
            "/// Not about it.\n///\n/// A NIC cannot go\n/// while used. {NAMED}nic-in-use`. ARM 1.\nfn f() {{}}\n"
        );
        expect![[r#"
            <!-- generated by `cargo xtask quirks`; do not edit -->
            # Quirks

            Surprising behaviours of Azure that the simulator has, too. Each has an id, which its rule, its tests and the tags of
            its scenarios share: start from whichever you have.

            ## nic-in-use

            A NIC cannot go while used. ARM 1.

            * Rule: [`cloud/src/nic.rs`](../cloud/src/nic.rs)
            * Scenarios: [`scenarios/arm/nic.yaml`](../scenarios/arm/nic.yaml)
        "#]]
        .assert_eq(&document(&tree(&rule, "tags: [quirk:nic-in-use]\n")));
    }
}
