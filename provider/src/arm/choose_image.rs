//! Which image a series is (juju-provider 1.11): a table, and for Ubuntu a walk over the SKUs of an offer.

use super::image_skus::ImageSku;
use crate::{Error, ImageStream, Series};

/// Families of operating systems, by how they are set up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OperatingSystem {
    /// cloud-init.
    Ubuntu,
    /// The Linux agent's extension.
    CentOs,
    /// The Windows agent's extension.
    Windows,
}

/// An image by its attributes; the version is always `latest`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Image {
    pub(crate) publisher: &'static str,
    pub(crate) offer: String,
    pub(crate) sku: String,
}

/// How an image of a series is found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    /// The best SKU of this offer: those that begin with `version`, whose parts `separator` parts.
    Ubuntu {
        offer: &'static str,
        version: &'static str,
        separator: char,
    },
    /// This very SKU.
    Fixed {
        system: OperatingSystem,
        publisher: &'static str,
        offer: &'static str,
        sku: &'static str,
    },
}

pub(crate) const CANONICAL: &str = "Canonical";

const fn ubuntu(version: &'static str) -> Source {
    Source::Ubuntu {
        offer: "UbuntuServer",
        version,
        separator: '.',
    }
}

const fn windows_server(sku: &'static str) -> Source {
    Source::Fixed {
        system: OperatingSystem::Windows,
        publisher: "MicrosoftWindowsServer",
        offer: "WindowsServer",
        sku,
    }
}

const fn windows_client(sku: &'static str) -> Source {
    Source::Fixed {
        system: OperatingSystem::Windows,
        publisher: "MicrosoftVisualStudio",
        offer: "Windows",
        sku,
    }
}

/// By series. From 20.04 on every release has an offer of its own, and other separators (juju-provider L23).
const SOURCES: &[(&str, Source)] = &[
    ("artful", ubuntu("17.10")),
    ("bionic", ubuntu("18.04")),
    (
        "centos7",
        Source::Fixed {
            system: OperatingSystem::CentOs,
            publisher: "OpenLogic",
            offer: "CentOS",
            // The agent of 7.1 does not write the custom data down (juju-provider L24).
            sku: "7.3",
        },
    ),
    (
        "focal",
        Source::Ubuntu {
            offer: "0001-com-ubuntu-server-focal",
            version: "20_04",
            separator: '_',
        },
    ),
    (
        "jammy",
        Source::Ubuntu {
            offer: "0001-com-ubuntu-server-jammy",
            version: "22_04",
            separator: '_',
        },
    ),
    ("precise", ubuntu("12.04")),
    ("trusty", ubuntu("14.04")),
    ("utopic", ubuntu("14.10")),
    ("vivid", ubuntu("15.04")),
    ("wily", ubuntu("15.10")),
    ("win10", windows_client("10-Enterprise")),
    ("win2012", windows_server("2012-Datacenter")),
    ("win2012r2", windows_server("2012-R2-Datacenter")),
    ("win81", windows_client("8.1-Enterprise-N")),
    ("xenial", ubuntu("16.04")),
    ("yakkety", ubuntu("16.10")),
    ("zesty", ubuntu("17.04")),
];

/// How the image of `series` is found.
pub(crate) fn source(series: &Series) -> Result<Source, Error> {
    let known = SOURCES.iter().find(|(name, _)| *name == series.as_str());
    known
        .map(|(_, source)| *source)
        .ok_or_else(|| Error::Image(format!("deploying {series} not supported")))
}

/// Where the images of a stream are: offers of single releases have their daily builds beside them (juju-provider 1.11).
pub(crate) fn offer_of_stream(offer: &str, separator: char, stream: ImageStream) -> String {
    match stream {
        ImageStream::Daily if separator == '_' => format!("{offer}-daily"),
        ImageStream::Daily | ImageStream::Released => offer.to_owned(),
    }
}

impl Source {
    pub(crate) fn system(self) -> OperatingSystem {
        match self {
            Self::Ubuntu { .. } => OperatingSystem::Ubuntu,
            Self::Fixed { system, .. } => system,
        }
    }
}

/// Release and tag of a SKU: `14.04.3-LTS` is ((14, 4, 3), `LTS`).
fn parse_sku(name: &str, separator: char) -> Option<((u16, u16, u16), String)> {
    let (version, tag) = name.split_once('-').unwrap_or((name, ""));
    let mut parts = version.split(separator);
    let year = parts.next()?.parse().ok()?;
    let month = parts.next()?.parse().ok()?;
    let point = match parts.next() {
        Some(point) => point.parse().ok()?,
        None => 0,
    };
    parts
        .next()
        .is_none()
        .then(|| ((year, month, point), tag.to_uppercase()))
}

/// The newest SKU of `stream` among those that begin with `version`. What cannot be read is passed over.
pub(crate) fn best_sku<'a>(
    skus: &'a [ImageSku],
    version: &str,
    separator: char,
    stream: ImageStream,
) -> Option<&'a str> {
    let wanted = |tag: &str| match stream {
        ImageStream::Released => matches!(tag, "" | "LTS"),
        ImageStream::Daily => matches!(tag, "DAILY" | "DAILY-LTS"),
    };
    let candidates = skus
        .iter()
        .filter(|sku| sku.name.starts_with(version))
        .filter_map(|sku| {
            let (release, tag) = parse_sku(&sku.name, separator)?;
            wanted(&tag).then_some((release, sku.name.as_str()))
        });
    candidates.max().map(|(_, name)| name)
}

pub(crate) fn no_image(series: &Series, stream: ImageStream, offer: &str, location: &str, n_skus: usize) -> Error {
    Error::Image(format!(
        "Ubuntu SKUs for {stream} stream not found: looked for series {series} among {n_skus} SKUs of offer \
         {CANONICAL}:{offer} in {location}"
    ))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::image_skus::ImageSku;
    use super::{SOURCES, best_sku, offer_of_stream, parse_sku, source};
    use crate::{ImageStream, Series};

    fn skus(names: &[&str]) -> Vec<ImageSku> {
        names
            .iter()
            .map(|name| ImageSku {
                name: (*name).to_owned(),
            })
            .collect()
    }

    #[test]
    fn the_table_is_sorted() {
        assert!(SOURCES.is_sorted_by_key(|(name, _)| *name));
    }

    #[test]
    fn the_newest_point_release_of_the_stream_wins() {
        let skus = skus(&[
            "12.04.5-LTS",
            "14.04.0-LTS",
            "14.04.10-LTS",
            "14.04.2-LTS",
            "14.04.11-DAILY",
            "14.04.5-DAILY-LTS",
            "14.04.x",
            "14.04.12-beta",
            "14.10",
        ]);
        assert_eq!(
            best_sku(&skus, "14.04", '.', ImageStream::Released),
            Some("14.04.10-LTS")
        );
        assert_eq!(
            best_sku(&skus, "14.04", '.', ImageStream::Daily),
            Some("14.04.11-DAILY")
        );
        assert_eq!(best_sku(&skus, "14.10", '.', ImageStream::Released), Some("14.10"));
        assert_eq!(best_sku(&skus, "16.04", '.', ImageStream::Released), None);
    }

    #[test]
    fn newer_offers_have_their_own_separator_and_their_second_generation_is_passed_over() {
        let skus = skus(&["22_04-lts", "22_04-lts-gen2"]);
        assert_eq!(best_sku(&skus, "22_04", '_', ImageStream::Released), Some("22_04-lts"));
    }

    #[test]
    fn daily_builds_of_newer_releases_have_an_offer_of_their_own() {
        let offer = "0001-com-ubuntu-server-jammy";
        assert_eq!(
            offer_of_stream(offer, '_', ImageStream::Daily),
            "0001-com-ubuntu-server-jammy-daily"
        );
        assert_eq!(offer_of_stream("UbuntuServer", '.', ImageStream::Daily), "UbuntuServer");
        let skus = skus(&["22_04-daily-lts", "22_04-daily-lts-gen2"]);
        assert_eq!(
            best_sku(&skus, "22_04", '_', ImageStream::Daily),
            Some("22_04-daily-lts")
        );
    }

    #[test]
    fn a_series_that_is_not_there_is_said_so() {
        let error = source(&Series::new("genericlinux")).map_err(|error| error.to_string());
        assert_eq!(error.err().as_deref(), Some("deploying genericlinux not supported"));
    }

    #[test]
    fn releases_are_read_back() {
        proptest!(|(year: u16, month: u16, point: u16)| {
            let name = format!("{year}.{month}.{point}-LTS");
            prop_assert_eq!(parse_sku(&name, '.'), Some(((year, month, point), "LTS".to_owned())));
        });
    }

    #[test]
    fn no_name_stops_the_walk() {
        proptest!(|(name in "([0-9]|\\.|-|_|LTS|\\PC)*")| {
            let _ = parse_sku(&name, '.');
        });
    }
}
