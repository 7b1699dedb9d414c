//! Package deployments: web and worker roles of several instances (SM 5.4). What is in a package is not known; role names and
//! counts come from the service configuration. How one is changed afterwards stands in `updates`.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

use super::deployments::{self, Alter, Deployment, DeploymentKey, Slot};
use super::drafting::Draft;
use super::hosted_services::ExtendedProperty;
use super::updates::Update;
use super::{
    Asked, Fresh, Hold, HostedService, Phase, Step, Tick, Timeline, Work, forms, media, operations, roles, subscription,
};
use crate::cx::Cx;
use crate::error::CloudError;
use crate::fabric::{Blob, BlobKind, BlobName, ContainerName, any_blob_name_of, ticks};
use crate::plan::Plan;
use crate::time::Time;

/// A role of a package deployment: a name and a number of instances. Its size is in the package: Small is assumed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PackageRole {
    /// Its name.
    pub name: Box<str>,
    /// How many instances.
    pub instances: u32,
}

/// Which of the hosted service's extensions a deployment uses (SM 10.4).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExtensionConfiguration {
    /// Ids of extensions for all roles.
    pub all_roles: Vec<Box<str>>,
    /// The same for single roles, by name.
    pub named_roles: Vec<(Box<str>, Vec<Box<str>>)>,
}

impl ExtensionConfiguration {
    /// Whether it names none.
    pub fn is_empty(&self) -> bool {
        self.all_roles.is_empty() && self.named_roles.is_empty()
    }

    /// Refuses an extension that the service does not have.
    pub(super) fn check(&self, owner: &HostedService) -> Result<(), CloudError> {
        let named = self.named_roles.iter().flat_map(|(_, ids)| ids);
        for id in self.all_roles.iter().chain(named) {
            owner.extension(id)?;
        }
        Ok(())
    }
}

/// What a package deployment was made from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Package {
    /// The service configuration, base64, as sent.
    pub configuration: Box<str>,
    /// The package's file, as it was when it was deployed; none where it does not lie in this cloud.
    pub file: Option<Arc<Blob>>,
    /// Its instances, by role and number.
    pub instances: Vec<Instance>,
    /// Whether its instances run.
    pub running: bool,
    /// Whether they are being started, or suspended.
    pub turning: Option<bool>,
    /// The extensions that it uses.
    pub extensions: ExtensionConfiguration,
    /// The update that is in progress.
    pub update: Option<Update>,
}

/// An instance of a package role.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Instance {
    /// Its role.
    pub role: Box<str>,
    /// Counted from 0: decides the domains (SM 8.4).
    pub number: u32,
    /// The states that it goes through.
    pub timeline: Timeline,
}

impl Instance {
    /// `WorkerRole1_IN_0`
    pub fn name(&self) -> String {
        format!("{}_IN_{}", self.role, self.number)
    }

    /// Its upgrade domain.
    pub const fn upgrade_domain(&self) -> u32 {
        self.number % 5
    }

    /// Its fault domain.
    pub const fn fault_domain(&self) -> u32 {
        self.number % 2
    }
}

impl Package {
    /// The cores that its instances hold.
    pub fn cores(&self) -> u32 {
        u32::try_from(self.instances.len()).unwrap_or(u32::MAX)
    }

    /// The names of its roles.
    pub fn role_names(&self) -> Vec<&str> {
        let mut names: Vec<&str> = self.instances.iter().map(|instance| &*instance.role).collect();
        names.dedup();
        names
    }

    /// How many instances each role has.
    pub fn counts(&self) -> Vec<PackageRole> {
        let count = |name: &str| self.instances.iter().filter(|own| *own.role == *name).count();
        self.role_names()
            .into_iter()
            .map(|name| PackageRole {
                name: name.into(),
                instances: u32::try_from(count(name)).unwrap_or(u32::MAX),
            })
            .collect()
    }

    /// An instance by name.
    ///
    /// # Errors
    ///
    /// When there is none.
    pub fn instance(&self, name: &str) -> Result<&Instance, CloudError> {
        let found = self.instances.iter().find(|own| own.name().eq_ignore_ascii_case(name));
        found.ok_or_else(|| CloudError::of(&forms::NO_INSTANCE).with("instance", name))
    }

    /// Lays down what instances do from now on: all of them, or those of one upgrade domain.
    pub(super) fn set_timelines(&mut self, domain: Option<u32>, mut line: impl FnMut(u128) -> Timeline) {
        for (n, instance) in (0..).zip(&mut self.instances) {
            if domain.is_none_or(|domain| instance.upgrade_domain() == domain) {
                instance.timeline = line(n);
            }
        }
    }

    /// Starts its instances, or stops them.
    pub(super) fn run(&mut self, running: bool, now: Time, fresh: Fresh) {
        self.running = running;
        self.turning = None;
        self.set_timelines(None, |n| {
            if running {
                Timeline::start(now, fresh, n)
            } else {
                Timeline::at_rest(now, Phase::Suspended)
            }
        });
    }
}

/// The instances of roles: those that are there keep their numbers, the highest go first, new ones take what is free.
pub(super) fn resized(
    there: &[Instance],
    wanted: &[PackageRole],
    mut new: impl FnMut(u128) -> Timeline,
) -> Vec<Instance> {
    let mut all = Vec::new();
    for role in wanted {
        let mut own: Vec<Instance> = there
            .iter()
            .filter(|instance| instance.role.eq_ignore_ascii_case(&role.name))
            .cloned()
            .collect();
        let count = usize::try_from(role.instances).unwrap_or(usize::MAX);
        own.truncate(count);
        let mut number = 0;
        while own.len() < count {
            if !own.iter().any(|instance| instance.number == number) {
                own.push(Instance {
                    role: role.name.clone(),
                    number,
                    timeline: new(u128::from(number)),
                });
            }
            number += 1;
        }
        own.sort_by_key(|instance| instance.number);
        all.append(&mut own);
    }
    all
}

/// A request for a package deployment.
#[derive(Clone, Debug, Default)]
#[expect(missing_docs, reason = "named after the elements of the contract")]
pub struct CreatePackage {
    pub name: Box<str>,
    pub label: Box<str>,
    pub package_url: Box<str>,
    pub configuration: Box<str>,
    pub roles: Vec<PackageRole>,
    pub start: bool,
    pub extended: Vec<ExtendedProperty>,
    pub extensions: ExtensionConfiguration,
}

pub(super) fn create(
    cx: &Cx<'_>,
    asked: &Asked,
    service: &str,
    slot: Slot,
    spec: &CreatePackage,
) -> Result<Step, CloudError> {
    let (owner, key) = deployments::check_slot(cx, asked, service, &spec.name, slot)?;
    check_roles(cx, &spec.roles)?;
    if spec.package_url.is_empty() {
        return Err(CloudError::of(&forms::PARAMETER));
    }
    spec.extensions.check(owner)?;
    let package = Package {
        configuration: spec.configuration.clone(),
        file: file_at(cx, &spec.package_url),
        instances: resized(&[], &spec.roles, |_| Timeline::at_rest(cx.now(), Phase::Suspended)),
        running: spec.start,
        turning: None,
        extensions: spec.extensions.clone(),
        update: None,
    };
    let mut plan = Plan::new();
    let own = plan.reserve(cx);
    let mut deployment = deployments::empty(cx, asked, own, &spec.name, &spec.label);
    deployment.extended.clone_from(&spec.extended);
    let skeleton = deployment.clone();
    let location = roles::location_name(&owner.placement.location(cx, asked.subscription));
    let cores = package.cores();
    let lasts = (30_000, 50_000);
    let hold = Hold::Deployment(key.clone());
    if let Err(error) = subscription::check_cores(cx, asked.subscription, &location, cores) {
        let plan = Plan::new().claiming(1).deployment(key, Some(skeleton));
        return Ok(Step::later(plan, lasts).holding(hold).doomed(error));
    }
    deployment.package = Some(package);
    let mut draft = Draft::new(cx, asked, owner, &key, deployment);
    draft.with(|_| plan);
    deployments::take_vip(&mut draft, owner, slot, None, asked);
    let plan = draft.finish(cx.now()).charge_cores(location, cores.into());
    let step = Step::later(plan, lasts)
        .holding(hold)
        .on_the_way(50, Tick::Appears(key.clone(), asked.request));
    Ok(step.then(Work::StartDeployment(key)))
}

/// The package at an address, as it is now.
pub(super) fn file_at(cx: &Cx<'_>, url: &str) -> Option<Arc<Blob>> {
    let blob = cx.fabric().blobs.get(&any_blob_name_of(url).ok()?)?;
    (!blob.blocks.only_staged).then(|| Arc::new(blob.clone()))
}

/// Begins to copy a deployment's package and configuration into a container (SM 5.6).
pub(super) fn get(
    cx: &Cx<'_>,
    asked: &Asked,
    found: (DeploymentKey, &Deployment),
    container: &str,
    overwrite: bool,
) -> Result<Step, CloudError> {
    let package = of(cx, &found)?;
    let (key, row) = found;
    if package.file.is_none() {
        return Err(CloudError::of(&forms::PACKAGE_UNKNOWN).with("deployment", &row.name));
    }
    let missing = || CloudError::of(&forms::PACKAGE_CONTAINER).with("uri", container);
    let path = container
        .split(['?', '#'])
        .next()
        .unwrap_or_default()
        .trim_end_matches('/');
    let (account, name, _) = media::locate(cx, asked, &format!("{path}/{PACKAGE}"))
        .ok()
        .filter(|name| &*name.2 == PACKAGE)
        .ok_or_else(missing)?;
    let container = (account, name);
    copied(cx, &key, &container, overwrite)?;
    let work = Work::CopyPackage {
        key: key.clone(),
        container,
        overwrite,
    };
    Ok(Step::later(Plan::new(), (5_000, 20_000))
        .holding(Hold::Deployment(key))
        .then(work))
}

/// What the files are called, behind the deployment's name and a point. Assumed.
const PACKAGE: &str = "cspkg";
const CONFIGURATION: &str = "cscfg";

/// The end of that: two blobs.
pub(super) fn copied(
    cx: &Cx<'_>,
    key: &DeploymentKey,
    container: &ContainerName,
    overwrite: bool,
) -> Result<Plan, CloudError> {
    let row = cx.classic().deployments.get(key);
    let Some((row, package)) = row.and_then(|row| Some((row, row.package.as_ref()?))) else {
        return Ok(Plan::new());
    };
    let there = cx.fabric().containers.get(container);
    if there.is_none_or(|own| own.deleted_until.is_some()) {
        let uri = format!("https://{}.blob.core.windows.net/{}", container.0, container.1);
        return Err(CloudError::of(&forms::PACKAGE_CONTAINER).with("uri", uri));
    }
    let configuration = STANDARD.decode(package.configuration.trim()).unwrap_or_default();
    let mut settings = Blob::page(0, ticks(cx.now()), cx.now());
    settings.kind = BlobKind::Block;
    settings.length = configuration.len() as u64;
    settings.write(0, &configuration);
    let file = package.file.as_deref().map(|file| Blob {
        modified: cx.now(),
        created: cx.now(),
        etag: ticks(cx.now()),
        snapshots: std::collections::BTreeMap::new(),
        ..file.clone().let_go()
    });
    let mut plan = Plan::new();
    for (blob, ending) in file
        .into_iter()
        .map(|file| (file, PACKAGE))
        .chain([(settings, CONFIGURATION)])
    {
        let name: BlobName = (
            container.0.clone(),
            container.1.clone(),
            format!("{}.{ending}", row.name).into(),
        );
        if let Some(before) = cx.fabric().blobs.get(&name) {
            if before.lease.is_active(cx.now()) {
                return Err(CloudError::of(&forms::BLOB_EXISTS).with("uri", &name.2));
            }
            if !overwrite {
                return Err(CloudError::of(&forms::PACKAGE_EXISTS).with("blob", &name.2));
            }
        }
        plan = plan.blob(name, Some(blob));
    }
    Ok(plan)
}

/// Refuses a service configuration without roles, with a role without instances, or with more roles than a deployment may have.
pub(super) fn check_roles(cx: &Cx<'_>, asked: &[PackageRole]) -> Result<(), CloudError> {
    if asked.is_empty() || asked.iter().any(|role| role.instances == 0 || role.name.is_empty()) {
        return Err(CloudError::of(&forms::PARAMETER));
    }
    if let Some(limit) = cx
        .limit("RolesPerPackageDeployment")
        .filter(|limit| i64::try_from(asked.len()).is_ok_and(|n| n > *limit))
    {
        return Err(CloudError::of(&forms::ROLE_LIMIT)
            .with("count", asked.len())
            .with("limit", limit));
    }
    Ok(())
}

/// What goes with a package.
pub(super) fn gone(cx: &Cx<'_>, key: &DeploymentKey, package: &Package) -> Plan {
    charge(cx, key, -i64::from(package.cores()))
}

/// The cores that a package with other instances holds more, or fewer.
pub(super) fn recharged(cx: &Cx<'_>, key: &DeploymentKey, before: &Package, after: &Package) -> Plan {
    charge(cx, key, i64::from(after.cores()) - i64::from(before.cores()))
}

fn charge(cx: &Cx<'_>, key: &DeploymentKey, by: i64) -> Plan {
    match cx.classic().hosted_services.get(&key.0) {
        Some(service) if by != 0 => Plan::new().charge_cores(
            roles::location_name(&service.placement.location(cx, service.subscription)),
            by,
        ),
        _ => Plan::new(),
    }
}

/// The package of a deployment that nobody else writes to; machines have operations of their own (SM 5.6).
pub(super) fn of<'d>(cx: &Cx<'_>, found: &(DeploymentKey, &'d Deployment)) -> Result<&'d Package, CloudError> {
    operations::check_free(cx, &Hold::Deployment(found.0.clone()))?;
    let package = found.1.package.as_ref();
    package.ok_or_else(|| CloudError::of(&forms::DEPLOYMENT_OF_ROLES))
}

/// Starts or suspends the instances of a package deployment (SM 5.6).
pub(super) fn run(cx: &Cx<'_>, found: (DeploymentKey, &Deployment), running: bool) -> Result<Step, CloudError> {
    let turns = of(cx, &found)?.running != running;
    let mut step = altering(found.0.clone(), Alter::Run(running), (4_000, 30_000));
    if turns {
        step.plan = deployments::changed(cx, &found.0, |row| {
            if let Some(package) = &mut row.package {
                package.turning = Some(running);
            }
        });
    }
    Ok(step)
}

/// What is done to an instance (SM 5.6).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum InstanceAct {
    /// Its system starts anew.
    Reboot,
    /// It gets a fresh system; local storage stays.
    Reimage,
    /// It gets a fresh system, and its local storage is initialized.
    Rebuild,
}

/// Does something to an instance.
pub(super) fn act(
    cx: &Cx<'_>,
    found: (DeploymentKey, &Deployment),
    name: &str,
    act: InstanceAct,
) -> Result<Step, CloudError> {
    let instance = of(cx, &found)?.instance(name)?.name().into();
    let lasts = match act {
        InstanceAct::Reboot => (30_000, 90_000),
        InstanceAct::Reimage | InstanceAct::Rebuild => (60_000, 160_000),
    };
    Ok(altering(found.0, Alter::Instance { instance, act }, lasts))
}

/// Deletes instances by name: their roles become smaller, and the others keep their numbers (SM 5.6). `configuration` says so.
pub(super) fn delete_instances(
    cx: &Cx<'_>,
    found: (DeploymentKey, &Deployment),
    names: &[Box<str>],
    configuration: &str,
) -> Result<Step, CloudError> {
    let package = of(cx, &found)?;
    if names.is_empty() {
        return Err(CloudError::of(&forms::PARAMETER));
    }
    if package.update.is_some() {
        return Err(CloudError::of(&forms::UPDATE_IN_PROGRESS));
    }
    let mut left = package.instances.clone();
    for name in names {
        let goes = package.instance(name)?.name();
        left.retain(|own| own.name() != goes);
    }
    if let Some(role) = package
        .role_names()
        .into_iter()
        .find(|role| !left.iter().any(|own| *own.role == **role))
    {
        return Err(CloudError::of(&forms::LAST_INSTANCE).with("role", role));
    }
    let alter = Alter::Instances {
        left,
        configuration: configuration.into(),
    };
    Ok(altering(found.0, alter, (20_000, 60_000)))
}

pub(super) fn altering(key: DeploymentKey, alter: Alter, lasts_ms: (i64, i64)) -> Step {
    let work = Work::Alter {
        key: key.clone(),
        alter,
    };
    Step::later(Plan::new(), lasts_ms)
        .holding(Hold::Deployment(key))
        .then(work)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(all: &[Instance]) -> Vec<String> {
        all.iter().map(Instance::name).collect()
    }

    #[test]
    fn instances_keep_their_numbers_when_others_go_and_come() {
        let rest = |_| Timeline::at_rest(Time::default(), Phase::Suspended);
        let role = |instances| PackageRole {
            name: "w".into(),
            instances,
        };
        let three = resized(&[], &[role(3)], rest);
        assert_eq!(names(&three), ["w_IN_0", "w_IN_1", "w_IN_2"]);
        let gap: Vec<Instance> = three.iter().filter(|own| own.number != 1).cloned().collect();
        assert_eq!(names(&resized(&gap, &[role(3)], rest)), ["w_IN_0", "w_IN_1", "w_IN_2"]);
        assert_eq!(names(&resized(&gap, &[role(1)], rest)), ["w_IN_0"]);
    }
}
