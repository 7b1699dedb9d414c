//! What the generations differ in (juju-provider 0.2, appendix C).
//!
//! Data, and nothing that acts: an operation reads here which way it goes, and knows no generation by its name.

use super::choose_size::PriceOrder;
use crate::Generation;
use crate::policy::{SignIn, UserAgent};

/// Api-versions of calls (juju-provider 1.2, the second table).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Versions {
    pub(crate) compute: &'static str,
    /// Of machines whose data disks are read and changed: only later versions tell which controller they are on (juju-provider L29).
    pub(crate) data_disks: &'static str,
    /// Managed disks have versions of their own.
    pub(crate) disks: &'static str,
    pub(crate) network: &'static str,
    pub(crate) resources: &'static str,
    /// The list of what compute sells.
    pub(crate) skus: &'static str,
    pub(crate) storage: &'static str,
}

/// Api-versions of resources inside a template.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TemplateVersions {
    pub(crate) compute: &'static str,
    pub(crate) network: &'static str,
    pub(crate) storage: &'static str,
}

/// How resources are made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Making {
    /// Each by its own PUT, waited for.
    Singly,
    /// What machines share by the deployment `common`, each machine by one of its own.
    Deployments {
        versions: TemplateVersions,
        /// Whether a machine is waited for, or reported by its state.
        awaited: bool,
    },
}

/// What says which instances there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Index {
    /// Tagged network interfaces.
    Interfaces,
    /// Deployments of machines.
    Deployments,
    /// Virtual machines, and deployments of those that are not there yet.
    VirtualMachines,
}

/// Where disks are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Disks {
    /// Blobs in an account of the environment's.
    Blobs,
    /// Resources of their own.
    Managed,
}

/// How a machine comes to its private address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PrivateAddress {
    /// The lowest that no interface has.
    LowestFree,
    /// The one whose number in the subnet is that of the machine.
    OfMachine,
    /// Azure chooses.
    Dynamic,
}

/// Which API tells the sizes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SizesApi {
    /// `vmSizes` of the location.
    VmSizes,
    /// `skus` of the subscription, with what it may not have.
    Skus,
}

/// How a resource group is named.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum GroupName {
    /// `juju-<name>-environment-<uuid>`
    Environment,
    /// `juju-<name>-model-<uuid>`
    Model,
    /// `juju-<name>-<first 8 of uuid>`, or that of before where it exists.
    Short,
}

/// One generation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Profile {
    pub(crate) sign_in: SignIn,
    pub(crate) user_agent: UserAgent,
    pub(crate) versions: Versions,
    pub(crate) making: Making,
    pub(crate) index: Index,
    pub(crate) disks: Disks,
    pub(crate) private_address: PrivateAddress,
    pub(crate) sizes: SizesApi,
    pub(crate) prices: PriceOrder,
    pub(crate) group_name: GroupName,
    /// Rules for single networks, and not for the world alone.
    pub(crate) rule_sources: bool,
    /// One rule for each port of the API, and not one for all.
    pub(crate) api_rules_by_port: bool,
    /// The constraint `allocate-public-ip`.
    pub(crate) honours_public_ip: bool,
    /// `subnet=` as placement.
    pub(crate) subnet_placement: bool,
    /// The next family of sizes where one has no quota.
    pub(crate) quota_walk: bool,
    /// What is missing of a few instances is looked for again.
    pub(crate) looks_again: bool,
    /// The subnet is deleted before its group (the ARM notes).
    pub(crate) subnet_goes_first: bool,
    /// Least size of the OS disk in GiB; None: that of the image.
    pub(crate) root_disk_gib: Option<u64>,
    /// Deployments carry tags (juju-provider L57); the older versions know none.
    pub(crate) tagged_deployments: bool,
}

const A1: Profile = Profile {
    sign_in: SignIn::V1,
    user_agent: UserAgent::Sdk2016,
    // Between those of A0 and of 2.0; storage still takes `accountType`.
    versions: Versions {
        compute: "2015-06-15",
        data_disks: "2015-06-15",
        disks: "2016-04-30-preview",
        network: "2015-06-15",
        resources: "2015-11-01",
        skus: "2017-03-30",
        storage: "2015-06-15",
    },
    making: Making::Singly,
    index: Index::Interfaces,
    disks: Disks::Blobs,
    private_address: PrivateAddress::LowestFree,
    sizes: SizesApi::VmSizes,
    prices: PriceOrder::Names2016,
    group_name: GroupName::Environment,
    rule_sources: false,
    api_rules_by_port: false,
    honours_public_ip: false,
    subnet_placement: false,
    quota_walk: false,
    looks_again: false,
    subnet_goes_first: true,
    root_disk_gib: None,
    tagged_deployments: false,
};

const A4: Profile = Profile {
    sign_in: SignIn::V1,
    user_agent: UserAgent::Sdk2017,
    versions: Versions {
        compute: "2016-03-30",
        data_disks: "2016-03-30",
        disks: "2016-04-30-preview",
        network: "2016-06-01",
        resources: "2016-02-01",
        skus: "2017-03-30",
        storage: "2016-01-01",
    },
    making: Making::Deployments {
        versions: TemplateVersions {
            compute: "2016-03-30",
            network: "2016-06-01",
            storage: "2016-01-01",
        },
        awaited: false,
    },
    index: Index::Deployments,
    disks: Disks::Blobs,
    private_address: PrivateAddress::OfMachine,
    sizes: SizesApi::VmSizes,
    prices: PriceOrder::Names2016,
    group_name: GroupName::Model,
    rule_sources: true,
    api_rules_by_port: false,
    honours_public_ip: false,
    subnet_placement: false,
    quota_walk: false,
    looks_again: false,
    subnet_goes_first: false,
    root_disk_gib: Some(30),
    tagged_deployments: false,
};

const A7: Profile = Profile {
    sign_in: SignIn::V2,
    user_agent: UserAgent::Sdk2022,
    versions: Versions {
        compute: "2022-03-01",
        data_disks: "2022-08-01",
        disks: "2022-03-02",
        network: "2021-05-01",
        resources: "2021-04-01",
        skus: "2021-07-01",
        storage: "2021-04-01",
    },
    making: Making::Deployments {
        versions: TemplateVersions {
            compute: "2021-11-01",
            network: "2018-08-01",
            storage: "2018-07-01",
        },
        awaited: true,
    },
    index: Index::VirtualMachines,
    disks: Disks::Managed,
    private_address: PrivateAddress::Dynamic,
    sizes: SizesApi::Skus,
    prices: PriceOrder::Families2022,
    group_name: GroupName::Short,
    rule_sources: true,
    api_rules_by_port: true,
    honours_public_ip: true,
    subnet_placement: true,
    quota_walk: true,
    looks_again: true,
    subnet_goes_first: false,
    root_disk_gib: Some(30),
    tagged_deployments: true,
};

impl Generation {
    /// What it is made of.
    pub(crate) fn profile(self) -> &'static Profile {
        match self {
            Self::A1 => &A1,
            Self::A4 => &A4,
            Self::A7 => &A7,
        }
    }
}

impl Profile {
    pub(crate) fn has_managed_disks(&self) -> bool {
        self.disks == Disks::Managed
    }

    /// Versions of templates; None where there are none.
    pub(crate) fn template_versions(&self) -> Option<TemplateVersions> {
        match self.making {
            Making::Singly => None,
            Making::Deployments { versions, .. } => Some(versions),
        }
    }
}
