//! Many machines in one environment: what starting, listing and stopping them costs in requests, and whether that grows faster than
//! they do.
//!
//! It refuses to judge the wall clock, which differs from machine to machine: it only prints it.

use std::sync::Arc;
use std::time::Instant;

use comfy_table::{CellAlignment, Table, presets};
use provider::{Environ, Error, InstanceId, StartInstance};

use crate::driver::{DriverKind, Sent};
use crate::stage::Stage;
use crate::subject::{Stack, Subject};

/// Machines that are started side by side: the pool of Juju's provisioner (juju-provider 3.1).
const POOL: u32 = 16;

/// Machines of one application, each of which has an availability set: a set holds 100 in 2016, 200 later.
const UNITS: u32 = 50;

/// The window that the throttling counters of 2016 count in.
const HOUR_MS: i64 = 3_600_000;

/// Limits that stand in the way of a thousand machines, and that a person with a thousand machines has had raised.
const RAISED: &[&str] = &[
    // tidy: sorted
    "DeploymentsPerResourceGroup",
    "NetworkInterfaces",
    "PublicIPAddresses",
    "ResourcesPerResourceGroupPerType",
    "StandardDiskCount",
    "StaticPublicIPAddresses",
    "cores",
    "standardAFamily",
    "standardBSFamily",
    "standardDSv2Family",
    "standardDv2Family",
    // tidy: end
];

/// What a number of machines cost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cost {
    /// How many machines.
    pub n_machines: u32,
    /// Requests to start them all.
    pub n_starting: usize,
    /// Requests to list them once.
    pub n_listing: usize,
    /// Requests to stop them all.
    pub n_stopping: usize,
    /// Bytes of the answers while they were started.
    pub starting_bytes: u64,
    /// Most reads within an hour of the world.
    pub reads_an_hour: usize,
    /// Most writes within an hour of the world.
    pub writes_an_hour: usize,
    /// Answers that said to slow down.
    pub n_throttled: usize,
    /// How long it took on the world's clock, in milliseconds.
    pub simulated_ms: i64,
    /// How long it took on the wall, in milliseconds.
    pub wall_ms: u128,
}

impl Cost {
    /// Requests a machine, in hundredths, listing aside.
    #[must_use]
    pub fn per_machine_centi(&self) -> usize {
        (self.n_starting + self.n_stopping) * 100 / usize::try_from(self.n_machines.max(1)).unwrap_or(1)
    }
}

/// Starts, lists and stops so many machines in a world of their own.
///
/// # Errors
///
/// When the provider refuses, or something of the machines is left.
pub fn measure(subject: Subject, driver: DriverKind, seed: u64, n_machines: u32) -> anyhow::Result<Cost> {
    let begun = Instant::now();
    let mut stage = Stage::open(driver, subject, seed)?;
    stage.provide()?;
    stage.change(|cloud| {
        for row in RAISED {
            cloud.ledger_mut().set_override(row, Some(100_000));
        }
    });
    let environ = stage.environ("scale")?;
    match subject.stack {
        Stack::Arm | Stack::Naive => stage.ask(environ.create())?,
        Stack::Classic => {
            let mut controller = StartInstance::new(0, stage.controller(), stage.series());
            controller.controller = true;
            stage.ask(environ.bootstrap(controller))?;
        }
    }
    let before = stage.now_ms();
    let first = stage.traffic().len();

    let mut ids: Vec<InstanceId> = Vec::new();
    let machines: Vec<u32> = (1..=n_machines).collect();
    for wave in machines.chunks(usize::try_from(POOL)?) {
        let work = wave.iter().map(|machine| start(&stage, &environ, *machine)).collect();
        for started in stage.run_all(work).map_err(|stopped| anyhow::anyhow!("{stopped:?}"))? {
            ids.push(started.map_err(|error| anyhow::anyhow!("{}", error.report()))?);
        }
    }
    let started = stage.traffic().len();
    let listed = stage.ask(environ.instances(&ids))?;
    anyhow::ensure!(
        listed.len() == ids.len(),
        "{} of {} are listed",
        listed.len(),
        ids.len()
    );
    let after_list = stage.traffic().len();
    stage.ask(environ.stop_instances(&ids))?;
    let left = stage.ask(environ.all_instances())?;
    anyhow::ensure!(
        left.iter().all(|instance| !ids.contains(&instance.id)),
        "machines are left: {left:?}"
    );
    let traffic = stage.traffic();

    let of_machines = &traffic[first..];
    Ok(Cost {
        n_machines,
        n_starting: started - first,
        n_listing: after_list - started,
        n_stopping: traffic.len() - after_list - (after_list - started),
        starting_bytes: traffic[first..started].iter().map(|sent| sent.answer_bytes).sum(),
        reads_an_hour: peak(of_machines, |sent| !sent.is_write),
        writes_an_hour: peak(of_machines, |sent| sent.is_write),
        n_throttled: of_machines.iter().filter(|sent| sent.status == 429).count(),
        simulated_ms: stage.now_ms() - before,
        wall_ms: begun.elapsed().as_millis(),
    })
}

type Start<'w> = std::pin::Pin<Box<dyn Future<Output = Result<InstanceId, Error>> + Send + 'w>>;

fn start(stage: &Stage, environ: &Arc<dyn Environ>, machine: u32) -> Start<'static> {
    let mut params = StartInstance::new(machine, stage.controller(), stage.series());
    params.units = vec![format!("app{}/{machine}", machine / UNITS)];
    let environ = Arc::clone(environ);
    Box::pin(async move { Ok(environ.start_instance(params).await?.instance.id) })
}

/// Most of those within any hour.
fn peak(traffic: &[Sent], is_meant: impl Fn(&Sent) -> bool) -> usize {
    let times: Vec<i64> = traffic
        .iter()
        .filter(|sent| is_meant(sent))
        .map(|sent| sent.at_ms)
        .collect();
    let mut first = 0;
    let mut most = 0;
    for (index, at) in times.iter().enumerate() {
        while at - times[first] >= HOUR_MS {
            first += 1;
        }
        most = most.max(index + 1 - first);
    }
    most
}

/// The costs as a table.
#[must_use]
pub fn table(costs: &[Cost]) -> String {
    let headings = [
        "machines",
        "starting",
        "listing",
        "stopping",
        "a machine",
        "answers",
        "reads/h",
        "writes/h",
        "429",
        "simulated",
        "time",
    ];
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_header(headings.to_vec());
    for index in 0..headings.len() {
        if let Some(column) = table.column_mut(index) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    for cost in costs {
        let per_machine = cost.per_machine_centi();
        table.add_row(vec![
            cost.n_machines.to_string(),
            cost.n_starting.to_string(),
            cost.n_listing.to_string(),
            cost.n_stopping.to_string(),
            format!("{}.{:02}", per_machine / 100, per_machine % 100),
            format!("{} KiB", cost.starting_bytes / 1_024),
            cost.reads_an_hour.to_string(),
            cost.writes_an_hour.to_string(),
            cost.n_throttled.to_string(),
            crate::session::show_simulated(cost.simulated_ms),
            format!("{} ms", cost.wall_ms),
        ]);
    }
    table.to_string()
}

/// Whether requests grow with the machines, and not faster: the most machines cost at most a half more each than the fewest.
#[must_use]
pub fn is_linear(costs: &[Cost]) -> bool {
    let each = || costs.iter().map(Cost::per_machine_centi);
    match (each().next(), each().next_back()) {
        (Some(few), Some(many)) => many * 2 <= few * 3,
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_peak_is_of_the_busiest_hour() {
        let sent = |minute: i64| Sent {
            at_ms: minute * 60_000,
            is_write: false,
            status: 200,
            answer_bytes: 0,
        };
        let traffic = [0, 30, 59, 60, 61, 200].map(sent);
        assert_eq!(peak(&traffic, |sent| !sent.is_write), 4);
        assert_eq!(peak(&traffic, |sent| sent.is_write), 0);
    }

    #[test]
    fn growth_is_judged_by_the_machine() {
        let cost = |n_machines, n_starting| Cost {
            n_machines,
            n_starting,
            ..Cost::default()
        };
        assert!(is_linear(&[cost(10, 100), cost(100, 1_000), cost(1_000, 12_000)]));
        assert!(!is_linear(&[cost(10, 100), cost(100, 10_000)]));
    }
}
