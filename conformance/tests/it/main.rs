//! Integration tests of the harness: the language, the command line, generated histories, repeatability; and what the provider
//! promises, struck and not.

mod cli;
mod bounds;
mod classic;
mod contract;
mod differential;
mod journal;
mod language;
mod live;
mod naive;
mod record;
mod state_machine;
mod sweep;

/// Runs a test with snapshots where the workspace keeps them.
fn with_snapshots(test: impl FnOnce()) {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(concat!(env!("CARGO_MANIFEST_DIR"), "/../snapshots/conformance"));
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(test);
}
