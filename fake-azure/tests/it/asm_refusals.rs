//! Every refusal of the classic catalogue: what is asked, and the very words of the answer. A refused request changes nothing.
//! Here: hosted services, affinity groups, storage accounts, and the counts of a subscription.

use crate::asm_support::{Classic, check, create_service, row};

const WEB: &str = "/services/hostedservices/web";
const D: &str = "/services/hostedservices/web/deployments/web";

#[test]
fn hosted_services_refuse() {
    let classic = Classic::start();
    classic.service("web");
    let services = "/services/hostedservices";
    let place = |place: &str| {
        format!("<CreateHostedService><ServiceName>new</ServiceName><Label>bA==</Label>{place}</CreateHostedService>")
    };
    let extended = |name: &str, value: &str| {
        place(&format!(
            "<Location>West US</Location><ExtendedProperties><ExtendedProperty><Name>{name}</Name><Value>{value}</Value></ExtendedProperty></ExtendedProperties>"
        ))
    };
    let long = "x".repeat(65);
    let too_long: &'static str = Box::leak(
        format!("400 BadRequest: Extended property name {long} is too long. Only 64 characters are permitted.")
            .into_boxed_str(),
    );
    let many = "<ExtendedProperty><Name>a</Name><Value>b</Value></ExtendedProperty>".repeat(51);
    check(
        &classic,
        &[
            row(
                "POST",
                services,
                create_service("test!", "West US"),
                "400 BadRequest: The hosted service name is invalid.",
            ),
            row(
                "POST",
                services,
                create_service("WEB", "West US"),
                "409 ConflictError: The specified DNS name is already taken.",
            ),
            row(
                "POST",
                services,
                create_service("new", "Mars"),
                "400 BadRequest: The location constraint is not valid",
            ),
            row(
                "POST",
                services,
                create_service("new", "westus"),
                "400 BadRequest: The location constraint is not valid",
            ),
            row(
                "POST",
                services,
                place(""),
                "400 BadRequest: Location constraint name is empty or not specified",
            ),
            row(
                "POST",
                services,
                place("<AffinityGroup>no</AffinityGroup>"),
                "400 BadRequest: The affinity group does not exist.",
            ),
            row(
                "POST",
                services,
                place("<AffinityGroup></AffinityGroup>"),
                "400 BadRequest: The affinity group name is empty or was not specified.",
            ),
            row(
                "POST",
                services,
                place("<Location>West US</Location><AffinityGroup>no</AffinityGroup>"),
                "400 BadRequest: Both a location constraint and an affinity group were specified. Specify exactly one of them.",
            ),
            row("POST", services, extended(&long, "v"), too_long),
            row(
                "POST",
                services,
                extended("a b", "v"),
                "400 BadRequest: Extended property name a b is invalid. Only letters, digits and underscores are permitted.",
            ),
            row(
                "POST",
                services,
                extended("n", &"v".repeat(256)),
                "400 BadRequest: Extended property value is too long. Only 255 characters are permitted",
            ),
            row(
                "POST",
                services,
                place(&format!(
                    "<Location>West US</Location><ExtendedProperties>{many}</ExtendedProperties>"
                )),
                "400 BadRequest: A hosted service cannot have more than 50 extended properties.",
            ),
            row(
                "POST",
                services,
                create_service("new", "West US").replace("bA==", "not base64"),
                "400 BadRequest: The label for the hosted service is invalid.",
            ),
            row(
                "PUT",
                WEB,
                format!(
                    "<UpdateHostedService><Description>{}</Description></UpdateHostedService>",
                    "d".repeat(1025)
                ),
                "400 BadRequest: The description for the hosted service is invalid.",
            ),
            row(
                "PUT",
                WEB,
                "<UpdateHostedService></UpdateHostedService>",
                "400 BadRequest: A parameter was incorrect",
            ),
            row(
                "GET",
                "/services/hostedservices/none",
                "",
                "404 ResourceNotFound: The hosted service does not exist.",
            ),
            row(
                "DELETE",
                "/services/hostedservices/none",
                "",
                "404 ResourceNotFound: The hosted service does not exist.",
            ),
            row(
                "GET",
                "/services/hostedservices/operations/isavailable/test!",
                "",
                "400 BadRequest: The hosted service name is invalid.",
            ),
            row(
                "GET",
                format!("{WEB}/deploymentslots/Production"),
                "",
                "404 ResourceNotFound: No deployments were found.",
            ),
            row("GET", D, "", "404 ResourceNotFound: No deployments were found."),
            row(
                "GET",
                format!("{WEB}/deploymentslots/Third"),
                "",
                "404 ResourceNotFound: The specified resource does not exist.",
            ),
            row(
                "GET",
                format!("{WEB}/certificates/sha1-00"),
                "",
                "404 ResourceNotFound: The certificate was not found.",
            ),
            row(
                "DELETE",
                format!("{WEB}/certificates/sha1-00"),
                "",
                "404 ResourceNotFound: The certificate was not found.",
            ),
            row(
                "GET",
                format!("{WEB}/extensions/no"),
                "",
                "404 ResourceNotFound: The extension no does not exist.",
            ),
            row(
                "GET",
                "/operations/00000000000000000000000000000001",
                "",
                "404 ResourceNotFound: The specified resource does not exist.",
            ),
            row(
                "GET",
                "/operations/%3Cobject%20at%200x7f%3E",
                "",
                "404 ResourceNotFound: The specified resource does not exist.",
            ),
        ],
    );
    let extension = "<Extension><ProviderNameSpace>p</ProviderNameSpace><Type>t</Type><Id>e</Id></Extension>";
    classic.ok("POST", &format!("{WEB}/extensions"), extension);
    check(
        &classic,
        &[row(
            "POST",
            format!("{WEB}/extensions"),
            extension,
            "409 ConflictError: The extension e already exists.",
        )],
    );
}

#[test]
fn affinity_groups_and_accounts_refuse() {
    let classic = Classic::start();
    let group = |name: &str, more: &str| {
        format!(
            "<CreateAffinityGroup><Name>{name}</Name><Label>bA==</Label>{more}<Location>West US</Location></CreateAffinityGroup>"
        )
    };
    classic.ok("POST", "/affinitygroups", &group("ag", ""));
    classic.ok("POST", "/services/hostedservices", "<CreateHostedService><ServiceName>web</ServiceName><Label>bA==</Label><AffinityGroup>ag</AffinityGroup></CreateHostedService>");
    classic.account("acct");
    let long = format!("<Description>{}</Description>", "d".repeat(1025));
    let accounts = "/services/storageservices";
    let account = |name: &str, more: &str| {
        format!(
            "<CreateStorageServiceInput><ServiceName>{name}</ServiceName><Label>bA==</Label>{more}</CreateStorageServiceInput>"
        )
    };
    let name_rule = "400 BadRequest: The name is not a valid storage account name. Storage account names must be between 3 and 24 characters in length and use numbers and lower-case letters only.";
    let west = "<Location>West US</Location>";
    check(
        &classic,
        &[
            row(
                "POST",
                "/affinitygroups",
                group("ag", ""),
                "409 ConflictError: An affinity group with the name ag already exists.",
            ),
            row(
                "POST",
                "/affinitygroups",
                group("a b", ""),
                "400 BadRequest: The affinity group name is invalid.",
            ),
            row(
                "POST",
                "/affinitygroups",
                group("new", &long),
                "400 BadRequest: The description for the affinity group is invalid.",
            ),
            row(
                "POST",
                "/affinitygroups",
                group("new", "").replace("bA==", "?"),
                "400 BadRequest: The label for the affinity group is invalid.",
            ),
            row(
                "PUT",
                "/affinitygroups/ag",
                format!("<UpdateAffinityGroup><Label>bA==</Label>{long}</UpdateAffinityGroup>"),
                "400 BadRequest: The description for the affinity group is invalid.",
            ),
            row(
                "DELETE",
                "/affinitygroups/!NotValid%24",
                "",
                "400 BadRequest: The affinity group name is invalid.",
            ),
            row(
                "GET",
                "/affinitygroups/!NotValid%24",
                "",
                "404 ResourceNotFound: The affinity group does not exist.",
            ),
            row(
                "DELETE",
                "/affinitygroups/none",
                "",
                "404 ResourceNotFound: The affinity group does not exist.",
            ),
            row(
                "DELETE",
                "/affinitygroups/AG",
                "",
                "400 BadRequest: The affinity group ag cannot be deleted because it is in use.",
            ),
            row("GET", format!("{accounts}/operations/isavailable/az"), "", name_rule),
            row("POST", accounts, account("az", west), name_rule),
            row(
                "POST",
                accounts,
                account("acct", west),
                "409 ConflictError: The storage account named 'acct' is already taken.",
            ),
            row(
                "POST",
                accounts,
                account("other", "<Location>Mars</Location>"),
                "400 BadRequest: The location constraint is not valid",
            ),
            row(
                "POST",
                accounts,
                account("other", "<AffinityGroup>no</AffinityGroup>"),
                "400 BadRequest: The affinity group does not exist.",
            ),
            row(
                "POST",
                accounts,
                account("other", &format!("{west}<AccountType>Golden</AccountType>")),
                "400 BadRequest: The account type 'Golden' is not valid.",
            ),
            row(
                "POST",
                accounts,
                account("other", west).replace("bA==", "?"),
                "400 BadRequest: The label is not a valid storage account label.",
            ),
            row(
                "PUT",
                format!("{accounts}/acct"),
                format!("<UpdateStorageServiceInput>{long}</UpdateStorageServiceInput>"),
                "400 BadRequest: The description is too long",
            ),
            row(
                "GET",
                format!("{accounts}/none"),
                "",
                "404 ResourceNotFound: The storage account 'none' was not found.",
            ),
            row(
                "DELETE",
                format!("{accounts}/none"),
                "",
                "404 ResourceNotFound: The storage account 'none' was not found.",
            ),
            row(
                "POST",
                format!("{accounts}/acct/keys"),
                "",
                "400 MissingOrInvalidRequiredQueryParameter: A required query parameter was not specified for this request or was specified incorrectly.",
            ),
        ],
    );
}

#[test]
fn counts_are_enforced_where_they_are_reported() {
    let classic = Classic::start();
    classic.azure.with_sandbox(|sandbox| {
        for (row, limit) in [
            ("MaxHostedServices", 1),
            ("MaxStorageAccounts", 1),
            ("MaxReservedIPs", 1),
            ("MaxNetworkSecurityGroups", 1),
            ("MaxRouteTables", 1),
            ("MaxAffinityGroups", 1),
        ] {
            sandbox.cloud.ledger_mut().set_override(row, Some(limit));
        }
    });
    classic.service("web");
    classic.account("acct");
    let shown = classic.send("GET", "/", "").body;
    assert!(
        shown.contains("<MaxHostedServices>1</MaxHostedServices>")
            && shown.contains("<CurrentHostedServices>1</CurrentHostedServices>"),
        "{shown}"
    );
    assert_eq!(
        classic.refused("POST", "/services/hostedservices", &create_service("two", "West US")),
        "409 ConflictError: The subscription policy limit for resource type 'hosted service count' was exceeded. The limit for resource type \
         'hosted service count' is 1 per subscription, the current count is 1, and the requested increment is 1."
    );
    let second = "<CreateStorageServiceInput><ServiceName>two</ServiceName><Label>bA==</Label><Location>West US</Location></CreateStorageServiceInput>";
    assert!(
        classic
            .refused("POST", "/services/storageservices", &second.replace(">two<", ">two2<"))
            .contains("'storage account count' is 1")
    );
    for (path, body) in [
        (
            "/services/networking/reservedips",
            "<ReservedIP><Name>NAME</Name><Location>West US</Location></ReservedIP>",
        ),
        (
            "/services/networking/networksecuritygroups",
            "<NetworkSecurityGroup><Name>NAME</Name><Location>West US</Location></NetworkSecurityGroup>",
        ),
        (
            "/services/networking/routetables",
            "<RouteTable><Name>NAME</Name><Location>West US</Location></RouteTable>",
        ),
    ] {
        classic.ok("POST", path, &body.replace("NAME", "one"));
        let line = classic.refused("POST", path, &body.replace("NAME", "two"));
        assert!(
            line.starts_with("409 ConflictError: The subscription policy limit"),
            "{line}"
        );
    }
}
