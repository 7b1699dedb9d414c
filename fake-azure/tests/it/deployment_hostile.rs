//! Whatever stands in a template, the engine answers: it never panics, and the same cloud answers the same.

use fake_azure::Pace;
use fake_azure::cloud::catalogue::limits::Era;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::arm_support::GATEWAY;
use crate::deployment_support::{address, deployment, of, with_group};

fn any_text() -> impl Strategy<Value = String> {
    prop_oneof![
        prop::sample::select(vec![
            "",
            "ip0",
            "[parameters('p')]",
            "[variables('v')]",
            "[copyIndex()]",
            "[concat('ip', copyIndex())]",
            "[reference('ip0')]",
            "[reference('ip1').x]",
            "[resourceGroup()]",
            "[resourceId('Microsoft.Network/publicIPAddresses', 'ip0')]",
            "[listKeys('ip0', '2019-11-01')]",
            "[deployment()]",
            "[",
            "[[x]",
            "[]",
            "westus",
            "Microsoft.Network/publicIPAddresses",
            "Microsoft.Resources/deployments",
            "Microsoft.Network/virtualNetworks/subnets",
            "Microsoft.Network/publicIPAddresses/providers/locks",
            "ip0/Microsoft.Authorization/l",
            "Microsoft.Network/loadBalancers/probes",
            "Microsoft.Authorization/locks",
            "Microsoft.Authorization/roleAssignments",
            "Microsoft.Resources/tags",
            "Microsoft.Resources/resourceGroups",
            "default",
            "CanNotDelete",
            "/subscriptions/0b1f6471-1bf0-4dda-aec3-cb9272f09590",
            "https://templates.example.net/main.json",
            "[resourceGroup().id]",
            "v/s",
            "2019-11-01",
            "string",
            "int",
            "[range(0, 9)]",
            "[json('{}')]",
            "inner",
            "outer",
            "Incremental",
        ])
        .prop_map(str::to_owned),
        "\\PC{0,10}",
    ]
}

fn any_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        any_text().prop_map(Value::from),
        (-2_i64..5).prop_map(Value::from),
        any::<bool>().prop_map(Value::from),
        Just(Value::Null),
    ];
    let names = prop::sample::select(vec![
        "name",
        "type",
        "apiVersion",
        "location",
        "copy",
        "count",
        "input",
        "mode",
        "batchSize",
        "condition",
        "dependsOn",
        "properties",
        "resources",
        "template",
        "parameters",
        "value",
        "scope",
        "expressionEvaluationOptions",
        "tags",
        "existing",
        "templateLink",
        "uri",
        "relativePath",
        "onErrorDeployment",
        "deploymentName",
        "level",
        "principalId",
    ]);
    leaf.prop_recursive(3, 16, 4, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Value::Array),
            prop::collection::vec((names.clone(), inner), 0..4).prop_map(|members| Value::Object(
                members
                    .into_iter()
                    .map(|(name, value)| (name.to_owned(), value))
                    .collect()
            )),
        ]
    })
}

/// A sound template in which some members are anything.
fn any_template() -> impl Strategy<Value = String> {
    let member = prop::sample::select(vec![
        "name",
        "type",
        "apiVersion",
        "location",
        "copy",
        "condition",
        "dependsOn",
        "properties",
        "tags",
        "resources",
        "existing",
        "scope",
    ]);
    let part = prop::sample::select(vec![
        "parameters",
        "variables",
        "outputs",
        "functions",
        "resources",
        "languageVersion",
        "definitions",
    ]);
    (
        prop::collection::vec((0_usize..3, member, any_value()), 0..4),
        prop::collection::vec((part, any_value()), 0..2),
        any_value(),
    )
        .prop_map(|(changes, parts, variable)| {
            let inner: Value = serde_json::from_str(&of(&json!([address("inside")]))).expect("a template");
            let mut resources = vec![
                address("ip0"),
                address("ip1"),
                json!({"type": "Microsoft.Resources/deployments", "apiVersion": "2021-04-01", "name": "d1", "properties": {"mode": "Incremental", "template": inner}}),
            ];
            for (index, name, value) in changes {
                resources[index][name] = value;
            }
            let mut template: Value = serde_json::from_str(&of(&Value::Array(resources))).expect("a template");
            template["parameters"] = json!({"p": {"type": "string", "defaultValue": "ip5"}});
            template["variables"] = json!({"v": variable});
            for (name, value) in parts {
                template[name] = value;
            }
            template.to_string()
        })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn any_template_gets_an_answer_and_comes_to_an_end(template in any_template()) {
        let run = || {
            let mut arm = with_group(Pace::Immediate, Era::Current);
            let body = format!("{{\"properties\": {{\"mode\": \"Incremental\", template: {template}}}}}");
            let judged = arm.send(&format!("POST {}/validate?{GATEWAY}", deployment("d0")), &body);
            prop_assert!(judged.status().as_u16() < 500, "{judged:?}");
            let begun = arm.send(&format!("PUT {}?{GATEWAY}", deployment("d0")), &body);
            prop_assert!(begun.status().as_u16() < 500, "{begun:?}");
            prop_assert_eq!(judged.status().is_success(), begun.status().is_success());
            if begun.status().is_success() {
                let found = arm.send(&format!("GET {}?{GATEWAY}", deployment("d0")), "");
                let found: Value = serde_json::from_slice(found.body()).expect("an answer is JSON");
                let state = found["properties"]["provisioningState"].as_str().unwrap_or("").to_owned();
                prop_assert!(matches!(state.as_str(), "Succeeded" | "Failed"), "{found}");
                arm.send(&format!("GET {}/operations?{GATEWAY}", deployment("d0")), "");
                arm.send(&format!("POST {}/whatIf?{GATEWAY}", deployment("d0")), &body);
            }
            Ok(arm.sandbox.cloud.digest())
        };
        prop_assert_eq!(run()?, run()?);
    }

    #[test]
    fn any_body_gets_an_answer(body in any_value(), text in "\\PC{0,30}") {
        let mut arm = with_group(Pace::Immediate, Era::Current);
        for body in [body.to_string(), text, json!({"properties": body}).to_string()] {
            for line in [format!("PUT {}?{GATEWAY}", deployment("d0")), format!("POST {}/whatIf?{GATEWAY}", deployment("d0"))] {
                prop_assert!(arm.send(&line, &body).status().as_u16() < 500);
            }
        }
    }
}
