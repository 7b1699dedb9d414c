//! The configuration of an environment (juju-provider 1.7).

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::arm::GroupName;
use crate::{ClassicConfig, Error, Offering};

/// Azure allows 90; Juju stays below (juju-provider 1.4).
const GROUP_NAME_LEN_MAX: usize = 80;
/// Tags per resource in 2016 (juju-provider 1.5). Six are the provider's own.
const USER_TAGS_MAX: usize = 9;
const TAG_NAME_LEN_MAX: usize = 512;
/// Of a uuid, in the name of a group.
const SHORT_UUID_LEN: usize = 8;
/// Of a uuid, in the name of a storage account.
const ACCOUNT_UUID_LEN: usize = 20;
const TAG_VALUE_LEN_MAX: usize = 256;

/// Which generation of Juju's ARM provider to be (juju-provider 0.2).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Generation {
    /// April 2016, 2.0-beta: every resource put by itself, instances found through the tags of network interfaces.
    #[default]
    A1,
    /// January 2017, 2.1: one deployment per machine, one deployment `common`.
    A4,
    /// 2.9: managed disks, Standard public addresses, the list of virtual machines as index.
    A7,
}

impl fmt::Display for Generation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

impl Generation {
    pub(crate) fn check(self, offering: Offering) -> Result<(), Error> {
        match (self, offering) {
            (Self::A1 | Self::A4, Offering::Today) => Err(Error::NotSupported(format!(
                "generation {self} is refused on a cloud that offers only what Azure offers today: it makes Basic public addresses \
                 and unmanaged disks, which Azure has retired; generation A7 is needed there"
            ))),
            (Self::A1 | Self::A4, Offering::Historic) | (Self::A7, _) => Ok(()),
        }
    }
}

/// Replication of the storage account that holds the disks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum StorageAccountType {
    /// Locally redundant.
    #[default]
    #[serde(rename = "Standard_LRS")]
    StandardLrs,
    /// Geo-redundant.
    #[serde(rename = "Standard_GRS")]
    StandardGrs,
    /// Geo-redundant, readable at the second place.
    #[serde(rename = "Standard_RAGRS")]
    StandardRagrs,
    /// Zone-redundant.
    #[serde(rename = "Standard_ZRS")]
    StandardZrs,
    /// Solid state, locally redundant.
    #[serde(rename = "Premium_LRS")]
    PremiumLrs,
}

impl StorageAccountType {
    /// Azure's name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::StandardLrs => "Standard_LRS",
            Self::StandardGrs => "Standard_GRS",
            Self::StandardRagrs => "Standard_RAGRS",
            Self::StandardZrs => "Standard_ZRS",
            Self::PremiumLrs => "Premium_LRS",
        }
    }
}

/// Which machines get a public address. Public addresses are few: 60 per subscription and region in 2016 (the ARM notes).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PublicAddresses {
    /// Every machine.
    #[default]
    Always,
    /// Controllers only.
    Controllers,
    /// Controllers, and every other machine for as long as something is open to it (the ARM notes).
    OnExpose,
    /// None: the caller has another way in.
    None,
}

/// Which public addresses and load balancers are made (juju-provider 1.7, L70). Generation A7 alone can choose.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum LoadBalancerSku {
    /// Static addresses that security rules guard.
    #[default]
    #[serde(alias = "standard")]
    Standard,
    /// Dynamic addresses, as before 2018: for environments that have such already, since one availability set cannot have both.
    #[serde(alias = "basic")]
    Basic,
}

impl LoadBalancerSku {
    /// Azure's name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Standard => "Standard",
            Self::Basic => "Basic",
        }
    }
}

/// Stream of images.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ImageStream {
    /// Released images.
    #[default]
    Released,
    /// Daily builds.
    Daily,
}

impl fmt::Display for ImageStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Released => "released",
            Self::Daily => "daily",
        })
    }
}

/// Where firewall rules are kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FirewallMode {
    /// Per machine: the only mode on Azure.
    #[default]
    Instance,
    /// For the whole environment: refused.
    Global,
}

/// The configuration of an environment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Config {
    /// Name of the environment.
    pub name: String,
    /// Its uuid.
    pub uuid: Uuid,
    /// The controller that it belongs to.
    pub controller_uuid: Uuid,
    /// Azure's location; `West US` is taken as `westus`.
    pub location: String,
    /// Which provider to be.
    #[serde(default)]
    pub generation: Generation,
    /// Replication of the disks' account. Immutable.
    #[serde(default)]
    pub storage_account_type: StorageAccountType,
    /// The environment's storage account, once it has one. `Environ::config` tells it after `create`; an environment opened
    /// without it looks it up.
    #[serde(default)]
    pub storage_account: Option<String>,
    /// Who gets a public address.
    #[serde(default)]
    pub public_addresses: PublicAddresses,
    /// Which kind of public addresses. Generation A7.
    #[serde(default)]
    pub load_balancer_sku_name: LoadBalancerSku,
    /// A group of the user's own to live in, which is never deleted. Immutable. Generation A7 (juju-provider 1.14).
    #[serde(default)]
    pub resource_group_name: Option<String>,
    /// A virtual network of the user's own to live in: `network`, or `group/network`. Immutable. Generation A7.
    #[serde(default)]
    pub network: Option<String>,
    /// Which images.
    #[serde(default)]
    pub image_stream: ImageStream,
    /// Keys that may log in to Linux machines, in the form of an `authorized_keys` file. Empty: a key that nobody holds, since
    /// Azure makes no machine without one (juju-provider L67).
    #[serde(default)]
    pub authorized_keys: String,
    /// Tags of the user's, on everything.
    #[serde(default)]
    pub resource_tags: BTreeMap<String, String>,
    /// Firewall mode.
    #[serde(default)]
    pub firewall_mode: FirewallMode,
    /// Whether a machine that cannot have its size (quota or capacity) is tried with the next cheapest family. Juju did so only
    /// from 2.9 on (juju-provider appendix C), so it is off unless asked for.
    #[serde(default)]
    pub size_fallback: bool,
    /// Administrator of Linux machines.
    #[serde(default = "linux_admin")]
    pub linux_admin: String,
    /// Administrator of Windows machines.
    #[serde(default = "windows_admin")]
    pub windows_admin: String,
    /// After how many seconds an operation of Azure's that does not end is given up.
    #[serde(default = "operation_deadline_secs")]
    pub operation_deadline_secs: u64,
    /// Given, the environment stands on the classic API, Service Management, and generation and all that is Resource Manager's mean
    /// nothing. Immutable, as a whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub classic: Option<ClassicConfig>,
}

fn linux_admin() -> String {
    "ubuntu".to_owned()
}

fn windows_admin() -> String {
    "JujuAdministrator".to_owned()
}

/// Half an hour for a machine, and the deletion of a whole group is given thrice as long.
fn operation_deadline_secs() -> u64 {
    1_800
}

impl Config {
    /// A configuration with every default.
    #[must_use]
    pub fn new(name: impl Into<String>, uuid: Uuid, controller_uuid: Uuid, location: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            uuid,
            controller_uuid,
            location: location.into(),
            generation: Generation::default(),
            storage_account_type: StorageAccountType::default(),
            storage_account: None,
            public_addresses: PublicAddresses::default(),
            load_balancer_sku_name: LoadBalancerSku::default(),
            resource_group_name: None,
            network: None,
            image_stream: ImageStream::default(),
            authorized_keys: String::new(),
            resource_tags: BTreeMap::new(),
            firewall_mode: FirewallMode::default(),
            size_fallback: false,
            linux_admin: linux_admin(),
            windows_admin: windows_admin(),
            operation_deadline_secs: operation_deadline_secs(),
            classic: None,
        }
    }

    /// Whether this configuration can work.
    ///
    /// # Errors
    ///
    /// [`Error::Config`] naming the attribute, what it is and what it should be; [`Error::NotSupported`] for global firewalling.
    pub fn validate(&self) -> Result<(), Error> {
        let texts = [
            ("name", &self.name),
            ("location", &self.location),
            ("linux-admin", &self.linux_admin),
            ("windows-admin", &self.windows_admin),
        ];
        for (attribute, text) in texts {
            if text.trim().is_empty() {
                return Err(Error::config(attribute, "empty value not valid"));
            }
        }
        for (attribute, uuid) in [("uuid", self.uuid), ("controller-uuid", self.controller_uuid)] {
            if uuid.is_nil() {
                return Err(Error::config(attribute, "empty value not valid"));
            }
        }
        if self.firewall_mode == FirewallMode::Global {
            return Err(Error::global_firewall());
        }
        if self.operation_deadline_secs == 0 {
            return Err(Error::config(
                "operation-deadline-secs",
                "0 seconds leave no time for any operation",
            ));
        }

        if let Some(classic) = &self.classic {
            return classic.validate(self);
        }
        self.validate_group_name()?;
        self.validate_own_containers()?;
        self.validate_storage_account()?;
        self.validate_tags()
    }

    /// Whether an open environment can go on as `next`.
    ///
    /// # Errors
    ///
    /// [`Error::Config`] when something immutable differs, and everything that [`Config::validate`] refuses.
    pub fn validate_change(&self, next: &Self) -> Result<(), Error> {
        next.validate()?;
        match (&self.classic, &next.classic) {
            (Some(own), Some(next)) => own.validate_change(next)?,
            (None, None) => {}
            _ => {
                return Err(Error::config(
                    "classic",
                    "an environment cannot change from one of Azure's APIs to the other",
                ));
            }
        }
        let text = |own: &Option<String>| own.clone().unwrap_or_default();
        let immutable = [
            ("name", self.name.clone(), next.name.clone()),
            ("uuid", self.uuid.to_string(), next.uuid.to_string()),
            ("location", self.canonical_location(), next.canonical_location()),
            ("generation", self.generation.to_string(), next.generation.to_string()),
            (
                "storage-account-type",
                self.storage_account_type.as_str().to_owned(),
                next.storage_account_type.as_str().to_owned(),
            ),
            (
                "resource-group-name",
                text(&self.resource_group_name),
                text(&next.resource_group_name),
            ),
            ("network", text(&self.network), text(&next.network)),
        ];
        for (attribute, old, new) in immutable {
            if old != new {
                return Err(Error::config(
                    attribute,
                    format!("cannot change immutable \"{attribute}\" config ({old} -> {new})"),
                ));
            }
        }
        Ok(())
    }

    /// The location as Azure writes it in ids: no spaces, lower case (juju-provider 1.7).
    pub(crate) fn canonical_location(&self) -> String {
        self.location
            .chars()
            .filter(|c| !c.is_whitespace())
            .collect::<String>()
            .to_lowercase()
    }

    /// The resource group of the environment, as it is named when it is made (juju-provider 1.4). Generation A7 stays in one that
    /// an older generation has made.
    #[must_use]
    pub fn resource_group(&self) -> String {
        if let Some(own) = &self.resource_group_name {
            return own.clone();
        }

        match self.generation.profile().group_name {
            GroupName::Environment => format!("juju-{}-environment-{}", self.name, self.uuid),
            GroupName::Model => self.long_group_name(),
            GroupName::Short => format!("juju-{}-{}", self.name, self.short_uuid()),
        }
    }

    /// As generations A2 to A6 named it.
    pub(crate) fn long_group_name(&self) -> String {
        format!("juju-{}-model-{}", self.name, self.uuid)
    }

    fn short_uuid(&self) -> String {
        self.uuid.simple().to_string()[..SHORT_UUID_LEN].to_owned()
    }

    /// The storage account whose name follows from the uuid: `juju` and its last 20 digits (juju-provider 1.4, A3 on).
    pub(crate) fn storage_account_of_uuid(&self) -> String {
        let digits = self.uuid.simple().to_string();
        format!("juju{}", &digits[digits.len() - ACCOUNT_UUID_LEN..])
    }

    /// The user's own network, as the group that it is in, if it is in another one, and its name.
    pub(crate) fn own_network(&self) -> Option<(Option<&str>, &str)> {
        let network = self.network.as_deref()?;
        Some(match network.split_once('/') {
            Some((group, name)) => (Some(group), name),
            None => (None, network),
        })
    }

    pub(crate) fn operation_deadline(&self) -> Duration {
        Duration::from_secs(self.operation_deadline_secs)
    }

    fn validate_own_containers(&self) -> Result<(), Error> {
        let own = [
            ("resource-group-name", self.resource_group_name.is_some()),
            ("network", self.network.is_some()),
            (
                "load-balancer-sku-name",
                self.load_balancer_sku_name != LoadBalancerSku::default(),
            ),
        ];
        if self.generation != Generation::A7
            && let Some((attribute, _)) = own.into_iter().find(|(_, given)| *given)
        {
            return Err(Error::config(
                attribute,
                format!("generation {} does not know it, A7 does", self.generation),
            ));
        }

        if let Some(group) = &self.resource_group_name
            && (group.is_empty() || group.chars().count() > GROUP_NAME_LEN_MAX)
        {
            return Err(Error::config(
                "resource-group-name",
                format!("`{group}` must have 1 to {GROUP_NAME_LEN_MAX} characters"),
            ));
        }
        if let Some((group, network)) = self.own_network()
            && (network.is_empty() || network.contains('/') || group == Some(""))
        {
            return Err(Error::config(
                "network",
                "expected `network` or `group/network`".to_owned(),
            ));
        }

        Ok(())
    }

    fn validate_group_name(&self) -> Result<(), Error> {
        if self.resource_group_name.is_some() {
            return Ok(());
        }

        let around = self.resource_group().chars().count() - self.name.chars().count();
        if self.resource_group().chars().count() > GROUP_NAME_LEN_MAX {
            return Err(Error::config(
                "name",
                format!(
                    "`{}` has {} characters, and the resource group's name leaves room for {}",
                    self.name,
                    self.name.chars().count(),
                    GROUP_NAME_LEN_MAX - around
                ),
            ));
        }
        // ARM 1.3: letters, digits and -_.() make a group's name.
        if let Some(bad) = self
            .name
            .chars()
            .find(|c| !(c.is_alphanumeric() || "-_.()".contains(*c)))
        {
            return Err(Error::config(
                "name",
                format!("`{}` holds `{bad}`, which no resource group's name may", self.name),
            ));
        }

        Ok(())
    }

    fn validate_storage_account(&self) -> Result<(), Error> {
        let Some(name) = &self.storage_account else {
            return Ok(());
        };
        let alphabet = name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit());
        if !(3..=24).contains(&name.len()) || !alphabet {
            return Err(Error::config(
                "storage-account",
                format!("`{name}` is no storage account name: 3 to 24 lower-case letters and digits"),
            ));
        }

        Ok(())
    }

    fn validate_tags(&self) -> Result<(), Error> {
        let bad = |reason: String| Err(Error::config("resource-tags", reason));
        if self.resource_tags.len() > USER_TAGS_MAX {
            return bad(format!(
                "{} tags, and Azure's 15 per resource leave room for {USER_TAGS_MAX}",
                self.resource_tags.len()
            ));
        }
        for (name, value) in &self.resource_tags {
            if name.is_empty() || name.chars().count() > TAG_NAME_LEN_MAX {
                return bad(format!(
                    "tag name `{name}` must have 1 to {TAG_NAME_LEN_MAX} characters"
                ));
            }
            if name.to_lowercase().starts_with("juju-") {
                return bad(format!(
                    "tag name `{name}` begins with `juju-`, which is kept for Juju's own"
                ));
            }
            if value.chars().count() > TAG_VALUE_LEN_MAX {
                return bad(format!(
                    "the value of tag `{name}` has more than {TAG_VALUE_LEN_MAX} characters"
                ));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};
    use uuid::Uuid;

    use super::{Config, FirewallMode, Generation, StorageAccountType};
    use crate::Offering;

    fn config() -> Config {
        Config::new("prod", Uuid::from_u128(1), Uuid::from_u128(2), "West US")
    }

    fn check(change: impl FnOnce(&mut Config), expect: Expect) {
        let mut config = config();
        change(&mut config);
        expect.assert_eq(&match config.validate() {
            Ok(()) => "ok".to_owned(),
            Err(error) => error.to_string(),
        });
    }

    #[test]
    fn a_location_is_written_as_azure_writes_it() {
        assert_eq!(config().canonical_location(), "westus");
    }

    #[test]
    fn the_group_is_named_as_the_notes_say() {
        assert_eq!(
            config().resource_group(),
            "juju-prod-environment-00000000-0000-0000-0000-000000000001"
        );
    }

    #[test]
    fn each_generation_names_its_group_and_the_user_s_own_name_wins() {
        let name = |generation| Config { generation, ..config() }.resource_group();
        assert_eq!(
            [name(Generation::A4), name(Generation::A7)],
            [
                "juju-prod-model-00000000-0000-0000-0000-000000000001",
                "juju-prod-00000000"
            ]
        );
        let own = Config {
            generation: Generation::A7,
            resource_group_name: Some("mine".to_owned()),
            ..config()
        };
        assert_eq!(own.resource_group(), "mine");
        assert_eq!(config().storage_account_of_uuid(), "juju00000000000000000001");
    }

    #[test]
    fn what_only_newer_generations_know_is_refused_by_the_older() {
        check(
            |c| c.network = Some("net".to_owned()),
            expect!["invalid `network`: generation A1 does not know it, A7 does"],
        );
        check(
            |c| {
                c.generation = Generation::A7;
                c.network = Some("group/".to_owned());
            },
            expect!["invalid `network`: expected `network` or `group/network`"],
        );
        check(
            |c| {
                c.generation = Generation::A7;
                c.resource_group_name = Some("g".repeat(81));
            },
            expect![[
                r#"invalid `resource-group-name`: `ggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggg` must have 1 to 80 characters"#
            ]],
        );
        check(
            |c| {
                c.generation = Generation::A7;
                c.name = "n".repeat(67);
            },
            expect![[
                r#"invalid `name`: `nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn` has 67 characters, and the resource group's name leaves room for 66"#
            ]],
        );
    }

    #[test]
    fn what_cannot_work_is_refused_with_the_reason() {
        check(|_| (), expect!["ok"]);
        check(
            |c| c.name = String::new(),
            expect!["invalid `name`: empty value not valid"],
        );
        check(
            |c| c.name = "n".repeat(27),
            expect![
                "invalid `name`: `nnnnnnnnnnnnnnnnnnnnnnnnnnn` has 27 characters, and the resource group's name leaves room for 26"
            ],
        );
        check(
            |c| c.name = "a/b".to_owned(),
            expect!["invalid `name`: `a/b` holds `/`, which no resource group's name may"],
        );
        check(
            |c| c.uuid = Uuid::nil(),
            expect!["invalid `uuid`: empty value not valid"],
        );
        check(
            |c| c.firewall_mode = FirewallMode::Global,
            expect!["global firewall mode is not supported"],
        );
        check(
            |c| c.storage_account = Some("Juju".to_owned()),
            expect![
                "invalid `storage-account`: `Juju` is no storage account name: 3 to 24 lower-case letters and digits"
            ],
        );
        check(
            |c| {
                c.resource_tags.insert("JUJU-model-uuid".to_owned(), String::new());
            },
            expect![
                "invalid `resource-tags`: tag name `JUJU-model-uuid` begins with `juju-`, which is kept for Juju's own"
            ],
        );
    }

    #[test]
    fn the_account_type_cannot_change() {
        let next = Config {
            storage_account_type: StorageAccountType::PremiumLrs,
            ..config()
        };
        let error = config().validate_change(&next).map_err(|error| error.to_string());
        expect![[r#"
            Err(
                "invalid `storage-account-type`: cannot change immutable \"storage-account-type\" config (Standard_LRS -> Premium_LRS)",
            )
        "#]]
        .assert_debug_eq(&error);
    }

    #[test]
    fn a_generation_is_refused_where_it_cannot_work() {
        assert!(Generation::A1.check(Offering::Historic).is_ok());
        assert!(Generation::A7.check(Offering::Historic).is_ok());
        assert!(Generation::A7.check(Offering::Today).is_ok());
        let refusals: Vec<String> = [Generation::A1, Generation::A4]
            .into_iter()
            .filter_map(|generation| generation.check(Offering::Today).err())
            .map(|error| error.to_string())
            .collect();
        expect![[r#"
            [
                "generation A1 is refused on a cloud that offers only what Azure offers today: it makes Basic public addresses and unmanaged disks, which Azure has retired; generation A7 is needed there",
                "generation A4 is refused on a cloud that offers only what Azure offers today: it makes Basic public addresses and unmanaged disks, which Azure has retired; generation A7 is needed there",
            ]
        "#]]
        .assert_debug_eq(&refusals);
    }
}
