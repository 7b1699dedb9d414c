//! From a path, a verb and a body to what the cloud is asked.

use std::collections::BTreeMap;

use fake_azure_cloud::CloudError;
use fake_azure_cloud::fabric::VaultCollection;
use fake_azure_cloud::vaults::refusals::{BAD_BODY, BAD_KEY};
use fake_azure_cloud::vaults::{KeyWish, VaultOperation, VersionWish};
use http::Method;
use serde_json::{Map, Value};

use super::address::Asked;
use super::error::Refusal;

/// What is asked, and what the answer is made of.
pub(super) struct Ask {
    pub(super) collection: VaultCollection,
    pub(super) operation: VaultOperation,
    pub(super) shape: Shape,
}

/// What an answer is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    /// One thing as a whole.
    Whole,
    /// A page of things.
    Items,
    /// A page of one thing's versions.
    Versions,
    /// A page of deleted things.
    DeletedItems,
}

/// Reads a request.
pub(super) fn decode(asked: &Asked<'_>) -> Result<Ask, Refusal> {
    let words: Vec<&str> = asked.segments.iter().map(String::as_str).collect();
    let Some((first, rest)) = words.split_first() else {
        return Err(Refusal::Path);
    };
    let (collection, is_deleted) = match first.to_ascii_lowercase().as_str() {
        "keys" => (VaultCollection::Keys, false),
        "secrets" => (VaultCollection::Secrets, false),
        "deletedkeys" => (VaultCollection::Keys, true),
        "deletedsecrets" => (VaultCollection::Secrets, true),
        _ => return Err(Refusal::Path),
    };
    let (operation, shape) = if is_deleted {
        of_deleted(asked.method, rest)?
    } else {
        of_living(asked, collection, rest)?
    };
    Ok(Ask {
        collection,
        operation,
        shape,
    })
}

fn of_deleted(method: &Method, rest: &[&str]) -> Result<(VaultOperation, Shape), Refusal> {
    let read = *method == Method::GET;
    match rest {
        [] if read => Ok((VaultOperation::ListDeleted, Shape::DeletedItems)),
        [name] if read => Ok((VaultOperation::GetDeleted { name: (*name).into() }, Shape::Whole)),
        [name] if *method == Method::DELETE => Ok((VaultOperation::Purge { name: (*name).into() }, Shape::Whole)),
        [name, word] if word.eq_ignore_ascii_case("recover") && *method == Method::POST => {
            Ok((VaultOperation::Recover { name: (*name).into() }, Shape::Whole))
        }
        [] | [_] => Err(Refusal::Verb),
        [_, word] if word.eq_ignore_ascii_case("recover") => Err(Refusal::Verb),
        _ => Err(Refusal::Path),
    }
}

fn of_living(
    asked: &Asked<'_>,
    collection: VaultCollection,
    rest: &[&str],
) -> Result<(VaultOperation, Shape), Refusal> {
    let keys = collection == VaultCollection::Keys;
    let is = |method: Method| *asked.method == method;
    let operation = match rest {
        [] if is(Method::GET) => return Ok((VaultOperation::List, Shape::Items)),
        [name, word] if word.eq_ignore_ascii_case("versions") && is(Method::GET) => {
            return Ok((VaultOperation::Versions { name: (*name).into() }, Shape::Versions));
        }
        [name, word] if keys && word.eq_ignore_ascii_case("create") && is(Method::POST) => create_key(asked, name)?,
        [name] if !keys && is(Method::PUT) => set_secret(asked, name)?,
        [name] if is(Method::DELETE) => VaultOperation::Delete { name: (*name).into() },
        [name] if is(Method::GET) => VaultOperation::Get {
            name: (*name).into(),
            version: Box::default(),
        },
        [name, version] if is(Method::GET) => VaultOperation::Get {
            name: (*name).into(),
            version: (*version).into(),
        },
        [name] if is(Method::PATCH) => update(asked, name, "")?,
        [name, version] if is(Method::PATCH) => update(asked, name, version)?,
        // Some clients write the latest version as an empty one, and its slash is gone by here.
        [] | [_] | [_, _] => return Err(Refusal::Verb),
        _ => return Err(Refusal::Path),
    };
    Ok((operation, Shape::Whole))
}

fn create_key(asked: &Asked<'_>, name: &str) -> Result<VaultOperation, Refusal> {
    let body = body(asked)?;
    let bad = |property: &str| CloudError::of(&BAD_KEY).with("property", property);
    let size = match body.get("key_size") {
        None | Some(Value::Null) => None,
        Some(given) => {
            let given = given.as_u64().and_then(|given| u32::try_from(given).ok());
            Some(given.ok_or_else(|| bad("key_size"))?)
        }
    };
    let kind = body.get("kty").and_then(Value::as_str).ok_or_else(|| bad("kty"))?;
    Ok(VaultOperation::CreateKey {
        name: name.into(),
        key: KeyWish {
            kind: kind.into(),
            size,
            curve: body.get("crv").and_then(Value::as_str).map(Box::from),
        },
        wish: wish(&body)?,
    })
}

fn set_secret(asked: &Asked<'_>, name: &str) -> Result<VaultOperation, Refusal> {
    let body = body(asked)?;
    let value = body.get("value").and_then(Value::as_str);
    let value = value.ok_or_else(|| CloudError::of(&BAD_BODY).with("reason", "The parameter value is required."))?;
    Ok(VaultOperation::SetSecret {
        name: name.into(),
        value: value.into(),
        wish: wish(&body)?,
    })
}

fn update(asked: &Asked<'_>, name: &str, version: &str) -> Result<VaultOperation, Refusal> {
    Ok(VaultOperation::Update {
        name: name.into(),
        version: version.into(),
        wish: wish(&body(asked)?)?,
    })
}

fn body(asked: &Asked<'_>) -> Result<Map<String, Value>, Refusal> {
    let bytes = asked.body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(asked.body);
    if bytes.iter().all(u8::is_ascii_whitespace) {
        return Ok(Map::new());
    }
    match serde_json::from_slice(bytes) {
        Ok(Value::Object(members)) => Ok(members),
        _ => Err(CloudError::of(&BAD_BODY)
            .with("reason", "The request body is not a valid JSON object.")
            .into()),
    }
}

/// Attributes, tags and what else is said of a version.
fn wish(body: &Map<String, Value>) -> Result<VersionWish, Refusal> {
    let bad = |what: &str| -> Refusal { CloudError::of(&BAD_KEY).with("property", what).into() };
    let attribute = |name: &str| {
        let attributes = body.get("attributes").filter(|given| given.is_object());
        attributes
            .and_then(|own| own.get(name))
            .filter(|value| !value.is_null())
    };
    let secs = |name: &str| match attribute(name) {
        None => Ok(None),
        Some(given) => given.as_i64().map(Some).ok_or_else(|| bad(name)),
    };
    let tags = match body.get("tags") {
        Some(Value::Object(tags)) => {
            let mut read = BTreeMap::new();
            for (name, value) in tags {
                let value = value.as_str().ok_or_else(|| bad("tags"))?;
                read.insert(name.as_str().into(), value.into());
            }
            Some(read)
        }
        _ => None,
    };
    let operations = match body.get("key_ops") {
        None | Some(Value::Null) => None,
        Some(given) => {
            let words = given.as_array().ok_or_else(|| bad("key_ops"))?;
            let words = words.iter().map(|word| word.as_str().map(Box::from));
            Some(words.collect::<Option<Vec<Box<str>>>>().ok_or_else(|| bad("key_ops"))?)
        }
    };
    let enabled = match attribute("enabled") {
        None => None,
        Some(given) => Some(given.as_bool().ok_or_else(|| bad("enabled"))?),
    };
    Ok(VersionWish {
        enabled,
        not_before: secs("nbf")?,
        expires: secs("exp")?,
        tags,
        operations,
        content_type: body.get("contentType").and_then(Value::as_str).map(Box::from),
    })
}
