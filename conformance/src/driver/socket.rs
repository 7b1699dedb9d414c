//! The way over sockets: a real TLS server in this process, reached by the provider's own client.

use std::sync::{Arc, OnceLock};

use anyhow::Context;
use bytes::Bytes;
use fake_azure::identity::MANAGEMENT_CERTIFICATE_PEM;
use fake_azure::server::{Options, Server};
use fake_azure::wire::ClientCertificate;
use fake_azure_cloud::{Cloud, Time};
use http::Request;
use provider::{HttpClient, ManagementCertificate, Transport};
use tokio::runtime::Runtime;

use super::Setup;
use super::exchange::{Api, Broken, Delivered, Exchange};
use super::in_process::{InProcess, listener};

/// An Azure of one's own behind sockets of its own.
pub(crate) struct Socket {
    inside: InProcess,
    server: Server,
    client: HttpClient,
    /// Presents the management certificate to whoever asks for one.
    certified: HttpClient,
    runtime: &'static Runtime,
}

/// What servers and clients run on: one for all of them.
pub(super) fn runtime() -> anyhow::Result<&'static Runtime> {
    static RUNTIME: OnceLock<Runtime> = OnceLock::new();
    if let Some(runtime) = RUNTIME.get() {
        return Ok(runtime);
    }
    let made = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .context("cannot start the threads for sockets")?;
    Ok(RUNTIME.get_or_init(|| made))
}

impl Socket {
    /// A new one, paused at the scenarios' first moment, on free ports of loopback.
    pub(crate) fn start(setup: &Setup) -> anyhow::Result<Socket> {
        Socket::around(InProcess::start(setup))
    }

    fn around(inside: InProcess) -> anyhow::Result<Socket> {
        let runtime = runtime()?;
        let server = runtime
            .block_on(inside.azure.listen(Options::default()))
            .context("cannot open sockets")?;
        let authority = server.ca_pem().map(str::as_bytes);
        let client = HttpClient::new(authority).context("cannot trust the server")?;
        let certificate = ManagementCertificate::from_pem(MANAGEMENT_CERTIFICATE_PEM.as_bytes())
            .context("cannot read the management certificate")?;
        let certified = HttpClient::with_client_certificate(authority, &certificate)
            .context("cannot present the management certificate")?;
        Ok(Socket {
            inside,
            server,
            client,
            certified,
            runtime,
        })
    }
}

impl Exchange for Socket {
    fn base(&self, api: Api) -> String {
        self.server.url(listener(api)).to_owned()
    }

    /// Waits for the answer right here: while a request is under way, nothing else of the scenario goes on, so that every
    /// driver sees the same order.
    fn send(&self, _api: Api, request: Request<Bytes>) -> Result<Delivered, Broken> {
        let client = match request.extensions().get::<ClientCertificate>() {
            Some(_) => &self.certified,
            None => &self.client,
        };
        match self.runtime.block_on(client.send(request)) {
            Ok(response) => Ok(Delivered { response, after: None }),
            Err(error) => Err(Broken(error.message)),
        }
    }

    fn token(&self) -> String {
        self.inside.token()
    }

    fn application(&self) -> (String, String) {
        self.inside.application()
    }

    fn now(&self) -> Time {
        self.inside.now()
    }

    fn advance(&self, to: Time) {
        self.inside.advance(to);
    }

    fn with_cloud(&self, act: &mut dyn FnMut(&mut Cloud)) {
        self.inside.with_cloud(act);
    }

    fn fault(&self, rule: &serde_json::Value) -> Result<(), String> {
        self.inside.fault(rule)
    }

    fn enforce_roles(&self, enforced: bool) -> bool {
        self.inside.enforce_roles(enforced)
    }

    fn journal(&self) -> Vec<String> {
        self.inside.journal()
    }

    fn management_certificate(&self) -> Option<ClientCertificate> {
        self.inside.management_certificate()
    }

    fn n_exchanges(&self) -> u64 {
        self.inside.n_exchanges()
    }

    fn fork(&self) -> anyhow::Result<Arc<dyn Exchange>> {
        Ok(Arc::new(Socket::around(InProcess::forked(&self.inside))?))
    }
}
