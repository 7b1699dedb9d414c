//! Sockets around an Azure: one listener per API, TLS, HTTP/1.1 and 2. Everything that answers is elsewhere.

mod connection;
mod tls;

use std::collections::BTreeMap;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use camino::{Utf8Path, Utf8PathBuf};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::builder::FakeAzure;
use crate::data_plane::{self, Binding};
use crate::wire::Listener;

/// Where to listen, and by which certificate.
#[derive(Clone, Debug)]
pub struct Options {
    /// The address; loopback unless told otherwise, and then the IPv6 loopback, too.
    pub address: IpAddr,
    /// Ports by listener; 0, and none given, is a free one.
    pub ports: BTreeMap<Listener, u16>,
    /// TLS.
    pub tls: Tls,
    /// Whether public ports of the classic API are opened on loopback, too.
    pub data_plane: bool,
}

impl Default for Options {
    /// Free ports of loopback, TLS by a certificate authority that is made on the spot.
    fn default() -> Options {
        Options {
            address: Ipv4Addr::LOCALHOST.into(),
            ports: BTreeMap::new(),
            tls: Tls::Own { state_dir: None },
            data_plane: false,
        }
    }
}

/// By which certificate the server shows itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Tls {
    /// None: plain HTTP.
    Off,
    /// One of its own authority, which is kept in a folder and made there at first start; without a folder it is made anew.
    Own {
        /// The folder.
        state_dir: Option<Utf8PathBuf>,
    },
    /// One that was brought, as PEM files.
    Brought {
        /// The certificate, and those between it and its root.
        certificate: Utf8PathBuf,
        /// Its key.
        key: Utf8PathBuf,
    },
}

/// Why the sockets could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// Somebody else listens there.
    #[error("the port {port} of `{}` is in use", listener.name())]
    PortInUse {
        /// Which listener.
        listener: Listener,
        /// Which port.
        port: u16,
    },
    /// The system does not let us listen there.
    #[error("cannot listen on {address} for `{}`", listener.name())]
    Bind {
        /// Which listener.
        listener: Listener,
        /// Where.
        address: SocketAddr,
        /// What the system says.
        #[source]
        source: io::Error,
    },
    /// A file cannot be read.
    #[error("cannot read `{path}`")]
    ReadFile {
        /// The file.
        path: Utf8PathBuf,
        /// What the system says.
        #[source]
        source: io::Error,
    },
    /// A file cannot be written.
    #[error("cannot write `{path}`")]
    WriteFile {
        /// The file.
        path: Utf8PathBuf,
        /// What the system says.
        #[source]
        source: io::Error,
    },
    /// A certificate or key cannot be used.
    #[error("`{path}` cannot be used: {reason}")]
    BadCertificate {
        /// The file.
        path: Utf8PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// A certificate could not be made.
    #[error("cannot make a certificate: {reason}")]
    MakeCertificate {
        /// What is wrong.
        reason: String,
    },
}

impl ServeError {
    /// What to do about it, where we know.
    pub fn hint(&self) -> Option<String> {
        match self {
            ServeError::PortInUse { listener, .. } => Some(format!(
                "another `fake-azure serve` may be running; `--port {}=0` takes a free port",
                listener.name()
            )),
            ServeError::Bind { source, listener, .. } if source.kind() == io::ErrorKind::PermissionDenied => {
                Some(format!(
                    "ports below 1024 need a privilege; `--port {}={}` does not",
                    listener.name(),
                    listener.default_port()
                ))
            }
            ServeError::Bind { .. } => Some("`--listen` takes an address of this machine".to_owned()),
            ServeError::BadCertificate { path, .. } if path.file_name() == Some(tls::AUTHORITY_KEY_FILE) => Some(
                "remove the file; it is made again at the next start, and clients have to trust the new one".to_owned(),
            ),
            ServeError::BadCertificate { .. } => Some(
                "`--tls-cert` and `--tls-key` take PEM files that belong together; without them one is made".to_owned(),
            ),
            ServeError::WriteFile { .. } => Some("`--state-dir` names another folder".to_owned()),
            ServeError::ReadFile { .. } | ServeError::MakeCertificate { .. } => None,
        }
    }
}

/// How long a connection may take to finish what it does when the server stops.
const FAREWELL: Duration = Duration::from_secs(1);

/// An Azure with sockets. Dropping it closes them at once; [`Server::stop`] lets answers under way be sent.
#[derive(Debug)]
pub struct Server {
    azure: FakeAzure,
    urls: BTreeMap<Listener, String>,
    authority: tls::Authority,
    stopping: watch::Sender<bool>,
    tasks: JoinSet<()>,
}

impl Server {
    pub(crate) async fn start(azure: FakeAzure, options: Options) -> Result<Server, ServeError> {
        let Options {
            address,
            ports,
            tls,
            data_plane,
        } = options;
        let authority = tls::Authority::of(&tls, address)?;
        let scheme = if tls == Tls::Off { "http" } else { "https" };
        let mut bound = Vec::new();
        let mut urls = BTreeMap::new();
        for listener in Listener::ALL {
            let port = ports.get(&listener).copied().unwrap_or(0);
            let sockets = bind(listener, address, port).await?;
            let port = sockets
                .first()
                .and_then(|socket| socket.local_addr().ok())
                .map_or(port, |at| at.port());
            urls.insert(listener, format!("{scheme}://{}:{port}", shown(address)));
            bound.push((listener, sockets));
        }

        azure.sandboxes().set_blob_base(urls.get(&Listener::Blob).cloned());
        let (stopping, stop) = watch::channel(false);
        let mut tasks = JoinSet::new();
        for (listener, sockets) in bound {
            let acceptor = authority.acceptor(listener);
            for socket in sockets {
                let gate = Arc::new(connection::Gate {
                    azure: azure.clone(),
                    listener,
                    scheme,
                    authority: urls[&listener]
                        .split_once("://")
                        .map_or_else(String::new, |(_, at)| at.to_owned()),
                });
                tasks.spawn(connection::accept(socket, acceptor.clone(), gate, stop.clone()));
            }
        }
        if data_plane {
            tasks.spawn(data_plane::run(Arc::clone(azure.sandboxes()), stop));
        }
        Ok(Server {
            azure,
            urls,
            authority,
            stopping,
            tasks,
        })
    }

    /// The base URL of a listener, without a slash at the end.
    pub fn url(&self, listener: Listener) -> &str {
        &self.urls[&listener]
    }

    /// The certificate authority as PEM, where the server has its own.
    pub fn ca_pem(&self) -> Option<&str> {
        self.authority.ca_pem()
    }

    /// The public ports that are open on loopback, as they change; none unless the options ask for them.
    pub fn bindings(&self) -> watch::Receiver<Vec<Binding>> {
        self.azure.sandboxes().bindings.subscribe()
    }

    /// What a client has to know, as `FAKE_*` names and values, in their usual order. A name without a value is left out: no
    /// FAKE_CA_FILE over plain HTTP, no files where there is no folder for them.
    pub fn environment(&self) -> Vec<(&'static str, String)> {
        let directory = self.azure.directory();
        let principal = directory.first();
        let mut environment: Vec<(&'static str, String)> = vec![
            ("FAKE_ARM_URL", self.url(Listener::Arm).to_owned()),
            ("FAKE_ASM_URL", self.url(Listener::Asm).to_owned()),
            ("FAKE_BLOB_URL", self.url(Listener::Blob).to_owned()),
            ("FAKE_AAD_URL", self.url(Listener::Aad).to_owned()),
            ("FAKE_ADMIN_URL", self.url(Listener::Admin).to_owned()),
        ];
        let file = |path: Option<&Utf8Path>| path.map(Utf8Path::to_string);
        environment.extend(file(self.authority.ca_file()).map(|path| ("FAKE_CA_FILE", path)));
        environment.extend(file(self.authority.client_file()).map(|path| ("FAKE_ASM_CERT", path)));
        environment.extend([
            ("FAKE_TOKEN", directory.fake_token().to_owned()),
            ("FAKE_SUBSCRIPTION", self.azure.subscription().to_string()),
            ("FAKE_TENANT", directory.tenant().to_string()),
        ]);
        if let Some(user) = directory.users().into_iter().next() {
            environment.push(("FAKE_USER", user.user_principal_name));
            environment.push(("FAKE_USER_PASSWORD", user.password));
        }
        environment.extend([
            ("FAKE_CLIENT_ID", principal.app_id.to_string()),
            ("FAKE_CLIENT_SECRET", principal.secret.clone()),
        ]);
        environment
    }

    /// Closes the sockets; answers under way are sent.
    pub async fn stop(mut self) {
        self.stopping.send_replace(true);
        let all = async { while self.tasks.join_next().await.is_some() {} };
        if tokio::time::timeout(FAREWELL, all).await.is_err() {
            tracing::debug!("some connections did not end by themselves");
        }
        self.azure.sandboxes().set_blob_base(None);
    }
}

/// How an address stands in a URL: by name where the certificate has it by name.
fn shown(address: IpAddr) -> String {
    match address {
        address if address.is_loopback() || address.is_unspecified() => "localhost".to_owned(),
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => format!("[{address}]"),
    }
}

/// The sockets of a listener: for the IPv4 loopback the IPv6 one beside it, since `localhost` may mean either.
async fn bind(listener: Listener, address: IpAddr, port: u16) -> Result<Vec<TcpListener>, ServeError> {
    let first = open(listener, SocketAddr::new(address, port)).await?;
    let mut sockets = vec![first];
    if address == IpAddr::V4(Ipv4Addr::LOCALHOST) {
        let chosen = sockets[0].local_addr().map_or(port, |at| at.port());
        match open(listener, SocketAddr::new(Ipv6Addr::LOCALHOST.into(), chosen)).await {
            Ok(second) => sockets.push(second),
            Err(error @ ServeError::PortInUse { .. }) if port != 0 => return Err(error),
            Err(error) => tracing::debug!(%error, "no IPv6 loopback"),
        }
    }
    Ok(sockets)
}

async fn open(listener: Listener, address: SocketAddr) -> Result<TcpListener, ServeError> {
    TcpListener::bind(address).await.map_err(|source| match source.kind() {
        io::ErrorKind::AddrInUse => ServeError::PortInUse {
            listener,
            port: address.port(),
        },
        _ => ServeError::Bind {
            listener,
            address,
            source,
        },
    })
}
