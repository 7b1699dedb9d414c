//! Scripts for tests of Compute: one line asks for one thing, one line answers.
//!
//! | line | asks for |
//! | --- | --- |
//! | `put KIND NAME {..}` | PUT of a document; `location` is filled in |
//! | `patch KIND NAME {..}`, `delete KIND NAME`, `act KIND NAME ACTION {..}` | the same of others |
//! | `nic NAME [subnet] [pip=NAME]`, `vm NAME nic=A,B [size=..] [set=..] [os=URI] [{..}]` | a PUT of a usual one; the document is merged in |
//! | `get KIND NAME POINTER`, `write KIND NAME POINTER` | a part of a document, as a GET or as the answer to a PUT |
//! | `whole KIND NAME` | the document as it is read, but for its etag |
//! | `wait`, `advance SECONDS` | time: until everything is at rest, or so long |
//! | `power NAME`, `used ROW`, `limit ROW N`, `exists KIND NAME`, `blob NAME` | facts |
//! | `doom NAME CODE` | the running operation fails at its end |
//! | `version V`, `account NAME LOCATION` | the api-version from here on; a storage account |

use serde_json::{Value, json};

use crate::api_version::ApiVersion;
use crate::call::{Call, Conditions, Outcome};
use crate::catalogue::limits::Era;
use crate::cloud::{Cloud, Settings};
use crate::document::merge;
use crate::error::CloudError;
use crate::fabric::{Account, Blob, BlobKind, Container};
use crate::id::ResourceId;
use crate::key::Guid;
use crate::registry::Kind;
use crate::time::Time;
use crate::types::{Answer, View};
use crate::{Document, Reply};

const SUBSCRIPTION: Guid = Guid(0x0b1f_6471_1bf0_4dda_aec3_cb92_72f0_9590);

/// A small world: a group in westus, a network with two subnets, another network.
pub(super) struct World {
    pub(super) cloud: Cloud,
    version: ApiVersion,
    /// The message of the last refusal of a PUT.
    message: String,
}

impl World {
    pub(super) fn new(era: Era) -> World {
        let settings = Settings {
            seed: 7,
            start: Time::from_millis(1_459_468_800_000),
            era,
            subscriptions: vec![SUBSCRIPTION],
        };
        let mut world = World {
            cloud: Cloud::new(&settings),
            version: ApiVersion::date(2019, 7, 1),
            message: String::new(),
        };
        world
            .put(ResourceId::group(SUBSCRIPTION, "rg"), json!({}))
            .expect("a group");
        for (network, space) in [("net", "10.0"), ("far", "10.9")] {
            let subnets: Vec<Value> = [("s", 0), ("t", 1)]
                .iter()
                .map(|(name, third)| json!({ "name": name, "properties": { "addressPrefix": format!("{space}.{third}.0/24") } }))
                .collect();
            let properties =
                json!({ "addressSpace": { "addressPrefixes": [format!("{space}.0.0/16")] }, "subnets": subnets });
            world
                .put(id(Kind::VirtualNetworks, network), json!({ "properties": properties }))
                .expect("a network");
        }
        world.wait();
        world
    }

    fn put(&mut self, id: ResourceId, mut document: Document) -> Result<Reply, CloudError> {
        if document.get("location").is_none() {
            document["location"] = json!("westus");
        }
        self.cloud.apply(&Call::Put {
            id,
            document,
            version: self.version,
            conditions: Conditions::NONE,
        })
    }

    fn wait(&mut self) {
        while let Some(due) = self.cloud.next_due() {
            self.cloud.advance_to(due);
        }
    }

    /// Runs a script; after each line the cloud's invariants hold.
    pub(super) fn run(&mut self, script: &str) -> String {
        let mut answers = String::new();
        for line in script.lines().map(str::trim).filter(|line| !line.is_empty()) {
            let answer = self.line(line);
            answers.push_str(&answer);
            answers.push('\n');
            let wrong = self.cloud.check();
            assert!(wrong.is_empty(), "after `{line}`: {wrong:?}");
        }
        answers
    }

    /// The whole message that a PUT is refused with.
    pub(super) fn refusal(&mut self, line: &str) -> String {
        self.line(line);
        self.message.clone()
    }

    fn line(&mut self, line: &str) -> String {
        let (words, body) = match line.find('{') {
            Some(at) => (
                &line[..at],
                serde_json::from_str(&line[at..]).unwrap_or_else(|error| panic!("`{line}`: {error}")),
            ),
            None => (line, json!({})),
        };
        let words: Vec<&str> = words.split_whitespace().collect();
        match words.as_slice() {
            ["put", kind, name] => self.written(id_of(kind, name), body),
            ["patch", kind, name] => {
                let call = Call::Patch {
                    id: id_of(kind, name),
                    document: body,
                    version: self.version,
                    conditions: Conditions::NONE,
                };
                answer(self.cloud.apply(&call))
            }
            ["delete", kind, name] => {
                let call = Call::Delete {
                    id: id_of(kind, name),
                    version: self.version,
                    conditions: Conditions::NONE,
                };
                answer(self.cloud.apply(&call))
            }
            ["act", kind, name, action] => {
                let call = Call::Act {
                    id: id_of(kind, name),
                    action: (*action).into(),
                    document: body,
                    version: self.version,
                };
                answer(self.cloud.apply(&call))
            }
            ["nic", name, rest @ ..] => self.nic(name, rest),
            ["vm", name, rest @ ..] => self.vm(name, rest, &body),
            ["get", kind, name, pointer] => self.shown(id_of(kind, name), Answer::Read, pointer),
            ["write", kind, name, pointer] => self.shown(id_of(kind, name), Answer::Write, pointer),
            ["whole", kind, name] => self.whole(id_of(kind, name)),
            ["wait"] => {
                self.wait();
                String::from("-")
            }
            ["advance", secs] => {
                let secs: i64 = secs.parse().expect("seconds");
                self.cloud.advance_to(self.cloud.now().plus_millis(secs * 1000));
                String::from("-")
            }
            ["power", name] => {
                let kind = if name.contains('/') { "instance" } else { "vm" };
                let vm = self.cloud.store().find(id_of(kind, name).folded()).map(|vm| vm.key);
                let machine = vm.and_then(|key| self.cloud.fabric().machines.get(&key));
                machine.map_or_else(|| "no machine".to_owned(), |machine| machine.power.as_str().to_owned())
            }
            ["used", row] => {
                let subscription = self.cloud.subscription(SUBSCRIPTION).expect("it is there").key;
                self.cloud.ledger().used(subscription, "westus", row).to_string()
            }
            ["limit", row, limit] => {
                self.cloud
                    .ledger_mut()
                    .set_override(row, Some(limit.parse().expect("a number")));
                String::from("-")
            }
            ["exists", kind, name] => self
                .cloud
                .store()
                .find(id_of(kind, name).folded())
                .is_some()
                .to_string(),
            ["doom", name, code] => self.doom(name, code),
            ["output", name] => self.output(id_of("vm", name)),
            ["version", version] => {
                self.version = ApiVersion::parse(version).expect("a version");
                String::from("-")
            }
            ["account", name, location] => {
                let owner = self.cloud.subscription(SUBSCRIPTION).expect("it is there").key;
                let account = Account::new(owner, location, ["a".into(), "b".into()]);
                self.cloud.fabric.accounts.set((*name).into(), Some(account.into()));
                String::from("-")
            }
            ["upload", account, blob, kind, gb] => {
                let now = self.cloud.now();
                let length = (gb.parse::<u64>().expect("a number") << 30) + 512;
                let mut row = Blob::page(length, 1, now);
                if *kind == "leased" {
                    let machine = row.machine;
                    row = row.held_by(crate::Key(0), Guid(1));
                    row.machine = machine;
                }
                if *kind == "block" {
                    row.kind = BlobKind::Block;
                }
                let container = (Box::from(*account), Box::from("vhds"));
                self.cloud
                    .fabric
                    .containers
                    .set(container, Some(Container::new(1, now).into()));
                self.cloud
                    .fabric
                    .blobs
                    .set(((*account).into(), "vhds".into(), (*blob).into()), Some(row.into()));
                String::from("-")
            }
            ["blob", account, blob] => {
                let row = self
                    .cloud
                    .fabric()
                    .blobs
                    .get(&((*account).into(), "vhds".into(), (*blob).into()));
                row.map_or_else(
                    || "none".to_owned(),
                    |row| {
                        let names: Vec<&str> = row.metadata.keys().map(AsRef::as_ref).collect();
                        format!("{:?} {} marks", row.lease.state, names.len())
                    },
                )
            }
            other => panic!("no such line: {other:?}"),
        }
    }

    fn written(&mut self, id: ResourceId, document: Document) -> String {
        let outcome = self.put(id, document);
        self.message = outcome
            .as_ref()
            .err()
            .map_or_else(String::new, |error| error.message.clone());
        answer(outcome)
    }

    fn nic(&mut self, name: &str, rest: &[&str]) -> String {
        let mut subnet = id(Kind::VirtualNetworks, "net").child(Kind::Subnets, "s");
        let mut properties = json!({});
        for word in rest {
            match word.split_once('=') {
                Some(("pip", pip)) => properties["publicIPAddress"] = json!({ "id": id_of("pip", pip).to_string() }),
                _ => {
                    let (network, own) = word.split_once('/').unwrap_or(("net", word));
                    subnet = id(Kind::VirtualNetworks, network).child(Kind::Subnets, own);
                }
            }
        }
        properties["subnet"] = json!({ "id": subnet.to_string() });
        let body = json!({ "properties": { "ipConfigurations": [{ "name": "primary", "properties": properties }] } });
        self.written(id_of("nic", name), body)
    }

    fn vm(&mut self, name: &str, rest: &[&str], body: &Document) -> String {
        let mut document = json!({
            "properties": {
                "hardwareProfile": { "vmSize": "Standard_D1" },
                "storageProfile": {
                    "imageReference": { "publisher": "Canonical", "offer": "UbuntuServer", "sku": "16.04.0-LTS", "version": "latest" },
                    "osDisk": { "createOption": "FromImage" },
                },
                "osProfile": { "computerName": name, "adminUsername": "juju", "adminPassword": "Secret-1234" },
                "networkProfile": { "networkInterfaces": [] },
            },
        });
        let properties = &mut document["properties"];
        for word in rest {
            match word.split_once('=') {
                Some(("nic", names)) => {
                    let ids = names.split(',').enumerate().map(|(index, nic)| {
                        json!({ "id": id_of("nic", nic).to_string(), "properties": { "primary": index == 0 } })
                    });
                    properties["networkProfile"]["networkInterfaces"] = ids.collect();
                }
                Some(("size", size)) => properties["hardwareProfile"]["vmSize"] = json!(size),
                Some(("set", set)) => properties["availabilitySet"] = json!({ "id": id_of("set", set).to_string() }),
                Some(("os", uri)) => {
                    properties["storageProfile"]["osDisk"]["name"] = json!(format!("{name}-os"));
                    properties["storageProfile"]["osDisk"]["vhd"] = json!({ "uri": uri });
                }
                _ => panic!("no such word: {word}"),
            }
        }
        merge(&mut document, body);
        self.written(id_of("vm", name), document)
    }

    fn shown(&self, id: ResourceId, answer: Answer, pointer: &str) -> String {
        let Some(resource) = self.cloud.store().find(id.folded()) else {
            return "none".to_owned();
        };
        let (pointer, expand) = match pointer.strip_prefix('*') {
            Some(pointer) => (pointer, "instanceView"),
            None => (pointer, ""),
        };
        let shown = self.cloud.document(
            resource,
            &View {
                version: self.version,
                answer,
                expand,
            },
        );
        let pointer = if pointer == "/" { "" } else { pointer };
        let text = shown
            .pointer(pointer)
            .map_or_else(|| "none".to_owned(), Value::to_string);
        text.replace(&id_of("vm", "x").group_id().to_string(), "")
    }

    fn whole(&self, id: ResourceId) -> String {
        let resource = self.cloud.store().find(id.folded()).expect("it is there");
        let mut shown = self.cloud.document(
            resource,
            &View {
                version: self.version,
                answer: Answer::Read,
                expand: "",
            },
        );
        if let Some(members) = shown.as_object_mut() {
            members.shift_remove("etag");
        }
        shown.to_string()
    }

    fn doom(&mut self, name: &str, code: &str) -> String {
        let vm = self
            .cloud
            .store()
            .find(id_of("vm", name).folded())
            .expect("it is there");
        let form = vm
            .kind
            .descriptor()
            .errors
            .iter()
            .find(|form| form.code == code)
            .expect("a form of that code");
        let operation = vm.operation.expect("an operation runs");
        self.cloud.doom(operation, CloudError::of(form)).to_string()
    }

    fn output(&self, id: ResourceId) -> String {
        let last = self
            .cloud
            .operations()
            .filter(|operation| operation.target_id.eq_ignore_ascii_case(&id.to_string()));
        let last = last
            .filter(|operation| operation.output.is_some())
            .max_by_key(|operation| operation.started);
        last.and_then(|operation| operation.output.as_ref())
            .map_or_else(|| "none".to_owned(), Value::to_string)
    }
}

fn id(kind: Kind, name: &str) -> ResourceId {
    ResourceId::resource(SUBSCRIPTION, "rg", kind, vec![name.into()])
}

fn id_of(kind: &str, name: &str) -> ResourceId {
    match kind {
        "vm" => id(Kind::VirtualMachines, name),
        "set" => id(Kind::AvailabilitySets, name),
        "disk" => id(Kind::Disks, name),
        "snapshot" => id(Kind::Snapshots, name),
        "image" => id(Kind::Images, name),
        "net" => id(Kind::VirtualNetworks, name),
        "nic" => id(Kind::NetworkInterfaces, name),
        "pip" => id(Kind::PublicIpAddresses, name),
        "lb" => id(Kind::LoadBalancers, name),
        "scale" => id(Kind::ScaleSets, name),
        "instance" => {
            let (set, name) = name.split_once('/').expect("set/instance");
            id(Kind::ScaleSets, set).child(Kind::ScaleSetMachines, name)
        }
        "inic" => {
            let (instance, name) = name.rsplit_once('/').expect("set/instance/interface");
            id_of("instance", instance).child(Kind::ScaleSetInterfaces, name)
        }
        "group" => ResourceId::group(SUBSCRIPTION, name),
        "ext" => {
            let (vm, name) = name.split_once('/').expect("machine/extension");
            id(Kind::VirtualMachines, vm).child(Kind::VirtualMachineExtensions, name)
        }
        other => panic!("no such kind: {other}"),
    }
}

/// `ok`, with a `~` when an operation runs; a refusal as its code, what it is about, and its message where codes are shared.
fn answer(outcome: Result<Reply, CloudError>) -> String {
    match outcome {
        Ok(Reply {
            outcome: Outcome::Absent,
            ..
        }) => "absent".to_owned(),
        Ok(Reply { operation: Some(_), .. }) => "ok ~".to_owned(),
        Ok(Reply {
            outcome: Outcome::Acted(Some(output)),
            ..
        }) => format!("ok {output}"),
        Ok(_) => "ok".to_owned(),
        Err(error) => {
            let shared = [
                "InvalidParameter",
                "OperationNotAllowed",
                "BadRequest",
                "ConflictingUserInput",
                "Conflict",
                "NotFound",
                "VMMarketplaceInvalidInput",
                "PropertyChangeNotAllowed",
            ];
            let about = error
                .target
                .as_ref()
                .map_or_else(String::new, |target| format!(" ({target})"));
            if !shared.contains(&error.code.as_ref()) {
                return format!("{}{about}", error.code);
            }
            let message: String = error
                .message
                .replace(&id_of("vm", "x").group_id().to_string(), "")
                .chars()
                .take(110)
                .collect();
            format!("{}{about}: {message}", error.code)
        }
    }
}

/// Runs a script in a world of an era.
pub(super) fn run(era: Era, script: &str) -> String {
    World::new(era).run(script)
}

/// Runs a script in today's Azure and compares the answers.
pub(super) fn check(script: &str, expected: expect_test::Expect) {
    let outcomes: Vec<String> = run(Era::Current, script)
        .lines()
        .map(|line| line.trim_end().to_owned())
        .collect();
    expected.assert_eq(&(outcomes.join("\n") + "\n"));
}
