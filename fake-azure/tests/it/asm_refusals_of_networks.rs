//! Refusals of networks and of what hangs on them: the very words, and nothing changed.

use crate::asm_support::{Classic, check, network, put_role, row, site};

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
                bad("Location=\"West US\"", "AffinityGroup=\"no\""),
                "202, then 200 BadRequest: The affinity group does not exist.",
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
