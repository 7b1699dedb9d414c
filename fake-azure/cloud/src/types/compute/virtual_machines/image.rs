//! The image that a machine is made from: found, and fit for the size.

use super::forms::{
    ARCHITECTURE, GENERATION, IMAGE_NOT_FOUND, IMAGE_NOT_FOUND_2016, PLAN_MISSING, PLAN_NOT_NEEDED, PLAN_OTHER,
};
use super::spec::{ImageReference, Purchase};
use crate::catalogue::images;
use crate::catalogue::limits::Era;
use crate::catalogue::sizes::{Architecture, VmSize};
use crate::cx::Cx;
use crate::error::CloudError;
use crate::fabric::{ImageDisk, System};
use crate::forms as shared;
use crate::id::ResourceId;
use crate::types::Put;
use crate::types::compute::parameters::missing;

/// What an image gives a machine.
#[derive(Debug)]
pub(super) struct Image {
    pub(super) system: System,
    pub(super) generation: Box<str>,
    pub(super) size_gb: u32,
    pub(super) data: Vec<ImageDisk>,
    /// The version that `latest` meant; none for a captured image.
    pub(super) exact_version: Option<&'static str>,
    /// How a disk made from it names it.
    pub(super) id: String,
    architecture: Option<Architecture>,
    plan: Option<images::Plan>,
}

/// Finds an image.
pub(super) fn find(cx: &Cx<'_>, put: &Put<'_>, reference: &ImageReference) -> Result<Image, CloudError> {
    if let Some(id) = reference.id.as_deref().filter(|id| !id.is_empty()) {
        return captured(cx, put, id);
    }

    let part = |part: &Option<String>, path: &str| {
        part.clone()
            .filter(|part| !part.is_empty())
            .ok_or_else(|| missing(path))
    };
    let publisher = part(&reference.publisher, "imageReference.publisher")?;
    let offer = part(&reference.offer, "imageReference.offer")?;
    let sku = part(&reference.sku, "imageReference.sku")?;
    let version = part(&reference.version, "imageReference.version")?;
    let Some(found) = images::find(&publisher, &offer, &sku, &version) else {
        let form = if cx.era() == Era::Current {
            &IMAGE_NOT_FOUND
        } else {
            &IMAGE_NOT_FOUND_2016
        };
        let image = format!("{publisher}:{offer}:{sku}:{version}");
        return Err(CloudError::of(form).with("image", image).about("imageReference"));
    };
    Ok(Image {
        system: found.sku.os.into(),
        generation: found.sku.generation.into(),
        size_gb: found.sku.size_gb,
        data: Vec::new(),
        exact_version: Some(found.version),
        id: format!(
            "/Subscriptions/{}/Providers/Microsoft.Compute/Locations/{}/Publishers/{}/ArtifactTypes/VMImage/Offers/{}/Skus/{}/Versions/{}",
            put.id.subscription(),
            put.location,
            found.publisher.name,
            found.offer.name,
            found.sku.name,
            found.version,
        ),
        architecture: Some(found.sku.architecture),
        plan: found.sku.plan,
    })
}

/// A captured image. It may go afterwards: the machine keeps its name only.
fn captured(cx: &Cx<'_>, put: &Put<'_>, id: &str) -> Result<Image, CloudError> {
    let found = ResourceId::parse(id).ok().and_then(|id| cx.find_id(id.folded()));
    let image = found.and_then(|found| cx.fabric().images.get(&found.key).map(|image| (found, image)));
    let here = image.filter(|(found, _)| found.location.as_ref() == put.location);
    let Some((found, image)) = here else {
        return Err(CloudError::of(&shared::INVALID_REFERENCE_COMPUTE)
            .with("target", id)
            .with("source", put.id()));
    };
    Ok(Image {
        system: image.system,
        generation: image.generation.clone(),
        size_gb: image.size_gb,
        data: image.data.clone(),
        exact_version: None,
        id: cx.id(found.key),
        architecture: None,
        plan: None,
    })
}

impl Image {
    /// Whether a size boots it (ARM 3.6).
    pub(super) fn check_size(&self, size: &VmSize) -> Result<(), CloudError> {
        check_generation(&self.generation, size)?;
        let own = size.family.architecture;
        match self.architecture {
            Some(given) if given != own => {
                let error = CloudError::of(&ARCHITECTURE)
                    .with("size", size.name)
                    .with("own", own.as_str());
                Err(error.with("given", given.as_str()))
            }
            _ => Ok(()),
        }
    }

    /// Whether the plan is the image's: a marketplace image needs one, others take none (ARM 3.6).
    pub(super) fn check_plan(&self, purchase: Option<&Purchase>, disk: &str) -> Result<(), CloudError> {
        let same =
            |given: &Option<String>, own: &str| given.as_deref().is_some_and(|given| given.eq_ignore_ascii_case(own));
        match (self.plan, purchase) {
            (None, None) => Ok(()),
            (None, Some(_)) if self.exact_version.is_none() => Ok(()),
            (None, Some(_)) => Err(CloudError::of(&PLAN_NOT_NEEDED).with("disk", disk)),
            (Some(_), None) => Err(CloudError::of(&PLAN_MISSING).with("disk", disk)),
            (Some(own), Some(given)) => {
                let matches = same(&given.publisher, own.publisher)
                    && same(&given.name, own.name)
                    && same(&given.product, own.product);
                if matches {
                    Ok(())
                } else {
                    Err(CloudError::of(&PLAN_OTHER).with("disk", disk))
                }
            }
        }
    }
}

/// Whether a size boots a generation.
pub(super) fn check_generation(generation: &str, size: &VmSize) -> Result<(), CloudError> {
    if size.family.generations.boots(generation) {
        return Ok(());
    }
    let number = generation.trim_start_matches('V');
    Err(CloudError::of(&GENERATION)
        .with("size", size.name)
        .with("generation", number))
}
