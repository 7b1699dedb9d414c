//! Versions of client, server and agent, and where agent binaries are looked for (juju-provider 3.7).
//!
//! Three bodies of code have versions: the client that a person types commands into, the server that it talks to, and the agents on
//! machines. What is refused says which of them wanted something, which version it looked for, and in which lists (seed 004). Pure:
//! lists and versions go in, a choice or a [`Refusal`] comes out. It refuses to know how lists are fetched, and who runs what.

mod binaries;
mod number;
mod refusal;

use std::collections::BTreeSet;

pub use self::binaries::{Binary, Content, Searched, Seeker, Sought, Store, Stream, Versions, search};
use self::number::Stage;
pub use self::number::{NotAVersion, Number};
pub use self::refusal::Refusal;

/// What a bootstrap is asked for.
#[derive(Clone, Debug)]
pub struct Bootstrap {
    /// The controller to be.
    pub controller: String,
    /// The client's version.
    pub client: Number,
    /// `--agent-version`.
    pub agent_version: Option<Number>,
    /// `--auto-upgrade`: the newest patch there is.
    pub auto_upgrade: bool,
    /// `--build-agent`: built here, so that nothing is looked for.
    pub build_agent: bool,
    /// Series of the controller's machine.
    pub series: String,
    /// Its architecture.
    pub arch: String,
    /// The configured stream.
    pub stream: Stream,
}

/// The version that a bootstrapped server has: the client's, unless something else was asked for.
///
/// # Errors
///
/// Options that exclude each other; a version of another major and minor than the client's; nothing found.
pub fn bootstrap(asked: &Bootstrap, stores: &[Store]) -> Result<Number, Refusal> {
    let chosen = [
        (asked.agent_version.is_some(), "--agent-version"),
        (asked.auto_upgrade, "--auto-upgrade"),
        (asked.build_agent, "--build-agent"),
    ];
    let mut chosen = chosen.iter().filter(|(is_chosen, _)| *is_chosen).map(|(_, name)| *name);
    if let (Some(one), Some(other)) = (chosen.next(), chosen.next()) {
        return Err(Refusal::Options(one, other));
    }

    let server = asked.agent_version.unwrap_or(asked.client);
    if server.series() != asked.client.series() {
        return Err(Refusal::ServerOfClient {
            client: asked.client,
            server,
        });
    }
    if asked.build_agent {
        return Ok(asked.client);
    }

    let versions = match asked.auto_upgrade {
        true => Versions::Patches(asked.client.major, asked.client.minor),
        false => Versions::Exactly(server),
    };
    let sought = Sought {
        versions,
        series: Some(asked.series.clone()),
        arch: Some(asked.arch.clone()),
        stream: match asked.client.is_devel() {
            // A client that was never released looks among its kind, whatever patch it settles on.
            true if asked.stream == Stream::Released => Stream::Devel,
            _ => asked.stream,
        },
    };
    let seeker = Seeker::Bootstrap {
        controller: asked.controller.clone(),
    };
    let found = search(&seeker, &sought, stores)?;
    Ok(found.iter().map(|binary| binary.number).max().unwrap_or(server))
}

/// The version that agents of a new model have: the server's, unless another was asked for that the server understands.
///
/// # Errors
///
/// A version that is newer than the server's, or of another major version; one that is in no list.
pub fn new_model(
    model: &str,
    server: Number,
    asked: Option<Number>,
    stream: Stream,
    stores: &[Store],
) -> Result<Number, Refusal> {
    let Some(agent) = asked else {
        return Ok(server);
    };
    fits_server(model, agent, server)?;
    let sought = Sought {
        versions: Versions::Exactly(agent),
        series: None,
        arch: None,
        stream,
    };
    let seeker = Seeker::NewModel {
        model: model.to_owned(),
    };
    search(&seeker, &sought, stores)?;
    Ok(agent)
}

fn fits_server(model: &str, agent: Number, server: Number) -> Result<(), Refusal> {
    let model = model.to_owned();
    if agent > server {
        return Err(Refusal::NewerThanServer { model, agent, server });
    }
    if agent.major != server.major {
        return Err(Refusal::MajorOfServer { model, agent, server });
    }

    Ok(())
}

/// What an upgrade is asked for: the versions of a model's agents as they are and as they should be.
#[derive(Clone, Debug)]
pub struct Upgrade {
    /// The model.
    pub model: String,
    /// The server's version; none for the controller's own model, which is the server.
    pub server: Option<Number>,
    /// The version that the model's agents should have by now.
    pub current: Number,
    /// What each agent has.
    pub agents: Vec<(String, Number)>,
    /// The version asked for; none: the best there is.
    pub wanted: Option<Number>,
    /// The configured stream.
    pub stream: Stream,
}

/// From where on a major version can be reached (juju-provider 3.7; the versions themselves are assumed).
const MAJOR_MINIMUMS: &[(u32, Number)] = &[(2, Number::new(1, 25, 4)), (3, Number::new(2, 9, 33))];

/// The version that a model's agents are upgraded to: the one asked for, or the newest patch, or that of the next stable minor version.
///
/// # Errors
///
/// A rule that would be broken, with both versions; [`Refusal::UpToDate`]; what was asked for is in no list; agents that have not
/// come to the model's version yet.
pub fn upgrade(asked: &Upgrade, stores: &[Store]) -> Result<Number, Refusal> {
    let to = match asked.wanted {
        Some(wanted) => {
            check_upgrade(asked, wanted)?;
            let sought = Sought {
                versions: Versions::Exactly(wanted),
                series: None,
                arch: None,
                stream: asked.stream,
            };
            search(&seeker_of(asked), &sought, stores)?;
            wanted
        }
        None => newest(asked, stores)?,
    };
    let mut others: Vec<(String, Number)> = asked.agents.clone();
    others.retain(|(_, own)| *own != asked.current);
    if !others.is_empty() {
        return Err(Refusal::MixedAgents {
            model: asked.model.clone(),
            version: asked.current,
            others,
        });
    }

    Ok(to)
}

fn seeker_of(asked: &Upgrade) -> Seeker {
    Seeker::Upgrade {
        model: asked.model.clone(),
    }
}

fn check_upgrade(asked: &Upgrade, to: Number) -> Result<(), Refusal> {
    let model = asked.model.clone();
    let from = asked.current;
    if to == from {
        return Err(Refusal::UpToDate { model, version: from });
    }
    if to.series() < from.series() {
        return Err(Refusal::Downgrade { model, from, to });
    }
    if let Some(server) = asked.server {
        return fits_server(&asked.model, to, server);
    }
    if to.major == from.major {
        return Ok(());
    }

    if to.minor != 0 {
        return Err(Refusal::MajorNotFirst { model, from, to });
    }
    let minimum = MAJOR_MINIMUMS.iter().find(|(major, _)| *major == to.major);
    let minimum = minimum.map(|(_, number)| *number);
    match minimum {
        Some(minimum) if from >= minimum && from.major + 1 == to.major => Ok(()),
        minimum => Err(Refusal::MajorTooEarly {
            model,
            from,
            to,
            minimum,
        }),
    }
}

/// The newest patch of the current minor version, or else of the next stable one.
fn newest(asked: &Upgrade, stores: &[Store]) -> Result<Number, Refusal> {
    let from = asked.current;
    let last = asked.server.unwrap_or(Number {
        stage: Stage::Release,
        ..Number::new(from.major, u32::MAX, u32::MAX)
    });
    let sought = Sought {
        versions: Versions::UpTo(from.major, last),
        series: None,
        arch: None,
        stream: asked.stream,
    };
    let found = search(&seeker_of(asked), &sought, stores)?;
    let newer: BTreeSet<Number> = found
        .iter()
        .map(|binary| binary.number)
        .filter(|number| *number > from)
        .collect();
    let patch = newer.iter().rfind(|number| number.series() == from.series());
    let next = newer
        .iter()
        .find(|number| !number.is_devel() && number.series() > from.series());
    let of_next = next.and_then(|first| newer.iter().rfind(|number| number.series() == first.series()));
    patch.or(of_next).copied().ok_or_else(|| Refusal::UpToDate {
        model: asked.model.clone(),
        version: from,
    })
}

/// The binaries that the agent of a machine can be started from.
///
/// # Errors
///
/// There are none.
pub fn for_machine(
    machine: u32,
    model: &str,
    number: Number,
    series: &str,
    arch: Option<&str>,
    stream: Stream,
    stores: &[Store],
) -> Result<Vec<Binary>, Refusal> {
    let sought = Sought {
        versions: Versions::Exactly(number),
        series: Some(series.to_owned()),
        arch: arch.map(str::to_owned),
        stream,
    };
    let seeker = Seeker::MachineAgent {
        machine,
        model: model.to_owned(),
    };
    search(&seeker, &sought, stores)
}

/// A body of code that has a version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Body {
    /// What a person types commands into.
    Client,
    /// What the client talks to.
    Server,
    /// What runs on machines; the model's default.
    Agent,
}

/// What `juju version` prints: client, server and agent, or one of them. What cannot be known without a server is said to be so.
#[must_use]
pub fn version_text(client: Number, server: Option<Number>, agent: Option<Number>, only: Option<Body>) -> String {
    let rows = [
        (Body::Client, "Client", Some(client)),
        (Body::Server, "Server", server),
        (Body::Agent, "Agent", agent),
    ];
    let mut text = String::new();
    for (body, name, number) in rows {
        if let Some(number) = number
            && only.is_none_or(|only| only == body)
        {
            text.push_str(&format!("{name} {number}\n"));
        }
    }
    if server.is_none() && only != Some(Body::Client) {
        text.push_str("No server: the versions of server and agents are known once there is a controller\n");
    }
    text
}
