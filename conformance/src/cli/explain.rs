//! `conformance explain`: a scenario or a property in words.

use super::{Streams, usage};
use crate::driver::DriverKind;
use crate::exit;
use crate::machine::property::PROPERTIES;
use crate::runner::judges;
use crate::scenario::{Expect, Library};

pub(super) fn explain(library: &Library, id: &str, streams: &mut Streams<'_>) -> anyhow::Result<u8> {
    if let Some(property) = PROPERTIES.iter().find(|property| property.name == id) {
        writeln!(
            streams.out,
            "{id}\n  {}\n  {} histories of up to {} operations on driver {}\n  conformance run --property {id}",
            property.about, property.n_cases, property.n_operations_max, property.driver
        )?;
        return Ok(exit::OK);
    }
    let path = library.path_of(id);
    if !path.exists() {
        return usage(
            streams,
            &format!("there is no scenario and no property `{id}`"),
            "see `conformance list` for what there is",
        );
    }
    let scenario = match library.read_file(&path) {
        Ok(scenario) => scenario,
        Err(error) => return usage(streams, &error.to_string(), "mend the file"),
    };
    writeln!(streams.out, "{id}\n  {}", scenario.about)?;
    if !scenario.tags.is_empty() {
        writeln!(streams.out, "  tags      {}", scenario.tags.join(", "))?;
    }
    let drivers: Vec<&str> = DriverKind::ALL
        .into_iter()
        .filter(|driver| judges(*driver, &scenario))
        .map(DriverKind::name)
        .collect();
    writeln!(
        streams.out,
        "  limits    {}\n  drivers   {}",
        scenario.profile,
        drivers.join(", ")
    )?;
    for (number, step) in scenario.numbered() {
        let times = if step.repeat > 1 {
            format!(", {} times", step.repeat)
        } else {
            String::new()
        };
        writeln!(
            streams.out,
            "  {number}: {}{times}{}",
            step.action.label(),
            expected(&step.expect)
        )?;
    }
    writeln!(streams.out, "  conformance run {id}")?;
    Ok(exit::OK)
}

fn expected(expect: &Expect) -> String {
    if expect.any {
        return String::new();
    }
    let words: Vec<String> = [
        expect.status.map(|status| status.to_string()),
        expect.code.clone(),
        expect.settles.clone(),
        expect.settles_code.clone(),
        expect.kind.clone(),
        expect.error.clone(),
    ]
    .into_iter()
    .flatten()
    .collect();
    if words.is_empty() {
        String::new()
    } else {
        format!(" -> {}", words.join(" "))
    }
}
