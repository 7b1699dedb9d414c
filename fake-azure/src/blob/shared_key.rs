//! Requests signed with an account's key: SharedKey and SharedKeyLite (ARM 9.5).

use fake_azure_cloud::fabric::Account;
use fake_azure_cloud::{Time, sign};

use super::address::Asked;
use super::error::Refusal;
use crate::text;

/// How far a request's date may be off.
const CLOCK_SKEW_MS: i64 = 15 * 60 * 1000;

/// Before this version SharedKey was signed like SharedKeyLite.
const FULL_TEXT: &str = "2009-09-19";

/// From this version on an empty body's length is signed as nothing.
const EMPTY_LENGTH: &str = "2015-02-21";

/// Judges a signature: `credential` is what follows the scheme.
pub(super) fn check(
    asked: &Asked<'_>,
    account: &Account,
    lite: bool,
    credential: &str,
    now: Time,
) -> Result<(), Refusal> {
    let Some((name, signature)) = credential.trim().split_once(':') else {
        return Err(Refusal::authentication("The Authorization header has no signature."));
    };
    if name != asked.account {
        return Err(Refusal::authentication(format!(
            "The account name '{name}' is not that of the request's address."
        )));
    }
    check_date(asked, now)?;
    if !account.allows_shared_key {
        let message = "Key based authentication is not permitted on this storage account.";
        return Err(Refusal::new(403, "KeyBasedAuthenticationNotPermitted", message));
    }

    let text = if lite || !asked.since(FULL_TEXT) {
        lite_text(asked)
    } else {
        full_text(asked)
    };
    if account
        .keys
        .iter()
        .any(|key| sign(key, &text).is_some_and(|own| same(&own, signature)))
    {
        return Ok(());
    }
    let reason = format!(
        "The MAC signature found in the HTTP request '{signature}' is not the same as any computed signature. Server used \
         following string to sign: '{text}'."
    );
    Err(Refusal::authentication(reason))
}

/// Compares without telling by the time it takes where two texts begin to differ.
pub(super) fn same(one: &str, other: &str) -> bool {
    one.len() == other.len()
        && one
            .bytes()
            .zip(other.bytes())
            .fold(0, |differs, (a, b)| differs | (a ^ b))
            == 0
}

fn check_date(asked: &Asked<'_>, now: Time) -> Result<(), Refusal> {
    let given = asked.header("x-ms-date").or_else(|| asked.header("date"));
    let Some(given) = given else {
        return Err(Refusal::authentication(
            "The request has no date: neither x-ms-date nor Date.",
        ));
    };
    let Some(date) = text::parse_rfc1123(given) else {
        return Err(Refusal::authentication(format!(
            "The date in the request is not valid: '{given}'."
        )));
    };
    if date.millis_since(now).abs() > CLOCK_SKEW_MS {
        return Err(Refusal::authentication(format!(
            "Request date header too old: '{given}'"
        )));
    }
    Ok(())
}

/// The text of SharedKey.
pub(super) fn full_text(asked: &Asked<'_>) -> String {
    let header = |name: &str| asked.header(name).unwrap_or_default();
    let mut length = header("content-length").to_owned();
    if length.is_empty() && !asked.body.is_empty() {
        length = asked.body.len().to_string();
    }
    if length == "0" && asked.since(EMPTY_LENGTH) {
        length.clear();
    }
    let lines = [
        asked.method.as_str(),
        header("content-encoding"),
        header("content-language"),
        &length,
        header("content-md5"),
        header("content-type"),
        date_line(asked),
        header("if-modified-since"),
        header("if-match"),
        header("if-none-match"),
        header("if-unmodified-since"),
        header("range"),
    ];
    let mut resource = format!("/{}{}", asked.account, asked.uri.path());
    for (name, value) in &asked.query {
        resource.push_str(&format!("\n{name}:{value}"));
    }
    format!("{}\n{}{resource}", lines.join("\n"), canonical_headers(asked))
}

/// The text of SharedKeyLite.
pub(super) fn lite_text(asked: &Asked<'_>) -> String {
    let header = |name: &str| asked.header(name).unwrap_or_default();
    let lines = [
        asked.method.as_str(),
        header("content-md5"),
        header("content-type"),
        date_line(asked),
    ];
    let comp = match asked.param("comp") {
        "" => String::new(),
        comp => format!("?comp={comp}"),
    };
    let resource = format!("/{}{}{comp}", asked.account, asked.uri.path());
    format!("{}\n{}{resource}", lines.join("\n"), canonical_headers(asked))
}

fn date_line<'a>(asked: &Asked<'a>) -> &'a str {
    if asked.header("x-ms-date").is_some() {
        ""
    } else {
        asked.header("date").unwrap_or_default()
    }
}

/// Every `x-ms-*` header by name, folded blanks as one.
fn canonical_headers(asked: &Asked<'_>) -> String {
    let mut names: Vec<&str> = asked
        .headers
        .keys()
        .map(|name| name.as_str())
        .filter(|name| name.starts_with("x-ms-"))
        .collect();
    names.sort_unstable();
    let lines = names.into_iter().map(|name| {
        let values = asked.headers.get_all(name).iter().map(|value| {
            let text = String::from_utf8_lossy(value.as_bytes()).into_owned();
            text.split(['\r', '\n'])
                .map(str::trim)
                .collect::<Vec<_>>()
                .join(" ")
                .trim()
                .to_owned()
        });
        format!("{name}:{}\n", values.collect::<Vec<_>>().join(","))
    });
    lines.collect()
}
