//! What the directory's objects look like in Graph's first version.

use fake_azure_cloud::{Guid, Time};
use serde_json::{Map, Value, json};

use crate::identity::certificate::hex;
use crate::identity::directory::Register;
use crate::identity::principals::{Application, Birth, Credentials, Key, Member, Password, ServicePrincipal, Tenant};
use crate::text;

fn members(document: Value) -> Map<String, Value> {
    match document {
        Value::Object(members) => members,
        _ => Map::new(),
    }
}

/// Puts the members that a client wrote over those that an object has anyway.
fn overlaid(mut document: Map<String, Value>, written: &Map<String, Value>) -> Map<String, Value> {
    for (name, value) in written {
        document.insert(name.clone(), value.clone());
    }
    document
}

fn created(birth: &Birth) -> String {
    text::iso_secs(birth.at)
}

pub(super) fn application(application: &Application, tenant: Option<&Tenant>) -> Map<String, Value> {
    let base = members(json!({
        "id": application.object_id.to_string(),
        "deletedDateTime": null,
        "appId": application.app_id.to_string(),
        "applicationTemplateId": null,
        "disabledByMicrosoftStatus": null,
        "createdDateTime": created(&application.birth),
        "displayName": null,
        "description": null,
        "groupMembershipClaims": null,
        "identifierUris": [],
        "isDeviceOnlyAuthSupported": null,
        "isFallbackPublicClient": null,
        "notes": null,
        "publisherDomain": tenant.map(|own| own.default_domain.clone()),
        "serviceManagementReference": null,
        "signInAudience": "AzureADMyOrg",
        "tags": [],
        "tokenEncryptionKeyId": null,
        "samlMetadataUrl": null,
        "defaultRedirectUri": null,
        "certification": null,
        "optionalClaims": null,
        "addIns": [],
        "api": {
            "acceptMappedClaims": null,
            "knownClientApplications": [],
            "requestedAccessTokenVersion": null,
            "oauth2PermissionScopes": [],
            "preAuthorizedApplications": [],
        },
        "appRoles": [],
        "info": info(),
        "keyCredentials": [],
        "parentalControlSettings": { "countriesBlockedForMinors": [], "legalAgeGroupRule": "Allow" },
        "passwordCredentials": [],
        "publicClient": { "redirectUris": [] },
        "requiredResourceAccess": [],
        "verifiedPublisher": { "displayName": null, "verifiedPublisherId": null, "addedDateTime": null },
        "web": {
            "homePageUrl": null,
            "logoutUrl": null,
            "redirectUris": [],
            "implicitGrantSettings": { "enableAccessTokenIssuance": false, "enableIdTokenIssuance": false },
            "redirectUriSettings": [],
        },
        "spa": { "redirectUris": [] },
    }));
    let mut document = overlaid(base, &application.document);
    write_credentials(&mut document, &application.credentials);
    document
}

fn info() -> Value {
    json!({
        "termsOfServiceUrl": null, "supportUrl": null, "privacyStatementUrl": null, "marketingUrl": null, "logoUrl": null,
    })
}

pub(super) fn service_principal(principal: &ServicePrincipal, application: Option<&Application>) -> Map<String, Value> {
    let owner = application.map(|application| application.tenant.to_string());
    let audience = application.and_then(|application| application.document.get("signInAudience").cloned());
    let base = members(json!({
        "id": principal.object_id.to_string(),
        "deletedDateTime": null,
        "accountEnabled": true,
        "alternativeNames": [],
        "appDisplayName": null,
        "appDescription": null,
        "appId": principal.app_id.to_string(),
        "applicationTemplateId": null,
        "appOwnerOrganizationId": owner,
        "appRoleAssignmentRequired": false,
        "createdDateTime": created(&principal.birth),
        "description": null,
        "disabledByMicrosoftStatus": null,
        "displayName": null,
        "homepage": null,
        "loginUrl": null,
        "logoutUrl": null,
        "notes": null,
        "notificationEmailAddresses": [],
        "preferredSingleSignOnMode": null,
        "preferredTokenSigningKeyThumbprint": null,
        "replyUrls": [],
        "servicePrincipalNames": [],
        "servicePrincipalType": principal.stands.name(),
        "signInAudience": audience,
        "tags": [],
        "tokenEncryptionKeyId": null,
        "samlSingleSignOnSettings": null,
        "addIns": [],
        "appRoles": [],
        "info": info(),
        "keyCredentials": [],
        "oauth2PermissionScopes": [],
        "passwordCredentials": [],
        "resourceSpecificApplicationPermissions": [],
        "verifiedPublisher": { "displayName": null, "verifiedPublisherId": null, "addedDateTime": null },
    }));
    let mut document = overlaid(base, &principal.document);
    document.insert("servicePrincipalNames".to_owned(), principal.names().into());
    write_credentials(&mut document, &principal.credentials);
    document
}

pub(super) fn user(member: &Member) -> Map<String, Value> {
    let user = &member.user;
    let base = members(json!({
        "businessPhones": [],
        "displayName": user.display_name,
        "givenName": null,
        "jobTitle": null,
        "mail": null,
        "mobilePhone": null,
        "officeLocation": null,
        "preferredLanguage": null,
        "surname": null,
        "userPrincipalName": user.user_principal_name,
        "id": user.object_id.to_string(),
    }));
    // Of what a client wrote only these members are answered.
    let known: Map<String, Value> = member
        .document
        .iter()
        .filter(|(name, _)| base.contains_key(*name))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
    overlaid(base, &known)
}

pub(super) fn organization(tenant: &Tenant) -> Map<String, Value> {
    members(json!({
        "id": tenant.id.to_string(),
        "deletedDateTime": null,
        "displayName": tenant.display_name,
        "countryLetterCode": "US",
        "tenantType": "AAD",
        "verifiedDomains": [{
            "capabilities": "Email, OfficeCommunicationsOnline",
            "isDefault": true,
            "isInitial": true,
            "name": tenant.default_domain,
            "type": "Managed",
        }],
    }))
}

/// Any object of the directory, with its type.
pub(super) fn directory_object(register: &Register, id: Guid) -> Option<Map<String, Value>> {
    let typed = |name: &str, document: Map<String, Value>| {
        let mut whole = Map::new();
        whole.insert("@odata.type".to_owned(), format!("#microsoft.graph.{name}").into());
        whole.extend(document);
        whole
    };
    if let Some(member) = register.user(id) {
        return Some(typed("user", user(member)));
    }
    if let Some(principal) = register.service_principal(id) {
        let application = register.applications.iter().find(|own| own.app_id == principal.app_id);
        return Some(typed("servicePrincipal", service_principal(principal, application)));
    }
    let found = register.applications.iter().find(|own| own.object_id == id)?;
    Some(typed(
        "application",
        application(found, register.tenant(&found.tenant.to_string())),
    ))
}

fn write_credentials(document: &mut Map<String, Value>, credentials: &Credentials) {
    let keys: Vec<Value> = credentials.keys.iter().map(key).collect();
    let passwords: Vec<Value> = credentials.passwords.iter().map(|own| password(own, None)).collect();
    document.insert("keyCredentials".to_owned(), keys.into());
    document.insert("passwordCredentials".to_owned(), passwords.into());
}

/// A certificate; the certificate itself is never answered.
fn key(key: &Key) -> Value {
    json!({
        "customKeyIdentifier": hex(key.certificate.sha1()),
        "displayName": key.display_name.as_deref().unwrap_or_else(|| key.certificate.subject()),
        "endDateTime": text::iso_secs(key.end),
        "key": null,
        "keyId": key.key_id.to_string(),
        "startDateTime": text::iso_secs(key.start),
        "type": "AsymmetricX509Cert",
        "usage": "Verify",
    })
}

/// A secret: the first letters of it, and the whole only in the answer to who made it.
pub(super) fn password(password: &Password, secret: Option<&str>) -> Value {
    let hint: String = password.secret.chars().take(3).collect();
    json!({
        "customKeyIdentifier": password.custom_key_identifier,
        "displayName": password.display_name,
        "endDateTime": text::iso_secs(password.end),
        "hint": hint,
        "keyId": password.key_id.to_string(),
        "secretText": secret,
        "startDateTime": text::iso_secs(password.start),
    })
}

/// A date of a body; `otherwise` where there is none.
pub(super) fn date(value: Option<&Value>, otherwise: Time) -> Option<Time> {
    match value {
        None | Some(Value::Null) => Some(otherwise),
        Some(value) => text::parse_iso(value.as_str()?),
    }
}
