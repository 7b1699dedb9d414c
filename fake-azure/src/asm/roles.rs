//! Roles on the wire (SM 6). Input and output share one contract order.

use std::net::Ipv4Addr;

use fake_azure_cloud::classic::{
    Act, AttachDataDisk, DataDisk, DataDiskSpec, ExtensionParameter, ExtensionReference, NetworkInterface, NetworkSet,
    OsDiskSpec, Provisioning, PublicIpSpec, Role, RolePlace, RoleSpec, UpdateDataDisk, forms,
};
use fake_azure_cloud::fabric::{System, any_blob_name_of};

use super::deployments::find;
use super::endpoints;
use super::error::Failure;
use super::request::{Answer, Asked};
use super::route::Route;
use super::xml::{Contract, Element, Fields, Writer};

const MACHINES: u32 = 20_120_301;

pub(super) const ROUTES: &[Route] = &[
    Route::new(
        "POST",
        "/services/hostedservices/{service}/deployments/{deployment}/roles",
        add,
    )
    .since(MACHINES),
    Route::new(
        "GET",
        "/services/hostedservices/{service}/deployments/{deployment}/roles/{role}",
        show,
    )
    .since(MACHINES),
    Route::new(
        "PUT",
        "/services/hostedservices/{service}/deployments/{deployment}/roles/{role}",
        update,
    )
    .since(MACHINES),
    Route::new(
        "DELETE",
        "/services/hostedservices/{service}/deployments/{deployment}/roles/{role}",
        delete,
    )
    .since(MACHINES),
    Route::new(
        "DELETE",
        "/services/hostedservices/{service}/deployments/{deployment}/roles/{role}",
        delete,
    )
    .comp("media")
    .since(20_130_801),
    Route::new(
        "POST",
        "/services/hostedservices/{service}/deployments/{deployment}/roles/{role}/DataDisks",
        attach,
    )
    .since(MACHINES),
    Route::new(
        "GET",
        "/services/hostedservices/{service}/deployments/{deployment}/roles/{role}/DataDisks/{lun}",
        show_disk,
    )
    .since(MACHINES),
    Route::new(
        "PUT",
        "/services/hostedservices/{service}/deployments/{deployment}/roles/{role}/DataDisks/{lun}",
        update_disk,
    )
    .since(MACHINES),
    Route::new(
        "DELETE",
        "/services/hostedservices/{service}/deployments/{deployment}/roles/{role}/DataDisks/{lun}",
        detach,
    )
    .since(MACHINES),
];

/// `VMImageName` and `MediaLocation` are found wherever they stand: libcloud sends them last (SM 14.2).
const ROLE: Contract = Contract {
    name: "PersistentVMRole",
    order: &[
        "RoleName",
        "OsVersion",
        "RoleType",
        "ConfigurationSets",
        "ResourceExtensionReferences",
        "VMImageName",
        "MediaLocation",
        "AvailabilitySetName",
        "DataVirtualHardDisks",
        "Label",
        "OSVirtualHardDisk",
        "RoleSize",
        "DefaultWinRmCertificateThumbprint",
        "ProvisionGuestAgent",
        "VMImageInput",
        "DebugSettings",
        "LicenseType",
        "MigrationState",
    ],
    lenient: &["VMImageName", "MediaLocation"],
};
const NETWORK: Contract = Contract {
    name: "NetworkConfigurationSet",
    order: &[
        "ConfigurationSetType",
        "InputEndpoints",
        "SubnetNames",
        "StaticVirtualNetworkIPAddress",
        "PublicIPs",
        "NetworkInterfaces",
        "NetworkSecurityGroup",
        "IPForwarding",
    ],
    lenient: &["ConfigurationSetType"],
};
const WINDOWS: Contract = Contract {
    name: "WindowsProvisioningConfigurationSet",
    order: &[
        "ConfigurationSetType",
        "ComputerName",
        "AdminPassword",
        "ResetPasswordOnFirstLogon",
        "EnableAutomaticUpdates",
        "TimeZone",
        "DomainJoin",
        "StoredCertificateSettings",
        "WinRM",
        "AdminUsername",
        "AdditionalUnattendContent",
        "CustomData",
    ],
    lenient: &["ConfigurationSetType"],
};
const LINUX: Contract = Contract {
    name: "LinuxProvisioningConfigurationSet",
    order: &[
        "ConfigurationSetType",
        "HostName",
        "UserName",
        "UserPassword",
        "DisableSshPasswordAuthentication",
        "SSH",
        "CustomData",
    ],
    lenient: &["ConfigurationSetType"],
};
const OS_DISK: Contract = Contract {
    name: "OSVirtualHardDisk",
    order: &[
        "HostCaching",
        "DiskLabel",
        "DiskName",
        "MediaLink",
        "SourceImageName",
        "OS",
        "RemoteSourceImageLink",
        "IOType",
        "ResizedSizeInGB",
    ],
    lenient: &[],
};
const DATA_DISK: Contract = Contract {
    name: "DataVirtualHardDisk",
    order: &[
        "HostCaching",
        "DiskLabel",
        "DiskName",
        "Lun",
        "LogicalDiskSizeInGB",
        "MediaLink",
        "SourceMediaLink",
        "IOType",
    ],
    lenient: &[],
};
const PUBLIC_IP: Contract = Contract {
    name: "PublicIP",
    order: &["Name", "IdleTimeoutInMinutes", "DomainNameLabel"],
    lenient: &[],
};
const NIC: Contract = Contract {
    name: "NetworkInterface",
    order: &["Name", "IPConfigurations", "NetworkSecurityGroup", "IPForwarding"],
    lenient: &[],
};
const IP_CONFIGURATION: Contract = Contract {
    name: "IPConfiguration",
    order: &["SubnetName", "StaticVirtualNetworkIPAddress"],
    lenient: &[],
};
const EXTENSION: Contract = Contract {
    name: "ResourceExtensionReference",
    order: &[
        "ReferenceName",
        "Publisher",
        "Name",
        "Version",
        "ResourceExtensionParameterValues",
        "State",
        "ForceUpdate",
    ],
    lenient: &[],
};
const PARAMETER: Contract = Contract {
    name: "ResourceExtensionParameterValue",
    order: &["Key", "Value", "Type"],
    lenient: &[],
};

/// Reads a role.
pub(super) fn decode(element: &Element) -> Result<RoleSpec, Failure> {
    let fields = ROLE.read(element);
    let mut role = RoleSpec {
        name: fields.filled("RoleName"),
        vm_image: fields.filled("VMImageName"),
        media_location: fields.filled("MediaLocation"),
        availability_set: fields.text("AvailabilitySetName").map(Into::into),
        label: fields.filled("Label"),
        size: fields.filled("RoleSize"),
        provision_guest_agent: fields.boolean("ProvisionGuestAgent")?,
        license_type: fields.filled("LicenseType"),
        ..RoleSpec::default()
    };
    for set in fields.list("ConfigurationSets", "ConfigurationSet").unwrap_or_default() {
        match set
            .text_of("ConfigurationSetType")
            .unwrap_or_default()
            .to_ascii_lowercase()
            .as_str()
        {
            "networkconfiguration" => role.network = Some(network(set)?),
            "windowsprovisioningconfiguration" => role.provisioning = Some(windows(set)?),
            "linuxprovisioningconfiguration" => role.provisioning = Some(linux(set)?),
            _ => {}
        }
    }
    if let Some(references) = fields.list("ResourceExtensionReferences", "ResourceExtensionReference") {
        role.extensions = Some(references.into_iter().map(extension).collect::<Result<_, _>>()?);
    }
    if let Some(disks) = fields.list("DataVirtualHardDisks", "DataVirtualHardDisk") {
        role.data_disks = Some(disks.into_iter().map(data_disk).collect::<Result<_, _>>()?);
    }
    if let Some(disk) = fields.get("OSVirtualHardDisk") {
        role.os_disk = Some(os_disk(&OS_DISK.read(disk))?);
    }
    if let Some(debug) = fields.get("DebugSettings") {
        role.boot_diagnostics = debug
            .text_of("BootDiagnosticsEnabled")
            .map(|text| text.eq_ignore_ascii_case("true"));
    }
    Ok(role)
}

fn address(text: Option<&str>) -> Result<Option<Ipv4Addr>, Failure> {
    match text {
        None | Some("") => Ok(None),
        Some(text) => text.parse().map(Some).map_err(|_| Failure::of(&forms::PARAMETER)),
    }
}

/// `Enabled` or `Disabled`.
pub(super) fn forwarding(text: Option<&str>) -> Result<Option<bool>, Failure> {
    match text.map(str::to_ascii_lowercase).as_deref() {
        None | Some("") => Ok(None),
        Some("enabled") => Ok(Some(true)),
        Some("disabled") => Ok(Some(false)),
        Some(_) => Err(Failure::of(&forms::PARAMETER)),
    }
}

fn network(element: &Element) -> Result<NetworkSet, Failure> {
    let fields = NETWORK.read(element);
    let mut set = NetworkSet {
        subnets: fields.texts("SubnetNames", "SubnetName"),
        static_address: address(fields.text("StaticVirtualNetworkIPAddress"))?,
        security_group: fields.filled("NetworkSecurityGroup"),
        ip_forwarding: forwarding(fields.text("IPForwarding"))?,
        ..NetworkSet::default()
    };
    for endpoint in fields.list("InputEndpoints", "InputEndpoint").unwrap_or_default() {
        set.endpoints.push(endpoints::decode(endpoint, true)?);
    }
    for public in fields.list("PublicIPs", "PublicIP").unwrap_or_default() {
        let own = PUBLIC_IP.read(public);
        set.public_ips.push(PublicIpSpec {
            name: own.required("Name")?,
            idle_minutes: own.number("IdleTimeoutInMinutes")?,
            dns_label: own.filled("DomainNameLabel"),
        });
    }
    for nic in fields.list("NetworkInterfaces", "NetworkInterface").unwrap_or_default() {
        let own = NIC.read(nic);
        let mut configurations = Vec::new();
        for configuration in own.list("IPConfigurations", "IPConfiguration").unwrap_or_default() {
            let own = IP_CONFIGURATION.read(configuration);
            configurations.push((
                own.required("SubnetName")?,
                address(own.text("StaticVirtualNetworkIPAddress"))?,
            ));
        }
        set.interfaces.push(NetworkInterface {
            name: own.required("Name")?,
            configurations,
            security_group: own.filled("NetworkSecurityGroup"),
            ip_forwarding: forwarding(own.text("IPForwarding"))?,
            port: None,
        });
    }
    Ok(set)
}

fn windows(element: &Element) -> Result<Provisioning, Failure> {
    let fields = WINDOWS.read(element);
    let settings = fields
        .list("StoredCertificateSettings", "CertificateSetting")
        .unwrap_or_default();
    let mut fingerprints: Vec<Box<str>> = settings
        .iter()
        .filter_map(|own| own.text_of("Thumbprint"))
        .map(Into::into)
        .collect();
    let mut winrm_https = false;
    if let Some(listeners) = fields.get("WinRM").and_then(|own| own.child("Listeners")) {
        for listener in listeners.all("Listener") {
            let https = listener
                .text_of("Protocol")
                .is_some_and(|own| own.eq_ignore_ascii_case("https"));
            match listener
                .text_of("CertificateThumbprint")
                .filter(|text| !text.is_empty())
            {
                Some(print) => fingerprints.push(print.into()),
                None => winrm_https |= https,
            }
        }
    }
    Ok(Provisioning {
        system: System::Windows,
        host_name: fields.filled("ComputerName"),
        fingerprints,
        custom_data_bytes: fields.text("CustomData").map_or(0, str::len),
        winrm_https,
    })
}

fn linux(element: &Element) -> Result<Provisioning, Failure> {
    let fields = LINUX.read(element);
    let mut fingerprints = Vec::new();
    if let Some(ssh) = fields.get("SSH") {
        for (list, item) in [("PublicKeys", "PublicKey"), ("KeyPairs", "KeyPair")] {
            let keys = ssh.child(list).into_iter().flat_map(|list| list.all(item));
            fingerprints.extend(
                keys.filter_map(|key| key.text_of("Fingerprint"))
                    .filter(|text| !text.is_empty())
                    .map(Box::from),
            );
        }
    }
    Ok(Provisioning {
        system: System::Linux,
        host_name: fields.filled("HostName"),
        fingerprints,
        custom_data_bytes: fields.text("CustomData").map_or(0, str::len),
        winrm_https: false,
    })
}

fn extension(element: &Element) -> Result<ExtensionReference, Failure> {
    let fields = EXTENSION.read(element);
    let mut parameters = Vec::new();
    for parameter in fields
        .list("ResourceExtensionParameterValues", "ResourceExtensionParameterValue")
        .unwrap_or_default()
    {
        let own = PARAMETER.read(parameter);
        parameters.push(ExtensionParameter {
            key: own.or_empty("Key"),
            value: own.or_empty("Value"),
            private: own
                .text("Type")
                .is_some_and(|kind| kind.eq_ignore_ascii_case("private")),
        });
    }
    Ok(ExtensionReference {
        reference: fields.required("ReferenceName")?,
        publisher: fields.or_empty("Publisher"),
        name: fields.or_empty("Name"),
        version: fields.or_empty("Version"),
        parameters,
        state: fields.filled("State"),
    })
}

/// Reads a system, if one is named.
pub(super) fn system(text: Option<&str>) -> Result<Option<System>, Failure> {
    match text {
        None | Some("") => Ok(None),
        Some(text) => System::find(text)
            .map(Some)
            .ok_or_else(|| Failure::of(&forms::PARAMETER)),
    }
}

fn os_disk(fields: &Fields<'_>) -> Result<OsDiskSpec, Failure> {
    Ok(OsDiskSpec {
        caching: fields.filled("HostCaching"),
        label: fields.filled("DiskLabel"),
        name: fields.filled("DiskName"),
        media_link: fields.filled("MediaLink"),
        source_image: fields.filled("SourceImageName"),
        os: system(fields.text("OS"))?,
        remote_source: fields.filled("RemoteSourceImageLink"),
        resized_gb: fields.number("ResizedSizeInGB")?,
    })
}

fn data_disk(element: &Element) -> Result<DataDiskSpec, Failure> {
    let fields = DATA_DISK.read(element);
    Ok(DataDiskSpec {
        caching: fields.filled("HostCaching"),
        label: fields.filled("DiskLabel"),
        name: fields.filled("DiskName"),
        lun: fields.number("Lun")?,
        size_gb: fields.number("LogicalDiskSizeInGB")?,
        media_link: fields.filled("MediaLink"),
        source_media_link: fields.filled("SourceMediaLink"),
    })
}

/// The children of `Role`. Inside a deployment endpoints carry the virtual IP, alone they do not (SM 6.3).
pub(super) fn write(writer: &mut Writer, role: &Role, vip: Option<Option<&str>>) {
    let alone = vip.is_none();
    writer.text("RoleName", &role.name);
    writer.empty("OsVersion");
    writer.text("RoleType", "PersistentVMRole");
    writer.element("ConfigurationSets", |writer| {
        writer.typed("ConfigurationSet", "NetworkConfigurationSet", |writer| {
            writer.text("ConfigurationSetType", "NetworkConfiguration");
            write_network(writer, role, vip.flatten(), alone);
        });
    });
    if !role.extensions.is_empty() {
        writer.element("ResourceExtensionReferences", |writer| {
            for extension in &role.extensions {
                writer.element("ResourceExtensionReference", |writer| {
                    write_extension(writer, extension)
                });
            }
        });
    }
    writer.optional("AvailabilitySetName", role.availability_set.as_deref());
    writer.element("DataVirtualHardDisks", |writer| {
        for disk in &role.data_disks {
            writer.element("DataVirtualHardDisk", |writer| write_data_disk(writer, disk));
        }
    });
    writer.optional("Label", role.label.as_deref());
    writer.element("OSVirtualHardDisk", |writer| {
        let disk = &role.os_disk;
        writer.text("HostCaching", &disk.caching);
        writer.optional("DiskLabel", disk.label.as_deref());
        writer.text("DiskName", &disk.name);
        writer.text("MediaLink", &disk.media_link);
        writer.optional("SourceImageName", disk.source_image.as_deref());
        writer.text("OS", disk.os.as_str());
        writer.text("IOType", if disk.premium { "Provisioned" } else { "Standard" });
    });
    writer.text("RoleSize", &role.size);
    writer.optional("DefaultWinRmCertificateThumbprint", role.winrm_thumbprint.as_deref());
    writer.optional("ProvisionGuestAgent", role.guest_agent);
    if let Some(on) = role.boot_diagnostics {
        writer.element("DebugSettings", |writer| {
            writer.text("BootDiagnosticsEnabled", on);
            if on {
                let account = any_blob_name_of(&role.os_disk.media_link).map_or_else(|_| "".into(), |name| name.0);
                let print = &role.remote_access_thumbprint;
                let name = &role.name;
                let uri = format!("http://{account}.blob.core.windows.net/bootdiagnostics-{print}/{name}.{print}.{name}-screenshot.bmp");
                writer.text("ConsoleScreenshotBlobUri", uri);
            }
        });
    }
    writer.optional("LicenseType", role.license_type.as_deref());
}

fn write_network(writer: &mut Writer, role: &Role, vip: Option<&str>, alone: bool) {
    let network = &role.network;
    if !network.endpoints.is_empty() {
        writer.element("InputEndpoints", |writer| {
            for endpoint in &network.endpoints {
                writer.element("InputEndpoint", |writer| endpoints::write(writer, endpoint, vip));
            }
        });
    }
    if !(alone && network.subnets.is_empty()) {
        writer.texts("SubnetNames", "SubnetName", &network.subnets);
    }
    writer.optional("StaticVirtualNetworkIPAddress", network.static_address);
    if !network.public_ips.is_empty() {
        writer.element("PublicIPs", |writer| {
            for public in &network.public_ips {
                writer.element("PublicIP", |writer| {
                    writer.text("Name", &public.name);
                    writer.optional("IdleTimeoutInMinutes", public.idle_minutes);
                    writer.optional("DomainNameLabel", public.dns_label.as_deref());
                });
            }
        });
    }
    if !network.interfaces.is_empty() {
        writer.element("NetworkInterfaces", |writer| {
            for nic in &network.interfaces {
                writer.element("NetworkInterface", |writer| {
                    writer.text("Name", &nic.name);
                    writer.element("IPConfigurations", |writer| {
                        for (subnet, address) in &nic.configurations {
                            writer.element("IPConfiguration", |writer| {
                                writer.text("SubnetName", subnet);
                                writer.optional("StaticVirtualNetworkIPAddress", *address);
                            });
                        }
                    });
                    writer.optional("NetworkSecurityGroup", nic.security_group.as_deref());
                    writer.optional(
                        "IPForwarding",
                        nic.ip_forwarding.map(|on| if on { "Enabled" } else { "Disabled" }),
                    );
                });
            }
        });
    }
    writer.optional("NetworkSecurityGroup", network.security_group.as_deref());
    writer.optional(
        "IPForwarding",
        network.ip_forwarding.map(|on| if on { "Enabled" } else { "Disabled" }),
    );
}

/// Private values are never given back (SM 10.4).
fn write_extension(writer: &mut Writer, extension: &ExtensionReference) {
    writer.text("ReferenceName", &extension.reference);
    writer.text("Publisher", &extension.publisher);
    writer.text("Name", &extension.name);
    writer.text("Version", &extension.version);
    writer.element("ResourceExtensionParameterValues", |writer| {
        for parameter in extension.parameters.iter().filter(|own| !own.private) {
            writer.element("ResourceExtensionParameterValue", |writer| {
                writer.text("Key", &parameter.key);
                writer.text("Value", &parameter.value);
                writer.text("Type", "Public");
            });
        }
    });
    writer.text("State", extension.state.as_deref().unwrap_or("Enable"));
}

/// LUN 0 is left out (SM 1.6).
fn write_data_disk(writer: &mut Writer, disk: &DataDisk) {
    writer.text("HostCaching", &disk.caching);
    writer.optional("DiskLabel", disk.label.as_deref());
    writer.text("DiskName", &disk.name);
    writer.optional("Lun", (disk.lun != 0).then_some(disk.lun));
    writer.text("LogicalDiskSizeInGB", disk.size_gb);
    writer.text("MediaLink", &disk.media_link);
    writer.text("IOType", if disk.premium { "Provisioned" } else { "Standard" });
}

/// Service, deployment and role of a path.
pub(super) fn place(asked: &Asked<'_>) -> RolePlace {
    (asked.boxed("service"), asked.boxed("deployment"), asked.boxed("role"))
}

fn add(asked: &mut Asked<'_>) -> Result<Answer, Failure> {
    let body = asked.body(ROLE.name)?;
    let role = Box::new(decode(&body)?);
    let act = Act::AddRole {
        service: asked.boxed("service"),
        deployment: asked.boxed("deployment"),
        role,
    };
    Ok(Answer::accepted(asked.perform(act)?))
}

fn show(asked: &mut Asked<'_>) -> Result<Answer, Failure> {
    let asked = &*asked;
    let role = find(asked)?.1.role(asked.param("role"))?;
    Ok(Answer::ok(Writer::root("PersistentVMRole", |writer| {
        write(writer, role, None)
    })))
}

fn update(asked: &mut Asked<'_>) -> Result<Answer, Failure> {
    let body = asked.body(ROLE.name)?;
    let act = Act::UpdateRole {
        place: place(asked),
        role: Box::new(decode(&body)?),
    };
    Ok(Answer::accepted(asked.perform(act)?))
}

fn delete(asked: &mut Asked<'_>) -> Result<Answer, Failure> {
    let act = Act::DeleteRole {
        place: place(asked),
        media: asked.media(),
    };
    Ok(Answer::accepted(asked.perform(act)?))
}

fn lun(asked: &Asked<'_>) -> Result<u32, Failure> {
    asked.param("lun").parse().map_err(|_| Failure::of(&forms::PARAMETER))
}

fn attach(asked: &mut Asked<'_>) -> Result<Answer, Failure> {
    let body = asked.body(DATA_DISK.name)?;
    let disk: AttachDataDisk = data_disk(&body)?;
    let act = Act::AddDataDisk {
        place: place(asked),
        disk: Box::new(disk),
    };
    Ok(Answer::accepted(asked.perform(act)?))
}

fn show_disk(asked: &mut Asked<'_>) -> Result<Answer, Failure> {
    let asked = &*asked;
    let disk = find(asked)?.1.role(asked.param("role"))?.data_disk(lun(asked)?)?;
    Ok(Answer::ok(Writer::root("DataVirtualHardDisk", |writer| {
        write_data_disk(writer, disk)
    })))
}

fn update_disk(asked: &mut Asked<'_>) -> Result<Answer, Failure> {
    let body = asked.body(DATA_DISK.name)?;
    let spec = data_disk(&body)?;
    let disk = UpdateDataDisk {
        caching: spec.caching,
        label: spec.label,
        lun: spec.lun,
    };
    let act = Act::UpdateDataDisk {
        place: place(asked),
        lun: lun(asked)?,
        disk,
    };
    Ok(Answer::accepted(asked.perform(act)?))
}

fn detach(asked: &mut Asked<'_>) -> Result<Answer, Failure> {
    let act = Act::DeleteDataDisk {
        place: place(asked),
        lun: lun(asked)?,
        media: asked.media(),
    };
    Ok(Answer::accepted(asked.perform(act)?))
}
