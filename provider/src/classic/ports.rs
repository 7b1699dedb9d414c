//! Opening and closing ports: endpoints in the load-balanced set of every role that opens the same port (juju-provider 2.6 Ports).
//!
//! A role is written whole, and the service has no precondition for it: whoever changes one holds the service's lock meanwhile, and
//! reads again where another process was faster (juju-provider L18).

use std::sync::PoisonError;
use std::time::Duration;

use super::ClassicEnviron;
use super::client::is_absent;
use super::endpoints::{self, InputEndpoint};
use super::names::{Place, deployment};
use super::retry::REPEATS_MAX;
use super::roles;
use crate::{Error, IngressRule, InstanceId, Kind, PortRange, Protocol};

/// How old a read may be.
const LAG: Duration = Duration::from_secs(5);

/// A role, and what its service is.
pub(super) struct Found {
    pub(super) service: String,
    pub(super) deployment: String,
    pub(super) role: String,
    /// Made when a service had a single role: nothing in it is balanced.
    pub(super) legacy: bool,
}

impl ClassicEnviron {
    /// Where a role is. What a new id says of it needs no look. None where it, or its service, is gone.
    pub(super) async fn locate(&self, id: &InstanceId) -> Result<Option<Found>, Error> {
        let Some(Place { service, role }) = self.names.parse(id) else {
            return Ok(None);
        };
        if let Some(role) = role {
            return Ok(Some(Found {
                deployment: deployment(&service),
                service,
                role,
                legacy: false,
            }));
        }

        let detail = self.detail(&service).await?;
        let found = detail.and_then(|detail| {
            let only = detail.deployment()?;
            match only.roles.as_slice() {
                [role] => Some(Found {
                    legacy: detail.is_legacy(),
                    deployment: only.name.clone(),
                    role: role.name.clone(),
                    service: detail.name.clone(),
                }),
                _ => None,
            }
        });
        Ok(found)
    }

    pub(super) async fn open_instance_ports(&self, id: &InstanceId, rules: &[IngressRule]) -> Result<(), Error> {
        let ranges = checked(rules)?;
        if ranges.is_empty() {
            return Ok(());
        }

        match self.change_endpoints(id, &ranges, &[]).await? {
            true => Ok(()),
            false => Err(Error::NoInstances),
        }
    }

    pub(super) async fn close_instance_ports(&self, id: &InstanceId, rules: &[IngressRule]) -> Result<(), Error> {
        let ranges = checked(rules)?;
        if !ranges.is_empty() {
            // Nothing is open to what is gone.
            self.change_endpoints(id, &[], &ranges).await?;
        }
        Ok(())
    }

    /// Whether there is such a role.
    async fn change_endpoints(&self, id: &InstanceId, open: &[PortRange], close: &[PortRange]) -> Result<bool, Error> {
        let Some(found) = self.locate(id).await? else {
            return Ok(false);
        };
        let endpoints = |ranges: &[PortRange]| -> Vec<InputEndpoint> {
            let of_range = |range: &PortRange| endpoints::of_range(*range, !found.legacy);
            ranges.iter().flat_map(of_range).collect()
        };
        let (open, close) = (endpoints(open), endpoints(close));
        let service_lock = self.service_lock(&found.service);
        let _role_is_ours = service_lock.lock().await;
        let (service, deployment, role) = (&found.service, &found.deployment, &found.role);
        let read = roles::get(&self.endpoint, service, deployment, role);
        for tries in 1.. {
            let Some(mut document) = self.client.find(&read).await? else {
                return Ok(false);
            };
            let mut changed = roles::with_endpoints(&document, &open, &close);
            // A read may tell of a while ago, and what is thought closed would stay open.
            if changed.is_none() && !close.is_empty() {
                self.client.clock.sleep(LAG).await;
                let Some(again) = self.client.find(&read).await? else {
                    return Ok(false);
                };
                changed = roles::with_endpoints(&again, &open, &close);
                document = again;
            }
            // A write of ours that was given up may still come into force: another one can only come after it.
            let write = match changed {
                None if !self.is_unsettled(service) => return Ok(true),
                None => roles::written(document),
                Some(changed) => changed,
            };
            let call = roles::put(&self.endpoint, service, deployment, role, &write);
            let outcome = self.client.write_fresh(call, tries <= REPEATS_MAX).await;
            self.settle(service, &outcome);
            match outcome {
                // Another process has written meanwhile: what it opened has to be in what is written here.
                Ok(false) => {}
                Ok(true) => return Ok(true),
                Err(error) if is_absent(&error) => return Ok(false),
                Err(error) => return Err(error),
            }
        }
        Ok(true)
    }

    fn is_unsettled(&self, service: &str) -> bool {
        let unsettled = self.unsettled.lock().unwrap_or_else(PoisonError::into_inner);
        unsettled.contains(&service.to_lowercase())
    }

    /// Remembers whether a write of endpoints in a service was given up before its end.
    fn settle(&self, service: &str, outcome: &Result<bool, Error>) {
        let mut unsettled = self.unsettled.lock().unwrap_or_else(PoisonError::into_inner);
        match outcome {
            Ok(false) => {}
            Ok(true) => {
                unsettled.remove(&service.to_lowercase());
            }
            Err(error) if matches!(error.kind(), Some(Kind::Overdue | Kind::Transport | Kind::Server)) => {
                unsettled.insert(service.to_lowercase());
            }
            Err(_) => {}
        }
    }

    pub(super) async fn instance_ports(&self, id: &InstanceId) -> Result<Vec<IngressRule>, Error> {
        let Some(found) = self.locate(id).await? else {
            return Err(Error::NoInstances);
        };
        let service = self.detail(&found.service).await?.ok_or(Error::NoInstances)?;
        let call = roles::get(&self.endpoint, &found.service, &found.deployment, &found.role);
        let role = self.client.find(&call).await?.ok_or(Error::NoInstances)?;
        let serves_api = found.legacy || service.is_of_controllers();
        let opened = endpoints::opened(&roles::endpoints(&role), serves_api);
        Ok(opened.into_iter().map(IngressRule::from).collect())
    }
}

/// Endpoints are TCP and UDP, and open to the world.
fn checked(rules: &[IngressRule]) -> Result<Vec<PortRange>, Error> {
    for rule in rules {
        if rule.ports.protocol == Protocol::Icmp {
            return Err(Error::NotSupported(format!(
                "invalid protocol \"{}\"",
                rule.ports.protocol
            )));
        }
        if !rule.sources.iter().all(|source| source.prefix_len() == 0) {
            return Err(Error::NotSupported(format!(
                "an endpoint of the classic API is open to the world: {} cannot be opened to some networks only",
                rule.ports
            )));
        }
    }
    Ok(rules.iter().map(|rule| rule.ports).collect())
}

#[cfg(test)]
mod tests {
    use super::checked;
    use crate::{IngressRule, PortRange, Protocol};

    #[test]
    fn what_an_endpoint_cannot_do_is_refused() {
        let icmp = IngressRule::from(PortRange::single(Protocol::Icmp, 8));
        assert_eq!(
            checked(&[icmp]).map_err(|error| error.to_string()),
            Err("invalid protocol \"icmp\"".to_owned())
        );
        let open = |source: &str| IngressRule {
            ports: PortRange::single(Protocol::Tcp, 80),
            sources: source.parse().into_iter().collect(),
        };
        assert!(checked(&[open("10.0.0.0/8")]).is_err());
        assert!(checked(&[open("0.0.0.0/0")]).is_ok());
    }
}
