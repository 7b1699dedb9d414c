//! Resource providers and their types: what `GET /subscriptions/{id}/providers` tells.
//!
//! The table names what this cloud is for, in the order in which Azure lists it; whether a subscription is registered and
//! whether a type is built is known elsewhere. Child types that Azure does not list (`virtualNetworks/subnets`) share the
//! row of the parent that is listed.

use super::api_versions::*;
use super::locations::{self, CloudName, Location};

/// A resource provider.
#[derive(Debug, PartialEq, Eq)]
pub struct Provider {
    /// `Microsoft.Network`.
    pub namespace: &'static str,
    /// `registrationPolicy`: `RegistrationRequired` or `RegistrationFree`.
    pub registration_policy: &'static str,
    /// `authorizations`: application id and role definition id of the provider's own principals.
    pub authorizations: &'static [(&'static str, &'static str)],
    /// Types, in the order listed.
    pub types: &'static [ProviderType],
}

/// A type of a provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProviderType {
    /// The type without its namespace, `virtualMachines/extensions`.
    pub name: &'static str,
    /// Api-versions, newest first.
    pub versions: &'static [&'static str],
    /// `defaultApiVersion`, where Azure has one.
    pub default_version: Option<&'static str>,
    /// `apiProfiles`: profile and version.
    pub profiles: &'static [(&'static str, &'static str)],
    /// `capabilities`, a list in one text.
    pub capabilities: &'static str,
    /// Where it is offered.
    pub places: Places,
    /// Whether it has `zoneMappings`.
    pub zoned: bool,
}

/// Where a type is offered, and in which order its `locations` are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Places {
    /// `locations: []`: operations and what the gateway owns.
    Nowhere,
    /// Everywhere, in the order of compute.
    Compute,
    /// Everywhere, in the order of network.
    Network,
}

impl Places {
    /// The locations open in a year, in print order; their display names go into `locations`.
    pub fn locations(self, year: u16) -> impl Iterator<Item = &'static Location> {
        let order: &[&str] = match self {
            Places::Nowhere => &[],
            Places::Compute => COMPUTE_LOCATIONS,
            Places::Network => NETWORK_LOCATIONS,
        };
        let later = locations::LOCATIONS.iter().filter(move |location| {
            !order.is_empty() && location.cloud == CloudName::Public && !order.contains(&location.display_name)
        });
        let named = order.iter().filter_map(|name| locations::find(name));
        named.chain(later).filter(move |location| location.since_year <= year)
    }
}

impl Provider {
    /// The row of a type without its namespace, `virtualNetworks/subnets`; a child that has no row of its own has its
    /// nearest listed ancestor's. Case does not count.
    pub fn find_type(&self, name: &str) -> Option<&'static ProviderType> {
        let mut name = name;
        loop {
            if let Some(row) = self.types.iter().find(|row| row.name.eq_ignore_ascii_case(name)) {
                return Some(row);
            }
            name = name.rsplit_once('/')?.0;
        }
    }
}

/// Finds a provider by namespace; case does not count.
pub fn find(namespace: &str) -> Option<&'static Provider> {
    PROVIDERS
        .iter()
        .find(|provider| provider.namespace.eq_ignore_ascii_case(namespace))
}

/// Finds a type by its full name, `Microsoft.Network/virtualNetworks/subnets`; case does not count.
pub fn find_type(full_name: &str) -> Option<&'static ProviderType> {
    let (namespace, name) = full_name.split_once('/')?;
    find(namespace)?.find_type(name)
}

const fn kind(
    name: &'static str,
    versions: &'static [&'static str],
    capabilities: &'static str,
    places: Places,
) -> ProviderType {
    ProviderType {
        name,
        versions,
        default_version: None,
        profiles: &[],
        capabilities,
        places,
        zoned: false,
    }
}

impl ProviderType {
    const fn default_version(mut self, version: &'static str) -> ProviderType {
        self.default_version = Some(version);
        self
    }

    const fn profiles(mut self, profiles: &'static [(&'static str, &'static str)]) -> ProviderType {
        self.profiles = profiles;
        self
    }

    const fn zoned(mut self) -> ProviderType {
        self.zoned = true;
        self
    }
}

const NONE: &str = "None";
const WITH_TAGS: &str = "SupportsTags, SupportsLocation";
const MOVES: &str = "CrossResourceGroupResourceMove, CrossSubscriptionResourceMove, SupportsTags, SupportsLocation";
const MOVES_WITH_IDENTITY: &str = "CrossResourceGroupResourceMove, CrossSubscriptionResourceMove, \
                                   SystemAssignedResourceIdentity, SupportsTags, SupportsLocation";
const EXTENDS: &str = "SupportsExtension";

const MACHINE_PROFILES: &[(&str, &str)] = &[
    ("2017-03-09-profile", "2016-03-30"),
    ("2018-03-01-hybrid", "2017-03-30"),
    ("2018-06-01-profile", "2017-12-01"),
    ("2019-03-01-hybrid", "2017-12-01"),
    ("2020-09-01-hybrid", "2020-06-01"),
];
const LATE_COMPUTE_PROFILES: &[(&str, &str)] = &[
    ("2018-03-01-hybrid", "2017-03-30"),
    ("2018-06-01-profile", "2017-12-01"),
    ("2019-03-01-hybrid", "2017-12-01"),
    ("2020-09-01-hybrid", "2020-06-01"),
];
const DISK_PROFILES: &[(&str, &str)] = &[
    ("2018-03-01-hybrid", "2017-03-30"),
    ("2018-06-01-profile", "2018-04-01"),
];
const NETWORK_PROFILES: &[(&str, &str)] = &[
    ("2017-03-09-profile", "2015-06-15"),
    ("2018-03-01-hybrid", "2017-10-01"),
    ("2019-03-01-hybrid", "2017-10-01"),
];
const APPLICATIONSECURITYGROUPS_PROFILES: &[(&str, &str)] = &[
    ("2017-03-09-profile", "2017-09-01"),
    ("2018-03-01-hybrid", "2017-10-01"),
];

/// Every provider, by namespace.
///
/// Compute and network are recorded (observed-arm providers 2020-06-01 and 2021-04-01): order, capabilities, profiles,
/// default versions. The others are assumed from published documents.
pub static PROVIDERS: &[Provider] = &[
    Provider {
        namespace: "Microsoft.Authorization",
        registration_policy: "RegistrationFree",
        authorizations: &[],
        types: AUTHORIZATION,
    },
    Provider {
        namespace: "Microsoft.Compute",
        registration_policy: "RegistrationRequired",
        authorizations: &[(
            "60e6cd67-9c8c-4951-9b3c-23c25a2169af",
            "e4770acb-272e-4dc8-87f3-12f44a612224",
        )],
        types: COMPUTE_TYPES,
    },
    Provider {
        namespace: "Microsoft.KeyVault",
        registration_policy: "RegistrationRequired",
        authorizations: &[(
            "cfa8b339-82a2-471a-a3c9-0fc0be7a4093",
            "1cf9858a-28a2-4228-abba-94e606305b95",
        )],
        types: KEY_VAULT_TYPES,
    },
    Provider {
        namespace: "Microsoft.Network",
        registration_policy: "RegistrationRequired",
        authorizations: &[(
            "2cf9eb86-36b5-49dc-86ae-9a63135dfa8c",
            "13ba9ab4-19f0-4804-adc4-14ece36cc7a1",
        )],
        types: NETWORK_TYPES,
    },
    Provider {
        namespace: "Microsoft.Resources",
        registration_policy: "RegistrationFree",
        authorizations: &[],
        types: RESOURCE_TYPES,
    },
    Provider {
        namespace: "Microsoft.Storage",
        registration_policy: "RegistrationRequired",
        authorizations: &[(
            "a6aa9161-5291-40bb-8c5c-923b567bee3b",
            "070ab87f-0efc-4423-b18b-756f3bdb0236",
        )],
        types: STORAGE_TYPES,
    },
];

#[rustfmt::skip]
static AUTHORIZATION: &[ProviderType] = &[
    kind("roleAssignments", ROLE_ASSIGNMENTS, EXTENDS, Places::Nowhere),
    kind("roleDefinitions", ROLE_DEFINITIONS, EXTENDS, Places::Nowhere),
    kind("permissions", PERMISSIONS, NONE, Places::Nowhere),
    kind("policyAssignments", POLICIES, EXTENDS, Places::Nowhere),
    kind("policyDefinitions", POLICIES, EXTENDS, Places::Nowhere),
    kind("locks", LOCKS, EXTENDS, Places::Nowhere),
    kind("operations", PERMISSIONS, NONE, Places::Nowhere),
];

#[rustfmt::skip]
static COMPUTE_TYPES: &[ProviderType] = &[
    kind("availabilitySets", COMPUTE, MOVES, Places::Compute).default_version("2023-09-01").profiles(MACHINE_PROFILES),
    kind("virtualMachines", COMPUTE, MOVES_WITH_IDENTITY, Places::Compute).default_version("2023-09-01").profiles(MACHINE_PROFILES).zoned(),
    kind("virtualMachines/extensions", COMPUTE, MOVES, Places::Compute).default_version("2023-09-01").profiles(MACHINE_PROFILES),
    kind("virtualMachineScaleSets", SCALE_SETS, MOVES_WITH_IDENTITY, Places::Compute).default_version("2023-09-01").profiles(MACHINE_PROFILES).zoned(),
    kind("virtualMachineScaleSets/extensions", SCALE_SETS, NONE, Places::Compute).default_version("2015-06-15").profiles(MACHINE_PROFILES),
    kind("virtualMachineScaleSets/virtualMachines", SCALE_SETS, NONE, Places::Compute).default_version("2023-09-01").profiles(MACHINE_PROFILES),
    kind("virtualMachineScaleSets/virtualMachines/extensions", SCALE_SETS, NONE, Places::Compute).profiles(MACHINE_PROFILES),
    kind("virtualMachineScaleSets/networkInterfaces", SCALE_SET_NETWORK, NONE, Places::Compute).profiles(MACHINE_PROFILES),
    kind("virtualMachineScaleSets/virtualMachines/networkInterfaces", SCALE_SET_NETWORK, NONE, Places::Compute).profiles(MACHINE_PROFILES),
    kind("virtualMachineScaleSets/publicIPAddresses", SCALE_SET_NETWORK, NONE, Places::Compute).profiles(LATE_COMPUTE_PROFILES),
    kind("locations", COMPUTE, NONE, Places::Nowhere),
    kind("locations/operations", SCALE_SETS, NONE, Places::Compute).profiles(MACHINE_PROFILES),
    kind("locations/vmSizes", COMPUTE, NONE, Places::Compute).profiles(MACHINE_PROFILES),
    kind("locations/publishers", PUBLISHERS, NONE, Places::Compute).profiles(MACHINE_PROFILES),
    kind("operations", COMPUTE, NONE, Places::Compute),
    kind("proximityPlacementGroups", PROXIMITY, MOVES, Places::Compute).default_version("2023-09-01").zoned(),
    kind("sshPublicKeys", SSH_KEYS, WITH_TAGS, Places::Compute).default_version("2023-09-01"),
    kind("disks", DISKS, MOVES, Places::Compute).default_version("2022-03-02").profiles(DISK_PROFILES).zoned(),
    kind("snapshots", DISKS, MOVES, Places::Compute).default_version("2022-03-02").profiles(DISK_PROFILES),
    kind("locations/diskoperations", DISKS, NONE, Places::Compute).profiles(DISK_PROFILES),
    kind("locations/usages", COMPUTE, NONE, Places::Compute).default_version("2023-09-01").profiles(MACHINE_PROFILES),
    kind("diskEncryptionSets", DISK_ENCRYPTION_SETS, MOVES_WITH_IDENTITY, Places::Compute),
    kind("images", IMAGES, MOVES, Places::Compute).default_version("2023-09-01").profiles(DISK_PROFILES),
    kind("skus", SKUS, NONE, Places::Compute),
];

#[rustfmt::skip]
static KEY_VAULT_TYPES: &[ProviderType] = &[
    kind("vaults", KEY_VAULT, MOVES, Places::Compute).default_version("2019-09-01"),
    kind("vaults/accessPolicies", KEY_VAULT, NONE, Places::Compute),
    kind("operations", KEY_VAULT, NONE, Places::Nowhere),
    kind("checkNameAvailability", KEY_VAULT, NONE, Places::Nowhere),
    kind("deletedVaults", KEY_VAULT, NONE, Places::Nowhere),
    kind("locations", KEY_VAULT, NONE, Places::Nowhere),
    kind("locations/deletedVaults", KEY_VAULT, NONE, Places::Compute),
    kind("locations/operationResults", KEY_VAULT, NONE, Places::Compute),
];

#[rustfmt::skip]
static NETWORK_TYPES: &[ProviderType] = &[
    kind("virtualNetworks", NETWORK, MOVES, Places::Network).default_version("2020-03-01").profiles(NETWORK_PROFILES),
    kind("natGateways", NAT_GATEWAYS, MOVES, Places::Network).default_version("2020-03-01").zoned(),
    kind("publicIPAddresses", NETWORK, MOVES, Places::Network).default_version("2020-03-01").profiles(NETWORK_PROFILES).zoned(),
    kind("networkInterfaces", NETWORK, MOVES, Places::Network).default_version("2020-03-01").profiles(NETWORK_PROFILES),
    kind("loadBalancers", NETWORK, MOVES, Places::Network).default_version("2020-03-01").profiles(NETWORK_PROFILES),
    kind("networkSecurityGroups", NETWORK, MOVES, Places::Network).default_version("2020-03-01").profiles(NETWORK_PROFILES),
    kind("applicationSecurityGroups", SECURITY_GROUPS_OF_APPLICATIONS, MOVES, Places::Network).default_version("2020-03-01").profiles(APPLICATIONSECURITYGROUPS_PROFILES),
    kind("routeTables", NETWORK, MOVES, Places::Network).default_version("2020-03-01").profiles(NETWORK_PROFILES),
    kind("publicIPPrefixes", PUBLIC_IP_PREFIXES, MOVES, Places::Network).default_version("2020-03-01").zoned(),
    kind("networkWatchers", NETWORK_WATCHERS, MOVES, Places::Network).default_version("2020-03-01"),
    kind("locations", NETWORK, NONE, Places::Nowhere).profiles(NETWORK_PROFILES),
    kind("locations/operations", NETWORK, NONE, Places::Network).profiles(NETWORK_PROFILES),
    kind("locations/operationResults", NETWORK, NONE, Places::Network).profiles(NETWORK_PROFILES),
    kind("locations/CheckDnsNameAvailability", NETWORK, NONE, Places::Network),
    kind("locations/usages", NETWORK, NONE, Places::Network).profiles(NETWORK_PROFILES),
    kind("locations/virtualNetworkAvailableEndpointServices", ENDPOINT_SERVICES, NONE, Places::Network),
    kind("operations", NETWORK, NONE, Places::Network),
];

#[rustfmt::skip]
static RESOURCE_TYPES: &[ProviderType] = &[
    kind("tenants", SUBSCRIPTIONS, NONE, Places::Nowhere),
    kind("locations", SUBSCRIPTIONS, NONE, Places::Nowhere),
    kind("providers", RESOURCES, NONE, Places::Nowhere),
    kind("resources", RESOURCES, NONE, Places::Nowhere),
    kind("subscriptions", SUBSCRIPTIONS, "SupportsTags", Places::Nowhere),
    kind("subscriptions/resources", RESOURCES, NONE, Places::Nowhere),
    kind("subscriptions/providers", RESOURCES, NONE, Places::Nowhere),
    kind("subscriptions/operationresults", RESOURCES, NONE, Places::Nowhere),
    kind("resourceGroups", RESOURCES, WITH_TAGS, Places::Compute),
    kind("subscriptions/resourceGroups", RESOURCES, WITH_TAGS, Places::Compute),
    kind("subscriptions/resourceGroups/resources", RESOURCES, NONE, Places::Nowhere),
    kind("subscriptions/locations", SUBSCRIPTIONS, NONE, Places::Nowhere),
    kind("subscriptions/tagNames", RESOURCES, NONE, Places::Nowhere),
    kind("subscriptions/tagNames/tagValues", RESOURCES, NONE, Places::Nowhere),
    kind("tagNames", RESOURCES, NONE, Places::Nowhere),
    kind("deployments", RESOURCES, NONE, Places::Nowhere),
    kind("deployments/operations", RESOURCES, NONE, Places::Nowhere),
    kind("operations", RESOURCES, NONE, Places::Nowhere),
    kind("tags", TAGS, EXTENDS, Places::Nowhere),
];

#[rustfmt::skip]
static STORAGE_TYPES: &[ProviderType] = &[
    kind("storageAccounts", STORAGE, MOVES_WITH_IDENTITY, Places::Compute).default_version("2021-01-01").profiles(STORAGE_PROFILES),
    kind("operations", STORAGE_LOCATIONS, NONE, Places::Nowhere),
    kind("locations/asyncoperations", STORAGE_LOCATIONS, NONE, Places::Compute),
    kind("locations/usages", STORAGE_LOCATIONS, NONE, Places::Compute),
    kind("locations/checkNameAvailability", STORAGE_LOCATIONS, NONE, Places::Compute),
    kind("storageAccounts/blobServices", STORAGE, NONE, Places::Compute),
    kind("locations", STORAGE_LOCATIONS, NONE, Places::Nowhere),
    kind("usages", STORAGE, NONE, Places::Nowhere),
    kind("checkNameAvailability", STORAGE, NONE, Places::Compute),
    kind("skus", STORAGE, NONE, Places::Nowhere),
];

const STORAGE_PROFILES: &[(&str, &str)] = &[
    ("2017-03-09-profile", "2016-01-01"),
    ("2018-03-01-hybrid", "2016-01-01"),
    ("2018-06-01-profile", "2017-10-01"),
    ("2019-03-01-hybrid", "2017-10-01"),
];

/// The order in which compute types print their locations (observed-arm providers 2021-04-01).
#[rustfmt::skip]
const COMPUTE_LOCATIONS: &[&str] = &[
    "East US", "East US 2", "West US", "Central US", "North Central US", "South Central US", "North Europe",
    "West Europe", "East Asia", "Southeast Asia", "Japan East", "Japan West", "Australia East",
    "Australia Southeast", "Australia Central", "Brazil South", "South India", "Central India", "West India",
    "Canada Central", "Canada East", "West US 2", "West Central US", "UK South", "UK West", "Korea Central",
    "Korea South", "France Central", "South Africa North", "UAE North", "Switzerland North", "Germany West Central",
    "Norway East", "Jio India West", "West US 3", "Sweden Central", "Qatar Central", "Poland Central",
    "Italy North", "Israel Central", "Spain Central", "Mexico Central", "New Zealand North", "France South",
    "Australia Central 2", "South Africa West", "UAE Central", "Switzerland West", "Germany North", "Norway West",
    "Brazil Southeast", "Jio India Central", "Sweden South", "East US 2 EUAP", "Central US EUAP",
];

/// The order in which network types print their locations (observed-arm providers 2020-06-01).
#[rustfmt::skip]
const NETWORK_LOCATIONS: &[&str] = &[
    "West US", "East US", "North Europe", "West Europe", "East Asia", "Southeast Asia", "North Central US",
    "South Central US", "Central US", "East US 2", "Japan East", "Japan West", "Brazil South", "Australia East",
    "Australia Southeast", "Central India", "South India", "West India", "Canada Central", "Canada East",
    "West Central US", "West US 2", "UK West", "UK South", "Korea Central", "Korea South", "France Central",
    "Australia Central", "South Africa North", "UAE North", "Switzerland North", "Germany West Central",
    "Norway East", "Central US EUAP", "East US 2 EUAP",
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::tests::first_duplicate;

    #[test]
    fn namespaces_are_sorted_and_types_unique() {
        assert!(PROVIDERS.is_sorted_by_key(|provider| provider.namespace));
        for provider in PROVIDERS {
            let names = provider.types.iter().map(|row| row.name);
            assert_eq!(first_duplicate(names), None, "{}", provider.namespace);
        }
    }

    #[test]
    fn default_and_profile_versions_are_published_ones() {
        for row in PROVIDERS.iter().flat_map(|provider| provider.types) {
            assert!(!row.versions.is_empty(), "{}", row.name);
            let profiled = row.profiles.iter().map(|(_, version)| *version);
            for version in row.default_version.into_iter().chain(profiled) {
                assert!(supports(row.versions, version), "{} {version}", row.name);
            }
        }
    }

    #[test]
    fn a_child_that_is_not_listed_has_its_parents_row() {
        let subnets = find_type("microsoft.network/VIRTUALNETWORKS/subnets").expect("the parent is listed");
        assert_eq!(subnets.name, "virtualNetworks");
        let extensions = find_type("Microsoft.Compute/virtualMachines/extensions").expect("the type is listed");
        assert_eq!(extensions.name, "virtualMachines/extensions");
        assert_eq!(find_type("Microsoft.Compute/nothing"), None);
        assert_eq!(find_type("Microsoft.Nothing/virtualMachines"), None);
        assert_eq!(find_type("Microsoft.Compute"), None);
    }

    #[test]
    fn every_named_location_exists() {
        for name in COMPUTE_LOCATIONS.iter().chain(NETWORK_LOCATIONS) {
            assert!(locations::find(name).is_some(), "{name}");
        }
    }

    #[test]
    fn locations_print_in_recorded_order_and_follow_the_year() {
        let names: Vec<_> = Places::Compute
            .locations(2016)
            .map(|l| l.display_name)
            .take(3)
            .collect();
        assert_eq!(names, ["East US", "East US 2", "West US"]);
        assert!(Places::Compute.locations(2016).all(|l| l.since_year <= 2016));
        assert_eq!(Places::Nowhere.locations(9999).count(), 0);
        let all = Places::Network
            .locations(9999)
            .filter(|l| l.cloud == CloudName::Public)
            .count();
        assert_eq!(all, locations::listed(9999).count());
    }
}
