//! Leases on blobs and containers: one small state machine (ARM 9.3).

use super::refusals as refuse;
use super::{BlobOutcome, LeaseAction};
use crate::error::{CloudError, Form};
use crate::fabric::{Lease, LeaseState};
use crate::key::Guid;
use crate::time::Time;

/// What the lease is on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum On {
    Blob,
    Container,
}

impl On {
    fn noun(self) -> &'static str {
        match self {
            On::Blob => "blob",
            On::Container => "container",
        }
    }

    fn refuse(self, form: &Form) -> CloudError {
        CloudError::of(form).with("noun", self.noun())
    }
}

/// Acts on a lease. `fresh` is the id of a new one for which none is proposed.
pub(super) fn act(
    lease: &Lease,
    on: On,
    action: LeaseAction,
    fresh: Guid,
    now: Time,
) -> Result<(Lease, BlobOutcome), CloudError> {
    let state = lease.state_at(now);
    match action {
        LeaseAction::Acquire { secs, proposed } => acquire(lease, state, secs, proposed, fresh, now),
        LeaseAction::Renew(id) => renew(lease, on, state, id, now),
        LeaseAction::Change { id, proposed } => change(lease, on, state, id, proposed),
        LeaseAction::Release(id) => match lease.id {
            Some(held) if held == id => Ok((Lease::default(), leased(None))),
            _ => Err(on.refuse(&refuse::LEASE_ID_MISMATCH_WITH_LEASE)),
        },
        LeaseAction::Break { after_secs } => break_it(lease, on, state, after_secs, now),
    }
}

fn acquire(
    lease: &Lease,
    state: LeaseState,
    secs: Option<u32>,
    proposed: Option<Guid>,
    fresh: Guid,
    now: Time,
) -> Result<(Lease, BlobOutcome), CloudError> {
    let same = proposed.is_some() && proposed == lease.id;
    match state {
        LeaseState::Leased if !same => return Err(CloudError::of(&refuse::LEASE_ALREADY_PRESENT)),
        LeaseState::Breaking if same => return Err(CloudError::of(&refuse::LEASE_IS_BREAKING_AND_CANNOT_BE_ACQUIRED)),
        LeaseState::Breaking => return Err(CloudError::of(&refuse::LEASE_ALREADY_PRESENT)),
        LeaseState::Leased | LeaseState::Available | LeaseState::Expired | LeaseState::Broken => {}
    }
    Ok(begun(proposed.unwrap_or(fresh), secs, now))
}

fn renew(lease: &Lease, on: On, state: LeaseState, id: Guid, now: Time) -> Result<(Lease, BlobOutcome), CloudError> {
    if lease.id != Some(id) {
        return Err(on.refuse(&refuse::LEASE_ID_MISMATCH_WITH_LEASE));
    }
    match state {
        LeaseState::Breaking | LeaseState::Broken => {
            Err(CloudError::of(&refuse::LEASE_IS_BROKEN_AND_CANNOT_BE_RENEWED))
        }
        // An expired lease can be renewed as long as nobody wrote meanwhile: a write makes it available.
        LeaseState::Leased | LeaseState::Expired | LeaseState::Available => Ok(begun(id, lease.secs, now)),
    }
}

fn change(
    lease: &Lease,
    on: On,
    state: LeaseState,
    id: Guid,
    proposed: Guid,
) -> Result<(Lease, BlobOutcome), CloudError> {
    match state {
        LeaseState::Available | LeaseState::Expired | LeaseState::Broken => {
            Err(on.refuse(&refuse::LEASE_NOT_PRESENT_WITH_LEASE))
        }
        // Asking again for a change that is done is no error.
        _ if lease.id != Some(id) && lease.id != Some(proposed) => {
            Err(on.refuse(&refuse::LEASE_ID_MISMATCH_WITH_LEASE))
        }
        LeaseState::Breaking => Err(CloudError::of(&refuse::LEASE_IS_BREAKING_AND_CANNOT_BE_CHANGED)),
        LeaseState::Leased => Ok((
            Lease {
                id: Some(proposed),
                ..*lease
            },
            leased(Some(proposed)),
        )),
    }
}

fn break_it(
    lease: &Lease,
    on: On,
    state: LeaseState,
    after_secs: Option<u32>,
    now: Time,
) -> Result<(Lease, BlobOutcome), CloudError> {
    let left = lease.end.map(|end| end.millis_since(now).max(0));
    let asked = after_secs.map(|secs| i64::from(secs) * 1000);
    let wait_ms = match state {
        LeaseState::Available => return Err(on.refuse(&refuse::LEASE_NOT_PRESENT_WITH_LEASE)),
        LeaseState::Expired | LeaseState::Broken => 0,
        // An infinite lease breaks at once unless a period is given; another one ends when it would have, or earlier.
        LeaseState::Leased | LeaseState::Breaking => match (left, asked) {
            (Some(left), Some(asked)) => left.min(asked),
            (Some(left), None) => left,
            (None, asked) => asked.unwrap_or(0),
        },
    };
    let (state, end) = match wait_ms {
        0 => (LeaseState::Broken, None),
        wait_ms => (LeaseState::Breaking, Some(now.plus_millis(wait_ms))),
    };
    let remaining_secs = u32::try_from((wait_ms + 999) / 1000).unwrap_or(u32::MAX);
    let outcome = BlobOutcome::Leased {
        id: None,
        remaining_secs: Some(remaining_secs),
    };
    Ok((Lease { state, end, ..*lease }, outcome))
}

fn begun(id: Guid, secs: Option<u32>, now: Time) -> (Lease, BlobOutcome) {
    let end = secs.map(|secs| now.plus_millis(i64::from(secs) * 1000));
    (
        Lease {
            state: LeaseState::Leased,
            id: Some(id),
            end,
            secs,
        },
        leased(Some(id)),
    )
}

fn leased(id: Option<Guid>) -> BlobOutcome {
    BlobOutcome::Leased {
        id,
        remaining_secs: None,
    }
}

/// Whether a write may go on that needs the lease if there is one; the lease afterwards.
pub(super) fn check_write(lease: &Lease, on: On, given: Option<Guid>, now: Time) -> Result<Lease, CloudError> {
    check_given(lease, on, given, now)?;
    if lease.is_active(now) && given.is_none() {
        return Err(on.refuse(&refuse::LEASE_ID_MISSING));
    }
    Ok(if lease.is_active(now) { *lease } else { Lease::default() })
}

/// Whether a lease id that was shown is right. Whoever shows none may read.
pub(super) fn check_given(lease: &Lease, on: On, given: Option<Guid>, now: Time) -> Result<(), CloudError> {
    let Some(given) = given else {
        return Ok(());
    };
    let (absent, mismatch) = match on {
        On::Blob => (
            &refuse::LEASE_NOT_PRESENT_WITH_BLOB,
            &refuse::LEASE_ID_MISMATCH_WITH_BLOB,
        ),
        On::Container => (
            &refuse::LEASE_NOT_PRESENT_WITH_CONTAINER,
            &refuse::LEASE_ID_MISMATCH_WITH_CONTAINER,
        ),
    };
    match lease.id {
        None => Err(CloudError::of(absent)),
        Some(held) if held != given => Err(CloudError::of(mismatch)),
        Some(_) if !lease.is_active(now) => Err(on.refuse(&refuse::LEASE_LOST)),
        Some(_) => Ok(()),
    }
}
