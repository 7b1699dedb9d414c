//! Virtual machine sizes and their families.
//!
//! A size knows what it has and where it is sold; it refuses to know quotas (see `limits`) and what fits beside it.

mod families;
mod table;

use super::{Month, locations};

/// The size of every OS disk a size allows, in MB (observed-arm vmSizes).
pub const OS_DISK_MB: u32 = 1_047_552;

/// Data disk counts doubled for most sizes then (observed-arm: 2017-06 lists the old, 2017-07 the new numbers).
const DATA_DISKS_DOUBLED: Month = Month::new(2017, 7);

/// NIC counts of small sizes rose about then. Assumed (ARM 4.4 gives 2016 and now).
const NICS_RAISED: Month = Month::new(2017, 7);

/// Sizes with constrained cores joined older families then (none is in the recorded lists of 2017-07).
const CONSTRAINED_SOLD: Month = Month::new(2017, 10);

/// "Cores" became "vCPUs" in the usages labels between the recordings of 2017-06 and 2020-10. Assumed: early 2018.
const CORES_RENAMED: Month = Month::new(2018, 1);

/// A size family: the unit of core quotas.
#[derive(Debug, PartialEq, Eq)]
pub struct Family {
    /// The usages row, `standardDv2Family` (ARM 4.2).
    pub name: &'static str,
    stem: &'static str,
    /// The hardware that its machines run on.
    pub hardware: Hardware,
    /// When it was first sold.
    pub since: Month,
    /// Where it is sold.
    pub spread: Spread,
    /// Whether its sizes take premium disks.
    pub premium_io: bool,
    /// Hyper-V generations.
    pub generations: Generations,
    /// Processor architecture.
    pub architecture: Architecture,
    accelerated_from_cores: Option<u32>,
}

impl Family {
    /// The usages label: `Standard Dv2 Family vCPUs`, until 2018 `... Cores` (observed-arm usages).
    pub fn label(&self, month: Month) -> String {
        format!(
            "{} Family {}",
            self.stem,
            if month < CORES_RENAMED { "Cores" } else { "vCPUs" }
        )
    }
}

/// Hardware clusters: a running machine can only be resized to a size of its own cluster (ARM 8.3; observed-arm, the
/// `vmSizes` of a machine against those of a location). Clusters of families later than 2017 are assumed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "named after the first series of each cluster")]
pub enum Hardware {
    A,
    A8,
    Arm,
    D,
    Dc,
    Ds,
    G,
    General,
    H,
    Hb,
    Ls,
    M,
    Nc,
    Nd,
    Np,
    Nv,
    V6,
}

/// Where a family is sold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spread {
    /// In every location.
    Everywhere,
    /// In the named locations of public Azure.
    Only(&'static [&'static str]),
}

/// Hyper-V generations a size can boot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Generations {
    /// Generation 1.
    V1,
    /// Both.
    V1V2,
    /// Generation 2.
    V2,
}

impl Generations {
    /// The `HyperVGenerations` capability: `V1,V2`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Generations::V1 => "V1",
            Generations::V1V2 => "V1,V2",
            Generations::V2 => "V2",
        }
    }

    /// Whether an image of that generation (`V1` or `V2`) boots.
    pub fn boots(self, generation: &str) -> bool {
        self.as_str().split(',').any(|own| own.eq_ignore_ascii_case(generation))
    }
}

/// Processor architecture of sizes and images.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Architecture {
    /// Intel and AMD.
    X64,
    /// Arm.
    Arm64,
}

impl Architecture {
    /// As printed in `CpuArchitectureType` and in image details.
    pub const fn as_str(self) -> &'static str {
        match self {
            Architecture::X64 => "x64",
            Architecture::Arm64 => "Arm64",
        }
    }
}

/// A virtual machine size.
#[derive(Debug, PartialEq, Eq)]
pub struct VmSize {
    /// `Standard_D2s_v3`.
    pub name: &'static str,
    /// Its family.
    pub family: &'static Family,
    /// `numberOfCores`; what counts against quotas.
    pub cores: u32,
    /// Cores the guest sees; fewer than `cores` for constrained sizes such as `Standard_E4-2s_v3`.
    pub vcpus_available: u32,
    /// Memory in MB.
    pub memory_mb: u32,
    /// Temporary disk in MB; 0 for none.
    pub resource_disk_mb: u32,
    data_disks: [u32; 2],
    nics: [u32; 2],
}

const fn size(
    name: &'static str,
    family: &'static Family,
    cores: u32,
    memory_mb: u32,
    resource_disk_mb: u32,
    data_disks: [u32; 2],
    nics: [u32; 2],
) -> VmSize {
    VmSize {
        name,
        family,
        cores,
        vcpus_available: cores,
        memory_mb,
        resource_disk_mb,
        data_disks,
        nics,
    }
}

impl VmSize {
    const fn constrained(mut self, cores: u32) -> VmSize {
        self.vcpus_available = cores;
        self
    }

    /// `maxDataDiskCount`.
    pub fn max_data_disks(&self, month: Month) -> u32 {
        self.data_disks[usize::from(month < DATA_DISKS_DOUBLED)]
    }

    /// Network interfaces.
    pub fn max_nics(&self, month: Month) -> u32 {
        self.nics[usize::from(month < NICS_RAISED)]
    }

    /// Whether the size takes premium disks.
    pub fn premium_io(&self) -> bool {
        self.family.premium_io
    }

    /// Whether a NIC on it may have accelerated networking.
    pub fn accelerated_networking(&self) -> bool {
        self.family
            .accelerated_from_cores
            .is_some_and(|cores| self.cores >= cores)
    }

    /// Whether the OS disk may be local. Assumed: premium sizes with room for a small image.
    pub fn ephemeral_os_disk(&self) -> bool {
        self.premium_io() && self.resource_disk_mb >= 7_168
    }

    /// `Standard` or `Basic`, as in the skus answer (ARM 4.4).
    pub fn tier(&self) -> &'static str {
        self.name.split_once('_').map_or("", |(tier, _)| tier)
    }

    /// The name without its tier, `D2s_v3`, as in the skus answer (ARM 4.4).
    pub fn short_name(&self) -> &'static str {
        self.name.split_once('_').map_or(self.name, |(_, short)| short)
    }

    /// Whether the size is sold in a location by a month.
    pub fn is_offered(&self, location: &locations::Location, month: Month) -> bool {
        let sold = match self.family.spread {
            Spread::Everywhere => true,
            Spread::Only(names) => names.contains(&location.name),
        };
        let is_constrained = self.vcpus_available < self.cores;
        sold && self.family.since <= month && (!is_constrained || CONSTRAINED_SOLD <= month)
    }
}

/// Every size, in list order: the order of the eastus list of 2020 (observed-arm vmSizes), later series behind.
pub fn all() -> &'static [VmSize] {
    table::SIZES
}

/// Finds a size; case does not count.
pub fn find(name: &str) -> Option<&'static VmSize> {
    table::SIZES.iter().find(|size| size.name.eq_ignore_ascii_case(name))
}

/// Every family, in the order of the compute usages answer (ARM 4.2).
pub fn families() -> &'static [&'static Family] {
    families::FAMILIES
}

/// The sizes sold in a location (any spelling) by a month, in list order; none for an unknown location.
pub fn sizes_in(location: &str, month: Month) -> impl Iterator<Item = &'static VmSize> {
    let location = locations::find(location);
    table::SIZES
        .iter()
        .filter(move |size| location.is_some_and(|place| size.is_offered(place, month)))
}

/// The sizes that a running machine can be resized to: those of its cluster in its location, itself included.
pub fn resizable(from: &VmSize, location: &str, month: Month) -> impl Iterator<Item = &'static VmSize> {
    let hardware = from.family.hardware;
    sizes_in(location, month).filter(move |size| size.family.hardware == hardware)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::tests::first_duplicate;

    #[test]
    fn size_names_and_family_names_are_unique() {
        assert_eq!(first_duplicate(all().iter().map(|size| size.name)), None);
        assert_eq!(first_duplicate(families().iter().map(|family| family.name)), None);
    }

    #[test]
    fn every_size_is_of_a_listed_family_and_every_family_has_a_size() {
        for size in all() {
            assert!(families().contains(&size.family), "{}", size.name);
        }
        for family in families() {
            assert!(all().iter().any(|size| size.family == *family), "{}", family.name);
        }
    }

    #[test]
    fn regions_of_families_exist() {
        for family in families() {
            let Spread::Only(names) = family.spread else { continue };
            for name in names {
                assert_eq!(locations::find(name).map(|l| l.name), Some(*name), "{}", family.name);
            }
        }
    }

    #[test]
    fn look_up_folds_case() {
        let size = find("standard_ds2_V2").expect("the size exists");
        assert_eq!(size.name, "Standard_DS2_v2");
        assert_eq!((size.cores, size.memory_mb, size.resource_disk_mb), (2, 7168, 14336));
        assert!(size.premium_io());
        assert_eq!(find("DS2_v2"), None);
    }

    #[test]
    fn lists_have_the_recorded_lengths() {
        let count = |location, year, month| sizes_in(location, Month::new(year, month)).count();
        assert_eq!(count("westus", 2016, 5), 63);
        assert_eq!(count("westus", 2017, 2), 86);
        assert_eq!(count("Southeast Asia", 2017, 6), 99);
        assert_eq!(count("westeurope", 2017, 6), 105);
        assert_eq!(count("eastus", 2020, 10), 365);
        assert_eq!(count("nowhere", 2020, 10), 0);
    }

    #[test]
    fn data_disks_and_nics_follow_the_era() {
        let d1 = find("Standard_D1").expect("the size exists");
        assert_eq!(
            (d1.max_data_disks(Month::new(2016, 5)), d1.max_data_disks(Month::EVER)),
            (2, 4)
        );
        assert_eq!((d1.max_nics(Month::new(2016, 5)), d1.max_nics(Month::EVER)), (1, 2));
    }

    #[test]
    fn constrained_sizes_show_fewer_cores_than_they_count() {
        let size = find("Standard_E8-2s_v3").expect("the size exists");
        assert_eq!((size.cores, size.vcpus_available), (8, 2));
        assert!(all().iter().all(|size| size.vcpus_available <= size.cores));
    }

    #[test]
    fn a_running_machine_resizes_within_its_cluster() {
        let a1 = find("Standard_A1").expect("the size exists");
        assert_eq!(resizable(a1, "westus", Month::new(2016, 5)).count(), 23);
        assert_eq!(resizable(a1, "southeastasia", Month::new(2017, 6)).count(), 43);
        for size in all() {
            let location = match size.family.spread {
                Spread::Everywhere => "eastus",
                Spread::Only(names) => names[0],
            };
            assert!(
                resizable(size, location, Month::EVER).any(|other| other == size),
                "{}",
                size.name
            );
        }
    }

    #[test]
    fn family_labels_follow_the_era() {
        let family = families()[1];
        assert_eq!(family.label(Month::new(2017, 6)), "Standard A0-A7 Family Cores");
        assert_eq!(family.label(Month::EVER), "Standard A0-A7 Family vCPUs");
    }

    #[test]
    fn skus_names_split_at_the_tier() {
        let size = find("Basic_A0").expect("the size exists");
        assert_eq!((size.tier(), size.short_name()), ("Basic", "A0"));
    }

    #[test]
    fn generations_print_and_boot() {
        assert!(Generations::V1V2.boots("v2"));
        assert!(!Generations::V1.boots("V2"));
        assert!(Generations::V2.boots("V2"));
    }
}
