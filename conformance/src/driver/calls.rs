//! Provider calls as scenarios write them, read into the provider's own words.

use std::collections::BTreeMap;
use std::fmt;

use provider::{
    Constraints, IngressRule, InstanceId, PortRange, PublicAddresses, Series, StartInstance, SubnetId,
    VolumeAttachmentParams, VolumeId, VolumeParams,
};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::scenario::CallStep;
use crate::subject::{Stack, Subject};

/// The series that machines have unless a step names another.
const SERIES: &str = "xenial";

/// Arguments that do not fit a call: the scenario is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct CallError(pub(crate) String);

impl fmt::Display for CallError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A call of the provider with its arguments read.
#[derive(Clone, Debug)]
pub(crate) enum ProviderCall {
    AdoptResources {
        controller: Uuid,
        from_version: String,
    },
    AllInstances,
    AttachVolumes(Vec<VolumeAttachmentParams>),
    Bootstrap(Box<StartInstance>),
    CloseGlobalPorts(Vec<IngressRule>),
    ClosePorts(InstanceId, Vec<IngressRule>),
    ConstraintsValidator(Constraints),
    ControllerInstances {
        controller: Uuid,
    },
    Create,
    CreateVolumes(Vec<VolumeParams>),
    DescribeVolumes(Vec<VolumeId>),
    Destroy,
    DestroyController {
        controller: Uuid,
    },
    DestroyVolumes(Vec<VolumeId>),
    DetachVolumes(Vec<VolumeAttachmentParams>),
    Expose(InstanceId),
    GetFile(String),
    GlobalPorts,
    InstanceTypes(Constraints),
    Instances(Vec<InstanceId>),
    ListFiles(String),
    ListVolumes,
    NetworkInterfaces(Vec<InstanceId>),
    OpenGlobalPorts(Vec<IngressRule>),
    OpenPorts(InstanceId, Vec<IngressRule>),
    Ports(InstanceId),
    PrecheckInstance {
        series: Series,
        constraints: Constraints,
        placement: Option<String>,
    },
    PrepareForBootstrap,
    PutFile(String, String),
    RemoveFile(String),
    /// The process that holds the environment ends, and another opens it from what was kept of its configuration.
    Restart,
    StartInstance(Box<StartInstance>),
    StopInstances(Vec<InstanceId>),
    /// Every instance that is reported, but these: what Juju does not know is stopped (juju-provider 3.1).
    StopOthers(Vec<InstanceId>),
    Subnets(Option<InstanceId>, Vec<SubnetId>),
    SupportsUnitPlacement,
    Unexpose(InstanceId),
}

impl ProviderCall {
    /// Reads a call.
    pub(crate) fn read(step: &CallStep) -> Result<ProviderCall, CallError> {
        let arguments = Arguments(&step.arguments);
        Ok(match step.call.as_str() {
            "adopt_resources" => ProviderCall::AdoptResources {
                controller: arguments.controller()?,
                from_version: arguments
                    .text("from-version")?
                    .unwrap_or_else(|| FROM_VERSION.to_owned()),
            },
            "all_instances" => ProviderCall::AllInstances,
            "attach_volumes" => ProviderCall::AttachVolumes(arguments.rows("attachments")?),
            "bootstrap" => ProviderCall::Bootstrap(Box::new(StartInstance {
                controller: true,
                ..arguments.start(0)?
            })),
            "close_global_ports" => ProviderCall::CloseGlobalPorts(arguments.ports()?),
            "close_ports" => ProviderCall::ClosePorts(arguments.id()?, arguments.ports()?),
            "constraints_validator" => ProviderCall::ConstraintsValidator(arguments.constraints()?),
            "controller_instances" => ProviderCall::ControllerInstances {
                controller: arguments.controller()?,
            },
            "create" => ProviderCall::Create,
            "create_volumes" => ProviderCall::CreateVolumes(arguments.rows("volumes")?),
            "describe_volumes" => ProviderCall::DescribeVolumes(arguments.rows("ids")?),
            "destroy" => ProviderCall::Destroy,
            "destroy_controller" => ProviderCall::DestroyController {
                controller: arguments.controller()?,
            },
            "destroy_volumes" => ProviderCall::DestroyVolumes(arguments.rows("ids")?),
            "detach_volumes" => ProviderCall::DetachVolumes(arguments.rows("attachments")?),
            "expose" => ProviderCall::Expose(arguments.id()?),
            "get_file" => ProviderCall::GetFile(arguments.needed_text("file")?),
            "global_ports" => ProviderCall::GlobalPorts,
            "instance_types" => ProviderCall::InstanceTypes(arguments.constraints()?),
            "instances" => ProviderCall::Instances(arguments.ids("ids")?),
            "list_files" => ProviderCall::ListFiles(arguments.text("prefix")?.unwrap_or_default()),
            "list_volumes" => ProviderCall::ListVolumes,
            "network_interfaces" => ProviderCall::NetworkInterfaces(arguments.ids("ids")?),
            "open_global_ports" => ProviderCall::OpenGlobalPorts(arguments.ports()?),
            "open_ports" => ProviderCall::OpenPorts(arguments.id()?, arguments.ports()?),
            "ports" => ProviderCall::Ports(arguments.id()?),
            "precheck_instance" => ProviderCall::PrecheckInstance {
                series: arguments.series()?,
                constraints: arguments.constraints()?,
                placement: arguments.text("placement")?,
            },
            "prepare_for_bootstrap" => ProviderCall::PrepareForBootstrap,
            "put_file" => ProviderCall::PutFile(arguments.needed_text("file")?, arguments.needed_text("content")?),
            "remove_file" => ProviderCall::RemoveFile(arguments.needed_text("file")?),
            "restart" => ProviderCall::Restart,
            "start_instance" => ProviderCall::StartInstance(Box::new(arguments.start(arguments.machine()?)?)),
            "stop_instances" => ProviderCall::StopInstances(arguments.ids("ids")?),
            "stop_others" => ProviderCall::StopOthers(arguments.ids("ids")?),
            "subnets" => ProviderCall::Subnets(
                arguments.text("id")?.map(InstanceId::new),
                arguments.texts("ids")?.into_iter().map(SubnetId::new).collect(),
            ),
            "supports_unit_placement" => ProviderCall::SupportsUnitPlacement,
            "unexpose" => ProviderCall::Unexpose(arguments.id()?),
            other => return Err(CallError(format!("`{other}` is no provider call"))),
        })
    }
}

/// The uuid that a name stands for: the same in every run.
pub(crate) fn uuid_of(topic: &str, name: &str) -> Uuid {
    let digest = Sha256::digest(format!("{topic}/{name}").as_bytes());
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest[..16]);
    uuid::Builder::from_random_bytes(bytes).into_uuid()
}

/// The version of the controller that resources are adopted from, unless a step names another.
const FROM_VERSION: &str = "2.2.1";

/// The controller that environments belong to unless a step says otherwise.
pub(crate) const CONTROLLER: &str = "controller";

/// What an environment is to be where that is not the usual.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Options {
    public_addresses: Option<PublicAddresses>,
    stack: Option<Stack>,
    generation: Option<provider::Generation>,
    config: Map<String, Value>,
    access: Access,
}

/// Where an environment is, and who works on it, where that is not the usual.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Access {
    /// The cloud; the public one where there is none.
    pub(crate) cloud: Option<provider::CloudSpec>,
    /// Id and secret of an application.
    pub(crate) application: Option<(String, String)>,
    /// The object id of its service principal, where the credential says it.
    pub(crate) application_object: Option<Uuid>,
    /// A subscription that is managed from the usual one.
    pub(crate) managed_subscription: Option<Uuid>,
}

impl Options {
    /// Which provider, where `usual` is.
    pub(crate) fn subject(&self, usual: Subject) -> Subject {
        Subject {
            stack: self.stack.unwrap_or(usual.stack),
            generation: self.generation.unwrap_or(usual.generation),
            ..usual
        }
    }

    /// Writes what is not usual into a configuration, by the names that a configuration file has.
    pub(crate) fn apply(&self, config: provider::Config) -> Result<provider::Config, CallError> {
        let mut config = config;
        if let Some(policy) = self.public_addresses {
            config.public_addresses = policy;
        }
        if self.config.is_empty() {
            return Ok(config);
        }
        let whole = serde_json::to_value(&config).map_err(|error| CallError(error.to_string()))?;
        let mut whole = whole.as_object().cloned().unwrap_or_default();
        whole.extend(self.config.clone());
        serde_json::from_value(Value::Object(whole)).map_err(|error| CallError(format!("`config`: {error}")))
    }

    /// Where, and by whom.
    pub(crate) fn access(&self) -> &Access {
        &self.access
    }

    /// Attributes of the configuration, by the names that a configuration file has.
    pub(crate) fn configure(&mut self, config: Map<String, Value>) {
        self.config.extend(config);
    }
}

/// Arguments by name.
pub(crate) struct Arguments<'a>(pub(crate) &'a Map<String, Value>);

impl Arguments<'_> {
    fn error<T>(&self, name: &str, expected: &str) -> Result<T, CallError> {
        let given = self.0.get(name).map_or_else(|| "absent".to_owned(), Value::to_string);
        Err(CallError(format!("`{name}` is {given}, expected {expected}")))
    }

    pub(crate) fn text(&self, name: &str) -> Result<Option<String>, CallError> {
        match self.0.get(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.clone())),
            Some(_) => self.error(name, "a text"),
        }
    }

    pub(crate) fn needed_text(&self, name: &str) -> Result<String, CallError> {
        match self.text(name)? {
            Some(text) => Ok(text),
            None => self.error(name, "a text"),
        }
    }

    pub(crate) fn number(&self, name: &str) -> Result<Option<u32>, CallError> {
        let number = match self.0.get(name) {
            None => return Ok(None),
            Some(Value::String(text)) => text.parse().ok(),
            Some(value) => value.as_u64().and_then(|number| u32::try_from(number).ok()),
        };
        match number {
            Some(number) => Ok(Some(number)),
            None => self.error(name, "a number"),
        }
    }

    /// `true`, `false`, or nothing, which is `false`.
    pub(crate) fn flag(&self, name: &str) -> Result<bool, CallError> {
        match self.0.get(name) {
            None => Ok(false),
            Some(Value::Bool(flag)) => Ok(*flag),
            Some(_) => self.error(name, "true or false"),
        }
    }

    pub(crate) fn texts(&self, name: &str) -> Result<Vec<String>, CallError> {
        match self.0.get(name) {
            None => Ok(Vec::new()),
            Some(Value::String(text)) => Ok(vec![text.clone()]),
            Some(Value::Array(items)) => {
                let texts: Option<Vec<String>> = items.iter().map(|item| item.as_str().map(str::to_owned)).collect();
                match texts {
                    Some(texts) => Ok(texts),
                    None => self.error(name, "a list of texts"),
                }
            }
            Some(_) => self.error(name, "a list of texts"),
        }
    }

    fn ids(&self, name: &str) -> Result<Vec<InstanceId>, CallError> {
        Ok(self.texts(name)?.into_iter().map(InstanceId::new).collect())
    }

    fn id(&self) -> Result<InstanceId, CallError> {
        Ok(InstanceId::new(self.needed_text("id")?))
    }

    pub(crate) fn machine(&self) -> Result<u32, CallError> {
        match self.number("machine")? {
            Some(number) => Ok(number),
            None => self.error("machine", "a number"),
        }
    }

    pub(crate) fn series(&self) -> Result<Series, CallError> {
        Ok(Series::new(self.text("series")?.unwrap_or_else(|| SERIES.to_owned())))
    }

    pub(crate) fn constraints(&self) -> Result<Constraints, CallError> {
        match self.0.get("constraints") {
            None => Ok(Constraints::default()),
            Some(value) => {
                serde_json::from_value(value.clone()).map_err(|error| CallError(format!("`constraints`: {error}")))
            }
        }
    }

    /// `80/tcp`, or `80/tcp from 10.0.0.0/8 192.168.0.0/16`.
    pub(crate) fn ports(&self) -> Result<Vec<IngressRule>, CallError> {
        let read = |text: &String| {
            let (ports, sources) = text.split_once(" from ").unwrap_or((text, ""));
            let mut rule = ports
                .parse::<PortRange>()
                .map(IngressRule::from)
                .map_err(|error| CallError(error.to_string()))?;
            for source in sources.split_whitespace() {
                let network = source.parse();
                rule.sources
                    .insert(network.map_err(|_| CallError(format!("`{source}` is no network, expected 10.0.0.0/8")))?);
            }
            Ok(rule)
        };
        self.texts("ports")?.iter().map(read).collect()
    }

    /// Rows of what the provider takes a list of, as it writes them.
    fn rows<T: serde::de::DeserializeOwned>(&self, name: &str) -> Result<Vec<T>, CallError> {
        let rows = match self.0.get(name) {
            None => return Ok(Vec::new()),
            Some(Value::Array(rows)) => rows.clone(),
            Some(row) => vec![row.clone()],
        };
        let read = |row| serde_json::from_value(row).map_err(|error| CallError(format!("`{name}`: {error}")));
        rows.into_iter().map(read).collect()
    }

    /// What an environment is to be, where this is the first that is heard of it.
    pub(crate) fn options(&self) -> Result<Options, CallError> {
        let stack = match self.text("stack")? {
            None => None,
            Some(name) => match Stack::find(&name) {
                Some(stack) => Some(stack),
                None => return self.error("stack", "arm or classic"),
            },
        };
        let generation = match self.text("generation")? {
            None => None,
            Some(name) => match Subject::generation_of(&name) {
                Some(generation) => Some(generation),
                None => return self.error("generation", "A1, A4 or A7"),
            },
        };
        let config = match self.0.get("config") {
            None => Map::new(),
            Some(Value::Object(config)) => config.clone(),
            Some(_) => return self.error("config", "attributes of the configuration by name"),
        };
        Ok(Options {
            public_addresses: self.public_addresses()?,
            stack,
            generation,
            config,
            access: self.access()?,
        })
    }

    fn access(&self) -> Result<Access, CallError> {
        let cloud = match self.text("cloud")?.as_deref() {
            None => None,
            Some("china") => Some(provider::CloudSpec::china()),
            Some("us-government") => Some(provider::CloudSpec::us_government()),
            Some(_) => return self.error("cloud", "china or us-government"),
        };
        let text = |value: &Value, name: &str| value.get(name).and_then(Value::as_str).map(str::to_owned);
        let application = match self.0.get("application") {
            None => None,
            Some(value) => match (text(value, "id"), text(value, "secret")) {
                (Some(id), Some(secret)) => Some((id, secret)),
                _ => return self.error("application", "an id and a secret"),
            },
        };
        let application_object = match self.text("application-object-id")? {
            None => None,
            Some(id) => match Uuid::parse_str(&id) {
                Ok(id) => Some(id),
                Err(_) => return self.error("application-object-id", "a uuid"),
            },
        };
        let managed_subscription = match self.text("managed-subscription")? {
            None => None,
            Some(id) => match Uuid::parse_str(&id) {
                Ok(id) => Some(id),
                Err(_) => return self.error("managed-subscription", "a uuid"),
            },
        };
        Ok(Access {
            cloud,
            application,
            application_object,
            managed_subscription,
        })
    }

    fn public_addresses(&self) -> Result<Option<PublicAddresses>, CallError> {
        match self.0.get("public-addresses") {
            None => Ok(None),
            Some(value) => match serde_json::from_value(value.clone()) {
                Ok(policy) => Ok(Some(policy)),
                Err(_) => self.error("public-addresses", "always, controllers, on-expose or none"),
            },
        }
    }

    fn controller(&self) -> Result<Uuid, CallError> {
        let name = self.text("controller")?.unwrap_or_else(|| CONTROLLER.to_owned());
        Ok(uuid_of("controller", &name))
    }

    fn start(&self, machine: u32) -> Result<StartInstance, CallError> {
        let tags: BTreeMap<String, String> = match self.0.get("tags") {
            None => BTreeMap::new(),
            Some(value) => serde_json::from_value(value.clone()).or_else(|_| self.error("tags", "texts by name"))?,
        };
        let controller = match self.0.get("controller") {
            None => false,
            Some(Value::Bool(controller)) => *controller,
            Some(_) => return self.error("controller", "true or false"),
        };
        let mut start = StartInstance::new(machine, uuid_of("controller", CONTROLLER), self.series()?.as_str());
        start.constraints = self.constraints()?;
        start.placement = self.text("placement")?;
        start.controller = controller;
        start.units = self.texts("units")?;
        start.distribution_group = self.ids("group-with")?;
        start.tags = tags;
        start.autocert_dns_name = self.text("autocert")?;
        start.subnets_to_zones = self.demands()?;
        start.root_disk = match self.0.get("root-disk") {
            None => None,
            Some(value) => {
                let read = serde_json::from_value(value.clone());
                Some(read.map_err(|error| CallError(format!("`root-disk`: {error}")))?)
            }
        };
        Ok(start)
    }

    /// Ids of subnets, one list a demand; of zones nothing is said.
    fn demands(&self) -> Result<Vec<BTreeMap<String, Vec<String>>>, CallError> {
        let Some(value) = self.0.get("subnets-to-zones") else {
            return Ok(Vec::new());
        };
        let demands: Vec<Vec<String>> = serde_json::from_value(value.clone())
            .or_else(|_| self.error("subnets-to-zones", "lists of ids of subnets"))?;
        let demand = |ids: Vec<String>| ids.into_iter().map(|id| (id, Vec::new())).collect();
        Ok(demands.into_iter().map(demand).collect())
    }
}
