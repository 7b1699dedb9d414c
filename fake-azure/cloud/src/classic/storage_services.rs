//! Storage accounts as the classic API sees them (SM 9). The account itself is the fabric's: names are shared with everything
//! else, and so are keys and blobs.

use serde::{Deserialize, Serialize};

use super::hosted_services::ExtendedProperty;
use super::{Asked, Placement, Step, forms, names, placement, subscription};
use crate::catalogue::locations;
use crate::cx::Cx;
use crate::error::CloudError;
use crate::fabric::Account;
use crate::key::{Guid, Key};
use crate::operation::OperationId;
use crate::plan::Plan;
use crate::time::Time;
use crate::types::storage::account_keys;

/// A storage account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StorageService {
    /// Owns the account.
    pub key: Key,
    /// The subscription.
    pub subscription: Key,
    /// Name.
    pub name: Box<str>,
    /// Base64, as sent.
    pub label: Box<str>,
    /// Description.
    pub description: Option<Box<str>>,
    /// Where it is.
    pub placement: Placement,
    /// Properties, as sent.
    pub extended: Vec<ExtendedProperty>,
    /// `Standard_LRS`, ...
    pub account_type: Box<str>,
    /// When it was made.
    pub created: Time,
    /// The operation that makes it: its status is Creating while that runs.
    pub making: OperationId,
}

/// A request for an account.
#[derive(Clone, Debug, Default)]
#[expect(missing_docs, reason = "named after the elements of the contract")]
pub struct CreateStorageService {
    pub name: Box<str>,
    pub label: Box<str>,
    pub description: Option<Box<str>>,
    pub location: Option<Box<str>>,
    pub affinity_group: Option<Box<str>>,
    pub geo_replication: Option<bool>,
    pub extended: Vec<ExtendedProperty>,
    pub account_type: Option<Box<str>>,
}

/// A change of an account.
#[derive(Clone, Debug, Default)]
#[expect(missing_docs, reason = "named after the elements of the contract")]
pub struct UpdateStorageService {
    pub label: Option<Box<str>>,
    pub description: Option<Box<str>>,
    pub geo_replication: Option<bool>,
    pub extended: Option<Vec<ExtendedProperty>>,
    pub account_type: Option<Box<str>>,
}

/// The types of account (SM 9).
const TYPES: &[&str] = &[
    "Premium_LRS",
    "Standard_GRS",
    "Standard_LRS",
    "Standard_RAGRS",
    "Standard_ZRS",
];

fn read_type(text: Option<&str>, geo: Option<bool>) -> Result<Option<&'static str>, CloudError> {
    let Some(text) = text.filter(|text| !text.is_empty()) else {
        return Ok(geo.map(|geo| if geo { "Standard_GRS" } else { "Standard_LRS" }));
    };
    let found = TYPES.iter().find(|own| own.eq_ignore_ascii_case(text));
    found
        .map(|own| Some(*own))
        .ok_or_else(|| CloudError::of(&forms::ACCOUNT_TYPE).with("type", text))
}

fn check_texts(label: Option<&str>, description: Option<&str>) -> Result<(), CloudError> {
    if label.is_some_and(|label| !names::is_label(label, 100)) {
        return Err(CloudError::of(&forms::ACCOUNT_LABEL));
    }
    if description.is_some_and(|text| text.chars().count() > 1024) {
        return Err(CloudError::of(&forms::ACCOUNT_DESCRIPTION));
    }
    Ok(())
}

pub(super) fn create(cx: &Cx<'_>, asked: &Asked, spec: &CreateStorageService) -> Result<Step, CloudError> {
    if !names::is_account_name(&spec.name) {
        return Err(CloudError::of(&forms::ACCOUNT_NAME));
    }
    check_texts(Some(&spec.label), spec.description.as_deref())?;
    let account_type = read_type(spec.account_type.as_deref(), spec.geo_replication)?.unwrap_or("Standard_GRS");
    let placement = placement::read(
        cx,
        asked.subscription,
        spec.location.as_deref(),
        spec.affinity_group.as_deref(),
    )?;
    if cx.fabric().accounts.contains(&*spec.name) {
        cov_mark::hit!(classic_account_taken);
        return Err(CloudError::of(&forms::ACCOUNT_TAKEN).with("account", &spec.name));
    }
    let used = subscription::storage_accounts(cx, asked.subscription);
    subscription::check_count(cx, "MaxStorageAccounts", "storage account count", used, 1)?;

    let mut plan = Plan::new();
    let key = plan.reserve(cx);
    let location = placement.location(cx, asked.subscription);
    let location = locations::find(&location).map_or(&*location, |found| found.name);
    let account = Account {
        sku: account_type.into(),
        ..Account::new(key, location, account_keys(asked.fresh.guid(1)))
    };
    let service = StorageService {
        key,
        subscription: asked.subscription,
        name: spec.name.clone(),
        label: spec.label.trim().into(),
        description: spec.description.clone(),
        placement,
        extended: spec.extended.clone(),
        account_type: account_type.into(),
        created: cx.now(),
        making: asked.request,
    };
    let plan = plan
        .account(spec.name.clone(), Some(account))
        .storage_service(spec.name.clone(), Some(service));
    Ok(Step::later(plan, (16_000, 31_000)))
}

pub(super) fn update(cx: &Cx<'_>, asked: &Asked, name: &str, spec: &UpdateStorageService) -> Result<Step, CloudError> {
    let service = find(cx, asked.subscription, name)?;
    check_texts(spec.label.as_deref(), spec.description.as_deref())?;
    let account_type = read_type(spec.account_type.as_deref(), spec.geo_replication)?;
    let mut changed = service.clone();
    let mut plan = Plan::new();
    if let Some(to) = account_type.filter(|to| *to != &*service.account_type) {
        // ZRS and Premium cannot be changed, nor changed to (SM 9).
        let bound = |kind: &str| matches!(kind, "Standard_ZRS" | "Premium_LRS");
        if bound(to) || bound(&service.account_type) {
            return Err(CloudError::of(&forms::ACCOUNT_TYPE).with("type", to));
        }
        changed.account_type = to.into();
        if let Some(account) = cx.fabric().accounts.get(name) {
            plan = plan.account(
                service.name.clone(),
                Some(Account {
                    sku: to.into(),
                    ..account.clone()
                }),
            );
        }
    }
    if let Some(label) = &spec.label {
        changed.label = label.trim().into();
    }
    changed.description.clone_from(&spec.description);
    if let Some(extended) = &spec.extended {
        changed.extended.clone_from(extended);
    }
    Ok(Step::now(plan.storage_service(service.name.clone(), Some(changed))))
}

pub(super) fn delete(cx: &Cx<'_>, asked: &Asked, name: &str) -> Result<Step, CloudError> {
    let service = find(cx, asked.subscription, name)?;
    let disk = cx
        .classic()
        .disks
        .iter()
        .find(|(_, disk)| *disk.blob.0 == *service.name)
        .map(|(_, disk)| &disk.name);
    let image = || {
        cx.classic()
            .os_images
            .iter()
            .find(|(_, image)| *image.blob.0 == *service.name)
            .map(|(_, image)| &image.name)
    };
    let machine = || {
        let mut images = cx.classic().vm_images.iter();
        images
            .find(|(_, image)| *image.os_disk.blob.0 == *service.name)
            .map(|(_, image)| &image.name)
    };
    let blob = || {
        let mut blobs = cx.fabric().blobs.iter();
        blobs
            .find(|(blob, row)| *blob.0 == *service.name && row.machine.is_some())
            .map(|(blob, _)| &blob.2)
    };
    if let Some(name) = disk.or_else(image).or_else(machine).or_else(blob) {
        return Err(CloudError::of(&forms::ACCOUNT_IN_USE)
            .with("account", &service.name)
            .with("disk", name));
    }
    let mut plan = Plan::new()
        .account(service.name.clone(), None)
        .storage_service(service.name.clone(), None);
    for (blob, _) in cx.fabric().blobs.iter().filter(|(blob, _)| *blob.0 == *service.name) {
        plan = plan.blob(blob.clone(), None);
    }
    for (container, _) in cx
        .fabric()
        .containers
        .iter()
        .filter(|(container, _)| *container.0 == *service.name)
    {
        plan = plan.container(container.clone(), None);
    }
    Ok(Step::now(plan))
}

pub(super) fn regenerate(cx: &Cx<'_>, asked: &Asked, name: &str, primary: bool) -> Result<Step, CloudError> {
    let service = find(cx, asked.subscription, name)?;
    let account = cx.fabric().accounts.get(&*service.name);
    let account = account.ok_or_else(|| CloudError::of(&forms::STORAGE_NOT_FOUND).with("account", name))?;
    let [first, second] = account_keys(asked.fresh.guid(1));
    let [own_first, own_second] = account.keys.clone();
    let keys = if primary {
        [first, own_second]
    } else {
        [own_first, second]
    };
    Ok(Step::now(Plan::new().account(
        service.name.clone(),
        Some(Account {
            keys,
            ..account.clone()
        }),
    )))
}

/// An account of a subscription; one that was there before it has no row of its own.
fn find(cx: &Cx<'_>, subscription: Key, name: &str) -> Result<StorageService, CloudError> {
    let folded = super::folded(name);
    let own = cx
        .classic()
        .storage_services
        .get(&*folded)
        .filter(|own| own.subscription == subscription)
        .cloned();
    let missing = || CloudError::of(&forms::STORAGE_NOT_FOUND).with("account", name);
    own.or_else(|| given(cx, subscription, &folded)).ok_or_else(missing)
}

fn given(cx: &Cx<'_>, subscription: Key, name: &str) -> Option<StorageService> {
    let account = cx
        .fabric()
        .accounts
        .get(name)
        .filter(|account| account.owner == subscription)?;
    let is_plain = !cx.classic().storage_services.contains(name);
    is_plain.then(|| StorageService::of_account(name, account, subscription, cx.now()))
}

impl Cx<'_> {
    /// A storage account of a subscription.
    ///
    /// # Errors
    ///
    /// When there is none.
    pub fn storage_service(&self, subscription: Key, name: &str) -> Result<StorageService, CloudError> {
        find(self, subscription, name)
    }

    /// The storage accounts of a subscription, by name.
    pub fn storage_services(&self, subscription: Key) -> Vec<StorageService> {
        let names = self.fabric().accounts.iter().map(|(name, _)| name);
        names.filter_map(|name| find(self, subscription, name).ok()).collect()
    }

    /// Whether a name for a storage account is free; why not, if it is not (SM 9).
    ///
    /// # Errors
    ///
    /// When it can be no name.
    pub fn is_account_name_available(&self, subscription: Key, name: &str) -> Result<Option<String>, CloudError> {
        if !names::is_account_name(name) {
            return Err(CloudError::of(&forms::ACCOUNT_NAME));
        }
        let Some(account) = self.fabric().accounts.get(name) else {
            return Ok(None);
        };
        let owner = self
            .find(account.owner)
            .map_or(account.owner, |resource| resource.subscription);
        let owner = self
            .classic()
            .storage_services
            .get(name)
            .map_or(owner, |service| service.subscription);
        Ok(Some(if owner == subscription {
            format!("A storage account named '{name}' already exists in the subscription.")
        } else {
            format!("The storage account named '{name}' is already taken.")
        }))
    }

    /// Whether an account is still being made.
    pub fn is_account_making(&self, service: &StorageService) -> bool {
        self.classic()
            .operations
            .get(&service.making)
            .is_some_and(super::ClassicOperation::is_running)
    }
}

impl StorageService {
    /// The classic side of an account that was there before.
    pub(super) fn of_account(name: &str, account: &Account, subscription: Key, now: Time) -> StorageService {
        use base64::Engine;
        let location = locations::find(&account.location).map_or(&*account.location, |found| found.display_name);
        StorageService {
            key: account.owner,
            subscription,
            name: name.into(),
            label: base64::engine::general_purpose::STANDARD.encode(name).into(),
            description: None,
            placement: Placement::Location(location.into()),
            extended: Vec::new(),
            account_type: account.sku.clone(),
            created: now,
            making: OperationId(Guid::NIL),
        }
    }
}
