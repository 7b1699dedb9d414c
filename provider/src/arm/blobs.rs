//! The blobs of OS disks.
//!
//! Their name is written and deleted by one function: Juju once deleted another one, which succeeds silently (juju-provider L52).

use bytes::Bytes;
use http::{Method, Request};

use super::scope::Call;

const OS_VHDS: &str = "osvhds";
/// The version the storage SDKs of early 2016 sent.
const VERSION: &str = "2015-04-05";

/// Where the OS disk of `vm` is, in the account with this endpoint.
pub(crate) fn os_vhd_uri(blob_endpoint: &str, vm: &str) -> String {
    format!("{blob_endpoint}{OS_VHDS}/{vm}.vhd")
}

/// Deletes the OS disk, with snapshots that somebody took of it. None when the endpoint makes no URI.
pub(crate) fn delete_os_vhd(blob_endpoint: &str, vm: &str) -> Option<Call> {
    let request = Request::builder()
        .method(Method::DELETE)
        .uri(os_vhd_uri(blob_endpoint, vm))
        .header("x-ms-version", VERSION)
        .header("x-ms-delete-snapshots", "include")
        .body(Bytes::new())
        .ok()?;
    let resource = format!("{}{}", request.uri().host()?, request.uri().path());
    Some(Call {
        operation: "delete OS disk",
        resource,
        request,
    })
}
