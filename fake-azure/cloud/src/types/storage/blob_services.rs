//! The blob service of an account as a resource. There is one, called `default`, from the account's birth to its end.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::Document;
use crate::api_version::ApiVersion;
use crate::blobs::refusals;
use crate::cx::Cx;
use crate::descriptor::{Descriptor, Dialect, Field, NameRule, Write, WriteVerb};
use crate::error::CloudError;
use crate::plan::Plan;
use crate::registry::{Kind, State};
use crate::resource::Resource;
use crate::types::{Put, ResourceType, View};

/// Blob services. Their refusals are those of the blob service itself.
pub(crate) const DESCRIPTOR: Descriptor = Descriptor {
    parent: Some(Kind::StorageAccounts),
    tracked: false,
    since: ApiVersion::date(2018, 2, 1),
    shows_state: false,
    names: NameRule::word(1, 80),
    merges_put: true,
    fields: &[Field::read_only("/sku")],
    writes: &[Write::new(WriteVerb::PutNew, 200), Write::new(WriteVerb::PutAgain, 200)],
    errors: refusals::ALL,
    ..Descriptor::of("Microsoft.Storage/storageAccounts/blobServices", Dialect::Storage)
};

/// A blob service has nothing of its own beside its document.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct BlobService {}

impl ResourceType for BlobService {
    const DESCRIPTOR: &'static Descriptor = &DESCRIPTOR;

    fn plan_put(_cx: &Cx<'_>, put: &Put<'_>, _before: Option<&Self>) -> Result<(Self, Plan), CloudError> {
        if !put.id.name().eq_ignore_ascii_case("default") {
            return Err(CloudError::of(&super::storage_accounts::BAD_VALUES).with("path", "BlobServicesName"));
        }
        Ok((BlobService {}, Plan::new()))
    }

    fn plan_delete(&self, _cx: &Cx<'_>, _resource: &Resource) -> Result<Plan, CloudError> {
        Err(CloudError::of(&refusals::BLOB_SERVICE_STAYS))
    }

    fn render(&self, cx: &Cx<'_>, resource: &Resource, view: &View<'_>, document: &mut Document) {
        if let State::StorageAccounts(_) = &cx.resource(resource.parent).state
            && let Some(account) = cx.fabric().accounts.get(&cx.resource(resource.parent).name)
        {
            let tier = if account.sku.starts_with("Premium") {
                "Premium"
            } else {
                "Standard"
            };
            document["sku"] = json!({ "name": account.sku, "tier": tier });
        }
        let Some(properties) = document.get_mut("properties").and_then(Value::as_object_mut) else {
            return;
        };
        properties.entry("cors").or_insert_with(|| json!({ "corsRules": [] }));
        let mut retention = json!({ "enabled": false });
        if view.version >= ApiVersion::date(2021, 6, 1) {
            retention["allowPermanentDelete"] = json!(false);
        }
        properties.entry("deleteRetentionPolicy").or_insert(retention);
    }
}
