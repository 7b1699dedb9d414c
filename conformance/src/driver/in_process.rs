//! The way in process: no socket, no thread, host names as in the public cloud.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use fake_azure::identity::Directory;
use fake_azure::sandbox::SandboxSettings;
use fake_azure::{Delivery, Listener, Pace, Sandbox, StorageEndpoints, wire};
use fake_azure_cloud::catalogue::limits::Era;
use fake_azure_cloud::{Cloud, Guid, Settings, Time};
use http::Request;

use super::exchange::{Api, Broken, Delivered, Exchange};
use super::{START, SUBSCRIPTION, Setup};

/// A sandbox of one's own.
pub(crate) struct InProcess {
    sandbox: Mutex<Sandbox>,
    directory: Arc<Directory>,
}

impl InProcess {
    /// A new sandbox, paused at the scenarios' first moment.
    pub(crate) fn start(setup: &Setup) -> anyhow::Result<InProcess> {
        let directory = Arc::new(Directory::default());
        let sandbox = Sandbox::new(&sandbox_settings(setup, &directory, StorageEndpoints::default()));
        Ok(InProcess { sandbox: Mutex::new(sandbox), directory })
    }

    fn sandbox(&self) -> MutexGuard<'_, Sandbox> {
        self.sandbox.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a scenario's sandbox begins with.
pub(super) fn sandbox_settings(setup: &Setup, directory: &Arc<Directory>, storage: StorageEndpoints) -> SandboxSettings {
    let subscription = Guid::parse(SUBSCRIPTION).expect("the subscription's id is a GUID");
    SandboxSettings {
        cloud: Settings {
            seed: setup.seed,
            start: START,
            era: Era::find(&setup.profile).unwrap_or(Era::Current),
            subscriptions: vec![subscription],
        },
        pace: Pace::Paused,
        directory: Arc::clone(directory),
        storage,
    }
}

impl Exchange for InProcess {
    fn base(&self, api: Api) -> String {
        match api {
            Api::Arm | Api::Admin => "https://management.azure.com".to_owned(),
            Api::Asm => "https://management.core.windows.net".to_owned(),
            Api::Blob => "https://blob.core.windows.net".to_owned(),
            Api::Aad => "https://login.microsoftonline.com".to_owned(),
        }
    }

    fn send(&self, api: Api, request: Request<Bytes>) -> Result<Delivered, Broken> {
        let listener = match api {
            Api::Arm => Listener::Arm,
            Api::Asm => Listener::Asm,
            Api::Blob => Listener::Blob,
            Api::Aad => Listener::Aad,
            Api::Admin => Listener::Admin,
        };
        let served = wire::serve(&mut self.sandbox(), listener, request);
        match served.delivery {
            Delivery::Send => Ok(Delivered { response: served.response, after: None }),
            Delivery::After(span) => Ok(Delivered { response: served.response, after: Some(span) }),
            Delivery::Drop => Err(Broken("the connection was cut".to_owned())),
        }
    }

    fn token(&self) -> String {
        self.directory.fake_token().to_owned()
    }

    fn application(&self) -> (String, String, String) {
        let principal = self.directory.first();
        (principal.app_id.to_string(), principal.secret.clone(), self.directory.tenant().to_string())
    }

    fn now(&self) -> Time {
        self.sandbox().cloud.now()
    }

    fn advance(&self, to: Time) {
        self.sandbox().advance(to);
    }

    fn with_cloud(&self, act: &mut dyn FnMut(&mut Cloud)) {
        act(&mut self.sandbox().cloud);
    }

    fn fault(&self, _rule: &serde_json::Value) -> Result<(), String> {
        Err("faults are not there yet".to_owned())
    }

    fn journal(&self) -> Vec<String> {
        Vec::new()
    }
}
