//! Reading limits out of Azure's messages (ARM 3.5, 3.6, 3.7).
//!
//! Azure tells numbers only in prose. What is not in the message is None, never a guess.

use std::fmt;

/// A limit that was hit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Quota {
    /// What is limited, in Azure's words: `public IP addresses`, `Core`, `standardDSv2Family Cores`.
    pub name: Option<String>,
    /// Where it is counted, if the message says.
    pub location: Option<String>,
    /// The limit.
    pub limit: Option<u64>,
    /// How many are in use.
    pub in_use: Option<u64>,
    /// How many more were needed.
    pub needed: Option<u64>,
}

impl fmt::Display for Quota {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "quota {}", self.name.as_deref().unwrap_or("of the subscription"))?;
        let parts = [("limit", self.limit), ("in use", self.in_use), ("needed", self.needed)];
        for (name, value) in parts {
            if let Some(value) = value {
                write!(f, ", {name} {value}")?;
            }
        }
        if let Some(location) = &self.location {
            write!(f, ", in {location}")?;
        }
        Ok(())
    }
}

impl Quota {
    /// What `message` says of a limit.
    pub(crate) fn parse(message: &str) -> Self {
        let forms: [fn(&str) -> Option<Quota>; 6] = [
            count_limit,
            core_limit_2015,
            approved_limit_2018,
            accounts_limit,
            classic_limit,
            deployment_limit,
        ];
        forms.into_iter().find_map(|form| form(message)).unwrap_or_default()
    }
}

/// `Cannot create more than 60 public IP addresses for this subscription in this region.`: all of them are in use, then.
fn count_limit(message: &str) -> Option<Quota> {
    let rest = after(message, "Cannot create more than ")?;
    let (limit, rest) = number(rest)?;
    let name = before(rest, " for this subscription").or_else(|| before(rest, " in subscription"))?;
    Some(Quota {
        name: Some(name.trim().to_owned()),
        limit: Some(limit),
        in_use: Some(limit),
        needed: Some(1),
        location: None,
    })
}

/// `Operation results in exceeding quota limits of Core. Maximum allowed: 4, Current in use: 4, Additional requested: 1.`
fn core_limit_2015(message: &str) -> Option<Quota> {
    let rest = after(message, "exceeding quota limits of ")?;
    Some(Quota {
        name: before(rest, ".").map(str::to_owned),
        limit: number_after(rest, "Maximum allowed:"),
        in_use: number_after(rest, "Current in use:"),
        needed: number_after(rest, "Additional requested:"),
        location: None,
    })
}

/// `... exceeding approved standardDSv2Family Cores quota. ... Location: westus, Current Limit: 10, Current Usage: 8, Additional
/// Required: 4, ...`
fn approved_limit_2018(message: &str) -> Option<Quota> {
    let rest = after(message, "exceeding approved ")?;
    let location = after(rest, "Location: ").and_then(|rest| before(rest, ","));
    Some(Quota {
        name: before(rest, " quota").map(str::to_owned),
        limit: number_after(rest, "Current Limit:"),
        in_use: number_after(rest, "Current Usage:"),
        needed: number_after(rest, "Additional Required:"),
        location: location.map(|location| location.trim().to_owned()),
    })
}

/// `Subscription ... already contains 200 storage accounts in location westus and the maximum allowed is 200.`
fn accounts_limit(message: &str) -> Option<Quota> {
    let rest = after(message, " already contains ")?;
    let (in_use, rest) = number(rest)?;
    let location = after(rest, "in location ").and_then(|rest| before(rest, " "));
    Some(Quota {
        name: before(rest, " in location")
            .or_else(|| before(rest, " and the"))
            .map(|name| name.trim().to_owned()),
        limit: number_after(rest, "maximum allowed is"),
        in_use: Some(in_use),
        needed: Some(1),
        location: location.map(str::to_owned),
    })
}

/// `... The limit for resource type 'cores count' is 20 per subscription, the current count is 19, and the requested increment is 2.`
/// (service-management 4.1)
fn classic_limit(message: &str) -> Option<Quota> {
    let rest = after(message, "The limit for resource type '")?;
    Some(Quota {
        name: before(rest, " count'").or_else(|| before(rest, "'")).map(str::to_owned),
        limit: number_after(rest, "' is"),
        in_use: number_after(rest, "current count is"),
        needed: number_after(rest, "requested increment is"),
        location: None,
    })
}

/// `The deployment would have 26 roles. The limit is 25.` (service-management 15 has the numbers; the words are assumed)
fn deployment_limit(message: &str) -> Option<Quota> {
    let (_, rest) = number(after(message, "The deployment would have ")?)?;
    Some(Quota {
        name: before(rest, ".").map(|name| name.trim().to_owned()),
        limit: number_after(rest, "The limit is"),
        ..Quota::default()
    })
}

fn after<'a>(text: &'a str, mark: &str) -> Option<&'a str> {
    text.split_once(mark).map(|(_, rest)| rest)
}

fn before<'a>(text: &'a str, mark: &str) -> Option<&'a str> {
    text.split_once(mark).map(|(start, _)| start)
}

fn number(text: &str) -> Option<(u64, &str)> {
    let text = text.trim_start();
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    Some((text[..end].parse().ok()?, &text[end..]))
}

fn number_after(text: &str, mark: &str) -> Option<u64> {
    number(after(text, mark)?).map(|(number, _)| number)
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};
    use proptest::prelude::*;

    use super::Quota;

    fn check(message: &str, expect: Expect) {
        expect.assert_eq(&Quota::parse(message).to_string());
    }

    #[test]
    fn every_known_form_is_read() {
        check(
            "Cannot create more than 60 public IP addresses for this subscription in this region.",
            expect!["quota public IP addresses, limit 60, in use 60, needed 1"],
        );
        check(
            "Operation results in exceeding quota limits of Core. Maximum allowed: 4, Current in use: 3, Additional requested: 2.",
            expect!["quota Core, limit 4, in use 3, needed 2"],
        );
        check(
            "Operation could not be completed as it results in exceeding approved standardDSv2Family Cores quota. Additional \
             details - Deployment Model: Resource Manager, Location: westus, Current Limit: 10, Current Usage: 8, Additional \
             Required: 4, (Minimum) New Limit Required: 12.",
            expect!["quota standardDSv2Family Cores, limit 10, in use 8, needed 4, in westus"],
        );
        check(
            "Subscription s already contains 200 storage accounts in location westus and the maximum allowed is 200.",
            expect!["quota storage accounts, limit 200, in use 200, needed 1, in westus"],
        );
        check(
            "The subscription policy limit for resource type 'cores count' was exceeded. The limit for resource type 'cores count' \
             is 20 per subscription, the current count is 19, and the requested increment is 2.",
            expect!["quota cores, limit 20, in use 19, needed 2"],
        );
        check("Something new about a limit.", expect!["quota of the subscription"]);
    }

    #[test]
    fn numbers_come_back_as_they_were_written() {
        proptest!(|(limit: u64, in_use: u64, needed: u64)| {
            let message = format!(
                "Operation results in exceeding quota limits of Core. Maximum allowed: {limit}, Current in use: {in_use}, \
                 Additional requested: {needed}."
            );
            let quota = Quota::parse(&message);
            prop_assert_eq!((quota.limit, quota.in_use, quota.needed), (Some(limit), Some(in_use), Some(needed)));
        });
    }

    #[test]
    fn no_message_stops_the_reader() {
        proptest!(|(text in "(Cannot create more than |exceeding approved |exceeding quota limits of | already contains |[0-9]|\\PC)*")| {
            let quota = Quota::parse(&text);
            prop_assert!(quota.limit.is_none() || text.contains(|c: char| c.is_ascii_digit()));
        });
    }
}
