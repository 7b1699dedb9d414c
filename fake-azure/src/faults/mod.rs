//! Faults: rules over exchanges with a verdict. The first rule that strikes wins; every rule counts all exchanges that it
//! matches, so that one rule does not shift another's `nth`.
//!
//! They refuse to know resource types: trouble comes from outside the rules of the world.

pub(crate) mod answers;
pub(crate) mod distorted;
mod rule;

use std::collections::{BTreeMap, VecDeque};

use fake_azure_cloud::{Cloud, Streams, Time, Topic};
use http::{Method, Uri};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use self::rule::Matcher;
pub use self::rule::{
    CapacityGone, Latency, Match, Moment, OperationFails, Probability, Rule, RuleError, Stale, Status, Throttle,
    Verdict,
};
use crate::wire::Listener;

/// Names an installed rule; counts from 1 in each sandbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct FaultId(pub u64);

/// A rule in force.
#[derive(Clone, Debug)]
pub struct Installed {
    /// Its name.
    pub id: FaultId,
    /// The rule.
    pub rule: Rule,
    /// How many exchanges matched, `nth` and `probability` aside.
    pub seen: u32,
    /// How many exchanges it struck.
    pub struck: u32,
    matcher: Matcher,
    chance: Streams,
}

/// How many states stale reads may choose from; older ones are forgotten.
const PAST_MAX: usize = 64;

/// The rules of one sandbox.
#[derive(Clone, Debug, Default)]
pub struct Faults {
    seed: u64,
    rules: Vec<Installed>,
    next: u64,
    /// What the cloud was like from a time on; kept only while a rule serves stale reads.
    past: VecDeque<(Time, Cloud)>,
    tokens_expired: bool,
    /// Deployments that were struck, by their number: what befalls the operation of the last thing that each makes.
    deployments: BTreeMap<u64, Verdict>,
}

impl Faults {
    /// No rules; what is drawn later is drawn from this seed.
    pub fn new(seed: u64) -> Faults {
        Faults {
            seed,
            ..Faults::default()
        }
    }

    /// Puts a rule in force, after those that are. `cloud` is the sandbox's, for rules that serve its past.
    ///
    /// # Errors
    ///
    /// When the rule cannot be understood.
    pub fn install(&mut self, rule: Rule, cloud: &Cloud) -> Result<FaultId, RuleError> {
        let matcher = Matcher::new(&rule.matches)?;
        self.next += 1;
        let id = FaultId(self.next);
        // Each rule draws from a stream of its own: another rule renumbers nothing.
        let chance = Streams::new(self.seed ^ (0x4641_554c_5400 + self.next));
        self.rules.push(Installed {
            id,
            rule,
            seen: 0,
            struck: 0,
            matcher,
            chance,
        });
        if self.keeps_past() && self.past.is_empty() {
            // What it was like before is not known: it was always so.
            self.past.push_back((Time::from_millis(i64::MIN), cloud.clone()));
        }
        Ok(id)
    }

    /// Takes a rule back; `false` when it is not in force.
    pub fn remove(&mut self, id: FaultId) -> bool {
        let before = self.rules.len();
        self.rules.retain(|rule| rule.id != id);
        if !self.keeps_past() {
            self.past.clear();
        }
        self.rules.len() < before
    }

    /// Takes every rule back.
    pub fn clear(&mut self) {
        self.rules.clear();
        self.past.clear();
        self.deployments.clear();
    }

    /// The rules in force, in the order in which they are asked.
    pub fn rules(&self) -> &[Installed] {
        &self.rules
    }

    /// Whether the request in hand is to find every token expired.
    pub(crate) fn tokens_expired(&self) -> bool {
        self.tokens_expired
    }

    pub(crate) fn set_tokens_expired(&mut self, expired: bool) {
        self.tokens_expired = expired;
    }

    /// The verdict on an exchange; `None` lets it pass.
    pub(crate) fn judge(&mut self, listener: Listener, method: &Method, uri: &Uri, now: Time) -> Option<Rule> {
        self.judge_by(listener, method, uri, now, |_| true)
    }

    /// A deployment was struck by something that befalls operations.
    pub(crate) fn strike_deployment(&mut self, serial: u64, verdict: Verdict) {
        self.deployments.insert(serial, verdict);
    }

    /// What befalls the operation that a deployment begins for a resource: no request came in, so only a rule over operations
    /// that names the type of the resource sees it, and of the deployment that was struck itself the last resource.
    pub(crate) fn judge_deployed(&mut self, serial: u64, id: &str, is_last: bool, now: Time) -> Option<Verdict> {
        let uri: Uri = id.parse().ok()?;
        let named = self.judge_by(Listener::Arm, &Method::PUT, &uri, now, |rule| {
            rule.matches.type_name.is_some() && rule.verdict.befalls_operations()
        });
        let own = is_last.then(|| self.deployments.remove(&serial)).flatten();
        named.map(|rule| rule.verdict).or(own)
    }

    /// The verdict of the first rule that strikes, among those that see an exchange at all.
    fn judge_by(
        &mut self,
        listener: Listener,
        method: &Method,
        uri: &Uri,
        now: Time,
        sees: impl Fn(&Rule) -> bool,
    ) -> Option<Rule> {
        let mut verdict = None;
        for installed in &mut self.rules {
            let Installed {
                rule,
                seen,
                struck,
                matcher,
                chance,
                ..
            } = installed;
            if !sees(rule) || !matcher.matches(&rule.matches, listener, method, uri, now) {
                continue;
            }
            *seen += 1;
            let is_nth = rule.matches.nth.is_none_or(|nth| nth == *seen);
            let is_drawn = rule.matches.probability.is_none_or(|share| {
                let draw = chance.between(Topic::Latency, 0, 999_999);
                draw < i64::from(share.ppm())
            });
            if is_nth && is_drawn && verdict.is_none() {
                *struck += 1;
                verdict = Some(rule.clone());
            }
        }
        verdict
    }

    /// Whether a rule needs the past.
    fn keeps_past(&self) -> bool {
        self.rules
            .iter()
            .any(|installed| matches!(installed.rule.verdict, Verdict::Stale(_)))
    }

    /// Keeps the cloud as it is after a request that may have changed it.
    pub(crate) fn remember(&mut self, method: &Method, cloud: &Cloud) {
        if matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS) || !self.keeps_past() {
            return;
        }
        let now = cloud.now();
        if self.past.back().is_some_and(|(time, _)| *time == now) {
            self.past.pop_back();
        }
        self.past.push_back((now, cloud.clone()));
        while self.past.len() > PAST_MAX {
            self.past.pop_front();
        }
    }

    /// What a stale read is answered from: the past `within_ms` ago, as far as it is kept. `None` when nothing changed since.
    pub(crate) fn past(&self, now: Time, within_ms: u32) -> Option<Past> {
        let then = now.plus_millis(-i64::from(within_ms));
        let (last, _) = self.past.back()?;
        if *last <= then {
            return None;
        }
        let (_, cloud) = self
            .past
            .iter()
            .rev()
            .find(|(time, _)| *time <= then)
            .or_else(|| self.past.front())?;
        Some(Past {
            cloud: cloud.clone(),
            then,
            shows: last.plus_millis(i64::from(within_ms)),
        })
    }
}

/// A moment of the past.
#[derive(Debug)]
pub(crate) struct Past {
    /// The cloud after the last change before that moment; it is to be moved there.
    pub(crate) cloud: Cloud,
    /// The moment.
    pub(crate) then: Time,
    /// When what it hides will show.
    pub(crate) shows: Time,
}

#[cfg(test)]
mod tests {
    use fake_azure_cloud::Settings;
    use fake_azure_cloud::catalogue::limits::Era;

    use super::*;

    fn cloud() -> Cloud {
        let start = Time::from_millis(0);
        Cloud::new(&Settings {
            seed: 1,
            start,
            era: Era::Current,
            subscriptions: Vec::new(),
        })
    }

    fn judge(faults: &mut Faults, method: Method, path: &str, secs: i64) -> Option<&'static str> {
        let uri: Uri = path.parse().expect("a path");
        let struck = faults.judge(Listener::Arm, &method, &uri, Time::from_millis(secs * 1000));
        struck.map(|rule| rule.verdict.word())
    }

    fn installed(rules: impl IntoIterator<Item = Rule>) -> Faults {
        let mut faults = Faults::new(7);
        let cloud = cloud();
        for rule in rules {
            faults.install(rule, &cloud).expect("a sound rule");
        }
        faults
    }

    #[test]
    fn the_first_rule_that_strikes_wins_and_every_rule_counts() {
        let mut faults = installed([
            Rule::new(Verdict::CutBefore).method("put").nth(1),
            Rule::new(Verdict::CutAfter).path("/a/**"),
            Rule::new(Verdict::Throttle(Throttle::default())).nth(3),
        ]);
        assert_eq!(judge(&mut faults, Method::PUT, "/a/b/c", 0), Some("cut-before"));
        assert_eq!(judge(&mut faults, Method::PUT, "/A/b/c", 0), Some("cut-after"));
        assert_eq!(judge(&mut faults, Method::GET, "/x", 0), Some("throttle"));
        assert_eq!(judge(&mut faults, Method::GET, "/x", 0), None);
    }

    #[test]
    fn a_rule_strikes_within_its_time_only() {
        let window = Rule::new(Verdict::CutBefore)
            .from(Time::from_millis(10_000))
            .to(Time::from_millis(20_000));
        let mut faults = installed([window]);
        let struck: Vec<i64> = (0..30)
            .step_by(5)
            .filter(|secs| judge(&mut faults, Method::GET, "/x", *secs).is_some())
            .collect();
        assert_eq!(struck, [10, 15]);
    }

    #[test]
    fn chance_is_the_same_for_the_same_seed_whatever_else_is_installed() {
        let strikes = |before: usize| -> Vec<bool> {
            let others = (0..before).map(|_| Rule::new(Verdict::CutBefore).path("/never"));
            let mut faults = Faults::new(7);
            let cloud = cloud();
            let rule = Rule::new(Verdict::CutAfter).probability_ppm(300_000);
            faults.install(rule, &cloud).expect("a sound rule");
            for other in others {
                faults.install(other, &cloud).expect("a sound rule");
            }
            (0..100)
                .map(|_| judge(&mut faults, Method::GET, "/x", 0).is_some())
                .collect()
        };
        assert_eq!(strikes(0), strikes(5));
        let hits = strikes(0).into_iter().filter(|hit| *hit).count();
        assert!((15..45).contains(&hits), "{hits} of 100 at 0.3");
    }

    #[test]
    fn the_past_is_kept_only_while_it_is_served() {
        let mut faults = installed([]);
        let mut world = cloud();
        faults.remember(&Method::PUT, &world);
        assert!(faults.past.is_empty());
        let id = faults
            .install(Rule::new(Verdict::Stale(Stale { within_ms: 5000 })), &world)
            .expect("a sound rule");
        world.advance_to(Time::from_millis(60_000));
        faults.remember(&Method::PUT, &world);
        let past = faults
            .past(Time::from_millis(61_000), 5000)
            .expect("it changed meanwhile");
        assert_eq!((past.then.millis(), past.shows.millis()), (56_000, 65_000));
        assert_eq!(past.cloud.now(), Time::from_millis(0));
        assert!(faults.past(Time::from_millis(65_000), 5000).is_none());
        faults.remove(id);
        assert!(faults.past.is_empty());
    }
}
