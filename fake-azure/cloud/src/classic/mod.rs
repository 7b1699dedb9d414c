//! Azure's first API: hosted services, deployments and roles over the same fabric as everything else.
//!
//! Classic nouns have an identity grammar of their own (names below a subscription, some names global), so they live in their
//! own tables. Rules read the world and return a `Step`; the transaction commits the whole of it or nothing. How a noun is
//! written in XML, and which status goes with a refusal, is not known here.

mod affinity_groups;
mod call;
mod data_disks;
pub(crate) mod data_plane;
mod deployments;
mod disks;
mod drafting;
pub mod endpoints;
pub mod forms;
mod gateways;
mod hosted_services;
mod images;
mod instances;
mod invariants;
mod load_balancers;
mod management_certificates;
mod media;
mod migration;
mod names;
mod network_configuration;
mod network_security_groups;
pub mod offers;
mod operations;
mod packages;
mod placement;
mod regional;
mod reserved_ips;
mod role_operations;
mod roles;
mod route_tables;
mod service_certificates;
mod service_extensions;
mod storage_services;
mod subscription;
#[cfg(test)]
mod tests;
mod updates;
mod virtual_ips;
mod virtual_networks;

use std::sync::Arc;

use serde::{Deserialize, Serialize};

pub use self::affinity_groups::{AffinityGroup, CreateAffinityGroup, UpdateAffinityGroup};
pub use self::call::{Act, Caller, ClassicCall, RolePlace, Which};
pub use self::data_disks::{AttachDataDisk, UpdateDataDisk};
pub use self::deployments::{CreateDeployment, Deployment, DeploymentKey, DnsServer, Package, Slot, Stage, VirtualIp};
pub use self::disks::{AddDisk, AttachedTo, Disk, UpdateDisk};
pub use self::gateways::{Gateway, GatewayState, SetGateway, Tunnel};
pub use self::hosted_services::{CreateHostedService, ExtendedProperty, HostedService, UpdateHostedService};
pub use self::images::{
    AddOsImage, AddVmImage, ImageDisk, ImageMarketing, ImageName, OsImage, Permission, Publication, Replica,
    UpdateVmImage, VmImage,
};
pub use self::instances::{Phase, Timeline};
pub use self::load_balancers::{InternalLoadBalancer, LoadBalancerSpec};
pub use self::management_certificates::ManagementCertificate;
pub use self::migration::{Subject, ValidationMessage};
pub use self::names::{Named, folded};
pub use self::network_configuration::{
    DnsServerEntry, GatewaySpec, LocalNetworkSite, NetworkConfiguration, SiteSpec, SubnetSpec,
};
pub use self::network_security_groups::{NetworkSecurityGroup, Rule, RuleSpec};
pub use self::operations::{ClassicOperation, History, Page, Parameter};
pub use self::packages::{CreatePackage, ExtensionConfiguration, Instance, InstanceAct, PackageRole};
pub use self::placement::Placement;
pub use self::reserved_ips::{CreateReservedIp, ReservedIp};
pub use self::role_operations::{Capture, CaptureAs, PostShutdown, RoleAct};
pub use self::roles::{
    DataDisk, DataDiskSpec, ExtensionParameter, ExtensionReference, NetworkInterface, NetworkSet, OsDisk, OsDiskSpec,
    Provisioning, PublicIp, PublicIpSpec, Role, RoleSpec,
};
pub use self::route_tables::{NextHop, Route, RouteTable};
pub use self::service_certificates::ServiceCertificate;
pub use self::service_extensions::ServiceExtension;
pub use self::storage_services::{CreateStorageService, StorageService, UpdateStorageService};
pub use self::subscription::Counts;
pub use self::updates::{Update, UpdateDeployment, UpdateMode, UpgradeDeployment};
pub use self::virtual_networks::{Subnet, VirtualNetworkSite};

pub(crate) use self::invariants::check;
pub use self::operations::Hold;
pub(crate) use self::operations::{Reversal, Step, Tick, Work, tick};

use crate::call::{Outcome, Reply};
use crate::cloud::Cloud;
use crate::cx::Cx;
use crate::engine::Transaction;
use crate::error::CloudError;
use crate::key::{Guid, Key};
use crate::operation::OperationId;
use crate::plan::{Effect, Plan};
use crate::table::Table;
use crate::time::Time;

/// Declares the classic tables, the changes a plan can make to them, how to make one, and the plan's setters.
macro_rules! tables {
    ($( $(#[$doc:meta])* $table:ident / $change:ident $( / $method:ident )? : $key:ty => $row:ty ),* $(,)?) => {
        /// The tables of the classic API.
        #[derive(Clone, Debug, Default, Serialize, Deserialize)]
        #[serde(default)]
        pub struct Classic {
            $( $(#[$doc])* pub $table: Table<$key, $row>, )*
        }

        /// One row written, or removed where it is `None`.
        #[derive(Clone, Debug, Serialize, Deserialize)]
        pub(crate) enum Change {
            $( $(#[$doc])* $change($key, Option<Arc<$row>>), )*
        }

        impl Classic {
            /// Makes a change; gives back the change that undoes it.
            pub(crate) fn make(&mut self, change: Change) -> Change {
                match change {
                    $( Change::$change(key, row) => {
                        let before = self.$table.set(key.clone(), row);
                        Change::$change(key, before)
                    } )*
                }
            }
        }

        impl Plan {
            $( $(
                /// Writes or removes such a row.
                #[must_use]
                pub(crate) fn $method(mut self, key: $key, row: Option<$row>) -> Plan {
                    self.effects.push(Effect::Classic(Change::$change(key, row.map(Arc::new))));
                    self
                }
            )? )*
        }
    };
}

tables! {
    // tidy: sorted
    /// Affinity groups.
    affinity_groups / AffinityGroup / affinity_group: Named => AffinityGroup,
    /// Deployments, by the folded name of their hosted service and slot.
    deployments / Deployment / deployment: DeploymentKey => Deployment,
    /// Registered disks.
    disks / Disk / registered_disk: Named => Disk,
    /// Gateways, by virtual network.
    gateways / Gateway / virtual_network_gateway: Named => Gateway,
    /// What is held by a running operation.
    holds / Hold: Hold => OperationId,
    /// Hosted services of the whole cloud by folded name: names are unique across subscriptions.
    hosted_services / HostedService / hosted_service: Box<str> => HostedService,
    /// Management certificates, by subscription and thumbprint in upper case.
    management_certificates / ManagementCertificate / management_certificate: (Key, Box<str>) => ManagementCertificate,
    /// The network configuration of each subscription that has one.
    network_configurations / NetworkConfiguration / network_configuration: Key => NetworkConfiguration,
    /// Network security groups.
    network_security_groups / NetworkSecurityGroup / classic_security_group: Named => NetworkSecurityGroup,
    /// Operations, by id.
    operations / Operation: OperationId => ClassicOperation,
    /// User OS images.
    os_images / OsImage / os_image: Named => OsImage,
    /// Reserved IP addresses.
    reserved_ips / ReservedIp / reserved_ip: Named => ReservedIp,
    /// Route tables.
    route_tables / RouteTable / classic_route_table: Named => RouteTable,
    /// Storage accounts' classic side, by name.
    storage_services / StorageService / storage_service: Box<str> => StorageService,
    /// Virtual network sites: what the service made of the network configuration.
    virtual_networks / VirtualNetwork / virtual_network_site: Named => VirtualNetworkSite,
    /// User VM images.
    vm_images / VmImage / vm_image: Named => VmImage,
    // tidy: end
}

impl Cloud {
    /// The tables of the classic API.
    pub fn classic(&self) -> &Classic {
        &self.classic
    }

    /// An operation of the classic API.
    pub fn classic_operation(&self, id: OperationId) -> Option<&ClassicOperation> {
        self.classic.operations.get(&id)
    }
}

/// Performs a write of the classic API; what a refused one had begun is undone.
pub(crate) fn apply(cloud: &mut Cloud, call: &ClassicCall) -> Result<Reply, CloudError> {
    Transaction::run(cloud, |tx| {
        let id = tx.cloud.streams.guid();
        let cx = tx.cx();
        let subscription = cx
            .subscription(call.subscription)
            .ok_or_else(|| CloudError::of(&forms::FORBIDDEN))?;
        let asked = Asked {
            subscription,
            fresh: Fresh(id),
            request: OperationId(id),
        };
        let step = call::plan(&cx, &asked, &call.act)?;
        let operation = operations::begin(tx, &asked, call, step)?;
        Ok(Reply {
            outcome: Outcome::Acted(None),
            operation: Some(operation),
        })
    })
}

/// What every rule is told about the request.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Asked {
    /// The subscription in the path.
    pub(crate) subscription: Key,
    /// GUIDs for what the request makes.
    pub(crate) fresh: Fresh,
    /// The operation that the request will be.
    pub(crate) request: OperationId,
}

impl Asked {
    /// A name below the subscription.
    pub(crate) fn named(&self, name: &str) -> Named {
        Named::new(self.subscription, name)
    }
}

/// GUIDs that follow from the one drawn for a request: rules draw nothing.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fresh(pub(crate) Guid);

impl Fresh {
    /// The `n`th of them.
    pub(crate) fn guid(self, n: u128) -> Guid {
        let mut bits = self.0.0 ^ (n + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835);
        for _ in 0..2 {
            bits ^= bits >> 67;
            bits = bits.wrapping_mul(0xd6e8_feb8_6659_fd93_a5a3_5643_0c5b_2a97);
            bits ^= bits >> 61;
        }
        Guid::from_random(bits)
    }

    /// A number from 0 up to `below`.
    pub(crate) fn number(self, n: u128, below: u128) -> u32 {
        u32::try_from(self.guid(n).0 % below.max(1)).unwrap_or(0)
    }
}

/// Moments of a row's life, as the API prints them.
pub(crate) fn at_or_after(one: Time, other: Time) -> Time {
    one.max(other)
}

impl<'a> Cx<'a> {
    /// The tables of the classic API.
    pub fn classic(&self) -> &'a Classic {
        self.cloud().classic()
    }

    /// The key of a subscription.
    pub(crate) fn subscription(&self, id: Guid) -> Option<Key> {
        self.cloud().subscription(id).map(|subscription| subscription.key)
    }
}
