//! Locations, and the role sizes that each has (juju-provider 2.2 c20).

use super::client::{Call, Endpoint};
use super::xml::Element;
use crate::Error;

/// A location.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Location {
    /// As requests have to spell it: `West US`.
    pub(crate) name: String,
    /// Names of the sizes that machines can have there. Only versions from 2014-05-01 on tell.
    pub(crate) role_sizes: Vec<String>,
}

/// In a version that tells the sizes (service-management 1.3).
pub(crate) fn list(endpoint: &Endpoint) -> Call {
    endpoint.get("list locations", "locations", "2014-10-01")
}

/// The location of that name, however it is spelt.
pub(crate) fn find(document: &Element, name: &str) -> Result<Location, Error> {
    let plain = |name: &str| {
        name.chars()
            .filter(|c| !c.is_whitespace())
            .collect::<String>()
            .to_lowercase()
    };
    let found = document
        .all("Location")
        .find(|location| location.text_of("Name").is_some_and(|own| plain(own) == plain(name)));
    let Some(location) = found else {
        return Err(Error::config("location", format!("location \"{name}\" not found")));
    };
    let sizes = location
        .find("ComputeCapabilities")
        .into_iter()
        .flat_map(|capabilities| capabilities.items("VirtualMachinesRoleSizes", "RoleSize"));
    Ok(Location {
        name: location.text_of("Name").unwrap_or(name).to_owned(),
        role_sizes: sizes.map(|size| size.text.trim().to_owned()).collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::find;
    use crate::classic::xml::Element;

    #[test]
    fn a_location_is_found_however_it_is_spelt() {
        let text = "<Locations><Location><Name>East US</Name></Location><Location><Name>West US</Name><ComputeCapabilities>\
                    <WebWorkerRoleSizes><RoleSize>A5</RoleSize></WebWorkerRoleSizes><VirtualMachinesRoleSizes>\
                    <RoleSize>ExtraSmall</RoleSize><RoleSize>Small</RoleSize></VirtualMachinesRoleSizes></ComputeCapabilities>\
                    </Location></Locations>";
        let document = Element::parse(text.as_bytes()).expect("the list is well formed");
        for name in ["West US", "westus"] {
            let found = find(&document, name).expect("the location is listed");
            assert_eq!(
                (found.name.as_str(), found.role_sizes.join(" ")),
                ("West US", "ExtraSmall Small".to_owned())
            );
        }
        let missing = find(&document, "Mars").map_err(|error| error.to_string());
        assert_eq!(
            missing.err().as_deref(),
            Some("invalid `location`: location \"Mars\" not found")
        );
    }
}
