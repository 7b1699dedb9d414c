//! The cloud by itself: calls a second through its first door, and what many resources weigh.

use std::hint::black_box;

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use fake_azure_cloud::catalogue::limits::Era;
use fake_azure_cloud::{ApiVersion, Call, Cloud, Conditions, Document, Guid, Kind, ResourceId, Scope, Settings, Time};
use serde_json::json;

const SUBSCRIPTION: Guid = Guid(0x0b1f_6471_1bf0_4dda_aec3_cb92_72f0_9590);
const VERSION: ApiVersion = ApiVersion::date(2019, 11, 1);

fn id(tail: &str) -> ResourceId {
    ResourceId::parse(&format!("/subscriptions/{SUBSCRIPTION}/resourceGroups/{tail}")).expect("a well-formed id")
}

fn put(id: &ResourceId, document: Document) -> Call {
    Call::Put {
        id: id.clone(),
        document,
        version: VERSION,
        conditions: Conditions::NONE,
    }
}

fn delete(id: &ResourceId) -> Call {
    Call::Delete {
        id: id.clone(),
        version: VERSION,
        conditions: Conditions::NONE,
    }
}

fn settle(cloud: &mut Cloud) {
    while let Some(due) = cloud.next_due() {
        cloud.advance_to(due);
    }
}

/// A cloud with a group, and a network with one large subnet, without limits.
fn cloud() -> Cloud {
    let mut cloud = Cloud::new(&Settings {
        seed: 1,
        start: Time::from_millis(1_459_468_800_000),
        era: Era::Current,
        subscriptions: vec![SUBSCRIPTION],
    });
    cloud.ledger_mut().set_override("NetworkInterfaces", Some(10_000_000));
    cloud.ledger_mut().set_override("ResourceGroups", Some(10_000_000));
    cloud
        .apply(&put(&id("rg"), json!({"location": "westus"})))
        .expect("the group is made");
    let network = json!({"location": "westus", "properties": {
        "addressSpace": {"addressPrefixes": ["10.0.0.0/8"]},
        "subnets": [{"name": "a", "properties": {"addressPrefix": "10.0.0.0/8"}}],
    }});
    cloud
        .apply(&put(&id("rg/providers/Microsoft.Network/virtualNetworks/v0"), network))
        .expect("the network is made");
    settle(&mut cloud);
    cloud
}

fn nic_id(number: usize) -> ResourceId {
    id(&format!("rg/providers/Microsoft.Network/networkInterfaces/n{number}"))
}

fn nic() -> Document {
    let subnet = id("rg/providers/Microsoft.Network/virtualNetworks/v0/subnets/a").to_string();
    json!({"location": "westus", "properties": {"ipConfigurations": [
        {"name": "primary", "properties": {"subnet": {"id": subnet}}},
    ]}})
}

fn calls(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("model");
    group.throughput(Throughput::Elements(1));

    group.bench_function("get a network interface", |bencher| {
        let mut cloud = cloud();
        cloud.apply(&put(&nic_id(0), nic())).expect("the interface is made");
        settle(&mut cloud);
        let get = Call::Get { id: nic_id(0) };
        bencher.iter(|| black_box(cloud.apply(black_box(&get))));
    });

    group.throughput(Throughput::Elements(200));
    group.bench_function("create and delete a network interface", |bencher| {
        let cloud = cloud();
        let (create, remove) = (put(&nic_id(1), nic()), delete(&nic_id(1)));
        // A fresh fork now and then: operations stay readable for a day, so that one cloud would grow without end.
        bencher.iter_batched_ref(
            || cloud.clone(),
            |cloud| {
                for _ in 0..100 {
                    cloud.apply(&create).expect("it is made");
                    settle(cloud);
                    cloud.apply(&remove).expect("it is removed");
                    settle(cloud);
                }
            },
            BatchSize::SmallInput,
        );
    });
    group.finish();
}

fn lists(criterion: &mut Criterion) {
    criterion.bench_function("list 1,000 groups", |bencher| {
        let mut cloud = cloud();
        for number in 0..999 {
            cloud
                .apply(&put(&id(&format!("g{number}")), json!({"location": "westus"})))
                .expect("the group is made");
        }
        let list = Call::List {
            scope: Scope::Subscription(SUBSCRIPTION),
            kind: Kind::ResourceGroups,
        };
        bencher.iter(|| black_box(cloud.apply(black_box(&list))));
    });
}

fn forks(criterion: &mut Criterion) {
    criterion.bench_function("fork a cloud of 10,000 network interfaces", |bencher| {
        let mut cloud = cloud();
        for number in 0..10_000 {
            cloud
                .apply(&put(&nic_id(number), nic()))
                .expect("the interface is made");
        }
        settle(&mut cloud);
        bencher.iter(|| black_box(cloud.clone()));
    });
}

criterion_group!(benches, calls, lists, forks);
criterion_main!(benches);
