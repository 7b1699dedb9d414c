//! Storage accounts.
//!
//! An account is known across the whole cloud by its name. Nobody sees it before its creation has ended (ARM 2.6).

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::account_keys::{account_key, sign};
use super::endpoints::{self, NEW_ORDER};
use super::network_rules;
use super::shared_access::{AccountSas, ServiceSas};
use crate::Document;
use crate::api_version::ApiVersion;
use crate::catalogue::locations;
use crate::cloud::Cloud;
use crate::cx::Cx;
use crate::descriptor::{
    Action, Descriptor, Dialect, Field, Lifetimes, NameRule, PatchRule, Polls, Provisioning, RefRule, Stage, Write,
    WriteVerb,
};
use crate::error::CloudError;
use crate::fabric::{Account, Blob, BlobName};
use crate::forms::forms;
use crate::key::Key;
use crate::operation::Doing;
use crate::plan::Plan;
use crate::quota::QuotaKey;
use crate::registry::Kind;
use crate::resource::Resource;
use crate::time::Time;
use crate::types::{Act, Put, ResourceType, View};

forms! {
    // tidy: sorted
    ACTIVE_DISKS: InUse, Storage, "StorageAccountContainsActiveVhd", "The storage account {account} has some active image(s) and/or disk(s), e.g. {blob}. Ensure these image(s) and/or disk(s) are removed before deleting this storage account.", "ARM 3.7 (code unsure), SM 6", "delete the machines whose disks are in the account";
    ALREADY_TAKEN: Conflict, Storage, "StorageAccountAlreadyTaken", "The storage account named {account} is already taken.", "ARM 3.7", "choose another name: they are unique across all subscriptions";
    BAD_NAME: Invalid, Storage, "AccountNameInvalid", "{name} is not a valid storage account name. Storage account name must be between 3 and 24 characters in length and use numbers and lower-case letters only.", "ARM 1.3 (XPL)", "choose a name of 3 to 24 lower-case letters and digits";
    BAD_NETWORK_RULES: Invalid, Storage, "NetworkAclsValidationFailure", "Validation of network acls failure: {path}.", "assumed", "mend the rule that is named";
    BAD_VALUES: Invalid, Storage, "InvalidValuesForRequestParameters", "Values for request parameters are invalid: {path}.", "assumed", "mend the parameter that is named";
    CANNOT_BE_SET: Invalid, Storage, "AccountPropertyCannotBeSet", "The property '{path}' was specified in the input, but it cannot be set.", "ARM 3.7 (form unsure)", "leave the property out";
    CANNOT_BE_UPDATED: Invalid, Storage, "AccountPropertyCannotBeUpdated", "The property '{path}' was specified in the input, but it cannot be updated.", "ARM 3.7", "keep the old value, or make another account";
    IN_ANOTHER_GROUP: Conflict, Storage, "StorageAccountInAnotherResourceGroup", "The account {account} is already in another resource group in this subscription.", "ARM 3.7", "use the account's own group, or another name";
    OPERATION_IN_PROGRESS: Conflict, Storage, "StorageAccountOperationInProgress", "An operation is currently performing on this storage account that requires exclusive access.", "ARM 2.6 (text unsure)", "wait until the account is made, then send the request again";
    // tidy: end
}

/// What names may be (ARM 1.3).
const NAMES: NameRule = NameRule {
    min: 3,
    max: 24,
    others: "",
    capitals: false,
    starts_alphanumeric: true,
    ends: None,
    unicode: false,
};

/// The version that brought `sku` and `kind` in the place of `accountType`.
const SKU: ApiVersion = ApiVersion::date(2016, 1, 1);

/// Storage accounts.
pub(crate) const DESCRIPTOR: Descriptor = Descriptor {
    names: NAMES,
    bad_name: Some(&BAD_NAME),
    patch: PatchRule::Merge,
    hidden_until_made: true,
    merges_put: true,
    quota: Some(QuotaKey("StorageAccounts")),
    fields: &[
        Field::read_only("/sku/tier"),
        Field::read_only("/properties/creationTime"),
        Field::read_only("/properties/encryption/services/*/lastEnabledTime"),
        Field::read_only("/properties/keyCreationTime"),
        Field::read_only("/properties/networkAcls/virtualNetworkRules/*/state"),
        Field::read_only("/properties/primaryEndpoints"),
        Field::read_only("/properties/primaryLocation"),
        Field::read_only("/properties/privateEndpointConnections"),
        Field::read_only("/properties/secondaryEndpoints"),
        Field::read_only("/properties/secondaryLocation"),
        Field::read_only("/properties/statusOfPrimary"),
        Field::read_only("/properties/statusOfSecondary"),
        Field::one_of("/properties/accessTier", &["Hot", "Cool", "Cold", "Premium"]),
        Field::one_of(
            "/properties/minimumTlsVersion",
            &["TLS1_0", "TLS1_1", "TLS1_2", "TLS1_3"],
        ),
        Field::one_of("/properties/networkAcls/defaultAction", &["Allow", "Deny"]),
    ],
    refs: &[
        RefRule::shared("/properties/networkAcls/virtualNetworkRules/*/id", &[Kind::Subnets])
            .bare()
            .across_locations(),
    ],
    lifetimes: Lifetimes {
        // observed-arm, How long operations take: 17 s, half of them within 18 s, nearly all within 31 s.
        create: &[
            Stage::new(Provisioning::Creating, 12_000, 16_000),
            Stage::new(Provisioning::ResolvingDns, 1_000, 3_000),
        ],
        update: &[],
        delete: &[],
    },
    actions: &[
        Action {
            name: "ListAccountSas",
            stages: &[],
        },
        Action {
            name: "ListServiceSas",
            stages: &[],
        },
        Action {
            name: "listKeys",
            stages: &[],
        },
        Action {
            name: "regenerateKey",
            stages: &[],
        },
    ],
    writes: &[
        Write::empty(WriteVerb::PutNew, 202)
            .polls(Polls::Location)
            .retry_after_secs(25),
        Write::empty(WriteVerb::PutNew, 202)
            .polls(Polls::Location)
            .retry_after_secs(17)
            .since(ApiVersion::date(2015, 6, 15)),
        Write::new(WriteVerb::PutAgain, 200),
        Write::new(WriteVerb::Patch, 200),
        Write::empty(WriteVerb::Delete, 200),
        Write::new(WriteVerb::Act("ListAccountSas"), 200),
        Write::new(WriteVerb::Act("ListServiceSas"), 200),
        Write::new(WriteVerb::Act("listKeys"), 200),
        Write::new(WriteVerb::Act("regenerateKey"), 200),
    ],
    errors: ALL,
    ..Descriptor::of("Microsoft.Storage/storageAccounts", Dialect::Storage)
};

/// SKUs, each with the kinds that may have it; no kind listed means every general one.
const SKUS: &[&str] = &[
    // tidy: sorted
    "PremiumV2_LRS",
    "PremiumV2_ZRS",
    "Premium_LRS",
    "Premium_ZRS",
    "StandardV2_GRS",
    "StandardV2_GZRS",
    "StandardV2_LRS",
    "StandardV2_ZRS",
    "Standard_GRS",
    "Standard_GZRS",
    "Standard_LRS",
    "Standard_RAGRS",
    "Standard_RAGZRS",
    "Standard_ZRS",
    // tidy: end
];

const KINDS: &[&str] = &["BlobStorage", "BlockBlobStorage", "FileStorage", "Storage", "StorageV2"];

/// A storage account. Its keys and data stand in the fabric.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct StorageAccount {
    /// `Standard_LRS`.
    sku: Box<str>,
    /// `StorageV2`.
    kind: Box<str>,
    /// Whether only TLS is welcome.
    https_only: bool,
    /// `Hot`, for the kinds that have one.
    access_tier: Option<Box<str>>,
    /// The oldest TLS.
    minimum_tls: Box<str>,
    /// Whether containers may be opened to the public.
    public_access: bool,
    /// How often each key was made anew, and when last.
    keys: [(u32, Time); 2],
}

impl ResourceType for StorageAccount {
    const DESCRIPTOR: &'static Descriptor = &DESCRIPTOR;

    fn plan_put(cx: &Cx<'_>, put: &Put<'_>, before: Option<&Self>) -> Result<(Self, Plan), CloudError> {
        let name = put.id.name();
        // The engine judges names of what is new; here capitals would be another account's name.
        if !NAMES.allows(name) {
            return Err(CloudError::of(&BAD_NAME).with("name", name));
        }
        if before.is_none() {
            check_name_is_free(cx, name, put.subscription)?;
        }
        let state = read_spec(cx, put, before)?;
        network_rules::check(put.document)?;

        let account = match cx.fabric().accounts.get(name).filter(|_| before.is_some()) {
            Some(account) => account.clone(),
            None => Account {
                ready: false,
                ..Account::new(put.key, put.location, super::account_keys(put.guid))
            },
        };
        let account = Account {
            sku: state.sku.clone(),
            kind: state.kind.clone(),
            allows_shared_key: flag(put.document, "/properties/allowSharedKeyAccess").unwrap_or(true),
            allows_public_access: state.public_access,
            ..account
        };
        let mut plan = Plan::new();
        let service = (before.is_none()).then(|| (plan.reserve(cx), put.id.child(Kind::BlobServices, "default")));
        let mut plan = plan.account(name.into(), Some(account));
        if let Some((key, id)) = service {
            plan = plan.put(key, id, json!({}));
        }
        Ok((state, plan))
    }

    fn plan_delete(&self, cx: &Cx<'_>, resource: &Resource) -> Result<Plan, CloudError> {
        let disk = blobs_of(cx, &resource.name).find(|(_, blob)| blob.machine.is_some());
        match disk {
            Some(((_, container, blob), _)) => {
                cov_mark::hit!(account_with_disks);
                let address = format!("{container}/{blob}");
                Err(CloudError::of(&ACTIVE_DISKS)
                    .with("account", &resource.name)
                    .with("blob", address))
            }
            None => Ok(Plan::new()),
        }
    }

    fn plan_removal(&self, cx: &Cx<'_>, resource: &Resource) -> Plan {
        let name = &resource.name;
        let plan = blobs_of(cx, name).fold(Plan::new(), |plan, (blob, _)| plan.blob(blob.clone(), None));
        let start = (name.clone(), Box::default());
        let containers = cx
            .fabric()
            .containers
            .range(start..)
            .take_while(|((account, _), _)| account == name);
        let plan = containers.fold(plan, |plan, (container, _)| plan.container(container.clone(), None));
        plan.account(name.clone(), None)
    }

    fn plan_action(&self, cx: &Cx<'_>, resource: &Resource, act: &Act<'_>) -> Result<(Self, Plan), CloudError> {
        let account = cx
            .fabric()
            .accounts
            .get(&resource.name)
            .expect("an account of ARM has its row");
        match act.name {
            "regenerateKey" => {
                let index = match act
                    .document
                    .get("keyName")
                    .and_then(Value::as_str)
                    .map(str::to_ascii_lowercase)
                    .as_deref()
                {
                    Some("key1") => 0,
                    Some("key2") => 1,
                    _ => return Err(CloudError::of(&BAD_VALUES).with("path", "keyName").about("keyName")),
                };
                let mut state = self.clone();
                state.keys[index] = (self.keys[index].0 + 1, cx.now());
                let mut account = account.clone();
                let number = if index == 0 { 1 } else { 2 };
                account.keys[index] = account_key(resource.guid, number, state.keys[index].0);
                let shown = state.show_keys(&account, act.version);
                Ok((
                    state,
                    Plan::new().account(resource.name.clone(), Some(account)).output(shown),
                ))
            }
            "ListAccountSas" => {
                list_account_sas(&resource.name, account, act).map(|sas| (self.clone(), Plan::new().output(sas)))
            }
            "ListServiceSas" => list_service_sas(account, act).map(|sas| (self.clone(), Plan::new().output(sas))),
            _ => Ok((self.clone(), Plan::new().output(self.show_keys(account, act.version)))),
        }
    }

    fn settle(&self, cx: &Cx<'_>, resource: &Resource, doing: &Doing, failed: bool) -> (Self, Plan) {
        let account = cx
            .fabric()
            .accounts
            .get(&resource.name)
            .filter(|account| !account.ready);
        let plan = match account {
            Some(account) if *doing == Doing::Create && !failed => Plan::new().account(
                resource.name.clone(),
                Some(Account {
                    ready: true,
                    ..account.clone()
                }),
            ),
            _ => Plan::new(),
        };
        (self.clone(), plan)
    }

    fn render(&self, _cx: &Cx<'_>, resource: &Resource, view: &View<'_>, document: &mut Document) {
        let Some(members) = document.as_object_mut() else {
            return;
        };
        members.entry("tags").or_insert_with(|| json!({}));
        if view.version < SKU {
            members.shift_remove("sku");
            members.shift_remove("kind");
        } else {
            members.insert("sku".to_owned(), json!({ "name": self.sku, "tier": self.tier() }));
            members.insert("kind".to_owned(), json!(self.kind));
        }
        let sent = members
            .get("properties")
            .and_then(Value::as_object)
            .cloned()
            .unwrap_or_default();
        members.insert(
            "properties".to_owned(),
            Value::Object(self.properties(resource, sent, view.version)),
        );
    }

    fn busy(cx: &Cx<'_>, resource: &Resource, _doing: &Doing) -> Result<(), CloudError> {
        let refusal = CloudError::of(&OPERATION_IN_PROGRESS);
        let end = resource
            .operation
            .and_then(|id| cx.operation(id))
            .and_then(|operation| operation.end());
        Err(match end {
            Some(end) => refusal.until(end),
            None => refusal,
        })
    }
}

impl StorageAccount {
    fn is_premium(&self) -> bool {
        self.sku.starts_with("Premium")
    }

    fn tier(&self) -> &'static str {
        if self.is_premium() { "Premium" } else { "Standard" }
    }

    /// `properties`, in the order of the version: what was sent, what the version adds, and the facts (ARM 8.7; observed-arm,
    /// Properties the server fills in).
    fn properties(&self, resource: &Resource, mut sent: Map<String, Value>, version: ApiVersion) -> Map<String, Value> {
        let since = |year, month, day| version >= ApiVersion::date(year, month, day);
        let location = resource.location.as_ref();
        let mut shown: Vec<(&'static str, Value)> = Vec::new();
        let mut add = |name: &'static str, value: Value| shown.push((name, value));

        if version < SKU {
            add("accountType", json!(self.sku));
        }
        sent.shift_remove("accountType");
        if since(2021, 4, 1) {
            let time = |at: usize| self.keys[at].1.to_string();
            add("keyCreationTime", json!({ "key1": time(0), "key2": time(1) }));
        }
        if since(2024, 1, 1) {
            add(
                "allowCrossTenantReplication",
                or_sent(&mut sent, "allowCrossTenantReplication", json!(false)),
            );
        }
        if since(2019, 6, 1) {
            add("privateEndpointConnections", json!([]));
        }
        if since(2021, 1, 1) {
            add("minimumTlsVersion", json!(self.minimum_tls));
            add("allowBlobPublicAccess", json!(self.public_access));
            sent.shift_remove("minimumTlsVersion");
            sent.shift_remove("allowBlobPublicAccess");
        }
        if since(2017, 6, 1) {
            add(
                "networkAcls",
                network_rules::shown(sent.shift_remove("networkAcls"), version),
            );
        }
        if since(2016, 12, 1) {
            add("supportsHttpsTrafficOnly", json!(self.https_only));
            sent.shift_remove("supportsHttpsTrafficOnly");
        }
        if since(2017, 6, 1) || sent.contains_key("encryption") {
            add(
                "encryption",
                encryption(sent.shift_remove("encryption"), resource.created, version),
            );
        }
        if let Some(tier) = &self.access_tier {
            add("accessTier", json!(tier));
            sent.shift_remove("accessTier");
        }
        add("provisioningState", json!(resource.provisioning.as_str()));
        sent.shift_remove("provisioningState");
        add("creationTime", json!(resource.created.to_string()));
        add(
            "primaryEndpoints",
            endpoints::primary(&resource.name, &self.kind, self.is_premium(), version),
        );
        add("primaryLocation", json!(location));
        add("statusOfPrimary", json!("available"));
        let pair = locations::find(location)
            .and_then(|found| found.pair)
            .filter(|_| self.sku.contains("GRS") || self.sku.contains("GZRS"));
        if let Some(pair) = pair {
            add("secondaryLocation", json!(pair));
            add("statusOfSecondary", json!("available"));
            if self.sku.contains("_RA") {
                add(
                    "secondaryEndpoints",
                    endpoints::secondary(&resource.name, &self.kind, self.is_premium(), version),
                );
            }
        }

        // What else the client sent stands before what the service says.
        let mut properties = sent;
        for (name, value) in shown {
            properties.shift_remove(name);
            properties.insert(name.to_owned(), value);
        }
        if version < NEW_ORDER {
            properties.sort_keys();
        }
        properties
    }

    /// The answer of `listKeys` (ARM 8.7).
    fn show_keys(&self, account: &Account, version: ApiVersion) -> Document {
        if version < SKU {
            return json!({ "key1": account.keys[0], "key2": account.keys[1] });
        }
        // observed-arm: `FULL` in every recording from 2018 on, `Full` before.
        let permissions = if version >= ApiVersion::date(2017, 10, 1) {
            "FULL"
        } else {
            "Full"
        };
        let key = |at: usize, name: &str| {
            let mut key = Map::new();
            if version >= ApiVersion::date(2021, 4, 1) {
                key.insert("creationTime".to_owned(), json!(self.keys[at].1.to_string()));
            }
            key.insert("keyName".to_owned(), json!(name));
            key.insert("value".to_owned(), json!(account.keys[at]));
            key.insert("permissions".to_owned(), json!(permissions));
            Value::Object(key)
        };
        json!({ "keys": [key(0, "key1"), key(1, "key2")] })
    }
}

/// Whether a name can be had, as `checkNameAvailability` says (ARM 3.7).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NameAvailability {
    /// It can.
    Available,
    /// It breaks the rule for names: reason `AccountNameInvalid`, with the message.
    Invalid(String),
    /// It is taken: reason `AlreadyExists`, with the message.
    Taken(String),
}

impl Cloud {
    /// Whether a storage account can have a name. It is judged across all subscriptions.
    pub fn check_storage_account_name(&self, name: &str) -> NameAvailability {
        if !NAMES.allows(name) {
            return NameAvailability::Invalid(CloudError::of(&BAD_NAME).with("name", name).message);
        }
        if self.fabric.accounts.contains(name) {
            return NameAvailability::Taken(CloudError::of(&ALREADY_TAKEN).with("account", name).message);
        }
        NameAvailability::Available
    }

    /// Adds a storage account that was there before everything else: it belongs to no group and is no ARM resource. `false`
    /// when the name breaks the rule or is taken, or there is no such subscription or location.
    pub fn add_storage_account(&mut self, subscription: crate::Guid, name: &str, location: &str) -> bool {
        let Some(owner) = self.subscription(subscription).map(|found| found.key) else {
            return false;
        };
        let Some(location) = locations::find(location) else {
            return false;
        };
        if self.check_storage_account_name(name) != NameAvailability::Available {
            return false;
        }
        let keys = super::account_keys(self.streams.guid());
        self.fabric
            .accounts
            .set(name.into(), Some(Account::new(owner, location.name, keys).into()));
        true
    }
}

/// Refuses a name that somebody has (ARM 3.7).
fn check_name_is_free(cx: &Cx<'_>, name: &str, subscription: Key) -> Result<(), CloudError> {
    let Some(account) = cx.fabric().accounts.get(name) else {
        return Ok(());
    };
    let own = cx
        .find(account.owner)
        .is_some_and(|owner| owner.subscription == subscription);
    let form = if own { &IN_ANOTHER_GROUP } else { &ALREADY_TAKEN };
    Err(CloudError::of(form).with("account", name))
}

/// What the client asks for, with what stays of before.
fn read_spec(cx: &Cx<'_>, put: &Put<'_>, before: Option<&StorageAccount>) -> Result<StorageAccount, CloudError> {
    let document = put.document;
    let text = |pointer: &str| document.pointer(pointer).and_then(Value::as_str);
    let sku = read_sku(document, put.version, before)?;
    let kind = match text("/kind").or(before.map(|before| before.kind.as_ref())) {
        Some(given) => {
            one_of(KINDS, given).ok_or_else(|| CloudError::of(&BAD_VALUES).with("path", "kind").about("kind"))?
        }
        // Templates of Juju leave it out (juju-provider 1.9).
        None if put.version < ApiVersion::date(2019, 4, 1) => "Storage",
        None => "StorageV2",
    };
    check_change(put, before, sku, kind)?;
    let premium_kind = matches!(kind, "BlockBlobStorage" | "FileStorage");
    if premium_kind && !sku.starts_with("Premium") || kind == "BlobStorage" && sku.starts_with("Premium") {
        return Err(CloudError::of(&BAD_VALUES).with("path", "sku.name").about("sku"));
    }
    if kind == "Storage" && text("/properties/accessTier").is_some() {
        return Err(CloudError::of(&CANNOT_BE_SET)
            .with("path", "accessTier")
            .about("accessTier"));
    }

    let tiered = matches!(kind, "BlobStorage" | "StorageV2") && !sku.starts_with("Premium");
    let fact = |sent: Option<bool>, kept: Option<bool>, default: bool| sent.or(kept).unwrap_or(default);
    let made_with = put.version;
    let default_tls = if made_with >= ApiVersion::date(2024, 1, 1) {
        "TLS1_2"
    } else {
        "TLS1_0"
    };
    Ok(StorageAccount {
        sku: sku.into(),
        kind: kind.into(),
        https_only: fact(
            flag(document, "/properties/supportsHttpsTrafficOnly"),
            before.map(|before| before.https_only),
            made_with >= ApiVersion::date(2019, 4, 1),
        ),
        access_tier: tiered.then(|| text("/properties/accessTier").unwrap_or("Hot").into()),
        minimum_tls: text("/properties/minimumTlsVersion")
            .or(before.map(|before| before.minimum_tls.as_ref()))
            .unwrap_or(default_tls)
            .into(),
        public_access: fact(
            flag(document, "/properties/allowBlobPublicAccess"),
            before.map(|before| before.public_access),
            made_with < ApiVersion::date(2023, 1, 1),
        ),
        keys: before.map_or([(0, cx.now()); 2], |before| before.keys),
    })
}

/// `sku.name`, or `accountType` before 2016. Both may be in the document once an account was written in both worlds: then the
/// one that differs from what was is meant.
fn read_sku(
    document: &Document,
    version: ApiVersion,
    before: Option<&StorageAccount>,
) -> Result<&'static str, CloudError> {
    let new = document.pointer("/sku/name").and_then(Value::as_str);
    let old = document.pointer("/properties/accountType").and_then(Value::as_str);
    let (path, candidates) = if version < SKU {
        ("accountType", [old, new])
    } else {
        ("sku", [new, old])
    };
    let kept = before.map(|before| before.sku.as_ref());
    let given: Vec<&str> = candidates.into_iter().flatten().collect();
    let wanted = given
        .iter()
        .copied()
        .find(|given| kept.is_none_or(|kept| !kept.eq_ignore_ascii_case(given)))
        .or(kept);
    let refusal = || CloudError::of(&BAD_VALUES).with("path", path).about(path);
    one_of(SKUS, wanted.ok_or_else(refusal)?).ok_or_else(refusal)
}

/// What cannot be changed: the kind, but for an upgrade; standard to premium and back; the hierarchical name space (ARM 8.7).
fn check_change(put: &Put<'_>, before: Option<&StorageAccount>, sku: &str, kind: &str) -> Result<(), CloudError> {
    let Some(before) = before else {
        return Ok(());
    };
    let refuse = |path: &str| Err(CloudError::of(&CANNOT_BE_UPDATED).with("path", path).about(path));
    let upgrade = matches!(before.kind.as_ref(), "Storage" | "BlobStorage") && kind == "StorageV2";
    if before.kind.as_ref() != kind && !upgrade {
        return refuse("kind");
    }
    if before.is_premium() != sku.starts_with("Premium") {
        return refuse("sku.name");
    }
    let hierarchical = |document: &Document| flag(document, "/properties/isHnsEnabled").unwrap_or(false);
    if put
        .existing
        .is_some_and(|existing| hierarchical(&existing.echo) != hierarchical(put.document))
    {
        return refuse("isHnsEnabled");
    }
    Ok(())
}

/// `encryption` as shown: from 2017-06-01 on every account's blobs and files are encrypted.
fn encryption(sent: Option<Value>, since: Time, version: ApiVersion) -> Value {
    let mut shown = match sent {
        Some(Value::Object(members)) => members,
        _ => Map::new(),
    };
    let asked = shown.shift_remove("services").unwrap_or_default();
    let source = shown
        .shift_remove("keySource")
        .unwrap_or_else(|| json!("Microsoft.Storage"));
    let mut services = Map::new();
    for name in ["file", "blob", "table", "queue"] {
        let always = version >= NEW_ORDER && matches!(name, "file" | "blob");
        let enabled = asked
            .pointer(&format!("/{name}/enabled"))
            .and_then(Value::as_bool)
            .unwrap_or(asked.get(name).is_some());
        if !always && !enabled {
            continue;
        }
        let mut service = Map::new();
        if version >= ApiVersion::date(2019, 6, 1) {
            let key_type = asked
                .pointer(&format!("/{name}/keyType"))
                .cloned()
                .unwrap_or_else(|| json!("Account"));
            service.insert("keyType".to_owned(), key_type);
        }
        service.insert("enabled".to_owned(), json!(true));
        service.insert("lastEnabledTime".to_owned(), json!(since.to_string()));
        services.insert(name.to_owned(), Value::Object(service));
    }
    shown.insert("services".to_owned(), Value::Object(services));
    shown.insert("keySource".to_owned(), source);
    Value::Object(shown)
}

/// A shared access signature over the account.
fn list_account_sas(name: &str, account: &Account, act: &Act<'_>) -> Result<Document, CloudError> {
    let text = |member: &str| act.document.get(member).and_then(Value::as_str).unwrap_or_default();
    let expiry = secs(text("signedExpiry"));
    let start = secs(text("signedStart"));
    let sas = AccountSas {
        permissions: text("signedPermission"),
        services: text("signedServices"),
        resource_types: text("signedResourceTypes"),
        start: &start,
        expiry: &expiry,
        ip: text("signedIp"),
        protocol: text("signedProtocol"),
        version: "2015-04-05",
        encryption_scope: "",
    };
    for (member, value) in [
        ("signedServices", sas.services),
        ("signedResourceTypes", sas.resource_types),
        ("signedPermission", sas.permissions),
        ("signedExpiry", sas.expiry),
    ] {
        if value.is_empty() {
            return Err(CloudError::of(&BAD_VALUES).with("path", member).about(member));
        }
    }
    let signature = sign(signing_key(account, act), &sas.text(name)).unwrap_or_default();
    Ok(json!({ "accountSasToken": sas.token(&signature) }))
}

/// A shared access signature over a container or blob.
fn list_service_sas(account: &Account, act: &Act<'_>) -> Result<Document, CloudError> {
    let text = |member: &str| act.document.get(member).and_then(Value::as_str).unwrap_or_default();
    let (expiry, start) = (secs(text("signedExpiry")), secs(text("signedStart")));
    let path = text("canonicalizedResource")
        .trim_start_matches('/')
        .trim_start_matches("blob/");
    let sas = ServiceSas {
        permissions: text("signedPermission"),
        start: &start,
        expiry: &expiry,
        policy: text("signedIdentifier"),
        ip: text("signedIp"),
        protocol: text("signedProtocol"),
        version: "2015-04-05",
        resource: text("signedResource"),
        headers: [text("rscc"), text("rscd"), text("rsce"), text("rscl"), text("rsct")],
        ..ServiceSas::default()
    };
    for (member, value) in [("canonicalizedResource", path), ("signedResource", sas.resource)] {
        if value.is_empty() {
            return Err(CloudError::of(&BAD_VALUES).with("path", member).about(member));
        }
    }
    let signature = sign(signing_key(account, act), &sas.text(path)).unwrap_or_default();
    Ok(json!({ "serviceSasToken": sas.token(&signature) }))
}

fn signing_key<'a>(account: &'a Account, act: &Act<'_>) -> &'a str {
    let second = act
        .document
        .get("keyToSign")
        .and_then(Value::as_str)
        .is_some_and(|name| name.eq_ignore_ascii_case("key2"));
    &account.keys[usize::from(second)]
}

/// A time as tokens carry it: without fractional digits.
fn secs(text: &str) -> String {
    match text.split_once('.') {
        Some((secs, _)) => format!("{secs}Z"),
        None => text.to_owned(),
    }
}

fn or_sent(sent: &mut Map<String, Value>, name: &str, default: Value) -> Value {
    sent.shift_remove(name).unwrap_or(default)
}

fn flag(document: &Document, pointer: &str) -> Option<bool> {
    document.pointer(pointer).and_then(Value::as_bool)
}

/// The table's spelling of a word.
pub(super) fn one_of(words: &[&'static str], given: &str) -> Option<&'static str> {
    words.iter().copied().find(|word| word.eq_ignore_ascii_case(given))
}

fn blobs_of<'a>(cx: &Cx<'a>, account: &str) -> impl Iterator<Item = (&'a BlobName, &'a Blob)> + use<'a> {
    let account: Box<str> = account.into();
    let start = (account.clone(), Box::default(), Box::default());
    cx.fabric()
        .blobs
        .range(start..)
        .take_while(move |((owner, _, _), _)| *owner == account)
}

#[cfg(test)]
mod tests;
