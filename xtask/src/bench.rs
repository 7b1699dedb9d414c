//! The benchmarks' figures, as `docs/performance.md`.
//!
//! Runs `cargo bench` and reads what criterion leaves behind. Refuses to know what is measured.

use std::path::Path;
use std::time::SystemTime;
use std::{fs, thread};

use anyhow::{Context as _, Result, ensure};
use serde::Deserialize;
use xshell::cmd;

use crate::repository::{self, Commit};
use crate::{docs, document, output};

/// The packages with benchmarks.
const PACKAGES: &[&str] = &["fake-azure-cloud", "fake-azure"];

/// What the figures depend on, beside the machine.
const MEASURED: &[&str] = &["Cargo.lock", "fake-azure"];

/// One benchmark's figures.
#[derive(Debug)]
struct Measurement {
    name: String,
    median_ns: f64,
    throughput: Option<Throughput>,
}

/// What one iteration handles.
#[derive(Debug, Clone, Copy, Deserialize)]
enum Throughput {
    Bytes(u64),
    BytesDecimal(u64),
    Elements(u64),
    ElementsAndBytes { elements: u64 },
    Bits(u64),
}

/// Where the figures come from.
#[derive(Debug)]
struct Machine {
    cpu: String,
    cores: usize,
    rustc: String,
}

/// criterion's `estimates.json`, as far as it is read. Times are nanoseconds.
#[derive(Deserialize)]
struct Estimates {
    median: Estimate,
}

#[derive(Deserialize)]
struct Estimate {
    point_estimate: f64,
}

/// criterion's `benchmark.json`, as far as it is read.
#[derive(Deserialize)]
struct Benchmark {
    full_id: String,
    throughput: Option<Throughput>,
}

/// Runs the benchmarks of every package and writes the document.
pub(crate) fn run(root: &Path) -> Result<()> {
    let shell = repository::shell(root)?;
    let began = SystemTime::now();
    for package in PACKAGES {
        cmd!(shell, "cargo bench --package {package}")
            .run()
            .with_context(|| format!("the benchmarks of {package} failed"))?;
    }

    let target = repository::metadata(root)?.target_directory;
    let mut measurements = Vec::new();
    read(&target.join("criterion"), began, &mut measurements)?;
    measurements.sort_by(|one, other| one.name.cmp(&other.name));
    ensure!(
        !measurements.is_empty(),
        "the benchmarks left no figures in {}",
        target.join("criterion").display()
    );

    let path = docs(root, "performance.md");
    let page = render(
        &measurements,
        &machine(root)?,
        &repository::commit(root, MEASURED)?,
        &document::existing(&path),
    );
    document::write(&path, &page)?;
    output::line(format!("wrote {}", path.display()));
    Ok(())
}

/// Collects `**/new/estimates.json` below `folder`, unless older than `since`: what an earlier run left is not ours.
fn read(folder: &Path, since: SystemTime, measurements: &mut Vec<Measurement>) -> Result<()> {
    if !folder.is_dir() {
        return Ok(());
    }

    let estimates = folder.join("new").join("estimates.json");
    if estimates.is_file() && fs::metadata(&estimates)?.modified()? >= since {
        let benchmark: Benchmark = parse(&folder.join("new").join("benchmark.json"))?;
        let Estimates { median } = parse(&estimates)?;
        let Benchmark {
            full_id: name,
            throughput,
        } = benchmark;
        measurements.push(Measurement {
            name,
            median_ns: median.point_estimate,
            throughput,
        });
    }
    for entry in fs_err::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            read(&entry.path(), since, measurements)?;
        }
    }
    Ok(())
}

fn parse<T: serde::de::DeserializeOwned>(path: &Path) -> Result<T> {
    let text = fs_err::read_to_string(path)?;
    serde_json::from_str(&text).with_context(|| format!("cannot understand {}", path.display()))
}

fn machine(root: &Path) -> Result<Machine> {
    let shell = repository::shell(root)?;
    let cpus = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    Ok(Machine {
        cpu: cpu_model(&cpus).unwrap_or("of an unknown model").to_owned(),
        cores: thread::available_parallelism().context("cannot count the cores")?.get(),
        rustc: cmd!(shell, "rustc --version")
            .quiet()
            .read()
            .context("cannot ask rustc for its version")?,
    })
}

fn cpu_model(cpuinfo: &str) -> Option<&str> {
    let line = cpuinfo.lines().find(|line| line.starts_with("model name"))?;
    Some(line.split_once(':')?.1.trim())
}

fn render(measurements: &[Measurement], machine: &Machine, commit: &Commit, existing: &str) -> String {
    let rows = measurements.iter().map(|one| {
        let throughput = one
            .throughput
            .map(|throughput| rate(throughput, one.median_ns))
            .unwrap_or_default();
        vec![one.name.clone(), duration(one.median_ns), throughput]
    });
    let table = document::table(&["benchmark", "median time:", "throughput:"], rows);
    let mark = document::mark("bench");
    let Machine { cpu, cores, rustc } = machine;
    let Commit { name, date } = commit;
    let notes = document::notes(existing);
    format!(
        "\
{mark}
# Performance

* Commit: {name} ({date})
* Command: `cargo xtask bench`
* Machine: {cpu}, {cores} cores
* Compiler: {rustc}

{table}
{notes}"
    )
}

/// Three or four figures that count and a unit.
fn duration(ns: f64) -> String {
    scaled(ns, &[(1e9, "s"), (1e6, "ms"), (1e3, "µs"), (1.0, "ns")])
}

fn rate(throughput: Throughput, ns: f64) -> String {
    let (amount, unit) = match throughput {
        Throughput::Elements(n) | Throughput::ElementsAndBytes { elements: n } => (n, "/s"),
        Throughput::Bytes(n) | Throughput::BytesDecimal(n) => (n, "B/s"),
        Throughput::Bits(n) => (n, "bit/s"),
    };
    let per_second = amount as f64 * 1e9 / ns;
    format!(
        "{}{unit}",
        scaled(per_second, &[(1e9, "G"), (1e6, "M"), (1e3, "k"), (1.0, "")])
    )
}

fn scaled(value: f64, units: &[(f64, &str)]) -> String {
    let fits = units.iter().find(|(size, _)| value >= *size).or(units.last());
    let (size, unit) = fits.copied().unwrap_or((1.0, ""));
    let value = value / size;
    let decimals = if value >= 100.0 {
        0
    } else {
        1 + usize::from(value < 10.0)
    };
    format!("{value:.decimals$} {unit}")
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;

    #[test]
    fn figures_become_a_page() {
        let measurements = [
            Measurement {
                name: "cloud/put".into(),
                median_ns: 4_321.0,
                throughput: Some(Throughput::Elements(1)),
            },
            Measurement {
                name: "wire/list".into(),
                median_ns: 1_250_000.0,
                throughput: Some(Throughput::Bytes(5_000_000)),
            },
            Measurement {
                name: "start".into(),
                median_ns: 87.6,
                throughput: None,
            },
        ];
        let machine = Machine {
            cpu: "A CPU".into(),
            cores: 2,
            rustc: "rustc 1.95.0".into(),
        };
        let commit = Commit {
            name: "abc1234".into(),
            date: "2026-11-21".into(),
        };
        expect![[r#"
            <!-- generated by `cargo xtask bench`; do not edit -->
            # Performance

            * Commit: abc1234 (2026-11-21)
            * Command: `cargo xtask bench`
            * Machine: A CPU, 2 cores
            * Compiler: rustc 1.95.0

            | benchmark | median time | throughput |
            | --- | ---: | ---: |
            | cloud/put | 4.32 µs | 231 k/s |
            | wire/list | 1.25 ms | 4.00 GB/s |
            | start | 87.6 ns | |

            ## Notes

            Text between the two marks is kept when this page is written again.

            <!-- notes -->

            Kept.

            <!-- end of notes -->
        "#]]
        .assert_eq(&render(
            &measurements,
            &machine,
            &commit,
            "<!-- notes -->\nKept.\n<!-- end of notes -->",
        ));
    }

    #[test]
    fn what_an_earlier_run_left_is_not_read() {
        let folder = tempfile::tempdir().expect("a folder for the test");
        let new = folder.path().join("group").join("put").join("new");
        fs_err::create_dir_all(&new).expect("the folder is ours");
        fs_err::write(
            new.join("estimates.json"),
            r#"{"mean": {}, "median": {"point_estimate": 12.5}}"#,
        )
        .expect("is ours");
        fs_err::write(
            new.join("benchmark.json"),
            r#"{"full_id": "group/put", "throughput": {"Elements": 2}}"#,
        )
        .expect("is ours");

        let mut found = Vec::new();
        read(folder.path(), SystemTime::UNIX_EPOCH, &mut found).expect("both files are there");
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].name.as_str(), found[0].median_ns), ("group/put", 12.5));

        let later = fs::metadata(new.join("estimates.json"))
            .and_then(|file| file.modified())
            .expect("has a time")
            + std::time::Duration::from_secs(1);
        found.clear();
        read(folder.path(), later, &mut found).expect("both files are there");
        assert!(found.is_empty());
    }

    #[test]
    fn the_cpu_is_named() {
        assert_eq!(cpu_model("processor : 0\nmodel name\t: A CPU\n"), Some("A CPU"));
        assert_eq!(cpu_model(""), None);
    }
}
