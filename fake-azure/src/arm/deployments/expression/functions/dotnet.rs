//! .NET's formats: composite texts, numbers and dates, in the invariant culture.

use jiff::civil::{DateTime, Weekday};
use serde_json::Value;

use super::super::value::text_of;

/// What a formatted text may measure.
const SIZE_MAX: usize = 1024 * 1024;

/// `{index[,alignment][:format]}` filled in.
pub(super) fn composite(form: &str, args: &[Value]) -> Result<String, String> {
    let wrong = || "the format string is not in a correct format.".to_owned();
    let mut text = String::new();
    let mut letters = form.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '{' if letters.peek() == Some(&'{') => {
                letters.next();
                text.push('{');
            }
            '}' if letters.peek() == Some(&'}') => {
                letters.next();
                text.push('}');
            }
            '{' => {
                let mut item = String::new();
                loop {
                    match letters.next() {
                        Some('}') => break,
                        Some('{') | None => return Err(wrong()),
                        Some(letter) => item.push(letter),
                    }
                }
                text.push_str(&filled(&item, args).ok_or_else(|| {
                    "index (zero based) must be greater than or equal to zero and less than the size of the argument list.".to_owned()
                })?);
            }
            '}' => return Err(wrong()),
            letter => text.push(letter),
        }
        if text.len() > SIZE_MAX {
            return Err("the formatted string is too long.".to_owned());
        }
    }
    Ok(text)
}

fn filled(item: &str, args: &[Value]) -> Option<String> {
    let (head, form) = item.split_once(':').map_or((item, ""), |(head, form)| (head, form));
    let (index, width) = head
        .split_once(',')
        .map_or((head, "0"), |(index, width)| (index, width));
    let value = args.get(index.trim().parse::<usize>().ok()?)?;
    let width: i32 = width
        .trim()
        .parse()
        .ok()
        .filter(|width: &i32| width.unsigned_abs() <= 10_000)?;
    let shown = match value {
        Value::Number(number) => match number.as_i64() {
            Some(number) => whole(number, form),
            None => float(number.as_f64().unwrap_or(0.0), form),
        },
        other => text_of(other),
    };
    let missing = usize::try_from(width.unsigned_abs())
        .unwrap_or(0)
        .saturating_sub(shown.chars().count());
    let blanks = " ".repeat(missing);
    Some(if width < 0 { shown + &blanks } else { blanks + &shown })
}

/// A whole number: `D5`, `X2`, `N0`, `F1`, `E2`, `P0`, `C`, `G`, or a custom form of `0`, `#`, `,` and `.`.
fn whole(number: i64, form: &str) -> String {
    let Some((kind, precision)) = standard(form) else {
        return if form.is_empty() {
            number.to_string()
        } else {
            custom(number, form)
        };
    };
    let digits = |least: usize| format!("{:0>least$}", number.unsigned_abs());
    let sign = if number < 0 { "-" } else { "" };
    match kind {
        'd' | 'D' => format!("{sign}{}", digits(precision.unwrap_or(1))),
        'x' => format!("{number:0>width$x}", width = precision.unwrap_or(1)),
        'X' => format!("{number:0>width$X}", width = precision.unwrap_or(1)),
        'n' | 'N' => with_decimals(&format!("{sign}{}", grouped(&digits(1))), precision.unwrap_or(2)),
        'f' | 'F' => with_decimals(&number.to_string(), precision.unwrap_or(2)),
        'c' | 'C' => with_decimals(&format!("{sign}¤{}", grouped(&digits(1))), precision.unwrap_or(2)),
        'p' | 'P' => {
            let hundred = i128::from(number) * 100;
            let sign = if hundred < 0 { "-" } else { "" };
            format!(
                "{} %",
                with_decimals(
                    &format!("{sign}{}", grouped(&hundred.unsigned_abs().to_string())),
                    precision.unwrap_or(2)
                )
            )
        }
        _ => number.to_string(),
    }
}

fn float(number: f64, form: &str) -> String {
    match standard(form) {
        Some(('f' | 'F', precision)) => format!("{number:.*}", precision.unwrap_or(2)),
        Some(('n' | 'N', precision)) => {
            let text = format!("{:.*}", precision.unwrap_or(2), number.abs());
            let (front, back) = text
                .split_once('.')
                .map_or((text.as_str(), None), |(front, back)| (front, Some(back)));
            let sign = if number < 0.0 { "-" } else { "" };
            match back {
                Some(back) => format!("{sign}{}.{back}", grouped(front)),
                None => format!("{sign}{}", grouped(front)),
            }
        }
        Some(('p' | 'P', precision)) => format!("{:.*} %", precision.unwrap_or(2), number * 100.0),
        _ => number.to_string(),
    }
}

/// A letter and perhaps two digits.
fn standard(form: &str) -> Option<(char, Option<usize>)> {
    let kind = form.chars().next().filter(char::is_ascii_alphabetic)?;
    let digits = &form[1..];
    if digits.is_empty() {
        return Some((kind, None));
    }
    let precision = digits.parse::<usize>().ok().filter(|_| digits.len() <= 2)?;
    Some((kind, Some(precision)))
}

fn with_decimals(text: &str, n_decimals: usize) -> String {
    if n_decimals == 0 {
        text.to_owned()
    } else {
        format!("{text}.{}", "0".repeat(n_decimals))
    }
}

/// A comma before every third digit from the right.
fn grouped(digits: &str) -> String {
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `000`, `#,##0`, `0.00`: whole numbers have no decimals but zeros.
fn custom(number: i64, form: &str) -> String {
    let (front, back) = form.split_once('.').map_or((form, ""), |(front, back)| (front, back));
    let places = |c: &char| matches!(c, '0' | '#' | ',');
    let Some(first) = front.find(['0', '#']) else {
        return form.to_owned();
    };
    let pattern: String = front[first..].chars().take_while(places).collect();
    let (before, after) = (&front[..first], &front[first + pattern.len()..]);
    let least = pattern
        .chars()
        .skip_while(|c| *c != '0')
        .filter(|c| *c == '0' || *c == '#')
        .count();
    let mut digits = number.unsigned_abs().to_string();
    if number == 0 && least == 0 {
        digits.clear();
    }
    let digits = format!("{digits:0>least$}");
    let digits = if pattern.contains(',') {
        grouped(&digits)
    } else {
        digits
    };
    let decimals = "0".repeat(back.chars().take_while(|c| *c == '0').count());
    let sign = if number < 0 { "-" } else { "" };
    let point = if decimals.is_empty() { "" } else { "." };
    format!("{sign}{before}{digits}{point}{decimals}{after}")
}

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

fn day_name(day: Weekday) -> &'static str {
    match day {
        Weekday::Monday => "Monday",
        Weekday::Tuesday => "Tuesday",
        Weekday::Wednesday => "Wednesday",
        Weekday::Thursday => "Thursday",
        Weekday::Friday => "Friday",
        Weekday::Saturday => "Saturday",
        Weekday::Sunday => "Sunday",
    }
}

/// A date in UTC by a standard form of one letter, or by a custom one.
pub(super) fn date(moment: DateTime, form: &str) -> String {
    let form = match form {
        "d" => "MM/dd/yyyy",
        "D" => "dddd, dd MMMM yyyy",
        "f" => "dddd, dd MMMM yyyy HH:mm",
        "F" => "dddd, dd MMMM yyyy HH:mm:ss",
        "g" => "MM/dd/yyyy HH:mm",
        "G" | "" => "MM/dd/yyyy HH:mm:ss",
        "m" | "M" => "MMMM dd",
        "o" | "O" => "yyyy-MM-ddTHH:mm:ss.fffffffK",
        "r" | "R" => "ddd, dd MMM yyyy HH:mm:ss 'GMT'",
        "s" => "yyyy-MM-ddTHH:mm:ss",
        "t" => "HH:mm",
        "T" => "HH:mm:ss",
        "u" => "yyyy-MM-dd HH:mm:ss'Z'",
        "U" => "dddd, dd MMMM yyyy HH:mm:ss",
        "y" | "Y" => "yyyy MMMM",
        custom => custom,
    };
    let letters: Vec<char> = form.chars().collect();
    let mut text = String::new();
    let mut at = 0;
    while let Some(letter) = letters.get(at).copied() {
        let run = letters[at..].iter().take_while(|own| **own == letter).count();
        let mut used = run;
        match letter {
            '\'' | '"' => {
                let rest = &letters[at + 1..];
                let end = rest.iter().position(|own| *own == letter).unwrap_or(rest.len());
                text.extend(&rest[..end]);
                used = end + 2;
            }
            '\\' => {
                text.extend(letters.get(at + 1));
                used = 2;
            }
            '%' => used = 1,
            _ => text.push_str(&part(moment, letter, run)),
        }
        at += used;
    }
    text
}

/// What a run of one letter stands for; other letters stand for themselves.
fn part(moment: DateTime, letter: char, run: usize) -> String {
    let padded = |number: i64, most: usize| format!("{number:0>width$}", width = run.min(most));
    let month = MONTHS[usize::from(moment.month().unsigned_abs().clamp(1, 12)) - 1];
    let hour = i64::from(moment.hour());
    match (letter, run) {
        ('y', 1 | 2) => padded(i64::from(moment.year()).rem_euclid(100), 2),
        ('y', _) => format!("{:0>width$}", moment.year(), width = run.min(9)),
        ('M', 1 | 2) => padded(moment.month().into(), 2),
        ('M', 3) => month[..3].to_owned(),
        ('M', _) => month.to_owned(),
        ('d', 1 | 2) => padded(moment.day().into(), 2),
        ('d', 3) => day_name(moment.weekday())[..3].to_owned(),
        ('d', _) => day_name(moment.weekday()).to_owned(),
        ('H', _) => padded(hour, 2),
        ('h', _) => padded(if hour % 12 == 0 { 12 } else { hour % 12 }, 2),
        ('m', _) => padded(moment.minute().into(), 2),
        ('s', _) => padded(moment.second().into(), 2),
        ('f' | 'F', _) => {
            let digits: String = format!("{:09}", moment.subsec_nanosecond())
                .chars()
                .take(run.min(7))
                .collect();
            if letter == 'F' {
                digits.trim_end_matches('0').to_owned()
            } else {
                digits
            }
        }
        ('t', 1) => if hour < 12 { "A" } else { "P" }.to_owned(),
        ('t', _) => if hour < 12 { "AM" } else { "PM" }.to_owned(),
        ('K', _) => "Z".repeat(run),
        ('z', 1) => "+0".to_owned(),
        ('z', 2) => "+00".to_owned(),
        ('z', _) => "+00:00".to_owned(),
        _ => std::iter::repeat_n(letter, run).collect(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn numbers_are_written_as_dotnet_writes_them() {
        let rows = [
            ("{0}", json!(-5), "-5"),
            ("{0:D4}", json!(-5), "-0005"),
            ("{0:N0}", json!(8_175_133), "8,175,133"),
            ("{0:N}", json!(-1234), "-1,234.00"),
            ("{0:X4}", json!(255), "00FF"),
            ("{0:x}", json!(255), "ff"),
            ("{0:F1}", json!(7), "7.0"),
            ("{0:P0}", json!(2), "200 %"),
            ("{0:000}", json!(7), "007"),
            ("{0:#,##0}", json!(1_234_567), "1,234,567"),
            ("a{0:00}b", json!(3), "a03b"),
            ("{0,5}|", json!(42), "   42|"),
            ("{0,-5}|", json!("ab"), "ab   |"),
            ("{0:F2}", json!(1.5), "1.50"),
            ("{0}", json!(true), "True"),
            ("{{{0}}}", json!("x"), "{x}"),
            ("{0}", json!([1, "a"]), "[1,\"a\"]"),
        ];
        for (form, value, expected) in rows {
            assert_eq!(composite(form, &[value]).as_deref(), Ok(expected), "{form}");
        }
        for form in ["{1}", "{", "}", "{x}", "{0", "{-1}", "{0,99999999}"] {
            assert!(composite(form, &[json!(1)]).is_err(), "{form}");
        }
    }

    #[test]
    fn dates_are_written_as_dotnet_writes_them() {
        let moment: DateTime = "2016-04-01T13:05:09.123".parse().expect("a date");
        let rows = [
            ("yyyyMMddTHHmmssZ", "20160401T130509Z"),
            ("d", "04/01/2016"),
            ("M d", "4 1"),
            ("ddd, dd MMM yyyy hh:mm tt", "Fri, 01 Apr 2016 01:05 PM"),
            ("o", "2016-04-01T13:05:09.1230000Z"),
            ("u", "2016-04-01 13:05:09Z"),
            ("yy 'year' \\y", "16 year y"),
            ("HH:mm zzz", "13:05 +00:00"),
        ];
        for (form, expected) in rows {
            assert_eq!(date(moment, form), expected, "{form}");
        }
    }
}
