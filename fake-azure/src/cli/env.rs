//! `fake-azure env`: the settings by which a client finds a server, and trusts it (real-clients 1, 2, 5).

use std::collections::BTreeMap;
use std::fmt::Write as _;

use camino::Utf8PathBuf;
use clap::ValueEnum;

use crate::cli::exit::{FILE, Failure};
use crate::cli::output;

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The client
    #[arg(long = "for", value_enum, value_name = "CLIENT")]
    client: Client,
    /// The file that `fake-azure serve --env-file` wrote
    #[arg(long, value_name = "FILE")]
    env_file: Utf8PathBuf,
}

/// Clients that were seen to work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Client {
    /// Azure CLI
    Az,
    /// curl
    Curl,
    /// Azure SDK for JavaScript
    Js,
    /// Azure SDK for Python, and Ansible
    Python,
    /// Terraform
    Terraform,
}

pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let Arguments { client, env_file } = arguments;
    let text = fs_err::read_to_string(env_file).map_err(|error| {
        Failure::of(FILE, &error).hint(Some(
            "`fake-azure serve --env-file FILE` writes it once the server answers",
        ))
    })?;
    let values: BTreeMap<&str, &str> = text.lines().filter_map(|line| line.split_once('=')).collect();
    let value = |name: &str| -> Result<&str, Failure> {
        values
            .get(name)
            .copied()
            .ok_or_else(|| Failure::new(FILE, format!("`{env_file}` has no `{name}`")))
    };

    let mut lines = String::new();
    let mut line = |line: String| writeln!(lines, "{line}").expect("a text takes any text");
    let (arm, ca) = (value("FAKE_ARM_URL")?, values.get("FAKE_CA_FILE").copied());
    let mut trust = |names: &[&str]| {
        for (name, ca) in names.iter().zip(std::iter::repeat(ca)) {
            if let Some(ca) = ca {
                line(format!("export {name}='{ca}'"));
            }
        }
    };
    match client {
        Client::Az => {
            trust(&["REQUESTS_CA_BUNDLE"]);
            line("export AZURE_CORE_INSTANCE_DISCOVERY=false AZURE_CORE_COLLECT_TELEMETRY=false".to_owned());
            line("export AZURE_CONFIG_DIR=\"$(mktemp -d)\"".to_owned());
            line(format!(
                "az cloud register --name FakeAzure --endpoint-resource-manager '{arm}'"
            ));
            line("az cloud set --name FakeAzure".to_owned());
            line(format!(
                "az login --service-principal --username '{}' --password '{}' --tenant '{}'",
                value("FAKE_CLIENT_ID")?,
                value("FAKE_CLIENT_SECRET")?,
                value("FAKE_TENANT")?
            ));
        }
        Client::Curl => {
            trust(&["CURL_CA_BUNDLE"]);
            line(format!(
                "curl --header 'authorization: Bearer {}' '{arm}/subscriptions?api-version=2022-12-01'",
                value("FAKE_TOKEN")?
            ));
        }
        Client::Js => {
            trust(&["NODE_EXTRA_CA_CERTS"]);
            credentials(&mut line, &value)?;
        }
        Client::Python => {
            trust(&["REQUESTS_CA_BUNDLE", "SSL_CERT_FILE"]);
            credentials(&mut line, &value)?;
        }
        Client::Terraform => {
            trust(&["SSL_CERT_FILE"]);
            line(format!(
                "export ARM_METADATA_HOSTNAME='{}'",
                arm.trim_start_matches("https://")
            ));
            line(format!("export ARM_TENANT_ID='{}'", value("FAKE_TENANT")?));
            line(format!("export ARM_SUBSCRIPTION_ID='{}'", value("FAKE_SUBSCRIPTION")?));
            line(format!("export ARM_CLIENT_ID='{}'", value("FAKE_CLIENT_ID")?));
            line(format!("export ARM_CLIENT_SECRET='{}'", value("FAKE_CLIENT_SECRET")?));
        }
    }
    output::write(&lines)
}

/// What `azure-identity` reads.
fn credentials<'v>(
    line: &mut impl FnMut(String),
    value: &impl Fn(&str) -> Result<&'v str, Failure>,
) -> Result<(), Failure> {
    line(format!("export AZURE_AUTHORITY_HOST='{}'", value("FAKE_AAD_URL")?));
    line(format!("export AZURE_TENANT_ID='{}'", value("FAKE_TENANT")?));
    line(format!("export AZURE_CLIENT_ID='{}'", value("FAKE_CLIENT_ID")?));
    line(format!("export AZURE_CLIENT_SECRET='{}'", value("FAKE_CLIENT_SECRET")?));
    line(format!(
        "export AZURE_SUBSCRIPTION_ID='{}'",
        value("FAKE_SUBSCRIPTION")?
    ));
    Ok(())
}
