//! Every template under `tests/templates`, deployed: its story is its snapshot.

use crate::arm_support::check;
use crate::deployment_support::{story, templates};

#[test]
fn every_template_runs_as_its_story_tells() {
    let mut names: Vec<String> = std::fs::read_dir(templates())
        .expect("the templates are there")
        .filter_map(|entry| {
            let name = entry
                .expect("an entry can be read")
                .file_name()
                .into_string()
                .expect("names are text");
            name.strip_suffix(".json").map(str::to_owned)
        })
        .collect();
    names.sort();
    assert!(names.len() >= 20, "{names:?}");
    for name in names {
        check(&format!("deployment_{name}"), &story(&name));
    }
}

#[test]
fn the_same_template_runs_the_same_way_twice() {
    for name in ["copies-serial", "fails", "machine", "nested-outer"] {
        assert_eq!(story(name), story(name), "{name}");
    }
}
