//! Making what an environment stands on, and the bootstrap over it (juju-provider 2.6 Bootstrap).
//!
//! The storage account has to be there already. Affinity group and virtual network are made.

use bytes::Bytes;

use super::client::{is_conflict, is_unsure};
use super::list::{STATE_FILE, state_file};
use super::network_configuration::{self as network};
use super::{ClassicEnviron, affinity_groups};
use crate::{Error, Failure, ProviderStorage as _, StartInstance, Started};

/// Writes of the network configuration that somebody else may undo before one of ours is seen (juju-provider L18).
const WRITES_MAX: u32 = 3;
/// How often somebody else may be writing: whoever waits for a network to go asks for it again and again (juju-provider L10).
const CONFLICTS_MAX: u32 = 30;
/// Tries to make the affinity group while no answer says how it went.
const TRIES_MAX: u32 = 3;

/// What was not there before: only that goes again when a bootstrap fails (juju-provider L17).
#[derive(Clone, Copy, Debug, Default)]
struct Made {
    affinity_group: bool,
    site: bool,
}

impl ClassicEnviron {
    pub(super) async fn create_containers(&self) -> Result<(), Error> {
        let mut made = Made::default();
        self.make_containers(&mut made).await
    }

    async fn make_containers(&self, made: &mut Made) -> Result<(), Error> {
        self.storage.key().await?;
        let location = self.location().await?.name.clone();
        self.make_affinity_group(&location, made).await?;
        self.add_site(&location, made).await
    }

    async fn make_affinity_group(&self, location: &str, made: &mut Made) -> Result<(), Error> {
        let call = affinity_groups::create(&self.endpoint, &self.names.affinity_group(), location);
        for tries in 1.. {
            match self.client.write(&call).await {
                Ok(()) => {
                    made.affinity_group = true;
                    return Ok(());
                }
                // It is there: made before, or by a try whose answer was lost.
                Err(error) if is_conflict(&error) => return Ok(()),
                Err(error) if is_unsure(&error) && tries < TRIES_MAX => made.affinity_group = true,
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Adds our site to the document, and looks whether it stays there.
    async fn add_site(&self, location: &str, made: &mut Made) -> Result<(), Error> {
        let _document_is_ours = self.network_document.lock().await;
        let name = self.names.virtual_network();
        let read = network::get(&self.endpoint);
        let (mut writes, mut conflicts) = (0, 0);
        while writes <= WRITES_MAX {
            let document = self.client.find(&read).await?;
            if let Some(binding) = document.as_ref().and_then(|document| network::binding(document, &name)) {
                // Whoever starts machines need not look again.
                self.binding.get_or_init(|| async move { binding }).await;
                return Ok(());
            }
            let Some(changed) = network::with_site(document, &name, location) else {
                return Ok(());
            };
            made.site = true;
            let call = network::put(&self.endpoint, &changed);
            match self.client.write_fresh(call, conflicts < CONFLICTS_MAX).await? {
                true => writes += 1,
                // Somebody else has written meanwhile, and their sites must stay.
                false => conflicts += 1,
            }
        }
        Err(super::client::failed(&read, Failure::Unseen { waited_secs: 0 }))
    }

    pub(super) async fn bootstrap_controller(&self, params: StartInstance) -> Result<Started, Error> {
        if !params.controller {
            return Err(Error::Machine(
                "the machine to bootstrap on must be a controller".to_owned(),
            ));
        }
        self.check_start(&params)?;

        let mut made = Made::default();
        let source = match self.make_environment(params, &mut made).await {
            Ok(started) => return Ok(started),
            Err(error) => Box::new(error),
        };
        let cleanup = self.undo(made).await.err().map(Box::new);
        if let Some(error) = &cleanup {
            tracing::warn!(
                error = error.report(),
                "what a failed bootstrap had made could not be removed"
            );
        }
        Err(Error::Bootstrap {
            environment: self.current_config().name,
            source,
            cleanup,
        })
    }

    async fn make_environment(&self, params: StartInstance, made: &mut Made) -> Result<Started, Error> {
        self.make_containers(made).await?;
        let started = self.start(params).await?;
        let id = started.instance.id.clone();
        let content = Bytes::from(state_file(std::slice::from_ref(&id)));
        match self.storage.put(STATE_FILE, content).await {
            Ok(()) => Ok(started),
            Err(error) => match self.stop(std::slice::from_ref(&id)).await {
                Ok(()) => Err(error),
                Err(cleanup) => Err(Error::Start {
                    machine: id.to_string(),
                    source: Box::new(error),
                    cleanup: Some(Box::new(cleanup)),
                }),
            },
        }
    }

    /// In reverse. An environment whose network is new is new itself, with all that is in it.
    async fn undo(&self, made: Made) -> Result<(), Error> {
        if made.site {
            for service in self.own_services().await? {
                self.delete_service(&service.name).await?;
            }
            self.remove_site().await?;
        }
        if made.affinity_group {
            self.delete_affinity_group().await?;
        }
        match made.site {
            true => self.storage.remove_all().await,
            false => Ok(()),
        }
    }
}
