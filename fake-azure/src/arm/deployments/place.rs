//! Paths of deployment calls (ARM 7.1): with and without the provider, at a group and at a subscription.
//!
//! It knows the grammar only; which deployments there are is somebody else's.

use fake_azure_cloud::Guid;

use super::plan::Target;

/// What a call is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// All deployments of a scope.
    Collection(Target),
    /// One.
    Item(Target, String),
    /// `cancel`, `validate`, `whatIf`, `exportTemplate`.
    Action(Target, String, Verb),
    /// `operations`.
    Operations(Target, String),
    /// One of them.
    Operation(Target, String, String),
    /// `operationStatuses/{number}`.
    Status(Target, String, String),
    /// `calculateTemplateHash`.
    Hash,
    /// `{group}/exportTemplate`.
    GroupExport(Target),
    /// `{group}/moveResources`, or `validateMoveResources`.
    Move {
        /// The group.
        target: Target,
        /// Whether it is only looked at.
        only_validates: bool,
    },
}

/// What is done to a deployment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verb {
    Cancel,
    Validate,
    WhatIf,
    Export,
}

impl Verb {
    fn find(word: &str) -> Option<Verb> {
        match word.to_ascii_lowercase().as_str() {
            "cancel" => Some(Verb::Cancel),
            "validate" => Some(Verb::Validate),
            "whatif" => Some(Verb::WhatIf),
            "exporttemplate" => Some(Verb::Export),
            _ => None,
        }
    }
}

/// What a path is about, if it is about deployments.
pub(crate) fn place(segments: &[String]) -> Option<Place> {
    let words: Vec<&str> = segments.iter().map(String::as_str).collect();
    let is = |at: usize, word: &str| words.get(at).is_some_and(|own: &&str| own.eq_ignore_ascii_case(word));
    if is(0, "providers") {
        let is_hash = words.len() == 3 && is(1, "Microsoft.Resources") && is(2, "calculateTemplateHash");
        return is_hash.then_some(Place::Hash);
    }
    if !is(0, "subscriptions") {
        return None;
    }
    let subscription = Guid::parse(words.get(1)?)?;
    let (group, mut at) = if is(2, "resourceGroups") {
        (Some((*words.get(3)?).to_owned()), 4)
    } else {
        (None, 2)
    };
    let target = Target { subscription, group };
    if target.group.is_some() && words.len() == 5 && is(4, "exportTemplate") {
        return Some(Place::GroupExport(target));
    }
    let only_validates = is(4, "validateMoveResources");
    if target.group.is_some() && words.len() == 5 && (only_validates || is(4, "moveResources")) {
        return Some(Place::Move { target, only_validates });
    }
    if is(at, "providers") && is(at + 1, "Microsoft.Resources") {
        at += 2;
    }
    if !is(at, "deployments") {
        return None;
    }
    match words[at + 1..] {
        [] => Some(Place::Collection(target)),
        [name] => Some(Place::Item(target, name.to_owned())),
        [name, word] if word.eq_ignore_ascii_case("operations") => Some(Place::Operations(target, name.to_owned())),
        [name, word] => Some(Place::Action(target, name.to_owned(), Verb::find(word)?)),
        [name, word, id] if word.eq_ignore_ascii_case("operations") => {
            Some(Place::Operation(target, name.to_owned(), id.to_owned()))
        }
        [name, word, id] if word.eq_ignore_ascii_case("operationStatuses") => {
            Some(Place::Status(target, name.to_owned(), id.to_owned()))
        }
        _ => None,
    }
}

impl Place {
    /// The scope, where there is one.
    pub(crate) fn target(&self) -> Option<&Target> {
        match self {
            Place::Collection(target)
            | Place::Item(target, _)
            | Place::Action(target, _, _)
            | Place::Operations(target, _)
            | Place::Operation(target, _, _)
            | Place::Status(target, _, _)
            | Place::GroupExport(target)
            | Place::Move { target, .. } => Some(target),
            Place::Hash => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(path: &str) -> String {
        let path = format!("/subscriptions/0b1f6471-1bf0-4dda-aec3-cb9272f09590{path}");
        let segments: Vec<String> = path
            .split('/')
            .filter(|word| !word.is_empty())
            .map(str::to_owned)
            .collect();
        match place(&segments) {
            None => "none".to_owned(),
            Some(place) => {
                let group = place
                    .target()
                    .and_then(|target| target.group.clone())
                    .unwrap_or_default();
                let word = format!("{place:?}");
                format!("{} {group}", word.split(['(', ' ']).next().unwrap_or(""))
            }
        }
    }

    #[test]
    fn paths_are_read_in_every_form_that_clients_use() {
        let rows = [
            (
                "/resourcegroups/G/providers/Microsoft.Resources/deployments/",
                "Collection G",
            ),
            (
                "/resourcegroups/G/providers/microsoft.resources/Deployments/d",
                "Item G",
            ),
            ("/resourcegroups/G/deployments/d/operations", "Operations G"),
            ("/resourcegroups/G/deployments/d/operations/o", "Operation G"),
            (
                "/resourcegroups/G/providers/Microsoft.Resources/deployments/d/operationStatuses/1",
                "Status G",
            ),
            (
                "/resourcegroups/G/providers/Microsoft.Resources/deployments/d/VALIDATE",
                "Action G",
            ),
            ("/providers/Microsoft.Resources/deployments/d/whatIf", "Action "),
            ("/resourcegroups/G/exportTemplate", "GroupExport G"),
            ("/resourcegroups/G/moveresources", "Move G"),
            ("/resourcegroups/G/validateMoveResources", "Move G"),
            ("/resourcegroups/G/moveResources/x", "none"),
            (
                "/resourcegroups/G/providers/Microsoft.Resources/deployments/d/dance",
                "none",
            ),
            (
                "/resourcegroups/G/providers/Microsoft.Network/virtualNetworks/v",
                "none",
            ),
            ("/resourcegroups/G", "none"),
        ];
        for (path, expected) in rows {
            assert_eq!(read(path), expected, "{path}");
        }
    }
}
