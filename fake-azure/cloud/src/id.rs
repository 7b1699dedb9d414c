//! ARM ids: read without case, printed in the registry's spelling (ARM 1.1, 1.2).

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::key::Guid;
use crate::registry::Kind;

/// The id of a resource or a group: what a client names, whether it exists or not.
///
/// Two ids are the same when their folded forms are.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ResourceId {
    kind: Kind,
    subscription: Guid,
    group: Box<str>,
    names: Vec<Box<str>>,
    folded: Box<str>,
}

/// What is wrong with the text of an id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IdError {
    /// It does not have the form `/subscriptions/{guid}/resourceGroups/{group}[/providers/{namespace}/{type}/{name}...]`.
    Malformed,
    /// No such type is known.
    UnknownType {
        /// `Microsoft.Nothing`.
        namespace: String,
        /// `things/parts`.
        type_path: String,
    },
}

impl ResourceId {
    /// The id of a group.
    pub fn group(subscription: Guid, group: &str) -> ResourceId {
        ResourceId::new(Kind::ResourceGroups, subscription, group, Vec::new())
    }

    /// The id of a resource whose type, with its parents', has as many levels as there are `names`.
    pub fn resource(subscription: Guid, group: &str, kind: Kind, names: Vec<Box<str>>) -> ResourceId {
        debug_assert_eq!(kind.descriptor().type_path().split('/').count(), names.len());
        ResourceId::new(kind, subscription, group, names)
    }

    fn new(kind: Kind, subscription: Guid, group: &str, names: Vec<Box<str>>) -> ResourceId {
        let mut id = ResourceId {
            kind,
            subscription,
            group: group.into(),
            names,
            folded: Box::default(),
        };
        id.folded = id.to_string().to_lowercase().into();
        id
    }

    /// Reads an id in any case. Doubled slashes count as one.
    ///
    /// # Errors
    ///
    /// When the text is no id, or names a type that the registry does not have.
    pub fn parse(text: &str) -> Result<ResourceId, IdError> {
        let mut segments = text.split('/').filter(|segment| !segment.is_empty());
        let mut fixed = |word: &str| match segments.next() {
            Some(segment) if segment.eq_ignore_ascii_case(word) => segments.next().ok_or(IdError::Malformed),
            _ => Err(IdError::Malformed),
        };

        if !text.starts_with('/') {
            return Err(IdError::Malformed);
        }
        let subscription = Guid::parse(fixed("subscriptions")?).ok_or(IdError::Malformed)?;
        let group = fixed("resourceGroups")?;
        let namespace = match fixed("providers") {
            Ok(namespace) => namespace,
            Err(_) if text.trim_end_matches('/').split('/').filter(|s| !s.is_empty()).count() == 4 => {
                return Ok(ResourceId::group(subscription, group));
            }
            Err(error) => return Err(error),
        };

        let rest: Vec<&str> = segments.collect();
        if rest.is_empty() || !rest.len().is_multiple_of(2) {
            return Err(IdError::Malformed);
        }
        let type_path = rest.iter().step_by(2).copied().collect::<Vec<_>>().join("/");
        let names = rest.iter().skip(1).step_by(2).map(|name| Box::from(*name)).collect();
        let kind = Kind::find(namespace, &type_path).ok_or_else(|| IdError::UnknownType {
            namespace: namespace.to_owned(),
            type_path,
        })?;
        Ok(ResourceId::new(kind, subscription, group, names))
    }

    /// What it names.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// The subscription.
    pub fn subscription(&self) -> Guid {
        self.subscription
    }

    /// The group's name, as written here.
    pub fn group_name(&self) -> &str {
        &self.group
    }

    /// The last name, as written here.
    pub fn name(&self) -> &str {
        self.names.last().unwrap_or(&self.group)
    }

    /// All names after the group's, outermost first.
    pub fn names(&self) -> &[Box<str>] {
        &self.names
    }

    /// The form that is compared.
    pub fn folded(&self) -> &str {
        &self.folded
    }

    /// The folded id of its group: the part of its own that ends with the group's name.
    pub fn folded_group(&self) -> &str {
        let end = self
            .folded
            .match_indices('/')
            .nth(4)
            .map_or(self.folded.len(), |(at, _)| at);
        &self.folded[..end]
    }

    /// The folded id of the resource it is a child of.
    pub fn folded_parent(&self) -> Option<&str> {
        self.kind.descriptor().parent?;
        let (rest, _name) = self.folded.rsplit_once('/')?;
        rest.rsplit_once('/').map(|(parent, _collection)| parent)
    }

    /// The id of its group.
    pub fn group_id(&self) -> ResourceId {
        ResourceId::group(self.subscription, &self.group)
    }

    /// The id of the resource it is a child of.
    pub fn parent(&self) -> Option<ResourceId> {
        let kind = self.kind.descriptor().parent?;
        let names = self.names[..self.names.len() - 1].to_vec();
        Some(ResourceId::new(kind, self.subscription, &self.group, names))
    }

    /// The id of a child.
    #[must_use]
    pub fn child(&self, kind: Kind, name: &str) -> ResourceId {
        let mut names = self.names.clone();
        names.push(name.into());
        ResourceId::new(kind, self.subscription, &self.group, names)
    }

    /// `Microsoft.Network/virtualNetworks/v0/subnets/s0`: how the gateway's messages name a resource.
    pub fn short(&self) -> String {
        let descriptor = self.kind.descriptor();
        let mut text = descriptor.namespace().to_owned();
        for (segment, name) in descriptor.type_path().split('/').zip(&self.names) {
            text.push('/');
            text.push_str(segment);
            text.push('/');
            text.push_str(name);
        }
        text
    }
}

/// In the registry's spelling, names as written.
impl fmt::Display for ResourceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "/subscriptions/{}/resourceGroups/{}", self.subscription, self.group)?;
        if self.kind == Kind::ResourceGroups {
            return Ok(());
        }
        write!(f, "/providers/{}", self.short_namespace())?;
        for (segment, name) in self.kind.descriptor().type_path().split('/').zip(&self.names) {
            write!(f, "/{segment}/{name}")?;
        }
        Ok(())
    }
}

impl ResourceId {
    fn short_namespace(&self) -> &'static str {
        self.kind.descriptor().namespace()
    }
}

impl PartialEq for ResourceId {
    fn eq(&self, other: &ResourceId) -> bool {
        self.folded == other.folded
    }
}

impl Eq for ResourceId {}

#[cfg(test)]
mod tests {
    use super::*;

    const SUBSCRIPTION: &str = "0b1f6471-1bf0-4dda-aec3-cb9272f09590";

    #[test]
    fn ids_compare_without_case_and_print_in_azures_spelling() {
        let text = format!(
            "/SUBSCRIPTIONS/{SUBSCRIPTION}/resourcegroups/Rg/providers/microsoft.network//virtualnetworks/V0/SUBNETS/s0"
        );
        let id = ResourceId::parse(&text).expect("well formed");
        assert_eq!(
            id.to_string(),
            format!(
                "/subscriptions/{SUBSCRIPTION}/resourceGroups/Rg/providers/Microsoft.Network/virtualNetworks/V0/subnets/s0"
            )
        );
        assert_eq!(id, ResourceId::parse(&text.to_lowercase()).expect("well formed"));
        assert_eq!(id.parent().expect("a child").name(), "V0");
        assert_eq!(id.folded_parent(), id.parent().as_ref().map(ResourceId::folded));
        assert_eq!(id.folded_group(), id.group_id().folded());
        assert_eq!(id.group_id().folded_group(), id.group_id().folded());
        assert_eq!(id.short(), "Microsoft.Network/virtualNetworks/V0/subnets/s0");
    }

    #[test]
    fn texts_that_are_no_ids_are_refused() {
        let group = format!("/subscriptions/{SUBSCRIPTION}/resourceGroups/rg");
        for text in [
            String::new(),
            "/".to_owned(),
            "subscriptions".to_owned(),
            "/subscriptions/x/resourceGroups/rg".to_owned(),
            format!("{group}/providers"),
            format!("{group}/providers/Microsoft.Network/virtualNetworks"),
            format!("{group}/things/t"),
        ] {
            assert_eq!(ResourceId::parse(&text), Err(IdError::Malformed), "{text}");
        }
        assert!(matches!(
            ResourceId::parse(&format!("{group}/providers/Microsoft.Nothing/things/t")),
            Err(IdError::UnknownType { .. })
        ));
    }
}
