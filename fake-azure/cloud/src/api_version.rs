//! API versions: `YYYY-MM-DD`, perhaps with a suffix. They order by date; a preview comes before its release.

use std::fmt;

use serde::{Deserialize, Serialize};

/// An api-version as a client sends it (ARM 1.6).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ApiVersion {
    date: u32,
    stage: Stage,
}

/// How far along a version is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
enum Stage {
    PrivatePreview,
    Alpha,
    Beta,
    Preview,
    Rc,
    Release,
}

impl ApiVersion {
    /// Older than every version there is.
    pub const OLDEST: ApiVersion = ApiVersion::date(2010, 1, 1);

    /// Newer than every version there is.
    pub const NEWEST: ApiVersion = ApiVersion::date(9999, 12, 31);

    /// The release of a day.
    pub const fn date(year: u32, month: u32, day: u32) -> ApiVersion {
        ApiVersion {
            date: year * 10_000 + month * 100 + day,
            stage: Stage::Release,
        }
    }

    /// Reads `2016-09-01` or `2016-04-30-preview`, in any case; `None` for anything else.
    pub fn parse(text: &str) -> Option<ApiVersion> {
        let bytes = text.as_bytes();
        if bytes.len() < 10 || bytes[4] != b'-' || bytes[7] != b'-' || !text.is_char_boundary(10) {
            return None;
        }

        let number = |from: usize, to: usize| -> Option<u32> {
            let digits = &text[from..to];
            digits
                .bytes()
                .all(|b| b.is_ascii_digit())
                .then(|| digits.parse().ok())?
        };
        let (year, month, day) = (number(0, 4)?, number(5, 7)?, number(8, 10)?);
        if !(1..=12).contains(&month) || !(1..=31).contains(&day) {
            return None;
        }

        let stage = match text[10..].to_ascii_lowercase().as_str() {
            "" => Stage::Release,
            "-preview" => Stage::Preview,
            "-alpha" => Stage::Alpha,
            "-beta" => Stage::Beta,
            "-rc" => Stage::Rc,
            "-privatepreview" => Stage::PrivatePreview,
            _ => return None,
        };
        Some(ApiVersion {
            date: year * 10_000 + month * 100 + day,
            stage,
        })
    }

    /// The year of the version.
    pub const fn year(self) -> u32 {
        self.date / 10_000
    }
}

impl fmt::Display for ApiVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let suffix = match self.stage {
            Stage::Release => "",
            Stage::Preview => "-preview",
            Stage::Alpha => "-alpha",
            Stage::Beta => "-beta",
            Stage::Rc => "-rc",
            Stage::PrivatePreview => "-privatepreview",
        };
        write!(
            f,
            "{:04}-{:02}-{:02}{suffix}",
            self.date / 10_000,
            self.date / 100 % 100,
            self.date % 100
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_order_by_date_and_stage() {
        let read = |text| ApiVersion::parse(text).expect("well formed");
        assert!(read("2016-04-30-preview") < read("2016-04-30"));
        assert!(read("2016-04-30") < read("2016-06-01"));
        assert_eq!(read("2016-04-30-Preview").to_string(), "2016-04-30-preview");
    }

    #[test]
    fn other_forms_are_no_versions() {
        for text in [
            "",
            "2016",
            "2016-13-01",
            "2016-1-1",
            "2016-01-01-final",
            "latest",
            "2016-01-0é",
        ] {
            assert_eq!(ApiVersion::parse(text), None, "{text}");
        }
    }
}
