//! Shared access signatures: of an account, and of a container or blob (ARM 9.5).

use std::collections::BTreeMap;

use fake_azure_cloud::fabric::{Account, Container};
use fake_azure_cloud::{AccountSas, ServiceSas, Time, sign};

use super::address::Asked;
use super::decode::Need;
use super::error::Refusal;
use super::shared_key::same;
use crate::text;

/// What a signature is asked to cover.
#[derive(Clone, Copy, Debug)]
pub(super) struct Target<'a> {
    pub(super) account_name: &'a str,
    pub(super) account: &'a Account,
    pub(super) container_name: &'a str,
    pub(super) container: Option<&'a Container>,
    pub(super) blob_name: &'a str,
}

/// Whether a query carries a signature.
pub(super) fn is_signed(query: &BTreeMap<String, String>) -> bool {
    query.contains_key("sig")
}

/// Judges the signature of a request. Gives back the permissions that it grants.
pub(super) fn check(asked: &Asked<'_>, target: Target<'_>, need: Need, now: Time) -> Result<String, Refusal> {
    let granted = verify(&asked.query, target, Some(need), now)?;
    if need.permissions.chars().any(|letter| granted.contains(letter)) {
        return Ok(granted);
    }
    let message = "This request is not authorized to perform this operation using this permission.";
    Err(Refusal::new(403, "AuthorizationPermissionMismatch", message))
}

/// Whether a query's signature lets its holder read the blob: the source of a copy.
pub(super) fn lets_read(query: &BTreeMap<String, String>, target: Target<'_>, now: Time) -> bool {
    verify(query, target, Some(Need::read_blob()), now).is_ok_and(|granted| granted.contains('r'))
}

fn verify(
    query: &BTreeMap<String, String>,
    target: Target<'_>,
    need: Option<Need>,
    now: Time,
) -> Result<String, Refusal> {
    if !target.account.allows_shared_key {
        let message = "Key based authentication is not permitted on this storage account.";
        return Err(Refusal::new(403, "KeyBasedAuthenticationNotPermitted", message));
    }
    if query.contains_key("ss") || query.contains_key("srt") {
        return verify_account(query, target, need, now);
    }
    verify_service(query, target, need, now)
}

fn verify_account(
    query: &BTreeMap<String, String>,
    target: Target<'_>,
    need: Option<Need>,
    now: Time,
) -> Result<String, Refusal> {
    let param = |name: &str| query.get(name).map_or("", String::as_str);
    let sas = AccountSas {
        permissions: param("sp"),
        services: param("ss"),
        resource_types: param("srt"),
        start: param("st"),
        expiry: param("se"),
        ip: param("sip"),
        protocol: param("spr"),
        version: param("sv"),
        encryption_scope: param("ses"),
    };
    check_signature(target.account, &sas.text(target.account_name), param("sig"))?;
    check_times(sas.start, sas.expiry, now)?;
    if !sas.services.contains('b') {
        let message = "This request is not authorized to perform this operation using this service.";
        return Err(Refusal::new(403, "AuthorizationServiceMismatch", message));
    }
    if need.is_some_and(|need| !sas.resource_types.contains(need.level)) {
        let message = "This request is not authorized to perform this operation using this resource type.";
        return Err(Refusal::new(403, "AuthorizationResourceTypeMismatch", message));
    }
    Ok(sas.permissions.to_owned())
}

fn verify_service(
    query: &BTreeMap<String, String>,
    target: Target<'_>,
    need: Option<Need>,
    now: Time,
) -> Result<String, Refusal> {
    let param = |name: &str| query.get(name).map_or("", String::as_str);
    let resource = param("sr");
    let path = match resource {
        "c" => format!("{}/{}", target.account_name, target.container_name),
        "b" | "bs" => format!("{}/{}/{}", target.account_name, target.container_name, target.blob_name),
        _ => return Err(Refusal::authentication("sr is mandatory. Cannot be empty")),
    };
    let sas = ServiceSas {
        permissions: param("sp"),
        start: param("st"),
        expiry: param("se"),
        policy: param("si"),
        ip: param("sip"),
        protocol: param("spr"),
        version: param("sv"),
        resource,
        snapshot: if resource == "bs" { param("snapshot") } else { "" },
        encryption_scope: param("ses"),
        headers: [
            param("rscc"),
            param("rscd"),
            param("rsce"),
            param("rscl"),
            param("rsct"),
        ],
    };
    check_signature(target.account, &sas.text(&path), param("sig"))?;

    // What the token leaves out stands in the policy that it names.
    let policy = target
        .container
        .and_then(|container| container.policies.iter().find(|policy| *policy.id == *sas.policy));
    if !sas.policy.is_empty() && policy.is_none() {
        return Err(Refusal::authentication(
            "The stored access policy named in the signature does not exist.",
        ));
    }
    let or_policy = |own: &str, stored: Option<&Option<Box<str>>>| -> String {
        let stored = stored.and_then(Option::as_deref).unwrap_or_default();
        if own.is_empty() {
            stored.to_owned()
        } else {
            own.to_owned()
        }
    };
    let start = or_policy(sas.start, policy.map(|policy| &policy.start));
    let expiry = or_policy(sas.expiry, policy.map(|policy| &policy.expiry));
    check_times(&start, &expiry, now)?;

    // A signature over a blob grants nothing on its container, one over a container nothing on its account.
    let covers =
        need.is_none_or(|need| need.level == 'o' || need.level == 'c' && resource == "c" && need.permissions == "l");
    if !covers {
        let message = "This request is not authorized to perform this operation using this resource type.";
        return Err(Refusal::new(403, "AuthorizationResourceTypeMismatch", message));
    }
    Ok(or_policy(sas.permissions, policy.map(|policy| &policy.permission)))
}

fn check_signature(account: &Account, text: &str, signature: &str) -> Result<(), Refusal> {
    if account
        .keys
        .iter()
        .any(|key| sign(key, text).is_some_and(|own| same(&own, signature)))
    {
        return Ok(());
    }
    Err(Refusal::authentication(format!(
        "Signature did not match. String to sign used was {text}"
    )))
}

fn check_times(start: &str, expiry: &str, now: Time) -> Result<(), Refusal> {
    let Some(end) = text::parse_iso(expiry) else {
        return Err(Refusal::authentication("se is mandatory. Cannot be empty"));
    };
    let begin = match start {
        "" => None,
        start => Some(text::parse_iso(start).ok_or_else(|| Refusal::authentication("st is not a date"))?),
    };
    if now < end && begin.is_none_or(|begin| begin <= now) {
        return Ok(());
    }
    let shown = |time: Option<Time>| time.map_or_else(String::new, text::rfc1123);
    let reason = format!(
        "Signature not valid in the specified time frame: Start [{}] - Expiry [{}] - Current [{}]",
        shown(begin),
        text::rfc1123(end),
        text::rfc1123(now)
    );
    Err(Refusal::authentication(reason))
}
