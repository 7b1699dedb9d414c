//! Many machines in one environment: what starting, listing and stopping them costs in requests and in bytes, how near that comes to
//! what Azure allows, and whether anything grows faster than the machines do.
//!
//! It refuses to judge the wall clock, which differs from machine to machine: it only prints it.

use std::collections::{BTreeMap, BTreeSet};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Instant;

use provider::{Environ, Error, InstanceId, Kind, StartInstance};

use crate::driver::{DriverKind, Sent};
use crate::stage::{Stage, stopped_text};
use crate::subject::{Stack, Subject};

mod budgets;
mod growth;
mod show;

pub use self::budgets::{Budget, budgets_of};
pub use self::growth::{Growth, Measure, growths};
pub use self::show::{show_growths, table, table_of_budgets};

/// Machines that are started side by side: the pool of Juju's provisioner (juju-provider 3.1).
const POOL: u32 = 16;

/// Machines of one application: they make one distribution group, and share an availability set or a cloud service.
const UNITS: u32 = 5;

/// How often Azure's wish to be left alone for a while is heeded before it is taken for an end.
const WAITS_MAX: u32 = 1_000;
/// How long is waited when Azure does not say, in seconds.
const WAIT_SECS: u64 = 60;

/// Limits that stand in the way of a thousand machines, and that a person with a thousand machines has had raised.
const RAISED: &[&str] = &[
    // tidy: sorted
    "DeploymentsPerResourceGroup",
    "MaxCoreCount",
    "MaxHostedServices",
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
/// Between the last start and the list: some generations report a machine long before it is made, and one that is not is stopped by
/// other requests.
const SETTLING_MS: i64 = 3_600_000;

/// What they have been raised to.
const RAISED_TO: i64 = 100_000;

/// Requests of one kind, or of one time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Amount {
    /// How many requests.
    pub n_requests: u64,
    /// Bytes of their bodies.
    pub request_bytes: u64,
    /// Bytes of the bodies of their answers.
    pub answer_bytes: u64,
}

impl Amount {
    /// Both ways together.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.request_bytes + self.answer_bytes
    }

    fn add(&mut self, sent: &Sent) {
        self.n_requests += 1;
        self.request_bytes += sent.request_bytes;
        self.answer_bytes += sent.answer_bytes;
    }

    fn of(traffic: &[Sent]) -> Amount {
        let mut amount = Amount::default();
        traffic.iter().for_each(|sent| amount.add(sent));
        amount
    }
}

/// What a number of machines cost.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cost {
    /// How many machines.
    pub n_machines: u32,
    /// To start them all.
    pub starting: Amount,
    /// To list them once.
    pub listing: Amount,
    /// To stop them all.
    pub stopping: Amount,
    /// All of it by what was asked for.
    pub operations: BTreeMap<String, Amount>,
    /// The most that came of each budget of the stack within its window, in the order of [`budgets_of`].
    pub peaks: Vec<usize>,
    /// Answers that said to slow down.
    pub n_throttled: usize,
    /// How often a call came back with that, to be made again by the controller.
    pub n_waits: u32,
    /// How long it took on the world's clock, in milliseconds.
    pub simulated_ms: i64,
    /// How long it took on the wall, in milliseconds.
    pub wall_ms: u128,
}

impl Cost {
    /// Requests a machine, in hundredths, listing aside.
    #[must_use]
    pub fn per_machine_centi(&self) -> u64 {
        (self.starting.n_requests + self.stopping.n_requests) * 100 / u64::from(self.n_machines.max(1))
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
            cloud.ledger_mut().set_override(row, Some(RAISED_TO));
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
    let first = stage.n_sent();

    let mut patience = Patience::default();
    let mut ids: Vec<InstanceId> = Vec::new();
    let mut applications: BTreeMap<u32, Vec<InstanceId>> = BTreeMap::new();
    let machines: Vec<u32> = (1..=n_machines).collect();
    for wave in machines.chunks(usize::try_from(POOL)?) {
        for (machine, id) in start_all(&stage, &environ, wave, &applications, &mut patience)? {
            applications.entry(machine / UNITS).or_default().push(id.clone());
            ids.push(id);
        }
    }
    let started = stage.n_sent();
    stage.advance(SETTLING_MS);
    let listed = patience.ask(&stage, || environ.instances(&ids))?;
    anyhow::ensure!(
        listed.len() == ids.len(),
        "{} of {} are listed",
        listed.len(),
        ids.len()
    );
    let after_list = stage.n_sent();
    patience.ask(&stage, || environ.stop_instances(&ids))?;
    let stopped = stage.n_sent();
    let gone: BTreeSet<&InstanceId> = ids.iter().collect();
    let left = patience.ask(&stage, || environ.all_instances())?;
    anyhow::ensure!(
        left.iter().all(|instance| !gone.contains(&instance.id)),
        "machines are left: {left:?}"
    );

    let traffic = stage.traffic();
    let of_machines = &traffic[first..stopped];
    let mut operations: BTreeMap<String, Amount> = BTreeMap::new();
    for sent in of_machines {
        operations.entry(sent.operation.clone()).or_default().add(sent);
    }
    let peaks = budgets_of(subject.stack).map(|budget| budget.peak(of_machines));
    Ok(Cost {
        n_machines,
        starting: Amount::of(&traffic[first..started]),
        listing: Amount::of(&traffic[started..after_list]),
        stopping: Amount::of(&traffic[after_list..stopped]),
        operations,
        peaks: peaks.collect(),
        n_throttled: of_machines.iter().filter(|sent| sent.status == 429).count(),
        n_waits: patience.n_waits,
        simulated_ms: stage.now_ms() - before - SETTLING_MS,
        wall_ms: begun.elapsed().as_millis(),
    })
}

type Started = (u32, Result<InstanceId, Error>);

/// Starts machines side by side; those that Azure would not have for now are started again once it will.
fn start_all(
    stage: &Stage,
    environ: &Arc<dyn Environ>,
    machines: &[u32],
    applications: &BTreeMap<u32, Vec<InstanceId>>,
    patience: &mut Patience,
) -> anyhow::Result<Vec<(u32, InstanceId)>> {
    let mut ids = Vec::new();
    let mut waiting = machines.to_vec();
    while !waiting.is_empty() {
        let work = waiting
            .iter()
            .map(|machine| start(stage, environ, *machine, applications.get(&(machine / UNITS))))
            .collect();
        let all: Vec<Started> = stage
            .run_all(work)
            .map_err(|stopped| anyhow::anyhow!("{}", stopped_text(stopped)))?;
        let mut refused = None;
        waiting.clear();
        for (machine, outcome) in all {
            match outcome {
                Ok(id) => ids.push((machine, id)),
                Err(error) if error.is_throttled() => {
                    waiting.push(machine);
                    refused = Some(error);
                }
                Err(error) => anyhow::bail!("{}", error.report()),
            }
        }
        if let Some(error) = refused {
            patience.wait(stage, &error)?;
        }
    }
    Ok(ids)
}

type Start = Pin<Box<dyn Future<Output = Started> + Send>>;

fn start(stage: &Stage, environ: &Arc<dyn Environ>, machine: u32, peers: Option<&Vec<InstanceId>>) -> Start {
    let mut params = StartInstance::new(machine, stage.controller(), stage.series());
    params.units = vec![format!("app{}/{machine}", machine / UNITS)];
    params.distribution_group = peers.cloned().unwrap_or_default();
    let environ = Arc::clone(environ);
    Box::pin(async move {
        (
            machine,
            environ.start_instance(params).await.map(|started| started.instance.id),
        )
    })
}

/// What a controller does when it is told to come back later: it comes back later.
#[derive(Debug, Default)]
struct Patience {
    n_waits: u32,
}

impl Patience {
    fn ask<T, W>(&mut self, stage: &Stage, work: impl Fn() -> W) -> anyhow::Result<T>
    where
        W: Future<Output = Result<T, Error>> + Send,
    {
        loop {
            match stage.run(work()) {
                Ok(Ok(done)) => return Ok(done),
                Ok(Err(error)) => self.wait(stage, &error)?,
                Err(stopped) => anyhow::bail!("{}", stopped_text(stopped)),
            }
        }
    }

    fn wait(&mut self, stage: &Stage, error: &Error) -> anyhow::Result<()> {
        let Some(Kind::Throttled { retry_after_secs }) = error.kind() else {
            anyhow::bail!("{}", error.report());
        };
        self.n_waits += 1;
        anyhow::ensure!(self.n_waits <= WAITS_MAX, "it never ends: {}", error.report());
        let secs = i64::try_from(retry_after_secs.unwrap_or(WAIT_SECS))?;
        stage.advance(secs * 1_000);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_count_both_ways() {
        let sent = |request_bytes, answer_bytes| Sent {
            at_ms: 0,
            operation: "GET x".to_owned(),
            is_write: false,
            only_tags: false,
            status: 200,
            request_bytes,
            answer_bytes,
        };
        let amount = Amount::of(&[sent(1, 10), sent(2, 20)]);
        assert_eq!((amount.n_requests, amount.request_bytes, amount.bytes()), (2, 3, 33));
    }
}
