//! Both of Azure's APIs in one cloud: whatever they are asked in turn, what they share is conserved. Storage names, blobs,
//! addresses and cores belong to somebody once; a refused call changes nothing; when all is deleted, nothing is left.

use std::collections::BTreeMap;

use fake_azure_cloud::catalogue::limits::Era;
use fake_azure_cloud::classic::{
    Act, Caller, ClassicCall, CreateDeployment, CreateHostedService, CreatePackage, CreateReservedIp,
    CreateStorageService, OsDiskSpec, PackageRole, PostShutdown, Provisioning, RoleAct, RoleSpec, Slot,
    UpdateDeployment, UpdateMode, Which,
};
use fake_azure_cloud::fabric::System;
use fake_azure_cloud::{
    ApiVersion, Call, Cloud, CloudError, Conditions, Document, Guid, Reply, ResourceId, Settings, Time,
};
use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::json;

const SUBSCRIPTION: Guid = Guid(0x0b1f_6471_1bf0_4dda_aec3_cb92_72f0_9590);
const VERSION: ApiVersion = ApiVersion::date(2016, 3, 30);
const UBUNTU: &str = "b39f27a8b8c64d52b05eac6a62ebad85__Ubuntu-14_04-LTS-amd64-server-20140724-en-us-30GB";

/// What is done next. Numbers choose among a few names, so that the two APIs meet.
#[derive(Clone, Debug)]
enum Move {
    ArmAccount(u8),
    ArmDeleteAccount(u8),
    ArmAddress(u8, bool),
    ArmDeleteAddress(u8),
    ArmInterface(u8, Option<u8>),
    ArmDeleteInterface(u8),
    ArmMachine {
        name: u8,
        nic: u8,
        account: u8,
        blob: u8,
    },
    ArmPower(u8, &'static str),
    ArmDeleteMachine(u8),
    Account(u8),
    DeleteAccount(u8),
    Service(u8),
    DeleteService(u8, bool),
    Deployment {
        service: u8,
        account: u8,
        blob: u8,
        reserved: Option<u8>,
    },
    DeleteDeployment(u8, bool),
    Role {
        service: u8,
        name: u8,
        account: u8,
        blob: u8,
    },
    DeleteRole(u8, u8, bool),
    Power(u8, RoleAct),
    Package(u8, u8),
    Scale(u8, u8, UpdateMode),
    Walk(u8, u8),
    RollBack(u8),
    ReservedIp(u8),
    DeleteReservedIp(u8),
    DeleteDisk(u8),
    Wait(u16),
}

fn moves() -> impl Strategy<Value = Move> {
    let n = || 0_u8..3;
    let arm = prop_oneof![
        n().prop_map(Move::ArmAccount),
        n().prop_map(Move::ArmDeleteAccount),
        (n(), any::<bool>()).prop_map(|(name, fixed)| Move::ArmAddress(name, fixed)),
        n().prop_map(Move::ArmDeleteAddress),
        (n(), proptest::option::of(n())).prop_map(|(name, address)| Move::ArmInterface(name, address)),
        n().prop_map(Move::ArmDeleteInterface),
        (n(), n(), n(), n()).prop_map(|(name, nic, account, blob)| Move::ArmMachine {
            name,
            nic,
            account,
            blob
        }),
        (n(), prop_oneof![Just("deallocate"), Just("start"), Just("powerOff")])
            .prop_map(|(name, action)| Move::ArmPower(name, action)),
        n().prop_map(Move::ArmDeleteMachine),
    ];
    let power = prop_oneof![
        Just(RoleAct::Start),
        Just(RoleAct::Restart),
        Just(RoleAct::Shutdown(PostShutdown::Stopped)),
        Just(RoleAct::Shutdown(PostShutdown::StoppedDeallocated)),
    ];
    let mode = prop_oneof![
        Just(UpdateMode::Auto),
        Just(UpdateMode::Manual),
        Just(UpdateMode::Simultaneous)
    ];
    let classic = prop_oneof![
        n().prop_map(Move::Account),
        n().prop_map(Move::DeleteAccount),
        n().prop_map(Move::Service),
        (n(), any::<bool>()).prop_map(|(name, media)| Move::DeleteService(name, media)),
        (n(), n(), n(), proptest::option::of(n())).prop_map(|(service, account, blob, reserved)| Move::Deployment {
            service,
            account,
            blob,
            reserved
        }),
        (n(), any::<bool>()).prop_map(|(name, media)| Move::DeleteDeployment(name, media)),
        (n(), n(), n(), n()).prop_map(|(service, name, account, blob)| Move::Role {
            service,
            name,
            account,
            blob
        }),
        (n(), n(), any::<bool>()).prop_map(|(service, role, media)| Move::DeleteRole(service, role, media)),
        (n(), power).prop_map(|(service, act)| Move::Power(service, act)),
        (n(), 1_u8..7).prop_map(|(service, count)| Move::Package(service, count)),
        (n(), 1_u8..7, mode).prop_map(|(service, count, mode)| Move::Scale(service, count, mode)),
        (n(), n()).prop_map(|(service, domain)| Move::Walk(service, domain)),
        n().prop_map(Move::RollBack),
        n().prop_map(Move::ReservedIp),
        n().prop_map(Move::DeleteReservedIp),
        n().prop_map(Move::DeleteDisk),
    ];
    prop_oneof![3 => arm, 4 => classic, 3 => (1_u16..400).prop_map(Move::Wait)]
}

fn account(n: u8) -> String {
    format!("acct{n}")
}

fn service(n: u8) -> Box<str> {
    format!("svc{n}").into()
}

fn link(of: u8, blob: u8) -> String {
    format!("https://{}.blob.core.windows.net/vhds/m{blob}.vhd", account(of))
}

fn id(tail: &str) -> ResourceId {
    let text = format!("/subscriptions/{SUBSCRIPTION}/resourceGroups/rg{tail}");
    ResourceId::parse(&text).expect("a well-formed id")
}

fn network(kind: &str, name: &str) -> ResourceId {
    id(&format!("/providers/Microsoft.Network/{kind}/{name}"))
}

fn machine(n: u8) -> ResourceId {
    id(&format!("/providers/Microsoft.Compute/virtualMachines/vm{n}"))
}

fn storage(n: u8) -> ResourceId {
    id(&format!("/providers/Microsoft.Storage/storageAccounts/{}", account(n)))
}

/// A cloud that two clients use, one by each API.
struct Mixed {
    cloud: Cloud,
}

impl Mixed {
    fn new(seed: u64) -> Mixed {
        let cloud = Cloud::new(&Settings {
            seed,
            start: Time::from_millis(1_459_468_800_000),
            era: Era::Classic2014,
            subscriptions: vec![SUBSCRIPTION],
        });
        let mut mixed = Mixed { cloud };
        mixed.put(id(""), json!({ "location": "westus" }));
        mixed.put(
            network("virtualNetworks", "net"),
            json!({ "location": "westus", "properties": {
                "addressSpace": { "addressPrefixes": ["10.0.0.0/16"] },
                "subnets": [{ "name": "s", "properties": { "addressPrefix": "10.0.0.0/24" } }],
            } }),
        );
        mixed.settle();
        mixed
    }

    /// Asks; a refused call must leave no trace.
    fn ask(&mut self, call: &Call) -> Result<Reply, CloudError> {
        let before = self.cloud.digest();
        let answer = self.cloud.apply(call);
        if answer.is_err() {
            assert_eq!(
                self.cloud.digest(),
                before,
                "a refused call changed something: {call:?}"
            );
        }
        answer
    }

    fn put(&mut self, id: ResourceId, document: Document) {
        // What is refused is as good a history as what is not.
        let _ = self.ask(&Call::Put {
            id,
            document,
            version: VERSION,
            conditions: Conditions::NONE,
        });
    }

    fn delete(&mut self, id: ResourceId) {
        let _ = self.ask(&Call::Delete {
            id,
            version: VERSION,
            conditions: Conditions::NONE,
        });
    }

    fn act(&mut self, act: Act) {
        let _ = self.ask(&Call::Classic(Box::new(ClassicCall {
            subscription: SUBSCRIPTION,
            caller: Caller::default(),
            object: "/x".into(),
            act,
        })));
    }

    /// Moves time until nothing more happens by itself.
    fn settle(&mut self) {
        while let Some(due) = self.cloud.next_due() {
            self.cloud.advance_to(due);
        }
    }

    fn make(&mut self, next: &Move) {
        match next.clone() {
            Move::ArmAccount(n) => self.put(
                storage(n),
                json!({ "location": "westus", "sku": { "name": "Standard_LRS" }, "kind": "Storage" }),
            ),
            Move::ArmDeleteAccount(n) => self.delete(storage(n)),
            Move::ArmAddress(n, fixed) => self.put(
                network("publicIPAddresses", &format!("pip{n}")),
                json!({ "location": "westus", "properties": {
                    "publicIPAllocationMethod": if fixed { "Static" } else { "Dynamic" },
                } }),
            ),
            Move::ArmDeleteAddress(n) => self.delete(network("publicIPAddresses", &format!("pip{n}"))),
            Move::ArmInterface(n, address) => {
                let subnet = format!("{}/subnets/s", network("virtualNetworks", "net"));
                let mut properties = json!({ "subnet": { "id": subnet } });
                if let Some(address) = address {
                    let address = network("publicIPAddresses", &format!("pip{address}"));
                    properties["publicIPAddress"] = json!({ "id": address.to_string() });
                }
                self.put(
                    network("networkInterfaces", &format!("nic{n}")),
                    json!({ "location": "westus", "properties": {
                        "ipConfigurations": [{ "name": "primary", "properties": properties }],
                    } }),
                );
            }
            Move::ArmDeleteInterface(n) => self.delete(network("networkInterfaces", &format!("nic{n}"))),
            Move::ArmMachine {
                name,
                nic,
                account,
                blob,
            } => {
                let nic = network("networkInterfaces", &format!("nic{nic}"));
                self.put(
                    machine(name),
                    json!({ "location": "westus", "properties": {
                        "hardwareProfile": { "vmSize": "Standard_A1" },
                        "storageProfile": {
                            "imageReference": {
                                "publisher": "Canonical", "offer": "UbuntuServer", "sku": "14.04.3-LTS", "version": "latest",
                            },
                            "osDisk": { "name": "os", "createOption": "FromImage", "vhd": { "uri": link(account, blob) } },
                        },
                        "osProfile": { "computerName": "vm", "adminUsername": "juju", "adminPassword": "Secret-1234" },
                        "networkProfile": { "networkInterfaces": [{ "id": nic.to_string() }] },
                    } }),
                );
            }
            Move::ArmPower(n, action) => {
                let _ = self.ask(&Call::Act {
                    id: machine(n),
                    action: action.into(),
                    document: Document::Null,
                    version: VERSION,
                });
            }
            Move::ArmDeleteMachine(n) => self.delete(machine(n)),
            Move::Account(n) => self.act(Act::CreateStorageService(CreateStorageService {
                name: account(n).into(),
                label: "bA==".into(),
                location: Some("West US".into()),
                ..CreateStorageService::default()
            })),
            Move::DeleteAccount(n) => self.act(Act::DeleteStorageService {
                name: account(n).into(),
            }),
            Move::Service(n) => self.act(Act::CreateHostedService(CreateHostedService {
                name: service(n),
                label: "bA==".into(),
                location: Some("West US".into()),
                ..CreateHostedService::default()
            })),
            Move::DeleteService(n, media) => self.act(Act::DeleteHostedService {
                name: service(n),
                media,
            }),
            Move::Deployment {
                service: n,
                account,
                blob,
                reserved,
            } => {
                let deployment = CreateDeployment {
                    name: service(n),
                    label: "l".into(),
                    roles: vec![role(0, account, blob)],
                    reserved_ip: reserved.map(|n| format!("rip{n}").into()),
                    ..CreateDeployment::default()
                };
                self.act(Act::CreateDeployment {
                    service: service(n),
                    deployment: Box::new(deployment),
                });
            }
            Move::DeleteDeployment(n, media) => self.act(Act::DeleteDeployment {
                service: service(n),
                which: Which::In(Slot::Production),
                media,
            }),
            Move::Role {
                service: n,
                name,
                account,
                blob,
            } => self.act(Act::AddRole {
                service: service(n),
                deployment: service(n),
                role: Box::new(role(name, account, blob)),
            }),
            Move::DeleteRole(n, name, media) => self.act(Act::DeleteRole {
                place: (service(n), service(n), format!("r{name}").into()),
                media,
            }),
            Move::Power(n, act) => self.act(Act::RunRoles {
                service: service(n),
                deployment: service(n),
                roles: vec!["r0".into()],
                act,
            }),
            Move::Package(n, count) => {
                let package = CreatePackage {
                    name: service(n),
                    label: "bA==".into(),
                    package_url: "https://elsewhere.blob.core.windows.net/p/a.cspkg".into(),
                    roles: workers(count),
                    start: true,
                    ..CreatePackage::default()
                };
                self.act(Act::CreatePackage {
                    service: service(n),
                    slot: Slot::Production,
                    package: Box::new(package),
                });
            }
            Move::Scale(n, count, mode) => self.act(Act::UpdateDeployment {
                service: service(n),
                which: Which::In(Slot::Production),
                update: Box::new(UpdateDeployment {
                    mode,
                    roles: workers(count),
                    ..UpdateDeployment::default()
                }),
            }),
            Move::Walk(n, domain) => self.act(Act::WalkUpgradeDomain {
                service: service(n),
                which: Which::In(Slot::Production),
                domain: domain.into(),
            }),
            Move::RollBack(n) => self.act(Act::RollBack {
                service: service(n),
                which: Which::In(Slot::Production),
                mode: UpdateMode::Auto,
            }),
            Move::ReservedIp(n) => self.act(Act::CreateReservedIp(CreateReservedIp {
                name: format!("rip{n}").into(),
                label: None,
                location: "West US".into(),
                of_deployment: None,
            })),
            Move::DeleteReservedIp(n) => self.act(Act::DeleteReservedIp {
                name: format!("rip{n}").into(),
            }),
            Move::DeleteDisk(n) => {
                if let Some(name) = self.disks().get(usize::from(n)).cloned() {
                    self.act(Act::DeleteDisk { name, media: true });
                }
            }
            Move::Wait(secs) => {
                let to = self.cloud.now().plus_millis(i64::from(secs) * 1000);
                self.cloud.advance_to(to);
            }
        }
    }

    fn disks(&self) -> Vec<Box<str>> {
        let disks = self.cloud.classic().disks.iter();
        disks.map(|(_, disk)| disk.name.clone()).collect()
    }

    /// What must hold between any two calls.
    fn check(&self) {
        assert_eq!(self.cloud.check(), Vec::<String>::new());
        let (fabric, classic) = (self.cloud.fabric(), self.cloud.classic());
        let key = self.cloud.subscription(SUBSCRIPTION).expect("the subscription").key;

        // Every core is counted once, by the very counter that both APIs enforce.
        let of_machines: u32 = fabric
            .machines
            .iter()
            .filter(|(_, machine)| machine.power.is_allocated())
            .map(|(_, machine)| machine.cores)
            .sum();
        let packages = classic.deployments.iter().filter_map(|(_, row)| row.package.as_ref());
        let held = i64::from(of_machines + packages.map(|package| package.cores()).sum::<u32>());
        assert_eq!(
            self.cloud.ledger().used(key, "westus", "cores"),
            held,
            "cores of the ledger"
        );
        let counts = self.cloud.cx().classic_counts(key);
        assert_eq!(i64::try_from(counts.cores), Ok(held), "cores of the subscription");

        // A storage name is one API's or the other's.
        for (name, account) in fabric.accounts.iter() {
            let of_classic = classic.storage_services.get(name).is_some();
            let of_arm = self.cloud.store().get(account.owner).is_some();
            assert!(of_classic != of_arm, "{name}: classic {of_classic}, ARM {of_arm}");
        }
        assert_eq!(counts.storage_accounts, fabric.accounts.iter().count());

        // A blob is one disk's.
        let mut holders: BTreeMap<_, Vec<&str>> = BTreeMap::new();
        for (_, disk) in classic.disks.iter() {
            holders.entry(&disk.blob).or_default().push(&disk.name);
        }
        for (blob, disks) in holders {
            assert_eq!(disks.len(), 1, "{blob:?} is the disk of {disks:?}");
        }
    }

    /// Deletes all that there is, by both APIs.
    fn tear_down(&mut self) {
        self.settle();
        for n in 0..3 {
            self.make(&Move::DeleteService(n, true));
        }
        self.settle();
        for name in self.disks() {
            self.act(Act::DeleteDisk { name, media: true });
        }
        for n in 0..3 {
            self.make(&Move::DeleteReservedIp(n));
        }
        self.delete(id(""));
        self.settle();
        for n in 0..3 {
            self.make(&Move::DeleteAccount(n));
        }
        self.settle();
        self.check();
        let fabric = self.cloud.fabric();
        let left = [
            ("machines", fabric.machines.iter().count()),
            ("ports", fabric.ports.iter().count()),
            ("leases", fabric.leases.iter().count()),
            ("public addresses", fabric.public_addresses.iter().count()),
            ("addresses in use", fabric.public_in_use.iter().count()),
            ("accounts", fabric.accounts.iter().count()),
            ("blobs", fabric.blobs.iter().count()),
            ("hosted services", self.cloud.classic().hosted_services.iter().count()),
            ("holds", self.cloud.classic().holds.iter().count()),
        ];
        for (what, count) in left {
            assert_eq!(count, 0, "{what} left");
        }
    }
}

fn workers(count: u8) -> Vec<PackageRole> {
    vec![PackageRole {
        name: "Worker".into(),
        instances: count.into(),
    }]
}

fn role(n: u8, account: u8, blob: u8) -> RoleSpec {
    RoleSpec {
        name: Some(format!("r{n}").into()),
        provisioning: Some(Provisioning {
            system: System::Linux,
            host_name: None,
            fingerprints: Vec::new(),
            custom_data_bytes: 0,
            winrm_https: false,
        }),
        os_disk: Some(OsDiskSpec {
            media_link: Some(link(account, blob).into()),
            source_image: Some(UBUNTU.into()),
            ..OsDiskSpec::default()
        }),
        size: Some("Medium".into()),
        ..RoleSpec::default()
    }
}

/// What both APIs need before they can make machines.
fn prelude() -> Vec<Move> {
    vec![
        Move::ArmAccount(0),
        Move::Account(1),
        Move::Account(2),
        Move::ArmAddress(0, false),
        Move::ReservedIp(0),
        Move::Wait(60),
        Move::ArmInterface(0, Some(0)),
        Move::ArmInterface(1, None),
        Move::Service(0),
        Move::Service(1),
        Move::Wait(60),
    ]
}

/// A history that reaches both APIs' machines, so that the property below cannot be true of nothing.
#[test]
fn both_apis_make_machines_in_one_cloud() {
    let mut mixed = Mixed::new(1);
    let history = [
        Move::Account(0),
        Move::ArmMachine {
            name: 0,
            nic: 0,
            account: 0,
            blob: 0,
        },
        Move::Deployment {
            service: 0,
            account: 1,
            blob: 0,
            reserved: Some(0),
        },
        Move::Wait(120),
        Move::Package(1, 3),
        Move::Wait(120),
        Move::Scale(1, 5, UpdateMode::Auto),
        Move::Wait(400),
    ];
    for next in prelude().iter().chain(&history) {
        mixed.make(next);
        mixed.check();
    }
    let fabric = mixed.cloud.fabric();
    assert_eq!(fabric.machines.iter().count(), 2);
    assert_eq!(
        fabric.accounts.iter().count(),
        3,
        "the name that ARM has is not the classic API's to take"
    );
    let key = mixed.cloud.subscription(SUBSCRIPTION).expect("the subscription").key;
    assert_eq!(mixed.cloud.cx().classic_counts(key).cores, 1 + 2 + 5);
    mixed.tear_down();
}

#[test]
fn a_machine_is_not_made_on_an_interface_that_is_on_its_way_out() {
    let mut mixed = Mixed::new(1);
    for next in &prelude() {
        mixed.make(next);
    }
    mixed.make(&Move::ArmDeleteInterface(0));
    mixed.make(&Move::ArmMachine {
        name: 0,
        nic: 0,
        account: 0,
        blob: 0,
    });
    mixed.settle();
    mixed.check();
    assert_eq!(mixed.cloud.fabric().machines.iter().count(), 0);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_both_apis_share_is_conserved(seed in any::<u64>(), history in vec(moves(), 1..80)) {
        let mut mixed = Mixed::new(seed);
        for next in prelude().iter().chain(&history) {
            mixed.make(next);
            mixed.check();
        }
        mixed.tear_down();
    }
}
