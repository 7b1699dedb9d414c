//! Extensions of a hosted service, for package deployments (SM 10.4). Private configuration is never given back.

use serde::{Deserialize, Serialize};

use super::{Asked, HostedService, Step, forms, hosted_services, names};
use crate::cx::Cx;
use crate::error::CloudError;
use crate::plan::Plan;

/// An extension.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "named after the elements of the contract")]
pub struct ServiceExtension {
    pub provider: Box<str>,
    pub kind: Box<str>,
    pub id: Box<str>,
    pub thumbprint: Option<Box<str>>,
    pub thumbprint_algorithm: Option<Box<str>>,
    pub public_configuration: Option<Box<str>>,
    pub version: Box<str>,
}

pub(super) fn add(cx: &Cx<'_>, asked: &Asked, service: &str, extension: &ServiceExtension) -> Result<Step, CloudError> {
    let found = hosted_services::find(cx, asked.subscription, service)?;
    if !names::is_object_name(&extension.id) || extension.provider.is_empty() || extension.kind.is_empty() {
        return Err(CloudError::of(&forms::PARAMETER));
    }
    if found
        .extensions
        .iter()
        .any(|own| own.id.eq_ignore_ascii_case(&extension.id))
    {
        return Err(CloudError::of(&forms::EXTENSION_EXISTS).with("extension", &extension.id));
    }
    let mut changed = found.clone();
    changed.extensions.push(extension.clone());
    Ok(Step::later(
        Plan::new().hosted_service(super::folded(service), Some(changed)),
        (4_000, 10_000),
    ))
}

pub(super) fn delete(cx: &Cx<'_>, asked: &Asked, service: &str, id: &str) -> Result<Step, CloudError> {
    let found = hosted_services::find(cx, asked.subscription, service)?;
    found.extension(id)?;
    let mut changed = found.clone();
    changed.extensions.retain(|own| !own.id.eq_ignore_ascii_case(id));
    Ok(Step::later(
        Plan::new().hosted_service(super::folded(service), Some(changed)),
        (4_000, 10_000),
    ))
}

impl HostedService {
    /// One of its extensions.
    ///
    /// # Errors
    ///
    /// When there is none.
    pub fn extension(&self, id: &str) -> Result<&ServiceExtension, CloudError> {
        let found = self.extensions.iter().find(|own| own.id.eq_ignore_ascii_case(id));
        found.ok_or_else(|| CloudError::of(&forms::EXTENSION_NOT_FOUND).with("extension", id))
    }
}
