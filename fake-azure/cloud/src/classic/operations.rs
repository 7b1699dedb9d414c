//! Operations of the classic API: every write has one, and its id is the `x-ms-request-id` of the answer (SM 2.1).
//!
//! A write in the background commits what it makes at once, remembers how to take it back, and does the rest at its end: a
//! failure takes everything back.

use serde::{Deserialize, Serialize};

use super::deployments::DeploymentKey;
use super::{
    Act, Asked, Caller, Change, ClassicCall, Fresh, Named, deployments, disks, forms, role_operations, roles, updates,
};
use crate::cloud::Cloud;
use crate::cx::Cx;
use crate::engine::Transaction;
use crate::error::CloudError;
use crate::event::Event;
use crate::fabric::{self, ContainerName};
use crate::key::{Guid, Key};
use crate::operation::{OperationId, Status};
use crate::plan::Plan;
use crate::streams::Topic;
use crate::time::Time;

/// One operation, running or over. Ids stay readable for good: clients ask for the operations of the last 90 days.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ClassicOperation {
    /// Its id.
    pub id: OperationId,
    /// The subscription.
    pub subscription: Key,
    /// What it does, `CreateHostedService`.
    pub name: Box<str>,
    /// The path of the resource, `/{subscription}/services/hostedservices/web`.
    pub object: Box<str>,
    /// Names and values of what was asked, for the history.
    pub parameters: Vec<Parameter>,
    /// Who asked.
    pub caller: Caller,
    /// When it began.
    pub started: Time,
    /// When it ended.
    pub ended: Option<Time>,
    /// How it stands.
    pub status: Status,
    /// When it will end.
    pub due: Time,
    /// The error that it will end with, if it will.
    pub doom: Option<CloudError>,
    /// Whether it never ends (a fault).
    pub endless: bool,
    pub(crate) work: Work,
    pub(crate) holds: Vec<Hold>,
    pub(crate) reversal: Vec<Reversal>,
}

impl ClassicOperation {
    /// Whether it runs.
    pub fn is_running(&self) -> bool {
        self.status == Status::InProgress
    }
}

/// A parameter of an operation, as the history prints it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parameter {
    /// `hostedServiceName`.
    pub name: Box<str>,
    /// Its value.
    pub value: Box<str>,
}

/// What a running operation holds: other writes to it are refused.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Hold {
    /// A deployment.
    Deployment(DeploymentKey),
    /// A subscription's network configuration.
    NetworkConfiguration(Key),
    /// A network security group.
    NetworkSecurityGroup(Named),
    /// A reserved IP.
    ReservedIp(Named),
    /// A route table.
    RouteTable(Named),
}

/// What an operation still has to do at its end.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) enum Work {
    /// Nothing.
    Nothing,
    /// These changes: their rows are held.
    Make(Vec<Change>),
    /// The deployment runs from here on.
    StartDeployment(DeploymentKey),
    /// The deployment goes.
    DeleteDeployment { key: DeploymentKey, media: bool },
    /// A hosted service goes with all that is in it.
    DeleteService { service: Box<str> },
    /// A role starts, after it was added.
    StartRole { key: DeploymentKey, role: Box<str> },
    /// A role is written again.
    UpdateRole {
        key: DeploymentKey,
        role: Box<str>,
        spec: Box<roles::RoleSpec>,
    },
    /// A role goes.
    DeleteRole {
        key: DeploymentKey,
        role: Box<str>,
        media: bool,
    },
    /// Something is done to roles.
    Act {
        key: DeploymentKey,
        roles: Vec<Box<str>>,
        act: role_operations::RoleAct,
    },
    /// Endpoints of a load-balanced set are written again.
    UpdateSet {
        key: DeploymentKey,
        endpoints: Vec<super::endpoints::InputEndpoint>,
    },
    /// A deployment's package and configuration are written into a container.
    CopyPackage {
        key: DeploymentKey,
        container: ContainerName,
        overwrite: bool,
    },
    /// The deployment's row changes in one way.
    Alter {
        key: DeploymentKey,
        alter: deployments::Alter,
    },
}

/// Takes back one change when an operation fails.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) enum Reversal {
    Classic(Change),
    Fabric(fabric::Change),
    Cores { location: Box<str>, by: i64 },
}

/// What happens by itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Tick {
    /// An operation ends.
    Ends(OperationId),
    /// The roles of a deployment that is being made can be seen.
    Appears(DeploymentKey, OperationId),
    /// An automatic update reaches its next upgrade domain.
    Walks(DeploymentKey, OperationId, u32),
    /// A disk is let go, some time after its machine went.
    Released(Named, Key),
}

/// What a rule wants done.
#[derive(Debug)]
pub(crate) struct Step {
    pub(crate) plan: Plan,
    later: Option<Later>,
}

#[derive(Debug)]
struct Later {
    lasts_ms: (i64, i64),
    work: Work,
    holds: Vec<Hold>,
    doom: Option<CloudError>,
    ticks: Vec<(i64, Tick)>,
}

impl Step {
    /// Done with the answer.
    pub(crate) fn now(plan: Plan) -> Step {
        Step { plan, later: None }
    }

    /// Done in the background: `lasts_ms` is the range that its time is drawn from (SM 2.3).
    pub(crate) fn later(plan: Plan, lasts_ms: (i64, i64)) -> Step {
        Step {
            plan,
            later: Some(Later {
                lasts_ms,
                work: Work::Nothing,
                holds: Vec::new(),
                doom: None,
                ticks: Vec::new(),
            }),
        }
    }

    fn change(mut self, change: impl FnOnce(&mut Later)) -> Step {
        if let Some(later) = &mut self.later {
            change(later);
        }
        self
    }

    /// What is done at the end.
    pub(crate) fn then(self, work: Work) -> Step {
        self.change(|later| later.work = work)
    }

    /// What nobody else may write meanwhile.
    pub(crate) fn holding(self, hold: Hold) -> Step {
        self.change(|later| later.holds.push(hold))
    }

    /// The operation is accepted and fails at its end.
    pub(crate) fn doomed(self, error: CloudError) -> Step {
        self.change(|later| later.doom = Some(error))
    }

    /// Something happens on the way, this much of its time in percent.
    pub(crate) fn on_the_way(self, percent: i64, tick: Tick) -> Step {
        self.change(|later| later.ticks.push((percent, tick)))
    }
}

/// Commits a step and records its operation.
pub(super) fn begin(
    tx: &mut Transaction<'_>,
    asked: &Asked,
    call: &ClassicCall,
    step: Step,
) -> Result<OperationId, CloudError> {
    let id = asked.request;
    let now = tx.cloud.now();
    let mut plan = step.plan;
    let mut reversal = tx.commit_classic(asked.subscription, &mut plan)?;
    // An operation that was stopped stays stopped, whatever becomes of the one that stopped it.
    reversal.retain(|change| !matches!(change, Reversal::Classic(Change::Operation(..))));
    let later = step.later;
    let background = later.is_some();
    let later = later.unwrap_or(Later {
        lasts_ms: (0, 0),
        work: Work::Nothing,
        holds: Vec::new(),
        doom: None,
        ticks: Vec::new(),
    });
    let (low, high) = later.lasts_ms;
    let length = tx.cloud.streams.between(Topic::Latency, low, high);
    let due = now.plus_millis(length);

    for hold in &later.holds {
        tx.set_classic(Change::Hold(hold.clone(), Some(id.into())));
    }
    if background {
        for (percent, tick) in later.ticks {
            tx.schedule(now.plus_millis(length * percent / 100), Event::Classic(tick));
        }
        tx.schedule(due, Event::Classic(Tick::Ends(id)));
    }
    let operation = ClassicOperation {
        id,
        subscription: asked.subscription,
        name: call.act.name().into(),
        object: call.object.clone(),
        parameters: call.act.parameters(),
        caller: call.caller.clone(),
        started: now,
        ended: (!background).then_some(now),
        status: if background {
            Status::InProgress
        } else {
            Status::Succeeded
        },
        due,
        doom: later.doom,
        endless: false,
        work: later.work,
        holds: later.holds,
        reversal: if background { reversal } else { Vec::new() },
    };
    tx.set_classic(Change::Operation(id, Some(operation.into())));
    Ok(id)
}

/// Does what falls due.
pub(crate) fn tick(cloud: &mut Cloud, tick: Tick) {
    match tick {
        Tick::Ends(id) => end(cloud, id),
        Tick::Appears(key, id) => commit_by_itself(cloud, |cx| deployments::appears(cx, &key, id)),
        Tick::Walks(key, id, domain) => commit_by_itself(cloud, |cx| updates::walks(cx, &key, id, domain)),
        Tick::Released(disk, machine) => commit_by_itself(cloud, |cx| disks::released(cx, &disk, machine)),
    }
}

fn commit_by_itself(cloud: &mut Cloud, rule: impl FnOnce(&Cx<'_>) -> Plan) {
    let mut tx = Transaction::by_itself(cloud);
    let mut plan = rule(&tx.cx());
    tx.commit_classic(Key(0), &mut plan)
        .expect("what the service does by itself is never refused");
}

/// Ends a running operation.
fn end(cloud: &mut Cloud, id: OperationId) {
    let Some(found) = cloud
        .classic
        .operations
        .get(&id)
        .filter(|operation| operation.is_running() && !operation.endless)
    else {
        return;
    };
    let mut operation = found.clone();
    let now = cloud.now();
    let mut tx = Transaction::by_itself(cloud);
    let doom = operation.doom.take();
    let work = std::mem::replace(&mut operation.work, Work::Nothing);
    let fresh = Fresh(tx.cloud.streams.guid());
    let settled = match doom {
        Some(error) => Err(error),
        None => settle(&tx.cx(), operation.subscription, fresh, work),
    };
    operation.status = match settled {
        Ok(mut plan) => {
            tx.commit_classic(operation.subscription, &mut plan)
                .expect("what the service does by itself is never refused");
            Status::Succeeded
        }
        Err(error) => {
            for reversal in std::mem::take(&mut operation.reversal) {
                tx.reverse(operation.subscription, reversal);
            }
            Status::Failed(error)
        }
    };
    operation.reversal.clear();
    operation.ended = Some(now);
    for hold in std::mem::take(&mut operation.holds) {
        if tx.cloud.classic.holds.get(&hold) == Some(&id) {
            tx.set_classic(Change::Hold(hold, None));
        }
    }
    tx.set_classic(Change::Operation(id, Some(operation.into())));
}

/// What an operation does at its end, when nothing makes it fail.
fn settle(cx: &Cx<'_>, subscription: Key, fresh: Fresh, work: Work) -> Result<Plan, CloudError> {
    Ok(match work {
        Work::Nothing => Plan::new(),
        Work::Make(changes) => Plan::new().classic_changes(changes),
        Work::StartDeployment(key) => deployments::started(cx, &key, fresh),
        Work::DeleteDeployment { key, media } => deployments::removed(cx, &key, media),
        Work::DeleteService { service } => super::hosted_services::removed(cx, &service),
        Work::StartRole { key, role } => roles::started(cx, &key, &role, fresh),
        Work::UpdateRole { key, role, spec } => roles::updated(cx, &key, &role, &spec, fresh)?,
        Work::DeleteRole { key, role, media } => roles::removed(cx, &key, &role, media),
        Work::Act { key, roles, act } => role_operations::done(cx, subscription, &key, &roles, &act, fresh)?,
        Work::UpdateSet { key, endpoints } => super::endpoints::set_updated(cx, &key, &endpoints),
        Work::CopyPackage {
            key,
            container,
            overwrite,
        } => super::packages::copied(cx, &key, &container, overwrite)?,
        Work::Alter { key, alter } => deployments::altered(cx, &key, alter, fresh)?,
    })
}

/// The refusal of a write to what a running operation holds (SM 1.9).
pub(super) fn check_free(cx: &Cx<'_>, hold: &Hold) -> Result<(), CloudError> {
    let Some(operation) = cx
        .classic()
        .holds
        .get(hold)
        .and_then(|id| cx.classic().operations.get(id))
    else {
        return Ok(());
    };
    let error = match hold {
        Hold::Deployment(_) => CloudError::of(&forms::DEPLOYMENT_BUSY).with("request", plain(operation.id.0)),
        _ => CloudError::of(&forms::NETWORK_BUSY),
    };
    Err(if operation.endless {
        error
    } else {
        error.until(operation.due)
    })
}

/// A GUID as request ids are written: no hyphens.
pub(super) fn plain(guid: Guid) -> String {
    format!("{:032x}", guid.0)
}

/// A look at the history (SM 4.5).
#[derive(Clone, Debug, Default)]
pub struct History {
    /// From when on.
    pub from: Time,
    /// Until when.
    pub until: Time,
    /// Only those whose object begins with this path; case does not count.
    pub object: Option<Box<str>>,
    /// Only those of this state: `Succeeded`, `Failed`, `InProgress`.
    pub result: Option<Box<str>>,
    /// Where the page before ended.
    pub after: Option<(Time, OperationId)>,
}

/// A page of the history.
#[derive(Clone, Debug)]
pub struct Page<'a> {
    /// Operations, oldest first.
    pub operations: Vec<&'a ClassicOperation>,
    /// Where it ended, when others follow.
    pub next: Option<(Time, OperationId)>,
}

/// How long operations are listed: 90 days (SM 4.5), in milliseconds.
const REMEMBERED_MS: i64 = 90 * 24 * 3_600_000;

/// How many operations a page has. Assumed: the reference knows that there are pages, not how long they are.
const PAGE: usize = 100;

impl Cloud {
    /// A page of the operations of a subscription that a look at the history shows, oldest first.
    pub fn classic_history(&self, subscription: Key, look: &History) -> Page<'_> {
        let status = |operation: &ClassicOperation| match operation.status {
            Status::InProgress => "InProgress",
            Status::Succeeded => "Succeeded",
            Status::Failed(_) | Status::Canceled(_) => "Failed",
        };
        let from = look.from.max(self.now().plus_millis(-REMEMBERED_MS));
        let place = |operation: &ClassicOperation| (operation.started, operation.id);
        let mut found: Vec<&ClassicOperation> = self
            .classic
            .operations
            .iter()
            .map(|(_, operation)| operation)
            .filter(|operation| operation.subscription == subscription)
            .filter(|operation| from <= operation.started && operation.started <= look.until)
            .filter(|operation| {
                look.object
                    .as_ref()
                    .is_none_or(|path| operation.object.to_lowercase().starts_with(&path.to_lowercase()))
            })
            .filter(|operation| {
                look.result
                    .as_ref()
                    .is_none_or(|wanted| status(operation).eq_ignore_ascii_case(wanted))
            })
            .filter(|operation| look.after.is_none_or(|after| place(operation) > after))
            .collect();
        found.sort_by_key(|operation| place(operation));
        let goes_on = found.len() > PAGE;
        found.truncate(PAGE);
        Page {
            next: found.last().map(|last| place(last)).filter(|_| goes_on),
            operations: found,
        }
    }

    /// An operation by id, for a subscription: other subscriptions' are not found.
    ///
    /// # Errors
    ///
    /// When there is none.
    pub fn classic_operation_of(&self, subscription: Key, id: OperationId) -> Result<&ClassicOperation, CloudError> {
        self.classic
            .operations
            .get(&id)
            .filter(|operation| operation.subscription == subscription)
            .ok_or_else(|| CloudError::of(&forms::OPERATION_NOT_FOUND))
    }
}

impl Act {
    /// Names and values for the history; secrets are left out.
    fn parameters(&self) -> Vec<Parameter> {
        self.subject()
            .into_iter()
            .map(|(name, value)| Parameter {
                name: name.into(),
                value,
            })
            .collect()
    }
}
