//! Images of Windows.
//!
//! The SKUs of 2016 (westus) and the versions that recorded machines ran are recorded; other SKUs are published names with
//! assumed versions in the publisher's form.

use super::{Publisher, offer, sku, windows};

#[rustfmt::skip]
pub(crate) static MICROSOFTVISUALSTUDIO: Publisher = Publisher {
    name: "MicrosoftVisualStudio",
    offers: &[
        offer("Windows", &[
            sku("10-Enterprise", windows(127), &["2015.0813.1", "2017.6.1"]),
            sku("10-Enterprise-N", windows(127), &["2015.0813.1", "2017.6.1"]),
            sku("7.0-Enterprise-N", windows(127), &["2015.0813.1", "2017.6.1"]),
            sku("8.0-Enterprise-N", windows(127), &["2015.0813.1", "2017.6.1"]),
            sku("8.1-Enterprise-N", windows(127), &["2015.0813.1", "2017.6.1"]),
            sku("Windows-10-N-x64", windows(127), &["2015.0813.1", "2017.6.1"]),
        ]),
    ],
};

#[rustfmt::skip]
pub(crate) static MICROSOFTWINDOWSDESKTOP: Publisher = Publisher {
    name: "MicrosoftWindowsDesktop",
    offers: &[
        offer("Windows-10", &[
            sku("win10-22h2-ent", windows(127), &["19045.6093.250705"]),
            sku("win10-22h2-pro", windows(127), &["19045.6093.250705"]),
            sku("win10-22h2-pro-g2", windows(127), &["19045.6093.250705"]).generation_2(),
        ]),
        offer("windows-11", &[
            sku("win11-23h2-pro", windows(127), &["22631.5624.250705"]).generation_2(),
            sku("win11-24h2-pro", windows(127), &["26100.4652.250705"]).generation_2(),
        ]),
    ],
};

#[rustfmt::skip]
pub(crate) static MICROSOFTWINDOWSSERVER: Publisher = Publisher {
    name: "MicrosoftWindowsServer",
    offers: &[
        offer("WindowsServer", &[
            sku("2008-R2-SP1", windows(127), &["2.0.20151120", "2.127.20170510", "7601.24548.2001070050"]),
            sku("2008-R2-SP1-smalldisk", windows(30), &["7601.24548.2001070050"]),
            sku("2012-Datacenter", windows(127), &[
                "3.0.20151120", "3.127.20170510", "9200.23144.2009040500", "9200.24523.231008",
            ]),
            sku("2012-datacenter-gensecond", windows(127), &["9200.24523.231008"]).generation_2(),
            sku("2012-R2-Datacenter", windows(127), &[
                "4.0.201505", "4.0.20151120", "4.127.20170510", "9600.19817.2009040500", "9600.19847.2010090140",
                "9600.19968.2103030340", "9600.21620.231004",
            ]),
            sku("2012-r2-datacenter-gensecond", windows(127), &["9600.21620.231004"]).generation_2(),
            sku("2012-R2-Datacenter-smalldisk", windows(32), &["9600.21620.231004"]),
            sku("2016-Datacenter", windows(127), &["14393.3930.2009030134", "14393.8246.250705"]),
            sku("2016-datacenter-gensecond", windows(127), &["14393.8246.250705"]).generation_2(),
            sku("2016-Datacenter-Server-Core", windows(127), &["14393.8246.250705"]),
            sku("2016-Datacenter-smalldisk", windows(32), &["14393.8246.250705"]),
            sku("2016-Datacenter-with-Containers", windows(127), &["14393.8246.250705"]),
            sku("2016-Nano-Docker-Test", windows(127), &["5.0.20151120"]),
            sku("2016-Nano-Server", windows(127), &["2016.127.20170510"]),
            sku("2016-Nano-Server-Technical-Preview", windows(127), &["5.0.20151120"]),
            sku("2016-Technical-Preview-with-Containers", windows(127), &["5.0.20151120"]),
            sku("2019-Datacenter", windows(127), &["17763.1457.2009030514", "17763.7558.250705", "17763.8276.260109"]),
            sku("2019-Datacenter-Core", windows(127), &["17763.8276.260109"]),
            sku("2019-datacenter-gensecond", windows(127), &["17763.7558.250705", "17763.8276.260109"]).generation_2(),
            sku("2019-Datacenter-smalldisk", windows(30), &["17763.8276.260109"]),
            sku("2019-Datacenter-with-Containers", windows(127), &["17763.8276.260109"]),
            sku("2022-datacenter", windows(127), &["20348.2159.231202", "20348.3932.250705"]),
            sku("2022-datacenter-azure-edition", windows(127), &[
                "20348.2159.231202", "20348.3932.250705",
            ]).generation_2(),
            sku("2022-datacenter-azure-edition-core", windows(127), &[
                "20348.2159.231202", "20348.3932.250705",
            ]).generation_2(),
            sku("2022-datacenter-core", windows(127), &["20348.2159.231202", "20348.3932.250705"]),
            sku("2022-datacenter-core-g2", windows(127), &["20348.2159.231202", "20348.3932.250705"]).generation_2(),
            sku("2022-datacenter-g2", windows(127), &["20348.2159.231202", "20348.3932.250705"]).generation_2(),
            sku("2022-datacenter-smalldisk", windows(30), &["20348.2159.231202", "20348.3932.250705"]),
            sku("2022-datacenter-smalldisk-g2", windows(30), &[
                "20348.2159.231202", "20348.3932.250705",
            ]).generation_2(),
            sku("2025-datacenter", windows(127), &["26100.4652.250705"]),
            sku("2025-datacenter-azure-edition", windows(127), &["26100.4652.250705"]).generation_2(),
            sku("2025-datacenter-core-g2", windows(127), &["26100.4652.250705"]).generation_2(),
            sku("2025-datacenter-g2", windows(127), &["26100.4652.250705"]).generation_2(),
            sku("Windows-Server-Technical-Preview", windows(127), &["5.0.20151120"]),
        ]),
    ],
};

#[rustfmt::skip]
pub(crate) static MICROSOFTWINDOWSSERVERESSENTIALS: Publisher = Publisher {
    name: "MicrosoftWindowsServerEssentials",
    offers: &[
        offer("WindowsServerEssentials", &[
            sku("WindowsServerEssentials", windows(127), &["1.0.20131018"]),
        ]),
    ],
};
