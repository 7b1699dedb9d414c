//! The reader of deployment bodies and templates: JSON as the service's own reader takes it (real-clients 0.4) - comments,
//! member names without quotes, texts in single quotes or over several lines, commas at the end.
//!
//! It remembers where things stand: the messages about a template say line and column. It refuses to know what they mean.

use std::collections::BTreeMap;

use serde_json::{Map, Number, Value};

/// How deep documents may nest.
const DEPTH_MAX: usize = 128;

/// Down to which depth places are remembered: the messages name parameters, resources and outputs only.
const PLACES_DEPTH_MAX: usize = 12;

/// Where the values of a document stand, by JSON pointer.
#[derive(Clone, Debug, Default)]
pub(crate) struct Places(BTreeMap<String, (u32, u32)>);

impl Places {
    /// Line and column, counted from one, of the last character of a value's first token; zero where it is not known.
    pub(crate) fn of(&self, pointer: &str) -> (u32, u32) {
        self.0.get(pointer).copied().unwrap_or((0, 0))
    }
}

/// Reads a document.
///
/// # Errors
///
/// What is wrong, and where, in the words of the service's reader.
pub(crate) fn read(text: &str) -> Result<(Value, Places), String> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut reader = Reader {
        letters: text.chars().collect(),
        at: 0,
        line: 1,
        column: 0,
        path: Vec::new(),
        places: Places::default(),
    };
    reader.blanks()?;
    let value = reader.value(0)?;
    reader.blanks()?;
    match reader.peek() {
        None => Ok((value, reader.places)),
        Some(letter) => Err(reader.wrong(&format!(
            "Additional text encountered after finished reading JSON content: {letter}."
        ))),
    }
}

/// `properties.template.resources[0]`: a pointer as messages write it.
pub(crate) fn path_of(pointer: &str) -> String {
    let mut path = String::new();
    for segment in pointer.split('/').skip(1) {
        if !segment.is_empty() && segment.bytes().all(|byte| byte.is_ascii_digit()) {
            path.push_str(&format!("[{segment}]"));
        } else {
            if !path.is_empty() {
                path.push('.');
            }
            path.push_str(&segment.replace("~1", "/").replace("~0", "~"));
        }
    }
    path
}

/// A segment of a JSON pointer.
pub(crate) fn pointer_segment(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

struct Reader {
    letters: Vec<char>,
    at: usize,
    line: u32,
    column: u32,
    path: Vec<String>,
    places: Places,
}

impl Reader {
    fn peek(&self) -> Option<char> {
        self.letters.get(self.at).copied()
    }

    fn take(&mut self) -> Option<char> {
        let letter = self.peek()?;
        self.at += 1;
        if letter == '\n' {
            self.line += 1;
            self.column = 0;
        } else {
            self.column += 1;
        }
        Some(letter)
    }

    fn wrong(&self, what: &str) -> String {
        let pointer: String = self.path.iter().map(|segment| format!("/{segment}")).collect();
        format!(
            "{what} Path '{}', line {}, position {}.",
            path_of(&pointer),
            self.line,
            self.column
        )
    }

    fn ended(&self) -> String {
        self.wrong("Unexpected end when reading JSON.")
    }

    /// Blanks and comments.
    fn blanks(&mut self) -> Result<(), String> {
        loop {
            match self.peek() {
                Some(letter) if letter.is_whitespace() => {
                    self.take();
                }
                Some('/') => {
                    self.take();
                    match self.take() {
                        Some('/') => {
                            while self.peek().is_some_and(|letter| letter != '\n') {
                                self.take();
                            }
                        }
                        Some('*') => loop {
                            match self.take() {
                                Some('*') if self.peek() == Some('/') => {
                                    self.take();
                                    break;
                                }
                                Some(_) => {}
                                None => return Err(self.wrong("Unexpected end while parsing comment.")),
                            }
                        },
                        _ => return Err(self.wrong("Error parsing comment. Expected: *, got something else.")),
                    }
                }
                _ => return Ok(()),
            }
        }
    }

    fn remember(&mut self) {
        if self.path.len() <= PLACES_DEPTH_MAX {
            let pointer: String = self.path.iter().map(|segment| format!("/{segment}")).collect();
            self.places.0.insert(pointer, (self.line, self.column));
        }
    }

    fn value(&mut self, depth: usize) -> Result<Value, String> {
        if depth > DEPTH_MAX {
            return Err(self.wrong(&format!("The reader's MaxDepth of {DEPTH_MAX} has been exceeded.")));
        }
        match self.peek() {
            None => Err(self.ended()),
            Some('{') => {
                self.take();
                self.remember();
                self.object(depth)
            }
            Some('[') => {
                self.take();
                self.remember();
                self.array(depth)
            }
            Some(quote @ ('"' | '\'')) => {
                self.take();
                let text = self.text(quote)?;
                self.remember();
                Ok(Value::from(text))
            }
            Some(letter) if letter == '-' || letter == '+' || letter == '.' || letter.is_ascii_digit() => {
                let number = self.number()?;
                self.remember();
                Ok(number)
            }
            Some(letter) if letter.is_ascii_alphabetic() => {
                let word = self.word();
                self.remember();
                match word.as_str() {
                    "true" => Ok(Value::Bool(true)),
                    "false" => Ok(Value::Bool(false)),
                    "null" | "undefined" => Ok(Value::Null),
                    _ => Err(self.wrong(&format!(
                        "Unexpected character encountered while parsing value: {letter}."
                    ))),
                }
            }
            Some(letter) => {
                self.take();
                Err(self.wrong(&format!(
                    "Unexpected character encountered while parsing value: {letter}."
                )))
            }
        }
    }

    fn object(&mut self, depth: usize) -> Result<Value, String> {
        let mut members = Map::new();
        loop {
            self.blanks()?;
            let name = match self.peek() {
                None => return Err(self.ended()),
                Some('}') => {
                    self.take();
                    return Ok(Value::Object(members));
                }
                Some(quote @ ('"' | '\'')) => {
                    self.take();
                    self.text(quote)?
                }
                Some(letter) if letter.is_alphanumeric() || letter == '_' || letter == '$' => self.word(),
                Some(letter) => {
                    self.take();
                    return Err(self.wrong(&format!("Invalid property identifier character: {letter}.")));
                }
            };
            self.blanks()?;
            match self.take() {
                Some(':') => {}
                None => return Err(self.ended()),
                Some(letter) => {
                    return Err(self.wrong(&format!(
                        "Invalid character after parsing property name. Expected ':' but got: {letter}."
                    )));
                }
            }
            self.blanks()?;
            self.path.push(pointer_segment(&name));
            let value = self.value(depth + 1)?;
            self.path.pop();
            // The last of two with one name counts.
            members.insert(name, value);
            self.blanks()?;
            match self.take() {
                Some(',') => {}
                Some('}') => return Ok(Value::Object(members)),
                None => return Err(self.ended()),
                Some(letter) => {
                    return Err(self.wrong(&format!(
                        "After parsing a value an unexpected character was encountered: {letter}."
                    )));
                }
            }
        }
    }

    fn array(&mut self, depth: usize) -> Result<Value, String> {
        let mut items = Vec::new();
        loop {
            self.blanks()?;
            if self.peek() == Some(']') {
                self.take();
                return Ok(Value::Array(items));
            }
            self.path.push(items.len().to_string());
            items.push(self.value(depth + 1)?);
            self.path.pop();
            self.blanks()?;
            match self.take() {
                Some(',') => {}
                Some(']') => return Ok(Value::Array(items)),
                None => return Err(self.ended()),
                Some(letter) => {
                    return Err(self.wrong(&format!(
                        "After parsing a value an unexpected character was encountered: {letter}."
                    )));
                }
            }
        }
    }

    /// The rest of a text, up to its quote.
    fn text(&mut self, quote: char) -> Result<String, String> {
        let mut text = String::new();
        loop {
            match self.take() {
                None => return Err(self.wrong(&format!("Unterminated string. Expected delimiter: {quote}."))),
                Some(letter) if letter == quote => return Ok(text),
                Some('\\') => text.extend(self.escape()?),
                Some(letter) => text.push(letter),
            }
        }
    }

    /// What follows a backslash; nothing for one at the end of a line.
    fn escape(&mut self) -> Result<Option<char>, String> {
        Ok(Some(match self.take() {
            Some('b') => '\u{8}',
            Some('f') => '\u{c}',
            Some('n') => '\n',
            Some('r') => '\r',
            Some('t') => '\t',
            Some('\n') => return Ok(None),
            Some('u') => {
                let first = self.code_unit()?;
                if (0xd800..0xdc00).contains(&first)
                    && self.peek() == Some('\\')
                    && self.letters.get(self.at + 1) == Some(&'u')
                {
                    self.take();
                    self.take();
                    let second = self.code_unit()?;
                    let joined = 0x1_0000 + ((first - 0xd800) << 10) + second.wrapping_sub(0xdc00).min(0x3ff);
                    char::from_u32(joined).unwrap_or(char::REPLACEMENT_CHARACTER)
                } else {
                    char::from_u32(first).unwrap_or(char::REPLACEMENT_CHARACTER)
                }
            }
            Some(letter @ ('"' | '\'' | '\\' | '/')) => letter,
            Some(letter) => return Err(self.wrong(&format!("Bad JSON escape sequence: \\{letter}."))),
            None => return Err(self.ended()),
        }))
    }

    fn code_unit(&mut self) -> Result<u32, String> {
        let mut unit = 0;
        for _ in 0..4 {
            match self.take().and_then(|letter| letter.to_digit(16)) {
                Some(digit) => unit = unit << 4 | digit,
                None => return Err(self.wrong("Could not parse a Unicode escape sequence.")),
            }
        }
        Ok(unit)
    }

    fn word(&mut self) -> String {
        let mut word = String::new();
        while let Some(letter) = self
            .peek()
            .filter(|letter| letter.is_alphanumeric() || matches!(letter, '_' | '$' | '-'))
        {
            self.take();
            word.push(letter);
        }
        word
    }

    fn number(&mut self) -> Result<Value, String> {
        let mut digits = String::new();
        while let Some(letter) = self
            .peek()
            .filter(|letter| letter.is_ascii_alphanumeric() || matches!(letter, '+' | '-' | '.'))
        {
            self.take();
            digits.push(letter);
        }
        let plain = digits.strip_prefix('+').unwrap_or(&digits);
        if let Ok(whole) = plain.parse::<i64>() {
            return Ok(Value::from(whole));
        }
        let is_decimal = plain.contains(['.', 'e', 'E'])
            && !plain.contains(|c: char| c.is_ascii_alphabetic() && !matches!(c, 'e' | 'E'));
        let number = plain
            .parse::<f64>()
            .ok()
            .filter(|_| is_decimal)
            .and_then(Number::from_f64);
        match number {
            Some(number) => Ok(Value::Number(number)),
            None if plain
                .bytes()
                .skip(usize::from(plain.starts_with('-')))
                .all(|byte| byte.is_ascii_digit())
                && plain.len() > 1 =>
            {
                Err(self.wrong(&format!("JSON integer {plain} is too large or small for an Int64.")))
            }
            None => Err(self.wrong(&format!("Input string '{digits}' is not a valid number."))),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn value(text: &str) -> Value {
        match read(text) {
            Ok((value, _)) => value,
            Err(message) => Value::from(message),
        }
    }

    #[test]
    fn what_users_write_into_templates_is_read() {
        let text = "\u{feff}// first\n{\"properties\": {\"mode\": 'Incremental', template:{ /* text\n of a file */ $schema: \"x\",\n resources: [1, -2.5, true, null,], \"long\": \"two\nlines \\u00e9\\ud834\\udd1e\\\n!\",}}}";
        assert_eq!(
            value(text),
            json!({"properties": {"mode": "Incremental", "template": {"$schema": "x", "resources": [1, -2.5, true, null], "long": "two\nlines é𝄞!"}}})
        );
        assert_eq!(value("{a: 1, a: 2}"), json!({"a": 2}));
    }

    #[test]
    fn what_is_wrong_is_said_with_its_place() {
        let rows = [
            ("", "Unexpected end when reading JSON. Path '', line 1, position 0."),
            (
                "{\"a\": {\"b\": [1, }",
                "Unexpected character encountered while parsing value: }. Path 'a.b[1]', line 1, position 17.",
            ),
            (
                "{\"a\"\n 1}",
                "Invalid character after parsing property name. Expected ':' but got: 1. Path '', line 2, position 2.",
            ),
            (
                "{\"a\": x}",
                "Unexpected character encountered while parsing value: x. Path 'a', line 1, position 7.",
            ),
            (
                "{} 1",
                "Additional text encountered after finished reading JSON content: 1. Path '', line 1, position 3.",
            ),
            (
                "{\"a\": \"b",
                "Unterminated string. Expected delimiter: \". Path 'a', line 1, position 8.",
            ),
            (
                "99999999999999999999",
                "JSON integer 99999999999999999999 is too large or small for an Int64. Path '', line 1, position 20.",
            ),
            (
                "1x",
                "Input string '1x' is not a valid number. Path '', line 1, position 2.",
            ),
            (
                "/* ",
                "Unexpected end while parsing comment. Path '', line 1, position 3.",
            ),
        ];
        for (text, expected) in rows {
            assert_eq!(value(text), expected, "{text}");
        }
        assert!(
            value(&"[".repeat(200))
                .as_str()
                .is_some_and(|message| message.contains("MaxDepth"))
        );
    }

    #[test]
    fn places_are_those_of_the_first_tokens_end() {
        let (_, places) = read("{\n  \"resources\": [\n    {\"name\": \"x\"}\n  ]\n}").expect("it reads");
        assert_eq!(places.of("/resources"), (2, 16));
        assert_eq!(places.of("/resources/0"), (3, 5));
        assert_eq!(places.of("/resources/0/name"), (3, 16));
        assert_eq!(places.of("/nothing"), (0, 0));
        assert_eq!(path_of("/resources/0/a~1b"), "resources[0].a/b");
    }

    fn any_document() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            "\\PC{0,12}".prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 24, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::Array),
                prop::collection::vec(("\\PC{0,6}", inner), 0..4)
                    .prop_map(|members| Value::Object(members.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn strict_json_reads_as_it_is(document in any_document()) {
            prop_assert_eq!(value(&document.to_string()), document.clone());
            let pretty = serde_json::to_string_pretty(&document).expect("a document can be written");
            prop_assert_eq!(value(&pretty), document);
        }

        #[test]
        fn no_text_makes_the_reader_panic(text in "[\\[\\]{}:,'\"/*\\\\a-f0-9u. \n-]{0,40}") {
            let _ = read(&text);
        }
    }
}
