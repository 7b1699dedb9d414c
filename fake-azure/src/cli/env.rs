//! `fake-azure env`: the settings by which a client finds a server, and trusts it.
//!
//! Where the server is, a file says, or the environment, or what the server that runs left in its folder.

use camino::{Utf8Path, Utf8PathBuf};

use crate::cli::clients::{self, Client, Server};
use crate::cli::exit::{FILE, Failure};
use crate::cli::{files, output};

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The client
    #[arg(long = "for", value_enum, value_name = "CLIENT")]
    client: Client,
    /// The file that `fake-azure serve --env-file` wrote [default: FAKE_* of the environment, else the server that runs]
    #[arg(long, value_name = "FILE")]
    env_file: Option<Utf8PathBuf>,
    /// Where the server that runs keeps its certificates [default: $XDG_STATE_HOME/fake-azure]
    #[arg(long, value_name = "FOLDER", conflicts_with = "env_file")]
    state_dir: Option<Utf8PathBuf>,
}

pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let (server, source) = server(arguments)?;
    let lines = clients::lines(arguments.client, &server)
        .map_err(|missing| Failure::new(FILE, format!("{source} has no `{}`", missing.0)))?;
    output::write(&lines)
}

/// What the server says of itself, and where that was found.
fn server(arguments: &Arguments) -> Result<(Server, String), Failure> {
    if let Some(file) = &arguments.env_file {
        let hint = "`fake-azure serve --env-file FILE` writes it once the server answers";
        return read(file, hint);
    }
    if arguments.state_dir.is_none() && std::env::var_os("FAKE_ARM_URL").is_some() {
        let own =
            std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
        let server = Server(own.filter(|(name, _)| name.starts_with("FAKE_")).collect());
        return Ok((server, "the environment".to_owned()));
    }
    let folder = match &arguments.state_dir {
        Some(folder) => folder.clone(),
        None => files::default_state_dir().ok_or_else(|| {
            Failure::new(FILE, "no server was found: neither XDG_STATE_HOME nor HOME is set").hint(Some(
                "`--env-file FILE` names what `fake-azure serve --env-file FILE` wrote",
            ))
        })?,
    };
    read(
        &folder.join(files::RUNNING),
        "no `fake-azure serve` runs with that folder; `--env-file FILE` names another server's settings",
    )
}

fn read(file: &Utf8Path, hint: &str) -> Result<(Server, String), Failure> {
    let text = fs_err::read_to_string(file).map_err(|error| Failure::of(FILE, &error).hint(Some(hint)))?;
    Ok((Server::parse(&text), format!("`{file}`")))
}
