//! The blob service on the wire (ARM 9): addresses, signatures, headers and XML around the cloud's rules.
//!
//! It decides who may ask and how an answer looks, never what becomes of a blob.

mod address;
mod answer;
mod authorise;
mod decode;
mod error;
mod lists;
mod service;
mod shared_access;
mod shared_key;
mod xml;

use bytes::Bytes;
use fake_azure_cloud::Call;
use fake_azure_cloud::Outcome;
use fake_azure_cloud::blobs::BlobCall;
use http::{Request, Response};

use self::address::Asked;
use self::answer::Dressed;
use self::decode::Ask;
use self::error::Refusal;
use crate::sandbox::Sandbox;

/// Answers a request to the blob service.
pub(crate) fn serve(sandbox: &mut Sandbox, request: &Request<Bytes>) -> Response<Bytes> {
    sandbox.pace_before(None, 1);
    let id = request_id(sandbox);
    match Asked::read(sandbox, request) {
        Err(refusal) => error::answer(sandbox, request, &id, None, &refusal),
        Ok(asked) => match answer(sandbox, &asked) {
            Ok(dressed) => dressed.finish(sandbox, &asked, &id),
            Err(refusal) => {
                let response = error::answer(sandbox, request, &id, Some(&asked), &refusal);
                sandbox.pace_after(refusal.until);
                response
            }
        },
    }
}

/// Decodes, authorises, asks the cloud, encodes.
fn answer(sandbox: &mut Sandbox, asked: &Asked<'_>) -> Result<Dressed, Refusal> {
    let ask = decode::decode(sandbox, asked)?;
    let grant = authorise::authorise(sandbox, asked, &ask)?;
    let operation = match ask {
        Ask::AccountInfo => return Ok(service::account_info(sandbox, asked)),
        Ask::ServiceProperties => return Ok(service::properties(sandbox, asked)),
        Ask::Blob(operation) => operation,
    };

    let call = BlobCall {
        account: asked.account.as_str().into(),
        container: asked.container.as_str().into(),
        blob: asked.blob.as_str().into(),
        lease: decode::lease_id(asked)?,
        conditions: decode::conditions(asked)?,
        operation: *operation,
    };
    let reply = sandbox.cloud.apply(&Call::Blob(call.clone()))?;
    let Outcome::Blob(outcome) = reply.outcome else {
        unreachable!("a request to the blob service is answered by it");
    };
    answer::encode(sandbox, asked, &grant, &call.operation, outcome)
}

/// `c7cc1da0-0001-004c-5b8b-865118000000`: how the service names requests (ARM 9.1).
fn request_id(sandbox: &mut Sandbox) -> String {
    let guid = sandbox.draw_guid().to_string();
    format!(
        "{}-0001-00{}-{}-{}000000",
        &guid[..8],
        &guid[9..11],
        &guid[24..28],
        &guid[28..34]
    )
}
