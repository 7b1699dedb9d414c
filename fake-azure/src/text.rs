//! Times as the protocols write them. The cloud counts milliseconds; how a date looks is a matter of the wire.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use fake_azure_cloud::Time;

/// `Fri, 01 Apr 2016 00:00:00 GMT`: the `Date` header and everything of the blob service (RFC 1123).
pub fn rfc1123(time: Time) -> String {
    format(time, "%a, %d %b %Y %H:%M:%S GMT")
}

/// `20160401T000000Z`: the middle of `x-ms-routing-request-id` (ARM 0.2).
pub fn compact(time: Time) -> String {
    format(time, "%Y%m%dT%H%M%SZ")
}

/// `2016-04-01T00:00:00.1230000+00:00`: how Compute writes a time (ARM 1.7).
pub fn iso_offset(time: Time) -> String {
    let utc = time.to_string();
    format!("{}+00:00", utc.strip_suffix('Z').unwrap_or(&utc))
}

/// `2016-04-01T00:00:00Z`: seconds only, as tokens' errors and SAS write a time.
pub fn iso_secs(time: Time) -> String {
    format(time, "%Y-%m-%dT%H:%M:%SZ")
}

/// `2016-04-01 00:00:00Z`: the `timestamp` of a sign-in error (ARM 6.2).
pub fn spaced_secs(time: Time) -> String {
    format(time, "%Y-%m-%d %H:%M:%SZ")
}

/// `4/1/2016 12:00:00 AM`: how the gateway's messages write a time (ARM 3.2, `ExpiredAuthenticationToken`).
pub fn us_clock(time: Time) -> String {
    format(time, "%-m/%-d/%Y %-I:%M:%S %p")
}

fn format(time: Time, pattern: &str) -> String {
    let timestamp = Timestamp::from_millisecond(time.millis()).unwrap_or(Timestamp::UNIX_EPOCH);
    timestamp.to_zoned(TimeZone::UTC).strftime(pattern).to_string()
}

/// Reads an ISO 8601 date, with or without a time and fractional digits, `Z` or an offset; a bare date is its midnight, a time without offset is UTC.
pub fn parse_iso(text: &str) -> Option<Time> {
    let text = text.trim();
    if let Ok(timestamp) = text.parse::<Timestamp>() {
        return Some(Time::from_millis(timestamp.as_millisecond()));
    }
    let civil: jiff::civil::DateTime = text.trim_end_matches(['Z', 'z']).parse().ok()?;
    let zoned = civil.to_zoned(TimeZone::UTC).ok()?;
    Some(Time::from_millis(zoned.timestamp().as_millisecond()))
}

/// Reads `Fri, 01 Apr 2016 00:00:00 GMT`.
pub fn parse_rfc1123(text: &str) -> Option<Time> {
    let zoned = jiff::fmt::rfc2822::DateTimeParser::new()
        .parse_timestamp(text.trim())
        .ok()?;
    Some(Time::from_millis(zoned.as_millisecond()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const APRIL: Time = Time::from_millis(1_459_468_800_123);

    #[test]
    fn times_print_as_each_protocol_writes_them() {
        assert_eq!(rfc1123(APRIL), "Fri, 01 Apr 2016 00:00:00 GMT");
        assert_eq!(compact(APRIL), "20160401T000000Z");
        assert_eq!(iso_offset(APRIL), "2016-04-01T00:00:00.1230000+00:00");
        assert_eq!(iso_secs(APRIL), "2016-04-01T00:00:00Z");
        assert_eq!(spaced_secs(APRIL), "2016-04-01 00:00:00Z");
        assert_eq!(us_clock(APRIL), "4/1/2016 12:00:00 AM");
    }

    #[test]
    fn times_read_in_the_forms_that_clients_send() {
        for text in [
            "2016-04-01T00:00:00.123Z",
            "2016-04-01T00:00:00.1230000Z",
            "2016-04-01T02:00:00.123+02:00",
            "2016-04-01T00:00:00.123",
        ] {
            assert_eq!(parse_iso(text), Some(APRIL), "{text}");
        }
        assert_eq!(parse_iso("2016-04-01"), Some(Time::from_millis(1_459_468_800_000)));
        assert_eq!(
            parse_rfc1123("Fri, 01 Apr 2016 00:00:00 GMT"),
            Some(Time::from_millis(1_459_468_800_000))
        );
    }

    proptest::proptest! {
        #[test]
        fn no_text_makes_the_readers_panic(text in "\\PC{0,40}") {
            parse_iso(&text);
            parse_rfc1123(&text);
        }

        #[test]
        fn what_is_printed_reads_back(millis in 0_i64..4_000_000_000_000) {
            let time = Time::from_millis(millis);
            proptest::prop_assert_eq!(parse_iso(&time.to_string()), Some(time));
            proptest::prop_assert_eq!(parse_rfc1123(&rfc1123(time)), Some(Time::from_millis(millis / 1000 * 1000)));
        }
    }
}
