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
    app "app": Value,
    attachments "attachments": Value,
    config "config": Value,
    count "count": Value,
    constraints "constraints": Value,
    controller "controller": Value,
    from_version "from-version": Value,
    generation "generation": Value,
    group_with "group-with": Value,
    id "id": Value,
    ids "ids": Value,
    machine "machine": Value,
    placement "placement": Value,
    ports "ports": Value,
    public_addresses "public-addresses": Value,
    series "series": Value,
    stack "stack": Value,
    tags "tags": Value,
    unit "unit": Value,
    units "units": Value,
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
            ("app", &self.app),
            ("attachments", &self.attachments),
            ("config", &self.config),
            ("count", &self.count),
            ("constraints", &self.constraints),
            ("controller", &self.controller),
            ("from-version", &self.from_version),
            ("generation", &self.generation),
            ("group-with", &self.group_with),
            ("id", &self.id),
            ("ids", &self.ids),
            ("machine", &self.machine),
            ("placement", &self.placement),
            ("ports", &self.ports),
            ("public-addresses", &self.public_addresses),
            ("series", &self.series),
            ("stack", &self.stack),
            ("tags", &self.tags),
            ("unit", &self.unit),
            ("units", &self.units),
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
