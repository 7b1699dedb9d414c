//! `uniqueString` and `guid`: what Azure makes of a text, the same everywhere and for ever (ARM 7.6, Algorithms), and the
//! hash of a template.

use std::fmt::Write as _;

use sha2::{Digest, Sha256};

/// The 64-bit hash of the MurmurHash3 family that `uniqueString` uses, seed 0.
pub(crate) fn murmur64(bytes: &[u8]) -> u64 {
    const C1: u32 = 0x239b_961b;
    const C2: u32 = 0xab0e_9789;
    let word = |bytes: &[u8]| {
        bytes
            .iter()
            .rev()
            .fold(0_u32, |word, byte| word << 8 | u32::from(*byte))
    };
    let first = |k: u32| k.wrapping_mul(C1).rotate_left(15).wrapping_mul(C2);
    let second = |k: u32| k.wrapping_mul(C2).rotate_left(17).wrapping_mul(C1);

    let (mut h1, mut h2) = (0_u32, 0_u32);
    let mut blocks = bytes.chunks_exact(8);
    for block in &mut blocks {
        h1 ^= first(word(&block[..4]));
        h1 = h1
            .rotate_left(19)
            .wrapping_add(h2)
            .wrapping_mul(5)
            .wrapping_add(0x561c_cd1b);
        h2 ^= second(word(&block[4..]));
        h2 = h2
            .rotate_left(13)
            .wrapping_add(h1)
            .wrapping_mul(5)
            .wrapping_add(0x0bca_a747);
    }
    let tail = blocks.remainder();
    if !tail.is_empty() {
        h1 ^= first(word(&tail[..tail.len().min(4)]));
        if tail.len() > 4 {
            h2 ^= second(word(&tail[4..]));
        }
    }

    let length = u32::try_from(bytes.len() & 0xffff_ffff).unwrap_or(u32::MAX);
    h1 ^= length;
    h2 ^= length;
    h1 = h1.wrapping_add(h2);
    h2 = h2.wrapping_add(h1);
    h1 = mixed(h1);
    h2 = mixed(h2);
    h1 = h1.wrapping_add(h2);
    h2 = h2.wrapping_add(h1);
    u64::from(h2) << 32 | u64::from(h1)
}

fn mixed(mut h: u32) -> u32 {
    h ^= h >> 16;
    h = h.wrapping_mul(0x85eb_ca6b);
    h ^= h >> 13;
    h = h.wrapping_mul(0xc2b2_ae35);
    h ^ (h >> 16)
}

/// Thirteen characters for a text.
pub(super) fn unique_string(text: &str) -> String {
    const LETTERS: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";
    let mut rest = murmur64(text.as_bytes());
    let mut unique = String::with_capacity(13);
    for _ in 0..13 {
        unique.push(char::from(LETTERS[usize::try_from(rest >> 59).unwrap_or(0)]));
        rest <<= 5;
    }
    unique
}

/// A version 5 UUID in Azure's own namespace.
pub(super) fn guid(text: &str) -> String {
    const NAMESPACE: u128 = 0x11fb_06fb_712d_4ddd_98c7_e71b_bd58_8830;
    let mut bytes = NAMESPACE.to_be_bytes().to_vec();
    bytes.extend_from_slice(text.as_bytes());
    let digest = sha1(&bytes);
    let mut bits = 0_u128;
    for byte in &digest[..16] {
        bits = bits << 8 | u128::from(*byte);
    }
    let versioned = bits & !(0xf000_u128 << 64) | 0x5000_u128 << 64;
    fake_azure_cloud::Guid(versioned & !(0xc000_u128 << 48) | 0x8000_u128 << 48).to_string()
}

/// SHA-1, for UUIDs only: nothing here is to be kept secret by it (RFC 3174).
fn sha1(message: &[u8]) -> [u8; 20] {
    let mut state: [u32; 5] = [0x6745_2301, 0xefcd_ab89, 0x98ba_dcfe, 0x1032_5476, 0xc3d2_e1f0];
    let mut padded = message.to_vec();
    padded.push(0x80);
    while padded.len() % 64 != 56 {
        padded.push(0);
    }
    let bits = u64::try_from(message.len()).unwrap_or(u64::MAX).wrapping_mul(8);
    padded.extend_from_slice(&bits.to_be_bytes());

    for block in padded.chunks_exact(64) {
        let mut words = [0_u32; 80];
        for (slot, bytes) in words.iter_mut().zip(block.chunks_exact(4)) {
            *slot = bytes.iter().fold(0, |word, byte| word << 8 | u32::from(*byte));
        }
        for at in 16..80 {
            words[at] = (words[at - 3] ^ words[at - 8] ^ words[at - 14] ^ words[at - 16]).rotate_left(1);
        }
        let [mut a, mut b, mut c, mut d, mut e] = state;
        for (at, word) in words.iter().enumerate() {
            let (mix, constant) = match at {
                0..20 => ((b & c) | (!b & d), 0x5a82_7999),
                20..40 => (b ^ c ^ d, 0x6ed9_eba1),
                40..60 => ((b & c) | (b & d) | (c & d), 0x8f1b_bcdc),
                _ => (b ^ c ^ d, 0xca62_c1d6_u32),
            };
            let next = a
                .rotate_left(5)
                .wrapping_add(mix)
                .wrapping_add(e)
                .wrapping_add(constant)
                .wrapping_add(*word);
            (e, d, c, b, a) = (d, c, b.rotate_left(30), a, next);
        }
        for (slot, more) in state.iter_mut().zip([a, b, c, d, e]) {
            *slot = slot.wrapping_add(more);
        }
    }

    let mut digest = [0; 20];
    for (slot, word) in digest.chunks_exact_mut(4).zip(state) {
        slot.copy_from_slice(&word.to_be_bytes());
    }
    digest
}

/// A GUID that follows from words alone: ids of a deployment's operations, without a draw that would renumber other things.
pub(crate) fn derived_guid(words: &[&str]) -> fake_azure_cloud::Guid {
    let mut hasher = Sha256::new();
    for word in words {
        hasher.update(word.as_bytes());
        hasher.update([0]);
    }
    let digest = hasher.finalize();
    let mut bits = 0_u128;
    for byte in digest.iter().take(16) {
        bits = bits << 8 | u128::from(*byte);
    }
    let versioned = bits & !(0xf000_u128 << 64) | 0x4000_u128 << 64;
    fake_azure_cloud::Guid(versioned & !(0xc000_u128 << 48) | 0x8000_u128 << 48)
}

/// Sixteen capital hexadecimal digits of the same kind.
pub(crate) fn derived_hex(words: &[&str]) -> String {
    let mut text = String::with_capacity(16);
    let guid = derived_guid(words).0;
    // Writing into a text cannot fail.
    let _ = write!(text, "{:016X}", murmur64(&guid.to_be_bytes()));
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unique_strings_and_guids_are_azures() {
        // ARM 7.6, test vectors.
        assert_eq!(unique_string("test"), "rbgf3xv4ufgzg");
        assert_eq!(unique_string("abc"), "cgtzqvhu4i23s");
        assert_eq!(unique_string("hello-world"), "a7wkljktk6wne");
        assert_eq!(guid("test"), "d6a5baf1-8b9b-542a-8525-2982f1f98a0c");
    }

    #[test]
    fn the_digest_is_that_of_the_rfc() {
        let hex: String = sha1(b"abc").iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(hex, "a9993e364706816aba3e25717850c26c9cd0d89d");
    }
}
