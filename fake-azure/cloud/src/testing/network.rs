//! Words of the network.

use serde_json::{Value, json};

use super::{Args, Script, Word};
use crate::fabric::{Change, Machine, Power};
use crate::key::{Guid, Key};
use crate::registry::Kind;
use crate::time::Time;

pub(super) const WORDS: &[Word] = &[
    // tidy: sorted
    Word {
        name: "asg",
        kind: Kind::ApplicationSecurityGroups,
        document: |_| json!({}),
    },
    Word {
        name: "frontend",
        kind: Kind::FrontendIpConfigurations,
        document: |_| json!({}),
    },
    Word {
        name: "group",
        kind: Kind::ResourceGroups,
        document: |_| json!({ "location": "westus" }),
    },
    Word {
        name: "lb",
        kind: Kind::LoadBalancers,
        document: lb,
    },
    Word {
        name: "natpool",
        kind: Kind::InboundNatPools,
        document: |_| json!({}),
    },
    Word {
        name: "natrule",
        kind: Kind::InboundNatRules,
        document: |_| json!({}),
    },
    Word {
        name: "nic",
        kind: Kind::NetworkInterfaces,
        document: nic,
    },
    Word {
        name: "nsg",
        kind: Kind::NetworkSecurityGroups,
        document: nsg,
    },
    Word {
        name: "peering",
        kind: Kind::VirtualNetworkPeerings,
        document: peering,
    },
    Word {
        name: "pip",
        kind: Kind::PublicIpAddresses,
        document: pip,
    },
    Word {
        name: "pool",
        kind: Kind::BackendAddressPools,
        document: |_| json!({}),
    },
    Word {
        name: "probe",
        kind: Kind::Probes,
        document: |_| json!({}),
    },
    Word {
        name: "route",
        kind: Kind::Routes,
        document: route,
    },
    Word {
        name: "rule",
        kind: Kind::SecurityRules,
        document: rule,
    },
    Word {
        name: "subnet",
        kind: Kind::Subnets,
        document: subnet,
    },
    Word {
        name: "table",
        kind: Kind::RouteTables,
        document: table,
    },
    Word {
        name: "vnet",
        kind: Kind::VirtualNetworks,
        document: vnet,
    },
    Word {
        name: "watcher",
        kind: Kind::NetworkWatchers,
        document: |_| json!({}),
    },
    // tidy: end
];

/// `put vnet v0 10.0.0.0/16 subnets=a:10.0.0.0/24,b:10.0.1.0/24 dns=10.0.0.9`
fn vnet(args: &Args<'_>) -> Value {
    let mut document = json!({ "properties": { "addressSpace": { "addressPrefixes": args.plain } } });
    let subnets: Vec<Value> = args
        .list("subnets")
        .into_iter()
        .filter_map(|subnet| subnet.split_once(':'))
        .map(|(name, prefix)| json!({ "name": name, "properties": { "addressPrefix": prefix } }))
        .collect();
    if args.get("subnets").is_some() {
        document["properties"]["subnets"] = Value::from(subnets);
    }
    if args.get("dns").is_some() {
        document["properties"]["dhcpOptions"] = json!({ "dnsServers": args.list("dns") });
    }
    document
}

/// `put subnet v0/s0 10.0.0.0/24 nsg=g0 table=t0`
fn subnet(args: &Args<'_>) -> Value {
    json!({ "properties": {
        "addressPrefix": args.plain.first(),
        "networkSecurityGroup": args.reference("nsg", "nsg"),
        "routeTable": args.reference("table", "table"),
    } })
}

/// `put peering a/ab b`
fn peering(args: &Args<'_>) -> Value {
    json!({ "properties": { "remoteVirtualNetwork": args.plain.first().map(|remote| args.named("vnet", remote)) } })
}

/// `put route t0/a 10.0.0.0/24 VirtualAppliance 10.0.0.4`
fn route(args: &Args<'_>) -> Value {
    json!({ "properties": {
        "addressPrefix": args.plain.first(),
        "nextHopType": args.plain.get(1),
        "nextHopIpAddress": args.plain.get(2),
    } })
}

/// `put table t0 a:10.0.0.0/24:VirtualAppliance:10.0.0.4 b:0.0.0.0/0:Internet`
fn table(args: &Args<'_>) -> Value {
    let routes: Vec<Value> = args
        .plain
        .iter()
        .map(|route| {
            let parts: Vec<&str> = route.split(':').collect();
            json!({ "name": parts[0], "properties": {
                "addressPrefix": parts.get(1),
                "nextHopType": parts.get(2),
                "nextHopIpAddress": parts.get(3),
            } })
        })
        .collect();
    json!({ "properties": { "routes": routes } })
}

/// `put nsg g0 ssh:100:Inbound:22 web:110:Inbound:80`
fn nsg(args: &Args<'_>) -> Value {
    let rules: Vec<Value> = args
        .plain
        .iter()
        .map(|rule| {
            let parts: Vec<&str> = rule.split(':').collect();
            let [name, priority, direction, port] = parts[..] else {
                panic!("a rule is name:priority:direction:port, not `{rule}`");
            };
            json!({ "name": name, "properties": access_rule(priority, direction, port) })
        })
        .collect();
    json!({ "properties": { "securityRules": rules } })
}

fn access_rule(priority: &str, direction: &str, port: &str) -> Value {
    json!({
        "priority": priority.parse::<i64>().expect("a priority is a number"),
        "direction": direction,
        "access": "Allow",
        "protocol": "Tcp",
        "sourcePortRange": "*",
        "destinationPortRange": port,
        "sourceAddressPrefix": "*",
        "destinationAddressPrefix": "*",
    })
}

/// `put rule g0/ssh priority=100 port=22 from=10.0.0.0/8`, any other member as it stands; `member=` leaves one out.
fn rule(args: &Args<'_>) -> Value {
    let mut properties = access_rule(
        args.get("priority").unwrap_or("100"),
        args.get("direction").unwrap_or("Inbound"),
        args.get("port").unwrap_or("22"),
    );
    let others = [
        ("from", "sourceAddressPrefix"),
        ("to", "destinationAddressPrefix"),
        ("protocol", "protocol"),
        ("access", "access"),
        ("direction", "direction"),
        ("source_port", "sourcePortRange"),
        ("port", "destinationPortRange"),
        ("description", "description"),
    ];
    for (key, member) in others {
        match args.get(key) {
            Some("") => properties[member] = Value::Null,
            Some(value) => properties[member] = Value::from(value),
            None => {}
        }
    }
    let lists = [
        ("froms", "sourceAddressPrefixes"),
        ("tos", "destinationAddressPrefixes"),
        ("source_ports", "sourcePortRanges"),
        ("ports", "destinationPortRanges"),
    ];
    for (key, member) in lists {
        if args.get(key).is_some() {
            properties[member] = Value::from(args.list(key));
        }
    }
    json!({ "properties": properties })
}

/// `put pip p0 static standard label=web idle=10`
fn pip(args: &Args<'_>) -> Value {
    let mut document = json!({ "properties": {} });
    if args.has("static") || args.has("dynamic") {
        document["properties"]["publicIPAllocationMethod"] =
            json!(if args.has("static") { "Static" } else { "Dynamic" });
    }
    if args.has("ipv6") {
        document["properties"]["publicIPAddressVersion"] = json!("IPv6");
    }
    if args.has("standard") {
        document["sku"] = json!({ "name": "Standard" });
    }
    if let Some(label) = args.get("label") {
        document["properties"]["dnsSettings"] = json!({ "domainNameLabel": label });
    }
    if let Some(idle) = args.get("idle") {
        document["properties"]["idleTimeoutInMinutes"] = json!(idle.parse::<i64>().expect("minutes"));
    }
    if args.get("zones").is_some() {
        document["zones"] = Value::from(args.list("zones"));
    }
    document
}

/// `put nic n0 subnet=v0/s0 ip=10.0.0.5 pip=p0 nsg=g0 dns=10.0.0.9 label=host`: one configuration named `primary`.
fn nic(args: &Args<'_>) -> Value {
    let mut configuration = json!({
        "subnet": args.reference("subnet", "subnet"),
        "publicIPAddress": args.reference("pip", "pip"),
    });
    if args.get("pool").is_some() {
        configuration["loadBalancerBackendAddressPools"] = json!([args.reference("pool", "pool")]);
    }
    if args.get("nat").is_some() {
        configuration["loadBalancerInboundNatRules"] = json!([args.reference("nat", "natrule")]);
    }
    if let Some(ip) = args.get("ip") {
        configuration["privateIPAllocationMethod"] = json!("Static");
        configuration["privateIPAddress"] = json!(ip);
    }
    let mut document = json!({ "properties": {
        "ipConfigurations": [{ "name": args.get("name").unwrap_or("primary"), "properties": configuration }],
        "networkSecurityGroup": args.reference("nsg", "nsg"),
    } });
    if args.get("dns").is_some() {
        document["properties"]["dnsSettings"]["dnsServers"] = Value::from(args.list("dns"));
    }
    if let Some(label) = args.get("label") {
        document["properties"]["dnsSettings"]["internalDnsNameLabel"] = json!(label);
    }
    document
}

/// `put lb l0 standard floating idle=4 f=pip:p0,g=subnet:v0/s0[:ADDRESS] p probe=q:Tcp:80[:INTERVAL[:COUNT[:PATH]]]
/// r=NAME:FRONTEND:POOL:PROBE:PORT:PORT,... nat=NAME:FRONTEND:PORT:PORT range=NAME:FRONTEND:FIRST:LAST:PORT`. A plain `p` is a pool.
fn lb(args: &Args<'_>) -> Value {
    let number = |text: &str| json!(text.parse::<i64>().expect("a number"));
    let own = |word: &str, name: &str| args.own(word, name);
    let parts = |text: &str| text.split(':').map(str::to_owned).collect::<Vec<String>>();
    let child = |name: &str, properties: Value| json!({ "name": name, "properties": properties });

    let frontend = |text: &str| -> Value {
        let (name, rest) = text.split_once('=').unwrap_or(("f", text));
        let parts = parts(rest);
        child(
            name,
            match parts[0].as_str() {
                "pip" => json!({ "publicIPAddress": args.named("pip", &parts[1]) }),
                "subnet" if parts.len() > 2 => json!({
                    "subnet": args.named("subnet", &parts[1]),
                    "privateIPAllocationMethod": "Static",
                    "privateIPAddress": parts[2],
                }),
                "subnet" => json!({ "subnet": args.named("subnet", &parts[1]) }),
                _ => json!({}),
            },
        )
    };
    let probe = |text: &str| -> Value {
        let parts = parts(text);
        let mut properties = json!({ "protocol": parts[1], "port": number(&parts[2]) });
        for (index, member) in [(3, "intervalInSeconds"), (4, "numberOfProbes")] {
            if let Some(text) = parts.get(index) {
                properties[member] = number(text);
            }
        }
        properties["requestPath"] = json!(parts.get(5));
        child(&parts[0], properties)
    };
    let rule = |text: &str| -> Value {
        let parts = parts(text);
        let mut properties = json!({
            "protocol": "Tcp",
            "frontendIPConfiguration": own("frontend", &parts[1]),
            "backendAddressPool": own("pool", &parts[2]),
            "frontendPort": number(&parts[4]),
            "backendPort": number(&parts[5]),
            "idleTimeoutInMinutes": args.get("idle").map(number),
        });
        if !parts[3].is_empty() {
            properties["probe"] = own("probe", &parts[3]);
        }
        if args.has("floating") {
            properties["enableFloatingIP"] = json!(true);
        }
        child(&parts[0], properties)
    };
    let nat = |text: &str| -> Value {
        let parts = parts(text);
        child(
            &parts[0],
            json!({
                "protocol": "Tcp",
                "frontendIPConfiguration": own("frontend", &parts[1]),
                "frontendPort": number(&parts[2]),
                "backendPort": number(&parts[3]),
                "idleTimeoutInMinutes": args.get("idle").map(number),
            }),
        )
    };
    let range = |text: &str| -> Value {
        let parts = parts(text);
        child(
            &parts[0],
            json!({
                "protocol": "Tcp",
                "frontendIPConfiguration": own("frontend", &parts[1]),
                "frontendPortRangeStart": number(&parts[2]),
                "frontendPortRangeEnd": number(&parts[3]),
                "backendPort": number(&parts[4]),
            }),
        )
    };

    let all = |key: &str, make: &dyn Fn(&str) -> Value| args.list(key).into_iter().map(make).collect::<Vec<Value>>();
    let mut document = json!({ "properties": {
        "frontendIPConfigurations": all("f", &frontend),
        "probes": all("probe", &probe),
        "loadBalancingRules": all("r", &rule),
        "inboundNatRules": all("nat", &nat),
        "inboundNatPools": all("range", &range),
    } });
    if args.has("p") {
        document["properties"]["backendAddressPools"] = json!([{ "name": "p" }]);
    }
    if args.has("standard") {
        document["sku"] = json!({ "name": "Standard" });
    }
    document
}

/// Puts an interface on a machine that only the fabric knows, in a power state; on the same machine, changes the state.
pub(crate) fn power(script: &mut Script, nic: &str, power: Power) {
    const MACHINE: Key = Key(1_000_000);

    let port = script.resource("nic", nic).key;
    let fabric = &mut script.cloud.fabric;
    let machine = Machine {
        size: "Standard_A1".into(),
        cores: 1,
        location: "westus".into(),
        power,
        generalized: false,
        ports: vec![port],
        disks: Vec::new(),
        set: None,
    };
    let changes = if power.is_allocated() {
        fabric.addresses_of_started(&[port])
    } else {
        fabric.addresses_of_stopped(&[port])
    };
    let row = fabric
        .ports
        .get(&port)
        .expect("an interface has a port")
        .attached(MACHINE, true)
        .with_mac(Guid(0x00ab_cdef));
    for change in changes {
        fabric.make(change);
    }
    fabric.make(Change::Port(port, Some(row.into())));
    fabric.make(Change::Machine(MACHINE, Some(machine.into())));
}

/// Takes an interface off that machine, which is gone.
pub(crate) fn gone(script: &mut Script, nic: &str, reserved_until: Option<Time>) {
    let port = script.resource("nic", nic).key;
    let fabric = &mut script.cloud.fabric;
    for change in fabric.addresses_of_stopped(&[port]) {
        fabric.make(change);
    }
    let row = fabric.ports.get(&port).expect("an interface has a port");
    let machine = row.machine.expect("it is on a machine");
    let mut row = row.detached();
    if let Some(until) = reserved_until {
        row = row.reserved_for("vm0", until);
    }
    fabric.make(Change::Port(port, Some(row.into())));
    fabric.make(Change::Machine(machine, None));
}
