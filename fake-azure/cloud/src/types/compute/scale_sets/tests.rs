//! Stories of scale sets.

use expect_test::expect;
use serde_json::{Value, json};

use crate::document::merge;
use crate::types::compute::testing::check;

const NETWORK: &str =
    "/subscriptions/0b1f6471-1bf0-4dda-aec3-cb9272f09590/resourceGroups/rg/providers/Microsoft.Network";

/// `{name} capacity` and what differs from a usual set.
fn set(capacity: u64, differing: &Value) -> String {
    let mut document = json!({
        "sku": { "name": "Standard_D1_v2", "tier": "Standard", "capacity": capacity },
        "properties": {
            "overprovision": false,
            "upgradePolicy": { "mode": "Manual" },
            "virtualMachineProfile": {
                "osProfile": { "computerNamePrefix": "web", "adminUsername": "juju", "adminPassword": "Secret-1234" },
                "storageProfile": {
                    "imageReference": { "publisher": "Canonical", "offer": "UbuntuServer", "sku": "16.04.0-LTS", "version": "latest" },
                    "osDisk": { "createOption": "FromImage" },
                },
                "networkProfile": { "networkInterfaceConfigurations": [{
                    "name": "eth",
                    "properties": {
                        "primary": true,
                        "ipConfigurations": [{
                            "name": "ip",
                            "properties": { "subnet": { "id": format!("{NETWORK}/virtualNetworks/net/subnets/s") } },
                        }],
                    },
                }] },
            },
        },
    });
    merge(&mut document, differing);
    document.to_string()
}

/// A model whose machines are behind a balancer, each with a public address.
fn behind_balancer() -> Value {
    let balancer = format!("{NETWORK}/loadBalancers/l");
    json!({ "properties": { "virtualMachineProfile": { "networkProfile": { "networkInterfaceConfigurations": [{
        "name": "eth",
        "properties": {
            "primary": true,
            "ipConfigurations": [{
                "name": "ip",
                "properties": {
                    "subnet": { "id": format!("{NETWORK}/virtualNetworks/net/subnets/s") },
                    "loadBalancerBackendAddressPools": [{ "id": format!("{balancer}/backendAddressPools/p") }],
                    "loadBalancerInboundNatPools": [{ "id": format!("{balancer}/inboundNatPools/n") }],
                    "publicIPAddressConfiguration": { "name": "pub", "properties": { "idleTimeoutInMinutes": 10 } },
                },
            }],
        },
    }] } } } })
}

fn balancer() -> String {
    let own = format!("{NETWORK}/loadBalancers/l");
    json!({ "properties": {
        "frontendIPConfigurations": [{ "name": "f", "properties": { "subnet": { "id": format!("{NETWORK}/virtualNetworks/net/subnets/t") } } }],
        "backendAddressPools": [{ "name": "p" }],
        "inboundNatPools": [{ "name": "n", "properties": {
            "frontendIPConfiguration": { "id": format!("{own}/frontendIPConfigurations/f") },
            "protocol": "Tcp", "frontendPortRangeStart": 5000, "frontendPortRangeEnd": 5001, "backendPort": 22,
        } }],
    } })
    .to_string()
}

#[test]
fn a_set_makes_more_machines_than_it_keeps_and_uses_no_id_twice() {
    let more = set(2, &json!({ "properties": { "overprovision": true } }));
    check(
        &format!(
            r#"
            put scale s {more}
            get scale s /sku
            get instance s/1 /properties/provisioningState
            used cores
            wait
            get scale s /properties/provisioningState
            power s/0
            power s/1
            power s/2
            power s/3
            used cores
            used virtualMachineScaleSets
            get instance s/2 /properties/osProfile/computerName
            patch scale s {{"sku": {{"capacity": 3}}}}
            wait
            power s/4
            power s/5
            patch scale s {{"sku": {{"capacity": 1}}}}
            get instance s/2 /properties/provisioningState
            wait
            power s/0
            power s/2
            power s/4
            used cores
            delete scale s
            wait
            used cores
            used virtualMachineScaleSets
            "#
        ),
        expect![[r#"
            ok ~
            {"name":"Standard_D1_v2","tier":"Standard","capacity":2}
            "Creating"
            4
            -
            "Succeeded"
            running
            no machine
            running
            no machine
            2
            1
            "web000002"
            ok ~
            -
            running
            no machine
            ok ~
            "Deleting"
            -
            running
            no machine
            no machine
            1
            ok ~
            -
            0
            0
        "#]],
    );
}

#[test]
fn the_power_of_all_machines_or_of_some() {
    let usual = set(2, &json!({}));
    check(
        &format!(
            r#"
            put scale s {usual}
            act scale s powerOff
            wait
            act scale s powerOff {{"instanceIds": ["1"]}}
            patch scale s {{"tags": {{"a": "b"}}}}
            delete instance s/0
            wait
            power s/0
            power s/1
            act scale s deallocate
            wait
            power s/0
            used cores
            act scale s start {{"instanceIds": ["0", "999"]}}
            act scale s manualupgrade {{"instanceIds": ["999"]}}
            act scale s start
            wait
            power s/0
            power s/1
            used cores
            act instance s/1 restart
            wait
            act instance s/1 powerOff
            wait
            power s/1
            act instance s/1 simulateEviction
            act instance s/7 start
            act instance s/x start
            act scale s delete {{"instanceIds": ["1"]}}
            get scale s /sku/capacity
            get instance s/1 /properties/provisioningState
            wait
            power s/1
            delete instance s/0
            wait
            get scale s /sku/capacity
            used cores
            put instance s/0 {{"sku": {{"name": "Standard_D1_v2"}}}}
            "#
        ),
        expect![[r#"
            ok ~
            Conflict: The request failed due to conflict with a concurrent request. To resolve it, please refer to https://aka.ms/ac
            -
            ok ~
            Conflict: The request failed due to conflict with a concurrent request. To resolve it, please refer to https://aka.ms/ac
            Conflict: The request failed due to conflict with a concurrent request. To resolve it, please refer to https://aka.ms/ac
            -
            running
            stopped
            ok ~
            -
            deallocated
            0
            InvalidParameter (instanceIds): The provided instanceId 999 is not an active Virtual Machine Scale Set VM instanceId.
            InvalidParameter (upgradePolicies.instanceIds): The provided instanceId 999 is not an active Virtual Machine Scale Set VM instanceId.
            ok ~
            -
            running
            running
            2
            ok ~
            -
            ok ~
            -
            stopped
            OperationNotAllowed: Operation 'simulateEviction' is not allowed on VM '1' since it is not a Spot VM.
            InvalidParameter (instanceIds): The provided instanceId 7 is not an active Virtual Machine Scale Set VM instanceId.
            InvalidParameter (instanceId): Virtual Machine Scale Set VM instanceId must be a number.
            ok ~
            1
            "Deleting"
            -
            no machine
            ok ~
            -
            0
            0
            InvalidParameter (instanceIds): The provided instanceId 0 is not an active Virtual Machine Scale Set VM instanceId.
        "#]],
    );
}

#[test]
fn machines_are_behind_the_balancer_of_their_model() {
    cov_mark::check!(scale_set_holds_balancer);
    let balancer = balancer();
    let (two, three) = (set(2, &behind_balancer()), set(3, &behind_balancer()));
    check(
        &format!(
            r#"
            put lb l {balancer}
            wait
            put scale s {three}
            put scale s {two}
            wait
            get lb l /properties/backendAddressPools/0/properties/backendIPConfigurations
            get lb l /properties/inboundNatRules/1/properties
            get inic s/1/eth /properties
            get net net /properties/subnets/0/properties/ipConfigurations
            act scale s deallocate
            wait
            get inic s/1/eth /properties/ipConfigurations/0/properties/privateIPAddress
            delete lb l
            delete net net
            delete scale s
            wait
            get lb l /properties/inboundNatRules
            delete lb l
            wait
            delete net net
            "#
        ),
        expect![[r#"
            ok ~
            -
            LoadBalancerInboundNatPoolFrontendPortRangeSmallerThanRequestedPorts
            ok ~
            -
            [{"id":"/providers/Microsoft.Compute/virtualMachineScaleSets/s/virtualMachines/0/networkInterfaces/eth/ipConfigurations/ip"},{"id":"/providers/Microsoft.Compute/virtualMachineScaleSets/s/virtualMachines/1/networkInterfaces/eth/ipConfigurations/ip"}]
            {"frontendIPConfiguration":{"id":"/providers/Microsoft.Network/loadBalancers/l/frontendIPConfigurations/f"},"frontendPort":5001,"backendPort":22,"protocol":"Tcp","enableFloatingIP":false,"idleTimeoutInMinutes":4,"enableDestinationServiceEndpoint":false,"enableTcpReset":false,"allowBackendPortConflict":false,"provisioningState":"Succeeded","backendIPConfiguration":{"id":"/providers/Microsoft.Compute/virtualMachineScaleSets/s/virtualMachines/1/networkInterfaces/eth/ipConfigurations/ip"}}
            {"primary":true,"dnsSettings":{"dnsServers":[],"appliedDnsServers":[],"internalDomainNameSuffix":"gr5tzhpun05xjeojxre4foq3ze.fx.internal.cloudapp.net"},"enableAcceleratedNetworking":false,"enableIPForwarding":false,"hostedWorkloads":[],"tapConfigurations":[],"ipConfigurations":[{"name":"ip","id":"/providers/Microsoft.Compute/virtualMachineScaleSets/s/virtualMachines/1/networkInterfaces/eth/ipConfigurations/ip","etag":"W/\"7cff484c-5574-46c5-9016-cfd696363baf\"","properties":{"subnet":{"id":"/providers/Microsoft.Network/virtualNetworks/net/subnets/s"},"loadBalancerBackendAddressPools":[{"id":"/providers/Microsoft.Network/loadBalancers/l/backendAddressPools/p"}],"loadBalancerInboundNatRules":[{"id":"/providers/Microsoft.Network/loadBalancers/l/inboundNatRules/n.1"}],"privateIPAllocationMethod":"Dynamic","privateIPAddressVersion":"IPv4","primary":true,"provisioningState":"Succeeded","privateIPAddress":"10.0.0.5","publicIPAddress":{"id":"/providers/Microsoft.Compute/virtualMachineScaleSets/s/virtualMachines/1/networkInterfaces/eth/ipConfigurations/ip/publicIPAddresses/pub"}}}],"provisioningState":"Succeeded","resourceGuid":"d065b992-2672-4458-891f-9061e8c5bb29","macAddress":"00-0D-3A-C5-BB-29","virtualMachine":{"id":"/providers/Microsoft.Compute/virtualMachineScaleSets/s/virtualMachines/1"}}
            [{"id":"/providers/Microsoft.Compute/virtualMachineScaleSets/s/virtualMachines/0/networkInterfaces/eth/ipConfigurations/ip"},{"id":"/providers/Microsoft.Compute/virtualMachineScaleSets/s/virtualMachines/1/networkInterfaces/eth/ipConfigurations/ip"}]
            ok ~
            -
            "10.0.0.5"
            LoadBalancerInUseByVirtualMachineScaleSet
            InUseSubnetCannotBeDeleted
            ok ~
            -
            []
            ok ~
            -
            ok ~
        "#]],
    );
}

#[test]
fn a_new_model_reaches_machines_by_policy() {
    let manual = set(2, &json!({}));
    check(
        &format!(
            r#"
            put scale s {manual}
            wait
            patch scale s {{"sku": {{"name": "Standard_D2_v2", "capacity": 3}}}}
            wait
            get instance s/0 /properties/latestModelApplied
            get instance s/2 /properties/latestModelApplied
            used cores
            act scale s manualupgrade {{"instanceIds": ["0"]}}
            wait
            get instance s/0 /properties/latestModelApplied
            get instance s/1 /properties/latestModelApplied
            used cores
            patch scale s {{"properties": {{"upgradePolicy": {{"mode": "Automatic"}}}}}}
            wait
            patch scale s {{"properties": {{"virtualMachineProfile": {{"storageProfile": {{"dataDisks": [{{"lun": 0, "createOption": "Empty", "diskSizeGB": 10}}]}}}}}}}}
            wait
            get instance s/1 /properties/latestModelApplied
            get instance s/1 /properties/storageProfile/dataDisks/0/diskSizeGB
            get instance s/1 /sku
            "#
        ),
        expect![[r#"
            ok ~
            -
            ok ~
            -
            false
            true
            4
            ok ~
            -
            true
            false
            5
            ok ~
            -
            ok ~
            -
            true
            10
            {"name":"Standard_D2_v2","tier":"Standard"}
        "#]],
    );
}

#[test]
fn a_machine_can_be_written_and_keeps_what_is_its_own() {
    let usual = set(1, &json!({}));
    let disk = format!("{}/disks/d", NETWORK.replace("Microsoft.Network", "Microsoft.Compute"));
    check(
        &format!(
            r#"
            put disk d {{"sku": {{"name": "Standard_LRS"}}, "properties": {{"creationData": {{"createOption": "Empty"}}, "diskSizeGB": 10}}}}
            put scale s {usual}
            wait
            patch instance s/0 {{"properties": {{"storageProfile": {{"dataDisks": [{{"lun": 3, "createOption": "Attach", "managedDisk": {{"id": "{disk}"}}}}]}}}}}}
            wait
            get instance s/0 /properties/storageProfile/dataDisks/0/name
            get disk d /managedBy
            delete disk d
            delete scale s
            wait
            exists disk d
            get disk d /properties/diskState
            "#
        ),
        expect![[r#"
            ok ~
            ok ~
            -
            ok ~
            -
            "d"
            "/providers/Microsoft.Compute/virtualMachineScaleSets/s/virtualMachines/0"
            OperationNotAllowed: Disk d is attached to VM /providers/Microsoft.Compute/virtualMachineScaleSets/s/virtualMachines/0.
            ok ~
            -
            true
            "Unattached"
        "#]],
    );
}

#[test]
fn what_cannot_be_is_refused_and_nothing_is_left() {
    let many = set(101, &json!({}));
    let four = set(4, &json!({}));
    let unsized_set = set(1, &json!({ "sku": { "name": "Standard_Z9" } }));
    let no_image = set(
        1,
        &json!({ "properties": { "virtualMachineProfile": { "storageProfile": { "imageReference": { "sku": "99.99" } } } } }),
    );
    let weak = set(
        1,
        &json!({ "properties": { "virtualMachineProfile": { "osProfile": { "adminPassword": "a" } } } }),
    );
    let bare = set(
        1,
        &json!({ "properties": { "virtualMachineProfile": { "networkProfile": null } } }),
    );
    let flexible = set(1, &json!({ "properties": { "orchestrationMode": "Flexible" } }));
    check(
        &format!(
            r#"
            put scale s {many}
            put scale s {unsized_set}
            put scale s {no_image}
            put scale s {weak}
            put scale s {bare}
            put scale s {flexible}
            limit cores 3
            put scale s {four}
            used cores
            exists scale s
            "#
        ),
        expect![[r#"
            InvalidParameter (sku.capacity): The value of parameter sku.capacity is out of range. Value '101' must be between '0' and '100' inclusive.
            InvalidParameter (vmSize): The value Standard_Z9 provided for the VM size is not valid. The valid sizes in the current region are: Standa
            PlatformImageNotFound (imageReference)
            InvalidParameter (adminPassword): The supplied password must be between 6-72 characters long and must satisfy at least 3 of password complexity
            InvalidParameter (networkProfile): Required parameter 'networkProfile' is missing (null).
            InvalidParameter (orchestrationMode): The value of parameter orchestrationMode is invalid.
            -
            OperationNotAllowed: Operation could not be completed as it results in exceeding approved Total Regional Cores quota. Additional de
            0
            false
        "#]],
    );
}

#[test]
fn spot_machines_are_evicted_and_secrets_stay_hidden() {
    let spot = set(
        1,
        &json!({ "identity": { "type": "SystemAssigned" }, "zones": ["1", "2"], "properties": { "virtualMachineProfile": {
            "priority": "Spot", "evictionPolicy": "Delete",
            "extensionProfile": { "extensions": [{ "name": "script", "properties": {
                "publisher": "Microsoft.OSTCExtensions", "type": "CustomScriptForLinux", "typeHandlerVersion": "1.4",
                "settings": {}, "protectedSettings": { "commandToExecute": "true" } } }] },
        } } }),
    );
    check(
        &format!(
            r#"
            put scale s {spot}
            wait
            whole scale s
            whole instance s/0
            get scale s *instanceView
            get scale s */properties/instanceView
            get instance s/0 */properties/instanceView/statuses/1
            used lowPriorityCores
            act instance s/0 simulateEviction
            exists instance s/0
            get scale s /sku/capacity
            used lowPriorityCores
            "#
        ),
        expect![[r#"
            ok ~
            -
            {"name":"s","id":"/subscriptions/0b1f6471-1bf0-4dda-aec3-cb9272f09590/resourceGroups/rg/providers/Microsoft.Compute/virtualMachineScaleSets/s","type":"Microsoft.Compute/virtualMachineScaleSets","location":"westus","zones":["1","2"],"identity":{"type":"SystemAssigned","principalId":"0050dd3a-f1f7-4654-8a76-c7ea77bf667d"},"sku":{"name":"Standard_D1_v2","tier":"Standard","capacity":1},"properties":{"singlePlacementGroup":false,"upgradePolicy":{"mode":"Manual"},"virtualMachineProfile":{"osProfile":{"computerNamePrefix":"web","adminUsername":"juju","linuxConfiguration":{"disablePasswordAuthentication":false,"provisionVMAgent":true},"secrets":[],"allowExtensionOperations":true,"requireGuestProvisionSignal":true},"storageProfile":{"osDisk":{"createOption":"FromImage","caching":"None","managedDisk":{"storageAccountType":"Standard_LRS"}},"imageReference":{"publisher":"Canonical","offer":"UbuntuServer","sku":"16.04.0-LTS","version":"latest"}},"networkProfile":{"networkInterfaceConfigurations":[{"name":"eth","properties":{"primary":true,"ipConfigurations":[{"name":"ip","properties":{"subnet":{"id":"/subscriptions/0b1f6471-1bf0-4dda-aec3-cb9272f09590/resourceGroups/rg/providers/Microsoft.Network/virtualNetworks/net/subnets/s"},"privateIPAddressVersion":"IPv4"}}],"enableAcceleratedNetworking":false,"dnsSettings":{"dnsServers":[]},"enableIPForwarding":false}}]},"extensionProfile":{"extensions":[{"name":"script","properties":{"publisher":"Microsoft.OSTCExtensions","type":"CustomScriptForLinux","typeHandlerVersion":"1.4","settings":{}}}]},"priority":"Spot","evictionPolicy":"Delete"},"provisioningState":"Succeeded","overprovision":false,"doNotRunExtensionsOnOverprovisionedVMs":false,"uniqueId":"361f00f9-b3bb-48a5-a51b-2504b89e2eb2","zoneBalance":false,"platformFaultDomainCount":1}}
            {"name":"s_0","id":"/subscriptions/0b1f6471-1bf0-4dda-aec3-cb9272f09590/resourceGroups/rg/providers/Microsoft.Compute/virtualMachineScaleSets/s/virtualMachines/0","type":"Microsoft.Compute/virtualMachineScaleSets/virtualMachines","location":"westus","zones":["1"],"instanceId":"0","sku":{"name":"Standard_D1_v2","tier":"Standard"},"properties":{"latestModelApplied":true,"modelDefinitionApplied":"VirtualMachineScaleSet","networkProfileConfiguration":{"networkInterfaceConfigurations":[{"name":"eth","properties":{"primary":true,"ipConfigurations":[{"name":"ip","properties":{"subnet":{"id":"/subscriptions/0b1f6471-1bf0-4dda-aec3-cb9272f09590/resourceGroups/rg/providers/Microsoft.Network/virtualNetworks/net/subnets/s"},"privateIPAddressVersion":"IPv4"}}],"enableAcceleratedNetworking":false,"dnsSettings":{"dnsServers":[]},"enableIPForwarding":false}}]},"vmId":"8e473761-b939-412f-93a9-dd93d79dc2d3","hardwareProfile":{},"storageProfile":{"imageReference":{"publisher":"Canonical","offer":"UbuntuServer","sku":"16.04.0-LTS","version":"latest","exactVersion":"16.04.202104290"},"osDisk":{"osType":"Linux","name":"s_s_0_OsDisk_1_b2ac0409c2cb488f89ddc96fdda18744","createOption":"FromImage","caching":"None","managedDisk":{"storageAccountType":"Standard_LRS","id":"/subscriptions/0b1f6471-1bf0-4dda-aec3-cb9272f09590/resourceGroups/rg/providers/Microsoft.Compute/disks/s_s_0_OsDisk_1_b2ac0409c2cb488f89ddc96fdda18744"},"diskSizeGB":30},"dataDisks":[]},"osProfile":{"computerName":"web000000","adminUsername":"juju","linuxConfiguration":{"disablePasswordAuthentication":false,"provisionVMAgent":true},"secrets":[],"allowExtensionOperations":true,"requireGuestProvisionSignal":true},"networkProfile":{"networkInterfaces":[{"id":"/subscriptions/0b1f6471-1bf0-4dda-aec3-cb9272f09590/resourceGroups/rg/providers/Microsoft.Compute/virtualMachineScaleSets/s/virtualMachines/0/networkInterfaces/eth"}]},"provisioningState":"Succeeded","priority":"Spot","evictionPolicy":"Delete"},"resources":[{"name":"script","id":"/subscriptions/0b1f6471-1bf0-4dda-aec3-cb9272f09590/resourceGroups/rg/providers/Microsoft.Compute/virtualMachines/s_0/extensions/script","type":"Microsoft.Compute/virtualMachines/extensions","location":"westus","properties":{"publisher":"Microsoft.OSTCExtensions","type":"CustomScriptForLinux","typeHandlerVersion":"1.4","settings":{},"provisioningState":"Succeeded"}}]}
            none
            {"virtualMachine":{"statusesSummary":[{"code":"ProvisioningState/succeeded","count":1}]},"extensions":[{"name":"script","statusesSummary":[{"code":"ProvisioningState/succeeded","count":1}]}],"statuses":[{"code":"ProvisioningState/succeeded","level":"Info","displayStatus":"Provisioning succeeded","time":"2016-04-01T00:00:02.9950000+00:00"}]}
            {"code":"PowerState/running","level":"Info","displayStatus":"VM running"}
            1
            ok
            false
            0
            0
        "#]],
    );
}
