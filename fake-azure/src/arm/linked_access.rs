//! What a caller needs of the resources that a document refers to: linked access (ARM 3.2).
//!
//! Who puts a network interface into a subnet writes the interface and joins the subnet, and needs a role for both. The actions are
//! those of the providers' operations (Microsoft Learn, role-based-access-control/permissions/networking and /compute, "Joins ...");
//! what was seen in a refusal names where.
//!
//! It refuses to know who may do what.

use serde_json::Value;

/// A part of a document that refers to another resource.
struct Link {
    /// The type of the document.
    kind: &'static str,
    /// Where the reference stands: `*` for every item of a list.
    path: &'static str,
    /// How it stands there.
    form: Form,
    /// The action that it takes.
    action: Action,
}

/// How a reference is written.
#[derive(Clone, Copy)]
enum Form {
    /// As an object with `id`.
    Object,
    /// As the id itself.
    Bare,
    /// As the name of a member.
    Name,
}

/// An action on what is referred to.
#[derive(Clone, Copy)]
enum Action {
    /// Always this one.
    Of(&'static str),
    /// The end of its name: what is before is the type referred to.
    OfType(&'static str),
}

const JOIN_SUBNET: Action = Action::Of("Microsoft.Network/virtualNetworks/subnets/join/action");
const JOIN_GROUP: Action = Action::Of("Microsoft.Network/networkSecurityGroups/join/action");
const JOIN_ADDRESS: Action = Action::Of("Microsoft.Network/publicIPAddresses/join/action");
const JOIN_PREFIX: Action = Action::Of("Microsoft.Network/publicIPPrefixes/join/action");
const JOIN_POOL: Action = Action::Of("Microsoft.Network/loadBalancers/backendAddressPools/join/action");
const JOIN_NAT_RULE: Action = Action::Of("Microsoft.Network/loadBalancers/inboundNatRules/join/action");
const JOIN_NAT_POOL: Action = Action::Of("Microsoft.Network/loadBalancers/inboundNatPools/join/action");
const JOIN_ROUTES: Action = Action::Of("Microsoft.Network/routeTables/join/action");
const JOIN_NAT_GATEWAY: Action = Action::Of("Microsoft.Network/natGateways/join/action");
const JOIN_INTERFACE: Action = Action::Of("Microsoft.Network/networkInterfaces/join/action");
const JOIN_ENDPOINT: Action = Action::Of("Microsoft.Network/virtualNetworks/subnets/joinViaServiceEndpoint/action");
const JOIN_DDOS_PLAN: Action = Action::Of("Microsoft.Network/ddosProtectionPlans/join/action");
const JOIN_APPLICATION: Action = Action::Of("Microsoft.Network/applicationSecurityGroups/joinIpConfiguration/action");
const JOIN_APPLICATION_RULE: Action =
    Action::Of("Microsoft.Network/applicationSecurityGroups/joinNetworkSecurityRule/action");
const PEER: Action = Action::Of("Microsoft.Network/virtualNetworks/peer/action");
const ASSIGN_IDENTITY: Action = Action::Of("Microsoft.ManagedIdentity/userAssignedIdentities/assign/action");
const ATTACH_DISK: Action = Action::Of("Microsoft.Compute/disks/write");
const READ: Action = Action::OfType("read");
const BEGIN_ACCESS: Action = Action::OfType("beginGetAccess/action");

const INTERFACES: &str = "Microsoft.Network/networkInterfaces";
const BALANCERS: &str = "Microsoft.Network/loadBalancers";
const NETWORKS: &str = "Microsoft.Network/virtualNetworks";
const SUBNETS: &str = "Microsoft.Network/virtualNetworks/subnets";
const GROUPS: &str = "Microsoft.Network/networkSecurityGroups";
const RULES: &str = "Microsoft.Network/networkSecurityGroups/securityRules";
const MACHINES: &str = "Microsoft.Compute/virtualMachines";
const SETS: &str = "Microsoft.Compute/virtualMachineScaleSets";

/// Where the interfaces of a scale set's machines stand.
macro_rules! of_interfaces {
    ($rest:literal) => {
        concat!(
            "properties/virtualMachineProfile/networkProfile/networkInterfaceConfigurations/*/",
            $rest
        )
    };
}
/// Rows by the type of the document; within it in the order in which refusals name them.
#[rustfmt::skip]
const LINKS: &[Link] = &[
    row(INTERFACES, "properties/ipConfigurations/*/properties/subnet", JOIN_SUBNET),
    row(INTERFACES, "properties/ipConfigurations/*/properties/publicIPAddress", JOIN_ADDRESS),
    // Seen: kubernetes-sigs/cloud-provider-azure issue 1999, of a machine of a scale set.
    row(INTERFACES, "properties/ipConfigurations/*/properties/loadBalancerBackendAddressPools/*", JOIN_POOL),
    row(INTERFACES, "properties/ipConfigurations/*/properties/loadBalancerInboundNatRules/*", JOIN_NAT_RULE),
    row(INTERFACES, "properties/ipConfigurations/*/properties/applicationSecurityGroups/*", JOIN_APPLICATION),
    row(INTERFACES, "properties/networkSecurityGroup", JOIN_GROUP),
    row(NETWORKS, "properties/subnets/*/properties/networkSecurityGroup", JOIN_GROUP),
    row(NETWORKS, "properties/subnets/*/properties/routeTable", JOIN_ROUTES),
    row(NETWORKS, "properties/subnets/*/properties/natGateway", JOIN_NAT_GATEWAY),
    row(NETWORKS, "properties/ddosProtectionPlan", JOIN_DDOS_PLAN),
    row(SUBNETS, "properties/networkSecurityGroup", JOIN_GROUP),
    // Seen: microsoft/planetary-computer-hub pull request 25.
    row(SUBNETS, "properties/routeTable", JOIN_ROUTES),
    row(SUBNETS, "properties/natGateway", JOIN_NAT_GATEWAY),
    row("Microsoft.Network/virtualNetworks/virtualNetworkPeerings", "properties/remoteVirtualNetwork", PEER),
    row(BALANCERS, "properties/frontendIPConfigurations/*/properties/subnet", JOIN_SUBNET),
    row(BALANCERS, "properties/frontendIPConfigurations/*/properties/publicIPAddress", JOIN_ADDRESS),
    row(BALANCERS, "properties/frontendIPConfigurations/*/properties/publicIPPrefix", JOIN_PREFIX),
    row("Microsoft.Network/publicIPAddresses", "properties/publicIPPrefix", JOIN_PREFIX),
    row(GROUPS, "properties/securityRules/*/properties/sourceApplicationSecurityGroups/*", JOIN_APPLICATION_RULE),
    row(GROUPS, "properties/securityRules/*/properties/destinationApplicationSecurityGroups/*", JOIN_APPLICATION_RULE),
    row(RULES, "properties/sourceApplicationSecurityGroups/*", JOIN_APPLICATION_RULE),
    row(RULES, "properties/destinationApplicationSecurityGroups/*", JOIN_APPLICATION_RULE),
    row(MACHINES, "properties/networkProfile/networkInterfaces/*", JOIN_INTERFACE),
    // Assumed: the built-in roles that make machines in a set may at least read it.
    row(MACHINES, "properties/availabilitySet", READ),
    // Seen of images and of versions in galleries: usri/deploy_DevOps_Server_AzureSQL issue 1, Azure/azure-cli issue 15058.
    row(MACHINES, "properties/storageProfile/imageReference", READ),
    // Assumed: `Virtual Machine Contributor` has it for no other reason.
    row(MACHINES, "properties/storageProfile/osDisk/managedDisk", ATTACH_DISK),
    row(MACHINES, "properties/storageProfile/dataDisks/*/managedDisk", ATTACH_DISK),
    row(MACHINES, "properties/storageProfile/osDisk/managedDisk/diskEncryptionSet", READ),
    row(MACHINES, "properties/storageProfile/dataDisks/*/managedDisk/diskEncryptionSet", READ),
    // Seen: Azure/aad-pod-identity issues 339 and 613.
    name(MACHINES, "identity/userAssignedIdentities", ASSIGN_IDENTITY),
    name(SETS, "identity/userAssignedIdentities", ASSIGN_IDENTITY),
    row(SETS, of_interfaces!("properties/networkSecurityGroup"), JOIN_GROUP),
    row(SETS, of_interfaces!("properties/ipConfigurations/*/properties/subnet"), JOIN_SUBNET),
    row(SETS, of_interfaces!("properties/ipConfigurations/*/properties/loadBalancerBackendAddressPools/*"), JOIN_POOL),
    row(SETS, of_interfaces!("properties/ipConfigurations/*/properties/loadBalancerInboundNatPools/*"), JOIN_NAT_POOL),
    row(SETS, "properties/virtualMachineProfile/storageProfile/imageReference", READ),
    // Seen: kubernetes-sigs/azuredisk-csi-driver issue 2609.
    bare("Microsoft.Compute/disks", "properties/encryption/diskEncryptionSetId", READ),
    // Seen of a disk and its snapshot: Azure/OpenShift issue 186.
    bare("Microsoft.Compute/disks", "properties/creationData/sourceResourceId", BEGIN_ACCESS),
    bare("Microsoft.Compute/snapshots", "properties/creationData/sourceResourceId", BEGIN_ACCESS),
    // Assumed.
    row("Microsoft.Compute/images", "properties/sourceVirtualMachine", READ),
    bare("Microsoft.Storage/storageAccounts", "properties/networkAcls/virtualNetworkRules/*/id", JOIN_ENDPOINT),
];

const fn row(kind: &'static str, path: &'static str, action: Action) -> Link {
    Link {
        kind,
        path,
        form: Form::Object,
        action,
    }
}

const fn bare(kind: &'static str, path: &'static str, action: Action) -> Link {
    Link {
        form: Form::Bare,
        ..row(kind, path, action)
    }
}

const fn name(kind: &'static str, path: &'static str, action: Action) -> Link {
    Link {
        form: Form::Name,
        ..row(kind, path, action)
    }
}

/// What a document of a type asks of others: actions with their scopes, each once, in the order of the document.
pub(super) fn linked(kind: &str, document: &Value) -> Vec<(String, String)> {
    let mut found: Vec<(String, String)> = Vec::new();
    for link in LINKS.iter().filter(|link| link.kind.eq_ignore_ascii_case(kind)) {
        let steps: Vec<&str> = link.path.split('/').collect();
        for part in parts(document, &steps) {
            let ids: Vec<&str> = match link.form {
                Form::Object => part.get("id").and_then(Value::as_str).into_iter().collect(),
                Form::Bare => part.as_str().into_iter().collect(),
                Form::Name => part
                    .as_object()
                    .into_iter()
                    .flatten()
                    .map(|(id, _)| id.as_str())
                    .collect(),
            };
            // What is no id of a resource is the provider's to refuse.
            for id in ids.into_iter().filter(|id| id.starts_with("/subscriptions/")) {
                let pair = (link.action.name(id), id.to_owned());
                if !found.contains(&pair) {
                    found.push(pair);
                }
            }
        }
    }
    found
}

impl Action {
    fn name(self, id: &str) -> String {
        match self {
            Action::Of(name) => name.to_owned(),
            Action::OfType(end) => format!("{}/{end}", type_of(id)),
        }
    }
}

/// `Microsoft.Compute/galleries/images/versions`
fn type_of(id: &str) -> String {
    let words: Vec<&str> = id.split('/').filter(|word| !word.is_empty()).collect();
    let at = words.iter().rposition(|word| word.eq_ignore_ascii_case("providers"));
    let tail = at.map_or(&[][..], |at| &words[at + 1..]);
    let Some((namespace, pairs)) = tail.split_first() else {
        return String::new();
    };
    let types = pairs.iter().step_by(2).copied();
    std::iter::once(*namespace).chain(types).collect::<Vec<_>>().join("/")
}

fn parts<'v>(document: &'v Value, steps: &[&str]) -> Vec<&'v Value> {
    let Some((step, rest)) = steps.split_first() else {
        return vec![document];
    };
    match (*step, document) {
        ("*", Value::Array(items)) => items.iter().flat_map(|item| parts(item, rest)).collect(),
        // Members are found as Azure finds them: without regard to case.
        (name, Value::Object(members)) => members
            .iter()
            .filter(|(own, _)| own.eq_ignore_ascii_case(name))
            .flat_map(|(_, member)| parts(member, rest))
            .collect(),
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};
    use serde_json::json;

    use super::*;

    fn check(kind: &str, document: &Value, expected: Expect) {
        let rows: Vec<String> = linked(kind, document)
            .into_iter()
            .map(|(action, scope)| format!("{action} over {scope}\n"))
            .collect();
        expected.assert_eq(&rows.concat());
    }

    #[test]
    fn an_interface_joins_what_it_hangs_on() {
        let id = |rest: &str| json!({ "id": format!("/subscriptions/s/resourceGroups/g/providers/{rest}") });
        let configuration = json!({"properties": {
            "subnet": id("Microsoft.Network/virtualNetworks/v/subnets/a"),
            "publicIPAddress": id("Microsoft.Network/publicIPAddresses/p"),
            "loadBalancerBackendAddressPools": [id("Microsoft.Network/loadBalancers/l/backendAddressPools/b")]}});
        let document = json!({"properties": {
            "ipConfigurations": [configuration, configuration],
            "networkSecurityGroup": id("Microsoft.Network/networkSecurityGroups/n")}});
        check(
            "microsoft.network/NetworkInterfaces",
            &document,
            expect![[r#"
                Microsoft.Network/virtualNetworks/subnets/join/action over /subscriptions/s/resourceGroups/g/providers/Microsoft.Network/virtualNetworks/v/subnets/a
                Microsoft.Network/publicIPAddresses/join/action over /subscriptions/s/resourceGroups/g/providers/Microsoft.Network/publicIPAddresses/p
                Microsoft.Network/loadBalancers/backendAddressPools/join/action over /subscriptions/s/resourceGroups/g/providers/Microsoft.Network/loadBalancers/l/backendAddressPools/b
                Microsoft.Network/networkSecurityGroups/join/action over /subscriptions/s/resourceGroups/g/providers/Microsoft.Network/networkSecurityGroups/n
            "#]],
        );
    }

    #[test]
    fn a_machine_reads_its_image_by_the_type_of_it_and_assigns_its_identities() {
        let of = |rest: &str| format!("/subscriptions/s/resourceGroups/g/providers/{rest}");
        let identity = of("Microsoft.ManagedIdentity/userAssignedIdentities/i");
        let document = json!({
            "identity": {"userAssignedIdentities": {identity: {}}},
            "properties": {"storageProfile": {
                "imageReference": {"id": of("Microsoft.Compute/galleries/g/images/i/versions/1.0.0")},
                "osDisk": {"managedDisk": {"storageAccountType": "Standard_LRS"}},
                "dataDisks": [{"managedDisk": {"id": of("Microsoft.Compute/disks/d")}}]}}});
        check(
            MACHINES,
            &document,
            expect![[r#"
                Microsoft.Compute/galleries/images/versions/read over /subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/galleries/g/images/i/versions/1.0.0
                Microsoft.Compute/disks/write over /subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/disks/d
                Microsoft.ManagedIdentity/userAssignedIdentities/assign/action over /subscriptions/s/resourceGroups/g/providers/Microsoft.ManagedIdentity/userAssignedIdentities/i
            "#]],
        );
    }

    #[test]
    fn what_is_no_id_asks_for_nothing() {
        let document = json!({"properties": {"networkSecurityGroup": {"id": "mine"}, "ipConfigurations": "none"}});
        check(INTERFACES, &document, expect![[""]]);
    }
}
