//! Conditions of requests: etags, dates, sequence numbers (ARM 9.4).

use super::refusals as refuse;
use super::{BlobConditions, Compare};
use crate::error::CloudError;
use crate::time::Time;

/// What conditions look at: etag and time of the last write; `None` for what does not exist.
type Found = Option<(u64, Time)>;

/// An etag as texts carry it: `0x8D40DC18A05A549`.
pub fn etag_text(etag: u64) -> String {
    format!("0x{etag:X}")
}

/// Whether a write may go on.
pub(super) fn check_write(conditions: &BlobConditions, found: Found) -> Result<(), CloudError> {
    if found.is_some() && conditions.if_none_match.as_deref().is_some_and(is_any) {
        return Err(CloudError::of(&refuse::BLOB_ALREADY_EXISTS));
    }
    check(conditions, found, &CloudError::of(&refuse::CONDITION_NOT_MET))
}

/// Whether a read may go on.
pub(super) fn check_read(conditions: &BlobConditions, found: Found) -> Result<(), CloudError> {
    let stale = BlobConditions {
        if_none_match: None,
        modified_since: None,
        ..conditions.clone()
    };
    check(&stale, found, &CloudError::of(&refuse::CONDITION_NOT_MET))?;
    check(conditions, found, &CloudError::of(&refuse::NOT_MODIFIED))
}

/// Whether the source of a copy is as the caller wants it.
pub(super) fn check_source(conditions: &BlobConditions, found: Found) -> Result<(), CloudError> {
    check(conditions, found, &CloudError::of(&refuse::SOURCE_CONDITION_NOT_MET))
}

fn check(conditions: &BlobConditions, found: Found, refusal: &CloudError) -> Result<(), CloudError> {
    let names = |etags: &[Box<str>]| {
        found.is_some_and(|(etag, _)| {
            is_any(etags) || etags.iter().any(|given| given.eq_ignore_ascii_case(&etag_text(etag)))
        })
    };
    // Dates in headers have whole seconds.
    let modified = found.map(|(_, modified)| modified.millis().div_euclid(1000));
    let secs = |time: Time| time.millis().div_euclid(1000);

    let matches = conditions.if_match.as_deref().is_none_or(names);
    let differs = !conditions.if_none_match.as_deref().is_some_and(names);
    let newer = conditions
        .modified_since
        .is_none_or(|since| modified.is_none_or(|modified| modified > secs(since)));
    let older = conditions
        .unmodified_since
        .is_none_or(|since| modified.is_none_or(|modified| modified <= secs(since)));
    if matches && differs && newer && older {
        Ok(())
    } else {
        Err(refusal.clone())
    }
}

/// Whether the sequence number of a page blob is as the caller wants it.
pub(super) fn check_sequence(conditions: &BlobConditions, sequence: u64) -> Result<(), CloudError> {
    let holds = conditions.sequence.iter().all(|(compare, given)| match compare {
        Compare::AtMost => sequence <= *given,
        Compare::Less => sequence < *given,
        Compare::Equal => sequence == *given,
    });
    if holds {
        Ok(())
    } else {
        Err(CloudError::of(&refuse::SEQUENCE_NUMBER_CONDITION_NOT_MET))
    }
}

fn is_any(etags: &[Box<str>]) -> bool {
    etags.iter().any(|etag| etag.as_ref() == "*")
}
