//! The scenario folder: which files are scenarios, what their ids are, where their fragments lie.

use camino::{Utf8Path, Utf8PathBuf};
use fs_err as fs;

use super::{Place, Scenario, ScenarioError, read};

/// The folder of fragments.
const FRAGMENTS: &str = "prepare";

/// A folder of scenarios.
#[derive(Clone, Debug)]
pub struct Library {
    root: Utf8PathBuf,
}

impl Library {
    /// The scenarios below a folder.
    pub fn at(root: impl Into<Utf8PathBuf>) -> Library {
        Library { root: root.into() }
    }

    /// The workspace's own scenario folder: the one below the present folder, or else where this crate was built from.
    #[must_use]
    pub fn of_workspace() -> Library {
        let here = Utf8PathBuf::from("scenarios");
        if here.is_dir() {
            return Library::at(here);
        }
        Library::at(Utf8Path::new(env!("CARGO_MANIFEST_DIR")).join("../scenarios"))
    }

    /// The folder.
    #[must_use]
    pub fn root(&self) -> &Utf8Path {
        &self.root
    }

    /// Every scenario, by id; those that cannot be read as errors.
    ///
    /// # Errors
    ///
    /// When the folder itself cannot be read.
    pub fn load(&self) -> Result<(Vec<Scenario>, Vec<ScenarioError>), ScenarioError> {
        let mut files = Vec::new();
        self.collect(&self.root, &mut files)?;
        files.sort();
        let mut scenarios = Vec::new();
        let mut errors = Vec::new();
        for file in files {
            match self.read_file(&file) {
                Ok(scenario) => scenarios.push(scenario),
                Err(error) => errors.push(error),
            }
        }
        Ok((scenarios, errors))
    }

    /// Reads one file.
    ///
    /// # Errors
    ///
    /// When it cannot be read, or is no scenario.
    pub fn read_file(&self, path: &Utf8Path) -> Result<Scenario, ScenarioError> {
        let text =
            fs::read_to_string(path).map_err(|error| ScenarioError::new(path, Place::default(), reason(&error)))?;
        self.read_text(path, &text)
    }

    /// Reads a scenario from its text; `path` only says what it is called and where errors are.
    ///
    /// # Errors
    ///
    /// When it is no scenario.
    pub fn read_text(&self, path: &Utf8Path, text: &str) -> Result<Scenario, ScenarioError> {
        let fragments = |name: &str| {
            let path = self.root.join(FRAGMENTS).join(format!("{name}.yaml"));
            let text = fs::read_to_string(&path).ok()?;
            Some((path, text))
        };
        read(path, &self.id_of(path), text, &fragments)
    }

    /// The id of a file: its path below the folder without the ending.
    #[must_use]
    pub fn id_of(&self, path: &Utf8Path) -> String {
        let below = path.strip_prefix(&self.root).unwrap_or(path);
        below.with_extension("").as_str().replace('\\', "/")
    }

    /// Where the scenario of an id lies.
    #[must_use]
    pub fn path_of(&self, id: &str) -> Utf8PathBuf {
        self.root.join(format!("{id}.yaml"))
    }

    fn collect(&self, folder: &Utf8Path, files: &mut Vec<Utf8PathBuf>) -> Result<(), ScenarioError> {
        let unreadable = |error: std::io::Error| ScenarioError::new(folder, Place::default(), reason(&error));
        for entry in folder.read_dir_utf8().map_err(unreadable)? {
            let path = entry.map_err(unreadable)?.into_path();
            if path.is_dir() {
                if path != self.root.join(FRAGMENTS) {
                    self.collect(&path, files)?;
                }
            } else if path.extension() == Some("yaml") {
                files.push(path);
            }
        }
        Ok(())
    }
}

fn reason(error: &std::io::Error) -> String {
    match error.kind() {
        std::io::ErrorKind::NotFound => "there is no such file".to_owned(),
        std::io::ErrorKind::PermissionDenied => "it may not be read".to_owned(),
        std::io::ErrorKind::InvalidData => "it is not UTF-8 text".to_owned(),
        _ => format!("cannot be read: {error}"),
    }
}
