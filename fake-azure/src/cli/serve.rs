//! `fake-azure serve`.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io;
use std::net::{IpAddr, Ipv4Addr};

use camino::{Utf8Path, Utf8PathBuf};
use clap::Args;
use fake_azure::cloud::catalogue::limits::Era;
use fake_azure::cloud::{Guid, Time};
use fake_azure::server::{Options, ServeError, Tls};
use fake_azure::{FakeAzure, Listener, Pace};
use jiff::Timestamp;

use crate::cli::exit::{CANNOT_LISTEN, CERTIFICATE, FILE, Failure, USAGE};
use crate::cli::output;

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

fn guid(text: &str) -> Result<Guid, String> {
    Guid::parse(text).ok_or_else(|| "it is not a GUID".to_owned())
}

fn profile(text: &str) -> Result<Era, String> {
    Era::find(text).ok_or_else(|| format!("expected one of {}", Era::ALL.map(Era::name).join(", ")))
}

pub(crate) fn run(arguments: Arguments) -> Result<(), Failure> {
    let options = options(&arguments)?;
    let azure = azure(&arguments);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.map_err(|error| Failure::new(CANNOT_LISTEN, format!("cannot start threads: {error}")))?;
    runtime.block_on(serve(&azure, options, arguments.env_file.as_deref()))
}

async fn serve(azure: &FakeAzure, options: Options, env_file: Option<&Utf8Path>) -> Result<(), Failure> {
    let stop =
        stop_signal().map_err(|error| Failure::new(CANNOT_LISTEN, format!("cannot wait for signals: {error}")))?;
    let server = azure.listen(options).await.map_err(|error| failure(&error))?;
    let mut lines = String::new();
    for (name, value) in server.environment() {
        writeln!(lines, "{name}={value}").expect("a text takes any text");
    }
    if let Some(path) = env_file {
        write_whole(path, &lines).map_err(|error| {
            Failure::new(FILE, format!("cannot write `{path}`: {error}"))
                .hint(Some("`--env-file` names a file in a folder that exists"))
        })?;
    }
    output::write(&lines)?;
    stop.await;
    server.stop().await;
    Ok(())
}

/// Writes a file so that a reader finds all of it or nothing.
fn write_whole(path: &Utf8Path, text: &str) -> io::Result<()> {
    let beside = Utf8PathBuf::from(format!("{path}.new"));
    std::fs::write(&beside, text)?;
    std::fs::rename(&beside, path)
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

fn azure(arguments: &Arguments) -> FakeAzure {
    let mut builder = FakeAzure::builder()
        .seed(arguments.seed)
        .era(arguments.profile)
        .pace(arguments.pace);
    for subscription in &arguments.subscriptions {
        builder = builder.subscription(*subscription);
    }
    if arguments.any_subscription {
        builder = builder.any_subscription();
    }
    if let Some(suffix) = &arguments.storage_suffix {
        builder = builder.storage_suffix(suffix);
    }
    if matches!(arguments.pace, Pace::Scaled(_)) {
        // A clock that follows the wall's begins where the wall's stands.
        let now = Timestamp::now().as_second();
        builder = builder.start_at(Time::from_millis(now * 1000));
    }
    builder.start()
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
    })
}

/// `--state-dir`, or its place by the XDG rules.
fn state_dir(arguments: &Arguments) -> Result<Utf8PathBuf, Failure> {
    if let Some(folder) = &arguments.state_dir {
        // Clients read the printed paths from wherever they stand.
        let whole = camino::absolute_utf8(folder);
        return whole.map_err(|error| Failure::new(FILE, format!("cannot use `{folder}`: {error}")));
    }
    let folder = |name: &str| {
        std::env::var(name)
            .ok()
            .filter(|path| !path.is_empty())
            .map(Utf8PathBuf::from)
    };
    let state = folder("XDG_STATE_HOME").or_else(|| Some(folder("HOME")?.join(".local/state")));
    state.map(|state| state.join("fake-azure")).ok_or_else(|| {
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
