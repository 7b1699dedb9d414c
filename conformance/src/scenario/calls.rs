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
    "series",
    "tags",
    "units",
];

/// What an environment is, said where it is first used: every call of an environment takes it.
pub(super) const OPEN: &[&str] = &["config", "generation", "public-addresses", "stack"];

pub(super) const PROVIDER_CALLS: &[CallRow] = &[
    // tidy: sorted
    CallRow {
        name: "adopt_resources",
        needs: &["controller"],
        takes: &["from-version"],
    },
    CallRow {
        name: "all_instances",
        needs: &[],
        takes: &[],
    },
    CallRow {
        name: "attach_volumes",
        needs: &["attachments"],
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
        takes: &[],
    },
    CallRow {
        name: "create_volumes",
        needs: &["volumes"],
        takes: &[],
    },
    CallRow {
        name: "describe_volumes",
        needs: &["ids"],
        takes: &[],
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
        name: "destroy_volumes",
        needs: &["ids"],
        takes: &[],
    },
    CallRow {
        name: "detach_volumes",
        needs: &["attachments"],
        takes: &[],
    },
    CallRow {
        name: "expose",
        needs: &["id"],
        takes: &[],
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
        name: "list_volumes",
        needs: &[],
        takes: &[],
    },
    CallRow {
        name: "network_interfaces",
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
        name: "restart",
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
    CallRow {
        name: "subnets",
        needs: &[],
        takes: &["id", "ids"],
    },
    CallRow {
        name: "supports_unit_placement",
        needs: &[],
        takes: OPEN,
    },
    CallRow {
        name: "unexpose",
        needs: &["id"],
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
        takes: &[],
    },
    CallRow {
        name: "add-unit",
        needs: &["app"],
        takes: &["count"],
    },
    CallRow {
        name: "bootstrap",
        needs: &[],
        takes: &[
            "config",
            "constraints",
            "generation",
            "public-addresses",
            "series",
            "stack",
        ],
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
