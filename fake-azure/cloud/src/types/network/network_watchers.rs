//! Network watchers: one for each region. Their diagnostics are not there.

use serde::{Deserialize, Serialize};

use crate::Document;
use crate::api_version::ApiVersion;
use crate::cx::Cx;
use crate::descriptor::{
    Descriptor, Dialect, Field, Fill, Lifetimes, NameRule, Polls, Provisioning, Stage, Write, WriteVerb,
};
use crate::error::CloudError;
use crate::plan::Plan;
use crate::quota::QuotaKey;
use crate::resource::Resource;
use crate::types::{Put, ResourceType, View};

/// Over with the answer, which already says so (ARM 2.2).
const AT_ONCE: &[Stage] = &[Stage::new(Provisioning::Succeeded, 0, 0)];

/// Network watchers.
pub(crate) const DESCRIPTOR: Descriptor = Descriptor {
    since: ApiVersion::date(2016, 9, 1),
    names: NameRule::word(1, 80),
    quota: Some(QuotaKey("NetworkWatchers")),
    fields: &[
        Field::read_only("/properties/runningOperationIds"),
        Field::read_only("/properties/flowLogs"),
        Field::default("/properties", Fill::Object),
        Field::default("/properties/runningOperationIds", Fill::Empty),
        Field::default("/properties/flowLogs", Fill::Empty).since(ApiVersion::date(2019, 11, 1)),
    ],
    lifetimes: Lifetimes {
        create: AT_ONCE,
        update: AT_ONCE,
        delete: &[Stage::new(Provisioning::Deleting, 1_000, 12_000)],
    },
    writes: &[
        Write::new(WriteVerb::PutNew, 201).polls(Polls::AsyncOperation),
        Write::new(WriteVerb::PutAgain, 200).polls(Polls::AsyncOperation),
        Write::new(WriteVerb::Patch, 200),
        Write::accepted(WriteVerb::Delete).retry_after_secs(10),
    ],
    ..Descriptor::of("Microsoft.Network/networkWatchers", Dialect::Network)
};

/// A network watcher.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct NetworkWatcher {}

impl ResourceType for NetworkWatcher {
    const DESCRIPTOR: &'static Descriptor = &DESCRIPTOR;

    fn plan_put(_cx: &Cx<'_>, _put: &Put<'_>, _before: Option<&Self>) -> Result<(Self, Plan), CloudError> {
        Ok((NetworkWatcher {}, Plan::new()))
    }

    /// A watcher shows no guid (observed-arm).
    fn render(&self, _cx: &Cx<'_>, _resource: &Resource, _view: &View<'_>, document: &mut Document) {
        if let Some(properties) = document["properties"].as_object_mut() {
            properties.shift_remove("resourceGuid");
        }
    }
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use crate::testing::check;

    #[test]
    fn a_region_has_one_watcher() {
        check(
            "
            version 2017-10-01
            begin put watcher w0
            get watcher w0 /properties
            put watcher w1
            at eastus
            put watcher w1
            delete watcher w1
            put watcher w2
            version 2019-11-01
            get watcher w2 /properties
            ",
            expect![[r#"
                created Succeeded, operation over
                {"runningOperationIds":[],"provisioningState":"Succeeded"}
                NetworkWatcherCountLimitReached: Cannot create more than 1 network watchers for this subscription in this region.
                ok
                ok
                ok
                {"runningOperationIds":[],"flowLogs":[],"provisioningState":"Succeeded"}
            "#]],
        );
    }
}
