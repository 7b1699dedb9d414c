//! What is remembered of a model, on its way to another controller. The cloud is told nothing.

use provider::Config;
use serde_json::{Map, Value, json};

use super::super::state::{Controller, Migration, Model};
use crate::driver::Options;

/// What is another's at another controller, or is told anew there.
const NOT_CARRIED: &[&str] = &["controller-uuid", "name", "uuid"];

/// A model as it is sent: all that is remembered of it, and the configuration of its environment with what that has generated for
/// itself. Its credential is the subscription's, which both controllers have (juju-provider 3.6, invariant 7).
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Export(Model);

impl Export {
    /// A model as it is now.
    pub(crate) fn of(model: &Model, config: &Config) -> Export {
        let mut model = model.clone();
        model.options.configure(carried(config));
        Export(model)
    }

    /// What its environment is opened with.
    pub(crate) fn options(&self) -> Options {
        self.0.options.clone()
    }
}

fn carried(config: &Config) -> Map<String, Value> {
    let whole = json!(config);
    let mut whole = whole.as_object().cloned().unwrap_or_default();
    whole.retain(|name, value| !NOT_CARRIED.contains(&name.as_str()) && !value.is_null());
    whole
}

/// Takes a model in, without any worker of its running. Taking it in again replaces what came before.
///
/// # Errors
///
/// What this controller does not take, in Juju's words.
pub(crate) fn import(controller: &mut Controller, export: Export) -> Result<(), String> {
    let Export(mut model) = export;
    if !model.remote_applications.is_empty() {
        return Err("can't import models with remote applications".to_owned());
    }
    if let Some(own) = controller.models.get(&model.name)
        && (own.uuid != model.uuid || own.migration != Migration::Importing)
    {
        return Err(format!("model named \"{}\" already exists", model.name));
    }

    model.migration = Migration::Importing;
    model.message = String::new();
    controller.models.insert(model.name.clone(), model);
    Ok(())
}
