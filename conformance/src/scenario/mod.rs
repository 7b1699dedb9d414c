//! The scenario language: what a story is made of, how it is read from YAML, and how it is written back.
//!
//! A scenario refuses to know how a step is performed: that is the drivers' business, and whether an outcome is right is the
//! oracles'. One file tells one story; its id is its path below the scenario folder.

mod calls;
mod document;
mod duration;
mod error;
mod library;
mod raw;
mod read;
mod target;
mod variables;
mod write;

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::subject::Subject;

pub use self::document::{build as build_document, keys as document_keys};
pub use self::duration::{parse as parse_duration, show as show_duration};
pub use self::error::ScenarioError;
pub use self::library::Library;
pub use self::read::{Fragments, read};
pub use self::target::{ShortType, Target, TargetError, short_types};
pub use self::variables::{Unresolved, Variable, Variables};
pub use self::write::write;

/// The location that short forms use, and that `$location` stands for, unless a scenario names another.
pub const LOCATION: &str = "westus";

/// The group that short forms live in, unless they name another.
pub const GROUP: &str = "story";

/// One story.
#[derive(Clone, Debug, PartialEq)]
pub struct Scenario {
    /// Its path below the scenario folder, without the ending: `arm/network/nic-in-use`.
    pub id: String,
    /// What it shows, in one sentence.
    pub about: String,
    /// Words to choose it by; `quirk:ID` ties it to a quirk.
    pub tags: Vec<String>,
    /// The limits in force at its beginning: `2014`, `2016`, `current`.
    pub profile: String,
    /// Where its resources are.
    pub location: String,
    /// Which provider its environments are of, unless a step says otherwise.
    pub subject: Subject,
    /// Api-versions that differ from the usual ones, by lower-case provider namespace.
    pub versions: BTreeMap<String, String>,
    /// Names of the fragments that it begins with.
    pub uses: Vec<String>,
    /// The fragments' steps.
    pub prepare: Vec<Step>,
    /// Its own steps.
    pub steps: Vec<Step>,
}

/// One step.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// Where it stands in its file.
    pub at: Place,
    /// What is done.
    pub action: Action,
    /// The variable that keeps what came of it.
    pub name: Option<String>,
    /// What should come of it.
    pub expect: Expect,
    /// How often it is done; `${i}` counts from 1.
    pub repeat: u32,
    /// Whether an operation that it begins is waited for.
    pub wait: bool,
}

/// A place in a file, counted from 1; 0 when it was not read from one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// Line.
    pub line: u64,
    /// Column.
    pub column: u64,
}

/// What is done.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// Something with a resource.
    Resource(ResourceStep),
    /// A list of one type.
    List {
        /// `nic`, or `subnet/v0` for children.
        what: String,
        /// In the whole subscription instead of the scenario's group.
        everywhere: bool,
        /// Api-version, when not the usual one.
        version: Option<String>,
    },
    /// A message as it is.
    Http(HttpStep),
    /// A call of the provider.
    Provider(CallStep),
    /// A command of a Juju user.
    Juju(CallStep),
    /// Provider calls at the same time, one worker each.
    Together(Vec<CallStep>),
    /// A fault rule, as the control API takes it, or `clear`.
    Fault(Value),
    /// Time passes: so many milliseconds.
    Advance(i64),
    /// Limits change.
    Limits {
        /// Another era's.
        profile: Option<String>,
        /// Whether callers need roles from here on.
        enforce_roles: Option<bool>,
        /// Single limits; of a size how many machines there may be, where 0 means that the subscription may not have it.
        overrides: BTreeMap<String, i64>,
    },
    /// How many of each type there are, in the whole world.
    World(BTreeMap<String, u64>),
    /// Oracles asked by name.
    Check(Vec<Check>),
}

/// Oracles that a step can ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Check {
    /// What other models consume is called by exactly those that are related to it.
    Admitted,
    /// Every model of every controller is in the cloud what the controller wants it to be.
    Converged,
    /// Every resource of a model says which controller has the model.
    Owned,
    /// Every machine of which anything is left is reported by its environment.
    Reported,
    /// Nothing is left in the world.
    Empty,
}

impl Check {
    /// Every check with its name.
    pub const ALL: &'static [(&'static str, Check)] = &[
        ("admitted", Check::Admitted),
        ("converged", Check::Converged),
        ("empty", Check::Empty),
        ("owned", Check::Owned),
        ("reported", Check::Reported),
    ];

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        Check::ALL
            .iter()
            .find(|(_, check)| *check == self)
            .map_or("", |(name, _)| name)
    }
}

/// Verbs on a resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verb {
    /// PUT.
    Put,
    /// GET.
    Get,
    /// PATCH.
    Patch,
    /// DELETE.
    Delete,
    /// POST of an action.
    Post,
}

impl Verb {
    /// As the language writes it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Verb::Put => "put",
            Verb::Get => "get",
            Verb::Patch => "patch",
            Verb::Delete => "delete",
            Verb::Post => "post",
        }
    }
}

/// Something with a resource.
#[derive(Clone, Debug, PartialEq)]
pub struct ResourceStep {
    /// What.
    pub verb: Verb,
    /// `nic/n0`, `subnet/v0/a`, `nic/n0@other-group`, `vm/v0/powerOff` (post), or a whole id.
    pub target: String,
    /// What is sent.
    pub body: Body,
    /// Api-version, when not the usual one.
    pub version: Option<String>,
    /// `If-Match`.
    pub if_match: Option<String>,
    /// `If-None-Match: *`.
    pub only_new: bool,
    /// `$expand`.
    pub expand: Option<String>,
}

/// What is sent.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Body {
    /// Nothing.
    #[default]
    None,
    /// This document.
    Whole(Value),
    /// The short form's document with these particulars.
    With(Map<String, Value>),
}

/// A message as it is.
#[derive(Clone, Debug, PartialEq)]
pub struct HttpStep {
    /// `arm`, `asm`, `blob`, `aad`.
    pub api: String,
    /// Method, in capitals.
    pub method: String,
    /// Path and query, or a whole address.
    pub url: String,
    /// Headers beside the usual ones; null takes one of those away.
    pub headers: BTreeMap<String, Option<String>>,
    /// Body.
    pub body: Option<HttpBody>,
}

/// Body of a message as it is.
#[derive(Clone, Debug, PartialEq)]
pub enum HttpBody {
    /// JSON.
    Json(Value),
    /// XML, word for word.
    Xml(String),
    /// Anything, word for word, without a content type of its own.
    Text(String),
}

/// A call by name with arguments: of the provider, or of Juju.
#[derive(Clone, Debug, PartialEq)]
pub struct CallStep {
    /// `start_instance`, `add-machine`.
    pub call: String,
    /// Which environment.
    pub environment: String,
    /// Its arguments.
    pub arguments: Map<String, Value>,
}

/// What should come of a step. What is not named is not judged; but a refusal that nobody expects is a failure.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Expect {
    /// HTTP status of the first answer.
    pub status: Option<u16>,
    /// Code of the refusal.
    pub code: Option<String>,
    /// Code of one of the errors below the refusal.
    pub detail: Option<String>,
    /// A part of the refusal's message.
    pub message: Option<String>,
    /// A part of the first answer's body: members named must match, arrays element by element.
    pub body: Option<Value>,
    /// Headers of the first answer; null: the header is absent, `$any`: it is there.
    pub headers: Option<BTreeMap<String, Option<String>>>,
    /// How the operation ends: `Succeeded`, `Failed`, `Canceled`.
    pub settles: Option<String>,
    /// Code of the operation's error.
    pub settles_code: Option<String>,
    /// A part of the provider's error.
    pub error: Option<String>,
    /// Class of the provider's error.
    pub kind: Option<String>,
    /// Ids of the instances given back, in any order.
    pub instances: Option<Vec<String>>,
    /// A part of what the provider gave back.
    pub value: Option<Value>,
    /// How many entries a list has.
    pub count: Option<usize>,
    /// How long it may take, on the scenario's clock.
    pub within: Option<String>,
    /// Whatever comes is fine: only the oracles that always judge do.
    #[serde(default)]
    pub any: bool,
}

impl Expect {
    /// Whether a refusal is expected, or nothing is said about it.
    #[must_use]
    pub fn allows_refusal(&self) -> bool {
        self.any
            || self.code.is_some()
            || self.detail.is_some()
            || self.message.is_some()
            || self.error.is_some()
            || self.kind.is_some()
            || self.status.is_some_and(|status| status >= 400)
    }
}

impl Scenario {
    /// Every step in order, with what it is called in messages: `prepare 2`, `step 3`.
    pub fn numbered(&self) -> impl Iterator<Item = (StepNumber, &Step)> {
        let prepare = self
            .prepare
            .iter()
            .zip(1..)
            .map(|(step, number)| (StepNumber::Prepare(number), step));
        let own = self
            .steps
            .iter()
            .zip(1..)
            .map(|(step, number)| (StepNumber::Own(number), step));
        prepare.chain(own)
    }
}

/// Which step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum StepNumber {
    /// Of the fragments.
    Prepare(usize),
    /// Of the scenario itself.
    Own(usize),
}

impl std::fmt::Display for StepNumber {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            StepNumber::Prepare(number) => write!(f, "prepare step {number}"),
            StepNumber::Own(number) => write!(f, "step {number}"),
        }
    }
}

impl Action {
    /// The verb that a file writes it with.
    #[must_use]
    pub fn verb(&self) -> &'static str {
        match self {
            Action::Resource(step) => step.verb.name(),
            Action::List { .. } => "list",
            Action::Http(_) => "http",
            Action::Provider(_) => "provider",
            Action::Juju(_) => "juju",
            Action::Together(_) => "together",
            Action::Fault(_) => "fault",
            Action::Advance(_) => "clock",
            Action::Limits { .. } => "limits",
            Action::World(_) => "world",
            Action::Check(_) => "check",
        }
    }

    /// A few words that tell it apart: `delete nic/n0`, `provider start_instance`.
    #[must_use]
    pub fn label(&self) -> String {
        let rest = match self {
            Action::Resource(step) => step.target.clone(),
            Action::List { what, .. } => what.clone(),
            Action::Http(step) => format!("{} {}", step.method, step.url),
            Action::Provider(step) | Action::Juju(step) => step.call.clone(),
            Action::Together(calls) => calls
                .iter()
                .map(|call| call.call.as_str())
                .collect::<Vec<_>>()
                .join(", "),
            Action::Advance(millis) => show_duration(*millis),
            Action::Check(checks) => checks.iter().map(|check| check.name()).collect::<Vec<_>>().join(", "),
            Action::Fault(_) | Action::Limits { .. } | Action::World(_) => String::new(),
        };
        format!("{} {rest}", self.verb()).trim_end().to_owned()
    }
}
