//! Agent binaries, the lists that they are in, and how they are looked for there.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::str::FromStr;

use super::number::{NotAVersion, Number};
use super::refusal::Refusal;

/// An archive that an agent is started from: `2.2.1-xenial-amd64`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Binary {
    /// Its version.
    pub number: Number,
    /// Series of the operating system that it runs on.
    pub series: String,
    /// Architecture that it runs on.
    pub arch: String,
}

impl fmt::Display for Binary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}-{}", self.number, self.series, self.arch)
    }
}

impl FromStr for Binary {
    type Err = NotAVersion;

    fn from_str(text: &str) -> Result<Binary, NotAVersion> {
        let mut parts = text.rsplitn(3, '-');
        let (arch, series, number) = (parts.next(), parts.next(), parts.next());
        match (number, series, arch) {
            (Some(number), Some(series), Some(arch)) => Ok(Binary {
                number: number.parse()?,
                series: series.to_owned(),
                arch: arch.to_owned(),
            }),
            _ => Err(NotAVersion(text.to_owned())),
        }
    }
}

/// Which binaries a list is of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stream {
    /// What everybody runs.
    #[default]
    Released,
    /// What is about to be released.
    Proposed,
    /// What is being developed.
    Devel,
    /// What is being tested.
    Testing,
}

impl Stream {
    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Stream::Released => "released",
            Stream::Proposed => "proposed",
            Stream::Devel => "devel",
            Stream::Testing => "testing",
        }
    }

    /// The stream of a name.
    #[must_use]
    pub fn find(name: &str) -> Option<Stream> {
        let all = [Stream::Released, Stream::Proposed, Stream::Devel, Stream::Testing];
        all.into_iter().find(|stream| stream.name() == name)
    }

    /// Where it is looked, in order: what is less finished falls back on what is more.
    fn fallbacks(self) -> &'static [Stream] {
        match self {
            Stream::Released => &[Stream::Released],
            Stream::Proposed => &[Stream::Proposed, Stream::Released],
            Stream::Devel => &[Stream::Devel, Stream::Proposed, Stream::Released],
            Stream::Testing => &[Stream::Testing, Stream::Devel, Stream::Proposed, Stream::Released],
        }
    }

    /// Where a version is looked for: in the configured stream, and, where that is the usual one, in that of the version's kind.
    fn searched(configured: Stream, of: Option<Number>) -> &'static [Stream] {
        match (configured, of) {
            (Stream::Released, Some(number)) if number.is_devel() => Stream::Devel.fallbacks(),
            (configured, _) => configured.fallbacks(),
        }
    }
}

/// A place where lists of binaries are kept: an agent-metadata-url, then those that Juju knows by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Store {
    /// Its address.
    pub place: String,
    /// What was found there.
    pub content: Content,
}

/// What was found at a place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    /// Lists by stream.
    Lists(BTreeMap<Stream, Vec<Binary>>),
    /// It answered, but not with a list: an HTTP status.
    Status(u16),
    /// It did not answer, for this reason.
    NoAnswer(String),
}

/// Who looks for binaries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Seeker {
    /// Bootstrapping a server.
    Bootstrap {
        /// The controller to be.
        controller: String,
    },
    /// The agent of a machine.
    MachineAgent {
        /// The machine.
        machine: u32,
        /// Its model.
        model: String,
    },
    /// A new model, which wants agents of its version to exist.
    NewModel {
        /// The model to be.
        model: String,
    },
    /// An upgrade of a model's agents.
    Upgrade {
        /// The model.
        model: String,
    },
}

impl fmt::Display for Seeker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Seeker::Bootstrap { controller } => write!(f, "the server of controller `{controller}` at bootstrap"),
            Seeker::MachineAgent { machine, model } => {
                write!(f, "the agent of machine {machine} in model `{model}`")
            }
            Seeker::NewModel { model } => write!(f, "the agents of new model `{model}`"),
            Seeker::Upgrade { model } => write!(f, "the upgrade of the agents in model `{model}`"),
        }
    }
}

/// Which versions are looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Versions {
    /// This one.
    Exactly(Number),
    /// Any patch of this major and minor.
    Patches(u32, u32),
    /// Any minor version of this major, up to a version.
    UpTo(u32, Number),
}

impl Versions {
    fn contains(self, number: Number) -> bool {
        match self {
            Versions::Exactly(own) => number == own,
            Versions::Patches(major, minor) => number.series() == (major, minor),
            Versions::UpTo(major, last) => number.major == major && number <= last,
        }
    }

    /// The version whose kind decides where it is looked.
    fn number(self) -> Option<Number> {
        match self {
            Versions::Exactly(own) => Some(own),
            Versions::Patches(..) | Versions::UpTo(..) => None,
        }
    }
}

impl fmt::Display for Versions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Versions::Exactly(number) => write!(f, "{number}"),
            Versions::Patches(major, minor) => write!(f, "any {major}.{minor}"),
            Versions::UpTo(major, last) => write!(f, "any {major}.x up to {last}"),
        }
    }
}

/// What is looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sought {
    /// Which versions.
    pub versions: Versions,
    /// Series of the operating system; none: any.
    pub series: Option<String>,
    /// Architecture; none: any.
    pub arch: Option<String>,
    /// The configured stream.
    pub stream: Stream,
}

impl Sought {
    fn takes(&self, binary: &Binary) -> bool {
        let is = |wanted: &Option<String>, own: &str| wanted.as_deref().is_none_or(|wanted| wanted == own);
        self.versions.contains(binary.number) && is(&self.series, &binary.series) && is(&self.arch, &binary.arch)
    }

    fn streams(&self) -> &'static [Stream] {
        Stream::searched(self.stream, self.versions.number())
    }
}

impl fmt::Display for Sought {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let streams: Vec<&str> = self.streams().iter().map(|stream| stream.name()).collect();
        write!(
            f,
            "version {}, series {}, architecture {}, stream {}",
            self.versions,
            self.series.as_deref().unwrap_or("any"),
            self.arch.as_deref().unwrap_or("any"),
            streams.join(" or ")
        )
    }
}

/// One list that was searched, and what it holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Searched {
    place: String,
    stream: Option<Stream>,
    held: Held,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Held {
    Versions(usize, BTreeSet<Number>),
    Status(u16),
    NoAnswer(String),
}

impl Searched {
    fn is_unreadable(&self) -> bool {
        !matches!(self.held, Held::Versions(..))
    }
}

/// Most versions that a message names of one list.
const N_VERSIONS_SHOWN: usize = 6;

impl fmt::Display for Searched {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.place)?;
        if let Some(stream) = self.stream {
            write!(f, " ({})", stream.name())?;
        }
        match &self.held {
            Held::Status(status) => write!(f, ": cannot be read, it answered HTTP {status}"),
            Held::NoAnswer(reason) => write!(f, ": cannot be read, no answer: {reason}"),
            Held::Versions(0, _) => f.write_str(": 0 entries"),
            Held::Versions(n_entries, versions) => {
                let entries = if *n_entries == 1 { "entry" } else { "entries" };
                write!(f, ": {n_entries} {entries} of ")?;
                let shown: Vec<String> = versions
                    .iter()
                    .rev()
                    .take(N_VERSIONS_SHOWN)
                    .map(Number::to_string)
                    .collect();
                f.write_str(&shown.join(", "))?;
                match versions.len().saturating_sub(N_VERSIONS_SHOWN) {
                    0 => Ok(()),
                    more => write!(f, " and {more} older versions"),
                }
            }
        }
    }
}

/// Looks for binaries: the first list that has any is the one, in the order of stores, and of streams in each.
///
/// # Errors
///
/// [`Refusal::NoMatch`] with every list that was read or tried; [`Refusal::Unreadable`] when none could be read.
pub fn search(seeker: &Seeker, sought: &Sought, stores: &[Store]) -> Result<Vec<Binary>, Refusal> {
    let mut searched = Vec::new();
    for store in stores {
        let lists = match &store.content {
            Content::Lists(lists) => lists,
            Content::Status(status) => {
                searched.push(Searched {
                    place: store.place.clone(),
                    stream: None,
                    held: Held::Status(*status),
                });
                continue;
            }
            Content::NoAnswer(reason) => {
                searched.push(Searched {
                    place: store.place.clone(),
                    stream: None,
                    held: Held::NoAnswer(reason.clone()),
                });
                continue;
            }
        };
        for stream in sought.streams() {
            let list = lists.get(stream).map(Vec::as_slice).unwrap_or_default();
            let mut found: Vec<Binary> = list.iter().filter(|binary| sought.takes(binary)).cloned().collect();
            if !found.is_empty() {
                found.sort();
                return Ok(found);
            }
            searched.push(Searched {
                place: store.place.clone(),
                stream: Some(*stream),
                held: Held::Versions(list.len(), list.iter().map(|binary| binary.number).collect()),
            });
        }
    }
    let unreadable = !searched.is_empty() && searched.iter().all(Searched::is_unreadable);
    let (seeker, sought) = (seeker.clone(), Box::new(sought.clone()));
    Err(match unreadable {
        true => Refusal::Unreadable {
            seeker,
            sought,
            searched,
        },
        false => Refusal::NoMatch {
            seeker,
            sought,
            searched,
        },
    })
}
