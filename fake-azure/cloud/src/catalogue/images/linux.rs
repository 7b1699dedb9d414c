//! Images of other Linux publishers.
//!
//! Names are published ones, and those that recordings use; versions that no recording names are assumed, in the
//! publisher's form.

use super::{Publisher, linux, offer, sku};

#[rustfmt::skip]
pub(crate) static ALMALINUX: Publisher = Publisher {
    name: "almalinux",
    offers: &[
        offer("almalinux-arm", &[
            sku("8-arm64-gen2", linux(30), &["8.10.202406131"]).generation_2().arm64(),
        ]),
        offer("almalinux-x86_64", &[
            sku("8-gen1", linux(30), &["8.10.202406131"]),
            sku("8-gen2", linux(30), &["8.10.202406131"]).generation_2(),
            sku("9-gen1", linux(30), &["9.4.2024050902"]),
            sku("9-gen2", linux(30), &["9.4.2024050902"]).generation_2(),
        ]),
    ],
};

#[rustfmt::skip]
pub(crate) static COREOS: Publisher = Publisher {
    name: "CoreOS",
    offers: &[
        offer("CoreOS", &[
            sku("Alpha", linux(30), &["1437.0.0", "2430.0.0"]),
            sku("Beta", linux(30), &["1409.1.0", "2411.1.0"]),
            sku("Stable", linux(30), &["835.9.0", "1353.8.0", "2345.3.0"]),
        ]),
    ],
};

#[rustfmt::skip]
pub(crate) static CREDATIV: Publisher = Publisher {
    name: "credativ",
    offers: &[
        offer("Debian", &[
            sku("7", linux(30), &["7.0.201706190"]),
            sku("8", linux(30), &["8.0.201604200", "8.0.201706190", "8.0.201901221"]),
            sku("8-DAILY", linux(30), &["8.20170619.0"]),
            sku("9", linux(30), &["9.0.201706190", "9.0.202007290"]),
            sku("9-backports", linux(30), &["9.20200610.293"]),
            sku("9-DAILY", linux(30), &["9.20170619.0"]),
        ]),
    ],
};

#[rustfmt::skip]
pub(crate) static DEBIAN: Publisher = Publisher {
    name: "Debian",
    offers: &[
        offer("debian-10", &[
            sku("10", linux(30), &["0.20200610.293", "0.20240703.1797"]),
            sku("10-backports", linux(30), &["0.20200610.293"]),
            sku("10-backports-gen2", linux(30), &["0.20200610.293"]).generation_2(),
            sku("10-gen2", linux(30), &["0.20240703.1797"]).generation_2(),
        ]),
        offer("debian-11", &[
            sku("11", linux(30), &["0.20250703.2162"]),
            sku("11-arm64", linux(30), &["0.20250703.2162"]).generation_2().arm64(),
            sku("11-backports", linux(30), &["0.20250703.2162"]),
            sku("11-backports-gen2", linux(30), &["0.20250703.2162"]).generation_2(),
            sku("11-gen2", linux(30), &["0.20250703.2162"]).generation_2(),
        ]),
        offer("debian-12", &[
            sku("12", linux(30), &["0.20250703.2162"]),
            sku("12-arm64", linux(30), &["0.20250703.2162"]).generation_2().arm64(),
            sku("12-backports", linux(30), &["0.20250703.2162"]),
            sku("12-backports-gen2", linux(30), &["0.20250703.2162"]).generation_2(),
            sku("12-gen2", linux(30), &["0.20250703.2162"]).generation_2(),
        ]),
        offer("debian-13", &[
            sku("13", linux(30), &["0.20250910.2231"]),
            sku("13-arm64", linux(30), &["0.20250910.2231"]).generation_2().arm64(),
            sku("13-backports", linux(30), &["0.20250910.2231"]),
            sku("13-backports-gen2", linux(30), &["0.20250910.2231"]).generation_2(),
            sku("13-gen2", linux(30), &["0.20250910.2231"]).generation_2(),
        ]),
    ],
};

#[rustfmt::skip]
pub(crate) static KINVOLK: Publisher = Publisher {
    name: "kinvolk",
    offers: &[
        offer("flatcar-container-linux-free", &[
            sku("beta", linux(30), &["3033.2.4", "4152.2.3"]).plan("kinvolk", "beta", "flatcar-container-linux-free"),
            sku("beta-gen2", linux(30), &[
                "3033.2.4", "4152.2.3",
            ]).generation_2().plan("kinvolk", "beta-gen2", "flatcar-container-linux-free"),
            sku("stable", linux(30), &[
                "3033.2.4", "4152.2.3",
            ]).plan("kinvolk", "stable", "flatcar-container-linux-free"),
            sku("stable-gen2", linux(30), &[
                "3033.2.4", "4152.2.3",
            ]).generation_2().plan("kinvolk", "stable-gen2", "flatcar-container-linux-free"),
        ]),
    ],
};

#[rustfmt::skip]
pub(crate) static MICROSOFTAZURELINUX: Publisher = Publisher {
    name: "microsoftazurelinux",
    offers: &[
        offer("azurelinux-4", &[
            sku("4", linux(30), &["4.20260101.01"]).generation_2(),
            sku("4-arm64", linux(30), &["4.20260101.01"]).generation_2().arm64(),
            sku("4-gen1", linux(30), &["4.20260101.01"]),
        ]),
    ],
};

#[rustfmt::skip]
pub(crate) static OPENLOGIC: Publisher = Publisher {
    name: "OpenLogic",
    offers: &[
        offer("CentOS", &[
            sku("6.5", linux(30), &["6.5.20160309", "6.5.201706150"]),
            sku("6.6", linux(30), &["6.6.201607080"]),
            sku("6.7", linux(30), &["6.7.20160310"]),
            sku("6.8", linux(30), &["6.8.20170105"]),
            sku("6.9", linux(30), &["6.9.20180530"]),
            sku("7.0", linux(30), &["7.0.20140929"]),
            // juju-provider 1.11, L24.
            sku("7.1", linux(30), &["7.1.20150731", "7.1.20160308"]).without_custom_data(),
            sku("7.2", linux(30), &["7.2.20160308", "7.2.20170517"]),
            sku("7.3", linux(30), &["7.3.20161221", "7.3.20170925"]),
            sku("7.4", linux(30), &["7.4.20200220"]),
            sku("7.5", linux(30), &["7.5.20200220", "7.5.201808150"]),
            sku("7.6", linux(30), &["7.6.20200220"]),
            sku("7.7", linux(30), &["7.7.2021020400"]),
            sku("7_9", linux(30), &["7.9.2023030700"]),
            sku("7_9-gen2", linux(30), &["7.9.2023030701"]).generation_2(),
            sku("8_5", linux(30), &["8.5.2022012100"]),
            sku("8_5-gen2", linux(30), &["8.5.2022012101"]).generation_2(),
        ]),
    ],
};

#[rustfmt::skip]
pub(crate) static ORACLE: Publisher = Publisher {
    name: "Oracle",
    offers: &[
        offer("Oracle-Linux", &[
            sku("6.7", linux(30), &["6.7.20160510"]),
            sku("7.2", linux(30), &["7.2.20160510"]),
            sku("78", linux(30), &["7.8.01"]),
            sku("ol79", linux(30), &["7.9.01"]),
            sku("ol79-gen2", linux(30), &["7.9.11"]).generation_2(),
            sku("ol88-lvm-gen2", linux(30), &["8.8.2"]).generation_2(),
            sku("ol94-lvm-gen2", linux(30), &["9.4.1"]).generation_2(),
        ]),
    ],
};

#[rustfmt::skip]
pub(crate) static REDHAT: Publisher = Publisher {
    name: "RedHat",
    offers: &[
        offer("RHEL", &[
            sku("6.7", linux(32), &["6.7.20160629"]),
            sku("6.8", linux(32), &["6.8.2017112516"]),
            sku("7-LVM", linux(64), &["7.9.2023032012"]),
            sku("7-RAW", linux(64), &["7.4.2018010506", "7.9.2020111302"]),
            sku("7.2", linux(32), &["7.2.20160629", "7.2.2017090716"]),
            sku("7.3", linux(32), &["7.3.2017090723"]),
            sku("7.4", linux(32), &["7.4.2018010506"]),
            sku("7_9", linux(64), &["7.9.2023032012"]),
            sku("8", linux(64), &["8.2.2020050811"]),
            sku("8-lvm", linux(64), &["8.10.2024060410"]),
            sku("8-lvm-gen2", linux(64), &["8.10.2024060410"]).generation_2(),
            sku("8.2", linux(32), &["8.2.2020050811"]),
            sku("810-gen2", linux(64), &["8.10.2024060410"]).generation_2(),
            sku("82gen2", linux(64), &["8.2.2020050812"]).generation_2(),
            sku("9-lvm", linux(64), &["9.4.2024081415"]),
            sku("9-lvm-gen2", linux(64), &["9.4.2024081415"]).generation_2(),
            sku("94_gen2", linux(64), &["9.4.2024081415"]).generation_2(),
            sku("9_0", linux(64), &["9.0.2022051206"]),
        ]),
    ],
};

#[rustfmt::skip]
pub(crate) static SUSE: Publisher = Publisher {
    name: "SUSE",
    offers: &[
        offer("openSUSE", &[
            sku("13.2", linux(30), &["2016.03.02"]),
        ]),
        offer("openSUSE-Leap", &[
            sku("42.1", linux(30), &["2016.04.15"]),
            sku("42.3", linux(30), &["2018.01.30"]),
        ]),
        offer("opensuse-leap-15-3", &[
            sku("gen1", linux(30), &["2022.01.13"]),
            sku("gen2", linux(30), &["2022.01.13"]).generation_2(),
        ]),
        offer("openSUSE-leap-15-4", &[
            sku("gen1", linux(30), &["2023.10.11"]),
            sku("gen2", linux(30), &["2023.10.11"]).generation_2(),
        ]),
        offer("SLES", &[
            sku("11-SP4", linux(30), &["2016.03.10"]),
            sku("12-SP1", linux(30), &["2016.12.21"]),
            sku("12-SP2", linux(30), &["2018.03.09"]),
            sku("12-SP5", linux(30), &["2020.07.28"]),
        ]),
        offer("sles-15-sp3", &[
            sku("gen1", linux(30), &["2024.02.07"]),
            sku("gen2", linux(30), &["2024.02.07"]).generation_2(),
        ]),
        offer("sles-15-sp5", &[
            sku("gen1", linux(30), &["2025.02.20"]),
            sku("gen2", linux(30), &["2025.02.20"]).generation_2(),
        ]),
        offer("sles-15-sp6", &[
            sku("gen1", linux(30), &["2025.06.18"]),
            sku("gen2", linux(30), &["2025.06.18"]).generation_2(),
        ]),
    ],
};
