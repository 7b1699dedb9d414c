//! The public half of keys, as JSON Web Keys write it. It follows from the version's id.
//!
//! A modulus has the size that was asked for and factors that nobody knows; a point is one of eight that are known to be on the
//! curve. No key has a private half, so that nothing can be signed, wrapped or decrypted.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use fake_azure_cloud::Guid;
use fake_azure_cloud::fabric::{Curve, KeySize};
use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};

/// The members that say what the public half is.
pub(super) fn public(id: Guid, size: KeySize) -> Map<String, Value> {
    let mut members = Map::new();
    match size {
        KeySize::Rsa(bits) => {
            members.insert("n".to_owned(), json!(modulus(id, bits)));
            members.insert("e".to_owned(), json!("AQAB"));
        }
        KeySize::Ec(curve) => {
            let points = match curve {
                Curve::P256 => P256,
                Curve::P256K => P256K,
                Curve::P384 => P384,
                Curve::P521 => P521,
            };
            let [low, ..] = id.0.to_le_bytes();
            let (x, y) = points[usize::from(low) % points.len()];
            members.insert("crv".to_owned(), json!(curve.as_str()));
            members.insert("x".to_owned(), json!(x));
            members.insert("y".to_owned(), json!(y));
        }
    }
    members
}

/// An odd number of exactly that many bits.
fn modulus(id: Guid, bits: u32) -> String {
    let length = usize::try_from(bits / 8).unwrap_or(256);
    let mut bytes = Vec::with_capacity(length + 32);
    for block in 0_u32.. {
        if bytes.len() >= length {
            break;
        }
        let mut hash = Sha256::new();
        hash.update(id.0.to_be_bytes());
        hash.update(block.to_be_bytes());
        bytes.extend_from_slice(&hash.finalize());
    }
    bytes.truncate(length);
    if let Some(first) = bytes.first_mut() {
        *first |= 0x80;
    }
    if let Some(last) = bytes.last_mut() {
        *last |= 1;
    }
    URL_SAFE_NO_PAD.encode(bytes)
}

const P256: &[(&str, &str)] = &[
    (
        "KX74S_Ggknbk4BUxL1mvuhFUmEaHdsRH6wlJjSYCrvA",
        "h9MFCdqHZRocYe5MbNiCJw-rphpM6jwhmpt4M7vrxDw",
    ),
    (
        "3e1sFOGD2EK9FNmJsWMcFI_siKvlkwiwl8PfeFF0jVs",
        "nd7EUBojJO3hUrVmsEAK_o3JONyeyFxrh7GKmjGH5i8",
    ),
    (
        "fYw6i7KKOlFdes0dZi6lotDE0Q0ldWSIViGGGFMeZAg",
        "llgRtyFDb8TVeaD92RIyvy7aonaVjNLWbXC89BsE6x0",
    ),
    (
        "RLLi-9yKUnqNblvIu0Af2pMDlIGBySzDT76L-9WjemU",
        "wOPzqHeiaAx53ErdlX7Z-M1evXCT_ysBGX1KUie9PKo",
    ),
    (
        "v1lDHAdsohmGmusrhdeyqw4g2ersx3qYoTV0JwCX0IM",
        "hJtbdaoaIsBOUi-6-TzqJy83cjjBG87H0SWnhfK_3Xo",
    ),
    (
        "LZW9VAJKKyskp5edL_OJE3gj5vcTkOTLuqn11bNBXWA",
        "IvCOvxtuhKujnQ0SZLgFj2YjlosGkCyLdPQ4EGw0Twk",
    ),
    (
        "4zmj19If-Dradj5UwAAyOzd5toxy1ceFCstm5jRejJI",
        "UUAh7VZ-a4VcwW8MC1cYOZEDkvWTNaV6DpAPGlKLGxA",
    ),
    (
        "IOSHCgoZeAgUPyr9dTgZEw3WnBW5uDEY1tSvxYFACP0",
        "aNZDCPSd1-P8o_RFvJTDlQdSy39tmULSfPiWqUjValo",
    ),
];
const P256K: &[(&str, &str)] = &[
    (
        "mNkxZLt6X6RVGteiV3mQiP8TlTz2ZUgg3MxDDYK7jak",
        "hXv2rrI-vw1qYUu8oT5ZwFKwrnDx6TkS2L1_Cp-uA3g",
    ),
    (
        "uAST-GxYaLy19tGUfkTVEog28NV0yMPsCxn1Swio-MM",
        "N9WdUZL1l5kTuvayyi0C4qb6ZCyB5iTgqtNV1aNsjBQ",
    ),
    (
        "k2zseIJGstnqF3upq1PPevF8x2Fqdtfyv6Vfmt--11w",
        "QmJZHUvDJTxuuzzhY4HWkcjonYh71qyhh25JvDvjO3c",
    ),
    (
        "hMmokfD-zj0RoRSyFnKdh-aZX4-ggXiVrpCiAJu5W18",
        "ggIGWgWlzTjdcG-gpTOm4JuURLSsP_cjnNaotaUQ-LM",
    ),
    (
        "pw_RyYuvtFiaRhWRT1pSb29ooz-3VSbMP0qIXdxtSuQ",
        "pJ7BFZR8sLCU3s4BZx3nHwuxWTv03ldYEw02pcF6l7U",
    ),
    (
        "Oy_Xe4oifor4QV2L0_dKYHcMxG_5Oh6E705xT663BFY",
        "lffhoWPKlmudMUF-BZXgD8SDMHfGo6gC6LIiHZDQHOk",
    ),
    (
        "y7EAfvgt2hvKvMk1qYv9Gn-YlmV52usEDV6FS8Z8NYY",
        "hNdHYo6DKSPdcvscrA_27cKJ4Zsu_8V4U182c0KT_RE",
    ),
    (
        "UdL9ca8yJHlkcrR2G3bVQCXYZF9K5yAq9WPkTUEYbIk",
        "_DKydlr16LPycON0-aVq89RuIFV9J8YehARxyBSxQL8",
    ),
];
const P384: &[(&str, &str)] = &[
    (
        "ZEidITdxb37RP_mxGy2nQnDceWnA_LITd2setXEcQVx0uGUDVd1BQ-xbqdeGHOmy",
        "CeT07WK-qoHeGC2oLHlAcU0uIo6kihoqR7tHRIECi0b4Njz3CK5sLCvArBA8D9zQ",
    ),
    (
        "qNyiLn--WKTVyBQOyFOmT_uDadDFRx980KV50KE54F_1Py3ZZ5AYowtzKerXM6hf",
        "D49yUg_vecZSkkHWg56HMEBacpf7LLFICjmrHJ2DG_SbkuqMDMIuGWwr_nSoIU4i",
    ),
    (
        "sjt7B4zcNEgvkrEOtK-pOBCxIvx42rT-CxKLpVwKnG0E-saVy2GYQIfyQZHWIqkx",
        "qlkeFxuHDtsVG5BAjARUK1QU5PFKzAwoowoWrJ4xiOtDT3ie_2F_pDqdRQkpAoEc",
    ),
    (
        "q2oATEyIHMVFfJYnU4et9Hmg8cMUrtz3_YvKHR7vmu4aIQskKXvgJ1R706qVCBpL",
        "-K0bxCVqxuSZHl5SW9f54coswFHShoL0TpuItOz11_kjY-bJWz-HjhunWSYvWae7",
    ),
    (
        "RqMos278EOtG0QNHIKqshFRxKuJE-j4IOKbQe3sokod4vndT9XVcmGhrksf6a-Q9",
        "dnrzk0Ta0opOseEfCd_VWe85m6pnxyQBfWppBiUj7vrfVPbVZhWdaHrPi8LRIz8d",
    ),
    (
        "guCWT1jPt0y9OuBlHkRI0Ym50ZMLsIUqleh_D_27q4RW9u5iSF2T6XHyzow0-0Ot",
        "7o8y5fAEXR5Pfb5oN5TjkrdLBHRBSf2YD3mmrEPcD04dfgzDePmq_gyIXbE_cEfl",
    ),
    (
        "q_UKLQ-jX79ilsEdRAG9_jnVu20ifsMFu5mhqz8UyCMaTKZyjJGi2t0LMWAOSCMb",
        "ZjHZYmKAbsDedbZn930Mfedlvtw6yO7ZsvtcSC6xryg6nFrUrHQfU-leKDP_CEyL",
    ),
    (
        "Yjsojw_1bkeE6mG9RqEb8M6tqDdTenQzNwk5WsLCXda9KEk7PKYBcNy63vy7XDLP",
        "qzp8b9VksdCW_Hj78qmSs0sA-G_c6HTaBag0DnXejvjFjl2c3q6ZiKCO0zhdKdY3",
    ),
];
const P521: &[(&str, &str)] = &[
    (
        "AD3ArnxQXX7eKa24bvQymtDUxfE8MNKN1VJbZxIeGB8_6NU3syirI7GE8tH2coU-lZy3KreDO0-VamNx1LQKPuTy",
        "ABWqnDLfjmWD8VkdvuXCkSGFJ9ybENduJmkO8shtXkk0ieUauVbRk9QH8sWn8_Yru7WSj2UnM9Rcql-3h7iZqKMa",
    ),
    (
        "ALGHLBOzqi8e1jSjdf9QFLKHuPh73KeDr-ZVHX9DhUxEmFaYXb0lezuiFTDJU_Av4_zfxpOdfy-3k09sD5HsZjwQ",
        "AQGwrrOdDnromif-baThWkaNlAdVHT0YSiNtaheFX29W50c5KMTrJh2kLWYvV5v7MZym4ru8gZdNz0WrC8_AfAtr",
    ),
    (
        "AVFzxe8hm0WUS41Cwe932clbW0uBp_iphAusgnx-2cUly4Dhvd9N8T6XVYKVm2c631V_F6nxgtmV6oBi9dcoVU0O",
        "AVDqeCaj3DOzjuUcnkJbTayZUE8pdf-QPnwfqHGBU6DCxooEMqGhgdaxpswvH78epWXcu_7X6LZ2mUIupw0Bi528",
    ),
    (
        "ALvjtVtPQTlJajRzdPhymmcgbSWlHj29ME6U2YbUl2Q1kg8F9y8k5SLLuAaUddN-OpxwatR-6vKAkZ_K17ExXHiH",
        "ANg-junLF1hRa54Wac-YEHq1yLfzwIKzyKrkr5LpTK8de73LArvLXJdgka46y_6arqs45yNsk49T-5q0qAHkCLYQ",
    ),
    (
        "AaO3SnRwlxNADl-B9cVMQol1v8EJz7bKXoZhQiJqfmtrDVc3A72XKmnlpr-4ZrRFvCOBRdl6ELyPEMr23YEO8RC-",
        "ARHd2ZFzryBRBtYMkQATI7VvvUNYPladMqVYs5RrA_5cWR37J335sYJa8ziz9lgdQhOQ2cQdDFAET7Vz9aXPW8Nm",
    ),
    (
        "AeMQU5rIXgNoZSDfc94FBtcI6M3WiAvoM2aEv-12Emuq9E0h-QBHreGF5Xg9TjeOf3onVlVjaL5F8l_Bxtw3nLHc",
        "AewyOeiJLshIPhTgzCA-TfSrAxvqfJK8-UWIcloinyMCruTS_8o-VlShuJUFwsDOeWMdD2gZLB1OPkm9WCD3UYDg",
    ),
    (
        "AGUL4B_1xS22P9bpN3vjnDF1caXklOL7TOiiDWt2ZUduL9CZOYW-FhiptM5pLHaalWrpXiS5UGgiA5BtDmWUtTY9",
        "AD_OZ-KQ4rkB9EIgXe8IcPXJ6ZzLOW5pYFGu5TPJlhTwnIbdA7yqjtDxldMzpVxQo5WsBIsyk6xJFg0CjqH2M-2B",
    ),
    (
        "AVhwIXwlyVDXTZlIqkanKtsL33l4ftvuLuIgdWhazUXYGwOrp0bXvRNN6ec01V3b4GK87IJl7tI9PzXGt9hxdnr2",
        "AFUpz5iHH8SQZCGhQ-VKOqxa-IVX24t2HmIZ4_M6Wv2ur8AK927imrn4_sPYH2Ksgoe1SsnaP2lnLIbcuxb0-vB8",
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_modulus_has_its_size_and_follows_from_the_id() {
        for bits in [2048, 3072, 4096] {
            let bytes = URL_SAFE_NO_PAD.decode(modulus(Guid(7), bits)).expect("base64");
            assert_eq!(bytes.len() * 8, usize::try_from(bits).expect("small"));
            assert!(bytes[0] >= 0x80 && bytes[bytes.len() - 1] % 2 == 1);
        }
        assert_eq!(modulus(Guid(7), 2048), modulus(Guid(7), 2048));
        assert_ne!(modulus(Guid(7), 2048), modulus(Guid(8), 2048));
    }

    #[test]
    fn coordinates_have_the_curves_length() {
        for (points, length) in [(P256, 32), (P256K, 32), (P384, 48), (P521, 66)] {
            for (x, y) in points {
                for coordinate in [x, y] {
                    assert_eq!(URL_SAFE_NO_PAD.decode(coordinate).map(|bytes| bytes.len()), Ok(length));
                }
            }
        }
    }
}
