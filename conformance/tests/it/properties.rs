//! Properties of every provider that one history shows best (juju-provider 6): 2 no over-delete, 3 idempotence, 5 listing truth,
//! 7 concurrency, 14 storage, 20 replay. Those that random histories and the sweep hold are rows of
//! `conformance::machine::property`; those of things that run out are in `bounds`.

use std::collections::BTreeSet;
use std::pin::Pin;
use std::sync::Arc;

use conformance::driver::DriverKind;
use conformance::machine::provider::{Operation, scenario_of};
use conformance::oracle::Footprint;
use conformance::record::{self, Session};
use conformance::session::{self, End, Plan};
use conformance::stage::Stage;
use conformance::subject::{Stack, Subject};
use provider::{
    Environ, Error, IngressRule, InstanceId, PortRange, Protocol, StartInstance, VolumeAttachmentParams, VolumeParams,
};
use serde_json::{Map, Value, json};

const HOUR_MS: i64 = 3_600_000;

type Work = Pin<Box<dyn Future<Output = Result<(), Error>> + Send>>;

/// Begins something, as often as it is asked to.
type Make = Box<dyn Fn() -> Work>;

/// An environment with its first machine: over the classic API that is its controller.
fn begin(stage: &mut Stage, name: &str) -> anyhow::Result<(Arc<dyn Environ>, InstanceId)> {
    begin_with(stage, name, &Map::new())
}

fn begin_with(
    stage: &mut Stage,
    name: &str,
    config: &Map<String, Value>,
) -> anyhow::Result<(Arc<dyn Environ>, InstanceId)> {
    let environ = stage.environ_with(name, config)?;
    let mut params = StartInstance::new(0, stage.controller(), stage.series());
    let id = match stage.subject().stack {
        Stack::Classic => {
            params.controller = true;
            stage.ask(environ.bootstrap(params))?.instance.id
        }
        Stack::Arm | Stack::Naive => {
            stage.ask(environ.create())?;
            stage.ask(environ.start_instance(params))?.instance.id
        }
    };
    stage.advance(HOUR_MS);
    Ok((environ, id))
}

fn start(stage: &Stage, environ: &Arc<dyn Environ>, machine: u32, with: &[InstanceId]) -> anyhow::Result<InstanceId> {
    let id = stage
        .ask(environ.start_instance(params(stage, machine, with)))?
        .instance
        .id;
    stage.advance(HOUR_MS);
    Ok(id)
}

fn params(stage: &Stage, machine: u32, with: &[InstanceId]) -> StartInstance {
    let mut params = StartInstance::new(machine, stage.controller(), stage.series());
    params.units = vec![format!("mysql/{machine}")];
    params.distribution_group = with.to_vec();
    params
}

fn open(subject: Subject) -> anyhow::Result<Stage> {
    let mut stage = Stage::open(DriverKind::Wire, subject, 23)?;
    stage.provide()?;
    Ok(stage)
}

fn rules(ports: &[u16]) -> Vec<IngressRule> {
    let rule = |port: &u16| IngressRule::from(PortRange::single(Protocol::Tcp, *port));
    ports.iter().map(rule).collect()
}

/// What is different in a world from what it was.
fn difference(now: &Footprint, before: &Footprint) -> Vec<String> {
    let mut lines = now.beyond(before);
    lines.extend(before.beyond(now).iter().map(|line| format!("missing: {line}")));
    lines
}

/// Property 2: `a` is all that `a-b` begins with, and knows nothing of it.
#[test]
fn an_environment_whose_name_begins_alike_is_not_touched() -> anyhow::Result<()> {
    for subject in Subject::ALL {
        let mut stage = open(*subject)?;
        let (other, machine) = begin(&mut stage, "a-b")?;
        stage.ask(other.open_ports(&machine, &rules(&[80])))?;
        let before = stage.settled();

        let (environ, own) = begin(&mut stage, "a")?;
        let second = start(&stage, &environ, 1, &[])?;
        stage.ask(environ.open_ports(&second, &rules(&[80])))?;
        let listed: BTreeSet<InstanceId> = stage
            .ask(environ.all_instances())?
            .into_iter()
            .map(|instance| instance.id)
            .collect();
        assert_eq!(listed, [own, second.clone()].into(), "{subject}");
        stage.ask(environ.stop_instances(&[second]))?;
        stage.ask(environ.destroy())?;
        assert_eq!(difference(&stage.settled(), &before), Vec::<String>::new(), "{subject}");
        assert_eq!(stage.ask(other.ports(&machine))?, rules(&[80]), "{subject}");
        assert_eq!(stage.ask(other.all_instances())?.len(), 1, "{subject}");
    }
    Ok(())
}

/// Property 2, in a group of the user's own: what does not say that it is the environment's stays, another environment's too.
#[test]
fn in_a_group_of_the_users_own_only_the_environments_goes() -> anyhow::Result<()> {
    let mut stage = open(Subject::A7)?;
    let group = json!({"location": "westus"});
    stage.put("resourceGroups/mine", "2016-09-01", &group)?;
    let network = "resourceGroups/mine/providers/Microsoft.Network/virtualNetworks/theirs";
    let address = "resourceGroups/mine/providers/Microsoft.Network/publicIPAddresses/machine-1-public-ip";
    let prefixes = json!({"location": "westus", "properties": {"addressSpace": {"addressPrefixes": ["10.9.0.0/16"]}}});
    stage.put(network, "2016-09-01", &prefixes)?;
    let theirs =
        json!({"location": "westus", "tags": {"juju-model-uuid": "somebody else", "juju-machine-name": "machine-1"}});
    stage.put(address, "2016-09-01", &theirs)?;
    let before = stage.settled();

    let config = json!({"resource-group-name": "mine"});
    let config = config.as_object().cloned().unwrap_or_default();
    let (environ, own) = begin_with(&mut stage, "own", &config)?;
    start(&stage, &environ, 2, &[])?;
    stage.ask(environ.open_ports(&own, &rules(&[80])))?;
    let listed = stage.ask(environ.all_instances())?;
    assert_eq!(listed.len(), 2, "{listed:?}");
    stage.ask(environ.stop_instances(&[InstanceId::new("machine-1")]))?;
    stage.ask(environ.destroy())?;
    assert_eq!(difference(&stage.settled(), &before), Vec::<String>::new());
    Ok(())
}

/// Property 3: done once more, nothing changes and nobody complains.
#[test]
fn whatever_is_done_twice_is_done_once() -> anyhow::Result<()> {
    for subject in Subject::ALL {
        let is_classic = subject.stack == Stack::Classic;
        let mut stage = open(*subject)?;
        let (environ, first) = begin(&mut stage, "twice")?;
        let second = start(&stage, &environ, 1, &[])?;
        let mut operations: Vec<(&str, Make)> = Vec::new();
        let mut operation = |name: &'static str, make: Make| operations.push((name, make));
        let env = Arc::clone(&environ);
        if !is_classic {
            operation("create", of(&env, |env| Box::pin(async move { env.create().await })));
        }
        let id = second.clone();
        operation(
            "open",
            of(&env, move |env| {
                let id = id.clone();
                Box::pin(async move { env.open_ports(&id, &rules(&[80, 443])).await })
            }),
        );
        let id = second.clone();
        operation(
            "close",
            of(&env, move |env| {
                let id = id.clone();
                Box::pin(async move { env.close_ports(&id, &rules(&[443])).await })
            }),
        );
        let id = first.clone();
        operation("attach", of(&env, move |env| Box::pin(attach(env, 3, id.clone()))));
        if !is_classic {
            let id = first.clone();
            operation("detach", of(&env, move |env| Box::pin(detach(env, 3, id.clone()))));
            operation("destroy a volume", of(&env, |env| Box::pin(destroy_volume(env, 3))));
            let next = uuid::Uuid::from_u128(77);
            operation(
                "adopt",
                of(&env, move |env| {
                    Box::pin(async move { env.adopt_resources(next, "2.2.1").await })
                }),
            );
        }
        let id = second.clone();
        operation(
            "stop",
            of(&env, move |env| {
                let id = id.clone();
                Box::pin(async move { env.stop_instances(&[id]).await })
            }),
        );
        operation("destroy", of(&env, |env| Box::pin(async move { env.destroy().await })));
        for (name, make) in operations {
            stage.ask(make())?;
            let once = stage.settled();
            stage
                .ask(make())
                .map_err(|error| anyhow::anyhow!("{subject}, {name} again: {error:#}"))?;
            assert_eq!(
                difference(&stage.settled(), &once),
                Vec::<String>::new(),
                "{subject}, {name}"
            );
        }
    }
    Ok(())
}

fn of(environ: &Arc<dyn Environ>, make: impl Fn(Arc<dyn Environ>) -> Work + 'static) -> Make {
    let environ = Arc::clone(environ);
    Box::new(move || make(Arc::clone(&environ)))
}

/// Makes a volume, attached to a machine, as Juju does.
async fn attach(environ: Arc<dyn Environ>, volume: u32, machine: InstanceId) -> Result<(), Error> {
    let source = environ.volume_source()?;
    let mut params = VolumeParams::new(volume, 1_024);
    params.instance = Some(machine.clone());
    for created in source.create(&[params]).await? {
        let created = created?;
        if created.attachment.is_none() {
            for attached in source.attach(&[on(volume, &machine)]).await? {
                attached?;
            }
        }
    }
    Ok(())
}

async fn detach(environ: Arc<dyn Environ>, volume: u32, machine: InstanceId) -> Result<(), Error> {
    let source = environ.volume_source()?;
    source.detach(&[on(volume, &machine)]).await?.into_iter().collect()
}

async fn destroy_volume(environ: Arc<dyn Environ>, volume: u32) -> Result<(), Error> {
    let source = environ.volume_source()?;
    let ids = [provider::VolumeId::new(format!("volume-{volume}"))];
    source.destroy(&ids).await?.into_iter().collect()
}

fn on(volume: u32, machine: &InstanceId) -> VolumeAttachmentParams {
    VolumeAttachmentParams {
        volume: provider::VolumeId::new(format!("volume-{volume}")),
        instance: machine.clone(),
    }
}

/// Property 5: an answer has a slot for every id, in the order of the ids; who is missing leaves it empty.
#[test]
fn instances_keep_their_order_and_their_gaps() -> anyhow::Result<()> {
    for subject in Subject::ALL {
        let mut stage = open(*subject)?;
        let (environ, first) = begin(&mut stage, "listing")?;
        let second = start(&stage, &environ, 1, &[])?;
        let gone = start(&stage, &environ, 2, &[])?;
        stage.ask(environ.stop_instances(std::slice::from_ref(&gone)))?;
        let ids_of = |slots: &[Option<provider::Instance>]| -> Vec<Option<InstanceId>> {
            slots
                .iter()
                .map(|slot| slot.as_ref().map(|own| own.id.clone()))
                .collect()
        };

        let asked = [second.clone(), gone.clone(), first.clone(), second.clone()];
        match stage.run(environ.instances(&asked)) {
            Ok(Err(Error::PartialInstances { slots })) => {
                let wanted = vec![Some(second.clone()), None, Some(first.clone()), Some(second.clone())];
                assert_eq!(ids_of(&slots), wanted, "{subject}");
            }
            other => panic!("{subject}: {other:?}"),
        }
        let none = stage.run(environ.instances(&[gone.clone(), InstanceId::new("machine-99")]));
        assert!(matches!(none, Ok(Err(Error::NoInstances))), "{subject}: {none:?}");
        assert!(stage.ask(environ.instances(&[]))?.is_empty());

        // What was made while lists lag may be missing; nobody else may be, and nobody is in another's place.
        stage.fault(&json!({"match": {"method": "GET"}, "verdict": {"stale": {"within_ms": 60_000}}}))?;
        let new = stage.ask(environ.start_instance(params(&stage, 3, &[])));
        stage.clear()?;
        if let Ok(started) = new {
            let new = started.instance.id;
            stage.fault(&json!({"match": {"method": "GET"}, "verdict": {"stale": {"within_ms": 600_000}}}))?;
            let slots = match stage.run(environ.instances(&[new.clone(), first.clone()])) {
                Ok(Ok(all)) => all.into_iter().map(Some).collect(),
                Ok(Err(Error::PartialInstances { slots })) => slots,
                other => panic!("{subject}: {other:?}"),
            };
            let there = ids_of(&slots);
            assert!(
                there[0].is_none() || there[0].as_ref() == Some(&new),
                "{subject}: {there:?}"
            );
            assert_eq!(there[1].as_ref(), Some(&first), "{subject}");
        }
    }
    Ok(())
}

/// Property 7: machines of one application that are started at the same time share one set, and none is asked for more than once
/// again.
#[test]
fn machines_started_at_once_meet_in_one_set_with_one_more_try_at_most() -> anyhow::Result<()> {
    const N_MACHINES: u32 = 5;
    for subject in Subject::ALL {
        let is_classic = subject.stack == Stack::Classic;
        let mut stage = open(*subject)?;
        let (environ, first) = begin(&mut stage, "together")?;
        // Over the classic API machines join whoever is there already.
        let first = if is_classic {
            start(&stage, &environ, 1, &[])?
        } else {
            first
        };
        let n_before = stage.journal().len();
        let work: Vec<Work> = (2..2 + N_MACHINES)
            .map(|machine| {
                let environ = Arc::clone(&environ);
                let with = if is_classic { vec![first.clone()] } else { Vec::new() };
                let params = params(&stage, machine, &with);
                Box::pin(async move { environ.start_instance(params).await.map(|_| ()) }) as Work
            })
            .collect();
        let ended = stage
            .run_all(work)
            .map_err(|stopped| anyhow::anyhow!("{subject}: {stopped:?}"))?;
        for outcome in ended {
            outcome.map_err(|error| anyhow::anyhow!("{subject}: {}", error.report()))?;
        }
        let journal = stage.journal().split_off(n_before);
        stage.advance(HOUR_MS);
        let wanted = usize::try_from(N_MACHINES)?;
        if is_classic {
            let roles: Vec<usize> = stage.look(|cloud| {
                let deployments = cloud.classic().deployments.iter();
                deployments.map(|(_, deployment)| deployment.roles.len()).collect()
            });
            let mut roles = roles;
            roles.sort_unstable();
            assert_eq!(roles, [1, wanted + 1], "{subject}");
        } else {
            let sets = stage.look(sets_with_machines);
            assert!(sets.contains(&wanted), "{subject}: {sets:?}");
        }
        for machine in 2..2 + N_MACHINES {
            let n_asked = journal.iter().filter(|line| asks_for(line, machine)).count();
            assert!(
                n_asked <= 2,
                "{subject}: machine {machine} is asked for {n_asked} times"
            );
        }
    }
    Ok(())
}

/// How many machines each availability set has.
fn sets_with_machines(cloud: &fake_azure_cloud::Cloud) -> Vec<usize> {
    let mut sets: std::collections::BTreeMap<String, usize> = std::collections::BTreeMap::new();
    for own in cloud.store().iter() {
        if let Some(id) = own
            .echo
            .pointer("/properties/availabilitySet/id")
            .and_then(Value::as_str)
        {
            *sets.entry(id.to_lowercase()).or_default() += 1;
        }
    }
    sets.into_values().collect()
}

/// Whether a line of the journal asks Resource Manager for a machine.
fn asks_for(line: &str, machine: u32) -> bool {
    let line: Value = serde_json::from_str(line).unwrap_or_default();
    let text = |name: &str| {
        line.get(name)
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_lowercase()
    };
    let path = text("url").split('?').next().unwrap_or_default().to_owned();
    let kinds = ["/virtualmachines/", "/deployments/"];
    text("method") == "put"
        && kinds
            .iter()
            .any(|kind| path.ends_with(&format!("{kind}machine-{machine}")))
}

/// Property 14: every volume has a place of its own, the last one can be taken away, and what is attached again is the same disk.
#[test]
fn volumes_have_their_own_place_and_stay_the_same_disk() -> anyhow::Result<()> {
    const N_VOLUMES: u32 = 2;
    for subject in [Subject::A1, Subject::A4, Subject::A7] {
        let mut stage = open(subject)?;
        let (environ, first) = begin(&mut stage, "disks")?;
        let second = start(&stage, &environ, 1, &[])?;
        // At the same time on one machine, as many as the smallest size takes.
        let work: Vec<Work> = (0..N_VOLUMES)
            .map(|volume| Box::pin(attach(Arc::clone(&environ), volume, first.clone())) as Work)
            .collect();
        let ended = stage
            .run_all(work)
            .map_err(|stopped| anyhow::anyhow!("{subject}: {stopped:?}"))?;
        for outcome in ended {
            outcome.map_err(|error| anyhow::anyhow!("{subject}: {}", error.report()))?;
        }
        stage.advance(HOUR_MS);
        let source = Arc::clone(&environ).volume_source()?;
        let params: Vec<VolumeAttachmentParams> = (0..N_VOLUMES).map(|volume| on(volume, &first)).collect();
        let attached = stage.ask(source.attach(&params))?;
        let luns: BTreeSet<u32> = attached
            .into_iter()
            .filter_map(|own| own.ok().map(|own| own.lun))
            .collect();
        assert_eq!(luns, (0..N_VOLUMES).collect(), "{subject}");

        let before = disks(&stage);
        for volume in 0..N_VOLUMES {
            stage.ask(detach(Arc::clone(&environ), volume, first.clone()))?;
        }
        stage.advance(HOUR_MS);
        let n_attached = stage.look(|cloud| {
            let machines = cloud.store().iter().filter(|own| own.name.as_ref() == "machine-0");
            machines
                .filter_map(|own| own.echo.pointer("/properties/storageProfile/dataDisks"))
                .filter_map(Value::as_array)
                .map(Vec::len)
                .sum::<usize>()
        });
        assert_eq!(n_attached, 0, "{subject}: the last disk was taken away, too");
        let outcomes = stage.ask(source.attach(&[on(1, &second), on(0, &second)]))?;
        assert!(outcomes.iter().all(Result::is_ok), "{subject}: {outcomes:?}");
        stage.advance(HOUR_MS);
        assert_eq!(disks(&stage), before, "{subject}");
    }
    Ok(())
}

/// What volumes are kept in: managed disks by their guid, blobs by their address.
fn disks(stage: &Stage) -> BTreeSet<String> {
    stage.look(|cloud| {
        let disks = cloud.store().iter().filter(|own| own.name.starts_with("volume-"));
        let mut found: BTreeSet<String> = disks.map(|own| format!("{} {}", own.name, own.guid)).collect();
        let blobs = cloud.fabric().blobs.iter().map(|((_, _, name), _)| name.to_string());
        found.extend(blobs.filter(|name| name.contains("volume-")));
        found
    })
}

/// Property 20: the requests of a recorded session are accepted by another world, and answered the same.
#[test]
fn the_session_of_every_provider_is_answered_the_same_again() {
    let history = [
        Operation::Start(0),
        Operation::Open(0, 80),
        Operation::StartTwo(1, 2),
        Operation::Attach { machine: 1, volume: 0 },
        Operation::Close(0, 80),
        Operation::Detach(0),
        Operation::Stop(2),
        Operation::List,
    ];
    for subject in Subject::ALL {
        let scenario = scenario_of(*subject, &history);
        let plan = Plan {
            scenario: &scenario,
            driver: DriverKind::Wire,
            seed: 5,
            until: None,
            profile: None,
            subject: None,
            live: None,
        };
        let (ran, journal) = session::journal(&plan).expect("a driver starts");
        assert_eq!(ran.end, End::Passed, "{subject}");
        let session = Session::of_journal("history", &scenario.profile, 5, &journal).expect("a journal");
        let replayed = record::replay(&session, 5).expect("a world");
        let statuses: Vec<_> = replayed
            .divergences
            .iter()
            .filter(|found| found.at == "status")
            .collect();
        assert!(statuses.is_empty(), "{subject}: {statuses:?}");
        assert!(replayed.n_sent > 20, "{subject}: {} requests", replayed.n_sent);
    }
}
