//! Deleting an environment, or all of a controller's (juju-provider 1.8.8).

use bytes::Bytes;
use http::{Response, StatusCode};
use uuid::Uuid;

use super::ArmEnviron;
use super::client::{Client, is_absent};
use super::resource_groups::{self, Group};
use super::scope::Call;
use super::{tags, virtual_networks};
use crate::{Error, Kind};

/// A group takes longer than any of its resources.
const PATIENCE: u32 = 3;

impl ArmEnviron {
    /// The group with all that is in it; of a group of the user's own, what is the environment's.
    pub(super) async fn destroy_environment(&self) -> Result<(), Error> {
        if self.current_config().resource_group_name.is_some() {
            return self.destroy_own_group().await;
        }
        if self.profile.subnet_goes_first {
            self.delete_own_subnet().await?;
        }

        let call = resource_groups::delete(&self.scope, &self.scope.group);
        let client = self.patient_client();
        let first = client.send(&call).await;
        wait_until_gone(&client, &call, first).await?;
        *self.storage.lock().await = None;
        self.change_config(|config| config.storage_account = None);
        Ok(())
    }

    /// As the notes have it. While machines hang on it, the group takes them, and it, along.
    async fn delete_own_subnet(&self) -> Result<(), Error> {
        match self.client.delete(&virtual_networks::delete_subnet(&self.scope)).await {
            Err(error) if !matches!(error.kind(), Some(Kind::InUse | Kind::GroupGoing | Kind::Conflict)) => Err(error),
            _ => Ok(()),
        }
    }

    /// Every group that says it is this controller's. The filter is a courtesy: what it lets through is looked at again.
    pub(super) async fn destroy_controller_groups(&self, controller_uuid: Uuid) -> Result<(), Error> {
        let call = resource_groups::list_of_controller(&self.scope, controller_uuid);
        let groups: Vec<Group> = self.client.list(&call).await?;
        let uuid = controller_uuid.to_string();
        let own = groups.into_iter().filter(|group| {
            tags::value(group.tags.as_ref(), tags::CONTROLLER_UUID)
                .is_some_and(|value| value.eq_ignore_ascii_case(&uuid))
        });

        // All deletions are begun before any is waited for.
        let client = self.patient_client();
        let mut begun = Vec::new();
        for group in own {
            let call = resource_groups::delete(&self.scope, &group.name);
            let first = client.send(&call).await;
            begun.push((call, first));
        }
        let mut errors = Vec::new();
        for (call, first) in begun {
            errors.extend(wait_until_gone(&client, &call, first).await.err());
        }
        Error::join(errors)?;
        // The user's own group bears no such tag, and holds this environment all the same (juju-provider 1.14).
        let config = self.current_config();
        if config.resource_group_name.is_some() && config.controller_uuid == controller_uuid {
            self.destroy_own_group().await?;
        }
        *self.storage.lock().await = None;
        Ok(())
    }

    fn patient_client(&self) -> Client {
        self.client
            .with_deadline(self.current_config().operation_deadline() * PATIENCE)
    }
}

async fn wait_until_gone(client: &Client, call: &Call, first: Result<Response<Bytes>, Error>) -> Result<(), Error> {
    let first = match first {
        Ok(first) => first,
        Err(error) if is_absent(&error) => return Ok(()),
        // Somebody deletes it already: that deletion is as good as ours.
        Err(error) if error.kind() == Some(Kind::GroupGoing) => {
            let mut accepted = Response::new(Bytes::new());
            *accepted.status_mut() = StatusCode::ACCEPTED;
            accepted
        }
        Err(error) if error.kind() == Some(Kind::Conflict) => return client.delete(call).await.map(|_| ()),
        Err(error) => return Err(error),
    };
    match client.finish(call, first).await {
        Err(error) if !is_absent(&error) => Err(error),
        _ => Ok(()),
    }
}
