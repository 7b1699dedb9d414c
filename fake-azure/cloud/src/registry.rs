//! The table of resource types. To add a type: write its file under `types/`, add its row here.

use serde::{Deserialize, Serialize};

use crate::Document;
use crate::cx::Cx;
use crate::descriptor::Descriptor;
use crate::error::CloudError;
use crate::id::ResourceId;
use crate::key::Key;
use crate::operation::Doing;
use crate::plan::Plan;
use crate::resource::Resource;
use crate::types::{self, Act, Put, ResourceType, View};

/// Declares the kinds, the state that each keeps, and the way from a kind to its rules.
macro_rules! registry {
    ($first:ident: $first_path:path, $( $kind:ident: $path:path, )* ; $last:ident) => {
        /// The resource types, in the order of their names here.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[expect(missing_docs, reason = "each is described by its file")]
        pub enum Kind { $first, $( $kind, )* }

        /// Spec and facts of a resource, as its type keeps them.
        #[derive(Clone, Debug, Serialize, Deserialize)]
        #[expect(missing_docs, reason = "each is described by its file")]
        pub enum State { $first($first_path), $( $kind($path), )* }

        impl Kind {
            /// Every type.
            pub const ALL: &'static [Kind] = &[Kind::$first, $( Kind::$kind, )*];
            pub(crate) const FIRST: Kind = Kind::$first;
            pub(crate) const LAST: Kind = Kind::$last;

            /// The type's constants.
            pub fn descriptor(self) -> &'static Descriptor {
                match self {
                    Kind::$first => <$first_path as ResourceType>::DESCRIPTOR,
                    $( Kind::$kind => <$path as ResourceType>::DESCRIPTOR, )*
                }
            }

            pub(crate) fn plan_put(self, cx: &Cx<'_>, put: &Put<'_>) -> Result<(State, Plan), CloudError> {
                match self {
                    Kind::$first => {
                        let before = match put.existing.map(|resource| &resource.state) {
                            Some(State::$first(state)) => Some(state),
                            _ => None,
                        };
                        <$first_path as ResourceType>::plan_put(cx, put, before).map(|(state, plan)| (State::$first(state), plan))
                    }
                    $( Kind::$kind => {
                        let before = match put.existing.map(|resource| &resource.state) {
                            Some(State::$kind(state)) => Some(state),
                            _ => None,
                        };
                        <$path as ResourceType>::plan_put(cx, put, before).map(|(state, plan)| (State::$kind(state), plan))
                    } )*
                }
            }

            pub(crate) fn check_children(self, cx: &Cx<'_>, parent: &Resource, written: &[Key]) -> Result<(), CloudError> {
                match self {
                    Kind::$first => <$first_path as ResourceType>::check_children(cx, parent, written),
                    $( Kind::$kind => <$path as ResourceType>::check_children(cx, parent, written), )*
                }
            }

            pub(crate) fn not_found(self, id: &ResourceId) -> Option<CloudError> {
                match self {
                    Kind::$first => <$first_path as ResourceType>::not_found(id),
                    $( Kind::$kind => <$path as ResourceType>::not_found(id), )*
                }
            }

            pub(crate) fn claimed(self, cx: &Cx<'_>, target: &Resource, holder: &str, claimant: &str) -> CloudError {
                match self {
                    Kind::$first => <$first_path as ResourceType>::claimed(cx, target, holder, claimant),
                    $( Kind::$kind => <$path as ResourceType>::claimed(cx, target, holder, claimant), )*
                }
            }

            pub(crate) fn in_use(self, cx: &Cx<'_>, target: &Resource, users: &[String]) -> CloudError {
                match self {
                    Kind::$first => <$first_path as ResourceType>::in_use(cx, target, users),
                    $( Kind::$kind => <$path as ResourceType>::in_use(cx, target, users), )*
                }
            }

            pub(crate) fn busy(self, cx: &Cx<'_>, resource: &Resource, doing: &Doing) -> Result<(), CloudError> {
                match self {
                    Kind::$first => <$first_path as ResourceType>::busy(cx, resource, doing),
                    $( Kind::$kind => <$path as ResourceType>::busy(cx, resource, doing), )*
                }
            }
        }

        impl State {
            pub(crate) fn plan_delete(&self, cx: &Cx<'_>, resource: &Resource) -> Result<Plan, CloudError> {
                match self {
                    State::$first(state) => state.plan_delete(cx, resource),
                    $( State::$kind(state) => state.plan_delete(cx, resource), )*
                }
            }

            pub(crate) fn plan_removal(&self, cx: &Cx<'_>, resource: &Resource) -> Plan {
                match self {
                    State::$first(state) => state.plan_removal(cx, resource),
                    $( State::$kind(state) => state.plan_removal(cx, resource), )*
                }
            }

            pub(crate) fn plan_action(&self, cx: &Cx<'_>, resource: &Resource, act: &Act<'_>) -> Result<(State, Plan), CloudError> {
                match self {
                    State::$first(state) => state.plan_action(cx, resource, act).map(|(state, plan)| (State::$first(state), plan)),
                    $( State::$kind(state) => state.plan_action(cx, resource, act).map(|(state, plan)| (State::$kind(state), plan)), )*
                }
            }

            pub(crate) fn settle(&self, cx: &Cx<'_>, resource: &Resource, doing: &Doing, failed: bool) -> (State, Plan) {
                match self {
                    State::$first(state) => {
                        let (state, plan) = state.settle(cx, resource, doing, failed);
                        (State::$first(state), plan)
                    }
                    $( State::$kind(state) => {
                        let (state, plan) = state.settle(cx, resource, doing, failed);
                        (State::$kind(state), plan)
                    } )*
                }
            }

            pub(crate) fn write_out(&self, cx: &Cx<'_>, resource: &Resource, document: &mut Document) {
                match self {
                    State::$first(state) => state.write_out(cx, resource, document),
                    $( State::$kind(state) => state.write_out(cx, resource, document), )*
                }
            }

            pub(crate) fn render(&self, cx: &Cx<'_>, resource: &Resource, view: &View<'_>, document: &mut Document) {
                match self {
                    State::$first(state) => state.render(cx, resource, view, document),
                    $( State::$kind(state) => state.render(cx, resource, view, document), )*
                }
            }
        }
    };
}

registry! {
    ResourceGroups: types::resources::resource_groups::ResourceGroup,
    // tidy: sorted
    ApplicationSecurityGroups: types::network::application_security_groups::ApplicationSecurityGroup,
    AvailabilitySets: types::compute::availability_sets::AvailabilitySet,
    BackendAddressPools: types::network::load_balancers::backend_address_pools::BackendAddressPool,
    BlobContainers: types::storage::blob_containers::BlobContainer,
    BlobServices: types::storage::blob_services::BlobService,
    DiskEncryptionSets: types::compute::disk_encryption_sets::DiskEncryptionSet,
    Disks: types::compute::disks::ManagedDisk,
    FrontendIpConfigurations: types::network::load_balancers::frontend_ip_configurations::FrontendIpConfiguration,
    Images: types::compute::images::CapturedImage,
    InboundNatPools: types::network::load_balancers::inbound_nat_pools::InboundNatPool,
    InboundNatRules: types::network::load_balancers::inbound_nat_rules::InboundNatRule,
    LoadBalancers: types::network::load_balancers::LoadBalancer,
    LoadBalancingRules: types::network::load_balancers::load_balancing_rules::LoadBalancingRule,
    NetworkInterfaces: types::network::network_interfaces::NetworkInterface,
    NetworkSecurityGroups: types::network::network_security_groups::NetworkSecurityGroup,
    NetworkWatchers: types::network::network_watchers::NetworkWatcher,
    OutboundRules: types::network::load_balancers::outbound_rules::OutboundRule,
    Probes: types::network::load_balancers::probes::Probe,
    PublicIpAddresses: types::network::public_ip_addresses::PublicIpAddress,
    RouteTables: types::network::route_tables::RouteTable,
    Routes: types::network::routes::Route,
    ScaleSetInterfaces: types::compute::scale_sets::interfaces::ScaleSetInterface,
    ScaleSetIpConfigurations: types::compute::scale_sets::ip_configurations::ScaleSetIpConfiguration,
    ScaleSetMachines: types::compute::scale_sets::machines::ScaleSetMachine,
    ScaleSetPublicIpAddresses: types::compute::scale_sets::public_ip_addresses::ScaleSetPublicIpAddress,
    ScaleSets: types::compute::scale_sets::ScaleSet,
    SecurityRules: types::network::security_rules::SecurityRule,
    Snapshots: types::compute::snapshots::Snapshot,
    StorageAccounts: types::storage::storage_accounts::StorageAccount,
    Subnets: types::network::subnets::Subnet,
    Vaults: types::key_vault::vaults::KeyVault,
    VirtualMachineExtensions: types::compute::extensions::Extension,
    VirtualMachines: types::compute::virtual_machines::VirtualMachine,
    VirtualNetworkPeerings: types::network::virtual_network_peerings::VirtualNetworkPeering,
    VirtualNetworks: types::network::virtual_networks::VirtualNetwork,
    // tidy: end
    ; VirtualNetworks
}

impl Kind {
    /// The type of a namespace and type path, in any case.
    pub fn find(namespace: &str, type_path: &str) -> Option<Kind> {
        Kind::ALL.iter().copied().find(|kind| {
            let descriptor = kind.descriptor();
            // Lengths first: this is asked for every request.
            descriptor.name.len() == namespace.len() + 1 + type_path.len()
                && descriptor.namespace().eq_ignore_ascii_case(namespace)
                && descriptor.type_path().eq_ignore_ascii_case(type_path)
        })
    }

    /// Whether a provider of this namespace is implemented at all.
    pub fn knows_namespace(namespace: &str) -> bool {
        Kind::ALL
            .iter()
            .any(|kind| kind.descriptor().namespace().eq_ignore_ascii_case(namespace))
    }
}
