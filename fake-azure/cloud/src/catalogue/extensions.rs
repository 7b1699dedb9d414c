//! Virtual machine extensions that publishers offer.
//!
//! Names and versions are those that recordings list or machines asked for (observed-arm); which configuration an
//! extension takes is not known here.

use super::compare_versions;
use super::images::OsType;

/// A publisher of extensions.
#[derive(Debug, PartialEq, Eq)]
pub struct ExtensionPublisher {
    /// `Microsoft.Compute`.
    pub name: &'static str,
    /// Its types, by name.
    pub types: &'static [ExtensionType],
}

/// A type of extension.
#[derive(Debug, PartialEq, Eq)]
pub struct ExtensionType {
    /// `CustomScriptExtension`.
    pub name: &'static str,
    /// The system it runs on. The catalogue of the day says `Windows` for some early versions of Linux ones.
    pub os: OsType,
    /// Versions, oldest first.
    pub versions: &'static [&'static str],
}

impl ExtensionPublisher {
    /// A type by name; case does not count.
    pub fn find_type(&self, name: &str) -> Option<&'static ExtensionType> {
        self.types.iter().find(|kind| kind.name.eq_ignore_ascii_case(name))
    }
}

impl ExtensionType {
    /// The newest version of a `typeHandlerVersion`: of `1.4` the newest `1.4.x` or, with `auto_upgrade`, the newest `1.x`.
    pub fn newest(&self, handler_version: &str, auto_upgrade: bool) -> Option<&'static str> {
        let mut parts = handler_version.split('.');
        let (major, minor) = (parts.next()?, parts.next());
        let is_match = |version: &&&str| {
            let mut own = version.split('.');
            own.next() == Some(major) && (auto_upgrade || minor.is_none() || own.next() == minor)
        };
        let newer = |version: &&&str| compare_versions(version, handler_version).is_ge();
        self.versions
            .iter()
            .filter(is_match)
            .filter(newer)
            .max_by(|a, b| compare_versions(a, b))
            .copied()
    }
}

/// A publisher by name; case does not count.
pub fn find_publisher(name: &str) -> Option<&'static ExtensionPublisher> {
    PUBLISHERS
        .iter()
        .find(|publisher| publisher.name.eq_ignore_ascii_case(name))
}

/// A type by the names on its way; case does not count.
pub fn find(publisher: &str, name: &str) -> Option<&'static ExtensionType> {
    find_publisher(publisher)?.find_type(name)
}

const fn kind(name: &'static str, os: OsType, versions: &'static [&'static str]) -> ExtensionType {
    ExtensionType { name, os, versions }
}

/// Every publisher, by name without regard to case.
#[rustfmt::skip]
pub static PUBLISHERS: &[ExtensionPublisher] = &[
    ExtensionPublisher {
        name: "Chef.Bootstrap.WindowsAzure",
        types: &[
            kind("CentosChefClient", OsType::Linux, &["11.12.4.2", "11.14.6.1"]),
            kind("ChefClient", OsType::Windows, &[
                "11.10.4", "11.12.0.0", "11.18.6.2", "1207.12.3.0", "1210.12.109.1003", "1210.12.109.1004",
                "1210.12.109.1005", "1210.12.110.1000", "1210.12.110.1001", "1210.12.110.1002", "1210.13.1.0",
                "1210.13.1.1", "1210.13.2.1", "1210.13.2.2", "1210.13.2.3", "1210.13.3.1", "1210.13.3.2",
                "1210.13.3.3", "1210.13.4.1",
            ]),
            kind("LinuxChefClient", OsType::Linux, &[
                "11.18.6.2", "1207.12.3.0", "1210.12.109.1003", "1210.12.109.1004", "1210.12.110.1000",
                "1210.12.110.1001", "1210.12.110.1002", "1210.13.1.0", "1210.13.1.1", "1210.13.2.1", "1210.13.2.2",
                "1210.13.2.3", "1210.13.3.1", "1210.13.3.2", "1210.13.3.3", "1210.13.4.1",
            ]),
        ],
    },
    ExtensionPublisher {
        name: "Microsoft.Azure.Diagnostics",
        types: &[
            kind("IaaSDiagnostics", OsType::Windows, &[
                "1.1.0.0", "1.2.0.0", "1.3.1.6", "1.4.2.1", "1.5.9.0", "1.6.2.0", "1.6.3.0", "1.6.4.0", "1.7.1.0",
                "1.7.3.0", "1.7.4.0", "1.8.0.0", "1.8.1.0", "1.9.0.0",
            ]),
            kind("LinuxDiagnostic", OsType::Linux, &["3.0.101", "3.0.103", "3.0.107", "3.0.111", "4.0.27"]),
        ],
    },
    ExtensionPublisher {
        name: "Microsoft.Azure.Extensions",
        types: &[
            kind("CustomScript", OsType::Linux, &[
                "2.0.0", "2.0.1", "2.0.2", "2.0.3", "2.0.4", "2.0.5", "2.0.6", "2.0.7", "2.1.1", "2.1.2", "2.1.3",
            ]),
            kind("DockerExtension", OsType::Linux, &[
                "1.0.1512030601", "1.1.1512090359", "1.1.1512180541", "1.1.1601070410", "1.1.1601140348",
                "1.1.1602270800", "1.1.1604142300", "1.1.1606092330", "1.2.0", "1.2.2",
            ]),
            kind("FixEmulatedIO", OsType::Windows, &["1.0.0"]),
            kind("FixLinuxDiagnostic", OsType::Linux, &["1.0.0"]),
            kind("GuestActionForLinux", OsType::Linux, &["1.0.0"]),
            kind("GuestActionForWindows", OsType::Windows, &["1.0.0"]),
            kind("LinuxAsm", OsType::Linux, &[
                "2.0.1", "2.1.0", "2.1.1", "2.2.0", "2.2.1", "2.2.2", "2.2.3", "2.2.4", "2.2.5",
            ]),
        ],
    },
    ExtensionPublisher {
        name: "Microsoft.Azure.NetworkWatcher",
        types: &[
            kind("NetworkWatcherAgentLinux", OsType::Linux, &["1.4.13.0", "1.4.20.0", "1.4.306.5"]),
            kind("NetworkWatcherAgentWindows", OsType::Windows, &["1.4.20.0", "1.4.306.5"]),
        ],
    },
    ExtensionPublisher {
        name: "Microsoft.Azure.RecoveryServices",
        types: &[
            kind("VMSnapshot", OsType::Windows, &["1.0.20.0", "1.0.21.0", "1.0.22.0", "1.0.23.0"]),
            kind("VMSnapshotLinux", OsType::Linux, &["1.0.9110.0", "1.0.9111.0", "1.0.9112.0", "1.0.9113.0"]),
        ],
    },
    ExtensionPublisher {
        name: "Microsoft.Azure.Security",
        types: &[
            kind("ADEForLinuxTest", OsType::Linux, &["0.1.0.999298", "0.1.0.999299"]),
            kind("ADETest", OsType::Windows, &["1.4.0.2", "1.4.0.3", "1.4.0.4", "2.0.0.0", "2.0.0.1", "2.0.0.2"]),
            kind("ADETestWire", OsType::Windows, &["1.0.0.0"]),
            kind("AzureDiskEncryption", OsType::Windows, &["1.0.0.0", "1.1.0.0", "1.1.0.1", "1.1.0.2", "2.2.0.1"]),
            kind("AzureDiskEncryptionForLinux", OsType::Linux, &[
                "0.1.0.999195", "0.1.0.999283", "0.1.0.999297", "1.1.0.17",
            ]),
            kind("AzureDiskEncryptionForLinuxTest", OsType::Linux, &["0.1.0.999300", "1.0.0.4"]),
            kind("IaaSAntimalware", OsType::Windows, &[
                "1.0.0.0", "1.1.0.0", "1.2.0.0", "1.3.0.2", "1.4.0.0", "1.5.2.0", "1.5.4.2", "1.5.4.3",
            ]),
            kind("VMBackupForLinuxExtension", OsType::Linux, &["0.1.0.995"]),
        ],
    },
    ExtensionPublisher {
        name: "Microsoft.Compute",
        types: &[
            kind("BGInfo", OsType::Windows, &["2.1"]),
            kind("CustomScriptExtension", OsType::Windows, &[
                "1.0.1", "1.0.3", "1.1", "1.2", "1.3", "1.4", "1.7", "1.8", "1.9", "1.10.12",
            ]),
            kind("JsonADDomainExtension", OsType::Windows, &["1.0", "1.3", "1.3.6"]),
            kind("VMAccessAgent", OsType::Windows, &["2.0", "2.0.1", "2.0.2", "2.3"]),
        ],
    },
    ExtensionPublisher {
        name: "Microsoft.EnterpriseCloud.Monitoring",
        types: &[
            kind("MicrosoftMonitoringAgent", OsType::Windows, &["1.0.11049.0", "1.0.11049.1", "1.0.11049.2"]),
            kind("OmsAgentForLinux", OsType::Linux, &["1.0.217.0", "1.2.148.0", "1.3.18.4", "1.3.18.7", "1.3.127.5"]),
        ],
    },
    ExtensionPublisher {
        name: "Microsoft.HpcCompute",
        types: &[
            kind("HpcVmDrivers", OsType::Windows, &["1.1.0.0", "1.1.1.1", "1.1.2.0", "1.1.3.0"]),
            kind("NvidiaGpuDriverLinux", OsType::Linux, &["1.3.0.0"]),
        ],
    },
    ExtensionPublisher {
        name: "Microsoft.ManagedIdentity",
        types: &[
            kind("ManagedIdentityExtensionForLinux", OsType::Linux, &["1.0.0.1"]),
            kind("ManagedIdentityExtensionForWindows", OsType::Windows, &["1.0.0.1"]),
        ],
    },
    ExtensionPublisher {
        name: "Microsoft.OSTCExtensions",
        types: &[
            kind("AzureDiskEncryptionForLinux", OsType::Linux, &["0.1.0.999105"]),
            kind("AzureEnhancedMonitorForLinux", OsType::Linux, &[
                "2.0.0.2", "3.0.0.1", "3.0.0.5", "3.0.0.97", "3.0.0.98", "3.0.0.99", "3.0.1.0",
            ]),
            kind("CustomScriptForLinux", OsType::Linux, &[
                "1.0", "1.0.1", "1.1", "1.1.1", "1.2.1.0", "1.2.2.0", "1.3.0.0", "1.3.0.1", "1.3.0.2", "1.4.0.0",
                "1.4.1.0", "1.5.2.0", "1.5.2.1", "1.5.2.2", "1.5.3", "1.5.4", "1.5.5",
            ]),
            kind("DSCForLinux", OsType::Linux, &[
                "1.0.0.0", "2.0.0.0", "2.1.0.0", "2.2.0.0", "2.3.0.0", "2.4.0.0", "2.5.0.0", "2.6.0.0", "2.70.0.1",
                "2.70.0.2", "2.70.0.3", "2.70.0.4", "2.70.0.7", "2.70.0.8", "2.70.0.10", "2.70.0.12",
            ]),
            kind("LinuxDiagnostic", OsType::Linux, &[
                "2.0.9005", "2.0.9023", "2.1.9005", "2.1.9023", "2.2.9005", "2.2.9023", "2.3.9013", "2.3.9015",
                "2.3.9017", "2.3.9021", "2.3.9023", "2.3.9025", "2.3.9027", "2.3.9029",
            ]),
            kind("Null", OsType::Linux, &[
                "1.0.0.0", "1.0.0.3", "1.0.1.0", "1.0.2.0", "1.0.3.0", "1.1.0.0", "1.2.0.0", "1.3.0.0", "2.0.0.0",
                "2.1.0.0",
            ]),
            kind("OSPatchingForLinux", OsType::Linux, &[
                "1.0", "1.0.1.1", "2.0.0.0", "2.0.0.1", "2.0.0.2", "2.0.0.5", "2.1.0.0", "2.2.0.0", "2.3.0.1",
                "2.3.1.0",
            ]),
            kind("RDMAUpdateForLinux", OsType::Linux, &["0.1.0.9"]),
            kind("VMAccessForLinux", OsType::Linux, &[
                "1.0", "1.1", "1.2", "1.3.0.1", "1.4.0.0", "1.4.1.0", "1.4.2.0", "1.4.3.0", "1.4.4.0", "1.4.5.0",
                "1.4.6.0", "1.4.7.0", "1.4.7.1", "1.5.0", "1.5.1", "1.5.2", "1.5.3", "1.5.4", "1.5.6", "1.5.8",
                "1.5.10",
            ]),
            kind("VMBackupForLinuxExtension", OsType::Linux, &["0.1.0.993"]),
        ],
    },
    ExtensionPublisher {
        name: "Microsoft.Powershell",
        types: &[
            kind("DSC", OsType::Windows, &[
                "2.4.0.0", "2.5.0.0", "2.6.0.0", "2.7.0.0", "2.8.0.0", "2.9.1.0", "2.10.0.0", "2.13.2.0",
                "2.14.0.0", "2.15.0.0", "2.16.0.0", "2.17.0.0", "2.18.0.0", "2.19.0.0", "2.20.0.0", "2.21.0.0",
                "2.22.0.0", "2.23.0.0", "2.24.0.0", "2.83.2.0",
            ]),
        ],
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn publishers_and_types_are_sorted_and_versions_oldest_first() {
        let folded = |name: &'static str| name.to_ascii_lowercase();
        assert!(PUBLISHERS.is_sorted_by_key(|publisher| folded(publisher.name)));
        for publisher in PUBLISHERS {
            assert!(
                publisher.types.is_sorted_by_key(|kind| folded(kind.name)),
                "{}",
                publisher.name
            );
            for kind in publisher.types {
                assert!(
                    kind.versions.is_sorted_by(|a, b| compare_versions(a, b).is_lt()),
                    "{}",
                    kind.name
                );
            }
        }
    }

    #[test]
    fn extensions_that_recorded_machines_asked_for_resolve() {
        for (publisher, name, version) in [
            ("Microsoft.OSTCExtensions", "CustomScriptForLinux", "1.4"),
            ("Chef.Bootstrap.WindowsAzure", "ChefClient", "1210.12"),
            ("Microsoft.Azure.NetworkWatcher", "NetworkWatcherAgentLinux", "1.4"),
            ("Microsoft.Azure.Security", "AzureDiskEncryption", "1.1"),
            ("Microsoft.Azure.Security", "AzureDiskEncryption", "2.2"),
            ("Microsoft.Azure.Security", "AzureDiskEncryptionForLinux", "1.1"),
            ("microsoft.compute", "bginfo", "2.1"),
            ("Microsoft.ManagedIdentity", "ManagedIdentityExtensionForLinux", "1.0"),
            ("Microsoft.OSTCExtensions", "LinuxDiagnostic", "2.3"),
            ("Microsoft.Azure.Extensions", "DockerExtension", "1.0"),
            ("Microsoft.Azure.Diagnostics", "IaaSDiagnostics", "1.5"),
            ("Microsoft.Compute", "VMAccessAgent", "2.0"),
            ("Microsoft.Compute", "CustomScriptExtension", "1.4"),
            ("Microsoft.Azure.Extensions", "CustomScript", "2.0"),
        ] {
            let kind = find(publisher, name).expect("the type exists");
            assert!(kind.newest(version, false).is_some(), "{publisher} {name} {version}");
        }
    }

    #[test]
    fn auto_upgrade_takes_the_newest_minor_version_of_the_major_one() {
        let script = find("Microsoft.Azure.Extensions", "CustomScript").expect("the type exists");
        assert_eq!(script.newest("2.0", false), Some("2.0.7"));
        assert_eq!(script.newest("2.0", true), Some("2.1.3"));
        assert_eq!(script.newest("3.0", true), None);
    }
}
