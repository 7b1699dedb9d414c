//! A machine's disks: managed ones and VHDs, made, attached and detached.
//!
//! The service makes managed disks as resources of their own; VHDs are page blobs that it holds by an infinite lease.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::forms::{
    ALREADY_THERE, BLOB_EXISTS, BLOB_EXISTS_AS_TARGET, BLOB_IN_MANAGED, DISK_NAME_TWICE, DISK_OWNED, DISK_RESIZE,
    DISK_RESIZED_DOWN, DISK_SHARED, DISK_TOO_LARGE, DISK_TOO_SMALL, LUN_TWICE, MANAGED_IN_BLOB, NO_PREMIUM,
    NOT_DEALLOCATED, OS_DISK_EMPTY, TOO_MANY_DISKS,
};
use super::image::Image;
use super::spec::SentDisk;
use crate::api_version::ApiVersion;
use crate::catalogue::sizes::VmSize;
use crate::cx::Cx;
use crate::error::CloudError;
use crate::fabric::{Disk, DiskMedia, System, blob_name_of};
use crate::id::ResourceId;
use crate::key::Key;
use crate::plan::Plan;
use crate::registry::Kind;
use crate::time::Time;
use crate::types::Put;
use crate::types::compute::parameters::{derived, digits, invalid, missing};

/// The first version with managed disks.
pub(super) const MANAGED_SINCE: ApiVersion = ApiVersion::date(2016, 4, 29);

/// A disk of a machine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct AttachedDisk {
    /// Its logical unit number; the system's has none.
    pub(super) lun: Option<u32>,
    pub(super) name: Box<str>,
    /// How it came to be: `FromImage`.
    pub(super) option: Box<str>,
    pub(super) media: DiskMedia,
    /// Its VHD's address as the client wrote it; a converted disk keeps it, since documents repeat it.
    pub(super) uri: Option<Box<str>>,
    pub(super) size_gb: u32,
    /// Whether the service made it, and so chose what the client did not say.
    pub(super) made: bool,
    /// Whether it goes when the machine goes.
    pub(super) deletes: bool,
    pub(super) since: Time,
}

/// Plans the disks of one machine.
pub(super) struct Disks<'a, 'c> {
    pub(super) cx: &'a Cx<'c>,
    pub(super) put: &'a Put<'a>,
    pub(super) size: &'static VmSize,
    pub(super) plan: Plan,
    /// What it has now; empty for a new machine.
    pub(super) before: &'a [AttachedDisk],
    /// Whether it holds a host: then no disk of it can grow.
    pub(super) allocated: bool,
    pub(super) found: Vec<AttachedDisk>,
}

impl<'a, 'c> Disks<'a, 'c> {
    pub(super) fn new(
        cx: &'a Cx<'c>,
        put: &'a Put<'a>,
        size: &'static VmSize,
        before: &'a [AttachedDisk],
        allocated: bool,
    ) -> Disks<'a, 'c> {
        Disks {
            cx,
            put,
            size,
            plan: Plan::new(),
            before,
            allocated,
            found: Vec::new(),
        }
    }

    /// The system's disk. Whether it is managed decides for all others.
    pub(super) fn system_disk(
        &mut self,
        sent: &SentDisk,
        system: System,
        image: Option<&Image>,
    ) -> Result<(), CloudError> {
        const PLACE: &str = "/properties/storageProfile/osDisk/managedDisk";
        let before = self.before;
        if let Some(old) = before.first()
            && self.lives(old)
        {
            let swapped = self
                .put
                .target_at(PLACE)
                .filter(|key| old.media != DiskMedia::Managed(*key));
            if let Some(key) = swapped {
                if self.allocated {
                    return Err(CloudError::of(&NOT_DEALLOCATED)
                        .with("operation", "swapOSDisk")
                        .with("machine", self.put.id.name()));
                }
                return self.attach_managed(sent, key, None);
            }
            let renamed = sent
                .name
                .as_deref()
                .is_some_and(|name| !name.eq_ignore_ascii_case(&old.name));
            let moved = sent.vhd_uri().is_some_and(|uri| old.uri.as_deref() != Some(uri));
            if renamed || moved {
                return Err(crate::types::compute::parameters::unchangeable(if renamed {
                    "osDisk.name"
                } else {
                    "osDisk.vhd.uri"
                }));
            }
            return self.keep(old, sent);
        }

        let managed = sent.vhd_uri().is_none() && sent.image.is_none();
        if managed && self.put.version < MANAGED_SINCE {
            return Err(missing("osDisk.vhd"));
        }
        match (sent.option(), managed) {
            ("Attach", true) => {
                let key = self
                    .put
                    .target_at(PLACE)
                    .ok_or_else(|| missing("osDisk.managedDisk.id"))?;
                self.attach_managed(sent, key, None)
            }
            ("Attach", false) => self.attach_blob(sent, None),
            ("FromImage", true) => {
                let image = image.ok_or_else(|| missing("imageReference"))?;
                let creation = json!({ "createOption": "FromImage", "imageReference": { "id": image.id } });
                let captured = image.exact_version.is_none();
                let label = if captured { "disk1" } else { "OsDisk_1" };
                let size_gb = self.size_for(sent, Some(image.size_gb), "osDisk.diskSizeGB")?;
                self.make_managed(sent, None, label, size_gb, Some((system, &image.generation)), &creation)
            }
            ("FromImage", false) => {
                let size_gb = self.size_for(sent, image.map(|image| image.size_gb), "osDisk.diskSizeGB")?;
                self.check_own_image(sent)?;
                self.make_blob(sent, None, size_gb, &BLOB_EXISTS_AS_TARGET)
            }
            _ => Err(CloudError::of(&OS_DISK_EMPTY).about("osDisk.createOption")),
        }
    }

    /// The data disks: those sent, those of a captured image that are not, and of an old machine all, when none are named.
    pub(super) fn data_disks(&mut self, sent: Option<&[SentDisk]>, image: Option<&Image>) -> Result<(), CloudError> {
        let before = self.before;
        let Some(sent) = sent else {
            if !before.is_empty() {
                let alive: Vec<&AttachedDisk> = before.iter().skip(1).filter(|old| self.lives(old)).collect();
                for old in alive {
                    self.keep(old, &SentDisk::default())?;
                }
                return Ok(());
            }
            return self.image_disks(&[], image);
        };

        let sent: Vec<(usize, &SentDisk)> = sent
            .iter()
            .enumerate()
            .filter(|(_, disk)| !disk.to_be_detached)
            .collect();
        self.check_places(&sent)?;
        for (index, disk) in &sent {
            self.data_disk(*index, disk, image)?;
        }
        if before.is_empty() {
            let luns: Vec<u32> = sent.iter().filter_map(|(_, disk)| disk.lun).collect();
            self.image_disks(&luns, image)?;
        }
        self.check_names()
    }

    /// Lets go of what the machine no longer has, and takes hold of what it has. Gives back the disks, and the managed ones' keys.
    pub(super) fn finish(mut self) -> (Vec<AttachedDisk>, Vec<Key>, Plan) {
        for old in self.before {
            if !self.found.iter().any(|disk| disk.media == old.media) {
                self.plan = let_go(self.cx, self.plan, self.put.key, old);
            }
        }
        let mut managed: Vec<(Option<u32>, Key)> = self
            .found
            .iter()
            .filter_map(|disk| match &disk.media {
                DiskMedia::Managed(key) => Some((disk.lun, *key)),
                DiskMedia::Blob(_) => None,
            })
            .collect();
        managed.sort_unstable();
        (self.found, managed.into_iter().map(|(_, key)| key).collect(), self.plan)
    }

    /// Whether the machine's disks are managed.
    pub(super) fn is_managed(&self) -> bool {
        self.found
            .first()
            .is_none_or(|disk| matches!(disk.media, DiskMedia::Managed(_)))
    }

    /// Whether the bytes of a disk that the machine had are still there, and still its own or nobody's.
    fn lives(&self, disk: &AttachedDisk) -> bool {
        let own = |machine: Option<Key>| machine.is_none_or(|machine| machine == self.put.key);
        match &disk.media {
            DiskMedia::Managed(key) => self.cx.fabric().disks.get(key).is_some_and(|row| own(row.machine)),
            DiskMedia::Blob(name) => self.cx.fabric().blobs.get(name).is_some_and(|row| own(row.machine)),
        }
    }

    /// LUNs are given, in range and unique; there are not too many (ARM 8.3).
    fn check_places(&self, sent: &[(usize, &SentDisk)]) -> Result<(), CloudError> {
        let max = self.size.max_data_disks(self.cx.era().month());
        let mut luns = Vec::with_capacity(sent.len());
        for (_, disk) in sent {
            let lun = disk.lun.ok_or_else(|| missing("dataDisk.lun"))?;
            if luns.contains(&lun) {
                return Err(CloudError::of(&LUN_TWICE).with("lun", lun).about("dataDisk.lun"));
            }
            luns.push(lun);
        }
        if u32::try_from(sent.len()).unwrap_or(u32::MAX) > max {
            return Err(CloudError::of(&TOO_MANY_DISKS).with("max", max).about("dataDisks"));
        }
        if luns.iter().any(|lun| *lun >= max) {
            return Err(invalid("dataDisk.lun"));
        }
        Ok(())
    }

    fn check_names(&self) -> Result<(), CloudError> {
        for (index, disk) in self.found.iter().enumerate() {
            if self.found[..index]
                .iter()
                .any(|other| other.name.eq_ignore_ascii_case(&disk.name))
            {
                return Err(CloudError::of(&DISK_NAME_TWICE)
                    .with("disk", &disk.name)
                    .about("dataDisk.name"));
            }
        }
        Ok(())
    }

    fn data_disk(&mut self, index: usize, sent: &SentDisk, image: Option<&Image>) -> Result<(), CloudError> {
        let place = format!("/properties/storageProfile/dataDisks/{index}/managedDisk");
        let named = self.put.target_at(&place);
        let before = self.before;
        let old = before.iter().skip(1).find(|old| old.lun == sent.lun && self.lives(old));
        let repeated = sent.vhd_uri().is_some() && old.is_some_and(|old| old.uri.as_deref() == sent.vhd_uri());
        let by_blob = sent.vhd_uri().is_some() && !(repeated && self.is_managed());
        match (self.is_managed(), by_blob) {
            (true, true) => return Err(CloudError::of(&BLOB_IN_MANAGED).about("dataDisk.vhd")),
            (false, false) if sent.managed_disk.is_some() => {
                return Err(CloudError::of(&MANAGED_IN_BLOB).about("dataDisk.managedDisk"));
            }
            (false, false) => return Err(missing("dataDisk.vhd")),
            _ => {}
        }

        if let Some(old) = old
            && self.is_same(old, sent, named)
        {
            return self.keep(old, sent);
        }

        let label = format!("disk{}", index + 2);
        let lun = sent.lun;
        match (sent.option(), by_blob) {
            ("Attach", true) => self.attach_blob(sent, lun),
            ("Attach", false) => {
                let key = named.ok_or_else(|| missing("dataDisk.managedDisk.id"))?;
                self.attach_managed(sent, key, lun)
            }
            ("Empty", true) => {
                let size_gb = self.size_for(sent, None, "dataDisk.diskSizeGB")?;
                self.make_blob(sent, lun, size_gb, &BLOB_EXISTS)
            }
            ("Empty", false) => {
                let size_gb = self.size_for(sent, None, "dataDisk.diskSizeGB")?;
                self.make_managed(sent, lun, &label, size_gb, None, &json!({ "createOption": "Empty" }))
            }
            ("FromImage", _) => {
                let of_image = image.and_then(|image| {
                    image
                        .data
                        .iter()
                        .find(|disk| Some(disk.lun) == lun)
                        .map(|disk| (image, disk))
                });
                let (image, disk) = of_image.ok_or_else(|| invalid("dataDisk.lun"))?;
                let size_gb = self.size_for(sent, Some(disk.size_gb), "dataDisk.diskSizeGB")?;
                if by_blob {
                    return self.make_blob(sent, lun, size_gb, &BLOB_EXISTS_AS_TARGET);
                }
                let creation =
                    json!({ "createOption": "FromImage", "imageReference": { "id": image.id, "lun": disk.lun } });
                self.make_managed(sent, lun, &label, size_gb, None, &creation)
            }
            ("", _) => Err(missing("dataDisk.createOption")),
            _ => Err(invalid("dataDisk.createOption")),
        }
    }

    /// The data disks that a captured image has and the document does not mention.
    fn image_disks(&mut self, mentioned: &[u32], image: Option<&Image>) -> Result<(), CloudError> {
        let Some(image) = image else {
            return Ok(());
        };
        for disk in image.data.iter().filter(|disk| !mentioned.contains(&disk.lun)) {
            let creation =
                json!({ "createOption": "FromImage", "imageReference": { "id": image.id, "lun": disk.lun } });
            let sent = SentDisk {
                create_option: Some("FromImage".to_owned()),
                ..SentDisk::default()
            };
            let label = format!("disk{}", self.found.len() + 1);
            self.make_managed(&sent, Some(disk.lun), &label, disk.size_gb, None, &creation)?;
        }
        Ok(())
    }

    /// Whether a document means the disk that is at its place already.
    fn is_same(&self, old: &AttachedDisk, sent: &SentDisk, named: Option<Key>) -> bool {
        let same_name = sent
            .name
            .as_deref()
            .is_none_or(|name| name.eq_ignore_ascii_case(&old.name));
        match (&old.media, named, sent.vhd_uri()) {
            (DiskMedia::Managed(key), Some(named), _) => *key == named,
            (DiskMedia::Blob(name), _, Some(uri)) => blob_name_of(uri).as_ref() == Ok(name),
            _ => same_name,
        }
    }

    /// A disk stays, larger perhaps.
    fn keep(&mut self, old: &AttachedDisk, sent: &SentDisk) -> Result<(), CloudError> {
        let mut kept = old.clone();
        if sent.delete_option.is_some() {
            kept.deletes = sent.deletes();
        }
        // A managed disk may have grown by itself since.
        let current = match &old.media {
            DiskMedia::Managed(key) => self.cx.fabric().disks.get(key).map_or(old.size_gb, |row| row.size_gb),
            DiskMedia::Blob(_) => old.size_gb,
        };
        if let Some(size_gb) = sent
            .disk_size_gb
            .filter(|size_gb| *size_gb != old.size_gb && *size_gb != current)
        {
            if size_gb < current {
                return Err(CloudError::of(&DISK_RESIZED_DOWN).about("diskSizeGB"));
            }
            if self.allocated {
                return Err(CloudError::of(&DISK_RESIZE));
            }
            kept.size_gb = self.size_for(sent, None, "diskSizeGB")?;
        }
        self.hold(&kept);
        self.found.push(kept);
        Ok(())
    }

    /// The machine's hold on a disk that is there.
    pub(super) fn hold(&mut self, disk: &AttachedDisk) {
        let plan = std::mem::take(&mut self.plan);
        self.plan = match &disk.media {
            DiskMedia::Managed(key) => match self.cx.fabric().disks.get(key) {
                Some(row) => {
                    let held = Disk {
                        machine: Some(self.put.key),
                        size_gb: row.size_gb.max(disk.size_gb),
                        ..row.clone()
                    };
                    plan.disk(*key, Some(held))
                }
                None => plan,
            },
            DiskMedia::Blob(name) => match self.cx.fabric().blobs.get(name) {
                Some(blob) => {
                    let held = self.held_blob(blob.clone(), disk);
                    plan.blob(name.clone(), Some(held))
                }
                None => plan,
            },
        };
    }

    /// A managed disk that exists.
    fn attach_managed(&mut self, sent: &SentDisk, key: Key, lun: Option<u32>) -> Result<(), CloudError> {
        let cx = self.cx;
        let resource = cx.resource(key);
        let Some(row) = cx.fabric().disks.get(&key) else {
            return Err(invalid("managedDisk.id"));
        };
        if let Some(owner) = row.machine.filter(|owner| *owner != self.put.key) {
            return Err(CloudError::of(&DISK_OWNED)
                .with("disk", &resource.name)
                .with("machine", cx.id(owner)));
        }
        if row.is_shared(cx.now()) {
            return Err(CloudError::of(&DISK_SHARED).with("disk", &resource.name));
        }
        self.check_premium(&row.sku, &resource.name)?;
        if let (None, Some(generation)) = (lun, &row.generation) {
            super::image::check_generation(generation, self.size)?;
        }

        let disk = AttachedDisk {
            lun,
            name: resource.name.clone(),
            option: "Attach".into(),
            media: DiskMedia::Managed(key),
            uri: None,
            size_gb: row.size_gb,
            made: false,
            deletes: sent.deletes(),
            since: cx.now(),
        };
        self.hold(&disk);
        self.found.push(disk);
        Ok(())
    }

    /// A managed disk that the service makes.
    fn make_managed(
        &mut self,
        sent: &SentDisk,
        lun: Option<u32>,
        label: &str,
        size_gb: u32,
        system: Option<(System, &str)>,
        creation: &Value,
    ) -> Result<(), CloudError> {
        let (cx, put) = (self.cx, self.put);
        let sku = sent.storage_account_type().unwrap_or(if self.size.premium_io() {
            "Premium_LRS"
        } else {
            "Standard_LRS"
        });
        let name = match &sent.name {
            Some(name) => name.clone(),
            None => drawn_name(
                put.id.name(),
                label,
                &digits(derived(
                    put.guid,
                    &format!("{label}{}", put.existing.map_or(0, |vm| vm.revision)),
                )),
            ),
        };
        self.check_premium(sku, &name)?;
        let id = ResourceId::resource(
            put.id.subscription(),
            put.id.group_name(),
            Kind::Disks,
            vec![name.as_str().into()],
        );
        if cx.find_id(id.folded()).is_some() {
            cov_mark::hit!(disk_already_there);
            return Err(CloudError::of(&ALREADY_THERE)
                .with("disk", &name)
                .with("group", put.id.group_name()));
        }
        if self.found.iter().any(|other| other.name.eq_ignore_ascii_case(&name)) {
            return Err(CloudError::of(&DISK_NAME_TWICE)
                .with("disk", &name)
                .about("dataDisk.name"));
        }

        let document = json!({
            "location": put.location,
            "tags": put.document.get("tags"),
            "zones": put.document.get("zones"),
            "sku": { "name": sku },
            "properties": {
                "osType": system.map(|(system, _)| system.as_str()),
                "hyperVGeneration": system.map(|(_, generation)| generation),
                "creationData": creation,
                "diskSizeGB": size_gb,
                "encryption": sent.encryption_set().map(|set| json!({ "diskEncryptionSetId": set })),
            },
        });
        let row = Disk {
            machine: Some(put.key),
            system: system.map(|(system, _)| system),
            generation: system.map(|(_, generation)| generation.into()),
            ..Disk::new(size_gb, sku)
        };
        let mut plan = std::mem::take(&mut self.plan);
        let key = plan.reserve(cx);
        self.plan = plan.put(key, id, document).disk(key, Some(row));
        self.found.push(AttachedDisk {
            lun,
            name: name.into(),
            option: sent.option().into(),
            media: DiskMedia::Managed(key),
            uri: None,
            size_gb,
            made: true,
            deletes: sent.deletes(),
            since: cx.now(),
        });
        Ok(())
    }

    fn check_premium(&self, sku: &str, disk: &str) -> Result<(), CloudError> {
        if self.size.premium_io() || !(sku.starts_with("Premium") || sku.starts_with("Ultra")) {
            return Ok(());
        }
        let error = CloudError::of(&NO_PREMIUM)
            .with("size", self.size.name)
            .with("sku", sku);
        Err(error.with("disk", disk))
    }

    /// The size that was asked for, or the image's; not below the image's, not above the limit (ARM 4.3).
    pub(super) fn size_for(&self, sent: &SentDisk, least: Option<u32>, path: &str) -> Result<u32, CloudError> {
        let row = match (sent.vhd_uri().is_some(), sent.lun) {
            (true, None) => "UnmanagedOSDiskSizeInGB",
            (true, Some(_)) => "UnmanagedDataDiskSizeInGB",
            (false, _) => "ManagedDiskSizeInGB",
        };
        let size_gb = sent
            .disk_size_gb
            .or(least)
            .or(if sent.image.is_some() { Some(30) } else { None })
            .ok_or_else(|| missing(path))?;
        let max = self.cx.limit(row).unwrap_or(i64::from(u32::MAX));
        if size_gb == 0 || i64::from(size_gb) > max {
            return Err(CloudError::of(&DISK_TOO_LARGE)
                .with("path", path)
                .with("size", size_gb)
                .with("max", max)
                .about(path));
        }
        match least {
            Some(least) if size_gb < least => Err(CloudError::of(&DISK_TOO_SMALL)
                .with("size", size_gb)
                .with("least", least)
                .about(path)),
            _ => Ok(size_gb),
        }
    }
}

/// The name of a disk that the service makes. One that would be longer than names may be is cut (observed-arm, machines of
/// scale sets: `OS__1` for `OsDisk_1`).
fn drawn_name(machine: &str, label: &str, drawn: &str) -> String {
    const LONGEST: usize = 80;
    let is_long = |label: &str| machine.chars().count() + label.len() + drawn.len() + 2 > LONGEST;
    let label = match label {
        "OsDisk_1" if is_long(label) => "OS__1",
        label => label,
    };
    let room = LONGEST - label.len() - drawn.len() - 2;
    let machine: String = machine.chars().take(room).collect();
    format!("{machine}_{label}_{drawn}")
}

/// Lets go of a disk: a managed one is nobody's, a VHD's lease is released and its metadata taken away (ARM 8.3, 9.3).
pub(super) fn let_go(cx: &Cx<'_>, plan: Plan, machine: Key, disk: &AttachedDisk) -> Plan {
    match &disk.media {
        DiskMedia::Managed(key) => match cx.fabric().disks.get(key).filter(|row| row.machine == Some(machine)) {
            Some(row) => plan.disk(
                *key,
                Some(Disk {
                    machine: None,
                    ..row.clone()
                }),
            ),
            None => plan,
        },
        DiskMedia::Blob(name) => match cx.fabric().blobs.get(name).filter(|blob| blob.machine == Some(machine)) {
            Some(blob) => {
                let mut free = blob.clone().let_go();
                free.metadata = super::vhds::without_marks(free.metadata);
                plan.blob(name.clone(), Some(free))
            }
            None => plan,
        },
    }
}

/// Machines with VHDs get managed disks in their place: `convertToManagedDisks` (ARM 8.3).
pub(super) fn convert(cx: &Cx<'_>, machine: Key, system: System, disks: &[AttachedDisk]) -> (Vec<AttachedDisk>, Plan) {
    let resource = cx.resource(machine);
    let group = cx.resource(resource.group);
    let subscription = ResourceId::parse(&cx.id(machine)).map(|id| id.subscription());
    let mut plan = Plan::new();
    let mut converted = Vec::with_capacity(disks.len());
    for (index, disk) in disks.iter().enumerate() {
        let (DiskMedia::Blob(_), Ok(subscription)) = (&disk.media, &subscription) else {
            converted.push(disk.clone());
            continue;
        };
        let label = if index == 0 {
            "OsDisk_1".to_owned()
        } else {
            format!("disk{}", index + 1)
        };
        let mut name = disk.name.to_string();
        let id_of = |name: &str| ResourceId::resource(*subscription, &group.name, Kind::Disks, vec![name.into()]);
        if cx.find_id(id_of(&name).folded()).is_some() {
            name = format!("{}_{label}_{}", resource.name, digits(derived(resource.guid, &label)));
        }
        let system = (index == 0).then_some(system);
        let document = json!({
            "location": resource.location,
            "sku": { "name": "Standard_LRS" },
            "properties": {
                "osType": system.map(System::as_str),
                "creationData": { "createOption": "Import", "sourceUri": disk.uri },
                "diskSizeGB": disk.size_gb,
            },
        });
        let key = plan.reserve(cx);
        let row = Disk {
            machine: Some(machine),
            system,
            ..Disk::new(disk.size_gb, "Standard_LRS")
        };
        plan = let_go(cx, plan, machine, disk)
            .put(key, id_of(&name), document)
            .disk(key, Some(row));
        converted.push(AttachedDisk {
            name: name.into(),
            media: DiskMedia::Managed(key),
            ..disk.clone()
        });
    }
    (converted, plan)
}
