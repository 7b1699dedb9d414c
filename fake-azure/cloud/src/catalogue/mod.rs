//! The catalogue: what this Azure offers. Locations, sizes, images, extensions, limits, api-versions.
//!
//! It is data with small look-ups. It refuses to know subscriptions, state, wire formats and the time of day: where the
//! offer changed over the years, the [`Month`] is an argument. Names fold case on look-up and print as Azure prints them.
//! What rests on no recording or document is marked *assumed* where it stands.

pub mod api_versions;
pub mod classic_images;
pub mod extensions;
pub mod images;
pub mod limits;
pub mod locations;
pub mod providers;
pub mod role_sizes;
pub mod sizes;

use std::cmp::Ordering;

/// A calendar month: the grain in which the catalogue of a day is chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Month {
    year: u16,
    month: u8,
}

impl Month {
    /// Before everything: what is offered since then was always offered.
    pub const DAWN: Month = Month::new(2010, 1);

    /// After everything: the catalogue with all it ever gained.
    pub const EVER: Month = Month::new(9999, 12);

    /// A month of a year; months count from 1.
    pub const fn new(year: u16, month: u8) -> Month {
        assert!(month >= 1 && month <= 12, "months count from 1 to 12");
        Month { year, month }
    }

    /// The year.
    pub const fn year(self) -> u16 {
        self.year
    }

    /// The month, from 1.
    pub const fn month(self) -> u8 {
        self.month
    }
}

/// Compares version names as Azure sorts them: by numeric parts, so that `1.10` follows `1.9` (ARM 8.6).
///
/// Parts are separated by `.`, `-` or `_`; parts that are not numbers compare as text, after numbers.
pub fn compare_versions(a: &str, b: &str) -> Ordering {
    let split = |c: char| matches!(c, '.' | '-' | '_');
    let (mut left, mut right) = (a.split(split), b.split(split));
    loop {
        let order = match (left.next(), right.next()) {
            (None, None) => return a.len().cmp(&b.len()).then_with(|| a.cmp(b)),
            (None, Some(_)) => return Ordering::Less,
            (Some(_), None) => return Ordering::Greater,
            (Some(x), Some(y)) => match (x.parse::<u64>(), y.parse::<u64>()) {
                (Ok(x), Ok(y)) => x.cmp(&y),
                (Ok(_), Err(_)) => Ordering::Less,
                (Err(_), Ok(_)) => Ordering::Greater,
                (Err(_), Err(_)) => x.cmp(y),
            },
        };
        if order.is_ne() {
            return order;
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// The first name that occurs twice, case folded.
    pub(crate) fn first_duplicate<'a>(names: impl IntoIterator<Item = &'a str>) -> Option<String> {
        let mut seen = std::collections::BTreeSet::new();
        names
            .into_iter()
            .map(str::to_ascii_lowercase)
            .find(|name| !seen.insert(name.clone()))
    }

    #[test]
    fn versions_compare_by_numeric_parts() {
        let mut versions = [
            "16.04.202010140",
            "4.127.20170510",
            "16.04.20201",
            "4.0.20151120",
            "4.0",
            "16.4.9",
        ];
        versions.sort_by(|a, b| compare_versions(a, b));
        assert_eq!(
            versions,
            [
                "4.0",
                "4.0.20151120",
                "4.127.20170510",
                "16.4.9",
                "16.04.20201",
                "16.04.202010140"
            ]
        );
    }

    #[test]
    fn versions_that_differ_only_in_leading_zeros_still_have_an_order() {
        assert_eq!(compare_versions("1.04", "1.4"), Ordering::Greater);
        assert_eq!(compare_versions("1.4", "1.4"), Ordering::Equal);
    }

    #[test]
    fn months_order_by_year_then_month() {
        assert!(Month::new(2016, 5) < Month::new(2016, 6));
        assert!(Month::new(2016, 12) < Month::new(2017, 1));
        assert!(Month::DAWN < Month::EVER);
    }
}
