//! Refusals of the gateway and of calls that name no resource: what the cloud never gets to see.

use fake_azure_cloud::Form;

/// Declares forms as constants, and the list of all of them.
macro_rules! forms {
    ($( $name:ident: $kind:ident, $by:ident, $code:literal, $text:literal, $evidence:literal, $way_out:literal; )*) => {
        $(
            #[doc = concat!("`", $code, "` (", $evidence, ").")]
            pub(crate) const $name: Form = Form {
                code: $code,
                kind: fake_azure_cloud::ErrorKind::$kind,
                by: fake_azure_cloud::descriptor::Dialect::$by,
                text: $text,
                evidence: $evidence,
                way_out: $way_out,
            };
        )*

        /// All of them.
        pub(crate) const ALL: &[&Form] = &[$( &$name, )*];
    };
}

forms! {
    // tidy: sorted
    ADDRESS_FORMAT: Invalid, Network, "InvalidPrivateIPAddressFormat", "Private static IP address value {address} is invalid.", "observed-arm, Error catalogue", "write an IPv4 address";
    ADDRESS_NOT_IN_SUBNET: Invalid, Network, "PrivateIPAddressNotInAnySubnet", "Private static IP address {address} does not belong to the range of any subnet in the virtual network {network}.", "observed-arm, Error catalogue", "ask for an address of one of the network's subnets";
    AUDIENCE: Forbidden, Gateway, "InvalidAuthenticationTokenAudience", "The access token has been obtained for wrong audience or resource '{audience}'. It should exactly match with one of the allowed audiences 'https://management.core.windows.net/','https://management.core.windows.net','https://management.azure.com/','https://management.azure.com'.", "ARM 3.2", "ask for a token for Resource Manager";
    AUTHORIZATION_FAILED: Forbidden, Gateway, "AuthorizationFailed", "The client '{client}' with object id '{object}' does not have authorization to perform action '{action}' over scope '{scope}' or the scope is invalid. If access was recently granted, please refresh your credentials.", "ARM 3.2 (XPL)", "give the principal a role that allows the action, at that scope or above";
    BAD_API_VERSION: Invalid, Gateway, "InvalidApiVersionParameter", "The api-version '{version}' is invalid. The supported versions are '{versions}'.", "ARM 1.6", "use one of the versions listed, or a newer one";
    BAD_DOMAIN_LABEL: Invalid, Network, "InvalidDomainNameLabel", "The domain name label {label} is invalid. It must conform to the following regular expression: ^[a-z][a-z0-9-]{1,61}[a-z0-9]$.", "observed-arm, Error catalogue", "choose a label of lower-case letters, digits and hyphens";
    BAD_FILTER: Invalid, Gateway, "InvalidFilterInQueryString", "Invalid $filter '{filter}' specified in the query string.", "ARM 1.9 (code assumed)", "see ARM 1.9 for the terms that a filter may have";
    BAD_JSON: Invalid, Gateway, "InvalidRequestContent", "The request content was invalid and could not be deserialized: '{reason}'.", "ARM 1.7", "send one JSON object";
    BAD_LOCATION: Invalid, Gateway, "NoRegisteredProviderFound", "No registered resource provider found for location '{location}' and API version '{version}' for type '{type}'. The supported api-versions are '{versions}'. The supported locations are '{locations}'.", "ARM 1.6 (XPL)", "use one of the locations and versions listed";
    BAD_PAGE: Invalid, Gateway, "InvalidSkipTokenInQueryString", "The provided skip token '{token}' is invalid.", "assumed", "follow `nextLink` as it was given";
    BAD_SUBSCRIPTION: Invalid, Gateway, "InvalidSubscriptionId", "The provided subscription identifier '{subscription}' is malformed or invalid.", "ARM 3.2", "a subscription id is a GUID";
    BAD_TOKEN: Forbidden, Gateway, "InvalidAuthenticationToken", "The access token is invalid.", "ARM 3.2", "sign in again";
    BAD_TOP: Invalid, Gateway, "InvalidTopInQueryString", "The provided top value '{top}' is invalid. It must be a positive integer.", "ARM 1.9 (code assumed)", "ask for one item at least";
    BAD_TYPE_VERSION: Missing, Gateway, "InvalidResourceType", "The resource type '{type}' could not be found in the namespace '{namespace}' for api version '{version}'. The supported api-versions are '{versions}'.", "ARM 1.6", "use one of the versions listed, or a newer one";
    DISK_OPERATION_NOT_FOUND: Missing, Disks, "NotFound", "The entity was not found in this Azure location.", "ARM 2.4 (code unsure)", "poll the address as it was given";
    EXPIRED_TOKEN: Forbidden, Gateway, "ExpiredAuthenticationToken", "The access token expiry UTC time '{expiry}' is earlier than current UTC time '{now}'.", "ARM 3.2", "sign in again";
    IMAGE_NOT_FOUND: Missing, Compute, "NotFound", "Artifact: VMImage was not found.", "ARM 3.6", "list what the catalogue has";
    INVALID_HEADER: Forbidden, Gateway, "AuthenticationFailedInvalidHeader", "Authentication failed. The 'Authorization' header is provided in an invalid format.", "ARM 3.2", "send `Authorization: Bearer {token}`";
    JOB_NOT_FOUND: Missing, Gateway, "OperationNotFound", "The operation '{operation}' could not be found.", "ARM 2.4 (code unsure)", "poll the address as it was given";
    LINKED_AUTHORIZATION_FAILED: Forbidden, Gateway, "LinkedAuthorizationFailed", "The client '{client}' with object id '{object}' has permission to perform action '{action}' on scope '{scope}'; however, it does not have permission to perform action(s) '{linked}' on the linked scope(s) '{scopes}' (respectively) or the linked scope(s) are invalid.", "kubernetes-sigs/azuredisk-csi-driver issue 2609 (2024)", "give the principal a role that allows the action on what the document refers to";
    LINKED_AUTHORIZATION_FAILED_ONE: Forbidden, Gateway, "LinkedAuthorizationFailed", "The client '{client}' with object id '{object}' has permission to perform action '{action}' on scope '{scope}'; however, it does not have permission to perform action '{linked}' on the linked scope(s) '{scopes}' or the linked scope(s) are invalid.", "Azure/aad-pod-identity issue 339 (2019)", "give the principal a role that allows the action on what the document refers to";
    MEDIA_TYPE: Invalid, Gateway, "UnsupportedMediaType", "The content media type '{type}' is not supported. Only 'application/json' is supported.", "ARM 1.7", "send `Content-Type: application/json`";
    MISSING_API_VERSION: Invalid, Gateway, "MissingApiVersionParameter", "The api-version query parameter (?api-version=) is required for all requests.", "ARM 1.6", "add an api-version";
    MISSING_HEADER: Forbidden, Gateway, "AuthenticationFailed", "Authentication failed. The 'Authorization' header is missing.", "ARM 3.2", "send `Authorization: Bearer {token}`";
    MISSING_TOKEN: Forbidden, Gateway, "AuthenticationFailedMissingToken", "Authentication failed. The 'Authorization' header is missing the access token.", "ARM 3.2", "send `Authorization: Bearer {token}`";
    MOVE_ELSEWHERE: Invalid, Gateway, "ResourcesNotInSameResourceGroup", "The resources being moved must all reside in the same resource group. The resource '{resource}' is not in the resource group '{group}'.", "ARM 3.8 (code and text assumed)", "move the resources of each group by a call of its own";
    MOVE_RUNNING: Conflict, Gateway, "ResourceMoveInProgress", "The resource group '{group}' takes part in a move that is in progress. Please retry when it has ended.", "ARM 3.8 (code and text assumed)", "poll the move that runs, then send the request again";
    MOVE_TOO_MANY: Invalid, Gateway, "InvalidRequestContent", "The request content was invalid and could not be deserialized: 'The number of resources to move exceeds the limit '{limit}'. The actual number is '{count}'.'.", "DOCS management/move-resource-group-and-subscription.md (text assumed)", "move them in several calls";
    NETWORK_OPERATION_NOT_FOUND: Missing, Network, "OperationNotFound", "Operation {operation} not found.", "ARM 2.4 (code unsure)", "poll the address as it was given";
    NO_SUCH_NAMESPACE: Missing, Gateway, "InvalidResourceNamespace", "The resource namespace '{namespace}' is invalid.", "ARM 1.6", "see `GET /subscriptions/{id}/providers` for the namespaces there are";
    NO_SUCH_PATH: Missing, Gateway, "InvalidResourceType", "The resource type could not be found for the path '{path}'.", "ARM 1.6 (form assumed)", "check the path";
    NO_SUCH_PROVIDER: Missing, Gateway, "ProviderNotFound", "Provider '{namespace}' not found.", "ARM 3.3", "see `GET /subscriptions/{id}/providers` for the namespaces there are";
    NO_SUCH_TYPE: Missing, Gateway, "InvalidResourceType", "The resource type '{type}' could not be found in the namespace '{namespace}' for api version '{version}'.", "ARM 1.6", "see the coverage table for the types there are";
    NOT_REGISTERED: Conflict, Gateway, "MissingSubscriptionRegistration", "The subscription is not registered to use namespace '{namespace}'. See https://aka.ms/rps-not-found for how to register subscriptions.", "ARM 1.6 (XPL, PY)", "POST .../providers/{namespace}/register";
    NULL_PARAMETER: Invalid, Compute, "InvalidParameter", "The value of parameter {parameter} is invalid.", "ARM 3.6", "mend the parameter that is named";
    POLICY_USED_UP: Busy, Compute, "TooManyRequests", "{measured}", "ARM 5.4, CRP", "wait as long as Retry-After says";
    PRINCIPAL_NOT_FOUND: Invalid, Gateway, "PrincipalNotFound", "Principal {principal} does not exist in the directory {tenant}.", "ARM 3.8, observed-arm, Error catalogue", "use the object id of a principal of the tenant; a fresh one takes a while to be known everywhere";
    STORAGE_OPERATION_NOT_FOUND: Missing, Storage, "OperationNotFound", "Operation {operation} not found.", "ARM 2.4 (code unsure)", "poll the address as it was given";
    THROTTLED: Busy, Gateway, "SubscriptionRequestsThrottled", "Number of '{class}' requests for subscription '{subscription}' actor '{actor}' exceeded. Please try again after '{secs}' seconds after additional tokens are available. Refer to https://aka.ms/arm-throttling for additional information.", "ARM 5.4", "wait as long as Retry-After says";
    THROTTLED_HOURLY: Busy, Gateway, "SubscriptionRequestsThrottled", "Number of requests for subscription '{subscription}' exceeded the limit of '{limit}' for time interval '01:00:00'. Please try again after '{minutes}' minutes.", "ARM 5.4 (wording unsure)", "wait as long as Retry-After says";
    TOO_MANY_REQUESTS: Busy, Compute, "OperationNotAllowed", "The server rejected the request because too many requests have been received for this subscription.", "ARM 5.4, CRP", "wait as long as Retry-After says";
    WRONG_TENANT: Forbidden, Gateway, "InvalidAuthenticationTokenTenant", "The access token is from the wrong issuer '{issuer}'. It must match the tenant '{tenant}' associated with this subscription. Please use the authority (URL) '{authority}' to get the token. Note, if the subscription is transferred to another tenant there is no impact to the services, but information about new tenant could take time to propagate (up to an hour). If you just transferred your subscription and see this error message, please try back later.", "ARM 3.2", "sign in to the tenant of the subscription";
    // tidy: end
}
