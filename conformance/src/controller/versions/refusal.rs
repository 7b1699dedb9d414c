//! Why a version cannot be had, in words: who wanted something, which version it looked for, in which lists (seed 004).

use std::fmt;

use super::binaries::{Searched, Seeker, Sought};
use super::number::Number;

/// Why a version cannot be had.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// Lists were read, and nothing in them fits.
    NoMatch {
        /// Who looked.
        seeker: Seeker,
        /// For what.
        sought: Box<Sought>,
        /// Where.
        searched: Vec<Searched>,
    },
    /// No list could be read at all: whether what is sought exists is not known.
    Unreadable {
        /// Who looked.
        seeker: Seeker,
        /// For what.
        sought: Box<Sought>,
        /// Where.
        searched: Vec<Searched>,
    },
    /// A client bootstraps servers of its own major and minor version only.
    ServerOfClient {
        /// The client's.
        client: Number,
        /// The server's that was asked for.
        server: Number,
    },
    /// Agents talk to the server, so they are not newer than it.
    NewerThanServer {
        /// The model.
        model: String,
        /// The agents' version that was asked for.
        agent: Number,
        /// The server's.
        server: Number,
    },
    /// Agents talk to the server, so they are of its major version.
    MajorOfServer {
        /// The model.
        model: String,
        /// The agents' version that was asked for.
        agent: Number,
        /// The server's.
        server: Number,
    },
    /// Agents do not go back to an earlier minor version.
    Downgrade {
        /// The model.
        model: String,
        /// What the agents are.
        from: Number,
        /// What was asked for.
        to: Number,
    },
    /// A new major version is entered by its x.0.
    MajorNotFirst {
        /// The model.
        model: String,
        /// What the agents are.
        from: Number,
        /// What was asked for.
        to: Number,
    },
    /// A new major version is entered from some version on.
    MajorTooEarly {
        /// The model.
        model: String,
        /// What the agents are.
        from: Number,
        /// What was asked for.
        to: Number,
        /// From where on; none: from nowhere.
        minimum: Option<Number>,
    },
    /// An upgrade begins where every agent runs the model's version.
    MixedAgents {
        /// The model.
        model: String,
        /// Its version.
        version: Number,
        /// Agents of another version.
        others: Vec<(String, Number)>,
    },
    /// There is nothing newer.
    UpToDate {
        /// The model.
        model: String,
        /// Its version.
        version: Number,
    },
    /// Two options exclude each other.
    Options(&'static str, &'static str),
}

impl Refusal {
    /// Its class in one word, for whoever asks in scenarios.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Refusal::NoMatch { .. } => "no-match",
            Refusal::Unreadable { .. } => "unreadable",
            Refusal::UpToDate { .. } => "up-to-date",
            Refusal::Options(..) => "options",
            _ => "incompatible",
        }
    }
}

impl std::error::Error for Refusal {}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Refusal::NoMatch {
                seeker,
                sought,
                searched,
            } => {
                write!(
                    f,
                    "no matching agent binaries available for {seeker}: sought {sought}; searched {}",
                    listed(searched)
                )?;
                advice(f, seeker)
            }
            Refusal::Unreadable {
                seeker,
                sought,
                searched,
            } => {
                write!(
                    f,
                    "cannot look for agent binaries for {seeker}: sought {sought}, but no list could be read: {}",
                    listed(searched)
                )?;
                advice(f, seeker)
            }
            Refusal::ServerOfClient { client, server } => write!(
                f,
                "requested agent version major.minor mismatch: server {server} was asked of client {client}, and a client \
                 bootstraps servers of its own major and minor version only"
            ),
            Refusal::NewerThanServer { model, agent, server } => write!(
                f,
                "agents of model `{model}` cannot be {agent} on server {server}: agents may not be newer than their server, \
                 upgrade the controller first"
            ),
            Refusal::MajorOfServer { model, agent, server } => write!(
                f,
                "agents of model `{model}` cannot be {agent} on server {server}: agents must be of their server's major version"
            ),
            Refusal::Downgrade { model, from, to } => write!(
                f,
                "agents of model `{model}` cannot change from {from} to {to}: agents do not go back to an earlier major or minor \
                 version"
            ),
            Refusal::MajorNotFirst { model, from, to } => write!(
                f,
                "agents of model `{model}` cannot change from {from} to {to}: upgrades to a new major version must first go \
                 through {}.0",
                to.major
            ),
            Refusal::MajorTooEarly {
                model,
                from,
                to,
                minimum,
            } => {
                write!(f, "agents of model `{model}` cannot change from {from} to {to}: ")?;
                match minimum {
                    Some(minimum) => write!(f, "{}.0 can be reached from {minimum} on", to.major),
                    None => write!(f, "there is no way from {}.x to {}.x", from.major, to.major),
                }
            }
            Refusal::MixedAgents { model, version, others } => {
                let names: Vec<String> = others.iter().map(|(name, own)| format!("{name} ({own})")).collect();
                write!(
                    f,
                    "some agents have not upgraded to the current model version {version}: {} in model `{model}`; an upgrade \
                     begins where every agent runs its model's version",
                    names.join(", ")
                )
            }
            Refusal::UpToDate { model, version } => write!(
                f,
                "no upgrades available: agents of model `{model}` are {version}, and no list has anything newer for them"
            ),
            Refusal::Options(one, other) => write!(f, "{one} and {other} cannot be used together"),
        }
    }
}

fn listed(searched: &[Searched]) -> String {
    match searched {
        [] => "no list, since none is configured".to_owned(),
        searched => searched.iter().map(Searched::to_string).collect::<Vec<_>>().join("; "),
    }
}

/// What a person can do about binaries that are not there.
fn advice(f: &mut fmt::Formatter<'_>, seeker: &Seeker) -> fmt::Result {
    match seeker {
        Seeker::Bootstrap { .. } => f.write_str(
            ". Publish them there, name another place with `agent-metadata-url`, or build them with `--build-agent`",
        ),
        Seeker::MachineAgent { .. } | Seeker::NewModel { .. } | Seeker::Upgrade { .. } => {
            f.write_str(". Publish them there, or name another place with `agent-metadata-url`")
        }
    }
}
