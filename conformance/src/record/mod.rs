//! Recorded sessions: what a scenario sent and was answered, in a file without secrets, and the same requests sent once more.
//!
//! A session is JSON lines: a heading that says what was recorded, then one line a request, as the journal writes them.

mod replay;
mod sanitise;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

pub use self::replay::{Divergence, Replayed, replay};

/// The version of the format. A reader of another version refuses.
const VERSION: u32 = 1;

/// What was recorded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Heading {
    version: u32,
    /// The scenario's id.
    pub scenario: String,
    /// Its limit profile.
    pub profile: String,
    /// Its seed.
    pub seed: u64,
}

/// One request with its answer, as the journal writes it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Exchange {
    /// Its number.
    pub n: u64,
    /// When, on the world's clock.
    pub time: String,
    /// Which service.
    pub api: String,
    /// Method.
    pub method: String,
    /// `{arm}/subscriptions/…`
    pub url: String,
    /// Headers of the request that are the protocol's.
    pub headers: Map<String, Value>,
    /// Its body.
    pub body: Value,
    /// Status of the answer.
    pub status: u16,
    /// Headers of the answer.
    pub answer_headers: Map<String, Value>,
    /// Its body.
    pub answer: Value,
    /// The fault that struck it.
    pub fault: Option<String>,
}

/// A recorded session.
#[derive(Clone, Debug, PartialEq)]
pub struct Session {
    /// What was recorded.
    pub heading: Heading,
    /// Its exchanges, in order.
    pub exchanges: Vec<Exchange>,
}

impl Session {
    /// The session of a journal, without what is secret.
    ///
    /// # Errors
    ///
    /// When a line is none of a journal's.
    pub fn of_journal(scenario: &str, profile: &str, seed: u64, journal: &[String]) -> anyhow::Result<Session> {
        let mut exchanges = Vec::with_capacity(journal.len());
        for line in journal {
            let mut exchange: Exchange = serde_json::from_str(line)?;
            sanitise::exchange(&mut exchange);
            exchanges.push(exchange);
        }
        Ok(Session {
            heading: Heading {
                version: VERSION,
                scenario: scenario.to_owned(),
                profile: profile.to_owned(),
                seed,
            },
            exchanges,
        })
    }

    /// The session as a file has it.
    ///
    /// # Errors
    ///
    /// Never: a session is made of texts, numbers and trees.
    pub fn write(&self) -> anyhow::Result<String> {
        let mut text = format!("{}\n", serde_json::to_string(&self.heading)?);
        for exchange in &self.exchanges {
            text.push_str(&serde_json::to_string(exchange)?);
            text.push('\n');
        }
        Ok(text)
    }

    /// Reads a file.
    ///
    /// # Errors
    ///
    /// Which line is not as it should be, or that the format is another version's.
    pub fn read(text: &str) -> anyhow::Result<Session> {
        let mut lines = text.lines().zip(1..);
        let Some((first, _)) = lines.next() else {
            anyhow::bail!("the file is empty, expected a heading");
        };
        let heading: Heading = serde_json::from_str(first).map_err(|error| anyhow::anyhow!("line 1: {error}"))?;
        anyhow::ensure!(
            heading.version == VERSION,
            "the format is version {}, expected {VERSION}: record the session again",
            heading.version
        );
        let mut exchanges = Vec::new();
        for (line, number) in lines {
            let exchange = serde_json::from_str(line).map_err(|error| anyhow::anyhow!("line {number}: {error}"))?;
            exchanges.push(exchange);
        }
        Ok(Session { heading, exchanges })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_reads_as_it_was_written_and_another_version_is_refused() {
        let line = r#"{"n":1,"time":"2016-04-01T00:00:00.0000000Z","api":"arm","method":"GET","url":"{arm}/x","status":200,"answer_headers":{}}"#;
        let session = Session::of_journal("a/b", "2016", 7, &[line.to_owned()]).expect("a journal");
        let text = session.write().expect("a text");
        assert_eq!(Session::read(&text).expect("the same"), session);
        let other = text.replacen("\"version\":1", "\"version\":2", 1);
        assert!(Session::read(&other).is_err_and(|error| error.to_string().contains("version 2")));
        assert!(Session::read("{}\n").is_err());
    }
}
