//! A small classic provider that has learnt the lessons of the real one's history, all or all but one. With it the harness shows that
//! the scenarios of those lessons can fail: whoever has not learnt a lesson fails the scenario that shows it.
//!
//! It refuses to know more than the lessons need: no volumes, no Windows, one image. Nothing but that showing uses it.

mod documents;
mod files;
mod lesson;
mod wire;

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use http::Method;
use provider::{
    Clock, Config, Constraints, ConstraintsValidator, Environ, Error, Hardware, IngressRule, Instance, InstanceId,
    InstanceStatus, InstanceType, NetworkInterface, PortRange, Protocol, ProviderStorage, Series, StartInstance,
    Started, StatusKind, SubnetId, SubnetInfo, Transport, VolumeSource,
};
use sha2::{Digest, Sha256};
use tokio::sync::Mutex;
use uuid::Uuid;

use self::documents::{each, endpoint, first, site, whole};
use self::files::Files;
pub use self::lesson::Lesson;
use self::wire::{AGAIN_MAX, Ask, EVERY, Wire, found, status_of};
use super::CLASSIC_ACCOUNT;

const SERVICES: &str = "services/hostedservices";
const NETWORKS: &str = "services/networking/media";
/// What says that the environment exists.
const MARK: &str = "provider-state";
/// Base64 of `juju-state-server`.
const CONTROLLER: &str = "anVqdS1zdGF0ZS1zZXJ2ZXI=";
const API_PORT: u16 = 17_070;
/// Names tried for a service.
const NAMES_MAX: u32 = 10;
/// Tries to take a network out that still counts as used.
const NETWORK_TRIES: usize = 60;

/// Sizes, the cheapest first: name, cores, memory in MiB, and whether affinity groups have it.
const SIZES: &[(&str, u64, u64, bool)] = &[
    ("Small", 1, 1_792, true),
    ("Standard_D1", 1, 3_584, false),
    ("Medium", 2, 3_584, true),
    ("Standard_D2", 2, 7_168, false),
    ("Large", 4, 7_168, true),
];

/// A pupil: which lesson it has not learnt, if any.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pupil {
    /// That lesson.
    pub without: Option<Lesson>,
}

/// What a pupil is opened with.
pub(super) struct Desk {
    pub(super) config: Config,
    pub(super) subscription: String,
    pub(super) base: String,
    /// Where blobs are, without the account: `https://blob.core.windows.net`.
    pub(super) blobs: String,
    pub(super) token: String,
    pub(super) transport: Arc<dyn Transport>,
    pub(super) clock: Arc<dyn Clock>,
}

/// The provider.
pub(super) struct NaiveClassicEnviron {
    config: Config,
    wire: Arc<Wire>,
    /// Held while something is read, changed and written back.
    writes: Mutex<()>,
    /// Held while something in a service is changed.
    services: Mutex<()>,
}

/// Where a machine is.
struct Place {
    service: String,
    role: Option<String>,
}

/// What was not there before.
#[derive(Default)]
struct Made {
    group: bool,
    site: bool,
}

impl NaiveClassicEnviron {
    pub(super) fn new(desk: Desk, pupil: Pupil) -> Self {
        let Desk {
            config,
            subscription,
            base,
            blobs,
            token,
            transport,
            clock,
        } = desk;
        let blobs = match blobs.strip_prefix("https://blob.") {
            Some(domain) => format!("https://{CLASSIC_ACCOUNT}.blob.{domain}/"),
            None => format!("{blobs}/{CLASSIC_ACCOUNT}/"),
        };
        let without = pupil.without;
        Self {
            config,
            wire: Arc::new(Wire {
                base: format!("{base}/{subscription}"),
                blobs,
                token,
                transport,
                clock,
                without,
            }),
            writes: Mutex::new(()),
            services: Mutex::new(()),
        }
    }

    fn knows(&self, lesson: Lesson) -> bool {
        self.wire.knows(lesson)
    }

    fn prefix(&self) -> String {
        format!("juju-{}-", self.config.name)
    }

    fn network(&self) -> String {
        format!("{}vnet", self.prefix())
    }

    fn group(&self) -> String {
        format!("{}ag", self.prefix())
    }

    fn files(&self) -> Files {
        Files {
            container: format!("{}private", self.prefix()),
            wire: Arc::clone(&self.wire),
        }
    }

    fn is_own(&self, service: &str) -> bool {
        let rest = service.strip_prefix(&self.prefix());
        rest.is_some_and(|rest| !rest.is_empty() && (!self.knows(Lesson::WholeNames) || !rest.contains('-')))
    }

    fn parse(&self, id: &InstanceId) -> Option<Place> {
        let prefix = self.prefix();
        let mut fields = id.as_str().strip_prefix(&prefix)?.split('-');
        let service = format!("{prefix}{}", fields.next()?);
        let role = fields.next().map(str::to_owned);
        Some(Place { service, role })
    }

    fn tail(&self, what: &str, length: usize) -> String {
        let digest = Sha256::digest(format!("{what} of {}", self.config.uuid).as_bytes());
        let text: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        text.chars().take(length).collect()
    }

    async fn own_services(&self) -> Result<Vec<String>, Error> {
        let list = self.wire.ask(Ask::get(SERVICES)).await?;
        let names = each(&list, "HostedService")
            .into_iter()
            .map(|service| first(service, "ServiceName"));
        Ok(names.filter(|name| self.is_own(name)).map(str::to_owned).collect())
    }

    async fn detail(&self, service: &str) -> Result<Option<String>, Error> {
        let path = format!("{SERVICES}/{service}?embed-detail=true");
        found(self.wire.ask(Ask::get(&path)).await)
    }

    async fn location(&self) -> Result<String, Error> {
        let plain = |name: &str| name.replace(' ', "").to_lowercase();
        let list = self.wire.ask(Ask::get("locations")).await?;
        let names = each(&list, "Location")
            .into_iter()
            .map(|location| first(location, "Name").to_owned());
        let wanted = plain(&self.config.location);
        let mut named = names.filter(|name| plain(name) == wanted);
        named
            .next()
            .ok_or_else(|| Error::Machine("there is no such location".to_owned()))
    }

    async fn make_containers(&self, made: &mut Made) -> Result<(), Error> {
        let location = self.location().await?;
        let group = self.group();
        let body = documents::document(
            "CreateAffinityGroup",
            &format!("<Name>{group}</Name><Label>Z3JvdXA=</Label><Location>{location}</Location>"),
        );
        let outcome = self
            .wire
            .ask(Ask::new(Method::POST, "affinitygroups", Some(body)).or_conflict())
            .await;
        made.group = outcome.is_ok() || !self.knows(Lesson::UndoesItsOwn);
        match outcome {
            Err(error) if status_of(&error) != Some(409) => return Err(error),
            _ => {}
        }
        let change = |document: Option<&str>| {
            let is_there = document.is_some_and(|document| site(document, &self.network()).is_some());
            (!is_there).then(|| documents::with_site(document, &self.network(), &location))
        };
        let changed = self.change_networks(change).await?;
        made.site = changed || !self.knows(Lesson::UndoesItsOwn);
        Ok(())
    }

    /// Reads, changes and writes the network configuration. False where nothing was to be changed.
    async fn change_networks(&self, change: impl Fn(Option<&str>) -> Option<String>) -> Result<bool, Error> {
        let _document_is_ours = self.writes.lock().await;
        for _ in 0..=AGAIN_MAX {
            let document = found(self.wire.ask(Ask::get(NETWORKS)).await)?;
            let Some(changed) = change(document.as_deref()) else {
                return Ok(false);
            };
            let put = Ask::new(Method::PUT, NETWORKS, Some(changed));
            if !self.knows(Lesson::ReadsAgain) {
                return self.wire.ask(put).await.map(|_| true);
            }
            match self.wire.ask(put.or_conflict()).await {
                Err(error) if status_of(&error) == Some(409) => self.wire.clock.sleep(EVERY).await,
                outcome => return outcome.map(|_| true),
            }
        }
        Err(Error::Machine("somebody writes the networks all the time".to_owned()))
    }

    async fn remove_site(&self) -> Result<(), Error> {
        let change = |document: Option<&str>| {
            let own = site(document?, &self.network())?;
            Some(document?.replacen(own, "", 1))
        };
        for _ in 0..NETWORK_TRIES {
            match self.change_networks(change).await {
                Err(error) if error.is_in_use() && self.knows(Lesson::WaitsForTheNetwork) => {
                    self.wire.clock.sleep(EVERY).await;
                }
                outcome => return outcome.map(|_| ()),
            }
        }
        Ok(())
    }

    async fn delete_group(&self) -> Result<(), Error> {
        let path = format!("affinitygroups/{}", self.group());
        found(self.wire.ask(Ask::delete(&path)).await).map(|_| ())
    }

    async fn delete_service(&self, service: &str) -> Result<(), Error> {
        let path = format!("{SERVICES}/{service}?comp=media");
        found(self.wire.ask(Ask::delete(&path)).await).map(|_| ())
    }

    async fn undo(&self, made: &Made) -> Result<(), Error> {
        if made.site {
            self.remove_site().await?;
        }
        match made.group {
            true => self.delete_group().await,
            false => Ok(()),
        }
    }

    /// A name for a service of its own, and the service.
    async fn new_service(&self, params: &StartInstance) -> Result<String, Error> {
        for nth in 0..NAMES_MAX {
            let tail = self.tail(&format!("service {nth} of machine {}", params.machine), 10);
            let name = format!("{}{tail}", self.prefix());
            let path = format!("{SERVICES}/operations/isavailable/{name}");
            if first(&self.wire.ask(Ask::get(&path)).await?, "Result") != "true" {
                continue;
            }
            let label = if params.controller { CONTROLLER } else { "c2VydmljZQ==" };
            let body = documents::document(
                "CreateHostedService",
                &format!(
                    "<ServiceName>{name}</ServiceName><Label>{label}</Label><AffinityGroup>{}</AffinityGroup>",
                    self.group()
                ),
            );
            let outcome = self
                .wire
                .ask(Ask::new(Method::POST, SERVICES, Some(body)).or_conflict())
                .await;
            match outcome {
                Ok(_) => return Ok(name),
                Err(error) if status_of(&error) == Some(409) && self.knows(Lesson::AnotherName) => {}
                Err(error) => return Err(error),
            }
        }
        Err(Error::Exhausted("no name for a service is free".to_owned()))
    }

    async fn size(&self, constraints: &Constraints) -> Result<Hardware, Error> {
        let document = found(self.wire.ask(Ask::get(NETWORKS)).await)?.unwrap_or_default();
        let own = site(&document, &self.network()).unwrap_or_default();
        let is_old = own
            .split('>')
            .next()
            .is_some_and(|tag| tag.contains("AffinityGroup=\""));
        let fits = |(name, cores, mem, of_groups): &&(&str, u64, u64, bool)| {
            constraints.instance_type.as_deref().is_none_or(|own| own == *name)
                && *cores >= constraints.cores.unwrap_or(0)
                && *mem >= constraints.mem_mib.unwrap_or(0)
                && (*of_groups || !is_old || !self.knows(Lesson::SizesOfGroups))
        };
        let (name, cores, mem_mib, _) = SIZES
            .iter()
            .find(fits)
            .ok_or_else(|| Error::Constraints("no size does".to_owned()))?;
        Ok(Hardware {
            arch: "amd64".to_owned(),
            instance_type: (*name).to_owned(),
            cores: *cores,
            mem_mib: *mem_mib,
            root_disk_mib: 130_048,
        })
    }

    async fn image(&self) -> Result<String, Error> {
        let list = self.wire.ask(Ask::get("services/images")).await?;
        let names = each(&list, "OSImage").into_iter().map(|image| first(image, "Name"));
        let mut named = names.filter(|name| name.contains("Ubuntu-14_04") && name.contains("amd64-server"));
        let name = named.next().map(str::to_owned);
        name.ok_or_else(|| Error::Image("there is no image".to_owned()))
    }

    async fn role(&self, element: &str, name: &str, params: &StartInstance, size: &str) -> Result<String, Error> {
        let image = self.image().await?;
        let now_ms = self.wire.clock.now_ms();
        let blob = self.tail(&format!("disk of {name} at {now_ms}"), 20);
        let api = match params.controller {
            true => endpoint("apiport", API_PORT, "tcp", (API_PORT, "TCP")),
            false => String::new(),
        };
        let ssh = endpoint("sshport", 22, "tcp", (22, "TCP"));
        let inside = format!(
            "<RoleName>{name}</RoleName><RoleType>PersistentVMRole</RoleType><ConfigurationSets><ConfigurationSet>\
             <ConfigurationSetType>LinuxProvisioningConfiguration</ConfigurationSetType><HostName>{name}</HostName>\
             <UserName>ubuntu</UserName><UserPassword>Sixteen-tons-1</UserPassword>\
             <DisableSshPasswordAuthentication>true</DisableSshPasswordAuthentication></ConfigurationSet>{}\
             </ConfigurationSets><AvailabilitySetName>juju</AvailabilitySetName><OSVirtualHardDisk>\
             <MediaLink>{}vhds/juju{blob}</MediaLink><SourceImageName>{image}</SourceImageName><OS>Linux</OS>\
             </OSVirtualHardDisk><RoleSize>{size}</RoleSize>",
            documents::network_set(&format!("{ssh}{api}")),
            self.wire.blobs,
        );
        Ok(match element {
            "Role" => format!("<Role>{inside}</Role>"),
            root => documents::document(root, &inside),
        })
    }

    async fn place(&self, service: &str, name: &str, params: &StartInstance, size: &str) -> Result<(), Error> {
        let detail = self.detail(service).await?.unwrap_or_default();
        let deployment = each(&detail, "Deployment")
            .first()
            .map(|own| first(own, "Name").to_owned());
        let (path, body) = match deployment {
            Some(deployment) => {
                let body = self.role("PersistentVMRole", name, params, size).await?;
                (format!("{SERVICES}/{service}/deployments/{deployment}/roles"), body)
            }
            None => {
                let role = self.role("Role", name, params, size).await?;
                let inside = format!(
                    "<Name>{service}-v2</Name><DeploymentSlot>Production</DeploymentSlot><Label>ZA==</Label>\
                     <RoleList>{role}</RoleList><VirtualNetworkName>{}</VirtualNetworkName>",
                    self.network()
                );
                let body = documents::document("Deployment", &inside);
                (format!("{SERVICES}/{service}/deployments"), body)
            }
        };
        self.wire
            .ask(Ask::new(Method::POST, &path, Some(body)))
            .await
            .map(|_| ())
    }

    fn instances_in(&self, service: &str, detail: &str) -> Result<Vec<Instance>, Error> {
        let deployments = each(detail, "Deployment");
        let Some(deployment) = deployments.first() else {
            return match self.knows(Lesson::EmptyServices) {
                true => Ok(Vec::new()),
                false => Err(Error::Machine(format!("{service} has no deployment"))),
            };
        };
        let is_old = first(deployment, "Name").eq_ignore_ascii_case(service);
        let instances = each(first(deployment, "RoleInstanceList"), "RoleInstance");
        let status = |role: &str| {
            let own = instances
                .iter()
                .find(|own| first(own, "RoleName").eq_ignore_ascii_case(role));
            own.map(|own| first(own, "InstanceStatus"))
                .unwrap_or_default()
                .to_owned()
        };
        let roles = each(first(deployment, "RoleList"), "Role").into_iter();
        let told = roles.map(|role| {
            let name = first(role, "RoleName");
            let id = match is_old || !self.knows(Lesson::SharedServices) {
                true => service.to_owned(),
                false => format!("{service}-{name}"),
            };
            let message = status(name);
            Instance {
                id: InstanceId::new(id),
                status: InstanceStatus {
                    kind: match message.as_str() {
                        "ReadyRole" => StatusKind::Running,
                        _ => StatusKind::Allocating,
                    },
                    message,
                },
                addresses: Vec::new(),
                dns_name: Some(format!("{service}.cloudapp.net")),
                hardware: None,
            }
        });
        Ok(told.collect())
    }

    async fn stop_in(&self, service: &str, wanted: &[Option<String>]) -> Result<(), Error> {
        let _service_is_ours = match self.knows(Lesson::WaitsForOthers) {
            true => Some(self.services.lock().await),
            false => None,
        };
        let Some(detail) = self.detail(service).await? else {
            return match self.knows(Lesson::GoneIsStopped) {
                true => Ok(()),
                false => Err(Error::Machine(format!("{service} is not there to be stopped"))),
            };
        };
        let deployments = each(&detail, "Deployment");
        let Some(deployment) = deployments.first() else {
            return match self.knows(Lesson::EmptyServices) {
                true => self.delete_service(service).await,
                false => Err(Error::Machine(format!("{service} has no deployment"))),
            };
        };
        let name = first(deployment, "Name");
        let path = format!("{SERVICES}/{service}/deployments/{name}");
        let roles: Vec<&str> = each(first(deployment, "RoleList"), "Role")
            .into_iter()
            .map(|role| first(role, "RoleName"))
            .collect();
        let is_wanted = |role: &&&str| {
            wanted
                .iter()
                .any(|own| own.as_deref().is_none_or(|own| own.eq_ignore_ascii_case(role)))
        };
        let going: Vec<&&str> = roles.iter().filter(is_wanted).collect();
        if going.len() < roles.len() {
            for role in going {
                let path = format!("{path}/roles/{role}?comp=media");
                found(self.wire.ask(Ask::delete(&path)).await)?;
            }
            return Ok(());
        }
        if self.knows(Lesson::ServiceWithLastRole) {
            return self.delete_service(service).await;
        }
        self.wire.ask(Ask::delete(&path)).await?;
        self.wire
            .ask(Ask::delete(&format!("{SERVICES}/{service}")))
            .await
            .map(|_| ())
    }

    /// The path of a role, and its document. None where it is gone.
    async fn find_role(&self, id: &InstanceId) -> Result<Option<(String, String)>, Error> {
        let Some(place) = self.parse(id) else {
            return Ok(None);
        };
        let Some(detail) = self.detail(&place.service).await? else {
            return Ok(None);
        };
        let deployments = each(&detail, "Deployment");
        let Some(deployment) = deployments.first() else {
            return Ok(None);
        };
        let roles = each(first(deployment, "RoleList"), "Role");
        let role = place.role.unwrap_or_else(|| {
            let only = roles.first().map(|role| first(role, "RoleName"));
            only.unwrap_or_default().to_owned()
        });
        let name = first(deployment, "Name");
        let path = format!("{SERVICES}/{}/deployments/{name}/roles/{role}", place.service);
        let document = found(self.wire.ask(Ask::get(&path)).await)?;
        Ok(document.map(|document| (path, document)))
    }

    /// Changes the endpoints of a role, which is read and written whole. False where there is no such role.
    async fn change_endpoints(&self, id: &InstanceId, change: impl Fn(&mut Vec<String>)) -> Result<bool, Error> {
        let _role_is_ours = match self.knows(Lesson::ReadsAgain) {
            true => Some(self.writes.lock().await),
            false => None,
        };
        for _ in 0..=AGAIN_MAX {
            let Some((path, document)) = self.find_role(id).await? else {
                return Ok(false);
            };
            let mut endpoints: Vec<String> = whole(&document, "InputEndpoint")
                .into_iter()
                .map(str::to_owned)
                .collect();
            change(&mut endpoints);
            let role = path.rsplit('/').next().unwrap_or_default();
            let body = documents::document(
                "PersistentVMRole",
                &format!(
                    "<RoleName>{role}</RoleName><RoleType>PersistentVMRole</RoleType><ConfigurationSets>{}\
                     </ConfigurationSets><AvailabilitySetName>juju</AvailabilitySetName>",
                    documents::network_set(&endpoints.concat())
                ),
            );
            let put = Ask::new(Method::PUT, &path, Some(body));
            if !self.knows(Lesson::ReadsAgain) {
                return self.wire.ask(put).await.map(|_| true);
            }
            match self.wire.ask(put.or_conflict()).await {
                Err(error) if status_of(&error) == Some(409) => self.wire.clock.sleep(EVERY).await,
                outcome => return outcome.map(|_| true),
            }
        }
        Err(Error::Machine("somebody writes the role all the time".to_owned()))
    }

    fn endpoint_of(&self, rule: &IngressRule) -> String {
        let ports = rule.ports;
        let protocol = ports.protocol.to_string();
        let probe = match ports.protocol {
            Protocol::Udp if self.knows(Lesson::TcpProbes) => (22, "TCP"),
            Protocol::Udp => (ports.from, "UDP"),
            _ => (ports.from, "TCP"),
        };
        endpoint(&format!("{protocol}{}", ports.from), ports.from, &protocol, probe)
    }
}

fn not_supported<T>() -> Result<T, Error> {
    Err(Error::NotSupported("this provider is for showing only".to_owned()))
}

#[async_trait]
impl Environ for NaiveClassicEnviron {
    fn config(&self) -> Config {
        self.config.clone()
    }

    async fn prepare_for_bootstrap(&self) -> Result<(), Error> {
        if self.knows(Lesson::CredentialFirst) {
            let path = format!("services/storageservices/{CLASSIC_ACCOUNT}/keys");
            self.wire.ask(Ask::get(&path)).await?;
        }
        Ok(())
    }

    async fn create(&self) -> Result<(), Error> {
        self.make_containers(&mut Made::default()).await
    }

    async fn bootstrap(&self, params: StartInstance) -> Result<Started, Error> {
        let mut made = Made::default();
        let bootstrapped = async {
            self.make_containers(&mut made).await?;
            let started = self.start_instance(params).await?;
            let mark = format!("- {}\n", started.instance.id);
            self.files().put(MARK, Bytes::from(mark)).await?;
            Ok(started)
        };
        let outcome: Result<Started, Error> = bootstrapped.await;
        if outcome.is_err() {
            self.undo(&made).await?;
        }
        outcome
    }

    async fn start_instance(&self, params: StartInstance) -> Result<Started, Error> {
        let hardware = self.size(&params.constraints).await?;
        let shares = self.knows(Lesson::SharedServices);
        let peer = params
            .distribution_group
            .first()
            .filter(|_| shares)
            .and_then(|id| self.parse(id));
        let is_own = peer.is_none();
        let service = match peer {
            Some(peer) => peer.service,
            None => self.new_service(&params).await?,
        };
        let role = format!("juju{}", self.tail(&format!("role of machine {}", params.machine), 20));
        let placed = {
            let _service_is_ours = match self.knows(Lesson::WaitsForOthers) {
                true => Some(self.services.lock().await),
                false => None,
            };
            self.place(&service, &role, &params, &hardware.instance_type).await
        };
        if let Err(error) = placed {
            if is_own {
                self.delete_service(&service).await?;
            }
            return Err(error);
        }
        let id = match shares {
            true => format!("{service}-{role}"),
            false => service.clone(),
        };
        Ok(Started {
            instance: Instance {
                id: InstanceId::new(id),
                status: InstanceStatus {
                    kind: StatusKind::Allocating,
                    message: String::new(),
                },
                addresses: Vec::new(),
                dns_name: Some(format!("{service}.cloudapp.net")),
                hardware: Some(hardware.clone()),
            },
            hardware,
        })
    }

    async fn stop_instances(&self, ids: &[InstanceId]) -> Result<(), Error> {
        let mut services: BTreeMap<String, Vec<Option<String>>> = BTreeMap::new();
        for place in ids.iter().filter_map(|id| self.parse(id)) {
            services.entry(place.service).or_default().push(place.role);
        }
        for (service, roles) in services {
            self.stop_in(&service, &roles).await?;
        }
        Ok(())
    }

    async fn instances(&self, ids: &[InstanceId]) -> Result<Vec<Instance>, Error> {
        let services = self.own_services().await?;
        let mut slots = Vec::with_capacity(ids.len());
        for id in ids {
            let service = self.parse(id).map(|place| place.service).unwrap_or_default();
            let is_listed = services.iter().any(|own| own.eq_ignore_ascii_case(&service));
            let found = match self.detail(&service).await? {
                Some(detail) if is_listed => self.instances_in(&service, &detail)?,
                // With nothing in it, there is nothing to look into.
                _ if !self.knows(Lesson::GapsForGone) => {
                    return Err(Error::Machine(format!("{service} is nowhere to be found")));
                }
                _ => Vec::new(),
            };
            slots.push(found.into_iter().find(|instance| instance.id == *id));
        }
        match slots.iter().flatten().count() {
            0 => Err(Error::NoInstances),
            n if n < slots.len() => Err(Error::PartialInstances { slots }),
            _ => Ok(slots.into_iter().flatten().collect()),
        }
    }

    async fn all_instances(&self) -> Result<Vec<Instance>, Error> {
        let mut all = Vec::new();
        for service in self.own_services().await? {
            if let Some(detail) = self.detail(&service).await? {
                all.extend(self.instances_in(&service, &detail)?);
            }
        }
        all.sort_by(|a, b| a.id.cmp(&b.id));
        Ok(all)
    }

    async fn controller_instances(&self, _controller_uuid: Uuid) -> Result<Vec<InstanceId>, Error> {
        not_supported()
    }

    async fn open_ports(&self, id: &InstanceId, rules: &[IngressRule]) -> Result<(), Error> {
        let change = |endpoints: &mut Vec<String>| {
            for new in rules.iter().map(|rule| self.endpoint_of(rule)) {
                let name = first(&new, "Name");
                if !endpoints.iter().any(|own| first(own, "Name") == name) {
                    endpoints.push(new);
                }
            }
        };
        match self.change_endpoints(id, change).await? {
            true => Ok(()),
            false => Err(Error::NoInstances),
        }
    }

    async fn close_ports(&self, id: &InstanceId, rules: &[IngressRule]) -> Result<(), Error> {
        let change = |endpoints: &mut Vec<String>| {
            for gone in rules.iter().map(|rule| self.endpoint_of(rule)) {
                endpoints.retain(|own| first(own, "Name") != first(&gone, "Name"));
            }
        };
        self.change_endpoints(id, change).await.map(|_| ())
    }

    async fn ports(&self, id: &InstanceId) -> Result<Vec<IngressRule>, Error> {
        let (path, document) = self.find_role(id).await?.ok_or(Error::NoInstances)?;
        let service = path.split('/').nth(2).unwrap_or_default();
        let detail = self.detail(service).await?.unwrap_or_default();
        let serves_api = first(&detail, "Label") == CONTROLLER;
        let is_initial = |endpoint: &str, port: u16| match self.knows(Lesson::AsksTheLabel) {
            true => first(endpoint, "Name") == "sshport" || serves_api && first(endpoint, "Name") == "apiport",
            false => port == 22 || port == API_PORT,
        };
        let told = whole(&document, "InputEndpoint").into_iter().filter_map(|endpoint| {
            let port: u16 = first(endpoint, "Port").parse().ok()?;
            // Its probe has a protocol, too, which stands before.
            let protocol = match each(endpoint, "Protocol").last().copied().unwrap_or_default() {
                "udp" | "UDP" => Protocol::Udp,
                _ => Protocol::Tcp,
            };
            (!is_initial(endpoint, port)).then(|| IngressRule::from(PortRange::single(protocol, port)))
        });
        let mut rules: Vec<IngressRule> = told.collect();
        rules.sort();
        Ok(rules)
    }

    async fn expose(&self, _id: &InstanceId) -> Result<(), Error> {
        Ok(())
    }

    async fn unexpose(&self, _id: &InstanceId) -> Result<(), Error> {
        Ok(())
    }

    async fn open_global_ports(&self, _rules: &[IngressRule]) -> Result<(), Error> {
        not_supported()
    }

    async fn close_global_ports(&self, _rules: &[IngressRule]) -> Result<(), Error> {
        not_supported()
    }

    async fn global_ports(&self) -> Result<Vec<IngressRule>, Error> {
        not_supported()
    }

    async fn destroy(&self) -> Result<(), Error> {
        if !self.knows(Lesson::MarkLast) {
            self.files().remove_all().await?;
        }
        for service in self.own_services().await? {
            self.delete_service(&service).await?;
        }
        self.remove_site().await?;
        self.delete_group().await?;
        self.files().remove_all().await
    }

    async fn destroy_controller(&self, _controller_uuid: Uuid) -> Result<(), Error> {
        self.destroy().await
    }

    async fn adopt_resources(&self, _controller_uuid: Uuid, _from_version: &str) -> Result<(), Error> {
        not_supported()
    }

    async fn precheck_instance(
        &self,
        _series: &Series,
        _constraints: &Constraints,
        _placement: Option<&str>,
    ) -> Result<(), Error> {
        Ok(())
    }

    async fn instance_types(&self, _constraints: &Constraints) -> Result<Vec<InstanceType>, Error> {
        not_supported()
    }

    async fn constraints_validator(&self) -> Result<ConstraintsValidator, Error> {
        not_supported()
    }

    fn storage(&self) -> Result<Arc<dyn ProviderStorage>, Error> {
        Ok(Arc::new(self.files()))
    }

    fn volume_source(self: Arc<Self>) -> Result<Arc<dyn VolumeSource>, Error> {
        not_supported()
    }

    async fn subnets(&self, _instance: Option<&InstanceId>, _ids: &[SubnetId]) -> Result<Vec<SubnetInfo>, Error> {
        not_supported()
    }

    async fn network_interfaces(&self, _ids: &[InstanceId]) -> Result<Vec<Option<Vec<NetworkInterface>>>, Error> {
        not_supported()
    }
}
