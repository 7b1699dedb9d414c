//! What grows faster than the machines, and what may: the contract of a generation may ask for it.
//!
//! Judged by operation, requests and bytes apart: what all together hides, one of them shows.

use super::{Amount, Cost};
use crate::subject::Subject;

/// What is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Measure {
    /// How many.
    Requests,
    /// How many bytes, both ways.
    Bytes,
}

impl Measure {
    const ALL: [Measure; 2] = [Measure::Requests, Measure::Bytes];

    fn of(self, amount: &Amount) -> u64 {
        match self {
            Measure::Requests => amount.n_requests,
            Measure::Bytes => amount.bytes(),
        }
    }

    /// As it is written.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Measure::Requests => "requests",
            Measure::Bytes => "bytes",
        }
    }
}

/// Something that costs a machine more, the more machines there are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Growth {
    /// What is asked for; `None`: all together.
    pub operation: Option<String>,
    /// What of it grows.
    pub measure: Measure,
    /// What a machine costs where there are fewer, in hundredths.
    pub few_centi: u64,
    /// What a machine costs where there are most, in hundredths.
    pub many_centi: u64,
    /// Why that is as it must be.
    pub reason: Option<&'static str>,
}

/// What the contract of a generation makes grow, with the reason: subject, operation, measure.
type Excuse = (Subject, &'static str, Measure, &'static str);

const BY_ADDRESS: &str =
    "each start lists the group's network interfaces to choose the lowest free address (juju-provider 1.8.5a)";
const BY_GROUP: &str = "each start with a distribution group lists interfaces, machines and addresses to find its availability set (juju-provider 1.8.5a)";
const BY_SUBNET: &str = "each start lists the network's subnets to choose one (juju-provider 1.14), and a subnet names every interface in it";
const BY_GUARD: &str = "each stop reads the subnet to find its security group (juju-provider 1.8.6), and a subnet names every interface in it";

const EXCUSES: &[Excuse] = &[
    (
        Subject::A1,
        "GET Microsoft.Network/networkInterfaces",
        Measure::Bytes,
        BY_ADDRESS,
    ),
    (
        Subject::A1,
        "GET Microsoft.Compute/virtualMachines",
        Measure::Bytes,
        BY_GROUP,
    ),
    (
        Subject::A1,
        "GET Microsoft.Network/publicIPAddresses",
        Measure::Bytes,
        BY_GROUP,
    ),
    (
        Subject::A7,
        "GET Microsoft.Network/virtualNetworks/*/subnets",
        Measure::Bytes,
        BY_SUBNET,
    ),
    (
        Subject::A7,
        "GET Microsoft.Network/virtualNetworks/*/subnets/*",
        Measure::Bytes,
        BY_GUARD,
    ),
];

/// A machine may cost so many times as much as where there were fewer. Ten times the machines make what is quadratic ten times as dear.
const TIMES_MAX: u64 = 2;
/// What is less than this part of the whole is chance.
const PART_MIN: u64 = 100;

/// What grew from the second largest number of machines to the largest. Both have applications of full size.
#[must_use]
pub fn growths(subject: Subject, costs: &[Cost]) -> Vec<Growth> {
    let [.., few, many] = costs else {
        return Vec::new();
    };
    let mut found = Vec::new();
    for measure in Measure::ALL {
        let excuse_of = |operation: &str| {
            EXCUSES
                .iter()
                .find(|(own, what, of, _)| *own == subject && *what == operation && *of == measure)
                .map(|(_, _, _, reason)| *reason)
        };
        let whole: u64 = many.operations.values().map(|amount| measure.of(amount)).sum();
        let mut rest = (0, 0);
        for (operation, amount) in &many.operations {
            let before = few.operations.get(operation).map_or(0, |amount| measure.of(amount));
            let now = measure.of(amount);
            let reason = excuse_of(operation);
            if reason.is_none() {
                rest = (rest.0 + before, rest.1 + now);
            }
            if now * PART_MIN >= whole {
                let name = Some(operation.clone());
                found.extend(grown(name, measure, (few, before), (many, now), reason));
            }
        }
        found.extend(grown(None, measure, (few, rest.0), (many, rest.1), None));
    }
    found
}

fn grown(
    operation: Option<String>,
    measure: Measure,
    (few, before): (&Cost, u64),
    (many, now): (&Cost, u64),
    reason: Option<&'static str>,
) -> Option<Growth> {
    let a_machine = |cost: &Cost, amount: u64| amount * 100 / u64::from(cost.n_machines.max(1));
    let (few_centi, many_centi) = (a_machine(few, before), a_machine(many, now));
    (many_centi > few_centi * TIMES_MAX && few.n_machines < many.n_machines).then_some(Growth {
        operation,
        measure,
        few_centi,
        many_centi,
        reason,
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    const NICS: &str = "GET Microsoft.Network/networkInterfaces";

    fn cost(n_machines: u32, rows: &[(&str, u64, u64)]) -> Cost {
        let amount = |n_requests, answer_bytes| Amount {
            n_requests,
            answer_bytes,
            request_bytes: 0,
        };
        let operations: BTreeMap<String, Amount> = rows
            .iter()
            .map(|(operation, n, bytes)| ((*operation).to_owned(), amount(*n, *bytes)))
            .collect();
        Cost {
            n_machines,
            operations,
            ..Cost::default()
        }
    }

    fn told(subject: Subject, costs: &[Cost]) -> Vec<(Option<String>, &'static str, bool)> {
        growths(subject, costs)
            .into_iter()
            .map(|growth| (growth.operation, growth.measure.name(), growth.reason.is_some()))
            .collect()
    }

    #[test]
    fn what_grows_with_the_machines_does_not_grow() {
        let costs = [
            cost(10, &[("PUT x", 100, 1_000), (NICS, 1, 10)]),
            cost(100, &[("PUT x", 1_000, 12_000), (NICS, 1, 100)]),
        ];
        assert!(told(Subject::A4, &costs).is_empty());
        assert!(told(Subject::A4, &costs[..1]).is_empty());
    }

    #[test]
    fn an_operation_that_grows_is_told_though_the_whole_hides_it() {
        let costs = [
            cost(10, &[("PUT x", 1_000, 1_000), ("GET y", 10, 100)]),
            cost(100, &[("PUT x", 10_000, 10_000), ("GET y", 1_000, 1_000)]),
        ];
        assert_eq!(
            told(Subject::A4, &costs),
            [(Some("GET y".to_owned()), "requests", false)]
        );
    }

    #[test]
    fn what_the_contract_asks_for_is_excused_and_left_out_of_the_whole() {
        let costs = [
            cost(10, &[("PUT x", 100, 1_000), (NICS, 10, 1_000)]),
            cost(100, &[("PUT x", 1_000, 10_000), (NICS, 100, 100_000)]),
        ];
        assert_eq!(told(Subject::A1, &costs), [(Some(NICS.to_owned()), "bytes", true)]);
        let of_a7 = told(Subject::A7, &costs);
        assert_eq!(of_a7, [(Some(NICS.to_owned()), "bytes", false), (None, "bytes", false)]);
    }
}
