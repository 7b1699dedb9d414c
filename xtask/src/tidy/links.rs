//! Links between documents: what a relative link names must be in the tree.

use super::tree::{Problem, Tree};

pub(crate) fn check(tree: &Tree) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (path, text) in tree.with_extension("md") {
        let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
        let mut fenced = false;
        for (line_idx, line) in text.lines().enumerate() {
            if line.trim_start().starts_with("```") {
                fenced = !fenced;
            } else if !fenced {
                for target in targets(line) {
                    if let Some(message) = refusal(tree, folder, target) {
                        problems.push(Problem::at(path, line_idx, message));
                    }
                }
            }
        }
    }
    problems
}

fn refusal(tree: &Tree, folder: &str, target: &str) -> Option<String> {
    let file = target.split(['#', '?']).next().unwrap_or("");
    if file.is_empty() || file.starts_with("mailto:") || file.contains("://") {
        return None;
    }

    match resolve(folder, file) {
        None => Some(format!("link `{target}` leaves the repository")),
        Some(file) if !tree.exists(&file) => Some(format!("link `{target}`: there is no `{file}`")),
        Some(_) => None,
    }
}

/// `file` as seen from `folder`, without `.` and `..`; nothing when it climbs out of the root.
fn resolve(folder: &str, file: &str) -> Option<String> {
    let from = if file.starts_with('/') { "" } else { folder };
    let mut segments = Vec::new();
    for segment in from.split('/').chain(file.split('/')) {
        match segment {
            "" | "." => {}
            ".." => drop(segments.pop()?),
            name => segments.push(name),
        }
    }
    Some(segments.join("/"))
}

/// What `[text](target)` and `[name]: target` point to, code spans apart.
fn targets(line: &str) -> Vec<&str> {
    let mut found = Vec::new();
    for (span_idx, span) in line.split('`').enumerate() {
        // A link's text may hold code, so that its target begins a span; it never lies within one.
        if span_idx % 2 == 0 {
            let inline = span
                .match_indices("](")
                .filter_map(|(at, _)| span[at + 2..].split([')', ' ']).next());
            found.extend(inline);
        }
    }
    if line.starts_with('[')
        && let Some((_, target)) = line.split_once("]: ")
    {
        found.extend(target.split_whitespace().next());
    }
    found
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::super::tree::lines;
    use super::*;

    fn check_page(text: &str, expected: &Expect) {
        let tree = Tree::of([
            ("README.md", ""),
            ("docs/page.md", text),
            ("docs/other.md", ""),
            ("docs/deep/a.md", ""),
        ]);
        expected.assert_eq(&lines(check(&tree)));
    }

    #[test]
    fn links_within_the_tree_pass() {
        check_page(
            "[a](other.md) [`b`](../README.md#use) [c](deep) [d](/docs/deep/a.md) [e](#here)\n\
             [f](https://example.org/x.md) [g](mailto:a@example.org)\n[h]: deep/a.md\n",
            &expect![""],
        );
    }

    #[test]
    fn dead_links_are_named() {
        check_page(
            "[a](gone.md) and [b](other.md)\n\n[`c`](../gone.md#x)\n[d]: gone\n",
            &expect![[r#"
            docs/page.md:1: link `gone.md`: there is no `docs/gone.md`
            docs/page.md:3: link `../gone.md#x`: there is no `gone.md`
            docs/page.md:4: link `gone`: there is no `docs/gone`
        "#]],
        );
    }

    #[test]
    fn a_link_stays_in_the_repository() {
        check_page(
            "[a](../../shared/x.md)\n",
            &expect![[r#"
            docs/page.md:1: link `../../shared/x.md` leaves the repository
        "#]],
        );
    }

    #[test]
    fn code_is_not_read() {
        check_page("`[a](gone.md)`\n```text\n[a](gone.md)\n```\n", &expect![""]);
    }
}
