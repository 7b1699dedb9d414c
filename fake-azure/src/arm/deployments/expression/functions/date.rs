//! Dates: ISO 8601 in, .NET's formats out.

use fake_azure_cloud::Time;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};
use serde_json::Value;

use super::super::Trouble;
use super::{Category, Types, dotnet, expect_count, function, int, text, wrong_type};
use crate::text::parse_iso;

pub(super) const FUNCTIONS: Category = &[
    function("dateTimeAdd", &[Types::TEXT, Types::TEXT, Types::TEXT], add).required(2),
    function("dateTimeFromEpoch", &[Types::INT], |args| {
        let moment =
            Timestamp::from_second(int(&args[0])).map_err(|_| format!("the value '{}' is out of range.", args[0]))?;
        Ok(Value::from(
            moment
                .to_zoned(TimeZone::UTC)
                .strftime("%Y-%m-%dT%H:%M:%SZ")
                .to_string(),
        ))
    }),
    function("dateTimeToEpoch", &[Types::TEXT], |args| {
        let time = parse_iso(text(&args[0])).ok_or_else(|| bad_date(text(&args[0])))?;
        Ok(Value::from(time.millis().div_euclid(1000)))
    }),
];

fn bad_date(given: &str) -> String {
    format!("the provided value '{given}' is not a valid date and time.")
}

/// `utcNow([format])`: `yyyyMMddTHHmmssZ` unless told otherwise.
pub(in super::super) fn utc_now(now: Time, args: &[Value]) -> Result<Value, Trouble> {
    expect_count("utcNow", 0, 1, args.len())?;
    let wanted = match args.first() {
        None => "yyyyMMddTHHmmssZ",
        Some(Value::String(wanted)) => wanted.as_str(),
        Some(other) => return Err(wrong_type("utcNow", "String", other)),
    };
    Ok(Value::from(dotnet::date(civil(now), wanted)))
}

fn civil(time: Time) -> DateTime {
    let moment = Timestamp::from_millisecond(time.millis()).unwrap_or(Timestamp::UNIX_EPOCH);
    moment.to_zoned(TimeZone::UTC).datetime()
}

/// A date, and an ISO 8601 duration, perhaps with a minus sign.
fn add(args: &[Value]) -> Result<Value, String> {
    let base = parse_iso(text(&args[0])).ok_or_else(|| bad_date(text(&args[0])))?;
    let duration = text(&args[1]);
    let wrong = || format!("the provided duration '{duration}' is not a valid ISO 8601 duration.");
    let span: Span = duration.parse().map_err(|_| wrong())?;
    let moment = civil(base).checked_add(span).map_err(|_| wrong())?;
    let shown = args.get(2).map_or("yyyy-MM-ddTHH:mm:ssZ", text);
    Ok(Value::from(dotnet::date(moment, shown)))
}
