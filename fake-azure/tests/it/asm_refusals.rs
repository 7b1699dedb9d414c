//! Every refusal of the classic catalogue: what is asked, and the very words of the answer. A refused request changes nothing;
//! what the fabric sees makes the operation fail and is taken back.

use crate::asm_support::{
    Classic, UBUNTU, WINDOWS, alone, check, create_service, deployment, endpoints, put_role, role, role_with, row,
};

const WEB: &str = "/services/hostedservices/web";
const D: &str = "/services/hostedservices/web/deployments/web";

#[test]
fn hosted_services_refuse() {
    let classic = Classic::start();
    classic.service("web");
    let services = "/services/hostedservices";
    let place = |place: &str| {
        format!("<CreateHostedService><ServiceName>new</ServiceName><Label>bA==</Label>{place}</CreateHostedService>")
    };
    let extended = |name: &str, value: &str| {
        place(&format!(
            "<Location>West US</Location><ExtendedProperties><ExtendedProperty><Name>{name}</Name><Value>{value}</Value></ExtendedProperty></ExtendedProperties>"
        ))
    };
    let long = "x".repeat(65);
    let too_long: &'static str = Box::leak(
        format!("400 BadRequest: Extended property name {long} is too long. Only 64 characters are permitted.")
            .into_boxed_str(),
    );
    let many = "<ExtendedProperty><Name>a</Name><Value>b</Value></ExtendedProperty>".repeat(51);
    check(
        &classic,
        &[
            row(
                "POST",
                services,
                create_service("test!", "West US"),
                "400 BadRequest: The hosted service name is invalid.",
            ),
            row(
                "POST",
                services,
                create_service("WEB", "West US"),
                "409 ConflictError: The specified DNS name is already taken.",
            ),
            row(
                "POST",
                services,
                create_service("new", "Mars"),
                "400 BadRequest: The location constraint is not valid",
            ),
            row(
                "POST",
                services,
                create_service("new", "westus"),
                "400 BadRequest: The location constraint is not valid",
            ),
            row(
                "POST",
                services,
                place(""),
                "400 BadRequest: Location constraint name is empty or not specified",
            ),
            row(
                "POST",
                services,
                place("<AffinityGroup>no</AffinityGroup>"),
                "400 BadRequest: The affinity group does not exist.",
            ),
            row(
                "POST",
                services,
                place("<AffinityGroup></AffinityGroup>"),
                "400 BadRequest: The affinity group name is empty or was not specified.",
            ),
            row(
                "POST",
                services,
                place("<Location>West US</Location><AffinityGroup>no</AffinityGroup>"),
                "400 BadRequest: Both a location constraint and an affinity group were specified. Specify exactly one of them.",
            ),
            row("POST", services, extended(&long, "v"), too_long),
            row(
                "POST",
                services,
                extended("a b", "v"),
                "400 BadRequest: Extended property name a b is invalid. Only letters, digits and underscores are permitted.",
            ),
            row(
                "POST",
                services,
                extended("n", &"v".repeat(256)),
                "400 BadRequest: Extended property value is too long. Only 255 characters are permitted",
            ),
            row(
                "POST",
                services,
                place(&format!(
                    "<Location>West US</Location><ExtendedProperties>{many}</ExtendedProperties>"
                )),
                "400 BadRequest: A hosted service cannot have more than 50 extended properties.",
            ),
            row(
                "POST",
                services,
                create_service("new", "West US").replace("bA==", "not base64"),
                "400 BadRequest: The label for the hosted service is invalid.",
            ),
            row(
                "PUT",
                WEB,
                format!(
                    "<UpdateHostedService><Description>{}</Description></UpdateHostedService>",
                    "d".repeat(1025)
                ),
                "400 BadRequest: The description for the hosted service is invalid.",
            ),
            row(
                "PUT",
                WEB,
                "<UpdateHostedService></UpdateHostedService>",
                "400 BadRequest: A parameter was incorrect",
            ),
            row(
                "GET",
                "/services/hostedservices/none",
                "",
                "404 ResourceNotFound: The hosted service does not exist.",
            ),
            row(
                "DELETE",
                "/services/hostedservices/none",
                "",
                "404 ResourceNotFound: The hosted service does not exist.",
            ),
            row(
                "GET",
                "/services/hostedservices/operations/isavailable/test!",
                "",
                "400 BadRequest: The hosted service name is invalid.",
            ),
            row(
                "GET",
                format!("{WEB}/deploymentslots/Production"),
                "",
                "404 ResourceNotFound: No deployments were found.",
            ),
            row("GET", D, "", "404 ResourceNotFound: No deployments were found."),
            row(
                "GET",
                format!("{WEB}/deploymentslots/Third"),
                "",
                "404 ResourceNotFound: The specified resource does not exist.",
            ),
            row(
                "GET",
                format!("{WEB}/certificates/sha1-00"),
                "",
                "404 ResourceNotFound: The certificate was not found.",
            ),
            row(
                "DELETE",
                format!("{WEB}/certificates/sha1-00"),
                "",
                "404 ResourceNotFound: The certificate was not found.",
            ),
            row(
                "GET",
                format!("{WEB}/extensions/no"),
                "",
                "404 ResourceNotFound: The extension no does not exist.",
            ),
            row(
                "GET",
                "/operations/00000000000000000000000000000001",
                "",
                "404 ResourceNotFound: The specified resource does not exist.",
            ),
            row(
                "GET",
                "/operations/%3Cobject%20at%200x7f%3E",
                "",
                "404 ResourceNotFound: The specified resource does not exist.",
            ),
        ],
    );
    let extension = "<Extension><ProviderNameSpace>p</ProviderNameSpace><Type>t</Type><Id>e</Id></Extension>";
    classic.ok("POST", &format!("{WEB}/extensions"), extension);
    check(
        &classic,
        &[row(
            "POST",
            format!("{WEB}/extensions"),
            extension,
            "409 ConflictError: The extension e already exists.",
        )],
    );
}

#[test]
fn affinity_groups_and_accounts_refuse() {
    let classic = Classic::start();
    let group = |name: &str, more: &str| {
        format!(
            "<CreateAffinityGroup><Name>{name}</Name><Label>bA==</Label>{more}<Location>West US</Location></CreateAffinityGroup>"
        )
    };
    classic.ok("POST", "/affinitygroups", &group("ag", ""));
    classic.ok("POST", "/services/hostedservices", "<CreateHostedService><ServiceName>web</ServiceName><Label>bA==</Label><AffinityGroup>ag</AffinityGroup></CreateHostedService>");
    classic.account("acct");
    let long = format!("<Description>{}</Description>", "d".repeat(1025));
    let accounts = "/services/storageservices";
    let account = |name: &str, more: &str| {
        format!(
            "<CreateStorageServiceInput><ServiceName>{name}</ServiceName><Label>bA==</Label>{more}</CreateStorageServiceInput>"
        )
    };
    let name_rule = "400 BadRequest: The name is not a valid storage account name. Storage account names must be between 3 and 24 characters in length and use numbers and lower-case letters only.";
    let west = "<Location>West US</Location>";
    check(
        &classic,
        &[
            row(
                "POST",
                "/affinitygroups",
                group("ag", ""),
                "409 ConflictError: An affinity group with the name ag already exists.",
            ),
            row(
                "POST",
                "/affinitygroups",
                group("a b", ""),
                "400 BadRequest: The affinity group name is invalid.",
            ),
            row(
                "POST",
                "/affinitygroups",
                group("new", &long),
                "400 BadRequest: The description for the affinity group is invalid.",
            ),
            row(
                "POST",
                "/affinitygroups",
                group("new", "").replace("bA==", "?"),
                "400 BadRequest: The label for the affinity group is invalid.",
            ),
            row(
                "PUT",
                "/affinitygroups/ag",
                format!("<UpdateAffinityGroup><Label>bA==</Label>{long}</UpdateAffinityGroup>"),
                "400 BadRequest: The description for the affinity group is invalid.",
            ),
            row(
                "DELETE",
                "/affinitygroups/!NotValid%24",
                "",
                "400 BadRequest: The affinity group name is invalid.",
            ),
            row(
                "GET",
                "/affinitygroups/!NotValid%24",
                "",
                "404 ResourceNotFound: The affinity group does not exist.",
            ),
            row(
                "DELETE",
                "/affinitygroups/none",
                "",
                "404 ResourceNotFound: The affinity group does not exist.",
            ),
            row(
                "DELETE",
                "/affinitygroups/AG",
                "",
                "400 BadRequest: The affinity group ag cannot be deleted because it is in use.",
            ),
            row("GET", format!("{accounts}/operations/isavailable/az"), "", name_rule),
            row("POST", accounts, account("az", west), name_rule),
            row(
                "POST",
                accounts,
                account("acct", west),
                "409 ConflictError: The storage account named 'acct' is already taken.",
            ),
            row(
                "POST",
                accounts,
                account("other", "<Location>Mars</Location>"),
                "400 BadRequest: The location constraint is not valid",
            ),
            row(
                "POST",
                accounts,
                account("other", "<AffinityGroup>no</AffinityGroup>"),
                "400 BadRequest: The affinity group does not exist.",
            ),
            row(
                "POST",
                accounts,
                account("other", &format!("{west}<AccountType>Golden</AccountType>")),
                "400 BadRequest: The account type 'Golden' is not valid.",
            ),
            row(
                "POST",
                accounts,
                account("other", west).replace("bA==", "?"),
                "400 BadRequest: The label is not a valid storage account label.",
            ),
            row(
                "PUT",
                format!("{accounts}/acct"),
                format!("<UpdateStorageServiceInput>{long}</UpdateStorageServiceInput>"),
                "400 BadRequest: The description is too long",
            ),
            row(
                "GET",
                format!("{accounts}/none"),
                "",
                "404 ResourceNotFound: The storage account 'none' was not found.",
            ),
            row(
                "DELETE",
                format!("{accounts}/none"),
                "",
                "404 ResourceNotFound: The storage account 'none' was not found.",
            ),
            row(
                "POST",
                format!("{accounts}/acct/keys"),
                "",
                "400 MissingOrInvalidRequiredQueryParameter: A required query parameter was not specified for this request or was specified incorrectly.",
            ),
        ],
    );
}

#[test]
fn deployments_refuse() {
    let classic = Classic::start();
    classic.machine();
    classic.service("new");
    classic.ok("POST", "/services/hostedservices", &create_service("east", "East US"));
    let at = "/services/hostedservices/new/deployments";
    let one = |role: &str| deployment("d", role);
    let with = |more: &str| deployment("d", &role("r", "")).replace("</Deployment>", &format!("{more}</Deployment>"));
    let windows = |name: &str| {
        role("r", "")
            .replace(UBUNTU, WINDOWS)
            .replace("LinuxProvisioning", "WindowsProvisioning")
            .replace(
                "<HostName>r</HostName>",
                &format!("<ComputerName>{name}</ComputerName>"),
            )
    };
    let computer = "400 BadRequest: The computer name cannot be more than 15 characters long, be entirely numeric, or contain the \
                    following characters: ` ~ ! @ # $ % ^ &amp; * ( ) = + _ [ ] { } \\ | ; : . ' \" , &lt; &gt; / ?.";
    let port = |value: &str| {
        role(
            "r",
            &format!(
                "<InputEndpoints><InputEndpoint><LocalPort>{value}</LocalPort><Name>e</Name><Port>1</Port><Protocol>tcp</Protocol></InputEndpoint></InputEndpoints>"
            ),
        )
    };
    let ssh = |print: &str| {
        role("r", "").replace("</UserPassword>", &format!("</UserPassword><SSH><PublicKeys><PublicKey><Fingerprint>{print}</Fingerprint><Path>/p</Path></PublicKey></PublicKeys></SSH>"))
    };
    let data = |disk: &str| {
        role_with(
            "r",
            "",
            &format!("<DataVirtualHardDisks><DataVirtualHardDisk>{disk}</DataVirtualHardDisk></DataVirtualHardDisks>"),
            "",
        )
    };
    let link = "<MediaLink>https://acct.blob.core.windows.net/vhds/d.vhd</MediaLink>";
    let specialized = "<Role><RoleName>r</RoleName><ConfigurationSets><ConfigurationSet><ConfigurationSetType>LinuxProvisioningConfiguration</ConfigurationSetType></ConfigurationSet></ConfigurationSets><OSVirtualHardDisk><DiskName>x</DiskName></OSVirtualHardDisk></Role>";
    let bare = role("r", "").replace("LinuxProvisioningConfiguration", "Nothing");
    check(
        &classic,
        &[
            row(
                "POST",
                "/services/hostedservices/none/deployments",
                one(&role("r", "")),
                "404 ResourceNotFound: The hosted service does not exist.",
            ),
            row(
                "POST",
                at,
                deployment("a/b", &role("r", "")),
                "400 BadRequest: The deployment name is invalid.",
            ),
            row(
                "POST",
                format!("{WEB}/deployments"),
                one(&role("r", "")),
                "409 ConflictError: The specified deployment slot Production is occupied.",
            ),
            row(
                "GET",
                format!("{WEB}/deployments/other"),
                "",
                "404 ResourceNotFound: The deployment name 'other' does not exist.",
            ),
            row(
                "POST",
                at,
                deployment("d", ""),
                "400 BadRequest: A parameter was incorrect",
            ),
            row("POST", at, one(&windows("this-name-is-far-too-long")), computer),
            row("POST", at, one(&windows("12345")), computer),
            row(
                "POST",
                at,
                one(&port("0")),
                "400 BadRequest: Value '0' specified for parameter 'InputEndpoint.LocalPort' is invalid. Allowed values are 'a number between 1 to 65535'.",
            ),
            row(
                "POST",
                at,
                one(&port("166535")),
                "400 BadRequest: Value '166535' specified for parameter 'InputEndpoint.LocalPort' is invalid. Allowed values are 'a number between 1 to 65535'.",
            ),
            row(
                "POST",
                at,
                one(&port("22").replace("<Name>e</Name>", "")),
                "400 BadRequest: InputEndpoint has a missing, misspelled or out of order element.",
            ),
            row(
                "POST",
                at,
                with("<VirtualNetworkName>no</VirtualNetworkName>"),
                "400 BadRequest: Virtual network 'no' not found. Either it does not exist or it is an Azure Resource Manager resource, which cannot be used with Cloud Services.",
            ),
            row(
                "POST",
                at,
                with("<ReservedIPName>no</ReservedIPName>"),
                "400 BadRequest: The reserved IP no does not exist.",
            ),
            row(
                "POST",
                at,
                one(&role("r", "").replace(UBUNTU, "no-image")),
                "404 ResourceNotFound: The image no-image does not exist.",
            ),
            row(
                "POST",
                at,
                one(&role_with("r", "", "", "<RoleSize>Huge</RoleSize>")),
                "400 BadRequest: The role size 'Huge' is not valid.",
            ),
            row(
                "POST",
                at,
                one(&role("a b", "")),
                "400 BadRequest: The role name 'a b' is invalid.",
            ),
            row(
                "POST",
                at,
                one(&ssh("ABCD")),
                "400 BadRequest: The certificate with thumbprint ABCD was not found.",
            ),
            row(
                "POST",
                at,
                one(&role("r", "").replace("acct.blob", "other.blob")),
                "400 BadRequest: The media link 'https://other.blob.core.windows.net/vhds/r.vhd' is not valid: it must name a blob in a storage account of this subscription.",
            ),
            row(
                "POST",
                at,
                one(specialized),
                "400 BadRequest: Role r starts from a specialized disk and must not have a provisioning configuration.",
            ),
            row(
                "POST",
                at,
                one(&bare),
                "400 BadRequest: Role r is made from a generalized image and needs a provisioning configuration.",
            ),
            row(
                "POST",
                at,
                one(&role("r", "<SubnetNames><SubnetName>s</SubnetName></SubnetNames>")),
                "400 BadRequest: The subnet 's' was not found in virtual network ''.",
            ),
            row(
                "POST",
                at,
                one(&role(
                    "r",
                    "<PublicIPs><PublicIP><Name>a</Name></PublicIP><PublicIP><Name>b</Name></PublicIP></PublicIPs>",
                )),
                "400 BadRequest: Role r can have at most one public IP.",
            ),
            row(
                "POST",
                at,
                one(&role("r", "<NetworkSecurityGroup>no</NetworkSecurityGroup>")),
                "404 ResourceNotFound: The Network Security Group no does not exist.",
            ),
            row(
                "POST",
                at,
                one(&role("r", &endpoints(&[("a", 1, 1, ""), ("A", 2, 2, "")]))),
                "400 BadRequest: The endpoint name 'A' is used more than once in role r.",
            ),
            row(
                "POST",
                at,
                one(&role("r", &endpoints(&[("a", 1, 1, "")]).replace("TCP", "icmp"))),
                "400 BadRequest: The protocol 'icmp' of endpoint 'a' is not valid.",
            ),
            row(
                "POST",
                at,
                one(&role_with(
                    "r",
                    &endpoints(&[("a", 1, 1, "s")]),
                    "",
                    "<RoleSize>Basic_A1</RoleSize>",
                )),
                "400 BadRequest: Role r has a size of the Basic tier, which cannot be load balanced.",
            ),
            row(
                "POST",
                at,
                one(&data(&format!(
                    "<Lun>32</Lun><LogicalDiskSizeInGB>1</LogicalDiskSizeInGB>{link}"
                ))),
                "400 BadRequest: The LUN 32 is not valid. It must be between 0 and 31.",
            ),
            row(
                "POST",
                at,
                one(&data(&format!(
                    "<Lun>0</Lun><LogicalDiskSizeInGB>1024</LogicalDiskSizeInGB>{link}"
                ))),
                "400 BadRequest: The disk size 1024 GB is not valid. It must be between 1 and 1023 GB.",
            ),
            row(
                "POST",
                at,
                one(&role("r", "").replace(
                    "<UserPassword>Passw0rd!</UserPassword>",
                    &format!(
                        "<UserPassword>P</UserPassword><CustomData>{}</CustomData>",
                        "A".repeat(65_537)
                    ),
                )),
                "400 BadRequest: The custom data of role r is larger than 64 KB.",
            ),
            // What the fabric sees.
            row(
                "POST",
                at,
                one(&role("r", &endpoints(&[("a", 22, 22, ""), ("b", 23, 22, "")]))),
                "202, then 200 BadRequest: Port 22 is already in use by one of the endpoints in this deployment. Ensure that the port numbers are unique across endpoints within a deployment.",
            ),
            row(
                "POST",
                at,
                one(&role("web", "")),
                "202, then 200 ConflictError: A lease conflict occurred with the blob https://acct.blob.core.windows.net/vhds/web.vhd.",
            ),
            row(
                "POST",
                at,
                one(&role_with("r", "", "", "<RoleSize>A9</RoleSize>")).replace(
                    "</RoleList>",
                    &format!("{}</RoleList>", role_with("q", "", "", "<RoleSize>A7</RoleSize>")),
                ),
                "202, then 200 ConflictError: The subscription policy limit for resource type 'cores count' was exceeded. The limit for resource type 'cores count' is 20 per subscription, the current count is 1, and the requested increment is 24.",
            ),
            row(
                "POST",
                "/services/hostedservices/east/deployments",
                one(&role("r", "")),
                "202, then 200 BadRequest: The location or affinity group West US of the storage account of the media link https://acct.blob.core.windows.net/vhds/r.vhd is not the same as that of the cloud service East US.",
            ),
        ],
    );
    // Nothing is left of what failed.
    assert_eq!(classic.send("DELETE", "/services/hostedservices/new", "").status, 200);
    assert!(!classic.send("GET", "/services/disks", "").body.contains("new"));
}

#[test]
fn a_failed_creation_is_seen_while_it_lasts_and_gone_after() {
    let classic = Classic::start();
    classic.service("web");
    classic.account("acct");
    let twice = deployment("web", &role("web", &endpoints(&[("a", 1, 22, ""), ("b", 2, 22, "")])));
    let begun = classic.send("POST", &format!("{WEB}/deployments"), &twice);
    let early = classic
        .send("GET", &format!("{WEB}/deploymentslots/Production"), "")
        .body;
    assert!(
        early.contains("<Status>Deploying</Status>")
            && early.contains("<RoleInstanceList/>")
            && early.contains("<Locked>true</Locked>")
    );
    assert!(classic.finish(&begun).contains("Port 22 is already in use"));
    assert_eq!(
        classic
            .send("GET", &format!("{WEB}/deploymentslots/Production"), "")
            .status,
        404
    );
    classic.check();
}

#[test]
fn a_late_failure_takes_everything_back() {
    let classic = Classic::start();
    classic.service("web");
    classic.account("acct");
    let before = classic.azure.with_sandbox(|sandbox| {
        (
            sandbox.cloud.fabric().machines.len(),
            sandbox.cloud.fabric().blobs.len(),
            sandbox.cloud.fabric().leases.len(),
        )
    });
    let begun = classic.send(
        "POST",
        &format!("{WEB}/deployments"),
        &deployment("web", &role("web", "")),
    );
    classic.azure.with_sandbox(|sandbox| {
        let error = fake_azure::cloud::CloudError::of(&fake_azure::cloud::classic::forms::INTERNAL);
        assert!(sandbox.cloud.doom(begun.operation(), error));
    });
    assert_eq!(
        classic.finish(&begun),
        "200 InternalError: The server encountered an internal error. Please retry the request."
    );
    let after = classic.azure.with_sandbox(|sandbox| {
        (
            sandbox.cloud.fabric().machines.len(),
            sandbox.cloud.fabric().blobs.len(),
            sandbox.cloud.fabric().leases.len(),
        )
    });
    assert_eq!(before, after);
    assert_eq!(
        classic
            .send("GET", "/services/disks", "")
            .body
            .matches("<Disk>")
            .count(),
        0
    );
    assert!(
        classic
            .send("GET", "/", "")
            .body
            .contains("<CurrentCoreCount>0</CurrentCoreCount>")
    );
    classic.check();
    classic.ok(
        "POST",
        &format!("{WEB}/deployments"),
        &deployment("web", &role("web", "")),
    );
}

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
fn two_writes_to_a_deployment_do_not_meet() {
    let classic = Classic::start();
    classic.machine();
    let start = "<StartRoleOperation><OperationType>StartRoleOperation</OperationType></StartRoleOperation>";
    let running = classic.send("POST", &format!("{D}/roleinstances/web/Operations"), start);
    let id = &running.headers["x-ms-request-id"];
    let busy = format!(
        "409 ConflictError: Windows Azure is currently performing an operation with x-ms-requestid {id} on this deployment that requires exclusive access."
    );
    assert_eq!(classic.refused("DELETE", D, ""), busy);
    assert_eq!(
        classic.refused("POST", &format!("{D}/roles"), &alone(&role("two", ""))),
        busy
    );
    assert_eq!(classic.refused("DELETE", &format!("{WEB}?comp=media"), ""), busy);
    assert_eq!(classic.send("GET", D, "").status, 200);
    classic.finish(&running);
    assert_eq!(classic.send("DELETE", D, "").status, 202);
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

#[test]
fn counts_are_enforced_where_they_are_reported() {
    let classic = Classic::start();
    classic.azure.with_sandbox(|sandbox| {
        for (row, limit) in [
            ("MaxHostedServices", 1),
            ("MaxStorageAccounts", 1),
            ("MaxReservedIPs", 1),
            ("MaxNetworkSecurityGroups", 1),
            ("MaxRouteTables", 1),
            ("MaxAffinityGroups", 1),
        ] {
            sandbox.cloud.ledger_mut().set_override(row, Some(limit));
        }
    });
    classic.service("web");
    classic.account("acct");
    let shown = classic.send("GET", "/", "").body;
    assert!(
        shown.contains("<MaxHostedServices>1</MaxHostedServices>")
            && shown.contains("<CurrentHostedServices>1</CurrentHostedServices>"),
        "{shown}"
    );
    assert_eq!(
        classic.refused("POST", "/services/hostedservices", &create_service("two", "West US")),
        "409 ConflictError: The subscription policy limit for resource type 'hosted service count' was exceeded. The limit for resource type \
         'hosted service count' is 1 per subscription, the current count is 1, and the requested increment is 1."
    );
    let second = "<CreateStorageServiceInput><ServiceName>two</ServiceName><Label>bA==</Label><Location>West US</Location></CreateStorageServiceInput>";
    assert!(
        classic
            .refused("POST", "/services/storageservices", &second.replace(">two<", ">two2<"))
            .contains("'storage account count' is 1")
    );
    for (path, body) in [
        (
            "/services/networking/reservedips",
            "<ReservedIP><Name>NAME</Name><Location>West US</Location></ReservedIP>",
        ),
        (
            "/services/networking/networksecuritygroups",
            "<NetworkSecurityGroup><Name>NAME</Name><Location>West US</Location></NetworkSecurityGroup>",
        ),
        (
            "/services/networking/routetables",
            "<RouteTable><Name>NAME</Name><Location>West US</Location></RouteTable>",
        ),
    ] {
        classic.ok("POST", path, &body.replace("NAME", "one"));
        let line = classic.refused("POST", path, &body.replace("NAME", "two"));
        assert!(
            line.starts_with("409 ConflictError: The subscription policy limit"),
            "{line}"
        );
    }
}
