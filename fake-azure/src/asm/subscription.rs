//! The subscription itself, and what may be registered for it (SM 4.1, 3 #5).

use bytes::Bytes;
use fake_azure_cloud::classic::forms;
use fake_azure_cloud::{CloudError, Guid};
use http::Request;

use super::encode::date;
use super::error::Failure;
use super::request::{Answer, Asked};
use super::route::Route;
use super::xml::Writer;
use crate::sandbox::Sandbox;

pub(super) const ROUTES: &[Route] = &[Route::new("GET", "/", show), Route::new("PUT", "/services", register)];

fn limit(sandbox: &Sandbox, row: &str) -> i64 {
    sandbox.cloud.ledger().limit(row).unwrap_or(0)
}

/// The moment that every subscription began.
const CREATED: fake_azure_cloud::Time = fake_azure_cloud::Time::from_millis(1_357_000_000_000);

fn show(asked: &mut Asked<'_>) -> Result<Answer, Failure> {
    let counts = asked.cx().classic_counts(asked.key);
    let sandbox = &*asked.sandbox;
    let name = sandbox
        .cloud
        .subscription(asked.subscription)
        .map_or("", |own| &*own.display_name);
    let classic = sandbox.cloud.classic();
    let tables = classic
        .route_tables
        .iter()
        .filter(|(named, _)| named.0 == asked.key)
        .count();
    let body = Writer::root("Subscription", |writer| {
        writer.text("SubscriptionID", asked.subscription);
        writer.text("SubscriptionName", name);
        writer.text("SubscriptionStatus", "Active");
        writer.text("AccountAdminLiveEmailId", "admin@fake-azure.test");
        writer.text("ServiceAdminLiveEmailId", "admin@fake-azure.test");
        writer.text("MaxCoreCount", limit(sandbox, "MaxCoreCount"));
        writer.text("MaxStorageAccounts", limit(sandbox, "MaxStorageAccounts"));
        writer.text("MaxHostedServices", limit(sandbox, "MaxHostedServices"));
        writer.text("CurrentCoreCount", counts.cores);
        writer.text("CurrentHostedServices", counts.hosted_services);
        writer.text("CurrentStorageAccounts", counts.storage_accounts);
        writer.text("MaxVirtualNetworkSites", limit(sandbox, "MaxVirtualNetworkSites"));
        writer.text("MaxLocalNetworkSites", limit(sandbox, "MaxLocalNetworkSites"));
        writer.text("MaxDnsServers", limit(sandbox, "MaxDnsServers"));
        writer.text("OfferCategories", "");
        writer.text("AADTenantID", sandbox.directory.tenant());
        writer.text("CreatedTime", date(CREATED));
        writer.text("MaxReservedIPs", limit(sandbox, "MaxReservedIPs"));
        writer.text("CurrentReservedIPs", counts.reserved_ips);
        writer.text("MaxPublicIPCount", limit(sandbox, "MaxPublicIPCount"));
        writer.text("CurrentNetworkSecurityGroups", counts.network_security_groups);
        writer.text("MaxNetworkSecurityGroups", limit(sandbox, "MaxNetworkSecurityGroups"));
        writer.text(
            "MaxNetworkSecurityRulesPerGroup",
            limit(sandbox, "MaxNetworkSecurityRulesPerGroup"),
        );
        writer.text("CurrentRouteTables", tables);
        writer.text("MaxRouteTables", limit(sandbox, "MaxRouteTables"));
        writer.text("MaxRoutesPerRouteTable", limit(sandbox, "MaxRoutesPerRouteTable"));
    });
    Ok(Answer::ok(body))
}

/// The subscriptions that a token opens. They have no subscription in the path.
pub(super) fn list(sandbox: &mut Sandbox, request: &Request<Bytes>) -> Result<Answer, Failure> {
    if request.method() != http::Method::GET {
        return Err(Failure::verb());
    }
    let ids: Vec<Guid> = sandbox.subscriptions();
    let sandbox = &*sandbox;
    let body = Writer::root("Subscriptions", |writer| {
        for id in ids {
            let Some(own) = sandbox.cloud.subscription(id) else {
                continue;
            };
            let counts = sandbox.cloud.cx().classic_counts(own.key);
            writer.element("Subscription", |writer| {
                writer.text("SubscriptionID", id);
                writer.text("SubscriptionName", &own.display_name);
                writer.text("SubscriptionStatus", "Active");
                writer.text("AccountAdminLiveEmailId", "admin@fake-azure.test");
                writer.text("ServiceAdminLiveEmailId", "admin@fake-azure.test");
                writer.text("MaxCoreCount", limit(sandbox, "MaxCoreCount"));
                writer.text("MaxStorageAccounts", limit(sandbox, "MaxStorageAccounts"));
                writer.text("MaxHostedServices", limit(sandbox, "MaxHostedServices"));
                writer.text("CurrentCoreCount", counts.cores);
                writer.text("CurrentStorageAccounts", counts.storage_accounts);
                writer.text("CurrentHostedServices", counts.hosted_services);
                writer.text("MaxVirtualNetworkSites", limit(sandbox, "MaxVirtualNetworkSites"));
                writer.text("MaxLocalNetworkSites", limit(sandbox, "MaxLocalNetworkSites"));
                writer.text("MaxDnsServers", limit(sandbox, "MaxDnsServers"));
                writer.text("MaxExtraVIPCount", limit(sandbox, "VirtualIPsPerDeployment"));
                writer.text("AADTenantID", sandbox.directory.tenant());
                writer.text("CreatedTime", date(CREATED));
            });
        }
    });
    Ok(Answer::ok(body))
}

/// Old clients register resource types before many commands, and tolerate what they hear (SM 3).
fn register(asked: &mut Asked<'_>) -> Result<Answer, Failure> {
    let service = asked
        .query("service")
        .filter(|text| !text.is_empty())
        .ok_or_else(Failure::query)?;
    let action = asked.query("action").unwrap_or_default();
    if !matches!(action, "register" | "unregister") {
        return Err(Failure::query());
    }
    if service.eq_ignore_ascii_case("website") {
        return Err(CloudError::of(&forms::REGISTERED).with("service", service).into());
    }
    Err(Failure::of(&forms::UNKNOWN_SERVICE))
}
