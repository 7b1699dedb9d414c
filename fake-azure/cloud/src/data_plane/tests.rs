//! Ways through Resource Manager's network, asked of the model.

use std::net::Ipv4Addr;

use expect_test::expect;

use super::{Address, Answerer, Client, Connection, Transport};
use crate::key::Key;
use crate::testing::Script;

/// Two machines in one subnet, behind whatever `more` puts up; every one listens.
fn scene(more: &str) -> Script {
    let machines = "
        version 2019-07-01
        put vnet v0 10.0.0.0/16 subnets=s0:10.0.0.0/24
        put pip p0 static
        put pip p1 static
    ";
    Script::after(&format!("{machines}{more}"))
}

const BALANCED: &str = "
    put lb l0 f=pip:p0 p probe=q:Tcp:8080 r=r0:f:p:q:80:8080 nat=n0:f:2200:22
    put nic n0 subnet=v0/s0 pool=l0/p nat=l0/n0
    put nic n1 subnet=v0/s0 pool=l0/p
    put vm one nic=n0
    put vm two nic=n1
";

fn public(script: &Script, name: &str) -> Address {
    let key = script.resource("pip", name).key;
    let row = script
        .cloud
        .fabric()
        .public_addresses
        .get(&key)
        .expect("a public address");
    Address::Public(row.address.expect("it is allocated"))
}

fn network(script: &Script, name: &str) -> Key {
    script.resource("vnet", name).key
}

const OUTSIDE: Client = Client {
    address: Ipv4Addr::new(198, 51, 100, 7),
    network: None,
};

/// Who answers `n` connections in a row: `two:8080`, or why nobody does.
fn answers(
    script: &Script,
    (to, port): (Address, u16),
    client: Client,
    n: u64,
    listens: impl Fn(&Answerer) -> bool,
) -> Vec<String> {
    (0..n)
        .map(|number| {
            let call = Connection {
                to,
                port,
                transport: Transport::Tcp,
                client,
                number,
            };
            match script.cloud.cx().who_answers(&call, &listens) {
                Ok(who) => format!("{}/{}:{}", who.service, who.host_name, who.local_port),
                Err(reason) => reason.as_str().to_owned(),
            }
        })
        .collect()
}

fn once(script: &Script, to: Address, port: u16, client: Client) -> String {
    answers(script, (to, port), client, 1, |_| true).concat()
}

#[test]
fn a_rule_spreads_connections_over_the_members_whose_probe_succeeds() {
    let mut script = scene(BALANCED);
    let front = public(&script, "p0");
    assert_eq!(
        answers(&script, (front, 80), OUTSIDE, 4, |_| true),
        ["rg/one:8080", "rg/two:8080", "rg/one:8080", "rg/two:8080"]
    );
    assert_eq!(
        answers(&script, (front, 80), OUTSIDE, 2, |who| &*who.role == "two"),
        ["rg/two:8080", "rg/two:8080"]
    );
    assert_eq!(
        answers(&script, (front, 80), OUTSIDE, 1, |_| false),
        ["NoHealthyMember"]
    );
    assert_eq!(once(&script, front, 8080, OUTSIDE), "NoEndpoint");

    script.more("act vm one deallocate");
    assert_eq!(
        answers(&script, (front, 80), OUTSIDE, 2, |_| true),
        ["rg/two:8080", "rg/two:8080"]
    );
    script.more("act vm two powerOff");
    assert_eq!(once(&script, front, 80, OUTSIDE), "NoHealthyMember");
}

#[test]
fn an_inbound_nat_rule_leads_to_one_machine() {
    let mut script = scene(BALANCED);
    let front = public(&script, "p0");
    assert_eq!(
        answers(&script, (front, 2200), OUTSIDE, 2, |_| true),
        ["rg/one:22", "rg/one:22"]
    );
    assert_eq!(answers(&script, (front, 2200), OUTSIDE, 1, |_| false), ["NotListening"]);
    script.more("act vm one powerOff");
    assert_eq!(once(&script, front, 2200, OUTSIDE), "NotRunning");
    script.more("act vm one deallocate");
    assert_eq!(once(&script, front, 2200, OUTSIDE), "NoHealthyMember");
}

#[test]
fn security_groups_decide_who_comes_to_a_public_address_of_a_machine() {
    let mut script = scene(
        "
        put nsg g0
        put rule g0/web priority=100 port=80-81
        put rule g0/office priority=110 port=22 from=203.0.113.0/24
        put rule g0/no priority=105 port=81 access=Deny
        put nic n0 subnet=v0/s0 pip=p0 nsg=g0
        put nic n1 subnet=v0/s0 pip=p1
        put vm one nic=n0
        put vm two nic=n1
        ",
    );
    let (guarded, open) = (public(&script, "p0"), public(&script, "p1"));
    let office = Client {
        address: Ipv4Addr::new(203, 0, 113, 9),
        network: None,
    };
    assert_eq!(once(&script, guarded, 80, OUTSIDE), "rg/one:80");
    assert_eq!(
        once(&script, guarded, 81, OUTSIDE),
        "rg/one:81",
        "the lower priority decides"
    );
    assert_eq!(once(&script, guarded, 22, OUTSIDE), "Filtered");
    assert_eq!(once(&script, guarded, 22, office), "rg/one:22");
    assert_eq!(once(&script, open, 4444, OUTSIDE), "rg/two:4444", "no group, no filter");

    // The subnet's group comes before the interface's.
    script.more("put nsg g1 ssh:100:Inbound:22\nput subnet v0/s0 10.0.0.0/24 nsg=g1");
    assert_eq!(once(&script, guarded, 80, OUTSIDE), "Filtered");
    assert_eq!(once(&script, open, 22, OUTSIDE), "rg/two:22");
    script.more("act vm two deallocate");
    assert_eq!(once(&script, open, 22, OUTSIDE), "NotRunning");
}

#[test]
fn a_rule_names_the_private_address_that_the_public_one_was_translated_to() {
    let script = scene(
        "
        put nsg g0
        put rule g0/one priority=100 port=80 to=10.0.0.10
        put nic n0 subnet=v0/s0 ip=10.0.0.10 pip=p0 nsg=g0
        put nic n1 subnet=v0/s0 ip=10.0.0.11 pip=p1 nsg=g0
        put vm one nic=n0
        put vm two nic=n1
        ",
    );
    assert_eq!(once(&script, public(&script, "p0"), 80, OUTSIDE), "rg/one:80");
    assert_eq!(once(&script, public(&script, "p1"), 80, OUTSIDE), "Filtered");
}

#[test]
fn a_standard_address_is_closed_until_a_group_opens_it() {
    let mut script = scene(
        "
        put pip std static standard
        put lb l0 standard f=pip:std p r=r0:f:p::80:80
        put nic n0 subnet=v0/s0 pool=l0/p
        put vm one nic=n0
        ",
    );
    let front = public(&script, "std");
    assert_eq!(once(&script, front, 80, OUTSIDE), "Filtered");
    script.more("put nsg g0 web:100:Inbound:80\nput nic n0 subnet=v0/s0 pool=l0/p nsg=g0");
    assert_eq!(once(&script, front, 80, OUTSIDE), "rg/one:80");
}

#[test]
fn a_rule_that_keeps_probes_out_takes_every_member_out() {
    let mut script = scene(&format!(
        "{BALANCED}
        put nsg g0 web:100:Inbound:8080
        put nic n0 subnet=v0/s0 pool=l0/p nat=l0/n0 nsg=g0
        put nic n1 subnet=v0/s0 pool=l0/p nsg=g0"
    ));
    let front = public(&script, "p0");
    assert_eq!(once(&script, front, 80, OUTSIDE), "rg/one:8080");
    script.more(
        "
        put rule g0/web priority=100 port=8080 from=198.51.100.0/24
        put rule g0/rest priority=4096 port=* access=Deny protocol=*
        ",
    );
    assert_eq!(once(&script, front, 80, OUTSIDE), "NoHealthyMember");
    script.more("put rule g0/probes priority=200 port=8080 from=AzureLoadBalancer");
    assert_eq!(once(&script, front, 80, OUTSIDE), "rg/one:8080");
}

#[test]
fn an_internal_frontend_is_reached_from_its_network_and_from_those_peered_with_it() {
    let mut script = scene(
        "
        put vnet v1 10.1.0.0/16 subnets=s1:10.1.0.0/24
        put lb l0 f=subnet:v0/s0:10.0.0.100 p probe=q:Tcp:80 r=r0:f:p:q:80:80
        put nic n0 subnet=v0/s0 pool=l0/p
        put vm one nic=n0
        ",
    );
    let (home, other) = (network(&script, "v0"), network(&script, "v1"));
    let address = Ipv4Addr::new(10, 0, 0, 100);
    let front = Address::Private { network: home, address };
    let from = |network| Client {
        address: Ipv4Addr::new(10, 1, 0, 4),
        network: Some(network),
    };
    assert_eq!(once(&script, front, 80, from(home)), "rg/one:80");
    assert_eq!(once(&script, front, 80, from(other)), "NoAddress");
    assert_eq!(once(&script, front, 80, OUTSIDE), "NoAddress");
    script.more("put peering v0/a v1\nput peering v1/a v0");
    assert_eq!(once(&script, front, 80, from(other)), "rg/one:80");
    assert_eq!(script.cloud.cx().networks_with(address), [(home, "v0".into())]);
    assert_eq!(
        script.cloud.cx().gateway_of(home, address),
        Some(Ipv4Addr::new(10, 0, 0, 1))
    );
}

#[test]
fn an_application_security_group_is_its_members() {
    let mut script = scene(
        r#"
        put asg web
        put asg db
        put nsg g0 {"properties": {"securityRules": [{"name": "db", "properties": {"priority": 100, "direction": "Inbound", "access": "Allow", "protocol": "*", "sourcePortRange": "*", "destinationPortRange": "5432", "sourceApplicationSecurityGroups": [{"id": "@asg:web"}], "destinationApplicationSecurityGroups": [{"id": "@asg:db"}]}}, {"name": "no", "properties": {"priority": 200, "direction": "Inbound", "access": "Deny", "protocol": "*", "sourcePortRange": "*", "destinationPortRange": "*", "sourceAddressPrefix": "*", "destinationAddressPrefix": "*"}}]}}
        "#,
    );
    script.more(
        r#"
        put nic n0 {"properties": {"networkSecurityGroup": {"id": "@nsg:g0"}, "ipConfigurations": [{"name": "c", "properties": {"subnet": {"id": "@subnet:v0/s0"}, "applicationSecurityGroups": [{"id": "@asg:db"}]}}]}}
        put nic n1 {"properties": {"ipConfigurations": [{"name": "c", "properties": {"subnet": {"id": "@subnet:v0/s0"}, "applicationSecurityGroups": [{"id": "@asg:web"}]}}]}}
        put nic n2 subnet=v0/s0
        put vm db nic=n0
        put vm web nic=n1
        put vm other nic=n2
        "#,
    );
    let home = network(&script, "v0");
    let at = |last: u8| Ipv4Addr::new(10, 0, 0, last);
    let db = Address::Private {
        network: home,
        address: at(4),
    };
    let from = |last: u8| Client {
        address: at(last),
        network: Some(home),
    };
    assert_eq!(once(&script, db, 5432, from(5)), "rg/db:5432");
    assert_eq!(once(&script, db, 5432, from(6)), "Filtered");
    assert_eq!(once(&script, db, 22, from(5)), "Filtered");
}

#[test]
fn the_instances_of_a_scale_set_stand_behind_its_balancer_and_its_pool_of_ports() {
    let script = scene(
        r#"
        put lb l0 f=pip:p0 p probe=q:Tcp:80 r=r0:f:p:q:80:80 range=ssh:f:50000:50010:22
        put scaleset s {"location": "westus", "sku": {"name": "Standard_D1_v2", "capacity": 2}, "properties": {"upgradePolicy": {"mode": "Manual"}, "overprovision": false, "virtualMachineProfile": {"osProfile": {"computerNamePrefix": "web", "adminUsername": "juju", "adminPassword": "Secret-1234"}, "storageProfile": {"imageReference": {"publisher": "Canonical", "offer": "UbuntuServer", "sku": "16.04.0-LTS", "version": "latest"}, "osDisk": {"createOption": "FromImage"}}, "networkProfile": {"networkInterfaceConfigurations": [{"name": "eth", "properties": {"primary": true, "ipConfigurations": [{"name": "ip", "properties": {"subnet": {"id": "@subnet:v0/s0"}, "publicIPAddressConfiguration": {"name": "pub"}, "loadBalancerBackendAddressPools": [{"id": "@pool:l0/p"}], "loadBalancerInboundNatPools": [{"id": "@natpool:l0/ssh"}]}}]}}]}}}}
        "#,
    );
    let front = public(&script, "p0");
    assert_eq!(
        answers(&script, (front, 80), OUTSIDE, 2, |_| true),
        ["rg/web000000:80", "rg/web000001:80"]
    );
    assert_eq!(once(&script, front, 50_001, OUTSIDE), "rg/web000001:22");
    assert_eq!(once(&script, front, 50_002, OUTSIDE), "NoEndpoint");
    let own: Vec<String> = (script.cloud.cx().exposed(|_, _| Vec::new()).into_iter())
        .map(|own| format!("{} {}", own.holder, own.port))
        .collect();
    assert_eq!(
        own,
        ["rg l0/f 80", "rg l0/f 50000", "rg l0/f 50001", "rg s_0 22", "rg s_1 22"]
    );
}

#[test]
fn what_somebody_may_call_is_listed_by_address_and_port() {
    let script = scene(&format!(
        "{BALANCED}
        put lb l1 f=subnet:v0/s0:10.0.0.100 p r=r0:f:p::443:443
        put nsg g0 web:100:Inbound:80-81 high:110:Inbound:1024-65535
        put nic n2 subnet=v0/s0 pip=p1 nsg=g0
        put vm three nic=n2"
    ));
    let lines: Vec<String> = script
        .cloud
        .cx()
        .exposed(|service, role| {
            if (service, role) == ("rg", "three") {
                vec![9000]
            } else {
                Vec::new()
            }
        })
        .into_iter()
        .map(|own| {
            format!(
                "{}:{}/{} {}",
                own.address.ip(),
                own.port,
                own.transport.as_str(),
                own.holder
            )
        })
        .collect();
    expect![[r#"
        13.64.0.1:80/tcp rg l0/f
        13.64.0.1:2200/tcp rg l0/f
        13.64.0.2:22/tcp rg three
        13.64.0.2:80/tcp rg three
        13.64.0.2:81/tcp rg three
        13.64.0.2:9000/tcp rg three
        10.0.0.100:443/tcp rg l1/f
    "#]]
    .assert_eq(&(lines.join("\n") + "\n"));
}
