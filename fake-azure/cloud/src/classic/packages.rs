//! Package deployments: web and worker roles of several instances (SM 5.4). What is in a package is not known; role names and
//! counts come from the service configuration.

use serde::{Deserialize, Serialize};

use super::deployments::{self, Alter, DeploymentKey, Slot, Stage};
use super::drafting::Draft;
use super::hosted_services::ExtendedProperty;
use super::{Asked, Hold, Step, Tick, Work, forms, operations, roles, subscription};
use crate::cx::Cx;
use crate::error::CloudError;
use crate::plan::Plan;

/// A role of a package deployment: a name and a number of instances. Its size is in the package: Small is assumed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PackageRole {
    /// Its name.
    pub name: Box<str>,
    /// How many instances.
    pub instances: u32,
}

/// What a package deployment was made from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Package {
    /// The service configuration, base64, as sent.
    pub configuration: Box<str>,
    /// Its roles, by name.
    pub roles: Vec<PackageRole>,
    /// Whether its instances run.
    pub running: bool,
    /// Ids of extensions for all roles.
    pub extensions: Vec<Box<str>>,
}

/// An instance of a package role.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Instance {
    /// Its role.
    pub role: Box<str>,
    /// Counted from 0: decides the domains (SM 8.4).
    pub number: u32,
}

impl Package {
    /// All instances, role by role.
    pub fn instances(&self) -> impl Iterator<Item = Instance> {
        self.roles.iter().flat_map(|role| {
            (0..role.instances).map(|number| Instance {
                role: role.name.clone(),
                number,
            })
        })
    }

    /// The cores that they hold.
    pub fn cores(&self) -> u32 {
        self.roles.iter().map(|role| role.instances).sum()
    }
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
    pub extensions: Vec<Box<str>>,
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
    for id in &spec.extensions {
        owner.extension(id)?;
    }
    let package = Package {
        configuration: spec.configuration.clone(),
        roles: spec.roles.clone(),
        running: spec.start,
        extensions: spec.extensions.clone(),
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

fn check_roles(cx: &Cx<'_>, asked: &[PackageRole]) -> Result<(), CloudError> {
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

/// What another configuration changes.
pub(super) fn resized(cx: &Cx<'_>, key: &DeploymentKey, before: Option<&Package>, after: &Package) -> Plan {
    charge(
        cx,
        key,
        i64::from(after.cores()) - i64::from(before.map_or(0, Package::cores)),
    )
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

/// Starts or suspends the instances of a package deployment; machines have operations of their own (SM 5.6).
pub(super) fn run(
    cx: &Cx<'_>,
    found: (DeploymentKey, &deployments::Deployment),
    running: bool,
) -> Result<Step, CloudError> {
    let (key, row) = found;
    operations::check_free(cx, &Hold::Deployment(key.clone()))?;
    if row.package.is_none() {
        return Err(CloudError::of(&forms::DEPLOYMENT_OF_ROLES));
    }
    let work = Work::Alter {
        key: key.clone(),
        alter: Alter::Run(running),
    };
    Ok(Step::later(Plan::new(), (4_000, 30_000))
        .holding(Hold::Deployment(key))
        .then(work))
}

/// Another service configuration: other instance counts.
pub(super) fn configure(
    cx: &Cx<'_>,
    found: (DeploymentKey, &deployments::Deployment),
    configuration: &str,
    asked: &[PackageRole],
) -> Result<Step, CloudError> {
    let (key, row) = found;
    operations::check_free(cx, &Hold::Deployment(key.clone()))?;
    let Some(package) = &row.package else {
        return Err(CloudError::of(&forms::DEPLOYMENT_OF_ROLES));
    };
    check_roles(cx, asked)?;
    let named = |role: &PackageRole| {
        package
            .roles
            .iter()
            .any(|own| own.name.eq_ignore_ascii_case(&role.name))
    };
    if row.stage != Stage::Made || asked.len() != package.roles.len() || !asked.iter().all(named) {
        return Err(CloudError::of(&forms::PARAMETER));
    }
    let after = Package {
        configuration: configuration.into(),
        roles: asked.to_vec(),
        ..package.clone()
    };
    let more = after.cores().saturating_sub(package.cores());
    let location = cx
        .classic()
        .hosted_services
        .get(&key.0)
        .map(|service| service.placement.location(cx, service.subscription));
    let short = subscription::check_cores(
        cx,
        row.subscription,
        &roles::location_name(&location.unwrap_or_default()),
        more,
    )
    .err();
    let work = Work::Alter {
        key: key.clone(),
        alter: Alter::Configure(Box::new(after)),
    };
    let step = Step::later(Plan::new(), (20_000, 60_000))
        .holding(Hold::Deployment(key))
        .then(work);
    Ok(match short {
        Some(error) => step.doomed(error),
        None => step,
    })
}
