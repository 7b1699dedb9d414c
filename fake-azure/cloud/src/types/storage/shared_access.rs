//! Shared access signatures: the text that is signed, by version, and the token that carries it (ARM 9.5).
//!
//! The storage service reads tokens and the account's `ListAccountSas` and `ListServiceSas` write them: both follow what
//! stands here.

/// What a signature over an account says. Every member is as the token carries it; an absent one is empty.
#[derive(Clone, Copy, Debug, Default)]
pub struct AccountSas<'a> {
    /// `sp`.
    pub permissions: &'a str,
    /// `ss`.
    pub services: &'a str,
    /// `srt`.
    pub resource_types: &'a str,
    /// `st`.
    pub start: &'a str,
    /// `se`.
    pub expiry: &'a str,
    /// `sip`.
    pub ip: &'a str,
    /// `spr`.
    pub protocol: &'a str,
    /// `sv`.
    pub version: &'a str,
    /// `ses`.
    pub encryption_scope: &'a str,
}

impl AccountSas<'_> {
    /// The text that is signed.
    pub fn text(&self, account: &str) -> String {
        let mut lines = vec![
            account,
            self.permissions,
            self.services,
            self.resource_types,
            self.start,
            self.expiry,
            self.ip,
            self.protocol,
            self.version,
        ];
        if self.version >= "2020-12-06" {
            lines.push(self.encryption_scope);
        }
        lines.push("");
        lines.join("\n")
    }

    /// The token, with its signature.
    pub(super) fn token(&self, signature: &str) -> String {
        query(&[
            ("sv", self.version),
            ("ss", self.services),
            ("srt", self.resource_types),
            ("sp", self.permissions),
            ("st", self.start),
            ("se", self.expiry),
            ("sip", self.ip),
            ("spr", self.protocol),
            ("ses", self.encryption_scope),
            ("sig", signature),
        ])
    }
}

/// What a signature over a container or blob says. Every member is as the token carries it; an absent one is empty.
#[derive(Clone, Copy, Debug, Default)]
pub struct ServiceSas<'a> {
    /// `sp`.
    pub permissions: &'a str,
    /// `st`.
    pub start: &'a str,
    /// `se`.
    pub expiry: &'a str,
    /// `si`: the stored access policy.
    pub policy: &'a str,
    /// `sip`.
    pub ip: &'a str,
    /// `spr`.
    pub protocol: &'a str,
    /// `sv`.
    pub version: &'a str,
    /// `sr`: `c`, `b`, `bs`.
    pub resource: &'a str,
    /// The snapshot that it is for.
    pub snapshot: &'a str,
    /// `ses`.
    pub encryption_scope: &'a str,
    /// `rscc`, `rscd`, `rsce`, `rscl`, `rsct`: headers that the answer is to carry.
    pub headers: [&'a str; 5],
}

impl ServiceSas<'_> {
    /// The text that is signed; `path` is `account/container` or `account/container/blob`.
    pub fn text(&self, path: &str) -> String {
        let version = self.version;
        let resource = if version >= "2015-02-21" {
            format!("/blob/{path}")
        } else {
            format!("/{path}")
        };
        let mut lines = vec![self.permissions, self.start, self.expiry, &resource, self.policy];
        if version >= "2015-04-05" {
            lines.extend([self.ip, self.protocol]);
        }
        if version >= "2012-02-12" {
            lines.push(version);
        }
        if version >= "2018-11-09" {
            lines.extend([self.resource, self.snapshot]);
        }
        if version >= "2020-12-06" {
            lines.push(self.encryption_scope);
        }
        if version >= "2013-08-15" {
            lines.extend(self.headers);
        }
        lines.join("\n")
    }

    /// The token, with its signature.
    pub(super) fn token(&self, signature: &str) -> String {
        let [cache, disposition, encoding, language, kind] = self.headers;
        query(&[
            ("sv", self.version),
            ("sr", self.resource),
            ("sp", self.permissions),
            ("st", self.start),
            ("se", self.expiry),
            ("si", self.policy),
            ("sip", self.ip),
            ("spr", self.protocol),
            ("ses", self.encryption_scope),
            ("rscc", cache),
            ("rscd", disposition),
            ("rsce", encoding),
            ("rscl", language),
            ("rsct", kind),
            ("sig", signature),
        ])
    }
}

/// A query string; members without a value are left out.
fn query(members: &[(&str, &str)]) -> String {
    let pairs: Vec<String> = members
        .iter()
        .filter(|(_, value)| !value.is_empty())
        .map(|(name, value)| format!("{name}={}", encode(value)))
        .collect();
    pairs.join("&")
}

fn encode(value: &str) -> String {
    let mut encoded = String::with_capacity(value.len());
    for byte in value.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_grows_with_the_version() {
        let sas = ServiceSas {
            permissions: "r",
            expiry: "2016-05-01",
            resource: "b",
            ..ServiceSas::default()
        };
        let lines = |version| ServiceSas { version, ..sas }.text("a/c/b").split('\n').count();
        assert_eq!(lines(""), 5);
        assert_eq!(lines("2012-02-12"), 6);
        assert_eq!(lines("2013-08-15"), 11);
        assert_eq!(lines("2015-04-05"), 13);
        assert_eq!(lines("2018-11-09"), 15);
        assert_eq!(lines("2020-12-06"), 16);
        assert!(
            ServiceSas {
                version: "2014-02-14",
                ..sas
            }
            .text("a/c/b")
            .contains("\n/a/c/b\n")
        );
        assert!(
            ServiceSas {
                version: "2015-04-05",
                ..sas
            }
            .text("a/c/b")
            .contains("\n/blob/a/c/b\n")
        );
    }

    #[test]
    fn a_token_leaves_out_what_is_empty_and_escapes_the_rest() {
        let sas = AccountSas {
            permissions: "rl",
            services: "b",
            version: "2015-04-05",
            ..AccountSas::default()
        };
        assert_eq!(sas.text("acct"), "acct\nrl\nb\n\n\n\n\n\n2015-04-05\n");
        assert_eq!(sas.token("a+/="), "sv=2015-04-05&ss=b&sp=rl&sig=a%2B%2F%3D");
    }
}
