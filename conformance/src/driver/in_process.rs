//! The way in process: no socket, no thread, host names as in the public cloud.

use std::sync::Arc;

use bytes::Bytes;
use fake_azure::faults::Rule;
use fake_azure::wire::ClientCertificate;
use fake_azure::{Delivery, FakeAzure, Listener, Pace};
use fake_azure_cloud::catalogue::limits::Era;
use fake_azure_cloud::{Cloud, Guid, OperationId, Time};
use http::Request;

use super::exchange::{Api, Broken, Delivered, Exchange};
use super::{START, SUBSCRIPTION, Setup};

/// Exchanges of a journal that are kept; a scenario has fewer.
const JOURNAL_MAX: usize = 1_000_000;

/// An Azure of one's own.
pub(crate) struct InProcess {
    pub(super) azure: FakeAzure,
}

impl InProcess {
    /// A new one, paused at the scenarios' first moment.
    pub(crate) fn start(setup: &Setup) -> InProcess {
        let azure = FakeAzure::builder()
            .seed(setup.seed)
            .start_at(START)
            .era(Era::find(&setup.profile).unwrap_or(Era::Current))
            .pace(Pace::Paused)
            .dates_by_own_clock()
            .subscription(Guid::parse(SUBSCRIPTION).expect("the subscription's id is a GUID"))
            .start();
        InProcess::with(azure)
    }

    /// One that stands where another stands.
    pub(super) fn forked(other: &InProcess) -> InProcess {
        InProcess::with(other.azure.fork())
    }

    fn with(azure: FakeAzure) -> InProcess {
        azure.with_sandbox(|sandbox| sandbox.journal.set_limit(JOURNAL_MAX));
        InProcess { azure }
    }
}

/// The listener of an API.
pub(super) fn listener(api: Api) -> Listener {
    match api {
        Api::Arm => Listener::Arm,
        Api::Asm => Listener::Asm,
        Api::Blob => Listener::Blob,
        Api::Aad => Listener::Aad,
    }
}

impl Exchange for InProcess {
    fn base(&self, api: Api) -> String {
        match api {
            Api::Arm => "https://management.azure.com".to_owned(),
            Api::Asm => "https://management.core.windows.net".to_owned(),
            Api::Blob => "https://blob.core.windows.net".to_owned(),
            Api::Aad => "https://login.microsoftonline.com".to_owned(),
        }
    }

    fn send(&self, api: Api, request: Request<Bytes>) -> Result<Delivered, Broken> {
        let served = self.azure.serve(listener(api), request);
        match served.delivery {
            Delivery::Send => Ok(Delivered {
                response: served.response,
                after: None,
            }),
            Delivery::After(span) => Ok(Delivered {
                response: served.response,
                after: Some(span),
            }),
            Delivery::Drop => Err(Broken("the connection was cut".to_owned())),
        }
    }

    fn token(&self) -> String {
        self.azure.token()
    }

    fn application(&self) -> (String, String) {
        let directory = self.azure.directory();
        let principal = directory.first();
        (principal.app_id.to_string(), principal.secret.clone())
    }

    fn now(&self) -> Time {
        self.azure.with_sandbox(|sandbox| sandbox.cloud.now())
    }

    fn advance(&self, to: Time) {
        self.azure.with_sandbox(|sandbox| sandbox.advance(to));
    }

    fn with_cloud(&self, act: &mut dyn FnMut(&mut Cloud)) {
        self.azure.with_sandbox(|sandbox| act(&mut sandbox.cloud));
    }

    fn fault(&self, rule: &serde_json::Value) -> Result<(), String> {
        if rule.as_str() == Some("clear") {
            self.azure.with_sandbox(|sandbox| {
                sandbox.faults.clear();
                // What a fault had made endless ends now: that trouble is over, too.
                let running = sandbox.cloud.running().into_iter().map(|(id, _)| id);
                let endless: Vec<OperationId> = running.filter(|id| !sandbox.cloud.is_under_way(*id)).collect();
                for id in endless {
                    sandbox.cloud.set_endless(id, false);
                }
            });
            return Ok(());
        }
        let rule: Rule = serde_json::from_value(rule.clone()).map_err(|error| error.to_string())?;
        self.azure
            .with_sandbox(|sandbox| sandbox.install(rule))
            .map(|_| ())
            .map_err(|error| error.to_string())
    }

    fn enforce_roles(&self, enforced: bool) -> bool {
        self.azure.with_sandbox(|sandbox| sandbox.enforce_roles = enforced);
        true
    }

    fn journal(&self) -> Vec<String> {
        let lines = self.azure.with_sandbox(|sandbox| {
            let base = sandbox.storage.base.clone();
            sandbox.journal.lines(0, base.as_deref())
        });
        lines.lines().map(str::to_owned).collect()
    }

    fn management_certificate(&self) -> Option<ClientCertificate> {
        Some(self.azure.directory().management_certificate())
    }

    fn n_exchanges(&self) -> u64 {
        self.azure.with_sandbox(|sandbox| sandbox.journal.count())
    }

    fn fork(&self) -> anyhow::Result<Arc<dyn Exchange>> {
        Ok(Arc::new(InProcess::forked(self)))
    }
}
