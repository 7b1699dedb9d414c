//! What a machine is asked to be.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{Constraints, Hardware, Instance, InstanceId, StorageAccountType};

/// Series of an operating system, in Juju's words: `trusty`, `centos7`, `win2012r2`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Series(String);

impl Series {
    /// The series with this name.
    #[must_use]
    pub fn new(name: impl Into<String>) -> Self {
        Self(name.into())
    }

    /// Its name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Series {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A file for the machine's first boot.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UserFile {
    /// Absolute path in the machine's own notation.
    pub path: String,
    /// Content.
    pub content: String,
    /// Unix permission bits; of no meaning to Windows.
    pub mode: u32,
}

/// What a machine does at its first boot. How it is told depends on its operating system (juju-provider 1.12).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UserData {
    /// Files to write, before any command.
    #[serde(default)]
    pub files: Vec<UserFile>,
    /// Commands in the machine's own shell: sh, or PowerShell on Windows.
    #[serde(default)]
    pub commands: Vec<String>,
}

/// What a root disk is to be, as the attributes of its storage pool say (juju-provider 1.15, L76).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct RootDisk {
    /// Of which kind it is, where disks are resources: attribute `account-type`; None: the stack's default.
    #[serde(default)]
    pub account_type: Option<StorageAccountType>,
    /// Whether it is encrypted with a key of the user's at all.
    #[serde(default)]
    pub encrypted: bool,
    /// A disk encryption set: `name`, or `group/name` of one that is there already.
    #[serde(default)]
    pub disk_encryption_set_name: Option<String>,
    /// Beginning of the name of the vault that the key is made in, at most 15 characters.
    #[serde(default)]
    pub vault_name_prefix: Option<String>,
    /// Name of the key; `disk-secret` by default.
    #[serde(default)]
    pub vault_key_name: Option<String>,
    /// Who beside the provider may use the vault: an object id of the directory.
    #[serde(default)]
    pub vault_user_id: Option<String>,
}

/// What `start_instance` is asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct StartInstance {
    /// Juju's id of the machine: 3 makes the instance `machine-3`.
    pub machine: u32,
    /// The controller it will talk to.
    pub controller_uuid: Uuid,
    /// Operating system.
    pub series: Series,
    /// Demands on its hardware.
    #[serde(default)]
    pub constraints: Constraints,
    /// Placement directive. Generation A7 knows `subnet=NAME`, the others none.
    #[serde(default)]
    pub placement: Option<String>,
    /// Whether it serves the controller's API.
    #[serde(default)]
    pub controller: bool,
    /// Port of the controller's API.
    #[serde(default = "api_port")]
    pub api_port: u16,
    /// The name that the controller gets a certificate for by itself; its API then answers on port 80, too. Generation A7.
    #[serde(default)]
    pub autocert_dns_name: Option<String>,
    /// Subnets that the machine must be in, one interface each: for every demand, the ids of subnets that satisfy it with their
    /// zones. Generation A7 (juju-provider 1.14).
    #[serde(default)]
    pub subnets_to_zones: Vec<BTreeMap<String, Vec<String>>>,
    /// The availability zone wanted. Azure's sets stand in for zones, so it only limits the choice of subnets.
    #[serde(default)]
    pub zone: Option<String>,
    /// What its root disk is asked to be. Generation A7.
    #[serde(default)]
    pub root_disk: Option<RootDisk>,
    /// Principal units that it will host, `mysql/0`.
    #[serde(default)]
    pub units: Vec<String>,
    /// Instances that it should not share hardware with.
    #[serde(default)]
    pub distribution_group: Vec<InstanceId>,
    /// What it does at first boot.
    #[serde(default)]
    pub user_data: UserData,
    /// More tags for its resources.
    #[serde(default)]
    pub tags: BTreeMap<String, String>,
}

fn api_port() -> u16 {
    17_070
}

impl StartInstance {
    /// Machine `machine` with every default.
    #[must_use]
    pub fn new(machine: u32, controller_uuid: Uuid, series: impl Into<String>) -> Self {
        Self {
            machine,
            controller_uuid,
            series: Series::new(series),
            constraints: Constraints::default(),
            placement: None,
            controller: false,
            api_port: api_port(),
            autocert_dns_name: None,
            subnets_to_zones: Vec::new(),
            zone: None,
            root_disk: None,
            units: Vec::new(),
            distribution_group: Vec::new(),
            user_data: UserData::default(),
            tags: BTreeMap::new(),
        }
    }

    /// The id the instance will have (juju-provider 1.4).
    #[must_use]
    pub fn instance_id(&self) -> InstanceId {
        InstanceId::new(format!("machine-{}", self.machine))
    }
}

/// A machine that was started.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Started {
    /// The instance. Its addresses are not asked for, to save calls: `instances` tells them.
    pub instance: Instance,
    /// What it is made of.
    pub hardware: Hardware,
}
