//! Truths.

use serde_json::Value;

use super::{Category, Types, function};

pub(super) const FUNCTIONS: Category = &[
    function("and", &[Types::BOOL, Types::BOOL], |args| {
        Ok(Value::from(args.iter().all(|arg| arg == &Value::Bool(true))))
    })
    .rest(Types::BOOL),
    function("bool", &[Types::TEXT.or(Types::INT).or(Types::BOOL)], |args| {
        match &args[0] {
            Value::Bool(truth) => Some(*truth),
            Value::Number(number) => number.as_i64().map(|number| number != 0),
            Value::String(text) if text.eq_ignore_ascii_case("true") || text == "1" => Some(true),
            Value::String(text) if text.eq_ignore_ascii_case("false") || text == "0" => Some(false),
            _ => None,
        }
        .map(Value::from)
        .ok_or_else(|| format!("the provided value {} cannot be converted to a boolean.", args[0]))
    }),
    function("false", &[], |_| Ok(Value::Bool(false))),
    function("not", &[Types::BOOL], |args| {
        Ok(Value::from(args[0] == Value::Bool(false)))
    }),
    function("or", &[Types::BOOL, Types::BOOL], |args| {
        Ok(Value::from(args.contains(&Value::Bool(true))))
    })
    .rest(Types::BOOL),
    function("true", &[], |_| Ok(Value::Bool(true))),
];
