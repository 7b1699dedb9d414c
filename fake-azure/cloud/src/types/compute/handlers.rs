//! Extension handlers: what an extension's document asks to be installed, as machines report it.

use crate::Document;
use crate::catalogue::extensions;

use super::parameters::{flag, text};

/// `Microsoft.Compute.CustomScriptExtension` and the version that was chosen for it.
pub(super) struct Handler {
    pub(super) name: String,
    pub(super) version: String,
}

/// The handler of an extension's document. A version that the catalogue does not have stands as it was asked for.
pub(super) fn handler_of(document: &Document) -> Handler {
    let publisher = text(document, "/properties/publisher").unwrap_or_default();
    let kind = text(document, "/properties/type").unwrap_or_default();
    let asked = text(document, "/properties/typeHandlerVersion").unwrap_or_default();
    let upgrades = flag(document, "/properties/autoUpgradeMinorVersion").unwrap_or(false);
    let chosen = extensions::find(publisher, kind).and_then(|found| found.newest(asked, upgrades));
    Handler {
        name: format!("{publisher}.{kind}"),
        version: chosen.unwrap_or(asked).to_owned(),
    }
}
