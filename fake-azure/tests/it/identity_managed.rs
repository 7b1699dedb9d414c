//! Managed identities, and what the metadata service says of a machine.

use std::fmt::Write as _;

use fake_azure::cloud::Guid;
use fake_azure::identity::{IDENTITY_HEADER, Lookup, find_principal};
use fake_azure::{FakeAzure, Listener};
use serde_json::{Value, json};

use crate::identity_support::{call, claims, encoded, form, line, subscriptions, without_tokens};
use crate::shell_support::{arm, json as tree, request_with, settings};

const TOKEN: &str =
    "/metadata/identity/oauth2/token?api-version=2018-02-01&resource=https%3A%2F%2Fmanagement.azure.com%2F";
const METADATA: (&str, &str) = ("metadata", "true");

/// Puts a document, and moves the clock until it is there.
fn put(azure: &FakeAzure, path: &str, version: &str, document: &Value) -> Value {
    let served = arm(
        azure,
        &format!("PUT {path}?api-version={version}"),
        &document.to_string(),
    );
    assert!(served.response.status().is_success(), "{}", tree(&served.response));
    azure.with_sandbox(|sandbox| {
        while let Some(due) = sandbox.cloud.next_due() {
            sandbox.advance(due);
        }
    });
    tree(&arm(azure, &format!("GET {path}?api-version={version}"), "").response)
}

/// A machine with an identity of its own, in a network: its id.
fn machine(azure: &FakeAzure) -> String {
    let group = format!("/subscriptions/{}/resourceGroups/g0", azure.subscription());
    put(azure, &group, "2021-04-01", &json!({ "location": "westus" }));
    let network = format!("{group}/providers/Microsoft.Network");
    put(
        azure,
        &format!("{network}/virtualNetworks/v0"),
        "2019-11-01",
        &json!({ "location": "westus", "properties": {
            "addressSpace": { "addressPrefixes": ["10.0.0.0/16"] },
            "subnets": [{ "name": "s0", "properties": { "addressPrefix": "10.0.1.0/24" } }],
        } }),
    );
    put(
        azure,
        &format!("{network}/networkInterfaces/n0"),
        "2019-11-01",
        &json!({ "location": "westus", "properties": { "ipConfigurations": [{ "name": "primary", "properties": {
            "subnet": { "id": format!("{network}/virtualNetworks/v0/subnets/s0") },
        } }] } }),
    );
    let id = format!("{group}/providers/Microsoft.Compute/virtualMachines/m0");
    put(
        azure,
        &id,
        "2021-07-01",
        &json!({
            "location": "westus",
            "identity": { "type": "SystemAssigned" },
            "tags": { "role": "web" },
            "properties": {
                "hardwareProfile": { "vmSize": "Standard_DS1_v2" },
                "storageProfile": {
                    "imageReference": {
                        "publisher": "Canonical", "offer": "0001-com-ubuntu-server-jammy", "sku": "22_04-lts", "version": "latest",
                    },
                    "osDisk": { "createOption": "FromImage" },
                },
                "osProfile": { "computerName": "m0", "adminUsername": "azureuser", "adminPassword": "fake-Passw0rd" },
                "networkProfile": { "networkInterfaces": [{ "id": format!("{network}/networkInterfaces/n0") }] },
            },
        }),
    );
    id
}

#[test]
fn a_machine_outside_of_every_cloud_has_an_identity() {
    let azure = FakeAzure::start();
    let (status, document) = call(&azure, &format!("GET {TOKEN}"), &[METADATA], "");
    assert_eq!(status, 200, "{document}");
    let token = document["access_token"].as_str().expect("a token").to_owned();
    let own = claims(&document["access_token"]);
    assert_eq!(subscriptions(&azure, &token), (200, 1));
    // The host name that the real service has is served, too.
    let real = format!("GET http://169.254.169.254{TOKEN}");
    let served = azure.serve(Listener::Arm, request_with(&real, &[METADATA], ""));
    assert_eq!(served.response.status().as_u16(), 200);
    settings().bind(|| insta::assert_json_snapshot!("identity_managed", [without_tokens(document), own]));
}

#[test]
fn refusals_of_the_metadata_service() {
    let azure = FakeAzure::start();
    let mut shown = String::new();
    let mut row = |name: &str, line: &str, headers: &[(&str, &str)]| {
        let (status, document) = call(&azure, line, headers, "");
        writeln!(shown, "{name}\n  {status} {document}").expect("a text takes any text");
    };
    let get = |query: &str| format!("GET /metadata/identity/oauth2/token?{query}");
    let resource = "resource=https://management.azure.com/";
    row("no header", &format!("GET {TOKEN}"), &[]);
    row(
        "header with another value",
        &format!("GET {TOKEN}"),
        &[("metadata", "yes")],
    );
    row(
        "through a proxy",
        &format!("GET {TOKEN}"),
        &[METADATA, ("x-forwarded-for", "10.0.0.1")],
    );
    row("no version", &get(resource), &[METADATA]);
    row(
        "old version",
        &get(&format!("api-version=2017-01-01&{resource}")),
        &[METADATA],
    );
    row("no resource", &get("api-version=2018-02-01"), &[METADATA]);
    row(
        "resource of nobody",
        &get("api-version=2018-02-01&resource=https://nothing.test"),
        &[METADATA],
    );
    let version = format!("api-version=2018-02-01&{resource}");
    row(
        "unknown identity",
        &get(&format!("{version}&client_id={}", Guid(1))),
        &[METADATA],
    );
    row(
        "two identities",
        &get(&format!("{version}&client_id={0}&object_id={0}", Guid(1))),
        &[METADATA],
    );
    row(
        "no such machine",
        &format!(
            "GET /subscriptions/{}/resourceGroups/g/providers/Microsoft.Compute/virtualMachines/m{TOKEN}",
            azure.subscription()
        ),
        &[METADATA],
    );
    row("by POST", &format!("POST {TOKEN}"), &[METADATA]);
    row("instance without a version", "GET /metadata/instance", &[METADATA]);
    row(
        "instance of an old version",
        "GET /metadata/instance?api-version=2015-01-01",
        &[METADATA],
    );
    row(
        "instance without the header",
        "GET /metadata/instance?api-version=2021-02-01",
        &[],
    );
    row(
        "a part that is not there",
        "GET /metadata/instance/compute/colour?api-version=2021-02-01",
        &[METADATA],
    );
    row(
        "a leaf as JSON",
        "GET /metadata/instance/compute/name?api-version=2021-02-01",
        &[METADATA],
    );
    row(
        "something else",
        "GET /metadata/identity/info?api-version=2021-02-01",
        &[METADATA],
    );
    let app_service = |query: &str| format!("GET /msi/token?{query}");
    let secret = ("x-identity-header", IDENTITY_HEADER);
    row("App Service without the header", &app_service(&version), &[]);
    row(
        "App Service with another header",
        &app_service(&version),
        &[("x-identity-header", "guess")],
    );
    row("App Service, old version", &app_service(&version), &[secret]);
    row(
        "App Service, no resource",
        &app_service("api-version=2019-08-01"),
        &[secret],
    );
    let version = format!("api-version=2019-08-01&{resource}");
    row(
        "App Service, unknown identity",
        &app_service(&format!("{version}&client_id={}", Guid(1))),
        &[secret],
    );
    row(
        "App Service, resource of nobody",
        &app_service("api-version=2019-08-01&resource=https://nothing.test"),
        &[secret],
    );
    settings().bind(|| insta::assert_snapshot!("identity_metadata_refusals", shown));
}

#[test]
fn app_service_and_cloud_shell_have_endpoints_of_their_own() {
    let azure = FakeAzure::start();
    let resource = encoded("https://management.azure.com/");
    let newer = format!("GET /msi/token?api-version=2019-08-01&resource={resource}");
    let older = format!("GET /msi/token?api-version=2017-09-01&resource={resource}");
    let shell = form(&[("resource", "https://management.azure.com/")]);
    let answers = [
        call(&azure, &newer, &[("X-IDENTITY-HEADER", IDENTITY_HEADER)], ""),
        call(&azure, &older, &[("secret", IDENTITY_HEADER)], ""),
        call(&azure, "POST /msi/token", &[METADATA], &shell),
    ];
    for answer in &answers {
        assert_eq!(
            line(answer),
            "200 access_token expires_on resource token_type client_id"
        );
        assert_eq!(
            subscriptions(&azure, answer.1["access_token"].as_str().expect("a token")),
            (200, 1)
        );
    }
}

#[test]
fn a_machine_of_the_cloud_has_its_own_metadata_service() {
    let azure = FakeAzure::start();
    let id = machine(&azure);
    let (status, document) = call(&azure, &format!("GET {id}{TOKEN}"), &[METADATA], "");
    assert_eq!(status, 200, "{document}");
    let own = claims(&document["access_token"]);
    assert_eq!(own["xms_mirid"], id.as_str());
    let token = document["access_token"].as_str().expect("a token").to_owned();
    assert_eq!(subscriptions(&azure, &token), (200, 1));

    // By any of its names, from anywhere.
    let names = [
        ("client_id", document["client_id"].as_str().expect("an id")),
        ("object_id", own["oid"].as_str().expect("an id")),
        ("mi_res_id", id.as_str()),
        ("msi_res_id", id.as_str()),
    ];
    for (name, value) in names {
        let (status, again) = call(
            &azure,
            &format!("GET {TOKEN}&{name}={}", encoded(value)),
            &[METADATA],
            "",
        );
        assert_eq!((status, &again["client_id"]), (200, &document["client_id"]), "{name}");
    }
    // Another's identity is none of the machine's.
    let other = azure.directory().first().app_id;
    assert_eq!(
        call(&azure, &format!("GET {id}{TOKEN}&client_id={other}"), &[METADATA], "").0,
        400
    );

    let principal = Guid::parse(own["oid"].as_str().expect("an id")).expect("a GUID");
    let found = azure.with_sandbox(|sandbox| find_principal(sandbox, principal));
    assert!(matches!(found, Lookup::Known(info) if info.kind == "ServicePrincipal" && info.display_name == "m0"));
    assert_eq!(
        azure.with_sandbox(|sandbox| find_principal(sandbox, Guid(1))),
        Lookup::Unknown
    );

    // Without the machine there is no identity, and its token says nothing.
    let served = arm(&azure, &format!("DELETE {id}?api-version=2021-07-01"), "");
    assert!(served.response.status().is_success());
    azure.with_sandbox(|sandbox| {
        while let Some(due) = sandbox.cloud.next_due() {
            sandbox.advance(due);
        }
    });
    assert_eq!(call(&azure, &format!("GET {id}{TOKEN}"), &[METADATA], "").0, 400);
    assert_eq!(subscriptions(&azure, &token).0, 401);
}

#[test]
fn what_a_machine_reads_about_itself() {
    let azure = FakeAzure::start();
    let id = machine(&azure);
    let mut shown = String::new();
    let mut row = |line: &str| {
        let (status, document) = call(&azure, line, &[METADATA], "");
        let text = match document {
            Value::String(text) => text,
            tree => serde_json::to_string_pretty(&tree).expect("a tree"),
        };
        let line = line.replace(&id, "{machine}");
        writeln!(shown, "> {line}\n{status} {text}\n").expect("a text takes any text");
    };
    row(&format!("GET {id}/metadata/instance?api-version=2021-02-01"));
    row(&format!(
        "GET {id}/metadata/instance/compute/location?api-version=2021-02-01&format=text"
    ));
    row(&format!(
        "GET {id}/metadata/instance/network/interface/0?api-version=2021-02-01&format=text"
    ));
    row(&format!(
        "GET {id}/metadata/instance/network/interface/0/ipv4/ipAddress/0/privateIpAddress?api-version=2021-02-01&format=text"
    ));
    row(&format!(
        "GET {id}/metadata/instance/network/interface?api-version=2021-02-01&format=text"
    ));
    row("GET /metadata/instance/compute/tagsList?api-version=2021-02-01");
    row("GET /metadata/versions");
    settings().bind(|| insta::assert_snapshot!("identity_instance", shown));
}
