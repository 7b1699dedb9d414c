//! Deleting an environment (juju-provider 2.6 Destroy): its cloud services, its virtual network, its affinity group, and the
//! container of its storage last, so that one that is destroyed by half still looks bootstrapped (juju-provider L5).

use std::time::Duration;

use super::client::is_absent;
use super::network_configuration as network;
use super::{ClassicEnviron, affinity_groups};
use crate::{AzureError, Error, Kind, ProviderStorage as _};

/// The reference of a network is released long after the machines in it are gone (juju-provider L10). Juju stops after half a minute
/// and leaves the network behind; here the waits grow longer then, and it is left behind only when they, too, were in vain.
const SHORT_WAITS: u32 = 30;
const SHORT_WAIT: Duration = Duration::from_secs(1);
const LONG_WAITS: u32 = 30;
const LONG_WAIT: Duration = Duration::from_secs(10);

impl ClassicEnviron {
    pub(super) async fn destroy_environment(&self) -> Result<(), Error> {
        let mut errors = Vec::new();
        for service in self.own_services().await? {
            errors.extend(self.delete_service(&service.name).await.err());
        }
        // What the services still use cannot go, and who looks must still find the environment.
        Error::join(errors)?;

        let mut errors = Vec::new();
        errors.extend(self.remove_site().await.err());
        errors.extend(self.delete_affinity_group().await.err());
        Error::join(errors)?;
        self.storage.remove_all().await
    }

    /// Takes our site from the network configuration, and leaves what is others'.
    pub(super) async fn remove_site(&self) -> Result<(), Error> {
        let _document_is_ours = self.network_document.lock().await;
        let name = self.names.virtual_network();
        let mut waits = 0;
        loop {
            let Some(document) = self.client.find(&network::get(&self.endpoint)).await? else {
                return Ok(());
            };
            let Some(changed) = network::without_site(document, &name) else {
                return Ok(());
            };
            let call = network::put(&self.endpoint, &changed);
            let may_repeat = waits < SHORT_WAITS + LONG_WAITS;
            let error = match self.client.write_fresh(call, may_repeat).await {
                // The next look says whether it stays away; or somebody else has written meanwhile, and their sites must stay.
                Ok(_) if may_repeat => {
                    waits += 1;
                    continue;
                }
                Ok(_) => return Ok(()),
                Err(error) => error,
            };
            if error.kind() != Some(Kind::InUse) {
                return Err(error);
            }
            if !may_repeat {
                tracing::warn!(
                    network = name,
                    error = error.report(),
                    "the virtual network stays behind"
                );
                return Ok(());
            }
            let wait = if waits < SHORT_WAITS { SHORT_WAIT } else { LONG_WAIT };
            waits += 1;
            self.client.clock.sleep(wait).await;
        }
    }

    /// A group that somebody else has put something into stays.
    pub(super) async fn delete_affinity_group(&self) -> Result<(), Error> {
        let name = self.names.affinity_group();
        let call = affinity_groups::delete(&self.endpoint, &name).conflict_is_answer();
        match self.client.delete(&call).await {
            Err(error) if has_members(&error) => {
                tracing::warn!(group = name, error = error.report(), "the affinity group stays behind");
                Ok(())
            }
            outcome => outcome,
        }
    }
}

fn has_members(error: &Error) -> bool {
    let status = error
        .azure()
        .and_then(AzureError::refusal)
        .and_then(|refusal| refusal.status);
    !is_absent(error) && matches!(status, Some(400 | 409))
}
