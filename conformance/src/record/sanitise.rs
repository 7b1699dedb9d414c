//! What is taken out of a session before it is written: a named list, each with what stands in its place.
//!
//! What stands there is as sound as what it replaces, so that a session without secrets can be sent once more.

use serde_json::Value;

use super::Exchange;

/// Members whose value is secret, in lower case, each with what is written.
const SECRETS: &[(&str, &str)] = &[
    // tidy: sorted
    ("access_token", "sanitised"),
    ("adminpassword", "Sanitised-0-password"),
    ("client_assertion", "sanitised"),
    ("client_secret", "sanitised"),
    ("customdata", "c2FuaXRpc2Vk"),
    ("id_token", "sanitised"),
    ("key1", "c2FuaXRpc2Vk"),
    ("key2", "c2FuaXRpc2Vk"),
    ("protectedsettings", "sanitised"),
    ("refresh_token", "sanitised"),
    // tidy: end
];

pub(super) fn exchange(exchange: &mut Exchange) {
    value(&mut exchange.body);
    value(&mut exchange.answer);
}

fn value(document: &mut Value) {
    match document {
        Value::Object(members) => {
            // A storage key says its name beside its value.
            let is_key = members.contains_key("keyName");
            for (name, member) in members {
                match secret(name) {
                    Some(written) if member.is_string() => *member = Value::from(written),
                    None if is_key && name == "value" => *member = Value::from("c2FuaXRpc2Vk"),
                    _ => value(member),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(value),
        Value::String(text) => {
            if let Some(form) = form(text) {
                *text = form;
            }
        }
        _ => {}
    }
}

fn secret(name: &str) -> Option<&'static str> {
    let name = name.to_lowercase();
    SECRETS
        .iter()
        .find(|(secret, _)| *secret == name)
        .map(|(_, written)| *written)
}

/// A form with its secrets taken out; `None` for what is none.
fn form(text: &str) -> Option<String> {
    let is_form = text.contains('=') && text.split('&').all(|pair| pair.contains('=')) && !text.contains('<');
    if !is_form {
        return None;
    }
    let sane = |pair: &str| match pair.split_once('=') {
        Some((name, _)) => secret(name).map_or_else(|| pair.to_owned(), |written| format!("{name}={written}")),
        None => pair.to_owned(),
    };
    Some(text.split('&').map(sane).collect::<Vec<_>>().join("&"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn secrets_are_taken_out_wherever_they_stand() {
        let mut document = json!({
            "properties": {"osProfile": {"adminPassword": "hunter2", "adminUsername": "ubuntu"}},
            "keys": [{"keyName": "key1", "value": "c2VjcmV0"}],
        });
        value(&mut document);
        assert_eq!(
            document,
            json!({
                "properties": {"osProfile": {"adminPassword": "Sanitised-0-password", "adminUsername": "ubuntu"}},
                "keys": [{"keyName": "key1", "value": "c2FuaXRpc2Vk"}],
            })
        );
        let mut text = json!("grant_type=client_credentials&client_secret=hunter2");
        value(&mut text);
        assert_eq!(text, json!("grant_type=client_credentials&client_secret=sanitised"));
    }
}
