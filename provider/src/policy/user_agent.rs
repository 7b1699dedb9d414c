//! Who we say we are: what the clients of each generation sent (juju-provider 1.1), and at the end our own name, so that nobody who reads
//! a log takes us for them.

use bytes::Bytes;
use http::{HeaderValue, Request};

/// Our own name, at the end of every agent.
const OWN: &str = concat!("provider/", env!("CARGO_PKG_VERSION"));
/// What Go says where nobody says anything else.
const GO: &str = "Go-http-client/1.1";
/// What it said before 1.6: the classic library brought a client of that age along.
const GO_CLASSIC: &str = "Go 1.1 package http";

/// The form of a generation's agent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum UserAgent {
    /// Of the library that spoke to Service Management: it set none.
    Classic,
    /// Of the SDK alone: Juju put its name before it from 2.1 on (Azure/azure-sdk-for-go: arm/network/version.go of 2015).
    Sdk2016,
    /// Juju, then the SDK, its package and the api-version (juju/juju: provider/azure/internal/useragent/useragent.go).
    Sdk2017,
    /// Juju as the application of today's SDK, whose module is named with the Go it was built with (azcore; recorded of other clients).
    Sdk2022,
}

impl UserAgent {
    /// The agent of a request.
    pub(super) fn of(self, request: &Request<Bytes>) -> HeaderValue {
        let theirs = match (self, Service::of(request)) {
            (Self::Classic, _) => GO_CLASSIC.to_owned(),
            (Self::Sdk2016, Service::ResourceManager { package, version }) => {
                format!("Azure-SDK-for-Go/0.1.1-beta;Package arm/{package};API {version}")
            }
            (Self::Sdk2017, Service::ResourceManager { package, version }) => {
                format!("Juju/2.2.9 Azure-SDK-For-Go/v10.0.2-beta arm-{package}/{version}")
            }
            (Self::Sdk2016 | Self::Sdk2017, Service::Identity | Service::Blobs) => GO.to_owned(),
            (Self::Sdk2022, service) => {
                let module = match service {
                    Service::ResourceManager { package, .. } => format!("arm{package}"),
                    Service::Identity => "azidentity".to_owned(),
                    Service::Blobs => "azblob".to_owned(),
                };
                format!("Juju/2.9.46 azsdk-go-{module}/v1.0.0 (go1.18.10; linux)")
            }
        };
        HeaderValue::try_from(format!("{theirs} {OWN}")).unwrap_or_else(|_| HeaderValue::from_static(OWN))
    }
}

/// Whom a request is for: each is another package of the SDKs.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Service {
    ResourceManager { package: &'static str, version: String },
    Identity,
    Blobs,
}

impl Service {
    fn of(request: &Request<Bytes>) -> Service {
        let path = request.uri().path().to_ascii_lowercase();
        if path.contains("/oauth2/") {
            return Service::Identity;
        }
        if !path.starts_with("/subscriptions") && !path.starts_with("/providers") && !path.starts_with("/tenants") {
            return Service::Blobs;
        }

        let mut segments = path.split('/').skip_while(|segment| *segment != "providers").skip(1);
        let package = match segments.next() {
            Some("microsoft.compute") => "compute",
            Some("microsoft.network") => "network",
            Some("microsoft.storage") => "storage",
            Some("microsoft.keyvault") => "keyvault",
            _ => "resources",
        };
        let mut pairs = request.uri().query().unwrap_or_default().split('&');
        let version = pairs.find_map(|pair| pair.strip_prefix("api-version="));
        Service::ResourceManager {
            package,
            version: version.unwrap_or_default().to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::request;
    use super::{OWN, UserAgent};

    const NIC: &str = "https://m/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/networkInterfaces/n?api-version=2015-06-15";

    fn agent(of: UserAgent, url: &str) -> String {
        let agent = of.of(&request("GET", url));
        let text = agent.to_str().expect("an agent is text");
        text.strip_suffix(OWN)
            .expect("our own name is last")
            .trim_end()
            .to_owned()
    }

    #[test]
    fn each_generation_has_the_agent_of_its_sdk() {
        let rows = [
            (UserAgent::Classic, "Go 1.1 package http"),
            (
                UserAgent::Sdk2016,
                "Azure-SDK-for-Go/0.1.1-beta;Package arm/network;API 2015-06-15",
            ),
            (
                UserAgent::Sdk2017,
                "Juju/2.2.9 Azure-SDK-For-Go/v10.0.2-beta arm-network/2015-06-15",
            ),
            (
                UserAgent::Sdk2022,
                "Juju/2.9.46 azsdk-go-armnetwork/v1.0.0 (go1.18.10; linux)",
            ),
        ];
        for (of, expected) in rows {
            assert_eq!(agent(of, NIC), expected);
        }
    }

    #[test]
    fn sign_ins_and_blobs_are_other_packages() {
        let token = "https://l/tenant/oauth2/token?api-version=1.0";
        assert_eq!(agent(UserAgent::Sdk2017, token), "Go-http-client/1.1");
        let module = |url| agent(UserAgent::Sdk2022, url).split(' ').nth(1).map(str::to_owned);
        assert_eq!(module(token).as_deref(), Some("azsdk-go-azidentity/v1.0.0"));
        assert_eq!(module("https://a.blob/c/b").as_deref(), Some("azsdk-go-azblob/v1.0.0"));
        assert_eq!(
            module("https://m/subscriptions/s/resourceGroups/g?api-version=2021-04-01").as_deref(),
            Some("azsdk-go-armresources/v1.0.0")
        );
    }
}
