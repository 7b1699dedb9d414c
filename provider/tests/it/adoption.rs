//! Handing an environment over to another controller (juju-provider 1.16).

use provider::{Error, Generation};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::setup::{CONTROLLER, ENVIRONMENT, SUBSCRIPTION, Setup, machine, ports, report, setup, setup_with};
use crate::shelf::{When, edit, refuse};

const NEXT: Uuid = Uuid::from_u128(0xd);

fn controller_of(setup: &Setup, part: &str) -> String {
    let document = setup.shelf.document(part).expect("the resource is there");
    document["tags"]["juju-controller-uuid"]
        .as_str()
        .unwrap_or("none")
        .to_owned()
}

/// A resource of a type without tags of its own making, as it is found in the group.
fn put(setup: &Setup, kind: &str, name: &str, tags: &Value) {
    let group = setup.environ.config().resource_group();
    let id = format!("/subscriptions/{SUBSCRIPTION}/resourceGroups/{group}/providers/{kind}/{name}");
    let document = json!({"id": id, "name": name, "type": kind, "location": "westus", "tags": tags, "properties": {}});
    setup.shelf.put_document(&id, document);
}

#[tokio::test]
async fn everything_is_handed_over_and_what_is_made_later_is_the_new_controllers() {
    let setup = setup().created().await.with_machines(&[0]).await;
    let id = machine(0).instance_id();
    assert_eq!(report(setup.environ.open_ports(&id, &ports("80/tcp")).await), "ok");
    assert_eq!(report(setup.environ.adopt_resources(NEXT, "2.2.1").await), "ok");
    for part in [
        "/virtualmachines/machine-0",
        "/networkinterfaces/machine-0-primary",
        "-nsg",
        "-network",
    ] {
        assert_eq!(controller_of(&setup, part), NEXT.to_string(), "{part}");
    }
    // Rules are as they were.
    assert!(setup.environ.ports(&id).await.is_ok_and(|open| open == ports("80/tcp")));
    assert_eq!(setup.environ.config().controller_uuid, NEXT);
    // Once more finds nothing to do.
    setup.shelf.forget_journal();
    assert_eq!(report(setup.environ.adopt_resources(NEXT, "2.2.1").await), "ok");
    assert!(!setup.shelf.journal().contains("PATCH"));
}

#[tokio::test]
async fn another_environments_resource_in_the_group_stays_its_own() {
    let setup = setup().created().await;
    let theirs = json!({"juju-model-uuid": "somebody else", "juju-controller-uuid": CONTROLLER.to_string()});
    put(&setup, "Microsoft.Network/publicIPAddresses", "theirs", &theirs);
    // What Azure makes along with machines bears no tags.
    put(&setup, "Microsoft.Network/publicIPAddresses", "untagged", &json!({}));
    assert_eq!(report(setup.environ.adopt_resources(NEXT, "2.2.1").await), "ok");
    assert_eq!(
        controller_of(&setup, "/publicipaddresses/theirs"),
        CONTROLLER.to_string()
    );
    assert_eq!(controller_of(&setup, "/publicipaddresses/untagged"), NEXT.to_string());
}

#[tokio::test]
async fn what_a_list_does_not_show_yet_is_handed_over_too() {
    let setup = setup().created().await.with_machines(&[0]).await;
    let late = json!({"juju-model-uuid": ENVIRONMENT.to_string(), "juju-controller-uuid": CONTROLLER.to_string()});
    put(&setup, "Microsoft.Network/publicIPAddresses", "late", &late);
    setup.shelf.hide_until_a_patch("/publicipaddresses/late");
    assert_eq!(report(setup.environ.adopt_resources(NEXT, "2.2.1").await), "ok");
    assert_eq!(controller_of(&setup, "/publicipaddresses/late"), NEXT.to_string());
}

#[tokio::test]
async fn what_goes_meanwhile_is_no_failure() {
    let setup = setup().created().await.with_machines(&[0]).await;
    setup.shelf.fault(
        "PATCH",
        "virtualMachines/machine-0",
        1,
        refuse(404, "ResourceNotFound", "gone"),
    );
    assert_eq!(report(setup.environ.adopt_resources(NEXT, "2.2.1").await), "ok");
}

#[tokio::test]
async fn a_type_without_patch_is_written_whole_and_loses_nothing_that_came_meanwhile() {
    let setup = setup().created().await.with_machines(&[0]).await;
    setup.shelf.fault(
        "PATCH",
        "networkInterfaces/machine-0-primary",
        1,
        refuse(405, "MethodNotAllowed", "no PATCH"),
    );
    setup.shelf.meddle(
        "networkinterfaces/machine-0-primary",
        When::Before,
        edit(|nic| {
            nic["tags"]["theirs"] = "kept".into();
        }),
    );
    assert_eq!(report(setup.environ.adopt_resources(NEXT, "2.2.1").await), "ok");
    let nic = setup
        .shelf
        .document("/networkinterfaces/machine-0-primary")
        .expect("the interface is there");
    assert_eq!(nic["tags"]["theirs"], "kept");
    assert_eq!(nic["tags"]["juju-controller-uuid"], NEXT.to_string());
}

#[tokio::test]
async fn a_group_that_cannot_be_handed_over_ends_it() {
    let setup = setup().created().await.with_machines(&[0]).await;
    setup
        .shelf
        .fault("PUT", "resourcegroups/", 1, refuse(403, "AuthorizationFailed", "no"));
    assert!(setup.environ.adopt_resources(NEXT, "2.2.1").await.is_err());
    assert_eq!(
        controller_of(&setup, "/virtualmachines/machine-0"),
        CONTROLLER.to_string()
    );
    assert_eq!(setup.environ.config().controller_uuid, CONTROLLER);
    let refused = setup.environ.adopt_resources(NEXT, "1.25.6").await;
    assert!(matches!(refused, Err(Error::NotSupported(_))));
}

#[tokio::test]
async fn in_a_group_of_the_users_own_neither_the_group_nor_the_users_things_change_hands() {
    let setup = setup_with(|config| {
        config.generation = Generation::A7;
        config.resource_group_name = Some("mine".to_owned());
    });
    let group = format!("/subscriptions/{SUBSCRIPTION}/resourceGroups/mine");
    setup.shelf.put_document(
        &group,
        json!({"id": group, "name": "mine", "location": "westus", "tags": {}}),
    );
    let ours = json!({"juju-model-uuid": ENVIRONMENT.to_string(), "juju-controller-uuid": CONTROLLER.to_string()});
    put(&setup, "Microsoft.Network/publicIPAddresses", "ours", &ours);
    put(&setup, "Microsoft.Network/publicIPAddresses", "users", &json!({}));
    assert_eq!(report(setup.environ.adopt_resources(NEXT, "2.9.0").await), "ok");
    assert_eq!(controller_of(&setup, "/publicipaddresses/ours"), NEXT.to_string());
    assert_eq!(controller_of(&setup, "/publicipaddresses/users"), "none");
    let group = setup
        .shelf
        .document("/resourcegroups/mine")
        .expect("the group is there");
    assert_eq!(group["tags"], json!({}));
}
