//! The tree of an expression (ARM 7.5):
//!
//! `expr := literal | call`, `call := name ["." name] "(" [expr {"," expr}] ")" step*`, `step := "." name | "[" expr "]"`,
//! either with a `?` for "or null".

use super::lexer::{Token, tokens};
use super::{Call, DEPTH_MAX, Expression, LENGTH_MAX, Step, Trouble};

/// Reads what stands between the brackets.
///
/// # Errors
///
/// The language's own words for what is wrong and where.
pub(crate) fn parse(text: &str) -> Result<Expression, Trouble> {
    let length = text.chars().count();
    if length > LENGTH_MAX {
        return Err(Trouble::Language(format!(
            "The language expression length limit exceeded. Limit: '{LENGTH_MAX}' and actual: '{length}'. Please see \
             https://aka.ms/arm-template-expressions for usage details."
        )));
    }
    let tokens = tokens(text).map_err(Trouble::Language)?;
    let mut parser = Parser { text, tokens, next: 0 };
    if parser.peek() == &Token::EndOfData {
        return Err(parser.wrong("Identifier"));
    }
    let expression = parser.expression(0)?;
    parser.expect(&Token::EndOfData)?;
    Ok(expression)
}

struct Parser<'t> {
    text: &'t str,
    tokens: Vec<(Token, usize)>,
    next: usize,
}

impl Parser<'_> {
    fn peek(&self) -> &Token {
        self.tokens.get(self.next).map_or(&Token::EndOfData, |(token, _)| token)
    }

    fn take(&mut self) -> Token {
        let token = self.peek().clone();
        self.next += 1;
        token
    }

    fn take_if(&mut self, token: &Token) -> bool {
        let is_it = self.peek() == token;
        self.next += usize::from(is_it);
        is_it
    }

    fn expect(&mut self, token: &Token) -> Result<(), Trouble> {
        if self.take_if(token) {
            Ok(())
        } else {
            Err(self.wrong(token.name()))
        }
    }

    fn wrong(&self, expected: &str) -> Trouble {
        let actual = self.peek().name();
        Trouble::Language(format!(
            "Unable to parse language expression '{}': expected token '{expected}' and actual '{actual}'.",
            self.text
        ))
    }

    fn identifier(&mut self) -> Result<String, Trouble> {
        match self.peek() {
            Token::Identifier(_) => match self.take() {
                Token::Identifier(name) => Ok(name),
                _ => Err(self.wrong("Identifier")),
            },
            _ => Err(self.wrong("Identifier")),
        }
    }

    fn expression(&mut self, depth: usize) -> Result<Expression, Trouble> {
        if depth > DEPTH_MAX {
            return Err(Trouble::Language(format!(
                "The language expression '{}' is not valid: it nests deeper than '{DEPTH_MAX}' levels.",
                shortened(self.text)
            )));
        }
        match self.peek() {
            Token::Literal(_) | Token::Integer(_) => match self.take() {
                Token::Literal(text) => Ok(Expression::Text(text)),
                Token::Integer(number) => Ok(Expression::Number(number)),
                _ => Err(self.wrong("Literal")),
            },
            _ => self.call(depth).map(Expression::Call),
        }
    }

    fn call(&mut self, depth: usize) -> Result<Call, Trouble> {
        let mut name = self.identifier()?;
        let mut namespace = None;
        if self.take_if(&Token::Dot) {
            namespace = Some(std::mem::replace(&mut name, self.identifier()?));
        }
        self.expect(&Token::LeftParenthesis)?;
        let mut args = Vec::new();
        if !self.take_if(&Token::RightParenthesis) {
            loop {
                args.push(self.expression(depth + 1)?);
                if !self.take_if(&Token::Comma) {
                    break;
                }
            }
            self.expect(&Token::RightParenthesis)?;
        }

        let mut steps = Vec::new();
        loop {
            if self.take_if(&Token::Dot) {
                let safe = self.take_if(&Token::QuestionMark);
                steps.push(Step::Member {
                    name: self.identifier()?,
                    safe,
                });
            } else if self.take_if(&Token::LeftSquareBracket) {
                let safe = self.take_if(&Token::QuestionMark);
                let index = self.expression(depth + 1)?;
                self.expect(&Token::RightSquareBracket)?;
                steps.push(Step::Index { index, safe });
            } else {
                return Ok(Call {
                    namespace,
                    name,
                    args,
                    steps,
                });
            }
        }
    }
}

fn shortened(text: &str) -> String {
    text.chars().take(80).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> String {
        match parse(text) {
            Ok(expression) => expression.to_string(),
            Err(Trouble::Language(message)) => message,
            Err(other) => format!("{other:?}"),
        }
    }

    #[test]
    fn blanks_mean_nothing_and_quotes_double() {
        assert_eq!(
            read(" concat ( 'it''s' ,\n -7 ) . x [ 'y' ] "),
            "concat('it''s', -7).x['y']"
        );
        assert_eq!(read("contoso.name(1).?a[?2]"), "contoso.name(1).?a[?2]");
    }

    #[test]
    fn what_is_wrong_is_said_by_token() {
        let rows = [
            (
                "",
                "Unable to parse language expression '': expected token 'Identifier' and actual 'EndOfData'.",
            ),
            (
                "a(",
                "Unable to parse language expression 'a(': expected token 'Identifier' and actual 'EndOfData'.",
            ),
            (
                "a()b",
                "Unable to parse language expression 'a()b': expected token 'EndOfData' and actual 'Identifier'.",
            ),
            (
                "a())",
                "Unable to parse language expression 'a())': expected token 'EndOfData' and actual 'RightParenthesis'.",
            ),
            (
                "a(1 2)",
                "Unable to parse language expression 'a(1 2)': expected token 'RightParenthesis' and actual 'Integer'.",
            ),
            (
                "true",
                "Unable to parse language expression 'true': expected token 'LeftParenthesis' and actual 'EndOfData'.",
            ),
            (
                "a(1.5)",
                "Unable to parse language expression 'a(1.5)': expected token 'RightParenthesis' and actual 'Dot'.",
            ),
            (
                "a(#)",
                "The language expression 'a(#)' is not valid: the string character '#' at position '2' is not expected.",
            ),
            (
                "99999999999999999999",
                "The language expression '99999999999999999999' is not valid: the string character '9' at position '0' is not expected.",
            ),
        ];
        for (text, expected) in rows {
            assert_eq!(read(text), expected, "{text}");
        }
        assert!(read("a('x").ends_with("has no end."));
    }

    #[test]
    fn length_and_depth_are_bounded() {
        assert!(
            read(&format!("'{}'", "a".repeat(LENGTH_MAX)))
                .starts_with("The language expression length limit exceeded.")
        );
        let deep = format!("{}1{}", "a(".repeat(DEPTH_MAX + 1), ")".repeat(DEPTH_MAX + 1));
        assert!(read(&deep).ends_with("levels."), "{}", read(&deep));
        let members = format!("a(){}", ".b".repeat(12_000));
        assert_eq!(read(&members), members);
    }
}
