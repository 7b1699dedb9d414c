//! Template deployments (ARM 7).

mod expression;
