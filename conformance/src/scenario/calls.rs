//! The calls of the provider and the commands of Juju that scenarios know, with their arguments.

use std::collections::BTreeSet;

/// A call by name, what it needs and what it takes.
pub(super) struct CallRow {
    pub(super) name: &'static str,
    pub(super) needs: &'static [&'static str],
    pub(super) takes: &'static [&'static str],
}

/// What a call can be given, whoever has one of that name.
pub(super) fn arguments_of(call: &str) -> BTreeSet<&'static str> {
    let rows = PROVIDER_CALLS.iter().chain(JUJU_CALLS).filter(|row| row.name == call);
    let own = rows.flat_map(|row| row.needs.iter().chain(row.takes));
    own.chain(OPEN).copied().collect()
}

const START: &[&str] = &[
    "autocert",
    "constraints",
    "controller",
    "group-with",
    "placement",
    "root-disk",
    "series",
    "subnets-to-zones",
    "tags",
    "units",
];

/// What an environment is, said where it is first used: every call of an environment takes it.
pub(super) const OPEN: &[&str] = &[
    "application",
    "application-object-id",
    "cloud",
    "config",
    "generation",
    "managed-subscription",
    "public-addresses",
    "stack",
];

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
        name: "get_file",
        needs: &["file"],
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
        name: "list_files",
        needs: &[],
        takes: &["prefix"],
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
        name: "put_file",
        needs: &["file", "content"],
        takes: &[],
    },
    CallRow {
        name: "remove_file",
        needs: &["file"],
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
        name: "stop_others",
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

/// The controller that a command is for, where it is not the usual one.
const OF: &[&str] = &["controller"];

/// The commands of Juju, by name.
pub(super) const JUJU_CALLS: &[CallRow] = &[
    // tidy: sorted
    CallRow {
        name: "add-machine",
        needs: &[],
        takes: &["constraints", "controller", "count", "placement", "series"],
    },
    CallRow {
        name: "add-model",
        needs: &[],
        takes: &["agent-version", "controller"],
    },
    CallRow {
        name: "add-unit",
        needs: &["app"],
        takes: &["controller", "count", "to"],
    },
    CallRow {
        name: "agent-binaries",
        needs: &["place"],
        takes: &["answers", "binaries", "controller", "stream"],
    },
    CallRow {
        name: "bootstrap",
        needs: &[],
        takes: &[
            "agent-version",
            "auto-upgrade",
            "build-agent",
            "client",
            "constraints",
            "controller",
            "series",
        ],
    },
    CallRow {
        name: "close-port",
        needs: &["ports", "unit"],
        takes: OF,
    },
    CallRow {
        name: "crash",
        needs: &[],
        takes: &["nth", "side"],
    },
    CallRow {
        name: "deploy",
        needs: &["app"],
        takes: &[
            "constraints",
            "controller",
            "peers",
            "ports",
            "provides",
            "requires",
            "series",
            "to",
            "units",
        ],
    },
    CallRow {
        name: "destroy-controller",
        needs: &[],
        takes: &["controller", "destroy-all-models"],
    },
    CallRow {
        name: "destroy-model",
        needs: &[],
        takes: OF,
    },
    CallRow {
        name: "enable-ha",
        needs: &[],
        takes: OF,
    },
    CallRow {
        name: "expose",
        needs: &["app"],
        takes: OF,
    },
    CallRow {
        name: "find-endpoints",
        needs: &[],
        takes: OF,
    },
    CallRow {
        name: "harvest",
        needs: &["mode"],
        takes: OF,
    },
    CallRow {
        name: "kill-controller",
        needs: &[],
        takes: &["controller", "timeout"],
    },
    CallRow {
        name: "migrate",
        needs: &["to"],
        takes: &["controller", "dies-in", "fails-in", "until"],
    },
    CallRow {
        name: "models",
        needs: &[],
        takes: OF,
    },
    CallRow {
        name: "offer",
        needs: &["endpoint"],
        takes: &["called", "controller"],
    },
    CallRow {
        name: "open-port",
        needs: &["ports", "unit"],
        takes: OF,
    },
    CallRow {
        name: "relate",
        needs: &["between"],
        takes: OF,
    },
    CallRow {
        name: "relations",
        needs: &[],
        takes: OF,
    },
    CallRow {
        name: "remove-application",
        needs: &["app"],
        takes: OF,
    },
    CallRow {
        name: "remove-machine",
        needs: &["machine"],
        takes: &["controller", "force", "keep-instance"],
    },
    CallRow {
        name: "remove-offer",
        needs: &["url"],
        takes: OF,
    },
    CallRow {
        name: "remove-relation",
        needs: &["between"],
        takes: OF,
    },
    CallRow {
        name: "remove-unit",
        needs: &["unit"],
        takes: OF,
    },
    CallRow {
        name: "restart",
        needs: &[],
        takes: &[],
    },
    CallRow {
        name: "retry-provisioning",
        needs: &["machine"],
        takes: OF,
    },
    CallRow {
        name: "settle",
        needs: &[],
        takes: &["for"],
    },
    CallRow {
        name: "show-machine",
        needs: &["machine"],
        takes: OF,
    },
    CallRow {
        name: "start-agent",
        needs: &["machine"],
        takes: OF,
    },
    CallRow {
        name: "start-controller",
        needs: &[],
        takes: OF,
    },
    CallRow {
        name: "status",
        needs: &[],
        takes: &["controller", "format"],
    },
    CallRow {
        name: "stop-agent",
        needs: &["machine"],
        takes: OF,
    },
    CallRow {
        name: "stop-controller",
        needs: &[],
        takes: OF,
    },
    CallRow {
        name: "unexpose",
        needs: &["app"],
        takes: OF,
    },
    CallRow {
        name: "upgrade-juju",
        needs: &[],
        takes: &["agent-version", "controller"],
    },
    CallRow {
        name: "version",
        needs: &[],
        takes: &["client", "controller", "only"],
    },
    CallRow {
        name: "view",
        needs: &[],
        takes: OF,
    },
    // tidy: end
];
