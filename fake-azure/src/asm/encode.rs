//! What several nouns are written with.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use fake_azure_cloud::Time;
use fake_azure_cloud::catalogue::Month;
use fake_azure_cloud::classic::{ExtendedProperty, Placement, offers};

use super::error::Failure;
use super::request::{Asked, Version};
use super::xml::{Contract, Element, Writer};
use crate::text;

/// The version from which on sizes are listed with locations, groups and services (SM 1.3).
pub(super) const COMPUTE_CAPABILITIES: Version = 20_141_001;

/// `2015-07-08T07:47:00Z`.
pub(super) fn date(time: Time) -> String {
    text::iso_secs(time)
}

/// Base64 of a text.
pub(super) fn base64(text: &str) -> String {
    STANDARD.encode(text)
}

/// Where a noun is: the location, or the group instead of it (SM 4.6).
pub(super) fn place(writer: &mut Writer, placement: &Placement) {
    match placement {
        Placement::Location(name) => writer.text("Location", name),
        Placement::AffinityGroup(name) => writer.text("AffinityGroup", name),
    }
}

/// `ExtendedProperties`: the client's, then the service's own (SM 5.1).
pub(super) fn extended(writer: &mut Writer, own: &[ExtendedProperty], added: Option<(&str, &str)>) {
    writer.element("ExtendedProperties", |writer| {
        for property in own {
            pair(writer, &property.name, &property.value);
        }
        if let Some((group, location)) = added {
            pair(writer, "ResourceGroup", group);
            pair(writer, "ResourceLocation", location);
        }
    });
}

fn pair(writer: &mut Writer, name: &str, value: &str) {
    writer.element("ExtendedProperty", |writer| {
        writer.text("Name", name);
        writer.text("Value", value);
    });
}

/// The sizes of a location, for package roles and for machines (SM 4.2).
pub(super) fn compute_capabilities(writer: &mut Writer, location: &str, month: Month) {
    let names = |packages| offers::role_sizes(location, month, packages).map(|size| size.name);
    writer.element("ComputeCapabilities", |writer| {
        writer.texts("WebWorkerRoleSizes", "RoleSize", names(true));
        writer.texts("VirtualMachinesRoleSizes", "RoleSize", names(false));
    });
}

/// `AvailabilityResponse` (SM 5.1, 9).
pub(super) fn availability(reason: Option<&str>) -> String {
    Writer::root("AvailabilityResponse", |writer| {
        writer.text("Result", reason.is_none());
        writer.nillable("Reason", reason);
    })
}

/// What a noun is made from that has only a name and a place (SM 11.5, 11.6).
pub(super) struct Regional {
    pub(super) name: Box<str>,
    pub(super) label: Option<Box<str>>,
    pub(super) location: Box<str>,
}

/// Reads one.
pub(super) fn read_regional(asked: &Asked<'_>, contract: &Contract) -> Result<Regional, Failure> {
    let body = asked.body(contract.name)?;
    let fields = contract.read(&body);
    Ok(Regional {
        name: fields.required("Name")?,
        label: fields.filled("Label"),
        location: fields.or_empty("Location"),
    })
}

/// A list of `ExtendedProperty`.
pub(super) fn read_extended(element: &Element) -> Vec<ExtendedProperty> {
    const CONTRACT: Contract = Contract {
        name: "ExtendedProperty",
        order: &["Name", "Value"],
        lenient: &["Name", "Value"],
    };
    element
        .all("ExtendedProperty")
        .map(|property| {
            let fields = CONTRACT.read(property);
            ExtendedProperty {
                name: fields.or_empty("Name"),
                value: fields.or_empty("Value"),
            }
        })
        .collect()
}

impl Asked<'_> {
    /// The month whose catalogue is offered, between the first and the last that recordings show (SM 4.2, 4.3): the clock's, or
    /// the version's, if that is later, since a service is not older than what it understands.
    pub(super) fn month(&self) -> Month {
        let date = self.sandbox.cloud.now().to_string();
        let mut parts = date.split('-');
        let year = parts.next().and_then(|text| text.parse().ok());
        let month = parts.next().and_then(|text| text.parse().ok());
        let known = year.zip(month).filter(|(_, month)| (1..=12).contains(month));
        let clock = known.map_or(offers::FIRST_MONTH, |(year, month)| Month::new(year, month));
        let version = (self.version / 10_000, self.version / 100 % 100);
        let version = Month::new(
            u16::try_from(version.0).unwrap_or(0),
            u8::try_from(version.1).unwrap_or(1),
        );
        clock.max(version).clamp(offers::FIRST_MONTH, offers::LAST_MONTH)
    }
}
