//! A world with environments in it, for checks that are written in Rust: calls of the provider on virtual time, forks, faults, and
//! processes that end in the middle of something.
//!
//! It refuses to know what is checked.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use anyhow::Context;
use fake_azure_cloud::Cloud;
use provider::{Environ, Error};
use serde_json::{Map, Value, json};

use crate::driver::{
    self, Api, CONTROLLER, DriverKind, Environs, Exchange, Options, Sent, Setup, Side, Stopped, Work, uuid_of,
};
use crate::oracle::Footprint;
use crate::subject::{Stack, Subject};

/// How long is waited until nothing goes on any more, in milliseconds of the world: an hour.
pub(crate) const SETTLED_AFTER_MS: i64 = 3_600_000;

/// A world and the environments in it.
pub struct Stage {
    exchange: Arc<dyn Exchange>,
    environs: Environs,
    subject: Subject,
}

impl Stage {
    /// A new world on a driver with a protocol, whose environments are of `subject`.
    ///
    /// # Errors
    ///
    /// When the driver cannot be started.
    pub fn open(driver: DriverKind, subject: Subject, seed: u64) -> anyhow::Result<Stage> {
        // The limits of the time when machines were still made this way.
        let profile = match subject.stack {
            Stack::Arm | Stack::Naive => "2016",
            Stack::Classic => "2014",
        };
        let setup = Setup {
            seed,
            profile: profile.to_owned(),
            location: crate::scenario::LOCATION.to_owned(),
            subject,
            live: None,
        };
        let exchange = driver::exchange(driver, &setup)?;
        let environs = Environs::new(Arc::clone(&exchange), &setup);
        Ok(Stage {
            exchange,
            environs,
            subject,
        })
    }

    /// Another world that stands where this one stands. Its environments are opened anew, from what is kept of those here.
    ///
    /// # Errors
    ///
    /// When its sockets cannot be opened.
    pub fn fork(&self) -> anyhow::Result<Stage> {
        let exchange = self.exchange.fork()?;
        Ok(Stage {
            environs: self.environs.forked(Arc::clone(&exchange)),
            exchange,
            subject: self.subject,
        })
    }

    /// Which provider its environments are of.
    #[must_use]
    pub fn subject(&self) -> Subject {
        self.subject
    }

    /// The series that machines of its time have.
    #[must_use]
    pub fn series(&self) -> &'static str {
        match self.subject.stack {
            Stack::Arm | Stack::Naive => "xenial",
            Stack::Classic => "trusty",
        }
    }

    /// The controller that environments belong to.
    #[must_use]
    pub fn controller(&self) -> uuid::Uuid {
        uuid_of("controller", CONTROLLER)
    }

    /// An environment by name, opened when it is first asked for.
    ///
    /// # Errors
    ///
    /// When it cannot be opened.
    pub fn environ(&mut self, name: &str) -> anyhow::Result<Arc<dyn Environ>> {
        self.environ_with(name, &Map::new())
    }

    /// An environment with attributes of its configuration that are not usual, where it is opened by this.
    ///
    /// # Errors
    ///
    /// When it cannot be opened.
    pub fn environ_with(&mut self, name: &str, config: &Map<String, Value>) -> anyhow::Result<Arc<dyn Environ>> {
        let mut options = Options::default();
        options.configure(config.clone());
        let opened = self
            .environs
            .environ(name, &options)
            .map_err(|error| anyhow::anyhow!("environment `{name}`: {error}"))?;
        opened.map_err(|error| anyhow::anyhow!("environment `{name}` cannot be opened: {}", error.report()))
    }

    /// Does something on virtual time.
    ///
    /// # Errors
    ///
    /// When it cannot come to its end.
    pub fn run<T>(&self, work: impl Future<Output = T> + Send) -> Result<T, Stopped> {
        let mut done = self.run_all(vec![Box::pin(work)])?;
        done.pop().ok_or(Stopped::Stuck)
    }

    /// Does several things at the same time, a worker each.
    ///
    /// # Errors
    ///
    /// When they cannot come to their end.
    pub fn run_all<'w, T>(&self, work: Vec<Pin<Box<dyn Future<Output = T> + Send + 'w>>>) -> Result<Vec<T>, Stopped> {
        let work: Vec<Work<'w, T>> = work;
        self.environs.run(work)
    }

    /// Does what the provider offers, which has to come to an end.
    ///
    /// # Errors
    ///
    /// What the provider says, or that it never ends.
    pub fn ask<T>(&self, work: impl Future<Output = Result<T, Error>> + Send) -> anyhow::Result<T> {
        match self.run(work) {
            Ok(Ok(done)) => Ok(done),
            Ok(Err(error)) => Err(anyhow::anyhow!("{}", error.report())),
            Err(stopped) => Err(anyhow::anyhow!("{}", stopped_text(stopped))),
        }
    }

    /// What a person has to have before there can be an environment: on the classic stack a storage account.
    ///
    /// # Errors
    ///
    /// When the world refuses it.
    pub fn provide(&mut self) -> anyhow::Result<()> {
        match self.subject.stack {
            Stack::Arm | Stack::Naive => Ok(()),
            Stack::Classic => driver::make_classic_account(&*self.exchange),
        }
    }

    /// The process of all environments ends, and another begins with what is kept of them now.
    pub fn restart(&mut self) {
        self.environs.restart();
    }

    /// The process of all environments has ended in the middle of something; another begins with what was kept before.
    pub fn forget(&mut self) {
        self.environs.forget();
    }

    /// Keeps what the environments have generated for themselves so far.
    pub fn keep(&mut self) {
        self.environs.keep();
    }

    /// The process of all environments is to end at the `nth` request from here on, counted from 1.
    pub fn crash_at(&self, nth: u64, side: Side) {
        self.environs.crash_at(nth, side);
    }

    /// Installs a fault rule, as the control API takes it.
    ///
    /// # Errors
    ///
    /// When it is none.
    pub fn fault(&self, rule: &Value) -> anyhow::Result<()> {
        self.exchange
            .fault(rule)
            .map_err(|message| anyhow::anyhow!("{message}"))
            .context("the fault rule is wrong")
    }

    /// Takes every fault away, and ends what one had made endless.
    ///
    /// # Errors
    ///
    /// When the driver cannot.
    pub fn clear(&self) -> anyhow::Result<()> {
        self.fault(&json!("clear"))
    }

    /// Lets time pass, in milliseconds.
    pub fn advance(&self, millis: i64) {
        self.exchange.advance(self.exchange.now().plus_millis(millis));
    }

    /// What there is once nothing goes on any more.
    #[must_use]
    pub fn settled(&self) -> Footprint {
        self.advance(SETTLED_AFTER_MS);
        self.look(Footprint::of)
    }

    /// Puts a resource of the subscription's behind the provider's back, and waits until it is there.
    ///
    /// # Errors
    ///
    /// When it is refused.
    pub fn put(&self, path: &str, version: &str, document: &Value) -> anyhow::Result<()> {
        let site = self.exchange.site();
        let url = format!(
            "{}/subscriptions/{}/{path}?api-version={version}",
            self.exchange.base(Api::Arm),
            site.subscription
        );
        let request = http::Request::put(url)
            .header("authorization", format!("Bearer {}", self.exchange.token()))
            .header("content-type", "application/json")
            .body(bytes::Bytes::from(document.to_string()))?;
        let answer = self
            .exchange
            .send(Api::Arm, request)
            .map_err(|broken| anyhow::anyhow!("{}", broken.0))?;
        let status = answer.response.status();
        anyhow::ensure!(
            status.is_success(),
            "{path} is refused: {status} {}",
            String::from_utf8_lossy(answer.response.body())
        );
        self.advance(SETTLED_AFTER_MS);
        Ok(())
    }

    /// Looks at the world.
    pub fn look<T: Default>(&self, look: impl Fn(&Cloud) -> T) -> T {
        let mut seen = T::default();
        self.exchange.with_cloud(&mut |cloud| seen = look(cloud));
        seen
    }

    /// Changes the world behind the provider's back.
    pub fn change(&self, mut change: impl FnMut(&mut Cloud)) {
        self.exchange.with_cloud(&mut change);
    }

    /// The clock of the world, in milliseconds since 1970.
    #[must_use]
    pub fn now_ms(&self) -> i64 {
        self.exchange.now().millis()
    }

    /// How many requests there were since it began; a fork begins anew.
    #[must_use]
    pub fn n_requests(&self) -> u64 {
        self.exchange.n_exchanges()
    }

    /// How many requests the environments have sent so far; a fork begins anew.
    #[must_use]
    pub fn n_sent(&self) -> usize {
        self.environs.n_sent()
    }

    /// What the environments have sent so far, in order; a fork begins anew.
    #[must_use]
    pub fn traffic(&self) -> Vec<Sent> {
        self.environs.traffic()
    }

    /// What came in and went out, one JSON line a request.
    #[must_use]
    pub fn journal(&self) -> Vec<String> {
        self.exchange.journal()
    }
}

/// Why something came to no end, for people.
#[must_use]
pub(crate) fn stopped_text(stopped: Stopped) -> &'static str {
    match stopped {
        Stopped::Stuck => "the provider waits for something that never comes",
        Stopped::Crashed => "the process ended",
    }
}
