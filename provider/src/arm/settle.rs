//! Which resource group the environment is in (juju-provider 1.8.1, 1.14).
//!
//! Older generations know it by its name alone. Since names are short, one that an older generation has made is looked for
//! first, and one of the short name must say that it is this environment's.

use super::ArmEnviron;
use super::generation::GroupName;
use super::resource_groups::{self, Group};
use super::tags;
use crate::Error;

impl ArmEnviron {
    /// Finds the group, once. To be called before anything else is asked of it.
    pub(super) async fn settle(&self) -> Result<(), Error> {
        let config = self.current_config();
        if self.profile.group_name != GroupName::Short || config.resource_group_name.is_some() {
            return Ok(());
        }

        self.scope.settle(self.find_group()).await
    }

    async fn find_group(&self) -> Result<String, Error> {
        let config = self.current_config();
        let long = config.long_group_name();
        if self.has_group(&long).await?.is_some() {
            return Ok(long);
        }

        let short = config.resource_group();
        if let Some(group) = self.has_group(&short).await? {
            let model = tags::value(group.tags.as_ref(), tags::MODEL_UUID).unwrap_or_default();
            if !model.eq_ignore_ascii_case(&config.uuid.to_string()) {
                return Err(Error::NotSupported(format!(
                    "unexpected model UUID on resource group `{short}`: expected {}, found `{model}`",
                    config.uuid
                )));
            }
        }
        Ok(short)
    }

    async fn has_group(&self, name: &str) -> Result<Option<Group>, Error> {
        self.client.find(&resource_groups::get(&self.scope, name)).await
    }

    /// Makes the group, or looks at the user's own. Whether it is new: then nothing can be in it.
    pub(super) async fn make_group(&self) -> Result<bool, Error> {
        let scope = &self.scope;
        if self.current_config().resource_group_name.is_some() {
            let group: Group = self.client.read(&resource_groups::get(scope, &scope.group)).await?;
            let location = group.location.replace(' ', "").to_lowercase();
            return match location == scope.location {
                true => Ok(false),
                false => Err(Error::NotSupported(format!(
                    "cannot use resource group in region \"{location}\" when operating in region \"{}\"",
                    scope.location
                ))),
            };
        }

        let own = tags::of_environment(&self.current_config());
        let put = resource_groups::put(scope, &scope.group, &scope.location, &own);
        Ok(self.client.write(&put).await?.status() == http::StatusCode::CREATED)
    }
}
