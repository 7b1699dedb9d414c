//! What names mean in a template: its parameters, variables, loops and functions, and what is around the deployment.

use std::cell::RefCell;
use std::collections::BTreeMap;

use fake_azure_cloud::Time;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::expression::{Ambient, Evaluator, Reading, Scope, Trouble, UserFunction};
use super::template::{Template, member};
use super::violation::words;

/// What a copy may count (ARM 4.3).
pub(crate) const COPIES_MAX: i64 = 800;

/// What is around a deployment.
#[derive(Clone, Debug)]
pub(crate) struct World {
    /// `subscription()`.
    pub(crate) subscription: Value,
    /// `resourceGroup()`; none at a subscription.
    pub(crate) resource_group: Option<Value>,
    /// `deployment()`.
    pub(crate) deployment: Value,
    /// `tenant()`.
    pub(crate) tenant: Value,
    /// `environment()`.
    pub(crate) environment: Value,
    /// `deployer()`.
    pub(crate) deployer: Value,
    /// When the deployment was accepted: `utcNow()`.
    pub(crate) now: Time,
    /// What `newGuid()` follows from.
    pub(crate) correlation: String,
}

/// Where an expression stands: decides which functions may stand there (ARM 7.5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Site {
    /// The default of a parameter.
    ParameterDefault,
    /// A variable.
    Variable,
    /// Name, type, condition and the like of a resource: what is known before anything is sent.
    Head,
    /// The rest of a resource: what may wait until it is sent.
    Body,
    /// An output.
    Output,
}

/// An iteration of a loop.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct CopyIndex {
    /// The loop's name.
    pub(crate) name: String,
    /// Counted from zero.
    pub(crate) index: i64,
    /// Whether it is the loop of a resource, which `copyIndex()` alone means.
    pub(crate) of_resource: bool,
}

/// What `reference` and `list*` read.
pub(crate) trait Reads {
    /// `reference`.
    fn reference(&self, reading: &Reading<'_>) -> Result<Value, Trouble>;
    /// `references`.
    fn references(&self, reading: &Reading<'_>) -> Result<Value, Trouble>;
    /// `list*`.
    fn list(&self, reading: &Reading<'_>) -> Result<Value, Trouble>;
}

/// Reads nothing: the deployment does not run yet.
pub(crate) struct Unread;

impl Reads for Unread {
    fn reference(&self, _reading: &Reading<'_>) -> Result<Value, Trouble> {
        Err(Trouble::Later)
    }

    fn references(&self, _reading: &Reading<'_>) -> Result<Value, Trouble> {
        Err(Trouble::Later)
    }

    fn list(&self, _reading: &Reading<'_>) -> Result<Value, Trouble> {
        Err(Trouble::Later)
    }
}

/// A value that is being found, or is found.
#[derive(Clone, Debug)]
enum Lazy {
    Busy,
    Done(Value),
}

/// A template with its parameters in a world.
pub(crate) struct Context<'a> {
    /// What is around.
    pub(crate) world: &'a World,
    /// The template.
    pub(crate) template: &'a Template,
    parameters: RefCell<BTreeMap<String, Value>>,
    variables: RefCell<BTreeMap<String, Lazy>>,
    defaults: RefCell<Vec<String>>,
}

impl<'a> Context<'a> {
    /// With the values of parameters that are known.
    pub(crate) fn new(
        world: &'a World,
        template: &'a Template,
        parameters: impl IntoIterator<Item = (String, Value)>,
    ) -> Context<'a> {
        let parameters = parameters
            .into_iter()
            .map(|(name, value)| (name.to_lowercase(), value))
            .collect();
        Context {
            world,
            template,
            parameters: RefCell::new(parameters),
            variables: RefCell::default(),
            defaults: RefCell::default(),
        }
    }

    /// A scope at a site.
    pub(crate) fn scope<'c>(&'c self, site: Site, copies: &'c [CopyIndex], reads: &'c dyn Reads) -> TemplateScope<'c> {
        TemplateScope {
            context: self,
            site,
            copies: copies.to_vec(),
            reads,
        }
    }

    /// The value of a parameter that was not given: its default.
    ///
    /// # Errors
    ///
    /// When it has none, or one that has no value.
    pub(crate) fn parameter(&self, name: &str) -> Result<Value, Trouble> {
        let folded = name.to_lowercase();
        if let Some(value) = self.parameters.borrow().get(&folded) {
            return Ok(value.clone());
        }
        let not_found = || {
            Trouble::Language(format!(
                "The template parameter '{name}' is not found. Please see https://aka.ms/arm-template/#parameters for usage \
                 details."
            ))
        };
        let declared = self.template.declared(name).ok_or_else(not_found)?;
        let Some(default) = member(&declared, "defaultValue") else {
            if member(&declared, "nullable") == Some(&Value::Bool(true)) {
                return Ok(Value::Null);
            }
            return Err(not_found());
        };
        if self.defaults.borrow().contains(&folded) {
            return Err(Trouble::Language(format!(
                "The template parameter '{name}' has a circular reference to itself in its default value."
            )));
        }
        self.defaults.borrow_mut().push(folded.clone());
        let scope = self.scope(Site::ParameterDefault, &[], &Unread);
        let value = Evaluator::new(&scope).document(default);
        self.defaults.borrow_mut().pop();
        let value = value?;
        self.parameters.borrow_mut().insert(folded, value.clone());
        Ok(value)
    }

    /// The value of a variable, found once.
    pub(crate) fn variable(&self, name: &str) -> Result<Value, Trouble> {
        let folded = name.to_lowercase();
        match self.variables.borrow().get(&folded) {
            Some(Lazy::Done(value)) => return Ok(value.clone()),
            Some(Lazy::Busy) => {
                return Err(Trouble::Language(format!(
                    "The template variable '{name}' is not valid: it has a circular reference to itself."
                )));
            }
            None => {}
        }
        let Some((own, input, is_copy)) = self.variable_input(name) else {
            return Err(Trouble::Language(format!(
                "The template variable '{name}' is not found. Please see https://aka.ms/arm-template/#variables for usage details."
            )));
        };
        self.variables.borrow_mut().insert(folded.clone(), Lazy::Busy);
        let walker = Walker {
            context: self,
            site: Site::Variable,
            reads: &Unread,
            keeps_later: false,
        };
        let value = if is_copy {
            walker.copied(&input, &[]).map(|(_, value)| value)
        } else {
            walker.document(&input, &[])
        };
        match value {
            Ok(value) => {
                self.variables.borrow_mut().insert(folded, Lazy::Done(value.clone()));
                Ok(value)
            }
            Err(trouble) => {
                self.variables.borrow_mut().remove(&folded);
                Err(match trouble {
                    Trouble::Language(inner) if !inner.starts_with("The template variable ") => {
                        Trouble::Language(format!(
                            "The template variable '{own}' is not valid: {inner}. Please see \
                         https://aka.ms/arm-template-expressions for usage details."
                        ))
                    }
                    other => other,
                })
            }
        }
    }

    /// What is written for a variable, and whether that is a loop of `copy`.
    fn variable_input(&self, name: &str) -> Option<(String, Value, bool)> {
        let all = self.template.members("variables")?;
        if let Some((own, input)) = all
            .iter()
            .find(|(own, input)| own.eq_ignore_ascii_case(name) && !is_loops(own, input))
        {
            return Some((own.clone(), input.clone(), false));
        }
        let loops = all.iter().find(|(own, input)| is_loops(own, input))?.1.as_array()?;
        let own = loops.iter().find(|row| {
            member(row, "name")
                .and_then(Value::as_str)
                .is_some_and(|own| own.eq_ignore_ascii_case(name))
        })?;
        Some((name.to_owned(), own.clone(), true))
    }

    /// Every variable's name.
    pub(crate) fn variable_names(&self) -> Vec<String> {
        let mut names = Vec::new();
        for (name, input) in self.template.members("variables").into_iter().flatten() {
            if is_loops(name, input) {
                let rows = input.as_array().into_iter().flatten();
                names.extend(rows.filter_map(|row| member(row, "name").and_then(Value::as_str).map(str::to_owned)));
            } else {
                names.push(name.clone());
            }
        }
        names
    }
}

/// Whether a member is the array of loops that `copy` means.
fn is_loops(name: &str, input: &Value) -> bool {
    name.eq_ignore_ascii_case("copy")
        && input.as_array().is_some_and(|rows| {
            !rows.is_empty()
                && rows
                    .iter()
                    .all(|row| member(row, "name").is_some() && member(row, "count").is_some())
        })
}

/// The scope of an expression in a template.
pub(crate) struct TemplateScope<'c> {
    context: &'c Context<'c>,
    site: Site,
    copies: Vec<CopyIndex>,
    reads: &'c dyn Reads,
}

impl Scope for TemplateScope<'_> {
    fn allows(&self, function: &str) -> bool {
        let is_reading = matches!(function, "reference" | "references") || super::expression::is_list(function);
        match self.site {
            Site::ParameterDefault => !is_reading && function != "variables",
            Site::Variable | Site::Head => !is_reading && !matches!(function, "utcnow" | "newguid"),
            Site::Body | Site::Output => !matches!(function, "utcnow" | "newguid"),
        }
    }

    fn parameter(&self, name: &str) -> Result<Value, Trouble> {
        self.context.parameter(name)
    }

    fn variable(&self, name: &str) -> Result<Value, Trouble> {
        self.context.variable(name)
    }

    fn copy_index(&self, name: Option<&str>) -> Result<i64, Trouble> {
        let found = match name {
            Some(name) => self
                .copies
                .iter()
                .rev()
                .find(|copy| copy.name.eq_ignore_ascii_case(name)),
            None => self.copies.iter().rev().find(|copy| copy.of_resource),
        };
        match found {
            Some(copy) => Ok(copy.index),
            None => Err(Trouble::Language(
                "The template function 'copyIndex' is not expected at this location. The function can only be used in a resource \
                 with copy specified. Please see https://aka.ms/arm-copy for usage details."
                    .to_owned(),
            )),
        }
    }

    fn user_function(&self, namespace: &str, name: &str) -> Option<UserFunction> {
        self.context.template.user_function(namespace, name)
    }

    fn ambient(&self, what: Ambient) -> Result<Value, Trouble> {
        let world = self.context.world;
        match what {
            Ambient::Subscription => Ok(world.subscription.clone()),
            Ambient::ResourceGroup => world
                .resource_group
                .clone()
                .ok_or_else(|| Trouble::misplaced("resourceGroup")),
            Ambient::Deployment => Ok(world.deployment.clone()),
            Ambient::Tenant => Ok(world.tenant.clone()),
            Ambient::ManagementGroup => Err(Trouble::misplaced("managementGroup")),
            Ambient::Environment => Ok(world.environment.clone()),
            Ambient::Deployer => Ok(world.deployer.clone()),
        }
    }

    fn now(&self) -> Time {
        self.context.world.now
    }

    fn new_guid(&self) -> String {
        let defaults = self.context.defaults.borrow().join("/");
        super::expression::hash::derived_guid(&[&self.context.world.correlation, "newGuid", &defaults]).to_string()
    }

    fn reference(&self, reading: &Reading<'_>) -> Result<Value, Trouble> {
        self.reads.reference(reading)
    }

    fn references(&self, reading: &Reading<'_>) -> Result<Value, Trouble> {
        self.reads.references(reading)
    }

    fn list(&self, reading: &Reading<'_>) -> Result<Value, Trouble> {
        self.reads.list(reading)
    }
}

/// Finds the value of whole documents, loops in them included.
pub(crate) struct Walker<'c> {
    /// The template and its world.
    pub(crate) context: &'c Context<'c>,
    /// Where the document stands.
    pub(crate) site: Site,
    /// What it may read.
    pub(crate) reads: &'c dyn Reads,
    /// Whether an expression that has no value yet is left as it is.
    pub(crate) keeps_later: bool,
}

impl Walker<'_> {
    /// The value of a document.
    ///
    /// # Errors
    ///
    /// That of the first expression without one.
    pub(crate) fn document(&self, document: &Value, copies: &[CopyIndex]) -> Result<Value, Trouble> {
        match document {
            Value::String(text) => {
                let scope = self.context.scope(self.site, copies, self.reads);
                match Evaluator::new(&scope).text(text) {
                    Err(Trouble::Later) if self.keeps_later => Ok(Value::from(text.as_str())),
                    found => found,
                }
            }
            Value::Array(items) => items
                .iter()
                .map(|item| self.document(item, copies))
                .collect::<Result<_, _>>()
                .map(Value::Array),
            Value::Object(members) => {
                let mut found = Map::with_capacity(members.len());
                for (name, value) in members {
                    if is_loops(name, value) {
                        for row in value.as_array().into_iter().flatten() {
                            let (name, value) = self.copied(row, copies)?;
                            found.insert(name, value);
                        }
                        continue;
                    }
                    let scope = self.context.scope(self.site, copies, self.reads);
                    let name = Evaluator::new(&scope).name(name)?;
                    found.insert(name, self.document(value, copies)?);
                }
                Ok(Value::Object(found))
            }
            plain => Ok(plain.clone()),
        }
    }

    /// A loop: `{"name", "count", "input"}` as the array that it means.
    pub(crate) fn copied(&self, row: &Value, copies: &[CopyIndex]) -> Result<(String, Value), Trouble> {
        let name = member(row, "name").and_then(Value::as_str).unwrap_or("").to_owned();
        let Some(input) = member(row, "input") else {
            return Err(Trouble::Language(format!(
                "The copy definition '{name}' is not valid: its property 'input' is required. Please see https://aka.ms/arm-copy \
                 for usage details."
            )));
        };
        let count = count_of(self.context, row, copies)?;
        let mut items = Vec::new();
        for index in 0..count {
            let mut inner = copies.to_vec();
            inner.push(CopyIndex {
                name: name.clone(),
                index,
                of_resource: self.site != Site::Body,
            });
            items.push(self.document(input, &inner)?);
        }
        let value = Value::Array(items);
        if !super::expression::is_size_within(&value) {
            return Err(Trouble::Language(format!(
                "The copy '{name}' is not valid: its value is larger than a template may be."
            )));
        }
        Ok((name, value))
    }
}

/// How often a loop runs.
///
/// # Errors
///
/// When its count is no number from 0 to 800.
pub(crate) fn count_of(context: &Context<'_>, row: &Value, copies: &[CopyIndex]) -> Result<i64, Trouble> {
    let name = member(row, "name").and_then(Value::as_str).unwrap_or("");
    let written = member(row, "count").unwrap_or(&Value::Null);
    let scope = context.scope(Site::Head, copies, &Unread);
    let count = Evaluator::new(&scope).document(written)?;
    match count.as_i64() {
        Some(count) if (0..=COPIES_MAX).contains(&count) => Ok(count),
        Some(count) => Err(Trouble::Language(format!(
            "The template copy '{name}' is not valid: the copy count must be between '0' and '{COPIES_MAX}', and is '{count}'. Please \
             see https://aka.ms/arm-copy for usage details."
        ))),
        None => Err(Trouble::Language(format!(
            "The template copy definition '{name}' is not valid: the copy count must be an integer, and is {count}. Please see \
             https://aka.ms/arm-copy for usage details."
        ))),
    }
}

/// The words of a trouble with an output (ARM 7.9).
pub(crate) fn output_words(name: &str, trouble: &Trouble) -> String {
    format!("The template output '{name}' is not valid: {}.", words(trouble))
}
