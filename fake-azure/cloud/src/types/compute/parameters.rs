//! Parameters as Compute's documents write them: what is missing, what is wrong, and how facts are spelt.

use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use crate::Document;
use crate::error::CloudError;
use crate::forms;
use crate::key::Guid;
use crate::time::Time;

/// The refusal of a document without a required parameter.
pub(super) fn missing(path: &str) -> CloudError {
    CloudError::of(&forms::MISSING_PARAMETER).with("path", path).about(path)
}

/// The refusal of a parameter's value.
pub(super) fn invalid(path: &str) -> CloudError {
    CloudError::of(&forms::INVALID_PARAMETER).with("path", path).about(path)
}

/// The refusal to change what is fixed at creation.
pub(super) fn unchangeable(path: &str) -> CloudError {
    CloudError::of(&forms::PROPERTY_CHANGE).with("path", path).about(path)
}

/// The text at a place, unless it is absent or empty.
pub(super) fn text<'d>(document: &'d Document, pointer: &str) -> Option<&'d str> {
    document
        .pointer(pointer)
        .and_then(Value::as_str)
        .filter(|text| !text.is_empty())
}

/// The number at a place.
pub(super) fn number(document: &Document, pointer: &str) -> Option<u64> {
    document.pointer(pointer).and_then(Value::as_u64)
}

/// The flag at a place.
pub(super) fn flag(document: &Document, pointer: &str) -> Option<bool> {
    document.pointer(pointer).and_then(Value::as_bool)
}

/// A time as Compute writes it: with an offset in place of the `Z` (observed-arm, Example answers).
pub(super) fn offset_time(time: Time) -> String {
    let text = time.to_string();
    format!("{}+00:00", text.strip_suffix('Z').unwrap_or(&text))
}

/// The same to the second, as the agent in a machine writes it.
pub(super) fn agent_time(time: Time) -> String {
    let text = time.to_string();
    format!("{}+00:00", text.split('.').next().unwrap_or(&text))
}

/// A GUID that follows from another: the same thing asked again has the same one.
pub(super) fn derived(guid: Guid, purpose: &str) -> Guid {
    let mut hash = Sha256::new();
    hash.update(guid.0.to_be_bytes());
    hash.update(purpose.as_bytes());
    let bytes = hash.finalize();
    let bits = bytes
        .iter()
        .take(16)
        .fold(0_u128, |bits, byte| bits << 8 | u128::from(*byte));
    Guid::from_random(bits)
}

/// 32 hexadecimal digits: how names of disks carry a GUID.
pub(super) fn digits(guid: Guid) -> String {
    format!("{:032x}", guid.0)
}

/// The fingerprint of what may not be kept: enough to tell whether the same was sent again.
pub(super) fn fingerprint(value: &Value) -> String {
    let mut hash = Sha256::new();
    hash.update(value.as_str().unwrap_or_default().as_bytes());
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Brings the members of an object into an order; others follow in theirs.
pub(super) fn arrange(object: &mut Value, order: &[&str]) {
    let Some(members) = object.as_object_mut() else {
        return;
    };
    let mut arranged = Map::with_capacity(members.len());
    for name in order {
        if let Some((name, value)) = members.shift_remove_entry(*name) {
            arranged.insert(name, value);
        }
    }
    arranged.append(members);
    *members = arranged;
}

/// Writes a member of an object unless it is there.
pub(super) fn fill(object: &mut Value, name: &str, value: impl Into<Value>) {
    if let Some(members) = object.as_object_mut() {
        members.entry(name).or_insert_with(|| value.into());
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn times_carry_an_offset() {
        let time = Time::from_millis(1_459_468_800_123);
        assert_eq!(offset_time(time), "2016-04-01T00:00:00.1230000+00:00");
        assert_eq!(agent_time(time), "2016-04-01T00:00:00+00:00");
    }

    #[test]
    fn derived_guids_differ_by_purpose_only() {
        let guid = Guid(7);
        assert_eq!(derived(guid, "a"), derived(guid, "a"));
        assert_ne!(derived(guid, "a"), derived(guid, "b"));
        assert_eq!(digits(derived(guid, "a")).len(), 32);
    }

    #[test]
    fn members_are_arranged_and_strangers_follow() {
        let mut object = json!({"z": 1, "b": 2, "a": 3});
        arrange(&mut object, &["a", "b"]);
        assert_eq!(object.to_string(), r#"{"a":3,"b":2,"z":1}"#);
    }
}
