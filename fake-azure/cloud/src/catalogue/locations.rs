//! Locations: names, places, pairs, zones, and the orders in which Azure lists them.
//!
//! The table knows no subscription: which locations a subscription may use is somebody else's rule.

/// A physical region.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Location {
    /// `westus2`: the form that answers and error texts carry (ARM 1.4).
    pub name: &'static str,
    /// `West US 2`: the form that provider documents and the classic API carry.
    pub display_name: &'static str,
    /// `(US) West US 2`, from 2020-01-01 on.
    pub regional_display_name: &'static str,
    /// Degrees, as the text Azure prints.
    pub longitude: &'static str,
    /// Degrees, as the text Azure prints.
    pub latitude: &'static str,
    /// `US`, `Europe`, `Asia Pacific` ...
    pub geography_group: &'static str,
    /// The data residency boundary, `United States`; printed from 2022-12-01 on.
    pub geography: &'static str,
    /// City or state; empty where Azure prints none.
    pub physical_location: &'static str,
    /// The name of the paired region. Not always mutual: `brazilsouth` pairs with `southcentralus`.
    pub pair: Option<&'static str>,
    /// How prominently Azure offers it.
    pub category: Category,
    /// The year it opened.
    pub since_year: u16,
    /// Availability zones: 0, 2 or 3.
    pub zones: u8,
    /// Fault domains of a *managed* availability set, 2 or 3. An unmanaged set may have
    /// [`UNMANAGED_FAULT_DOMAINS`] anywhere (recorded in southeastasia, which has 2).
    pub fault_domains: u8,
    /// Whether the classic API offers it (SM 4.2).
    pub classic: bool,
    /// Who meets it.
    pub cloud: CloudName,
}

/// `metadata.regionCategory` of a location.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Category {
    /// Broadest range of services.
    Recommended,
    /// Everything else.
    Other,
}

impl Category {
    /// As printed.
    pub const fn as_str(self) -> &'static str {
        match self {
            Category::Recommended => "Recommended",
            Category::Other => "Other",
        }
    }
}

/// The Azure cloud that a region belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CloudName {
    /// Public Azure: listed to everyone.
    Public,
    /// Early-update regions of public Azure: usable by name, listed to few.
    Canary,
    /// Azure operated in China: its own endpoints, never in a public list.
    China,
}

/// Fault domains that an unmanaged availability set may ask for, in every region.
pub const UNMANAGED_FAULT_DOMAINS: u8 = 3;

impl Location {
    const fn since(mut self, year: u16) -> Location {
        self.since_year = year;
        // SM 4.2 and the classic list of 2017: regions that opened later never joined.
        self.classic = year <= 2017;
        self
    }

    const fn paired(mut self, pair: &'static str) -> Location {
        self.pair = Some(pair);
        self
    }

    const fn zoned(mut self, zones: u8) -> Location {
        self.zones = zones;
        self
    }

    const fn recommended(mut self) -> Location {
        self.category = Category::Recommended;
        self
    }

    const fn wide(mut self) -> Location {
        self.fault_domains = 3;
        self
    }

    const fn canary(mut self) -> Location {
        self.cloud = CloudName::Canary;
        self.classic = false;
        self
    }

    const fn china(mut self) -> Location {
        self.cloud = CloudName::China;
        self.classic = false;
        self
    }

    /// Whether `text` names this location in any spelling: blanks and case do not count (ARM 1.4).
    pub fn is_named(&self, text: &str) -> bool {
        let spelt = text
            .bytes()
            .filter(|b| !b.is_ascii_whitespace())
            .map(|b| b.to_ascii_lowercase());
        spelt.eq(self.name.bytes())
    }

    /// The zones' names, `1` first.
    pub fn zone_names(&self) -> &'static [&'static str] {
        &["1", "2", "3"][..usize::from(self.zones)]
    }
}

/// A grouping of regions that the location list shows but nothing can be placed in (observed-arm, locations 2020-01-01).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LogicalRegion {
    /// `unitedstates`.
    pub name: &'static str,
    /// `United States`.
    pub display_name: &'static str,
    /// The same, for a stage region with the group in front.
    pub regional_display_name: &'static str,
    /// Only stage regions have one.
    pub geography_group: Option<&'static str>,
}

/// Finds a location by any spelling: `westus2`, `West US 2`, `WESTUS2`.
pub fn find(text: &str) -> Option<&'static Location> {
    LOCATIONS.iter().find(|location| location.is_named(text))
}

/// A spelling reduced to the `name` form, whether or not such a location exists.
pub fn normalise(text: &str) -> String {
    text.chars()
        .filter(|c| !c.is_whitespace())
        .map(|c| c.to_ascii_lowercase())
        .collect()
}

/// Whether the text could be a location at all (ARM 1.4): characters, blanks, digits and `(,)`.
pub fn is_well_formed(text: &str) -> bool {
    !text.is_empty()
        && text
            .chars()
            .all(|c| c.is_alphanumeric() || c.is_whitespace() || matches!(c, '(' | ',' | ')'))
}

/// Public locations open in a year, in the order of the lists up to 2019-11-01: by age, roughly (observed-arm).
pub fn listed(year: u16) -> impl Iterator<Item = &'static Location> {
    LOCATIONS
        .iter()
        .filter(move |location| location.cloud == CloudName::Public && location.since_year <= year)
}

/// Public locations open in a year, in the order of the lists from 2020-01-01 on, without [`LOGICAL_REGIONS`], which stand
/// between the recommended and the other ones there.
pub fn listed_2020(year: u16) -> impl Iterator<Item = &'static Location> {
    let names = RECOMMENDED_2020.iter().chain(OTHER_2020);
    names
        .filter_map(|name| find(name))
        .filter(move |location| location.since_year <= year)
}

/// Locations of the classic API open in a year, in the order served in 2015, later ones behind (SM 4.2).
pub fn listed_classic(year: u16) -> impl Iterator<Item = &'static Location> {
    let later = LOCATIONS
        .iter()
        .filter(|location| location.classic && !CLASSIC_2015.contains(&location.display_name));
    let names = CLASSIC_2015.iter().filter_map(|name| find(name));
    names.chain(later).filter(move |location| location.since_year <= year)
}

/// Classic storage account types of a location, in the order served (SM 4.2).
pub const CLASSIC_STORAGE_TYPES: &[&str] = &[
    "Standard_LRS",
    "Standard_ZRS",
    "Standard_GRS",
    "Standard_RAGRS",
    "Premium_LRS",
];

/// Classic services of a location (SM 4.2).
pub const CLASSIC_SERVICES: &[&str] = &["Compute", "Storage", "PersistentVMRole", "HighMemory"];

const CLASSIC_2015: &[&str] = &[
    "East US",
    "West US",
    "Central US",
    "South Central US",
    "North Central US",
    "East US 2",
    "North Europe",
    "West Europe",
    "Southeast Asia",
    "East Asia",
    "Japan West",
    "Japan East",
    "Brazil South",
    "Australia Southeast",
    "Australia East",
    "Central India",
    "South India",
    "West India",
];

const fn at(
    name: &'static str,
    display_name: &'static str,
    regional_display_name: &'static str,
    geography_group: &'static str,
    geography: &'static str,
    physical_location: &'static str,
    [longitude, latitude]: [&'static str; 2],
) -> Location {
    Location {
        name,
        display_name,
        regional_display_name,
        longitude,
        latitude,
        geography_group,
        geography,
        physical_location,
        pair: None,
        category: Category::Other,
        since_year: 0,
        zones: 0,
        fault_domains: 2,
        classic: false,
        cloud: CloudName::Public,
    }
}

/// Every location, in the order of `GET /subscriptions/{id}/locations` up to 2019-11-01 (ARM 1.4; observed-arm), newer
/// ones behind, then the early-update regions, then China.
///
/// Names, places and pairs up to 2021 are recorded; zones are those of the recorded provider documents; fault domains and
/// opening years are published facts, not recorded.
#[rustfmt::skip]
pub static LOCATIONS: &[Location] = &[
    at("eastasia", "East Asia", "(Asia Pacific) East Asia", "Asia Pacific", "Asia Pacific", "Hong Kong", ["114.188", "22.267"]).since(2010).paired("southeastasia").zoned(3).recommended(),
    at("southeastasia", "Southeast Asia", "(Asia Pacific) Southeast Asia", "Asia Pacific", "Asia Pacific", "Singapore", ["103.833", "1.283"]).since(2010).paired("eastasia").zoned(3).recommended(),
    at("centralus", "Central US", "(US) Central US", "US", "United States", "Iowa", ["-93.6208", "41.5908"]).since(2014).paired("eastus2").zoned(3).recommended().wide(),
    at("eastus", "East US", "(US) East US", "US", "United States", "Virginia", ["-79.8164", "37.3719"]).since(2012).paired("westus").zoned(3).recommended().wide(),
    at("eastus2", "East US 2", "(US) East US 2", "US", "United States", "Virginia", ["-78.3889", "36.6681"]).since(2014).paired("centralus").zoned(3).recommended().wide(),
    at("westus", "West US", "(US) West US", "US", "United States", "California", ["-122.417", "37.783"]).since(2012).paired("eastus").recommended().wide(),
    at("northcentralus", "North Central US", "(US) North Central US", "US", "United States", "Illinois", ["-87.6278", "41.8819"]).since(2010).paired("southcentralus").recommended().wide(),
    at("southcentralus", "South Central US", "(US) South Central US", "US", "United States", "Texas", ["-98.5", "29.4167"]).since(2010).paired("northcentralus").zoned(3).recommended().wide(),
    at("northeurope", "North Europe", "(Europe) North Europe", "Europe", "Europe", "Ireland", ["-6.2597", "53.3478"]).since(2010).paired("westeurope").zoned(3).recommended().wide(),
    at("westeurope", "West Europe", "(Europe) West Europe", "Europe", "Europe", "Netherlands", ["4.9", "52.3667"]).since(2010).paired("northeurope").zoned(3).recommended().wide(),
    at("japanwest", "Japan West", "(Asia Pacific) Japan West", "Asia Pacific", "Japan", "Osaka", ["135.5022", "34.6939"]).since(2014).paired("japaneast").zoned(3),
    at("japaneast", "Japan East", "(Asia Pacific) Japan East", "Asia Pacific", "Japan", "Tokyo, Saitama", ["139.77", "35.68"]).since(2014).paired("japanwest").zoned(3).recommended(),
    at("brazilsouth", "Brazil South", "(South America) Brazil South", "South America", "Brazil", "Sao Paulo State", ["-46.633", "-23.55"]).since(2014).paired("southcentralus").zoned(3).recommended(),
    at("australiaeast", "Australia East", "(Asia Pacific) Australia East", "Asia Pacific", "Australia", "New South Wales", ["151.2094", "-33.86"]).since(2014).paired("australiasoutheast").zoned(3).recommended(),
    at("australiasoutheast", "Australia Southeast", "(Asia Pacific) Australia Southeast", "Asia Pacific", "Australia", "Victoria", ["144.9631", "-37.8136"]).since(2014).paired("australiaeast"),
    at("southindia", "South India", "(Asia Pacific) South India", "Asia Pacific", "India", "Chennai", ["80.1636", "12.9822"]).since(2015).paired("centralindia"),
    at("centralindia", "Central India", "(Asia Pacific) Central India", "Asia Pacific", "India", "Pune", ["73.9197", "18.5822"]).since(2015).paired("southindia").zoned(3).recommended(),
    at("westindia", "West India", "(Asia Pacific) West India", "Asia Pacific", "India", "Mumbai", ["72.868", "19.088"]).since(2015).paired("southindia"),
    at("jioindiawest", "Jio India West", "(Asia Pacific) Jio India West", "Asia Pacific", "India", "Jamnagar", ["70.05773", "22.470701"]).since(2021).paired("jioindiacentral"),
    at("jioindiacentral", "Jio India Central", "(Asia Pacific) Jio India Central", "Asia Pacific", "India", "Nagpur", ["79.08886", "21.146633"]).since(2021).paired("jioindiawest"),
    at("canadacentral", "Canada Central", "(Canada) Canada Central", "Canada", "Canada", "Toronto", ["-79.383", "43.653"]).since(2016).paired("canadaeast").zoned(3).recommended().wide(),
    at("canadaeast", "Canada East", "(Canada) Canada East", "Canada", "Canada", "Quebec", ["-71.217", "46.817"]).since(2016).paired("canadacentral"),
    at("uksouth", "UK South", "(Europe) UK South", "Europe", "United Kingdom", "London", ["-0.799", "50.941"]).since(2016).paired("ukwest").zoned(3).recommended(),
    at("ukwest", "UK West", "(Europe) UK West", "Europe", "United Kingdom", "Cardiff", ["-3.084", "53.427"]).since(2016).paired("uksouth"),
    at("westcentralus", "West Central US", "(US) West Central US", "US", "United States", "Wyoming", ["-110.234", "40.890"]).since(2016).paired("westus2"),
    at("westus2", "West US 2", "(US) West US 2", "US", "United States", "Washington", ["-119.852", "47.233"]).since(2016).paired("westcentralus").zoned(3).recommended(),
    at("koreacentral", "Korea Central", "(Asia Pacific) Korea Central", "Asia Pacific", "Korea", "Seoul", ["126.9780", "37.5665"]).since(2017).paired("koreasouth").zoned(3).recommended(),
    at("koreasouth", "Korea South", "(Asia Pacific) Korea South", "Asia Pacific", "Korea", "Busan", ["129.0756", "35.1796"]).since(2017).paired("koreacentral"),
    at("francecentral", "France Central", "(Europe) France Central", "Europe", "France", "Paris", ["2.3730", "46.3772"]).since(2018).paired("francesouth").zoned(3).recommended(),
    at("francesouth", "France South", "(Europe) France South", "Europe", "France", "Marseille", ["2.1972", "43.8345"]).since(2018).paired("francecentral"),
    at("australiacentral", "Australia Central", "(Asia Pacific) Australia Central", "Asia Pacific", "Australia", "Canberra", ["149.1244", "-35.3075"]).since(2018).paired("australiacentral"),
    at("australiacentral2", "Australia Central 2", "(Asia Pacific) Australia Central 2", "Asia Pacific", "Australia", "Canberra", ["149.1244", "-35.3075"]).since(2018).paired("australiacentral2"),
    at("uaecentral", "UAE Central", "(Middle East) UAE Central", "Middle East", "UAE", "Abu Dhabi", ["54.366669", "24.466667"]).since(2019).paired("uaenorth"),
    at("uaenorth", "UAE North", "(Middle East) UAE North", "Middle East", "UAE", "Dubai", ["55.316666", "25.266666"]).since(2019).paired("uaecentral").zoned(3).recommended(),
    at("southafricanorth", "South Africa North", "(Africa) South Africa North", "Africa", "South Africa", "Johannesburg", ["28.218370", "-25.731340"]).since(2019).paired("southafricawest").zoned(3).recommended(),
    at("southafricawest", "South Africa West", "(Africa) South Africa West", "Africa", "South Africa", "Cape Town", ["18.843266", "-34.075691"]).since(2019).paired("southafricanorth"),
    at("switzerlandnorth", "Switzerland North", "(Europe) Switzerland North", "Europe", "Switzerland", "Zurich", ["8.564572", "47.451542"]).since(2019).paired("switzerlandwest").zoned(3).recommended(),
    at("switzerlandwest", "Switzerland West", "(Europe) Switzerland West", "Europe", "Switzerland", "Geneva", ["6.143158", "46.204391"]).since(2019).paired("switzerlandnorth"),
    at("germanynorth", "Germany North", "(Europe) Germany North", "Europe", "Germany", "Berlin", ["8.806422", "53.073635"]).since(2019).paired("germanywestcentral"),
    at("germanywestcentral", "Germany West Central", "(Europe) Germany West Central", "Europe", "Germany", "Frankfurt", ["8.682127", "50.110924"]).since(2019).paired("germanynorth").zoned(3).recommended(),
    at("norwaywest", "Norway West", "(Europe) Norway West", "Europe", "Norway", "Norway", ["5.733107", "58.969975"]).since(2019).paired("norwayeast"),
    at("norwayeast", "Norway East", "(Europe) Norway East", "Europe", "Norway", "Norway", ["10.752245", "59.913868"]).since(2019).paired("norwaywest").zoned(3).recommended(),
    at("brazilsoutheast", "Brazil Southeast", "(South America) Brazil Southeast", "South America", "Brazil", "Rio", ["-43.2075", "-22.90278"]).since(2020).paired("brazilsouth"),
    at("westus3", "West US 3", "(US) West US 3", "US", "United States", "Phoenix", ["-112.074036", "33.448376"]).since(2021).paired("eastus").zoned(3).recommended(),
    at("swedencentral", "Sweden Central", "(Europe) Sweden Central", "Europe", "Sweden", "Gävle", ["17.14127", "60.67488"]).since(2021).paired("swedensouth").zoned(3).recommended(),
    at("swedensouth", "Sweden South", "(Europe) Sweden South", "Europe", "Sweden", "Malmö", ["13.0007", "55.6059"]).since(2021).paired("swedencentral"),
    at("qatarcentral", "Qatar Central", "(Middle East) Qatar Central", "Middle East", "Qatar", "Doha", ["51.439327", "25.551462"]).since(2022).zoned(3).recommended(),
    at("polandcentral", "Poland Central", "(Europe) Poland Central", "Europe", "Poland", "Warsaw", ["21.01666", "52.23334"]).since(2023).zoned(3).recommended(),
    at("italynorth", "Italy North", "(Europe) Italy North", "Europe", "Italy", "Milan", ["9.18109", "45.46888"]).since(2023).zoned(3).recommended(),
    at("israelcentral", "Israel Central", "(Middle East) Israel Central", "Middle East", "Israel", "Israel", ["33.4506633", "31.2655698"]).since(2023).zoned(3).recommended(),
    at("spaincentral", "Spain Central", "(Europe) Spain Central", "Europe", "Spain", "Madrid", ["3.4209", "40.4259"]).since(2024).zoned(3).recommended(),
    at("mexicocentral", "Mexico Central", "(Mexico) Mexico Central", "Mexico", "Mexico", "Querétaro State", ["-100.389888", "20.588818"]).since(2024).zoned(3).recommended(),
    at("newzealandnorth", "New Zealand North", "(Asia Pacific) New Zealand North", "Asia Pacific", "New Zealand", "Auckland", ["174.76349", "-36.84853"]).since(2024).zoned(3).recommended(),
    at("indonesiacentral", "Indonesia Central", "(Asia Pacific) Indonesia Central", "Asia Pacific", "Indonesia", "Jakarta", ["106.816666", "-6.2"]).since(2025).zoned(3).recommended(),
    at("malaysiawest", "Malaysia West", "(Asia Pacific) Malaysia West", "Asia Pacific", "Malaysia", "Kuala Lumpur", ["101.693207", "3.140853"]).since(2025).zoned(3).recommended(),
    at("austriaeast", "Austria East", "(Europe) Austria East", "Europe", "Austria", "Vienna", ["16.3713095", "48.2201153"]).since(2025).zoned(3).recommended(),
    at("chilecentral", "Chile Central", "(South America) Chile Central", "South America", "Chile", "Santiago", ["-70.673676", "-33.447487"]).since(2025).zoned(3).recommended(),
    at("belgiumcentral", "Belgium Central", "(Europe) Belgium Central", "Europe", "Belgium", "Brussels", ["4.355707", "50.848175"]).since(2025).zoned(3).recommended(),
    at("centraluseuap", "Central US EUAP", "(US) Central US EUAP", "US", "Canary (US)", "", ["-93.6208", "41.5908"]).since(2016).paired("eastus2euap").zoned(2).canary(),
    at("eastus2euap", "East US 2 EUAP", "(US) East US 2 EUAP", "US", "Canary (US)", "", ["-78.3889", "36.6681"]).since(2016).paired("centraluseuap").zoned(3).canary(),
    at("chinaeast", "China East", "(China) China East", "China", "China", "Shanghai", ["121.4737", "31.2304"]).since(2014).paired("chinanorth").china(),
    at("chinanorth", "China North", "(China) China North", "China", "China", "Beijing", ["116.4074", "39.9042"]).since(2014).paired("chinaeast").china(),
    at("chinaeast2", "China East 2", "(China) China East 2", "China", "China", "Shanghai", ["121.4737", "31.2304"]).since(2018).paired("chinanorth2").recommended().china(),
    at("chinanorth2", "China North 2", "(China) China North 2", "China", "China", "Beijing", ["116.4074", "39.9042"]).since(2018).paired("chinaeast2").recommended().china(),
    at("chinaeast3", "China East 3", "(China) China East 3", "China", "China", "Jiangsu", ["121.4737", "31.2304"]).since(2022).paired("chinanorth3").recommended().china(),
    at("chinanorth3", "China North 3", "(China) China North 3", "China", "China", "Hebei", ["115.4845", "38.8739"]).since(2022).paired("chinaeast3").zoned(3).recommended().china(),
];

/// Logical regions, in the order listed (observed-arm, locations 2020-01-01).
#[rustfmt::skip]
pub static LOGICAL_REGIONS: &[LogicalRegion] = &[
    LogicalRegion { name: "centralusstage", display_name: "Central US (Stage)", regional_display_name: "(US) Central US (Stage)", geography_group: Some("US") },
    LogicalRegion { name: "eastusstage", display_name: "East US (Stage)", regional_display_name: "(US) East US (Stage)", geography_group: Some("US") },
    LogicalRegion { name: "eastus2stage", display_name: "East US 2 (Stage)", regional_display_name: "(US) East US 2 (Stage)", geography_group: Some("US") },
    LogicalRegion { name: "northcentralusstage", display_name: "North Central US (Stage)", regional_display_name: "(US) North Central US (Stage)", geography_group: Some("US") },
    LogicalRegion { name: "southcentralusstage", display_name: "South Central US (Stage)", regional_display_name: "(US) South Central US (Stage)", geography_group: Some("US") },
    LogicalRegion { name: "westusstage", display_name: "West US (Stage)", regional_display_name: "(US) West US (Stage)", geography_group: Some("US") },
    LogicalRegion { name: "westus2stage", display_name: "West US 2 (Stage)", regional_display_name: "(US) West US 2 (Stage)", geography_group: Some("US") },
    LogicalRegion { name: "asia", display_name: "Asia", regional_display_name: "Asia", geography_group: None },
    LogicalRegion { name: "asiapacific", display_name: "Asia Pacific", regional_display_name: "Asia Pacific", geography_group: None },
    LogicalRegion { name: "australia", display_name: "Australia", regional_display_name: "Australia", geography_group: None },
    LogicalRegion { name: "brazil", display_name: "Brazil", regional_display_name: "Brazil", geography_group: None },
    LogicalRegion { name: "canada", display_name: "Canada", regional_display_name: "Canada", geography_group: None },
    LogicalRegion { name: "europe", display_name: "Europe", regional_display_name: "Europe", geography_group: None },
    LogicalRegion { name: "global", display_name: "Global", regional_display_name: "Global", geography_group: None },
    LogicalRegion { name: "india", display_name: "India", regional_display_name: "India", geography_group: None },
    LogicalRegion { name: "japan", display_name: "Japan", regional_display_name: "Japan", geography_group: None },
    LogicalRegion { name: "uk", display_name: "United Kingdom", regional_display_name: "United Kingdom", geography_group: None },
    LogicalRegion { name: "unitedstates", display_name: "United States", regional_display_name: "United States", geography_group: None },
    LogicalRegion { name: "eastasiastage", display_name: "East Asia (Stage)", regional_display_name: "(Asia Pacific) East Asia (Stage)", geography_group: Some("Asia Pacific") },
    LogicalRegion { name: "southeastasiastage", display_name: "Southeast Asia (Stage)", regional_display_name: "(Asia Pacific) Southeast Asia (Stage)", geography_group: Some("Asia Pacific") },
];

/// Recommended regions in the order of 2020-01-01; those opened since stand behind their geography group.
#[rustfmt::skip]
const RECOMMENDED_2020: &[&str] = &[
    "eastus", "eastus2", "southcentralus", "westus2", "australiaeast", "southeastasia", "northeurope", "uksouth",
    "westeurope", "centralus", "northcentralus", "westus", "westus3", "southafricanorth", "centralindia", "eastasia",
    "japaneast", "koreacentral", "newzealandnorth", "indonesiacentral", "malaysiawest", "canadacentral",
    "francecentral", "germanywestcentral", "norwayeast", "switzerlandnorth", "swedencentral", "polandcentral",
    "italynorth", "spaincentral", "austriaeast", "belgiumcentral", "uaenorth", "qatarcentral", "israelcentral",
    "brazilsouth", "chilecentral", "mexicocentral",
];

#[rustfmt::skip]
const OTHER_2020: &[&str] = &[
    "westcentralus", "southafricawest", "australiacentral", "australiacentral2", "australiasoutheast", "japanwest",
    "koreasouth", "southindia", "westindia", "jioindiawest", "jioindiacentral", "canadaeast", "francesouth",
    "germanynorth", "norwaywest", "switzerlandwest", "ukwest", "swedensouth", "uaecentral", "brazilsoutheast",
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::tests::first_duplicate;

    #[test]
    fn names_are_unique_and_are_display_names_folded() {
        assert_eq!(first_duplicate(LOCATIONS.iter().map(|l| l.name)), None);
        for location in LOCATIONS {
            assert_eq!(normalise(location.display_name), location.name);
            let regional = format!("({}) {}", location.geography_group, location.display_name);
            assert_eq!(location.regional_display_name, regional);
        }
    }

    #[test]
    fn every_spelling_finds_the_location() {
        for text in ["westus2", "West US 2", "WEST us2", " w e s t u s 2 "] {
            assert_eq!(find(text).map(|l| l.name), Some("westus2"), "{text}");
        }
        for text in ["", "westus22", "westus", "global"] {
            assert_ne!(find(text).map(|l| l.name), Some("westus2"), "{text}");
        }
        assert_eq!(find("global"), None);
    }

    #[test]
    fn pairs_exist_in_the_same_cloud_and_are_mutual_but_for_the_known_ones() {
        let mut one_way = Vec::new();
        for location in LOCATIONS {
            let Some(pair) = location.pair else { continue };
            let other = LOCATIONS.iter().find(|l| l.name == pair).expect("a pair exists");
            assert_eq!(other.cloud, location.cloud);
            if other.pair != Some(location.name) {
                one_way.push(location.name);
            }
        }
        assert_eq!(one_way, ["brazilsouth", "westindia", "brazilsoutheast", "westus3"]);
    }

    #[test]
    fn both_list_orders_hold_the_same_locations() {
        let mut old: Vec<_> = listed(9999).map(|l| l.name).collect();
        let mut new: Vec<_> = listed_2020(9999).map(|l| l.name).collect();
        assert_eq!(old[..4], ["eastasia", "southeastasia", "centralus", "eastus"]);
        assert_eq!(new[..4], ["eastus", "eastus2", "southcentralus", "westus2"]);
        old.sort_unstable();
        new.sort_unstable();
        assert_eq!(old, new);
    }

    #[test]
    fn recommended_regions_come_first_in_the_newer_order() {
        let categories: Vec<_> = listed_2020(9999).map(|l| l.category == Category::Recommended).collect();
        assert!(categories.is_sorted_by(|a, b| a >= b));
    }

    #[test]
    fn the_classic_list_of_2015_has_eighteen_locations() {
        assert_eq!(listed_classic(2015).count(), 18);
        assert!(listed_classic(2016).any(|l| l.name == "westus2"));
        assert!(listed_classic(9999).all(|l| l.classic && l.cloud == CloudName::Public));
    }

    #[test]
    fn zones_and_fault_domains_are_in_range() {
        for location in LOCATIONS {
            assert!([0, 2, 3].contains(&location.zones), "{}", location.name);
            assert!([2, 3].contains(&location.fault_domains), "{}", location.name);
            assert_eq!(location.zone_names().len(), usize::from(location.zones));
            assert!(
                location.longitude.parse::<f64>().is_ok_and(|d| d.abs() <= 180.0),
                "{}",
                location.name
            );
            assert!(
                location.latitude.parse::<f64>().is_ok_and(|d| d.abs() <= 90.0),
                "{}",
                location.name
            );
        }
    }

    #[test]
    fn a_location_with_a_slash_is_malformed() {
        assert!(is_well_formed("West US 2"));
        assert!(is_well_formed("(asia)"));
        assert!(!is_well_formed("west/us"));
        assert!(!is_well_formed(""));
    }
}
