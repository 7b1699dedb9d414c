//! A deployment as the cloud keeps it: a tree among its notes, so that it is saved, forked and digested with everything else.

use fake_azure_cloud::{Cloud, CloudError, Guid, Key, OperationId, Time};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::expression::hash;
use super::plan::{Planned, Target};
use super::rollback::Rollback;
use super::template::Kind;
use crate::arm::move_resources::Move;

/// How deployments mark the words by which they are woken.
const WORD: u64 = 0x4450 << 48;
/// How jobs do.
const JOB_WORD: u64 = 0x4a4f << 48;
const WORD_MASK: u64 = 0xffff << 48;

/// `Incremental` or `Complete`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Mode {
    /// What the template does not name stays.
    Incremental,
    /// What the template does not name goes.
    Complete,
}

impl Mode {
    /// As printed.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Mode::Incremental => "Incremental",
            Mode::Complete => "Complete",
        }
    }
}

/// How a deployment stands (ARM 7.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum State {
    Accepted,
    Running,
    Succeeded,
    Failed,
    Canceled,
}

impl State {
    /// As printed.
    pub(crate) fn name(self) -> &'static str {
        match self {
            State::Accepted => "Accepted",
            State::Running => "Running",
            State::Succeeded => "Succeeded",
            State::Failed => "Failed",
            State::Canceled => "Canceled",
        }
    }

    /// Whether it goes on.
    pub(crate) fn is_active(self) -> bool {
        matches!(self, State::Accepted | State::Running)
    }
}

/// How one resource of a deployment stands.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) enum Progress {
    /// It waits for others.
    Pending,
    /// The provider asked to come again later.
    Waiting { until: Time, attempts: u32 },
    /// The provider is at it.
    Running { operation: OperationId },
    /// A deployment inside the deployment is at it.
    Nested { serial: u64 },
    /// It is done.
    Done,
    /// It is not sent.
    Skipped,
    /// It failed, or something that it waits for did.
    Failed,
    /// The deployment was cancelled before it was sent.
    Canceled,
}

/// A parameter with its value.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Given {
    /// As the template spells it.
    pub(crate) name: String,
    /// Its type.
    pub(crate) kind: Kind,
    /// Its value, materialised.
    pub(crate) value: Value,
}

/// What an operation of a deployment is about.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Subject {
    pub(crate) id: String,
    pub(crate) kind: String,
    pub(crate) name: String,
}

/// An operation of a deployment (ARM 7.3).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Step {
    /// Sixteen hexadecimal digits.
    pub(crate) id: String,
    /// `Create`, `Read`, `Action`, `Delete`, `EvaluateDeploymentOutput`, `DeploymentCleanup`.
    pub(crate) doing: String,
    /// `Running`, `Succeeded`, `Failed`.
    pub(crate) state: String,
    /// When it began.
    pub(crate) started: Time,
    /// When it last changed.
    pub(crate) changed: Time,
    /// The .NET name of a status.
    pub(crate) status_code: String,
    /// What the provider said.
    pub(crate) message: Option<Value>,
    /// What it is about.
    pub(crate) subject: Option<Subject>,
    /// What was sent, for who asked to see it.
    pub(crate) request: Option<Value>,
    /// What came back.
    pub(crate) response: Option<Value>,
}

/// Why a deployment failed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Failure {
    pub(crate) code: String,
    pub(crate) message: String,
    /// The failed operations: the name of the status, and the body that the provider gave.
    pub(crate) details: Vec<(String, Value)>,
}

/// The removal of what a template in Complete mode does not name.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Cleanup {
    /// What is being removed.
    pub(crate) running: Vec<OperationId>,
    /// When it is looked at again.
    pub(crate) next: Time,
}

/// A deployment.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Deployment {
    /// Its number in this cloud.
    pub(crate) serial: u64,
    pub(crate) name: String,
    pub(crate) target: Target,
    /// The group that it belongs to: when that is gone, so is the deployment.
    pub(crate) group: Option<Key>,
    pub(crate) location: Option<String>,
    pub(crate) tags: Option<Value>,
    pub(crate) mode: Mode,
    pub(crate) template: Value,
    pub(crate) template_link: Option<Value>,
    pub(crate) parameters_link: Option<Value>,
    pub(crate) debug_setting: Option<Value>,
    /// What is made again when it fails.
    #[serde(default)]
    pub(crate) rollback: Option<Rollback>,
    pub(crate) parameters: Vec<Given>,
    /// Scheme and authority by which the client reached the server: endpoints of accounts are written for it.
    pub(crate) base: String,
    /// `deployer()`.
    pub(crate) deployer: Value,
    pub(crate) correlation: Guid,
    /// The number in its polling address.
    pub(crate) status_id: String,
    pub(crate) started: Time,
    pub(crate) changed: Time,
    pub(crate) state: State,
    pub(crate) planned: Vec<Planned>,
    pub(crate) progress: Vec<Progress>,
    pub(crate) steps: Vec<Step>,
    pub(crate) outputs: Option<Map<String, Value>>,
    pub(crate) failure: Option<Failure>,
    /// The deployment that it is inside of.
    pub(crate) parent: Option<u64>,
    /// How many deployments it is inside of.
    pub(crate) depth: u32,
    pub(crate) cleanup: Option<Cleanup>,
}

impl Deployment {
    /// Its id.
    pub(crate) fn id(&self) -> String {
        deployment_id(&self.target, &self.name)
    }

    /// A number of sixteen hexadecimal digits for one of its operations.
    pub(crate) fn step_id(&self, word: &str) -> String {
        hash::derived_hex(&[&self.correlation.to_string(), &self.serial.to_string(), word])
    }

    /// A GUID for one of its operations.
    pub(crate) fn tracking(&self, word: &str) -> Guid {
        hash::derived_guid(&[&self.correlation.to_string(), &self.serial.to_string(), word])
    }

    /// Whether its debug setting asks for requests or responses.
    pub(crate) fn shows(&self, what: &str) -> bool {
        let level = self
            .debug_setting
            .as_ref()
            .and_then(|setting| setting.get("detailLevel"))
            .and_then(Value::as_str);
        level.is_some_and(|level| level.split(',').any(|word| word.trim().eq_ignore_ascii_case(what)))
    }
}

/// The id of a deployment.
pub(crate) fn deployment_id(target: &Target, name: &str) -> String {
    format!("{}/providers/Microsoft.Resources/deployments/{name}", target.id())
}

fn row(serial: u64) -> String {
    format!("deployments/{serial:012}")
}

fn index(target: &Target, name: &str) -> String {
    format!("deployment-ids{}", deployment_id(target, name).to_lowercase())
}

/// How many deployments were ever begun: the number of the last one.
pub(crate) fn n_begun(cloud: &Cloud) -> u64 {
    cloud.note("deployment-serial").and_then(Value::as_u64).unwrap_or(0)
}

/// The next number.
pub(crate) fn take_serial(cloud: &mut Cloud) -> u64 {
    let serial = n_begun(cloud) + 1;
    cloud.set_note("deployment-serial", Some(Value::from(serial)));
    serial
}

/// Writes a deployment down.
pub(crate) fn store(cloud: &mut Cloud, deployment: &Deployment) {
    let document = serde_json::to_value(deployment).expect("a deployment is made of texts, numbers and trees");
    cloud.set_note(&row(deployment.serial), Some(document));
    cloud.set_note(
        &index(&deployment.target, &deployment.name),
        Some(Value::from(deployment.serial)),
    );
}

/// A deployment by its number; one whose group is gone is gone, too.
pub(crate) fn load(cloud: &Cloud, serial: u64) -> Option<Deployment> {
    let deployment = Deployment::deserialize(cloud.note(&row(serial))?).ok()?;
    let has_home = deployment.group.is_none_or(|group| cloud.store().get(group).is_some());
    has_home.then_some(deployment)
}

/// A deployment by its name.
pub(crate) fn find(cloud: &Cloud, target: &Target, name: &str) -> Option<Deployment> {
    load(cloud, cloud.note(&index(target, name))?.as_u64()?)
}

/// Forgets a deployment, by its number.
pub(crate) fn forget(cloud: &mut Cloud, serial: u64) {
    let Some(found) = cloud
        .note(&row(serial))
        .and_then(|note| Deployment::deserialize(note).ok())
    else {
        return;
    };
    let index = index(&found.target, &found.name);
    if cloud.note(&index).and_then(Value::as_u64) == Some(serial) {
        cloud.set_note(&index, None);
    }
    cloud.set_note(&row(serial), None);
}

/// The deployments of a scope, the newest first.
pub(crate) fn all(cloud: &Cloud, target: &Target) -> Vec<Deployment> {
    let prefix = format!("deployment-ids{}", deployment_id(target, "").to_lowercase());
    let serials: Vec<u64> = cloud.notes(&prefix).filter_map(|(_, serial)| serial.as_u64()).collect();
    let mut found: Vec<Deployment> = serials.into_iter().filter_map(|serial| load(cloud, serial)).collect();
    found.sort_by_key(|deployment| std::cmp::Reverse(deployment.serial));
    found
}

/// How many a scope keeps; those whose group is gone count until somebody looks.
pub(crate) fn count(cloud: &Cloud, target: &Target) -> usize {
    let prefix = format!("deployment-ids{}", deployment_id(target, "").to_lowercase());
    cloud.notes(&prefix).count()
}

/// Whether anything in a scope goes on.
pub(crate) fn any_active(cloud: &Cloud, target: &Target) -> bool {
    if cloud.notes("deployment-ids").next().is_none() {
        return false;
    }
    let prefix = format!("deployment-ids{}", deployment_id(target, "").to_lowercase());
    let active = |serial: u64| {
        let state = cloud
            .note(&row(serial))
            .and_then(|note| note.get("state"))
            .and_then(Value::as_str);
        matches!(state, Some("Accepted" | "Running"))
    };
    cloud
        .notes(&prefix)
        .filter_map(|(_, serial)| serial.as_u64())
        .any(active)
}

/// Asks for a deployment to be woken.
pub(crate) fn wake_at(cloud: &mut Cloud, at: Time, serial: u64) {
    cloud.wake_up(at, WORD | serial);
}

/// Whom a word wakes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Woken {
    Deployment(u64),
    Job(u64),
}

/// Whom a word wakes, if it is one of ours.
pub(crate) fn woken(word: u64) -> Option<Woken> {
    match word & WORD_MASK {
        WORD => Some(Woken::Deployment(word & !WORD_MASK)),
        JOB_WORD => Some(Woken::Job(word & !WORD_MASK)),
        _ => None,
    }
}

/// A job of the gateway: the deletion of a deployment, a what-if, a move of resources.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Job {
    /// Its number.
    pub(crate) serial: u64,
    /// The subscription.
    pub(crate) subscription: Guid,
    /// What stands in its address before it is encoded.
    pub(crate) id: String,
    /// When it is done.
    pub(crate) ends: Time,
    /// The deployment that goes.
    pub(crate) removes: Option<u64>,
    /// What it gives in the end; nothing for a removal.
    pub(crate) result: Option<Value>,
    /// The resources that move at its end.
    #[serde(default)]
    pub(crate) moves: Option<Move>,
    /// Why it failed.
    #[serde(default)]
    pub(crate) failure: Option<CloudError>,
}

fn job_row(subscription: Guid, id: &str) -> String {
    format!("deployment-jobs/{subscription}/{}", id.to_uppercase())
}

/// Writes a job down and asks to be woken at its end. One with the same address takes the place of an older one.
pub(crate) fn store_job(cloud: &mut Cloud, job: &Job) {
    let name = job_row(job.subscription, &job.id);
    cloud.set_note(
        &format!("deployment-job-names/{:012}", job.serial),
        Some(Value::from(name.as_str())),
    );
    let document = serde_json::to_value(job).expect("a job is made of texts, numbers and trees");
    cloud.set_note(&name, Some(document));
    cloud.wake_up(job.ends, JOB_WORD | job.serial);
}

/// The job of an address.
pub(crate) fn find_job(cloud: &Cloud, subscription: Guid, id: &str) -> Option<Job> {
    Job::deserialize(cloud.note(&job_row(subscription, id))?).ok()
}

/// A job is due: the first time it does its work, a day later it is forgotten (ARM 2.1).
pub(crate) fn wake_job(cloud: &mut Cloud, serial: u64) {
    const DAY_MS: i64 = 86_400_000;
    let key = format!("deployment-job-names/{serial:012}");
    let Some(name) = cloud.note(&key).and_then(Value::as_str).map(str::to_owned) else {
        return;
    };
    let found = cloud
        .note(&name)
        .and_then(|note| Job::deserialize(note).ok())
        .filter(|job| job.serial == serial);
    match found {
        Some(mut job) if cloud.now() < job.ends.plus_millis(DAY_MS) => {
            if let Some(removes) = job.removes {
                forget(cloud, removes);
            }
            if let Some(moves) = &job.moves
                && let Err(error) = moves.perform(cloud)
            {
                job.failure = Some(error);
                let document = serde_json::to_value(&job).expect("a job is made of texts, numbers and trees");
                cloud.set_note(&name, Some(document));
            }
            cloud.wake_up(job.ends.plus_millis(DAY_MS), JOB_WORD | serial);
        }
        Some(_) => {
            cloud.set_note(&name, None);
            cloud.set_note(&key, None);
        }
        None => cloud.set_note(&key, None),
    }
}
