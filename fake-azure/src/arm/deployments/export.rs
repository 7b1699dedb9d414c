//! A template of what is in a group (ARM 7.9, Export): what was asked for, names as parameters, references as `resourceId`.

use std::collections::BTreeSet;
use std::sync::Arc;

use fake_azure_cloud::catalogue::{api_versions, providers};
use fake_azure_cloud::descriptor::WriteVerb;
use fake_azure_cloud::{Answer as Answers, ApiVersion, Key, Kind, Resource, ResourceId, View};
use serde_json::{Map, Value, json};

use super::expression::escaped;
use super::plan::Target;
use crate::Sandbox;

/// `{"template": ..}`, with an error for what was named and is not there.
pub(crate) fn group(sandbox: &Sandbox, target: &Target, wish: &Value) -> Value {
    let id = ResourceId::group(target.subscription, target.group.as_deref().unwrap_or(""));
    let options = wish.get("options").and_then(Value::as_str).unwrap_or("").to_lowercase();
    let wanted: Vec<String> = wish
        .get("resources")
        .and_then(Value::as_array)
        .map(|ids| ids.iter().filter_map(|id| id.as_str().map(str::to_lowercase)).collect())
        .unwrap_or_default();
    let takes_all = wanted.is_empty() || wanted.iter().any(|id| id == "*");

    let mut chosen: Vec<Arc<Resource>> = Vec::new();
    if let Some(group) = sandbox.cloud.store().find(id.folded()) {
        collect(sandbox, group.key, &mut chosen);
    }
    let is_wanted = |resource: &Resource| {
        takes_all
            || wanted
                .iter()
                .any(|id| *id == *resource.folded || resource.folded.starts_with(&format!("{id}/")))
    };
    // Parts that nobody can write alone stand in the resource that they are a part of, and nowhere else.
    chosen.retain(|resource| is_wanted(resource) && is_written_alone(resource.kind));
    let missing: Vec<&String> = wanted
        .iter()
        .filter(|id| *id != "*" && !chosen.iter().any(|resource| **id == *resource.folded))
        .collect();

    let export = Export {
        sandbox,
        chosen: &chosen,
        has_comments: options.contains("includecomments"),
        names_are_literal: options.contains("skipallparameterization")
            || options.contains("skipresourcenameparameterization"),
    };
    let mut parameters = Map::new();
    for resource in chosen
        .iter()
        .filter(|resource| resource.kind.descriptor().parent.is_none() && !export.names_are_literal)
    {
        let default = if options.contains("includeparameterdefaultvalue") {
            Value::from(resource.name.as_ref())
        } else {
            Value::Null
        };
        parameters.insert(
            export.parameter(resource),
            json!({ "defaultValue": default, "type": "String" }),
        );
    }
    let resources: Vec<Value> = chosen.iter().map(|resource| export.resource(resource)).collect();
    let template = json!({
        "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
        "contentVersion": "1.0.0.0",
        "parameters": parameters,
        "variables": {},
        "resources": resources,
    });
    if missing.is_empty() {
        return json!({ "template": template });
    }
    let details: Vec<Value> = missing
        .iter()
        .map(|id| {
            json!({ "code": "ResourceNotFound", "target": id, "message": format!("The resource '{id}' could not be found in the resource group.") })
        })
        .collect();
    json!({
        "template": template,
        "error": {
            "code": "ExportTemplateCompletedWithErrors",
            "message": "Export template operation completed with errors. Some resources were not exported. Please see details for more information.",
            "details": details,
        },
    })
}

fn collect(sandbox: &Sandbox, parent: Key, found: &mut Vec<Arc<Resource>>) {
    for child in sandbox.cloud.store().all_children(parent) {
        found.push(Arc::clone(child));
        collect(sandbox, child.key, found);
    }
}

struct Export<'a> {
    sandbox: &'a Sandbox,
    chosen: &'a [Arc<Resource>],
    has_comments: bool,
    /// `SkipResourceNameParameterization`, `SkipAllParameterization`.
    names_are_literal: bool,
}

impl Export<'_> {
    /// `virtualNetworks_VNet1_name`.
    fn parameter(&self, resource: &Resource) -> String {
        let name: String = resource
            .name
            .chars()
            .map(|c| if c.is_alphanumeric() { c } else { '_' })
            .collect();
        format!("{}_{name}_name", resource.kind.descriptor().collection())
    }

    /// From the root of a child down to it.
    fn chain(&self, resource: &Arc<Resource>) -> Vec<Arc<Resource>> {
        let mut chain = vec![Arc::clone(resource)];
        while let Some(last) = chain.last().filter(|last| last.kind.descriptor().parent.is_some()) {
            match self.sandbox.cloud.store().get(last.parent) {
                Some(parent) => chain.push(Arc::clone(parent)),
                None => break,
            }
        }
        chain.reverse();
        chain
    }

    fn is_chosen(&self, key: Key) -> bool {
        self.chosen.iter().any(|own| own.key == key)
    }

    /// The arguments of a name: a parameter for the root, texts for the rest.
    fn names(&self, resource: &Arc<Resource>) -> Vec<String> {
        let quoted = |text: &str| format!("'{}'", text.replace('\'', "''"));
        self.chain(resource)
            .iter()
            .enumerate()
            .map(|(at, own)| {
                if at == 0 && !self.names_are_literal {
                    format!("parameters('{}')", self.parameter(own))
                } else {
                    quoted(&own.name)
                }
            })
            .collect()
    }

    fn name(&self, resource: &Arc<Resource>) -> String {
        if self.names_are_literal {
            let names: Vec<String> = self.chain(resource).iter().map(|own| own.name.to_string()).collect();
            return escaped(&names.join("/")).into_owned();
        }
        let names = self.names(resource);
        match names.split_first() {
            Some((root, [])) => format!("[{root}]"),
            Some((root, rest)) => {
                let rest: Vec<String> = rest
                    .iter()
                    .map(|name| format!("/{}", name.trim_matches('\'')))
                    .collect();
                format!("[concat({root}, '{}')]", rest.concat())
            }
            None => String::new(),
        }
    }

    /// The id of a resource: an expression, where the template has it.
    fn reference(&self, key: Key) -> String {
        match self.sandbox.cloud.store().get(key) {
            Some(target) if self.chain(target).first().is_some_and(|root| self.is_chosen(root.key)) => {
                format!(
                    "[resourceId('{}', {})]",
                    target.kind.descriptor().name,
                    self.names(target).join(", ")
                )
            }
            _ => self.sandbox.cloud.id(key),
        }
    }

    /// Writes references into a document, and the children that can stand inside it; gathers what it waits for.
    fn body(&self, whole: &Arc<Resource>, resource: &Arc<Resource>, needs: &mut BTreeSet<String>, echo: &mut Value) {
        let descriptor = resource.kind.descriptor();
        *echo = literal(&resource.echo);
        for edge in resource.edges.iter() {
            let reference = self.reference(edge.target);
            let rule = &descriptor.refs[usize::from(edge.rule)];
            if let Some(place) = echo.pointer_mut(&edge.at) {
                match place {
                    _ if rule.bare => *place = Value::from(reference.as_str()),
                    Value::Object(members) if rule.keeps_members => {
                        members.insert("id".to_owned(), Value::from(reference.as_str()));
                    }
                    _ => *place = json!({ "id": reference }),
                }
            }
            self.add_need(whole, edge.target, needs);
        }
        for row in descriptor.inline {
            let mut parts = Vec::new();
            let children = self.sandbox.cloud.store().children(resource.key, row.kind);
            for child in children.filter(|child| !self.joins_equals(child)) {
                let mut part = Value::Null;
                self.body(whole, child, needs, &mut part);
                if let Some(members) = part.as_object_mut() {
                    members.shift_remove("name");
                    members.shift_insert(0, "name".to_owned(), Value::from(child.name.as_ref()));
                }
                parts.push(part);
            }
            let (holder, member) = row.path.rsplit_once('/').unwrap_or(("", row.path));
            if let Some(members) = echo.pointer_mut(holder).and_then(Value::as_object_mut) {
                members.insert(member.to_owned(), Value::Array(parts));
            }
        }
    }

    /// Waits for what a resource refers to, or for what that is a part of; a resource waits for none of its own parts.
    fn add_need(&self, resource: &Arc<Resource>, target: Key, needs: &mut BTreeSet<String>) {
        let store = self.sandbox.cloud.store();
        let mut written = store.get(target);
        while let Some(part) = written.filter(|own| !self.is_chosen(own.key) && own.kind.descriptor().parent.is_some())
        {
            written = store.get(part.parent);
        }
        let Some(written) = written.filter(|own| self.is_chosen(own.key)) else {
            return;
        };
        let is_own = self.chain(written).iter().any(|own| own.key == resource.key);
        if !is_own {
            needs.insert(self.reference(written.key));
            let root = |resource: &Arc<Resource>| self.chain(resource).first().map(|root| root.key);
            if let Some(other) = root(written).filter(|other| Some(*other) != root(resource)) {
                // A part that is written holds its parent, and with it all other parts (ARM 2.6).
                self.add_parts(other, needs);
            }
        }
    }

    /// Whether a part of a resource refers to another resource of the same type, as the peering of a network does: written inside
    /// its parent, each of the two would wait for the other. It stands beside them alone.
    fn joins_equals(&self, part: &Arc<Resource>) -> bool {
        let root = |resource: &Arc<Resource>| self.chain(resource).first().map(|root| (root.key, root.kind));
        let own = root(part);
        part.edges.iter().any(|edge| {
            let target = self.sandbox.cloud.store().get(edge.target);
            match (own, target.and_then(root)) {
                (Some((own, kind)), Some((other, other_kind))) => own != other && kind == other_kind,
                _ => false,
            }
        })
    }

    /// Whoever waits for a resource waits for its parts, too: they are written as resources of their own.
    fn add_parts(&self, key: Key, needs: &mut BTreeSet<String>) {
        let Some(target) = self.sandbox.cloud.store().get(key) else {
            return;
        };
        for row in target.kind.descriptor().inline {
            for child in self
                .sandbox
                .cloud
                .store()
                .children(key, row.kind)
                .filter(|child| self.is_chosen(child.key) && !self.joins_equals(child))
            {
                needs.insert(self.reference(child.key));
            }
        }
    }

    fn resource(&self, resource: &Arc<Resource>) -> Value {
        let descriptor = resource.kind.descriptor();
        let mut echo = Value::Null;
        let mut needs: BTreeSet<String> = BTreeSet::new();
        if descriptor.parent.is_some() {
            needs.insert(self.reference(resource.parent));
        }
        self.body(resource, resource, &mut needs, &mut echo);

        let versions = providers::find_type(descriptor.name).map_or(&[][..], |row| row.versions);
        let mut members = Map::new();
        if self.has_comments {
            let id = self.sandbox.cloud.id(resource.key);
            members.insert(
                "comments".to_owned(),
                Value::from(format!("Generalized from resource: '{id}'.")),
            );
        }
        members.insert("type".to_owned(), Value::from(descriptor.name));
        members.insert(
            "apiVersion".to_owned(),
            Value::from(api_versions::newest(versions).unwrap_or("2021-04-01")),
        );
        members.insert("name".to_owned(), Value::from(self.name(resource)));
        for (name, value) in echo.as_object().into_iter().flatten() {
            let is_own = ["id", "name", "type", "etag", "apiVersion"].contains(&name.as_str());
            if !is_own && !value.is_null() {
                members.insert(name.clone(), value.clone());
            }
        }
        // What an older version says elsewhere, the newest one says here (ARM 8.7: `accountType` is the SKU).
        let view = View {
            version: ApiVersion::NEWEST,
            answer: Answers::Read,
            expand: "",
        };
        let shown = self.sandbox.cloud.document(resource, &view);
        for name in ["sku", "kind"] {
            if let Some(value) = shown.get(name).filter(|_| descriptor.parent.is_none()) {
                members.entry(name).or_insert_with(|| literal(value));
            }
        }
        if !needs.is_empty() {
            members.insert(
                "dependsOn".to_owned(),
                Value::Array(needs.into_iter().map(Value::from).collect()),
            );
        }
        Value::Object(members)
    }
}

/// Whether a type can be put by itself.
fn is_written_alone(kind: Kind) -> bool {
    let mut verbs = kind.descriptor().writes.iter().map(|row| row.verb);
    verbs.any(|verb| verb == WriteVerb::PutNew)
}

/// A document in which no text is an expression.
fn literal(value: &Value) -> Value {
    match value {
        Value::String(text) => Value::from(escaped(text).into_owned()),
        Value::Array(items) => Value::Array(items.iter().map(literal).collect()),
        Value::Object(members) => Value::Object(
            members
                .iter()
                .map(|(name, value)| (escaped(name).into_owned(), literal(value)))
                .collect(),
        ),
        plain => plain.clone(),
    }
}
