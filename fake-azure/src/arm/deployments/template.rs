//! A template as a document: its structure, its limits, its parameters and users' functions (ARM 7.4, 4.3).
//!
//! Member names compare without case. It refuses to know what the resources are.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::expression::{UserFunction, UserParameter, kind_name};
use super::lenient::pointer_segment;
use super::violation::{Source, Violation};

/// How many of each a template may have (ARM 4.3).
pub(crate) const PARAMETERS_MAX: usize = 256;
const VARIABLES_MAX: usize = 256;
const OUTPUTS_MAX: usize = 64;
/// Resources, copies counted (ARM 4.3).
pub(crate) const RESOURCES_MAX: usize = 800;
/// A template's size in bytes (ARM 4.3).
const SIZE_MAX: usize = 4 * 1024 * 1024;

/// The members of a template.
const MEMBERS: &[&str] = &[
    "$schema",
    "apiProfile",
    "contentVersion",
    "definitions",
    "extensions",
    "functions",
    "imports",
    "languageVersion",
    "metadata",
    "outputs",
    "parameters",
    "resources",
    "variables",
];

/// The type of a parameter or output.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Kind {
    String,
    SecureString,
    Int,
    Bool,
    Object,
    SecureObject,
    Array,
}

impl Kind {
    const ALL: [Kind; 7] = [
        Kind::String,
        Kind::SecureString,
        Kind::Int,
        Kind::Bool,
        Kind::Object,
        Kind::SecureObject,
        Kind::Array,
    ];

    /// In the spelling of answers (ARM 7.2).
    pub(crate) fn name(self) -> &'static str {
        match self {
            Kind::String => "String",
            Kind::SecureString => "SecureString",
            Kind::Int => "Int",
            Kind::Bool => "Bool",
            Kind::Object => "Object",
            Kind::SecureObject => "SecureObject",
            Kind::Array => "Array",
        }
    }

    /// Reads a type in any case.
    pub(crate) fn find(name: &str) -> Option<Kind> {
        Kind::ALL
            .into_iter()
            .find(|kind| kind.name().eq_ignore_ascii_case(name))
    }

    /// Whether its values are shown to nobody.
    pub(crate) fn is_secure(self) -> bool {
        matches!(self, Kind::SecureString | Kind::SecureObject)
    }

    /// How messages name what it expects: the reader's own words.
    fn expected(self) -> &'static str {
        match self {
            Kind::String | Kind::SecureString => "String, Uri",
            Kind::Int => "Integer",
            Kind::Bool => "Boolean",
            Kind::Object | Kind::SecureObject => "Object",
            Kind::Array => "Array",
        }
    }

    fn holds(self, value: &Value) -> bool {
        match self {
            Kind::String | Kind::SecureString => value.is_string(),
            Kind::Int => value.is_i64(),
            Kind::Bool => value.is_boolean(),
            Kind::Object | Kind::SecureObject => value.is_object(),
            Kind::Array => value.is_array(),
        }
    }

    /// The refusal of a value of another type; `what` is `parameter` or `output`.
    pub(crate) fn check(self, value: &Value, what: &str) -> Result<(), String> {
        if self.holds(value) {
            return Ok(());
        }
        Err(format!(
            "Template {what} JToken type is not valid. Expected '{}'. Actual '{}'. Please see https://aka.ms/arm-template/#{what}s \
             for usage details.",
            self.expected(),
            kind_name(value)
        ))
    }
}

/// A member of an object, in any case.
pub(crate) fn member<'v>(object: &'v Value, name: &str) -> Option<&'v Value> {
    let members = object.as_object()?;
    members.get(name).or_else(|| {
        members
            .iter()
            .find(|(own, _)| own.eq_ignore_ascii_case(name))
            .map(|(_, value)| value)
    })
}

/// A member of an object as it is spelt there.
pub(crate) fn spelt<'v>(object: &'v Value, name: &str) -> Option<&'v str> {
    object
        .as_object()?
        .keys()
        .find(|own| own.eq_ignore_ascii_case(name))
        .map(String::as_str)
}

/// A template whose structure is sound.
#[derive(Clone, Debug)]
pub(crate) struct Template {
    /// As it came.
    pub(crate) document: Value,
}

impl Template {
    /// Judges the structure: required members, unknown ones, counts, size.
    ///
    /// # Errors
    ///
    /// The first thing that is wrong.
    pub(crate) fn check(document: Value, source: &Source<'_>) -> Result<Template, Violation> {
        let (line, column) = source.place("");
        let parse =
            |what: &str, path: &str| Violation::parse(format!("{what} Path '{path}', line {line}, position {column}."));
        let Some(members) = document.as_object() else {
            return Err(parse(
                &format!("Error converting value {document} to type 'Azure.Deployments.Core.Entities.Template'."),
                "",
            ));
        };
        if let Some(stranger) = members
            .keys()
            .find(|name| !MEMBERS.iter().any(|own| own.eq_ignore_ascii_case(name)))
        {
            let what = format!("Could not find member '{stranger}' on object of type 'Template'.");
            return Err(parse(&what, stranger).at(source, &format!("/{}", pointer_segment(stranger))));
        }
        for required in ["$schema", "contentVersion", "resources"] {
            if member(&document, required).is_none_or(Value::is_null) {
                return Err(parse(&format!("Required property '{required}' not found in JSON."), ""));
            }
        }
        let schema = member(&document, "$schema").and_then(Value::as_str).unwrap_or("");
        if !is_schema(schema) {
            return Err(Violation::validation(format!(
                "The template schema '{schema}' is not supported. Supported versions are '2014-04-01-preview,2015-01-01,2018-05-01,\
                 2019-04-01,2019-08-01'. Please see https://aka.ms/arm-template for usage details."
            ))
            .at(source, "/$schema"));
        }
        let version = member(&document, "contentVersion")
            .and_then(Value::as_str)
            .unwrap_or("");
        if !is_content_version(version) {
            return Err(Violation::validation(format!(
                "The template content version '{version}' is not valid: it is expected to have the form '1.0.0.0'. Please see \
                 https://aka.ms/arm-template for usage details."
            ))
            .at(source, "/contentVersion"));
        }
        for (name, is_right, wanted) in [
            (
                "parameters",
                member(&document, "parameters").is_none_or(|value| value.is_object() || value.is_null()),
                "object",
            ),
            (
                "variables",
                member(&document, "variables").is_none_or(|value| value.is_object() || value.is_null()),
                "object",
            ),
            (
                "outputs",
                member(&document, "outputs").is_none_or(|value| value.is_object() || value.is_null()),
                "object",
            ),
            (
                "functions",
                member(&document, "functions").is_none_or(|value| value.is_array() || value.is_null()),
                "array",
            ),
            (
                "resources",
                member(&document, "resources").is_some_and(|value| value.is_array() || value.is_object()),
                "array",
            ),
        ] {
            if !is_right {
                return Err(parse(
                    &format!("Cannot deserialize the current JSON because the type requires a JSON {wanted}."),
                    name,
                )
                .at(source, &format!("/{name}")));
            }
        }
        let size = document.to_string().len();
        if size > SIZE_MAX {
            return Err(Violation::validation(format!(
                "The template size limit exceeded. Limit: '{SIZE_MAX}' bytes and actual: '{size}' bytes. Please see \
                 https://aka.ms/arm-template for usage details."
            )));
        }
        let template = Template { document };
        for (name, limit) in [
            ("parameters", PARAMETERS_MAX),
            ("variables", VARIABLES_MAX),
            ("outputs", OUTPUTS_MAX),
        ] {
            let count = template.members(name).map_or(0, Map::len);
            if count > limit {
                return Err(Violation::validation(format!(
                    "The number of template {name} limit exceeded. Limit: '{limit}' and actual count: '{count}'. Please see \
                     https://aka.ms/arm-template/#{name} for usage details."
                ))
                .at(source, &format!("/{name}")));
            }
        }
        template.check_functions(source)?;
        Ok(template)
    }

    /// A template that was judged before.
    pub(crate) fn trusted(document: Value) -> Template {
        Template { document }
    }

    /// `parameters`, `variables`, `outputs`.
    pub(crate) fn members(&self, name: &str) -> Option<&Map<String, Value>> {
        member(&self.document, name).and_then(Value::as_object)
    }

    /// `resources`: an array, or an object by symbolic names.
    pub(crate) fn resources(&self) -> &Value {
        member(&self.document, "resources").unwrap_or(&Value::Null)
    }

    /// How `resources` is spelt.
    pub(crate) fn resources_name(&self) -> &str {
        spelt(&self.document, "resources").unwrap_or("resources")
    }

    /// A user's function.
    pub(crate) fn user_function(&self, namespace: &str, name: &str) -> Option<UserFunction> {
        let spaces = member(&self.document, "functions")?.as_array()?;
        let own = |space: &&Value| {
            member(space, "namespace")
                .and_then(Value::as_str)
                .is_some_and(|own| own.eq_ignore_ascii_case(namespace))
        };
        let found = spaces
            .iter()
            .filter(own)
            .find_map(|space| member(member(space, "members")?, name))?;
        let parameters = member(found, "parameters")
            .and_then(Value::as_array)
            .map_or(&[][..], Vec::as_slice);
        let text = |value: &Value, name: &str| member(value, name).and_then(Value::as_str).unwrap_or("").to_owned();
        Some(UserFunction {
            parameters: parameters
                .iter()
                .map(|parameter| UserParameter {
                    name: text(parameter, "name"),
                    kind: text(parameter, "type"),
                })
                .collect(),
            output: member(found, "output")
                .and_then(|output| member(output, "value"))
                .cloned()
                .unwrap_or(Value::Null),
        })
    }

    fn check_functions(&self, source: &Source<'_>) -> Result<(), Violation> {
        let Some(spaces) = member(&self.document, "functions").and_then(Value::as_array) else {
            return Ok(());
        };
        for (index, space) in spaces.iter().enumerate() {
            let wrong = |what: &str| {
                Violation::validation(format!(
                    "The template function at index '{index}' is not valid: {what}. Please see \
                     https://aka.ms/arm-syntax-functions for usage details."
                ))
                .at(source, &format!("/functions/{index}"))
            };
            if member(space, "namespace")
                .and_then(Value::as_str)
                .is_none_or(str::is_empty)
            {
                return Err(wrong("the namespace is required"));
            }
            let Some(members) = member(space, "members").and_then(Value::as_object) else {
                return Err(wrong("the members are required"));
            };
            for (name, function) in members {
                if member(function, "output")
                    .and_then(|output| member(output, "value"))
                    .is_none()
                {
                    return Err(wrong(&format!("the function '{name}' has no output")));
                }
                for parameter in member(function, "parameters")
                    .and_then(Value::as_array)
                    .into_iter()
                    .flatten()
                {
                    if member(parameter, "defaultValue").is_some() {
                        return Err(wrong(&format!(
                            "the function '{name}' has a parameter with a default value"
                        )));
                    }
                    if member(parameter, "name")
                        .and_then(Value::as_str)
                        .is_none_or(str::is_empty)
                    {
                        return Err(wrong(&format!("the function '{name}' has a parameter without a name")));
                    }
                }
            }
        }
        Ok(())
    }

    /// The declared parameters.
    ///
    /// # Errors
    ///
    /// When one is declared in a way that makes no sense.
    pub(crate) fn parameters(&self, source: &Source<'_>) -> Result<Vec<Parameter>, Violation> {
        let mut found = Vec::new();
        for (name, declared) in self.members("parameters").into_iter().flatten() {
            found.push(Parameter::read(name, declared, self, source)?);
        }
        Ok(found)
    }

    /// What is declared for a parameter, with what a `$ref` in it means.
    pub(crate) fn declared(&self, name: &str) -> Option<Value> {
        let all = self.members("parameters")?;
        let (_, declared) = all.iter().find(|(own, _)| own.eq_ignore_ascii_case(name))?;
        Some(self.resolved(declared))
    }

    /// A declaration with the members of the definition that its `$ref` names; its own come first.
    fn resolved(&self, declared: &Value) -> Value {
        let mut declared = declared.clone();
        let referenced = member(&declared, "$ref")
            .and_then(Value::as_str)
            .and_then(|found| self.definition(found))
            .cloned();
        if let (Some(Value::Object(base)), Value::Object(members)) = (referenced, &mut declared) {
            for (name, value) in base {
                members.entry(name).or_insert(value);
            }
        }
        declared
    }

    /// What a `$ref` means: a definition of this template.
    fn definition(&self, reference: &str) -> Option<&Value> {
        let name = reference.strip_prefix("#/definitions/")?;
        member(member(&self.document, "definitions")?, name)
    }
}

fn is_schema(schema: &str) -> bool {
    let Some(rest) = schema
        .split_once("schema.management.azure.com/schemas/")
        .map(|(_, rest)| rest)
    else {
        return false;
    };
    let known = [
        "2014-04-01-preview",
        "2015-01-01",
        "2018-05-01",
        "2019-04-01",
        "2019-08-01",
    ];
    let Some((version, file)) = rest.split_once('/') else {
        return false;
    };
    let file = file.trim_end_matches('#').to_ascii_lowercase();
    known.contains(&version) && file.ends_with("deploymenttemplate.json")
}

fn is_content_version(version: &str) -> bool {
    let parts: Vec<&str> = version.split('.').collect();
    parts.len() == 4
        && parts
            .iter()
            .all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()))
}

/// A declared parameter.
#[derive(Clone, Debug)]
pub(crate) struct Parameter {
    /// Its name.
    pub(crate) name: String,
    /// Its type.
    pub(crate) kind: Kind,
    /// What it is when nothing is given: a document with expressions.
    pub(crate) default: Option<Value>,
    /// Whether it may be null.
    pub(crate) nullable: bool,
    /// Line and column.
    pub(crate) place: (u32, u32),
    declared: Value,
}

impl Parameter {
    fn read(name: &str, declared: &Value, template: &Template, source: &Source<'_>) -> Result<Parameter, Violation> {
        let pointer = format!("/parameters/{}", pointer_segment(name));
        let place = source.place(&pointer);
        let declared = template.resolved(declared);
        let kind = member(&declared, "type").and_then(Value::as_str).unwrap_or("");
        let Some(kind) = Kind::find(kind) else {
            let (line, column) = place;
            return Err(Violation::parse(format!(
                "Error converting value \"{kind}\" to type 'TemplateParameterType'. Path 'parameters.{name}.type', line {line}, \
                 position {column}."
            ))
            .at(source, &pointer));
        };
        let default = member(&declared, "defaultValue").cloned();
        let nullable = member(&declared, "nullable") == Some(&Value::Bool(true));
        Ok(Parameter {
            name: name.to_owned(),
            kind,
            default,
            nullable,
            place,
            declared,
        })
    }

    /// Judges a value: type, allowed values, bounds, in this order (ARM 7.4). Gives the inner words of the refusal.
    ///
    /// # Errors
    ///
    /// When the value is not one that the parameter may have.
    pub(crate) fn check(&self, value: &Value) -> Result<(), String> {
        if self.nullable && value.is_null() {
            return Ok(());
        }
        let (line, column) = self.place;
        let name = &self.name;
        if let Err(inner) = self.kind.check(value, "parameter") {
            return Err(format!(
                "Template parameter '{name}' was provided an invalid value. {inner}"
            ));
        }
        if let Some(allowed) = member(&self.declared, "allowedValues").and_then(Value::as_array) {
            let words: Vec<String> = allowed.iter().map(plain).collect();
            let given = plain(value);
            // The engine of 2016 let a number meet the text that shows it (ARM 7.4).
            let is_one = match value {
                Value::Array(items) => items.iter().all(|item| allowed.contains(item)) || allowed.contains(value),
                _ => words.contains(&given),
            };
            if !is_one {
                return Err(format!(
                    "The provided value '{given}' for the template parameter '{name}' at line '{line}' and column '{column}' is not \
                     valid. The parameter value is not part of the allowed value(s): '{}'.",
                    words.join(",")
                ));
            }
        }
        let bound = |name: &str| member(&self.declared, name).and_then(Value::as_i64);
        if let Value::Number(number) = value
            && let Some(number) = number.as_i64()
        {
            for (word, limit, is_past) in [
                (
                    "greater",
                    bound("minValue"),
                    (|number, limit| number < limit) as fn(i64, i64) -> bool,
                ),
                ("less", bound("maxValue"), |number, limit| number > limit),
            ] {
                if let Some(limit) = limit.filter(|limit| is_past(number, *limit)) {
                    return Err(format!(
                        "The provided value for the template parameter '{name}' at line '{line}' and column '{column}' is not valid. \
                         The value '{number}' should be {word} than or equal to '{limit}'."
                    ));
                }
            }
        }
        let length = match value {
            Value::String(text) => i64::try_from(text.chars().count()).ok(),
            Value::Array(items) => i64::try_from(items.len()).ok(),
            _ => None,
        };
        if let Some(length) = length {
            for (word, limit, is_past) in [
                (
                    "greater",
                    bound("minLength"),
                    (|length, limit| length < limit) as fn(i64, i64) -> bool,
                ),
                ("less", bound("maxLength"), |length, limit| length > limit),
            ] {
                if let Some(limit) = limit.filter(|limit| is_past(length, *limit)) {
                    return Err(format!(
                        "The provided value for the template parameter '{name}' at line '{line}' and column '{column}' is not valid. \
                         Length of the value should be {word} than or equal to '{limit}'. Please see \
                         https://aka.ms/arm-create-parameter-file for usage details."
                    ));
                }
            }
        }
        Ok(())
    }
}

/// A value as messages list it.
fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}
