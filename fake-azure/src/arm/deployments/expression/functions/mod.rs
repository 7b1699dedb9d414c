//! The functions of the template language by category (ARM 7.6), with the checks of their arguments.
//!
//! A function of values is a row: its name, the types it takes, and what it does. What it does sees arguments of the right
//! types only. The words of the checks are those of the service; where its functions differ in them without a reason, one
//! form stands for all.

mod array;
mod cidr;
mod comparison;
mod date;
mod dotnet;
pub(crate) mod hash;
pub(super) mod ids;
pub(super) mod lambdas;
mod logical;
mod numeric;
mod object;
mod resource;
mod string;
mod uris;

#[cfg(test)]
mod tests;

use serde_json::Value;

pub(super) use self::date::utc_now;
use super::Trouble;
use super::value::kind_name;

/// A set of types.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Types(u8);

impl Types {
    const NULL: Types = Types(1);
    const BOOL: Types = Types(2);
    const INT: Types = Types(4);
    const FLOAT: Types = Types(8);
    const TEXT: Types = Types(16);
    const ARRAY: Types = Types(32);
    const OBJECT: Types = Types(64);
    const ANY: Types = Types(127);

    const fn or(self, other: Types) -> Types {
        Types(self.0 | other.0)
    }

    fn of(value: &Value) -> Types {
        match value {
            Value::Null => Types::NULL,
            Value::Bool(_) => Types::BOOL,
            Value::Number(number) if number.is_i64() => Types::INT,
            Value::Number(_) => Types::FLOAT,
            Value::String(_) => Types::TEXT,
            Value::Array(_) => Types::ARRAY,
            Value::Object(_) => Types::OBJECT,
        }
    }

    fn holds(self, value: &Value) -> bool {
        self.0 & Types::of(value).0 != 0
    }

    /// `string`, `array or string`.
    fn words(self) -> String {
        let names = [
            (Types::ARRAY, "array"),
            (Types::OBJECT, "object"),
            (Types::TEXT, "string"),
            (Types::INT, "integer"),
            (Types::FLOAT, "float"),
            (Types::BOOL, "boolean"),
            (Types::NULL, "null"),
        ];
        let own: Vec<&str> = names
            .iter()
            .filter(|(types, _)| self.0 & types.0 != 0)
            .map(|(_, name)| *name)
            .collect();
        own.join(" or ")
    }
}

/// What a function does with arguments of the right types; the error is the inner part of the message.
type Act = fn(&[Value]) -> Result<Value, String>;

/// A function of values.
pub(super) struct Function {
    name: &'static str,
    /// How many of the arguments must be there.
    required: usize,
    takes: &'static [Types],
    /// What further arguments may be; none may follow where there is none.
    rest: Option<Types>,
    act: Act,
}

const fn function(name: &'static str, takes: &'static [Types], act: Act) -> Function {
    Function {
        name,
        required: takes.len(),
        takes,
        rest: None,
        act,
    }
}

impl Function {
    /// The last arguments may be left out.
    const fn required(self, required: usize) -> Function {
        Function { required, ..self }
    }

    /// Any number of further arguments may follow.
    const fn rest(self, rest: Types) -> Function {
        Function {
            rest: Some(rest),
            ..self
        }
    }

    /// Checks the arguments and calls.
    pub(super) fn call(&self, args: &[Value]) -> Result<Value, Trouble> {
        let most = if self.rest.is_some() {
            usize::MAX
        } else {
            self.takes.len()
        };
        expect_count(self.name, self.required, most, args.len())?;
        let wanted = |index: usize| self.takes.get(index).copied().or(self.rest).unwrap_or(Types::ANY);
        if !args.iter().enumerate().all(|(index, arg)| wanted(index).holds(arg)) {
            return Err(self.wrong_types(args, wanted));
        }
        (self.act)(args).map_err(|inner| {
            Trouble::Language(format!(
                "Unable to evaluate template language function '{}': {inner} Please see \
                 https://aka.ms/arm-resource-functions/#{} for usage details.",
                self.name,
                self.name.to_ascii_lowercase()
            ))
        })
    }

    fn wrong_types(&self, args: &[Value], wanted: impl Fn(usize) -> Types) -> Trouble {
        let help = format!(
            "Please see https://aka.ms/arm-resource-functions/#{} for usage details.",
            self.name.to_ascii_lowercase()
        );
        if let [only] = args {
            return Trouble::Language(format!(
                "The template language function '{}' expects its parameter to be of type '{}'. The provided value is of type \
                 '{}'. {help}",
                self.name,
                wanted(0).words(),
                kind_name(only)
            ));
        }
        let types: Vec<String> = (0..args.len()).map(|index| wanted(index).words()).collect();
        let given: Vec<String> = args.iter().map(|arg| format!("'{}'", kind_name(arg))).collect();
        Trouble::Language(format!(
            "The template language function '{}' expects its parameters to be of type {}. The provided value is of type {}. \
             {help}",
            self.name,
            listed(&types),
            listed(&given)
        ))
    }
}

/// `a, b and c`.
fn listed(words: &[String]) -> String {
    match words.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} and {last}", rest.join(", ")),
        _ => words.concat(),
    }
}

/// The functions of a category.
type Category = &'static [Function];

const CATEGORIES: &[Category] = &[
    array::FUNCTIONS,
    cidr::FUNCTIONS,
    comparison::FUNCTIONS,
    date::FUNCTIONS,
    logical::FUNCTIONS,
    numeric::FUNCTIONS,
    object::FUNCTIONS,
    resource::FUNCTIONS,
    string::FUNCTIONS,
    uris::FUNCTIONS,
];

/// Every function's name.
#[cfg(test)]
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    CATEGORIES
        .iter()
        .flat_map(|category| category.iter())
        .map(|function| function.name)
}

/// The function of a name in lower case.
pub(super) fn find(folded: &str) -> Option<&'static Function> {
    CATEGORIES
        .iter()
        .flat_map(|category| category.iter())
        .find(|function| function.name.eq_ignore_ascii_case(folded))
}

/// Refuses a wrong number of arguments.
pub(super) fn expect_count(name: &str, least: usize, most: usize, given: usize) -> Result<(), Trouble> {
    if (least..=most).contains(&given) {
        return Ok(());
    }
    let wanted = if most == usize::MAX {
        format!("at least {least}")
    } else if least == most {
        least.to_string()
    } else {
        format!("between {least} and {most}")
    };
    Err(Trouble::Language(format!(
        "Unable to evaluate template language function '{name}': function requires {wanted} argument(s) while {given} were \
         provided. Please see https://aka.ms/arm-resource-functions/#{name} for usage details."
    )))
}

/// The refusal of one argument's type.
pub(super) fn wrong_type(name: &str, wanted: &str, given: &Value) -> Trouble {
    Trouble::Language(format!(
        "The template language function '{name}' expects its parameter to be of type '{wanted}'. The provided value is of type \
         '{}'. Please see https://aka.ms/arm-resource-functions/#{name} for usage details.",
        kind_name(given)
    ))
}

/// Whether a value is of a declared type: `string`, `securestring`, `int`, `bool`, `array`, `object`, `secureObject`.
pub(crate) fn fits(declared: &str, value: &Value) -> bool {
    match declared.to_ascii_lowercase().as_str() {
        "string" | "securestring" => value.is_string(),
        "int" => value.is_i64(),
        "bool" => value.is_boolean(),
        "array" => value.is_array(),
        "object" | "secureobject" => value.is_object(),
        _ => true,
    }
}

/// A text argument.
fn text(value: &Value) -> &str {
    value.as_str().unwrap_or("")
}

/// A whole number argument.
fn int(value: &Value) -> i64 {
    value.as_i64().unwrap_or(0)
}

/// An array argument.
fn items(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}
