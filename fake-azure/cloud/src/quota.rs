//! The quota ledger: what is counted, and against which limit. The usage answers report these very counters.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::catalogue::limits::{Era, LimitProfile, Scope};
use crate::error::{CloudError, Form};
use crate::forms::{self, forms};
use crate::key::Key;
use crate::table::Table;

/// What is counted, by the name of its row in the usage answers (ARM 4.1, 4.2), e.g. `PublicIPAddresses`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct QuotaKey(pub &'static str);

forms! {
    // tidy: sorted
    LOAD_BALANCERS: Quota, Network, "LoadBalancerCountLimitReached", "Cannot create more than {limit} load balancers for this subscription in this region.", "ARM 3.5", "delete some, or have the limit raised";
    NETWORK_INTERFACES: Quota, Network, "NetworkInterfaceCountLimitReached", "Cannot create more than {limit} network interfaces for this subscription in this region.", "ARM 3.5", "delete some, or have the limit raised";
    NETWORK_SECURITY_GROUPS: Quota, Network, "NetworkSecurityGroupCountLimitReached", "Cannot create more than {limit} network security groups for this subscription in this region.", "ARM 3.5", "delete some, or have the limit raised";
    NETWORK_WATCHERS: Quota, Network, "NetworkWatcherCountLimitReached", "Cannot create more than {limit} network watchers for this subscription in this region.", "ARM 3.5", "delete some, or have the limit raised";
    PUBLIC_IP_ADDRESSES: Quota, Network, "PublicIPCountLimitReached", "Cannot create more than {limit} public IP addresses for this subscription in this region.", "ARM 3.5", "delete some, or have the limit raised";
    ROUTE_TABLES: Quota, Network, "RouteTableCountLimitReached", "Cannot create more than {limit} route tables for this subscription in this region.", "ARM 3.5", "delete some, or have the limit raised";
    STANDARD_SKU_PUBLIC_IP_ADDRESSES: Quota, Network, "IPv4StandardSkuPublicIpCountLimitReached", "Cannot create more than {limit} IPv4 Standard SKU public IP addresses for this subscription in this region.", "ARM 3.5", "delete some, or have the limit raised";
    STATIC_PUBLIC_IP_ADDRESSES: Quota, Network, "StaticPublicIPCountLimitReached", "Cannot create more than {limit} static public IP addresses for this subscription in this region.", "ARM 3.5", "delete some, or have the limit raised";
    VIRTUAL_NETWORKS: Quota, Network, "VirtualNetworkCountLimitReached", "Cannot create more than {limit} virtual networks for this subscription in this region.", "ARM 3.5", "delete some, or have the limit raised";
    // tidy: end
}

/// Network's refusal by row (ARM 3.5; those marked there as unsure follow the family's form).
const OF_NETWORK: &[(&str, &Form)] = &[
    // tidy: sorted
    ("LoadBalancers", &LOAD_BALANCERS),
    ("NetworkInterfaces", &NETWORK_INTERFACES),
    ("NetworkSecurityGroups", &NETWORK_SECURITY_GROUPS),
    ("NetworkWatchers", &NETWORK_WATCHERS),
    ("PublicIPAddresses", &PUBLIC_IP_ADDRESSES),
    ("RouteTables", &ROUTE_TABLES),
    ("StandardSkuPublicIpAddresses", &STANDARD_SKU_PUBLIC_IP_ADDRESSES),
    ("StaticPublicIPAddresses", &STATIC_PUBLIC_IP_ADDRESSES),
    ("VirtualNetworks", &VIRTUAL_NETWORKS),
    // tidy: end
];

/// Who asked for more than there is, for the refusal's words.
#[derive(Debug)]
pub(crate) struct Claim<'a> {
    pub(crate) row: QuotaKey,
    pub(crate) limit: i64,
    pub(crate) used: i64,
    pub(crate) more: i64,
    pub(crate) location: &'a str,
    pub(crate) subscription: String,
}

/// Counters and limits.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Ledger {
    #[serde(serialize_with = "write_era", deserialize_with = "read_era")]
    era: Era,
    overrides: BTreeMap<Box<str>, i64>,
    used: Table<Counter, i64>,
}

/// Subscription, location (empty for what counts across all), row.
pub(crate) type Counter = (Key, Box<str>, Box<str>);

impl Ledger {
    /// An empty ledger under an era's limits.
    pub(crate) fn new(era: Era) -> Ledger {
        Ledger {
            era,
            overrides: BTreeMap::new(),
            used: Table::default(),
        }
    }

    /// The era whose limits are in force.
    pub fn era(&self) -> Era {
        self.era
    }

    /// The limits of the era in force.
    pub fn profile(&self) -> &'static LimitProfile {
        self.era.limits()
    }

    /// Puts another era's limits in force; the overrides stay.
    pub fn set_era(&mut self, era: Era) {
        self.era = era;
    }

    /// The limits that differ from the profile, by row.
    pub fn overrides(&self) -> &BTreeMap<Box<str>, i64> {
        &self.overrides
    }

    /// Sets one limit, or gives it back to the profile.
    pub fn set_override(&mut self, row: &str, limit: Option<i64>) {
        match limit {
            Some(limit) => self.overrides.insert(row.into(), limit),
            None => self.overrides.remove(row),
        };
    }

    /// The limit of a row; `None` where the profile has no such row: nothing is enforced.
    pub fn limit(&self, row: &str) -> Option<i64> {
        self.overrides.get(row).copied().or_else(|| self.profile().get(row))
    }

    /// What is in use of a row, in one location, or across all for rows that count so.
    pub fn used(&self, subscription: Key, location: &str, row: &str) -> i64 {
        self.used
            .get(&self.counter(subscription, location, row))
            .copied()
            .unwrap_or(0)
    }

    /// The counter of a row: rows of a whole subscription count across locations.
    fn counter(&self, subscription: Key, location: &str, row: &str) -> Counter {
        let everywhere = self
            .profile()
            .row(row)
            .is_some_and(|row| row.scope == Scope::Subscription);
        let location = if everywhere { "" } else { location };
        (subscription, location.into(), row.into())
    }

    /// Counts `by` more; gives back what was there. A counter at zero has no row.
    pub(crate) fn charge(&mut self, subscription: Key, location: &str, row: &str, by: i64) -> (Counter, i64) {
        let counter = self.counter(subscription, location, row);
        let before = self.used.get(&counter).copied().unwrap_or(0);
        self.set(counter.clone(), before + by);
        (counter, before)
    }

    /// Puts a counter back.
    pub(crate) fn set(&mut self, counter: Counter, to: i64) {
        self.used.set(counter, (to != 0).then(|| to.into()));
    }

    /// Every counter that is not zero.
    pub fn counters(&self) -> impl Iterator<Item = (Key, &str, &str, i64)> {
        self.used
            .iter()
            .map(|((subscription, location, row), used)| (*subscription, location.as_ref(), row.as_ref(), *used))
    }

    /// The refusal of a claim that passes its limit, in the words of the service that counts and of the era (ARM 3.5, 3.6).
    pub(crate) fn refuse(&self, claim: &Claim<'_>) -> CloudError {
        let Claim {
            row: QuotaKey(row),
            limit,
            used,
            more,
            location,
            subscription,
        } = claim;
        if let Some((_, form)) = OF_NETWORK.iter().find(|(of, _)| of == row) {
            return CloudError::of(form).with("limit", limit);
        }
        match *row {
            "ResourceGroups" => CloudError::of(&forms::GROUP_QUOTA)
                .with("limit", limit)
                .with("subscription", subscription),
            "StorageAccounts" => CloudError::of(&forms::QUOTA_EXCEEDED_STORAGE)
                .with("limit", limit)
                .with("used", used)
                .with("location", location)
                .with("subscription", subscription),
            _ if self.era == Era::Current => CloudError::of(&forms::QUOTA_EXCEEDED_COMPUTE)
                .with("label", self.label(row))
                .with("location", location)
                .with("limit", limit)
                .with("used", used)
                .with("more", more)
                .with("needed", used + more),
            _ => CloudError::of(&forms::QUOTA_EXCEEDED_COMPUTE_2016)
                .with("label", if *row == "cores" { "Core" } else { self.label(row) })
                .with("limit", limit)
                .with("used", used)
                .with("more", more),
        }
    }

    /// How messages call a row: current ones name families by their row.
    fn label<'r>(&self, row: &'r str) -> &'r str {
        match row {
            "cores" => "Total Regional Cores",
            row => row,
        }
    }
}

fn write_era<S: Serializer>(era: &Era, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(era.name())
}

fn read_era<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Era, D::Error> {
    let name = String::deserialize(deserializer)?;
    Era::find(&name).ok_or_else(|| serde::de::Error::custom(format!("`{name}` is not a limit profile")))
}
