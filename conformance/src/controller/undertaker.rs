//! The undertaker, and those who clear away before it (juju-provider 3.4): dead machines leave the model; a model that is asked to go
//! loses its applications and machines; one that is empty is destroyed in the cloud, and then forgotten.
//!
//! The controller's own model waits for the others, and is destroyed by whoever destroys the controller.

use async_trait::async_trait;

use super::state::{Life, Model};
use super::{Cx, Next, Trouble, Worker};

/// The undertaker of a model.
#[derive(Debug, Default)]
pub(super) struct Undertaker;

#[async_trait]
impl Worker for Undertaker {
    async fn cycle(&mut self, cx: &Cx) -> Result<Next, Trouble> {
        let is_dead = cx.change(|model| {
            model.machines.retain(|_, machine| !machine.is_marked_for_removal);
            if model.life == Life::Alive || model.is_controller {
                return false;
            }
            clean_up(model);
            if model.machines.is_empty() && model.applications.is_empty() {
                model.life = Life::Dead;
            }
            model.life == Life::Dead
        });
        if is_dead != Some(true) {
            return Ok(Next::Change);
        }

        cx.environ.destroy().await?;
        cx.state.change(|controller| {
            controller.models.remove(&cx.model);
        });
        Ok(Next::Change)
    }
}

/// Everything in a model goes, without waiting for agents (2.2 destroys machines of a dying model by force).
fn clean_up(model: &mut Model) {
    model.applications.clear();
    model.remote_applications.clear();
    model.relations.clear();
    model.offers.clear();
    model.volumes.clear();
    for machine in model.machines.values_mut() {
        machine.life = Life::Dead;
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::super::state::{Application, Machine};
    use super::*;
    use crate::driver::Options;
    use crate::subject::Subject;

    #[test]
    fn nothing_in_a_model_that_goes_is_waited_for() {
        let mut model = Model::new("m", Uuid::nil(), Subject::A1, Options::default());
        model.add_machine(Machine::default());
        model.applications.insert("a".to_owned(), Application::default());
        clean_up(&mut model);
        assert!(model.applications.is_empty());
        assert!(model.machines.values().all(|machine| machine.life == Life::Dead));
    }
}
