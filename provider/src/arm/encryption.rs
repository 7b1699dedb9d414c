//! Root disks that are encrypted with keys of the user's (juju-provider 1.15).

use crate::{Error, RootDisk};

const ENCRYPTION_SETS: &str = "Microsoft.Compute/diskEncryptionSets";

/// An expression for the id of the set whose keys a root disk is encrypted with; None where it is not.
///
/// The set must be there: a vault with a key and a set of its own, as `vault-name-prefix` asks for them, is not made here.
pub(super) fn set_id(wanted: Option<&RootDisk>) -> Result<Option<String>, Error> {
    let Some(wanted) = wanted.filter(|wanted| wanted.encrypted) else {
        return Ok(None);
    };
    let given = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
    match (
        given(&wanted.vault_name_prefix),
        given(&wanted.disk_encryption_set_name),
    ) {
        (None, None) => Err(Error::Machine(
            "an encrypted root disk needs `disk-encryption-set-name` or `vault-name-prefix`".to_owned(),
        )),
        (None, Some(set)) => Ok(Some(match set.split_once('/') {
            Some((group, name)) => format!("[resourceId('{group}','{ENCRYPTION_SETS}','{name}')]"),
            None => format!("[resourceId('{ENCRYPTION_SETS}','{set}')]"),
        })),
        (Some(_), Some(set)) if set.contains('/') => Err(Error::Machine(format!(
            "do not specify a resource group for disk encryption set `{set}` where a vault is made, too"
        ))),
        (Some(_), _) => Err(Error::NotSupported(
            "vaults for keys of disks are not made; name a disk encryption set that is there".to_owned(),
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::set_id;
    use crate::RootDisk;

    fn said(set: Option<&str>, prefix: Option<&str>) -> String {
        let wanted = RootDisk {
            encrypted: true,
            disk_encryption_set_name: set.map(str::to_owned),
            vault_name_prefix: prefix.map(str::to_owned),
            ..RootDisk::default()
        };
        match set_id(Some(&wanted)) {
            Ok(id) => id.unwrap_or_default(),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn a_set_that_is_there_is_referred_to() {
        assert_eq!(
            said(Some("s"), None),
            "[resourceId('Microsoft.Compute/diskEncryptionSets','s')]"
        );
        assert_eq!(
            said(Some("g/s"), None),
            "[resourceId('g','Microsoft.Compute/diskEncryptionSets','s')]"
        );
        assert_eq!(set_id(Some(&RootDisk::default())).ok(), Some(None));
    }

    #[test]
    fn what_cannot_be_is_said() {
        assert!(said(None, None).contains("needs"));
        assert!(said(Some("g/s"), Some("v")).contains("do not specify a resource group"));
        assert!(said(Some("s"), Some("v")).contains("not made"));
    }
}
