//! Words of storage.

use serde_json::{Value, json};

use super::{Args, Word};
use crate::registry::Kind;

pub(super) const WORDS: &[Word] = &[
    // tidy: sorted
    Word {
        name: "account",
        kind: Kind::StorageAccounts,
        document: account,
    },
    Word {
        name: "container",
        kind: Kind::BlobContainers,
        document: container,
    },
    Word {
        name: "service",
        kind: Kind::BlobServices,
        document: |_| json!({}),
    },
    // tidy: end
];

/// `put account acct sku=Standard_GRS kind=StorageV2`
fn account(args: &Args<'_>) -> Value {
    let mut document = json!({ "sku": { "name": args.get("sku").unwrap_or("Standard_LRS") } });
    document["kind"] = json!(args.get("kind").unwrap_or("Storage"));
    document
}

/// `put container acct/default/vhds access=Blob`
fn container(args: &Args<'_>) -> Value {
    json!({ "properties": { "publicAccess": args.get("access").unwrap_or("None") } })
}
