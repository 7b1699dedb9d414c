//! Numbers: 64 bits, whole but for `float`.

use serde_json::{Number, Value};

use super::{Category, Types, function, int};

const TWO: &[Types] = &[Types::INT, Types::INT];

pub(super) const FUNCTIONS: Category = &[
    function("add", TWO, |args| whole(int(&args[0]).checked_add(int(&args[1])))),
    function("div", TWO, |args| {
        not_zero(&args[1])?;
        whole(int(&args[0]).checked_div(int(&args[1])))
    }),
    function("float", &[Types::INT.or(Types::TEXT).or(Types::FLOAT)], |args| {
        match &args[0] {
            Value::String(text) => text.trim().parse::<f64>().ok(),
            number => number.as_f64(),
        }
        .and_then(Number::from_f64)
        .map(Value::Number)
        .ok_or_else(|| format!("the provided value {} cannot be converted to a float.", args[0]))
    }),
    function("int", &[Types::INT.or(Types::TEXT).or(Types::FLOAT)], |args| {
        match &args[0] {
            Value::String(text) => text.trim().parse::<i64>().ok(),
            number => number.as_i64().or_else(|| rounded(number.as_f64()?)),
        }
        .map(Value::from)
        .ok_or_else(|| format!("the provided value {} cannot be converted to an integer.", args[0]))
    }),
    function("mod", TWO, |args| {
        not_zero(&args[1])?;
        whole(int(&args[0]).checked_rem(int(&args[1])))
    }),
    function("mul", TWO, |args| whole(int(&args[0]).checked_mul(int(&args[1])))),
    function("sub", TWO, |args| whole(int(&args[0]).checked_sub(int(&args[1])))),
];

fn whole(number: Option<i64>) -> Result<Value, String> {
    number
        .map(Value::from)
        .ok_or_else(|| "arithmetic operation resulted in an overflow.".to_owned())
}

fn not_zero(value: &Value) -> Result<(), String> {
    if int(value) == 0 {
        Err("attempted to divide by zero.".to_owned())
    } else {
        Ok(())
    }
}

/// The nearest whole number, when there is one of 64 bits.
fn rounded(number: f64) -> Option<i64> {
    format!("{:.0}", number).parse().ok()
}
