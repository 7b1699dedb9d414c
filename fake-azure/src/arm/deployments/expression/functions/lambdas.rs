//! Lambdas: a function as an argument, which is called for the items of an array or object.

use serde_json::{Map, Value, json};

use super::super::value::{kind_name, text_of};
use super::super::{Call, Evaluator, Expression, Trouble};
use super::{expect_count, wrong_type};

/// A lambda: the names of its parameters, and its body.
struct Lambda<'e> {
    names: Vec<String>,
    body: &'e Expression,
}

/// Calls one of them.
pub(in super::super) fn call(evaluator: &Evaluator<'_>, folded: &str, call: &Call) -> Result<Value, Trouble> {
    let name = call.name.as_str();
    match folded {
        "lambda" => Err(Trouble::misplaced(name)),
        "lambdavariables" => {
            expect_count(name, 1, 1, call.args.len())?;
            let wanted = evaluator.value(&call.args[0])?;
            let variables = evaluator.lambda_variables.borrow();
            match variables
                .iter()
                .rev()
                .find(|(own, _)| wanted.as_str().is_some_and(|wanted| own.eq_ignore_ascii_case(wanted)))
            {
                Some((_, value)) => Ok(value.clone()),
                None => Err(Trouble::Language(format!(
                    "The lambda variable '{}' is not found. Please see https://aka.ms/arm-template-expressions for usage details.",
                    text_of(&wanted)
                ))),
            }
        }
        "filter" => {
            expect_count(name, 2, 2, call.args.len())?;
            let (items, lambda) = (array(evaluator, call)?, lambda(call, 1, 1, 2)?);
            let mut kept = Vec::new();
            for (index, item) in items.into_iter().enumerate() {
                if truth(name, &apply(evaluator, &lambda, &[item.clone(), json!(index)])?)? {
                    kept.push(item);
                }
            }
            Ok(Value::Array(kept))
        }
        "map" => {
            expect_count(name, 2, 2, call.args.len())?;
            let (items, lambda) = (array(evaluator, call)?, lambda(call, 1, 1, 2)?);
            let mapped = items
                .into_iter()
                .enumerate()
                .map(|(index, item)| apply(evaluator, &lambda, &[item, json!(index)]));
            mapped.collect::<Result<_, _>>().map(Value::Array)
        }
        "mapvalues" => {
            expect_count(name, 2, 2, call.args.len())?;
            let lambda = lambda(call, 1, 1, 1)?;
            let Value::Object(members) = evaluator.value(&call.args[0])? else {
                return Err(Trouble::Language(format!(
                    "The template language function '{name}' expects its first parameter to be of type 'Object'."
                )));
            };
            let mut mapped = Map::new();
            for (key, value) in members {
                mapped.insert(key, apply(evaluator, &lambda, &[value])?);
            }
            Ok(Value::Object(mapped))
        }
        "reduce" => {
            expect_count(name, 3, 3, call.args.len())?;
            let items = array(evaluator, call)?;
            let mut sum = evaluator.value(&call.args[1])?;
            let lambda = lambda(call, 2, 2, 3)?;
            for (index, item) in items.into_iter().enumerate() {
                sum = apply(evaluator, &lambda, &[sum, item, json!(index)])?;
            }
            Ok(sum)
        }
        "sort" => {
            expect_count(name, 2, 2, call.args.len())?;
            let (items, lambda) = (array(evaluator, call)?, lambda(call, 1, 2, 2)?);
            let goes_first =
                |one: &Value, other: &Value| truth(name, &apply(evaluator, &lambda, &[one.clone(), other.clone()])?);
            merge_sort(items, &goes_first).map(Value::Array)
        }
        "groupby" => {
            expect_count(name, 2, 2, call.args.len())?;
            let (items, lambda) = (array(evaluator, call)?, lambda(call, 1, 1, 1)?);
            let mut groups = Map::new();
            for item in items {
                let key = key(name, &apply(evaluator, &lambda, std::slice::from_ref(&item))?)?;
                let group = groups.entry(key).or_insert_with(|| json!([]));
                if let Value::Array(group) = group {
                    group.push(item);
                }
            }
            Ok(Value::Object(groups))
        }
        _ => {
            expect_count(name, 2, 3, call.args.len())?;
            let (items, keys) = (array(evaluator, call)?, lambda(call, 1, 1, 1)?);
            let values = if call.args.len() == 3 {
                Some(lambda(call, 2, 1, 1)?)
            } else {
                None
            };
            let mut members = Map::new();
            for item in items {
                let key = key(name, &apply(evaluator, &keys, std::slice::from_ref(&item))?)?;
                let value = match &values {
                    Some(values) => apply(evaluator, values, std::slice::from_ref(&item))?,
                    None => item,
                };
                members.insert(key, value);
            }
            Ok(Value::Object(members))
        }
    }
}

/// The first argument: an array.
fn array(evaluator: &Evaluator<'_>, call: &Call) -> Result<Vec<Value>, Trouble> {
    match evaluator.value(&call.args[0])? {
        Value::Array(items) => Ok(items),
        other => Err(wrong_type(&call.name, "Array", &other)),
    }
}

/// An argument that is a lambda of so many parameters.
fn lambda(call: &Call, at: usize, least: usize, most: usize) -> Result<Lambda<'_>, Trouble> {
    let wrong = || {
        Trouble::Language(format!(
            "The template language function '{}' expects its parameter at position '{}' to be a lambda function. Please see \
             https://aka.ms/arm-template-expressions for usage details.",
            call.name,
            at + 1
        ))
    };
    let Some(Expression::Call(given)) = call.args.get(at) else {
        return Err(wrong());
    };
    let is_lambda = given.namespace.is_none() && given.name.eq_ignore_ascii_case("lambda") && given.steps.is_empty();
    let Some((body, parameters)) = given.args.split_last().filter(|_| is_lambda) else {
        return Err(wrong());
    };
    if !(least..=most).contains(&parameters.len()) {
        return Err(Trouble::Language(format!(
            "The lambda function of '{}' is expected to have between '{least}' and '{most}' parameter(s), and has '{}'.",
            call.name,
            parameters.len()
        )));
    }
    let names = parameters
        .iter()
        .map(|parameter| match parameter {
            Expression::Text(name) => Ok(name.clone()),
            _ => Err(wrong()),
        })
        .collect::<Result<_, _>>()?;
    Ok(Lambda { names, body })
}

/// The value of a lambda's body for these arguments.
fn apply(evaluator: &Evaluator<'_>, lambda: &Lambda<'_>, args: &[Value]) -> Result<Value, Trouble> {
    let before = evaluator.lambda_variables.borrow().len();
    evaluator
        .lambda_variables
        .borrow_mut()
        .extend(lambda.names.iter().cloned().zip(args.iter().cloned()));
    let value = evaluator.value(lambda.body);
    evaluator.lambda_variables.borrow_mut().truncate(before);
    value
}

fn truth(name: &str, value: &Value) -> Result<bool, Trouble> {
    value.as_bool().ok_or_else(|| {
        Trouble::Language(format!(
            "The lambda function of '{name}' is expected to give a value of type 'Boolean'. The value is of type '{}'.",
            kind_name(value)
        ))
    })
}

fn key(name: &str, value: &Value) -> Result<String, Trouble> {
    value.as_str().map(str::to_owned).ok_or_else(|| {
        Trouble::Language(format!(
            "The lambda function of '{name}' is expected to give a key of type 'String'. The value is of type '{}'.",
            kind_name(value)
        ))
    })
}

/// Stable, and at ease with an order that contradicts itself.
fn merge_sort(
    mut items: Vec<Value>,
    goes_first: &dyn Fn(&Value, &Value) -> Result<bool, Trouble>,
) -> Result<Vec<Value>, Trouble> {
    if items.len() < 2 {
        return Ok(items);
    }
    let right = merge_sort(items.split_off(items.len() / 2), goes_first)?;
    let left = merge_sort(items, goes_first)?;
    let mut merged = Vec::with_capacity(left.len() + right.len());
    let (mut left, mut right) = (left.into_iter().peekable(), right.into_iter().peekable());
    while let (Some(one), Some(other)) = (left.peek(), right.peek()) {
        let from_right = goes_first(other, one)? && !goes_first(one, other)?;
        merged.extend(if from_right { right.next() } else { left.next() });
    }
    merged.extend(left);
    merged.extend(right);
    Ok(merged)
}
