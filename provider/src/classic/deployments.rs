//! Deployments: the roles of a cloud service, and their instances (juju-provider 2.2 c10, c11; 2.3).

use std::net::IpAddr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::client::{Call, Endpoint, segment, version};
use super::names::same;
use super::xml::Element;

/// A deployment as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Deployment {
    pub(crate) name: String,
    /// `Running`, `Deploying`, ...
    pub(crate) status: String,
    /// Early in its creation nothing about it is sure.
    pub(crate) locked: bool,
    pub(crate) roles: Vec<RoleSummary>,
    pub(crate) instances: Vec<RoleInstance>,
    /// The public addresses. None while all its machines are deallocated.
    pub(crate) vips: Vec<IpAddr>,
}

/// A role, as far as a deployment tells it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct RoleSummary {
    pub(crate) name: String,
    pub(crate) size: Option<String>,
}

/// What runs of a role.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct RoleInstance {
    pub(crate) role: String,
    /// `ReadyRole`, ...
    pub(crate) status: String,
    /// The address in the virtual network.
    pub(crate) address: Option<IpAddr>,
}

impl Deployment {
    pub(crate) fn read(element: &Element) -> Self {
        let text = |element: &Element, name: &str| element.text_of(name).unwrap_or_default().to_owned();
        let address = |element: &Element, name: &str| element.text_of(name).and_then(|text| text.parse().ok());
        Self {
            name: text(element, "Name"),
            status: text(element, "Status"),
            locked: element
                .text_of("Locked")
                .is_some_and(|text| text.eq_ignore_ascii_case("true")),
            roles: element
                .items("RoleList", "Role")
                .map(|role| RoleSummary {
                    name: text(role, "RoleName"),
                    size: role.text_of("RoleSize").map(str::to_owned),
                })
                .collect(),
            instances: element
                .items("RoleInstanceList", "RoleInstance")
                .map(|instance| RoleInstance {
                    role: text(instance, "RoleName"),
                    status: text(instance, "InstanceStatus"),
                    address: address(instance, "IpAddress"),
                })
                .collect(),
            vips: element
                .items("VirtualIPs", "VirtualIP")
                .filter_map(|vip| address(vip, "Address"))
                .collect(),
        }
    }

    pub(crate) fn role(&self, name: &str) -> Option<&RoleSummary> {
        self.roles.iter().find(|role| same(&role.name, name))
    }

    pub(crate) fn instance(&self, role: &str) -> Option<&RoleInstance> {
        self.instances.iter().find(|instance| same(&instance.role, role))
    }
}

/// `services/hostedservices/{service}/deployments/{deployment}`
pub(crate) fn path(service: &str, deployment: &str) -> String {
    format!(
        "services/hostedservices/{}/deployments/{}",
        segment(service),
        segment(deployment)
    )
}

pub(crate) fn get(endpoint: &Endpoint, service: &str, deployment: &str) -> Call {
    endpoint.get("read deployment", &path(service, deployment), version::USUAL)
}

/// The first machine of a service makes its deployment (B.10).
pub(crate) fn create(endpoint: &Endpoint, service: &str, role: Element, network: &str) -> Call {
    let name = super::names::deployment(service);
    let body = Element::root("Deployment")
        .with("Name", &name)
        .with("DeploymentSlot", "Production")
        .with("Label", STANDARD.encode(&name))
        .child(Element::new("RoleList").child(role))
        .with("VirtualNetworkName", network);
    let path = format!("services/hostedservices/{}/deployments", segment(service));
    endpoint.post("create deployment", &path, &body)
}

#[cfg(test)]
mod tests {
    use super::Deployment;
    use crate::classic::xml::Element;

    #[test]
    fn a_deployment_is_read_however_little_it_tells() {
        let text = "<Deployment><Name>d</Name><Status>Running</Status><RoleInstanceList><RoleInstance><RoleName>a</RoleName>\
                    <InstanceStatus>ReadyRole</InstanceStatus><IpAddress>10.0.0.4</IpAddress></RoleInstance><RoleInstance>\
                    <RoleName>b</RoleName><InstanceStatus>StoppedDeallocated</InstanceStatus></RoleInstance></RoleInstanceList>\
                    <RoleList><Role><RoleName>a</RoleName><RoleSize>Small</RoleSize></Role><Role><RoleName>b</RoleName></Role>\
                    </RoleList><Locked>false</Locked><VirtualIPs><VirtualIP><Address>40.0.0.1</Address></VirtualIP></VirtualIPs>\
                    </Deployment>";
        let deployment = Deployment::read(&Element::parse(text.as_bytes()).expect("the deployment is well formed"));
        let status = |role| deployment.instance(role).map(|own| (own.status.as_str(), own.address));
        assert_eq!(status("A"), Some(("ReadyRole", "10.0.0.4".parse().ok())));
        assert_eq!(status("b"), Some(("StoppedDeallocated", None)));
        assert_eq!(status("c"), None);
        assert!(deployment.role("B").is_some() && !deployment.locked && deployment.vips.len() == 1);

        let early = Deployment::read(&Element::new("Deployment").with("Locked", "true"));
        assert!(early.roles.is_empty() && early.locked && early.vips.is_empty());
    }
}
