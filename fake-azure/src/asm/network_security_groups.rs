//! Network security groups on the wire (SM 11.5), and forwarding of roles (SM 11.6).

use fake_azure_cloud::classic::{Act, Named, NetworkSecurityGroup, Rule, RuleSpec, forms};

use super::deployments::find;
use super::encode::{Regional, read_regional};
use super::error::Failure;
use super::request::{Answer, Asked};
use super::roles::{forwarding, place};
use super::route::Route;
use super::xml::{Contract, Writer};

const NSG: u32 = 20_140_501;

pub(super) const ROUTES: &[Route] = &[
    Route::new("GET", "/services/networking/networksecuritygroups", list).since(NSG),
    Route::new("POST", "/services/networking/networksecuritygroups", create).since(NSG),
    Route::new("GET", "/services/networking/networksecuritygroups/{nsg}", show).since(NSG),
    Route::new("DELETE", "/services/networking/networksecuritygroups/{nsg}", delete).since(NSG),
    Route::new("PUT", "/services/networking/networksecuritygroups/{nsg}/rules/{rule}", put_rule).since(NSG),
    Route::new("DELETE", "/services/networking/networksecuritygroups/{nsg}/rules/{rule}", delete_rule).since(NSG),
    Route::new("POST", "/services/hostedservices/{service}/deployments/{deployment}/roles/{role}/networksecuritygroups", bind).since(NSG),
    Route::new("GET", "/services/hostedservices/{service}/deployments/{deployment}/roles/{role}/networksecuritygroups", bound).since(NSG),
    Route::new("DELETE", "/services/hostedservices/{service}/deployments/{deployment}/roles/{role}/networksecuritygroups/{group}", free)
        .since(NSG),
    Route::new("POST", "/services/hostedservices/{service}/deployments/{deployment}/roles/{role}/networkinterfaces/{nic}/networksecuritygroups", bind).since(NSG),
    Route::new("GET", "/services/hostedservices/{service}/deployments/{deployment}/roles/{role}/networkinterfaces/{nic}/networksecuritygroups", bound).since(NSG),
    Route::new("DELETE", "/services/hostedservices/{service}/deployments/{deployment}/roles/{role}/networkinterfaces/{nic}/networksecuritygroups/{group}", free).since(NSG),
    Route::new("POST", "/services/hostedservices/{service}/deployments/{deployment}/roles/{role}/ipforwarding", forward).since(NSG),
    Route::new("GET", "/services/hostedservices/{service}/deployments/{deployment}/roles/{role}/ipforwarding", forwards).since(NSG),
    Route::new("POST", "/services/hostedservices/{service}/deployments/{deployment}/roles/{role}/networkinterfaces/{nic}/ipforwarding", forward).since(NSG),
    Route::new("GET", "/services/hostedservices/{service}/deployments/{deployment}/roles/{role}/networkinterfaces/{nic}/ipforwarding", forwards).since(NSG),
];

const GROUP: Contract = Contract {
    name: "NetworkSecurityGroup",
    order: &["Name", "Label", "Location"],
    lenient: &[],
};
const RULE: Contract = Contract {
    name: "Rule",
    order: &[
        "Name",
        "Type",
        "Priority",
        "Action",
        "SourceAddressPrefix",
        "SourcePortRange",
        "DestinationAddressPrefix",
        "DestinationPortRange",
        "Protocol",
    ],
    lenient: &[],
};

fn create(asked: &mut Asked<'_>) -> Result<Answer, Failure> {
    let Regional { name, label, location } = read_regional(asked, &GROUP)?;
    let act = Act::CreateNetworkSecurityGroup { name, label, location };
    Ok(Answer::accepted(asked.perform(act)?))
}

fn delete(asked: &mut Asked<'_>) -> Result<Answer, Failure> {
    let act = Act::DeleteNetworkSecurityGroup {
        name: asked.boxed("nsg"),
    };
    Ok(Answer::accepted(asked.perform(act)?))
}

fn put_rule(asked: &mut Asked<'_>) -> Result<Answer, Failure> {
    let body = asked.body(RULE.name)?;
    let fields = RULE.read(&body);
    let bad = || Failure::of(&forms::PARAMETER);
    let inbound = match fields.required("Type")?.to_ascii_lowercase().as_str() {
        "inbound" => true,
        "outbound" => false,
        _ => return Err(bad()),
    };
    let allow = match fields.required("Action")?.to_ascii_lowercase().as_str() {
        "allow" => true,
        "deny" => false,
        _ => return Err(bad()),
    };
    let rule = RuleSpec {
        inbound,
        allow,
        priority: fields.number("Priority")?.ok_or_else(|| fields.missing())?,
        source: fields.required("SourceAddressPrefix")?,
        source_ports: fields.required("SourcePortRange")?,
        destination: fields.required("DestinationAddressPrefix")?,
        destination_ports: fields.required("DestinationPortRange")?,
        protocol: fields.required("Protocol")?,
    };
    let act = Act::PutRule {
        group: asked.boxed("nsg"),
        name: asked.boxed("rule"),
        rule,
    };
    Ok(Answer::accepted(asked.perform(act)?))
}

fn delete_rule(asked: &mut Asked<'_>) -> Result<Answer, Failure> {
    let act = Act::DeleteRule {
        group: asked.boxed("nsg"),
        name: asked.boxed("rule"),
    };
    Ok(Answer::accepted(asked.perform(act)?))
}

fn list(asked: &mut Asked<'_>) -> Result<Answer, Failure> {
    let full = is_full(asked);
    let cx = asked.cx();
    let body = Writer::root("NetworkSecurityGroups", |writer| {
        for (_, group) in cx.classic().network_security_groups.range(Named::all(asked.key)) {
            writer.element("NetworkSecurityGroup", |writer| write(writer, group, full));
        }
    });
    Ok(Answer::ok(body))
}

fn show(asked: &mut Asked<'_>) -> Result<Answer, Failure> {
    let group = asked.cx().classic_security_group(asked.key, asked.param("nsg"))?;
    let full = is_full(asked);
    Ok(Answer::ok(Writer::root("NetworkSecurityGroup", |writer| {
        write(writer, group, full)
    })))
}

/// `detaillevel=Full`; any other level is tolerated and shows no more (SM 1.1).
pub(super) fn is_full(asked: &Asked<'_>) -> bool {
    asked
        .query("detaillevel")
        .is_some_and(|level| level.eq_ignore_ascii_case("full"))
}

fn write(writer: &mut Writer, group: &NetworkSecurityGroup, full: bool) {
    writer.text("Name", &group.name);
    writer.optional("Label", group.label.as_deref());
    writer.text("Location", &group.location);
    writer.text("State", "Created");
    if full {
        writer.element("Rules", |writer| {
            for rule in NetworkSecurityGroup::default_rules() {
                writer.element("Rule", |writer| write_rule(writer, &rule, true));
            }
            for rule in &group.rules {
                writer.element("Rule", |writer| write_rule(writer, rule, false));
            }
        });
    }
}

fn write_rule(writer: &mut Writer, rule: &Rule, default: bool) {
    let spec = &rule.spec;
    writer.text("Name", &rule.name);
    writer.text("Type", if spec.inbound { "Inbound" } else { "Outbound" });
    writer.text("Priority", spec.priority);
    writer.text("Action", if spec.allow { "Allow" } else { "Deny" });
    writer.text("SourceAddressPrefix", &spec.source);
    writer.text("SourcePortRange", &spec.source_ports);
    writer.text("DestinationAddressPrefix", &spec.destination);
    writer.text("DestinationPortRange", &spec.destination_ports);
    writer.text("Protocol", &spec.protocol);
    writer.text("State", "Active");
    if default {
        writer.text("IsDefault", true);
    }
}

/// The group that a body names.
pub(super) fn name_of(asked: &Asked<'_>) -> Result<Box<str>, Failure> {
    let body = asked.body(GROUP.name)?;
    GROUP.read(&body).required("Name")
}

/// A group as an association shows it.
pub(super) fn association(group: &str) -> String {
    Writer::root("NetworkSecurityGroup", |writer| {
        writer.text("Name", group);
        writer.text("State", "Created");
    })
}

fn nic(asked: &Asked<'_>) -> Option<Box<str>> {
    Some(asked.param("nic")).filter(|name| !name.is_empty()).map(Into::into)
}

fn bind(asked: &mut Asked<'_>) -> Result<Answer, Failure> {
    let group = name_of(asked)?;
    let act = Act::BindRoleSecurityGroup {
        place: place(asked),
        nic: nic(asked),
        group,
        on: true,
    };
    Ok(Answer::accepted(asked.perform(act)?))
}

fn free(asked: &mut Asked<'_>) -> Result<Answer, Failure> {
    let act = Act::BindRoleSecurityGroup {
        place: place(asked),
        nic: nic(asked),
        group: asked.boxed("group"),
        on: false,
    };
    Ok(Answer::accepted(asked.perform(act)?))
}

fn bound(asked: &mut Asked<'_>) -> Result<Answer, Failure> {
    let asked = &*asked;
    let role = find(asked)?.1.role(asked.param("role"))?;
    let group = asked.cx().role_security_group(role, nic(asked).as_deref())?.to_owned();
    Ok(Answer::ok(association(&group)))
}

fn forward(asked: &mut Asked<'_>) -> Result<Answer, Failure> {
    let body = asked.body("IPForwarding")?;
    let on = forwarding(body.text_of("State"))?.ok_or_else(|| Failure::missing_element("IPForwarding"))?;
    let act = Act::SetForwarding {
        place: place(asked),
        nic: nic(asked),
        on,
    };
    Ok(Answer::accepted(asked.perform(act)?))
}

fn forwards(asked: &mut Asked<'_>) -> Result<Answer, Failure> {
    let asked = &*asked;
    let role = find(asked)?.1.role(asked.param("role"))?;
    let on = match nic(asked) {
        None => role.network.ip_forwarding,
        Some(name) => {
            let found = role
                .network
                .interfaces
                .iter()
                .find(|own| own.name.eq_ignore_ascii_case(&name));
            found.ok_or_else(Failure::unknown)?.ip_forwarding
        }
    };
    let state = if on == Some(true) { "Enabled" } else { "Disabled" };
    Ok(Answer::ok(Writer::root("IPForwarding", |writer| {
        writer.text("State", state)
    })))
}
