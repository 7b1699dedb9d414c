//! Calls to a provider that name no resource: usages, sizes, catalogues, availability checks, and the polls of operations.

use fake_azure_cloud::Guid;
use fake_azure_cloud::catalogue::api_versions;
use fake_azure_cloud::catalogue::locations::{self, Location};
use fake_azure_cloud::catalogue::providers;
use fake_azure_cloud::descriptor::Dialect;
use http::Method;

use super::answer::Answer;
use super::async_protocol::{self, Style};
use super::error::Refusal;
use super::request::Asked;
use super::{availability, gateway, publishers, route, sizes, skus, usages, vaults};
use crate::Sandbox;

/// A call as its row sees it.
#[derive(Debug)]
pub(crate) struct Service<'a> {
    /// The subscription.
    pub(crate) subscription: Guid,
    /// What the stars of the pattern stand for, but for the location.
    pub(crate) args: Vec<&'a str>,
    /// The location, where the pattern has one; else the first one there is.
    pub(crate) location: &'static Location,
}

type Answerer = fn(&Sandbox, &Asked<'_>, &Service<'_>) -> Result<Answer, Refusal>;

/// One call.
struct Row {
    namespace: &'static str,
    /// Segments; `*` stands for any, and the one after `locations` for a location.
    pattern: &'static str,
    method: Method,
    answer: Answerer,
}

const fn get(namespace: &'static str, pattern: &'static str, answer: Answerer) -> Row {
    Row {
        namespace,
        pattern,
        method: Method::GET,
        answer,
    }
}

const fn post(namespace: &'static str, pattern: &'static str, answer: Answerer) -> Row {
    Row {
        namespace,
        pattern,
        method: Method::POST,
        answer,
    }
}

const COMPUTE: &str = "Microsoft.Compute";
const KEY_VAULT: &str = "Microsoft.KeyVault";
const NETWORK: &str = "Microsoft.Network";
const STORAGE: &str = "Microsoft.Storage";

const ROWS: &[Row] = &[
    get(COMPUTE, "locations/*/DiskOperations/*", |sandbox, asked, call| {
        poll_compute(sandbox, asked, call, Dialect::Disks)
    }),
    get(COMPUTE, "locations/*/operations/*", |sandbox, asked, call| {
        poll_compute(sandbox, asked, call, Dialect::Compute)
    }),
    get(COMPUTE, "locations/*/publishers", publishers::list),
    get(
        COMPUTE,
        "locations/*/publishers/*/artifacttypes/vmextension/types",
        publishers::types,
    ),
    get(
        COMPUTE,
        "locations/*/publishers/*/artifacttypes/vmextension/types/*/versions",
        publishers::type_versions,
    ),
    get(
        COMPUTE,
        "locations/*/publishers/*/artifacttypes/vmextension/types/*/versions/*",
        publishers::type_version,
    ),
    get(
        COMPUTE,
        "locations/*/publishers/*/artifacttypes/vmimage/offers",
        publishers::offers,
    ),
    get(
        COMPUTE,
        "locations/*/publishers/*/artifacttypes/vmimage/offers/*/skus",
        publishers::skus,
    ),
    get(
        COMPUTE,
        "locations/*/publishers/*/artifacttypes/vmimage/offers/*/skus/*/versions",
        publishers::versions,
    ),
    get(
        COMPUTE,
        "locations/*/publishers/*/artifacttypes/vmimage/offers/*/skus/*/versions/*",
        publishers::version,
    ),
    get(COMPUTE, "locations/*/usages", usages::compute),
    get(COMPUTE, "locations/*/vmSizes", sizes::of_location),
    get(COMPUTE, "skus", skus::list),
    get(KEY_VAULT, "deletedVaults", vaults::list_deleted),
    get(KEY_VAULT, "locations/*/deletedVaults/*", vaults::deleted),
    get(KEY_VAULT, "locations/*/operationResults/*", vaults::poll_purge),
    get(NETWORK, "locations/*/CheckDnsNameAvailability", availability::dns_name),
    get(NETWORK, "locations/*/operationResults/*", |sandbox, asked, call| {
        async_protocol::poll(
            sandbox,
            asked,
            call.subscription,
            Dialect::Network,
            call.args[0],
            Style::Result,
        )
    }),
    get(NETWORK, "locations/*/operations/*", |sandbox, asked, call| {
        async_protocol::poll(
            sandbox,
            asked,
            call.subscription,
            Dialect::Network,
            call.args[0],
            Style::Document,
        )
    }),
    get(NETWORK, "locations/*/usages", usages::network),
    get(
        NETWORK,
        "locations/*/virtualNetworkAvailableEndpointServices",
        availability::endpoint_services,
    ),
    get(STORAGE, "locations/*/asyncoperations/*", poll_storage),
    get(STORAGE, "locations/*/usages", usages::storage_at),
    get(STORAGE, "operations/*", poll_storage),
    get(STORAGE, "usages", usages::storage),
    post(KEY_VAULT, "checkNameAvailability", vaults::check_name),
    post(STORAGE, "checkNameAvailability", availability::account_name),
    post(STORAGE, "locations/*/checkNameAvailability", availability::account_name),
];

/// Answers a call.
pub(crate) fn serve(
    sandbox: &mut Sandbox,
    asked: &Asked<'_>,
    subscription: Guid,
    namespace: &str,
    rest: &[String],
) -> Result<Answer, Refusal> {
    if let Some((location, name)) = vaults::purged(namespace, rest) {
        return vaults::purge(sandbox, asked, subscription, location, name);
    }
    let own = |row: &&Row| row.namespace.eq_ignore_ascii_case(namespace) && matches(row.pattern, rest);
    let Some(row) = ROWS.iter().find(own) else {
        let mut chain = vec![namespace];
        chain.extend(rest.iter().step_by(2).map(String::as_str));
        return Err(route::no_such_type(&chain, asked.version_text()).into());
    };
    let is_read = row.method == Method::GET && asked.is_head();
    if row.method != *asked.method && !is_read {
        return Err(Refusal::Verb);
    }

    let has_location = row.pattern.starts_with("locations/*");
    let location = match rest.get(1).filter(|_| has_location) {
        Some(given) => locations::find(given).ok_or_else(|| nowhere(given, asked, row))?,
        None => &locations::LOCATIONS[0],
    };
    let stars = row
        .pattern
        .split('/')
        .zip(rest)
        .filter(|(word, _)| *word == "*")
        .map(|(_, given)| given.as_str());
    let args = stars.skip(usize::from(has_location)).collect();
    (row.answer)(
        sandbox,
        asked,
        &Service {
            subscription,
            args,
            location,
        },
    )
}

/// Whether a POST is counted as a read (ARM 5.2).
pub(crate) fn only_reads(segments: &[String]) -> bool {
    segments
        .last()
        .is_some_and(|last| last.eq_ignore_ascii_case("checkNameAvailability"))
}

fn matches(pattern: &str, rest: &[String]) -> bool {
    let words: Vec<&str> = pattern.split('/').collect();
    words.len() == rest.len()
        && words
            .iter()
            .zip(rest)
            .all(|(word, own)| *word == "*" || own.eq_ignore_ascii_case(word))
}

fn nowhere(given: &str, asked: &Asked<'_>, row: &Row) -> Refusal {
    let type_path: Vec<&str> = row.pattern.split('/').filter(|word| *word != "*").take(2).collect();
    let type_path = type_path.join("/");
    let versions = providers::find_type(&format!("{}/{type_path}", row.namespace)).map_or(&[][..], |row| row.versions);
    gateway::no_provider_for(given, asked, &type_path, &api_versions::joined(versions, ", "))
}

/// Compute's two addresses differ in `monitor=true` only (ARM 2.3).
fn poll_compute(sandbox: &Sandbox, asked: &Asked<'_>, call: &Service<'_>, dialect: Dialect) -> Result<Answer, Refusal> {
    let monitors = asked
        .query
        .get("monitor")
        .is_some_and(|wish| wish.eq_ignore_ascii_case("true"));
    let style = if monitors { Style::Result } else { Style::Document };
    async_protocol::poll(sandbox, asked, call.subscription, dialect, call.args[0], style)
}

fn poll_storage(sandbox: &Sandbox, asked: &Asked<'_>, call: &Service<'_>) -> Result<Answer, Refusal> {
    async_protocol::poll(
        sandbox,
        asked,
        call.subscription,
        Dialect::Storage,
        call.args[0],
        Style::Result,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_segment_by_segment_without_case() {
        let words = |text: &str| text.split('/').map(str::to_owned).collect::<Vec<_>>();
        assert!(matches("locations/*/usages", &words("Locations/westus/USAGES")));
        assert!(!matches("locations/*/usages", &words("locations/westus")));
        assert!(!matches("locations/*/usages", &words("locations/westus/usages/x")));
    }

    #[test]
    fn every_row_is_of_a_provider_that_there_is() {
        for row in ROWS {
            assert!(providers::find(row.namespace).is_some(), "{}", row.namespace);
        }
    }
}
