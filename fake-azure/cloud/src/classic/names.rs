//! Names: keys of nouns that live below a subscription, and what a name may be.

use serde::{Deserialize, Serialize};

use crate::key::Key;

/// A noun below a subscription: the subscription and the folded name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Named(pub Key, pub Box<str>);

impl Named {
    /// The key of a name as a client wrote it: case does not count.
    pub fn new(subscription: Key, name: &str) -> Named {
        Named(subscription, folded(name))
    }

    /// The bounds of everything below a subscription, for ranges.
    pub fn all(subscription: Key) -> std::ops::Range<Named> {
        Named(subscription, "".into())..Named(Key(subscription.0 + 1), "".into())
    }
}

/// A name as it is compared.
pub fn folded(name: &str) -> Box<str> {
    name.trim().to_lowercase().into()
}

/// Letters, digits and hyphens, a letter or digit first, 1 to 63 of them (SM 5.1, 4.6).
pub(super) fn is_dns_label(name: &str) -> bool {
    let starts = name.bytes().next().is_some_and(|first| first.is_ascii_alphanumeric());
    starts && name.len() <= 63 && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

/// Letters, digits, hyphens, underscores and dots, a letter or digit first, 1 to 255 of them: disks, images, networks.
/// Assumed: the reference gives no rule.
pub(super) fn is_object_name(name: &str) -> bool {
    let starts = name.bytes().next().is_some_and(|first| first.is_ascii_alphanumeric());
    starts
        && name.len() <= 255
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
}

/// 3 to 24 lower-case letters and digits (SM 9).
pub(super) fn is_account_name(name: &str) -> bool {
    (3..=24).contains(&name.len())
        && name
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
}

/// A Windows computer name: at most 15 characters, not all digits, none of those that the refusal lists (SM 5.3).
pub(super) fn is_computer_name(name: &str) -> bool {
    const FORBIDDEN: &str = "`~!@#$%^&*()=+_[]{}\\|;:.'\",<>/?";
    !name.is_empty()
        && name.chars().count() <= 15
        && !name.chars().all(|letter| letter.is_ascii_digit())
        && !name
            .chars()
            .any(|letter| FORBIDDEN.contains(letter) || letter.is_whitespace())
}

/// Whether a text is the base64 of at most `max` characters (SM 1.6). Clients pad it with blanks.
pub(super) fn is_label(text: &str, max: usize) -> bool {
    use base64::Engine;
    base64::engine::general_purpose::STANDARD
        .decode(text.trim())
        .is_ok_and(|bytes| !bytes.is_empty() && String::from_utf8_lossy(&bytes).chars().count() <= max)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_follow_their_rules() {
        assert!(is_dns_label("juju-env-a1") && is_dns_label("1web") && !is_dns_label("test!") && !is_dns_label("-a"));
        assert!(is_account_name("abc123") && !is_account_name("az") && !is_account_name("Abc"));
        assert!(
            is_computer_name("web-1")
                && !is_computer_name("12345")
                && !is_computer_name("a.b")
                && !is_computer_name("sixteen-letters-")
        );
        assert!(is_label("bGFiZWw=\n ", 5) && !is_label("bGFiZWw=", 4) && !is_label("", 5));
    }
}
