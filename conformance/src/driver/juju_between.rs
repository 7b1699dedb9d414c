//! What a Juju user types about several models, or about versions, read from a scenario's step and done by a controller.
//!
//! It refuses to know what a command does: controllers do.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::Outcome;
use super::calls::{Arguments, CONTROLLER, CallError};
use super::environs::Environs;
use super::juju::{done, outcome};
use crate::controller::between::StatusFormat;
use crate::controller::migration::{Befalls, Phase};
use crate::controller::state::{Endpoint, Role, VERSION};
use crate::controller::status::Era;
use crate::controller::versions::{Binary, Body, Bootstrap, Content, Number, Store, Stream};
use crate::controller::{Controllers, Trouble};
use crate::scenario::CallStep;

/// Does what a command does. `None`: it is none of these, or this was only the first half of it.
pub(super) fn perform(
    all: &mut Controllers,
    environs: &mut Environs,
    step: &CallStep,
) -> Result<Option<Outcome>, CallError> {
    let arguments = Arguments(&step.arguments);
    let controller = arguments.text("controller")?.unwrap_or_else(|| CONTROLLER.to_owned());
    let (controller, model) = (controller.as_str(), step.environment.as_str());
    let given = match step.call.as_str() {
        "agent-binaries" => {
            all.add_store(controller, store(&arguments)?);
            Outcome::Gave(Value::Null)
        }
        "add-model" => match number(&arguments, "agent-version")? {
            None => return Ok(None),
            Some(asked) => match all.choose_agents(controller, model, asked) {
                Ok(version) => {
                    let added = all.add_model(environs, controller, model, arguments.options()?)?;
                    if added.is_ok() {
                        all.set_agents(controller, model, version);
                    }
                    done(Ok(added))?
                }
                Err(trouble) => trouble.into(),
            },
        },
        "bootstrap" => return choose_server(all, controller, &arguments),
        "find-endpoints" => Outcome::Gave(all.find_endpoints(controller)),
        "migrate" => {
            let to = arguments.needed_text("to")?;
            outcome(
                all.migrate(environs, controller, model, &to, befalls(&arguments)?),
                |told| told,
            )?
        }
        "models" => Outcome::Gave(all.models(controller)),
        "offer" => {
            let endpoint = arguments.needed_text("endpoint")?;
            let called = arguments.text("called")?;
            let said = all.offer(environs, controller, model, &endpoint, called.as_deref());
            outcome(said, Value::from)?
        }
        "relate" => {
            let [one, other] = between(&arguments)?;
            outcome(all.relate(environs, controller, model, [&one, &other]), |_| Value::Null)?
        }
        "relations" => Outcome::Gave(all.relations(controller, model)?),
        "remove-offer" => done(all.remove_offer(environs, controller, &arguments.needed_text("url")?))?,
        "remove-relation" => {
            let [one, other] = between(&arguments)?;
            done(all.remove_relation(environs, controller, model, [&one, &other]))?
        }
        "start-agent" | "stop-agent" => {
            let is_heard = step.call == "start-agent";
            done(all.set_agent(environs, controller, model, arguments.machine()?, is_heard))?
        }
        "status" => match arguments.text("format")? {
            None => return Ok(None),
            Some(name) => {
                let format = format_of(&name)?;
                outcome(all.status_text(environs, controller, model, format), Value::from)?
            }
        },
        "upgrade-juju" => {
            let wanted = number(&arguments, "agent-version")?;
            outcome(all.upgrade(environs, controller, model, wanted), Value::from)?
        }
        "version" => {
            let client = number(&arguments, "client")?.unwrap_or(VERSION);
            let only = match arguments.text("only")?.as_deref() {
                None => None,
                Some("client") => Some(Body::Client),
                Some("server") => Some(Body::Server),
                Some("agent") => Some(Body::Agent),
                Some(other) => {
                    return Err(CallError(format!(
                        "`only` is {other}, expected client, server or agent"
                    )));
                }
            };
            Outcome::Gave(json!(all.version(controller, model, client, only)))
        }
        _ => return Ok(None),
    };
    Ok(Some(given))
}

/// What a charm can be related by, as its metadata says: endpoints by name, each with its interface.
pub(super) fn endpoints(arguments: &Arguments<'_>, app: &str) -> Result<Vec<Endpoint>, CallError> {
    let mut endpoints = Vec::new();
    for (key, role) in [
        ("peers", Role::Peer),
        ("provides", Role::Provider),
        ("requires", Role::Requirer),
    ] {
        let rows: BTreeMap<String, String> = match arguments.0.get(key) {
            None => continue,
            Some(value) => serde_json::from_value(value.clone()).map_err(|_| {
                CallError(format!(
                    "`{key}` is {value}, expected interfaces by endpoint: {{db: mysql}}"
                ))
            })?,
        };
        endpoints.extend(rows.into_iter().map(|(name, interface)| Endpoint {
            application: app.to_owned(),
            name,
            interface,
            role,
        }));
    }
    Ok(endpoints)
}

/// The version that a server is bootstrapped with, where a step says anything of it.
fn choose_server(
    all: &mut Controllers,
    controller: &str,
    arguments: &Arguments<'_>,
) -> Result<Option<Outcome>, CallError> {
    const SAID: [&str; 4] = ["agent-version", "auto-upgrade", "build-agent", "client"];
    if !SAID.iter().any(|name| arguments.0.contains_key(*name)) {
        return Ok(None);
    }
    let asked = Bootstrap {
        controller: controller.to_owned(),
        client: number(arguments, "client")?.unwrap_or(VERSION),
        agent_version: number(arguments, "agent-version")?,
        auto_upgrade: arguments.flag("auto-upgrade")?,
        build_agent: arguments.flag("build-agent")?,
        series: arguments.series()?.as_str().to_owned(),
        arch: "amd64".to_owned(),
        stream: Stream::Released,
    };
    match all.choose_server(controller, &asked) {
        Ok(version) => {
            all.set_version(controller, version);
            Ok(None)
        }
        Err(trouble) => Ok(Some(Trouble::into(trouble))),
    }
}

fn between(arguments: &Arguments<'_>) -> Result<[String; 2], CallError> {
    let texts = arguments.texts("between")?;
    <[String; 2]>::try_from(texts)
        .map_err(|texts| CallError(format!("`between` names {}, expected two applications", texts.len())))
}

fn befalls(arguments: &Arguments<'_>) -> Result<Befalls, CallError> {
    let phase = |name: &str| match arguments.text(name)? {
        None => Ok(None),
        Some(text) => match Phase::find(&text) {
            Some(phase) => Ok(Some(phase)),
            None => Err(CallError(format!(
                "`{name}` is {text}, expected a phase, like VALIDATION"
            ))),
        },
    };
    Ok(Befalls {
        fails_in: phase("fails-in")?,
        dies_in: phase("dies-in")?,
        until: phase("until")?,
    })
}

fn format_of(name: &str) -> Result<StatusFormat, CallError> {
    match name {
        "tabular" => Ok(StatusFormat::Tabular(Era::Juju22)),
        "tabular-2.9" => Ok(StatusFormat::Tabular(Era::Juju29)),
        "yaml" => Ok(StatusFormat::Yaml),
        other => Err(CallError(format!(
            "`format` is {other}, expected tabular, tabular-2.9 or yaml"
        ))),
    }
}

fn number(arguments: &Arguments<'_>, name: &str) -> Result<Option<Number>, CallError> {
    match arguments.text(name)? {
        None => Ok(None),
        Some(text) => text
            .parse()
            .map(Some)
            .map_err(|error| CallError(format!("`{name}`: {error}"))),
    }
}

/// A place with its lists, or with what it answers instead of one.
fn store(arguments: &Arguments<'_>) -> Result<Store, CallError> {
    let place = arguments.needed_text("place")?;
    let content = match arguments.0.get("answers") {
        None => {
            let stream = match arguments.text("stream")? {
                None => Stream::Released,
                Some(name) => Stream::find(&name).ok_or_else(|| {
                    CallError(format!(
                        "`stream` is {name}, expected released, proposed, devel or testing"
                    ))
                })?,
            };
            let texts = arguments.texts("binaries")?;
            let read = |text: &String| {
                let binary = text.parse::<Binary>();
                binary.map_err(|error| CallError(format!("`binaries`: {error}")))
            };
            let binaries = texts.iter().map(read).collect::<Result<Vec<Binary>, CallError>>()?;
            Content::Lists(BTreeMap::from([(stream, binaries)]))
        }
        Some(Value::String(reason)) => Content::NoAnswer(reason.clone()),
        Some(value) => match value.as_u64().and_then(|status| u16::try_from(status).ok()) {
            Some(status) => Content::Status(status),
            None => {
                return Err(CallError(format!(
                    "`answers` is {value}, expected a status or a reason"
                )));
            }
        },
    };
    Ok(Store { place, content })
}
