//! Tokens of the template language.

/// A token.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Token {
    Identifier(String),
    Literal(String),
    Integer(i64),
    LeftParenthesis,
    RightParenthesis,
    LeftSquareBracket,
    RightSquareBracket,
    Comma,
    Dot,
    QuestionMark,
    EndOfData,
}

impl Token {
    /// How the parser's messages name it (ARM 7.9).
    pub(super) fn name(&self) -> &'static str {
        match self {
            Token::Identifier(_) => "Identifier",
            Token::Literal(_) => "Literal",
            Token::Integer(_) => "Integer",
            Token::LeftParenthesis => "LeftParenthesis",
            Token::RightParenthesis => "RightParenthesis",
            Token::LeftSquareBracket => "LeftSquareBracket",
            Token::RightSquareBracket => "RightSquareBracket",
            Token::Comma => "Comma",
            Token::Dot => "Dot",
            Token::QuestionMark => "QuestionMark",
            Token::EndOfData => "EndOfData",
        }
    }
}

/// The tokens of a text, each with the character that it begins at; the last is the end.
pub(super) fn tokens(text: &str) -> Result<Vec<(Token, usize)>, String> {
    let letters: Vec<char> = text.chars().collect();
    let mut tokens = Vec::new();
    let mut at = 0;
    while let Some(letter) = letters.get(at).copied() {
        let start = at;
        at += 1;
        let token = match letter {
            _ if letter.is_whitespace() => continue,
            '(' => Token::LeftParenthesis,
            ')' => Token::RightParenthesis,
            '[' => Token::LeftSquareBracket,
            ']' => Token::RightSquareBracket,
            ',' => Token::Comma,
            '.' => Token::Dot,
            '?' => Token::QuestionMark,
            '\'' => Token::Literal(literal(text, &letters, &mut at)?),
            '-' | '0'..='9' => {
                while letters.get(at).is_some_and(char::is_ascii_digit) {
                    at += 1;
                }
                let digits: String = letters[start..at].iter().collect();
                let number = digits.parse().map_err(|_| unexpected(text, letter, start))?;
                Token::Integer(number)
            }
            _ if letter.is_alphabetic() || letter == '_' || letter == '$' => {
                while letters
                    .get(at)
                    .is_some_and(|c| c.is_alphanumeric() || matches!(c, '_' | '$'))
                {
                    at += 1;
                }
                Token::Identifier(letters[start..at].iter().collect())
            }
            _ => return Err(unexpected(text, letter, start)),
        };
        tokens.push((token, start));
    }
    tokens.push((Token::EndOfData, letters.len()));
    Ok(tokens)
}

/// The rest of a text in quotes, in which two quotes stand for one.
fn literal(text: &str, letters: &[char], at: &mut usize) -> Result<String, String> {
    let mut value = String::new();
    loop {
        match letters.get(*at) {
            Some('\'') if letters.get(*at + 1) == Some(&'\'') => {
                value.push('\'');
                *at += 2;
            }
            Some('\'') => {
                *at += 1;
                return Ok(value);
            }
            Some(letter) => {
                value.push(*letter);
                *at += 1;
            }
            None => {
                return Err(format!(
                    "The language expression '{text}' is not valid: the string literal that begins before position '{at}' has no end."
                ));
            }
        }
    }
}

fn unexpected(text: &str, letter: char, at: usize) -> String {
    format!(
        "The language expression '{text}' is not valid: the string character '{letter}' at position '{at}' is not expected."
    )
}
