//! Relations between models (juju-provider 3.5): offers, what consumes them, and the networks that the offered side lets in.
//!
//! Both models are of one controller, as in 2.2. What has to happen is read off what is remembered, one change after the other:
//! a worker that ends between two of them, or that does everything twice, comes to the same end. It refuses to know the cloud: the
//! firewaller opens what the relations ask for.

mod worker;

use std::collections::BTreeSet;
use std::fmt;

pub(super) use self::worker::{RemoteRelations, workload};
use super::state::{Controller, Endpoint, Life, Model, Offer, Relation, RemoteApplication, Role};

/// What a consumed application is said to do before anything is known of it.
const UNKNOWN: &str = "unknown";
/// Where an offer is: `[controller:]user/model.offer`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct OfferUrl {
    pub(crate) controller: Option<String>,
    pub(crate) user: String,
    pub(crate) model: String,
    pub(crate) offer: String,
}

impl OfferUrl {
    /// Whether a text means an offer rather than an application of the same model.
    pub(crate) fn is_one(text: &str) -> bool {
        text.contains('.')
    }

    /// # Errors
    ///
    /// A text of another form.
    pub(crate) fn parse(text: &str) -> Result<OfferUrl, String> {
        let wrong = || format!("`{text}` is no offer, expected one like `admin/prod-db.mysqlservice`");
        let (controller, rest) = match text.split_once(':') {
            Some((controller, rest)) => (Some(controller.to_owned()), rest),
            None => (None, text),
        };
        let (user, rest) = rest.split_once('/').unwrap_or(("admin", rest));
        let (model, offer) = rest.split_once('.').ok_or_else(wrong)?;
        let parts = [user, model, offer];
        if parts.iter().any(|part| part.is_empty()) || controller.as_deref() == Some("") {
            return Err(wrong());
        }

        Ok(OfferUrl {
            controller,
            user: user.to_owned(),
            model: model.to_owned(),
            offer: offer.to_owned(),
        })
    }
}

impl fmt::Display for OfferUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(controller) = &self.controller {
            write!(f, "{controller}:")?;
        }
        write!(f, "{}/{}.{}", self.user, self.model, self.offer)
    }
}

/// `juju offer mysql:db[,admin] [name]`: what it prints.
///
/// # Errors
///
/// An application or an endpoint that is not there; an offer of that name by another application.
pub(crate) fn offer(
    controller: &mut Controller,
    model: &str,
    endpoints: &str,
    name: Option<&str>,
) -> Result<String, String> {
    let (application, endpoints) = endpoints
        .split_once(':')
        .ok_or_else(|| format!("`{endpoints}` names no endpoint, expected one like `mysql:db`"))?;
    let model = model_mut(controller, model)?;
    alive(model)?;
    let Some(own) = model
        .applications
        .get(application)
        .filter(|own| own.life == Life::Alive)
    else {
        return Err(format!("application \"{application}\" not found"));
    };
    let endpoints: BTreeSet<String> = endpoints.split(',').map(str::to_owned).collect();
    if let Some(missing) = endpoints
        .iter()
        .find(|name| !own.endpoints.iter().any(|own| own.name == **name))
    {
        return Err(format!("application \"{application}\" has no \"{missing}\" relation"));
    }
    let name = name.unwrap_or(application);
    if let Some(other) = model.offers.get(name)
        && other.application != application
    {
        return Err(format!(
            "cannot offer \"{application}\" as \"{name}\": that is what application \"{}\" is offered as",
            other.application
        ));
    }
    let listed: Vec<&str> = endpoints.iter().map(String::as_str).collect();
    let url = OfferUrl {
        controller: None,
        user: model.owner.clone(),
        model: model.name.clone(),
        offer: name.to_owned(),
    };
    let said = format!(
        "Application \"{application}\" endpoints [{}] available at \"{url}\"",
        listed.join(", ")
    );
    let offer = Offer {
        application: application.to_owned(),
        endpoints,
    };
    model.offers.insert(name.to_owned(), offer);
    Ok(said)
}

/// `juju remove-offer URL`.
///
/// # Errors
///
/// There is none; somebody consumes it.
pub(crate) fn remove_offer(controller: &mut Controller, url: &str) -> Result<(), String> {
    let url = own_url(controller, url)?;
    let model = model_mut(controller, &url.model)?;
    let Some(offer) = model.offers.get(&url.offer) else {
        return Err(format!("offer \"{url}\" not found"));
    };
    let n_relations = consumers(model, offer).count();
    if n_relations > 0 {
        let relations = if n_relations == 1 { "relation" } else { "relations" };
        return Err(format!(
            "cannot delete application offer \"{}\": offer has {n_relations} {relations}",
            url.offer
        ));
    }
    model.offers.remove(&url.offer);
    Ok(())
}

/// Relations of other models to what is offered.
pub(crate) fn consumers<'m>(model: &'m Model, offer: &'m Offer) -> impl Iterator<Item = &'m Relation> {
    model.relations.values().filter(|relation| {
        let is_offered =
            |endpoint: &Endpoint| endpoint.application == offer.application && offer.endpoints.contains(&endpoint.name);
        relation.endpoints.iter().any(is_offered) && relation.endpoints.iter().any(|own| is_proxy(model, own))
    })
}

fn is_proxy(model: &Model, endpoint: &Endpoint) -> bool {
    let remote = model.remote_applications.get(&endpoint.application);
    remote.is_some_and(|remote| remote.is_consumer_proxy)
}

/// `juju find-endpoints`: where, whether one may, and what of which interface.
pub(crate) fn find_endpoints(controller: &Controller) -> Vec<[String; 3]> {
    let mut rows = Vec::new();
    for model in controller.models.values() {
        for (name, offer) in &model.offers {
            let Some(application) = model.applications.get(&offer.application) else {
                continue;
            };
            let mut interfaces: Vec<String> = application
                .endpoints
                .iter()
                .filter(|endpoint| offer.endpoints.contains(&endpoint.name))
                .map(|endpoint| format!("{}:{}", endpoint.interface, endpoint.name))
                .collect();
            interfaces.sort();
            let url = format!("{}/{}.{name}", model.owner, model.name);
            rows.push([url, "admin".to_owned(), interfaces.join(", ")]);
        }
    }
    rows
}

/// `juju relate mysql:db wordpress:db`, `juju relate wordpress:db admin/prod-db.mysqlservice`: the number of the relation.
///
/// # Errors
///
/// Something that is not there, or endpoints that do not fit each other, or more than one that does.
pub(crate) fn relate(controller: &mut Controller, model: &str, one: &str, other: &str) -> Result<u32, String> {
    let (one, other) = if OfferUrl::is_one(one) {
        (other, one)
    } else {
        (one, other)
    };
    let remote = match OfferUrl::is_one(other) {
        true => Some(consume(controller, model, other)?),
        false => None,
    };
    let model = model_mut(controller, model)?;
    alive(model)?;
    let offered = remote.as_ref().map(|(name, remote)| (name.as_str(), remote));
    let ours = endpoints_of(model, None, one)?;
    let theirs = match &offered {
        Some((name, _)) => endpoints_of(model, offered, name)?,
        None => endpoints_of(model, None, other)?,
    };
    let mut fits = Vec::new();
    for own in &ours {
        for their in &theirs {
            let opposite = matches!(
                (own.role, their.role),
                (Role::Provider, Role::Requirer) | (Role::Requirer, Role::Provider)
            );
            if own.interface == their.interface && opposite {
                fits.push([own.clone(), their.clone()]);
            }
        }
    }
    let endpoints = match fits.as_slice() {
        [] => return Err(format!("no relations found between \"{one}\" and \"{other}\"")),
        [endpoints] => endpoints.to_vec(),
        many => {
            let named: Vec<String> = many.iter().map(|endpoints| format!("\"{}\"", key(endpoints))).collect();
            return Err(format!(
                "ambiguous relation: \"{one} {other}\" could refer to {}",
                named.join("; ")
            ));
        }
    };
    let is_same = |relation: &Relation| {
        let own: BTreeSet<&Endpoint> = relation.endpoints.iter().collect();
        own == endpoints.iter().collect()
    };
    if model.relations.values().any(is_same) {
        let key = key(&endpoints);
        return Err(format!("cannot add relation \"{key}\": relation {key} already exists"));
    }
    if let Some((name, remote)) = remote {
        model.remote_applications.entry(name).or_insert(remote);
    }
    let number = model.next_relation;
    model.next_relation += 1;
    let relation = Relation {
        life: Life::Alive,
        endpoints,
        token: None,
        in_scope: BTreeSet::new(),
        ingress: BTreeSet::new(),
    };
    model.relations.insert(number, relation);
    Ok(number)
}

/// What a relation is called: who calls first, then who is called.
pub(crate) fn key(endpoints: &[Endpoint]) -> String {
    let mut endpoints: Vec<&Endpoint> = endpoints.iter().collect();
    endpoints.sort_by_key(|endpoint| endpoint.role == Role::Provider);
    let named: Vec<String> = endpoints
        .iter()
        .map(|endpoint| format!("{}:{}", endpoint.application, endpoint.name))
        .collect();
    named.join(" ")
}

/// What an offer becomes in the model that consumes it.
fn consume(controller: &Controller, model: &str, url: &str) -> Result<(String, RemoteApplication), String> {
    let url = own_url(controller, url)?;
    let offering = find(controller, &url.model)?;
    let offer = offering.offers.get(&url.offer).filter(|_| offering.owner == url.user);
    let Some((offer, application)) =
        offer.and_then(|offer| Some((offer, offering.applications.get(&offer.application)?)))
    else {
        return Err(format!("application offer \"{url}\" not found"));
    };
    let consuming = find(controller, model)?;
    if consuming.uuid == offering.uuid {
        return Err(format!("cannot relate to \"{url}\": it is offered by the same model"));
    }
    let name = url.offer.clone();
    let taken = consuming.applications.contains_key(&name)
        || consuming
            .remote_applications
            .get(&name)
            .is_some_and(|own| own.url != url.to_string());
    if taken {
        return Err(format!(
            "saas application called \"{name}\" from a different model already exists"
        ));
    }

    let endpoints = application
        .endpoints
        .iter()
        .filter(|endpoint| offer.endpoints.contains(&endpoint.name))
        .map(|endpoint| Endpoint {
            application: name.clone(),
            ..endpoint.clone()
        });
    let remote = RemoteApplication {
        life: Life::Alive,
        url: url.to_string(),
        source_model: offering.uuid,
        endpoints: endpoints.collect(),
        token: None,
        is_consumer_proxy: false,
        status: UNKNOWN.to_owned(),
    };
    Ok((name, remote))
}

/// Endpoints that `app` or `app:endpoint` can mean.
fn endpoints_of(
    model: &Model,
    remote: Option<(&str, &RemoteApplication)>,
    text: &str,
) -> Result<Vec<Endpoint>, String> {
    let (application, endpoint) = match text.split_once(':') {
        Some((application, endpoint)) => (application, Some(endpoint)),
        None => (text, None),
    };
    let own = model
        .applications
        .get(application)
        .filter(|own| own.life == Life::Alive);
    let consumed = model.remote_applications.get(application);
    let all = match (own, consumed, remote) {
        (_, _, Some((name, remote))) if name == application => &remote.endpoints,
        (Some(own), ..) => &own.endpoints,
        (None, Some(consumed), _) => &consumed.endpoints,
        (None, None, _) => return Err(format!("application \"{application}\" not found")),
    };
    let found: Vec<Endpoint> = all
        .iter()
        .filter(|own| endpoint.is_none_or(|name| own.name == name))
        .cloned()
        .collect();
    match (found.is_empty(), endpoint) {
        (true, Some(name)) => Err(format!("application \"{application}\" has no \"{name}\" relation")),
        _ => Ok(found),
    }
}

/// `juju remove-relation one other`: of either side.
///
/// # Errors
///
/// There is no such relation.
pub(crate) fn remove_relation(controller: &mut Controller, model: &str, one: &str, other: &str) -> Result<(), String> {
    let name = |text: &str| match OfferUrl::is_one(text) {
        true => OfferUrl::parse(text).map(|url| url.offer),
        false => Ok(text.to_owned()),
    };
    let (one, other) = (name(one)?, name(other)?);
    let model = model_mut(controller, model)?;
    let has = |relation: &Relation, text: &str| {
        let (application, endpoint) = text.split_once(':').unwrap_or((text, ""));
        let is_it = |own: &Endpoint| own.application == application && (endpoint.is_empty() || own.name == endpoint);
        relation.endpoints.iter().any(is_it)
    };
    let found: Vec<u32> = model
        .relations
        .iter()
        .filter(|(_, relation)| relation.life == Life::Alive && has(relation, &one) && has(relation, &other))
        .map(|(number, _)| *number)
        .collect();
    match found.as_slice() {
        [] => Err(format!("relation \"{one} {other}\" not found")),
        [number] => {
            if let Some(relation) = model.relations.get_mut(number) {
                relation.life = Life::Dying;
            }
            Ok(())
        }
        _ => Err(format!("ambiguous relation: \"{one} {other}\" could refer to several")),
    }
}

/// The model that an offer's address means, which has to be of this controller (juju-provider 3.5, limits in 2.2).
fn own_url(controller: &Controller, url: &str) -> Result<OfferUrl, String> {
    let mut url = OfferUrl::parse(url)?;
    match url.controller.take() {
        Some(other) if other != controller.name => Err(format!(
            "cannot use \"{other}:{url}\" on controller \"{}\": relations between controllers are not supported",
            controller.name
        )),
        _ => Ok(url),
    }
}

fn find<'c>(controller: &'c Controller, model: &str) -> Result<&'c Model, String> {
    let found = controller.models.get(model);
    found.ok_or_else(|| format!("model \"{model}\" not found"))
}

fn model_mut<'c>(controller: &'c mut Controller, model: &str) -> Result<&'c mut Model, String> {
    let found = controller.models.get_mut(model);
    found.ok_or_else(|| format!("model \"{model}\" not found"))
}

fn alive(model: &Model) -> Result<(), String> {
    match model.life {
        Life::Alive => Ok(()),
        life => Err(format!("model \"{}\" is {}", model.name, life.name())),
    }
}
