//! Refusals of deployments. What the fabric sees makes the operation fail and is taken back.

use crate::asm_support::{
    Classic, UBUNTU, WINDOWS, alone, check, create_service, deployment, endpoints, role, role_with, row,
};

const WEB: &str = "/services/hostedservices/web";
const D: &str = "/services/hostedservices/web/deployments/web";

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
