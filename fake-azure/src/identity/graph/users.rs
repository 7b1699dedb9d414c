//! Users, and the caller itself.

use fake_azure_cloud::Guid;
use http::Method;
use serde_json::{Map, Value};

use super::{Asked, GraphError, Reply, documents, is_read, member};
use crate::identity::directory::{Directory, Register};
use crate::identity::principals::{Member, User};

const USER: &str = "User";
/// The shortest password that is taken.
const PASSWORD_MIN: usize = 8;

/// Members that are kept elsewhere, or never answered.
const OWN_MEMBERS: &[&str] = &[
    // tidy: sorted
    "@odata.context",
    "accountEnabled",
    "displayName",
    "id",
    "passwordProfile",
    "userPrincipalName",
    // tidy: end
];

/// `/users` and below.
pub(super) fn users(directory: &Directory, asked: &Asked<'_>, words: &[&str]) -> Result<Reply, GraphError> {
    let register = directory.register();
    match words {
        [] if is_read(asked) => {
            let own = register.users.iter().filter(|own| own.user.is_in(asked.tenant()));
            asked.list("users", "user", own.map(documents::user))
        }
        [] if asked.method == Method::POST => {
            let made = directory.try_with(|register| make(register, asked))?;
            Ok(Reply::Made(asked.entity("users", documents::user(&made))))
        }
        [] => Err(GraphError::no_verb(asked.method)),
        [key] if is_read(asked) => {
            let at = position(&register, key, asked.tenant()).ok_or_else(|| GraphError::not_found(key))?;
            Ok(Reply::Found(
                asked.entity("users", documents::user(&register.users[at])),
            ))
        }
        [key, rest @ ..] => directory.try_with(|register| {
            let at = position(register, key, asked.tenant()).ok_or_else(|| GraphError::not_found(key))?;
            one(register, asked, at, rest)
        }),
    }
}

/// `/me` and below: only for who signed in as a user.
pub(super) fn me(directory: &Directory, asked: &Asked<'_>, words: &[&str]) -> Result<Reply, GraphError> {
    let register = directory.register();
    let id = asked.caller.object_id;
    let at = register.users.iter().position(|own| own.user.object_id == id);
    let at =
        at.ok_or_else(|| GraphError::bad_request("/me request is only valid with delegated authentication flow."))?;
    match words {
        [word] if word.eq_ignore_ascii_case("ownedObjects") && is_read(asked) => {
            let applications = register.applications.iter().filter(|own| own.owners.contains(&id));
            let principals = register
                .service_principals
                .iter()
                .filter(|own| own.owners.contains(&id));
            let ids: Vec<Guid> = applications
                .map(|own| own.object_id)
                .chain(principals.map(|own| own.object_id))
                .collect();
            let owned = ids.iter().filter_map(|id| documents::directory_object(&register, *id));
            asked.list("directoryObjects", "directoryObject", owned)
        }
        [] if is_read(asked) => Ok(Reply::Found(
            asked.entity("users", documents::user(&register.users[at])),
        )),
        _ => directory.try_with(|register| one(register, asked, at, words)),
    }
}

fn position(register: &Register, key: &str, tenant: Guid) -> Option<usize> {
    let id = Guid::parse(key);
    register.users.iter().position(|own| {
        own.user.is_in(tenant)
            && (Some(own.user.object_id) == id || own.user.user_principal_name.eq_ignore_ascii_case(key))
    })
}

fn one(register: &mut Register, asked: &Asked<'_>, at: usize, rest: &[&str]) -> Result<Reply, GraphError> {
    let folded: Vec<String> = rest.iter().map(|word| word.to_ascii_lowercase()).collect();
    let folded: Vec<&str> = folded.iter().map(String::as_str).collect();
    match (folded.as_slice(), asked.method) {
        ([], &Method::PATCH) => change(register, asked, at),
        ([], &Method::DELETE) => {
            register.users.remove(at);
            Ok(Reply::Done)
        }
        (["revokesigninsessions"], &Method::POST) => {
            register.users[at].tokens_since = Some(asked.now);
            let context = format!("{}/$metadata#Edm.Boolean", asked.base());
            Ok(Reply::Found(
                serde_json::json!({ "@odata.context": context, "value": true }),
            ))
        }
        (["getmembergroups" | "checkmembergroups"], &Method::POST) => {
            // There are no groups: nobody is in one.
            asked.list("Collection(Edm.String)", "user", std::iter::empty())
        }
        ([] | ["revokesigninsessions" | "getmembergroups" | "checkmembergroups"], method) => {
            Err(GraphError::no_verb(method))
        }
        _ => Err(GraphError::no_segment(rest.first().copied().unwrap_or(""))),
    }
}

fn make(register: &mut Register, asked: &Asked<'_>) -> Result<Member, GraphError> {
    let body = &asked.body;
    let need = |name: &str| member(body, name).ok_or_else(|| GraphError::required(name, USER));
    let enabled = body
        .get("accountEnabled")
        .and_then(Value::as_bool)
        .ok_or_else(|| GraphError::required("accountEnabled", USER))?;
    let (display_name, name) = (need("displayName")?, need("userPrincipalName")?);
    need("mailNickname")?;
    let password = new_password(body)?.ok_or_else(|| GraphError::required("passwordProfile", USER))?;
    check_name(register, asked.tenant(), name)?;
    if register.user_named(name).is_some() {
        return Err(GraphError::taken("userPrincipalName"));
    }
    if !register.has_room() {
        return Err(GraphError::full());
    }
    let (sandbox, now) = asked.sandbox;
    let made = Member {
        user: User {
            object_id: register.draw_guid(),
            user_principal_name: name.to_owned(),
            display_name: display_name.to_owned(),
            password,
            enabled,
            home: asked.tenant(),
            guest_of: Vec::new(),
        },
        birth: register.birth(asked.now, sandbox, now),
        tokens_since: None,
        document: written(body),
    };
    register.users.push(made.clone());
    Ok(made)
}

/// What a client wrote, without what is kept elsewhere.
fn written(body: &Map<String, Value>) -> Map<String, Value> {
    let own = body
        .iter()
        .filter(|(name, _)| !OWN_MEMBERS.iter().any(|own| own.eq_ignore_ascii_case(name)));
    own.map(|(name, value)| (name.clone(), value.clone())).collect()
}

fn new_password(body: &Map<String, Value>) -> Result<Option<String>, GraphError> {
    let Some(profile) = body.get("passwordProfile") else {
        return Ok(None);
    };
    let password = profile.get("password").and_then(Value::as_str).unwrap_or("");
    if password.chars().count() < PASSWORD_MIN {
        let message = "The specified password does not comply with password complexity requirements. Please provide a different \
                       password.";
        return Err(GraphError::refused(message));
    }
    Ok(Some(password.to_owned()))
}

/// A name is one of the tenant's domain.
fn check_name(register: &Register, tenant: Guid, name: &str) -> Result<(), GraphError> {
    let domain = register
        .tenant(&tenant.to_string())
        .map_or("", |own| &own.default_domain);
    match name.split_once('@') {
        Some((local, own)) if !local.is_empty() && own.eq_ignore_ascii_case(domain) => Ok(()),
        Some(_) => Err(GraphError::refused(
            "The domain portion of the userPrincipalName property is invalid. You must use one of the verified domain names in \
             your organization.",
        )),
        None => Err(GraphError::invalid("userPrincipalName", USER)),
    }
}

fn change(register: &mut Register, asked: &Asked<'_>, at: usize) -> Result<Reply, GraphError> {
    let body = &asked.body;
    let password = new_password(body)?;
    let new_name = member(body, "userPrincipalName");
    if let Some(name) = new_name {
        check_name(register, asked.tenant(), name)?;
        let other = position(register, name, asked.tenant());
        if other.is_some_and(|other| other != at) {
            return Err(GraphError::taken("userPrincipalName"));
        }
    }
    let own = &mut register.users[at];
    if let Some(password) = password {
        own.user.password = password;
        // Whoever signed in with the old one has to sign in again.
        own.tokens_since = Some(asked.now);
    }
    if let Some(name) = new_name {
        own.user.user_principal_name = name.to_owned();
    }
    if let Some(name) = member(body, "displayName") {
        own.user.display_name = name.to_owned();
    }
    if let Some(enabled) = body.get("accountEnabled").and_then(Value::as_bool) {
        own.user.enabled = enabled;
    }
    own.document.extend(written(body));
    Ok(Reply::Done)
}
