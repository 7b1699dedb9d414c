//! `$filter` of Graph: comparisons of members, `startswith`, `any` over a list, `and`, `or`, `not` and brackets.
//!
//! What the real service can and this cannot is refused in the service's own words for a filter that it does not understand.

use serde_json::{Map, Value};

use super::GraphError;

/// Brackets within brackets that are read; deeper ones are refused.
const DEPTH_MAX: usize = 50;

/// A filter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Filter {
    Equals(String, Value),
    Differs(String, Value),
    OneOf(String, Vec<Value>),
    StartsWith(String, String),
    Any(String, Value),
    Not(Box<Filter>),
    And(Box<Filter>, Box<Filter>),
    Or(Box<Filter>, Box<Filter>),
}

impl Filter {
    /// Reads a filter.
    pub(super) fn parse(text: &str) -> Result<Filter, GraphError> {
        let mut reader = Reader { text, at: 0, depth: 0 };
        let filter = reader.either()?;
        reader.blanks();
        if reader.at < text.len() {
            return Err(reader.wrong());
        }
        Ok(filter)
    }

    /// Whether an object passes; members that objects of its type never have are an error.
    pub(super) fn holds(&self, object: &Map<String, Value>, type_name: &str) -> Result<bool, GraphError> {
        let member = |name: &str| {
            let found = object.iter().find(|(own, _)| own.eq_ignore_ascii_case(name));
            found.map(|(_, value)| value).ok_or_else(|| {
                GraphError::bad_request(format!(
                    "Invalid filter clause: Could not find a property named '{name}' on type 'microsoft.graph.{type_name}'."
                ))
            })
        };
        Ok(match self {
            Filter::Equals(name, value) => is_same(member(name)?, value),
            Filter::Differs(name, value) => !is_same(member(name)?, value),
            Filter::OneOf(name, values) => {
                let own = member(name)?;
                values.iter().any(|value| is_same(own, value))
            }
            Filter::StartsWith(name, start) => member(name)?.as_str().is_some_and(|own| {
                own.get(..start.len())
                    .is_some_and(|head| head.eq_ignore_ascii_case(start))
            }),
            Filter::Any(name, value) => {
                let list = member(name)?.as_array();
                list.into_iter().flatten().any(|own| is_same(own, value))
            }
            Filter::Not(inner) => !inner.holds(object, type_name)?,
            Filter::And(one, other) => one.holds(object, type_name)? & other.holds(object, type_name)?,
            Filter::Or(one, other) => one.holds(object, type_name)? | other.holds(object, type_name)?,
        })
    }
}

/// Texts compare without case.
fn is_same(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::String(one), Value::String(other)) => one.eq_ignore_ascii_case(other),
        _ => one == other,
    }
}

struct Reader<'t> {
    text: &'t str,
    at: usize,
    depth: usize,
}

impl<'t> Reader<'t> {
    fn wrong(&self) -> GraphError {
        GraphError::bad_request(format!(
            "Invalid filter clause: Syntax error at position {} in '{}'.",
            self.at, self.text
        ))
    }

    fn rest(&self) -> &'t str {
        &self.text[self.at..]
    }

    fn blanks(&mut self) {
        let rest = self.rest();
        self.at += rest.len() - rest.trim_start().len();
    }

    /// Reads a sign, blanks before it aside.
    fn sign(&mut self, sign: &str) -> bool {
        self.blanks();
        let found = self.rest().starts_with(sign);
        if found {
            self.at += sign.len();
        }
        found
    }

    fn expect(&mut self, sign: &str) -> Result<(), GraphError> {
        if self.sign(sign) { Ok(()) } else { Err(self.wrong()) }
    }

    /// Reads a word if it comes next, and nothing of a longer one.
    fn word(&mut self, word: &str) -> bool {
        let before = self.at;
        if self.name().is_some_and(|found| found.eq_ignore_ascii_case(word)) {
            return true;
        }
        self.at = before;
        false
    }

    fn name(&mut self) -> Option<&'t str> {
        self.blanks();
        let rest = self.rest();
        let end = rest
            .find(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_')
            .unwrap_or(rest.len());
        self.at += end;
        (end > 0).then(|| &rest[..end])
    }

    fn either(&mut self) -> Result<Filter, GraphError> {
        let mut filter = self.both()?;
        while self.word("or") {
            filter = Filter::Or(Box::new(filter), Box::new(self.both()?));
        }
        Ok(filter)
    }

    fn both(&mut self) -> Result<Filter, GraphError> {
        let mut filter = self.one()?;
        while self.word("and") {
            filter = Filter::And(Box::new(filter), Box::new(self.one()?));
        }
        Ok(filter)
    }

    fn one(&mut self) -> Result<Filter, GraphError> {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return Err(self.wrong());
        }
        let filter = self.one_inside();
        self.depth -= 1;
        filter
    }

    fn one_inside(&mut self) -> Result<Filter, GraphError> {
        if self.sign("(") {
            let filter = self.either()?;
            self.expect(")")?;
            return Ok(filter);
        }
        if self.word("not") {
            return Ok(Filter::Not(Box::new(self.one()?)));
        }
        let name = self.name().ok_or_else(|| self.wrong())?.to_owned();
        if name.eq_ignore_ascii_case("startswith") && self.sign("(") {
            let member = self.name().ok_or_else(|| self.wrong())?.to_owned();
            self.expect(",")?;
            let Value::String(start) = self.literal()? else {
                return Err(self.wrong());
            };
            self.expect(")")?;
            return Ok(Filter::StartsWith(member, start));
        }
        if self.sign("/") {
            return self.any(name);
        }
        if self.word("eq") {
            return Ok(Filter::Equals(name, self.literal()?));
        }
        if self.word("ne") {
            return Ok(Filter::Differs(name, self.literal()?));
        }
        if self.word("in") {
            self.expect("(")?;
            let mut values = vec![self.literal()?];
            while self.sign(",") {
                values.push(self.literal()?);
            }
            self.expect(")")?;
            return Ok(Filter::OneOf(name, values));
        }
        Err(self.wrong())
    }

    /// `any(c:c eq 'x')`.
    fn any(&mut self, list: String) -> Result<Filter, GraphError> {
        if !self.word("any") {
            return Err(self.wrong());
        }
        self.expect("(")?;
        let variable = self.name().ok_or_else(|| self.wrong())?;
        self.expect(":")?;
        if self.name() != Some(variable) || !self.word("eq") {
            return Err(self.wrong());
        }
        let value = self.literal()?;
        self.expect(")")?;
        Ok(Filter::Any(list, value))
    }

    /// A text in quotes, a quote within it doubled; a GUID; `true`, `false`, `null`.
    fn literal(&mut self) -> Result<Value, GraphError> {
        if !self.sign("'") {
            let rest = self.rest();
            let end = rest.find([' ', ')', ',']).unwrap_or(rest.len());
            let word = &rest[..end];
            let value = match word {
                "true" => Value::Bool(true),
                "false" => Value::Bool(false),
                "null" => Value::Null,
                _ if fake_azure_cloud::Guid::parse(word).is_some() => Value::from(word),
                _ => return Err(self.wrong()),
            };
            self.at += end;
            return Ok(value);
        }
        let mut text = String::new();
        loop {
            let rest = self.rest();
            let Some(end) = rest.find('\'') else {
                return Err(self.wrong());
            };
            text.push_str(&rest[..end]);
            self.at += end + 1;
            if !self.rest().starts_with('\'') {
                return Ok(Value::String(text));
            }
            text.push('\'');
            self.at += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use expect_test::expect;
    use serde_json::json;

    use super::*;

    #[test]
    fn filters_choose_what_they_say() {
        let object =
            json!({ "appId": "A", "displayName": "O'Hara", "accountEnabled": true, "names": ["x", "y"], "mail": null });
        let object = object.as_object().expect("an object");
        let rows = [
            "appId eq 'a'",
            "displayname eq 'o''hara'",
            "startswith(displayName,'O''')",
            "startsWith(displayName, 'ohara')",
            "names/any(c:c eq 'Y')",
            "names/any(c: c eq 'z')",
            "appId eq 'b' or accountEnabled eq true and mail eq null",
            "not (appId eq 'a')",
            "appId in ('b', 'a')",
            "appId ne 'b' and (mail ne null or appId eq 'a')",
            "secret eq 'x'",
            "appId eq",
            "appId eq 'x",
            "appId like 'x'",
            "names/all(c:c eq 'x')",
            "(appId eq 'a'",
            "appId eq 'a' extra",
            "",
        ];
        let shown: String = rows
            .iter()
            .map(|row| {
                let outcome = Filter::parse(row).and_then(|filter| filter.holds(object, "application"));
                let outcome = outcome.map_or_else(|error| error.message, |holds| holds.to_string());
                format!("{row} -> {outcome}\n")
            })
            .collect();
        expect![[r#"
            appId eq 'a' -> true
            displayname eq 'o''hara' -> true
            startswith(displayName,'O''') -> true
            startsWith(displayName, 'ohara') -> false
            names/any(c:c eq 'Y') -> true
            names/any(c: c eq 'z') -> false
            appId eq 'b' or accountEnabled eq true and mail eq null -> true
            not (appId eq 'a') -> false
            appId in ('b', 'a') -> true
            appId ne 'b' and (mail ne null or appId eq 'a') -> true
            secret eq 'x' -> Invalid filter clause: Could not find a property named 'secret' on type 'microsoft.graph.application'.
            appId eq -> Invalid filter clause: Syntax error at position 8 in 'appId eq'.
            appId eq 'x -> Invalid filter clause: Syntax error at position 10 in 'appId eq 'x'.
            appId like 'x' -> Invalid filter clause: Syntax error at position 6 in 'appId like 'x''.
            names/all(c:c eq 'x') -> Invalid filter clause: Syntax error at position 6 in 'names/all(c:c eq 'x')'.
            (appId eq 'a' -> Invalid filter clause: Syntax error at position 13 in '(appId eq 'a''.
            appId eq 'a' extra -> Invalid filter clause: Syntax error at position 13 in 'appId eq 'a' extra'.
             -> Invalid filter clause: Syntax error at position 0 in ''.
        "#]]
        .assert_eq(&shown);
    }

    proptest::proptest! {
        #[test]
        fn no_text_makes_the_reader_panic(text in "\\PC{0,60}|[a-z/()',: ]{0,60}|\\({0,200}|(not ){0,100}x eq 'y'") {
            if let Ok(filter) = Filter::parse(&text) {
                filter.holds(&Map::new(), "user").ok();
            }
        }
    }
}
