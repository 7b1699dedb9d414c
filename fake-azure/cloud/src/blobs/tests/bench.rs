//! Scripts of requests to the blob service, and what came of them.
//!
//! A line is a request about `container` or `container/blob`. `as X` before it shows a lease id, `if cond` a condition. Lease
//! ids are letters.

use std::fmt::Write as _;

use super::super::*;
use crate::call::{Call, Outcome};
use crate::key::Guid;
use crate::testing::Script;

pub(super) struct Bench {
    pub(super) script: Script,
    pub(super) outcomes: String,
}

impl Bench {
    pub(super) fn new() -> Bench {
        Bench {
            script: Script::run("put account acct\nput account other"),
            outcomes: String::new(),
        }
    }

    pub(super) fn run(script: &str) -> Bench {
        let mut bench = Bench::new();
        bench.more(script);
        bench
    }

    pub(super) fn more(&mut self, script: &str) {
        for line in script.lines().map(str::trim).filter(|line| !line.is_empty()) {
            if let Some(secs) = line.strip_prefix("advance ") {
                let to = self
                    .script
                    .cloud
                    .now()
                    .plus_millis(1000 * secs.parse::<i64>().expect("seconds"));
                self.script.cloud.advance_to(to);
                continue;
            }
            let outcome = self.ask(&read(line));
            writeln!(self.outcomes, "{outcome}").expect("a text can be written");
        }
    }

    /// Asks, and makes sure that a refusal changes nothing.
    pub(super) fn ask(&mut self, call: &BlobCall) -> String {
        let before = self.script.cloud.digest();
        match self.script.cloud.apply(&Call::Blob(call.clone())) {
            Ok(reply) => {
                assert_eq!(self.script.cloud.check(), Vec::<String>::new());
                match reply.outcome {
                    Outcome::Blob(outcome) => show(&outcome),
                    other => panic!("the blob service answered {other:?}"),
                }
            }
            Err(error) => {
                assert_eq!(self.script.cloud.digest(), before, "a refused call changes nothing");
                error.code.into_owned()
            }
        }
    }
}

fn show(outcome: &BlobOutcome) -> String {
    match outcome {
        BlobOutcome::Done => "ok".to_owned(),
        BlobOutcome::Containers { entries, next } => {
            let names: Vec<&str> = entries.iter().map(|(name, _)| name.as_ref()).collect();
            format!("{} next {}", names.join(" "), next.as_deref().unwrap_or("-"))
        }
        BlobOutcome::Blobs { entries, next } => {
            let names = entries.iter().map(|entry| match entry {
                BlobEntry::Prefix(prefix) => format!("[{prefix}]"),
                BlobEntry::Blob {
                    name,
                    snapshot: Some(_),
                    ..
                } => format!("{name}@"),
                BlobEntry::Blob { name, .. } => name.to_string(),
            });
            format!(
                "{} next {}",
                names.collect::<Vec<_>>().join(" "),
                next.as_deref().unwrap_or("-")
            )
        }
        BlobOutcome::Found(blob) => {
            let copy = blob.copy.as_ref().map_or_else(String::new, |_| " copied".to_owned());
            format!("{:?} {} #{}{copy}", blob.kind, blob.length, blob.sequence)
        }
        BlobOutcome::Pages(ranges) => format!("{ranges:?}"),
        BlobOutcome::Blocks { committed, uncommitted } => format!("{committed:?} {uncommitted:?}"),
        BlobOutcome::Snapshot(_) => "snapshot".to_owned(),
        BlobOutcome::Copied { pending, .. } => if *pending { "pending" } else { "copied" }.to_owned(),
        BlobOutcome::Leased { id, remaining_secs } => match (id, remaining_secs) {
            (Some(_), _) => "leased".to_owned(),
            (None, Some(secs)) => format!("{secs}s left"),
            (None, None) => "released".to_owned(),
        },
    }
}

/// `X` as a lease id.
pub(super) fn id(letter: &str) -> Guid {
    Guid(u128::from(letter.as_bytes()[0]))
}

pub(super) fn read(line: &str) -> BlobCall {
    let mut words: Vec<&str> = line.split_whitespace().collect();
    let mut lease = None;
    let mut conditions = BlobConditions::default();
    loop {
        match words[0] {
            "as" => lease = Some(id(words[1])),
            "if" => match words[1] {
                "new" => conditions.if_none_match = Some(vec!["*".into()]),
                "there" => conditions.if_match = Some(vec!["*".into()]),
                "#1" => conditions.sequence = vec![(Compare::Equal, 1)],
                etag => conditions.if_match = Some(vec![etag.into()]),
            },
            _ => break,
        }
        words.drain(..2);
    }
    let word = |at: usize| words.get(at).copied().unwrap_or_default();
    let number = |at: usize| word(at).parse::<u64>().unwrap_or_default();
    let (account, path) = word(1).split_once(':').unwrap_or(("acct", word(1)));
    let (container, blob) = path.split_once('/').unwrap_or((path, ""));
    let member = |key: &str| words.iter().find_map(|word| word.strip_prefix(key)).unwrap_or_default();
    let page = Page {
        prefix: member("prefix=").into(),
        marker: member("marker=").into(),
        max: member("max=").parse().unwrap_or(5000),
    };
    let operation = match word(0) {
        "make" => BlobOperation::CreateContainer {
            public_access: Some(word(2)).filter(|a| !a.is_empty()).map(Into::into),
            metadata: Metadata::new(),
        },
        "remove" => BlobOperation::DeleteContainer,
        "stat" if blob.is_empty() => BlobOperation::ReadContainer,
        "stat" => BlobOperation::ReadBlob { snapshot: None },
        "note" if blob.is_empty() => {
            BlobOperation::SetContainerMetadata(Metadata::from([("a".into(), word(2).into())]))
        }
        "note" => BlobOperation::SetBlobMetadata(Metadata::from([("a".into(), word(2).into())])),
        "open" => BlobOperation::SetContainerAccess {
            public_access: Some(word(2).into()),
            policies: Vec::new(),
        },
        "page" => BlobOperation::PutPageBlob {
            length: number(2),
            sequence: 0,
            headers: Metadata::new(),
            metadata: Metadata::new(),
        },
        "put" => BlobOperation::PutBlockBlob {
            content: word(2).as_bytes().into(),
            headers: Metadata::new(),
            metadata: Metadata::new(),
        },
        "block" => BlobOperation::PutBlock {
            id: word(2).into(),
            content: word(3).as_bytes().into(),
        },
        "commit" => BlobOperation::PutBlockList {
            blocks: words[2..]
                .iter()
                .map(|id| (BlockSource::Latest, Box::from(*id)))
                .collect(),
            headers: Metadata::new(),
            metadata: Metadata::new(),
        },
        "blocks" => BlobOperation::BlockList,
        "write" => BlobOperation::WritePages {
            start: number(2),
            content: vec![1; usize::try_from(number(3)).expect("small")].into(),
        },
        "clear" => BlobOperation::ClearPages {
            start: number(2),
            end: number(3),
        },
        "pages" => BlobOperation::PageRanges {
            range: None,
            snapshot: None,
        },
        "resize" => BlobOperation::SetBlobProperties {
            headers: None,
            length: Some(number(2)),
            sequence: Some(SequenceAction::Increment),
        },
        "delete" => BlobOperation::DeleteBlob {
            snapshots: match word(2) {
                "include" => Some(DeleteSnapshots::Include),
                "only" => Some(DeleteSnapshots::Only),
                _ => None,
            },
            snapshot: None,
        },
        "snapshot" => BlobOperation::Snapshot {
            metadata: Metadata::new(),
        },
        "copy" => {
            let (from, path) = word(2).split_once(':').unwrap_or(("acct", word(2)));
            let source = path
                .split_once('/')
                .map(|(container, blob)| (from.into(), container.into(), blob.into()));
            BlobOperation::Copy {
                source,
                snapshot: None,
                text: word(2).into(),
                metadata: Metadata::new(),
                conditions: BlobConditions::default(),
            }
        }
        "abort" => BlobOperation::AbortCopy { id: id(word(2)) },
        "list" if container.is_empty() || container.contains('=') => BlobOperation::ListContainers(page),
        "list" => BlobOperation::ListBlobs {
            page,
            delimiter: words.contains(&"dirs").then(|| "/".into()),
            snapshots: words.contains(&"snapshots"),
            uncommitted: words.contains(&"uncommitted"),
        },
        "lease" => {
            let action = match word(2) {
                "acquire" => LeaseAction::Acquire {
                    secs: word(3).parse().ok(),
                    proposed: Some(word(4)).filter(|w| !w.is_empty()).map(id),
                },
                "renew" => LeaseAction::Renew(id(word(3))),
                "change" => LeaseAction::Change {
                    id: id(word(3)),
                    proposed: id(word(4)),
                },
                "release" => LeaseAction::Release(id(word(3))),
                "break" => LeaseAction::Break {
                    after_secs: word(3).parse().ok(),
                },
                other => panic!("`{other}` is no lease action"),
            };
            if blob.is_empty() {
                BlobOperation::LeaseContainer(action)
            } else {
                BlobOperation::LeaseBlob(action)
            }
        }
        other => panic!("`{other}` is not a verb"),
    };
    let container = if container.contains('=') { "" } else { container };
    BlobCall {
        lease,
        conditions,
        ..BlobCall::new(account, container, blob, operation)
    }
}
