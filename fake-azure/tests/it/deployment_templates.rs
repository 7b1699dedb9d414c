//! Every template under `tests/templates`, deployed: its story is its snapshot.

use std::collections::BTreeMap;

use fake_azure::Pace;
use serde_json::{Value, json};

use crate::arm_support::{GATEWAY, check, json as tree, poll_line};
use crate::deployment_support::{Case, finish, names, story, template};

#[test]
fn every_template_runs_as_its_story_tells() {
    let names = names();
    assert!(names.len() >= 80, "{names:?}");
    for name in names {
        check(&format!("deployment_{name}"), &story(&name));
    }
}

#[test]
fn the_same_template_runs_the_same_way_twice() {
    for name in ["copies-serial", "fails", "machine", "nested-outer", "web-tier"] {
        assert_eq!(story(name), story(name), "{name}");
    }
}

/// Templates of which what-if says that something changes although nothing does, and why: Azure says so, too.
const NOISE: &[(&str, &str)] = &[
    (
        "children",
        "its subnets are resources of their own, which the document of their network does not name",
    ),
    ("dates", "its tags say when it was deployed"),
    ("hub-and-spoke", "its peerings are resources of their own"),
    ("internal-load-balancer", "its rules are resources of their own"),
    ("routes", "one of its routes is a resource of its own"),
    ("security-matrix", "one of its rules is a resource of its own"),
    ("subnets-of-their-own", "its subnets are resources of their own"),
];

/// Whether all that changes is what only the run will tell: it is shown as it is written.
fn is_unknown(delta: &Value) -> bool {
    delta.as_array().is_some_and(|all| {
        all.iter().all(|change| match change["children"].as_array() {
            Some(_) => is_unknown(&change["children"]),
            None => change["after"].as_str().is_some_and(|text| text.starts_with('[')),
        })
    })
}

#[test]
fn a_template_that_succeeded_succeeds_again_and_makes_nothing_new() {
    let mut n_run = 0;
    for name in names() {
        let case = Case::read(&name);
        let mut arm = case.prepared();
        let (path, body) = (case.path(), case.order(&mut arm));
        let mut run = |name: &str| {
            let line = format!("PUT {}?{GATEWAY}", path.replace("/d0", &format!("/{name}")));
            let accepted = arm.send(&line, &body);
            if !accepted.status().is_success() {
                return None;
            }
            let ended = finish(&mut arm, &path.replace("/d0", &format!("/{name}")));
            let state = ended["properties"]["provisioningState"]
                .as_str()
                .unwrap_or("")
                .to_owned();
            // What a deployment begins may end after it.
            arm.wait(600);
            let all: Vec<String> = arm
                .sandbox
                .cloud
                .store()
                .iter()
                .map(|own| own.folded.to_string())
                .collect();
            Some((state, all, arm.sandbox.cloud.check()))
        };
        let Some((state, before, _)) = run("d0") else { continue };
        if state != "Succeeded" {
            continue;
        }
        let (state, after, wrong) = run("d1").unwrap_or_else(|| panic!("{name}: refused the second time"));
        assert_eq!(state, "Succeeded", "{name}");
        assert_eq!(before, after, "{name}");
        assert_eq!(wrong, Vec::<String>::new(), "{name}");
        n_run += 1;
    }
    assert!(n_run >= 60, "{n_run}");
}

#[test]
fn what_if_after_a_run_finds_nothing_to_make() {
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    let mut changed = Vec::new();
    for name in names() {
        let case = Case::read(&name);
        let mut arm = case.prepared();
        let (path, body) = (case.path(), case.order(&mut arm));
        if !arm.send(&format!("PUT {path}?{GATEWAY}"), &body).status().is_success()
            || finish(&mut arm, &path)["properties"]["provisioningState"] != "Succeeded"
        {
            continue;
        }
        arm.wait(600);
        arm.sandbox.pace = Pace::Immediate;
        let begun = arm.send(&format!("POST {path}/whatIf?{GATEWAY}"), &body);
        let polled = tree(&arm.send(&poll_line(&begun, "location"), ""));
        assert_eq!(polled["status"], "Succeeded", "{name}: {polled}");
        for change in polled["properties"]["changes"].as_array().into_iter().flatten() {
            let kind = change["changeType"].as_str().unwrap_or("").to_owned();
            assert!(!matches!(kind.as_str(), "Create" | "Delete"), "{name}: {change}");
            let is_noise = NOISE.iter().any(|(own, _)| *own == name);
            if kind == "Modify" && !is_noise && !is_unknown(&change["delta"]) {
                changed.push(format!("{name}: {} {}", change["resourceId"], change["delta"]));
            }
            assert!(
                !change.to_string().contains("C0rrect-Horse"),
                "{name}: a secret is shown"
            );
            *seen.entry(kind).or_default() += 1;
        }
    }
    assert_eq!(changed, Vec::<String>::new());
    assert!(seen.get("NoChange").is_some_and(|count| *count > 100), "{seen:?}");
}

/// Every object in a document.
fn objects<'v>(document: &'v Value, found: &mut Vec<&'v Value>) {
    match document {
        Value::Array(items) => items.iter().for_each(|item| objects(item, found)),
        Value::Object(members) => {
            found.push(document);
            members.values().for_each(|item| objects(item, found));
        }
        _ => {}
    }
}

/// Whether an object of a template uses a feature.
type Uses = fn(&Value) -> bool;

/// The features of templates (ARM 7.4, 7.8), each with what an object of a template looks like that uses it.
fn features() -> Vec<(&'static str, Uses)> {
    fn has(own: &Value, name: &str) -> bool {
        own.get(name).is_some()
    }
    fn is(own: &Value, name: &str, value: &str) -> bool {
        own[name].as_str().is_some_and(|own| own.eq_ignore_ascii_case(value))
    }
    fn is_expression(value: &Value) -> bool {
        value.as_str().is_some_and(|text| text.starts_with('['))
    }
    fn loops(own: &Value) -> bool {
        own["copy"]
            .as_array()
            .is_some_and(|rows| rows.iter().any(|row| has(row, "input")))
    }
    fn is_resource(own: &Value) -> bool {
        has(own, "apiVersion") && has(own, "type")
    }
    fn is_nested(own: &Value) -> bool {
        is(own, "type", "Microsoft.Resources/deployments")
    }
    vec![
        ("a parameter of type string", |own| {
            is(own, "type", "string") && has(own, "defaultValue")
        }),
        ("a parameter of type securestring", |own| {
            is(own, "type", "securestring") && !has(own, "value")
        }),
        ("a parameter of type int", |own| {
            is(own, "type", "int") && has(own, "defaultValue")
        }),
        ("a parameter of type bool", |own| {
            is(own, "type", "bool") && has(own, "defaultValue")
        }),
        ("a parameter of type array", |own| {
            is(own, "type", "array") && has(own, "defaultValue")
        }),
        ("a parameter of type object", |own| {
            is(own, "type", "object") && has(own, "defaultValue")
        }),
        ("a parameter of type secureObject", |own| {
            is(own, "type", "secureObject") && !has(own, "value")
        }),
        ("allowed values", |own| has(own, "allowedValues")),
        ("a least value", |own| has(own, "minValue")),
        ("a largest value", |own| has(own, "maxValue")),
        ("a least length", |own| has(own, "minLength")),
        ("a largest length", |own| has(own, "maxLength")),
        ("a default that is an expression", |own| {
            is_expression(&own["defaultValue"])
        }),
        ("what may be null", |own| own["nullable"] == true),
        ("a type of one's own", |own| has(own, "$ref")),
        ("a loop of resources", |own| is_resource(own) && own["copy"].is_object()),
        ("a serial loop", |own| is(&own["copy"], "mode", "serial")),
        ("a batch", |own| has(&own["copy"], "batchSize")),
        ("a count that is an expression", |own| {
            is_expression(&own["copy"]["count"])
        }),
        ("a loop of none", |own| own["copy"]["count"] == 0),
        ("a loop in properties", |own| loops(&own["properties"])),
        ("a loop deep in properties", |own| {
            loops(&own["properties"]["storageProfile"])
        }),
        ("a loop in variables", |own| loops(&own["variables"])),
        ("a loop inside a variable", |own| {
            own["variables"].as_object().is_some_and(|all| all.values().any(loops))
        }),
        ("a loop in outputs", |own| {
            is(own, "type", "array") && has(&own["copy"], "input")
        }),
        ("a loop with symbols", |own| {
            own["resources"]
                .as_object()
                .is_some_and(|all| all.values().any(|own| has(own, "copy")))
        }),
        ("a condition of a resource", |own| {
            is_resource(own) && has(own, "condition")
        }),
        ("a condition of an output", |own| {
            has(own, "value") && has(own, "condition")
        }),
        ("children inside their parent", |own| {
            is_resource(own) && own["resources"].is_array()
        }),
        ("children beside their parent", |own| {
            is_resource(own) && own["type"].as_str().is_some_and(|kind| kind.split('/').count() > 2)
        }),
        ("a nested template of scope outer", |own| {
            is_nested(own)
                && has(&own["properties"], "template")
                && !has(&own["properties"], "expressionEvaluationOptions")
        }),
        ("a nested template of scope inner", |own| {
            is(&own["properties"]["expressionEvaluationOptions"], "scope", "inner")
        }),
        ("a nested template in another group", |own| {
            is_nested(own) && has(own, "resourceGroup")
        }),
        ("a nested template at the subscription", |own| {
            is_nested(own) && has(own, "location")
        }),
        ("a link by address", |own| has(&own["templateLink"], "uri")),
        ("a link by relative path", |own| {
            has(&own["templateLink"], "relativePath")
        }),
        ("a link with a query", |own| has(&own["templateLink"], "queryString")),
        ("a link with a content version", |own| {
            has(&own["templateLink"], "contentVersion")
        }),
        ("parameters in a file", |own| has(own, "parametersLink")),
        ("functions of one's own", |own| own["functions"].is_array()),
        ("symbolic names", |own| {
            own["languageVersion"] == "2.0" && own["resources"].is_object()
        }),
        ("what is there already", |own| own["existing"] == true),
        ("Complete mode", |own| own["mode"] == "Complete"),
        ("the schema of subscriptions", |own| {
            own["$schema"]
                .as_str()
                .is_some_and(|name| name.contains("subscriptionDeploymentTemplate"))
        }),
        ("the schema of 2015", |own| {
            own["$schema"].as_str().is_some_and(|name| name.contains("2015-01-01"))
        }),
        ("a scope", |own| is_resource(own) && has(own, "scope")),
        ("a provider inside a type", |own| {
            own["type"].as_str().is_some_and(|kind| kind.contains("/providers/"))
        }),
        ("a lock", |own| is(own, "type", "Microsoft.Authorization/locks")),
        ("a role", |own| {
            is(own, "type", "Microsoft.Authorization/roleAssignments")
        }),
        ("zones", |own| is_resource(own) && has(own, "zones")),
        ("tags that are an expression", |own| is_expression(&own["tags"])),
        ("an identity", |own| is_resource(own) && has(own, "identity")),
        ("a secret output", |own| {
            is(own, "type", "securestring") && has(own, "value")
        }),
        ("names of members that are expressions", |own| {
            own.as_object().is_some_and(|members| {
                members
                    .keys()
                    .any(|name| name.starts_with('[') && name.ends_with(']') && !name.starts_with("[["))
            })
        }),
    ]
}

#[test]
fn every_feature_of_templates_is_used_by_one() {
    let mut unused: BTreeMap<&str, Uses> = features().into_iter().collect();
    for name in names() {
        let Ok(document) = serde_json::from_str::<Value>(&template(&name)) else {
            continue;
        };
        let mut all = Vec::new();
        objects(&document, &mut all);
        unused.retain(|_, uses| !all.iter().any(|own| uses(own)));
    }
    let unused: Vec<&str> = unused.into_keys().collect();
    assert!(unused.is_empty(), "no template uses {unused:?}");
    assert!(!features().iter().any(|(_, uses)| uses(&json!({}))));
}
