//! Checks of the tree that neither the compiler nor a lint makes.
//!
//! Each check is a pure function from the files of the tree to problems; this file reads the tree and prints them.
//! It builds nothing and asks no binary: what needs a build is checked by the command that writes it.

mod edges;
mod generated;
mod links;
mod quirks;
mod sorted;
mod text;
mod tree;

use std::path::Path;

use anyhow::{Result, bail};

use crate::{docs, document, output, repository};

use tree::Tree;

/// Runs every check, prints `path:line: message` for each problem, and fails when there is one.
pub(crate) fn run(root: &Path) -> Result<()> {
    let tree = Tree::read(root)?;
    let metadata = repository::metadata(root)?;

    let mut problems = edges::check(&tree, &edges::declared(&metadata, root));
    problems.extend(text::check(&tree, root));
    problems.extend(sorted::check(&tree));
    problems.extend(links::check(&tree));
    problems.extend(quirks::check(&tree));
    problems.extend(generated::check(&tree));
    problems.sort();

    for problem in &problems {
        output::line(problem.to_string());
    }
    for note in text::long_files(&tree) {
        output::line(format!("note: {note}"));
    }

    if !problems.is_empty() {
        bail!(
            "{} to mend",
            if problems.len() == 1 {
                "1 thing".to_owned()
            } else {
                format!("{} things", problems.len())
            }
        );
    }
    Ok(())
}

/// Writes `docs/quirks.md`.
pub(crate) fn write_quirks(root: &Path) -> Result<()> {
    let tree = Tree::read(root)?;
    document::write(&docs(root, "quirks.md"), &quirks::document(&tree))
}
