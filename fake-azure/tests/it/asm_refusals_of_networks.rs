//! Refusals of networks and of what hangs on them: the very words, and nothing changed.

use crate::asm_support::{
    Classic, alone, check, create_service, deployment, endpoints, network, put_role, role, row, site,
};

const D: &str = "/services/hostedservices/web/deployments/web";

#[test]
fn networks_refuse() {
    let classic = Classic::start();
    classic.networked();
    let media = "/services/networking/media";
    let bad = |from: &str, to: &str| network(&site("net", "West US")).replace(from, to);
    let schema = "400 BadRequest: XML Schema validation error in network configuration at line 1,";
    for document in [
        bad("<AddressPrefix>10.0.0.0/16</AddressPrefix>", ""),
        bad("<Subnets>", "<Nets>").replace("</Subnets>", "</Nets>"),
        "<x/>".to_owned(),
        "nothing".to_owned(),
    ] {
        let line = classic.refused("PUT", media, &document);
        assert!(line.starts_with(schema), "{line}");
    }
    let add = |more: &str| network(&format!("{}{more}", site("net", "West US")));
    let groups = "/services/networking/networksecuritygroups";
    let tables = "/services/networking/routetables";
    let ips = "/services/networking/reservedips";
    classic.ok(
        "POST",
        groups,
        "<NetworkSecurityGroup><Name>nsg</Name><Location>West US</Location></NetworkSecurityGroup>",
    );
    classic.ok(
        "POST",
        groups,
        "<NetworkSecurityGroup><Name>east</Name><Location>East US</Location></NetworkSecurityGroup>",
    );
    classic.ok(
        "POST",
        tables,
        "<RouteTable><Name>rt</Name><Location>West US</Location></RouteTable>",
    );
    classic.ok(
        "POST",
        ips,
        "<ReservedIP><Name>rip</Name><Location>West US</Location></ReservedIP>",
    );
    let subnet = "/services/networking/virtualnetwork/net/subnets/s";
    classic.ok(
        "POST",
        &format!("{subnet}/networksecuritygroups"),
        "<NetworkSecurityGroup><Name>nsg</Name></NetworkSecurityGroup>",
    );
    classic.ok(
        "POST",
        &format!("{subnet}/routetables"),
        "<RouteTableAssociation><RouteTableName>rt</RouteTableName></RouteTableAssociation>",
    );
    let bound = "<ReservedIPAssociation><ServiceName>web</ServiceName><DeploymentName>web</DeploymentName></ReservedIPAssociation>";
    classic.ok("POST", &format!("{ips}/rip/operations/associate"), bound);
    classic.ok("POST", &format!("{D}/loadbalancers"), "<LoadBalancer><Name>lb</Name><FrontendIpConfiguration><Type>Private</Type><SubnetName>s</SubnetName></FrontendIpConfiguration></LoadBalancer>");
    classic.ok("POST", &format!("{D}/extra"), "");
    classic.ok(
        "POST",
        &format!("{D}/dnsservers"),
        "<DnsServer><Name>d</Name><Address>1.1.1.1</Address></DnsServer>",
    );
    let internal = "<SubnetNames><SubnetName>s</SubnetName></SubnetNames>";
    let over = |more: &str| {
        format!(
            "<InputEndpoints><InputEndpoint><LocalPort>1</LocalPort><Name>a</Name><Port>1</Port><Protocol>tcp</Protocol>{more}</InputEndpoint></InputEndpoints>{internal}"
        )
    };
    let rule = |priority: u32, protocol: &str, source: &str| {
        format!(
            "<Rule><Type>Inbound</Type><Priority>{priority}</Priority><Action>Allow</Action><SourceAddressPrefix>{source}</SourceAddressPrefix><SourcePortRange>*</SourcePortRange><DestinationAddressPrefix>*</DestinationAddressPrefix><DestinationPortRange>22</DestinationPortRange><Protocol>{protocol}</Protocol></Rule>"
        )
    };
    classic.ok("PUT", &format!("{groups}/nsg/rules/one"), &rule(100, "TCP", "*"));
    check(
        &classic,
        &[
            row(
                "PUT",
                media,
                bad("10.0.1.0/24", "10.0.0.0/8/12"),
                "400 BadRequest: IP address is not valid '10.0.0.0/8/12'.",
            ),
            row(
                "PUT",
                media,
                bad("10.0.1.0/24", "192.168.0.0/24"),
                "202, then 200 BadRequest: The subnet 's' of virtual network 'net' lies outside its address space.",
            ),
            row(
                "PUT",
                media,
                bad("West US", "Mars"),
                "202, then 200 BadRequest: The location constraint is not valid",
            ),
            row(
                "PUT",
                media,
                add(
                    "<VirtualNetworkSite name=\"nowhere\"><AddressSpace><AddressPrefix>10.1.0.0/16</AddressPrefix></AddressSpace></VirtualNetworkSite>",
                ),
                "202, then 200 BadRequest: Neither Affinity Group nor Location elemet is specified in virtual network site 'nowhere'. Either \
                 Affinity Group or Location must be specified for every virtual network.",
            ),
            row(
                "PUT",
                media,
                add(&site("NET", "West US")),
                "202, then 200 BadRequest: The name 'net' is used more than once in the network configuration.",
            ),
            row(
                "PUT",
                media,
                bad(
                    "</Subnets>",
                    "<Subnet name=\"t\"><AddressPrefix>10.0.1.128/25</AddressPrefix></Subnet></Subnets>",
                ),
                "202, then 200 BadRequest: The address prefixes '10.0.1.0/24' and '10.0.1.128/25' of virtual network 'net' overlap.",
            ),
            row(
                "PUT",
                media,
                bad(
                    "</VirtualNetworkSite>",
                    "<DnsServersRef><DnsServerRef name=\"no\"/></DnsServersRef></VirtualNetworkSite>",
                ),
                "202, then 200 BadRequest: The DNS server 'no' that virtual network 'net' refers to does not exist.",
            ),
            row(
                "PUT",
                media,
                network(""),
                "202, then 200 BadRequest: Cannot delete or modify virtual network while in use 'net'. The virtual network net is currently in use.",
            ),
            row(
                "PUT",
                media,
                bad("10.0.1.0/24", "10.0.2.0/24"),
                "202, then 200 BadRequest: Cannot delete or modify subnet while in use 's'.",
            ),
            row(
                "POST",
                groups,
                "<NetworkSecurityGroup><Name>NSG</Name><Location>West US</Location></NetworkSecurityGroup>",
                "409 ConflictError: A network security group with the name NSG already exists.",
            ),
            row(
                "DELETE",
                format!("{groups}/nsg"),
                "",
                "400 BadRequest: The network security group nsg is associated and cannot be deleted.",
            ),
            row(
                "GET",
                format!("{groups}/none"),
                "",
                "404 ResourceNotFound: The Network Security Group none does not exist.",
            ),
            row(
                "PUT",
                format!("{groups}/nsg/rules/two"),
                rule(100, "TCP", "*"),
                "400 BadRequest: The network security rule 'two' is not valid: another rule of that direction has its priority.",
            ),
            row(
                "PUT",
                format!("{groups}/nsg/rules/two"),
                rule(99, "TCP", "*"),
                "400 BadRequest: The network security rule 'two' is not valid: its priority must be between 100 and 4096.",
            ),
            row(
                "PUT",
                format!("{groups}/nsg/rules/two"),
                rule(101, "ICMP", "*"),
                "400 BadRequest: The network security rule 'two' is not valid: its protocol must be TCP, UDP or *.",
            ),
            row(
                "DELETE",
                format!("{groups}/nsg/rules/none"),
                "",
                "404 ResourceNotFound: The network security rule none does not exist.",
            ),
            row(
                "POST",
                format!("{subnet}/networksecuritygroups"),
                "<NetworkSecurityGroup><Name>east</Name></NetworkSecurityGroup>",
                "409 ConflictError: The subnet s already has a network security group associated.",
            ),
            row(
                "POST",
                format!("{D}/roles/web/networksecuritygroups"),
                "<NetworkSecurityGroup><Name>east</Name></NetworkSecurityGroup>",
                "400 BadRequest: The network security group east is not in the same location as role web.",
            ),
            row(
                "GET",
                format!("{D}/roles/web/networksecuritygroups"),
                "",
                "404 ResourceNotFound: The role web does not have any Network Security Group associated.",
            ),
            row(
                "DELETE",
                format!("{tables}/rt"),
                "",
                "400 BadRequest: The route table rt is associated with a subnet and cannot be deleted.",
            ),
            row(
                "POST",
                tables,
                "<RouteTable><Name>rt</Name><Location>West US</Location></RouteTable>",
                "409 ConflictError: A route table with the name rt already exists.",
            ),
            row(
                "GET",
                format!("{tables}/none"),
                "",
                "404 ResourceNotFound: The route table none does not exist.",
            ),
            row(
                "DELETE",
                format!("{tables}/rt/routes/none"),
                "",
                "404 ResourceNotFound: The route none does not exist.",
            ),
            row(
                "GET",
                "/services/networking/virtualnetwork/net/subnets/none/routetables",
                "",
                "400 BadRequest: The subnet 'none' was not found in virtual network 'net'.",
            ),
            row(
                "POST",
                ips,
                "<ReservedIP><Name>rip</Name><Location>West US</Location></ReservedIP>",
                "409 ConflictError: A reserved IP with the name rip already exists.",
            ),
            row(
                "DELETE",
                format!("{ips}/rip"),
                "",
                "400 BadRequest: The reserved IP rip is currently in use.",
            ),
            row(
                "GET",
                format!("{ips}/none"),
                "",
                "404 ResourceNotFound: The reserved IP none does not exist.",
            ),
            row(
                "POST",
                format!("{ips}/rip/operations/associate"),
                bound,
                "400 BadRequest: The reserved IP rip is currently in use.",
            ),
            row(
                "POST",
                format!("{D}/loadbalancers"),
                "<LoadBalancer><Name>two</Name></LoadBalancer>",
                "400 BadRequest: LoadBalancer already exists: lb. Only one internal load balancer allowed per deployment.",
            ),
            row(
                "POST",
                format!("{D}/extra"),
                "",
                "409 ConflictError: The virtual IP extra already exists in the deployment.",
            ),
            row(
                "POST",
                format!("{D}/dnsservers"),
                "<DnsServer><Name>D</Name><Address>1.1.1.1</Address></DnsServer>",
                "409 ConflictError: The DNS server D already exists in the deployment.",
            ),
            row(
                "PUT",
                format!("{D}/roles/web"),
                put_role(
                    "<SubnetNames><SubnetName>s</SubnetName></SubnetNames><StaticVirtualNetworkIPAddress>10.0.9.9</StaticVirtualNetworkIPAddress>",
                ),
                "400 BadRequest: The static IP address 10.0.9.9 does not belong to the subnet s.",
            ),
            row(
                "PUT",
                format!("{D}/roles/web"),
                put_role(&over("<LoadBalancerName>no</LoadBalancerName>")),
                "404 ResourceNotFound: The load balancer no does not exist in the deployment.",
            ),
            row(
                "GET",
                "/services/networking/net/gateway",
                "",
                "404 ResourceNotFound: The gateway does not exist.",
            ),
            row(
                "GET",
                "/services/networking/none?op=checkavailability&address=10.0.0.4",
                "",
                "400 BadRequest: Virtual network 'none' not found. Either it does not exist or it is an Azure Resource Manager resource, which cannot be used with Cloud Services.",
            ),
        ],
    );
    classic.ok("DELETE", &format!("{subnet}/routetables"), "");
    check(
        &classic,
        &[row(
            "GET",
            format!("{subnet}/routetables"),
            "",
            "404 ResourceNotFound: The virtual network name net and subnet s does not have any Route Table associated.",
        )],
    );
    classic.ok(
        "PUT",
        &format!("{D}/roles/web"),
        &put_role(&over("<LoadBalancerName>lb</LoadBalancerName>")),
    );
    check(
        &classic,
        &[row(
            "DELETE",
            format!("{D}/loadbalancers/lb"),
            "",
            "400 BadRequest: The load balancer lb is in use by an endpoint of role web.",
        )],
    );
    classic.ok(
        "PUT",
        &format!("{D}/roles/web"),
        &put_role(&over("<VirtualIPName>extra</VirtualIPName>")),
    );
    check(
        &classic,
        &[row(
            "DELETE",
            format!("{D}/virtualIPs/extra"),
            "",
            "400 BadRequest: The virtual IP extra is in use by an endpoint.",
        )],
    );
    let writing = classic.send("PUT", media, &add(&site("two", "West US")));
    check(
        &classic,
        &[row(
            "PUT",
            media,
            network(""),
            "409 ConflictError: Another operation on this or dependent resource is in progress.",
        )],
    );
    classic.finish(&writing);
}

#[test]
fn places_addresses_and_limits_refuse() {
    let classic = Classic::start();
    classic.networked();
    let inside = "<SubnetNames><SubnetName>s</SubnetName></SubnetNames>";
    classic.ok(
        "POST",
        "/services/networking/networksecuritygroups",
        "<NetworkSecurityGroup><Name>nsg</Name><Location>West US</Location></NetworkSecurityGroup>",
    );
    classic.ok(
        "POST",
        "/services/networking/reservedips",
        "<ReservedIP><Name>rip</Name><Location>West US</Location></ReservedIP>",
    );
    classic.ok(
        "POST",
        "/services/networking/reservedips",
        "<ReservedIP><Name>far</Name><Location>East US</Location></ReservedIP>",
    );
    classic.ok("POST", "/services/hostedservices", &create_service("east", "East US"));
    classic.service("new");
    let at = "/services/hostedservices/new/deployments";
    let with = |more: &str| deployment("d", &role("r", "")).replace("</Deployment>", &format!("{more}</Deployment>"));
    let nic = |name: &str| {
        format!(
            "{inside}<NetworkInterfaces><NetworkInterface><Name>{name}</Name><IPConfigurations><IPConfiguration><SubnetName>s</SubnetName></IPConfiguration></IPConfigurations></NetworkInterface><NetworkInterface><Name>a</Name><IPConfigurations><IPConfiguration><SubnetName>s</SubnetName></IPConfiguration></IPConfigurations></NetworkInterface></NetworkInterfaces>"
        )
    };
    let acl = "<InputEndpoints><InputEndpoint><LocalPort>1</LocalPort><Name>a</Name><Port>1</Port><Protocol>tcp</Protocol><EndpointAcl><Rules><Rule><Order>1</Order><Action>permit</Action><RemoteSubnet>10.0.0.0/8</RemoteSubnet></Rule></Rules></EndpointAcl></InputEndpoint></InputEndpoints>";
    let many: Vec<(String, u32)> = (1..=151).map(|n| (format!("e{n}"), n)).collect();
    let many: Vec<(&str, u32, u32, &str)> = many.iter().map(|(name, n)| (name.as_str(), *n, *n, "")).collect();
    check(
        &classic,
        &[
            row(
                "POST",
                "/services/hostedservices/east/deployments",
                with("<VirtualNetworkName>net</VirtualNetworkName>"),
                "400 BadRequest: The virtual network 'net' is not in the same location or affinity group as the hosted service east.",
            ),
            row(
                "POST",
                at,
                with("<ReservedIPName>far</ReservedIPName>"),
                "400 BadRequest: The reserved IP far is not in the same location as the hosted service.",
            ),
            row(
                "POST",
                "/services/networking/reservedips/rip/operations/disassociate",
                "<ReservedIPAssociation><ServiceName>web</ServiceName><DeploymentName>web</DeploymentName></ReservedIPAssociation>",
                "400 BadRequest: The reserved IP rip is not associated with the deployment.",
            ),
            row(
                "POST",
                format!("{D}/roles"),
                alone(&role(
                    "two",
                    &format!("{inside}<StaticVirtualNetworkIPAddress>10.0.1.4</StaticVirtualNetworkIPAddress>"),
                )),
                "202, then 200 BadRequest: The static IP address 10.0.1.4 is already in use or not available in the subnet.",
            ),
            row(
                "POST",
                format!("{D}/roles"),
                alone(&role(
                    "two",
                    &format!("{acl}{inside}<NetworkSecurityGroup>nsg</NetworkSecurityGroup>"),
                )),
                "400 BadRequest: A network security group and endpoint access control lists cannot be used together on role two.",
            ),
            row(
                "POST",
                format!("{D}/roles"),
                alone(&role("two", &nic("A"))),
                "400 BadRequest: The network interfaces of role two are not valid: names must be unique.",
            ),
            row(
                "POST",
                format!("{D}/roles"),
                alone(&role("two", &endpoints(&many))),
                "400 BadRequest: The deployment would have 151 input endpoints. The limit is 150.",
            ),
        ],
    );
    for n in 1..5 {
        classic.ok("POST", &format!("{D}/vip{n}"), "");
    }
    check(
        &classic,
        &[row(
            "POST",
            format!("{D}/vip5"),
            "",
            "400 BadRequest: The deployment would have 6 virtual IPs. The limit is 5.",
        )],
    );
    classic.azure.with_sandbox(|sandbox| {
        sandbox
            .cloud
            .ledger_mut()
            .set_override("RolesPerHostedService", Some(1))
    });
    check(
        &classic,
        &[row(
            "POST",
            format!("{D}/roles"),
            alone(&role("two", inside)),
            "400 BadRequest: The deployment would have 2 roles. The limit is 1.",
        )],
    );
}

#[test]
fn images_and_disks_must_be_near_the_service() {
    let classic = Classic::start();
    classic.machine();
    classic.advance(600);
    let capture = "<CaptureRoleOperation><OperationType>CaptureRoleOperation</OperationType><PostCaptureAction>Reprovision</PostCaptureAction><TargetImageLabel>gold</TargetImageLabel><TargetImageName>gold</TargetImageName></CaptureRoleOperation>";
    classic.ok("POST", &format!("{D}/roleinstances/web/Operations"), capture);
    classic.ok("DELETE", D, "");
    classic.advance(120);
    let disks = classic.send("GET", "/services/disks", "").body;
    let name = disks
        .split("<Name>")
        .nth(1)
        .and_then(|part| part.split('<').next())
        .expect("a disk");
    classic.ok("POST", "/services/hostedservices", &create_service("east", "East US"));
    let from_disk = format!(
        "<Role><RoleName>r</RoleName><OSVirtualHardDisk><DiskName>{name}</DiskName></OSVirtualHardDisk></Role>"
    );
    let from_image = role("r", "").replace(crate::asm_support::UBUNTU, "gold");
    let at = "/services/hostedservices/east/deployments";
    let far: &'static str = Box::leak(format!("202, then 200 BadRequest: The location or affinity group West US of the storage account where the disk {name} resides is not in the same location or affinity group as the specified cloud service East US.").into_boxed_str());
    check(
        &classic,
        &[
            row("POST", at, deployment("d", &from_disk), far),
            row(
                "POST",
                at,
                deployment("d", &from_image),
                "202, then 200 BadRequest: The location or affinity group West US of the storage account where the source image gold resides is not in the same location or affinity group as the specified cloud service. The source image must reside in a storage account that has the same affinity group or location as the cloud service East US.",
            ),
        ],
    );
}

#[test]
fn a_network_bound_to_a_group_takes_no_machine_of_newer_hardware_and_a_probe_no_other_protocol() {
    let classic = Classic::start();
    let group =
        "<CreateAffinityGroup><Name>old</Name><Label>bA==</Label><Location>West US</Location></CreateAffinityGroup>";
    classic.ok("POST", "/affinitygroups", group);
    let bound = site("net", "West US").replace("Location=\"West US\"", "AffinityGroup=\"old\"");
    classic.ok("PUT", "/services/networking/media", &network(&bound));
    let service =
        create_service("web", "West US").replace("<Location>West US</Location>", "<AffinityGroup>old</AffinityGroup>");
    classic.ok("POST", "/services/hostedservices", &service);
    classic.account("acct");
    let body = |size: &str| {
        deployment(
            "web",
            &crate::asm_support::role_with("web", "", "", &format!("<RoleSize>{size}</RoleSize>")),
        )
        .replace(
            "</Deployment>",
            "<VirtualNetworkName>net</VirtualNetworkName></Deployment>",
        )
    };
    let at = "/services/hostedservices/web/deployments";
    assert_eq!(
        classic.refused("POST", at, &body("Standard_D1")),
        "202, then 200 OverconstrainedAllocationRequest: The VM size (or combination of VM sizes) required by this deployment cannot be \
         provisioned due to deployment request constraints."
    );
    classic.ok("POST", at, &body("Small"));
    let probed = crate::asm_support::endpoints(&[("dns", 53, 53, "dns")]).replace(
        "</Port><Protocol>TCP</Protocol></LoadBalancerProbe>",
        "</Port><Protocol>udp</Protocol></LoadBalancerProbe>",
    );
    assert_eq!(
        classic.refused(
            "PUT",
            &format!("{at}/web/roles/web"),
            &crate::asm_support::put_role(&probed)
        ),
        "400 BadRequest: The protocol 'udp' of the load balancer probe of endpoint 'dns' is not valid."
    );
    classic.check();
}
