//! Affinity groups: named parts of a region for hosted services, storage accounts and old networks (SM 4.6).

use serde::{Deserialize, Serialize};

use super::{Asked, Named, Placement, Step, forms, names, placement, subscription};
use crate::cx::Cx;
use crate::error::CloudError;
use crate::key::Key;
use crate::plan::Plan;
use crate::time::Time;

/// An affinity group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AffinityGroup {
    /// Its name, as created.
    pub name: Box<str>,
    /// Base64, as sent.
    pub label: Box<str>,
    /// Description.
    pub description: Option<Box<str>>,
    /// The location's display name.
    pub location: Box<str>,
    /// When it was made.
    pub created: Time,
}

/// A request for a group.
#[derive(Clone, Debug, Default)]
pub struct CreateAffinityGroup {
    /// Name.
    pub name: Box<str>,
    /// Base64.
    pub label: Box<str>,
    /// Description.
    pub description: Option<Box<str>>,
    /// Location.
    pub location: Box<str>,
}

/// A change of a group.
#[derive(Clone, Debug, Default)]
pub struct UpdateAffinityGroup {
    /// Base64.
    pub label: Option<Box<str>>,
    /// Description; left out, there is none.
    pub description: Option<Box<str>>,
}

pub(super) fn create(cx: &Cx<'_>, asked: &Asked, spec: &CreateAffinityGroup) -> Result<Step, CloudError> {
    if !names::is_dns_label(&spec.name) {
        return Err(CloudError::of(&forms::GROUP_NAME));
    }
    if !names::is_label(&spec.label, 100) {
        return Err(CloudError::of(&forms::GROUP_LABEL));
    }
    check_description(spec.description.as_deref())?;
    let location = placement::read_location(&spec.location)?;
    let key = asked.named(&spec.name);
    if cx.classic().affinity_groups.contains(&key) {
        return Err(CloudError::of(&forms::GROUP_EXISTS).with("group", &spec.name));
    }
    let used = cx
        .classic()
        .affinity_groups
        .range(Named::all(asked.subscription))
        .count();
    subscription::check_count(cx, "MaxAffinityGroups", "affinity group count", used, 1)?;

    let group = AffinityGroup {
        name: spec.name.clone(),
        label: spec.label.trim().into(),
        description: spec.description.clone(),
        location: location.display_name.into(),
        created: cx.now(),
    };
    Ok(Step::now(Plan::new().affinity_group(key, Some(group))))
}

pub(super) fn update(cx: &Cx<'_>, asked: &Asked, name: &str, spec: &UpdateAffinityGroup) -> Result<Step, CloudError> {
    let group = find(cx, asked.subscription, name)?;
    if spec.label.as_deref().is_some_and(|label| !names::is_label(label, 100)) {
        return Err(CloudError::of(&forms::GROUP_LABEL));
    }
    check_description(spec.description.as_deref())?;
    let group = AffinityGroup {
        label: spec
            .label
            .as_deref()
            .map_or_else(|| group.label.clone(), |label| label.trim().into()),
        description: spec.description.clone(),
        ..group.clone()
    };
    Ok(Step::now(Plan::new().affinity_group(asked.named(name), Some(group))))
}

pub(super) fn delete(cx: &Cx<'_>, asked: &Asked, name: &str) -> Result<Step, CloudError> {
    if !names::is_dns_label(name) {
        return Err(CloudError::of(&forms::GROUP_NAME));
    }
    let group = find(cx, asked.subscription, name)?;
    if is_in_use(cx, asked.subscription, &group.name) {
        return Err(CloudError::of(&forms::GROUP_IN_USE).with("group", &group.name));
    }
    Ok(Step::now(Plan::new().affinity_group(asked.named(name), None)))
}

fn check_description(description: Option<&str>) -> Result<(), CloudError> {
    if description.is_some_and(|text| text.chars().count() > 1024) {
        return Err(CloudError::of(&forms::GROUP_DESCRIPTION));
    }
    Ok(())
}

fn is_in_use(cx: &Cx<'_>, subscription: Key, group: &str) -> bool {
    let classic = cx.classic();
    let of_services = classic
        .hosted_services
        .iter()
        .any(|(_, row)| row.subscription == subscription && row.placement.is_in(group));
    let of_accounts = classic
        .storage_services
        .iter()
        .any(|(_, row)| row.subscription == subscription && row.placement.is_in(group));
    let mut sites = classic.virtual_networks.range(Named::all(subscription));
    of_services
        || of_accounts
        || sites.any(|(_, site)| matches!(&site.spec.placement, Some(place) if Placement::is_in(place, group)))
}

/// A group by name.
///
/// # Errors
///
/// When there is none: the same for a name that cannot be one (SM 4.6).
pub(super) fn find<'a>(cx: &Cx<'a>, subscription: Key, name: &str) -> Result<&'a AffinityGroup, CloudError> {
    let found = cx.classic().affinity_groups.get(&Named::new(subscription, name));
    found.ok_or_else(|| CloudError::of(&forms::GROUP_NOT_FOUND))
}

impl<'a> Cx<'a> {
    /// An affinity group by name.
    ///
    /// # Errors
    ///
    /// When there is none.
    pub fn affinity_group(&self, subscription: Key, name: &str) -> Result<&'a AffinityGroup, CloudError> {
        find(self, subscription, name)
    }
}
