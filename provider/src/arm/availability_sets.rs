//! Availability sets, one per application.

use serde::Deserialize;
use serde_json::json;

use super::scope::{Call, Scope};
use super::tags::{self, Tags};

const KIND: &str = "Microsoft.Compute/availabilitySets";

/// For machines that host nothing (juju-provider 1.4).
const DEFAULT: &str = "juju";

/// A set, as far as we look at it.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct AvailabilitySet {
    pub(crate) id: String,
}

/// Of the machines that serve the API, where machines are made by deployments (juju-provider 1.4).
pub(crate) const CONTROLLERS: &str = "juju-controller";

/// The application of the first unit.
pub(crate) fn application(units: &[String]) -> Option<&str> {
    let application = units.first().and_then(|unit| unit.split('/').next());
    application.filter(|name| !name.is_empty())
}

/// The application of the first unit, or the set of those without.
pub(crate) fn name(units: &[String]) -> &str {
    application(units).unwrap_or(DEFAULT)
}

pub(crate) fn get(scope: &Scope, name: &str) -> Call {
    scope.get(
        "find availability set",
        &scope.id(KIND, &[name]),
        scope.versions.compute,
    )
}

pub(crate) fn put(scope: &Scope, name: &str, own: &Tags) -> Call {
    let body = json!({"location": scope.location, "tags": tags::to_json(own), "properties": {}});
    scope.put(
        "create availability set",
        &scope.id(KIND, &[name]),
        scope.versions.compute,
        &body,
    )
}
