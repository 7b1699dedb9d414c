//! Documents of the classic API, by what stands between two tags: enough for a provider that is for showing only.

/// What stands in each element of that name, in order. Elements of one name do not nest here.
pub(super) fn each<'t>(text: &'t str, name: &str) -> Vec<&'t str> {
    whole(text, name)
        .into_iter()
        .map(|element| {
            let (_, rest) = element.split_once('>').unwrap_or_default();
            rest.rsplit_once("</").map_or("", |(inside, _)| inside).trim()
        })
        .collect()
}

/// What stands in the first element of that name; empty where there is none.
pub(super) fn first<'t>(text: &'t str, name: &str) -> &'t str {
    each(text, name).first().copied().unwrap_or_default()
}

/// Each element of that name with its tags, in order.
pub(super) fn whole<'t>(text: &'t str, name: &str) -> Vec<&'t str> {
    let (begin, end) = (format!("<{name}"), format!("</{name}>"));
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find(&begin) {
        let element = &rest[at..];
        let after = &element[begin.len()..];
        if !after.starts_with(['>', ' ', '/']) {
            rest = after;
            continue;
        }
        let is_empty = element.split_once('>').is_some_and(|(tag, _)| tag.ends_with('/'));
        let length = match is_empty {
            true => element.find('>').map(|at| at + 1),
            false => element.find(&end).map(|at| at + end.len()),
        };
        let Some(length) = length else { break };
        found.push(&element[..length]);
        rest = &element[length..];
    }
    found
}

/// The site of that name, with its tags.
pub(super) fn site<'t>(document: &'t str, name: &str) -> Option<&'t str> {
    let wanted = format!("name=\"{name}\"");
    let mut sites = whole(document, "VirtualNetworkSite").into_iter();
    sites.find(|site| site.split('>').next().is_some_and(|tag| tag.contains(&wanted)))
}

/// A network configuration with one site more.
pub(super) fn with_site(document: Option<&str>, name: &str, location: &str) -> String {
    let site = format!(
        "<VirtualNetworkSite name=\"{name}\" Location=\"{location}\"><AddressSpace><AddressPrefix>10.0.0.0/8</AddressPrefix>\
         </AddressSpace></VirtualNetworkSite>"
    );
    match document {
        Some(document) if document.contains("</VirtualNetworkSites>") => {
            document.replacen("</VirtualNetworkSites>", &format!("{site}</VirtualNetworkSites>"), 1)
        }
        _ => format!(
            "<NetworkConfiguration xmlns=\"http://schemas.microsoft.com/ServiceHosting/2011/07/NetworkConfiguration\">\
             <VirtualNetworkConfiguration><VirtualNetworkSites>{site}</VirtualNetworkSites></VirtualNetworkConfiguration>\
             </NetworkConfiguration>"
        ),
    }
}

/// A document of the service.
pub(super) fn document(root: &str, inside: &str) -> String {
    format!(
        "<{root} xmlns=\"http://schemas.microsoft.com/windowsazure\" \
         xmlns:i=\"http://www.w3.org/2001/XMLSchema-instance\">{inside}</{root}>"
    )
}

/// A balanced endpoint.
pub(super) fn endpoint(name: &str, port: u16, protocol: &str, probe: (u16, &str)) -> String {
    let (probe_port, probe_protocol) = probe;
    format!(
        "<InputEndpoint><LoadBalancedEndpointSetName>{name}</LoadBalancedEndpointSetName><LocalPort>{port}</LocalPort>\
         <Name>{name}</Name><Port>{port}</Port><LoadBalancerProbe><Port>{probe_port}</Port><Protocol>{probe_protocol}</Protocol>\
         </LoadBalancerProbe><Protocol>{protocol}</Protocol></InputEndpoint>"
    )
}

/// The network part of a role. An empty list of endpoints is refused, so there is none then.
pub(super) fn network_set(endpoints: &str) -> String {
    let list = match endpoints {
        "" => String::new(),
        endpoints => format!("<InputEndpoints>{endpoints}</InputEndpoints>"),
    };
    format!(
        "<ConfigurationSet><ConfigurationSetType>NetworkConfiguration</ConfigurationSetType>{list}</ConfigurationSet>"
    )
}

#[cfg(test)]
mod tests {
    use super::{each, first, site, whole, with_site};

    #[test]
    fn elements_are_found_by_their_names_alone() {
        let text = "<a><Role>1</Role><RoleName>n</RoleName><Role i:type=\"x\"> 2 </Role><Role /></a>";
        assert_eq!(each(text, "Role"), ["1", "2", ""]);
        assert_eq!(first(text, "RoleName"), "n");
        assert_eq!(whole(text, "Role").len(), 3);
        assert_eq!(first(text, "Gone"), "");
    }

    #[test]
    fn a_site_is_put_beside_others() {
        let one = with_site(None, "one", "West US");
        let two = with_site(Some(&one), "two", "West US");
        assert!(site(&two, "one").is_some() && site(&two, "two").is_some() && site(&one, "two").is_none());
    }
}
