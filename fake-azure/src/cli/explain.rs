//! `fake-azure explain CODE`.

use std::fmt::Write as _;

use fake_azure::explain::{Explained, all, find};

use crate::cli::exit::{Failure, UNKNOWN};
use crate::cli::output;

pub(crate) fn run(code: &str) -> Result<(), Failure> {
    let found = find(code);
    if found.is_empty() {
        let near = all()
            .into_iter()
            .map(|explained| explained.form.code)
            .filter(|known| is_like(known, code));
        let mut near: Vec<&str> = near.collect();
        near.dedup();
        near.truncate(5);
        let hint = match near.as_slice() {
            [] => "`fake-azure coverage` lists the errors of every type".to_owned(),
            near => format!(
                "did you mean {}?",
                near.iter()
                    .map(|code| format!("`{code}`"))
                    .collect::<Vec<_>>()
                    .join(" or ")
            ),
        };
        return Err(Failure::new(UNKNOWN, format!("no rule answers `{code}`")).hint(Some(hint)));
    }

    let texts: Vec<String> = found.iter().map(text).collect();
    output::write(&texts.join("\n"))
}

/// Whether a code may be what somebody meant: one holds the other.
fn is_like(known: &str, code: &str) -> bool {
    let (known, code) = (known.to_ascii_lowercase(), code.to_ascii_lowercase());
    code.len() >= 4 && (known.contains(&code) || code.contains(&known))
}

fn text(explained: &Explained) -> String {
    let form = explained.form;
    let mut text = format!("{}\n", form.code);
    let mut row = |name: &str, value: &str| writeln!(text, "  {name:<10}{value}").expect("a text takes any text");
    row("message", form.text);
    row("raised by", &format!("{:?}", form.by));
    let retry = if form.kind.retryable() {
        ", may pass later by itself"
    } else {
        ""
    };
    row("kind", &format!("{:?}{retry}", form.kind));
    if !explained.types.is_empty() {
        row("types", &explained.types.join(", "));
    }
    row("evidence", form.evidence);
    row("way out", form.way_out);
    text
}
