//! Files that say that a command wrote them: the command is ours, and what is cheap to write again is not stale.

use crate::{Command, document};

use super::quirks;
use super::tree::{Problem, Tree};

const QUIRKS: &str = "docs/quirks.md";

pub(crate) fn check(tree: &Tree) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (path, text) in tree.texts() {
        if let Some(command) = document::command_of(text)
            && !Command::GENERATORS.contains(&command)
        {
            problems.push(Problem::of(
                path,
                format!("there is no `cargo xtask {command}` that writes this"),
            ));
        }
    }

    // The other documents are measured, or want a build; `cargo xtask coverage --check` is a step of its own.
    let existing = tree.text(QUIRKS).unwrap_or("");
    if let Some(line) = document::first_difference(existing, &quirks::document(tree)) {
        problems.push(Problem::at(QUIRKS, line - 1, "stale; run `cargo xtask quirks`"));
    }
    problems
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::super::tree::lines;
    use super::*;

    #[test]
    fn a_stale_document_and_an_unknown_command_are_named() {
        let unknown = document::mark("paint");
        let tree = Tree::of([("docs/x.md", unknown.as_str()), (QUIRKS, "old\n")]);
        expect![[r#"
            docs/x.md:1: there is no `cargo xtask paint` that writes this
            docs/quirks.md:1: stale; run `cargo xtask quirks`
        "#]]
        .assert_eq(&lines(check(&tree)));
    }

    #[test]
    fn a_fresh_document_passes() {
        let fresh = quirks::document(&Tree::default());
        assert_eq!(check(&Tree::of([(QUIRKS, fresh.as_str())])), []);
    }
}
