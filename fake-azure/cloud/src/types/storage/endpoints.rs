//! Where an account is reached, as its document says. Addresses are the public ones: who serves them elsewhere rewrites them.

use serde_json::{Map, Value};

use crate::api_version::ApiVersion;

/// From this version on the data lake endpoint is shown (observed-arm, storage accounts of 2018-11-01).
const DFS: ApiVersion = ApiVersion::date(2018, 11, 1);

/// From this version on the static web site is shown.
const WEB: ApiVersion = ApiVersion::date(2018, 7, 1);

/// Before this version members came in alphabetical order.
pub(super) const NEW_ORDER: ApiVersion = ApiVersion::date(2017, 6, 1);

/// The services of an account, in the order of its document (ARM 9.6; observed-arm, storage accounts).
fn services(kind: &str, premium: bool, version: ApiVersion) -> Vec<&'static str> {
    let all: &[&'static str] = match kind {
        "BlobStorage" => &["dfs", "blob", "table"],
        "BlockBlobStorage" => &["dfs", "web", "blob"],
        "FileStorage" => &["file"],
        "StorageV2" if premium => &["web", "blob"],
        "StorageV2" => &["dfs", "web", "blob", "queue", "table", "file"],
        _ if premium => &["blob"],
        _ => &["blob", "queue", "table", "file"],
    };
    let mut shown: Vec<&'static str> = all
        .iter()
        .copied()
        .filter(|service| match *service {
            "dfs" => version >= DFS,
            "web" => version >= WEB,
            _ => true,
        })
        .collect();
    if version < NEW_ORDER {
        shown.sort_unstable();
    }
    shown
}

/// `primaryEndpoints`.
pub(super) fn primary(name: &str, kind: &str, premium: bool, version: ApiVersion) -> Value {
    addresses(name, services(kind, premium, version))
}

/// `secondaryEndpoints`: files have none.
pub(super) fn secondary(name: &str, kind: &str, premium: bool, version: ApiVersion) -> Value {
    let services = services(kind, premium, version)
        .into_iter()
        .filter(|service| *service != "file");
    addresses(&format!("{name}-secondary"), services.collect())
}

fn addresses(host: &str, services: Vec<&'static str>) -> Value {
    let members: Map<String, Value> = services
        .into_iter()
        .map(|service| {
            // A static web site has the number of its stamp in its name.
            let label = if service == "web" { "z22.web" } else { service };
            (
                service.to_owned(),
                Value::from(format!("https://{host}.{label}.core.windows.net/")),
            )
        })
        .collect();
    Value::Object(members)
}
