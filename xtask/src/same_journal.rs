//! Whether one seed gives one journal in both builds: what the optimised harness sends and is answered is what the other does.

use std::path::Path;

use anyhow::{Context as _, Result, bail};
use xshell::cmd;

use crate::{document, output, repository};

/// The scenarios that are compared: both stacks of the provider, and the network without it.
const FILTERS: &[&str] = &["juju/", "classic/", "arm/network/"];

/// Digests the journals with both builds, and compares.
pub(crate) fn run(root: &Path) -> Result<()> {
    let shell = repository::shell(root)?;
    let filters = FILTERS;
    let plain = repository::binary_of_the_tests(root, "conformance")?;
    let plain = cmd!(shell, "{plain} digest {filters...}")
        .quiet()
        .read()
        .context("`conformance digest` failed")?;
    let optimised = cmd!(shell, "cargo run --quiet --release -- digest {filters...}");
    let optimised = repository::as_typed(optimised)
        .quiet()
        .read()
        .context("`conformance digest` failed, optimised")?;
    if let Some(line) = document::first_difference(&plain, &optimised) {
        let at = |text: &str| text.lines().nth(line - 1).unwrap_or("nothing").to_owned();
        bail!(
            "the journals of the two builds differ, first in\n  {}\noptimised:\n  {}\nsee `conformance record SCENARIO --out FILE` of both",
            at(&plain),
            at(&optimised)
        );
    }
    output::line(format!(
        "{} journals are the same in both builds",
        plain.lines().count()
    ));
    Ok(())
}
