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
    /// Service Management, the classic API, `https://management.core.windows.net`.
    pub service_management: Url,
    /// Where the blobs of an account are, `{account}` standing for its name: `https://{account}.blob.core.windows.net/`. The classic
    /// stack alone needs it; Resource Manager tells.
    pub blob_endpoint: String,
    /// What the service still offers.
    pub offering: Offering,
}

/// Stands for the name of an account in [`CloudSpec::blob_endpoint`].
const ACCOUNT: &str = "{account}";

impl CloudSpec {
    /// The public cloud.
    #[must_use]
    pub fn public() -> Self {
        Self::at("https://management.azure.com", "core.windows.net")
    }

    /// Azure in China.
    #[must_use]
    pub fn china() -> Self {
        Self::at("https://management.chinacloudapi.cn", "core.chinacloudapi.cn")
    }

    /// Azure for the US government.
    #[must_use]
    pub fn us_government() -> Self {
        Self::at("https://management.usgovcloudapi.net", "core.usgovcloudapi.net")
    }

    fn at(resource_manager: &str, core: &str) -> Self {
        let url = |text: &str| Url::parse(text).expect("the endpoints of the known clouds are URLs");
        // Tokens are for the classic API, of which Resource Manager was a part once (juju-provider L79).
        let audience = format!("https://management.{core}/");
        Self {
            resource_manager: url(resource_manager),
            login: None,
            service_management: url(&audience),
            blob_endpoint: format!("https://{ACCOUNT}.blob.{core}/"),
            audience,
            offering: Offering::Today,
        }
    }

    /// The Resource Manager endpoint without its trailing slash.
    pub(crate) fn base(&self) -> String {
        self.resource_manager.as_str().trim_end_matches('/').to_owned()
    }

    /// The classic endpoint without its trailing slash.
    pub(crate) fn service_management_base(&self) -> String {
        self.service_management.as_str().trim_end_matches('/').to_owned()
    }

    /// Where the blobs of `account` are, with a slash at the end.
    pub(crate) fn blob_endpoint(&self, account: &str) -> String {
        self.blob_endpoint.replace(ACCOUNT, account)
    }

    /// What the names of cloud services end with (service-management 1.1).
    pub(crate) fn cloud_service_suffix(&self) -> &'static str {
        let host = self.service_management.host_str().unwrap_or_default();
        if host.ends_with("chinacloudapi.cn") {
            "chinacloudapp.cn"
        } else if host.ends_with("usgovcloudapi.net") {
            "usgovcloudapp.net"
        } else {
            "cloudapp.net"
        }
    }

    pub(crate) fn validate(&self) -> Result<(), Error> {
        let blobs = Url::parse(&self.blob_endpoint("account")).ok();
        if !self.blob_endpoint.contains(ACCOUNT) || !self.blob_endpoint.ends_with('/') || blobs.is_none() {
            return Err(Error::config(
                "blob-endpoint",
                format!(
                    "`{}` is not a URL with `{ACCOUNT}` in it and a slash at the end",
                    self.blob_endpoint
                ),
            ));
        }
        let urls = [
            ("resource-manager", Some(&self.resource_manager)),
            ("service-management", Some(&self.service_management)),
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
