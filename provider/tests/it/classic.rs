//! The classic stack: which calls are made, in which order, with which documents (juju-provider 2.6, B.10 to B.12).

use bytes::Bytes;
use expect_test::{Expect, expect};
use provider::{
    Config, Error, Hardware, InstanceId, Scope, StatusKind, VolumeAttachmentParams, VolumeId, VolumeParams, open,
};
use uuid::Uuid;

use crate::classic_setup::{PEM, Setup, classic, params, service_of, setup, setup_with};
use crate::setup::{CONTROLLER, assert_snapshot, controller, machine, ports, report, unit};

fn check(setup: &Setup, expect: Expect) {
    expect.assert_eq(&setup.shelf.journal());
    setup.shelf.forget_journal();
}

#[tokio::test]
async fn bootstrap_makes_group_network_service_and_machine_call_by_call() {
    let setup = setup();
    assert_eq!(report(setup.environ.prepare_for_bootstrap().await), "ok");
    check(&setup, expect!["GET services/storageservices/acct/keys -> 200"]);
    assert_eq!(report(setup.environ.bootstrap(controller(0)).await), "ok");
    check(
        &setup,
        expect![[r#"
            GET services/storageservices/acct/keys -> 200
            GET locations -> 200
            POST affinitygroups -> 201
            GET services/networking/media -> 404
            PUT services/networking/media -> 202
            GET services/networking/media -> 200
            GET services/images -> 200
            GET services/hostedservices/operations/isavailable/juju-env-7qgrl13775 -> 200
            POST services/hostedservices -> 201
            GET services/hostedservices/juju-env-7qgrl13775?embed-detail=true -> 200
            POST services/hostedservices/juju-env-7qgrl13775/deployments -> 202
            HEAD /juju-env-private?restype=container -> 404
            PUT /juju-env-private?restype=container -> 201
            PUT /juju-env-private/provider-state -> 201"#]],
    );
    let ids = setup.environ.controller_instances(CONTROLLER).await;
    let id = ids.expect("the controller is told").remove(0);
    assert_eq!(
        setup.shelf.file("juju-env-private/provider-state"),
        Some(format!("state-instances:\n- {id}\n"))
    );
}

#[tokio::test]
async fn every_document_of_a_bootstrap_is_written_in_the_order_of_its_contract() {
    let setup = setup();
    assert_eq!(report(setup.environ.bootstrap(controller(0)).await), "ok");
    // Custom data is compressed; what is in it has tests of its own.
    let text = setup.shelf.requests();
    let shown = text
        .lines()
        .map(|line| match line.split('>').next() {
            Some("<CustomData") => "<CustomData>...</CustomData>",
            Some("<UserPassword") => "<UserPassword>...</UserPassword>",
            _ => line,
        })
        .collect::<Vec<_>>()
        .join("\n");
    assert_snapshot("classic_bootstrap", &shown);
}

#[tokio::test]
async fn create_again_changes_nothing_and_others_networks_stay() {
    let setup = setup();
    let theirs = "<NetworkConfiguration xmlns=\"n\"><VirtualNetworkConfiguration><Dns/><VirtualNetworkSites><VirtualNetworkSite \
                  name=\"theirs\" Location=\"East US\"><AddressSpace><AddressPrefix>10.0.0.0/8</AddressPrefix></AddressSpace>\
                  </VirtualNetworkSite></VirtualNetworkSites></VirtualNetworkConfiguration></NetworkConfiguration>";
    setup.shelf.set_network(theirs);
    assert_eq!(report(setup.environ.create().await), "ok");
    let both = setup.shelf.network().expect("the document is there");
    assert!(both.contains("name=\"theirs\"") && both.contains("name=\"juju-env-vnet\""));
    setup.shelf.forget_journal();

    assert_eq!(report(setup.environ.create().await), "ok");
    check(
        &setup,
        expect![[r#"
        POST affinitygroups -> 409
        GET services/networking/media -> 200"#]],
    );
    assert_eq!(setup.shelf.network(), Some(both));

    assert_eq!(report(setup.environ.destroy().await), "ok");
    assert_eq!(setup.shelf.network().as_deref(), Some(theirs));
}

#[tokio::test]
async fn units_of_an_application_share_a_service_and_its_address() {
    let (setup, _) = setup().bootstrapped().await;
    let first = setup.start_unit(1, "hostname/0", &[]).await;
    check(
        &setup,
        expect![[r#"
        GET services/images -> 200
        GET services/hostedservices/operations/isavailable/juju-env-68ks7e76rf -> 200
        POST services/hostedservices -> 201
        GET services/hostedservices/juju-env-68ks7e76rf?embed-detail=true -> 200
        POST services/hostedservices/juju-env-68ks7e76rf/deployments -> 202"#]],
    );
    let second = setup.start_unit(2, "hostname/1", &[&first]).await;
    check(
        &setup,
        expect![[r#"
        GET services/images -> 200
        GET services/hostedservices/juju-env-68ks7e76rf?embed-detail=true -> 200
        POST services/hostedservices/juju-env-68ks7e76rf/deployments/juju-env-68ks7e76rf-v2/roles -> 202"#]],
    );
    assert_eq!(service_of(&first), service_of(&second));
    assert_eq!(first.as_str().len(), "juju-env-".len() + 10 + "-".len() + 50);

    let instances = setup.environ.instances(&[second.clone(), first.clone()]).await;
    let instances = instances.expect("both are there");
    check(
        &setup,
        expect![[r#"
        GET services/hostedservices -> 200
        GET services/hostedservices/juju-env-68ks7e76rf?embed-detail=true -> 200"#]],
    );
    let told: Vec<_> = instances
        .iter()
        .map(|own| {
            let addresses = own
                .addresses
                .iter()
                .map(|address| (address.value.to_string(), address.scope));
            (
                own.id.clone(),
                own.status.kind,
                own.status.message.as_str(),
                addresses.collect::<Vec<_>>(),
            )
        })
        .collect();
    let addresses = |private: &str| {
        vec![
            (private.to_owned(), Scope::CloudLocal),
            ("40.0.0.1".to_owned(), Scope::Public),
        ]
    };
    assert_eq!(
        told,
        [
            (second, StatusKind::Running, "ReadyRole", addresses("10.0.0.6")),
            (first.clone(), StatusKind::Running, "ReadyRole", addresses("10.0.0.5"))
        ]
    );
    let name = instances[0].dns_name.clone();
    assert_eq!(name, Some(format!("{}.cloudapp.net", service_of(&first))));
    assert_eq!(name, instances[1].dns_name);
}

#[tokio::test]
async fn without_azure_mode_every_machine_has_a_service_of_its_own() {
    let setup = setup_with(|section| section.availability_sets_enabled = false);
    let (setup, _) = setup.bootstrapped().await;
    let first = setup.start_unit(1, "mysql/0", &[]).await;
    let second = setup.start_unit(2, "mysql/1", &[&first]).await;
    assert_ne!(service_of(&first), service_of(&second));
    assert_eq!(report(setup.environ.supports_unit_placement()), "ok");
    let mut placed = machine(3);
    placed.placement = Some("zone=a".to_owned());
    let refusal = report(setup.environ.start_instance(placed).await);
    assert_eq!(
        refusal,
        "creating virtual machine \"machine-3\": unknown placement directive: zone=a"
    );
}

#[tokio::test]
async fn azure_mode_refuses_placement_and_machines_of_two_applications_with_the_reason() {
    let setup = setup();
    let reason = "unit placement is not supported with availability-sets-enabled";
    assert_eq!(report(setup.environ.supports_unit_placement()), reason);
    let mut placed = unit(1, "mysql/0");
    placed.placement = Some("3".to_owned());
    assert_eq!(
        report(setup.environ.start_instance(placed).await),
        format!("creating virtual machine \"machine-1\": {reason}")
    );
    let mut mixed = unit(1, "mysql/0");
    mixed.units.push("wordpress/0".to_owned());
    assert_eq!(
        report(setup.environ.start_instance(mixed).await),
        "creating virtual machine \"machine-1\": a machine can only host units of one application with \
         availability-sets-enabled, not of mysql and wordpress"
    );
    let series = provider::Series::new("trusty");
    let precheck = setup
        .environ
        .precheck_instance(&series, &Default::default(), Some("3"))
        .await;
    assert_eq!(report(precheck), reason);
    assert_eq!(setup.shelf.journal(), "");
}

#[tokio::test]
async fn controllers_share_a_service_and_are_told_by_its_label() {
    let (setup, first) = setup().bootstrapped().await;
    let mut params = controller(1);
    params.distribution_group = vec![first.clone()];
    let second = setup.start(params).await.instance.id;
    let other = setup.start_unit(2, "mysql/0", &[]).await;
    assert_eq!(service_of(&first), service_of(&second));
    assert_ne!(service_of(&first), service_of(&other));

    let mut both = vec![first, second];
    both.sort();
    let found = setup.environ.controller_instances(CONTROLLER).await;
    assert_eq!(found.map_err(|error| error.report()), Ok(both));
    let strangers = setup.environ.controller_instances(Uuid::from_u128(9)).await;
    assert!(matches!(strangers, Err(Error::NoInstances)));
}

#[tokio::test]
async fn a_peer_that_is_gone_is_passed_over() {
    let (setup, _) = setup().bootstrapped().await;
    let gone = InstanceId::new("juju-env-0000000000-jujux");
    let other = InstanceId::new("machine-7");
    let first = setup.start_unit(1, "mysql/0", &[&other, &gone]).await;
    let second = setup.start_unit(2, "mysql/1", &[&gone, &first]).await;
    assert_eq!(service_of(&first), service_of(&second));
}

#[tokio::test]
async fn ports_are_opened_and_closed_as_balanced_endpoints() {
    let (setup, _) = setup().bootstrapped().await;
    let id = setup.start_unit(1, "hostname/0", &[]).await;
    setup.shelf.forget_journal();
    assert_eq!(
        report(setup.environ.open_ports(&id, &ports("1234/tcp 53/udp")).await),
        "ok"
    );
    let requests = setup.shelf.requests();
    check(
        &setup,
        expect![[r#"
        GET services/hostedservices/juju-env-68ks7e76rf/deployments/juju-env-68ks7e76rf-v2/roles/juju4juyv50f9j00w92zeqkphs35u2dggmapbrdmod1iqjpgrg -> 200
        PUT services/hostedservices/juju-env-68ks7e76rf/deployments/juju-env-68ks7e76rf-v2/roles/juju4juyv50f9j00w92zeqkphs35u2dggmapbrdmod1iqjpgrg -> 202"#]],
    );
    assert_snapshot("classic_open_ports", &requests);

    // What is open already stays, and nothing is written for it.
    assert_eq!(report(setup.environ.open_ports(&id, &ports("1234/tcp")).await), "ok");
    check(
        &setup,
        expect![
            "GET services/hostedservices/juju-env-68ks7e76rf/deployments/juju-env-68ks7e76rf-v2/roles/juju4juyv50f9j00w92zeqkphs35u2dggmapbrdmod1iqjpgrg -> 200"
        ],
    );
    let opened = |rules: Vec<provider::IngressRule>| -> Vec<String> {
        rules.iter().map(|rule| rule.ports.to_string()).collect()
    };
    assert_eq!(
        setup.environ.ports(&id).await.map(opened).ok(),
        Some(vec!["1234/tcp".to_owned(), "53/udp".to_owned()])
    );
    assert_eq!(
        report(setup.environ.close_ports(&id, &ports("1234/tcp 80/tcp")).await),
        "ok"
    );
    assert_eq!(
        setup.environ.ports(&id).await.map(opened).ok(),
        Some(vec!["53/udp".to_owned()])
    );
}

#[tokio::test]
async fn the_api_is_no_port_that_was_opened_on_a_controller_alone() {
    let (setup, controller) = setup().bootstrapped().await;
    let rules = setup.environ.ports(&controller).await;
    assert_eq!(rules.map_err(|error| error.report()), Ok(Vec::new()));
    let id = setup.start_unit(1, "haproxy/0", &[]).await;
    assert_eq!(report(setup.environ.open_ports(&id, &ports("17070/tcp")).await), "ok");
    assert_eq!(setup.environ.ports(&id).await.ok(), Some(ports("17070/tcp")));
}

#[tokio::test]
async fn ports_of_a_machine_that_is_gone_can_be_closed_and_not_opened() {
    let (setup, _) = setup().bootstrapped().await;
    let gone = InstanceId::new("juju-env-0000000000-jujux");
    assert!(matches!(
        setup.environ.open_ports(&gone, &ports("80/tcp")).await,
        Err(Error::NoInstances)
    ));
    assert_eq!(report(setup.environ.close_ports(&gone, &ports("80/tcp")).await), "ok");
    assert!(matches!(setup.environ.ports(&gone).await, Err(Error::NoInstances)));
    assert_eq!(report(setup.environ.open_global_ports(&ports("80/tcp")).await), "ok");
    assert_eq!(setup.environ.global_ports().await.ok(), Some(Vec::new()));
}

#[tokio::test]
async fn the_last_role_goes_with_its_service_any_other_alone() {
    let (setup, controller) = setup().bootstrapped().await;
    let first = setup.start_unit(1, "mysql/0", &[]).await;
    let second = setup.start_unit(2, "mysql/1", &[&first]).await;
    setup.shelf.forget_journal();
    assert_eq!(
        report(setup.environ.stop_instances(std::slice::from_ref(&first)).await),
        "ok"
    );
    check(
        &setup,
        expect![[r#"
        GET services/hostedservices/juju-env-68ks7e76rf?embed-detail=true -> 200
        DELETE services/hostedservices/juju-env-68ks7e76rf/deployments/juju-env-68ks7e76rf-v2/roles/juju4juyv50f9j00w92zeqkphs35u2dggmapbrdmod1iqjpgrg?comp=media -> 202"#]],
    );
    assert_eq!(
        report(setup.environ.stop_instances(&[first.clone(), second.clone()]).await),
        "ok"
    );
    check(
        &setup,
        expect![[r#"
        GET services/hostedservices/juju-env-68ks7e76rf?embed-detail=true -> 200
        DELETE services/hostedservices/juju-env-68ks7e76rf?comp=media -> 202"#]],
    );
    assert_eq!(report(setup.environ.stop_instances(&[first, second]).await), "ok");
    check(
        &setup,
        expect!["GET services/hostedservices/juju-env-68ks7e76rf?embed-detail=true -> 404"],
    );
    let left = setup
        .environ
        .all_instances()
        .await
        .map(|own| own.into_iter().map(|own| own.id).collect::<Vec<_>>());
    assert_eq!(left.ok(), Some(vec![controller]));
}

#[tokio::test]
async fn machines_of_one_service_that_go_together_take_it_along() {
    let (setup, _) = setup().bootstrapped().await;
    let first = setup.start_unit(1, "mysql/0", &[]).await;
    let second = setup.start_unit(2, "mysql/1", &[&first]).await;
    setup.shelf.forget_journal();
    assert_eq!(report(setup.environ.stop_instances(&[first, second]).await), "ok");
    check(
        &setup,
        expect![[r#"
        GET services/hostedservices/juju-env-68ks7e76rf?embed-detail=true -> 200
        DELETE services/hostedservices/juju-env-68ks7e76rf?comp=media -> 202"#]],
    );
}

#[tokio::test]
async fn gaps_keep_their_place() {
    let (setup, controller) = setup().bootstrapped().await;
    let gone = InstanceId::new("juju-env-0000000000-jujux");
    let foreign = InstanceId::new("juju-other-0000000000-jujux");
    let slots = match setup
        .environ
        .instances(&[gone.clone(), controller.clone(), foreign.clone()])
        .await
    {
        Err(Error::PartialInstances { slots }) => slots,
        other => panic!("{other:?}"),
    };
    let ids: Vec<Option<InstanceId>> = slots.into_iter().map(|slot| slot.map(|own| own.id)).collect();
    assert_eq!(ids, [None, Some(controller), None]);
    assert!(matches!(
        setup.environ.instances(&[gone, foreign]).await,
        Err(Error::NoInstances)
    ));
    setup.shelf.forget_journal();
    assert_eq!(setup.environ.instances(&[]).await.ok(), Some(Vec::new()));
    check(&setup, expect![[""]]);
}

#[tokio::test]
async fn old_ids_name_a_service_with_a_single_role() {
    let (setup, controller) = setup().bootstrapped().await;
    setup
        .shelf
        .put_service("juju-env-old", &[("juju-env-old", &["oldrole"])]);
    let old = InstanceId::new("juju-env-old");
    let found = setup.environ.instances(std::slice::from_ref(&old)).await;
    assert_eq!(
        found
            .map(|own| own.into_iter().map(|own| own.id).collect::<Vec<_>>())
            .ok(),
        Some(vec![old.clone()])
    );
    setup
        .shelf
        .put_file("juju-env-private/provider-state", "state-instances:\n- juju-env-old\n");
    assert_eq!(
        setup.environ.controller_instances(CONTROLLER).await.ok(),
        Some(vec![controller, old.clone()])
    );

    // Nothing in it is balanced, and no new machine is put beside it.
    setup.shelf.forget_journal();
    assert_eq!(report(setup.environ.open_ports(&old, &ports("80/tcp")).await), "ok");
    assert!(!setup.shelf.requests().contains("LoadBalanced"));
    let new = setup.start_unit(1, "mysql/0", &[&old]).await;
    assert_ne!(service_of(&new), "juju-env-old");
    let volumes = setup
        .environ
        .clone()
        .volume_source()
        .expect("the classic stack has volumes");
    let wanted = VolumeParams {
        instance: Some(old.clone()),
        ..VolumeParams::new(0, 1_024)
    };
    let made = volumes.create(&[wanted]).await.expect("every item is dealt with");
    assert!(matches!(made.as_slice(), [Err(Error::NotSupported(_))]));

    setup.shelf.forget_journal();
    assert_eq!(report(setup.environ.stop_instances(&[old]).await), "ok");
    check(
        &setup,
        expect![[r#"
        GET services/hostedservices/juju-env-old?embed-detail=true -> 200
        DELETE services/hostedservices/juju-env-old?comp=media -> 202"#]],
    );
}

#[tokio::test]
async fn services_that_are_not_as_we_make_them_do_not_disturb() {
    let (setup, controller) = setup().bootstrapped().await;
    setup.shelf.put_service("juju-env-empty", &[]);
    setup
        .shelf
        .put_service("juju-env-twice", &[("a", &["x"]), ("b", &["y"])]);
    setup
        .shelf
        .put_service("juju-env-b-theirs", &[("juju-env-b-theirs-v2", &["z"])]);
    let instances = setup.environ.all_instances().await.expect("the list is there");
    let told: Vec<_> = instances
        .iter()
        .map(|own| (own.id.as_str(), own.status.message.as_str()))
        .collect();
    assert_eq!(
        told,
        [(controller.as_str(), "ReadyRole"), ("juju-env-empty", "No Deployment")]
    );
    assert_eq!(
        setup.environ.controller_instances(CONTROLLER).await.ok(),
        Some(vec![controller])
    );
    let empty = InstanceId::new("juju-env-empty");
    assert_eq!(report(setup.environ.stop_instances(&[empty]).await), "ok");

    // Another environment's name begins like ours.
    assert_eq!(report(setup.environ.destroy().await), "ok");
    assert_eq!(setup.shelf.left(), ["service juju-env-b-theirs with 1 roles"]);
}

#[tokio::test]
async fn destroy_goes_from_the_machines_to_the_container() {
    let (setup, _) = setup().bootstrapped().await;
    setup.start_unit(1, "mysql/0", &[]).await;
    setup.shelf.forget_journal();
    assert_eq!(report(setup.environ.destroy().await), "ok");
    check(
        &setup,
        expect![[r#"
        GET services/hostedservices -> 200
        DELETE services/hostedservices/juju-env-68ks7e76rf?comp=media -> 202
        DELETE services/hostedservices/juju-env-7qgrl13775?comp=media -> 202
        GET services/networking/media -> 200
        PUT services/networking/media -> 202
        GET services/networking/media -> 200
        DELETE affinitygroups/juju-env-ag -> 200
        DELETE /juju-env-private?restype=container -> 202"#]],
    );
    assert_eq!(setup.shelf.left(), Vec::<String>::new());
    assert_eq!(report(setup.environ.destroy().await), "ok");

    let (setup, _) = crate::classic_setup::setup().bootstrapped().await;
    assert_eq!(report(setup.environ.destroy_controller(Uuid::from_u128(9)).await), "ok");
    assert_ne!(setup.shelf.left(), Vec::<String>::new());
    assert_eq!(report(setup.environ.destroy_controller(CONTROLLER).await), "ok");
    assert_eq!(setup.shelf.left(), Vec::<String>::new());
}

#[tokio::test]
async fn volumes_are_data_disks_by_number() {
    let (setup, _) = setup().bootstrapped().await;
    let id = setup.start_unit(1, "mysql/0", &[]).await;
    let volumes = setup
        .environ
        .clone()
        .volume_source()
        .expect("the classic stack has volumes");
    setup.shelf.forget_journal();
    let wanted = |volume, size_mib| VolumeParams {
        instance: Some(id.clone()),
        ..VolumeParams::new(volume, size_mib)
    };
    let made = volumes
        .create(&[
            wanted(3, 1_025),
            wanted(4, 1_024),
            VolumeParams::new(5, 1),
            wanted(6, 2_000_000),
        ])
        .await
        .expect("every item is dealt with");
    let told: Vec<String> = made
        .into_iter()
        .map(|made| match made {
            Ok(made) => {
                let attachment = made.attachment.expect("making it attaches it");
                format!("{} {} {}", made.volume.id, made.volume.size_mib, attachment.lun)
            }
            Err(error) => error.report(),
        })
        .collect();
    expect![[r#"
        volume-3.vhd 2048 0
        volume-4.vhd 1024 1
        volume-5 needs a machine: it is made by attaching it
        1954 GiB exceeds the maximum of 1023 GiB"#]]
    .assert_eq(&told.join("\n"));
    let requests = setup.shelf.requests();
    check(
        &setup,
        expect![[r#"
        GET services/hostedservices/juju-env-68ks7e76rf/deployments/juju-env-68ks7e76rf-v2/roles/juju4juyv50f9j00w92zeqkphs35u2dggmapbrdmod1iqjpgrg -> 200
        POST services/hostedservices/juju-env-68ks7e76rf/deployments/juju-env-68ks7e76rf-v2/roles/juju4juyv50f9j00w92zeqkphs35u2dggmapbrdmod1iqjpgrg/DataDisks -> 202
        GET services/hostedservices/juju-env-68ks7e76rf/deployments/juju-env-68ks7e76rf-v2/roles/juju4juyv50f9j00w92zeqkphs35u2dggmapbrdmod1iqjpgrg -> 200
        POST services/hostedservices/juju-env-68ks7e76rf/deployments/juju-env-68ks7e76rf-v2/roles/juju4juyv50f9j00w92zeqkphs35u2dggmapbrdmod1iqjpgrg/DataDisks -> 202"#]],
    );
    assert_snapshot("classic_add_data_disk", &requests);

    let ids = ["volume-3.vhd", "volume-4.vhd"].map(VolumeId::new);
    assert_eq!(volumes.list().await.ok(), Some(ids.to_vec()));
    let described = volumes.describe(&[ids[1].clone(), VolumeId::new("volume-9.vhd")]).await;
    let described: Vec<String> = described
        .expect("every item is dealt with")
        .into_iter()
        .map(|own| own.map_or_else(|error| error.report(), |own| format!("{} {}", own.id, own.size_mib)))
        .collect();
    assert_eq!(described, ["volume-4.vhd 1024", "volume-9.vhd not found"]);
    let on_machine = |volume: &str| VolumeAttachmentParams {
        volume: VolumeId::new(volume),
        instance: id.clone(),
    };
    let attached = volumes
        .attach(&[on_machine("volume-4.vhd"), on_machine("volume-9.vhd")])
        .await;
    let attached: Vec<String> = attached
        .expect("every item is dealt with")
        .into_iter()
        .map(|own| own.map_or_else(|error| error.report(), |own| own.bus_address.unwrap_or_default()))
        .collect();
    assert_eq!(attached, ["scsi@5:0.0.1", "attaching volumes not supported"]);

    // Opening a port writes the whole role, and its disks stay.
    assert_eq!(report(setup.environ.open_ports(&id, &ports("80/tcp")).await), "ok");
    assert!(setup.shelf.requests().contains("<Lun>0</Lun>"));
    assert_eq!(volumes.list().await.ok(), Some(ids.to_vec()));
    assert_eq!(report(setup.environ.stop_instances(&[id]).await), "ok");
    assert_eq!(volumes.list().await.ok(), Some(Vec::new()));
}

#[tokio::test]
async fn files_are_kept_in_a_container_that_the_first_one_makes() {
    let setup = setup();
    let storage = setup.environ.storage().expect("the classic stack keeps files");
    assert_eq!(storage.list("").await.ok(), Some(Vec::new()));
    assert_eq!(storage.get("tools/a").await.ok(), Some(None));
    check(
        &setup,
        expect![[r#"
        GET services/storageservices/acct/keys -> 200
        GET /juju-env-private?restype=container&comp=list -> 404
        GET /juju-env-private/tools/a -> 404"#]],
    );
    assert_eq!(report(storage.put("tools/a", Bytes::from_static(b"1")).await), "ok");
    assert_eq!(report(storage.put("tools/b", Bytes::from_static(b"2")).await), "ok");
    check(
        &setup,
        expect![[r#"
        HEAD /juju-env-private?restype=container -> 404
        PUT /juju-env-private?restype=container -> 201
        PUT /juju-env-private/tools/a -> 201
        PUT /juju-env-private/tools/b -> 201"#]],
    );
    assert_eq!(storage.get("tools/a").await.ok(), Some(Some(Bytes::from_static(b"1"))));
    assert_eq!(
        storage.list("tools/").await.ok(),
        Some(vec!["tools/a".to_owned(), "tools/b".to_owned()])
    );
    let url = storage.url("tools/a").await.expect("the key is known");
    assert!(url.starts_with("https://acct.blob.core.windows.net/juju-env-private/tools/a?sv="));
    assert_eq!(report(storage.remove("tools/a").await), "ok");
    assert_eq!(report(storage.remove("tools/a").await), "ok");
    assert_eq!(report(storage.remove_all().await), "ok");
    assert_eq!(report(storage.remove_all().await), "ok");
    assert_eq!(report(storage.put("again", Bytes::new()).await), "ok");
}

#[tokio::test]
async fn windows_runs_its_data_by_an_extension() {
    let (setup, _) = setup().bootstrapped().await;
    let mut params = machine(1);
    params.series = provider::Series::new("win2012r2");
    let id = setup.start(params).await.instance.id;
    let role = id.as_str().rsplit('-').next().unwrap_or_default();
    assert_eq!(role.len(), 15, "Windows takes no longer name");
    assert!(setup.shelf.requests().contains("<Name>CustomScriptExtension</Name>"));
    let script = setup.shelf.file("juju-env-private/juju-userdata.ps1");
    assert!(script.is_some_and(|script| script.contains("CustomData.bin")));
}

#[tokio::test]
async fn the_cheapest_size_that_does_is_taken_and_constraints_are_judged() {
    let (setup, _) = setup().bootstrapped().await;
    let mut params = machine(1);
    params.constraints.mem_mib = Some(2_000);
    let started = setup.start(params).await;
    let expected = Hardware {
        arch: "amd64".to_owned(),
        instance_type: "Standard_D1".to_owned(),
        cores: 1,
        mem_mib: 3_584,
        root_disk_mib: 130_048,
    };
    assert_eq!(started.hardware, expected);
    let validator = setup
        .environ
        .constraints_validator()
        .await
        .expect("the location has sizes");
    let both = provider::Constraints {
        instance_type: Some("Small".to_owned()),
        root_disk_mib: Some(1),
        ..Default::default()
    };
    assert_eq!(
        report(validator.validate(&both)),
        "ambiguous constraints: \"instance-type\" overlaps with \"root-disk\""
    );
    let series = provider::Series::new("trusty");
    let basic = provider::Constraints {
        instance_type: Some("Basic_A0".to_owned()),
        ..Default::default()
    };
    assert_eq!(
        report(setup.environ.precheck_instance(&series, &basic, None).await),
        "invalid instance type \"Basic_A0\""
    );
}

#[tokio::test]
async fn an_image_can_be_forced() {
    let setup = setup_with(|section| section.force_image_name = Some("mine".to_owned()));
    let (setup, _) = setup.bootstrapped().await;
    setup.start(machine(1)).await;
    assert!(
        setup
            .shelf
            .requests()
            .contains("<SourceImageName>mine</SourceImageName>")
    );
    assert!(!setup.shelf.journal().contains("services/images"));
}

#[test]
fn what_cannot_work_is_refused_when_it_is_opened() {
    let refusal = |change: &dyn Fn(&mut provider::OpenParams)| {
        let (shelf, clock) = (Default::default(), crate::setup::TestClock::new());
        let mut own = params(classic(|_| ()), &shelf, &clock);
        change(&mut own);
        open(own).map(|_| ()).map_err(|error| error.report())
    };
    assert_eq!(refusal(&|_| ()), Ok(()));
    assert_eq!(
        refusal(&|own| own.cloud.offering = provider::Offering::Today)
            .map_err(|text| text.contains("has retired Service Management")),
        Err(true)
    );
    assert_eq!(
        refusal(&|own| own.credential.management_certificate = None),
        Err(
            "invalid `management-certificate`: the classic API knows no service principals: a management certificate is needed"
                .to_owned()
        )
    );
    assert_eq!(
        refusal(&|own| own.cloud.blob_endpoint = "https://acct.blob/".to_owned())
            .map_err(|text| text.contains("blob-endpoint")),
        Err(true)
    );
    let changed = Config {
        classic: None,
        ..classic(|_| ())
    };
    assert_eq!(
        report(classic(|_| ()).validate_change(&changed)),
        "invalid `classic`: an environment cannot change from one of Azure's APIs to the other"
    );
}

#[test]
fn a_management_certificate_needs_its_key_and_shows_nothing() {
    let read = |text: &str| provider::ManagementCertificate::from_pem(text.as_bytes());
    let certificate = read(PEM).expect("certificate and key are there");
    assert_eq!(format!("{certificate:?}"), "<management certificate>");
    let (alone, _) = PEM.split_once("-----BEGIN PRIVATE KEY").expect("the key comes second");
    let refusal = |text: &str| read(text).map(|_| ()).map_err(|error| error.to_string());
    assert_eq!(
        refusal(alone),
        Err("invalid `management-certificate`: the PEM text holds no readable private key".to_owned())
    );
    assert_eq!(
        refusal("x"),
        Err("invalid `management-certificate`: the PEM text holds no readable certificate".to_owned())
    );
    assert_eq!(
        refusal(&PEM.repeat(300)),
        Err("invalid `management-certificate`: the PEM text is longer than 640 KiB".to_owned())
    );
    let client = provider::HttpClient::with_client_certificate(None, &certificate);
    assert!(client.is_ok(), "{client:?}");
}
