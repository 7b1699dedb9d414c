//! The directory's part of the control API: who is in it, how it does what a person or time does in Azure, and a person's word
//! on device codes.

use fake_azure_cloud::Guid;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{ControlError, invalid};
use crate::faults::Moment;
use crate::identity::{self, DeviceCodes, DeviceSignIn, DirectoryOptions, Standing};
use crate::sandbox::Sandbox;

/// `PUT directory`: what is absent stays. The directory is the server's, shared by all sandboxes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DirectorySettings {
    /// Whether device codes wait for somebody to approve them, or are approved at once for the first user.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device_codes: Option<DeviceCodes>,
    /// For how long what was just made is not known to other services, in milliseconds of the cloud's clock.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replication_lag_ms: Option<u32>,
}

/// `GET directory`, and the answer of `PUT directory`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DirectoryInfo {
    /// The tenants, the home tenant first.
    pub tenants: Vec<TenantInfo>,
    /// The users.
    pub users: Vec<UserInfo>,
    /// How device codes are approved.
    pub device_codes: DeviceCodes,
    /// For how long what was just made is not known to other services, in milliseconds of the cloud's clock.
    pub replication_lag_ms: u32,
    /// Sign-ins on other devices, oldest first.
    pub device_sign_ins: Vec<DeviceSignInInfo>,
}

/// One tenant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TenantInfo {
    /// Its id.
    pub id: String,
    /// Its domain.
    pub default_domain: String,
}

/// One user.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct UserInfo {
    /// Its id.
    pub id: String,
    /// The name that it signs in with.
    pub user_principal_name: String,
}

/// One sign-in on another device.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DeviceSignInInfo {
    /// What the person types.
    pub user_code: String,
    /// The application that asks.
    pub client_id: String,
    /// `pending`, `approved`, `declined` or `redeemed`.
    pub standing: String,
    /// Until when the code is good.
    pub expires: Moment,
}

/// `POST device-codes/{user_code}`: what a person says to a code.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DeviceVerdict {
    /// The user who says it, by name or id; the first one when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// Whether the user declines.
    #[serde(default)]
    pub decline: bool,
}

/// The directory as it is.
pub(super) fn info(sandbox: &Sandbox) -> DirectoryInfo {
    let directory = &sandbox.directory;
    let DirectoryOptions {
        device_codes,
        replication_lag_ms,
        ..
    } = directory.options();
    let tenants = directory.tenants().into_iter().map(|tenant| TenantInfo {
        id: tenant.id.to_string(),
        default_domain: tenant.default_domain,
    });
    let users = directory.users().into_iter().map(|user| UserInfo {
        id: user.object_id.to_string(),
        user_principal_name: user.user_principal_name,
    });
    let device_sign_ins = directory.device_sign_ins().into_iter().map(shown);
    DirectoryInfo {
        tenants: tenants.collect(),
        users: users.collect(),
        device_codes,
        replication_lag_ms,
        device_sign_ins: device_sign_ins.collect(),
    }
}

fn shown(own: DeviceSignIn) -> DeviceSignInInfo {
    DeviceSignInInfo {
        user_code: own.user_code,
        client_id: own.app_id.to_string(),
        standing: own.standing.name().to_owned(),
        expires: Moment(own.expires),
    }
}

/// Changes how it does things.
pub(super) fn set(sandbox: &Sandbox, to: &DirectorySettings) -> DirectoryInfo {
    let now = sandbox.directory.options();
    sandbox.directory.set_options(DirectoryOptions {
        device_codes: to.device_codes.unwrap_or(now.device_codes),
        replication_lag_ms: to.replication_lag_ms.unwrap_or(now.replication_lag_ms),
        ..now
    });
    info(sandbox)
}

/// A person's word on a device code.
pub(super) fn decide(
    sandbox: &Sandbox,
    user_code: &str,
    verdict: &DeviceVerdict,
) -> Result<DirectoryInfo, ControlError> {
    let users = sandbox.directory.users();
    let user = match &verdict.user {
        None => users.first(),
        Some(name) => users.iter().find(|user| {
            user.user_principal_name.eq_ignore_ascii_case(name) || Guid::parse(name) == Some(user.object_id)
        }),
    };
    let Some(user) = user else {
        let name = verdict.user.as_deref().unwrap_or("");
        return Err(invalid(format!("`user`: there is no user `{name}`")));
    };
    let standing = if verdict.decline {
        Standing::Declined
    } else {
        Standing::Approved(user.object_id)
    };
    if identity::decide(sandbox, user_code, standing) {
        Ok(info(sandbox))
    } else {
        Err(ControlError::NoSuchDeviceCode(user_code.to_owned()))
    }
}
