//! Volumes: made, attached, detached, destroyed; what they keep.

use std::sync::Arc;

use anyhow::{Context, ensure};
use conformance::stage::Stage;
use provider::{
    Environ, Error, InstanceId, VolumeAttachment, VolumeAttachmentParams, VolumeId, VolumeParams, VolumeSource,
};

use super::{Clause, all, begun, begun_as, is_arm, same, started};

pub(super) const CLAUSES: &[Clause] = &[
    Clause {
        says: "volumes of a machine have numbers of their own, and making them again makes no second ones",
        holds: numbers,
    },
    Clause {
        says: "a volume is at least as large as asked for, and too large a one is refused",
        holds: sizes,
    },
    Clause {
        says: "every item has an answer at its own place",
        holds: places,
    },
    Clause {
        says: "the last volume can be taken from a machine, and taking it again changes nothing",
        holds: the_last_one,
    },
    Clause {
        says: "a volume outlives its machine, and goes to another",
        holds: outlives,
    },
    Clause {
        says: "volumes of another environment are not listed",
        holds: of_others,
    },
    Clause {
        says: "destroyed volumes leave nothing, and destroying them again changes nothing",
        holds: destroyed,
    },
];

type Source = Arc<dyn VolumeSource>;

/// An environment, its volumes, its machines.
type World = (Arc<dyn Environ>, Source, Vec<InstanceId>);

/// The volumes of an environment with machines; `None` where the stack has none.
fn world(stage: &mut Stage, n_machines: u32) -> anyhow::Result<Option<World>> {
    let environ = begun(stage)?;
    let source = match Arc::clone(&environ).volume_source() {
        Ok(source) => source,
        Err(Error::NotSupported(_)) => return Ok(None),
        Err(error) => anyhow::bail!("{}", error.report()),
    };
    let machines = (1..=n_machines)
        .map(|machine| started(stage, &environ, machine))
        .collect::<anyhow::Result<Vec<_>>>()?;
    Ok(Some((environ, source, machines)))
}

fn params(volume: u32, machine: &InstanceId) -> VolumeParams {
    let mut params = VolumeParams::new(volume, 2_048);
    params.instance = Some(machine.clone());
    params
}

fn on(volume: &VolumeId, instance: &InstanceId) -> VolumeAttachmentParams {
    VolumeAttachmentParams {
        volume: volume.clone(),
        instance: instance.clone(),
    }
}

/// All items, none of which may have gone wrong.
fn items<T>(items: Vec<Result<T, Error>>) -> anyhow::Result<Vec<T>> {
    items
        .into_iter()
        .map(|item| item.map_err(|error| anyhow::anyhow!("{}", error.report())))
        .collect()
}

/// Makes volumes and has them attached, as Juju does.
fn attached(stage: &Stage, source: &Source, params: &[VolumeParams]) -> anyhow::Result<Vec<VolumeAttachment>> {
    let mut attached = Vec::new();
    for (created, params) in items(stage.ask(source.create(params))?)?.into_iter().zip(params) {
        let attachment = match created.attachment {
            Some(attachment) => attachment,
            None => {
                let machine = params.instance.clone().context("a machine")?;
                let made = items(stage.ask(source.attach(&[on(&created.volume.id, &machine)]))?)?;
                made.into_iter().next().context("an attachment")?
            }
        };
        attached.push(attachment);
    }
    Ok(attached)
}

fn numbers(stage: &mut Stage) -> anyhow::Result<()> {
    let Some((_, source, machines)) = world(stage, 1)? else {
        return Ok(());
    };
    // Small sizes have room for two.
    let wanted = [params(1, &machines[0]), params(2, &machines[0])];
    let made = attached(stage, &source, &wanted)?;
    let mut luns: Vec<u32> = made.iter().map(|attachment| attachment.lun).collect();
    luns.sort_unstable();
    luns.dedup();
    ensure!(luns.len() == 2, "{made:?}");
    let once = stage.settled();
    let again = attached(stage, &source, &wanted)?;
    ensure!(again == made, "{again:?} after {made:?}");
    same("made again", &stage.settled(), &once)?;
    let listed = stage.ask(source.list())?;
    ensure!(listed.len() == 2 && listed.is_sorted(), "{listed:?}");
    Ok(())
}

fn sizes(stage: &mut Stage) -> anyhow::Result<()> {
    let Some((_, source, machines)) = world(stage, 1)? else {
        return Ok(());
    };
    let mut odd = params(1, &machines[0]);
    odd.size_mib = 1_500;
    let made = attached(stage, &source, &[odd])?;
    let told = items(stage.ask(source.describe(&[made[0].volume.clone()]))?)?;
    ensure!(
        told[0].size_mib >= 1_500 && told[0].persistent == is_arm(stage),
        "{told:?}"
    );
    let mut large = params(2, &machines[0]);
    large.size_mib = 9_000_000;
    ensure!(source.validate(&large).is_err());
    Ok(())
}

fn places(stage: &mut Stage) -> anyhow::Result<()> {
    let Some((_, source, machines)) = world(stage, 1)? else {
        return Ok(());
    };
    let made = attached(stage, &source, &[params(1, &machines[0])])?;
    let (there, missing) = (made[0].volume.clone(), VolumeId::new("volume-99"));
    let told = stage.ask(source.describe(&[missing.clone(), there.clone(), missing.clone()]))?;
    let told: Vec<bool> = told.iter().map(Result::is_ok).collect();
    ensure!(told == [false, true, false], "{told:?}");

    let nobody = InstanceId::new("machine-99");
    let answers = stage.ask(source.attach(&[on(&there, &nobody), on(&there, &machines[0])]))?;
    ensure!(answers[0].is_err() && answers[1].is_ok(), "{answers:?}");

    let mut large = params(2, &machines[0]);
    large.size_mib = 9_000_000;
    let answers = stage.ask(source.create(&[large, params(3, &machines[0])]))?;
    let answers: Vec<bool> = answers.iter().map(Result::is_ok).collect();
    ensure!(answers == [false, true], "{answers:?}");
    Ok(())
}

fn the_last_one(stage: &mut Stage) -> anyhow::Result<()> {
    if !is_arm(stage) {
        // Volumes of the classic stack go with their machine: nobody takes them from it.
        return Ok(());
    }
    let Some((_, source, machines)) = world(stage, 1)? else {
        return Ok(());
    };
    let made = attached(stage, &source, &[params(1, &machines[0]), params(2, &machines[0])])?;
    let all: Vec<VolumeAttachmentParams> = made.iter().map(|made| on(&made.volume, &machines[0])).collect();
    items(stage.ask(source.detach(&all[..1]))?)?;
    items(stage.ask(source.detach(&all))?)?;
    let bare = stage.settled();
    items(stage.ask(source.detach(&all))?)?;
    same("detached again", &stage.settled(), &bare)?;
    // It can go on again, at the lowest number.
    let again = items(stage.ask(source.attach(&all[1..]))?)?;
    ensure!(again[0].lun == 0, "{again:?}");
    let listed = stage.ask(source.list())?;
    ensure!(listed.len() == 2, "{listed:?}");
    Ok(())
}

fn outlives(stage: &mut Stage) -> anyhow::Result<()> {
    if !is_arm(stage) {
        return Ok(());
    }
    let Some((environ, source, machines)) = world(stage, 2)? else {
        return Ok(());
    };
    let made = attached(stage, &source, &[params(1, &machines[0])])?;
    let volume = made[0].volume.clone();
    stage.ask(environ.stop_instances(&machines[..1]))?;
    ensure!(stage.ask(source.list())? == [volume.clone()], "it is not listed");
    let moved = items(stage.ask(source.attach(&[on(&volume, &machines[1])]))?)?;
    ensure!(moved[0].instance == machines[1], "{moved:?}");
    ensure!(!all(stage, &environ)?.contains(&machines[0]));
    Ok(())
}

fn of_others(stage: &mut Stage) -> anyhow::Result<()> {
    let Some((_, source, machines)) = world(stage, 1)? else {
        return Ok(());
    };
    let other = begun_as(stage, "other")?;
    let machine = started(stage, &other, 8)?;
    let others = other
        .volume_source()
        .map_err(|error| anyhow::anyhow!("{}", error.report()))?;
    let own = attached(stage, &source, &[params(1, &machines[0])])?;
    let foreign = attached(stage, &others, &[params(2, &machine)])?;
    ensure!(
        stage.ask(source.list())? == [own[0].volume.clone()],
        "more than its own"
    );
    ensure!(
        stage.ask(others.list())? == [foreign[0].volume.clone()],
        "more than its own"
    );
    Ok(())
}

fn destroyed(stage: &mut Stage) -> anyhow::Result<()> {
    if !is_arm(stage) {
        return Ok(());
    }
    let Some((_, source, machines)) = world(stage, 1)? else {
        return Ok(());
    };
    let make = |volume: u32| [params(volume, &machines[0])];
    // What is made once for all volumes stays.
    let first = attached(stage, &source, &make(1))?;
    items(stage.ask(source.detach(&[on(&first[0].volume, &machines[0])]))?)?;
    items(stage.ask(source.destroy(&[first[0].volume.clone()]))?)?;
    let before = stage.settled();
    let second = attached(stage, &source, &make(2))?;
    let volume = second[0].volume.clone();
    items(stage.ask(source.detach(&[on(&volume, &machines[0])]))?)?;
    for _ in 0..2 {
        items(stage.ask(source.destroy(std::slice::from_ref(&volume)))?)?;
        same("destroyed", &stage.settled(), &before)?;
    }
    ensure!(stage.ask(source.list())?.is_empty());
    Ok(())
}
