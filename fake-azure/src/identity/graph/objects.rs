//! Applications and service principals: made, read, changed, deleted; their secrets, certificates and owners.

use fake_azure_cloud::Guid;
use http::{Method, StatusCode};
use serde_json::{Map, Value};

use super::{Asked, GraphError, Reply, documents, is_read, member, owners};
use crate::identity::directory::{Directory, Register};
use crate::identity::principals::{
    Application, Credentials, KNOWN_CLIENTS, Key, Password, ServicePrincipal, Stands, certificate_of, text,
};

const APPLICATION: &str = "Application";
const SERVICE_PRINCIPAL: &str = "ServicePrincipal";
/// How long a secret counts unless its maker says otherwise: two years, in milliseconds.
const SECRET_MS: i64 = 2 * 365 * 86_400_000;

/// Members that the service writes, whatever a client sends.
const OWN_MEMBERS: &[&str] = &[
    // tidy: sorted
    "@odata.context",
    "@odata.type",
    "appId",
    "createdDateTime",
    "deletedDateTime",
    "id",
    "keyCredentials",
    "owners@odata.bind",
    "passwordCredentials",
    "publisherDomain",
    "servicePrincipalType",
    // tidy: end
];

/// What a client wrote, without what is the service's.
fn written(body: &Map<String, Value>) -> impl Iterator<Item = (String, Value)> + '_ {
    body.iter()
        .filter(|(name, _)| !OWN_MEMBERS.iter().any(|own| own.eq_ignore_ascii_case(name)))
        .map(|(name, value)| (name.clone(), value.clone()))
}

/// `/applications` and below.
pub(super) fn applications(directory: &Directory, asked: &Asked<'_>, words: &[&str]) -> Result<Reply, GraphError> {
    let tenant = asked.tenant();
    let find = |register: &Register, key: &str| {
        let by_app_id = app_id_of(key);
        let id = Guid::parse(key);
        register.applications.iter().position(|own| {
            own.tenant == tenant && (Some(own.object_id) == id || by_app_id.is_some_and(|app| app == own.app_id))
        })
    };
    let document =
        |register: &Register, own: &Application| documents::application(own, register.tenant(&own.tenant.to_string()));
    let register = directory.register();
    match words {
        [] if is_read(asked) => {
            let own = register.applications.iter().filter(|own| own.tenant == tenant);
            asked.list("applications", "application", own.map(|own| document(&register, own)))
        }
        [] if asked.method == Method::POST => {
            let (made, secrets) = directory.try_with(|register| make_application(register, asked))?;
            let mut document = document(&register, &made);
            show_secrets(&mut document, &secrets);
            Ok(Reply::Made(asked.entity("applications", document)))
        }
        [] => Err(GraphError::no_verb(asked.method)),
        [key, rest @ ..] => {
            let at = find(&register, key).ok_or_else(|| GraphError::not_found(key))?;
            if rest.is_empty() && is_read(asked) {
                let found = document(&register, &register.applications[at]);
                return Ok(Reply::Found(asked.entity("applications", found)));
            }
            drop(register);
            directory.try_with(|register| {
                let at = find(register, key).ok_or_else(|| GraphError::not_found(key))?;
                if rest.is_empty() {
                    return match *asked.method {
                        Method::PATCH => change_application(register, asked, at),
                        Method::DELETE => {
                            let gone = register.applications.remove(at);
                            // What stands for it in its own tenant goes with it.
                            register
                                .service_principals
                                .retain(|own| own.app_id != gone.app_id || own.tenant != gone.tenant);
                            Ok(Reply::Done)
                        }
                        _ => Err(GraphError::no_verb(asked.method)),
                    };
                }
                let found = register.applications[at].clone();
                let (credentials, owners) = (found.credentials, found.owners);
                let Change {
                    reply,
                    credentials,
                    owners,
                } = below(register, asked, rest, credentials, owners)?;
                let own = &mut register.applications[at];
                (own.credentials, own.owners) = (credentials, owners);
                Ok(reply)
            })
        }
    }
}

/// `appId='x'`.
fn app_id_of(key: &str) -> Option<Guid> {
    let (name, value) = key.split_once('=')?;
    name.eq_ignore_ascii_case("appId")
        .then(|| Guid::parse(value.trim_matches('\'')))
        .flatten()
}

pub(super) fn make_application(
    register: &mut Register,
    asked: &Asked<'_>,
) -> Result<(Application, Vec<(Guid, String)>), GraphError> {
    member(&asked.body, "displayName").ok_or_else(|| GraphError::required("displayName", APPLICATION))?;
    if !register.has_room() {
        return Err(GraphError::full());
    }
    check_uris(register, &asked.body, None)?;
    let (credentials, secrets) = credentials_of(register, asked, &Credentials::default(), APPLICATION)?;
    let (sandbox, now) = asked.sandbox;
    let mut document: Map<String, Value> = written(&asked.body).collect();
    let audience = document
        .entry("signInAudience")
        .or_insert_with(|| Value::from("AzureADMyOrg"));
    check_audience(audience)?;
    let made = Application {
        object_id: register.draw_guid(),
        app_id: register.draw_guid(),
        tenant: asked.tenant(),
        credentials,
        birth: register.birth(asked.now, sandbox, now),
        document,
        owners: owner_of(register, asked),
    };
    register.applications.push(made.clone());
    Ok((made, secrets))
}

fn check_audience(audience: &Value) -> Result<(), GraphError> {
    let known = [
        "AzureADMyOrg",
        "AzureADMultipleOrgs",
        "AzureADandPersonalMicrosoftAccount",
        "PersonalMicrosoftAccount",
    ];
    match audience.as_str() {
        Some(text) if known.contains(&text) => Ok(()),
        _ => Err(GraphError::invalid("signInAudience", APPLICATION)),
    }
}

/// An application that a user makes is the user's.
fn owner_of(register: &Register, asked: &Asked<'_>) -> Vec<Guid> {
    let id = asked.caller.object_id;
    if register.user(id).is_some() {
        vec![id]
    } else {
        Vec::new()
    }
}

fn check_uris(register: &Register, body: &Map<String, Value>, own: Option<Guid>) -> Result<(), GraphError> {
    let Some(value) = body.get("identifierUris") else {
        return Ok(());
    };
    let uris = value
        .as_array()
        .ok_or_else(|| GraphError::invalid("identifierUris", APPLICATION))?;
    for uri in uris {
        let uri = uri
            .as_str()
            .filter(|uri| uri.contains(':'))
            .ok_or_else(|| GraphError::invalid("identifierUris", APPLICATION))?;
        let is_taken = register
            .applications
            .iter()
            .filter(|other| Some(other.object_id) != own)
            .any(|other| other.identifier_uris().any(|taken| taken.eq_ignore_ascii_case(uri)));
        if is_taken {
            return Err(GraphError::taken("identifierUris"));
        }
    }
    Ok(())
}

fn change_application(register: &mut Register, asked: &Asked<'_>, at: usize) -> Result<Reply, GraphError> {
    let before = register.applications[at].clone();
    check_uris(register, &asked.body, Some(before.object_id))?;
    if asked
        .body
        .get("displayName")
        .is_some_and(|name| name.as_str().is_none_or(str::is_empty))
    {
        return Err(GraphError::invalid("displayName", APPLICATION));
    }
    if let Some(audience) = asked.body.get("signInAudience") {
        check_audience(audience)?;
    }
    let (credentials, _) = credentials_of(register, asked, &before.credentials, APPLICATION)?;
    let own = &mut register.applications[at];
    own.credentials = credentials;
    own.document.extend(written(&asked.body));
    // The names that what stands for it is found by follow.
    let (app_id, uris) = (own.app_id, own.document.get("identifierUris").cloned());
    if let Some(uris) = uris {
        for principal in register
            .service_principals
            .iter_mut()
            .filter(|own| own.app_id == app_id)
        {
            principal
                .document
                .insert("servicePrincipalNames".to_owned(), uris.clone());
        }
    }
    Ok(Reply::Done)
}

/// `/servicePrincipals` and below.
pub(super) fn service_principals(
    directory: &Directory,
    asked: &Asked<'_>,
    words: &[&str],
) -> Result<Reply, GraphError> {
    let tenant = asked.tenant();
    let find = |register: &Register, key: &str| {
        let by_app_id = app_id_of(key);
        let id = Guid::parse(key);
        register.service_principals.iter().position(|own| {
            own.tenant == tenant && (Some(own.object_id) == id || by_app_id.is_some_and(|app| app == own.app_id))
        })
    };
    let register = directory.register();
    match words {
        [] if is_read(asked) => {
            let own = register.service_principals.iter().filter(|own| own.tenant == tenant);
            asked.list(
                "servicePrincipals",
                "servicePrincipal",
                own.map(|own| principal_document(&register, own)),
            )
        }
        [] if asked.method == Method::POST => directory.try_with(|register| {
            let (made, secrets) = make_principal(register, asked)?;
            let mut document = principal_document(register, &made);
            show_secrets(&mut document, &secrets);
            Ok(Reply::Made(asked.entity("servicePrincipals", document)))
        }),
        [] => Err(GraphError::no_verb(asked.method)),
        [key, rest @ ..] => {
            let at = find(&register, key).ok_or_else(|| GraphError::not_found(key))?;
            if rest.is_empty() && is_read(asked) {
                let found = principal_document(&register, &register.service_principals[at]);
                return Ok(Reply::Found(asked.entity("servicePrincipals", found)));
            }
            drop(register);
            directory.try_with(|register| {
                let at = find(register, key).ok_or_else(|| GraphError::not_found(key))?;
                if rest.is_empty() {
                    return match *asked.method {
                        Method::PATCH => {
                            let before = register.service_principals[at].credentials.clone();
                            let (credentials, _) = credentials_of(register, asked, &before, SERVICE_PRINCIPAL)?;
                            let own = &mut register.service_principals[at];
                            own.credentials = credentials;
                            own.document.extend(written(&asked.body));
                            Ok(Reply::Done)
                        }
                        Method::DELETE if register.service_principals[at].stands == Stands::ManagedIdentity => {
                            let message = "Managed identities cannot be deleted through the directory.";
                            Err(GraphError::refused(message))
                        }
                        Method::DELETE => {
                            register.service_principals.remove(at);
                            Ok(Reply::Done)
                        }
                        _ => Err(GraphError::no_verb(asked.method)),
                    };
                }
                let found = register.service_principals[at].clone();
                let (credentials, owners) = (found.credentials, found.owners);
                let Change {
                    reply,
                    credentials,
                    owners,
                } = below(register, asked, rest, credentials, owners)?;
                let own = &mut register.service_principals[at];
                (own.credentials, own.owners) = (credentials, owners);
                Ok(reply)
            })
        }
    }
}

pub(super) fn principal_document(register: &Register, own: &ServicePrincipal) -> Map<String, Value> {
    let application = register
        .applications
        .iter()
        .find(|application| application.app_id == own.app_id);
    documents::service_principal(own, application)
}

/// Makes what stands for an application in the caller's tenant.
pub(super) fn make_principal(
    register: &mut Register,
    asked: &Asked<'_>,
) -> Result<(ServicePrincipal, Vec<(Guid, String)>), GraphError> {
    let tenant = asked.tenant();
    let app_id = member(&asked.body, "appId").ok_or_else(|| GraphError::required("appId", SERVICE_PRINCIPAL))?;
    let not_backed = || {
        let message =
            format!("The appId '{app_id}' of the service principal does not reference a valid application object.");
        GraphError::new(StatusCode::BAD_REQUEST, "NoBackingApplicationObject", message)
    };
    let id = Guid::parse(app_id).ok_or_else(|| GraphError::invalid("appId", SERVICE_PRINCIPAL))?;
    let (sandbox, now) = asked.sandbox;
    let application = register.applications.iter().find(|own| own.app_id == id);
    let known = KNOWN_CLIENTS.iter().find(|known| known.app_id == id);
    let name = match (application, known) {
        (Some(own), _) if own.birth.unknown_until(sandbox, now).is_some() => return Err(not_backed()),
        (Some(own), _) if own.tenant == tenant || own.is_multi_tenant() => own.display_name().to_owned(),
        (None, Some(known)) => known.name.to_owned(),
        _ => return Err(not_backed()),
    };
    let uris: Vec<String> = application
        .map(|own| own.identifier_uris().map(str::to_owned).collect())
        .unwrap_or_default();
    if register
        .service_principals
        .iter()
        .any(|own| own.app_id == id && own.tenant == tenant)
    {
        let message = format!(
            "The service principal cannot be created, updated, or restored because the service principal name {id} is already \
             in use."
        );
        let code = "Request_MultipleObjectsWithSameKeyValue";
        return Err(GraphError::new(StatusCode::CONFLICT, code, message));
    }
    if !register.has_room() {
        return Err(GraphError::full());
    }
    let (credentials, secrets) = credentials_of(register, asked, &Credentials::default(), SERVICE_PRINCIPAL)?;
    let mut document: Map<String, Value> = Map::new();
    document.insert("displayName".to_owned(), name.clone().into());
    document.insert("appDisplayName".to_owned(), name.into());
    document.extend(written(&asked.body));
    document.insert("servicePrincipalNames".to_owned(), uris.into());
    let made = ServicePrincipal {
        object_id: register.draw_guid(),
        app_id: id,
        tenant,
        stands: Stands::Application,
        credentials,
        birth: register.birth(asked.now, sandbox, now),
        document,
        owners: owner_of(register, asked),
    };
    register.service_principals.push(made.clone());
    Ok((made, secrets))
}

/// What a call below an object answers, and what the object has afterwards.
struct Change {
    reply: Reply,
    credentials: Credentials,
    owners: Vec<Guid>,
}

/// Calls below an object: its secrets and its owners.
fn below(
    register: &mut Register,
    asked: &Asked<'_>,
    words: &[&str],
    mut credentials: Credentials,
    mut own_owners: Vec<Guid>,
) -> Result<Change, GraphError> {
    let folded: Vec<String> = words.iter().map(|word| word.to_ascii_lowercase()).collect();
    let folded: Vec<&str> = folded.iter().map(String::as_str).collect();
    let is_post = asked.method == Method::POST;
    let reply = match folded.as_slice() {
        ["addpassword"] if is_post => {
            let wanted = asked.body.get("passwordCredential");
            let made = new_password(register, asked, wanted)?;
            let document = documents::password(&made, Some(&made.secret));
            credentials.passwords.push(made);
            let mut whole = Map::new();
            let context = format!("{}/$metadata#microsoft.graph.passwordCredential", asked.base());
            whole.insert("@odata.context".to_owned(), context.into());
            whole.extend(document.as_object().cloned().unwrap_or_default());
            Reply::Found(Value::Object(whole))
        }
        ["removepassword"] if is_post => {
            let id = member(&asked.body, "keyId").and_then(Guid::parse);
            let at = credentials.passwords.iter().position(|own| Some(own.key_id) == id);
            let at = at.ok_or_else(|| GraphError::refused("No password credential found with keyId."))?;
            credentials.passwords.remove(at);
            Reply::Done
        }
        ["owners"] if is_read(asked) => {
            let documents = owners(register, &own_owners).into_iter();
            asked.list("directoryObjects", "directoryObject", documents)?
        }
        ["owners", "$ref"] if is_post => {
            let link = member(&asked.body, "@odata.id").unwrap_or("");
            let id = link.rsplit('/').next().unwrap_or("");
            let owner = Guid::parse(id).filter(|id| documents::directory_object(register, *id).is_some());
            let owner = owner.ok_or_else(|| GraphError::not_found(id))?;
            if own_owners.contains(&owner) {
                let message = "One or more added object references already exist for the following modified properties: \
                               'owners'.";
                return Err(GraphError::refused(message));
            }
            own_owners.push(owner);
            Reply::Done
        }
        ["owners", id, "$ref"] if asked.method == Method::DELETE => {
            let at = own_owners.iter().position(|own| Some(*own) == Guid::parse(id));
            own_owners.remove(at.ok_or_else(|| GraphError::not_found(id))?);
            Reply::Done
        }
        ["addpassword" | "removepassword" | "owners"] | ["owners", "$ref"] | ["owners", _, "$ref"] => {
            return Err(GraphError::no_verb(asked.method));
        }
        _ => return Err(GraphError::no_segment(words.first().copied().unwrap_or(""))),
    };
    Ok(Change {
        reply,
        credentials,
        owners: own_owners,
    })
}

/// A secret that the service makes.
fn new_password(register: &mut Register, asked: &Asked<'_>, wanted: Option<&Value>) -> Result<Password, GraphError> {
    let invalid = || GraphError::invalid("passwordCredentials", APPLICATION);
    let wanted = wanted.filter(|wanted| !wanted.is_null());
    let get = |name: &str| wanted.and_then(|wanted| wanted.get(name));
    let start = documents::date(get("startDateTime"), asked.now).ok_or_else(invalid)?;
    let end = documents::date(get("endDateTime"), start.plus_millis(SECRET_MS)).ok_or_else(invalid)?;
    if end <= start {
        return Err(invalid());
    }
    Ok(Password {
        key_id: register.draw_guid(),
        secret: register.draw_secret(),
        display_name: get("displayName").and_then(Value::as_str).map(str::to_owned),
        custom_key_identifier: None,
        start,
        end,
    })
}

/// The credentials that a body asks for: what it does not name stays, entries with a known `keyId` are kept, new ones are read
/// or made. The secrets that were made are answered once.
fn credentials_of(
    register: &mut Register,
    asked: &Asked<'_>,
    before: &Credentials,
    type_name: &str,
) -> Result<(Credentials, Vec<(Guid, String)>), GraphError> {
    let mut after = before.clone();
    let mut secrets = Vec::new();
    if let Some(value) = asked.body.get("keyCredentials") {
        let invalid = || GraphError::invalid("keyCredentials", type_name);
        after.keys.clear();
        for entry in value.as_array().ok_or_else(invalid)? {
            let known = before
                .keys
                .iter()
                .find(|own| entry.get("key").is_none_or(Value::is_null) && is_named(entry, own.key_id));
            match known {
                Some(own) => after.keys.push(own.clone()),
                None => after.keys.push(read_key(register, asked, entry).ok_or_else(invalid)?),
            }
        }
    }
    if let Some(value) = asked.body.get("passwordCredentials") {
        let invalid = || GraphError::invalid("passwordCredentials", type_name);
        after.passwords.clear();
        for entry in value.as_array().ok_or_else(invalid)? {
            if let Some(own) = before.passwords.iter().find(|own| is_named(entry, own.key_id)) {
                after.passwords.push(own.clone());
                continue;
            }
            // A secret is added by an action of its own, unless the object itself is new.
            if asked.method != Method::POST {
                return Err(invalid());
            }
            let made = new_password(register, asked, Some(entry))?;
            secrets.push((made.key_id, made.secret.clone()));
            after.passwords.push(made);
        }
    }
    Ok((after, secrets))
}

fn is_named(entry: &Value, key_id: Guid) -> bool {
    entry.get("keyId").and_then(Value::as_str).and_then(Guid::parse) == Some(key_id)
}

/// A certificate that a client brings.
fn read_key(register: &mut Register, asked: &Asked<'_>, entry: &Value) -> Option<Key> {
    let certificate = certificate_of(entry.get("key")?.as_str()?)?;
    let start = documents::date(entry.get("startDateTime"), certificate.not_before().max(asked.now))?;
    let end = documents::date(entry.get("endDateTime"), certificate.not_after())?;
    if end <= start || end > certificate.not_after().plus_millis(86_400_000) {
        return None;
    }
    let given = entry.get("keyId").and_then(Value::as_str).and_then(Guid::parse);
    Some(Key {
        key_id: given.unwrap_or_else(|| register.draw_guid()),
        certificate,
        display_name: entry.get("displayName").and_then(Value::as_str).map(str::to_owned),
        start,
        end,
    })
}

/// Writes the secrets that were just made into the answer to who made them.
fn show_secrets(document: &mut Map<String, Value>, secrets: &[(Guid, String)]) {
    let Some(Value::Array(entries)) = document.get_mut("passwordCredentials") else {
        return;
    };
    for entry in entries {
        let found = secrets.iter().find(|(id, _)| is_named(entry, *id));
        if let Some((_, secret)) = found {
            entry["secretText"] = secret.clone().into();
        }
    }
}

/// `/directoryObjects` and below.
pub(super) fn directory_objects(directory: &Directory, asked: &Asked<'_>, words: &[&str]) -> Result<Reply, GraphError> {
    let register = directory.register();
    let folded: Vec<String> = words.iter().map(|word| word.to_ascii_lowercase()).collect();
    let folded: Vec<&str> = folded.iter().map(String::as_str).collect();
    match folded.as_slice() {
        ["getbyids"] if asked.method == Method::POST => {
            let ids = asked.body.get("ids").and_then(Value::as_array);
            let ids = ids.ok_or_else(|| GraphError::required("ids", "DirectoryObject"))?;
            if ids.len() > 1000 {
                return Err(GraphError::invalid("ids", "DirectoryObject"));
            }
            let types: Vec<&str> = asked
                .body
                .get("types")
                .and_then(Value::as_array)
                .into_iter()
                .flatten()
                .filter_map(Value::as_str)
                .collect();
            let is_asked = |document: &Map<String, Value>| {
                let own = text(document, "@odata.type").rsplit('.').next().unwrap_or("");
                types.is_empty()
                    || types
                        .iter()
                        .any(|name| name.eq_ignore_ascii_case(own) || name.eq_ignore_ascii_case("directoryObject"))
            };
            let found = ids
                .iter()
                .filter_map(|id| documents::directory_object(&register, Guid::parse(id.as_str()?)?))
                .filter(is_asked);
            asked.list("directoryObjects", "directoryObject", found)
        }
        [id] if is_read(asked) => {
            let found = Guid::parse(id).and_then(|id| documents::directory_object(&register, id));
            let found = found.ok_or_else(|| GraphError::not_found(id))?;
            Ok(Reply::Found(asked.entity("directoryObjects", found)))
        }
        [id, "checkmembergroups" | "getmembergroups"] if asked.method == Method::POST => {
            let found = Guid::parse(id).and_then(|id| documents::directory_object(&register, id));
            found.ok_or_else(|| GraphError::not_found(id))?;
            // There are no groups: nobody is in one.
            asked.list("Collection(Edm.String)", "directoryObject", std::iter::empty())
        }
        [] | [_] => Err(GraphError::no_verb(asked.method)),
        [_, segment, ..] => Err(GraphError::no_segment(segment)),
    }
}
