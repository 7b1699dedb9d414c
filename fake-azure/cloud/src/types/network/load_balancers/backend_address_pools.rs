//! Backend address pools: sets of configurations of network interfaces. Members name the pool; the pool names nobody.

use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::Document;
use crate::api_version::ApiVersion;
use crate::cx::Cx;
use crate::descriptor::{
    Descriptor, Dialect, Field, Lifetimes, NameRule, Polls, Provisioning, Stage, Write, WriteVerb,
};
use crate::error::CloudError;
use crate::forms::forms;
use crate::plan::Plan;
use crate::registry::Kind;
use crate::resource::Resource;
use crate::types::network::write_back_links;
use crate::types::{Put, ResourceType, View};

forms! {
    IN_USE: InUse, Network, "InUseBackendAddressPoolCannotBeDeleted", "Backend address pool {pool} is in use by {users} and cannot be deleted.", "assumed", "delete the rules that use the pool first";
}

const UPDATING: Provisioning = Provisioning::Updating;

/// Backend address pools.
pub(crate) const DESCRIPTOR: Descriptor = Descriptor {
    parent: Some(Kind::LoadBalancers),
    tracked: false,
    since: ApiVersion::date(2014, 12, 1),
    names: NameRule::word(1, 80),
    fields: &[
        Field::read_only("/properties/loadBalancingRules"),
        Field::read_only("/properties/outboundRules"),
        Field::read_only("/properties/backendIPConfigurations"),
    ],
    lifetimes: Lifetimes {
        create: &[Stage::new(UPDATING, 1_000, 5_000)],
        update: &[],
        delete: &[Stage::new(Provisioning::Deleting, 1_000, 5_000)],
    },
    writes: &[
        Write::new(WriteVerb::PutNew, 201).polls(Polls::AsyncOperation),
        Write::new(WriteVerb::PutAgain, 200).polls(Polls::AsyncOperation),
        Write::accepted(WriteVerb::Delete).retry_after_secs(10),
    ],
    errors: ALL,
    ..Descriptor::of("Microsoft.Network/loadBalancers/backendAddressPools", Dialect::Network)
};

/// A backend address pool.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct BackendAddressPool {}

impl ResourceType for BackendAddressPool {
    const DESCRIPTOR: &'static Descriptor = &DESCRIPTOR;

    fn plan_put(_cx: &Cx<'_>, _put: &Put<'_>, _before: Option<&Self>) -> Result<(Self, Plan), CloudError> {
        Ok((BackendAddressPool {}, Plan::new()))
    }

    /// Alone, a pool goes only when no rule uses it; inside its balancer's document the rules go with it.
    fn plan_delete(&self, cx: &Cx<'_>, resource: &Resource) -> Result<Plan, CloudError> {
        let users: Vec<String> = cx
            .incoming(resource.key)
            .filter(|(source, _)| !matches!(source.kind, Kind::NetworkInterfaces | Kind::ScaleSetIpConfigurations))
            .map(|(source, edge)| cx.part_id(source, edge))
            .collect();
        if !users.is_empty() {
            return Err(CloudError::of(&IN_USE)
                .with("pool", cx.id(resource.key))
                .with("users", users.join(", ")));
        }

        Ok(Plan::new())
    }

    fn render(&self, cx: &Cx<'_>, resource: &Resource, view: &View<'_>, document: &mut Document) {
        let properties = &mut document["properties"];
        // ARM 8.2: 2021 and later; the answers of 2025 in observed-arm have it empty.
        if view.version >= ApiVersion::date(2021, 2, 1) && properties.get("loadBalancerBackendAddresses").is_none() {
            properties["loadBalancerBackendAddresses"] = json!([]);
        }
        let users = [
            ("loadBalancingRules", Kind::LoadBalancingRules),
            ("outboundRules", Kind::OutboundRules),
            ("backendIPConfigurations", Kind::NetworkInterfaces),
            ("backendIPConfigurations", Kind::ScaleSetIpConfigurations),
        ];
        write_back_links(cx, resource, &users, properties);
    }

    fn in_use(cx: &Cx<'_>, target: &Resource, _users: &[String]) -> CloudError {
        super::used_by_scale_set(cx, target)
    }
}
