//! The Azure SDK for Rust against the server whose addresses are in the environment.
//!
//! There is no maintained management crate in it: requests go through the SDK's own pipeline and credential, which is what
//! such a crate is made of. Prints `ok SENTENCE` and `not ok SENTENCE`, with the reason on indented lines.

use std::env;
use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use azure_core::cloud::{CloudConfiguration, CustomConfiguration};
use azure_core::credentials::{Secret, TokenCredential};
use azure_core::error::ErrorKind;
use azure_core::http::headers::HeaderName;
use azure_core::http::policies::Policy;
use azure_core::http::policies::auth::BearerTokenAuthorizationPolicy;
use azure_core::http::{
    ClientOptions, Context, Method, Pipeline, RawResponse, Request, RequestContent, Transport, Url,
};
use azure_identity::{ClientSecretCredential, ClientSecretCredentialOptions};
use azure_storage_blob::{BlobServiceClient, BlobServiceClientOptions};
use serde_json::{Value, json};

static FAILED: AtomicBool = AtomicBool::new(false);

type Outcome<T> = Result<T, Box<dyn Error>>;

#[tokio::main(flavor = "current_thread")]
async fn main() {
    if rustls::crypto::ring::default_provider().install_default().is_err() {
        not_ok("a TLS provider is installed", "there was one already");
    }
    let here = match Here::new("") {
        Ok(here) => here,
        Err(error) => {
            not_ok("the environment names a server", &error.to_string());
            std::process::exit(1);
        }
    };
    for (title, told) in [
        ("signing in", signing_in().await),
        ("groups", groups(&here).await),
        ("networks", networks(&here).await),
        ("blobs", blobs(&here).await),
        ("removal", removal(&here).await),
    ] {
        if let Err(error) = told {
            not_ok(title, &error.to_string());
        }
    }
    std::process::exit(i32::from(FAILED.load(Ordering::Relaxed)));
}

async fn signing_in() -> Outcome<()> {
    let scope = format!("{}/.default", var("FAKE_ARM_URL")?);
    let token = credential("")?.get_token(&[&scope], None).await?;
    check("a secret gives a token", 3, token.token.secret().split('.').count());
    let refused = credential("wrong")?.get_token(&[&scope], None).await;
    check(
        "a wrong secret is refused",
        true,
        refused.is_err_and(|error| error.to_string().contains("AADSTS7000215")),
    );
    Ok(())
}

async fn groups(here: &Here) -> Outcome<()> {
    let group = here
        .put("/resourceGroups/g1", "2021-04-01", &json!({"location": "westus"}))
        .await?;
    check(
        "a group is made",
        &json!("Succeeded"),
        &group["properties"]["provisioningState"],
    );
    here.refused(
        "a group that is not there is not found",
        "ResourceGroupNotFound",
        Method::Get,
        "/resourceGroups/nope",
        "2021-04-01",
        None,
    )
    .await;
    here.refused(
        "a group keeps its location",
        "InvalidResourceGroupLocation",
        Method::Put,
        "/resourceGroups/g1",
        "2021-04-01",
        Some(&json!({"location": "eastus"})),
    )
    .await;
    Ok(())
}

async fn networks(here: &Here) -> Outcome<()> {
    let network = "/resourceGroups/g1/providers/Microsoft.Network";
    let vnet = here
        .put(
            &format!("{network}/virtualNetworks/v1"),
            "2023-11-01",
            &json!({"location": "westus", "properties": {
                "addressSpace": {"addressPrefixes": ["10.0.0.0/16"]},
                "subnets": [{"name": "s1", "properties": {"addressPrefix": "10.0.0.0/24"}}],
            }}),
        )
        .await?;
    check(
        "a network is made with its subnet",
        &json!("s1"),
        &vnet["properties"]["subnets"][0]["name"],
    );
    let nic = here
        .put(
            &format!("{network}/networkInterfaces/n1"),
            "2023-11-01",
            &json!({"location": "westus", "properties": {
                "ipConfigurations": [{"name": "ip", "properties": {"subnet": {"id": vnet["properties"]["subnets"][0]["id"]}}}],
            }}),
        )
        .await?;
    check(
        "an interface has the first free address",
        &json!("10.0.0.4"),
        &nic["properties"]["ipConfigurations"][0]["properties"]["privateIPAddress"],
    );
    here.refused(
        "a subnet in use stays",
        "InUseSubnetCannotBeDeleted",
        Method::Delete,
        &format!("{network}/virtualNetworks/v1/subnets/s1"),
        "2023-11-01",
        None,
    )
    .await;
    here.delete(&format!("{network}/networkInterfaces/n1"), "2023-11-01")
        .await?;
    here.delete(&format!("{network}/virtualNetworks/v1"), "2023-11-01")
        .await?;
    let left = here.get(&format!("{network}/virtualNetworks"), "2023-11-01").await?;
    check("a network goes", &json!([]), &left["value"]);
    Ok(())
}

async fn blobs(here: &Here) -> Outcome<()> {
    let account = "/resourceGroups/g1/providers/Microsoft.Storage/storageAccounts/fakerust01";
    let made = here
        .put(
            account,
            "2023-01-01",
            &json!({"location": "westus", "sku": {"name": "Standard_LRS"}, "kind": "StorageV2", "properties": {}}),
        )
        .await?;
    check(
        "an account is made",
        &json!("Succeeded"),
        &made["properties"]["provisioningState"],
    );
    let endpoint = made["properties"]["primaryEndpoints"]["blob"]
        .as_str()
        .ok_or("the account has no address")?;
    let options = BlobServiceClientOptions {
        client_options: client_options()?,
        ..Default::default()
    };
    // The account is in the path: behind a last slash the SDK would add an empty segment.
    let service = BlobServiceClient::new(
        Url::parse(endpoint.trim_end_matches('/'))?,
        Some(credential("")?),
        Some(options),
    )?;
    let container = service.blob_container_client("files");
    container.create(None).await?;
    check("a container is there", true, container.exists().await?);
    let again = container.create(None).await;
    check(
        "a container is made once",
        Some("ContainerAlreadyExists".to_owned()),
        again.err().and_then(|error| code(&error)),
    );
    let blob = container.blob_client("a.txt");
    blob.upload(RequestContent::from(b"hello".to_vec()), None).await?;
    let read = blob.download(None).await?.body.collect().await?;
    check("what was written is read", b"hello".as_slice(), read.as_ref());
    blob.delete(None).await?;
    check("a blob goes", false, blob.exists().await?);
    Ok(())
}

async fn removal(here: &Here) -> Outcome<()> {
    here.delete("/resourceGroups/g1", "2021-04-01").await?;
    here.refused(
        "a group goes with all that is in it",
        "ResourceGroupNotFound",
        Method::Get,
        "/resourceGroups/g1",
        "2021-04-01",
        None,
    )
    .await;
    Ok(())
}

/// A subscription, as the SDK's pipeline sees it.
struct Here {
    base: String,
    pipeline: Pipeline,
}

impl Here {
    fn new(secret: &str) -> Outcome<Here> {
        let arm = var("FAKE_ARM_URL")?;
        let signed: Arc<dyn Policy> = Arc::new(BearerTokenAuthorizationPolicy::new(
            credential(secret)?,
            [format!("{arm}/.default")],
        ));
        Ok(Here {
            base: format!("{arm}/subscriptions/{}", var("FAKE_SUBSCRIPTION")?),
            pipeline: Pipeline::new(
                Some("check"),
                Some("0.1.0"),
                client_options()?,
                Vec::new(),
                vec![signed],
                None,
            ),
        })
    }

    async fn send(&self, method: Method, url: &str, body: Option<&Value>) -> azure_core::Result<RawResponse> {
        let mut request = Request::new(Url::parse(url)?, method);
        request.insert_header("accept", "application/json");
        if let Some(body) = body {
            request.insert_header("content-type", "application/json");
            request.set_body(body.to_string());
        }
        self.pipeline.send(&Context::new(), &mut request, None).await
    }

    fn url(&self, path: &str, version: &str) -> String {
        format!("{}{path}?api-version={version}", self.base)
    }

    async fn get(&self, path: &str, version: &str) -> Outcome<Value> {
        document(&self.send(Method::Get, &self.url(path, version), None).await?)
    }

    /// Writes, and waits for the end of the operation as the protocol has it.
    async fn put(&self, path: &str, version: &str, body: &Value) -> Outcome<Value> {
        let answer = self.send(Method::Put, &self.url(path, version), Some(body)).await?;
        self.wait(&answer).await?;
        self.get(path, version).await
    }

    async fn delete(&self, path: &str, version: &str) -> Outcome<()> {
        let answer = self.send(Method::Delete, &self.url(path, version), None).await?;
        self.wait(&answer).await
    }

    async fn wait(&self, answer: &RawResponse) -> Outcome<()> {
        let header = |name: &'static str| {
            answer
                .headers()
                .get_optional_str(&HeaderName::from_static(name))
                .map(str::to_owned)
        };
        if let Some(url) = header("azure-asyncoperation") {
            for _ in 0..20 {
                let state = document(&self.send(Method::Get, &url, None).await?)?;
                match state["status"].as_str() {
                    Some("Succeeded") => return Ok(()),
                    Some("Failed" | "Canceled") => return Err(state.to_string().into()),
                    _ => {}
                }
            }
            return Err(format!("{url} does not end").into());
        }
        if let Some(url) = header("location") {
            for _ in 0..20 {
                if u16::from(self.send(Method::Get, &url, None).await?.status()) != 202 {
                    return Ok(());
                }
            }
            return Err(format!("{url} does not end").into());
        }
        Ok(())
    }

    async fn refused(
        &self,
        sentence: &str,
        expected: &str,
        method: Method,
        path: &str,
        version: &str,
        body: Option<&Value>,
    ) {
        match self.send(method, &self.url(path, version), body).await {
            Ok(answer) => not_ok(
                sentence,
                &format!("expected {expected}, got {}", u16::from(answer.status())),
            ),
            Err(error) => check(sentence, Some(expected.to_owned()), code(&error)),
        }
    }
}

/// The code of Azure's error.
fn code(error: &azure_core::Error) -> Option<String> {
    match error.kind() {
        ErrorKind::HttpResponse { error_code, .. } => error_code.clone(),
        _ => Some(error.to_string()),
    }
}

fn document(answer: &RawResponse) -> Outcome<Value> {
    Ok(serde_json::from_slice(answer.body())?)
}

fn var(name: &str) -> Outcome<String> {
    env::var(name).map_err(|_| format!("{name} is not set").into())
}

/// A transport that trusts the server's certificate: the SDK takes any client of reqwest.
fn client_options() -> Outcome<ClientOptions> {
    let authority = std::fs::read(var("FAKE_CA_FILE")?)?;
    let client = reqwest::Client::builder()
        .tls_certs_only(reqwest::Certificate::from_pem_bundle(&authority)?)
        .build()?;
    let mut cloud = CustomConfiguration::default();
    cloud.authority_host = var("FAKE_AAD_URL")?;
    Ok(ClientOptions {
        transport: Some(Transport::new(Arc::new(client))),
        cloud: Some(Arc::new(CloudConfiguration::from(cloud))),
        ..Default::default()
    })
}

/// The service principal, with its own secret or another.
fn credential(secret: &str) -> Outcome<Arc<dyn TokenCredential>> {
    let secret = if secret.is_empty() {
        var("FAKE_CLIENT_SECRET")?
    } else {
        secret.to_owned()
    };
    let options = ClientSecretCredentialOptions {
        client_options: client_options()?,
    };
    Ok(ClientSecretCredential::new(
        &var("FAKE_TENANT")?,
        var("FAKE_CLIENT_ID")?,
        Secret::new(secret),
        Some(options),
    )?)
}

fn check<T: PartialEq + std::fmt::Debug>(sentence: &str, expected: T, got: T) {
    if expected == got {
        println!("ok {sentence}");
    } else {
        not_ok(sentence, &format!("expected {expected:?}\n  got      {got:?}"));
    }
}

fn not_ok(sentence: &str, why: &str) {
    FAILED.store(true, Ordering::Relaxed);
    println!("not ok {sentence}\n  {why}");
}
