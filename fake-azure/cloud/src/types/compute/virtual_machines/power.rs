//! Power: actions, what they are allowed in, and what is so when they end (ARM 8.3).

use serde_json::{Value, json};

use super::forms::{
    ALLOCATION_FAILED, CAPTURE_MANAGED, CAPTURE_NOT_GENERALIZED, EPHEMERAL_DEALLOCATE, NOT_ALLOWED_WHILE_DEALLOCATED,
    NOT_ALLOWED_WHILE_GENERALIZED, NOT_ALLOWED_WHILE_RUNNING, NOT_DEALLOCATED, NOT_RUNNING, NOT_SPOT,
};
use super::placement::{self, Charge};
use super::storage::{self, AttachedDisk};
use super::{VirtualMachine, network};
use crate::Document;
use crate::catalogue::sizes;
use crate::cx::Cx;
use crate::error::CloudError;
use crate::fabric::{Blob, Container, DiskMedia, Mac, Machine, Port, Power, ticks};
use crate::operation::{Doing, Status};
use crate::plan::Plan;
use crate::resource::Resource;
use crate::types::Act;
use crate::types::compute::parameters::{missing, text};

/// How long the interfaces of a machine that failed to start stay its own. Quirk `nic-180s`.
const RESERVED_MS: i64 = 180_000;

impl VirtualMachine {
    /// Performs an action.
    pub(super) fn act(
        &self,
        cx: &Cx<'_>,
        resource: &Resource,
        act: &Act<'_>,
    ) -> Result<(VirtualMachine, Plan), CloudError> {
        let Some(machine) = cx.fabric().machines.get(&resource.key) else {
            return Err(CloudError::of(&NOT_RUNNING));
        };
        if machine.generalized && !matches!(act.name, "generalize" | "capture" | "deallocate" | "reapply") {
            return Err(refuse(&NOT_ALLOWED_WHILE_GENERALIZED, act, resource));
        }
        match act.name {
            "start" => self.start(cx, resource, machine),
            "powerOff" | "stop" => match machine.power {
                Power::Deallocated | Power::Deallocating => Err(refuse(&NOT_ALLOWED_WHILE_DEALLOCATED, act, resource)),
                Power::Stopped => Ok((self.clone(), Plan::new())),
                _ => Ok((self.clone(), powered(resource, machine, Power::Stopping))),
            },
            "deallocate" => match machine.power {
                _ if self.ephemeral => Err(CloudError::of(&EPHEMERAL_DEALLOCATE)),
                Power::Deallocated => Ok((self.clone(), Plan::new())),
                _ => Ok((self.clone(), powered(resource, machine, Power::Deallocating))),
            },
            "restart" | "redeploy" | "reimage" => match machine.power {
                Power::Deallocated | Power::Deallocating => Err(refuse(&NOT_ALLOWED_WHILE_DEALLOCATED, act, resource)),
                Power::Stopped | Power::Stopping => Err(CloudError::of(&NOT_RUNNING)),
                Power::Running | Power::Starting => Ok((self.clone(), Plan::new())),
            },
            "generalize" => match machine.power {
                Power::Stopped | Power::Deallocated => {
                    let generalized = Machine {
                        generalized: true,
                        ..machine.clone()
                    };
                    Ok((self.clone(), Plan::new().machine(resource.key, Some(generalized))))
                }
                _ => Err(refuse(&NOT_ALLOWED_WHILE_RUNNING, act, resource)),
            },
            "capture" => self.capture(cx, resource, machine, act),
            "convertToManagedDisks" => self.convert(cx, resource, machine, act),
            "runCommand" => run_command(self, machine, act),
            "simulateEviction" if self.spot => Ok((self.clone(), Plan::new())),
            "simulateEviction" => Err(CloudError::of(&NOT_SPOT).with("machine", &resource.name)),
            // Reapplying writes the machine as it is.
            _ => Ok((self.clone(), Plan::new())),
        }
    }

    /// A deallocated machine needs a host, and cores that are not used up; its set ties it to the set's hardware.
    fn start(&self, cx: &Cx<'_>, resource: &Resource, machine: &Machine) -> Result<(VirtualMachine, Plan), CloudError> {
        if machine.power == Power::Running {
            return Ok((self.clone(), Plan::new()));
        }
        let mut started = self.clone();
        let mut plan = powered(resource, machine, Power::Starting);
        let Some(size) = sizes::find(&machine.size) else {
            return Ok((started, plan));
        };
        if self.charged.is_none() {
            let charge = Charge::of(size, self.spot);
            plan = charge.instead_of(plan, None);
            started.charged = Some(charge);
        }
        let neighbour = machine
            .set
            .and_then(|(set, _, _)| placement::neighbour(cx, set, resource.key));
        let elsewhere = neighbour.is_some_and(|other| other.family.hardware != size.family.hardware);
        if machine.power == Power::Deallocated && elsewhere {
            plan = plan.doomed(CloudError::of(&ALLOCATION_FAILED));
        }
        Ok((started, plan))
    }

    /// The VHDs of a generalized machine are copied beside them; what comes back is a template (observed-arm, recordings of capture).
    fn capture(
        &self,
        cx: &Cx<'_>,
        resource: &Resource,
        machine: &Machine,
        act: &Act<'_>,
    ) -> Result<(VirtualMachine, Plan), CloudError> {
        let prefix = text(act.document, "/vhdPrefix").ok_or_else(|| missing("vhdPrefix"))?;
        let container =
            text(act.document, "/destinationContainerName").ok_or_else(|| missing("destinationContainerName"))?;
        if !machine.generalized {
            return Err(CloudError::of(&CAPTURE_NOT_GENERALIZED));
        }

        let now = cx.now();
        let mut plan = Plan::new();
        let mut shown = Vec::new();
        for disk in &self.disks {
            let (DiskMedia::Blob(name), Some(uri)) = (&disk.media, &disk.uri) else {
                return Err(CloudError::of(&CAPTURE_MANAGED).with("machine", &resource.name));
            };
            let part = disk
                .lun
                .map_or_else(|| "osDisk".to_owned(), |lun| format!("dataDisk-{lun}"));
            let file = format!("{prefix}-{part}.{}.vhd", resource.guid);
            let blob = format!("Microsoft.Compute/Images/{container}/{file}");
            let base = uri.strip_suffix(&format!("{}/{}", name.1, name.2)).unwrap_or(uri);
            let source = cx
                .fabric()
                .blobs
                .get(name)
                .cloned()
                .unwrap_or_else(|| Blob::page(512, ticks(now), now));
            let copy = Blob {
                parts: source.parts,
                ..Blob::page(source.length, ticks(now), now)
            };
            let own = (name.0.clone(), Box::from("system"));
            if !cx.fabric().containers.contains(&own) {
                plan = plan.container(own.clone(), Some(Container::new(ticks(now), now)));
            }
            plan = plan.blob((own.0, own.1, blob.as_str().into()), Some(copy));
            shown.push((disk, file, format!("{base}system/{blob}")));
        }
        Ok((self.clone(), plan.output(self.template(resource, machine, &shown))))
    }

    fn template(
        &self,
        resource: &Resource,
        machine: &Machine,
        captured: &[(&AttachedDisk, String, String)],
    ) -> Document {
        let disk = |(disk, name, uri): &(&AttachedDisk, String, String)| {
            let mut shown = json!({
                "name": name,
                "createOption": "FromImage",
                "image": { "uri": uri },
                "vhd": { "uri": disk.uri },
                "caching": "ReadWrite",
            });
            match disk.lun {
                None => shown["osType"] = json!(self.system.as_str()),
                Some(lun) => shown["lun"] = json!(lun),
            }
            shown
        };
        let mut profile = json!({ "osDisk": captured.first().map(disk) });
        if captured.len() > 1 {
            profile["dataDisks"] = captured.iter().skip(1).map(disk).collect();
        }
        json!({
            "$schema": "http://schema.management.azure.com/schemas/2014-04-01-preview/VM_IP.json",
            "contentVersion": "1.0.0.0",
            "parameters": {
                "vmName": { "type": "string" },
                "vmSize": { "type": "string", "defaultValue": machine.size },
                "adminUserName": { "type": "string" },
                "adminPassword": { "type": "securestring" },
                "networkInterfaceId": { "type": "string" },
            },
            "resources": [{
                "name": "[parameters('vmName')]",
                "type": "Microsoft.Compute/virtualMachines",
                "location": resource.location,
                "apiVersion": "2019-03-01",
                "properties": {
                    "hardwareProfile": { "vmSize": "[parameters('vmSize')]" },
                    "storageProfile": profile,
                    "osProfile": {
                        "computerName": "[parameters('vmName')]",
                        "adminUsername": "[parameters('adminUsername')]",
                        "adminPassword": "[parameters('adminPassword')]",
                    },
                    "networkProfile": { "networkInterfaces": [{ "id": "[parameters('networkInterfaceId')]" }] },
                    "provisioningState": 0,
                },
            }],
        })
    }

    /// VHDs become managed disks of a deallocated machine.
    fn convert(
        &self,
        cx: &Cx<'_>,
        resource: &Resource,
        machine: &Machine,
        act: &Act<'_>,
    ) -> Result<(VirtualMachine, Plan), CloudError> {
        if machine.power != Power::Deallocated {
            return Err(refuse(&NOT_DEALLOCATED, act, resource));
        }
        let (disks, plan) = storage::convert(cx, resource.key, self.system, &self.disks);
        let keys = disks.iter().filter_map(|disk| match disk.media {
            DiskMedia::Managed(key) => Some(key),
            DiskMedia::Blob(_) => None,
        });
        let row = Machine {
            disks: keys.collect(),
            ..machine.clone()
        };
        let plan = plan.machine(resource.key, Some(row));
        Ok((VirtualMachine { disks, ..self.clone() }, plan))
    }

    /// What is so when an operation ends. It looks at the power that was on its way, not at the operation: a later one may have
    /// taken the place of the one that sent it there.
    pub(super) fn rest(&self, cx: &Cx<'_>, resource: &Resource, doing: &Doing, failed: bool) -> (VirtualMachine, Plan) {
        let mut rested = VirtualMachine {
            settled: cx.now(),
            failure: None,
            ..self.clone()
        };
        if failed {
            let status = resource
                .operation
                .and_then(|id| cx.operation(id))
                .map(|operation| &operation.status);
            if let Some(Status::Failed(error)) = status {
                rested.failure = Some((error.code.as_ref().into(), error.message.as_str().into()));
            }
        }
        let Some(machine) = cx.fabric().machines.get(&resource.key) else {
            return (rested, Plan::new());
        };
        if !failed && *doing == Doing::Act("simulateEviction".into()) {
            return self.evict(rested, cx, resource, machine);
        }

        match (machine.power, failed) {
            (Power::Starting, true) if !self.provisioned => abandon(rested, cx, resource, machine),
            (Power::Starting | Power::Stopping | Power::Deallocating, true) => {
                let mut plan = powered(resource, machine, self.resting);
                if !self.resting.is_allocated()
                    && let Some(charge) = rested.charged.take()
                {
                    plan = charge.back(plan);
                }
                (rested, plan)
            }
            (Power::Starting, false) => {
                rested.provisioned = true;
                rested.resting = Power::Running;
                rested.running_since = Some(cx.now());
                let row = Machine {
                    power: Power::Running,
                    ..machine.clone()
                };
                let changes = cx.fabric().host_found(&row, |port| Mac::of(cx.resource(port).guid));
                (rested, Plan::new().machine(resource.key, Some(row)).changes(changes))
            }
            (Power::Stopping, false) => {
                rested.provisioned = true;
                rested.resting = Power::Stopped;
                rested.running_since = None;
                (rested, powered(resource, machine, Power::Stopped))
            }
            (Power::Deallocating, false) => deallocated(rested, cx, resource, machine),
            (Power::Running, false) => {
                let restarted =
                    matches!(doing, Doing::Act(name) if matches!(name.as_ref(), "restart" | "redeploy" | "reimage"));
                if restarted {
                    rested.running_since = Some(cx.now());
                }
                (rested, Plan::new())
            }
            _ => (rested, Plan::new()),
        }
    }

    fn evict(
        &self,
        rested: VirtualMachine,
        cx: &Cx<'_>,
        resource: &Resource,
        machine: &Machine,
    ) -> (VirtualMachine, Plan) {
        if self.evicted_for_good {
            return (rested, Plan::new().remove(resource.key));
        }
        deallocated(rested, cx, resource, machine)
    }

    /// What a machine gives back when it is removed (ARM 8.3, Delete).
    pub(super) fn give_back(&self, cx: &Cx<'_>, resource: &Resource) -> Plan {
        let mut plan = Plan::new();
        if let Some(machine) = cx.fabric().machines.get(&resource.key) {
            plan = plan.changes(cx.fabric().host_lost(machine)).machine(resource.key, None);
        }
        for nic in &self.nics {
            plan = network::let_go(cx, plan, resource.key, nic.key);
        }
        for disk in &self.disks {
            plan = storage::let_go(cx, plan, resource.key, disk);
        }
        if let Some(charge) = &self.charged {
            plan = charge.back(plan);
        }

        for disk in self.disks.iter().filter(|disk| disk.deletes) {
            if let DiskMedia::Managed(key) = disk.media
                && cx.find(key).is_some()
            {
                plan = plan.remove(key);
            }
        }
        for nic in self.nics.iter().filter(|nic| nic.deletes && cx.find(nic.key).is_some()) {
            plan = plan.remove(nic.key);
        }
        plan
    }
}

/// Off its host: cores and dynamic public addresses are given back; private addresses stay (ARM 8.3).
fn deallocated(
    mut rested: VirtualMachine,
    cx: &Cx<'_>,
    resource: &Resource,
    machine: &Machine,
) -> (VirtualMachine, Plan) {
    rested.provisioned = true;
    rested.resting = Power::Deallocated;
    rested.running_since = None;
    let mut plan = powered(resource, machine, Power::Deallocated).changes(cx.fabric().host_lost(machine));
    if let Some(charge) = rested.charged.take() {
        plan = charge.back(plan);
    }
    (rested, plan)
}

/// A machine that never came to be: the resource stays, failed; its disks are nobody's, its interfaces reserved for a while.
fn abandon(mut rested: VirtualMachine, cx: &Cx<'_>, resource: &Resource, machine: &Machine) -> (VirtualMachine, Plan) {
    let mut plan = Plan::new().machine(resource.key, None);
    let reserved = (Box::from(cx.id(resource.key)), cx.now().plus_millis(RESERVED_MS));
    for key in &machine.ports {
        if let Some(port) = cx.fabric().ports.get(key) {
            let free = Port {
                machine: None,
                primary: false,
                reserved: Some(reserved.clone()),
                ..port.clone()
            };
            plan = plan.port(*key, Some(free));
        }
    }
    for disk in &rested.disks {
        plan = storage::let_go(cx, plan, resource.key, disk);
    }
    if let Some(charge) = rested.charged.take() {
        plan = charge.back(plan);
    }
    (rested, plan)
}

fn powered(resource: &Resource, machine: &Machine, power: Power) -> Plan {
    Plan::new().machine(
        resource.key,
        Some(Machine {
            power,
            ..machine.clone()
        }),
    )
}

fn refuse(form: &crate::error::Form, act: &Act<'_>, resource: &Resource) -> CloudError {
    CloudError::of(form)
        .with("operation", act.name)
        .with("machine", &resource.name)
}

/// The agent runs a script and says that it did (ARM 8.3).
fn run_command(vm: &VirtualMachine, machine: &Machine, act: &Act<'_>) -> Result<(VirtualMachine, Plan), CloudError> {
    if machine.power != Power::Running {
        return Err(CloudError::of(&NOT_RUNNING));
    }
    let command = text(act.document, "/commandId").ok_or_else(|| missing("commandId"))?;
    let status = |code: &str, message: &str| json!({ "code": code, "level": "Info", "displayStatus": "Provisioning succeeded", "message": message });
    let value: Vec<Value> = if command.eq_ignore_ascii_case("RunPowerShellScript") {
        vec![
            status("ComponentStatus/StdOut/succeeded", ""),
            status("ComponentStatus/StdErr/succeeded", ""),
        ]
    } else {
        vec![status(
            "ProvisioningState/succeeded",
            "Enable succeeded: \n[stdout]\n\n[stderr]\n",
        )]
    };
    Ok((vm.clone(), Plan::new().output(json!({ "value": value }))))
}

/// Whether a write may take the place of what runs on a machine (ARM 2.6).
pub(super) fn busy(cx: &Cx<'_>, resource: &Resource, doing: &Doing) -> Result<(), CloudError> {
    if resource.provisioning == crate::descriptor::Provisioning::Deleting {
        let name = match doing {
            Doing::Create | Doing::Update => "createOrUpdate",
            Doing::Delete => "delete",
            Doing::Act(name) => name,
        };
        let error = CloudError::of(&super::forms::BEING_DELETED)
            .with("operation", name)
            .with("machine", &resource.name);
        let end = resource
            .operation
            .and_then(|id| cx.operation(id))
            .and_then(|operation| operation.end());
        return Err(end.into_iter().fold(error, CloudError::until));
    }
    // A write that makes something is one of an extension: extensions wait for the machine, and for one another.
    if *doing == Doing::Create {
        return Err(crate::engine::held(cx, resource));
    }
    Ok(())
}
