//! Input endpoints: the public ports of a role (juju-provider 2.6 Ports).
//!
//! All roles of a service share its address, so every endpoint is a member of a load-balanced set: whoever opens the same port in the
//! same service shares the traffic.

use std::collections::BTreeSet;

use super::names::same;
use super::xml::Element;
use crate::{PortRange, Protocol};

const SSH: &str = "sshport";
const API: &str = "apiport";
/// Of 1.20 and before.
const STATE: &str = "stateport";
const SSH_PORT: u16 = 22;
/// A probe speaks TCP or HTTP, so one that cannot ask the port itself asks whether the machine is there (juju-provider L8).
const UDP_PROBE_PORT: u16 = SSH_PORT;

/// What tells one endpoint from another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct InputEndpoint {
    pub(crate) set: Option<String>,
    pub(crate) local_port: u16,
    pub(crate) name: String,
    pub(crate) port: u16,
    pub(crate) probe_port: Option<u16>,
    /// `tcp` or `udp`.
    pub(crate) protocol: String,
    pub(crate) vip: Option<String>,
}

impl InputEndpoint {
    /// None for one without the numbers that every endpoint has.
    pub(crate) fn read(element: &Element) -> Option<Self> {
        let port = |name: &str| element.text_of(name)?.parse().ok();
        let probe = element.find("LoadBalancerProbe");
        Some(Self {
            set: element.text_of("LoadBalancedEndpointSetName").map(str::to_owned),
            local_port: port("LocalPort")?,
            name: element.text_of("Name").unwrap_or_default().to_owned(),
            port: port("Port")?,
            probe_port: probe.and_then(|probe| probe.text_of("Port")?.parse().ok()),
            protocol: element.text_of("Protocol").unwrap_or_default().to_owned(),
            vip: element.text_of("Vip").map(str::to_owned),
        })
    }

    /// In the order of the contract.
    pub(crate) fn element(&self) -> Element {
        let mut element = Element::new("InputEndpoint");
        if let Some(set) = &self.set {
            element = element.with("LoadBalancedEndpointSetName", set);
        }
        element = element
            .with("LocalPort", self.local_port)
            .with("Name", &self.name)
            .with("Port", self.port);
        if let Some(port) = self.probe_port {
            let probe = Element::new("LoadBalancerProbe")
                .with("Port", port)
                .with("Protocol", "TCP");
            element = element.child(probe);
        }
        element.with("Protocol", &self.protocol)
    }

    /// Whether both are one endpoint; names and probes do not tell (juju-provider 2.6).
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        let public = self.port == other.port && same(&self.protocol, &other.protocol);
        match (&self.set, &other.set) {
            (Some(own), Some(others)) => public && self.local_port == other.local_port && same(own, others),
            (None, None) => public && self.vip == other.vip,
            _ => false,
        }
    }

    fn balanced(name: &str, set: &str, port: u16, protocol: Protocol) -> Self {
        Self {
            set: Some(set.to_owned()),
            local_port: port,
            name: name.to_owned(),
            port,
            probe_port: Some(match protocol {
                Protocol::Udp => UDP_PROBE_PORT,
                Protocol::Tcp | Protocol::Icmp => port,
            }),
            protocol: protocol.to_string(),
            vip: None,
        }
    }

    /// Of an old service, which has one role and balances nothing.
    fn alone(self) -> Self {
        Self {
            set: None,
            probe_port: None,
            ..self
        }
    }

    /// Which range of ports it was opened with.
    fn range(&self) -> Option<PortRange> {
        let protocol = match self.protocol.to_ascii_lowercase().as_str() {
            "tcp" => Protocol::Tcp,
            "udp" => Protocol::Udp,
            _ => return None,
        };
        let named = self.name.split_once("_range_").and_then(|(range, _)| {
            let (from, to) = range.strip_prefix(&protocol.to_string())?.split_once('-')?;
            Some((from.parse().ok()?, to.parse().ok()?))
        });
        // 1.20 named an endpoint after its one port.
        let (from, to) = named.unwrap_or((self.port, self.port));
        Some(PortRange { protocol, from, to })
    }
}

/// What every role has from its beginning: SSH; and of a controller the API, and the database where agents talk to it.
pub(crate) fn initial(api_port: Option<u16>, state_port: Option<u16>) -> Vec<InputEndpoint> {
    let wanted = [(SSH, Some(SSH_PORT)), (API, api_port), (STATE, state_port)];
    let balanced = |(name, port): (&str, Option<u16>)| Some(InputEndpoint::balanced(name, name, port?, Protocol::Tcp));
    wanted.into_iter().filter_map(balanced).collect()
}

/// An endpoint for each port of a range. The members of a set have one port, so a range of several has a set for each.
pub(crate) fn of_range(range: PortRange, balanced: bool) -> Vec<InputEndpoint> {
    let name = format!("{}{}-{}", range.protocol, range.from, range.to);
    let endpoints = (range.from..=range.to).map(|port| {
        let own = format!("{name}_range_{port}");
        let set = if range.from == range.to { &name } else { &own };
        let endpoint = InputEndpoint::balanced(&own, set, port, range.protocol);
        if balanced { endpoint } else { endpoint.alone() }
    });
    endpoints.collect()
}

/// The ranges that were opened, sorted: without what every role has from its beginning. Only controllers have an API among that
/// (juju-provider L9).
pub(crate) fn opened(endpoints: &[InputEndpoint], serves_api: bool) -> Vec<PortRange> {
    let is_initial = |name: &str| name == SSH || serves_api && (name == API || name == STATE);
    let ranges: BTreeSet<PortRange> = endpoints
        .iter()
        .filter(|endpoint| !is_initial(&endpoint.name))
        .filter_map(InputEndpoint::range)
        .collect();
    ranges.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::{InputEndpoint, initial, of_range, opened};
    use crate::PortRange;

    fn range(text: &str) -> PortRange {
        text.parse().expect("the tests write port ranges")
    }

    fn show(endpoints: &[InputEndpoint]) -> String {
        let documents = endpoints.iter().map(|endpoint| {
            let document = endpoint.element().document();
            String::from_utf8_lossy(&document).into_owned()
        });
        documents.collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn ssh_and_the_api_are_balanced_from_the_beginning() {
        expect![[r#"
            <InputEndpoint><LoadBalancedEndpointSetName>sshport</LoadBalancedEndpointSetName><LocalPort>22</LocalPort><Name>sshport</Name><Port>22</Port><LoadBalancerProbe><Port>22</Port><Protocol>TCP</Protocol></LoadBalancerProbe><Protocol>tcp</Protocol></InputEndpoint>
            <InputEndpoint><LoadBalancedEndpointSetName>apiport</LoadBalancedEndpointSetName><LocalPort>17070</LocalPort><Name>apiport</Name><Port>17070</Port><LoadBalancerProbe><Port>17070</Port><Protocol>TCP</Protocol></LoadBalancerProbe><Protocol>tcp</Protocol></InputEndpoint>"#]]
        .assert_eq(&show(&initial(Some(17_070), None)));
        assert_eq!(initial(None, None).len(), 1);
        let old = initial(Some(17_070), Some(37_017));
        let sets: Vec<_> = old.iter().map(|own| (own.set.as_deref(), own.port)).collect();
        assert_eq!(sets[1..], [(Some("apiport"), 17_070), (Some("stateport"), 37_017)]);
        assert_eq!(opened(&old, true), []);
    }

    #[test]
    fn a_port_is_named_after_its_range_and_udp_is_probed_over_tcp() {
        expect![[r#"
            <InputEndpoint><LoadBalancedEndpointSetName>tcp80-80</LoadBalancedEndpointSetName><LocalPort>80</LocalPort><Name>tcp80-80_range_80</Name><Port>80</Port><LoadBalancerProbe><Port>80</Port><Protocol>TCP</Protocol></LoadBalancerProbe><Protocol>tcp</Protocol></InputEndpoint>
            <InputEndpoint><LoadBalancedEndpointSetName>udp53-53</LoadBalancedEndpointSetName><LocalPort>53</LocalPort><Name>udp53-53_range_53</Name><Port>53</Port><LoadBalancerProbe><Port>22</Port><Protocol>TCP</Protocol></LoadBalancerProbe><Protocol>udp</Protocol></InputEndpoint>"#]]
        .assert_eq(&show(&[of_range(range("80/tcp"), true), of_range(range("53/udp"), true)].concat()));
        let two = of_range(range("80-81/tcp"), true);
        let sets: Vec<_> = two.iter().filter_map(|own| own.set.as_deref()).collect();
        assert_eq!(sets, ["tcp80-81_range_80", "tcp80-81_range_81"]);
        expect![[r#"<InputEndpoint><LocalPort>80</LocalPort><Name>tcp80-80_range_80</Name><Port>80</Port><Protocol>tcp</Protocol></InputEndpoint>"#]]
            .assert_eq(&show(&of_range(range("80/tcp"), false)));
    }

    #[test]
    fn endpoints_are_read_back_as_ranges_without_what_was_there_from_the_beginning() {
        let mut endpoints = initial(Some(17_070), None);
        for text in ["8000-8002/tcp", "53/udp", "80/tcp"] {
            endpoints.extend(of_range(range(text), true));
        }
        let old = InputEndpoint {
            name: "tcp1234".to_owned(),
            ..of_range(range("1234/tcp"), true).remove(0)
        };
        endpoints.push(old);
        let shown =
            |serves_api| -> Vec<String> { opened(&endpoints, serves_api).iter().map(ToString::to_string).collect() };
        assert_eq!(shown(true), ["80/tcp", "1234/tcp", "8000-8002/tcp", "53/udp"]);
        assert_eq!(
            shown(false),
            ["80/tcp", "1234/tcp", "8000-8002/tcp", "17070/tcp", "53/udp"]
        );
    }

    #[test]
    fn names_and_probes_do_not_tell_endpoints_apart() {
        let own = of_range(range("80/tcp"), true).remove(0);
        let read = InputEndpoint::read(&own.element()).expect("what was written is read");
        assert_eq!(read, own);
        let other = InputEndpoint {
            name: "x".to_owned(),
            probe_port: None,
            protocol: "TCP".to_owned(),
            ..own.clone()
        };
        assert!(own.is_same(&other));
        let in_other_set = InputEndpoint {
            set: Some("y".to_owned()),
            ..own.clone()
        };
        assert!(!own.is_same(&in_other_set) && !own.is_same(&own.clone().alone()));
        assert!(own.clone().alone().is_same(&own.alone()));
    }
}
