//! Making the containers of an environment, and the bootstrap over them (juju-provider 1.8.3 to 1.8.5a).

use serde::de::DeserializeOwned;
use serde_json::Value;

use super::ArmEnviron;
use super::client::parse;
use super::firewall;
use super::network_security_groups::{self, SecurityGroup};
use super::scope::Call;
use super::tags;
use super::virtual_networks::{self, Network, Subnet};
use crate::{Error, StartInstance, Started};

impl ArmEnviron {
    pub(super) async fn create_containers(&self) -> Result<(), Error> {
        match self.profile.template_versions() {
            Some(versions) => self.create_by_deployment(versions).await,
            None => self.create_singly().await,
        }
    }

    async fn create_singly(&self) -> Result<(), Error> {
        let own = tags::of_environment(&self.current_config());
        let scope = &self.scope;
        let is_new = self.make_group().await?;
        let find = virtual_networks::get(scope);
        let network: Network = self.ensure(is_new, &find, &virtual_networks::put(scope, &own)).await?;
        let find = network_security_groups::get(scope, &network_security_groups::own_id(scope));
        let put = network_security_groups::put(scope, &own, &[firewall::ssh_rule()]);
        let security_group: SecurityGroup = self.ensure(is_new, &find, &put).await?;
        let prefix = network.free_prefix().ok_or_else(|| {
            let (network, space) = (virtual_networks::NETWORK, virtual_networks::ADDRESS_SPACE);
            Error::Exhausted(format!("no prefix of {space} is free for a subnet of {network}"))
        })?;
        let find = virtual_networks::get_subnet(scope);
        let put = virtual_networks::put_subnet(scope, prefix, &security_group.id);
        let _: Subnet = self.ensure(is_new, &find, &put).await?;
        self.create_storage(&own).await
    }

    /// Puts what is not there already: putting again would take its rules from a security group, and its subnet from a network.
    async fn ensure<T: DeserializeOwned>(&self, is_new: bool, find: &Call, put: &Call) -> Result<T, Error> {
        if !is_new && let Some(document) = self.client.find::<Value>(find).await? {
            let state = document
                .pointer("/properties/provisioningState")
                .and_then(Value::as_str);
            if state.is_none_or(|state| state.eq_ignore_ascii_case("succeeded")) {
                return parse(find, &http::Response::new(document.to_string().into()));
            }
        }

        self.client.put(put).await
    }

    /// What there must be before the controller's machine; where that comes by deployment, it brings the rest itself.
    async fn create_for_controller(&self) -> Result<(), Error> {
        if self.profile.template_versions().is_none() {
            return self.create_singly().await;
        }

        self.make_group().await?;
        self.name_account();
        Ok(())
    }

    /// The whole environment goes again when its controller does not come (juju-provider 1.8.4).
    pub(super) async fn bootstrap_controller(&self, params: StartInstance) -> Result<Started, Error> {
        if !params.controller {
            return Err(Error::Machine(
                "the machine to bootstrap on must be a controller".to_owned(),
            ));
        }
        self.check_start(&params)?;

        let started = match self.create_for_controller().await {
            Ok(()) => self.start(params, true).await,
            Err(error) => Err(error),
        };
        let source = match started {
            Ok(started) => return Ok(started),
            Err(error) => Box::new(error),
        };
        let cleanup = self.destroy_environment().await.err().map(Box::new);
        if let Some(error) = &cleanup {
            tracing::warn!(
                error = error.report(),
                "the environment could not be destroyed after a failed bootstrap"
            );
        }
        Err(Error::Bootstrap {
            environment: self.current_config().name,
            source,
            cleanup,
        })
    }
}
