//! Management certificates: who may use the classic API of a subscription (SM 4.4).

use serde::{Deserialize, Serialize};

use super::{Asked, Step, forms, subscription};
use crate::cloud::Cloud;
use crate::cx::Cx;
use crate::error::CloudError;
use crate::key::{Guid, Key};
use crate::plan::Plan;
use crate::time::Time;

/// A management certificate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ManagementCertificate {
    /// SHA-1 in upper-case hexadecimal.
    pub thumbprint: Box<str>,
    /// Base64 of the public key.
    pub public_key: Box<str>,
    /// Base64 of the certificate as DER.
    pub data: Box<str>,
    /// When it was added.
    pub created: Time,
}

pub(super) fn add(cx: &Cx<'_>, asked: &Asked, certificate: &ManagementCertificate) -> Result<Step, CloudError> {
    let key = (asked.subscription, certificate.thumbprint.clone());
    if !cx.classic().management_certificates.contains(&key) {
        let used = of_subscription(cx, asked.subscription).count();
        subscription::check_count(cx, "MaxManagementCertificates", "management certificate count", used, 1)?;
    }
    let certificate = ManagementCertificate {
        created: cx.now(),
        ..certificate.clone()
    };
    Ok(Step::now(Plan::new().management_certificate(key, Some(certificate))))
}

pub(super) fn delete(cx: &Cx<'_>, asked: &Asked, thumbprint: &str) -> Result<Step, CloudError> {
    let found = find(cx, asked.subscription, thumbprint)?;
    Ok(Step::now(Plan::new().management_certificate(
        (asked.subscription, found.thumbprint.clone()),
        None,
    )))
}

pub(super) fn of_subscription<'a>(cx: &Cx<'a>, subscription: Key) -> impl Iterator<Item = &'a ManagementCertificate> {
    let rows = cx
        .classic()
        .management_certificates
        .range((subscription, "".into())..(Key(subscription.0 + 1), "".into()));
    rows.map(|(_, row)| row)
}

fn find<'a>(cx: &Cx<'a>, subscription: Key, thumbprint: &str) -> Result<&'a ManagementCertificate, CloudError> {
    let key = (subscription, thumbprint.to_uppercase().into_boxed_str());
    cx.classic()
        .management_certificates
        .get(&key)
        .ok_or_else(|| CloudError::of(&forms::CERTIFICATE_NOT_FOUND))
}

impl<'a> Cx<'a> {
    /// The management certificates of a subscription, by thumbprint.
    pub fn management_certificates(&self, subscription: Key) -> impl Iterator<Item = &'a ManagementCertificate> {
        of_subscription(self, subscription)
    }

    /// A management certificate of a subscription.
    ///
    /// # Errors
    ///
    /// When there is none.
    pub fn management_certificate(
        &self,
        subscription: Key,
        thumbprint: &str,
    ) -> Result<&'a ManagementCertificate, CloudError> {
        find(self, subscription, thumbprint)
    }
}

impl Cloud {
    /// Puts a management certificate into a subscription without asking: what a cloud begins with.
    pub fn trust_certificate(&mut self, subscription: Guid, mut certificate: ManagementCertificate) {
        if let Some(key) = self.subscription(subscription).map(|found| found.key) {
            certificate.created = self.now();
            self.classic
                .management_certificates
                .set((key, certificate.thumbprint.clone()), Some(certificate.into()));
        }
    }
}
