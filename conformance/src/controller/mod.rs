//! A small Juju above the provider (juju-provider 3): controllers with their models, and the workers that bring the cloud to what
//! the models say.
//!
//! A worker is a loop that dies on any error, and begins again three seconds later with an empty memory: that is how everything
//! recovers. So does the whole process when it ends in the middle of something. Workers run on the world's clock, side by side, and
//! stop when all of them are at rest. It refuses to know scenarios, and how requests travel.

mod agents;
pub(crate) mod between;
mod commands;
pub(crate) mod cross_model;
mod firewaller;
pub(crate) mod migration;
mod poller;
mod provisioner;
mod pulse;
pub(crate) mod state;
pub mod status;
mod status_rows;
mod undertaker;
pub mod versions;
mod view;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use provider::{Clock, Environ, Error};
use serde_json::{Map, Value, json};
use uuid::Uuid;

pub(crate) use self::commands::{AddMachines, Deploy, Done};
use self::pulse::Pulse;
use self::state::{Controller, Migration, Model};
pub(crate) use self::view::{ModelGoal, View};
use crate::driver::{
    CONTROLLER, CallError, Environs, Options, Outcome, Stopped, Work, environment_uuid, kind_of, uuid_of,
};

/// How long a worker that died stays dead (juju-provider 3).
const RESTART_AFTER: Duration = Duration::from_secs(3);
/// A worker that dies this often in a row will not get any further by itself.
const DEATHS_MAX: u32 = 100;
/// Longest that workers are waited for, on the world's clock.
const PATIENCE: Duration = Duration::from_secs(24 * 3600);

/// What went wrong, for whoever asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Trouble {
    pub(crate) error: String,
    /// Its class, in one word, as scenarios expect it.
    pub(crate) kind: &'static str,
}

impl Trouble {
    pub(crate) fn new(kind: &'static str, error: impl Into<String>) -> Trouble {
        Trouble {
            error: error.into(),
            kind,
        }
    }
}

impl From<Error> for Trouble {
    fn from(error: Error) -> Trouble {
        Trouble::new(kind_of(&error), error.report())
    }
}

impl From<Trouble> for Outcome {
    fn from(trouble: Trouble) -> Outcome {
        Outcome::GaveUp {
            error: trouble.error,
            kind: trouble.kind,
        }
    }
}

/// The kinds of workers that every model has. They run in this order when several can go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum WorkerKind {
    Provisioner,
    Poller,
    /// What runs on the machines: it stands for all agents of a model.
    Agents,
    Firewaller,
    /// What models of one controller tell each other.
    RemoteRelations,
    Undertaker,
}

impl WorkerKind {
    pub(crate) const ALL: [WorkerKind; 6] = [
        WorkerKind::Provisioner,
        WorkerKind::Poller,
        WorkerKind::Agents,
        WorkerKind::Firewaller,
        WorkerKind::RemoteRelations,
        WorkerKind::Undertaker,
    ];

    fn name(self) -> &'static str {
        match self {
            WorkerKind::Provisioner => "provisioner",
            WorkerKind::Poller => "instance poller",
            WorkerKind::Agents => "agents",
            WorkerKind::Firewaller => "firewaller",
            WorkerKind::RemoteRelations => "remote relations",
            WorkerKind::Undertaker => "undertaker",
        }
    }

    /// One with an empty memory.
    fn make(self) -> Box<dyn Worker> {
        match self {
            WorkerKind::Provisioner => Box::<provisioner::Provisioner>::default(),
            WorkerKind::Poller => Box::<poller::Poller>::default(),
            WorkerKind::Agents => Box::new(agents::Agents),
            WorkerKind::Firewaller => Box::<firewaller::Firewaller>::default(),
            WorkerKind::RemoteRelations => Box::new(cross_model::RemoteRelations),
            WorkerKind::Undertaker => Box::<undertaker::Undertaker>::default(),
        }
    }
}

impl fmt::Display for WorkerKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A worker of one model. What it keeps in itself is its memory.
#[async_trait]
pub(crate) trait Worker: Send {
    /// Does what is to be done now; gives back what it waits for.
    ///
    /// # Errors
    ///
    /// Anything that went wrong: then this worker is dead.
    async fn cycle(&mut self, cx: &Cx) -> Result<Next, Trouble>;
}

/// What a worker waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// That something in the state changes.
    Change,
    /// That, or this much time: there is something to be done then.
    Later(Duration),
    /// That, or this much time; what it will do then is routine, and nobody needs to wait for it.
    Routine(Duration),
}

/// What a worker is given.
pub(crate) struct Cx {
    pub(crate) state: State,
    /// Name of its model.
    pub(crate) model: String,
    pub(crate) environ: Arc<dyn Environ>,
    pub(crate) clock: Arc<dyn Clock>,
}

impl Cx {
    /// Looks at the model. `None`: it is gone.
    pub(crate) fn look<T>(&self, look: impl FnOnce(&Model) -> T) -> Option<T> {
        self.state
            .look(|controller| controller.models.get(&self.model).map(look))
    }

    /// Changes the model. `None`: it is gone.
    pub(crate) fn change<T>(&self, change: impl FnOnce(&mut Model) -> T) -> Option<T> {
        self.state
            .change(|controller| controller.models.get_mut(&self.model).map(change))
    }

    pub(crate) fn now_ms(&self) -> u64 {
        self.clock.now_ms()
    }
}

/// What a controller remembers, shared by all who look at it. Whatever changes wakes all workers.
#[derive(Clone)]
pub(crate) struct State {
    controller: Arc<Mutex<Controller>>,
    pulse: Arc<Pulse>,
}

impl State {
    fn lock(&self) -> MutexGuard<'_, Controller> {
        self.controller.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn look<T>(&self, look: impl FnOnce(&Controller) -> T) -> T {
        look(&self.lock())
    }

    pub(crate) fn change<T>(&self, change: impl FnOnce(&mut Controller) -> T) -> T {
        let mut controller = self.lock();
        let before = controller.clone();
        let given = change(&mut controller);
        if before != *controller {
            drop(controller);
            self.pulse.change();
        }
        given
    }
}

/// The end of a worker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Death {
    pub(crate) at_ms: u64,
    pub(crate) controller: String,
    pub(crate) model: String,
    pub(crate) worker: &'static str,
    pub(crate) trouble: Trouble,
}

/// How long workers run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Until {
    /// Until nothing is left to do, or until somebody cannot get any further.
    Rest,
    /// This long.
    For(Duration),
}

/// What came of a run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Ran {
    /// Every end of a worker, in order.
    pub(crate) deaths: Vec<Death>,
    /// The last end of each worker that does not get any further.
    pub(crate) stuck: Vec<Death>,
    /// How often the process ended.
    pub(crate) n_crashes: u32,
}

impl Ran {
    /// Why it did not come to rest, if it did not.
    pub(crate) fn trouble(&self) -> Option<Trouble> {
        let death = self.stuck.first()?;
        let error = format!(
            "the {} of model {} dies again and again: {}",
            death.worker, death.model, death.trouble.error
        );
        Some(Trouble::new(death.trouble.kind, error))
    }
}

/// A worker by its place: its controller, its model, its kind.
type Place = (String, String, WorkerKind);

/// A worker whose run is over, with its memory.
type Ended = (Place, Box<dyn Worker>);

/// Every controller there is, each with what it remembers and with the workers that it runs.
#[derive(Default)]
pub(crate) struct Controllers {
    states: BTreeMap<String, State>,
    /// Controllers whose process does not run.
    down: Vec<String>,
    workers: BTreeMap<Place, Box<dyn Worker>>,
    pulse: Arc<Pulse>,
}

impl Controllers {
    /// What a controller remembers; a new one remembers nothing.
    pub(crate) fn state(&mut self, controller: &str) -> State {
        let pulse = &self.pulse;
        let state = self.states.entry(controller.to_owned()).or_insert_with(|| State {
            controller: Arc::new(Mutex::new(Controller::new(
                controller,
                uuid_of("controller", controller),
            ))),
            pulse: Arc::clone(pulse),
        });
        state.clone()
    }

    /// Names of the controllers.
    pub(crate) fn names(&self) -> Vec<String> {
        self.states.keys().cloned().collect()
    }

    /// Whether a controller's process runs.
    pub(crate) fn set_down(&mut self, controller: &str, is_down: bool) {
        self.down.retain(|name| name != controller);
        if is_down {
            self.down.push(controller.to_owned());
            self.forget_workers(|place| place.0 == controller);
        }
    }

    pub(crate) fn is_down(&self, controller: &str) -> bool {
        self.down.iter().any(|name| name == controller)
    }

    /// The processes of all controllers end and begin again: workers have forgotten everything.
    pub(crate) fn restart(&mut self, environs: &mut Environs) {
        self.workers.clear();
        environs.restart();
    }

    /// Workers that are gone with their model, or with their process.
    pub(crate) fn forget_workers(&mut self, goes: impl Fn(&Place) -> bool) {
        self.workers.retain(|place, _| !goes(place));
    }

    /// A model's environment in the cloud, opened with the controller's name on it. The inner error is the provider's.
    pub(crate) fn environ(
        &mut self,
        environs: &mut Environs,
        controller: &str,
        model: &str,
    ) -> Result<Result<Arc<dyn Environ>, Trouble>, CallError> {
        let state = self.state(controller);
        let known = state.look(|own| {
            let model = own.models.get(model)?;
            Some((own.uuid, model.uuid, model.options.clone()))
        });
        let Some((controller_uuid, uuid, options)) = known else {
            return Err(CallError(format!(
                "controller `{controller}` has no model `{model}`: bootstrap it, or add the model first"
            )));
        };
        let name = environ_name(controller, model);
        let options = named(&options, model, uuid, controller_uuid);
        environs.close_former(&name, uuid);
        Ok(environs.environ(&name, &options)?.map_err(Trouble::from))
    }

    /// Asks a model's environment for something, as a client or a server does by itself. A process that ends meanwhile asks again.
    pub(crate) fn ask<T>(
        &mut self,
        environs: &mut Environs,
        controller: &str,
        model: &str,
        call: impl Fn(Arc<dyn Environ>) -> Work<'static, Result<T, Error>>,
    ) -> Result<Result<T, Trouble>, CallError> {
        loop {
            let environ = match self.environ(environs, controller, model)? {
                Ok(environ) => environ,
                Err(trouble) => return Ok(Err(trouble)),
            };
            match environs.run(vec![call(environ)]) {
                Ok(mut done) => {
                    let given = done
                        .pop()
                        .ok_or_else(|| CallError("nothing was asked for".to_owned()))?;
                    return Ok(given.map_err(Trouble::from));
                }
                Err(Stopped::Crashed) => self.crashed(environs),
                Err(Stopped::Stuck) => return Ok(Err(stuck())),
            }
        }
    }

    fn crashed(&mut self, environs: &mut Environs) {
        self.workers.clear();
        environs.forget();
    }

    /// Runs the workers of every controller side by side, on the world's clock. When the process ends meanwhile, another goes on.
    pub(crate) fn run(&mut self, environs: &mut Environs, until: Until) -> Result<Result<Ran, Trouble>, CallError> {
        let mut ran = Ran::default();
        let clock = environs.clock();
        let until_ms = clock.now_ms() + millis(until);
        loop {
            let rows = match self.rows(environs)? {
                Ok(rows) => rows,
                Err(trouble) => return Ok(Err(trouble)),
            };
            let masters = match self.masters(environs)? {
                Ok(masters) => masters,
                Err(trouble) => return Ok(Err(trouble)),
            };
            let n_rows = rows.len();
            self.pulse.begin(n_rows + masters.len(), until == Until::Rest);
            let mut work: Vec<Work<'_, Option<Ended>>> = Vec::with_capacity(rows.len() + 1);
            for (number, (place, worker, cx)) in rows.into_iter().enumerate() {
                let pulse = Arc::clone(&self.pulse);
                work.push(Box::pin(live(place, worker, number, cx, pulse)));
            }
            for (nth, master) in masters.into_iter().enumerate() {
                let pulse = Arc::clone(&self.pulse);
                work.push(Box::pin(async move {
                    migration::live(master, n_rows + nth, pulse).await;
                    None
                }));
            }
            let (pulse, timer) = (Arc::clone(&self.pulse), Arc::clone(&clock));
            work.push(Box::pin(async move {
                pulse.close_at(until_ms, &*timer).await;
                None
            }));

            let done = environs.run(work);
            ran.deaths.append(&mut self.pulse.take_deaths());
            match done {
                Ok(done) => {
                    self.workers.extend(done.into_iter().flatten());
                    let states = &self.states;
                    self.workers.retain(|(controller, model, _), _| {
                        let state = states.get(controller);
                        state.is_some_and(|state| state.look(|own| own.models.contains_key(model)))
                    });
                    ran.stuck = self.pulse.take_stuck();
                    return Ok(Ok(ran));
                }
                Err(Stopped::Crashed) => {
                    ran.n_crashes += 1;
                    self.crashed(environs);
                }
                Err(Stopped::Stuck) => return Ok(Err(stuck())),
            }
        }
    }

    /// Every worker that there should be, those of before with their memory.
    #[expect(
        clippy::type_complexity,
        reason = "rows of one table, made here and taken apart by the caller"
    )]
    fn rows(
        &mut self,
        environs: &mut Environs,
    ) -> Result<Result<Vec<(Place, Box<dyn Worker>, Cx)>, Trouble>, CallError> {
        let mut rows = Vec::new();
        for controller in self.names() {
            if self.is_down(&controller) {
                continue;
            }
            let state = self.state(&controller);
            let models: Vec<String> = state.look(|own| own.models.keys().cloned().collect());
            for model in models {
                let environ = match self.environ(environs, &controller, &model)? {
                    Ok(environ) => environ,
                    Err(trouble) => return Ok(Err(trouble)),
                };
                for kind in WorkerKind::ALL {
                    let place = (controller.clone(), model.clone(), kind);
                    let worker = self.workers.remove(&place).unwrap_or_else(|| kind.make());
                    let cx = Cx {
                        state: state.clone(),
                        model: model.clone(),
                        environ: Arc::clone(&environ),
                        clock: environs.clock(),
                    };
                    rows.push((place, worker, cx));
                }
            }
        }
        Ok(Ok(rows))
    }
}

fn stuck() -> Trouble {
    Trouble::new(
        "stuck",
        "everybody waits for something that never comes, and nobody for the clock",
    )
}

fn millis(until: Until) -> u64 {
    let span = match until {
        Until::Rest => PATIENCE,
        Until::For(span) => span,
    };
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX)
}

/// A worker's lives, one after the other, until all workers end.
async fn live(
    place: Place,
    mut worker: Box<dyn Worker>,
    number: usize,
    cx: Cx,
    pulse: Arc<Pulse>,
) -> Option<(Place, Box<dyn Worker>)> {
    let mut n_deaths = 0;
    while !pulse.is_closing() {
        let seen = pulse.revision();
        let Some(is_away) = cx.look(|model| model.migration != Migration::None) else {
            break;
        };
        if is_away {
            // Behind the migration's flag nothing of a model runs, and what ran has forgotten everything (juju-provider 3.6).
            worker = place.2.make();
            pulse.rest(number, seen, Next::Change, &*cx.clock).await;
            continue;
        }
        match worker.cycle(&cx).await {
            Ok(next) => {
                n_deaths = 0;
                pulse.rest(number, seen, next, &*cx.clock).await;
            }
            Err(trouble) => {
                n_deaths += 1;
                let (controller, model, kind) = place.clone();
                let death = Death {
                    at_ms: cx.now_ms(),
                    controller,
                    model,
                    worker: kind.name(),
                    trouble,
                };
                pulse.died(number, death, n_deaths >= DEATHS_MAX);
                worker = place.2.make();
                cx.clock.sleep(RESTART_AFTER).await;
            }
        }
    }
    pulse.leave(number);
    Some((place, worker))
}

/// Name of a model's environment in the harness: that of the model, where the controller is the usual one.
pub(crate) fn environ_name(controller: &str, model: &str) -> String {
    match controller {
        CONTROLLER => model.to_owned(),
        _ => format!("{controller}:{model}"),
    }
}

/// The uuid that a new model of a controller gets: the same in every run.
pub(crate) fn new_model_uuid(controller: &str, model: &str) -> Uuid {
    environment_uuid(&environ_name(controller, model))
}

/// Options with the names and ids that a model's environment carries.
fn named(options: &Options, model: &str, uuid: Uuid, controller: Uuid) -> Options {
    let mut named = options.clone();
    let Value::Object(config) = json!({"name": model, "uuid": uuid, "controller-uuid": controller}) else {
        return named;
    };
    let config: Map<String, Value> = config;
    named.configure(config);
    named
}
