//! The old Graph (`graph.windows.net`, version 1.6), as far as clients of its time make principals with it: the caller, service
//! principals, applications and their secrets (juju-provider 1.7).

use fake_azure_cloud::Guid;
use http::{Method, StatusCode};
use serde_json::{Map, Value, json};

use super::filter::Filter;
use super::{Asked, GraphError, Reply, base, documents, is_read, objects};
use crate::identity::directory::{Directory, Register};
use crate::identity::principals::Password;
use crate::sandbox::Sandbox;
use crate::text;

/// What stands behind the tenant in a path.
pub(super) const NOUNS: &[&str] = &["applications", "me", "serviceprincipals"];

/// The old Graph's envelope.
pub(super) fn envelope(sandbox: &mut Sandbox, error: &GraphError) -> Value {
    let date = text::iso_secs(sandbox.now_for_expiry());
    json!({
        "odata.error": {
            "code": error.code,
            "message": { "lang": "en", "value": error.message },
            "requestId": sandbox.draw_guid().to_string(),
            "date": date.trim_end_matches('Z'),
        }
    })
}

pub(super) fn route(sandbox: &Sandbox, asked: &Asked<'_>) -> Result<Reply, GraphError> {
    if asked.query.field("api-version").is_none() {
        let message = "The specified api-version is invalid. The value must exactly match a supported version.";
        let code = "Request_DataContractVersionMissing";
        return Err(GraphError::new(StatusCode::BAD_REQUEST, code, message));
    }
    check_tenant(sandbox, asked)?;
    let directory = &sandbox.directory;
    let words = asked.segments.clone();
    match asked.folded.as_slice() {
        ["me"] if is_read(asked) => me(directory, asked),
        ["serviceprincipals", ..] => service_principals(directory, asked, &words[1..]),
        ["applications", ..] => applications(directory, asked, &words[1..]),
        [first, ..] => Err(GraphError::new(
            StatusCode::NOT_FOUND,
            "Request_ResourceNotFound",
            format!("Resource not found for the segment '{first}'."),
        )),
        [] => Err(GraphError::not_found("")),
    }
}

/// The tenant of the path is the caller's own.
fn check_tenant(sandbox: &Sandbox, asked: &Asked<'_>) -> Result<(), GraphError> {
    let register = sandbox.directory.register();
    let named = register.tenant(asked.version).map(|tenant| tenant.id);
    if asked.version.eq_ignore_ascii_case("myorganization") || named == Some(asked.tenant()) {
        return Ok(());
    }
    let message = "Invalid domain name in the request url.";
    Err(GraphError::new(
        StatusCode::UNAUTHORIZED,
        "Request_InvalidDomain",
        message,
    ))
}

fn me(directory: &Directory, asked: &Asked<'_>) -> Result<Reply, GraphError> {
    let register = directory.register();
    let member = register.user(asked.caller.object_id).ok_or_else(|| {
        let message = "The user could not be found: the token is an application's.";
        GraphError::new(StatusCode::NOT_FOUND, "Request_ResourceNotFound", message)
    })?;
    let user = &member.user;
    let document = json!({
        "odata.metadata": format!("{}/{}/$metadata#directoryObjects/Microsoft.DirectoryServices.User/@Element", base(asked.uri), asked.version),
        "odata.type": "Microsoft.DirectoryServices.User",
        "objectType": "User",
        "objectId": user.object_id.to_string(),
        "accountEnabled": user.enabled,
        "displayName": user.display_name,
        "mail": null,
        "mailNickname": user.user_principal_name.split('@').next(),
        "userPrincipalName": user.user_principal_name,
        "userType": if user.home == asked.tenant() { "Member" } else { "Guest" },
    });
    Ok(Reply::Found(document))
}

fn service_principals(directory: &Directory, asked: &Asked<'_>, words: &[&str]) -> Result<Reply, GraphError> {
    let register = directory.register();
    let tenant = asked.tenant();
    let find = |register: &Register, key: &str| {
        let id = Guid::parse(key);
        register
            .service_principals
            .iter()
            .position(|own| own.tenant == tenant && Some(own.object_id) == id)
            .ok_or_else(|| GraphError::not_found(key))
    };
    match (words, asked.method) {
        ([], &Method::GET | &Method::HEAD) => {
            let own = register.service_principals.iter().filter(|own| own.tenant == tenant);
            let documents = own.map(|own| objects::principal_document(&register, own));
            list(asked, "ServicePrincipal", documents)
        }
        ([], &Method::POST) => directory.try_with(|register| {
            let (made, _) = objects::make_principal(register, &without_passwords(asked)).map_err(of_its_time)?;
            let passwords = read_passwords(register, asked)?;
            let own = register
                .service_principals
                .iter_mut()
                .find(|own| own.object_id == made.object_id);
            let own = own.ok_or_else(|| GraphError::not_found(&made.object_id.to_string()))?;
            own.credentials.passwords = passwords;
            let own = own.clone();
            let document = objects::principal_document(register, &own);
            Ok(Reply::Made(typed(asked, "ServicePrincipal", document)))
        }),
        ([key], &Method::GET | &Method::HEAD) => {
            let own = &register.service_principals[find(&register, key)?];
            let document = objects::principal_document(&register, own);
            Ok(Reply::Found(typed(asked, "ServicePrincipal", document)))
        }
        ([key], &Method::DELETE) => directory.try_with(|register| {
            let at = find(register, key)?;
            register.service_principals.remove(at);
            Ok(Reply::Done)
        }),
        ([key, noun], method) if noun.eq_ignore_ascii_case("passwordCredentials") => directory.try_with(|register| {
            let at = find(register, key)?;
            let before = register.service_principals[at].credentials.passwords.clone();
            let (reply, after) = passwords(register, asked, method, before)?;
            register.service_principals[at].credentials.passwords = after;
            Ok(reply)
        }),
        _ => Err(GraphError::no_verb(asked.method)),
    }
}

fn applications(directory: &Directory, asked: &Asked<'_>, words: &[&str]) -> Result<Reply, GraphError> {
    let register = directory.register();
    let tenant = asked.tenant();
    let find = |register: &Register, key: &str| {
        let id = Guid::parse(key);
        register
            .applications
            .iter()
            .position(|own| own.tenant == tenant && Some(own.object_id) == id)
            .ok_or_else(|| GraphError::not_found(key))
    };
    match (words, asked.method) {
        ([], &Method::GET | &Method::HEAD) => {
            let own = register.applications.iter().filter(|own| own.tenant == tenant);
            list(asked, "Application", own.map(|own| documents::application(own, None)))
        }
        ([], &Method::POST) => directory.try_with(|register| {
            let (made, _) = objects::make_application(register, &without_passwords(asked))?;
            let passwords = read_passwords(register, asked)?;
            let at = find(register, &made.object_id.to_string())?;
            register.applications[at].credentials.passwords = passwords;
            let document = documents::application(&register.applications[at], None);
            Ok(Reply::Made(typed(asked, "Application", document)))
        }),
        ([key], &Method::GET | &Method::HEAD) => {
            let document = documents::application(&register.applications[find(&register, key)?], None);
            Ok(Reply::Found(typed(asked, "Application", document)))
        }
        ([key], &Method::DELETE) => objects::applications(directory, asked, &[key]),
        ([key, noun], method) if noun.eq_ignore_ascii_case("passwordCredentials") => directory.try_with(|register| {
            let at = find(register, key)?;
            let before = register.applications[at].credentials.passwords.clone();
            let (reply, after) = passwords(register, asked, method, before)?;
            register.applications[at].credentials.passwords = after;
            Ok(reply)
        }),
        _ => Err(GraphError::no_verb(asked.method)),
    }
}

/// The same call without the secrets, which the old Graph's clients bring themselves.
fn without_passwords<'a>(asked: &Asked<'a>) -> Asked<'a> {
    let mut body = asked.body.clone();
    body.shift_remove("passwordCredentials");
    Asked {
        uri: asked.uri,
        method: asked.method,
        version: asked.version,
        segments: asked.segments.clone(),
        folded: asked.folded.clone(),
        query: asked.query.clone(),
        body,
        caller: asked.caller.clone(),
        now: asked.now,
        sandbox: asked.sandbox,
    }
}

/// The old Graph answers 400 to a name that is taken, in other words.
fn of_its_time(error: GraphError) -> GraphError {
    if error.status != StatusCode::CONFLICT {
        return error;
    }
    let message = "Another object with the same value for property servicePrincipalNames already exists.";
    GraphError::new(StatusCode::BAD_REQUEST, error.code, message)
}

/// Secrets as they come: `[{customKeyIdentifier, keyId, value, startDate, endDate}]`.
fn read_passwords(register: &mut Register, asked: &Asked<'_>) -> Result<Vec<Password>, GraphError> {
    let invalid = || GraphError::invalid("passwordCredentials", "ServicePrincipal");
    let Some(value) = asked.body.get("passwordCredentials") else {
        return Ok(Vec::new());
    };
    let mut passwords = Vec::new();
    for entry in value.as_array().ok_or_else(invalid)? {
        passwords.push(read_password(register, asked, entry).ok_or_else(invalid)?);
    }
    Ok(passwords)
}

fn read_password(register: &mut Register, asked: &Asked<'_>, entry: &Value) -> Option<Password> {
    let start = documents::date(entry.get("startDate"), asked.now)?;
    let end = documents::date(entry.get("endDate"), start.plus_millis(365 * 86_400_000))?;
    let given = entry.get("keyId").and_then(Value::as_str).and_then(Guid::parse);
    Some(Password {
        key_id: given.unwrap_or_else(|| register.draw_guid()),
        secret: entry
            .get("value")?
            .as_str()
            .filter(|secret| !secret.is_empty())?
            .to_owned(),
        display_name: None,
        custom_key_identifier: entry
            .get("customKeyIdentifier")
            .and_then(Value::as_str)
            .map(str::to_owned),
        start,
        end,
    })
}

/// `GET` and `PATCH` of an object's secrets: entries with a known `keyId` and no value are kept, what is left out is gone.
fn passwords(
    register: &mut Register,
    asked: &Asked<'_>,
    method: &Method,
    before: Vec<Password>,
) -> Result<(Reply, Vec<Password>), GraphError> {
    match *method {
        Method::GET | Method::HEAD => {
            let entries: Vec<Value> = before.iter().map(shown).collect();
            let metadata = format!(
                "{}/{}/$metadata#Collection(Microsoft.DirectoryServices.PasswordCredential)",
                base(asked.uri),
                asked.version
            );
            let document = json!({ "odata.metadata": metadata, "value": entries });
            Ok((Reply::Found(document), before))
        }
        Method::PATCH => {
            let invalid = || GraphError::invalid("value", "PasswordCredential");
            let entries = asked.body.get("value").and_then(Value::as_array).ok_or_else(invalid)?;
            let mut after = Vec::new();
            for entry in entries {
                let id = entry.get("keyId").and_then(Value::as_str).and_then(Guid::parse);
                let known = before.iter().find(|own| Some(own.key_id) == id);
                let has_value = entry.get("value").is_some_and(Value::is_string);
                after.push(match known {
                    Some(own) if !has_value => own.clone(),
                    _ => read_password(register, asked, entry).ok_or_else(invalid)?,
                });
            }
            Ok((Reply::Done, after))
        }
        _ => Err(GraphError::no_verb(method)),
    }
}

fn shown(password: &Password) -> Value {
    json!({
        "customKeyIdentifier": password.custom_key_identifier,
        "endDate": text::iso_secs(password.end),
        "keyId": password.key_id.to_string(),
        "startDate": text::iso_secs(password.start),
        "value": null,
    })
}

/// A document with the old Graph's names for what every object has.
fn of_old(type_name: &str, mut document: Map<String, Value>) -> Map<String, Value> {
    let id = document.shift_remove("id").unwrap_or(Value::Null);
    for name in ["passwordCredentials", "createdDateTime", "deletedDateTime"] {
        document.shift_remove(name);
    }
    let mut whole = Map::new();
    whole.insert(
        "odata.type".to_owned(),
        format!("Microsoft.DirectoryServices.{type_name}").into(),
    );
    whole.insert("objectType".to_owned(), type_name.into());
    whole.insert("objectId".to_owned(), id);
    whole.insert("deletionTimestamp".to_owned(), Value::Null);
    whole.extend(document);
    whole
}

fn typed(asked: &Asked<'_>, type_name: &str, document: Map<String, Value>) -> Value {
    let mut whole = Map::new();
    let metadata = format!(
        "{}/{}/$metadata#directoryObjects/@Element",
        base(asked.uri),
        asked.version
    );
    whole.insert("odata.metadata".to_owned(), metadata.into());
    whole.extend(of_old(type_name, document));
    Value::Object(whole)
}

fn list(
    asked: &Asked<'_>,
    type_name: &str,
    documents: impl Iterator<Item = Map<String, Value>>,
) -> Result<Reply, GraphError> {
    let filter = asked.query.field("$filter").map(Filter::parse).transpose()?;
    let mut found = Vec::new();
    for document in documents {
        let document = of_old(type_name, document);
        let holds = match &filter {
            Some(filter) => filter.holds(&document, type_name)?,
            None => true,
        };
        if holds {
            found.push(Value::Object(document));
        }
    }
    let metadata = format!("{}/{}/$metadata#directoryObjects", base(asked.uri), asked.version);
    Ok(Reply::Found(json!({ "odata.metadata": metadata, "value": found })))
}
