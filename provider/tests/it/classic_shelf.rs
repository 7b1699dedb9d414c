//! The double of the classic API: a shelf as `shelf.rs` is one, with the few refusals that decide whether the provider's order is
//! right. It is no simulator.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{Method, Request, Response, StatusCode};
use provider::{Transport, TransportError, TransportErrorKind};

use crate::setup::SUBSCRIPTION;
use crate::shelf::Verdict;

const NAMESPACES: &str =
    "xmlns=\"http://schemas.microsoft.com/windowsazure\" xmlns:i=\"http://www.w3.org/2001/XMLSchema-instance\"";
/// Of the storage account; in base64, as accounts' keys are.
pub(crate) const KEY: &str = "c2VjcmV0LWtleQ==";
/// In place of a code: the operation never ends.
pub(crate) const ENDLESS: &str = "endless";

struct Fault {
    method: &'static str,
    path: &'static str,
    times: usize,
    verdict: Verdict,
}

#[derive(Clone)]
struct Operation {
    looks: usize,
    failure: Option<(&'static str, &'static str)>,
}

#[derive(Clone, Default)]
struct Role {
    name: String,
    /// All between the root's tags, as the service tells it.
    inner: String,
    address: String,
}

#[derive(Clone, Default)]
struct Deployment {
    name: String,
    roles: Vec<Role>,
}

#[derive(Clone, Default)]
struct Service {
    name: String,
    label: String,
    deployments: Vec<Deployment>,
}

#[derive(Default)]
struct State {
    account_missing: bool,
    affinity_groups: BTreeSet<String>,
    network: Option<String>,
    services: BTreeMap<String, Service>,
    containers: BTreeSet<String>,
    blobs: BTreeMap<String, Bytes>,
    operations: BTreeMap<String, Operation>,
    taken_names: BTreeSet<String>,
    all_names_taken: bool,
    faults: Vec<Fault>,
    late_failures: Vec<(&'static str, &'static str, &'static str)>,
    nth_fault: Option<(usize, Verdict)>,
    n_seen: usize,
    n_operations: usize,
    n_roles: usize,
    journal: Vec<String>,
    requests: Vec<String>,
}

/// The double.
#[derive(Default)]
pub(crate) struct ClassicShelf {
    state: Mutex<State>,
    pub(crate) crashed: tokio::sync::Notify,
}

impl ClassicShelf {
    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().expect("no test panics while it holds the shelf")
    }

    pub(crate) fn fault(&self, method: &'static str, path: &'static str, times: usize, verdict: Verdict) {
        self.state().faults.push(Fault {
            method,
            path,
            times,
            verdict,
        });
    }

    pub(crate) fn fault_nth(&self, nth: usize, verdict: Verdict) {
        let mut state = self.state();
        state.n_seen = 0;
        state.nth_fault = Some((nth, verdict));
    }

    /// The next write of a path that holds `path` is accepted, and undone when its operation fails.
    pub(crate) fn fail_late(&self, path: &'static str, code: &'static str, message: &'static str) {
        self.state().late_failures.push((path, code, message));
    }

    pub(crate) fn forget_account(&self) {
        self.state().account_missing = true;
    }

    pub(crate) fn take_every_name(&self) {
        self.state().all_names_taken = true;
    }

    /// Somebody else has a cloud service of this name.
    pub(crate) fn take_name(&self, name: &str) {
        self.state().taken_names.insert(name.to_owned());
    }

    pub(crate) fn set_network(&self, document: &str) {
        self.state().network = Some(document.to_owned());
    }

    pub(crate) fn network(&self) -> Option<String> {
        self.state().network.clone()
    }

    /// A service as this provider never made it, or made it long ago.
    pub(crate) fn put_service(&self, name: &str, deployments: &[(&str, &[&str])]) {
        let deployments = deployments.iter().map(|(deployment, roles)| Deployment {
            name: (*deployment).to_owned(),
            roles: roles
                .iter()
                .map(|role| Role {
                    name: (*role).to_owned(),
                    inner: format!(
                        "<RoleName>{role}</RoleName><RoleType>PersistentVMRole</RoleType><ConfigurationSets><ConfigurationSet>\
                         <ConfigurationSetType>NetworkConfiguration</ConfigurationSetType></ConfigurationSet>\
                         </ConfigurationSets><RoleSize>Small</RoleSize>"
                    ),
                    address: "10.0.0.200".to_owned(),
                })
                .collect(),
        });
        let service = Service {
            name: name.to_owned(),
            label: STANDARD.encode(name),
            deployments: deployments.collect(),
        };
        self.state().services.insert(name.to_owned(), service);
    }

    pub(crate) fn put_file(&self, path: &str, content: &'static str) {
        let mut state = self.state();
        let container = path.split('/').next().unwrap_or_default().to_owned();
        state.containers.insert(container);
        state
            .blobs
            .insert(path.to_owned(), Bytes::from_static(content.as_bytes()));
    }

    pub(crate) fn file(&self, path: &str) -> Option<String> {
        let found = self.state().blobs.get(path).cloned();
        found.map(|content| String::from_utf8_lossy(&content).into_owned())
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

    /// Every request but polls, whole.
    pub(crate) fn requests(&self) -> String {
        self.state().requests.join("\n\n")
    }

    /// Everything there is, the user's own account aside.
    pub(crate) fn left(&self) -> Vec<String> {
        let state = self.state();
        let mut left: Vec<String> = state
            .affinity_groups
            .iter()
            .map(|name| format!("group {name}"))
            .collect();
        left.extend(
            state
                .network
                .iter()
                .filter(|document| document.contains("<VirtualNetworkSite "))
                .map(|_| "network".to_owned()),
        );
        for service in state.services.values() {
            let roles: usize = service.deployments.iter().map(|own| own.roles.len()).sum();
            left.push(format!("service {} with {roles} roles", service.name));
        }
        left.extend(state.containers.iter().map(|name| format!("container {name}")));
        left
    }

    pub(crate) fn n_roles(&self) -> usize {
        let state = self.state();
        let deployments = state.services.values().flat_map(|service| &service.deployments);
        deployments.map(|own| own.roles.len()).sum()
    }

    fn answer(&self, request: &Request<Bytes>) -> Option<Result<Response<Bytes>, TransportError>> {
        let cut = || Some(Err(TransportError::new(TransportErrorKind::Cut, "connection reset")));
        let mut state = self.state();
        state.n_seen += 1;
        let path = short(request);
        let is_poll = path.starts_with("operations/");
        if !is_poll {
            let text = whole(request);
            state.requests.push(text);
        }
        let verdict = state.verdict(request, &path);
        let note = |state: &mut State, outcome: &str| {
            if !is_poll {
                let query = request
                    .uri()
                    .query()
                    .map(|query| format!("?{query}"))
                    .unwrap_or_default();
                state
                    .journal
                    .push(format!("{} {path}{query} -> {outcome}", request.method()));
            }
        };
        match &verdict {
            Some(Verdict::Crash { applied: false }) => return None,
            Some(Verdict::CutBefore) => {
                note(&mut state, "cut before");
                return cut();
            }
            Some(Verdict::Refuse {
                status,
                code,
                message,
                retry_after_secs,
            }) => {
                note(&mut state, &status.to_string());
                let mut response = refusal(*status, code, message);
                if let Some(secs) = retry_after_secs {
                    let value = secs.to_string().parse().expect("a number is a header value");
                    response.headers_mut().insert("retry-after", value);
                }
                return Some(Ok(response));
            }
            _ => {}
        }

        let response = if request.uri().host().is_some_and(|host| host.contains(".blob.")) {
            state.serve_blob(request)
        } else {
            state.serve(request, &path)
        };
        match verdict {
            Some(Verdict::Crash { applied: true }) => None,
            Some(Verdict::CutAfter) => {
                note(&mut state, "cut after");
                cut()
            }
            _ => {
                note(&mut state, response.status().as_str());
                Some(Ok(response))
            }
        }
    }
}

#[async_trait]
impl Transport for ClassicShelf {
    async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, TransportError> {
        if let Some(outcome) = self.answer(&request) {
            return outcome;
        }

        self.crashed.notify_one();
        std::future::pending().await
    }
}

fn short(request: &Request<Bytes>) -> String {
    let path = request.uri().path();
    let below = path.strip_prefix(&format!("/{SUBSCRIPTION}/"));
    below.unwrap_or(path).to_owned()
}

fn whole(request: &Request<Bytes>) -> String {
    let mut headers: Vec<String> = request
        .headers()
        .iter()
        .filter(|(name, _)| !matches!(name.as_str(), "x-ms-client-request-id" | "user-agent"))
        .map(|(name, value)| {
            let value = value.to_str().unwrap_or("<binary>");
            match name.as_str() {
                "authorization" => format!("{name}: {} ...", value.split(' ').next().unwrap_or_default()),
                _ => format!("{name}: {value}"),
            }
        })
        .collect();
    headers.sort();
    let body = String::from_utf8_lossy(request.body()).replace("><", ">\n<");
    let text = format!("{} {}\n{}\n{body}", request.method(), request.uri(), headers.join("\n"));
    text.trim_end().to_owned()
}

fn answer(status: u16, body: String) -> Response<Bytes> {
    let mut response = Response::new(Bytes::from(body));
    *response.status_mut() = StatusCode::from_u16(status).expect("the shelf answers with statuses");
    response
        .headers_mut()
        .insert("x-ms-request-id", "1d".parse().expect("an id is a header value"));
    response
}

fn refusal(status: u16, code: &str, message: &str) -> Response<Bytes> {
    answer(
        status,
        format!("<Error {NAMESPACES}><Code>{code}</Code><Message>{message}</Message></Error>"),
    )
}

fn missing(what: &str) -> Response<Bytes> {
    refusal(404, "ResourceNotFound", &format!("The {what} does not exist."))
}

/// The text of the first element of that name.
fn text_of<'a>(document: &'a str, name: &str) -> &'a str {
    between(document, &format!("<{name}>"), &format!("</{name}>")).unwrap_or_default()
}

fn between<'a>(text: &'a str, start: &str, end: &str) -> Option<&'a str> {
    let (_, rest) = text.split_once(start)?;
    rest.split_once(end).map(|(inner, _)| inner)
}

impl State {
    fn verdict(&mut self, request: &Request<Bytes>, path: &str) -> Option<Verdict> {
        if let Some((nth, verdict)) = &self.nth_fault
            && *nth == self.n_seen
        {
            return Some(verdict.clone());
        }
        let at = self.faults.iter().position(|fault| {
            fault.times > 0 && request.method().as_str() == fault.method && path.contains(fault.path)
        })?;
        self.faults[at].times -= 1;
        Some(self.faults[at].verdict.clone())
    }

    /// 202. What was done is undone when the operation is one that fails.
    fn accept(&mut self, path: &str, done: impl FnOnce(&mut Self)) -> Response<Bytes> {
        let at = self.late_failures.iter().position(|(own, _, _)| path.contains(own));
        let failure = at.map(|at| {
            let (_, code, message) = self.late_failures.remove(at);
            (code, message)
        });
        if failure.is_none_or(|(code, _)| code == ENDLESS) {
            done(self);
        }
        self.n_operations += 1;
        let id = format!("{:032x}", self.n_operations);
        self.operations.insert(id.clone(), Operation { looks: 0, failure });
        let mut response = answer(202, String::new());
        response
            .headers_mut()
            .insert("x-ms-request-id", id.parse().expect("an id is a header value"));
        response
    }

    fn poll(&mut self, id: &str) -> Response<Bytes> {
        let Some(operation) = self.operations.get_mut(id) else {
            return missing("operation");
        };
        operation.looks += 1;
        let state = match operation.failure {
            Some((ENDLESS, _)) => "<Status>InProgress</Status>".to_owned(),
            _ if operation.looks < 2 => "<Status>InProgress</Status>".to_owned(),
            None => "<Status>Succeeded</Status><HttpStatusCode>200</HttpStatusCode>".to_owned(),
            Some((code, message)) => {
                let status = if code == "ConflictError" { 409 } else { 400 };
                format!(
                    "<Status>Failed</Status><HttpStatusCode>{status}</HttpStatusCode><Error><Code>{code}</Code><Message>{message}\
                     </Message></Error>"
                )
            }
        };
        answer(200, format!("<Operation {NAMESPACES}><ID>{id}</ID>{state}</Operation>"))
    }

    fn serve(&mut self, request: &Request<Bytes>, path: &str) -> Response<Bytes> {
        let body = String::from_utf8_lossy(request.body()).into_owned();
        let method = request.method();
        let segments: Vec<&str> = path.split('/').collect();
        match (method.as_str(), segments.as_slice()) {
            ("GET", ["operations", id]) => self.poll(id),
            ("GET", ["locations"]) => answer(
                200,
                format!(
                    "<Locations {NAMESPACES}><Location><Name>West US</Name><ComputeCapabilities><VirtualMachinesRoleSizes><RoleSize>\
                     Basic_A0</RoleSize><RoleSize>ExtraSmall</RoleSize><RoleSize>Small</RoleSize><RoleSize>Standard_D1</RoleSize>\
                     </VirtualMachinesRoleSizes></ComputeCapabilities></Location></Locations>"
                ),
            ),
            ("GET", ["services", "images"]) => answer(
                200,
                format!(
                    "<Images {NAMESPACES}><OSImage><Location>West US</Location><Name>b39f27a8b8c64d52b05eac6a62ebad85__Ubuntu-\
                     14_04_3-LTS-amd64-server-20150805-en-us-30GB</Name><OS>Linux</OS><PublishedDate>2015-08-05T00:00:00Z\
                     </PublishedDate></OSImage><OSImage><Location>West US</Location><Name>a699494373c04fc0bc8f2bb1389d6106__Windows-\
                     Server-2012-R2-201505.01-en.us-127GB.vhd</Name><OS>Windows</OS><ImageFamily>Windows Server 2012 R2 Datacenter\
                     </ImageFamily><PublishedDate>2015-05-01T07:00:00Z</PublishedDate></OSImage></Images>"
                ),
            ),
            ("GET", ["services", "storageservices", _, "keys"]) if self.account_missing => missing("storage account"),
            ("GET", ["services", "storageservices", _, "keys"]) => answer(
                200,
                format!(
                    "<StorageService {NAMESPACES}><StorageServiceKeys><Primary>{KEY}</Primary><Secondary>{KEY}</Secondary>\
                     </StorageServiceKeys></StorageService>"
                ),
            ),
            ("POST", ["affinitygroups"]) => match self.affinity_groups.insert(text_of(&body, "Name").to_owned()) {
                true => answer(201, String::new()),
                false => refusal(409, "ConflictError", "An affinity group with the name already exists."),
            },
            ("DELETE", ["affinitygroups", name]) => match self.affinity_groups.remove(*name) {
                true => answer(200, String::new()),
                false => missing("affinity group"),
            },
            ("GET", ["services", "networking", "media"]) => match &self.network {
                Some(document) => answer(200, document.clone()),
                None => missing("network configuration"),
            },
            ("PUT", ["services", "networking", "media"]) => self.accept(path, |own| own.network = Some(body)),
            ("GET", ["services", "disks"]) => {
                let disks: String = self.disks().iter().map(|disk| format!("<Disk>{disk}</Disk>")).collect();
                answer(200, format!("<Disks {NAMESPACES}>{disks}</Disks>"))
            }
            (_, ["services", "hostedservices", rest @ ..]) => self.serve_hosted(method, path, rest, &body),
            _ => missing("resource"),
        }
    }

    /// What stands in data disks, inside their tags.
    fn disks(&self) -> Vec<String> {
        let roles = self
            .services
            .values()
            .flat_map(|service| &service.deployments)
            .flat_map(|deployment| &deployment.roles);
        let disks = roles.flat_map(|role| role.inner.split("<DataVirtualHardDisk>").skip(1));
        disks
            .filter_map(|rest| rest.split_once("</DataVirtualHardDisk>"))
            .map(|(disk, _)| disk.to_owned())
            .collect()
    }

    fn serve_hosted(&mut self, method: &Method, path: &str, rest: &[&str], body: &str) -> Response<Bytes> {
        match (method.as_str(), rest) {
            ("GET", []) => {
                let list: String = self
                    .services
                    .values()
                    .map(|service| format!("<HostedService>{}</HostedService>", service.properties()))
                    .collect();
                answer(200, format!("<HostedServices {NAMESPACES}>{list}</HostedServices>"))
            }
            ("POST", []) => {
                let name = text_of(body, "ServiceName").to_owned();
                if self.services.contains_key(&name) || self.taken_names.contains(&name) {
                    return refusal(409, "ConflictError", "The specified DNS name is already taken.");
                }
                let service = Service {
                    label: text_of(body, "Label").to_owned(),
                    name: name.clone(),
                    deployments: Vec::new(),
                };
                self.services.insert(name, service);
                answer(201, String::new())
            }
            ("GET", ["operations", "isavailable", name]) => {
                let free = !self.all_names_taken && !self.services.contains_key(*name);
                answer(
                    200,
                    format!(
                        "<AvailabilityResponse {NAMESPACES}><Result>{free}</Result><Reason>r</Reason></AvailabilityResponse>"
                    ),
                )
            }
            (verb, [name, below @ ..]) => {
                let Some(service) = self.services.get(*name).cloned() else {
                    return missing("hosted service");
                };
                match (verb, below) {
                    ("GET", []) => answer(200, service.document()),
                    ("DELETE", []) => self.accept(path, |own| {
                        own.services.remove(&service.name);
                    }),
                    ("POST", ["deployments"]) => {
                        if !service.deployments.is_empty() {
                            return refusal(
                                409,
                                "ConflictError",
                                "The specified deployment slot Production is occupied.",
                            );
                        }
                        let role = between(body, "<Role>", "</Role>").unwrap_or_default();
                        let role = self.new_role(role);
                        let deployment = Deployment {
                            name: text_of(body, "Name").to_owned(),
                            roles: vec![role],
                        };
                        self.accept(path, |own| {
                            let service = own.services.entry(service.name.clone()).or_default();
                            service.deployments.push(deployment);
                        })
                    }
                    (_, ["deployments", deployment, below @ ..]) => {
                        self.serve_deployment(method, path, &service.name, deployment, below, body)
                    }
                    _ => missing("resource"),
                }
            }
            _ => missing("resource"),
        }
    }

    fn deployment(&mut self, service: &str, deployment: &str) -> Option<&mut Deployment> {
        let service = self.services.get_mut(service)?;
        service.deployments.iter_mut().find(|own| own.name == deployment)
    }

    fn serve_deployment(
        &mut self,
        method: &Method,
        path: &str,
        service: &str,
        deployment: &str,
        below: &[&str],
        body: &str,
    ) -> Response<Bytes> {
        let Some(found) = self.deployment(service, deployment).cloned() else {
            return missing("deployment");
        };
        let inner = between(body, &format!("<PersistentVMRole {NAMESPACES}>"), "</PersistentVMRole>");
        match (method.as_str(), below) {
            ("GET", []) => answer(200, format!("<Deployment {NAMESPACES}>{}</Deployment>", found.inner())),
            ("POST", ["roles"]) => {
                let role = self.new_role(inner.unwrap_or_default());
                if found.roles.iter().any(|own| own.name == role.name) {
                    return refusal(409, "ConflictError", "The role already exists in the deployment.");
                }
                self.accept(path, |own| {
                    own.deployment(service, deployment)
                        .expect("it was there a line ago")
                        .roles
                        .push(role);
                })
            }
            (verb, ["roles", name, below @ ..]) => {
                let Some(role) = found.roles.iter().find(|own| own.name == *name) else {
                    return missing("role");
                };
                let change = |own: &mut Self, inner: String| {
                    let deployment = own.deployment(service, deployment).expect("it was there a line ago");
                    let role = deployment.roles.iter_mut().find(|own| own.name == *name);
                    role.expect("it was there a line ago").inner = inner;
                };
                match (verb, below) {
                    ("GET", []) => answer(
                        200,
                        format!("<PersistentVMRole {NAMESPACES}>{}</PersistentVMRole>", role.inner),
                    ),
                    ("PUT", []) => {
                        let inner = inner.unwrap_or_default().to_owned();
                        self.accept(path, |own| change(own, inner))
                    }
                    ("DELETE", []) if found.roles.len() == 1 => refusal(
                        400,
                        "BadRequest",
                        "Role r is the only role present in the deployment and so cannot be removed.",
                    ),
                    ("DELETE", []) => self.accept(path, |own| {
                        let deployment = own.deployment(service, deployment).expect("it was there a line ago");
                        deployment.roles.retain(|own| own.name != *name);
                    }),
                    ("POST", ["DataDisks"]) => {
                        let root = format!("<DataVirtualHardDisk {NAMESPACES}>");
                        let disk = between(body, &root, "</DataVirtualHardDisk>").unwrap_or_default();
                        // Number 0 is not told.
                        let disk = disk.replace("<Lun>0</Lun>", "");
                        let list = text_of(&role.inner, "DataVirtualHardDisks");
                        let list = format!("{list}<DataVirtualHardDisk>{disk}</DataVirtualHardDisk>");
                        let (head, _) = role
                            .inner
                            .split_once("<DataVirtualHardDisks>")
                            .unwrap_or((&role.inner, ""));
                        let inner = format!("{head}<DataVirtualHardDisks>{list}</DataVirtualHardDisks>");
                        self.accept(path, |own| change(own, inner))
                    }
                    _ => missing("resource"),
                }
            }
            _ => missing("resource"),
        }
    }

    /// As it is told again: without what it was provisioned with.
    fn new_role(&mut self, inner: &str) -> Role {
        self.n_roles += 1;
        let provisioning = between(
            inner,
            "<ConfigurationSets>",
            "<ConfigurationSet><ConfigurationSetType>NetworkConfiguration",
        )
        .unwrap_or_default();
        Role {
            name: text_of(inner, "RoleName").to_owned(),
            inner: inner.replacen(provisioning, "", 1),
            address: format!("10.0.0.{}", 3 + self.n_roles),
        }
    }

    fn serve_blob(&mut self, request: &Request<Bytes>) -> Response<Bytes> {
        let path = request.uri().path().trim_start_matches('/').to_owned();
        let query = request.uri().query().unwrap_or_default();
        let container = path.split('/').next().unwrap_or_default().to_owned();
        let is_container = query.contains("restype=container");
        let makes_it = is_container && request.method() == Method::PUT;
        if !self.containers.contains(&container) && !makes_it {
            return refusal(404, "ContainerNotFound", "The specified container does not exist.");
        }

        match (request.method().as_str(), is_container) {
            ("GET", true) => {
                let prefix = format!("{container}/");
                let names = self.blobs.keys().filter_map(|own| own.strip_prefix(&prefix));
                let asked = query.split('&').find_map(|pair| pair.strip_prefix("prefix="));
                let asked = asked.unwrap_or_default().replace("%2F", "/");
                let names = names.filter(|name| name.starts_with(&asked));
                let blobs: String = names.map(|name| format!("<Blob><Name>{name}</Name></Blob>")).collect();
                answer(
                    200,
                    format!("<EnumerationResults><Blobs>{blobs}</Blobs><NextMarker/></EnumerationResults>"),
                )
            }
            ("HEAD", true) => answer(200, String::new()),
            ("PUT", true) => match self.containers.insert(container) {
                true => answer(201, String::new()),
                false => refusal(409, "ContainerAlreadyExists", "The specified container already exists."),
            },
            ("DELETE", true) => {
                self.containers.remove(&container);
                self.blobs
                    .retain(|own, _| own.split('/').next() != Some(container.as_str()));
                answer(202, String::new())
            }
            ("PUT", false) => {
                self.blobs.insert(path, request.body().clone());
                answer(201, String::new())
            }
            ("GET", false) => match self.blobs.get(&path) {
                Some(content) => {
                    let mut response = answer(200, String::new());
                    *response.body_mut() = content.clone();
                    response
                }
                None => refusal(404, "BlobNotFound", "The specified blob does not exist."),
            },
            ("DELETE", false) => match self.blobs.remove(&path) {
                Some(_) => answer(202, String::new()),
                None => refusal(404, "BlobNotFound", "The specified blob does not exist."),
            },
            _ => refusal(400, "InvalidQueryParameterValue", "Nobody asks this."),
        }
    }
}

impl Service {
    fn properties(&self) -> String {
        format!(
            "<ServiceName>{}</ServiceName><HostedServiceProperties><Label>{}</Label></HostedServiceProperties>",
            self.name, self.label
        )
    }

    fn document(&self) -> String {
        let deployments = self
            .deployments
            .iter()
            .map(|own| format!("<Deployment>{}</Deployment>", own.inner()));
        format!(
            "<HostedService {NAMESPACES}>{}<Deployments>{}</Deployments></HostedService>",
            self.properties(),
            deployments.collect::<String>()
        )
    }
}

impl Deployment {
    fn inner(&self) -> String {
        let instances = self.roles.iter().map(|role| {
            format!(
                "<RoleInstance><RoleName>{}</RoleName><InstanceStatus>ReadyRole</InstanceStatus><IpAddress>{}</IpAddress>\
                 </RoleInstance>",
                role.name, role.address
            )
        });
        let roles = self.roles.iter().map(|role| format!("<Role>{}</Role>", role.inner));
        format!(
            "<Name>{}</Name><Status>Running</Status><RoleInstanceList>{}</RoleInstanceList><RoleList>{}</RoleList><Locked>false\
             </Locked><VirtualIPs><VirtualIP><Address>40.0.0.1</Address></VirtualIP></VirtualIPs>",
            self.name,
            instances.collect::<String>(),
            roles.collect::<String>()
        )
    }
}
