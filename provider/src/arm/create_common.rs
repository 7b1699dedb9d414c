//! Making what machines share, by the deployment `common` (juju-provider 1.8.3, 1.9, B.3).
//!
//! It is not waited for when it is made: the first machine does that. Nor is it made twice, since a deployment replaces each
//! resource that it lists, and with a security group the rules in it (juju-provider L36, L41).

use std::sync::atomic::Ordering;
use std::time::Duration;

use serde_json::Value;

use super::ArmEnviron;
use super::deployments::{self, COMMON, Deployment};
use super::generation::TemplateVersions;
use super::network_security_groups as groups;
use super::scope::Call;
use super::storage_accounts as accounts;
use super::tags;
use super::template::Template;
use super::virtual_networks::{self, INTERNAL_PREFIX, SUBNET};
use super::{client, firewall};
use crate::{Error, Failure};

/// Between looks at `common`, and for how long at most (juju-provider 1.6).
const LOOK_EVERY: Duration = Duration::from_secs(5);
const LOOKS_MAX: u32 = 60;

/// What is not there yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Missing {
    security_group: bool,
    network: bool,
    account: bool,
    /// Whether the record says that it failed, so that no machine starts until it says otherwise.
    record: bool,
}

impl ArmEnviron {
    /// The group, and what machines of a hosted environment share.
    pub(super) async fn create_by_deployment(&self, versions: TemplateVersions) -> Result<(), Error> {
        let is_new = self.make_group().await?;
        self.name_account();
        if self.current_config().network.is_some() && self.profile.has_managed_disks() {
            return Ok(());
        }

        let missing = match is_new {
            true => Some(Missing {
                security_group: true,
                network: true,
                account: true,
                record: false,
            }),
            false => self.missing().await?,
        };
        let Some(missing) = missing else {
            return Ok(());
        };

        let own = tags::of_environment(&self.current_config());
        let mut template = Template::new(&self.scope, versions);
        if missing.security_group {
            template.security_group(&own, &[firewall::ssh_rule()]);
        }
        if missing.network {
            template.network(&own, &[(SUBNET, INTERNAL_PREFIX)], missing.security_group);
        }
        if missing.account && !self.profile.has_managed_disks() {
            let config = self.current_config();
            template.storage_account(&own, &self.account_name(), config.storage_account_type);
        }
        // A template of nothing makes nothing, and the record then says that it went well.
        if template.is_empty() && !missing.record {
            return Ok(());
        }

        let call = deployments::put(&self.scope, COMMON, &template, self.deployment_tags(&own));
        let first = self.client.begin(&call).await?;
        self.makes_common.store(true, Ordering::Relaxed);
        let _: Deployment = client::parse(&call, &first)?;
        Ok(())
    }

    /// None where a deployment has made, or is making, it all.
    async fn missing(&self) -> Result<Option<Missing>, Error> {
        let common: Option<Deployment> = self.client.find(&deployments::get(&self.scope, COMMON)).await?;
        let is_fine = |common: &Deployment| !common.is_over() || common.is_in("Succeeded");
        if common.as_ref().is_some_and(is_fine) {
            return Ok(None);
        }

        let scope = &self.scope;
        let group_id = groups::own_id(scope);
        let account = match self.profile.has_managed_disks() {
            true => None,
            false => Some(accounts::get(scope, &self.account_name())),
        };
        let account = match account {
            Some(call) => !self.is_there(&call).await?,
            None => false,
        };
        let security_group: Option<Value> = self.client.find(&groups::get(scope, &group_id)).await?;
        Ok(Some(Missing {
            // One that rules of machines are in is mended by writing those, and would lose them by being made again.
            security_group: security_group.is_none_or(|own| is_broken(&own) && n_rules(&own) <= 1),
            network: !self.is_there(&virtual_networks::get(scope)).await?,
            account,
            record: common.is_some(),
        }))
    }

    /// Whether something is there that Azure did not fail to make.
    async fn is_there(&self, call: &Call) -> Result<bool, Error> {
        let found: Option<Value> = self.client.find(call).await?;
        Ok(found.is_some_and(|own| !is_broken(&own)))
    }

    /// Waits until what machines share is there. A controller's environment has no such deployment, nor has one in a network of
    /// the user's own (juju-provider 1.8.5).
    pub(super) async fn wait_for_common(&self) -> Result<(), Error> {
        if self.profile.template_versions().is_none() {
            return Ok(());
        }

        self.common
            .get_or_try_init(|| async {
                let call = deployments::get(&self.scope, COMMON);
                let mut state = String::new();
                for _ in 0..LOOKS_MAX {
                    let Some(common) = self.client.find::<Deployment>(&call).await? else {
                        if !self.makes_common.load(Ordering::Relaxed) {
                            return Ok(());
                        }

                        // It was accepted, and cannot be seen yet (field bug `read-after-create`).
                        state = "NotFound".to_owned();
                        self.client.clock.sleep(LOOK_EVERY).await;
                        continue;
                    };
                    if common.is_in("Succeeded") {
                        return Ok(());
                    }
                    if common.is_over() {
                        let trouble = common.trouble().map(|text| format!(": {text}")).unwrap_or_default();
                        return Err(Error::Machine(format!(
                            "\"{COMMON}\" resource deployment status is \"{}\"{trouble}",
                            common.state()
                        )));
                    }

                    state = common.state().to_owned();
                    self.client.clock.sleep(LOOK_EVERY).await;
                }
                let waited_secs = LOOK_EVERY.as_secs() * u64::from(LOOKS_MAX);
                Err(client::failed(&call, Failure::Overdue { waited_secs, state }))
            })
            .await
            .map(|_| ())
    }

    /// Remembers the account that deployments make, for whoever keeps the configuration.
    pub(super) fn name_account(&self) {
        if !self.profile.has_managed_disks() {
            let name = self.account_name();
            self.change_config(|config| config.storage_account = Some(name));
        }
    }

    /// The account's name, where it follows from the environment's uuid.
    pub(super) fn account_name(&self) -> String {
        let config = self.current_config();
        config
            .storage_account
            .clone()
            .unwrap_or_else(|| config.storage_account_of_uuid())
    }
}

/// Whether Azure failed to make something: nothing can be put into it then, and making it again mends it.
fn is_broken(document: &Value) -> bool {
    let state = document
        .pointer("/properties/provisioningState")
        .and_then(Value::as_str);
    state.is_some_and(|state| state.eq_ignore_ascii_case("failed") || state.eq_ignore_ascii_case("canceled"))
}

fn n_rules(security_group: &Value) -> usize {
    let rules = security_group.pointer("/properties/securityRules");
    rules.and_then(Value::as_array).map_or(0, Vec::len)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{is_broken, n_rules};

    #[test]
    fn what_azure_failed_to_make_is_broken() {
        let in_state = |state: &str| json!({"properties": {"provisioningState": state, "securityRules": [{}]}});
        assert!(is_broken(&in_state("Failed")) && is_broken(&in_state("canceled")));
        assert!(!is_broken(&in_state("Succeeded")) && !is_broken(&in_state("Updating")) && !is_broken(&json!({})));
        assert_eq!((n_rules(&in_state("Failed")), n_rules(&json!({}))), (1, 0));
    }
}
