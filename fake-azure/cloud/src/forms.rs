//! Forms that no single type owns: the gateway's, and those that the types of a provider share.

use crate::engine;
use crate::error::Form;
use crate::governance;
use crate::quota;
use crate::registry::Kind;
use crate::types::network;

/// Declares forms as constants, and the list of all of them.
macro_rules! forms {
    ($( $name:ident: $kind:ident, $by:ident, $code:literal, $text:literal, $evidence:literal, $way_out:literal; )*) => {
        $(
            #[doc = concat!("`", $code, "` (", $evidence, ").")]
            #[allow(unreachable_pub, reason = "shared forms are reachable, a type's own are not")]
            pub const $name: $crate::error::Form = $crate::error::Form {
                code: $code,
                kind: $crate::error::ErrorKind::$kind,
                by: $crate::descriptor::Dialect::$by,
                text: $text,
                evidence: $evidence,
                way_out: $way_out,
            };
        )*

        /// All of them.
        #[allow(unreachable_pub, reason = "shared forms are reachable, a type's own are not")]
        pub const ALL: &[&$crate::error::Form] = &[$( &$name, )*];
    };
}
pub(crate) use forms;

forms! {
    // tidy: sorted
    ANOTHER_OPERATION: Busy, Network, "RetryableErrorDueToAnotherOperation", "Operation {operation} ({guid}) is updating resource {resource}. The call can be retried in {secs} seconds.", "ARM 2.6", "wait for the operation, then send the request again";
    BAD_NAME_AT_GATE: Invalid, Gateway, "InvalidResourceName", "The provided resource name '{name}' has these invalid characters: '{characters}'. The name can only be a letter, digit, '-', '.', '(', ')' or '_'.", "ARM 1.3 (form unsure)", "choose a name of letters, digits, '-', '.' and '_'";
    BAD_REFERENCE: Invalid, Gateway, "LinkedInvalidPropertyId", "Property id '{value}' at path '{path}' is invalid. Expect fully qualified resource Id that start with '/subscriptions/{subscriptionId}' or '/providers/{resourceProviderNamespace}/'.", "ARM 3.3 (XPL)", "write the whole id of the resource";
    COMPUTE_BUSY: Conflict, Compute, "Conflict", "The request failed due to conflict with a concurrent request. To resolve it, please refer to https://aka.ms/activitylog to get more details on the conflicting requests.", "ARM 2.6", "wait for the other operation, then send the request again";
    DUPLICATE_CHILD: Invalid, Network, "DuplicateResourceName", "Resource {resource} has two child resources with the same name ({name}).", "assumed", "give each child a name of its own";
    ETAG_MISMATCH: Precondition, Network, "PreconditionFailedEtagMismatch", "Etag provided in if-match header {given} does not match etag {current} of resource {resource} in NRP data store.", "ARM 1.8", "read the resource again and send its new etag";
    ETAG_MISMATCH_COMPUTE: Precondition, Compute, "PreconditionFailed", "Etag provided in if-match header {given} does not match etag {current} of resource.", "ARM 1.8 (CPA)", "read the resource again and send its new etag";
    GROUP_BEING_DELETED: Conflict, Gateway, "ResourceGroupBeingDeleted", "The resource group '{group}' is in deprovisioning state and cannot perform this operation.", "ARM 2.6 (XPL)", "wait until the group is gone, then make it again";
    GROUP_DELETION_BLOCKED: Conflict, Gateway, "ResourceGroupDeletionBlocked", "Deletion of resource group '{group}' failed as resources with identifiers '{resources}' could not be deleted. The provisioning state of the resource group will be rolled back. The tracking Id is '{tracking}'. Please check audit logs for more details.", "ARM 2.4 (NET, JAVA)", "remove what the details name, then delete the group again";
    GROUP_LOCATION_MISMATCH: Conflict, Gateway, "InvalidResourceGroupLocation", "Invalid resource group location '{new}'. The Resource group already exists in location '{old}'.", "ARM 1.4", "use the group's own location, or another name";
    GROUP_LOCATION_NOT_AVAILABLE: Invalid, Gateway, "LocationNotAvailableForResourceGroup", "The provided location '{location}' is not available for resource group. List of available regions is '{locations}'.", "ARM 1.4", "choose one of the locations listed";
    GROUP_NOT_FOUND: Missing, Gateway, "ResourceGroupNotFound", "Resource group '{group}' could not be found.", "ARM 3.3", "create the group first";
    GROUP_QUOTA: Quota, Gateway, "ResourceGroupQuotaExceeded", "Cannot create more than {limit} resource groups in subscription '{subscription}'.", "ARM 3.3 (form unsure)", "delete a group, or have the limit raised";
    IN_USE: InUse, Gateway, "InUse", "Resource {resource} is in use by {users} and cannot be deleted.", "assumed", "release the resource first";
    INVALID_FORMAT: Invalid, Network, "InvalidRequestFormat", "Cannot parse the request.", "ARM 1.7", "see the details for what is wrong and where";
    INVALID_JSON: Invalid, Network, "InvalidJson", "Error converting value {value} at path '{path}'. {expected}", "ARM 1.7 (form unsure)", "mend the field that is named";
    INVALID_PARAMETER: Invalid, Compute, "InvalidParameter", "The value of parameter {path} is invalid.", "ARM 3.6", "mend the parameter that is named";
    INVALID_REFERENCE: Invalid, Network, "InvalidResourceReference", "Resource {target} referenced by resource {source} was not found. Please make sure that the referenced resource exists, and that both resources are in the same region.", "ARM 3.5", "create the resource first, in the same location";
    INVALID_REFERENCE_COMPUTE: Missing, Compute, "NotFound", "Resource {target} referenced by resource {source} was not found.", "ARM 3.6 (code unsure)", "create the resource first, in the same location";
    LOCATION_MISMATCH: Conflict, Gateway, "InvalidResourceLocation", "The resource '{name}' already exists in location '{old}' in resource group '{group}'. A resource with the same name cannot be created in location '{new}'. Please select a new resource name.", "ARM 1.4", "choose another name, or the old location";
    LOCATION_NOT_AVAILABLE: Invalid, Gateway, "LocationNotAvailableForResourceType", "The provided location '{location}' is not available for resource type '{type}'. List of available regions for the resource type is '{locations}'.", "ARM 1.4", "choose one of the locations listed";
    LOCATION_REQUIRED: Invalid, Gateway, "LocationRequired", "The location property is required for this definition.", "ARM 1.4", "add a location";
    MISSING_PARAMETER: Invalid, Compute, "InvalidParameter", "Required parameter '{path}' is missing (null).", "ARM 3.6", "add the parameter";
    NETWORK_BUSY: Busy, Network, "RetryableError", "A retryable error occurred.", "ARM 2.6", "wait as long as Retry-After says, then send the request again";
    NETWORK_NAME: Invalid, Network, "InvalidResourceName", "Resource name {name} is invalid. The name can be up to {max} characters long. It must begin with a word character, and it must end with a word character or with '_'. The name may contain word characters or '.', '-', '_'.", "ARM 1.3", "choose a name of that form";
    NIC_RESERVED: InUse, Network, "NicReservedForAnotherVm", "Nic(s) in request is reserved for another Virtual Machine for 180 seconds. Please provide another nic(s) or retry after 180 seconds. Reserved VM: {machine}.", "ARM 3.5, field bug nic-180s", "wait until the reservation ends, then send the request again";
    NO_SUBSCRIPTION: Missing, Gateway, "SubscriptionNotFound", "The subscription '{subscription}' could not be found.", "ARM 3.2", "name a subscription that the sandbox holds";
    NO_SUCH_ACTION: Missing, Gateway, "InvalidResourceType", "The action '{action}' is not known for resource {resource}.", "assumed", "see the coverage table for the actions of the type";
    NOT_FOUND: Missing, Gateway, "ResourceNotFound", "The Resource '{resource}' under resource group '{group}' was not found.", "ARM 3.3", "check the name and the group";
    NOT_FOUND_NETWORK_CHILD: Missing, Network, "NotFound", "Resource {resource} not found.", "ARM 3.3, observed-arm, Two kinds of 404", "check the name";
    NOT_PROVISIONED: Invalid, Network, "ReferencedResourceNotProvisioned", "Cannot proceed with operation because resource {target} used by resource {source} is not in Succeeded state. Resource is in {state} state and the last operation that updated/is updating the resource is {operation}.", "ARM 2.6 (CPA)", "wait until the resource is provisioned";
    PARENT_NOT_FOUND: Missing, Gateway, "ParentResourceNotFound", "Can not perform requested operation on nested resource. Parent resource '{parent}' not found.", "ARM 3.3", "create the parent first";
    PRECONDITION_FAILED: Precondition, Network, "PreconditionFailed", "Precondition failed.", "ARM 1.8", "read the resource again and send its new etag";
    PREEMPTED: Conflict, Compute, "OperationPreempted", "Operation execution has been preempted by a more recent operation.", "ARM 2.6 (CPA)", "follow the later operation";
    PROPERTY_CHANGE: Conflict, Compute, "PropertyChangeNotAllowed", "Changing property '{path}' is not allowed.", "ARM 3.6", "keep the old value, or delete the resource and create it anew";
    QUOTA_EXCEEDED_COMPUTE: Quota, Compute, "OperationNotAllowed", "Operation could not be completed as it results in exceeding approved {label} quota. Additional details - Deployment Model: Resource Manager, Location: {location}, Current Limit: {limit}, Current Usage: {used}, Additional Required: {more}, (Minimum) New Limit Required: {needed}. Submit a request for Quota increase at https://aka.ms/ProdportalCRP by specifying parameters listed in the 'Details' section for deployment to succeed. Please read more about quota limits at https://docs.microsoft.com/en-us/azure/azure-supportability/regional-quota-requests", "ARM 3.6 (2018+)", "delete or deallocate machines, choose another size or location, or have the limit raised";
    QUOTA_EXCEEDED_COMPUTE_2016: Quota, Compute, "OperationNotAllowed", "Operation results in exceeding quota limits of {label}. Maximum allowed: {limit}, Current in use: {used}, Additional requested: {more}.", "ARM 3.6 (2015-17, XPL, NET)", "delete or deallocate machines, choose another size or location, or have the limit raised";
    QUOTA_EXCEEDED_STORAGE: Quota, Storage, "MaxStorageAccountsCountPerSubscriptionExceeded", "Subscription {subscription} already contains {used} storage accounts in location {location} and the maximum allowed is {limit}.", "ARM 3.7", "delete an account, or have the limit raised";
    // tidy: end
}

/// Every refusal there is: the shared ones, then each type's, for `fake-azure explain`. A form may come more than once.
pub fn every() -> impl Iterator<Item = &'static Form> {
    let of_types = Kind::ALL.iter().flat_map(|kind| kind.descriptor().errors);
    ALL.iter()
        .chain(quota::ALL)
        .chain(network::SHARED_FORMS.iter().copied().flatten())
        .chain(governance::ALL)
        .chain(engine::MOVE_FORMS)
        .chain(of_types)
        .copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_says_what_it_rests_on_and_how_to_get_past_it() {
        for form in every() {
            assert!(
                !form.code.is_empty() && !form.evidence.is_empty() && !form.way_out.is_empty(),
                "{form:?}"
            );
        }
        assert!(every().any(|form| form.code == "SubnetIsFull"));
        assert!(every().any(|form| form.code == "PortValueIsOutOfRange"));
        assert!(every().any(|form| form.code == "NicInUse"));
        assert!(every().any(|form| form.code == "NetworkInterfaceCountLimitReached"));
    }
}
