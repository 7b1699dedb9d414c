//! Property 10 (juju-provider 6): where k families of sizes have no quota, a machine gets the cheapest size of the next family, as long
//! as k is less than fifteen; else the quota's own words are told.

use std::sync::Arc;

use conformance::driver::DriverKind;
use conformance::stage::Stage;
use conformance::subject::Subject;
use fake_azure_cloud::catalogue::limits::Era;
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use provider::{Constraints, Environ, InstanceType, StartInstance};

/// Families that are tried (juju-provider 1.6).
const TRIES_MAX: usize = 15;
/// A quota that is never in the way.
const PLENTY: i64 = 10_000;

/// A world and the sizes it sells, by family, the cheapest first.
struct Shop {
    stage: Stage,
    environ: Arc<dyn Environ>,
    families: Vec<(String, InstanceType)>,
    n_started: u32,
}

impl Shop {
    fn open() -> anyhow::Result<Shop> {
        let mut stage = Stage::open(DriverKind::Wire, Subject::A7, 11)?;
        // Families have quotas of their own since the end of 2016, and there were fewer than fifteen before.
        stage.change(|cloud| {
            cloud.ledger_mut().set_era(Era::Current);
            cloud.ledger_mut().set_override("cores", Some(PLENTY));
        });
        let environ = stage.environ("quotas")?;
        stage.ask(environ.create())?;
        let mut types = stage.ask(environ.instance_types(&Constraints::default()))?;
        types.retain(|own| own.mem_mib >= 1_024);
        types.sort_by(|a, b| {
            let key = |own: &InstanceType| (own.cost, own.mem_mib, own.cores, own.root_disk_mib, own.name.clone());
            key(a).cmp(&key(b))
        });
        let mut families: Vec<(String, InstanceType)> = Vec::new();
        for own in types {
            if families.iter().all(|(family, _)| *family != own.family) {
                families.push((own.family.clone(), own));
            }
        }
        let shop = Shop {
            stage,
            environ,
            families,
            n_started: 0,
        };
        let all: Vec<usize> = (0..shop.families.len()).collect();
        shop.set(&all, PLENTY);
        Ok(shop)
    }

    /// Starts a machine while the families of those places have no quota, and stops it again: its size, or what was said.
    fn start_without(&mut self, places: &[usize]) -> anyhow::Result<Result<String, String>> {
        self.set(places, 0);
        self.n_started += 1;
        let params = StartInstance::new(self.n_started, self.stage.controller(), self.stage.series());
        let outcome = self.stage.run(self.environ.start_instance(params));
        let outcome = outcome.map_err(|stopped| anyhow::anyhow!("{stopped:?}"))?;
        self.set(places, PLENTY);
        if let Ok(started) = &outcome {
            let ids = [started.instance.id.clone()];
            self.stage.ask(self.environ.stop_instances(&ids))?;
        }
        self.stage.advance(3_600_000);
        let left = self.stage.ask(self.environ.all_instances())?;
        anyhow::ensure!(left.is_empty(), "machines are left: {left:?}");
        Ok(outcome
            .map(|started| started.hardware.instance_type)
            .map_err(|error| error.report()))
    }

    fn set(&self, places: &[usize], limit: i64) {
        self.stage.change(|cloud| {
            for place in places {
                cloud.ledger_mut().set_override(&self.families[*place].0, Some(limit));
            }
        });
    }

    /// What the property says of it.
    fn check(&mut self, places: &[usize]) -> anyhow::Result<()> {
        let outcome = self.start_without(places)?;
        let first_left = (0..self.families.len()).find(|place| !places.contains(place));
        match (first_left.filter(|place| *place < TRIES_MAX), outcome) {
            (Some(place), Ok(size)) => {
                let expected = &self.families[place].1.name;
                anyhow::ensure!(size == *expected, "{size} instead of {expected}, without {places:?}");
            }
            (None, Err(report)) => {
                let told = "no suitable instance type found for this subscription";
                let is_told = report.contains(told) && report.contains("results in exceeding");
                anyhow::ensure!(is_told, "without {places:?}: {report}");
            }
            (expected, outcome) => anyhow::bail!("{outcome:?} instead of family {expected:?}, without {places:?}"),
        }
        Ok(())
    }
}

#[test]
fn with_k_families_without_a_quota_a_machine_starts_in_the_next_one() -> anyhow::Result<()> {
    let mut shop = Shop::open()?;
    assert!(shop.families.len() > TRIES_MAX, "{:?}", shop.families);
    for k in [0, 1, 2, 7, TRIES_MAX - 1, TRIES_MAX] {
        let places: Vec<usize> = (0..k).collect();
        shop.check(&places)?;
    }
    let all: Vec<usize> = (0..shop.families.len()).collect();
    shop.check(&all)
}

#[test]
fn whichever_families_have_no_quota_a_machine_starts_in_the_cheapest_that_has() -> anyhow::Result<()> {
    let shop = std::cell::RefCell::new(Shop::open()?);
    let n_families = shop.borrow().families.len();
    let config = Config {
        cases: 12,
        failure_persistence: None,
        ..Config::default()
    };
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &[7; 32]);
    let mut runner = TestRunner::new_with_rng(config, rng);
    // Dense at the cheap end, or hardly any would matter.
    let places =
        proptest::collection::vec(prop::bool::weighted(0.7), n_families.min(TRIES_MAX + 5)).prop_map(|without| {
            let places = without.into_iter().enumerate().filter(|(_, without)| *without);
            places.map(|(place, _)| place).collect::<Vec<usize>>()
        });
    let outcome = runner.run(&places, |places| {
        let checked = shop.borrow_mut().check(&places);
        checked.map_err(|error| TestCaseError::fail(format!("{error:#}")))
    });
    outcome.map_err(|error| anyhow::anyhow!("{error}"))
}
