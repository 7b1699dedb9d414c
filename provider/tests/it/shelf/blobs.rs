//! The blob service of the shelf: blobs and the lists of a container.

use bytes::Bytes;
use http::{Request, Response};
use serde_json::Value;

use super::{State, answer};

impl State {
    pub(super) fn serve_blob(&mut self, request: &Request<Bytes>, path: &str) -> Response<Bytes> {
        assert!(
            request.headers()["authorization"]
                .to_str()
                .is_ok_and(|value| value.starts_with("SharedKey "))
        );
        if request.uri().query().is_some_and(|query| query.contains("comp=list")) {
            return self.serve_blob_list(request, path);
        }
        if !self.blobs.contains(path) {
            return answer(404, &Value::Null);
        }
        let mut machines = self
            .documents
            .iter()
            .filter(|(key, _)| key.contains("/virtualmachines/"));
        let is_held = machines.any(|(_, vm)| vm.to_string().contains(path));
        if is_held || self.lease_lag > 0 {
            self.lease_lag = self.lease_lag.saturating_sub(usize::from(!is_held));
            let xml =
                "<Error><Code>LeaseIdMissing</Code><Message>There is currently a lease on the blob.</Message></Error>";
            return answer(412, &Value::Null).map(|_| Bytes::from_static(xml.as_bytes()));
        }

        self.blobs.remove(path);
        answer(202, &Value::Null)
    }

    /// One to a page, so that paging is always seen; a GiB each.
    fn serve_blob_list(&self, request: &Request<Bytes>, container: &str) -> Response<Bytes> {
        let prefix = format!("{container}/");
        let blobs: Vec<&str> = self
            .blobs
            .iter()
            .filter_map(|blob| blob.strip_prefix(&prefix))
            .collect();
        if blobs.is_empty() {
            return answer(404, &Value::Null);
        }

        let query = request.uri().query().unwrap_or_default();
        let skip = query
            .split("marker=")
            .nth(1)
            .and_then(|text| text.parse().ok())
            .unwrap_or(0);
        let listed = blobs.get(skip).map_or_else(String::new, |name| {
            format!(
                "<Blob><Name>{name}</Name><Properties><Content-Length>1073742336</Content-Length></Properties></Blob>"
            )
        });
        let next = match skip + 1 < blobs.len() {
            true => format!("<NextMarker>{}</NextMarker>", skip + 1),
            false => "<NextMarker/>".to_owned(),
        };
        let xml = format!("\u{feff}<EnumerationResults><Blobs>{listed}</Blobs>{next}</EnumerationResults>");
        answer(200, &Value::Null).map(|_| Bytes::from(xml))
    }
}
