//! Where things lie: the checkout, the build, the commit. Knows git and cargo; refuses to know any chore.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use serde::Deserialize;
use xshell::{Cmd, Shell, cmd};

/// The folder of the workspace's `Cargo.toml`.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("xtask is a folder of the workspace")
        .to_owned()
}

/// A shell whose working directory is the checkout.
pub(crate) fn shell(root: &Path) -> Result<Shell> {
    let shell = Shell::new().context("cannot start a shell")?;
    shell.change_dir(root);
    Ok(shell)
}

/// Which state of the sources a measurement was made on.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Commit {
    /// Abbreviated hash; says so when the measured files had changes that were not committed.
    pub(crate) name: String,
    /// Day of the commit, `YYYY-MM-DD`.
    pub(crate) date: String,
}

/// The commit that is checked out. `paths` are the files that a measurement depends on.
pub(crate) fn commit(root: &Path, paths: &[&str]) -> Result<Commit> {
    let shell = shell(root)?;
    let git = |args: &[&str]| cmd!(shell, "git {args...}").quiet().ignore_stderr().read();
    let Ok(hash) = git(&["rev-parse", "--short", "HEAD"]) else {
        return Ok(Commit {
            name: "none yet".to_owned(),
            date: "not committed".to_owned(),
        });
    };

    let date = git(&["log", "-1", "--format=%cs"]).context("cannot read the date of the last commit")?;
    let changes =
        git(&[&["status", "--porcelain", "--"], paths].concat()).context("cannot read the state of the tree")?;
    let name = if changes.is_empty() {
        hash
    } else {
        format!("{hash}, with changes on top")
    };
    Ok(Commit { name, date })
}

/// What `cargo metadata --no-deps` says about the workspace; only the members that a chore reads.
#[derive(Debug, Deserialize)]
pub(crate) struct Metadata {
    pub(crate) packages: Vec<Package>,
    pub(crate) target_directory: PathBuf,
}

/// One package of the workspace.
#[derive(Debug, Deserialize)]
pub(crate) struct Package {
    pub(crate) name: String,
    pub(crate) manifest_path: PathBuf,
    pub(crate) dependencies: Vec<Dependency>,
}

/// One declared dependency, of any kind and for any target.
#[derive(Debug, Deserialize)]
pub(crate) struct Dependency {
    pub(crate) name: String,
}

/// Asks cargo for the workspace. Reads manifests only, so it needs no network.
pub(crate) fn metadata(root: &Path) -> Result<Metadata> {
    let shell = shell(root)?;
    let text = cmd!(shell, "cargo metadata --no-deps --format-version 1")
        .quiet()
        .read()
        .context("cannot read the manifests")?;
    serde_json::from_str(&text).context("cannot understand what `cargo metadata` answered")
}

/// A command of cargo's as if it were typed: what cargo tells this program of its own package would be taken for a change by
/// build scripts that look at it (`ring`'s does), and all that stands on them would be built again.
pub(crate) fn as_typed(command: Cmd<'_>) -> Cmd<'_> {
    std::env::vars()
        .map(|(name, _)| name)
        .filter(|name| name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_"))
        .fold(command, |command, name| command.env_remove(name))
}

/// A binary of ours, current, as the workspace's tests build it.
///
/// Cargo unites features over all that it builds at once: to build one package alone would build most of the others a second time.
pub(crate) fn binary_of_the_tests(root: &Path, name: &str) -> Result<PathBuf> {
    let shell = shell(root)?;
    as_typed(cmd!(shell, "cargo test --quiet --workspace --no-run"))
        .quiet()
        .run()
        .context("the workspace does not build")?;
    Ok(metadata(root)?
        .target_directory
        .join("debug")
        .join(format!("{name}{}", std::env::consts::EXE_SUFFIX)))
}
