//! Stock clients against a running `fake-azure serve`: are they installed, do they work unchanged, and what did they miss?
//!
//! What is installed and what is run are rows of `xtask/clients/suites.toml`; a suite's commands and scripts lie in a
//! folder of its name, its guide in `docs/clients/`. Everything is installed outside the tree, and every run has a server,
//! a folder and a configuration of its own, so that nobody's own client is touched. Refuses to know any client.

mod commands;
mod guide;
mod install;
mod outcome;
mod process;
mod script;
mod suites;
mod template;

use std::collections::BTreeMap;
use std::env;
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use xshell::cmd;

use self::install::Installed;
use self::outcome::{Check, Verdict};
use self::suites::{Run, Suite};
use crate::server::Server;
use crate::{output, repository};

#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Suites to run, by name; what is named here must run, so that one that is skipped fails
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    only: Vec<String>,

    /// Where clients are installed, outside the tree [default: $XDG_CACHE_HOME/fake-azure-clients]
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,

    /// The `fake-azure` to serve with; otherwise it is built first
    #[arg(long, value_name = "FILE")]
    server: Option<PathBuf>,

    /// Name the suites and what they install, and run nothing
    #[arg(long)]
    list: bool,

    /// Print every check, not only those that failed
    #[arg(long)]
    verbose: bool,
}

/// What came of a suite.
struct Row {
    suite: String,
    client: String,
    checks: Vec<Check>,
    skipped: Option<String>,
    took: Duration,
}

impl Row {
    fn count(&self, is_counted: impl Fn(&Verdict) -> bool) -> usize {
        self.checks.iter().filter(|check| is_counted(&check.verdict)).count()
    }

    fn n_failed(&self) -> usize {
        self.count(|verdict| matches!(verdict, Verdict::Failed(_)))
    }
}

/// Installs and runs the suites, prints a table, and fails when a check did, or when a suite that was asked for by name
/// could not run.
pub(crate) fn run(root: &Path, options: &Options) -> Result<()> {
    let suites = suites::read(&root.join("xtask/clients/suites.toml"))?;
    for name in &options.only {
        ensure!(
            suites.iter().any(|suite| suite.name == *name),
            "no suite is called `{name}`: expected one of {}",
            suites
                .iter()
                .map(|suite| suite.name.as_str())
                .collect::<Vec<_>>()
                .join(", ")
        );
    }
    if options.list {
        list(&suites);
        return Ok(());
    }

    let dir = folder(options)?;
    let chosen = |suite: &&Suite| options.only.is_empty() || options.only.contains(&suite.name);
    let binary = match &options.server {
        Some(binary) => fs_err::canonicalize(binary)?,
        None => build(root)?,
    };
    let mut rows = Vec::new();
    for suite in suites.iter().filter(chosen) {
        output::line(format!("==> {}: {}", suite.name, suite.about));
        let began = Instant::now();
        let (checks, skipped) = match play(root, &dir, &binary, suite, &suites, options.verbose)? {
            Played::Ran(checks) => (checks, None),
            Played::Skipped(why) => {
                output::line(format!("    SKIPPED: {why}"));
                (Vec::new(), Some(why))
            }
        };
        rows.push(Row {
            suite: suite.name.clone(),
            client: suite.about.clone(),
            checks,
            skipped,
            took: began.elapsed(),
        });
    }

    output::line("");
    for line in table(&rows) {
        output::line(line);
    }
    judge(&rows, options)
}

fn judge(rows: &[Row], options: &Options) -> Result<()> {
    let failed: Vec<&str> = rows
        .iter()
        .filter(|row| row.n_failed() > 0)
        .map(|row| row.suite.as_str())
        .collect();
    let missing: Vec<&str> = rows
        .iter()
        .filter(|row| row.skipped.is_some() && options.only.contains(&row.suite))
        .map(|row| row.suite.as_str())
        .collect();
    ensure!(failed.is_empty(), "{} failed", failed.join(", "));
    ensure!(
        missing.is_empty(),
        "{} was asked for and could not run",
        missing.join(", ")
    );
    Ok(())
}

fn list(suites: &[Suite]) {
    for suite in suites {
        output::line(format!("{:<12} {}", suite.name, suite.about));
        for (what, packages) in [("python", &suite.python), ("npm", &suite.npm)] {
            if !packages.is_empty() {
                output::line(format!("{:<12}   {what}: {}", "", packages.join(" ")));
            }
        }
        for run in &suite.runs {
            output::line(format!("{:<12}   {run}", ""));
        }
    }
}

/// The folder of the installed clients.
fn folder(options: &Options) -> Result<PathBuf> {
    let named = |name: &str| env::var_os(name).filter(|path| !path.is_empty()).map(PathBuf::from);
    let dir = match &options.dir {
        Some(dir) => dir.clone(),
        None => named("XDG_CACHE_HOME")
            .or_else(|| Some(named("HOME")?.join(".cache")))
            .context("neither XDG_CACHE_HOME nor HOME is set: name a folder with --dir")?
            .join("fake-azure-clients"),
    };
    fs_err::create_dir_all(&dir)?;
    // Scripts find it from wherever they run.
    Ok(fs_err::canonicalize(dir)?)
}

/// The server's binary, freshly built.
fn build(root: &Path) -> Result<PathBuf> {
    let shell = repository::shell(root)?;
    cmd!(shell, "cargo build --quiet --package fake-azure --bin fake-azure")
        .quiet()
        .run()
        .context("cannot build fake-azure")?;
    let target = repository::metadata(root)?.target_directory;
    Ok(target
        .join("debug")
        .join(format!("fake-azure{}", env::consts::EXE_SUFFIX)))
}

enum Played {
    Ran(Vec<Check>),
    Skipped(String),
}

/// Runs a suite: each of its runs against a server of its own.
fn play(root: &Path, dir: &Path, binary: &Path, suite: &Suite, all: &[Suite], verbose: bool) -> Result<Played> {
    if let Some(port) = suite.needs_port
        && let Err(error) = TcpListener::bind((Ipv4Addr::LOCALHOST, port))
    {
        return Ok(Played::Skipped(format!(
            "it needs port {port} of this machine: {error}"
        )));
    }

    let mut installed = Installed::default();
    for name in [&suite.name].into_iter().chain(&suite.uses) {
        let used = all
            .iter()
            .find(|other| other.name == *name)
            .with_context(|| format!("suite `{}` uses `{name}`, which there is not", suite.name))?;
        match install::install(root, dir, used) {
            Ok(more) => installed.add(more),
            Err(error) => return Ok(Played::Skipped(format!("`{name}` cannot be installed: {error:#}"))),
        }
    }

    let mut checks = Vec::new();
    for (run_idx, run) in suite.runs.iter().enumerate() {
        let place = Place::prepare(root, dir, suite, run_idx, &installed, binary)?;
        let found = place.run(root, suite, run)?;
        for check in &found {
            if verbose || !matches!(check.verdict, Verdict::Passed) {
                for line in check.to_string().lines() {
                    output::line(format!("    {line}"));
                }
            }
        }
        checks.extend(found);
    }
    if checks.is_empty() {
        bail!("suite `{}` checked nothing", suite.name);
    }
    Ok(Played::Ran(checks))
}

/// Where a run happens: an empty folder with the suite's files in it, and an environment that holds nothing of the user's.
struct Place {
    work: PathBuf,
    env: BTreeMap<String, String>,
    binary: PathBuf,
}

impl Place {
    fn prepare(
        root: &Path,
        dir: &Path,
        suite: &Suite,
        run_idx: usize,
        installed: &Installed,
        binary: &Path,
    ) -> Result<Place> {
        // Below the installation, so that Node finds the modules that lie beside it.
        let work = dir.join(&suite.name).join(format!("run-{run_idx}"));
        if work.exists() {
            fs_err::remove_dir_all(&work)?;
        }
        fs_err::create_dir_all(&work)?;
        for folder in ["common", &suite.name] {
            let files = root.join("xtask/clients").join(folder);
            if files.is_dir() {
                install::copy_files(&files, &work)?;
            }
        }

        let mut path = installed.bins.clone();
        path.extend(binary.parent().map(Path::to_owned));
        path.extend(env::split_paths(&env::var_os("PATH").unwrap_or_default()));
        let path = env::join_paths(path).context("a folder's name does not fit into PATH")?;
        let text = |path: &Path| path.to_string_lossy().into_owned();
        let env = BTreeMap::from([
            ("HOME".to_owned(), text(&work)),
            ("LANG".to_owned(), "C.UTF-8".to_owned()),
            ("NO_COLOR".to_owned(), "1".to_owned()),
            ("PATH".to_owned(), path.to_string_lossy().into_owned()),
            ("TMPDIR".to_owned(), text(&work)),
        ]);
        Ok(Place {
            work,
            env,
            binary: binary.to_owned(),
        })
    }

    fn run(mut self, root: &Path, suite: &Suite, run: &Run) -> Result<Vec<Check>> {
        if let Run::Guide(name) = run {
            let text = fs_err::read_to_string(root.join("docs/clients").join(name))?;
            let guide = guide::read(&text).with_context(|| format!("cannot read the guide docs/clients/{name}"))?;
            let server = Server::start(Command::new(&self.binary), &guide.serve, &self.work)?;
            let checks = guide::run(name, &guide, &self.work, &self.env)?;
            server.stop()?;
            return Ok(checks);
        }

        let server = Server::start(Command::new(&self.binary), &suite.serve, &self.work)?;
        self.env.extend(server.environment()?);
        for (name, value) in &suite.env {
            let value = template::fill(value, &self.env).with_context(|| format!("variable {name} of the suite"))?;
            self.env.insert(name.clone(), value);
        }
        let checks = match run {
            Run::Commands(file) => commands::run(&self.work.join(file), &self.work, self.env)?,
            Run::Script(line) => script::run(line, &self.work, &self.env)?,
            Run::Guide(_) => Vec::new(),
        };
        server.stop()?;
        Ok(checks)
    }
}

/// The table at the end.
fn table(rows: &[Row]) -> Vec<String> {
    let width = |of: fn(&Row) -> &str, heading: &str| {
        rows.iter()
            .map(|row| of(row).len())
            .max()
            .unwrap_or(0)
            .max(heading.len())
    };
    let (suite, client) = (width(|row| &row.suite, "suite"), width(|row| &row.client, "client"));
    let mut lines = vec![format!(
        "{:<suite$}  {:<client$}  checks  passed  failed  skipped      time",
        "suite", "client"
    )];
    for row in rows {
        let skipped = row.count(|verdict| matches!(verdict, Verdict::Skipped(_)));
        let outcome = match &row.skipped {
            Some(why) => format!("skipped: {why}"),
            None => format!(
                "{:>6}  {:>6}  {:>6}  {:>7}  {:>6.1} s",
                row.checks.len(),
                row.count(|verdict| matches!(verdict, Verdict::Passed)),
                row.n_failed(),
                skipped,
                row.took.as_secs_f64()
            ),
        };
        lines.push(format!("{:<suite$}  {:<client$}  {outcome}", row.suite, row.client));
    }
    lines
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;

    fn row(suite: &str, checks: Vec<Check>, skipped: Option<&str>) -> Row {
        Row {
            suite: suite.to_owned(),
            client: format!("The {suite} client"),
            checks,
            skipped: skipped.map(str::to_owned),
            took: Duration::from_millis(1250),
        }
    }

    fn check(verdict: Verdict) -> Check {
        Check {
            name: "one".to_owned(),
            verdict,
            took: Duration::from_millis(10),
        }
    }

    #[test]
    fn the_table_counts_and_says_why_a_suite_was_skipped() {
        let rows = [
            row(
                "az",
                vec![
                    check(Verdict::Passed),
                    check(Verdict::Failed("exit status 1".to_owned())),
                    check(Verdict::Skipped("not here".to_owned())),
                ],
                None,
            ),
            row("javascript", Vec::new(), Some("`npm` is not installed")),
        ];
        expect![[r#"
            suite       client                 checks  passed  failed  skipped      time
            az          The az client               3       1       1        1     1.2 s
            javascript  The javascript client  skipped: `npm` is not installed"#]]
        .assert_eq(&table(&rows).join("\n"));
    }

    #[test]
    fn a_failed_check_fails_the_run_and_so_does_a_named_suite_that_is_skipped() {
        let options = |only: &[&str]| Options {
            only: only.iter().map(|name| (*name).to_owned()).collect(),
            dir: None,
            server: None,
            list: false,
            verbose: false,
        };
        let passed = || row("az", vec![check(Verdict::Passed)], None);
        let skipped = || row("rust", Vec::new(), Some("no cargo"));
        let failed = || row("python", vec![check(Verdict::Failed("no".to_owned()))], None);
        let told = |rows: &[Row], only: &[&str]| match judge(rows, &options(only)) {
            Ok(()) => "passed".to_owned(),
            Err(error) => error.to_string(),
        };

        expect!["passed"].assert_eq(&told(&[passed(), skipped()], &[]));
        expect!["rust was asked for and could not run"].assert_eq(&told(&[passed(), skipped()], &["rust"]));
        expect!["python failed"].assert_eq(&told(&[passed(), failed()], &[]));
    }

    #[test]
    fn every_suite_has_its_files() {
        let root = repository::root();
        let suites = suites::read(&root.join("xtask/clients/suites.toml")).expect("the suites are readable");
        assert!(!suites.is_empty());
        for suite in &suites {
            for run in &suite.runs {
                match run {
                    Run::Guide(name) => {
                        let text = fs_err::read_to_string(root.join("docs/clients").join(name)).expect("a guide");
                        let guide = guide::read(&text).expect("a guide that can be run");
                        assert!(!guide.blocks.is_empty(), "{name} runs nothing");
                    }
                    Run::Commands(file) => {
                        let path = root.join("xtask/clients").join(&suite.name).join(file);
                        commands::read(&path).expect("a list of commands");
                    }
                    Run::Script(line) => {
                        let folder = root.join("xtask/clients").join(&suite.name);
                        let is_there = match line.split_once(' ') {
                            Some((_, file)) => folder.join(file).is_file(),
                            None => suite.crate_folder.is_some(),
                        };
                        assert!(is_there, "{}: nothing to run in `{line}`", suite.name);
                    }
                }
            }
        }
    }
}
