//! Ports: opened, closed, told.

use anyhow::ensure;
use conformance::stage::Stage;
use provider::{Error, IngressRule, PortRange, Protocol, Scope};

use super::{Clause, begun, is_arm, params, refused, same, started};

pub(super) const CLAUSES: &[Clause] = &[
    Clause {
        says: "what is open is told sorted, without what the provider keeps open itself",
        holds: told,
    },
    Clause {
        says: "opening what is open, and closing what is closed, changes nothing",
        holds: again,
    },
    Clause {
        says: "ports of one machine are not another's, also where one number begins the other",
        holds: apart,
    },
    Clause {
        says: "nothing can be opened on a machine that is gone, and everything can be closed",
        holds: gone,
    },
    Clause {
        says: "a machine that is exposed has a public address, and exposing again changes nothing",
        holds: exposed,
    },
];

/// TCP ports, open to the world.
pub(super) fn rules(ports: &[u16]) -> Vec<IngressRule> {
    ports
        .iter()
        .map(|port| IngressRule::from(PortRange::single(Protocol::Tcp, *port)))
        .collect()
}

fn told(stage: &mut Stage) -> anyhow::Result<()> {
    let environ = stage.environ("story")?;
    let mut controller = params(stage, 0);
    controller.controller = true;
    let machine = stage.ask(environ.bootstrap(controller))?.instance.id;
    super::running(stage);
    ensure!(stage.ask(environ.ports(&machine))?.is_empty());
    stage.ask(environ.open_ports(&machine, &rules(&[8_080, 80])))?;
    let udp = IngressRule::from(PortRange::single(Protocol::Udp, 53));
    stage.ask(environ.open_ports(&machine, std::slice::from_ref(&udp)))?;
    let open = stage.ask(environ.ports(&machine))?;
    let mut expected = rules(&[80, 8_080]);
    expected.push(udp);
    expected.sort();
    ensure!(open == expected, "{open:?}");
    stage.restart();
    let environ = stage.environ("story")?;
    ensure!(
        stage.ask(environ.ports(&machine))? == expected,
        "another process tells otherwise"
    );
    Ok(())
}

fn again(stage: &mut Stage) -> anyhow::Result<()> {
    let environ = begun(stage)?;
    let machine = started(stage, &environ, 1)?;
    let closed = stage.settled();
    stage.ask(environ.open_ports(&machine, &rules(&[80, 443])))?;
    let open = stage.settled();
    ensure!(open != closed, "nothing was opened");
    stage.ask(environ.open_ports(&machine, &rules(&[443, 80])))?;
    same("opened again", &stage.settled(), &open)?;
    for _ in 0..2 {
        stage.ask(environ.close_ports(&machine, &rules(&[80, 443])))?;
        same("closed", &stage.settled(), &closed)?;
    }
    stage.ask(environ.open_ports(&machine, &[]))?;
    same("nothing opened", &stage.settled(), &closed)
}

fn apart(stage: &mut Stage) -> anyhow::Result<()> {
    let environ = begun(stage)?;
    let (one, eleven) = (started(stage, &environ, 1)?, started(stage, &environ, 11)?);
    stage.ask(environ.open_ports(&one, &rules(&[80])))?;
    stage.ask(environ.open_ports(&eleven, &rules(&[443])))?;
    ensure!(stage.ask(environ.ports(&one))? == rules(&[80]));
    ensure!(stage.ask(environ.ports(&eleven))? == rules(&[443]));
    stage.ask(environ.close_ports(&one, &rules(&[443])))?;
    ensure!(
        stage.ask(environ.ports(&eleven))? == rules(&[443]),
        "a port of another was closed"
    );
    Ok(())
}

fn gone(stage: &mut Stage) -> anyhow::Result<()> {
    let environ = begun(stage)?;
    let machine = started(stage, &environ, 1)?;
    stage.ask(environ.stop_instances(std::slice::from_ref(&machine)))?;
    let before = stage.settled();
    let error = refused(stage, environ.open_ports(&machine, &rules(&[80])))?;
    ensure!(matches!(error, Error::NoInstances), "{error}");
    stage.ask(environ.close_ports(&machine, &rules(&[80])))?;
    stage.ask(environ.unexpose(&machine))?;
    same("afterwards", &stage.settled(), &before)
}

fn exposed(stage: &mut Stage) -> anyhow::Result<()> {
    let environ = begun(stage)?;
    let machine = started(stage, &environ, 1)?;
    stage.ask(environ.expose(&machine))?;
    let once = stage.settled();
    stage.ask(environ.expose(&machine))?;
    same("exposed again", &stage.settled(), &once)?;
    let found = stage.ask(environ.instances(&[machine]))?;
    ensure!(
        !is_arm(stage) || found[0].addresses.iter().any(|address| address.scope == Scope::Public),
        "{:?}",
        found[0].addresses
    );
    Ok(())
}
