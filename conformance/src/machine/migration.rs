//! Histories of a model that goes from one controller to another and back, as far as it is let.
//!
//! A small model written from the documents (juju-provider 3.6) says where the model is after every migration. Where a fault strikes
//! nobody can say that; then the fault ends, and the model has to come there. Whatever happens, nothing but tags is written on the
//! way, every resource says whose it is, and in the end the controller that the model left takes nothing of it with it (6.11).

use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::history::{step, story};
use crate::scenario::{Action, CallStep, Check, Expect, Scenario, Step};
use crate::subject::Subject;

/// One thing that a user does, or that befalls them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    /// The model's application gets a unit.
    AddUnit,
    /// It is exposed, or not any more.
    Expose(bool),
    /// Another model, which stays where it is, gets a machine.
    AddElsewhere,
    /// The model goes to the controller that does not have it.
    Migrate(Befalls),
}

/// What befalls a migration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Befalls {
    /// Nothing.
    Nothing,
    /// Somebody reports in a phase that it cannot.
    Fails(Phase),
    /// The worker ends once after a phase's work.
    Dies(Phase),
    /// Every process ends at one of the next requests.
    Crash {
        /// Which of the requests after it.
        nth: u8,
        /// Before it is sent, or after it was answered.
        before: bool,
    },
    /// One of the next requests meets trouble; with `write`, one of those that write.
    Fault {
        /// Which of them.
        nth: u8,
        /// Whether only those are counted.
        write: bool,
        /// What happens to it.
        trouble: Trouble,
    },
}

/// Phases that something can befall.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Workers and agents stop.
    Quiesce,
    /// The model is sent.
    Import,
    /// It is looked at.
    Validation,
    /// It is handed over.
    Success,
    /// Logs follow.
    LogTransfer,
    /// The source forgets it.
    Reap,
}

impl Phase {
    const ALL: [Phase; 6] = [
        Phase::Quiesce,
        Phase::Import,
        Phase::Validation,
        Phase::Success,
        Phase::LogTransfer,
        Phase::Reap,
    ];

    fn name(self) -> &'static str {
        match self {
            Phase::Quiesce => "QUIESCE",
            Phase::Import => "IMPORT",
            Phase::Validation => "VALIDATION",
            Phase::Success => "SUCCESS",
            Phase::LogTransfer => "LOGTRANSFER",
            Phase::Reap => "REAP",
        }
    }

    /// Whether a failure in it leaves the model where it was.
    fn turns_back(self) -> bool {
        matches!(self, Phase::Quiesce | Phase::Import | Phase::Validation)
    }
}

/// What can happen to a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// The connection is cut before it is applied.
    CutBefore,
    /// The connection is cut after it was applied.
    CutAfter,
    /// The service answers 500.
    InternalError,
    /// The service answers 429.
    Throttle,
    /// The operation that it begins fails at its end.
    FailsLate,
}

const TROUBLES: [Trouble; 5] = [
    Trouble::CutBefore,
    Trouble::CutAfter,
    Trouble::InternalError,
    Trouble::Throttle,
    Trouble::FailsLate,
];

/// The controllers, by their numbers; the first is the usual one.
const CONTROLLERS: [&str; 2] = ["controller", "next"];
/// Their own models.
const OWN: [&str; 2] = ["own", "other"];
const MODEL: &str = "moving";
const BYSTANDER: &str = "staying";
/// Within this much time how an instance stands has been seen (juju-provider 3.2).
const SEEN_WITHIN: &str = "20m";

/// Draws an operation.
pub fn operation() -> impl Strategy<Value = Operation> {
    let phase = || prop::sample::select(Phase::ALL.to_vec());
    // What could not be forgotten stays with both for ever: histories do not come back from there.
    let failing = prop::sample::select(
        Phase::ALL
            .into_iter()
            .filter(|phase| *phase != Phase::Reap)
            .collect::<Vec<_>>(),
    );
    let befalls = prop_oneof![
        2 => Just(Befalls::Nothing),
        2 => failing.prop_map(Befalls::Fails),
        2 => phase().prop_map(Befalls::Dies),
        3 => (1..30_u8, any::<bool>()).prop_map(|(nth, before)| Befalls::Crash { nth, before }),
        6 => (1..20_u8, any::<bool>(), prop::sample::select(TROUBLES.to_vec()))
            .prop_map(|(nth, write, trouble)| Befalls::Fault { nth, write, trouble }),
    ];
    prop_oneof![
        2 => Just(Operation::AddUnit),
        2 => any::<bool>().prop_map(Operation::Expose),
        1 => Just(Operation::AddElsewhere),
        5 => befalls.prop_map(Operation::Migrate),
    ]
}

/// What Juju knows.
#[derive(Clone, Debug, Default)]
struct Reference {
    /// Which controller has the model.
    at: usize,
    n_units: u64,
    n_elsewhere: u64,
    steps: Vec<Step>,
}

/// A history as a scenario of a provider.
#[must_use]
pub fn scenario(subject: Subject, operations: &[Operation]) -> Scenario {
    let mut reference = Reference::default();
    reference.begin();
    for operation in operations {
        reference.perform(*operation);
    }
    reference.end();
    story(
        "generated/migration",
        "A generated history of a model that goes from one controller to another.",
        "migration",
        "2016",
        subject,
        reference.steps,
    )
}

impl Reference {
    fn begin(&mut self) {
        for (controller, own) in CONTROLLERS.iter().zip(OWN) {
            self.juju("bootstrap", own, json!({"controller": controller}), Expect::default());
        }
        for model in [MODEL, BYSTANDER] {
            self.juju("add-model", model, json!({}), Expect::default());
        }
        let deployed = json!({"app": "app", "ports": ["80/tcp", "8000-8080/tcp"]});
        self.juju("deploy", MODEL, deployed, Expect::default());
        self.n_units = 1;
    }

    fn perform(&mut self, operation: Operation) {
        match operation {
            Operation::AddUnit => {
                // As many as the cores of the time allow.
                if self.n_units < 4 {
                    self.n_units += 1;
                    self.of_model("add-unit", json!({"app": "app"}));
                }
            }
            Operation::Expose(exposed) => {
                let verb = if exposed { "expose" } else { "unexpose" };
                self.of_model(verb, json!({"app": "app"}));
            }
            Operation::AddElsewhere => {
                if self.n_elsewhere < 2 {
                    self.n_elsewhere += 1;
                    self.juju("add-machine", BYSTANDER, json!({}), Expect::default());
                }
            }
            Operation::Migrate(befalls) => self.migrate(befalls),
        }
    }

    fn of_model(&mut self, verb: &str, arguments: Value) {
        let mut arguments = arguments;
        arguments["controller"] = json!(CONTROLLERS[self.at]);
        self.juju(verb, MODEL, arguments, Expect::default());
    }

    fn migrate(&mut self, befalls: Befalls) {
        let (from, to) = (self.at, 1 - self.at);
        let mut arguments = json!({"controller": CONTROLLERS[from], "to": CONTROLLERS[to]});
        let mut phase = Some("DONE");
        match befalls {
            Befalls::Nothing => {}
            Befalls::Fails(failing) => {
                arguments["fails-in"] = json!(failing.name());
                if failing.turns_back() {
                    phase = Some("ABORTDONE");
                }
            }
            Befalls::Dies(dying) => arguments["dies-in"] = json!(dying.name()),
            Befalls::Crash { nth, before } => {
                let side = if before { "before" } else { "after" };
                self.juju("crash", MODEL, json!({"nth": nth, "side": side}), Expect::default());
                // The one that looks at the instances may have been about to say that they are there.
                phase = None;
            }
            Befalls::Fault { nth, write, trouble } => {
                self.steps
                    .push(step(Action::Fault(rule(nth, write, trouble)), Expect::default()));
                phase = None;
            }
        }
        let mut wanted = json!({"wrote-beside": []});
        if let Some(phase) = phase {
            wanted["phase"] = json!(phase);
        }
        let expect = Expect {
            value: Some(wanted),
            ..Expect::default()
        };
        self.juju("migrate", MODEL, arguments, expect);
        self.steps.push(step(Action::Fault(json!("clear")), Expect::default()));
        self.juju("restart", MODEL, json!({}), Expect::default());
        // A machine whose tags are written is being changed, and whether that is over is looked at now and then.
        self.juju("settle", MODEL, json!({"for": SEEN_WITHIN}), Expect::default());
        self.check(&[Check::Converged, Check::Owned]);
        if phase.is_none() {
            // Where it is by now nobody can say; from here on nothing keeps it from getting there.
            let again = json!({"controller": CONTROLLERS[from], "to": CONTROLLERS[to]});
            let expect = Expect {
                any: true,
                ..Expect::default()
            };
            self.juju("migrate", MODEL, again, expect);
        }
        if phase != Some("ABORTDONE") {
            self.at = to;
        }
        let is_at = Expect {
            value: Some(json!({MODEL: {"status": "available", "machines": self.n_units}})),
            ..Expect::default()
        };
        let is_gone = Expect {
            value: Some(json!({MODEL: "$absent"})),
            ..Expect::default()
        };
        self.juju("models", MODEL, json!({"controller": CONTROLLERS[self.at]}), is_at);
        self.juju(
            "models",
            MODEL,
            json!({"controller": CONTROLLERS[1 - self.at]}),
            is_gone,
        );
        self.check(&[Check::Converged, Check::Owned]);
    }

    /// The controller that does not have the model goes, and the model works on; then everything goes.
    fn end(&mut self) {
        let left = 1 - self.at;
        let all = |at: usize| json!({"controller": CONTROLLERS[at], "destroy-all-models": true});
        self.juju("destroy-controller", OWN[left], all(left), Expect::default());
        let n_elsewhere = if self.at == 0 { self.n_elsewhere } else { 0 };
        let n_machines = self.n_units + 1 + n_elsewhere;
        let world = [("vm".to_owned(), n_machines), ("nic".to_owned(), n_machines)];
        self.steps.push(step(Action::World(world.into()), Expect::default()));
        self.check(&[Check::Converged, Check::Owned]);
        self.of_model("expose", json!({"app": "app"}));
        self.check(&[Check::Converged]);
        self.juju("destroy-controller", OWN[self.at], all(self.at), Expect::default());
        self.check(&[Check::Empty]);
    }

    fn check(&mut self, checks: &[Check]) {
        self.steps.push(step(Action::Check(checks.to_vec()), Expect::default()));
    }

    fn juju(&mut self, verb: &str, model: &str, arguments: Value, expect: Expect) {
        self.steps.push(juju(verb, model, arguments, expect));
    }
}

/// A command of a user's about a model.
pub(super) fn juju(verb: &str, model: &str, arguments: Value, expect: Expect) -> Step {
    let arguments = match arguments {
        Value::Object(arguments) => arguments,
        _ => Map::new(),
    };
    let call = CallStep {
        call: verb.to_owned(),
        environment: model.to_owned(),
        arguments,
    };
    step(Action::Juju(call), expect)
}

fn rule(nth: u8, write: bool, trouble: Trouble) -> Value {
    let matches = match (write, trouble) {
        // Only what writes begins something that can fail.
        (_, Trouble::FailsLate) | (true, _) => json!({"method": "PATCH", "nth": nth}),
        (false, _) => json!({"nth": nth}),
    };
    let verdict = match trouble {
        Trouble::CutBefore => json!("cut-before"),
        Trouble::CutAfter => json!("cut-after"),
        Trouble::InternalError => json!({"status": {"status": 500}}),
        Trouble::Throttle => json!("throttle"),
        Trouble::FailsLate => json!("operation-fails"),
    };
    json!({"match": matches, "verdict": verdict})
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_history_says_where_the_model_is() {
        let history = [
            Operation::Migrate(Befalls::Fails(Phase::Validation)),
            Operation::Migrate(Befalls::Dies(Phase::Success)),
            Operation::AddUnit,
        ];
        let text = crate::scenario::write(&scenario(Subject::A4, &history));
        assert!(
            text.contains("phase: ABORTDONE") && text.contains("phase: DONE"),
            "{text}"
        );
        let added = text.split("- juju: add-unit").nth(1).expect("a unit is added");
        assert!(added.contains("controller: next"), "{text}");
        assert!(text.contains("to: next") && text.contains("dies-in: SUCCESS"), "{text}");
    }
}
