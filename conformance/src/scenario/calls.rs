//! The calls of the provider and the commands of Juju that scenarios know, with their arguments.

/// A call by name, what it needs and what it takes.
pub(super) struct CallRow {
    pub(super) name: &'static str,
    pub(super) needs: &'static [&'static str],
    pub(super) takes: &'static [&'static str],
}

const START: &[&str] = &[
    "constraints",
    "controller",
    "group-with",
    "placement",
    "public-addresses",
    "series",
    "tags",
    "units",
];

pub(super) const PROVIDER_CALLS: &[CallRow] = &[
    // tidy: sorted
    CallRow {
        name: "adopt_resources",
        needs: &["controller"],
        takes: &[],
    },
    CallRow {
        name: "all_instances",
        needs: &[],
        takes: &[],
    },
    CallRow {
        name: "bootstrap",
        needs: &[],
        takes: START,
    },
    CallRow {
        name: "close_global_ports",
        needs: &["ports"],
        takes: &[],
    },
    CallRow {
        name: "close_ports",
        needs: &["id", "ports"],
        takes: &[],
    },
    CallRow {
        name: "constraints_validator",
        needs: &["constraints"],
        takes: &[],
    },
    CallRow {
        name: "controller_instances",
        needs: &[],
        takes: &["controller"],
    },
    CallRow {
        name: "create",
        needs: &[],
        takes: &["public-addresses"],
    },
    CallRow {
        name: "destroy",
        needs: &[],
        takes: &[],
    },
    CallRow {
        name: "destroy_controller",
        needs: &[],
        takes: &["controller"],
    },
    CallRow {
        name: "global_ports",
        needs: &[],
        takes: &[],
    },
    CallRow {
        name: "instance_types",
        needs: &[],
        takes: &["constraints"],
    },
    CallRow {
        name: "instances",
        needs: &["ids"],
        takes: &[],
    },
    CallRow {
        name: "open_global_ports",
        needs: &["ports"],
        takes: &[],
    },
    CallRow {
        name: "open_ports",
        needs: &["id", "ports"],
        takes: &[],
    },
    CallRow {
        name: "ports",
        needs: &["id"],
        takes: &[],
    },
    CallRow {
        name: "precheck_instance",
        needs: &[],
        takes: &["constraints", "placement", "series"],
    },
    CallRow {
        name: "prepare_for_bootstrap",
        needs: &[],
        takes: &[],
    },
    CallRow {
        name: "start_instance",
        needs: &["machine"],
        takes: START,
    },
    CallRow {
        name: "stop_instances",
        needs: &["ids"],
        takes: &[],
    },
    // tidy: end
];

pub(super) const JUJU_CALLS: &[CallRow] = &[
    // tidy: sorted
    CallRow {
        name: "add-machine",
        needs: &[],
        takes: &["constraints", "count", "series"],
    },
    CallRow {
        name: "add-model",
        needs: &[],
        takes: &["public-addresses"],
    },
    CallRow {
        name: "add-unit",
        needs: &["app"],
        takes: &["count"],
    },
    CallRow {
        name: "bootstrap",
        needs: &[],
        takes: &["constraints", "public-addresses", "series"],
    },
    CallRow {
        name: "deploy",
        needs: &["app"],
        takes: &["constraints", "ports", "series", "units"],
    },
    CallRow {
        name: "destroy-controller",
        needs: &[],
        takes: &[],
    },
    CallRow {
        name: "destroy-model",
        needs: &[],
        takes: &[],
    },
    CallRow {
        name: "expose",
        needs: &["app"],
        takes: &[],
    },
    CallRow {
        name: "remove-machine",
        needs: &["machine"],
        takes: &[],
    },
    CallRow {
        name: "remove-unit",
        needs: &["unit"],
        takes: &[],
    },
    CallRow {
        name: "status",
        needs: &[],
        takes: &[],
    },
    CallRow {
        name: "unexpose",
        needs: &["app"],
        takes: &[],
    },
    // tidy: end
];
