//! The service and the account: properties, stored access policies (ARM 9.2).

use std::collections::BTreeMap;

use bytes::Bytes;
use fake_azure_cloud::fabric::AccessPolicy;

use super::address::{Asked, is_version};
use super::answer::Dressed;
use super::error::Refusal;
use super::xml::{self, Writer};
use crate::sandbox::Sandbox;

/// The sections of the service's properties in their order: name, first version, what it says unless set.
#[rustfmt::skip]
const SECTIONS: &[(&str, &str, &str)] = &[
    ("Logging", "2009-09-19", "<Version>1.0</Version><Read>false</Read><Write>false</Write><Delete>false</Delete><RetentionPolicy><Enabled>false</Enabled></RetentionPolicy>"),
    ("HourMetrics", "2013-08-15", "<Version>1.0</Version><Enabled>true</Enabled><IncludeAPIs>true</IncludeAPIs><RetentionPolicy><Enabled>true</Enabled><Days>7</Days></RetentionPolicy>"),
    ("MinuteMetrics", "2013-08-15", "<Version>1.0</Version><Enabled>false</Enabled><RetentionPolicy><Enabled>false</Enabled></RetentionPolicy>"),
    ("Metrics", "", "<Version>1.0</Version><Enabled>true</Enabled><IncludeAPIs>true</IncludeAPIs><RetentionPolicy><Enabled>true</Enabled><Days>7</Days></RetentionPolicy>"),
    ("Cors", "2013-08-15", ""),
    ("DefaultServiceVersion", "2011-08-18", ""),
    ("DeleteRetentionPolicy", "2017-07-29", "<Enabled>false</Enabled>"),
    ("StaticWebsite", "2018-03-28", "<Enabled>false</Enabled>"),
];

/// Reads the sections that a client sets.
pub(super) fn read_sections(body: &[u8]) -> Result<BTreeMap<Box<str>, Box<str>>, Refusal> {
    let document = xml::read(body)?;
    if document.name != "StorageServiceProperties" {
        return Err(Refusal::invalid_xml());
    }
    let sections = document.children.iter().map(|section| {
        let known = SECTIONS.iter().any(|(name, _, _)| *name == section.name);
        if section.name == "DefaultServiceVersion" && !is_version(&section.text) {
            let message =
                "The value provided for one of the XML nodes in the request body was not in the correct format.";
            return Err(
                Refusal::new(400, "InvalidXmlNodeValue", message).detail("XmlNodeName", "DefaultServiceVersion")
            );
        }
        if known {
            Ok((section.name.as_str().into(), section.inner_xml().into()))
        } else {
            Err(Refusal::invalid_xml())
        }
    });
    sections.collect()
}

/// The properties of the service.
pub(super) fn properties(sandbox: &Sandbox, asked: &Asked<'_>) -> Dressed {
    let account = sandbox.cloud.fabric().accounts.get(asked.account.as_str());
    let mut document = Writer::new("StorageServiceProperties");
    for (name, since, default) in SECTIONS {
        // One section of metrics became two in 2013.
        let shown = if *name == "Metrics" {
            !asked.since("2013-08-15")
        } else {
            asked.since(since)
        };
        let set = account
            .and_then(|account| account.service.get(*name))
            .map(AsRef::as_ref);
        match set.unwrap_or(default) {
            _ if !shown => {}
            "" if *name == "DefaultServiceVersion" => {}
            "" => document.empty(name),
            inner => {
                document.open(name);
                document.raw(inner);
                document.close();
            }
        }
    }
    Dressed::new(200).xml(document.finish())
}

/// SKU and kind of the account.
pub(super) fn account_info(sandbox: &Sandbox, asked: &Asked<'_>) -> Dressed {
    match sandbox.cloud.fabric().accounts.get(asked.account.as_str()) {
        Some(account) => Dressed::new(200)
            .with("x-ms-sku-name", account.sku.as_ref())
            .with("x-ms-account-kind", account.kind.as_ref()),
        None => Dressed::new(200),
    }
}

/// The stored access policies of a container.
pub(super) fn policies(policies: &[AccessPolicy]) -> Bytes {
    let mut document = Writer::new("SignedIdentifiers");
    for policy in policies {
        document.open("SignedIdentifier");
        document.leaf("Id", &policy.id);
        document.open("AccessPolicy");
        for (name, value) in [
            ("Start", &policy.start),
            ("Expiry", &policy.expiry),
            ("Permission", &policy.permission),
        ] {
            if let Some(value) = value {
                document.leaf(name, value);
            }
        }
        document.close();
        document.close();
    }
    document.finish()
}
