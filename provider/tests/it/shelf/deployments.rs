//! Template deployments on the shelf: each resource of a template is put as if by itself, in the order it stands in, at once.
//!
//! Of the template language it knows the four expressions that the provider writes.

use bytes::Bytes;
use http::{Method, Request, Response};
use serde_json::{Value, json};

use super::{Shelf, State, answer, refusal, with_header};

/// What the shelf remembers of deployments beside their records.
#[derive(Default)]
pub(super) struct Deployments {
    stalled: Vec<&'static str>,
    /// Resources whose making a cancellation comes too late for: path and document.
    late: Vec<(String, Value)>,
    pub(super) n_addresses: u32,
}

impl Shelf {
    /// Deployments of this name make all but the virtual machine, and go on until they are cancelled; the machine appears then all
    /// the same (juju-provider 1.9.3).
    pub(crate) fn stall(&self, name: &'static str) {
        self.state().deployments.stalled.push(name);
    }

    /// Takes away what has a path with this end, as if somebody else had.
    pub(crate) fn remove(&self, end: &str) {
        let end = end.to_lowercase();
        self.state().documents.retain(|path, _| !path.ends_with(&end));
    }

    /// Says of a record what Azure said.
    pub(crate) fn set_deployment(&self, name: &str, properties: Value) {
        let mut state = self.state();
        let end = format!("/deployments/{name}");
        let found = state.documents.iter_mut().find(|(path, _)| path.ends_with(&end));
        let (_, record) = found.expect("the test has deployed it");
        record["properties"] = properties;
    }
}

/// What compute sells here, and two things it does not sell to us.
pub(super) fn compute_skus() -> Response<Bytes> {
    let sku = |name: &str, cores: &str, gb: &str, restrictions: Value| {
        json!({"resourceType": "virtualMachines", "name": name, "locations": ["WestUS"], "restrictions": restrictions,
               "capabilities": [{"name": "vCPUs", "value": cores}, {"name": "MemoryGB", "value": gb},
                                {"name": "OSVhdSizeMB", "value": "1047552"}, {"name": "MaxDataDiskCount", "value": "4"},
                                {"name": "HyperVGenerations", "value": "V1,V2"}]})
    };
    let unavailable = json!([{"type": "Location", "reasonCode": "NotAvailableForSubscription"}]);
    let skus = [
        sku("Standard_F1s", "1", "2", unavailable),
        sku("Standard_D2s_v3", "2", "8", json!([])),
        sku("Standard_D2s_v4", "2", "8", json!([])),
        sku("Standard_F2s_v2", "2", "4", json!([])),
        sku("Standard_B2ms", "2", "8", json!([])),
        json!({"resourceType": "disks", "name": "Premium_LRS", "locations": ["westus"]}),
    ];
    answer(200, &json!({"value": skus}))
}

/// The texts between single quotes.
fn quoted(expression: &str) -> Vec<&str> {
    expression.split('\'').skip(1).step_by(2).collect()
}

/// The value of an expression, or the text as it is. `group`: the path of the group deployed to.
fn evaluated(text: &str, group: &str) -> String {
    if !text.starts_with('[') {
        return text.to_owned();
    }

    let words = quoted(text);
    let id = |kind: &str, name: &str| format!("{group}/providers/{kind}/{name}");
    match (text, words.as_slice()) {
        (text, [_, account, _, path]) if text.starts_with("[concat(reference(") => {
            format!("https://{account}.blob.core.windows.net/{path}")
        }
        (text, [kind, name, tail]) if text.starts_with("[concat(resourceId(") => format!("{}{tail}", id(kind, name)),
        (text, [kind, name]) if text.starts_with("[resourceId(") => id(kind, name),
        _ => panic!("the provider writes no such expression: {text}"),
    }
}

fn evaluate(value: &mut Value, group: &str) {
    match value {
        Value::String(text) => *text = evaluated(text, group),
        Value::Array(items) => items.iter_mut().for_each(|item| evaluate(item, group)),
        Value::Object(members) => members.values_mut().for_each(|member| evaluate(member, group)),
        _ => {}
    }
}

/// The path of a resource: types and names take turns.
fn path_of(kind: &str, name: &str, group: &str) -> String {
    let mut kinds = kind.split('/');
    let mut path = format!("{group}/providers/{}", kinds.next().unwrap_or_default());
    for (kind, name) in kinds.zip(name.split('/')) {
        path.push_str(&format!("/{kind}/{name}"));
    }
    path
}

/// What a resource waits for, as a record tells it.
fn dependency(resource: &Value) -> Option<Value> {
    let before = resource["dependsOn"].as_array()?;
    let before: Vec<Value> = before
        .iter()
        .filter_map(Value::as_str)
        .map(|own| match quoted(own).as_slice() {
            [kind, name] => json!({"resourceType": kind, "resourceName": name}),
            _ => json!({"id": own}),
        })
        .collect();
    Some(json!({"resourceType": resource["type"], "resourceName": resource["name"], "dependsOn": before}))
}

impl State {
    pub(super) fn serve_deployment(&mut self, request: &Request<Bytes>, path: &str, key: &str) -> Response<Bytes> {
        if !self.group_exists(key) {
            return refusal(404, "ResourceGroupNotFound", "Resource group could not be found.");
        }

        let record = key.trim_end_matches("/cancel").to_owned();
        let state = self.documents.get(&record).and_then(|own| {
            own.pointer("/properties/provisioningState")?
                .as_str()
                .map(str::to_owned)
        });
        match (request.method(), state.as_deref()) {
            (&Method::GET, _) if key.ends_with('/') => {
                let own = self.documents.iter().filter(|(path, _)| path.starts_with(key));
                answer(
                    200,
                    &json!({"value": own.map(|(_, record)| record).collect::<Vec<_>>()}),
                )
            }
            (&Method::PUT, Some("Running")) => refusal(409, "DeploymentActive", "The deployment is still active."),
            (&Method::PUT, _) => self.deploy(request, path, key),
            (_, None) if *request.method() != Method::DELETE => refusal(404, "DeploymentNotFound", "not found"),
            (&Method::GET, _) => answer(200, &self.documents[key]),
            (&Method::DELETE, Some("Running")) => refusal(409, "DeploymentActive", "The deployment is still active."),
            (&Method::DELETE, state) => {
                self.documents.remove(key);
                answer(if state.is_some() { 202 } else { 204 }, &Value::Null)
            }
            (_, Some("Running")) => {
                self.documents
                    .entry(record)
                    .and_modify(|own| own["properties"]["provisioningState"] = json!("Canceled"));
                for (path, document) in std::mem::take(&mut self.deployments.late) {
                    self.put_by_itself(&path, &document);
                }
                answer(204, &Value::Null)
            }
            _ => refusal(409, "DeploymentCannotBeCancelled", "The deployment is over."),
        }
    }

    fn deploy(&mut self, request: &Request<Bytes>, path: &str, key: &str) -> Response<Bytes> {
        let body: Value = serde_json::from_slice(request.body()).expect("the provider writes JSON");
        let name = path.rsplit('/').next().unwrap_or_default();
        let group = path.split("/providers/").next().unwrap_or_default();
        let group = group.replace("/resourcegroups/", "/resourceGroups/");
        let resources = body["properties"]["template"]["resources"].as_array().cloned();
        let resources = resources.expect("the provider writes templates");
        let is_stalled = self.deployments.stalled.contains(&name);
        let (mut state, mut error, mut failure) = ("Succeeded", Value::Null, None);
        for resource in &resources {
            let (kind, own) = (resource["type"].as_str(), resource["name"].as_str());
            let own_path = path_of(kind.unwrap_or_default(), own.unwrap_or_default(), &group);
            let mut document = resource.clone();
            let members = document.as_object_mut().expect("a resource is an object");
            members.retain(|name, _| !["apiVersion", "type", "name", "dependsOn"].contains(&name.as_str()));
            evaluate(&mut document, &group);
            if is_stalled && kind == Some("Microsoft.Compute/virtualMachines") {
                state = "Running";
                self.deployments.late.push((own_path, document));
                continue;
            }

            let late = self.late_failures.iter().find(|(part, _, _)| own_path.contains(part));
            if let Some((_, code, message)) = late.copied() {
                self.late_failures.retain(|(part, _, _)| !own_path.contains(part));
                (state, failure) = ("Failed", Some((code, message)));
                error = json!({"code": "DeploymentFailed", "message": "At least one resource deployment operation failed.",
                               "details": [{"code": code, "message": message}]});
                break;
            }
            let refused = self.put_by_itself(&own_path, &document);
            if let Some(body) = refused {
                (state, failure) = (
                    "Failed",
                    Some(("DeploymentFailed", "At least one resource was refused.")),
                );
                error = json!({"code": "DeploymentFailed", "message": "At least one resource was refused.",
                               "details": [{"code": "BadRequest", "message": body}]});
                break;
            }
        }

        let dependencies: Vec<Value> = resources.iter().filter_map(dependency).collect();
        let mut properties = json!({"provisioningState": state, "mode": "Incremental", "dependencies": dependencies});
        if !error.is_null() {
            properties["error"] = error;
        }
        let mut record = json!({"id": path, "name": name, "properties": properties});
        if let Some(tags) = body.get("tags") {
            record["tags"] = tags.clone();
        }
        self.documents.insert(key.to_owned(), record.clone());
        let link = self.operation("op", failure);
        record["properties"]["provisioningState"] = json!("Accepted");
        with_header(answer(201, &record), "azure-asyncoperation", &link)
    }

    /// What the service decides of resources as templates have them: subnets inside networks, addresses, primary interfaces, disks.
    pub(super) fn settle_deployed(&mut self, key: &str, document: &mut Value) {
        if key.contains("/virtualnetworks/") && !key.contains("/subnets/") {
            for subnet in document["properties"]["subnets"].as_array().into_iter().flatten() {
                let name = subnet["name"].as_str().unwrap_or_default();
                let path = format!("{}/subnets/{name}", document["id"].as_str().unwrap_or_default());
                let own = json!({"id": path, "name": name, "properties": subnet["properties"]});
                self.documents.insert(path.to_lowercase(), own);
            }
        }
        if key.contains("/networkinterfaces/") {
            let configurations = document["properties"]["ipConfigurations"].as_array_mut();
            for own in configurations.into_iter().flatten() {
                let properties = &mut own["properties"];
                if properties["privateIPAllocationMethod"] == "Dynamic" && properties.get("privateIPAddress").is_none()
                {
                    self.deployments.n_addresses += 1;
                    properties["privateIPAddress"] = json!(format!("192.168.0.{}", 3 + self.deployments.n_addresses));
                }
            }
        }
        if key.contains("/virtualmachines/") && !key.contains("/extensions/") {
            let interfaces = document
                .pointer("/properties/networkProfile/networkInterfaces")
                .cloned();
            for (nth, own) in interfaces
                .iter()
                .flat_map(|own| own.as_array().into_iter().flatten())
                .enumerate()
            {
                let path = own["id"].as_str().unwrap_or_default().to_lowercase();
                if let Some(interface) = self.documents.get_mut(&path) {
                    interface["properties"]["primary"] = json!(nth == 0);
                }
            }
            let disk = &document["properties"]["storageProfile"]["osDisk"];
            if disk.get("managedDisk").is_some() {
                let name = disk["name"].as_str().unwrap_or_default();
                let path = key.replace("/virtualmachines/", "/disks/");
                self.documents
                    .insert(path.clone(), json!({"id": path, "name": name, "properties": {}}));
            }
        }
    }

    /// The refusal, if it was refused.
    fn put_by_itself(&mut self, path: &str, document: &Value) -> Option<String> {
        let request = Request::builder()
            .method(Method::PUT)
            .uri(path)
            .body(Bytes::from(document.to_string()))
            .expect("paths are paths");
        let response = self.serve_put(&request, path, &path.to_lowercase());
        let is_refused = response.status().is_client_error();
        is_refused.then(|| String::from_utf8_lossy(response.body()).into_owned())
    }
}
