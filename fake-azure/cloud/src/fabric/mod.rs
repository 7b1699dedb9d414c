//! The fabric: what both of Azure's stacks stand on.
//!
//! Machines and their power, ports, networks and address pools, public addresses and DNS names, disks, storage accounts and
//! blobs. A row is owned by the thing whose [`Key`] it stands under; the fabric knows nothing else of it and never calls up.

mod addresses;
mod disks;
mod machines;
mod networks;
mod ports;
mod storage;
mod vaults;

use std::sync::Arc;

use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};

pub use self::addresses::{FIRST_PUBLIC_ADDRESS, PublicAddress};
pub use self::disks::{BlobUriError, Disk, DiskMedia, Image, ImageDisk, System, any_blob_name_of, blob_name_of};
pub use self::machines::{Machine, MachineSet, Power};
pub use self::networks::{Network, Peering, PeeringState, Pool, RESERVED_AT_START, host_count, prefixes_overlap};
pub use self::ports::{Mac, PORT_RESERVATION_MS, Port, PortAddress};
pub use self::storage::{
    AccessPolicy, Account, Blob, BlobCopy, BlobKind, BlobName, Blocks, Container, ContainerName, Lease, LeaseState,
    PAGE, ticks,
};
pub use self::vaults::{
    Curve, DeletedObject, DeletedVault, EncryptionSet, KeyAddress, KeySize, Vault, VaultCollection, VaultContent,
    VaultKey, VaultObject, VaultObjectName, VaultPolicy, VaultVersion, key_address_of, vault_of_host, vault_of_segment,
};
use crate::key::Key;
use crate::table::Table;

/// Declares the fabric's tables, the changes a plan can make to them, and how to make and undo one.
macro_rules! tables {
    ($( $(#[$doc:meta])* $table:ident / $change:ident : $key:ty => $row:ty ),* $(,)?) => {
        /// The tables of the fabric.
        #[derive(Clone, Debug, Default, Serialize, Deserialize)]
        pub struct Fabric {
            $( $(#[$doc])* pub $table: Table<$key, $row>, )*
            /// Below these addresses of a pool none is free: saves looking through a full one. Follows from the leases.
            #[serde(skip)]
            none_free_below: FxHashMap<Key, u32>,
        }

        /// One row written, or removed where it is `None`.
        #[derive(Clone, Debug, Serialize, Deserialize)]
        pub enum Change {
            $( $(#[$doc])* $change($key, Option<Arc<$row>>), )*
        }

        impl Fabric {
            /// Makes a change; gives back the change that undoes it.
            pub(crate) fn make(&mut self, change: Change) -> Change {
                if let Change::Lease((pool, address), holder) = &change {
                    self.note_lease(*pool, *address, holder.is_some());
                }
                if let Change::Pool(pool, _) = &change {
                    // Another prefix begins elsewhere.
                    self.none_free_below.remove(pool);
                }
                match change {
                    $( Change::$change(key, row) => {
                        let before = self.$table.set(key.clone(), row);
                        Change::$change(key, before)
                    } )*
                }
            }
        }
    };
}

tables! {
    // tidy: sorted
    /// Storage accounts of the whole cloud, by name: names are unique across subscriptions.
    accounts / Account: Box<str> => Account,
    /// Blobs.
    blobs / Blob: BlobName => Blob,
    /// Containers.
    containers / Container: ContainerName => Container,
    /// Disks, by owner.
    disks / Disk: Key => Disk,
    /// DNS names of public addresses, e.g. `label.westus.cloudapp.azure.com`, and who holds them.
    dns_names / DnsName: Box<str> => Key,
    /// Sets of disks' keys, by owner.
    encryption_sets / EncryptionSet: Key => EncryptionSet,
    /// Captured images, by owner.
    images / Image: Key => Image,
    /// Private addresses in use, by pool: the port that holds each.
    leases / Lease: (Key, u32) => Key,
    /// Sets that spread machines over domains, by owner.
    machine_sets / MachineSet: Key => MachineSet,
    /// Machines, by owner.
    machines / Machine: Key => Machine,
    /// Networks, by owner.
    networks / Network: Key => Network,
    /// Halves of peerings, by owner.
    peerings / Peering: Key => Peering,
    /// Address pools (subnets), by owner.
    pools / Pool: Key => Pool,
    /// Ports, by owner.
    ports / Port: Key => Port,
    /// Public addresses, by owner.
    public_addresses / PublicAddress: Key => PublicAddress,
    /// Public addresses in use, and the row that holds each.
    public_in_use / PublicInUse: u32 => Key,
    /// Keys and secrets.
    vault_objects / VaultObject: VaultObjectName => VaultObject,
    /// Vaults of the whole cloud by name in lower case, deleted ones with them while they hold their names.
    vaults / Vault: Box<str> => Vault,
    // tidy: end
}
