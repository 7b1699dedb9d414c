//! What people ask about several models, or about versions: offers and relations, upgrades, and how things stand (juju-provider
//! 3.5, 3.7, 3.8). Migrations have a room of their own.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::cross_model;
use super::state::{AgentState, Controller, Life, Migration, Model, Role};
use super::status::{Era, classic_yaml, tabular};
use super::versions::{self, Body, Content, Number, Refusal, Store, Upgrade};
use super::{Controllers, Done, ModelGoal, Trouble, status_rows};
use crate::driver::{CallError, Environs};
use crate::subject::Stack;

/// How a status is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum StatusFormat {
    /// Tables of an era.
    Tabular(Era),
    /// YAML of the classic era.
    Yaml,
}

/// A machine that an offered application's unit is on, and who may call it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Crossing {
    /// The model that offers.
    pub(crate) offering: ModelGoal,
    /// The instance.
    pub(crate) id: String,
    /// What the unit has opened.
    pub(crate) ports: Vec<provider::PortRange>,
    /// Whether everybody may call.
    pub(crate) exposed: bool,
    /// Models and instances that consume it.
    pub(crate) callers: Vec<(ModelGoal, String)>,
}

/// A model and the controller that has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Owned {
    pub(crate) model: ModelGoal,
    pub(crate) controller: uuid::Uuid,
}

fn refused(reason: impl Into<String>) -> Trouble {
    Trouble::new("refused", reason)
}

fn of_versions(refusal: &Refusal) -> Trouble {
    Trouble::new(refusal.kind(), refusal.to_string())
}

impl Controllers {
    /// Does something between the models of a controller, and lets workers bring it about.
    fn between<T>(
        &mut self,
        environs: &mut Environs,
        controller: &str,
        act: impl FnOnce(&mut Controller) -> Result<T, String>,
    ) -> Done<T> {
        if let Some(trouble) = self.unreachable(controller) {
            return Ok(Err(trouble));
        }
        let given = match self.state(controller).change(act) {
            Ok(given) => given,
            Err(reason) => return Ok(Err(refused(reason))),
        };
        Ok(self.settle(environs)?.map(|_| given))
    }

    fn unreachable(&self, controller: &str) -> Option<Trouble> {
        let error = || format!("cannot connect to the API of controller \"{controller}\"");
        self.is_down(controller).then(|| Trouble::new("transport", error()))
    }

    /// `juju offer`.
    pub(crate) fn offer(
        &mut self,
        environs: &mut Environs,
        controller: &str,
        model: &str,
        endpoints: &str,
        name: Option<&str>,
    ) -> Done<String> {
        self.between(environs, controller, |own| {
            cross_model::offer(own, model, endpoints, name)
        })
    }

    /// `juju remove-offer`.
    pub(crate) fn remove_offer(&mut self, environs: &mut Environs, controller: &str, url: &str) -> Done<()> {
        self.between(environs, controller, |own| cross_model::remove_offer(own, url))
    }

    /// `juju find-endpoints`: rows of address, access and interfaces.
    pub(crate) fn find_endpoints(&mut self, controller: &str) -> Value {
        json!(self.state(controller).look(cross_model::find_endpoints))
    }

    /// `juju relate`.
    pub(crate) fn relate(
        &mut self,
        environs: &mut Environs,
        controller: &str,
        model: &str,
        [one, other]: [&str; 2],
    ) -> Done<u32> {
        self.between(environs, controller, |own| cross_model::relate(own, model, one, other))
    }

    /// `juju remove-relation`.
    pub(crate) fn remove_relation(
        &mut self,
        environs: &mut Environs,
        controller: &str,
        model: &str,
        [one, other]: [&str; 2],
    ) -> Done<()> {
        self.between(environs, controller, |own| {
            cross_model::remove_relation(own, model, one, other)
        })
    }

    /// What a model's applications are called in others, and others' in it, each with what crosses the border.
    pub(crate) fn relations(&mut self, controller: &str, model: &str) -> Result<Value, CallError> {
        self.look(controller, model, |model| {
            let rows = model.relations.values().map(|relation| {
                let endpoints: Vec<String> = relation
                    .endpoints
                    .iter()
                    .map(|own| format!("{}:{}", own.application, own.name))
                    .collect();
                let units: Vec<String> = relation.in_scope.iter().map(ToString::to_string).collect();
                let ingress: Vec<String> = relation.ingress.iter().map(ToString::to_string).collect();
                json!({"life": relation.life.name(), "endpoints": endpoints, "units": units, "ingress": ingress})
            });
            Value::Array(rows.collect())
        })
    }

    /// `juju models`: their names, and how each stands.
    pub(crate) fn models(&mut self, controller: &str) -> Value {
        self.state(controller).look(|own| {
            let status = |model: &Model| match (model.life, model.migration) {
                (Life::Alive, Migration::None) => "available",
                (Life::Alive, _) => "busy",
                _ => "destroying",
            };
            let row = |model: &Model| {
                json!({
                    "status": status(model),
                    "machines": model.machines.len(),
                    "version": model.agent_version.to_string(),
                    "message": model.message,
                })
            };
            let rows = own.models.iter().map(|(name, model)| (name.clone(), row(model)));
            Value::Object(rows.collect())
        })
    }

    /// `juju status`, as text.
    pub(crate) fn status_text(
        &mut self,
        environs: &mut Environs,
        controller: &str,
        model: &str,
        format: StatusFormat,
    ) -> Done<String> {
        let region = match self.environ(environs, controller, model)? {
            Ok(environ) => environ.config().location.clone(),
            Err(trouble) => return Ok(Err(trouble)),
        };
        let text = self.state(controller).look(|own| {
            let found = own.models.get(model)?;
            Some(match format {
                StatusFormat::Tabular(era) => tabular(&status_rows::status(own, found, &region), era),
                StatusFormat::Yaml => classic_yaml(&status_rows::classic(found)),
            })
        });
        Ok(text.ok_or_else(|| refused(format!("model \"{model}\" not found"))))
    }

    /// `juju version`: what client, server and agents are; without a controller only the client.
    pub(crate) fn version(&mut self, controller: &str, model: &str, client: Number, only: Option<Body>) -> String {
        let known = match self.names().iter().any(|own| own == controller) {
            true => self.state(controller).look(|own| {
                let server = own.own_model().map(|_| own.version)?;
                Some((server, own.models.get(model).map(|own| own.agent_version)))
            }),
            false => None,
        };
        let (server, agent) = known.map_or((None, None), |(server, agent)| (Some(server), agent));
        versions::version_text(client, server, agent, only)
    }

    /// The version that a controller's server has from its bootstrap on, and where it looks for agents.
    pub(crate) fn set_version(&mut self, controller: &str, version: Number) {
        self.state(controller).change(|own| own.version = version);
    }

    /// A place where lists of agent binaries are kept, behind those that are known already.
    pub(crate) fn add_store(&mut self, controller: &str, store: Store) {
        self.state(controller).change(|own| {
            let stores = own.stores.get_or_insert_default();
            match stores.iter_mut().find(|known| known.place == store.place) {
                Some(known) => match (&mut known.content, store.content) {
                    (Content::Lists(known), Content::Lists(more)) => {
                        for (stream, mut binaries) in more {
                            known.entry(stream).or_default().append(&mut binaries);
                        }
                    }
                    (known, content) => *known = content,
                },
                None => stores.push(store),
            }
        });
    }

    /// The version that agents of a new model will have, where somebody asks for one.
    pub(crate) fn choose_agents(&mut self, controller: &str, model: &str, asked: Number) -> Result<Number, Trouble> {
        self.state(controller).look(|own| {
            let stores = own
                .stores
                .clone()
                .unwrap_or_else(|| vec![listing(asked, "xenial", "amd64")]);
            versions::new_model(model, own.version, Some(asked), own.stream, &stores)
                .map_err(|refusal| of_versions(&refusal))
        })
    }

    /// The version that agents of a model have from its beginning on.
    pub(crate) fn set_agents(&mut self, controller: &str, model: &str, version: Number) {
        self.state(controller).change(|own| {
            if let Some(found) = own.models.get_mut(model) {
                found.agent_version = version;
            }
        });
    }

    /// What a bootstrap will make of its options: the server's version.
    pub(crate) fn choose_server(&mut self, controller: &str, asked: &versions::Bootstrap) -> Result<Number, Trouble> {
        let stores = self.state(controller).look(|own| own.stores.clone());
        let stores = stores.unwrap_or_else(|| everywhere(asked.agent_version.unwrap_or(asked.client), asked));
        versions::bootstrap(asked, &stores).map_err(|refusal| of_versions(&refusal))
    }

    /// `juju upgrade-juju`: agents of a model, or the server with its own. Agents that are heard of follow.
    pub(crate) fn upgrade(
        &mut self,
        environs: &mut Environs,
        controller: &str,
        model: &str,
        wanted: Option<Number>,
    ) -> Done<String> {
        if let Some(trouble) = self.unreachable(controller) {
            return Ok(Err(trouble));
        }
        let state = self.state(controller);
        let asked = state.look(|own| {
            let found = own.models.get(model)?;
            let machines = found.machines.iter();
            let agents =
                machines.filter_map(|(number, machine)| Some((format!("machine {number}"), machine.agent_version?)));
            let asked = Upgrade {
                model: model.to_owned(),
                server: (!found.is_controller).then_some(own.version),
                current: found.agent_version,
                agents: agents.collect(),
                wanted,
                stream: own.stream,
            };
            let has_remote = |model: &Model| !model.remote_applications.is_empty();
            let crosses = found.is_controller && own.models.values().any(has_remote);
            Some((asked, own.stores.clone(), crosses))
        });
        let Some((mut asked, stores, crosses)) = asked else {
            return Ok(Err(refused(format!("model \"{model}\" not found"))));
        };
        if crosses {
            return Ok(Err(refused(
                "a controller with relations between its models can't be upgraded",
            )));
        }
        let stores = match (stores, asked.server) {
            (Some(stores), _) => stores,
            // Where nobody has said which binaries there are, there are the server's, and those that are asked for.
            (None, server) => {
                asked.wanted = asked.wanted.or(server);
                asked
                    .wanted
                    .map(|wanted| listing(wanted, "xenial", "amd64"))
                    .into_iter()
                    .collect()
            }
        };
        let to = match versions::upgrade(&asked, &stores) {
            Ok(to) => to,
            Err(refusal) => return Ok(Err(of_versions(&refusal))),
        };
        state.change(|own| {
            let Some(found) = own.models.get_mut(model) else {
                return;
            };
            found.agent_version = to;
            for machine in found.machines.values_mut() {
                if machine.agent == AgentState::Started {
                    machine.agent_version = Some(to);
                }
            }
            if found.is_controller {
                own.version = to;
            }
        });
        Ok(self.settle(environs)?.map(|_| format!("started upgrade to {to}")))
    }

    /// An agent is heard of no more, or again; then it comes to its model's version.
    pub(crate) fn set_agent(
        &mut self,
        environs: &mut Environs,
        controller: &str,
        model: &str,
        machine: u32,
        is_heard: bool,
    ) -> Done<()> {
        self.between(environs, controller, |own| {
            let found = own
                .models
                .get_mut(model)
                .ok_or_else(|| format!("model \"{model}\" not found"))?;
            let version = found.agent_version;
            let row = found.machines.get_mut(&machine);
            let row = row.ok_or_else(|| format!("machine {machine} not found"))?;
            (row.agent, row.agent_version) = match is_heard {
                true => (AgentState::Started, Some(version)),
                false => (AgentState::Down, row.agent_version),
            };
            Ok(())
        })
    }

    /// Every machine that is called from other models. What counts is who is related to whom, not what a worker made of that.
    pub(crate) fn crossings(&self) -> Vec<Crossing> {
        let of_controller = |own: &Controller| own.models.values().flat_map(|model| crossings_of(own, model)).collect();
        let each = self.states.values().map(|state| state.look(of_controller));
        each.collect::<Vec<Vec<Crossing>>>().into_iter().flatten().collect()
    }

    /// Every model that stands on Resource Manager and is not on its way, with the controller that has it.
    pub(crate) fn owned(&self) -> Vec<Owned> {
        let of_controller = |own: &Controller| -> Vec<Owned> {
            let at_rest = own.models.values().filter(|model| model.migration == Migration::None);
            let on_arm = at_rest.filter(|model| model.subject.stack == Stack::Arm);
            let owned = |model: &Model| Owned {
                model: ModelGoal::of(model),
                controller: own.uuid,
            };
            on_arm.map(owned).collect()
        };
        self.states
            .values()
            .flat_map(|state| state.look(of_controller))
            .collect()
    }
}

fn crossings_of(controller: &Controller, model: &Model) -> Vec<Crossing> {
    let mut crossings = Vec::new();
    for (name, unit) in model.units().filter(|(_, unit)| unit.is_installed) {
        let (Some(application), Some(id)) = (
            model.applications.get(&name.application),
            model
                .machines
                .get(&unit.machine)
                .and_then(|machine| machine.instance_id.as_ref()),
        ) else {
            continue;
        };
        let is_offered = model.offers.values().any(|offer| offer.application == name.application);
        if is_offered {
            crossings.push(Crossing {
                offering: ModelGoal::of(model),
                id: id.to_string(),
                ports: unit.opened.iter().copied().collect(),
                exposed: application.exposed,
                callers: callers(controller, model, &name.application),
            });
        }
    }
    crossings
}

/// Instances with units of applications that are related to what another model offers, and that call it.
fn callers(controller: &Controller, offering: &Model, application: &str) -> Vec<(ModelGoal, String)> {
    let mut callers = BTreeMap::new();
    for model in controller.models.values().filter(|model| model.uuid != offering.uuid) {
        let is_of = |url: &str| {
            let url = cross_model::OfferUrl::parse(url).ok();
            let offer = url.and_then(|url| offering.offers.get(&url.offer));
            offer.is_some_and(|offer| offer.application == application)
        };
        for relation in model.relations.values().filter(|own| own.life == Life::Alive) {
            let calls = relation.endpoints.iter().any(|own| {
                let remote = model.remote_applications.get(&own.application);
                let is_called = own.role == Role::Provider;
                remote.is_some_and(|remote| is_called && remote.source_model == offering.uuid && is_of(&remote.url))
            });
            let own = relation
                .endpoints
                .iter()
                .filter(|own| calls && model.applications.contains_key(&own.application));
            let units = own.flat_map(|own| {
                let units = &model.applications[&own.application].units;
                units
                    .iter()
                    .filter(|(_, unit)| unit.is_installed && unit.life == Life::Alive)
            });
            for (_, unit) in units {
                let id = model
                    .machines
                    .get(&unit.machine)
                    .and_then(|machine| machine.instance_id.clone());
                if let Some(id) = id {
                    callers.insert((model.uuid, id.clone()), (ModelGoal::of(model), id.to_string()));
                }
            }
        }
    }
    callers.into_values().collect()
}

/// A store that has one version for everybody.
fn listing(number: Number, series: &str, arch: &str) -> Store {
    let stream = if number.is_devel() {
        versions::Stream::Devel
    } else {
        versions::Stream::Released
    };
    let binary = versions::Binary {
        number,
        series: series.to_owned(),
        arch: arch.to_owned(),
    };
    Store {
        place: "https://streams.example/agents".to_owned(),
        content: Content::Lists(BTreeMap::from([(stream, vec![binary])])),
    }
}

fn everywhere(number: Number, asked: &versions::Bootstrap) -> Vec<Store> {
    vec![listing(number, &asked.series, &asked.arch)]
}
