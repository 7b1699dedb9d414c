//! Counters that a resource provider keeps beside the gateway's (ARM 5.3): so many calls of a kind within a window, which starts anew
//! when it is over. They count always, for the `x-ms-ratelimit-remaining-resource` header; they refuse only where throttling is on.
//!
//! It refuses to know which calls a policy is about.

use std::collections::BTreeMap;

use fake_azure_cloud::{Guid, Time};
use serde::{Deserialize, Serialize};

/// So many calls within a window. Rows of a provider's table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Policy {
    /// Its name in headers and messages, `PutVM3Min`.
    pub(crate) name: &'static str,
    /// Whose counter: two services of one provider have policies of one name.
    pub(crate) service: &'static str,
    /// How many calls.
    pub(crate) capacity: u32,
    /// Length of its window in minutes.
    pub(crate) minutes: u32,
}

impl Policy {
    fn window_ms(self) -> i64 {
        i64::from(self.minutes) * 60_000
    }
}

/// What is left of a policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Left {
    pub(crate) policy: Policy,
    pub(crate) n_calls: u32,
}

/// A policy that is used up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct UsedUp {
    pub(crate) policy: Policy,
    /// Calls that were made in the window, this one included.
    pub(crate) n_measured: u32,
    /// When the window began.
    pub(crate) began: Time,
    /// When it ends.
    pub(crate) ends: Time,
}

/// A window that is open.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Window {
    began: Time,
    n_calls: u32,
}

/// The counters of one sandbox.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Policies {
    /// By subscription, then service and name.
    windows: BTreeMap<Guid, BTreeMap<String, Window>>,
}

impl Policies {
    /// Takes one call from each policy.
    ///
    /// # Errors
    ///
    /// When one of them is used up and `enforced`; the call counts all the same.
    pub(crate) fn take(
        &mut self,
        subscription: Guid,
        policies: &[Policy],
        now: Time,
        enforced: bool,
    ) -> Result<Vec<Left>, UsedUp> {
        let windows = self.windows.entry(subscription).or_default();
        let mut left = Vec::with_capacity(policies.len());
        let mut used_up = None;
        for policy in policies {
            let fresh = Window { began: now, n_calls: 0 };
            let window = windows
                .entry(format!("{}/{}", policy.service, policy.name))
                .or_insert(fresh);
            if now.millis_since(window.began) >= policy.window_ms() {
                *window = fresh;
            }
            window.n_calls = window.n_calls.saturating_add(1);
            if window.n_calls > policy.capacity {
                used_up = used_up.or(Some(UsedUp {
                    policy: *policy,
                    n_measured: window.n_calls,
                    began: window.began,
                    ends: window.began.plus_millis(policy.window_ms()),
                }));
            }
            left.push(Left {
                policy: *policy,
                n_calls: policy.capacity.saturating_sub(window.n_calls),
            });
        }
        match used_up.filter(|_| enforced) {
            Some(used_up) => Err(used_up),
            None => Ok(left),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SUBSCRIPTION: Guid = Guid(1);
    const SHORT: Policy = Policy {
        name: "Few3Min",
        service: "machines",
        capacity: 2,
        minutes: 3,
    };
    const LONG: Policy = Policy {
        name: "Few30Min",
        minutes: 30,
        capacity: 3,
        ..SHORT
    };

    fn take(policies: &mut Policies, secs: i64, enforced: bool) -> Result<Vec<u32>, (&'static str, u32, i64)> {
        policies
            .take(SUBSCRIPTION, &[SHORT, LONG], Time::from_millis(secs * 1_000), enforced)
            .map(|left| left.iter().map(|left| left.n_calls).collect())
            .map_err(|used_up| (used_up.policy.name, used_up.n_measured, used_up.ends.millis() / 1_000))
    }

    #[test]
    fn calls_count_down_and_windows_start_anew() {
        let mut policies = Policies::default();
        assert_eq!(take(&mut policies, 0, true), Ok(vec![1, 2]));
        assert_eq!(take(&mut policies, 1, true), Ok(vec![0, 1]));
        assert_eq!(take(&mut policies, 2, true), Err(("Few3Min", 3, 180)));
        assert_eq!(take(&mut policies, 180, true), Err(("Few30Min", 4, 1_800)));
        assert_eq!(take(&mut policies, 1_800, true), Ok(vec![1, 2]));
    }

    #[test]
    fn without_enforcement_nothing_is_refused() {
        let mut policies = Policies::default();
        for _ in 0..10 {
            assert!(take(&mut policies, 0, false).is_ok());
        }
        assert_eq!(take(&mut policies, 0, false), Ok(vec![0, 0]));
    }

    #[test]
    fn services_and_subscriptions_have_counters_of_their_own() {
        let other = Policy {
            service: "disks",
            ..SHORT
        };
        let mut policies = Policies::default();
        let now = Time::from_millis(0);
        let left = |taken: Result<Vec<Left>, UsedUp>| taken.ok().and_then(|left| Some(left.first()?.n_calls));
        assert_eq!(left(policies.take(SUBSCRIPTION, &[SHORT], now, true)), Some(1));
        assert_eq!(left(policies.take(SUBSCRIPTION, &[other], now, true)), Some(1));
        assert_eq!(left(policies.take(Guid(2), &[SHORT], now, true)), Some(1));
    }
}
