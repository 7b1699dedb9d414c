//! Which rules security groups have, and how they come and go (juju-provider 1.10).
//!
//! Machines share a group, so a rule points at its machine by address, and is the machine's by its name.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr};
use std::ops::RangeInclusive;
use std::time::Duration;

use ipnet::{IpNet, Ipv4Net};

use super::ArmEnviron;
use super::deployments::{self, Deployment};
use super::generation::Index;
use super::network_interfaces::{self, Interface};
use super::network_security_groups::{self as groups, Rule, RuleProperties, SecurityGroup};
use super::virtual_machines::{self, VirtualMachine};
use crate::{AzureError, Error, IngressRule, InstanceId, PortRange, Protocol, StartInstance};

const SSH_PRIORITY: u16 = 100;
/// For what the provider itself keeps open.
const INTERNAL: RangeInclusive<u16> = 101..=199;
/// For what the firewaller opens.
const INSTANCE: RangeInclusive<u16> = 200..=4_096;
/// Another process may take a priority between our look and our write; then we look again.
const PRIORITY_TRIES_MAX: u32 = 5;
/// Where the API answers when the controller gets its certificate by itself (juju-provider 1.6, L45).
const AUTOCERT_PORT: u16 = 80;
/// Between looks at a machine that is being made.
const LOOK_EVERY: Duration = Duration::from_secs(5);

const WORLD: IpNet = IpNet::V4(Ipv4Net::new_assert(Ipv4Addr::UNSPECIFIED, 0));

/// An opening as Azure knows one: ports, and one source; None is the world.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Opening {
    ports: PortRange,
    source: Option<IpNet>,
}

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

/// The rules that let the API in to the controllers' subnet, by their own priorities.
pub(crate) fn api_rules(ports: &[u16], prefix: &str, by_port: bool) -> Vec<Rule> {
    let rules = ports.iter().zip(INTERNAL).map(|(port, priority)| {
        let name = match by_port {
            true => format!("JujuAPIInbound{port}"),
            false => "JujuAPIInbound".to_owned(),
        };
        inbound(
            name,
            "Allow API connections to controller machines".to_owned(),
            priority,
            PortRange::single(Protocol::Tcp, *port),
            prefix,
        )
    });
    rules.collect()
}

fn instance_rule(id: &InstanceId, opening: Opening, address: IpAddr, priority: u16) -> Rule {
    let ports = opening.ports;
    let description = match opening.source {
        Some(source) => format!("{ports} from {source}"),
        None => ports.to_string(),
    };
    let mut rule = inbound(
        instance_rule_name(id, opening),
        description,
        priority,
        ports,
        &address.to_string(),
    );
    if let Some(source) = opening.source {
        rule.properties.source_address_prefix = Some(source.to_string());
    }
    rule
}

/// Every rule of a machine begins so, `machine-1-`, which no rule of `machine-10` does.
fn prefix(id: &InstanceId) -> String {
    format!("{id}-")
}

/// `machine-3-tcp-80`, `machine-3-udp-1000-2000`, `machine-3-tcp-80-cidr-10-0-0-0-24`
fn instance_rule_name(id: &InstanceId, opening: Opening) -> String {
    let (prefix, ports) = (prefix(id), opening.ports);
    let mut name = match ports.from == ports.to {
        true => format!("{prefix}{}-{}", ports.protocol, ports.from),
        false => format!("{prefix}{}-{}-{}", ports.protocol, ports.from, ports.to),
    };
    if let Some(source) = opening.source {
        name.push_str(&format!("-cidr-{}", source.to_string().replace(['.', '/'], "-")));
    }
    name
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
    let mut found: BTreeMap<PortRange, BTreeSet<IpNet>> = BTreeMap::new();
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
        let source = rule.properties.source_address_prefix.as_deref().and_then(source_net);
        for &protocol in protocols {
            let ports = PortRange { protocol, from, to };
            found.entry(ports).or_default().insert(source.unwrap_or(WORLD));
        }
    }
    let rules = found
        .into_iter()
        .map(|(ports, sources)| match sources.iter().eq([&WORLD]) {
            true => IngressRule::from(ports),
            false => IngressRule { ports, sources },
        });
    rules.collect()
}

/// `10.0.0.0/24` or `10.0.0.5`; None for the world.
fn source_net(text: &str) -> Option<IpNet> {
    let net: Option<IpNet> = text.parse().ok();
    net.or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from))
        .filter(|net| net.prefix_len() > 0)
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

/// TCP and UDP, to the world; and to single networks where `by_source`. A rule with many sources becomes many openings.
fn checked(rules: &[IngressRule], by_source: bool) -> Result<Vec<Opening>, Error> {
    let mut openings = Vec::new();
    for rule in rules {
        if rule.ports.protocol == Protocol::Icmp {
            return Err(Error::NotSupported(format!(
                "invalid protocol \"{}\"",
                rule.ports.protocol
            )));
        }

        let is_single = |source: &&IpNet| source.prefix_len() > 0;
        if !by_source && rule.sources.iter().any(|source| is_single(&source)) {
            return Err(Error::NotSupported(format!(
                "generation A1 opens ports to the world only, and {} is asked for single networks",
                rule.ports
            )));
        }

        let mut add = |source| {
            let ports = rule.ports;
            openings.push(Opening { ports, source });
        };
        if rule.sources.is_empty() || rule.sources.iter().any(|source| !is_single(&source)) {
            add(None);
        }
        // Machines have IPv4 addresses only, and no rule mixes the two (juju-provider L25): what comes from IPv6 never gets there.
        for source in rule.sources.iter().filter(is_single) {
            match source {
                IpNet::V4(net) => add(Some(IpNet::V4(net.trunc()))),
                IpNet::V6(_) => tracing::debug!(%source, ports = %rule.ports, "no machine is reached over IPv6"),
            }
        }
    }
    Ok(openings)
}

fn is_conflict(error: &Error) -> bool {
    error
        .azure()
        .and_then(AzureError::refusal)
        .is_some_and(|refusal| refusal.has_code("SecurityRuleConflict"))
}

impl ArmEnviron {
    /// Rules of a group; None when it is gone (juju-provider L44).
    async fn rules(&self, group_id: &str) -> Result<Option<Vec<Rule>>, Error> {
        let group: Option<SecurityGroup> = self.client.find(&groups::get(&self.scope, group_id)).await?;
        Ok(group.map(SecurityGroup::rules))
    }

    async fn existing_rules(&self, group_id: &str) -> Result<Vec<Rule>, Error> {
        let group: SecurityGroup = self.client.read(&groups::get(&self.scope, group_id)).await?;
        Ok(group.rules())
    }

    /// Writes `make(priority)` where nothing of that name says the same already, and takes it into `rules`, so that the next one
    /// finds its priority taken (juju-provider L54).
    async fn put_rule(
        &self,
        group_id: &str,
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

            match self.client.write(&groups::put_rule(&self.scope, group_id, &rule)).await {
                Ok(_) => {
                    match own {
                        Some(idx) => rules[idx] = rule,
                        None => rules.push(rule),
                    }
                    return Ok(());
                }
                Err(error) if is_conflict(&error) && tries < PRIORITY_TRIES_MAX => {
                    *rules = self.existing_rules(group_id).await?;
                }
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Lets the controller's API in to a machine that serves it.
    pub(super) async fn open_api(&self, id: &InstanceId, port: u16, address: IpAddr) -> Result<(), Error> {
        let _rules_are_ours = self.firewall.lock().await;
        let group_id = groups::own_id(&self.scope);
        let mut rules = self.existing_rules(&group_id).await?;
        self.put_rule(&group_id, &mut rules, INTERNAL, |priority| {
            api_rule(id, port, address, priority)
        })
        .await
    }

    /// The ports that a controller's API answers on.
    pub(super) fn api_ports(&self, params: &StartInstance) -> Vec<u16> {
        let has_autocert = params.autocert_dns_name.as_ref().is_some_and(|name| !name.is_empty());
        let autocert = has_autocert && self.profile.api_rules_by_port && params.api_port != AUTOCERT_PORT;
        std::iter::once(params.api_port)
            .chain(autocert.then_some(AUTOCERT_PORT))
            .collect()
    }

    /// Lets the API in to a controller that joins an environment whose own deployment has not done so.
    pub(super) async fn open_api_to(&self, params: &StartInstance, prefix: &str) -> Result<(), Error> {
        let _rules_are_ours = self.firewall.lock().await;
        let group_id = groups::own_id(&self.scope);
        let Some(mut rules) = self.rules(&group_id).await? else {
            return Ok(());
        };
        let ports = self.api_ports(params);
        for wanted in api_rules(&ports, prefix, self.profile.api_rules_by_port) {
            if !rules.iter().any(|own| own.name.eq_ignore_ascii_case(&wanted.name)) {
                self.put_rule(&group_id, &mut rules, INTERNAL, |priority| {
                    let mut rule = wanted.clone();
                    rule.properties.priority = priority;
                    rule
                })
                .await?;
            }
        }
        Ok(())
    }

    pub(super) async fn open_instance_ports(&self, id: &InstanceId, wanted: &[IngressRule]) -> Result<(), Error> {
        let wanted = checked(wanted, self.profile.rule_sources)?;
        if wanted.is_empty() {
            return Ok(());
        }

        let _rules_are_ours = self.firewall.lock().await;
        let interfaces = self.interfaces_of(id).await?;
        for (group_id, interface) in self.guards(&interfaces).await? {
            let address = interface.primary_address();
            let address = address.ok_or_else(|| Error::Machine(format!("{id}: internal network address not found")))?;
            let mut rules = self.existing_rules(&group_id).await?;
            for &opening in &wanted {
                self.put_rule(&group_id, &mut rules, INSTANCE, |priority| {
                    instance_rule(id, opening, address, priority)
                })
                .await?;
            }
        }
        Ok(())
    }

    /// The interfaces of a machine that is there and stays. A machine's rules are deleted after its virtual machine: looking for
    /// that first means that no rule outlives both.
    async fn interfaces_of(&self, id: &InstanceId) -> Result<Vec<Interface>, Error> {
        let vm = self.made_machine(id).await?;
        let mut interfaces = Vec::new();
        for interface_id in vm.interface_ids() {
            let call = network_interfaces::get_by_id(&self.scope, interface_id);
            interfaces.extend(self.client.find::<Interface>(&call).await?);
        }
        if interfaces.is_empty() {
            return Err(Error::Machine(format!("{id}: internal network address not found")));
        }

        Ok(interfaces)
    }

    /// A machine that is there and stays; one that a deployment is making still is waited for.
    pub(super) async fn made_machine(&self, id: &InstanceId) -> Result<VirtualMachine, Error> {
        let started_ms = self.client.clock.now_ms();
        loop {
            let vm: Option<VirtualMachine> = self
                .client
                .find(&virtual_machines::get(&self.scope, id.as_str()))
                .await?;
            if let Some(vm) = vm.filter(|vm| !vm.is_going()) {
                return Ok(vm);
            }

            let waited_ms = self.client.clock.now_ms().saturating_sub(started_ms);
            if Duration::from_millis(waited_ms) >= self.client.deadline || !self.is_coming(id).await? {
                return Err(Error::NoInstances);
            }
            self.client.clock.sleep(LOOK_EVERY).await;
        }
    }

    /// Whether a deployment is making the machine, and is not waited for by whoever began it.
    pub(super) async fn is_coming(&self, id: &InstanceId) -> Result<bool, Error> {
        if self.profile.index != Index::Deployments {
            return Ok(false);
        }

        let call = deployments::get(&self.scope, id.as_str());
        let deployment: Option<Deployment> = self.client.find(&call).await?;
        Ok(deployment.is_some_and(|deployment| !deployment.is_over()))
    }

    pub(super) async fn close_instance_ports(&self, id: &InstanceId, unwanted: &[IngressRule]) -> Result<(), Error> {
        let unwanted = checked(unwanted, self.profile.rule_sources)?;
        if unwanted.is_empty() {
            return Ok(());
        }

        let _rules_are_ours = self.firewall.lock().await;
        for group_id in self.guards_by_name(id).await? {
            for &opening in &unwanted {
                let call = groups::delete_rule(&self.scope, &group_id, &instance_rule_name(id, opening));
                self.client.delete(&call).await?;
            }
        }
        Ok(())
    }

    /// The groups of a machine's first interface, or the one it would have had.
    async fn guards_by_name(&self, id: &InstanceId) -> Result<Vec<String>, Error> {
        if self.profile.index != Index::VirtualMachines {
            return Ok(vec![groups::own_id(&self.scope)]);
        }

        let call = network_interfaces::get(&self.scope, id.as_str());
        let interface: Option<Interface> = self.client.find(&call).await?;
        let interfaces: Vec<Interface> = interface.into_iter().collect();
        self.guards_of_remains(&interfaces).await
    }

    pub(super) async fn instance_ports(&self, id: &InstanceId) -> Result<Vec<IngressRule>, Error> {
        let mut rules = Vec::new();
        for group_id in self.guards_by_name(id).await? {
            rules.extend(self.rules(&group_id).await?.unwrap_or_default());
        }
        Ok(openings(&rules, id))
    }

    /// Deletes every rule of a machine in these groups, the API's too.
    pub(super) async fn delete_rules(&self, id: &InstanceId, group_ids: &[String]) -> Result<(), Error> {
        let _rules_are_ours = self.firewall.lock().await;
        for group_id in group_ids {
            let rules = self.rules(group_id).await?.unwrap_or_default();
            for rule in rules.iter().filter(|rule| is_of(rule, id)) {
                self.client
                    .delete(&groups::delete_rule(&self.scope, group_id, &rule.name))
                    .await?;
            }
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

    use super::{
        INSTANCE, INTERNAL, Opening, api_rule, api_rules, checked, instance_rule, lowest_free_priority, openings,
        ssh_rule,
    };
    use crate::{IngressRule, InstanceId, PortRange, Protocol};

    const ADDRESS: IpAddr = IpAddr::V4(Ipv4Addr::new(10, 0, 0, 4));

    fn world(ports: PortRange) -> Opening {
        Opening { ports, source: None }
    }

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
            instance_rule(&id(3), world(range), ADDRESS, 200).name,
            "machine-3-udp-1000-2000"
        );
        let single = PortRange::single(Protocol::Tcp, 80);
        assert_eq!(
            instance_rule(&id(3), world(single), ADDRESS, 200).name,
            "machine-3-tcp-80"
        );
    }

    #[test]
    fn what_the_provider_keeps_open_is_not_told_and_neighbours_are_not_mixed_up() {
        let http = PortRange::single(Protocol::Tcp, 80);
        let rules = vec![
            ssh_rule(),
            api_rule(&id(1), 17_070, ADDRESS, 101),
            instance_rule(&id(1), world(http), ADDRESS, 200),
            instance_rule(&id(10), world(PortRange::single(Protocol::Tcp, 443)), ADDRESS, 201),
        ];
        assert_eq!(openings(&rules, &id(1)), vec![IngressRule::from(http)]);
        assert_eq!(openings(&rules, &id(2)), Vec::new());
    }

    #[test]
    fn the_lowest_gap_is_taken_and_a_full_range_is_told() {
        let http = |priority| instance_rule(&id(1), world(PortRange::single(Protocol::Tcp, 80)), ADDRESS, priority);
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
            checked(&[icmp], true).map_err(|error| error.to_string()),
            Err("invalid protocol \"icmp\"".to_owned())
        );
        let narrow = IngressRule {
            ports: PortRange::single(Protocol::Tcp, 80),
            sources: "10.0.0.0/24".parse().into_iter().collect(),
        };
        assert!(checked(std::slice::from_ref(&narrow), false).is_err());
        assert!(checked(&[narrow], true).is_ok());
    }

    #[test]
    fn each_source_is_a_rule_of_its_own_and_all_are_read_back_as_one() {
        let rule = IngressRule {
            ports: PortRange::single(Protocol::Tcp, 80),
            sources: ["10.0.5.1/24", "10.0.0.5/32", "2001:db8::/32"]
                .iter()
                .filter_map(|text| text.parse().ok())
                .collect(),
        };
        let made: Vec<_> = checked(&[rule], true)
            .expect("TCP from networks can be opened")
            .into_iter()
            .map(|opening| instance_rule(&id(3), opening, ADDRESS, 200))
            .collect();
        let said: Vec<_> = made
            .iter()
            .map(|rule| (rule.name.as_str(), rule.properties.description.as_deref()))
            .collect();
        assert_eq!(
            said,
            [
                ("machine-3-tcp-80-cidr-10-0-0-5-32", Some("80/tcp from 10.0.0.5/32")),
                ("machine-3-tcp-80-cidr-10-0-5-0-24", Some("80/tcp from 10.0.5.0/24")),
            ]
        );
        let read = openings(&made, &id(3));
        assert_eq!(read.len(), 1);
        assert_eq!(read[0].sources.len(), 2);
    }

    #[test]
    fn the_world_beside_a_network_is_said_and_alone_is_not() {
        let http = PortRange::single(Protocol::Tcp, 80);
        let both = IngressRule {
            ports: http,
            sources: ["0.0.0.0/0", "10.0.0.0/24"]
                .iter()
                .filter_map(|text| text.parse().ok())
                .collect(),
        };
        let made: Vec<_> = checked(std::slice::from_ref(&both), true)
            .expect("TCP from networks can be opened")
            .into_iter()
            .map(|opening| instance_rule(&id(3), opening, ADDRESS, 200))
            .collect();
        assert_eq!(openings(&made, &id(3)), vec![both]);
        assert_eq!(openings(&made[..1], &id(3)), vec![IngressRule::from(http)]);
    }

    #[test]
    fn the_api_has_a_rule_for_each_port_with_a_priority_of_its_own() {
        let said: Vec<_> = api_rules(&[17_070, 80], "192.168.16.0/20", true)
            .into_iter()
            .map(|rule| (rule.name, rule.properties.priority))
            .collect();
        assert_eq!(
            said,
            [
                ("JujuAPIInbound17070".to_owned(), 101),
                ("JujuAPIInbound80".to_owned(), 102)
            ]
        );
        assert_eq!(api_rules(&[17_070], "192.168.16.0/20", false)[0].name, "JujuAPIInbound");
    }

    #[test]
    fn what_was_opened_is_read_back() {
        proptest!(|(from: u16, extra in 0_u16..9_999, udp: bool, nth in 0_u32..99)| {
            let protocol = if udp { Protocol::Udp } else { Protocol::Tcp };
            let ports = PortRange { protocol, from, to: from.saturating_add(extra) };
            let rules = vec![instance_rule(&id(nth), world(ports), ADDRESS, 200)];
            prop_assert_eq!(openings(&rules, &id(nth)), vec![IngressRule::from(ports)]);
        });
    }
}
