//! Environments: the provider opened on the simulator, its calls made on virtual time.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use http::{Request, Response};
use provider::{
    CloudSpec, Config, Credential, Environ, Error, IngressRule, Kind, Offering, OpenParams, PublicAddresses, Transport,
    TransportError, TransportErrorKind,
};
use serde_json::{Value, json};
use url::Url;
use uuid::Uuid;

use super::calls::{Arguments, CONTROLLER, CallError, ProviderCall, uuid_of};
use super::exchange::{Api, Broken, Exchange};
use super::workers::{Stuck, VirtualClock, Work};
use super::{Outcome, SUBSCRIPTION, Setup};
use crate::scenario::CallStep;

/// Environments by name, opened when they are first asked for.
pub(crate) struct Environs {
    exchange: Arc<dyn Exchange>,
    clock: Arc<VirtualClock>,
    seed: u64,
    location: String,
    open: BTreeMap<String, Arc<dyn Environ>>,
}

impl Environs {
    pub(crate) fn new(exchange: Arc<dyn Exchange>, setup: &Setup) -> Environs {
        let clock = Arc::new(VirtualClock::new(Arc::clone(&exchange)));
        Environs {
            exchange,
            clock,
            seed: setup.seed,
            location: setup.location.clone(),
            open: BTreeMap::new(),
        }
    }

    /// Makes calls, one worker each.
    pub(crate) fn perform(&mut self, steps: &[CallStep]) -> Result<Vec<Outcome>, CallError> {
        let mut calls = Vec::with_capacity(steps.len());
        for step in steps {
            let policy = Arguments(&step.arguments).public_addresses()?;
            calls.push((step.environment.clone(), policy, ProviderCall::read(step)?));
        }
        self.make(calls)
    }

    /// Makes one call.
    pub(crate) fn call(
        &mut self,
        environment: &str,
        policy: Option<PublicAddresses>,
        call: ProviderCall,
    ) -> Result<Outcome, CallError> {
        let mut outcomes = self.make(vec![(environment.to_owned(), policy, call)])?;
        Ok(outcomes.pop().unwrap_or(Outcome::Done))
    }

    fn make(&mut self, calls: Vec<(String, Option<PublicAddresses>, ProviderCall)>) -> Result<Vec<Outcome>, CallError> {
        let mut work: Vec<Work<'static, Outcome>> = Vec::with_capacity(calls.len());
        let many = calls.len() > 1;
        for (environment, policy, call) in calls {
            match self.environ(&environment, policy)? {
                Ok(environ) => work.push(Box::pin(perform(environ, call))),
                Err(error) if !many => return Ok(vec![gave_up(&error)]),
                Err(error) => return Err(CallError(format!("environment `{environment}`: {}", error.report()))),
            }
        }
        match self.clock.run(work) {
            Ok(outcomes) => Ok(outcomes),
            Err(Stuck) => Ok(vec![Outcome::GaveUp {
                error: "the provider waits for something that never comes: every worker waits, none for the clock"
                    .to_owned(),
                kind: "stuck",
            }]),
        }
    }

    fn environ(
        &mut self,
        name: &str,
        policy: Option<PublicAddresses>,
    ) -> Result<Result<Arc<dyn Environ>, Error>, CallError> {
        if let Some(environ) = self.open.get(name) {
            return Ok(Ok(Arc::clone(environ)));
        }
        let (application, secret) = self.exchange.application();
        let uuid =
            |text: &str| Uuid::parse_str(text).map_err(|error| CallError(format!("`{text}` is no uuid: {error}")));
        let url = |api| Url::parse(&self.exchange.base(api)).map_err(|error| CallError(format!("no address: {error}")));
        let mut config = Config::new(
            name,
            environment_uuid(name),
            uuid_of("controller", CONTROLLER),
            self.location.clone(),
        );
        if let Some(policy) = policy {
            config.public_addresses = policy;
        }
        let cloud = CloudSpec {
            resource_manager: url(Api::Arm)?,
            login: None,
            offering: Offering::Historic,
            ..CloudSpec::public()
        };
        let transport = Carrier {
            exchange: Arc::clone(&self.exchange),
            clock: Arc::clone(&self.clock),
        };
        let opened = provider::open(OpenParams {
            config,
            cloud,
            credential: Credential::with_password(uuid(SUBSCRIPTION)?, uuid(&application)?, secret),
            transport: Arc::new(transport),
            clock: Arc::clone(&self.clock) as Arc<dyn provider::Clock>,
            seed: self.seed,
        });
        Ok(opened.inspect(|environ| {
            self.open.insert(name.to_owned(), Arc::clone(environ));
        }))
    }
}

/// The uuid of an environment: the same in every run.
pub(crate) fn environment_uuid(name: &str) -> Uuid {
    uuid_of("environment", name)
}

/// The provider's requests, carried to the simulator.
struct Carrier {
    exchange: Arc<dyn Exchange>,
    clock: Arc<VirtualClock>,
}

#[async_trait]
impl Transport for Carrier {
    async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, TransportError> {
        match self.exchange.send(Api::Arm, request) {
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
        ProviderCall::AdoptResources { controller } => environ.adopt_resources(controller).await.map(|()| Value::Null),
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
        ProviderCall::StopInstances(ids) => environ.stop_instances(&ids).await.map(|()| Value::Null),
    };
    match given {
        Ok(value) => Outcome::Gave(value),
        Err(error) => gave_up(&error),
    }
}

fn started_value(started: &provider::Started) -> Value {
    let mut value = json!(started.instance);
    value["hardware"] = json!(started.hardware);
    value
}

fn ports_value(rules: &[IngressRule]) -> Value {
    Value::Array(rules.iter().map(|rule| Value::from(rule.ports.to_string())).collect())
}

fn gave_up(error: &Error) -> Outcome {
    Outcome::GaveUp {
        error: error.report(),
        kind: kind_of(error),
    }
}

/// The class of an error, in one word.
fn kind_of(error: &Error) -> &'static str {
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
            _ => "other",
        },
    }
}
