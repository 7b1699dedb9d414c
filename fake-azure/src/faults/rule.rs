//! A fault rule as data: which exchanges it looks at, and its verdict. Formats only; what a verdict does is elsewhere.

use std::borrow::Cow;

use fake_azure_cloud::Time;
use globset::{GlobBuilder, GlobMatcher};
use http::{Method, Uri};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::text;
use crate::wire::Listener;

/// One rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// Which exchanges it strikes; all of them when absent.
    #[serde(default, rename = "match", skip_serializing_if = "Match::is_empty")]
    pub matches: Match,
    /// What becomes of them.
    pub verdict: Verdict,
}

impl Rule {
    /// A rule that strikes every exchange.
    pub fn new(verdict: Verdict) -> Rule {
        Rule {
            matches: Match::default(),
            verdict,
        }
    }

    /// Only requests of this method.
    #[must_use]
    pub fn method(mut self, method: &str) -> Rule {
        self.matches.method = Some(method.to_owned());
        self
    }

    /// Only paths like this glob.
    #[must_use]
    pub fn path(mut self, glob: &str) -> Rule {
        self.matches.path = Some(glob.to_owned());
        self
    }

    /// Only resources of this type.
    #[must_use]
    pub fn of_type(mut self, name: &str) -> Rule {
        self.matches.type_name = Some(name.to_owned());
        self
    }

    /// Only the nth of the exchanges that match, from 1.
    #[must_use]
    pub fn nth(mut self, nth: u32) -> Rule {
        self.matches.nth = Some(nth);
        self
    }

    /// Only this share of the exchanges that match, in parts per million, drawn from the seed.
    #[must_use]
    pub fn probability_ppm(mut self, ppm: u32) -> Rule {
        self.matches.probability = Some(Probability {
            ppm: ppm.min(1_000_000),
        });
        self
    }

    /// Only from this time of the cloud on.
    #[must_use]
    pub fn from(mut self, time: Time) -> Rule {
        self.matches.from = Some(Moment(time));
        self
    }

    /// Only before this time of the cloud.
    #[must_use]
    pub fn to(mut self, time: Time) -> Rule {
        self.matches.to = Some(Moment(time));
        self
    }
}

/// Which exchanges a rule strikes: those of which every member here is true.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Match {
    /// The method, in any case.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    /// A glob over the path without its query, in any case: `**/networkInterfaces/*`. Where it begins with `{arm}`, `{asm}`,
    /// `{blob}` or `{aad}`, only requests to that listener match. `*` stays within a segment, `**` does not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// The resource type that the path names, in any case: `Microsoft.Network/networkInterfaces`,
    /// `Microsoft.Resources/resourceGroups`. What befalls operations befalls those of this type that deployments begin, too.
    #[serde(default, rename = "type", skip_serializing_if = "Option::is_none")]
    pub type_name: Option<String>,
    /// Only the nth of the exchanges that match otherwise, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub nth: Option<u32>,
    /// Only this share of the exchanges that match otherwise, 0 to 1; drawn from the sandbox's seed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub probability: Option<Probability>,
    /// Only from this time of the cloud on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Moment>,
    /// Only before this time of the cloud.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<Moment>,
}

impl Match {
    fn is_empty(&self) -> bool {
        *self == Match::default()
    }
}

/// A share, kept in parts per million: state has no floats.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Probability {
    ppm: u32,
}

impl Probability {
    /// Parts per million.
    pub fn ppm(self) -> u32 {
        self.ppm
    }
}

impl Serialize for Probability {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_f64(f64::from(self.ppm) / 1e6)
    }
}

impl<'de> Deserialize<'de> for Probability {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Probability, D::Error> {
        let share = f64::deserialize(deserializer)?;
        if !(0.0..=1.0).contains(&share) {
            return Err(serde::de::Error::custom(format!(
                "{share} is not a share: expected a number from 0 to 1"
            )));
        }
        let ppm = (share * 1e6).round() as u32;
        Ok(Probability { ppm })
    }
}

impl JsonSchema for Probability {
    fn schema_name() -> Cow<'static, str> {
        "Probability".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "number", "minimum": 0, "maximum": 1 })
    }
}

/// A time as text: ISO 8601.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment(pub Time);

impl Serialize for Moment {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Moment {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Moment, D::Error> {
        let given = String::deserialize(deserializer)?;
        text::parse_iso(&given).map(Moment).ok_or_else(|| {
            serde::de::Error::custom(format!("`{given}` is not a time: expected `2016-04-01T00:00:00Z`"))
        })
    }
}

impl JsonSchema for Moment {
    fn schema_name() -> Cow<'static, str> {
        "Moment".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "format": "date-time" })
    }
}

/// What becomes of an exchange. One that takes nothing may be written as a word, `"cut-after"`; with members it is an object,
/// `{"throttle": {"retry_after_secs": 17}}`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Answered 429 with the service's own body, not applied.
    Throttle(Throttle),
    /// Answered with 307, 408, 409 or a status of 500 to 599, not applied.
    Status(Status),
    /// Answered later.
    Latency(Latency),
    /// The connection is cut before the request is applied.
    CutBefore,
    /// The connection is cut after the request was applied: the answer is lost.
    CutAfter,
    /// Applied; the operation that it begins fails at its end.
    OperationFails(OperationFails),
    /// Applied; the operation that it begins never ends.
    OperationEndless,
    /// Applied; the operation that it begins fails at its end for want of room.
    CapacityGone(CapacityGone),
    /// Reads and lists are answered from the state of a while ago.
    Stale(Stale),
    /// Every token is found expired.
    TokensExpired,
    /// Answered as if the principal that the request names had not been replicated yet.
    PrincipalNotReplicated,
    /// Applied; the text of the answer begins with a byte order mark.
    ByteOrderMark,
    /// Applied; the groups in the answer's ids are in capitals.
    IdsRecased,
    /// Applied; an answer that lists the keys of a storage account lists none.
    KeysMissing,
}

/// Members of `throttle`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Throttle {
    /// `Retry-After`, in seconds; 10 when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after_secs: Option<u32>,
}

/// Members of `status`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Status {
    /// 408, 409, or 500 to 599: what comes and goes by itself. 307 sends the caller of the classic API to a regional front end,
    /// which is this server again; other services do not answer it.
    #[schemars(range(min = 307, max = 599))]
    pub status: u16,
    /// The error's code; the service's own for the status when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// The error's message; the service's own for the status when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// `Retry-After`, in seconds; none when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after_secs: Option<u32>,
}

/// Members of `latency`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Latency {
    /// How much later, in milliseconds of the wall.
    pub ms: u32,
}

/// Members of `operation-fails`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OperationFails {
    /// The error's code; `InternalServerError` when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// The error's message; the service's own when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}

/// Members of `capacity-gone`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CapacityGone {
    /// `AllocationFailed` when absent; `ZonalAllocationFailed` and `OverconstrainedAllocationRequest` are the others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
}

/// Members of `stale`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Stale {
    /// How old the state may be at most, in milliseconds of the cloud.
    pub within_ms: u32,
}

/// The words of the verdicts, as they are written.
const WORDS: &[&str] = &[
    // tidy: sorted
    "byte-order-mark",
    "capacity-gone",
    "cut-after",
    "cut-before",
    "ids-recased",
    "keys-missing",
    "latency",
    "operation-endless",
    "operation-fails",
    "principal-not-replicated",
    "stale",
    "status",
    "throttle",
    "tokens-expired",
    // tidy: end
];

impl Verdict {
    /// The verdict's word: `cut-after`.
    pub fn word(&self) -> &'static str {
        match self {
            Verdict::Throttle(_) => "throttle",
            Verdict::Status(_) => "status",
            Verdict::Latency(_) => "latency",
            Verdict::CutBefore => "cut-before",
            Verdict::CutAfter => "cut-after",
            Verdict::OperationFails(_) => "operation-fails",
            Verdict::OperationEndless => "operation-endless",
            Verdict::CapacityGone(_) => "capacity-gone",
            Verdict::Stale(_) => "stale",
            Verdict::TokensExpired => "tokens-expired",
            Verdict::PrincipalNotReplicated => "principal-not-replicated",
            Verdict::ByteOrderMark => "byte-order-mark",
            Verdict::IdsRecased => "ids-recased",
            Verdict::KeysMissing => "keys-missing",
        }
    }

    /// Whether it befalls what a request begins, rather than the request.
    pub(crate) fn befalls_operations(&self) -> bool {
        matches!(
            self,
            Verdict::OperationFails(_) | Verdict::OperationEndless | Verdict::CapacityGone(_)
        )
    }

    /// Reads a verdict of a word and its members.
    fn read(word: &str, members: serde_json::Value) -> Result<Verdict, String> {
        fn of<T: serde::de::DeserializeOwned>(word: &str, members: serde_json::Value) -> Result<T, String> {
            serde_json::from_value(members).map_err(|error| format!("`{word}`: {error}"))
        }

        let bare = |verdict| match &members {
            serde_json::Value::Object(members) if members.is_empty() => Ok(verdict),
            _ => Err(format!("`{word}` takes no members")),
        };
        match word {
            "throttle" => of(word, members).map(Verdict::Throttle),
            "status" => {
                let status: Status = of(word, members)?;
                if !matches!(status.status, 307 | 408 | 409 | 500..=599) {
                    return Err(format!(
                        "`status`: {} is neither 307, 408 nor 409 nor a status of 500 to 599",
                        status.status
                    ));
                }
                Ok(Verdict::Status(status))
            }
            "latency" => of(word, members).map(Verdict::Latency),
            "cut-before" => bare(Verdict::CutBefore),
            "cut-after" => bare(Verdict::CutAfter),
            "operation-fails" => of(word, members).map(Verdict::OperationFails),
            "operation-endless" => bare(Verdict::OperationEndless),
            "capacity-gone" => of(word, members).map(Verdict::CapacityGone),
            "stale" => of(word, members).map(Verdict::Stale),
            "tokens-expired" => bare(Verdict::TokensExpired),
            "principal-not-replicated" => bare(Verdict::PrincipalNotReplicated),
            "byte-order-mark" => bare(Verdict::ByteOrderMark),
            "ids-recased" => bare(Verdict::IdsRecased),
            "keys-missing" => bare(Verdict::KeysMissing),
            _ => Err(format!(
                "`{word}` is not a verdict: expected one of {}",
                WORDS.join(", ")
            )),
        }
    }
}

impl Serialize for Verdict {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeMap;

        fn one<S: Serializer, T: Serialize>(serializer: S, word: &str, members: &T) -> Result<S::Ok, S::Error> {
            let mut map = serializer.serialize_map(Some(1))?;
            map.serialize_entry(word, members)?;
            map.end()
        }

        let word = self.word();
        match self {
            Verdict::Throttle(members) => one(serializer, word, members),
            Verdict::Status(members) => one(serializer, word, members),
            Verdict::Latency(members) => one(serializer, word, members),
            Verdict::OperationFails(members) => one(serializer, word, members),
            Verdict::CapacityGone(members) => one(serializer, word, members),
            Verdict::Stale(members) => one(serializer, word, members),
            Verdict::CutBefore
            | Verdict::CutAfter
            | Verdict::OperationEndless
            | Verdict::TokensExpired
            | Verdict::PrincipalNotReplicated
            | Verdict::ByteOrderMark
            | Verdict::IdsRecased
            | Verdict::KeysMissing => serializer.serialize_str(word),
        }
    }
}

impl<'de> Deserialize<'de> for Verdict {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Verdict, D::Error> {
        use serde::de::Error;

        let verdict = match serde_json::Value::deserialize(deserializer)? {
            serde_json::Value::String(word) => Verdict::read(&word, serde_json::Value::Object(serde_json::Map::new())),
            serde_json::Value::Object(map) if map.len() == 1 => {
                let (word, members) = map.into_iter().next().expect("it has one member");
                Verdict::read(&word, members)
            }
            _ => Err("expected a word, or an object with the verdict as its only member".to_owned()),
        };
        verdict.map_err(D::Error::custom)
    }
}

impl JsonSchema for Verdict {
    fn schema_name() -> Cow<'static, str> {
        "Verdict".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let words = [
            "throttle",
            "operation-fails",
            "capacity-gone",
            "cut-before",
            "cut-after",
            "operation-endless",
            "tokens-expired",
            "principal-not-replicated",
            "byte-order-mark",
            "ids-recased",
            "keys-missing",
        ];
        json_schema!({
            "oneOf": [
                { "type": "string", "enum": words },
                {
                    "type": "object",
                    "minProperties": 1,
                    "maxProperties": 1,
                    "additionalProperties": false,
                    "properties": {
                        "throttle": generator.subschema_for::<Throttle>(),
                        "status": generator.subschema_for::<Status>(),
                        "latency": generator.subschema_for::<Latency>(),
                        "operation-fails": generator.subschema_for::<OperationFails>(),
                        "capacity-gone": generator.subschema_for::<CapacityGone>(),
                        "stale": generator.subschema_for::<Stale>(),
                    }
                }
            ]
        })
    }
}

/// What is wrong with a rule.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RuleError {
    /// The path is no glob.
    #[error("`{glob}` is not a glob: {reason}")]
    Glob {
        /// What was given.
        glob: String,
        /// What is wrong with it.
        reason: String,
    },
    /// `nth` counts from 1.
    #[error("`nth` counts from 1")]
    Nth,
}

/// A match made ready.
#[derive(Clone, Debug)]
pub(super) struct Matcher {
    listener: Option<Listener>,
    glob: Option<GlobMatcher>,
}

impl Matcher {
    pub(super) fn new(matches: &Match) -> Result<Matcher, RuleError> {
        if matches.nth == Some(0) {
            return Err(RuleError::Nth);
        }
        let Some(path) = &matches.path else {
            return Ok(Matcher {
                listener: None,
                glob: None,
            });
        };
        let (listener, glob) = split_listener(path);
        let compiled = GlobBuilder::new(glob)
            .case_insensitive(true)
            .literal_separator(true)
            .build();
        let compiled = compiled.map_err(|error| RuleError::Glob {
            glob: path.clone(),
            reason: error.kind().to_string(),
        })?;
        Ok(Matcher {
            listener,
            glob: Some(compiled.compile_matcher()),
        })
    }

    /// Whether an exchange matches, `nth` and `probability` aside.
    pub(super) fn matches(&self, rule: &Match, listener: Listener, method: &Method, uri: &Uri, now: Time) -> bool {
        self.listener.is_none_or(|own| own == listener)
            && self.glob.as_ref().is_none_or(|glob| glob.is_match(uri.path()))
            && rule
                .method
                .as_ref()
                .is_none_or(|own| own.eq_ignore_ascii_case(method.as_str()))
            && rule.from.is_none_or(|from| from.0 <= now)
            && rule.to.is_none_or(|to| now < to.0)
            && rule
                .type_name
                .as_ref()
                .is_none_or(|own| type_of(method, uri.path()).is_some_and(|found| found.eq_ignore_ascii_case(own)))
    }
}

/// `{arm}/x` as the listener and `/x`.
fn split_listener(path: &str) -> (Option<Listener>, &str) {
    let named = path.strip_prefix('{').and_then(|rest| rest.split_once('}'));
    match named.and_then(|(name, rest)| Some((Listener::find(name)?, rest))) {
        Some((listener, rest)) => (Some(listener), if rest.is_empty() { "**" } else { rest }),
        None => (None, path),
    }
}

/// The resource type that an ARM path names: `Microsoft.Network/virtualNetworks/subnets`. Of a POST with a segment more than
/// types and names, the last one is the action.
fn type_of(method: &Method, path: &str) -> Option<String> {
    let segments: Vec<&str> = path.split('/').filter(|segment| !segment.is_empty()).collect();
    let providers = segments
        .iter()
        .rposition(|segment| segment.eq_ignore_ascii_case("providers"));
    let Some(at) = providers else {
        let is_group = segments.len() <= 4
            && segments
                .get(2)
                .is_some_and(|word| word.eq_ignore_ascii_case("resourceGroups"));
        return is_group.then(|| "Microsoft.Resources/resourceGroups".to_owned());
    };
    let (namespace, rest) = segments[at + 1..].split_first()?;
    let mut types: Vec<&str> = rest.iter().step_by(2).copied().collect();
    if *method == Method::POST && rest.len() % 2 == 1 && rest.len() > 1 {
        types.pop();
    }
    (!types.is_empty()).then(|| format!("{namespace}/{}", types.join("/")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Rule, String> {
        serde_json::from_str(text).map_err(|error| error.to_string())
    }

    #[test]
    fn verdicts_are_words_or_objects() {
        let rows = [
            (r#"{"verdict":"cut-after"}"#, Verdict::CutAfter),
            (r#"{"verdict":{"cut-after":{}}}"#, Verdict::CutAfter),
            (r#"{"verdict":"throttle"}"#, Verdict::Throttle(Throttle::default())),
            (
                r#"{"verdict":{"throttle":{"retry_after_secs":17}}}"#,
                Verdict::Throttle(Throttle {
                    retry_after_secs: Some(17),
                }),
            ),
            (
                r#"{"verdict":{"stale":{"within_ms":5000}}}"#,
                Verdict::Stale(Stale { within_ms: 5000 }),
            ),
        ];
        for (text, verdict) in rows {
            assert_eq!(read(text).map(|rule| rule.verdict), Ok(verdict), "{text}");
        }
    }

    #[test]
    fn what_is_wrong_with_a_rule_is_said() {
        let rows = [
            (r#"{"verdict":"explode"}"#, "`explode` is not a verdict"),
            (
                r#"{"verdict":{"status":{"status":404}}}"#,
                "neither 307, 408 nor 409 nor a status of 500 to 599",
            ),
            (r#"{"verdict":{"throttle":{"secs":1}}}"#, "unknown field `secs`"),
            (r#"{"verdict":{"cut-after":{"x":1}}}"#, "takes no members"),
            (
                r#"{"verdict":"cut-after","match":{"verb":"PUT"}}"#,
                "unknown field `verb`",
            ),
            (r#"{"verdict":"cut-after","match":{"probability":2}}"#, "not a share"),
            (r#"{"verdict":"cut-after","match":{"from":"noon"}}"#, "not a time"),
        ];
        for (text, part) in rows {
            let message = read(text).expect_err(text);
            assert!(message.contains(part), "{text}: {message}");
        }
    }

    #[test]
    fn the_type_of_a_path_is_read_as_azure_reads_it() {
        let group = "/subscriptions/s/resourceGroups/g";
        let rows = [
            (
                Method::PUT,
                format!("{group}/providers/Microsoft.Network/virtualNetworks/v"),
                "Microsoft.Network/virtualNetworks",
            ),
            (
                Method::GET,
                format!("{group}/providers/Microsoft.Network/virtualNetworks"),
                "Microsoft.Network/virtualNetworks",
            ),
            (
                Method::PUT,
                format!("{group}/providers/Microsoft.Network/virtualNetworks/v/subnets/s"),
                "Microsoft.Network/virtualNetworks/subnets",
            ),
            (
                Method::POST,
                format!("{group}/providers/Microsoft.Compute/virtualMachines/v/start"),
                "Microsoft.Compute/virtualMachines",
            ),
            (Method::PUT, group.to_owned(), "Microsoft.Resources/resourceGroups"),
        ];
        for (method, path, expected) in rows {
            assert_eq!(type_of(&method, &path).as_deref(), Some(expected), "{path}");
        }
        assert_eq!(type_of(&Method::GET, "/subscriptions/s"), None);
    }

    proptest::proptest! {
        #[test]
        fn no_document_makes_the_reader_panic(text in "\\PC{0,80}|[{}\":,a-z0-9]{0,80}") {
            serde_json::from_str::<Rule>(&text).ok();
        }

        #[test]
        fn no_path_makes_the_matcher_panic(glob in "\\PC{0,30}", path in "/[a-zA-Z/{}*]{0,40}") {
            let rule = Rule::new(Verdict::CutBefore).path(&glob);
            if let Ok(matcher) = Matcher::new(&rule.matches) {
                let uri: Uri = path.replace(['{', '}'], "").parse().expect("a path");
                matcher.matches(&rule.matches, Listener::Arm, &Method::GET, &uri, Time::from_millis(0));
            }
            type_of(&Method::POST, &path);
        }
    }
}
