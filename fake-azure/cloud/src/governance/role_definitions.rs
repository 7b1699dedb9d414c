//! Role definitions: the built-in ones as facts, and custom ones (ARM 6.6).

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    BAD_ROLE_DEFINITION_NAME, Change, Governance, ROLE_DEFINITION_IN_USE, ROLE_DEFINITION_NOT_FOUND,
    ROLE_DEFINITION_TAKEN, bad_member, check_exists, is_at_or_below, set, text,
};
use crate::Document;
use crate::call::{Outcome, Scope};
use crate::document::same_name;
use crate::engine::Transaction;
use crate::error::CloudError;
use crate::key::Guid;
use crate::time::Time;

/// A role that every tenant has.
#[derive(Debug)]
pub struct BuiltIn {
    /// Its name.
    pub name: Guid,
    /// What a person calls it.
    pub role_name: &'static str,
    /// What it is for.
    pub description: &'static str,
    /// What it allows.
    pub actions: &'static [&'static str],
    /// What of that it does not.
    pub not_actions: &'static [&'static str],
    /// What it allows on data.
    pub data_actions: &'static [&'static str],
}

const fn role(
    name: u128,
    role_name: &'static str,
    description: &'static str,
    actions: &'static [&'static str],
) -> BuiltIn {
    BuiltIn {
        name: Guid(name),
        role_name,
        description,
        actions,
        not_actions: &[],
        data_actions: &[],
    }
}

/// The built-in roles that provisioning software uses (ARM 6.6; Azure's own list of built-in roles for what they allow).
pub const BUILT_IN: &[BuiltIn] = &[
    BuiltIn {
        not_actions: &[
            "Microsoft.Authorization/*/Delete",
            "Microsoft.Authorization/*/Write",
            "Microsoft.Authorization/elevateAccess/Action",
            "Microsoft.Blueprint/blueprintAssignments/write",
            "Microsoft.Blueprint/blueprintAssignments/delete",
        ],
        ..role(
            0xb249_88ac_6180_42a0_ab88_20f7_382d_d24c,
            "Contributor",
            "Lets you manage everything except access to resources.",
            &["*"],
        )
    },
    role(
        0xf1a0_7417_d97a_45cb_824c_7a74_6778_3830,
        "Managed Identity Operator",
        "Read and Assign User Assigned Identity",
        &[
            "Microsoft.ManagedIdentity/userAssignedIdentities/*/read",
            "Microsoft.ManagedIdentity/userAssignedIdentities/*/assign/action",
            "Microsoft.Authorization/*/read",
            "Microsoft.Insights/alertRules/*",
            "Microsoft.Resources/subscriptions/resourceGroups/read",
            "Microsoft.Resources/deployments/*",
            "Microsoft.Support/*",
        ],
    ),
    role(
        0x4d97_b98b_1d4f_4787_a291_c678_34d2_12e7,
        "Network Contributor",
        "Lets you manage networks, but not access to them.",
        &[
            "Microsoft.Authorization/*/read",
            "Microsoft.Insights/alertRules/*",
            "Microsoft.Network/*",
            "Microsoft.ResourceHealth/availabilityStatuses/read",
            "Microsoft.Resources/deployments/*",
            "Microsoft.Resources/subscriptions/resourceGroups/read",
            "Microsoft.Support/*",
        ],
    ),
    role(
        0x8e3a_f657_a8ff_443c_a75c_2fe8_c4bc_b635,
        "Owner",
        "Lets you manage everything, including access to resources.",
        &["*"],
    ),
    role(
        0xacdd_72a7_3385_48ef_bd42_f606_fba8_1ae7,
        "Reader",
        "Lets you view everything, but not make any changes.",
        &["*/read"],
    ),
    role(
        0x17d1_049b_9a84_46fb_8f53_8698_81c3_d3ab,
        "Storage Account Contributor",
        "Lets you manage storage accounts, including accessing storage account keys which provide full access to storage account data.",
        &[
            "Microsoft.Authorization/*/read",
            "Microsoft.Insights/alertRules/*",
            "Microsoft.Insights/diagnosticSettings/*",
            "Microsoft.Network/virtualNetworks/subnets/joinViaServiceEndpoint/action",
            "Microsoft.ResourceHealth/availabilityStatuses/read",
            "Microsoft.Resources/deployments/*",
            "Microsoft.Resources/subscriptions/resourceGroups/read",
            "Microsoft.Storage/storageAccounts/*",
            "Microsoft.Support/*",
        ],
    ),
    BuiltIn {
        data_actions: &[
            "Microsoft.Storage/storageAccounts/blobServices/containers/blobs/delete",
            "Microsoft.Storage/storageAccounts/blobServices/containers/blobs/read",
            "Microsoft.Storage/storageAccounts/blobServices/containers/blobs/write",
            "Microsoft.Storage/storageAccounts/blobServices/containers/blobs/move/action",
            "Microsoft.Storage/storageAccounts/blobServices/containers/blobs/add/action",
        ],
        ..role(
            0xba92_f5b4_2d11_453d_a403_e96b_0029_c9fe,
            "Storage Blob Data Contributor",
            "Allows for read, write and delete access to Azure Storage blob containers and data",
            &[
                "Microsoft.Storage/storageAccounts/blobServices/containers/delete",
                "Microsoft.Storage/storageAccounts/blobServices/containers/read",
                "Microsoft.Storage/storageAccounts/blobServices/containers/write",
                "Microsoft.Storage/storageAccounts/blobServices/generateUserDelegationKey/action",
            ],
        )
    },
    BuiltIn {
        data_actions: &["Microsoft.Storage/storageAccounts/blobServices/containers/blobs/read"],
        ..role(
            0x2a2b_9908_6ea1_4ae2_8e65_a410_df84_e7d1,
            "Storage Blob Data Reader",
            "Allows for read access to Azure Storage blob containers and data",
            &[
                "Microsoft.Storage/storageAccounts/blobServices/containers/read",
                "Microsoft.Storage/storageAccounts/blobServices/generateUserDelegationKey/action",
            ],
        )
    },
    role(
        0x18d7_d88d_d35e_4fb5_a5c3_7773_c20a_72d9,
        "User Access Administrator",
        "Lets you manage user access to Azure resources.",
        &["*/read", "Microsoft.Authorization/*", "Microsoft.Support/*"],
    ),
    role(
        0x9980_e02c_c2be_4d73_94e8_173b_1dc7_cf3c,
        "Virtual Machine Contributor",
        "Lets you manage virtual machines, but not access to them, and not the virtual network or storage account they're connected to.",
        &[
            "Microsoft.Authorization/*/read",
            "Microsoft.Compute/availabilitySets/*",
            "Microsoft.Compute/locations/*",
            "Microsoft.Compute/virtualMachines/*",
            "Microsoft.Compute/virtualMachineScaleSets/*",
            "Microsoft.Compute/disks/write",
            "Microsoft.Compute/disks/read",
            "Microsoft.Compute/disks/delete",
            "Microsoft.DevTestLab/schedules/*",
            "Microsoft.Insights/alertRules/*",
            "Microsoft.Network/applicationGateways/backendAddressPools/join/action",
            "Microsoft.Network/loadBalancers/backendAddressPools/join/action",
            "Microsoft.Network/loadBalancers/inboundNatPools/join/action",
            "Microsoft.Network/loadBalancers/inboundNatRules/join/action",
            "Microsoft.Network/loadBalancers/probes/join/action",
            "Microsoft.Network/loadBalancers/read",
            "Microsoft.Network/locations/*",
            "Microsoft.Network/networkInterfaces/*",
            "Microsoft.Network/networkSecurityGroups/join/action",
            "Microsoft.Network/networkSecurityGroups/read",
            "Microsoft.Network/publicIPAddresses/join/action",
            "Microsoft.Network/publicIPAddresses/read",
            "Microsoft.Network/virtualNetworks/read",
            "Microsoft.Network/virtualNetworks/subnets/join/action",
            "Microsoft.ResourceHealth/availabilityStatuses/read",
            "Microsoft.Resources/deployments/*",
            "Microsoft.Resources/subscriptions/resourceGroups/read",
            "Microsoft.Storage/storageAccounts/listKeys/action",
            "Microsoft.Storage/storageAccounts/read",
            "Microsoft.Support/*",
        ],
    ),
];

/// A custom role.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoleDefinition {
    /// Its name.
    pub name: Guid,
    /// What a person calls it.
    pub role_name: Box<str>,
    /// What it is for.
    pub description: Option<Box<str>>,
    /// Scopes where it can be given, as sent.
    pub assignable_scopes: Vec<Box<str>>,
    /// What it allows, as sent.
    pub permissions: Document,
    /// When it was made.
    pub created: Time,
    /// When it was last written.
    pub updated: Time,
    /// Who made it.
    pub by: Guid,
}

impl RoleDefinition {
    /// Whether it can be given at a scope, or below it.
    pub fn is_assignable_at(&self, scope: &Scope) -> bool {
        let scope = scope.folded();
        self.assignable_scopes.iter().any(|own| {
            let own = own.to_lowercase();
            let own = own.trim_end_matches('/');
            is_at_or_below(&scope, own) || is_at_or_below(own, &scope)
        })
    }
}

impl Governance {
    /// Every custom role, by name.
    pub fn role_definitions(&self) -> impl Iterator<Item = &RoleDefinition> {
        self.definitions.iter().map(|(_, definition)| definition)
    }

    /// A custom role.
    pub fn role_definition(&self, name: Guid) -> Option<&RoleDefinition> {
        self.definitions.get(&name)
    }

    /// Whether there is a role of this name, built in or custom.
    pub fn has_role(&self, name: Guid) -> bool {
        BUILT_IN.iter().any(|role| role.name == name) || self.definitions.contains(&name)
    }

    /// The refusal of a role that there is not.
    pub fn no_such_role(name: &str) -> CloudError {
        CloudError::of(&ROLE_DEFINITION_NOT_FOUND).with("name", name)
    }
}

pub(super) fn put(
    tx: &mut Transaction<'_>,
    scope: &Scope,
    name: &str,
    document: &Document,
    by: Guid,
) -> Result<Outcome, CloudError> {
    check_exists(tx.cloud, scope)?;
    let name = Guid::parse(name).ok_or_else(|| CloudError::of(&BAD_ROLE_DEFINITION_NAME).with("name", name))?;
    let member = |member: &str| document.get("properties").and_then(|properties| properties.get(member));
    let role_name =
        text(document, "roleName").ok_or_else(|| bad_member("roleName", member("roleName"), "System.String"))?;
    check_role_name(&tx.cloud.governance, name, role_name)?;
    let scopes = member("assignableScopes")
        .and_then(Value::as_array)
        .filter(|scopes| !scopes.is_empty() && scopes.iter().all(Value::is_string))
        .ok_or_else(|| bad_member("assignableScopes", member("assignableScopes"), "System.String[]"))?;
    let permissions = member("permissions")
        .filter(|permissions| permissions.is_array())
        .ok_or_else(|| bad_member("permissions", member("permissions"), "Permission[]"))?;

    let now = tx.cloud.now();
    let before = tx.cloud.governance.definitions.get(&name);
    let definition = RoleDefinition {
        name,
        role_name: role_name.into(),
        description: text(document, "description").map(Into::into),
        assignable_scopes: scopes.iter().filter_map(Value::as_str).map(Into::into).collect(),
        permissions: permissions.clone(),
        created: before.map_or(now, |before| before.created),
        updated: now,
        by: before.map_or(by, |before| before.by),
    };
    let created = before.is_none();
    tx.set_governance(Change::Definition(name, Some(definition.into())));
    Ok(set(created))
}

/// A role's name is its own in the tenant.
fn check_role_name(governance: &Governance, name: Guid, role_name: &str) -> Result<(), CloudError> {
    let is_built_in = BUILT_IN
        .iter()
        .any(|role| same_name(role.role_name, role_name) || role.name == name);
    let is_taken = governance
        .role_definitions()
        .any(|other| other.name != name && same_name(&other.role_name, role_name));
    if is_built_in || is_taken {
        return Err(CloudError::of(&ROLE_DEFINITION_TAKEN));
    }
    Ok(())
}

pub(super) fn delete(tx: &mut Transaction<'_>, name: &str) -> Result<Outcome, CloudError> {
    let Some(name) = Guid::parse(name).filter(|name| tx.cloud.governance.definitions.contains(name)) else {
        return Ok(Outcome::Absent);
    };
    if tx.cloud.governance.role_assignments().any(|own| own.role == name) {
        return Err(CloudError::of(&ROLE_DEFINITION_IN_USE).with("name", name));
    }
    tx.set_governance(Change::Definition(name, None));
    Ok(Outcome::Removed)
}
