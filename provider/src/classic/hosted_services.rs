//! Hosted services, called cloud services: what a deployment is in, with one public name and address (juju-provider 2.2 c5 to c9).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::client::{Call, Endpoint, segment, version};
use super::deployments::Deployment;
use super::names::{CONTROLLER_LABEL, same};
use super::xml::Element;

const PATH: &str = "services/hostedservices";

/// A cloud service.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct HostedService {
    pub(crate) name: String,
    /// Decoded.
    pub(crate) label: String,
    /// Only in an answer in detail.
    pub(crate) deployments: Vec<Deployment>,
}

/// Whether a name may be taken, and why not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Availability {
    pub(crate) available: bool,
    pub(crate) reason: String,
}

impl HostedService {
    pub(crate) fn read(element: &Element) -> Self {
        let properties = element.find("HostedServiceProperties");
        let label = properties
            .and_then(|properties| properties.text_of("Label"))
            .unwrap_or_default();
        Self {
            name: element.text_of("ServiceName").unwrap_or_default().to_owned(),
            label: decoded(label),
            deployments: element
                .items("Deployments", "Deployment")
                .map(Deployment::read)
                .collect(),
        }
    }

    pub(crate) fn list(document: &Element) -> Vec<Self> {
        document.all("HostedService").map(Self::read).collect()
    }

    /// The deployment, if there is exactly one: all else is not ours to touch (juju-provider L14).
    pub(crate) fn deployment(&self) -> Option<&Deployment> {
        match self.deployments.as_slice() {
            [deployment] => Some(deployment),
            _ => None,
        }
    }

    /// Whether its machines serve the controller's API, as its label says.
    pub(crate) fn is_of_controllers(&self) -> bool {
        self.label == CONTROLLER_LABEL
    }

    /// Whether it was made when a service had a single role.
    pub(crate) fn is_legacy(&self) -> bool {
        self.deployment()
            .is_some_and(|deployment| same(&deployment.name, &self.name))
    }

    /// What the world knows it by.
    pub(crate) fn dns_name(&self, suffix: &str) -> String {
        format!("{}.{suffix}", self.name)
    }
}

fn decoded(label: &str) -> String {
    let bytes = STANDARD.decode(label).ok();
    bytes
        .and_then(|bytes| String::from_utf8(bytes).ok())
        .unwrap_or_else(|| label.to_owned())
}

pub(crate) fn list(endpoint: &Endpoint) -> Call {
    endpoint.get("list cloud services", PATH, version::USUAL)
}

/// With its deployments.
pub(crate) fn get(endpoint: &Endpoint, name: &str) -> Call {
    endpoint.get(
        "read cloud service",
        &format!("{PATH}/{}?embed-detail=true", segment(name)),
        version::USUAL,
    )
}

pub(crate) fn is_available(endpoint: &Endpoint, name: &str) -> Call {
    endpoint.get(
        "check cloud service name",
        &format!("{PATH}/operations/isavailable/{}", segment(name)),
        version::USUAL,
    )
}

pub(crate) fn availability(document: &Element) -> Availability {
    Availability {
        available: document
            .text_of("Result")
            .is_some_and(|text| text.eq_ignore_ascii_case("true")),
        reason: document.text_of("Reason").unwrap_or_default().to_owned(),
    }
}

/// In the environment's affinity group, which gives it its location.
pub(crate) fn create(endpoint: &Endpoint, name: &str, label: &str, affinity_group: &str) -> Call {
    let body = Element::root("CreateHostedService")
        .with("ServiceName", name)
        .with("Label", STANDARD.encode(label))
        .with("Description", name)
        .with("AffinityGroup", affinity_group);
    endpoint.post("create cloud service", PATH, &body).conflict_is_answer()
}

/// With its deployments, their disks and blobs: all in one operation (juju-provider L6).
pub(crate) fn delete(endpoint: &Endpoint, name: &str) -> Call {
    endpoint.delete(
        "delete cloud service",
        &format!("{PATH}/{}?comp=media", segment(name)),
        version::USUAL,
    )
}

#[cfg(test)]
mod tests {
    use super::HostedService;
    use crate::classic::xml::Element;

    fn service(label: &str, deployments: &str) -> HostedService {
        let text = format!(
            "<HostedService><ServiceName>juju-env-a</ServiceName><HostedServiceProperties><Label>{label}</Label>\
             </HostedServiceProperties><Deployments>{deployments}</Deployments></HostedService>"
        );
        HostedService::read(&Element::parse(text.as_bytes()).expect("the service is well formed"))
    }

    #[test]
    fn the_label_tells_controllers() {
        assert!(service("anVqdS1zdGF0ZS1zZXJ2ZXI=", "").is_of_controllers());
        assert!(!service("anVqdS1lbnYtYQ==", "").is_of_controllers());
        assert!(!service("", "").is_of_controllers());
    }

    #[test]
    fn the_name_of_the_deployment_tells_old_services() {
        let old = service("", "<Deployment><Name>Juju-env-a</Name></Deployment>");
        assert!(old.is_legacy());
        assert!(!service("", "<Deployment><Name>juju-env-a-v2</Name></Deployment>").is_legacy());
        let two = "<Deployment><Name>juju-env-a</Name></Deployment><Deployment><Name>b</Name></Deployment>";
        assert!(service("", two).deployment().is_none() && !service("", two).is_legacy());
    }
}
