//! Documents that clients read before they sign in: instance discovery, OpenID configuration, cloud metadata, image aliases.

use fake_azure_cloud::ApiVersion;
use fake_azure_cloud::catalogue::images::{Architecture, OsType, aliases};
use fake_azure_cloud::catalogue::locations;
use http::Uri;
use serde_json::{Map, Value, json};

use super::sign_in::Here;
use super::token;
use crate::sandbox::Sandbox;
use crate::wire::is_azure_host;

/// Scheme and authority of the request, without a slash at the end: what links in a document begin with.
fn base(uri: &Uri) -> String {
    format!(
        "{}://{}",
        uri.scheme_str().unwrap_or("https"),
        uri.authority().map_or("localhost", |at| at.as_str())
    )
}

/// Instance discovery (ARM 6.2): who may be asked for tokens. `None` for an authority that is not this server.
pub(super) fn instance_discovery(uri: &Uri, authorization_endpoint: Option<&str>) -> Option<Value> {
    let here = uri.authority()?.as_str();
    let asked: Option<Uri> = authorization_endpoint.and_then(|text| text.parse().ok());
    if let Some(asked) = &asked {
        let host = asked.host()?;
        if !host.eq_ignore_ascii_case(uri.host()?) && !is_azure_host(host) {
            return None;
        }
    }
    let tenant = asked
        .as_ref()
        .and_then(|asked| asked.path().split('/').find(|part| !part.is_empty()))
        .unwrap_or("common");
    let base = base(uri);
    Some(json!({
        "tenant_discovery_endpoint": format!("{base}/{tenant}/v2.0/.well-known/openid-configuration"),
        "api-version": "1.1",
        "metadata": [{ "preferred_network": here, "preferred_cache": here, "aliases": [here] }],
    }))
}

/// The issuer of the second version in documents: of no tenant in particular where the path names none.
pub(super) fn issuer_v2(here: Here) -> String {
    match here.named() {
        Some(tenant) => token::issuer_v2(tenant),
        None => "https://login.microsoftonline.com/{tenantid}/v2.0".to_owned(),
    }
}

/// Whose domain a user's name is in (real-clients 1.2).
pub(super) fn user_realm(sandbox: &Sandbox, user: &str) -> Value {
    let user = percent_encoding::percent_decode_str(user).decode_utf8_lossy();
    let domain = user.rsplit_once('@').map_or("", |(_, domain)| domain);
    let register = sandbox.directory.register();
    if domain.is_empty() || register.tenant(domain).is_none() {
        // The answer for a domain that nobody owns.
        return json!({
            "ver": "1.0", "account_type": "Unknown", "cloud_instance_name": "microsoftonline.com", "login": user,
        });
    }
    json!({
        "ver": "1.0",
        "account_type": "Managed",
        "domain_name": domain,
        "cloud_instance_name": "microsoftonline.com",
        "cloud_audience_urn": "urn:federation:MicrosoftOnline",
        "login": user,
    })
}

/// The OpenID configuration of a tenant (ARM 6.2), as the client wrote the tenant.
pub(super) fn openid_configuration(here: Here, uri: &Uri, tenant: &str, second: bool) -> Value {
    let base = base(uri);
    let version = if second { "/v2.0" } else { "" };
    let keys = if second {
        "/discovery/v2.0/keys"
    } else {
        "/discovery/keys"
    };
    // What names a tenant in the path of the token endpoint is what clients take for the tenant (real-clients 1.2).
    let issuer = if second {
        issuer_v2(here)
    } else {
        here.named()
            .map_or_else(|| "https://sts.windows.net/{tenantid}/".to_owned(), token::issuer_v1)
    };
    json!({
        "token_endpoint": format!("{base}/{tenant}/oauth2{version}/token"),
        "token_endpoint_auth_methods_supported": ["client_secret_post", "private_key_jwt", "client_secret_basic"],
        "jwks_uri": format!("{base}/{tenant}{keys}"),
        "response_modes_supported": ["query", "fragment", "form_post"],
        "subject_types_supported": ["pairwise"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "response_types_supported": ["code", "id_token", "code id_token", "id_token token"],
        "scopes_supported": ["openid", "profile", "email", "offline_access"],
        "issuer": issuer,
        "request_uri_parameter_supported": false,
        "userinfo_endpoint": "https://graph.microsoft.com/oidc/userinfo",
        "authorization_endpoint": format!("{base}/{tenant}/oauth2{version}/authorize"),
        "device_authorization_endpoint": format!("{base}/{tenant}/oauth2{version}/devicecode"),
        "http_logout_supported": true,
        "frontchannel_logout_supported": true,
        "end_session_endpoint": format!("{base}/{tenant}/oauth2{version}/logout"),
        "claims_supported": [
            "sub", "iss", "cloud_instance_name", "cloud_instance_host_name", "cloud_graph_host_name", "msgraph_host", "aud", "exp",
            "iat", "auth_time", "acr", "nonce", "preferred_username", "name", "tid", "ver", "at_hash", "c_hash", "email"
        ],
        "tenant_region_scope": null,
        "cloud_instance_name": "microsoftonline.com",
        "cloud_graph_host_name": "graph.windows.net",
        "msgraph_host": "graph.microsoft.com",
        "rbac_url": "https://pas.windows.net",
    })
}

/// Cloud metadata in the shape of an api-version (ARM 6.4, real-clients 1.1).
pub(super) fn metadata(sandbox: &Sandbox, uri: &Uri, version: ApiVersion) -> Value {
    let base = base(uri);
    if version < ApiVersion::date(2018, 5, 1) {
        let mut document = json!({
            "galleryEndpoint": "https://gallery.azure.com/",
            "graphEndpoint": "https://graph.windows.net/",
            "portalEndpoint": "https://portal.azure.com/",
            "authentication": { "loginEndpoint": format!("{}/", login(uri)), "audiences": audiences() },
        });
        if version >= ApiVersion::date(2018, 1, 1) {
            let names: Vec<&str> = locations::LOCATIONS
                .iter()
                .filter(|location| location.cloud == locations::CloudName::Public)
                .map(|location| location.name)
                .collect();
            let here = uri.authority().map_or("management.azure.com", |at| at.as_str());
            document["graphAudience"] = "https://graph.windows.net/".into();
            document["cloudEndpoint"] = json!({ "public": { "endpoint": here, "locations": names } });
        }
        return document;
    }

    let cloud = cloud(sandbox, uri, &base);
    if version >= ApiVersion::date(2022, 9, 1) {
        cloud
    } else {
        Value::Array(vec![cloud])
    }
}

/// Where to sign in: here, unless the request was for a host name of Azure's.
fn login(uri: &Uri) -> String {
    if uri.host().is_some_and(is_azure_host) {
        "https://login.microsoftonline.com".to_owned()
    } else {
        base(uri)
    }
}

fn audiences() -> Value {
    json!(["https://management.core.windows.net/", "https://management.azure.com/"])
}

/// One cloud of the metadata document. The suffix of storage is the one that accounts publish by, in host style.
fn cloud(sandbox: &Sandbox, uri: &Uri, base: &str) -> Value {
    let graph = if uri.host().is_some_and(is_azure_host) {
        "https://graph.microsoft.com/".to_owned()
    } else {
        format!("{base}/")
    };
    json!({
        "portal": "https://portal.azure.com",
        "authentication": {
            "loginEndpoint": login(uri),
            "audiences": audiences(),
            "tenant": "common",
            "identityProvider": "AAD",
        },
        "media": "https://rest.media.azure.net",
        "graphAudience": "https://graph.windows.net/",
        "graph": "https://graph.windows.net/",
        "name": "AzureCloud",
        "suffixes": {
            "azureDataLakeStoreFileSystem": "azuredatalakestore.net",
            "acrLoginServer": "azurecr.io",
            "sqlServerHostname": "database.windows.net",
            "azureDataLakeAnalyticsCatalogAndJob": "azuredatalakeanalytics.net",
            "keyVaultDns": sandbox.storage.vault_suffix(),
            "storage": sandbox.storage.suffix(),
            "azureFrontDoorEndpointSuffix": "azurefd.net",
            "storageSyncEndpointSuffix": "afs.azure.net",
            "mhsmDns": "managedhsm.azure.net",
            "mysqlServerEndpoint": "mysql.database.azure.com",
            "postgresqlServerEndpoint": "postgres.database.azure.com",
            "mariadbServerEndpoint": "mariadb.database.azure.com",
            "synapseAnalytics": "dev.azuresynapse.net",
            "attestationEndpoint": "attest.azure.net",
        },
        "batch": "https://batch.core.windows.net/",
        "resourceManager": format!("{base}/"),
        "vmImageAliasDoc": format!("{base}/metadata/vmimagealiases"),
        "activeDirectoryDataLake": "https://datalake.azure.net/",
        "sqlManagement": "https://management.core.windows.net:8443/",
        "microsoftGraphResourceId": graph,
        "appInsightsResourceId": "https://api.applicationinsights.io",
        "appInsightsTelemetryChannelResourceId": "https://dc.applicationinsights.azure.com/v2/track",
        "attestationResourceId": "https://attest.azure.net",
        "synapseAnalyticsResourceId": "https://dev.azuresynapse.net",
        "logAnalyticsResourceId": "https://api.loganalytics.io",
        "ossrDbmsResourceId": "https://ossrdbms-aad.database.windows.net",
        "gallery": "https://gallery.azure.com/",
    })
}

/// The aliases of images (real-clients 1.1): the catalogue's, of the sandbox's era.
pub(super) fn image_aliases(sandbox: &Sandbox) -> Value {
    let group = |os: OsType| -> Map<String, Value> {
        let mut rows = Map::new();
        for alias in aliases(sandbox.era().month()).iter().filter(|alias| alias.os == os) {
            let architecture = match alias.architecture {
                Architecture::Arm64 => "Arm64",
                _ => "x64",
            };
            let row = json!({
                "publisher": alias.publisher,
                "offer": alias.offer,
                "sku": alias.sku,
                "version": "latest",
                "architecture": architecture,
            });
            rows.insert(alias.name.to_owned(), row);
        }
        rows
    };
    json!({
        "$schema": "http://schema.management.azure.com/schemas/2015-01-01/deploymentTemplate.json",
        "contentVersion": "1.0.0.0",
        "parameters": {},
        "variables": {},
        "resources": [],
        "outputs": {
            "aliases": {
                "type": "object",
                "value": { "Linux": group(OsType::Linux), "Windows": group(OsType::Windows) },
            }
        },
    })
}
