//! Templates that stand outside of the cloud: what Azure would download from somebody else's web server.
//!
//! A link to a blob of the cloud is read there; what stands behind any other must be supplied, for nothing here reaches out. It
//! refuses to know what the documents mean.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;

use camino::{Utf8Path, Utf8PathBuf};

/// Documents by the address under which a link names them. A clone is cheap.
#[derive(Clone, Debug, Default)]
pub struct Templates {
    by_address: Arc<BTreeMap<String, Arc<str>>>,
}

/// Why a folder of templates cannot be taken.
#[derive(Debug, thiserror::Error)]
#[error("cannot read `{path}`")]
pub struct ReadError {
    /// What could not be read.
    pub path: Utf8PathBuf,
    #[source]
    source: io::Error,
}

impl Templates {
    /// Says what stands at an address. `false`, and nothing is kept, when that is no absolute `http` or `https` address: Azure
    /// downloads from no other.
    pub fn supply(&mut self, address: &str, body: impl Into<Arc<str>>) -> bool {
        let Some(place) = place_of(address) else {
            return false;
        };
        Arc::make_mut(&mut self.by_address).insert(place, body.into());
        true
    }

    /// What stands at an address: under its whole text, or else without its query, which is somebody's key.
    pub fn find(&self, address: &str) -> Option<&str> {
        let place = place_of(address)?;
        let bare = place.split('?').next().unwrap_or(&place);
        let found = self.by_address.get(&place).or_else(|| self.by_address.get(bare))?;
        Some(found)
    }

    /// Every address, without its scheme, with the length of what stands there in bytes.
    pub fn addresses(&self) -> impl Iterator<Item = (&str, usize)> {
        self.by_address
            .iter()
            .map(|(address, body)| (address.as_str(), body.len()))
    }

    /// Forgets all of them.
    pub fn clear(&mut self) {
        *self = Templates::default();
    }

    /// Adds what others hold; of two for one address the other's stays.
    pub fn add(&mut self, others: &Templates) {
        for (address, body) in others.by_address.iter() {
            Arc::make_mut(&mut self.by_address).insert(address.clone(), Arc::clone(body));
        }
    }

    /// Takes a folder in which a file `HOST/PATH` stands for `https://HOST/PATH`, as mirrors of web sites are laid out.
    ///
    /// # Errors
    ///
    /// When a folder or file cannot be read, or a file is no UTF-8.
    pub fn read_folder(folder: &Utf8Path) -> Result<Templates, ReadError> {
        let mut templates = Templates::default();
        let mut ahead = vec![folder.to_owned()];
        while let Some(path) = ahead.pop() {
            let failed = |source| ReadError {
                path: path.clone(),
                source,
            };
            for entry in path.read_dir_utf8().map_err(failed)? {
                let entry = entry.map_err(failed)?;
                if entry.path().is_dir() {
                    ahead.push(entry.path().to_owned());
                    continue;
                }
                let body = std::fs::read_to_string(entry.path()).map_err(|source| ReadError {
                    path: entry.path().to_owned(),
                    source,
                })?;
                let place = entry.path().strip_prefix(folder).unwrap_or(entry.path());
                let place: Vec<&str> = place.components().map(|part| part.as_str()).collect();
                templates.supply(&format!("https://{}", place.join("/")), body);
            }
        }
        Ok(templates)
    }
}

/// An address as it is looked up: host in lower case, without scheme, usual port and fragment.
fn place_of(address: &str) -> Option<String> {
    let (scheme, rest) = address.trim().split_once("://")?;
    let port = match scheme.to_ascii_lowercase().as_str() {
        "http" => ":80",
        "https" => ":443",
        _ => return None,
    };
    let rest = rest.split('#').next().unwrap_or(rest);
    let (authority, path) = rest.split_once('/')?;
    let authority = authority.to_ascii_lowercase();
    let host = authority.strip_suffix(port).unwrap_or(&authority);
    (!host.is_empty() && !path.is_empty()).then(|| format!("{host}/{path}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_supplied_is_found_however_its_address_is_written() {
        let mut templates = Templates::default();
        assert!(templates.supply("https://Raw.Example.net/a/Main.json", "whole"));
        assert!(templates.supply("http://raw.example.net:80/a/b.json?v=2", "second"));
        let rows = [
            ("https://raw.example.net/a/Main.json", Some("whole")),
            ("http://RAW.example.net:80/a/Main.json?token=x#part", Some("whole")),
            ("https://raw.example.net/a/main.json", None),
            ("https://raw.example.net/a/b.json?v=2", Some("second")),
            ("https://raw.example.net/a/b.json", None),
            ("raw.example.net/a/Main.json", None),
        ];
        for (address, expected) in rows {
            assert_eq!(templates.find(address), expected, "{address}");
        }
        for address in [
            "",
            "file:///a/b.json",
            "https://",
            "https://host",
            "https:///path",
            "a/b.json",
        ] {
            assert!(!templates.supply(address, "nothing"), "{address}");
        }
        assert_eq!(templates.addresses().count(), 2);
        templates.clear();
        assert_eq!(templates.find("https://raw.example.net/a/Main.json"), None);
    }

    proptest::proptest! {
        #[test]
        fn no_text_makes_the_reader_panic(text in "\\PC{0,60}") {
            let mut templates = Templates::default();
            if templates.supply(&text, "x") {
                proptest::prop_assert_eq!(templates.find(&text), Some("x"));
            }
            templates.find(&format!("https://{text}"));
        }
    }
}
