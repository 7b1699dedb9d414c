//! Where the interfaces of a machine are (juju-provider 1.8.5, 1.14).

use std::net::Ipv4Addr;
use std::time::Duration;

use ipnet::Ipv4Net;

use super::ArmEnviron;
use super::generation::PrivateAddress;
use super::scope::{name_of, same_id};
use super::template;
use super::virtual_networks::{
    self, CONTROLLER_PREFIX, CONTROLLER_SUBNET, INTERNAL_PREFIX, NETWORK, SUBNET, Subnet, address_of_machine,
};
use crate::{Error, StartInstance};

const PLACEMENT: &str = "subnet=";
/// How often, and how long, a network is looked for that should be there.
const LAG_LOOK_EVERY: Duration = Duration::from_secs(2);
const LAG_LOOKS_MAX: u32 = 30;

/// A place for an interface.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    /// An id, or an expression for one.
    pub(super) subnet_id: String,
    /// Its addresses, where they are known.
    pub(super) prefix: Option<Ipv4Net>,
    /// None: Azure chooses.
    pub(super) address: Option<Ipv4Addr>,
}

/// The name of the subnet that `placement` asks for.
pub(super) fn subnet_of(placement: Option<&str>) -> Option<&str> {
    placement?.strip_prefix(PLACEMENT).filter(|name| !name.is_empty())
}

fn subnet_name(subnet: &Subnet) -> &str {
    match subnet.name.is_empty() {
        true => name_of(&subnet.id),
        false => &subnet.name,
    }
}

fn of_subnet(subnet: &Subnet) -> Place {
    Place {
        subnet_id: subnet.id.clone(),
        prefix: subnet.prefix(),
        address: None,
    }
}

impl ArmEnviron {
    /// The first place is that of the primary interface. `makes_network`: the machine's own deployment makes the network, too.
    pub(super) async fn places(&self, params: &StartInstance, makes_network: bool) -> Result<Vec<Place>, Error> {
        if self.profile.private_address == PrivateAddress::OfMachine {
            return Ok(vec![self.numbered_place(params, makes_network).await?]);
        }
        if makes_network {
            return Ok(vec![Place {
                subnet_id: template::subnet_id(CONTROLLER_SUBNET),
                prefix: CONTROLLER_PREFIX.parse().ok(),
                address: None,
            }]);
        }

        let subnets = self.network_subnets().await?;
        let placed = match subnet_of(params.placement.as_deref()) {
            Some(name) => Some(find_named(&subnets, name)?),
            None => None,
        };
        if params.subnets_to_zones.is_empty() {
            let place = match placed {
                Some(subnet) => subnet,
                None => self.usual_subnet(&subnets, params)?,
            };
            return Ok(vec![of_subnet(place)]);
        }

        self.demanded_places(params, placed, &subnets)
    }

    /// One of the two subnets of a deployment's own network, with the address that belongs to the machine's number.
    async fn numbered_place(&self, params: &StartInstance, makes_network: bool) -> Result<Place, Error> {
        // A hosted environment has one subnet, and a controller that joins it later must do with that.
        let has_controllers = params.controller
            && (makes_network
                || self
                    .client
                    .find::<Subnet>(&virtual_networks::get_subnet_named(&self.scope, CONTROLLER_SUBNET))
                    .await?
                    .is_some());
        let (name, prefix) = match has_controllers {
            true => (CONTROLLER_SUBNET, CONTROLLER_PREFIX),
            false => (SUBNET, INTERNAL_PREFIX),
        };
        let prefix: Ipv4Net = prefix.parse().expect("the prefixes of the subnets are prefixes");
        let address = address_of_machine(prefix, params.machine)
            .ok_or_else(|| Error::Exhausted(format!("no available IP addresses in {prefix}")))?;
        Ok(Place {
            subnet_id: template::subnet_id(name),
            prefix: Some(prefix),
            address: Some(address),
        })
    }

    /// Whether there is a subnet of this name.
    pub(super) async fn check_subnet(&self, name: &str) -> Result<(), Error> {
        find_named(&self.network_subnets().await?, name).map(|_| ())
    }

    /// Every subnet of the network that the environment is in, its own or the user's.
    pub(super) async fn network_subnets(&self) -> Result<Vec<Subnet>, Error> {
        let config = self.current_config();
        let call = match config.own_network() {
            Some((Some(group), network)) => virtual_networks::list_subnets(&self.scope.of_group(group), network),
            Some((None, network)) => virtual_networks::list_subnets(&self.scope, network),
            None => virtual_networks::list_subnets(&self.scope, NETWORK),
        };
        // Juju's own network was made just now, perhaps, and cannot be seen yet (field bug `read-after-create`).
        if config.network.is_none() {
            for _ in 0..LAG_LOOKS_MAX {
                let listed: Option<Vec<Subnet>> = self.client.find_list(&call).await?;
                if let Some(subnets) = listed.filter(|subnets| !subnets.is_empty()) {
                    return Ok(subnets);
                }
                self.client.clock.sleep(LAG_LOOK_EVERY).await;
            }
        }
        self.client.list(&call).await
    }

    /// The one that Juju makes; in a network of the user's own, where names are others, any (juju-provider L49).
    fn usual_subnet<'s>(&self, subnets: &'s [Subnet], params: &StartInstance) -> Result<&'s Subnet, Error> {
        let named = |name: &str| subnets.iter().find(|own| subnet_name(own).eq_ignore_ascii_case(name));
        let usual = match params.controller {
            true => named(CONTROLLER_SUBNET).or_else(|| named(SUBNET)),
            false => named(SUBNET).or_else(|| named(CONTROLLER_SUBNET)),
        };
        usual
            .or_else(|| self.any_of(subnets.iter().collect(), params, 0))
            .ok_or_else(|| Error::Machine("the network has no subnets".to_owned()))
    }

    /// One subnet for each demand, the one of the placement first.
    fn demanded_places(
        &self,
        params: &StartInstance,
        placed: Option<&Subnet>,
        subnets: &[Subnet],
    ) -> Result<Vec<Place>, Error> {
        let mut chosen: Vec<&Subnet> = placed.into_iter().collect();
        for (nth, demand) in params.subnets_to_zones.iter().enumerate() {
            let in_zone = |zones: &Vec<String>| match &params.zone {
                Some(zone) => zones.iter().any(|own| own == zone),
                None => true,
            };
            let ids: Vec<&String> = demand
                .iter()
                .filter(|(_, zones)| in_zone(zones))
                .map(|(id, _)| id)
                .collect();
            if let (Some(zone), true) = (&params.zone, ids.is_empty()) {
                return Err(Error::Machine(format!(
                    "availability zone \"{zone}\" has no subnets satisfying space constraints"
                )));
            }

            let satisfying = subnets.iter().filter(|own| ids.iter().any(|id| same_id(&own.id, id)));
            let satisfying: Vec<&Subnet> = satisfying.collect();
            // What is there already satisfies the demand, too.
            if chosen
                .iter()
                .any(|own| satisfying.iter().any(|other| same_id(&own.id, &other.id)))
            {
                continue;
            }
            let subnet = self.any_of(satisfying, params, nth).ok_or_else(|| {
                let wanted: Vec<&str> = demand.keys().map(String::as_str).collect();
                Error::Machine(format!("subnet for constraint \"{}\" not found", wanted.join(",")))
            })?;
            chosen.push(subnet);
        }
        Ok(chosen.into_iter().map(of_subnet).collect())
    }

    /// By chance, and for one machine and demand always the same.
    fn any_of<'s>(&self, subnets: Vec<&'s Subnet>, params: &StartInstance, nth: usize) -> Option<&'s Subnet> {
        let topic = format!("subnet {nth} of machine {}", params.machine);
        let idx = self.random.index(&topic, subnets.len());
        subnets.get(idx).copied()
    }
}

fn find_named<'s>(subnets: &'s [Subnet], name: &str) -> Result<&'s Subnet, Error> {
    subnets
        .iter()
        .find(|own| subnet_name(own).eq_ignore_ascii_case(name))
        .ok_or_else(|| Error::Machine(format!("subnet \"{name}\" not found")))
}
