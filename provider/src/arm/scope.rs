//! Ids, addresses and versions: where a resource lives, and the bare request to it.
//!
//! It knows no resource type; their files do.

use std::ops::Deref;

use bytes::Bytes;
use http::header::{ACCEPT, CONTENT_TYPE};
use http::{Method, Request};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;
use tokio::sync::OnceCell;
use uuid::Uuid;

use super::generation::Versions;
pub(crate) use crate::call::Call;
use crate::policy::Repeatable;

/// What needs no escape in a path segment.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~')
    .remove(b'(')
    .remove(b')');
/// What needs no escape in a query value.
const QUERY: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The group of one environment in one subscription.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Scope {
    /// Resource Manager, without a slash at the end.
    pub(crate) base: String,
    pub(crate) subscription: Uuid,
    pub(crate) group: String,
    /// In Azure's own spelling: `westus`.
    pub(crate) location: String,
    /// Of every call that is not made by a template.
    pub(crate) versions: &'static Versions,
}

/// A scope whose group may be known only once Azure was asked for it (juju-provider 1.8.1, A7).
///
/// Until then it is the scope of an environment that does not exist yet.
#[derive(Debug)]
pub(crate) struct LateScope {
    assumed: Scope,
    settled: OnceCell<Scope>,
}

impl LateScope {
    pub(crate) fn new(assumed: Scope) -> Self {
        Self {
            assumed,
            settled: OnceCell::new(),
        }
    }

    /// Asks once; what cannot be found out is asked for again next time.
    pub(crate) async fn settle<E>(&self, group: impl Future<Output = Result<String, E>>) -> Result<(), E> {
        let settled = self.settled.get_or_try_init(|| async move {
            let group = group.await?;
            Ok(Scope {
                group,
                ..self.assumed.clone()
            })
        });
        settled.await.map(|_| ())
    }
}

impl Deref for LateScope {
    type Target = Scope;

    fn deref(&self) -> &Scope {
        self.settled.get().unwrap_or(&self.assumed)
    }
}

impl Scope {
    /// The same subscription, another group.
    pub(crate) fn of_group(&self, group: &str) -> Self {
        Self {
            group: group.to_owned(),
            ..self.clone()
        }
    }

    /// `/subscriptions/{s}`
    pub(crate) fn subscription_id(&self) -> String {
        format!("/subscriptions/{}", self.subscription)
    }

    /// Calls to a group itself are written in lower case, as Juju does (juju-provider 1.1).
    pub(crate) fn group_id(&self, group: &str) -> String {
        format!("{}/resourcegroups/{}", self.subscription_id(), segment(group))
    }

    /// The id of a resource of this group; `names` go between the segments of a nested `kind`.
    pub(crate) fn id(&self, kind: &str, names: &[&str]) -> String {
        let mut id = format!(
            "{}/resourceGroups/{}/providers",
            self.subscription_id(),
            segment(&self.group)
        );
        let mut kinds = kind.split('/');
        id.push('/');
        id.push_str(kinds.next().unwrap_or_default());
        let mut names = names.iter();
        for kind in kinds {
            id.push('/');
            id.push_str(kind);
            if let Some(name) = names.next() {
                id.push('/');
                id.push_str(&segment(name));
            }
        }
        id
    }

    pub(crate) fn get(&self, operation: &'static str, id: &str, version: &str) -> Call {
        self.call(operation, Method::GET, id, &[("api-version", version)], None)
    }

    pub(crate) fn delete(&self, operation: &'static str, id: &str, version: &str) -> Call {
        self.call(operation, Method::DELETE, id, &[("api-version", version)], None)
    }

    pub(crate) fn put(&self, operation: &'static str, id: &str, version: &str, body: &Value) -> Call {
        self.call(operation, Method::PUT, id, &[("api-version", version)], Some(body))
    }

    pub(crate) fn patch(&self, operation: &'static str, id: &str, version: &str, body: &Value) -> Call {
        self.call(operation, Method::PATCH, id, &[("api-version", version)], Some(body))
    }

    /// A POST that only asks, so that it may be repeated.
    pub(crate) fn ask(&self, operation: &'static str, id: &str, version: &str, body: Option<&Value>) -> Call {
        let mut call = self.call(operation, Method::POST, id, &[("api-version", version)], body);
        call.request.extensions_mut().insert(Repeatable);
        call
    }

    pub(crate) fn call(
        &self,
        operation: &'static str,
        method: Method,
        id: &str,
        query: &[(&str, &str)],
        body: Option<&Value>,
    ) -> Call {
        let query: Vec<String> = query
            .iter()
            .map(|(name, value)| format!("{name}={}", utf8_percent_encode(value, QUERY)))
            .collect();
        let mut request = Request::builder()
            .method(method)
            .uri(format!("{}{id}?{}", self.base, query.join("&")))
            .header(ACCEPT, "application/json");
        if body.is_some() {
            request = request.header(CONTENT_TYPE, "application/json");
        }
        let body = body.map(|body| Bytes::from(body.to_string())).unwrap_or_default();
        let request = request
            .body(body)
            .expect("a checked endpoint and escaped segments make a URI");
        Call {
            operation,
            resource: id.to_owned(),
            request,
        }
    }
}

fn segment(name: &str) -> String {
    utf8_percent_encode(name, SEGMENT).to_string()
}

/// The last segment of an id.
pub(crate) fn name_of(id: &str) -> &str {
    id.rsplit('/').next().unwrap_or(id)
}

/// Whether two ids name the same: case does not matter in Azure, and it changes on the way (juju-provider L20).
pub(crate) fn same_id(a: &str, b: &str) -> bool {
    a.trim_end_matches('/').eq_ignore_ascii_case(b.trim_end_matches('/'))
}

#[cfg(test)]
pub(crate) mod tests {
    use uuid::Uuid;

    use super::{Call, Scope, same_id};
    use crate::Generation;

    pub(crate) fn scope() -> Scope {
        Scope {
            base: "https://management.azure.com".to_owned(),
            subscription: Uuid::from_u128(0x11),
            group: "juju-env-environment-e".to_owned(),
            location: "westus".to_owned(),
            versions: &Generation::A1.profile().versions,
        }
    }

    /// A request as bytes would show it: first line, headers of ours, body.
    pub(crate) fn wire(call: &Call) -> String {
        let mut text = format!("{} {}\n", call.request.method(), call.request.uri());
        for (name, value) in call.request.headers() {
            text.push_str(&format!("{name}: {}\n", value.to_str().unwrap_or("<binary>")));
        }
        text.push('\n');
        text.push_str(&String::from_utf8_lossy(call.request.body()));
        text
    }

    #[test]
    fn nested_ids_interleave_kinds_and_names() {
        let id = scope().id("Microsoft.Network/virtualNetworks/subnets", &["net", "sub"]);
        assert!(id.ends_with("/providers/Microsoft.Network/virtualNetworks/net/subnets/sub"));
        let list = scope().id("Microsoft.Network/virtualNetworks/subnets", &["net"]);
        assert!(list.ends_with("/virtualNetworks/net/subnets"));
    }

    #[test]
    fn ids_compare_without_case() {
        assert!(same_id(
            "/subscriptions/S/resourceGroups/G",
            "/subscriptions/s/resourcegroups/g/"
        ));
        assert!(!same_id("/a/b1", "/a/b"));
    }
}
