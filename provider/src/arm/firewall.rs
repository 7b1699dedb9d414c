//! Which rules the environment's security group has, and how they come and go (juju-provider 1.10).
//!
//! All machines share one group, so a rule points at its machine by address, and is the machine's by its name.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::ops::RangeInclusive;

use super::ArmEnviron;
use super::network_security_groups::{self as groups, Rule, RuleProperties, SecurityGroup};
use crate::{AzureError, Error, IngressRule, InstanceId, PortRange, Protocol};

const SSH_PRIORITY: u16 = 100;
/// For what the provider itself keeps open.
const INTERNAL: RangeInclusive<u16> = 101..=199;
/// For what the firewaller opens.
const INSTANCE: RangeInclusive<u16> = 200..=4_096;
/// Another process may take a priority between our look and our write; then we look again.
const PRIORITY_TRIES_MAX: u32 = 5;

fn inbound(name: String, description: String, priority: u16, ports: PortRange, destination: &str) -> Rule {
    let range = match ports.from == ports.to {
        true => ports.from.to_string(),
        false => format!("{}-{}", ports.from, ports.to),
    };
    let protocol = match ports.protocol {
        Protocol::Udp => "Udp",
        Protocol::Tcp | Protocol::Icmp => "Tcp",
    };
    Rule {
        name,
        properties: RuleProperties {
            description: Some(description),
            protocol: protocol.to_owned(),
            destination_port_range: Some(range),
            source_address_prefix: Some("*".to_owned()),
            destination_address_prefix: Some(destination.to_owned()),
            access: "Allow".to_owned(),
            priority,
            direction: "Inbound".to_owned(),
        },
    }
}

/// The one rule every group begins with.
pub(crate) fn ssh_rule() -> Rule {
    let ssh = PortRange::single(Protocol::Tcp, 22);
    inbound(
        "SSHInbound".to_owned(),
        "Allow SSH access to all machines".to_owned(),
        SSH_PRIORITY,
        ssh,
        "*",
    )
}

fn api_rule(id: &InstanceId, port: u16, address: IpAddr, priority: u16) -> Rule {
    let ports = PortRange::single(Protocol::Tcp, port);
    inbound(
        format!("{id}-api"),
        "Allow API access to the controller".to_owned(),
        priority,
        ports,
        &address.to_string(),
    )
}

fn instance_rule(id: &InstanceId, ports: PortRange, address: IpAddr, priority: u16) -> Rule {
    let description = match ports.from == ports.to {
        true => format!("{}/{}", ports.from, ports.protocol),
        false => format!("{}-{}/{}", ports.from, ports.to, ports.protocol),
    };
    inbound(
        instance_rule_name(id, ports),
        description,
        priority,
        ports,
        &address.to_string(),
    )
}

/// Every rule of a machine begins so, `machine-1-`, which no rule of `machine-10` does.
fn prefix(id: &InstanceId) -> String {
    format!("{id}-")
}

/// `machine-3-tcp-80`, `machine-3-udp-1000-2000`
fn instance_rule_name(id: &InstanceId, ports: PortRange) -> String {
    let prefix = prefix(id);
    match ports.from == ports.to {
        true => format!("{prefix}{}-{}", ports.protocol, ports.from),
        false => format!("{prefix}{}-{}-{}", ports.protocol, ports.from, ports.to),
    }
}

fn is_of(rule: &Rule, id: &InstanceId) -> bool {
    rule.name.to_lowercase().starts_with(&prefix(id).to_lowercase())
}

fn lowest_free_priority(rules: &[Rule], range: RangeInclusive<u16>) -> Result<u16, Error> {
    let used: BTreeSet<u16> = rules
        .iter()
        .filter(|rule| rule.properties.direction.eq_ignore_ascii_case("inbound"))
        .map(|rule| rule.properties.priority)
        .collect();
    let (first, last) = (*range.start(), *range.end());
    let mut free = range.filter(|priority| !used.contains(priority));
    free.next()
        .ok_or_else(|| Error::Exhausted(format!("no priorities available in the range [{first}, {last}]")))
}

/// What `rules` open to a machine, without what the provider keeps open itself.
fn openings(rules: &[Rule], id: &InstanceId) -> Vec<IngressRule> {
    let mut found = BTreeSet::new();
    let of_firewaller = |rule: &&Rule| {
        let properties = &rule.properties;
        let lets_in =
            properties.direction.eq_ignore_ascii_case("inbound") && properties.access.eq_ignore_ascii_case("allow");
        lets_in && properties.priority >= *INSTANCE.start() && is_of(rule, id)
    };
    for rule in rules.iter().filter(of_firewaller) {
        let Some((from, to)) = port_range(rule.properties.destination_port_range.as_deref().unwrap_or("*")) else {
            continue;
        };
        let protocols: &[Protocol] = match rule.properties.protocol.to_lowercase().as_str() {
            "tcp" => &[Protocol::Tcp],
            "udp" => &[Protocol::Udp],
            _ => &[Protocol::Tcp, Protocol::Udp],
        };
        let source = rule
            .properties
            .source_address_prefix
            .as_deref()
            .and_then(|source| source.parse().ok());
        for &protocol in protocols {
            let sources = source.into_iter().collect();
            found.insert(IngressRule {
                ports: PortRange { protocol, from, to },
                sources,
            });
        }
    }
    found.into_iter().collect()
}

/// `80`, `1000-2000` or `*`.
fn port_range(text: &str) -> Option<(u16, u16)> {
    if text == "*" {
        return Some((0, u16::MAX));
    }

    let (from, to) = text.split_once('-').unwrap_or((text, text));
    let range = (from.trim().parse().ok()?, to.trim().parse().ok()?);
    (range.0 <= range.1).then_some(range)
}

/// Generation A1 opens TCP and UDP, to the world.
fn checked(rules: &[IngressRule]) -> Result<Vec<PortRange>, Error> {
    for rule in rules {
        if rule.ports.protocol == Protocol::Icmp {
            return Err(Error::NotSupported(format!(
                "invalid protocol \"{}\"",
                rule.ports.protocol
            )));
        }

        let is_world = rule.sources.iter().all(|source| source.prefix_len() == 0);
        if !is_world {
            return Err(Error::NotSupported(format!(
                "generation A1 opens ports to the world only, and {} is asked for single networks",
                rule.ports
            )));
        }
    }
    Ok(rules.iter().map(|rule| rule.ports).collect())
}

fn is_conflict(error: &Error) -> bool {
    error
        .azure()
        .and_then(AzureError::refusal)
        .is_some_and(|refusal| refusal.has_code("SecurityRuleConflict"))
}

impl ArmEnviron {
    /// Rules of the group; None when it is gone (juju-provider L44).
    async fn rules(&self) -> Result<Option<Vec<Rule>>, Error> {
        let group: Option<SecurityGroup> = self.client.find(&groups::get(&self.scope)).await?;
        Ok(group.map(SecurityGroup::rules))
    }

    async fn existing_rules(&self) -> Result<Vec<Rule>, Error> {
        let group: SecurityGroup = self.client.read(&groups::get(&self.scope)).await?;
        Ok(group.rules())
    }

    /// Writes `make(priority)` where nothing of that name says the same already, and takes it into `rules`, so that the next one
    /// finds its priority taken (juju-provider L54).
    async fn put_rule(
        &self,
        rules: &mut Vec<Rule>,
        range: RangeInclusive<u16>,
        make: impl Fn(u16) -> Rule + Send,
    ) -> Result<(), Error> {
        for tries in 1.. {
            let name = make(*range.start()).name;
            let own = rules.iter().position(|rule| rule.name.eq_ignore_ascii_case(&name));
            let rule = match own {
                // A rule left by an earlier machine of this name is put right, in its place.
                Some(idx) => make(rules[idx].properties.priority),
                None => make(lowest_free_priority(rules, range.clone())?),
            };
            if own.is_some_and(|idx| says_the_same(&rules[idx], &rule)) {
                return Ok(());
            }

            match self.client.write(&groups::put_rule(&self.scope, &rule)).await {
                Ok(_) => {
                    match own {
                        Some(idx) => rules[idx] = rule,
                        None => rules.push(rule),
                    }
                    return Ok(());
                }
                Err(error) if is_conflict(&error) && tries < PRIORITY_TRIES_MAX => {
                    *rules = self.existing_rules().await?;
                }
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Lets the controller's API in to a machine that serves it.
    pub(super) async fn open_api(&self, id: &InstanceId, port: u16, address: IpAddr) -> Result<(), Error> {
        let _rules_are_ours = self.firewall.lock().await;
        let mut rules = self.existing_rules().await?;
        self.put_rule(&mut rules, INTERNAL, |priority| api_rule(id, port, address, priority))
            .await
    }

    pub(super) async fn open_instance_ports(&self, id: &InstanceId, wanted: &[IngressRule]) -> Result<(), Error> {
        let wanted = checked(wanted)?;
        if wanted.is_empty() {
            return Ok(());
        }

        let _rules_are_ours = self.firewall.lock().await;
        // A machine's rules are deleted after its virtual machine: looking for that first means that no rule outlives both.
        let parts = self
            .parts()
            .await?
            .remove(id)
            .filter(|parts| parts.vm.as_ref().is_some_and(|vm| !vm.is_going()));
        let parts = parts.ok_or(Error::NoInstances)?;
        let address = parts.interfaces.iter().find_map(|nic| nic.primary_address());
        let address = address.ok_or_else(|| Error::Machine(format!("{id}: internal network address not found")))?;
        let mut rules = self.existing_rules().await?;
        for ports in wanted {
            self.put_rule(&mut rules, INSTANCE, |priority| {
                instance_rule(id, ports, address, priority)
            })
            .await?;
        }
        Ok(())
    }

    pub(super) async fn close_instance_ports(&self, id: &InstanceId, unwanted: &[IngressRule]) -> Result<(), Error> {
        let unwanted = checked(unwanted)?;
        let _rules_are_ours = self.firewall.lock().await;
        for ports in unwanted {
            self.client
                .delete(&groups::delete_rule(&self.scope, &instance_rule_name(id, ports)))
                .await?;
        }
        Ok(())
    }

    pub(super) async fn instance_ports(&self, id: &InstanceId) -> Result<Vec<IngressRule>, Error> {
        Ok(openings(&self.rules().await?.unwrap_or_default(), id))
    }

    /// Deletes every rule of a machine, the API's too.
    pub(super) async fn delete_rules(&self, id: &InstanceId) -> Result<(), Error> {
        let _rules_are_ours = self.firewall.lock().await;
        let rules = self.rules().await?.unwrap_or_default();
        for rule in rules.iter().filter(|rule| is_of(rule, id)) {
            self.client
                .delete(&groups::delete_rule(&self.scope, &rule.name))
                .await?;
        }
        Ok(())
    }
}

/// Words may come back in another case.
fn says_the_same(a: &Rule, b: &Rule) -> bool {
    let words = |rule: &Rule| {
        let own = &rule.properties;
        let texts = [
            &own.destination_port_range,
            &own.source_address_prefix,
            &own.destination_address_prefix,
        ];
        let texts = texts.map(|text| text.as_deref().unwrap_or("*").to_lowercase());
        (
            texts,
            own.protocol.to_lowercase(),
            own.access.to_lowercase(),
            own.direction.to_lowercase(),
        )
    };
    words(a) == words(b)
}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv4Addr};

    use proptest::prelude::*;

    use super::{INSTANCE, INTERNAL, api_rule, checked, instance_rule, lowest_free_priority, openings, ssh_rule};
    use crate::{IngressRule, InstanceId, PortRange, Protocol};

    const ADDRESS: IpAddr = IpAddr::V4(Ipv4Addr::new(10, 0, 0, 4));

    fn id(nth: u32) -> InstanceId {
        InstanceId::new(format!("machine-{nth}"))
    }

    #[test]
    fn names_say_machine_protocol_and_ports() {
        let range = PortRange {
            protocol: Protocol::Udp,
            from: 1_000,
            to: 2_000,
        };
        assert_eq!(
            instance_rule(&id(3), range, ADDRESS, 200).name,
            "machine-3-udp-1000-2000"
        );
        let single = PortRange::single(Protocol::Tcp, 80);
        assert_eq!(instance_rule(&id(3), single, ADDRESS, 200).name, "machine-3-tcp-80");
    }

    #[test]
    fn what_the_provider_keeps_open_is_not_told_and_neighbours_are_not_mixed_up() {
        let http = PortRange::single(Protocol::Tcp, 80);
        let rules = vec![
            ssh_rule(),
            api_rule(&id(1), 17_070, ADDRESS, 101),
            instance_rule(&id(1), http, ADDRESS, 200),
            instance_rule(&id(10), PortRange::single(Protocol::Tcp, 443), ADDRESS, 201),
        ];
        assert_eq!(openings(&rules, &id(1)), vec![IngressRule::from(http)]);
        assert_eq!(openings(&rules, &id(2)), Vec::new());
    }

    #[test]
    fn the_lowest_gap_is_taken_and_a_full_range_is_told() {
        let http = |priority| instance_rule(&id(1), PortRange::single(Protocol::Tcp, 80), ADDRESS, priority);
        assert_eq!(lowest_free_priority(&[http(200), http(202)], INSTANCE).ok(), Some(201));
        let full: Vec<_> = INTERNAL.map(http).collect();
        let error = lowest_free_priority(&full, INTERNAL).map_err(|error| error.to_string());
        assert_eq!(
            error.err().as_deref(),
            Some("no priorities available in the range [101, 199]")
        );
    }

    #[test]
    fn what_azure_cannot_open_is_refused() {
        let icmp = IngressRule::from(PortRange::single(Protocol::Icmp, 8));
        assert_eq!(
            checked(&[icmp]).map_err(|error| error.to_string()),
            Err("invalid protocol \"icmp\"".to_owned())
        );
        let narrow = IngressRule {
            ports: PortRange::single(Protocol::Tcp, 80),
            sources: "10.0.0.0/24".parse().into_iter().collect(),
        };
        assert!(checked(&[narrow]).is_err());
    }

    #[test]
    fn what_was_opened_is_read_back() {
        proptest!(|(from: u16, extra in 0_u16..9_999, udp: bool, nth in 0_u32..99)| {
            let protocol = if udp { Protocol::Udp } else { Protocol::Tcp };
            let ports = PortRange { protocol, from, to: from.saturating_add(extra) };
            let rules = vec![instance_rule(&id(nth), ports, ADDRESS, 200)];
            prop_assert_eq!(openings(&rules, &id(nth)), vec![IngressRule::from(ports)]);
        });
    }
}
