//! The SKUs of an offer, as the image registry lists them: a bare array, without paging.

use serde::Deserialize;

use super::scope::{Call, Scope};

/// A SKU.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct ImageSku {
    pub(crate) name: String,
}

pub(crate) fn list(scope: &Scope, publisher: &str, offer: &str) -> Call {
    let id = format!(
        "{}/providers/Microsoft.Compute/locations/{}/publishers/{publisher}/artifacttypes/vmimage/offers/{offer}/skus",
        scope.subscription_id(),
        scope.location
    );
    scope.get("list image SKUs", &id, scope.versions.compute)
}
