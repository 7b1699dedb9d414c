//! Histories of two models that use the database of a third: related and not, with machines that come, go and move.
//!
//! A small model written from the documents (juju-provider 3.5) says who is related and with how many machines. What is let in to the
//! offered machines is compared with the addresses that the cloud gives those who call (6.12), whatever happened before.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::history::{step, story};
use super::migration::juju;
use crate::driver::groups_of_environment;
use crate::scenario::{Action, Body, Check, Expect, ResourceStep, Scenario, Step, Verb};
use crate::subject::Subject;

/// One thing that a user does, or that befalls them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    /// A consumer is related to the offer.
    Relate(u8),
    /// It is so no more.
    Unrelate(u8),
    /// A consumer gets a unit.
    Add(u8),
    /// A consumer loses its first unit.
    Remove(u8),
    /// A consumer's first machine is stopped and started, while another takes the address that it had.
    Readdress(u8),
    /// The offered application gets a unit.
    AddOffered,
    /// The offered application is exposed, or not any more.
    Expose(bool),
    /// The controller's process ends, and begins again.
    Restart,
}

const OFFERING: &str = "prod-db";
const CONSUMERS: [&str; 2] = ["blog", "wiki"];
const N_UNITS_MAX: usize = 2;
/// Within this much time what an instance's address is has been seen (juju-provider 3.2).
const SEEN_WITHIN: &str = "20m";

/// Draws an operation.
pub fn operation() -> impl Strategy<Value = Operation> {
    let consumer = 0..2_u8;
    prop_oneof![
        5 => consumer.clone().prop_map(Operation::Relate),
        2 => consumer.clone().prop_map(Operation::Unrelate),
        3 => consumer.clone().prop_map(Operation::Add),
        2 => consumer.clone().prop_map(Operation::Remove),
        3 => consumer.prop_map(Operation::Readdress),
        1 => Just(Operation::AddOffered),
        1 => any::<bool>().prop_map(Operation::Expose),
        1 => Just(Operation::Restart),
    ]
}

/// What Juju knows of a consumer.
#[derive(Clone, Debug, Default)]
struct Consumer {
    /// Units by number, each with its machine.
    units: Vec<(u32, u32)>,
    next_unit: u32,
    next_machine: u32,
}

/// What Juju knows.
#[derive(Clone, Debug, Default)]
struct Reference {
    subject: Subject,
    consumers: [Consumer; 2],
    /// Consumers that are related, in the order in which they came.
    related: Vec<usize>,
    n_offered: u32,
    exposed: bool,
    steps: Vec<Step>,
}

/// A history as a scenario of a provider that can let in single networks.
#[must_use]
pub fn scenario(subject: Subject, operations: &[Operation]) -> Scenario {
    let mut reference = Reference {
        subject,
        ..Reference::default()
    };
    reference.begin();
    for operation in operations {
        reference.perform(*operation);
        reference.look();
    }
    reference.end();
    story(
        "generated/cross-model",
        "A generated history of models that use another's application.",
        "cross-model",
        "2016",
        subject,
        reference.steps,
    )
}

impl Reference {
    fn begin(&mut self) {
        self.juju("bootstrap", "own", json!({}));
        for model in [OFFERING].iter().chain(&CONSUMERS) {
            self.juju("add-model", model, json!({}));
        }
        let database = json!({"app": "mysql", "provides": {"db": "mysql"}, "ports": ["3306/tcp"]});
        self.juju("deploy", OFFERING, database);
        self.n_offered = 1;
        self.juju("offer", OFFERING, json!({"endpoint": "mysql:db"}));
        for (nth, model) in CONSUMERS.into_iter().enumerate() {
            self.juju("deploy", model, json!({"app": "web", "requires": {"db": "mysql"}}));
            self.consumers[nth].added();
        }
    }

    fn perform(&mut self, operation: Operation) {
        match operation {
            Operation::Relate(nth) => {
                let nth = usize::from(nth);
                if !self.related.contains(&nth) {
                    self.related.push(nth);
                    self.juju(
                        "relate",
                        CONSUMERS[nth],
                        json!({"between": ["web:db", "admin/prod-db.mysql"]}),
                    );
                }
            }
            Operation::Unrelate(nth) => {
                let nth = usize::from(nth);
                if self.related.contains(&nth) {
                    self.related.retain(|own| *own != nth);
                    self.juju("remove-relation", CONSUMERS[nth], json!({"between": ["web", "mysql"]}));
                }
            }
            Operation::Add(nth) => {
                let nth = usize::from(nth);
                if self.consumers[nth].units.len() < N_UNITS_MAX {
                    self.consumers[nth].added();
                    self.juju("add-unit", CONSUMERS[nth], json!({"app": "web"}));
                }
            }
            Operation::Remove(nth) => {
                let nth = usize::from(nth);
                if !self.consumers[nth].units.is_empty() {
                    let (unit, _) = self.consumers[nth].units.remove(0);
                    self.juju("remove-unit", CONSUMERS[nth], json!({"unit": format!("web/{unit}")}));
                }
            }
            Operation::Readdress(nth) => self.readdress(usize::from(nth)),
            Operation::AddOffered => {
                if self.n_offered < 2 {
                    self.n_offered += 1;
                    self.juju("add-unit", OFFERING, json!({"app": "mysql"}));
                }
            }
            Operation::Expose(exposed) => {
                self.exposed = exposed;
                let verb = if exposed { "expose" } else { "unexpose" };
                self.juju(verb, OFFERING, json!({"app": "mysql"}));
            }
            Operation::Restart => {
                self.juju("restart", OFFERING, json!({}));
                self.juju("settle", OFFERING, json!({}));
            }
        }
    }

    fn readdress(&mut self, nth: usize) {
        let Some((_, machine)) = self.consumers[nth].units.first().copied() else {
            return;
        };
        self.post(CONSUMERS[nth], machine, "deallocate");
        // Whoever starts first is given the lowest address that is free.
        self.post(OFFERING, 0, "deallocate");
        self.post(OFFERING, 0, "start");
        self.post(CONSUMERS[nth], machine, "start");
        self.juju("settle", CONSUMERS[nth], json!({"for": SEEN_WITHIN}));
    }

    fn post(&mut self, model: &str, machine: u32, action: &str) {
        let [first, middle, short] = groups_of_environment(model);
        let group = match self.subject.name() {
            "a1" => first,
            "a4" => middle,
            _ => short,
        };
        let request = ResourceStep {
            verb: Verb::Post,
            target: format!(
                "/subscriptions/$subscription/resourceGroups/{group}/providers/Microsoft.Compute/virtualMachines/\
                 machine-{machine}/{action}"
            ),
            body: Body::None,
            version: None,
            if_match: None,
            only_new: false,
            expand: None,
        };
        self.steps.push(step(Action::Resource(request), Expect::default()));
    }

    /// What the offered side sees of each consumer, and what it lets in.
    fn look(&mut self) {
        let units: Vec<String> = (0..self.n_offered).map(|number| format!("mysql/{number}")).collect();
        let rows = self.related.iter().map(|nth| {
            let ingress: Vec<&str> = self.consumers[*nth].units.iter().map(|_| "$any").collect();
            json!({"life": "alive", "endpoints": ["mysql:db", "$any"], "units": units, "ingress": ingress})
        });
        let seen = Value::Array(rows.collect());
        let expect = Expect {
            value: Some(seen),
            ..Expect::default()
        };
        self.steps.push(juju("relations", OFFERING, json!({}), expect));
        self.check(&[Check::Admitted, Check::Converged]);
    }

    /// Consumers go, and nobody is let in any more; then everything goes.
    fn end(&mut self) {
        for model in CONSUMERS {
            self.juju("destroy-model", model, json!({}));
        }
        self.related.clear();
        self.look();
        self.juju("remove-offer", OFFERING, json!({"url": "admin/prod-db.mysql"}));
        self.juju("destroy-controller", "own", json!({"destroy-all-models": true}));
        self.check(&[Check::Empty]);
    }

    fn check(&mut self, checks: &[Check]) {
        self.steps.push(step(Action::Check(checks.to_vec()), Expect::default()));
    }

    fn juju(&mut self, verb: &str, model: &str, arguments: Value) {
        self.steps.push(juju(verb, model, arguments, Expect::default()));
    }
}

impl Consumer {
    fn added(&mut self) {
        self.units.push((self.next_unit, self.next_machine));
        self.next_unit += 1;
        self.next_machine += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_history_says_how_many_call() {
        let history = [Operation::Relate(1), Operation::Add(1), Operation::Remove(1)];
        let text = crate::scenario::write(&scenario(Subject::A4, &history));
        let counts: Vec<usize> = text
            .lines()
            .filter(|line| line.contains("ingress"))
            .map(|line| line.matches("$any").count() - 1)
            .collect();
        assert_eq!(counts, [1, 2, 1], "{text}");
    }
}
