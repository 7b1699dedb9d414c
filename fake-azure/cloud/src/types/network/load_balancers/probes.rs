//! Probes: how a balancer finds out which members of a pool are well.

use serde::{Deserialize, Serialize};

use super::ports;
use crate::Document;
use crate::api_version::ApiVersion;
use crate::cx::Cx;
use crate::descriptor::{Descriptor, Dialect, Field, Fill, NameRule};
use crate::error::CloudError;
use crate::forms::forms;
use crate::plan::Plan;
use crate::registry::Kind;
use crate::resource::Resource;
use crate::types::network::{reading, write_back_links};
use crate::types::{Put, ResourceType, View};

forms! {
    BAD_COUNT: Invalid, Network, "NumberOfProbesIsOutOfRange", "NumberOfProbes value for probe {probe} is out of range. When IntervalInSeconds is {interval}, the value must be between 1 and {most}.", "ARM 3.5, observed-arm", "choose a number in the range";
    BAD_INTERVAL: Invalid, Network, "ProbeIntervalIsOutOfRange", "Probe Interval for probe {probe} must be between 5 and 2147483646.", "ARM 3.5, observed-arm", "choose 5 seconds or more";
    NO_PATH: Invalid, Network, "ProbeRequestPathIsNull", "Request path for probe {probe} cannot be null when its protocol is {protocol}.", "ARM 3.5, 8.2 (code and form unsure)", "add requestPath";
    UNWANTED_PATH: Invalid, Network, "ProbeRequestPathIsNotNull", "Request path for probe {probe} must be null when its protocol is Tcp.", "ARM 3.5, observed-arm", "leave requestPath out, or use Http";
}

/// Probes.
pub(crate) const DESCRIPTOR: Descriptor = Descriptor {
    parent: Some(Kind::LoadBalancers),
    tracked: false,
    since: ApiVersion::date(2014, 12, 1),
    names: NameRule::word(1, 80),
    fields: &[
        Field::read_only("/properties/loadBalancingRules"),
        Field::one_of("/properties/protocol", &["Http", "Tcp", "Https"]),
        Field::default("/properties/intervalInSeconds", Fill::Int(15)),
        Field::default("/properties/numberOfProbes", Fill::Int(2)),
    ],
    errors: ALL,
    ..Descriptor::of("Microsoft.Network/loadBalancers/probes", Dialect::Network)
};

/// A probe.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Probe {
    /// The port that it knocks at.
    pub port: u16,
    /// What it asks for; `None` for one that only connects.
    pub path: Option<Box<str>>,
    /// Seconds between two knocks.
    pub interval_secs: u32,
    /// Failures after which a member is down.
    pub failures: u32,
}

impl ResourceType for Probe {
    const DESCRIPTOR: &'static Descriptor = &DESCRIPTOR;

    fn plan_put(_cx: &Cx<'_>, put: &Put<'_>, _before: Option<&Self>) -> Result<(Self, Plan), CloudError> {
        let port = ports::read(put, "port", 1, ports::MAX)?;
        let path = read_path(put)?;
        let interval = read_interval(put)?;
        let failures = read_failures(put, interval)?;
        Ok((
            Probe {
                port,
                path,
                interval_secs: interval,
                failures,
            },
            Plan::new(),
        ))
    }

    fn render(&self, cx: &Cx<'_>, resource: &Resource, _view: &View<'_>, document: &mut Document) {
        let users = [("loadBalancingRules", Kind::LoadBalancingRules)];
        write_back_links(cx, resource, &users, &mut document["properties"]);
    }
}

/// A path goes with Http and Https, and with nothing else.
fn read_path(put: &Put<'_>) -> Result<Option<Box<str>>, CloudError> {
    let Some(protocol) = reading::text(put.document, "/properties/protocol")? else {
        return Err(reading::refuse(
            "/properties/protocol",
            &serde_json::Value::Null,
            "Expected a protocol.",
        ));
    };
    let path = reading::text(put.document, "/properties/requestPath")?.filter(|path| !path.is_empty());
    match (protocol, path) {
        ("Tcp", Some(_)) => Err(CloudError::of(&UNWANTED_PATH).with("probe", put.id())),
        ("Tcp", None) => Ok(None),
        (_, Some(path)) => Ok(Some(path.into())),
        (protocol, None) => Err(CloudError::of(&NO_PATH)
            .with("probe", put.id())
            .with("protocol", protocol)),
    }
}

fn read_interval(put: &Put<'_>) -> Result<u32, CloudError> {
    let interval = reading::number(put.document, "/properties/intervalInSeconds")?.unwrap_or(15);
    match u32::try_from(interval) {
        Ok(secs) if (5..=2_147_483_646).contains(&secs) => Ok(secs),
        _ => Err(CloudError::of(&BAD_INTERVAL).with("probe", put.id.name())),
    }
}

fn read_failures(put: &Put<'_>, interval: u32) -> Result<u32, CloudError> {
    let most = 2_147_483_647 / interval;
    let failures = reading::number(put.document, "/properties/numberOfProbes")?.unwrap_or(2);
    match u32::try_from(failures) {
        Ok(failures) if (1..=most).contains(&failures) => Ok(failures),
        _ => {
            let error = CloudError::of(&BAD_COUNT).with("probe", put.id.name());
            Err(error.with("interval", interval).with("most", most))
        }
    }
}
