//! Comparisons.

use std::cmp::Ordering;

use serde_json::Value;

use super::super::value::same;
use super::{Category, Types, function, int, text};

const ORDERED: Types = Types::INT.or(Types::TEXT);

pub(super) const FUNCTIONS: Category = &[
    function("coalesce", &[Types::ANY], |args| {
        Ok(args.iter().find(|arg| !arg.is_null()).cloned().unwrap_or(Value::Null))
    })
    .rest(Types::ANY),
    function("equals", &[Types::ANY, Types::ANY], |args| {
        Ok(Value::from(same(&args[0], &args[1])))
    }),
    function("greater", &[ORDERED, ORDERED], |args| {
        compare(args, |order| order == Ordering::Greater)
    }),
    function("greaterOrEquals", &[ORDERED, ORDERED], |args| {
        compare(args, |order| order != Ordering::Less)
    }),
    function("less", &[ORDERED, ORDERED], |args| {
        compare(args, |order| order == Ordering::Less)
    }),
    function("lessOrEquals", &[ORDERED, ORDERED], |args| {
        compare(args, |order| order != Ordering::Greater)
    }),
];

/// Numbers by worth, texts by their characters.
fn compare(args: &[Value], holds: fn(Ordering) -> bool) -> Result<Value, String> {
    let order = match (&args[0], &args[1]) {
        (Value::String(_), Value::String(_)) => text(&args[0]).cmp(text(&args[1])),
        (Value::Number(_), Value::Number(_)) => int(&args[0]).cmp(&int(&args[1])),
        _ => return Err("the parameters must be of the same type.".to_owned()),
    };
    Ok(Value::from(holds(order)))
}
