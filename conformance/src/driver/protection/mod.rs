//! The provider without one of its protections, at its edge: what it then does not write is taken out of its requests, what it does
//! not read out of its answers, what it does not know is renamed. So every lesson shows that its scenario can fail, and the provider
//! needs no switch that weakens it.
//!
//! It refuses to know scenarios and what should come of them: which lesson a protection belongs to says the table in
//! `scenarios/README.md`.

mod edge;
mod knows;
mod reads;
mod unprotected;
mod writes;

use std::collections::BTreeMap;

use serde_json::Value;

use self::edge::{Ask, Next, Reply};
pub(super) use self::edge::{Edge, Memory};
pub(super) use self::unprotected::Unprotected;

/// Something that the provider does so that Azure's behaviour does no harm.
pub struct Protection {
    /// Its name, as the table writes it.
    pub name: &'static str,
    /// What a provider does that lacks it, in one sentence.
    pub without: &'static str,
    before: Before,
    after: After,
    calls: Calls,
    /// Whether the process goes on when a connection broke.
    outlives_cuts: bool,
}

/// Changes a request, or answers it.
type Before = fn(&mut Ask, &mut BTreeMap<String, Value>) -> Next;
/// Changes an answer.
type After = fn(&Ask, &mut Reply, &mut BTreeMap<String, Value>);

/// What is lacking in calls of the environment, which no message shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Calls {
    /// Nothing.
    Whole,
    /// Instances come in the order of the list, not in that of the ids.
    Unordered,
    /// Volumes are told by the order in which disks are found.
    DisksByOrder,
    /// What came of the items of a batch is counted among those that can be dealt with, and told by that number.
    Shifted,
}

impl Protection {
    const fn named(name: &'static str, without: &'static str) -> Protection {
        Protection {
            name,
            without,
            before: |_, _| Next::Send,
            after: |_, _, _| {},
            calls: Calls::Whole,
            outlives_cuts: true,
        }
    }

    const fn writes(self, before: Before) -> Protection {
        Protection { before, ..self }
    }

    const fn reads(self, after: After) -> Protection {
        Protection { after, ..self }
    }

    const fn calls(self, calls: Calls) -> Protection {
        Protection { calls, ..self }
    }

    const fn ends_with_the_connection(self) -> Protection {
        Protection {
            outlives_cuts: false,
            ..self
        }
    }

    /// Every protection that can be taken away, by name.
    #[must_use]
    pub fn all() -> &'static [Protection] {
        ALL
    }

    /// The protection of a name.
    #[must_use]
    pub fn find(name: &str) -> Option<&'static Protection> {
        ALL.iter().find(|own| own.name == name)
    }
}

/// By name.
static ALL: &[Protection] = &[
    Protection::named(
        "aligns-sets",
        "It makes availability sets of the older kind for machines on managed disks.",
    )
    .writes(writes::sets_without_sku),
    Protection::named(
        "any-subnet",
        "It expects its own names of subnets in a network of the user's.",
    )
    .writes(writes::juju_subnet),
    Protection::named(
        "api-for-every-controller",
        "It lets the API in to the first controller alone.",
    )
    .writes(writes::first_api_alone),
    Protection::named("asks-keys-again", "It keeps the first list of keys, whole or not.").reads(reads::first_keys),
    Protection::named(
        "audience-of-the-cloud",
        "It asks for tokens of the public cloud everywhere.",
    )
    .writes(writes::public_audience),
    Protection::named("boots-what-it-chooses", "It does not look which images a size boots.")
        .reads(reads::sizes_boot_all),
    Protection::named("both-families", "It takes a subnet to have one prefix.").reads(reads::one_prefix),
    Protection::named("clamps-root-disks", "It asks for a root disk as small as it is told.")
        .writes(writes::small_disks),
    Protection::named(
        "common-not-waited-for",
        "It waits for what machines share when it makes an environment.",
    )
    .reads(reads::slow_common),
    Protection::named(
        "counts-its-rules",
        "It computes a priority from the rules of a while ago.",
    )
    .writes(writes::one_priority),
    Protection::named(
        "credential-refused-once",
        "It asks on and on with a credential that is refused.",
    )
    .reads(reads::asks_on),
    Protection::named(
        "decides-by-machine",
        "It takes a machine to be gone whose deployment has no record.",
    )
    .writes(writes::nothing_without_record)
    .reads(reads::absent_records),
    Protection::named("deletes-by-type", "It deletes every type by the version of one.")
        .writes(writes::one_version_of_deletions),
    Protection::named(
        "deletes-what-it-made",
        "It destroys by deleting the group, whoever's it is.",
    )
    .writes(writes::whole_group),
    Protection::named(
        "disk-by-number",
        "It names volumes by the order in which disks are found.",
    )
    .calls(Calls::DisksByOrder),
    Protection::named(
        "empties-disk-lists",
        "It leaves an empty list of data disks out of a document.",
    )
    .writes(writes::no_empty_lists),
    Protection::named(
        "explicit-account-type",
        "It leaves the kind of a machine's disk to Azure.",
    )
    .writes(writes::no_account_type),
    Protection::named("falls-back-for-room", "It does not know the refusals for want of room.")
        .reads(knows::no_capacity),
    Protection::named(
        "finds-guards",
        "It writes rules to a security group of its own name, wherever a machine is.",
    )
    .writes(writes::own_guard),
    Protection::named(
        "finds-hosted-groups",
        "It destroys of a controller the one group that it knows.",
    )
    .reads(reads::first_group),
    Protection::named("folds-ids", "It compares ids letter by letter.").reads(reads::exact_ids),
    Protection::named(
        "group-adopted-too",
        "It hands over what is in a group, and not the group.",
    )
    .writes(writes::group_not_retagged),
    Protection::named(
        "group-goes-already",
        "It takes the refusal to delete a group twice for a failure.",
    )
    .reads(knows::no_going_groups),
    Protection::named("group-of-its-own", "It puts every environment into one network.").writes(writes::shared_network),
    Protection::named(
        "index-of-machines",
        "It takes the list of deployments for that of machines.",
    )
    .reads(reads::deployments_alone),
    Protection::named("joins-addresses", "It looks for public addresses in interfaces.")
        .reads(reads::no_public_addresses),
    Protection::named(
        "keeps-basic-addresses",
        "It gives later machines addresses of the newer kind.",
    )
    .writes(writes::later_addresses_standard),
    Protection::named("keeps-tags", "It makes what is shared once more, without its tags.")
        .writes(writes::no_tags_again)
        .reads(reads::common_unseen),
    Protection::named(
        "key-for-nobody",
        "It makes machines without a key where the user gives none.",
    )
    .writes(writes::no_keys),
    Protection::named(
        "knows-disk-controllers",
        "It takes every machine's disks to be on a SCSI bus.",
    )
    .reads(reads::no_controllers),
    Protection::named(
        "knows-offers",
        "It looks for images in the one offer that there used to be.",
    )
    .writes(writes::former_offer),
    Protection::named(
        "leaves-states-alone",
        "It writes the state of a group back that it has read.",
    )
    .writes(writes::state_written_back),
    Protection::named(
        "looks-at-the-resource",
        "It follows an operation by its address alone, whatever that answers.",
    )
    .reads(knows::no_lost_operations),
    Protection::named("machines-by-name", "It takes every deployment for a machine.").reads(reads::all_machines),
    Protection::named(
        "managed-subscription",
        "It works in the subscription that it signs in with.",
    )
    .writes(writes::home_subscription),
    Protection::named(
        "missing-rules-are-none",
        "It takes a security group that is gone for a failure.",
    )
    .reads(knows::no_missing_groups),
    Protection::named("newer-sizes", "It knows no sizes of later years.").reads(reads::no_later_sizes),
    Protection::named("newest-agent", "It takes an image of CentOS whose agent is too old.").writes(writes::old_centos),
    Protection::named(
        "obeys-restrictions",
        "It does not read what a subscription may not have.",
    )
    .reads(reads::no_restrictions),
    Protection::named("order-of-the-ids", "It tells instances in the order of a list.").calls(Calls::Unordered),
    Protection::named("outlives-the-connection", "Its process ends when a connection breaks.")
        .ends_with_the_connection(),
    Protection::named("own-group", "It makes its group where the user has one for it.").writes(writes::makes_group),
    Protection::named(
        "own-volumes",
        "It takes the subscription's disks for the environment's.",
    )
    .writes(writes::disks_of_all)
    .reads(reads::disks_of_whoever),
    Protection::named(
        "priority-of-each-port",
        "It gives the rules of all ports of the API one name.",
    )
    .writes(writes::one_api_rule),
    Protection::named(
        "reads-both-prefixes",
        "It reads the one prefix of a subnet, not the list.",
    )
    .reads(reads::no_prefix_lists),
    Protection::named("reads-details", "It reads the code of a refusal, and none below it.").reads(reads::no_details),
    Protection::named("reads-refusals", "It reads of a refusal nothing but that it is one.").reads(reads::no_refusals),
    Protection::named(
        "recovers-vaults",
        "It does not look for a vault of its name among the deleted ones.",
    )
    .reads(reads::no_deleted_vaults),
    Protection::named("refreshes-tokens", "It takes the refusal of a token for the end.").reads(knows::no_early_ends),
    Protection::named("reports-failures", "It reports no machine whose deployment failed.").reads(reads::no_failures),
    Protection::named("returns-early", "It waits until a machine is made.").reads(reads::slow_machines),
    Protection::named(
        "rides-out-blob-trouble",
        "It takes a throttled answer of blobs for a refusal.",
    )
    .reads(knows::no_blob_trouble),
    Protection::named(
        "rules-by-name-of-machine",
        "It writes rules under another name than it looks for.",
    )
    .writes(writes::other_prefix),
    Protection::named("rules-in-every-guard", "It takes security groups of one name for one.")
        .writes(writes::first_guard_alone),
    Protection::named(
        "rules-of-each-port",
        "It names rules by their sources as they are written.",
    )
    .writes(writes::raw_rule_names),
    Protection::named(
        "set-made-elsewhere",
        "It gives up when another deployment makes the same set.",
    )
    .reads(knows::no_conflicts),
    Protection::named(
        "shared-things-once",
        "It lists what is shared in every machine's deployment.",
    )
    .writes(writes::shared_again),
    Protection::named(
        "slot-of-each-item",
        "It counts the items of a batch without those that are wrong.",
    )
    .calls(Calls::Shifted),
    Protection::named(
        "stops-the-rest",
        "It leaves the rest of a machine when its disk is gone.",
    )
    .writes(writes::nothing_after_disk),
    Protection::named(
        "strips-byte-order-mark",
        "It takes the mark at the beginning of a text for a part of it.",
    )
    .reads(reads::mark_stays),
    Protection::named("tags-deployments", "It gives deployments no tags.").writes(writes::deployments_untagged),
    Protection::named("tags-everything", "It tags the group, and leaves the rest to Azure.")
        .writes(writes::groups_tagged_alone),
    Protection::named(
        "tells-missing-roles",
        "It takes the refusal for want of a role for any other.",
    )
    .reads(knows::no_missing_roles),
    Protection::named(
        "true-disk-names",
        "It deletes the disk of a machine under the machine's name.",
    )
    .writes(writes::disk_by_machine),
    Protection::named("version-of-the-type", "It tags every type by the version of one.").writes(writes::one_version),
    Protection::named("waits-for-conflicts", "It gives up when something else is under way.")
        .reads(knows::nothing_under_way),
    Protection::named("waits-for-references", "It takes what was accepted for done.").reads(knows::accepted_is_done),
    Protection::named(
        "writes-tags-alone",
        "It writes whole resources back for the sake of a tag.",
    )
    .writes(writes::whole_documents),
];

#[cfg(test)]
mod tests {
    use super::Protection;

    #[test]
    fn protections_are_sorted_and_found_by_name() {
        let names: Vec<&str> = Protection::all().iter().map(|own| own.name).collect();
        assert!(names.is_sorted_by(|a, b| a < b), "{names:?}");
        assert!(names.iter().all(|name| Protection::find(name).is_some()));
    }

    #[test]
    fn each_is_told_in_a_sentence() {
        for own in Protection::all() {
            assert!(
                own.without.starts_with("It") && own.without.ends_with('.'),
                "{}",
                own.name
            );
        }
    }
}
