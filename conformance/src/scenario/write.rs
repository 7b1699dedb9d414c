//! Writing a scenario: what a generated run found is handed on as a file that reads back the same.

use std::fmt::Write;

use provider::Generation;
use serde_json::{Map, Value, json};

use super::calls::arguments_of;
use super::{Action, Body, CallStep, Expect, HttpBody, LOCATION, Scenario, Step, show_duration};
use crate::subject::Stack;

/// A scenario as YAML. What fragments did stands at the front of its steps, so that the file needs no other.
#[must_use]
pub fn write(scenario: &Scenario) -> String {
    let mut text = String::new();
    line(&mut text, &format!("about: {}", flow(&json!(scenario.about))));
    line(&mut text, &format!("tags: {}", flow(&json!(scenario.tags))));
    line(&mut text, &format!("profile: {}", flow(&json!(scenario.profile))));
    if scenario.location != LOCATION {
        line(&mut text, &format!("location: {}", flow(&json!(scenario.location))));
    }
    if scenario.subject.stack != Stack::Arm {
        line(&mut text, &format!("stack: {}", scenario.subject.stack.name()));
    }
    if scenario.subject.generation != Generation::A1 {
        line(&mut text, &format!("generation: {}", scenario.subject.generation));
    }
    if !scenario.versions.is_empty() {
        line(&mut text, &format!("versions: {}", flow(&json!(scenario.versions))));
    }
    line(&mut text, "steps:");
    for step in scenario.prepare.iter().chain(&scenario.steps) {
        for (index, (key, value)) in members(step).into_iter().enumerate() {
            let lead = if index == 0 { "  - " } else { "    " };
            line(&mut text, &format!("{lead}{key}: {}", flow(&value)));
        }
    }
    text
}

fn line(text: &mut String, content: &str) {
    writeln!(text, "{content}").expect("a String takes every text");
}

/// A value in YAML's flow style. Words that can stand alone do; everything else is written as JSON, which is YAML.
fn flow(value: &Value) -> String {
    match value {
        Value::String(text) if is_plain(text) => text.clone(),
        Value::Array(items) => format!("[{}]", items.iter().map(flow).collect::<Vec<_>>().join(", ")),
        Value::Object(members) => {
            let rows: Vec<String> = members
                .iter()
                .map(|(name, member)| format!("{}: {}", flow(&json!(name)), flow(member)))
                .collect();
            format!("{{{}}}", rows.join(", "))
        }
        other => other.to_string(),
    }
}

/// Whether YAML reads a text as itself without quotes, whatever stands around it.
fn is_plain(text: &str) -> bool {
    let starts = text.starts_with(|c: char| c.is_ascii_alphabetic());
    let fine = text
        .chars()
        .all(|c| c.is_ascii_alphanumeric() || matches!(c, '/' | '-' | '_' | '.'));
    let word = matches!(
        text.to_ascii_lowercase().as_str(),
        "true" | "false" | "null" | "yes" | "no" | "on" | "off" | "y" | "n" | "nan" | "inf"
    );
    starts && fine && !word
}

fn members(step: &Step) -> Vec<(&'static str, Value)> {
    let mut rows: Vec<(&'static str, Value)> = Vec::new();
    match &step.action {
        Action::Resource(resource) => {
            rows.push((resource.verb.name(), json!(resource.target)));
            match &resource.body {
                Body::None => {}
                Body::Whole(body) => rows.push(("body", body.clone())),
                Body::With(with) if with.is_empty() => {}
                Body::With(with) => rows.push(("with", Value::Object(with.clone()))),
            }
            push(
                &mut rows,
                "version",
                resource.version.as_ref().map(|version| json!(version)),
            );
            push(&mut rows, "if-match", resource.if_match.as_ref().map(|tag| json!(tag)));
            push(&mut rows, "only-new", resource.only_new.then_some(json!(true)));
            push(
                &mut rows,
                "expand",
                resource.expand.as_ref().map(|expand| json!(expand)),
            );
        }
        Action::List {
            what,
            everywhere,
            version,
        } => {
            rows.push(("list", json!(what)));
            push(&mut rows, "everywhere", everywhere.then_some(json!(true)));
            push(&mut rows, "version", version.as_ref().map(|version| json!(version)));
        }
        Action::Http(http) => {
            let mut members = Map::new();
            members.insert("api".to_owned(), json!(http.api));
            members.insert(http.method.to_lowercase(), json!(http.url));
            if !http.headers.is_empty() {
                members.insert("headers".to_owned(), json!(http.headers));
            }
            match &http.body {
                Some(HttpBody::Json(body)) => members.insert("json".to_owned(), body.clone()),
                Some(HttpBody::Xml(body)) => members.insert("xml".to_owned(), json!(body)),
                Some(HttpBody::Text(body)) => members.insert("text".to_owned(), json!(body)),
                None => None,
            };
            rows.push(("http", Value::Object(members)));
        }
        Action::Provider(call) => push_call(&mut rows, "provider", call),
        Action::Juju(call) => push_call(&mut rows, "juju", call),
        Action::Together(calls) => {
            let whole = |call: &CallStep| {
                let mut rows = Vec::new();
                push_call(&mut rows, "provider", call);
                Value::Object(rows.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
            };
            rows.push(("together", Value::Array(calls.iter().map(whole).collect())));
        }
        Action::Fault(rule) => rows.push(("fault", rule.clone())),
        Action::Advance(millis) => rows.push(("clock", json!({"advance": show_duration(*millis)}))),
        Action::Limits {
            profile,
            enforce_roles,
            overrides,
        } => {
            let mut members: Map<String, Value> = overrides
                .iter()
                .map(|(name, limit)| (name.clone(), json!(limit)))
                .collect();
            if let Some(profile) = profile {
                members.insert("profile".to_owned(), json!(profile));
            }
            if let Some(enforced) = enforce_roles {
                members.insert("roles".to_owned(), json!(if *enforced { "enforced" } else { "open" }));
            }
            rows.push(("limits", Value::Object(members)));
        }
        Action::World(counts) => rows.push(("world", json!(counts))),
        Action::Check(checks) => rows.push((
            "check",
            json!(checks.iter().map(|check| check.name()).collect::<Vec<_>>()),
        )),
    }
    push(&mut rows, "as", step.name.as_ref().map(|name| json!(name)));
    push(&mut rows, "repeat", (step.repeat > 1).then_some(json!(step.repeat)));
    push(&mut rows, "wait", (!step.wait).then_some(json!(false)));
    push(&mut rows, "expect", expectation(&step.expect));
    rows
}

fn push(rows: &mut Vec<(&'static str, Value)>, name: &'static str, value: Option<Value>) {
    rows.extend(value.map(|value| (name, value)));
}

fn push_call(rows: &mut Vec<(&'static str, Value)>, verb: &'static str, call: &CallStep) {
    rows.push((verb, json!(call.call)));
    push(
        rows,
        "environment",
        (call.environment != "story").then(|| json!(call.environment)),
    );
    for key in arguments_of(&call.call) {
        push(rows, key, call.arguments.get(key).cloned());
    }
}

fn expectation(expect: &Expect) -> Option<Value> {
    let mut members = Map::new();
    let mut put = |name: &str, value: Option<Value>| {
        if let Some(value) = value {
            members.insert(name.to_owned(), value);
        }
    };
    put("status", expect.status.map(|status| json!(status)));
    put("code", expect.code.as_ref().map(|code| json!(code)));
    put("detail", expect.detail.as_ref().map(|detail| json!(detail)));
    put("message", expect.message.as_ref().map(|message| json!(message)));
    put("body", expect.body.clone());
    put("headers", expect.headers.as_ref().map(|headers| json!(headers)));
    put("settles", expect.settles.as_ref().map(|settles| json!(settles)));
    put("settles-code", expect.settles_code.as_ref().map(|code| json!(code)));
    put("error", expect.error.as_ref().map(|error| json!(error)));
    put("kind", expect.kind.as_ref().map(|kind| json!(kind)));
    put("instances", expect.instances.as_ref().map(|instances| json!(instances)));
    put("value", expect.value.clone());
    put("count", expect.count.map(|count| json!(count)));
    put("within", expect.within.as_ref().map(|within| json!(within)));
    put("any", expect.any.then_some(json!(true)));
    (!members.is_empty()).then_some(Value::Object(members))
}
