//! The gateway's throttling counters (ARM 5.1).
//!
//! Two shapes, by era: a count that starts anew every hour (2014 to 2023), and a token bucket that refills by the second
//! (2024 on) beside one for the whole subscription, fifteen times as large. They count always, for the
//! `x-ms-ratelimit-remaining-*` headers; they refuse only where throttling is on.

use std::collections::BTreeMap;

use fake_azure_cloud::catalogue::limits::Era;
use fake_azure_cloud::{Guid, Time};
use serde::{Deserialize, Serialize};

use crate::policies::Policies;

/// What a call counts as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Class {
    /// GET, HEAD, and POST of what only reads.
    Reads,
    /// PUT, PATCH, POST.
    Writes,
    /// DELETE; counted as a write before 2018 (ARM 5.1).
    Deletes,
}

impl Class {
    /// `reads`, `writes`, `deletes`: the end of a header's name.
    pub const fn name(self) -> &'static str {
        match self {
            Class::Reads => "reads",
            Class::Writes => "writes",
            Class::Deletes => "deletes",
        }
    }
}

/// What remains after a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Remaining {
    /// What it was counted as: before 2018 a delete counts as a write.
    pub class: Class,
    /// For the caller.
    pub caller: u32,
    /// For the whole subscription, where the era has such a counter (2024 on).
    pub global: Option<u32>,
}

/// Nothing remains.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Throttled {
    /// What the call was counted as.
    pub class: Class,
    /// Seconds until there is something again.
    pub retry_after_secs: u32,
    /// The limit that was reached.
    pub limit: u32,
    /// Whether the counter starts anew every hour: the older message form (ARM 5.4).
    pub hourly: bool,
}

/// The size of a counter.
#[derive(Clone, Copy, Debug)]
struct Size {
    capacity: u32,
    /// Tokens that come back per second; 0 for a count that starts anew every hour.
    refill_per_sec: u32,
}

const HOUR_MS: i64 = 3_600_000;
/// How much larger the whole subscription's bucket is than a caller's.
const GLOBAL_FACTOR: u32 = 15;

const fn size(era: Era, class: Class, tenant: bool) -> Size {
    match (era, class, tenant) {
        (Era::Classic2014 | Era::Arm2016, Class::Reads, _) => Size {
            capacity: 15_000,
            refill_per_sec: 0,
        },
        (Era::Classic2014 | Era::Arm2016, Class::Writes | Class::Deletes, _) => Size {
            capacity: 1_200,
            refill_per_sec: 0,
        },
        (Era::Current, Class::Reads, _) => Size {
            capacity: 250,
            refill_per_sec: 25,
        },
        (Era::Current, Class::Writes | Class::Deletes, _) => Size {
            capacity: 200,
            refill_per_sec: 10,
        },
    }
}

/// A counter: thousandths of tokens used, and since when.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Counter {
    used_milli: i64,
    since: Time,
}

/// Counters of one sandbox.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Buckets {
    /// Whether throttling is on or off whatever the pace says.
    pub enforced: Option<bool>,
    /// By subscription (`NIL` for the tenant), principal (`NIL` for all together) and class.
    #[serde(with = "as_rows")]
    counters: BTreeMap<(Guid, Guid, Class), Counter>,
    /// What resource providers count beside the gateway.
    #[serde(default)]
    pub(crate) policies: Policies,
}

impl Buckets {
    /// Takes one call.
    ///
    /// # Errors
    ///
    /// When nothing remains and throttling is on, by [`Buckets::enforced`] or else by `enforced`.
    pub fn take(
        &mut self,
        class: Class,
        subscription: Option<Guid>,
        principal: Guid,
        now: Time,
        era: Era,
        enforced: bool,
    ) -> Result<Remaining, Throttled> {
        let enforced = self.enforced.unwrap_or(enforced);
        let class = if class == Class::Deletes && era != Era::Current {
            Class::Writes
        } else {
            class
        };
        let own = size(era, class, subscription.is_none());
        let scope = subscription.unwrap_or(Guid::NIL);

        let has_global = era == Era::Current && subscription.is_some();
        let global = Size {
            capacity: own.capacity * GLOBAL_FACTOR,
            refill_per_sec: own.refill_per_sec * GLOBAL_FACTOR,
        };
        let own_left = self.left((scope, principal, class), own, now);
        let global_left = has_global.then(|| self.left((scope, Guid::NIL, class), global, now));
        if enforced {
            for (left, size) in [(Some(own_left), own), (global_left, global)] {
                if left == Some(0) {
                    let key = if left == Some(own_left) { principal } else { Guid::NIL };
                    return Err(self.throttled((scope, key, class), class, size, now));
                }
            }
        }

        let caller = self.spend((scope, principal, class), own, own_left);
        let global = global_left.map(|left| self.spend((scope, Guid::NIL, class), global, left));
        Ok(Remaining { class, caller, global })
    }

    /// Whole tokens left, after what came back meanwhile.
    fn left(&mut self, key: (Guid, Guid, Class), size: Size, now: Time) -> u32 {
        let counter = self.counters.entry(key).or_insert(Counter {
            used_milli: 0,
            since: now,
        });
        let elapsed = now.millis_since(counter.since);
        if size.refill_per_sec > 0 {
            counter.used_milli = (counter.used_milli - elapsed * i64::from(size.refill_per_sec)).max(0);
            counter.since = now;
        } else if elapsed >= HOUR_MS {
            *counter = Counter {
                used_milli: 0,
                since: now,
            };
        }
        let left = i64::from(size.capacity) - (counter.used_milli + 999) / 1000;
        u32::try_from(left.max(0)).unwrap_or(0)
    }

    /// Takes one token; without enforcement the last one is never taken.
    fn spend(&mut self, key: (Guid, Guid, Class), size: Size, left: u32) -> u32 {
        if left == 0 {
            return 0;
        }
        if let Some(counter) = self.counters.get_mut(&key) {
            counter.used_milli = (counter.used_milli + 1000).min(i64::from(size.capacity) * 1000);
        }
        left - 1
    }

    fn throttled(&self, key: (Guid, Guid, Class), class: Class, size: Size, now: Time) -> Throttled {
        let counter = self.counters.get(&key).copied().unwrap_or(Counter {
            used_milli: 0,
            since: now,
        });
        let hourly = size.refill_per_sec == 0;
        let wait_ms = if hourly {
            HOUR_MS - now.millis_since(counter.since)
        } else {
            let missing_milli = counter.used_milli - (i64::from(size.capacity) - 1) * 1000;
            missing_milli / i64::from(size.refill_per_sec)
        };
        let secs = u32::try_from((wait_ms.max(1) + 999) / 1000).unwrap_or(u32::MAX);
        Throttled {
            class,
            retry_after_secs: secs,
            limit: size.capacity,
            hourly,
        }
    }
}

/// Counters as a list: JSON keys are texts.
mod as_rows {
    use super::{BTreeMap, Class, Counter, Guid};
    use serde::{Deserialize, Deserializer, Serializer};

    type Rows = BTreeMap<(Guid, Guid, Class), Counter>;

    pub(super) fn serialize<S: Serializer>(rows: &Rows, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(rows)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Rows, D::Error> {
        Ok(Vec::<((Guid, Guid, Class), Counter)>::deserialize(deserializer)?
            .into_iter()
            .collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ME: Guid = Guid(7);
    const SUBSCRIPTION: Guid = Guid(1);

    fn take(buckets: &mut Buckets, class: Class, secs: i64, era: Era) -> Result<Remaining, Throttled> {
        buckets.take(class, Some(SUBSCRIPTION), ME, Time::from_millis(secs * 1000), era, true)
    }

    #[test]
    fn current_buckets_refill_by_the_second() {
        let mut buckets = Buckets::default();
        for left in (0..200).rev() {
            let remaining = take(&mut buckets, Class::Writes, 0, Era::Current).expect("tokens remain");
            assert_eq!((remaining.caller, remaining.global), (left, Some(2800 + left)));
        }
        let throttled = take(&mut buckets, Class::Writes, 0, Era::Current).expect_err("nothing remains");
        assert_eq!((throttled.retry_after_secs, throttled.hourly), (1, false));
        assert_eq!(
            take(&mut buckets, Class::Writes, 1, Era::Current).map(|remaining| remaining.caller),
            Ok(9)
        );
        assert_eq!(
            take(&mut buckets, Class::Deletes, 1, Era::Current).map(|remaining| remaining.caller),
            Ok(199)
        );
    }

    #[test]
    fn early_counters_start_anew_every_hour_and_count_deletes_as_writes() {
        let mut buckets = Buckets::default();
        for _ in 0..600 {
            take(&mut buckets, Class::Writes, 0, Era::Arm2016).expect("calls remain");
            take(&mut buckets, Class::Deletes, 0, Era::Arm2016).expect("calls remain");
        }
        let throttled = take(&mut buckets, Class::Deletes, 1800, Era::Arm2016).expect_err("nothing remains");
        assert_eq!(
            (throttled.retry_after_secs, throttled.limit, throttled.hourly),
            (1800, 1200, true)
        );
        assert_eq!(
            take(&mut buckets, Class::Writes, 3600, Era::Arm2016).map(|remaining| remaining.caller),
            Ok(1199)
        );
    }

    #[test]
    fn without_enforcement_nothing_is_refused() {
        let mut buckets = Buckets::default();
        for _ in 0..300 {
            let now = Time::from_millis(0);
            buckets
                .take(Class::Writes, None, ME, now, Era::Current, false)
                .expect("throttling is off");
        }
    }
}
