//! Every refusal that the simulator can give, by code: what it says, what it rests on, and the way out.

use fake_azure_cloud::{Form, Kind, forms};

/// A form, and the types whose rules give it; none for one that the types share.
#[derive(Clone, Debug)]
pub struct Explained {
    /// The form.
    pub form: &'static Form,
    /// `Microsoft.Network/networkInterfaces`, ...
    pub types: Vec<&'static str>,
}

/// Every form with its types, by code.
pub fn all() -> Vec<Explained> {
    let mut found: Vec<Explained> = Vec::new();
    let shared = forms::every()
        .chain(crate::arm::forms::ALL.iter().copied())
        .chain(crate::arm::deployments::FORMS.iter().copied())
        .chain(fake_azure_cloud::classic::forms::ALL.iter().copied())
        .map(|form| (form, None));
    let owned = Kind::ALL.iter().flat_map(|kind| {
        let descriptor = kind.descriptor();
        descriptor.errors.iter().map(|form| (*form, Some(descriptor.name)))
    });
    for (form, owner) in shared.chain(owned) {
        // A constant has no one address: forms are the same when they say the same.
        let same = found
            .iter_mut()
            .find(|known| known.form.code == form.code && known.form.text == form.text);
        let entry = match same {
            Some(entry) => entry,
            None => {
                found.push(Explained {
                    form,
                    types: Vec::new(),
                });
                found.last_mut().expect("it was just added")
            }
        };
        entry.types.extend(owner.filter(|owner| !entry.types.contains(owner)));
    }
    found.sort_by_key(|explained| (explained.form.code, explained.form.text));
    found
}

/// The forms of a code, in any case.
pub fn find(code: &str) -> Vec<Explained> {
    all()
        .into_iter()
        .filter(|explained| explained.form.code.eq_ignore_ascii_case(code))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_found_in_any_case() {
        let found = find("resourcegroupnotfound");
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].form.code, "ResourceGroupNotFound");
        assert!(find("NoSuchCode").is_empty());
    }

    #[test]
    fn what_no_single_type_says_is_there_too() {
        for code in ["NetworkInterfaceCountLimitReached", "ScopeLocked", "QuotaExceeded"] {
            assert!(!find(code).is_empty(), "{code}");
        }
    }
}
