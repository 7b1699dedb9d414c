//! Refusals of deployments (ARM 7.9, 3.3, 2.6).

use fake_azure_cloud::Form;

/// Declares forms as constants, and the list of all of them.
macro_rules! forms {
    ($( $name:ident: $kind:ident, $code:literal, $text:literal, $evidence:literal, $way_out:literal; )*) => {
        $(
            #[doc = concat!("`", $code, "` (", $evidence, ").")]
            pub(crate) const $name: Form = Form {
                code: $code,
                kind: fake_azure_cloud::ErrorKind::$kind,
                by: fake_azure_cloud::descriptor::Dialect::Gateway,
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
    ACTIVE: Conflict, "DeploymentActive", "Unable to edit or replace deployment '{name}': previous deployment from '{from}' is still active (expiration time is '{until}'). Please see https://aka.ms/arm-deploy for usage details.", "ARM 2.6", "wait for the deployment, or cancel it";
    BAD_LINK: Invalid, "InvalidContentLink", "Unable to download deployment content from '{uri}'. The tracking Id is '{tracking}'. Please see https://aka.ms/arm-deploy for usage details.", "ARM 7.8", "put the template into a container that anyone may read, or give a SAS";
    BAD_LINK_ADDRESS: Invalid, "InvalidContentLink", "The provided content link '{uri}' is invalid or not supported. Content link must be an absolute URI not referencing local host or UNC path.", "ARM 7.8 (text unsure)", "give an http or https address that everybody can reach";
    BAD_LOCATION: Conflict, "InvalidDeploymentLocation", "Invalid deployment location '{new}'. The deployment '{name}' already exists in location '{old}'.", "ARM 7.8", "use the location of the deployment, or another name";
    BAD_NAME: Invalid, "InvalidDeploymentName", "The provided deployment name '{name}' is not valid. Its length must be between 1 and 64 characters, and it may hold letters, digits, '-', '.', '(', ')' and '_' only.", "ARM 1.3 (form assumed)", "choose another name";
    BAD_ROLLBACK: Invalid, "InvalidOnErrorDeployment", "The 'onErrorDeployment' property of the deployment is not valid: {reason}. Please see https://aka.ms/arm-onerrordeployment for usage details.", "ARM 7.1 (code and text assumed)", "name a deployment that succeeded";
    CANNOT_CANCEL: Conflict, "DeploymentCannotBeCancelled", "Unable to cancel deployment '{name}' because it is in '{state}' state.", "ARM 2.6 (text unsure)", "nothing is left to be cancelled";
    LOCATION_MISSING: Invalid, "LocationRequired", "The 'location' property must be specified for '{name}'. Please see https://aka.ms/deploy-to-subscription for usage details.", "ARM 7.1 (form assumed)", "say where the deployment is to be kept";
    LOCATION_NOT_AVAILABLE: Invalid, "LocationNotAvailableForDeployment", "The location '{location}' is not available for deployment. List of available regions is '{locations}'.", "ARM 1.4 (form assumed)", "use one of the locations listed";
    LOCATION_UNWANTED: Invalid, "InvalidDeployment", "The 'location' property is not allowed for '{name}' at resource group scope. Please see https://aka.ms/deploy-to-subscription for usage details.", "assumed", "leave the location out";
    NO_OPERATION: Missing, "DeploymentOperationNotFound", "Deployment operation '{operation}' could not be found.", "ARM 3.3", "list the operations of the deployment";
    NO_TEMPLATE: Invalid, "InvalidTemplate", "Deployment template validation failed: 'The template is missing: either template or templateLink is required. Please see https://aka.ms/arm-deploy for usage details.'.", "ARM 7.9 (text assumed)", "send a template or a link to one";
    NO_TEMPLATE_SPEC: Missing, "ResourceNotFound", "The Resource '{id}' was not found.", "ARM 3.3", "template specs are not there: send the template itself";
    NO_VAULT: Invalid, "KeyVaultParameterReferenceNotFound", "The specified KeyVault '{vault}' could not be found. Please see https://aka.ms/arm-keyvault for usage details.", "ARM 7.1 (text assumed)", "vaults are not there: give the value itself";
    NOT_FOUND: Missing, "DeploymentNotFound", "Deployment '{name}' could not be found.", "observed-arm, Error catalogue", "check the name";
    PREFLIGHT: Invalid, "InvalidTemplateDeployment", "The template deployment '{name}' is not valid according to the validation procedure. The tracking id is '{tracking}'. See inner errors for details. Please see https://aka.ms/arm-deploy for usage details.", "ARM 7.9", "mend what the details say";
    PREFLIGHT_CHECK: Invalid, "PreflightValidationCheckFailed", "Preflight validation failed. Please refer to the details for the specific errors.", "ARM 7.9 (XPL)", "mend what the details say";
    PREFLIGHT_QUOTA: Quota, "QuotaExceeded", "{message}", "ARM 3.6 (a preflight's code for every quota of Compute's)", "delete or deallocate machines, choose another size or location, or have the limit raised";
    QUOTA: Conflict, "DeploymentQuotaExceeded", "Creating the deployment '{name}' would exceed the quota of '{limit}'. The current deployment count is '{count}'. Please delete some deployments before creating a new one, or see https://aka.ms/deploymentQuotaExceeded for information on managing deployment limits.", "ARM 7.9", "delete deployments of the past";
    TOO_DEEP: Invalid, "InvalidTemplate", "Deployment template validation failed: 'The nested deployment '{name}' exceeds the limit of '{limit}' levels. Please see https://aka.ms/arm-template for usage details.'.", "ARM 4.3 (text assumed)", "nest less deeply";
    TWO_TEMPLATES: Invalid, "InvalidTemplate", "Deployment template validation failed: 'Only one of template and templateLink may be given. Please see https://aka.ms/arm-deploy for usage details.'.", "ARM 7.1 (text assumed)", "send the template or the link";
    // tidy: end
}
