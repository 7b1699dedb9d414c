//! Steps with their variables filled in.

use serde_json::Value;

use super::{Bad, Session};
use crate::scenario::{CallStep, Expect, HttpBody, HttpStep, Unresolved};

impl Session {
    pub(super) fn resolve_http(&self, http: &HttpStep) -> Result<HttpStep, Bad> {
        let mut headers = http.headers.clone();
        for value in headers.values_mut().flatten() {
            *value = self.variables.text(value)?;
        }
        let body = match &http.body {
            Some(HttpBody::Json(body)) => Some(HttpBody::Json(self.variables.resolve(body)?)),
            Some(HttpBody::Xml(text)) => Some(HttpBody::Xml(self.variables.text(text)?)),
            Some(HttpBody::Text(text)) => Some(HttpBody::Text(self.variables.text(text)?)),
            None => None,
        };
        Ok(HttpStep {
            api: http.api.clone(),
            method: http.method.clone(),
            url: self.variables.text(&http.url)?,
            headers,
            body,
        })
    }

    pub(super) fn resolve_call(&mut self, call: &CallStep) -> Result<CallStep, Bad> {
        let environment = self.site.name(&self.variables.text(&call.environment)?);
        self.environments.insert(environment.clone());
        let mut arguments = self.variables.resolve_map(&call.arguments)?;
        for (name, ids) in &mut arguments {
            // Whom a step was to give which gave up is in no list.
            if let ("ids" | "group-with", Value::Array(ids)) = (name.as_str(), ids) {
                ids.retain(|id| !id.is_null());
            }
        }
        Ok(CallStep {
            call: call.call.clone(),
            environment,
            arguments,
        })
    }

    pub(super) fn resolve_expect(&self, expect: &Expect) -> Result<Expect, String> {
        let value = |value: &Option<Value>| value.as_ref().map(|value| self.variables.resolve(value)).transpose();
        let text = |text: &Option<String>| text.as_ref().map(|text| self.variables.text(text)).transpose();
        let resolve = || {
            Ok(Expect {
                body: value(&expect.body)?,
                value: value(&expect.value)?,
                message: text(&expect.message)?,
                error: text(&expect.error)?,
                ..expect.clone()
            })
        };
        resolve().map_err(|error: Unresolved| error.to_string())
    }
}
