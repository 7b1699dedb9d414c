//! Role sizes: the sizes of the classic API, under its names and with its numbers.
//!
//! Some numbers differ from those of `sizes` for the same hardware; both are what the service prints.

use super::{Month, sizes};

/// A role size (SM 4.3).
#[derive(Debug, PartialEq, Eq)]
pub struct RoleSize {
    /// `ExtraSmall`, `A5`, `Standard_D1`.
    pub name: &'static str,
    /// The name of the same size in `sizes`, `Standard_A0`.
    pub arm_name: &'static str,
    /// Cores.
    pub cores: u32,
    /// Memory in MB.
    pub memory_mb: u32,
    /// Data disks.
    pub max_data_disks: u32,
    /// The resource disk of a web or worker role in MB; `None` where such roles cannot have the size.
    pub web_worker_disk_mb: Option<u32>,
    /// The resource disk of a virtual machine in MB.
    pub virtual_machine_disk_mb: u32,
}

impl RoleSize {
    /// `Label`: `A5 (2 cores, 14336 MB)`, in the plural for one core, too.
    pub fn label(&self) -> String {
        format!("{} ({} cores, {} MB)", self.name, self.cores, self.memory_mb)
    }

    /// Whether web and worker roles can have it.
    pub fn is_for_web_workers(&self) -> bool {
        self.web_worker_disk_mb.is_some()
    }

    /// Whether the clusters that affinity groups are bound to have it: `A0` to `A9`, and the basic tier (juju-provider 2.7, L11;
    /// the basic tier is assumed).
    pub fn is_of_affinity_groups(&self) -> bool {
        let of_a = self.arm_name.strip_prefix("Standard_A");
        of_a.is_some_and(|number| number.len() == 1) || self.arm_name.starts_with("Basic_A")
    }

    /// The same hardware in `sizes`.
    pub fn size(&self) -> Option<&'static sizes::VmSize> {
        sizes::find(self.arm_name)
    }
}

/// Finds a role size by its classic name; case does not count.
pub fn find(name: &str) -> Option<&'static RoleSize> {
    ROLE_SIZES.iter().find(|role| role.name.eq_ignore_ascii_case(name))
}

/// The role sizes of a location (any spelling) in a month, in list order.
///
/// Where a family was sold when follows `sizes`; the recorded lists of 2015 and 2016 roll families out region by region.
pub fn role_sizes_in(location: &str, month: Month) -> impl Iterator<Item = &'static RoleSize> {
    let offered: Vec<&str> = sizes::sizes_in(location, month).map(|size| size.name).collect();
    ROLE_SIZES.iter().filter(move |role| offered.contains(&role.arm_name))
}

const fn role(
    name: &'static str,
    arm_name: &'static str,
    cores: u32,
    memory_mb: u32,
    max_data_disks: u32,
    web_worker_disk_mb: Option<u32>,
    virtual_machine_disk_mb: u32,
) -> RoleSize {
    RoleSize {
        name,
        arm_name,
        cores,
        memory_mb,
        max_data_disks,
        web_worker_disk_mb,
        virtual_machine_disk_mb,
    }
}

/// Every role size in the order served: string order with `_` before digits (SM 4.2).
///
/// Up to `Standard_DS11` as recorded in 2015-06 (SM 4.3); later families take the numbers of `sizes`.
#[rustfmt::skip]
pub static ROLE_SIZES: &[RoleSize] = &[
    role("A10", "Standard_A10", 8, 57344, 16, Some(1861268), 391828),
    role("A11", "Standard_A11", 16, 114688, 16, Some(1861268), 391828),
    role("A5", "Standard_A5", 2, 14336, 4, Some(501760), 138240),
    role("A6", "Standard_A6", 4, 28672, 8, Some(1024000), 291840),
    role("A7", "Standard_A7", 8, 57344, 16, Some(2088960), 619520),
    role("A8", "Standard_A8", 8, 57344, 16, Some(1861268), 391828),
    role("A9", "Standard_A9", 16, 114688, 16, Some(1861268), 391828),
    role("Basic_A0", "Basic_A0", 1, 768, 1, None, 20480),
    role("Basic_A1", "Basic_A1", 1, 1792, 2, None, 40960),
    role("Basic_A2", "Basic_A2", 2, 3584, 4, None, 61440),
    role("Basic_A3", "Basic_A3", 4, 7168, 8, None, 122880),
    role("Basic_A4", "Basic_A4", 8, 14336, 16, None, 245760),
    role("ExtraLarge", "Standard_A4", 8, 14336, 16, Some(2088960), 619520),
    role("ExtraSmall", "Standard_A0", 1, 768, 1, Some(20480), 20480),
    role("Large", "Standard_A3", 4, 7168, 8, Some(1024000), 291840),
    role("Medium", "Standard_A2", 2, 3584, 4, Some(501760), 138240),
    role("Small", "Standard_A1", 1, 1792, 2, Some(230400), 71680),
    role("Standard_A1_v2", "Standard_A1_v2", 1, 2048, 2, Some(10240), 10240),
    role("Standard_A2_v2", "Standard_A2_v2", 2, 4096, 4, Some(20480), 20480),
    role("Standard_A2m_v2", "Standard_A2m_v2", 2, 16384, 4, Some(20480), 20480),
    role("Standard_A4_v2", "Standard_A4_v2", 4, 8192, 8, Some(40960), 40960),
    role("Standard_A4m_v2", "Standard_A4m_v2", 4, 32768, 8, Some(40960), 40960),
    role("Standard_A8_v2", "Standard_A8_v2", 8, 16384, 16, Some(81920), 81920),
    role("Standard_A8m_v2", "Standard_A8m_v2", 8, 65536, 16, Some(81920), 81920),
    role("Standard_D1", "Standard_D1", 1, 3584, 2, Some(51200), 51200),
    role("Standard_D1_v2", "Standard_D1_v2", 1, 3584, 2, Some(51200), 51200),
    role("Standard_D11", "Standard_D11", 2, 14336, 4, Some(102400), 102400),
    role("Standard_D11_v2", "Standard_D11_v2", 2, 14336, 4, Some(102400), 102400),
    role("Standard_D12", "Standard_D12", 4, 28672, 8, Some(256000), 256000),
    role("Standard_D12_v2", "Standard_D12_v2", 4, 28672, 8, Some(204800), 204800),
    role("Standard_D13", "Standard_D13", 8, 57344, 16, Some(512000), 512000),
    role("Standard_D13_v2", "Standard_D13_v2", 8, 57344, 16, Some(409600), 409600),
    role("Standard_D14", "Standard_D14", 16, 114688, 32, Some(1024000), 1024000),
    role("Standard_D14_v2", "Standard_D14_v2", 16, 114688, 32, Some(819200), 819200),
    role("Standard_D15_v2", "Standard_D15_v2", 20, 143360, 40, Some(1024000), 1024000),
    role("Standard_D2", "Standard_D2", 2, 7168, 4, Some(102400), 102400),
    role("Standard_D2_v2", "Standard_D2_v2", 2, 7168, 4, Some(102400), 102400),
    role("Standard_D3", "Standard_D3", 4, 14336, 8, Some(256000), 256000),
    role("Standard_D3_v2", "Standard_D3_v2", 4, 14336, 8, Some(204800), 204800),
    role("Standard_D4", "Standard_D4", 8, 28672, 16, Some(512000), 512000),
    role("Standard_D4_v2", "Standard_D4_v2", 8, 28672, 16, Some(409600), 409600),
    role("Standard_D5_v2", "Standard_D5_v2", 16, 57344, 32, Some(819200), 819200),
    role("Standard_DS1", "Standard_DS1", 1, 3584, 2, None, 7168),
    role("Standard_DS1_v2", "Standard_DS1_v2", 1, 3584, 2, None, 7168),
    role("Standard_DS11", "Standard_DS11", 2, 14336, 4, None, 28672),
    role("Standard_DS11_v2", "Standard_DS11_v2", 2, 14336, 4, None, 28672),
    role("Standard_DS12", "Standard_DS12", 4, 28672, 8, None, 57344),
    role("Standard_DS12_v2", "Standard_DS12_v2", 4, 28672, 8, None, 57344),
    role("Standard_DS13", "Standard_DS13", 8, 57344, 16, None, 114688),
    role("Standard_DS13_v2", "Standard_DS13_v2", 8, 57344, 16, None, 114688),
    role("Standard_DS14", "Standard_DS14", 16, 114688, 32, None, 229376),
    role("Standard_DS14_v2", "Standard_DS14_v2", 16, 114688, 32, None, 229376),
    role("Standard_DS15_v2", "Standard_DS15_v2", 20, 143360, 40, None, 286720),
    role("Standard_DS2", "Standard_DS2", 2, 7168, 4, None, 14336),
    role("Standard_DS2_v2", "Standard_DS2_v2", 2, 7168, 4, None, 14336),
    role("Standard_DS3", "Standard_DS3", 4, 14336, 8, None, 28672),
    role("Standard_DS3_v2", "Standard_DS3_v2", 4, 14336, 8, None, 28672),
    role("Standard_DS4", "Standard_DS4", 8, 28672, 16, None, 57344),
    role("Standard_DS4_v2", "Standard_DS4_v2", 8, 28672, 16, None, 57344),
    role("Standard_DS5_v2", "Standard_DS5_v2", 16, 57344, 32, None, 114688),
    role("Standard_F1", "Standard_F1", 1, 2048, 2, None, 16384),
    role("Standard_F16", "Standard_F16", 16, 32768, 32, None, 262144),
    role("Standard_F16s", "Standard_F16s", 16, 32768, 32, None, 65536),
    role("Standard_F1s", "Standard_F1s", 1, 2048, 2, None, 4096),
    role("Standard_F2", "Standard_F2", 2, 4096, 4, None, 32768),
    role("Standard_F2s", "Standard_F2s", 2, 4096, 4, None, 8192),
    role("Standard_F4", "Standard_F4", 4, 8192, 8, None, 65536),
    role("Standard_F4s", "Standard_F4s", 4, 8192, 8, None, 16384),
    role("Standard_F8", "Standard_F8", 8, 16384, 16, None, 131072),
    role("Standard_F8s", "Standard_F8s", 8, 16384, 16, None, 32768),
    role("Standard_G1", "Standard_G1", 2, 28672, 4, Some(393216), 393216),
    role("Standard_G2", "Standard_G2", 4, 57344, 8, Some(786432), 786432),
    role("Standard_G3", "Standard_G3", 8, 114688, 16, Some(1572864), 1572864),
    role("Standard_G4", "Standard_G4", 16, 229376, 32, Some(3145728), 3145728),
    role("Standard_G5", "Standard_G5", 32, 458752, 64, Some(6291456), 6291456),
    role("Standard_GS1", "Standard_GS1", 2, 28672, 4, None, 57344),
    role("Standard_GS2", "Standard_GS2", 4, 57344, 8, None, 114688),
    role("Standard_GS3", "Standard_GS3", 8, 114688, 16, None, 229376),
    role("Standard_GS4", "Standard_GS4", 16, 229376, 32, None, 458752),
    role("Standard_GS5", "Standard_GS5", 32, 458752, 64, None, 917504),
    role("Standard_H16", "Standard_H16", 16, 114688, 32, Some(2048000), 2048000),
    role("Standard_H16m", "Standard_H16m", 16, 229376, 32, Some(2048000), 2048000),
    role("Standard_H16mr", "Standard_H16mr", 16, 229376, 32, Some(2048000), 2048000),
    role("Standard_H16r", "Standard_H16r", 16, 114688, 32, Some(2048000), 2048000),
    role("Standard_H8", "Standard_H8", 8, 57344, 16, Some(1024000), 1024000),
    role("Standard_H8m", "Standard_H8m", 8, 114688, 16, Some(1024000), 1024000),
    role("Standard_L16s", "Standard_L16s", 16, 131072, 32, None, 2874368),
    role("Standard_L32s", "Standard_L32s", 32, 262144, 64, None, 5765120),
    role("Standard_L4s", "Standard_L4s", 4, 32768, 8, None, 694272),
    role("Standard_L8s", "Standard_L8s", 8, 65536, 16, None, 1421312),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn role_sizes_are_in_the_order_served() {
        assert!(ROLE_SIZES.is_sorted_by_key(|role| role.name.replace('_', "!")));
        let names: Vec<_> = ROLE_SIZES.iter().map(|role| role.name).collect();
        let at = |name| names.iter().position(|own| *own == name).expect("the size exists");
        assert!(at("Standard_D1") < at("Standard_D1_v2") && at("Standard_D1_v2") < at("Standard_D11"));
    }

    #[test]
    fn every_role_size_is_a_size_with_the_same_cores_and_memory() {
        for role in ROLE_SIZES {
            let size = role.size().expect("the size exists");
            assert_eq!(
                (role.cores, role.memory_mb),
                (size.cores, size.memory_mb),
                "{}",
                role.name
            );
        }
    }

    #[test]
    fn old_names_stand_for_standard_a_sizes() {
        let small = find("small").expect("the size exists");
        assert_eq!((small.arm_name, small.virtual_machine_disk_mb), ("Standard_A1", 71680));
        assert_eq!(small.label(), "Small (1 cores, 1792 MB)");
        assert!(find("Standard_A1").is_none());
        assert!(!find("Basic_A0").expect("the size exists").is_for_web_workers());
    }

    #[test]
    fn west_us_has_the_recorded_number_of_role_sizes() {
        assert_eq!(role_sizes_in("West US", Month::new(2015, 9)).count(), 43);
        assert_eq!(role_sizes_in("West US", Month::new(2017, 3)).count(), 90);
        assert_eq!(role_sizes_in("nowhere", Month::EVER).count(), 0);
    }
}
