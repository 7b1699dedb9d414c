//! Drivers with a protocol: a step is a message, an operation is polled as a client would.

use std::sync::Arc;

use bytes::Bytes;
use fake_azure_cloud::{Cloud, Time};
use http::{HeaderMap, Method, Request as HttpRequest, Response, header};
use serde_json::{Value, json};

use super::environs::Environs;
use super::exchange::{Api, Broken, Exchange};
use super::juju::Juju;
use super::live::Site;
use super::{Answer, CallError, Driver, End, Outcome, PATIENCE_MS, Protection, Refusal, Request, Setup, refusal_in};
use crate::controller::ModelGoal;
use crate::controller::between::{Crossing, Owned};
use crate::scenario::{CallStep, HttpBody, HttpStep};

/// Between two looks where Azure does not say how long.
const POLL_SECS: i64 = 10;

/// A driver over any exchange.
pub(crate) struct HttpDriver {
    exchange: Arc<dyn Exchange>,
    environs: Environs,
    juju: Juju,
}

impl HttpDriver {
    pub(crate) fn new(exchange: Arc<dyn Exchange>, setup: &Setup) -> HttpDriver {
        HttpDriver {
            environs: Environs::new(Arc::clone(&exchange), setup),
            juju: Juju::default(),
            exchange,
        }
    }

    fn arm(
        &self,
        method: Method,
        url: &str,
        headers: &[(&str, String)],
        body: Option<&Value>,
    ) -> Result<Response<Bytes>, Broken> {
        let mut request = HttpRequest::builder()
            .method(method)
            .uri(encoded(url))
            .header(header::AUTHORIZATION, format!("Bearer {}", self.exchange.token()))
            .header(header::ACCEPT, "application/json");
        for (name, value) in headers {
            request = request.header(*name, value);
        }
        let bytes = match body {
            Some(body) => {
                request = request.header(header::CONTENT_TYPE, "application/json; charset=utf-8");
                Bytes::from(body.to_string())
            }
            None => Bytes::new(),
        };
        let request = request
            .body(bytes)
            .map_err(|error| Broken(format!("no such request can be sent: {error}")))?;
        self.exchange.permit(Api::Arm, &request).map_err(Broken)?;
        self.exchange
            .send(Api::Arm, request)
            .map(|delivered| self.delivered(delivered))
    }

    /// Lets the time pass that an answer takes.
    fn delivered(&self, delivered: super::exchange::Delivered) -> Response<Bytes> {
        if let Some(span) = delivered.after {
            self.sleep(i64::try_from(span.as_millis()).unwrap_or(i64::MAX));
        }
        delivered.response
    }

    fn sleep(&self, millis: i64) {
        self.exchange.advance(self.exchange.now().plus_millis(millis));
    }

    fn write(
        &self,
        method: Method,
        id: &str,
        version: &str,
        conditions: &[(&str, String)],
        body: Option<&Value>,
        wait: bool,
    ) -> Outcome {
        let url = format!("{}{id}?api-version={version}", self.exchange.base(Api::Arm));
        let response = match self.arm(method.clone(), &url, conditions, body) {
            Ok(response) => response,
            Err(Broken(reason)) => return Outcome::NoAnswer(reason),
        };
        let mut answer = answer_of(&response);
        if answer.refusal.is_none() && wait {
            let (end, afterwards) = self.settle(&method, &url, &response, answer.body.as_ref());
            answer.end = Some(end);
            answer.afterwards = afterwards;
        }
        Outcome::from(answer)
    }

    /// Follows an operation to its end, by the first of the ways that its answer offers (ARM 2.1): `Azure-AsyncOperation`,
    /// `Location`, the resource's own state.
    fn settle(
        &self,
        method: &Method,
        url: &str,
        first: &Response<Bytes>,
        body: Option<&Value>,
    ) -> (End, Option<Value>) {
        let until = self.exchange.now().plus_millis(PATIENCE_MS);
        if let Some(poll) = text_header(first.headers(), "azure-asyncoperation") {
            let end = self.follow_status(&poll, delay_ms(first.headers()), until);
            let afterwards = (method != Method::DELETE).then(|| self.look(url)).flatten();
            return (end, afterwards);
        }
        if first.status() == 202
            && let Some(poll) = text_header(first.headers(), "location")
        {
            let end = self.follow_location(poll, delay_ms(first.headers()), until);
            let afterwards = (method != Method::DELETE).then(|| self.look(url)).flatten();
            return (end, afterwards);
        }
        if matches!(*method, Method::PUT | Method::PATCH) && !is_at_rest(body) {
            return self.follow_state(url, delay_ms(first.headers()), until);
        }
        (End::succeeded(), None)
    }

    fn follow_status(&self, poll: &str, mut wait_ms: i64, until: Time) -> End {
        while self.exchange.now() < until {
            self.sleep(wait_ms);
            let Ok(response) = self.arm(Method::GET, poll, &[], None) else {
                continue;
            };
            wait_ms = delay_ms(response.headers());
            let document = json_body(&response).unwrap_or_default();
            if is_transient(response.status().as_u16()) {
                continue;
            }
            if !response.status().is_success() {
                return End {
                    state: "Failed".to_owned(),
                    error: refusal_in(&document),
                };
            }
            match document.get("status").and_then(Value::as_str) {
                Some("Succeeded") => return End::succeeded(),
                Some(state @ ("Failed" | "Canceled")) => {
                    return End {
                        state: state.to_owned(),
                        error: document.get("error").and_then(refusal_in),
                    };
                }
                _ => {}
            }
        }
        End::never()
    }

    fn follow_location(&self, mut poll: String, mut wait_ms: i64, until: Time) -> End {
        while self.exchange.now() < until {
            self.sleep(wait_ms);
            let Ok(response) = self.arm(Method::GET, &poll, &[], None) else {
                continue;
            };
            wait_ms = delay_ms(response.headers());
            match response.status().as_u16() {
                202 => poll = text_header(response.headers(), "location").unwrap_or(poll),
                status if is_transient(status) => {}
                200..=299 => return End::succeeded(),
                _ => {
                    let error = json_body(&response).as_ref().and_then(refusal_in);
                    return End {
                        state: "Failed".to_owned(),
                        error,
                    };
                }
            }
        }
        End::never()
    }

    fn follow_state(&self, url: &str, mut wait_ms: i64, until: Time) -> (End, Option<Value>) {
        while self.exchange.now() < until {
            self.sleep(wait_ms);
            let Ok(response) = self.arm(Method::GET, url, &[], None) else {
                continue;
            };
            wait_ms = delay_ms(response.headers());
            if is_transient(response.status().as_u16()) {
                continue;
            }
            let document = json_body(&response);
            if !response.status().is_success() {
                return (
                    End {
                        state: "Failed".to_owned(),
                        error: document.as_ref().and_then(refusal_in),
                    },
                    None,
                );
            }
            if is_at_rest(document.as_ref()) {
                let state = state_of(document.as_ref()).unwrap_or("Succeeded").to_owned();
                return (End { state, error: None }, document);
            }
        }
        (End::never(), None)
    }

    fn look(&self, url: &str) -> Option<Value> {
        // A POST's address ends in the action, which nobody can read.
        let response = self.arm(Method::GET, url, &[], None).ok()?;
        if response.status().is_success() {
            json_body(&response)
        } else {
            None
        }
    }
}

impl Driver for HttpDriver {
    fn lack(&mut self, protection: &'static Protection) {
        self.environs.lack(protection);
    }

    fn enforce_roles(&mut self, enforced: bool) -> bool {
        self.exchange.enforce_roles(enforced)
    }

    fn request(&mut self, request: &Request, wait: bool) -> Outcome {
        let conditions = |if_match: &Option<String>, only_new: bool| {
            let mut headers = Vec::new();
            if let Some(tag) = if_match {
                headers.push(("if-match", tag.clone()));
            }
            if only_new {
                headers.push(("if-none-match", "*".to_owned()));
            }
            headers
        };
        match request {
            Request::Put {
                id,
                version,
                body,
                if_match,
                only_new,
            } => self.write(
                Method::PUT,
                id,
                version,
                &conditions(if_match, *only_new),
                Some(body),
                wait,
            ),
            Request::Patch {
                id,
                version,
                body,
                if_match,
            } => self.write(
                Method::PATCH,
                id,
                version,
                &conditions(if_match, false),
                Some(body),
                wait,
            ),
            Request::Delete { id, version, if_match } => {
                self.write(Method::DELETE, id, version, &conditions(if_match, false), None, wait)
            }
            Request::Post {
                id,
                action,
                version,
                body,
            } => {
                let body = if body.is_null() { None } else { Some(body) };
                self.write(Method::POST, &format!("{id}/{action}"), version, &[], body, wait)
            }
            Request::Get { id, version, expand } => {
                let expand = expand
                    .as_ref()
                    .map_or_else(String::new, |expand| format!("&$expand={expand}"));
                let url = format!("{}{id}?api-version={version}{expand}", self.exchange.base(Api::Arm));
                match self.arm(Method::GET, &url, &[], None) {
                    Ok(response) => Outcome::from(answer_of(&response)),
                    Err(Broken(reason)) => Outcome::NoAnswer(reason),
                }
            }
            Request::List { path, version } => self.list(path, version),
        }
    }

    fn message(&mut self, message: &HttpStep) -> Outcome {
        let api = Api::find(&message.api);
        let url = if message.url.starts_with('/') {
            format!("{}{}", self.exchange.base(api), message.url)
        } else {
            message.url.clone()
        };
        let mut headers: Vec<(String, String)> = Vec::new();
        if api != Api::Aad {
            headers.push(("authorization".to_owned(), format!("Bearer {}", self.exchange.token())));
        }
        let body = match &message.body {
            Some(HttpBody::Json(body)) => {
                headers.push(("content-type".to_owned(), "application/json".to_owned()));
                Bytes::from(body.to_string())
            }
            Some(HttpBody::Xml(text)) => {
                headers.push(("content-type".to_owned(), "application/xml".to_owned()));
                Bytes::from(text.clone())
            }
            Some(HttpBody::Text(text)) => Bytes::from(text.clone()),
            None => Bytes::new(),
        };
        for (name, value) in &message.headers {
            headers.retain(|(other, _)| !other.eq_ignore_ascii_case(name));
            if let Some(value) = value {
                headers.push((name.clone(), value.clone()));
            }
        }
        let mut request = HttpRequest::builder()
            .method(message.method.as_str())
            .uri(encoded(&url));
        for (name, value) in &headers {
            request = request.header(name, value);
        }
        let request = match request.body(body) {
            Ok(request) => request,
            Err(error) => return Outcome::NoAnswer(format!("no such request can be sent: {error}")),
        };
        if let Err(reason) = self.exchange.permit(api, &request) {
            return Outcome::NoAnswer(reason);
        }
        match self.exchange.send(api, request) {
            Ok(delivered) => Outcome::from(answer_of(&self.delivered(delivered))),
            Err(Broken(reason)) => Outcome::NoAnswer(reason),
        }
    }

    fn provider(&mut self, calls: &[CallStep]) -> Result<Vec<Outcome>, CallError> {
        self.environs.perform(calls)
    }

    fn juju(&mut self, call: &CallStep) -> Result<Outcome, CallError> {
        self.juju.perform(&mut self.environs, call)
    }

    fn goals(&mut self) -> Vec<ModelGoal> {
        self.juju.controllers.goals()
    }

    fn crossings(&mut self) -> Vec<Crossing> {
        self.juju.controllers.crossings()
    }

    fn owned(&mut self) -> Vec<Owned> {
        self.juju.controllers.owned()
    }

    fn fault(&mut self, rule: &Value) -> Option<Result<(), String>> {
        // Where others live, too, nobody orders trouble.
        self.exchange.site().prefix.is_none().then(|| self.exchange.fault(rule))
    }

    fn now(&self) -> Time {
        self.exchange.now()
    }

    fn advance(&mut self, millis: i64) {
        self.sleep(millis);
    }

    fn with_cloud(&mut self, act: &mut dyn FnMut(&mut Cloud)) {
        self.exchange.with_cloud(act);
    }

    fn journal(&self) -> Vec<String> {
        self.exchange.journal()
    }

    fn site(&self) -> Site {
        self.exchange.site()
    }
}

impl HttpDriver {
    /// A whole list: every page of it.
    fn list(&self, path: &str, version: &str) -> Outcome {
        let mut url = format!("{}{path}?api-version={version}", self.exchange.base(Api::Arm));
        let mut entries = Vec::new();
        loop {
            let response = match self.arm(Method::GET, &url, &[], None) {
                Ok(response) => response,
                Err(Broken(reason)) => return Outcome::NoAnswer(reason),
            };
            let mut answer = answer_of(&response);
            let page = answer.body.clone().unwrap_or_default();
            if answer.refusal.is_some() {
                return Outcome::from(answer);
            }
            entries.extend(page.get("value").and_then(Value::as_array).cloned().unwrap_or_default());
            match page.get("nextLink").and_then(Value::as_str) {
                Some(next) => next.clone_into(&mut url),
                None => {
                    answer.body = Some(json!({ "value": entries }));
                    return Outcome::from(answer);
                }
            }
        }
    }
}

fn answer_of(response: &Response<Bytes>) -> Answer {
    let body = json_body(response);
    let status = response.status();
    let refusal = (status.is_client_error() || status.is_server_error()).then(|| {
        body.as_ref()
            .and_then(refusal_in)
            .or_else(|| xml_refusal(response.body()))
            .unwrap_or_else(|| Refusal {
                code: String::new(),
                message: String::from_utf8_lossy(response.body()).into_owned(),
                details: Vec::new(),
            })
    });
    let headers = response
        .headers()
        .iter()
        .map(|(name, value)| {
            (
                name.as_str().to_owned(),
                String::from_utf8_lossy(value.as_bytes()).into_owned(),
            )
        })
        .collect();
    Answer {
        status: Some(status.as_u16()),
        headers: Some(headers),
        refusal,
        body,
        end: None,
        afterwards: None,
    }
}

/// Code and message of an XML error, as the classic API and the blob service write it.
fn xml_refusal(body: &[u8]) -> Option<Refusal> {
    let text = String::from_utf8_lossy(body);
    let element = |name: &str| {
        let (_, after) = text.split_once(&format!("<{name}>"))?;
        after
            .split_once(&format!("</{name}>"))
            .map(|(inside, _)| inside.to_owned())
    };
    Some(Refusal {
        code: element("Code")?,
        message: element("Message").unwrap_or_default(),
        details: Vec::new(),
    })
}

fn json_body(response: &Response<Bytes>) -> Option<Value> {
    serde_json::from_slice(response.body()).ok()
}

fn text_header(headers: &HeaderMap, name: &str) -> Option<String> {
    headers.get(name)?.to_str().ok().map(str::to_owned)
}

fn delay_ms(headers: &HeaderMap) -> i64 {
    let secs = text_header(headers, "retry-after").and_then(|text| text.parse::<i64>().ok());
    secs.unwrap_or(POLL_SECS).max(1) * 1000
}

fn is_transient(status: u16) -> bool {
    matches!(status, 408 | 429 | 500 | 502 | 503 | 504)
}

fn state_of(body: Option<&Value>) -> Option<&str> {
    body?.pointer("/properties/provisioningState")?.as_str()
}

fn is_at_rest(body: Option<&Value>) -> bool {
    matches!(state_of(body), None | Some("Succeeded" | "Failed" | "Canceled"))
}

/// A scenario's address as a URI: what cannot stand in one is percent-encoded, what is encoded already stays.
fn encoded(url: &str) -> String {
    let mut text = String::with_capacity(url.len());
    for byte in url.bytes() {
        if byte.is_ascii_graphic() && !matches!(byte, b'"' | b'<' | b'>' | b'\\' | b'^' | b'`' | b'{' | b'|' | b'}') {
            text.push(char::from(byte));
        } else {
            text.push_str(&format!("%{byte:02X}"));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_of_the_xml_services_are_read() {
        let body = "\u{feff}<?xml version=\"1.0\"?><Error xmlns=\"x\"><Code>ResourceNotFound</Code><Message>No.</Message></Error>";
        let refusal = xml_refusal(body.as_bytes()).expect("an error");
        assert_eq!(
            (refusal.code.as_str(), refusal.message.as_str()),
            ("ResourceNotFound", "No.")
        );
        assert_eq!(xml_refusal(b"<html></html>"), None);
    }

    #[test]
    fn addresses_keep_what_is_encoded() {
        assert_eq!(
            encoded("https://h/a%20b c?q='\u{e9}'"),
            "https://h/a%20b%20c?q='%C3%A9'"
        );
    }
}
