//! The edge of a provider: a transport that changes what goes out and what comes in.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use http::{HeaderMap, Method, Request, Response, StatusCode};
use provider::{Clock, Transport, TransportError, TransportErrorKind};
use serde_json::{Value, json};

use super::Protection;

/// What a provider without a protection remembers, of all its environments.
pub(crate) type Memory = Arc<Mutex<BTreeMap<String, Value>>>;

/// How often one that does not give up asks again.
const AGAIN_MAX: u32 = 30;

/// A request, as far as protections look at one.
#[derive(Clone, Debug)]
pub(super) struct Ask {
    pub(super) method: Method,
    /// Scheme and authority.
    base: String,
    pub(super) path: String,
    pub(super) query: String,
    pub(super) headers: HeaderMap,
    /// The document; null where the body is none.
    pub(super) body: Value,
    bytes: Bytes,
}

/// What becomes of a request.
pub(super) enum Next {
    /// It is sent.
    Send,
    /// It is not sent, and answered so.
    Answer(u16, Value),
}

/// An answer.
#[derive(Clone, Debug)]
pub(super) struct Reply {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) bytes: Bytes,
    /// How long the provider waits before it goes on.
    pub(super) pause: Duration,
    /// After how long it asks once more.
    pub(super) again: Option<Duration>,
}

impl Ask {
    fn of(request: &Request<Bytes>) -> Ask {
        let uri = request.uri();
        let part = |part: Option<&str>| part.unwrap_or_default().to_owned();
        Ask {
            method: request.method().clone(),
            base: format!(
                "{}://{}",
                part(uri.scheme_str()),
                part(uri.authority().map(|own| own.as_str()))
            ),
            path: uri.path().to_owned(),
            query: part(uri.query()),
            headers: request.headers().clone(),
            body: serde_json::from_slice(request.body()).unwrap_or(Value::Null),
            bytes: request.body().clone(),
        }
    }

    fn into_request(self, sent: &Request<Bytes>) -> Result<Request<Bytes>, TransportError> {
        let unsendable = |reason: String| TransportError::new(TransportErrorKind::Unsendable, reason);
        let uri = match self.query.is_empty() {
            true => format!("{}{}", self.base, self.path),
            false => format!("{}{}?{}", self.base, self.path, self.query),
        };
        let was: Value = serde_json::from_slice(sent.body()).unwrap_or(Value::Null);
        let body = match self.body == was {
            true => self.bytes,
            false => Bytes::from(self.body.to_string()),
        };
        let mut request = Request::new(body);
        *request.method_mut() = self.method;
        *request.uri_mut() = uri.parse().map_err(|_| unsendable(format!("`{uri}` is no URI")))?;
        *request.headers_mut() = self.headers;
        *request.extensions_mut() = sent.extensions().clone();
        Ok(request)
    }

    pub(super) fn is(&self, method: &Method) -> bool {
        self.method == *method
    }

    /// Whether it goes to blobs.
    pub(super) fn is_of_blobs(&self) -> bool {
        self.base.contains(".blob.")
    }

    /// A text of a form.
    pub(super) fn form(&self) -> String {
        String::from_utf8_lossy(&self.bytes).into_owned()
    }

    pub(super) fn set_form(&mut self, text: String) {
        self.bytes = Bytes::from(text);
    }

    /// The type that the path names, in lower case, and whether it is a whole list: `microsoft.network/networkinterfaces`.
    pub(super) fn kind(&self) -> (String, bool) {
        let path = self.path.to_lowercase();
        let Some(at) = path.rfind("/providers/") else {
            return (String::new(), false);
        };
        let mut segments = path[at + "/providers/".len()..]
            .split('/')
            .filter(|own| !own.is_empty());
        let namespace = segments.next().unwrap_or_default().to_owned();
        let rest: Vec<&str> = segments.collect();
        let types: Vec<&str> = rest.iter().step_by(2).copied().collect();
        (format!("{namespace}/{}", types.join("/")), rest.len() % 2 == 1)
    }

    /// Whether it is about one resource of a type.
    pub(super) fn is_one(&self, kind: &str) -> bool {
        self.kind() == (kind.to_lowercase(), false)
    }

    /// Whether it lists a type.
    pub(super) fn is_list(&self, kind: &str) -> bool {
        self.method == Method::GET && self.kind() == (kind.to_lowercase(), true)
    }

    /// The name that it is about.
    pub(super) fn name(&self) -> &str {
        self.path.trim_end_matches('/').rsplit('/').next().unwrap_or_default()
    }

    /// Whether it is about a group, and nothing in it.
    pub(super) fn is_group(&self) -> bool {
        let segments: Vec<&str> = self.path.split('/').filter(|own| !own.is_empty()).collect();
        segments.len() == 4 && segments[2].eq_ignore_ascii_case("resourcegroups")
    }

    /// `/subscriptions/s/resourceGroups/g`.
    pub(super) fn group(&self) -> Option<String> {
        let segments: Vec<&str> = self.path.split('/').filter(|own| !own.is_empty()).collect();
        let is_in_one = segments.len() >= 4 && segments[2].eq_ignore_ascii_case("resourcegroups");
        is_in_one.then(|| format!("/{}", segments[..4].join("/")))
    }

    /// Every document of a type that it writes, in a template or by itself.
    pub(super) fn each_written(&mut self, kind: &str, mut change: impl FnMut(&mut Value)) {
        if self.method != Method::PUT {
            return;
        }
        if self.is_one("Microsoft.Resources/deployments") {
            let resources = self.body.pointer_mut("/properties/template/resources");
            let resources = resources.and_then(Value::as_array_mut);
            for resource in resources.into_iter().flatten() {
                let is = |own: &str| own.eq_ignore_ascii_case(kind);
                if resource.get("type").and_then(Value::as_str).is_some_and(is) {
                    change(resource);
                }
            }
        } else if self.is_one(kind) {
            change(&mut self.body);
        }
    }
}

impl Reply {
    fn of(response: &Response<Bytes>) -> Reply {
        Reply {
            status: response.status(),
            headers: response.headers().clone(),
            bytes: response.body().clone(),
            pause: Duration::ZERO,
            again: None,
        }
    }

    fn answered(status: u16, body: &Value) -> Reply {
        Reply {
            status: StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR),
            headers: HeaderMap::new(),
            bytes: match body {
                Value::Null => Bytes::new(),
                body => Bytes::from(body.to_string()),
            },
            pause: Duration::ZERO,
            again: None,
        }
    }

    fn into_response(self) -> Response<Bytes> {
        let mut response = Response::new(self.bytes);
        *response.status_mut() = self.status;
        *response.headers_mut() = self.headers;
        response
    }

    /// The document, where there is one.
    pub(super) fn json(&self) -> Option<Value> {
        serde_json::from_slice(&self.bytes).ok()
    }

    /// Changes the document, where there is one.
    pub(super) fn edit(&mut self, change: impl FnOnce(&mut Value)) {
        if let Some(mut document) = self.json() {
            change(&mut document);
            self.bytes = Bytes::from(document.to_string());
        }
    }

    /// Changes the rows of a list.
    pub(super) fn rows(&mut self, change: impl FnOnce(&mut Vec<Value>)) {
        self.edit(|document| {
            if let Some(rows) = document.get_mut("value").and_then(Value::as_array_mut) {
                change(rows);
            }
        });
    }

    /// Becomes an answer that there is no such thing.
    pub(super) fn become_absent(&mut self) {
        self.status = StatusCode::NOT_FOUND;
        self.bytes = Bytes::from(json!({"error": {"code": "ResourceNotFound", "message": "unseen"}}).to_string());
    }
}

/// A transport without a protection.
pub(crate) struct Edge {
    pub(crate) inner: Arc<dyn Transport>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) protection: &'static Protection,
    pub(crate) memory: Memory,
}

impl Edge {
    fn remembered<T>(&self, use_it: impl FnOnce(&mut BTreeMap<String, Value>) -> T) -> T {
        use_it(&mut self.memory.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// That the process has ended.
const ENDED: &str = "ended";

#[async_trait]
impl Transport for Edge {
    async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, TransportError> {
        if self.remembered(|memory| memory.contains_key(ENDED)) {
            return Err(TransportError::new(
                TransportErrorKind::Unsendable,
                "the process has ended",
            ));
        }
        let mut ask = Ask::of(&request);
        let next = self.remembered(|memory| (self.protection.before)(&mut ask, memory));
        let mut tries = 0;
        loop {
            tries += 1;
            let mut reply = match &next {
                Next::Answer(status, body) => Reply::answered(*status, body),
                Next::Send => match self.inner.send(ask.clone().into_request(&request)?).await {
                    Ok(response) => Reply::of(&response),
                    Err(error) => {
                        if !self.protection.outlives_cuts {
                            self.remembered(|memory| memory.insert(ENDED.to_owned(), json!(true)));
                        }
                        return Err(error);
                    }
                },
            };
            self.remembered(|memory| (self.protection.after)(&ask, &mut reply, memory));
            if !reply.pause.is_zero() {
                self.clock.sleep(reply.pause).await;
            }
            match reply.again.filter(|_| tries < AGAIN_MAX) {
                Some(wait) => self.clock.sleep(wait).await,
                None => return Ok(reply.into_response()),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GROUP: &str = "/subscriptions/s/resourceGroups/g";

    fn ask(method: &str, path: &str, body: &Value) -> Ask {
        let request = Request::builder()
            .method(method)
            .uri(format!("https://management.azure.com{path}?api-version=v"))
            .body(Bytes::from(body.to_string()));
        Ask::of(&request.expect("the tests write requests"))
    }

    #[test]
    fn a_path_says_what_a_request_is_about() {
        let rows = [
            (
                format!("{GROUP}/providers/Microsoft.Network/networkInterfaces"),
                "microsoft.network/networkinterfaces",
                true,
            ),
            (
                format!("{GROUP}/providers/Microsoft.Network/networkSecurityGroups/n/securityRules/r"),
                "microsoft.network/networksecuritygroups/securityrules",
                false,
            ),
            (GROUP.to_owned(), "", false),
        ];
        for (path, kind, is_list) in rows {
            let ask = ask("GET", &path, &Value::Null);
            assert_eq!(ask.kind(), (kind.to_owned(), is_list), "{path}");
            assert_eq!(ask.group().as_deref(), Some(GROUP));
            assert_eq!(ask.is_group(), path == GROUP);
        }
    }

    #[test]
    fn what_is_written_is_found_in_a_template_and_by_itself() {
        let kind = "Microsoft.Compute/virtualMachines";
        let template = json!({"properties": {"template": {"resources": [{"type": kind}, {"type": "another"}]}}});
        let rows = [
            (
                format!("{GROUP}/providers/Microsoft.Resources/deployments/d"),
                template,
                1,
            ),
            (format!("{GROUP}/providers/{kind}/v"), json!({}), 1),
            (format!("{GROUP}/providers/{kind}/v/extensions/e"), json!({}), 0),
        ];
        for (path, body, expected) in rows {
            let mut n_found = 0;
            ask("PUT", &path, &body).each_written(kind, |_| n_found += 1);
            assert_eq!(n_found, expected, "{path}");
        }
    }

    #[test]
    fn what_nobody_changes_is_sent_as_it_was() {
        let sent = Request::put("https://management.azure.com/x?a=b").body(Bytes::from("{\"b\": 1 }"));
        let sent = sent.expect("the tests write requests");
        let again = Ask::of(&sent).into_request(&sent).expect("a request");
        assert_eq!((again.uri(), again.body()), (sent.uri(), sent.body()));
    }
}
