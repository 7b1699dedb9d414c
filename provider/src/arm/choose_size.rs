//! Which size a machine gets: the cheapest that satisfies its constraints (juju-provider 1.13).
//!
//! Azure tells no prices here, so what is cheap comes from two lists, oldest and newest of Juju's.

use super::vm_sizes::VmSize;
use crate::{Constraints, Error, InstanceType};

/// Memory of a machine for which neither memory nor size was asked (juju-provider 1.6).
const MEM_DEFAULT_MIB: u64 = 1_024;
const ARCH: &str = "amd64";

/// How sizes are ranked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PriceOrder {
    /// 2.0: by full name; what is not in the list is dearest.
    Names2016,
    /// 2.9: by family, newer versions first.
    Families2022,
}

impl PriceOrder {
    fn cost(self, name: &str) -> u64 {
        match self {
            Self::Names2016 => NAMES_2016
                .iter()
                .position(|own| *own == name)
                .unwrap_or(NAMES_2016.len()) as u64,
            Self::Families2022 => cost_by_family(name),
        }
    }
}

/// 100 for each family before it, less one for each version. Basic, promotional and unknown ones are dearest.
fn cost_by_family(name: &str) -> u64 {
    let dearest = FAMILIES_2022.len() as u64 * 100;
    let Some(size) = Size::parse(name).filter(|size| !size.is_special) else {
        return dearest;
    };
    match FAMILIES_2022.iter().position(|family| *family == size.family) {
        Some(idx) => (idx as u64 * 100).saturating_sub(size.version.min(99)),
        None => dearest,
    }
}

/// `[Standard_|Basic_]<family>[_vN][_Promo]`
struct Size<'a> {
    family: &'a str,
    version: u64,
    is_special: bool,
}

impl<'a> Size<'a> {
    fn parse(name: &'a str) -> Option<Self> {
        let (is_basic, rest) = match name.strip_prefix("Basic_") {
            Some(rest) => (true, rest),
            None => (false, name.strip_prefix("Standard_").unwrap_or(name)),
        };
        let (is_promo, rest) = match rest.strip_suffix("_Promo") {
            Some(rest) => (true, rest),
            None => (false, rest),
        };
        let versioned = rest
            .rsplit_once("_v")
            .filter(|(_, version)| (1..=2).contains(&version.len()));
        let (family, version) = match versioned.and_then(|(family, version)| Some((family, version.parse().ok()?))) {
            Some((family, version)) => (family, version),
            None => (rest, 0),
        };
        let is_plain = !family.is_empty() && !family.contains('_');
        is_plain.then_some(Self {
            family,
            version,
            is_special: is_basic || is_promo,
        })
    }
}

/// What a size that could not be had leaves out with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lack {
    /// There is no quota left: it is counted by family, whatever the size.
    Quota,
    /// There is no room: that of a size and its other versions says nothing of larger ones.
    Room,
}

/// Leaves out of `sizes` what cannot be had either.
pub(crate) fn leave_out(sizes: &mut Vec<InstanceType>, size: &InstanceType, lack: Lack) {
    sizes.retain(|other| match lack {
        Lack::Quota => !other.family.eq_ignore_ascii_case(&size.family),
        Lack::Room => family(&other.name) != family(&size.name),
    });
}

/// The name that all versions of a size share.
fn family(name: &str) -> &str {
    Size::parse(name).map_or(name, |size| size.family)
}

/// Sizes as the provider speaks of them, with their rank.
pub(crate) fn instance_types(sizes: &[VmSize], order: PriceOrder) -> Vec<InstanceType> {
    let typed = sizes.iter().map(|size| InstanceType {
        name: size.name.clone(),
        family: size.family.as_deref().unwrap_or_else(|| family(&size.name)).to_owned(),
        arch: ARCH.to_owned(),
        cores: size.number_of_cores,
        mem_mib: size.memory_in_mb,
        root_disk_mib: size.os_disk_size_in_mb,
        data_disks_max: size.max_data_disk_count,
        cost: order.cost(&size.name),
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
            .is_none_or(|name| is_named(&own.name, name));
        let arch = constraints.arch.as_deref().is_none_or(|arch| arch == own.arch);
        let cores = own.cores >= constraints.cores.unwrap_or(0);
        let disk = own.root_disk_mib >= constraints.root_disk_mib.unwrap_or(0);
        named && arch && cores && disk && own.mem_mib >= mem_mib
    };
    let mut matching: Vec<InstanceType> = types.iter().filter(fits).cloned().collect();
    matching.sort_by(|a, b| {
        let key = |own: &InstanceType| (own.cost, own.mem_mib, own.cores, own.root_disk_mib);
        key(a).cmp(&key(b)).then_with(|| a.name.cmp(&b.name))
    });
    matching
}

/// By its full name, or by the alias without `Standard_`.
fn is_named(own: &str, wanted: &str) -> bool {
    own == wanted || own.strip_prefix("Standard_") == Some(wanted)
}

/// As [`matching`], but at least one.
pub(crate) fn choose(
    types: &[InstanceType],
    constraints: &Constraints,
    location: &str,
) -> Result<Vec<InstanceType>, Error> {
    let matching = matching(types, constraints);
    if matching.is_empty() {
        return Err(Error::NoInstanceType {
            location: location.to_owned(),
            constraints: constraints.to_string(),
            n_considered: types.len(),
        });
    }

    Ok(matching)
}

/// Cheapest first, as of 2.0.
const NAMES_2016: &[&str] = &[
    "Standard_A0",
    "Standard_A1",
    "Standard_D1",
    "Standard_DS1",
    "Standard_D1_v2",
    "Standard_A2",
    "Standard_D2",
    "Standard_DS2",
    "Standard_D2_v2",
    "Standard_D11",
    "Standard_DS11",
    "Standard_D11_v2",
    "Standard_A3",
    "Standard_D3",
    "Standard_DS3",
    "Standard_D3_v2",
    "Standard_D12",
    "Standard_DS12",
    "Standard_D12_v2",
    "Standard_A5",
    "Standard_A4",
    "Standard_A6",
    "Standard_G1",
    "Standard_GS1",
    "Standard_D4",
    "Standard_DS4",
    "Standard_D4_v2",
    "Standard_D13",
    "Standard_DS13",
    "Standard_D13_v2",
    "Standard_A7",
    "Standard_A10",
    "Standard_G2",
    "Standard_GS2",
    "Standard_D5_v2",
    "Standard_D14",
    "Standard_DS14",
    "Standard_D14_v2",
    "Standard_A8",
    "Standard_A11",
    "Standard_G3",
    "Standard_GS3",
    "Standard_A9",
    "Standard_G4",
    "Standard_GS4",
    "Standard_GS5",
    "Standard_G5",
    "Basic_A0",
    "Basic_A1",
    "Basic_A2",
    "Basic_A3",
    "Basic_A4",
];

/// Cheapest first, as since 2.9. Burstable families come last on purpose.
const FAMILIES_2022: &[&str] = &[
    "A0",
    "A1",
    "F1",
    "F1s",
    "DS1",
    "D1",
    "D2as",
    "A2",
    "D2",
    "D2s",
    "D2a",
    "DC1s",
    "DC1ds",
    "F2",
    "F2s",
    "D2ads",
    "E2as",
    "D2d",
    "D2ds",
    "A2m",
    "E2",
    "E2s",
    "E2a",
    "E2ads",
    "DC2as",
    "E2d",
    "E2ds",
    "E2bs",
    "E2bds",
    "DS2",
    "DC2ads",
    "EC2as",
    "D11",
    "DS11",
    "DS11-1",
    "A4",
    "D4",
    "D4a",
    "D4s",
    "DC2s",
    "DC2ds",
    "D4as",
    "F4",
    "F4s",
    "D4ads",
    "EC2ads",
    "D4d",
    "D4ds",
    "NV4as",
    "A4m",
    "A3",
    "A5",
    "E4",
    "E4s",
    "E4as",
    "E4-2s",
    "E4a",
    "E4ads",
    "E4-2as",
    "E4-2ads",
    "DC4as",
    "E4-2ds",
    "E4d",
    "E4ds",
    "E4bs",
    "E4bds",
    "D3",
    "DS3",
    "DC4ads",
    "EC4as",
    "D12",
    "DS12",
    "DS12-1",
    "DS12-2",
    "FX4mds",
    "D8",
    "D8s",
    "D8a",
    "DC4s",
    "DC4ds",
    "D8as",
    "F8",
    "F8s",
    "A8",
    "D8ads",
    "EC4ads",
    "D8d",
    "D8ds",
    "NV8as",
    "A8m",
    "A6",
    "E8",
    "E8s",
    "E8-2s",
    "E8-4s",
    "E8a",
    "E8-4as",
    "E8as",
    "E8-2as",
    "E8ads",
    "E8-2ads",
    "E8-4ads",
    "NC4as_T4",
    "DC8as",
    "E8d",
    "E8ds",
    "E8bs",
    "E8bds",
    "E8-4ds",
    "E8-2ds",
    "DS4",
    "L8s",
    "DC8ads",
    "EC8as",
    "DS13-4",
    "D13",
    "DS13-2",
    "NC8as_T4",
    "D16",
    "D16s",
    "D16as",
    "DC8",
    "DC8s",
    "DC8ds",
    "D16a",
    "DS13",
    "F16",
    "F16s",
    "D16ads",
    "PB6s",
    "EC8ads",
    "NC6",
    "D16d",
    "D16ds",
    "H8",
    "NV16as",
    "A7",
    "E16",
    "E16s",
    "E16-4s",
    "E16-8s",
    "E16a",
    "E16-8as",
    "E16as",
    "E16-4as",
    "E16-4ads",
    "E16ads",
    "E16-8ads",
    "DC16s",
    "DC16ds",
    "DC16as",
    "FX12mds",
    "NV6",
    "NV12s",
    "E16d",
    "E16ds",
    "E16bs",
    "E16bds",
    "E16-4ds",
    "E16-8ds",
    "DS5",
    "D5",
    "NC16as_T4",
    "H8m",
    "L16s",
    "E20",
    "E20s",
    "E20a",
    "E20as",
    "DC16ads",
    "E20ads",
    "F32s",
    "EC16as",
    "E20d",
    "E20ds",
    "D14",
    "DS14",
    "DS14-8",
    "DS14-4",
    "D32",
    "D32s",
    "D32as",
    "D32a",
    "M8-2ms",
    "M8-4ms",
    "M8ms",
    "D32ads",
    "NP10s",
    "EC16ads",
    "EC20as",
    "NC12",
    "H16",
    "D32d",
    "D32ds",
    "D15",
    "DS15",
    "NV32as",
    "H16r",
    "E32",
    "E32-8s",
    "E32-16s",
    "E32s",
    "E32-8as",
    "E32as",
    "E32-16as",
    "E32a",
    "F48s",
    "ND6s",
    "NC6s",
    "EC20ads",
    "E32-16ads",
    "E32ads",
    "E32-8ads",
    "DC24s",
    "DC24ds",
    "DC32s",
    "DC32ds",
    "DC32as",
    "FX24mds",
    "HB60-15rs",
    "HB60-45rs",
    "HB60-30rs",
    "NV24s",
    "HB60rs",
    "NV12",
    "E32-8ds",
    "E32ds",
    "D48",
    "E32-16ds",
    "E32d",
    "E32bs",
    "E32bds",
    "D48s",
    "D48a",
    "H16m",
    "D48as",
    "D48ads",
    "L32s",
    "DC32ads",
    "H16mr",
    "F64s",
    "M32ts",
    "D48d",
    "D48ds",
    "EC32as",
    "M32ls",
    "E48",
    "E48s",
    "E48a",
    "E48as",
    "F72s",
    "D64",
    "D64s",
    "D64as",
    "D64a",
    "M16ms",
    "M16-8ms",
    "M16-4ms",
    "E48ads",
    "HC44-16rs",
    "HC44-32rs",
    "HC44rs",
    "DC48as",
    "DC48s",
    "DC48ds",
    "D64ads",
    "NP20s",
    "EC32ads",
    "FX36mds",
    "E48d",
    "E48ds",
    "E48bs",
    "E48bds",
    "HB120-16rs",
    "HB120-64rs",
    "HB120rs",
    "HB120-96rs",
    "HB120-32rs",
    "NC24",
    "E64as",
    "D64d",
    "E64",
    "E64s",
    "D64ds",
    "E64-16s",
    "E64is",
    "E64-32s",
    "E64i",
    "L48s",
    "DC48ads",
    "NC24r",
    "E64-16as",
    "E64-32as",
    "E64a",
    "ND12s",
    "E64-32ads",
    "E64ads",
    "E64-16ads",
    "EC48as",
    "DC64as",
    "NC64as_T4",
    "FX48mds",
    "NV24",
    "NV48s",
    "D96",
    "D96s",
    "E64-32ds",
    "E64-16ds",
    "E64d",
    "E64ds",
    "E64bs",
    "E64bds",
    "D96a",
    "D96as",
    "D96ads",
    "EC48ads",
    "L64s",
    "E80is",
    "DC64ads",
    "M64ls",
    "E96as",
    "E96ias",
    "D96d",
    "D96ds",
    "EC64as",
    "E80ids",
    "E96",
    "E96-48s",
    "E96-24s",
    "E96s",
    "E96-24as",
    "E96a",
    "E96-48as",
    "NC12s",
    "M32ms",
    "M32-8ms",
    "M32-16ms",
    "M32dms",
    "L80s",
    "E96ads",
    "E96-48ads",
    "E96-24ads",
    "M64",
    "M64s",
    "DC96as",
    "NP40s",
    "EC64ads",
    "M64ds",
    "E96ds",
    "E96-48ds",
    "E96d",
    "E96-24ds",
    "E112ias",
    "E104i",
    "E104is",
    "DC96ads",
    "E112iads",
    "E104ids",
    "E104id",
    "NC24s",
    "ND24s",
    "EC96as",
    "NC24rs",
    "ND24rs",
    "EC96ias",
    "EC96ads",
    "M64ms",
    "M64-32ms",
    "M64-16ms",
    "M64m",
    "M64dms",
    "EC96iads",
    "M128",
    "M128s",
    "M128ds",
    "M192is",
    "M192ids",
    "ND40rs",
    "M208s",
    "M128m",
    "M128ms",
    "M128-64ms",
    "M128-32ms",
    "M128dms",
    "ND96asr",
    "M192ims",
    "M192idms",
    "ND96amsr_A100",
    "M208ms",
    "M416s",
    "M416-208s",
    "M416ms",
    "M416-208ms",
    "B1ls",
    "B1s",
    "B1ms",
    "B2s",
    "B2ms",
    "B4ms",
    "B8ms",
    "B12ms",
    "B16ms",
    "B20ms",
];

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::vm_sizes::VmSize;
    use super::{Lack, PriceOrder, choose, cost_by_family, family, instance_types, leave_out, matching};
    use crate::{Constraints, InstanceType};

    fn size(name: &str, cores: u64, mem_mib: u64) -> VmSize {
        VmSize {
            name: name.to_owned(),
            family: None,
            number_of_cores: cores,
            os_disk_size_in_mb: 1_047_552,
            memory_in_mb: mem_mib,
            max_data_disk_count: 2,
        }
    }

    fn sizes() -> Vec<InstanceType> {
        let sizes = [
            size("Basic_A1", 1, 1_792),
            size("Standard_A0", 1, 768),
            size("Standard_A1", 1, 1_792),
            size("Standard_A2", 2, 3_584),
            size("Standard_D1", 1, 3_584),
            size("Standard_Z9", 1, 4_096),
            size("Standard_Y9", 1, 4_096),
        ];
        instance_types(&sizes, PriceOrder::Names2016)
    }

    fn names(constraints: &Constraints) -> Vec<String> {
        matching(&sizes(), constraints)
            .into_iter()
            .map(|own| own.name)
            .collect()
    }

    #[test]
    fn the_cheapest_with_a_gigabyte_is_taken_by_default_and_equals_come_by_name() {
        let all = [
            "Standard_A1",
            "Standard_D1",
            "Standard_A2",
            "Basic_A1",
            "Standard_Y9",
            "Standard_Z9",
        ];
        assert_eq!(names(&Constraints::default()), all);
    }

    #[test]
    fn constraints_are_least_values() {
        let constraints = Constraints {
            cores: Some(2),
            ..Constraints::default()
        };
        assert_eq!(names(&constraints), ["Standard_A2"]);
        let constraints = Constraints {
            mem_mib: Some(512),
            ..Constraints::default()
        };
        assert_eq!(names(&constraints)[0], "Standard_A0");
    }

    #[test]
    fn a_named_size_needs_no_gigabyte_and_may_be_named_short() {
        for name in ["Standard_A0", "A0"] {
            let constraints = Constraints {
                instance_type: Some(name.to_owned()),
                ..Constraints::default()
            };
            assert_eq!(names(&constraints), ["Standard_A0"]);
        }
    }

    #[test]
    fn nothing_that_fits_is_an_error_that_says_what_was_looked_for() {
        let constraints = Constraints {
            mem_mib: Some(1 << 40),
            ..Constraints::default()
        };
        let error = choose(&sizes(), &constraints, "westus").map_err(|error| error.to_string());
        let expected = "no instance types in westus matching constraints \"mem=1099511627776M\", 7 were considered";
        assert_eq!(error.err().as_deref(), Some(expected));
    }

    #[test]
    fn newer_versions_of_a_family_are_cheaper_and_special_ones_dearest() {
        assert!(cost_by_family("Standard_D2s_v5") < cost_by_family("Standard_D2s_v3"));
        assert!(cost_by_family("Standard_D1") < cost_by_family("Standard_B1s"));
        assert_eq!(cost_by_family("Basic_A1"), cost_by_family("Standard_D2_v2_Promo"));
        assert_eq!(
            cost_by_family("Standard_NC4as_T4_v3"),
            cost_by_family("Standard_Unknown9")
        );
        assert_eq!((family("Standard_D2_v2_Promo"), family("Basic_A1")), ("D2", "A1"));
    }

    #[test]
    fn without_a_quota_the_whole_family_is_left_out_without_room_the_size_alone() {
        let of = |name: &str, family: &str| VmSize {
            family: Some(family.to_owned()),
            ..size(name, 2, 3_584)
        };
        let rows = [
            of("Standard_DS1_v2", "standardDSv2Family"),
            of("Standard_DS2_v2", "standardDSv2Family"),
            of("Standard_D2s_v3", "standardDSv3Family"),
            of("Standard_D2s_v4", "standardDSv4Family"),
        ];
        let types = instance_types(&rows, PriceOrder::Families2022);
        let left = |nth: usize, lack| {
            let mut left = types.clone();
            leave_out(&mut left, &types[nth], lack);
            left.into_iter().map(|own| own.name).collect::<Vec<_>>()
        };
        assert_eq!(left(0, Lack::Quota), ["Standard_D2s_v3", "Standard_D2s_v4"]);
        assert_eq!(
            left(2, Lack::Quota),
            ["Standard_DS1_v2", "Standard_DS2_v2", "Standard_D2s_v4"]
        );
        assert_eq!(
            left(0, Lack::Room),
            ["Standard_DS2_v2", "Standard_D2s_v3", "Standard_D2s_v4"]
        );
        assert_eq!(left(2, Lack::Room), ["Standard_DS1_v2", "Standard_DS2_v2"]);
    }

    #[test]
    fn no_name_stops_the_ranking() {
        proptest!(|(name in "(Standard_|Basic_|_v|_Promo|[A-Z0-9]|\\PC)*")| {
            prop_assert!(cost_by_family(&name) <= super::FAMILIES_2022.len() as u64 * 100);
        });
    }
}
