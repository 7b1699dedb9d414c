//! Platform images: publishers, offers, SKUs, versions, and the aliases of the command line client.
//!
//! A selection of the real catalogue: what the clients in scope name. It refuses to know locations (every image is
//! everywhere here) and how answers spell ids.

mod linux;
mod sql;
mod ubuntu;
mod windows;

pub use super::sizes::Architecture;
use super::{Month, compare_versions};

/// The operating system on a disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OsType {
    /// `Linux`.
    Linux,
    /// `Windows`.
    Windows,
}

impl OsType {
    /// As printed.
    pub const fn as_str(self) -> &'static str {
        match self {
            OsType::Linux => "Linux",
            OsType::Windows => "Windows",
        }
    }
}

/// A publisher of images.
#[derive(Debug, PartialEq, Eq)]
pub struct Publisher {
    /// `Canonical`.
    pub name: &'static str,
    /// Its offers, by name.
    pub offers: &'static [Offer],
}

/// An offer of a publisher.
#[derive(Debug, PartialEq, Eq)]
pub struct Offer {
    /// `UbuntuServer`.
    pub name: &'static str,
    /// Its SKUs, by name.
    pub skus: &'static [Sku],
}

/// A SKU of an offer: images that differ in nothing but their version.
#[derive(Debug, PartialEq, Eq)]
pub struct Sku {
    /// `16.04.0-LTS`.
    pub name: &'static str,
    /// The operating system.
    pub os: OsType,
    /// The size of an OS disk made from it, in GB.
    pub size_gb: u32,
    /// `hyperVGeneration`: `V1` or `V2`.
    pub generation: &'static str,
    /// Processor architecture.
    pub architecture: Architecture,
    /// The plan that a machine made from it has to name.
    pub plan: Option<Plan>,
    /// Whether the agent in it writes the custom data of a machine down for others to read.
    pub writes_custom_data: bool,
    /// Versions, oldest first; empty when all were withdrawn.
    pub versions: &'static [&'static str],
}

/// A purchase plan of a marketplace image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Plan {
    /// The plan's publisher.
    pub publisher: &'static str,
    /// The plan, mostly the SKU.
    pub name: &'static str,
    /// The product, mostly the offer.
    pub product: &'static str,
}

impl Sku {
    /// The newest version, what `latest` means.
    pub fn latest(&self) -> Option<&'static str> {
        self.versions.last().copied()
    }

    /// A version by name, in Azure's spelling; `latest` is the newest. Case does not count.
    pub fn find_version(&self, version: &str) -> Option<&'static str> {
        if version.eq_ignore_ascii_case("latest") {
            return self.latest();
        }

        self.versions
            .iter()
            .copied()
            .find(|own| own.eq_ignore_ascii_case(version))
    }

    /// `osDiskImage.sizeInBytes`: the disk and the footer of its VHD (observed-arm: 32213303808 for a 30 GB disk).
    pub fn size_in_bytes(&self) -> u64 {
        u64::from(self.size_gb) * 1_073_741_824 + 1_049_088
    }

    /// `osDiskImage.sizeInGb`: the bytes rounded up (observed-arm: 31 for a 30 GB disk).
    pub fn size_in_gb(&self) -> u64 {
        self.size_in_bytes().div_ceil(1_073_741_824)
    }
}

impl Publisher {
    /// An offer by name; case does not count.
    pub fn find_offer(&self, name: &str) -> Option<&'static Offer> {
        self.offers.iter().find(|offer| offer.name.eq_ignore_ascii_case(name))
    }
}

impl Offer {
    /// A SKU by name; case does not count.
    pub fn find_sku(&self, name: &str) -> Option<&'static Sku> {
        self.skus.iter().find(|sku| sku.name.eq_ignore_ascii_case(name))
    }
}

/// An image with all its names in Azure's spelling.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Image {
    /// The publisher.
    pub publisher: &'static Publisher,
    /// The offer.
    pub offer: &'static Offer,
    /// The SKU, which has the facts.
    pub sku: &'static Sku,
    /// The version; never `latest`.
    pub version: &'static str,
}

/// A publisher by name; case does not count (ARM 8.6: `canonical` finds `Canonical`).
pub fn find_publisher(name: &str) -> Option<&'static Publisher> {
    PUBLISHERS
        .iter()
        .copied()
        .find(|publisher| publisher.name.eq_ignore_ascii_case(name))
}

/// An offer by the names on its way; case does not count.
pub fn find_offer(publisher: &str, offer: &str) -> Option<&'static Offer> {
    find_publisher(publisher)?.find_offer(offer)
}

/// A SKU by the names on its way; case does not count.
pub fn find_sku(publisher: &str, offer: &str, sku: &str) -> Option<&'static Sku> {
    find_offer(publisher, offer)?.find_sku(sku)
}

/// An image by its four names, `latest` allowed; case does not count.
pub fn find(publisher: &str, offer: &str, sku: &str, version: &str) -> Option<Image> {
    let publisher = find_publisher(publisher)?;
    let offer = publisher.find_offer(offer)?;
    let sku = offer.find_sku(sku)?;
    Some(Image {
        publisher,
        offer,
        sku,
        version: sku.find_version(version)?,
    })
}

/// The newest version of a SKU, in Azure's spelling.
pub fn latest(publisher: &str, offer: &str, sku: &str) -> Option<&'static str> {
    find_sku(publisher, offer, sku)?.latest()
}

/// Orders versions as the catalogue lists them.
pub fn version_order(a: &str, b: &str) -> std::cmp::Ordering {
    compare_versions(a, b)
}

/// A short name of the command line client for an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Alias {
    /// `Ubuntu2204`.
    pub name: &'static str,
    /// The group in the alias document.
    pub os: OsType,
    /// The publisher.
    pub publisher: &'static str,
    /// The offer.
    pub offer: &'static str,
    /// The SKU; the version is always `latest`.
    pub sku: &'static str,
    /// `architecture` in the alias document.
    pub architecture: Architecture,
}

/// The aliases of a month: those of 2016 and those of the client 2.91 (real-clients 1.1).
pub fn aliases(month: Month) -> &'static [Alias] {
    if month < ALIASES_REPLACED {
        ALIASES_2016
    } else {
        ALIASES
    }
}

/// An alias of today; case does not count.
pub fn find_alias(name: &str) -> Option<&'static Alias> {
    ALIASES
        .iter()
        .chain(ALIASES_2016)
        .find(|alias| alias.name.eq_ignore_ascii_case(name))
}

/// Assumed: somewhere between the two alias documents.
const ALIASES_REPLACED: Month = Month::new(2020, 1);

const fn linux(size_gb: u32) -> (OsType, u32) {
    (OsType::Linux, size_gb)
}

const fn windows(size_gb: u32) -> (OsType, u32) {
    (OsType::Windows, size_gb)
}

const fn offer(name: &'static str, skus: &'static [Sku]) -> Offer {
    Offer { name, skus }
}

const fn sku(name: &'static str, (os, size_gb): (OsType, u32), versions: &'static [&'static str]) -> Sku {
    Sku {
        name,
        os,
        size_gb,
        generation: "V1",
        architecture: Architecture::X64,
        plan: None,
        writes_custom_data: true,
        versions,
    }
}

impl Sku {
    const fn generation_2(mut self) -> Sku {
        self.generation = "V2";
        self
    }

    const fn without_custom_data(mut self) -> Sku {
        self.writes_custom_data = false;
        self
    }

    const fn arm64(mut self) -> Sku {
        self.architecture = Architecture::Arm64;
        self
    }

    const fn plan(mut self, publisher: &'static str, name: &'static str, product: &'static str) -> Sku {
        self.plan = Some(Plan {
            publisher,
            name,
            product,
        });
        self
    }
}

const fn alias(
    name: &'static str,
    os: OsType,
    publisher: &'static str,
    offer: &'static str,
    sku: &'static str,
    architecture: Architecture,
) -> Alias {
    Alias {
        name,
        os,
        publisher,
        offer,
        sku,
        architecture,
    }
}

/// Every publisher, by name without regard to case, as Azure lists them (observed-arm publishers).
pub static PUBLISHERS: &[&Publisher] = &[
    &linux::ALMALINUX,
    &ubuntu::CANONICAL,
    &linux::COREOS,
    &linux::CREDATIV,
    &linux::DEBIAN,
    &linux::KINVOLK,
    &linux::MICROSOFTAZURELINUX,
    &sql::MICROSOFTSQLSERVER,
    &windows::MICROSOFTVISUALSTUDIO,
    &windows::MICROSOFTWINDOWSDESKTOP,
    &windows::MICROSOFTWINDOWSSERVER,
    &windows::MICROSOFTWINDOWSSERVERESSENTIALS,
    &linux::OPENLOGIC,
    &linux::ORACLE,
    &linux::REDHAT,
    &linux::SUSE,
];

#[rustfmt::skip]
static ALIASES: &[Alias] = {
    use Architecture::{Arm64, X64};
    use OsType::{Linux, Windows};
    &[
        alias("AzureLinux4", Linux, "microsoftazurelinux", "azurelinux-4", "4", X64),
        alias("AzureLinux4Arm64", Linux, "microsoftazurelinux", "azurelinux-4", "4-arm64", Arm64),
        alias("AzureLinux4Gen1", Linux, "microsoftazurelinux", "azurelinux-4", "4-gen1", X64),
        alias("CentOS85Gen2", Linux, "OpenLogic", "CentOS", "8_5-gen2", X64),
        alias("Debian11", Linux, "Debian", "debian-11", "11-backports-gen2", X64),
        alias("FlatcarLinuxFreeGen2", Linux, "kinvolk", "flatcar-container-linux-free", "stable-gen2", X64),
        alias("OpenSuseLeap154Gen2", Linux, "SUSE", "openSUSE-leap-15-4", "gen2", X64),
        alias("RHELRaw8LVMGen2", Linux, "RedHat", "RHEL", "8-lvm-gen2", X64),
        alias("SuseSles15SP3", Linux, "SUSE", "sles-15-sp3", "gen2", X64),
        alias("Ubuntu2204", Linux, "Canonical", "0001-com-ubuntu-server-jammy", "22_04-lts-gen2", X64),
        alias("Win2022Datacenter", Windows, "MicrosoftWindowsServer", "WindowsServer", "2022-datacenter-g2", X64),
        alias("Win2022AzureEditionCore", Windows, "MicrosoftWindowsServer", "WindowsServer", "2022-datacenter-azure-edition-core", X64),
        alias("Win2019Datacenter", Windows, "MicrosoftWindowsServer", "WindowsServer", "2019-datacenter-gensecond", X64),
        alias("Win2016Datacenter", Windows, "MicrosoftWindowsServer", "WindowsServer", "2016-datacenter-gensecond", X64),
        alias("Win2012R2Datacenter", Windows, "MicrosoftWindowsServer", "WindowsServer", "2012-R2-Datacenter", X64),
        alias("Win2012Datacenter", Windows, "MicrosoftWindowsServer", "WindowsServer", "2012-Datacenter", X64),
    ]
};

#[rustfmt::skip]
static ALIASES_2016: &[Alias] = {
    use Architecture::X64;
    use OsType::{Linux, Windows};
    &[
        alias("CentOS", Linux, "OpenLogic", "CentOS", "7.2", X64),
        alias("CoreOS", Linux, "CoreOS", "CoreOS", "Stable", X64),
        alias("Debian", Linux, "credativ", "Debian", "8", X64),
        alias("OpenSUSE", Linux, "SUSE", "openSUSE", "13.2", X64),
        alias("RedHatEnterpriseLinux", Linux, "RedHat", "RHEL", "7.2", X64),
        alias("SUSELinux", Linux, "SUSE", "SLES", "12-SP1", X64),
        alias("UbuntuLTS", Linux, "Canonical", "UbuntuServer", "14.04.4-LTS", X64),
        alias("Win2012R2Datacenter", Windows, "MicrosoftWindowsServer", "WindowsServer", "2012-R2-Datacenter", X64),
        alias("Win2012Datacenter", Windows, "MicrosoftWindowsServer", "WindowsServer", "2012-Datacenter", X64),
        alias("Win2008R2SP1", Windows, "MicrosoftWindowsServer", "WindowsServer", "2008-R2-SP1", X64),
    ]
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::tests::first_duplicate;

    fn skus() -> impl Iterator<Item = (&'static Publisher, &'static Offer, &'static Sku)> {
        PUBLISHERS.iter().flat_map(|publisher| {
            publisher
                .offers
                .iter()
                .flat_map(move |offer| offer.skus.iter().map(move |sku| (*publisher, offer, sku)))
        })
    }

    fn is_sorted(names: impl Iterator<Item = &'static str>) -> bool {
        names.map(str::to_ascii_lowercase).is_sorted_by(|a, b| a < b)
    }

    #[test]
    fn publishers_offers_and_skus_are_sorted_and_unique() {
        assert!(is_sorted(PUBLISHERS.iter().map(|publisher| publisher.name)));
        for publisher in PUBLISHERS {
            assert!(
                is_sorted(publisher.offers.iter().map(|offer| offer.name)),
                "{}",
                publisher.name
            );
            for offer in publisher.offers {
                assert!(is_sorted(offer.skus.iter().map(|sku| sku.name)), "{}", offer.name);
            }
        }
    }

    #[test]
    fn versions_are_oldest_first_and_unique() {
        for (_, offer, sku) in skus() {
            let sorted = sku.versions.is_sorted_by(|a, b| version_order(a, b).is_lt());
            assert!(sorted, "{} {}", offer.name, sku.name);
        }
    }

    #[test]
    fn latest_resolves_wherever_there_is_a_version() {
        for (publisher, offer, sku) in skus() {
            let found = find(publisher.name, offer.name, sku.name, "latest");
            assert_eq!(
                found.map(|image| image.version),
                sku.versions.last().copied(),
                "{} {}",
                offer.name,
                sku.name
            );
        }
    }

    #[test]
    fn look_up_folds_case_and_answers_in_azures_spelling() {
        let image = find("canonical", "ubuntuserver", "16.04.0-lts", "LATEST").expect("the image exists");
        assert_eq!(
            (image.publisher.name, image.offer.name, image.sku.name),
            ("Canonical", "UbuntuServer", "16.04.0-LTS")
        );
        assert_eq!(image.version, "16.04.202104290");
        assert_eq!(find("canonical", "ubuntuserver", "16.04.0-lts", "16.04.1"), None);
        assert_eq!(find("nobody", "ubuntuserver", "16.04.0-lts", "latest"), None);
    }

    #[test]
    fn images_that_recorded_machines_used_exist() {
        for (publisher, offer, sku, version) in [
            ("Canonical", "UbuntuServer", "12.04.3-LTS", "12.04.201401270"),
            ("Canonical", "UbuntuServer", "14.04.1-LTS", "14.04.201409090"),
            ("Canonical", "UbuntuServer", "14.04.2-LTS", "latest"),
            ("Canonical", "UbuntuServer", "14.04.4-LTS", "14.04.201911070"),
            ("canonical", "UbuntuServer", "15.10", "latest"),
            ("Canonical", "UbuntuServer", "16.04-LTS", "latest"),
            ("canonical", "ubuntuserver", "16.04.0-DAILY-LTS", "latest"),
            ("Canonical", "UbuntuServer", "16.04.0-LTS", "16.04.201606270"),
            ("Canonical", "UbuntuServer", "16.04.0-LTS", "16.04.201611150"),
            ("Canonical", "UbuntuServer", "16.04.0-LTS", "16.04.201912110"),
            ("Canonical", "UbuntuServer", "18.04-LTS", "latest"),
            ("CoreOS", "CoreOS", "Stable", "latest"),
            ("credativ", "Debian", "8", "latest"),
            ("credativ", "Debian", "9-backports", "latest"),
            ("Debian", "debian-10", "10-backports", "0.20200610.293"),
            ("MicrosoftWindowsServer", "WindowsServer", "2008-R2-SP1", "latest"),
            ("MicrosoftWindowsServer", "WindowsServer", "2012-Datacenter", "latest"),
            (
                "MicrosoftWindowsServer",
                "WindowsServer",
                "2012-R2-Datacenter",
                "4.0.201505",
            ),
            (
                "MicrosoftWindowsServer",
                "WindowsServer",
                "2012-R2-Datacenter",
                "4.127.20170510",
            ),
            (
                "MicrosoftWindowsServer",
                "WindowsServer",
                "2019-Datacenter",
                "17763.8276.260109",
            ),
            (
                "MicrosoftWindowsServerEssentials",
                "WindowsServerEssentials",
                "WindowsServerEssentials",
                "1.0.20131018",
            ),
            ("OpenLogic", "CentOS", "6.5", "latest"),
        ] {
            assert!(
                find(publisher, offer, sku, version).is_some(),
                "{publisher} {offer} {sku} {version}"
            );
        }
    }

    #[test]
    fn every_alias_names_an_image_of_its_system_and_architecture() {
        for alias in ALIASES.iter().chain(ALIASES_2016) {
            let image = find(alias.publisher, alias.offer, alias.sku, "latest").expect("an alias names an image");
            assert_eq!(
                (image.sku.os, image.sku.architecture),
                (alias.os, alias.architecture),
                "{}",
                alias.name
            );
        }
        assert_eq!(first_duplicate(ALIASES.iter().map(|alias| alias.name)), None);
        assert_eq!(find_alias("ubuntu2204").map(|alias| alias.sku), Some("22_04-lts-gen2"));
        assert_eq!(find_alias("UbuntuLTS").map(|alias| alias.offer), Some("UbuntuServer"));
        assert_eq!(find_alias("Ubuntu9999"), None);
    }

    #[test]
    fn arm64_images_are_generation_2() {
        assert!(
            skus()
                .filter(|(_, _, sku)| sku.architecture == Architecture::Arm64)
                .all(|(_, _, sku)| sku.generation == "V2")
        );
    }

    #[test]
    fn image_sizes_round_up_over_the_footer() {
        let sku = find_sku("Canonical", "UbuntuServer", "16.04.0-LTS").expect("the SKU exists");
        assert_eq!(
            (sku.size_gb, sku.size_in_gb(), sku.size_in_bytes()),
            (30, 31, 32_213_303_808)
        );
    }

    #[test]
    fn the_skus_that_juju_looks_for_exist() {
        for series in ["focal", "jammy", "mantic"] {
            let offer = format!("0001-com-ubuntu-server-{series}");
            assert!(
                find_offer("Canonical", &offer)
                    .is_some_and(|offer| offer.skus.iter().any(|sku| sku.name.ends_with("-gen2")))
            );
            assert!(find_offer("Canonical", &format!("{offer}-daily")).is_some());
        }
        for sku in ["server", "server-gen1", "server-arm64"] {
            assert!(latest("Canonical", "ubuntu-24_04-lts", sku).is_some_and(|version| version.starts_with("24.04.")));
            assert!(latest("Canonical", "ubuntu-24_04-lts-daily", sku).is_some());
        }
        assert!(latest("MicrosoftVisualStudio", "Windows", "8.1-Enterprise-N").is_some());
        assert!(latest("OpenLogic", "CentOS", "7.3").is_some());
    }
}
