//! Complete mode: what a template does not name goes once everything that it names is there (ARM 7.8).

use fake_azure_cloud::{ApiVersion, Call, Conditions, Outcome, ResourceId, Scope};

use super::reads::subject_of;
use super::record::{self, Cleanup, Failure, State};
use super::render;
use super::run::Run;
use crate::arm::error as wire_error;

/// Between two looks at a group.
const LOOK_MS: i64 = 500;

impl Run<'_> {
    /// Removes what the template does not name (ARM 7.8). Says whether nothing is left to be removed.
    pub(super) fn clean_up(&mut self) -> bool {
        let group = ResourceId::group(
            self.deployment.target.subscription,
            self.deployment.target.group.as_deref().unwrap_or(""),
        );
        let named: Vec<String> = self
            .deployment
            .planned
            .iter()
            .filter(|own| own.is_sent())
            .map(|own| own.id.to_lowercase())
            .collect();
        let listed = self.sandbox.cloud.apply(&Call::Resources {
            scope: Scope::In(group),
        });
        let Ok(Outcome::Listed(resources)) = listed.map(|reply| reply.outcome) else {
            return true;
        };
        let strangers: Vec<_> = resources
            .into_iter()
            .filter(|resource| {
                let below = format!("{}/", resource.folded);
                let is_managed = resource.echo.get("managedBy").is_some_and(|owner| !owner.is_null());
                !is_managed && !named.iter().any(|id| *id == *resource.folded || id.starts_with(&below))
            })
            .collect();
        if strangers.is_empty() {
            self.deployment.cleanup = None;
            return true;
        }

        let mut refusals = Vec::new();
        let mut running = Vec::new();
        for resource in &strangers {
            let id = self.sandbox.cloud.id(resource.key);
            let Ok(parsed) = ResourceId::parse(&id) else {
                continue;
            };
            let call = Call::Delete {
                id: parsed,
                version: ApiVersion::NEWEST,
                conditions: Conditions::NONE,
            };
            match self.sandbox.cloud.apply(&call) {
                Ok(reply) => {
                    running.extend(reply.operation);
                    self.note("Delete", &id, Some(subject_of(&id)), Ok(()));
                }
                Err(error) => refusals.push((id, error)),
            }
        }
        let now = self.now();
        let may_go_on = !running.is_empty()
            || strangers.len() > refusals.len()
            || refusals
                .iter()
                .any(|(_, error)| error.until.is_some_and(|until| until > now));
        if may_go_on {
            let ends = running.iter().filter_map(|id| self.sandbox.cloud.operation(*id)?.end());
            let later = refusals.iter().filter_map(|(_, error)| error.until);
            let next = ends.chain(later).min().unwrap_or(now).max(now.plus_millis(LOOK_MS));
            self.deployment.cleanup = Some(Cleanup { running, next });
            record::wake_at(&mut self.sandbox.cloud, next, self.deployment.serial);
            return false;
        }
        let mut details = Vec::new();
        for (id, error) in refusals {
            let status_code = render::status_name(wire_error::status(&error)).to_owned();
            let body = wire_error::envelope(&error);
            self.note(
                "Delete",
                &id,
                Some(subject_of(&id)),
                Err((status_code.clone(), body.clone())),
            );
            details.push((status_code, body));
        }
        self.deployment.failure = Some(Failure {
            code: "DeploymentFailedCleanUp".to_owned(),
            message:
                "Unable to delete resources not present in the template. Please list deployment operations for details."
                    .to_owned(),
            details,
        });
        self.deployment.state = State::Failed;
        false
    }
}
