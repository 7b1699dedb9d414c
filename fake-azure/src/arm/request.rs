//! A request, read once: path and query decoded, version and conditions found. It refuses to know what the path means.

use bytes::Bytes;
use fake_azure_cloud::{ApiVersion, Conditions};
use http::{HeaderMap, Method, Request, Uri, header};
use percent_encoding::percent_decode_str;

/// A request as the rest of the front end sees it.
#[derive(Debug)]
pub(crate) struct Asked<'r> {
    /// The method.
    pub(crate) method: &'r Method,
    /// The absolute URI, for links back to it.
    pub(crate) uri: &'r Uri,
    /// The path's segments, decoded; empty ones left out (real-clients 0.2).
    pub(crate) segments: Vec<String>,
    /// The query.
    pub(crate) query: Query,
    /// The headers.
    pub(crate) headers: &'r HeaderMap,
    /// The body as sent.
    pub(crate) body: &'r Bytes,
    /// `https://localhost:8443`: what links begin with.
    pub(crate) base: String,
    /// The api-version, when there is one that has the form.
    version: Option<ApiVersion>,
}

impl<'r> Asked<'r> {
    /// Reads a request. What makes no sense in it stays as it is: judging is the gateway's work.
    pub(crate) fn read(request: &'r Request<Bytes>) -> Asked<'r> {
        let uri = request.uri();
        let decoded = |segment: &str| percent_decode_str(segment).decode_utf8_lossy().into_owned();
        let mut segments: Vec<String> = uri
            .path()
            .split('/')
            .filter(|segment| !segment.is_empty())
            .map(decoded)
            .collect();
        // A whole id, escaped, as the first segment: how some clients write the scope of a lock (ARM 3.4).
        if segments.first().is_some_and(|first| first.starts_with('/')) {
            let scope = segments.remove(0);
            let words = scope.split('/').filter(|word| !word.is_empty()).map(str::to_owned);
            segments.splice(0..0, words);
        }
        let query = Query::read(uri.query().unwrap_or(""));
        let version = query.get("api-version").and_then(ApiVersion::parse);
        let scheme = uri.scheme_str().unwrap_or("https");
        let host = || request.headers().get(header::HOST).and_then(|host| host.to_str().ok());
        let authority = uri
            .authority()
            .map(http::uri::Authority::as_str)
            .or_else(host)
            .unwrap_or("management.azure.com");
        Asked {
            method: request.method(),
            uri,
            segments,
            query,
            headers: request.headers(),
            body: request.body(),
            base: format!("{scheme}://{authority}"),
            version,
        }
    }

    /// The api-version as sent; empty when there is none.
    pub(crate) fn version_text(&self) -> &str {
        self.query.get("api-version").unwrap_or("")
    }

    /// The api-version, when it has the form of one.
    pub(crate) fn parsed_version(&self) -> Option<ApiVersion> {
        self.version
    }

    /// The api-version. The gateway lets no call through without one.
    pub(crate) fn version(&self) -> ApiVersion {
        self.version.unwrap_or(ApiVersion::NEWEST)
    }

    /// `$expand`, in lower case (real-clients 0.3).
    pub(crate) fn expand(&self) -> String {
        self.query.get("$expand").unwrap_or("").to_lowercase()
    }

    /// A header's text; what is not text counts as absent.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// The conditions of a write (ARM 1.8).
    pub(crate) fn conditions(&self) -> Conditions {
        Conditions {
            if_match: self
                .header("if-match")
                .map(|etag| etag.trim().to_owned())
                .filter(|etag| !etag.is_empty()),
            only_new: self.header("if-none-match").is_some_and(|etag| etag.trim() == "*"),
        }
    }

    /// Whether it only asks whether something is there.
    pub(crate) fn is_head(&self) -> bool {
        self.method == Method::HEAD
    }

    /// The same URL as the client asked for, for a `Location` that repeats it.
    pub(crate) fn own_url(&self) -> String {
        let path = self.uri.path_and_query().map_or("/", http::uri::PathAndQuery::as_str);
        format!("{}{path}", self.base)
    }
}

/// A query string: names compare without case, the first of a name counts.
#[derive(Debug, Default)]
pub(crate) struct Query(Vec<(String, String)>);

impl Query {
    /// Reads `a=b&c=d`; a plus sign is a blank.
    pub(crate) fn read(text: &str) -> Query {
        let decoded = |part: &str| {
            let blanks = part.replace('+', " ");
            percent_decode_str(&blanks).decode_utf8_lossy().into_owned()
        };
        let pairs = text.split('&').filter(|pair| !pair.is_empty()).map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (decoded(name).to_lowercase(), decoded(value))
        });
        Query(pairs.collect())
    }

    /// The value of a name in lower case.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|(own, _)| own == name)
            .map(|(_, value)| value.as_str())
    }

    /// Every pair, in order.
    pub(crate) fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(uri: &str) -> Request<Bytes> {
        Request::builder().uri(uri).body(Bytes::new()).expect("a request")
    }

    #[test]
    fn segments_are_decoded_and_doubled_slashes_collapse() {
        let request = request("https://localhost:8443//a//b%20c/d%2Fe/?x=1");
        assert_eq!(Asked::read(&request).segments, ["a", "b c", "d/e"]);
        assert_eq!(Asked::read(&request).base, "https://localhost:8443");
    }

    #[test]
    fn an_escaped_id_at_the_start_is_taken_apart() {
        let request = request("https://localhost/%2Fsubscriptions%2Fs%2FresourceGroups%2Fg/providers/x");
        assert_eq!(
            Asked::read(&request).segments,
            ["subscriptions", "s", "resourceGroups", "g", "providers", "x"]
        );
    }

    #[test]
    fn query_names_fold_case_and_values_are_decoded() {
        let query = Query::read("%24Filter=name+eq%20'a'&api-VERSION=2016-09-01&api-version=2017-01-01&flag");
        assert_eq!(query.get("$filter"), Some("name eq 'a'"));
        assert_eq!(query.get("api-version"), Some("2016-09-01"));
        assert_eq!(query.get("flag"), Some(""));
        assert_eq!(query.get("absent"), None);
    }

    #[test]
    fn a_version_without_the_form_is_none() {
        let request = request("https://localhost/x?api-version=latest");
        assert_eq!(Asked::read(&request).parsed_version(), None);
        assert_eq!(Asked::read(&request).version_text(), "latest");
    }
}
