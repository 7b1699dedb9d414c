//! Microsoft.Resources: groups.

pub mod resource_groups;
