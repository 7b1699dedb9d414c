//! What `juju status` prints (juju-provider 3.8): every section, as 2.2, 2.9 and the classic era showed it.

use std::collections::BTreeMap;

use conformance::controller::status::{
    AppRow, ClassicMachine, ClassicService, ClassicStatus, ClassicUnit, Era, MachineRow, MeterRow, ModelRow, OfferRow,
    RelationRow, SaasRow, Status, UnitRow, classic_yaml, tabular,
};
use serde_json::Value;

fn model() -> ModelRow {
    ModelRow {
        name: "engineering-blog".to_owned(),
        controller: "crossing-models".to_owned(),
        cloud: "azure".to_owned(),
        region: "westus".to_owned(),
        version: "2.2.1".to_owned(),
        sla: "unsupported".to_owned(),
        ..ModelRow::default()
    }
}

fn unit(name: &str, machine: &str) -> UnitRow {
    UnitRow {
        name: name.to_owned(),
        workload: "active".to_owned(),
        agent: "idle".to_owned(),
        machine: machine.to_owned(),
        public_address: format!("40.78.0.{machine}"),
        ports: vec!["443/tcp".to_owned(), "80/tcp".to_owned()],
        ..UnitRow::default()
    }
}

fn machine(id: &str, instance: &str) -> MachineRow {
    MachineRow {
        id: id.to_owned(),
        state: "started".to_owned(),
        dns: "40.78.0.1".to_owned(),
        instance: instance.to_owned(),
        series: "xenial".to_owned(),
        message: "running".to_owned(),
        ..MachineRow::default()
    }
}

fn app(name: &str, n_units: u32, n_units_wanted: u32) -> AppRow {
    AppRow {
        name: name.to_owned(),
        status: "active".to_owned(),
        n_units,
        n_units_wanted,
        charm: name.to_owned(),
        store: "jujucharms".to_owned(),
        channel: "stable".to_owned(),
        revision: 5,
        os: "ubuntu".to_owned(),
        ..AppRow::default()
    }
}

fn whole() -> Status {
    let saas = |name: &str, status: &str, url: &str| SaasRow {
        name: name.to_owned(),
        status: status.to_owned(),
        url: url.to_owned(),
    };
    let mut wordpress = unit("wordpress/10", "1");
    wordpress.subordinates = vec![UnitRow {
        message: "ready".to_owned(),
        hook: Some("config-changed".to_owned()),
        agent: "executing".to_owned(),
        ..unit("nrpe/0", "")
    }];
    Status {
        model: ModelRow {
            upgrade_available: Some("2.2.2".to_owned()),
            ..model()
        },
        saas: vec![
            saas("mysqlservice", "", "admin/prod-db.mysqlservice"),
            saas("elsewhere", "active", "other:admin/prod-db.pg"),
        ],
        applications: vec![
            AppRow {
                exposed: true,
                version: "4.7.3-with-a-very-long-tail".to_owned(),
                revision: 105,
                ..app("wordpress", 2, 11)
            },
            app("nrpe", 1, 1),
        ],
        units: vec![
            wordpress,
            UnitRow {
                leader: true,
                ports: Vec::new(),
                ..unit("wordpress/2", "0")
            },
        ],
        meters: vec![MeterRow {
            entity: "wordpress/2".to_owned(),
            status: "amber".to_owned(),
            message: "80% spent".to_owned(),
        }],
        machines: vec![
            machine("10", "machine-10"),
            machine("2", "machine-2"),
            machine("2/lxd/0", "juju-2-lxd-0"),
        ],
        offers: vec![OfferRow {
            name: "blogs".to_owned(),
            application: "wordpress".to_owned(),
            charm: "wordpress".to_owned(),
            revision: 5,
            n_connected: 1,
            n_relations: 2,
            endpoint: "website".to_owned(),
            interface: "http".to_owned(),
            role: "provider".to_owned(),
        }],
        relations: vec![
            RelationRow {
                provider: "wordpress:loadbalancer".to_owned(),
                requirer: "wordpress:loadbalancer".to_owned(),
                interface: "reversenginx".to_owned(),
                kind: "peer".to_owned(),
            },
            RelationRow {
                provider: "mysqlservice:db".to_owned(),
                requirer: "wordpress:db".to_owned(),
                interface: "mysql".to_owned(),
                kind: "regular".to_owned(),
            },
        ],
    }
}

#[test]
fn every_section_of_the_tables() {
    let empty = Status {
        model: model(),
        ..Status::default()
    };
    let moving = Status {
        model: ModelRow {
            message: "migrating: validating".to_owned(),
            upgrade_available: Some("2.2.2".to_owned()),
            region: String::new(),
            ..model()
        },
        ..Status::default()
    };
    let text = format!(
        "# 2.2\n{}\n# 2.9\n{}\n# empty\n{}\n# moving\n{}",
        tabular(&whole(), Era::Juju22),
        tabular(&whole(), Era::Juju29),
        tabular(&empty, Era::Juju22),
        tabular(&moving, Era::Juju22),
    );
    super::with_snapshots(|| insta::assert_snapshot!("status_tables", text));
}

/// The environment of seed 000: units of a service share a cloud service, and so a public address.
fn classic() -> ClassicStatus {
    let machine = |service: &str, role: &str| ClassicMachine {
        agent_state: "started".to_owned(),
        agent_version: "1.19.0.1".to_owned(),
        dns_name: format!("juju-azure-{service}.cloudapp.net"),
        instance_id: format!("juju-azure-{service}-{role}"),
        instance_state: "ReadyRole".to_owned(),
        series: "trusty".to_owned(),
    };
    let unit = |machine: &str| ClassicUnit {
        agent_state: "started".to_owned(),
        agent_version: "1.19.0.1".to_owned(),
        machine: machine.to_owned(),
        open_ports: vec!["1234/tcp".to_owned()],
        public_address: "juju-azure-lpdz95star.cloudapp.net".to_owned(),
    };
    let hostname = ClassicService {
        charm: "local:trusty/hostname-0".to_owned(),
        exposed: true,
        units: [("hostname/0", "3"), ("hostname/10", "10"), ("hostname/2", "4")]
            .map(|(name, machine)| (name.to_owned(), unit(machine)))
            .into(),
    };
    ClassicStatus {
        machines: [
            ("0".to_owned(), machine("r35kwahf53", "jujua4tnr5eit")),
            ("10".to_owned(), machine("lpdz95star", "jujuh1f37ozd6")),
            (
                "3".to_owned(),
                ClassicMachine {
                    dns_name: String::new(),
                    ..machine("lpdz95star", "jujur9vwih1h3")
                },
            ),
        ]
        .into(),
        services: BTreeMap::from([
            ("empty".to_owned(), ClassicService::default()),
            ("hostname".to_owned(), hostname),
        ]),
    }
}

#[test]
fn the_yaml_of_the_classic_era_reads_back_the_same() {
    let status = classic();
    let text = classic_yaml(&status);
    let read: Value = serde_saphyr::from_str(&text).expect("it is YAML");
    assert_eq!(read["machines"]["0"]["agent-version"], "1.19.0.1");
    assert_eq!(read["services"]["hostname"]["units"]["hostname/0"]["machine"], "3");
    assert_eq!(read["services"]["hostname"]["exposed"], true);
    assert_eq!(read["machines"]["3"].get("dns-name"), None);
    super::with_snapshots(|| insta::assert_snapshot!("status_classic", text));
}

#[test]
fn words_that_yaml_would_take_for_something_else_are_quoted() {
    let texts = [
        "true",
        "12",
        "1.5",
        "0x1f",
        "1e3",
        "no",
        "a: b",
        "1.19.0.1",
        "juju-a/b:c",
        "",
        "- x",
        "x:",
    ];
    let names = texts.map(|text| (format!("unit {text}"), text));
    let units = names.iter().map(|(name, text)| {
        let unit = ClassicUnit {
            agent_state: (*text).to_owned(),
            machine: "0".to_owned(),
            ..ClassicUnit::default()
        };
        (name.clone(), unit)
    });
    let service = ClassicService {
        units: units.collect(),
        ..ClassicService::default()
    };
    let status = ClassicStatus {
        services: BTreeMap::from([("s".to_owned(), service)]),
        ..ClassicStatus::default()
    };
    let read: Value = serde_saphyr::from_str(&classic_yaml(&status)).expect("it is YAML");
    for (name, text) in names.iter().filter(|(_, text)| !text.is_empty()) {
        assert_eq!(read["services"]["s"]["units"][name]["agent-state"], *text);
    }
}
