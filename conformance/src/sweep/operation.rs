//! What is swept: operations of the provider, what has to be there before each, and how each is undone.
//!
//! They speak to [`Environ`] alone, so every stack and generation is swept by the same code.

use std::collections::BTreeSet;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use provider::{
    Environ, Error, IngressRule, InstanceId, PortRange, Protocol, StartInstance, VolumeAttachmentParams, VolumeId,
    VolumeParams,
};
use serde_json::{Map, Value, json};

use crate::driver::uuid_of;
use crate::stage::Stage;
use crate::subject::{Stack, Subject};

/// The environment that is swept.
pub(super) const ENVIRONMENT: &str = "story";

/// The volume that is made by the operation, and the one that was there before.
const NEW_VOLUME: u32 = 7;
const OLD_VOLUME: u32 = 9;

/// How often an undoing is tried: what a person, or Juju's workers, would do again and again.
const TRIES: usize = 5;

/// The version of the controller that an environment is adopted from.
const FROM_VERSION: &str = "2.2.1";

/// After so long every machine that was begun runs, in milliseconds of the world.
const MACHINE_RUNS_MS: i64 = 3_600_000;

/// An operation of the provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, clap::ValueEnum)]
pub enum Operation {
    /// A controller with its environment.
    Bootstrap,
    /// One machine.
    Start,
    /// Ten machines at the same time.
    StartTen,
    /// Two ports are opened.
    OpenPorts,
    /// Two ports are closed.
    ClosePorts,
    /// A volume is made and attached.
    AttachVolume,
    /// A volume is detached.
    DetachVolume,
    /// A machine is given a public address.
    Expose,
    /// The public address of a machine is released.
    Unexpose,
    /// Everything is handed over to another controller.
    AdoptResources,
    /// One of two machines is stopped.
    Stop,
    /// An environment with machines, ports and a volume is destroyed.
    Destroy,
}

impl Operation {
    /// Every operation.
    pub const ALL: [Operation; 12] = [
        Operation::Bootstrap,
        Operation::Start,
        Operation::StartTen,
        Operation::OpenPorts,
        Operation::ClosePorts,
        Operation::AttachVolume,
        Operation::DetachVolume,
        Operation::Expose,
        Operation::Unexpose,
        Operation::AdoptResources,
        Operation::Stop,
        Operation::Destroy,
    ];

    /// Its name, as the command line writes it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Operation::Bootstrap => "bootstrap",
            Operation::Start => "start",
            Operation::StartTen => "start-ten",
            Operation::OpenPorts => "open-ports",
            Operation::ClosePorts => "close-ports",
            Operation::AttachVolume => "attach-volume",
            Operation::DetachVolume => "detach-volume",
            Operation::Expose => "expose",
            Operation::Unexpose => "unexpose",
            Operation::AdoptResources => "adopt-resources",
            Operation::Stop => "stop",
            Operation::Destroy => "destroy",
        }
    }

    /// Whether a provider has it at all: volumes of the classic stack stay with their machine, its addresses are the cloud
    /// services', and nothing there bears a tag that says whose it is.
    #[must_use]
    pub(super) fn is_offered_by(self, subject: Subject) -> bool {
        match self {
            Operation::DetachVolume | Operation::Expose | Operation::Unexpose | Operation::AdoptResources => {
                subject.stack != Stack::Classic
            }
            _ => true,
        }
    }

    /// Whether undoing it leads back to where it began, rather than to where it was to lead.
    #[must_use]
    pub(super) fn is_undone_backwards(self, subject: Subject) -> bool {
        match self {
            Operation::Bootstrap
            | Operation::Start
            | Operation::StartTen
            | Operation::OpenPorts
            | Operation::Expose => true,
            // Where a volume goes with its machine, whoever is unsure of it makes it again.
            Operation::AttachVolume => subject.stack != Stack::Classic,
            Operation::ClosePorts
            | Operation::DetachVolume
            | Operation::Unexpose
            | Operation::AdoptResources
            | Operation::Stop
            | Operation::Destroy => false,
        }
    }

    /// Whether machines are there afterwards that were not before.
    pub(super) fn makes_machines(self) -> bool {
        matches!(self, Operation::Bootstrap | Operation::Start | Operation::StartTen)
    }

    /// What is not usual in the configuration of the environment that it is done in.
    fn config(self) -> Map<String, Value> {
        let mut config = Map::new();
        if matches!(self, Operation::Expose | Operation::Unexpose) {
            config.insert("public-addresses".to_owned(), json!("on-expose"));
        }
        config
    }
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What is known of a world that is ready to be swept.
#[derive(Clone, Debug, Default)]
pub(super) struct Known {
    pub(super) machines: Vec<InstanceId>,
    pub(super) volumes: Vec<VolumeId>,
}

type Work<'w, T> = Pin<Box<dyn Future<Output = T> + Send + 'w>>;

/// Makes what has to be there before an operation.
pub(super) fn prepare(stage: &mut Stage, operation: Operation) -> anyhow::Result<Known> {
    let mut known = Known::default();
    if operation == Operation::Bootstrap {
        return Ok(known);
    }
    let environ = stage.environ_with(ENVIRONMENT, &operation.config())?;
    match stage.subject().stack {
        Stack::Arm | Stack::Naive => {
            stage.ask(environ.create())?;
            known.machines.push(start_now(stage, &environ, 0, &known)?);
        }
        // There are no hosted environments: one begins with its controller.
        Stack::Classic => {
            let mut params = params(stage, 0, &known);
            params.controller = true;
            known.machines.push(stage.ask(environ.bootstrap(params))?.instance.id);
            stage.advance(MACHINE_RUNS_MS);
        }
    }
    if matches!(
        operation,
        Operation::Stop
            | Operation::Destroy
            | Operation::ClosePorts
            | Operation::DetachVolume
            | Operation::AdoptResources
    ) {
        known.machines.push(start_now(stage, &environ, 1, &known)?);
        stage.ask(environ.open_ports(&known.machines[1], &ports()))?;
    }
    if operation == Operation::Unexpose {
        stage.ask(environ.expose(&known.machines[0]))?;
    }
    if matches!(
        operation,
        Operation::AttachVolume | Operation::DetachVolume | Operation::AdoptResources | Operation::Destroy
    ) {
        // What is made once for all volumes is there already.
        let machine = known.machines[0].clone();
        stage.ask(attach(Arc::clone(&environ), OLD_VOLUME, machine))?;
        if operation == Operation::AttachVolume && stage.subject().stack != Stack::Classic {
            stage.ask(remove_volumes(
                Arc::clone(&environ),
                known.machines[0].clone(),
                Vec::new(),
            ))?;
        } else {
            known.volumes = stage.ask(async { environ_volumes(&environ).await })?;
        }
    }
    stage.keep();
    Ok(known)
}

fn start_now(stage: &Stage, environ: &Arc<dyn Environ>, machine: u32, known: &Known) -> anyhow::Result<InstanceId> {
    let started = stage.ask(environ.start_instance(params(stage, machine, known)))?;
    // Some generations come back before the machine runs.
    stage.advance(MACHINE_RUNS_MS);
    Ok(started.instance.id)
}

fn params(stage: &Stage, machine: u32, known: &Known) -> StartInstance {
    let mut params = StartInstance::new(machine, stage.controller(), stage.series());
    params.units = vec![format!("mysql/{machine}")];
    params.distribution_group.clone_from(&known.machines);
    params
}

/// What is opened and closed.
fn ports() -> Vec<IngressRule> {
    [80, 443]
        .map(|port| IngressRule::from(PortRange::single(Protocol::Tcp, port)))
        .to_vec()
}

/// Performs an operation. The outer error: the environment cannot even be opened.
pub(super) fn perform(stage: &mut Stage, operation: Operation, known: &Known) -> anyhow::Result<Result<(), Trouble>> {
    let environ = stage.environ(ENVIRONMENT)?;
    let work: Vec<Work<'_, Result<(), Error>>> = match operation {
        Operation::Bootstrap => {
            let mut params = params(stage, 0, known);
            params.controller = true;
            vec![Box::pin(async move { environ.bootstrap(params).await.map(|_| ()) })]
        }
        Operation::Start => starts(stage, &environ, known, 1),
        Operation::StartTen => starts(stage, &environ, known, 10),
        Operation::OpenPorts => {
            let machine = known.machines[0].clone();
            vec![Box::pin(async move { environ.open_ports(&machine, &ports()).await })]
        }
        Operation::ClosePorts => {
            let machine = known.machines[1].clone();
            vec![Box::pin(async move { environ.close_ports(&machine, &ports()).await })]
        }
        Operation::AttachVolume => vec![Box::pin(attach(environ, NEW_VOLUME, known.machines[0].clone()))],
        Operation::DetachVolume => {
            let params = attachments(known);
            vec![Box::pin(async move { detach(&environ, &params).await })]
        }
        Operation::Expose => {
            let machine = known.machines[0].clone();
            vec![Box::pin(async move { environ.expose(&machine).await })]
        }
        Operation::Unexpose => {
            let machine = known.machines[0].clone();
            vec![Box::pin(async move { environ.unexpose(&machine).await })]
        }
        Operation::AdoptResources => vec![Box::pin(adopt(environ))],
        Operation::Stop => {
            let machine = known.machines[1].clone();
            vec![Box::pin(async move { environ.stop_instances(&[machine]).await })]
        }
        Operation::Destroy => vec![Box::pin(async move { environ.destroy().await })],
    };
    Ok(match stage.run_all(work) {
        Ok(outcomes) => {
            let errors: Vec<String> = outcomes
                .iter()
                .filter_map(|outcome| outcome.as_ref().err().map(Error::report))
                .collect();
            if errors.is_empty() {
                Ok(())
            } else {
                Err(Trouble::Error(errors.join("; ")))
            }
        }
        Err(stopped) => Err(Trouble::Stopped(stopped)),
    })
}

/// Why an operation did not come to its end.
#[derive(Clone, Debug)]
pub(super) enum Trouble {
    /// The provider gave up.
    Error(String),
    /// It was stopped.
    Stopped(crate::driver::Stopped),
}

fn starts(
    stage: &Stage,
    environ: &Arc<dyn Environ>,
    known: &Known,
    n_machines: u32,
) -> Vec<Work<'static, Result<(), Error>>> {
    let mut work: Vec<Work<'static, Result<(), Error>>> = Vec::new();
    for machine in 1..=n_machines {
        let environ = Arc::clone(environ);
        let params = params(stage, machine, known);
        work.push(Box::pin(
            async move { environ.start_instance(params).await.map(|_| ()) },
        ));
    }
    work
}

/// Undoes an operation, by what the provider reports of it: what is not reported is not undone. Gives back why it failed.
pub(super) fn undo(stage: &mut Stage, operation: Operation, known: &Known) -> anyhow::Result<Result<(), String>> {
    let is_backwards = operation.is_undone_backwards(stage.subject());
    let mut last = String::new();
    for _ in 0..TRIES {
        let environ = stage.environ(ENVIRONMENT)?;
        match stage.ask(undo_once(environ, operation, known.clone(), is_backwards)) {
            Ok(()) => return Ok(Ok(())),
            Err(error) => last = error.to_string(),
        }
    }
    Ok(Err(last))
}

async fn undo_once(
    environ: Arc<dyn Environ>,
    operation: Operation,
    known: Known,
    is_backwards: bool,
) -> Result<(), Error> {
    match operation {
        Operation::Bootstrap | Operation::Destroy => environ.destroy().await,
        Operation::Start | Operation::StartTen => {
            let more = reported(&environ).await?;
            let more: Vec<InstanceId> = more.into_iter().filter(|id| !known.machines.contains(id)).collect();
            environ.stop_instances(&more).await
        }
        Operation::OpenPorts => environ.close_ports(&known.machines[0], &ports()).await,
        Operation::ClosePorts => environ.close_ports(&known.machines[1], &ports()).await,
        Operation::AttachVolume if !is_backwards => attach(environ, NEW_VOLUME, known.machines[0].clone()).await,
        Operation::AttachVolume => remove_volumes(environ, known.machines[0].clone(), known.volumes).await,
        Operation::Expose | Operation::Unexpose => environ.unexpose(&known.machines[0]).await,
        Operation::AdoptResources => adopt(environ).await,
        Operation::DetachVolume => detach(&environ, &attachments(&known)).await,
        Operation::Stop => {
            let left = reported(&environ).await?;
            let left: Vec<InstanceId> = left.into_iter().filter(|id| *id == known.machines[1]).collect();
            environ.stop_instances(&left).await
        }
    }
}

/// Destroys the environment. Gives back why it failed.
pub(super) fn destroy(stage: &mut Stage) -> anyhow::Result<Result<(), String>> {
    undo(stage, Operation::Destroy, &Known::default())
}

/// What the provider reports.
pub(super) async fn reported(environ: &Arc<dyn Environ>) -> Result<BTreeSet<InstanceId>, Error> {
    let instances = environ.all_instances().await?;
    Ok(instances.into_iter().map(|instance| instance.id).collect())
}

fn attachments(known: &Known) -> Vec<VolumeAttachmentParams> {
    let on = |volume: &VolumeId| VolumeAttachmentParams {
        volume: volume.clone(),
        instance: known.machines[0].clone(),
    };
    known.volumes.iter().map(on).collect()
}

async fn adopt(environ: Arc<dyn Environ>) -> Result<(), Error> {
    environ
        .adopt_resources(uuid_of("controller", "other"), FROM_VERSION)
        .await
}

async fn attach(environ: Arc<dyn Environ>, volume: u32, machine: InstanceId) -> Result<(), Error> {
    let source = environ.volume_source()?;
    let mut params = VolumeParams::new(volume, 1_024);
    params.instance = Some(machine.clone());
    for created in source.create(&[params]).await? {
        let created = created?;
        if created.attachment.is_none() {
            let params = VolumeAttachmentParams {
                volume: created.volume.id,
                instance: machine.clone(),
            };
            for attached in source.attach(&[params]).await? {
                attached?;
            }
        }
    }
    Ok(())
}

async fn detach(environ: &Arc<dyn Environ>, params: &[VolumeAttachmentParams]) -> Result<(), Error> {
    let source = Arc::clone(environ).volume_source()?;
    source.detach(params).await?.into_iter().collect()
}

async fn environ_volumes(environ: &Arc<dyn Environ>) -> Result<Vec<VolumeId>, Error> {
    Arc::clone(environ).volume_source()?.list().await
}

/// Detaches and destroys every volume that the provider lists, but those to be kept.
async fn remove_volumes(environ: Arc<dyn Environ>, machine: InstanceId, keep: Vec<VolumeId>) -> Result<(), Error> {
    let volumes = environ_volumes(&environ).await?;
    let volumes: Vec<VolumeId> = volumes.into_iter().filter(|volume| !keep.contains(volume)).collect();
    let on = |volume: &VolumeId| VolumeAttachmentParams {
        volume: volume.clone(),
        instance: machine.clone(),
    };
    let params: Vec<VolumeAttachmentParams> = volumes.iter().map(on).collect();
    detach(&environ, &params).await?;
    let source = environ.volume_source()?;
    source.destroy(&volumes).await?.into_iter().collect()
}
