//! What strikes a request of a swept operation.

use std::fmt;

use serde_json::{Value, json};

use crate::driver::Side;

/// How old a stale answer is, in milliseconds of the world: longer than between two polls of anything.
const STALE_MS: u32 = 120_000;

/// One way in which one request goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, clap::ValueEnum)]
pub enum Fault {
    /// The service answers 500.
    InternalError,
    /// The service answers 429.
    Throttle,
    /// The connection is cut before the request is applied.
    CutBefore,
    /// The connection is cut after the request was applied.
    CutAfter,
    /// The operation that the request begins fails at its end.
    FailsLate,
    /// The operation that the request begins never ends.
    NeverEnds,
    /// The request, a read, is answered with what was true a while ago.
    Stale,
    /// The provider's process ends before it sends the request.
    CrashBefore,
    /// The provider's process ends when the request was applied, and before the answer was read.
    CrashAfter,
}

impl Fault {
    /// Every fault.
    pub const ALL: [Fault; 9] = [
        Fault::InternalError,
        Fault::Throttle,
        Fault::CutBefore,
        Fault::CutAfter,
        Fault::FailsLate,
        Fault::NeverEnds,
        Fault::Stale,
        Fault::CrashBefore,
        Fault::CrashAfter,
    ];

    /// Its name, as the command line writes it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Fault::InternalError => "internal-error",
            Fault::Throttle => "throttle",
            Fault::CutBefore => "cut-before",
            Fault::CutAfter => "cut-after",
            Fault::FailsLate => "fails-late",
            Fault::NeverEnds => "never-ends",
            Fault::Stale => "stale",
            Fault::CrashBefore => "crash-before",
            Fault::CrashAfter => "crash-after",
        }
    }

    /// Whether a request of this method can meet it at all: only writes begin operations, and only reads can be stale.
    #[must_use]
    pub fn can_strike(self, method: &str) -> bool {
        let reads = matches!(method, "GET" | "HEAD");
        match self {
            Fault::FailsLate | Fault::NeverEnds => !reads,
            Fault::Stale => reads,
            _ => true,
        }
    }

    /// Where the process ends, for those that end it.
    #[must_use]
    pub fn side(self) -> Option<Side> {
        match self {
            Fault::CrashBefore => Some(Side::Before),
            Fault::CrashAfter => Some(Side::After),
            _ => None,
        }
    }

    /// The fault rule for what `matches`, for those that are Azure's.
    #[must_use]
    pub fn rule(self, matches: &Value) -> Option<Value> {
        let verdict = match self {
            Fault::InternalError => json!({"status": {"status": 500}}),
            Fault::Throttle => json!("throttle"),
            Fault::CutBefore => json!("cut-before"),
            Fault::CutAfter => json!("cut-after"),
            Fault::FailsLate => json!("operation-fails"),
            Fault::NeverEnds => json!("operation-endless"),
            Fault::Stale => json!({"stale": {"within_ms": STALE_MS}}),
            Fault::CrashBefore | Fault::CrashAfter => return None,
        };
        Some(json!({"match": matches, "verdict": verdict}))
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A rule that strikes nothing and has the past of a world kept, so that a later rule can serve it.
#[must_use]
pub(super) fn remembers() -> Value {
    json!({"match": {"path": "/nothing/has/this/path"}, "verdict": {"stale": {"within_ms": STALE_MS}}})
}
