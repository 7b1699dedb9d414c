//! What every test here starts from: a clock that passes at once, a credential, an environment over a [`Shelf`].

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use provider::{
    Clock, CloudSpec, Config, Credential, Environ, Error, Offering, OpenParams, PortRange, StartInstance, Transport,
    UserData, open,
};
use uuid::Uuid;

use crate::shelf::Shelf;

pub(crate) const ENVIRONMENT: Uuid = Uuid::from_u128(0xe);
pub(crate) const CONTROLLER: Uuid = Uuid::from_u128(0xc);
pub(crate) const SUBSCRIPTION: Uuid = Uuid::from_u128(0x5);
pub(crate) const PASSWORD: &str = "hush-hush";

/// Noon of 2016-04-01, and on from there as fast as anybody sleeps.
pub(crate) struct TestClock {
    now_ms: Mutex<u64>,
}

impl TestClock {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self {
            now_ms: Mutex::new(1_459_512_000_000),
        })
    }
}

#[async_trait]
impl Clock for TestClock {
    fn now_ms(&self) -> u64 {
        *self.now_ms.lock().expect("no test panics while it holds the clock")
    }

    async fn sleep(&self, duration: Duration) {
        *self.now_ms.lock().expect("no test panics while it holds the clock") +=
            u64::try_from(duration.as_millis()).expect("test waits are short");
        // Whoever else is ready goes first, as after a real sleep.
        tokio::task::yield_now().await;
    }
}

/// An environment with all that is around it.
pub(crate) struct Setup {
    pub(crate) environ: Arc<dyn Environ>,
    pub(crate) shelf: Arc<Shelf>,
    pub(crate) clock: Arc<TestClock>,
}

pub(crate) fn config() -> Config {
    let mut config = Config::new("env", ENVIRONMENT, CONTROLLER, "West US");
    config.authorized_keys = "ssh-rsa AAAA somebody".to_owned();
    config
}

pub(crate) fn params(config: Config, transport: Arc<dyn Transport>, clock: Arc<dyn Clock>) -> OpenParams {
    OpenParams {
        config,
        cloud: CloudSpec {
            offering: Offering::Historic,
            ..CloudSpec::public()
        },
        credential: Credential::with_password(SUBSCRIPTION, Uuid::from_u128(0xa), PASSWORD),
        transport,
        clock,
        seed: 7,
    }
}

pub(crate) fn setup_with(change: impl FnOnce(&mut Config)) -> Setup {
    let mut config = config();
    change(&mut config);
    let (shelf, clock) = (Arc::new(Shelf::default()), TestClock::new());
    let environ =
        open(params(config, Arc::clone(&shelf) as _, Arc::clone(&clock) as _)).expect("the test's configuration works");
    Setup { environ, shelf, clock }
}

pub(crate) fn setup() -> Setup {
    setup_with(|_| ())
}

impl Setup {
    /// The same environment, opened by another process: the cloud stays, all that was remembered is gone.
    pub(crate) fn reopened(self) -> Self {
        self.reopened_as(|_| ())
    }

    /// The same, of an environment that is not configured as usual.
    pub(crate) fn reopened_as(self, change: impl FnOnce(&mut Config)) -> Self {
        let mut config = config();
        change(&mut config);
        let environ = open(params(
            config,
            Arc::clone(&self.shelf) as _,
            Arc::clone(&self.clock) as _,
        ));
        Self {
            environ: environ.expect("the test's configuration works"),
            ..self
        }
    }

    /// With its containers made, and nothing in the journal.
    pub(crate) async fn created(self) -> Self {
        self.environ
            .create()
            .await
            .expect("an empty cloud takes an environment");
        self.shelf.forget_journal();
        self
    }

    /// With these machines started, and nothing in the journal.
    pub(crate) async fn with_machines(self, machines: &[u32]) -> Self {
        for nth in machines {
            self.environ
                .start_instance(machine(*nth))
                .await
                .expect("an empty cloud takes a machine");
        }
        self.shelf.forget_journal();
        self
    }
}

pub(crate) fn machine(nth: u32) -> StartInstance {
    let mut params = StartInstance::new(nth, CONTROLLER, "trusty");
    params.user_data = UserData {
        files: Vec::new(),
        commands: vec!["start jujud".to_owned()],
    };
    params.tags = BTreeMap::new();
    params
}

pub(crate) fn unit(nth: u32, name: &str) -> StartInstance {
    let mut params = machine(nth);
    params.units = vec![name.to_owned()];
    params
}

pub(crate) fn controller(nth: u32) -> StartInstance {
    let mut params = machine(nth);
    params.controller = true;
    params
}

pub(crate) fn ports(text: &str) -> Vec<provider::IngressRule> {
    let range = |word: &str| word.parse::<PortRange>().expect("the tests write port ranges");
    text.split_whitespace().map(|word| range(word).into()).collect()
}

pub(crate) fn report<T>(outcome: Result<T, Error>) -> String {
    match outcome {
        Ok(_) => "ok".to_owned(),
        Err(error) => error.report(),
    }
}

/// Snapshots live beside those of the other crates.
pub(crate) fn assert_snapshot(name: &str, text: &str) {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(concat!(env!("CARGO_MANIFEST_DIR"), "/../snapshots/provider"));
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(name, text));
}
