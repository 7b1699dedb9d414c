//! Pace: how a cloud's clock moves.
//!
//! It refuses to know requests: the front ends say what a request waits for, the pace says how far time goes.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// How a cloud's clock moves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Pace {
    /// A poll, or a read of something in progress, first moves the clock to its end: no client ever waits.
    #[default]
    Immediate,
    /// A poll moves the clock by the real `Retry-After`, every other request by a second: every intermediate state is seen.
    Stepped,
    /// The clock follows the wall clock, this many times as fast; 1 is real time.
    Scaled(u32),
    /// The clock moves only when told to.
    Paused,
}

impl Pace {
    /// Reads `immediate`, `stepped`, `scaled:10` or `paused`; `None` for anything else. A factor is at least 1.
    pub fn parse(text: &str) -> Option<Pace> {
        match text {
            "immediate" => Some(Pace::Immediate),
            "stepped" => Some(Pace::Stepped),
            "paused" => Some(Pace::Paused),
            "scaled" => Some(Pace::Scaled(1)),
            _ => {
                let factor: u32 = text.strip_prefix("scaled:")?.parse().ok()?;
                (factor > 0).then_some(Pace::Scaled(factor))
            }
        }
    }

    /// Whether waiting is cut short: clients are told to come back after a second.
    pub fn is_hasty(self) -> bool {
        matches!(self, Pace::Immediate | Pace::Stepped)
    }
}

impl fmt::Display for Pace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Pace::Immediate => f.write_str("immediate"),
            Pace::Stepped => f.write_str("stepped"),
            Pace::Scaled(factor) => write!(f, "scaled:{factor}"),
            Pace::Paused => f.write_str("paused"),
        }
    }
}

impl std::str::FromStr for Pace {
    type Err = String;

    fn from_str(text: &str) -> Result<Pace, String> {
        Pace::parse(text)
            .ok_or_else(|| format!("`{text}` is not a pace: expected `immediate`, `stepped`, `scaled:N` or `paused`"))
    }
}

impl Serialize for Pace {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Pace {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Pace, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(serde::de::Error::custom)
    }
}

impl JsonSchema for Pace {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Pace".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "string",
            "pattern": "^(immediate|stepped|scaled(:[1-9][0-9]*)?|paused)$",
            "description": "How a cloud's clock moves."
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pace_reads_as_it_prints() {
        for pace in [
            Pace::Immediate,
            Pace::Stepped,
            Pace::Scaled(1),
            Pace::Scaled(600),
            Pace::Paused,
        ] {
            assert_eq!(Pace::parse(&pace.to_string()), Some(pace));
        }
        assert_eq!(Pace::parse("scaled"), Some(Pace::Scaled(1)));
    }

    #[test]
    fn other_words_are_no_pace() {
        for text in [
            "",
            "Immediate",
            "scaled:",
            "scaled:0",
            "scaled:-1",
            "scaled:1.5",
            "fast",
        ] {
            assert_eq!(Pace::parse(text), None, "{text}");
        }
    }
}
