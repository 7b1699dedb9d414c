//! Versions: which one is taken, and in which words one is refused (juju-provider 3.7, property 18).

use std::collections::BTreeMap;
use std::fmt::Write;

use conformance::controller::versions::{
    self, Binary, Body, Bootstrap, Content, Number, Refusal, Seeker, Sought, Store, Stream, Upgrade, Versions,
};
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

fn number(text: &str) -> Number {
    text.parse().expect("a version")
}

/// `2.2.1-xenial-amd64`.
fn binary(text: &str) -> Binary {
    let mut parts = text.rsplitn(3, '-');
    let arch = parts.next().expect("an architecture").to_owned();
    let series = parts.next().expect("a series").to_owned();
    let number = number(parts.next().expect("a version"));
    Binary { number, series, arch }
}

fn store(place: &str, lists: &[(Stream, &[&str])]) -> Store {
    let lists: BTreeMap<Stream, Vec<Binary>> = lists
        .iter()
        .map(|(stream, rows)| (*stream, rows.iter().map(|text| binary(text)).collect()))
        .collect();
    Store {
        place: place.to_owned(),
        content: Content::Lists(lists),
    }
}

fn stores() -> Vec<Store> {
    vec![
        store(
            "https://mirror.example/agents",
            &[(
                Stream::Released,
                &["1.24.5-trusty-amd64", "1.25.1-trusty-amd64", "1.25.1-trusty-i386"],
            )],
        ),
        Store {
            place: "https://gone.example/agents".to_owned(),
            content: Content::Status(404),
        },
        Store {
            place: "https://silent.example/agents".to_owned(),
            content: Content::NoAnswer("connection refused".to_owned()),
        },
        store(
            "https://streams.example/agents",
            &[
                (
                    Stream::Released,
                    &[
                        "1.25.2-trusty-amd64",
                        "1.25.4-trusty-amd64",
                        "2.0.0-xenial-amd64",
                        "2.1.3-xenial-amd64",
                        "2.2.0-xenial-amd64",
                        "2.2.1-xenial-amd64",
                        "2.2.1-centos7-amd64",
                        "2.3.0-xenial-amd64",
                    ],
                ),
                (Stream::Devel, &["1.26-alpha1-trusty-amd64", "2.3-beta1-xenial-amd64"]),
            ],
        ),
    ]
}

fn said<T: std::fmt::Display>(outcome: Result<T, Refusal>) -> String {
    match outcome {
        Ok(chosen) => chosen.to_string(),
        Err(refusal) => format!("{}: {refusal}", refusal.kind()),
    }
}

fn bootstrap(client: &str, change: impl FnOnce(&mut Bootstrap)) -> Result<Number, Refusal> {
    let mut asked = Bootstrap {
        controller: "east".to_owned(),
        client: number(client),
        agent_version: None,
        auto_upgrade: false,
        build_agent: false,
        series: "trusty".to_owned(),
        arch: "amd64".to_owned(),
        stream: Stream::Released,
    };
    change(&mut asked);
    versions::bootstrap(&asked, &stores())
}

fn upgrade(from: &str, server: Option<&str>, to: Option<&str>, others: &[(&str, &str)]) -> Result<Number, Refusal> {
    let agents = [("machine-0", from)];
    let asked = Upgrade {
        model: "prod".to_owned(),
        server: server.map(number),
        current: number(from),
        agents: agents
            .iter()
            .chain(others)
            .map(|(name, version)| ((*name).to_owned(), number(version)))
            .collect(),
        wanted: to.map(number),
        stream: Stream::Released,
    };
    versions::upgrade(&asked, &stores())
}

#[test]
fn every_row_of_the_table() {
    let mut text = String::new();
    let mut row = |asked: &str, said: String| {
        writeln!(text, "{asked}\n  {said}").expect("a String takes every text");
    };
    row("bootstrap by client 1.25.2", said(bootstrap("1.25.2", |_| {})));
    row(
        "bootstrap by client 1.25.2 --agent-version 1.25.1",
        said(bootstrap("1.25.2", |asked| {
            asked.agent_version = Some(number("1.25.1"))
        })),
    );
    row(
        "bootstrap by client 1.25.1 --auto-upgrade",
        said(bootstrap("1.25.1", |asked| asked.auto_upgrade = true)),
    );
    row(
        "bootstrap by client 1.25.3 --build-agent",
        said(bootstrap("1.25.3", |asked| asked.build_agent = true)),
    );
    row(
        "bootstrap by client 1.25.3, which is in no list",
        said(bootstrap("1.25.3", |_| {})),
    );
    row(
        "bootstrap by client 1.25.2 on precise",
        said(bootstrap("1.25.2", |asked| asked.series = "precise".to_owned())),
    );
    row(
        "bootstrap by client 1.26-alpha1",
        said(bootstrap("1.26-alpha1", |_| {})),
    );
    row(
        "bootstrap by client 1.25.2 --agent-version 1.24.5",
        said(bootstrap("1.25.2", |asked| {
            asked.agent_version = Some(number("1.24.5"))
        })),
    );
    row(
        "bootstrap by client 1.25.2 --agent-version 1.25.1 --build-agent",
        said(bootstrap("1.25.2", |asked| {
            asked.agent_version = Some(number("1.25.1"));
            asked.build_agent = true;
        })),
    );
    row(
        "bootstrap by client 1.25.2 --agent-version 1.25.1 --auto-upgrade",
        said(bootstrap("1.25.2", |asked| {
            asked.agent_version = Some(number("1.25.1"));
            asked.auto_upgrade = true;
        })),
    );
    let create = |server: &str, asked: Option<&str>| {
        versions::new_model("prod", number(server), asked.map(number), Stream::Released, &stores())
    };
    row("create environment on server 2.2.1", said(create("2.2.1", None)));
    row(
        "create environment on server 2.2.1 --version 2.1.3",
        said(create("2.2.1", Some("2.1.3"))),
    );
    row(
        "create environment on server 2.2.1 --version 2.3.0",
        said(create("2.2.1", Some("2.3.0"))),
    );
    row(
        "create environment on server 2.2.1 --version 1.25.4",
        said(create("2.2.1", Some("1.25.4"))),
    );
    row(
        "create environment on server 2.2.1 --version 2.1.1, which is in no list",
        said(create("2.2.1", Some("2.1.1"))),
    );
    row(
        "upgrade 2.2.0 on server 2.2.1",
        said(upgrade("2.2.0", Some("2.2.1"), None, &[])),
    );
    row(
        "upgrade 2.1.3 on server 2.2.1",
        said(upgrade("2.1.3", Some("2.2.1"), None, &[])),
    );
    row(
        "upgrade 2.2.1 on server 2.2.1",
        said(upgrade("2.2.1", Some("2.2.1"), None, &[])),
    );
    row(
        "upgrade the controller from 2.2.1",
        said(upgrade("2.2.1", None, None, &[])),
    );
    row(
        "upgrade 2.2.1 on server 2.2.1 to 2.3.0",
        said(upgrade("2.2.1", Some("2.2.1"), Some("2.3.0"), &[])),
    );
    row(
        "upgrade 2.2.1 on server 2.2.1 to 2.1.3",
        said(upgrade("2.2.1", Some("2.2.1"), Some("2.1.3"), &[])),
    );
    row(
        "upgrade 2.2.1 on server 2.2.1 to 2.2.0, a patch back",
        said(upgrade("2.2.1", Some("2.2.1"), Some("2.2.0"), &[])),
    );
    row(
        "upgrade 2.2.0 on server 2.2.1 while an agent is behind",
        said(upgrade(
            "2.2.0",
            Some("2.2.1"),
            None,
            &[("machine-1", "2.1.3"), ("unit-mysql-0", "2.2.0")],
        )),
    );
    row(
        "upgrade the controller from 1.25.4 to 2.0.0",
        said(upgrade("1.25.4", None, Some("2.0.0"), &[])),
    );
    row(
        "upgrade the controller from 1.25.4 to 2.2.1",
        said(upgrade("1.25.4", None, Some("2.2.1"), &[])),
    );
    row(
        "upgrade the controller from 1.25.2 to 2.0.0",
        said(upgrade("1.25.2", None, Some("2.0.0"), &[])),
    );
    row(
        "upgrade the controller from 2.2.1 to 4.0.0",
        said(upgrade("2.2.1", None, Some("4.0.0"), &[])),
    );
    row(
        "upgrade 2.2.0 on server 2.3.0 to 2.2.9, which is in no list",
        said(upgrade("2.2.0", Some("2.3.0"), Some("2.2.9"), &[])),
    );
    let machine = |version: &str, series: &str| {
        let found = versions::for_machine(
            3,
            "prod",
            number(version),
            series,
            Some("amd64"),
            Stream::Released,
            &stores(),
        );
        found.map(|found| found.iter().map(Binary::to_string).collect::<Vec<_>>().join(" "))
    };
    row("machine 3 on xenial, version 2.2.1", said(machine("2.2.1", "xenial")));
    row("machine 3 on centos7, version 2.2.0", said(machine("2.2.0", "centos7")));
    super::with_snapshots(|| insta::assert_snapshot!("version_messages", text));
}

#[test]
fn that_nothing_could_be_read_is_not_that_nothing_was_found() {
    let unreadable: Vec<Store> = stores()
        .into_iter()
        .filter(|store| !matches!(store.content, Content::Lists(_)))
        .collect();
    let sought = Sought {
        versions: Versions::Exactly(number("1.25.2")),
        series: Some("trusty".to_owned()),
        arch: Some("amd64".to_owned()),
        stream: Stream::Released,
    };
    let seeker = Seeker::MachineAgent {
        machine: 0,
        model: "prod".to_owned(),
    };
    let all = versions::search(&seeker, &sought, &unreadable);
    let none = versions::search(&seeker, &sought, &[]);
    expect_test::expect![[r#"
        unreadable: cannot look for agent binaries for the agent of machine 0 in model `prod`: sought version 1.25.2, series trusty, architecture amd64, stream released, but no list could be read: https://gone.example/agents: cannot be read, it answered HTTP 404; https://silent.example/agents: cannot be read, no answer: connection refused. Publish them there, or name another place with `agent-metadata-url`
        no-match: no matching agent binaries available for the agent of machine 0 in model `prod`: sought version 1.25.2, series trusty, architecture amd64, stream released; searched no list, since none is configured. Publish them there, or name another place with `agent-metadata-url`"#]]
    .assert_eq(&format!(
        "{}\n{}",
        said(all.map(|_| "found")),
        said(none.map(|_| "found"))
    ));
}

#[test]
fn the_first_place_that_has_any_decides() {
    let sought = Sought {
        versions: Versions::Patches(1, 25),
        series: None,
        arch: Some("amd64".to_owned()),
        stream: Stream::Released,
    };
    let seeker = Seeker::Upgrade {
        model: "prod".to_owned(),
    };
    let found = versions::search(&seeker, &sought, &stores()).expect("the mirror has some");
    assert_eq!(found, [binary("1.25.1-trusty-amd64")]);
}

#[test]
fn versions_of_client_server_and_agent_are_told_apart() {
    let text = |server: Option<&str>, only| {
        versions::version_text(
            number("1.25.2"),
            server.map(number),
            server.map(|_| number("1.24.5")),
            only,
        )
    };
    assert_eq!(
        text(Some("1.25.1"), None),
        "Client 1.25.2\nServer 1.25.1\nAgent 1.24.5\n"
    );
    assert_eq!(text(Some("1.25.1"), Some(Body::Server)), "Server 1.25.1\n");
    assert_eq!(text(Some("1.25.1"), Some(Body::Agent)), "Agent 1.24.5\n");
    assert_eq!(text(None, Some(Body::Client)), "Client 1.25.2\n");
    expect_test::expect![[r#"
        Client 1.25.2
        No server: the versions of server and agents are known once there is a controller
    "#]]
    .assert_eq(&text(None, None));
}

fn a_number() -> impl Strategy<Value = Number> {
    let texts = [
        "1.19.0",
        "1.24.5",
        "1.25-alpha1",
        "1.25.1",
        "1.25.2",
        "1.25.4",
        "2.0-beta4",
        "2.0.0",
        "2.1.3",
        "2.2.0",
        "2.2.1",
        "2.3.0",
        "3.0.0",
        "2.2.1.1",
    ];
    prop::sample::select(texts.map(number).to_vec())
}

fn a_binary() -> impl Strategy<Value = Binary> {
    let series = prop::sample::select(vec!["trusty", "xenial", "centos7"]);
    let arch = prop::sample::select(vec!["amd64", "i386"]);
    (a_number(), series, arch).prop_map(|(number, series, arch)| Binary {
        number,
        series: series.to_owned(),
        arch: arch.to_owned(),
    })
}

fn a_stream() -> impl Strategy<Value = Stream> {
    prop::sample::select(vec![Stream::Released, Stream::Proposed, Stream::Devel, Stream::Testing])
}

fn some_stores() -> impl Strategy<Value = Vec<Store>> {
    let lists = prop::collection::btree_map(a_stream(), prop::collection::vec(a_binary(), 0..6), 0..3);
    let content = prop_oneof![
        4 => lists.prop_map(Content::Lists),
        1 => prop::sample::select(vec![401_u16, 404, 503]).prop_map(Content::Status),
        1 => Just(Content::NoAnswer("no route to host".to_owned())),
    ];
    prop::collection::vec(content, 0..4).prop_map(|contents| {
        let places = contents.into_iter().zip(0..);
        places
            .map(|(content, nth)| Store {
                place: format!("https://store-{nth}.example"),
                content,
            })
            .collect()
    })
}

/// What somebody asks for, and in whose name.
#[derive(Clone, Debug)]
enum Asked {
    Bootstrap(Bootstrap),
    NewModel(Number, Option<Number>, Stream),
    Upgrade(Upgrade),
    Machine(Number, String, Option<String>, Stream),
}

fn an_ask() -> impl Strategy<Value = Asked> {
    let series = || prop::sample::select(vec!["trusty".to_owned(), "xenial".to_owned(), "precise".to_owned()]);
    let bootstrap = (
        a_number(),
        prop::option::of(a_number()),
        any::<[bool; 2]>(),
        series(),
        a_stream(),
    )
        .prop_map(|(client, agent_version, [auto_upgrade, build_agent], series, stream)| {
            Asked::Bootstrap(Bootstrap {
                controller: "east".to_owned(),
                client,
                agent_version,
                auto_upgrade,
                build_agent,
                series,
                arch: "amd64".to_owned(),
                stream,
            })
        });
    let upgrade = (
        a_number(),
        prop::option::of(a_number()),
        prop::option::of(a_number()),
        prop::option::of(a_number()),
        a_stream(),
    )
        .prop_map(|(current, server, wanted, other, stream)| {
            let others = other.map(|own| ("machine-1".to_owned(), own));
            Asked::Upgrade(Upgrade {
                model: "prod".to_owned(),
                server,
                current,
                agents: [("machine-0".to_owned(), current)].into_iter().chain(others).collect(),
                wanted,
                stream,
            })
        });
    let machine = (
        a_number(),
        series(),
        prop::option::of(Just("i386".to_owned())),
        a_stream(),
    )
        .prop_map(|(number, series, arch, stream)| Asked::Machine(number, series, arch, stream));
    prop_oneof![
        3 => bootstrap,
        1 => (a_number(), prop::option::of(a_number()), a_stream())
            .prop_map(|(server, asked, stream)| Asked::NewModel(server, asked, stream)),
        3 => upgrade,
        2 => machine,
    ]
}

fn answer(asked: &Asked, stores: &[Store]) -> Result<Vec<Number>, Refusal> {
    match asked {
        Asked::Bootstrap(asked) => versions::bootstrap(asked, stores).map(|number| vec![number]),
        Asked::NewModel(server, asked, stream) => {
            versions::new_model("prod", *server, *asked, *stream, stores).map(|number| vec![number])
        }
        Asked::Upgrade(asked) => versions::upgrade(asked, stores).map(|number| vec![number]),
        Asked::Machine(number, series, arch, stream) => {
            let found = versions::for_machine(3, "prod", *number, series, arch.as_deref(), *stream, stores);
            found.map(|found| found.iter().map(|binary| binary.number).collect())
        }
    }
}

/// Who asks, as a message has to name it.
fn component(asked: &Asked) -> [&'static str; 2] {
    match asked {
        Asked::Bootstrap(_) => ["server", "controller `east`"],
        Asked::NewModel(..) => ["agents", "model `prod`"],
        Asked::Upgrade(_) => ["agents", "model `prod`"],
        Asked::Machine(..) => ["agent of machine 3", "model `prod`"],
    }
}

/// The two versions of a broken rule, where one is.
fn both(refusal: &Refusal) -> Option<[Number; 2]> {
    match refusal {
        Refusal::ServerOfClient { client, server } => Some([*client, *server]),
        Refusal::NewerThanServer { agent, server, .. } | Refusal::MajorOfServer { agent, server, .. } => {
            Some([*agent, *server])
        }
        Refusal::Downgrade { from, to, .. }
        | Refusal::MajorNotFirst { from, to, .. }
        | Refusal::MajorTooEarly { from, to, .. } => Some([*from, *to]),
        Refusal::MixedAgents { version, others, .. } => others.first().map(|(_, own)| [*version, *own]),
        _ => None,
    }
}

/// What the reference wants of a refusal's words (juju-provider 3.7, seed 004).
fn judge(asked: &Asked, stores: &[Store], refusal: &Refusal) -> Result<(), TestCaseError> {
    let text = refusal.to_string();
    let has = |part: &str| text.contains(part);
    prop_assert!(
        !text.to_lowercase().contains("tools"),
        "a client, a server, an agent, never tools: {text}"
    );
    match refusal {
        Refusal::NoMatch { sought, .. } | Refusal::Unreadable { sought, .. } => {
            for part in component(asked) {
                prop_assert!(has(part), "who wanted it (`{part}`): {text}");
            }
            prop_assert!(
                has(&format!("sought version {}", sought.versions)),
                "the version sought: {text}"
            );
            for part in ["series ", "architecture ", "stream "] {
                prop_assert!(has(part), "{part}of what was sought: {text}");
            }
            for store in stores {
                prop_assert!(has(&store.place), "{} was looked into: {text}", store.place);
                match &store.content {
                    Content::Status(status) => {
                        let part = format!("{}: cannot be read, it answered HTTP {status}", store.place);
                        prop_assert!(has(&part), "{part}: {text}");
                    }
                    Content::NoAnswer(reason) => {
                        prop_assert!(has(&format!("no answer: {reason}")), "{reason}: {text}");
                    }
                    Content::Lists(_) => {
                        let part = format!("{} (", store.place);
                        prop_assert!(has(&part), "which list of {}: {text}", store.place);
                    }
                }
            }
            let is_readable = |store: &Store| matches!(store.content, Content::Lists(_));
            let some_read = stores.iter().any(is_readable) || stores.is_empty();
            let says_none_read = matches!(refusal, Refusal::Unreadable { .. });
            prop_assert_eq!(some_read, !says_none_read, "{}", text);
        }
        Refusal::UpToDate { version, .. } => {
            prop_assert!(has("no upgrades available") && has(&version.to_string()), "{text}");
        }
        Refusal::Options(one, other) => prop_assert!(has(one) && has(other), "{text}"),
        incompatible => {
            let numbers = both(incompatible);
            prop_assert!(
                numbers.is_some(),
                "{incompatible:?} breaks no rule between two versions"
            );
            for number in numbers.into_iter().flatten() {
                prop_assert!(has(&number.to_string()), "version {number}: {text}");
            }
            let names_all = ["client", "server", "agent"].iter().filter(|word| has(word)).count();
            prop_assert!(names_all > 0, "whose versions: {text}");
        }
    }
    Ok(())
}

/// What is chosen keeps the rules whatever is in the lists.
fn judge_choice(asked: &Asked, stores: &[Store], chosen: &[Number]) -> Result<(), TestCaseError> {
    let listed = |number: &Number| {
        stores.iter().any(|store| match &store.content {
            Content::Lists(lists) => lists.values().flatten().any(|binary| binary.number == *number),
            Content::Status(_) | Content::NoAnswer(_) => false,
        })
    };
    match asked {
        Asked::Bootstrap(asked) => {
            for number in chosen {
                prop_assert_eq!(number.series(), asked.client.series());
                prop_assert!(asked.build_agent || listed(number), "{number} is in no list");
            }
        }
        Asked::NewModel(server, asked, _) => {
            for number in chosen {
                prop_assert!(number <= server, "{number} is newer than server {server}");
                prop_assert!(asked.is_none() || listed(number), "{number} is in no list");
            }
        }
        Asked::Upgrade(asked) => {
            for number in chosen {
                prop_assert!(listed(number), "{number} is in no list");
                prop_assert!(*number != asked.current && number.series() >= asked.current.series());
                prop_assert!(asked.server.is_none_or(|server| *number <= server));
                prop_assert!(asked.agents.iter().all(|(_, own)| *own == asked.current));
                prop_assert!(asked.wanted.is_none_or(|wanted| *number == wanted));
            }
        }
        Asked::Machine(number, ..) => prop_assert!(!chosen.is_empty() && chosen.iter().all(|own| own == number)),
    }
    Ok(())
}

#[test]
fn a_refusal_says_who_sought_what_and_where() {
    const SEED: [u8; 32] = [18; 32];
    let config = Config {
        cases: 2_000,
        failure_persistence: None,
        ..Config::default()
    };
    let mut runner = TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &SEED));
    let tried = runner.run(&(an_ask(), some_stores()), |(asked, stores)| {
        match answer(&asked, &stores) {
            Ok(chosen) => judge_choice(&asked, &stores, &chosen),
            Err(refusal) => judge(&asked, &stores, &refusal),
        }
    });
    if let Err(error) = tried {
        panic!("seed {SEED:?}: {error}");
    }
}
