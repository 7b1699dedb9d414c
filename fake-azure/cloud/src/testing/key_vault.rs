//! Words of Microsoft.KeyVault.

use serde_json::{Value, json};

use super::{Args, Word};
use crate::registry::Kind;

/// The tenant, and the caller with it, of every script.
pub(crate) const ME: &str = "7e4aa2d1-0000-4000-8000-000000000001";

pub(super) const WORDS: &[Word] = &[
    // tidy: sorted
    Word {
        name: "set",
        kind: Kind::DiskEncryptionSets,
        document: set,
    },
    Word {
        name: "vault",
        kind: Kind::Vaults,
        document: vault,
    },
    // tidy: end
];

/// `put vault kv1 soft protect days=7 recover sku=premium may=get,create`: what `may` says of keys, all of secrets.
fn vault(args: &Args<'_>) -> Value {
    let may = args.get("may").unwrap_or("all,purge");
    let may: Vec<&str> = may.split(',').collect();
    let mut properties = json!({
        "tenantId": ME,
        "sku": { "family": "A", "name": args.get("sku").unwrap_or("standard") },
        "accessPolicies": [{
            "tenantId": ME,
            "objectId": args.get("object").unwrap_or(ME),
            "permissions": { "keys": may, "secrets": ["all", "purge"] },
        }],
    });
    if args.has("soft") || args.has("protect") {
        properties["enableSoftDelete"] = json!(true);
    }
    if args.has("protect") {
        properties["enablePurgeProtection"] = json!(true);
    }
    if args.has("recover") {
        properties["createMode"] = json!("recover");
    }
    if let Some(days) = args.get("days") {
        properties["softDeleteRetentionInDays"] = json!(days.parse::<u32>().expect("a number of days"));
    }
    json!({ "properties": properties })
}

/// `put set s0 vault=kv1 url=https://..`
fn set(args: &Args<'_>) -> Value {
    json!({
        "identity": { "type": "SystemAssigned" },
        "properties": { "activeKey": {
            "sourceVault": args.reference("vault", "vault"),
            "keyUrl": args.get("url"),
        } },
    })
}
