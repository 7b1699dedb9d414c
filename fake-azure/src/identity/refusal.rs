//! Refusals of sign-in, in AAD's own format: OAuth's word, an `AADSTS` number and a message (ARM 6.2).
//!
//! Numbers and messages are those that clients quote (ARM 6.2, real-clients 1.2, the published list of error codes); what they
//! quote in several forms is here in the newest one.

use bytes::Bytes;
use fake_azure_cloud::{Guid, Time};
use http::{Request, StatusCode};
use serde_json::{Value, json};

use crate::sandbox::Sandbox;
use crate::text;

/// A refusal of sign-in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    status: StatusCode,
    error: &'static str,
    number: u32,
    message: String,
}

impl Refusal {
    pub(super) fn new(error: &'static str, number: u32, message: impl Into<String>) -> Refusal {
        let status = if error == "invalid_client" {
            StatusCode::UNAUTHORIZED
        } else {
            StatusCode::BAD_REQUEST
        };
        Refusal {
            status,
            error,
            number,
            message: message.into(),
        }
    }

    pub(super) fn grant(number: u32, message: impl Into<String>) -> Refusal {
        Refusal::new("invalid_grant", number, message)
    }

    /// A tenant that does not exist (ARM 6.2).
    pub(super) fn unknown_tenant(tenant: &str) -> Refusal {
        if Guid::parse(tenant).is_none() && !tenant.contains('.') {
            let message = format!(
                "Specified tenant identifier '{tenant}' is neither a valid DNS name, nor a valid external domain."
            );
            return Refusal::new("invalid_request", 900_023, message);
        }
        let message = format!(
            "Tenant '{tenant}' not found. Check to make sure you have the correct tenant ID and are signing into the correct \
             cloud. Check with your subscription administrator, this may happen if there are no active subscriptions for the \
             tenant."
        );
        Refusal::new("invalid_tenant", 90002, message)
    }

    /// An authority that is not one of this server's (ARM 6.2, instance discovery).
    pub(super) fn unknown_instance() -> Refusal {
        Refusal::new("invalid_instance", 50049, "Unknown or invalid instance.")
    }

    pub(super) fn missing(field: &str) -> Refusal {
        let message = format!("The request body must contain the following parameter: '{field}'.");
        Refusal::new("invalid_request", 900_144, message)
    }

    pub(super) fn no_application(client: &str, tenant: &str) -> Refusal {
        let message = format!(
            "Application with identifier '{client}' was not found in the directory '{tenant}'. This can happen if the \
             application has not been installed by the administrator of the tenant or consented to by any user in the tenant. \
             You may have sent your authentication request to the wrong tenant."
        );
        Refusal::new("unauthorized_client", 700_016, message)
    }

    pub(super) fn no_principal(client: Guid, tenant: Guid) -> Refusal {
        let message = format!(
            "The client application {client} is missing service principal in the tenant {tenant}. See instructions here: \
             https://go.microsoft.com/fwlink/?linkid=2225119"
        );
        Refusal::new("unauthorized_client", 7_000_229, message)
    }

    pub(super) fn disabled_application(client: Guid, name: &str) -> Refusal {
        let message = format!("Application '{client}'({name}) is disabled.");
        Refusal::new("unauthorized_client", 7_000_112, message)
    }

    pub(super) fn unknown_grant(grant: &str) -> Refusal {
        let message = format!("The app requested an unsupported grant type '{grant}'.");
        Refusal::new("unsupported_grant_type", 70003, message)
    }

    /// A code or a token that nobody gave out.
    pub(super) fn malformed() -> Refusal {
        Refusal::grant(9_002_313, "Invalid request. Request is malformed or invalid.")
    }

    pub(super) fn not_for_common(grant: &str) -> Refusal {
        let message = format!(
            "The grant_type '{grant}' is not supported over the /common or /consumers endpoints. Please use the /organizations \
             or tenant-specific endpoint."
        );
        Refusal::new("invalid_request", 9_001_023, message)
    }

    pub(super) fn no_user(name: &str, tenant: Guid) -> Refusal {
        let message = format!(
            "The user account {name} does not exist in the {tenant} directory. To sign into this application, the account must \
             be added to the directory."
        );
        Refusal::grant(50034, message)
    }

    pub(super) fn wrong_password() -> Refusal {
        Refusal::grant(
            50126,
            "Error validating credentials due to invalid username or password.",
        )
    }

    pub(super) fn disabled_user() -> Refusal {
        Refusal::grant(50057, "The user account is disabled.")
    }

    /// A user who is not known in the tenant that was asked.
    pub(super) fn not_a_guest(home: Guid, tenant: &str, client: Guid, name: &str) -> Refusal {
        let message = format!(
            "User account '{{EmailHidden}}' from identity provider 'https://sts.windows.net/{home}/' does not exist in tenant \
             '{tenant}' and cannot access the application '{client}'({name}) in that tenant. The account needs to be added as \
             an external user in the tenant first. Sign out and sign in again with a different Azure Active Directory user \
             account."
        );
        Refusal::grant(50020, message)
    }

    /// A refresh token from before the user's password was changed, or taken back since.
    pub(super) fn revoked(issued: Time, since: Time) -> Refusal {
        let message = format!(
            "The provided grant has expired due to it being revoked, a fresh auth token is needed. The user might have changed \
             or reset their password. The grant was issued on '{}' and the TokensValidFrom date (before which tokens are not \
             valid) for this user is '{}'.",
            issued, since,
        );
        Refusal::grant(50173, message)
    }

    pub(super) fn idle_for_too_long(issued: Time, days: i64) -> Refusal {
        let message = format!(
            "The refresh token has expired due to inactivity. The token was issued on {issued} and was inactive for \
             {days}.00:00:00."
        );
        Refusal::grant(700_082, message)
    }

    pub(super) fn no_resource(resource: &str, tenant: &str) -> Refusal {
        let message = format!(
            "The resource principal named {resource} was not found in the tenant named {tenant}. This can happen if the \
             application has not been installed by the administrator of the tenant or consented to by any user in the tenant. \
             You might have sent your authentication request to the wrong tenant."
        );
        Refusal::new("invalid_resource", 500_011, message)
    }

    /// Number and message, as other services quote them.
    pub(super) fn text(&self) -> String {
        format!("AADSTS{}: {}", self.number, self.message)
    }

    /// OAuth's word.
    pub(super) fn word(&self) -> &'static str {
        self.error
    }

    /// Status and document.
    pub(super) fn answer(self, sandbox: &mut Sandbox, request: &Request<Bytes>) -> (StatusCode, Value) {
        let trace = sandbox.draw_guid();
        let correlation = request
            .headers()
            .get("client-request-id")
            .and_then(|id| Guid::parse(id.to_str().ok()?))
            .unwrap_or_else(|| sandbox.draw_guid());
        let timestamp = text::spaced_secs(sandbox.now_for_expiry());
        let Refusal {
            status,
            error,
            number,
            message,
        } = self;
        let document = json!({
            "error": error,
            "error_description": format!(
                "AADSTS{number}: {message}\r\nTrace ID: {trace}\r\nCorrelation ID: {correlation}\r\nTimestamp: {timestamp}"
            ),
            "error_codes": [number],
            "timestamp": timestamp,
            "trace_id": trace.to_string(),
            "correlation_id": correlation.to_string(),
            "error_uri": format!("https://login.microsoftonline.com/error?code={number}"),
        });
        (status, document)
    }
}
