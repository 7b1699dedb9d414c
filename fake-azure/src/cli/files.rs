//! Files of the command line: where they are, and how they are written.

use std::io::{self, Write as _};

use camino::{Utf8Path, Utf8PathBuf};

/// What a server that runs says of itself, in its folder.
pub(crate) const RUNNING: &str = "serve.env";

/// Where certificates are kept unless somebody says otherwise, by the XDG rules; `None` where there is no home.
pub(crate) fn default_state_dir() -> Option<Utf8PathBuf> {
    let folder = |name: &str| {
        std::env::var(name)
            .ok()
            .filter(|path| !path.is_empty())
            .map(Utf8PathBuf::from)
    };
    let state = folder("XDG_STATE_HOME").or_else(|| Some(folder("HOME")?.join(".local/state")))?;
    Some(state.join("fake-azure"))
}

/// Writes a file so that a reader finds all of it or nothing.
pub(crate) fn write_whole(path: &Utf8Path, text: &str) -> io::Result<()> {
    let beside = Utf8PathBuf::from(format!("{path}.new"));
    fs_err::write(&beside, text)?;
    fs_err::rename(&beside, path)
}

/// The same for a file that only its owner may read.
pub(crate) fn write_private(path: &Utf8Path, text: &str) -> io::Result<()> {
    let beside = Utf8PathBuf::from(format!("{path}.new"));
    let mut options = fs_err::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    {
        use fs_err::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    options.open(&beside)?.write_all(text.as_bytes())?;
    fs_err::rename(&beside, path)
}
