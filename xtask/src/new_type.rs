//! The skeleton of a resource type: one file and one row.
//!
//! Knows how Azure spells types and how our files follow; refuses to know what a type does.

use std::path::Path;

use anyhow::{Result, ensure};

use crate::{document, output};

/// Where the types' files lie, a folder for each namespace.
const TYPES: &str = "fake-azure/cloud/src/types";

/// Writes the file and prints the row. An existing file is left alone.
pub(crate) fn run(root: &Path, name: &str) -> Result<()> {
    let names = Names::parse(name)?;
    let file = names.file();
    let path = root.join(&file);
    ensure!(!path.exists(), "{file} exists already");
    document::write(&path, &names.skeleton())?;

    output::line(format!("wrote {file}; next:"));
    for line in names.steps() {
        output::line(format!("  {line}"));
    }
    Ok(())
}

/// One type's names in every spelling that is needed.
#[derive(Debug)]
struct Names {
    /// `Microsoft.Network/publicIPAddresses`, as Azure writes it.
    azure: String,
    /// `Network`.
    namespace: String,
    /// The words of the last segment, in lower case: `public`, `ip`, `addresses`.
    words: Vec<String>,
    /// The words of the segment before, for a child.
    parent: Option<Vec<String>>,
}

impl Names {
    fn parse(name: &str) -> Result<Names> {
        let segments: Vec<&str> = name.split('/').collect();
        let is_word = |segment: &&str| !segment.is_empty() && segment.chars().all(|c| c.is_ascii_alphanumeric());
        let (provider, types) = segments.split_first().unwrap_or((&"", &[]));
        let namespace = provider.strip_prefix("Microsoft.").unwrap_or("");
        ensure!(
            is_word(&namespace) && !types.is_empty() && types.iter().all(is_word),
            "`{name}` is not a resource type; write it as Azure does, such as Microsoft.Network/routeTables"
        );

        let (collection, parents) = types.split_last().unwrap_or((&"", &[]));
        Ok(Names {
            azure: name.to_owned(),
            namespace: namespace.to_owned(),
            words: words(collection),
            parent: parents.last().map(|parent| words(parent)),
        })
    }

    fn folder(&self) -> String {
        words(&self.namespace).join("_")
    }

    fn module(&self) -> String {
        self.words.join("_")
    }

    fn file(&self) -> String {
        format!("{TYPES}/{}/{}.rs", self.folder(), self.module())
    }

    /// One of them, in words.
    fn one(&self) -> Vec<String> {
        let mut one = self.words.clone();
        if let Some(last) = one.last_mut() {
            *last = singular(last);
        }
        one
    }

    fn steps(&self) -> Vec<String> {
        let (folder, module, kind) = (self.folder(), self.module(), camel(&self.words));
        vec![
            format!("{TYPES}/{folder}/mod.rs     pub mod {module};"),
            format!(
                "fake-azure/cloud/src/registry.rs  {kind}: types::{folder}::{module}::{},",
                camel(&self.one())
            ),
            "fill in descriptor, spec, facts and rules, and name the evidence of each".to_owned(),
            "add tests to the file and a story to scenarios/, then run `cargo xtask coverage`".to_owned(),
        ]
    }

    fn skeleton(&self) -> String {
        let Names { azure, namespace, .. } = self;
        let (one, many) = (self.one().join(" "), self.words.join(" "));
        let state = camel(&self.one());
        let dialect = match namespace.as_str() {
            "Network" | "Compute" | "Storage" | "Authorization" => namespace,
            _ => "Gateway",
        };
        let (parent, registry, tracked) = match &self.parent {
            None => ("None".to_owned(), "", true),
            Some(parent) => (
                format!("Some(Kind::{})", camel(parent)),
                "use crate::registry::Kind;\n",
                false,
            ),
        };
        let title = capitalised(&many);
        format!(
            r#"//! {title}.
//!
//! Say here what one owns for its whole life, and what it refuses to know.

use serde::{{Deserialize, Serialize}};

use crate::Document;
use crate::api_version::ApiVersion;
use crate::cx::Cx;
use crate::descriptor::{{Descriptor, Dialect, Field, Lifetimes, NameRule, Polls, Provisioning, Stage, Write, WriteVerb}};
use crate::error::CloudError;
use crate::plan::Plan;
{registry}use crate::types::{{Put, ResourceType}};

/// Constants only. The moment a row wants an `if`, it is a rule.
const DESCRIPTOR: Descriptor = Descriptor {{
    name: "{azure}",
    dialect: Dialect::{dialect},
    parent: {parent},
    tracked: {tracked},
    since: ApiVersion::date(2015, 6, 15),
    names: NameRule::word(1, 80),
    quota: None,
    inline: &[],
    fields: &[Field::read_only("/properties/provisioningState")],
    refs: &[],
    lifetimes: Lifetimes {{
        create: &[Stage::new(Provisioning::Updating, 1_000, 5_000)],
        update: &[Stage::new(Provisioning::Updating, 1_000, 5_000)],
        delete: &[Stage::new(Provisioning::Deleting, 5_000, 10_000)],
    }},
    actions: &[],
    writes: &[
        Write::new(WriteVerb::PutNew, 201).polls(Polls::AsyncOperation),
        Write::new(WriteVerb::PutAgain, 200).polls(Polls::AsyncOperation),
        Write::accepted(WriteVerb::Delete),
    ],
    errors: &[],
}};

/// A {one}: what the client asked, and what the service decided.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct {state} {{
    spec: Spec,
}}

/// What the client asked, parsed once: what cannot be expressed here needs no rule.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Spec {{}}

impl Spec {{
    fn parse(_document: &Document) -> Result<Spec, CloudError> {{
        Ok(Spec {{}})
    }}
}}

impl ResourceType for {state} {{
    const DESCRIPTOR: &'static Descriptor = &DESCRIPTOR;

    // Each guard cites its evidence; their order is Azure's, because only the first refusal shows.
    fn plan_put(_cx: &Cx<'_>, put: &Put<'_>, _before: Option<&Self>) -> Result<(Self, Plan), CloudError> {{
        let spec = Spec::parse(put.document)?;

        Ok(({state} {{ spec }}, Plan::new()))
    }}
}}
"#
        )
    }
}

fn capitalised(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_ascii_uppercase().to_string() + letters.as_str()
    })
}

/// `publicIPAddresses` as `public`, `ip`, `addresses`.
fn words(camel: &str) -> Vec<String> {
    let letters: Vec<char> = camel.chars().collect();
    let mut words: Vec<String> = Vec::new();
    for (idx, letter) in letters.iter().enumerate() {
        let after_lower = idx > 0 && !letters[idx - 1].is_ascii_uppercase();
        let before_lower = letters.get(idx + 1).is_some_and(char::is_ascii_lowercase);
        let begins = letter.is_ascii_uppercase() && (after_lower || before_lower);
        match words.last_mut() {
            Some(word) if !begins => word.push(letter.to_ascii_lowercase()),
            _ => words.push(letter.to_ascii_lowercase().to_string()),
        }
    }
    words
}

/// `PublicIpAddresses`.
fn camel(words: &[String]) -> String {
    words.iter().map(|word| capitalised(word)).collect()
}

fn singular(word: &str) -> String {
    if let Some(stem) = word.strip_suffix("ies") {
        return format!("{stem}y");
    }
    if let Some(stem) = word.strip_suffix("sses") {
        return format!("{stem}ss");
    }
    word.strip_suffix('s').unwrap_or(word).to_owned()
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;

    fn names(name: &str) -> Names {
        Names::parse(name).expect("is a type's name")
    }

    #[test]
    fn names_follow_azure() {
        let nic = names("Microsoft.Network/publicIPAddresses");
        assert_eq!(nic.file(), "fake-azure/cloud/src/types/network/public_ip_addresses.rs");
        assert_eq!(
            (camel(&nic.words), camel(&nic.one())),
            ("PublicIpAddresses".into(), "PublicIpAddress".into())
        );
        assert_eq!(camel(&names("Microsoft.Compute/galleries").one()), "Gallery");
        expect![[r#"
            fake-azure/cloud/src/types/network/mod.rs     pub mod routes;
            fake-azure/cloud/src/registry.rs  Routes: types::network::routes::Route,
            fill in descriptor, spec, facts and rules, and name the evidence of each
            add tests to the file and a story to scenarios/, then run `cargo xtask coverage`"#]]
        .assert_eq(&names("Microsoft.Network/routeTables/routes").steps().join("\n"));
    }

    #[test]
    fn what_is_not_a_type_is_refused() {
        for name in [
            "",
            "routeTables",
            "Microsoft.Network",
            "Microsoft.Network/",
            "Microsoft.Network/../x",
            "A.B/c",
        ] {
            assert!(Names::parse(name).is_err(), "{name}");
        }
    }

    #[test]
    fn a_child_names_its_parent_and_is_not_tracked() {
        let skeleton = names("Microsoft.Network/routeTables/routes").skeleton();
        assert!(skeleton.starts_with("//! Routes.\n"));
        assert!(skeleton.contains("    parent: Some(Kind::RouteTables),\n    tracked: false,\n"));
        assert!(skeleton.contains("use crate::registry::Kind;\n"));
    }

    #[test]
    fn a_file_that_exists_is_left_alone() {
        let root = tempfile::tempdir().expect("a folder for the test");
        run(root.path(), "Microsoft.Network/routeTables").expect("the folder is empty");
        let again = run(root.path(), "Microsoft.Network/routeTables").expect_err("the file is there");
        assert_eq!(
            again.to_string(),
            "fake-azure/cloud/src/types/network/route_tables.rs exists already"
        );
    }
}
