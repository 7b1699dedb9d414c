//! `serve --az-config-dir`: a folder for the Azure CLI in which this server is the cloud and its first application has signed in.
//! The user's own folder stays as it is.

use std::fmt::Write as _;

use camino::Utf8Path;
use fake_azure::cloud::Guid;
use serde_json::{Value, json};

use crate::cli::clients::Server;
use crate::cli::exit::{FILE, Failure};
use crate::cli::files;

/// How the cloud is called.
const CLOUD: &str = "FakeAzure";
/// Says that a folder is one of ours.
const MARKER: &str = "made-by-fake-azure";

/// Names of the CLI's settings for members of the metadata document (real-clients 1.1).
const ENDPOINTS: &[(&str, &str)] = &[
    // tidy: sorted
    ("active_directory", "/authentication/loginEndpoint"),
    ("active_directory_data_lake_resource_id", "/activeDirectoryDataLake"),
    ("active_directory_graph_resource_id", "/graphAudience"),
    ("active_directory_resource_id", "/authentication/audiences/0"),
    ("batch_resource_id", "/batch"),
    ("gallery", "/gallery"),
    ("log_analytics_resource_id", "/logAnalyticsResourceId"),
    ("management", "/authentication/audiences/0"),
    ("media_resource_id", "/media"),
    ("microsoft_graph_resource_id", "/microsoftGraphResourceId"),
    ("ossrdbms_resource_id", "/ossrDbmsResourceId"),
    ("portal", "/portal"),
    ("resource_manager", "/resourceManager"),
    ("sql_management", "/sqlManagement"),
    ("vm_image_alias_doc", "/vmImageAliasDoc"),
    // tidy: end
];

/// The same for suffixes, and what stands before them.
const SUFFIXES: &[(&str, &str, &str)] = &[
    // tidy: sorted
    ("acr_login_server_endpoint", "", "/suffixes/acrLoginServer"),
    ("keyvault_dns", ".", "/suffixes/keyVaultDns"),
    ("sql_server_hostname", ".", "/suffixes/sqlServerHostname"),
    ("storage_endpoint", "", "/suffixes/storage"),
    // tidy: end
];

/// What goes into the folder.
#[derive(Clone, Debug)]
pub(crate) struct Contents<'a> {
    /// What the server says of itself.
    pub(crate) server: &'a Server,
    /// The metadata document that it answers, which the CLI would register the cloud by.
    pub(crate) metadata: &'a Value,
    /// Its subscriptions, the default one first, with their names.
    pub(crate) subscriptions: &'a [(Guid, String)],
}

/// Prepares the folder. One that somebody else's settings are in is refused.
pub(crate) fn prepare(folder: &Utf8Path, contents: &Contents<'_>) -> Result<(), Failure> {
    check(folder)?;
    let failed = |error: std::io::Error| Failure::new(FILE, format!("cannot prepare `{folder}`: {error}"));
    fs_err::create_dir_all(folder).map_err(failed)?;
    let folder = camino::absolute_utf8(folder).map_err(failed)?;
    let ca = match contents.server.0.get("FAKE_CA_FILE") {
        Some(file) => {
            let pem = fs_err::read_to_string(file).map_err(failed)?;
            files::write_whole(&folder.join("ca.pem"), &pem).map_err(failed)?;
            Some(folder.join("ca.pem"))
        }
        None => None,
    };
    let server = contents.server;
    let value = |name: &'static str| {
        server
            .need(name)
            .map_err(|missing| Failure::new(FILE, format!("the server has no `{}`", missing.0)))
    };
    let principals = json!([{
        "client_id": value("FAKE_CLIENT_ID")?,
        "tenant": value("FAKE_TENANT")?,
        "client_secret": value("FAKE_CLIENT_SECRET")?,
    }]);
    let profile = profile(contents, value("FAKE_CLIENT_ID")?, value("FAKE_TENANT")?);
    let mut exports = format!("export AZURE_CONFIG_DIR='{folder}'\n");
    if let Some(ca) = &ca {
        writeln!(exports, "export REQUESTS_CA_BUNDLE='{ca}'").expect("a text takes any text");
    }
    files::write_whole(&folder.join(MARKER), "").map_err(failed)?;
    files::write_whole(&folder.join("config"), CONFIG).map_err(failed)?;
    files::write_whole(&folder.join("clouds.config"), &clouds(contents)).map_err(failed)?;
    files::write_whole(&folder.join("azureProfile.json"), &profile.to_string()).map_err(failed)?;
    files::write_private(&folder.join("service_principal_entries.json"), &principals.to_string()).map_err(failed)?;
    // Tokens of a server that is gone are worth nothing.
    for stale in ["msal_token_cache.json", "msal_http_cache.bin"] {
        match fs_err::remove_file(folder.join(stale)) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(failed(error)),
            _ => {}
        }
    }
    files::write_whole(&folder.join("env.sh"), &exports).map_err(failed)
}

/// Refuses a folder with settings that are not ours.
pub(crate) fn check(folder: &Utf8Path) -> Result<(), Failure> {
    let foreign = ["azureProfile.json", "clouds.config", "config"]
        .iter()
        .any(|file| folder.join(file).exists());
    if foreign && !folder.join(MARKER).exists() {
        return Err(Failure::new(
            FILE,
            format!("`{folder}` holds somebody's settings of the Azure CLI already"),
        )
        .hint(Some("`--az-config-dir` takes a folder that is empty or not there yet")));
    }
    Ok(())
}

/// The CLI's own settings: no instance discovery, which only knows Microsoft's hosts, and nothing that leaves the machine.
const CONFIG: &str = "[cloud]\nname = FakeAzure\n\n[core]\ninstance_discovery = false\ncollect_telemetry = false\n\
                      login_experience_v2 = off\nencrypt_token_cache = false\nsurvey_message = false\n\n\
                      [clients]\nshow_secrets_warning = false\n\n[auto-upgrade]\nenable = false\n";

fn clouds(contents: &Contents<'_>) -> String {
    let member = |pointer: &str| contents.metadata.pointer(pointer).and_then(Value::as_str);
    let mut text = format!("[{CLOUD}]\n");
    for (name, pointer) in ENDPOINTS {
        if let Some(value) = member(pointer) {
            writeln!(text, "endpoint_{name} = {value}").expect("a text takes any text");
        }
    }
    for (name, before, pointer) in SUFFIXES {
        if let Some(value) = member(pointer) {
            writeln!(text, "suffix_{name} = {before}{value}").expect("a text takes any text");
        }
    }
    if let Some((subscription, _)) = contents.subscriptions.first() {
        writeln!(text, "subscription = {subscription}").expect("a text takes any text");
    }
    text
}

/// Who signed in, and to which subscriptions.
fn profile(contents: &Contents<'_>, client_id: &str, tenant: &str) -> Value {
    let subscriptions: Vec<Value> = contents
        .subscriptions
        .iter()
        .enumerate()
        .map(|(subscription_idx, (id, name))| {
            json!({
                "id": id.to_string(),
                "name": name,
                "state": "Enabled",
                "user": { "name": client_id, "type": "servicePrincipal" },
                "isDefault": subscription_idx == 0,
                "tenantId": tenant,
                "environmentName": CLOUD,
                "homeTenantId": tenant,
                "managedByTenants": [],
            })
        })
        .collect();
    json!({ "subscriptions": subscriptions })
}
