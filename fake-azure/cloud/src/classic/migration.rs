//! Migration to Resource Manager (SM 10.5): validation is always answered; what does not exist is refused by the steps.

use super::{Asked, Slot, Step, deployments, forms, virtual_networks};
use crate::cx::Cx;
use crate::error::CloudError;
use crate::key::Key;
use crate::plan::Plan;

/// What stands in a migration's way.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "named after the elements of the contract")]
pub struct ValidationMessage {
    pub resource_type: &'static str,
    pub resource_name: Box<str>,
    pub category: &'static str,
    pub message: String,
}

/// The nouns that can be migrated.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "named after the nouns")]
pub enum Subject {
    Deployment { service: Box<str>, deployment: Box<str> },
    NetworkSecurityGroup(Box<str>),
    ReservedIp(Box<str>),
    RouteTable(Box<str>),
    StorageAccount(Box<str>),
    VirtualNetwork(Box<str>),
}

impl Subject {
    fn check(&self, cx: &Cx<'_>, subscription: Key) -> Result<(), CloudError> {
        match self {
            Subject::Deployment { service, deployment } => {
                // Recorded: a missing service is reported as a missing deployment.
                let missing = |_| CloudError::of(&forms::WRONG_DEPLOYMENT).with("deployment", deployment);
                deployments::find_named(cx, subscription, service, deployment)
                    .map(|_| ())
                    .map_err(missing)
            }
            Subject::NetworkSecurityGroup(name) => cx.classic_security_group(subscription, name).map(|_| ()),
            Subject::ReservedIp(name) => cx.reserved_ip(subscription, name).map(|_| ()),
            Subject::RouteTable(name) => cx.classic_route_table(subscription, name).map(|_| ()),
            Subject::StorageAccount(name) => cx.storage_service(subscription, name).map(|_| ()),
            Subject::VirtualNetwork(name) => virtual_networks::find_site(cx, subscription, name).map(|_| ()),
        }
    }

    const fn kind(&self) -> &'static str {
        match self {
            Subject::Deployment { .. } => "Deployment",
            Subject::NetworkSecurityGroup(_) => "NetworkSecurityGroup",
            Subject::ReservedIp(_) => "ReservedIP",
            Subject::RouteTable(_) => "RouteTable",
            // As recorded.
            Subject::StorageAccount(_) => "Storage",
            Subject::VirtualNetwork(_) => "VirtualNetwork",
        }
    }

    fn name(&self) -> &str {
        match self {
            Subject::Deployment { deployment: name, .. }
            | Subject::NetworkSecurityGroup(name)
            | Subject::ReservedIp(name)
            | Subject::RouteTable(name)
            | Subject::StorageAccount(name)
            | Subject::VirtualNetwork(name) => name,
        }
    }
}

/// Prepare and abort are accepted and change nothing; the classic noun stays where it is. Committing would move it to Resource
/// Manager, which is not modelled: the service's own error is answered.
pub(super) fn step(cx: &Cx<'_>, asked: &Asked, subject: &Subject, commit: bool) -> Result<Step, CloudError> {
    subject.check(cx, asked.subscription)?;
    if commit {
        return Err(CloudError::of(&forms::INTERNAL));
    }
    Ok(Step::later(Plan::new(), (30_000, 90_000)))
}

impl Cx<'_> {
    /// What stands in a migration's way.
    pub fn validate_migration(&self, subscription: Key, subject: &Subject) -> Vec<ValidationMessage> {
        let message = |message: String| ValidationMessage {
            resource_type: subject.kind(),
            resource_name: subject.name().into(),
            category: "Error",
            message,
        };
        match subject.check(self, subscription) {
            Err(error) => vec![message(error.message)],
            Ok(()) => match subject {
                Subject::Deployment { service, .. } => {
                    let row = self.deployment_in(subscription, service, Slot::Production);
                    let loose = row.is_ok_and(|row| row.network.is_none());
                    let text = "The deployment is not in a virtual network.".to_owned();
                    if loose { vec![message(text)] } else { Vec::new() }
                }
                _ => Vec::new(),
            },
        }
    }
}
