//! Refusals that end by themselves, and how long to wait for that.
//!
//! These are waited for here and nowhere else, so that no operation needs a loop of its own for them (ARM 2.6, field bugs
//! `subnet-contention`, `referenced-not-provisioned`, `nic-180s`, `delete-conflict-cancelled`).

use std::time::Duration;

use http::Method;

use super::scope::Call;
use crate::{Error, Failure, Kind, Refusal};

/// All waiting for one write together.
pub(crate) const WAIT_MAX: Duration = Duration::from_secs(600);
/// However short each wait is.
pub(crate) const TRIES_MAX: u32 = 30;
const BACKOFF_FIRST: Duration = Duration::from_secs(5);
const BACKOFF_MAX: Duration = Duration::from_secs(60);
/// What a reserved interface says of itself, where the message has no number (ARM 3.5).
const NIC_RESERVED_SECS: u64 = 180;

/// How long to wait before `call` is made again; None when its error does not end by itself. `tries` counts from 1.
pub(crate) fn wait_before_next(call: &Call, error: &Error, tries: u32) -> Option<Duration> {
    let azure = error.azure()?;
    let refusal = azure.refusal()?;
    let ends_by_itself = match azure.kind() {
        // Whoever makes a group wants it made once the former one is gone (field bug `group-delete-lag`).
        Kind::GroupGoing => *call.method() == Method::PUT && is_group(&call.resource),
        _ => refusal.is_other_operation() || is_overtaken_delete(call, &azure.failure, refusal),
    };
    // A create that was preempted was preempted by somebody who wants it gone.
    let preempted = refusal.has_code("OperationPreempted") && *call.method() != Method::DELETE;
    if !ends_by_itself || preempted {
        return None;
    }

    let said = refusal.retry_after_secs.or_else(|| seconds_in(refusal));
    let backoff = BACKOFF_FIRST
        .saturating_mul(2_u32.saturating_pow(tries - 1))
        .min(BACKOFF_MAX);
    Some(said.map_or(backoff, Duration::from_secs))
}

/// A deletion that a later write cancelled is still wanted.
fn is_overtaken_delete(call: &Call, failure: &Failure, refusal: &Refusal) -> bool {
    let failed_late = matches!(failure, Failure::OperationFailed(_));
    failed_late && *call.method() == Method::DELETE && refusal.code.eq_ignore_ascii_case("Canceled")
}

fn is_group(id: &str) -> bool {
    id.split('/').count() == 5
}

/// `... retry after 180 seconds`, `The call can be retried in 11 seconds.`
fn seconds_in(refusal: &Refusal) -> Option<u64> {
    let messages = std::iter::once(&refusal.message).chain(refusal.details.iter().map(|(_, message)| message));
    let said = messages.filter_map(|message| {
        ["retry after ", "retried in "].into_iter().find_map(|mark| {
            let (_, rest) = message.split_once(mark)?;
            rest.split_whitespace().next()?.parse().ok()
        })
    });
    said.max()
        .or_else(|| refusal.has_code("NicReservedForAnotherVm").then_some(NIC_RESERVED_SECS))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::scope::tests::scope;
    use super::wait_before_next;
    use crate::{AzureError, Component, Error, Failure, Refusal};

    fn wait(method: &str, resource: &str, code: &str, message: &str, late: bool) -> Option<u64> {
        let mut call = scope().get("touch", resource, "v");
        *call.request.method_mut() = method.parse().expect("the tests name verbs");
        let refusal = Refusal {
            status: Some(400),
            code: code.to_owned(),
            message: message.to_owned(),
            ..Refusal::default()
        };
        let failure = if late {
            Failure::OperationFailed(refusal)
        } else {
            Failure::Refused(refusal)
        };
        let error = Error::from(AzureError::new(Component::ResourceManager, "touch", resource, failure));
        wait_before_next(&call, &error, 2).map(|wait: Duration| wait.as_secs())
    }

    #[test]
    fn a_reserved_interface_is_waited_for_as_long_as_it_says() {
        let message = "Nic(s) in request is reserved for another Virtual Machine for 180 seconds. Please provide another nic(s) \
                       or retry after 180 seconds. Reserved VM: x.";
        assert_eq!(
            wait("DELETE", "/nic", "NicReservedForAnotherVm", message, false),
            Some(180)
        );
        assert_eq!(wait("DELETE", "/nic", "NicReservedForAnotherVm", "", false), Some(180));
    }

    #[test]
    fn another_operation_is_waited_for_ever_longer() {
        assert_eq!(
            wait("PUT", "/subnet", "AnotherOperationInProgress", "", false),
            Some(10)
        );
        assert_eq!(
            wait("PUT", "/nic", "ReferencedResourceNotProvisioned", "", false),
            Some(10)
        );
    }

    #[test]
    fn a_group_on_its_way_out_is_waited_for_by_who_makes_it_only() {
        let group = "/subscriptions/s/resourcegroups/g";
        assert_eq!(wait("PUT", group, "ResourceGroupBeingDeleted", "", false), Some(10));
        assert_eq!(wait("DELETE", group, "ResourceGroupBeingDeleted", "", false), None);
        assert_eq!(
            wait(
                "PUT",
                &format!("{group}/providers/n/t/x"),
                "ResourceGroupBeingDeleted",
                "",
                false
            ),
            None
        );
    }

    #[test]
    fn a_preempted_create_is_given_up_a_preempted_delete_is_not() {
        assert_eq!(wait("PUT", "/vm", "OperationPreempted", "", true), None);
        assert_eq!(wait("DELETE", "/vm", "OperationPreempted", "", true), Some(10));
    }

    #[test]
    fn what_does_not_end_is_not_waited_for() {
        assert_eq!(wait("DELETE", "/nic", "NicInUse", "", false), None);
        assert_eq!(
            wait(
                "PUT",
                "/pip",
                "PublicIPCountLimitReached",
                "Cannot create more than 60 x",
                false
            ),
            None
        );
    }
}
