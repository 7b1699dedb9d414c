//! Vaults.
//!
//! A vault is known across the whole cloud by its name, and holds it after its deletion: until it is purged, or until the
//! days are over in which it can be had back. What the data is judged by stands in the fabric.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::access_policies::{self, Change};
use crate::Document;
use crate::api_version::ApiVersion;
use crate::catalogue::limits::Era;
use crate::cx::Cx;
use crate::descriptor::{
    Action, Descriptor, Dialect, Field, Lifetimes, NameRule, PatchRule, Provisioning, RefRule, Stage, Write, WriteVerb,
};
use crate::error::CloudError;
use crate::fabric::{DeletedVault, Vault};
use crate::key::Guid;
use crate::operation::Doing;
use crate::plan::Plan;
use crate::registry::Kind;
use crate::resource::Resource;
use crate::types::{Act, Put, ResourceType, View};
use crate::vaults::refusals::{
    self, BAD_POLICIES, BAD_RETENTION, DELETED_VAULT_NOT_FOUND, NAME_IN_DELETED_STATE,
    PURGE_PROTECTION_NEEDS_SOFT_DELETE, PURGE_PROTECTION_STAYS, RETENTION_STAYS, SOFT_DELETE_STAYS,
    VAULT_ALREADY_EXISTS, VAULT_NAME_NOT_VALID,
};

/// Days in which a deleted vault can be had back, unless somebody chose fewer.
const RETENTION_DAYS: u32 = 90;

/// From this version on soft delete is on unless it is turned off, and its days are shown.
const SOFT_DELETE_SINCE: ApiVersion = ApiVersion::date(2019, 9, 1);

const fn at_once(name: &'static str) -> Action {
    Action { name, stages: &[] }
}

/// Vaults. Order of members and first answers: recorded by Azure/azure-cli.
pub(crate) const DESCRIPTOR: Descriptor = Descriptor {
    names: NameRule {
        min: 3,
        max: 24,
        others: "-",
        capitals: true,
        starts_alphanumeric: true,
        ends: Some(""),
        unicode: false,
    },
    bad_name: Some(&VAULT_NAME_NOT_VALID),
    since: ApiVersion::date(2015, 6, 1),
    patch: PatchRule::Merge,
    fields: &[
        Field::read_only("/properties/vaultUri"),
        Field::read_only("/properties/hsmPoolResourceId"),
        Field::read_only("/properties/privateEndpointConnections"),
        Field::read_only("/systemData"),
    ],
    refs: &[
        RefRule::shared("/properties/networkAcls/virtualNetworkRules/*/id", &[Kind::Subnets])
            .bare()
            .across_locations(),
    ],
    lifetimes: Lifetimes {
        // The name is published: half a minute where azure-cli waited for it.
        create: &[Stage::new(Provisioning::RegisteringDns, 10_000, 35_000)],
        update: &[],
        delete: &[],
    },
    actions: &[
        at_once("accessPolicies/add"),
        at_once("accessPolicies/remove"),
        at_once("accessPolicies/replace"),
    ],
    writes: &[
        Write::new(WriteVerb::PutNew, 200),
        Write::new(WriteVerb::PutAgain, 200),
        Write::new(WriteVerb::Patch, 200),
        Write::empty(WriteVerb::Delete, 200),
        Write::new(WriteVerb::Act("accessPolicies/add"), 200),
        Write::new(WriteVerb::Act("accessPolicies/remove"), 200),
        Write::new(WriteVerb::Act("accessPolicies/replace"), 200),
    ],
    errors: refusals::ALL,
    ..Descriptor::of("Microsoft.KeyVault/vaults", Dialect::KeyVault)
};

/// A vault: its properties as they are, which recovery and changes of policies overtake the document in.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct KeyVault {
    properties: Map<String, Value>,
    /// The tags that it was had back with, where the request gave none.
    recovered_tags: Option<Document>,
}

impl ResourceType for KeyVault {
    const DESCRIPTOR: &'static Descriptor = &DESCRIPTOR;

    fn plan_put(cx: &Cx<'_>, put: &Put<'_>, before: Option<&Self>) -> Result<(Self, Plan), CloudError> {
        let name = put.id.name();
        if !crate::vaults::is_vault_name(name) {
            return Err(CloudError::of(&VAULT_NAME_NOT_VALID).with("name", name));
        }
        let mut sent = match put.document.get("properties") {
            Some(Value::Object(sent)) => sent.clone(),
            _ => Map::new(),
        };
        let wants_recovery = read_create_mode(&mut sent)?;
        let deleted = match before {
            Some(_) => None,
            None => deleted_before(cx, put, wants_recovery)?,
        };
        let (kept, recovered_tags) = match (before, deleted) {
            (Some(before), _) => (before.properties.clone(), before.recovered_tags.clone()),
            (None, Some(deleted)) => {
                // What the request says, over what the vault had (assumed; the service needs no more than the mode).
                let mut whole = deleted.properties.as_object().cloned().unwrap_or_default();
                whole.extend(sent);
                sent = whole;
                (sent.clone(), Some(deleted.tags.clone()))
            }
            (None, None) => (Map::new(), None),
        };
        let vault = KeyVault {
            properties: read_properties(cx, put, sent, &kept, before.is_some() || deleted.is_some())?,
            recovered_tags: recovered_tags.filter(|_| put.document.get("tags").is_none()),
        };
        let held = cx.fabric().vaults.get(row_name(name).as_ref());
        let row = Vault {
            ready: before.is_some() && held.is_some_and(|row| row.ready),
            ..vault.row(put)
        };
        let mut plan = Plan::new();
        if before.is_none() && deleted.is_none() {
            // Whatever an earlier vault of this name left is gone for good.
            plan = drop_objects(cx, plan, name);
        }
        Ok((vault, plan.vault(row_name(name), Some(row))))
    }

    fn plan_removal(&self, cx: &Cx<'_>, resource: &Resource) -> Plan {
        let name = row_name(&resource.name);
        let Some(row) = cx.fabric().vaults.get(&name) else {
            return Plan::new();
        };
        // Quirk `vault-name-held`.
        let Some(until) = row.purged_at(cx.now()) else {
            return drop_objects(cx, Plan::new(), &resource.name).vault(name, None);
        };
        cov_mark::hit!(vault_name_held);
        let deleted = DeletedVault {
            id: cx.id(resource.key).into(),
            at: cx.now(),
            until,
            purging: false,
            properties: Value::Object(self.properties.clone()),
            tags: resource.echo.get("tags").cloned().unwrap_or_else(|| json!({})),
        };
        let row = Vault {
            owner: None,
            subscription: resource.subscription,
            deleted: Some(deleted),
            ..row.clone()
        };
        Plan::new().vault(name, Some(row))
    }

    fn plan_action(&self, cx: &Cx<'_>, resource: &Resource, act: &Act<'_>) -> Result<(Self, Plan), CloudError> {
        let how = match act.name {
            "accessPolicies/add" => Change::Add,
            "accessPolicies/replace" => Change::Replace,
            _ => Change::Remove,
        };
        let given = act.document.pointer("/properties/accessPolicies");
        let given = access_policies::read(given.unwrap_or(&Value::Null))?;
        let policies = access_policies::change(self.policies(), how, given);

        let mut vault = self.clone();
        vault
            .properties
            .insert("accessPolicies".to_owned(), Value::Array(policies.clone()));
        let row = cx
            .fabric()
            .vaults
            .get(&row_name(&resource.name))
            .expect("a vault that is there has its row");
        let row = Vault {
            policies: access_policies::rows(&policies),
            ..row.clone()
        };
        let output = json!({
            "id": format!("{}/accessPolicies/", cx.id(resource.key)),
            "type": "Microsoft.KeyVault/vaults/accessPolicies",
            "location": resource.location,
            "properties": { "accessPolicies": policies },
        });
        let plan = Plan::new().vault(row_name(&resource.name), Some(row)).output(output);
        Ok((vault, plan))
    }

    fn settle(&self, cx: &Cx<'_>, resource: &Resource, _doing: &Doing, failed: bool) -> (Self, Plan) {
        let name = row_name(&resource.name);
        let plan = match cx.fabric().vaults.get(&name) {
            Some(row) if !failed => Plan::new().vault(
                name,
                Some(Vault {
                    ready: true,
                    ..row.clone()
                }),
            ),
            _ => Plan::new(),
        };
        (self.clone(), plan)
    }

    fn render(&self, _cx: &Cx<'_>, resource: &Resource, view: &View<'_>, document: &mut Document) {
        let since = |year, month, day| view.version >= ApiVersion::date(year, month, day);
        let mut shown = Map::new();
        let mut rest = self.properties.clone();
        for name in MEMBERS {
            let first = match *name {
                "networkAcls" => since(2018, 2, 14),
                "softDeleteRetentionInDays" | "enableRbacAuthorization" => view.version >= SOFT_DELETE_SINCE,
                "publicNetworkAccess" => since(2021, 10, 1),
                _ => true,
            };
            if let Some(value) = rest.shift_remove(*name).filter(|_| first) {
                shown.insert((*name).to_owned(), value);
            }
        }
        shown.extend(rest);
        // While its name is being published, the address lacks its slash (recorded by Azure/azure-cli).
        let slash = if resource.provisioning == Provisioning::RegisteringDns {
            ""
        } else {
            "/"
        };
        shown.insert(
            "vaultUri".to_owned(),
            json!(format!(
                "https://{}.vault.azure.net{slash}",
                resource.name.to_lowercase()
            )),
        );
        shown.insert("provisioningState".to_owned(), json!(resource.provisioning.as_str()));
        if since(2021, 10, 1) {
            shown.entry("publicNetworkAccess").or_insert_with(|| json!("Enabled"));
        }
        document["properties"] = Value::Object(shown);
        self.write_tags(document);
        if document.get("tags").is_none() {
            document["tags"] = json!({});
        }
    }

    fn write_out(&self, _cx: &Cx<'_>, _resource: &Resource, document: &mut Document) {
        let mut properties = self.properties.clone();
        // What is off is not said again: saying so is refused.
        if properties.get("enablePurgeProtection") == Some(&Value::Bool(false)) {
            properties.shift_remove("enablePurgeProtection");
        }
        document["properties"] = Value::Object(properties);
        self.write_tags(document);
    }

    fn busy(_cx: &Cx<'_>, _resource: &Resource, _doing: &Doing) -> Result<(), CloudError> {
        // A vault whose name is being published can be written again, and is ready then (assumed).
        Ok(())
    }
}

/// The order of the members.
const MEMBERS: &[&str] = &[
    "sku",
    "tenantId",
    "networkAcls",
    "accessPolicies",
    "enabledForDeployment",
    "enabledForDiskEncryption",
    "enabledForTemplateDeployment",
    "enableSoftDelete",
    "softDeleteRetentionInDays",
    "enableRbacAuthorization",
    "enablePurgeProtection",
    "publicNetworkAccess",
];

impl KeyVault {
    fn policies(&self) -> Vec<Value> {
        let policies = self.properties.get("accessPolicies").and_then(Value::as_array);
        policies.cloned().unwrap_or_default()
    }

    fn flag(&self, name: &str) -> bool {
        is_on(&self.properties, name)
    }

    fn write_tags(&self, document: &mut Document) {
        if let Some(tags) = &self.recovered_tags
            && document.get("tags").is_none()
        {
            document["tags"] = tags.clone();
        }
    }

    /// What the data is judged by.
    fn row(&self, put: &Put<'_>) -> Vault {
        let days = self.properties.get("softDeleteRetentionInDays").and_then(Value::as_u64);
        let days = days.and_then(|days| u32::try_from(days).ok()).unwrap_or(RETENTION_DAYS);
        let acls = self.properties.get("networkAcls");
        let closed = acls
            .and_then(|acls| acls.get("defaultAction"))
            .and_then(Value::as_str)
            .is_some_and(|action| action.eq_ignore_ascii_case("Deny"));
        let ranges = acls.and_then(|acls| acls.get("ipRules")).and_then(Value::as_array);
        let ranges = ranges
            .into_iter()
            .flatten()
            .filter_map(|rule| rule.get("value").and_then(Value::as_str))
            .map(Box::from)
            .collect();
        Vault {
            owner: Some(put.key),
            subscription: put.subscription,
            name: put.id.name().into(),
            location: put.location.into(),
            ready: false,
            premium: self.properties.get("sku").and_then(|sku| sku.get("name")) == Some(&json!("premium")),
            policies: access_policies::rows(&self.policies()),
            by_roles: self.flag("enableRbacAuthorization"),
            for_disks: self.flag("enabledForDiskEncryption"),
            retention_days: self.flag("enableSoftDelete").then_some(days),
            purge_protection: self.flag("enablePurgeProtection"),
            reachable_from: closed.then_some(ranges),
            deleted: None,
        }
    }
}

fn is_on(properties: &Map<String, Value>, name: &str) -> bool {
    properties.get(name).and_then(Value::as_bool).unwrap_or(false)
}

fn row_name(name: &str) -> Box<str> {
    name.to_ascii_lowercase().into()
}

fn drop_objects(cx: &Cx<'_>, plan: Plan, vault: &str) -> Plan {
    cx.fabric()
        .vault_objects_of(vault)
        .fold(plan, |plan, (at, _)| plan.vault_object(at.clone(), None))
}

fn bad(path: &str) -> CloudError {
    CloudError::of(&BAD_POLICIES).with("path", path).about(path)
}

/// Takes `createMode` out of the properties: whether a deleted vault is to be had back.
fn read_create_mode(sent: &mut Map<String, Value>) -> Result<bool, CloudError> {
    match sent.shift_remove("createMode") {
        None => Ok(false),
        Some(Value::String(mode)) if mode.eq_ignore_ascii_case("default") => Ok(false),
        Some(Value::String(mode)) if mode.eq_ignore_ascii_case("recover") => Ok(true),
        Some(_) => Err(bad("createMode")),
    }
}

/// Whether a new vault can have its name, and the deleted one that it is to be.
fn deleted_before<'c>(
    cx: &Cx<'c>,
    put: &Put<'_>,
    wants_recovery: bool,
) -> Result<Option<&'c DeletedVault>, CloudError> {
    let name = put.id.name();
    let not_found = || CloudError::of(&DELETED_VAULT_NOT_FOUND).with("vault", name);
    let Some(holder) = cx.fabric().vault(name, cx.now()) else {
        return if wants_recovery { Err(not_found()) } else { Ok(None) };
    };
    let taken = || CloudError::of(&VAULT_ALREADY_EXISTS).with("vault", name);
    if holder.deleted.is_none() || holder.subscription != put.subscription {
        return Err(taken());
    }
    // juju-provider L47, 1.15: the name stays, and only recovery gives it back.
    let Some(deleted) = holder.recoverable(cx.now()).filter(|_| wants_recovery) else {
        return Err(CloudError::of(&NAME_IN_DELETED_STATE));
    };
    if !deleted.id.eq_ignore_ascii_case(&put.id()) {
        // It comes back where it was (assumed).
        return Err(CloudError::of(&NAME_IN_DELETED_STATE));
    }
    if holder.location.as_ref() != put.location {
        return Err(not_found());
    }
    Ok(Some(deleted))
}

/// The properties as they will be. `kept` are those that were; `exists` says whether there were any.
fn read_properties(
    cx: &Cx<'_>,
    put: &Put<'_>,
    mut sent: Map<String, Value>,
    kept: &Map<String, Value>,
    exists: bool,
) -> Result<Map<String, Value>, CloudError> {
    let tenant = sent.get("tenantId").and_then(Value::as_str).and_then(Guid::parse);
    let tenant = tenant.ok_or_else(|| bad("tenantId"))?;
    sent.insert("tenantId".to_owned(), json!(tenant.to_string()));
    sent.insert("sku".to_owned(), read_sku(sent.get("sku"))?);

    let by_roles = is_on(&sent, "enableRbacAuthorization");
    match sent.get("accessPolicies") {
        Some(given) => {
            let policies = access_policies::read(given)?;
            sent.insert("accessPolicies".to_owned(), Value::Array(policies));
        }
        None if by_roles => {
            sent.insert("accessPolicies".to_owned(), json!([]));
        }
        None => return Err(bad("accessPolicies")),
    }
    for name in [
        "enabledForDeployment",
        "enabledForDiskEncryption",
        "enabledForTemplateDeployment",
        "enableSoftDelete",
        "enableRbacAuthorization",
        "enablePurgeProtection",
    ] {
        if sent.get(name).is_some_and(|given| !given.is_boolean()) {
            return Err(bad(name));
        }
    }
    sent.entry("enabledForDeployment").or_insert(Value::Bool(false));
    check_network(&sent)?;
    read_soft_delete(cx, put, &mut sent, kept, exists)?;
    Ok(sent)
}

fn read_sku(sent: Option<&Value>) -> Result<Value, CloudError> {
    let text = |name: &str| sent.and_then(|sku| sku.get(name)).and_then(Value::as_str);
    let name = text("name").map(str::to_ascii_lowercase);
    let name = name.filter(|name| name == "standard" || name == "premium");
    match (text("family"), name) {
        (Some(family), Some(name)) if family.eq_ignore_ascii_case("A") => Ok(json!({ "family": "A", "name": name })),
        _ => Err(bad("sku")),
    }
}

/// `networkAcls`: words and ranges that make sense.
fn check_network(sent: &Map<String, Value>) -> Result<(), CloudError> {
    let Some(acls) = sent.get("networkAcls") else {
        return Ok(());
    };
    let acls = acls.as_object().ok_or_else(|| bad("networkAcls"))?;
    let word = |name: &str, known: &[&str]| {
        acls.get(name).is_none_or(|given| {
            let given = given.as_str();
            given.is_some_and(|given| known.iter().any(|own| own.eq_ignore_ascii_case(given)))
        })
    };
    if !word("bypass", &["AzureServices", "None"]) {
        return Err(bad("networkAcls.bypass"));
    }
    if !word("defaultAction", &["Allow", "Deny"]) {
        return Err(bad("networkAcls.defaultAction"));
    }
    let rules = acls.get("ipRules").and_then(Value::as_array).into_iter().flatten();
    for rule in rules {
        let range = rule.get("value").and_then(Value::as_str).unwrap_or_default();
        let valid = range.parse::<std::net::Ipv4Addr>().is_ok() || range.parse::<ipnet::Ipv4Net>().is_ok();
        if !valid {
            return Err(bad("networkAcls.ipRules"));
        }
    }
    Ok(())
}

/// Soft delete, its days, and purge protection: each can be turned on, and never off again.
fn read_soft_delete(
    cx: &Cx<'_>,
    put: &Put<'_>,
    sent: &mut Map<String, Value>,
    kept: &Map<String, Value>,
    exists: bool,
) -> Result<(), CloudError> {
    let given = sent.get("enableSoftDelete").and_then(Value::as_bool);
    let was = exists && is_on(kept, "enableSoftDelete");
    if was && given == Some(false) {
        return Err(CloudError::of(&SOFT_DELETE_STAYS));
    }
    // Nobody can do without any more; before, it came with a version, and before that it was asked for.
    let by_itself = cx.era() == Era::Current || put.version >= SOFT_DELETE_SINCE;
    let soft_delete = match given {
        _ if was || cx.era() == Era::Current => true,
        Some(given) => given,
        None => by_itself && !exists,
    };
    if soft_delete || given.is_some() {
        sent.insert("enableSoftDelete".to_owned(), Value::Bool(soft_delete));
    }

    let days = sent.get("softDeleteRetentionInDays").cloned();
    let before = kept.get("softDeleteRetentionInDays").filter(|_| was).cloned();
    match (days, before) {
        (Some(days), Some(before)) if days != before => return Err(CloudError::of(&RETENTION_STAYS)),
        (Some(days), _) => {
            let in_range = days.as_u64().is_some_and(|days| (7..=90).contains(&days));
            if !in_range {
                return Err(CloudError::of(&BAD_RETENTION).with("min", 7).with("max", 90));
            }
        }
        (None, before) if soft_delete => {
            let days = before.unwrap_or_else(|| json!(RETENTION_DAYS));
            sent.insert("softDeleteRetentionInDays".to_owned(), days);
        }
        (None, _) => {}
    }

    let protected = exists && is_on(kept, "enablePurgeProtection");
    match sent.get("enablePurgeProtection").and_then(Value::as_bool) {
        Some(false) => return Err(CloudError::of(&PURGE_PROTECTION_STAYS)),
        Some(true) if !soft_delete => return Err(CloudError::of(&PURGE_PROTECTION_NEEDS_SOFT_DELETE)),
        None if protected => {
            sent.insert("enablePurgeProtection".to_owned(), Value::Bool(true));
        }
        _ => {}
    }
    Ok(())
}
