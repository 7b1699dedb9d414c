//! Public images of the classic API: OS images and VM images.
//!
//! Names, families and sizes as recordings show or use them (SM 10.1, 10.2); user images are state, not catalogue.
//! Images that recordings only name in a request carry a label and a date read off the name.

use super::images::OsType;

/// A public image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClassicImage {
    /// `b39f27a8b8c64d52b05eac6a62ebad85__Ubuntu-14_04-LTS-amd64-server-20140724-en-us-30GB`.
    pub name: &'static str,
    /// Label.
    pub label: &'static str,
    /// The operating system.
    pub os: OsType,
    /// The size of the OS disk in GB.
    pub size_gb: u32,
    /// `ImageFamily`; may be empty.
    pub family: &'static str,
    /// `PublisherName`.
    pub publisher: &'static str,
    /// `PublishedDate`, as printed; may be empty.
    pub published: &'static str,
    /// `RecommendedVMSize`.
    pub recommended_size: Option<&'static str>,
    /// `IsPremium`: whether its use costs.
    pub premium: bool,
    /// `None` for an OS image; what a VM image has more than an OS image.
    pub machine: Option<MachineImage>,
}

/// What a VM image has more than an OS image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MachineImage {
    /// Sizes of its data disks in GB, by LUN.
    pub data_disks_gb: &'static [u32],
    /// Whether its system wants to be provisioned.
    pub os_state: OsState,
}

/// `OSState` of a VM image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OsState {
    /// Wants provisioning data.
    Generalized,
    /// Starts as it is.
    Specialized,
}

impl OsState {
    /// As printed.
    pub const fn as_str(self) -> &'static str {
        match self {
            OsState::Generalized => "Generalized",
            OsState::Specialized => "Specialized",
        }
    }
}

/// OS images, by name (`GET /services/images`).
pub fn os_images() -> impl Iterator<Item = &'static ClassicImage> {
    CLASSIC_IMAGES.iter().filter(|image| image.machine.is_none())
}

/// VM images, by name (`GET /services/vmimages`).
pub fn vm_images() -> impl Iterator<Item = &'static ClassicImage> {
    CLASSIC_IMAGES.iter().filter(|image| image.machine.is_some())
}

/// Finds an OS image by name; case does not count.
pub fn find_os_image(name: &str) -> Option<&'static ClassicImage> {
    os_images().find(|image| image.name.eq_ignore_ascii_case(name))
}

/// Finds a VM image by name; case does not count.
pub fn find_vm_image(name: &str) -> Option<&'static ClassicImage> {
    vm_images().find(|image| image.name.eq_ignore_ascii_case(name))
}

const fn os(
    name: &'static str,
    label: &'static str,
    os: OsType,
    size_gb: u32,
    family: &'static str,
    publisher: &'static str,
    published: &'static str,
) -> ClassicImage {
    ClassicImage {
        name,
        label,
        os,
        size_gb,
        family,
        publisher,
        published,
        recommended_size: None,
        premium: false,
        machine: None,
    }
}

impl ClassicImage {
    const fn recommends(mut self, size: &'static str) -> ClassicImage {
        self.recommended_size = Some(size);
        self
    }

    const fn premium(mut self) -> ClassicImage {
        self.premium = true;
        self
    }

    const fn machine(mut self, data_disks_gb: &'static [u32], os_state: OsState) -> ClassicImage {
        self.machine = Some(MachineImage {
            data_disks_gb,
            os_state,
        });
        self
    }
}

/// OS images by name, then VM images by name.
#[rustfmt::skip]
static CLASSIC_IMAGES: &[ClassicImage] = &[
    os("03f55de797f546a1b29d1b8d66be687a__Azure-Jenkins-012-2016-12-19", "Azure-Jenkins-012", OsType::Linux, 30, "Azure-Jenkins-012", "Microsoft Visual Studio Group", "2016-12-19T08:00:00Z").recommends("Standard_D1_v2"),
    os("03f55de797f546a1b29d1b8d66be687a__CoreCLR-x64-Beta5-Linux-PartsUnlimited-Demo-App-201504.29", "CoreCLR x64 Beta5 (11624) with PartsUnlimited Demo App on Ubuntu Server 14.04 LTS", OsType::Linux, 30, "CoreCLR x64 Beta5 (11624) with PartsUnlimited Demo App on Ubuntu Server 14.04 LTS", "Microsoft Visual Studio Group", "2015-04-29T07:00:00Z").recommends("Standard_D1"),
    os("03f55de797f546a1b29d1b8d66be687a__Team-Foundation-Server-2013-Update4-WS2012R2", "Team Foundation Server 2013 Update 4 on Windows Server 2012 R2", OsType::Windows, 128, "Team Foundation Server 2013 Update 4 on Windows Server 2012 R2", "Microsoft Visual Studio Group", "2014-11-12T08:00:00Z").recommends("Medium"),
    os("03f55de797f546a1b29d1b8d66be687a__Team-Foundation-Server-2013-Update4-WS2012R2-201503.20", "Team Foundation Server 2013 Update 4 on Windows Server 2012 R2", OsType::Windows, 128, "Team Foundation Server 2013 Update 4 on Windows Server 2012 R2", "Microsoft Visual Studio Group", "2015-03-20T07:00:00Z").recommends("Medium"),
    os("03f55de797f546a1b29d1b8d66be687a__Team-Foundation-Server-2013-Update4-WS2012R2-201503.27", "Team Foundation Server 2013 Update 4 on Windows Server 2012 R2", OsType::Windows, 128, "Team Foundation Server 2013 Update 4 on Windows Server 2012 R2", "Microsoft Visual Studio Group", "2015-03-27T07:00:00Z").recommends("Medium"),
    os("03f55de797f546a1b29d1b8d66be687a__VS-2013-Comm-VSU5-AzureSDK-29-WS2012R2-2017-03-08", "VS 2013 Comm VSU5 AzureSDK 29 WS2012R2 2017 03 08", OsType::Windows, 127, "VS 2013 Comm VSU5 AzureSDK 29 WS2012R2 2017 03 08", "Microsoft Visual Studio Group", "2017-03-08T00:00:00Z"),
    os("03f55de797f546a1b29d1b8d66be687a__VS-2013-Community-VSU5-AzureSDK-2.7-WS2012R2", "Visual Studio Community 2013 Update 5 with Azure 2.7 on Windows Server 2012 R2", OsType::Windows, 128, "Visual Studio Community 2013 Update 5 with Azure 2.7 on Windows Server 2012 R2", "Microsoft Visual Studio Group", "2015-07-20T07:00:00Z").recommends("Standard_D2"),
    os("03f55de797f546a1b29d1b8d66be687a__VS-2013-Community-VSU5-Cordova-CTP3.2-AzureSDK-2.7-WS2012R2", "Visual Studio Community 2013 Update 5 with Tools for Apache Cordova CTP 3.2 on Windows Server 2012 R2", OsType::Windows, 128, "Visual Studio Community 2013 Update 5 with Tools for Apache Cordova CTP 3.2 on Windows Server 2012 R2", "Microsoft Visual Studio Group", "2015-08-11T07:00:00Z").recommends("Medium"),
    os("03f55de797f546a1b29d1b8d66be687a__VS-2015-Comm-VSU3-AzureSDK-29-WS2012R2-2017-05-17", "Visual Studio Community 2015 Update 3 with Azure SDK 2.9 on Windows Server 2012 R2", OsType::Windows, 128, "Visual Studio Community 2015 Update 3 with Azure SDK 2.9 on Windows Server 2012 R2", "Microsoft Visual Studio Group", "2017-05-17T07:00:00Z").recommends("Standard_D2"),
    os("03f55de797f546a1b29d1b8d66be687a__VS-2015-Community-AzureSDK-2.7-WS2012R2", "Visual Studio Community 2015 with Azure SDK 2.7 on Windows Server 2012 R2", OsType::Windows, 128, "Visual Studio Community 2015 with Azure SDK 2.7 on Windows Server 2012 R2", "Microsoft Visual Studio Group", "2015-07-20T07:00:00Z").recommends("Standard_D2"),
    os("03f55de797f546a1b29d1b8d66be687a__VS-2015-Ent-VSU3-AzureSDK-29-WS2012R2-2017-05-17", "Visual Studio Enterprise 2015 Update 3 with Azure SDK 2.9 on Windows Server 2012 R2", OsType::Windows, 128, "Visual Studio Enterprise 2015 Update 3 with Azure SDK 2.9 on Windows Server 2012 R2", "Microsoft Visual Studio Group", "2017-05-17T07:00:00Z").recommends("Standard_D2"),
    os("03f55de797f546a1b29d1b8d66be687a__VS-2015-Enterprise-AzureSDK-2.7-WS2012R2", "Visual Studio Enterprise 2015 with Azure SDK 2.7 on Windows Server 2012 R2", OsType::Windows, 128, "Visual Studio Enterprise 2015 with Azure SDK 2.7 on Windows Server 2012 R2", "Microsoft Visual Studio Group", "2015-07-20T07:00:00Z").recommends("Standard_D2"),
    os("03f55de797f546a1b29d1b8d66be687a__VS-2017-Comm-WS2016-2017-04-25", "Visual Studio Community 2017 on Windows Server 2016 (x64)", OsType::Windows, 127, "Visual Studio Community 2017 on Windows Server 2016 (x64)", "Microsoft Visual Studio Group", "2017-04-25T07:00:00Z").recommends("Standard_D2"),
    os("03f55de797f546a1b29d1b8d66be687a__VS-2017-Comm-WS2016-2017-05-24", "Visual Studio Community 2017 on Windows Server 2016 (x64)", OsType::Windows, 127, "Visual Studio Community 2017 on Windows Server 2016 (x64)", "Microsoft Visual Studio Group", "2017-05-24T07:00:00Z").recommends("Standard_D2"),
    os("03f55de797f546a1b29d1b8d66be687a__VS-2017-Comm-v152-WS2016-2017-05-09", "Visual Studio Community 2017 (version 15.2) on Windows Server 2016 (x64)", OsType::Windows, 127, "Visual Studio Community 2017 (version 15.2) on Windows Server 2016 (x64)", "Microsoft Visual Studio Group", "2017-05-09T07:00:00Z").recommends("Standard_D2"),
    os("03f55de797f546a1b29d1b8d66be687a__VS-2017-Comm-v152-WS2016-2017-05-31", "Visual Studio Community 2017 (version 15.2) on Windows Server 2016 (x64)", OsType::Windows, 128, "Visual Studio Community 2017 (version 15.2) on Windows Server 2016 (x64)", "Microsoft Visual Studio Group", "2017-05-31T07:00:00Z").recommends("Standard_D2"),
    os("03f55de797f546a1b29d1b8d66be687a__VS-2017-Ent-WS2016-2017-04-25", "Visual Studio Enterprise 2017 on Windows Server 2016 (x64)", OsType::Windows, 127, "Visual Studio Enterprise 2017 on Windows Server 2016 (x64)", "Microsoft Visual Studio Group", "2017-04-25T07:00:00Z").recommends("Standard_D2"),
    os("03f55de797f546a1b29d1b8d66be687a__VS-2017-Ent-WS2016-2017-05-24", "Visual Studio Enterprise 2017 on Windows Server 2016 (x64)", OsType::Windows, 127, "Visual Studio Enterprise 2017 on Windows Server 2016 (x64)", "Microsoft Visual Studio Group", "2017-05-24T07:00:00Z").recommends("Standard_D2"),
    os("03f55de797f546a1b29d1b8d66be687a__Visual-Studio-2013-Community-12.0.31101.0-ApacheCordova-CTP3.0-AzureSDK-2.5-WS2012R2-201412.10", "Visual Studio Community 2013 with Tools for Apache Cordova CTP 3.0 on Windows Server 2012 R2", OsType::Windows, 128, "Visual Studio Community 2013 with Tools for Apache Cordova CTP 3.0 on Windows Server 2012 R2", "Microsoft Visual Studio Group", "2014-12-10T08:00:00Z").recommends("Medium"),
    os("03f55de797f546a1b29d1b8d66be687a__Visual-Studio-2013-Community-12.0.31101.0-ApacheCordova-CTP3.1-AzureSDK-2.6-WS2012R2-201505.27", "Visual Studio Community 2013 with Tools for Apache Cordova CTP 3.1 on Windows Server 2012 R2", OsType::Windows, 128, "Visual Studio Community 2013 with Tools for Apache Cordova CTP 3.1 on Windows Server 2012 R2", "Microsoft Visual Studio Group", "2015-05-27T07:00:00Z").recommends("Medium"),
    os("03f55de797f546a1b29d1b8d66be687a__Visual-Studio-2013-Community-12.0.31101.0-AzureSDK-2.5-WS2012R2-201502.23", "Visual Studio Community 2013 Update 4 on Windows Server 2012 R2", OsType::Windows, 128, "Visual Studio Community 2013 Update 4 on Windows Server 2012 R2", "Microsoft Visual Studio Group", "2015-02-23T08:00:00Z").recommends("Medium"),
    os("03f55de797f546a1b29d1b8d66be687a__Visual-Studio-2013-Community-12.0.31101.0-AzureSDK-2.6-WS2012R2", "Visual Studio Community 2013 Update 4 on Windows Server 2012 R2", OsType::Windows, 128, "Visual Studio Community 2013 Update 4 on Windows Server 2012 R2", "Microsoft Visual Studio Group", "2015-05-15T07:00:00Z").recommends("Medium"),
    os("03f55de797f546a1b29d1b8d66be687a__Visual-Studio-2013-Community-VSU4-AzureSDK-2.51-NTVS-1.0-WS2012R2", "Visual Studio Community 2013 Update 4 with Tools for Node.js on Windows Server 2012 R2", OsType::Windows, 128, "Visual Studio Community 2013 Update 4 with Tools for Node.js on Windows Server 2012 R2", "Microsoft Visual Studio Group", "2015-04-15T07:00:00Z").recommends("Medium"),
    os("03f55de797f546a1b29d1b8d66be687a__Visual-Studio-2015-Community-RC-AzureSDK-2.6-WS2012R2-201505.26", "Visual Studio Community 2015 RC with Azure SDK 2.6 on Windows Server 2012 R2", OsType::Windows, 128, "Visual Studio Community 2015 RC with Azure SDK 2.6 on Windows Server 2012 R2", "Microsoft Visual Studio Group", "2015-05-26T00:00:00Z").recommends("Standard_D2"),
    os("03f55de797f546a1b29d1b8d66be687a__Visual-Studio-2015-Ultimate-CTP6-14.0.22609.00-AzureSDK-2.5-Cordova-CTP3.0-WS2012R2", "Visual Studio Ultimate 2015 CTP 6 on Windows Server 2012 R2", OsType::Windows, 128, "Visual Studio Ultimate 2015 CTP 6 on Windows Server 2012 R2", "Microsoft Visual Studio Group", "2015-02-16T08:00:00Z").recommends("Medium"),
    os("03f55de797f546a1b29d1b8d66be687a__Visual-Studio-2015-Ultimate-Preview-14.0.22512.0-AzureSDK-2.5-WS2012R2-201501.12", "Visual Studio Ultimate 2015 CTP 5 on Windows Server 2012 R2", OsType::Windows, 128, "Visual Studio Ultimate 2015 CTP 5 on Windows Server 2012 R2", "Microsoft Visual Studio Group", "2015-01-14T08:00:00Z").recommends("Medium"),
    os("0b11de9248dd4d87b18621318e037d37__RightImage-CentOS-6.2-x64-v5.8.8.1", "RightImage CentOS 6.2 x64 v5.8.8.1", OsType::Linux, 10, "RightScale Linux v13", "RightScale with Linux", "2012-08-28T00:00:00Z"),
    os("0b11de9248dd4d87b18621318e037d37__RightImage-CentOS-6.3-x64-v5.8.8", "RightImage CentOS 6.3 x64 v5.8.8", OsType::Linux, 10, "RightScale Linux v13", "RightScale with Linux", "2012-08-28T00:00:00Z"),
    os("0b11de9248dd4d87b18621318e037d37__RightImage-CentOS-6.3-x64-v5.8.8.5", "RightImage CentOS 6.3 x64 v5.8.8.5", OsType::Linux, 10, "RightScale Linux v13", "RightScale with Linux", "2012-10-12T00:00:00Z"),
    os("0b11de9248dd4d87b18621318e037d37__RightImage-Ubuntu-12.04-x64-v13.4", "RightImage Ubuntu 12.04 x64 v13.4", OsType::Linux, 30, "RightImage Ubuntu 12.04 x64 v13.4", "RightScale with Linux", ""),
    os("0b11de9248dd4d87b18621318e037d37__RightImage-Ubuntu-14.04-x64-v14.2.1", "RightImage Ubuntu 14.04 x64 v14.2.1", OsType::Linux, 30, "RightImage Ubuntu 14.04 x64 v14.2.1", "RightScale with Linux", ""),
    os("3a50f22b388a4ff7ab41029918570fa6__Windows-Server-2012-Essentials-20131018-enus", "Windows Server 2012 Essentials 20131018 enus", OsType::Windows, 127, "Windows Server 2012 Essentials 20131018 enus", "Microsoft Windows Server Essentials Group", "2013-10-18T00:00:00Z"),
    os("5112500ae3b842c8b9c604889f8753c3__OpenLogic-CentOS-71-20150731", "OpenLogic 7.1", OsType::Linux, 30, "CentOS-based 7.1", "OpenLogic", "2015-07-31T00:00:00Z"),
    os("9b7cfe55da0349d5a8316a8cc4741f87__StorSimple-VirtualAppliance-1100-20141209", "StorSimple VirtualAppliance 1100 20141209", OsType::Windows, 127, "StorSimple VirtualAppliance 1100 20141209", "Microsoft StorSimple", "2014-12-09T00:00:00Z"),
    os("a699494373c04fc0bc8f2bb1389d6106__Win2K8R2SP1-Datacenter-201504.01-en.us-127GB.vhd", "Windows Server 2008 R2 SP1", OsType::Windows, 127, "Windows Server 2008 R2 SP1", "Microsoft Windows Server Group", "2015-04-01T07:00:00Z"),
    os("a699494373c04fc0bc8f2bb1389d6106__Windows-Server-2012-Datacenter-201409.01-en.us-127GB.vhd", "Windows Server 2012 Datacenter", OsType::Windows, 127, "Windows Server 2012 Datacenter", "Microsoft Windows Server Group", "2014-09-01T07:00:00Z"),
    os("a699494373c04fc0bc8f2bb1389d6106__Windows-Server-2012-R2-201503.01-en.us-127GB.vhd", "Windows Server 2012 R2 Datacenter", OsType::Windows, 127, "Windows Server 2012 R2 Datacenter", "Microsoft Windows Server Group", "2015-03-01T07:00:00Z"),
    os("a699494373c04fc0bc8f2bb1389d6106__Windows-Server-2012-R2-201504.01-en.us-127GB.vhd", "Windows Server 2012 R2 Datacenter", OsType::Windows, 127, "Windows Server 2012 R2 Datacenter", "Microsoft Windows Server Group", "2015-04-01T07:00:00Z"),
    os("a699494373c04fc0bc8f2bb1389d6106__Windows-Server-2012-R2-201505.01-en.us-127GB.vhd", "Windows Server 2012 R2 Datacenter", OsType::Windows, 127, "Windows Server 2012 R2 Datacenter", "Microsoft Windows Server Group", "2015-05-01T07:00:00Z"),
    os("a699494373c04fc0bc8f2bb1389d6106__Windows-Server-2012-R2-201506.01-en.us-127GB.vhd", "Windows Server 2012 R2 Datacenter", OsType::Windows, 127, "Windows Server 2012 R2 Datacenter", "Microsoft Windows Server Group", "2015-06-01T07:00:00Z"),
    os("a699494373c04fc0bc8f2bb1389d6106__Windows-Server-2012-R2-20150726-en.us-127GB.vhd", "Windows Server 2012 R2 Datacenter", OsType::Windows, 127, "Windows Server 2012 R2 Datacenter", "Microsoft Windows Server Group", "2015-07-01T07:00:00Z"),
    os("b39f27a8b8c64d52b05eac6a62ebad85__Ubuntu-12_04_5-LTS-amd64-server-20150512-en-us-30GB", "Ubuntu Server 12.04.5 LTS", OsType::Linux, 30, "Ubuntu Server 12.04 LTS", "Canonical", "2015-05-12T00:00:00Z"),
    os("b39f27a8b8c64d52b05eac6a62ebad85__Ubuntu-12_04_5-LTS-amd64-server-20150615-en-us-30GB", "Ubuntu Server 12.04.5 LTS", OsType::Linux, 30, "Ubuntu Server 12.04 LTS", "Canonical", "2015-06-15T00:00:00Z"),
    os("b39f27a8b8c64d52b05eac6a62ebad85__Ubuntu-12_04_5-LTS-amd64-server-20150730.1-en-us-30GB", "Ubuntu Server 12.04.5 LTS", OsType::Linux, 30, "Ubuntu Server 12.04 LTS", "Canonical", "2015-07-30T00:00:00Z"),
    os("b39f27a8b8c64d52b05eac6a62ebad85__Ubuntu-12_04_5-LTS-amd64-server-20151113-en-us-30GB", "Ubuntu Server 12.04.5 LTS", OsType::Linux, 30, "Ubuntu Server 12.04 LTS", "Canonical", "2015-11-13T00:00:00Z"),
    os("b39f27a8b8c64d52b05eac6a62ebad85__Ubuntu-14_04-LTS-amd64-server-20140724-en-us-30GB", "Ubuntu Server 14.04 LTS", OsType::Linux, 30, "Ubuntu Server 14.04 LTS", "Canonical", "2014-07-24T00:00:00Z"),
    os("b39f27a8b8c64d52b05eac6a62ebad85__Ubuntu-14_04_2-LTS-amd64-server-20150506-en-us-30GB", "Ubuntu Server 14.04.2 LTS", OsType::Linux, 30, "Ubuntu Server 14.04 LTS", "Canonical", "2015-05-06T00:00:00Z"),
    os("b39f27a8b8c64d52b05eac6a62ebad85__Ubuntu-14_04_2_LTS-amd64-server-20150309-en-us-30GB", "Ubuntu Server 14.04.2 LTS", OsType::Linux, 30, "Ubuntu Server 14.04 LTS", "Canonical", "2015-03-09T00:00:00Z"),
    os("b39f27a8b8c64d52b05eac6a62ebad85__Ubuntu-14_04_3-LTS-amd64-server-20150805-en-us-30GB", "Ubuntu Server 14.04.3 LTS", OsType::Linux, 30, "Ubuntu Server 14.04 LTS", "Canonical", "2015-08-05T00:00:00Z"),
    os("b39f27a8b8c64d52b05eac6a62ebad85__Ubuntu-14_04_3-LTS-amd64-server-20160114.5-en-us-30GB", "Ubuntu Server 14.04.3 LTS", OsType::Linux, 30, "Ubuntu Server 14.04 LTS", "Canonical", "2016-01-14T00:00:00Z"),
    os("b39f27a8b8c64d52b05eac6a62ebad85__Ubuntu-14_10-amd64-server-20150620-en-us-30GB", "Ubuntu Server 14.10", OsType::Linux, 30, "Ubuntu Server 14.10", "Canonical", "2015-06-20T00:00:00Z"),
    os("b39f27a8b8c64d52b05eac6a62ebad85__Ubuntu-15_10-amd64-server-20160114.1-en-us-30GB", "Ubuntu Server 15.10", OsType::Linux, 30, "Ubuntu Server 15.10", "Canonical", "2016-01-14T00:00:00Z"),
    os("b39f27a8b8c64d52b05eac6a62ebad85__Ubuntu-16_04-LTS-amd64-server-20160516.1-en-us-30GB", "Ubuntu Server 16.04 LTS", OsType::Linux, 30, "Ubuntu Server 16.04 LTS", "Canonical", "2016-05-16T00:00:00Z"),
    os("b4590d9e3ed742e4a1d46e5424aa335e__suse-opensuse-13.2-v20160302", "suse opensuse 13.2 v20160302", OsType::Linux, 30, "suse opensuse 13.2 v20160302", "SUSE", "2016-03-02T00:00:00Z"),
    os("bd507d3a70934695bc2128e3e5a255ba__RightImage-Windows-2012-x64-iis8-v13.4.12.2", "RightImage Windows 2012 x64 iis8 v13.4.12.2", OsType::Windows, 127, "RightImage Windows 2012 x64 iis8 v13.4.12.2", "RightScale with Windows Server", ""),
    os("bd507d3a70934695bc2128e3e5a255ba__RightImage-Windows-2012-x64-iis8-v13.5", "RightImage Windows 2012 x64 iis8 v13.5", OsType::Windows, 127, "RightImage Windows 2012 x64 iis8 v13.5", "RightScale with Windows Server", ""),
    os("1acf693f34c74e86a50be61cb631ddfe__ClouderaGolden-202406-699696", "CDH 5.1 Evaluation", OsType::Linux, 30, "CDH 5.1 Evaluation", "Cloudera", "2014-10-27T04:00:00Z").recommends("Standard_D14").machine(&[], OsState::Specialized),
    os("d4a65b493c36471ba82b42d53fbd8063__Microsoft-Azure-Site-Recovery-Config-Server-Non-VPN-201507.06", "Microsoft Azure Site Recovery Configuration Server  Non-VPN", OsType::Windows, 128, "Microsoft Azure Site Recovery Configuration Server Non-VPN", "Microsoft Azure Site Recovery group", "2015-07-28T09:30:00Z").recommends("Large").machine(&[], OsState::Generalized),
    os("d4a65b493c36471ba82b42d53fbd8063__Microsoft-Azure-Site-Recovery-Config-Server-VPN-201507.06", "Microsoft Azure Site Recovery Configuration Server VPN", OsType::Windows, 128, "Microsoft Azure Site Recovery Configuration Server VPN", "Microsoft Azure Site Recovery group", "2015-07-28T09:30:00Z").recommends("Large").machine(&[], OsState::Generalized),
    os("d4a65b493c36471ba82b42d53fbd8063__Microsoft-Azure-Site-Recovery-Configuration-Server-201503.08", "Microsoft Azure Site Recovery Configuration Server", OsType::Windows, 128, "Microsoft Azure Site Recovery Configuration Server", "Microsoft Azure Site Recovery group", "2015-03-20T04:30:00Z").recommends("Large").machine(&[], OsState::Generalized),
    os("d4a65b493c36471ba82b42d53fbd8063__Microsoft-Azure-Site-Recovery-Configuration-Server-201507.02", "Microsoft Azure Site Recovery Configuration Server", OsType::Windows, 128, "Microsoft Azure Site Recovery Configuration Server", "Microsoft Azure Site Recovery group", "2015-07-03T09:30:00Z").recommends("Large").machine(&[], OsState::Generalized),
    os("d4a65b493c36471ba82b42d53fbd8063__Microsoft-Azure-Site-Recovery-Master-Target-Server-201503.08", "Microsoft Azure Site Recovery Master Target Server", OsType::Windows, 128, "Microsoft Azure Site Recovery Master Target Server", "Microsoft Azure Site Recovery group", "2015-03-20T04:30:00Z").recommends("ExtraLarge").machine(&[1023], OsState::Generalized),
    os("d4a65b493c36471ba82b42d53fbd8063__Microsoft-Azure-Site-Recovery-Master-Target-Server-201507.02", "Microsoft Azure Site Recovery Master Target Server", OsType::Windows, 128, "Microsoft Azure Site Recovery Master Target Server", "Microsoft Azure Site Recovery group", "2015-07-03T09:30:00Z").recommends("ExtraLarge").machine(&[1023], OsState::Generalized),
    os("d4a65b493c36471ba82b42d53fbd8063__Microsoft-Azure-Site-Recovery-Master-Target-Server-201507.06", "Microsoft Azure Site Recovery Master Target Server", OsType::Windows, 128, "Microsoft Azure Site Recovery Master Target Server", "Microsoft Azure Site Recovery group", "2015-07-28T09:30:00Z").recommends("ExtraLarge").machine(&[1023], OsState::Generalized),
    os("d4a65b493c36471ba82b42d53fbd8063__Microsoft-Azure-Site-Recovery-Process-Server-V2-201603.02", "Microsoft Azure Site Recovery Process Server V2", OsType::Windows, 128, "Microsoft Azure Site Recovery Process Server V2", "Microsoft Azure Site Recovery group", "2017-05-22T15:10:00Z").recommends("Large").machine(&[601], OsState::Generalized),
    os("d4a65b493c36471ba82b42d53fbd8063__Microsoft-Azure-Site-Recovery-Process-Server-V2-201603.03", "Microsoft Azure Site Recovery Process Server V2", OsType::Windows, 128, "Microsoft Azure Site Recovery Process Server V2", "Microsoft Azure Site Recovery group", "2017-05-16T08:37:00Z").recommends("Large").machine(&[601], OsState::Generalized),
    os("d4a65b493c36471ba82b42d53fbd8063__Microsoft-Azure-Site-Recovery-Process-Server-V2-201605.01", "Microsoft Azure Site Recovery Process Server V2", OsType::Windows, 128, "Microsoft Azure Site Recovery Process Server V2", "Microsoft Azure Site Recovery group", "2017-05-22T15:10:00Z").recommends("Large").machine(&[601], OsState::Generalized),
    os("d4a65b493c36471ba82b42d53fbd8063__Microsoft-Azure-Site-Recovery-Process-Server-V2-201605.02", "Microsoft Azure Site Recovery Process Server V2", OsType::Windows, 128, "Microsoft Azure Site Recovery Process Server V2", "Microsoft Azure Site Recovery group", "2017-05-16T06:37:00Z").recommends("Large").machine(&[601], OsState::Generalized),
    os("d4a65b493c36471ba82b42d53fbd8063__Microsoft-Azure-Site-Recovery-Process-Server-V2-201608.01", "Microsoft Azure Site Recovery Process Server V2", OsType::Windows, 128, "Microsoft Azure Site Recovery Process Server V2", "Microsoft Azure Site Recovery group", "2017-05-22T15:10:00Z").recommends("Large").machine(&[601], OsState::Generalized),
    os("d4a65b493c36471ba82b42d53fbd8063__Microsoft-Azure-Site-Recovery-Process-Server-V2-201608.02", "Microsoft Azure Site Recovery Process Server V2", OsType::Windows, 128, "Microsoft Azure Site Recovery Process Server V2", "Microsoft Azure Site Recovery group", "2017-05-22T15:10:00Z").recommends("Large").machine(&[601], OsState::Generalized),
    os("d4a65b493c36471ba82b42d53fbd8063__Microsoft-Azure-Site-Recovery-Process-Server-V2-201608.03", "Microsoft Azure Site Recovery Process Server V2", OsType::Windows, 128, "Microsoft Azure Site Recovery Process Server V2", "Microsoft Azure Site Recovery group", "2017-05-16T08:37:00Z").recommends("Large").machine(&[601], OsState::Generalized),
    os("d4a65b493c36471ba82b42d53fbd8063__Microsoft-Azure-Site-Recovery-Process-Server-V2-201608.04", "Microsoft Azure Site Recovery Process Server V2", OsType::Windows, 128, "", "Microsoft Azure Site Recovery group", "").machine(&[601], OsState::Generalized),
    os("d4a65b493c36471ba82b42d53fbd8063__Microsoft-Azure-Site-Recovery-Process-Server-V2-201612.01", "Microsoft Azure Site Recovery Process Server V2", OsType::Windows, 128, "Microsoft Azure Site Recovery Process Server V2", "Microsoft Azure Site Recovery group", "2017-05-22T15:10:00Z").recommends("Large").machine(&[601], OsState::Generalized),
    os("d4a65b493c36471ba82b42d53fbd8063__Microsoft-Azure-Site-Recovery-Process-Server-V2-201612.02", "Microsoft Azure Site Recovery Process Server V2", OsType::Windows, 128, "Microsoft Azure Site Recovery Process Server V2", "Microsoft Azure Site Recovery group", "2017-05-16T06:37:00Z").recommends("Large").machine(&[601], OsState::Generalized),
    os("d4a65b493c36471ba82b42d53fbd8063__Microsoft-Azure-Site-Recovery-Process-Server-V2-201701.01", "Microsoft Azure Site Recovery Process Server V2", OsType::Windows, 128, "Microsoft Azure Site Recovery Process Server V2", "Microsoft Azure Site Recovery group", "2017-05-22T15:10:00Z").recommends("Large").machine(&[601], OsState::Generalized),
    os("d4a65b493c36471ba82b42d53fbd8063__Microsoft-Azure-Site-Recovery-Process-Server-V2-201701.02", "Microsoft Azure Site Recovery Process Server V2", OsType::Windows, 128, "Microsoft Azure Site Recovery Process Server V2", "Microsoft Azure Site Recovery group", "2017-05-16T08:37:00Z").recommends("Large").machine(&[601], OsState::Generalized),
    os("d4a65b493c36471ba82b42d53fbd8063__Microsoft-Azure-Site-Recovery-Process-Server-V2-201702.01", "Microsoft Azure Site Recovery Process Server V2", OsType::Windows, 128, "Microsoft Azure Site Recovery Process Server V2", "Microsoft Azure Site Recovery group", "2017-05-22T15:10:00Z").recommends("Large").machine(&[601], OsState::Generalized),
    os("d4a65b493c36471ba82b42d53fbd8063__Microsoft-Azure-Site-Recovery-Process-Server-V2-201702.02", "Microsoft Azure Site Recovery Process Server V2", OsType::Windows, 128, "Microsoft Azure Site Recovery Process Server V2", "Microsoft Azure Site Recovery group", "2017-05-16T08:37:00Z").recommends("Large").machine(&[601], OsState::Generalized),
    os("d4a65b493c36471ba82b42d53fbd8063__Microsoft-Azure-Site-Recovery-Process-Server-V2-201703.01", "Microsoft Azure Site Recovery Process Server V2", OsType::Windows, 128, "Microsoft Azure Site Recovery Process Server V2", "Microsoft Azure Site Recovery group", "2017-05-22T15:10:00Z").recommends("Large").machine(&[601], OsState::Generalized),
    os("d4a65b493c36471ba82b42d53fbd8063__Microsoft-Azure-Site-Recovery-Process-Server-V2-201703.02", "Microsoft Azure Site Recovery Process Server V2", OsType::Windows, 128, "Microsoft Azure Site Recovery Process Server V2", "Microsoft Azure Site Recovery group", "2017-05-16T06:37:00Z").recommends("Large").machine(&[601], OsState::Generalized),
    os("d4a65b493c36471ba82b42d53fbd8063__Microsoft-Azure-Site-Recovery-Process-Server-V2-201705.01", "Microsoft Azure Site Recovery Process Server V2", OsType::Windows, 128, "Microsoft Azure Site Recovery Process Server V2", "Microsoft Azure Site Recovery group", "2017-05-08T11:00:00Z").recommends("ExtraLarge").machine(&[601], OsState::Generalized),
    os("d570a118449e48fdbe814fb54b36b60e__hdp215-16d-vm-image", "HDP 2.1.5 with 16 data disks", OsType::Linux, 30, "", "Hortonworks", "").machine(&[1023, 1023, 1023, 1023, 1023, 1023, 1023, 1023, 1023, 1023, 1023, 1023, 1023, 1023, 1023, 1023], OsState::Generalized),
    os("d570a118449e48fdbe814fb54b36b60e__hdp215-8d-vm-image", "HDP 2.1.5 with 8 data disks", OsType::Linux, 30, "", "Hortonworks", "").machine(&[1023, 1023, 1023, 1023, 1023, 1023, 1023, 1023], OsState::Generalized),
    os("d570a118449e48fdbe814fb54b36b60e__hwx232v6", "hwx232v6", OsType::Linux, 49, "", "Hortonworks", "").machine(&[], OsState::Generalized),
    os("d570a118449e48fdbe814fb54b36b60e__hwx24v2", "hwx24v2", OsType::Linux, 49, "", "Hortonworks", "").machine(&[], OsState::Generalized),
    os("d570a118449e48fdbe814fb54b36b60e__hwx24v4", "hwx24v4", OsType::Linux, 49, "", "Hortonworks", "").machine(&[], OsState::Generalized),
    os("d570a118449e48fdbe814fb54b36b60e__hwx24v5", "hwx24v5", OsType::Linux, 49, "", "Hortonworks", "").machine(&[], OsState::Generalized),
    os("d570a118449e48fdbe814fb54b36b60e__hwx24v6", "hwx24v6", OsType::Linux, 49, "", "Hortonworks", "").recommends("Standard_DS3").machine(&[], OsState::Generalized),
    os("d570a118449e48fdbe814fb54b36b60e__hwx25v4", "hwx24v4", OsType::Linux, 49, "", "Hortonworks", "").machine(&[], OsState::Generalized),
    os("d570a118449e48fdbe814fb54b36b60e__hwx25v7", "hwx25v7", OsType::Linux, 49, "", "Hortonworks", "").machine(&[], OsState::Generalized),
    os("d570a118449e48fdbe814fb54b36b60e__hwx_sandbox_2.2.4.2", "Hortonworks Sandbox with HDP 2.2.4-2", OsType::Linux, 49, "", "Hortonworks", "").machine(&[], OsState::Generalized),
    os("d570a118449e48fdbe814fb54b36b60e__hwx_sandbox_2.3.2v7", "hwx_sandbox_2.3.2v7_image", OsType::Linux, 49, "", "Hortonworks", "").machine(&[], OsState::Specialized),
    os("d570a118449e48fdbe814fb54b36b60e__hwx_sandbox_hdp_2.2", "Hortonworks Sandbox with HDP 2.2", OsType::Linux, 49, "", "Hortonworks", "").machine(&[], OsState::Generalized),
    os("d570a118449e48fdbe814fb54b36b60e__hwx_sandbox_hdp_2.2.4.2v2", "Hortonworks Sandbox with HDP 2.2.4-2v2", OsType::Linux, 49, "", "Hortonworks", "").machine(&[], OsState::Generalized),
    os("d570a118449e48fdbe814fb54b36b60e__hwx_sandbox_hdp_2.2.4.2v3", "Hortonworks Sandbox with HDP 2.2.4-2v3", OsType::Linux, 49, "", "Hortonworks", "").machine(&[], OsState::Generalized),
    os("d570a118449e48fdbe814fb54b36b60e__hwx_sandbox_hdp_2.2.4.2v4", "Hortonworks Sandbox with HDP 2.2.4-2v4", OsType::Linux, 49, "", "Hortonworks", "").machine(&[], OsState::Generalized),
    os("d570a118449e48fdbe814fb54b36b60e__hwx_sandbox_hdp_2.2.4.2v5", "Hortonworks Sandbox with HDP 2.2.4-2v5", OsType::Linux, 49, "", "Hortonworks", "").machine(&[], OsState::Generalized),
    os("d570a118449e48fdbe814fb54b36b60e__hwx_sandbox_hdp_2.3v10", "Hortonworks Sandbox with HDP 2.3", OsType::Linux, 49, "", "Hortonworks", "").machine(&[], OsState::Generalized),
    os("d570a118449e48fdbe814fb54b36b60e__hwx_sandbox_hdp_2.3v7", "Hortonworks Sandbox with HDP 2.3", OsType::Linux, 49, "", "Hortonworks", "").machine(&[], OsState::Generalized),
    os("d570a118449e48fdbe814fb54b36b60e__hwx_sandbox_hdp_2_5v5", "hwx_sandbox_hdp_2_5v5", OsType::Linux, 49, "", "Hortonworks", "").machine(&[], OsState::Generalized),
    os("d570a118449e48fdbe814fb54b36b60e__hwx_sandbox_hdp_2_5v6", "hwx_sandbox_hdp_2_5v6", OsType::Linux, 49, "", "Hortonworks", "").machine(&[], OsState::Generalized),
    os("eed8e6be226e414095ba1fbf8fc3931f__dse-node-20141010", "DataStax Enterprise 4.5.1 Data Node", OsType::Linux, 30, "DataStax Enterprise", "DataStax", "2014-10-27T05:00:00Z").recommends("A7").machine(&[1023, 1023, 1023, 1023], OsState::Generalized),
    os("eed8e6be226e414095ba1fbf8fc3931f__dse-opscenter-20141010", "DataStax Enterprise 4.5.1 Opscenter", OsType::Linux, 30, "DataStax Enterprise", "DataStax", "2014-10-27T05:00:00Z").recommends("A7").machine(&[], OsState::Generalized),
    os("fb83b3509582419d99629ce476bcb5c8__SQL-Server-2012-SP2-11.0.5537.0-DW-ENU-Win2012-cy14su09", "SQL Server 2012 SP2 Enterprise Optimized for DataWarehousing Workloads on Windows Server 2012", OsType::Windows, 127, "SQL Server 2012 SP2 Enterprise Optimized for DataWarehousing Workloads on Windows Server 2012", "Microsoft SQL Server Group", "2014-09-11T07:00:00Z").recommends("A7").premium().machine(&[1023, 1023, 1023, 1023, 1023, 1023, 1023, 1023, 1023, 1023, 1023, 1023, 1023, 1023, 1023], OsState::Generalized),
    os("fb83b3509582419d99629ce476bcb5c8__SQL-Server-2012-SP2-11.0.5537.0-OLTP-ENU-Win2012-cy14su09", "SQL Server 2012 SP2 Enterprise Optimized for Transactional Workloads on Windows Server 2012", OsType::Windows, 127, "SQL Server 2012 SP2 Enterprise Optimized for Transactional Workloads on Windows Server 2012", "Microsoft SQL Server Group", "2014-09-11T07:00:00Z").recommends("A7").premium().machine(&[1023, 1023, 1023, 1023, 1023, 1023, 1023, 1023, 1023, 1023, 1023, 1023, 1023, 1023, 1023], OsState::Generalized),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::{role_sizes, tests::first_duplicate};

    #[test]
    fn names_are_sorted_and_no_name_is_both_kinds() {
        assert!(os_images().is_sorted_by_key(|image| image.name));
        assert!(vm_images().is_sorted_by_key(|image| image.name));
        assert_eq!(first_duplicate(CLASSIC_IMAGES.iter().map(|image| image.name)), None);
    }

    #[test]
    fn names_begin_with_the_publishers_hash() {
        for image in CLASSIC_IMAGES {
            let (hash, title) = image.name.split_once("__").expect("a public name has two parts");
            let is_hash = hash.len() == 32 && hash.bytes().all(|b| b.is_ascii_hexdigit());
            assert!(is_hash && !title.is_empty(), "{}", image.name);
        }
    }

    #[test]
    fn recommended_sizes_exist() {
        for image in CLASSIC_IMAGES {
            let Some(size) = image.recommended_size else { continue };
            assert!(role_sizes::find(size).is_some(), "{} {size}", image.name);
        }
    }

    #[test]
    fn a_name_is_found_as_its_own_kind_only() {
        let ubuntu = "b39f27a8b8c64d52b05eac6a62ebad85__Ubuntu-14_04-LTS-amd64-server-20140724-en-us-30GB";
        let image = find_os_image(&ubuntu.to_uppercase()).expect("the image exists");
        assert_eq!(
            (image.publisher, image.size_gb, image.os),
            ("Canonical", 30, OsType::Linux)
        );
        assert_eq!(find_vm_image(ubuntu), None);
        assert_eq!(find_os_image("nothing"), None);
    }
}
