//! Hosted services ("cloud services"): a global DNS name, one region, up to two deployments (SM 5.1).

use serde::{Deserialize, Serialize};

use super::deployments::{self, DeploymentKey, Slot};
use super::service_certificates::ServiceCertificate;
use super::service_extensions::ServiceExtension;
use super::{Asked, Fresh, Hold, Placement, Step, Work, forms, names, operations, placement, subscription};
use crate::cx::Cx;
use crate::error::CloudError;
use crate::key::Key;
use crate::plan::Plan;
use crate::time::Time;

/// A hosted service.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct HostedService {
    /// Owns its DNS name.
    pub key: Key,
    /// The subscription.
    pub subscription: Key,
    /// Its name, as created.
    pub name: Box<str>,
    /// Base64, as sent.
    pub label: Box<str>,
    /// Description.
    pub description: Option<Box<str>>,
    /// Where it is.
    pub placement: Placement,
    /// Properties of the client, in the order sent.
    pub extended: Vec<ExtendedProperty>,
    /// The name that reverse look-ups of its address give.
    pub reverse_dns: Option<Box<str>>,
    /// When it was made.
    pub created: Time,
    /// When it was last changed.
    pub modified: Time,
    /// Certificates, by thumbprint.
    pub certificates: Vec<ServiceCertificate>,
    /// Extensions for package deployments.
    pub extensions: Vec<ServiceExtension>,
    /// The thumbprint of the certificate made for WinRM, once a Windows machine asked for one (SM 5.1).
    pub winrm_thumbprint: Option<Box<str>>,
}

/// A name and a value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExtendedProperty {
    /// Name.
    pub name: Box<str>,
    /// Value.
    pub value: Box<str>,
}

/// A request for a hosted service.
#[derive(Clone, Debug, Default)]
pub struct CreateHostedService {
    /// Name.
    pub name: Box<str>,
    /// Base64.
    pub label: Box<str>,
    /// Description.
    pub description: Option<Box<str>>,
    /// Location: this, or the group.
    pub location: Option<Box<str>>,
    /// Affinity group.
    pub affinity_group: Option<Box<str>>,
    /// Properties.
    pub extended: Vec<ExtendedProperty>,
    /// Reverse DNS name.
    pub reverse_dns: Option<Box<str>>,
}

/// A change of a hosted service: what is left out keeps its value.
#[derive(Clone, Debug, Default)]
pub struct UpdateHostedService {
    /// Base64.
    pub label: Option<Box<str>>,
    /// Description.
    pub description: Option<Box<str>>,
    /// Properties.
    pub extended: Option<Vec<ExtendedProperty>>,
    /// Reverse DNS name.
    pub reverse_dns: Option<Box<str>>,
}

impl HostedService {
    /// The host name of a service's production address.
    pub fn dns_name(&self) -> String {
        dns_name(&self.name)
    }
}

pub(super) fn dns_name(service: &str) -> String {
    format!("{}.cloudapp.net", service.to_lowercase())
}

pub(super) fn create(cx: &Cx<'_>, asked: &Asked, spec: &CreateHostedService) -> Result<Step, CloudError> {
    if !names::is_dns_label(&spec.name) {
        return Err(CloudError::of(&forms::SERVICE_NAME));
    }
    if !names::is_label(&spec.label, 100) {
        return Err(CloudError::of(&forms::SERVICE_LABEL));
    }
    check_description(spec.description.as_deref())?;
    check_extended(&spec.extended)?;
    let placement = placement::read(
        cx,
        asked.subscription,
        spec.location.as_deref(),
        spec.affinity_group.as_deref(),
    )?;
    if !is_available(cx, &spec.name) {
        return Err(CloudError::of(&forms::DNS_TAKEN));
    }
    let used = of_subscription(cx, asked.subscription).count();
    subscription::check_count(cx, "MaxHostedServices", "hosted service count", used, 1)?;

    let mut plan = Plan::new();
    let key = plan.reserve(cx);
    let now = cx.now();
    let service = HostedService {
        key,
        subscription: asked.subscription,
        name: spec.name.clone(),
        label: spec.label.trim().into(),
        description: spec.description.clone(),
        placement,
        extended: spec.extended.clone(),
        reverse_dns: spec.reverse_dns.clone(),
        created: now,
        modified: now,
        certificates: Vec::new(),
        extensions: Vec::new(),
        winrm_thumbprint: None,
    };
    let plan = plan
        .dns_name(dns_name(&spec.name).into(), Some(key))
        .hosted_service(super::folded(&spec.name), Some(service));
    Ok(Step::now(plan))
}

pub(super) fn update(cx: &Cx<'_>, asked: &Asked, name: &str, spec: &UpdateHostedService) -> Result<Step, CloudError> {
    let service = find(cx, asked.subscription, name)?;
    if spec.label.is_none() && spec.description.is_none() && spec.extended.is_none() && spec.reverse_dns.is_none() {
        return Err(CloudError::of(&forms::PARAMETER));
    }
    if spec.label.as_deref().is_some_and(|label| !names::is_label(label, 100)) {
        return Err(CloudError::of(&forms::SERVICE_LABEL));
    }
    check_description(spec.description.as_deref())?;
    check_extended(spec.extended.as_deref().unwrap_or_default())?;
    let mut service = service.clone();
    if let Some(label) = &spec.label {
        service.label = label.trim().into();
    }
    if let Some(description) = &spec.description {
        service.description = Some(description.clone());
    }
    if let Some(extended) = &spec.extended {
        service.extended.clone_from(extended);
    }
    if let Some(reverse) = &spec.reverse_dns {
        service.reverse_dns = Some(reverse.clone());
    }
    service.modified = cx.now();
    Ok(Step::now(
        Plan::new().hosted_service(super::folded(name), Some(service)),
    ))
}

pub(super) fn delete(cx: &Cx<'_>, asked: &Asked, name: &str, media: bool) -> Result<Step, CloudError> {
    let service = find(cx, asked.subscription, name)?;
    let keys = [Slot::Production, Slot::Staging].map(|slot| DeploymentKey::new(&service.name, slot));
    let there: Vec<DeploymentKey> = keys
        .into_iter()
        .filter(|key| cx.classic().deployments.contains(key))
        .collect();
    if !media {
        if !there.is_empty() {
            return Err(CloudError::of(&forms::SERVICE_HAS_DEPLOYMENTS));
        }
        return Ok(Step::now(gone(service)));
    }

    let mut step = Step::later(Plan::new(), (25_000, 60_000)).then(Work::DeleteService {
        service: super::folded(name),
    });
    for key in there {
        operations::check_free(cx, &Hold::Deployment(key.clone()))?;
        step = step.holding(Hold::Deployment(key));
    }
    Ok(step)
}

/// The end of a deletion with media: deployments, their disks and blobs, then the service.
pub(super) fn removed(cx: &Cx<'_>, service: &str) -> Plan {
    let Some(row) = cx.classic().hosted_services.get(service) else {
        return Plan::new();
    };
    let mut plan = Plan::new();
    for slot in [Slot::Production, Slot::Staging] {
        plan = plan.then(deployments::removed(cx, &DeploymentKey::new(service, slot), true));
    }
    plan.then(gone(row))
}

fn gone(service: &HostedService) -> Plan {
    Plan::new()
        .dns_name(service.dns_name().into(), None)
        .hosted_service(super::folded(&service.name), None)
}

/// Whether a name is free in the whole cloud.
pub(super) fn is_available(cx: &Cx<'_>, name: &str) -> bool {
    !cx.classic().hosted_services.contains(&*super::folded(name))
        && !cx.fabric().dns_names.contains(dns_name(name).as_str())
}

/// The hosted services of a subscription, by name.
pub(super) fn of_subscription<'a>(cx: &Cx<'a>, subscription: Key) -> impl Iterator<Item = &'a HostedService> {
    cx.classic()
        .hosted_services
        .iter()
        .map(|(_, row)| row)
        .filter(move |row| row.subscription == subscription)
}

/// A hosted service by name; another subscription's is not found.
///
/// # Errors
///
/// When there is none.
pub(super) fn find<'a>(cx: &Cx<'a>, subscription: Key, name: &str) -> Result<&'a HostedService, CloudError> {
    cx.classic()
        .hosted_services
        .get(&*super::folded(name))
        .filter(|service| service.subscription == subscription)
        .ok_or_else(|| CloudError::of(&forms::SERVICE_NOT_FOUND))
}

/// A thumbprint that the service makes up: 40 hexadecimal digits in upper case.
pub(super) fn made_up_thumbprint(fresh: Fresh, n: u128) -> Box<str> {
    let long = format!(
        "{:032X}{:08X}",
        fresh.guid(n).0,
        fresh.number(n + 1, u128::from(u32::MAX))
    );
    long.into()
}

fn check_description(description: Option<&str>) -> Result<(), CloudError> {
    if description.is_some_and(|text| text.chars().count() > 1024) {
        return Err(CloudError::of(&forms::SERVICE_DESCRIPTION));
    }
    Ok(())
}

fn check_extended(properties: &[ExtendedProperty]) -> Result<(), CloudError> {
    if properties.len() > 50 {
        return Err(CloudError::of(&forms::EXTENDED_TOO_MANY));
    }
    for property in properties {
        if property.name.chars().count() > 64 {
            return Err(CloudError::of(&forms::EXTENDED_NAME).with("name", &property.name));
        }
        if property.name.is_empty()
            || !property
                .name
                .chars()
                .all(|letter| letter.is_ascii_alphanumeric() || letter == '_')
        {
            return Err(CloudError::of(&forms::EXTENDED_NAME_FORM).with("name", &property.name));
        }
        if property.value.chars().count() > 255 {
            return Err(CloudError::of(&forms::EXTENDED_VALUE));
        }
    }
    Ok(())
}

impl<'a> Cx<'a> {
    /// A hosted service of a subscription.
    ///
    /// # Errors
    ///
    /// When there is none.
    pub fn hosted_service(&self, subscription: Key, name: &str) -> Result<&'a HostedService, CloudError> {
        find(self, subscription, name)
    }

    /// The hosted services of a subscription, by name.
    pub fn hosted_services(&self, subscription: Key) -> impl Iterator<Item = &'a HostedService> {
        of_subscription(self, subscription)
    }

    /// Whether a name for a hosted service is free.
    ///
    /// # Errors
    ///
    /// When it can be no name.
    pub fn is_service_name_available(&self, name: &str) -> Result<bool, CloudError> {
        if !names::is_dns_label(name) {
            return Err(CloudError::of(&forms::SERVICE_NAME));
        }
        Ok(is_available(self, name))
    }
}
