//! Refusals of roles, disks and images.

use crate::asm_support::{Classic, UBUNTU, alone, check, endpoints, put_role, role, role_with, row};

const WEB: &str = "/services/hostedservices/web";
const D: &str = "/services/hostedservices/web/deployments/web";

#[test]
fn roles_refuse() {
    let classic = Classic::start();
    classic.machine();
    classic.ok(
        "PUT",
        &format!("{D}/roles/web"),
        &put_role(&endpoints(&[("ssh", 22, 22, ""), ("web", 80, 80, "set")])),
    );
    let roles = format!("{D}/roles");
    let add = |network: &str| alone(&role("two", network));
    let act = |name: &str| format!("<{name}><OperationType>{name}</OperationType></{name}>");
    let disks = format!("{D}/roles/web/DataDisks");
    let disk = |lun: u32| {
        format!(
            "<DataVirtualHardDisk><Lun>{lun}</Lun><LogicalDiskSizeInGB>1</LogicalDiskSizeInGB><MediaLink>https://acct.blob.core.windows.net/vhds/d{lun}.vhd</MediaLink></DataVirtualHardDisk>"
        )
    };
    classic.ok("POST", &disks, &disk(0));
    let agent = "<ResourceExtensionReferences><ResourceExtensionReference><ReferenceName>a</ReferenceName></ResourceExtensionReference><ResourceExtensionReference><ReferenceName>A</ReferenceName></ResourceExtensionReference></ResourceExtensionReferences>";
    let twice = alone(&role_with("two", "", agent, ""));
    check(
        &classic,
        &[
            row(
                "POST",
                &roles,
                alone(&role("web", "")),
                "409 ConflictError: The role web already exists in the deployment.",
            ),
            row(
                "GET",
                format!("{roles}/none"),
                "",
                "404 ResourceNotFound: Role none was not found in the currently deployed service.",
            ),
            row(
                "PUT",
                format!("{roles}/none"),
                put_role(""),
                "404 ResourceNotFound: Role none was not found in the currently deployed service.",
            ),
            row(
                "DELETE",
                format!("{roles}/web"),
                "",
                "400 BadRequest: Role web is the only role present in the deployment and so cannot be removed. Please delete the deployment or add another role before removing this role.",
            ),
            row(
                "DELETE",
                format!("{roles}/web?comp=media"),
                "",
                "400 BadRequest: Role web is the only role present in the deployment and so cannot be removed. Please delete the deployment or add another role before removing this role.",
            ),
            row(
                "POST",
                &roles,
                twice,
                "400 BadRequest: The resource extension reference name 'A' is used more than once in role two.",
            ),
            row(
                "POST",
                &roles,
                add(&endpoints(&[("w", 80, 80, "SET")]).replace(
                    "<Port>80</Port><Protocol>TCP</Protocol></LoadBalancerProbe>",
                    "<Port>81</Port><Protocol>TCP</Protocol></LoadBalancerProbe>",
                )),
                "400 BadRequest: Endpoint name 'w', property 'LoadBalancerProbe.Port'. \nThe value '81' does not match '80' for LB set 'SET'.",
            ),
            row(
                "POST",
                &roles,
                add(&endpoints(&[("s", 22, 22, "")])),
                "202, then 200 BadRequest: Port 22 is already in use by one of the endpoints in this deployment. Ensure that the port numbers are unique across endpoints within a deployment.",
            ),
            row(
                "PUT",
                format!("{roles}/web"),
                put_role(&endpoints(&[("a", 1, 9, ""), ("b", 2, 9, "")])),
                "202, then 200 BadRequest: Port 9 is already in use by one of the endpoints in this deployment. Ensure that the port numbers are unique across endpoints within a deployment.",
            ),
            row(
                "POST",
                format!("{D}?comp=UpdateLbSet"),
                "<LoadBalancedEndpointList><InputEndpoint><LoadBalancedEndpointSetName>none</LoadBalancedEndpointSetName><LocalPort>1</LocalPort><Port>1</Port><Protocol>tcp</Protocol></InputEndpoint></LoadBalancedEndpointList>",
                "400 BadRequest: The load-balanced endpoint set 'none' was not found in the deployment.",
            ),
            row(
                "POST",
                format!("{D}/roleinstances/none/Operations"),
                act("StartRoleOperation"),
                "404 ResourceNotFound: Role none was not found in the currently deployed service.",
            ),
            row(
                "POST",
                format!("{D}/roleinstances/web/Operations"),
                act("DanceRoleOperation"),
                "400 InvalidXmlRequest: The request body's XML was invalid or not correctly specified.",
            ),
            row(
                "POST",
                format!("{D}/roleinstances/web/Operations"),
                act("PerformMaintenanceOnRoleOperation"),
                "500 InternalError: The server encountered an internal error. Please retry the request.",
            ),
            row(
                "GET",
                format!("{D}/roleinstances/web/ModelFile?FileType=RDP"),
                "",
                "400 BadRequest: An external endpoint to the Remote Desktop port (3389) must first be added to the role.",
            ),
            row(
                "POST",
                format!("{D}/?comp=status"),
                "<UpdateDeploymentStatus><Status>Suspended</Status></UpdateDeploymentStatus>",
                "400 BadRequest: The operation is not supported on a virtual machine deployment.",
            ),
            row(
                "POST",
                WEB,
                "<Swap><SourceDeployment>web</SourceDeployment></Swap>",
                "400 BadRequest: The swap is not possible: the source deployment is not in the staging slot.",
            ),
            row(
                "POST",
                &disks,
                disk(0),
                "400 BadRequest: A data disk with LUN 0 is already attached to the virtual machine web.",
            ),
            row(
                "POST",
                &disks,
                disk(40),
                "400 BadRequest: The LUN 40 is not valid. It must be between 0 and 31.",
            ),
            row(
                "GET",
                format!("{disks}/7"),
                "",
                "404 ResourceNotFound: The data disk with LUN 7 was not found in role web.",
            ),
            row(
                "POST",
                &disks,
                "<DataVirtualHardDisk><DiskName>none</DiskName></DataVirtualHardDisk>",
                "404 ResourceNotFound: The disk with the specified name does not exist.",
            ),
            row(
                "POST",
                format!("{D}/loadbalancers"),
                "<LoadBalancer><Name>lb</Name><FrontendIpConfiguration><Type>Private</Type><SubnetName>s</SubnetName></FrontendIpConfiguration></LoadBalancer>",
                "400 BadRequest: The subnet s was not found: the deployment is not in a virtual network that has it.",
            ),
            row(
                "DELETE",
                format!("{D}/loadbalancers/none"),
                "",
                "404 ResourceNotFound: The load balancer none does not exist in the deployment.",
            ),
            row(
                "PUT",
                format!("{D}/dnsservers/none"),
                "<DnsServer><Name>none</Name><Address>1.1.1.1</Address></DnsServer>",
                "404 ResourceNotFound: The DNS server none does not exist in the deployment.",
            ),
            row(
                "DELETE",
                format!("{D}/virtualIPs/none"),
                "",
                "404 ResourceNotFound: The virtual IP none does not exist in the deployment.",
            ),
            row(
                "PUT",
                format!("{roles}/web"),
                put_role(
                    "<InputEndpoints><InputEndpoint><LocalPort>1</LocalPort><Name>a</Name><Port>1</Port><Protocol>tcp</Protocol><EndpointAcl><Rules><Rule><Order>1</Order><Action>permit</Action><RemoteSubnet>x</RemoteSubnet></Rule></Rules></EndpointAcl></InputEndpoint></InputEndpoints>",
                ),
                "400 BadRequest: The access control list of endpoint 'a' is not valid: a remote subnet is no IPv4 prefix.",
            ),
        ],
    );
    classic.ok("POST", &disks, &disk(5));
    check(
        &classic,
        &[row(
            "POST",
            &disks,
            disk(6),
            "400 BadRequest: The number of data disks of role web exceeds the limit of 2 for its size.",
        )],
    );
}

#[test]
fn disks_and_images_refuse() {
    let classic = Classic::start();
    classic.machine();
    let disks = classic.send("GET", "/services/disks", "").body;
    let name = disks
        .split("<Name>")
        .nth(1)
        .and_then(|part| part.split('<').next())
        .expect("a disk")
        .to_owned();
    let in_use: &'static str = Box::leak(format!("400 BadRequest: A disk with name {name} is currently in use by virtual machine web running within hosted service web, deployment web.").into_boxed_str());
    let account_in_use: &'static str = Box::leak(format!("400 BadRequest: Storage account acct has some active image(s) and/or disk(s), e.g. {name}. Ensure these image(s) and/or disk(s) are removed before deleting this storage account.").into_boxed_str());
    let registered: &'static str = Box::leak(format!("409 ConflictError: The VHD https://acct.blob.core.windows.net/vhds/web.vhd is already registered with image repository as the resource with ID {name}.").into_boxed_str());
    let disk = |name: &str, blob: &str| {
        format!(
            "<Disk><OS>Linux</OS><Label>l</Label><MediaLink>https://acct.blob.core.windows.net/vhds/{blob}.vhd</MediaLink><Name>{name}</Name></Disk>"
        )
    };
    let image = |name: &str, blob: &str| {
        format!(
            "<OSImage><Label>l</Label><MediaLink>https://acct.blob.core.windows.net/vhds/{blob}.vhd</MediaLink><Name>{name}</Name><OS>Linux</OS></OSImage>"
        )
    };
    check(
        &classic,
        &[
            row("DELETE", format!("/services/disks/{name}"), "", in_use),
            row(
                "DELETE",
                "/services/disks/none",
                "",
                "404 ResourceNotFound: The disk with the specified name does not exist.",
            ),
            row(
                "POST",
                "/services/disks",
                disk("d", "none"),
                "404 ResourceNotFound: The blob https://acct.blob.core.windows.net/vhds/none.vhd does not exist.",
            ),
            row("POST", "/services/disks", disk("d", "web"), registered),
            row(
                "POST",
                "/services/disks",
                disk(&name, "web"),
                Box::leak(format!("409 ConflictError: A disk with name {name} already exists.").into_boxed_str()),
            ),
            row(
                "POST",
                "/services/disks",
                disk("a b", "web"),
                "400 BadRequest: The name 'a b' is not valid.",
            ),
            row("POST", "/services/images", image("i", "web"), registered),
            row(
                "POST",
                "/services/images",
                image(UBUNTU, "web"),
                Box::leak(format!("409 ConflictError: An image with name {UBUNTU} already exists.").into_boxed_str()),
            ),
            row(
                "GET",
                "/services/images/none",
                "",
                "404 ResourceNotFound: The image none does not exist.",
            ),
            row(
                "DELETE",
                "/services/images/none",
                "",
                "404 ResourceNotFound: The image none does not exist.",
            ),
            row(
                "DELETE",
                "/services/vmimages/none",
                "",
                "404 ResourceNotFound: The image none does not exist.",
            ),
            row("DELETE", "/services/storageservices/acct", "", account_in_use),
        ],
    );
    // The disk stays attached for a while after its machine went; then it is free.
    classic.ok("DELETE", D, "");
    check(
        &classic,
        &[row("DELETE", format!("/services/disks/{name}"), "", in_use)],
    );
    classic.advance(61);
    assert_eq!(
        classic
            .send("DELETE", &format!("/services/disks/{name}?comp=media"), "")
            .status,
        200
    );
    assert_eq!(classic.send("DELETE", "/services/storageservices/acct", "").status, 200);
}
