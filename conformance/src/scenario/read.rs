//! Reading a scenario: YAML, then every step judged by its verb. An error names line, column and what was expected.

use std::collections::{BTreeMap, BTreeSet};

use camino::Utf8Path;
use fake_azure_cloud::ApiVersion;
use fake_azure_cloud::catalogue::limits::Era;
use fake_azure_cloud::catalogue::sizes;
use serde_json::Value;

use super::calls::{CallRow, JUJU_CALLS, OPEN, PROVIDER_CALLS};
use super::raw::{RawHttp, RawScenario, RawStep, place};
use super::variables::{names_in, names_in_text};
use super::{
    Action, Body, CallStep, Check, Expect, HttpBody, HttpStep, LOCATION, Place, ResourceStep, Scenario, ScenarioError,
    Step, Target, Verb, document, duration,
};
use crate::subject::{Stack, Subject};

/// Variables that every run has.
const BUILT_IN: &[&str] = &["group", "i", "location", "now", "seed", "subscription", "tenant"];

/// Most repetitions of a step.
const REPEAT_MAX: u32 = 10_000;

/// What a verb takes.
struct VerbRow {
    name: &'static str,
    keys: &'static [&'static str],
}

const VERBS: &[VerbRow] = &[
    VerbRow {
        name: "put",
        keys: &[
            "body", "with", "version", "if-match", "only-new", "as", "repeat", "wait", "expect",
        ],
    },
    VerbRow {
        name: "get",
        keys: &["version", "expand", "as", "repeat", "expect"],
    },
    VerbRow {
        name: "patch",
        keys: &["body", "version", "if-match", "as", "repeat", "wait", "expect"],
    },
    VerbRow {
        name: "delete",
        keys: &["version", "if-match", "repeat", "wait", "expect"],
    },
    VerbRow {
        name: "post",
        keys: &["body", "version", "as", "repeat", "wait", "expect"],
    },
    VerbRow {
        name: "list",
        keys: &["version", "everywhere", "as", "repeat", "expect"],
    },
    VerbRow {
        name: "http",
        keys: &["as", "repeat", "expect"],
    },
    VerbRow {
        name: "provider",
        keys: &["environment", "as", "repeat", "expect"],
    },
    VerbRow {
        name: "juju",
        keys: &["environment", "as", "repeat", "expect"],
    },
    VerbRow {
        name: "together",
        keys: &["as", "expect"],
    },
    VerbRow {
        name: "fault",
        keys: &[],
    },
    VerbRow {
        name: "clock",
        keys: &[],
    },
    VerbRow {
        name: "limits",
        keys: &[],
    },
    VerbRow {
        name: "world",
        keys: &[],
    },
    VerbRow {
        name: "check",
        keys: &[],
    },
];

/// Looks a fragment up by name: its file's path and text.
pub type Fragments<'f> = &'f dyn Fn(&str) -> Option<(camino::Utf8PathBuf, String)>;

/// Reads a scenario from its text.
///
/// # Errors
///
/// When it is not YAML, or not a scenario: where, and what was expected.
pub fn read(path: &Utf8Path, id: &str, text: &str, fragments: Fragments<'_>) -> Result<Scenario, ScenarioError> {
    let raw = parse(path, text)?;
    let reader = Reader { path };
    let mut defined: BTreeSet<String> = BUILT_IN.iter().map(|name| (*name).to_owned()).collect();

    let mut prepare = Vec::new();
    let mut uses = Vec::new();
    for used in &raw.prepare {
        let name = &used.name.value;
        let at = place(used.name.referenced);
        let Some((fragment_path, fragment_text)) = fragments(name) else {
            return Err(reader.error(
                at,
                format!("`{name}` is no fragment, expected a file `prepare/{name}.yaml` in the scenario folder"),
            ));
        };
        let fragment = parse(&fragment_path, &fragment_text)?;
        if let Some(nested) = fragment.prepare.first() {
            return Err(ScenarioError::new(
                fragment_path,
                place(nested.name.referenced),
                "a fragment uses no other fragment",
            ));
        }
        prepare.extend(Reader { path: &fragment_path }.steps(&fragment.steps.value, &mut defined)?);
        uses.push(name.clone());
    }

    let steps = reader.steps(&raw.steps.value, &mut defined)?;
    if steps.is_empty() {
        return Err(reader.error(
            place(raw.steps.referenced),
            "a scenario has at least one step".to_owned(),
        ));
    }
    if raw.about.value.trim().is_empty() {
        return Err(reader.error(
            place(raw.about.referenced),
            "`about` is empty, expected a sentence".to_owned(),
        ));
    }
    let profile = match &raw.profile {
        Some(profile) => reader.profile(&profile.value, place(profile.referenced))?,
        None => Era::Current.name().to_owned(),
    };
    let mut versions = BTreeMap::new();
    for (namespace, version) in &raw.versions {
        reader.version(&version.value, place(version.referenced))?;
        versions.insert(namespace.to_lowercase(), version.value.clone());
    }
    let mut tags = Vec::new();
    for tag in &raw.tags {
        if tag.value.is_empty() || tag.value.contains(char::is_whitespace) {
            return Err(reader.error(
                place(tag.referenced),
                format!("`{}` is no tag, expected a word", tag.value),
            ));
        }
        tags.push(tag.value.clone());
    }

    let mut subject = Subject::default();
    if let Some(stack) = &raw.stack {
        subject.stack = Stack::find(&stack.value).ok_or_else(|| {
            let message = format!("`{}` is no stack, expected arm or classic", stack.value);
            reader.error(place(stack.referenced), message)
        })?;
    }
    if let Some(generation) = &raw.generation {
        subject.generation = Subject::generation_of(&generation.value).ok_or_else(|| {
            let message = format!("`{}` is no generation, expected A1, A4 or A7", generation.value);
            reader.error(place(generation.referenced), message)
        })?;
    }

    Ok(Scenario {
        id: id.to_owned(),
        about: raw.about.value.trim().to_owned(),
        tags,
        profile,
        location: raw.location.unwrap_or_else(|| LOCATION.to_owned()),
        subject,
        versions,
        uses,
        prepare,
        steps,
    })
}

fn parse(path: &Utf8Path, text: &str) -> Result<RawScenario, ScenarioError> {
    let options = serde_saphyr::options! {
        strict_booleans: true,
        with_snippet: false,
    };
    serde_saphyr::from_str_with_options(text, options).map_err(|error| {
        let at = error.location().map(place).unwrap_or_default();
        let whole = error.without_snippet().to_string();
        // The place is printed in front; the parser prints it behind, too.
        let message = whole.split(" at line ").next().unwrap_or(&whole);
        let message = message
            .split(", set DuplicateKeyPolicy")
            .next()
            .unwrap_or(message)
            .to_owned();
        ScenarioError::new(path, at, message)
    })
}

struct Reader<'p> {
    path: &'p Utf8Path,
}

impl Reader<'_> {
    fn error(&self, at: Place, message: String) -> ScenarioError {
        ScenarioError::new(self.path, at, message)
    }

    fn steps(
        &self,
        raw: &[serde_saphyr::Spanned<RawStep>],
        defined: &mut BTreeSet<String>,
    ) -> Result<Vec<Step>, ScenarioError> {
        let mut steps = Vec::with_capacity(raw.len());
        for one in raw {
            let step = self.step(&one.value, place(one.referenced))?;
            self.check_variables(&step, defined)?;
            steps.push(step);
        }
        Ok(steps)
    }

    fn step(&self, raw: &RawStep, at: Place) -> Result<Step, ScenarioError> {
        let present = raw.present();
        let verbs: Vec<&VerbRow> = VERBS
            .iter()
            .filter(|row| present.iter().any(|(name, _)| *name == row.name))
            .collect();
        let verb = match verbs.as_slice() {
            [verb] => *verb,
            [] => {
                let known: Vec<&str> = VERBS.iter().map(|row| row.name).collect();
                return Err(self.error(
                    at,
                    format!("a step without a verb, expected one of {}", known.join(", ")),
                ));
            }
            [first, second, ..] => {
                return Err(self.error(
                    at,
                    format!(
                        "a step with two verbs, `{}` and `{}`, expected one",
                        first.name, second.name
                    ),
                ));
            }
        };
        let calls = match verb.name {
            "provider" => Some((raw.provider.as_ref(), PROVIDER_CALLS)),
            "juju" => Some((raw.juju.as_ref(), JUJU_CALLS)),
            _ => None,
        };
        let call = match calls {
            Some((Some(name), rows)) => Some(self.call_row(&name.value, place(name.referenced), verb.name, rows)?),
            _ => None,
        };
        for (key, key_at) in &present {
            let of_call =
                call.is_some_and(|call| call.needs.contains(key) || call.takes.contains(key) || OPEN.contains(key));
            if *key != verb.name && !verb.keys.contains(key) && !of_call {
                let mut known: Vec<&str> = verb.keys.to_vec();
                if let Some(call) = call {
                    known.extend(call.needs);
                    known.extend(call.takes);
                    known.extend(OPEN);
                }
                known.sort_unstable();
                let known = if known.is_empty() {
                    "nothing else".to_owned()
                } else {
                    known.join(", ")
                };
                let what = call.map_or(verb.name, |call| call.name);
                return Err(self.error(*key_at, format!("`{key}` has no place in `{what}`, expected {known}")));
            }
        }
        for needed in call.map_or(&[][..], |call| call.needs) {
            if !present.iter().any(|(key, _)| key == needed) {
                let name = call.map_or("", |call| call.name);
                return Err(self.error(at, format!("`{name}` without `{needed}`, which it needs")));
            }
        }

        let action = self.action(raw, verb.name, at)?;
        let name = raw
            .name
            .as_ref()
            .map(|name| name.value.trim_start_matches('$').to_owned());
        let repeat = match &raw.repeat {
            Some(repeat) if (1..=REPEAT_MAX).contains(&repeat.value) => repeat.value,
            Some(repeat) => {
                let message = format!("`repeat` is {}, expected 1 to {REPEAT_MAX}", repeat.value);
                return Err(self.error(place(repeat.referenced), message));
            }
            None => 1,
        };
        let expect = match &raw.expect {
            Some(expect) => {
                self.expect(&expect.value, place(expect.referenced))?;
                expect.value.clone()
            }
            None => Expect::default(),
        };
        let wait = raw.wait.as_ref().is_none_or(|wait| wait.value);
        if !wait && expect.settles.is_some() {
            return Err(self.error(at, "`settles` with `wait: false`: nothing is waited for".to_owned()));
        }
        Ok(Step {
            at,
            action,
            name,
            expect,
            repeat,
            wait,
        })
    }

    fn call_row(
        &self,
        name: &str,
        at: Place,
        verb: &str,
        rows: &'static [CallRow],
    ) -> Result<&'static CallRow, ScenarioError> {
        rows.iter().find(|row| row.name == name).ok_or_else(|| {
            let known: Vec<&str> = rows.iter().map(|row| row.name).collect();
            self.error(
                at,
                format!("`{name}` is no {verb} call, expected one of {}", known.join(", ")),
            )
        })
    }

    fn action(&self, raw: &RawStep, verb: &str, at: Place) -> Result<Action, ScenarioError> {
        let resource = |verb: Verb, target: &serde_saphyr::Spanned<String>| {
            self.resource(raw, verb, &target.value, place(target.referenced))
        };
        Ok(match verb {
            "put" => Action::Resource(resource(Verb::Put, raw.put.as_ref().expect("the verb is there"))?),
            "get" => Action::Resource(resource(Verb::Get, raw.get.as_ref().expect("the verb is there"))?),
            "patch" => Action::Resource(resource(Verb::Patch, raw.patch.as_ref().expect("the verb is there"))?),
            "delete" => Action::Resource(resource(Verb::Delete, raw.delete.as_ref().expect("the verb is there"))?),
            "post" => Action::Resource(resource(Verb::Post, raw.post.as_ref().expect("the verb is there"))?),
            "list" => {
                let what = raw.list.as_ref().expect("the verb is there");
                Target::parse_list(&what.value)
                    .map_err(|error| self.error(place(what.referenced), error.to_string()))?;
                Action::List {
                    what: what.value.clone(),
                    everywhere: raw.everywhere.as_ref().is_some_and(|everywhere| everywhere.value),
                    version: self.own_version(raw)?,
                }
            }
            "http" => {
                let http = raw.http.as_ref().expect("the verb is there");
                Action::Http(self.http(&http.value, place(http.referenced))?)
            }
            "provider" => Action::Provider(call(raw, &raw.provider.as_ref().expect("the verb is there").value)),
            "juju" => Action::Juju(call(raw, &raw.juju.as_ref().expect("the verb is there").value)),
            "together" => {
                let mut calls = Vec::new();
                for one in &raw.together.as_ref().expect("the verb is there").value {
                    let step = self.step(&one.value, place(one.referenced))?;
                    match step.action {
                        Action::Provider(call)
                            if step.name.is_none() && step.repeat == 1 && step.expect == Expect::default() =>
                        {
                            calls.push(call)
                        }
                        _ => {
                            let message =
                                "only provider calls without `as`, `repeat` and `expect` stand together".to_owned();
                            return Err(self.error(place(one.referenced), message));
                        }
                    }
                }
                Action::Together(calls)
            }
            "fault" => {
                let fault = raw.fault.as_ref().expect("the verb is there");
                let good = fault.value.as_str() == Some("clear") || fault.value.get("verdict").is_some();
                if !good {
                    return Err(self.error(
                        place(fault.referenced),
                        "no fault, expected `clear` or a rule with a `verdict`".to_owned(),
                    ));
                }
                Action::Fault(fault.value.clone())
            }
            "clock" => {
                let advance = &raw.clock.as_ref().expect("the verb is there").value.advance;
                let millis = duration::parse(&advance.value);
                Action::Advance(millis.ok_or_else(|| {
                    self.error(
                        place(advance.referenced),
                        format!(
                            "`{}` is no span of time, expected one like `90s` or `1h30m`",
                            advance.value
                        ),
                    )
                })?)
            }
            "limits" => {
                let limits = raw.limits.as_ref().expect("the verb is there");
                self.limits(&limits.value, place(limits.referenced))?
            }
            "world" => {
                let world = raw.world.as_ref().expect("the verb is there");
                for short in world.value.keys() {
                    let others = crate::oracle::OTHERS;
                    let known =
                        others.contains(&short.as_str()) || super::short_types().iter().any(|row| row.short == short);
                    if !known {
                        let names: Vec<&str> = super::short_types().iter().map(|row| row.short).collect();
                        let others = others.join(", ");
                        let message = format!("`{short}` is no type, expected {others} or one of {}", names.join(", "));
                        return Err(self.error(place(world.referenced), message));
                    }
                }
                Action::World(world.value.clone())
            }
            _ => {
                let mut checks = Vec::new();
                for name in &raw.check.as_ref().expect("the verb is there").value {
                    let found = Check::ALL.iter().find(|(known, _)| known == name);
                    let known: Vec<&str> = Check::ALL.iter().map(|(known, _)| *known).collect();
                    let (_, check) = found.ok_or_else(|| {
                        self.error(
                            at,
                            format!("`{name}` is no check, expected one of {}", known.join(", ")),
                        )
                    })?;
                    checks.push(*check);
                }
                Action::Check(checks)
            }
        })
    }

    fn resource(&self, raw: &RawStep, verb: Verb, target: &str, at: Place) -> Result<ResourceStep, ScenarioError> {
        let parsed = Target::parse(target, verb == Verb::Post).map_err(|error| self.error(at, error.to_string()))?;
        let body = match (&raw.body, &raw.with) {
            (Some(_), Some(with)) => {
                return Err(self.error(
                    place(with.referenced),
                    "`with` beside `body`, expected one of them".to_owned(),
                ));
            }
            (Some(body), None) => Body::Whole(body.value.clone()),
            (None, Some(with)) => {
                let known = document::keys(parsed.short.map_or("", |short| short.short));
                if let Some(unknown) = with.value.keys().find(|key| !known.contains(&key.as_str())) {
                    let what = parsed.short.map_or("a whole id", |short| short.short);
                    let known = if known.is_empty() {
                        "a `body`".to_owned()
                    } else {
                        known.join(", ")
                    };
                    let message = format!("`{unknown}` is nothing that {what} is made with, expected {known}");
                    return Err(self.error(place(with.referenced), message));
                }
                Body::With(with.value.clone())
            }
            (None, None) if verb == Verb::Put && parsed.short.is_some() => Body::With(serde_json::Map::new()),
            (None, None) if matches!(verb, Verb::Put | Verb::Patch) => {
                return Err(self.error(at, format!("`{}` without a `body`, expected one", verb.name())));
            }
            (None, None) => Body::None,
        };
        Ok(ResourceStep {
            verb,
            target: target.to_owned(),
            body,
            version: self.own_version(raw)?,
            if_match: raw.if_match.as_ref().map(|tag| tag.value.clone()),
            only_new: raw.only_new.as_ref().is_some_and(|only| only.value),
            expand: raw.expand.as_ref().map(|expand| expand.value.clone()),
        })
    }

    fn own_version(&self, raw: &RawStep) -> Result<Option<String>, ScenarioError> {
        let Some(version) = &raw.version else {
            return Ok(None);
        };
        self.version(&version.value, place(version.referenced))?;
        Ok(Some(version.value.clone()))
    }

    fn version(&self, text: &str, at: Place) -> Result<(), ScenarioError> {
        match ApiVersion::parse(text) {
            Some(_) => Ok(()),
            None => Err(self.error(
                at,
                format!("`{text}` is no api-version, expected one like `2016-09-01`"),
            )),
        }
    }

    fn profile(&self, text: &str, at: Place) -> Result<String, ScenarioError> {
        match Era::find(text) {
            Some(era) => Ok(era.name().to_owned()),
            None => {
                let known: Vec<&str> = Era::ALL.iter().map(|era| era.name()).collect();
                Err(self.error(
                    at,
                    format!("`{text}` is no limit profile, expected one of {}", known.join(", ")),
                ))
            }
        }
    }

    fn http(&self, raw: &RawHttp, at: Place) -> Result<HttpStep, ScenarioError> {
        let methods = [
            ("GET", &raw.get),
            ("HEAD", &raw.head),
            ("PUT", &raw.put),
            ("POST", &raw.post),
            ("PATCH", &raw.patch),
            ("DELETE", &raw.delete),
        ];
        let mut given = methods
            .into_iter()
            .filter_map(|(method, url)| Some((method, url.as_ref()?)));
        let (Some((method, url)), None) = (given.next(), given.next()) else {
            return Err(self.error(
                at,
                "`http` names one of get, head, put, post, patch, delete with its path".to_owned(),
            ));
        };
        if !(url.starts_with('/') || url.starts_with("http") || url.starts_with('$')) {
            return Err(self.error(at, format!("`{url}` is no path, expected one that begins with `/`")));
        }
        let mut bodies = [
            raw.json.clone().map(HttpBody::Json),
            raw.xml.clone().map(HttpBody::Xml),
            raw.text.clone().map(HttpBody::Text),
        ]
        .into_iter()
        .flatten();
        let (body, None) = (bodies.next(), bodies.next()) else {
            return Err(self.error(at, "`http` has two bodies, expected one of json, xml, text".to_owned()));
        };
        let api = raw.api.as_ref().map_or("arm", |api| api.value.as_str());
        if !matches!(api, "arm" | "asm" | "blob" | "aad") {
            let at = raw.api.as_ref().map_or(at, |api| place(api.referenced));
            return Err(self.error(at, format!("`{api}` is no api, expected one of arm, asm, blob, aad")));
        }
        Ok(HttpStep {
            api: api.to_owned(),
            method: method.to_owned(),
            url: url.clone(),
            headers: raw.headers.clone(),
            body,
        })
    }

    fn limits(&self, rows: &BTreeMap<String, Value>, at: Place) -> Result<Action, ScenarioError> {
        let mut profile = None;
        let mut enforce_roles = None;
        let mut overrides = BTreeMap::new();
        for (name, value) in rows {
            if name == "roles" {
                enforce_roles = match value.as_str() {
                    Some("enforced") => Some(true),
                    Some("open") => Some(false),
                    _ => return Err(self.error(at, format!("`roles` is {value}, expected enforced or open"))),
                };
                continue;
            }
            if name == "profile" {
                let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                profile = Some(self.profile(&text, at)?);
                continue;
            }
            let known = Era::ALL.iter().find_map(|era| era.limits().row(name));
            let key = known.map(|row| row.key).or_else(|| Some(sizes::find(name)?.name));
            let Some(key) = key else {
                return Err(self.error(
                    at,
                    format!(
                        "`{name}` is no limit, expected `profile`, `roles`, a size or a name from the usage answers"
                    ),
                ));
            };
            let Some(limit) = value.as_i64() else {
                return Err(self.error(at, format!("`{name}` is {value}, expected a number")));
            };
            overrides.insert(key.to_owned(), limit);
        }
        Ok(Action::Limits {
            profile,
            enforce_roles,
            overrides,
        })
    }

    fn expect(&self, expect: &Expect, at: Place) -> Result<(), ScenarioError> {
        if let Some(settles) = &expect.settles
            && !matches!(settles.as_str(), "Succeeded" | "Failed" | "Canceled")
        {
            return Err(self.error(
                at,
                format!("`{settles}` is no end, expected one of Succeeded, Failed, Canceled"),
            ));
        }
        if let Some(within) = &expect.within
            && duration::parse(within).is_none()
        {
            return Err(self.error(
                at,
                format!("`{within}` is no span of time, expected one like `90s` or `1h30m`"),
            ));
        }
        Ok(())
    }

    /// Every variable that a step uses has a value by then.
    fn check_variables(&self, step: &Step, defined: &mut BTreeSet<String>) -> Result<(), ScenarioError> {
        let bad = |message: String| self.error(step.at, message);
        let mut used = Vec::new();
        let mut own_name = None;
        match &step.action {
            Action::Resource(resource) => {
                names_in_text(&resource.target, &mut used).map_err(bad)?;
                match &resource.body {
                    Body::None => {}
                    Body::Whole(body) => names_in(body, &mut used).map_err(bad)?,
                    Body::With(with) => names_in(&Value::Object(with.clone()), &mut used).map_err(bad)?,
                }
                if let Some(tag) = &resource.if_match {
                    names_in_text(tag, &mut used).map_err(bad)?;
                }
                if matches!(resource.verb, Verb::Put | Verb::Get | Verb::Patch) {
                    let target = Target::parse(&resource.target, false).map_err(|error| bad(error.to_string()))?;
                    own_name = Some(target.name().to_owned());
                }
            }
            Action::List { what, .. } => names_in_text(what, &mut used).map_err(bad)?,
            Action::Http(http) => {
                names_in_text(&http.url, &mut used).map_err(bad)?;
                for value in http.headers.values().flatten() {
                    names_in_text(value, &mut used).map_err(bad)?;
                }
                match &http.body {
                    Some(HttpBody::Json(body)) => names_in(body, &mut used).map_err(bad)?,
                    Some(HttpBody::Xml(text) | HttpBody::Text(text)) => names_in_text(text, &mut used).map_err(bad)?,
                    None => {}
                }
            }
            Action::Provider(call) | Action::Juju(call) => check_call(call, &mut used).map_err(bad)?,
            Action::Together(calls) => calls
                .iter()
                .try_for_each(|call| check_call(call, &mut used))
                .map_err(bad)?,
            Action::Fault(rule) => names_in(rule, &mut used).map_err(bad)?,
            Action::Advance(_) | Action::Limits { .. } | Action::World(_) | Action::Check(_) => {}
        }
        // A step's own answer may be compared with what it just made.
        let in_answer = [step.expect.body.as_ref(), step.expect.value.as_ref()];
        for value in in_answer.into_iter().flatten() {
            let mut names = Vec::new();
            names_in(value, &mut names).map_err(bad)?;
            used.extend(names.into_iter().filter(|name| Some(name) != own_name.as_ref()));
        }
        for text in [&step.expect.message, &step.expect.error].into_iter().flatten() {
            names_in_text(text, &mut used).map_err(bad)?;
        }
        if let Some(unknown) = used.iter().find(|name| !defined.contains(*name)) {
            return Err(bad(format!(
                "`${unknown}` has no value here: no step before gives it one"
            )));
        }

        defined.extend(own_name);
        if let Some(name) = &step.name {
            defined.insert(name.clone());
        }
        // A repeated step's names are known once it has run: `nsg-${i}` gives `nsg-1` and so on.
        if step.repeat > 1
            && let Action::Resource(resource) = &step.action
            && let Ok(target) = Target::parse(&resource.target, false)
        {
            for i in 1..=step.repeat {
                defined.insert(target.name().replace("${i}", &i.to_string()));
            }
        }
        Ok(())
    }
}

fn call(raw: &RawStep, name: &str) -> CallStep {
    CallStep {
        call: name.to_owned(),
        environment: raw
            .environment
            .as_ref()
            .map_or_else(|| "story".to_owned(), |environment| environment.value.clone()),
        arguments: raw.arguments(),
    }
}

fn check_call(call: &CallStep, used: &mut Vec<String>) -> Result<(), String> {
    names_in_text(&call.environment, used)?;
    names_in(&Value::Object(call.arguments.clone()), used)
}
