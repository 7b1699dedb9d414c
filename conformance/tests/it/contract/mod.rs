//! The contract of [`provider::Environ`]: one list of clauses, held by every stack and generation over every way there is.
//!
//! A clause is a sentence and a check of it in a world of its own. A new stack is one row of [`contract!`] below.

mod environments;
mod machines;
mod ports;
mod volumes;

use std::sync::Arc;

use conformance::driver::DriverKind;
use conformance::stage::Stage;
use conformance::subject::{Stack, Subject};
use provider::{Environ, Error, InstanceId, StartInstance};

/// One promise.
struct Clause {
    says: &'static str,
    holds: fn(&mut Stage) -> anyhow::Result<()>,
}

fn clauses() -> impl Iterator<Item = &'static Clause> {
    environments::CLAUSES
        .iter()
        .chain(machines::CLAUSES)
        .chain(ports::CLAUSES)
        .chain(volumes::CLAUSES)
}

fn check(subject: Subject, driver: DriverKind) {
    let mut broken = Vec::new();
    for clause in clauses() {
        let held = Stage::open(driver, subject, 7).and_then(|mut stage| {
            stage.provide()?;
            (clause.holds)(&mut stage)
        });
        if let Err(error) = held {
            broken.push(format!("{}: {error:#}", clause.says));
        }
    }
    assert!(
        broken.is_empty(),
        "{subject} on {driver} breaks {} clauses:\n{}",
        broken.len(),
        broken.join("\n")
    );
}

macro_rules! contract {
    ($($name:ident: $subject:expr, $driver:expr;)*) => {
        $(
            #[test]
            fn $name() {
                check($subject, $driver);
            }
        )*
    };
}

contract! {
    a1_keeps_the_contract_on_the_wire: Subject::A1, DriverKind::Wire;
    a1_keeps_the_contract_over_sockets: Subject::A1, DriverKind::Socket;
    a4_keeps_the_contract_on_the_wire: Subject::A4, DriverKind::Wire;
    a4_keeps_the_contract_over_sockets: Subject::A4, DriverKind::Socket;
    a7_keeps_the_contract_on_the_wire: Subject::A7, DriverKind::Wire;
    a7_keeps_the_contract_over_sockets: Subject::A7, DriverKind::Socket;
    classic_keeps_the_contract_on_the_wire: Subject::CLASSIC, DriverKind::Wire;
    classic_keeps_the_contract_over_sockets: Subject::CLASSIC, DriverKind::Socket;
}

/// The environment that most clauses speak of.
const STORY: &str = "story";

/// An environment that can have machines.
fn begun(stage: &mut Stage) -> anyhow::Result<Arc<dyn Environ>> {
    begun_as(stage, STORY)
}

fn begun_as(stage: &mut Stage, name: &str) -> anyhow::Result<Arc<dyn Environ>> {
    let environ = stage.environ(name)?;
    match stage.subject().stack {
        Stack::Arm | Stack::Naive => stage.ask(environ.create())?,
        // Every environment of the classic stack begins with a controller of its own.
        Stack::Classic => {
            let mut controller = params(stage, 0);
            controller.controller = true;
            stage.ask(environ.bootstrap(controller))?;
            running(stage);
        }
    }
    Ok(environ)
}

fn params(stage: &Stage, machine: u32) -> StartInstance {
    let mut params = StartInstance::new(machine, stage.controller(), stage.series());
    params.units = vec![format!("mysql/{machine}")];
    params
}

fn started(stage: &Stage, environ: &Arc<dyn Environ>, machine: u32) -> anyhow::Result<InstanceId> {
    let started = stage.ask(environ.start_instance(params(stage, machine)))?;
    running(stage);
    Ok(started.instance.id)
}

/// Some generations come back before the machine runs: an hour later it does.
fn running(stage: &Stage) {
    stage.advance(3_600_000);
}

/// Ids of all instances.
fn all(stage: &Stage, environ: &Arc<dyn Environ>) -> anyhow::Result<Vec<InstanceId>> {
    let instances = stage.ask(environ.all_instances())?;
    Ok(instances.into_iter().map(|instance| instance.id).collect())
}

/// What the provider says where it must refuse.
fn refused<T: std::fmt::Debug>(
    stage: &Stage,
    work: impl Future<Output = Result<T, Error>> + Send,
) -> anyhow::Result<Error> {
    match stage.run(work) {
        Ok(Err(error)) => Ok(error),
        Ok(Ok(done)) => Err(anyhow::anyhow!("it was done: {done:?}")),
        Err(stopped) => Err(anyhow::anyhow!("it never ends: {stopped:?}")),
    }
}

/// Nothing there is more, and nothing less.
fn same(what: &str, now: &conformance::oracle::Footprint, then: &conformance::oracle::Footprint) -> anyhow::Result<()> {
    anyhow::ensure!(
        now == then,
        "{what}: more {:?}, less {:?}",
        now.beyond(then),
        then.beyond(now)
    );
    Ok(())
}

fn is_arm(stage: &Stage) -> bool {
    stage.subject().stack == Stack::Arm
}
