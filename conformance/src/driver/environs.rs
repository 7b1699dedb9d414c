//! Environments: the provider opened on the simulator, its calls made on virtual time.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use bytes::Bytes;
use fake_azure::identity::MANAGEMENT_CERTIFICATE_PEM;
use fake_azure_cloud::Guid;
use http::{Request, Response};
use provider::{
    ClassicConfig, CloudSpec, Config, Credential, Environ, Error, IngressRule, InstanceId, Kind, ManagementCertificate,
    Offering, OpenParams, PerItem, Transport, TransportError, TransportErrorKind,
};
use serde::Serialize;
use serde_json::{Value, json};
use url::Url;
use uuid::Uuid;

use super::calls::{Access, Arguments, CONTROLLER, CallError, Options, ProviderCall, uuid_of};
use super::exchange::{Api, Broken, Exchange};
use super::naive::NaiveEnviron;
use super::naive_classic::{Desk, NaiveClassicEnviron};
use super::protection::{Edge, Memory, Protection, Unprotected};
use super::traffic::{Sent, Traffic};
use super::workers::{Stopped, VirtualClock, Work};
use super::{CLASSIC_ACCOUNT, Outcome, Setup};
use crate::scenario::CallStep;
use crate::subject::{Stack, Subject};

/// Environments by name, opened when they are first asked for.
pub(crate) struct Environs {
    exchange: Arc<dyn Exchange>,
    clock: Arc<VirtualClock>,
    crash: Arc<Crash>,
    traffic: Arc<Traffic>,
    seed: u64,
    location: String,
    subject: Subject,
    /// What the provider lacks, to show that something would be amiss.
    without: Option<&'static Protection>,
    memory: Memory,
    /// Where environments are, and who works on them, where that is not the usual.
    access: BTreeMap<String, Access>,
    open: BTreeMap<String, Opened>,
    /// What is kept of environments that are not open: all that another process would know of them.
    kept: BTreeMap<String, (Subject, Config)>,
}

struct Opened {
    subject: Subject,
    environ: Arc<dyn Environ>,
}

impl Environs {
    pub(crate) fn new(exchange: Arc<dyn Exchange>, setup: &Setup) -> Environs {
        let clock = Arc::new(VirtualClock::new(Arc::clone(&exchange)));
        Environs {
            exchange,
            clock,
            crash: Arc::default(),
            traffic: Arc::default(),
            seed: setup.seed,
            location: setup.location.clone(),
            subject: setup.subject,
            without: None,
            memory: Memory::default(),
            access: BTreeMap::new(),
            open: BTreeMap::new(),
            kept: BTreeMap::new(),
        }
    }

    /// The same environments on another simulator: opened anew there, from what is kept of them.
    pub(crate) fn forked(&self, exchange: Arc<dyn Exchange>) -> Environs {
        let clock = Arc::new(VirtualClock::new(Arc::clone(&exchange)));
        Environs {
            exchange,
            clock,
            crash: Arc::default(),
            traffic: Arc::default(),
            seed: self.seed,
            location: self.location.clone(),
            subject: self.subject,
            without: self.without,
            memory: Memory::default(),
            access: self.access.clone(),
            open: BTreeMap::new(),
            kept: self.to_keep(),
        }
    }

    /// From here on the provider lacks a protection.
    pub(crate) fn lack(&mut self, protection: &'static Protection) {
        self.without = Some(protection);
    }

    /// Makes calls, one worker each.
    pub(crate) fn perform(&mut self, steps: &[CallStep]) -> Result<Vec<Outcome>, CallError> {
        let mut calls = Vec::with_capacity(steps.len());
        for step in steps {
            let options = Arguments(&step.arguments).options()?;
            calls.push((step.environment.clone(), options, ProviderCall::read(step)?));
        }
        self.make(calls)
    }

    /// Makes one call.
    pub(crate) fn call(
        &mut self,
        environment: &str,
        options: &Options,
        call: ProviderCall,
    ) -> Result<Outcome, CallError> {
        let mut outcomes = self.make(vec![(environment.to_owned(), options.clone(), call)])?;
        Ok(outcomes.pop().unwrap_or(Outcome::Done))
    }

    fn make(&mut self, calls: Vec<(String, Options, ProviderCall)>) -> Result<Vec<Outcome>, CallError> {
        let mut work: Vec<Work<'static, Outcome>> = Vec::with_capacity(calls.len());
        let many = calls.len() > 1;
        for (environment, options, call) in calls {
            if matches!(call, ProviderCall::Restart) {
                self.restart();
                work.push(Box::pin(std::future::ready(Outcome::Gave(Value::Null))));
                continue;
            }
            match self.environ(&environment, &options)? {
                Ok(environ) => work.push(Box::pin(perform(environ, call))),
                Err(error) if !many => return Ok(vec![gave_up(&error)]),
                Err(error) => return Err(CallError(format!("environment `{environment}`: {}", error.report()))),
            }
        }
        match self.run(work) {
            Ok(outcomes) => Ok(outcomes),
            Err(Stopped::Stuck) => Ok(vec![Outcome::GaveUp {
                error: "the provider waits for something that never comes: every worker waits, none for the clock"
                    .to_owned(),
                kind: "stuck",
            }]),
            Err(Stopped::Crashed) => Ok(vec![Outcome::GaveUp {
                error: "the process ended".to_owned(),
                kind: "crashed",
            }]),
        }
    }

    /// Runs workers on the simulator's time.
    pub(crate) fn run<T>(&self, work: Vec<Work<'_, T>>) -> Result<Vec<T>, Stopped> {
        self.clock.run(work)
    }

    /// The process ends, and another one begins: it knows of environments what was kept of them.
    pub(crate) fn restart(&mut self) {
        self.kept = self.to_keep();
        self.open.clear();
        self.crash.disarm();
    }

    /// The process ends as it was told to, in the middle of something: what environments had generated meanwhile is lost.
    pub(crate) fn forget(&mut self) {
        self.open.clear();
        self.crash.disarm();
    }

    /// An environment of that name is another than before: nothing is kept of the former.
    pub(crate) fn close_former(&mut self, name: &str, uuid: Uuid) {
        let open = self.open.get(name).map(|opened| opened.environ.config().uuid);
        let kept = self.kept.get(name).map(|(_, config)| config.uuid);
        if open.or(kept).is_some_and(|former| former != uuid) {
            self.close(name);
        }
    }

    /// An environment is somebody else's business from now on: nothing is kept of it here.
    pub(crate) fn close(&mut self, name: &str) {
        self.open.remove(name);
        self.kept.remove(name);
    }

    /// Keeps what environments have generated for themselves so far.
    pub(crate) fn keep(&mut self) {
        self.kept = self.to_keep();
    }

    /// The process is to end at the `nth` request from here on, counted from 1.
    pub(crate) fn crash_at(&self, nth: u64, side: Side) {
        self.crash.arm(nth, side);
    }

    /// How many requests the environments have sent so far.
    pub(crate) fn n_sent(&self) -> usize {
        self.traffic.len()
    }

    /// What the environments have sent so far, in order.
    pub(crate) fn traffic(&self) -> Vec<Sent> {
        self.traffic.sent()
    }

    /// The clock that everything here goes by.
    pub(crate) fn clock(&self) -> Arc<dyn provider::Clock> {
        Arc::clone(&self.clock) as Arc<dyn provider::Clock>
    }

    /// Which provider an environment of these options is of.
    pub(crate) fn subject_of(&self, options: &Options) -> Subject {
        options.subject(self.subject)
    }

    fn to_keep(&self) -> BTreeMap<String, (Subject, Config)> {
        let mut kept = self.kept.clone();
        for (name, opened) in &self.open {
            kept.insert(name.clone(), (opened.subject, opened.environ.config()));
        }
        kept
    }

    /// An environment, opened if it is not. The inner error is the provider's.
    pub(crate) fn environ(
        &mut self,
        name: &str,
        options: &Options,
    ) -> Result<Result<Arc<dyn Environ>, Error>, CallError> {
        if let Some(opened) = self.open.get(name) {
            return Ok(Ok(Arc::clone(&opened.environ)));
        }
        let (subject, config) = match self.kept.get(name) {
            Some(kept) => kept.clone(),
            None => {
                let config = Config::new(
                    name,
                    environment_uuid(name),
                    uuid_of("controller", CONTROLLER),
                    self.location.clone(),
                );
                self.access.insert(name.to_owned(), options.access().clone());
                (options.subject(self.subject), options.apply(config)?)
            }
        };
        let access = self.access.get(name).cloned().unwrap_or_default();
        let opened = match subject.stack {
            Stack::Arm => self.open_arm(subject, config, access)?,
            Stack::Classic => match subject.pupil {
                Some(pupil) => {
                    let desk = Desk {
                        config,
                        subscription: access
                            .managed_subscription
                            .map_or_else(|| self.exchange.site().subscription, |id| id.to_string()),
                        base: self.exchange.base(Api::Asm),
                        blobs: self.exchange.base(Api::Blob),
                        token: self.exchange.token(),
                        transport: self.transport(Api::Asm),
                        clock: Arc::clone(&self.clock) as Arc<dyn provider::Clock>,
                    };
                    Ok(Arc::new(NaiveClassicEnviron::new(desk, pupil)) as Arc<dyn Environ>)
                }
                None => self.open_classic(config, &access)?,
            },
            Stack::Naive => Ok(Arc::new(NaiveEnviron {
                config,
                base: self.exchange.base(Api::Arm),
                token: self.exchange.token(),
                transport: self.transport(Api::Arm),
                clock: Arc::clone(&self.clock) as Arc<dyn provider::Clock>,
            }) as Arc<dyn Environ>),
        };
        let opened = opened.map(|inner| match self.without {
            Some(protection) => Arc::new(Unprotected { inner, protection }) as Arc<dyn Environ>,
            None => inner,
        });
        Ok(opened.inspect(|environ| {
            let environ = Arc::clone(environ);
            self.open.insert(name.to_owned(), Opened { subject, environ });
        }))
    }

    fn open_arm(
        &self,
        subject: Subject,
        mut config: Config,
        access: Access,
    ) -> Result<Result<Arc<dyn Environ>, Error>, CallError> {
        let (application, secret) = access.application.unwrap_or_else(|| self.exchange.application());
        let site = self.exchange.site();
        // A live subscription has what Azure offers today, and its rehearsal pretends no more.
        let offering = match site.prefix {
            Some(_) => Offering::Today,
            None => Offering::Historic,
        };
        let usual = self.url(Api::Arm)?;
        let of_azure = usual == CloudSpec::public().resource_manager;
        let other = access.cloud.unwrap_or_else(CloudSpec::public);
        let cloud = CloudSpec {
            // By its own name in process; behind a socket every cloud is one server.
            resource_manager: if of_azure {
                other.resource_manager.clone()
            } else {
                usual
            },
            login: None,
            offering,
            ..other
        };
        config.generation = subject.generation;
        let mut credential = Credential::with_password(uuid(&site.subscription)?, uuid(&application)?, secret);
        credential.managed_subscription_id = access.managed_subscription;
        credential.application_object_id = access.application_object;
        if let Some(id) = access.managed_subscription.and_then(|id| Guid::parse(&id.to_string())) {
            // Its owner has delegated it, so it is there.
            self.exchange.with_cloud(&mut |cloud| {
                if cloud.subscription(id).is_none() {
                    cloud.add_subscription(id);
                }
            });
        }
        Ok(provider::open(OpenParams {
            config,
            cloud,
            credential,
            transport: self.transport(Api::Arm),
            clock: Arc::clone(&self.clock) as Arc<dyn provider::Clock>,
            seed: self.seed,
        }))
    }

    /// The account that a person has made is the usual one, unless the configuration names another.
    fn open_classic(&self, mut config: Config, access: &Access) -> Result<Result<Arc<dyn Environ>, Error>, CallError> {
        let site = self.exchange.site();
        config
            .classic
            .get_or_insert_with(|| ClassicConfig::new(CLASSIC_ACCOUNT));
        let certificate = match ManagementCertificate::from_pem(MANAGEMENT_CERTIFICATE_PEM.as_bytes()) {
            Ok(certificate) => certificate,
            Err(error) => return Ok(Err(error)),
        };
        let blob = self.exchange.base(Api::Blob);
        let cloud = CloudSpec {
            service_management: self.url(Api::Asm)?,
            // By host name in process, by path behind a socket.
            blob_endpoint: match blob.strip_prefix("https://blob.") {
                Some(domain) => format!("https://{{account}}.blob.{domain}/"),
                None => format!("{blob}/{{account}}/"),
            },
            offering: match site.prefix {
                Some(_) => Offering::Today,
                None => Offering::Historic,
            },
            ..CloudSpec::public()
        };
        Ok(provider::open(OpenParams {
            config,
            cloud,
            // A subscription that is not its own knows another certificate.
            credential: Credential::with_management_certificate(
                match access.managed_subscription {
                    Some(subscription) => subscription,
                    None => uuid(&site.subscription)?,
                },
                certificate,
            ),
            transport: self.transport(Api::Asm),
            clock: Arc::clone(&self.clock) as Arc<dyn provider::Clock>,
            seed: self.seed,
        }))
    }

    fn url(&self, api: Api) -> Result<Url, CallError> {
        Url::parse(&self.exchange.base(api)).map_err(|error| CallError(format!("no address: {error}")))
    }

    /// The way of an environment's requests, its process's end included.
    fn transport(&self, api: Api) -> Arc<dyn Transport> {
        let carrier = Arc::new(Carrier {
            exchange: Arc::clone(&self.exchange),
            clock: Arc::clone(&self.clock),
            crash: Arc::clone(&self.crash),
            traffic: Arc::clone(&self.traffic),
            api,
        });
        match self.without {
            Some(protection) => Arc::new(Edge {
                inner: carrier,
                clock: Arc::clone(&self.clock) as Arc<dyn provider::Clock>,
                protection,
                memory: Arc::clone(&self.memory),
            }),
            None => carrier,
        }
    }
}

fn uuid(text: &str) -> Result<Uuid, CallError> {
    Uuid::parse_str(text).map_err(|error| CallError(format!("`{text}` is no uuid: {error}")))
}

/// The uuid of an environment: the same in every run.
pub(crate) fn environment_uuid(name: &str) -> Uuid {
    uuid_of("environment", name)
}

/// On which side of a request a process ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// Before it is sent.
    Before,
    /// After it was answered, and before anybody has read the answer.
    After,
}

/// When the process of all environments ends.
#[derive(Debug, Default)]
struct Crash(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    n_sent: u64,
    at: Option<(u64, Side)>,
    over: bool,
}

impl Crash {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn arm(&self, nth: u64, side: Side) {
        *self.state() = State {
            at: Some((nth, side)),
            ..State::default()
        };
    }

    fn disarm(&self) {
        *self.state() = State::default();
    }

    /// Counts a request; gives back where the process ends, if at this one, and whether it has ended before.
    fn count(&self) -> (Option<Side>, bool) {
        let mut state = self.state();
        if state.over {
            return (None, true);
        }
        state.n_sent += 1;
        let side = state.at.filter(|(nth, _)| *nth == state.n_sent).map(|(_, side)| side);
        state.over = side.is_some();
        (side, false)
    }
}

/// The provider's requests, carried to the simulator.
struct Carrier {
    exchange: Arc<dyn Exchange>,
    clock: Arc<VirtualClock>,
    crash: Arc<Crash>,
    traffic: Arc<Traffic>,
    api: Api,
}

#[async_trait]
impl Transport for Carrier {
    async fn send(&self, mut request: Request<Bytes>) -> Result<Response<Bytes>, TransportError> {
        if self.api == Api::Asm
            && let Some(certificate) = self.exchange.management_certificate()
        {
            request.extensions_mut().insert(certificate);
        }
        if let Err(reason) = self.exchange.permit(self.api, &request) {
            return Err(TransportError::new(TransportErrorKind::Unsendable, reason));
        }
        let (ends, over) = self.crash.count();
        if ends == Some(Side::Before) {
            self.clock.crash();
        }
        if over || ends == Some(Side::Before) {
            std::future::pending::<()>().await;
        }
        let sent = Sent::new(self.api, &request, self.exchange.now().millis());
        let delivered = self.exchange.send(self.api, request);
        self.traffic.add(sent.answered(delivered.as_ref().ok()));
        if ends == Some(Side::After) {
            self.clock.crash();
            std::future::pending::<()>().await;
        }
        match delivered {
            Ok(delivered) => {
                if let Some(span) = delivered.after {
                    provider::Clock::sleep(&*self.clock, span).await;
                }
                Ok(delivered.response)
            }
            Err(Broken(reason)) => Err(TransportError::new(TransportErrorKind::Cut, reason)),
        }
    }
}

async fn perform(environ: Arc<dyn Environ>, call: ProviderCall) -> Outcome {
    let given = match call {
        ProviderCall::AdoptResources {
            controller,
            from_version,
        } => environ
            .adopt_resources(controller, &from_version)
            .await
            .map(|()| Value::Null),
        ProviderCall::AllInstances => environ.all_instances().await.map(|instances| json!(instances)),
        ProviderCall::Bootstrap(params) => environ.bootstrap(*params).await.map(|started| started_value(&started)),
        ProviderCall::CloseGlobalPorts(rules) => environ.close_global_ports(&rules).await.map(|()| Value::Null),
        ProviderCall::ClosePorts(id, rules) => environ.close_ports(&id, &rules).await.map(|()| Value::Null),
        ProviderCall::ConstraintsValidator(constraints) => match environ.constraints_validator().await {
            Ok(validator) => validator.validate(&constraints).map(|ignored| json!(ignored)),
            Err(error) => Err(error),
        },
        ProviderCall::ControllerInstances { controller } => {
            environ.controller_instances(controller).await.map(|ids| json!(ids))
        }
        ProviderCall::Create => environ.create().await.map(|()| Value::Null),
        ProviderCall::Expose(id) => environ.expose(&id).await.map(|()| Value::Null),
        ProviderCall::Destroy => environ.destroy().await.map(|()| Value::Null),
        ProviderCall::DestroyController { controller } => {
            environ.destroy_controller(controller).await.map(|()| Value::Null)
        }
        ProviderCall::GlobalPorts => environ.global_ports().await.map(|rules| ports_value(&rules)),
        ProviderCall::InstanceTypes(constraints) => environ
            .instance_types(&constraints)
            .await
            .map(|types| json!(types.into_iter().map(|row| row.name).collect::<Vec<_>>())),
        ProviderCall::Instances(ids) => environ.instances(&ids).await.map(|instances| json!(instances)),
        ProviderCall::NetworkInterfaces(ids) => environ
            .network_interfaces(&ids)
            .await
            .map(|interfaces| json!(interfaces)),
        ProviderCall::OpenGlobalPorts(rules) => environ.open_global_ports(&rules).await.map(|()| Value::Null),
        ProviderCall::OpenPorts(id, rules) => environ.open_ports(&id, &rules).await.map(|()| Value::Null),
        ProviderCall::Ports(id) => environ.ports(&id).await.map(|rules| ports_value(&rules)),
        ProviderCall::PrecheckInstance {
            series,
            constraints,
            placement,
        } => environ
            .precheck_instance(&series, &constraints, placement.as_deref())
            .await
            .map(|()| Value::Null),
        ProviderCall::PrepareForBootstrap => environ.prepare_for_bootstrap().await.map(|()| Value::Null),
        ProviderCall::StartInstance(params) => environ
            .start_instance(*params)
            .await
            .map(|started| started_value(&started)),
        ProviderCall::Restart => Ok(Value::Null),
        ProviderCall::StopInstances(ids) => environ.stop_instances(&ids).await.map(|()| Value::Null),
        ProviderCall::StopOthers(known) => stop_others(&environ, &known).await.map(|()| Value::Null),
        ProviderCall::Subnets(instance, ids) => environ
            .subnets(instance.as_ref(), &ids)
            .await
            .map(|subnets| json!(subnets)),
        ProviderCall::SupportsUnitPlacement => environ.supports_unit_placement().map(|()| Value::Null),
        ProviderCall::Unexpose(id) => environ.unexpose(&id).await.map(|()| Value::Null),
        ProviderCall::AttachVolumes(_)
        | ProviderCall::CreateVolumes(_)
        | ProviderCall::DescribeVolumes(_)
        | ProviderCall::DestroyVolumes(_)
        | ProviderCall::DetachVolumes(_)
        | ProviderCall::ListVolumes => return of_volumes(environ, call).await,
        ProviderCall::GetFile(_)
        | ProviderCall::ListFiles(_)
        | ProviderCall::PutFile(..)
        | ProviderCall::RemoveFile(_) => return of_files(&*environ, call).await,
    };
    match given {
        Ok(value) => Outcome::Gave(value),
        Err(error) => gave_up(&error),
    }
}

async fn of_files(environ: &dyn Environ, call: ProviderCall) -> Outcome {
    let storage = match environ.storage() {
        Ok(storage) => storage,
        Err(error) => return gave_up(&error),
    };
    let given = match call {
        ProviderCall::GetFile(name) => storage.get(&name).await.map(|content| match content {
            Some(content) => json!(String::from_utf8_lossy(&content)),
            None => Value::Null,
        }),
        ProviderCall::ListFiles(prefix) => storage.list(&prefix).await.map(|names| json!(names)),
        ProviderCall::PutFile(name, content) => storage.put(&name, Bytes::from(content)).await.map(|()| Value::Null),
        ProviderCall::RemoveFile(name) => storage.remove(&name).await.map(|()| Value::Null),
        _ => return Outcome::NotPerformed,
    };
    match given {
        Ok(value) => Outcome::Gave(value),
        Err(error) => gave_up(&error),
    }
}

async fn stop_others(environ: &Arc<dyn Environ>, known: &[InstanceId]) -> Result<(), Error> {
    let reported = environ.all_instances().await?.into_iter().map(|instance| instance.id);
    let others: Vec<InstanceId> = reported.filter(|id| !known.contains(id)).collect();
    environ.stop_instances(&others).await
}

async fn of_volumes(environ: Arc<dyn Environ>, call: ProviderCall) -> Outcome {
    let source = match environ.volume_source() {
        Ok(source) => source,
        Err(error) => return gave_up(&error),
    };
    match call {
        ProviderCall::AttachVolumes(params) => each(source.attach(&params).await),
        ProviderCall::CreateVolumes(params) => {
            for params in &params {
                if let Err(error) = source.validate(params) {
                    return gave_up(&error);
                }
            }
            each(source.create(&params).await)
        }
        ProviderCall::DescribeVolumes(ids) => each(source.describe(&ids).await),
        ProviderCall::DestroyVolumes(ids) => each(source.destroy(&ids).await),
        ProviderCall::DetachVolumes(params) => each(source.detach(&params).await),
        ProviderCall::ListVolumes => match source.list().await {
            Ok(ids) => Outcome::Gave(json!(ids)),
            Err(error) => gave_up(&error),
        },
        _ => Outcome::NotPerformed,
    }
}

/// All that came of the items, or which of them went wrong: `2: volume-7 not found`.
fn each<T: Serialize>(items: PerItem<T>) -> Outcome {
    let items = match items {
        Ok(items) => items,
        Err(error) => return gave_up(&error),
    };
    let errors: Vec<(usize, &Error)> = items
        .iter()
        .zip(1..)
        .filter_map(|(item, number)| item.as_ref().err().map(|error| (number, error)))
        .collect();
    if let Some((_, first)) = errors.first() {
        let texts: Vec<String> = errors
            .iter()
            .map(|(number, error)| format!("{number}: {}", error.report()))
            .collect();
        return Outcome::GaveUp {
            error: texts.join("; "),
            kind: kind_of(first),
        };
    }
    Outcome::Gave(Value::Array(
        items.into_iter().flatten().map(|item| json!(item)).collect(),
    ))
}

pub(crate) fn started_value(started: &provider::Started) -> Value {
    let mut value = json!(started.instance);
    value["hardware"] = json!(started.hardware);
    value
}

fn ports_value(rules: &[IngressRule]) -> Value {
    let text = |rule: &IngressRule| {
        let sources: Vec<String> = rule.sources.iter().map(ToString::to_string).collect();
        if sources.is_empty() {
            rule.ports.to_string()
        } else {
            format!("{} from {}", rule.ports, sources.join(" "))
        }
    };
    Value::Array(rules.iter().map(|rule| Value::from(text(rule))).collect())
}

fn gave_up(error: &Error) -> Outcome {
    Outcome::GaveUp {
        error: error.report(),
        kind: kind_of(error),
    }
}

/// The class of an error, in one word.
pub(crate) fn kind_of(error: &Error) -> &'static str {
    match error.kind() {
        Some(Kind::QuotaExceeded(_)) => "quota",
        Some(Kind::Capacity) => "capacity",
        Some(Kind::InUse) => "in-use",
        Some(Kind::NotFound) => "not-found",
        Some(Kind::Unauthorised) => "unauthorised",
        Some(Kind::Forbidden) => "forbidden",
        Some(Kind::Throttled { .. }) => "throttled",
        Some(Kind::Transport) => "transport",
        Some(_) => "azure",
        None => match error {
            Error::Config { .. } => "config",
            Error::NotSupported(_) => "not-supported",
            Error::NoInstances => "no-instances",
            Error::PartialInstances { .. } => "partial-instances",
            Error::Placement(_) => "placement",
            Error::UnknownInstanceType(_) | Error::Constraints(_) | Error::NoInstanceType { .. } => "constraints",
            Error::Image(_) => "image",
            Error::Exhausted(_) => "exhausted",
            Error::Volume(_) | Error::VolumeNotFound(_) | Error::Disks { .. } => "volume",
            _ => "other",
        },
    }
}
