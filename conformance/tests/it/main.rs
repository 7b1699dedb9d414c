//! Integration tests of the harness: the language, the command line, generated histories, repeatability; and what the provider
//! promises, struck and not.

mod bounds;
mod classic;
mod cli;
mod contract;
mod controller;
mod cross_model;
mod differential;
mod journal;
mod language;
mod live;
mod migration;
mod naive;
mod naive_classic;
mod properties;
mod quotas;
mod record;
mod secrets;
mod state_machine;
mod status;
mod sweep;
mod versions;

/// Runs a test with snapshots where the workspace keeps them.
fn with_snapshots(test: impl FnOnce()) {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(concat!(env!("CARGO_MANIFEST_DIR"), "/../snapshots/conformance"));
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(test);
}
