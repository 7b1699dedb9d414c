//! What a sweep prints.

use std::collections::BTreeMap;

use comfy_table::{CellAlignment, Table, presets};

use super::{End, Fault, Operation, Plan, Run};
use crate::subject::Subject;

/// One row of the table.
#[derive(Clone, Copy, Debug, Default)]
struct Row {
    runs: usize,
    succeeded: usize,
    cleaned_up: usize,
    wrong: usize,
    leaks: usize,
}

impl Row {
    fn count(&mut self, run: &Run) {
        self.runs += 1;
        match &run.end {
            End::Succeeded => self.succeeded += 1,
            End::CleanedUp => self.cleaned_up += 1,
            End::Wrong(_) => self.wrong += 1,
            End::Leaked(_) => self.leaks += 1,
        }
    }
}

/// Runs by provider, operation and fault. `None` without runs.
#[must_use]
pub fn table(runs: &[Run]) -> Option<String> {
    let position = |subject: Subject| Subject::ALL.iter().position(|own| *own == subject).unwrap_or_default();
    let mut rows: BTreeMap<(usize, Operation, Fault), Row> = BTreeMap::new();
    for run in runs {
        rows.entry((position(run.subject), run.operation, run.fault))
            .or_default()
            .count(run);
    }
    if rows.is_empty() {
        return None;
    }
    let headings = [
        "provider",
        "operation",
        "fault",
        "runs",
        "succeeded",
        "cleaned up",
        "wrong",
        "leaks",
    ];
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_header(headings.to_vec());
    for index in 3..headings.len() {
        if let Some(column) = table.column_mut(index) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    for ((subject, operation, fault), row) in rows {
        table.add_row(vec![
            Subject::ALL
                .get(subject)
                .map_or("", |subject| subject.name())
                .to_owned(),
            operation.name().to_owned(),
            fault.name().to_owned(),
            row.runs.to_string(),
            row.succeeded.to_string(),
            row.cleaned_up.to_string(),
            row.wrong.to_string(),
            row.leaks.to_string(),
        ]);
    }
    Some(table.to_string())
}

/// The line that a sweep ends with: `0 leaks and 0 wrong in 812 runs, wire, seed 1`.
#[must_use]
pub fn last_line(plan: &Plan, runs: &[Run]) -> String {
    let leaks = runs.iter().filter(|run| matches!(run.end, End::Leaked(_))).count();
    let wrong = runs.iter().filter(|run| matches!(run.end, End::Wrong(_))).count();
    format!(
        "{leaks} leaks and {wrong} wrong in {} runs, {}, seed {}",
        runs.len(),
        plan.driver,
        plan.seed
    )
}

/// What is wrong with a run, and how to see it again. `None` for a good one.
#[must_use]
pub fn show_trouble(plan: &Plan, run: &Run) -> Option<String> {
    let (what, lines) = match &run.end {
        End::Succeeded | End::CleanedUp => return None,
        End::Wrong(line) => ("wrong", vec![line.clone()]),
        End::Leaked(lines) => ("leak", lines.clone()),
    };
    let Run {
        subject,
        operation,
        fault,
        at,
        ..
    } = run;
    let mut text = format!("error: {what}: {operation} of {subject}, {fault} at request {at}\n");
    text.push_str(&format!("  request   {}\n", run.request));
    if let Some(error) = &run.error {
        text.push_str(&format!("  provider  {error}\n"));
    }
    for line in lines {
        text.push_str(&format!("  got       {line}\n"));
    }
    text.push_str(&format!(
        "hint: conformance sweep {} --operation {operation} --fault {fault} --at {at} --driver {} --seed {}\n",
        which(*subject),
        plan.driver,
        plan.seed
    ));
    Some(text)
}

fn which(subject: Subject) -> String {
    match subject.stack {
        crate::subject::Stack::Arm | crate::subject::Stack::Naive => format!("--generation {}", subject.name()),
        crate::subject::Stack::Classic => "--stack classic".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::driver::DriverKind;

    #[test]
    fn a_leak_is_counted_named_and_repeatable() {
        let run = |at, end| Run {
            subject: Subject::A1,
            operation: Operation::Start,
            fault: Fault::CutAfter,
            at,
            request: "PUT {arm}/nic".to_owned(),
            end,
            error: Some("no".to_owned()),
        };
        let runs = [run(1, End::CleanedUp), run(2, End::Leaked(vec!["1 of nic".to_owned()]))];
        let plan = Plan {
            subjects: vec![Subject::A1],
            operations: vec![Operation::Start],
            faults: vec![Fault::CutAfter],
            driver: DriverKind::Wire,
            seed: 7,
            at: None,
            every: 1,
            n_threads: 1,
        };
        expect_test::expect![[r"
            0 leaks and 0 wrong in 1 runs, wire, seed 7
            1 leaks and 0 wrong in 2 runs, wire, seed 7"]]
        .assert_eq(&format!(
            "{}\n{}",
            last_line(&plan, &runs[..1]),
            last_line(&plan, &runs)
        ));
        expect_test::expect![[r"
            error: leak: start of a1, cut-after at request 2
              request   PUT {arm}/nic
              provider  no
              got       1 of nic
            hint: conformance sweep --generation a1 --operation start --fault cut-after --at 2 --driver wire --seed 7
        "]]
        .assert_eq(&show_trouble(&plan, &runs[1]).unwrap_or_default());
        let table = table(&runs).unwrap_or_default();
        let words: Vec<&str> = table.lines().last().unwrap_or_default().split_whitespace().collect();
        assert_eq!(words, ["a1", "start", "cut-after", "2", "0", "1", "0", "1"]);
    }
}
