//! Spans of time as scenarios write them: `90s`, `3m`, `1h30m`, `250ms`.

/// Milliseconds of a span; `None` when the text is none.
#[must_use]
pub fn parse(text: &str) -> Option<i64> {
    let mut rest = text.trim();
    let mut total: i64 = 0;
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let number: i64 = rest[..digits].parse().ok()?;
        let unit_and_rest = &rest[digits..];
        let (unit, length) = [
            ("ms", 1),
            ("s", 1_000),
            ("m", 60_000),
            ("h", 3_600_000),
            ("d", 86_400_000),
        ]
        .into_iter()
        .find(|(unit, _)| unit_and_rest.starts_with(unit))?;
        rest = &unit_and_rest[unit.len()..];
        total = total.checked_add(number.checked_mul(length)?)?;
    }
    Some(total)
}

/// A span as one would write it.
#[must_use]
pub fn show(millis: i64) -> String {
    let mut rest = millis;
    let mut text = String::new();
    for (unit, length) in [
        ("d", 86_400_000),
        ("h", 3_600_000),
        ("m", 60_000),
        ("s", 1_000),
        ("ms", 1),
    ] {
        if rest >= length {
            text.push_str(&format!("{}{unit}", rest / length));
            rest %= length;
        }
    }
    if text.is_empty() { "0s".to_owned() } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_read_as_they_are_written() {
        for (text, millis) in [
            ("3m", 180_000),
            ("1h30m", 5_400_000),
            ("90s", 90_000),
            ("250ms", 250),
            ("2d", 172_800_000),
        ] {
            assert_eq!(parse(text), Some(millis), "{text}");
            assert_eq!(parse(&show(millis)), Some(millis), "{text}");
        }
        assert_eq!(show(0), "0s");
    }

    #[test]
    fn other_texts_are_no_spans() {
        for text in [
            "",
            "3",
            "m",
            "3 m",
            "-3m",
            "3x",
            "99999999999999999999s",
            "9223372036854775807h",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
