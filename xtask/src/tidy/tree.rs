//! The files of the tree, and what is wrong with one of them. Knows no check.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

use anyhow::{Context as _, Result};

/// Folders that are not the project's: built, reported or kept by git. `target-*` is left out, too.
const NOT_OURS: &[&str] = &[".git", "report", "target"];

/// Every file of the checkout by its path relative to the root, written with `/`.
#[derive(Debug, Default)]
pub(crate) struct Tree {
    /// The text; `None` when the file is not UTF-8.
    files: BTreeMap<String, Option<String>>,
}

impl Tree {
    /// Reads the checkout, whether git knows the files yet or ignores them.
    pub(crate) fn read(root: &Path) -> Result<Tree> {
        let mut tree = Tree::default();
        tree.read_folder(root, "")?;
        Ok(tree)
    }

    fn read_folder(&mut self, folder: &Path, prefix: &str) -> Result<()> {
        for entry in fs_err::read_dir(folder)? {
            let entry = entry?;
            let name = entry
                .file_name()
                .into_string()
                .ok()
                .context("a file name is not UTF-8")?;
            let path = format!("{prefix}{name}");
            let kind = entry.file_type()?;
            if kind.is_file() {
                let text = String::from_utf8(fs_err::read(entry.path())?).ok();
                self.files.insert(path, text);
            } else if kind.is_dir() && !NOT_OURS.contains(&name.as_str()) && !name.starts_with("target-") {
                self.read_folder(&entry.path(), &format!("{path}/"))?;
            }
        }
        Ok(())
    }

    /// A tree for a test.
    #[cfg(test)]
    pub(crate) fn of<'a>(files: impl IntoIterator<Item = (&'a str, &'a str)>) -> Tree {
        Tree {
            files: files
                .into_iter()
                .map(|(path, text)| (path.to_owned(), Some(text.to_owned())))
                .collect(),
        }
    }

    /// Every file, in the order of its path.
    pub(crate) fn paths(&self) -> impl Iterator<Item = &str> {
        self.files.keys().map(String::as_str)
    }

    /// Every file that is text, with its text.
    pub(crate) fn texts(&self) -> impl Iterator<Item = (&str, &str)> {
        self.files
            .iter()
            .filter_map(|(path, text)| Some((path.as_str(), text.as_deref()?)))
    }

    /// The text of the files whose name ends in `.extension`.
    pub(crate) fn with_extension(&self, extension: &str) -> impl Iterator<Item = (&str, &str)> {
        self.texts().filter(move |(path, _)| self::extension(path) == extension)
    }

    /// The text of one file.
    pub(crate) fn text(&self, path: &str) -> Option<&str> {
        self.files.get(path)?.as_deref()
    }

    /// Whether `path` is a file, or a folder with a file in it.
    pub(crate) fn exists(&self, path: &str) -> bool {
        let folder = format!("{path}/");
        path.is_empty() || self.files.contains_key(path) || self.files.keys().any(|file| file.starts_with(&folder))
    }
}

/// What follows the last dot of the file's name; nothing when there is none.
pub(crate) fn extension(path: &str) -> &str {
    let name = path.rsplit('/').next().unwrap_or(path);
    name.rsplit_once('.')
        .map_or("", |(stem, extension)| if stem.is_empty() { "" } else { extension })
}

/// Something to mend.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Problem {
    path: String,
    /// From 1.
    line: usize,
    message: String,
}

impl Problem {
    /// A problem with the line at index `line_idx`, which counts from 0.
    pub(crate) fn at(path: &str, line_idx: usize, message: impl Into<String>) -> Problem {
        Problem {
            path: path.to_owned(),
            line: line_idx + 1,
            message: message.into(),
        }
    }

    /// A problem with a file as a whole.
    pub(crate) fn of(path: &str, message: impl Into<String>) -> Problem {
        Problem::at(path, 0, message)
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.path, self.line, self.message)
    }
}

/// The problems as one text, for a test to expect.
#[cfg(test)]
pub(crate) fn lines(problems: impl IntoIterator<Item = Problem>) -> String {
    problems.into_iter().map(|problem| format!("{problem}\n")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_exists_when_a_file_is_in_it() {
        let tree = Tree::of([("docs/a.md", "")]);
        assert!(tree.exists("docs"));
        assert!(tree.exists("docs/a.md"));
        assert!(!tree.exists("doc"));
        assert!(!tree.exists("docs/b.md"));
    }

    #[test]
    fn a_hidden_file_has_no_extension() {
        assert_eq!(extension("a/.gitignore"), "");
        assert_eq!(extension("a.b/run"), "");
        assert_eq!(extension("a/b.snap.new"), "new");
    }
}
