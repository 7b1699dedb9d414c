//! What the classic API offers where: role sizes and account types of a location, month by month (SM 4.2).
//!
//! Lists were recorded in 2015-07, 2015-08, 2016-01, 2016-04, 2016-08, 2017-03 and 2017-06 (observed-asm, locations). What one list
//! has and the one before has not came in between: the month in the middle is assumed. Of the regions that only the lists of 2015
//! name, nothing later is known. Whether a machine of a size may be made in a location is not decided here.

use crate::catalogue::role_sizes::{ROLE_SIZES, RoleSize};
use crate::catalogue::{Month, locations};

/// Regions by the month from which on a family is offered in them.
type Spread = &'static [(Month, &'static [&'static str])];

/// A family of sizes.
struct Offer {
    /// The family's name in the catalogue; `15` behind it for its largest size, which came later.
    family: &'static str,
    /// Where machines may have it.
    machines: Spread,
    /// Where web and worker roles may have it.
    packages: Spread,
}

const JULY_2015: Month = Month::new(2015, 7);
const AUGUST_2015: Month = Month::new(2015, 8);
const NOVEMBER_2015: Month = Month::new(2015, 11);
const MARCH_2016: Month = Month::new(2016, 3);
const JUNE_2016: Month = Month::new(2016, 6);
const DECEMBER_2016: Month = Month::new(2016, 12);
const APRIL_2017: Month = Month::new(2017, 4);

/// The first month with a recorded list of locations.
pub const FIRST_MONTH: Month = JULY_2015;
/// The last month with a recorded list of locations.
pub const LAST_MONTH: Month = Month::new(2017, 6);

const OLD: Spread = &[
    (
        JULY_2015,
        &[
            "eastus",
            "westus",
            "centralus",
            "southcentralus",
            "northcentralus",
            "eastus2",
            "northeurope",
            "westeurope",
            "southeastasia",
            "eastasia",
            "japanwest",
            "japaneast",
            "brazilsouth",
            "australiasoutheast",
            "australiaeast",
            "centralindia",
            "southindia",
        ],
    ),
    (AUGUST_2015, &["westindia"]),
];
const A8: Spread = &[(
    JULY_2015,
    &[
        "eastus",
        "westus",
        "southcentralus",
        "northcentralus",
        "northeurope",
        "westeurope",
        "japaneast",
    ],
)];
const D: Spread = &[
    (
        JULY_2015,
        &[
            "eastus",
            "westus",
            "centralus",
            "southcentralus",
            "northcentralus",
            "eastus2",
            "northeurope",
            "westeurope",
            "southeastasia",
            "eastasia",
            "japanwest",
            "japaneast",
            "australiasoutheast",
            "australiaeast",
        ],
    ),
    (AUGUST_2015, &["brazilsouth"]),
];
const DV2: Spread = &[
    (
        NOVEMBER_2015,
        &[
            "eastus",
            "centralus",
            "southcentralus",
            "eastus2",
            "northeurope",
            "westeurope",
            "southeastasia",
            "eastasia",
        ],
    ),
    (MARCH_2016, &["westus", "northcentralus"]),
];
const DSV2_FIRST: &[&str] = &[
    "eastus",
    "westus",
    "centralus",
    "southcentralus",
    "northeurope",
    "westeurope",
];
const LATE: Spread = &[
    (
        DECEMBER_2016,
        &[
            "eastus",
            "westus",
            "centralus",
            "southcentralus",
            "northcentralus",
            "eastus2",
            "northeurope",
            "westeurope",
        ],
    ),
    (APRIL_2017, &["southeastasia", "eastasia"]),
];
const F_FIRST: &[&str] = &[
    "eastus",
    "westus",
    "centralus",
    "southcentralus",
    "northcentralus",
    "eastus2",
    "northeurope",
    "westeurope",
    "southeastasia",
];
const H: Spread = &[(
    DECEMBER_2016,
    &[
        "eastus",
        "westus",
        "southcentralus",
        "northcentralus",
        "northeurope",
        "westeurope",
    ],
)];

const fn offer(family: &'static str, machines: Spread, packages: Spread) -> Offer {
    Offer {
        family,
        machines,
        packages,
    }
}

/// By family.
const OFFERS: &[Offer] = &[
    offer("basicAFamily", OLD, &[]),
    offer("standardA0_A7Family", OLD, OLD),
    offer("standardA8_A11Family", A8, A8),
    offer("standardAv2Family", LATE, LATE),
    offer("standardDFamily", D, D),
    offer(
        "standardDSFamily",
        &[
            (
                JULY_2015,
                &[
                    "westus",
                    "eastus2",
                    "westeurope",
                    "southeastasia",
                    "japanwest",
                    "australiaeast",
                ],
            ),
            (AUGUST_2015, &["japaneast"]),
            (
                NOVEMBER_2015,
                &["eastus", "centralus", "southcentralus", "northeurope", "eastasia"],
            ),
        ],
        &[],
    ),
    offer(
        "standardDSv2Family",
        &[
            (MARCH_2016, DSV2_FIRST),
            (JUNE_2016, &["northcentralus", "eastus2", "southeastasia"]),
            (APRIL_2017, &["eastasia"]),
        ],
        &[(MARCH_2016, DSV2_FIRST)],
    ),
    offer("standardDSv2Family15", LATE, &[]),
    offer("standardDv2Family", DV2, DV2),
    offer("standardDv2Family15", LATE, LATE),
    offer(
        "standardFFamily",
        &[(JUNE_2016, F_FIRST), (JUNE_2016, &["eastasia"])],
        &[],
    ),
    offer(
        "standardFSFamily",
        &[(JUNE_2016, F_FIRST), (APRIL_2017, &["eastasia"])],
        &[],
    ),
    offer(
        "standardGFamily",
        &[
            (JULY_2015, &["westus", "eastus2"]),
            (AUGUST_2015, &["westeurope"]),
            (NOVEMBER_2015, &["southeastasia"]),
        ],
        &[
            (DECEMBER_2016, &["westus", "eastus2", "westeurope"]),
            (APRIL_2017, &["southeastasia"]),
        ],
    ),
    offer(
        "standardGSFamily",
        &[
            (AUGUST_2015, &["westus", "eastus2", "westeurope"]),
            (NOVEMBER_2015, &["southeastasia"]),
        ],
        &[],
    ),
    offer("standardHFamily", H, H),
    offer(
        "standardLSFamily",
        &[
            (DECEMBER_2016, &["westus", "eastus2"]),
            (APRIL_2017, &["southeastasia"]),
        ],
        &[],
    ),
];

/// The month from which on web and worker roles cannot have `DSv2` any more: only the list of 2016-04 offers it to them.
const DSV2_PACKAGES_UNTIL: Month = JUNE_2016;

fn offer_of(size: &RoleSize) -> Option<&'static Offer> {
    let family = size.size()?.family.name;
    let largest = size.name.ends_with("15_v2");
    OFFERS.iter().find(|offer| match offer.family.strip_suffix("15") {
        Some(bare) => largest && bare == family,
        None => !largest && offer.family == family,
    })
}

fn is_sold(spread: Spread, location: &str, month: Month) -> bool {
    spread
        .iter()
        .any(|(since, places)| *since <= month && places.contains(&location))
}

/// The role sizes of a location (any spelling) in a month, in the order served; for web and worker roles, or for machines.
pub fn role_sizes(location: &str, month: Month, packages: bool) -> impl Iterator<Item = &'static RoleSize> {
    let place = locations::find(location).map_or("", |found| found.name);
    ROLE_SIZES.iter().filter(move |size| {
        offer_of(size).is_some_and(|offer| {
            if packages {
                let over = offer.family == "standardDSv2Family" && month >= DSV2_PACKAGES_UNTIL;
                !over && is_sold(offer.packages, place, month)
            } else {
                is_sold(offer.machines, place, month)
            }
        })
    })
}

/// The account types of a location in a month: premium ones where premium machines are (recorded).
pub fn account_types(location: &str, month: Month) -> impl Iterator<Item = &'static str> {
    let premium = role_sizes(location, month, false).any(|size| size.name.starts_with("Standard_DS"));
    locations::CLASSIC_STORAGE_TYPES
        .iter()
        .copied()
        .filter(move |name| premium || *name != "Premium_LRS")
}

/// The locations that the API lists: the regions that opened after 2015 are in no recorded list (SM 4.2).
pub fn listed() -> impl Iterator<Item = &'static locations::Location> {
    locations::listed_classic(FIRST_MONTH.year())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(location: &str, month: Month) -> (usize, usize, usize) {
        (
            role_sizes(location, month, true).count(),
            role_sizes(location, month, false).count(),
            account_types(location, month).count(),
        )
    }

    #[test]
    fn a_location_offers_what_was_recorded() {
        let month = Month::new;
        assert_eq!(counts("West US", month(2015, 7)), (20, 38, 5));
        assert_eq!(counts("East US", month(2015, 7)), (20, 25, 4));
        assert_eq!(counts("East Asia", month(2016, 1)), (25, 38, 5));
        assert_eq!(counts("West Europe", month(2016, 4)), (38, 61, 5));
        assert_eq!(counts("North Central US", month(2016, 4)), (29, 34, 4));
        assert_eq!(counts("East US 2", month(2016, 8)), (25, 67, 5));
        assert_eq!(counts("West US", month(2017, 3)), (48, 90, 5));
        assert_eq!(counts("West India", month(2015, 7)), (0, 0, 4));
        assert_eq!(counts("nowhere", month(2017, 6)), (0, 0, 4));
    }

    #[test]
    fn every_role_size_is_offered_somewhere() {
        for size in ROLE_SIZES {
            let offer = offer_of(size).unwrap_or_else(|| panic!("{} belongs to no family", size.name));
            assert!(!offer.machines.is_empty(), "{}", size.name);
        }
    }

    #[test]
    fn every_place_is_a_location() {
        for offer in OFFERS {
            for (_, places) in offer.machines.iter().chain(offer.packages) {
                assert!(
                    places
                        .iter()
                        .all(|place| locations::find(place).is_some_and(|found| found.name == *place)),
                    "{}",
                    offer.family
                );
            }
        }
    }
}
