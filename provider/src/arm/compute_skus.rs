//! What compute sells in a location, with what the subscription may not have (juju-provider 1.13, since 2.7).

use http::Method;
use serde::Deserialize;

use super::scope::{Call, Scope};
use super::vm_sizes::VmSize;

/// An entry of the list: a size, or something else that is sold.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Sku {
    #[serde(default)]
    resource_type: String,
    #[serde(default)]
    name: String,
    #[serde(default)]
    family: Option<String>,
    #[serde(default)]
    locations: Vec<String>,
    #[serde(default)]
    capabilities: Vec<Capability>,
    #[serde(default)]
    restrictions: Vec<Restriction>,
}

#[derive(Clone, Debug, Deserialize)]
struct Capability {
    #[serde(default)]
    name: String,
    #[serde(default)]
    value: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Restriction {
    #[serde(rename = "type", default)]
    kind: String,
    #[serde(default)]
    reason_code: String,
}

impl Restriction {
    /// Whether the subscription cannot have the size at all (juju-provider L71). `QuotaId` means that, too, where it is about the
    /// location; about zones it means nothing to us, who ask for none.
    fn forbids(&self) -> bool {
        let by_location = !self.kind.eq_ignore_ascii_case("zone");
        let unusable = self.reason_code.eq_ignore_ascii_case("QuotaId") && by_location;
        unusable || self.reason_code.eq_ignore_ascii_case("NotAvailableForSubscription")
    }
}

impl Sku {
    fn capability(&self, name: &str) -> Option<&str> {
        let own = self
            .capabilities
            .iter()
            .find(|own| own.name.eq_ignore_ascii_case(name))?;
        Some(own.value.as_str())
    }

    fn number(&self, name: &str) -> Option<f64> {
        self.capability(name)?.parse().ok()
    }

    /// The size, if it is one that a machine here could be of. The images of this generation boot on amd64 and on the first
    /// generation of virtual hardware (juju-provider L75).
    fn size(&self, location: &str) -> Option<VmSize> {
        let is_size = self.resource_type.eq_ignore_ascii_case("virtualMachines");
        let is_here = self.locations.iter().any(|own| own.eq_ignore_ascii_case(location));
        let boots = self
            .capability("HyperVGenerations")
            .is_none_or(|generations| generations.split(',').any(|own| own.trim().eq_ignore_ascii_case("V1")));
        let is_amd64 = self
            .capability("CpuArchitectureType")
            .is_none_or(|arch| arch.eq_ignore_ascii_case("x64"));
        if !is_size || !is_here || !boots || !is_amd64 || self.restrictions.iter().any(Restriction::forbids) {
            return None;
        }

        let whole = |number: f64| format!("{:.0}", number.floor()).parse().ok();
        // What is usable says more than what there is.
        let cores = self.number("vCPUsAvailable").or_else(|| self.number("vCPUs"))?;
        Some(VmSize {
            name: self.name.clone(),
            family: self.family.clone().filter(|family| !family.is_empty()),
            number_of_cores: whole(cores)?,
            os_disk_size_in_mb: self.number("OSVhdSizeMB").and_then(whole)?,
            memory_in_mb: self.number("MemoryGB").and_then(|gb| whole(gb * 1_024.0))?,
            max_data_disk_count: self.number("MaxDataDiskCount").and_then(whole).unwrap_or_default(),
        })
    }
}

/// The sizes among `skus` that a machine in `location` could be of.
pub(crate) fn sizes(skus: &[Sku], location: &str) -> Vec<VmSize> {
    skus.iter().filter_map(|sku| sku.size(location)).collect()
}

/// Those of the location: the list of all locations is fifty times as long.
pub(crate) fn list(scope: &Scope) -> Call {
    let id = format!("{}/providers/Microsoft.Compute/skus", scope.subscription_id());
    let filter = format!("location eq '{}'", scope.location);
    let query = [("$filter", filter.as_str()), ("api-version", scope.versions.skus)];
    scope.call("list compute SKUs", Method::GET, &id, &query, None)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{Sku, sizes};

    fn sku(name: &str, change: impl FnOnce(&mut Value)) -> Sku {
        let mut document = json!({
            "resourceType": "virtualMachines", "name": name, "family": "standardDSv5Family", "locations": ["WestUS"],
            "restrictions": [],
            "capabilities": [{"name": "vCPUs", "value": "4"}, {"name": "vCPUsAvailable", "value": "2"},
                             {"name": "MemoryGB", "value": "0.5"}, {"name": "OSVhdSizeMB", "value": "1047552"},
                             {"name": "HyperVGenerations", "value": "V1,V2"}, {"name": "MaxDataDiskCount", "value": "4"}]});
        change(&mut document);
        serde_json::from_value(document).expect("the document is a SKU")
    }

    fn restricted(kind: &str, reason: &str) -> Vec<Sku> {
        let restriction = json!([{"type": kind, "values": ["westus"], "reasonCode": reason}]);
        vec![sku("Standard_D2s_v5", |own| own["restrictions"] = restriction)]
    }

    #[test]
    fn a_size_is_read_from_what_it_is_capable_of() {
        let found = sizes(&[sku("Standard_D2s_v5", |_| ())], "westus");
        let said: Vec<_> = found
            .iter()
            .map(|own| {
                (
                    own.name.as_str(),
                    own.number_of_cores,
                    own.memory_in_mb,
                    own.os_disk_size_in_mb,
                )
            })
            .collect();
        assert_eq!(said, [("Standard_D2s_v5", 2, 512, 1_047_552)]);
    }

    #[test]
    fn what_the_subscription_may_not_have_is_left_out() {
        assert!(sizes(&restricted("Location", "NotAvailableForSubscription"), "westus").is_empty());
        assert!(sizes(&restricted("Location", "QuotaId"), "westus").is_empty());
        assert_eq!(sizes(&restricted("Zone", "QuotaId"), "westus").len(), 1);
    }

    #[test]
    fn what_is_no_size_or_elsewhere_or_boots_other_images_is_left_out() {
        let skus = [
            sku("premium", |own| own["resourceType"] = json!("disks")),
            sku("Standard_D2s_v5", |own| own["locations"] = json!(["eastus"])),
            sku("Standard_D2s_v6", |own| own["capabilities"][4]["value"] = json!("V2")),
            sku("Standard_D2ps_v5", |own| {
                own["capabilities"][4] = json!({"name": "CpuArchitectureType", "value": "Arm64"});
            }),
        ];
        assert!(sizes(&skus, "westus").is_empty());
    }
}
