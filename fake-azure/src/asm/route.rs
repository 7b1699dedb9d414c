//! Routes: verb, path, what the query must say, and the version from which on the operation is there (SM 3).

use http::Method;

use super::error::Failure;
use super::request::{Answer, Asked, Version};
use super::{
    affinity_groups, certificates, deployments, disks, endpoints, extensions, hosted_services, images, locations,
    migration, network_configuration, network_security_groups, operations, packages, reserved_ips, role_instances,
    role_operations, roles, route_tables, storage_services, subscription, virtual_networks,
};

/// Answers a request.
pub(super) type Handler = fn(&mut Asked<'_>) -> Result<Answer, Failure>;

/// One operation.
#[derive(Clone, Copy, Debug)]
pub(super) struct Route {
    pub(super) verb: &'static str,
    /// Below the subscription; `{name}` is any one segment.
    pub(super) path: &'static str,
    /// What `comp` must say; a route without it takes whatever no other wants.
    pub(super) comp: Option<&'static str>,
    /// The version from which on it is there.
    pub(super) since: Version,
    pub(super) handler: Handler,
}

impl Route {
    pub(super) const fn new(verb: &'static str, path: &'static str, handler: Handler) -> Route {
        Route {
            verb,
            path,
            comp: None,
            since: 20_091_001,
            handler,
        }
    }

    pub(super) const fn comp(mut self, comp: &'static str) -> Route {
        self.comp = Some(comp);
        self
    }

    pub(super) const fn since(mut self, version: Version) -> Route {
        self.since = version;
        self
    }

    fn literals(&self) -> usize {
        self.path
            .split('/')
            .filter(|part| !part.is_empty() && !part.starts_with('{'))
            .count()
    }

    /// The names in a path, if it is this route's; case does not count (SM 1.1).
    fn matches(&self, segments: &[String]) -> Option<Vec<(&'static str, String)>> {
        let parts: Vec<&'static str> = self.path.split('/').filter(|part| !part.is_empty()).collect();
        if parts.len() != segments.len() {
            return None;
        }
        let mut params = Vec::new();
        for (part, segment) in parts.into_iter().zip(segments) {
            match part.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')) {
                Some(name) => params.push((name, segment.clone())),
                None if part.eq_ignore_ascii_case(segment) => {}
                None => return None,
            }
        }
        Some(params)
    }
}

/// Every operation, noun by noun.
fn all() -> impl Iterator<Item = &'static Route> {
    let tables: [&'static [Route]; 22] = [
        affinity_groups::ROUTES,
        certificates::ROUTES,
        deployments::ROUTES,
        disks::ROUTES,
        endpoints::ROUTES,
        extensions::ROUTES,
        hosted_services::ROUTES,
        images::ROUTES,
        locations::ROUTES,
        migration::ROUTES,
        network_configuration::ROUTES,
        network_security_groups::ROUTES,
        operations::ROUTES,
        packages::ROUTES,
        reserved_ips::ROUTES,
        role_instances::ROUTES,
        role_operations::ROUTES,
        roles::ROUTES,
        route_tables::ROUTES,
        storage_services::ROUTES,
        subscription::ROUTES,
        virtual_networks::ROUTES,
    ];
    tables.into_iter().flatten()
}

/// A route, and the names in the path.
pub(super) type Found = (&'static Route, Vec<(&'static str, String)>);

/// The route of a request.
pub(super) fn find(
    verb: &Method,
    segments: &[String],
    query: &[(String, String)],
    version: Version,
) -> Result<Found, Failure> {
    let mut found: Vec<Found> = all()
        .filter_map(|route| route.matches(segments).map(|params| (route, params)))
        .collect();
    let best = found
        .iter()
        .map(|(route, _)| route.literals())
        .max()
        .ok_or_else(Failure::unknown)?;
    found.retain(|(route, _)| route.literals() == best);
    found.retain(|(route, _)| route.verb == verb.as_str());
    if found.is_empty() {
        return Err(Failure::verb());
    }
    let comp = query
        .iter()
        .find(|(key, _)| key == "comp")
        .map(|(_, value)| value.as_str());
    let said = |route: &Route| {
        route
            .comp
            .is_some_and(|own| comp.is_some_and(|comp| own.eq_ignore_ascii_case(comp)))
    };
    let place = found
        .iter()
        .position(|(route, _)| said(route))
        .or_else(|| found.iter().position(|(route, _)| route.comp.is_none()));
    let (route, params) = found.swap_remove(place.ok_or_else(Failure::query)?);
    // What an older version gets is not recorded; the service does not know the resource then (SM 1.3, unsure).
    if version < route.since {
        return Err(Failure::unknown());
    }
    Ok((route, params))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path_of(verb: Method, path: &str, query: &str) -> Result<&'static str, String> {
        let found = find(
            &verb,
            &super::super::request::segments(path),
            &super::super::request::pairs(query),
            20_170_101,
        );
        found.map(|(route, _)| route.path).map_err(|failure| failure.code)
    }

    #[test]
    fn no_two_routes_are_the_same() {
        let mut rows: Vec<(String, &str, Option<&str>)> = all()
            .map(|route| (route.path.to_lowercase(), route.verb, route.comp))
            .collect();
        let n = rows.len();
        rows.sort_unstable();
        rows.dedup();
        assert_eq!(rows.len(), n);
    }

    /// Every operation is told in a transcript under `snapshots/fake-azure`, with the exact document that comes back.
    #[test]
    fn every_operation_has_a_story() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../snapshots/fake-azure");
        let key = |route: &Route| (route.path, route.verb, route.comp);
        let mut told = std::collections::BTreeSet::new();
        for entry in std::fs::read_dir(folder).expect("the snapshots are there") {
            let path = entry.expect("a file").path();
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            if !name.starts_with("asm-") {
                continue;
            }
            for line in std::fs::read_to_string(&path).expect("text").lines() {
                let Some((verb, target)) = line.split_once(' ').filter(|(_, rest)| rest.starts_with('/')) else {
                    continue;
                };
                let (path, query) = target.split_once('?').unwrap_or((target, ""));
                let verb = Method::from_bytes(verb.as_bytes()).expect("a verb");
                let (path, query) = (
                    super::super::request::segments(path),
                    super::super::request::pairs(query),
                );
                if let Ok((route, _)) = find(&verb, &path, &query, 20_170_101) {
                    told.insert(key(route));
                }
            }
        }
        let silent: Vec<_> = all().map(key).filter(|key| !told.contains(key)).collect();
        assert_eq!(silent, []);
    }

    #[test]
    fn paths_mind_no_case_and_no_slash_at_the_end() {
        let status = "/services/hostedservices/{service}/deployments/{deployment}";
        assert_eq!(
            path_of(Method::POST, "/Services/HostedServices/s/Deployments/d/", "COMP=status"),
            Ok(status)
        );
        assert_eq!(
            path_of(Method::GET, "/services/networking/media", ""),
            Ok("/services/networking/media")
        );
        assert_eq!(
            path_of(Method::GET, "/services/networking/v", "op=checkavailability"),
            Ok("/services/networking/{vnet}")
        );
    }

    #[test]
    fn what_is_not_there_is_refused_by_its_kind() {
        assert_eq!(
            path_of(Method::GET, "/services/nothing/at/all", ""),
            Err("ResourceNotFound".to_owned())
        );
        assert_eq!(
            path_of(Method::PATCH, "/locations", ""),
            Err("InvalidHttpVerb".to_owned())
        );
        let roles = "/services/hostedservices/s/deployments/d/roleinstances/i";
        assert_eq!(
            path_of(Method::POST, roles, ""),
            Err("MissingOrInvalidRequiredQueryParameter".to_owned())
        );
    }
}
