//! Live runs: what is refused, and what a rehearsal shows.

use assert_cmd::Command;
use conformance::exit;

fn conformance(arguments: &[&str]) -> (u8, String, String) {
    let output = Command::cargo_bin("conformance")
        .expect("the binary was built")
        .args(arguments)
        .env("NO_COLOR", "1")
        .env_remove("RUST_LOG")
        .env_remove("AZURE_TENANT_ID")
        .env_remove("AZURE_SUBSCRIPTION_ID")
        .env_remove("AZURE_CLIENT_ID")
        .env_remove("AZURE_CLIENT_SECRET")
        .env_remove("CONFORMANCE_PREFIX")
        .output()
        .expect("the binary starts");
    let code = output.status.code().and_then(|code| u8::try_from(code).ok());
    (
        code.unwrap_or(255),
        String::from_utf8_lossy(&output.stdout).into_owned(),
        String::from_utf8_lossy(&output.stderr).into_owned(),
    )
}

const MACHINE: &str = "about: A machine comes and goes.
generation: A7
steps:
  - provider: create
  - provider: start_instance
    machine: 0
  # So long that the token has to be renewed.
  - clock: {advance: 3h}
  - provider: all_instances
    expect: {instances: [machine-0]}
  - provider: stop_instances
    ids: [machine-0]
";

fn folder(text: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder can be made");
    std::fs::create_dir(folder.path().join("story")).expect("a folder can be made");
    std::fs::write(folder.path().join("story/one.yaml"), text).expect("a file can be written");
    folder
}

fn rehearse(text: &str, more: &[&str]) -> (u8, String, String) {
    let folder = folder(text);
    let path = folder.path().to_str().expect("its name is text");
    let mut arguments = vec!["--scenarios", path, "run", "story", "--target", "live", "--dry-run"];
    arguments.extend(more);
    conformance(&arguments)
}

#[test]
fn nothing_is_sent_without_an_account_and_an_agreed_cost() {
    let folder = folder(MACHINE);
    let path = folder.path().to_str().expect("its name is text");
    let run = ["--scenarios", path, "run", "story", "--target", "live"];
    let (code, out, err) = conformance(&run);
    assert_eq!((code, out.as_str()), (exit::USAGE, ""));
    assert!(err.contains("--i-accept-cost"), "{err}");
    let agreed: Vec<&str> = run.into_iter().chain(["--i-accept-cost", "1"]).collect();
    let (code, out, err) = conformance(&agreed);
    assert_eq!((code, out.as_str()), (exit::USAGE, ""));
    assert!(err.contains("AZURE_TENANT_ID"), "{err}");
}

#[test]
fn generations_that_azure_has_retired_are_refused_with_the_reason() {
    let (code, _, err) = rehearse(&MACHINE.replace("generation: A7\n", ""), &[]);
    assert_eq!(code, exit::USAGE);
    assert!(
        err.contains("generation A1") && err.contains("needs generation A7"),
        "{err}"
    );
    let (code, _, err) = rehearse(&MACHINE.replace("generation: A7", "stack: classic"), &[]);
    assert_eq!(code, exit::USAGE);
    assert!(err.contains("Azure has retired"), "{err}");
}

#[test]
fn a_rehearsal_shows_every_request_and_no_secret() {
    let (code, out, err) = rehearse(MACHINE, &[]);
    assert_eq!(code, exit::OK, "{err}");
    let requests: Vec<&str> = out
        .lines()
        .filter(|line| {
            ["GET ", "PUT ", "POST ", "DELETE "]
                .iter()
                .any(|verb| line.starts_with(verb))
        })
        .collect();
    let count = |part: &str| requests.iter().filter(|line| line.contains(part)).count();
    // Signing in, and again when the token has ended.
    assert!(count("/oauth2/") >= 2, "{out}");
    assert!(
        count("PUT https://management.azure.com/subscriptions/<subscription>/resource") >= 2,
        "{out}"
    );
    assert!(count("DELETE ") >= 3, "{out}");
    // What is left is looked for, and goes.
    assert!(
        requests.last().is_some_and(|line| line.contains("/resourcegroups?")),
        "{requests:?}"
    );

    let directory = fake_azure::identity::Directory::default();
    let principal = directory.first();
    for secret in [
        principal.secret.as_str(),
        &principal.app_id.to_string(),
        &directory.tenant().to_string(),
        conformance::driver::SUBSCRIPTION,
        directory.fake_token(),
        "eyJ0eX",
    ] {
        assert!(!out.contains(secret), "`{secret}` is shown");
    }
    assert!(out.contains(r#""customData":"<secret>""#), "{out}");
}

#[test]
fn a_rehearsal_stays_within_its_budget_and_its_groups() {
    let (code, _, err) = rehearse(MACHINE, &["--i-accept-cost", "0"]);
    assert_eq!(code, exit::UNEXPECTED);
    assert!(err.contains("no more were agreed to"), "{err}");

    let foreign = "about: Somebody else's group.\nsteps:\n  - put: group/production\n    expect: {status: 201}\n";
    let (code, out, err) = rehearse(foreign, &[]);
    assert_eq!(code, exit::UNEXPECTED);
    assert!(err.contains("does not begin with `conformance-1-`"), "{err}");
    assert!(!out.contains("PUT "), "{out}");
}

#[test]
fn cleaning_deletes_what_the_prefix_names() {
    let (code, out, err) = conformance(&["clean", "--dry-run", "--seed", "9"]);
    assert_eq!(
        (code, err.as_str()),
        (exit::OK, "nothing is left whose name begins with `conformance-9-`\n")
    );
    assert!(out.contains("/resourcegroups?api-version="), "{out}");
}
