//! Environments: made, listed by their controllers, handed over, destroyed.

use anyhow::ensure;
use conformance::stage::Stage;
use provider::{Constraints, Error, Series};
use serde_json::json;
use uuid::Uuid;

use super::{Clause, all, begun, begun_as, is_arm, params, refused, same, started};

pub(super) const CLAUSES: &[Clause] = &[
    Clause {
        says: "preparing for a bootstrap makes nothing",
        holds: preparing_makes_nothing,
    },
    Clause {
        says: "creating an environment again changes nothing, also by another process",
        holds: creating_again,
    },
    Clause {
        says: "only a controller can be bootstrapped, and a refused bootstrap makes nothing",
        holds: only_controllers,
    },
    Clause {
        says: "a bootstrapped controller is found by its controller's uuid, and by no other",
        holds: controllers_are_found,
    },
    Clause {
        says: "destroying leaves nothing, and may be repeated",
        holds: destroying_leaves_nothing,
    },
    Clause {
        says: "destroying one environment leaves another alone, also one whose name begins the same",
        holds: neighbours_stay,
    },
    Clause {
        says: "destroying a controller takes its environments and no other controller's",
        holds: controllers_take_their_own,
    },
    Clause {
        says: "adopting rewrites tags and nothing else, and may be repeated",
        holds: adopting,
    },
    Clause {
        says: "ports of a whole environment are not opened, and Azure is not asked",
        holds: global_ports,
    },
    Clause {
        says: "what cannot be is refused before anything is made",
        holds: prechecks,
    },
    Clause {
        says: "sizes come cheapest first, all of them satisfy the constraints",
        holds: sizes,
    },
];

fn preparing_makes_nothing(stage: &mut Stage) -> anyhow::Result<()> {
    let before = stage.settled();
    let environ = stage.environ("story")?;
    stage.ask(environ.prepare_for_bootstrap())?;
    same("after preparing", &stage.settled(), &before)
}

fn creating_again(stage: &mut Stage) -> anyhow::Result<()> {
    let environ = begun(stage)?;
    let once = stage.settled();
    stage.ask(environ.create())?;
    same("after the second time", &stage.settled(), &once)?;
    stage.restart();
    let environ = stage.environ("story")?;
    stage.ask(environ.create())?;
    same("after another process did it", &stage.settled(), &once)
}

fn only_controllers(stage: &mut Stage) -> anyhow::Result<()> {
    let before = stage.settled();
    let environ = stage.environ("story")?;
    refused(stage, environ.bootstrap(params(stage, 0)))?;
    same("after the refusal", &stage.settled(), &before)
}

fn controllers_are_found(stage: &mut Stage) -> anyhow::Result<()> {
    let environ = stage.environ("story")?;
    let mut controller = params(stage, 0);
    controller.controller = true;
    let bootstrapped = stage.ask(environ.bootstrap(controller))?.instance.id;
    super::running(stage);
    let other = started(stage, &environ, 1)?;
    let found = stage.ask(environ.controller_instances(stage.controller()))?;
    ensure!(
        found == [bootstrapped.clone()],
        "{bootstrapped} is the controller, {other} is not, and {found:?} are found"
    );
    if is_arm(stage) {
        let error = refused(stage, environ.controller_instances(Uuid::from_u128(1)))?;
        ensure!(matches!(error, Error::NoInstances), "{error}");
    }
    Ok(())
}

fn destroying_leaves_nothing(stage: &mut Stage) -> anyhow::Result<()> {
    let before = stage.settled();
    let environ = begun(stage)?;
    let machine = started(stage, &environ, 1)?;
    stage.ask(environ.open_ports(&machine, &super::ports::rules(&[80])))?;
    stage.ask(environ.destroy())?;
    same("after the first time", &stage.settled(), &before)?;
    stage.ask(environ.destroy())?;
    ensure!(all(stage, &environ)?.is_empty(), "instances are reported");
    stage.restart();
    let environ = stage.environ("story")?;
    stage.ask(environ.destroy())?;
    same("after the third time", &stage.settled(), &before)
}

fn neighbours_stay(stage: &mut Stage) -> anyhow::Result<()> {
    let long = begun_as(stage, "story-two")?;
    let machine = started(stage, &long, 5)?;
    let alone = stage.settled();
    let short = begun_as(stage, "story")?;
    started(stage, &short, 5)?;
    ensure!(!all(stage, &short)?.is_empty(), "nothing is reported of `story`");
    stage.ask(short.destroy())?;
    same("after the neighbour went", &stage.settled(), &alone)?;
    ensure!(all(stage, &long)?.contains(&machine), "{machine} is gone");
    Ok(())
}

fn controllers_take_their_own(stage: &mut Stage) -> anyhow::Result<()> {
    if !is_arm(stage) {
        return Ok(());
    }
    let other = Uuid::from_u128(0x0123_4567_89ab_4def_8123_4567_89ab_cdef);
    let config = json!({ "controller-uuid": other });
    let foreign = stage.environ_with("foreign", config.as_object().expect("an object"))?;
    stage.ask(foreign.create())?;
    let alone = stage.settled();
    let hosting = begun_as(stage, "hosting")?;
    begun_as(stage, "hosted")?;
    stage.ask(hosting.destroy_controller(stage.controller()))?;
    same("after the controller went", &stage.settled(), &alone)?;
    stage.ask(hosting.destroy_controller(stage.controller()))?;
    same("after the second time", &stage.settled(), &alone)
}

fn adopting(stage: &mut Stage) -> anyhow::Result<()> {
    if !is_arm(stage) {
        return Ok(());
    }
    let environ = begun(stage)?;
    let machine = started(stage, &environ, 1)?;
    stage.ask(environ.open_ports(&machine, &super::ports::rules(&[80])))?;
    let before = stage.settled();
    let other = Uuid::from_u128(0x0123_4567_89ab_4def_8123_4567_89ab_cdef);
    for _ in 0..2 {
        stage.ask(environ.adopt_resources(other, "2.2.1"))?;
        let now = stage.settled();
        let (gained, lost) = (now.beyond(&before), before.beyond(&now));
        let of = |controller| format!(" of resource of controller {controller}");
        let n_gained = gained.first().and_then(|line| line.strip_suffix(&of(other)));
        let n_lost = lost.first().and_then(|line| line.strip_suffix(&of(stage.controller())));
        ensure!(
            gained.len() == 1 && lost.len() == 1 && n_gained.is_some() && n_gained == n_lost,
            "after adopting: more {gained:?}, less {lost:?}"
        );
    }
    ensure!(
        stage.ask(environ.ports(&machine))? == super::ports::rules(&[80]),
        "ports were lost"
    );
    // Its former controller has no part in it any more.
    stage.ask(environ.destroy_controller(stage.controller()))?;
    ensure!(all(stage, &environ)? == [machine], "the former controller took it");
    Ok(())
}

fn global_ports(stage: &mut Stage) -> anyhow::Result<()> {
    let environ = begun(stage)?;
    let before = stage.n_requests();
    let rules = super::ports::rules(&[80]);
    if !is_arm(stage) {
        // There it is nothing that is done: ports are opened where they are wanted.
        stage.ask(environ.open_global_ports(&rules))?;
        stage.ask(environ.close_global_ports(&rules))?;
        ensure!(stage.n_requests() == before, "Azure was asked");
        return Ok(());
    }
    for error in [
        refused(stage, environ.open_global_ports(&rules))?,
        refused(stage, environ.close_global_ports(&rules))?,
        refused(stage, environ.global_ports())?,
    ] {
        ensure!(matches!(error, Error::NotSupported(_)), "{error}");
    }
    ensure!(stage.n_requests() == before, "Azure was asked");
    Ok(())
}

fn prechecks(stage: &mut Stage) -> anyhow::Result<()> {
    let environ = begun(stage)?;
    let before = stage.settled();
    let series = Series::new(stage.series());
    stage.ask(environ.precheck_instance(&series, &Constraints::default(), None))?;
    let error = refused(
        stage,
        environ.precheck_instance(&series, &Constraints::default(), Some("nowhere=at-all")),
    )?;
    ensure!(!is_arm(stage) || matches!(error, Error::Placement(_)), "{error}");
    let unknown: Constraints = serde_json::from_value(json!({"instance-type": "Standard_Nothing"}))?;
    let error = refused(stage, environ.precheck_instance(&series, &unknown, None))?;
    ensure!(matches!(error, Error::UnknownInstanceType(_)), "{error}");
    refused(
        stage,
        environ.precheck_instance(&Series::new("no-such-series"), &Constraints::default(), None),
    )?;
    same("after the refusals", &stage.settled(), &before)
}

fn sizes(stage: &mut Stage) -> anyhow::Result<()> {
    let environ = begun(stage)?;
    let any = stage.ask(environ.instance_types(&Constraints::default()))?;
    ensure!(any.len() > 3, "only {} sizes", any.len());
    let constraints: Constraints = serde_json::from_value(json!({"cores": 4, "mem-mib": 4096}))?;
    let some = stage.ask(environ.instance_types(&constraints))?;
    ensure!(!some.is_empty() && some.len() < any.len(), "{} sizes", some.len());
    ensure!(
        some.iter().all(|size| size.cores >= 4 && size.mem_mib >= 4_096),
        "{some:?}"
    );
    let places: Vec<Option<usize>> = some
        .iter()
        .map(|size| any.iter().position(|own| own.name == size.name))
        .collect();
    ensure!(places.is_sorted(), "another order than of all sizes: {places:?}");
    let validator = stage.ask(environ.constraints_validator())?;
    ensure!(
        validator.validate(&constraints).is_ok(),
        "sound constraints are refused"
    );
    Ok(())
}
