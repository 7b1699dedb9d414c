//! Driver `model`: calls straight into the cloud.
//!
//! It knows no status, no header and no message: it judges codes, settled states and facts.

use fake_azure_cloud::catalogue::limits::Era;
use fake_azure_cloud::{
    Answer as Shown, ApiVersion, Call, Cloud, CloudError, Conditions, Guid, IdError, Kind, OperationId,
    Outcome as Came, Reply, Resource, ResourceId, Scope, Settings, Status, Time, View,
};
use serde_json::{Value, json};

use super::{Answer, CallError, Driver, End, Outcome, PATIENCE_MS, Refusal, Request, START, SUBSCRIPTION, Setup};
use crate::scenario::{CallStep, HttpStep};

/// The driver.
#[derive(Clone, Debug)]
pub struct ModelDriver {
    cloud: Cloud,
}

impl ModelDriver {
    /// A driver on a new world.
    #[must_use]
    pub fn new(setup: &Setup) -> ModelDriver {
        let era = Era::find(&setup.profile).unwrap_or(Era::Current);
        let subscription = Guid::parse(SUBSCRIPTION).expect("the subscription's id is a GUID");
        let settings = Settings {
            seed: setup.seed,
            start: START,
            era,
            subscriptions: vec![subscription],
        };
        ModelDriver {
            cloud: Cloud::new(&settings),
        }
    }

    fn apply(&mut self, call: &Call) -> Result<Reply, CloudError> {
        self.cloud.apply(call)
    }

    fn document(&self, resource: &Resource, version: ApiVersion, answer: Shown, expand: &str) -> Value {
        self.cloud.document(
            resource,
            &View {
                version,
                answer,
                expand,
            },
        )
    }

    fn written(&mut self, call: &Call, id: &ResourceId, version: ApiVersion, wait: bool) -> Outcome {
        let reply = match self.apply(call) {
            Ok(reply) => reply,
            Err(error) => return refused(&error),
        };
        let mut answer = Answer::default();
        if let Some(resource) = self.cloud.store().find(id.folded()).cloned()
            && !matches!(reply.outcome, Came::Removed | Came::Absent)
        {
            answer.body = Some(self.document(&resource, version, Shown::Write, ""));
        }
        if let Came::Acted(output) = &reply.outcome {
            answer.body.clone_from(output);
        }
        if wait {
            answer.end = Some(self.settle(reply.operation));
            if reply.operation.is_some()
                && let Some(resource) = self.cloud.store().find(id.folded()).cloned()
            {
                answer.afterwards = Some(self.document(&resource, version, Shown::Read, ""));
            }
        }
        Outcome::from(answer)
    }

    /// Moves time until the operation ends.
    fn settle(&mut self, operation: Option<OperationId>) -> End {
        let Some(id) = operation else {
            return End::succeeded();
        };
        let limit = self.cloud.now().plus_millis(PATIENCE_MS);
        loop {
            let status = self.cloud.operation(id).map(|operation| operation.status.clone());
            match status {
                None | Some(Status::Succeeded) => return End::succeeded(),
                Some(Status::Failed(error)) => {
                    return End {
                        state: "Failed".to_owned(),
                        error: Some(refusal(&error)),
                    };
                }
                Some(Status::Canceled(error)) => {
                    return End {
                        state: "Canceled".to_owned(),
                        error: Some(refusal(&error)),
                    };
                }
                Some(Status::InProgress) => {}
            }
            match self.cloud.next_due() {
                Some(due) if due <= limit => self.move_to(due),
                _ => return End::never(),
            }
        }
    }

    fn move_to(&mut self, time: Time) {
        while self.cloud.advance_to(time).is_some() {}
    }

    fn list(&mut self, path: &str, version: ApiVersion) -> Outcome {
        let call = match list_call(path) {
            Ok(call) => call,
            Err(outcome) => return outcome,
        };
        match self.apply(&call) {
            Ok(Reply {
                outcome: Came::Listed(resources),
                ..
            }) => {
                let entries: Vec<Value> = resources
                    .iter()
                    .map(|resource| self.document(resource, version, Shown::List, ""))
                    .collect();
                Outcome::from(Answer {
                    body: Some(json!({ "value": entries })),
                    ..Answer::default()
                })
            }
            Ok(_) => Outcome::NotPerformed,
            Err(error) => refused(&error),
        }
    }
}

impl Driver for ModelDriver {
    fn request(&mut self, request: &Request, wait: bool) -> Outcome {
        let (text, version) = match request {
            Request::Put { id, version, .. }
            | Request::Patch { id, version, .. }
            | Request::Delete { id, version, .. }
            | Request::Get { id, version, .. }
            | Request::Post { id, version, .. } => (id, version),
            Request::List { path, version } => {
                return match ApiVersion::parse(version) {
                    Some(version) => self.list(path, version),
                    None => Outcome::NotPerformed,
                };
            }
        };
        // What only the gateway judges - ids and versions that are none - has no call of the cloud's.
        let Some(version) = ApiVersion::parse(version) else {
            return Outcome::NotPerformed;
        };
        let id = match ResourceId::parse(text) {
            Ok(id) => id,
            Err(error) => return no_id(&error),
        };
        let conditions = |if_match: &Option<String>, only_new: bool| Conditions {
            if_match: if_match.clone(),
            only_new,
        };

        match request {
            Request::Put {
                body,
                if_match,
                only_new,
                ..
            } => {
                let call = Call::Put {
                    id: id.clone(),
                    document: body.clone(),
                    version,
                    conditions: conditions(if_match, *only_new),
                };
                self.written(&call, &id, version, wait)
            }
            Request::Patch { body, if_match, .. } => {
                let call = Call::Patch {
                    id: id.clone(),
                    document: body.clone(),
                    version,
                    conditions: conditions(if_match, false),
                };
                self.written(&call, &id, version, wait)
            }
            Request::Delete { if_match, .. } => {
                let call = Call::Delete {
                    id: id.clone(),
                    version,
                    conditions: conditions(if_match, false),
                };
                self.written(&call, &id, version, wait)
            }
            Request::Post { action, body, .. } => {
                let call = Call::Act {
                    id: id.clone(),
                    action: action.as_str().into(),
                    document: body.clone(),
                    version,
                };
                self.written(&call, &id, version, wait)
            }
            Request::Get { expand, .. } => match self.apply(&Call::Get { id }) {
                Ok(Reply {
                    outcome: Came::Found(resource),
                    ..
                }) => {
                    let expand = expand.as_deref().unwrap_or_default().to_lowercase();
                    let body = self.document(&resource, version, Shown::Read, &expand);
                    Outcome::from(Answer {
                        body: Some(body),
                        ..Answer::default()
                    })
                }
                Ok(_) => Outcome::NotPerformed,
                Err(error) => refused(&error),
            },
            Request::List { .. } => Outcome::NotPerformed,
        }
    }

    fn message(&mut self, _message: &HttpStep) -> Outcome {
        Outcome::NotPerformed
    }

    fn provider(&mut self, calls: &[CallStep]) -> Result<Vec<Outcome>, CallError> {
        Ok(calls.iter().map(|_| Outcome::NotPerformed).collect())
    }

    fn juju(&mut self, _call: &CallStep) -> Result<Outcome, CallError> {
        Ok(Outcome::NotPerformed)
    }

    fn fault(&mut self, _rule: &Value) -> Option<Result<(), String>> {
        None
    }

    fn now(&self) -> Time {
        self.cloud.now()
    }

    fn advance(&mut self, millis: i64) {
        self.move_to(self.cloud.now().plus_millis(millis));
    }

    fn with_cloud(&mut self, act: &mut dyn FnMut(&mut Cloud)) {
        act(&mut self.cloud);
    }

    fn journal(&self) -> Vec<String> {
        Vec::new()
    }
}

fn refused(error: &CloudError) -> Outcome {
    Outcome::from(Answer {
        refusal: Some(refusal(error)),
        ..Answer::default()
    })
}

fn refusal(error: &CloudError) -> Refusal {
    let mut details = Vec::new();
    let mut ahead: Vec<&CloudError> = error.details.iter().collect();
    while let Some(detail) = ahead.pop() {
        details.push((detail.code.to_string(), detail.message.clone()));
        ahead.extend(&detail.details);
    }
    Refusal {
        code: error.code.to_string(),
        message: error.message.clone(),
        details,
    }
}

fn no_id(error: &IdError) -> Outcome {
    match error {
        IdError::Malformed => Outcome::NotPerformed,
        IdError::UnknownType { namespace, type_path } => {
            let code = if Kind::knows_namespace(namespace) {
                "InvalidResourceType"
            } else {
                "InvalidResourceNamespace"
            };
            let message = format!("{namespace}/{type_path}");
            let refusal = Refusal {
                code: code.to_owned(),
                message,
                details: Vec::new(),
            };
            Outcome::from(Answer {
                refusal: Some(refusal),
                ..Answer::default()
            })
        }
    }
}

/// A list's path as a call: of groups, of a type in a subscription or a group, or of the children of a resource.
fn list_call(path: &str) -> Result<Call, Outcome> {
    let segments: Vec<&str> = path.split('/').filter(|segment| !segment.is_empty()).collect();
    let subscription = segments
        .get(1)
        .and_then(|text| Guid::parse(text))
        .ok_or(Outcome::NotPerformed)?;
    let in_subscription = |kind| {
        Ok(Call::List {
            scope: Scope::Subscription(subscription),
            kind,
        })
    };
    match segments.as_slice() {
        [_, _, groups] if groups.eq_ignore_ascii_case("resourceGroups") => in_subscription(Kind::ResourceGroups),
        [_, _, providers, namespace, type_path] if providers.eq_ignore_ascii_case("providers") => {
            in_subscription(kind_of(namespace, type_path)?)
        }
        [_, _, _, group, _, namespace, type_path] => {
            let scope = Scope::In(ResourceId::group(subscription, group));
            Ok(Call::List {
                scope,
                kind: kind_of(namespace, type_path)?,
            })
        }
        [.., namespace, parent_type, _, child_type] => {
            let parent = path.rsplit_once('/').map_or(path, |(parent, _)| parent);
            let id = ResourceId::parse(parent).map_err(|error| no_id(&error))?;
            Ok(Call::List {
                scope: Scope::In(id),
                kind: kind_of(namespace, &format!("{parent_type}/{child_type}"))?,
            })
        }
        _ => Err(Outcome::NotPerformed),
    }
}

fn kind_of(namespace: &str, type_path: &str) -> Result<Kind, Outcome> {
    Kind::find(namespace, type_path).ok_or_else(|| {
        no_id(&IdError::UnknownType {
            namespace: namespace.to_owned(),
            type_path: type_path.to_owned(),
        })
    })
}
