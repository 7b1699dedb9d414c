//! The instance view: what a machine and its agent report (ARM 8.3, observed-arm Instance view codes).

use serde_json::{Value, json};

use super::VirtualMachine;
use crate::api_version::ApiVersion;
use crate::cx::Cx;
use crate::descriptor::Provisioning;
use crate::fabric::{Machine, System};
use crate::registry::Kind;
use crate::resource::Resource;
use crate::types::compute::handlers::handler_of;
use crate::types::compute::parameters::{agent_time, flag, offset_time, text};

/// The agent reports from then on. The delay is assumed: recordings made right after creation say that it is not ready.
const AGENT_READY_MS: i64 = 60_000;

/// What the agents call themselves (observed-arm, recordings of 2020).
const LINUX_AGENT: &str = "2.2.49.2";
const WINDOWS_AGENT: &str = "2.7.41491.992";

impl VirtualMachine {
    /// `properties.instanceView`.
    pub(super) fn instance_view(&self, cx: &Cx<'_>, resource: &Resource, version: ApiVersion) -> Value {
        let machine = cx.fabric().machines.get(&resource.key);
        let mut view = json!({});
        if let Some((_, fault, update)) = machine.and_then(|machine| machine.set) {
            view["platformUpdateDomain"] = json!(update);
            view["platformFaultDomain"] = json!(fault);
        }
        let ready = self.agent_is_ready(cx);
        if ready && version >= ApiVersion::date(2018, 4, 1) {
            self.write_system(resource, &mut view);
        }

        let allocated = machine.is_some_and(|machine| machine.power.is_allocated());
        if allocated && self.provisioned {
            view["vmAgent"] = self.agent(cx, resource, ready);
        }
        let disks = self.disks.iter();
        view["disks"] = disks
            .map(|disk| json!({ "name": disk.name, "statuses": [provisioned(offset_time(disk.since))] }))
            .collect();
        let extensions: Vec<Value> = cx
            .children(resource.key, Kind::VirtualMachineExtensions)
            .filter(|extension| extension.provisioning == Provisioning::Succeeded)
            .map(|extension| {
                let handler = handler_of(&extension.echo);
                let mut status = provisioned(String::new());
                status["message"] = json!("");
                if let Some(members) = status.as_object_mut() {
                    members.shift_remove("time");
                }
                json!({
                    "name": extension.name,
                    "type": handler.name,
                    "typeHandlerVersion": handler.version,
                    "statuses": [status],
                })
            })
            .collect();
        if !extensions.is_empty() {
            view["extensions"] = Value::Array(extensions);
        }
        if version >= ApiVersion::date(2019, 7, 1) {
            view["hyperVGeneration"] = json!(self.generation);
        }
        self.write_boot_diagnostics(resource, &mut view);
        view["statuses"] = self.statuses(resource, machine);
        view
    }

    /// First how its provisioning went, then whether it was generalized, last its power, which has no time.
    fn statuses(&self, resource: &Resource, machine: Option<&Machine>) -> Value {
        let status = |code: &str, shown: &str| json!({ "code": code, "level": "Info", "displayStatus": shown });
        let mut first = match (resource.provisioning, &self.failure) {
            (Provisioning::Succeeded, _) => status("ProvisioningState/succeeded", "Provisioning succeeded"),
            (Provisioning::Failed, Some((code, message))) => json!({
                "code": format!("ProvisioningState/failed/{code}"),
                "level": "Error",
                "displayStatus": "Provisioning failed",
                "message": message,
            }),
            (Provisioning::Failed, None) => {
                json!({ "code": "ProvisioningState/failed", "level": "Error", "displayStatus": "Provisioning failed" })
            }
            (Provisioning::Deleting, _) => status("ProvisioningState/deleting", "Deleting"),
            (Provisioning::Creating, _) => status("ProvisioningState/creating", "Creating"),
            (Provisioning::Updating | Provisioning::ResolvingDns | Provisioning::RegisteringDns, _) => {
                status("ProvisioningState/updating", "Updating")
            }
        };
        first["time"] = json!(offset_time(self.settled));
        let mut statuses = vec![first];
        if let Some(machine) = machine {
            if machine.generalized {
                statuses.push(status("OSState/generalized", "VM generalized"));
            }
            let power = machine.power.as_str();
            statuses.push(status(&format!("PowerState/{power}"), &format!("VM {power}")));
        }
        Value::Array(statuses)
    }

    fn agent_is_ready(&self, cx: &Cx<'_>) -> bool {
        self.running_since
            .is_some_and(|since| cx.now().millis_since(since) >= AGENT_READY_MS)
    }

    fn agent(&self, cx: &Cx<'_>, resource: &Resource, ready: bool) -> Value {
        let time = agent_time(cx.now());
        if !ready {
            return json!({
                "vmAgentVersion": "Unknown",
                "statuses": [{
                    "code": "ProvisioningState/Unavailable",
                    "level": "Warning",
                    "displayStatus": "Not Ready",
                    "message": "VM status blob is found but not yet populated.",
                    "time": time,
                }],
            });
        }
        let (version, message) = match self.system {
            System::Linux => (LINUX_AGENT, "Guest Agent is running"),
            System::Windows => (WINDOWS_AGENT, "GuestAgent is running and accepting new configurations."),
        };
        let handlers: Vec<Value> = cx
            .children(resource.key, Kind::VirtualMachineExtensions)
            .filter(|extension| extension.provisioning == Provisioning::Succeeded)
            .map(|extension| {
                let handler = handler_of(&extension.echo);
                json!({
                    "type": handler.name,
                    "typeHandlerVersion": handler.version,
                    "status": { "code": "ProvisioningState/succeeded", "level": "Info", "displayStatus": "Ready", "message": "Plugin enabled" },
                })
            })
            .collect();
        json!({
            "vmAgentVersion": version,
            "statuses": [{ "code": "ProvisioningState/succeeded", "level": "Info", "displayStatus": "Ready", "message": message, "time": time }],
            "extensionHandlers": handlers,
        })
    }

    /// What the agent says of the system that it runs in.
    fn write_system(&self, resource: &Resource, view: &mut Value) {
        let computer = text(&resource.echo, "/properties/osProfile/computerName").unwrap_or(&resource.name);
        let sku = text(&resource.echo, "/properties/storageProfile/imageReference/sku").unwrap_or_default();
        let (name, version) = match self.system {
            System::Windows if sku.starts_with("2012-R2") => {
                ("Windows Server 2012 R2 Datacenter", "Microsoft Windows NT 6.3.9600.0")
            }
            System::Windows if sku.starts_with("2012") => {
                ("Windows Server 2012 Datacenter", "Microsoft Windows NT 6.2.9200.0")
            }
            System::Windows if sku.starts_with("2019") => ("Windows Server 2019 Datacenter", "10.0.17763"),
            System::Windows => ("Windows Server 2016 Datacenter", "Microsoft Windows NT 10.0.14393.0"),
            System::Linux => ("ubuntu", sku.split(['-', '_']).next().unwrap_or_default()),
        };
        view["computerName"] = json!(computer);
        view["osName"] = json!(name);
        view["osVersion"] = json!(version);
    }

    fn write_boot_diagnostics(&self, resource: &Resource, view: &mut Value) {
        let profile = "/properties/diagnosticsProfile/bootDiagnostics";
        let enabled = flag(&resource.echo, &format!("{profile}/enabled")) == Some(true);
        let Some(base) = text(&resource.echo, &format!("{profile}/storageUri")).filter(|_| enabled) else {
            return;
        };
        let short: String = resource
            .name
            .chars()
            .filter(char::is_ascii_alphanumeric)
            .take(9)
            .collect();
        let container = format!(
            "{}/bootdiagnostics-{}-{}",
            base.trim_end_matches('/'),
            short.to_lowercase(),
            resource.guid
        );
        view["bootDiagnostics"] = json!({
            "consoleScreenshotBlobUri": format!("{container}/{}.{}.screenshot.bmp", resource.name, resource.guid),
            "serialConsoleLogBlobUri": format!("{container}/{}.{}.serialconsole.log", resource.name, resource.guid),
        });
    }
}

pub(in crate::types::compute) fn provisioned(time: String) -> Value {
    json!({ "code": "ProvisioningState/succeeded", "level": "Info", "displayStatus": "Provisioning succeeded", "time": time })
}

/// Whether `$expand` asks for the instance view.
pub(in crate::types::compute) fn is_asked_for(expand: &str) -> bool {
    expand
        .split(',')
        .any(|part| part.trim().eq_ignore_ascii_case("instanceview"))
}
