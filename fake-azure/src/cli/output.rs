//! Where text goes: data to stdout, the rest to stderr. A reader that went away is no trouble.

use std::io::{self, Write as _};

use crate::cli::exit::{FILE, Failure};

/// Writes data.
pub(crate) fn write(text: &str) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(Failure::new(FILE, format!("cannot write: {error}")))
        }
        _ => Ok(()),
    }
}

/// Writes a line for the person at the terminal.
pub(crate) fn complain(line: &str) {
    // If stderr is gone there is nobody to tell.
    writeln!(io::stderr().lock(), "{line}").ok();
}

/// Rows with their columns under one another, the first one underlined.
pub(crate) fn table(rows: &[Vec<String>]) -> String {
    let n_columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column_idx: usize| {
        rows.iter()
            .filter_map(|row| row.get(column_idx))
            .map(|cell| cell.chars().count())
            .max()
            .unwrap_or(0)
    };
    let widths: Vec<usize> = (0..n_columns).map(width).collect();
    let line = |row: &[String]| {
        let cells: Vec<String> = row
            .iter()
            .zip(&widths)
            .map(|(cell, width)| format!("{cell:<width$}"))
            .collect();
        format!("{}\n", cells.join("  ").trim_end())
    };
    let mut text = String::new();
    for (row_idx, row) in rows.iter().enumerate() {
        text.push_str(&line(row));
        if row_idx == 0 {
            text.push_str(&line(
                &widths.iter().map(|width| "-".repeat(*width)).collect::<Vec<_>>(),
            ));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    #[test]
    fn columns_stand_under_one_another() {
        let rows = [
            vec!["type".to_owned(), "n".to_owned()],
            vec!["a".to_owned(), "12".to_owned()],
        ];
        expect_test::expect![[r#"
            type  n
            ----  --
            a     12
        "#]]
        .assert_eq(&super::table(&rows));
    }
}
