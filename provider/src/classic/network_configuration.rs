//! The network configuration: one document for the whole subscription, written whole (juju-provider 2.2 c3, c4; B.11).
//!
//! Whatever stands in it that is not the environment's own site goes back as it came: it is somebody else's.

use super::client::{Call, Endpoint, version};
use super::names::same;
use super::xml::Element;

const PATH: &str = "services/networking/media";
const NAMESPACE: &str = "http://schemas.microsoft.com/ServiceHosting/2011/07/NetworkConfiguration";
/// The addresses of an environment.
const ADDRESS_SPACE: &str = "10.0.0.0/8";

/// To what a site is bound. An affinity group pins it to old hardware (juju-provider L11).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Binding {
    Location,
    AffinityGroup,
}

/// 404 where nobody ever had a network.
pub(crate) fn get(endpoint: &Endpoint) -> Call {
    endpoint.get("read network configuration", PATH, version::USUAL)
}

pub(crate) fn put(endpoint: &Endpoint, document: &Element) -> Call {
    endpoint
        .put("write network configuration", PATH, document)
        .octet_stream()
}

fn sites(document: &Element) -> impl Iterator<Item = &Element> {
    let body = document.find("VirtualNetworkConfiguration");
    body.into_iter()
        .flat_map(|body| body.items("VirtualNetworkSites", "VirtualNetworkSite"))
}

fn is_named(site: &Element, name: &str) -> bool {
    site.value("name").is_some_and(|own| same(own, name))
}

/// To what the site of that name is bound; None where there is none.
pub(crate) fn binding(document: &Element, name: &str) -> Option<Binding> {
    let site = sites(document).find(|site| is_named(site, name))?;
    let has = |attribute| site.value(attribute).is_some_and(|value| !value.is_empty());
    Some(match has("AffinityGroup") && !has("Location") {
        true => Binding::AffinityGroup,
        false => Binding::Location,
    })
}

/// The document with one more site; None where it is there already.
pub(crate) fn with_site(document: Option<Element>, name: &str, location: &str) -> Option<Element> {
    let mut document = document.unwrap_or_else(|| Element::new("NetworkConfiguration").attribute("xmlns", NAMESPACE));
    if binding(&document, name).is_some() {
        return None;
    }

    let site = Element::new("VirtualNetworkSite")
        .attribute("name", name)
        .attribute("Location", location)
        .child(Element::new("AddressSpace").with("AddressPrefix", ADDRESS_SPACE));
    // The list of sites is the last of the document's sections.
    let body = child_mut(&mut document, "VirtualNetworkConfiguration")?;
    child_mut(body, "VirtualNetworkSites")?.children.push(site);
    Some(document)
}

/// The document without the site; None where it is not there.
pub(crate) fn without_site(mut document: Element, name: &str) -> Option<Element> {
    binding(&document, name)?;
    let body = child_mut(&mut document, "VirtualNetworkConfiguration")?;
    child_mut(body, "VirtualNetworkSites")?
        .children
        .retain(|site| !is_named(site, name));
    Some(document)
}

/// The child of that name, made where there is none.
fn child_mut<'a>(element: &'a mut Element, name: &str) -> Option<&'a mut Element> {
    if element.find(name).is_none() {
        element.children.push(Element::new(name));
    }
    element.find_mut(name)
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::{Binding, binding, with_site, without_site};
    use crate::classic::xml::Element;

    fn text(document: Option<Element>) -> String {
        document.map_or_else(
            || "none".to_owned(),
            |document| String::from_utf8_lossy(&document.document()).replace("><", ">\n<"),
        )
    }

    fn strangers() -> Element {
        let text = "<?xml version=\"1.0\"?>\r\n<NetworkConfiguration xmlns:xsd=\"x\" xmlns=\"n\">\r\n  <VirtualNetworkConfiguration>\r\n    \
                    <Dns><DnsServers><DnsServer name=\"d\" IPAddress=\"10.0.0.9\" /></DnsServers></Dns>\r\n    \
                    <VirtualNetworkSites><VirtualNetworkSite name=\"theirs\" AffinityGroup=\"g\"><AddressSpace>\
                    <AddressPrefix>10.1.0.0/16</AddressPrefix></AddressSpace><Gateway profile=\"Small\" /></VirtualNetworkSite>\
                    </VirtualNetworkSites>\r\n  </VirtualNetworkConfiguration>\r\n</NetworkConfiguration>";
        Element::parse(text.as_bytes()).expect("the strangers' document is well formed")
    }

    #[test]
    fn the_first_site_makes_the_document() {
        expect![[r#"
            <NetworkConfiguration xmlns="http://schemas.microsoft.com/ServiceHosting/2011/07/NetworkConfiguration">
            <VirtualNetworkConfiguration>
            <VirtualNetworkSites>
            <VirtualNetworkSite name="juju-azure-vnet" Location="West US">
            <AddressSpace>
            <AddressPrefix>10.0.0.0/8</AddressPrefix>
            </AddressSpace>
            </VirtualNetworkSite>
            </VirtualNetworkSites>
            </VirtualNetworkConfiguration>
            </NetworkConfiguration>"#]]
        .assert_eq(&text(with_site(None, "juju-azure-vnet", "West US")));
    }

    #[test]
    fn what_others_have_stays_as_it_is() {
        let with = with_site(Some(strangers()), "ours", "West US").expect("the site is not there yet");
        assert_eq!(
            (binding(&with, "Ours"), binding(&with, "theirs"), binding(&with, "none")),
            (Some(Binding::Location), Some(Binding::AffinityGroup), None)
        );
        assert_eq!(text(with_site(Some(with.clone()), "ours", "West US")), "none");
        assert_eq!(
            text(without_site(with, "ours")),
            text(Some(strangers())),
            "adding and removing comes back to what was"
        );
        assert_eq!(text(without_site(strangers(), "ours")), "none");
    }
}
