//! Where Azure answers: the endpoints of one cloud.

use url::Url;

use crate::Error;

/// What the service behind the endpoints still offers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Offering {
    /// What Azure offers now. Basic public addresses, unmanaged disks and the other things that the old generations stand on are
    /// retired, so those generations are refused.
    #[default]
    Today,
    /// Everything Azure ever offered, as a simulator of the past has it.
    Historic,
}

/// The endpoints of one cloud (juju-provider 1.3, 1.7).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CloudSpec {
    /// Resource Manager, `https://management.azure.com`. A path after the authority is kept.
    pub resource_manager: Url,
    /// Where tokens are issued. None: the scheme and host that the 401 challenge names.
    pub login: Option<Url>,
    /// For whom the token is: `https://management.core.windows.net/` in the public cloud (juju-provider L79).
    pub audience: String,
    /// What the service still offers.
    pub offering: Offering,
}

impl CloudSpec {
    /// The public cloud.
    #[must_use]
    pub fn public() -> Self {
        Self::at("https://management.azure.com", "https://management.core.windows.net/")
    }

    /// Azure in China.
    #[must_use]
    pub fn china() -> Self {
        Self::at(
            "https://management.chinacloudapi.cn",
            "https://management.core.chinacloudapi.cn/",
        )
    }

    /// Azure for the US government.
    #[must_use]
    pub fn us_government() -> Self {
        Self::at(
            "https://management.usgovcloudapi.net",
            "https://management.core.usgovcloudapi.net/",
        )
    }

    fn at(resource_manager: &str, audience: &str) -> Self {
        Self {
            resource_manager: Url::parse(resource_manager).expect("the endpoints of the known clouds are URLs"),
            login: None,
            audience: audience.to_owned(),
            offering: Offering::Today,
        }
    }

    /// The Resource Manager endpoint without its trailing slash.
    pub(crate) fn base(&self) -> String {
        self.resource_manager.as_str().trim_end_matches('/').to_owned()
    }

    pub(crate) fn validate(&self) -> Result<(), Error> {
        let urls = [
            ("resource-manager", Some(&self.resource_manager)),
            ("login", self.login.as_ref()),
        ];
        for (attribute, url) in urls {
            let Some(url) = url else { continue };
            if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() {
                return Err(Error::config(
                    attribute,
                    format!("`{url}` is not an http or https URL with a host"),
                ));
            }

            if url.query().is_some() || url.fragment().is_some() {
                return Err(Error::config(
                    attribute,
                    format!("`{url}` has a query or a fragment, an endpoint has neither"),
                ));
            }
        }
        if self.audience.is_empty() {
            return Err(Error::config("audience", "empty value not valid"));
        }

        Ok(())
    }
}
