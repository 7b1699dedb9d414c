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
fn templates() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/templates")
}

/// The name of every template, in order.
pub(crate) fn names() -> Vec<String> {
    let mut names: Vec<String> = std::fs::read_dir(templates())
        .expect("the templates are there")
        .filter_map(|entry| {
            let name = entry.expect("an entry can be read").file_name();
            let name = name.into_string().expect("names are text");
            name.strip_suffix(".json").map(str::to_owned)
        })
        .collect();
    names.sort();
    names
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

/// A template with what its metadata say about the world that it is ordered in.
pub(crate) struct Case {
    name: String,
    text: String,
    meta: Value,
}

impl Case {
    /// Reads one.
    pub(crate) fn read(name: &str) -> Case {
        let text = template(name);
        let meta = metadata(&text);
        Case {
            name: name.to_owned(),
            text,
            meta,
        }
    }

    /// An Azure in which everything is that the template takes for granted.
    pub(crate) fn prepared(&self) -> Arm {
        let mut arm = with_group(Pace::Paused, Era::Current);
        for before in self.meta["before"].as_array().into_iter().flatten() {
            let what = before["put"].as_str().expect("what is there before has a name");
            let line = match before["version"].as_str() {
                Some(version) => format!("PUT {what}?api-version={version}"),
                None => format!("PUT {GROUP}/providers/Microsoft.Network/{what}?{NETWORK}"),
            };
            arm.prepare(&line, &before["body"].to_string());
            arm.wait(600);
        }
        for (address, document) in self.meta["links"].as_object().into_iter().flatten() {
            let text = document.as_str().map_or_else(|| document.to_string(), str::to_owned);
            assert!(arm.sandbox.templates.supply(address, text), "{address}");
        }
        if let Some(address) = self.meta["linked"].as_str() {
            assert!(arm.sandbox.templates.supply(address, self.text.as_str()), "{address}");
        }
        for (path, document) in self.meta["blobs"].as_object().into_iter().flatten() {
            fill(&mut arm, path, &document.to_string());
        }
        arm
    }

    /// The path of its deployment.
    pub(crate) fn path(&self) -> String {
        if self.is_at_subscription() {
            "/providers/Microsoft.Resources/deployments/d0".to_owned()
        } else {
            deployment("d0")
        }
    }

    /// Its order. Where the parameters that are given say `<sas>`, the query of a signature for the account of the blobs stands.
    pub(crate) fn order(&self, arm: &mut Arm) -> String {
        let mode = self.meta["mode"].as_str().unwrap_or("Incremental");
        let mut given = self.meta.get("given").cloned().unwrap_or_else(|| json!({})).to_string();
        if given.contains("<sas>") {
            given = given.replace("<sas>", &shared_access(arm));
        }
        let given: Value = serde_json::from_str(&given).expect("parameters are a tree");
        let Some(address) = self.meta["linked"].as_str() else {
            return order(&self.text, &given, mode, self.is_at_subscription().then_some("westus"));
        };
        let mut properties = json!({ "mode": mode, "templateLink": { "uri": address } });
        match self.meta.get("parametersLink") {
            Some(link) => properties["parametersLink"] = json!({ "uri": link }),
            None => properties["parameters"] = given,
        }
        json!({ "properties": properties }).to_string()
    }

    /// Whether it is of the subscription and of no group.
    pub(crate) fn is_at_subscription(&self) -> bool {
        self.meta["scope"] == "subscription"
    }
}

/// The account of blobs that templates link to.
const ACCOUNT: &str = "acct0";

/// Puts a document into a blob of a container that nobody may read without a signature.
fn fill(arm: &mut Arm, path: &str, body: &str) {
    let container = path.split('/').next().unwrap_or(path);
    let token = arm.token.clone();
    let common = [("authorization", token.as_str()), ("x-ms-version", "2019-12-12")];
    let host = format!("!https://{ACCOUNT}.blob.core.windows.net");
    let made = arm.send_with(&format!("PUT {host}/{container}?restype=container"), &common, "");
    assert!(matches!(made.status().as_u16(), 201 | 409), "{container}: {made:?}");
    let kind = [common[0], common[1], ("x-ms-blob-type", "BlockBlob")];
    let written = arm.send_with(&format!("PUT {host}/{path}"), &kind, body);
    assert_eq!(written.status(), 201, "{path}: {written:?}");
}

/// The query of a signature by which all blobs of the account may be read.
fn shared_access(arm: &mut Arm) -> String {
    let line = format!(
        "POST {GROUP}/providers/Microsoft.Storage/storageAccounts/{ACCOUNT}/ListAccountSas?api-version=2019-06-01"
    );
    let body = json!({
        "signedServices": "b", "signedResourceTypes": "o", "signedPermission": "r", "signedExpiry": "2016-05-01T00:00:00Z",
    });
    let answer = tree(&arm.send(&line, &body.to_string()));
    format!(
        "?{}",
        answer["accountSasToken"].as_str().unwrap_or_else(|| panic!("{answer}"))
    )
}

/// What becomes of a template: what validation says, how it runs, its operations, its outputs or its error.
pub(crate) fn story(name: &str) -> String {
    let case = Case::read(name);
    let mut arm = case.prepared();
    let (path, body) = (case.path(), case.order(&mut arm));
    let meta = &case.meta;

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
    assert_eq!(arm.sandbox.cloud.check(), Vec::<String>::new(), "{}", case.name);
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
