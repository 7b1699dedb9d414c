//! Microsoft.Resources: groups.

pub(crate) mod resource_groups;
