//! Limits as data: one profile per era, in the order and under the names of the usages answers.
//!
//! A profile says how many; it refuses to know how many there are. What counts, what it counts against and which error
//! follows are rules elsewhere. A key that a profile does not have is not limited in that era.

mod current;

use super::Month;

/// An era of Azure, by which defaults are chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Era {
    /// The classic API's heyday.
    Classic2014,
    /// Early ARM, as Juju's notes describe it.
    Arm2016,
    /// Today.
    Current,
}

impl Era {
    /// Every era, oldest first.
    pub const ALL: [Era; 3] = [Era::Classic2014, Era::Arm2016, Era::Current];

    /// The profile name: `2014`, `2016`, `current`.
    pub const fn name(self) -> &'static str {
        match self {
            Era::Classic2014 => "2014",
            Era::Arm2016 => "2016",
            Era::Current => "current",
        }
    }

    /// Finds an era by its profile name.
    pub fn find(name: &str) -> Option<Era> {
        Era::ALL.into_iter().find(|era| era.name().eq_ignore_ascii_case(name))
    }

    /// The month whose catalogue goes with the era.
    pub const fn month(self) -> Month {
        match self {
            Era::Classic2014 => Month::new(2014, 12),
            Era::Arm2016 => Month::new(2016, 5),
            Era::Current => Month::EVER,
        }
    }

    /// The limits of the era.
    pub const fn limits(self) -> &'static LimitProfile {
        match self {
            Era::Classic2014 => &PROFILE_2014,
            Era::Arm2016 => &PROFILE_2016,
            Era::Current => &PROFILE_CURRENT,
        }
    }
}

/// What a limit is counted within.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// The whole subscription.
    Subscription,
    /// A subscription in one region.
    SubscriptionRegion,
    /// A resource group.
    ResourceGroup,
    /// One resource and what it contains.
    Parent,
    /// One request or value: sizes, lengths, ranges.
    Value,
}

/// One limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LimitRow {
    /// `name.value` of the usages answer where there is one, `PublicIPAddresses`; else a name in the same style.
    pub key: &'static str,
    /// `name.localizedValue`; empty for limits that no usages answer lists.
    pub localized: &'static str,
    /// The largest number allowed, in the unit that the key names; a count if it names none.
    pub limit: i64,
    /// What it is counted within.
    pub scope: Scope,
    /// The evidence.
    pub source: &'static str,
}

impl LimitRow {
    /// Whether a usages answer lists it.
    pub const fn is_listed(&self) -> bool {
        !self.localized.is_empty()
    }
}

const fn listed(
    key: &'static str,
    localized: &'static str,
    limit: i64,
    scope: Scope,
    source: &'static str,
) -> LimitRow {
    LimitRow {
        key,
        localized,
        limit,
        scope,
        source,
    }
}

const fn rule(key: &'static str, limit: i64, scope: Scope, source: &'static str) -> LimitRow {
    LimitRow {
        key,
        localized: "",
        limit,
        scope,
        source,
    }
}

/// The limits of an era, by the service that enforces them.
#[derive(Debug, PartialEq, Eq)]
pub struct LimitProfile {
    /// The era.
    pub era: Era,
    /// `Microsoft.Network`, in the order of its usages answer.
    pub network: &'static [LimitRow],
    /// `Microsoft.Compute`, in the order of its usages answer.
    pub compute: &'static [LimitRow],
    /// `Microsoft.Storage`.
    pub storage: &'static [LimitRow],
    /// Resource groups, tags, deployments, templates, locks, roles.
    pub resources: &'static [LimitRow],
    /// Sizes and counts of virtual machines and sets that no usages answer lists.
    pub machines: &'static [LimitRow],
    /// The classic API.
    pub classic: &'static [LimitRow],
}

impl LimitProfile {
    /// The profile's name: `2014`, `2016`, `current`.
    pub const fn name(&self) -> &'static str {
        self.era.name()
    }

    /// Every row, service by service.
    pub fn rows(&self) -> impl Iterator<Item = &'static LimitRow> + use<> {
        [
            self.network,
            self.compute,
            self.storage,
            self.resources,
            self.machines,
            self.classic,
        ]
        .into_iter()
        .flatten()
    }

    /// The row of a key; case does not count.
    pub fn row(&self, key: &str) -> Option<&'static LimitRow> {
        self.rows().find(|row| row.key.eq_ignore_ascii_case(key))
    }

    /// The limit of a key; `None` where the era has none.
    pub fn get(&self, key: &str) -> Option<i64> {
        self.row(key).map(|row| row.limit)
    }
}

const RUBY_NETWORK: &str = "ARM 4.1 (RUBY usages, westus 2016-05)";
const XPL_NETWORK: &str = "observed-arm usages, westus 2017-08";
const RUBY_COMPUTE: &str = "ARM 4.2 (RUBY usages, westus 2016-05)";
const RUBY_STORAGE: &str = "observed-arm usages (RUBY, 2016-05)";
const XPL_COMPUTE: &str = "observed-arm usages, westus 2017-06";
const GEN_NETWORK: &str = "ARM 4.1, per-object limits of 2016 (GEN)";
const ARM_4_3: &str = "ARM 4.3";
const ARM_1_5: &str = "ARM 1.5";
const SM_4_1: &str = "service-management 4.1 (PYR)";
const SM_15: &str = "service-management 15";

/// Network, 2016: the first eight rows as in 2016-05, the last three as they joined behind them until 2017-08. Per-object
/// limits were enforced but not listed.
#[rustfmt::skip]
static NETWORK_2016: &[LimitRow] = &[
    listed("VirtualNetworks", "Virtual Networks", 50, Scope::SubscriptionRegion, RUBY_NETWORK),
    listed("StaticPublicIPAddresses", "Static Public IP Addresses", 20, Scope::SubscriptionRegion, RUBY_NETWORK),
    listed("NetworkSecurityGroups", "Network Security Groups", 100, Scope::SubscriptionRegion, RUBY_NETWORK),
    listed("PublicIPAddresses", "Public IP Addresses", 60, Scope::SubscriptionRegion, RUBY_NETWORK),
    listed("NetworkInterfaces", "Network Interfaces", 300, Scope::SubscriptionRegion, RUBY_NETWORK),
    listed("LoadBalancers", "Load Balancers", 100, Scope::SubscriptionRegion, RUBY_NETWORK),
    listed("ApplicationGateways", "Application Gateways", 50, Scope::SubscriptionRegion, RUBY_NETWORK),
    listed("RouteTables", "Route Tables", 100, Scope::SubscriptionRegion, RUBY_NETWORK),
    listed("RouteFilters", "Route Filters", 1000, Scope::SubscriptionRegion, XPL_NETWORK),
    listed("NetworkWatchers", "Network Watchers", 1, Scope::SubscriptionRegion, XPL_NETWORK),
    listed("PacketCaptures", "Packet Captures", 10, Scope::SubscriptionRegion, XPL_NETWORK),
    rule("DnsServersPerVirtualNetwork", 9, Scope::Parent, GEN_NETWORK),
    rule("SubnetsPerVirtualNetwork", 1000, Scope::Parent, GEN_NETWORK),
    rule("IPConfigurationsPerVirtualNetwork", 4096, Scope::Parent, GEN_NETWORK),
    rule("PeeringsPerVirtualNetwork", 10, Scope::Parent, GEN_NETWORK),
    rule("SecurityRulesPerNetworkSecurityGroup", 200, Scope::Parent, GEN_NETWORK),
    rule("InboundRulesPerLoadBalancer", 150, Scope::Parent, GEN_NETWORK),
    rule("FrontendIPConfigurationPerLoadBalancer", 5, Scope::Parent, GEN_NETWORK),
    rule("FrontendIPConfigurationPerInternalLoadBalancer", 1, Scope::Parent, GEN_NETWORK),
    rule("RoutesPerRouteTable", 100, Scope::Parent, GEN_NETWORK),
];

/// Compute, 2016. Families had no quota of their own before 2016-12 (ARM 4.2). `cores` is what the recording shows; the
/// documented default of a new subscription was 20, which `cores=20` restores.
#[rustfmt::skip]
static COMPUTE_2016: &[LimitRow] = &[
    listed("availabilitySets", "Availability Sets", 2000, Scope::SubscriptionRegion, RUBY_COMPUTE),
    listed("cores", "Total Regional Cores", 100, Scope::SubscriptionRegion, RUBY_COMPUTE),
    listed("virtualMachines", "Virtual Machines", 10000, Scope::SubscriptionRegion, RUBY_COMPUTE),
    listed("virtualMachineScaleSets", "Virtual Machine Scale Sets", 50, Scope::SubscriptionRegion, RUBY_COMPUTE),
    rule("StandardDiskCount", 2000, Scope::SubscriptionRegion, XPL_COMPUTE),
    rule("PremiumDiskCount", 2000, Scope::SubscriptionRegion, XPL_COMPUTE),
];

/// Compute before 2016: as 2016 with the documented core default of that time.
#[rustfmt::skip]
static COMPUTE_2014: &[LimitRow] = &[
    listed("availabilitySets", "Availability Sets", 2000, Scope::SubscriptionRegion, "assumed: as 2016"),
    listed("cores", "Total Regional Cores", 20, Scope::SubscriptionRegion, "ARM 4.2 (DOCS default)"),
    listed("virtualMachines", "Virtual Machines", 10000, Scope::SubscriptionRegion, "assumed: as 2016"),
];

#[rustfmt::skip]
static STORAGE_2016: &[LimitRow] = &[
    listed("StorageAccounts", "Storage Accounts", 100, Scope::Subscription, RUBY_STORAGE),
];

#[rustfmt::skip]
static STORAGE_CURRENT: &[LimitRow] = &[
    listed("StorageAccounts", "Storage Accounts", 250, Scope::SubscriptionRegion, ARM_4_3),
];

#[rustfmt::skip]
static RESOURCES_2016: &[LimitRow] = &[
    rule("ResourceGroups", 800, Scope::Subscription, ARM_4_3),
    rule("ResourcesPerResourceGroupPerType", 800, Scope::ResourceGroup, ARM_4_3),
    rule("DeploymentsPerResourceGroup", 800, Scope::ResourceGroup, ARM_4_3),
    rule("LocksPerScope", 20, Scope::Parent, ARM_4_3),
    rule("RoleAssignments", 2000, Scope::Subscription, ARM_4_3),
    rule("TagsPerResource", 15, Scope::Parent, ARM_1_5),
    rule("TagNameLength", 512, Scope::Value, ARM_1_5),
    rule("StorageAccountTagNameLength", 128, Scope::Value, ARM_1_5),
    rule("TagValueLength", 256, Scope::Value, ARM_1_5),
    rule("RequestBodyBytes", 4_194_304, Scope::Value, ARM_4_3),
    rule("TemplateBytes", 1_048_576, Scope::Value, ARM_4_3),
    rule("TemplateParameterFileBytes", 65_536, Scope::Value, ARM_4_3),
    rule("TemplateParameters", 256, Scope::Value, ARM_4_3),
    rule("TemplateVariables", 256, Scope::Value, ARM_4_3),
    rule("TemplateResources", 800, Scope::Value, ARM_4_3),
    rule("TemplateOutputs", 64, Scope::Value, ARM_4_3),
    rule("TemplateExpressionLength", 24_576, Scope::Value, ARM_4_3),
    rule("TemplateCopyCount", 800, Scope::Value, ARM_4_3),
    rule("TemplateNestingDepth", 5, Scope::Value, ARM_4_3),
    rule("ResourceGroupsPerDeployment", 5, Scope::Value, ARM_4_3),
];

#[rustfmt::skip]
static RESOURCES_CURRENT: &[LimitRow] = &[
    rule("ResourceGroups", 980, Scope::Subscription, ARM_4_3),
    rule("ResourcesPerResourceGroupPerType", 800, Scope::ResourceGroup, ARM_4_3),
    rule("DeploymentsPerResourceGroup", 800, Scope::ResourceGroup, ARM_4_3),
    rule("DeploymentsPerSubscriptionLocation", 800, Scope::SubscriptionRegion, ARM_4_3),
    rule("LocksPerScope", 20, Scope::Parent, ARM_4_3),
    rule("RoleAssignments", 4000, Scope::Subscription, ARM_4_3),
    rule("TagsPerResource", 50, Scope::Parent, ARM_1_5),
    rule("UniqueTagsPerSubscription", 80_000, Scope::Subscription, ARM_4_3),
    rule("TagNameLength", 512, Scope::Value, ARM_1_5),
    rule("StorageAccountTagNameLength", 128, Scope::Value, ARM_1_5),
    rule("TagValueLength", 256, Scope::Value, ARM_1_5),
    rule("RequestBodyBytes", 4_194_304, Scope::Value, ARM_4_3),
    rule("TemplateBytes", 4_194_304, Scope::Value, ARM_4_3),
    rule("TemplateResourceDefinitionBytes", 1_048_576, Scope::Value, ARM_4_3),
    rule("TemplateParameters", 256, Scope::Value, ARM_4_3),
    rule("TemplateVariables", 256, Scope::Value, ARM_4_3),
    rule("TemplateResources", 800, Scope::Value, ARM_4_3),
    rule("TemplateOutputs", 64, Scope::Value, ARM_4_3),
    rule("TemplateExpressionLength", 24_576, Scope::Value, ARM_4_3),
    rule("TemplateCopyCount", 800, Scope::Value, ARM_4_3),
    rule("TemplateNestingDepth", 5, Scope::Value, ARM_4_3),
    rule("ResourceGroupsPerDeployment", 800, Scope::Value, ARM_4_3),
];

#[rustfmt::skip]
static MACHINES_2016: &[LimitRow] = &[
    rule("VirtualMachinesPerAvailabilitySet", 100, Scope::Parent, ARM_4_3),
    rule("FaultDomainsPerAvailabilitySet", 3, Scope::Value, ARM_4_3),
    rule("UpdateDomainsPerAvailabilitySet", 20, Scope::Value, ARM_4_3),
    rule("CustomDataBytes", 65_535, Scope::Value, ARM_4_3),
    rule("UnmanagedOSDiskSizeInGB", 1023, Scope::Value, ARM_4_3),
    rule("UnmanagedDataDiskSizeInGB", 1023, Scope::Value, ARM_4_3),
    rule("ManagedDiskSizeInGB", 1023, Scope::Value, ARM_4_3),
    rule("PageBlobSizeInGB", 1024, Scope::Value, ARM_4_3),
];

#[rustfmt::skip]
static MACHINES_CURRENT: &[LimitRow] = &[
    rule("VirtualMachinesPerAvailabilitySet", 200, Scope::Parent, ARM_4_3),
    rule("FaultDomainsPerAvailabilitySet", 3, Scope::Value, ARM_4_3),
    rule("UpdateDomainsPerAvailabilitySet", 20, Scope::Value, ARM_4_3),
    rule("CustomDataBytes", 65_535, Scope::Value, ARM_4_3),
    rule("UnmanagedOSDiskSizeInGB", 2048, Scope::Value, ARM_4_3),
    rule("UnmanagedDataDiskSizeInGB", 4095, Scope::Value, ARM_4_3),
    rule("ManagedDiskSizeInGB", 32_767, Scope::Value, ARM_4_3),
    rule("PageBlobSizeInGB", 8192, Scope::Value, ARM_4_3),
];

/// Classic, every era; the names of `GET /{subscription}` (SM 4.1) where it prints them. Classic storage accounts:
/// `MaxStorageAccounts`, 100 from 2014 on.
#[rustfmt::skip]
static CLASSIC: &[LimitRow] = &[
    rule("MaxCoreCount", 20, Scope::Subscription, SM_4_1),
    rule("MaxStorageAccounts", 100, Scope::Subscription, SM_4_1),
    rule("MaxHostedServices", 20, Scope::Subscription, SM_4_1),
    rule("MaxVirtualNetworkSites", 50, Scope::Subscription, SM_4_1),
    rule("MaxLocalNetworkSites", 20, Scope::Subscription, SM_4_1),
    rule("MaxDnsServers", 20, Scope::Subscription, SM_4_1),
    rule("MaxReservedIPs", 20, Scope::Subscription, SM_4_1),
    rule("MaxPublicIPCount", 5, Scope::Subscription, SM_4_1),
    rule("MaxNetworkSecurityGroups", 100, Scope::Subscription, SM_4_1),
    rule("MaxNetworkSecurityRulesPerGroup", 200, Scope::Parent, SM_4_1),
    rule("MaxRouteTables", 100, Scope::Subscription, SM_4_1),
    rule("MaxRoutesPerRouteTable", 100, Scope::Parent, SM_4_1),
    rule("MaxAffinityGroups", 256, Scope::Subscription, SM_15),
    rule("MaxManagementCertificates", 100, Scope::Subscription, SM_15),
    rule("RolesPerHostedService", 50, Scope::Parent, SM_15),
    rule("RolesPerPackageDeployment", 25, Scope::Parent, SM_15),
    rule("InputEndpointsPerHostedService", 150, Scope::Parent, SM_15),
    rule("AccessControlRulesPerEndpoint", 50, Scope::Parent, SM_15),
    rule("InternalLoadBalancersPerDeployment", 1, Scope::Parent, SM_15),
    rule("VirtualIPsPerDeployment", 5, Scope::Parent, SM_15),
    rule("ClassicDiskSizeInGB", 1023, Scope::Value, SM_15),
    rule("ClassicMaxLun", 31, Scope::Value, SM_15),
    rule("ClassicCustomDataBytes", 65_536, Scope::Value, SM_15),
];

static PROFILE_2014: LimitProfile = LimitProfile {
    era: Era::Classic2014,
    network: NETWORK_2016,
    compute: COMPUTE_2014,
    storage: STORAGE_2016,
    resources: RESOURCES_2016,
    machines: MACHINES_2016,
    classic: CLASSIC,
};

static PROFILE_2016: LimitProfile = LimitProfile {
    era: Era::Arm2016,
    network: NETWORK_2016,
    compute: COMPUTE_2016,
    storage: STORAGE_2016,
    resources: RESOURCES_2016,
    machines: MACHINES_2016,
    classic: CLASSIC,
};

static PROFILE_CURRENT: LimitProfile = LimitProfile {
    era: Era::Current,
    network: current::NETWORK,
    compute: current::COMPUTE,
    storage: STORAGE_CURRENT,
    resources: RESOURCES_CURRENT,
    machines: MACHINES_CURRENT,
    classic: CLASSIC,
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::{sizes, tests::first_duplicate};

    #[test]
    fn eras_are_found_by_profile_name() {
        for era in Era::ALL {
            assert_eq!(Era::find(era.name()), Some(era));
            assert_eq!(era.limits().era, era);
        }
        assert_eq!(Era::find("CURRENT"), Some(Era::Current));
        assert_eq!(Era::find("2015"), None);
    }

    #[test]
    fn keys_are_unique_within_a_profile() {
        for era in Era::ALL {
            assert_eq!(
                first_duplicate(era.limits().rows().map(|row| row.key)),
                None,
                "{}",
                era.name()
            );
        }
    }

    #[test]
    fn limits_are_not_negative_and_have_a_source() {
        for row in Era::ALL.into_iter().flat_map(|era| era.limits().rows()) {
            assert!(row.limit >= 0 && !row.source.is_empty(), "{}", row.key);
        }
    }

    #[test]
    fn the_profile_of_2016_is_what_jujus_notes_say() {
        let limits = Era::Arm2016.limits();
        assert_eq!(limits.get("NetworkSecurityGroups"), Some(100));
        assert_eq!(limits.get("publicipaddresses"), Some(60));
        assert_eq!(
            limits.row("PublicIPAddresses").map(|row| row.scope),
            Some(Scope::SubscriptionRegion)
        );
        assert_eq!(limits.get("standardDFamily"), None);
    }

    #[test]
    fn every_family_has_a_current_limit_under_its_label_and_order() {
        let limits = Era::Current.limits();
        let mut positions = Vec::new();
        for family in sizes::families() {
            let row = limits.row(family.name).expect("a family has a row");
            assert_eq!(row.localized, family.label(Month::EVER));
            positions.push(limits.compute.iter().position(|other| other == row));
        }
        assert!(positions.is_sorted());
    }

    #[test]
    fn usages_begin_in_the_recorded_order() {
        let first = |rows: &'static [LimitRow]| rows.iter().filter(|row| row.is_listed()).map(|row| row.key).take(3);
        assert!(first(Era::Current.limits().network).eq([
            "VirtualNetworks",
            "StaticPublicIPAddresses",
            "NetworkSecurityGroups"
        ]));
        assert!(first(Era::Current.limits().compute).eq(["availabilitySets", "cores", "virtualMachines"]));
        assert!(first(Era::Arm2016.limits().compute).eq(["availabilitySets", "cores", "virtualMachines"]));
    }

    #[test]
    fn only_services_with_a_usages_answer_list_rows() {
        for era in Era::ALL {
            let limits = era.limits();
            let silent = [limits.resources, limits.machines, limits.classic];
            assert!(
                silent.into_iter().flatten().all(|row| !row.is_listed()),
                "{}",
                era.name()
            );
        }
    }
}
