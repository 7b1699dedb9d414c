//! From an order to a deployment that can run: templates and parameters fetched, judged and expanded (ARM 7.5, stage 1).

use fake_azure_cloud::{CloudError, Guid, ResourceId};
use serde_json::{Map, Value, json};

use super::expression::{Evaluator, Trouble, inside, parse};
use super::forms;
use super::lenient::{self, Places, pointer_segment};
use super::nested;
use super::plan::{Planned, Target, plan, written};
use super::record::Given;
use super::request::Order;
use super::rollback::Rollback;
use super::scope::{Context, Site, Unread, Walker, World};
use super::template::{Kind, Template, member};
use super::violation::{Source, Violation, words};
use super::world::{self, Facts};
use crate::Sandbox;

/// How many deployments one may stand inside of (ARM 4.3).
pub(crate) const DEPTH_MAX: u32 = 5;

/// Why an order is refused.
#[derive(Clone, Debug)]
pub(crate) enum Refused {
    /// An error of the gateway.
    Error(Box<CloudError>),
    /// A template that is wrong.
    Template(Violation),
}

impl From<CloudError> for Refused {
    fn from(error: CloudError) -> Refused {
        Refused::Error(Box::new(error))
    }
}

impl From<Violation> for Refused {
    fn from(violation: Violation) -> Refused {
        Refused::Template(violation)
    }
}

impl Refused {
    /// What stands in `error`.
    pub(crate) fn body(&self) -> Value {
        match self {
            Refused::Error(error) => crate::arm::error::body(error, error.by, true),
            Refused::Template(violation) => violation.body(true),
        }
    }

    /// The status.
    pub(crate) fn status(&self) -> u16 {
        match self {
            Refused::Error(error) => crate::arm::error::status(error),
            Refused::Template(_) => 400,
        }
    }
}

/// Who orders what.
#[derive(Clone, Debug)]
pub(crate) struct Commission<'a> {
    pub(crate) target: &'a Target,
    pub(crate) name: &'a str,
    pub(crate) order: &'a Order,
    pub(crate) base: &'a str,
    pub(crate) deployer: &'a Value,
    pub(crate) correlation: Guid,
    /// How many deployments it is inside of.
    pub(crate) depth: u32,
    /// The address of the template that it stands in, when that was fetched.
    pub(crate) parent_link: Option<&'a str>,
}

impl<'a> Commission<'a> {
    /// What holds for the deployments inside of one, of whom its template was fetched by this link.
    pub(crate) fn below(&self, template_link: Option<&'a Value>) -> Commission<'a> {
        let link = template_link
            .and_then(|link| member(link, "uri"))
            .and_then(Value::as_str);
        Commission {
            depth: self.depth + 1,
            parent_link: link.or(self.parent_link),
            ..self.clone()
        }
    }
}

/// An order that can run.
#[derive(Clone, Debug)]
pub(crate) struct Prepared {
    pub(crate) template: Template,
    pub(crate) template_link: Option<Value>,
    pub(crate) parameters_link: Option<Value>,
    pub(crate) rollback: Option<Rollback>,
    pub(crate) parameters: Vec<Given>,
    pub(crate) planned: Vec<Planned>,
    pub(crate) world: World,
    /// Deployments inside whose own orders are known already, by index.
    pub(crate) inner: Vec<(usize, Target, Prepared)>,
}

impl Prepared {
    /// The values of the parameters, for a context.
    pub(crate) fn values(&self) -> impl Iterator<Item = (String, Value)> + '_ {
        self.parameters
            .iter()
            .map(|given| (given.name.clone(), given.value.clone()))
    }
}

/// Judges and expands an order. Nothing is changed.
///
/// # Errors
///
/// The first thing that is wrong.
pub(crate) fn prepare(sandbox: &mut Sandbox, commission: &Commission<'_>) -> Result<Prepared, Refused> {
    let order = commission.order;
    if commission.depth > DEPTH_MAX {
        return Err(CloudError::of(&forms::TOO_DEEP)
            .with("name", commission.name)
            .with("limit", DEPTH_MAX)
            .into());
    }
    let written = order.on_error.as_ref();
    let rollback = written
        .map(|written| Rollback::read(sandbox, commission.target, commission.name, written))
        .transpose()?;
    let (document, places, template_link, prefix) = template_of(sandbox, commission)?;
    let source = Source {
        places: &places,
        prefix: &prefix,
    };
    let template = Template::check(document, &source)?;
    let (given, parameters_link) = parameters_of(sandbox, commission)?;

    let facts = |given: &[Given]| -> World {
        world::world(
            sandbox,
            &Facts {
                target: commission.target,
                name: commission.name,
                location: order.location.as_deref(),
                template: &template.document,
                template_link: template_link.as_ref(),
                mode: order.mode,
                given,
                base: commission.base,
                deployer: commission.deployer,
                correlation: commission.correlation,
                started: sandbox.cloud.now(),
            },
        )
    };
    let early = facts(&[]);
    let parameters = materialise(&template, &source, &early, &given)?;
    let world = facts(&parameters);
    let values: Vec<(String, Value)> = parameters
        .iter()
        .map(|given| (given.name.clone(), given.value.clone()))
        .collect();
    let context = Context::new(&world, &template, values);
    check_variables(&context, &source)?;
    let planned = plan(&context, &source, commission.target)?;
    check_bodies(&context, &planned)?;
    check_outputs(&template, &source)?;

    let mut inner = Vec::new();
    let below = commission.below(template_link.as_ref());
    for (index, own) in planned
        .iter()
        .enumerate()
        .filter(|(_, own)| own.is_deployment() && own.is_sent())
    {
        if let Some(prepared) = prepare_inner(sandbox, &context, own, &below)? {
            inner.push((index, own.target.clone(), prepared));
        }
    }
    Ok(Prepared {
        planned,
        parameters,
        parameters_link,
        template_link,
        rollback,
        world: world.clone(),
        inner,
        template: template.clone(),
    })
}

/// Judges and expands a deployment inside another; `None` where what it is to be is known only later: it reads what runs, or goes
/// into a group that is not there yet.
///
/// # Errors
///
/// The first thing that is wrong.
pub(crate) fn prepare_inner(
    sandbox: &mut Sandbox,
    context: &Context<'_>,
    own: &Planned,
    below: &Commission<'_>,
) -> Result<Option<Prepared>, Refused> {
    let has_home = own.target.group.is_none() || group_key(sandbox, &own.target).is_some();
    let Some(item) = written(context.template.resources(), &own.pointer).filter(|_| has_home) else {
        return Ok(None);
    };
    let document = match nested::document(context, item, &own.copies, &Unread) {
        Ok(document) => document,
        Err(Trouble::Later) => return Ok(None),
        Err(trouble) => {
            return Err(Violation::expressions(&own.id, own.place, &words(&trouble))
                .caused_by(&trouble)
                .into());
        }
    };
    let order = super::request::order(&document, Places::default())?;
    let commission = Commission {
        target: &own.target,
        name: &own.name,
        order: &order,
        ..below.clone()
    };
    prepare(sandbox, &commission).map(Some)
}

/// The template of an order: its own, or the one that it links to. With where things stand in it, and how it is linked.
fn template_of(
    sandbox: &mut Sandbox,
    commission: &Commission<'_>,
) -> Result<(Value, Places, Option<Value>, String), Refused> {
    let order = commission.order;
    match (&order.template, &order.template_link) {
        (Some(_), Some(_)) => Err(CloudError::of(&forms::TWO_TEMPLATES).into()),
        (None, None) => Err(CloudError::of(&forms::NO_TEMPLATE).into()),
        (Some(template), None) => Ok((
            template.clone(),
            order.places.clone(),
            None,
            order.template_pointer.clone(),
        )),
        (None, Some(link)) => {
            if let Some(id) = member(link, "id").and_then(Value::as_str) {
                return Err(CloudError::of(&forms::NO_TEMPLATE_SPEC).with("id", id).into());
            }
            let (document, places, uri) = fetch(sandbox, commission, link)?;
            let version = member(&document, "contentVersion").cloned().unwrap_or(Value::Null);
            if let Some(wanted) =
                member(link, "contentVersion").filter(|wanted| !wanted.is_null() && **wanted != version)
            {
                return Err(Violation::validation(format!(
                    "The template content version {version} does not match the version {wanted} of the template link. Please see \
                     https://aka.ms/arm-deploy for usage details."
                ))
                .into());
            }
            let mut shown = Map::new();
            shown.insert("uri".to_owned(), Value::from(uri));
            shown.insert("contentVersion".to_owned(), version);
            Ok((document, places, Some(Value::Object(shown)), String::new()))
        }
    }
}

/// A document that a link names.
fn fetch(sandbox: &mut Sandbox, commission: &Commission<'_>, link: &Value) -> Result<(Value, Places, String), Refused> {
    let Some(uri) = world::link_address(link, commission.parent_link) else {
        let shown = member(link, "relativePath")
            .or(member(link, "uri"))
            .and_then(Value::as_str)
            .unwrap_or("");
        return Err(CloudError::of(&forms::BAD_LINK)
            .with("uri", shown)
            .with("tracking", commission.correlation)
            .into());
    };
    let text = world::download(sandbox, &uri, commission.correlation)?;
    let (document, places) = lenient::read(&text).map_err(Violation::parse)?;
    Ok((document, places, uri))
}

/// What is given for the parameters, of the order and of the file that it links to.
fn parameters_of(
    sandbox: &mut Sandbox,
    commission: &Commission<'_>,
) -> Result<(Map<String, Value>, Option<Value>), Refused> {
    let order = commission.order;
    let Some(link) = &order.parameters_link else {
        return Ok((order.parameters.clone(), None));
    };
    let (document, _, uri) = fetch(sandbox, commission, link)?;
    let mut given = member(&document, "parameters")
        .and_then(Value::as_object)
        .cloned()
        .unwrap_or_default();
    given.extend(order.parameters.clone());
    let version = member(&document, "contentVersion").cloned().unwrap_or(Value::Null);
    Ok((given, Some(json!({ "uri": uri, "contentVersion": version }))))
}

/// The value of every parameter. Checks come in the order of ARM 7.4.
fn materialise(
    template: &Template,
    source: &Source<'_>,
    world: &World,
    given: &Map<String, Value>,
) -> Result<Vec<Given>, Refused> {
    let declared = template.parameters(source)?;
    let is_declared = |name: &&String| {
        declared
            .iter()
            .any(|parameter| parameter.name.eq_ignore_ascii_case(name))
    };
    let strangers: Vec<&str> = given
        .keys()
        .filter(|name| !is_declared(name))
        .map(String::as_str)
        .collect();
    if !strangers.is_empty() {
        let known: Vec<&str> = declared.iter().map(|parameter| parameter.name.as_str()).collect();
        return Err(Violation::validation(format!(
            "The template parameters '{}' in the parameters file are not valid; they are not present in the original template and can \
             therefore not be provided at deployment time. The only supported parameters for this template are '{}'. Please see \
             https://aka.ms/arm-deploy/#parameter-file for usage details.",
            strangers.join(", "),
            known.join(", ")
        ))
        .into());
    }

    let mut values: Vec<(String, Value)> = Vec::new();
    for parameter in &declared {
        let pointer = format!("/parameters/{}", pointer_segment(&parameter.name));
        let own = given
            .iter()
            .find(|(name, _)| name.eq_ignore_ascii_case(&parameter.name))
            .map(|(_, own)| own);
        if let Some(reference) = own
            .and_then(|own| member(own, "reference"))
            .filter(|reference| !reference.is_null())
        {
            let vault = member(reference, "keyVault")
                .and_then(|vault| member(vault, "id"))
                .and_then(Value::as_str)
                .unwrap_or("");
            return Err(CloudError::of(&forms::NO_VAULT).with("vault", vault).into());
        }
        let value = own.and_then(|own| member(own, "value"));
        match value {
            Some(Value::Null) | None if parameter.default.is_some() || parameter.nullable => {}
            None => {
                let (line, column) = parameter.place;
                return Err(Violation::validation(format!(
                    "The value for the template parameter '{}' at line '{line}' and column '{column}' is not provided. Please see \
                     https://aka.ms/arm-create-parameter-file for usage details.",
                    parameter.name
                ))
                .at(source, &pointer)
                .into());
            }
            Some(value) => {
                parameter
                    .check(value)
                    .map_err(|inner| Violation::validation(inner).at(source, &pointer))?;
                values.push((parameter.name.clone(), value.clone()));
            }
        }
    }

    let context = Context::new(world, template, values);
    let mut found = Vec::new();
    for parameter in &declared {
        let pointer = format!("/parameters/{}", pointer_segment(&parameter.name));
        let value = context.parameter(&parameter.name).map_err(|trouble| {
            let (line, column) = parameter.place;
            Violation::validation(format!(
                "The template resource '{}' at line '{line}' and column '{column}' is not valid: {}. Please see \
                 https://aka.ms/arm-template-expressions for usage details.",
                parameter.name,
                words(&trouble)
            ))
            .at(source, &pointer)
        })?;
        parameter
            .check(&value)
            .map_err(|inner| Violation::validation(inner).at(source, &pointer))?;
        found.push(Given {
            name: parameter.name.clone(),
            kind: parameter.kind,
            value,
        });
    }
    Ok(found)
}

fn check_variables(context: &Context<'_>, source: &Source<'_>) -> Result<(), Violation> {
    for name in context.variable_names() {
        context.variable(&name).map_err(|trouble| {
            Violation::validation(words(&trouble)).at(source, &format!("/variables/{}", pointer_segment(&name)))
        })?;
    }
    Ok(())
}

/// Every body must have a value, or get one when it is sent.
fn check_bodies(context: &Context<'_>, planned: &[Planned]) -> Result<(), Violation> {
    let walker = Walker {
        context,
        site: Site::Body,
        reads: &Unread,
        keeps_later: true,
    };
    for own in planned.iter().filter(|own| own.is_sent() && !own.is_deployment()) {
        let Some(item) = written(context.template.resources(), &own.pointer) else {
            continue;
        };
        body_with(&walker, item, own)
            .map_err(|trouble| Violation::expressions(&own.id, own.place, &words(&trouble)).caused_by(&trouble))?;
    }
    Ok(())
}

/// The members of a resource that the engine keeps to itself.
const OWN_MEMBERS: &[&str] = &[
    "apiVersion",
    "asserts",
    "comments",
    "condition",
    "copy",
    "dependsOn",
    "existing",
    "import",
    "metadata",
    "name",
    "resourceGroup",
    "resources",
    "scope",
    "subscriptionId",
    "type",
];

/// What is sent for a resource.
///
/// # Errors
///
/// When an expression in it has no value.
pub(crate) fn body_with(walker: &Walker<'_>, item: &Value, own: &Planned) -> Result<Value, Trouble> {
    let mut body = Map::new();
    for (name, value) in item.as_object().into_iter().flatten() {
        if !OWN_MEMBERS.iter().any(|other| other.eq_ignore_ascii_case(name)) {
            body.insert(name.clone(), walker.document(value, &own.copies)?);
        }
    }
    Ok(Value::Object(body))
}

/// Outputs are only read through: they get their values in the end.
fn check_outputs(template: &Template, source: &Source<'_>) -> Result<(), Violation> {
    fn read(value: &Value) -> Result<(), Trouble> {
        match value {
            Value::String(text) => inside(text).map_or(Ok(()), |inner| parse(inner).map(|_| ())),
            Value::Array(items) => items.iter().try_for_each(read),
            Value::Object(members) => members.values().try_for_each(read),
            _ => Ok(()),
        }
    }
    for (name, output) in template.members("outputs").into_iter().flatten() {
        let pointer = format!("/outputs/{}", pointer_segment(name));
        let (line, column) = source.place(&pointer);
        let wrong = |inner: &str| {
            Violation::validation(format!(
                "The template output '{name}' at line '{line}' and column '{column}' is not valid: {inner} Please see \
                 https://aka.ms/arm-template/#outputs for usage details."
            ))
            .at(source, &pointer)
        };
        let kind = member(output, "type").and_then(Value::as_str).unwrap_or("");
        if Kind::find(kind).is_none() && member(output, "$ref").is_none() {
            return Err(wrong(&format!("The type '{kind}' is not supported.")));
        }
        if member(output, "value").is_none() && member(output, "copy").is_none() {
            return Err(wrong("The output value property cannot be null or empty."));
        }
        read(output).map_err(|trouble| wrong(&words(&trouble)))?;
    }
    Ok(())
}

/// Whether a condition holds (outputs have them, too).
pub(crate) fn holds(context: &Context<'_>, condition: Option<&Value>) -> bool {
    let scope = context.scope(Site::Output, &[], &Unread);
    condition.is_none_or(|written| Evaluator::new(&scope).document(written) != Ok(Value::Bool(false)))
}

/// The key of a deployment's group, when it has one.
pub(crate) fn group_key(sandbox: &Sandbox, target: &Target) -> Option<fake_azure_cloud::Key> {
    let id = ResourceId::group(target.subscription, target.group.as_deref()?);
    sandbox.cloud.store().find(id.folded()).map(|group| group.key)
}
