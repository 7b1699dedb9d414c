//! Tags: how a resource says whose it is (juju-provider 1.5).

use std::collections::BTreeMap;

use serde_json::{Value, json};
use uuid::Uuid;

use crate::{Config, StartInstance};

pub(crate) const MODEL_UUID: &str = "juju-model-uuid";
pub(crate) const CONTROLLER_UUID: &str = "juju-controller-uuid";
pub(crate) const IS_CONTROLLER: &str = "juju-is-controller";
pub(crate) const UNITS_DEPLOYED: &str = "juju-units-deployed";
pub(crate) const MACHINE_NAME: &str = "juju-machine-name";
pub(crate) const MACHINE_ID: &str = "juju-machine-id";

/// Longest value Azure takes.
const VALUE_LEN_MAX: usize = 256;

/// Tags as Azure answers them, or none.
pub(crate) type Tags = BTreeMap<String, String>;

/// The value of `name`, whose case does not matter.
pub(crate) fn value<'a>(tags: Option<&'a Tags>, name: &str) -> Option<&'a str> {
    tags?
        .iter()
        .find(|(own, _)| own.eq_ignore_ascii_case(name))
        .map(|(_, value)| value.as_str())
}

/// Tags of what machines share.
pub(crate) fn of_environment(config: &Config) -> Tags {
    let mut tags = config.resource_tags.clone();
    tags.insert(MODEL_UUID.to_owned(), config.uuid.to_string());
    tags.insert(CONTROLLER_UUID.to_owned(), config.controller_uuid.to_string());
    tags
}

/// Tags of what belongs to one machine.
pub(crate) fn of_machine(config: &Config, controller_uuid: Uuid, params: &StartInstance) -> Tags {
    let mut tags = of_environment(config);
    tags.extend(params.tags.clone());
    tags.insert(CONTROLLER_UUID.to_owned(), controller_uuid.to_string());
    if params.controller {
        tags.insert(IS_CONTROLLER.to_owned(), "true".to_owned());
    }
    let units = units_deployed(&params.units);
    if !units.is_empty() {
        tags.insert(UNITS_DEPLOYED.to_owned(), units);
    }
    tags.insert(MACHINE_NAME.to_owned(), params.instance_id().as_str().to_owned());
    tags
}

/// Names of units, sorted, as many as Azure takes.
fn units_deployed(units: &[String]) -> String {
    let mut sorted = units.to_vec();
    sorted.sort();
    let mut text = String::new();
    for unit in sorted {
        let room = VALUE_LEN_MAX.saturating_sub(text.len());
        if unit.len() + 1 > room {
            break;
        }

        if !text.is_empty() {
            text.push(' ');
        }
        text.push_str(&unit);
    }
    text
}

pub(crate) fn to_json(tags: &Tags) -> Value {
    json!(tags)
}

#[cfg(test)]
mod tests {
    use super::{Tags, units_deployed, value};

    #[test]
    fn a_tag_is_found_whatever_its_case() {
        let tags: Tags = [("Juju-Machine-NAME".to_owned(), "machine-0".to_owned())].into();
        assert_eq!(value(Some(&tags), super::MACHINE_NAME), Some("machine-0"));
        assert_eq!(value(None, super::MACHINE_NAME), None);
    }

    #[test]
    fn units_are_sorted_and_end_where_azure_ends() {
        assert_eq!(
            units_deployed(&["mysql/1".to_owned(), "mysql/0".to_owned()]),
            "mysql/0 mysql/1"
        );
        let many: Vec<String> = (0..100).map(|nth| format!("application/{nth}")).collect();
        let text = units_deployed(&many);
        assert!(text.len() <= 256);
        assert!(text.split(' ').all(|unit| many.iter().any(|own| own == unit)));
    }
}
