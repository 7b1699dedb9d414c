//! Network interfaces.
//!
//! An interface owns one fabric port for its whole life. The port holds the addresses; the interface only names them.

use std::net::Ipv4Addr;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{CHILD_TYPES, limits, private_addresses, reading};
use crate::Document;
use crate::api_version::ApiVersion;
use crate::catalogue::locations;
use crate::cx::Cx;
use crate::descriptor::{
    Descriptor, Dialect, Field, Fill, Lifetimes, NameRule, Polls, Provisioning, RefRule, Stage, Write, WriteVerb,
};
use crate::document::same_name;
use crate::engine::etag;
use crate::error::CloudError;
use crate::fabric::{Port, PortAddress};
use crate::forms::{self, forms};
use crate::key::{Guid, Key};
use crate::operation::Doing;
use crate::plan::Plan;
use crate::quota::QuotaKey;
use crate::registry::Kind;
use crate::resource::Resource;
use crate::types::{Put, ResourceType, View};

forms! {
    IN_USE: InUse, Network, "NicInUse", "Network Interface {interface} is used by existing resource {user}. In order to delete the network interface, it must be dissociated from the resource. To learn more, see aka.ms/deletenic.", "ARM 3.5", "delete the machine, or take the interface off it";
    MIXED_SKUS: Invalid, Network, "PublicIPAddressesOnNicMustHaveSameSku", "Network interface {interface} references public IP addresses of Basic and Standard sku.", "ARM 8.2 (code and form assumed)", "use public addresses of one sku";
    NO_PRIMARY: Invalid, Network, "NetworkInterfaceMustHaveOneOneIPConfigAsPrimary", "Network Interface {interface} specifies multiple IPConfigurations but none of the IPConfigurations is specified as Primary.", "Azure/azure-sdk-for-go issue 259", "mark one configuration as primary";
    PRIMARY_STAYS: Conflict, Network, "IpConfigDeleteNotSupported", "IP Configuration {configuration} cannot be deleted. Deletion and renaming of primary IP Configuration is not supported", "ansible-collections/azure issue 1281", "keep the primary configuration and its name while a machine has the interface";
    SECOND_PRIMARY: Invalid, Network, "NetworkInterfaceMustHaveOneOneIPConfigAsPrimary", "Network Interface {interface} specifies multiple IPConfigurations as Primary.", "assumed: as for none", "mark one configuration only as primary";
    SUBNETS_APART: Invalid, Network, "SubnetsNotInSameVnet", "Subnet {subnet} referenced by resource {configuration} is not in the same Virtual Network {network} as the subnets of other IP configurations of the network interface.", "ARM 8.2 (form assumed)", "use subnets of one virtual network";
}

/// Where the configurations stand.
const CONFIGURATIONS: &str = "/properties/ipConfigurations";

const DELETING: Provisioning = Provisioning::Deleting;

/// Over with the answer, which already says so (ARM 2.2).
const AT_ONCE: &[Stage] = &[Stage::new(Provisioning::Succeeded, 0, 0)];

/// An interface of a running machine is reconfigured (observed-arm, How long operations take).
const ON_A_HOST: &[Stage] = &[Stage::new(Provisioning::Updating, 30_000, 80_000)];

/// From this version on a write that changes nothing on a host begins no operation (ARM 2.2: absent in 2025; the date is unsure).
const WITHOUT_OPERATION: ApiVersion = ApiVersion::date(2021, 1, 1);

/// Places of the references in the descriptor.
const SUBNET: u16 = 0;
const PUBLIC_IP_ADDRESS: u16 = 1;

/// Network interfaces.
pub(crate) const DESCRIPTOR: Descriptor = Descriptor {
    since: ApiVersion::date(2014, 12, 1),
    shows_type_since: ApiVersion::date(2015, 6, 15),
    names: NameRule::word(1, 80),
    quota: Some(QuotaKey("NetworkInterfaces")),
    fields: &[
        Field::read_only("/kind"),
        Field::read_only("/properties/macAddress"),
        Field::read_only("/properties/primary"),
        Field::read_only("/properties/virtualMachine"),
        Field::read_only("/properties/hostedWorkloads"),
        Field::read_only("/properties/tapConfigurations"),
        Field::read_only("/properties/virtualNetworkTapProvisioningState"),
        Field::read_only("/properties/dnsSettings/appliedDnsServers"),
        Field::read_only("/properties/dnsSettings/internalDomainNameSuffix"),
        Field::read_only("/properties/dnsSettings/internalFqdn"),
        Field::read_only("/properties/ipConfigurations/*/id"),
        Field::read_only("/properties/ipConfigurations/*/etag"),
        Field::read_only("/properties/ipConfigurations/*/type"),
        Field::read_only("/properties/ipConfigurations/*/properties/provisioningState"),
        Field::read_only("/properties/ipConfigurations/*/properties/isInUseWithService"),
        Field::one_of(
            "/properties/ipConfigurations/*/properties/privateIPAllocationMethod",
            &["Dynamic", "Static"],
        ),
        Field::one_of(
            "/properties/ipConfigurations/*/properties/privateIPAddressVersion",
            &["IPv4", "IPv6"],
        ),
        Field::default(
            "/properties/ipConfigurations/*/properties/privateIPAllocationMethod",
            Fill::Text("Dynamic"),
        ),
        Field::default(
            "/properties/ipConfigurations/*/properties/privateIPAddressVersion",
            Fill::Text("IPv4"),
        )
        .since(ApiVersion::date(2016, 3, 30)),
        Field::default(
            "/properties/ipConfigurations/*/properties/isInUseWithService",
            Fill::Bool(false),
        )
        .since(ApiVersion::date(2018, 2, 1))
        .until(ApiVersion::date(2018, 8, 1)),
        Field::default("/properties/dnsSettings", Fill::Object),
        Field::default("/properties/dnsSettings/dnsServers", Fill::Empty).since(ApiVersion::date(2015, 6, 15)),
        Field::default("/properties/dnsSettings/appliedDnsServers", Fill::Empty).since(ApiVersion::date(2015, 6, 15)),
        Field::default("/properties/enableAcceleratedNetworking", Fill::Bool(false))
            .since(ApiVersion::date(2016, 9, 1)),
        Field::default("/properties/enableIPForwarding", Fill::Bool(false)),
        Field::default(
            "/properties/virtualNetworkTapProvisioningState",
            Fill::Text("NotProvisioned"),
        )
        .since(ApiVersion::date(2018, 2, 1))
        .until(ApiVersion::date(2018, 8, 1)),
        // ARM 8.2 has these two from 2018-04-01 and 2019-06-01 on; the answers of 2018-06-01 in observed-arm have neither.
        Field::default("/properties/hostedWorkloads", Fill::Empty).since(ApiVersion::date(2018, 8, 1)),
        Field::default("/properties/tapConfigurations", Fill::Empty).since(ApiVersion::date(2018, 8, 1)),
        Field::default("/properties/nicType", Fill::Text("Standard")).since(ApiVersion::date(2020, 3, 1)),
        // ARM 8.2 says 2021 and later of the rest; the very versions are assumed.
        Field::default("/kind", Fill::Text("Regular")).since(ApiVersion::date(2021, 8, 1)),
        Field::default("/properties/vnetEncryptionSupported", Fill::Bool(false)).since(ApiVersion::date(2021, 8, 1)),
        Field::default("/properties/auxiliaryMode", Fill::Text("None")).since(ApiVersion::date(2021, 8, 1)),
        Field::default("/properties/auxiliarySku", Fill::Text("None")).since(ApiVersion::date(2022, 7, 1)),
        Field::default("/properties/disableTcpStateTracking", Fill::Bool(false)).since(ApiVersion::date(2022, 7, 1)),
        Field::default("/properties/allowPort25Out", Fill::Bool(true)).since(ApiVersion::date(2023, 2, 1)),
        Field::default("/properties/defaultOutboundConnectivityEnabled", Fill::Bool(false))
            .since(ApiVersion::date(2023, 2, 1)),
    ],
    refs: &[
        RefRule::shared("/properties/ipConfigurations/*/properties/subnet", &[Kind::Subnets]).blocks_delete(),
        RefRule::exclusive(
            "/properties/ipConfigurations/*/properties/publicIPAddress",
            &[Kind::PublicIpAddresses],
        )
        .blocks_delete(),
        RefRule::shared("/properties/networkSecurityGroup", &[Kind::NetworkSecurityGroups]).blocks_delete(),
        RefRule::shared(
            "/properties/ipConfigurations/*/properties/applicationSecurityGroups/*",
            &[Kind::ApplicationSecurityGroups],
        )
        .blocks_delete(),
        // Membership does not hold a load balancer: it goes, and its members forget it (ARM 8.2).
        RefRule::shared(
            "/properties/ipConfigurations/*/properties/loadBalancerBackendAddressPools/*",
            &[Kind::BackendAddressPools],
        ),
        RefRule::exclusive(
            "/properties/ipConfigurations/*/properties/loadBalancerInboundNatRules/*",
            &[Kind::InboundNatRules],
        ),
    ],
    lifetimes: Lifetimes {
        create: AT_ONCE,
        update: AT_ONCE,
        // observed-arm, How long operations take: 13 deletions, 1 s in the middle.
        delete: &[Stage::new(DELETING, 0, 2_000)],
    },
    writes: &[
        Write::new(WriteVerb::PutNew, 201).polls(Polls::AsyncOperation),
        Write::new(WriteVerb::PutAgain, 200)
            .polls(Polls::AsyncOperation)
            .retry_after_secs(10),
        Write::new(WriteVerb::Patch, 200),
        Write::accepted(WriteVerb::Delete).retry_after_secs(10),
    ],
    errors: ALL,
    ..Descriptor::of("Microsoft.Network/networkInterfaces", Dialect::Network)
};

/// A network interface.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct NetworkInterface {
    /// The name of its primary configuration.
    pub primary: Box<str>,
}

/// What a client asks of one configuration.
struct Configuration<'d> {
    name: &'d str,
    /// The subnet. An IPv6 configuration may have none (ARM 8.2; juju-era IPv6 went through load balancers only).
    pool: Option<Key>,
    public: Option<Key>,
    ipv6: bool,
    address: Wanted<'d>,
}

/// The private address that a client asks for.
#[derive(Clone, Copy)]
enum Wanted<'d> {
    /// Any.
    Dynamic,
    /// This one; `None` when it was left out.
    Static(Option<&'d str>),
}

impl ResourceType for NetworkInterface {
    const DESCRIPTOR: &'static Descriptor = &DESCRIPTOR;

    fn plan_put(cx: &Cx<'_>, put: &Put<'_>, before: Option<&Self>) -> Result<(Self, Plan), CloudError> {
        let (configurations, primary) = read(cx, put)?;
        let old = cx.fabric().ports.get(&put.key);
        check_one_network(cx, put, &configurations, old)?;
        check_public_addresses(cx, put, &configurations)?;
        if let Some(before) = before {
            check_primary_stays(&configurations, before, old)?;
        }
        let addresses = allocate(cx, put, &configurations, old)?;

        let mut plan = Plan::new();
        for held in old.into_iter().flat_map(|port| &port.addresses) {
            if !addresses
                .iter()
                .any(|new| new.pool == held.pool && new.address == held.address)
            {
                plan = plan.lease((held.pool, u32::from(held.address)), None);
            }
            let left = held
                .public
                .filter(|public| !addresses.iter().any(|new| new.public == Some(*public)));
            if let Some(row) = left
                .and_then(|public| cx.fabric().public_addresses.get(&public))
                .filter(|row| !row.fixed)
            {
                plan = plan.changes(row.returned(left.expect("it was just looked up")));
            }
        }
        for new in &addresses {
            plan = plan.lease((new.pool, u32::from(new.address)), Some(put.key));
        }
        let port = match old {
            Some(port) => Port {
                addresses,
                ..port.clone()
            },
            None => Port {
                addresses,
                machine: None,
                primary: false,
                mac: None,
                reserved: None,
            },
        };
        plan = plan.port(put.key, Some(port));
        if cx.fabric().is_powered(put.key) {
            plan = plan.lasting(ON_A_HOST);
        } else if put.version >= WITHOUT_OPERATION {
            plan = plan.lasting(&[]);
        }
        Ok((
            NetworkInterface {
                primary: primary.into(),
            },
            plan,
        ))
    }

    /// The engine has asked for users; a port can be kept for a machine that is not there, too. Quirk `nic-reserved`.
    fn plan_delete(&self, cx: &Cx<'_>, resource: &Resource) -> Result<Plan, CloudError> {
        let reservation = cx
            .fabric()
            .ports
            .get(&resource.key)
            .and_then(|port| port.reservation(cx.now()));
        if let Some((machine, until)) = reservation {
            cov_mark::hit!(nic_reserved);
            return Err(CloudError::of(&forms::NIC_RESERVED)
                .with("machine", machine)
                .until(until));
        }

        Ok(Plan::new())
    }

    fn plan_removal(&self, cx: &Cx<'_>, resource: &Resource) -> Plan {
        let mut plan = Plan::new().changes(cx.fabric().addresses_of_stopped(&[resource.key]));
        for held in cx
            .fabric()
            .ports
            .get(&resource.key)
            .into_iter()
            .flat_map(|port| &port.addresses)
        {
            plan = plan.lease((held.pool, u32::from(held.address)), None);
        }
        plan.port(resource.key, None)
    }

    /// A public address that was put on an interface of a machine on a host is allocated when the write is done (ARM 8.2).
    fn settle(&self, cx: &Cx<'_>, resource: &Resource, _doing: &Doing, failed: bool) -> (Self, Plan) {
        let plan = if !failed && cx.fabric().is_powered(resource.key) {
            Plan::new().changes(cx.fabric().addresses_of_started(&[resource.key]))
        } else {
            Plan::new()
        };
        (self.clone(), plan)
    }

    fn render(&self, cx: &Cx<'_>, resource: &Resource, view: &View<'_>, document: &mut Document) {
        let Some(port) = cx.fabric().ports.get(&resource.key) else {
            return;
        };
        let properties = &mut document["properties"];
        self.render_configurations(cx, resource, view, port, &mut properties["ipConfigurations"]);
        if view.version >= ApiVersion::date(2015, 6, 15) {
            render_dns(cx, port, &mut properties["dnsSettings"]);
        }
        if let Some(mac) = port.mac {
            properties["macAddress"] = Value::from(mac.to_string());
        }
        if let Some(machine) = port.machine {
            properties["primary"] = Value::from(port.primary);
            properties["virtualMachine"] = json!({ "id": cx.id(machine) });
        }
    }

    fn in_use(cx: &Cx<'_>, target: &Resource, users: &[String]) -> CloudError {
        cov_mark::hit!(nic_in_use);
        CloudError::of(&IN_USE)
            .with("interface", cx.id(target.key))
            .with("user", users.join(", "))
    }
}

impl NetworkInterface {
    fn render_configurations(&self, cx: &Cx<'_>, resource: &Resource, view: &View<'_>, port: &Port, shown: &mut Value) {
        let (id, etag) = (cx.id(resource.key), etag(cx, resource));
        for configuration in shown.as_array_mut().into_iter().flatten() {
            let name = configuration["name"].as_str().unwrap_or_default().to_owned();
            configuration["id"] = Value::from(format!("{id}/ipConfigurations/{name}"));
            configuration["etag"] = Value::from(etag.as_str());
            // ARM 8.2 says 2018-04-01; the answers of that version in observed-arm have no type here yet.
            if view.version > CHILD_TYPES {
                configuration["type"] = Value::from("Microsoft.Network/networkInterfaces/ipConfigurations");
            }
            let properties = &mut configuration["properties"];
            drop_empty_memberships(properties);
            properties["provisioningState"] = Value::from(resource.provisioning.as_str());
            if let Some(held) = port.addresses.iter().find(|held| held.name.as_ref() == name) {
                properties["privateIPAddress"] = Value::from(held.address.to_string());
            }
            if view.version >= ApiVersion::date(2015, 6, 15) {
                properties["primary"] = Value::from(name == self.primary.as_ref());
            }
        }
    }
}

/// A list of memberships is shown only while there is one in it: those of balancers that are gone are forgotten.
fn drop_empty_memberships(properties: &mut Value) {
    let Some(members) = properties.as_object_mut() else {
        return;
    };
    for list in [
        "loadBalancerBackendAddressPools",
        "loadBalancerInboundNatRules",
        "applicationSecurityGroups",
    ] {
        let is_empty = members
            .get(list)
            .and_then(Value::as_array)
            .is_some_and(|items| items.iter().all(Value::is_null));
        if is_empty {
            members.shift_remove(list);
        }
    }
}

/// The names of an interface: the suffix that its network gives, and the servers in force while a machine has it.
pub(in crate::types) fn render_dns(cx: &Cx<'_>, port: &Port, settings: &mut Value) {
    let network = port
        .addresses
        .first()
        .and_then(|held| cx.fabric().pools.get(&held.pool))
        .map(|pool| cx.resource(pool.network));
    let Some(network) = network else {
        return;
    };
    let suffix = domain_suffix(network.guid, &network.location);
    if port.machine.is_some() {
        let own = settings
            .get("dnsServers")
            .filter(|servers| servers.as_array().is_some_and(|servers| !servers.is_empty()));
        let servers = own
            .or_else(|| network.echo.pointer("/properties/dhcpOptions/dnsServers"))
            .cloned();
        if let Some(servers) = servers {
            settings["appliedDnsServers"] = servers;
        }
        if let Some(label) = settings.get("internalDnsNameLabel").and_then(Value::as_str) {
            settings["internalFqdn"] = Value::from(format!("{label}.{suffix}"));
        }
    }
    settings["internalDomainNameSuffix"] = Value::from(suffix);
}

/// `{26 characters}.{2 letters}.internal.cloudapp.net`, the same for a network's whole life (ARM 8.2): its guid and its region.
fn domain_suffix(network: Guid, location: &str) -> String {
    const DIGITS: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz012345";
    let digit = |place: u32| char::from(DIGITS[usize::try_from(network.0 >> (5 * place) & 31).expect("five bits fit")]);
    let zone: String = (0..26).map(digit).collect();
    let region = locations::LOCATIONS
        .iter()
        .position(|known| known.name == location)
        .unwrap_or(0);
    let letter = char::from(DIGITS[region % 26]);
    format!("{zone}.{letter}x.internal.cloudapp.net")
}

/// The configurations, at least one, and the name of the primary one: the only one, or the only one so marked (ARM 8.2).
fn read<'d>(cx: &Cx<'_>, put: &Put<'d>) -> Result<(Vec<Configuration<'d>>, &'d str), CloudError> {
    let listed = reading::array(put.document, CONFIGURATIONS)?;
    if listed.is_empty() {
        return Err(reading::refuse(
            CONFIGURATIONS,
            &Value::Null,
            "Expected at least one IP configuration.",
        ));
    }

    let mut configurations: Vec<Configuration<'_>> = Vec::with_capacity(listed.len());
    let mut marked = None;
    for (index, item) in listed.iter().enumerate() {
        let configuration = read_one(put, index, item)?;
        if configurations
            .iter()
            .any(|other| same_name(other.name, configuration.name))
        {
            let detail = CloudError::of(&forms::DUPLICATE_CHILD)
                .with("resource", put.id())
                .with("name", configuration.name);
            return Err(CloudError::of(&forms::INVALID_FORMAT).because(detail));
        }
        if reading::flag(item, "/properties/primary")? == Some(true) && marked.replace(configuration.name).is_some() {
            return Err(CloudError::of(&SECOND_PRIMARY).with("interface", put.id.name()));
        }
        configurations.push(configuration);
    }
    limits::check(
        cx,
        "SecondaryIPConfigurationsPerNetworkInterface",
        listed.len() - 1,
        &limits::IP_CONFIGURATIONS,
    )?;
    let only = (configurations.len() == 1).then(|| configurations[0].name);
    match only.or(marked) {
        Some(primary) => Ok((configurations, primary)),
        None => Err(CloudError::of(&NO_PRIMARY).with("interface", put.id.name())),
    }
}

fn read_one<'d>(put: &Put<'d>, index: usize, item: &'d Value) -> Result<Configuration<'d>, CloudError> {
    let place = |member: &str| format!("{CONFIGURATIONS}/{index}{member}");
    let Some(name) = reading::text(item, "/name")? else {
        return Err(reading::refuse(&place("/name"), &Value::Null, "Expected a name."));
    };
    let ipv6 = reading::text(item, "/properties/privateIPAddressVersion")? == Some("IPv6");
    let mut configuration = Configuration {
        name,
        pool: None,
        public: None,
        ipv6,
        address: Wanted::Dynamic,
    };
    for edge in put.edges {
        let Some((at, _)) = edge
            .at
            .strip_prefix("/properties/ipConfigurations/")
            .and_then(|rest| rest.split_once('/'))
        else {
            continue;
        };
        if at.parse() != Ok(index) {
            continue;
        }
        match edge.rule {
            SUBNET => configuration.pool = Some(edge.target),
            PUBLIC_IP_ADDRESS => configuration.public = Some(edge.target),
            _ => {}
        }
    }
    if configuration.pool.is_none() && !ipv6 {
        return Err(reading::refuse(
            &place("/properties/subnet"),
            &Value::Null,
            "Expected a subnet.",
        ));
    }
    if reading::text(item, "/properties/privateIPAllocationMethod")? == Some("Static") {
        let address = reading::text(item, "/properties/privateIPAddress")?.filter(|address| !address.is_empty());
        configuration.address = Wanted::Static(address);
    }
    Ok(configuration)
}

/// All configurations lie in one virtual network; a machine's interface stays in its own (ARM 8.2).
fn check_one_network(
    cx: &Cx<'_>,
    put: &Put<'_>,
    configurations: &[Configuration<'_>],
    old: Option<&Port>,
) -> Result<(), CloudError> {
    let network_of = |pool: Key| cx.fabric().pools.get(&pool).map(|pool| pool.network);
    let mut first = old
        .filter(|port| port.machine.is_some())
        .and_then(|port| port.addresses.first())
        .and_then(|held| network_of(held.pool));
    for configuration in configurations {
        let Some(pool) = configuration.pool else {
            continue;
        };
        match (first, network_of(pool)) {
            (Some(first), Some(network)) if first != network => {
                let error = CloudError::of(&SUBNETS_APART)
                    .with("subnet", cx.id(pool))
                    .with("network", cx.id(first));
                return Err(error.with("configuration", configuration_id(put, configuration)));
            }
            (None, network) => first = network,
            _ => {}
        }
    }
    Ok(())
}

/// No public address twice on one interface, and all of one sku. That nobody else has it, the engine has looked at.
fn check_public_addresses(cx: &Cx<'_>, put: &Put<'_>, configurations: &[Configuration<'_>]) -> Result<(), CloudError> {
    let mut seen: Vec<(Key, &Configuration<'_>)> = Vec::new();
    for configuration in configurations {
        let Some(public) = configuration.public else {
            continue;
        };
        if let Some((_, holder)) = seen.iter().find(|(other, _)| *other == public) {
            let (holder, claimant) = (configuration_id(put, holder), configuration_id(put, configuration));
            return Err(Kind::PublicIpAddresses.claimed(cx, cx.resource(public), &holder, &claimant));
        }
        seen.push((public, configuration));
    }

    let is_standard =
        |public: Key| cx.resource(public).echo.pointer("/sku/name").and_then(Value::as_str) == Some("Standard");
    match seen.split_first() {
        Some((first, rest)) if rest.iter().any(|other| is_standard(other.0) != is_standard(first.0)) => {
            Err(CloudError::of(&MIXED_SKUS).with("interface", put.id()))
        }
        _ => Ok(()),
    }
}

/// The primary configuration of a machine's interface stays, under its name.
fn check_primary_stays(
    configurations: &[Configuration<'_>],
    before: &NetworkInterface,
    old: Option<&Port>,
) -> Result<(), CloudError> {
    let attached = old.is_some_and(|port| port.machine.is_some());
    let stays = configurations
        .iter()
        .any(|configuration| same_name(configuration.name, &before.primary));
    if attached && !stays {
        return Err(CloudError::of(&PRIMARY_STAYS).with("configuration", &before.primary));
    }
    Ok(())
}

fn configuration_id(put: &Put<'_>, configuration: &Configuration<'_>) -> String {
    format!("{}/ipConfigurations/{}", put.id, configuration.name)
}

/// The addresses of the configurations: first those that the client chose, then those that are kept, then the lowest that are
/// free (ARM 8.2).
fn allocate(
    cx: &Cx<'_>,
    put: &Put<'_>,
    configurations: &[Configuration<'_>],
    old: Option<&Port>,
) -> Result<Vec<PortAddress>, CloudError> {
    let mut given: Vec<Option<Ipv4Addr>> = vec![None; configurations.len()];
    for index in 0..configurations.len() {
        let configuration = &configurations[index];
        if let (Wanted::Static(address), Some(pool), false) =
            (configuration.address, configuration.pool, configuration.ipv6)
        {
            let address = private_addresses::read_static(cx, &|| configuration_id(put, configuration), pool, address)?;
            let other =
                (0..index).find(|other| configurations[*other].pool == Some(pool) && given[*other] == Some(address));
            let holder = match other {
                Some(other) => Some(configuration_id(put, &configurations[other])),
                None => private_addresses::holder_of(cx, put.key, pool, address),
            };
            if let Some(holder) = holder {
                return Err(private_addresses::allocated(
                    &configuration_id(put, configuration),
                    address,
                    &holder,
                ));
            }
            given[index] = Some(address);
        }
    }

    let mut addresses = Vec::with_capacity(configurations.len());
    for index in 0..configurations.len() {
        let configuration = &configurations[index];
        let (Some(pool), false) = (configuration.pool, configuration.ipv6) else {
            continue;
        };
        if given[index].is_none() {
            let taken: Vec<Ipv4Addr> = (0..configurations.len())
                .filter(|other| configurations[*other].pool == Some(pool))
                .filter_map(|other| given[other])
                .collect();
            let kept = old
                .into_iter()
                .flat_map(|port| &port.addresses)
                .find(|held| held.name.as_ref() == configuration.name && held.pool == pool);
            let kept = kept.map(|held| held.address).filter(|address| !taken.contains(address));
            given[index] = kept.or_else(|| cx.fabric().lowest_free(pool, &taken));
        }
        let Some(address) = given[index] else {
            let count = configurations
                .iter()
                .filter(|configuration| configuration.pool == Some(pool))
                .count();
            return Err(private_addresses::full(cx, pool, count));
        };
        addresses.push(PortAddress {
            name: configuration.name.into(),
            pool,
            address,
            chosen: matches!(configuration.address, Wanted::Static(_)),
            public: configuration.public,
        });
    }
    Ok(addresses)
}

#[cfg(test)]
mod tests;
