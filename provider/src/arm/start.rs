//! Starting a machine: what it is made from, and the walk over sizes (juju-provider 1.8.5, 1.8.5a).
//!
//! How it is made is not known here: `start_singly` and `start_deployed` do that.

use super::ArmEnviron;
use super::choose_image::{self, CANONICAL, Image, OperatingSystem, Source};
use super::choose_size::{self, Lack};
use super::choose_subnet::subnet_of;
use super::compute_skus::{self, Sku};
use super::custom_data;
use super::generation::{Making, SizesApi};
use super::image_skus::{self, ImageSku};
use super::start_deployed::DeployedSite;
use super::start_singly::SingleSite;
use super::tags::{self, Tags};
use super::virtual_machines::Access;
use super::virtual_networks::{self, Subnet};
use super::vm_sizes::{self, VmSize};
use crate::{
    Config, Error, Hardware, Instance, InstanceId, InstanceStatus, InstanceType, Kind, PublicAddresses, Refusal,
    Series, StartInstance, Started,
};

/// Families tried where falling back is on (juju-provider 1.6).
const SIZE_TRIES_MAX: usize = 15;

/// A public RSA key whose private half nobody knows: the modulus is RSA-2048 of the RSA factoring challenge. It satisfies
/// Azure, which makes no Linux machine without a key, and lets nobody in (juju-provider L67).
const NOBODYS_KEY: &str = "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABAQDHlwzu3MOwdUSQIBp6phPNc5EQgceQ9fGocm9GNVC7W3/w244eoRiexy+T0WUAEb1yGu6swqzeMqBBB/BkjCgTox9bC3dl/4tEtLb/yTOEtkbrCcfPXoWS1A6jPIADnzW08UoEtR97/Xgb5NFnMWS6jrmRwsTXMLu+NfWSve9SSvfo2u/SbGb8AsR5r4nWTTc/RCcJQ53mbOuVXz6jfVFZ9hNYCfhTNLXLGBOt3IDNBWCfEKxqla1lhyyQlSW9rTK8cpWSZCkg8kxh3Fs8O3kj5WsWpNnTc9hyHySj/A8bMTH1VhUXKGa8zDD5UFTIJOczpetoF/e8FjmdSMY2HMfl nobody";

/// What a machine is made from, found out before anything is made.
pub(super) struct Plan<'a> {
    pub(super) params: &'a StartInstance,
    pub(super) name: &'a str,
    pub(super) tags: &'a Tags,
    pub(super) system: OperatingSystem,
    pub(super) image: Image,
    pub(super) custom_data: String,
    pub(super) wants_public_address: bool,
    site: Site<'a>,
}

/// Where it comes to be.
enum Site<'a> {
    Single(SingleSite<'a>),
    Deployed(DeployedSite),
}

impl ArmEnviron {
    /// What can be refused without asking anybody.
    pub(super) fn check_start(&self, params: &StartInstance) -> Result<(), Error> {
        if params.controller_uuid.is_nil() {
            return Err(Error::Machine("missing controller UUID".to_owned()));
        }
        self.check_placement(params.placement.as_deref())?;

        choose_image::source(&params.series).map(|_| ())
    }

    /// Whether the generation knows the directive at all.
    pub(super) fn check_placement(&self, placement: Option<&str>) -> Result<(), Error> {
        match placement.filter(|directive| !directive.is_empty()) {
            Some(directive) if !self.profile.subnet_placement || subnet_of(placement).is_none() => {
                Err(Error::Placement(directive.to_owned()))
            }
            _ => Ok(()),
        }
    }

    /// `bootstrap`: the first machine of a controller's environment, which brings what machines share.
    pub(super) async fn start(&self, params: StartInstance, bootstrap: bool) -> Result<Started, Error> {
        let id = params.instance_id();
        let failed = |source: Error, cleanup: Option<Error>| Error::Start {
            machine: id.as_str().to_owned(),
            source: Box::new(source),
            cleanup: cleanup.map(Box::new),
        };
        self.check_start(&params).map_err(|error| failed(error, None))?;
        let mut own = tags::of_machine(&self.current_config(), params.controller_uuid, &params);
        if self.profile.template_versions().is_some() {
            // From 2.2 on (juju-provider 1.5).
            let name = self.current_config().name;
            own.insert(
                tags::MACHINE_ID.to_owned(),
                format!("{name}-machine-{}", params.machine),
            );
        }
        let planned = self.plan(&params, id.as_str(), &own, bootstrap).await;
        let (plan, mut sizes) = planned.map_err(|error| failed(error, None))?;
        let falls_back = self.profile.quota_walk || self.current_config().size_fallback;
        let may_fall_back = falls_back && params.constraints.instance_type.is_none();

        for n_tried in 1.. {
            let size = sizes.remove(0);
            let error = match self.make(&plan, &size).await {
                Ok(status) => return Ok(started(&plan, status, &size)),
                Err(error) => error,
            };
            tracing::warn!(
                machine = id.as_str(),
                size = size.name,
                error = error.report(),
                "cannot start machine"
            );
            let cleanup = self.remove_started(&id).await.err();
            let Some(lack) = lack(&error).filter(|_| cleanup.is_none() && may_fall_back) else {
                return Err(failed(error, cleanup));
            };
            choose_size::leave_out(&mut sizes, &size, lack);
            if sizes.is_empty() || n_tried == SIZE_TRIES_MAX {
                let error = match self.profile.quota_walk {
                    true => Error::NoSuitableInstanceType {
                        n_tried,
                        source: Box::new(error),
                    },
                    false => error,
                };
                return Err(failed(error, None));
            }
        }
        Err(failed(Error::NoInstances, None))
    }

    async fn plan<'a>(
        &'a self,
        params: &'a StartInstance,
        name: &'a str,
        tags: &'a Tags,
        bootstrap: bool,
    ) -> Result<(Plan<'a>, Vec<InstanceType>), Error> {
        let mut constraints = params.constraints.clone();
        if let Some(least_gib) = self.profile.root_disk_gib {
            // A disk that is too small is made larger, never refused (juju-provider L66), so every size has room for it.
            constraints.root_disk_mib = constraints.root_disk_mib.map(|mib| mib.max(least_gib * 1_024));
        }
        let source = choose_image::source(&params.series)?;
        let types = self.types().await?;
        let sizes = choose_size::choose(types, &constraints, &self.scope.location)?;
        // Of the older generations the subnet was asked for before the image.
        let single_subnet = match self.profile.making {
            Making::Singly => Some(self.subnet().await?),
            Making::Deployments { .. } => None,
        };
        let image = self.image(&params.series, source).await?;
        let custom_data = custom_data::encode(&params.user_data, source.system())?;
        let site = match single_subnet {
            Some(subnet) => Site::Single(self.single_site(name, subnet).await?),
            None => Site::Deployed(self.deployed_site(params, source.system(), bootstrap).await?),
        };
        let plan = Plan {
            params,
            name,
            tags,
            system: source.system(),
            image,
            custom_data,
            wants_public_address: self.wants_public_address(params),
            site,
        };
        Ok((plan, sizes))
    }

    async fn make(&self, plan: &Plan<'_>, size: &InstanceType) -> Result<InstanceStatus, Error> {
        match &plan.site {
            Site::Single(site) => self.make_singly(plan, site, size).await,
            Site::Deployed(site) => self.make_by_deployment(plan, site, size).await,
        }
    }

    /// What a start that failed may have left.
    async fn remove_started(&self, id: &InstanceId) -> Result<(), Error> {
        match self.profile.making {
            Making::Singly => self.remove_by_name(id).await,
            Making::Deployments { .. } => self.stop_deployed(std::slice::from_ref(id)).await,
        }
    }

    /// Who administers the machine. `password` outlives the answer.
    pub(super) fn access<'p>(&self, plan: &Plan<'_>, config: &'p Config, password: &'p str) -> Access<'p> {
        match plan.system {
            OperatingSystem::Windows => Access::Password {
                user: &config.windows_admin,
                password,
            },
            OperatingSystem::Ubuntu | OperatingSystem::CentOs => {
                let keys = config.authorized_keys.trim();
                Access::Keys {
                    user: &config.linux_admin,
                    keys: if keys.is_empty() { NOBODYS_KEY } else { keys },
                }
            }
        }
    }

    pub(super) fn password(&self, vm: &str) -> String {
        self.random.password(&self.fingerprint, vm)
    }

    fn wants_public_address(&self, params: &StartInstance) -> bool {
        let allowed = match params.constraints.allocate_public_ip {
            Some(wanted) if self.profile.honours_public_ip => wanted,
            _ => true,
        };
        let by_policy = match self.current_config().public_addresses {
            PublicAddresses::Always => true,
            PublicAddresses::Controllers | PublicAddresses::OnExpose => params.controller,
            PublicAddresses::None => false,
        };
        allowed && by_policy
    }

    /// Sizes of the location. They are asked for once.
    pub(super) async fn types(&self) -> Result<&Vec<InstanceType>, Error> {
        self.types
            .get_or_try_init(|| async {
                let sizes: Vec<VmSize> = match self.profile.sizes {
                    SizesApi::VmSizes => self.client.list(&vm_sizes::list(&self.scope)).await?,
                    SizesApi::Skus => {
                        let skus: Vec<Sku> = self.client.list(&compute_skus::list(&self.scope)).await?;
                        compute_skus::sizes(&skus, &self.scope.location)
                    }
                };
                Ok(choose_size::instance_types(&sizes, self.profile.prices))
            })
            .await
    }

    async fn subnet(&self) -> Result<&Subnet, Error> {
        self.subnet.get_or_try_init(|| self.read_subnet()).await
    }

    async fn read_subnet(&self) -> Result<Subnet, Error> {
        self.client.read(&virtual_networks::get_subnet(&self.scope)).await
    }

    async fn image(&self, series: &Series, source: Source) -> Result<Image, Error> {
        let (offer, version, separator) = match source {
            Source::Fixed {
                publisher, offer, sku, ..
            } => {
                return Ok(Image {
                    publisher,
                    offer: offer.to_owned(),
                    sku: sku.to_owned(),
                });
            }
            Source::Ubuntu {
                offer,
                version,
                separator,
            } => (offer, version, separator),
        };
        let stream = self.current_config().image_stream;
        let offer = choose_image::offer_of_stream(offer, separator, stream);
        let call = image_skus::list(&self.scope, CANONICAL, &offer);
        // An offer that is gone has no SKUs (juju-provider 1.11).
        let skus: Vec<ImageSku> = self.client.find(&call).await?.unwrap_or_default();
        let sku = choose_image::best_sku(&skus, version, separator, stream);
        let sku =
            sku.ok_or_else(|| choose_image::no_image(series, stream, &offer, &self.scope.location, skus.len()))?;
        Ok(Image {
            publisher: CANONICAL,
            offer,
            sku: sku.to_owned(),
        })
    }
}

/// What there was none of, where another size could help: a limit on addresses is the same for all.
fn lack(error: &Error) -> Option<Lack> {
    let lack = match error.kind()? {
        Kind::QuotaExceeded(_) => Lack::Quota,
        Kind::Capacity => Lack::Room,
        _ => return None,
    };
    let is_of_size = error.azure().is_some_and(|azure| {
        let resource = azure.resource.to_lowercase();
        let counts = azure.refusal().is_some_and(Refusal::is_count_limit);
        resource.contains("/virtualmachines/") || (resource.contains("/deployments/") && !counts)
    });
    is_of_size.then_some(lack)
}

fn started(plan: &Plan<'_>, status: InstanceStatus, size: &InstanceType) -> Started {
    let hardware = Hardware {
        arch: size.arch.clone(),
        instance_type: size.name.clone(),
        cores: size.cores,
        mem_mib: size.mem_mib,
        root_disk_mib: size.root_disk_mib,
    };
    let instance = Instance {
        id: plan.params.instance_id(),
        status,
        addresses: Vec::new(),
        dns_name: None,
        hardware: Some(hardware.clone()),
    };
    Started { instance, hardware }
}
