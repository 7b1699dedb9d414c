//! A transport double with a memory: what is put can be got, in Azure's async manner, with the few refusals that decide whether
//! the provider's order is right. It is no simulator: no quotas, no catalogues, no consistency but the strictest.

mod blobs;
mod deployments;
mod refusals;
mod vaults;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;

use async_trait::async_trait;
use bytes::Bytes;
use http::{Method, Request, Response, StatusCode};
use provider::{Transport, TransportError, TransportErrorKind};
use serde_json::{Value, json};

pub(crate) const ARM: &str = "https://management.azure.com";

/// In place of a code: the operation never ends.
pub(crate) const ENDLESS: &str = "endless";
/// In place of a code: a later write has taken the operation over.
pub(crate) const SUPERSEDED: &str = "superseded";

/// What happens to a request instead of what would.
#[derive(Clone, Debug)]
pub(crate) enum Verdict {
    Refuse {
        status: u16,
        code: &'static str,
        message: &'static str,
        retry_after_secs: Option<u64>,
    },
    /// The connection breaks and nothing was done.
    CutBefore,
    /// It was done, and the connection breaks before the answer.
    CutAfter,
    /// It was done, and the answer's link leads to another host.
    LeadAstray,
    /// There is never an answer: whoever asked is gone. It was done, or not.
    Crash { applied: bool },
}

pub(crate) fn refuse(status: u16, code: &'static str, message: &'static str) -> Verdict {
    Verdict::Refuse {
        status,
        code,
        message,
        retry_after_secs: None,
    }
}

struct Fault {
    method: &'static str,
    path: &'static str,
    times: usize,
    verdict: Verdict,
}

/// How a long-running operation ends, told at its second look.
#[derive(Clone)]
struct Operation {
    looks: usize,
    failure: Option<(&'static str, &'static str)>,
}

#[derive(Default)]
struct State {
    /// By lower-case path.
    documents: BTreeMap<String, Value>,
    blobs: BTreeSet<String>,
    operations: BTreeMap<String, Operation>,
    journal: Vec<String>,
    requests: Vec<String>,
    faults: Vec<Fault>,
    late_failures: Vec<(&'static str, &'static str, &'static str)>,
    /// Every request counts, and the one of this number meets the verdict.
    nth_fault: Option<(usize, Verdict)>,
    n_seen: usize,
    n_operations: usize,
    n_tokens: usize,
    /// Names that deleted vaults hold.
    deleted_vaults: BTreeSet<String>,
    deleted_keys: BTreeSet<String>,
    n_keys: usize,
    taken_names: BTreeSet<String>,
    hidden: Vec<&'static str>,
    hidden_until_a_patch: Vec<&'static str>,
    deployments: deployments::Deployments,
    meddlers: Vec<Meddler>,
    /// How many looks a lease outlives its machine.
    lease_lag: usize,
    n_etags: usize,
}

/// Another process, which writes a document just before or just after somebody else does.
struct Meddler {
    path: &'static str,
    when: When,
    change: Change,
}

/// What another process does to a document.
pub(crate) enum Change {
    Edit(Box<dyn FnOnce(&mut Value) + Send>),
    Delete,
}

pub(crate) fn edit(change: impl FnOnce(&mut Value) + Send + 'static) -> Change {
    Change::Edit(Box::new(change))
}

/// At which side of a write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum When {
    Before,
    After,
}

/// The double.
#[derive(Default)]
pub(crate) struct Shelf {
    state: Mutex<State>,
    pub(crate) crashed: tokio::sync::Notify,
}

impl Shelf {
    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().expect("no test panics while it holds the shelf")
    }

    /// The next `times` requests of `method` whose path holds `path` meet `verdict`.
    pub(crate) fn fault(&self, method: &'static str, path: &'static str, times: usize, verdict: Verdict) {
        self.state().faults.push(Fault {
            method,
            path,
            times,
            verdict,
        });
    }

    /// The next write of a path that holds `path` is accepted and fails later; the resource stays, as `Failed`.
    pub(crate) fn fail_late(&self, path: &'static str, code: &'static str, message: &'static str) {
        self.state().late_failures.push((path, code, message));
    }

    pub(crate) fn fault_nth(&self, nth: usize, verdict: Verdict) {
        let mut state = self.state();
        state.n_seen = 0;
        state.nth_fault = Some((nth, verdict));
    }

    /// Another process changes what holds `path` just before or after the next write of it.
    pub(crate) fn meddle(&self, path: &'static str, when: When, change: Change) {
        self.state().meddlers.push(Meddler { path, when, change });
    }

    /// A blob stays leased for `looks` tries to delete it after its machine is gone.
    pub(crate) fn lag_leases(&self, looks: usize) {
        self.state().lease_lag = looks;
    }

    pub(crate) fn put_blob(&self, path: &str) {
        self.state().blobs.insert(path.to_owned());
    }

    pub(crate) fn take_name(&self, name: String) {
        self.state().taken_names.insert(name);
    }

    /// Lists do not show what holds `path` from now on.
    pub(crate) fn hide_from_lists(&self, path: &'static str) {
        self.state().hidden.push(path);
    }

    /// Lists do not show what holds `path` until something was patched.
    pub(crate) fn hide_until_a_patch(&self, path: &'static str) {
        self.state().hidden_until_a_patch.push(path);
    }

    pub(crate) fn put_document(&self, path: &str, document: Value) {
        self.state().documents.insert(path.to_lowercase(), document);
    }

    pub(crate) fn document(&self, part: &str) -> Option<Value> {
        let state = self.state();
        let found = state
            .documents
            .iter()
            .find(|(path, _)| path.ends_with(&part.to_lowercase()));
        found.map(|(_, document)| document.clone())
    }

    pub(crate) fn n_seen(&self) -> usize {
        self.state().n_seen
    }

    pub(crate) fn forget_journal(&self) {
        let mut state = self.state();
        state.journal.clear();
        state.requests.clear();
    }

    /// Method, short path and status of every request but polls.
    pub(crate) fn journal(&self) -> String {
        self.state().journal.join("\n")
    }

    /// Every request whole.
    pub(crate) fn requests(&self) -> String {
        self.state().requests.join("\n\n")
    }

    /// Ends of the paths of all there is, and blobs.
    pub(crate) fn left(&self) -> Vec<String> {
        let state = self.state();
        let documents = state.documents.keys().map(|path| short(path));
        documents
            .chain(state.blobs.iter().map(|blob| format!("blob {blob}")))
            .collect()
    }

    /// What belongs to single machines.
    pub(crate) fn left_of_machines(&self) -> Vec<String> {
        self.left()
            .into_iter()
            .filter(|left| left.contains("machine-"))
            .collect()
    }
}

fn short(path: &str) -> String {
    let after = |mark: &str| path.to_lowercase().find(mark).map(|at| at + mark.len());
    if let Some(at) = after("/providers/microsoft.").filter(|_| path.to_lowercase().contains("/resourcegroups/")) {
        return path[at..]
            .split_once('/')
            .map(|(_, rest)| rest.to_owned())
            .unwrap_or_default();
    }
    match after(&format!("/subscriptions/{}", crate::setup::SUBSCRIPTION)) {
        Some(at) => path[at..].trim_start_matches('/').to_owned(),
        None => path.to_owned(),
    }
}

fn answer(status: u16, body: &Value) -> Response<Bytes> {
    let text = if body.is_null() {
        String::new()
    } else {
        body.to_string()
    };
    let mut response = Response::new(Bytes::from(text));
    *response.status_mut() = StatusCode::from_u16(status).expect("the shelf answers with statuses");
    response
}

fn refusal(status: u16, code: &str, message: &str) -> Response<Bytes> {
    answer(
        status,
        &json!({"error": {"code": code, "message": message, "details": []}}),
    )
}

fn with_header(mut response: Response<Bytes>, name: &'static str, value: &str) -> Response<Bytes> {
    response
        .headers_mut()
        .insert(name, value.parse().expect("the shelf's headers are headers"));
    response
}

#[async_trait]
impl Transport for Shelf {
    async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, TransportError> {
        if let Some(outcome) = self.answer(&request) {
            return outcome;
        }

        self.crashed.notify_one();
        std::future::pending().await
    }
}

impl Shelf {
    /// None when the one who asks does not live to see it.
    fn answer(&self, request: &Request<Bytes>) -> Option<Result<Response<Bytes>, TransportError>> {
        let cut = || TransportError::new(TransportErrorKind::Cut, "connection reset");
        let mut state = self.state();
        let path = request.uri().path().to_owned();
        state.n_seen += 1;
        state.requests.push(whole(request));
        let verdict = state.verdict(request);
        if matches!(verdict, Some(Verdict::Crash { applied: false })) {
            return None;
        }
        if matches!(verdict, Some(Verdict::CutBefore)) {
            state.note(request, &path, "cut before");
            return Some(Err(cut()));
        }
        if let Some(Verdict::Refuse {
            status,
            code,
            message,
            retry_after_secs,
        }) = &verdict
        {
            state.note(request, &path, &status.to_string());
            let response = refusal(*status, code, message);
            return Some(Ok(match retry_after_secs {
                Some(secs) => with_header(response, "retry-after", &secs.to_string()),
                None => response,
            }));
        }

        let response = state.serve(request);
        if matches!(verdict, Some(Verdict::Crash { applied: true })) {
            return None;
        }
        if matches!(verdict, Some(Verdict::CutAfter)) {
            state.note(request, &path, "cut after");
            return Some(Err(cut()));
        }

        if matches!(verdict, Some(Verdict::LeadAstray)) {
            return Some(Ok(with_header(
                response,
                "azure-asyncoperation",
                "https://elsewhere.example/operations/1",
            )));
        }
        let status = response.status().as_u16().to_string();
        state.note(request, &path, &status);
        let id = format!("r-{}", state.n_seen);
        Some(Ok(with_header(response, "x-ms-request-id", &id)))
    }
}

/// Headers by name; of a secret only its kind.
fn whole(request: &Request<Bytes>) -> String {
    let mut headers: Vec<String> = request
        .headers()
        .iter()
        .map(|(name, value)| {
            let value = value.to_str().unwrap_or("<binary>");
            match name.as_str() {
                "authorization" => format!("{name}: {} ...", value.split(' ').next().unwrap_or_default()),
                _ => format!("{name}: {value}"),
            }
        })
        .collect();
    headers.sort();
    let body = String::from_utf8_lossy(request.body()).replace(crate::setup::PASSWORD, "...");
    format!(
        "{} {}\n{}\n\n{body}",
        request.method(),
        request.uri(),
        headers.join("\n")
    )
}

impl State {
    fn note(&mut self, request: &Request<Bytes>, path: &str, outcome: &str) {
        let is_sign_in = path.contains("/oauth2/") || request.headers().get("authorization").is_none();
        if !path.contains("/operations/") && !is_sign_in {
            self.journal
                .push(format!("{} {} -> {outcome}", request.method(), short(path)));
        }
    }

    fn verdict(&mut self, request: &Request<Bytes>) -> Option<Verdict> {
        if let Some((nth, verdict)) = self.nth_fault.clone()
            && nth == self.n_seen
        {
            self.nth_fault = None;
            return Some(verdict);
        }

        let uri = request.uri().path();
        let fault = self
            .faults
            .iter_mut()
            .find(|fault| fault.times > 0 && fault.method == request.method().as_str() && uri.contains(fault.path))?;
        fault.times -= 1;
        Some(fault.verdict.clone())
    }

    fn serve(&mut self, request: &Request<Bytes>) -> Response<Bytes> {
        let (host, path) = (
            request.uri().host().unwrap_or_default(),
            request.uri().path().to_owned(),
        );
        if host.starts_with("login.") {
            self.n_tokens += 1;
            return answer(
                200,
                &json!({"expires_in": "3599", "access_token": vaults::token(self.n_tokens)}),
            );
        }
        if host.contains(".blob.") {
            return self.serve_blob(request, &path);
        }
        if host.contains(".vault.") {
            return self.serve_vault(request, &path);
        }
        if request.headers().get("authorization").is_none() {
            let challenge =
                "Bearer authorization_uri=\"https://login.windows.net/22222222-2222-2222-2222-222222222222\"";
            return with_header(answer(401, &Value::Null), "www-authenticate", challenge);
        }

        let key = path.to_lowercase();
        if key.contains("/operations/") {
            return self.serve_operation(&key);
        }
        if key.contains("/microsoft.resources/deployments/") {
            return self.serve_deployment(request, &path, &key);
        }
        match *request.method() {
            Method::GET => self.serve_get(request, &key),
            Method::PUT => self.serve_put(request, &path, &key),
            Method::PATCH => {
                self.hidden_until_a_patch.clear();
                self.serve_patch(&key, request.body())
            }
            Method::DELETE => self.serve_delete(&key),
            _ => self.serve_post(&key, request.body()),
        }
    }

    fn meddled(&mut self, key: &str, when: When) {
        let found = self
            .meddlers
            .iter()
            .position(|own| own.when == when && key.contains(own.path));
        if let Some(idx) = found {
            let meddler = self.meddlers.remove(idx);
            match (meddler.change, self.documents.get_mut(key)) {
                (Change::Edit(change), Some(document)) => change(document),
                (Change::Delete, Some(_)) => {
                    self.documents.remove(key);
                }
                (_, None) => {}
            }
            self.mark(key);
        }
    }

    /// A new version of what has versions.
    fn mark(&mut self, key: &str) {
        if key.contains("/networkinterfaces/")
            && let Some(document) = self.documents.get_mut(key)
        {
            self.n_etags += 1;
            document["etag"] = json!(format!("W/\"{}\"", self.n_etags));
        }
    }

    fn serve_operation(&mut self, key: &str) -> Response<Bytes> {
        let Some(operation) = self.operations.get_mut(key) else {
            return refusal(404, "NotFound", "no such operation");
        };
        operation.looks += 1;
        let is_location = key.contains("/operations/account-");
        match (operation.looks, operation.failure, is_location) {
            (1, _, true) => with_header(answer(202, &Value::Null), "retry-after", "17"),
            (_, _, true) => answer(200, &Value::Null),
            (1, _, false) => with_header(answer(200, &json!({"status": "InProgress"})), "retry-after", "10"),
            (_, None, false) => answer(200, &json!({"status": "Succeeded"})),
            (_, Some((ENDLESS, _)), false) => answer(200, &json!({"status": "InProgress"})),
            (_, Some((SUPERSEDED, _)), false) => {
                let details = json!([{"code": "CanceledAndSupersededDueToAnotherOperation", "message": "m"}]);
                let error = json!({"code": "Canceled", "message": "Operation was canceled.", "details": details});
                answer(200, &json!({"status": "Canceled", "error": error}))
            }
            (_, Some((code, message)), false) => answer(
                200,
                &json!({"status": "Failed", "error": {"code": code, "message": message}}),
            ),
        }
    }

    fn serve_get(&mut self, request: &Request<Bytes>, key: &str) -> Response<Bytes> {
        if let Some(found) = self.find_deleted_vault(key) {
            return found;
        }
        if key.ends_with("/vmsizes") {
            let size = |name, cores, mem| {
                json!({"name": name, "numberOfCores": cores, "osDiskSizeInMB": 1_047_552, "resourceDiskSizeInMB": 71_680,
                       "memoryInMB": mem, "maxDataDiskCount": 2})
            };
            let sizes = [
                size("Standard_A0", 1, 768),
                size("Standard_A1", 1, 1_792),
                size("Standard_D1", 1, 3_584),
            ];
            return answer(200, &json!({"value": sizes}));
        }
        if key.ends_with("/microsoft.compute/skus") {
            return deployments::compute_skus();
        }
        if key.ends_with("/skus") {
            let skus = [
                "12.04.5-LTS",
                "14.04.3-LTS",
                "14.04.4-LTS",
                "14.04.4-DAILY-LTS",
                "15.10",
            ];
            let skus: Vec<Value> = skus
                .iter()
                .map(|name| json!({"name": name, "id": name, "location": "westus"}))
                .collect();
            return answer(200, &json!(skus));
        }
        if key.ends_with("/resourcegroups") {
            let groups = self.documents.iter().filter(|(path, _)| path.split('/').count() == 5);
            return answer(
                200,
                &json!({"value": groups.map(|(_, group)| group).collect::<Vec<_>>()}),
            );
        }
        if key.ends_with("/providers") {
            return answer(
                200,
                &json!({"value": [
                {"namespace": "Microsoft.Network", "resourceTypes": [
                    {"resourceType": "virtualNetworks", "apiVersions": ["2016-03-30", "2015-06-15"]},
                    {"resourceType": "networkSecurityGroups", "apiVersions": ["2016-03-30"]},
                    {"resourceType": "publicIPAddresses", "apiVersions": ["2016-03-30"]},
                    {"resourceType": "networkInterfaces", "apiVersions": ["2016-03-30"]}]},
                {"namespace": "Microsoft.Storage", "resourceTypes": [
                    {"resourceType": "storageAccounts", "apiVersions": ["2016-01-01"]}]},
                {"namespace": "Microsoft.Compute", "resourceTypes": [
                    {"resourceType": "availabilitySets", "apiVersions": ["2016-03-30"]},
                    {"resourceType": "diskEncryptionSets", "apiVersions": ["2022-03-02"]},
                    {"resourceType": "disks", "apiVersions": ["2022-03-02"]},
                    {"resourceType": "virtualMachines", "apiVersions": ["2016-04-30-preview", "2016-03-30"]}]}]}),
            );
        }
        if !self.group_exists(key) {
            return refusal(404, "ResourceGroupNotFound", "Resource group could not be found.");
        }
        if key.ends_with("/resources") {
            let tracked = self
                .documents
                .iter()
                .filter(|(path, _)| self.is_listed(path))
                .map(|(_, own)| own)
                .filter(|own| own.get("type").is_some() && own.get("tags").is_some());
            return answer(200, &json!({"value": tracked.collect::<Vec<_>>()}));
        }
        // A collection has an even number of segments after its namespace.
        let after = key.split("/providers/").nth(1).unwrap_or_default().split('/').count();
        if after.is_multiple_of(2) {
            return self.serve_list(request, key);
        }
        match self.rendered(key) {
            Some(document) => answer(200, &document),
            None => refusal(404, "ResourceNotFound", "The Resource was not found."),
        }
    }

    fn is_listed(&self, path: &str) -> bool {
        let mut hidden = self.hidden.iter().chain(&self.hidden_until_a_patch);
        !hidden.any(|part| path.contains(part))
    }

    /// One to a page, so that paging is always seen.
    fn serve_list(&self, request: &Request<Bytes>, key: &str) -> Response<Bytes> {
        let children: Vec<&String> = self
            .documents
            .keys()
            .filter(|own| {
                own.strip_prefix(key)
                    .is_some_and(|rest| rest.starts_with('/') && !rest[1..].contains('/'))
            })
            .filter(|own| self.is_listed(own))
            .collect();
        let query = request.uri().query().unwrap_or_default();
        let skip: usize = query
            .split("$skip=")
            .nth(1)
            .and_then(|text| text.parse().ok())
            .unwrap_or(0);
        let page: Vec<Value> = children
            .get(skip)
            .and_then(|own| self.rendered(own))
            .into_iter()
            .collect();
        let mut body = json!({"value": page});
        if skip + 1 < children.len() {
            body["nextLink"] = json!(format!(
                "{ARM}{}?api-version=2015-06-15&$skip={}",
                request.uri().path(),
                skip + 1
            ));
        }
        answer(200, &body)
    }

    fn group_exists(&self, key: &str) -> bool {
        let group: Vec<&str> = key.split('/').take(5).collect();
        self.documents.contains_key(&group.join("/"))
    }

    fn rendered(&self, key: &str) -> Option<Value> {
        let mut document = self.documents.get(key)?.clone();
        if key.contains("/networksecuritygroups/") && !key.contains("/securityrules/") {
            let prefix = format!("{key}/securityrules/");
            let rules: Vec<&Value> = self
                .documents
                .iter()
                .filter(|(own, _)| own.starts_with(&prefix))
                .map(|(_, rule)| rule)
                .collect();
            document["properties"]["securityRules"] = json!(rules);
        }
        Some(document)
    }

    fn serve_put(&mut self, request: &Request<Bytes>, path: &str, key: &str) -> Response<Bytes> {
        let is_group = key.split('/').count() == 5;
        if !is_group && !self.group_exists(key) {
            return refusal(404, "ResourceGroupNotFound", "Resource group could not be found.");
        }

        self.meddled(key, When::Before);
        let wanted = request.headers().get("if-match").and_then(|value| value.to_str().ok());
        let current = self
            .documents
            .get(key)
            .map(|own| own["etag"].as_str().unwrap_or_default());
        if wanted.is_some_and(|wanted| current.is_none_or(|current| wanted != "*" && wanted != current)) {
            return refusal(412, "PreconditionFailedEtagMismatch", "The etag does not match.");
        }

        let account = path.rsplit_once("/storageAccounts/").map(|(_, account)| account);
        if account.is_some_and(|account| self.taken_names.contains(account)) {
            return refusal(
                409,
                "StorageAccountAlreadyTaken",
                "The storage account is already taken.",
            );
        }

        let mut document: Value = serde_json::from_slice(request.body()).expect("the provider writes JSON");
        if let Some(refused) = self.refused_put(key, &document) {
            return refused;
        }
        if let Some(refused) = self.refused_vault(key, &mut document) {
            return refused;
        }

        let name = path.rsplit('/').next().unwrap_or_default();
        document["id"] = json!(path);
        document["name"] = json!(name);
        document["properties"]["provisioningState"] = json!("Succeeded");
        if let Some(kinds) = path.split("/providers/").nth(1) {
            let parts: Vec<&str> = kinds.split('/').collect();
            document["type"] = json!(format!("{}/{}", parts[0], parts[1]));
        }
        self.settle(key, name, &mut document);
        let late = self.late_failures.iter().position(|(part, _, _)| path.contains(part));
        let failure = late
            .map(|idx| self.late_failures.remove(idx))
            .map(|(_, code, message)| (code, message));
        if failure.is_some_and(|(code, _)| code != SUPERSEDED) {
            document["properties"]["provisioningState"] = json!("Failed");
        }
        let is_new = self.documents.insert(key.to_owned(), document.clone()).is_none();
        self.mark(key);
        self.meddled(key, When::After);
        let status = if is_new { 201 } else { 200 };
        if key.contains("/storageaccounts/") {
            let link = self.operation("account", None);
            return with_header(
                with_header(answer(202, &Value::Null), "location", &link),
                "retry-after",
                "17",
            );
        }
        if is_group || key.contains("/availabilitysets/") || key.contains("/microsoft.keyvault/") {
            return answer(if is_group { status } else { 200 }, &document);
        }

        let link = self.operation("op", failure);
        document["properties"]["provisioningState"] = json!("Updating");
        with_header(answer(status, &document), "azure-asyncoperation", &link)
    }

    /// What the service decides.
    fn settle(&mut self, key: &str, name: &str, document: &mut Value) {
        self.settle_deployed(key, document);
        Self::settle_vault(key, name, document);
        if key.contains("/storageaccounts/") {
            let endpoint = format!("https://{name}.blob.core.windows.net/");
            document["properties"]["primaryEndpoints"] = json!({"blob": endpoint});
        }
        if key.contains("/networksecuritygroups/") && !key.contains("/securityrules/") {
            let rules = document["properties"]["securityRules"]
                .as_array()
                .cloned()
                .unwrap_or_default();
            for rule in rules {
                let name = rule["name"].as_str().unwrap_or_default().to_lowercase();
                self.documents.insert(format!("{key}/securityrules/{name}"), rule);
            }
        }
        if key.contains("/virtualmachines/") && !key.contains("/extensions/") {
            let uri = document
                .pointer("/properties/storageProfile/osDisk/vhd/uri")
                .and_then(Value::as_str);
            let path = uri
                .and_then(|uri| uri.split(".net").nth(1))
                .unwrap_or_default()
                .to_owned();
            if !path.is_empty() {
                self.blobs.insert(path);
            }
            let disks = document
                .pointer("/properties/storageProfile/dataDisks")
                .and_then(Value::as_array);
            for disk in disks.into_iter().flatten() {
                let uri = disk.pointer("/vhd/uri").and_then(Value::as_str);
                self.blobs
                    .extend(uri.and_then(|uri| uri.split(".net").nth(1)).map(str::to_owned));
            }
            if let Some(public_ip) = self.documents.get_mut(
                &key.replace("/virtualmachines/", "/publicipaddresses/")
                    .replace("microsoft.compute", "microsoft.network")
                    .replace(&name.to_lowercase(), &format!("{}-public-ip", name.to_lowercase())),
            ) {
                public_ip["properties"]["ipAddress"] = json!("40.1.2.3");
            }
        }
    }

    fn operation(&mut self, kind: &str, failure: Option<(&'static str, &'static str)>) -> String {
        self.n_operations += 1;
        let path = format!(
            "/subscriptions/s/providers/x/locations/westus/operations/{kind}-{}",
            self.n_operations
        );
        self.operations.insert(path.clone(), Operation { looks: 0, failure });
        format!("{ARM}{path}?api-version=v")
    }

    fn serve_patch(&mut self, key: &str, body: &Bytes) -> Response<Bytes> {
        let change: Value = serde_json::from_slice(body).expect("the provider writes JSON");
        let Some(document) = self.documents.get_mut(key) else {
            return refusal(404, "ResourceNotFound", "not found");
        };
        document["tags"] = change["tags"].clone();
        answer(200, &document.clone())
    }

    fn serve_delete(&mut self, key: &str) -> Response<Bytes> {
        self.leave_names(key);
        if key.split('/').count() == 5 {
            if !self.group_exists(key) {
                return refusal(404, "ResourceGroupNotFound", "Resource group could not be found.");
            }
            self.documents
                .retain(|own, _| own != key && !own.starts_with(&format!("{key}/")));
            self.blobs.clear();
            let link = self.operation("account", None);
            return with_header(
                with_header(answer(202, &Value::Null), "location", &link),
                "retry-after",
                "15",
            );
        }
        if !self.documents.contains_key(key) {
            return answer(204, &Value::Null);
        }
        if let Some(refused) = self.refused_delete(key) {
            return refused;
        }

        self.documents
            .retain(|own, _| own != key && !own.starts_with(&format!("{key}/")));
        let link = self.operation("op", None);
        with_header(answer(202, &Value::Null), "azure-asyncoperation", &link)
    }

    fn serve_post(&mut self, key: &str, body: &Bytes) -> Response<Bytes> {
        if key.ends_with("/listkeys") {
            return answer(200, &json!({"key1": "a2V5MQ==", "key2": "a2V5Mg=="}));
        }
        let asked: Value = serde_json::from_slice(body).expect("the provider writes JSON");
        let name = asked["name"].as_str().unwrap_or_default();
        let suffix = format!("/storageaccounts/{name}");
        let is_taken = self.taken_names.contains(name) || self.documents.keys().any(|own| own.ends_with(&suffix));
        match is_taken {
            true => answer(
                200,
                &json!({"nameAvailable": false, "reason": "AlreadyExists", "message": "taken"}),
            ),
            false => answer(200, &json!({"nameAvailable": true})),
        }
    }
}
