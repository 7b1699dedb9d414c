//! The operating system's profile: names, passwords, keys, custom data (ARM 3.6, 8.3).

use std::collections::BTreeMap;

use serde_json::Value;

use super::forms::{
    BAD_COMPUTER_NAME_LINUX, BAD_COMPUTER_NAME_WINDOWS, BAD_CUSTOM_DATA, BAD_KEY_PATH, BAD_PASSWORD, USER_NAME,
    WEAK_PASSWORD,
};
use crate::cx::Cx;
use crate::error::CloudError;
use crate::fabric::System;
use crate::types::Put;
use crate::types::compute::parameters::{fingerprint, flag, missing, text, unchangeable};

/// User names that no machine takes (published list of the service).
const USER_NAMES: &[&str] = &[
    "1",
    "123",
    "a",
    "actuser",
    "adm",
    "admin",
    "admin1",
    "admin2",
    "administrator",
    "aspnet",
    "backup",
    "console",
    "david",
    "guest",
    "john",
    "owner",
    "root",
    "server",
    "sql",
    "support",
    "support_388945a0",
    "sys",
    "test",
    "test1",
    "test2",
    "test3",
    "user",
    "user1",
    "user2",
    "user3",
    "user4",
    "user5",
];

/// Passwords that no machine takes (published list of the service).
const PASSWORDS: &[&str] = &[
    "abc@123",
    "iloveyou!",
    "P@$$w0rd",
    "P@ssw0rd",
    "P@ssword123",
    "Pa$$word",
    "pass@word1",
    "Password!",
    "Password1",
    "Password22",
];

/// What is never shown again, and cannot be changed either.
const SECRETS: &[(&str, &str)] = &[
    ("/properties/osProfile/adminPassword", "adminPassword"),
    ("/properties/osProfile/customData", "customData"),
];

/// Judges the profile of a new machine, or what a later write says of secrets. Gives back their fingerprints.
pub(super) fn check(
    cx: &Cx<'_>,
    put: &Put<'_>,
    system: System,
    required: bool,
    before: Option<&BTreeMap<Box<str>, Box<str>>>,
) -> Result<BTreeMap<Box<str>, Box<str>>, CloudError> {
    if let Some(before) = before {
        return unchanged(put, before);
    }

    let has_profile = put.document.pointer("/properties/osProfile").is_some();
    if required && !has_profile {
        return Err(missing("osProfile"));
    }
    if has_profile {
        check_names(put, system)?;
        check_authentication(put, system)?;
        check_custom_data(cx, put)?;
    }
    Ok(fingerprints(put))
}

fn fingerprints(put: &Put<'_>) -> BTreeMap<Box<str>, Box<str>> {
    let sent = SECRETS
        .iter()
        .filter_map(|(place, name)| put.secret(place).map(|value| (*name, value)));
    sent.map(|(name, value)| (name.into(), fingerprint(value).into()))
        .collect()
}

/// A secret that is sent again has to be the same one.
fn unchanged(put: &Put<'_>, before: &BTreeMap<Box<str>, Box<str>>) -> Result<BTreeMap<Box<str>, Box<str>>, CloudError> {
    for (name, sent) in fingerprints(put) {
        if before.get(&name) != Some(&sent) {
            return Err(unchangeable(&name));
        }
    }
    Ok(before.clone())
}

fn check_names(put: &Put<'_>, system: System) -> Result<(), CloudError> {
    let computer = text(put.document, "/properties/osProfile/computerName").ok_or_else(|| missing("computerName"))?;
    let forbidden = |c: char| "`~!@#$%^&*()=+_[]{}\\|;:'\",<>/?".contains(c) || c.is_whitespace() || c.is_control();
    let length = computer.chars().count();
    match system {
        System::Linux if length > 64 || computer.contains(forbidden) => {
            return Err(CloudError::of(&BAD_COMPUTER_NAME_LINUX).about("linuxConfiguration"));
        }
        System::Windows
            if length > 15
                || computer.bytes().all(|byte| byte.is_ascii_digit())
                || computer.contains(forbidden)
                || computer.contains('.') =>
        {
            return Err(CloudError::of(&BAD_COMPUTER_NAME_WINDOWS).about("windowsConfiguration"));
        }
        _ => {}
    }

    let user = text(put.document, "/properties/osProfile/adminUsername").ok_or_else(|| missing("adminUsername"))?;
    let longest = if system == System::Windows { 20 } else { 64 };
    let reserved = USER_NAMES.contains(&user.to_lowercase().as_str());
    if reserved || user.chars().count() > longest || user.ends_with('.') {
        return Err(CloudError::of(&USER_NAME).about("adminUsername"));
    }
    Ok(())
}

/// A password, or on Linux a key and no password.
fn check_authentication(put: &Put<'_>, system: System) -> Result<(), CloudError> {
    let linux = "/properties/osProfile/linuxConfiguration";
    let only_keys = flag(put.document, &format!("{linux}/disablePasswordAuthentication")).unwrap_or(false);
    let keys = put
        .document
        .pointer(&format!("{linux}/ssh/publicKeys"))
        .and_then(Value::as_array);
    let user = text(put.document, "/properties/osProfile/adminUsername").unwrap_or_default();
    for key in keys.into_iter().flatten() {
        let path = format!("/home/{user}/.ssh/authorized_keys");
        if text(key, "/path").is_some_and(|given| given != path) {
            return Err(CloudError::of(&BAD_KEY_PATH)
                .with("path", path)
                .about("linuxConfiguration.ssh.publicKeys.path"));
        }
    }

    let password = put
        .secret("/properties/osProfile/adminPassword")
        .and_then(Value::as_str);
    match password {
        Some(password) => check_password(password, system),
        None if system == System::Windows => Err(missing("adminPassword")),
        None if only_keys && keys.is_none_or(Vec::is_empty) => Err(missing("linuxConfiguration.ssh.publicKeys")),
        None if !only_keys && keys.is_none_or(Vec::is_empty) => Err(missing("adminPassword")),
        None => Ok(()),
    }
}

fn check_password(password: &str, system: System) -> Result<(), CloudError> {
    let (min, max) = if system == System::Windows { (8, 123) } else { (6, 72) };
    let kinds = [
        password.contains(|c: char| c.is_ascii_uppercase()),
        password.contains(|c: char| c.is_ascii_lowercase()),
        password.contains(|c: char| c.is_ascii_digit()),
        password.contains(|c: char| !c.is_alphanumeric() && !c.is_control()),
    ];
    let length = password.chars().count();
    let simple = kinds.iter().filter(|kind| **kind).count() < 3;
    if !(min..=max).contains(&length) || simple || password.contains(char::is_control) {
        return Err(CloudError::of(&BAD_PASSWORD)
            .with("min", min)
            .with("max", max)
            .about("adminPassword"));
    }
    if PASSWORDS.contains(&password) {
        return Err(CloudError::of(&WEAK_PASSWORD).about("adminPassword"));
    }
    Ok(())
}

fn check_custom_data(cx: &Cx<'_>, put: &Put<'_>) -> Result<(), CloudError> {
    let Some(data) = put.secret("/properties/osProfile/customData") else {
        return Ok(());
    };
    let bytes = cx.limit("CustomDataBytes").unwrap_or(65_535).unsigned_abs();
    let longest = usize::try_from(bytes.div_ceil(3) * 4).unwrap_or(usize::MAX);
    let well_formed = data.as_str().is_some_and(|data| {
        let digits = data.trim_end_matches('=');
        data.len() <= longest
            && data.len() % 4 == 0
            && data.len() - digits.len() <= 2
            && digits
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/'))
    });
    if well_formed {
        Ok(())
    } else {
        Err(CloudError::of(&BAD_CUSTOM_DATA).about("customData"))
    }
}
