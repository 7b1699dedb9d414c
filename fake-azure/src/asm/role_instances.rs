//! Role instances of package deployments on the wire: reboot, reimage, rebuild, delete (SM 5.6). Rebooting works for machines, too.

use fake_azure_cloud::classic::{Act, InstanceAct, PackageRole, RoleAct, forms};

use super::deployments::{find, which};
use super::error::Failure;
use super::packages::with_counts;
use super::request::{Answer, Asked};
use super::route::Route;

const OF_NAME: &str = "/services/hostedservices/{service}/deployments/{deployment}/roleinstances/{instance}";
const OF_SLOT: &str = "/services/hostedservices/{service}/deploymentslots/{slot}/roleinstances/{instance}";

pub(super) const ROUTES: &[Route] = &[
    Route::new("POST", OF_NAME, reboot).comp("reboot").since(20_101_028),
    Route::new("POST", OF_SLOT, reboot).comp("reboot").since(20_101_028),
    Route::new("POST", OF_NAME, reimage).comp("reimage").since(20_101_028),
    Route::new("POST", OF_SLOT, reimage).comp("reimage").since(20_101_028),
    Route::new("POST", OF_NAME, rebuild).comp("rebuild").since(20_130_301),
    Route::new("POST", OF_SLOT, rebuild).comp("rebuild").since(20_130_301),
    Route::new(
        "POST",
        "/services/hostedservices/{service}/deployments/{deployment}/roleinstances",
        delete,
    )
    .comp("delete")
    .since(20_130_801),
    Route::new(
        "POST",
        "/services/hostedservices/{service}/deploymentslots/{slot}/roleinstances",
        delete,
    )
    .comp("delete")
    .since(20_130_801),
];

fn run(asked: &mut Asked<'_>, act: InstanceAct) -> Result<Answer, Failure> {
    let (service, instance) = (asked.boxed("service"), asked.boxed("instance"));
    let (_, deployment) = find(asked)?;
    let (of_machines, name) = (deployment.package.is_none(), deployment.name.clone());
    let act = if of_machines && act == InstanceAct::Reboot {
        Act::RunRoles {
            service,
            deployment: name,
            roles: vec![instance],
            act: RoleAct::Restart,
        }
    } else {
        Act::ActOnInstance {
            service,
            which: which(asked)?,
            instance,
            act,
        }
    };
    Ok(Answer::accepted(asked.perform(act)?))
}

fn reboot(asked: &mut Asked<'_>) -> Result<Answer, Failure> {
    run(asked, InstanceAct::Reboot)
}

fn reimage(asked: &mut Asked<'_>) -> Result<Answer, Failure> {
    run(asked, InstanceAct::Reimage)
}

fn rebuild(asked: &mut Asked<'_>) -> Result<Answer, Failure> {
    run(asked, InstanceAct::Rebuild)
}

fn delete(asked: &mut Asked<'_>) -> Result<Answer, Failure> {
    let body = asked.body("RoleInstances")?;
    let names: Vec<Box<str>> = body.all("Name").map(|name| name.text.trim().into()).collect();
    let (_, deployment) = find(asked)?;
    let package = deployment
        .package
        .as_ref()
        .ok_or_else(|| Failure::of(&forms::DEPLOYMENT_OF_ROLES))?;
    let goes = |role: &str| {
        let own = package.instances.iter().filter(|instance| *instance.role == *role);
        let named = |instance: &str| names.iter().any(|name| name.eq_ignore_ascii_case(instance));
        own.filter(|instance| named(&instance.name())).count()
    };
    let counts: Vec<PackageRole> = package
        .counts()
        .into_iter()
        .map(|role| PackageRole {
            instances: role
                .instances
                .saturating_sub(u32::try_from(goes(&role.name)).unwrap_or(u32::MAX)),
            ..role
        })
        .collect();
    let configuration = with_counts(&package.configuration, &counts).unwrap_or_else(|| package.configuration.clone());
    let act = Act::DeleteInstances {
        service: asked.boxed("service"),
        which: which(asked)?,
        names,
        configuration,
    };
    Ok(Answer::accepted(asked.perform(act)?))
}
