//! Template deployments (ARM 7).
//!
//! The template language stands in [`expression`]; [`lenient`] reads what users write. An order ([`request`]) is prepared: its
//! template judged ([`template`]), its names given a meaning ([`scope`], [`world`]), its loops unrolled and its order found
//! ([`plan`], [`nested`]), its providers asked beforehand ([`gate`]). What is accepted is kept in the cloud as a tree ([`record`])
//! and runs on the cloud's time line ([`run`], [`reads`]). It refuses to know what is allowed in the world: resources are put by
//! the same calls that clients make.

mod calls;
mod cleanup;
mod errand;
mod export;
mod expression;
mod forms;
mod gate;
mod lenient;
mod nested;
mod place;
mod plan;
mod prepare;
mod reads;
mod record;
mod render;
mod request;
mod rollback;
mod run;
mod scope;
mod template;
mod violation;
mod what_if;
mod world;

use fake_azure_cloud::{Form, Guid};

pub(crate) use self::calls::{poll_job, serve};
pub(crate) use self::expression::hash;
pub(crate) use self::place::place;
use self::plan::Target;
pub(crate) use self::record::n_begun;
pub(crate) use self::run::wake;
use crate::Sandbox;

/// The refusals of deployments, for `fake-azure explain`.
pub(crate) const FORMS: &[&Form] = forms::ALL;

/// Lets the deployments of a group end: whoever reads what they make is not to wait.
pub(crate) fn finish_in(sandbox: &mut Sandbox, subscription: Guid, group: &str) {
    calls::finish_all(
        sandbox,
        &Target {
            subscription,
            group: Some(group.to_owned()),
        },
    );
}
