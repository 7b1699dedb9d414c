//! Counting: how many of each type there are.

use std::collections::BTreeMap;

use fake_azure_cloud::{Cloud, Kind};

use super::{Failure, Verdict};
use crate::scenario::short_types;

/// What is counted that is no resource of Resource Manager's: blobs, and what machines of the classic stack are made of.
pub(crate) const OTHERS: &[&str] = &["blob", "cloud-service", "role"];

/// Judges how many of each type there are.
pub(crate) fn count(cloud: &Cloud, counts: &BTreeMap<String, u64>) -> Verdict {
    let mut verdict = Verdict::default();
    for (short, wanted) in counts {
        let classic = cloud.classic();
        let there = if short == "blob" {
            cloud.fabric().blobs.len()
        } else if short == "cloud-service" {
            classic.hosted_services.len()
        } else if short == "role" {
            classic
                .deployments
                .iter()
                .map(|(_, deployment)| deployment.roles.len())
                .sum()
        } else {
            let full = short_types()
                .iter()
                .find(|row| row.short == short)
                .map_or("", |row| row.full);
            let kind = match full.split_once('/') {
                Some((namespace, type_path)) => Kind::find(namespace, type_path),
                None => Some(Kind::ResourceGroups),
            };
            cloud
                .store()
                .iter()
                .filter(|resource| Some(resource.kind) == kind)
                .count()
        };
        verdict.n_judged += 1;
        if there as u64 != *wanted {
            let what = format!("unexpected number of {short}");
            verdict
                .failures
                .push(Failure::new(what, wanted.to_string(), there.to_string()));
        }
    }
    verdict
}
