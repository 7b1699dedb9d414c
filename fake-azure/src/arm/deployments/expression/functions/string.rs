//! Texts.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use super::super::value::{kind_name, text_of};
use super::{Category, Types, dotnet, function, hash, int, items, text};

const SCALAR: Types = Types::TEXT.or(Types::INT).or(Types::FLOAT).or(Types::BOOL);
const TEXTS: Types = Types::TEXT.or(Types::ARRAY);

pub(super) const FUNCTIONS: Category = &[
    function("base64", &[Types::TEXT], |args| {
        Ok(Value::from(STANDARD.encode(text(&args[0]))))
    }),
    function("base64ToJson", &[Types::TEXT], |args| {
        let decoded = decoded(text(&args[0]))?;
        serde_json::from_str(&decoded).map_err(|_| format!("the value '{decoded}' is not valid JSON."))
    }),
    function("base64ToString", &[Types::TEXT], |args| {
        decoded(text(&args[0])).map(Value::from)
    }),
    function("concat", &[Types::ANY], concat).rest(Types::ANY),
    function("dataUri", &[Types::ANY], |args| Ok(Value::from(data_uri(&args[0])))),
    function("dataUriToString", &[Types::TEXT], |args| {
        data_uri_text(text(&args[0])).map(Value::from)
    }),
    function("endsWith", &[Types::TEXT, Types::TEXT], |args| {
        Ok(Value::from(fold(text(&args[0])).ends_with(&fold(text(&args[1])))))
    }),
    function("fail", &[Types::TEXT], |args| {
        Err(format!("{}.", text(&args[0]).trim_end_matches('.')))
    }),
    function("format", &[Types::TEXT], |args| {
        dotnet::composite(text(&args[0]), &args[1..]).map(Value::from)
    })
    .rest(Types::ANY),
    function("guid", &[SCALAR], |args| Ok(Value::from(hash::guid(&joined(args))))).rest(SCALAR),
    function("join", &[Types::ARRAY, Types::TEXT], |args| {
        let parts: Vec<String> = items(&args[0]).iter().map(text_of).collect();
        Ok(Value::from(parts.join(text(&args[1]))))
    }),
    function("padLeft", &[SCALAR, Types::INT, SCALAR], pad_left).required(2),
    function("replace", &[Types::TEXT, Types::TEXT, Types::TEXT], |args| {
        if text(&args[1]).is_empty() {
            return Err("the string to be replaced cannot be empty.".to_owned());
        }
        Ok(Value::from(text(&args[0]).replace(text(&args[1]), text(&args[2]))))
    }),
    function("split", &[Types::TEXT, TEXTS], split),
    function("startsWith", &[Types::TEXT, Types::TEXT], |args| {
        Ok(Value::from(fold(text(&args[0])).starts_with(&fold(text(&args[1])))))
    }),
    function("string", &[Types::ANY], |args| Ok(Value::from(text_of(&args[0])))),
    function("substring", &[Types::TEXT, Types::INT, Types::INT], substring).required(1),
    function("toLower", &[Types::TEXT], |args| {
        Ok(Value::from(text(&args[0]).to_lowercase()))
    }),
    function("toUpper", &[Types::TEXT], |args| {
        Ok(Value::from(text(&args[0]).to_uppercase()))
    }),
    function("trim", &[Types::TEXT], |args| Ok(Value::from(text(&args[0]).trim()))),
    function("uniqueString", &[SCALAR], |args| {
        Ok(Value::from(hash::unique_string(&joined(args))))
    })
    .rest(SCALAR),
];

fn fold(text: &str) -> String {
    text.to_lowercase()
}

/// The arguments of a hash.
fn joined(args: &[Value]) -> String {
    args.iter().map(text_of).collect::<Vec<_>>().join("-")
}

fn decoded(encoded: &str) -> Result<String, String> {
    let bytes = STANDARD
        .decode(encoded.trim())
        .map_err(|_| format!("the value '{encoded}' is not a valid base64 string."))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// Arrays one after the other, or the texts of what is none.
fn concat(args: &[Value]) -> Result<Value, String> {
    let n_arrays = args.iter().filter(|arg| arg.is_array()).count();
    if n_arrays == args.len() {
        return Ok(Value::Array(
            args.iter().flat_map(|arg| items(arg).iter().cloned()).collect(),
        ));
    }
    if n_arrays > 0 {
        return Err(
            "the provided parameters are invalid. Either all or none of the parameters must be an array.".to_owned(),
        );
    }
    if let Some(other) = args.iter().find(|arg| arg.is_object()) {
        return Err(format!("the provided value is of type '{}'.", kind_name(other)));
    }
    Ok(Value::from(args.iter().map(text_of).collect::<String>()))
}

fn data_uri(value: &Value) -> String {
    let media = if value.is_string() {
        "text/plain"
    } else {
        "application/json"
    };
    format!("data:{media};charset=utf8;base64,{}", STANDARD.encode(text_of(value)))
}

/// `data:[media][;charset=..][;base64],content`.
fn data_uri_text(uri: &str) -> Result<String, String> {
    let wrong = || format!("the provided value '{uri}' was not formatted correctly as a data URI.");
    let (head, content) = uri
        .strip_prefix("data:")
        .and_then(|rest| rest.split_once(','))
        .ok_or_else(wrong)?;
    let words: Vec<&str> = head.split(';').collect();
    if let Some(charset) = words.iter().find_map(|word| word.strip_prefix("charset="))
        && !charset.eq_ignore_ascii_case("utf-8")
        && !charset.eq_ignore_ascii_case("utf8")
        && !charset.eq_ignore_ascii_case("us-ascii")
    {
        return Err(format!("the provided charset '{charset}' is not supported."));
    }
    if words.last().is_some_and(|word| word.eq_ignore_ascii_case("base64")) {
        return decoded(content).map_err(|_| wrong());
    }
    percent_encoding::percent_decode_str(content)
        .decode_utf8()
        .map(|text| text.into_owned())
        .map_err(|_| wrong())
}

fn pad_left(args: &[Value]) -> Result<Value, String> {
    const WIDTH_MAX: i64 = 16 * 1024;
    let given = text_of(&args[0]);
    let width = int(&args[1]);
    if !(0..=WIDTH_MAX).contains(&width) {
        return Err(format!("the total width '{width}' must be between 0 and {WIDTH_MAX}."));
    }
    let padding = args.get(2).map_or_else(|| " ".to_owned(), text_of);
    let mut letters = padding.chars();
    let (Some(letter), None) = (letters.next(), letters.next()) else {
        return Err("the padding is expected to be exactly one character.".to_owned());
    };
    let missing = usize::try_from(width)
        .unwrap_or(0)
        .saturating_sub(given.chars().count());
    let padding: String = std::iter::repeat_n(letter, missing).collect();
    Ok(Value::from(padding + &given))
}

/// At one delimiter, or at any of several; where two begin at one place the first one given counts.
fn split(args: &[Value]) -> Result<Value, String> {
    let delimiters: Vec<&str> = match &args[1] {
        Value::String(one) => vec![one.as_str()],
        many => items(many).iter().map(text).collect(),
    };
    let delimiters: Vec<&str> = delimiters
        .into_iter()
        .filter(|delimiter| !delimiter.is_empty())
        .collect();
    let given = text(&args[0]);
    let mut parts = Vec::new();
    let (mut start, mut at) = (0, 0);
    while at < given.len() {
        match delimiters.iter().find(|delimiter| given[at..].starts_with(**delimiter)) {
            Some(delimiter) => {
                parts.push(Value::from(&given[start..at]));
                at += delimiter.len();
                start = at;
            }
            None => at += given[at..].chars().next().map_or(1, char::len_utf8),
        }
    }
    parts.push(Value::from(&given[start..]));
    Ok(Value::Array(parts))
}

fn substring(args: &[Value]) -> Result<Value, String> {
    let letters: Vec<char> = text(&args[0]).chars().collect();
    let total = i64::try_from(letters.len()).unwrap_or(i64::MAX);
    let start = args.get(1).map_or(0, int);
    if start < 0 || start > total {
        return Err(format!(
            "the start index '{start}' must be a non-negative integer no larger than the length of the string '{total}'."
        ));
    }
    let length = args.get(2).map_or(total - start, int);
    if length < 0 || start.saturating_add(length) > total {
        return Err(format!(
            "the index and length parameters must refer to a location within the string. The index parameter: '{start}', the \
             length parameter: '{length}', the length of the string parameter: '{total}'."
        ));
    }
    let range = usize::try_from(start).unwrap_or(0)..usize::try_from(start + length).unwrap_or(0);
    Ok(Value::from(letters[range].iter().collect::<String>()))
}
