//! Package deployments as a client sees them: updates that walk the upgrade domains, instances, and the way back.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::asm_support::{Classic, check, row, snapshot};

const WEB: &str = "/services/hostedservices/web";
const D: &str = "/services/hostedservices/web/deployments/one";
const SLOT: &str = "/services/hostedservices/web/deploymentslots/Production";

/// A service configuration with one role of so many instances.
fn configuration(count: u32) -> String {
    STANDARD.encode(format!(
        "<?xml version=\"1.0\"?><ServiceConfiguration serviceName=\"s\" xmlns=\"http://schemas.microsoft.com/ServiceHosting/2008/10/ServiceConfiguration\">\
         <Role name=\"Worker\"><Instances count=\"{count}\"/></Role></ServiceConfiguration>"
    ))
}

fn package(count: u32, start: bool) -> String {
    format!(
        "<CreateDeployment><Name>one</Name><PackageUrl>https://acct.blob.core.windows.net/p/a.cspkg</PackageUrl><Label>bA==</Label>\
         <Configuration>{}</Configuration><StartDeployment>{start}</StartDeployment></CreateDeployment>",
        configuration(count)
    )
}

fn upgrade(mode: &str, count: u32) -> String {
    format!(
        "<UpgradeDeployment><Mode>{mode}</Mode><PackageUrl>https://acct.blob.core.windows.net/p/b.cspkg</PackageUrl>\
         <Configuration>{}</Configuration><Label>bmV3</Label><Force>true</Force></UpgradeDeployment>",
        configuration(count)
    )
}

fn configure(mode: &str, count: u32) -> String {
    format!(
        "<ChangeConfiguration><Configuration>{}</Configuration><Mode>{mode}</Mode></ChangeConfiguration>",
        configuration(count)
    )
}

fn walk(domain: u32) -> String {
    format!("<WalkUpgradeDomain><UpgradeDomain>{domain}</UpgradeDomain></WalkUpgradeDomain>")
}

fn roll_back(mode: &str) -> String {
    format!("<RollbackUpdateOrUpgrade><Mode>{mode}</Mode><Force>false</Force></RollbackUpdateOrUpgrade>")
}

/// A service with a started package of so many instances.
fn running(count: u32) -> Classic {
    let classic = Classic::start();
    classic.service("web");
    classic.ok("POST", SLOT, &package(count, true));
    classic.advance(600);
    classic
}

#[test]
fn a_manual_upgrade_is_walked_domain_by_domain() {
    let mut classic = running(2);
    classic.done("POST", &format!("{D}/?comp=upgrade"), &upgrade("manual", 2));
    classic.say("GET", SLOT, "");
    classic.say("POST", &format!("{D}/?comp=walkupgradedomain"), &walk(1));
    let first = classic.say("POST", &format!("{D}/?comp=walkupgradedomain"), &walk(0));
    classic.say("GET", SLOT, "");
    classic.finish(&first);
    classic.say("GET", SLOT, "");
    classic.done("POST", &format!("{SLOT}?comp=walkupgradedomain"), &walk(1));
    classic.say("GET", D, "");
    classic.check();
    snapshot("asm-upgrade-by-hand", &classic.transcript());
}

#[test]
fn a_rollback_stops_an_automatic_upgrade() {
    let mut classic = running(3);
    let begun = classic.say("POST", &format!("{D}/?comp=upgrade"), &upgrade("Auto", 5));
    classic.say("GET", SLOT, "");
    classic.say("POST", &format!("{D}/?comp=config"), &configure("Auto", 4));
    let back = classic.say("POST", &format!("{D}/?comp=rollback"), &roll_back("Auto"));
    classic.say("GET", &format!("/operations/{:032x}", begun.operation().0.0), "");
    classic.say("GET", SLOT, "");
    assert_eq!(classic.finish(&back), "Succeeded");
    let after = classic.say("GET", SLOT, "").body;
    assert_eq!(after.matches("<InstanceName>").count(), 3, "{after}");
    classic.check();
    snapshot("asm-rollback", &classic.transcript());
}

#[test]
fn an_automatic_update_reaches_one_domain_after_the_other() {
    let classic = running(3);
    let begun = classic.send("POST", &format!("{D}/?comp=config"), &configure("", 4));
    let domain = |classic: &Classic| {
        let body = classic.send("GET", SLOT, "").body;
        let found = body
            .split("<CurrentUpgradeDomain>")
            .nth(1)
            .and_then(|rest| rest.split('<').next());
        found.map(str::to_owned)
    };
    let mut seen = Vec::new();
    for _ in 0..200 {
        let now = domain(&classic);
        if seen.last() != Some(&now) {
            seen.push(now);
        }
        classic.advance(1);
    }
    assert_eq!(classic.finish(&begun), "Succeeded");
    let some = |text: &str| Some(text.to_owned());
    assert_eq!(seen[..3], [some("0"), some("1"), some("2")]);
    assert_eq!(domain(&classic), None);
    classic.check();
}

#[test]
fn a_failed_update_leaves_what_was() {
    let classic = running(2);
    let before = classic.send("GET", SLOT, "").body;
    let begun = classic.send("POST", &format!("{D}/?comp=config"), &configure("", 40));
    let end = classic.finish(&begun);
    assert!(end.contains("cores count"), "{end}");
    let after = classic.send("GET", SLOT, "").body;
    assert_eq!(after, before);
    classic.check();
}

#[test]
fn instances_are_rebooted_reimaged_rebuilt_and_deleted() {
    let mut classic = running(3);
    let instance = |n: u32| format!("{D}/roleinstances/Worker_IN_{n}");
    classic.done("POST", &format!("{}?comp=reboot", instance(0)), "");
    classic.done("POST", &format!("{SLOT}/roleinstances/worker_in_1?comp=reimage"), "");
    classic.done(
        "POST",
        &format!("{}?comp=rebuild&resources=allLocalDrives", instance(2)),
        "",
    );
    classic.say("GET", SLOT, "");
    classic.done(
        "POST",
        &format!("{D}/roleinstances/?comp=delete"),
        "<RoleInstances><Name>Worker_IN_1</Name></RoleInstances>",
    );
    let after = classic.say("GET", SLOT, "").body;
    let inside = after
        .split("<Configuration>")
        .nth(1)
        .and_then(|rest| rest.split('<').next())
        .expect("a configuration");
    let inside = String::from_utf8(STANDARD.decode(inside).expect("base64")).expect("text");
    assert!(inside.contains("count=\"2\""), "{inside}");
    let suspending = classic.say(
        "POST",
        &format!("{D}/?comp=status"),
        "<UpdateDeploymentStatus><Status>Suspended</Status></UpdateDeploymentStatus>",
    );
    let status = |classic: &Classic| {
        let body = classic.send("GET", D, "").body;
        let found = body.split("<Status>").nth(1).and_then(|rest| rest.split('<').next());
        found.map(str::to_owned)
    };
    assert_eq!(status(&classic).as_deref(), Some("Suspending"));
    assert_eq!(classic.finish(&suspending), "Succeeded");
    assert_eq!(status(&classic).as_deref(), Some("Suspended"));
    classic.say(
        "GET",
        &format!("{SLOT}/events?StartTime=2016-04-01T00:00:00Z&EndTime=2016-04-02T00:00:00Z"),
        "",
    );
    classic.done("DELETE", SLOT, "");
    classic.check();
    snapshot("asm-role-instances", &classic.transcript());
}

#[test]
fn a_slot_stands_for_the_deployment_in_it() {
    let mut classic = running(2);
    classic.done("POST", &format!("{SLOT}/?comp=config"), &configure("Simultaneous", 3));
    classic.done("POST", &format!("{SLOT}/?comp=upgrade"), &upgrade("Manual", 3));
    classic.done("POST", &format!("{SLOT}/?comp=rollback"), &roll_back("Simultaneous"));
    classic.done("POST", &format!("{SLOT}/roleinstances/Worker_IN_0?comp=reboot"), "");
    classic.done("POST", &format!("{SLOT}/roleinstances/Worker_IN_1?comp=rebuild"), "");
    classic.done("POST", &format!("{D}/roleinstances/Worker_IN_1?comp=reimage"), "");
    classic.done(
        "POST",
        &format!("{SLOT}/roleinstances?comp=delete"),
        "<RoleInstances><Name>Worker_IN_0</Name></RoleInstances>",
    );
    classic.say(
        "GET",
        &format!("{D}/events?starttime=2016-04-01T00:00:00Z&endtime=2016-04-02T00:00:00Z"),
        "",
    );
    classic.say(
        "GET",
        &format!("{D}/events?starttime=2016-04-02&endtime=2016-04-01"),
        "",
    );
    classic.say("GET", D, "");
    classic.check();
    snapshot("asm-slots", &classic.transcript());
}

/// A request to the blob service with a token that it takes everywhere.
fn blob(classic: &Classic, verb: &str, path: &str, headers: &[(&str, &str)], body: &str) -> (u16, String) {
    let token = format!("Bearer {}", classic.azure.token());
    let mut all = vec![("authorization", token.as_str()), ("x-ms-version", "2019-12-12")];
    all.extend_from_slice(headers);
    let line = format!("{verb} https://acct.blob.core.windows.net/{path}");
    let served = classic
        .azure
        .send(crate::shell_support::request_with(&line, &all, body));
    let text = String::from_utf8_lossy(served.response.body()).into_owned();
    (served.response.status().as_u16(), text)
}

fn upload(classic: &Classic, path: &str, body: &str) {
    let length = body.len().to_string();
    let headers = [("x-ms-blob-type", "BlockBlob"), ("content-length", length.as_str())];
    let (status, answer) = blob(classic, "PUT", path, &headers, body);
    assert_eq!(status, 201, "{answer}");
}

/// A request whose package lies in the container `packages`.
fn lying_here(body: &str) -> String {
    body.replace(".net/p/", ".net/packages/")
}

/// A service with a package that lies in the account `acct`, and an empty container `out`.
fn deployed() -> Classic {
    let classic = Classic::start();
    classic.service("web");
    classic.account("acct");
    for container in ["packages", "out"] {
        let (status, answer) = blob(&classic, "PUT", &format!("{container}?restype=container"), &[], "");
        assert_eq!(status, 201, "{answer}");
    }
    upload(&classic, "packages/a.cspkg", "the first package");
    upload(&classic, "packages/b.cspkg", "the second package");
    classic.ok("POST", SLOT, &lying_here(&package(1, true)));
    classic.advance(600);
    classic
}

fn container(name: &str) -> String {
    format!("containerUri=https%3A%2F%2Facct.blob.core.windows.net%2F{name}")
}

#[test]
fn a_package_and_its_configuration_are_copied_into_a_container() {
    let mut classic = deployed();
    // What is deployed is what was there then.
    upload(&classic, "packages/a.cspkg", "something else");
    let out = container("out");
    classic.done("POST", &format!("{D}/package?{out}"), "");
    classic.check();
    let read = |name: &str| blob(&classic, "GET", &format!("out/{name}"), &[], "");
    assert_eq!(read("one.cspkg"), (200, "the first package".to_owned()));
    let (_, settings) = read("one.cscfg");
    assert_eq!(STANDARD.encode(settings), configuration(1));

    // An upgrade brings another package; a file that is there is only written over when the client says so.
    let body = lying_here(&upgrade("Auto", 2));
    classic.ok("POST", &format!("{D}/?comp=upgrade"), &body);
    classic.say("POST", &format!("{SLOT}/package?{out}"), "");
    classic.done("POST", &format!("{SLOT}/package?{out}&overwriteExisting=true"), "");
    let read = |name: &str| blob(&classic, "GET", &format!("out/{name}"), &[], "").1;
    assert_eq!(read("one.cspkg"), "the second package");
    assert_eq!(STANDARD.encode(read("one.cscfg")), configuration(2));
    snapshot("asm-get-package", &classic.transcript());
}

#[test]
fn a_package_that_cannot_be_copied_is_refused() {
    let classic = deployed();
    let query = "400 MissingOrInvalidRequiredQueryParameter: A required query parameter was not specified for this request or was \
                 specified incorrectly.";
    let out = container("out");
    classic.service("vm");
    let machine = crate::asm_support::deployment("vm", &crate::asm_support::role("vm", ""));
    classic.ok("POST", "/services/hostedservices/vm/deployments", &machine);
    let no_container = |name: &str| -> &'static str {
        let uri = format!("https://acct.blob.core.windows.net/{name}");
        let line = format!(
            "404 ResourceNotFound: The container '{uri}' was not found in a storage account of this subscription."
        );
        Box::leak(line.into_boxed_str())
    };
    check(
        &classic,
        &[
            row("POST", format!("{D}/package"), "", query),
            row(
                "POST",
                format!("{D}/package?{out}&overwriteExisting=perhaps"),
                "",
                query,
            ),
            row(
                "POST",
                format!("{D}/package?{}", container("none")),
                "",
                no_container("none"),
            ),
            row(
                "POST",
                format!("{D}/package?{}", container("out%2Fdeeper")),
                "",
                no_container("out/deeper"),
            ),
            row(
                "POST",
                format!("{D}/package?containerUri=elsewhere"),
                "",
                "404 ResourceNotFound: The container 'elsewhere' was not found in a storage account of this subscription.",
            ),
            row(
                "POST",
                format!("{WEB}/deployments/two/package?{out}"),
                "",
                "404 ResourceNotFound: The deployment name 'two' does not exist.",
            ),
            row(
                "POST",
                format!("/services/hostedservices/vm/deployments/vm/package?{out}"),
                "",
                "400 BadRequest: The operation is not supported on a virtual machine deployment.",
            ),
        ],
    );
    upload(&classic, "out/one.cscfg", "there before");
    check(
        &classic,
        &[row(
            "POST",
            format!("{D}/package?{out}"),
            "",
            "409 ConflictError: The blob one.cscfg already exists in the container.",
        )],
    );

    // A container that goes while the operation runs fails it.
    let begun = classic.send("POST", &format!("{D}/package?{out}&overwriteExisting=true"), "");
    assert_eq!(begun.status, 202, "{}", begun.line());
    assert_eq!(blob(&classic, "DELETE", "out?restype=container", &[], "").0, 202);
    let ended = classic.finish(&begun);
    assert!(
        ended.ends_with(no_container("out").trim_start_matches("404 ")),
        "{ended}"
    );

    // Of a package that lies elsewhere nothing is known but its configuration.
    let elsewhere = package(1, true)
        .replace("<Name>one", "<Name>two")
        .replace("https://acct.blob", "https://elsewhere.blob");
    classic.ok("POST", &format!("{WEB}/deploymentslots/Staging"), &elsewhere);
    check(
        &classic,
        &[row(
            "POST",
            format!("{WEB}/deployments/two/package?{out}"),
            "",
            "404 ResourceNotFound: The package of deployment two was not found.",
        )],
    );
}

#[test]
fn packages_refuse() {
    let classic = running(2);
    let of_machines = "/services/hostedservices/vm/deployments/vm";
    classic.service("vm");
    classic.account("acct");
    let machine = crate::asm_support::deployment("vm", &crate::asm_support::role("vm", ""));
    classic.ok("POST", "/services/hostedservices/vm/deployments", &machine);
    let no_machines = "400 BadRequest: The operation is not supported on a virtual machine deployment.";
    let parameter = "400 BadRequest: A parameter was incorrect";
    let extension = "<ExtensionConfiguration><NamedRoles><Role><RoleName>Worker</RoleName><Extensions><Extension><Id>no</Id></Extension>\
                     </Extensions></Role></NamedRoles></ExtensionConfiguration></ChangeConfiguration>";
    check(
        &classic,
        &[
            row(
                "POST",
                format!("{D}/?comp=walkupgradedomain"),
                walk(0),
                "400 BadRequest: No manual update of the deployment is in progress.",
            ),
            row(
                "POST",
                format!("{D}/?comp=rollback"),
                roll_back("Auto"),
                "400 BadRequest: No update of the deployment is in progress that can be rolled back.",
            ),
            row("POST", format!("{D}/?comp=rollback"), roll_back("Sideways"), parameter),
            row("POST", format!("{D}/?comp=upgrade"), upgrade("Auto", 0), parameter),
            row(
                "POST",
                format!("{D}/?comp=upgrade"),
                upgrade("Auto", 2).replace("<Force>", "<RoleToUpgrade>Other</RoleToUpgrade><Force>"),
                "404 ResourceNotFound: Role Other was not found in the currently deployed service.",
            ),
            row(
                "POST",
                format!("{D}/?comp=upgrade"),
                upgrade("Auto", 2).replace("bmV3</Label>", ""),
                "400 InvalidXmlRequest: The request body's XML was invalid or not correctly specified.",
            ),
            row(
                "POST",
                format!("{D}/?comp=config"),
                configure("Auto", 2).replace("</ChangeConfiguration>", extension),
                "404 ResourceNotFound: The extension no does not exist.",
            ),
            row(
                "POST",
                format!("{D}/roleinstances/Worker_IN_9?comp=reboot"),
                "",
                "404 ResourceNotFound: The role instance Worker_IN_9 was not found in the deployment.",
            ),
            row(
                "POST",
                format!("{D}/roleinstances?comp=delete"),
                "<RoleInstances></RoleInstances>",
                parameter,
            ),
            row(
                "POST",
                format!("{D}/roleinstances?comp=delete"),
                "<RoleInstances><Name>Worker_IN_9</Name></RoleInstances>",
                "404 ResourceNotFound: The role instance Worker_IN_9 was not found in the deployment.",
            ),
            row(
                "POST",
                format!("{D}/roleinstances?comp=delete"),
                "<RoleInstances><Name>Worker_IN_0</Name><Name>Worker_IN_1</Name></RoleInstances>",
                "400 BadRequest: The last role instance of role Worker cannot be deleted.",
            ),
            row(
                "POST",
                format!("{of_machines}/?comp=upgrade"),
                upgrade("Auto", 1),
                no_machines,
            ),
            row(
                "POST",
                format!("{of_machines}/?comp=rollback"),
                roll_back("Auto"),
                no_machines,
            ),
            row(
                "POST",
                format!("{of_machines}/?comp=status"),
                "<UpdateDeploymentStatus><Status>Running</Status></UpdateDeploymentStatus>",
                no_machines,
            ),
            row(
                "POST",
                format!("{of_machines}/roleinstances/vm?comp=reimage"),
                "",
                no_machines,
            ),
            row(
                "POST",
                format!("{of_machines}/roleinstances?comp=delete"),
                "<RoleInstances><Name>vm</Name></RoleInstances>",
                no_machines,
            ),
        ],
    );
    classic.ok("POST", &format!("{of_machines}/roleinstances/vm?comp=reboot"), "");
    classic.ok("POST", &format!("{D}/?comp=upgrade"), &upgrade("Manual", 2));
    let in_progress = "409 ConflictError: An update of the deployment is in progress.";
    check(
        &classic,
        &[
            row("POST", format!("{D}/?comp=upgrade"), upgrade("Auto", 2), in_progress),
            row("POST", format!("{D}/?comp=config"), configure("Auto", 2), in_progress),
            row(
                "POST",
                format!("{D}/roleinstances?comp=delete"),
                "<RoleInstances><Name>Worker_IN_0</Name></RoleInstances>",
                in_progress,
            ),
            row(
                "POST",
                format!("{D}/?comp=walkupgradedomain"),
                walk(1),
                "400 BadRequest: The upgrade domain 1 cannot be updated now. The next one is 0.",
            ),
        ],
    );
    classic.ok("POST", &format!("{D}/?comp=rollback"), &roll_back("Manual"));
    let rolling = classic.send("GET", SLOT, "").body;
    assert!(
        rolling.contains("<RollbackAllowed>false</RollbackAllowed>"),
        "{rolling}"
    );
    classic.ok("POST", &format!("{D}/?comp=walkupgradedomain"), &walk(0));
    classic.ok("POST", &format!("{D}/?comp=walkupgradedomain"), &walk(1));
    assert!(!classic.send("GET", SLOT, "").body.contains("<UpgradeStatus>"));
    classic.ok("DELETE", &format!("{WEB}?comp=media"), "");
    classic.check();
}
