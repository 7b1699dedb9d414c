//! What only the classic stack has.
//!
//! Its refusals, which have few codes and many texts, and are told apart all the same; and where machines are put (juju-provider 6.16, 6.17): no machine hosts two applications, units of one share a
//! cloud service and its availability set, and a service goes with its last machine.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use conformance::driver::DriverKind;
use conformance::stage::Stage;
use conformance::subject::Subject;
use fake_azure::identity::MANAGEMENT_CERTIFICATE_PEM;
use fake_azure_cloud::classic::forms;
use fake_azure_cloud::{Cloud, ErrorKind};
use http::{Request, Response};
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use provider::{
    ClassicConfig, Clock, CloudSpec, Config as Configuration, Credential, InstanceId, Kind, ManagementCertificate,
    Offering, OpenParams, StartInstance, Transport, TransportError,
};
use uuid::Uuid;

#[derive(Clone, Copy, Debug)]
enum Operation {
    /// A unit more of an application.
    Add(u8),
    /// One unit less, counted from the first.
    Remove(u8, u8),
}

fn operation() -> impl Strategy<Value = Operation> {
    prop_oneof![
        3 => (0..3_u8).prop_map(Operation::Add),
        2 => (0..3_u8, 0..3_u8).prop_map(|(app, nth)| Operation::Remove(app, nth)),
    ]
}

/// Cloud services with the roles in each.
fn services(cloud: &Cloud) -> BTreeMap<String, BTreeSet<String>> {
    let classic = cloud.classic();
    let mut services: BTreeMap<String, BTreeSet<String>> = classic
        .hosted_services
        .iter()
        .map(|(name, _)| (name.to_string(), BTreeSet::new()))
        .collect();
    for (key, deployment) in classic.deployments.iter() {
        let roles = services.entry(key.0.to_string()).or_default();
        roles.extend(deployment.roles.iter().map(|role| role.name.to_string()));
    }
    services
}

/// The cloud service of an instance, in the way its id names it.
fn service_of(id: &InstanceId, services: &BTreeMap<String, BTreeSet<String>>) -> Option<String> {
    let id = id.as_str().to_lowercase();
    services
        .keys()
        .filter(|name| id.starts_with(&format!("{name}-")))
        .max_by_key(|name| name.len())
        .cloned()
}

fn tell(history: &[Operation]) -> anyhow::Result<()> {
    let mut stage = Stage::open(DriverKind::Wire, Subject::CLASSIC, 5)?;
    stage.provide()?;
    let environ = stage.environ("places")?;
    let mut controller = StartInstance::new(0, stage.controller(), stage.series());
    controller.controller = true;
    stage.ask(environ.bootstrap(controller))?;
    let mut applications: BTreeMap<u8, Vec<InstanceId>> = BTreeMap::new();
    for (machine, operation) in (1..).zip(history) {
        match *operation {
            Operation::Add(app) => {
                let units = applications.entry(app).or_default();
                let mut params = StartInstance::new(machine, stage.controller(), stage.series());
                params.units = vec![format!("app{app}/{machine}")];
                params.distribution_group.clone_from(units);
                units.push(stage.ask(environ.start_instance(params))?.instance.id);
            }
            Operation::Remove(app, nth) => {
                let units = applications.entry(app).or_default();
                if usize::from(nth) < units.len() {
                    let id = units.remove(usize::from(nth));
                    stage.ask(environ.stop_instances(&[id]))?;
                }
            }
        }
        let there = stage.look(services);
        let n_units: usize = applications.values().map(Vec::len).sum();
        let n_roles: usize = there.values().map(BTreeSet::len).sum();
        anyhow::ensure!(
            n_roles == n_units + 1,
            "{n_roles} roles for {n_units} units and a controller"
        );
        let n_running = applications.values().filter(|units| !units.is_empty()).count();
        anyhow::ensure!(
            there.len() == n_running + 1,
            "{} services for {n_running} applications and a controller: {there:?}",
            there.len()
        );
        let mut taken = BTreeSet::new();
        for units in applications.values().filter(|units| !units.is_empty()) {
            let of_units: BTreeSet<Option<String>> = units.iter().map(|id| service_of(id, &there)).collect();
            anyhow::ensure!(of_units.len() == 1, "units of one application are in {of_units:?}");
            anyhow::ensure!(taken.is_disjoint(&of_units), "{of_units:?} hosts two applications");
            taken.extend(of_units);
        }
    }
    Ok(())
}

#[test]
fn machines_are_put_where_their_applications_are() {
    let config = Config {
        cases: 5,
        max_shrink_iters: 60,
        failure_persistence: None,
        ..Config::default()
    };
    let mut runner = TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &[4; 32]));
    let histories = prop::collection::vec(operation(), 4..9);
    let outcome = runner.run(&histories, |history| {
        tell(&history).map_err(|error| TestCaseError::fail(format!("{error:#}")))
    });
    assert!(outcome.is_ok(), "{outcome:?}");
}

/// An API that refuses everything in the same words, on a clock that passes at once.
struct Refusing {
    status: u16,
    code: &'static str,
    message: String,
}

#[async_trait]
impl Transport for Refusing {
    async fn send(&self, _request: Request<Bytes>) -> Result<Response<Bytes>, TransportError> {
        let message = self.message.replace('<', "&lt;").replace('>', "&gt;");
        let body = format!(
            "<Error xmlns=\"http://schemas.microsoft.com/windowsazure\"><Code>{}</Code><Message>{message}</Message></Error>",
            self.code
        );
        let mut answer = Response::new(Bytes::from(body));
        *answer.status_mut() = http::StatusCode::from_u16(self.status).unwrap_or_default();
        Ok(answer)
    }
}

#[async_trait]
impl Clock for Refusing {
    fn now_ms(&self) -> u64 {
        0
    }

    async fn sleep(&self, _duration: Duration) {}
}

/// What the API answers a code with (service-management 1.8).
fn status(code: &str, kind: ErrorKind) -> u16 {
    match (code, kind) {
        ("BadRequest", _) => 400,
        ("ConflictError", _) => 409,
        ("ForbiddenError", _) => 403,
        ("InternalError", _) => 500,
        (_, ErrorKind::Missing) => 404,
        _ => 409,
    }
}

/// A message with its arguments filled in: numbers, so that limits can be read.
fn filled(text: &str) -> String {
    let mut pieces = text.split('{');
    let mut message = pieces.next().unwrap_or_default().to_owned();
    for (number, piece) in (1..).zip(pieces) {
        let rest = piece.split_once('}').map_or(piece, |(_, rest)| rest);
        message.push_str(&format!("{number}{rest}"));
    }
    message
}

fn kind_of(refusing: Refusing) -> Option<Kind> {
    let refusing = Arc::new(refusing);
    let certificate = ManagementCertificate::from_pem(MANAGEMENT_CERTIFICATE_PEM.as_bytes()).ok()?;
    let mut config = Configuration::new("story", Uuid::from_u128(1), Uuid::from_u128(2), "West US");
    config.classic = Some(ClassicConfig::new("storyaccount"));
    let environ = provider::open(OpenParams {
        config,
        cloud: CloudSpec {
            offering: Offering::Historic,
            ..CloudSpec::public()
        },
        credential: Credential::with_management_certificate(Uuid::from_u128(3), certificate),
        transport: Arc::clone(&refusing) as Arc<dyn Transport>,
        clock: refusing,
        seed: 1,
    });
    let runtime = tokio::runtime::Builder::new_current_thread().build().ok()?;
    let refused = runtime.block_on(environ.ok()?.all_instances());
    refused.err().and_then(|error| error.kind())
}

#[test]
fn every_refusal_of_the_classic_api_has_its_kind() {
    let mut wrong = Vec::new();
    for form in forms::ALL {
        let kind = kind_of(Refusing {
            status: status(form.code, form.kind),
            code: form.code,
            message: filled(form.text),
        });
        let holds = match (form.kind, &kind) {
            // The numbers of a limit are told with it.
            (ErrorKind::Quota, Some(Kind::QuotaExceeded(quota))) => quota.name.is_some() && quota.limit.is_some(),
            (ErrorKind::InUse, Some(Kind::InUse))
            | (ErrorKind::Busy, Some(Kind::Conflict))
            | (ErrorKind::Capacity, Some(Kind::Capacity))
            | (ErrorKind::Forbidden, Some(Kind::Unauthorised))
            | (ErrorKind::Internal, Some(Kind::Server))
            | (ErrorKind::Missing, Some(Kind::NotFound)) => true,
            // What a request names and is not there is a mistake in the request.
            (ErrorKind::Missing, Some(Kind::Invalid)) => form.code == "BadRequest",
            // A disk's blob that somebody holds is refused as a conflict.
            (ErrorKind::Conflict, Some(Kind::InUse)) => form.text.contains("lease conflict"),
            (ErrorKind::Conflict | ErrorKind::Invalid | ErrorKind::Precondition, Some(Kind::Invalid)) => true,
            _ => false,
        };
        if !holds {
            wrong.push(format!("{} is {kind:?}", form.text));
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
}

#[test]
fn a_limit_of_the_classic_api_is_told_with_its_numbers() {
    let told = kind_of(Refusing {
        status: 409,
        code: "ConflictError",
        message: "The subscription policy limit for resource type 'cores count' was exceeded. The limit for resource type 'cores \
                  count' is 20 per subscription, the current count is 19, and the requested increment is 2."
            .to_owned(),
    });
    let Some(Kind::QuotaExceeded(quota)) = told else {
        panic!("{told:?}");
    };
    assert_eq!(
        (quota.name.as_deref(), quota.limit, quota.in_use, quota.needed),
        (Some("cores"), Some(20), Some(19), Some(2))
    );
}
