//! The refusals of scale sets and their machines.

use crate::forms::forms;

forms! {
    // tidy: sorted
    CAPACITY: Invalid, Compute, "InvalidParameter", "The value of parameter sku.capacity is out of range. Value '{count}' must be between '0' and '{max}' inclusive.", "assumed (ARM 4.3)", "ask for fewer machines";
    INSTANCE_BEING_DELETED: Conflict, Compute, "OperationNotAllowed", "Operation '{operation}' is not allowed on Virtual Machine Scale Set '{set}' since it is marked for deletion.", "assumed: as machines (ARM 2.6)", "wait until the scale set is gone";
    NAT_POOL_FULL: Capacity, Network, "LoadBalancerInboundNatPoolFrontendPortRangeSmallerThanRequestedPorts", "Frontend port range in inbound NAT pool {pool} is smaller than the number of requested ports.", "assumed (form)", "give the pool a wider range of ports";
    NOT_A_NUMBER: Invalid, Compute, "InvalidParameter", "Virtual Machine Scale Set VM instanceId must be a number.", "ARM 3.6, observed-arm Error catalogue", "name an instance by its id";
    NOT_ACTIVE: Invalid, Compute, "InvalidParameter", "The provided instanceId {instance} is not an active Virtual Machine Scale Set VM instanceId.", "observed-arm Error catalogue", "list the machines of the set for their ids";
    PRIMARY_NIC: Invalid, Compute, "VirtualMachineScaleSetMustHaveOneNetworkInterfaceAsPrimary", "Virtual machine scale set {set} must have exactly one primary network interface configuration.", "assumed: as machines", "mark exactly one configuration as primary";
    // tidy: end
}
