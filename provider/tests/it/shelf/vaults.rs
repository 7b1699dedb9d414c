//! Key vaults of the shelf: names that stay taken, keys that are had back, identities of encryption sets.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use http::{Method, Request, Response};
use serde_json::{Value, json};

use super::{Shelf, State, answer, refusal};

/// The tenant and the service principal, as tokens tell them.
pub(crate) const TENANT: &str = "22222222-2222-2222-2222-222222222222";
pub(crate) const PRINCIPAL: &str = "33333333-3333-3333-3333-333333333333";

impl Shelf {
    /// A key that was deleted and can be had back.
    pub(crate) fn delete_key(&self, key: &str) {
        self.state().deleted_keys.insert(key.to_owned());
    }
}

/// A token that says who it is for.
pub(super) fn token(nth: usize) -> String {
    let claims = json!({"tid": TENANT, "oid": PRINCIPAL});
    format!("h.{}.token-{nth}", URL_SAFE_NO_PAD.encode(claims.to_string()))
}

impl State {
    /// What a vault answers itself.
    pub(super) fn serve_vault(&mut self, request: &Request<Bytes>, path: &str) -> Response<Bytes> {
        let host = request.uri().host().unwrap_or_default();
        let vault = host.split('.').next().unwrap_or_default();
        let suffix = format!("/vaults/{vault}");
        let words: Vec<&str> = path.trim_matches('/').split('/').collect();
        let Some(document) = self
            .documents
            .iter()
            .find(|(key, _)| key.ends_with(&suffix))
            .map(|(_, document)| document)
        else {
            return refusal(404, "VaultNotFound", "no such vault");
        };
        let may_create = document["properties"]["accessPolicies"]
            .as_array()
            .is_some_and(|policies| policies.iter().any(|policy| policy["objectId"] == PRINCIPAL));
        if !may_create {
            let inner =
                json!({"error": {"code": "Forbidden", "message": "no policy", "innererror": {"code": "AccessDenied"}}});
            return answer(403, &inner);
        }
        assert_eq!(*request.method(), Method::POST);
        let bundle = |n: usize| json!({"key": {"kid": format!("https://{host}/keys/{}/v{n}", words[1])}});
        match words.as_slice() {
            ["keys", key, "create"] if self.deleted_keys.contains(*key) => {
                let message = "Key is currently in a deleted but recoverable state.";
                answer(
                    409,
                    &json!({"error": {"code": "Conflict", "message": message, "innererror": {"code": "ObjectIsDeletedButRecoverable"}}}),
                )
            }
            ["keys", _, "create"] => {
                self.n_keys += 1;
                answer(200, &bundle(self.n_keys))
            }
            ["deletedkeys", key, "recover"] if self.deleted_keys.remove(*key) => answer(200, &bundle(0)),
            _ => refusal(404, "KeyNotFound", "no such key"),
        }
    }

    /// Why a vault cannot be made now. The name of one that was deleted is only had back.
    pub(super) fn refused_vault(&mut self, key: &str, document: &mut Value) -> Option<Response<Bytes>> {
        let name = key.split("/microsoft.keyvault/vaults/").nth(1)?.to_owned();
        let wants_recovery = document["properties"]["createMode"] == "recover";
        if let Some(members) = document["properties"].as_object_mut() {
            members.remove("createMode");
        }
        match (self.deleted_vaults.contains(&name), wants_recovery) {
            (true, false) => Some(refusal(
                409,
                "ConflictError",
                "A vault with the same name already exists in deleted state.",
            )),
            (true, true) => {
                self.deleted_vaults.remove(&name);
                None
            }
            (false, true) => Some(refusal(404, "DeletedVaultNotFound", "no such deleted vault")),
            (false, false) => None,
        }
    }

    pub(super) fn find_deleted_vault(&self, key: &str) -> Option<Response<Bytes>> {
        let name = key.split("/deletedvaults/").nth(1)?;
        Some(match self.deleted_vaults.contains(name) {
            true => answer(200, &json!({"name": name, "properties": {}})),
            false => refusal(404, "DeletedVaultNotFound", "no such deleted vault"),
        })
    }

    /// Vaults that go leave their names behind.
    pub(super) fn leave_names(&mut self, gone: &str) {
        let names = self
            .documents
            .keys()
            .filter(|key| *key == gone || key.starts_with(&format!("{gone}/")))
            .filter_map(|key| key.split("/microsoft.keyvault/vaults/").nth(1))
            .map(str::to_owned);
        self.deleted_vaults.extend(names.collect::<Vec<_>>());
    }

    /// What the services decide.
    pub(super) fn settle_vault(key: &str, name: &str, document: &mut Value) {
        if key.contains("/microsoft.keyvault/vaults/") {
            document["properties"]["vaultUri"] = json!(format!("https://{name}.vault.azure.net/"));
        }
        if key.contains("/diskencryptionsets/") {
            document["identity"]["principalId"] = json!(format!("identity-of-{name}"));
        }
    }
}
