//! `fake-azure coverage`: what is implemented, from the descriptors.

use fake_azure::cloud::Kind;
use fake_azure::cloud::descriptor::{Descriptor, WriteVerb};
use serde::Serialize;

use crate::cli::Format;
use crate::cli::exit::Failure;
use crate::cli::output;

/// One type. Members stand in the order of the columns.
#[derive(Debug, Serialize)]
struct Row {
    #[serde(rename = "type")]
    name: &'static str,
    /// The oldest api-version; empty where every one is taken.
    since: String,
    writes: Vec<String>,
    actions: Vec<&'static str>,
    fields: usize,
    references: usize,
    errors: Vec<&'static str>,
    /// How many of the errors rest on nothing but an assumption.
    assumed: usize,
    evidence: Vec<&'static str>,
}

pub(crate) fn run(format: Format) -> Result<(), Failure> {
    let mut rows: Vec<Row> = Kind::ALL.iter().map(|kind| row(kind.descriptor())).collect();
    rows.sort_by_key(|row| row.name);
    let text = match format {
        Format::Json => {
            let text = serde_json::to_string_pretty(&rows).expect("rows are texts and numbers");
            format!("{text}\n")
        }
        Format::Table => table(&rows),
    };
    output::write(&text)
}

fn row(descriptor: &'static Descriptor) -> Row {
    let mut errors: Vec<&'static str> = descriptor.errors.iter().map(|form| form.code).collect();
    errors.sort_unstable();
    errors.dedup();
    let mut evidence: Vec<&'static str> = descriptor.errors.iter().map(|form| form.evidence).collect();
    evidence.sort_unstable();
    evidence.dedup();
    let since = descriptor.since;
    Row {
        name: descriptor.name,
        since: if since == fake_azure::cloud::ApiVersion::OLDEST {
            String::new()
        } else {
            since.to_string()
        },
        writes: writes(descriptor),
        actions: descriptor.actions.iter().map(|action| action.name).collect(),
        fields: descriptor.fields.len(),
        references: descriptor.refs.len(),
        errors,
        assumed: descriptor
            .errors
            .iter()
            .filter(|form| is_assumed(form.evidence))
            .count(),
        evidence,
    }
}

fn is_assumed(evidence: &str) -> bool {
    evidence.contains("assumed") || evidence.contains("unsure")
}

/// `put new 201`, each once, in the order of the rows; actions have a column of their own.
fn writes(descriptor: &Descriptor) -> Vec<String> {
    let mut writes = Vec::new();
    for write in descriptor.writes {
        let verb = match write.verb {
            WriteVerb::PutNew => "put new",
            WriteVerb::PutAgain => "put again",
            WriteVerb::Patch => "patch",
            WriteVerb::Delete => "delete",
            WriteVerb::Act(_) => continue,
        };
        let text = format!("{verb} {}", write.status);
        if !writes.contains(&text) {
            writes.push(text);
        }
    }
    writes
}

fn table(rows: &[Row]) -> String {
    let heading = [
        "type",
        "since",
        "writes",
        "actions",
        "fields",
        "references",
        "errors",
        "assumed",
    ];
    let mut lines = vec![heading.map(str::to_owned).to_vec()];
    lines.extend(rows.iter().map(|row| {
        vec![
            row.name.to_owned(),
            row.since.clone(),
            row.writes.join(", "),
            row.actions.join(", "),
            row.fields.to_string(),
            row.references.to_string(),
            row.errors.len().to_string(),
            row.assumed.to_string(),
        ]
    }));
    output::table(&lines)
}
