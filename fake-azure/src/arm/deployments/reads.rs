//! `reference` and `list*` while a deployment runs (ARM 7.7).

use std::cell::RefCell;

use fake_azure_cloud::{Answer as Answers, ApiVersion, Call, CloudError, Outcome, ResourceId, View};
use http::Uri;
use serde_json::{Map, Value, json};

use super::errand;
use super::expression::{Reading, Trouble};
use super::plan::{Planned, Target, find};
use super::record::{self, Deployment, Subject};
use super::render;
use super::scope::Reads;
use crate::Sandbox;
use crate::arm::{encode, route};

/// Reads for a deployment that runs, or for one that is tried out in a copy of the cloud.
pub(crate) struct Live<'a> {
    sandbox: RefCell<&'a mut Sandbox>,
    planned: &'a [Planned],
    target: &'a Target,
    base: &'a str,
    /// What was read or asked of resources outside of the template: `Read` and `Action` among the operations.
    pub(crate) log: RefCell<Vec<(&'static str, Subject)>>,
}

impl<'a> Live<'a> {
    /// For a deployment.
    pub(crate) fn new(sandbox: &'a mut Sandbox, deployment: &'a Deployment) -> Live<'a> {
        Live::of(sandbox, &deployment.planned, &deployment.target, &deployment.base)
    }

    /// For the resources of a template that goes to a scope; `base` is the address of the server.
    pub(crate) fn of(sandbox: &'a mut Sandbox, planned: &'a [Planned], target: &'a Target, base: &'a str) -> Live<'a> {
        Live {
            sandbox: RefCell::new(sandbox),
            planned,
            target,
            base,
            log: RefCell::default(),
        }
    }

    fn uri(&self) -> Uri {
        self.base.parse().unwrap_or_default()
    }

    /// The resource of the template that a name means. One that its condition holds back counts as none of the template's: by its
    /// id and a version it is read all the same (DOCS templates/conditional-resource-deployment.md).
    fn own(&self, reading: &Reading<'_>) -> Result<Option<&'a Planned>, Trouble> {
        let found = find(self.planned, reading.target, self.target);
        match found.as_slice() {
            [] => Ok(None),
            [one] => Ok(Some(&self.planned[*one]).filter(|own| own.condition)),
            _ => Err(not_found(reading.target)),
        }
    }

    fn full(&self, own: Option<&Planned>, id: &str, version: &str, document: &Value, full: bool) -> Value {
        if !full {
            return document.get("properties").cloned().unwrap_or_else(|| json!({}));
        }
        let mut members = Map::new();
        members.insert("apiVersion".to_owned(), Value::from(version));
        for name in [
            "location",
            "sku",
            "kind",
            "identity",
            "plan",
            "zones",
            "tags",
            "properties",
        ] {
            if let Some(value) = document.get(name) {
                members.insert(name.to_owned(), value.clone());
            }
        }
        let segments: Vec<&str> = id.split('/').collect();
        let after = |word: &str| {
            let at = segments.iter().position(|own| own.eq_ignore_ascii_case(word))?;
            segments.get(at + 1).copied()
        };
        let short = segments
            .iter()
            .position(|own| own.eq_ignore_ascii_case("providers"))
            .map(|at| segments[at + 1..].join("/"));
        members.insert(
            "subscriptionId".to_owned(),
            Value::from(after("subscriptions").unwrap_or("")),
        );
        members.insert(
            "resourceGroupName".to_owned(),
            Value::from(after("resourceGroups").unwrap_or("")),
        );
        members.insert("scope".to_owned(), Value::from(""));
        members.insert(
            "resourceId".to_owned(),
            Value::from(short.unwrap_or_else(|| id.to_owned())),
        );
        members.insert("referenceApiVersion".to_owned(), Value::from(version));
        members.insert("condition".to_owned(), Value::Bool(true));
        members.insert("isConditionTrue".to_owned(), Value::Bool(true));
        members.insert("isTemplateResource".to_owned(), Value::Bool(own.is_some()));
        members.insert("isAction".to_owned(), Value::Bool(false));
        members.insert(
            "provisioningOperation".to_owned(),
            Value::from(if own.is_some() { "Create" } else { "Read" }),
        );
        Value::Object(members)
    }

    /// The document of a resource, or of a deployment.
    fn document(&self, id: &str, version: &str) -> Result<Value, Trouble> {
        if let Some((target, name)) = render::deployment_of_id(id) {
            let sandbox = self.sandbox.borrow();
            return match record::find(&sandbox.cloud, &target, &name) {
                Some(found) => Ok(render::document(&found, version_of(version), sandbox.era())),
                None => Err(Trouble::Refused(Box::new(
                    CloudError::of(&super::forms::NOT_FOUND).with("name", name),
                ))),
            };
        }
        if errand::is_laid_over(id) {
            let read = errand::read(&mut self.sandbox.borrow_mut(), id, version);
            return read.map_err(|error| Trouble::Refused(Box::new(error)));
        }
        let parsed = parse_id(id, version)?;
        let mut sandbox = self.sandbox.borrow_mut();
        let reply = sandbox
            .cloud
            .apply(&Call::Get { id: parsed })
            .map_err(|error| Trouble::Refused(Box::new(error)))?;
        let Outcome::Found(resource) = reply.outcome else {
            return Err(not_found(id));
        };
        let view = View {
            version: version_of(version),
            answer: Answers::Read,
            expand: "",
        };
        Ok(encode::document_at(&sandbox, &self.uri(), &resource, &view))
    }
}

fn version_of(text: &str) -> ApiVersion {
    ApiVersion::parse(text).unwrap_or(ApiVersion::NEWEST)
}

fn parse_id(id: &str, version: &str) -> Result<ResourceId, Trouble> {
    ResourceId::parse(id).map_err(|_| {
        let after = id.split_once("/providers/").map_or("", |(_, rest)| rest);
        let mut segments = after.split('/');
        let mut chain = vec![segments.next().unwrap_or("")];
        chain.extend(segments.step_by(2));
        Trouble::Refused(Box::new(route::no_such_type(&chain, version)))
    })
}

fn not_found(target: &str) -> Trouble {
    Trouble::Language(format!(
        "The template reference '{target}' is not valid: could not find template resource or resource copy with this name. Please see \
         https://aka.ms/arm-function-reference for usage details."
    ))
}

impl Reads for Live<'_> {
    fn reference(&self, reading: &Reading<'_>) -> Result<Value, Trouble> {
        let own = self.own(reading)?;
        let (id, version) = match (own, reading.version) {
            (Some(own), version) => (own.id.clone(), version.unwrap_or(&own.version).to_owned()),
            (None, Some(version)) if reading.target.starts_with('/') => (reading.target.to_owned(), version.to_owned()),
            (None, _) => return Err(not_found(reading.target)),
        };
        let document = self.document(&id, &version)?;
        if own.is_none() {
            self.log.borrow_mut().push(("Read", subject_of(&id)));
        }
        Ok(self.full(own, &id, &version, &document, reading.full))
    }

    fn references(&self, reading: &Reading<'_>) -> Result<Value, Trouble> {
        let found = find(self.planned, reading.target, self.target);
        if found.is_empty() {
            return Err(not_found(reading.target));
        }
        let mut items = Vec::new();
        for own in found
            .into_iter()
            .map(|index| &self.planned[index])
            .filter(|own| own.condition)
        {
            let document = self.document(&own.id, &own.version)?;
            items.push(self.full(Some(own), &own.id, &own.version, &document, reading.full));
        }
        Ok(Value::Array(items))
    }

    fn list(&self, reading: &Reading<'_>) -> Result<Value, Trouble> {
        let own = self.own(reading)?;
        let (id, version) = match (own, reading.version) {
            (Some(own), version) => (own.id.clone(), version.unwrap_or(&own.version).to_owned()),
            (None, Some(version)) if reading.target.starts_with('/') => (reading.target.to_owned(), version.to_owned()),
            (None, _) => return Err(not_found(reading.target)),
        };
        let call = Call::Act {
            id: parse_id(&id, &version)?,
            action: reading.function.into(),
            document: reading.body.clone().unwrap_or_else(|| json!({})),
            version: version_of(&version),
        };
        let reply = self
            .sandbox
            .borrow_mut()
            .cloud
            .apply(&call)
            .map_err(|error| Trouble::Refused(Box::new(error)))?;
        self.log.borrow_mut().push(("Action", subject_of(&id)));
        match reply.outcome {
            Outcome::Acted(Some(output)) => Ok(output),
            _ => Ok(json!({})),
        }
    }
}

/// An id as operations name what they are about.
pub(crate) fn subject_of(id: &str) -> Subject {
    let after = id.rsplit_once("/providers/").map_or("", |(_, rest)| rest);
    let mut segments = after.split('/');
    let mut kind = segments.next().unwrap_or("").to_owned();
    let mut names = Vec::new();
    while let (Some(segment), Some(name)) = (segments.next(), segments.next()) {
        kind.push('/');
        kind.push_str(segment);
        names.push(name);
    }
    if names.is_empty() {
        let group = id.rsplit('/').next().unwrap_or("").to_owned();
        return Subject {
            id: id.to_owned(),
            kind: "Microsoft.Resources/resourceGroups".to_owned(),
            name: group,
        };
    }
    Subject {
        id: id.to_owned(),
        kind,
        name: names.join("/"),
    }
}
