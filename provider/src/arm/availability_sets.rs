//! Availability sets, one per application.

use serde::Deserialize;
use serde_json::json;

use super::scope::{Call, Scope, version};
use super::tags::{self, Tags};

const KIND: &str = "Microsoft.Compute/availabilitySets";

/// For machines that host nothing (juju-provider 1.4).
const DEFAULT: &str = "juju";

/// A set, as far as we look at it.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct AvailabilitySet {
    pub(crate) id: String,
}

/// The application of the first unit, or the set of those without.
pub(crate) fn name(units: &[String]) -> &str {
    let application = units.first().and_then(|unit| unit.split('/').next());
    application.filter(|name| !name.is_empty()).unwrap_or(DEFAULT)
}

pub(crate) fn put(scope: &Scope, name: &str, own: &Tags) -> Call {
    let body = json!({"location": scope.location, "tags": tags::to_json(own), "properties": {}});
    scope.put(
        "create availability set",
        &scope.id(KIND, &[name]),
        version::COMPUTE,
        &body,
    )
}
