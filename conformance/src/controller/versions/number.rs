//! Versions as numbers.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// How far a version had come when it was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Stage {
    Alpha,
    Beta,
    Candidate,
    Release,
}

impl Stage {
    const TAGS: [(&'static str, Stage); 3] = [("alpha", Stage::Alpha), ("beta", Stage::Beta), ("rc", Stage::Candidate)];

    fn tag(self) -> Option<&'static str> {
        Stage::TAGS.iter().find(|(_, own)| *own == self).map(|(tag, _)| *tag)
    }
}

/// A version: `2.2.1`, `1.25-alpha1`, `1.19.0.1`. Ordered as Juju orders them: what is tagged comes before the release.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Number {
    pub(super) major: u32,
    pub(super) minor: u32,
    pub(super) stage: Stage,
    pub(super) patch: u32,
    pub(super) build: u32,
}

impl Number {
    /// A release.
    #[must_use]
    pub const fn new(major: u32, minor: u32, patch: u32) -> Number {
        Number {
            major,
            minor,
            stage: Stage::Release,
            patch,
            build: 0,
        }
    }

    /// Major and minor: what has to agree before two bodies of code understand each other.
    #[must_use]
    pub fn series(self) -> (u32, u32) {
        (self.major, self.minor)
    }

    /// Whether it was never released. Until 1.20 odd minor versions were not (juju-provider 3.7).
    #[must_use]
    pub fn is_devel(self) -> bool {
        let odd_era = self.major == 1 && self.minor <= 20 && self.minor % 2 == 1;
        self.stage != Stage::Release || self.build > 0 || odd_era
    }
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)?;
        match self.stage.tag() {
            Some(tag) => write!(f, "-{tag}{}", self.patch)?,
            None => write!(f, ".{}", self.patch)?,
        }
        if self.build > 0 {
            write!(f, ".{}", self.build)?;
        }
        Ok(())
    }
}

impl From<Number> for String {
    fn from(number: Number) -> String {
        number.to_string()
    }
}

impl TryFrom<String> for Number {
    type Error = NotAVersion;

    fn try_from(text: String) -> Result<Number, NotAVersion> {
        text.parse()
    }
}

/// A text that is no version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotAVersion(pub(super) String);

impl fmt::Display for NotAVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "`{}` is no version, expected one like `2.2.1` or `1.25-alpha1`",
            self.0
        )
    }
}

impl std::error::Error for NotAVersion {}

impl FromStr for Number {
    type Err = NotAVersion;

    fn from_str(text: &str) -> Result<Number, NotAVersion> {
        read(text).ok_or_else(|| NotAVersion(text.to_owned()))
    }
}

fn read(text: &str) -> Option<Number> {
    let (major, rest) = text.split_once('.')?;
    let major = digits(major)?;
    let (minor, stage, rest) = match rest.split_once('-') {
        Some((minor, tagged)) => {
            let (tag, stage) = Stage::TAGS.iter().find(|(tag, _)| tagged.starts_with(tag))?;
            (minor, *stage, Some(&tagged[tag.len()..]))
        }
        None => match rest.split_once('.') {
            Some((minor, rest)) => (minor, Stage::Release, Some(rest)),
            None => (rest, Stage::Release, None),
        },
    };
    let (patch, build) = match rest {
        None => (0, 0),
        Some(rest) => match rest.split_once('.') {
            Some((patch, build)) => (digits(patch)?, digits(build)?),
            None => (digits(rest)?, 0),
        },
    };
    Some(Number {
        major,
        minor: digits(minor)?,
        stage,
        patch,
        build,
    })
}

fn digits(text: &str) -> Option<u32> {
    match text.bytes().all(|byte| byte.is_ascii_digit()) {
        true => text.parse().ok(),
        false => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(text: &str) -> Number {
        text.parse().expect("a version")
    }

    #[test]
    fn versions_are_ordered_and_written_as_they_are_read() {
        let texts = [
            "1.19.0.1",
            "1.24.5",
            "1.25-alpha1",
            "1.25-beta2",
            "1.25-rc1",
            "1.25.0",
            "1.25.2",
            "1.25.10",
            "2.0-beta4",
            "2.0-beta4.1",
            "2.0.0",
            "2.2.1",
        ];
        let numbers: Vec<Number> = texts.iter().map(|text| number(text)).collect();
        assert!(numbers.is_sorted(), "{numbers:?}");
        let again: Vec<String> = numbers.iter().map(Number::to_string).collect();
        assert_eq!(again, texts);
        assert_eq!(number("2.2"), number("2.2.0"));
    }

    #[test]
    fn what_is_no_version_is_refused() {
        for text in [
            "",
            "2",
            "2.",
            "2.x",
            "2.2.",
            "2.2.1.",
            "2.2-gamma1",
            "2.2-alpha",
            "v2.2",
            "2.+2.1",
            "2.2.1.0.0",
        ] {
            assert!(text.parse::<Number>().is_err(), "{text} was read");
        }
    }

    #[test]
    fn odd_minors_were_not_released_until_1_20() {
        let devel = ["1.19.0", "1.25-alpha1", "1.20.1.1", "2.0-rc3"];
        let released = ["1.18.4", "1.21.0", "1.25.2", "2.2.1", "2.3.0"];
        assert!(devel.iter().all(|text| number(text).is_devel()));
        assert!(released.iter().all(|text| !number(text).is_devel()));
    }
}
