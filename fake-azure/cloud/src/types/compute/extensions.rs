//! Extensions of virtual machines.
//!
//! An extension is a handler that the agent in a machine runs. The agent here does as it is told and reports success, but where a
//! command reads what the image's own agent has not written.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::handlers::handler_of;
use super::parameters::{flag, missing, text, unchangeable};
use crate::Document;
use crate::api_version::ApiVersion;
use crate::catalogue::{extensions, images};
use crate::cx::Cx;
use crate::descriptor::{
    Descriptor, Dialect, Field, Fill, Lifetimes, NameRule, PatchRule, Polls, Provisioning, Stage, Write, WriteVerb,
};
use crate::error::CloudError;
use crate::fabric::Power;
use crate::forms::forms;
use crate::plan::Plan;
use crate::registry::Kind;
use crate::resource::Resource;
use crate::types::{Put, ResourceType, View};

forms! {
    // tidy: sorted
    DISALLOWED: Conflict, Compute, "OperationNotAllowed", "This operation cannot be performed when extension operations are disallowed. To allow, please ensure VM Agent is installed on the VM and the osProfile.allowExtensionOperations property is true.", "assumed", "allow extension operations in the machine's osProfile";
    NO_HANDLER: Missing, Compute, "ArtifactNotFound", "The VM extension with publisher '{publisher}' and type '{type}' could not be found.", "ARM 3.6 (text unsure)", "see the extension catalogue for publishers and types";
    NO_SUCH_FILE: Invalid, Compute, "VMExtensionProvisioningError", "VM has reported a failure when processing extension '{extension}'. Error message: \"Command returned an error: {file}: No such file or directory\".", "ARM 3.6 (text assumed), juju-provider L24", "choose an image whose agent writes the custom data down";
    NO_VERSION: Missing, Compute, "ArtifactVersionNotFound", "The version '{version}' of the VM extension with publisher '{publisher}' and type '{type}' could not be found.", "ARM 3.6 (text unsure)", "see the extension catalogue for versions";
    NOT_RUNNING: Conflict, Compute, "OperationNotAllowed", "Cannot modify extensions in the VM when the VM is not running.", "ARM 3.6", "start the machine first";
    ONE_PER_HANDLER: Invalid, Compute, "BadRequest", "Multiple VMExtensions per handler not supported for OS type '{os}'. VMExtension '{extension}' with handler '{handler}' already added or specified in input.", "ARM 3.6", "update the extension that is there, or delete it first";
    // tidy: end
}

const UPDATING: Provisioning = Provisioning::Updating;

/// Extensions.
pub(crate) const DESCRIPTOR: Descriptor = Descriptor {
    parent: Some(Kind::VirtualMachines),
    since: ApiVersion::date(2014, 11, 30),
    patch: PatchRule::Merge,
    names: NameRule {
        min: 1,
        max: 80,
        others: "_.- ",
        capitals: true,
        starts_alphanumeric: true,
        ends: None,
        unicode: false,
    },
    fields: &[
        Field::secret("/properties/protectedSettings"),
        Field::read_only("/properties/instanceView"),
        Field::default("/properties/autoUpgradeMinorVersion", Fill::Bool(false)),
    ],
    lifetimes: Lifetimes {
        create: &[Stage::new(Provisioning::Creating, 20_000, 120_000)],
        update: &[Stage::new(UPDATING, 10_000, 60_000)],
        delete: &[Stage::new(Provisioning::Deleting, 20_000, 90_000)],
    },
    writes: &[
        Write::new(WriteVerb::PutNew, 201).polls(Polls::AsyncOperation),
        Write::new(WriteVerb::PutAgain, 200).polls(Polls::AsyncOperation),
        Write::new(WriteVerb::Patch, 200).polls(Polls::AsyncOperation),
        Write::accepted(WriteVerb::Delete),
    ],
    errors: ALL,
    ..Descriptor::of("Microsoft.Compute/virtualMachines/extensions", Dialect::Compute)
};

/// An extension: its handler, fixed at creation.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Extension {
    handler: Box<str>,
}

impl ResourceType for Extension {
    const DESCRIPTOR: &'static Descriptor = &DESCRIPTOR;

    fn plan_put(cx: &Cx<'_>, put: &Put<'_>, before: Option<&Self>) -> Result<(Self, Plan), CloudError> {
        let field = |name: &str| text(put.document, &format!("/properties/{name}")).ok_or_else(|| missing(name));
        let (publisher, kind, version) = (field("publisher")?, field("type")?, field("typeHandlerVersion")?);
        let Some(found) = extensions::find(publisher, kind) else {
            return Err(CloudError::of(&NO_HANDLER)
                .with("publisher", publisher)
                .with("type", kind));
        };
        let upgrades = flag(put.document, "/properties/autoUpgradeMinorVersion").unwrap_or(false);
        if found.newest(version, upgrades).is_none() {
            let error = CloudError::of(&NO_VERSION)
                .with("publisher", publisher)
                .with("type", kind);
            return Err(error.with("version", version));
        }

        let handler = handler_of(put.document).name;
        if before.is_some_and(|before| !before.handler.eq_ignore_ascii_case(&handler)) {
            return Err(unchangeable("type"));
        }
        check_machine(cx, put)?;
        check_alone(cx, put, &handler)?;
        let own = Extension {
            handler: handler.into(),
        };
        let plan = match reads_unwritten(cx, put) {
            true => Plan::new().doomed(
                CloudError::of(&NO_SUCH_FILE)
                    .with("extension", put.id.name())
                    .with("file", CUSTOM_DATA),
            ),
            false => Plan::new(),
        };
        Ok((own, plan))
    }

    fn plan_delete(&self, cx: &Cx<'_>, resource: &Resource) -> Result<Plan, CloudError> {
        match cx.fabric().machines.get(&resource.parent) {
            Some(machine) if machine.power != Power::Running => Err(CloudError::of(&NOT_RUNNING)),
            _ => Ok(Plan::new()),
        }
    }

    fn render(&self, _cx: &Cx<'_>, resource: &Resource, view: &View<'_>, document: &mut Document) {
        if view.expand.eq_ignore_ascii_case("instanceview") {
            document["properties"]["instanceView"] = instance_view(resource);
        }
        let order = [
            "autoUpgradeMinorVersion",
            "provisioningState",
            "publisher",
            "type",
            "typeHandlerVersion",
            "settings",
            "instanceView",
        ];
        super::parameters::arrange(&mut document["properties"], &order);
    }
}

/// The machine runs, and takes extensions.
fn check_machine(cx: &Cx<'_>, put: &Put<'_>) -> Result<(), CloudError> {
    let machine = cx.resource(put.parent);
    if flag(&machine.echo, "/properties/osProfile/allowExtensionOperations") == Some(false) {
        return Err(CloudError::of(&DISALLOWED));
    }
    match cx.fabric().machines.get(&put.parent) {
        Some(row) if row.power == Power::Running => Ok(()),
        _ => Err(CloudError::of(&NOT_RUNNING)),
    }
}

/// Where the Linux agent writes the custom data down (juju-provider 1.12).
const CUSTOM_DATA: &str = "/var/lib/waagent/CustomData";

/// Whether the command reads the custom data in a machine whose image has an agent that does not write it (juju-provider L24).
fn reads_unwritten(cx: &Cx<'_>, put: &Put<'_>) -> bool {
    let command = text(put.document, "/properties/settings/commandToExecute");
    if !command.is_some_and(|command| command.contains(CUSTOM_DATA)) {
        return false;
    }
    let machine = &cx.resource(put.parent).echo;
    let of_image = |name: &str| text(machine, &format!("/properties/storageProfile/imageReference/{name}"));
    match (of_image("publisher"), of_image("offer"), of_image("sku")) {
        (Some(publisher), Some(offer), Some(sku)) => {
            images::find_sku(publisher, offer, sku).is_some_and(|sku| !sku.writes_custom_data)
        }
        _ => false,
    }
}

/// One extension of a handler in a machine (ARM 8.3).
fn check_alone(cx: &Cx<'_>, put: &Put<'_>, handler: &str) -> Result<(), CloudError> {
    let other = cx
        .children(put.parent, Kind::VirtualMachineExtensions)
        .find(|other| other.key != put.key && handler_of(&other.echo).name.eq_ignore_ascii_case(handler));
    let Some(other) = other else {
        return Ok(());
    };
    let mut disks = cx.fabric().disks_of(put.parent);
    let os = disks
        .find_map(|(_, disk)| disk.system)
        .map_or("Linux", |system| system.as_str());
    Err(CloudError::of(&ONE_PER_HANDLER)
        .with("os", os)
        .with("extension", &other.name)
        .with("handler", handler))
}

/// What the agent reports of it (observed-arm, Instance view codes).
fn instance_view(resource: &Resource) -> Value {
    let handler = handler_of(&resource.echo);
    let (code, level, status) = match resource.provisioning {
        Provisioning::Succeeded => ("ProvisioningState/succeeded", "Info", "Provisioning succeeded"),
        Provisioning::Failed => ("ProvisioningState/failed", "Error", "Provisioning failed"),
        Provisioning::Deleting => ("ProvisioningState/deleting", "Info", "Deleting"),
        _ => ("ProvisioningState/transitioning", "Info", "Transitioning"),
    };
    json!({
        "name": resource.name,
        "type": handler.name,
        "typeHandlerVersion": handler.version,
        "statuses": [{ "code": code, "level": level, "displayStatus": status, "message": "" }],
    })
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use crate::types::compute::testing::check;

    #[test]
    fn extensions_run_in_running_machines() {
        check(
            r#"
            nic n0 s
            put ext v0/script {"properties": {"publisher": "Microsoft.OSTCExtensions", "type": "CustomScriptForLinux", "typeHandlerVersion": "1.4"}}
            vm v0 nic=n0
            put ext v0/script {"properties": {"publisher": "Microsoft.OSTCExtensions", "type": "CustomScriptForLinux", "typeHandlerVersion": "1.4"}}
            wait
            put ext v0/script {"properties": {"publisher": "Microsoft.OSTCExtensions", "type": "CustomScriptForLinux", "typeHandlerVersion": "1.4", "settings": {"commandToExecute": "ls"}, "protectedSettings": {"a": "b"}}}
            get ext v0/script /properties/provisioningState
            get vm v0 /properties/provisioningState
            put ext v0/other {"properties": {"publisher": "Microsoft.Azure.Extensions", "type": "CustomScript", "typeHandlerVersion": "2.0"}}
            wait
            get ext v0/script */
            get vm v0 /resources/0/name
            get vm v0 */properties/instanceView/extensions
            put ext v0/twice {"properties": {"publisher": "microsoft.ostcextensions", "type": "CustomScriptForLinux", "typeHandlerVersion": "1.4"}}
            put ext v0/script {"properties": {"publisher": "Microsoft.Azure.Extensions", "type": "CustomScript", "typeHandlerVersion": "2.0"}}
            put ext v0/x {"properties": {"publisher": "Microsoft.OSTCExtensions", "type": "CustomScriptForLinux"}}
            put ext v0/x {"properties": {"publisher": "Nobody", "type": "Nothing", "typeHandlerVersion": "1.0"}}
            put ext v0/x {"properties": {"publisher": "Microsoft.Azure.Extensions", "type": "CustomScript", "typeHandlerVersion": "9.0"}}
            act vm v0 deallocate
            wait
            put ext v0/x {"properties": {"publisher": "Microsoft.Azure.Extensions", "type": "CustomScript", "typeHandlerVersion": "2.0"}}
            delete ext v0/script
            act vm v0 start
            wait
            delete ext v0/script
            wait
            exists ext v0/script
            "#,
            expect![[r#"
                ok ~
                ParentResourceNotFound
                ok ~
                Conflict: The request failed due to conflict with a concurrent request. To resolve it, please refer to https://aka.ms/ac
                -
                ok ~
                "Creating"
                "Updating"
                Conflict: The request failed due to conflict with a concurrent request. To resolve it, please refer to https://aka.ms/ac
                -
                {"name":"script","id":"/providers/Microsoft.Compute/virtualMachines/v0/extensions/script","type":"Microsoft.Compute/virtualMachines/extensions","location":"westus","properties":{"autoUpgradeMinorVersion":false,"provisioningState":"Succeeded","publisher":"Microsoft.OSTCExtensions","type":"CustomScriptForLinux","typeHandlerVersion":"1.4","settings":{"commandToExecute":"ls"},"instanceView":{"name":"script","type":"Microsoft.OSTCExtensions.CustomScriptForLinux","typeHandlerVersion":"1.4.1.0","statuses":[{"code":"ProvisioningState/succeeded","level":"Info","displayStatus":"Provisioning succeeded","message":""}]}}}
                "script"
                [{"name":"script","type":"Microsoft.OSTCExtensions.CustomScriptForLinux","typeHandlerVersion":"1.4.1.0","statuses":[{"code":"ProvisioningState/succeeded","level":"Info","displayStatus":"Provisioning succeeded","message":""}]}]
                BadRequest: Multiple VMExtensions per handler not supported for OS type 'Linux'. VMExtension 'script' with handler 'micros
                PropertyChangeNotAllowed (type): Changing property 'type' is not allowed.
                InvalidParameter (typeHandlerVersion): Required parameter 'typeHandlerVersion' is missing (null).
                ArtifactNotFound
                ArtifactVersionNotFound
                ok ~
                -
                OperationNotAllowed: Cannot modify extensions in the VM when the VM is not running.
                OperationNotAllowed: Cannot modify extensions in the VM when the VM is not running.
                ok ~
                -
                ok ~
                -
                false
            "#]],
        );
    }

    #[test]
    fn a_machine_can_refuse_extensions_and_takes_them_along() {
        check(
            r#"
            nic n0 s
            nic n1 s
            vm v0 nic=n0 {"properties": {"osProfile": {"allowExtensionOperations": false}}}
            vm v1 nic=n1
            wait
            put ext v0/x {"properties": {"publisher": "Microsoft.Azure.Extensions", "type": "CustomScript", "typeHandlerVersion": "2.0"}}
            put ext v1/x {"properties": {"publisher": "Microsoft.Azure.Extensions", "type": "CustomScript", "typeHandlerVersion": "2.0"}}
            delete vm v1
            wait
            exists ext v1/x
            "#,
            expect![[r#"
                ok ~
                ok ~
                ok ~
                ok ~
                -
                OperationNotAllowed: This operation cannot be performed when extension operations are disallowed. To allow, please ensure VM Agent
                ok ~
                ok ~
                -
                false
            "#]],
        );
    }
}
