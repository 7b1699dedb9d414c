//! The value of an expression.
//!
//! Functions of values stand in the table of [`super::functions`]; here are those that need more than values: what they name
//! is asked of a [`Scope`], or they decide themselves which of their arguments have a value at all.

use std::cell::{Cell, RefCell};

use fake_azure_cloud::Time;
use serde_json::{Map, Value};

use super::functions::{self, ids, lambdas};
use super::value::{is_size_within, kind_name, member};
use super::{Call, Expression, Step, Trouble};

/// How many calls one expression may make, those of its lambdas included. Assumed: it keeps a template from running for ever.
const CALLS_MAX: u32 = 400_000;

/// How deep users' functions may call one another.
const FUNCTIONS_DEPTH_MAX: usize = 16;

/// What is around a deployment, as a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ambient {
    /// `subscription()`.
    Subscription,
    /// `resourceGroup()`.
    ResourceGroup,
    /// `deployment()`.
    Deployment,
    /// `tenant()`.
    Tenant,
    /// `managementGroup()`.
    ManagementGroup,
    /// `environment()`.
    Environment,
    /// `deployer()`.
    Deployer,
}

/// A function that needs more than the values of its arguments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Special {
    Ambient(Ambient),
    CopyIndex,
    Id,
    If,
    Lambda,
    NewGuid,
    Parameters,
    Reference,
    References,
    UtcNow,
    Variables,
}

/// All of them. The `list*` functions are a family of their own: which there are is the providers' affair.
const SPECIAL: &[(&str, Special)] = &[
    // tidy: sorted
    ("copyIndex", Special::CopyIndex),
    ("deployer", Special::Ambient(Ambient::Deployer)),
    ("deployment", Special::Ambient(Ambient::Deployment)),
    ("environment", Special::Ambient(Ambient::Environment)),
    ("extensionResourceId", Special::Id),
    ("filter", Special::Lambda),
    ("groupBy", Special::Lambda),
    ("if", Special::If),
    ("lambda", Special::Lambda),
    ("lambdaVariables", Special::Lambda),
    ("managementGroup", Special::Ambient(Ambient::ManagementGroup)),
    ("managementGroupResourceId", Special::Id),
    ("map", Special::Lambda),
    ("mapValues", Special::Lambda),
    ("newGuid", Special::NewGuid),
    ("parameters", Special::Parameters),
    ("reduce", Special::Lambda),
    ("reference", Special::Reference),
    ("references", Special::References),
    ("resourceGroup", Special::Ambient(Ambient::ResourceGroup)),
    ("resourceId", Special::Id),
    ("sort", Special::Lambda),
    ("subscription", Special::Ambient(Ambient::Subscription)),
    ("subscriptionResourceId", Special::Id),
    ("tenant", Special::Ambient(Ambient::Tenant)),
    ("tenantResourceId", Special::Id),
    ("toObject", Special::Lambda),
    ("utcNow", Special::UtcNow),
    ("variables", Special::Variables),
    // tidy: end
];

fn special(name: &str) -> Option<Special> {
    let found = SPECIAL.iter().find(|(own, _)| own.eq_ignore_ascii_case(name));
    found.map(|(_, special)| *special)
}

/// Every function that there is, but for the family of `list*`.
#[cfg(test)]
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    SPECIAL.iter().map(|(name, _)| *name).chain(functions::names())
}

/// What `reference` and its kin read.
#[derive(Clone, Debug)]
pub(crate) struct Reading<'a> {
    /// The function, as written.
    pub(crate) function: &'a str,
    /// A name, a symbolic name or an id.
    pub(crate) target: &'a str,
    /// The api-version, where one is given.
    pub(crate) version: Option<&'a str>,
    /// `'Full'`.
    pub(crate) full: bool,
    /// What `list*` sends.
    pub(crate) body: Option<Value>,
}

/// A user's function.
#[derive(Clone, Debug)]
pub(crate) struct UserFunction {
    /// Its parameters.
    pub(crate) parameters: Vec<UserParameter>,
    /// The value of its output: a document with expressions.
    pub(crate) output: Value,
}

/// A parameter of a user's function.
#[derive(Clone, Debug)]
pub(crate) struct UserParameter {
    /// Its name.
    pub(crate) name: String,
    /// Its type, as written.
    pub(crate) kind: String,
}

/// What names mean where an expression stands.
pub(crate) trait Scope {
    /// Whether a function may stand here; the name is in lower case.
    fn allows(&self, function: &str) -> bool;
    /// The value of a parameter.
    fn parameter(&self, name: &str) -> Result<Value, Trouble>;
    /// The value of a variable.
    fn variable(&self, name: &str) -> Result<Value, Trouble>;
    /// The index of a loop: of the one with this name, or of the resource's own.
    fn copy_index(&self, name: Option<&str>) -> Result<i64, Trouble>;
    /// A user's function.
    fn user_function(&self, namespace: &str, name: &str) -> Option<UserFunction>;
    /// What is around the deployment.
    fn ambient(&self, what: Ambient) -> Result<Value, Trouble>;
    /// The deployment's time.
    fn now(&self) -> Time;
    /// A GUID that names nothing.
    fn new_guid(&self) -> String;
    /// `reference`.
    fn reference(&self, reading: &Reading<'_>) -> Result<Value, Trouble>;
    /// `references`.
    fn references(&self, reading: &Reading<'_>) -> Result<Value, Trouble>;
    /// `list*`.
    fn list(&self, reading: &Reading<'_>) -> Result<Value, Trouble>;
}

/// Finds values.
pub(crate) struct Evaluator<'s> {
    scope: &'s dyn Scope,
    calls: Cell<u32>,
    functions_depth: usize,
    /// Names and values of the lambdas around, innermost last.
    pub(super) lambda_variables: RefCell<Vec<(String, Value)>>,
}

impl<'s> Evaluator<'s> {
    /// One that asks `scope`.
    pub(crate) fn new(scope: &'s dyn Scope) -> Evaluator<'s> {
        Evaluator {
            scope,
            calls: Cell::new(0),
            functions_depth: 0,
            lambda_variables: RefCell::new(Vec::new()),
        }
    }

    /// The value of a text of a template: of the expression that it is, or the text that it means.
    ///
    /// # Errors
    ///
    /// When it is an expression that has no value.
    pub(crate) fn text(&self, text: &str) -> Result<Value, Trouble> {
        match super::inside(text) {
            Some(inner) => self.value(&super::parse(inner)?),
            None => Ok(Value::from(super::literal(text).into_owned())),
        }
    }

    /// The value of an expression.
    ///
    /// # Errors
    ///
    /// When it has none.
    pub(crate) fn value(&self, expression: &Expression) -> Result<Value, Trouble> {
        match expression {
            Expression::Text(text) => Ok(Value::from(text.as_str())),
            Expression::Number(number) => Ok(Value::from(*number)),
            Expression::Call(call) => {
                let mut value = self.call(call)?;
                for step in &call.steps {
                    if value.is_null() && is_safe(step) {
                        continue;
                    }
                    value = self.step(value, step)?;
                }
                Ok(value)
            }
        }
    }

    fn values(&self, call: &Call) -> Result<Vec<Value>, Trouble> {
        call.args.iter().map(|arg| self.value(arg)).collect()
    }

    fn call(&self, call: &Call) -> Result<Value, Trouble> {
        self.calls.set(self.calls.get() + 1);
        if self.calls.get() > CALLS_MAX {
            return Err(Trouble::Language(format!(
                "The language expression evaluation exceeded the limit of '{CALLS_MAX}' function calls."
            )));
        }
        let value = self.called(call)?;
        let is_plain = !matches!(value, Value::Array(_) | Value::Object(_) | Value::String(_));
        if !is_plain && !is_size_within(&value) {
            return Err(Trouble::Language(format!(
                "Unable to evaluate template language function '{}': the value is larger or deeper than a template may be.",
                call.name
            )));
        }
        Ok(value)
    }

    fn called(&self, call: &Call) -> Result<Value, Trouble> {
        if let Some(namespace) = &call.namespace {
            return self.user_call(namespace, call);
        }
        let folded = call.name.to_ascii_lowercase();
        if !self.scope.allows(&folded) {
            return Err(Trouble::misplaced(&call.name));
        }
        match special(&folded) {
            Some(Special::If) => self.choose(call),
            Some(Special::Parameters) => self.scope.parameter(&self.only_text(call)?),
            Some(Special::Variables) => self.scope.variable(&self.only_text(call)?),
            Some(Special::CopyIndex) => self.copy_index(call),
            Some(Special::UtcNow) => {
                let args = self.values(call)?;
                functions::utc_now(self.scope.now(), &args)
            }
            Some(Special::NewGuid) => {
                functions::expect_count(&call.name, 0, 0, call.args.len())?;
                Ok(Value::from(self.scope.new_guid()))
            }
            Some(Special::Ambient(what)) => self.ambient(call, what),
            Some(Special::Reference) => self.read(call, |reading| self.scope.reference(reading)),
            Some(Special::References) => self.read(call, |reading| self.scope.references(reading)),
            Some(Special::Id) => {
                let args = self.values(call)?;
                ids::call(self.scope, &call.name, &args)
            }
            Some(Special::Lambda) => lambdas::call(self, &folded, call),
            None if is_list(&folded) => self.list(call),
            None => {
                let Some(function) = functions::find(&folded) else {
                    return Err(Trouble::Language(format!(
                        "The template function '{}' is not valid. Please see https://aka.ms/arm-template-expressions for \
                         usage details.",
                        call.name
                    )));
                };
                let args = self.values(call)?;
                function.call(&args)
            }
        }
    }

    /// `if`: the other branch need have no value.
    fn choose(&self, call: &Call) -> Result<Value, Trouble> {
        functions::expect_count(&call.name, 3, 3, call.args.len())?;
        match self.value(&call.args[0])? {
            Value::Bool(true) => self.value(&call.args[1]),
            Value::Bool(false) => self.value(&call.args[2]),
            other => Err(Trouble::Language(format!(
                "The template language function 'if' expects its first parameter to be of type 'Boolean'. The provided value is \
                 of type '{}'. Please see https://aka.ms/arm-resource-functions/#if for usage details.",
                kind_name(&other)
            ))),
        }
    }

    /// The one argument of `parameters` and `variables`.
    fn only_text(&self, call: &Call) -> Result<String, Trouble> {
        functions::expect_count(&call.name, 1, 1, call.args.len())?;
        match self.value(&call.args[0])? {
            Value::String(text) => Ok(text),
            other => Err(functions::wrong_type(&call.name, "String", &other)),
        }
    }

    fn copy_index(&self, call: &Call) -> Result<Value, Trouble> {
        functions::expect_count(&call.name, 0, 2, call.args.len())?;
        let args = self.values(call)?;
        let (name, offset) = match args.as_slice() {
            [] => (None, 0),
            [Value::String(name)] => (Some(name.as_str()), 0),
            [Value::Number(offset)] => (None, offset.as_i64().unwrap_or(0)),
            [Value::String(name), Value::Number(offset)] => (Some(name.as_str()), offset.as_i64().unwrap_or(0)),
            [first, ..] => return Err(functions::wrong_type(&call.name, "Integer", first)),
        };
        Ok(Value::from(self.scope.copy_index(name)?.saturating_add(offset)))
    }

    fn ambient(&self, call: &Call, what: Ambient) -> Result<Value, Trouble> {
        functions::expect_count(&call.name, 0, 0, call.args.len())?;
        self.scope.ambient(what)
    }

    /// `reference(target[, version[, 'Full']])`; `references` has no version.
    fn read(&self, call: &Call, read: impl Fn(&Reading<'_>) -> Result<Value, Trouble>) -> Result<Value, Trouble> {
        functions::expect_count(&call.name, 1, 3, call.args.len())?;
        let args = self.values(call)?;
        for arg in &args {
            if !arg.is_string() {
                return Err(functions::wrong_type(&call.name, "String", arg));
            }
        }
        let texts: Vec<&str> = args.iter().filter_map(Value::as_str).collect();
        let is_full = |text: &str| text.eq_ignore_ascii_case("Full");
        let full = texts.len() > 1 && texts.last().is_some_and(|last| is_full(last));
        let version = texts.get(1).copied().filter(|text| !is_full(text) && !text.is_empty());
        read(&Reading {
            function: &call.name,
            target: texts[0],
            version,
            full,
            body: None,
        })
    }

    /// `list*(target, version[, body])`.
    fn list(&self, call: &Call) -> Result<Value, Trouble> {
        functions::expect_count(&call.name, 1, 3, call.args.len())?;
        let args = self.values(call)?;
        let text = |index: usize| match args.get(index) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.as_str())),
            Some(other) => Err(functions::wrong_type(&call.name, "String", other)),
        };
        let (target, version) = (text(0)?.unwrap_or(""), text(1)?);
        self.scope.list(&Reading {
            function: &call.name,
            target,
            version,
            full: false,
            body: args.get(2).cloned(),
        })
    }

    /// Calls a user's function: its body sees its own arguments only.
    fn user_call(&self, namespace: &str, call: &Call) -> Result<Value, Trouble> {
        let Some(function) = self.scope.user_function(namespace, &call.name) else {
            return Err(Trouble::Language(format!(
                "The template function '{namespace}.{}' is not valid. Please see https://aka.ms/arm-template-expressions for \
                 usage details.",
                call.name
            )));
        };
        if self.functions_depth >= FUNCTIONS_DEPTH_MAX {
            return Err(Trouble::Language(format!(
                "The template function '{namespace}.{}' is not valid: user defined functions call one another deeper than \
                 '{FUNCTIONS_DEPTH_MAX}' levels.",
                call.name
            )));
        }
        let full_name = format!("{namespace}.{}", call.name);
        let wanted = function.parameters.len();
        functions::expect_count(&full_name, wanted, wanted, call.args.len())?;
        let mut given = Vec::with_capacity(wanted);
        for (parameter, arg) in function.parameters.iter().zip(&call.args) {
            let value = self.value(arg)?;
            if !functions::fits(&parameter.kind, &value) {
                return Err(Trouble::Language(format!(
                    "The template function '{full_name}' expects its parameter '{}' to be of type '{}'. The provided value is of \
                     type '{}'.",
                    parameter.name,
                    parameter.kind,
                    kind_name(&value)
                )));
            }
            given.push((parameter.name.clone(), value));
        }
        let scope = FunctionScope {
            given,
            outer: self.scope,
        };
        let evaluator = Evaluator {
            scope: &scope,
            calls: Cell::new(self.calls.get()),
            functions_depth: self.functions_depth + 1,
            lambda_variables: RefCell::new(Vec::new()),
        };
        let value = evaluator.document(&function.output);
        self.calls.set(evaluator.calls.get());
        value
    }

    /// A document with every expression in it replaced by its value; names of members may be expressions, too.
    ///
    /// # Errors
    ///
    /// That of the first expression without a value.
    pub(crate) fn document(&self, document: &Value) -> Result<Value, Trouble> {
        match document {
            Value::String(text) => self.text(text),
            Value::Array(items) => items
                .iter()
                .map(|item| self.document(item))
                .collect::<Result<_, _>>()
                .map(Value::Array),
            Value::Object(members) => {
                let mut found = Map::with_capacity(members.len());
                for (name, value) in members {
                    found.insert(self.name(name)?, self.document(value)?);
                }
                Ok(Value::Object(found))
            }
            plain => Ok(plain.clone()),
        }
    }

    /// The name of a member.
    ///
    /// # Errors
    ///
    /// When it is an expression whose value is no text.
    pub(crate) fn name(&self, name: &str) -> Result<String, Trouble> {
        match self.text(name)? {
            Value::String(name) => Ok(name),
            other => Err(Trouble::Language(format!(
                "The language expression '{name}' is not valid: a property name is expected to be of type 'String', not '{}'.",
                kind_name(&other)
            ))),
        }
    }

    fn step(&self, value: Value, step: &Step) -> Result<Value, Trouble> {
        match step {
            Step::Member { name, safe } => member_of(&value, name, *safe),
            Step::Index { index, safe } => match self.value(index)? {
                Value::String(name) => member_of(&value, &name, *safe),
                Value::Number(number) => {
                    let Value::Array(items) = value else {
                        return Err(Trouble::Language(format!(
                            "The language expression property '{number}' can't be evaluated, property name must be a string."
                        )));
                    };
                    let found = number
                        .as_u64()
                        .and_then(|at| usize::try_from(at).ok())
                        .and_then(|at| items.get(at).cloned());
                    match found {
                        Some(item) => Ok(item),
                        None if *safe => Ok(Value::Null),
                        None => Err(Trouble::Language(format!(
                            "The language expression property array index '{number}' is out of bounds."
                        ))),
                    }
                }
                other => Err(Trouble::Language(format!(
                    "The language expression property '{other}' can't be evaluated, property name must be a string or an integer."
                ))),
            },
        }
    }
}

fn is_safe(step: &Step) -> bool {
    match step {
        Step::Member { safe, .. } | Step::Index { safe, .. } => *safe,
    }
}

/// The member of a value, in any case.
fn member_of(value: &Value, name: &str, safe: bool) -> Result<Value, Trouble> {
    match value {
        Value::Object(members) => match member(members, name) {
            Some(found) => Ok(found.clone()),
            None if safe => Ok(Value::Null),
            None => {
                let known: Vec<&str> = members.keys().map(String::as_str).collect();
                Err(Trouble::Language(format!(
                    "The language expression property '{name}' doesn't exist, available properties are '{}'.",
                    known.join(", ")
                )))
            }
        },
        Value::Array(_) => Err(Trouble::Language(format!(
            "The language expression property '{name}' can't be evaluated, property name must be an integer."
        ))),
        _ => Err(Trouble::Language(format!(
            "The language expression property '{name}' can't be evaluated."
        ))),
    }
}

/// Whether a name is one of the `list*` functions; `list` alone is one, too.
pub(crate) fn is_list(folded: &str) -> bool {
    folded.starts_with("list")
}

/// What a user's function sees: its arguments, and nothing of the template.
struct FunctionScope<'s> {
    given: Vec<(String, Value)>,
    outer: &'s dyn Scope,
}

impl Scope for FunctionScope<'_> {
    fn allows(&self, function: &str) -> bool {
        let is_of_template =
            matches!(function, "variables" | "reference" | "references" | "copyindex") || is_list(function);
        !is_of_template && (function == "parameters" || self.outer.allows(function))
    }

    fn parameter(&self, name: &str) -> Result<Value, Trouble> {
        match self.given.iter().find(|(own, _)| own.eq_ignore_ascii_case(name)) {
            Some((_, value)) => Ok(value.clone()),
            None => Err(Trouble::Language(format!(
                "The template parameter '{name}' is not found. Please see https://aka.ms/arm-template/#parameters for usage \
                 details."
            ))),
        }
    }

    fn variable(&self, _name: &str) -> Result<Value, Trouble> {
        Err(Trouble::misplaced("variables"))
    }

    fn copy_index(&self, _name: Option<&str>) -> Result<i64, Trouble> {
        Err(Trouble::misplaced("copyIndex"))
    }

    fn user_function(&self, namespace: &str, name: &str) -> Option<UserFunction> {
        self.outer.user_function(namespace, name)
    }

    fn ambient(&self, what: Ambient) -> Result<Value, Trouble> {
        self.outer.ambient(what)
    }

    fn now(&self) -> Time {
        self.outer.now()
    }

    fn new_guid(&self) -> String {
        self.outer.new_guid()
    }

    fn reference(&self, reading: &Reading<'_>) -> Result<Value, Trouble> {
        Err(Trouble::misplaced(reading.function))
    }

    fn references(&self, reading: &Reading<'_>) -> Result<Value, Trouble> {
        Err(Trouble::misplaced(reading.function))
    }

    fn list(&self, reading: &Reading<'_>) -> Result<Value, Trouble> {
        Err(Trouble::misplaced(reading.function))
    }
}
