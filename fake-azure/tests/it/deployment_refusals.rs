//! What the deployment engine refuses, and in which words. A refused order changes nothing.

use fake_azure::Pace;
use fake_azure::cloud::catalogue::limits::Era;
use serde_json::{Value, json};

use crate::arm_support::{Arm, GATEWAY, SUBSCRIPTION, check, json as tree};
use crate::deployment_support::{GROUP, address, deployment, finish, of, order, with_group};
use crate::governance::sign_in_second;

fn with(parts: &Value) -> String {
    let mut template: Value = serde_json::from_str(&of(&json!([]))).expect("a template");
    for (name, part) in parts.as_object().expect("members") {
        template[name] = part.clone();
    }
    template.to_string()
}

fn plain(template: &str) -> String {
    order(template, &json!({}), "Incremental", None)
}

fn given(template: &str, parameters: &Value) -> String {
    order(template, parameters, "Incremental", None)
}

fn after(name: &str, before: &Value) -> Value {
    let mut own = address(name);
    own["dependsOn"] = before.clone();
    own
}

fn with_member(name: &str, value: &Value) -> Value {
    let mut own = address("ip0");
    own[name] = value.clone();
    own
}

/// Every order that is wrong in itself, by what is wrong with it.
fn orders() -> Vec<(&'static str, String)> {
    let parameter = |declared: Value| json!({ "parameters": { "p": declared } });
    let many = |count: usize, part: &Value| -> Value {
        Value::Object((0..count).map(|index| (format!("m{index}"), part.clone())).collect())
    };
    let output = |value: &str| json!({"outputs": {"o": {"type": "string", "value": value}}});
    let deep = (0..7).fold(of(&json!([address("ip0")])), |inner, level| {
        let template: Value = serde_json::from_str(&inner).expect("a template");
        of(&json!([{
            "type": "Microsoft.Resources/deployments", "apiVersion": "2021-04-01", "name": format!("inside{level}"),
            "properties": {"mode": "Incremental", "expressionEvaluationOptions": {"scope": "inner"}, "template": template},
        }]))
    });
    vec![
        ("nothing", String::new()),
        ("no JSON", "{\"properties\": {\"mode\": ".to_owned()),
        ("no properties", "{}".to_owned()),
        ("no mode", "{\"properties\": {}}".to_owned()),
        ("an unknown mode", "{\"properties\": {\"mode\": \"Total\"}}".to_owned()),
        ("no template", "{\"properties\": {\"mode\": \"Incremental\"}}".to_owned()),
        ("a template and a link", json!({"properties": {"mode": "Incremental", "template": {}, "templateLink": {"uri": "https://x/y"}}}).to_string()),
        ("a template spec", json!({"properties": {"mode": "Incremental", "templateLink": {"id": "/subscriptions/x"}}}).to_string()),
        ("a whole parameter file", given(&of(&json!([])), &json!({"$schema": "x", "parameters": {}}))),
        ("a parameter without its value's wrapping", given(&of(&json!([])), &json!({"p": 1}))),
        ("a rollback", json!({"properties": {"mode": "Incremental", "template": {}, "onErrorDeployment": {"type": "LastSuccessful"}}}).to_string()),
        ("a location at a group", order(&of(&json!([])), &json!({}), "Incremental", Some("westus"))),
        ("no schema", plain("{\"contentVersion\": \"1.0.0.0\", \"resources\": []}")),
        ("a stranger among the members", plain(&with(&json!({"resourcess": []})))),
        ("a foreign schema", plain(&with(&json!({"$schema": "https://json-schema.org/x"})))),
        ("a content version of another form", plain(&with(&json!({"contentVersion": "1"})))),
        ("an unknown parameter type", plain(&with(&parameter(json!({"type": "strng"}))))),
        ("an undeclared parameter", given(&with(&parameter(json!({"type": "string"}))), &json!({"p": {"value": "x"}, "q": {"value": 1}}))),
        ("a parameter that is not provided", plain(&with(&parameter(json!({"type": "string"}))))),
        ("a number for a text", given(&with(&parameter(json!({"type": "string"}))), &json!({"p": {"value": 1}}))),
        ("a value that is not allowed", given(&with(&parameter(json!({"type": "string", "allowedValues": ["a", "b"]}))), &json!({"p": {"value": "c"}}))),
        ("a value that is too small", given(&with(&parameter(json!({"type": "int", "minValue": 3}))), &json!({"p": {"value": 2}}))),
        ("a value that is too long", given(&with(&parameter(json!({"type": "string", "maxLength": 2}))), &json!({"p": {"value": "abc"}}))),
        ("a default that is not allowed", plain(&with(&parameter(json!({"type": "string", "defaultValue": "c", "allowedValues": ["a"]}))))),
        ("a default that reads variables", plain(&with(&parameter(json!({"type": "string", "defaultValue": "[variables('v')]"}))))),
        ("a default of itself", plain(&with(&parameter(json!({"type": "string", "defaultValue": "[parameters('p')]"}))))),
        ("a secret of a vault", given(&with(&parameter(json!({"type": "securestring"}))), &json!({"p": {"reference": {"keyVault": {"id": "/subscriptions/x/vaults/v"}, "secretName": "s"}}}))),
        ("257 parameters", plain(&with(&json!({"parameters": many(257, &json!({"type": "int", "defaultValue": 1}))})))),
        ("257 variables", plain(&with(&json!({"variables": many(257, &json!(1))})))),
        ("65 outputs", plain(&with(&json!({"outputs": many(65, &json!({"type": "int", "value": 1}))})))),
        ("a variable of itself", plain(&with(&json!({"variables": {"a": "[variables('b')]", "b": "[variables('a')]"}})))),
        ("a variable that reads", plain(&with(&json!({"variables": {"a": "[reference('x')]"}})))),
        ("a variable that is not there", plain(&of(&json!([address("[variables('nothing')]")])))),
        ("a parameter that is not there", plain(&of(&json!([address("[parameters('nothing')]")])))),
        ("a function that is not there", plain(&of(&json!([address("[nothing('x')]")])))),
        ("an expression without an end", plain(&of(&json!([address("[concat('x']")])))),
        ("newGuid in a name", plain(&of(&json!([address("[newGuid()]")])))),
        ("copyIndex without a copy", plain(&of(&json!([address("[string(copyIndex())]")])))),
        ("reference in a name", plain(&of(&json!([address("[reference('x').y]")])))),
        ("no type", plain(&of(&json!([with_member("type", &Value::Null)])))),
        ("no name", plain(&of(&json!([address("")])))),
        ("no version", plain(&of(&json!([with_member("apiVersion", &Value::Null)])))),
        ("a name of two segments", plain(&of(&json!([address("a/b")])))),
        ("a condition that is no truth", plain(&of(&json!([with_member("condition", &json!(1))])))),
        ("a copy of 801", plain(&of(&json!([with_member("copy", &json!({"name": "c", "count": 801}))])))),
        ("a copy of -1", plain(&of(&json!([with_member("copy", &json!({"name": "c", "count": -1}))])))),
        ("a copy whose count is a text", plain(&of(&json!([with_member("copy", &json!({"name": "c", "count": "2"}))])))),
        ("copies of one name", plain(&of(&json!([with_member("copy", &json!({"name": "c", "count": 2}))])))),
        ("a batch that is larger than its copy", plain(&of(&json!([with_member("copy", &json!({"name": "c", "count": 2, "mode": "serial", "batchSize": 3}))])))),
        ("more than 800 resources", plain(&of(&json!([
            {"copy": {"name": "a", "count": 500}, "type": "Microsoft.Network/publicIPAddresses", "apiVersion": "2019-11-01", "name": "[concat('a', copyIndex())]"},
            {"copy": {"name": "b", "count": 500}, "type": "Microsoft.Network/publicIPAddresses", "apiVersion": "2019-11-01", "name": "[concat('b', copyIndex())]"},
        ])))),
        ("a resource twice", plain(&of(&json!([address("ip0"), address("IP0")])))),
        ("a dependency that is not there", plain(&of(&json!([after("ip0", &json!(["ip9"]))])))),
        ("a dependency that is no text", plain(&of(&json!([after("ip0", &json!([1]))])))),
        ("a circle", plain(&of(&json!([after("ip0", &json!(["ip1"])), after("ip1", &json!(["ip2"])), after("ip2", &json!(["ip0"]))])))),
        ("a circle of one", plain(&of(&json!([after("ip0", &json!(["ip0"]))])))),
        ("a circle by reference", plain(&of(&json!([with_member("tags", &json!({"x": "[reference('ip1').x]"})), after("ip1", &json!(["ip0"]))])))),
        ("a body whose expression is wrong", plain(&of(&json!([with_member("tags", &json!({"x": "[div(1, 0)]"}))])))),
        ("an output of no type", plain(&with(&json!({"outputs": {"o": {"type": "text", "value": "x"}}})))),
        ("an output that cannot be read", plain(&with(&output("[a(]")))),
        ("a user's function without an output", plain(&with(&json!({"functions": [{"namespace": "n", "members": {"f": {}}}]})))),
        ("a user's function that reads variables", plain(&with(&json!({
            "functions": [{"namespace": "n", "members": {"f": {"output": {"type": "string", "value": "[variables('v')]"}}}}],
            "variables": {"v": "[n.f()]"},
        })))),
        ("deployments inside deployments inside ..", plain(&deep)),
        ("a wrong template inside", plain(&of(&json!([{
            "type": "Microsoft.Resources/deployments", "apiVersion": "2021-04-01", "name": "inside",
            "properties": {"mode": "Incremental", "template": {"$schema": "x"}},
        }])))),
        ("a namespace that is not there", plain(&of(&json!([{"type": "Microsoft.Nothing/things", "apiVersion": "2019-11-01", "name": "x"}])))),
        ("a type that is not there", plain(&of(&json!([{"type": "Microsoft.Network/nothings", "apiVersion": "2019-11-01", "name": "x"}])))),
        ("a version that is not there", plain(&of(&json!([with_member("apiVersion", &json!("2001-01-01"))])))),
        ("an account of a bad name", plain(&of(&json!([{
            "type": "Microsoft.Storage/storageAccounts", "apiVersion": "2019-06-01", "name": "Not_A_Name", "location": "westus",
            "sku": {"name": "Standard_LRS"}, "kind": "StorageV2", "properties": {},
        }])))),
    ]
}

#[test]
fn a_wrong_order_is_refused_with_its_reason_and_changes_nothing() {
    let mut arm = with_group(Pace::Paused, Era::Current);
    let path = deployment("d0");
    for (what, body) in orders() {
        let before = arm.sandbox.cloud.digest();
        let refused = arm.send(&format!("PUT {path}?{GATEWAY}"), &body);
        assert!(refused.status().is_client_error(), "{what}: {}", refused.status());
        assert_eq!(
            arm.sandbox.cloud.digest(),
            before,
            "{what}: a refused order changes nothing"
        );
        let judged = arm.send(&format!("POST {path}/validate?{GATEWAY}"), &body);
        let told = |answer: &http::Response<bytes::Bytes>| {
            let mut document = tree(answer);
            // The tracking ids of two requests are not the same.
            let message = document["error"]["message"].as_str().unwrap_or("");
            if let Some(at) = message.find("The tracking id is '") {
                document["error"]["message"] = Value::from(&message[..at]);
            }
            document
        };
        assert_eq!(told(&judged), told(&refused), "{what}: validation says the same");
        arm.note(&format!("{what}\n{} {}", refused.status().as_u16(), tree(&refused)));
    }
    check("deployment_refusals", &arm.transcript());
}

#[test]
fn a_group_that_is_not_there_and_a_name_that_is_none_are_refused() {
    let mut arm = Arm::new();
    let body = plain(&of(&json!([])));
    arm.tell_short(
        &format!("PUT /resourceGroups/nothing/providers/Microsoft.Resources/deployments/d0?{GATEWAY}"),
        &body,
    );
    arm.tell_short(
        &format!("GET /resourceGroups/nothing/providers/Microsoft.Resources/deployments?{GATEWAY}"),
        "",
    );
    arm.tell_short(
        &format!("GET /resourceGroups/a~b/providers/Microsoft.Resources/deployments/d0?{GATEWAY}"),
        "",
    );
    arm.tell_short(
        &format!("PUT /providers/Microsoft.Resources/deployments/d0?{GATEWAY}"),
        &body,
    );
    let placed = |place: &str| order(&of(&json!([])), &json!({}), "Incremental", Some(place));
    arm.tell_short(
        &format!("PUT /providers/Microsoft.Resources/deployments/d0?{GATEWAY}"),
        &placed("nowhere"),
    );
    arm.tell_short(
        &format!("PUT /providers/Microsoft.Resources/deployments/d%20?{GATEWAY}"),
        &placed("westus"),
    );
    arm.prepare(
        &format!("PUT /providers/Microsoft.Resources/deployments/d0?{GATEWAY}"),
        &placed("westus"),
    );
    arm.wait(10);
    arm.tell_short(
        &format!("PUT /providers/Microsoft.Resources/deployments/d0?{GATEWAY}"),
        &placed("East US"),
    );
    arm.tell_short(
        "GET /providers/Microsoft.Resources/deployments/d0?api-version=2001-01-01",
        "",
    );
    arm.tell_short(
        &format!("PATCH /providers/Microsoft.Resources/deployments/d0?{GATEWAY}"),
        "{}",
    );
    arm.tell_short(
        &format!("GET /providers/Microsoft.Resources/deployments/d0/operationStatuses/1?{GATEWAY}"),
        "",
    );
    arm.tell_short(
        &format!("GET /providers/Microsoft.Resources/deployments/d0/operations/1?{GATEWAY}"),
        "",
    );
    check("deployment_refused_places", &arm.transcript());
}

#[test]
fn a_quota_is_told_before_anything_is_made() {
    let mut arm = with_group(Pace::Paused, Era::Current);
    arm.sandbox
        .cloud
        .ledger_mut()
        .set_override("PublicIPAddresses", Some(2));
    let own = |count: i64| {
        let mut own = address("[concat('ip', copyIndex())]");
        own["copy"] = json!({"name": "many", "count": count});
        plain(&of(&json!([own])))
    };
    let before = arm.sandbox.cloud.digest();
    arm.tell_short(&format!("PUT {}?{GATEWAY}", deployment("d0")), &own(3));
    assert_eq!(arm.sandbox.cloud.digest(), before);
    let fits = arm.send(&format!("PUT {}?{GATEWAY}", deployment("d0")), &own(2));
    assert_eq!(fits.status(), 201);
    check("deployment_quota", &arm.transcript());
}

/// Orders at every bound of ARM 4.3 and just past it, with words of the refusal of the second.
fn bounds() -> Vec<(&'static str, String, String, &'static str)> {
    let many = |part: &str, count: usize, value: &Value| {
        let all: Value = (0..count)
            .map(|index| (format!("m{index}"), value.clone()))
            .collect::<serde_json::Map<_, _>>()
            .into();
        plain(&with(&json!({ part: all })))
    };
    let parameter = json!({"type": "int", "defaultValue": 1});
    let output = json!({"type": "int", "value": 1});
    let loop_of = |count: i64| {
        let mut own = address("[concat('ip', copyIndex())]");
        own["copy"] = json!({"name": "many", "count": count});
        plain(&of(&json!([own])))
    };
    let variable = |text: String| plain(&with(&json!({"variables": {"v": text}})));
    let expression = |length: usize| variable(format!("['{}']", "a".repeat(length - 2)));
    let calls = |depth: usize| variable(format!("[{}1{}]", "array(".repeat(depth), ")".repeat(depth)));
    let document = |depth: usize| {
        let value = (0..depth).fold(json!(1), |inner, _| json!([inner]));
        plain(&with(&json!({"variables": {"v": value}})))
    };
    let inside = |levels: usize| {
        let whole = (0..levels).fold(of(&json!([])), |inner, level| {
            let template: Value = serde_json::from_str(&inner).expect("a template");
            of(&json!([{
                "type": "Microsoft.Resources/deployments", "apiVersion": "2021-04-01", "name": format!("inside{level}"),
                "properties": {"mode": "Incremental", "expressionEvaluationOptions": {"scope": "inner"}, "template": template},
            }]))
        });
        plain(&whole)
    };
    let bytes = 4 * 1024 * 1024;
    let rest = with(&json!({"metadata": {"x": ""}})).len();
    let size = |length: usize| plain(&with(&json!({"metadata": {"x": "a".repeat(length - rest)}})));
    vec![
        (
            "parameters",
            many("parameters", 256, &parameter),
            many("parameters", 257, &parameter),
            "number of template parameters limit exceeded",
        ),
        (
            "variables",
            many("variables", 256, &json!(1)),
            many("variables", 257, &json!(1)),
            "number of template variables limit exceeded",
        ),
        (
            "outputs",
            many("outputs", 64, &output),
            many("outputs", 65, &output),
            "number of template outputs limit exceeded",
        ),
        (
            "resources of a loop",
            loop_of(800),
            loop_of(801),
            "the copy count must be between '0' and '800'",
        ),
        (
            "letters of an expression",
            expression(24_576),
            expression(24_577),
            "The language expression length limit exceeded",
        ),
        (
            "calls inside calls",
            calls(96),
            calls(97),
            "nests deeper than '96' levels",
        ),
        (
            "arrays inside arrays",
            document(120),
            document(130),
            "MaxDepth of 128 has been exceeded",
        ),
        (
            "deployments inside deployments",
            inside(5),
            inside(6),
            "exceeds the limit of '5' levels",
        ),
        (
            "bytes of a template",
            size(bytes),
            size(bytes + 1),
            "template size limit exceeded",
        ),
    ]
}

#[test]
fn what_stands_at_a_bound_is_accepted_and_what_stands_past_it_is_refused() {
    for (what, at, past, words) in bounds() {
        let mut arm = with_group(Pace::Paused, Era::Current);
        // The rest of the world has bounds of its own.
        arm.sandbox
            .cloud
            .ledger_mut()
            .set_override("PublicIPAddresses", Some(10_000));
        let line = format!("POST {}/validate?{GATEWAY}", deployment("d0"));
        let accepted = arm.send(&line, &at);
        assert_eq!(accepted.status(), 200, "{what}: {}", tree(&accepted)["error"]);
        let refused = tree(&arm.send(&line, &past));
        let message = refused["error"]["message"].as_str().unwrap_or("");
        assert!(
            message.contains(words),
            "{what}: {}",
            &message[..message.len().min(300)]
        );
    }
}

#[test]
fn who_may_not_write_is_told_before_anything_is_made() {
    let mut arm = with_group(Pace::Paused, Era::Current);
    let directory = std::sync::Arc::clone(&arm.sandbox.directory);
    let other = &directory.principals()[1];
    let give = |arm: &mut Arm, role: &str, name: &str| {
        let body = json!({"properties": {
            "roleDefinitionId": format!("{SUBSCRIPTION}/providers/Microsoft.Authorization/roleDefinitions/{role}"),
            "principalId": other.object_id.to_string(),
        }});
        arm.prepare(
            &format!("PUT {GROUP}/providers/Microsoft.Authorization/roleAssignments/{name}?api-version=2022-04-01"),
            &body.to_string(),
        );
    };
    // Whoever may order deployments, and read, may not write an address.
    let role = "11111111-1111-4111-8111-111111111111";
    let definition = json!({"properties": {
        "roleName": "Deployer", "type": "CustomRole", "assignableScopes": [SUBSCRIPTION],
        "permissions": [{"actions": ["Microsoft.Resources/*", "*/read"], "notActions": []}],
    }});
    arm.prepare(
        &format!("PUT /providers/Microsoft.Authorization/roleDefinitions/{role}?api-version=2022-04-01"),
        &definition.to_string(),
    );
    give(&mut arm, role, "21111111-1111-4111-8111-111111111111");
    arm.sandbox.enforce_roles = true;
    let first = arm.token.clone();
    arm.token = sign_in_second(&arm);
    let line = format!("PUT {}?{GATEWAY}", deployment("d0"));
    let body = plain(&of(&json!([address("ip0")])));
    let refused = tree(&arm.send(&line, &body));
    assert_eq!(refused["error"]["code"], "InvalidTemplateDeployment", "{refused}");
    assert_eq!(refused["error"]["details"][0]["code"], "AuthorizationFailed");
    assert!(
        refused["error"]["details"][0]["message"]
            .as_str()
            .is_some_and(|text| text.contains("Microsoft.Network/publicIPAddresses/write"))
    );

    let others = std::mem::replace(&mut arm.token, first);
    // Network Contributor.
    give(
        &mut arm,
        "4d97b98b-1d4f-4787-a291-c67834d212e7",
        "31111111-1111-4111-8111-111111111111",
    );
    arm.token = others;
    assert_eq!(arm.send(&line, &body).status(), 201);
    let ended = finish(&mut arm, &deployment("d0"));
    assert_eq!(ended["properties"]["provisioningState"], "Succeeded", "{ended}");
}

#[test]
fn a_group_keeps_as_many_deployments_as_its_limit_says() {
    // Before 2020 the next one was refused, today the oldest makes room (ARM 4.3).
    for (era, expected) in [
        (Era::Arm2016, (409, vec!["d1", "d0"])),
        (Era::Current, (201, vec!["d2", "d1"])),
    ] {
        let mut arm = with_group(Pace::Immediate, era);
        arm.sandbox
            .cloud
            .ledger_mut()
            .set_override("DeploymentsPerResourceGroup", Some(2));
        let put = |arm: &mut Arm, name: &str| {
            let answer = arm.send(&format!("PUT {}?{GATEWAY}", deployment(name)), &plain(&of(&json!([]))));
            finish(arm, &deployment(name));
            answer
        };
        assert_eq!(put(&mut arm, "d0").status(), 201);
        assert_eq!(put(&mut arm, "d1").status(), 201);
        let third = put(&mut arm, "d2");
        let listed = tree(&arm.send(&format!("GET {}?{GATEWAY}", deployment("").trim_end_matches('/')), ""));
        let names: Vec<&str> = listed["value"].as_array().map_or(Vec::new(), |all| {
            all.iter().filter_map(|own| own["name"].as_str()).collect()
        });
        assert_eq!((third.status().as_u16(), names), expected, "{era:?}");
        if third.status() == 409 {
            let told = tree(&third);
            assert_eq!(told["error"]["code"], "DeploymentQuotaExceeded");
            assert!(
                told["error"]["message"]
                    .as_str()
                    .is_some_and(|text| text.contains("quota of '2'")),
                "{told}"
            );
        }
    }
}
