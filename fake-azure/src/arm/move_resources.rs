//! `moveResources` and `validateMoveResources`: what is asked, and the job that does it (ARM 2.2, 3.8; RPC, Move Resource).
//!
//! What is wrong with the request itself is said at once; what the providers say against the move, when the job ends. It
//! refuses to know what may be moved: the cloud judges that.

use fake_azure_cloud::{Call, Cloud, CloudError, Guid, ResourceId, Time, forms as cloud_forms};
use http::Method;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::decode;
use super::deployments::hash;
use super::error::Refusal;
use super::forms;
use super::request::Asked;
use crate::{Sandbox, text};

/// How many resources one call moves (DOCS management/move-resource-group-and-subscription.md).
const RESOURCES_MAX: usize = 800;
/// How long a move takes: 122 to 279 s (observed-arm, How long operations take).
const MOVE_MS: (i64, i64) = (122_000, 279_000);
/// How long its validation takes. Assumed.
const VALIDATION_MS: (i64, i64) = (15_000, 45_000);
/// The code of what only the job says.
const BY_PROVIDERS: &str = "ResourceMoveProviderValidationFailed";

/// What a job moves, or only looks at.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Move {
    ids: Vec<ResourceId>,
    target: ResourceId,
    only_validates: bool,
    correlation: Guid,
}

impl Move {
    /// Reads what is asked of a group, and refuses what is wrong with it in itself.
    ///
    /// # Errors
    ///
    /// What the gateway says before it asks anybody.
    pub(crate) fn read(
        sandbox: &Sandbox,
        asked: &Asked<'_>,
        source: &ResourceId,
        only_validates: bool,
        correlation: Guid,
    ) -> Result<Move, Refusal> {
        let document = decode::parameters(asked)?;
        let missing = |name: &str| {
            let reason = format!("Required property '{name}' not found in JSON. Path '', line 1, position 1.");
            CloudError::of(&forms::BAD_JSON).with("reason", reason)
        };
        let target = document
            .get("targetResourceGroup")
            .and_then(Value::as_str)
            .ok_or_else(|| missing("targetResourceGroup"))?;
        let listed = document
            .get("resources")
            .and_then(Value::as_array)
            .filter(|listed| !listed.is_empty())
            .ok_or_else(|| missing("resources"))?;
        if listed.len() > RESOURCES_MAX {
            return Err(CloudError::of(&forms::MOVE_TOO_MANY)
                .with("limit", RESOURCES_MAX)
                .with("count", listed.len())
                .into());
        }
        let bad = |value: &str, path: &str| {
            CloudError::of(&cloud_forms::BAD_REFERENCE)
                .with("value", value)
                .with("path", path)
        };
        let target = ResourceId::parse(target)
            .ok()
            .filter(|id| id.folded() == id.folded_group())
            .ok_or_else(|| bad(target, "targetResourceGroup"))?;
        let mut ids = Vec::new();
        for (index, value) in listed.iter().enumerate() {
            let given = value.as_str().unwrap_or("");
            let id = ResourceId::parse(given).map_err(|_| bad(given, &format!("resources[{index}]")))?;
            if id.folded_group() != source.folded() {
                return Err(CloudError::of(&forms::MOVE_ELSEWHERE)
                    .with("resource", id)
                    .with("group", source.name())
                    .into());
            }
            ids.push(id);
        }
        let found = Move {
            ids,
            target,
            only_validates,
            correlation,
        };
        match found.rehearse(&sandbox.cloud) {
            Err(error) if error.code != BY_PROVIDERS => Err(error.into()),
            _ => Ok(found),
        }
    }

    /// How long it takes; the request's correlation id decides.
    pub(crate) fn duration_ms(&self) -> i64 {
        let (least, most) = if self.only_validates { VALIDATION_MS } else { MOVE_MS };
        least + i64::try_from(self.correlation.0 % 1_000).unwrap_or(0) * (most - least) / 1_000
    }

    /// The last word of the job's id. That of a validation is assumed.
    pub(crate) fn word(&self) -> &'static str {
        if self.only_validates { "VALIDATE" } else { "MOVE" }
    }

    /// Shuts both groups until the move ends, unless it only validates: meanwhile nothing in them is written or removed (DOCS
    /// management/move-resource-group-and-subscription.md).
    pub(crate) fn shut(&self, cloud: &mut Cloud, ends: Time) {
        for group in self.groups().into_iter().filter(|_| !self.only_validates) {
            cloud.set_note(&shut_note(&group), Some(Value::from(ends.millis())));
        }
    }

    fn groups(&self) -> Vec<String> {
        let source = self.ids.first().map(|id| id.folded_group().to_owned());
        source.into_iter().chain([self.target.folded().to_owned()]).collect()
    }

    /// Does it, or looks whether it could be done.
    ///
    /// # Errors
    ///
    /// What stands in its way by now.
    pub(crate) fn perform(&self, cloud: &mut Cloud) -> Result<(), CloudError> {
        let outcome = if self.only_validates {
            self.rehearse(cloud)
        } else {
            for group in self.groups() {
                cloud.set_note(&shut_note(&group), None);
            }
            cloud.apply(&self.call()).map(|_| ())
        };
        outcome.map_err(|error| match error.code.as_ref() {
            BY_PROVIDERS => error
                .with("timestamp", text::compact(cloud.now()))
                .with(
                    "subscription",
                    self.ids.first().map_or(Guid::NIL, ResourceId::subscription),
                )
                .with("tracking", hash::derived_guid(&[&self.correlation.to_string(), "move"]))
                .with("correlation", self.correlation),
            _ => error,
        })
    }

    fn rehearse(&self, cloud: &Cloud) -> Result<(), CloudError> {
        cloud.clone().apply(&self.call()).map(|_| ())
    }

    fn call(&self) -> Call {
        Call::Move {
            ids: self.ids.clone(),
            target: self.target.clone(),
        }
    }
}

fn shut_note(folded_group: &str) -> String {
    format!("moving-groups{folded_group}")
}

/// Refuses to write what is in a group that takes part in a move.
///
/// # Errors
///
/// `ResourceMoveInProgress`, which ends when the move does.
pub(crate) fn check_open(cloud: &Cloud, group: &ResourceId) -> Result<(), CloudError> {
    let ends = cloud.note(&shut_note(group.folded())).and_then(Value::as_i64);
    match ends {
        Some(ends) => Err(CloudError::of(&forms::MOVE_RUNNING)
            .with("group", group.group_name())
            .until(Time::from_millis(ends))),
        None => Ok(()),
    }
}

/// The same for a request: it writes or removes when it is a PUT, PATCH or DELETE.
pub(crate) fn check_request(sandbox: &Sandbox, asked: &Asked<'_>) -> Result<(), CloudError> {
    let writes = [Method::PUT, Method::PATCH, Method::DELETE].contains(asked.method);
    match asked.segments.as_slice() {
        [_, subscription, word, group, ..] if writes && word.eq_ignore_ascii_case("resourceGroups") => {
            match Guid::parse(subscription) {
                Some(subscription) => check_open(&sandbox.cloud, &ResourceId::group(subscription, group)),
                None => Ok(()),
            }
        }
        _ => Ok(()),
    }
}
