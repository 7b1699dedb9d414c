//! Seeded chance, one stream a topic, so that a new draw in one topic renumbers nothing in another.

use rand_chacha::ChaCha8Rng;
use rand_core::{Rng, SeedableRng};
use serde::{Deserialize, Serialize};

use crate::key::Guid;

/// What is drawn from a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Topic {
    /// GUIDs: etags, resource guids, operations.
    Ids,
    /// How long operations take.
    Latency,
    /// Where machines and addresses are placed.
    Placement,
    /// Keys, passwords, name suffixes that the service makes up.
    Secrets,
}

/// The cloud's streams. The same seed gives the same draws, in every build.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Streams {
    ids: ChaCha8Rng,
    latency: ChaCha8Rng,
    placement: ChaCha8Rng,
    secrets: ChaCha8Rng,
}

/// Where every stream stood, to go back to when a call is refused.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bookmark([u128; 4]);

impl Streams {
    /// The streams of a seed.
    pub fn new(seed: u64) -> Streams {
        let stream = |number| {
            let mut rng = ChaCha8Rng::seed_from_u64(seed);
            rng.set_stream(number);
            rng
        };
        Streams {
            ids: stream(0),
            latency: stream(1),
            placement: stream(2),
            secrets: stream(3),
        }
    }

    /// The next GUID.
    pub fn guid(&mut self) -> Guid {
        Guid::from_random(u128::from(self.ids.next_u64()) << 64 | u128::from(self.ids.next_u64()))
    }

    /// The next 64 bits of a topic.
    pub fn bits(&mut self, topic: Topic) -> u64 {
        match topic {
            Topic::Ids => self.ids.next_u64(),
            Topic::Latency => self.latency.next_u64(),
            Topic::Placement => self.placement.next_u64(),
            Topic::Secrets => self.secrets.next_u64(),
        }
    }

    /// A number from `low` to `high`, both possible.
    pub fn between(&mut self, topic: Topic, low: i64, high: i64) -> i64 {
        let span = high.saturating_sub(low).max(0).unsigned_abs();
        if span == 0 {
            return low;
        }
        low + i64::try_from(self.bits(topic) % (span + 1)).expect("a span of i64 fits")
    }

    pub(crate) fn bookmark(&self) -> Bookmark {
        Bookmark([
            self.ids.get_word_pos(),
            self.latency.get_word_pos(),
            self.placement.get_word_pos(),
            self.secrets.get_word_pos(),
        ])
    }

    pub(crate) fn go_back(&mut self, bookmark: Bookmark) {
        let [ids, latency, placement, secrets] = bookmark.0;
        self.ids.set_word_pos(ids);
        self.latency.set_word_pos(latency);
        self.placement.set_word_pos(placement);
        self.secrets.set_word_pos(secrets);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_draw_in_one_topic_moves_no_other() {
        let mut quiet = Streams::new(7);
        let mut busy = Streams::new(7);
        for _ in 0..100 {
            busy.bits(Topic::Latency);
        }
        assert_eq!(quiet.guid(), busy.guid());
    }

    #[test]
    fn going_back_draws_the_same_again() {
        let mut streams = Streams::new(7);
        streams.guid();
        let bookmark = streams.bookmark();
        let first = streams.guid();
        streams.go_back(bookmark);
        assert_eq!(streams.guid(), first);
    }
}
