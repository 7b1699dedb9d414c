//! Addresses of every kind on loopback: of machines, of load balancers inside and outside, of reserved IPs that move (SM 7.4, 11.1;
//! ARM 3.5, 8.2). The same responders answer behind all of them.

use fake_azure::cloud::Time;
use fake_azure::{FakeAzure, Pace};
use serde_json::json;

use crate::asm_support::{Classic, alone, create_service, deployment, endpoints, put_role, role};
use crate::data_plane_support::{Sockets, answers, call, ten};
use crate::shell_support::{arm, control};

const D: &str = "/services/hostedservices/web/deployments/web";

fn ask(azure: &FakeAzure, line: &str) -> serde_json::Value {
    control(azure, &format!("GET connections/{line}"), "").1
}

#[test]
fn a_machine_with_a_public_address_of_its_own_is_called_there_past_its_endpoints() {
    let classic = Classic::start();
    classic.machine();
    let sockets = Sockets::open(&classic.azure);
    let network = |public: &str| format!("{}{public}", endpoints(&[("web", 8080, 80, "")]));
    let own = "<PublicIPs><PublicIP><Name>own</Name></PublicIP></PublicIPs>";
    classic.ok("PUT", &format!("{D}/roles/web"), &put_role(&network(own)));
    classic.advance(600);

    // The deployment's address has the endpoint; the machine's own one has the ports behind it.
    let is_own = |name: &str| name == "web";
    let open = sockets.wait(|open| open.iter().filter(|own| is_own(&own.holder.name)).count() == 2);
    let vip = open.iter().find(|own| own.holder.name.is_empty()).expect("an endpoint");
    assert_eq!((vip.public.port(), vip.private), (80, false));
    let ports: Vec<u16> = open
        .iter()
        .filter(|own| is_own(&own.holder.name))
        .map(|own| own.public.port())
        .collect();
    assert_eq!(ports, [22, 8080]);
    let at = sockets.local_of(|own| is_own(&own.holder.name) && own.public.port() == 8080);
    assert_ne!(Some(at.ip()), vip.local.map(|local| local.ip()));
    assert_eq!(call(at, b""), "web");

    // A word about a port opens it.
    control(
        &classic.azure,
        "PUT responders/web/web:9000",
        r#"{"answer":"text:nine"}"#,
    );
    classic.send("GET", "/services/hostedservices/web", "");
    let nine = sockets.local_of(|own| own.public.port() == 9000);
    assert_eq!(call(nine, b""), "nine");

    // Taken off, the address is gone.
    classic.ok("PUT", &format!("{D}/roles/web"), &put_role(&network("")));
    sockets.wait(|open| open.len() == 1);
}

#[test]
fn a_security_group_decides_at_an_address_of_a_machine() {
    let classic = Classic::start();
    classic.machine();
    let group = "<NetworkSecurityGroup><Name>g</Name><Location>West US</Location></NetworkSecurityGroup>";
    classic.ok("POST", "/services/networking/networksecuritygroups", group);
    let rule = "<Rule><Type>Inbound</Type><Priority>100</Priority><Action>Allow</Action><SourceAddressPrefix>INTERNET</SourceAddressPrefix>\
        <SourcePortRange>*</SourcePortRange><DestinationAddressPrefix>*</DestinationAddressPrefix><DestinationPortRange>443</DestinationPortRange>\
        <Protocol>TCP</Protocol></Rule>";
    classic.ok("PUT", "/services/networking/networksecuritygroups/g/rules/web", rule);
    let network = "<PublicIPs><PublicIP><Name>own</Name></PublicIP></PublicIPs>";
    classic.ok("PUT", &format!("{D}/roles/web"), &put_role(network));
    classic.ok(
        "POST",
        &format!("{D}/roles/web/networksecuritygroups"),
        "<NetworkSecurityGroup><Name>g</Name></NetworkSecurityGroup>",
    );
    classic.advance(600);
    let sockets = Sockets::open(&classic.azure);
    assert_eq!(
        call(sockets.local(443), b""),
        "web",
        "a port that a rule opens has a socket"
    );
    assert_eq!(call(sockets.local(22), b""), "", "no rule lets anybody in");
    let public = sockets.wait(|open| open.len() == 2)[0].public.ip();
    assert_eq!(
        ask(&classic.azure, &format!("{public}/22")),
        json!({"nobody": "Filtered"})
    );
    assert_eq!(
        ask(&classic.azure, &format!("{public}/443")),
        json!({"service": "web", "role": "web", "host_name": "web", "local_port": 443})
    );
}

#[test]
fn an_internal_load_balancer_is_called_from_inside() {
    let classic = Classic::start();
    classic.networked();
    let balancer = "<LoadBalancer><Name>ilb</Name><FrontendIpConfiguration><Type>Private</Type><SubnetName>s</SubnetName>\
         <StaticVirtualNetworkIPAddress>10.0.1.100</StaticVirtualNetworkIPAddress></FrontendIpConfiguration></LoadBalancer>";
    classic.ok("POST", &format!("{D}/loadbalancers"), balancer);
    let inside = endpoints(&[("db", 5432, 5432, "db")]).replace(
        "<Protocol>TCP</Protocol></InputEndpoint>",
        "<Protocol>TCP</Protocol><LoadBalancerName>ilb</LoadBalancerName></InputEndpoint>",
    );
    let subnet = "<SubnetNames><SubnetName>s</SubnetName></SubnetNames>";
    classic.ok(
        "PUT",
        &format!("{D}/roles/web"),
        &put_role(&format!("{inside}{subnet}")),
    );
    classic.ok(
        "POST",
        &format!("{D}/roles"),
        &alone(&role("web2", &format!("{inside}{subnet}"))),
    );
    classic.advance(600);
    let sockets = Sockets::open(&classic.azure);
    let open = sockets.wait(|open| open.len() == 1);
    assert_eq!(
        (open[0].public.to_string().as_str(), open[0].private),
        ("10.0.1.100:5432", true)
    );
    assert_eq!(&*open[0].holder.name, "ilb");
    assert_eq!(ten(sockets.local(5432)), answers(&[("web", 5), ("web2", 5)]));

    assert_eq!(ask(&classic.azure, "10.0.1.100/5432")["role"], json!("web"));
    assert_eq!(
        ask(&classic.azure, "10.0.1.100/5432?network=other"),
        json!({"nobody": "NoAddress"})
    );
    assert_eq!(
        ask(&classic.azure, "web/5432"),
        json!({"nobody": "NoEndpoint"}),
        "nobody comes to it from outside"
    );
    let (_, listed) = control(&classic.azure, "GET listeners", "");
    assert_eq!(listed["value"][0]["private"], json!(true));
    assert_eq!(listed["value"][0]["name"], json!("ilb"));
}

#[test]
fn a_balancer_without_a_subnet_lies_beside_the_machines_of_its_deployment() {
    let classic = Classic::start();
    classic.service("web");
    classic.account("acct");
    let inside = endpoints(&[("db", 5432, 5432, "")]).replace(
        "<Protocol>TCP</Protocol></InputEndpoint>",
        "<Protocol>TCP</Protocol><LoadBalancerName>ilb</LoadBalancerName></InputEndpoint>",
    );
    let balancer = "<LoadBalancers><LoadBalancer><Name>ilb</Name><FrontendIpConfiguration><Type>Private</Type></FrontendIpConfiguration>\
        </LoadBalancer></LoadBalancers></Deployment>";
    let body = deployment("web", &role("web", &inside)).replace("</Deployment>", balancer);
    classic.ok("POST", "/services/hostedservices/web/deployments", &body);
    classic.advance(600);
    classic.check();
    let sockets = Sockets::open(&classic.azure);
    let open = sockets.wait(|open| open.len() == 1);
    assert!(open[0].private, "{open:?}");
    assert_eq!(call(sockets.local(5432), b""), "web");
}

#[test]
fn a_reserved_address_takes_its_place_on_this_machine_to_the_next_service() {
    let classic = Classic::start();
    classic.machine();
    classic.ok("POST", "/services/hostedservices", &create_service("two", "West US"));
    let endpoint = endpoints(&[("web", 80, 80, "")]);
    let body = deployment("two", &role("two", &endpoint));
    classic.ok("POST", "/services/hostedservices/two/deployments", &body);
    classic.ok("PUT", &format!("{D}/roles/web"), &put_role(&endpoint));
    let reserve = "<ReservedIP><Name>kept</Name><Location>West US</Location></ReservedIP>";
    classic.ok("POST", "/services/networking/reservedips", reserve);
    classic.advance(600);
    let sockets = Sockets::open(&classic.azure);
    let moved = |verb: &str, service: &str| {
        let body = format!(
            "<ReservedIPAssociation><ServiceName>{service}</ServiceName><DeploymentName>{service}</DeploymentName></ReservedIPAssociation>"
        );
        let path = format!("/services/networking/reservedips/kept/operations/{verb}");
        classic.ok("POST", &path, &body);
        let shown = classic.send("GET", "/services/networking/reservedips/kept", "").body;
        let (_, rest) = shown.split_once("<Address>").expect("it has an address");
        rest.split_once('<').expect("it ends").0.to_owned()
    };
    let kept = moved("associate", "web");
    let at = sockets.local_of(|own| own.public.ip().to_string() == kept && &*own.holder.service == "web");
    assert_eq!(call(at, b""), "web");

    moved("disassociate", "web");
    assert_eq!(
        ask(&classic.azure, &format!("{kept}/80")),
        json!({"nobody": "NoEndpoint"})
    );
    sockets.wait(|open| open.iter().all(|own| own.public.ip().to_string() != kept));

    assert_eq!(moved("associate", "two"), kept);
    let now = sockets.local_of(|own| own.public.ip().to_string() == kept && &*own.holder.service == "two");
    assert_eq!(now, at, "the same address, here as there");
    assert_eq!(call(now, b""), "two");
    assert_eq!(ask(&classic.azure, "two/80")["role"], json!("two"));
}

/// Two machines of Resource Manager: behind a balancer with a rule, a NAT rule and a probe, one with a public address of its own.
struct Farm {
    azure: FakeAzure,
}

impl Farm {
    fn new() -> Farm {
        let farm = Farm {
            azure: FakeAzure::builder()
                .seed(1)
                .start_at(Time::from_millis(1_459_468_800_000))
                .pace(Pace::Paused)
                .start(),
        };
        let net = "/resourceGroups/rg/providers/Microsoft.Network";
        let own = format!("/subscriptions/{}{net}", farm.azure.subscription());
        let id = |rest: &str| json!({"id": format!("{own}/{rest}")});
        farm.put(
            "/resourceGroups/rg?api-version=2021-04-01",
            &json!({"location": "westus"}),
        );
        farm.network(
            "virtualNetworks/net",
            &json!({"addressSpace": {"addressPrefixes": ["10.0.0.0/16"]}, "subnets": [{"name": "s", "properties": {"addressPrefix": "10.0.0.0/24"}}]}),
        );
        for name in ["front", "own"] {
            farm.network(
                &format!("publicIPAddresses/{name}"),
                &json!({"publicIPAllocationMethod": "Static"}),
            );
        }
        farm.network(
            "networkSecurityGroups/g",
            &json!({"securityRules": [{"name": "web", "properties": {
                "priority": 100, "direction": "Inbound", "access": "Allow", "protocol": "Tcp", "sourcePortRange": "*",
                "destinationPortRange": "8080", "sourceAddressPrefix": "*", "destinationAddressPrefix": "*",
            }}]}),
        );
        let lb = "loadBalancers/l";
        let front = id(&format!("{lb}/frontendIPConfigurations/f"));
        farm.network(
            lb,
            &json!({
                "frontendIPConfigurations": [{"name": "f", "properties": {"publicIPAddress": id("publicIPAddresses/front")}}],
                "backendAddressPools": [{"name": "p"}],
                "probes": [{"name": "q", "properties": {"protocol": "Tcp", "port": 8080}}],
                "loadBalancingRules": [{"name": "r", "properties": {
                    "protocol": "Tcp", "frontendPort": 80, "backendPort": 8080, "frontendIPConfiguration": front,
                    "backendAddressPool": id(&format!("{lb}/backendAddressPools/p")), "probe": id(&format!("{lb}/probes/q")),
                }}],
                "inboundNatRules": [{"name": "n", "properties": {
                    "protocol": "Tcp", "frontendPort": 2200, "backendPort": 22, "frontendIPConfiguration": front,
                }}],
            }),
        );
        for name in ["one", "two"] {
            let mut configuration = json!({
                "subnet": id("virtualNetworks/net/subnets/s"),
                "loadBalancerBackendAddressPools": [id(&format!("{lb}/backendAddressPools/p"))],
            });
            let mut nic = json!({});
            if name == "one" {
                configuration["loadBalancerInboundNatRules"] = json!([id(&format!("{lb}/inboundNatRules/n"))]);
            } else {
                configuration["publicIPAddress"] = id("publicIPAddresses/own");
                nic["networkSecurityGroup"] = id("networkSecurityGroups/g");
            }
            nic["ipConfigurations"] = json!([{"name": "c", "properties": configuration}]);
            farm.network(&format!("networkInterfaces/{name}"), &nic);
            farm.put(
                &format!("/resourceGroups/rg/providers/Microsoft.Compute/virtualMachines/{name}?api-version=2019-07-01"),
                &json!({"location": "westus", "properties": {
                    "hardwareProfile": {"vmSize": "Standard_D1_v2"},
                    "storageProfile": {
                        "imageReference": {"publisher": "Canonical", "offer": "UbuntuServer", "sku": "16.04.0-LTS", "version": "latest"},
                        "osDisk": {"createOption": "FromImage"},
                    },
                    "osProfile": {"computerName": name, "adminUsername": "juju", "adminPassword": "Secret-1234"},
                    "networkProfile": {"networkInterfaces": [id(&format!("networkInterfaces/{name}"))]},
                }}),
            );
        }
        farm
    }

    fn network(&self, rest: &str, properties: &serde_json::Value) {
        let path = format!("/resourceGroups/rg/providers/Microsoft.Network/{rest}?api-version=2019-11-01");
        self.put(&path, &json!({"location": "westus", "properties": properties}));
    }

    fn put(&self, path: &str, body: &serde_json::Value) {
        self.write(&format!("PUT {path}"), &body.to_string());
    }

    fn write(&self, line: &str, body: &str) {
        let (verb, path) = line.split_once(' ').expect("a verb and a path");
        let line = format!("{verb} /subscriptions/{}{path}", self.azure.subscription());
        let served = arm(&self.azure, &line, body);
        assert!(
            served.response.status().is_success(),
            "{line}: {:?}",
            served.response.body()
        );
        self.azure.with_sandbox(|sandbox| {
            let to = sandbox.cloud.now().plus_millis(600_000);
            sandbox.advance(to);
        });
    }
}

#[test]
fn frontends_rules_and_nat_rules_of_resource_manager_have_sockets() {
    let farm = Farm::new();
    let sockets = Sockets::open(&farm.azure);
    assert_eq!(ten(sockets.local(80)), answers(&[("one", 5), ("two", 5)]));
    assert_eq!(ten(sockets.local(2200)), answers(&[("one", 10)]));

    // A machine that fails its probe is out of its turn.
    control(&farm.azure, "PUT responders/rg/one", r#"{"answer":"silent"}"#);
    assert_eq!(ten(sockets.local(80)), answers(&[("two", 10)]));
    assert_eq!(ten(sockets.local(2200)), answers(&[("", 10)]));
    control(&farm.azure, "DELETE responders/rg/one", "");

    let machine =
        "/resourceGroups/rg/providers/Microsoft.Compute/virtualMachines/two/deallocate?api-version=2019-07-01";
    farm.write(&format!("POST {machine}"), "");
    assert_eq!(ten(sockets.local(80)), answers(&[("one", 10)]));
    let open = sockets.wait(|open| open.iter().any(|own| own.public.port() == 80));
    let front = open
        .iter()
        .find(|own| own.public.port() == 80)
        .expect("it was waited for");
    assert_eq!(
        (&*front.holder.service, &*front.holder.name, front.holder.slot),
        ("rg", "l/f", None)
    );
}

#[test]
fn a_public_address_of_a_machine_of_resource_manager_is_guarded_by_its_group() {
    let farm = Farm::new();
    let sockets = Sockets::open(&farm.azure);
    let at = |port: u16| sockets.local_of(move |own| &*own.holder.name == "two" && own.public.port() == port);
    assert_eq!(call(at(8080), b""), "two");
    assert_eq!(call(at(22), b""), "", "the group lets nobody in there");
    let public = sockets.wait(|open| !open.is_empty());
    let public = public
        .iter()
        .find(|own| &*own.holder.name == "two")
        .expect("it is open")
        .public
        .ip();
    assert_eq!(ask(&farm.azure, &format!("{public}/22")), json!({"nobody": "Filtered"}));
    assert_eq!(
        ask(&farm.azure, &format!("{public}/8080")),
        json!({"service": "rg", "role": "two", "host_name": "two", "local_port": 8080})
    );
}
