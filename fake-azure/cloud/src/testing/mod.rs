//! Scripts for rule tests: each line is a call, each line of the expectation its outcome.
//!
//! ```text
//! version 2017-10-01                  the api-version of the lines below (2016-03-30 at first)
//! at eastus / in g2                   their location and group (westus, rg); a group is made when it is new
//! put WORD NAME ARGS                  writes a resource and waits for its end; ARGS are the word's, or the whole document
//! begin put|delete|act ...            does not wait; tells whether it is new, its state, and whether an operation runs
//! patch WORD NAME {...}               act WORD NAME ACTION [{...}]
//! delete WORD NAME                    get WORD NAME [/pointer ...]
//! list WORD [PARENT]                  state WORD NAME
//! advance 180s / settle               moves the clock; runs everything that is still to come
//! era 2016 / limit ROW N / used ROW   the quota ledger
//! ```
//!
//! A name is `parent/child`, in another group `group:name`. In documents a text `@WORD:NAME` stands for the id. Ids in
//! outcomes are cut down to type and names, GUIDs to `<guid>`. After each line the invariants of the cloud must hold, and a refusal must
//! have changed nothing.

mod compute;
pub(crate) mod key_vault;
pub(crate) mod network;
mod storage;

use std::fmt::Write as _;

use expect_test::Expect;
use serde_json::{Value, json};

use crate::api_version::ApiVersion;
use crate::call::{Call, Conditions, Outcome, Scope};
use crate::catalogue::limits::Era;
use crate::cloud::{Cloud, Settings};
use crate::error::CloudError;
use crate::id::ResourceId;
use crate::key::Guid;
use crate::operation::{OperationId, Status};
use crate::registry::Kind;
use crate::resource::Resource;
use crate::time::Time;
use crate::types::{Answer, View};

/// The subscription of every script.
pub(crate) const SUBSCRIPTION: Guid = Guid(0x0b1f6471_1bf0_4dda_aec3_cb9272f09590);

/// A word of the language: a type, and the document that its arguments make.
pub(crate) struct Word {
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    pub(crate) document: fn(&Args<'_>) -> Value,
}

/// Every word. A new area adds its list.
const WORDS: &[&[Word]] = &[compute::WORDS, key_vault::WORDS, network::WORDS, storage::WORDS];

/// Runs a script and compares its outcomes.
pub(crate) fn check(script: &str, expected: Expect) {
    expected.assert_eq(&trimmed(&Script::run(script).outcomes));
}

/// Runs a script after one that sets the scene, and compares its outcomes.
pub(crate) fn check_after(scene: &str, script: &str, expected: Expect) {
    let mut run = Script::after(scene);
    run.more(script);
    expected.assert_eq(&trimmed(&run.outcomes));
}

/// Outcomes without blanks at the ends of lines.
fn trimmed(outcomes: &str) -> String {
    outcomes.lines().map(|line| format!("{}\n", line.trim_end())).collect()
}

/// A script as far as it has run.
pub(crate) struct Script {
    pub(crate) cloud: Cloud,
    pub(crate) outcomes: String,
    version: ApiVersion,
    location: String,
    group: String,
}

/// The arguments of a word: `key=value` members, and the rest.
pub(crate) struct Args<'a> {
    script: &'a Script,
    /// The name of what is written.
    name: &'a str,
    /// What has no `=`, in order.
    pub(crate) plain: Vec<&'a str>,
    members: Vec<(&'a str, &'a str)>,
}

impl<'a> Args<'a> {
    fn read(script: &'a Script, name: &'a str, text: &'a str) -> Args<'a> {
        let mut args = Args {
            script,
            name,
            plain: Vec::new(),
            members: Vec::new(),
        };
        for part in text.split_whitespace() {
            match part.split_once('=') {
                Some(member) => args.members.push(member),
                None => args.plain.push(part),
            }
        }
        args
    }

    /// The value of a member.
    pub(crate) fn get(&self, key: &str) -> Option<&'a str> {
        self.members
            .iter()
            .find(|member| member.0 == key)
            .map(|member| member.1)
    }

    /// Whether a plain word is there.
    pub(crate) fn has(&self, flag: &str) -> bool {
        self.plain.contains(&flag)
    }

    /// A member as a list, parts separated by commas.
    pub(crate) fn list(&self, key: &str) -> Vec<&'a str> {
        self.get(key)
            .map(|value| value.split(',').collect())
            .unwrap_or_default()
    }

    /// `{"id": ...}` of what a member names; null without the member.
    pub(crate) fn reference(&self, key: &str, word: &str) -> Value {
        self.get(key).map_or(Value::Null, |name| self.named(word, name))
    }

    /// `{"id": ...}` of a name.
    pub(crate) fn named(&self, word: &str, name: &str) -> Value {
        json!({ "id": self.script.id(word, name).to_string() })
    }

    /// `{"id": ...}` of a child of what is written.
    pub(crate) fn own(&self, word: &str, child: &str) -> Value {
        self.named(word, &format!("{}/{child}", self.name))
    }
}

impl Script {
    /// A fresh cloud with the group `rg`.
    pub(crate) fn new() -> Script {
        let settings = Settings {
            seed: 1,
            start: Time::from_millis(1_459_468_800_000),
            era: Era::Arm2016,
            subscriptions: vec![SUBSCRIPTION],
        };
        let mut script = Script {
            cloud: Cloud::new(&settings),
            outcomes: String::new(),
            version: ApiVersion::date(2016, 3, 30),
            location: "westus".to_owned(),
            group: String::new(),
        };
        script.line("in rg");
        script
    }

    /// Runs a script from the beginning.
    pub(crate) fn run(text: &str) -> Script {
        let mut script = Script::new();
        script.more(text);
        script
    }

    /// A script whose first lines only set the scene: all of them succeed, and their outcomes are forgotten.
    pub(crate) fn after(scene: &str) -> Script {
        let mut script = Script::run(scene);
        assert!(
            script.outcomes.lines().all(|outcome| outcome == "ok"),
            "the scene was not set:\n{}",
            script.outcomes
        );
        script.outcomes.clear();
        script
    }

    /// Goes on with more lines.
    pub(crate) fn more(&mut self, text: &str) {
        for line in text
            .lines()
            .map(str::trim)
            .filter(|line| !line.is_empty() && !line.starts_with('#'))
        {
            if let Some(outcome) = self.line(line) {
                writeln!(self.outcomes, "{outcome}").expect("a text can be written");
            }
            assert_eq!(self.cloud.check(), Vec::<String>::new(), "after `{line}`");
        }
    }

    /// The id of a name.
    pub(crate) fn id(&self, word: &str, name: &str) -> ResourceId {
        let (group, name) = name.split_once(':').unwrap_or((&self.group, name));
        let kind = Script::word(word).kind;
        if kind == Kind::ResourceGroups {
            return ResourceId::group(SUBSCRIPTION, name);
        }
        ResourceId::resource(SUBSCRIPTION, group, kind, name.split('/').map(Box::from).collect())
    }

    /// A resource that is there.
    pub(crate) fn resource(&self, word: &str, name: &str) -> &Resource {
        let id = self.id(word, name);
        self.cloud
            .store()
            .find(id.folded())
            .unwrap_or_else(|| panic!("there is no {word} {name}"))
    }

    fn word(name: &str) -> &'static Word {
        let found = WORDS
            .iter()
            .flat_map(|words| words.iter())
            .find(|word| word.name == name);
        found.unwrap_or_else(|| panic!("`{name}` is not a word"))
    }

    /// Runs one line; `None` for what only sets the scene.
    fn line(&mut self, line: &str) -> Option<String> {
        let (verb, rest) = line.split_once(' ').unwrap_or((line, ""));
        let rest = rest.trim();
        let mut words = rest.splitn(3, ' ');
        let mut next = || words.next().unwrap_or_default();
        match verb {
            "version" => self.version = ApiVersion::parse(rest).unwrap_or_else(|| panic!("`{rest}` is no version")),
            "at" => self.location = rest.to_owned(),
            "in" => {
                self.group = rest.to_owned();
                let id = ResourceId::group(SUBSCRIPTION, rest);
                if self.cloud.store().find(id.folded()).is_none() {
                    let document = json!({ "location": self.location });
                    let put = Call::Put {
                        id,
                        document,
                        version: self.version,
                        conditions: Conditions::NONE,
                    };
                    self.cloud.apply(&put).expect("a group can be made");
                }
            }
            "era" => {
                let era = Era::find(rest).unwrap_or_else(|| panic!("`{rest}` is no era"));
                self.cloud.ledger_mut().set_era(era);
            }
            "limit" => {
                let (row, limit) = (next(), next());
                self.cloud
                    .ledger_mut()
                    .set_override(row, Some(limit.parse().expect("a limit is a number")));
            }
            "advance" => {
                let secs: i64 = rest.trim_end_matches('s').parse().expect("seconds");
                let to = self.cloud.now().plus_millis(secs * 1000);
                self.cloud.advance_to(to);
            }
            "settle" => {
                while let Some(due) = self.cloud.next_due() {
                    self.cloud.advance_to(due);
                }
            }
            "used" => return Some(self.used(rest)),
            "get" => {
                let (word, name, pointers) = (next(), next(), next());
                return Some(self.show(word, name, pointers));
            }
            "state" => {
                let (word, name) = (next(), next());
                return Some(self.resource(word, name).provisioning.as_str().to_owned());
            }
            "list" => {
                let (word, parent) = (next(), next());
                return Some(self.list(word, parent));
            }
            "begin" => return Some(self.call(rest, false)),
            _ => return Some(self.call(line, true)),
        }
        None
    }

    /// Makes a call, and waits for its end if asked to.
    fn call(&mut self, line: &str, wait: bool) -> String {
        let call = self.read_call(line);
        let before = self.cloud.digest();
        let reply = match self.cloud.apply(&call) {
            Ok(reply) => reply,
            Err(error) => {
                assert_eq!(self.cloud.digest(), before, "a refused call changes nothing: `{line}`");
                return self.refusal(&error);
            }
        };
        if !wait {
            let tail = match reply.operation.and_then(|id| self.cloud.operation(id)) {
                Some(operation) if operation.is_running() => ", operation runs",
                Some(_) => ", operation over",
                None => "",
            };
            return match reply.outcome {
                Outcome::Written { key, created } => {
                    let state = self.cloud.cx().resource(key).provisioning.as_str();
                    format!("{} {state}{tail}", if created { "created" } else { "updated" })
                }
                _ => format!("accepted{tail}"),
            };
        }
        if let Some(failed) = reply.operation.and_then(|id| self.wait(id)) {
            return format!("failed {}", self.refusal(&failed));
        }
        match reply.outcome {
            Outcome::Absent => "absent".to_owned(),
            Outcome::Acted(Some(output)) => self.short(&output.to_string()),
            _ => "ok".to_owned(),
        }
    }

    /// Moves the clock until an operation is over; gives back its error.
    fn wait(&mut self, id: OperationId) -> Option<CloudError> {
        loop {
            let operation = self
                .cloud
                .operation(id)
                .expect("a reply names an operation that exists");
            match &operation.status {
                Status::InProgress => {}
                Status::Succeeded => return None,
                Status::Failed(error) | Status::Canceled(error) => return Some(error.clone()),
            }
            let due = operation
                .end()
                .or_else(|| self.cloud.next_due())
                .expect("something is due while an operation runs");
            self.cloud.advance_to(due);
        }
    }

    fn read_call(&self, line: &str) -> Call {
        let mut words = line.splitn(4, ' ');
        let mut next = || words.next().unwrap_or_default();
        let (verb, word, name, rest) = (next(), next(), next(), next());
        let (id, version, conditions) = (self.id(word, name), self.version, Conditions::NONE);
        match verb {
            "put" => Call::Put {
                document: self.document(word, name, rest),
                id,
                version,
                conditions,
            },
            "patch" => Call::Patch {
                document: self.json(rest),
                id,
                version,
                conditions,
            },
            "delete" => Call::Delete {
                id,
                version,
                conditions,
            },
            "act" => {
                let (action, document) = rest.split_once(' ').unwrap_or((rest, "{}"));
                Call::Act {
                    id,
                    action: action.into(),
                    document: self.json(document),
                    version,
                }
            }
            _ => panic!("`{verb}` is not a verb"),
        }
    }

    /// The document that a line writes: as it stands, or made by the word.
    fn document(&self, word: &str, name: &str, rest: &str) -> Value {
        let word = Script::word(word);
        let mut document = if rest.starts_with('{') {
            self.json(rest)
        } else {
            (word.document)(&Args::read(self, name, rest))
        };
        if word.kind.descriptor().tracked && document.get("location").is_none() {
            document["location"] = Value::from(self.location.as_str());
        }
        document
    }

    /// A document with `@WORD:NAME` replaced by ids.
    fn json(&self, text: &str) -> Value {
        fn resolve(script: &Script, value: &mut Value) {
            match value {
                Value::String(text) => {
                    if let Some((word, name)) = text.strip_prefix('@').and_then(|text| text.split_once(':')) {
                        *text = script.id(word, name).to_string();
                    }
                }
                Value::Array(items) => items.iter_mut().for_each(|item| resolve(script, item)),
                Value::Object(members) => members.values_mut().for_each(|member| resolve(script, member)),
                _ => {}
            }
        }
        let mut document =
            serde_json::from_str(text).unwrap_or_else(|error| panic!("`{text}` is no document: {error}"));
        resolve(self, &mut document);
        document
    }

    fn show(&mut self, word: &str, name: &str, pointers: &str) -> String {
        let resource = match self.cloud.apply(&Call::Get {
            id: self.id(word, name),
        }) {
            Ok(reply) => match reply.outcome {
                Outcome::Found(resource) => resource,
                other => panic!("a get answers what it found, not {other:?}"),
            },
            Err(error) => return self.refusal(&error),
        };
        let document = self.cloud.document(
            &resource,
            &View {
                version: self.version,
                answer: Answer::Read,
                expand: "",
            },
        );
        if pointers.is_empty() {
            return self.short(&document.to_string());
        }
        let values: Vec<String> = pointers
            .split_whitespace()
            .map(|pointer| {
                document
                    .pointer(pointer)
                    .map_or_else(|| "-".to_owned(), |value| self.short(&value.to_string()))
            })
            .collect();
        values.join(" ")
    }

    fn list(&mut self, word: &str, parent: &str) -> String {
        let kind = Script::word(word).kind;
        let scope = match kind.descriptor().parent {
            Some(parent_kind) => {
                let group = self.group.clone();
                let names = parent.split('/').map(Box::from).collect();
                Scope::In(ResourceId::resource(SUBSCRIPTION, &group, parent_kind, names))
            }
            None => Scope::In(ResourceId::group(
                SUBSCRIPTION,
                if parent.is_empty() { &self.group } else { parent },
            )),
        };
        match self.cloud.apply(&Call::List { scope, kind }) {
            Ok(reply) => match reply.outcome {
                Outcome::Listed(found) => {
                    let names: Vec<&str> = found.iter().map(|resource| resource.name.as_ref()).collect();
                    format!("[{}]", names.join(" "))
                }
                other => panic!("a list answers what it found, not {other:?}"),
            },
            Err(error) => self.refusal(&error),
        }
    }

    fn used(&self, row: &str) -> String {
        let subscription = self.cloud.subscription(SUBSCRIPTION).expect("every script has it").key;
        self.cloud.ledger().used(subscription, &self.location, row).to_string()
    }

    /// A refusal: code, message, what is below it, and when it ends by itself.
    fn refusal(&self, error: &CloudError) -> String {
        let mut text = format!("{}: {}", error.code, self.short(&error.message));
        for detail in &error.details {
            write!(text, " <{}>", self.refusal(detail)).expect("a text can be written");
        }
        if error.until.is_some_and(|until| until > self.cloud.now()) {
            text.push_str(" [ends by itself]");
        }
        text
    }

    /// A text without the GUIDs that the seed decides, whose ids are cut down to type and names; those of other groups keep
    /// the group.
    fn short(&self, text: &str) -> String {
        let text = &without_guids(text);
        let head = format!("/subscriptions/{SUBSCRIPTION}/resourceGroups/");
        let mut parts = text.split(&head);
        let mut short = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            let Some((group, rest)) = part.split_once("/providers/") else {
                short.push_str(part);
                continue;
            };
            if group != "rg" {
                short.push_str(group);
                short.push(':');
            }
            short.push_str(rest.split_once('/').map_or(rest, |(_, rest)| rest));
        }
        short
    }
}

/// A text with every GUID but the subscription's written `<guid>`.
fn without_guids(text: &str) -> String {
    let mut short = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let guid = rest
            .get(..36)
            .and_then(Guid::parse)
            .filter(|guid| *guid != SUBSCRIPTION);
        let length = match guid {
            Some(_) => {
                short.push_str("<guid>");
                36
            }
            None => {
                short.push(first);
                first.len_utf8()
            }
        };
        rest = &rest[length..];
    }
    short
}
