//! Tables that say they are sorted: the rows between `// tidy: sorted` and `// tidy: end`.

use super::tree::{Problem, Tree};

const BEGIN: &str = concat!("// tidy:", " sorted");
const END: &str = concat!("// tidy:", " end");

pub(crate) fn check(tree: &Tree) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (path, text) in tree.with_extension("rs") {
        let mut open: Option<(usize, Vec<(usize, &str)>)> = None;
        for (line_idx, line) in text.lines().enumerate() {
            let is_end = line.trim() == END;
            if line.trim() == BEGIN {
                if let Some((begin_idx, _)) = open.replace((line_idx, Vec::new())) {
                    problems.push(Problem::at(path, begin_idx, format!("sorted table without `{END}`")));
                }
            } else if is_end && open.is_none() {
                problems.push(Problem::at(path, line_idx, format!("no `{BEGIN}` before this")));
            } else if is_end && let Some((_, table)) = open.take() {
                problems.extend(unsorted(path, &table));
            } else if let Some((_, table)) = &mut open {
                table.push((line_idx, line));
            }
        }
        if let Some((begin_idx, _)) = open {
            problems.push(Problem::at(path, begin_idx, format!("sorted table without `{END}`")));
        }
    }
    problems
}

/// Rows are the least indented lines; what lies deeper belongs to the row above, and closers and comments are no rows.
fn unsorted(path: &str, table: &[(usize, &str)]) -> Vec<Problem> {
    let indent = |line: &str| line.len() - line.trim_start().len();
    let is_row = |line: &str| !line.trim().is_empty() && !line.trim_start().starts_with(['}', ')', ']', '/', '#']);
    let least = table
        .iter()
        .map(|(_, line)| *line)
        .filter(|line| is_row(line))
        .map(indent)
        .min()
        .unwrap_or(0);
    let rows: Vec<(usize, &str)> = table
        .iter()
        .filter(|(_, line)| is_row(line) && indent(line) == least)
        .map(|(line_idx, line)| (*line_idx, line.trim().trim_end_matches([',', ';'])))
        .collect();

    let mut problems = Vec::new();
    for pair in rows.windows(2) {
        let [(_, before), (line_idx, after)] = pair else {
            continue;
        };
        if before == after && !after.ends_with(['{', '(', '[']) {
            problems.push(Problem::at(
                path,
                *line_idx,
                format!("`{}` stands here twice", start(after)),
            ));
        } else if key(before) > key(after) {
            let message = format!("`{}` sorts before `{}`", start(after), start(before));
            problems.push(Problem::at(path, *line_idx, message));
        }
    }
    problems
}

/// Names sort word by word, so that `IN_USE` comes before `INVALID`, as rustfmt has it; the rest by its bytes.
fn key(row: &str) -> (Vec<&str>, &str) {
    let end = row
        .find(|c: char| !c.is_ascii_alphanumeric() && c != '_')
        .unwrap_or(row.len());
    let (name, rest) = row.split_at(end);
    (name.split('_').collect(), rest)
}

/// Enough of a row to know it by.
fn start(row: &str) -> &str {
    let end = row.char_indices().nth(40).map_or(row.len(), |(at, _)| at);
    row[..end].split([':', '=']).next().unwrap_or(row).trim_end()
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::super::tree::lines;
    use super::*;

    fn check_rows(rows: &str, expected: &Expect) {
        let text = format!("table! {{\n    {BEGIN}\n{rows}    {END}\n}}\n");
        expected.assert_eq(&lines(check(&Tree::of([("a.rs", text.as_str())]))));
    }

    #[test]
    fn sorted_rows_pass() {
        check_rows(
            "    Disks,\n    // Two words.\n    DisksAgain,\n    Vms,\n",
            &expect![""],
        );
    }

    #[test]
    fn a_row_out_of_order_is_named() {
        check_rows(
            "    Disks => disks,\n    Vms => vms,\n    Nics => nics,\n",
            &expect![[r#"
            a.rs:5: `Nics` sorts before `Vms`
        "#]],
        );
    }

    #[test]
    fn names_sort_word_by_word() {
        check_rows("    IN_USE,\n    IN_USE_BY: x,\n    INVALID,\n", &expect![""]);
        check_rows(
            "    INVALID,\n    IN_USE,\n",
            &expect![[r#"
            a.rs:4: `IN_USE` sorts before `INVALID`
        "#]],
        );
    }

    #[test]
    fn a_row_may_span_lines() {
        check_rows("    b(\n        a,\n    ),\n    c(\n        a,\n    ),\n", &expect![""]);
    }

    #[test]
    fn a_row_given_twice_is_named() {
        check_rows(
            "    Disks,\n    Disks,\n",
            &expect![[r#"
            a.rs:4: `Disks` stands here twice
        "#]],
        );
    }

    #[test]
    fn marks_come_in_pairs() {
        let text = format!("{END}\n{BEGIN}\nb\na\n");
        expect![[r#"
            a.rs:1: no `// tidy: sorted` before this
            a.rs:2: sorted table without `// tidy: end`
        "#]]
        .assert_eq(&lines(check(&Tree::of([("a.rs", text.as_str())]))));
    }
}
