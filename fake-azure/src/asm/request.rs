//! A request as handlers see it, and what they answer with.

use bytes::Bytes;
use fake_azure_cloud::classic::{Act, Caller, ClassicCall, Hold};
use fake_azure_cloud::{Call, Cx, Guid, Key, OperationId};
use http::{Request, StatusCode};
use percent_encoding::percent_decode_str;

use super::error::Failure;
use super::xml::{Element, parse};
use crate::pace::Pace;
use crate::sandbox::Sandbox;

/// Seconds that clients wait between two polls (SM 2.4): the API sends no `Retry-After`.
pub(super) const POLL_SECS: u32 = 30;

/// A version of the API, as a number: 20140501.
pub(crate) type Version = u32;

/// A request that was let in.
pub(crate) struct Asked<'s> {
    pub(crate) sandbox: &'s mut Sandbox,
    /// The subscription in the path.
    pub(crate) subscription: Guid,
    /// Its key.
    pub(crate) key: Key,
    /// Who calls.
    pub(crate) caller: Caller,
    /// `https://host`.
    pub(crate) base: String,
    pub(crate) version: Version,
    pub(crate) params: Vec<(&'static str, String)>,
    pub(crate) query: Vec<(String, String)>,
    pub(crate) path: String,
    pub(crate) request: &'s Request<Bytes>,
}

impl Asked<'_> {
    /// A name in the path.
    pub(crate) fn param(&self, name: &str) -> &str {
        self.params
            .iter()
            .find(|(own, _)| *own == name)
            .map_or("", |(_, value)| value)
    }

    /// The same, owned.
    pub(crate) fn boxed(&self, name: &str) -> Box<str> {
        self.param(name).into()
    }

    /// A parameter of the query; keys mind no case (SM 1.1).
    pub(crate) fn query(&self, name: &str) -> Option<&str> {
        self.query
            .iter()
            .find(|(own, _)| own == name)
            .map(|(_, value)| value.as_str())
    }

    /// Whether the query says `comp=media`.
    pub(crate) fn media(&self) -> bool {
        self.query("comp")
            .is_some_and(|value| value.eq_ignore_ascii_case("media"))
    }

    /// The read context.
    pub(crate) fn cx(&self) -> Cx<'_> {
        self.sandbox.cloud.cx()
    }

    /// `https://host/{subscription}{path}`, as `Url` elements are written: the host that was called (SM 1.1).
    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}/{}{path}", self.base, self.subscription)
    }

    /// The request's body as XML with this root.
    pub(crate) fn body(&self, root: &str) -> Result<Element, Failure> {
        let element = parse(self.request.body()).map_err(|_| Failure::invalid_xml())?;
        let known = element.name == root && super::xml::is_azure(&element.namespace);
        if known {
            Ok(element)
        } else {
            Err(Failure::invalid_xml())
        }
    }

    /// Performs a write; the operation that it is.
    pub(crate) fn perform(&mut self, act: Act) -> Result<OperationId, Failure> {
        let object = format!("/{}{}", self.subscription, self.path).into();
        let call = ClassicCall {
            subscription: self.subscription,
            caller: self.caller.clone(),
            object,
            act,
        };
        let reply = self.sandbox.cloud.apply(&Call::Classic(Box::new(call)))?;
        Ok(reply
            .operation
            .expect("every write of the classic API has an operation"))
    }

    /// The operation that holds what a read asks for.
    pub(crate) fn waits_for(&self) -> Option<OperationId> {
        let cx = self.cx();
        let named = |name: &str| fake_azure_cloud::classic::Named::new(self.key, self.param(name));
        let held = |hold: Hold| cx.classic().holds.get(&hold).copied();
        for (name, value) in &self.params {
            let found = match *name {
                "operation" => parse_operation(value),
                "service" => cx.deployments_of(value).find_map(|(slot, _)| {
                    held(Hold::Deployment(fake_azure_cloud::classic::DeploymentKey::new(
                        value, slot,
                    )))
                }),
                "account" => cx.storage_service(self.key, value).ok().map(|service| service.making),
                "nsg" => held(Hold::NetworkSecurityGroup(named("nsg"))),
                "table" => held(Hold::RouteTable(named("table"))),
                "reserved" => held(Hold::ReservedIp(named("reserved"))),
                "vnet" => held(Hold::NetworkConfiguration(self.key)),
                _ => None,
            };
            if let Some(id) = found.filter(|id| {
                cx.classic()
                    .operations
                    .get(id)
                    .is_some_and(|operation| operation.is_running())
            }) {
                return Some(id);
            }
        }
        let lower = self.path.to_ascii_lowercase();
        if lower.ends_with("/networking/media") || lower.ends_with("/networking/virtualnetwork") {
            return held(Hold::NetworkConfiguration(self.key));
        }
        None
    }

    /// Moves the clock on while machines of a service start: to the end of that before a read under `immediate`; by a poll's
    /// interval after it under `stepped`, so that every state is seen.
    pub(crate) fn pace_instances(&mut self, before: bool) {
        let service = self.param("service").to_owned();
        if service.is_empty() {
            return;
        }
        let now = self.sandbox.cloud.now();
        let settles = self.cx().deployments_of(&service).map(|(_, row)| row.settles()).max();
        let Some(settles) = settles.filter(|settles| *settles > now) else {
            return;
        };
        match (self.sandbox.pace, before) {
            (Pace::Immediate, true) => self.sandbox.advance(settles),
            (Pace::Stepped, false) => self.sandbox.advance(now.plus_millis(i64::from(POLL_SECS) * 1000)),
            _ => {}
        }
    }
}

/// An operation's id, with or without hyphens (SM 2.1).
pub(crate) fn parse_operation(text: &str) -> Option<OperationId> {
    let digits: String = text.chars().filter(|letter| *letter != '-').collect();
    let is_id = digits.len() == 32 && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_id
        .then(|| u128::from_str_radix(&digits, 16).ok())
        .flatten()
        .map(|bits| OperationId(Guid(bits)))
}

/// Segments of a path, decoded, empty ones left out.
pub(crate) fn segments(path: &str) -> Vec<String> {
    let decode = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
    path.split('/')
        .filter(|segment| !segment.is_empty())
        .map(decode)
        .collect()
}

/// A query, decoded, keys in lower case.
pub(crate) fn pairs(query: &str) -> Vec<(String, String)> {
    let decode = |text: &str| {
        percent_decode_str(&text.replace('+', " "))
            .decode_utf8_lossy()
            .into_owned()
    };
    let split = |pair: &str| match pair.split_once('=') {
        Some((key, value)) => (decode(key).to_lowercase(), decode(value)),
        None => (decode(pair).to_lowercase(), String::new()),
    };
    query.split('&').filter(|pair| !pair.is_empty()).map(split).collect()
}

/// What is answered.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) body: String,
    pub(crate) content_type: &'static str,
    pub(crate) location: Option<String>,
    pub(crate) operation: Option<OperationId>,
}

impl Answer {
    fn empty(status: StatusCode, operation: Option<OperationId>) -> Answer {
        Answer {
            status,
            body: String::new(),
            content_type: XML,
            location: None,
            operation,
        }
    }

    /// 200 with a document.
    pub(crate) fn ok(body: String) -> Answer {
        Answer {
            body,
            ..Answer::empty(StatusCode::OK, None)
        }
    }

    /// 200 without a document: it is done.
    pub(crate) fn done(operation: OperationId) -> Answer {
        Answer::empty(StatusCode::OK, Some(operation))
    }

    /// 201: it is made.
    pub(crate) fn created(operation: OperationId, location: String) -> Answer {
        Answer {
            location: Some(location),
            ..Answer::empty(StatusCode::CREATED, Some(operation))
        }
    }

    /// 202: it is begun.
    pub(crate) fn accepted(operation: OperationId) -> Answer {
        Answer::empty(StatusCode::ACCEPTED, Some(operation))
    }

    /// The same with an operation.
    pub(crate) fn by(mut self, operation: OperationId) -> Answer {
        self.operation = Some(operation);
        self
    }
}

pub(crate) const XML: &str = "application/xml; charset=utf-8";
