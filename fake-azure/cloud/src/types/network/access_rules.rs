//! What a security rule says: the words that rules, their group and the data plane share. It knows no resource.

use std::fmt;

use ipnet::IpNet;
use serde::{Deserialize, Serialize};

use crate::key::Key;

/// One rule of a security group, parsed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccessRule {
    /// Lower goes first; unique in its direction.
    pub priority: u16,
    /// Which way the traffic goes.
    pub direction: Direction,
    /// What becomes of it.
    pub access: Access,
    /// The protocol.
    pub protocol: Protocol,
    /// Where it comes from.
    pub sources: Vec<Prefix>,
    /// Which ports it comes from.
    pub source_ports: Vec<PortRange>,
    /// Where it goes.
    pub destinations: Vec<Prefix>,
    /// Which ports it goes to.
    pub destination_ports: Vec<PortRange>,
}

/// Which way traffic goes, seen from the machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Direction {
    /// To the machine.
    Inbound,
    /// From the machine.
    Outbound,
}

/// What a rule does with the traffic that it matches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Access {
    /// Lets it pass.
    Allow,
    /// Drops it.
    Deny,
}

/// Protocols that rules name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Protocol {
    /// Every protocol: `*`.
    Any,
    /// `Tcp`.
    Tcp,
    /// `Udp`.
    Udp,
    /// `Icmp`.
    Icmp,
    /// `Esp`.
    Esp,
    /// `Ah`.
    Ah,
}

/// A range of ports, both ends in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PortRange {
    /// The lowest.
    pub first: u16,
    /// The highest.
    pub last: u16,
}

/// A set of addresses.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Prefix {
    /// Every address: `*`.
    Any,
    /// An address or a range.
    Net(IpNet),
    /// A service tag, in Azure's spelling, with its region where it has one.
    Tag(Box<str>),
    /// The members of an application security group.
    Group(Key),
}

/// Service tags that rules may name (ARM 8.2; the list of 2025).
const TAGS: &[&str] = &[
    // tidy: sorted
    "ActionGroup",
    "ApiManagement",
    "AppConfiguration",
    "AppService",
    "AppServiceManagement",
    "ApplicationInsightsAvailability",
    "AzureActiveDirectory",
    "AzureActiveDirectoryDomainServices",
    "AzureAdvancedThreatProtection",
    "AzureArcInfrastructure",
    "AzureAttestation",
    "AzureBackup",
    "AzureBotService",
    "AzureCloud",
    "AzureCognitiveSearch",
    "AzureConnectors",
    "AzureContainerRegistry",
    "AzureCosmosDB",
    "AzureDataExplorerManagement",
    "AzureDataLake",
    "AzureDatabricks",
    "AzureDevOps",
    "AzureDevSpaces",
    "AzureDeviceUpdate",
    "AzureDigitalTwins",
    "AzureEventGrid",
    "AzureFrontDoor.Backend",
    "AzureFrontDoor.FirstParty",
    "AzureFrontDoor.Frontend",
    "AzureInformationProtection",
    "AzureIoTHub",
    "AzureKeyVault",
    "AzureLoadBalancer",
    "AzureMachineLearning",
    "AzureMonitor",
    "AzureOpenDatasets",
    "AzurePlatformDNS",
    "AzurePlatformIMDS",
    "AzurePlatformLKM",
    "AzureResourceManager",
    "AzureSignalR",
    "AzureSiteRecovery",
    "AzureSphere",
    "AzureStack",
    "AzureTrafficManager",
    "AzureUpdateDelivery",
    "AzureWebPubSub",
    "BatchNodeManagement",
    "CognitiveServicesManagement",
    "DataFactory",
    "DataFactoryManagement",
    "EventHub",
    "GatewayManager",
    "GuestAndHybridManagement",
    "HDInsight",
    "Internet",
    "LogicApps",
    "LogicAppsManagement",
    "MicrosoftCloudAppSecurity",
    "MicrosoftContainerRegistry",
    "PowerBI",
    "ServiceBus",
    "ServiceFabric",
    "Sql",
    "SqlManagement",
    "Storage",
    "StorageSyncService",
    "VirtualNetwork",
    "WindowsAdminCenter",
    "WindowsVirtualDesktop",
    // tidy: end
];

impl Direction {
    /// Reads it in any case.
    pub(crate) fn parse(text: &str) -> Option<Direction> {
        [(Direction::Inbound, "Inbound"), (Direction::Outbound, "Outbound")]
            .into_iter()
            .find_map(|(direction, name)| name.eq_ignore_ascii_case(text).then_some(direction))
    }
}

impl Access {
    /// Reads it in any case.
    pub(crate) fn parse(text: &str) -> Option<Access> {
        [(Access::Allow, "Allow"), (Access::Deny, "Deny")]
            .into_iter()
            .find_map(|(access, name)| name.eq_ignore_ascii_case(text).then_some(access))
    }
}

impl Protocol {
    /// Every protocol with its name.
    const ALL: [(Protocol, &'static str); 6] = [
        (Protocol::Icmp, "Icmp"),
        (Protocol::Tcp, "Tcp"),
        (Protocol::Udp, "Udp"),
        (Protocol::Esp, "Esp"),
        (Protocol::Ah, "Ah"),
        (Protocol::Any, "*"),
    ];

    /// Reads it in any case.
    pub(crate) fn parse(text: &str) -> Option<Protocol> {
        Protocol::ALL
            .into_iter()
            .find_map(|(protocol, name)| name.eq_ignore_ascii_case(text).then_some(protocol))
    }

    /// The names, as the refusal of another one lists them.
    pub(crate) fn names() -> String {
        Protocol::ALL.map(|(_, name)| name).join(",")
    }
}

impl PortRange {
    /// Every port.
    pub const ALL: PortRange = PortRange {
        first: 0,
        last: u16::MAX,
    };

    /// Reads `22`, `8000-8080` or `*`.
    pub(crate) fn parse(text: &str) -> Option<PortRange> {
        let number = |text: &str| text.trim().parse::<u16>().ok();
        let text = text.trim();
        if text == "*" {
            return Some(PortRange::ALL);
        }
        let (first, last) = match text.split_once('-') {
            Some((first, last)) => (number(first)?, number(last)?),
            None => (number(text)?, number(text)?),
        };
        (first <= last).then_some(PortRange { first, last })
    }

    /// Whether a port is in the range.
    pub fn contains(self, port: u16) -> bool {
        (self.first..=self.last).contains(&port)
    }
}

/// As the service prints effective rules: `22-22`.
impl fmt::Display for PortRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.first, self.last)
    }
}

impl Prefix {
    /// Reads `*`, an address, a range, or a service tag in any case, perhaps with a region: `Storage.WestUS`.
    pub(crate) fn parse(text: &str) -> Option<Prefix> {
        let text = text.trim();
        if text == "*" || text.eq_ignore_ascii_case("any") {
            return Some(Prefix::Any);
        }
        if let Ok(net) = text.parse::<IpNet>() {
            return Some(Prefix::Net(net.trunc()));
        }
        if let Ok(address) = text.parse::<std::net::IpAddr>() {
            return Some(Prefix::Net(address.into()));
        }
        Prefix::tag(text)
    }

    fn tag(text: &str) -> Option<Prefix> {
        let spelled = |name: &str| TAGS.iter().find(|tag| tag.eq_ignore_ascii_case(name));
        if let Some(tag) = spelled(text) {
            return Some(Prefix::Tag((*tag).into()));
        }
        let (name, region) = text.split_once('.')?;
        let tag = spelled(name)?;
        let is_region = !region.is_empty() && region.chars().all(|c| c.is_ascii_alphanumeric());
        is_region.then(|| Prefix::Tag(format!("{tag}.{region}").into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_sorted() {
        assert!(TAGS.is_sorted());
    }

    #[test]
    fn port_ranges_are_numbers_in_order() {
        assert_eq!(PortRange::parse("*"), Some(PortRange::ALL));
        assert_eq!(
            PortRange::parse("22").map(|range| range.to_string()).as_deref(),
            Some("22-22")
        );
        assert_eq!(PortRange::parse("80-90").map(|range| range.contains(85)), Some(true));
        for text in ["", "66600", "90-80", "22,80", "-1", "a", "1-2-3"] {
            assert_eq!(PortRange::parse(text), None, "{text}");
        }
    }

    #[test]
    fn prefixes_are_ranges_addresses_or_tags() {
        let tag = |name: &str| Some(Prefix::Tag(name.into()));
        assert_eq!(Prefix::parse("INTERNET"), tag("Internet"));
        assert_eq!(Prefix::parse("storage.WestUS"), tag("Storage.WestUS"));
        assert_eq!(Prefix::parse("AzureFrontDoor.Backend"), tag("AzureFrontDoor.Backend"));
        assert_eq!(Prefix::parse("10.1.2.3"), Prefix::parse("10.1.2.3/32"));
        assert_eq!(Prefix::parse("*"), Some(Prefix::Any));
        for text in ["10.0.0.0/42", "", "Nowhere", "Storage.", "10.0.0"] {
            assert_eq!(Prefix::parse(text), None, "{text}");
        }
    }
}
