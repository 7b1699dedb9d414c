//! Package deployments on the wire (SM 5.4, 5.6). Of a package only the service configuration is looked at.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use fake_azure_cloud::classic::{
    Act, CreatePackage, ExtensionConfiguration, PackageRole, UpdateDeployment, UpdateMode, UpgradeDeployment, forms,
};

use super::deployments::{find, slot_of, which};
use super::encode::read_extended;
use super::error::Failure;
use super::request::{Answer, Asked};
use super::route::Route;
use super::xml::{Contract, Element, Fields, SERVICE_CONFIGURATION, Writer, parse};
use crate::text;

const D: &str = "/services/hostedservices/{service}/deployments/{deployment}";
const SLOT: &str = "/services/hostedservices/{service}/deploymentslots/{slot}";

pub(super) const ROUTES: &[Route] = &[
    Route::new("POST", SLOT, create),
    Route::new("POST", SLOT, status).comp("status"),
    Route::new("POST", D, status).comp("status"),
    Route::new("POST", SLOT, configure).comp("config"),
    Route::new("POST", D, configure).comp("config"),
    Route::new("POST", SLOT, upgrade).comp("upgrade"),
    Route::new("POST", D, upgrade).comp("upgrade"),
    Route::new("POST", SLOT, walk).comp("walkupgradedomain"),
    Route::new("POST", D, walk).comp("walkupgradedomain"),
    Route::new("POST", SLOT, roll_back).comp("rollback").since(20_111_001),
    Route::new("POST", D, roll_back).comp("rollback").since(20_111_001),
    Route::new(
        "GET",
        "/services/hostedservices/{service}/deploymentslots/{slot}/events",
        events,
    )
    .since(20_140_601),
    Route::new(
        "GET",
        "/services/hostedservices/{service}/deployments/{deployment}/events",
        events,
    )
    .since(20_140_601),
    Route::new(
        "POST",
        "/services/hostedservices/{service}/deploymentslots/{slot}/package",
        get_package,
    )
    .since(20_120_301),
    Route::new(
        "POST",
        "/services/hostedservices/{service}/deployments/{deployment}/package",
        get_package,
    )
    .since(20_120_301),
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
const CONFIGURE: Contract = Contract {
    name: "ChangeConfiguration",
    order: &[
        "Configuration",
        "TreatWarningsAsError",
        "Mode",
        "ExtendedProperties",
        "ExtensionConfiguration",
    ],
    lenient: &[],
};
const UPGRADE: Contract = Contract {
    name: "UpgradeDeployment",
    order: &[
        "Mode",
        "PackageUrl",
        "Configuration",
        "Label",
        "RoleToUpgrade",
        "Force",
        "ExtendedProperties",
        "ExtensionConfiguration",
    ],
    lenient: &[],
};
const ROLL_BACK: Contract = Contract {
    name: "RollbackUpdateOrUpgrade",
    order: &["Mode", "Force"],
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

/// A service configuration with other counts, otherwise as it was sent.
pub(super) fn with_counts(configuration: &str, counts: &[PackageRole]) -> Option<Box<str>> {
    let text = String::from_utf8(STANDARD.decode(configuration.trim()).ok()?).ok()?;
    let mut out = String::with_capacity(text.len());
    let mut rest = text.as_str();
    while let Some(at) = rest.find("<Role") {
        let (before, role) = rest.split_at(at);
        let end = role.find("</Role").unwrap_or(role.len());
        let (role, after) = role.split_at(end);
        out.push_str(before);
        let wanted = counts.iter().find(|own| role.contains(&format!("\"{}\"", own.name)));
        match (wanted, role.split_once("count=\"")) {
            (Some(wanted), Some((head, tail))) => {
                let tail = tail.split_once('"').map_or("", |(_, tail)| tail);
                out.push_str(&format!("{head}count=\"{}\"{tail}", wanted.instances));
            }
            _ => out.push_str(role),
        }
        rest = after;
    }
    out.push_str(rest);
    Some(STANDARD.encode(out).into())
}

fn extensions(fields: &Fields<'_>) -> Option<ExtensionConfiguration> {
    let ids = |list: &Element| -> Vec<Box<str>> {
        let all = list.all("Extension").filter_map(|own| own.text_of("Id"));
        all.map(Box::from).collect()
    };
    let element = fields.get("ExtensionConfiguration")?;
    let named = element
        .child("NamedRoles")
        .into_iter()
        .flat_map(|list| list.all("Role"));
    Some(ExtensionConfiguration {
        all_roles: element.child("AllRoles").map(ids).unwrap_or_default(),
        named_roles: named
            .map(|role| {
                let own = role.child("Extensions").map(ids).unwrap_or_default();
                (role.text_of("RoleName").unwrap_or_default().into(), own)
            })
            .collect(),
    })
}

/// `ExtensionConfiguration` of a deployment that has one (SM 5.5).
pub(super) fn write_extensions(writer: &mut Writer, extensions: &ExtensionConfiguration) {
    let list = |writer: &mut Writer, ids: &[Box<str>]| {
        for id in ids {
            writer.element("Extension", |writer| {
                writer.text("Id", id);
                writer.nillable("State", None);
            });
        }
    };
    writer.element("ExtensionConfiguration", |writer| {
        writer.element("AllRoles", |writer| list(writer, &extensions.all_roles));
        writer.element("NamedRoles", |writer| {
            for (name, ids) in &extensions.named_roles {
                writer.element("Role", |writer| {
                    writer.text("RoleName", name);
                    writer.element("Extensions", |writer| list(writer, ids));
                });
            }
        });
    });
}

fn create(asked: &mut Asked<'_>) -> Result<Answer, Failure> {
    let slot = slot_of(asked)?;
    let body = asked.body(CREATE.name)?;
    let fields = CREATE.read(&body);
    let configuration = fields.required("Configuration")?;
    let package = CreatePackage {
        name: fields.required("Name")?,
        label: fields.required("Label")?,
        package_url: fields.required("PackageUrl")?,
        roles: roles(&configuration)?,
        configuration,
        start: fields.boolean("StartDeployment")?.unwrap_or(false),
        extended: fields.get("ExtendedProperties").map(read_extended).unwrap_or_default(),
        extensions: extensions(&fields).unwrap_or_default(),
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

/// `Auto` unless said (SM 5.6).
fn mode(fields: &Fields<'_>) -> Result<UpdateMode, Failure> {
    match fields.text("Mode").filter(|text| !text.is_empty()) {
        None => Ok(UpdateMode::Auto),
        Some(text) => UpdateMode::find(text).ok_or_else(|| Failure::of(&forms::PARAMETER)),
    }
}

fn update(asked: &mut Asked<'_>, fields: &Fields<'_>, upgrade: Option<UpgradeDeployment>) -> Result<Answer, Failure> {
    let configuration = fields.required("Configuration")?;
    let update = UpdateDeployment {
        mode: mode(fields)?,
        roles: roles(&configuration)?,
        configuration,
        extended: fields.get("ExtendedProperties").map(read_extended),
        extensions: extensions(fields),
        upgrade,
    };
    let act = Act::UpdateDeployment {
        service: asked.boxed("service"),
        which: which(asked)?,
        update: Box::new(update),
    };
    Ok(Answer::accepted(asked.perform(act)?))
}

fn configure(asked: &mut Asked<'_>) -> Result<Answer, Failure> {
    let body = asked.body(CONFIGURE.name)?;
    update(asked, &CONFIGURE.read(&body), None)
}

fn upgrade(asked: &mut Asked<'_>) -> Result<Answer, Failure> {
    let body = asked.body(UPGRADE.name)?;
    let fields = UPGRADE.read(&body);
    let own = UpgradeDeployment {
        package_url: fields.required("PackageUrl")?,
        label: fields.required("Label")?,
        role: fields.filled("RoleToUpgrade"),
    };
    // The reference has it as required; nothing local is lost here, so that it makes no difference.
    fields.boolean("Force")?;
    update(asked, &fields, Some(own))
}

fn walk(asked: &mut Asked<'_>) -> Result<Answer, Failure> {
    let body = asked.body("WalkUpgradeDomain")?;
    let domain = body
        .text_of("UpgradeDomain")
        .and_then(|text| text.parse().ok())
        .ok_or_else(|| Failure::missing_element("WalkUpgradeDomain"))?;
    let act = Act::WalkUpgradeDomain {
        service: asked.boxed("service"),
        which: which(asked)?,
        domain,
    };
    Ok(Answer::accepted(asked.perform(act)?))
}

fn roll_back(asked: &mut Asked<'_>) -> Result<Answer, Failure> {
    let body = asked.body(ROLL_BACK.name)?;
    let fields = ROLL_BACK.read(&body);
    fields.boolean("Force")?;
    let act = Act::RollBack {
        service: asked.boxed("service"),
        which: which(asked)?,
        mode: mode(&fields)?,
    };
    Ok(Answer::accepted(asked.perform(act)?))
}

/// `?containerUri=&overwriteExisting=`: false unless said.
fn get_package(asked: &mut Asked<'_>) -> Result<Answer, Failure> {
    let container = asked
        .query("containeruri")
        .filter(|uri| !uri.is_empty())
        .ok_or_else(Failure::query)?;
    let overwrite = match asked
        .query("overwriteexisting")
        .unwrap_or("false")
        .to_ascii_lowercase()
        .as_str()
    {
        "true" => true,
        "false" | "" => false,
        _ => return Err(Failure::query()),
    };
    let act = Act::GetPackage {
        service: asked.boxed("service"),
        container: container.into(),
        which: which(asked)?,
        overwrite,
    };
    Ok(Answer::accepted(asked.perform(act)?))
}

/// What the platform did to a deployment's machines in a time. It maintains nothing here by itself, so that there is never any.
fn events(asked: &mut Asked<'_>) -> Result<Answer, Failure> {
    let time = |name: &str| asked.query(name).and_then(text::parse_iso).ok_or_else(Failure::query);
    // No list is long enough for a token to have been given.
    if time("endtime")? < time("starttime")? || asked.query("continuationtoken").is_some_and(|token| !token.is_empty())
    {
        return Err(Failure::query());
    }
    find(asked)?;
    Ok(Answer::ok(Writer::root("DeploymentEventCollection", |writer| {
        writer.empty("RebootEvents")
    })))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_changed_and_nothing_else() {
        let text = "<S><Role name=\"a\"><Instances count=\"2\"/></Role>\r\n<Role name=\"b\"><Instances count=\"1\" /></Role></S>";
        let counts = [PackageRole {
            name: "a".into(),
            instances: 1,
        }];
        let after = with_counts(&STANDARD.encode(text), &counts).expect("base64");
        let after = String::from_utf8(STANDARD.decode(&*after).expect("base64")).expect("text");
        assert_eq!(after, text.replacen("count=\"2\"", "count=\"1\"", 1));
    }
}
