//! Machines: started, found, stopped.

use std::collections::BTreeSet;
use std::sync::Arc;

use anyhow::ensure;
use conformance::stage::Stage;
use provider::{Error, InstanceId, Scope, StatusKind};
use serde_json::json;

use super::{Clause, all, begun, is_arm, params, refused, same, started};

pub(super) const CLAUSES: &[Clause] = &[
    Clause {
        says: "an environment that is not there has no instances",
        holds: nothing_there,
    },
    Clause {
        says: "a started machine runs, with hardware, and a private address that no other has",
        holds: started_machines,
    },
    Clause {
        says: "starting a machine again, also by another process, makes no second one",
        holds: starting_again,
    },
    Clause {
        says: "machines are found in the order asked for, with a slot for each that is missing",
        holds: order_and_gaps,
    },
    Clause {
        says: "no ids are an empty answer, without a request",
        holds: no_ids,
    },
    Clause {
        says: "stopping takes everything of the machines and nothing of others, and may be repeated",
        holds: stopping,
    },
    Clause {
        says: "where one of several cannot be stopped, the others are, and what is left is reported",
        holds: stopping_some,
    },
    Clause {
        says: "interfaces are told in the order of the machines, with an empty slot for each that is missing",
        holds: interfaces,
    },
    Clause {
        says: "what a dropped call had begun is gone on from when it is made again",
        holds: dropped_calls,
    },
];

fn nothing_there(stage: &mut Stage) -> anyhow::Result<()> {
    if !is_arm(stage) {
        // Without its network document there is no environment to ask: that is told apart (juju-provider L14).
        return Ok(());
    }
    let environ = stage.environ("story")?;
    ensure!(all(stage, &environ)?.is_empty(), "instances before it was made");
    let begun = begun(stage)?;
    ensure!(all(stage, &begun)?.is_empty(), "instances before any was started");
    Ok(())
}

fn started_machines(stage: &mut Stage) -> anyhow::Result<()> {
    let environ = begun(stage)?;
    let mut work = Vec::new();
    for machine in 1..=3 {
        let (environ, params) = (Arc::clone(&environ), params(stage, machine));
        let start: std::pin::Pin<Box<dyn Future<Output = _> + Send>> =
            Box::pin(async move { environ.start_instance(params).await });
        work.push(start);
    }
    let mut ids = BTreeSet::new();
    let mut private = BTreeSet::new();
    for started in stage.run_all(work).map_err(|stopped| anyhow::anyhow!("{stopped:?}"))? {
        let started = started.map_err(|error| anyhow::anyhow!("{}", error.report()))?;
        ensure!(
            started.hardware.cores >= 1 && started.hardware.mem_mib > 0,
            "{:?}",
            started.hardware
        );
        ids.insert(started.instance.id);
    }
    ensure!(ids.len() == 3, "{ids:?}");
    let ids: Vec<InstanceId> = ids.into_iter().collect();
    super::running(stage);
    for instance in stage.ask(environ.instances(&ids))? {
        ensure!(instance.status.kind == StatusKind::Running, "{instance:?}");
        let own = instance
            .addresses
            .iter()
            .filter(|address| address.scope == Scope::CloudLocal);
        private.extend(own.map(|address| address.value));
    }
    ensure!(private.len() == 3, "private addresses {private:?}");
    Ok(())
}

fn starting_again(stage: &mut Stage) -> anyhow::Result<()> {
    if !is_arm(stage) {
        // Names of roles are drawn, so the contract of the classic stack is that of the upper layer: a started machine is not
        // started again.
        return Ok(());
    }
    let environ = begun(stage)?;
    let first = started(stage, &environ, 1)?;
    let once = stage.settled();
    stage.restart();
    let environ = stage.environ("story")?;
    let second = started(stage, &environ, 1)?;
    ensure!(first == second, "{first} and {second}");
    same("after the second time", &stage.settled(), &once)
}

fn order_and_gaps(stage: &mut Stage) -> anyhow::Result<()> {
    let environ = begun(stage)?;
    let (one, two) = (started(stage, &environ, 1)?, started(stage, &environ, 2)?);
    let missing = InstanceId::new(one.as_str().replace('1', "9") + "9");
    let found = stage.ask(environ.instances(&[two.clone(), one.clone()]))?;
    let found: Vec<InstanceId> = found.into_iter().map(|instance| instance.id).collect();
    ensure!(found == [two.clone(), one.clone()], "{found:?}");

    let error = refused(
        stage,
        environ.instances(&[missing.clone(), two.clone(), missing.clone(), one.clone()]),
    )?;
    let Error::PartialInstances { slots } = error else {
        anyhow::bail!("{error}");
    };
    let slots: Vec<Option<InstanceId>> = slots.into_iter().map(|slot| slot.map(|found| found.id)).collect();
    ensure!(slots == [None, Some(two), None, Some(one)], "{slots:?}");

    let error = refused(stage, environ.instances(&[missing]))?;
    ensure!(matches!(error, Error::NoInstances), "{error}");
    Ok(())
}

fn no_ids(stage: &mut Stage) -> anyhow::Result<()> {
    let environ = begun(stage)?;
    let before = stage.n_requests();
    ensure!(stage.ask(environ.instances(&[]))?.is_empty());
    stage.ask(environ.stop_instances(&[]))?;
    ensure!(
        stage
            .ask(environ.network_interfaces(&[]))
            .unwrap_or_default()
            .is_empty()
    );
    ensure!(stage.n_requests() == before, "{} requests", stage.n_requests() - before);
    Ok(())
}

fn stopping(stage: &mut Stage) -> anyhow::Result<()> {
    let environ = begun(stage)?;
    let stays = started(stage, &environ, 1)?;
    stage.ask(environ.open_ports(&stays, &super::ports::rules(&[443])))?;
    let before = stage.settled();
    let goes = started(stage, &environ, 11)?;
    stage.ask(environ.open_ports(&goes, &super::ports::rules(&[80])))?;
    let ids = [goes.clone(), InstanceId::new("machine-77")];
    stage.ask(environ.stop_instances(&ids))?;
    same("after the first time", &stage.settled(), &before)?;
    stage.ask(environ.stop_instances(&ids))?;
    same("after the second time", &stage.settled(), &before)?;
    let left = all(stage, &environ)?;
    ensure!(left.contains(&stays) && !left.contains(&goes), "{left:?}");
    ensure!(
        stage.ask(environ.ports(&stays))? == super::ports::rules(&[443]),
        "ports of another were closed"
    );
    Ok(())
}

fn stopping_some(stage: &mut Stage) -> anyhow::Result<()> {
    if !is_arm(stage) {
        return Ok(());
    }
    let environ = begun(stage)?;
    let ids = [
        started(stage, &environ, 1)?,
        started(stage, &environ, 2)?,
        started(stage, &environ, 3)?,
    ];
    stage.fault(&json!({
        "match": {"method": "DELETE", "path": "**/virtualMachines/machine-2"},
        "verdict": {"status": {"status": 500}},
    }))?;
    let error = refused(stage, environ.stop_instances(&ids))?;
    ensure!(error.report().contains("machine-2"), "{}", error.report());
    ensure!(all(stage, &environ)? == [ids[1].clone()], "the others are to be gone");
    stage.clear()?;
    stage.ask(environ.stop_instances(&ids))?;
    ensure!(all(stage, &environ)?.is_empty());
    Ok(())
}

fn interfaces(stage: &mut Stage) -> anyhow::Result<()> {
    let environ = begun(stage)?;
    let (one, two) = (started(stage, &environ, 1)?, started(stage, &environ, 2)?);
    let missing = InstanceId::new("machine-99");
    let told = match stage.run(environ.network_interfaces(&[two.clone(), missing.clone(), one])) {
        Ok(Err(Error::NotSupported(_))) => return Ok(()),
        Ok(told) => told.map_err(|error| anyhow::anyhow!("{}", error.report()))?,
        Err(stopped) => anyhow::bail!("{stopped:?}"),
    };
    let there: Vec<bool> = told.iter().map(Option::is_some).collect();
    ensure!(there == [true, false, true], "{there:?}");
    let of_two = stage.ask(environ.instances(std::slice::from_ref(&two)))?;
    let first = told[0].iter().flatten().next();
    let addresses: Vec<_> = first
        .into_iter()
        .flat_map(|interface| interface.addresses.iter().map(|address| address.value))
        .collect();
    ensure!(
        of_two[0]
            .addresses
            .iter()
            .all(|address| addresses.contains(&address.value)),
        "{addresses:?} of {:?}",
        of_two[0].addresses
    );
    let error = refused(stage, environ.network_interfaces(&[missing]))?;
    ensure!(matches!(error, Error::NoInstances), "{error}");
    Ok(())
}

/// Dropped again and again, a little later every time.
fn dropped_calls(stage: &mut Stage) -> anyhow::Result<()> {
    if !is_arm(stage) {
        return Ok(());
    }
    begun(stage)?;
    let before = stage.settled();
    for nth in 1..=4 {
        stage.crash_at(nth, conformance::driver::Side::After);
        let environ = stage.environ("story")?;
        let stopped = stage.run(environ.start_instance(params(stage, 1)));
        ensure!(stopped.is_err(), "{stopped:?}");
        stage.forget();
    }
    let environ = stage.environ("story")?;
    let machine = started(stage, &environ, 1)?;
    ensure!(all(stage, &environ)? == std::slice::from_ref(&machine));
    stage.ask(environ.stop_instances(&[machine]))?;
    // A set is the environment's, and stays, with its tags.
    let tagged = format!("1 of resource of controller {}", stage.controller());
    let left: Vec<String> = stage
        .settled()
        .beyond(&before)
        .into_iter()
        .filter(|line| !line.to_lowercase().contains("availabilityset") && *line != tagged)
        .collect();
    ensure!(left.iter().all(|line| line.contains("fabric")), "{left:?}");
    Ok(())
}
