//! Pages: `$top`, `$skiptoken` and `nextLink` (ARM 1.9).
//!
//! A token names the last item of a page, and its place in case that item is gone by then. A page is cut before it is
//! filtered: it may be short or empty and still have a next one (ARM 1.9; observed-arm, Lists).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use fake_azure_cloud::CloudError;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};

use super::error::Refusal;
use super::forms;
use super::request::Asked;

/// What a page of the gateway's lists holds at most.
pub(crate) const PAGE: usize = 1000;

const QUERY: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'~')
    .remove(b'$');

/// One page of `items`: each with a name that is its own in the list, and nothing where the filter keeps it back.
pub(crate) fn page(asked: &Asked<'_>, items: Vec<(String, Option<Value>)>) -> Result<Value, Refusal> {
    let top = top(asked)?.unwrap_or(PAGE).min(PAGE);
    let start = match asked.query.get("$skiptoken").filter(|token| !token.is_empty()) {
        Some(token) => start(token, &items)?,
        None => 0,
    };

    let end = items.len().min(start.saturating_add(top));
    let last = (end > start && end < items.len()).then(|| token(&items[end - 1].0, end));
    let page: Vec<Value> = items
        .into_iter()
        .skip(start)
        .take(top)
        .filter_map(|(_, item)| item)
        .collect();
    let mut answer = json!({ "value": page });
    if let Some(token) = last {
        answer["nextLink"] = Value::from(next_link(asked, &token));
    }
    Ok(answer)
}

/// `$top`: at least one.
pub(crate) fn top(asked: &Asked<'_>) -> Result<Option<usize>, Refusal> {
    let Some(text) = asked.query.get("$top").filter(|text| !text.is_empty()) else {
        return Ok(None);
    };
    match text.trim().parse::<usize>() {
        Ok(top) if top > 0 => Ok(Some(top)),
        _ => Err(CloudError::of(&forms::BAD_TOP).with("top", text).into()),
    }
}

fn token(name: &str, place: usize) -> String {
    URL_SAFE_NO_PAD.encode(format!("{place}:{name}"))
}

/// Where the next page begins.
fn start(token: &str, items: &[(String, Option<Value>)]) -> Result<usize, Refusal> {
    let read = || {
        let bytes = URL_SAFE_NO_PAD.decode(token.trim_end_matches('=')).ok()?;
        let text = String::from_utf8(bytes).ok()?;
        let (place, name) = text.split_once(':')?;
        Some((place.parse::<usize>().ok()?, name.to_owned()))
    };
    let Some((place, name)) = read() else {
        return Err(CloudError::of(&forms::BAD_PAGE).with("token", token).into());
    };
    Ok(items
        .iter()
        .position(|(own, _)| *own == name)
        .map_or(place.min(items.len()), |index| index + 1))
}

/// The same URL with another token.
fn next_link(asked: &Asked<'_>, token: &str) -> String {
    let mut link = format!("{}{}?", asked.base, asked.uri.path());
    for (name, value) in asked.query.pairs().filter(|(name, _)| *name != "$skiptoken") {
        link.push_str(&format!(
            "{}={}&",
            utf8_percent_encode(name, QUERY),
            utf8_percent_encode(value, QUERY)
        ));
    }
    format!("{link}$skiptoken={token}")
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use http::Request;

    use super::*;

    /// Items; those in capitals are kept back.
    fn items(names: &[&str]) -> Vec<(String, Option<Value>)> {
        let shown = |name: &str| (!name.starts_with(char::is_uppercase)).then(|| Value::from(name));
        names.iter().map(|name| ((*name).to_owned(), shown(name))).collect()
    }

    fn ask(uri: &str, names: &[&str]) -> Value {
        let request = Request::builder().uri(uri).body(Bytes::new()).expect("a request");
        match page(&Asked::read(&request), items(names)) {
            Ok(value) => value,
            Err(Refusal::Error(error)) => Value::from(error.code.into_owned()),
            Err(other) => panic!("{other:?}"),
        }
    }

    #[test]
    fn following_next_links_gives_everything_once() {
        let first = ask(
            "https://localhost/x?api-version=1&$filter=a%20eq%20'b'&$top=2",
            &["a", "b", "c"],
        );
        assert_eq!(first["value"], json!(["a", "b"]));
        let next = first["nextLink"].as_str().expect("a link");
        assert!(
            next.starts_with("https://localhost/x?api-version=1&$filter=a%20eq%20%27b%27&$top=2&$skiptoken="),
            "{next}"
        );
        assert_eq!(ask(next, &["a", "b", "c"]), json!({"value": ["c"]}));
    }

    #[test]
    fn an_item_that_went_meanwhile_costs_nothing() {
        let first = ask("https://localhost/x?$top=2", &["a", "b", "c"]);
        let next = first["nextLink"].as_str().expect("a link");
        assert_eq!(ask(next, &["b", "c", "d"])["value"], json!(["c", "d"]));
        assert_eq!(ask(next, &["a"])["value"], json!([]));
    }

    #[test]
    fn a_page_is_cut_before_it_is_filtered() {
        let first = ask("https://localhost/x?$top=2", &["A", "B", "c"]);
        assert_eq!(first["value"], json!([]));
        assert_eq!(
            ask(first["nextLink"].as_str().expect("a link"), &["A", "B", "c"]),
            json!({"value": ["c"]})
        );
    }

    #[test]
    fn odd_options_are_refused() {
        assert_eq!(ask("https://localhost/x?$top=0", &["a"]), "InvalidTopInQueryString");
        assert_eq!(ask("https://localhost/x?$top=-1", &["a"]), "InvalidTopInQueryString");
        assert_eq!(
            ask("https://localhost/x?$skiptoken=%21", &["a"]),
            "InvalidSkipTokenInQueryString"
        );
        assert_eq!(
            ask("https://localhost/x?$top=99999999999999999999", &["a"]),
            "InvalidTopInQueryString"
        );
        assert_eq!(
            ask("https://localhost/x?$top=18446744073709551615", &["a"]),
            json!({"value": ["a"]})
        );
    }
}
