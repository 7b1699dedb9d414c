//! The clouds that Azure is: public, in China, for the US government. Each has names of its own for its services, and takes no token
//! that is for another's (juju-provider 1.3, L79).

/// One of them.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct AzureCloud {
    /// Resource Manager's host.
    pub(crate) resource_manager: &'static str,
    /// Service Management's host: the audience that tokens for either are asked for.
    pub(crate) service_management: &'static str,
    /// Where one signs in.
    pub(crate) login: &'static str,
}

/// The public one first.
pub(crate) const CLOUDS: [AzureCloud; 3] = [
    AzureCloud {
        resource_manager: "management.azure.com",
        service_management: "management.core.windows.net",
        login: "login.windows.net",
    },
    AzureCloud {
        resource_manager: "management.chinacloudapi.cn",
        service_management: "management.core.chinacloudapi.cn",
        login: "login.chinacloudapi.cn",
    },
    AzureCloud {
        resource_manager: "management.usgovcloudapi.net",
        service_management: "management.core.usgovcloudapi.net",
        login: "login.microsoftonline.us",
    },
];

impl AzureCloud {
    /// The cloud that a host is of; `None` for one that is not Azure's own name, as a server on loopback has.
    pub(crate) fn of_host(host: &str) -> Option<&'static AzureCloud> {
        let host = host.to_ascii_lowercase();
        CLOUDS
            .iter()
            .find(|own| own.resource_manager == host || own.service_management == host)
    }

    /// Whether a token for `audience` (without a slash at the end) is for the management of this cloud.
    pub(crate) fn is_audience(&self, audience: &str) -> bool {
        audience
            .strip_prefix("https://")
            .is_some_and(|host| host == self.resource_manager || host == self.service_management)
    }
}

/// Whether a token for `audience` is for management where a request went to `host`: to that of the host's cloud, or, where the host
/// says nothing of a cloud, to that of any.
pub(crate) fn is_management(audience: &str, host: Option<&str>) -> bool {
    match host.and_then(AzureCloud::of_host) {
        Some(cloud) => cloud.is_audience(audience),
        None => CLOUDS.iter().any(|cloud| cloud.is_audience(audience)),
    }
}

#[cfg(test)]
mod tests {
    use super::is_management;

    #[test]
    fn each_cloud_takes_tokens_of_its_own_and_a_server_takes_all() {
        let rows = [
            ("https://management.core.windows.net", "management.azure.com", true),
            (
                "https://management.core.windows.net",
                "management.chinacloudapi.cn",
                false,
            ),
            (
                "https://management.core.chinacloudapi.cn",
                "management.chinacloudapi.cn",
                true,
            ),
            (
                "https://management.core.chinacloudapi.cn",
                "management.azure.com",
                false,
            ),
            ("https://management.usgovcloudapi.net", "localhost", true),
            ("https://graph.windows.net", "localhost", false),
        ];
        for (audience, host, expected) in rows {
            assert_eq!(is_management(audience, Some(host)), expected, "{audience} at {host}");
        }
    }
}
