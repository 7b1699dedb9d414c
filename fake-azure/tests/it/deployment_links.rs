//! Templates that links find outside of the cloud: supplied by the builder, by the control API, from a folder.

use camino::Utf8Path;
use fake_azure::{FakeAzure, Templates};
use serde_json::{Value, json};

use crate::deployment_support::{address, of};
use crate::shell_support::{arm, control};

const LINK: &str = "https://templates.example.net/main.json";

/// Orders a deployment by a link; gives back the status, and the error's code and message.
fn order(azure: &FakeAzure, uri: &str) -> (u16, String) {
    let subscription = azure.subscription();
    let group = format!("/subscriptions/{subscription}/resourceGroups/g0");
    arm(
        azure,
        &format!("PUT {group}?api-version=2021-04-01"),
        r#"{"location":"westus"}"#,
    );
    let line = format!("PUT {group}/providers/Microsoft.Resources/deployments/d0?api-version=2021-04-01");
    let body = json!({"properties": {"mode": "Incremental", "templateLink": {"uri": uri}}});
    let served = arm(azure, &line, &body.to_string()).response;
    let document: Value = serde_json::from_slice(served.body()).expect("an answer is JSON");
    // Whoever reads it waits for its end.
    arm(azure, &line.replace("PUT", "GET"), "");
    let text = |name: &str| document["error"][name].as_str().unwrap_or("").to_owned();
    (
        served.status().as_u16(),
        format!("{} {}", text("code"), text("message")),
    )
}

fn body() -> String {
    of(&json!([address("ip0")]))
}

#[test]
fn what_the_builder_supplies_is_found_and_nothing_else_is() {
    let azure = FakeAzure::builder().template(LINK, body()).start();
    assert_eq!(order(&azure, LINK).0, 201);
    assert_eq!(order(&azure, "HTTPS://Templates.example.net/main.json?sig=abc").0, 200);
    let (status, told) = order(&azure, "https://templates.example.net/other.json");
    assert_eq!(status, 400);
    assert!(told.starts_with("InvalidContentLink Unable to download deployment content from 'https://templates.example.net/other.json'. The tracking Id is '"), "{told}");
    for uri in [
        "file:///main.json",
        "main.json",
        "\\\\share\\main.json",
        "ftp://templates.example.net/main.json",
    ] {
        let (status, told) = order(&azure, uri);
        assert_eq!(status, 400, "{uri}");
        assert!(
            told.starts_with(&format!(
                "InvalidContentLink The provided content link '{uri}' is invalid"
            )),
            "{told}"
        );
    }
    assert_eq!(order(&FakeAzure::start(), LINK).0, 400);
}

#[test]
fn what_stands_there_need_not_be_a_template() {
    let azure = FakeAzure::builder()
        .template(LINK, "<html>")
        .template("https://x.example/y", "{}")
        .start();
    let (status, told) = order(&azure, LINK);
    assert_eq!(status, 400);
    assert!(
        told.starts_with("InvalidTemplate Deployment template parse failed"),
        "{told}"
    );
    assert_eq!(order(&azure, "https://x.example/y").0, 400);
}

#[test]
fn the_control_api_supplies_templates_and_takes_them_back() {
    let azure = FakeAzure::builder()
        .template("https://own.example/a.json", "{}")
        .start();
    let own = json!([{"address": "own.example/a.json", "bytes": 2}]);
    assert_eq!(control(&azure, "GET templates", ""), (200, json!({ "value": own })));
    let template: Value = serde_json::from_str(&body()).expect("a template");
    let (status, listed) = control(
        &azure,
        "POST templates",
        &json!({"url": LINK, "body": template}).to_string(),
    );
    assert_eq!((status, listed["value"].as_array().map(Vec::len)), (200, Some(2)));
    assert_eq!(order(&azure, LINK).0, 201);
    control(
        &azure,
        "POST templates",
        &json!({"url": LINK, "body": "// a comment\n{}"}).to_string(),
    );
    assert_eq!(order(&azure, LINK).0, 400);

    let (status, refused) = control(
        &azure,
        "POST templates",
        &json!({"url": "main.json", "body": ""}).to_string(),
    );
    assert_eq!((status, &refused["error"]["code"]), (400, &json!("InvalidValue")));
    assert_eq!(control(&azure, "PUT templates", "").0, 405);

    assert_eq!(control(&azure, "DELETE templates", ""), (200, json!({})));
    assert_eq!(control(&azure, "GET templates", ""), (200, json!({"value": []})));
    // A reset begins with what the server began with.
    control(&azure, "POST reset", "");
    assert_eq!(control(&azure, "GET templates", ""), (200, json!({ "value": own })));
}

#[test]
fn a_folder_stands_for_web_servers() {
    let folder = tempfile::tempdir().expect("a folder");
    let root = Utf8Path::from_path(folder.path()).expect("its path is text");
    let host = root.join("Templates.example.net/nested");
    std::fs::create_dir_all(&host).expect("a folder can be made");
    std::fs::write(root.join("Templates.example.net/main.json"), body()).expect("a file can be written");
    std::fs::write(host.join("part.json"), "{}").expect("a file can be written");
    let templates = Templates::read_folder(root).expect("the folder can be read");
    assert_eq!(
        templates.find("http://templates.example.net/nested/part.json"),
        Some("{}")
    );
    assert_eq!(order(&FakeAzure::builder().templates(&templates).start(), LINK).0, 201);

    std::fs::write(host.join("bytes.json"), [0xff, 0xfe, 0x00]).expect("a file can be written");
    let error = Templates::read_folder(root).expect_err("no text stands there");
    assert!(error.path.as_str().ends_with("bytes.json"), "{error}");
    assert!(Templates::read_folder(&root.join("nothing")).is_err());
}

#[test]
fn a_folder_that_is_not_there_is_told_before_anything_is_served() {
    let mut command = assert_cmd::Command::new(env!("CARGO_BIN_EXE_fake-azure"));
    let output = command
        .args(["serve", "--port", "arm=0", "--templates", "no-such-folder"])
        .output()
        .expect("it runs");
    assert_eq!(output.status.code(), Some(4));
    let told = String::from_utf8(output.stderr).expect("messages are text");
    assert!(told.starts_with("error: cannot read `no-such-folder`: "), "{told}");
    assert!(told.contains("hint: `--templates` names a folder of folders"), "{told}");
}
