//! The front end of Service Management, Azure's first API: XML over TLS with management certificates (SM: the Service
//! Management reference).
//!
//! It lets a caller in, reads the version, finds the route, and decodes and encodes; what is true is decided in the cloud. What
//! is not implemented answers the error that the service gives for what it does not know.

mod access;
mod affinity_groups;
mod certificates;
mod deployments;
mod disks;
mod encode;
mod endpoints;
mod error;
mod extensions;
mod gateways;
mod headers;
mod hosted_services;
mod images;
mod locations;
mod migration;
mod network_configuration;
mod network_security_groups;
mod operations;
mod packages;
mod request;
mod reserved_ips;
mod role_instances;
mod role_operations;
mod roles;
mod route;
mod route_tables;
mod storage_services;
mod subscription;
mod virtual_networks;
mod xml;

use bytes::Bytes;
use http::{Method, Request, Response};

use self::error::Failure;
use self::request::{Answer, Asked, POLL_SECS};
use crate::sandbox::Sandbox;

/// Answers a request to the classic API. Its URI is absolute.
pub(crate) fn serve(sandbox: &mut Sandbox, request: &Request<Bytes>) -> Response<Bytes> {
    let answer = answer(sandbox, request);
    let until = answer.as_ref().err().and_then(|failure| failure.until);
    let response = headers::dress(sandbox, answer);
    sandbox.pace_after(until);
    response
}

fn answer(sandbox: &mut Sandbox, request: &Request<Bytes>) -> Result<Answer, Failure> {
    let segments = request::segments(request.uri().path());
    if segments.len() == 1 && segments[0].eq_ignore_ascii_case("subscriptions") {
        access::version(request)?;
        access::by_token(sandbox, request)?;
        return subscription::list(sandbox, request);
    }
    let (subscription, key, caller) = access::admit(sandbox, request, segments.first())?;
    let version = access::version(request)?;
    let query = request::pairs(request.uri().query().unwrap_or(""));
    let (row, params) = route::find(request.method(), &segments[1..], &query, version)?;
    let path: String = segments[1..].iter().map(|segment| format!("/{segment}")).collect();
    let mut asked = Asked {
        base: access::base(request),
        sandbox,
        subscription,
        key,
        caller,
        version,
        params,
        query,
        path,
        request,
    };
    let reads = request.method() == Method::GET;
    let waits = if reads { asked.waits_for() } else { None };
    asked.sandbox.pace_before(waits, POLL_SECS);
    if reads {
        asked.pace_instances(true);
    }
    let answer = (row.handler)(&mut asked);
    if reads {
        asked.pace_instances(false);
    }
    answer
}
