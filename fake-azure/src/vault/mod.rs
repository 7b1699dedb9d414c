//! The vaults' own service on the wire: addresses, tokens, headers and JSON around the cloud's rules.
//!
//! It decides how a request is read and an answer looks, never what becomes of a key. A vault is reached as
//! `https://{vault}.vault.{anything}/`, or on any listener as `/{vault}.vault.azure.net/..`.

mod address;
mod decode;
mod encode;
mod error;
mod material;

use std::net::Ipv4Addr;

use bytes::Bytes;
use fake_azure_cloud::vaults::{VaultCall, VaultCaller};
use fake_azure_cloud::{ApiVersion, Call, CloudError, Outcome};
use http::{Request, Response};

use self::address::Asked;
pub(crate) use self::address::{is_vault, leading_name, name_in, name_of_host, without_name};
use self::error::Refusal;
use crate::identity::{self, Audience, Caller};
use crate::sandbox::Sandbox;

/// Versions of the service, newest first (Azure/azure-rest-api-specs, keyvault).
const VERSIONS: &[&str] = &[
    "2025-07-01",
    "7.6",
    "7.5",
    "7.4",
    "7.3",
    "7.2",
    "7.1",
    "7.0",
    "2016-10-01",
    "2015-06-01",
];

/// Where requests come from, as far as a vault's network rules can know: nobody says.
const CLIENT: Ipv4Addr = Ipv4Addr::LOCALHOST;

/// Answers a request to a vault.
pub(crate) fn serve(sandbox: &mut Sandbox, request: &Request<Bytes>) -> Response<Bytes> {
    sandbox.pace_before(None, 1);
    let asked = match Asked::read(request) {
        Some(asked) => asked,
        None => return error::answer(sandbox, request, None, &Refusal::Path),
    };
    match answer(sandbox, &asked) {
        Ok(reply) => encode::answer(sandbox, &asked, reply),
        Err(refusal) => {
            let until = match &refusal {
                Refusal::Error(error) => error.until,
                _ => None,
            };
            let response = error::answer(sandbox, request, Some(&asked), &refusal);
            sandbox.pace_after(until);
            response
        }
    }
}

/// Who asks, for what, and what the cloud makes of it.
fn answer(sandbox: &mut Sandbox, asked: &Asked<'_>) -> Result<encode::Reply, Refusal> {
    let is_there = sandbox
        .cloud
        .fabric()
        .vault(&asked.vault, sandbox.cloud.now())
        .is_some_and(|vault| vault.ready && vault.owner.is_some());
    if !is_there {
        let error = CloudError::of(&fake_azure_cloud::vaults::refusals::VAULT_NOT_FOUND);
        return Err(error.with("vault", &asked.vault).into());
    }
    let caller = identity::check_bearer_for(sandbox, asked.headers, Audience::Vault).map_err(Refusal::Token)?;
    check_version(asked)?;

    let ask = decode::decode(asked)?;
    let call = VaultCall {
        vault: asked.vault.as_str().into(),
        caller: who(&caller),
        collection: ask.collection,
        operation: ask.operation,
    };
    let reply = sandbox.cloud.apply(&Call::Vault(Box::new(call)))?;
    let Outcome::Vault(outcome) = reply.outcome else {
        unreachable!("a request to a vault is answered by it");
    };
    Ok(encode::Reply {
        collection: ask.collection,
        outcome: *outcome,
        shape: ask.shape,
    })
}

fn who(caller: &Caller) -> VaultCaller {
    VaultCaller {
        object: caller.object_id,
        application: caller.app_id,
        tenant: caller.tenant,
        is_user: caller.user.is_some(),
        address: CLIENT,
    }
}

/// A version is one that the service knows, or a preview of one; what is newer than all is answered as the newest.
fn check_version(asked: &Asked<'_>) -> Result<(), Refusal> {
    let given = asked.version();
    let released = given.split("-preview").next().unwrap_or(given);
    let is_newer = ApiVersion::parse(released) > ApiVersion::parse(VERSIONS[0]);
    if is_newer || VERSIONS.contains(&released) {
        return Ok(());
    }
    let form = &fake_azure_cloud::vaults::refusals::BAD_API_VERSION;
    Err(CloudError::of(form)
        .with("version", given)
        .with("newest", VERSIONS[0])
        .into())
}
