//! Sign-in on another device: a client shows a code, a person approves it, the client asks meanwhile (ARM 6.2).
//!
//! The person approves on the page that the message names, by the control API, or is taken to have approved at once.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use fake_azure_cloud::{Guid, Time};
use http::{Request, Uri};
use serde_json::{Value, json};

use super::directory::{DeviceCodes, Register};
use super::form::Form;
use super::refusal::Refusal;
use super::sign_in::{self, Version};
use crate::sandbox::Sandbox;
use crate::wire::is_azure_host;

/// How long a code is good for.
const LIFETIME_SECS: i64 = 900;
/// How long a client is to wait between two questions.
const INTERVAL_SECS: u32 = 5;
/// Letters of a user code: none that are mistaken for one another, or make words.
const LETTERS: &[u8] = b"BCDFGHJKLMNPQRSTVWXYZ23456789";

/// What became of a device code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    /// Nobody said anything yet.
    Pending,
    /// A user approved it.
    Approved(Guid),
    /// A user refused.
    Declined,
    /// It was used.
    Redeemed,
}

impl Standing {
    /// As the control API writes it.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Standing::Pending => "pending",
            Standing::Approved(_) => "approved",
            Standing::Declined => "declined",
            Standing::Redeemed => "redeemed",
        }
    }
}

/// One sign-in on another device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct DeviceSignIn {
    /// What the person types.
    pub(crate) user_code: String,
    /// The application that asks.
    pub(crate) app_id: Guid,
    /// Until when the code is good.
    pub(crate) expires: Time,
    /// What became of it.
    pub(crate) standing: Standing,
    /// What the application shows to ask.
    device_code: String,
    /// The tenant that was asked; `None` for whichever is the user's own.
    tenant: Option<Guid>,
    /// `scope`, or `resource` in the first version.
    asked: String,
}

/// Begins a sign-in: the document with the codes.
pub(super) fn begin(
    sandbox: &mut Sandbox,
    request: &Request<Bytes>,
    tenant: &str,
    version: Version,
) -> Result<Value, Refusal> {
    let here = sign_in::tenant(sandbox, tenant)?;
    let form = sign_in::form(request);
    let client = form.field("client_id").ok_or_else(|| Refusal::missing("client_id"))?;
    let client = sign_in::client(sandbox, client, here.id())?;
    sign_in::prove(sandbox, request, &form, &client, here.id(), sign_in::Need::Public)?;
    let field = match version {
        Version::V1 => "resource",
        Version::V2 => "scope",
    };
    let asked = form.field(field).ok_or_else(|| Refusal::missing(field))?.to_owned();
    sign_in::resource(&asked, version, request.uri(), here.id())?;

    let now = sandbox.now_for_expiry();
    let (user_code, device_code) = sandbox.directory.with(|register| {
        let bytes = register.draw();
        let user_code: String = bytes.iter().take(9).map(|byte| letter(*byte)).collect();
        let device_code = URL_SAFE_NO_PAD.encode(register.draw());
        let standing = match (register.options.device_codes, register.users.first()) {
            (DeviceCodes::AtOnce, Some(member)) => Standing::Approved(member.user.object_id),
            _ => Standing::Pending,
        };
        register.add_device_code(DeviceSignIn {
            user_code: user_code.clone(),
            app_id: client.app_id(),
            expires: now.plus_millis(LIFETIME_SECS * 1000),
            standing,
            device_code: device_code.clone(),
            tenant: here.named(),
            asked,
        });
        (user_code, device_code)
    });
    let page = page_address(request.uri());
    let interval = sandbox.retry_after_secs(INTERVAL_SECS);
    let message = format!(
        "To sign in, use a web browser to open the page {page} and enter the code {user_code} to authenticate."
    );
    Ok(match version {
        Version::V1 => json!({
            "user_code": user_code,
            "device_code": device_code,
            "verification_url": page,
            "expires_in": LIFETIME_SECS.to_string(),
            "interval": interval.to_string(),
            "message": message,
        }),
        Version::V2 => json!({
            "user_code": user_code,
            "device_code": device_code,
            "verification_uri": page,
            "expires_in": LIFETIME_SECS,
            "interval": interval,
            "message": message,
        }),
    })
}

fn letter(byte: u8) -> char {
    char::from(LETTERS[usize::from(byte) % LETTERS.len()])
}

/// Where a person types the code: here, unless the client asked a server of Azure's.
fn page_address(uri: &Uri) -> String {
    match uri.host() {
        Some(host) if !is_azure_host(host) => format!("{}/common/oauth2/deviceauth", super::login_endpoint(uri)),
        _ => "https://microsoft.com/devicelogin".to_owned(),
    }
}

/// What a device code was approved for.
pub(super) struct Approved {
    pub(super) user: Guid,
    pub(super) tenant: Option<Guid>,
    pub(super) asked: String,
}

/// Redeems a device code. A code is redeemed once. The words of a code that is unknown, and of one that was declined, are assumed;
/// pending and expired ones are as clients quote them.
pub(super) fn redeem(sandbox: &Sandbox, code: &str, app_id: Guid) -> Result<Approved, Refusal> {
    let now = sandbox.now_for_expiry();
    sandbox.directory.with(|register| {
        let found = register.device_codes.iter_mut().find(|own| own.device_code == code);
        let Some(own) = found.filter(|own| own.app_id == app_id) else {
            return Err(Refusal::new(
                "bad_verification_code",
                70018,
                "Bad verification code. The 'device_code' was not found or was given to another application.",
            ));
        };
        if now >= own.expires {
            return Err(Refusal::new(
                "expired_token",
                70020,
                "The provided value for the input parameter 'device_code' is not valid. This device code has expired.",
            ));
        }
        match own.standing {
            Standing::Pending => Err(Refusal::new(
                "authorization_pending",
                70016,
                "OAuth 2.0 device flow error. Authorization is pending. Continue polling.",
            )),
            Standing::Declined => Err(Refusal::new(
                "authorization_declined",
                70017,
                "OAuth 2.0 device flow error. The end user declined the request.",
            )),
            Standing::Redeemed => Err(Refusal::grant(
                54005,
                "OAuth2 Authorization code was already redeemed, please retry with a new valid code or use an existing refresh \
                 token.",
            )),
            Standing::Approved(user) => {
                own.standing = Standing::Redeemed;
                Ok(Approved {
                    user,
                    tenant: own.tenant,
                    asked: own.asked.clone(),
                })
            }
        }
    })
}

/// A sign-in on another device that still waits, by the code that a person types.
fn waiting<'r>(register: &'r mut Register, user_code: &str, now: Time) -> Option<&'r mut DeviceSignIn> {
    let wanted: String = user_code.chars().filter(char::is_ascii_alphanumeric).collect();
    register.device_codes.iter_mut().find(|own| {
        own.standing == Standing::Pending && now < own.expires && own.user_code.eq_ignore_ascii_case(&wanted)
    })
}

/// Says for a user what becomes of a code; `false` where no code of that name waits.
pub(crate) fn decide(sandbox: &Sandbox, user_code: &str, standing: Standing) -> bool {
    let now = sandbox.now_for_expiry();
    sandbox
        .directory
        .with(|register| match waiting(register, user_code, now) {
            Some(own) => {
                own.standing = standing;
                true
            }
            None => false,
        })
}

/// The page on which a person types the code.
pub(super) fn page(sandbox: &Sandbox, request: &Request<Bytes>, is_post: bool) -> String {
    let word = if is_post {
        answer(sandbox, &sign_in::form(request))
    } else {
        ""
    };
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n<title>Sign in to a device</title>\n\
         <h1>Enter the code that your device shows</h1>\n<p role=\"status\">{word}</p>\n<form method=\"post\">\n\
         <p><label>Code <input name=\"otc\" autocomplete=\"off\" required></label></p>\n\
         <p><label>User <input name=\"username\" required></label></p>\n\
         <p><label>Password <input name=\"password\" type=\"password\" required></label></p>\n\
         <p><button name=\"verdict\" value=\"approve\">Sign in</button> \
         <button name=\"verdict\" value=\"decline\">Cancel</button></p>\n</form>\n</html>\n"
    )
}

fn answer(sandbox: &Sandbox, form: &Form) -> &'static str {
    let register = sandbox.directory.register();
    let member = register.user_named(form.field("username").unwrap_or(""));
    let Some(member) =
        member.filter(|member| member.user.enabled && form.field("password") == Some(member.user.password.as_str()))
    else {
        return "Your account or password is incorrect.";
    };
    let declined = form.field("verdict") == Some("decline");
    let standing = if declined {
        Standing::Declined
    } else {
        Standing::Approved(member.user.object_id)
    };
    match decide(sandbox, form.field("otc").unwrap_or(""), standing) {
        false => "That code didn't work. Check the code and try again.",
        true if declined => "You have cancelled. You may close this window.",
        true => "You have signed in on your device. You may close this window.",
    }
}

/// `client_info`: who signed in, for the cache of the client's library.
pub(super) fn client_info(user: Guid, home: Guid) -> String {
    URL_SAFE_NO_PAD.encode(json!({ "uid": user.to_string(), "utid": home.to_string() }).to_string())
}
