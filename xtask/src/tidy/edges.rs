//! Which package may depend on which. A new edge is the largest kind of change: it is made here first.

use std::path::Path;

use crate::repository::Metadata;

use super::tree::{Problem, Tree};

/// Every package with what it may know of ours, in tests, too.
const EDGES: &[(&str, &[&str])] = &[
    ("conformance", &["fake-azure", "fake-azure-cloud", "provider"]),
    ("fake-azure", &["fake-azure-cloud"]),
    ("fake-azure-cloud", &[]),
    ("provider", &[]),
    ("xtask", &[]),
];

/// What the world must do without: no HTTP, no text format but trees, no async, no wall clock, no entropy, no threads.
const NOT_IN_CLOUD: &[&str] = &[
    "async-std",
    "async-trait",
    "axum",
    "axum-server",
    "chrono",
    "crossbeam",
    "fs-err",
    "futures",
    "futures-util",
    "getrandom",
    "http",
    "http-body",
    "http-body-util",
    "hyper",
    "hyper-util",
    "jiff",
    "parking_lot",
    "quick-xml",
    "rand",
    "rayon",
    "reqwest",
    "rustls",
    "serde-saphyr",
    "smol",
    "tempfile",
    "time",
    "tokio",
    "tokio-rustls",
    "tower",
    "tower-http",
    "ureq",
];

/// A dependency that a manifest declares.
#[derive(Debug)]
pub(crate) struct Edge {
    package: String,
    /// Relative to the root.
    manifest: String,
    dependency: String,
}

/// What the manifests declare, of every kind: `[dependencies]`, for tests, for builds, for one target.
pub(crate) fn declared(metadata: &Metadata, root: &Path) -> Vec<Edge> {
    let mut edges = Vec::new();
    for package in &metadata.packages {
        let manifest = package
            .manifest_path
            .strip_prefix(root)
            .unwrap_or(&package.manifest_path);
        for dependency in &package.dependencies {
            edges.push(Edge {
                package: package.name.clone(),
                manifest: manifest.to_string_lossy().replace('\\', "/"),
                dependency: dependency.name.clone(),
            });
        }
    }
    edges
}

pub(crate) fn check(tree: &Tree, edges: &[Edge]) -> Vec<Problem> {
    edges
        .iter()
        .filter_map(|edge| Some(Problem::at(&edge.manifest, line_idx(tree, edge), refusal(edge)?)))
        .collect()
}

fn refusal(edge: &Edge) -> Option<String> {
    let Edge {
        package, dependency, ..
    } = edge;
    let Some((_, allowed)) = EDGES.iter().find(|(name, _)| name == package) else {
        return Some(format!("package `{package}` has no row in the table of crate edges"));
    };

    let is_ours = EDGES.iter().any(|(name, _)| name == dependency);
    if is_ours && !allowed.contains(&dependency.as_str()) {
        return Some(format!("`{package}` must not depend on `{dependency}`"));
    }

    if package == "fake-azure-cloud" && NOT_IN_CLOUD.contains(&dependency.as_str()) {
        return Some(format!("`{package}` is pure and must not depend on `{dependency}`"));
    }

    None
}

fn line_idx(tree: &Tree, edge: &Edge) -> usize {
    let names_it = |line: &str| {
        line.strip_prefix(edge.dependency.as_str())
            .is_some_and(|rest| rest.starts_with(['.', ' ', '=']))
    };
    tree.text(&edge.manifest)
        .and_then(|text| text.lines().position(names_it))
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::super::tree::lines;
    use super::*;

    fn check_edge(package: &str, dependency: &str, expected: &Expect) {
        let manifest = format!("[package]\n\n[dependencies]\nbytes.workspace = true\n{dependency}.workspace = true\n");
        let metadata = serde_json::json!({
            "target_directory": "/w/target",
            "packages": [{
                "name": package,
                "manifest_path": "/w/p/Cargo.toml",
                "dependencies": [{"name": "bytes", "kind": null}, {"name": dependency, "kind": "dev"}],
            }],
        });
        let metadata: Metadata = serde_json::from_value(metadata).expect("has the members that are read");
        let edges = declared(&metadata, Path::new("/w"));
        expected.assert_eq(&lines(check(&Tree::of([("p/Cargo.toml", manifest.as_str())]), &edges)));
    }

    #[test]
    fn the_provider_never_knows_the_fake() {
        check_edge(
            "provider",
            "fake-azure",
            &expect![[r#"
            p/Cargo.toml:5: `provider` must not depend on `fake-azure`
        "#]],
        );
        check_edge(
            "provider",
            "fake-azure-cloud",
            &expect![[r#"
            p/Cargo.toml:5: `provider` must not depend on `fake-azure-cloud`
        "#]],
        );
    }

    #[test]
    fn the_cloud_is_pure() {
        check_edge(
            "fake-azure-cloud",
            "tokio",
            &expect![[r#"
            p/Cargo.toml:5: `fake-azure-cloud` is pure and must not depend on `tokio`
        "#]],
        );
        check_edge(
            "fake-azure-cloud",
            "provider",
            &expect![[r#"
            p/Cargo.toml:5: `fake-azure-cloud` must not depend on `provider`
        "#]],
        );
    }

    #[test]
    fn the_drawn_edges_are_allowed() {
        check_edge("conformance", "provider", &expect![""]);
        check_edge("fake-azure", "fake-azure-cloud", &expect![""]);
        check_edge("fake-azure", "tokio", &expect![""]);
    }

    #[test]
    fn a_new_package_wants_a_row() {
        check_edge(
            "fourth",
            "serde",
            &expect![[r#"
            p/Cargo.toml:4: package `fourth` has no row in the table of crate edges
            p/Cargo.toml:5: package `fourth` has no row in the table of crate edges
        "#]],
        );
    }

    #[test]
    fn the_list_of_what_the_cloud_lacks_is_sorted() {
        assert!(NOT_IN_CLOUD.is_sorted());
    }
}
