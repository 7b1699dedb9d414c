//! Arrays, and what texts and objects share with them.

use serde_json::{Map, Value};

use super::super::value::{member, same};
use super::{Category, Types, function, int, items};

const CONTAINER: Types = Types::ARRAY.or(Types::OBJECT).or(Types::TEXT);
const LIST: Types = Types::ARRAY.or(Types::TEXT);
const BAG: Types = Types::ARRAY.or(Types::OBJECT);
const NUMBERS: Types = Types::INT.or(Types::ARRAY);

/// What `range` gives at most (ARM 7.6).
const RANGE_MAX: i64 = 10_000;

pub(super) const FUNCTIONS: Category = &[
    function("array", &[Types::ANY], |args| {
        Ok(if args[0].is_array() {
            args[0].clone()
        } else {
            Value::Array(vec![args[0].clone()])
        })
    }),
    function("contains", &[CONTAINER, Types::ANY], contains),
    function("createArray", &[], |args| Ok(Value::Array(args.to_vec()))).rest(Types::ANY),
    function("empty", &[CONTAINER.or(Types::NULL)], |args| {
        Ok(Value::from(length(&args[0]) == 0))
    }),
    function("first", &[LIST], |args| {
        Ok(match &args[0] {
            Value::String(text) => Value::from(text.chars().next().map(String::from).unwrap_or_default()),
            array => items(array).first().cloned().unwrap_or(Value::Null),
        })
    }),
    function("indexFromEnd", &[Types::ARRAY, Types::INT], |args| {
        from_end(args).ok_or_else(|| format!("the index '{}' is out of bounds.", int(&args[1])))
    }),
    function("indexOf", &[LIST, Types::ANY], |args| index_of(args, false)),
    function("intersection", &[BAG, BAG], intersection).rest(BAG),
    function("last", &[LIST], |args| {
        Ok(match &args[0] {
            Value::String(text) => Value::from(text.chars().next_back().map(String::from).unwrap_or_default()),
            array => items(array).last().cloned().unwrap_or(Value::Null),
        })
    }),
    function("lastIndexOf", &[LIST, Types::ANY], |args| index_of(args, true)),
    function("length", &[CONTAINER], |args| Ok(Value::from(length(&args[0])))),
    function("max", &[NUMBERS], |args| {
        numbers(args)?.into_iter().max().map(Value::from).ok_or_else(none)
    })
    .rest(NUMBERS),
    function("min", &[NUMBERS], |args| {
        numbers(args)?.into_iter().min().map(Value::from).ok_or_else(none)
    })
    .rest(NUMBERS),
    function("range", &[Types::INT, Types::INT], range),
    function("skip", &[LIST, Types::INT], |args| {
        Ok(cut(&args[0], int(&args[1]), true))
    }),
    function("take", &[LIST, Types::INT], |args| {
        Ok(cut(&args[0], int(&args[1]), false))
    }),
    function("tryGet", &[Types::ANY, Types::TEXT.or(Types::INT)], |args| {
        Ok(try_get(&args[0], &args[1..]))
    })
    .rest(Types::TEXT.or(Types::INT)),
    function("tryIndexFromEnd", &[Types::ARRAY, Types::INT], |args| {
        Ok(from_end(args).unwrap_or(Value::Null))
    }),
    function("union", &[BAG, BAG], union).rest(BAG),
];

fn none() -> String {
    "the array is expected to hold at least one integer.".to_owned()
}

fn length(value: &Value) -> usize {
    match value {
        Value::String(text) => text.chars().count(),
        Value::Array(items) => items.len(),
        Value::Object(members) => members.len(),
        _ => 0,
    }
}

/// A part of a text, with case; an item of an array; a member of an object, without case.
fn contains(args: &[Value]) -> Result<Value, String> {
    let found = match (&args[0], &args[1]) {
        (Value::Array(items), item) => items.iter().any(|own| same(own, item)),
        (Value::Object(members), Value::String(name)) => member(members, name).is_some(),
        (Value::String(text), Value::String(part)) => text.contains(part.as_str()),
        (Value::String(text), number @ Value::Number(_)) => text.contains(&number.to_string()),
        _ => return Err("the container and the item to be found are not of matching types.".to_owned()),
    };
    Ok(Value::from(found))
}

/// In texts without case; -1 where there is none.
fn index_of(args: &[Value], last: bool) -> Result<Value, String> {
    let found = match (&args[0], &args[1]) {
        (Value::Array(items), item) if last => items.iter().rposition(|own| same(own, item)),
        (Value::Array(items), item) => items.iter().position(|own| same(own, item)),
        (Value::String(text), Value::String(part)) => {
            let (text, part): (Vec<char>, Vec<char>) = (folded(text), folded(part));
            let fits = |at: &usize| text[*at..].starts_with(&part);
            let mut places = 0..(text.len() + 1).saturating_sub(part.len());
            if last { places.rfind(fits) } else { places.find(fits) }
        }
        _ => return Err("the first parameter is a string, and so must the second be.".to_owned()),
    };
    Ok(Value::from(found.and_then(|at| i64::try_from(at).ok()).unwrap_or(-1)))
}

/// Letter by letter, so that places stay what they are.
fn folded(text: &str) -> Vec<char> {
    text.chars()
        .map(|letter| letter.to_lowercase().next().unwrap_or(letter))
        .collect()
}

fn from_end(args: &[Value]) -> Option<Value> {
    let back = usize::try_from(int(&args[1])).ok()?;
    let items = items(&args[0]);
    let at = items.len().checked_sub(back).filter(|_| back > 0)?;
    items.get(at).cloned()
}

/// All arrays, or all objects.
fn all_alike(args: &[Value]) -> Result<(), String> {
    if args.iter().all(Value::is_array) || args.iter().all(Value::is_object) {
        return Ok(());
    }
    Err("the parameters must be either all arrays or all objects.".to_owned())
}

fn intersection(args: &[Value]) -> Result<Value, String> {
    all_alike(args)?;
    let (first, rest) = (&args[0], &args[1..]);
    if let Value::Object(members) = first {
        let common = |(name, value): &(&String, &Value)| {
            rest.iter().all(|other| {
                other
                    .as_object()
                    .and_then(|other| member(other, name))
                    .is_some_and(|own| same(own, value))
            })
        };
        return Ok(Value::Object(
            members
                .iter()
                .filter(common)
                .map(|(name, value)| (name.clone(), value.clone()))
                .collect(),
        ));
    }
    let mut found: Vec<Value> = Vec::new();
    for item in items(first) {
        let everywhere = rest.iter().all(|other| items(other).iter().any(|own| same(own, item)));
        if everywhere && !found.iter().any(|own| same(own, item)) {
            found.push(item.clone());
        }
    }
    Ok(Value::Array(found))
}

fn union(args: &[Value]) -> Result<Value, String> {
    all_alike(args)?;
    if args[0].is_object() {
        let mut merged = Map::new();
        for arg in args {
            if let Value::Object(members) = arg {
                merge(&mut merged, members);
            }
        }
        return Ok(Value::Object(merged));
    }
    let mut found: Vec<Value> = Vec::new();
    for item in args.iter().flat_map(items) {
        if !found.iter().any(|own| same(own, item)) {
            found.push(item.clone());
        }
    }
    Ok(Value::Array(found))
}

/// The later one wins; objects inside are merged, arrays replaced.
fn merge(into: &mut Map<String, Value>, members: &Map<String, Value>) {
    for (name, value) in members {
        let own = into
            .keys()
            .find(|own| own.eq_ignore_ascii_case(name))
            .cloned()
            .unwrap_or_else(|| name.clone());
        match (into.get_mut(&own), value) {
            (Some(Value::Object(before)), Value::Object(more)) => merge(before, more),
            _ => {
                into.insert(own, value.clone());
            }
        }
    }
}

/// The numbers of `max` and `min`: arguments, or the items of the one array.
fn numbers(args: &[Value]) -> Result<Vec<i64>, String> {
    let given = match args {
        [Value::Array(items)] => items.as_slice(),
        _ => args,
    };
    given
        .iter()
        .map(|item| {
            item.as_i64()
                .ok_or_else(|| "the parameters must be integers, or one array of integers.".to_owned())
        })
        .collect()
}

fn range(args: &[Value]) -> Result<Value, String> {
    let (start, count) = (int(&args[0]), int(&args[1]));
    if !(0..=RANGE_MAX).contains(&count) {
        return Err(format!(
            "the count '{count}' must be a non-negative integer no larger than '{RANGE_MAX}'."
        ));
    }
    if start.saturating_add(count) > 2_147_483_647 {
        return Err("the sum of the start index and the count must be no larger than '2147483647'.".to_owned());
    }
    Ok(Value::Array((start..start + count).map(Value::from).collect()))
}

/// The first `count` items or letters, or all but those. A negative count is none.
fn cut(value: &Value, count: i64, skip: bool) -> Value {
    let count = usize::try_from(count).unwrap_or(0);
    match value {
        Value::String(text) if skip => Value::from(text.chars().skip(count).collect::<String>()),
        Value::String(text) => Value::from(text.chars().take(count).collect::<String>()),
        array if skip => Value::Array(items(array).iter().skip(count).cloned().collect()),
        array => Value::Array(items(array).iter().take(count).cloned().collect()),
    }
}

/// What lies at a path; null where it ends early.
fn try_get(value: &Value, path: &[Value]) -> Value {
    let mut place = value;
    for step in path {
        let next = match (place, step) {
            (Value::Object(members), Value::String(name)) => member(members, name),
            (Value::Array(items), step) => step
                .as_u64()
                .and_then(|at| usize::try_from(at).ok())
                .and_then(|at| items.get(at)),
            _ => None,
        };
        match next {
            Some(next) => place = next,
            None => return Value::Null,
        }
    }
    place.clone()
}
