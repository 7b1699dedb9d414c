//! What a client of the classic API sees, request by request: the stories of the reference, and every noun with all its
//! operations.

use crate::asm_support::{
    Classic, UBUNTU, WINDOWS, alone, create_service, deployment, endpoints, network, number_ids, put_role, role,
    role_with, site, snapshot,
};

const WEB: &str = "/services/hostedservices/web";
const D: &str = "/services/hostedservices/web/deployments/web";

#[test]
fn a_machine_lives_and_dies() {
    let mut classic = Classic::start();
    classic.say("GET", "/services/hostedservices/operations/isavailable/web", "");
    classic.say("POST", "/services/hostedservices", &create_service("web", "West US"));
    classic.say("GET", "/services/hostedservices/operations/isavailable/web", "");
    classic.account("acct");
    classic.say("GET", &format!("{WEB}/deploymentslots/Production"), "");
    let begun = classic.say(
        "POST",
        &format!("{WEB}/deployments"),
        &deployment("web", &role("web", &endpoints(&[("ssh", 22, 22, "")]))),
    );
    let poll = format!("/operations/{:032x}", begun.operation().0.0);
    classic.say("GET", &poll, "");
    classic.say("GET", &format!("{WEB}/deploymentslots/Production"), "");
    classic.say("DELETE", D, "");
    classic.finish(&begun);
    classic.say("GET", &poll, "");
    classic.say("GET", &format!("{WEB}/deploymentslots/production"), "");
    classic.advance(600);
    classic.say("GET", &format!("{WEB}?embed-detail=true"), "");
    classic.say("GET", &format!("{D}/roles/web"), "");
    classic.say("DELETE", WEB, "");
    classic.done("DELETE", &format!("{D}?comp=media"), "");
    classic.say("GET", &format!("{WEB}?embed-detail=true"), "");
    classic.say("GET", "/services/disks", "");
    classic.say("DELETE", WEB, "");
    classic.say("GET", "/services/hostedservices", "");
    classic.check();
    snapshot("asm-machine", &classic.transcript());
}

#[test]
fn a_stopped_machine_gives_its_address_back() {
    let mut classic = Classic::start();
    classic.machine();
    classic.advance(600);
    let slot = format!("{WEB}/deploymentslots/Production");
    let operations = format!("{D}/roleinstances/web/Operations");
    let act = |name: &str, more: &str| format!("<{name}><OperationType>{name}</OperationType>{more}</{name}>");
    classic.done("POST", &operations, &act("ShutdownRoleOperation", ""));
    classic.say("GET", &slot, "");
    classic.done("POST", &operations, &act("StartRoleOperation", ""));
    classic.done(
        "POST",
        &format!("{D}/Roles/Operations"),
        "<ShutdownRolesOperation><OperationType>ShutdownRolesOperation</OperationType><Roles><Name>web</Name></Roles>\
         <PostShutdownAction>StoppedDeallocated</PostShutdownAction></ShutdownRolesOperation>",
    );
    classic.say("GET", &slot, "");
    classic.done(
        "POST",
        &format!("{D}/Roles/Operations"),
        "<StartRolesOperation><OperationType>StartRolesOperation</OperationType><Roles><Name>web</Name></Roles></StartRolesOperation>",
    );
    classic.say("GET", &slot, "");
    classic.done("POST", &operations, &act("RestartRoleOperation", ""));
    classic.done("POST", &operations, &act("RedeployRoleOperation", ""));
    classic.say("POST", &operations, &act("PerformMaintenanceOnRoleOperation", ""));
    classic.check();
    snapshot("asm-stop-and-start", &classic.transcript());
}

#[test]
fn roles_come_and_go_and_share_a_set() {
    let mut classic = Classic::start();
    classic.machine();
    let set = endpoints(&[("web", 80, 80, "web")]);
    classic.done("PUT", &format!("{D}/roles/web"), &put_role(&set));
    let second = alone(&role_with(
        "web2",
        &set,
        "<AvailabilitySetName>set</AvailabilitySetName>",
        "<RoleSize>Medium</RoleSize>",
    ));
    classic.done("POST", &format!("{D}/roles"), &second);
    let third = alone(&role_with(
        "web3",
        &set,
        "<AvailabilitySetName>SET</AvailabilitySetName>",
        "",
    ));
    classic.done("POST", &format!("{D}/roles"), &third);
    classic.advance(600);
    classic.say("GET", &format!("{WEB}/deploymentslots/Production"), "");
    classic.done(
        "POST",
        &format!("{D}?comp=UpdateLbSet"),
        "<LoadBalancedEndpointList><InputEndpoint><LoadBalancedEndpointSetName>web</LoadBalancedEndpointSetName><LocalPort>8080</LocalPort>\
         <Port>80</Port><LoadBalancerProbe><Path>/up</Path><Port>8080</Port><Protocol>HTTP</Protocol></LoadBalancerProbe>\
         <Protocol>tcp</Protocol></InputEndpoint></LoadBalancedEndpointList>",
    );
    classic.say("GET", &format!("{D}/roles/web3"), "");
    classic.done("DELETE", &format!("{D}/roles/web2?comp=media"), "");
    classic.done("DELETE", &format!("{D}/roles/web3"), "");
    classic.say("GET", "/services/disks", "");
    classic.say("DELETE", &format!("{D}/roles/web"), "");
    classic.check();
    snapshot("asm-roles", &classic.transcript());
}

#[test]
fn data_disks_and_registered_disks() {
    let mut classic = Classic::start();
    classic.machine();
    let disks = format!("{D}/roles/web/DataDisks");
    let empty = "<DataVirtualHardDisk><DiskLabel>first</DiskLabel><Lun>0</Lun><LogicalDiskSizeInGB>5</LogicalDiskSizeInGB>\
                 <MediaLink>http://acct.blob.core.windows.net/vhds/data.vhd</MediaLink></DataVirtualHardDisk>";
    classic.done("POST", &disks, empty);
    classic.say("GET", &format!("{disks}/0"), "");
    classic.done(
        "PUT",
        &format!("{disks}/0"),
        "<DataVirtualHardDisk><HostCaching>ReadOnly</HostCaching><Lun>1</Lun></DataVirtualHardDisk>",
    );
    classic.say("GET", &format!("{disks}/1"), "");
    classic.done("DELETE", &format!("{disks}/1"), "");
    let listed = classic.say("GET", "/services/disks", "").body;
    let name = listed
        .split("<Name>")
        .find(|part| part.starts_with("web-web-0-") && !part.contains("SourceImageName"))
        .expect("a data disk");
    let name = name.split('<').next().unwrap_or_default();
    classic.say("GET", &format!("/services/disks/{name}"), "");
    classic.say(
        "PUT",
        &format!("/services/disks/{name}"),
        &format!("<Disk><Label>again</Label><Name>{name}</Name></Disk>"),
    );
    classic.done(
        "POST",
        &disks,
        &format!("<DataVirtualHardDisk><DiskName>{name}</DiskName><Lun>3</Lun></DataVirtualHardDisk>"),
    );
    classic.done("DELETE", &format!("{disks}/3?comp=media"), "");
    classic.done("DELETE", D, "");
    classic.advance(120);
    let left = classic.say("GET", "/services/disks", "").body;
    let name = left
        .split("<Name>")
        .nth(1)
        .and_then(|part| part.split('<').next())
        .expect("the system disk");
    classic.say("DELETE", &format!("/services/disks/{name}"), "");
    let disk = "<Disk><OS>Linux</OS><Label>mine</Label><MediaLink>https://acct.blob.core.windows.net/vhds/web.vhd</MediaLink><Name>mine</Name></Disk>";
    classic.say("POST", "/services/disks", disk);
    classic.say("DELETE", "/services/storageservices/acct", "");
    classic.done(
        "PUT",
        "/services/disks/mine",
        "<Disk><Label>larger</Label><Name>mine</Name><ResizedSizeInGB>40</ResizedSizeInGB></Disk>",
    );
    let from_disk = "<Role><RoleName>web</RoleName><RoleType>PersistentVMRole</RoleType><OSVirtualHardDisk><DiskName>mine</DiskName>\
                     </OSVirtualHardDisk></Role>";
    classic.done("POST", &format!("{WEB}/deployments"), &deployment("web", from_disk));
    classic.say("DELETE", "/services/disks/mine", "");
    classic.done("DELETE", &format!("{WEB}?comp=media"), "");
    classic.say("GET", "/services/disks", "");
    classic.say("DELETE", "/services/storageservices/acct", "");
    classic.check();
    snapshot("asm-disks", &classic.transcript());
}

#[test]
fn images_are_captured_registered_and_used() {
    let mut classic = Classic::start();
    classic.machine();
    classic.advance(600);
    let operations = format!("{D}/roleinstances/web/Operations");
    classic.done(
        "POST",
        &operations,
        "<CaptureRoleAsVMImageOperation><OperationType>CaptureRoleAsVMImageOperation</OperationType><OSState>Specialized</OSState>\
         <VMImageName>snap</VMImageName><VMImageLabel>a snap</VMImageLabel></CaptureRoleAsVMImageOperation>",
    );
    classic.say("GET", "/services/vmimages?category=Private", "");
    classic.done(
        "POST",
        &operations,
        "<CaptureRoleOperation><OperationType>CaptureRoleOperation</OperationType><PostCaptureAction>Reprovision</PostCaptureAction>\
         <TargetImageLabel>gold</TargetImageLabel><TargetImageName>gold</TargetImageName></CaptureRoleOperation>",
    );
    classic.say("GET", "/services/images/gold", "");
    classic.say("GET", "/services/images/gold/details", "");
    classic.say(
        "PUT",
        "/services/images/gold",
        "<OSImage><Label>golden</Label><Name>gold</Name><OS>Linux</OS><Description>d</Description></OSImage>",
    );
    let from_gold = alone(&role("web2", "").replace(UBUNTU, "gold"));
    classic.done("POST", &format!("{D}/roles"), &from_gold);
    let from_snap = "<PersistentVMRole><RoleName>web3</RoleName><RoleType>PersistentVMRole</RoleType><VMImageName>snap</VMImageName></PersistentVMRole>";
    classic.done("POST", &format!("{D}/roles"), from_snap);
    classic.say("GET", &format!("{D}/roles/web3"), "");
    classic.say(
        "PUT",
        "/services/vmimages/snap",
        "<VMImage><Name>snap</Name><Label>another</Label></VMImage>",
    );
    classic.done("DELETE", "/services/vmimages/snap?comp=media", "");
    classic.say("DELETE", "/services/images/gold?comp=media", "");
    let public = classic.send("GET", &format!("/services/images/{UBUNTU}"), "");
    assert!(
        public.body.contains("<PublisherName>Canonical</PublisherName>"),
        "{}",
        public.body
    );
    classic.done(
        "POST",
        &operations,
        "<CaptureRoleAsVMImageOperation><OperationType>CaptureRoleAsVMImageOperation</OperationType><OSState>Generalized</OSState>\
         <VMImageName>last</VMImageName><VMImageLabel>last</VMImageLabel></CaptureRoleAsVMImageOperation>",
    );
    classic.check();
    snapshot("asm-images", &classic.transcript());
}

#[test]
fn affinity_groups_and_storage_accounts() {
    let mut classic = Classic::start();
    let group = "<CreateAffinityGroup><Name>ag</Name><Label>YWc=</Label><Description>d</Description><Location>West Europe</Location></CreateAffinityGroup>";
    classic.say("POST", "/affinitygroups", group);
    classic.say(
        "PUT",
        "/affinitygroups/AG",
        "<UpdateAffinityGroup><Label>YWc=</Label></UpdateAffinityGroup>",
    );
    classic.say("GET", "/services/storageservices/operations/isavailable/acct", "");
    let account = "<CreateStorageServiceInput><ServiceName>acct</ServiceName><Label>bA==</Label><AffinityGroup>ag</AffinityGroup>\
                   <AccountType>Standard_RAGRS</AccountType></CreateStorageServiceInput>";
    let making = classic.say("POST", "/services/storageservices", account);
    assert!(
        classic
            .send("GET", "/services/storageservices/acct", "")
            .body
            .contains("<Status>Creating</Status>")
    );
    classic.finish(&making);
    classic.say("GET", "/services/storageservices/operations/isavailable/acct", "");
    classic.say("POST", "/services/hostedservices", "<CreateHostedService><ServiceName>web</ServiceName><Label>bA==</Label><AffinityGroup>ag</AffinityGroup></CreateHostedService>");
    classic.say("GET", "/affinitygroups/ag", "");
    classic.say("GET", "/services/storageservices/acct", "");
    classic.say("PUT", "/services/storageservices/acct", "<UpdateStorageServiceInput><Label>dGVzdA==</Label><AccountType>Standard_LRS</AccountType></UpdateStorageServiceInput>");
    classic.say("GET", "/services/storageservices", "");
    let keys = classic.send("GET", "/services/storageservices/acct/keys", "").body;
    let regenerated = classic.send(
        "POST",
        "/services/storageservices/acct/keys?action=regenerate",
        "<RegenerateKeys><KeyType>secondary</KeyType></RegenerateKeys>",
    );
    let part = |text: &str, name: &str| {
        text.split(&format!("<{name}>"))
            .nth(1)
            .map(|rest| rest[..88].to_owned())
    };
    assert_eq!(part(&keys, "Primary"), part(&regenerated.body, "Primary"));
    assert_ne!(part(&keys, "Secondary"), part(&regenerated.body, "Secondary"));
    classic.say("DELETE", "/affinitygroups/ag", "");
    classic.say("DELETE", "/services/storageservices/acct", "");
    classic.say("DELETE", WEB, "");
    classic.say("DELETE", "/affinitygroups/ag", "");
    classic.check();
    snapshot("asm-affinity-groups-and-accounts", &classic.transcript());
}

#[test]
fn networks_groups_routes_and_reserved_addresses() {
    let mut classic = Classic::start();
    classic.say("GET", "/services/networking/media", "");
    let document = network(&site("net", "West US"))
        .replace("<Dns/>", "<Dns><DnsServers><DnsServer name=\"d\" IPAddress=\"8.8.8.8\"/></DnsServers></Dns><LocalNetworkSites><LocalNetworkSite name=\"l\"><VPNGatewayAddress>1.2.3.4</VPNGatewayAddress><AddressSpace><AddressPrefix>10.9.0.0/11</AddressPrefix></AddressSpace></LocalNetworkSite></LocalNetworkSites>")
        .replace("</VirtualNetworkSite>", "<DnsServersRef><DnsServerRef name=\"d\"/></DnsServersRef><Gateway><ConnectionsToLocalNetwork><LocalNetworkSiteRef name=\"l\"><Connection type=\"IPsec\"/></LocalNetworkSiteRef></ConnectionsToLocalNetwork></Gateway></VirtualNetworkSite>");
    classic.done("PUT", "/services/networking/media", &document);
    classic.say("GET", "/services/networking/media", "");
    classic.done(
        "POST",
        "/services/networking/networksecuritygroups",
        "<NetworkSecurityGroup><Name>nsg</Name><Label>l</Label><Location>West US</Location></NetworkSecurityGroup>",
    );
    classic.done("PUT", "/services/networking/networksecuritygroups/nsg/rules/ssh", "<Rule><Type>Inbound</Type><Priority>100</Priority><Action>Allow</Action><SourceAddressPrefix>*</SourceAddressPrefix><SourcePortRange>*</SourcePortRange><DestinationAddressPrefix>*</DestinationAddressPrefix><DestinationPortRange>22</DestinationPortRange><Protocol>TCP</Protocol></Rule>");
    classic.say(
        "GET",
        "/services/networking/networksecuritygroups/nsg?detaillevel=Full",
        "",
    );
    classic.say("GET", "/services/networking/networksecuritygroups", "");
    let subnet = "/services/networking/virtualnetwork/net/subnets/s";
    classic.done(
        "POST",
        &format!("{subnet}/networksecuritygroups"),
        "<NetworkSecurityGroup><Name>nsg</Name></NetworkSecurityGroup>",
    );
    classic.say("GET", &format!("{subnet}/networksecuritygroups"), "");
    classic.done(
        "POST",
        "/services/networking/routetables",
        "<RouteTable><Name>rt</Name><Label>l</Label><Location>West US</Location></RouteTable>",
    );
    classic.done("PUT", "/services/networking/routetables/rt/routes/All", "<Route><Name>All</Name><AddressPrefix>0.0.0.0/0</AddressPrefix><NextHopType><Type>VPNGateway</Type></NextHopType></Route>");
    classic.say("GET", "/services/networking/routetables/rt?detailLevel=Full", "");
    classic.say("GET", "/services/networking/routetables", "");
    classic.done(
        "POST",
        &format!("{subnet}/routetables"),
        "<RouteTableAssociation><RouteTableName>rt</RouteTableName></RouteTableAssociation>",
    );
    classic.say("GET", &format!("{subnet}/routetables"), "");
    classic.done(
        "POST",
        "/services/networking/reservedips",
        "<ReservedIP><Name>rip</Name><Label>l</Label><Location>West US</Location></ReservedIP>",
    );
    classic.say("GET", "/services/networking/reservedips/rip", "");
    classic.service("web");
    classic.account("acct");
    let body = deployment("web", &role("web", "<SubnetNames><SubnetName>s</SubnetName></SubnetNames>"))
        .replace("</Deployment>", "<VirtualNetworkName>net</VirtualNetworkName><Dns><DnsServers><DnsServer><Name>own</Name><Address>8.8.4.4</Address></DnsServer></DnsServers></Dns><ReservedIPName>rip</ReservedIPName></Deployment>");
    classic.done("POST", &format!("{WEB}/deployments"), &body);
    classic.say("GET", "/services/networking/virtualnetwork", "");
    classic.say(
        "GET",
        "/services/networking/net?op=checkavailability&address=10.0.1.4",
        "",
    );
    classic.say(
        "GET",
        "/services/networking/net?op=checkavailability&address=10.0.1.5",
        "",
    );
    classic.say("GET", "/services/networking/net/gateway", "");
    classic.say("GET", "/services/networking/reservedips", "");
    classic.done("POST", &format!("{D}/loadbalancers"), "<LoadBalancer><Name>lb</Name><FrontendIpConfiguration><Type>Private</Type><SubnetName>s</SubnetName><StaticVirtualNetworkIPAddress>10.0.1.9</StaticVirtualNetworkIPAddress></FrontendIpConfiguration></LoadBalancer>");
    classic.done(
        "POST",
        &format!("{D}/dnsservers"),
        "<DnsServer><Name>more</Name><Address>9.9.9.9</Address></DnsServer>",
    );
    classic.done(
        "PUT",
        &format!("{D}/dnsservers/more"),
        "<DnsServer><Name>more</Name><Address>9.9.9.8</Address></DnsServer>",
    );
    classic.done("DELETE", &format!("{D}/dnsservers/own"), "");
    classic.done("POST", &format!("{D}/extra"), "");
    classic.done(
        "POST",
        &format!("{D}/roles/web/ipforwarding"),
        "<IPForwarding><State>Enabled</State></IPForwarding>",
    );
    classic.say("GET", &format!("{D}/roles/web/ipforwarding"), "");
    classic.say("GET", &format!("{WEB}/deploymentslots/Production"), "");
    classic.done("POST", "/services/networking/reservedips/rip/operations/disassociate", "<ReservedIPAssociation><ServiceName>web</ServiceName><DeploymentName>web</DeploymentName></ReservedIPAssociation>");
    classic.done("POST", "/services/networking/reservedips/rip/operations/associate", "<ReservedIPAssociation><ServiceName>web</ServiceName><DeploymentName>web</DeploymentName></ReservedIPAssociation>");
    classic.done("PUT", &format!("{D}/loadbalancers/lb"), "<LoadBalancer><Name>lb</Name><FrontendIpConfiguration><Type>Private</Type><SubnetName>s</SubnetName></FrontendIpConfiguration></LoadBalancer>");
    classic.done("DELETE", &format!("{D}/loadbalancers/lb"), "");
    classic.done("DELETE", &format!("{D}/virtualIPs/extra"), "");
    classic.done("DELETE", &format!("{subnet}/routetables"), "");
    classic.done("DELETE", &format!("{subnet}/networksecuritygroups/nsg"), "");
    classic.done("DELETE", &format!("{D}?comp=media"), "");
    classic.done("DELETE", "/services/networking/networksecuritygroups/nsg/rules/ssh", "");
    classic.done("DELETE", "/services/networking/networksecuritygroups/nsg", "");
    classic.done("DELETE", "/services/networking/routetables/rt/routes/all", "");
    classic.done("DELETE", "/services/networking/routetables/rt", "");
    classic.done("DELETE", "/services/networking/reservedips/rip", "");
    classic.done("PUT", "/services/networking/media", &network(""));
    classic.say("GET", "/services/networking/media", "");
    classic.check();
    snapshot("asm-networks", &classic.transcript());
}

#[test]
fn certificates_extensions_and_windows() {
    let mut classic = Classic::start();
    classic.service("web");
    classic.account("acct");
    classic.done(
        "POST",
        &format!("{WEB}/certificates"),
        "<CertificateFile><Data>bWluZQ==</Data><CertificateFormat>cer</CertificateFormat></CertificateFile>",
    );
    classic.say("GET", &format!("{WEB}/certificates"), "");
    let print = "sha1-8034C43D15BB7EF42E2CC24255217ACFC5F4B2F4";
    classic.say("GET", &format!("{WEB}/certificates/{print}"), "");
    let windows = role("web", &endpoints(&[("rdp", 3389, 50000, "")])).replace(UBUNTU, WINDOWS);
    let (_, rest) = windows.split_once("</ConfigurationSet>").expect("two sets");
    let windows = format!(
        "<Role><RoleName>web</RoleName><RoleType>PersistentVMRole</RoleType><ConfigurationSets><ConfigurationSet>\
         <ConfigurationSetType>WindowsProvisioningConfiguration</ConfigurationSetType><ComputerName>web</ComputerName>\
         <AdminPassword>Passw0rd!</AdminPassword><StoredCertificateSettings><CertificateSetting><StoreLocation>LocalMachine</StoreLocation>\
         <StoreName>My</StoreName><Thumbprint>{}</Thumbprint></CertificateSetting></StoredCertificateSettings><WinRM><Listeners><Listener>\
         <Protocol>Https</Protocol></Listener></Listeners></WinRM><AdminUsername>u</AdminUsername></ConfigurationSet>{rest}",
        &print[5..]
    );
    let windows = windows.replace(
        "<OSVirtualHardDisk>",
        "<ResourceExtensionReferences><ResourceExtensionReference><ReferenceName>BGInfo</ReferenceName><Publisher>Microsoft.Compute</Publisher>\
         <Name>BGInfo</Name><Version>1.*</Version><ResourceExtensionParameterValues><ResourceExtensionParameterValue><Key>k</Key>\
         <Value>c2VjcmV0</Value><Type>Private</Type></ResourceExtensionParameterValue></ResourceExtensionParameterValues>\
         </ResourceExtensionReference></ResourceExtensionReferences><OSVirtualHardDisk>",
    );
    let windows = windows.replace("</Role>", "<ProvisionGuestAgent>true</ProvisionGuestAgent><DebugSettings><BootDiagnosticsEnabled>true</BootDiagnosticsEnabled></DebugSettings></Role>");
    // The references stand before the system disk, as the contract has it.
    classic.done("POST", &format!("{WEB}/deployments"), &deployment("web", &windows));
    classic.say("GET", &format!("{WEB}/deploymentslots/Production"), "");
    classic.advance(600);
    classic.say("GET", &format!("{WEB}/deploymentslots/Production"), "");
    classic.say("GET", &format!("{D}/roleinstances/web/ModelFile?FileType=RDP"), "");
    classic.done("DELETE", &format!("{WEB}/certificates/{print}"), "");
    classic.done("DELETE", &format!("{D}?comp=media"), "");
    classic.done("DELETE", &format!("{WEB}/certificates/{print}"), "");
    classic.done("POST", &format!("{WEB}/extensions"), "<Extension><ProviderNameSpace>Microsoft.Windows.Azure.Extensions</ProviderNameSpace><Type>RDP</Type><Id>rdp</Id><PublicConfiguration>cA==</PublicConfiguration><PrivateConfiguration>c2VjcmV0</PrivateConfiguration></Extension>");
    classic.say("GET", &format!("{WEB}/extensions"), "");
    classic.say("GET", &format!("{WEB}/extensions/rdp"), "");
    classic.done("DELETE", &format!("{WEB}/extensions/rdp"), "");
    classic.check();
    snapshot("asm-certificates-and-windows", &classic.transcript());
}

#[test]
fn packages_are_deployed_scaled_swapped_and_suspended() {
    let mut classic = Classic::start();
    classic.service("web");
    // <ServiceConfiguration serviceName="s" xmlns=...><Role name="WorkerRole1"><Instances count="2"/></Role></ServiceConfiguration>
    let configuration = |count: u32| {
        use base64::Engine;
        let text = format!(
            "<?xml version=\"1.0\"?><ServiceConfiguration serviceName=\"s\" xmlns=\"http://schemas.microsoft.com/ServiceHosting/2008/10/ServiceConfiguration\">\
             <Role name=\"WorkerRole1\"><Instances count=\"{count}\"/></Role></ServiceConfiguration>"
        );
        base64::engine::general_purpose::STANDARD.encode(text)
    };
    let package = |name: &str| {
        format!(
            "<CreateDeployment><Name>{name}</Name><PackageUrl>https://acct.blob.core.windows.net/p/a.cspkg</PackageUrl><Label>bA==</Label>\
             <Configuration>{}</Configuration><StartDeployment>false</StartDeployment></CreateDeployment>",
            configuration(2)
        )
    };
    let staging = format!("{WEB}/deploymentslots/Staging");
    classic.done("POST", &staging, &package("one"));
    classic.say("GET", &staging, "");
    classic.done(
        "POST",
        &format!("{staging}/?comp=status"),
        "<UpdateDeploymentStatus><Status>Running</Status></UpdateDeploymentStatus>",
    );
    classic.done("POST", WEB, "<Swap><SourceDeployment>one</SourceDeployment></Swap>");
    classic.say("GET", &format!("{WEB}/deployments/one"), "");
    classic.done("POST", &staging, &package("two"));
    classic.done(
        "POST",
        WEB,
        "<Swap><Production>one</Production><SourceDeployment>two</SourceDeployment></Swap>",
    );
    let scale = format!(
        "<ChangeConfiguration><Configuration>{}</Configuration></ChangeConfiguration>",
        configuration(3)
    );
    classic.done("POST", &format!("{WEB}/deployments/two/?comp=config"), &scale);
    let detail = classic.say("GET", &format!("{WEB}?embed-detail=true"), "").body;
    assert!(detail.contains("WorkerRole1_IN_2"));
    let subscription = classic.send("GET", "/", "").body;
    assert!(
        subscription.contains("<CurrentCoreCount>5</CurrentCoreCount>"),
        "{subscription}"
    );
    classic.done("DELETE", &format!("{WEB}/deployments/one"), "");
    classic.done("DELETE", &format!("{WEB}/deployments/two"), "");
    classic.say("DELETE", WEB, "");
    classic.check();
    snapshot("asm-packages", &classic.transcript());
}

#[test]
fn the_subscription_its_history_and_its_certificates() {
    let mut classic = Classic::start();
    classic.service("web");
    classic.advance(60);
    classic.say("DELETE", WEB, "");
    classic.say("GET", "/", "");
    classic.say(
        "GET",
        "/operations?StartTime=2016-03-31T00:00:00Z&EndTime=2016-04-02T00:00:00Z&OperationResultFilter=Succeeded",
        "",
    );
    let object = format!("/{}/services/hostedservices/web", classic.subscription);
    let mine = classic.say(
        "GET",
        &format!("/operations?StartTime=2016-03-31&EndTime=2016-04-02&ObjectIdFilter={object}"),
        "",
    );
    assert_eq!(mine.body.matches("<SubscriptionOperation>").count(), 1, "{}", mine.body);
    let body = "<SubscriptionCertificate><SubscriptionCertificatePublicKey>a2V5</SubscriptionCertificatePublicKey>\
                <SubscriptionCertificateThumbprint>8034C43D15BB7EF42E2CC24255217ACFC5F4B2F4</SubscriptionCertificateThumbprint>\
                <SubscriptionCertificateData>bWluZQ==</SubscriptionCertificateData></SubscriptionCertificate>";
    classic.say("POST", "/certificates", body);
    classic.say("GET", "/certificates", "");
    classic.say("GET", "/certificates/8034C43D15BB7EF42E2CC24255217ACFC5F4B2F4", "");
    classic.say("DELETE", "/certificates/8034C43D15BB7EF42E2CC24255217ACFC5F4B2F4", "");
    classic.say("GET", "/certificates/8034C43D15BB7EF42E2CC24255217ACFC5F4B2F4", "");
    classic.say("GET", "/services/resourceextensions/Microsoft.Compute/BGInfo", "");
    classic.say("GET", "/services/resourceextensions/no/such", "");
    snapshot("asm-subscription", &classic.transcript());
}

#[test]
fn migration_is_validated_prepared_and_aborted() {
    let mut classic = Classic::start();
    classic.ok("PUT", "/services/networking/media", &network(&site("net", "West US")));
    let net = "/services/networking/virtualnetwork/net/migration";
    classic.say("POST", &format!("{net}?comp=validate"), "");
    classic.done("POST", &format!("{net}?comp=prepare"), "");
    classic.done("POST", &format!("{net}?comp=abort"), "");
    classic.say(
        "POST",
        "/services/networking/virtualnetwork/123/migration?comp=validate",
        "",
    );
    classic.say(
        "POST",
        "/services/networking/virtualnetwork/123/migration?comp=commit",
        "",
    );
    classic.say("POST", "/services/storageservices/123/migration?comp=prepare", "");
    classic.say(
        "POST",
        "/services/hostedservices/none/deployments/123/migration?comp=abort",
        "",
    );
    snapshot("asm-migration", &classic.transcript());
}

#[test]
fn catalogues_name_what_a_location_has() {
    let classic = Classic::start();
    let locations = classic.send("GET", "/locations", "").body;
    assert!(locations.contains("<Name>West US</Name><DisplayName>West US</DisplayName><AvailableServices><AvailableService>Compute</AvailableService>"));
    assert!(
        locations.contains("<RoleSize>ExtraSmall</RoleSize>")
            && locations.contains("<StorageAccountType>Standard_RAGRS</StorageAccountType>")
    );
    let sizes = classic.send("GET", "/rolesizes", "").body;
    assert!(sizes.contains(
        "<RoleSize><Name>A5</Name><Label>A5 (2 cores, 14336 MB)</Label><Cores>2</Cores><MemoryInMb>14336</MemoryInMb>"
    ));
    let images = classic.send("GET", "/services/images", "").body;
    assert!(images.contains(UBUNTU));
}

#[test]
fn ids_are_numbered_in_the_order_in_which_they_come() {
    let text = "a 0b1f6471-1bf0-4dda-aec3-cb9272f09590 b 0b1f64711bf04ddaaec3cb9272f09590 face";
    assert_eq!(number_ids(text), "a <guid:1> b <hex:1> face");
}
