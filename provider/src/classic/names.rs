//! Names of what an environment makes, and the ids of its instances (juju-provider 2.4).
//!
//! The classic API has no tags: what belongs to an environment is told by its name alone (juju-provider L12).

use crate::InstanceId;

/// Random letters and digits at the end of a cloud service's name.
pub(crate) const SERVICE_TAIL_LEN: usize = 10;
/// Letters and digits of a role's name.
pub(crate) const ROLE_LEN: usize = 50;
/// Windows takes no longer computer name, and role and computer have one name.
pub(crate) const WINDOWS_ROLE_LEN: usize = 15;
/// Every role's name begins with it, every OS disk's blob, too.
pub(crate) const ROLE_PREFIX: &str = "juju";
/// The availability set of a cloud service: there is one in each.
pub(crate) const AVAILABILITY_SET: &str = "juju";
/// Label of the cloud services of controllers.
pub(crate) const CONTROLLER_LABEL: &str = "juju-state-server";

/// Where an instance is: a cloud service, and the role in it. Old ids name only the service, which has a single role then.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) service: String,
    pub(crate) role: Option<String>,
}

/// The names of one environment.
#[derive(Clone, Debug)]
pub(crate) struct Names {
    prefix: String,
}

impl Names {
    pub(crate) fn new(environment: &str) -> Self {
        Self {
            prefix: format!("juju-{environment}-"),
        }
    }

    pub(crate) fn affinity_group(&self) -> String {
        format!("{}ag", self.prefix)
    }

    pub(crate) fn virtual_network(&self) -> String {
        format!("{}vnet", self.prefix)
    }

    /// The container of the provider's storage. Azure takes lower case only.
    pub(crate) fn container(&self) -> String {
        format!("{}private", self.prefix).to_lowercase()
    }

    pub(crate) fn service(&self, tail: &str) -> String {
        format!("{}{tail}", self.prefix)
    }

    /// The label of a volume's disk.
    pub(crate) fn volume_label(&self, volume: u32) -> String {
        format!("{}volume-{volume}", self.prefix)
    }

    /// Whether a cloud service is this environment's: another one may be named like this with a hyphen and more (juju-provider
    /// L12).
    pub(crate) fn is_own_service(&self, name: &str) -> bool {
        self.rest_of(name)
            .is_some_and(|rest| !rest.is_empty() && !rest.contains('-'))
    }

    /// None for an id of another environment.
    pub(crate) fn parse(&self, id: &InstanceId) -> Option<Place> {
        let rest = self.rest_of(id.as_str())?;
        let mut fields = rest.split('-');
        let tail = fields.next().filter(|tail| !tail.is_empty())?;
        Some(Place {
            service: self.service(tail),
            role: fields.next().map(str::to_owned),
        })
    }

    fn rest_of<'a>(&self, name: &'a str) -> Option<&'a str> {
        let (head, rest) = name.split_at_checked(self.prefix.len())?;
        head.eq_ignore_ascii_case(&self.prefix).then_some(rest)
    }
}

/// The one deployment of a cloud service.
pub(crate) fn deployment(service: &str) -> String {
    format!("{service}-v2")
}

pub(crate) fn instance_id(service: &str, role: &str) -> InstanceId {
    InstanceId::new(format!("{service}-{role}"))
}

/// Whether two names are the same to Azure.
pub(crate) fn same(a: &str, b: &str) -> bool {
    a.eq_ignore_ascii_case(b)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Names, Place, instance_id};
    use crate::InstanceId;

    #[test]
    fn an_environment_does_not_take_another_for_its_own() {
        let names = Names::new("a");
        assert!(names.is_own_service("juju-a-r35kwahf53") && names.is_own_service("JUJU-A-r35kwahf53"));
        assert!(!names.is_own_service("juju-a-b-r35kwahf53"));
        assert!(
            !names.is_own_service("juju-a-") && !names.is_own_service("juju-ab-x") && !names.is_own_service("juju")
        );
    }

    #[test]
    fn old_ids_name_a_service_only() {
        let names = Names::new("azure");
        let place = |id: &str| names.parse(&InstanceId::new(id));
        let service = "juju-azure-r35kwahf53".to_owned();
        assert_eq!(
            place("juju-azure-r35kwahf53"),
            Some(Place {
                service: service.clone(),
                role: None
            })
        );
        assert_eq!(
            place("juju-azure-r35kwahf53-jujua4tn"),
            Some(Place {
                service,
                role: Some("jujua4tn".to_owned())
            })
        );
        assert_eq!(place("juju-other-r35kwahf53"), None);
        assert_eq!(place("machine-3"), None);
    }

    #[test]
    fn an_id_is_read_back_and_no_text_stops_the_reader() {
        proptest!(|(environment in "[a-z][a-z0-9-]{0,12}", tail in "[a-z0-9]{10}", role in "juju[a-z0-9]{11,46}")| {
            let names = Names::new(&environment);
            let id = instance_id(&names.service(&tail), &role);
            let place = Place { service: names.service(&tail), role: Some(role) };
            prop_assert_eq!(names.parse(&id), Some(place));
        });
        proptest!(|(text in "(juju-|a-|-|é|\\PC)*")| {
            let _ = Names::new("a").parse(&InstanceId::new(text.clone()));
            let _ = Names::new("a").is_own_service(&text);
        });
    }
}
