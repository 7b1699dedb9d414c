//! Usages: the very counters that are enforced, and their limits (ARM 4.5).

use fake_azure_cloud::catalogue::limits::LimitRow;
use fake_azure_cloud::descriptor::Dialect;
use fake_azure_cloud::{ApiVersion, Key, Kind, Resource};
use serde_json::{Value, json};

use super::answer::Answer;
use super::error::Refusal;
use super::request::Asked;
use super::services::Service;
use crate::Sandbox;

/// Before this version Network wrote numbers with a fraction (observed-arm, Example answers: 2017-10-01 does, 2019-11-01 not).
const WHOLE_NUMBERS: ApiVersion = ApiVersion::date(2018, 1, 1);
/// Before this version Compute wrote its members in another order (ARM 4.2).
const LIMIT_FIRST: ApiVersion = ApiVersion::date(2017, 1, 1);

/// Network's usages of a location.
pub(crate) fn network(sandbox: &Sandbox, asked: &Asked<'_>, call: &Service<'_>) -> Result<Answer, Refusal> {
    let place = call.location.name;
    let entries = rows(sandbox, sandbox.cloud.ledger().profile().network).map(|row| {
        let id = format!(
            "/subscriptions/{}/providers/Microsoft.Network/locations/{place}/usages/{}",
            call.subscription, row.key
        );
        json!({
            "currentValue": number(asked, used(sandbox, call, row)),
            "id": id,
            "limit": number(asked, limit(sandbox, row)),
            "name": { "localizedValue": row.localized, "value": row.key },
            "unit": "Count",
        })
    });
    Ok(Answer::ok(
        Dialect::Network,
        json!({ "value": entries.collect::<Vec<_>>() }),
    ))
}

/// Compute's usages of a location. They have no id.
pub(crate) fn compute(sandbox: &Sandbox, asked: &Asked<'_>, call: &Service<'_>) -> Result<Answer, Refusal> {
    let entries = rows(sandbox, sandbox.cloud.ledger().profile().compute).map(|row| {
        let (limit, current) = (limit(sandbox, row), used(sandbox, call, row));
        let name = json!({ "value": row.key, "localizedValue": row.localized });
        if asked.version() < LIMIT_FIRST {
            json!({ "unit": "Count", "currentValue": current, "limit": limit, "name": name })
        } else {
            json!({ "limit": limit, "unit": "Count", "currentValue": current, "name": name })
        }
    });
    Ok(Answer::ok(
        Dialect::Compute,
        json!({ "value": entries.collect::<Vec<_>>() }),
    ))
}

/// Storage's usages of a subscription: all locations together.
pub(crate) fn storage(sandbox: &Sandbox, _asked: &Asked<'_>, call: &Service<'_>) -> Result<Answer, Refusal> {
    let owner = owner(sandbox, call);
    let everywhere = |row: &LimitRow| {
        let counters = sandbox.cloud.ledger().counters();
        counters
            .filter(|(key, _, own, _)| Some(*key) == owner && *own == row.key)
            .map(|(_, _, _, used)| used)
            .sum()
    };
    Ok(storage_answer(sandbox, &everywhere))
}

/// Storage's usages of a location.
pub(crate) fn storage_at(sandbox: &Sandbox, _asked: &Asked<'_>, call: &Service<'_>) -> Result<Answer, Refusal> {
    Ok(storage_answer(sandbox, &|row| used(sandbox, call, row)))
}

fn storage_answer(sandbox: &Sandbox, used: &dyn Fn(&LimitRow) -> i64) -> Answer {
    let entries = rows(sandbox, sandbox.cloud.ledger().profile().storage).map(|row| {
        json!({
            "unit": "Count",
            "currentValue": used(row),
            "limit": limit(sandbox, row),
            "name": { "value": row.key, "localizedValue": row.localized },
        })
    });
    Answer::ok(Dialect::Storage, json!({ "value": entries.collect::<Vec<_>>() }))
}

/// The subnets of a network, and how many addresses of each are held.
pub(crate) fn of_network(sandbox: &Sandbox, _asked: &Asked<'_>, network: &Resource) -> Result<Answer, Refusal> {
    let fabric = sandbox.cloud.fabric();
    let entries = sandbox
        .cloud
        .store()
        .children(network.key, Kind::Subnets)
        .map(|subnet| {
            let prefix = fabric
                .pools
                .get(&subnet.key)
                .and_then(fake_azure_cloud::fabric::Pool::ipv4);
            json!({
                "currentValue": fabric.held(subnet.key),
                "id": sandbox.cloud.id(subnet.key),
                "limit": prefix.map_or(0, fake_azure_cloud::fabric::host_count),
                "name": { "localizedValue": "Subnet size and usage", "value": "SubnetSpace" },
                "unit": "Count",
            })
        });
    Ok(Answer::ok(
        Dialect::Network,
        json!({ "value": entries.collect::<Vec<_>>() }),
    ))
}

fn rows<'s>(_sandbox: &'s Sandbox, rows: &'static [LimitRow]) -> impl Iterator<Item = &'static LimitRow> + 's {
    rows.iter().filter(|row| row.is_listed())
}

fn owner(sandbox: &Sandbox, call: &Service<'_>) -> Option<Key> {
    sandbox
        .cloud
        .subscription(call.subscription)
        .map(|subscription| subscription.key)
}

fn used(sandbox: &Sandbox, call: &Service<'_>, row: &LimitRow) -> i64 {
    owner(sandbox, call).map_or(0, |owner| {
        sandbox.cloud.ledger().used(owner, call.location.name, row.key)
    })
}

fn limit(sandbox: &Sandbox, row: &LimitRow) -> i64 {
    sandbox.cloud.ledger().limit(row.key).unwrap_or(row.limit)
}

fn number(asked: &Asked<'_>, number: i64) -> Value {
    if asked.version() >= WHOLE_NUMBERS {
        return Value::from(number);
    }
    // Counts and limits are far below the point where a float loses whole numbers.
    let whole = i32::try_from(number).unwrap_or(i32::MAX);
    Value::from(f64::from(whole))
}
