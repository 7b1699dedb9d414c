//! What nouns of a subscription that have a name and a location share when they are made: route tables, network security
//! groups, reserved IPs (SM 11.1, 11.5, 11.6).

use super::{Asked, Named, forms, names, placement, subscription};
use crate::catalogue::locations::Location;
use crate::cx::Cx;
use crate::error::CloudError;
use crate::table::Table;

/// The checks before one is made, in their order: its name, its place, whether it is there, how many there are. `limit` is the
/// row of the limits and what the refusal calls it.
///
/// # Errors
///
/// When one of them fails; `exists` is the refusal of a name that is taken.
pub(super) fn admit<V>(
    cx: &Cx<'_>,
    asked: &Asked,
    table: &Table<Named, V>,
    (name, location): (&str, &str),
    exists: CloudError,
    (limit, kind): (&str, &str),
) -> Result<(Named, &'static Location), CloudError> {
    if !names::is_object_name(name) {
        return Err(CloudError::of(&forms::BAD_OBJECT_NAME).with("name", name));
    }
    let location = placement::read_location(location)?;
    let named = asked.named(name);
    if table.contains(&named) {
        return Err(exists);
    }
    let used = table.range(Named::all(asked.subscription)).count();
    subscription::check_count(cx, limit, kind, used, 1)?;
    Ok((named, location))
}
