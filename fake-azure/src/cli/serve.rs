//! `fake-azure serve`.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{self, IsTerminal as _};
use std::net::{IpAddr, Ipv4Addr};

use camino::{Utf8Path, Utf8PathBuf};
use clap::Args;
use fake_azure::cloud::catalogue::limits::Era;
use fake_azure::cloud::{Guid, Time};
use fake_azure::data_plane::{Binding, Responder};
use fake_azure::identity::{DeviceCodes, DirectoryOptions, Tenant};
use fake_azure::server::{Options, ServeError, Server, Tls};
use fake_azure::{FakeAzure, Listener, Pace, Templates};
use jiff::Timestamp;
use tokio::sync::watch;

use crate::cli::az_config::{self, Contents};
use crate::cli::clients;
use crate::cli::exit::{CANNOT_LISTEN, CERTIFICATE, FILE, Failure, USAGE};
use crate::cli::{files, output};

/// Flags of `serve`. Once the server answers, it prints what a client has to know as KEY=VALUE lines.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The address to listen on; by default only this machine is served
    #[arg(long, value_name = "ADDRESS", default_value_t = IpAddr::V4(Ipv4Addr::LOCALHOST))]
    listen: IpAddr,
    /// The port of a listener, e.g. `arm=443`; 0 takes a free one. Listeners and their usual ports: arm 8443, asm 8444, blob
    /// 8445, aad 8446, admin 8447
    #[arg(long = "port", value_name = "LISTENER=PORT", value_parser = port)]
    ports: Vec<(Listener, u16)>,
    /// Speak plain HTTP; real clients refuse to send tokens over it
    #[arg(long, conflicts_with_all = ["tls_cert", "tls_key"])]
    http: bool,
    /// Show this certificate (PEM, with those between it and its root) instead of one of our own
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    tls_cert: Option<Utf8PathBuf>,
    /// The key of `--tls-cert` (PEM)
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    tls_key: Option<Utf8PathBuf>,
    /// Where certificates are kept [default: $XDG_STATE_HOME/fake-azure]
    #[arg(long, value_name = "FOLDER")]
    state_dir: Option<Utf8PathBuf>,
    /// Also write the KEY=VALUE lines to this file, once the server answers
    #[arg(long, value_name = "FILE")]
    env_file: Option<Utf8PathBuf>,
    /// A subscription that is there; may be repeated
    #[arg(long = "subscription", value_name = "ID", value_parser = guid)]
    subscriptions: Vec<Guid>,
    /// Make any subscription at its first use, so that parallel tests never meet
    #[arg(long)]
    any_subscription: bool,
    /// How the clock moves: `immediate`, `stepped`, `scaled:N` (1 is real time) or `paused`
    #[arg(long, value_name = "PACE", default_value_t = Pace::Immediate)]
    pace: Pace,
    /// Whose limits and catalogue are in force: `2014`, `2016` or `current`
    #[arg(long, value_name = "ERA", default_value = "current", value_parser = profile)]
    profile: Era,
    /// Decides every draw
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u64,
    /// Accounts publish `https://{account}.blob.{SUFFIX}/` instead of a path on the blob listener
    #[arg(long, value_name = "SUFFIX")]
    storage_suffix: Option<String>,
    /// What template links find outside of the cloud: a file `HOST/PATH` in this folder stands for `https://HOST/PATH`
    #[arg(long, value_name = "FOLDER")]
    templates: Option<Utf8PathBuf>,
    /// The tenant of all subscriptions; further ones are tenants beside it that own none. May be repeated
    #[arg(long = "tenant", value_name = "ID", value_parser = guid)]
    tenants: Vec<Guid>,
    /// How a sign-in on another device is approved: `wait` for a person, or `at-once` for the first user
    #[arg(long, value_name = "HOW", default_value = "wait", value_parser = device_codes)]
    device_codes: DeviceCodes,
    /// Open the ports of cloud services, load balancers and public addresses on this machine, each address as one of
    /// 127.64.0.0/16; what is opened is said on stderr
    #[arg(long)]
    listeners: bool,
    /// What a machine answers with: `host-name`, `http`, `silent`, `text:TEXT` or `command:COMMAND`. ROLE is `SERVICE/NAME`,
    /// `GROUP/NAME`, `NAME` or `*`, alone or with `:PORT`; may be repeated
    #[arg(long = "responder", value_name = "ROLE=ANSWER", value_parser = responder, requires = "listeners")]
    responders: Vec<(String, Responder)>,
    /// Let roles be given to principals that no tenant has
    #[arg(long)]
    any_principal: bool,
    /// Refuse callers whose roles do not allow what they ask; the first principal owns every subscription
    #[arg(long)]
    enforce_roles: bool,
    /// Prepare this folder for the Azure CLI: `. FOLDER/env.sh` and it has signed in here. The user's own stays as it is
    #[arg(long, value_name = "FOLDER")]
    az_config_dir: Option<Utf8PathBuf>,
}

fn port(text: &str) -> Result<(Listener, u16), String> {
    let names = || Listener::ALL.map(Listener::name).join(", ");
    let (name, port) = text
        .split_once('=')
        .ok_or_else(|| "expected `LISTENER=PORT`".to_owned())?;
    let listener =
        Listener::find(name).ok_or_else(|| format!("`{name}` is not a listener: expected one of {}", names()))?;
    let port = port
        .parse()
        .map_err(|_| format!("`{port}` is not a port: expected 0 to 65535"))?;
    Ok((listener, port))
}

fn responder(text: &str) -> Result<(String, Responder), String> {
    let (role, answer) = text
        .split_once('=')
        .ok_or_else(|| "expected `ROLE=ANSWER`".to_owned())?;
    let answer = Responder::find(answer).ok_or_else(|| {
        format!("`{answer}` is no answer: expected `host-name`, `http`, `silent`, `text:TEXT` or `command:COMMAND`")
    })?;
    Ok((role.to_owned(), answer))
}

fn guid(text: &str) -> Result<Guid, String> {
    Guid::parse(text).ok_or_else(|| "it is not a GUID".to_owned())
}

fn device_codes(text: &str) -> Result<DeviceCodes, String> {
    DeviceCodes::find(text).ok_or_else(|| "expected `wait` or `at-once`".to_owned())
}

fn profile(text: &str) -> Result<Era, String> {
    Era::find(text).ok_or_else(|| format!("expected one of {}", Era::ALL.map(Era::name).join(", ")))
}

pub(crate) fn run(arguments: Arguments) -> Result<(), Failure> {
    let options = options(&arguments)?;
    if let Some(folder) = &arguments.az_config_dir {
        az_config::check(folder)?;
    }
    let azure = azure(&arguments)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.map_err(|error| Failure::new(CANNOT_LISTEN, format!("cannot start threads: {error}")))?;
    runtime.block_on(serve(&azure, options, &arguments))
}

async fn serve(azure: &FakeAzure, options: Options, arguments: &Arguments) -> Result<(), Failure> {
    let running = match &options.tls {
        Tls::Own {
            state_dir: Some(folder),
        } => Some(folder.join(files::RUNNING)),
        _ => None,
    };
    let stop =
        stop_signal().map_err(|error| Failure::new(CANNOT_LISTEN, format!("cannot wait for signals: {error}")))?;
    let server = azure.listen(options).await.map_err(|error| failure(&error))?;
    let mut lines = String::new();
    for (name, value) in server.environment() {
        writeln!(lines, "{name}={value}").expect("a text takes any text");
    }
    if let Some(path) = &arguments.env_file {
        files::write_whole(path, &lines).map_err(|error| {
            Failure::new(FILE, format!("cannot write `{path}`: {error}"))
                .hint(Some("`--env-file` names a file in a folder that exists"))
        })?;
    }
    if let Some(path) = &running {
        files::write_private(path, &lines)
            .map_err(|error| Failure::new(FILE, format!("cannot write `{path}`: {error}")))?;
    }
    if let Some(folder) = &arguments.az_config_dir {
        prepare_az(azure, &server, folder, &lines)?;
    }
    output::write(&lines)?;
    if io::stderr().is_terminal() {
        output::complain("hint: `fake-azure env --for CLIENT` prints the lines that point a client here, `az` for one");
    }
    tokio::select! {
        () = stop => {}
        () = report(server.bindings()) => {}
    }
    if let Some(path) = &running {
        // Another server with the same folder may have written its own since.
        if fs_err::read_to_string(path).is_ok_and(|text| text == lines) {
            fs_err::remove_file(path).ok();
        }
    }
    server.stop().await;
    Ok(())
}

/// Says what is opened and closed on loopback, for as long as the server runs.
async fn report(mut bindings: watch::Receiver<Vec<Binding>>) {
    let mut before: Vec<Binding> = Vec::new();
    while bindings.changed().await.is_ok() {
        let now = bindings.borrow_and_update().clone();
        for binding in now.iter().filter(|binding| !before.contains(binding)) {
            let place = format!("{} {}/{}", binding.holder, binding.public, binding.protocol);
            match binding.local {
                Some(local) => output::complain(&format!("{place} is reached at {local}")),
                None => output::complain(&format!("{place} cannot be opened on this machine")),
            }
        }
        for binding in before.iter().filter(|binding| !now.contains(binding)) {
            output::complain(&format!(
                "{} {}/{} is closed",
                binding.holder, binding.public, binding.protocol
            ));
        }
        before = now;
    }
    // Without listeners there is nothing to report: the signal alone ends the server.
    std::future::pending::<()>().await;
}

/// Prepares a folder for the Azure CLI, by the document that it would register the cloud by.
fn prepare_az(azure: &FakeAzure, server: &Server, folder: &Utf8Path, lines: &str) -> Result<(), Failure> {
    let address = format!(
        "{}/metadata/endpoints?api-version=2022-09-01",
        server.url(Listener::Arm)
    );
    let request = http::Request::get(address)
        .body(bytes::Bytes::new())
        .expect("a listener's address is one");
    let answer = azure.serve(Listener::Arm, request).response;
    let metadata = serde_json::from_slice(answer.body()).expect("the metadata document is one");
    let subscriptions: Vec<(Guid, String)> = azure.with_sandbox(|sandbox| {
        let own = sandbox.cloud.subscriptions();
        own.map(|own| (own.id, own.display_name.to_string())).collect()
    });
    let contents = Contents {
        server: &clients::Server::parse(lines),
        metadata: &metadata,
        subscriptions: &subscriptions,
    };
    az_config::prepare(folder, &contents)
}

/// Ends when somebody asks the server to stop. Listening begins at once, so that no signal is lost while it starts.
fn stop_signal() -> io::Result<impl Future<Output = ()>> {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};

        let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
        Ok(async move {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
        })
    }
    #[cfg(not(unix))]
    {
        Ok(async {
            tokio::signal::ctrl_c().await.ok();
        })
    }
}

fn azure(arguments: &Arguments) -> Result<FakeAzure, Failure> {
    let mut builder = FakeAzure::builder()
        .seed(arguments.seed)
        .era(arguments.profile)
        .pace(arguments.pace)
        .directory(DirectoryOptions {
            device_codes: arguments.device_codes,
            any_principal: arguments.any_principal,
            ..DirectoryOptions::default()
        });
    for (tenant_idx, tenant) in arguments.tenants.iter().enumerate() {
        builder = match tenant_idx {
            0 => builder.tenant(*tenant),
            _ => builder.another_tenant(
                Tenant {
                    id: *tenant,
                    display_name: format!("Fake Azure {}", tenant_idx + 1),
                    default_domain: format!("fakeazure{}.onmicrosoft.com", tenant_idx + 1),
                },
                Vec::new(),
            ),
        };
    }
    for subscription in &arguments.subscriptions {
        builder = builder.subscription(*subscription);
    }
    for (role, responder) in &arguments.responders {
        builder = builder.responder(role, responder.clone());
    }
    if arguments.enforce_roles {
        builder = builder.enforce_roles();
    }
    if arguments.any_subscription {
        builder = builder.any_subscription();
    }
    if let Some(suffix) = &arguments.storage_suffix {
        builder = builder.storage_suffix(suffix);
    }
    if let Some(folder) = &arguments.templates {
        let templates = Templates::read_folder(folder).map_err(|error| {
            Failure::of(FILE, &error).hint(Some("`--templates` names a folder of folders, one for each host"))
        })?;
        builder = builder.templates(&templates);
    }
    if matches!(arguments.pace, Pace::Scaled(_)) {
        // A clock that follows the wall's begins where the wall's stands.
        let now = Timestamp::now().as_second();
        builder = builder.start_at(Time::from_millis(now * 1000));
    }
    Ok(builder.start())
}

fn options(arguments: &Arguments) -> Result<Options, Failure> {
    let mut ports: BTreeMap<Listener, u16> = Listener::ALL
        .into_iter()
        .map(|listener| (listener, listener.default_port()))
        .collect();
    ports.extend(arguments.ports.iter().copied());
    let tls = match (&arguments.tls_cert, &arguments.tls_key) {
        (Some(certificate), Some(key)) => Tls::Brought {
            certificate: certificate.clone(),
            key: key.clone(),
        },
        _ if arguments.http => Tls::Off,
        _ => Tls::Own {
            state_dir: Some(state_dir(arguments)?),
        },
    };
    Ok(Options {
        address: arguments.listen,
        ports,
        tls,
        data_plane: arguments.listeners,
    })
}

/// `--state-dir`, or its place by the XDG rules.
fn state_dir(arguments: &Arguments) -> Result<Utf8PathBuf, Failure> {
    if let Some(folder) = &arguments.state_dir {
        // Clients read the printed paths from wherever they stand.
        let whole = camino::absolute_utf8(folder);
        return whole.map_err(|error| Failure::new(FILE, format!("cannot use `{folder}`: {error}")));
    }
    files::default_state_dir().ok_or_else(|| {
        Failure::new(
            USAGE,
            "there is no place to keep certificates: neither XDG_STATE_HOME nor HOME is set",
        )
        .hint(Some("`--state-dir FOLDER` names one"))
    })
}

fn failure(error: &ServeError) -> Failure {
    let code = match error {
        ServeError::PortInUse { .. } | ServeError::Bind { .. } => CANNOT_LISTEN,
        ServeError::ReadFile { .. } | ServeError::WriteFile { .. } => FILE,
        ServeError::BadCertificate { .. } | ServeError::MakeCertificate { .. } => CERTIFICATE,
    };
    Failure::of(code, error).hint(error.hint())
}
