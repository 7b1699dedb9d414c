//! The affinity group of an environment (juju-provider 2.2 c1, c2; 2.3).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::client::{Call, Endpoint, segment, version};
use super::xml::Element;

/// Name, label and description say the same.
pub(crate) fn create(endpoint: &Endpoint, name: &str, location: &str) -> Call {
    let body = Element::root("CreateAffinityGroup")
        .with("Name", name)
        .with("Label", STANDARD.encode(name))
        .with("Description", name)
        .with("Location", location);
    endpoint
        .post("create affinity group", "affinitygroups", &body)
        .conflict_is_answer()
}

pub(crate) fn delete(endpoint: &Endpoint, name: &str) -> Call {
    endpoint.delete(
        "delete affinity group",
        &format!("affinitygroups/{}", segment(name)),
        version::DELETE_AFFINITY_GROUP,
    )
}
