//! Deployments and their operations as documents (ARM 7.2, 7.3, 7.9; observed-arm, Deployments).

use fake_azure_cloud::catalogue::limits::Era;
use fake_azure_cloud::catalogue::locations;
use fake_azure_cloud::{ApiVersion, Guid, Time};
use serde_json::{Map, Value, json};

use super::plan::{Planned, Target};
use super::record::{Deployment, Progress, State, Step, deployment_id};
use super::rollback::Rollback;
use super::template::Kind;
use super::world::template_hash;

/// From this version on the type and the template's hash are shown (ARM 7.2: absent at 2016-09-01, present at 2020-06-01).
const TYPED: ApiVersion = ApiVersion::date(2018, 1, 1);
/// Before this version ids had no provider in them (recorded 2015).
const PROVIDED: ApiVersion = ApiVersion::date(2015, 1, 1);

/// The id of a deployment in a version.
pub(crate) fn id_in(target: &Target, name: &str, version: ApiVersion) -> String {
    if version < PROVIDED {
        format!("{}/deployments/{name}", target.id())
    } else {
        deployment_id(target, name)
    }
}

/// The scope and name of a deployment's id; `None` when it is the id of something else.
pub(crate) fn deployment_of_id(id: &str) -> Option<(Target, String)> {
    let segments: Vec<&str> = id.split('/').filter(|segment| !segment.is_empty()).collect();
    let is = |at: usize, word: &str| segments.get(at).is_some_and(|own| own.eq_ignore_ascii_case(word));
    if !is(0, "subscriptions") {
        return None;
    }
    let subscription = Guid::parse(segments.get(1)?)?;
    let (group, at) = if is(2, "resourceGroups") {
        (Some((*segments.get(3)?).to_owned()), 4)
    } else {
        (None, 2)
    };
    let is_one = is(at, "providers")
        && is(at + 1, "Microsoft.Resources")
        && is(at + 2, "deployments")
        && segments.len() == at + 4;
    is_one.then(|| (Target { subscription, group }, segments[at + 3].to_owned()))
}

/// A deployment.
pub(crate) fn document(deployment: &Deployment, version: ApiVersion, era: Era) -> Value {
    let mut members = Map::new();
    members.insert(
        "id".to_owned(),
        Value::from(id_in(&deployment.target, &deployment.name, version)),
    );
    members.insert("name".to_owned(), Value::from(deployment.name.as_str()));
    if version >= TYPED {
        members.insert("type".to_owned(), Value::from("Microsoft.Resources/deployments"));
    }
    if let Some(location) = &deployment.location {
        let name = locations::find(location).map_or(location.as_str(), |found| found.name);
        members.insert("location".to_owned(), Value::from(name));
    }
    if let Some(tags) = &deployment.tags {
        members.insert("tags".to_owned(), tags.clone());
    }

    let mut properties = Map::new();
    let mut add = |name: &str, value: Option<Value>| {
        if let Some(value) = value {
            properties.insert(name.to_owned(), value);
        }
    };
    add("templateLink", deployment.template_link.clone());
    if version >= TYPED {
        add("templateHash", Some(Value::from(template_hash(&deployment.template))));
    }
    add("parametersLink", deployment.parameters_link.clone());
    let has_parameters = !deployment.parameters.is_empty();
    add("parameters", has_parameters.then(|| parameters(deployment)));
    add("mode", Some(Value::from(deployment.mode.name())));
    add("debugSetting", deployment.debug_setting.clone());
    add("provisioningState", Some(Value::from(deployment.state.name())));
    add("timestamp", Some(Value::from(deployment.changed.to_string())));
    add(
        "duration",
        Some(Value::from(duration(deployment.started, deployment.changed))),
    );
    add("correlationId", Some(Value::from(deployment.correlation.to_string())));
    add("providers", Some(providers(&deployment.planned)));
    add("dependencies", Some(dependencies(&deployment.planned)));
    if deployment.state == State::Succeeded {
        let has_outputs = deployment.template.get("outputs").is_some();
        add(
            "outputs",
            deployment.outputs.as_ref().filter(|_| has_outputs).map(shown_outputs),
        );
        add("outputResources", Some(output_resources(deployment)));
    }
    add(
        "onErrorDeployment",
        deployment.rollback.as_ref().map(Rollback::document),
    );
    add("error", failure(deployment, era));
    members.insert("properties".to_owned(), Value::Object(properties));
    Value::Object(members)
}

/// The values of the parameters; secrets without them.
fn parameters(deployment: &Deployment) -> Value {
    let shown = deployment.parameters.iter().map(|given| {
        let mut own = json!({ "type": given.kind.name() });
        if !given.kind.is_secure() {
            own["value"] = given.value.clone();
        }
        (given.name.clone(), own)
    });
    Value::Object(shown.collect())
}

fn shown_outputs(outputs: &Map<String, Value>) -> Value {
    let shown = outputs.iter().map(|(name, output)| {
        let is_secure = output
            .get("type")
            .and_then(Value::as_str)
            .and_then(Kind::find)
            .is_some_and(Kind::is_secure);
        let own = if is_secure {
            json!({ "type": output["type"] })
        } else {
            output.clone()
        };
        (name.clone(), own)
    });
    Value::Object(shown.collect())
}

/// `PT5.7364245S`, `PT1M3.5S`: a time span as .NET writes it.
pub(crate) fn duration(from: Time, to: Time) -> String {
    let millis = to.millis_since(from).max(0);
    let (hours, minutes, rest) = (millis / 3_600_000, millis / 60_000 % 60, millis % 60_000);
    let mut text = "PT".to_owned();
    if hours > 0 {
        text.push_str(&format!("{hours}H"));
    }
    if minutes > 0 {
        text.push_str(&format!("{minutes}M"));
    }
    if rest > 0 || text.len() == 2 {
        let seconds = format!("{}.{:03}", rest / 1000, rest % 1000);
        text.push_str(seconds.trim_end_matches('0').trim_end_matches('.'));
        text.push('S');
    }
    text
}

/// Types with the places that they are put in.
type Kinds = Vec<(String, Vec<Value>)>;

/// The types that a template uses, by namespace, with the places that it puts them in.
fn providers(planned: &[Planned]) -> Value {
    let mut found: Vec<(String, Kinds)> = Vec::new();
    for own in planned.iter().filter(|own| own.is_sent()) {
        let (namespace, kind) = own.kind.split_once('/').unwrap_or((&own.kind, ""));
        let place = match &own.location {
            Some(location) => {
                let folded = location.to_lowercase().replace(' ', "");
                Value::from(locations::find(location).map_or(folded, |found| found.name.to_owned()))
            }
            None => Value::Null,
        };
        let at = match found
            .iter()
            .position(|(known, _)| known.eq_ignore_ascii_case(namespace))
        {
            Some(at) => at,
            None => {
                found.push((namespace.to_owned(), Vec::new()));
                found.len() - 1
            }
        };
        let kinds = &mut found[at].1;
        match kinds.iter_mut().find(|(known, _)| known.eq_ignore_ascii_case(kind)) {
            Some((_, places)) if places.contains(&place) => {}
            Some((_, places)) => places.push(place),
            None => kinds.push((kind.to_owned(), vec![place])),
        }
    }
    let shown: Vec<Value> = found
        .into_iter()
        .map(|(namespace, kinds)| {
            let kinds: Vec<Value> = kinds
                .into_iter()
                .map(|(kind, places)| json!({ "resourceType": kind, "locations": places }))
                .collect();
            json!({ "namespace": namespace, "resourceTypes": kinds })
        })
        .collect();
    Value::Array(shown)
}

/// Who waits for whom.
fn dependencies(planned: &[Planned]) -> Value {
    let named = |own: &Planned| json!({ "id": own.id, "resourceType": own.kind, "resourceName": own.name });
    let shown: Vec<Value> = planned
        .iter()
        .filter(|own| own.is_sent() && !own.after.is_empty())
        .map(|own| {
            let before: Vec<Value> = own.after.iter().map(|before| named(&planned[*before])).collect();
            json!({ "dependsOn": before, "id": own.id, "resourceType": own.kind, "resourceName": own.name })
        })
        .collect();
    Value::Array(shown)
}

/// What was put, deployments inside left out.
fn output_resources(deployment: &Deployment) -> Value {
    let done = deployment
        .planned
        .iter()
        .zip(&deployment.progress)
        .filter(|(own, progress)| **progress == Progress::Done && !own.is_deployment());
    Value::Array(done.map(|(own, _)| json!({ "id": own.id })).collect())
}

/// Why it failed, in the words of the time (ARM 7.9): until about 2021 the provider's answer stood in it as a text.
pub(crate) fn failure(deployment: &Deployment, era: Era) -> Option<Value> {
    let failure = deployment.failure.as_ref()?;
    let is_run = failure.code == "DeploymentFailed";
    let help = match (is_run, era) {
        (false, _) => "",
        (true, Era::Current) => " Please see https://aka.ms/arm-deployment-operations for usage details.",
        (true, _) => " Please see https://aka.ms/arm-debug for usage details.",
    };
    let message = format!("{}{help}", failure.message);
    if era != Era::Current {
        let details: Vec<Value> = failure
            .details
            .iter()
            .map(|(status_code, body)| {
                let text = serde_json::to_string_pretty(body)
                    .unwrap_or_default()
                    .replace('\n', "\r\n");
                json!({ "code": status_code, "message": text })
            })
            .collect();
        return Some(json!({ "code": failure.code, "message": message, "details": details }));
    }
    let details: Vec<Value> = failure
        .details
        .iter()
        .map(|(_, body)| body.get("error").unwrap_or(body).clone())
        .collect();
    Some(json!({ "code": failure.code, "target": deployment.id(), "message": message, "details": details }))
}

/// The operations of a deployment, the last first: the clean-up, then what was put, the latest before the rest.
pub(crate) fn operations(deployment: &Deployment, version: ApiVersion) -> Vec<(String, Value)> {
    let shown = deployment
        .steps
        .iter()
        .rev()
        .map(|step| (step.id.clone(), operation(deployment, step, version)));
    shown.collect()
}

/// One operation.
pub(crate) fn operation(deployment: &Deployment, step: &Step, version: ApiVersion) -> Value {
    let id = format!(
        "{}/operations/{}",
        id_in(&deployment.target, &deployment.name, version),
        step.id
    );
    let mut properties = Map::new();
    let mut add = |name: &str, value: Value| properties.insert(name.to_owned(), value);
    add("provisioningOperation", Value::from(step.doing.as_str()));
    add("provisioningState", Value::from(step.state.as_str()));
    add("timestamp", Value::from(step.changed.to_string()));
    add("duration", Value::from(duration(step.started, step.changed)));
    add("trackingId", Value::from(deployment.tracking(&step.id).to_string()));
    if step.subject.is_some() {
        add(
            "serviceRequestId",
            Value::from(deployment.tracking(&format!("service {}", step.id)).to_string()),
        );
    }
    add("statusCode", Value::from(step.status_code.as_str()));
    if let Some(message) = &step.message {
        add("statusMessage", message.clone());
    }
    if let Some(subject) = &step.subject {
        add(
            "targetResource",
            json!({ "id": subject.id, "resourceType": subject.kind, "resourceName": subject.name }),
        );
    }
    if let Some(request) = &step.request {
        add("request", request.clone());
    }
    if let Some(response) = &step.response {
        add("response", response.clone());
    }
    json!({ "id": id, "operationId": step.id, "properties": properties })
}

/// The .NET name of a status.
pub(crate) fn status_name(status: u16) -> &'static str {
    match status {
        200 => "OK",
        201 => "Created",
        202 => "Accepted",
        204 => "NoContent",
        400 => "BadRequest",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "NotFound",
        409 => "Conflict",
        412 => "PreconditionFailed",
        415 => "UnsupportedMediaType",
        429 => "TooManyRequests",
        503 => "ServiceUnavailable",
        _ => "InternalServerError",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_written_as_dotnet_writes_them() {
        let rows = [
            (0, "PT0S"),
            (5736, "PT5.736S"),
            (60_000, "PT1M"),
            (63_500, "PT1M3.5S"),
            (3_600_000, "PT1H"),
            (90_061_001, "PT25H1M1.001S"),
        ];
        for (millis, expected) in rows {
            assert_eq!(duration(Time::from_millis(0), Time::from_millis(millis)), expected);
        }
    }

    #[test]
    fn ids_of_deployments_are_told_from_others() {
        let subscription = "/subscriptions/0b1f6471-1bf0-4dda-aec3-cb9272f09590";
        let at_group = format!("{subscription}/resourcegroups/g/providers/microsoft.resources/deployments/d");
        assert_eq!(
            deployment_of_id(&at_group).map(|(target, name)| (target.group, name)),
            Some((Some("g".to_owned()), "d".to_owned()))
        );
        let at_subscription = format!("{subscription}/providers/Microsoft.Resources/deployments/d");
        assert_eq!(
            deployment_of_id(&at_subscription).map(|(target, name)| (target.group, name)),
            Some((None, "d".to_owned()))
        );
        assert_eq!(deployment_of_id(&format!("{subscription}/resourceGroups/g")), None);
    }
}
