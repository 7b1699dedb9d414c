//! `conformance new`: a scenario to begin with, one that passes.

use super::{Streams, usage};
use crate::exit;
use crate::scenario::Library;

pub(super) fn new(library: &Library, id: &str, about: Option<&str>, streams: &mut Streams<'_>) -> anyhow::Result<u8> {
    let is_id = id.contains('/')
        && id
            .split('/')
            .all(|part| !part.is_empty() && part.chars().all(|c| c.is_ascii_alphanumeric() || "-_".contains(c)));
    if !is_id {
        return usage(
            streams,
            &format!("`{id}` is no id"),
            "write one like `arm/network/nic-in-use`",
        );
    }
    let path = library.path_of(id);
    if path.exists() {
        return usage(streams, &format!("{path} is there already"), "choose another id");
    }
    let about = about.unwrap_or("A network is there once it was made.");
    let text = format!(
        "about: {}\ntags: [arm]\nsteps:\n  - put: vnet/v0\n    expect: {{settles: Succeeded}}\n  - get: vnet/v0\n    expect: {{status: 200, body: {{properties: {{provisioningState: Succeeded}}}}}}\n",
        serde_json::Value::from(about)
    );
    if let Some(parent) = path.parent() {
        fs_err::create_dir_all(parent)?;
    }
    fs_err::write(&path, text)?;
    writeln!(streams.out, "{path}")?;
    Ok(exit::OK)
}
