//! Sizes of roles, and which one a machine gets: the cheapest that satisfies its constraints (juju-provider 2.7).
//!
//! The API tells neither prices nor, in its list of locations, what a size has; both come from a table, and a size that is not in it
//! is never chosen.

use super::network_configuration::Binding;
use crate::{Constraints, Error, InstanceType};

/// Memory of a machine for which neither memory nor size was asked.
const MEM_DEFAULT_MIB: u64 = 1_024;
const ARCH: &str = "amd64";
/// The largest OS disk of the time.
const ROOT_DISK_MIB: u64 = 127 * 1_024;

/// One size.
struct RoleSize {
    name: &'static str,
    cores: u64,
    mem_mib: u64,
    data_disks_max: u64,
    /// Tenths of a US cent per hour, Linux, early 2015; only the order matters.
    cost: u64,
}

const fn size(name: &'static str, cores: u64, mem_mib: u64, data_disks_max: u64, cost: u64) -> RoleSize {
    RoleSize {
        name,
        cores,
        mem_mib,
        data_disks_max,
        cost,
    }
}

/// The basic sizes are left out: they cannot be load balanced, and every role has its ports in load-balanced sets.
const ROLE_SIZES: &[RoleSize] = &[
    size("A10", 8, 57_344, 16, 780),
    size("A11", 16, 114_688, 16, 1_560),
    size("A5", 2, 14_336, 4, 250),
    size("A6", 4, 28_672, 8, 500),
    size("A7", 8, 57_344, 16, 1_000),
    size("A8", 8, 57_344, 16, 1_970),
    size("A9", 16, 114_688, 16, 4_470),
    size("ExtraLarge", 8, 14_336, 16, 480),
    size("ExtraSmall", 1, 768, 1, 20),
    size("Large", 4, 7_168, 8, 240),
    size("Medium", 2, 3_584, 4, 120),
    size("Small", 1, 1_792, 2, 60),
    size("Standard_D1", 1, 3_584, 2, 85),
    size("Standard_D11", 2, 14_336, 4, 204),
    size("Standard_D12", 4, 28_672, 8, 408),
    size("Standard_D13", 8, 57_344, 16, 734),
    size("Standard_D14", 16, 114_688, 32, 1_321),
    size("Standard_D2", 2, 7_168, 4, 170),
    size("Standard_D3", 4, 14_336, 8, 340),
    size("Standard_D4", 8, 28_672, 16, 680),
];

/// What an affinity group's old hardware has (juju-provider L11).
const OF_AFFINITY_GROUPS: &[&str] = &[
    "A5",
    "A6",
    "A7",
    "A8",
    "A9",
    "ExtraLarge",
    "ExtraSmall",
    "Large",
    "Medium",
    "Small",
];

/// Those of the location's sizes that machines can have.
pub(crate) fn instance_types(offered: &[String], binding: Binding) -> Vec<InstanceType> {
    let known = ROLE_SIZES
        .iter()
        .filter(|own| offered.iter().any(|name| name == own.name));
    let possible = known.filter(|own| {
        let limited = binding == Binding::AffinityGroup && !OF_AFFINITY_GROUPS.contains(&own.name);
        if limited {
            tracing::warn!(
                size = own.name,
                "not considered: the virtual network is bound to an affinity group"
            );
        }
        !limited
    });
    let typed = possible.map(|own| InstanceType {
        // The classic quota counts the cores of all sizes together (service-management 4.1).
        family: String::new(),
        name: own.name.to_owned(),
        arch: ARCH.to_owned(),
        cores: own.cores,
        mem_mib: own.mem_mib,
        root_disk_mib: ROOT_DISK_MIB,
        data_disks_max: own.data_disks_max,
        cost: own.cost,
    });
    typed.collect()
}

/// Those that satisfy `constraints`, cheapest first; of equals the one whose name comes first.
pub(crate) fn matching(types: &[InstanceType], constraints: &Constraints) -> Vec<InstanceType> {
    let mem_default = constraints.instance_type.is_none().then_some(MEM_DEFAULT_MIB);
    let mem_mib = constraints.mem_mib.or(mem_default).unwrap_or(0);
    let fits = |own: &&InstanceType| {
        let named = constraints
            .instance_type
            .as_deref()
            .is_none_or(|name| own.name == name || own.name.strip_prefix("Standard_") == Some(name));
        let arch = constraints.arch.as_deref().is_none_or(|arch| arch == own.arch);
        let cores = own.cores >= constraints.cores.unwrap_or(0);
        let disk = own.root_disk_mib >= constraints.root_disk_mib.unwrap_or(0);
        named && arch && cores && disk && own.mem_mib >= mem_mib
    };
    let mut matching: Vec<InstanceType> = types.iter().filter(fits).cloned().collect();
    matching.sort_by(|a, b| (a.cost, &a.name).cmp(&(b.cost, &b.name)));
    matching
}

/// The cheapest of them.
pub(crate) fn choose(types: &[InstanceType], constraints: &Constraints, location: &str) -> Result<InstanceType, Error> {
    let first = matching(types, constraints).into_iter().next();
    first.ok_or_else(|| Error::NoInstanceType {
        location: location.to_owned(),
        constraints: constraints.to_string(),
        n_considered: types.len(),
    })
}

#[cfg(test)]
mod tests {
    use super::{Binding, ROLE_SIZES, choose, instance_types};
    use crate::Constraints;

    fn offered() -> Vec<String> {
        let own = ROLE_SIZES.iter().map(|own| own.name.to_owned());
        own.chain(["Basic_A0".to_owned(), "Standard_X1".to_owned()]).collect()
    }

    fn chosen(binding: Binding, change: impl FnOnce(&mut Constraints)) -> Result<String, String> {
        let mut constraints = Constraints::default();
        change(&mut constraints);
        choose(&instance_types(&offered(), binding), &constraints, "West US")
            .map(|own| own.name)
            .map_err(|error| error.to_string())
    }

    #[test]
    fn the_table_is_sorted() {
        assert!(ROLE_SIZES.is_sorted_by_key(|own| own.name));
    }

    #[test]
    fn the_cheapest_that_does_is_chosen() {
        assert_eq!(chosen(Binding::Location, |_| ()).as_deref(), Ok("Small"));
        assert_eq!(
            chosen(Binding::Location, |own| own.mem_mib = Some(0)).as_deref(),
            Ok("ExtraSmall")
        );
        assert_eq!(
            chosen(Binding::Location, |own| own.cores = Some(2)).as_deref(),
            Ok("Medium")
        );
        assert_eq!(
            chosen(Binding::Location, |own| own.instance_type =
                Some("ExtraSmall".to_owned()))
            .as_deref(),
            Ok("ExtraSmall")
        );
        assert_eq!(
            chosen(Binding::Location, |own| own.instance_type = Some("D1".to_owned())).as_deref(),
            Ok("Standard_D1")
        );
    }

    #[test]
    fn basic_sizes_are_never_chosen_and_newer_ones_not_in_an_affinity_group() {
        assert!(chosen(Binding::Location, |own| own.instance_type = Some("Basic_A0".to_owned())).is_err());
        assert_eq!(
            chosen(Binding::Location, |own| own.mem_mib = Some(3_000)).as_deref(),
            Ok("Standard_D1")
        );
        assert_eq!(
            chosen(Binding::AffinityGroup, |own| own.mem_mib = Some(3_000)).as_deref(),
            Ok("Medium")
        );
    }

    #[test]
    fn what_nothing_satisfies_is_said_so() {
        assert_eq!(
            chosen(Binding::Location, |own| own.cores = Some(64)),
            Err("no instance types in West US matching constraints \"cores=64\", 20 were considered".to_owned())
        );
    }
}
