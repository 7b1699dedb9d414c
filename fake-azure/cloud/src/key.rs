//! Keys: how things in the world name each other.
//!
//! | key | names | drawn from |
//! | --- | --- | --- |
//! | [`Key`] | a subscription, a resource group, a resource, a classic noun | a counter, never used twice |
//! | [`Guid`] | what Azure shows to clients: etags, resource guids, operation ids | the stream of its topic |

use std::fmt;

use serde::{Deserialize, Serialize};

/// Names one thing of the world for its whole life. Ordered by age.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Key(pub(crate) u32);

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{}", self.0)
    }
}

/// A GUID, printed in lower case with hyphens, as Azure prints them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Guid(pub u128);

impl Guid {
    /// All zeros.
    pub const NIL: Guid = Guid(0);

    /// Reads `xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx`, in any case; `None` when the text has another form.
    pub fn parse(text: &str) -> Option<Guid> {
        let bytes = text.as_bytes();
        if bytes.len() != 36 {
            return None;
        }

        let mut value = 0_u128;
        for (at, byte) in bytes.iter().enumerate() {
            if matches!(at, 8 | 13 | 18 | 23) {
                if *byte != b'-' {
                    return None;
                }
                continue;
            }
            let digit = (*byte as char).to_digit(16)?;
            value = value << 4 | u128::from(digit);
        }

        Some(Guid(value))
    }

    /// Shapes 128 random bits as a version 4 GUID.
    pub(crate) fn from_random(bits: u128) -> Guid {
        let versioned = bits & !(0xf000_u128 << 64) | 0x4000_u128 << 64;
        Guid(versioned & !(0xc000_u128 << 48) | 0x8000_u128 << 48)
    }
}

impl fmt::Display for Guid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        let mut text = [b'-'; 36];
        let mut at = 0;
        for (index, byte) in self.0.to_be_bytes().into_iter().enumerate() {
            if matches!(index, 4 | 6 | 8 | 10) {
                at += 1;
            }
            text[at] = DIGITS[usize::from(byte >> 4)];
            text[at + 1] = DIGITS[usize::from(byte & 0xf)];
            at += 2;
        }
        f.write_str(std::str::from_utf8(&text).expect("hexadecimal digits are ASCII"))
    }
}

impl Serialize for Guid {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Guid {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        Guid::parse(&text).ok_or_else(|| serde::de::Error::custom(format!("`{text}` is not a GUID")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_guid_prints_as_it_was_read() {
        let text = "0b1f6471-1bf0-4dda-aec3-cb9272f09590";
        let guid = Guid::parse(&text.to_uppercase()).expect("well formed");
        assert_eq!(guid.to_string(), text);
    }

    #[test]
    fn what_has_another_form_is_no_guid() {
        for text in [
            "",
            "0b1f6471",
            "0b1f6471x1bf0-4dda-aec3-cb9272f09590",
            "0b1f6471-1bf0-4dda-aec3-cb9272f0959g",
        ] {
            assert_eq!(Guid::parse(text), None, "{text}");
        }
    }

    #[test]
    fn random_bits_make_version_four() {
        assert_eq!(
            Guid::from_random(u128::MAX).to_string(),
            "ffffffff-ffff-4fff-bfff-ffffffffffff"
        );
        assert_eq!(Guid::from_random(0).to_string(), "00000000-0000-4000-8000-000000000000");
    }
}
