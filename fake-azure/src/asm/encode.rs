//! What several nouns are written with.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use fake_azure_cloud::Time;
use fake_azure_cloud::catalogue::{Month, locations, role_sizes};
use fake_azure_cloud::classic::{ExtendedProperty, Placement};

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
    let offered: Vec<_> = match locations::find(location) {
        Some(found) => role_sizes::role_sizes_in(found.name, month).collect(),
        None => Vec::new(),
    };
    writer.element("ComputeCapabilities", |writer| {
        let for_packages = offered
            .iter()
            .filter(|size| size.is_for_web_workers())
            .map(|size| size.name);
        writer.texts("WebWorkerRoleSizes", "RoleSize", for_packages);
        writer.texts(
            "VirtualMachinesRoleSizes",
            "RoleSize",
            offered.iter().map(|size| size.name),
        );
    });
}

/// `AvailabilityResponse` (SM 5.1, 9).
pub(super) fn availability(reason: Option<&str>) -> String {
    Writer::root("AvailabilityResponse", |writer| {
        writer.text("Result", reason.is_none());
        writer.nillable("Reason", reason);
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
    /// The month whose catalogue is offered. The reference has the lists of June 2015 (SM 4.2, 4.3); what was offered before is
    /// not known well enough, and nothing came after the middle of 2017.
    pub(super) fn month(&self) -> Month {
        self.sandbox
            .era()
            .month()
            .clamp(Month::new(2015, 6), Month::new(2017, 6))
    }
}
