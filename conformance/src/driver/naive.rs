//! A provider that believes that everything goes well: it never asks twice, obeys no Retry-After, cleans nothing up, and takes what a
//! list says for the truth. With it the harness shows that its scenarios can fail.
//!
//! It refuses to know what could go wrong. Nothing but that showing uses it.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use http::{Method, Request};
use provider::{
    Clock, Config, Constraints, ConstraintsValidator, Environ, Error, Hardware, IngressRule, Instance, InstanceId,
    InstanceStatus, InstanceType, NetworkInterface, Series, StartInstance, Started, StatusKind, SubnetId, SubnetInfo,
    Transport, VolumeSource,
};
use serde_json::{Value, json};
use uuid::Uuid;

use super::SUBSCRIPTION;

/// Between two looks at what is being made.
const POLL: Duration = Duration::from_secs(5);

/// Looks until it gives up.
const POLLS: usize = 500;

const NETWORK: &str = "Microsoft.Network";
const COMPUTE: &str = "Microsoft.Compute";

/// The provider.
pub(super) struct NaiveEnviron {
    pub(super) config: Config,
    pub(super) base: String,
    pub(super) token: String,
    pub(super) transport: Arc<dyn Transport>,
    pub(super) clock: Arc<dyn Clock>,
}

impl NaiveEnviron {
    fn group(&self) -> String {
        let Config { name, uuid, .. } = &self.config;
        format!("/subscriptions/{SUBSCRIPTION}/resourceGroups/juju-{name}-environment-{uuid}")
    }

    fn id(&self, namespace: &str, rest: &str) -> String {
        format!("{}/providers/{namespace}/{rest}", self.group())
    }

    async fn ask(&self, method: Method, id: &str, body: Option<Value>) -> Result<Value, Error> {
        let version = match id {
            _ if id.contains(COMPUTE) => "2017-03-30",
            _ => "2016-09-01",
        };
        let what = format!("{method} {id}");
        let text = body.map_or_else(Bytes::new, |body| Bytes::from(body.to_string()));
        let request = Request::builder()
            .method(method)
            .uri(format!("{}{id}?api-version={version}", self.base))
            .header("authorization", format!("Bearer {}", self.token))
            .header("content-type", "application/json")
            .body(text)
            .map_err(|error| Error::Machine(error.to_string()))?;
        let answer = self
            .transport
            .send(request)
            .await
            .map_err(|error| Error::Machine(format!("{what}: {error}")))?;
        let status = answer.status();
        if !status.is_success() {
            let text = String::from_utf8_lossy(answer.body()).into_owned();
            return Err(Error::Machine(format!("{what}: {status} {text}")));
        }
        Ok(serde_json::from_slice(answer.body()).unwrap_or_default())
    }

    async fn get(&self, id: &str) -> Result<Value, Error> {
        self.ask(Method::GET, id, None).await
    }

    /// Puts, and looks until it is there.
    async fn put(&self, id: &str, body: Value) -> Result<Value, Error> {
        let mut document = self.ask(Method::PUT, id, Some(body)).await?;
        for _ in 0..POLLS {
            match document
                .pointer("/properties/provisioningState")
                .and_then(Value::as_str)
            {
                None | Some("Succeeded") => return Ok(document),
                Some("Failed" | "Canceled") => return Err(Error::Machine(format!("{id} failed"))),
                Some(_) => {}
            }
            self.clock.sleep(POLL).await;
            document = self.get(id).await?;
        }
        Err(Error::Machine(format!("{id} never comes")))
    }

    /// Deletes, and looks until it is gone.
    async fn delete(&self, id: &str) -> Result<(), Error> {
        self.ask(Method::DELETE, id, None).await?;
        for _ in 0..POLLS {
            if self.get(id).await.is_err() {
                return Ok(());
            }
            self.clock.sleep(POLL).await;
        }
        Err(Error::Machine(format!("{id} never goes")))
    }

    fn nsg(&self) -> String {
        self.id(NETWORK, "networkSecurityGroups/juju-internal-nsg")
    }

    async fn rules(&self) -> Result<Vec<Value>, Error> {
        let nsg = self.get(&self.nsg()).await?;
        let rules = nsg.pointer("/properties/securityRules").and_then(Value::as_array);
        Ok(rules.cloned().unwrap_or_default())
    }

    fn instance(name: &str) -> Instance {
        Instance {
            id: InstanceId::new(name),
            status: InstanceStatus {
                kind: StatusKind::Running,
                message: String::new(),
            },
            addresses: Vec::new(),
            dns_name: None,
            hardware: None,
        }
    }

    async fn stop(&self, id: &InstanceId) -> Result<(), Error> {
        self.delete(&self.id(COMPUTE, &format!("virtualMachines/{id}"))).await?;
        self.delete(&self.id(COMPUTE, &format!("disks/{id}"))).await?;
        for rule in self.rules().await? {
            let name = rule.get("name").and_then(Value::as_str).unwrap_or_default();
            if name.starts_with(&format!("{id}-")) {
                self.delete(&format!("{}/securityRules/{name}", self.nsg())).await?;
            }
        }
        self.delete(&self.id(NETWORK, &format!("networkInterfaces/{id}-primary")))
            .await?;
        self.delete(&self.id(NETWORK, &format!("publicIPAddresses/{id}-public-ip")))
            .await
    }
}

fn rule_name(id: &InstanceId, rule: &IngressRule) -> String {
    format!("{id}-{}-{}", rule.ports.protocol, rule.ports.from)
}

fn not_supported<T>() -> Result<T, Error> {
    Err(Error::NotSupported("this provider is for showing only".to_owned()))
}

#[async_trait]
impl Environ for NaiveEnviron {
    fn config(&self) -> Config {
        self.config.clone()
    }

    async fn prepare_for_bootstrap(&self) -> Result<(), Error> {
        Ok(())
    }

    async fn create(&self) -> Result<(), Error> {
        let location = &self.config.location;
        self.put(&self.group(), json!({ "location": location })).await?;
        let ssh = json!({"name": "SSHInbound", "properties": {
            "protocol": "Tcp", "sourcePortRange": "*", "destinationPortRange": "22", "sourceAddressPrefix": "*",
            "destinationAddressPrefix": "*", "access": "Allow", "priority": 100, "direction": "Inbound",
        }});
        let nsg = json!({"location": location, "properties": {"securityRules": [ssh]}});
        self.put(&self.nsg(), nsg).await?;
        let subnet = json!({"name": "juju-internal-subnet", "properties": {
            "addressPrefix": "10.0.0.0/16", "networkSecurityGroup": {"id": self.nsg()},
        }});
        let network = json!({"location": location, "properties": {
            "addressSpace": {"addressPrefixes": ["10.0.0.0/8"]}, "subnets": [subnet],
        }});
        self.put(&self.id(NETWORK, "virtualNetworks/juju-internal-network"), network)
            .await?;
        Ok(())
    }

    async fn bootstrap(&self, params: StartInstance) -> Result<Started, Error> {
        self.create().await?;
        self.start_instance(params).await
    }

    async fn start_instance(&self, params: StartInstance) -> Result<Started, Error> {
        let location = &self.config.location;
        let name = params.instance_id().as_str().to_owned();
        let tags = json!({"juju-machine-name": name});
        let pip = self.id(NETWORK, &format!("publicIPAddresses/{name}-public-ip"));
        let body = json!({"location": location, "tags": tags, "properties": {"publicIPAllocationMethod": "Dynamic"}});
        self.put(&pip, body).await?;
        let nic = self.id(NETWORK, &format!("networkInterfaces/{name}-primary"));
        let subnet = self.id(
            NETWORK,
            "virtualNetworks/juju-internal-network/subnets/juju-internal-subnet",
        );
        let configuration = json!({"name": "primary", "properties": {
            "subnet": {"id": subnet}, "publicIPAddress": {"id": pip}, "privateIPAllocationMethod": "Dynamic",
        }});
        let body = json!({"location": location, "tags": tags, "properties": {"ipConfigurations": [configuration]}});
        self.put(&nic, body).await?;
        let size = params
            .constraints
            .instance_type
            .clone()
            .unwrap_or_else(|| "Standard_D1_v2".to_owned());
        let vm = json!({"location": location, "tags": tags, "properties": {
            "hardwareProfile": {"vmSize": size},
            "storageProfile": {
                "imageReference": {"publisher": "Canonical", "offer": "UbuntuServer", "sku": "16.04-LTS", "version": "latest"},
                "osDisk": {"createOption": "FromImage", "name": name},
            },
            "osProfile": {"computerName": name, "adminUsername": "ubuntu", "adminPassword": "Sixteen-tons-1"},
            "networkProfile": {"networkInterfaces": [{"id": nic}]},
        }});
        self.put(&self.id(COMPUTE, &format!("virtualMachines/{name}")), vm)
            .await?;
        Ok(Started {
            instance: NaiveEnviron::instance(&name),
            hardware: Hardware {
                arch: "amd64".to_owned(),
                instance_type: size,
                cores: 1,
                mem_mib: 3_584,
                root_disk_mib: 32_768,
            },
        })
    }

    async fn stop_instances(&self, ids: &[InstanceId]) -> Result<(), Error> {
        for id in ids {
            self.stop(id).await?;
        }
        Ok(())
    }

    async fn instances(&self, ids: &[InstanceId]) -> Result<Vec<Instance>, Error> {
        let all = self.all_instances().await?;
        let found: Vec<Instance> = all.into_iter().filter(|instance| ids.contains(&instance.id)).collect();
        if found.is_empty() {
            return Err(Error::NoInstances);
        }
        Ok(found)
    }

    async fn all_instances(&self) -> Result<Vec<Instance>, Error> {
        let list = self.get(&self.id(COMPUTE, "virtualMachines")).await?;
        let rows = list.get("value").and_then(Value::as_array).cloned().unwrap_or_default();
        let names = rows.iter().filter_map(|row| row.get("name").and_then(Value::as_str));
        Ok(names.map(NaiveEnviron::instance).collect())
    }

    async fn controller_instances(&self, _controller_uuid: Uuid) -> Result<Vec<InstanceId>, Error> {
        not_supported()
    }

    async fn open_ports(&self, id: &InstanceId, rules: &[IngressRule]) -> Result<(), Error> {
        let n_rules = self.rules().await?.len();
        for (index, rule) in rules.iter().enumerate() {
            let body = json!({"properties": {
                "protocol": "Tcp", "sourcePortRange": "*", "destinationPortRange": rule.ports.from.to_string(),
                "sourceAddressPrefix": "*", "destinationAddressPrefix": "*", "access": "Allow",
                "priority": 200 + n_rules + index, "direction": "Inbound",
            }});
            let name = rule_name(id, rule);
            self.put(&format!("{}/securityRules/{name}", self.nsg()), body).await?;
        }
        Ok(())
    }

    async fn close_ports(&self, id: &InstanceId, rules: &[IngressRule]) -> Result<(), Error> {
        for rule in rules {
            self.delete(&format!("{}/securityRules/{}", self.nsg(), rule_name(id, rule)))
                .await?;
        }
        Ok(())
    }

    async fn ports(&self, id: &InstanceId) -> Result<Vec<IngressRule>, Error> {
        let prefix = format!("{id}-tcp-");
        let of_machine = |rule: &Value| {
            let port = rule.get("name")?.as_str()?.strip_prefix(&prefix)?.to_owned();
            Some(IngressRule::from(
                format!("{port}/tcp").parse::<provider::PortRange>().ok()?,
            ))
        };
        let mut rules: Vec<IngressRule> = self.rules().await?.iter().filter_map(of_machine).collect();
        rules.sort();
        Ok(rules)
    }

    async fn expose(&self, _id: &InstanceId) -> Result<(), Error> {
        Ok(())
    }

    async fn unexpose(&self, _id: &InstanceId) -> Result<(), Error> {
        Ok(())
    }

    async fn open_global_ports(&self, _rules: &[IngressRule]) -> Result<(), Error> {
        not_supported()
    }

    async fn close_global_ports(&self, _rules: &[IngressRule]) -> Result<(), Error> {
        not_supported()
    }

    async fn global_ports(&self) -> Result<Vec<IngressRule>, Error> {
        not_supported()
    }

    async fn destroy(&self) -> Result<(), Error> {
        self.ask(Method::DELETE, &self.group(), None).await?;
        Ok(())
    }

    async fn destroy_controller(&self, _controller_uuid: Uuid) -> Result<(), Error> {
        self.destroy().await
    }

    async fn adopt_resources(&self, _controller_uuid: Uuid, _from_version: &str) -> Result<(), Error> {
        not_supported()
    }

    async fn precheck_instance(
        &self,
        _series: &Series,
        _constraints: &Constraints,
        _placement: Option<&str>,
    ) -> Result<(), Error> {
        Ok(())
    }

    async fn instance_types(&self, _constraints: &Constraints) -> Result<Vec<InstanceType>, Error> {
        Ok(Vec::new())
    }

    async fn constraints_validator(&self) -> Result<ConstraintsValidator, Error> {
        not_supported()
    }

    fn volume_source(self: Arc<Self>) -> Result<Arc<dyn VolumeSource>, Error> {
        not_supported()
    }

    async fn subnets(&self, _instance: Option<&InstanceId>, _ids: &[SubnetId]) -> Result<Vec<SubnetInfo>, Error> {
        not_supported()
    }

    async fn network_interfaces(&self, _ids: &[InstanceId]) -> Result<Vec<Option<Vec<NetworkInterface>>>, Error> {
        not_supported()
    }
}
