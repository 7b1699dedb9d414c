//! What an environment over the classic API has to say of itself beside what every environment says (juju-provider 2.5).

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::names::Names;
use crate::{Config, Error};

/// A DNS label, which a cloud service's name has to be (service-management 5.1).
const SERVICE_NAME_LEN_MAX: usize = 63;
const ACCOUNT_NAME_LEN: std::ops::RangeInclusive<usize> = 3..=24;

/// The classic section of a configuration; a configuration that has one is for the classic stack.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct ClassicConfig {
    /// The storage account: the one thing that has to be there before an environment is bootstrapped (the provider's own document).
    /// Disks and the provider's storage are in it.
    pub storage_account_name: String,
    /// An image by name, in place of looking one up.
    #[serde(default)]
    pub force_image_name: Option<String>,
    /// Azure-mode: several machines in a cloud service and its availability set, one application in each, no placement. Without
    /// it every machine has a cloud service of its own. Fixed at bootstrap.
    #[serde(default = "availability_sets_enabled")]
    pub availability_sets_enabled: bool,
    /// Whether volumes can be taken from a machine, put on another one, and destroyed by themselves. Juju 1.25 refuses that, which is the
    /// default; the API has what it takes (service-management 6.5, 10.3), so this goes beyond it. A volume that is on a machine when that
    /// is stopped goes with it all the same.
    #[serde(default)]
    pub detachable_volumes: bool,
    /// Port of the controllers' database, for agents of Juju up to 1.20, which talk to it: 37017. Balanced like that of the API; none
    /// since 1.21 (juju-provider 2.6).
    #[serde(default)]
    pub state_port: Option<u16>,
    /// After how many seconds an operation that does not end is given up: 20 minutes (juju-provider 2.1).
    #[serde(default = "operation_deadline_secs")]
    pub operation_deadline_secs: u64,
}

fn availability_sets_enabled() -> bool {
    true
}

fn operation_deadline_secs() -> u64 {
    1_200
}

impl ClassicConfig {
    /// A section with every default.
    #[must_use]
    pub fn new(storage_account_name: impl Into<String>) -> Self {
        Self {
            storage_account_name: storage_account_name.into(),
            force_image_name: None,
            availability_sets_enabled: availability_sets_enabled(),
            detachable_volumes: false,
            state_port: None,
            operation_deadline_secs: operation_deadline_secs(),
        }
    }

    pub(crate) fn operation_deadline(&self) -> Duration {
        Duration::from_secs(self.operation_deadline_secs)
    }

    /// Whether the section, and what `config` says beside it, can work.
    pub(crate) fn validate(&self, config: &Config) -> Result<(), Error> {
        let account = &self.storage_account_name;
        let is_plain = account.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
        if !ACCOUNT_NAME_LEN.contains(&account.len()) || !is_plain {
            return Err(Error::config(
                "storage-account-name",
                format!("`{account}` is no name of a storage account, which has 3 to 24 lower-case letters and digits"),
            ));
        }
        if self.operation_deadline_secs == 0 {
            return Err(Error::config(
                "operation-deadline-secs",
                "0 seconds leave no time for any operation",
            ));
        }

        let name = &config.name;
        if let Some(bad) = name.chars().find(|c| !(c.is_ascii_alphanumeric() || *c == '-')) {
            return Err(Error::config(
                "name",
                format!("`{name}` holds `{bad}`, which no cloud service's name may"),
            ));
        }
        let longest = Names::new(name).service("0123456789").len();
        if longest > SERVICE_NAME_LEN_MAX {
            return Err(Error::config(
                "name",
                format!(
                    "`{name}` has {} characters, and a cloud service's name leaves room for {}",
                    name.len(),
                    name.len() + SERVICE_NAME_LEN_MAX - longest
                ),
            ));
        }
        Ok(())
    }

    /// Whether an open environment can go on with `next`.
    pub(crate) fn validate_change(&self, next: &Self) -> Result<(), Error> {
        if self.availability_sets_enabled != next.availability_sets_enabled {
            return Err(Error::config(
                "availability-sets-enabled",
                "cannot change availability-sets-enabled",
            ));
        }
        if self.storage_account_name != next.storage_account_name {
            return Err(Error::config(
                "storage-account-name",
                "cannot change storage-account-name: what the environment has made is in that account",
            ));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::ClassicConfig;
    use crate::Config;

    fn validate(name: &str, account: &str) -> Result<(), String> {
        let config = Config::new(name, Uuid::from_u128(1), Uuid::from_u128(2), "West US");
        ClassicConfig::new(account)
            .validate(&config)
            .map_err(|error| error.to_string())
    }

    #[test]
    fn names_are_judged_by_the_strictest_rule_they_meet() {
        assert_eq!(validate("my-env", "acct"), Ok(()));
        assert_eq!(
            validate("env", "Acct"),
            Err(
                "invalid `storage-account-name`: `Acct` is no name of a storage account, which has 3 to 24 lower-case letters and \
                 digits"
                    .to_owned()
            )
        );
        assert_eq!(
            validate("my_env", "acct"),
            Err("invalid `name`: `my_env` holds `_`, which no cloud service's name may".to_owned())
        );
        assert_eq!(
            validate(&"e".repeat(48), "acct").map_err(|error| error.contains("leaves room for 47")),
            Err(true)
        );
        assert_eq!(validate(&"e".repeat(47), "acct"), Ok(()));
    }

    #[test]
    fn azure_mode_is_on_unless_said_otherwise_and_never_changes() {
        let section: ClassicConfig =
            serde_json::from_str(r#"{"storage-account-name":"acct"}"#).expect("one attribute is enough");
        assert!(section.availability_sets_enabled);
        let next = ClassicConfig {
            availability_sets_enabled: false,
            ..section.clone()
        };
        assert_eq!(
            section.validate_change(&next).map_err(|error| error.to_string()),
            Err("invalid `availability-sets-enabled`: cannot change availability-sets-enabled".to_owned())
        );
    }
}
