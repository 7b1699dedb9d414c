//! `conformance list`.

use comfy_table::{Table, presets};
use serde_json::json;

use super::{ListArguments, Streams, is_chosen};
use crate::driver::DriverKind;
use crate::exit;
use crate::machine::property::PROPERTIES;
use crate::runner::judges;
use crate::scenario::{Library, Scenario};

pub(super) fn list(library: &Library, arguments: &ListArguments, streams: &mut Streams<'_>) -> anyhow::Result<u8> {
    let (scenarios, all_good) = match super::load(library, streams)? {
        Ok(loaded) => loaded,
        Err(code) => return Ok(code),
    };
    let chosen: Vec<&Scenario> = scenarios
        .iter()
        .filter(|scenario| is_chosen(&arguments.filters, &scenario.id, &scenario.tags))
        .collect();
    let properties: Vec<_> = PROPERTIES
        .iter()
        .filter(|property| is_chosen(&arguments.filters, property.name, &[]))
        .collect();
    if arguments.json {
        for scenario in chosen {
            let row = json!({"scenario": scenario.id, "about": scenario.about, "tags": scenario.tags, "drivers": drivers(scenario)});
            writeln!(streams.out, "{row}")?;
        }
        for property in properties {
            writeln!(
                streams.out,
                "{}",
                json!({"property": property.name, "about": property.about, "driver": property.driver.name()})
            )?;
        }
    } else {
        let mut table = Table::new();
        table.load_style(presets::NOTHING);
        table.set_header(vec!["scenario", "drivers", "about"]);
        for scenario in chosen {
            table.add_row(vec![
                scenario.id.clone(),
                drivers(scenario).join(" "),
                scenario.about.clone(),
            ]);
        }
        for property in properties {
            table.add_row(vec![
                format!("property {}", property.name),
                property.driver.name().to_owned(),
                property.about.to_owned(),
            ]);
        }
        writeln!(streams.out, "{table}")?;
    }
    Ok(if all_good { exit::OK } else { exit::USAGE })
}

fn drivers(scenario: &Scenario) -> Vec<&'static str> {
    DriverKind::ALL
        .into_iter()
        .filter(|driver| judges(*driver, scenario))
        .map(DriverKind::name)
        .collect()
}
