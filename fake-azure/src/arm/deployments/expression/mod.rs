//! The template language: what stands in a template between `[` and `]` (ARM 7.5).
//!
//! Text becomes tokens, tokens a tree, the tree a value. It refuses to know templates: what a name means is asked of a
//! [`Scope`], and so is everything of the world.

mod evaluate;
mod functions;
mod lexer;
mod parser;
mod printer;
mod value;

#[cfg(test)]
mod coverage;

use std::borrow::Cow;

use fake_azure_cloud::CloudError;

pub(crate) use self::evaluate::{Ambient, Evaluator, Reading, Scope, UserFunction, UserParameter, is_list};
pub(crate) use self::functions::hash;
pub(crate) use self::parser::parse;
pub(crate) use self::value::{is_size_within, kind_name};

/// What an expression's text may measure, in characters (ARM 7.5).
pub(crate) const LENGTH_MAX: usize = 24_576;

/// How deep calls may nest. Assumed: the service's own bound is not published.
pub(crate) const DEPTH_MAX: usize = 96;

/// One expression.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Expression {
    /// `'text'`.
    Text(String),
    /// `42`.
    Number(i64),
    /// A call and what is read from its value.
    Call(Call),
}

/// `namespace.name(args).member[index]`.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Call {
    /// The namespace of a user's function.
    pub(crate) namespace: Option<String>,
    /// The function, as written.
    pub(crate) name: String,
    /// The arguments.
    pub(crate) args: Vec<Expression>,
    /// What is read from its value, in order.
    pub(crate) steps: Vec<Step>,
}

/// One step into a value.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Step {
    /// `.name`, or `.?name`.
    Member {
        /// The member.
        name: String,
        /// Whether an absent one is null.
        safe: bool,
    },
    /// `[index]`, or `[?index]`.
    Index {
        /// A number into an array, a text into an object.
        index: Expression,
        /// Whether an absent one is null.
        safe: bool,
    },
}

/// Why an expression has no value.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Trouble {
    /// It is wrong, in the language's own words.
    Language(String),
    /// The world refused: a resource that it reads is not there.
    Refused(Box<CloudError>),
    /// It reads what is known only while the deployment runs.
    Later,
}

impl Trouble {
    /// The words of the language for a function that stands where it must not (ARM 7.5).
    pub(crate) fn misplaced(function: &str) -> Trouble {
        Trouble::Language(format!(
            "The template function '{function}' is not expected at this location. Please see \
             https://aka.ms/arm-template-expressions for usage details."
        ))
    }
}

impl From<String> for Trouble {
    fn from(message: String) -> Trouble {
        Trouble::Language(message)
    }
}

/// The inside of a text that is an expression: one that begins with a single `[` and ends with `]`.
pub(crate) fn inside(text: &str) -> Option<&str> {
    let inner = text.strip_prefix('[')?.strip_suffix(']')?;
    (!inner.starts_with('[')).then_some(inner)
}

/// A text that is no expression, as it is meant: `[[x]` means `[x]`.
pub(crate) fn literal(text: &str) -> Cow<'_, str> {
    match text.strip_prefix("[[") {
        Some(_) if text.ends_with(']') => Cow::Borrowed(&text[1..]),
        _ => Cow::Borrowed(text),
    }
}

/// A text written so that it is no expression.
pub(crate) fn escaped(text: &str) -> Cow<'_, str> {
    if text.starts_with('[') && text.ends_with(']') {
        Cow::Owned(format!("[{text}"))
    } else {
        Cow::Borrowed(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_text_in_single_brackets_is_an_expression() {
        let rows = [
            ("[a()]", Some("a()")),
            ("[]", Some("")),
            ("[[a()]", None),
            (" [a()]", None),
            ("[a()] ", None),
            ("[", None),
            ("a", None),
        ];
        for (text, expected) in rows {
            assert_eq!(inside(text), expected, "{text}");
        }
    }

    #[test]
    fn a_doubled_bracket_loses_one_only_when_the_text_ends_in_one() {
        assert_eq!(literal("[[x]"), "[x]");
        assert_eq!(literal("[[x"), "[[x");
        assert_eq!(literal("x]"), "x]");
        for text in ["[x]", "[[x]", "plain", "[x", "[]"] {
            assert_eq!(literal(&escaped(text)), text);
            assert_eq!(inside(&escaped(text)), None);
        }
    }
}
