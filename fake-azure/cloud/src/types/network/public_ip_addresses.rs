//! Public IP addresses.
//!
//! The fabric holds the address; the resource only names it. A static one is allocated when its first write is done. A dynamic
//! one has an address only while the machine behind it is on a host.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::reading;
use crate::Document;
use crate::api_version::ApiVersion;
use crate::cx::Cx;
use crate::descriptor::{
    Descriptor, Dialect, Field, Fill, Lifetimes, NameRule, Polls, Provisioning, Stage, Write, WriteVerb,
};
use crate::error::CloudError;
use crate::fabric::PublicAddress;
use crate::forms::forms;
use crate::operation::Doing;
use crate::plan::Plan;
use crate::quota::QuotaKey;
use crate::resource::Resource;
use crate::types::{Put, ResourceType, View};

forms! {
    BAD_IDLE_TIMEOUT: Invalid, Network, "PublicIPIdleTimeoutIsOutOfRange", "Public IP address {name} has invalid Idle Timeout. The value must be between 4 and 30.", "ARM 3.5, observed-arm", "choose 4 to 30 minutes";
    BAD_LABEL: Invalid, Network, "InvalidDomainNameLabel", "The domain name label {label} is invalid. It must conform to the following regular expression: ^[a-z][a-z0-9-]{1,61}[a-z0-9]$.", "ARM 3.5, observed-arm", "choose a label of 3 to 63 lower-case letters, digits and hyphens";
    DNS_RECORD_IN_USE: Conflict, Network, "DnsRecordInUse", "DNS record {name} is already used by another public IP.", "ARM 3.5", "choose another label";
    DYNAMIC_STANDARD: Invalid, Network, "StandardSkuPublicIPAddressesMustBeStatic", "Standard sku publicIp {address} must have AllocationMethod set to Static.", "MicrosoftDocs/azure-docs issue 42889", "set publicIPAllocationMethod to Static";
    IN_USE: InUse, Network, "PublicIPAddressCannotBeDeleted", "Public IP address {address} can not be deleted since it is still allocated to resource {user}. In order to delete the public IP, disassociate/detach the Public IP address from the resource.  To learn how to do this, see aka.ms/deletepublicip.", "ARM 3.5", "take it off the configuration that is named";
    METHOD_CHANGE: Conflict, Network, "PublicIPAllocationMethodCannotBeChanged", "Allocation method of public IP address {address} cannot be changed from Static to Dynamic while it is allocated to resource {user}.", "ARM 8.2 (code and form assumed)", "take it off the configuration that is named first";
    SKU_CHANGE: Conflict, Network, "PublicIpAddressSkuCannotChange", "Sku of public IP address {address} cannot be changed from {old} to {new}.", "ARM 3.5, 8.2 (form unsure)", "delete the address and make it anew; Basic may become Standard while nothing uses it";
    STATIC_IPV6: Invalid, Network, "CannotSpecifyPublicIpAllocationMethodAsStaticForIpV6PublicIp", "Cannot specify publicIpAllocationMethod as Static for IPv6 PublicIp {address}.", "hashicorp/terraform-provider-azurerm issue 14762", "use Dynamic, or the Standard sku";
    TAKEN: InUse, Network, "PublicIPAddressInUse", "Resource {claimant} is referencing public IP address {address} that is already allocated to resource {holder}.", "ARM 3.5", "take it off the configuration that has it, or use another address";
    VERSION_CHANGE: Conflict, Network, "PublicIPAddressVersionCannotBeChanged", "Version of public IP address {address} cannot be changed.", "ARM 8.2 (code and form assumed)", "delete the address and make it anew";
    ZONE_CHANGE: Conflict, Network, "ResourceAvailabilityZonesCannotBeModified", "Resource {address} has an existing availability zone constraint {old} and the request has availability zone constraint {new}, which do not match. Zones cannot be added/updated/removed once the resource is created. The resource cannot be updated from regional to zonal or vice-versa.", "ARM 8.2 (form assumed)", "delete the address and make it anew";
}

/// Addresses have a sku from this version on (ARM 8.2).
const SKUS: ApiVersion = ApiVersion::date(2017, 8, 1);

const UPDATING: Provisioning = Provisioning::Updating;

/// Static addresses are counted apart, too; Standard ones in a row of their own (ARM 4.1).
const STATIC: QuotaKey = QuotaKey("StaticPublicIPAddresses");
const STANDARD: QuotaKey = QuotaKey("StandardSkuPublicIpAddresses");

/// Public IP addresses.
pub(crate) const DESCRIPTOR: Descriptor = Descriptor {
    since: ApiVersion::date(2014, 12, 1),
    shows_type_since: ApiVersion::date(2015, 6, 15),
    names: NameRule::word(1, 80),
    quota: Some(QuotaKey("PublicIPAddresses")),
    fields: &[
        Field::read_only("/properties/ipAddress"),
        Field::read_only("/properties/ipConfiguration"),
        Field::read_only("/properties/dnsSettings/fqdn"),
        Field::one_of("/properties/publicIPAllocationMethod", &["Dynamic", "Static"]),
        Field::one_of("/properties/publicIPAddressVersion", &["IPv4", "IPv6"]),
        Field::one_of("/sku/name", &["Basic", "Standard"]),
        Field::one_of("/sku/tier", &["Regional", "Global"]),
        Field::default("/properties", Fill::Object),
        Field::default("/properties/publicIPAddressVersion", Fill::Text("IPv4")).since(ApiVersion::date(2016, 3, 30)),
        Field::default("/properties/publicIPAllocationMethod", Fill::Text("Dynamic")),
        Field::default("/properties/idleTimeoutInMinutes", Fill::Int(4)),
        Field::default("/properties/ipTags", Fill::Empty).since(ApiVersion::date(2018, 2, 1)),
        Field::default("/sku", Fill::Object).since(SKUS),
        Field::default("/sku/name", Fill::Text("Basic")).since(SKUS),
        // ARM 8.2 has the tier from 2018-02-01 on; the answers of 2019-09-01 and 2019-11-01 in observed-arm have none.
        Field::default("/sku/tier", Fill::Text("Regional")).since(ApiVersion::date(2020, 7, 1)),
    ],
    lifetimes: Lifetimes {
        create: &[Stage::new(UPDATING, 500, 3_000)],
        update: &[Stage::new(UPDATING, 500, 3_000)],
        delete: &[Stage::new(Provisioning::Deleting, 500, 10_000)],
    },
    writes: &[
        Write::new(WriteVerb::PutNew, 201)
            .polls(Polls::AsyncOperation)
            .retry_after_secs(1),
        Write::new(WriteVerb::PutAgain, 200)
            .polls(Polls::AsyncOperation)
            .retry_after_secs(1),
        Write::new(WriteVerb::Patch, 200),
        Write::accepted(WriteVerb::Delete).retry_after_secs(10),
    ],
    errors: ALL,
    ..Descriptor::of("Microsoft.Network/publicIPAddresses", Dialect::Network)
};

/// What a client asks of a public address.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublicIpAddress {
    /// Whether it has an address for life.
    pub fixed: bool,
    /// Whether it is of the Standard sku.
    pub standard: bool,
    /// Whether it is an IPv6 address. Those have no address here: the fabric routes IPv4 only.
    pub ipv6: bool,
    /// Its availability zones.
    pub zones: Vec<Box<str>>,
}

impl ResourceType for PublicIpAddress {
    const DESCRIPTOR: &'static Descriptor = &DESCRIPTOR;

    fn plan_put(cx: &Cx<'_>, put: &Put<'_>, before: Option<&Self>) -> Result<(Self, Plan), CloudError> {
        let spec = read(put)?;
        check_idle_timeout(put)?;
        if let Some(before) = before {
            check_change(cx, put, before, &spec)?;
        }
        let dns_name = read_dns_name(cx, put)?;

        let old = cx.fabric().public_addresses.get(&put.key);
        let mut plan = Plan::new();
        let old_name = old.and_then(|row| row.dns_name.as_ref());
        if old_name != dns_name.as_ref() {
            if let Some(name) = old_name {
                plan = plan.dns_name(name.clone(), None);
            }
            if let Some(name) = &dns_name {
                plan = plan.dns_name(name.clone(), Some(put.key));
            }
        }

        let becomes_dynamic = before.is_some_and(|before| before.fixed) && !spec.fixed;
        let mut address = old.and_then(|row| row.address);
        if becomes_dynamic && let Some(held) = address.take() {
            plan = plan.public_in_use(u32::from(held), None);
        }
        plan = plan.public_address(
            put.key,
            Some(PublicAddress {
                address,
                fixed: spec.fixed,
                dns_name,
            }),
        );
        for (row, was, is) in [
            (
                STATIC,
                before.is_some_and(Self::is_basic_static),
                spec.is_basic_static(),
            ),
            (STANDARD, before.is_some_and(|before| before.standard), spec.standard),
        ] {
            if was != is {
                plan = plan.charge(row, if is { 1 } else { -1 });
            }
        }
        Ok((spec, plan))
    }

    fn plan_removal(&self, cx: &Cx<'_>, resource: &Resource) -> Plan {
        let mut plan = Plan::new();
        if let Some(row) = cx.fabric().public_addresses.get(&resource.key) {
            if let Some(address) = row.address {
                plan = plan.public_in_use(u32::from(address), None);
            }
            if let Some(name) = &row.dns_name {
                plan = plan.dns_name(name.clone(), None);
            }
        }
        for (row, counts) in [(STATIC, self.is_basic_static()), (STANDARD, self.standard)] {
            if counts {
                plan = plan.charge(row, -1);
            }
        }
        plan.public_address(resource.key, None)
    }

    /// A static address is there from the end of its first write on (ARM 8.2).
    fn settle(&self, cx: &Cx<'_>, resource: &Resource, _doing: &Doing, failed: bool) -> (Self, Plan) {
        let row = cx.fabric().public_addresses.get(&resource.key);
        let waits = row.filter(|row| row.fixed && row.address.is_none() && !self.ipv6 && !failed);
        let plan = match waits {
            Some(row) => Plan::new().changes(row.taking(resource.key, cx.fabric().free_public_address(0))),
            None => Plan::new(),
        };
        (self.clone(), plan)
    }

    fn render(&self, cx: &Cx<'_>, resource: &Resource, view: &View<'_>, document: &mut Document) {
        if view.version < SKUS
            && let Some(members) = document.as_object_mut()
        {
            members.shift_remove("sku");
        }
        let row = cx.fabric().public_addresses.get(&resource.key);
        let properties = &mut document["properties"];
        if let Some(name) = row.and_then(|row| row.dns_name.as_ref()) {
            properties["dnsSettings"]["fqdn"] = Value::from(name.as_ref());
        }
        if let Some(address) = row.and_then(|row| row.address) {
            properties["ipAddress"] = Value::from(address.to_string());
        }
        if let Some((source, edge)) = cx.incoming(resource.key).next() {
            properties["ipConfiguration"] = json!({ "id": cx.part_id(source, edge) });
        }
        if self.standard && view.version >= ApiVersion::date(2022, 1, 1) && properties.get("ddosSettings").is_none() {
            properties["ddosSettings"] = json!({ "protectionMode": "VirtualNetworkInherited" });
        }
    }

    fn claimed(cx: &Cx<'_>, target: &Resource, holder: &str, claimant: &str) -> CloudError {
        CloudError::of(&TAKEN)
            .with("claimant", claimant)
            .with("address", cx.id(target.key))
            .with("holder", holder)
    }

    fn in_use(cx: &Cx<'_>, target: &Resource, users: &[String]) -> CloudError {
        CloudError::of(&IN_USE)
            .with("address", cx.id(target.key))
            .with("user", users.join(", "))
    }
}

impl PublicIpAddress {
    fn is_basic_static(&self) -> bool {
        self.fixed && !self.standard
    }

    fn sku(&self) -> &'static str {
        if self.standard { "Standard" } else { "Basic" }
    }
}

/// The spec. A Standard address is static, a static IPv6 address is Standard.
fn read(put: &Put<'_>) -> Result<PublicIpAddress, CloudError> {
    let is =
        |path: &str, value: &str| -> Result<bool, CloudError> { Ok(reading::text(put.document, path)? == Some(value)) };
    let spec = PublicIpAddress {
        fixed: is("/properties/publicIPAllocationMethod", "Static")?,
        standard: is("/sku/name", "Standard")?,
        ipv6: is("/properties/publicIPAddressVersion", "IPv6")?,
        zones: reading::texts(put.document, "/zones")?
            .into_iter()
            .map(Box::from)
            .collect(),
    };
    if spec.standard && !spec.fixed {
        return Err(CloudError::of(&DYNAMIC_STANDARD).with("address", put.id()));
    }
    if spec.ipv6 && spec.is_basic_static() {
        return Err(CloudError::of(&STATIC_IPV6).with("address", put.id()));
    }
    Ok(spec)
}

fn check_idle_timeout(put: &Put<'_>) -> Result<(), CloudError> {
    match reading::number(put.document, "/properties/idleTimeoutInMinutes")? {
        Some(minutes) if !(4..=30).contains(&minutes) => {
            Err(CloudError::of(&BAD_IDLE_TIMEOUT).with("name", put.id.name()))
        }
        _ => Ok(()),
    }
}

/// What cannot change: version and zones ever, the sku but from Basic to Standard while nothing uses it, static to dynamic
/// while something does (ARM 8.2).
fn check_change(
    cx: &Cx<'_>,
    put: &Put<'_>,
    before: &PublicIpAddress,
    spec: &PublicIpAddress,
) -> Result<(), CloudError> {
    let user = cx.incoming(put.key).next();
    if before.ipv6 != spec.ipv6 {
        return Err(CloudError::of(&VERSION_CHANGE).with("address", put.id()));
    }
    if before.zones != spec.zones {
        let error = CloudError::of(&ZONE_CHANGE).with("address", put.id());
        return Err(error
            .with("old", before.zones.join(","))
            .with("new", spec.zones.join(",")));
    }
    let upgrade = spec.standard && user.is_none();
    if before.standard != spec.standard && !upgrade {
        let error = CloudError::of(&SKU_CHANGE).with("address", put.id());
        return Err(error.with("old", before.sku()).with("new", spec.sku()));
    }
    if let Some((source, edge)) = user
        && before.fixed
        && !spec.fixed
    {
        return Err(CloudError::of(&METHOD_CHANGE)
            .with("address", put.id())
            .with("user", cx.part_id(source, edge)));
    }
    Ok(())
}

/// The DNS name that the label makes: unique in its region, whoever owns it (ARM 1.3).
fn read_dns_name(cx: &Cx<'_>, put: &Put<'_>) -> Result<Option<Box<str>>, CloudError> {
    let Some(label) =
        reading::text(put.document, "/properties/dnsSettings/domainNameLabel")?.filter(|label| !label.is_empty())
    else {
        return Ok(None);
    };
    if !is_label(label) {
        return Err(CloudError::of(&BAD_LABEL).with("label", label));
    }
    let name: Box<str> = format!("{label}.{}.cloudapp.azure.com", put.location).into();
    match cx.fabric().dns_names.get(&name) {
        Some(holder) if *holder != put.key => Err(CloudError::of(&DNS_RECORD_IN_USE).with("name", name)),
        _ => Ok(Some(name)),
    }
}

/// `^[a-z][a-z0-9-]{1,61}[a-z0-9]$`
fn is_label(label: &str) -> bool {
    let inner = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    (3..=63).contains(&label.len())
        && label.bytes().all(inner)
        && label.starts_with(|c: char| c.is_ascii_lowercase())
        && !label.ends_with('-')
}

#[cfg(test)]
mod tests;
