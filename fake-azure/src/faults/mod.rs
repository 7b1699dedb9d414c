//! Faults: rules over exchanges with a verdict.

/// The rules of one sandbox.
#[derive(Clone, Debug, Default)]
pub struct Faults {
    tokens_expired: bool,
}

impl Faults {
    /// Whether the request in hand is to find every token expired.
    pub(crate) fn tokens_expired(&self) -> bool {
        self.tokens_expired
    }
}
