//! Demands on hardware, and the sizes they are matched against (juju-provider 1.8.10, 1.13).

use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::Error;

/// What a user asks of a machine's hardware. None asks for nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Constraints {
    /// Architecture.
    #[serde(default)]
    pub arch: Option<String>,
    /// Least number of cores.
    #[serde(default)]
    pub cores: Option<u64>,
    /// Least processing power: Azure tells none, so it is ignored.
    #[serde(default)]
    pub cpu_power: Option<u64>,
    /// Least memory in MiB.
    #[serde(default)]
    pub mem_mib: Option<u64>,
    /// Least root disk in MiB.
    #[serde(default)]
    pub root_disk_mib: Option<u64>,
    /// This very size.
    #[serde(default)]
    pub instance_type: Option<String>,
    /// Whether the machine gets a public address. Generation A7; the others go by the environment's policy alone.
    #[serde(default)]
    pub allocate_public_ip: Option<bool>,
    /// Tags of machines: unknown to Azure, ignored.
    #[serde(default)]
    pub tags: Vec<String>,
    /// Virtualisation: Azure has one, ignored.
    #[serde(default)]
    pub virt_type: Option<String>,
}

impl fmt::Display for Constraints {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let numbers = [
            ("cores", self.cores, ""),
            ("cpu-power", self.cpu_power, ""),
            ("mem", self.mem_mib, "M"),
            ("root-disk", self.root_disk_mib, "M"),
        ];
        let mut words: Vec<String> = Vec::new();
        if let Some(arch) = &self.arch {
            words.push(format!("arch={arch}"));
        }
        for (name, value, unit) in numbers {
            if let Some(value) = value {
                words.push(format!("{name}={value}{unit}"));
            }
        }
        if let Some(instance_type) = &self.instance_type {
            words.push(format!("instance-type={instance_type}"));
        }
        if let Some(wanted) = self.allocate_public_ip {
            words.push(format!("allocate-public-ip={wanted}"));
        }
        if !self.tags.is_empty() {
            words.push(format!("tags={}", self.tags.join(",")));
        }
        if let Some(virt_type) = &self.virt_type {
            words.push(format!("virt-type={virt_type}"));
        }
        if words.is_empty() {
            f.write_str("none")
        } else {
            f.write_str(&words.join(" "))
        }
    }
}

/// A size of virtual machine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InstanceType {
    /// Azure's name, `Standard_A1`.
    pub name: String,
    /// The family whose cores are counted together, `standardDSv2Family`; where Azure tells none, the name without prefix and version.
    #[serde(default)]
    pub family: String,
    /// Architecture.
    pub arch: String,
    /// Cores.
    pub cores: u64,
    /// Memory in MiB.
    pub mem_mib: u64,
    /// Largest root disk in MiB.
    pub root_disk_mib: u64,
    /// Most data disks.
    pub data_disks_max: u64,
    /// Rank by price, cheapest lowest. Not an amount of money.
    pub cost: u64,
}

/// Judges constraints before anything is asked of Azure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConstraintsValidator {
    /// Full names of sizes and their aliases without `Standard_`.
    instance_types: BTreeSet<String>,
    honours_public_ip: bool,
    /// Whether a size says what the root disk is, too.
    excludes_root_disk: bool,
}

impl ConstraintsValidator {
    pub(crate) fn new(names: impl Iterator<Item = String>) -> Self {
        let mut instance_types = BTreeSet::new();
        for name in names {
            if let Some(alias) = name.strip_prefix("Standard_") {
                instance_types.insert(alias.to_owned());
            }
            instance_types.insert(name);
        }
        Self {
            instance_types,
            honours_public_ip: false,
            excludes_root_disk: false,
        }
    }

    /// One for which a size excludes a root disk of its own.
    pub(crate) fn excluding_root_disk(self) -> Self {
        Self {
            excludes_root_disk: true,
            ..self
        }
    }

    /// One that takes `allocate-public-ip`.
    pub(crate) fn with_public_ip(self, honours_public_ip: bool) -> Self {
        Self {
            honours_public_ip,
            ..self
        }
    }

    /// Judges `constraints`, and returns the names of those that Azure cannot honour and that are passed over.
    ///
    /// # Errors
    ///
    /// [`Error::Constraints`] for a value outside the vocabulary and for two constraints that exclude each other.
    pub fn validate(&self, constraints: &Constraints) -> Result<Vec<&'static str>, Error> {
        let bad = |reason: String| Err(Error::Constraints(reason));
        if let Some(arch) = &constraints.arch
            && arch != "amd64"
        {
            return bad(format!(
                "invalid constraint value: arch={arch}, valid values are: [amd64]"
            ));
        }

        if let Some(name) = &constraints.instance_type {
            if !self.instance_types.contains(name) {
                return bad(format!(
                    "invalid constraint value: instance-type={name}, not a size of this location"
                ));
            }
            let others = [
                ("mem", constraints.mem_mib.is_some()),
                ("cores", constraints.cores.is_some()),
                ("arch", constraints.arch.is_some()),
                (
                    "root-disk",
                    constraints.root_disk_mib.is_some() && self.excludes_root_disk,
                ),
            ];
            if let Some((other, _)) = others.into_iter().find(|(_, given)| *given) {
                return bad(format!(
                    "ambiguous constraints: \"instance-type\" overlaps with \"{other}\""
                ));
            }
        }

        let ignored = [
            (
                "allocate-public-ip",
                constraints.allocate_public_ip.is_some() && !self.honours_public_ip,
            ),
            ("cpu-power", constraints.cpu_power.is_some()),
            ("tags", !constraints.tags.is_empty()),
            ("virt-type", constraints.virt_type.is_some()),
        ];
        Ok(ignored
            .into_iter()
            .filter(|(_, given)| *given)
            .map(|(name, _)| name)
            .collect())
    }
}

#[cfg(test)]
mod tests {
    use super::{Constraints, ConstraintsValidator};

    fn validator() -> ConstraintsValidator {
        ConstraintsValidator::new(["Standard_A1".to_owned(), "Basic_A0".to_owned()].into_iter())
    }

    #[test]
    fn an_instance_type_is_known_by_its_name_and_its_alias() {
        for name in ["Standard_A1", "A1", "Basic_A0"] {
            let constraints = Constraints {
                instance_type: Some(name.to_owned()),
                ..Constraints::default()
            };
            assert!(validator().validate(&constraints).is_ok(), "{name}");
        }
    }

    #[test]
    fn an_instance_type_excludes_memory() {
        let constraints = Constraints {
            instance_type: Some("A1".to_owned()),
            mem_mib: Some(1),
            ..Constraints::default()
        };
        let refusal = validator().validate(&constraints).map_err(|error| error.to_string());
        assert_eq!(
            refusal,
            Err("ambiguous constraints: \"instance-type\" overlaps with \"mem\"".to_owned())
        );
    }

    #[test]
    fn what_azure_cannot_honour_is_named() {
        let constraints = Constraints {
            cpu_power: Some(100),
            virt_type: Some("kvm".to_owned()),
            ..Constraints::default()
        };
        assert_eq!(
            validator().validate(&constraints).map_err(|error| error.to_string()),
            Ok(vec!["cpu-power", "virt-type"])
        );
    }
}
