//! Rules of the classic API, through the doors of the cloud.

use std::net::Ipv4Addr;

use super::*;
use crate::call::Call;
use crate::catalogue::limits::Era;
use crate::cloud::Settings;
use crate::data_plane::{Address, Answerer, Client, Connection, Transport};
use crate::fabric::System;
use crate::operation::Status;

const SUBSCRIPTION: Guid = Guid(0x0b1f6471_1bf0_4dda_aec3_cb9272f09590);
const UBUNTU: &str = "b39f27a8b8c64d52b05eac6a62ebad85__Ubuntu-14_04-LTS-amd64-server-20140724-en-us-30GB";

/// A cloud of 2014 with a service `web` and an account `acct` in West US.
struct Scene(Cloud);

impl Scene {
    fn new() -> Scene {
        let settings = Settings {
            seed: 7,
            start: Time::from_millis(1_459_468_800_000),
            era: Era::Classic2014,
            subscriptions: vec![SUBSCRIPTION],
        };
        let mut scene = Scene(Cloud::new(&settings));
        scene.service("web");
        let account = CreateStorageService {
            name: "acct".into(),
            label: "bA==".into(),
            location: Some("West US".into()),
            ..CreateStorageService::default()
        };
        assert_eq!(scene.run(Act::CreateStorageService(account)), "ok");
        scene
    }

    fn service(&mut self, name: &str) {
        let service = CreateHostedService {
            name: name.into(),
            label: "bA==".into(),
            location: Some("West US".into()),
            ..CreateHostedService::default()
        };
        assert_eq!(self.run(Act::CreateHostedService(service)), "ok");
    }

    fn call(act: Act) -> Call {
        let object = "/x".into();
        Call::Classic(Box::new(ClassicCall {
            subscription: SUBSCRIPTION,
            caller: Caller::default(),
            object,
            act,
        }))
    }

    /// Begins a write.
    fn begin(&mut self, act: Act) -> Result<OperationId, CloudError> {
        let before = self.0.digest();
        let reply = self.0.apply(&Scene::call(act));
        if reply.is_err() {
            assert_eq!(self.0.digest(), before, "a refused call changed something");
        }
        assert_eq!(self.0.check(), Vec::<String>::new());
        reply.map(|reply| reply.operation.expect("every write has an operation"))
    }

    /// Performs a write to its end: `ok`, or the code of the refusal, with `late` before it when it came late.
    fn run(&mut self, act: Act) -> String {
        match self.begin(act) {
            Err(error) => error.code.into_owned(),
            Ok(id) => self.end(id),
        }
    }

    fn end(&mut self, id: OperationId) -> String {
        if let Some(end) = self.0.end_of(id) {
            self.0.advance_to(end);
        }
        assert_eq!(self.0.check(), Vec::<String>::new());
        match &self.0.classic_operation(id).expect("it stays readable").status {
            Status::Succeeded => "ok".to_owned(),
            Status::Failed(error) => format!("late {}", error.code),
            other => format!("{other:?}"),
        }
    }

    fn wait(&mut self, secs: i64) {
        let to = self.0.now().plus_millis(secs * 1000);
        self.0.advance_to(to);
        assert_eq!(self.0.check(), Vec::<String>::new());
    }

    fn deploy(&mut self, service: &str, roles: Vec<RoleSpec>) -> String {
        let deployment = CreateDeployment {
            name: service.into(),
            label: service.into(),
            roles,
            ..CreateDeployment::default()
        };
        self.run(Act::CreateDeployment {
            service: service.into(),
            deployment: Box::new(deployment),
        })
    }

    fn add(&mut self, role: RoleSpec) -> String {
        self.run(Act::AddRole {
            service: "web".into(),
            deployment: "web".into(),
            role: Box::new(role),
        })
    }

    fn act(&mut self, roles: &[&str], act: RoleAct) -> String {
        let roles = roles.iter().map(|name| (*name).into()).collect();
        self.run(Act::RunRoles {
            service: "web".into(),
            deployment: "web".into(),
            roles,
            act,
        })
    }

    fn deployment(&self) -> &Deployment {
        self.0
            .classic()
            .deployments
            .get(&DeploymentKey::new("web", Slot::Production))
            .expect("a deployment")
    }

    fn vip(&self) -> Option<Ipv4Addr> {
        self.deployment()
            .vips
            .first()
            .and_then(|vip| self.0.cx().vip_address(vip))
    }

    /// Who answers connections to port 1234, in order.
    fn answers(&self, n: u64, listens: impl Fn(&Answerer) -> bool) -> Vec<String> {
        let Some(address) = self.0.cx().deployment_address("web", Slot::Production) else {
            return vec!["NoAddress".to_owned()];
        };
        let call = |number| Connection {
            to: Address::Public(address),
            port: 1234,
            transport: Transport::Tcp,
            client: Client {
                address: Ipv4Addr::new(198, 51, 100, 7),
                network: None,
            },
            number,
        };
        (0..n)
            .map(|number| match self.0.cx().who_answers(&call(number), &listens) {
                Ok(answerer) => answerer.role.to_string(),
                Err(error) => format!("{error:?}"),
            })
            .collect()
    }
}

fn role(name: &str) -> RoleSpec {
    let provisioning = Provisioning {
        system: System::Linux,
        host_name: Some(name.into()),
        fingerprints: Vec::new(),
        custom_data_bytes: 0,
        winrm_https: false,
    };
    let os_disk = OsDiskSpec {
        media_link: Some(format!("https://acct.blob.core.windows.net/vhds/{name}.vhd").into()),
        source_image: Some(UBUNTU.into()),
        ..OsDiskSpec::default()
    };
    RoleSpec {
        name: Some(name.into()),
        provisioning: Some(provisioning),
        os_disk: Some(os_disk),
        ..RoleSpec::default()
    }
}

fn balanced(name: &str) -> RoleSpec {
    let probe = endpoints::Probe {
        path: None,
        port: 1234,
        protocol: "tcp".into(),
        interval_secs: 15,
        timeout_secs: 31,
    };
    let endpoint = endpoints::InputEndpoint {
        set: Some("hostname".into()),
        local_port: 1234,
        name: "tcp1234".into(),
        port: Some(1234),
        probe: Some(probe),
        protocol: "tcp".into(),
        direct_server_return: false,
        load_balancer: None,
        acl: None,
        idle_minutes: None,
        distribution: None,
        virtual_ip: None,
    };
    let network = NetworkSet {
        endpoints: vec![endpoint],
        ..NetworkSet::default()
    };
    RoleSpec {
        network: Some(network),
        availability_set: Some("juju".into()),
        ..role(name)
    }
}

#[test]
fn ten_connections_to_two_members_are_shared_five_and_five() {
    let mut scene = Scene::new();
    assert_eq!(scene.deploy("web", vec![balanced("one")]), "ok");
    assert_eq!(scene.add(balanced("two")), "ok");
    assert_eq!(
        scene.answers(1, |_| true),
        ["NoHealthyMember"],
        "machines that start answer nobody"
    );
    scene.wait(600);
    let answers = scene.answers(10, |_| true);
    assert_eq!(answers.iter().filter(|role| *role == "one").count(), 5, "{answers:?}");
    assert_eq!(answers.iter().filter(|role| *role == "two").count(), 5);

    // A member whose probe fails is out; so is one that is stopped.
    assert_eq!(
        scene.answers(2, |who| &*who.role == "two" && who.local_port == 1234),
        ["two", "two"]
    );
    assert_eq!(scene.act(&["one"], RoleAct::Shutdown(PostShutdown::Stopped)), "ok");
    assert_eq!(scene.answers(2, |_| true), ["two", "two"]);
    assert_eq!(scene.answers(1, |_| false), ["NoHealthyMember"]);
}

#[test]
fn members_of_a_set_are_spread_over_five_upgrade_and_two_fault_domains() {
    let mut scene = Scene::new();
    assert_eq!(scene.deploy("web", vec![balanced("r0")]), "ok");
    for n in 1..6 {
        assert_eq!(scene.add(balanced(&format!("r{n}"))), "ok");
    }
    let domains: Vec<(u32, u32)> = scene.deployment().roles.iter().map(Role::domains).collect();
    assert_eq!(domains, [(0, 0), (1, 1), (2, 0), (3, 1), (4, 0), (0, 1)]);
    assert_eq!(scene.deployment().upgrade_domains(), 5);
}

#[test]
fn the_address_is_lost_when_the_last_machine_gives_its_host_back() {
    let mut scene = Scene::new();
    assert_eq!(scene.deploy("web", vec![role("one"), role("two")]), "ok");
    let first = scene.vip().expect("an address");
    assert_eq!(
        scene.act(&["one"], RoleAct::Shutdown(PostShutdown::StoppedDeallocated)),
        "ok"
    );
    assert_eq!(scene.vip(), Some(first), "another machine still runs");
    assert_eq!(
        scene.act(&["two"], RoleAct::Shutdown(PostShutdown::StoppedDeallocated)),
        "ok"
    );
    assert_eq!(scene.vip(), None);
    assert_eq!(scene.deployment().status(scene.0.now()), "Suspended");
    assert!(
        scene.0.fabric().leases.is_empty(),
        "private addresses are given back, too"
    );
    assert_eq!(scene.act(&["one", "two"], RoleAct::Start), "ok");
    let second = scene.vip().expect("another address");
    assert_ne!(second, first);
    assert_eq!(scene.deployment().status(scene.0.now()), "Running");
}

#[test]
fn cores_of_stopped_machines_count_until_they_are_deallocated() {
    let mut scene = Scene::new();
    let cores = |scene: &Scene| {
        let key = scene.0.subscription(SUBSCRIPTION).expect("it exists").key;
        (
            scene.0.cx().classic_counts(key).cores,
            scene.0.ledger().used(key, "westus", "cores"),
        )
    };
    assert_eq!(
        scene.deploy(
            "web",
            vec![RoleSpec {
                size: Some("Large".into()),
                ..role("one")
            }]
        ),
        "ok"
    );
    assert_eq!(cores(&scene), (4, 4));
    assert_eq!(scene.act(&["one"], RoleAct::Shutdown(PostShutdown::Stopped)), "ok");
    assert_eq!(cores(&scene), (4, 4));
    assert_eq!(
        scene.act(&["one"], RoleAct::Shutdown(PostShutdown::StoppedDeallocated)),
        "ok"
    );
    assert_eq!(cores(&scene), (0, 0));
    assert_eq!(scene.act(&["one"], RoleAct::Start), "ok");
    assert_eq!(cores(&scene), (4, 4));
    let media = true;
    assert_eq!(
        scene.run(Act::DeleteHostedService {
            name: "web".into(),
            media
        }),
        "ok"
    );
    assert_eq!(cores(&scene), (0, 0));
}

/// A network configuration with one site without subnets, there.
fn network(placement: Placement) -> Act {
    Act::PutNetworkConfiguration(Box::new(NetworkConfiguration {
        sites: vec![SiteSpec {
            name: "net".into(),
            placement: Some(placement),
            prefixes: vec!["10.0.0.0/8".into()],
            ..SiteSpec::default()
        }],
        ..NetworkConfiguration::default()
    }))
}

/// A deployment of one role in that network.
fn in_network(service: &str, role: RoleSpec) -> Act {
    let deployment = CreateDeployment {
        name: "d".into(),
        label: "d".into(),
        network: Some("net".into()),
        roles: vec![role],
        ..CreateDeployment::default()
    };
    Act::CreateDeployment {
        service: service.into(),
        deployment: Box::new(deployment),
    }
}

#[test]
fn a_network_without_subnets_gives_addresses_of_its_whole_space() {
    let mut scene = Scene::new();
    scene.service("mail");
    assert_eq!(scene.run(network(Placement::Location("West US".into()))), "ok");
    for service in ["web", "mail"] {
        assert_eq!(scene.run(in_network(service, role(service))), "ok");
    }
    let ports = scene.0.fabric().ports.iter();
    let addresses: Vec<String> = ports
        .flat_map(|(_, port)| port.addresses.iter().map(|held| held.address.to_string()))
        .collect();
    assert_eq!(addresses, ["10.0.0.4", "10.0.0.5"]);

    // It goes with all that it gave.
    for service in ["web", "mail"] {
        let act = Act::DeleteHostedService {
            name: service.into(),
            media: true,
        };
        assert_eq!(scene.run(act), "ok");
    }
    scene.wait(60);
    let none = Act::PutNetworkConfiguration(Box::default());
    assert_eq!(scene.run(none), "ok");
    assert_eq!(scene.0.fabric().pools.len(), 0);
    assert_eq!(scene.0.check(), Vec::<String>::new());
}

#[test]
fn a_network_counts_as_used_for_a_while_after_its_last_machine() {
    cov_mark::check!(network_lingers);
    let mut scene = Scene::new();
    assert_eq!(scene.run(network(Placement::Location("West US".into()))), "ok");
    assert_eq!(scene.run(in_network("web", role("one"))), "ok");
    let gone = Act::DeleteHostedService {
        name: "web".into(),
        media: true,
    };
    assert_eq!(scene.run(gone), "ok");
    let none = || Act::PutNetworkConfiguration(Box::default());
    assert_eq!(scene.run(none()), "late BadRequest");
    // What changes nothing about it is let through, and it goes on lingering.
    assert_eq!(scene.run(network(Placement::Location("West US".into()))), "ok");
    scene.wait(60);
    assert_eq!(scene.run(none()), "ok");
    assert_eq!(scene.0.classic().virtual_networks.len(), 0);
}

#[test]
fn the_network_of_an_affinity_group_has_old_hardware_only() {
    cov_mark::check!(old_cluster);
    let mut scene = Scene::new();
    let group = CreateAffinityGroup {
        name: "group".into(),
        label: "bA==".into(),
        location: "West US".into(),
        ..CreateAffinityGroup::default()
    };
    assert_eq!(scene.run(Act::CreateAffinityGroup(group)), "ok");
    let service = CreateHostedService {
        name: "old".into(),
        label: "bA==".into(),
        affinity_group: Some("group".into()),
        ..CreateHostedService::default()
    };
    assert_eq!(scene.run(Act::CreateHostedService(service)), "ok");
    assert_eq!(scene.run(network(Placement::AffinityGroup("group".into()))), "ok");
    let sized = |size: &str| RoleSpec {
        size: Some(size.into()),
        ..role("one")
    };
    assert_eq!(
        scene.run(in_network("old", sized("Standard_D1"))),
        "late OverconstrainedAllocationRequest"
    );
    assert_eq!(scene.run(in_network("old", sized("Medium"))), "ok");
}

#[test]
fn a_probe_speaks_tcp_or_http() {
    let mut scene = Scene::new();
    let mut spec = balanced("one");
    if let Some(probe) = spec.network.as_mut().and_then(|own| own.endpoints[0].probe.as_mut()) {
        probe.protocol = "udp".into();
    }
    assert_eq!(scene.deploy("web", vec![spec]), "BadRequest");
    assert_eq!(scene.deploy("web", vec![balanced("one")]), "ok");
}

#[test]
fn the_last_role_and_an_occupied_slot_are_refused() {
    cov_mark::check!(classic_only_role);
    cov_mark::check!(classic_slot_occupied);
    let mut scene = Scene::new();
    assert_eq!(scene.deploy("web", vec![role("one")]), "ok");
    assert_eq!(scene.deploy("web", vec![role("two")]), "ConflictError");
    let place = ("web".into(), "web".into(), "one".into());
    assert_eq!(scene.run(Act::DeleteRole { place, media: false }), "BadRequest");
}

#[test]
fn account_names_are_shared_with_the_other_stack() {
    cov_mark::check!(classic_account_taken);
    let mut scene = Scene::new();
    let id = crate::id::ResourceId::group(SUBSCRIPTION, "rg");
    let version = crate::api_version::ApiVersion::NEWEST;
    let conditions = crate::call::Conditions::NONE;
    let group = Call::Put {
        id: id.clone(),
        document: serde_json::json!({"location": "westus"}),
        version,
        conditions: conditions.clone(),
    };
    scene.0.apply(&group).expect("a group");
    let path =
        format!("/subscriptions/{SUBSCRIPTION}/resourceGroups/rg/providers/Microsoft.Storage/storageAccounts/taken");
    let id = crate::id::ResourceId::parse(&path).expect("an id");
    let document =
        serde_json::json!({"location": "westus", "sku": {"name": "Standard_LRS"}, "kind": "Storage", "properties": {}});
    scene
        .0
        .apply(&Call::Put {
            id,
            document,
            version,
            conditions,
        })
        .expect("an account");
    let account = CreateStorageService {
        name: "taken".into(),
        label: "bA==".into(),
        location: Some("West US".into()),
        ..CreateStorageService::default()
    };
    assert_eq!(scene.run(Act::CreateStorageService(account)), "ConflictError");
}

#[test]
fn a_disk_is_let_go_a_while_after_its_machine() {
    let mut scene = Scene::new();
    assert_eq!(scene.deploy("web", vec![role("one")]), "ok");
    let name = scene.deployment().roles[0].os_disk.name.clone();
    let delete = Act::DeleteDeployment {
        service: "web".into(),
        which: Which::In(Slot::Production),
        media: false,
    };
    assert_eq!(scene.run(delete), "ok");
    let error = scene
        .begin(Act::DeleteDisk {
            name: name.clone(),
            media: false,
        })
        .expect_err("still attached");
    let until = error.until.expect("it ends by itself");
    assert_eq!(until, scene.0.now().plus_millis(60_000));
    scene.0.advance_to(until);
    let blob = scene.0.fabric().blobs.iter().next().expect("its blob").1.clone();
    assert!(
        blob.lease.is_active(scene.0.now()) && blob.machine.is_none(),
        "a registered blob stays leased"
    );
    assert_eq!(scene.run(Act::DeleteDisk { name, media: false }), "ok");
    let blob = scene.0.fabric().blobs.iter().next().expect("its blob").1;
    assert!(!blob.lease.is_active(scene.0.now()));
}

#[test]
fn an_operation_that_never_ends_holds_its_deployment_until_it_may_end() {
    let mut scene = Scene::new();
    assert_eq!(scene.deploy("web", vec![role("one")]), "ok");
    let act = RoleAct::Restart;
    let id = scene
        .begin(Act::RunRoles {
            service: "web".into(),
            deployment: "web".into(),
            roles: vec!["one".into()],
            act,
        })
        .expect("begun");
    assert!(scene.0.set_endless(id, true));
    scene.wait(10_000);
    assert_eq!(scene.add(role("two")), "ConflictError");
    assert!(scene.0.set_endless(id, false));
    scene.wait(1);
    assert_eq!(scene.add(role("two")), "ok");
}

#[test]
fn the_same_calls_give_the_same_digest_and_a_saved_cloud_goes_on() {
    let story = || {
        let mut scene = Scene::new();
        assert_eq!(scene.deploy("web", vec![balanced("one")]), "ok");
        let begun = scene.begin(Act::AddRole {
            service: "web".into(),
            deployment: "web".into(),
            role: Box::new(balanced("two")),
        });
        (scene, begun.expect("begun"))
    };
    let (one, id) = story();
    let (mut other, _) = story();
    assert_eq!(one.0.digest(), other.0.digest());
    let saved = serde_json::to_string(&one.0).expect("it can be written");
    let mut restored = Scene(serde_json::from_str(&saved).expect("it can be read"));
    assert_eq!(restored.end(id), "ok");
    assert_eq!(other.end(id), "ok");
    assert_eq!(restored.0.digest(), other.0.digest());
}

#[test]
fn an_image_that_is_shared_with_everyone_is_another_subscriptions_to_use() {
    const OTHER: Guid = Guid(0x0b1f6471_1bf0_4dda_aec3_cb9272f09591);
    let mut scene = Scene::new();
    scene.0.add_subscription(OTHER);
    assert_eq!(scene.deploy("web", vec![role("web")]), "ok");
    scene.wait(600);
    let capture = RoleAct::Capture(Box::new(Capture {
        name: "gold".into(),
        label: "gold".into(),
        kind: CaptureAs::OsImage { reprovision: true },
        marketing: ImageMarketing::default(),
    }));
    assert_eq!(scene.act(&["web"], capture), "ok");

    let key = |scene: &Scene, id| scene.0.subscription(id).expect("the subscription").key;
    let (own, other) = (key(&scene, SUBSCRIPTION), key(&scene, OTHER));
    assert!(scene.0.cx().os_image(own, "gold").is_ok() && scene.0.cx().os_image(other, "gold").is_err());
    let share = |permission| Act::ShareImage {
        image: ImageName::Os("gold".into()),
        permission,
    };
    assert_eq!(scene.run(share(Permission::Public)), "ok");
    assert!(scene.0.cx().os_image(other, "GOLD").is_ok());
    assert_eq!(scene.0.cx().os_images(other).count(), 1);
    assert_eq!(scene.run(share(Permission::Private)), "ok");
    assert_eq!(scene.0.cx().os_images(other).count(), 0);
}

#[test]
fn every_form_has_evidence_and_a_way_out() {
    for form in forms::ALL {
        assert!(!form.evidence.is_empty() && !form.way_out.is_empty(), "{}", form.text);
    }
}
