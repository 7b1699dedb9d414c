//! `$filter` of groups and resources (ARM 1.9): terms joined by `and`, `or`, `not` and parentheses.
//!
//! It refuses to know where the facts come from: it is held against a document.

use fake_azure_cloud::CloudError;
use serde_json::Value;

use super::error::Refusal;
use super::forms;

/// Deeper nesting than this is refused.
const DEPTH: usize = 32;

/// A filter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Filter {
    /// Everything.
    All,
    /// Both.
    And(Box<Filter>, Box<Filter>),
    /// One of them.
    Or(Box<Filter>, Box<Filter>),
    /// Not that.
    Not(Box<Filter>),
    /// A property is this text; case does not count.
    Is(Property, String),
    /// A property has this text in it.
    Has(Property, String),
    /// A property begins with this text.
    Begins(Property, String),
    /// A tag of this name, and of this value where there is one.
    Tag(Option<String>, Option<String>),
}

/// What a term can look at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Property {
    /// `name`.
    Name,
    /// `resourceType`.
    Type,
    /// `resourceGroup`.
    Group,
    /// `location`.
    Location,
    /// `kind`.
    Kind,
    /// `identity` and its parts, `plan` and its parts: a place in the document.
    Place(&'static str),
}

const PROPERTIES: &[(&str, Property)] = &[
    // tidy: sorted
    ("identity", Property::Place("/identity/type")),
    ("identity/principalid", Property::Place("/identity/principalId")),
    ("identity/type", Property::Place("/identity/type")),
    ("kind", Property::Kind),
    ("location", Property::Location),
    ("name", Property::Name),
    ("plan", Property::Place("/plan/name")),
    ("plan/name", Property::Place("/plan/name")),
    ("plan/product", Property::Place("/plan/product")),
    ("plan/publisher", Property::Place("/plan/publisher")),
    ("resourcegroup", Property::Group),
    ("resourcetype", Property::Type),
    // tidy: end
];

impl Filter {
    /// Reads a filter; an empty one lets everything through.
    pub(crate) fn read(text: &str) -> Result<Filter, Refusal> {
        if text.trim().is_empty() {
            return Ok(Filter::All);
        }
        let refused = || Refusal::from(CloudError::of(&forms::BAD_FILTER).with("filter", text));
        let tokens = tokens(text).ok_or_else(refused)?;
        let mut reader = Reader { tokens: &tokens, at: 0 };
        let filter = reader
            .any_of(0)
            .filter(|_| reader.at == tokens.len())
            .ok_or_else(refused)?;
        let mixes = filter.has_tags() && filter.has_others();
        if mixes { Err(refused()) } else { Ok(filter) }
    }

    /// Whether a document passes. `group` is the name of its group.
    pub(crate) fn passes(&self, document: &Value, group: &str) -> bool {
        match self {
            Filter::All => true,
            Filter::And(one, other) => one.passes(document, group) && other.passes(document, group),
            Filter::Or(one, other) => one.passes(document, group) || other.passes(document, group),
            Filter::Not(inner) => !inner.passes(document, group),
            Filter::Is(Property::Location, text) => {
                let normal = fake_azure_cloud::catalogue::locations::normalise(text);
                Property::Location
                    .of(document, group)
                    .is_some_and(|own| own.eq_ignore_ascii_case(&normal))
            }
            Filter::Is(property, text) => property
                .of(document, group)
                .is_some_and(|own| own.to_lowercase() == text.to_lowercase()),
            Filter::Has(property, text) => property
                .of(document, group)
                .is_some_and(|own| own.to_lowercase().contains(&text.to_lowercase())),
            Filter::Begins(property, text) => property
                .of(document, group)
                .is_some_and(|own| own.to_lowercase().starts_with(&text.to_lowercase())),
            Filter::Tag(name, value) => document.get("tags").and_then(Value::as_object).is_some_and(|tags| {
                tags.iter().any(|(own, held)| {
                    name.as_ref()
                        .is_none_or(|name| own.to_lowercase() == name.to_lowercase())
                        && value.as_ref().is_none_or(|value| held.as_str() == Some(value))
                })
            }),
        }
    }

    fn has_tags(&self) -> bool {
        match self {
            Filter::And(one, other) | Filter::Or(one, other) => one.has_tags() || other.has_tags(),
            Filter::Not(inner) => inner.has_tags(),
            Filter::Tag(..) => true,
            _ => false,
        }
    }

    fn has_others(&self) -> bool {
        match self {
            Filter::And(one, other) | Filter::Or(one, other) => one.has_others() || other.has_others(),
            Filter::Not(inner) => inner.has_others(),
            Filter::Is(..) | Filter::Has(..) | Filter::Begins(..) => true,
            Filter::All | Filter::Tag(..) => false,
        }
    }

    /// Two terms, both to hold. A tag's name and value beside each other are of one tag.
    fn and(self, other: Filter) -> Filter {
        match (self, other) {
            (Filter::Tag(Some(name), None), Filter::Tag(None, Some(value)))
            | (Filter::Tag(None, Some(value)), Filter::Tag(Some(name), None)) => Filter::Tag(Some(name), Some(value)),
            (one, other) => Filter::And(Box::new(one), Box::new(other)),
        }
    }
}

impl Property {
    fn find(name: &str) -> Option<Property> {
        let name = name.to_lowercase();
        PROPERTIES
            .iter()
            .find(|(own, _)| *own == name)
            .map(|(_, property)| *property)
    }

    fn of<'d>(self, document: &'d Value, group: &'d str) -> Option<&'d str> {
        match self {
            Property::Name => document.get("name").and_then(Value::as_str),
            Property::Type => document.get("type").and_then(Value::as_str),
            Property::Group => Some(group),
            Property::Location => document.get("location").and_then(Value::as_str),
            Property::Kind => document.get("kind").and_then(Value::as_str),
            Property::Place(pointer) => document.pointer(pointer).and_then(Value::as_str),
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Token {
    Word(String),
    Text(String),
    Open,
    Close,
    Comma,
}

fn tokens(text: &str) -> Option<Vec<Token>> {
    let mut tokens = Vec::new();
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '(' => tokens.push(Token::Open),
            ')' => tokens.push(Token::Close),
            ',' => tokens.push(Token::Comma),
            '\'' => {
                let mut held = String::new();
                loop {
                    match letters.next()? {
                        '\'' if letters.peek() == Some(&'\'') => {
                            letters.next();
                            held.push('\'');
                        }
                        '\'' => break,
                        other => held.push(other),
                    }
                }
                tokens.push(Token::Text(held));
            }
            blank if blank.is_whitespace() => {}
            first if first.is_alphanumeric() || matches!(first, '_' | '$') => {
                let mut word = String::from(first);
                while let Some(next) = letters
                    .peek()
                    .copied()
                    .filter(|c| c.is_alphanumeric() || matches!(c, '_' | '/' | '.' | '-'))
                {
                    word.push(next);
                    letters.next();
                }
                tokens.push(Token::Word(word));
            }
            _ => return None,
        }
    }
    Some(tokens)
}

struct Reader<'t> {
    tokens: &'t [Token],
    at: usize,
}

impl Reader<'_> {
    fn next(&mut self) -> Option<Token> {
        let token = self.tokens.get(self.at)?.clone();
        self.at += 1;
        Some(token)
    }

    fn takes(&mut self, word: &str) -> bool {
        let is_next = matches!(self.tokens.get(self.at), Some(Token::Word(own)) if own.eq_ignore_ascii_case(word));
        self.at += usize::from(is_next);
        is_next
    }

    fn expect(&mut self, token: &Token) -> Option<()> {
        (self.next()? == *token).then_some(())
    }

    fn text(&mut self) -> Option<String> {
        match self.next()? {
            Token::Text(text) => Some(text),
            _ => None,
        }
    }

    fn any_of(&mut self, depth: usize) -> Option<Filter> {
        let mut filter = self.all_of(depth)?;
        while self.takes("or") {
            filter = Filter::Or(Box::new(filter), Box::new(self.all_of(depth)?));
        }
        Some(filter)
    }

    fn all_of(&mut self, depth: usize) -> Option<Filter> {
        let mut filter = self.term(depth)?;
        while self.takes("and") {
            filter = filter.and(self.term(depth)?);
        }
        Some(filter)
    }

    fn term(&mut self, depth: usize) -> Option<Filter> {
        if depth > DEPTH {
            return None;
        }
        if self.takes("not") {
            return Some(Filter::Not(Box::new(self.term(depth + 1)?)));
        }
        match self.next()? {
            Token::Open => {
                let inner = self.any_of(depth + 1)?;
                self.expect(&Token::Close)?;
                Some(inner)
            }
            Token::Word(word) if word.eq_ignore_ascii_case("substringof") => {
                self.expect(&Token::Open)?;
                let text = self.text()?;
                self.expect(&Token::Comma)?;
                let property = self.property()?;
                self.expect(&Token::Close)?;
                Some(Filter::Has(property, text))
            }
            Token::Word(word) if word.eq_ignore_ascii_case("startswith") => {
                self.expect(&Token::Open)?;
                let name = self.next()?;
                self.expect(&Token::Comma)?;
                let text = self.text()?;
                self.expect(&Token::Close)?;
                match name {
                    Token::Word(name) => Some(Filter::Begins(Property::find(&name)?, text)),
                    _ => None,
                }
            }
            Token::Word(word) => self.comparison(&word),
            _ => None,
        }
    }

    fn property(&mut self) -> Option<Property> {
        match self.next()? {
            Token::Word(word) => Property::find(&word),
            _ => None,
        }
    }

    fn comparison(&mut self, name: &str) -> Option<Filter> {
        let negated = if self.takes("eq") {
            false
        } else if self.takes("ne") {
            true
        } else {
            return None;
        };
        let text = self.text()?;
        let term = match name.to_lowercase().as_str() {
            "tagname" => Filter::Tag(Some(text), None),
            "tagvalue" => Filter::Tag(None, Some(text)),
            name => Filter::Is(Property::find(name)?, text),
        };
        Some(if negated { Filter::Not(Box::new(term)) } else { term })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn passes(filter: &str) -> Option<bool> {
        let document = json!({
            "name": "web1", "type": "Microsoft.Network/publicIPAddresses", "location": "westus",
            "tags": {"env": "Prod", "Team": "a'b"},
        });
        Filter::read(filter).ok().map(|filter| filter.passes(&document, "G1"))
    }

    #[test]
    fn terms_hold_without_regard_to_case_of_names() {
        let rows = [
            ("", Some(true)),
            ("name eq 'WEB1'", Some(true)),
            ("name ne 'web1'", Some(false)),
            (
                "resourceGroup eq 'g1' and name eq 'web1' and resourceType eq 'microsoft.network/PUBLICIPADDRESSES'",
                Some(true),
            ),
            ("location eq 'West US'", Some(true)),
            ("substringof('eb', name)", Some(true)),
            ("startswith(name,'web')", Some(true)),
            ("startswith(name,'eb')", Some(false)),
            ("name eq 'x' or location eq 'westus'", Some(true)),
            (
                "not (name eq 'x') and (location eq 'westus' or name eq 'y')",
                Some(true),
            ),
            ("tagname eq 'ENV' and tagvalue eq 'Prod'", Some(true)),
            ("tagName eq 'env' and tagValue eq 'prod'", Some(false)),
            ("tagName eq 'env' and tagValue eq 'a''b'", Some(false)),
            ("tagName eq 'team' and tagValue eq 'a''b'", Some(true)),
            ("tagName eq 'other'", Some(false)),
            ("plan eq 'p'", Some(false)),
        ];
        for (filter, expected) in rows {
            assert_eq!(passes(filter), expected, "{filter}");
        }
    }

    #[test]
    fn what_is_no_filter_is_refused() {
        for filter in [
            "name",
            "name eq",
            "name eq web1",
            "name eq 'a",
            "colour eq 'red'",
            "name eq 'a' name eq 'b'",
            "(name eq 'a'",
            "name gt 'a'",
            "substringof(name, 'a')",
            "tagName eq 'a' and name eq 'b'",
            "%",
            "and",
        ] {
            assert_eq!(passes(filter), None, "{filter}");
        }
    }

    #[test]
    fn nesting_has_an_end() {
        let deep = format!("{}name eq 'a'{}", "(".repeat(100_000), ")".repeat(100_000));
        assert_eq!(passes(&deep), None);
        assert_eq!(passes(&format!("{}name eq 'a'", "not ".repeat(100_000))), None);
    }

    proptest! {
        #[test]
        fn no_text_makes_the_reader_panic(text in "\\PC{0,60}") {
            let _ = passes(&text);
        }

        #[test]
        fn no_row_of_words_makes_the_reader_panic(words in proptest::collection::vec(
            proptest::sample::select(vec!["(", ")", "name", "eq", "'a'", "and", "or", "not", "substringof", ",", "tagName"]), 0..20,
        )) {
            let _ = passes(&words.join(" "));
        }
    }
}
