//! Installing clients from the registries, outside the tree. Knows uv, pip, npm and cargo by their command lines.
//!
//! What was installed is written down beside it: a second run with the same wishes installs nothing.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use xshell::{Shell, cmd};

use super::suites::Suite;
use crate::output;

/// Where installed programs are.
#[derive(Debug, Default)]
pub(crate) struct Installed {
    pub(crate) bins: Vec<PathBuf>,
}

impl Installed {
    pub(crate) fn add(&mut self, other: Installed) {
        self.bins.extend(other.bins);
    }
}

/// Installs what a suite wants. An error says what is missing: a tool, a registry, a package.
pub(crate) fn install(root: &Path, dir: &Path, suite: &Suite) -> Result<Installed> {
    let place = dir.join(&suite.name);
    fs_err::create_dir_all(&place)?;
    let files = root.join("xtask/clients").join(&suite.name);
    let mut installed = Installed::default();

    if !suite.python.is_empty() {
        let bin = place.join("venv").join(if cfg!(windows) { "Scripts" } else { "bin" });
        let wish = format!("{:?} {:?}", suite.python, suite.python_requirements);
        once(&place.join("installed-python"), &wish, || python(&place, suite))?;
        installed.bins.push(bin);
    }
    if !suite.npm.is_empty() {
        let wish = format!("{:?}", suite.npm);
        once(&place.join("installed-npm"), &wish, || npm(&place, &suite.npm))?;
        installed.bins.push(place.join("node_modules/.bin"));
    }
    if let Some(folder) = &suite.crate_folder {
        let source = files.join(folder);
        let mut wish = String::new();
        for path in sources(&source)? {
            wish.push_str(&fs_err::read_to_string(&path)?);
        }
        let target = place.join("target");
        once(&place.join("installed-crate"), &wish, || {
            crate_of(&place, &source, &target)
        })?;
        installed.bins.push(target.join("debug"));
    }
    Ok(installed)
}

/// Does something unless the mark says that just this was done before.
fn once(mark: &Path, wish: &str, act: impl FnOnce() -> Result<()>) -> Result<()> {
    if fs_err::read_to_string(mark).is_ok_and(|done| done == wish) {
        return Ok(());
    }
    act()?;
    Ok(fs_err::write(mark, wish)?)
}

fn python(place: &Path, suite: &Suite) -> Result<()> {
    let shell = Shell::new().context("cannot start a shell")?;
    let venv = place.join("venv");
    if venv.exists() {
        fs_err::remove_dir_all(&venv)?;
    }
    let packages = &suite.python;
    output::line(format!("    installing {}", packages.join(" ")));
    let installer = if has(&shell, "uv") {
        Installer::Uv
    } else {
        Installer::Pip
    };
    match installer {
        Installer::Uv => cmd!(shell, "uv venv --quiet {venv}").quiet().run(),
        Installer::Pip if has(&shell, "python3") => cmd!(shell, "python3 -m venv {venv}").quiet().run(),
        Installer::Pip => bail!("neither `uv` nor `python3` is installed"),
    }
    .context("cannot make a virtual environment")?;
    installer.install(&shell, &venv, packages)?;

    for pattern in &suite.python_requirements {
        let file = requirements(&venv, pattern)?;
        installer.install(&shell, &venv, &["--requirement".to_owned(), file])?;
    }
    Ok(())
}

/// What installs Python's packages.
#[derive(Clone, Copy)]
enum Installer {
    Uv,
    Pip,
}

impl Installer {
    fn install(self, shell: &Shell, venv: &Path, arguments: &[String]) -> Result<()> {
        let python = venv.join(if cfg!(windows) {
            "Scripts/python.exe"
        } else {
            "bin/python"
        });
        match self {
            Installer::Uv => cmd!(shell, "uv pip install --quiet --python {python} {arguments...}")
                .quiet()
                .run(),
            Installer::Pip => cmd!(
                shell,
                "{python} -m pip install --quiet --disable-pip-version-check {arguments...}"
            )
            .quiet()
            .run(),
        }
        .context("the packages cannot be had")
    }
}

/// A file below the `site-packages` of an environment.
fn requirements(venv: &Path, file: &str) -> Result<String> {
    let lib = venv.join(if cfg!(windows) { "Lib" } else { "lib" });
    let mut places = vec![lib.join("site-packages")];
    for entry in fs_err::read_dir(&lib)? {
        places.push(entry?.path().join("site-packages"));
    }
    let found = places.iter().map(|place| place.join(file)).find(|path| path.is_file());
    let found = found.with_context(|| format!("the installed packages have no `{file}`"))?;
    Ok(found.to_string_lossy().into_owned())
}

fn npm(place: &Path, packages: &[String]) -> Result<()> {
    let shell = Shell::new().context("cannot start a shell")?;
    if !has(&shell, "npm") {
        bail!("`npm` is not installed");
    }
    output::line(format!("    installing {}", packages.join(" ")));
    shell.change_dir(place);
    cmd!(
        shell,
        "npm install --silent --no-audit --no-fund --no-save {packages...}"
    )
    .quiet()
    .run()
    .context("the packages cannot be had")
}

/// Builds a crate outside the workspace: from a copy, in its own target folder.
fn crate_of(place: &Path, source: &Path, target: &Path) -> Result<()> {
    let copy = place.join("crate");
    if copy.exists() {
        fs_err::remove_dir_all(&copy)?;
    }
    fs_err::create_dir_all(&copy)?;
    copy_files(source, &copy)?;
    // Kept under another name in the tree, where cargo would take it for a package without a workspace.
    fs_err::rename(copy.join("Cargo.toml.in"), copy.join("Cargo.toml"))?;
    let shell = Shell::new().context("cannot start a shell")?;
    shell.change_dir(&copy);
    output::line("    building the crate");
    cmd!(shell, "cargo build --quiet --target-dir {target}")
        .quiet()
        .run()
        .context("the crate cannot be built")
}

fn has(shell: &Shell, program: &str) -> bool {
    cmd!(shell, "{program} --version")
        .quiet()
        .ignore_stdout()
        .ignore_stderr()
        .run()
        .is_ok()
}

/// Every file below a folder, sorted.
fn sources(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs_err::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            files.extend(sources(&path)?);
        } else {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

/// Copies the files of a folder, and those below it.
pub(crate) fn copy_files(from: &Path, to: &Path) -> Result<()> {
    for file in sources(from)? {
        let target = to.join(file.strip_prefix(from).context("a file lies below its folder")?);
        if let Some(folder) = target.parent() {
            fs_err::create_dir_all(folder)?;
        }
        fs_err::copy(&file, &target)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_done_is_not_done_again_until_the_wish_changes() {
        let folder = tempfile::tempdir().expect("a folder");
        let mark = folder.path().join("mark");
        let mut n_done = 0;
        for wish in ["a", "a", "b"] {
            once(&mark, wish, || {
                n_done += 1;
                Ok(())
            })
            .expect("a mark can be written");
        }
        assert_eq!(n_done, 2);
    }

    #[test]
    fn what_could_not_be_done_is_tried_again() {
        let folder = tempfile::tempdir().expect("a folder");
        let mark = folder.path().join("mark");
        assert!(once(&mark, "a", || bail!("no network")).is_err());
        assert!(!mark.exists());
    }

    #[test]
    fn files_are_copied_with_their_folders() {
        let folder = tempfile::tempdir().expect("a folder");
        let (from, to) = (folder.path().join("from"), folder.path().join("to"));
        fs_err::create_dir_all(from.join("below")).expect("a folder");
        fs_err::write(from.join("below/a"), "text").expect("a file");
        copy_files(&from, &to).expect("a copy");
        assert_eq!(fs_err::read_to_string(to.join("below/a")).expect("a file"), "text");
    }
}
