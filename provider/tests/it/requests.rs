//! The bytes of every request the provider makes.

use provider::{Config, ImageStream, PublicAddresses, StartInstance};
use uuid::Uuid;

use crate::setup::{CONTROLLER, assert_snapshot, controller, machine, ports, report, setup, setup_with, unit};

#[tokio::test]
async fn requests_of_create() {
    let setup = setup();
    assert_eq!(report(setup.environ.create().await), "ok");
    assert_snapshot("requests-create", &setup.shelf.requests());
}

#[tokio::test]
async fn requests_of_a_controller() {
    let setup = setup().created().await;
    let mut params = controller(0);
    params
        .tags
        .insert("juju-machine-id".to_owned(), "env-machine-0".to_owned());
    assert_eq!(report(setup.environ.start_instance(params).await), "ok");
    assert_snapshot("requests-start-controller", &setup.shelf.requests());
}

#[tokio::test]
async fn requests_of_machines_of_other_systems() {
    for series in ["centos7", "win2012r2"] {
        let setup = setup_with(|config: &mut Config| config.public_addresses = PublicAddresses::Controllers)
            .created()
            .await;
        let params = StartInstance {
            units: vec!["mysql/0".to_owned()],
            ..StartInstance::new(3, CONTROLLER, series)
        };
        assert_eq!(report(setup.environ.start_instance(params).await), "ok");
        assert_snapshot(&format!("requests-start-{series}"), &setup.shelf.requests());
    }
}

#[tokio::test]
async fn requests_of_ports_stop_and_destroy() {
    let setup = setup().created().await.with_machines(&[3]).await;
    let id = machine(3).instance_id();
    assert_eq!(
        report(setup.environ.open_ports(&id, &ports("80/tcp 1000-2000/udp")).await),
        "ok"
    );
    assert_eq!(report(setup.environ.close_ports(&id, &ports("80/tcp")).await), "ok");
    assert_eq!(report(setup.environ.stop_instances(&[id]).await), "ok");
    assert_eq!(report(setup.environ.destroy().await), "ok");
    assert_snapshot("requests-ports-stop-destroy", &setup.shelf.requests());
}

#[tokio::test]
async fn requests_of_handing_over_and_of_a_whole_controller() {
    let setup = setup().created().await;
    let next = Uuid::from_u128(0xd);
    assert_eq!(report(setup.environ.adopt_resources(next, "2.1.0").await), "ok");
    assert_eq!(report(setup.environ.destroy_controller(next).await), "ok");
    assert_snapshot("requests-adopt-destroy-controller", &setup.shelf.requests());
}

#[tokio::test]
async fn a_daily_stream_and_a_nobody_s_key_are_asked_for() {
    let change = |config: &mut Config| {
        config.image_stream = ImageStream::Daily;
        config.authorized_keys = String::new();
    };
    let setup = setup_with(change).created().await;
    assert_eq!(report(setup.environ.start_instance(unit(0, "mysql/0")).await), "ok");
    let vm = setup
        .shelf
        .document("/virtualmachines/machine-0")
        .expect("the machine was made");
    assert_eq!(
        vm["properties"]["storageProfile"]["imageReference"]["sku"],
        "14.04.4-DAILY-LTS"
    );
    let key = &vm["properties"]["osProfile"]["linuxConfiguration"]["ssh"]["publicKeys"][0]["keyData"];
    assert!(
        key.as_str()
            .is_some_and(|key| key.starts_with("ssh-rsa ") && key.ends_with(" nobody"))
    );
}
