//! What a provider does not write, or writes otherwise, without a protection: functions over requests.

use std::collections::BTreeMap;

use http::{Method, header};
use serde_json::{Value, json};

use super::super::SUBSCRIPTION;
use super::edge::{Ask, Next};

type Memory = BTreeMap<String, Value>;

const DEPLOYMENTS: &str = "Microsoft.Resources/deployments";
const DISKS: &str = "Microsoft.Compute/disks";
const MACHINES: &str = "Microsoft.Compute/virtualMachines";
const NETWORKS: &str = "/providers/microsoft.network/virtualnetworks";
const PUBLIC_ADDRESSES: &str = "Microsoft.Network/publicIPAddresses";
const RULES: &str = "Microsoft.Network/networkSecurityGroups/securityRules";
const SECURITY_GROUPS: &str = "Microsoft.Network/networkSecurityGroups";
const SETS: &str = "Microsoft.Compute/availabilitySets";

/// What the deployment of shared things is called.
const COMMON: &str = "common";

/// Every text in a document.
fn each_text(document: &mut Value, change: &mut impl FnMut(&mut String)) {
    match document {
        Value::String(text) => change(text),
        Value::Array(items) => items.iter_mut().for_each(|item| each_text(item, change)),
        Value::Object(members) => members.values_mut().for_each(|member| each_text(member, change)),
        _ => {}
    }
}

fn remove(document: &mut Value, pointer: &str) {
    if let Some((above, name)) = pointer.rsplit_once('/')
        && let Some(members) = document.pointer_mut(above).and_then(Value::as_object_mut)
    {
        members.remove(name);
    }
}

fn set(document: &mut Value, pointer: &str, value: Value) {
    if let Some(member) = document.pointer_mut(pointer) {
        *member = value;
    }
}

/// As if it had been written.
fn written(body: &Value) -> Next {
    let mut document = body.clone();
    document["properties"]["provisioningState"] = json!("Succeeded");
    Next::Answer(200, document)
}

fn is_rule(ask: &Ask) -> bool {
    ask.is(&Method::PUT) && ask.is_one(RULES)
}

fn rename(ask: &mut Ask, name: &str) {
    if let Some((above, _)) = ask.path.rsplit_once('/') {
        ask.path = format!("{above}/{name}");
    }
}

pub(super) fn sets_without_sku(ask: &mut Ask, _: &mut Memory) -> Next {
    ask.each_written(SETS, |own| {
        remove(own, "/sku");
        remove(own, "/properties/platformFaultDomainCount");
    });
    Next::Send
}

pub(super) fn juju_subnet(ask: &mut Ask, _: &mut Memory) -> Next {
    if ask.is(&Method::PUT) && ask.is_one(DEPLOYMENTS) {
        each_text(&mut ask.body, &mut |text| {
            let is_subnet = text.starts_with("/subscriptions/") && text.contains("/subnets/");
            if let Some((above, _)) = text.rsplit_once('/').filter(|_| is_subnet) {
                *text = format!("{above}/juju-internal-subnet");
            }
        });
    }
    Next::Send
}

pub(super) fn first_api_alone(ask: &mut Ask, _: &mut Memory) -> Next {
    match is_rule(ask) && ask.name().ends_with("-api") && ask.name() != "machine-0-api" {
        true => written(&ask.body),
        false => Next::Send,
    }
}

/// The audience of the public cloud, as a form writes it.
const PUBLIC_AUDIENCE: &str = "https%3A%2F%2Fmanagement.core.windows.net%2F";

pub(super) fn public_audience(ask: &mut Ask, _: &mut Memory) -> Next {
    let fields: Vec<String> = ask
        .form()
        .split('&')
        .map(|field| match field.starts_with("resource=") {
            true => format!("resource={PUBLIC_AUDIENCE}"),
            false => field.to_owned(),
        })
        .collect();
    if fields.iter().any(|field| field.starts_with("grant_type=")) {
        ask.set_form(fields.join("&"));
    }
    Next::Send
}

pub(super) fn small_disks(ask: &mut Ask, _: &mut Memory) -> Next {
    ask.each_written(MACHINES, |own| {
        set(own, "/properties/storageProfile/osDisk/diskSizeGB", json!(1))
    });
    Next::Send
}

pub(super) fn one_priority(ask: &mut Ask, _: &mut Memory) -> Next {
    if is_rule(ask) {
        set(&mut ask.body, "/properties/priority", json!(200));
    }
    Next::Send
}

pub(super) fn nothing_without_record(ask: &mut Ask, memory: &mut Memory) -> Next {
    let is_of_absent = |name: &str| memory.contains_key(&format!("absent {name}"));
    match ask.is(&Method::DELETE) && ask.path.split(['/', '.']).any(is_of_absent) {
        true => Next::Answer(204, Value::Null),
        false => Next::Send,
    }
}

pub(super) fn whole_group(ask: &mut Ask, _: &mut Memory) -> Next {
    if ask.is(&Method::POST)
        && ask.path.ends_with("/deployments/common/cancel")
        && let Some(group) = ask.group()
    {
        ask.method = Method::DELETE;
        ask.path = group;
    }
    Next::Send
}

pub(super) fn no_empty_lists(ask: &mut Ask, _: &mut Memory) -> Next {
    let disks = "/properties/storageProfile/dataDisks";
    ask.each_written(MACHINES, |own| {
        if own.pointer(disks) == Some(&json!([])) {
            remove(own, disks);
        }
    });
    Next::Send
}

pub(super) fn no_account_type(ask: &mut Ask, _: &mut Memory) -> Next {
    ask.each_written(MACHINES, |own| {
        remove(own, "/properties/storageProfile/osDisk/managedDisk/storageAccountType")
    });
    Next::Send
}

pub(super) fn own_guard(ask: &mut Ask, memory: &mut Memory) -> Next {
    if ask.is(&Method::PUT) && ask.is_one(DEPLOYMENTS) {
        memory.insert("own group".to_owned(), json!(ask.group()));
    }
    let own = memory.get("own group").and_then(Value::as_str);
    let mark = "/networksecuritygroups/";
    if let (Some(own), Some(at)) = (own, ask.path.to_lowercase().find(mark)) {
        let below = ask.path[at + mark.len()..]
            .split_once('/')
            .map(|(_, below)| format!("/{below}"));
        let below = below.unwrap_or_default();
        ask.path = format!("{own}/providers/{SECURITY_GROUPS}/juju-internal-nsg{below}");
    }
    Next::Send
}

pub(super) fn group_not_retagged(ask: &mut Ask, memory: &mut Memory) -> Next {
    if !ask.is(&Method::PUT) || !ask.is_group() {
        return Next::Send;
    }
    let controller = ask
        .body
        .pointer("/tags/juju-controller-uuid")
        .cloned()
        .unwrap_or_default();
    let key = format!("controller of {}", ask.path.to_lowercase());
    match memory.get(&key) {
        Some(former) if *former != controller => written(&ask.body),
        _ => {
            memory.insert(key, controller);
            Next::Send
        }
    }
}

pub(super) fn shared_network(ask: &mut Ask, memory: &mut Memory) -> Next {
    let Some(group) = ask.group() else { return Next::Send };
    let home = memory.entry("home".to_owned()).or_insert_with(|| json!(group)).clone();
    let home = home.as_str().unwrap_or_default();
    let rehome = |id: &mut String| {
        if let Some(at) = id.to_lowercase().find(NETWORKS) {
            *id = format!("{home}{}", &id[at..]);
        }
    };
    rehome(&mut ask.path);
    each_text(&mut ask.body, &mut |text| {
        if text.starts_with("/subscriptions/") {
            rehome(text);
        }
    });
    Next::Send
}

pub(super) fn later_addresses_standard(ask: &mut Ask, memory: &mut Memory) -> Next {
    ask.each_written(PUBLIC_ADDRESSES, |own| {
        let name = own.get("name").cloned().unwrap_or_default();
        if *memory.entry("first address".to_owned()).or_insert_with(|| name.clone()) != name {
            own["sku"] = json!({"name": "Standard"});
            own["properties"]["publicIPAllocationMethod"] = json!("Static");
        }
    });
    Next::Send
}

pub(super) fn no_tags_again(ask: &mut Ask, memory: &mut Memory) -> Next {
    if ask.is(&Method::PUT) && ask.is_one(DEPLOYMENTS) && ask.name() == COMMON {
        let is_again = memory.insert(COMMON.to_owned(), json!(true)).is_some();
        let resources = ask.body.pointer_mut("/properties/template/resources");
        for resource in resources.and_then(Value::as_array_mut).into_iter().flatten() {
            if is_again {
                remove(resource, "/tags");
            }
        }
    }
    Next::Send
}

pub(super) fn no_keys(ask: &mut Ask, _: &mut Memory) -> Next {
    ask.each_written(MACHINES, |own| {
        remove(own, "/properties/osProfile/linuxConfiguration/ssh")
    });
    Next::Send
}

pub(super) fn former_offer(ask: &mut Ask, _: &mut Memory) -> Next {
    if let Some((above, below)) = ask.path.split_once("/offers/")
        && let Some((_, below)) = below.split_once('/')
    {
        ask.path = format!("{above}/offers/UbuntuServer/{below}");
    }
    Next::Send
}

pub(super) fn state_written_back(ask: &mut Ask, _: &mut Memory) -> Next {
    if ask.is(&Method::PUT) && ask.is_group() {
        ask.body["properties"] = json!({"provisioningState": "Succeeded"});
    }
    Next::Send
}

pub(super) fn home_subscription(ask: &mut Ask, _: &mut Memory) -> Next {
    let segments: Vec<&str> = ask.path.split('/').collect();
    if segments.get(1) == Some(&"subscriptions") && segments.len() > 2 {
        let below: String = segments[3..].iter().map(|own| format!("/{own}")).collect();
        ask.path = format!("/subscriptions/{SUBSCRIPTION}{below}");
    }
    Next::Send
}

pub(super) fn old_centos(ask: &mut Ask, _: &mut Memory) -> Next {
    ask.each_written(MACHINES, |own| {
        let image = "/properties/storageProfile/imageReference";
        if own.pointer(&format!("{image}/offer")) == Some(&json!("CentOS")) {
            set(own, &format!("{image}/sku"), json!("7.1"));
        }
    });
    Next::Send
}

pub(super) fn makes_group(ask: &mut Ask, _: &mut Memory) -> Next {
    if ask.is(&Method::GET) && ask.is_group() {
        ask.method = Method::PUT;
        ask.body = json!({"location": crate::scenario::LOCATION});
        ask.headers.insert(
            header::CONTENT_TYPE,
            header::HeaderValue::from_static("application/json"),
        );
    }
    Next::Send
}

pub(super) fn disks_of_all(ask: &mut Ask, memory: &mut Memory) -> Next {
    if ask.is(&Method::PUT) && ask.is_group() {
        let model = ask.body.pointer("/tags/juju-model-uuid").cloned().unwrap_or_default();
        memory.insert(format!("model of {}", ask.path.to_lowercase()), model);
    }
    if ask.is_list(DISKS)
        && let Some(group) = ask.group()
    {
        let model = memory.get(&format!("model of {}", group.to_lowercase())).cloned();
        memory.insert("asking".to_owned(), model.unwrap_or_default());
        ask.path = format!("/subscriptions/{SUBSCRIPTION}/providers/{DISKS}");
    }
    Next::Send
}

pub(super) fn one_api_rule(ask: &mut Ask, _: &mut Memory) -> Next {
    ask.each_written(SECURITY_GROUPS, |own| {
        let rules = own
            .pointer_mut("/properties/securityRules")
            .and_then(Value::as_array_mut);
        for rule in rules.into_iter().flatten() {
            if rule
                .get("name")
                .and_then(Value::as_str)
                .is_some_and(|name| name.starts_with("JujuAPIInbound"))
            {
                rule["name"] = json!("JujuAPIInbound");
            }
        }
    });
    Next::Send
}

pub(super) fn other_prefix(ask: &mut Ask, _: &mut Memory) -> Next {
    // To write a rule is to look at it, too, until it is there.
    if ask.is_one(RULES) && !ask.is(&Method::DELETE) && ask.name().starts_with("machine-") {
        let name = format!("vm-{}", ask.name());
        rename(ask, &name);
    }
    Next::Send
}

pub(super) fn first_guard_alone(ask: &mut Ask, memory: &mut Memory) -> Next {
    if !is_rule(ask) {
        return Next::Send;
    }
    let below = ask.path.rsplit('/').take(3).collect::<Vec<_>>().join("/");
    let path = json!(ask.path.to_lowercase());
    match *memory.entry(format!("guard {below}")).or_insert_with(|| path.clone()) == path {
        true => Next::Send,
        false => written(&ask.body),
    }
}

pub(super) fn raw_rule_names(ask: &mut Ask, _: &mut Memory) -> Next {
    let source = ask
        .body
        .pointer("/properties/sourceAddressPrefix")
        .and_then(Value::as_str);
    if is_rule(ask)
        && let (Some(source), Some((above, _))) = (source, ask.path.rsplit_once("-cidr-"))
    {
        ask.path = format!("{above}-cidr-{source}");
    }
    Next::Send
}

pub(super) fn shared_again(ask: &mut Ask, memory: &mut Memory) -> Next {
    if !ask.is(&Method::PUT) || !ask.is_one(DEPLOYMENTS) {
        return Next::Send;
    }
    let is_common = ask.name() == COMMON;
    let Some(resources) = ask
        .body
        .pointer_mut("/properties/template/resources")
        .and_then(Value::as_array_mut)
    else {
        return Next::Send;
    };
    let is_group = |own: &&Value| own.get("type") == Some(&json!(SECURITY_GROUPS));
    if is_common {
        memory.insert("guard".to_owned(), json!(resources.iter().find(is_group)));
    } else if let Some(guard) = memory.get("guard") {
        resources.push(guard.clone());
    }
    Next::Send
}

pub(super) fn nothing_after_disk(ask: &mut Ask, memory: &mut Memory) -> Next {
    if !ask.is(&Method::DELETE) {
        return Next::Send;
    }
    if ask.is_of_blobs() {
        memory.insert("disk gone".to_owned(), json!(true));
        return Next::Send;
    }
    match memory.contains_key("disk gone") {
        true => Next::Answer(204, Value::Null),
        false => Next::Send,
    }
}

pub(super) fn deployments_untagged(ask: &mut Ask, _: &mut Memory) -> Next {
    if ask.is(&Method::PUT) && ask.is_one(DEPLOYMENTS) {
        remove(&mut ask.body, "/tags");
    }
    Next::Send
}

pub(super) fn groups_tagged_alone(ask: &mut Ask, _: &mut Memory) -> Next {
    if ask.is(&Method::PUT) && !ask.is_group() {
        remove(&mut ask.body, "/tags");
    }
    Next::Send
}

pub(super) fn disk_by_machine(ask: &mut Ask, _: &mut Memory) -> Next {
    // There is no blob of that name.
    match ask.is(&Method::DELETE) && ask.is_of_blobs() {
        true => Next::Answer(404, Value::Null),
        false => Next::Send,
    }
}

/// A version of groups, and of no network's.
const VERSION_OF_GROUPS: &str = "api-version=2014-04-01";

pub(super) fn one_version(ask: &mut Ask, _: &mut Memory) -> Next {
    if ask.is(&Method::PATCH) && ask.kind().0.starts_with("microsoft.network/") {
        ask.query = VERSION_OF_GROUPS.to_owned();
    }
    Next::Send
}

pub(super) fn one_version_of_deletions(ask: &mut Ask, _: &mut Memory) -> Next {
    let path = ask.path.to_lowercase();
    let is_shared = path.contains("/networksecuritygroups/") || path.contains("/virtualnetworks/");
    if ask.is(&Method::DELETE) && is_shared {
        ask.query = VERSION_OF_GROUPS.to_owned();
    }
    Next::Send
}

pub(super) fn whole_documents(ask: &mut Ask, _: &mut Memory) -> Next {
    ask.headers.remove(header::IF_MATCH);
    match ask.is(&Method::PATCH) {
        true => Next::Answer(
            405,
            json!({"error": {"code": "InvalidHttpVerb", "message": "It is not tried."}}),
        ),
        false => Next::Send,
    }
}
