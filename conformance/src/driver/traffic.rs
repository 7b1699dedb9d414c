//! What was sent and what came back, in numbers: when, what was asked for, how many bytes each way.
//!
//! It refuses to know what a request means: names are taken out of addresses, and what is left says what was asked for.

use std::sync::{Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use http::{Method, Request, Uri};

use super::exchange::{Api, Delivered};

/// What stands for a name in an operation.
const NAME: &str = "*";

/// The words of classic addresses; everything else in them is a name.
const CLASSIC_WORDS: &[&str] = &[
    // tidy: sorted
    "affinitygroups",
    "availability",
    "datadisks",
    "deployments",
    "deploymentslots",
    "disks",
    "hostedservices",
    "images",
    "isavailable",
    "keys",
    "locations",
    "media",
    "networking",
    "operations",
    "roleinstances",
    "roles",
    "services",
    "storageservices",
    // tidy: end
];

/// One request that was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sent {
    /// When, on the world's clock.
    pub at_ms: i64,
    /// Verb and address without names: `GET Microsoft.Network/networkInterfaces` is a list, `.../networkInterfaces/*` one of them.
    pub operation: String,
    /// Whether it was something else than a read.
    pub is_write: bool,
    /// Whether it wrote tags and nothing else.
    pub only_tags: bool,
    /// Status of the answer; 0 where there was none.
    pub status: u16,
    /// Size of the request's body.
    pub request_bytes: u64,
    /// Size of the answer's body.
    pub answer_bytes: u64,
}

impl Sent {
    /// A request before its answer came.
    pub(super) fn new(api: Api, request: &Request<Bytes>, at_ms: i64) -> Sent {
        Sent {
            at_ms,
            operation: operation(api, request.method(), request.uri()),
            is_write: !matches!(*request.method(), Method::GET | Method::HEAD),
            only_tags: is_of_tags(request),
            status: 0,
            request_bytes: size(request.body()),
            answer_bytes: 0,
        }
    }

    /// With its answer, if one came.
    pub(super) fn answered(self, delivered: Option<&Delivered>) -> Sent {
        match delivered {
            Some(Delivered { response, .. }) => Sent {
                status: response.status().as_u16(),
                answer_bytes: size(response.body()),
                ..self
            },
            None => self,
        }
    }
}

/// A PATCH of tags; of a group, which has nothing else to change, a PUT with its location, too.
fn is_of_tags(request: &Request<Bytes>) -> bool {
    let path = request.uri().path();
    let mut end = path.rsplit('/').skip(1);
    let is_group = end
        .next()
        .is_some_and(|word| word.eq_ignore_ascii_case("resourcegroups"));
    let allowed: &[&str] = match *request.method() {
        Method::PATCH => &["tags"],
        Method::PUT if is_group => &["location", "tags"],
        _ => return false,
    };
    let body = serde_json::from_slice::<serde_json::Map<String, serde_json::Value>>(request.body());
    body.is_ok_and(|body| body.contains_key("tags") && body.keys().all(|name| allowed.contains(&name.as_str())))
}

fn size(body: &Bytes) -> u64 {
    u64::try_from(body.len()).unwrap_or(u64::MAX)
}

/// What was sent, in order.
#[derive(Debug, Default)]
pub(super) struct Traffic(Mutex<Vec<Sent>>);

impl Traffic {
    fn lock(&self) -> MutexGuard<'_, Vec<Sent>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn add(&self, sent: Sent) {
        self.lock().push(sent);
    }

    pub(super) fn sent(&self) -> Vec<Sent> {
        self.lock().clone()
    }

    /// How many there were.
    pub(super) fn len(&self) -> usize {
        self.lock().len()
    }
}

fn operation(api: Api, method: &Method, uri: &Uri) -> String {
    let words: Vec<&str> = uri.path().split('/').filter(|word| !word.is_empty()).collect();
    let what = match api {
        // Signing in goes by the tenant's path, whoever answers there.
        Api::Arm if words.contains(&"oauth2") => "token".to_owned(),
        Api::Arm => of_resource_manager(&words),
        Api::Asm => of_classic(&words),
        Api::Blob => of_blob(uri),
        Api::Aad => "token".to_owned(),
    };
    format!("{method} {what}")
}

/// Words and names take turns; after `providers` comes a namespace.
fn of_resource_manager(words: &[&str]) -> String {
    let is_providers = |word: &&str| word.eq_ignore_ascii_case("providers");
    let (first, pairs) = match words.iter().rposition(is_providers) {
        Some(at) => (words.get(at + 1).copied(), words.get(at + 2..).unwrap_or_default()),
        None => (None, words.get(2..).filter(|rest| !rest.is_empty()).unwrap_or(words)),
    };
    let shown = pairs
        .iter()
        .enumerate()
        .map(|(nth, word)| if nth % 2 == 0 { *word } else { NAME });
    first.into_iter().chain(shown).collect::<Vec<_>>().join("/")
}

fn of_classic(words: &[&str]) -> String {
    let shown = words.iter().skip(1).map(|word| {
        let is_word = CLASSIC_WORDS.iter().any(|own| own.eq_ignore_ascii_case(word));
        if is_word { *word } else { NAME }
    });
    shown.collect::<Vec<_>>().join("/")
}

fn of_blob(uri: &Uri) -> String {
    let part = uri
        .query()
        .into_iter()
        .flat_map(|query| query.split('&'))
        .find_map(|pair| pair.strip_prefix("comp="));
    match part {
        Some(part) => format!("blob {part}"),
        None => "blob".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_taken_out_of_addresses() {
        let nics = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/networkInterfaces";
        let rows = [
            (Api::Arm, nics.to_owned(), "GET Microsoft.Network/networkInterfaces"),
            (
                Api::Arm,
                format!("{nics}/n"),
                "GET Microsoft.Network/networkInterfaces/*",
            ),
            (
                Api::Arm,
                "/subscriptions/s/resourcegroups/g/deployments/d/cancel".to_owned(),
                "GET resourcegroups/*/deployments/*/cancel",
            ),
            (Api::Arm, "/subscriptions/s".to_owned(), "GET subscriptions/*"),
            (
                Api::Asm,
                "/s/services/hostedservices".to_owned(),
                "GET services/hostedservices",
            ),
            (
                Api::Asm,
                "/s/services/hostedservices/media1/deployments/d/roles/r".to_owned(),
                "GET services/hostedservices/*/deployments/*/roles/*",
            ),
            (Api::Blob, "/container/blob?comp=lease".to_owned(), "GET blob lease"),
            (Api::Aad, "/tenant/oauth2/token".to_owned(), "GET token"),
            (Api::Arm, "/tenant/oauth2/v2.0/token".to_owned(), "GET token"),
        ];
        for (api, path, expected) in rows {
            let uri: Uri = format!("https://host{path}").parse().expect("an address");
            assert_eq!(operation(api, &Method::GET, &uri), expected);
        }
    }
}
