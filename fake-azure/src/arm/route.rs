//! Paths: what a request is about. It knows the grammar of ids (ARM 1.1) and asks the registry for the types; it refuses to
//! know which resources exist.

use fake_azure_cloud::{CloudError, Guid, Kind, ResourceId, Scope};

use super::forms;

/// What a request is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    /// `/subscriptions`.
    Subscriptions,
    /// `/subscriptions/{id}`.
    Subscription(Guid),
    /// `/subscriptions/{id}/locations`.
    Locations(Guid),
    /// `/tenants`.
    Tenants,
    /// `[/subscriptions/{id}]/providers[/{namespace}]`.
    Providers {
        /// The subscription; none at the tenant.
        subscription: Option<Guid>,
        /// One provider.
        namespace: Option<String>,
    },
    /// `/subscriptions/{id}/providers/{namespace}/register`, or `unregister`.
    Registration {
        /// The subscription.
        subscription: Guid,
        /// The provider.
        namespace: String,
        /// Whether it is to be registered.
        registered: bool,
    },
    /// `/subscriptions/{id}/operationresults/{job}`.
    Job {
        /// The subscription.
        subscription: Guid,
        /// The token.
        job: String,
    },
    /// Everything with a location: `/subscriptions/{id}[/resourceGroups/{group}]/resources`.
    Resources(Scope),
    /// The resources of a type.
    Collection {
        /// The type.
        kind: Kind,
        /// Where.
        scope: Scope,
    },
    /// One resource.
    Item(ResourceId),
    /// What stands below a resource and is no resource: an action, a part of its document, an answer about it.
    Below {
        /// The resource.
        id: ResourceId,
        /// The rest of the path: one segment, or a collection and a name.
        rest: Vec<String>,
    },
    /// A provider's call at a subscription: `/subscriptions/{id}/providers/{namespace}/{..}`.
    Service {
        /// The subscription.
        subscription: Guid,
        /// The namespace, as written.
        namespace: String,
        /// The rest of the path.
        rest: Vec<String>,
    },
}

/// The subscription that a path names, if it names one: the gateway looks at it before anything else.
pub(crate) fn subscription(segments: &[String]) -> Option<Result<Guid, CloudError>> {
    let is_below = segments
        .first()
        .is_some_and(|first| first.eq_ignore_ascii_case("subscriptions"));
    let text = segments.get(1).filter(|_| is_below)?;
    Some(Guid::parse(text).ok_or_else(|| CloudError::of(&forms::BAD_SUBSCRIPTION).with("subscription", text)))
}

/// Reads a path.
///
/// # Errors
///
/// The gateway's refusal of what is no path of Resource Manager, or names a namespace or a type that there is not.
pub(crate) fn target(segments: &[String], path: &str, version: &str) -> Result<Target, CloudError> {
    let unknown = || no_such_path(path);
    let words: Vec<&str> = segments.iter().map(String::as_str).collect();
    let is = |index: usize, word: &str| {
        words
            .get(index)
            .is_some_and(|own: &&str| own.eq_ignore_ascii_case(word))
    };

    if is(0, "tenants") && words.len() == 1 {
        return Ok(Target::Tenants);
    }
    if is(0, "providers") {
        return match words.len() {
            1 => Ok(Target::Providers {
                subscription: None,
                namespace: None,
            }),
            2 => Ok(Target::Providers {
                subscription: None,
                namespace: Some(words[1].to_owned()),
            }),
            _ => Err(no_such_type(&words[1..], version)),
        };
    }
    if !is(0, "subscriptions") {
        return Err(unknown());
    }
    let Some(subscription) = subscription(segments).transpose()? else {
        return Ok(Target::Subscriptions);
    };

    let rest = &words[2..];
    match rest {
        [] => Ok(Target::Subscription(subscription)),
        [word] if word.eq_ignore_ascii_case("locations") => Ok(Target::Locations(subscription)),
        [word] if word.eq_ignore_ascii_case("resources") => Ok(Target::Resources(Scope::Subscription(subscription))),
        [word] if word.eq_ignore_ascii_case("resourceGroups") => Ok(Target::Collection {
            kind: Kind::ResourceGroups,
            scope: Scope::Subscription(subscription),
        }),
        [word, job] if word.eq_ignore_ascii_case("operationresults") => Ok(Target::Job {
            subscription,
            job: (*job).to_owned(),
        }),
        [word, rest @ ..] if word.eq_ignore_ascii_case("providers") => at_subscription(subscription, rest, version),
        [word, group, rest @ ..] if word.eq_ignore_ascii_case("resourceGroups") => {
            at_group(subscription, group, rest, version, unknown)
        }
        _ => Err(unknown()),
    }
}

/// Below `/subscriptions/{id}/providers`.
fn at_subscription(subscription: Guid, rest: &[&str], version: &str) -> Result<Target, CloudError> {
    match rest {
        [] => Ok(Target::Providers {
            subscription: Some(subscription),
            namespace: None,
        }),
        [namespace] => Ok(Target::Providers {
            subscription: Some(subscription),
            namespace: Some((*namespace).to_owned()),
        }),
        [namespace, word] if word.eq_ignore_ascii_case("register") || word.eq_ignore_ascii_case("unregister") => {
            let registered = word.eq_ignore_ascii_case("register");
            Ok(Target::Registration {
                subscription,
                namespace: (*namespace).to_owned(),
                registered,
            })
        }
        [namespace, rest @ ..] => {
            if let [collection] = rest
                && let Some(kind) = Kind::find(namespace, collection)
                && kind != Kind::ResourceGroups
            {
                return Ok(Target::Collection {
                    kind,
                    scope: Scope::Subscription(subscription),
                });
            }
            if !is_namespace(namespace) {
                return Err(no_such_type(&[*namespace], version));
            }
            let rest = rest.iter().map(|word| (*word).to_owned()).collect();
            Ok(Target::Service {
                subscription,
                namespace: (*namespace).to_owned(),
                rest,
            })
        }
    }
}

/// Below `/subscriptions/{id}/resourceGroups/{group}`.
fn at_group(
    subscription: Guid,
    group: &str,
    rest: &[&str],
    version: &str,
    unknown: impl Fn() -> CloudError,
) -> Result<Target, CloudError> {
    let group_id = ResourceId::group(subscription, group);
    match rest {
        [] => Ok(Target::Item(group_id)),
        [word] if word.eq_ignore_ascii_case("resources") => Ok(Target::Resources(Scope::In(group_id))),
        [word, namespace, rest @ ..] if word.eq_ignore_ascii_case("providers") && !rest.is_empty() => {
            at_provider(subscription, group, namespace, rest, version)
        }
        [word] => Ok(Target::Below {
            id: group_id,
            rest: vec![(*word).to_owned()],
        }),
        _ => Err(unknown()),
    }
}

/// Below `{group}/providers/{namespace}`: the longest chain of types that the registry knows, and what is left.
fn at_provider(
    subscription: Guid,
    group: &str,
    namespace: &str,
    rest: &[&str],
    version: &str,
) -> Result<Target, CloudError> {
    let kind_of = |levels: usize| {
        let types: Vec<&str> = rest.iter().step_by(2).take(levels).copied().collect();
        Kind::find(namespace, &types.join("/")).filter(|kind| *kind != Kind::ResourceGroups)
    };
    let id_of = |kind: Kind, levels: usize| {
        let names = rest
            .iter()
            .skip(1)
            .step_by(2)
            .take(levels)
            .map(|name| Box::from(*name))
            .collect();
        ResourceId::resource(subscription, group, kind, names)
    };

    let (pairs, is_odd) = (rest.len() / 2, rest.len() % 2 == 1);
    if is_odd && let Some(kind) = kind_of(pairs + 1) {
        let parent = match kind.descriptor().parent {
            Some(parent) => id_of(parent, pairs),
            None => ResourceId::group(subscription, group),
        };
        return Ok(Target::Collection {
            kind,
            scope: Scope::In(parent),
        });
    }
    if !is_odd && let Some(kind) = kind_of(pairs) {
        return Ok(Target::Item(id_of(kind, pairs)));
    }

    let owner_levels = if is_odd { pairs } else { pairs - 1 };
    if owner_levels > 0
        && let Some(kind) = kind_of(owner_levels)
    {
        let rest = rest[owner_levels * 2..].iter().map(|word| (*word).to_owned()).collect();
        return Ok(Target::Below {
            id: id_of(kind, owner_levels),
            rest,
        });
    }
    let mut chain = vec![namespace];
    chain.extend(rest.iter().step_by(2));
    Err(no_such_type(&chain, version))
}

/// The refusal of what is no path of Resource Manager.
pub(crate) fn no_such_path(path: &str) -> CloudError {
    CloudError::of(&forms::NO_SUCH_PATH).with("path", path)
}

/// The refusal of a namespace, or of a type in one that there is.
pub(crate) fn no_such_type(chain: &[&str], version: &str) -> CloudError {
    let (namespace, types) = chain
        .split_first()
        .map_or(("", &[][..]), |(first, rest)| (*first, rest));
    if !is_namespace(namespace) {
        return CloudError::of(&forms::NO_SUCH_NAMESPACE).with("namespace", namespace);
    }
    CloudError::of(&forms::NO_SUCH_TYPE)
        .with("type", types.join("/"))
        .with("namespace", namespace)
        .with("version", version)
}

/// Whether there is a provider of this name.
pub(crate) fn is_namespace(namespace: &str) -> bool {
    fake_azure_cloud::catalogue::providers::find(namespace).is_some() || Kind::knows_namespace(namespace)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SUBSCRIPTION: &str = "/subscriptions/0b1f6471-1bf0-4dda-aec3-cb9272f09590";

    fn read(path: &str) -> String {
        let segments: Vec<String> = path
            .split('/')
            .filter(|word| !word.is_empty())
            .map(str::to_owned)
            .collect();
        match target(&segments, path, "2016-09-01") {
            Ok(Target::Item(id)) => format!("item {id}"),
            Ok(Target::Collection {
                kind,
                scope: Scope::In(id),
            }) => format!("{kind:?} in {id}"),
            Ok(Target::Below { id, rest }) => format!("{rest:?} of {id}"),
            Ok(Target::Service { namespace, rest, .. }) => format!("{namespace} {rest:?}"),
            Ok(other) => format!("{other:?}").split(['(', ' ']).next().unwrap_or("").to_owned(),
            Err(error) => error.code.into_owned(),
        }
    }

    #[test]
    fn paths_are_read_without_case() {
        let rows = [
            ("/Subscriptions", "Subscriptions"),
            ("/tenants", "Tenants"),
            ("/providers/Microsoft.Network", "Providers"),
            ("/nothing", "InvalidResourceType"),
            ("/subscriptions/x", "InvalidSubscriptionId"),
        ];
        for (path, expected) in rows {
            assert_eq!(read(path), expected, "{path}");
        }
        let group = format!("{SUBSCRIPTION}/resourceGroups/G");
        let network = format!("{group}/providers/Microsoft.Network");
        let rows = [
            ("", "Subscription".to_owned()),
            ("/LOCATIONS", "Locations".to_owned()),
            ("/resourcegroups", "Collection".to_owned()),
            ("/resourcegroups/G", format!("item {group}")),
            ("/resourcegroups/G/resources", "Resources".to_owned()),
            (
                "/resourcegroups/G/exportTemplate",
                format!("[\"exportTemplate\"] of {group}"),
            ),
            ("/operationresults/abc", "Job".to_owned()),
            ("/providers/microsoft.network/VIRTUALnetworks", "Collection".to_owned()),
            (
                "/providers/microsoft.network/locations/westus/usages",
                "microsoft.network [\"locations\", \"westus\", \"usages\"]".to_owned(),
            ),
            (
                "/providers/Microsoft.Nothing/things",
                "InvalidResourceNamespace".to_owned(),
            ),
            ("/providers/Microsoft.Network/register", "Registration".to_owned()),
            (
                "/resourcegroups/G/providers/microsoft.network/virtualnetworks",
                format!("VirtualNetworks in {group}"),
            ),
            (
                "/resourcegroups/G/providers/microsoft.network/virtualnetworks/v",
                format!("item {network}/virtualNetworks/v"),
            ),
            (
                "/resourcegroups/G/providers/microsoft.network/virtualnetworks/v/SUBNETS",
                format!("Subnets in {network}/virtualNetworks/v"),
            ),
            (
                "/resourcegroups/G/providers/microsoft.network/virtualnetworks/v/subnets/s",
                format!("item {network}/virtualNetworks/v/subnets/s"),
            ),
            (
                "/resourcegroups/G/providers/microsoft.network/virtualnetworks/v/checkIp",
                format!("[\"checkIp\"] of {network}/virtualNetworks/v"),
            ),
            (
                "/resourcegroups/G/providers/microsoft.network/virtualnetworks/v/parts/p",
                format!("[\"parts\", \"p\"] of {network}/virtualNetworks/v"),
            ),
            (
                "/resourcegroups/G/providers/microsoft.network/nothings/n",
                "InvalidResourceType".to_owned(),
            ),
            (
                "/resourcegroups/G/providers/microsoft.network/nothings/n/parts/p/x",
                "InvalidResourceType".to_owned(),
            ),
            (
                "/resourcegroups/G/providers/Microsoft.Nothing/things/t",
                "InvalidResourceNamespace".to_owned(),
            ),
            (
                "/resourcegroups/G/providers/Microsoft.Network",
                "InvalidResourceType".to_owned(),
            ),
        ];
        for (path, expected) in rows {
            assert_eq!(read(&format!("{SUBSCRIPTION}{path}")), expected, "{path}");
        }
    }

    #[test]
    fn a_group_is_not_reached_by_its_types_name() {
        let path = format!("{SUBSCRIPTION}/providers/Microsoft.Resources/resourceGroups");
        assert_eq!(read(&path), "Microsoft.Resources [\"resourceGroups\"]");
    }
}
