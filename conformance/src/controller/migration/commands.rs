//! `juju migrate`: a model goes from one controller to another, as far as it comes.

use std::collections::BTreeSet;
use std::sync::Arc;

use provider::Environ;
use serde_json::{Value, json};

use super::super::{Controllers, Done, State, Trouble, Until, environ_name, named};
use super::{Befalls, Export, Master, Phase, Record, start};
use crate::driver::{CallError, Environs};

/// A migration has fewer phases than this.
const RUNS_MAX: usize = 20;

impl Controllers {
    /// Begins a migration, or goes on with one that was held, until it is over or held again. Gives back how it stands, and what was
    /// written in the cloud meanwhile.
    pub(crate) fn migrate(
        &mut self,
        environs: &mut Environs,
        source: &str,
        model: &str,
        target: &str,
        befalls: Befalls,
    ) -> Done<Value> {
        for name in [source, target] {
            if self.is_down(name) {
                let error = format!("cannot connect to the API of controller \"{name}\"");
                return Ok(Err(Trouble::new("transport", error)));
            }
            if !self.names().iter().any(|own| own == name) {
                return Ok(Err(Trouble::new(
                    "migration",
                    format!("controller \"{name}\" not found"),
                )));
            }
        }
        let n_sent = environs.n_sent();
        let from = self.state(source);
        if !resume(&from, model, target, befalls) {
            let to = self.state(target);
            if let Err(trouble) = start(&from, &to, model, befalls) {
                return Ok(Err(trouble));
            }
        }
        let of_model = |from: &State| {
            let records = from.look(|own| own.migrations.values().cloned().collect::<Vec<Record>>());
            let mut records = records
                .into_iter()
                .filter(|own| own.model == model && own.target == target);
            records.next_back()
        };
        for _ in 0..RUNS_MAX {
            let ran = match self.run(environs, Until::Rest)? {
                Ok(ran) => ran,
                Err(trouble) => return Ok(Err(trouble)),
            };
            let Some(record) = of_model(&from) else {
                break;
            };
            if record.phase.is_terminal() || record.is_held() {
                self.leave(environs, source, &record);
                // Whoever takes the model over does at once what there is to do.
                if let Err(trouble) = self.settle(environs)? {
                    return Ok(Err(trouble));
                }
                return Ok(Ok(told(environs, &record, n_sent)));
            }
            if let Some(trouble) = ran.trouble() {
                return Ok(Err(trouble));
            }
        }
        Ok(Err(Trouble::new(
            "stuck",
            format!("the migration of model \"{model}\" does not come to its end"),
        )))
    }

    /// Who has forgotten a model holds its environment no longer.
    fn leave(&mut self, environs: &mut Environs, source: &str, record: &Record) {
        let forgets = match record.phase {
            Phase::Done => source,
            Phase::AbortDone => record.target.as_str(),
            _ => return,
        };
        environs.close(&environ_name(forgets, &record.model));
    }

    /// A worker for every migration that goes on.
    pub(in super::super) fn masters(
        &mut self,
        environs: &mut Environs,
    ) -> Result<Result<Vec<Master>, Trouble>, CallError> {
        let mut masters = Vec::new();
        for name in self.names() {
            if self.is_down(&name) {
                continue;
            }
            let source = self.state(&name);
            let records: Vec<Record> = source.look(|own| own.migrations.values().cloned().collect());
            for record in records
                .into_iter()
                .filter(|own| !own.phase.is_terminal() && !own.is_held())
            {
                if !self.names().contains(&record.target) {
                    continue;
                }
                let target = self.state(&record.target);
                let (config, environ) = match self.environs_of(environs, &name, &target, &record)? {
                    Ok(opened) => opened,
                    Err(trouble) => return Ok(Err(trouble)),
                };
                masters.push(Master {
                    source: source.clone(),
                    is_target_down: self.is_down(&record.target),
                    target,
                    uuid: record.uuid,
                    config,
                    environ,
                    clock: environs.clock(),
                });
            }
        }
        Ok(Ok(masters))
    }

    /// The configuration of the model's environment, and the environment as the target opens it.
    #[expect(clippy::type_complexity, reason = "a pair, taken apart by the only caller")]
    fn environs_of(
        &mut self,
        environs: &mut Environs,
        source: &str,
        target: &State,
        record: &Record,
    ) -> Result<Result<(provider::Config, Arc<dyn Environ>), Trouble>, CallError> {
        let (target_name, target_uuid) = target.look(|own| (own.name.clone(), own.uuid));
        let is_there = self.state(source).look(|own| own.models.contains_key(&record.model));
        let config = if is_there {
            match self.environ(environs, source, &record.model)? {
                Ok(own) => own.config(),
                Err(trouble) => return Ok(Err(trouble)),
            }
        } else {
            // The source has forgotten it, so nothing is sent any more.
            match self.environ(environs, &target_name, &record.model)? {
                Ok(own) => own.config(),
                Err(trouble) => return Ok(Err(trouble)),
            }
        };
        let model = self.state(source).look(|own| own.models.get(&record.model).cloned());
        let options = match &model {
            Some(model) => Export::of(model, &config).options(),
            None => target
                .look(|own| own.models.get(&record.model).map(|own| own.options.clone()))
                .unwrap_or_default(),
        };
        let name = environ_name(&target_name, &record.model);
        let options = named(&options, &record.model, record.uuid, target_uuid);
        environs.close_former(&name, record.uuid);
        let environ = environs.environ(&name, &options)?.map_err(Trouble::from);
        Ok(environ.map(|environ| (config, environ)))
    }
}

/// Goes on with a migration that was held, if there is one.
fn resume(from: &State, model: &str, target: &str, befalls: Befalls) -> bool {
    from.change(|own| {
        let held = own
            .migrations
            .values_mut()
            .find(|own| own.model == model && own.target == target && !own.phase.is_terminal());
        let is_held = held.is_some();
        if let Some(record) = held {
            record.befalls = befalls;
        }
        is_held
    })
}

/// What came of it, for people and for whoever judges.
fn told(environs: &Environs, record: &Record, n_sent: usize) -> Value {
    let traffic = environs.traffic();
    let sent = traffic.iter().skip(n_sent).filter(|own| own.is_write);
    let (mut tags, mut others) = (0_u64, BTreeSet::new());
    for own in sent {
        match (own.only_tags, is_read(&own.operation)) {
            (true, _) => tags += 1,
            (false, true) => {}
            (false, false) => {
                others.insert(own.operation.clone());
            }
        }
    }
    let id = record.id();
    json!({
        "said": format!("Migration started with ID \"{id}\""),
        "id": id,
        "phase": record.phase.name(),
        "status": record.status,
        "wrote-tags": tags > 0,
        "wrote-beside": others,
    })
}

/// Whether what is no GET changes nothing all the same: signing in, and asking for keys.
fn is_read(operation: &str) -> bool {
    operation == "POST token" || operation.ends_with("/listKeys")
}
