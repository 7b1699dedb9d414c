//! The sweep in short: every so manieth run of every operation. The binary does them all.

use conformance::driver::DriverKind;
use conformance::subject::Subject;
use conformance::sweep::{self, Fault, Operation, Plan, Run, Told};

fn plan(subject: Subject, driver: DriverKind, every: usize) -> Plan {
    Plan {
        subjects: vec![subject],
        operations: Operation::ALL.to_vec(),
        faults: Fault::ALL.to_vec(),
        driver,
        seed: 1,
        at: None,
        every,
        n_threads: 2,
    }
}

fn runs(plan: &Plan) -> Vec<Run> {
    let mut runs = Vec::new();
    let swept = sweep::sweep(plan, &mut |told| {
        if let Told::Run(run) = told {
            runs.push(run.clone());
        }
        Ok(())
    });
    swept.expect("every world can be made ready");
    runs
}

fn check(plan: &Plan) -> Vec<Run> {
    let runs = runs(plan);
    let troubles: Vec<String> = runs.iter().filter_map(|run| sweep::show_trouble(plan, run)).collect();
    assert_eq!(troubles, Vec::<String>::new(), "{}", sweep::last_line(plan, &runs));
    runs
}

#[test]
fn a1_leaks_nothing_whatever_strikes() {
    let runs = check(&plan(Subject::A1, DriverKind::Wire, 67));
    assert!(runs.len() > 30, "only {} runs", runs.len());
}

#[test]
fn a4_leaks_nothing_whatever_strikes() {
    check(&plan(Subject::A4, DriverKind::Wire, 61));
}

#[test]
fn a7_leaks_nothing_whatever_strikes() {
    check(&plan(Subject::A7, DriverKind::Wire, 97));
}

#[test]
fn classic_leaks_nothing_whatever_strikes() {
    check(&plan(Subject::CLASSIC, DriverKind::Wire, 61));
}

#[test]
fn a1_leaks_nothing_over_sockets() {
    let mut plan = plan(Subject::A1, DriverKind::Socket, 5);
    plan.operations = vec![Operation::Stop];
    plan.faults = vec![Fault::CutBefore, Fault::CutAfter, Fault::CrashAfter];
    check(&plan);
}

/// Nobody sees a storage account while it is being made, so a provider that begins again must not take its name for a
/// stranger's.
#[test]
fn whoever_ends_while_the_account_is_made_makes_no_second_one() {
    let mut plan = plan(Subject::A1, DriverKind::Wire, 1);
    plan.operations = vec![Operation::Bootstrap];
    plan.faults = vec![Fault::CrashAfter];
    check(&plan);
}

#[test]
fn a_sweep_is_the_same_twice() {
    let mut plan = plan(Subject::A1, DriverKind::Wire, 7);
    plan.operations = vec![Operation::Start];
    let told = |runs: &[Run]| -> Vec<String> {
        runs.iter()
            .map(|run| format!("{} {} {:?} {:?}", run.fault, run.at, run.end, run.error))
            .collect()
    };
    let (first, second) = (runs(&plan), runs(&plan));
    assert_eq!(told(&first), told(&second));
}
