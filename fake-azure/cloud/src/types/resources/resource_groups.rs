//! Resource groups.
//!
//! A group holds everything else. The gateway owns it: no etag, no operation but its deletion (ARM 8.8).

use serde::{Deserialize, Serialize};

use crate::api_version::ApiVersion;
use crate::cx::Cx;
use crate::descriptor::{
    Descriptor, Dialect, Field, Lifetimes, NameRule, PatchRule, Polls, Provisioning, Stage, Write, WriteVerb,
};
use crate::error::CloudError;
use crate::forms::forms;
use crate::plan::Plan;
use crate::quota::QuotaKey;
use crate::types::{Put, ResourceType};

forms! {
    // tidy: sorted
    BAD_NAME: Invalid, Gateway, "InvalidResourceGroup", "The provided resource group name '{name}' has these invalid characters: '{characters}'. The name can only be a letter, digit, '-', '.', '(', ')' or '_'.", "ARM 1.3 (XPL)", "choose a name of letters, digits, '-', '.', '(', ')' and '_' that does not end in '.'";
    READ_ONLY_STATE: Invalid, Gateway, "InvalidRequestContent", "The request content was invalid and could not be deserialized: 'Could not find member 'provisioningState' on object of type 'ResourceGroupPropertiesDefinition'. Path 'properties.provisioningState', line 1, position 1.'.", "juju-provider 1.16, L82 (text assumed)", "leave the group's state out";
    // tidy: end
}

/// Resource groups.
pub(crate) const DESCRIPTOR: Descriptor = Descriptor {
    // The type is shown from 2020-06-01 on (ARM 8.8); observed-arm has it in answers of 2018-05-01 on.
    shows_type_since: ApiVersion::date(2019, 1, 1),
    names: NameRule {
        min: 1,
        max: 90,
        others: "_-.()",
        capitals: true,
        starts_alphanumeric: false,
        ends: Some("_-()"),
        unicode: true,
    },
    bad_name: Some(&BAD_NAME),
    refuses_state: Some(&READ_ONLY_STATE),
    patch: PatchRule::Tags,
    quota: Some(QuotaKey("ResourceGroups")),
    fields: &[Field::immutable("/managedBy")],
    lifetimes: Lifetimes {
        create: &[],
        update: &[],
        delete: &[Stage::new(Provisioning::Deleting, 0, 0)],
    },
    writes: &[
        Write::new(WriteVerb::PutNew, 201),
        Write::new(WriteVerb::PutAgain, 200),
        Write::new(WriteVerb::Patch, 200),
        Write::empty(WriteVerb::Delete, 202)
            .polls(Polls::Location)
            .retry_after_secs(15),
    ],
    errors: ALL,
    ..Descriptor::of("Microsoft.Resources/resourceGroups", Dialect::Gateway)
};

/// A group has nothing of its own.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ResourceGroup {}

impl ResourceType for ResourceGroup {
    const DESCRIPTOR: &'static Descriptor = &DESCRIPTOR;

    fn plan_put(_cx: &Cx<'_>, _put: &Put<'_>, _before: Option<&Self>) -> Result<(Self, Plan), CloudError> {
        Ok((ResourceGroup {}, Plan::new()))
    }
}
