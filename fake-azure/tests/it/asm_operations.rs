//! Operations that no other story has: what is said, and the exact document that comes back.

use crate::asm_support::{Classic, alone, deployment, network, role, role_with, site, snapshot};

const WEB: &str = "/services/hostedservices/web";
const D: &str = "/services/hostedservices/web/deployments/web";

#[test]
fn catalogues_are_listed() {
    let mut classic = Classic::start();
    classic.say("GET", "/operatingsystems", "");
    classic.say("GET", "/operatingsystemfamilies", "");
    classic.say("GET", "/services/extensions", "");
    classic.say("GET", "/services/extensions/Microsoft.Windows.Azure.Extensions/RDP", "");
    classic.say("GET", "/services/extensions/no/such", "");
    classic.say("GET", "/services/resourceextensions", "");
    classic.say("GET", "/services/images", "");
    classic.say("GET", "/services/vmimages", "");
    classic.say("GET", "/rolesizes", "");
    classic.say("GET", "/locations", "");
    snapshot("asm-catalogues", &classic.transcript());
}

#[test]
fn groups_disks_and_route_tables_have_second_doors() {
    let mut classic = Classic::start();
    classic.ok(
        "POST",
        "/affinitygroups",
        "<CreateAffinityGroup><Name>ag</Name><Label>YWc=</Label><Location>East Asia</Location></CreateAffinityGroup>",
    );
    classic.say("GET", "/affinitygroups", "");
    classic.machine();
    classic.ok("DELETE", D, "");
    classic.advance(600);
    let disk = classic.send("GET", "/services/disks", "").body;
    let name = disk.split("<Name>").nth(1).and_then(|rest| rest.split('<').next());
    let name = name.expect("the system disk");
    classic.say("DELETE", &format!("/services/disks/{name}?comp=media"), "");
    classic.say("GET", "/services/disks", "");
    classic.ok("PUT", "/services/networking/media", &network(&site("net", "West US")));
    classic.ok(
        "POST",
        "/services/networking/routetables",
        "<RouteTable><Name>rt</Name><Location>West US</Location></RouteTable>",
    );
    let of_subnet = "/services/networking/virtualnetwork/net/subnets/s/routetables";
    classic.say("GET", of_subnet, "");
    classic.done(
        "PUT",
        of_subnet,
        "<RouteTableAssociation><RouteTableName>rt</RouteTableName></RouteTableAssociation>",
    );
    classic.say("GET", of_subnet, "");
    classic.say("DELETE", "/services/networking/routetables/rt", "");
    classic.done("DELETE", of_subnet, "");
    classic.done("DELETE", "/services/networking/routetables/rt", "");
    classic.check();
    snapshot("asm-second-doors", &classic.transcript());
}

#[test]
fn resource_types_are_registered() {
    let mut classic = Classic::start();
    for service in ["website", "sqlserver"] {
        classic.say("PUT", &format!("/services?service={service}&action=register"), "");
    }
    classic.say("PUT", "/services?service=website", "");
    snapshot("asm-register", &classic.transcript());
}

#[test]
fn a_hosted_service_is_updated_and_keeps_its_properties() {
    let mut classic = Classic::start();
    let properties = |rows: &[(&str, &str)]| -> String {
        let rows: String = rows
            .iter()
            .map(|(name, value)| {
                format!("<ExtendedProperty><Name>{name}</Name><Value>{value}</Value></ExtendedProperty>")
            })
            .collect();
        format!("<ExtendedProperties>{rows}</ExtendedProperties>")
    };
    let create = format!(
        "<CreateHostedService><ServiceName>Web</ServiceName><Label>bA==</Label><Location>West US</Location>{}</CreateHostedService>",
        properties(&[("b", "1"), ("a", "2")])
    );
    classic.say("POST", "/services/hostedservices", &create);
    classic.say("GET", WEB, "");
    classic.advance(60);
    classic.say(
        "PUT",
        WEB,
        "<UpdateHostedService><Description>d</Description><ReverseDnsFqdn>web.example.</ReverseDnsFqdn></UpdateHostedService>",
    );
    classic.say("GET", WEB, "");
    let other = format!(
        "<UpdateHostedService><Label>bmV3</Label>{}</UpdateHostedService>",
        properties(&[("c", "3")])
    );
    classic.say("PUT", WEB, &other);
    classic.say("GET", "/services/hostedservices", "");
    snapshot("asm-hosted-service-update", &classic.transcript());
}

#[test]
fn keys_are_shown_and_made_anew() {
    let mut classic = Classic::start();
    classic.account("acct");
    classic.say("GET", "/services/storageservices/acct/keys", "");
    classic.say(
        "POST",
        "/services/storageservices/acct/keys?action=regenerate",
        "<RegenerateKeys><KeyType>Primary</KeyType></RegenerateKeys>",
    );
    classic.say("GET", "/services/storageservices/operations/isavailable/acct", "");
    classic.say("DELETE", "/services/storageservices/acct", "");
    classic.say("GET", "/services/storageservices/acct/keys", "");
    snapshot("asm-storage-keys", &classic.transcript());
}

#[test]
fn images_are_registered_replicated_and_shared() {
    let mut classic = Classic::start();
    classic.machine();
    classic.ok(
        "POST",
        &format!("{D}/roles/web/DataDisks"),
        "<DataVirtualHardDisk><Lun>2</Lun><LogicalDiskSizeInGB>5</LogicalDiskSizeInGB>\
         <MediaLink>https://acct.blob.core.windows.net/vhds/data.vhd</MediaLink></DataVirtualHardDisk>",
    );
    classic.ok("DELETE", D, "");
    classic.advance(600);
    let disks = classic.send("GET", "/services/disks", "").body;
    for name in disks.split("<Name>").skip(1).filter_map(|rest| rest.split('<').next()) {
        classic.ok("DELETE", &format!("/services/disks/{name}"), "");
    }
    let image = "<OSImage><Label>mine</Label><MediaLink>https://acct.blob.core.windows.net/vhds/web.vhd</MediaLink><Name>mine</Name>\
                 <OS>Linux</OS><Description>d</Description><ShowInGui>false</ShowInGui><RecommendedVMSize>Small</RecommendedVMSize></OSImage>";
    classic.say("POST", "/services/images", image);
    let target = "<ReplicationInput><TargetLocations><Region>West US</Region><Region>North Europe</Region></TargetLocations>\
                  <ComputeImageAttributes><Offer>o</Offer><Sku>s</Sku><Version>1.0.0</Version></ComputeImageAttributes></ReplicationInput>";
    classic.say("PUT", "/services/images/mine/replicate", target);
    classic.advance(300);
    classic.say("GET", "/services/images/mine/details", "");
    classic.advance(300);
    classic.say("GET", "/services/images/mine", "");
    // A machine may be made where the image was copied to.
    classic.ok(
        "POST",
        "/services/hostedservices",
        &crate::asm_support::create_service("north", "North Europe"),
    );
    let near = "<CreateStorageServiceInput><ServiceName>nacct</ServiceName><Label>bA==</Label><Location>North Europe</Location>\
                <AccountType>Standard_LRS</AccountType></CreateStorageServiceInput>";
    classic.ok("POST", "/services/storageservices", near);
    let there = role("north", "")
        .replace("//acct.", "//nacct.")
        .replace(crate::asm_support::UBUNTU, "mine");
    classic.done(
        "POST",
        "/services/hostedservices/north/deployments",
        &deployment("north", &there),
    );
    classic.done("PUT", "/services/images/mine/shareasync?permission=public", "");
    classic.say("GET", "/services/images/mine", "");
    classic.say("PUT", "/services/images/mine/shareasync?permission=nobody", "");
    classic.say("PUT", "/services/images/mine/unreplicate", "");
    classic.say("GET", "/services/images/mine/details", "");
    classic.say("DELETE", "/services/images/mine", "");
    let machine = "<VMImage><Name>whole</Name><Label>whole</Label><Description>d</Description><OSDiskConfiguration><HostCaching>ReadWrite</HostCaching>\
                   <OSState>Specialized</OSState><OS>Linux</OS><MediaLink>https://acct.blob.core.windows.net/vhds/web.vhd</MediaLink>\
                   </OSDiskConfiguration><DataDiskConfigurations><DataDiskConfiguration><HostCaching>None</HostCaching><Lun>2</Lun>\
                   <MediaLink>https://acct.blob.core.windows.net/vhds/data.vhd</MediaLink></DataDiskConfiguration></DataDiskConfigurations></VMImage>";
    classic.done("POST", "/services/vmimages", machine);
    classic.say("PUT", "/services/vmimages/whole/replicate", target);
    classic.say("GET", "/services/vmimages/whole/details", "");
    classic.done("PUT", "/services/vmimages/whole/shareasync?permission=MSDN", "");
    classic.say("PUT", "/services/vmimages/whole/unreplicate", "");
    classic.say("GET", "/services/vmimages?category=Private", "");
    classic.say("PUT", "/services/vmimages/none/replicate", target);
    classic.say("PUT", "/services/images/none/unreplicate", "");
    classic.done("DELETE", "/services/vmimages/whole", "");
    classic.check();
    snapshot("asm-image-replication", &classic.transcript());
}

#[test]
fn interfaces_and_roles_take_groups_and_forward() {
    let mut classic = Classic::start();
    classic.ok("PUT", "/services/networking/media", &network(&site("net", "West US")));
    classic.service("web");
    classic.account("acct");
    classic.ok(
        "POST",
        "/services/networking/networksecuritygroups",
        "<NetworkSecurityGroup><Name>nsg</Name><Location>West US</Location></NetworkSecurityGroup>",
    );
    let nic = "<SubnetNames><SubnetName>s</SubnetName></SubnetNames><NetworkInterfaces><NetworkInterface><Name>second</Name>\
               <IPConfigurations><IPConfiguration><SubnetName>s</SubnetName></IPConfiguration></IPConfigurations></NetworkInterface></NetworkInterfaces>";
    let body = deployment("web", &role_with("web", nic, "", "<RoleSize>Large</RoleSize>")).replace(
        "</Deployment>",
        "<VirtualNetworkName>net</VirtualNetworkName></Deployment>",
    );
    classic.ok("POST", &format!("{WEB}/deployments"), &body);
    let of_role = format!("{D}/roles/web");
    let of_nic = format!("{of_role}/networkinterfaces/second");
    let group = "<NetworkSecurityGroup><Name>nsg</Name></NetworkSecurityGroup>";
    for base in [&of_role, &of_nic] {
        classic.say("GET", &format!("{base}/networksecuritygroups"), "");
        classic.done("POST", &format!("{base}/networksecuritygroups"), group);
        classic.say("GET", &format!("{base}/networksecuritygroups"), "");
        classic.done(
            "POST",
            &format!("{base}/ipforwarding"),
            "<IPForwarding><State>Enabled</State></IPForwarding>",
        );
        classic.say("GET", &format!("{base}/ipforwarding"), "");
    }
    classic.say("GET", &of_role, "");
    classic.say("DELETE", "/services/networking/networksecuritygroups/nsg", "");
    for base in [&of_role, &of_nic] {
        classic.done("DELETE", &format!("{base}/networksecuritygroups/nsg"), "");
        classic.done(
            "POST",
            &format!("{base}/ipforwarding"),
            "<IPForwarding><State>Disabled</State></IPForwarding>",
        );
    }
    classic.done("DELETE", "/services/networking/networksecuritygroups/nsg", "");
    classic.check();
    snapshot("asm-interfaces", &classic.transcript());
}

#[test]
fn several_roles_stop_and_start_at_once() {
    let mut classic = Classic::start();
    classic.machine();
    classic.ok("POST", &format!("{D}/roles"), &alone(&role("web2", "")));
    classic.advance(600);
    let at_once = |name: &str, more: &str| {
        format!(
            "<{name}><OperationType>{name}</OperationType><Roles><Name>web</Name><Name>web2</Name></Roles>{more}</{name}>"
        )
    };
    let operations = format!("{D}/Roles/Operations");
    let slot = format!("{WEB}/deploymentslots/Production");
    let stopping = classic.say(
        "POST",
        &operations,
        &at_once(
            "ShutdownRolesOperation",
            "<PostShutdownAction>StoppedDeallocated</PostShutdownAction>",
        ),
    );
    let during = classic.send("GET", &slot, "").body;
    assert_eq!(
        during.matches("<InstanceStatus>StoppingVM</InstanceStatus>").count(),
        2,
        "{during}"
    );
    assert_eq!(classic.finish(&stopping), "Succeeded");
    classic.say("GET", &slot, "");
    let starting = classic.say("POST", &operations, &at_once("StartRolesOperation", ""));
    classic.say("POST", &operations, &at_once("StartRolesOperation", ""));
    classic.finish(&starting);
    classic.say("GET", &slot, "");
    classic.say(
        "POST",
        &operations,
        &at_once("StartRolesOperation", "").replace("web2", "web3"),
    );
    classic.check();
    snapshot("asm-several-roles", &classic.transcript());
}

#[test]
fn every_noun_answers_its_migration() {
    let mut classic = Classic::start();
    classic.networked();
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
        "/services/networking/routetables",
        "<RouteTable><Name>rt</Name><Location>West US</Location></RouteTable>",
    );
    for noun in [
        D,
        "/services/networking/networksecuritygroups/nsg",
        "/services/networking/reservedips/rip",
        "/services/networking/routetables/rt",
        "/services/storageservices/acct",
    ] {
        classic.say("POST", &format!("{noun}/migration?comp=validate"), "");
        classic.done("POST", &format!("{noun}/migration?comp=prepare"), "");
        classic.done("POST", &format!("{noun}/migration?comp=abort"), "");
        classic.say("POST", &format!("{noun}/migration?comp=commit"), "");
    }
    classic.check();
    snapshot("asm-migration-of-every-noun", &classic.transcript());
}

#[test]
fn the_address_of_a_deployment_is_reserved_and_survives_it() {
    let mut classic = Classic::start();
    classic.machine();
    classic.advance(600);
    classic.done(
        "POST",
        "/services/networking/reservedips",
        "<ReservedIP><Name>kept</Name><ServiceName>web</ServiceName><DeploymentName>web</DeploymentName><Location>West US</Location></ReservedIP>",
    );
    let held = classic.say("GET", "/services/networking/reservedips/kept", "").body;
    classic.say("DELETE", "/services/networking/reservedips/kept", "");
    classic.done("DELETE", &format!("{WEB}/deploymentslots/production?comp=media"), "");
    let after = classic.say("GET", "/services/networking/reservedips/kept", "").body;
    let address = |text: &str| {
        text.split("<Address>")
            .nth(1)
            .map(|rest| rest.split('<').next().map(str::to_owned))
    };
    assert_eq!(address(&held), address(&after));
    classic.say("GET", &format!("{WEB}/deploymentslots/production"), "");
    classic.check();
    snapshot("asm-reserved-address", &classic.transcript());
}

#[test]
fn a_long_history_comes_in_pages_and_goes_back_for_ninety_days() {
    let classic = Classic::start();
    let filter = format!("ObjectIdFilter=/{}/affinitygroups", classic.subscription);
    for n in 0..203 {
        let body = format!(
            "<CreateAffinityGroup><Name>g{n:03}</Name><Label>bA==</Label><Location>West US</Location></CreateAffinityGroup>"
        );
        classic.ok("POST", "/affinitygroups", &body);
    }
    let mut names = Vec::new();
    let mut pages = Vec::new();
    let mut token = String::new();
    loop {
        let times = "StartTime=2016-01-01T00:00:00Z&EndTime=2017-01-01T00:00:00Z";
        let answered = classic.send("GET", &format!("/operations?{times}&{filter}{token}"), "");
        let part = |name: &str, text: &str| -> Vec<String> {
            let begin = format!("<{name}>");
            let inner = text.split(begin.as_str()).skip(1);
            inner
                .filter_map(|rest| Some(rest.split_once("</")?.0.to_owned()))
                .collect()
        };
        let found = part("Value", &answered.body);
        pages.push(found.len());
        names.extend(found);
        match part("ContinuationToken", &answered.body).first() {
            Some(next) => token = format!("&ContinuationToken={}", next.replace('=', "%3D").replace('+', "%2B")),
            None => break,
        }
    }
    assert_eq!(pages, [100, 100, 3]);
    let expected: Vec<String> = (0..203).map(|n| format!("g{n:03}")).collect();
    names.sort();
    assert_eq!(names, expected, "every operation once");

    let query = "400 MissingOrInvalidRequiredQueryParameter: A required query parameter was not specified for this request or was \
                 specified incorrectly.";
    let times = "StartTime=2016-01-01&EndTime=2017-01-01";
    for wrong in [
        "ContinuationToken=",
        "ContinuationToken=next",
        "OperationResultFilter=Lost",
    ] {
        assert_eq!(
            classic.refused("GET", &format!("/operations?{times}&{wrong}"), ""),
            query,
            "{wrong}"
        );
    }

    let count = || {
        let body = classic.send("GET", &format!("/operations?{times}&{filter}"), "").body;
        body.matches("<SubscriptionOperation>").count()
    };
    classic.advance(89 * 24 * 3600);
    assert_eq!(count(), 100);
    classic.advance(2 * 24 * 3600);
    assert_eq!(count(), 0, "what is older than 90 days is not listed");
}
