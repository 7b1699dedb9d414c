//! The lines that point each client at a server: where it is, whom to trust, who signs in (real-clients 1, 2, 5).

use std::collections::BTreeMap;
use std::fmt::Write as _;

use clap::ValueEnum;
use fake_azure::identity::IDENTITY_HEADER;

/// Clients, and the conventions by which programs on a machine find its identity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Client {
    /// Ansible's Azure collection, by way of the Azure CLI
    Ansible,
    /// Programs that find their identity as on App Service
    AppService,
    /// Azure CLI
    Az,
    /// curl
    Curl,
    /// Azure SDK for Go
    Go,
    /// Azure SDK for JavaScript
    Js,
    /// Juju
    Juju,
    /// Apache Libcloud's classic driver, as Python
    Libcloud,
    /// Programs that find their identity as on a virtual machine
    ManagedIdentity,
    /// Azure SDK for Python
    Python,
    /// Terraform
    Terraform,
}

/// What a server prints when it answers: `FAKE_*` names and values.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Server(pub(crate) BTreeMap<String, String>);

impl Server {
    /// Reads KEY=VALUE lines.
    pub(crate) fn parse(text: &str) -> Server {
        let pairs = text.lines().filter_map(|line| line.split_once('='));
        Server(
            pairs
                .map(|(name, value)| (name.trim().to_owned(), value.trim().to_owned()))
                .collect(),
        )
    }

    fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// A value that has to be there.
    pub(crate) fn need(&self, name: &'static str) -> Result<&str, Missing> {
        self.get(name).ok_or(Missing(name))
    }
}

/// What a server did not say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Missing(pub(crate) &'static str);

/// Lines, one under the other.
#[derive(Debug, Default)]
struct Lines(String);

impl Lines {
    fn line(&mut self, line: &str) {
        writeln!(self.0, "{line}").expect("a text takes any text");
    }

    fn export(&mut self, name: &str, value: &str) {
        self.line(&format!("export {name}='{value}'"));
    }

    /// Whom to trust, by each of the names that the client's libraries read; nobody in particular over plain HTTP.
    fn trust(&mut self, server: &Server, names: &[&str]) {
        if let Some(ca) = server.get("FAKE_CA_FILE") {
            for name in names {
                self.export(name, ca);
            }
        }
    }
}

/// The lines of a client.
pub(crate) fn lines(client: Client, server: &Server) -> Result<String, Missing> {
    let mut lines = Lines::default();
    match client {
        Client::Ansible => {
            az(&mut lines, server)?;
            lines.line("export ANSIBLE_AZURE_AUTH_SOURCE=cli AZURE_CORE_USE_MSAL_HTTP_CACHE=false");
        }
        Client::AppService => {
            lines.trust(server, &["REQUESTS_CA_BUNDLE", "SSL_CERT_FILE", "NODE_EXTRA_CA_CERTS"]);
            lines.export(
                "IDENTITY_ENDPOINT",
                &format!("{}/msi/token", server.need("FAKE_AAD_URL")?),
            );
            lines.export("IDENTITY_HEADER", IDENTITY_HEADER);
        }
        Client::Az => az(&mut lines, server)?,
        Client::Curl => {
            lines.trust(server, &["CURL_CA_BUNDLE"]);
            lines.line(&format!(
                "curl --header 'authorization: Bearer {}' '{}/subscriptions?api-version=2022-12-01'",
                server.need("FAKE_TOKEN")?,
                server.need("FAKE_ARM_URL")?
            ));
        }
        Client::Go => go(&mut lines, server)?,
        Client::Js => {
            lines.trust(server, &["NODE_EXTRA_CA_CERTS"]);
            credentials(&mut lines, server)?;
        }
        Client::Juju => juju(&mut lines, server)?,
        Client::Libcloud => libcloud(&mut lines, server)?,
        Client::ManagedIdentity => {
            lines.trust(server, &["REQUESTS_CA_BUNDLE", "SSL_CERT_FILE", "NODE_EXTRA_CA_CERTS"]);
            lines.line("# A machine's own identity: the address followed by the machine's id.");
            lines.export("AZURE_POD_IDENTITY_AUTHORITY_HOST", server.need("FAKE_AAD_URL")?);
        }
        Client::Python => {
            lines.trust(server, &["REQUESTS_CA_BUNDLE", "SSL_CERT_FILE"]);
            credentials(&mut lines, server)?;
        }
        Client::Terraform => {
            lines.trust(server, &["SSL_CERT_FILE"]);
            let host = server.need("FAKE_ARM_URL")?.trim_start_matches("https://");
            lines.export("ARM_METADATA_HOSTNAME", host);
            lines.export("ARM_TENANT_ID", server.need("FAKE_TENANT")?);
            lines.export("ARM_SUBSCRIPTION_ID", server.need("FAKE_SUBSCRIPTION")?);
            lines.export("ARM_CLIENT_ID", server.need("FAKE_CLIENT_ID")?);
            lines.export("ARM_CLIENT_SECRET", server.need("FAKE_CLIENT_SECRET")?);
        }
    }
    Ok(lines.0)
}

fn az(lines: &mut Lines, server: &Server) -> Result<(), Missing> {
    lines.trust(server, &["REQUESTS_CA_BUNDLE"]);
    lines.line("export AZURE_CORE_INSTANCE_DISCOVERY=false AZURE_CORE_COLLECT_TELEMETRY=false");
    lines.line("export AZURE_CONFIG_DIR=\"$(mktemp -d)\"");
    lines.line(&format!(
        "az cloud register --name FakeAzure --endpoint-resource-manager '{}'",
        server.need("FAKE_ARM_URL")?
    ));
    lines.line("az cloud set --name FakeAzure");
    lines.line(&format!(
        "az login --service-principal --username '{}' --password '{}' --tenant '{}'",
        server.need("FAKE_CLIENT_ID")?,
        server.need("FAKE_CLIENT_SECRET")?,
        server.need("FAKE_TENANT")?
    ));
    Ok(())
}

/// What `azure-identity` reads.
fn credentials(lines: &mut Lines, server: &Server) -> Result<(), Missing> {
    lines.export("AZURE_AUTHORITY_HOST", server.need("FAKE_AAD_URL")?);
    lines.export("AZURE_TENANT_ID", server.need("FAKE_TENANT")?);
    lines.export("AZURE_CLIENT_ID", server.need("FAKE_CLIENT_ID")?);
    lines.export("AZURE_CLIENT_SECRET", server.need("FAKE_CLIENT_SECRET")?);
    lines.export("AZURE_SUBSCRIPTION_ID", server.need("FAKE_SUBSCRIPTION")?);
    Ok(())
}

fn go(lines: &mut Lines, server: &Server) -> Result<(), Missing> {
    lines.trust(server, &["SSL_CERT_FILE"]);
    credentials(lines, server)?;
    let arm = server.need("FAKE_ARM_URL")?;
    lines.line("# azidentity asks for no discovery: DefaultAzureCredentialOptions{DisableInstanceDiscovery: true}, and both take");
    lines.line(&format!(
        "# cloud.Configuration{{ActiveDirectoryAuthorityHost: \"{}\", Services: map[cloud.ServiceName]cloud.ServiceConfiguration{{",
        server.need("FAKE_AAD_URL")?
    ));
    lines.line(&format!(
        "#   cloud.ResourceManager: {{Endpoint: \"{arm}\", Audience: \"{arm}\"}}}}}}"
    ));
    Ok(())
}

/// A cloud and a credential, as `juju add-cloud` and `juju add-credential` read them.
fn juju(lines: &mut Lines, server: &Server) -> Result<(), Missing> {
    lines.trust(server, &["SSL_CERT_FILE"]);
    lines.line("cat > fake-azure-cloud.yaml <<'END'");
    lines.line("clouds:");
    lines.line("  fake-azure:");
    lines.line("    type: azure");
    lines.line("    auth-types: [service-principal-secret]");
    lines.line("    regions:");
    lines.line("      westus:");
    for (name, variable) in [
        ("endpoint", "FAKE_ARM_URL"),
        ("identity-endpoint", "FAKE_AAD_URL"),
        ("storage-endpoint", "FAKE_BLOB_URL"),
    ] {
        lines.line(&format!("        {name}: {}", server.need(variable)?));
    }
    lines.line("END");
    lines.line("cat > fake-azure-credential.yaml <<'END'");
    lines.line("credentials:");
    lines.line("  fake-azure:");
    lines.line("    fake-azure:");
    lines.line("      auth-type: service-principal-secret");
    for (name, variable) in [
        ("application-id", "FAKE_CLIENT_ID"),
        ("application-password", "FAKE_CLIENT_SECRET"),
        ("subscription-id", "FAKE_SUBSCRIPTION"),
    ] {
        lines.line(&format!("      {name}: {}", server.need(variable)?));
    }
    lines.line("END");
    lines.line("juju add-cloud --client fake-azure fake-azure-cloud.yaml");
    lines.line("juju add-credential --client fake-azure --file fake-azure-credential.yaml");
    Ok(())
}

fn libcloud(lines: &mut Lines, server: &Server) -> Result<(), Missing> {
    let asm = server.need("FAKE_ASM_URL")?;
    let authority = asm.split_once("://").map_or(asm, |(_, authority)| authority);
    let (host, port) = authority.rsplit_once(':').unwrap_or((authority, "443"));
    lines.line("import libcloud.security");
    lines.line("from libcloud.compute.providers import get_driver");
    if let Some(ca) = server.get("FAKE_CA_FILE") {
        lines.line(&format!("libcloud.security.CA_CERTS_PATH = '{ca}'"));
    }
    lines.line(&format!(
        "driver = get_driver('azure')(subscription_id='{}', key_file='{}', host='{host}', port={port})",
        server.need("FAKE_SUBSCRIPTION")?,
        server.need("FAKE_ASM_CERT")?
    ));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_that_lacks_something_says_what() {
        let server = Server::parse("FAKE_ARM_URL=https://localhost:1\nnonsense\nFAKE_TENANT = t\n");
        assert_eq!(lines(Client::Az, &server), Err(Missing("FAKE_CLIENT_ID")));
        assert_eq!(server.need("FAKE_TENANT"), Ok("t"));
    }

    #[test]
    fn over_plain_http_there_is_nobody_to_trust() {
        let server = Server::parse("FAKE_ARM_URL=http://localhost:1\nFAKE_TOKEN=t\n");
        let lines = lines(Client::Curl, &server).expect("curl needs no more");
        assert!(!lines.contains("CA_BUNDLE"), "{lines}");
    }
}
