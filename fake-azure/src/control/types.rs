//! The control API's documents. Unknown members are refused.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::faults::{FaultId, Moment, Rule};
use crate::pace::Pace;

/// `POST reset`: drops each sandbox that holds one of the subscriptions, and makes one new sandbox with exactly those.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Reset {
    /// GUIDs. Without a list every sandbox is dropped, and the new one has the server's own subscriptions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subscriptions: Option<Vec<String>>,
    /// Storage accounts that are to exist, in the group `fake-azure` of the first subscription.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accounts: Option<Vec<String>>,
    /// How the clock moves; as the server was started when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pace: Option<Pace>,
    /// `2014`, `2016` or `current`; as the server was started when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub profile: Option<String>,
    /// Decides every draw; as the server was started when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seed: Option<u64>,
    /// The cloud's first moment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start: Option<Moment>,
}

/// What a sandbox is, after a reset, a restore or a fork.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SandboxInfo {
    /// Its subscriptions.
    pub subscriptions: Vec<String>,
    /// How its clock moves.
    pub pace: Pace,
    /// The profile of its limits.
    pub profile: String,
    /// Its time.
    pub now: Moment,
}

/// `POST clock`: exactly one member.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ClockMove {
    /// Moves the clock forward by milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub advance_ms: Option<u64>,
    /// Moves the clock to a time; one that lies behind is refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<Moment>,
    /// Moves the clock to the next so many times at which something is due; fewer when there is nothing more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub events: Option<u32>,
}

/// `GET clock`, and the answer of `POST clock`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ClockInfo {
    /// The cloud's time.
    pub now: Moment,
    /// When something next happens by itself.
    pub next_due: Option<Moment>,
    /// How the clock moves.
    pub pace: Pace,
}

/// `PUT limits`: what is absent stays.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// `2014`, `2016` or `current`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub profile: Option<String>,
    /// Limits by row, as the usage answers name it: `{"PublicIPAddresses": 60}`; `null` gives one back to the profile.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub overrides: BTreeMap<String, Option<i64>>,
    /// Whether the throttling counters refuse, whatever the pace; `"by-pace"` leaves it to the pace.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub throttling: Option<Throttling>,
}

/// Whether throttling counters refuse.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Throttling {
    /// They do.
    On,
    /// They only count.
    Off,
    /// They do under `scaled` and `paused`.
    ByPace,
}

/// `GET limits`, and the answer of `PUT limits`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LimitsInfo {
    /// The profile in force.
    pub profile: String,
    /// What differs from it.
    pub overrides: BTreeMap<String, i64>,
    /// Whether throttling counters refuse.
    pub throttling: Throttling,
    /// Every row with its limit, and where it comes from.
    pub rows: Vec<LimitInfo>,
}

/// One limit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LimitInfo {
    /// Its name.
    pub row: String,
    /// The largest number allowed.
    pub limit: i64,
    /// The evidence for the profile's number.
    pub source: String,
}

/// The answer of `POST faults`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FaultInstalled {
    /// The rule's name, for `DELETE faults/{id}`.
    pub id: FaultId,
}

/// One rule of `GET faults`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FaultInfo {
    /// Its name.
    pub id: FaultId,
    /// How many exchanges matched, `nth` and `probability` aside.
    pub seen: u32,
    /// How many it struck.
    pub struck: u32,
    /// The rule.
    pub rule: Rule,
}

/// `POST templates`: what a link of a deployment finds at an address outside of the cloud.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Template {
    /// The address, `http` or `https`. A link finds it with any query, unless this has one itself.
    pub url: String,
    /// The document: a text as it stands there, or a tree.
    pub body: serde_json::Value,
}

/// One document of `GET templates`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TemplateInfo {
    /// Its address, without the scheme.
    pub address: String,
    /// Its length.
    pub bytes: u64,
}

/// `POST fork`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Fork {
    /// The id that takes the place of the first subscription's in the fork; drawn when absent, as those of further ones are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subscription: Option<String>,
}

/// One operation of `GET operations`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OperationInfo {
    /// Its id.
    pub id: String,
    /// What it does: `Create`, `Update`, `Delete`, or the name of an action.
    pub doing: String,
    /// The resource.
    pub target: String,
    /// `InProgress`, `Succeeded`, `Failed` or `Canceled`.
    pub status: String,
    /// The code that it failed with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// When it began.
    pub started: Moment,
    /// When it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended: Option<Moment>,
    /// When it will end; absent where it has, or never will.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ends: Option<Moment>,
}

/// `GET check`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CheckInfo {
    /// The digest of the whole state.
    pub digest: String,
    /// Invariants that do not hold; none, unless there is a bug.
    pub violations: Vec<String>,
}

/// A list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct List<T> {
    /// The entries.
    pub value: Vec<T>,
}
