//! Where a noun lives: a location, or an affinity group that has one.

use serde::{Deserialize, Serialize};

use super::{Named, forms};
use crate::catalogue::locations;
use crate::cx::Cx;
use crate::error::CloudError;
use crate::key::Key;

/// Where a noun lives. A member of an affinity group is printed with the group instead of the location (SM 4.6).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Placement {
    /// In a location, by its display name.
    Location(Box<str>),
    /// In an affinity group, by its name as created.
    AffinityGroup(Box<str>),
}

impl Placement {
    /// The location's display name.
    pub fn location(&self, cx: &Cx<'_>, subscription: Key) -> Box<str> {
        match self {
            Placement::Location(location) => location.clone(),
            Placement::AffinityGroup(name) => {
                let found = cx.classic().affinity_groups.get(&Named::new(subscription, name));
                found.map_or_else(|| "".into(), |group| group.location.clone())
            }
        }
    }

    /// Whether it is this affinity group.
    pub(crate) fn is_in(&self, group: &str) -> bool {
        matches!(self, Placement::AffinityGroup(name) if name.eq_ignore_ascii_case(group))
    }
}

/// What a request says of a place: exactly one of the two (SM 5.1, 9).
///
/// # Errors
///
/// When the place does not exist, or is named twice or not at all.
pub(super) fn read(
    cx: &Cx<'_>,
    subscription: Key,
    location: Option<&str>,
    group: Option<&str>,
) -> Result<Placement, CloudError> {
    match (location.filter(|text| !text.is_empty()), group) {
        (Some(_), Some(group)) if !group.is_empty() => Err(CloudError::of(&forms::BOTH_PLACES)),
        (Some(location), _) => {
            let found = find_location(location).ok_or_else(|| CloudError::of(&forms::BAD_LOCATION))?;
            Ok(Placement::Location(found.display_name.into()))
        }
        (None, Some("")) => Err(CloudError::of(&forms::EMPTY_AFFINITY_GROUP)),
        (None, Some(group)) => match cx.classic().affinity_groups.get(&Named::new(subscription, group)) {
            Some(group) => Ok(Placement::AffinityGroup(group.name.clone())),
            None => Err(CloudError::of(&forms::NO_AFFINITY_GROUP)),
        },
        (None, None) => Err(CloudError::of(&forms::EMPTY_LOCATION)),
    }
}

/// A location by its display name: case does not count, blanks do (SM 4.2).
pub(super) fn find_location(name: &str) -> Option<&'static locations::Location> {
    locations::find(name).filter(|location| location.classic && location.display_name.eq_ignore_ascii_case(name.trim()))
}

/// The location of a request that names only a location.
///
/// # Errors
///
/// When there is none, or none of that name.
pub(super) fn read_location(location: &str) -> Result<&'static locations::Location, CloudError> {
    if location.trim().is_empty() {
        return Err(CloudError::of(&forms::EMPTY_LOCATION));
    }
    find_location(location).ok_or_else(|| CloudError::of(&forms::BAD_LOCATION))
}
