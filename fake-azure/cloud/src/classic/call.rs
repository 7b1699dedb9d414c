//! Writes of the classic API, one variant each, and which rule answers it.

use serde::{Deserialize, Serialize};

use super::data_disks::{AttachDataDisk, UpdateDataDisk};
use super::endpoints::InputEndpoint;
use super::images::{AddOsImage, AddVmImage, ImageMarketing, ImageName, Permission, UpdateVmImage};
use super::load_balancers::LoadBalancerSpec;
use super::management_certificates::ManagementCertificate;
use super::migration::Subject;
use super::roles::RoleSpec;
use super::route_tables::Route;
use super::service_certificates::ServiceCertificate;
use super::service_extensions::ServiceExtension;
use super::{
    AddDisk, Asked, CreateAffinityGroup, CreateDeployment, CreateHostedService, CreatePackage, CreateReservedIp,
    CreateStorageService, DnsServer, InstanceAct, NetworkConfiguration, RoleAct, RuleSpec, SetGateway, Slot, Step,
    UpdateAffinityGroup, UpdateDeployment, UpdateDisk, UpdateHostedService, UpdateMode, UpdateStorageService,
    affinity_groups, data_disks, deployments, disks, endpoints, gateways, hosted_services, images, load_balancers,
    management_certificates, migration, network_configuration, network_security_groups, packages, reserved_ips,
    role_operations, roles, route_tables, service_certificates, service_extensions, storage_services, updates,
    virtual_ips,
};
use crate::cx::Cx;
use crate::error::CloudError;
use crate::key::Guid;

/// A write of the classic API.
#[derive(Clone, Debug)]
pub struct ClassicCall {
    /// The subscription in the path.
    pub subscription: Guid,
    /// Who asks, for the history.
    pub caller: Caller,
    /// The path of the resource, for the history.
    pub object: Box<str>,
    /// What is asked.
    pub act: Act,
}

/// Who asked for an operation (SM 4.5).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Caller {
    /// The user, for a token.
    pub user: Option<Box<str>>,
    /// The thumbprint, for a certificate.
    pub thumbprint: Option<Box<str>>,
}

/// A deployment by name or by slot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Which {
    /// By its name.
    Named(Box<str>),
    /// What is in a slot.
    In(Slot),
}

/// Hosted service, deployment, role.
pub type RolePlace = (Box<str>, Box<str>, Box<str>);

/// What is asked.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "named after the operations of the API")]
pub enum Act {
    AddDataDisk {
        place: RolePlace,
        disk: Box<AttachDataDisk>,
    },
    AddDisk(AddDisk),
    AddDnsServer {
        service: Box<str>,
        deployment: Box<str>,
        server: DnsServer,
    },
    AddExtension {
        service: Box<str>,
        extension: Box<ServiceExtension>,
    },
    AddLoadBalancer {
        service: Box<str>,
        deployment: Box<str>,
        balancer: LoadBalancerSpec,
    },
    AddManagementCertificate(ManagementCertificate),
    AddOsImage(Box<AddOsImage>),
    AddRole {
        service: Box<str>,
        deployment: Box<str>,
        role: Box<RoleSpec>,
    },
    AddServiceCertificate {
        service: Box<str>,
        certificate: ServiceCertificate,
    },
    AddVirtualIp {
        service: Box<str>,
        deployment: Box<str>,
        name: Box<str>,
    },
    AddVmImage(Box<AddVmImage>),
    AssociateReservedIp {
        name: Box<str>,
        service: Box<str>,
        deployment: Box<str>,
        on: bool,
    },
    BindRoleSecurityGroup {
        place: RolePlace,
        nic: Option<Box<str>>,
        group: Box<str>,
        on: bool,
    },
    BindSubnetRouteTable {
        network: Box<str>,
        subnet: Box<str>,
        table: Option<Box<str>>,
    },
    BindSubnetSecurityGroup {
        network: Box<str>,
        subnet: Box<str>,
        group: Box<str>,
        on: bool,
    },
    ActOnInstance {
        service: Box<str>,
        which: Which,
        instance: Box<str>,
        act: InstanceAct,
    },
    CreateAffinityGroup(CreateAffinityGroup),
    CreateDeployment {
        service: Box<str>,
        deployment: Box<CreateDeployment>,
    },
    CreateHostedService(CreateHostedService),
    CreateNetworkSecurityGroup {
        name: Box<str>,
        label: Option<Box<str>>,
        location: Box<str>,
    },
    CreatePackage {
        service: Box<str>,
        slot: Slot,
        package: Box<CreatePackage>,
    },
    CreateReservedIp(CreateReservedIp),
    CreateRouteTable {
        name: Box<str>,
        label: Option<Box<str>>,
        location: Box<str>,
    },
    CreateStorageService(CreateStorageService),
    DeleteAffinityGroup {
        name: Box<str>,
    },
    DeleteDataDisk {
        place: RolePlace,
        lun: u32,
        media: bool,
    },
    DeleteDeployment {
        service: Box<str>,
        which: Which,
        media: bool,
    },
    DeleteDisk {
        name: Box<str>,
        media: bool,
    },
    DeleteDnsServer {
        service: Box<str>,
        deployment: Box<str>,
        name: Box<str>,
    },
    DeleteExtension {
        service: Box<str>,
        id: Box<str>,
    },
    DeleteGateway {
        network: Box<str>,
    },
    DeleteHostedService {
        name: Box<str>,
        media: bool,
    },
    DeleteInstances {
        service: Box<str>,
        which: Which,
        names: Vec<Box<str>>,
        configuration: Box<str>,
    },
    DeleteLoadBalancer {
        service: Box<str>,
        deployment: Box<str>,
        name: Box<str>,
    },
    DeleteManagementCertificate {
        thumbprint: Box<str>,
    },
    DeleteNetworkSecurityGroup {
        name: Box<str>,
    },
    DeleteOsImage {
        name: Box<str>,
        media: bool,
    },
    DeleteReservedIp {
        name: Box<str>,
    },
    DeleteRole {
        place: RolePlace,
        media: bool,
    },
    DeleteRoute {
        table: Box<str>,
        name: Box<str>,
    },
    DeleteRouteTable {
        name: Box<str>,
    },
    DeleteRule {
        group: Box<str>,
        name: Box<str>,
    },
    DeleteServiceCertificate {
        service: Box<str>,
        thumbprint: Box<str>,
    },
    DeleteStorageService {
        name: Box<str>,
    },
    DeleteVirtualIp {
        service: Box<str>,
        deployment: Box<str>,
        name: Box<str>,
    },
    DeleteVmImage {
        name: Box<str>,
        media: bool,
    },
    GetPackage {
        service: Box<str>,
        which: Which,
        container: Box<str>,
        overwrite: bool,
    },
    Migrate {
        subject: Subject,
        commit: bool,
    },
    PutNetworkConfiguration(Box<NetworkConfiguration>),
    PutRoute {
        table: Box<str>,
        route: Route,
    },
    PutRule {
        group: Box<str>,
        name: Box<str>,
        rule: RuleSpec,
    },
    RegenerateKeys {
        name: Box<str>,
        primary: bool,
    },
    ReplicateImage {
        image: ImageName,
        locations: Vec<Box<str>>,
    },
    RollBack {
        service: Box<str>,
        which: Which,
        mode: UpdateMode,
    },
    RunDeployment {
        service: Box<str>,
        which: Which,
        running: bool,
    },
    RunRoles {
        service: Box<str>,
        deployment: Box<str>,
        roles: Vec<Box<str>>,
        act: RoleAct,
    },
    SetForwarding {
        place: RolePlace,
        nic: Option<Box<str>>,
        on: bool,
    },
    SetGateway(Box<SetGateway>),
    ShareImage {
        image: ImageName,
        permission: Permission,
    },
    Swap {
        service: Box<str>,
        production: Option<Box<str>>,
        source: Box<str>,
    },
    UnreplicateImage {
        image: ImageName,
    },
    UpdateAffinityGroup {
        name: Box<str>,
        group: UpdateAffinityGroup,
    },
    UpdateDataDisk {
        place: RolePlace,
        lun: u32,
        disk: UpdateDataDisk,
    },
    UpdateDeployment {
        service: Box<str>,
        which: Which,
        update: Box<UpdateDeployment>,
    },
    UpdateDisk {
        name: Box<str>,
        disk: UpdateDisk,
    },
    UpdateDnsServer {
        service: Box<str>,
        deployment: Box<str>,
        server: DnsServer,
    },
    UpdateHostedService {
        name: Box<str>,
        service: UpdateHostedService,
    },
    UpdateLoadBalancedEndpointSet {
        service: Box<str>,
        deployment: Box<str>,
        endpoints: Vec<InputEndpoint>,
    },
    UpdateLoadBalancer {
        service: Box<str>,
        deployment: Box<str>,
        name: Box<str>,
        balancer: LoadBalancerSpec,
    },
    UpdateOsImage {
        name: Box<str>,
        label: Box<str>,
        marketing: Box<ImageMarketing>,
    },
    UpdateRole {
        place: RolePlace,
        role: Box<RoleSpec>,
    },
    UpdateStorageService {
        name: Box<str>,
        service: UpdateStorageService,
    },
    UpdateVmImage {
        name: Box<str>,
        image: Box<UpdateVmImage>,
    },
    WalkUpgradeDomain {
        service: Box<str>,
        which: Which,
        domain: u32,
    },
}

/// The rule that answers a write.
pub(super) fn plan(cx: &Cx<'_>, asked: &Asked, act: &Act) -> Result<Step, CloudError> {
    macro_rules! at {
        ($place:expr) => {{
            let (service, deployment, role) = $place;
            (&**service, &**deployment, &**role)
        }};
    }
    let which = |service: &str, which: &Which| match which {
        Which::Named(name) => deployments::find_named(cx, asked.subscription, service, name),
        Which::In(slot) => deployments::find_slot(cx, asked.subscription, service, *slot),
    };
    match act {
        Act::AddDataDisk { place, disk } => data_disks::attach(cx, asked, at!(place), disk),
        Act::AddDisk(disk) => disks::add(cx, asked, disk),
        Act::AddDnsServer {
            service,
            deployment,
            server,
        } => deployments::dns_server(cx, asked, service, deployment, &server.name, Some(server), true),
        Act::AddExtension { service, extension } => service_extensions::add(cx, asked, service, extension),
        Act::AddLoadBalancer {
            service,
            deployment,
            balancer,
        } => load_balancers::add(cx, asked, service, deployment, balancer),
        Act::AddManagementCertificate(certificate) => management_certificates::add(cx, asked, certificate),
        Act::AddOsImage(image) => images::add_os(cx, asked, image),
        Act::AddRole {
            service,
            deployment,
            role,
        } => roles::add(cx, asked, service, deployment, role),
        Act::AddServiceCertificate { service, certificate } => {
            service_certificates::add(cx, asked, service, certificate)
        }
        Act::AddVirtualIp {
            service,
            deployment,
            name,
        } => virtual_ips::add(cx, asked, service, deployment, name),
        Act::AddVmImage(image) => images::add_vm(cx, asked, image),
        Act::AssociateReservedIp {
            name,
            service,
            deployment,
            on,
        } => reserved_ips::associate(cx, asked, name, service, deployment, *on),
        Act::BindRoleSecurityGroup { place, nic, group, on } => {
            network_security_groups::bind_role(cx, asked, at!(place), nic.as_deref(), group, *on)
        }
        Act::BindSubnetRouteTable {
            network,
            subnet,
            table: Some(table),
        } => route_tables::bind(cx, asked, network, subnet, table),
        Act::BindSubnetRouteTable {
            network,
            subnet,
            table: None,
        } => route_tables::free(cx, asked, network, subnet),
        Act::BindSubnetSecurityGroup {
            network,
            subnet,
            group,
            on: true,
        } => network_security_groups::bind_subnet(cx, asked, network, subnet, group),
        Act::BindSubnetSecurityGroup {
            network,
            subnet,
            group,
            on: false,
        } => network_security_groups::free_subnet(cx, asked, network, subnet, group),
        Act::ActOnInstance {
            service,
            which: own,
            instance,
            act,
        } => packages::act(cx, which(service, own)?, instance, *act),
        Act::CreateAffinityGroup(group) => affinity_groups::create(cx, asked, group),
        Act::CreateDeployment { service, deployment } => deployments::create(cx, asked, service, deployment),
        Act::CreateHostedService(service) => hosted_services::create(cx, asked, service),
        Act::CreateNetworkSecurityGroup { name, label, location } => {
            network_security_groups::create(cx, asked, name, label.as_deref(), location)
        }
        Act::CreatePackage { service, slot, package } => packages::create(cx, asked, service, *slot, package),
        Act::CreateReservedIp(reserved) => reserved_ips::create(cx, asked, reserved),
        Act::CreateRouteTable { name, label, location } => {
            route_tables::create(cx, asked, name, label.as_deref(), location)
        }
        Act::CreateStorageService(service) => storage_services::create(cx, asked, service),
        Act::DeleteAffinityGroup { name } => affinity_groups::delete(cx, asked, name),
        Act::DeleteDataDisk { place, lun, media } => data_disks::detach(cx, asked, at!(place), *lun, *media),
        Act::DeleteDeployment {
            service,
            which: own,
            media,
        } => deployments::delete(cx, which(service, own)?, *media),
        Act::DeleteDisk { name, media } => disks::delete(cx, asked, name, *media),
        Act::DeleteDnsServer {
            service,
            deployment,
            name,
        } => deployments::dns_server(cx, asked, service, deployment, name, None, false),
        Act::DeleteExtension { service, id } => service_extensions::delete(cx, asked, service, id),
        Act::DeleteGateway { network } => gateways::delete(cx, asked, network),
        Act::DeleteHostedService { name, media } => hosted_services::delete(cx, asked, name, *media),
        Act::DeleteInstances {
            service,
            which: own,
            names,
            configuration,
        } => packages::delete_instances(cx, which(service, own)?, names, configuration),
        Act::DeleteLoadBalancer {
            service,
            deployment,
            name,
        } => load_balancers::delete(cx, asked, service, deployment, name),
        Act::DeleteManagementCertificate { thumbprint } => management_certificates::delete(cx, asked, thumbprint),
        Act::DeleteNetworkSecurityGroup { name } => network_security_groups::delete(cx, asked, name),
        Act::DeleteOsImage { name, media } => images::delete_os(cx, asked, name, *media),
        Act::DeleteReservedIp { name } => reserved_ips::delete(cx, asked, name),
        Act::DeleteRole { place, media } => roles::delete(cx, asked, at!(place), *media),
        Act::DeleteRoute { table, name } => route_tables::delete_route(cx, asked, table, name),
        Act::DeleteRouteTable { name } => route_tables::delete(cx, asked, name),
        Act::DeleteRule { group, name } => network_security_groups::delete_rule(cx, asked, group, name),
        Act::DeleteServiceCertificate { service, thumbprint } => {
            service_certificates::delete(cx, asked, service, thumbprint)
        }
        Act::DeleteStorageService { name } => storage_services::delete(cx, asked, name),
        Act::DeleteVirtualIp {
            service,
            deployment,
            name,
        } => virtual_ips::delete(cx, asked, service, deployment, name),
        Act::DeleteVmImage { name, media } => images::delete_vm(cx, asked, name, *media),
        Act::GetPackage {
            service,
            which: own,
            container,
            overwrite,
        } => packages::get(cx, asked, which(service, own)?, container, *overwrite),
        Act::Migrate { subject, commit } => migration::step(cx, asked, subject, *commit),
        Act::PutNetworkConfiguration(document) => network_configuration::put(cx, asked, document),
        Act::PutRoute { table, route } => route_tables::put_route(cx, asked, table, route),
        Act::PutRule { group, name, rule } => network_security_groups::put_rule(cx, asked, group, name, rule),
        Act::RegenerateKeys { name, primary } => storage_services::regenerate(cx, asked, name, *primary),
        Act::ReplicateImage { image, locations } => images::replicate(cx, asked, image, locations),
        Act::RollBack {
            service,
            which: own,
            mode,
        } => updates::roll_back(cx, asked, which(service, own)?, *mode),
        Act::RunDeployment {
            service,
            which: own,
            running,
        } => packages::run(cx, which(service, own)?, *running),
        Act::RunRoles {
            service,
            deployment,
            roles,
            act,
        } => role_operations::act(cx, asked, service, deployment, roles, act),
        Act::SetForwarding { place, nic, on } => {
            network_security_groups::forwarding(cx, asked, at!(place), nic.as_deref(), *on)
        }
        Act::SetGateway(gateway) => gateways::set(cx, asked, gateway),
        Act::ShareImage { image, permission } => images::share(cx, asked, image, *permission),
        Act::Swap {
            service,
            production,
            source,
        } => deployments::swap(cx, asked, service, production.as_deref(), source),
        Act::UnreplicateImage { image } => images::unreplicate(cx, asked, image),
        Act::UpdateAffinityGroup { name, group } => affinity_groups::update(cx, asked, name, group),
        Act::UpdateDataDisk { place, lun, disk } => data_disks::update(cx, asked, at!(place), *lun, disk),
        Act::UpdateDeployment {
            service,
            which: own,
            update,
        } => updates::begin(cx, asked, which(service, own)?, update),
        Act::UpdateDisk { name, disk } => disks::update(cx, asked, name, disk),
        Act::UpdateDnsServer {
            service,
            deployment,
            server,
        } => deployments::dns_server(cx, asked, service, deployment, &server.name, Some(server), false),
        Act::UpdateHostedService { name, service } => hosted_services::update(cx, asked, name, service),
        Act::UpdateLoadBalancedEndpointSet {
            service,
            deployment,
            endpoints,
        } => endpoints::update_set(cx, asked, service, deployment, endpoints),
        Act::UpdateLoadBalancer {
            service,
            deployment,
            name,
            balancer,
        } => load_balancers::update(cx, asked, (service, deployment, name), balancer),
        Act::UpdateOsImage { name, label, marketing } => images::update_os(cx, asked, name, label, marketing),
        Act::UpdateRole { place, role } => roles::update(cx, asked, at!(place), role),
        Act::UpdateStorageService { name, service } => storage_services::update(cx, asked, name, service),
        Act::UpdateVmImage { name, image } => images::update_vm(cx, asked, name, image),
        Act::WalkUpgradeDomain {
            service,
            which: own,
            domain,
        } => updates::walk(cx, asked, which(service, own)?, *domain),
    }
}

impl Act {
    /// The operation's name in the history (SM 4.5).
    pub fn name(&self) -> &'static str {
        match self {
            Act::AddDataDisk { .. } => "AddDataDisk",
            Act::AddDisk(_) => "AddDisk",
            Act::AddDnsServer { .. } => "AddDnsServer",
            Act::AddExtension { .. } => "AddHostedServiceExtension",
            Act::AddLoadBalancer { .. } => "AddLoadBalancer",
            Act::AddManagementCertificate(_) => "AddSubscriptionCertificate",
            Act::AddOsImage(_) => "AddOSImage",
            Act::AddRole { .. } => "AddRole",
            Act::AddServiceCertificate { .. } => "AddCertificates",
            Act::AddVirtualIp { .. } => "AddVirtualIP",
            Act::AddVmImage(_) => "CreateVMImage",
            Act::AssociateReservedIp { on: true, .. } => "AssociateReservedIP",
            Act::AssociateReservedIp { .. } => "DisassociateReservedIP",
            Act::BindRoleSecurityGroup { on: true, .. } | Act::BindSubnetSecurityGroup { on: true, .. } => {
                "AddNetworkSecurityGroup"
            }
            Act::BindRoleSecurityGroup { .. } | Act::BindSubnetSecurityGroup { .. } => "RemoveNetworkSecurityGroup",
            Act::BindSubnetRouteTable { table: Some(_), .. } => "AddRouteTableToSubnet",
            Act::BindSubnetRouteTable { .. } => "RemoveRouteTableFromSubnet",
            Act::ActOnInstance { act, .. } => match act {
                InstanceAct::Reboot => "RebootRoleInstance",
                InstanceAct::Reimage => "ReimageRoleInstance",
                InstanceAct::Rebuild => "RebuildRoleInstance",
            },
            Act::CreateAffinityGroup(_) => "CreateAffinityGroup",
            Act::CreateDeployment { .. } | Act::CreatePackage { .. } => "CreateDeployment",
            Act::CreateHostedService(_) => "CreateHostedService",
            Act::CreateNetworkSecurityGroup { .. } => "CreateNetworkSecurityGroup",
            Act::CreateReservedIp(_) => "CreateReservedIP",
            Act::CreateRouteTable { .. } => "CreateRouteTable",
            Act::CreateStorageService(_) => "CreateStorageService",
            Act::DeleteAffinityGroup { .. } => "DeleteAffinityGroup",
            Act::DeleteDataDisk { .. } => "DeleteDataDisk",
            Act::DeleteDeployment { .. } => "DeleteDeployment",
            Act::DeleteDisk { .. } => "DeleteDisk",
            Act::DeleteDnsServer { .. } => "DeleteDnsServer",
            Act::DeleteExtension { .. } => "DeleteHostedServiceExtension",
            Act::DeleteGateway { .. } => "DeleteVirtualNetworkGateway",
            Act::DeleteHostedService { .. } => "DeleteHostedService",
            Act::DeleteInstances { .. } => "DeleteRoleInstances",
            Act::DeleteLoadBalancer { .. } => "DeleteLoadBalancer",
            Act::DeleteManagementCertificate { .. } => "RemoveSubscriptionCertificate",
            Act::DeleteNetworkSecurityGroup { .. } => "DeleteNetworkSecurityGroup",
            Act::DeleteOsImage { .. } => "DeleteOSImage",
            Act::DeleteReservedIp { .. } => "DeleteReservedIP",
            Act::DeleteRole { .. } => "DeleteRole",
            Act::DeleteRoute { .. } => "DeleteRoute",
            Act::DeleteRouteTable { .. } => "DeleteRouteTable",
            Act::DeleteRule { .. } => "DeleteNetworkSecurityRule",
            Act::DeleteServiceCertificate { .. } => "DeleteCertificate",
            Act::DeleteStorageService { .. } => "DeleteStorageService",
            Act::DeleteVirtualIp { .. } => "DeleteVirtualIP",
            Act::DeleteVmImage { .. } => "DeleteVMImage",
            Act::GetPackage { .. } => "GetPackage",
            Act::Migrate { .. } => "Migration",
            Act::PutNetworkConfiguration(_) => "SetNetworkConfiguration",
            Act::PutRoute { .. } => "SetRoute",
            Act::PutRule { .. } => "SetNetworkSecurityRule",
            Act::RegenerateKeys { .. } => "RegenerateStorageServiceKeys",
            Act::ReplicateImage { .. } => "ReplicateImage",
            Act::RollBack { .. } => "RollbackUpdateOrUpgrade",
            Act::RunDeployment { .. } => "UpdateDeploymentStatus",
            Act::RunRoles { act, .. } => match act {
                RoleAct::Start => "StartRole",
                RoleAct::Restart => "RestartRole",
                RoleAct::Shutdown(_) => "ShutdownRole",
                RoleAct::Redeploy => "RedeployRole",
                RoleAct::Capture(_) => "CaptureRole",
                RoleAct::PerformMaintenance => "PerformMaintenanceOnRole",
            },
            Act::SetForwarding { .. } => "SetIPForwarding",
            Act::SetGateway(_) => "CreateVirtualNetworkGateway",
            Act::ShareImage { .. } => "ShareImage",
            Act::Swap { .. } => "SwapDeployment",
            Act::UnreplicateImage { .. } => "UnreplicateImage",
            Act::UpdateAffinityGroup { .. } => "UpdateAffinityGroup",
            Act::UpdateDataDisk { .. } => "UpdateDataDisk",
            Act::UpdateDeployment { update, .. } => match update.upgrade {
                Some(_) => "UpgradeDeployment",
                None => "ChangeDeploymentConfiguration",
            },
            Act::UpdateDisk { .. } => "UpdateDisk",
            Act::UpdateDnsServer { .. } => "UpdateDnsServer",
            Act::UpdateHostedService { .. } => "UpdateHostedService",
            Act::UpdateLoadBalancedEndpointSet { .. } => "UpdateLoadBalancedEndpointSet",
            Act::UpdateLoadBalancer { .. } => "UpdateLoadBalancer",
            Act::UpdateOsImage { .. } => "UpdateOSImage",
            Act::UpdateRole { .. } => "UpdateRole",
            Act::UpdateStorageService { .. } => "UpdateStorageService",
            Act::UpdateVmImage { .. } => "UpdateVMImage",
            Act::WalkUpgradeDomain { .. } => "WalkUpgradeDomain",
        }
    }

    /// What the history says was asked: the names of the nouns. Assumed; the reference gives no list.
    pub(super) fn subject(&self) -> Vec<(&'static str, Box<str>)> {
        match self {
            Act::CreateHostedService(spec) => vec![("serviceName", spec.name.clone())],
            Act::UpdateHostedService { name, .. } | Act::DeleteHostedService { name, .. } => {
                vec![("serviceName", name.clone())]
            }
            Act::CreateAffinityGroup(spec) => vec![("affinityGroupName", spec.name.clone())],
            Act::UpdateAffinityGroup { name, .. } | Act::DeleteAffinityGroup { name } => {
                vec![("affinityGroupName", name.clone())]
            }
            Act::CreateStorageService(spec) => vec![("serviceName", spec.name.clone())],
            Act::UpdateStorageService { name, .. } | Act::DeleteStorageService { name } => {
                vec![("serviceName", name.clone())]
            }
            Act::CreateDeployment { service, deployment } => {
                vec![
                    ("serviceName", service.clone()),
                    ("deploymentName", deployment.name.clone()),
                ]
            }
            Act::AddRole {
                service,
                deployment,
                role,
            } => {
                let name = role.name.clone().unwrap_or_default();
                vec![
                    ("serviceName", service.clone()),
                    ("deploymentName", deployment.clone()),
                    ("roleName", name),
                ]
            }
            Act::UpdateRole {
                place: (service, deployment, role),
                ..
            }
            | Act::DeleteRole {
                place: (service, deployment, role),
                ..
            } => {
                vec![
                    ("serviceName", service.clone()),
                    ("deploymentName", deployment.clone()),
                    ("roleName", role.clone()),
                ]
            }
            Act::RunRoles {
                service,
                deployment,
                roles,
                ..
            } => {
                let names = roles.iter().map(|name| ("roleName", name.clone()));
                [("serviceName", service.clone()), ("deploymentName", deployment.clone())]
                    .into_iter()
                    .chain(names)
                    .collect()
            }
            _ => Vec::new(),
        }
    }
}
