//! Who may ask: the owner by key or token, the holder of a signature, anyone where the public may read.

use std::collections::BTreeMap;

use fake_azure_cloud::fabric::{Account, BlobName};
use http::Method;

use super::address::Asked;
use super::decode::Ask;
use super::error::Refusal;
use super::shared_access::{self, Target};
use super::shared_key;
use crate::identity::{self, Audience};
use crate::sandbox::Sandbox;

/// By what right a request is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Grant {
    /// The account's key, or a token.
    Owner,
    /// A signature.
    Signature,
    /// Everyone may.
    Public,
}

/// Judges a request.
pub(super) fn authorise(sandbox: &Sandbox, asked: &Asked<'_>, ask: &Ask) -> Result<Grant, Refusal> {
    let account = account(sandbox, &asked.account).ok_or_else(Refusal::not_found)?;
    if asked.secondary && !account.sku.contains("_RA") {
        return Err(Refusal::not_found());
    }
    if asked.secondary && !matches!(*asked.method, Method::GET | Method::HEAD) {
        return Err(Refusal::new(
            403,
            "InsufficientAccountPermissions",
            "Write operations are not allowed.",
        ));
    }
    let need = ask.need(asked);
    let now = sandbox.now_for_expiry();
    let target = target(sandbox, account, asked);

    let header = asked.header("authorization").map(str::trim).unwrap_or_default();
    let (scheme, credential) = header.split_once(' ').unwrap_or((header, ""));
    match scheme.to_ascii_lowercase().as_str() {
        "sharedkey" => shared_key::check(asked, account, false, credential, now).map(|()| Grant::Owner),
        "sharedkeylite" => shared_key::check(asked, account, true, credential, now).map(|()| Grant::Owner),
        "bearer" => {
            check_token(sandbox, asked)?;
            Ok(Grant::Owner)
        }
        "" if shared_access::is_signed(&asked.query) => {
            let granted = shared_access::check(asked, target, need, now)?;
            check_only_creates(sandbox, asked, ask, &granted)?;
            Ok(Grant::Signature)
        }
        "" => anonymous(asked, target, ask),
        _ => Err(Refusal::new(
            400,
            "InvalidAuthenticationInfo",
            "Authentication information is not given in the correct format. Check the value of Authorization header.",
        )),
    }
}

/// Whether whoever asks may read the source of a copy.
pub(super) fn may_read_source(
    sandbox: &Sandbox,
    asked: &Asked<'_>,
    source: &BlobName,
    query: &BTreeMap<String, String>,
) -> bool {
    let (account_name, container_name, blob_name) = source;
    let Some(account) = account(sandbox, account_name) else {
        return false;
    };
    let by_owner = identity::check_bearer_for(sandbox, asked.headers, Audience::Storage).is_ok();
    if by_owner || **account_name == *asked.account {
        return true;
    }
    let container = sandbox
        .cloud
        .fabric()
        .containers
        .get(&(account_name.clone(), container_name.clone()));
    let target = Target {
        account_name,
        account,
        container_name,
        container,
        blob_name,
    };
    let public = account.allows_public_access && container.is_some_and(|container| container.public_access.is_some());
    public || shared_access::is_signed(query) && shared_access::lets_read(query, target, sandbox.now_for_expiry())
}

fn account<'s>(sandbox: &'s Sandbox, name: &str) -> Option<&'s Account> {
    sandbox
        .cloud
        .fabric()
        .accounts
        .get(name)
        .filter(|account| account.ready)
}

fn target<'a>(sandbox: &'a Sandbox, account: &'a Account, asked: &'a Asked<'_>) -> Target<'a> {
    let name = (asked.account.as_str().into(), asked.container.as_str().into());
    let container = sandbox
        .cloud
        .fabric()
        .containers
        .get(&name)
        .filter(|container| container.deleted_until.is_none());
    Target {
        account_name: &asked.account,
        account,
        container_name: &asked.container,
        container,
        blob_name: &asked.blob,
    }
}

/// A signature that lets its holder create but not write makes no blob in the place of another.
fn check_only_creates(sandbox: &Sandbox, asked: &Asked<'_>, ask: &Ask, granted: &str) -> Result<(), Refusal> {
    let name: BlobName = (
        asked.account.as_str().into(),
        asked.container.as_str().into(),
        asked.blob.as_str().into(),
    );
    let replaces = ask.makes_blob() && sandbox.cloud.fabric().blobs.contains(&name);
    if !granted.contains('w') && replaces {
        let message = "This request is not authorized to perform this operation using this permission.";
        return Err(Refusal::new(403, "AuthorizationPermissionMismatch", message));
    }
    Ok(())
}

fn check_token(sandbox: &Sandbox, asked: &Asked<'_>) -> Result<(), Refusal> {
    let caller = identity::check_bearer_for(sandbox, asked.headers, Audience::Storage);
    let refused = match caller {
        Ok(caller) => !caller.by_fake_token && !asked.since("2017-11-09"),
        Err(_) => true,
    };
    if !refused {
        return Ok(());
    }
    let message =
        "Server failed to authenticate the request. Please refer to the information in the www-authenticate header.";
    Err(Refusal::new(401, "InvalidAuthenticationInfo", message)
        .with_header("www-authenticate", challenge(sandbox, asked)))
}

fn challenge(sandbox: &Sandbox, asked: &Asked<'_>) -> String {
    let login = identity::login_endpoint(asked.uri);
    let tenant = sandbox.directory.tenant();
    format!(
        "Bearer authorization_uri={}/{tenant}/oauth2/authorize resource_id=https://storage.azure.com",
        login.trim_end_matches('/')
    )
}

/// What everyone may: read blobs of a container that is open, and list one that is open as a whole.
fn anonymous(asked: &Asked<'_>, target: Target<'_>, ask: &Ask) -> Result<Grant, Refusal> {
    let access = target
        .container
        .and_then(|container| container.public_access.as_deref());
    let reads = matches!(*asked.method, Method::GET | Method::HEAD);
    let open = match access {
        Some("container") => reads && ask.is_open_to_public() && !asked.container.is_empty(),
        Some(_) => reads && ask.is_open_to_public() && !asked.blob.is_empty(),
        None => false,
    };
    if open && target.account.allows_public_access {
        return Ok(Grant::Public);
    }
    if !target.account.allows_public_access && reads {
        let message = "Public access is not permitted on this storage account.";
        return Err(Refusal::new(409, "PublicAccessNotPermitted", message));
    }
    if asked.since("2019-12-12") {
        let message = "Server failed to authenticate the request. Please refer to the information in the www-authenticate header.";
        return Err(Refusal::new(401, "NoAuthenticationInformation", message));
    }
    Err(Refusal::not_found())
}
