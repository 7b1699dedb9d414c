//! Performing steps: straight in the cloud (`model`), over the protocols in process (`wire`), over sockets (`socket`).
//!
//! A driver refuses to know whether what came of a step is right.

mod calls;
mod environs;
mod exchange;
mod http;
mod in_process;
mod juju;
mod juju_between;
mod live;
mod model;
mod naive;
mod naive_classic;
mod protection;
mod redact;
mod socket;
mod traffic;
mod workers;

use std::fmt;
use std::sync::Arc;

use fake_azure_cloud::{Cloud, Time};
use serde_json::Value;

pub(crate) use self::calls::{CONTROLLER, CallError, Options, uuid_of};
pub use self::environs::Side;
pub(crate) use self::environs::{Environs, environment_uuid, kind_of};
pub(crate) use self::exchange::{Api, Exchange};
pub use self::live::{Account, LiveSetup, Shown};
pub(crate) use self::live::{PREFIX_LEN_MIN, Site};
pub use self::model::ModelDriver;
pub use self::naive_classic::{Lesson, Pupil};
pub use self::protection::Protection;
pub use self::traffic::Sent;
pub use self::workers::Stopped;
pub(crate) use self::workers::Work;

use crate::controller::ModelGoal;
use crate::controller::between::{Crossing, Owned};
use crate::scenario::{CallStep, HttpStep};
use crate::subject::Subject;

/// The subscription that scenarios live in.
pub const SUBSCRIPTION: &str = "6d4a1f0e-5b0c-4f4b-9a55-0a6c3c1f2e01";

/// When scenarios begin: 2016-04-01T00:00:00Z.
pub const START: Time = Time::from_millis(1_459_468_800_000);

/// Longest that an operation is waited for, on the scenario's clock: a day.
pub(crate) const PATIENCE_MS: i64 = 86_400_000;

/// Which driver.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, clap::ValueEnum)]
pub enum DriverKind {
    /// Straight in the cloud, without a protocol.
    Model,
    /// Over the protocols, in process.
    Wire,
    /// Over the protocols and TLS sockets.
    Socket,
    /// A live subscription, or the rehearsal of one: chosen by its target, not by this name.
    #[value(skip)]
    Live,
}

impl DriverKind {
    /// Every driver of a world of one's own, cheapest first.
    pub const ALL: [DriverKind; 3] = [DriverKind::Model, DriverKind::Wire, DriverKind::Socket];

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            DriverKind::Model => "model",
            DriverKind::Wire => "wire",
            DriverKind::Socket => "socket",
            DriverKind::Live => "live",
        }
    }
}

impl fmt::Display for DriverKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What a world begins with.
#[derive(Clone)]
pub struct Setup {
    /// Decides every draw.
    pub seed: u64,
    /// Name of the limit profile.
    pub profile: String,
    /// Where environments are.
    pub location: String,
    /// Which provider environments are of, unless a step says otherwise.
    pub subject: Subject,
    /// The live subscription, for a run against one.
    pub live: Option<LiveSetup>,
}

/// Something asked of a resource, every variable resolved.
#[derive(Clone, Debug)]
pub(crate) enum Request {
    Put {
        id: String,
        version: String,
        body: Value,
        if_match: Option<String>,
        only_new: bool,
    },
    Patch {
        id: String,
        version: String,
        body: Value,
        if_match: Option<String>,
    },
    Delete {
        id: String,
        version: String,
        if_match: Option<String>,
    },
    Get {
        id: String,
        version: String,
        expand: Option<String>,
    },
    Post {
        id: String,
        action: String,
        version: String,
        body: Value,
    },
    List {
        path: String,
        version: String,
    },
}

/// What came of a step.
#[derive(Clone, Debug)]
pub(crate) enum Outcome {
    /// An answer of Azure's.
    Answer(Box<Answer>),
    /// There was none: the connection broke.
    NoAnswer(String),
    /// The provider gave something back.
    Gave(Value),
    /// The provider gave up.
    GaveUp { error: String, kind: &'static str },
    /// Nothing comes of such a step.
    Done,
    /// This driver does not perform such steps.
    NotPerformed,
}

impl From<Answer> for Outcome {
    fn from(answer: Answer) -> Outcome {
        Outcome::Answer(Box::new(answer))
    }
}

/// An answer, as far as the driver can tell.
#[derive(Clone, Debug, Default)]
pub(crate) struct Answer {
    /// HTTP status; a driver without HTTP has none.
    pub(crate) status: Option<u16>,
    /// Headers; a driver without HTTP has none.
    pub(crate) headers: Option<Vec<(String, String)>>,
    /// The refusal, if it is one.
    pub(crate) refusal: Option<Refusal>,
    /// The body.
    pub(crate) body: Option<Value>,
    /// How the operation ended; absent when it was not waited for.
    pub(crate) end: Option<End>,
    /// The resource once the operation had ended, where that is not what the body says.
    pub(crate) afterwards: Option<Value>,
}

/// A refusal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) code: String,
    pub(crate) message: String,
    pub(crate) details: Vec<(String, String)>,
}

/// How an operation ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct End {
    /// `Succeeded`, `Failed`, `Canceled`, or `Never`.
    pub(crate) state: String,
    /// Its error.
    pub(crate) error: Option<Refusal>,
}

impl End {
    pub(crate) fn succeeded() -> End {
        End {
            state: "Succeeded".to_owned(),
            error: None,
        }
    }

    pub(crate) fn never() -> End {
        End {
            state: "Never".to_owned(),
            error: None,
        }
    }
}

/// A driver.
pub(crate) trait Driver {
    /// Asks something of a resource. With `wait`, an operation that this begins is waited for.
    fn request(&mut self, request: &Request, wait: bool) -> Outcome;

    /// Sends a message as it is.
    fn message(&mut self, message: &HttpStep) -> Outcome;

    /// Calls the provider, one worker a call.
    ///
    /// # Errors
    ///
    /// When the arguments do not fit the call.
    fn provider(&mut self, calls: &[CallStep]) -> Result<Vec<Outcome>, CallError>;

    /// Does what a Juju user's command does.
    ///
    /// # Errors
    ///
    /// When the arguments do not fit the command.
    fn juju(&mut self, call: &CallStep) -> Result<Outcome, CallError>;

    /// What the controllers of Juju's users want every model of theirs to be.
    fn goals(&mut self) -> Vec<ModelGoal> {
        Vec::new()
    }

    /// Machines that are called from other models, as relations say.
    fn crossings(&mut self) -> Vec<Crossing> {
        Vec::new()
    }

    /// Models that stand on Resource Manager, with the controllers that have them.
    fn owned(&mut self) -> Vec<Owned> {
        Vec::new()
    }

    /// Installs a fault rule, or clears all. `None`: this driver has no faults.
    fn fault(&mut self, rule: &Value) -> Option<Result<(), String>>;

    /// From here on callers need roles, or do not. `false`: this driver knows no callers.
    fn enforce_roles(&mut self, _enforced: bool) -> bool {
        false
    }

    /// The scenario's clock.
    fn now(&self) -> Time;

    /// Moves the scenario's clock.
    fn advance(&mut self, millis: i64);

    /// Looks at the world, or changes its limits.
    fn with_cloud(&mut self, act: &mut dyn FnMut(&mut Cloud));

    /// From here on the provider lacks a protection; a driver without a provider lacks nothing.
    fn lack(&mut self, _protection: &'static Protection) {}

    /// What came in and went out, one line an exchange, equal for every driver that has a protocol.
    fn journal(&self) -> Vec<String>;

    /// Where it plays.
    fn site(&self) -> Site {
        Site::own()
    }
}

/// Opens a driver on a world of its own.
///
/// # Errors
///
/// When its sockets cannot be opened.
pub(crate) fn open(kind: DriverKind, setup: &Setup) -> anyhow::Result<Box<dyn Driver>> {
    Ok(match kind {
        DriverKind::Model => Box::new(ModelDriver::new(setup)),
        DriverKind::Wire | DriverKind::Socket | DriverKind::Live => {
            Box::new(http::HttpDriver::new(exchange(kind, setup)?, setup))
        }
    })
}

/// The refusal in an error document of any of Azure's shapes: `{"error": {...}}`, or the bare object.
pub(crate) fn refusal_in(body: &Value) -> Option<Refusal> {
    let error = body.get("error").unwrap_or(body);
    let code = error.get("code")?.as_str()?.to_owned();
    let message = error
        .get("message")
        .and_then(Value::as_str)
        .unwrap_or_default()
        .to_owned();
    let mut details = Vec::new();
    collect_details(error, &mut details);
    Some(Refusal { code, message, details })
}

fn collect_details(error: &Value, details: &mut Vec<(String, String)>) {
    for detail in error.get("details").and_then(Value::as_array).into_iter().flatten() {
        let text = |name: &str| detail.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        details.push((text("code"), text("message")));
        collect_details(detail, details);
    }
}

/// What the group of an environment may be called, by generation (juju-provider 1.4).
pub(crate) fn groups_of_environment(name: &str) -> [String; 3] {
    let uuid = environs::environment_uuid(name).to_string();
    let short: String = uuid.chars().take(8).collect();
    [
        format!("juju-{name}-environment-{uuid}"),
        format!("juju-{name}-model-{uuid}"),
        format!("juju-{name}-{short}"),
    ]
}

/// A way to a simulator of its own.
///
/// # Errors
///
/// When its sockets cannot be opened, or there is no protocol on that driver.
pub(crate) fn exchange(kind: DriverKind, setup: &Setup) -> anyhow::Result<Arc<dyn Exchange>> {
    Ok(match kind {
        DriverKind::Model => anyhow::bail!("driver model speaks no protocol, choose wire or socket"),
        DriverKind::Wire => Arc::new(in_process::InProcess::start(setup)),
        DriverKind::Socket => Arc::new(socket::Socket::start(setup)?),
        DriverKind::Live => match &setup.live {
            Some(live) => Arc::new(live::Live::open(setup, live)?),
            None => anyhow::bail!("nobody agreed to a live run"),
        },
    })
}

/// Name of the storage account that a classic environment is given.
pub(crate) const CLASSIC_ACCOUNT: &str = "storyaccount";

/// Makes the storage account that a classic environment needs, as a person does beforehand (juju-provider 2.5).
///
/// # Errors
///
/// When it is refused.
pub(crate) fn make_classic_account(exchange: &dyn Exchange) -> anyhow::Result<()> {
    let xml = format!(
        "<CreateStorageServiceInput xmlns=\"http://schemas.microsoft.com/windowsazure\">\
         <ServiceName>{CLASSIC_ACCOUNT}</ServiceName><Label>c3Rvcnk=</Label><Location>West US</Location>\
         <GeoReplicationEnabled>false</GeoReplicationEnabled></CreateStorageServiceInput>"
    );
    let url = format!(
        "{}/{SUBSCRIPTION}/services/storageservices",
        exchange.base(exchange::Api::Asm)
    );
    let request = ::http::Request::post(url)
        .header("authorization", format!("Bearer {}", exchange.token()))
        .header("x-ms-version", "2014-06-01")
        .header("content-type", "application/xml")
        .body(bytes::Bytes::from(xml))?;
    let answer = exchange
        .send(exchange::Api::Asm, request)
        .map_err(|broken| anyhow::anyhow!("{}", broken.0))?;
    let status = answer.response.status();
    anyhow::ensure!(
        status.is_success(),
        "the storage account is refused: {status} {}",
        String::from_utf8_lossy(answer.response.body())
    );
    // It takes a while until it is there.
    exchange.advance(exchange.now().plus_millis(600_000));
    Ok(())
}
