//! The way to a live subscription, and its rehearsal.
//!
//! Every request passes the same guards whether it leaves this machine or not: nothing is written outside groups of the run's own
//! name, no more machines are made than were agreed to, and what is shown of a request is redacted. A rehearsal (`--dry-run`) hands
//! the requests to a simulator in this process in place of Azure; nothing else of it differs, so what it shows is what would be sent.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::Context;
use bytes::Bytes;
use fake_azure_cloud::{Cloud, Time};
use http::{Method, Request};
use provider::{HttpClient, Transport};
use serde_json::Value;

use super::exchange::{Api, Broken, Delivered, Exchange};
use super::in_process::InProcess;
use super::redact::{self, Names};
use super::{SUBSCRIPTION, Setup, socket};

/// How long before its end a token is not used any more, in milliseconds.
const TOKEN_MARGIN_MS: i64 = 300_000;

/// The least that a prefix must be: a shorter one would be somebody else's, too.
pub(crate) const PREFIX_LEN_MIN: usize = 8;

/// Whose subscription it is.
#[derive(Clone)]
pub struct Account {
    /// The tenant's id.
    pub tenant: String,
    /// The subscription's id.
    pub subscription: String,
    /// The application that signs in.
    pub client_id: String,
    /// Its secret.
    pub client_secret: String,
}

/// A run against a live subscription.
#[derive(Clone)]
pub struct LiveSetup {
    /// Whose; `None` for a rehearsal.
    pub account: Option<Account>,
    /// What the names of everything that the run makes begin with.
    pub prefix: String,
    /// Most machines that the run may make.
    pub machines_max: usize,
    /// Where requests are shown, redacted.
    pub shown: Shown,
}

/// Requests as they were shown, in order.
#[derive(Clone, Debug, Default)]
pub struct Shown(Arc<Mutex<Vec<String>>>);

impl Shown {
    fn lines(&self) -> MutexGuard<'_, Vec<String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes what was shown so far.
    #[must_use]
    pub fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.lines())
    }
}

/// What carries a request in the end.
enum Wire {
    Azure(HttpClient),
    Rehearsal(Box<InProcess>),
}

/// The way.
pub(crate) struct Live {
    wire: Wire,
    account: Account,
    prefix: String,
    machines_max: usize,
    machines: Mutex<BTreeSet<String>>,
    token: Mutex<Option<(String, Time)>>,
    names: Names,
    shown: Shown,
}

impl Live {
    /// Opens it.
    ///
    /// # Errors
    ///
    /// When the prefix is too short, or TLS does not work here.
    pub(crate) fn open(setup: &Setup, live: &LiveSetup) -> anyhow::Result<Live> {
        anyhow::ensure!(
            live.prefix.len() >= PREFIX_LEN_MIN,
            "the prefix `{}` is shorter than {PREFIX_LEN_MIN} characters: it could be somebody else's, too",
            live.prefix
        );
        let (wire, account) = match &live.account {
            Some(account) => {
                let client = HttpClient::new(None).context("cannot speak TLS")?;
                (Wire::Azure(client), account.clone())
            }
            None => {
                let inside = InProcess::start(setup);
                let (client_id, client_secret) = inside.application();
                let account = Account {
                    tenant: fake_azure::identity::Directory::DEFAULT_TENANT.to_string(),
                    subscription: SUBSCRIPTION.to_owned(),
                    client_id,
                    client_secret,
                };
                (Wire::Rehearsal(Box::new(inside)), account)
            }
        };
        let names = vec![
            (account.subscription.clone(), "<subscription>"),
            (account.tenant.clone(), "<tenant>"),
            (account.client_id.clone(), "<client-id>"),
            (account.client_secret.clone(), "<client-secret>"),
        ];
        Ok(Live {
            wire,
            account,
            prefix: live.prefix.clone(),
            machines_max: live.machines_max,
            machines: Mutex::default(),
            token: Mutex::default(),
            names,
            shown: live.shown.clone(),
        })
    }

    fn carry(&self, api: Api, request: Request<Bytes>) -> Result<Delivered, Broken> {
        self.shown.lines().push(redact::show(&request, &self.names));
        match &self.wire {
            Wire::Rehearsal(inside) => inside.send(api, request),
            Wire::Azure(client) => {
                let runtime = socket::runtime().map_err(|error| Broken(error.to_string()))?;
                match runtime.block_on(client.send(request)) {
                    Ok(response) => Ok(Delivered { response, after: None }),
                    Err(error) => Err(Broken(error.message)),
                }
            }
        }
    }

    /// A token, and the moment from which on another is needed.
    fn sign_in(&self) -> Result<(String, Time), Broken> {
        let Account {
            tenant,
            client_id,
            client_secret,
            ..
        } = &self.account;
        let form: String = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("grant_type", "client_credentials")
            .append_pair("client_id", client_id)
            .append_pair("client_secret", client_secret)
            .append_pair("resource", "https://management.core.windows.net/")
            .finish();
        let request = Request::post(format!("{}/{tenant}/oauth2/token", self.base(Api::Aad)))
            .header("content-type", "application/x-www-form-urlencoded")
            .body(Bytes::from(form))
            .map_err(|error| Broken(error.to_string()))?;
        let answer = self.carry(Api::Aad, request)?;
        let document: Value = serde_json::from_slice(answer.response.body()).unwrap_or_default();
        let Some(token) = document.get("access_token").and_then(Value::as_str) else {
            let status = answer.response.status();
            return Err(Broken(format!("no token was issued: {status}")));
        };
        let lives_secs = match document.get("expires_in") {
            Some(Value::String(text)) => text.parse().unwrap_or(0),
            Some(value) => value.as_i64().unwrap_or(0),
            None => 0,
        };
        let until = self.now().plus_millis(lives_secs * 1_000 - TOKEN_MARGIN_MS);
        Ok((token.to_owned(), until))
    }
}

impl Exchange for Live {
    fn base(&self, api: Api) -> String {
        match (&self.wire, api) {
            (Wire::Rehearsal(inside), api) => inside.base(api),
            (Wire::Azure(_), Api::Arm) => "https://management.azure.com".to_owned(),
            (Wire::Azure(_), Api::Asm) => "https://management.core.windows.net".to_owned(),
            (Wire::Azure(_), Api::Blob) => "https://blob.core.windows.net".to_owned(),
            (Wire::Azure(_), Api::Aad) => "https://login.microsoftonline.com".to_owned(),
        }
    }

    fn send(&self, api: Api, request: Request<Bytes>) -> Result<Delivered, Broken> {
        self.carry(api, request)
    }

    fn permit(&self, api: Api, request: &Request<Bytes>) -> Result<(), String> {
        if api == Api::Asm {
            return Err("the classic API is retired: nothing of it is sent to a live subscription".to_owned());
        }
        may_write(&self.prefix, request)?;
        if let Some(machine) = machine_made(request) {
            let mut machines = self.machines.lock().unwrap_or_else(PoisonError::into_inner);
            machines.insert(machine);
            if machines.len() > self.machines_max {
                return Err(format!(
                    "more than {} machines would be made, and no more were agreed to (--i-accept-cost)",
                    self.machines_max
                ));
            }
        }
        Ok(())
    }

    fn token(&self) -> String {
        let mut token = self.token.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((text, until)) = &*token
            && self.now() < *until
        {
            return text.clone();
        }
        // Without a token the request is refused, and the refusal says so better than anything here could.
        *token = self.sign_in().ok();
        token.as_ref().map(|(text, _)| text.clone()).unwrap_or_default()
    }

    fn application(&self) -> (String, String) {
        (self.account.client_id.clone(), self.account.client_secret.clone())
    }

    fn now(&self) -> Time {
        match &self.wire {
            Wire::Rehearsal(inside) => inside.now(),
            Wire::Azure(_) => {
                let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
                Time::from_millis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
            }
        }
    }

    fn advance(&self, to: Time) {
        match &self.wire {
            Wire::Rehearsal(inside) => inside.advance(to),
            Wire::Azure(_) => {
                let millis = u64::try_from(to.millis_since(self.now())).unwrap_or(0);
                if let Ok(runtime) = socket::runtime() {
                    runtime.block_on(tokio::time::sleep(Duration::from_millis(millis)));
                }
            }
        }
    }

    /// Nobody looks at Azure from inside, so a rehearsal does not either.
    fn with_cloud(&self, _act: &mut dyn FnMut(&mut Cloud)) {}

    fn fault(&self, _rule: &Value) -> Result<(), String> {
        Err("a live subscription takes no fault rules".to_owned())
    }

    fn journal(&self) -> Vec<String> {
        Vec::new()
    }

    fn n_exchanges(&self) -> u64 {
        0
    }

    fn fork(&self) -> anyhow::Result<Arc<dyn Exchange>> {
        anyhow::bail!("a live subscription cannot be forked")
    }

    fn site(&self) -> Site {
        Site {
            subscription: self.account.subscription.clone(),
            tenant: self.account.tenant.clone(),
            prefix: Some(self.prefix.clone()),
        }
    }
}

/// Where a scenario plays.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Site {
    /// The subscription's id.
    pub(crate) subscription: String,
    /// The tenant's id.
    pub(crate) tenant: String,
    /// What names begin with, where others live, too; then nobody looks at the world from inside either.
    pub(crate) prefix: Option<String>,
}

impl Site {
    /// A simulator of a scenario's own.
    pub(crate) fn own() -> Site {
        Site {
            subscription: SUBSCRIPTION.to_owned(),
            tenant: fake_azure::identity::Directory::DEFAULT_TENANT.to_string(),
            prefix: None,
        }
    }

    /// A name of the scenario's, as it is here.
    pub(crate) fn name(&self, name: &str) -> String {
        match &self.prefix {
            Some(prefix) => format!("{prefix}-{name}"),
            None => name.to_owned(),
        }
    }

    /// Whether a group is one that a run of this prefix made.
    pub(crate) fn owns_group(&self, group: &str) -> bool {
        self.prefix.as_ref().is_some_and(|prefix| is_own_group(prefix, group))
    }
}

fn is_own_group(prefix: &str, group: &str) -> bool {
    let group = group.to_lowercase();
    let prefix = prefix.to_lowercase();
    let rest = group.strip_prefix("juju-").unwrap_or(&group);
    rest.strip_prefix(&prefix).is_some_and(|rest| rest.starts_with('-'))
}

/// Writes go to groups of the run's own, and nowhere else.
fn may_write(prefix: &str, request: &Request<Bytes>) -> Result<(), String> {
    if matches!(*request.method(), Method::GET | Method::HEAD) {
        return Ok(());
    }
    let path = request.uri().path();
    let segments: Vec<&str> = path.split('/').filter(|segment| !segment.is_empty()).collect();
    let group = segments
        .iter()
        .position(|segment| segment.eq_ignore_ascii_case("resourceGroups"))
        .and_then(|at| segments.get(at + 1));
    let last = segments.last().map(|last| last.to_lowercase()).unwrap_or_default();
    match group {
        Some(group) if is_own_group(prefix, group) => Ok(()),
        Some(group) => Err(format!(
            "{} to group `{group}`, whose name does not begin with `{prefix}-`",
            request.method()
        )),
        // Signing in, registering a provider and asking whether a name is free change nothing that is anybody's.
        None if matches!(last.as_str(), "token" | "register" | "checknameavailability") => Ok(()),
        None => Err(format!("{} outside of every group: {path}", request.method())),
    }
}

/// The machine that a request makes, itself or by a deployment.
fn machine_made(request: &Request<Bytes>) -> Option<String> {
    if *request.method() != Method::PUT {
        return None;
    }
    let path = request.uri().path().to_lowercase();
    let (parent, name) = path.rsplit_once('/')?;
    if parent.ends_with("/virtualmachines") {
        return Some(path.clone());
    }
    let has_machine = parent.ends_with("/deployments")
        && String::from_utf8_lossy(request.body()).contains("Microsoft.Compute/virtualMachines\"");
    has_machine.then(|| format!("{parent}/{name}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(method: Method, path: &str, body: &'static str) -> Request<Bytes> {
        Request::builder()
            .method(method)
            .uri(format!("https://management.azure.com{path}"))
            .body(Bytes::from(body))
            .expect("a request")
    }

    #[test]
    fn writes_stay_within_groups_of_the_prefix() {
        let rows = [
            (Method::PUT, "/subscriptions/s/resourceGroups/conformance-1-story", true),
            (
                Method::PUT,
                "/subscriptions/s/resourcegroups/juju-conformance-1-m-12345678/providers/x/y/z",
                true,
            ),
            (Method::DELETE, "/subscriptions/s/resourceGroups/production", false),
            (
                Method::DELETE,
                "/subscriptions/s/resourceGroups/conformance-11-story",
                false,
            ),
            (Method::GET, "/subscriptions/s/resourceGroups/production", true),
            (
                Method::POST,
                "/subscriptions/s/providers/Microsoft.Storage/checkNameAvailability",
                true,
            ),
            (
                Method::PUT,
                "/subscriptions/s/providers/Microsoft.Authorization/roleAssignments/r",
                false,
            ),
            (Method::POST, "/tenant/oauth2/token", true),
        ];
        for (method, path, allowed) in rows {
            let found = may_write("conformance-1", &request(method.clone(), path, ""));
            assert_eq!(found.is_ok(), allowed, "{method} {path}: {found:?}");
        }
    }

    #[test]
    fn machines_are_counted_by_themselves_and_in_deployments() {
        let vm = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/virtualMachines/m";
        assert!(machine_made(&request(Method::PUT, vm, "{}")).is_some());
        assert!(machine_made(&request(Method::GET, vm, "")).is_none());
        let deployment = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Resources/deployments/machine-0";
        let with = r#"{"resources":[{"type":"Microsoft.Compute/virtualMachines"}]}"#;
        assert!(machine_made(&request(Method::PUT, deployment, with)).is_some());
        assert!(machine_made(&request(Method::PUT, deployment, "{}")).is_none());
    }
}
