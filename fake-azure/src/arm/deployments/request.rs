//! The body of a deployment call, read (ARM 7.1). It refuses to know what the template means.

use fake_azure_cloud::CloudError;
use serde_json::{Map, Value};

use super::lenient::{self, Places};
use super::record::Mode;
use super::template::member;
use crate::arm::forms;

/// What a caller asks for.
#[derive(Clone, Debug)]
pub(crate) struct Order {
    /// `location`, outside of groups.
    pub(crate) location: Option<String>,
    /// `tags`.
    pub(crate) tags: Option<Value>,
    /// `mode`.
    pub(crate) mode: Mode,
    /// `template`.
    pub(crate) template: Option<Value>,
    /// `templateLink`.
    pub(crate) template_link: Option<Value>,
    /// `parameters`.
    pub(crate) parameters: Map<String, Value>,
    /// `parametersLink`.
    pub(crate) parameters_link: Option<Value>,
    /// `debugSetting`.
    pub(crate) debug_setting: Option<Value>,
    /// `onErrorDeployment`.
    pub(crate) on_error: Option<Value>,
    /// `validationLevel`: whether the providers are asked, too.
    pub(crate) asks_providers: bool,
    /// `whatIfSettings.resultFormat: ResourceIdOnly`.
    pub(crate) ids_only: bool,
    /// Where things stand in the body.
    pub(crate) places: Places,
    /// Where the template stands in it.
    pub(crate) template_pointer: String,
}

fn bad(reason: &str) -> CloudError {
    CloudError::of(&forms::BAD_JSON).with("reason", reason)
}

/// Reads a body.
///
/// # Errors
///
/// What is wrong with it, in the words of the gateway.
pub(crate) fn read(body: &[u8]) -> Result<Order, CloudError> {
    let text = String::from_utf8_lossy(body);
    let (document, places) = lenient::read(&text).map_err(|reason| bad(&reason))?;
    order(&document, places)
}

/// Reads a tree: of a body, or of a deployment that stands in a template.
///
/// # Errors
///
/// The same.
pub(crate) fn order(document: &Value, places: Places) -> Result<Order, CloudError> {
    if !document.is_object() {
        return Err(bad(
            "Cannot deserialize the current JSON because the type requires a JSON object. Path '', line 1, position 1.",
        ));
    }
    let (line, column) = places.of("");
    let (line, column) = if line == 0 { (1, 2) } else { (line, column + 1) };
    let Some(properties) = member(document, "properties").filter(|properties| properties.is_object()) else {
        return Err(bad(&format!(
            "Required property 'properties' not found in JSON. Path '', line {line}, position {column}."
        )));
    };
    let (line, column) = places.of("/properties");
    let wrong = |what: &str, path: &str| {
        bad(&format!(
            "{what} Path 'properties{path}', line {}, position {}.",
            line.max(1),
            column.max(1)
        ))
    };
    let given = |name: &str| member(properties, name).filter(|value| !value.is_null());

    let mode = match given("mode") {
        None => return Err(wrong("Required property 'mode' not found in JSON.", "")),
        Some(Value::String(mode)) if mode.eq_ignore_ascii_case("Incremental") => Mode::Incremental,
        Some(Value::String(mode)) if mode.eq_ignore_ascii_case("Complete") => Mode::Complete,
        Some(other) => {
            return Err(wrong(
                &format!("Error converting value {other} to type 'DeploymentMode'."),
                ".mode",
            ));
        }
    };
    let parameters = match given("parameters") {
        None => Map::new(),
        Some(Value::Object(parameters)) => parameters.clone(),
        Some(other) => {
            return Err(wrong(
                &format!("Error converting value {other} to type 'DeploymentParameters'."),
                ".parameters",
            ));
        }
    };
    // A whole parameter file is a client's mistake (ARM 7.1).
    if let Some(name) = ["$schema", "contentVersion"]
        .iter()
        .find(|name| parameters.contains_key(**name))
    {
        return Err(wrong(
            &format!(
                "Error converting value {} to type 'Azure.Deployments.Core.Definitions.Schema.DeploymentParameterDefinition'.",
                parameters[*name]
            ),
            &format!(".parameters.{name}"),
        ));
    }
    if let Some((name, value)) = parameters.iter().find(|(_, value)| !value.is_object()) {
        return Err(wrong(
            &format!(
                "Error converting value {value} to type 'Azure.Deployments.Core.Definitions.Schema.DeploymentParameterDefinition'."
            ),
            &format!(".parameters.{name}"),
        ));
    }
    let level = given("validationLevel").and_then(Value::as_str).unwrap_or("Provider");
    let format = given("whatIfSettings")
        .and_then(|settings| member(settings, "resultFormat"))
        .and_then(Value::as_str)
        .unwrap_or("");
    let template_name = super::template::spelt(properties, "template").unwrap_or("template");
    let properties_name = super::template::spelt(document, "properties").unwrap_or("properties");
    Ok(Order {
        location: member(document, "location")
            .and_then(Value::as_str)
            .filter(|location| !location.is_empty())
            .map(str::to_owned),
        tags: member(document, "tags").filter(|tags| tags.is_object()).cloned(),
        mode,
        template: given("template").cloned(),
        template_link: given("templateLink").cloned(),
        parameters,
        parameters_link: given("parametersLink").cloned(),
        debug_setting: given("debugSetting").cloned(),
        on_error: given("onErrorDeployment").cloned(),
        asks_providers: !level.eq_ignore_ascii_case("Template"),
        ids_only: format.eq_ignore_ascii_case("ResourceIdOnly"),
        template_pointer: format!("/{properties_name}/{template_name}"),
        places,
    })
}
