//! The control API's documentation, `docs/control-api.md`: written from the types, so that it cannot be wrong.

use std::fmt::Write as _;

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, SchemaGenerator};
use serde_json::Value;

use super::data_plane::{ConnectionInfo, ListenerInfo, ResponderInfo};
use super::directory::{DeviceVerdict, DirectoryInfo, DirectorySettings};
use super::gateways::{GatewayInfo, GatewaySettings};
use super::types::{
    CheckInfo, ClockInfo, ClockMove, FaultInfo, FaultInstalled, Fork, Limits, LimitsInfo, List, OperationInfo, Reset,
    SandboxInfo, Template, TemplateInfo,
};
use crate::faults::Rule;

/// One call: its line in the table.
struct Row {
    verb: &'static str,
    call: &'static str,
    body: &'static str,
    answer: &'static str,
    effect: &'static str,
}

const ROWS: &[Row] = &[
    Row {
        verb: "POST",
        call: "reset",
        body: "Reset",
        answer: "SandboxInfo",
        effect: "drops each sandbox that holds one of the subscriptions and makes one new sandbox with exactly those; without a list drops all",
    },
    Row {
        verb: "GET",
        call: "clock",
        body: "",
        answer: "ClockInfo",
        effect: "the cloud's time",
    },
    Row {
        verb: "POST",
        call: "clock",
        body: "ClockMove",
        answer: "ClockInfo",
        effect: "moves it",
    },
    Row {
        verb: "GET",
        call: "limits",
        body: "",
        answer: "LimitsInfo",
        effect: "the limits in force",
    },
    Row {
        verb: "PUT",
        call: "limits",
        body: "Limits",
        answer: "LimitsInfo",
        effect: "changes them; what is absent stays",
    },
    Row {
        verb: "GET",
        call: "faults",
        body: "",
        answer: "List of FaultInfo",
        effect: "the fault rules in force, in the order in which they are asked",
    },
    Row {
        verb: "POST",
        call: "faults",
        body: "Rule",
        answer: "FaultInstalled",
        effect: "puts a rule in force, after those that are",
    },
    Row {
        verb: "DELETE",
        call: "faults/{id}",
        body: "",
        answer: "`{}`",
        effect: "takes a rule back",
    },
    Row {
        verb: "DELETE",
        call: "faults",
        body: "",
        answer: "`{}`",
        effect: "takes all rules back",
    },
    Row {
        verb: "GET",
        call: "templates",
        body: "",
        answer: "List of TemplateInfo",
        effect: "what links of deployments find outside of the cloud",
    },
    Row {
        verb: "POST",
        call: "templates",
        body: "Template",
        answer: "List of TemplateInfo",
        effect: "supplies one document; the blobs of the cloud need none",
    },
    Row {
        verb: "DELETE",
        call: "templates",
        body: "",
        answer: "`{}`",
        effect: "takes all of them back",
    },
    Row {
        verb: "GET",
        call: "directory",
        body: "",
        answer: "DirectoryInfo",
        effect: "tenants, users, and sign-ins on other devices",
    },
    Row {
        verb: "PUT",
        call: "directory",
        body: "DirectorySettings",
        answer: "DirectoryInfo",
        effect: "how device codes are approved, how long replication takes; what is absent stays",
    },
    Row {
        verb: "POST",
        call: "device-codes/{user_code}",
        body: "DeviceVerdict",
        answer: "DirectoryInfo",
        effect: "approves or declines a sign-in on another device, as a person would",
    },
    Row {
        verb: "GET",
        call: "gateways",
        body: "",
        answer: "List of GatewayInfo",
        effect: "the gateways of classic virtual networks",
    },
    Row {
        verb: "PUT",
        call: "gateways/{network}",
        body: "GatewaySettings",
        answer: "List of GatewayInfo",
        effect: "gives a classic virtual network with a GatewaySubnet a gateway, which the classic API only reads",
    },
    Row {
        verb: "DELETE",
        call: "gateways/{network}",
        body: "",
        answer: "List of GatewayInfo",
        effect: "takes it away",
    },
    Row {
        verb: "GET",
        call: "listeners",
        body: "",
        answer: "List of ListenerInfo",
        effect: "the ports that are open on this machine, of every sandbox; none without `serve --listeners`",
    },
    Row {
        verb: "GET",
        call: "connections/{service}/{port}",
        body: "",
        answer: "ConnectionInfo",
        effect: "who would answer the next connection; `slot`, `protocol` and `client` may be said in the query",
    },
    Row {
        verb: "GET",
        call: "connections/{address}/{port}",
        body: "",
        answer: "ConnectionInfo",
        effect: "the same for a public address, or for one of a network as from inside of it; `network` names it where several have the address",
    },
    Row {
        verb: "GET",
        call: "responders",
        body: "",
        answer: "List of ResponderInfo",
        effect: "what machines answer with; any other answers with its host name",
    },
    Row {
        verb: "PUT",
        call: "responders/{service}/{role}",
        body: "ResponderInfo",
        answer: "List of ResponderInfo",
        effect: "says what a machine answers with, `{role}:{port}` for one port; one that is silent fails its probes; a machine of a resource group is `{group}/{machine}`",
    },
    Row {
        verb: "DELETE",
        call: "responders/{service}/{role}",
        body: "",
        answer: "`{}`",
        effect: "takes that back",
    },
    Row {
        verb: "GET",
        call: "state",
        body: "",
        answer: "a whole sandbox",
        effect: "saves it; the form carries a version and is not documented further",
    },
    Row {
        verb: "PUT",
        call: "state",
        body: "a whole sandbox",
        answer: "SandboxInfo",
        effect: "restores it, in the place of each sandbox that holds one of its subscriptions",
    },
    Row {
        verb: "POST",
        call: "fork",
        body: "Fork",
        answer: "SandboxInfo",
        effect: "copies the whole cloud under another subscription id",
    },
    Row {
        verb: "GET",
        call: "operations",
        body: "",
        answer: "List of OperationInfo",
        effect: "every operation, oldest first",
    },
    Row {
        verb: "GET",
        call: "journal?after=N",
        body: "",
        answer: "JSON lines",
        effect: "what came in and went out, after exchange N; URLs are written `{arm}/...`, `{asm}/...`, `{blob}/account/...`, `{aad}/...`",
    },
    Row {
        verb: "GET",
        call: "check",
        body: "",
        answer: "CheckInfo",
        effect: "the invariants of the whole cloud",
    },
];

/// The page.
pub fn document() -> String {
    let mut page = String::from(
        "<!-- generated by `fake-azure schema control-api`; do not edit -->\n# Control API\n\n\
         Calls on the admin URL, under `/_fake/`. `?subscription=ID` names the sandbox; without it the one last reset is meant.\n\
         An empty body is `{}`. Unknown members are refused. Errors come in ARM's envelope,\n\
         `{\"error\": {\"code\": ..., \"message\": ...}}`.\n\n\
         | call | body | answer | effect |\n| --- | --- | --- | --- |\n",
    );
    for Row {
        verb,
        call,
        body,
        answer,
        effect,
    } in ROWS
    {
        let body = link(body);
        let answer = answer
            .strip_prefix("List of ")
            .map_or_else(|| link(answer), |of| format!("list of {}", link(of)));
        writeln!(page, "| `{verb} {call}` | {body} | {answer} | {effect} |").expect("a text takes any text");
    }
    page.push_str("\nA list is `{\"value\": [...]}`.\n\n## Schemas\n");
    for (name, schema) in schemas() {
        let text = serde_json::to_string_pretty(&schema).expect("a schema is a tree");
        write!(page, "\n### {name}\n\n```json\n{text}\n```\n").expect("a text takes any text");
    }
    page
}

/// The name of a schema as a link to it; anything else as it is.
fn link(name: &str) -> String {
    match name {
        name if !name.is_empty() && name.chars().all(|c| c.is_ascii_alphabetic()) => {
            format!("[{name}](#{})", name.to_ascii_lowercase())
        }
        name => name.to_owned(),
    }
}

/// Every schema, by name.
fn schemas() -> Vec<(String, Value)> {
    fn add<T: JsonSchema>(generator: &mut SchemaGenerator) {
        generator.subschema_for::<T>();
    }

    let mut generator = SchemaSettings::draft2020_12().into_generator();
    add::<Reset>(&mut generator);
    add::<SandboxInfo>(&mut generator);
    add::<ClockMove>(&mut generator);
    add::<ClockInfo>(&mut generator);
    add::<Limits>(&mut generator);
    add::<LimitsInfo>(&mut generator);
    add::<Rule>(&mut generator);
    add::<FaultInstalled>(&mut generator);
    add::<List<FaultInfo>>(&mut generator);
    add::<Template>(&mut generator);
    add::<List<TemplateInfo>>(&mut generator);
    add::<DirectorySettings>(&mut generator);
    add::<DirectoryInfo>(&mut generator);
    add::<DeviceVerdict>(&mut generator);
    add::<GatewaySettings>(&mut generator);
    add::<List<GatewayInfo>>(&mut generator);
    add::<List<ListenerInfo>>(&mut generator);
    add::<ConnectionInfo>(&mut generator);
    add::<List<ResponderInfo>>(&mut generator);
    add::<Fork>(&mut generator);
    add::<List<OperationInfo>>(&mut generator);
    add::<CheckInfo>(&mut generator);
    let definitions = generator.take_definitions(true);
    definitions
        .into_iter()
        .filter(|(name, _)| !name.starts_with("List"))
        .collect()
}
