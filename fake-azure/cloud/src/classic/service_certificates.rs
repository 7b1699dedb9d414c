//! Certificates of a hosted service (SM 5.2). The client uploads them before it makes the machine that names one.

use serde::{Deserialize, Serialize};

use super::{Asked, HostedService, Step, forms, hosted_services};
use crate::cx::Cx;
use crate::error::CloudError;
use crate::plan::Plan;

/// A certificate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServiceCertificate {
    /// SHA-1 in upper-case hexadecimal.
    pub thumbprint: Box<str>,
    /// Base64 of what a reader gets: the certificate as DER.
    pub data: Box<str>,
    /// Whether it came in a container that could not be read: then any thumbprint may be in it. Assumed.
    pub opaque: bool,
}

pub(super) fn add(
    cx: &Cx<'_>,
    asked: &Asked,
    service: &str,
    certificate: &ServiceCertificate,
) -> Result<Step, CloudError> {
    let found = hosted_services::find(cx, asked.subscription, service)?;
    let mut changed = found.clone();
    changed
        .certificates
        .retain(|own| own.thumbprint != certificate.thumbprint);
    changed.certificates.push(certificate.clone());
    changed
        .certificates
        .sort_by(|one, other| one.thumbprint.cmp(&other.thumbprint));
    let plan = Plan::new().hosted_service(super::folded(service), Some(changed));
    Ok(Step::later(plan, (4_000, 6_000)))
}

pub(super) fn delete(cx: &Cx<'_>, asked: &Asked, service: &str, thumbprint: &str) -> Result<Step, CloudError> {
    let found = hosted_services::find(cx, asked.subscription, service)?;
    let certificate = find(found, thumbprint)?;
    let user = cx
        .classic()
        .deployments
        .iter()
        .filter(|(key, _)| *key.0 == *super::folded(service))
        .flat_map(|(_, row)| row.roles.iter())
        .find(|role| {
            role.fingerprints
                .iter()
                .any(|own| own.eq_ignore_ascii_case(&certificate.thumbprint))
        });
    let step = Step::later(Plan::new(), (20_000, 30_000));
    if let Some(role) = user {
        let error = CloudError::of(&forms::CERTIFICATE_IN_USE)
            .with("thumbprint", &certificate.thumbprint)
            .with("role", &role.name);
        return Ok(step.doomed(error));
    }
    let mut changed = found.clone();
    changed
        .certificates
        .retain(|own| own.thumbprint != certificate.thumbprint);
    Ok(Step::later(
        Plan::new().hosted_service(super::folded(service), Some(changed)),
        (20_000, 30_000),
    ))
}

/// A certificate of a service.
///
/// # Errors
///
/// When there is none.
pub(super) fn find<'s>(service: &'s HostedService, thumbprint: &str) -> Result<&'s ServiceCertificate, CloudError> {
    let found = service
        .certificates
        .iter()
        .find(|own| own.thumbprint.eq_ignore_ascii_case(thumbprint));
    found.ok_or_else(|| CloudError::of(&forms::CERTIFICATE_NOT_FOUND))
}

/// Whether a machine may name a thumbprint.
pub(super) fn is_known(service: &HostedService, thumbprint: &str) -> bool {
    service
        .certificates
        .iter()
        .any(|own| own.opaque || own.thumbprint.eq_ignore_ascii_case(thumbprint))
}

impl HostedService {
    /// One of its certificates.
    ///
    /// # Errors
    ///
    /// When there is none.
    pub fn certificate(&self, thumbprint: &str) -> Result<&ServiceCertificate, CloudError> {
        find(self, thumbprint)
    }
}
