//! Size families: what the sizes of a family have in common, and the name under which their cores are counted.

use super::{Architecture, Family, Generations, Hardware, Spread};
use crate::catalogue::Month;

const fn family(name: &'static str, stem: &'static str, hardware: Hardware) -> Family {
    Family {
        name,
        stem,
        hardware,
        since: Month::DAWN,
        spread: Spread::Everywhere,
        premium_io: false,
        generations: Generations::V1,
        architecture: Architecture::X64,
        accelerated_from_cores: None,
    }
}

impl Family {
    const fn since(mut self, year: u16, month: u8) -> Family {
        self.since = Month::new(year, month);
        self
    }

    const fn only(mut self, locations: &'static [&'static str]) -> Family {
        self.spread = Spread::Only(locations);
        self
    }

    const fn premium(mut self) -> Family {
        self.premium_io = true;
        self
    }

    const fn generations(mut self, generations: Generations) -> Family {
        self.generations = generations;
        self
    }

    const fn arm64(mut self) -> Family {
        self.architecture = Architecture::Arm64;
        self
    }

    const fn accelerated(mut self, cores: u32) -> Family {
        self.accelerated_from_cores = Some(cores);
        self
    }
}

// Where the recorded lists of 2015 to 2020 show a family (observed-arm vmSizes; SM 4.2).
const A8_REGIONS: &[&str] = &[
    "eastus",
    "westus",
    "northcentralus",
    "southcentralus",
    "northeurope",
    "westeurope",
    "japaneast",
];
const G_REGIONS: &[&str] = &["westus", "eastus2", "westeurope", "southeastasia"];
const H_REGIONS: &[&str] = &[
    "eastus",
    "westus",
    "northcentralus",
    "southcentralus",
    "northeurope",
    "westeurope",
];
const LS_REGIONS: &[&str] = &["westus", "eastus2", "southeastasia"];
const NC_REGIONS: &[&str] = &["eastus", "southcentralus", "northcentralus", "westus2", "northeurope"];
const NV_REGIONS: &[&str] = &[
    "eastus",
    "southcentralus",
    "northcentralus",
    "westeurope",
    "southeastasia",
    "northeurope",
];
// The promotion ran where the recorded lists show it, and in eastus.
const PROMO_REGIONS: &[&str] = &[
    "eastus",
    "eastus2",
    "southeastasia",
    "westeurope",
    "northeurope",
    "centralus",
    "westus2",
];
const DC_REGIONS: &[&str] = &["eastus", "westeurope"];
const PB_REGIONS: &[&str] = &["eastus", "southeastasia"];

/// The regions that get special hardware first. Assumed, but for eastus (observed-arm vmSizes 2020-12-01).
const HUBS: &[&str] = &[
    "eastus",
    "eastus2",
    "southcentralus",
    "westus2",
    "westus3",
    "centralus",
    "northeurope",
    "westeurope",
    "uksouth",
    "southeastasia",
    "japaneast",
    "australiaeast",
    "canadacentral",
    "francecentral",
    "germanywestcentral",
    "swedencentral",
];

#[rustfmt::skip]
mod rows {
    use super::*;

    pub(crate) static BASIC_A: Family = family("basicAFamily", "Basic A", Hardware::A);
    pub(crate) static A0_A7: Family = family("standardA0_A7Family", "Standard A0-A7", Hardware::A);
    pub(crate) static A8_A11: Family = family("standardA8_A11Family", "Standard A8-A11", Hardware::A8).only(A8_REGIONS);
    pub(crate) static D: Family = family("standardDFamily", "Standard D", Hardware::D).since(2014, 10);
    pub(crate) static DV2: Family = family("standardDv2Family", "Standard Dv2", Hardware::A).since(2015, 10).accelerated(2);
    pub(crate) static DS: Family = family("standardDSFamily", "Standard DS", Hardware::Ds).since(2014, 12).premium().generations(Generations::V1V2);
    pub(crate) static DSV2: Family = family("standardDSv2Family", "Standard DSv2", Hardware::General).since(2016, 4).premium().generations(Generations::V1V2).accelerated(2);
    pub(crate) static G: Family = family("standardGFamily", "Standard G", Hardware::G).since(2015, 1).only(G_REGIONS);
    pub(crate) static GS: Family = family("standardGSFamily", "Standard GS", Hardware::G).since(2015, 9).only(G_REGIONS).premium().generations(Generations::V1V2);
    pub(crate) static F: Family = family("standardFFamily", "Standard F", Hardware::A).since(2016, 6).accelerated(2);
    pub(crate) static FS: Family = family("standardFSFamily", "Standard FS", Hardware::General).since(2016, 6).premium().generations(Generations::V1V2).accelerated(2);
    pub(crate) static NV: Family = family("standardNVFamily", "Standard NV", Hardware::Nv).since(2016, 12).only(NV_REGIONS);
    pub(crate) static NC: Family = family("standardNCFamily", "Standard NC", Hardware::Nc).since(2016, 12).only(NC_REGIONS);
    pub(crate) static H: Family = family("standardHFamily", "Standard H", Hardware::H).since(2016, 10).only(H_REGIONS);
    pub(crate) static AV2: Family = family("standardAv2Family", "Standard Av2", Hardware::A).since(2016, 11);
    pub(crate) static LS: Family = family("standardLSFamily", "Standard LS", Hardware::Ls).since(2017, 3).only(LS_REGIONS).premium();
    pub(crate) static DV2_PROMO: Family = family("standardDv2PromoFamily", "Standard Dv2 Promo", Hardware::A).since(2017, 3).only(PROMO_REGIONS).accelerated(2);
    pub(crate) static DSV2_PROMO: Family = family("standardDSv2PromoFamily", "Standard DSv2 Promo", Hardware::General).since(2017, 3).only(PROMO_REGIONS).premium().generations(Generations::V1V2).accelerated(2);
    pub(crate) static MS: Family = family("standardMSFamily", "Standard MS", Hardware::M).since(2017, 12).only(HUBS).premium().generations(Generations::V1V2).accelerated(2);
    pub(crate) static DV3: Family = family("standardDv3Family", "Standard Dv3", Hardware::General).since(2017, 8).generations(Generations::V1V2).accelerated(2);
    pub(crate) static DSV3: Family = family("standardDSv3Family", "Standard DSv3", Hardware::General).since(2017, 8).premium().generations(Generations::V1V2).accelerated(2);
    pub(crate) static EV3: Family = family("standardEv3Family", "Standard Ev3", Hardware::General).since(2017, 8).generations(Generations::V1V2).accelerated(2);
    pub(crate) static ESV3: Family = family("standardESv3Family", "Standard ESv3", Hardware::General).since(2017, 8).premium().generations(Generations::V1V2).accelerated(2);
    pub(crate) static DV4: Family = family("standardDv4Family", "Standard Dv4", Hardware::General).since(2020, 6).generations(Generations::V1V2).accelerated(2);
    pub(crate) static DDV4: Family = family("standardDDv4Family", "Standard DDv4", Hardware::General).since(2020, 6).generations(Generations::V1V2).accelerated(2);
    pub(crate) static DSV4: Family = family("standardDSv4Family", "Standard DSv4", Hardware::General).since(2020, 6).premium().generations(Generations::V1V2).accelerated(2);
    pub(crate) static DDSV4: Family = family("standardDDSv4Family", "Standard DDSv4", Hardware::General).since(2020, 6).premium().generations(Generations::V1V2).accelerated(2);
    pub(crate) static EV4: Family = family("standardEv4Family", "Standard Ev4", Hardware::General).since(2020, 6).generations(Generations::V1V2).accelerated(2);
    pub(crate) static EDV4: Family = family("standardEDv4Family", "Standard EDv4", Hardware::General).since(2020, 6).generations(Generations::V1V2).accelerated(2);
    pub(crate) static ESV4: Family = family("standardESv4Family", "Standard ESv4", Hardware::General).since(2020, 6).premium().generations(Generations::V1V2).accelerated(2);
    pub(crate) static EDSV4: Family = family("standardEDSv4Family", "Standard EDSv4", Hardware::General).since(2020, 6).premium().generations(Generations::V1V2).accelerated(2);
    pub(crate) static BS: Family = family("standardBSFamily", "Standard BS", Hardware::General).since(2017, 11).premium().generations(Generations::V1V2);
    pub(crate) static FSV2: Family = family("standardFSv2Family", "Standard FSv2", Hardware::General).since(2017, 11).premium().generations(Generations::V1V2).accelerated(2);
    pub(crate) static NDS: Family = family("standardNDSFamily", "Standard NDS", Hardware::Nd).since(2017, 12).only(HUBS).premium().generations(Generations::V1V2);
    pub(crate) static NCSV2: Family = family("standardNCSv2Family", "Standard NCSv2", Hardware::Nc).since(2017, 12).only(HUBS).premium().generations(Generations::V1V2);
    pub(crate) static NCSV3: Family = family("standardNCSv3Family", "Standard NCSv3", Hardware::Nc).since(2018, 3).only(HUBS).premium().generations(Generations::V1V2);
    pub(crate) static LSV2: Family = family("standardLSv2Family", "Standard LSv2", Hardware::Ls).since(2019, 5).only(HUBS).premium().generations(Generations::V1V2).accelerated(2);
    pub(crate) static PBS: Family = family("standardPBSFamily", "Standard PBS", Hardware::Nc).since(2018, 5).only(PB_REGIONS).premium();
    pub(crate) static EIV3: Family = family("standardEIv3Family", "Standard EIv3", Hardware::General).since(2018, 12).only(HUBS).generations(Generations::V1V2).accelerated(2);
    pub(crate) static EISV3: Family = family("standardEISv3Family", "Standard EISv3", Hardware::General).since(2018, 12).only(HUBS).premium().generations(Generations::V1V2).accelerated(2);
    pub(crate) static DCS: Family = family("standardDCSFamily", "Standard DCS", Hardware::Dc).since(2018, 10).only(DC_REGIONS).premium().generations(Generations::V2);
    pub(crate) static NVSV2: Family = family("standardNVSv2Family", "Standard NVSv2", Hardware::Nv).since(2018, 12).only(HUBS).premium().generations(Generations::V1V2);
    pub(crate) static MSV2: Family = family("standardMSv2Family", "Standard MSv2", Hardware::M).since(2019, 4).only(HUBS).premium().generations(Generations::V1V2).accelerated(2);
    pub(crate) static HBS: Family = family("standardHBSFamily", "Standard HBS", Hardware::Hb).since(2019, 5).only(HUBS).premium().generations(Generations::V1V2);
    pub(crate) static HCS: Family = family("standardHCSFamily", "Standard HCS", Hardware::Hb).since(2019, 5).only(HUBS).premium().generations(Generations::V1V2);
    pub(crate) static NVSV3: Family = family("standardNVSv3Family", "Standard NVSv3", Hardware::Nv).since(2019, 8).only(HUBS).premium().generations(Generations::V1V2).accelerated(2);
    pub(crate) static NV_PROMO: Family = family("standardNVPromoFamily", "Standard NV Promo", Hardware::Nv).since(2019, 10).only(NV_REGIONS);
    pub(crate) static NC_PROMO: Family = family("standardNCPromoFamily", "Standard NC Promo", Hardware::Nc).since(2019, 10).only(NC_REGIONS);
    pub(crate) static H_PROMO: Family = family("standardHPromoFamily", "Standard H Promo", Hardware::H).since(2019, 10).only(H_REGIONS);
    pub(crate) static DAV4: Family = family("standardDAv4Family", "Standard DAv4", Hardware::General).since(2019, 11).generations(Generations::V1V2).accelerated(2);
    pub(crate) static DASV4: Family = family("standardDASv4Family", "Standard DASv4", Hardware::General).since(2019, 11).premium().generations(Generations::V1V2).accelerated(2);
    pub(crate) static EAV4: Family = family("standardEAv4Family", "Standard EAv4", Hardware::General).since(2019, 11).generations(Generations::V1V2).accelerated(2);
    pub(crate) static EASV4: Family = family("standardEASv4Family", "Standard EASv4", Hardware::General).since(2019, 11).premium().generations(Generations::V1V2).accelerated(2);
    pub(crate) static NDSV3: Family = family("standardNDSv3Family", "Standard NDSv3", Hardware::Nd).since(2019, 11).only(HUBS).premium().generations(Generations::V1V2);
    pub(crate) static DCSV2: Family = family("standardDCSv2Family", "Standard DCSv2", Hardware::Dc).since(2020, 4).only(HUBS).premium().generations(Generations::V2).accelerated(2);
    pub(crate) static NVSV4: Family = family("standardNVSv4Family", "Standard NVSv4", Hardware::Nv).since(2020, 3).only(HUBS).premium().generations(Generations::V1V2).accelerated(2);
    pub(crate) static NDSV2: Family = family("standardNDSv2Family", "Standard NDSv2", Hardware::Nd).since(2020, 3).only(HUBS).premium().generations(Generations::V1V2);
    pub(crate) static NPS: Family = family("standardNPSFamily", "Standard NPS", Hardware::Np).since(2020, 9).only(HUBS).premium();
    pub(crate) static HBRSV2: Family = family("standardHBrsv2Family", "Standard HBrsv2", Hardware::Hb).since(2020, 2).only(HUBS).premium().generations(Generations::V1V2);
    pub(crate) static XEISV4: Family = family("standardXEISv4Family", "Standard XEISv4", Hardware::General).since(2020, 9).only(HUBS).premium().generations(Generations::V1V2).accelerated(2);
    pub(crate) static XEIDSV4: Family = family("standardXEIDSv4Family", "Standard XEIDSv4", Hardware::General).since(2020, 9).only(HUBS).premium().generations(Generations::V1V2).accelerated(2);
    pub(crate) static DV5: Family = family("standardDv5Family", "Standard Dv5", Hardware::General).since(2021, 11).generations(Generations::V1V2).accelerated(2);
    pub(crate) static DSV5: Family = family("standardDSv5Family", "Standard DSv5", Hardware::General).since(2021, 11).premium().generations(Generations::V1V2).accelerated(2);
    pub(crate) static DDV5: Family = family("standardDDv5Family", "Standard DDv5", Hardware::General).since(2021, 11).generations(Generations::V1V2).accelerated(2);
    pub(crate) static DDSV5: Family = family("standardDDSv5Family", "Standard DDSv5", Hardware::General).since(2021, 11).premium().generations(Generations::V1V2).accelerated(2);
    pub(crate) static EV5: Family = family("standardEv5Family", "Standard Ev5", Hardware::General).since(2021, 11).generations(Generations::V1V2).accelerated(2);
    pub(crate) static ESV5: Family = family("standardESv5Family", "Standard ESv5", Hardware::General).since(2021, 11).premium().generations(Generations::V1V2).accelerated(2);
    pub(crate) static EDV5: Family = family("standardEDv5Family", "Standard EDv5", Hardware::General).since(2021, 11).generations(Generations::V1V2).accelerated(2);
    pub(crate) static EDSV5: Family = family("standardEDSv5Family", "Standard EDSv5", Hardware::General).since(2021, 11).premium().generations(Generations::V1V2).accelerated(2);
    pub(crate) static DASV5: Family = family("standardDASv5Family", "Standard DASv5", Hardware::General).since(2021, 11).premium().generations(Generations::V1V2).accelerated(2);
    pub(crate) static DADSV5: Family = family("standardDADSv5Family", "Standard DADSv5", Hardware::General).since(2021, 11).premium().generations(Generations::V1V2).accelerated(2);
    pub(crate) static EASV5: Family = family("standardEASv5Family", "Standard EASv5", Hardware::General).since(2021, 11).premium().generations(Generations::V1V2).accelerated(2);
    pub(crate) static EADSV5: Family = family("standardEADSv5Family", "Standard EADSv5", Hardware::General).since(2021, 11).premium().generations(Generations::V1V2).accelerated(2);
    pub(crate) static DPSV5: Family = family("standardDPSv5Family", "Standard DPSv5", Hardware::Arm).since(2022, 9).only(HUBS).premium().generations(Generations::V2).arm64().accelerated(2);
    pub(crate) static DPDSV5: Family = family("standardDPDSv5Family", "Standard DPDSv5", Hardware::Arm).since(2022, 9).only(HUBS).premium().generations(Generations::V2).arm64().accelerated(2);
    pub(crate) static DPLSV5: Family = family("standardDPLSv5Family", "Standard DPLSv5", Hardware::Arm).since(2022, 9).only(HUBS).premium().generations(Generations::V2).arm64().accelerated(2);
    pub(crate) static EPSV5: Family = family("standardEPSv5Family", "Standard EPSv5", Hardware::Arm).since(2022, 9).only(HUBS).premium().generations(Generations::V2).arm64().accelerated(2);
    pub(crate) static LSV3: Family = family("standardLSv3Family", "Standard LSv3", Hardware::Ls).since(2022, 5).only(HUBS).premium().generations(Generations::V1V2).accelerated(2);
    pub(crate) static BSV2: Family = family("standardBsv2Family", "Standard Bsv2", Hardware::General).since(2023, 5).premium().generations(Generations::V1V2).accelerated(2);
    pub(crate) static BASV2: Family = family("standardBasv2Family", "Standard Basv2", Hardware::General).since(2023, 5).premium().generations(Generations::V1V2).accelerated(2);
    pub(crate) static BPSV2: Family = family("standardBpsv2Family", "Standard Bpsv2", Hardware::Arm).since(2023, 5).only(HUBS).premium().generations(Generations::V2).arm64().accelerated(2);
    pub(crate) static DSV6: Family = family("StandardDsv6Family", "Standard Dsv6", Hardware::V6).since(2024, 11).only(HUBS).premium().generations(Generations::V2).accelerated(2);
    pub(crate) static DDSV6: Family = family("StandardDdsv6Family", "Standard Ddsv6", Hardware::V6).since(2024, 11).only(HUBS).premium().generations(Generations::V2).accelerated(2);
    pub(crate) static ESV6: Family = family("StandardEsv6Family", "Standard Esv6", Hardware::V6).since(2024, 11).only(HUBS).premium().generations(Generations::V2).accelerated(2);
    pub(crate) static DASV6: Family = family("StandardDasv6Family", "Standard Dasv6", Hardware::V6).since(2024, 11).only(HUBS).premium().generations(Generations::V2).accelerated(2);

    /// In the order of the compute usages answer (ARM 4.2), families newer than that recording behind.
    pub(crate) static FAMILIES: &[&Family] = &[
        &BASIC_A, &A0_A7, &A8_A11, &D, &DV2, &DS, &DSV2, &G, &GS, &F, &FS, &NV, &NC, &H, &AV2, &LS, &DV2_PROMO,
        &DSV2_PROMO, &MS, &DV3, &DSV3, &EV3, &ESV3, &DV4, &DDV4, &DSV4, &DDSV4, &EV4, &EDV4, &ESV4, &EDSV4, &BS,
        &FSV2, &NDS, &NCSV2, &NCSV3, &LSV2, &PBS, &EIV3, &EISV3, &DCS, &NVSV2, &MSV2, &HBS, &HCS, &NVSV3,
        &NV_PROMO, &NC_PROMO, &H_PROMO, &DAV4, &DASV4, &EAV4, &EASV4, &NDSV3, &DCSV2, &NVSV4, &NDSV2, &NPS,
        &HBRSV2, &XEISV4, &XEIDSV4, &DV5, &DSV5, &DDV5, &DDSV5, &EV5, &ESV5, &EDV5, &EDSV5, &DASV5, &DADSV5,
        &EASV5, &EADSV5, &DPSV5, &DPDSV5, &DPLSV5, &EPSV5, &LSV3, &BSV2, &BASV2, &BPSV2, &DSV6, &DDSV6, &ESV6,
        &DASV6
    ];
}

pub(crate) use rows::*;
