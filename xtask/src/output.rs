//! What a chore says, on standard output, and why it failed, on standard error. Knows nothing of chores.

use std::io::{self, Write as _};

/// Prints one line. A reader that has gone (`| head`) ends the chore quietly; another failure to write is not worth one.
pub(crate) fn line(text: impl AsRef<str>) {
    let written = writeln!(io::stdout().lock(), "{}", text.as_ref());
    if written.is_err_and(|error| error.kind() == io::ErrorKind::BrokenPipe) {
        std::process::exit(0);
    }
}

/// Prints what went wrong on standard error, each cause on a line of its own.
pub(crate) fn error(error: &anyhow::Error) {
    let mut text = format!("error: {error}\n");
    for cause in error.chain().skip(1) {
        text.push_str(&format!("  because {cause}\n"));
    }
    // Nothing is left to tell it to when standard error is gone.
    io::stderr().lock().write_all(text.as_bytes()).ok();
}
