//! Refusals on the wire: the status of each code, and the XML around it (ARM 9.4).

use bytes::Bytes;
use fake_azure_cloud::{CloudError, ErrorKind, Time};
use http::{HeaderValue, Method, Request, Response, StatusCode, header};

use super::address::Asked;
use super::xml::Writer;
use crate::sandbox::Sandbox;
use crate::text;

/// A refusal: the cloud's or the front end's own.
#[derive(Clone, Debug)]
pub(super) struct Refusal {
    pub(super) status: StatusCode,
    pub(super) code: String,
    pub(super) message: String,
    /// Further elements of the document, in their order.
    pub(super) details: Vec<(&'static str, String)>,
    /// Further headers.
    pub(super) headers: Vec<(&'static str, String)>,
    pub(super) until: Option<Time>,
}

impl Refusal {
    pub(super) fn new(status: u16, code: &str, message: &str) -> Refusal {
        Refusal {
            status: StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_REQUEST),
            code: code.to_owned(),
            message: message.to_owned(),
            details: Vec::new(),
            headers: Vec::new(),
            until: None,
        }
    }

    pub(super) fn detail(mut self, name: &'static str, value: impl Into<String>) -> Refusal {
        self.details.push((name, value.into()));
        self
    }

    pub(super) fn with_header(mut self, name: &'static str, value: impl Into<String>) -> Refusal {
        self.headers.push((name, value.into()));
        self
    }

    pub(super) fn header(name: &str, value: &str) -> Refusal {
        Refusal::new(
            400,
            "InvalidHeaderValue",
            "The value for one of the HTTP headers is not in the correct format.",
        )
        .detail("HeaderName", name)
        .detail("HeaderValue", value)
    }

    pub(super) fn missing_header(name: &str) -> Refusal {
        Refusal::new(
            400,
            "MissingRequiredHeader",
            "An HTTP header that's mandatory for this request is not specified.",
        )
        .detail("HeaderName", name)
    }

    pub(super) fn query(name: &str, value: &str) -> Refusal {
        let message = "Value for one of the query parameters specified in the request URI is invalid.";
        Refusal::new(400, "InvalidQueryParameterValue", message)
            .detail("QueryParameterName", name)
            .detail("QueryParameterValue", value)
    }

    pub(super) fn out_of_range_query(name: &str, value: &str) -> Refusal {
        let message = "One of the query parameters specified in the request URI is outside the permissible range.";
        Refusal::new(400, "OutOfRangeQueryParameterValue", message)
            .detail("QueryParameterName", name)
            .detail("QueryParameterValue", value)
    }

    pub(super) fn missing_query(name: &str) -> Refusal {
        let message = "A query parameter that's mandatory for this request is not specified.";
        Refusal::new(400, "MissingRequiredQueryParameter", message).detail("QueryParameterName", name)
    }

    pub(super) fn invalid_uri() -> Refusal {
        Refusal::new(
            400,
            "InvalidUri",
            "The requested URI does not represent any resource on the server.",
        )
    }

    pub(super) fn invalid_xml() -> Refusal {
        Refusal::new(400, "InvalidXmlDocument", "XML specified is not syntactically valid.")
    }

    pub(super) fn verb(allowed: &str) -> Refusal {
        Refusal::new(
            405,
            "UnsupportedHttpVerb",
            "The resource doesn't support specified Http Verb.",
        )
        .with_header("allow", allowed)
    }

    pub(super) fn not_found() -> Refusal {
        Refusal::new(404, "ResourceNotFound", "The specified resource does not exist.")
    }

    /// A request that cannot be authenticated; `reason` says why.
    pub(super) fn authentication(reason: impl Into<String>) -> Refusal {
        let message = "Server failed to authenticate the request. Make sure the value of Authorization header is formed \
                       correctly including the signature.";
        Refusal::new(403, "AuthenticationFailed", message).detail("AuthenticationErrorDetail", reason)
    }
}

impl From<CloudError> for Refusal {
    fn from(error: CloudError) -> Refusal {
        let status = match error.code.as_ref() {
            "NotModified" => 304,
            "ResourceNotFound" => 404,
            "InvalidPageRange" | "InvalidRange" => 416,
            "BlobTypeNotSupported" => 400,
            _ => match error.kind {
                ErrorKind::Invalid => 400,
                ErrorKind::Missing => 404,
                ErrorKind::InUse | ErrorKind::Conflict | ErrorKind::Busy | ErrorKind::Quota => 409,
                ErrorKind::Precondition => 412,
                ErrorKind::Forbidden => 403,
                ErrorKind::Capacity => 503,
                ErrorKind::Internal => 500,
            },
        };
        let code = if error.code == "NotModified" {
            "ConditionNotMet"
        } else {
            error.code.as_ref()
        };
        let mut refusal = Refusal::new(status, code, &error.message);
        if let Some(target) = error.target {
            refusal = refusal.detail("HeaderName", target);
        }
        refusal.until = error.until;
        refusal
    }
}

/// A refusal as an answer. HEAD and 304 carry no body.
pub(super) fn answer(
    sandbox: &Sandbox,
    request: &Request<Bytes>,
    id: &str,
    asked: Option<&Asked<'_>>,
    refusal: &Refusal,
) -> Response<Bytes> {
    let now = sandbox.now_for_expiry();
    let mut document = Writer::new("Error");
    document.leaf("Code", &refusal.code);
    document.leaf("Message", &format!("{}\nRequestId:{id}\nTime:{now}", refusal.message));
    for (name, value) in &refusal.details {
        document.leaf(name, value);
    }
    let bare = *request.method() == Method::HEAD || refusal.status == StatusCode::NOT_MODIFIED;
    let body = if bare { Bytes::new() } else { document.finish() };

    let mut response = Response::new(body);
    *response.status_mut() = refusal.status;
    let headers = response.headers_mut();
    if !bare {
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/xml"));
    }
    // Before 2017-07-29 the code stood in the body only (ARM 9.1); an answer without one says nothing then.
    if asked.is_none_or(|asked| asked.since("2017-07-29"))
        && let Ok(code) = HeaderValue::from_str(&refusal.code)
    {
        headers.insert("x-ms-error-code", code);
    }
    for (name, value) in &refusal.headers {
        if let Ok(value) = HeaderValue::from_str(value) {
            headers.insert(*name, value);
        }
    }
    super::answer::common_headers(headers, id, asked, request.headers(), &text::rfc1123(now));
    response
}
