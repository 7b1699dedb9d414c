//! Models that use each other's applications (juju-provider 3.5, property 6.12).

use conformance::machine::property::{self, PROPERTIES};

#[test]
fn whoever_is_related_is_let_in_and_nobody_else() {
    for row in PROPERTIES.iter().filter(|row| row.name.starts_with("cross-model-")) {
        let done = property::check(row, 3, 12, None).expect("a driver starts");
        if let Some(found) = done.found {
            panic!(
                "{}, seed {}:\n{}\n{:?}",
                row.name, done.seed, found.scenario, found.trouble
            );
        }
    }
}
