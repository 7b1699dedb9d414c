//! Package deployments on the wire (SM 5.4, 5.6). Of a package only the service configuration is looked at.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use fake_azure_cloud::classic::{Act, CreatePackage, PackageRole, forms};

use super::deployments::{slot_of, which};
use super::encode::read_extended;
use super::error::Failure;
use super::request::{Answer, Asked};
use super::route::Route;
use super::xml::{Contract, SERVICE_CONFIGURATION, parse};

const D: &str = "/services/hostedservices/{service}/deployments/{deployment}";
const SLOT: &str = "/services/hostedservices/{service}/deploymentslots/{slot}";

pub(super) const ROUTES: &[Route] = &[
    Route::new("POST", SLOT, create),
    Route::new("POST", SLOT, status).comp("status"),
    Route::new("POST", D, status).comp("status"),
    Route::new("POST", SLOT, configure).comp("config"),
    Route::new("POST", D, configure).comp("config"),
];

const CREATE: Contract = Contract {
    name: "CreateDeployment",
    order: &[
        "Name",
        "PackageUrl",
        "Label",
        "Configuration",
        "StartDeployment",
        "TreatWarningsAsError",
        "ExtendedProperties",
        "ExtensionConfiguration",
    ],
    lenient: &[],
};

/// Role names and counts of a service configuration.
fn roles(configuration: &str) -> Result<Vec<PackageRole>, Failure> {
    let bad = || Failure::of(&forms::PARAMETER);
    let bytes = STANDARD.decode(configuration.trim()).map_err(|_| bad())?;
    let root = parse(&bytes).map_err(|_| bad())?;
    if root.name != "ServiceConfiguration" || root.namespace != SERVICE_CONFIGURATION {
        return Err(bad());
    }
    root.all("Role")
        .map(|role| {
            let count = role
                .child("Instances")
                .and_then(|own| own.attribute("count"))
                .and_then(|text| text.trim().parse().ok());
            Ok(PackageRole {
                name: role.attribute("name").ok_or_else(bad)?.into(),
                instances: count.ok_or_else(bad)?,
            })
        })
        .collect()
}

fn create(asked: &mut Asked<'_>) -> Result<Answer, Failure> {
    let slot = slot_of(asked)?;
    let body = asked.body(CREATE.name)?;
    let fields = CREATE.read(&body);
    let configuration = fields.required("Configuration")?;
    let all_roles = fields
        .get("ExtensionConfiguration")
        .and_then(|own| own.child("AllRoles"));
    let extensions = all_roles
        .into_iter()
        .flat_map(|list| list.all("Extension"))
        .filter_map(|own| own.text_of("Id"));
    let package = CreatePackage {
        name: fields.required("Name")?,
        label: fields.required("Label")?,
        package_url: fields.required("PackageUrl")?,
        roles: roles(&configuration)?,
        configuration,
        start: fields.boolean("StartDeployment")?.unwrap_or(false),
        extended: fields.get("ExtendedProperties").map(read_extended).unwrap_or_default(),
        extensions: extensions.map(Into::into).collect(),
    };
    let act = Act::CreatePackage {
        service: asked.boxed("service"),
        slot,
        package: Box::new(package),
    };
    Ok(Answer::accepted(asked.perform(act)?))
}

fn status(asked: &mut Asked<'_>) -> Result<Answer, Failure> {
    let body = asked.body("UpdateDeploymentStatus")?;
    let running = match body.text_of("Status").unwrap_or_default().to_ascii_lowercase().as_str() {
        "running" => true,
        "suspended" => false,
        _ => return Err(Failure::of(&forms::PARAMETER)),
    };
    let act = Act::RunDeployment {
        service: asked.boxed("service"),
        which: which(asked)?,
        running,
    };
    Ok(Answer::accepted(asked.perform(act)?))
}

fn configure(asked: &mut Asked<'_>) -> Result<Answer, Failure> {
    let body = asked.body("ChangeConfiguration")?;
    let configuration = body
        .text_of("Configuration")
        .ok_or_else(|| Failure::missing_element("ChangeConfiguration"))?;
    let roles = roles(configuration)?;
    let act = Act::ChangeConfiguration {
        service: asked.boxed("service"),
        which: which(asked)?,
        configuration: configuration.into(),
        roles,
    };
    Ok(Answer::accepted(asked.perform(act)?))
}
