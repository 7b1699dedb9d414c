//! Which OS image a series is (juju-provider 2.7): the newest that its publisher has in the location.
//!
//! Juju has a catalogue of its own for that; here the service's own list is read, whose names and families have not changed while the
//! API lived (service-management 10.1).

use super::client::{Call, Endpoint, version};
use super::xml::Element;
use crate::{Config, Error, ImageStream, Series};

/// Families of operating systems, by how they are set up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum System {
    /// By cloud-init.
    Linux,
    /// By an extension of the Windows agent.
    Windows,
}

impl System {
    /// As the API writes it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Linux => "Linux",
            Self::Windows => "Windows",
        }
    }
}

/// Where images of a series are found.
#[derive(Clone, Copy, Debug)]
enum Source {
    /// Of Canonical, by release: `14_04`.
    Ubuntu(&'static str),
    /// Of the Windows Server group, by family.
    Windows(&'static str),
}

const CANONICAL: &str = "b39f27a8b8c64d52b05eac6a62ebad85__";
const WINDOWS_SERVER: &str = "a699494373c04fc0bc8f2bb1389d6106__";

/// By series.
const SOURCES: &[(&str, Source)] = &[
    ("artful", Source::Ubuntu("17_10")),
    ("bionic", Source::Ubuntu("18_04")),
    ("precise", Source::Ubuntu("12_04")),
    ("trusty", Source::Ubuntu("14_04")),
    ("utopic", Source::Ubuntu("14_10")),
    ("vivid", Source::Ubuntu("15_04")),
    ("wily", Source::Ubuntu("15_10")),
    ("win2012", Source::Windows("Windows Server 2012 Datacenter")),
    ("win2012r2", Source::Windows("Windows Server 2012 R2 Datacenter")),
    ("xenial", Source::Ubuntu("16_04")),
    ("yakkety", Source::Ubuntu("16_10")),
    ("zesty", Source::Ubuntu("17_04")),
];

fn source(series: &Series) -> Result<Source, Error> {
    let known = SOURCES.iter().find(|(name, _)| *name == series.as_str());
    known
        .map(|(_, source)| *source)
        .ok_or_else(|| Error::Image(format!("deploying {series} not supported")))
}

/// How machines of a series are set up.
pub(crate) fn system(series: &Series) -> Result<System, Error> {
    Ok(match source(series)? {
        Source::Ubuntu(_) => System::Linux,
        Source::Windows(_) => System::Windows,
    })
}

pub(crate) fn list(endpoint: &Endpoint) -> Call {
    endpoint.get("list OS images", "services/images", version::LIST_IMAGES)
}

/// The image for `series` in the location of that name.
pub(crate) fn choose(document: &Element, series: &Series, config: &Config, location: &str) -> Result<String, Error> {
    let source = source(series)?;
    let images = document.all("OSImage").filter(|image| {
        let text = |name| image.text_of(name).unwrap_or_default();
        let here = text("Location")
            .split(';')
            .any(|own| own.eq_ignore_ascii_case(location));
        let name = text("Name");
        let wanted = match source {
            Source::Ubuntu(release) => name
                .strip_prefix(CANONICAL)
                .is_some_and(|title| is_ubuntu(title, release, config.image_stream)),
            Source::Windows(family) => name.starts_with(WINDOWS_SERVER) && text("ImageFamily") == family,
        };
        here && wanted
    });
    let newest = images.filter_map(|image| {
        let name = image.text_of("Name")?;
        Some((image.text_of("PublishedDate").unwrap_or_default(), name))
    });
    newest.max().map(|(_, name)| name.to_owned()).ok_or_else(|| {
        Error::Image(format!(
            "no OS images found for location \"{location}\", series \"{series}\", architectures [\"amd64\"] in the {} stream (and \
             endpoint: \"{}\")",
            config.image_stream, "services/images"
        ))
    })
}

/// `Ubuntu-14_04_2-LTS-amd64-server-20150506-en-us-30GB`, `Ubuntu_DAILY_BUILD-trusty-14_04_2-LTS-amd64-server-...`.
fn is_ubuntu(title: &str, release: &str, stream: ImageStream) -> bool {
    let rest = match stream {
        ImageStream::Released => title.strip_prefix("Ubuntu-"),
        ImageStream::Daily => title
            .strip_prefix("Ubuntu_DAILY_BUILD-")
            .and_then(|rest| rest.split_once('-'))
            .map(|(_, rest)| rest),
    };
    rest.and_then(|rest| rest.strip_prefix(release))
        .is_some_and(|rest| rest.starts_with(['-', '_']) && rest.contains("amd64-server"))
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::{CANONICAL, SOURCES, WINDOWS_SERVER, choose, system};
    use crate::classic::xml::Element;
    use crate::{Config, ImageStream, Series};

    fn images() -> Element {
        let image = |name: String, family: &str, published: &str, location: &str| {
            Element::new("OSImage")
                .with("Location", location)
                .with("Name", name)
                .with("ImageFamily", family)
                .with("PublishedDate", published)
        };
        let ubuntu =
            |title: &str, published| image(format!("{CANONICAL}{title}"), "Ubuntu", published, "East US;West US");
        Element::new("Images")
            .child(ubuntu(
                "Ubuntu-14_04_2-LTS-amd64-server-20150506-en-us-30GB",
                "2015-05-06T00:00:00Z",
            ))
            .child(ubuntu(
                "Ubuntu-14_04_3-LTS-amd64-server-20150805-en-us-30GB",
                "2015-08-05T00:00:00Z",
            ))
            .child(ubuntu(
                "Ubuntu-14_04_3-LTS-i386-server-20160805-en-us-30GB",
                "2016-08-05T00:00:00Z",
            ))
            .child(ubuntu(
                "Ubuntu-14_10-amd64-server-20150620-en-us-30GB",
                "2015-06-20T00:00:00Z",
            ))
            .child(ubuntu(
                "Ubuntu_DAILY_BUILD-trusty-14_04_3-LTS-amd64-server-20151001-en-us-30GB",
                "2015-10-01T00:00:00Z",
            ))
            .child(image(
                format!("{CANONICAL}Ubuntu-16_04-LTS-amd64-server-20160516.1-en-us-30GB"),
                "Ubuntu",
                "2016-05-16T00:00:00Z",
                "East US",
            ))
            .child(image(
                format!("{WINDOWS_SERVER}Windows-Server-2012-R2-201505.01-en.us-127GB.vhd"),
                "Windows Server 2012 R2 Datacenter",
                "2015-05-01T07:00:00Z",
                "West US",
            ))
    }

    fn chosen(series: &str, stream: ImageStream) -> Result<String, String> {
        let mut config = Config::new("env", Uuid::from_u128(1), Uuid::from_u128(2), "West US");
        config.image_stream = stream;
        choose(&images(), &Series::new(series), &config, "West US")
            .map(|name| name.split_once("__").map(|(_, title)| title.to_owned()).unwrap_or(name))
            .map_err(|error| error.to_string())
    }

    #[test]
    fn the_table_is_sorted() {
        assert!(SOURCES.is_sorted_by_key(|(name, _)| *name));
    }

    #[test]
    fn the_newest_of_the_stream_in_the_location_wins() {
        let released = ImageStream::Released;
        assert_eq!(
            chosen("trusty", released).as_deref(),
            Ok("Ubuntu-14_04_3-LTS-amd64-server-20150805-en-us-30GB")
        );
        assert_eq!(
            chosen("utopic", released).as_deref(),
            Ok("Ubuntu-14_10-amd64-server-20150620-en-us-30GB")
        );
        assert_eq!(
            chosen("trusty", ImageStream::Daily).as_deref(),
            Ok("Ubuntu_DAILY_BUILD-trusty-14_04_3-LTS-amd64-server-20151001-en-us-30GB")
        );
        assert_eq!(
            chosen("win2012r2", released).as_deref(),
            Ok("Windows-Server-2012-R2-201505.01-en.us-127GB.vhd")
        );
    }

    #[test]
    fn what_is_not_there_is_said_so() {
        assert_eq!(
            chosen("xenial", ImageStream::Released),
            Err(
                "no OS images found for location \"West US\", series \"xenial\", architectures [\"amd64\"] in the released stream \
                 (and endpoint: \"services/images\")"
                    .to_owned()
            )
        );
        let unknown = system(&Series::new("genericlinux")).map_err(|error| error.to_string());
        assert_eq!(unknown.err().as_deref(), Some("deploying genericlinux not supported"));
    }
}
