//! Names that must be generated, from a seed.
//!
//! A draw depends on the seed and on what it is for, never on what was drawn before, so that workers in any order get the same.

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use uuid::Uuid;

const LOWER_ALNUM: &[u8] = b"abcdefghijklmnopqrstuvwxyz0123456789";

/// Draws from one seed.
#[derive(Clone, Debug)]
pub(crate) struct Random {
    seed: u64,
}

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self { seed }
    }

    /// `n` lower-case letters and digits for `topic`.
    pub(crate) fn lower_alnum(&self, topic: &str, n: usize) -> String {
        pick(&self.seed.to_be_bytes(), topic, LOWER_ALNUM, n)
    }

    /// One of `n`, which is not 0.
    pub(crate) fn index(&self, topic: &str, n: usize) -> usize {
        let block = block(&self.seed.to_be_bytes(), topic, 0);
        let draw = u64::from_be_bytes([
            block[0], block[1], block[2], block[3], block[4], block[5], block[6], block[7],
        ]);
        usize::try_from(draw % n.max(1) as u64).expect("a remainder below a length fits")
    }

    /// A request id: version 4 in form, from the seed in fact.
    pub(crate) fn uuid(&self, topic: &str, nth: u64) -> Uuid {
        let block = block(&self.seed.to_be_bytes(), topic, nth);
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&block[..16]);
        uuid::Builder::from_random_bytes(bytes).into_uuid()
    }

    /// A Windows password: 16 lower, 16 upper, 16 digits, 16 mixed, shuffled (juju-provider 1.6). Keyed by `secret` beside the
    /// seed, since a seed may be known.
    pub(crate) fn password(&self, secret: &[u8; 32], topic: &str) -> String {
        let mut key = secret.to_vec();
        key.extend_from_slice(&self.seed.to_be_bytes());
        let classes: [&[u8]; 4] = [
            b"abcdefghijklmnopqrstuvwxyz",
            b"ABCDEFGHIJKLMNOPQRSTUVWXYZ",
            b"0123456789",
            b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789",
        ];
        let mut characters: Vec<char> = Vec::new();
        for (class_idx, class) in classes.iter().enumerate() {
            characters.extend(pick(&key, &format!("{topic} class {class_idx}"), class, 16).chars());
        }
        // Fisher and Yates, each step drawn from its own block.
        for last in (1..characters.len()).rev() {
            let draw = block(&key, &format!("{topic} shuffle"), last as u64);
            let draw = u64::from_be_bytes([draw[0], draw[1], draw[2], draw[3], draw[4], draw[5], draw[6], draw[7]]);
            characters.swap(
                last,
                usize::try_from(draw % (last as u64 + 1)).expect("a remainder below 64 fits"),
            );
        }
        characters.into_iter().collect()
    }
}

fn pick(key: &[u8], topic: &str, alphabet: &[u8], n: usize) -> String {
    let mut picked = String::new();
    // Bytes that would make the first letters of the alphabet likelier are passed over.
    let usable = 256 - 256 % alphabet.len();
    for nth in 0.. {
        for byte in block(key, topic, nth) {
            if picked.len() == n {
                return picked;
            }

            if usize::from(byte) < usable {
                picked.push(char::from(alphabet[usize::from(byte) % alphabet.len()]));
            }
        }
    }
    picked
}

fn block(key: &[u8], topic: &str, nth: u64) -> [u8; 32] {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes a key of any length");
    mac.update(topic.as_bytes());
    mac.update(&nth.to_be_bytes());
    mac.finalize().into_bytes().into()
}

#[cfg(test)]
mod tests {
    use super::Random;

    #[test]
    fn same_seed_same_name_whatever_was_drawn_before() {
        let (a, b) = (Random::new(7), Random::new(7));
        let _ = b.lower_alnum("something else", 3);
        assert_eq!(a.lower_alnum("storage", 20), b.lower_alnum("storage", 20));
        assert_ne!(a.lower_alnum("storage", 20), Random::new(8).lower_alnum("storage", 20));
        assert_ne!(a.uuid("request", 1), a.uuid("request", 2));
    }

    #[test]
    fn a_password_holds_every_class_and_cannot_be_told_from_the_seed_alone() {
        let random = Random::new(7);
        let password = random.password(&[1; 32], "machine-0");
        assert_eq!(password.len(), 64);
        assert!(password.chars().filter(char::is_ascii_lowercase).count() >= 16);
        assert!(password.chars().filter(char::is_ascii_uppercase).count() >= 16);
        assert!(password.chars().filter(char::is_ascii_digit).count() >= 16);
        assert_ne!(password, random.password(&[2; 32], "machine-0"));
        assert_ne!(password, random.password(&[1; 32], "machine-1"));
    }
}
