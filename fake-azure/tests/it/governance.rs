//! Locks, roles and tags: what is laid over scopes, and what it forbids (ARM 1.5, 3.4, 6.6).

use fake_azure::cloud::ErrorKind;
use fake_azure::identity::{Directory, DirectoryOptions};
use serde_json::Value;

use crate::arm_support::{Arm, GATEWAY, NETWORK, SUBSCRIPTION, check, json};

const GROUP: &str = "/resourceGroups/g0";
const VNET: &str = "/resourceGroups/g0/providers/Microsoft.Network/virtualNetworks/v0";
const SUBNET: &str = "/resourceGroups/g0/providers/Microsoft.Network/virtualNetworks/v0/subnets/a";
const ADDRESS: &str = "/resourceGroups/g0/providers/Microsoft.Network/publicIPAddresses/p0";

/// A group with a network of one subnet and a public address.
fn scene() -> Arm {
    let mut arm = Arm::new();
    arm.prepare(&format!("PUT {GROUP}?{GATEWAY}"), r#"{"location":"westus"}"#);
    arm.prepare(
        &format!("PUT {VNET}?{NETWORK}"),
        r#"{"location":"westus","properties":{"addressSpace":{"addressPrefixes":["10.0.0.0/16"]},
            "subnets":[{"name":"a","properties":{"addressPrefix":"10.0.0.0/24"}}]}}"#,
    );
    arm.prepare(&format!("PUT {ADDRESS}?{NETWORK}"), r#"{"location":"westus"}"#);
    arm.wait(60);
    arm
}

fn lock(arm: &mut Arm, scope: &str, name: &str, level: &str) {
    arm.prepare(
        &format!("PUT {scope}/providers/Microsoft.Authorization/locks/{name}?api-version=2016-09-01"),
        &format!(r#"{{"properties":{{"level":"{level}"}}}}"#),
    );
}

fn unlock(arm: &mut Arm, scope: &str, name: &str) {
    arm.prepare(
        &format!("DELETE {scope}/providers/Microsoft.Authorization/locks/{name}?api-version=2016-09-01"),
        "",
    );
}

/// Status and code of a request's answer.
fn outcome(arm: &mut Arm, line: &str, body: &str) -> String {
    let response = arm.send(line, body);
    let document = if response.body().is_empty() {
        Value::Null
    } else {
        json(&response)
    };
    let code = document["error"]["code"].as_str().unwrap_or("").to_owned();
    format!("{} {code}", response.status().as_u16()).trim_end().to_owned()
}

#[test]
fn locks_are_made_shown_listed_and_taken_away() {
    let mut arm = scene();
    let at = |scope: &str, rest: &str| {
        format!("{scope}/providers/Microsoft.Authorization/locks{rest}?api-version=2016-09-01")
    };
    let escaped = format!("{SUBSCRIPTION}{VNET}").replace('/', "%2F");

    arm.tell(
        &format!("PUT {}", at(GROUP, "/held")),
        r#"{"properties":{"level":"cannotdelete","notes":"ours"}}"#,
    );
    arm.tell_short(
        &format!("PUT {}", at(GROUP, "/HELD")),
        r#"{"properties":{"level":"CanNotDelete"}}"#,
    );
    arm.tell_short(
        &format!("PUT !/{escaped}/providers/Microsoft.Authorization/locks/still?api-version=2016-09-01"),
        r#"{"properties":{"level":"ReadOnly","owners":[{"applicationId":"a"}]}}"#,
    );
    arm.tell_short(&format!("GET {}", at(VNET, "/still")), "");
    arm.tell_short(&format!("GET {}", at(GROUP, "")), "");
    arm.tell_short(&format!("GET {}", at(VNET, "")), "");
    arm.tell_short(&format!("GET {}&$filter=atScope()", at(GROUP, "")), "");
    arm.tell_short(&format!("GET {}", at("", "")), "");
    arm.tell_short(&format!("GET {}", at(GROUP, "/none")), "");
    arm.tell_short(&format!("DELETE {}", at(GROUP, "/none")), "");
    arm.tell_short(&format!("DELETE {}", at(VNET, "/still")), "");
    arm.tell_short(
        &format!("PUT {}", at(GROUP, "/l")),
        r#"{"properties":{"level":"Soft"}}"#,
    );
    arm.tell_short(&format!("PUT {}", at(GROUP, "/l")), "{}");
    arm.tell_short(
        &format!("PUT {}", at(GROUP, "/l%3F")),
        r#"{"properties":{"level":"ReadOnly"}}"#,
    );
    arm.tell_short(
        &format!("PUT {}", at("/resourceGroups/none", "/l")),
        r#"{"properties":{"level":"ReadOnly"}}"#,
    );
    arm.tell_short(
        &format!("PUT {}", at(&format!("{ADDRESS}x"), "/l")),
        r#"{"properties":{"level":"ReadOnly"}}"#,
    );
    check("locks", &arm.transcript());
}

#[test]
fn a_lock_forbids_at_its_scope_and_below_and_removal_above_it() {
    let put_address = format!("PUT {ADDRESS}?{NETWORK}");
    let delete_address = format!("DELETE {ADDRESS}?{NETWORK}");
    let delete_group = format!("DELETE {GROUP}?{GATEWAY}");
    let put_subnet = format!("PUT {SUBNET}?{NETWORK}");
    let delete_network = format!("DELETE {VNET}?{NETWORK}");
    let document = r#"{"location":"westus","properties":{"addressPrefix":"10.0.0.0/24"}}"#;

    let mut arm = scene();
    /// Requests, and what they are answered while the lock lies there.
    type Calls<'a> = &'a [(&'a str, &'a str)];
    let rows: [(&str, &str, Calls<'_>); 5] = [
        (
            "",
            "CanNotDelete",
            &[
                (&delete_address, "409 ScopeLocked"),
                (&delete_group, "409 ScopeLocked"),
                (&put_address, "200"),
            ],
        ),
        (
            GROUP,
            "ReadOnly",
            &[(&put_address, "409 ScopeLocked"), (&put_subnet, "409 ScopeLocked")],
        ),
        (
            SUBNET,
            "CanNotDelete",
            &[
                (&delete_network, "409 ScopeLocked"),
                (&delete_group, "409 ScopeLocked"),
                (&put_address, "200"),
            ],
        ),
        (
            SUBNET,
            "ReadOnly",
            &[(&put_subnet, "409 ScopeLocked"), (&delete_group, "409 ScopeLocked")],
        ),
        (GROUP, "NotSpecified", &[(&put_address, "200")]),
    ];
    for (scope, level, calls) in rows {
        arm.wait(60);
        lock(&mut arm, scope, "l", level);
        for (line, expected) in calls {
            let before = arm.sandbox.cloud.digest();
            assert_eq!(
                outcome(&mut arm, line, document),
                *expected,
                "{level} at `{scope}`: {line}"
            );
            if expected.starts_with('4') {
                assert_eq!(arm.sandbox.cloud.digest(), before, "a refused request changes nothing");
            }
        }
        unlock(&mut arm, scope, "l");
    }
    arm.wait(60);
    assert_eq!(outcome(&mut arm, &delete_address, ""), "202");
}

#[test]
fn a_read_only_lock_stops_every_action() {
    let mut arm = scene();
    let account = "/resourceGroups/g0/providers/Microsoft.Storage/storageAccounts/fakelocked";
    arm.prepare(
        &format!("PUT {account}?api-version=2019-06-01"),
        r#"{"location":"westus","sku":{"name":"Standard_LRS"},"kind":"StorageV2"}"#,
    );
    arm.wait(60);
    let keys = format!("POST {account}/listKeys?api-version=2019-06-01");
    assert_eq!(outcome(&mut arm, &keys, ""), "200");
    lock(&mut arm, account, "l", "ReadOnly");
    arm.tell_short(&keys, "");
    check("lock_action", &arm.transcript());
}

#[test]
fn a_lock_goes_with_what_it_lies_on() {
    let mut arm = scene();
    lock(&mut arm, ADDRESS, "l", "NotSpecified");
    arm.prepare(&format!("DELETE {ADDRESS}?{NETWORK}"), "");
    arm.wait(60);
    let list = arm.send(
        "GET /providers/Microsoft.Authorization/locks?api-version=2016-09-01",
        "",
    );
    assert_eq!(json(&list)["value"], serde_json::json!([]));
}

#[test]
fn roles_are_given_shown_listed_and_taken_away() {
    const NAME: &str = "1b8ea65f-b338-4291-8ba9-377d3faf22e1";
    const OTHER: &str = "2b8ea65f-b338-4291-8ba9-377d3faf22e1";
    let mut arm = scene();
    let at = |scope: &str, rest: &str| {
        format!("{scope}/providers/Microsoft.Authorization/roleAssignments{rest}?api-version=2018-09-01-preview")
    };
    let second = arm.sandbox.directory.principals()[1].object_id.to_string();
    let role = |role: &str, principal: &str| {
        format!(
            r#"{{"properties":{{"roleDefinitionId":"{SUBSCRIPTION}/providers/Microsoft.Authorization/roleDefinitions/{role}",
                "principalId":"{principal}"}}}}"#
        )
    };
    const READER: &str = "acdd72a7-3385-48ef-bd42-f606fba81ae7";
    const OWNER: &str = "8e3af657-a8ff-443c-a75c-2fe8c4bcb635";

    arm.tell(
        &format!("PUT {}", at(GROUP, &format!("/{NAME}"))),
        &role(READER, &second),
    );
    arm.tell_short(
        &format!("PUT {}", at(GROUP, &format!("/{NAME}"))),
        &role(READER, &second),
    );
    arm.tell_short(
        &format!("PUT {}", at(GROUP, &format!("/{NAME}"))),
        &role(OWNER, &second),
    );
    arm.tell_short(
        &format!("PUT {}", at(GROUP, &format!("/{OTHER}"))),
        &role(READER, &second),
    );
    arm.tell_short(&format!("PUT {}", at(GROUP, &format!("/{OTHER}"))), &role(READER, NAME));
    arm.tell_short(
        &format!("PUT {}", at(GROUP, &format!("/{OTHER}"))),
        &role(NAME, &second),
    );
    arm.tell_short(&format!("PUT {}", at(GROUP, "/name")), &role(READER, &second));
    arm.tell_short(&format!("PUT {}", at(GROUP, &format!("/{OTHER}"))), "{}");
    arm.tell_short(&format!("GET {}", at(GROUP, &format!("/{NAME}"))), "");
    arm.tell_short(&format!("GET {}", at(GROUP, &format!("/{OTHER}"))), "");
    arm.tell_short(&format!("GET {}", at(VNET, "")), "");
    arm.tell_short(&format!("GET {}&$filter=principalId%20eq%20'{NAME}'", at("", "")), "");
    arm.tell_short(&format!("GET {}&$filter=atScope()", at("", "")), "");
    arm.tell_short(&format!("GET {}&$filter=name%20eq%20'x'", at("", "")), "");
    arm.tell_short(&format!("DELETE {}", at(GROUP, &format!("/{NAME}"))), "");
    arm.tell_short(&format!("DELETE {}", at(GROUP, &format!("/{NAME}"))), "");
    check("role_assignments", &arm.transcript());
}

#[test]
fn a_directory_that_is_not_at_hand_knows_everybody() {
    let mut arm = scene();
    let options = DirectoryOptions {
        any_principal: true,
        ..arm.sandbox.directory.options()
    };
    arm.sandbox.directory.set_options(options);
    let line = format!(
        "PUT {GROUP}/providers/Microsoft.Authorization/roleAssignments/1b8ea65f-b338-4291-8ba9-377d3faf22e1?api-version=2022-04-01"
    );
    let body = r#"{"properties":{"principalId":"f92f5bd6-9feb-4eaa-8a5c-a3a6b8606ffe",
        "roleDefinitionId":"/providers/Microsoft.Authorization/roleDefinitions/acdd72a7-3385-48ef-bd42-f606fba81ae7"}}"#;
    assert_eq!(outcome(&mut arm, &line, body), "201");
}

#[test]
fn role_definitions_are_built_in_or_made() {
    const NAME: &str = "fcbdc48b-ce44-457d-a026-682df3d57f29";
    let mut arm = scene();
    let at =
        |rest: &str| format!("/providers/Microsoft.Authorization/roleDefinitions{rest}?api-version=2018-01-01-preview");
    let custom = format!(
        r#"{{"properties":{{"roleName":"Starter","description":"Starts machines.","type":"CustomRole",
            "permissions":[{{"actions":["Microsoft.Compute/virtualMachines/start/action"],"notActions":[]}}],
            "assignableScopes":["{SUBSCRIPTION}"]}}}}"#
    );
    arm.tell_short(&format!("GET {}&$filter=roleName%20eq%20'Reader'", at("")), "");
    arm.tell_short("GET !/providers/Microsoft.Authorization/roleDefinitions/acdd72a7-3385-48ef-bd42-f606fba81ae7?api-version=2015-07-01", "");
    arm.tell(&format!("PUT {}", at(&format!("/{NAME}"))), &custom);
    arm.tell_short(&format!("PUT {}", at("/2cbdc48b-ce44-457d-a026-682df3d57f29")), &custom);
    arm.tell_short(
        &format!("PUT {}", at("/2cbdc48b-ce44-457d-a026-682df3d57f29")),
        r#"{"properties":{"roleName":"x"}}"#,
    );
    arm.tell_short(&format!("GET {}&$filter=type%20eq%20'CustomRole'", at("")), "");
    arm.tell_short(
        &format!("GET /resourceGroups/none{}&$filter=roleName%20eq%20'Starter'", at("")),
        "",
    );
    arm.tell_short(&format!("GET {}", at("/26bcdc6f-b67f-4783-8798-872472f66ee0")), "");
    arm.tell_short(&format!("DELETE {}", at(&format!("/{NAME}"))), "");
    arm.tell_short(&format!("DELETE {}", at(&format!("/{NAME}"))), "");
    check("role_definitions", &arm.transcript());
}

#[test]
fn tags_of_a_scope_are_a_thing_of_their_own() {
    let mut arm = scene();
    let at = |scope: &str| format!("{scope}/providers/Microsoft.Resources/tags/default?api-version=2021-04-01");
    arm.tell_short(&format!("GET {}", at(VNET)), "");
    arm.tell(
        &format!("PUT {}", at(VNET)),
        r#"{"properties":{"tags":{"team":"a","tier":"1"}}}"#,
    );
    arm.tell_short(
        &format!("PATCH {}", at(VNET)),
        r#"{"operation":"Merge","properties":{"tags":{"TEAM":"b"}}}"#,
    );
    arm.tell_short(
        &format!("PATCH {}", at(VNET)),
        r#"{"operation":"Delete","properties":{"tags":{"tier":"1"}}}"#,
    );
    arm.tell_short(&format!("PUT {}", at("")), r#"{"properties":{"tags":{"cost":"7"}}}"#);
    arm.tell_short(&format!("GET {}", at("")), "");
    arm.tell_short(&format!("DELETE {}", at(VNET)), "");
    arm.tell_short(&format!("GET {}", at(VNET)), "");
    arm.tell_short(&format!("GET {}", at(&format!("{VNET}x"))), "");
    check("tags_default", &arm.transcript());
}

#[test]
fn tag_names_count_what_bears_them() {
    let mut arm = scene();
    const QUERY: &str = "api-version=2016-09-01";
    arm.prepare(
        &format!("PUT {GROUP}?{GATEWAY}"),
        r#"{"location":"westus","tags":{"Team":"a"}}"#,
    );
    arm.tell_short(&format!("PUT /tagNames/team?{QUERY}"), "");
    arm.tell_short(&format!("PUT /tagNames/team?{QUERY}"), "");
    arm.tell_short(&format!("PUT /tagNames/team/tagValues/b?{QUERY}"), "");
    arm.tell_short(&format!("PUT /tagNames/none/tagValues/b?{QUERY}"), "");
    arm.tell_short(&format!("GET /tagNames?{QUERY}"), "");
    arm.tell_short(&format!("DELETE /tagNames/team?{QUERY}"), "");
    arm.tell_short(&format!("DELETE /tagNames/team/tagValues/b?{QUERY}"), "");
    arm.tell_short(&format!("DELETE /tagNames/team/tagValues/b?{QUERY}"), "");
    arm.tell_short(&format!("PUT /tagNames/a%3Fb?{QUERY}"), "");
    check("tag_names", &arm.transcript());
}

#[test]
fn tags_are_limited_in_number_length_and_letters() {
    let mut arm = scene();
    let tags = |tags: &[(String, String)]| {
        let tags: serde_json::Map<String, Value> = tags
            .iter()
            .map(|(name, value)| (name.clone(), Value::from(value.as_str())))
            .collect();
        serde_json::json!({"location": "westus", "tags": tags}).to_string()
    };
    let one = |name: &str, value: &str| tags(&[(name.to_owned(), value.to_owned())]);
    let many = |count: usize| {
        tags(
            &(0..count)
                .map(|at| (format!("t{at}"), "v".to_owned()))
                .collect::<Vec<_>>(),
        )
    };
    let rows = [
        (many(50), "200"),
        (many(51), "400 InvalidTags"),
        (one(&"n".repeat(512), "v"), "200"),
        (one(&"n".repeat(513), "v"), "400 InvalidTagNameLength"),
        (one("n", &"v".repeat(257)), "400 InvalidTagValueLength"),
        (one("a/b", "v"), "400 InvalidTagNameCharacters"),
        (one("hidden-link:/subscriptions/x", "v"), "200"),
        (one("Azure-thing", "v"), "400 ReservedTagNamePrefix"),
    ];
    for (document, expected) in rows {
        let line = format!("PUT {ADDRESS}?{NETWORK}");
        assert_eq!(outcome(&mut arm, &line, &document), expected, "{document}");
        arm.wait(60);
    }
}

#[test]
fn where_roles_are_enforced_a_caller_may_do_what_its_roles_allow() {
    let mut arm = scene();
    let token = sign_in_second(&arm);
    let second = arm.sandbox.directory.principals()[1].object_id;
    let get = format!("GET {ADDRESS}?{NETWORK}");
    let put = format!("PUT {ADDRESS}?{NETWORK}");
    let document = r#"{"location":"westus"}"#;
    let ask = |arm: &mut Arm, line: &str, body: &str| {
        let response = arm.send_with(line, &[("authorization", &token)], body);
        (
            response.status().as_u16(),
            String::from_utf8_lossy(response.body()).into_owned(),
        )
    };

    assert_eq!(ask(&mut arm, &get, "").0, 200, "roles are not enforced");
    arm.sandbox.enforce_roles = true;
    let (status, body) = ask(&mut arm, &get, "");
    assert_eq!(status, 403);
    assert!(
        body.contains("AuthorizationFailed") && body.contains("Microsoft.Network/publicIPAddresses/read"),
        "{body}"
    );

    let permissions = format!("GET {GROUP}/providers/Microsoft.Authorization/permissions?api-version=2022-04-01");
    let own = arm.send(&permissions, "");
    assert_eq!(
        json(&own)["value"][0]["actions"],
        serde_json::json!(["*"]),
        "the first principal owns all"
    );

    const READER: &str = "acdd72a7-3385-48ef-bd42-f606fba81ae7";
    arm.prepare(
        &format!(
            "PUT {GROUP}/providers/Microsoft.Authorization/roleAssignments/1b8ea65f-b338-4291-8ba9-377d3faf22e1?api-version=2022-04-01"
        ),
        &format!(
            r#"{{"properties":{{"roleDefinitionId":"/providers/Microsoft.Authorization/roleDefinitions/{READER}","principalId":"{second}"}}}}"#
        ),
    );
    assert_eq!(ask(&mut arm, &get, "").0, 200);
    assert_eq!(ask(&mut arm, &put, document).0, 403);
    let (_, allowed) = ask(&mut arm, &permissions, "");
    assert!(allowed.contains(r#""actions":["*/read"]"#), "{allowed}");
    assert_eq!(ask(&mut arm, "GET !/subscriptions?api-version=2020-01-01", "").0, 200);
}

/// A token of the second principal, as the token endpoint gives it.
pub(crate) fn sign_in_second(arm: &Arm) -> String {
    let mut sandbox = arm.sandbox.clone();
    let directory: &Directory = &arm.sandbox.directory;
    let principal = &directory.principals()[1];
    let body = format!(
        "grant_type=client_credentials&client_id={}&client_secret={}&resource=https://management.azure.com/",
        principal.app_id, principal.secret
    );
    let request = http::Request::builder()
        .method("POST")
        .uri(format!("https://localhost:8446/{}/oauth2/token", directory.tenant()))
        .header("content-type", "application/x-www-form-urlencoded")
        .body(bytes::Bytes::from(body))
        .expect("a request");
    let served = fake_azure::wire::serve(&mut sandbox, fake_azure::Listener::Aad, request);
    let document: Value = serde_json::from_slice(served.response.body()).expect("a token document");
    format!("Bearer {}", document["access_token"].as_str().expect("a token"))
}

#[test]
fn a_locked_scope_is_a_conflict_and_no_invitation_to_retry() {
    let mut arm = scene();
    lock(&mut arm, GROUP, "l", "CanNotDelete");
    let refused = arm.sandbox.cloud.check_locks(
        &format!("{SUBSCRIPTION}{ADDRESS}"),
        fake_azure::cloud::governance::Verb::Delete,
    );
    assert_eq!(refused.map_err(|error| error.kind), Err(ErrorKind::Conflict));
}
