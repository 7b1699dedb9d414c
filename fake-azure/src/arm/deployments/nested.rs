//! Deployments inside deployments (ARM 7.8): what is ordered of the inner one.
//!
//! With the scope `inner` a template goes in as it is. With the scope `outer`, which is the usual one, its expressions are those
//! of the template around it, and it goes in with their values in their places.

use serde_json::{Map, Value};

use super::expression::{Evaluator, Trouble, escaped};
use super::plan::DEPLOYMENTS;
use super::scope::{Context, CopyIndex, Reads, Site, Walker, count_of};
use super::template::member;

/// The order of an inner deployment, as a request to make it would have it.
///
/// # Errors
///
/// When an expression in it has no value.
pub(crate) fn document(
    context: &Context<'_>,
    item: &Value,
    copies: &[CopyIndex],
    reads: &dyn Reads,
) -> Result<Value, Trouble> {
    let walker = Walker {
        context,
        site: Site::Body,
        reads,
        keeps_later: false,
    };
    let mut order = Map::new();
    for name in ["location", "tags"] {
        if let Some(written) = member(item, name) {
            order.insert(name.to_owned(), walker.document(written, copies)?);
        }
    }
    let properties = member(item, "properties").cloned().unwrap_or(Value::Null);
    order.insert("properties".to_owned(), inner_properties(&walker, &properties, copies)?);
    Ok(Value::Object(order))
}

fn inner_properties(walker: &Walker<'_>, properties: &Value, copies: &[CopyIndex]) -> Result<Value, Trouble> {
    let options = member(properties, "expressionEvaluationOptions").and_then(|options| member(options, "scope"));
    let scope = options.map(|scope| walker.document(scope, copies)).transpose()?;
    let is_inner = scope
        .as_ref()
        .and_then(Value::as_str)
        .is_some_and(|scope| scope.eq_ignore_ascii_case("inner"));
    let mut found = Map::new();
    for (name, value) in properties.as_object().into_iter().flatten() {
        let value = match name.to_ascii_lowercase().as_str() {
            "template" if is_inner => value.clone(),
            "template" => flat_template(walker, value, copies)?,
            _ => walker.document(value, copies)?,
        };
        found.insert(name.clone(), value);
    }
    Ok(Value::Object(found))
}

/// A template with the values of its expressions in their places.
fn flat_template(walker: &Walker<'_>, template: &Value, copies: &[CopyIndex]) -> Result<Value, Trouble> {
    let Some(members) = template.as_object() else {
        // `[variables('template')]` and the like.
        return walker.document(template, copies);
    };
    let mut found = Map::new();
    for (name, value) in members {
        let value = match name.to_ascii_lowercase().as_str() {
            // Its expressions are those of the template around it: what it declares itself nobody can name.
            "parameters" | "variables" | "functions" => continue,
            "resources" => flat_resources(walker, value, copies)?,
            "outputs" => as_literal(&flat_outputs(walker, value, copies)?),
            _ => value.clone(),
        };
        found.insert(name.clone(), value);
    }
    Ok(Value::Object(found))
}

fn flat_outputs(walker: &Walker<'_>, outputs: &Value, copies: &[CopyIndex]) -> Result<Value, Trouble> {
    let mut found = Map::new();
    for (name, output) in outputs.as_object().into_iter().flatten() {
        let Some(copy) = member(output, "copy") else {
            found.insert(name.clone(), walker.document(output, copies)?);
            continue;
        };
        let mut flat = Map::new();
        for (name, value) in output
            .as_object()
            .into_iter()
            .flatten()
            .filter(|(name, _)| !name.eq_ignore_ascii_case("copy"))
        {
            flat.insert(name.clone(), walker.document(value, copies)?);
        }
        flat.insert("value".to_owned(), walker.copied(copy, copies)?.1);
        found.insert(name.clone(), Value::Object(flat));
    }
    Ok(Value::Object(found))
}

/// Resources with their loops unrolled; who waited for a loop waits for all that came of it.
fn flat_resources(walker: &Walker<'_>, resources: &Value, copies: &[CopyIndex]) -> Result<Value, Trouble> {
    let mut loops: Vec<(String, Vec<Value>)> = Vec::new();
    match resources {
        Value::Array(items) => {
            let mut found = Vec::new();
            for item in items {
                let Some(copy) = member(item, "copy").filter(|copy| !copy.is_null()) else {
                    found.push(flat_resource(walker, item, copies)?);
                    continue;
                };
                let name = member(copy, "name").and_then(Value::as_str).unwrap_or("").to_owned();
                let mut names = Vec::new();
                for index in 0..count_of(walker.context, copy, copies)? {
                    let mut inner = copies.to_vec();
                    inner.push(CopyIndex {
                        name: name.clone(),
                        index,
                        of_resource: true,
                    });
                    let flat = flat_resource(walker, item, &inner)?;
                    let word = |member_name: &str| member(&flat, member_name).and_then(Value::as_str).unwrap_or("");
                    names.push(Value::from(format!("{}/{}", word("type"), word("name"))));
                    found.push(flat);
                }
                loops.push((name, names));
            }
            for item in &mut found {
                unroll_waits(item, &loops);
            }
            Ok(Value::Array(found))
        }
        Value::Object(members) => {
            let mut found = Map::new();
            for (name, item) in members {
                found.insert(name.clone(), flat_resource(walker, item, copies)?);
            }
            Ok(Value::Object(found))
        }
        other => walker.document(other, copies),
    }
}

fn unroll_waits(item: &mut Value, loops: &[(String, Vec<Value>)]) {
    let Some(name) = super::template::spelt(item, "dependsOn").map(str::to_owned) else {
        return;
    };
    if let Some(Value::Array(waits)) = item.get_mut(&name) {
        let before = std::mem::take(waits);
        for wait in before {
            match loops
                .iter()
                .find(|(name, _)| wait.as_str().is_some_and(|wait| wait.eq_ignore_ascii_case(name)))
            {
                Some((_, names)) => waits.extend(names.iter().cloned()),
                None => waits.push(wait),
            }
        }
    }
}

fn flat_resource(walker: &Walker<'_>, item: &Value, copies: &[CopyIndex]) -> Result<Value, Trouble> {
    let scope = walker.context.scope(Site::Head, copies, walker.reads);
    let kind = member(item, "type")
        .map(|kind| Evaluator::new(&scope).document(kind))
        .transpose()?;
    let is_deployment = kind
        .as_ref()
        .and_then(Value::as_str)
        .is_some_and(|kind| kind.eq_ignore_ascii_case(DEPLOYMENTS));
    let mut found = Map::new();
    for (name, value) in item.as_object().into_iter().flatten() {
        let value = match name.to_ascii_lowercase().as_str() {
            "copy" => continue,
            "resources" => flat_resources(walker, value, copies)?,
            // Values that were found are meant as they are; a template further inside may have expressions of its own.
            "properties" if is_deployment => inner_properties(walker, value, copies)?,
            _ => as_literal(&walker.document(value, copies)?),
        };
        found.insert(name.clone(), value);
    }
    Ok(Value::Object(found))
}

/// A value written so that no text in it is an expression.
fn as_literal(value: &Value) -> Value {
    match value {
        Value::String(text) => Value::from(escaped(text).into_owned()),
        Value::Array(items) => Value::Array(items.iter().map(as_literal).collect()),
        Value::Object(members) => Value::Object(
            members
                .iter()
                .map(|(name, value)| (escaped(name).into_owned(), as_literal(value)))
                .collect(),
        ),
        plain => plain.clone(),
    }
}
