//! Every grant, and every refusal of one, in AAD's words.

use std::fmt::Write as _;

use fake_azure::FakeAzure;
use fake_azure::cloud::Guid;
use fake_azure::identity::{DeviceCodes, DirectoryOptions, Principal, Tenant, User};
use rustls::SignatureScheme;
use serde_json::{Value, json};
use sha2::Digest as _;

use crate::identity_support::{
    ARM_SCOPE, AZ, Assertion, JUJU, LOGIN, USER, app_token, call, claims, der, form, line, now_secs, pass, sign_in,
    sign_in_at, subscriptions, user_token, with_assertion, without_tokens,
};
use crate::shell_support::{control, settings};

const DEVICE: &str = "urn:ietf:params:oauth:grant-type:device_code";

fn base64url(bytes: &[u8]) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes)
}

#[test]
fn an_application_proves_itself_by_certificate() {
    let azure = FakeAzure::start();
    let good = Assertion::good(&azure);
    let (status, document) = with_assertion(&azure, &good.signed());
    assert_eq!(status, 200, "{document}");
    let claims = claims(&document["access_token"]);
    assert_eq!(claims["appidacr"], "2", "the token says how");
    assert_eq!(
        subscriptions(&azure, document["access_token"].as_str().expect("a token")),
        (200, 1)
    );

    // Newer libraries sign by PSS and name the certificate by SHA-256; older ones write hexadecimal digits.
    let mut newer = Assertion::good(&azure);
    newer.header = json!({ "alg": "PS256", "typ": "JWT", "x5t#S256": base64url(&sha2::Sha256::digest(der())) });
    newer.scheme = SignatureScheme::RSA_PSS_SHA256;
    assert_eq!(with_assertion(&azure, &newer.signed()).0, 200);
    let mut older = Assertion::good(&azure);
    let digits: String = sha1_hex();
    older.header = json!({ "alg": "RS256", "kid": digits });
    assert_eq!(with_assertion(&azure, &older.signed()).0, 200);

    // The issuer and the old endpoint are the same service.
    for audience in [
        "https://login.microsoftonline.com/{tenant}/v2.0",
        "https://sts.windows.net/{tenant}/",
        "https://login.windows.net/{tenant}/oauth2/token",
    ] {
        let mut other = Assertion::good(&azure);
        let tenant = azure.directory().tenant().to_string();
        other.claims["aud"] = audience.replace("{tenant}", &tenant).into();
        assert_eq!(with_assertion(&azure, &other.signed()).0, 200, "{audience}");
    }
}

fn sha1_hex() -> String {
    use sha1::Digest as _;
    sha1::Sha1::digest(der()).iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02X}").expect("a text takes any text");
        text
    })
}

#[test]
fn refusals_of_assertions() {
    let azure = FakeAzure::start();
    let now = now_secs(&azure);
    let app_id = azure.directory().first().app_id.to_string();
    let mut shown = String::new();
    let mut row = |name: &str, answer: &(u16, Value)| {
        writeln!(shown, "{name}\n  {}", line(answer)).expect("a text takes any text");
    };
    let changed = |change: &dyn Fn(&mut Assertion)| {
        let mut assertion = Assertion::good(&azure);
        change(&mut assertion);
        with_assertion(&azure, &assertion.signed())
    };

    row("not a token", &with_assertion(&azure, "x"));
    row("three parts of nothing", &with_assertion(&azure, "eyJ9.eyJ9.eyJ9"));
    row("no algorithm", &changed(&|own| own.header = json!({ "alg": "none" })));
    row("no thumbprint", &changed(&|own| own.header = json!({ "alg": "RS256" })));
    row(
        "another application's",
        &changed(&|own| own.claims["sub"] = Guid(1).to_string().into()),
    );
    row("nobody's", &changed(&|own| own.claims["iss"] = Value::Null));
    row(
        "for another server",
        &changed(&|own| own.claims["aud"] = "https://elsewhere.test/x".into()),
    );
    row(
        "for another tenant",
        &changed(&|own| own.claims["aud"] = format!("{LOGIN}/{}/v2.0", Guid(1)).into()),
    );
    row(
        "by an unknown certificate",
        &changed(&|own| own.header["x5t"] = base64url(&[7; 20]).into()),
    );
    row(
        "of yesterday",
        &changed(&|own| own.claims["exp"] = (now - 86_400).into()),
    );
    row(
        "of tomorrow",
        &changed(&|own| own.claims["nbf"] = (now + 86_400).into()),
    );
    row("without an end", &changed(&|own| own.claims["exp"] = Value::Null));
    let good = Assertion::good(&azure).signed();
    let (message, signature) = good.rsplit_once('.').expect("three parts");
    let other = Assertion {
        claims: json!({ "sub": app_id, "iss": app_id, "aud": format!("{LOGIN}/{}/v2.0", azure.directory().tenant()), "exp": now + 60 }),
        ..Assertion::good(&azure)
    };
    let other = other.signed();
    let (_, stolen) = other.rsplit_once('.').expect("three parts");
    row(
        "with another's signature",
        &with_assertion(&azure, &format!("{message}.{stolen}")),
    );
    row(
        "with half a signature",
        &with_assertion(&azure, &format!("{message}.{}", &signature[..40])),
    );
    let fields = |kind: &'static str| {
        vec![
            ("grant_type", "client_credentials"),
            ("client_id", app_id.as_str()),
            ("client_assertion_type", kind),
            ("client_assertion", good.as_str()),
            ("scope", ARM_SCOPE),
        ]
    };
    row(
        "of another kind",
        &sign_in(
            &azure,
            &fields("urn:ietf:params:oauth:client-assertion-type:saml2-bearer"),
        ),
    );
    row("of no kind", &sign_in(&azure, &fields("")));
    row("good", &with_assertion(&azure, &good));
    settings().bind(|| insta::assert_snapshot!("identity_assertions", shown));
}

#[test]
fn a_user_signs_in_by_password() {
    let azure = FakeAzure::start();
    let document = user_token(&azure, ARM_SCOPE);
    let (access, id) = (claims(&document["access_token"]), claims(&document["id_token"]));
    assert_eq!(
        subscriptions(&azure, document["access_token"].as_str().expect("a token")),
        (200, 1)
    );
    let info = document["client_info"].as_str().expect("a text").to_owned();
    let decoded = {
        use base64::Engine as _;
        base64::engine::general_purpose::URL_SAFE_NO_PAD
            .decode(info)
            .expect("base64url")
    };
    let info: Value = serde_json::from_slice(&decoded).expect("a tree");
    let mut shown = without_tokens(document);
    shown["client_info"] = info;
    settings().bind(|| insta::assert_json_snapshot!("identity_user", [shown, access, id]));
}

#[test]
fn refusals_of_passwords_and_scopes() {
    let azure = FakeAzure::builder()
        .user(User {
            object_id: Guid(0xd15a_b1ed),
            user_principal_name: "gone@fakeazure.onmicrosoft.com".to_owned(),
            display_name: "Gone".to_owned(),
            password: "fake-password".to_owned(),
            enabled: false,
            home: azure_tenant(),
            guest_of: Vec::new(),
        })
        .start();
    let first = azure.directory().first().clone();
    let app_id = first.app_id.to_string();
    let good: Vec<(&str, &str)> = vec![
        ("grant_type", "password"),
        ("client_id", AZ),
        ("username", USER),
        ("password", "fake-password"),
        ("scope", ARM_SCOPE),
    ];
    let with = |name: &'static str, value: &'static str| {
        let mut fields = good.clone();
        fields.retain(|(own, _)| *own != name);
        fields.push((name, value));
        sign_in(&azure, &fields)
    };
    let mut shown = String::new();
    let mut row = |name: &str, answer: &(u16, Value)| {
        writeln!(shown, "{name}\n  {}", line(answer)).expect("a text takes any text");
    };
    row("good", &sign_in(&azure, &good));
    row("by organizations", &sign_in_at(&azure, "organizations", &good));
    row("by domain", &sign_in_at(&azure, "FakeAzure.onmicrosoft.com", &good));
    row("by common", &sign_in_at(&azure, "common", &good));
    row("by an unknown domain", &sign_in_at(&azure, "contoso.com", &good));
    row("by a word", &sign_in_at(&azure, "nonsense", &good));
    row("unknown user", &with("username", "nobody@fakeazure.onmicrosoft.com"));
    row("disabled user", &with("username", "gone@fakeazure.onmicrosoft.com"));
    row("wrong password", &with("password", "wrong"));
    row("no password", &with("password", ""));
    row("no user", &with("username", ""));
    row("no scope", &with("scope", ""));
    row("scope of nobody", &with("scope", "everything"));
    row(
        "scope of two",
        &with(
            "scope",
            "https://management.azure.com/.default https://vault.azure.net/.default",
        ),
    );
    row("resource of nobody", &with("scope", "https://nothing.test/.default"));
    row("no resource", &with("scope", "openid"));
    row("a permission of Graph's", &with("scope", "User.Read openid"));
    row("secret of a public client", &with("client_secret", "x"));
    let confidential = |fields: &[(&str, &str)]| {
        let mut whole = good.clone();
        whole.retain(|(own, _)| *own != "client_id");
        whole.push(("client_id", &app_id));
        whole.extend(fields.iter().copied());
        sign_in(&azure, &whole)
    };
    row("confidential client without a secret", &confidential(&[]));
    row(
        "confidential client with its secret",
        &confidential(&[("client_secret", &first.secret)]),
    );
    row("a public client for itself", &with("grant_type", "client_credentials"));
    row("a code that nobody gave", &with("grant_type", "authorization_code"));
    row(
        "on behalf of",
        &with("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer"),
    );
    settings().bind(|| insta::assert_snapshot!("identity_passwords", shown));
}

fn azure_tenant() -> Guid {
    fake_azure::identity::Directory::DEFAULT_TENANT
}

#[test]
fn a_refresh_token_gives_new_tokens_for_any_resource() {
    let azure = FakeAzure::start();
    let refresh = user_token(&azure, ARM_SCOPE)["refresh_token"]
        .as_str()
        .expect("a token")
        .to_owned();
    let redeem = |fields: &[(&str, &str)]| {
        let mut whole = vec![("grant_type", "refresh_token"), ("refresh_token", refresh.as_str())];
        whole.extend(fields.iter().copied());
        sign_in(&azure, &whole)
    };
    let (status, same) = redeem(&[("client_id", AZ)]);
    assert_eq!(status, 200, "{same}");
    assert_eq!(
        claims(&same["access_token"])["aud"],
        "https://management.core.windows.net/"
    );
    let (_, other) = redeem(&[
        ("client_id", AZ),
        ("scope", "https://graph.microsoft.com/.default offline_access"),
    ]);
    assert_eq!(claims(&other["access_token"])["aud"], "https://graph.microsoft.com");
    assert!(other["refresh_token"].is_string() && other["id_token"].is_null());

    assert!(line(&redeem(&[("client_id", JUJU)])).contains("AADSTS70000"));
    // A refresh token is no access token, and the other way round.
    assert_eq!(subscriptions(&azure, &refresh).0, 401);
    let access = user_token(&azure, ARM_SCOPE)["access_token"]
        .as_str()
        .expect("a token")
        .to_owned();
    let wrong = sign_in(
        &azure,
        &[
            ("grant_type", "refresh_token"),
            ("client_id", AZ),
            ("refresh_token", &access),
        ],
    );
    assert!(line(&wrong).contains("AADSTS9002313"));

    pass(&azure, 89 * 86_400);
    assert_eq!(redeem(&[("client_id", AZ)]).0, 200);
    pass(&azure, 86_400);
    assert!(
        line(&redeem(&[("client_id", AZ)])).contains("AADSTS700082: The refresh token has expired due to inactivity.")
    );
}

#[test]
fn the_first_version_gives_users_tokens_too() {
    let azure = FakeAzure::start();
    let fields = [
        ("grant_type", "password"),
        ("client_id", AZ),
        ("username", USER),
        ("password", "fake-password"),
        ("resource", "https://management.core.windows.net/"),
    ];
    let tenant = azure.directory().tenant();
    let (status, document) = call(
        &azure,
        &format!("POST /{tenant}/oauth2/token?api-version=1.0"),
        &[],
        &form(&fields),
    );
    assert_eq!(status, 200, "{document}");
    let id = claims(&document["id_token"]);
    settings().bind(|| insta::assert_json_snapshot!("identity_user_v1", [without_tokens(document), id]));
}

fn begin(azure: &FakeAzure, client: &str) -> Value {
    let fields = [
        ("client_id", client),
        ("scope", "https://management.azure.com/.default openid offline_access"),
    ];
    let (status, document) = call(azure, "POST /organizations/oauth2/v2.0/devicecode", &[], &form(&fields));
    assert_eq!(status, 200, "{document}");
    document
}

fn poll(azure: &FakeAzure, begun: &Value, client: &str) -> (u16, Value) {
    let code = begun["device_code"].as_str().expect("a code");
    // As MSAL does: both names, and no scope (real-clients 1.2).
    let fields = [
        ("grant_type", DEVICE),
        ("client_id", client),
        ("device_code", code),
        ("code", code),
    ];
    sign_in_at(azure, "organizations", &fields)
}

#[test]
fn a_device_waits_until_a_person_approves() {
    let azure = FakeAzure::start();
    let begun = begin(&azure, AZ);
    let mut shown = serde_json::to_string_pretty(&begun).expect("a tree");
    let mut row = |name: &str, answer: &(u16, Value)| {
        write!(shown, "\n{name}\n  {}", line(answer)).expect("a text takes any text");
    };
    row("nobody said anything", &poll(&azure, &begun, AZ));
    row("another client asks", &poll(&azure, &begun, JUJU));
    let code = begun["user_code"].as_str().expect("a code").to_owned();
    let verdict = |call: &str, body: &str| control(&azure, call, body);
    assert_eq!(verdict("POST device-codes/NOCODE", "{}").0, 404);
    assert_eq!(
        verdict(&format!("POST device-codes/{code}"), r#"{"user":"nobody"}"#).0,
        400
    );
    let (status, info) = verdict(&format!("POST device-codes/{}", code.to_lowercase()), "{}");
    assert_eq!(
        (status, &info["device_sign_ins"][0]["standing"]),
        (200, &json!("approved"))
    );
    assert_eq!(
        verdict(&format!("POST device-codes/{code}"), "{}").0,
        404,
        "a word is said once"
    );
    let given = poll(&azure, &begun, AZ);
    row("a person approved", &given);
    assert_eq!(
        subscriptions(&azure, given.1["access_token"].as_str().expect("a token")),
        (200, 1)
    );
    row("once more", &poll(&azure, &begun, AZ));

    let refused = begin(&azure, AZ);
    let code = refused["user_code"].as_str().expect("a code").to_owned();
    assert_eq!(
        verdict(&format!("POST device-codes/{code}"), r#"{"decline":true}"#).0,
        200
    );
    row("a person declined", &poll(&azure, &refused, AZ));
    let forgotten = begin(&azure, AZ);
    pass(&azure, 900);
    row("nobody came for a quarter of an hour", &poll(&azure, &forgotten, AZ));
    row("an unknown code", &poll(&azure, &json!({ "device_code": "x" }), AZ));
    let endpoint = "POST /organizations/oauth2/v2.0/devicecode";
    row("no client", &call(&azure, endpoint, &[], "scope=openid"));
    row("no scope", &call(&azure, endpoint, &[], &form(&[("client_id", AZ)])));
    let app_id = azure.directory().first().app_id.to_string();
    row(
        "a confidential client",
        &call(
            &azure,
            endpoint,
            &[],
            &form(&[("client_id", &app_id), ("scope", "openid")]),
        ),
    );
    settings().bind(|| insta::assert_snapshot!("identity_device", shown));
}

#[test]
fn the_page_of_device_codes_takes_a_code_and_a_password() {
    let azure = FakeAzure::start();
    let begun = begin(&azure, AZ);
    let page = begun["verification_uri"].as_str().expect("an address").to_owned();
    let (status, document) = call(&azure, &format!("GET {page}"), &[], "");
    assert!(status == 200 && document.as_str().is_some_and(|html| html.contains("name=\"otc\"")));
    let code = begun["user_code"].as_str().expect("a code");
    let post = |code: &str, password: &str| {
        let body = form(&[
            ("otc", code),
            ("username", USER),
            ("password", password),
            ("verdict", "approve"),
        ]);
        let (_, page) = call(&azure, &format!("POST {page}"), &[], &body);
        let page = page.as_str().expect("a page").to_owned();
        let start = page.find("role=\"status\">").expect("a word") + 14;
        page[start..].split('<').next().unwrap_or("").to_owned()
    };
    assert_eq!(post(code, "wrong"), "Your account or password is incorrect.");
    assert_eq!(
        post("BBBBBBBBB", "fake-password"),
        "That code didn't work. Check the code and try again."
    );
    assert_eq!(poll(&azure, &begun, AZ).0, 400);
    assert_eq!(
        post(code, "fake-password"),
        "You have signed in on your device. You may close this window."
    );
    assert_eq!(poll(&azure, &begun, AZ).0, 200);
}

#[test]
fn device_codes_may_be_approved_at_once() {
    let azure = FakeAzure::builder()
        .directory(DirectoryOptions {
            device_codes: DeviceCodes::AtOnce,
            ..DirectoryOptions::default()
        })
        .start();
    let begun = begin(&azure, JUJU);
    assert_eq!(poll(&azure, &begun, JUJU).0, 200);
    assert_eq!(control(&azure, "PUT directory", r#"{"device_codes":"wait"}"#).0, 200);
    let begun = begin(&azure, JUJU);
    assert!(line(&poll(&azure, &begun, JUJU)).contains("authorization_pending"));
}

#[test]
fn juju_signs_a_user_in_by_the_first_version() {
    let azure = FakeAzure::start();
    let tenant = azure.directory().tenant();
    let fields = [
        ("client_id", JUJU),
        ("resource", "https://management.core.windows.net/"),
    ];
    let begin = format!("POST /{tenant}/oauth2/devicecode?api-version=1.0");
    let (status, begun) = call(&azure, &begin, &[], &form(&fields));
    assert_eq!(status, 200, "{begun}");
    assert_eq!(
        (&begun["interval"], &begun["expires_in"]),
        (&json!("1"), &json!("900")),
        "numbers are texts"
    );
    assert!(begun["verification_url"].is_string());
    let code = begun["user_code"].as_str().expect("a code");
    assert_eq!(
        control(
            &azure,
            &format!("POST device-codes/{code}"),
            &json!({ "user": USER }).to_string()
        )
        .0,
        200
    );
    let ask = |fields: &[(&str, &str)]| {
        call(
            &azure,
            &format!("POST /{tenant}/oauth2/token?api-version=1.0"),
            &[],
            &form(fields),
        )
    };
    let code = begun["device_code"].as_str().expect("a code");
    let resource = ("resource", "https://management.core.windows.net/");
    let given = ask(&[
        ("grant_type", "device_code"),
        ("client_id", JUJU),
        ("code", code),
        resource,
    ]);
    assert_eq!(given.0, 200, "{}", given.1);
    // Then for Graph, by the refresh token.
    let refresh = given.1["refresh_token"].as_str().expect("a token");
    let graph = ask(&[
        ("grant_type", "refresh_token"),
        ("client_id", JUJU),
        ("refresh_token", refresh),
        ("resource", "https://graph.windows.net/"),
    ]);
    assert_eq!(
        (graph.0, &claims(&graph.1["access_token"])["aud"]),
        (200, &json!("https://graph.windows.net/"))
    );
}

#[test]
fn tenants_are_worlds_of_their_own() {
    let other = Guid(0x7e4a_a2d2_0000_4000_8000_0000_0000_0002);
    let app = Principal {
        app_id: Guid(0xc11e_7702),
        object_id: Guid(0x0b1e_c702),
        secret: "other-secret".to_owned(),
        name: "other-app".to_owned(),
    };
    let azure = FakeAzure::builder()
        .another_tenant(
            Tenant {
                id: other,
                display_name: "Other".to_owned(),
                default_domain: "other.onmicrosoft.com".to_owned(),
            },
            vec![app.clone()],
        )
        .start();
    let home = azure.directory().tenant().to_string();
    let sign = |tenant: &str| {
        let fields = [
            ("grant_type", "client_credentials"),
            ("client_id", &*app.app_id.to_string()),
            ("client_secret", "other-secret"),
            ("scope", ARM_SCOPE),
        ];
        sign_in_at(&azure, tenant, &fields)
    };
    assert!(
        line(&sign(&home)).contains("AADSTS700016"),
        "it is registered elsewhere"
    );
    let (status, document) = sign("other.onmicrosoft.com");
    assert_eq!(status, 200, "{document}");
    assert_eq!(sign("common").0, 200, "its own tenant is the one meant");
    let token = document["access_token"].as_str().expect("a token");
    assert_eq!(claims(&document["access_token"])["tid"], other.to_string());
    assert_eq!(subscriptions(&azure, token), (200, 0), "no subscription belongs to it");
    let subscription = azure.subscription();
    let get = |path: &str| {
        call(
            &azure,
            &format!("GET https://management.azure.com{path}?api-version=2022-12-01"),
            &[("authorization", &format!("Bearer {token}"))],
            "",
        )
    };
    let (status, refused) = get(&format!("/subscriptions/{subscription}/resourcegroups"));
    assert_eq!(
        (status, &refused["error"]["code"]),
        (401, &json!("InvalidAuthenticationTokenTenant"))
    );
    assert_eq!(get("/tenants").1["value"][0]["tenantId"], other.to_string());

    // A user of the home tenant is nobody there until invited.
    let refresh = user_token(&azure, ARM_SCOPE)["refresh_token"].clone();
    let redeem = |azure: &FakeAzure, refresh: &Value| {
        let fields = [
            ("grant_type", "refresh_token"),
            ("client_id", AZ),
            ("refresh_token", refresh.as_str().expect("a token")),
            ("scope", ARM_SCOPE),
        ];
        sign_in_at(azure, &other.to_string(), &fields)
    };
    assert!(line(&redeem(&azure, &refresh)).contains("AADSTS50020"));
}

#[test]
fn a_guest_signs_in_to_both_tenants() {
    let other = Guid(0x7e4a_a2d2_0000_4000_8000_0000_0000_0002);
    let tenant = Tenant {
        id: other,
        display_name: "Other".to_owned(),
        default_domain: "other.onmicrosoft.com".to_owned(),
    };
    let guest = User {
        object_id: Guid(0x9e57),
        user_principal_name: "guest@other.onmicrosoft.com".to_owned(),
        display_name: "Guest".to_owned(),
        password: "guest-password".to_owned(),
        enabled: true,
        home: other,
        guest_of: vec![azure_tenant()],
    };
    let azure = FakeAzure::builder()
        .another_tenant(tenant, Vec::new())
        .user(guest)
        .start();
    let fields = [
        ("grant_type", "password"),
        ("client_id", AZ),
        ("username", "guest@other.onmicrosoft.com"),
        ("password", "guest-password"),
        (
            "scope",
            "https://management.core.windows.net//.default openid offline_access",
        ),
    ];
    let (status, own) = sign_in_at(&azure, "organizations", &fields);
    assert_eq!(
        (status, &claims(&own["access_token"])["tid"]),
        (200, &json!(other.to_string()))
    );
    let fields = [
        ("grant_type", "refresh_token"),
        ("client_id", AZ),
        ("refresh_token", own["refresh_token"].as_str().expect("a token")),
        ("scope", ARM_SCOPE),
    ];
    let (status, there) = sign_in(&azure, &fields);
    assert_eq!(status, 200, "{there}");
    assert_eq!(
        subscriptions(&azure, there["access_token"].as_str().expect("a token")),
        (200, 1)
    );
    let (_, tenants) = call(
        &azure,
        "GET https://management.azure.com/tenants?api-version=2022-12-01",
        &[(
            "authorization",
            &format!("Bearer {}", there["access_token"].as_str().expect("a token")),
        )],
        "",
    );
    assert_eq!(tenants["value"].as_array().map(Vec::len), Some(2));
}

#[test]
fn a_fork_has_a_directory_of_its_own() {
    let azure = FakeAzure::start();
    let begun = begin(&azure, AZ);
    let fork = azure.fork();
    let code = begun["user_code"].as_str().expect("a code");
    assert_eq!(control(&fork, &format!("POST device-codes/{code}"), "{}").0, 200);
    assert_eq!(poll(&fork, &begun, AZ).0, 200);
    assert!(line(&poll(&azure, &begun, AZ)).contains("authorization_pending"));
    assert_eq!(azure.token(), fork.token());
    assert_eq!(subscriptions(&fork, &app_token(&azure, ARM_SCOPE)), (200, 1));
}
