//! The integration tests of fake-azure: bytes in, bytes out.

mod arm_catalogue;
mod arm_hostile;
mod arm_operations;
mod arm_refusals;
mod arm_resources;
mod arm_support;
mod blob_authorise;
mod blob_hostile;
mod blob_operations;
mod blob_support;
mod cli;
mod control;
mod deployment_calls;
mod deployment_hostile;
mod deployment_refusals;
mod deployment_support;
mod deployment_templates;
mod faults;
mod identity;
mod sandboxes;
mod server;
mod shell_hostile;
mod shell_support;
