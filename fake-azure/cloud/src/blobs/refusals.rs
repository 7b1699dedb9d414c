//! The refusals of the blob service (ARM 9.4).

use crate::forms::forms;

forms! {
    // tidy: sorted
    BLOB_ALREADY_EXISTS: Conflict, Storage, "BlobAlreadyExists", "The specified blob already exists.", "ARM 9.4", "choose another name, or leave out `If-None-Match: *`";
    BLOB_NOT_FOUND: Missing, Storage, "BlobNotFound", "The specified blob does not exist.", "ARM 9.4", "check the name, which minds case";
    BLOB_SERVICE_STAYS: Invalid, Storage, "OperationNotSupported", "The blob service of an account cannot be deleted.", "assumed", "delete the account";
    BLOB_TYPE_NOT_SUPPORTED: Conflict, Storage, "BlobTypeNotSupported", "Blob type is not supported.", "assumed", "use an account whose kind and SKU hold such blobs";
    CANNOT_VERIFY_COPY_SOURCE: Missing, Storage, "CannotVerifyCopySource", "The specified resource does not exist.", "assumed", "name a source that this cloud holds";
    CONDITION_NOT_MET: Precondition, Storage, "ConditionNotMet", "The condition specified using HTTP conditional header(s) is not met.", "ARM 9.4", "read the blob again and send its new etag";
    CONTAINER_ALREADY_EXISTS: Conflict, Storage, "ContainerAlreadyExists", "The specified container already exists.", "ARM 9.4, observed-asm, Page blobs", "use the container, or another name";
    CONTAINER_BEING_DELETED: Busy, Storage, "ContainerBeingDeleted", "The specified container is being deleted. Try operation later.", "ARM 9.4", "wait 30 seconds, then send the request again";
    CONTAINER_NOT_FOUND: Missing, Storage, "ContainerNotFound", "The specified container does not exist.", "ARM 9.4", "create the container first";
    COPY_ID_MISMATCH: Conflict, Storage, "CopyIdMismatch", "The specified copy ID did not match the copy ID for the pending copy operation.", "assumed", "send the id that the copy answered";
    INVALID_BLOB_OR_BLOCK: Invalid, Storage, "InvalidBlobOrBlock", "The specified blob or block content is invalid.", "assumed", "give all blocks of a blob ids of one length";
    INVALID_BLOB_TYPE: Conflict, Storage, "InvalidBlobType", "The blob type is invalid for this operation.", "ARM 9.4", "use the operations of the blob's own type";
    INVALID_BLOCK_LIST: Invalid, Storage, "InvalidBlockList", "The specified block list is invalid.", "assumed", "send every block before the list names it";
    INVALID_HEADER_VALUE: Invalid, Storage, "InvalidHeaderValue", "The value for one of the HTTP headers is not in the correct format.", "ARM 9.4", "mend the header that is named";
    INVALID_PAGE_RANGE: Invalid, Storage, "InvalidPageRange", "The page range specified is invalid.", "ARM 9.4", "write whole pages of 512 bytes inside the blob";
    INVALID_RESOURCE_NAME: Invalid, Storage, "InvalidResourceName", "The specifed resource name contains invalid characters.", "ARM 1.3, 9.4", "use 3 to 63 lower-case letters, digits and single hyphens";
    LEASE_ALREADY_PRESENT: Conflict, Storage, "LeaseAlreadyPresent", "There is already a lease present.", "ARM 9.3, observed-asm, Page blobs", "wait for the lease to end, or break it";
    LEASE_ID_MISMATCH_WITH_BLOB: Precondition, Storage, "LeaseIdMismatchWithBlobOperation", "The lease ID specified did not match the lease ID for the blob.", "ARM 9.3", "send the id of the lease";
    LEASE_ID_MISMATCH_WITH_CONTAINER: Precondition, Storage, "LeaseIdMismatchWithContainerOperation", "The lease ID specified did not match the lease ID for the container.", "ARM 9.3", "send the id of the lease";
    LEASE_ID_MISMATCH_WITH_LEASE: Conflict, Storage, "LeaseIdMismatchWithLeaseOperation", "The lease ID specified did not match the lease ID for the {noun}.", "ARM 9.3", "send the id of the lease";
    LEASE_ID_MISSING: Precondition, Storage, "LeaseIdMissing", "There is currently a lease on the {noun} and no lease ID was specified in the request.", "ARM 9.3", "send the id of the lease, break it, or delete the machine whose disk it is";
    LEASE_IS_BREAKING_AND_CANNOT_BE_ACQUIRED: Conflict, Storage, "LeaseIsBreakingAndCannotBeAcquired", "The lease ID matched, but the lease is currently in breaking state and cannot be acquired until it is broken.", "ARM 9.4", "wait until the lease is broken";
    LEASE_IS_BREAKING_AND_CANNOT_BE_CHANGED: Conflict, Storage, "LeaseIsBreakingAndCannotBeChanged", "The lease ID matched, but the lease is currently in breaking state and cannot be changed.", "assumed", "wait until the lease is broken, then acquire it";
    LEASE_IS_BROKEN_AND_CANNOT_BE_RENEWED: Conflict, Storage, "LeaseIsBrokenAndCannotBeRenewed", "The lease ID matched, but the lease has been broken explicitly and cannot be renewed.", "ARM 9.3, observed-asm, Page blobs", "acquire the lease anew";
    LEASE_LOST: Precondition, Storage, "LeaseLost", "A lease ID was specified, but the lease for the {noun} has expired.", "ARM 9.4", "acquire the lease anew";
    LEASE_NOT_PRESENT_WITH_BLOB: Precondition, Storage, "LeaseNotPresentWithBlobOperation", "There is currently no lease on the blob.", "ARM 9.3", "leave out the lease id";
    LEASE_NOT_PRESENT_WITH_CONTAINER: Precondition, Storage, "LeaseNotPresentWithContainerOperation", "There is currently no lease on the container.", "ARM 9.3", "leave out the lease id";
    LEASE_NOT_PRESENT_WITH_LEASE: Conflict, Storage, "LeaseNotPresentWithLeaseOperation", "There is currently no lease on the {noun}.", "assumed", "acquire a lease first";
    NO_PENDING_COPY_OPERATION: Conflict, Storage, "NoPendingCopyOperation", "There is currently no pending copy operation.", "ARM 9.2, observed-asm, Page blobs", "nothing is left to abort";
    NOT_MODIFIED: Precondition, Storage, "NotModified", "The condition specified using HTTP conditional header(s) is not met.", "ARM 9.4", "use what was read before";
    OUT_OF_RANGE_INPUT: Invalid, Storage, "OutOfRangeInput", "One of the request inputs is out of range.", "ARM 9.4", "choose a name of an allowed length";
    PENDING_COPY_OPERATION: Conflict, Storage, "PendingCopyOperation", "There is currently a pending copy operation.", "ARM 9.4", "wait for the copy, or abort it";
    PUBLIC_ACCESS_NOT_PERMITTED: Conflict, Storage, "PublicAccessNotPermitted", "Public access is not permitted on this storage account.", "ARM 9.4", "set `allowBlobPublicAccess` on the account";
    RESOURCE_NOT_FOUND: Missing, Storage, "ResourceNotFound", "The specified resource does not exist.", "ARM 9.4", "check the name of the account";
    SEQUENCE_NUMBER_CONDITION_NOT_MET: Precondition, Storage, "SequenceNumberConditionNotMet", "The sequence number condition specified was not met.", "ARM 9.4", "read the sequence number again";
    SNAPSHOTS_PRESENT: Conflict, Storage, "SnapshotsPresent", "This operation is not permitted because the blob has snapshots.", "ARM 9.4", "send `x-ms-delete-snapshots: include`";
    SOURCE_CONDITION_NOT_MET: Precondition, Storage, "SourceConditionNotMet", "The source condition specified using HTTP conditional header(s) is not met.", "ARM 9.4", "read the source again and send its new etag";
    // tidy: end
}
