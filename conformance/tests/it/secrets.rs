//! Credentials, and what is derived from them, are in no error, log or trace: of a run with faults everything that the provider says is
//! searched for every secret that went over the wire, on both stacks.

use std::collections::BTreeSet;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use conformance::subject::{Stack, Subject};
use fake_azure::faults::Rule;
use fake_azure::identity::MANAGEMENT_CERTIFICATE_PEM;
use fake_azure::{Delivery, FakeAzure, Listener, Pace};
use fake_azure_cloud::catalogue::limits::Era;
use fake_azure_cloud::{Guid, Time};
use http::{Request, Response};
use provider::{
    ClassicConfig, Clock, CloudSpec, Config, Credential, Environ, Error, IngressRule, InstanceId,
    ManagementCertificate, Offering, OpenParams, StartInstance, Transport, TransportError, TransportErrorKind,
    UserFile, VolumeParams,
};
use serde_json::json;
use tracing_subscriber::util::SubscriberInitExt;
use uuid::Uuid;

const SUBSCRIPTION: Uuid = Uuid::from_u128(0x6d4a_1f0e_5b0c_4f4b_9a55_0a6c_3c1f_2e01);
const ACCOUNT: &str = "storyaccount";
/// What an agent is told at its first boot.
const OF_THE_AGENT: &str = "apipassword-of-the-agent";
const SEEDS: std::ops::RangeInclusive<u64> = 1..=2;
const TRIES: usize = 3;
/// Shorter texts are no secrets.
const SECRET_LEN_MIN: usize = 12;

/// Members of documents, elements and fields of forms that hold secrets.
const SECRET_NAMES: &[&str] = &[
    // tidy: sorted
    "AdminPassword",
    "CustomData",
    "Primary",
    "Secondary",
    "UserPassword",
    "access_token",
    "adminPassword",
    "client_secret",
    "customData",
    "refresh_token",
    // tidy: end
];

/// A simulator that notes every secret that goes over its wire.
struct World {
    azure: FakeAzure,
    secrets: Mutex<BTreeSet<String>>,
}

impl World {
    fn new(seed: u64, era: Era) -> World {
        let azure = FakeAzure::builder()
            .seed(seed)
            .start_at(Time::from_millis(1_459_468_800_000))
            .era(era)
            .pace(Pace::Paused)
            .dates_by_own_clock()
            .subscription(Guid::parse(&SUBSCRIPTION.to_string()).expect("a uuid is a GUID"))
            .start();
        let mut secrets = BTreeSet::new();
        secrets.insert(OF_THE_AGENT.to_owned());
        secrets.insert(azure.directory().first().secret.clone());
        let (_, key) = MANAGEMENT_CERTIFICATE_PEM
            .split_once("PRIVATE KEY")
            .expect("the certificate comes with its key");
        secrets.extend(key.lines().filter(|line| line.len() > 40).map(str::to_owned));
        World {
            azure,
            secrets: Mutex::new(secrets),
        }
    }

    fn note(&self, secret: &str) {
        if secret.len() >= SECRET_LEN_MIN {
            let mut secrets = self.secrets.lock().unwrap_or_else(PoisonError::into_inner);
            secrets.insert(secret.to_owned());
        }
    }

    fn note_all(&self, text: &str) {
        for name in SECRET_NAMES {
            let shapes = [
                (format!("\"{name}\":\""), '"'),
                (format!("\"{name}\": \""), '"'),
                (format!("<{name}>"), '<'),
                (format!("{name}="), '&'),
            ];
            for (before, end) in shapes {
                for (at, _) in text.match_indices(&before) {
                    let value = &text[at + before.len()..];
                    self.note(value.split(end).next().unwrap_or_default());
                }
            }
        }
    }

    fn note_keys(&self, path: &str, text: &str) {
        if path.to_lowercase().ends_with("listkeys") {
            for (at, before) in text.match_indices("\"value\":\"") {
                let value = &text[at + before.len()..];
                self.note(value.split('"').next().unwrap_or_default());
            }
        }
    }

    fn secrets(&self) -> BTreeSet<String> {
        self.secrets.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn fault(&self, rule: &serde_json::Value) {
        let rule: Rule = serde_json::from_value(rule.clone()).expect("the rule is one");
        let installed = self.azure.with_sandbox(|sandbox| sandbox.install(rule));
        installed.expect("the rule is sound");
    }

    /// What a person has made before a classic environment can be.
    fn make_account(&self) {
        let body = format!(
            "<CreateStorageServiceInput xmlns=\"http://schemas.microsoft.com/windowsazure\"><ServiceName>{ACCOUNT}</ServiceName>\
             <Label>c3Rvcnk=</Label><Location>West US</Location><GeoReplicationEnabled>false</GeoReplicationEnabled>\
             </CreateStorageServiceInput>"
        );
        let request = Request::post(format!(
            "https://management.core.windows.net/{SUBSCRIPTION}/services/storageservices"
        ))
        .header("authorization", format!("Bearer {}", self.azure.token()))
        .header("x-ms-version", "2014-06-01")
        .body(Bytes::from(body))
        .expect("the request is well formed");
        let served = self.azure.serve(Listener::Asm, request);
        assert!(served.response.status().is_success(), "{:?}", served.response);
        self.pass(600_000);
    }

    fn pass(&self, millis: i64) {
        self.azure.with_sandbox(|sandbox| {
            let to = sandbox.cloud.now().plus_millis(millis);
            sandbox.advance(to);
        });
    }
}

#[async_trait]
impl Transport for World {
    async fn send(&self, mut request: Request<Bytes>) -> Result<Response<Bytes>, TransportError> {
        let host = request.uri().host().unwrap_or_default();
        let listener = match host {
            "management.azure.com" => Listener::Arm,
            "management.core.windows.net" => Listener::Asm,
            host if host.contains(".blob.") => Listener::Blob,
            _ => Listener::Aad,
        };
        let path = request.uri().path().to_owned();
        if let Some(value) = request
            .headers()
            .get("authorization")
            .and_then(|value| value.to_str().ok())
        {
            let value = value.rsplit([' ', ':']).next().unwrap_or_default();
            self.note(value);
        }
        if let Some((_, signature)) = request.uri().query().and_then(|query| query.split_once("sig=")) {
            self.note(signature.split('&').next().unwrap_or_default());
        }
        self.note_all(&String::from_utf8_lossy(request.body()));
        if listener == Listener::Asm {
            request
                .extensions_mut()
                .insert(self.azure.directory().management_certificate());
        }
        let served = self.azure.serve(listener, request);
        let text = String::from_utf8_lossy(served.response.body()).into_owned();
        self.note_all(&text);
        self.note_keys(&path, &text);
        match served.delivery {
            Delivery::Send => Ok(served.response),
            Delivery::After(span) => {
                self.sleep(span).await;
                Ok(served.response)
            }
            Delivery::Drop => Err(TransportError::new(TransportErrorKind::Cut, "the connection was cut")),
        }
    }
}

#[async_trait]
impl Clock for World {
    fn now_ms(&self) -> u64 {
        let now = self.azure.with_sandbox(|sandbox| sandbox.cloud.now());
        u64::try_from(now.millis()).unwrap_or_default()
    }

    async fn sleep(&self, duration: Duration) {
        self.pass(i64::try_from(duration.as_millis()).unwrap_or(i64::MAX));
    }
}

/// What was logged.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Log {
    fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().unwrap_or_else(PoisonError::into_inner)).into_owned()
    }
}

/// Everything that the provider said in a run.
#[derive(Default)]
struct Said {
    text: String,
    n_errors: usize,
}

impl Said {
    fn error(&mut self, error: &Error) {
        self.text.push_str(&format!("{error}\n{error:?}\n{}\n", error.report()));
        self.n_errors += 1;
    }

    /// Tries a few times, as Juju's workers do.
    async fn try_some<T, F: Future<Output = Result<T, Error>>>(&mut self, act: impl Fn() -> F) -> Option<T> {
        for _ in 0..TRIES {
            match act().await {
                Ok(done) => return Some(done),
                Err(error) => self.error(&error),
            }
        }
        None
    }
}

fn open(world: &Arc<World>, subject: Subject, seed: u64, secret: Option<&str>) -> Arc<dyn Environ> {
    let mut config = Config::new("story", Uuid::from_u128(0x0e), Uuid::from_u128(0x0c), "westus");
    config.generation = subject.generation;
    let credential = match subject.stack {
        Stack::Classic => {
            config.classic = Some(ClassicConfig::new(ACCOUNT));
            let certificate = ManagementCertificate::from_pem(MANAGEMENT_CERTIFICATE_PEM.as_bytes());
            Credential::with_management_certificate(SUBSCRIPTION, certificate.expect("the certificate is readable"))
        }
        Stack::Arm | Stack::Naive => {
            let directory = world.azure.directory();
            let principal = directory.first();
            let id = Uuid::parse_str(&principal.app_id.to_string()).expect("an application's id is a uuid");
            Credential::with_password(SUBSCRIPTION, id, secret.unwrap_or(&principal.secret).to_owned())
        }
    };
    let params = OpenParams {
        config,
        cloud: CloudSpec {
            offering: Offering::Historic,
            ..CloudSpec::public()
        },
        credential,
        transport: Arc::clone(world) as Arc<dyn Transport>,
        clock: Arc::clone(world) as Arc<dyn Clock>,
        seed,
    };
    provider::open(params).expect("the configuration works")
}

fn machine(nth: u32, subject: Subject) -> StartInstance {
    let series = match subject.stack {
        Stack::Classic => "trusty",
        Stack::Arm | Stack::Naive => "xenial",
    };
    let mut params = StartInstance::new(nth, Uuid::from_u128(0x0c), series);
    params.user_data.files.push(UserFile {
        path: "/var/lib/juju/agent.conf".to_owned(),
        content: format!("apipassword: {OF_THE_AGENT}"),
        mode: 0o600,
    });
    params
}

async fn live(world: &Arc<World>, subject: Subject, seed: u64) -> Said {
    let mut said = Said::default();
    let environ = open(world, subject, seed, None);
    said.text.push_str(&format!("{:?}\n", environ.config()));
    if subject.stack == Stack::Arm {
        let stranger = open(world, subject, seed, Some("not-the-secret-but-one"));
        world.note("not-the-secret-but-one");
        said.try_some(|| stranger.prepare_for_bootstrap()).await;
    }
    said.try_some(|| environ.prepare_for_bootstrap()).await;
    let controller = || StartInstance {
        controller: true,
        ..machine(0, subject)
    };
    let started = said.try_some(|| environ.bootstrap(controller())).await;
    let mut ids: Vec<InstanceId> = started.into_iter().map(|started| started.instance.id).collect();
    let unit = || StartInstance {
        units: vec!["mysql/0".to_owned()],
        ..machine(1, subject)
    };
    let started = said.try_some(|| environ.start_instance(unit())).await;
    ids.extend(started.into_iter().map(|started| started.instance.id));
    world.pass(3_600_000);
    let rules: Vec<IngressRule> = ["80/tcp", "443/tcp"]
        .iter()
        .map(|text| IngressRule::from(text.parse::<provider::PortRange>().expect("a port range")))
        .collect();
    for id in &ids {
        said.try_some(|| environ.open_ports(id, &rules)).await;
        let volume = json!({"volume": 3, "size-mib": 1024, "instance": id});
        let volume: VolumeParams = serde_json::from_value(volume).expect("a volume");
        match Arc::clone(&environ).volume_source() {
            Ok(source) => match source.create(std::slice::from_ref(&volume)).await {
                Ok(made) => made
                    .iter()
                    .filter_map(|own| own.as_ref().err())
                    .for_each(|error| said.error(error)),
                Err(error) => said.error(&error),
            },
            Err(error) => said.error(&error),
        }
    }
    said.try_some(|| environ.instances(&ids)).await;
    said.try_some(|| environ.stop_instances(&ids)).await;
    said.try_some(|| environ.destroy()).await;
    said.text.push_str(&format!("{:?}\n", environ.config()));
    said
}

/// The secrets that stand in a text, each by its first letters.
fn shown(text: &str, secrets: &BTreeSet<String>) -> Vec<String> {
    let found = secrets.iter().filter(|secret| text.contains(secret.as_str()));
    found.map(|secret| secret.chars().take(6).collect()).collect()
}

/// Trouble of every sort, drawn from the seed.
fn faults() -> Vec<serde_json::Value> {
    vec![
        json!({"match": {"probability": 0.04}, "verdict": {"status": {"status": 500}}}),
        json!({"match": {"probability": 0.02}, "verdict": "cut-after"}),
        json!({"match": {"probability": 0.02}, "verdict": "cut-before"}),
        json!({"match": {"probability": 0.03}, "verdict": {"throttle": {"retry_after_secs": 20}}}),
        json!({"match": {"method": "PUT", "probability": 0.1}, "verdict": {"operation-fails": {}}}),
        json!({"match": {"method": "POST", "probability": 0.2}, "verdict": {"operation-fails": {}}}),
        json!({"match": {"path": "{blob}/**", "probability": 0.2}, "verdict": {"status": {"status": 409}}}),
    ]
}

#[test]
fn nothing_that_is_said_holds_a_secret() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .expect("a runtime");
    for subject in Subject::ALL {
        let (mut n_errors, mut n_secrets) = (0, 0);
        for seed in SEEDS {
            let era = match subject.stack {
                Stack::Classic => Era::find("2014"),
                Stack::Arm | Stack::Naive => Era::find("2016"),
            };
            let world = Arc::new(World::new(seed, era.expect("the era is known")));
            if subject.stack == Stack::Classic {
                world.make_account();
            }
            faults().iter().for_each(|rule| world.fault(rule));
            let log = Log::default();
            let writer = log.clone();
            let logging = tracing_subscriber::fmt()
                .with_max_level(tracing_subscriber::filter::LevelFilter::TRACE)
                .with_ansi(false)
                .with_writer(move || writer.clone())
                .finish()
                .set_default();
            let said = runtime.block_on(live(&world, *subject, seed));
            drop(logging);
            let secrets = world.secrets();
            let log = log.text();
            assert!(log.lines().count() > 20, "{subject} seed {seed}: nothing is logged");
            assert_eq!(
                shown(&said.text, &secrets),
                Vec::<String>::new(),
                "{subject} seed {seed}: in an error"
            );
            assert_eq!(
                shown(&log, &secrets),
                Vec::<String>::new(),
                "{subject} seed {seed}: in the log"
            );
            n_errors += said.n_errors;
            n_secrets = n_secrets.max(secrets.len());
        }
        assert!(n_errors > 0, "{subject}: no fault made an error");
        assert!(n_secrets > 12, "{subject}: {n_secrets} secrets went over the wire");
    }
}

#[test]
fn a_secret_that_is_said_is_found() {
    let world = World::new(1, Era::Current);
    world.note_all(r#"{"adminPassword":"Sixteen-tons-1"} <Primary>a2V5LW9mLWFjY291bnQ=</Primary>"#);
    world.note_all("grant_type=client_credentials&client_secret=hunter2hunter2&x=y");
    let secrets = world.secrets();
    for text in ["Sixteen-tons-1", "a2V5LW9mLWFjY291bnQ=", "hunter2hunter2", OF_THE_AGENT] {
        assert_eq!(shown(&format!("cannot: {text}"), &secrets).len(), 1, "{text}");
    }
    assert!(secrets.len() > 10, "the key of the certificate is among them");
}
