//! Updates and upgrades of package deployments: one upgrade domain after the other, by themselves or as the client walks them,
//! and back again (SM 5.6).

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::deployments::{Alter, Deployment, DeploymentKey, changed};
use super::hosted_services::ExtendedProperty;
use super::packages::{self, ExtensionConfiguration, PackageRole};
use super::{
    Asked, Change, ClassicOperation, Fresh, Hold, HostedService, Phase, Step, Tick, Timeline, Work, forms, roles,
    subscription,
};
use crate::cx::Cx;
use crate::error::CloudError;
use crate::fabric::Blob;
use crate::operation::{OperationId, Status};
use crate::plan::Plan;

/// How an update goes through the upgrade domains.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum UpdateMode {
    /// One after the other, by itself.
    #[default]
    Auto,
    /// One after the other, each when the client says so.
    Manual,
    /// All at once.
    Simultaneous,
}

impl UpdateMode {
    /// As printed.
    pub const fn as_str(self) -> &'static str {
        match self {
            UpdateMode::Auto => "Auto",
            UpdateMode::Manual => "Manual",
            UpdateMode::Simultaneous => "Simultaneous",
        }
    }

    /// Reads a mode, in any case.
    pub fn find(text: &str) -> Option<UpdateMode> {
        [UpdateMode::Auto, UpdateMode::Manual, UpdateMode::Simultaneous]
            .into_iter()
            .find(|mode| mode.as_str().eq_ignore_ascii_case(text.trim()))
    }
}

/// A request to change a package deployment. What is `None` keeps its value.
#[derive(Clone, Debug, Default)]
#[expect(missing_docs, reason = "named after the elements of the contract")]
pub struct UpdateDeployment {
    pub mode: UpdateMode,
    pub configuration: Box<str>,
    pub roles: Vec<PackageRole>,
    pub extended: Option<Vec<ExtendedProperty>>,
    pub extensions: Option<ExtensionConfiguration>,
    /// What an upgrade has more than a change of the configuration.
    pub upgrade: Option<UpgradeDeployment>,
}

/// Another package.
#[derive(Clone, Debug, Default)]
#[expect(missing_docs, reason = "named after the elements of the contract")]
pub struct UpgradeDeployment {
    pub package_url: Box<str>,
    pub label: Box<str>,
    pub role: Option<Box<str>>,
}

/// What an update leads to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Contents {
    label: Box<str>,
    configuration: Box<str>,
    roles: Vec<PackageRole>,
    extended: Vec<ExtendedProperty>,
    extensions: ExtensionConfiguration,
    /// Another package's file; `None` keeps the one that is there.
    file: Option<Option<Arc<Blob>>>,
}

/// An update in progress.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Update {
    /// How it goes.
    pub mode: UpdateMode,
    /// The upgrade domain that is next, or being updated.
    pub domain: u32,
    /// Whether that one is being updated.
    pub during: bool,
    /// Whether it takes another update back.
    pub rolls_back: bool,
    /// The operation that carries it.
    operation: OperationId,
    /// Whether instances start anew: a package was given.
    restarts: bool,
    /// What it leads to; `None` leads back to what is.
    to: Option<Box<Contents>>,
}

impl Update {
    /// `CurrentUpgradeDomainState`
    pub const fn state(&self) -> &'static str {
        if self.during { "During" } else { "Before" }
    }
}

fn domains(row: &Deployment) -> u32 {
    u32::try_from(row.upgrade_domains()).unwrap_or(1)
}

/// The plan that puts an update into a deployment's row, its first domain's instances starting anew.
fn with_update(cx: &Cx<'_>, key: &DeploymentKey, update: Update, fresh: Fresh) -> Plan {
    changed(cx, key, |row| {
        let Some(package) = &mut row.package else {
            return;
        };
        if update.during && update.restarts && package.running {
            let domain = (update.mode != UpdateMode::Simultaneous).then_some(update.domain);
            package.set_timelines(domain, |n| Timeline::restart(cx.now(), fresh, n));
        }
        package.update = Some(update);
    })
}

/// A step that takes an update through all domains, or waits for the client to.
fn carrying(plan: Plan, key: &DeploymentKey, request: OperationId, mode: UpdateMode, domains: u32) -> Step {
    let hold = Hold::Deployment(key.clone());
    if mode == UpdateMode::Manual {
        return Step::later(plan, (4_000, 10_000)).holding(hold);
    }
    let n = if mode == UpdateMode::Auto { domains } else { 1 };
    let mut step = Step::later(plan, (20_000 * i64::from(n), 60_000 * i64::from(n))).holding(hold);
    for domain in 1..n {
        let percent = 100 * i64::from(domain) / i64::from(n);
        step = step.on_the_way(percent, Tick::Walks(key.clone(), request, domain));
    }
    step.then(Work::Alter {
        key: key.clone(),
        alter: Alter::Updated,
    })
}

/// Begins an update or an upgrade.
pub(super) fn begin(
    cx: &Cx<'_>,
    asked: &Asked,
    found: (DeploymentKey, &Deployment),
    spec: &UpdateDeployment,
) -> Result<Step, CloudError> {
    let package = packages::of(cx, &found)?;
    let (key, row) = found;
    if package.update.is_some() {
        return Err(CloudError::of(&forms::UPDATE_IN_PROGRESS));
    }
    packages::check_roles(cx, &spec.roles)?;
    let named = |name: &str| package.role_names().iter().any(|own| own.eq_ignore_ascii_case(name));
    match &spec.upgrade {
        None => {
            let same = spec.roles.len() == package.role_names().len();
            if !same || !spec.roles.iter().all(|role| named(&role.name)) {
                return Err(CloudError::of(&forms::PARAMETER));
            }
        }
        Some(upgrade) => {
            if upgrade.package_url.is_empty() {
                return Err(CloudError::of(&forms::PARAMETER));
            }
            if let Some(role) = upgrade.role.as_deref().filter(|role| !named(role)) {
                return Err(CloudError::of(&forms::NO_ROLE).with("role", role));
            }
        }
    }
    let owner = cx
        .classic()
        .hosted_services
        .get(&key.0)
        .ok_or_else(|| CloudError::of(&forms::SERVICE_NOT_FOUND))?;
    if let Some(extensions) = &spec.extensions {
        extensions.check(owner)?;
    }
    let to = Contents {
        label: spec
            .upgrade
            .as_ref()
            .map_or_else(|| row.label.clone(), |own| own.label.clone()),
        configuration: spec.configuration.clone(),
        roles: spec.roles.clone(),
        extended: extended_after(&row.extended, spec.extended.as_deref().unwrap_or_default()),
        extensions: spec.extensions.clone().unwrap_or_else(|| package.extensions.clone()),
        file: spec
            .upgrade
            .as_ref()
            .map(|upgrade| packages::file_at(cx, &upgrade.package_url)),
    };
    let short = check_cores(cx, owner, row, package.cores(), &spec.roles).err();
    let update = Update {
        mode: spec.mode,
        domain: 0,
        during: spec.mode != UpdateMode::Manual,
        rolls_back: false,
        operation: asked.request,
        restarts: spec.upgrade.is_some(),
        to: Some(Box::new(to)),
    };
    let plan = with_update(cx, &key, update, asked.fresh);
    let step = carrying(plan, &key, asked.request, spec.mode, domains(row));
    Ok(match short {
        Some(error) => step.doomed(error),
        None => step,
    })
}

/// Properties of a deployment after a change: a value sent empty deletes one (SM 5.6).
fn extended_after(before: &[ExtendedProperty], sent: &[ExtendedProperty]) -> Vec<ExtendedProperty> {
    let mut after = before.to_vec();
    for property in sent {
        after.retain(|own| !own.name.eq_ignore_ascii_case(&property.name));
        if !property.value.is_empty() {
            after.push(property.clone());
        }
    }
    after
}

fn check_cores(
    cx: &Cx<'_>,
    owner: &HostedService,
    row: &Deployment,
    there: u32,
    wanted: &[PackageRole],
) -> Result<(), CloudError> {
    let after: u32 = wanted.iter().map(|role| role.instances).sum();
    let location = roles::location_name(&owner.placement.location(cx, owner.subscription));
    subscription::check_cores(cx, row.subscription, &location, after.saturating_sub(there))
}

/// An automatic update reaches its next domain.
pub(super) fn walks(cx: &Cx<'_>, key: &DeploymentKey, operation: OperationId, domain: u32) -> Plan {
    let update = cx
        .classic()
        .deployments
        .get(key)
        .and_then(|row| row.package.as_ref()?.update.as_ref());
    match update.filter(|own| own.operation == operation) {
        Some(update) => {
            let next = Update {
                domain,
                ..update.clone()
            };
            with_update(
                cx,
                key,
                next,
                Fresh(Fresh(operation.0).guid(9_000 + u128::from(domain))),
            )
        }
        None => Plan::new(),
    }
}

/// Updates the next domain of a manual update; they go in order.
pub(super) fn walk(
    cx: &Cx<'_>,
    asked: &Asked,
    found: (DeploymentKey, &Deployment),
    domain: u32,
) -> Result<Step, CloudError> {
    let package = packages::of(cx, &found)?;
    let update = package
        .update
        .as_ref()
        .filter(|update| update.mode == UpdateMode::Manual)
        .ok_or_else(|| CloudError::of(&forms::NO_MANUAL_UPDATE))?;
    if update.domain != domain {
        return Err(CloudError::of(&forms::UPGRADE_DOMAIN)
            .with("domain", domain)
            .with("next", update.domain));
    }
    let key = found.0;
    let during = Update {
        during: true,
        operation: asked.request,
        ..update.clone()
    };
    let plan = with_update(cx, &key, during, asked.fresh);
    let work = Work::Alter {
        key: key.clone(),
        alter: Alter::Walked,
    };
    Ok(Step::later(plan, (20_000, 60_000))
        .holding(Hold::Deployment(key))
        .then(work))
}

/// Takes an update back that is in progress: an automatic one is stopped for it.
pub(super) fn roll_back(
    cx: &Cx<'_>,
    asked: &Asked,
    found: (DeploymentKey, &Deployment),
    mode: UpdateMode,
) -> Result<Step, CloudError> {
    let (key, row) = found;
    let package = row
        .package
        .as_ref()
        .ok_or_else(|| CloudError::of(&forms::DEPLOYMENT_OF_ROLES))?;
    let hold = Hold::Deployment(key.clone());
    let held = cx.classic().holds.get(&hold).copied();
    let update = package.update.as_ref().filter(|update| !update.rolls_back);
    let stops = match (update, held) {
        (Some(update), Some(id)) if update.operation == id && update.mode != UpdateMode::Manual => Some(id),
        _ => {
            super::operations::check_free(cx, &hold)?;
            None
        }
    };
    let update = update.ok_or_else(|| CloudError::of(&forms::NO_UPDATE))?;
    // What was updated goes back: the domains up to the one that the update reached.
    let reached = if update.during {
        update.domain + 1
    } else {
        update.domain
    };
    let back = Update {
        mode,
        domain: 0,
        during: mode != UpdateMode::Manual,
        rolls_back: true,
        operation: asked.request,
        restarts: update.restarts,
        to: None,
    };
    let mut plan = with_update(cx, &key, back, asked.fresh);
    if let Some(stopped) = stops.and_then(|id| cx.classic().operations.get(&id)) {
        let ended = ClassicOperation {
            status: Status::Failed(CloudError::of(&forms::ROLLED_BACK)),
            ended: Some(cx.now()),
            holds: Vec::new(),
            reversal: Vec::new(),
            ..stopped.clone()
        };
        plan = plan.classic_changes([Change::Operation(stopped.id, Some(ended.into()))]);
    }
    Ok(carrying(plan, &key, asked.request, mode, reached.max(1)))
}

/// The end of an update: its contents are the deployment's.
pub(super) fn updated(cx: &Cx<'_>, key: &DeploymentKey, row: &mut Deployment, fresh: Fresh) -> Plan {
    let Some(before) = row.package.clone() else {
        return Plan::new();
    };
    let Some(update) = before.update.clone() else {
        return Plan::new();
    };
    let mut after = before.clone();
    after.update = None;
    if let Some(to) = update.to {
        row.label = to.label;
        row.extended = to.extended;
        after.configuration = to.configuration;
        after.extensions = to.extensions;
        after.file = to.file.unwrap_or(after.file);
        after.instances = packages::resized(&before.instances, &to.roles, |n| {
            if before.running {
                Timeline::start(cx.now(), fresh, 500 + n)
            } else {
                Timeline::at_rest(cx.now(), Phase::Suspended)
            }
        });
    }
    let plan = packages::recharged(cx, key, &before, &after);
    row.package = Some(after);
    plan
}

/// The end of a walk: the next domain waits, or the update is over.
pub(super) fn walked(cx: &Cx<'_>, key: &DeploymentKey, row: &mut Deployment, fresh: Fresh) -> Plan {
    let last = domains(row);
    let Some(update) = row.package.as_mut().and_then(|package| package.update.as_mut()) else {
        return Plan::new();
    };
    update.domain += 1;
    update.during = false;
    if update.domain < last {
        return Plan::new();
    }
    updated(cx, key, row, fresh)
}
