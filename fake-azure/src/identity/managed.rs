//! Managed identities: the token endpoint that a machine finds at its metadata service, and the ones of App Service and Cloud
//! Shell (arm 6.1, juju-provider 1.18).
//!
//! A request cannot say from which machine it comes, as it does in Azure by where it comes from. The path may: below a machine's
//! id stands that machine's own metadata service. Elsewhere the client is taken to run on a machine outside of every cloud, whose
//! identity the directory has.

use bytes::Bytes;
use fake_azure_cloud::{Answer, ApiVersion, Document, Guid, Kind, Resource, ResourceId, View};
use http::{Method, Request, StatusCode};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::form::Form;
use super::principals::{ServicePrincipal, Stands};
use super::refusal::Refusal;
use super::sign_in;
use super::token::{self, Claims};
use crate::sandbox::Sandbox;

/// How long a managed identity's token lives: a day.
pub(super) const LIFETIME_SECS: i64 = 86_399;
/// What a client of App Service's endpoint has to send: IDENTITY_HEADER, or MSI_SECRET of the older form.
pub const IDENTITY_HEADER: &str = "fake-identity-header";
/// In which version the metadata service looks at machines.
const LOOKS_IN: ApiVersion = ApiVersion::date(2021, 7, 1);
/// The oldest version of the token endpoint.
const OLDEST: ApiVersion = ApiVersion::date(2018, 2, 1);

/// An identity that a machine may take.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Identity {
    app_id: Guid,
    object_id: Guid,
    tenant: Guid,
    /// The resource whose identity it is.
    resource_id: Option<String>,
}

/// A refusal of the metadata service: status and document.
pub(super) type Trouble = (StatusCode, Value);

/// A machine of the cloud as a document, by its id.
pub(super) fn machine(sandbox: &Sandbox, id: &str) -> Option<Document> {
    let id = ResourceId::parse(id).ok()?;
    let resource = sandbox.cloud.store().find(id.folded())?;
    is_machine(resource).then(|| look_at(sandbox, resource))
}

/// A resource as the metadata service sees it.
pub(super) fn look_at(sandbox: &Sandbox, resource: &Resource) -> Document {
    let view = View {
        version: LOOKS_IN,
        answer: Answer::Read,
        expand: "",
    };
    sandbox.cloud.document(resource, &view)
}

fn is_machine(resource: &Resource) -> bool {
    Kind::find("Microsoft.Compute", "virtualMachines") == Some(resource.kind)
}

/// The name of the machine that an identity belongs to, while it does.
pub(super) fn holder(sandbox: &Sandbox, resource_id: &str, object_id: Guid) -> Option<String> {
    let document = machine(sandbox, resource_id)?;
    let own = identity_of(sandbox, &document)?;
    (own.object_id == object_id)
        .then(|| document["name"].as_str().map(str::to_owned))
        .flatten()
}

/// The machine that has an identity of its own with this object id: its name and the identity's client id. `None` when no
/// machine of the sandbox has it.
pub(crate) fn find_identity(sandbox: &Sandbox, object_id: Guid) -> Option<(String, Guid)> {
    machines(sandbox).find_map(|document| {
        let own = identity_of(sandbox, &document).filter(|own| own.object_id == object_id)?;
        Some((document["name"].as_str()?.to_owned(), own.app_id))
    })
}

/// Every machine of the sandbox that has an identity of its own.
fn machines(sandbox: &Sandbox) -> impl Iterator<Item = Document> {
    sandbox
        .cloud
        .store()
        .iter()
        .filter(|resource| is_machine(resource) && resource.echo.get("identity").is_some())
        .map(|resource| look_at(sandbox, resource))
}

/// The identity that the service made for a machine.
fn identity_of(sandbox: &Sandbox, machine: &Document) -> Option<Identity> {
    let object_id = Guid::parse(machine.pointer("/identity/principalId")?.as_str()?)?;
    let mut hash = Sha256::new();
    hash.update(object_id.0.to_be_bytes());
    hash.update(b"client");
    let bytes = hash.finalize();
    let bits = bytes
        .iter()
        .take(16)
        .fold(0_u128, |bits, byte| bits << 8 | u128::from(*byte));
    Some(Identity {
        app_id: Guid(bits & !(0xf000_u128 << 64) | 0x4000_u128 << 64),
        object_id,
        tenant: sandbox.directory.tenant(),
        resource_id: machine["id"].as_str().map(str::to_owned),
    })
}

fn identity_in_directory(principal: &ServicePrincipal) -> Identity {
    Identity {
        app_id: principal.app_id,
        object_id: principal.object_id,
        tenant: principal.tenant,
        resource_id: None,
    }
}

/// The token endpoint of the metadata service (ARM 6.1; the words about versions are assumed); `machine` is the id of the machine
/// whose service it is.
///
/// # Errors
///
/// What the service says against the request.
pub(super) fn imds_token(
    sandbox: &mut Sandbox,
    request: &Request<Bytes>,
    query: &Form,
    machine: Option<&str>,
) -> Result<Value, Trouble> {
    check_metadata_header(request).map_err(invalid)?;
    let version = query
        .field("api-version")
        .ok_or_else(|| invalid("Required query variable 'api-version' is missing"))?;
    if ApiVersion::parse(version).is_none_or(|version| version < OLDEST) {
        return Err(invalid("The api-version is invalid or not supported"));
    }
    let resource = query
        .field("resource")
        .ok_or_else(|| invalid("Required audience parameter not specified"))?;
    let names = ["client_id", "object_id", "mi_res_id", "msi_res_id"];
    let identity = pick(sandbox, machine, query, &names).ok_or_else(|| invalid("Identity not found"))?;
    let (claims, access_token) = issue(sandbox, request, &identity, resource).map_err(|refusal| {
        let document = json!({ "error": refusal.word(), "error_description": refusal.text() });
        (StatusCode::BAD_REQUEST, document)
    })?;
    Ok(json!({
        "access_token": access_token,
        "client_id": identity.app_id.to_string(),
        "expires_in": LIFETIME_SECS.to_string(),
        "expires_on": (claims.exp - 1).to_string(),
        "ext_expires_in": LIFETIME_SECS.to_string(),
        "not_before": claims.nbf.to_string(),
        "resource": resource,
        "token_type": "Bearer",
    }))
}

/// What every request to the metadata service has to send, and what none may.
pub(super) fn check_metadata_header(request: &Request<Bytes>) -> Result<(), &'static str> {
    let header = |name: &str| request.headers().get(name).and_then(|value| value.to_str().ok());
    if header("x-forwarded-for").is_some() {
        return Err("X-Forwarded-For header is not allowed");
    }
    if header("metadata").is_some_and(|value| value.eq_ignore_ascii_case("true")) {
        Ok(())
    } else {
        Err("Required metadata header not specified")
    }
}

fn invalid(message: &str) -> Trouble {
    let document = json!({ "error": "invalid_request", "error_description": message });
    (StatusCode::BAD_REQUEST, document)
}

/// The endpoint (its refusals but the one of an unknown identity are assumed) of App Service (IDENTITY_ENDPOINT, or MSI_ENDPOINT with a secret) and of Cloud Shell (MSI_ENDPOINT alone, by
/// POST).
///
/// # Errors
///
/// What the service says against the request.
pub(super) fn app_service_token(
    sandbox: &mut Sandbox,
    request: &Request<Bytes>,
    query: &Form,
) -> Result<Value, Trouble> {
    if request.method() == Method::POST {
        check_metadata_header(request).map_err(invalid)?;
        let form = sign_in::form(request);
        let resource = form
            .field("resource")
            .ok_or_else(|| invalid("Required audience parameter not specified"))?;
        let identity = pick(sandbox, None, &form, &["client_id"]).ok_or_else(|| invalid("Identity not found"))?;
        return app_service_document(sandbox, request, &identity, resource);
    }

    let header = |name: &str| request.headers().get(name).and_then(|value| value.to_str().ok());
    let (sent, oldest) = match header("x-identity-header") {
        Some(sent) => (Some(sent), ApiVersion::date(2019, 8, 1)),
        None => (header("secret"), ApiVersion::date(2017, 9, 1)),
    };
    if sent != Some(IDENTITY_HEADER) {
        return Err(refused(StatusCode::UNAUTHORIZED, "Unauthorized"));
    }
    let version = query.field("api-version").and_then(ApiVersion::parse);
    if version.is_none_or(|version| version < oldest) {
        return Err(refused(
            StatusCode::BAD_REQUEST,
            "The api-version is invalid or not supported.",
        ));
    }
    let Some(resource) = query.field("resource") else {
        return Err(refused(
            StatusCode::BAD_REQUEST,
            "The parameter 'resource' is required.",
        ));
    };
    let names = ["client_id", "clientid", "principal_id", "object_id", "mi_res_id"];
    let Some(identity) = pick(sandbox, None, query, &names) else {
        let message =
            "No User Assigned or Delegated Managed Identity found for specified ClientId/ResourceId/PrincipalId.";
        return Err(refused(StatusCode::BAD_REQUEST, message));
    };
    app_service_document(sandbox, request, &identity, resource)
}

fn app_service_document(
    sandbox: &mut Sandbox,
    request: &Request<Bytes>,
    identity: &Identity,
    resource: &str,
) -> Result<Value, Trouble> {
    let (claims, access_token) = issue(sandbox, request, identity, resource)
        .map_err(|refusal| refused(StatusCode::INTERNAL_SERVER_ERROR, &refusal.text()))?;
    Ok(json!({
        "access_token": access_token,
        "expires_on": (claims.exp - 1).to_string(),
        "resource": resource,
        "token_type": "Bearer",
        "client_id": identity.app_id.to_string(),
    }))
}

fn refused(status: StatusCode, message: &str) -> Trouble {
    (status, json!({ "statusCode": status.as_u16(), "message": message }))
}

/// The identity that a request means: the one that a field names, or the machine's own.
fn pick(sandbox: &Sandbox, machine: Option<&str>, form: &Form, names: &[&str]) -> Option<Identity> {
    let asked: Vec<&str> = names.iter().filter_map(|name| form.field(name)).collect();
    let own = match machine {
        Some(id) => identity_of(sandbox, &self::machine(sandbox, id)?),
        None => sandbox.directory.register().machine().map(identity_in_directory),
    };
    let asked = match asked.as_slice() {
        [] => return own,
        [one] => *one,
        // Which of two is meant, nobody can say.
        _ => return None,
    };
    let is_asked = |identity: &Identity| {
        Guid::parse(asked).is_some_and(|id| id == identity.app_id || id == identity.object_id)
            || identity
                .resource_id
                .as_deref()
                .is_some_and(|id| id.eq_ignore_ascii_case(asked))
    };
    if machine.is_some() {
        return own.filter(is_asked);
    }
    let register = sandbox.directory.register();
    let identities = register.service_principals.iter();
    identities
        .filter(|principal| principal.stands == Stands::ManagedIdentity)
        .map(identity_in_directory)
        .chain(machines(sandbox).filter_map(|document| identity_of(sandbox, &document)))
        .find(is_asked)
}

fn issue(
    sandbox: &mut Sandbox,
    request: &Request<Bytes>,
    identity: &Identity,
    resource: &str,
) -> Result<(Claims, String), Refusal> {
    sign_in::check_resource(resource, request.uri(), identity.tenant)?;
    let now = sandbox.now_for_expiry();
    let id = sandbox.draw_guid();
    let ids = (identity.app_id, identity.object_id);
    let mut claims = Claims::of_identity(identity.tenant, ids, identity.resource_id.as_deref(), resource, now, id);
    claims.fake_sandbox = sandbox.subscriptions().first().copied();
    let access_token = token::encode(&claims);
    Ok((claims, access_token))
}
