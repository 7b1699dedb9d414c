//! Short forms of ids: `nic/n0`, `subnet/v0/a`, `vm/v0/powerOff`, `nic/n0@other-group`; or a whole id.

use std::fmt;

/// A type with a short name.
#[derive(Debug, PartialEq, Eq)]
pub struct ShortType {
    /// `nic`.
    pub short: &'static str,
    /// `Microsoft.Network/networkInterfaces`; `resourceGroups` for a group.
    pub full: &'static str,
}

impl ShortType {
    /// How many names an id of it has after the group's.
    #[must_use]
    pub fn levels(&self) -> usize {
        self.full.split('/').count().saturating_sub(1)
    }

    /// `Microsoft.Network`; `Microsoft.Resources` for a group.
    #[must_use]
    pub fn namespace(&self) -> &'static str {
        self.full
            .split_once('/')
            .map_or("Microsoft.Resources", |(namespace, _)| namespace)
    }
}

const TYPES: &[ShortType] = &[
    // tidy: sorted
    ShortType {
        short: "account",
        full: "Microsoft.Storage/storageAccounts",
    },
    ShortType {
        short: "disk",
        full: "Microsoft.Compute/disks",
    },
    ShortType {
        short: "extension",
        full: "Microsoft.Compute/virtualMachines/extensions",
    },
    ShortType {
        short: "group",
        full: "resourceGroups",
    },
    ShortType {
        short: "lb",
        full: "Microsoft.Network/loadBalancers",
    },
    ShortType {
        short: "nic",
        full: "Microsoft.Network/networkInterfaces",
    },
    ShortType {
        short: "nsg",
        full: "Microsoft.Network/networkSecurityGroups",
    },
    ShortType {
        short: "pip",
        full: "Microsoft.Network/publicIPAddresses",
    },
    ShortType {
        short: "rule",
        full: "Microsoft.Network/networkSecurityGroups/securityRules",
    },
    ShortType {
        short: "set",
        full: "Microsoft.Compute/availabilitySets",
    },
    ShortType {
        short: "snapshot",
        full: "Microsoft.Compute/snapshots",
    },
    ShortType {
        short: "subnet",
        full: "Microsoft.Network/virtualNetworks/subnets",
    },
    ShortType {
        short: "vm",
        full: "Microsoft.Compute/virtualMachines",
    },
    ShortType {
        short: "vnet",
        full: "Microsoft.Network/virtualNetworks",
    },
    // tidy: end
];

/// Every type with a short name.
#[must_use]
pub fn short_types() -> &'static [ShortType] {
    TYPES
}

/// What a step is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// Its type, when it was written short.
    pub short: Option<&'static ShortType>,
    /// The group that it names, when it does.
    pub group: Option<String>,
    /// Its names, outermost first; the one text of a whole id.
    pub names: Vec<String>,
    /// The action after it.
    pub action: Option<String>,
}

/// Why a text names nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TargetError(String);

impl fmt::Display for TargetError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for TargetError {}

impl Target {
    /// Reads a short form or a whole id, with an action after it where `acts`.
    ///
    /// # Errors
    ///
    /// When it is neither; the error says what was expected.
    pub fn parse(text: &str, acts: bool) -> Result<Target, TargetError> {
        if text.starts_with('/') || text.starts_with('$') {
            let (id, action) = match text.rsplit_once('/') {
                Some((id, action)) if acts && !id.is_empty() => (id, Some(action.to_owned())),
                _ if acts => {
                    return Err(TargetError(format!(
                        "`{text}` has no action, expected one after it: `vm/v0/powerOff`"
                    )));
                }
                _ => (text, None),
            };
            return Ok(Target {
                short: None,
                group: None,
                names: vec![id.to_owned()],
                action,
            });
        }

        let (path, group) = match text.split_once('@') {
            Some((path, group)) => (path, Some(group.to_owned())),
            None => (text, None),
        };
        let mut segments = path.split('/');
        let short = find(segments.next().unwrap_or_default())?;
        let mut names: Vec<String> = segments.map(str::to_owned).collect();
        let levels = short.levels().max(1);
        let action = if acts && names.len() == levels + 1 {
            names.pop()
        } else {
            None
        };
        let complete = names.len() == levels && names.iter().all(|name| !name.is_empty()) && action.is_some() == acts;
        if !complete || group.as_deref().is_some_and(str::is_empty) {
            let form: Vec<&str> = ["PARENT", "NAME", "ACTION"][2 - levels..2 + usize::from(acts)].to_vec();
            return Err(TargetError(format!(
                "`{text}` names nothing, expected `{}/{}`",
                short.short,
                form.join("/")
            )));
        }
        Ok(Target {
            short: Some(short),
            group,
            names,
            action,
        })
    }

    /// Reads what a list is of: `nic`, or `subnet/v0`.
    ///
    /// # Errors
    ///
    /// When the type is unknown or the parents are missing.
    pub fn parse_list(text: &str) -> Result<Target, TargetError> {
        let (path, group) = match text.split_once('@') {
            Some((path, group)) => (path, Some(group.to_owned())),
            None => (text, None),
        };
        let mut segments = path.split('/');
        let short = find(segments.next().unwrap_or_default())?;
        let names: Vec<String> = segments.map(str::to_owned).collect();
        if names.len() != short.levels().saturating_sub(1) || names.iter().any(String::is_empty) {
            let form = if short.levels() > 1 {
                format!("{}/PARENT", short.short)
            } else {
                short.short.to_owned()
            };
            return Err(TargetError(format!("`{text}` lists nothing, expected `{form}`")));
        }
        Ok(Target {
            short: Some(short),
            group,
            names,
            action: None,
        })
    }

    /// The last name: what the variable of the step is called.
    #[must_use]
    pub fn name(&self) -> &str {
        let last = self.names.last().map_or("", String::as_str);
        last.rsplit('/').next().unwrap_or(last)
    }

    /// The namespace that decides the usual api-version.
    #[must_use]
    pub fn namespace(&self) -> String {
        if let Some(short) = self.short {
            return short.namespace().to_lowercase();
        }
        let text = self.names.last().map_or("", String::as_str).to_lowercase();
        let after = text
            .rsplit_once("/providers/")
            .map(|(_, after)| after.split('/').next().unwrap_or("").to_owned());
        after.unwrap_or_else(|| "microsoft.resources".to_owned())
    }

    /// The whole id, in a subscription and, unless it names another, in a group.
    #[must_use]
    pub fn id(&self, subscription: &str, group: &str) -> String {
        let Some(short) = self.short else {
            return self.names.last().cloned().unwrap_or_default();
        };
        if short.levels() == 0 {
            return format!("/subscriptions/{subscription}/resourceGroups/{}", self.name());
        }
        let mut id = self.collection_base(subscription, group);
        let segments: Vec<&str> = short.full.split('/').skip(1).collect();
        for (segment, name) in segments.iter().zip(&self.names) {
            id.push_str(&format!("/{segment}/{name}"));
        }
        id
    }

    /// The path of the list that [`Target::parse_list`] read.
    #[must_use]
    pub fn list_path(&self, subscription: &str, group: &str, everywhere: bool) -> String {
        let Some(short) = self.short else {
            return self.names.last().cloned().unwrap_or_default();
        };
        if short.levels() == 0 {
            return format!("/subscriptions/{subscription}/resourcegroups");
        }
        let mut path = if everywhere {
            format!("/subscriptions/{subscription}/providers/{}", short.namespace())
        } else {
            self.collection_base(subscription, group)
        };
        let mut names = self.names.iter();
        for segment in short.full.split('/').skip(1) {
            path.push_str(&format!("/{segment}"));
            if let Some(name) = names.next() {
                path.push_str(&format!("/{name}"));
            }
        }
        path
    }

    fn collection_base(&self, subscription: &str, group: &str) -> String {
        let group = self.group.as_deref().unwrap_or(group);
        let namespace = self.short.map_or("", ShortType::namespace);
        format!("/subscriptions/{subscription}/resourceGroups/{group}/providers/{namespace}")
    }
}

fn find(short: &str) -> Result<&'static ShortType, TargetError> {
    TYPES.iter().find(|row| row.short == short).ok_or_else(|| {
        let known: Vec<&str> = TYPES.iter().map(|row| row.short).collect();
        TargetError(format!("`{short}` is no type, expected one of {}", known.join(", ")))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_forms_become_whole_ids() {
        let id = |text| Target::parse(text, false).map(|target| target.id("S", "g"));
        assert_eq!(
            id("nic/n0"),
            Ok("/subscriptions/S/resourceGroups/g/providers/Microsoft.Network/networkInterfaces/n0".to_owned())
        );
        assert_eq!(
            id("subnet/v0/a@other"),
            Ok(
                "/subscriptions/S/resourceGroups/other/providers/Microsoft.Network/virtualNetworks/v0/subnets/a"
                    .to_owned()
            )
        );
        assert_eq!(id("group/x"), Ok("/subscriptions/S/resourceGroups/x".to_owned()));
        assert_eq!(id("/subscriptions/T"), Ok("/subscriptions/T".to_owned()));
    }

    #[test]
    fn an_action_stands_after_the_name() {
        let target = Target::parse("vm/v0/powerOff", true).expect("well formed");
        assert_eq!((target.name(), target.action.as_deref()), ("v0", Some("powerOff")));
        assert!(Target::parse("vm/v0", true).is_err());
        assert!(Target::parse("vm/v0/powerOff", false).is_err());
    }

    #[test]
    fn errors_say_what_was_expected() {
        let error = |text| Target::parse(text, false).expect_err("malformed").to_string();
        assert_eq!(
            error("subnet/v0"),
            "`subnet/v0` names nothing, expected `subnet/PARENT/NAME`"
        );
        assert_eq!(error("nic"), "`nic` names nothing, expected `nic/NAME`");
        assert!(error("nick/n0").starts_with("`nick` is no type, expected one of account, disk"));
    }
}
