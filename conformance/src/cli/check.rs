//! `conformance check`: is it a scenario, and if not, where and what was expected.

use camino::Utf8PathBuf;

use super::{Streams, usage};
use crate::exit;
use crate::scenario::Library;

pub(super) fn check(library: &Library, files: &[Utf8PathBuf], streams: &mut Streams<'_>) -> anyhow::Result<u8> {
    let (n_good, errors) = if files.is_empty() {
        match library.load() {
            Ok((scenarios, errors)) => (scenarios.len(), errors),
            Err(error) => {
                return usage(
                    streams,
                    &error.to_string(),
                    "name the folder of scenarios with --scenarios FOLDER",
                );
            }
        }
    } else {
        let mut n_good = 0;
        let mut errors = Vec::new();
        for file in files {
            match library.read_file(file) {
                Ok(_) => n_good += 1,
                Err(error) => errors.push(error),
            }
        }
        (n_good, errors)
    };
    for error in &errors {
        writeln!(streams.err, "{error}")?;
    }
    writeln!(streams.out, "{n_good} good, {} not", errors.len())?;
    Ok(if errors.is_empty() { exit::OK } else { exit::USAGE })
}
