//! What the tests of the classic stack start from.

use std::sync::Arc;

use provider::{
    ClassicConfig, CloudSpec, Config, Credential, Environ, InstanceId, ManagementCertificate, Offering, OpenParams,
    StartInstance, Started, open,
};

use crate::classic_shelf::ClassicShelf;
use crate::setup::{SUBSCRIPTION, TestClock, config, controller, unit};

/// A certificate that nobody trusts, with its key.
pub(crate) const PEM: &str = include_str!("service-principal.pem");

pub(crate) struct Setup {
    pub(crate) environ: Arc<dyn Environ>,
    pub(crate) shelf: Arc<ClassicShelf>,
    pub(crate) clock: Arc<TestClock>,
}

pub(crate) fn classic(change: impl FnOnce(&mut ClassicConfig)) -> Config {
    let mut section = ClassicConfig::new("acct");
    change(&mut section);
    Config {
        classic: Some(section),
        ..config()
    }
}

pub(crate) fn params(config: Config, shelf: &Arc<ClassicShelf>, clock: &Arc<TestClock>) -> OpenParams {
    let certificate = ManagementCertificate::from_pem(PEM.as_bytes()).expect("the certificate is readable");
    OpenParams {
        config,
        cloud: CloudSpec {
            offering: Offering::Historic,
            ..CloudSpec::public()
        },
        credential: Credential::with_management_certificate(SUBSCRIPTION, certificate),
        transport: Arc::clone(shelf) as _,
        clock: Arc::clone(clock) as _,
        seed: 7,
    }
}

pub(crate) fn setup_with(change: impl FnOnce(&mut ClassicConfig)) -> Setup {
    let (shelf, clock) = (Arc::new(ClassicShelf::default()), TestClock::new());
    let environ = open(params(classic(change), &shelf, &clock)).expect("the test's configuration works");
    Setup { environ, shelf, clock }
}

pub(crate) fn setup() -> Setup {
    setup_with(|_| ())
}

impl Setup {
    /// Bootstrapped, and nothing in the journal.
    pub(crate) async fn bootstrapped(self) -> (Self, InstanceId) {
        let started = self.environ.bootstrap(controller(0)).await;
        let started = started.expect("an empty cloud takes an environment");
        self.shelf.forget_journal();
        (self, started.instance.id)
    }

    /// The same environment, opened by another process.
    pub(crate) fn reopened(self) -> Self {
        let environ = open(params(classic(|_| ()), &self.shelf, &self.clock));
        Self {
            environ: environ.expect("the test's configuration works"),
            ..self
        }
    }

    pub(crate) async fn start(&self, params: StartInstance) -> Started {
        let started = self.environ.start_instance(params).await;
        started.expect("an empty cloud takes a machine")
    }

    /// A machine for a unit, with these for its peers.
    pub(crate) async fn start_unit(&self, nth: u32, name: &str, peers: &[&InstanceId]) -> InstanceId {
        let mut params = unit(nth, name);
        params.distribution_group = peers.iter().map(|id| (*id).clone()).collect();
        self.start(params).await.instance.id
    }
}

/// The cloud service of an instance.
pub(crate) fn service_of(id: &InstanceId) -> &str {
    id.as_str()
        .rsplit_once('-')
        .map(|(service, _)| service)
        .unwrap_or_default()
}
