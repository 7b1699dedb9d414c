//! What all resource types share.

use fake_azure_cloud::catalogue::limits::Era;
use fake_azure_cloud::{
    Answer, ApiVersion, Call, Cloud, CloudError, Conditions, Document, Guid, Kind, Outcome, Reply, ResourceId, Scope,
    Settings, Status, Time, View,
};
use serde_json::json;

const SUBSCRIPTION: Guid = Guid(0x0b1f_6471_1bf0_4dda_aec3_cb92_72f0_9590);
const VERSION: ApiVersion = ApiVersion::date(2019, 11, 1);

fn cloud() -> Cloud {
    Cloud::new(&Settings {
        seed: 1,
        start: Time::from_millis(1_459_468_800_000),
        era: Era::Arm2016,
        subscriptions: vec![SUBSCRIPTION],
    })
}

fn id(tail: &str) -> ResourceId {
    ResourceId::parse(&format!("/subscriptions/{SUBSCRIPTION}/resourceGroups/{tail}")).expect("a well-formed id")
}

fn network(tail: &str) -> ResourceId {
    id(&format!("rg/providers/Microsoft.Network/virtualNetworks/{tail}"))
}

fn put_with(
    cloud: &mut Cloud,
    id: &ResourceId,
    document: Document,
    conditions: Conditions,
) -> Result<Reply, CloudError> {
    cloud.apply(&Call::Put {
        id: id.clone(),
        document,
        version: VERSION,
        conditions,
    })
}

fn put(cloud: &mut Cloud, id: &ResourceId, document: Document) -> Result<Reply, CloudError> {
    put_with(cloud, id, document, Conditions::NONE)
}

fn delete(cloud: &mut Cloud, id: &ResourceId) -> Result<Reply, CloudError> {
    cloud.apply(&Call::Delete {
        id: id.clone(),
        version: VERSION,
        conditions: Conditions::NONE,
    })
}

fn get(cloud: &mut Cloud, id: &ResourceId) -> Result<Document, CloudError> {
    let reply = cloud.apply(&Call::Get { id: id.clone() })?;
    match reply.outcome {
        Outcome::Found(resource) => Ok(cloud.document(
            &resource,
            &View {
                version: VERSION,
                answer: Answer::Read,
                expand: "",
            },
        )),
        other => panic!("GET answers what it found, not {other:?}"),
    }
}

/// Moves time until nothing more happens by itself.
fn settle(cloud: &mut Cloud) {
    while let Some(due) = cloud.next_due() {
        cloud.advance_to(due);
    }
}

fn code(outcome: Result<Reply, CloudError>) -> String {
    match outcome {
        Ok(_) => "ok".to_owned(),
        Err(error) => error.code.into_owned(),
    }
}

/// A cloud with the group `rg` in westus and the network `v0`, 10.0.0.0/16, with the subnet `a`, 10.0.0.0/24.
fn with_network() -> Cloud {
    let mut cloud = cloud();
    put(&mut cloud, &id("rg"), json!({"location": "West US"})).expect("the group is made");
    put(&mut cloud, &network("v0"), v0("10.0.0.0/24")).expect("the network is made");
    settle(&mut cloud);
    cloud
}

fn v0(subnet: &str) -> Document {
    json!({"location": "westus", "properties": {
        "addressSpace": {"addressPrefixes": ["10.0.0.0/16"]},
        "subnets": [{"name": "a", "properties": {"addressPrefix": subnet}}],
    }})
}

fn subnet(prefix: &str) -> Document {
    json!({"properties": {"addressPrefix": prefix}})
}

#[test]
fn a_group_is_found_in_any_case_and_shown_as_it_was_written() {
    let mut cloud = cloud();
    put(&mut cloud, &id("MyGroup"), json!({"location": "West US", "tags": {}})).expect("the group is made");
    let shown = get(&mut cloud, &id("mygroup")).expect("the group is found");
    assert_eq!(
        shown,
        json!({
            "id": format!("/subscriptions/{SUBSCRIPTION}/resourceGroups/MyGroup"),
            "name": "MyGroup",
            "type": "Microsoft.Resources/resourceGroups",
            "location": "westus",
            "tags": {},
            "properties": {"provisioningState": "Succeeded"},
        })
    );
}

#[test]
fn a_group_stays_where_it_is() {
    let mut cloud = with_network();
    assert_eq!(
        code(put(&mut cloud, &id("rg"), json!({"location": "eastus"}))),
        "InvalidResourceGroupLocation"
    );
    assert_eq!(code(put(&mut cloud, &id("rg"), json!({}))), "ok");
    assert_eq!(code(put(&mut cloud, &id("new"), json!({}))), "LocationRequired");
    assert_eq!(
        code(put(&mut cloud, &id("new"), json!({"location": "atlantis"}))),
        "LocationNotAvailableForResourceGroup"
    );
    assert_eq!(
        code(put(&mut cloud, &id("bad*name"), json!({"location": "westus"}))),
        "InvalidResourceGroup"
    );
}

#[test]
fn nothing_lives_without_its_group_or_parent() {
    let mut cloud = cloud();
    assert_eq!(
        code(put(&mut cloud, &network("v0"), v0("10.0.0.0/24"))),
        "ResourceGroupNotFound"
    );
    put(&mut cloud, &id("rg"), json!({"location": "westus"})).expect("the group is made");
    assert_eq!(
        code(put(&mut cloud, &network("v0/subnets/a"), subnet("10.0.0.0/24"))),
        "ParentResourceNotFound"
    );
    assert_eq!(
        get(&mut cloud, &network("v0")).expect_err("absent").code,
        "ResourceNotFound"
    );
    assert_eq!(code(delete(&mut cloud, &network("v0"))), "ok");
}

#[test]
fn subnets_are_one_thing_with_two_doors() {
    let mut cloud = with_network();
    put(&mut cloud, &network("v0/subnets/b"), subnet("10.0.1.0/24")).expect("the subnet is made");
    settle(&mut cloud);
    let shown = get(&mut cloud, &network("v0")).expect("the network is found");
    let names: Vec<_> = shown["properties"]["subnets"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|s| s["name"].clone())
        .collect();
    assert_eq!(names, ["a", "b"]);
    assert_eq!(shown["properties"]["subnets"][1]["etag"], shown["etag"]);

    put(&mut cloud, &network("v0"), v0("10.0.0.0/24")).expect("the network is written again");
    settle(&mut cloud);
    assert_eq!(
        get(&mut cloud, &network("v0/subnets/b")).expect_err("left out").code,
        "NotFound"
    );
    assert_eq!(cloud.check(), [""; 0]);
}

#[test]
fn a_refused_request_changes_nothing() {
    let mut cloud = with_network();
    let before = cloud.digest();
    let mut overlapping = v0("10.0.0.0/24");
    overlapping["properties"]["subnets"] = json!([
        {"name": "c", "properties": {"addressPrefix": "10.0.7.0/24"}},
        {"name": "d", "properties": {"addressPrefix": "10.0.7.128/25"}},
    ]);
    for (tail, document, refusal) in [
        ("v0", overlapping, "NetcfgSubnetRangesOverlap"),
        ("v0/subnets/b", subnet("10.0.0.128/25"), "NetcfgSubnetRangesOverlap"),
        ("v0/subnets/b", subnet("10.1.0.0/24"), "NetcfgInvalidSubnet"),
        ("v0/subnets/b", subnet("10.0.1.0/30"), "NetcfgInvalidSubnet"),
        ("v0/subnets/b", subnet("10.0.1.1/24"), "InvalidCIDRNotation"),
        ("v0/subnets/b", subnet("ten"), "InvalidAddressPrefixFormat"),
        ("v0/subnets/_b", subnet("10.0.1.0/24"), "InvalidResourceName"),
    ] {
        assert_eq!(code(put(&mut cloud, &network(tail), document)), refusal, "{tail}");
        assert_eq!(cloud.digest(), before, "{refusal}");
    }
}

#[test]
fn a_second_write_while_one_runs_is_told_to_come_back() {
    let mut cloud = with_network();
    put(&mut cloud, &network("v0"), v0("10.0.0.0/24")).expect("the network is written again");
    let error = put(&mut cloud, &network("v0"), v0("10.0.0.0/24")).expect_err("the first one runs");
    assert_eq!(error.code, "RetryableError");
    assert_eq!(error.details[0].code, "RetryableErrorDueToAnotherOperation");
    let end = error.until.expect("it ends by itself");
    cloud.advance_to(end);
    assert_eq!(code(put(&mut cloud, &network("v0"), v0("10.0.0.0/24"))), "ok");
}

#[test]
fn conditions_are_judged_against_the_etag() {
    let mut cloud = with_network();
    let etag = get(&mut cloud, &network("v0")).expect("found")["etag"]
        .as_str()
        .expect("a text")
        .to_owned();
    let matching = |etag: &str| Conditions {
        if_match: Some(etag.to_owned()),
        only_new: false,
    };
    let v1 = network("v1");

    assert_eq!(
        code(put_with(
            &mut cloud,
            &network("v0"),
            v0("10.0.0.0/24"),
            matching("W/\"x\"")
        )),
        "PreconditionFailed"
    );
    assert_eq!(
        code(put_with(&mut cloud, &v1, v0("10.0.0.0/24"), matching("*"))),
        "PreconditionFailed"
    );
    assert_eq!(
        code(put_with(
            &mut cloud,
            &network("v0"),
            v0("10.0.0.0/24"),
            Conditions {
                if_match: None,
                only_new: true
            }
        )),
        "PreconditionFailed"
    );
    assert_eq!(
        code(put_with(&mut cloud, &network("v0"), v0("10.0.0.0/24"), matching(&etag))),
        "ok"
    );
    settle(&mut cloud);
    assert_eq!(
        code(put_with(&mut cloud, &network("v0"), v0("10.0.0.0/24"), matching(&etag))),
        "PreconditionFailed"
    );
}

#[test]
fn a_group_takes_everything_along_and_is_closed_meanwhile() {
    let mut cloud = with_network();
    let reply = delete(&mut cloud, &id("rg")).expect("the deletion begins");
    let operation = reply.operation.expect("it takes time");
    assert_eq!(
        get(&mut cloud, &id("rg")).expect("still there")["properties"]["provisioningState"],
        "Deleting"
    );
    assert_eq!(
        code(put(&mut cloud, &network("v1"), v0("10.0.0.0/24"))),
        "ResourceGroupBeingDeleted"
    );
    assert_eq!(
        code(put(&mut cloud, &id("rg"), json!({"location": "westus"}))),
        "ResourceGroupBeingDeleted"
    );

    settle(&mut cloud);
    assert_eq!(
        cloud.operation(operation).expect("it stays readable").status,
        Status::Succeeded
    );
    assert_eq!(
        get(&mut cloud, &id("rg")).expect_err("gone").code,
        "ResourceGroupNotFound"
    );
    assert!(cloud.store().is_empty());
    assert!(cloud.fabric().networks.is_empty() && cloud.fabric().pools.is_empty());
    assert_eq!(cloud.ledger().counters().count(), 0);
}

#[test]
fn tags_are_patched_at_once() {
    let mut cloud = with_network();
    let patch = Call::Patch {
        id: network("v0"),
        document: json!({"tags": {"a": "1"}}),
        version: VERSION,
        conditions: Conditions::NONE,
    };
    assert!(cloud.apply(&patch).expect("tags may change").operation.is_none());
    let shown = get(&mut cloud, &network("v0")).expect("found");
    assert_eq!(shown["tags"], json!({"a": "1"}));
    assert_eq!(shown["properties"]["subnets"][0]["name"], "a");
}

#[test]
fn a_doomed_operation_leaves_the_resource_failed_and_an_endless_one_goes_on() {
    let mut cloud = with_network();
    let reply = put(&mut cloud, &network("v0/subnets/b"), subnet("10.0.1.0/24")).expect("it begins");
    let operation = reply.operation.expect("it takes time");
    assert!(cloud.set_endless(operation, true));
    settle(&mut cloud);
    assert!(cloud.operation(operation).expect("known").is_running());

    let error = put(&mut cloud, &network("v9/subnets/b"), subnet("10.0.1.0/24")).expect_err("no such network");
    assert!(cloud.doom(operation, error.clone()));
    assert!(cloud.set_endless(operation, false));
    settle(&mut cloud);
    assert_eq!(cloud.operation(operation).expect("known").status, Status::Failed(error));
    let shown = get(&mut cloud, &network("v0/subnets/b")).expect("it is there");
    assert_eq!(shown["properties"]["provisioningState"], "Failed");
}

#[test]
fn the_same_calls_give_the_same_digest_and_a_fork_goes_its_own_way() {
    let (mut one, mut other) = (with_network(), with_network());
    assert_eq!(one.digest(), other.digest());
    let fork = one.clone();
    put(&mut one, &network("v0/subnets/b"), subnet("10.0.1.0/24")).expect("the subnet is made");
    assert_ne!(one.digest(), fork.digest());
    assert_eq!(other.digest(), fork.digest());
    put(&mut other, &network("v0/subnets/b"), subnet("10.0.1.0/24")).expect("the subnet is made");
    assert_eq!(one.digest(), other.digest());
}

#[test]
fn a_cloud_is_saved_and_restored_whole() {
    let cloud = with_network();
    let saved = serde_json::to_string(&cloud).expect("it can be written");
    let restored: Cloud = serde_json::from_str(&saved).expect("it can be read");
    assert_eq!(restored.digest(), cloud.digest());
}

#[test]
fn lists_look_in_a_group_or_in_a_whole_subscription() {
    let mut cloud = with_network();
    let mut names = |scope: Scope, kind: Kind| match cloud.apply(&Call::List { scope, kind }) {
        Ok(Reply {
            outcome: Outcome::Listed(found),
            ..
        }) => found
            .iter()
            .map(|resource| resource.name.to_string())
            .collect::<Vec<_>>(),
        other => panic!("a list was asked for, not {other:?}"),
    };
    assert_eq!(names(Scope::Subscription(SUBSCRIPTION), Kind::ResourceGroups), ["rg"]);
    assert_eq!(names(Scope::Subscription(SUBSCRIPTION), Kind::VirtualNetworks), ["v0"]);
    assert_eq!(names(Scope::In(id("rg")), Kind::VirtualNetworks), ["v0"]);
    assert_eq!(names(Scope::In(network("v0")), Kind::Subnets), ["a"]);
}
