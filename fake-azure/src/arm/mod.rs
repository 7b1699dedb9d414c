//! The Resource Manager front end: requests in, exact bytes out.
//!
//! Nothing here knows a resource type: routes, statuses and poll headers come from the registry's descriptors. What differs
//! between services - header sets, envelopes, poll addresses - differs by [`fake_azure_cloud::descriptor::Dialect`]. It
//! refuses to know sockets, the other front ends, and what is allowed in the world: the cloud judges that.

mod request;
mod route;
mod scale_sets;
mod gateway;
mod access;
mod linked_access;
mod compute_policies;
mod decode;
mod items;
mod below;
mod lists;
mod resources;
pub(crate) mod move_resources;
mod filter;
mod paging;
mod async_protocol;
mod subscriptions;
mod providers;
mod services;
mod usages;
mod sizes;
mod skus;
mod publishers;
mod availability;
mod vaults;
mod governance;
pub(crate) mod deployments;
mod encode;
mod answer;
mod error;
mod headers;
pub(crate) mod forms;

use bytes::Bytes;
use http::{Request, Response};

use self::error::Refusal;
use self::gateway::Trace;
use self::request::Asked;
use crate::Sandbox;

/// Answers a request to Resource Manager. Its URI is absolute.
pub(crate) fn serve(sandbox: &mut Sandbox, request: &Request<Bytes>) -> Response<Bytes> {
    let asked = Asked::read(request);
    let mut trace = Trace::default();
    let (answer, until) = match gateway::answer(sandbox, &asked, &mut trace) {
        Ok(answer) => (answer, None),
        Err(refusal) => {
            let until = match &refusal {
                Refusal::Error(error) => error.until,
                _ => None,
            };
            (error::answer(sandbox, refusal), until)
        }
    };
    let response = headers::dress(sandbox, &asked, answer, &trace);
    sandbox.pace_after(until);
    response
}
