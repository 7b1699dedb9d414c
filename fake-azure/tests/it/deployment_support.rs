//! What the tests of deployments share: a group, templates by name, and a deployment's story as lines.

use std::fmt::Write as _;
use std::path::PathBuf;

use fake_azure::Pace;
use fake_azure::cloud::catalogue::limits::Era;
use serde_json::{Value, json};

use crate::arm_support::{Arm, GATEWAY, NETWORK, SUBSCRIPTION, json as tree};

/// The group of every test.
pub(crate) const GROUP: &str = "/resourceGroups/g0";

/// Where templates stand.
pub(crate) fn templates() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/templates")
}

/// The text of a template.
pub(crate) fn template(name: &str) -> String {
    let path = templates().join(format!("{name}.json"));
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// An Azure with a group.
pub(crate) fn with_group(pace: Pace, era: Era) -> Arm {
    let mut arm = Arm::with(pace, era);
    arm.prepare(&format!("PUT {GROUP}?{GATEWAY}"), r#"{"location":"westus"}"#);
    arm
}

/// The path of a deployment.
pub(crate) fn deployment(name: &str) -> String {
    format!("{GROUP}/providers/Microsoft.Resources/deployments/{name}")
}

/// The body of an order, spliced as the command line splices it (real-clients 0.4).
pub(crate) fn order(template: &str, parameters: &Value, mode: &str, location: Option<&str>) -> String {
    let location = location.map_or_else(String::new, |location| format!("\"location\": \"{location}\", "));
    format!("{{{location}\"properties\": {{\"parameters\": {parameters}, \"mode\": \"{mode}\", template:{template}}}}}")
}

/// The body of an order in Incremental mode.
pub(crate) fn incremental(template: &str) -> String {
    order(template, &json!({}), "Incremental", None)
}

/// A template of these resources.
pub(crate) fn of(resources: &Value) -> String {
    json!({
        "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
        "contentVersion": "1.0.0.0",
        "resources": resources,
    })
    .to_string()
}

/// A public address.
pub(crate) fn address(name: &str) -> Value {
    json!({
        "type": "Microsoft.Network/publicIPAddresses",
        "apiVersion": "2019-11-01",
        "name": name,
        "location": "westus",
        "properties": { "publicIPAllocationMethod": "Dynamic" },
    })
}

/// Lets a deployment end, however long it takes; gives back its document.
pub(crate) fn finish(arm: &mut Arm, path: &str) -> Value {
    for _ in 0..10_000 {
        let found = tree(&arm.send(&format!("GET {path}?{GATEWAY}"), ""));
        let state = found["properties"]["provisioningState"]
            .as_str()
            .unwrap_or("")
            .to_owned();
        if !matches!(state.as_str(), "Accepted" | "Running") {
            return found;
        }
        let due = arm
            .sandbox
            .cloud
            .next_due()
            .expect("a running deployment waits for something");
        arm.sandbox.advance(due);
    }
    panic!("{path} never ends");
}

/// What becomes of a template: what validation says, how it runs, its operations, its outputs or its error.
pub(crate) fn story(name: &str) -> String {
    let text = template(name);
    let meta = metadata(&text);
    let mode = meta["mode"].as_str().unwrap_or("Incremental");
    let at_subscription = meta["scope"] == "subscription";
    let given = meta.get("given").cloned().unwrap_or_else(|| json!({}));
    let body = order(&text, &given, mode, at_subscription.then_some("westus"));
    let path = if at_subscription {
        "/providers/Microsoft.Resources/deployments/d0".to_owned()
    } else {
        deployment("d0")
    };

    let mut arm = with_group(Pace::Paused, Era::Current);
    for before in meta["before"].as_array().into_iter().flatten() {
        let what = before["put"].as_str().expect("what is there before has a name");
        let line = format!("PUT {GROUP}/providers/Microsoft.Network/{what}?{NETWORK}");
        arm.prepare(&line, &before["body"].to_string());
        arm.wait(60);
    }

    let mut told = format!(
        "{}\n\n",
        meta["about"].as_str().expect("a template says what it is about")
    );
    let untouched = arm.sandbox.cloud.digest();
    let validated = arm.send(&format!("POST {path}/validate?{GATEWAY}"), &body);
    let _ = writeln!(
        told,
        "validate {}{}",
        validated.status().as_u16(),
        refusal(&tree(&validated))
    );
    assert_eq!(
        arm.sandbox.cloud.digest(),
        untouched,
        "{name}: validate changes nothing"
    );
    let accepted = arm.send(&format!("PUT {path}?{GATEWAY}"), &body);
    let _ = writeln!(told, "put {}{}", accepted.status().as_u16(), refusal(&tree(&accepted)));
    if !accepted.status().is_success() {
        return told;
    }
    let document = tree(&accepted);
    for own in document["properties"]["dependencies"].as_array().into_iter().flatten() {
        let before: Vec<&str> = own["dependsOn"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|before| before["resourceName"].as_str())
            .collect();
        let _ = writeln!(
            told,
            "  {} after {}",
            own["resourceName"].as_str().unwrap_or(""),
            before.join(", ")
        );
    }

    let ended = finish(&mut arm, &path);
    let properties = &ended["properties"];
    let _ = writeln!(
        told,
        "ended {} after {}",
        text_of(&properties["provisioningState"]),
        text_of(&properties["duration"])
    );
    let operations = tree(&arm.send(&format!("GET {path}/operations?{GATEWAY}"), ""));
    for operation in operations["value"].as_array().into_iter().flatten().rev() {
        let own = &operation["properties"];
        let target = &own["targetResource"];
        let _ = writeln!(
            told,
            "  {} {} {} {} {}{}",
            text_of(&own["provisioningOperation"]),
            text_of(&own["provisioningState"]),
            text_of(&own["statusCode"]),
            text_of(&target["resourceType"]),
            text_of(&target["resourceName"]),
            refusal(&own["statusMessage"]),
        );
    }
    let ids: Vec<&str> = properties["outputResources"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|own| own["id"].as_str())
        .collect();
    for id in ids {
        let _ = writeln!(told, "  made {}", id.trim_start_matches(SUBSCRIPTION));
    }
    for part in ["parameters", "outputs", "error"] {
        if let Some(shown) = properties.get(part) {
            let pretty = serde_json::to_string_pretty(shown).expect("a tree can be written");
            let _ = writeln!(told, "{part} {pretty}");
        }
    }
    let stays = tree(&arm.send(&format!("GET {GROUP}/resources?{GATEWAY}"), ""));
    let names: Vec<String> = stays["value"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|own| format!("{} {}", text_of(&own["name"]), own.get("tags").unwrap_or(&Value::Null)))
        .collect();
    let _ = writeln!(told, "in the group: {}", names.join(", "));
    told
}

fn text_of(value: &Value) -> &str {
    value.as_str().unwrap_or("")
}

/// An error's codes and messages, one below the other.
fn refusal(document: &Value) -> String {
    fn told(error: &Value, depth: usize, text: &mut String) {
        let blanks = "  ".repeat(depth + 2);
        let _ = write!(
            text,
            "\n{blanks}{}: {}",
            error["code"].as_str().unwrap_or(""),
            error["message"].as_str().unwrap_or("")
        );
        for detail in error["details"].as_array().into_iter().flatten() {
            told(detail, depth + 1, text);
        }
    }
    let mut text = String::new();
    if let Some(error) = document.get("error") {
        told(error, 0, &mut text);
    }
    text
}

fn metadata(template: &str) -> Value {
    // The templates that are no strict JSON say what they are about in the same place.
    match serde_json::from_str::<Value>(template) {
        Ok(document) => document["metadata"].clone(),
        Err(_) => {
            let at = template
                .find("\"about\": \"")
                .expect("a template says what it is about");
            let rest = &template[at + "\"about\": \"".len()..];
            json!({ "about": rest.split('"').next() })
        }
    }
}
