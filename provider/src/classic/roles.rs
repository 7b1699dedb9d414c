//! Roles: one is one machine (juju-provider 2.2 c13 to c15; 2.3).
//!
//! A role is read and written whole, and what is left out of a write is removed: so what is written is what was read, with one thing
//! changed.

use super::client::{Call, Endpoint, segment, version};
use super::deployments;
use super::endpoints::InputEndpoint;
use super::images::System;
use super::names::AVAILABILITY_SET;
use super::xml::Element;

/// What is sent of the OS disk in a write: what tells which it is.
const OS_DISK_IDENTITY: &[&str] = &["HostCaching", "DiskName", "MediaLink"];

/// What a new role is made from.
pub(crate) struct Wanted<'a> {
    pub(crate) name: &'a str,
    pub(crate) size: &'a str,
    pub(crate) system: System,
    pub(crate) image: &'a str,
    pub(crate) media_link: &'a str,
    pub(crate) user: &'a str,
    pub(crate) password: &'a str,
    /// In base64.
    pub(crate) custom_data: &'a str,
    pub(crate) endpoints: &'a [InputEndpoint],
    /// Where Windows finds the script that runs its custom data.
    pub(crate) script_url: Option<&'a str>,
}

/// A role as an element of this name: `Role` in a deployment, `PersistentVMRole` alone.
pub(crate) fn element(root: Element, wanted: &Wanted<'_>) -> Element {
    let endpoints = wanted.endpoints.iter().map(InputEndpoint::element).collect();
    let network = Element::new("ConfigurationSet")
        .with("ConfigurationSetType", "NetworkConfiguration")
        .child(Element {
            children: endpoints,
            ..Element::new("InputEndpoints")
        });
    let mut role = root
        .with("RoleName", wanted.name)
        .with("RoleType", "PersistentVMRole")
        .child(
            Element::new("ConfigurationSets")
                .child(provisioning(wanted))
                .child(network),
        );
    if let Some(url) = wanted.script_url {
        role = role.child(Element::new("ResourceExtensionReferences").child(custom_script(url)));
    }
    role = role
        .with("AvailabilitySetName", AVAILABILITY_SET)
        .child(
            Element::new("OSVirtualHardDisk")
                .with("MediaLink", wanted.media_link)
                .with("SourceImageName", wanted.image)
                .with("OS", wanted.system.name()),
        )
        .with("RoleSize", wanted.size);
    match wanted.system {
        System::Linux => role,
        System::Windows => role.with("ProvisionGuestAgent", "true"),
    }
}

fn provisioning(wanted: &Wanted<'_>) -> Element {
    let set = Element::new("ConfigurationSet");
    match wanted.system {
        System::Linux => set
            .with("ConfigurationSetType", "LinuxProvisioningConfiguration")
            .with("HostName", wanted.name)
            .with("UserName", wanted.user)
            .with("UserPassword", wanted.password)
            .with("DisableSshPasswordAuthentication", "true")
            .with("CustomData", wanted.custom_data),
        System::Windows => set
            .with("ConfigurationSetType", "WindowsProvisioningConfiguration")
            .with("ComputerName", wanted.name)
            .with("AdminPassword", wanted.password)
            .with("EnableAutomaticUpdates", "true")
            .with("TimeZone", "UTC")
            .with("AdminUsername", wanted.user)
            .with("CustomData", wanted.custom_data),
    }
}

/// The agent's extension that runs what the machine is told to do at its first boot.
fn custom_script(url: &str) -> Element {
    use base64::Engine as _;

    let settings = serde_json::json!({
        "fileUris": [url],
        "commandToExecute": "powershell -ExecutionPolicy Unrestricted -file juju-userdata.ps1",
    });
    let value = base64::engine::general_purpose::STANDARD.encode(settings.to_string());
    Element::new("ResourceExtensionReference")
        .with("ReferenceName", "MyCustomScriptExtension")
        .with("Publisher", "Microsoft.Compute")
        .with("Name", "CustomScriptExtension")
        .with("Version", "1.4")
        .child(
            Element::new("ResourceExtensionParameterValues").child(
                Element::new("ResourceExtensionParameterValue")
                    .with("Key", "CustomScriptExtensionPublicConfigParameter")
                    .with("Value", value)
                    .with("Type", "Public"),
            ),
        )
}

fn path(service: &str, deployment: &str, role: &str) -> String {
    format!("{}/roles/{}", deployments::path(service, deployment), segment(role))
}

/// One more machine in a deployment.
pub(crate) fn add(endpoint: &Endpoint, service: &str, deployment: &str, wanted: &Wanted<'_>) -> Call {
    let body = element(Element::root("PersistentVMRole"), wanted);
    let path = format!("{}/roles", deployments::path(service, deployment));
    endpoint.post("add role", &path, &body)
}

pub(crate) fn get(endpoint: &Endpoint, service: &str, deployment: &str, role: &str) -> Call {
    endpoint.get("read role", &path(service, deployment, role), version::USUAL)
}

pub(crate) fn put(endpoint: &Endpoint, service: &str, deployment: &str, role: &str, body: &Element) -> Call {
    endpoint.put("change role", &path(service, deployment, role), body)
}

/// With its disks and their blobs. The last role of a deployment cannot go: its service goes instead.
pub(crate) fn delete(endpoint: &Endpoint, service: &str, deployment: &str, role: &str) -> Call {
    endpoint.delete(
        "delete role",
        &format!("{}?comp=media", path(service, deployment, role)),
        version::USUAL,
    )
}

/// What such a refusal says, `Role r is the only role present in the deployment ...`.
pub(crate) const ONLY_ROLE: &str = "is the only role present in the deployment";

fn network_set(role: &Element) -> Option<&Element> {
    let mut sets = role.items("ConfigurationSets", "ConfigurationSet");
    sets.find(|set| set.text_of("ConfigurationSetType") == Some("NetworkConfiguration"))
}

/// The endpoints of a role that was read.
pub(crate) fn endpoints(role: &Element) -> Vec<InputEndpoint> {
    let set = network_set(role);
    set.into_iter()
        .flat_map(|set| set.items("InputEndpoints", "InputEndpoint"))
        .filter_map(InputEndpoint::read)
        .collect()
}

/// The role to write for other endpoints; None where nothing changes.
pub(crate) fn with_endpoints(role: &Element, open: &[InputEndpoint], close: &[InputEndpoint]) -> Option<Element> {
    let mut role = role.clone();
    let sets = role.find_mut("ConfigurationSets")?;
    let set = sets
        .children
        .iter_mut()
        .find(|set| set.text_of("ConfigurationSetType") == Some("NetworkConfiguration"))?;
    let at = set.children.iter().position(|child| child.name == "InputEndpoints");
    let mut list = match at {
        Some(at) => set.children.remove(at),
        None => Element::new("InputEndpoints"),
    };

    let before = list.children.len();
    let is_one_of = |element: &Element, wanted: &[InputEndpoint]| {
        InputEndpoint::read(element).is_some_and(|own| wanted.iter().any(|other| own.is_same(other)))
    };
    list.children.retain(|element| !is_one_of(element, close));
    let mut changed = list.children.len() != before;
    for endpoint in open {
        if !list
            .children
            .iter()
            .any(|element| is_one_of(element, std::slice::from_ref(endpoint)))
        {
            list.children.push(endpoint.element());
            changed = true;
        }
    }
    if !changed {
        return None;
    }

    // An empty list was refused; none at all stands for it.
    if !list.children.is_empty() {
        let at = set
            .children
            .iter()
            .position(|child| child.name == "ConfigurationSetType")
            .map_or(0, |at| at + 1);
        set.children.insert(at, list);
    }
    Some(written(role))
}

/// The role as it is written back: the OS disk reduced to its identity, every data disk with its number, which an answer leaves out
/// where it is 0.
pub(crate) fn written(mut role: Element) -> Element {
    if let Some(disk) = role.find_mut("OSVirtualHardDisk") {
        disk.children
            .retain(|child| OS_DISK_IDENTITY.contains(&child.name.as_str()));
    }
    for disk in role
        .find_mut("DataVirtualHardDisks")
        .into_iter()
        .flat_map(|disks| disks.children.iter_mut())
    {
        if disk.find("Lun").is_none() {
            let before = ["HostCaching", "DiskLabel", "DiskName"];
            let at = disk
                .children
                .iter()
                .rposition(|child| before.contains(&child.name.as_str()))
                .map_or(0, |at| at + 1);
            disk.children.insert(at, Element::text("Lun", 0));
        }
    }
    role
}

/// A data disk of a role that was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct DataDisk {
    pub(crate) lun: u32,
    pub(crate) media_link: String,
    pub(crate) size_gib: u64,
}

impl DataDisk {
    /// Whether its blob is there; names of accounts and hosts mind no case.
    pub(crate) fn is_at(&self, media_link: &str) -> bool {
        self.media_link.eq_ignore_ascii_case(media_link)
    }
}

pub(crate) fn data_disks(role: &Element) -> Vec<DataDisk> {
    let disks = role.items("DataVirtualHardDisks", "DataVirtualHardDisk");
    let read = disks.filter_map(|disk| {
        let number = |name: &str| disk.text_of(name).map(str::parse::<u64>).transpose().ok();
        Some(DataDisk {
            lun: u32::try_from(number("Lun")?.unwrap_or(0)).ok()?,
            media_link: disk.text_of("MediaLink").unwrap_or_default().to_owned(),
            size_gib: number("LogicalDiskSizeInGB")?.unwrap_or(0),
        })
    });
    read.collect()
}

/// A new, empty data disk (juju-provider 2.2 c16).
pub(crate) fn add_data_disk(
    endpoint: &Endpoint,
    (service, deployment, role): (&str, &str, &str),
    label: &str,
    disk: &DataDisk,
) -> Call {
    let body = Element::root("DataVirtualHardDisk")
        .with("DiskLabel", label)
        .with("Lun", disk.lun)
        .with("LogicalDiskSizeInGB", disk.size_gib)
        .with("MediaLink", &disk.media_link);
    let path = format!("{}/DataDisks", path(service, deployment, role));
    endpoint.post("add data disk", &path, &body)
}

/// A disk that is there already (service-management 6.5).
pub(crate) fn attach_data_disk(
    endpoint: &Endpoint,
    (service, deployment, role): (&str, &str, &str),
    disk: &str,
    lun: u32,
) -> Call {
    let body = Element::root("DataVirtualHardDisk")
        .with("DiskName", disk)
        .with("Lun", lun);
    let path = format!("{}/DataDisks", path(service, deployment, role));
    endpoint.post("attach data disk", &path, &body)
}

/// Without its media: the disk stays.
pub(crate) fn detach_data_disk(endpoint: &Endpoint, (service, deployment, role): (&str, &str, &str), lun: u32) -> Call {
    let path = format!("{}/DataDisks/{lun}", path(service, deployment, role));
    endpoint.delete("detach data disk", &path, version::USUAL)
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::{Wanted, data_disks, element, endpoints, with_endpoints};
    use crate::classic::endpoints::{InputEndpoint, initial, of_range};
    use crate::classic::images::System;
    use crate::classic::xml::Element;

    fn check(element: Option<Element>, expect: Expect) {
        let text = element.map_or_else(
            || "none".to_owned(),
            |element| String::from_utf8_lossy(&element.document()).replace("><", ">\n<"),
        );
        expect.assert_eq(&text);
    }

    fn wanted<'a>(system: System, endpoints: &'a [InputEndpoint]) -> Wanted<'a> {
        Wanted {
            name: "jujua4tn",
            size: "Small",
            system,
            image: "image",
            media_link: "http://acct.blob.core.windows.net/vhds/jujux",
            user: "ubuntu",
            password: "p",
            custom_data: "Y2Q=",
            endpoints,
            script_url: (system == System::Windows).then_some("https://u?sig=s"),
        }
    }

    fn role() -> Element {
        let text = "<PersistentVMRole xmlns=\"n\" xmlns:i=\"m\"><RoleName>r</RoleName><OsVersion/><RoleType>PersistentVMRole</RoleType>\
                    <ConfigurationSets><ConfigurationSet i:type=\"NetworkConfigurationSet\"><ConfigurationSetType>\
                    NetworkConfiguration</ConfigurationSetType><InputEndpoints><InputEndpoint><LoadBalancedEndpointSetName>sshport\
                    </LoadBalancedEndpointSetName><LocalPort>22</LocalPort><Name>sshport</Name><Port>22</Port><Protocol>tcp\
                    </Protocol><EnableDirectServerReturn>false</EnableDirectServerReturn></InputEndpoint></InputEndpoints>\
                    <SubnetNames/></ConfigurationSet></ConfigurationSets><AvailabilitySetName>juju</AvailabilitySetName>\
                    <DataVirtualHardDisks><DataVirtualHardDisk><HostCaching>None</HostCaching><DiskName>d</DiskName>\
                    <LogicalDiskSizeInGB>3</LogicalDiskSizeInGB><MediaLink>https://m</MediaLink></DataVirtualHardDisk>\
                    </DataVirtualHardDisks><OSVirtualHardDisk><HostCaching>ReadWrite</HostCaching><DiskName>o</DiskName><MediaLink>\
                    http://o</MediaLink><SourceImageName>image</SourceImageName><OS>Linux</OS></OSVirtualHardDisk><RoleSize>Small\
                    </RoleSize></PersistentVMRole>";
        Element::parse(text.as_bytes()).expect("the role is well formed")
    }

    #[test]
    fn a_linux_role_stands_in_the_order_of_the_contract() {
        check(
            Some(element(
                Element::new("Role"),
                &wanted(System::Linux, &initial(None, None)),
            )),
            expect![[r#"
                <Role>
                <RoleName>jujua4tn</RoleName>
                <RoleType>PersistentVMRole</RoleType>
                <ConfigurationSets>
                <ConfigurationSet>
                <ConfigurationSetType>LinuxProvisioningConfiguration</ConfigurationSetType>
                <HostName>jujua4tn</HostName>
                <UserName>ubuntu</UserName>
                <UserPassword>p</UserPassword>
                <DisableSshPasswordAuthentication>true</DisableSshPasswordAuthentication>
                <CustomData>Y2Q=</CustomData>
                </ConfigurationSet>
                <ConfigurationSet>
                <ConfigurationSetType>NetworkConfiguration</ConfigurationSetType>
                <InputEndpoints>
                <InputEndpoint>
                <LoadBalancedEndpointSetName>sshport</LoadBalancedEndpointSetName>
                <LocalPort>22</LocalPort>
                <Name>sshport</Name>
                <Port>22</Port>
                <LoadBalancerProbe>
                <Port>22</Port>
                <Protocol>TCP</Protocol>
                </LoadBalancerProbe>
                <Protocol>tcp</Protocol>
                </InputEndpoint>
                </InputEndpoints>
                </ConfigurationSet>
                </ConfigurationSets>
                <AvailabilitySetName>juju</AvailabilitySetName>
                <OSVirtualHardDisk>
                <MediaLink>http://acct.blob.core.windows.net/vhds/jujux</MediaLink>
                <SourceImageName>image</SourceImageName>
                <OS>Linux</OS>
                </OSVirtualHardDisk>
                <RoleSize>Small</RoleSize>
                </Role>"#]],
        );
    }

    #[test]
    fn a_windows_role_has_an_agent_that_runs_its_script() {
        check(
            Some(element(Element::new("Role"), &wanted(System::Windows, &[]))),
            expect![[r#"
                <Role>
                <RoleName>jujua4tn</RoleName>
                <RoleType>PersistentVMRole</RoleType>
                <ConfigurationSets>
                <ConfigurationSet>
                <ConfigurationSetType>WindowsProvisioningConfiguration</ConfigurationSetType>
                <ComputerName>jujua4tn</ComputerName>
                <AdminPassword>p</AdminPassword>
                <EnableAutomaticUpdates>true</EnableAutomaticUpdates>
                <TimeZone>UTC</TimeZone>
                <AdminUsername>ubuntu</AdminUsername>
                <CustomData>Y2Q=</CustomData>
                </ConfigurationSet>
                <ConfigurationSet>
                <ConfigurationSetType>NetworkConfiguration</ConfigurationSetType>
                <InputEndpoints/>
                </ConfigurationSet>
                </ConfigurationSets>
                <ResourceExtensionReferences>
                <ResourceExtensionReference>
                <ReferenceName>MyCustomScriptExtension</ReferenceName>
                <Publisher>Microsoft.Compute</Publisher>
                <Name>CustomScriptExtension</Name>
                <Version>1.4</Version>
                <ResourceExtensionParameterValues>
                <ResourceExtensionParameterValue>
                <Key>CustomScriptExtensionPublicConfigParameter</Key>
                <Value>eyJmaWxlVXJpcyI6WyJodHRwczovL3U/c2lnPXMiXSwiY29tbWFuZFRvRXhlY3V0ZSI6InBvd2Vyc2hlbGwgLUV4ZWN1dGlvblBvbGljeSBVbnJlc3RyaWN0ZWQgLWZpbGUganVqdS11c2VyZGF0YS5wczEifQ==</Value>
                <Type>Public</Type>
                </ResourceExtensionParameterValue>
                </ResourceExtensionParameterValues>
                </ResourceExtensionReference>
                </ResourceExtensionReferences>
                <AvailabilitySetName>juju</AvailabilitySetName>
                <OSVirtualHardDisk>
                <MediaLink>http://acct.blob.core.windows.net/vhds/jujux</MediaLink>
                <SourceImageName>image</SourceImageName>
                <OS>Windows</OS>
                </OSVirtualHardDisk>
                <RoleSize>Small</RoleSize>
                <ProvisionGuestAgent>true</ProvisionGuestAgent>
                </Role>"#]],
        );
    }

    #[test]
    fn a_role_is_written_back_with_all_that_was_read() {
        let http = of_range("80/tcp".parse().expect("a port range"), true);
        check(
            with_endpoints(&role(), &http, &[]),
            expect![[r#"
                <PersistentVMRole xmlns="n" xmlns:i="m">
                <RoleName>r</RoleName>
                <OsVersion/>
                <RoleType>PersistentVMRole</RoleType>
                <ConfigurationSets>
                <ConfigurationSet i:type="NetworkConfigurationSet">
                <ConfigurationSetType>NetworkConfiguration</ConfigurationSetType>
                <InputEndpoints>
                <InputEndpoint>
                <LoadBalancedEndpointSetName>sshport</LoadBalancedEndpointSetName>
                <LocalPort>22</LocalPort>
                <Name>sshport</Name>
                <Port>22</Port>
                <Protocol>tcp</Protocol>
                <EnableDirectServerReturn>false</EnableDirectServerReturn>
                </InputEndpoint>
                <InputEndpoint>
                <LoadBalancedEndpointSetName>tcp80-80</LoadBalancedEndpointSetName>
                <LocalPort>80</LocalPort>
                <Name>tcp80-80_range_80</Name>
                <Port>80</Port>
                <LoadBalancerProbe>
                <Port>80</Port>
                <Protocol>TCP</Protocol>
                </LoadBalancerProbe>
                <Protocol>tcp</Protocol>
                </InputEndpoint>
                </InputEndpoints>
                <SubnetNames/>
                </ConfigurationSet>
                </ConfigurationSets>
                <AvailabilitySetName>juju</AvailabilitySetName>
                <DataVirtualHardDisks>
                <DataVirtualHardDisk>
                <HostCaching>None</HostCaching>
                <DiskName>d</DiskName>
                <Lun>0</Lun>
                <LogicalDiskSizeInGB>3</LogicalDiskSizeInGB>
                <MediaLink>https://m</MediaLink>
                </DataVirtualHardDisk>
                </DataVirtualHardDisks>
                <OSVirtualHardDisk>
                <HostCaching>ReadWrite</HostCaching>
                <DiskName>o</DiskName>
                <MediaLink>http://o</MediaLink>
                </OSVirtualHardDisk>
                <RoleSize>Small</RoleSize>
                </PersistentVMRole>"#]],
        );
    }

    #[test]
    fn what_changes_nothing_is_not_written_and_no_endpoint_is_no_list() {
        let ssh = initial(None, None);
        assert_eq!(with_endpoints(&role(), &ssh, &[]), None);
        let http = of_range("80/tcp".parse().expect("a port range"), true);
        assert_eq!(with_endpoints(&role(), &[], &http), None);

        let none = with_endpoints(&role(), &[], &ssh).expect("an endpoint goes");
        assert!(!String::from_utf8_lossy(&none.document()).contains("InputEndpoints"));
        let again = with_endpoints(&none, &ssh, &[]).expect("an endpoint comes");
        assert_eq!(endpoints(&again).len(), 1);
    }

    #[test]
    fn a_data_disk_without_a_number_has_number_0() {
        let disks: Vec<(u32, u64)> = data_disks(&role())
            .iter()
            .map(|disk| (disk.lun, disk.size_gib))
            .collect();
        assert_eq!(disks, [(0, 3)]);
    }
}
