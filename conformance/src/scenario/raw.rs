//! Scenario files as they are written, before their steps are judged: every key with its place.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value};
use serde_saphyr::{Location, Spanned};

use super::{Expect, Place};

/// A file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawScenario {
    pub(super) about: Spanned<String>,
    #[serde(default)]
    pub(super) tags: Vec<Spanned<String>>,
    pub(super) profile: Option<Spanned<String>>,
    pub(super) location: Option<String>,
    pub(super) stack: Option<Spanned<String>>,
    pub(super) generation: Option<Spanned<String>>,
    #[serde(default)]
    pub(super) versions: BTreeMap<String, Spanned<String>>,
    #[serde(default)]
    pub(super) prepare: Vec<RawUse>,
    pub(super) steps: Spanned<Vec<Spanned<RawStep>>>,
}

/// A fragment that is used.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawUse {
    #[serde(rename = "use")]
    pub(super) name: Spanned<String>,
}

/// A message as it is.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawHttp {
    pub(super) api: Option<Spanned<String>>,
    pub(super) get: Option<String>,
    pub(super) head: Option<String>,
    pub(super) put: Option<String>,
    pub(super) post: Option<String>,
    pub(super) patch: Option<String>,
    pub(super) delete: Option<String>,
    #[serde(default)]
    pub(super) headers: BTreeMap<String, Option<String>>,
    pub(super) json: Option<Value>,
    pub(super) xml: Option<String>,
    pub(super) text: Option<String>,
}

/// A clock that moves.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawClock {
    pub(super) advance: Spanned<String>,
}

macro_rules! step {
    ($( $field:ident $name:literal: $type:ty, )*) => {
        /// A step: every key that any verb knows.
        #[derive(Debug, Deserialize)]
        #[serde(deny_unknown_fields)]
        pub(super) struct RawStep {
            $( #[serde(rename = $name)] pub(super) $field: Option<Spanned<$type>>, )*
        }

        impl RawStep {
            /// The keys that are there, each with the place of its value, in the language's order.
            pub(super) fn present(&self) -> Vec<(&'static str, Place)> {
                let mut present = Vec::new();
                $( if let Some(value) = &self.$field { present.push(($name, place(value.referenced))); } )*
                present
            }
        }
    };
}

step! {
    put "put": String,
    get "get": String,
    patch "patch": String,
    delete "delete": String,
    post "post": String,
    list "list": String,
    http "http": RawHttp,
    provider "provider": String,
    juju "juju": String,
    together "together": Vec<Spanned<RawStep>>,
    fault "fault": Value,
    clock "clock": RawClock,
    limits "limits": BTreeMap<String, Value>,
    world "world": BTreeMap<String, u64>,
    check "check": Vec<String>,
    body "body": Value,
    with "with": Map<String, Value>,
    version "version": String,
    if_match "if-match": String,
    only_new "only-new": bool,
    expand "expand": String,
    everywhere "everywhere": bool,
    environment "environment": String,
    agent_version "agent-version": Value,
    answers "answers": Value,
    app "app": Value,
    application "application": Value,
    application_object_id "application-object-id": Value,
    attachments "attachments": Value,
    auto_upgrade "auto-upgrade": Value,
    autocert "autocert": Value,
    between "between": Value,
    binaries "binaries": Value,
    build_agent "build-agent": Value,
    called "called": Value,
    client "client": Value,
    cloud "cloud": Value,
    config "config": Value,
    constraints "constraints": Value,
    content "content": Value,
    controller "controller": Value,
    count "count": Value,
    destroy_all_models "destroy-all-models": Value,
    dies_in "dies-in": Value,
    endpoint "endpoint": Value,
    fails_in "fails-in": Value,
    file "file": Value,
    span "for": Value,
    force "force": Value,
    format "format": Value,
    from_version "from-version": Value,
    generation "generation": Value,
    group_with "group-with": Value,
    id "id": Value,
    ids "ids": Value,
    keep_instance "keep-instance": Value,
    machine "machine": Value,
    managed_subscription "managed-subscription": Value,
    mode "mode": Value,
    nth "nth": Value,
    only "only": Value,
    peers "peers": Value,
    place "place": Value,
    placement "placement": Value,
    ports "ports": Value,
    prefix "prefix": Value,
    provides "provides": Value,
    public_addresses "public-addresses": Value,
    requires "requires": Value,
    root_disk "root-disk": Value,
    series "series": Value,
    side "side": Value,
    stack "stack": Value,
    stream "stream": Value,
    subnets_to_zones "subnets-to-zones": Value,
    tags "tags": Value,
    timeout "timeout": Value,
    to "to": Value,
    unit "unit": Value,
    units "units": Value,
    until "until": Value,
    url "url": Value,
    volumes "volumes": Value,
    name "as": String,
    repeat "repeat": u32,
    wait "wait": bool,
    expect "expect": Expect,
}

impl RawStep {
    /// The arguments of a call that are there.
    pub(super) fn arguments(&self) -> Map<String, Value> {
        let rows = [
            ("agent-version", &self.agent_version),
            ("answers", &self.answers),
            ("app", &self.app),
            ("application", &self.application),
            ("application-object-id", &self.application_object_id),
            ("attachments", &self.attachments),
            ("auto-upgrade", &self.auto_upgrade),
            ("autocert", &self.autocert),
            ("between", &self.between),
            ("binaries", &self.binaries),
            ("build-agent", &self.build_agent),
            ("called", &self.called),
            ("client", &self.client),
            ("cloud", &self.cloud),
            ("config", &self.config),
            ("constraints", &self.constraints),
            ("content", &self.content),
            ("controller", &self.controller),
            ("count", &self.count),
            ("destroy-all-models", &self.destroy_all_models),
            ("dies-in", &self.dies_in),
            ("endpoint", &self.endpoint),
            ("fails-in", &self.fails_in),
            ("file", &self.file),
            ("for", &self.span),
            ("force", &self.force),
            ("format", &self.format),
            ("from-version", &self.from_version),
            ("generation", &self.generation),
            ("group-with", &self.group_with),
            ("id", &self.id),
            ("ids", &self.ids),
            ("keep-instance", &self.keep_instance),
            ("machine", &self.machine),
            ("managed-subscription", &self.managed_subscription),
            ("mode", &self.mode),
            ("nth", &self.nth),
            ("only", &self.only),
            ("peers", &self.peers),
            ("place", &self.place),
            ("placement", &self.placement),
            ("ports", &self.ports),
            ("prefix", &self.prefix),
            ("provides", &self.provides),
            ("public-addresses", &self.public_addresses),
            ("requires", &self.requires),
            ("root-disk", &self.root_disk),
            ("series", &self.series),
            ("side", &self.side),
            ("stack", &self.stack),
            ("stream", &self.stream),
            ("subnets-to-zones", &self.subnets_to_zones),
            ("tags", &self.tags),
            ("timeout", &self.timeout),
            ("to", &self.to),
            ("unit", &self.unit),
            ("units", &self.units),
            ("until", &self.until),
            ("url", &self.url),
            ("volumes", &self.volumes),
        ];
        rows.into_iter()
            .filter_map(|(name, value)| Some((name.to_owned(), value.as_ref()?.value.clone())))
            .collect()
    }
}

pub(super) fn place(location: Location) -> Place {
    Place {
        line: location.line(),
        column: location.column(),
    }
}
