//! Migration to Resource Manager on the wire (SM 10.5).

use fake_azure_cloud::classic::{Act, Subject};

use super::error::Failure;
use super::request::{Answer, Asked};
use super::route::Route;
use super::xml::Writer;

macro_rules! routes {
    ($( $path:literal => $subject:expr ),* $(,)?) => {
        pub(super) const ROUTES: &[Route] = &[
            $(
                Route::new("POST", $path, |asked| validate(asked, $subject)).comp("validate").since(20_150_901),
                Route::new("POST", $path, |asked| step(asked, $subject, false)).comp("prepare").since(20_150_901),
                Route::new("POST", $path, |asked| step(asked, $subject, false)).comp("abort").since(20_150_901),
                Route::new("POST", $path, |asked| step(asked, $subject, true)).comp("commit").since(20_150_901),
            )*
        ];
    };
}

routes! {
    "/services/hostedservices/{service}/deployments/{deployment}/migration" =>
        |asked: &Asked<'_>| Subject::Deployment { service: asked.boxed("service"), deployment: asked.boxed("deployment") },
    "/services/networking/networksecuritygroups/{nsg}/migration" =>
        |asked: &Asked<'_>| Subject::NetworkSecurityGroup(asked.boxed("nsg")),
    "/services/networking/reservedips/{reserved}/migration" => |asked: &Asked<'_>| Subject::ReservedIp(asked.boxed("reserved")),
    "/services/networking/routetables/{table}/migration" => |asked: &Asked<'_>| Subject::RouteTable(asked.boxed("table")),
    "/services/networking/virtualnetwork/{vnet}/migration" => |asked: &Asked<'_>| Subject::VirtualNetwork(asked.boxed("vnet")),
    "/services/storageservices/{account}/migration" => |asked: &Asked<'_>| Subject::StorageAccount(asked.boxed("account")),
}

fn validate(asked: &mut Asked<'_>, subject: impl Fn(&Asked<'_>) -> Subject) -> Result<Answer, Failure> {
    let subject = subject(asked);
    let body = Writer::root("ValidationMessages", |writer| {
        for message in asked.cx().validate_migration(asked.key, &subject) {
            writer.element("ValidationMessage", |writer| {
                writer.text("ResourceType", message.resource_type);
                writer.text("ResourceName", &message.resource_name);
                writer.text("Category", message.category);
                writer.text("Message", &message.message);
            });
        }
    });
    Ok(Answer::ok(body))
}

fn step(asked: &mut Asked<'_>, subject: impl Fn(&Asked<'_>) -> Subject, commit: bool) -> Result<Answer, Failure> {
    let subject = subject(asked);
    Ok(Answer::accepted(asked.perform(Act::Migrate { subject, commit })?))
}
