//! Expectations of a step against what came of it.

use serde_json::Value;

use super::{Failure, Verdict, difference};
use crate::driver::{Answer, Outcome, Refusal};
use crate::scenario::{Expect, parse_duration, show_duration};

/// Judges a step. `took_ms` is what the scenario's clock says.
pub(crate) fn judge(expect: &Expect, outcome: &Outcome, took_ms: i64) -> Verdict {
    let mut judge = Judge {
        verdict: Verdict::default(),
    };
    match outcome {
        Outcome::Answer(answer) => judge.answer(expect, answer),
        Outcome::NoAnswer(reason) => judge.no_answer(expect, reason),
        Outcome::Gave(value) => judge.gave(expect, value),
        Outcome::GaveUp { error, kind } => judge.gave_up(expect, error, kind),
        Outcome::Done => {}
        Outcome::NotPerformed => {
            judge.verdict.n_not_judged += n_expectations(expect).max(1);
            return judge.verdict;
        }
    }
    if let Some(limit) = expect.within.as_deref().and_then(parse_duration) {
        let wanted = format!("within {}", show_duration(limit));
        judge.check("too slow", took_ms <= limit, wanted, || show_duration(took_ms));
    }
    judge.verdict
}

/// How many things an expectation says.
fn n_expectations(expect: &Expect) -> usize {
    let said = [
        expect.status.is_some(),
        expect.code.is_some(),
        expect.detail.is_some(),
        expect.message.is_some(),
        expect.body.is_some(),
        expect.settles.is_some(),
        expect.settles_code.is_some(),
        expect.error.is_some(),
        expect.kind.is_some(),
        expect.instances.is_some(),
        expect.value.is_some(),
        expect.count.is_some(),
        expect.within.is_some(),
    ];
    said.into_iter().filter(|said| *said).count() + expect.headers.as_ref().map_or(0, std::collections::BTreeMap::len)
}

struct Judge {
    verdict: Verdict,
}

impl Judge {
    fn check(&mut self, what: &str, holds: bool, expected: impl Into<String>, got: impl FnOnce() -> String) {
        self.verdict.n_judged += 1;
        if !holds {
            self.verdict.failures.push(Failure::new(what, expected, got()));
        }
    }

    fn skip(&mut self, n_expectations: usize) {
        self.verdict.n_not_judged += n_expectations;
    }

    fn answer(&mut self, expect: &Expect, answer: &Answer) {
        let refusal = answer.refusal.as_ref();
        let shown = || show_answer(answer);

        // Status and code are one line to the reader: the first of them that is wrong stands for both.
        match (expect.status, answer.status) {
            (Some(wanted), Some(status)) => {
                let wanted_text = match &expect.code {
                    Some(code) => format!("{wanted} {code}"),
                    None => wanted.to_string(),
                };
                let code_holds = expect
                    .code
                    .as_ref()
                    .is_none_or(|code| refusal.is_some_and(|refusal| refusal.code == *code));
                self.check("unexpected outcome", wanted == status && code_holds, wanted_text, shown);
            }
            (wanted, _) => {
                self.skip(usize::from(wanted.is_some()));
                if let Some(code) = &expect.code {
                    let holds = refusal.is_some_and(|refusal| refusal.code == *code);
                    self.check("unexpected outcome", holds, code, shown);
                }
            }
        }
        let says_error = expect.allows_refusal();
        let status_says_it = expect.status.is_some() && answer.status.is_some();
        if !says_error && !status_says_it {
            self.check("unexpected outcome", refusal.is_none(), "no refusal", shown);
        } else if !expect.any && expect.code.is_none() && expect.status.is_none() {
            self.check("unexpected outcome", refusal.is_some(), "a refusal", shown);
        }
        if let Some(detail) = &expect.detail {
            let holds = refusal.is_some_and(|refusal| refusal.details.iter().any(|(code, _)| code == detail));
            self.check("unexpected detail", holds, detail, || show_details(refusal));
        }
        if let Some(part) = &expect.message {
            let holds = refusal.is_some_and(|refusal| {
                refusal.message.contains(part.as_str())
                    || refusal
                        .details
                        .iter()
                        .any(|(_, message)| message.contains(part.as_str()))
            });
            let got = || {
                refusal.map_or_else(
                    || "no refusal".to_owned(),
                    |refusal| format!("{} {}", refusal.message, show_details(Some(refusal))),
                )
            };
            self.check("unexpected message", holds, part, got);
        }
        if let Some(wanted) = &expect.body {
            self.part("unexpected body", wanted, answer.body.as_ref());
        }
        if let Some(count) = expect.count {
            let entries = answer
                .body
                .as_ref()
                .and_then(|body| body.get("value").unwrap_or(body).as_array())
                .map(Vec::len);
            self.check(
                "unexpected number of entries",
                entries == Some(count),
                count.to_string(),
                || entries.map_or_else(|| "no list".to_owned(), |entries| entries.to_string()),
            );
        }
        match (&expect.headers, &answer.headers) {
            (Some(wanted), Some(headers)) => {
                for (name, value) in wanted {
                    let found = headers
                        .iter()
                        .find(|(other, _)| other.eq_ignore_ascii_case(name))
                        .map(|(_, value)| value.as_str());
                    let holds = match value.as_deref() {
                        None => found.is_none(),
                        Some("$any") => found.is_some(),
                        Some(value) => found == Some(value),
                    };
                    let wanted = format!("{name}: {}", value.as_deref().unwrap_or("(absent)"));
                    self.check("unexpected header", holds, wanted, || {
                        format!("{name}: {}", found.unwrap_or("(absent)"))
                    });
                }
            }
            (Some(wanted), None) => self.skip(wanted.len()),
            (None, _) => {}
        }
        self.end(expect, answer);
        if expect.error.is_some() || expect.kind.is_some() || expect.instances.is_some() || expect.value.is_some() {
            self.check(
                "misplaced expectation",
                false,
                "error, kind, instances and value of a provider's step",
                shown,
            );
        }
    }

    fn end(&mut self, expect: &Expect, answer: &Answer) {
        let ended = || match &answer.end {
            Some(end) => match &end.error {
                Some(error) => format!("{} {}: {}", end.state, error.code, error.message),
                None => end.state.clone(),
            },
            None => show_answer(answer),
        };
        let state = answer.end.as_ref().map(|end| end.state.as_str());
        if let Some(wanted) = &expect.settles {
            self.check("operation ended otherwise", state == Some(wanted), wanted, ended);
        } else if answer.end.is_some() && expect.settles_code.is_none() && !expect.any {
            self.check(
                "operation ended otherwise",
                state == Some("Succeeded"),
                "Succeeded",
                ended,
            );
        }
        if let Some(code) = &expect.settles_code {
            let error = answer.end.as_ref().and_then(|end| end.error.as_ref());
            let holds = error
                .is_some_and(|error| error.code == *code || error.details.iter().any(|(detail, _)| detail == code));
            self.check("operation ended otherwise", holds, code, ended);
        }
    }

    fn no_answer(&mut self, expect: &Expect, reason: &str) {
        let wanted = expect.kind.as_deref() == Some("no-answer") || expect.any;
        self.check("no answer", wanted, "an answer", || reason.to_owned());
    }

    fn gave(&mut self, expect: &Expect, value: &Value) {
        if (expect.error.is_some() || expect.kind.is_some()) && !expect.any {
            let wanted = expect.error.clone().or_else(|| expect.kind.clone()).unwrap_or_default();
            self.check("unexpected success", false, format!("error: {wanted}"), || {
                value.to_string()
            });
        } else {
            self.verdict.n_judged += 1;
        }
        if let Some(ids) = &expect.instances {
            let mut wanted = ids.clone();
            wanted.sort();
            let mut there = ids_in(value);
            there.sort();
            self.check("unexpected instances", wanted == there, show_list(&wanted), || {
                show_list(&there)
            });
        }
        if let Some(count) = expect.count {
            let entries = value.as_array().map(Vec::len);
            self.check(
                "unexpected number of entries",
                entries == Some(count),
                count.to_string(),
                || value.to_string(),
            );
        }
        if let Some(wanted) = &expect.value {
            self.part("unexpected value", wanted, Some(value));
        }
    }

    fn gave_up(&mut self, expect: &Expect, error: &str, kind: &str) {
        let expected = expect.any || expect.error.is_some() || expect.kind.is_some();
        if !expected {
            self.check("unexpected error", false, "success", || error.to_owned());
        }
        if let Some(part) = &expect.error {
            self.check("unexpected error", error.contains(part.as_str()), part, || {
                error.to_owned()
            });
        }
        if let Some(wanted) = &expect.kind {
            self.check("unexpected kind of error", wanted == kind, wanted, || {
                format!("{kind}: {error}")
            });
        }
        if expect.any {
            self.verdict.n_judged += 1;
        }
    }

    fn part(&mut self, what: &str, wanted: &Value, got: Option<&Value>) {
        self.verdict.n_judged += 1;
        if let Some(found) = difference(wanted, got) {
            let failure = Failure::new(
                what,
                format!("{} at {}", found.expected, found.at),
                format!("{} at {}", found.got, found.at),
            );
            self.verdict.failures.push(failure);
        }
    }
}

/// The ids of instances in what the provider gave.
pub(super) fn ids_in(value: &Value) -> Vec<String> {
    let id = |value: &Value| match value {
        Value::String(text) => Some(text.clone()),
        other => other.get("id").and_then(Value::as_str).map(str::to_owned),
    };
    match value {
        Value::Array(items) => items.iter().filter_map(id).collect(),
        other => id(other).into_iter().collect(),
    }
}

fn show_answer(answer: &Answer) -> String {
    let status = answer.status.map(|status| status.to_string());
    let refusal = answer
        .refusal
        .as_ref()
        .map(|refusal| format!("{}: {}", refusal.code, refusal.message));
    match (status, refusal) {
        (Some(status), Some(refusal)) => format!("{status} {refusal}"),
        (Some(status), None) => status,
        (None, Some(refusal)) => refusal,
        (None, None) => "no refusal".to_owned(),
    }
}

fn show_details(refusal: Option<&Refusal>) -> String {
    let details = refusal.map(|refusal| refusal.details.as_slice()).unwrap_or_default();
    show_list(
        &details
            .iter()
            .map(|(code, message)| format!("{code}: {message}"))
            .collect::<Vec<_>>(),
    )
}

fn show_list(items: &[String]) -> String {
    format!("[{}]", items.join(", "))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn refused(code: &str) -> Outcome {
        let refusal = Refusal {
            code: code.to_owned(),
            message: "No.".to_owned(),
            details: vec![("Inner".into(), "Why.".into())],
        };
        Outcome::from(Answer {
            refusal: Some(refusal),
            status: Some(400),
            ..Answer::default()
        })
    }

    #[test]
    fn a_refusal_that_nobody_expects_fails() {
        let verdict = judge(&Expect::default(), &refused("NicInUse"), 0);
        assert_eq!(
            verdict.failures,
            [Failure::new("unexpected outcome", "no refusal", "400 NicInUse: No.")]
        );
    }

    #[test]
    fn status_and_code_are_one_line() {
        let expect = Expect {
            status: Some(400),
            code: Some("NicInUse".into()),
            ..Expect::default()
        };
        assert_eq!(judge(&expect, &refused("NicInUse"), 0).failures, []);
        let other = judge(
            &expect,
            &Outcome::from(Answer {
                status: Some(202),
                ..Answer::default()
            }),
            0,
        );
        assert_eq!(
            other.failures,
            [Failure::new("unexpected outcome", "400 NicInUse", "202")]
        );
    }

    #[test]
    fn details_and_messages_below_count() {
        let expect = Expect {
            detail: Some("Inner".into()),
            message: Some("Why".into()),
            ..Expect::default()
        };
        assert_eq!(judge(&expect, &refused("Outer"), 0).failures, []);
    }

    #[test]
    fn what_a_driver_cannot_tell_is_not_judged() {
        let expect = Expect {
            status: Some(201),
            body: Some(json!({"a": 1})),
            ..Expect::default()
        };
        let answer = Answer {
            body: Some(json!({"a": 1})),
            ..Answer::default()
        };
        let verdict = judge(&expect, &Outcome::from(answer), 0);
        assert_eq!(
            (verdict.n_judged, verdict.n_not_judged, verdict.failures.len()),
            (2, 1, 0)
        );
        assert_eq!(judge(&expect, &Outcome::NotPerformed, 0).n_not_judged, 2);
    }

    #[test]
    fn success_of_the_provider_where_an_error_was_expected_fails() {
        let expect = Expect {
            error: Some("quota".into()),
            ..Expect::default()
        };
        assert_eq!(judge(&expect, &Outcome::Gave(json!(null)), 0).failures.len(), 1);
        let gave_up = Outcome::GaveUp {
            error: "over quota".into(),
            kind: "quota",
        };
        assert_eq!(judge(&expect, &gave_up, 0).failures, []);
        assert_eq!(judge(&Expect::default(), &gave_up, 0).failures.len(), 1);
    }

    #[test]
    fn what_takes_too_long_fails() {
        let expect = Expect {
            within: Some("1m".into()),
            ..Expect::default()
        };
        assert_eq!(judge(&expect, &Outcome::Gave(json!(null)), 60_000).failures, []);
        assert_eq!(judge(&expect, &Outcome::Gave(json!(null)), 60_001).failures.len(), 1);
    }
}
