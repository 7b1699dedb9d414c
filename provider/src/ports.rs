//! Ports that a machine lets in.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use ipnet::IpNet;
use serde::{Deserialize, Serialize};

/// Protocol of a port range.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Protocol {
    /// TCP.
    Tcp,
    /// UDP.
    Udp,
    /// ICMP: known to Juju, refused on Azure.
    Icmp,
}

impl fmt::Display for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Tcp => "tcp",
            Self::Udp => "udp",
            Self::Icmp => "icmp",
        })
    }
}

/// Consecutive ports of one protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct PortRange {
    /// Protocol.
    pub protocol: Protocol,
    /// First port.
    pub from: u16,
    /// Last port, not below the first.
    pub to: u16,
}

impl PortRange {
    /// One port.
    #[must_use]
    pub fn single(protocol: Protocol, port: u16) -> Self {
        Self {
            protocol,
            from: port,
            to: port,
        }
    }
}

impl fmt::Display for PortRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.from == self.to {
            write!(f, "{}", self.from)?
        } else {
            write!(f, "{}-{}", self.from, self.to)?
        }
        write!(f, "/{}", self.protocol)
    }
}

/// The text is no port range.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParsePortRangeError {
    /// Not tcp, udp or icmp.
    #[error("invalid protocol \"{0}\"")]
    Protocol(String),
    /// Not `80/tcp` or `80-90/tcp`.
    #[error("`{0}` is no port range, expected one like `80/tcp` or `8000-8080/udp`")]
    Form(String),
}

impl FromStr for PortRange {
    type Err = ParsePortRangeError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let form = || ParsePortRangeError::Form(text.to_owned());
        let (ports, protocol) = text.split_once('/').unwrap_or((text, "tcp"));
        let protocol = match protocol.to_ascii_lowercase().as_str() {
            "tcp" => Protocol::Tcp,
            "udp" => Protocol::Udp,
            "icmp" => Protocol::Icmp,
            _ => return Err(ParsePortRangeError::Protocol(protocol.to_owned())),
        };
        let (from, to) = ports.split_once('-').unwrap_or((ports, ports));
        let from = from.parse().map_err(|_| form())?;
        let to = to.parse().map_err(|_| form())?;
        if from > to {
            return Err(form());
        }

        Ok(Self { protocol, from, to })
    }
}

/// Who may reach which ports.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct IngressRule {
    /// The ports.
    pub ports: PortRange,
    /// From where; empty means the whole world. Generation A1 knows only the world (juju-provider appendix C).
    pub sources: BTreeSet<IpNet>,
}

impl From<PortRange> for IngressRule {
    fn from(ports: PortRange) -> Self {
        Self {
            ports,
            sources: BTreeSet::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{ParsePortRangeError, PortRange, Protocol};

    #[test]
    fn a_port_range_is_read_back_as_it_is_printed() {
        proptest!(|(from: u16, extra in 0_u16..500, udp: bool)| {
            let protocol = if udp { Protocol::Udp } else { Protocol::Tcp };
            let range = PortRange { protocol, from, to: from.saturating_add(extra) };
            prop_assert_eq!(range.to_string().parse::<PortRange>(), Ok(range));
        });
    }

    #[test]
    fn what_is_no_port_range_is_refused_with_the_form_expected() {
        proptest!(|(text in "\\PC*")| {
            // Whatever comes in, reading ends, and what is read prints as a range again.
            if let Ok(range) = text.parse::<PortRange>() {
                prop_assert!(range.from <= range.to);
            }
        });
        assert_eq!(
            "80/sctp".parse::<PortRange>(),
            Err(ParsePortRangeError::Protocol("sctp".to_owned()))
        );
        assert_eq!(
            "90-80/tcp".parse::<PortRange>(),
            Err(ParsePortRangeError::Form("90-80/tcp".to_owned()))
        );
    }
}
