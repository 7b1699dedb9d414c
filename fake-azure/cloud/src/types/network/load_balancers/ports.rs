//! Ports and timeouts of a balancer's rules: ranges and their refusals (ARM 3.5, observed-arm).

use crate::Document;
use crate::error::CloudError;
use crate::forms::forms;
use crate::types::Put;
use crate::types::network::reading;

forms! {
    BAD_IDLE_TIMEOUT: Invalid, Network, "RuleIdleTimeoutIsOutOfRange", "Rule {rule} has invalid Idle Timeout. The value must be between 4 and 30.", "ARM 3.5, observed-arm", "choose 4 to 30 minutes";
    BAD_PORT: Invalid, Network, "PortValueIsOutOfRange", "Resource {rule} has invalid value of {member} ({value}). The value must be between {low} and {high}.", "ARM 3.5, observed-arm", "choose a port in the range";
    NO_FEATURE: Invalid, Network, "SubscriptionNotRegisteredForFeature", "Subscription {subscription} is not registered for feature Microsoft.Network/AllowILBAllPortsRule required to carry out the requested operation.", "ARM 3.5, observed-arm", "name a port, or use a Standard load balancer";
}

/// The highest port that a frontend can listen on.
pub(super) const FRONTEND_MAX: i64 = 65_534;

/// The highest port there is.
pub(super) const MAX: i64 = 65_535;

/// A port: 0 when it is absent.
pub(super) fn read(put: &Put<'_>, member: &str, low: i64, high: i64) -> Result<u16, CloudError> {
    let value = reading::number(put.document, &format!("/properties/{member}"))?.unwrap_or(0);
    match u16::try_from(value) {
        Ok(port) if (low..=high).contains(&value) => Ok(port),
        _ => {
            let mut letters = member.chars();
            let capitalised: String = letters
                .next()
                .map(|c| c.to_ascii_uppercase())
                .into_iter()
                .chain(letters)
                .collect();
            let error = CloudError::of(&BAD_PORT)
                .with("rule", put.id.name())
                .with("member", capitalised);
            Err(error.with("value", value).with("low", low).with("high", high))
        }
    }
}

/// Port 0 stands for all ports, which only a Standard balancer can take.
pub(super) fn check_all_ports(put: &Put<'_>, ports: [u16; 2], standard: bool) -> Result<(), CloudError> {
    if ports.contains(&0) && !standard {
        return Err(CloudError::of(&NO_FEATURE).with("subscription", put.id.subscription()));
    }
    Ok(())
}

/// An idle timeout lies between 4 and 30 minutes.
pub(super) fn check_idle_timeout(put: &Put<'_>) -> Result<(), CloudError> {
    match idle_timeout(put.document)? {
        Some(minutes) if !(4..=30).contains(&minutes) => {
            Err(CloudError::of(&BAD_IDLE_TIMEOUT).with("rule", put.id.name()))
        }
        _ => Ok(()),
    }
}

fn idle_timeout(document: &Document) -> Result<Option<i64>, CloudError> {
    reading::number(document, "/properties/idleTimeoutInMinutes")
}
