//! What Azure allows within a time, and how near to it requests come.

use crate::driver::Sent;
use crate::subject::Stack;

const MINUTE_MS: i64 = 60_000;

/// So many requests of a kind within a window.
#[derive(Clone, Copy, Debug)]
pub struct Budget {
    /// What it is called.
    pub name: &'static str,
    /// Whose requests.
    stack: Stack,
    /// How long the window is, in milliseconds.
    window_ms: i64,
    /// How many are allowed; `None` where nobody knows.
    pub capacity: Option<usize>,
    /// Where that is from.
    pub evidence: &'static str,
    /// Beginnings of the operations that count; none: all of them.
    operations: &'static [&'static str],
    /// Reads alone, or writes alone.
    of: Of,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Of {
    Reads,
    Writes,
}

const fn arm(
    name: &'static str,
    of: Of,
    minutes: i64,
    capacity: usize,
    operations: &'static [&'static str],
    evidence: &'static str,
) -> Budget {
    Budget {
        name,
        stack: Stack::Arm,
        window_ms: minutes * MINUTE_MS,
        capacity: Some(capacity),
        evidence,
        operations,
        of,
    }
}

/// Every budget. The hourly ones are the subscription's of 2016; compute's came the year after, and are the dearest a machine of today
/// has to share.
const BUDGETS: &[Budget] = &[
    arm("reads an hour", Of::Reads, 60, 15_000, &[], "ARM 5.1"),
    arm("writes an hour", Of::Writes, 60, 1_200, &[], "ARM 5.1"),
    arm(
        "PutVM3Min",
        Of::Writes,
        3,
        240,
        &[
            "PUT Microsoft.Compute/virtualMachines/*",
            "PUT Microsoft.Compute/availabilitySets/*",
        ],
        "ARM 5.3, observed-arm, Rate limits",
    ),
    arm(
        "DeleteVM3Min",
        Of::Writes,
        3,
        240,
        &["DELETE Microsoft.Compute/virtualMachines/*"],
        "ARM 5.3",
    ),
    arm(
        "HighCostGet3Min",
        Of::Reads,
        3,
        140,
        &["GET Microsoft.Compute/virtualMachines"],
        "ARM 5.3",
    ),
    arm(
        "GetOperation3Min",
        Of::Reads,
        3,
        15_000,
        &["GET Microsoft.Compute/locations/*/operations/*"],
        "ARM 5.3",
    ),
    arm(
        "network reads, 5 min",
        Of::Reads,
        5,
        10_000,
        &["GET Microsoft.Network/"],
        "ARM 5.3 (DOCS)",
    ),
    arm(
        "network writes, 5 min",
        Of::Writes,
        5,
        1_000,
        &["PUT Microsoft.Network/", "DELETE Microsoft.Network/"],
        "ARM 5.3 (DOCS)",
    ),
    classic("reads an hour", Of::Reads),
    classic("writes an hour", Of::Writes),
];

const fn classic(name: &'static str, of: Of) -> Budget {
    Budget {
        name,
        stack: Stack::Classic,
        window_ms: 60 * MINUTE_MS,
        capacity: None,
        evidence: "service-management 1.9: there is a limit, nobody has written down which",
        operations: &[],
        of,
    }
}

/// The budgets of a stack.
pub fn budgets_of(stack: Stack) -> impl Iterator<Item = &'static Budget> {
    let stack = match stack {
        Stack::Classic => Stack::Classic,
        Stack::Arm | Stack::Naive => Stack::Arm,
    };
    BUDGETS.iter().filter(move |budget| budget.stack == stack)
}

impl Budget {
    /// Whether a request draws from it: sign-ins and blobs are other services'.
    fn counts(&self, sent: &Sent) -> bool {
        let (_, what) = sent.operation.split_once(' ').unwrap_or_default();
        let is_management = what != "token" && !what.starts_with("blob");
        let is_of = sent.is_write == (self.of == Of::Writes);
        // What ends in a name or a slash stands for all that begin so; any other is itself.
        let is_one = |own: &&&str| match own.ends_with('/') {
            true => sent.operation.starts_with(**own),
            false => sent.operation == **own,
        };
        is_management && is_of && (self.operations.is_empty() || self.operations.iter().any(|own| is_one(&own)))
    }

    /// The most of them within any window. What Azure refused counts: it drew from the bucket, or would have.
    #[must_use]
    pub fn peak(&self, traffic: &[Sent]) -> usize {
        let times: Vec<i64> = traffic
            .iter()
            .filter(|sent| self.counts(sent))
            .map(|sent| sent.at_ms)
            .collect();
        let mut first = 0;
        let mut most = 0;
        for (index, at) in times.iter().enumerate() {
            while at - times[first] >= self.window_ms {
                first += 1;
            }
            most = most.max(index + 1 - first);
        }
        most
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(minute: i64, operation: &str) -> Sent {
        Sent {
            at_ms: minute * MINUTE_MS,
            operation: operation.to_owned(),
            is_write: !operation.starts_with("GET"),
            only_tags: false,
            status: 200,
            request_bytes: 0,
            answer_bytes: 0,
        }
    }

    fn peak(name: &str, traffic: &[Sent]) -> Option<usize> {
        let budget = budgets_of(Stack::Arm).find(|budget| budget.name == name)?;
        Some(budget.peak(traffic))
    }

    #[test]
    fn the_peak_is_of_the_busiest_window() {
        let list = "GET Microsoft.Network/networkInterfaces";
        let traffic = [0, 30, 59, 60, 61, 200].map(|minute| sent(minute, list));
        assert_eq!(peak("reads an hour", &traffic), Some(4));
        assert_eq!(peak("writes an hour", &traffic), Some(0));
        assert_eq!(peak("network reads, 5 min", &traffic), Some(3));
    }

    #[test]
    fn each_budget_counts_its_own() {
        let traffic = [
            sent(0, "GET Microsoft.Compute/virtualMachines"),
            sent(0, "GET Microsoft.Compute/virtualMachines/*"),
            sent(0, "PUT Microsoft.Compute/availabilitySets/*"),
            sent(0, "PUT blob lease"),
            sent(0, "POST token"),
        ];
        assert_eq!(peak("HighCostGet3Min", &traffic), Some(1));
        assert_eq!(peak("PutVM3Min", &traffic), Some(1));
        assert_eq!(peak("writes an hour", &traffic), Some(1));
        assert_eq!(peak("reads an hour", &traffic), Some(2));
    }
}
