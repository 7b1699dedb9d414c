//! What machines cost, as tables and sentences.

use comfy_table::{CellAlignment, Table, presets};

use super::{Amount, Cost, Growth, Measure, budgets_of};
use crate::subject::Stack;

/// The costs as a table.
#[must_use]
pub fn table(costs: &[Cost]) -> String {
    let headings = [
        "machines",
        "starting",
        "listing",
        "stopping",
        "a machine",
        "sent a machine",
        "answered a machine",
        "429",
        "waits",
        "simulated",
        "time",
    ];
    let mut table = right_aligned(&headings);
    for cost in costs {
        let whole = cost.operations.values().fold(Amount::default(), |whole, own| Amount {
            n_requests: whole.n_requests + own.n_requests,
            request_bytes: whole.request_bytes + own.request_bytes,
            answer_bytes: whole.answer_bytes + own.answer_bytes,
        });
        let a_machine = |bytes: u64| kib(bytes / u64::from(cost.n_machines.max(1)));
        table.add_row(vec![
            cost.n_machines.to_string(),
            cost.starting.n_requests.to_string(),
            cost.listing.n_requests.to_string(),
            cost.stopping.n_requests.to_string(),
            centi(cost.per_machine_centi()),
            a_machine(whole.request_bytes),
            a_machine(whole.answer_bytes),
            cost.n_throttled.to_string(),
            cost.n_waits.to_string(),
            crate::session::show_simulated(cost.simulated_ms),
            format!("{} ms", cost.wall_ms),
        ]);
    }
    table.to_string()
}

/// How much of each budget was used at most, for every number of machines.
#[must_use]
pub fn table_of_budgets(stack: Stack, costs: &[Cost]) -> String {
    let mut headings = vec!["at most".to_owned()];
    headings.extend(costs.iter().map(|cost| format!("of {}", cost.n_machines)));
    headings.extend(["allowed".to_owned(), "from".to_owned()]);
    let mut table = right_aligned(&headings);
    for end in [0, headings.len() - 1] {
        if let Some(column) = table.column_mut(end) {
            column.set_cell_alignment(CellAlignment::Left);
        }
    }
    for (index, budget) in budgets_of(stack).enumerate() {
        let peaks = costs
            .iter()
            .map(|cost| cost.peaks.get(index).map_or_else(String::new, ToString::to_string));
        let capacity = budget.capacity.map_or_else(|| "?".to_owned(), |most| most.to_string());
        let mut row = vec![budget.name.to_owned()];
        row.extend(peaks);
        row.extend([capacity, budget.evidence.to_owned()]);
        table.add_row(row);
    }
    table.to_string()
}

/// What grows, a line each; nothing when nothing does.
#[must_use]
pub fn show_growths(growths: &[Growth]) -> String {
    let line = |growth: &Growth| {
        let amount = |centi_of: u64| match growth.measure {
            Measure::Requests => centi(centi_of),
            Measure::Bytes => kib(centi_of / 100),
        };
        let what = growth.operation.as_deref().unwrap_or("all of these together");
        let (few, many) = (amount(growth.few_centi), amount(growth.many_centi));
        let end = growth.reason.map_or_else(String::new, |reason| format!("; {reason}"));
        format!(
            "{} grow faster than the machines: {what}, from {few} to {many} a machine{end}\n",
            growth.measure.name()
        )
    };
    growths.iter().map(line).collect()
}

fn right_aligned<T: ToString>(headings: &[T]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_header(headings.iter().map(ToString::to_string).collect::<Vec<_>>());
    for index in 0..headings.len() {
        if let Some(column) = table.column_mut(index) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table
}

fn centi(centi: u64) -> String {
    format!("{}.{:02}", centi / 100, centi % 100)
}

fn kib(bytes: u64) -> String {
    let tenths = bytes * 10 / 1_024;
    format!("{}.{} KiB", tenths / 10, tenths % 10)
}
