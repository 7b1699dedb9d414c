//! Whether the templates that the tests deploy call every function that there is.

use std::collections::BTreeSet;
use std::path::PathBuf;

use fake_azure_cloud::Kind;
use serde_json::Value;

use super::{Expression, Step, evaluate, inside, parse};
use crate::arm::deployments::lenient;

/// Everything called in a document, in lower case.
fn called(document: &Value, found: &mut BTreeSet<String>) {
    match document {
        Value::String(text) => called_in_text(text, found),
        Value::Array(items) => items.iter().for_each(|item| called(item, found)),
        Value::Object(members) => {
            for (name, value) in members {
                called_in_text(name, found);
                called(value, found);
            }
        }
        _ => {}
    }
}

fn called_in_text(text: &str, found: &mut BTreeSet<String>) {
    if let Some(Ok(expression)) = inside(text).map(parse) {
        called_in(&expression, found);
    }
}

fn called_in(expression: &Expression, found: &mut BTreeSet<String>) {
    let Expression::Call(call) = expression else {
        return;
    };
    if call.namespace.is_none() {
        found.insert(call.name.to_ascii_lowercase());
    }
    call.args.iter().for_each(|arg| called_in(arg, found));
    for step in &call.steps {
        if let Step::Index { index, .. } = step {
            called_in(index, found);
        }
    }
}

#[test]
fn every_function_is_called_by_a_template() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/templates");
    let mut found = BTreeSet::new();
    for entry in std::fs::read_dir(&folder).expect("the templates are there") {
        let path = entry.expect("an entry can be read").path();
        let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let (document, _) = lenient::read(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        called(&document, &mut found);
    }
    let actions = Kind::ALL.iter().flat_map(|kind| kind.descriptor().actions);
    let lists = actions
        .map(|action| action.name)
        .filter(|name| name.get(..4).is_some_and(|word| word.eq_ignore_ascii_case("list")));
    let missing: BTreeSet<&str> = evaluate::names()
        .chain(lists)
        .filter(|name| !found.contains(&name.to_ascii_lowercase()))
        .collect();
    assert!(missing.is_empty(), "no template calls {missing:?}");
}

#[test]
fn no_function_is_there_twice() {
    let mut names: Vec<String> = evaluate::names().map(str::to_ascii_lowercase).collect();
    names.sort();
    let twice: Vec<&[String]> = names.windows(2).filter(|pair| pair[0] == pair[1]).collect();
    assert!(twice.is_empty(), "{twice:?}");
}
