//! What is done to machines, on the wire (SM 6.4).

use fake_azure_cloud::classic::{Act, Capture, CaptureAs, ImageMarketing, PostShutdown, RoleAct, forms};

use super::deployments::find;
use super::error::Failure;
use super::request::{Answer, Asked};
use super::route::Route;
use super::xml::{Contract, Element, is_azure, parse};

const MACHINES: u32 = 20_120_301;

pub(super) const ROUTES: &[Route] = &[
    Route::new(
        "POST",
        "/services/hostedservices/{service}/deployments/{deployment}/roleinstances/{role}/Operations",
        one,
    )
    .since(MACHINES),
    Route::new(
        "POST",
        "/services/hostedservices/{service}/deployments/{deployment}/Roles/Operations",
        several,
    )
    .since(20_130_801),
    Route::new(
        "GET",
        "/services/hostedservices/{service}/deployments/{deployment}/roleinstances/{role}/ModelFile",
        model,
    )
    .since(MACHINES),
];

const IMAGE: Contract = Contract {
    name: "CaptureRoleOperation",
    order: &[
        "OperationType",
        "PostCaptureAction",
        "ProvisioningConfiguration",
        "SupportsStatelessDeployment",
        "TargetImageLabel",
        "TargetImageName",
    ],
    lenient: &[],
};
const VM_IMAGE: Contract = Contract {
    name: "CaptureRoleAsVMImageOperation",
    order: &[
        "OperationType",
        "OSState",
        "VMImageName",
        "VMImageLabel",
        "Description",
        "Language",
        "ImageFamily",
        "RecommendedVMSize",
    ],
    lenient: &[],
};

/// The root says what is done; its name is the type's.
fn root(asked: &Asked<'_>) -> Result<Element, Failure> {
    let element = parse(asked.request.body()).map_err(|_| Failure::invalid_xml())?;
    if is_azure(&element.namespace) {
        Ok(element)
    } else {
        Err(Failure::invalid_xml())
    }
}

/// `Stopped` unless said (SM 6.4, assumed).
fn post_shutdown(element: &Element) -> Result<PostShutdown, Failure> {
    match element
        .text_of("PostShutdownAction")
        .unwrap_or_default()
        .to_ascii_lowercase()
        .as_str()
    {
        "" | "stopped" => Ok(PostShutdown::Stopped),
        "stoppeddeallocated" => Ok(PostShutdown::StoppedDeallocated),
        _ => Err(Failure::of(&forms::PARAMETER)),
    }
}

fn decode(element: &Element) -> Result<RoleAct, Failure> {
    Ok(match element.name.as_str() {
        "StartRoleOperation" => RoleAct::Start,
        "RestartRoleOperation" => RoleAct::Restart,
        "ShutdownRoleOperation" => RoleAct::Shutdown(post_shutdown(element)?),
        "RedeployRoleOperation" => RoleAct::Redeploy,
        "PerformMaintenanceOnRoleOperation" => RoleAct::PerformMaintenance,
        "CaptureRoleOperation" => {
            let fields = IMAGE.read(element);
            let reprovision = match fields.required("PostCaptureAction")?.to_ascii_lowercase().as_str() {
                "delete" => false,
                "reprovision" => true,
                _ => return Err(Failure::of(&forms::PARAMETER)),
            };
            RoleAct::Capture(Box::new(Capture {
                name: fields.required("TargetImageName")?,
                label: fields.required("TargetImageLabel")?,
                kind: CaptureAs::OsImage { reprovision },
                marketing: ImageMarketing::default(),
            }))
        }
        "CaptureRoleAsVMImageOperation" => {
            let fields = VM_IMAGE.read(element);
            let generalized = match fields.required("OSState")?.to_ascii_lowercase().as_str() {
                "generalized" => true,
                "specialized" => false,
                _ => return Err(Failure::of(&forms::PARAMETER)),
            };
            RoleAct::Capture(Box::new(Capture {
                name: fields.required("VMImageName")?,
                label: fields.required("VMImageLabel")?,
                kind: CaptureAs::VmImage { generalized },
                marketing: ImageMarketing {
                    description: fields.filled("Description"),
                    language: fields.filled("Language"),
                    image_family: fields.filled("ImageFamily"),
                    recommended_size: fields.filled("RecommendedVMSize"),
                    ..ImageMarketing::default()
                },
            }))
        }
        _ => return Err(Failure::invalid_xml()),
    })
}

fn one(asked: &mut Asked<'_>) -> Result<Answer, Failure> {
    let act = decode(&root(asked)?)?;
    run(asked, vec![asked.boxed("role")], act)
}

fn several(asked: &mut Asked<'_>) -> Result<Answer, Failure> {
    let element = root(asked)?;
    let act = match element.name.as_str() {
        "StartRolesOperation" => RoleAct::Start,
        "ShutdownRolesOperation" => RoleAct::Shutdown(post_shutdown(&element)?),
        _ => return Err(Failure::invalid_xml()),
    };
    let roles = element
        .child("Roles")
        .ok_or_else(|| Failure::missing_element("RolesOperation"))?;
    let names = roles.all("Name").map(|name| name.text.trim().into()).collect();
    run(asked, names, act)
}

fn run(asked: &mut Asked<'_>, roles: Vec<Box<str>>, act: RoleAct) -> Result<Answer, Failure> {
    let (service, deployment) = (asked.boxed("service"), asked.boxed("deployment"));
    Ok(Answer::accepted(asked.perform(Act::RunRoles {
        service,
        deployment,
        roles,
        act,
    })?))
}

/// The file that opens a remote desktop.
fn model(asked: &mut Asked<'_>) -> Result<Answer, Failure> {
    if !asked
        .query("filetype")
        .is_some_and(|kind| kind.eq_ignore_ascii_case("rdp"))
    {
        return Err(Failure::query());
    }
    let asked = &*asked;
    let (_, deployment) = find(asked)?;
    let port = deployment.remote_desktop_port(asked.param("role"))?;
    let address = deployment.vips.first().and_then(|vip| asked.cx().vip_address(vip));
    let address = address.ok_or_else(|| Failure::of(&forms::NO_RDP))?;
    let body = format!("full address:s:{address}:{port}\r\nprompt for credentials:i:1\r\n");
    Ok(Answer {
        content_type: "application/octet-stream",
        ..Answer::ok(body)
    })
}
