//! What a resource type is, as constants: its names, fields, references, stages and what its writes answer on the wire.
//!
//! A descriptor holds no code. The moment a row wants an `if`, it is a rule of the type's file.

use serde::{Deserialize, Serialize};

use crate::api_version::ApiVersion;
use crate::error::Form;
use crate::quota::QuotaKey;
use crate::registry::Kind;

/// The service that speaks: decides header sets, JSON layout and error envelope (ARM 0.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Dialect {
    /// Resource Manager itself, the gateway.
    Gateway,
    /// Microsoft.Network.
    Network,
    /// Microsoft.Compute but for disks.
    Compute,
    /// Microsoft.Compute disks and snapshots.
    Disks,
    /// Microsoft.Storage.
    Storage,
    /// Microsoft.Authorization.
    Authorization,
    /// Microsoft.KeyVault, and the vaults themselves.
    KeyVault,
    /// Service Management, the classic API.
    Classic,
}

/// One resource type.
#[derive(Debug)]
pub struct Descriptor {
    /// `Microsoft.Network/networkInterfaces`, in Azure's spelling.
    pub name: &'static str,
    /// The service that owns it.
    pub dialect: Dialect,
    /// The type it is a child of; `None` for what lives in a group (or, a group, in a subscription).
    pub parent: Option<Kind>,
    /// Whether it has a location and tags of its own.
    pub tracked: bool,
    /// The oldest version that knows the type.
    pub since: ApiVersion,
    /// From this version on the document names its type.
    pub shows_type_since: ApiVersion,
    /// Whether the document has a provisioning state.
    pub shows_state: bool,
    /// What PATCH may change.
    pub patch: PatchRule,
    /// Whether nobody sees it before its creation has ended (ARM 2.6, storage accounts). One whose creation fails never was.
    pub hidden_until_made: bool,
    /// Whether a PUT of what is there keeps the members that it leaves out (ARM 1.11).
    pub merges_put: bool,
    /// Sections that a PUT of what is there keeps when it leaves them out, outer ones first.
    pub keeps: &'static [&'static str],
    /// What its names may be.
    pub names: NameRule,
    /// The refusal of a bad name, where it is not the service's usual one. Arguments: `name`, `max`, `characters`.
    pub bad_name: Option<&'static Form>,
    /// The refusal of a document that brings `properties.provisioningState`; elsewhere the state is passed over.
    pub refuses_state: Option<&'static Form>,
    /// The quota that one more of it counts against.
    pub quota: Option<QuotaKey>,
    /// Children that can also be written inside its document.
    pub inline: &'static [Inline],
    /// Fields that the service treats in a way of their own.
    pub fields: &'static [Field],
    /// Fields that name other resources.
    pub refs: &'static [RefRule],
    /// The stages of its operations.
    pub lifetimes: Lifetimes,
    /// Actions (`POST {id}/{name}`).
    pub actions: &'static [Action],
    /// What its writes answer on the wire. Read by the front ends only.
    pub writes: &'static [Write],
    /// The refusals of its rules, for `fake-azure explain`.
    pub errors: &'static [&'static Form],
}

/// What PATCH may change (ARM 1.11).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PatchRule {
    /// Tags only, at once.
    Tags,
    /// Anything: the patch is merged into the document, which is then written like a PUT.
    Merge,
}

impl Descriptor {
    /// A child or a group's resource of a provider, with nothing special about it: rows name what differs.
    pub const fn of(name: &'static str, dialect: Dialect) -> Descriptor {
        Descriptor {
            name,
            dialect,
            parent: None,
            tracked: true,
            since: ApiVersion::OLDEST,
            shows_type_since: ApiVersion::OLDEST,
            shows_state: true,
            patch: PatchRule::Tags,
            hidden_until_made: false,
            merges_put: false,
            keeps: &[],
            names: NameRule::word(1, 80),
            bad_name: None,
            refuses_state: None,
            quota: None,
            inline: &[],
            fields: &[],
            refs: &[],
            lifetimes: Lifetimes::AT_ONCE,
            actions: &[],
            writes: &[],
            errors: &[],
        }
    }

    /// `Microsoft.Network`.
    pub fn namespace(&self) -> &'static str {
        self.name.split_once('/').map_or(self.name, |(namespace, _)| namespace)
    }

    /// `virtualNetworks/subnets`.
    pub fn type_path(&self) -> &'static str {
        self.name.split_once('/').map_or("", |(_, path)| path)
    }

    /// `subnets`: the last segment of the type.
    pub fn collection(&self) -> &'static str {
        self.name.rsplit('/').next().unwrap_or(self.name)
    }
}

/// What a name may be made of (ARM 1.3).
#[derive(Clone, Copy, Debug)]
pub struct NameRule {
    /// Fewest characters.
    pub min: usize,
    /// Most characters.
    pub max: usize,
    /// Characters allowed besides ASCII letters and digits.
    pub others: &'static str,
    /// Whether capitals are allowed.
    pub capitals: bool,
    /// Whether it must begin with a letter or digit.
    pub starts_alphanumeric: bool,
    /// Characters, besides letters and digits, that it may end in; `None` for all allowed ones.
    pub ends: Option<&'static str>,
    /// Whether letters beyond ASCII are allowed.
    pub unicode: bool,
}

impl NameRule {
    /// Letters, digits, `_`, `.` and `-`; begins with a letter or digit, ends with one or `_`: most Network and Compute types.
    pub const fn word(min: usize, max: usize) -> NameRule {
        NameRule {
            min,
            max,
            others: "_.-",
            capitals: true,
            starts_alphanumeric: true,
            ends: Some("_"),
            unicode: false,
        }
    }

    /// Whether `name` keeps the rule.
    pub fn allows(&self, name: &str) -> bool {
        let length = name.chars().count();
        let plain = |c: char| {
            if self.unicode {
                c.is_alphanumeric()
            } else {
                c.is_ascii_alphanumeric()
            }
        };
        let Some((first, last)) = name.chars().next().zip(name.chars().next_back()) else {
            return false;
        };
        (self.min..=self.max).contains(&length)
            && name.chars().all(|c| plain(c) || self.others.contains(c))
            && (self.capitals || !name.contains(|c: char| c.is_ascii_uppercase()))
            && (!self.starts_alphanumeric || plain(first))
            && self.ends.is_none_or(|ends| plain(last) || ends.contains(last))
    }
}

/// Children that are one thing with two doors: alone, or inside their parent's document.
#[derive(Clone, Copy, Debug)]
pub struct Inline {
    /// Where they stand in the parent's document: `/properties/subnets`.
    pub path: &'static str,
    /// What they are.
    pub kind: Kind,
    /// From this version on, a parent written without the array keeps its children (ARM 1.11); an empty array removes them.
    pub kept_if_absent_since: ApiVersion,
}

/// How the service treats a field. Paths are JSON pointers in which `*` stands for every element of an array.
#[derive(Clone, Copy, Debug)]
pub struct Field {
    /// `/properties/ipConfigurations/*/properties/privateIPAllocationMethod`.
    pub path: &'static str,
    /// The treatment.
    pub rule: FieldRule,
    /// The version that brought it.
    pub since: ApiVersion,
    /// The first version without it.
    pub until: ApiVersion,
    /// What refusals call it, where that is not its path.
    pub label: Option<&'static str>,
}

/// The treatments.
#[derive(Clone, Copy, Debug)]
pub enum FieldRule {
    /// The service writes it; what a client sends is dropped.
    ReadOnly,
    /// Kept from the answer: passwords, protected settings.
    Secret,
    /// Shown with this value when the client sent none.
    Default(Fill),
    /// Cannot be changed after creation: `PropertyChangeNotAllowed`.
    Immutable,
    /// One of these, compared without case and shown in this spelling.
    OneOf(&'static [&'static str]),
}

/// A default as a constant.
#[derive(Clone, Copy, Debug)]
pub enum Fill {
    /// `true` or `false`.
    Bool(bool),
    /// A number.
    Int(i64),
    /// A text.
    Text(&'static str),
    /// `[]`.
    Empty,
    /// `{}`.
    Object,
}

impl Field {
    /// A field of every version.
    pub const fn new(path: &'static str, rule: FieldRule) -> Field {
        Field {
            path,
            rule,
            since: ApiVersion::OLDEST,
            until: ApiVersion::NEWEST,
            label: None,
        }
    }

    /// Written by the service only.
    pub const fn read_only(path: &'static str) -> Field {
        Field::new(path, FieldRule::ReadOnly)
    }

    /// Never shown again.
    pub const fn secret(path: &'static str) -> Field {
        Field::new(path, FieldRule::Secret)
    }

    /// Filled in when absent.
    pub const fn default(path: &'static str, fill: Fill) -> Field {
        Field::new(path, FieldRule::Default(fill))
    }

    /// Fixed at creation.
    pub const fn immutable(path: &'static str) -> Field {
        Field::new(path, FieldRule::Immutable)
    }

    /// An enumeration.
    pub const fn one_of(path: &'static str, values: &'static [&'static str]) -> Field {
        Field::new(path, FieldRule::OneOf(values))
    }

    /// From this version on.
    #[must_use]
    pub const fn since(self, version: ApiVersion) -> Field {
        Field { since: version, ..self }
    }

    /// Called so in refusals.
    #[must_use]
    pub const fn called(self, label: &'static str) -> Field {
        Field {
            label: Some(label),
            ..self
        }
    }

    /// Gone from this version on.
    #[must_use]
    pub const fn until(self, version: ApiVersion) -> Field {
        Field { until: version, ..self }
    }

    /// Whether a version knows the field.
    pub fn applies(&self, version: ApiVersion) -> bool {
        self.since <= version && version < self.until
    }
}

/// A field that names another resource, as `{"id": ...}`.
#[derive(Clone, Copy, Debug)]
pub struct RefRule {
    /// Where the reference stands.
    pub path: &'static str,
    /// What it may name.
    pub kinds: &'static [Kind],
    /// Whether the target takes one such reference only.
    pub exclusive: bool,
    /// Whether the target cannot be deleted meanwhile.
    pub blocks_delete: bool,
    /// Whether both must be in one location.
    pub same_location: bool,
    /// Whether the id stands in the field itself and not in an object with `id`.
    pub bare: bool,
    /// Whether the other members of the object are kept and shown again.
    pub keeps_members: bool,
}

impl RefRule {
    /// A reference that many may make.
    pub const fn shared(path: &'static str, kinds: &'static [Kind]) -> RefRule {
        RefRule {
            path,
            kinds,
            exclusive: false,
            blocks_delete: false,
            same_location: true,
            bare: false,
            keeps_members: false,
        }
    }

    /// A reference that one may make.
    pub const fn exclusive(path: &'static str, kinds: &'static [Kind]) -> RefRule {
        RefRule {
            exclusive: true,
            ..RefRule::shared(path, kinds)
        }
    }

    /// The target cannot go while it stands.
    #[must_use]
    pub const fn blocks_delete(self) -> RefRule {
        RefRule {
            blocks_delete: true,
            ..self
        }
    }

    /// The two may be in different locations.
    #[must_use]
    pub const fn across_locations(self) -> RefRule {
        RefRule {
            same_location: false,
            ..self
        }
    }

    /// The object has members of its own beside `id`.
    #[must_use]
    pub const fn keeps_members(self) -> RefRule {
        RefRule {
            keeps_members: true,
            ..self
        }
    }

    /// The field holds the id itself.
    #[must_use]
    pub const fn bare(self) -> RefRule {
        RefRule { bare: true, ..self }
    }
}

/// The stages of a type's operations. An empty list is an operation that ends with its answer.
#[derive(Clone, Copy, Debug)]
pub struct Lifetimes {
    /// Making it.
    pub create: &'static [Stage],
    /// Writing it again.
    pub update: &'static [Stage],
    /// Removing it.
    pub delete: &'static [Stage],
}

impl Lifetimes {
    /// Everything ends with its answer.
    pub const AT_ONCE: Lifetimes = Lifetimes {
        create: &[],
        update: &[],
        delete: &[],
    };
}

/// One stage: the state shown while it lasts, and how long that is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stage {
    /// The provisioning state that the resource shows.
    pub state: Provisioning,
    /// Fewest milliseconds.
    pub low_ms: i64,
    /// Most milliseconds.
    pub high_ms: i64,
}

impl Stage {
    /// A stage of `low_ms` to `high_ms` milliseconds.
    pub const fn new(state: Provisioning, low_ms: i64, high_ms: i64) -> Stage {
        Stage { state, low_ms, high_ms }
    }
}

/// `properties.provisioningState`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Provisioning {
    /// Being made (Compute, Storage).
    Creating,
    /// Being made or written (Network), or written (Compute).
    Updating,
    /// A storage account whose names are being published.
    ResolvingDns,
    /// A vault whose name is being published.
    RegisteringDns,
    /// Being removed.
    Deleting,
    /// The last write failed.
    Failed,
    /// At rest.
    Succeeded,
}

impl Provisioning {
    /// In Azure's spelling.
    pub const fn as_str(self) -> &'static str {
        match self {
            Provisioning::Creating => "Creating",
            Provisioning::Updating => "Updating",
            Provisioning::ResolvingDns => "ResolvingDNS",
            Provisioning::RegisteringDns => "RegisteringDns",
            Provisioning::Deleting => "Deleting",
            Provisioning::Failed => "Failed",
            Provisioning::Succeeded => "Succeeded",
        }
    }
}

/// An action of a type.
#[derive(Clone, Copy, Debug)]
pub struct Action {
    /// Azure's spelling: `powerOff`.
    pub name: &'static str,
    /// Its stages; none for one that ends with its answer.
    pub stages: &'static [Stage],
}

/// What a client does to a resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WriteVerb {
    /// PUT that makes it.
    PutNew,
    /// PUT of what is there.
    PutAgain,
    /// PATCH.
    Patch,
    /// DELETE.
    Delete,
    /// POST of the action with this name.
    Act(&'static str),
}

/// Which addresses an asynchronous answer gives (ARM 2.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Polls {
    /// None: the answer is final.
    None,
    /// `Azure-AsyncOperation`.
    AsyncOperation,
    /// `Location`.
    Location,
    /// Both.
    Both,
}

/// What an answer carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Body {
    /// The whole object.
    Whole,
    /// Name, location and state only (disks, ARM 2.2).
    Stub,
    /// Nothing.
    Empty,
}

/// What a write answers. Of the rows of a verb, the last whose version has come counts.
#[derive(Clone, Copy, Debug)]
pub struct Write {
    /// The verb.
    pub verb: WriteVerb,
    /// First status.
    pub status: u16,
    /// Poll addresses, when the write began an operation.
    pub polls: Polls,
    /// `Retry-After`, in seconds, when the write began an operation.
    pub retry_after_secs: Option<u32>,
    /// The body.
    pub body: Body,
    /// The version that brought the row.
    pub since: ApiVersion,
}

impl Write {
    /// A row without polls whose body is the whole object.
    pub const fn new(verb: WriteVerb, status: u16) -> Write {
        Write {
            verb,
            status,
            polls: Polls::None,
            retry_after_secs: None,
            body: Body::Whole,
            since: ApiVersion::OLDEST,
        }
    }

    /// A final answer without a body.
    pub const fn empty(verb: WriteVerb, status: u16) -> Write {
        Write {
            body: Body::Empty,
            ..Write::new(verb, status)
        }
    }

    /// 202, no body, both addresses.
    pub const fn accepted(verb: WriteVerb) -> Write {
        Write {
            polls: Polls::Both,
            ..Write::empty(verb, 202)
        }
    }

    /// Gives poll addresses.
    #[must_use]
    pub const fn polls(self, polls: Polls) -> Write {
        Write { polls, ..self }
    }

    /// Gives a delay.
    #[must_use]
    pub const fn retry_after_secs(self, secs: u32) -> Write {
        Write {
            retry_after_secs: Some(secs),
            ..self
        }
    }

    /// Carries a stub.
    #[must_use]
    pub const fn stub(self) -> Write {
        Write {
            body: Body::Stub,
            ..self
        }
    }

    /// From this version on.
    #[must_use]
    pub const fn since(self, version: ApiVersion) -> Write {
        Write { since: version, ..self }
    }
}
