//! Variables: what steps keep of their answers, and what texts make of them.
//!
//! `$n0` is the id of what the step made (or the value that it kept), `$n0.properties.x.0.y` a place in its document, `${i}`
//! a part of a text, `$$` a dollar sign.

use std::collections::BTreeMap;
use std::fmt;

use serde_json::{Map, Value};

/// What a variable stands for.
#[derive(Clone, Debug, PartialEq)]
pub enum Variable {
    /// A resource: its id, and its document as last seen.
    Resource {
        /// Its id.
        id: String,
        /// Its document.
        document: Value,
    },
    /// A value.
    Value(Value),
    /// The step that was to give it gave up. Whatever is in it is nothing.
    Nothing,
}

/// A variable that has no value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unresolved(pub String);

impl fmt::Display for Unresolved {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The variables of a run.
#[derive(Clone, Debug, Default)]
pub struct Variables {
    rows: BTreeMap<String, Variable>,
}

impl Variables {
    /// Gives a variable a value.
    pub fn set(&mut self, name: &str, variable: Variable) {
        self.rows.insert(name.to_owned(), variable);
    }

    /// A text value.
    pub fn set_text(&mut self, name: &str, text: &str) {
        self.set(name, Variable::Value(Value::from(text)));
    }

    /// A document with every variable in it replaced.
    ///
    /// # Errors
    ///
    /// When a variable, or the place in it, has no value.
    pub fn resolve(&self, value: &Value) -> Result<Value, Unresolved> {
        match value {
            Value::String(text) => self.resolve_text(text),
            Value::Array(items) => items
                .iter()
                .map(|item| self.resolve(item))
                .collect::<Result<_, _>>()
                .map(Value::Array),
            Value::Object(members) => self.resolve_map(members).map(Value::Object),
            other => Ok(other.clone()),
        }
    }

    /// An object with every variable in it replaced, in names, too.
    ///
    /// # Errors
    ///
    /// As [`Variables::resolve`].
    pub fn resolve_map(&self, members: &Map<String, Value>) -> Result<Map<String, Value>, Unresolved> {
        members
            .iter()
            .map(|(name, member)| Ok((self.text(name)?, self.resolve(member)?)))
            .collect()
    }

    /// A text with every variable in it replaced.
    ///
    /// # Errors
    ///
    /// As [`Variables::resolve`].
    pub fn text(&self, text: &str) -> Result<String, Unresolved> {
        Ok(match self.resolve_text(text)? {
            Value::String(text) => text,
            other => other.to_string(),
        })
    }

    fn resolve_text(&self, text: &str) -> Result<Value, Unresolved> {
        let pieces = split(text).map_err(Unresolved)?;
        if let [Piece::Variable(path)] = pieces.as_slice() {
            return self.look_up(path);
        }
        let mut whole = String::new();
        for piece in pieces {
            match piece {
                Piece::Text(text) => whole.push_str(&text),
                Piece::Variable(path) => match self.look_up(path)? {
                    Value::String(text) => whole.push_str(&text),
                    other => whole.push_str(&other.to_string()),
                },
            }
        }
        Ok(Value::String(whole))
    }

    fn look_up(&self, path: &str) -> Result<Value, Unresolved> {
        // Words of the expectation language, not variables.
        if matches!(path, "any" | "absent") {
            return Ok(Value::String(format!("${path}")));
        }
        let mut segments = path.split('.');
        let name = segments.next().unwrap_or_default();
        let variable = self
            .rows
            .get(name)
            .ok_or_else(|| Unresolved(format!("`${name}` has no value")))?;
        let rest: Vec<&str> = segments.collect();
        let mut value = match variable {
            Variable::Resource { id, .. } if rest.is_empty() || rest == ["id"] => return Ok(Value::from(id.as_str())),
            Variable::Resource { document, .. } => document,
            Variable::Value(value) => value,
            Variable::Nothing => return Ok(Value::Null),
        };
        for segment in rest {
            let next = match value {
                Value::Array(items) => segment.parse::<usize>().ok().and_then(|index| items.get(index)),
                Value::Object(members) => members.get(segment),
                _ => None,
            };
            value = next.ok_or_else(|| Unresolved(format!("`${path}` has no value: `{segment}` is not there")))?;
        }
        Ok(value.clone())
    }
}

enum Piece<'t> {
    Text(String),
    Variable(&'t str),
}

/// A text in its pieces: words and variables.
fn split(text: &str) -> Result<Vec<Piece<'_>>, String> {
    let mut pieces = Vec::new();
    let mut words = String::new();
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        words.push_str(&rest[..at]);
        let after = &rest[at + 1..];
        if let Some(after) = after.strip_prefix('$') {
            words.push('$');
            rest = after;
            continue;
        }
        let (path, next) = match after.strip_prefix('{') {
            Some(inner) => {
                let end = inner
                    .find('}')
                    .ok_or_else(|| format!("`{text}` opens `${{` and does not close it"))?;
                (&inner[..end], &inner[end + 1..])
            }
            None => {
                let end = after.find(|c: char| !is_path(c)).unwrap_or(after.len());
                (
                    after[..end].trim_end_matches('.'),
                    &after[after[..end].trim_end_matches('.').len()..],
                )
            }
        };
        if path.is_empty() || !path.chars().all(is_path) {
            return Err(format!(
                "`{text}` has a `$` without a variable, expected `$name`, `${{name}}` or `$$`"
            ));
        }
        if !words.is_empty() {
            pieces.push(Piece::Text(std::mem::take(&mut words)));
        }
        pieces.push(Piece::Variable(path));
        rest = next;
    }
    words.push_str(rest);
    if !words.is_empty() || pieces.is_empty() {
        pieces.push(Piece::Text(words));
    }
    Ok(pieces)
}

fn is_path(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.')
}

/// The names of the variables in a text; an error when it cannot be read.
pub(super) fn names_in_text(text: &str, names: &mut Vec<String>) -> Result<(), String> {
    for piece in split(text)? {
        if let Piece::Variable(path) = piece
            && !matches!(path, "any" | "absent")
        {
            names.push(path.split('.').next().unwrap_or_default().to_owned());
        }
    }
    Ok(())
}

/// The names of the variables in a document.
pub(super) fn names_in(value: &Value, names: &mut Vec<String>) -> Result<(), String> {
    match value {
        Value::String(text) => names_in_text(text, names),
        Value::Array(items) => items.iter().try_for_each(|item| names_in(item, names)),
        Value::Object(members) => members.iter().try_for_each(|(name, member)| {
            names_in_text(name, names)?;
            names_in(member, names)
        }),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn variables() -> Variables {
        let mut variables = Variables::default();
        variables.set(
            "n0",
            Variable::Resource {
                id: "/x/n0".into(),
                document: json!({"id": "/X/N0", "list": [{"a": 7}]}),
            },
        );
        variables.set("i", Variable::Value(json!(3)));
        variables.set_text("too-small", "tiny");
        variables
    }

    #[test]
    fn a_variable_alone_keeps_its_type_and_in_a_text_becomes_one() {
        let resolved =
            variables().resolve(&json!({"id": "$n0", "n": "$n0.list.0.a", "t": "m-${i}.$too-small.", "d": "$$5"}));
        assert_eq!(
            resolved,
            Ok(json!({"id": "/x/n0", "n": 7, "t": "m-3.tiny.", "d": "$5"}))
        );
    }

    #[test]
    fn what_has_no_value_is_named() {
        let error = |text: &str| variables().text(text).expect_err("unresolved").to_string();
        assert_eq!(error("$n1.id"), "`$n1` has no value");
        assert_eq!(error("$n0.list.4"), "`$n0.list.4` has no value: `4` is not there");
        assert_eq!(
            error("a $ b"),
            "`a $ b` has a `$` without a variable, expected `$name`, `${name}` or `$$`"
        );
        assert_eq!(error("${n0"), "`${n0` opens `${` and does not close it");
    }

    #[test]
    fn words_of_expectations_stay() {
        assert_eq!(
            variables().resolve(&json!(["$any", "$absent"])),
            Ok(json!(["$any", "$absent"]))
        );
    }
}
