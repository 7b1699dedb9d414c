//! URIs: joined as .NET's `Uri` joins them, and escaped.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use serde_json::Value;

use super::{Category, Types, function, text};

/// What `Uri.EscapeDataString` leaves as it is: letters, digits, `-._~`.
const COMPONENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

pub(super) const FUNCTIONS: Category = &[
    function("uri", &[Types::TEXT, Types::TEXT], |args| {
        joined(text(&args[0]), text(&args[1])).map(Value::from)
    }),
    function("uriComponent", &[Types::TEXT], |args| {
        Ok(Value::from(utf8_percent_encode(text(&args[0]), COMPONENT).to_string()))
    }),
    function("uriComponentToString", &[Types::TEXT], |args| {
        Ok(Value::from(
            percent_decode_str(text(&args[0])).decode_utf8_lossy().into_owned(),
        ))
    }),
];

/// A relative URI seen from a base: its last segment goes, unless it ends in a slash (RFC 3986, 5.2).
pub(super) fn joined(base: &str, relative: &str) -> Result<String, String> {
    let Some((scheme, rest)) = base.split_once("://").filter(|(scheme, _)| !scheme.is_empty()) else {
        return Err(format!("the base URI '{base}' is not a well formed absolute URI."));
    };
    if relative.contains("://") {
        return Ok(relative.to_owned());
    }
    let rest = rest.split(['?', '#']).next().unwrap_or("");
    let (authority, path) = rest
        .split_once('/')
        .map_or((rest, String::new()), |(authority, path)| (authority, path.to_owned()));
    if let Some(other) = relative.strip_prefix("//") {
        return Ok(format!("{scheme}://{other}"));
    }

    let (relative_path, tail) = match relative.find(['?', '#']) {
        Some(at) => relative.split_at(at),
        None => (relative, ""),
    };
    let mut segments: Vec<&str> = Vec::new();
    if !relative_path.starts_with('/') {
        segments.extend(path.split('/'));
        if !relative_path.is_empty() {
            segments.pop();
        }
    }
    let mut ends_open = false;
    for segment in relative_path.trim_start_matches('/').split('/') {
        ends_open = matches!(segment, "." | "..");
        match segment {
            "." => {}
            ".." => {
                segments.pop();
            }
            "" if relative_path.is_empty() => {}
            other => segments.push(other),
        }
    }
    if ends_open {
        segments.push("");
    }
    Ok(format!("{scheme}://{authority}/{}{tail}", segments.join("/")))
}
