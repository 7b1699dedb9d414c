//! Plans: what would change. Rules make them; the engine commits the whole of one or nothing.

use std::sync::Arc;

use crate::Document;
use crate::classic;
use crate::cx::Cx;
use crate::descriptor::Stage;
use crate::error::CloudError;
use crate::fabric::{self, Change};
use crate::id::ResourceId;
use crate::key::Key;
use crate::quota::QuotaKey;

/// What would change, in order.
#[derive(Debug, Default)]
pub(crate) struct Plan {
    pub(crate) effects: Vec<Effect>,
    pub(crate) stages: Option<Vec<Stage>>,
    pub(crate) doom: Option<CloudError>,
    pub(crate) output: Option<Document>,
    reserved: u32,
}

/// One effect.
#[derive(Debug)]
pub(crate) enum Effect {
    /// A row of the fabric.
    Fabric(Change),
    /// A counter, in the resource's subscription and location; refused when it would pass its limit.
    Charge { row: QuotaKey, by: i64 },
    /// A row of the classic API.
    Classic(classic::Change),
    /// Something of the classic API happens after this many milliseconds.
    ClassicTick { after_ms: i64, tick: classic::Tick },
    /// Cores in a location, of machines of the classic API; its rules have seen to the limits.
    Cores { location: Box<str>, by: i64 },
    /// The service writes another resource, under a key reserved before when it is new.
    Put {
        key: Key,
        id: ResourceId,
        document: Document,
    },
    /// The service makes another resource under the key that is next when its turn comes, or writes it again.
    Make { id: ResourceId, document: Document },
    /// The service performs an action on another resource, which the operation then settles, too.
    Act { key: Key, action: &'static str },
    /// The service removes another resource at once.
    Remove(Key),
}

/// Adds a method for each table, so that rules read `plan.port(key, Some(port))`.
macro_rules! setters {
    ($( $(#[$doc:meta])* $method:ident / $change:ident : $key:ty => $row:ty ),* $(,)?) => {
        $(
            $(#[$doc])*
            #[must_use]
            pub(crate) fn $method(mut self, key: $key, row: Option<$row>) -> Plan {
                self.effects.push(Effect::Fabric(Change::$change(key, row.map(Arc::new))));
                self
            }
        )*
    };
}

impl Plan {
    /// Nothing changes.
    pub(crate) fn new() -> Plan {
        Plan::default()
    }

    setters! {
        // tidy: sorted
        /// Writes or removes a storage account.
        account / Account: Box<str> => fabric::Account,
        /// Writes or removes a blob.
        blob / Blob: fabric::BlobName => fabric::Blob,
        /// Writes or removes a container.
        container / Container: fabric::ContainerName => fabric::Container,
        /// Writes or removes a disk.
        disk / Disk: Key => fabric::Disk,
        /// Takes or gives back a DNS name.
        dns_name / DnsName: Box<str> => Key,
        /// Writes or removes what a set of disks' keys says.
        encryption_set / EncryptionSet: Key => fabric::EncryptionSet,
        /// Writes or removes a captured image.
        image / Image: Key => fabric::Image,
        /// Takes or gives back a private address.
        lease / Lease: (Key, u32) => Key,
        /// Writes or removes a machine.
        machine / Machine: Key => fabric::Machine,
        /// Writes or removes a set of machines.
        machine_set / MachineSet: Key => fabric::MachineSet,
        /// Writes or removes a network.
        network / Network: Key => fabric::Network,
        /// Writes or removes one half of a peering.
        peering / Peering: Key => fabric::Peering,
        /// Writes or removes an address pool.
        pool / Pool: Key => fabric::Pool,
        /// Writes or removes a port.
        port / Port: Key => fabric::Port,
        /// Writes or removes a public address.
        public_address / PublicAddress: Key => fabric::PublicAddress,
        /// Takes or gives back a public address.
        public_in_use / PublicInUse: u32 => Key,
        /// Writes or removes a vault.
        vault / Vault: Box<str> => fabric::Vault,
        /// Writes or removes a key or secret.
        vault_object / VaultObject: fabric::VaultObjectName => fabric::VaultObject,
        // tidy: end
    }

    /// Makes changes of the fabric that the fabric itself worked out.
    #[must_use]
    pub(crate) fn changes(mut self, changes: impl IntoIterator<Item = Change>) -> Plan {
        self.effects.extend(changes.into_iter().map(Effect::Fabric));
        self
    }

    /// Counts `by` more against a quota of the resource's subscription and location.
    #[must_use]
    pub(crate) fn charge(mut self, row: QuotaKey, by: i64) -> Plan {
        self.effects.push(Effect::Charge { row, by });
        self
    }

    /// Makes changes of the classic tables that were worked out before.
    #[must_use]
    pub(crate) fn classic_changes(mut self, changes: impl IntoIterator<Item = classic::Change>) -> Plan {
        self.effects.extend(changes.into_iter().map(Effect::Classic));
        self
    }

    /// Something of the classic API happens later.
    #[must_use]
    pub(crate) fn classic_tick(mut self, after_ms: i64, tick: classic::Tick) -> Plan {
        self.effects.push(Effect::ClassicTick { after_ms, tick });
        self
    }

    /// Counts cores of the classic API in a location, where both stacks' are counted.
    #[must_use]
    pub(crate) fn charge_cores(mut self, location: Box<str>, by: i64) -> Plan {
        self.effects.push(Effect::Cores { location, by });
        self
    }

    /// Says that keys handed out to another plan are this one's.
    #[must_use]
    pub(crate) fn claiming(mut self, keys: u32) -> Plan {
        self.reserved = self.reserved.max(keys);
        self
    }

    /// How many keys were handed out.
    pub(crate) fn reserved(&self) -> u32 {
        self.reserved
    }

    /// A key for a resource that the plan will put. The resource being planned has the cloud's next key; these follow it.
    pub(crate) fn reserve(&mut self, cx: &Cx<'_>) -> Key {
        self.reserved += 1;
        Key(cx.next_key().0 + self.reserved)
    }

    /// The service writes another resource: with its rules, but without asking for its group's leave.
    #[must_use]
    pub(crate) fn put(mut self, key: Key, id: ResourceId, document: Document) -> Plan {
        self.effects.push(Effect::Put { key, id, document });
        self
    }

    /// The service makes another resource, or writes it again: with its rules, but without asking for its group's leave. What
    /// is made in its turn may make others in theirs.
    #[must_use]
    pub(crate) fn make(mut self, id: ResourceId, document: Document) -> Plan {
        self.effects.push(Effect::Make { id, document });
        self
    }

    /// The service performs an action on another resource; the operation settles both.
    #[must_use]
    pub(crate) fn act(mut self, key: Key, action: &'static str) -> Plan {
        self.effects.push(Effect::Act { key, action });
        self
    }

    /// The service removes another resource, at once.
    #[must_use]
    pub(crate) fn remove(mut self, key: Key) -> Plan {
        self.effects.push(Effect::Remove(key));
        self
    }

    /// The operation's stages, where they are not the descriptor's. An empty list ends with the answer.
    #[must_use]
    pub(crate) fn lasting(mut self, stages: &[Stage]) -> Plan {
        self.stages = Some(stages.to_vec());
        self
    }

    /// The operation is accepted and fails at its end, with this error.
    #[must_use]
    pub(crate) fn doomed(mut self, error: CloudError) -> Plan {
        self.doom = Some(error);
        self
    }

    /// What the action gives back.
    #[must_use]
    pub(crate) fn output(mut self, document: Document) -> Plan {
        self.output = Some(document);
        self
    }

    /// This plan, then another.
    #[must_use]
    pub(crate) fn then(mut self, other: Plan) -> Plan {
        self.effects.extend(other.effects);
        self.stages = other.stages.or(self.stages);
        self.doom = other.doom.or(self.doom);
        self.output = other.output.or(self.output);
        self.reserved = self.reserved.max(other.reserved);
        self
    }
}
