//! Every function, by table: what it gives, and what it refuses.

use std::collections::BTreeSet;

use fake_azure_cloud::Time;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::super::Call;
use super::super::{Ambient, Evaluator, Expression, Reading, Scope, Step, Trouble, UserFunction, UserParameter, parse};
use super::CATEGORIES;

/// A scope without a template: a parameter `p`, a variable `v`, a loop, a user's function.
struct Plain;

impl Scope for Plain {
    fn allows(&self, _function: &str) -> bool {
        true
    }

    fn parameter(&self, name: &str) -> Result<Value, Trouble> {
        if name == "p" {
            Ok(json!({"A": [1, {"b": "c"}], "n": null}))
        } else {
            Err(Trouble::Language(format!("no {name}")))
        }
    }

    fn variable(&self, name: &str) -> Result<Value, Trouble> {
        Ok(Value::from(name))
    }

    fn copy_index(&self, name: Option<&str>) -> Result<i64, Trouble> {
        Ok(if name.is_some() { 7 } else { 3 })
    }

    fn user_function(&self, namespace: &str, name: &str) -> Option<UserFunction> {
        let parameters = vec![UserParameter {
            name: "x".to_owned(),
            kind: "string".to_owned(),
        }];
        match (namespace, name) {
            ("my", "twice") => Some(UserFunction {
                parameters,
                output: json!("[concat(parameters('x'), parameters('X'))]"),
            }),
            ("my", "forever") => Some(UserFunction {
                parameters,
                output: json!("[my.forever(parameters('x'))]"),
            }),
            ("my", "outside") => Some(UserFunction {
                parameters,
                output: json!("[variables('v')]"),
            }),
            _ => None,
        }
    }

    fn ambient(&self, what: Ambient) -> Result<Value, Trouble> {
        Ok(match what {
            Ambient::Subscription => json!({"subscriptionId": "S"}),
            Ambient::ResourceGroup => json!({"name": "G"}),
            Ambient::ManagementGroup => json!({"name": "M"}),
            other => json!(format!("{other:?}")),
        })
    }

    fn now(&self) -> Time {
        Time::from_millis(1_459_515_909_123)
    }

    fn new_guid(&self) -> String {
        "00000000-0000-4000-8000-000000000000".to_owned()
    }

    fn reference(&self, reading: &Reading<'_>) -> Result<Value, Trouble> {
        Ok(json!([reading.target, reading.version, reading.full]))
    }

    fn references(&self, _reading: &Reading<'_>) -> Result<Value, Trouble> {
        Err(Trouble::Later)
    }

    fn list(&self, reading: &Reading<'_>) -> Result<Value, Trouble> {
        Ok(json!([reading.function, reading.target, reading.version, reading.body]))
    }
}

fn value(text: &str) -> Result<Value, Trouble> {
    Evaluator::new(&Plain).value(&parse(text)?)
}

fn check(rows: &[(&str, Value)]) {
    for (text, expected) in rows {
        assert_eq!(value(text).as_ref(), Ok(expected), "{text}");
    }
}

fn refused(rows: &[(&str, &str)]) {
    for (text, expected) in rows {
        match value(text) {
            Err(Trouble::Language(message)) => assert!(message.contains(expected), "{text}: {message}"),
            other => panic!("{text}: {other:?}"),
        }
    }
}

#[test]
fn string_functions() {
    check(&[
        ("base64('one, two, three')", json!("b25lLCB0d28sIHRocmVl")),
        ("base64ToString('b25lLCB0d28sIHRocmVl')", json!("one, two, three")),
        ("base64ToJson(base64('{\"a\": 1}'))", json!({"a": 1})),
        ("concat('a', 1, true())", json!("a1True")),
        ("concat(createArray(1), createArray('b', 2))", json!([1, "b", 2])),
        (
            "dataUri('Hello')",
            json!("data:text/plain;charset=utf8;base64,SGVsbG8="),
        ),
        (
            "dataUri(createArray(100, 200))",
            json!("data:application/json;charset=utf8;base64,WzEwMCwyMDBd"),
        ),
        (
            "dataUriToString('data:;base64,SGVsbG8sIFdvcmxkIQ==')",
            json!("Hello, World!"),
        ),
        (
            "dataUriToString('data:text/plain;charset=UTF-8;page=21,the%20data:1234,5678')",
            json!("the data:1234,5678"),
        ),
        (
            "createArray(startsWith('abcdef', 'AB'), endsWith('abcdef', 'EF'), startsWith('a', 'ab'))",
            json!([true, true, false]),
        ),
        (
            "format('{0}, {1}. Formatted number: {2:N0}', 'Hello', 'User', 8175133)",
            json!("Hello, User. Formatted number: 8,175,133"),
        ),
        ("guid('test')", json!("d6a5baf1-8b9b-542a-8525-2982f1f98a0c")),
        ("uniqueString('hello', 'world')", json!("a7wkljktk6wne")),
        ("join(createArray('a', 1, 'c'), '-')", json!("a-1-c")),
        ("padLeft(123, 5, '0')", json!("00123")),
        ("padLeft('abc', 5)", json!("  abc")),
        ("padLeft('abc', 2)", json!("abc")),
        ("replace('123-123', '123', 'x')", json!("x-x")),
        ("split('one,two', ',')", json!(["one", "two"])),
        (
            "split('one;two,three', createArray(',', ';'))",
            json!(["one", "two", "three"]),
        ),
        ("split('', ',')", json!([""])),
        (
            "string(createObject('a', createArray(1, null())))",
            json!("{\"a\":[1,null]}"),
        ),
        ("string(5)", json!("5")),
        ("substring('one two three', 4, 3)", json!("two")),
        ("substring('abc', 1)", json!("bc")),
        ("toUpper(toLower('AbC'))", json!("ABC")),
        ("trim('  a b ')", json!("a b")),
        (
            "uri('http://contoso.org/firstpath', 'myscript.sh')",
            json!("http://contoso.org/myscript.sh"),
        ),
        (
            "uri('http://contoso.org/firstpath/', 'a/../b?c=d')",
            json!("http://contoso.org/firstpath/b?c=d"),
        ),
        ("uri('http://contoso.org/a/b', '/c')", json!("http://contoso.org/c")),
        ("uri('http://contoso.org', 'c')", json!("http://contoso.org/c")),
        ("uri('http://contoso.org/a', 'https://x/y')", json!("https://x/y")),
        ("uriComponent('http://a b')", json!("http%3A%2F%2Fa%20b")),
        ("uriComponentToString('http%3A%2F%2Fa%20b')", json!("http://a b")),
    ]);
    refused(&[
        (
            "base64(100)",
            "The template language function 'base64' expects its parameter to be of type 'string'. The provided value is of type 'Integer'.",
        ),
        (
            "base64('one', 'two')",
            "Unable to evaluate template language function 'base64': function requires 1 argument(s) while 2 were provided.",
        ),
        ("base64ToString('!')", "is not a valid base64 string"),
        (
            "concat(createArray('hello', 100), 200)",
            "Either all or none of the parameters must be an array.",
        ),
        ("concat()", "requires at least 1 argument(s) while 0 were provided"),
        ("dataUriToString('invalid datauri')", "was not formatted correctly"),
        (
            "indexOf(100, 200)",
            "expects its parameters to be of type array or string and",
        ),
        ("padLeft('a', 3, 'xx')", "exactly one character"),
        (
            "padLeft()",
            "requires between 2 and 3 argument(s) while 0 were provided",
        ),
        ("replace('a', '', 'b')", "cannot be empty"),
        (
            "substring('abc', 2, 5)",
            "must refer to a location within the string. The index parameter: '2', the length parameter: '5', the length of the string parameter: '3'.",
        ),
        ("uri('contoso', 'x')", "not a well formed absolute URI"),
        ("fail('no luck')", "no luck"),
        (
            "join('a', 'b')",
            "'join' expects its parameters to be of type array and string. The provided value is of type 'String' and 'String'.",
        ),
    ]);
}

#[test]
fn array_functions() {
    check(&[
        ("array('a')", json!(["a"])),
        ("array(createArray(1))", json!([1])),
        ("contains(createArray('a', 'b'), 'b')", json!(true)),
        ("contains('abc', 'B')", json!(false)),
        ("contains(createObject('Name', 1), 'nAME')", json!(true)),
        ("createArray()", json!([])),
        (
            "createArray(empty(null()), empty(''), empty(createArray()), empty(createObject()), empty('a'))",
            json!([true, true, true, true, false]),
        ),
        (
            "createArray(first('abc'), last('abc'), first(''), first(createArray()), last(createArray(1, 2)))",
            json!(["a", "c", "", null, 2]),
        ),
        (
            "createArray(indexOf('abcdef', 'CD'), indexOf('abc', 'z'), indexOf(createArray('a', 'b'), 'b'), indexOf('abc', ''))",
            json!([2, -1, 1, 0]),
        ),
        (
            "createArray(lastIndexOf('abcabc', 'B'), lastIndexOf(createArray('a', 'a'), 'a'), lastIndexOf('a', 'abc'))",
            json!([4, 1, -1]),
        ),
        (
            "createArray(indexFromEnd(createArray(1, 2, 3), 1), tryIndexFromEnd(createArray(1), 2), tryIndexFromEnd(createArray(1), 0))",
            json!([3, null, null]),
        ),
        ("intersection(createArray(1, 2, 3), createArray(3, 2))", json!([2, 3])),
        (
            "intersection(createObject('a', 1, 'b', 2), createObject('A', 1, 'b', 3))",
            json!({"a": 1}),
        ),
        ("union(createArray(1, 2), createArray(2, 3))", json!([1, 2, 3])),
        (
            "union(createObject('a', createObject('x', 1, 'z', createArray(1))), createObject('A', createObject('y', 2, 'z', createArray(2))))",
            json!({"a": {"x": 1, "z": [2], "y": 2}}),
        ),
        (
            "createArray(length('abc'), length(createArray(1)), length(createObject('a', 1)))",
            json!([3, 1, 1]),
        ),
        ("createArray(max(1, 5, 3), min(createArray(4, 2)))", json!([5, 2])),
        ("range(5, 3)", json!([5, 6, 7])),
        (
            "createArray(skip('abc', 1), take('abc', 2), skip('abc', -1), take('abc', 9))",
            json!(["bc", "ab", "abc", "abc"]),
        ),
        ("skip(createArray(1, 2, 3), 2)", json!([3])),
        (
            "createArray(tryGet(parameters('p'), 'a', 1, 'b'), tryGet(parameters('p'), 'x', 'y'))",
            json!(["c", null]),
        ),
    ]);
    refused(&[
        (
            "range(0, 10001)",
            "must be a non-negative integer no larger than '10000'",
        ),
        ("range(2147483647, 1)", "no larger than '2147483647'"),
        ("max(createArray())", "at least one integer"),
        (
            "max('a')",
            "'max' expects its parameter to be of type 'array or integer'",
        ),
        ("first(100)", "The provided value is of type 'Integer'"),
        ("indexFromEnd(createArray(), 1)", "out of bounds"),
        (
            "union(createArray(), createObject())",
            "either all arrays or all objects",
        ),
        ("contains('abc', true())", "not of matching types"),
    ]);
}

#[test]
fn object_functions() {
    check(&[
        ("createObject('a', 1, 'b', createArray())", json!({"a": 1, "b": []})),
        (
            "items(createObject('b', 1, 'A', 2))",
            json!([{"key": "A", "value": 2}, {"key": "b", "value": 1}]),
        ),
        ("objectKeys(createObject('b', 1, 'A', 2))", json!(["A", "b"])),
        ("json('{\"a\": [1, 2.5, null]}')", json!({"a": [1, 2.5, null]})),
        ("null()", json!(null)),
        (
            "shallowMerge(createArray(createObject('a', createObject('x', 1)), createObject('a', createObject('y', 2))))",
            json!({"a": {"y": 2}}),
        ),
    ]);
    refused(&[
        ("createObject('a')", "requires an even number of arguments"),
        ("createObject(1, 2)", "the key 1 is expected to be a string"),
        ("createObject('a', 1, 'A', 2)", "given twice"),
        ("json('{')", "is not valid JSON"),
        ("shallowMerge(createArray(1))", "objects only"),
    ]);
}

#[test]
fn numeric_comparison_and_logical_functions() {
    check(&[
        (
            "createArray(add(1, 2), sub(1, 2), mul(3, 4), div(-7, 2), mod(7, 3))",
            json!([3, -1, 12, -3, 1]),
        ),
        ("createArray(int('42'), int(7), float('1.5'))", json!([42, 7, 1.5])),
        (
            "createArray(less(1, 2), lessOrEquals(2, 2), greater('b', 'a'), greaterOrEquals('a', 'B'))",
            json!([true, true, true, true]),
        ),
        (
            "createArray(equals('a', 'A'), equals(1, 1), equals(createArray(1), createArray(1)), equals('1', 1))",
            json!([false, true, true, false]),
        ),
        ("coalesce(null(), null(), 'x')", json!("x")),
        (
            "createArray(and(true(), false()), or(true(), false()), not(true()))",
            json!([false, true, false]),
        ),
        (
            "createArray(bool('TRUE'), bool(0), bool('1'))",
            json!([true, false, true]),
        ),
        ("if(true(), 'yes', fail('never'))", json!("yes")),
        ("if(equals(1, 2), div(1, 0), 'no')", json!("no")),
    ]);
    refused(&[
        ("add(9223372036854775807, 1)", "overflow"),
        ("div(1, 0)", "attempted to divide by zero"),
        ("div(-9223372036854775808, -1)", "overflow"),
        ("int('x')", "cannot be converted to an integer"),
        ("less(1, 'a')", "the parameters must be of the same type"),
        (
            "and(true(), 1)",
            "expects its parameters to be of type boolean and boolean. The provided value is of type 'Boolean' and 'Integer'.",
        ),
        ("bool('maybe')", "cannot be converted to a boolean"),
        ("if('x', 1, 2)", "expects its first parameter to be of type 'Boolean'"),
    ]);
}

#[test]
fn date_functions() {
    check(&[
        ("utcNow()", json!("20160401T130509Z")),
        ("utcNow('yyyy-MM')", json!("2016-04")),
        (
            "dateTimeAdd('2020-04-07 14:53:14Z', 'P3Y')",
            json!("2023-04-07T14:53:14Z"),
        ),
        (
            "dateTimeAdd('2020-04-07T14:53:14Z', '-P9D')",
            json!("2020-03-29T14:53:14Z"),
        ),
        (
            "dateTimeAdd('2020-04-07T14:53:14Z', 'PT1H', 'yyyy-MM-dd HH')",
            json!("2020-04-07 15"),
        ),
        ("dateTimeToEpoch('2016-04-01T00:00:00Z')", json!(1_459_468_800)),
        ("dateTimeFromEpoch(1459468800)", json!("2016-04-01T00:00:00Z")),
    ]);
    refused(&[
        ("dateTimeAdd('x', 'P1D')", "not a valid date"),
        ("dateTimeAdd('2020-01-01', 'x')", "not a valid ISO 8601 duration"),
    ]);
}

#[test]
fn address_functions() {
    check(&[
        (
            "parseCidr('10.144.0.0/20')",
            json!({"network": "10.144.0.0", "netmask": "255.255.240.0", "broadcast": "10.144.15.255", "firstUsable": "10.144.0.1", "lastUsable": "10.144.15.254", "cidr": 20}),
        ),
        ("parseCidr('fdad:3236:5555::/48').network", json!("fdad:3236:5555::")),
        ("cidrSubnet('10.144.0.0/20', 24, 15)", json!("10.144.15.0/24")),
        ("cidrHost('10.144.3.0/24', 4)", json!("10.144.3.5")),
        ("parseCidr('0.0.0.0/0').lastUsable", json!("255.255.255.254")),
        ("cidrSubnet('::/0', 0, 0)", json!("::/0")),
    ]);
    refused(&[
        ("parseCidr('10.0.0.0/33')", "not a valid CIDR notation"),
        ("cidrSubnet('10.0.0.0/24', 20, 0)", "must be between '24' and '32'"),
        ("cidrSubnet('10.0.0.0/24', 26, 4)", "out of the range"),
        ("cidrHost('10.0.0.0/30', 2)", "out of the range"),
    ]);
}

#[test]
fn resource_functions() {
    check(&[
        (
            "resourceId('Microsoft.Network/virtualNetworks/subnets', 'v', 's')",
            json!("/subscriptions/S/resourceGroups/G/providers/Microsoft.Network/virtualNetworks/v/subnets/s"),
        ),
        (
            "resourceId('H', 'Microsoft.Network/virtualNetworks', 'v')",
            json!("/subscriptions/S/resourceGroups/H/providers/Microsoft.Network/virtualNetworks/v"),
        ),
        (
            "resourceId('0b1f6471-1bf0-4dda-aec3-cb9272f09590', 'H', 'Microsoft.Network/virtualNetworks', 'v')",
            json!(
                "/subscriptions/0b1f6471-1bf0-4dda-aec3-cb9272f09590/resourceGroups/H/providers/Microsoft.Network/virtualNetworks/v"
            ),
        ),
        (
            "subscriptionResourceId('Microsoft.Authorization/roleDefinitions', 'r')",
            json!("/subscriptions/S/providers/Microsoft.Authorization/roleDefinitions/r"),
        ),
        (
            "tenantResourceId('Microsoft.Authorization/roleDefinitions', 'r')",
            json!("/providers/Microsoft.Authorization/roleDefinitions/r"),
        ),
        (
            "managementGroupResourceId('Microsoft.Authorization/policies', 'p')",
            json!("/providers/Microsoft.Management/managementGroups/M/providers/Microsoft.Authorization/policies/p"),
        ),
        (
            "extensionResourceId('/subscriptions/S', 'Microsoft.Authorization/locks', 'l')",
            json!("/subscriptions/S/providers/Microsoft.Authorization/locks/l"),
        ),
        ("reference('x', '2016-01-01', 'full')", json!(["x", "2016-01-01", true])),
        (
            "listKeys('x', '2016-01-01', createObject('a', 1))",
            json!(["listKeys", "x", "2016-01-01", {"a": 1}]),
        ),
        (
            "pickZones('Microsoft.Compute', 'virtualMachines', 'eastus', 2)",
            json!(["1", "2"]),
        ),
        ("toPhysicalZone('S', 'East US', '1')", json!("eastus-az1")),
        ("toLogicalZones('S', 'eastus', createArray('eastus-az2'))", json!(["2"])),
        (
            "providers('Microsoft.Storage', 'storageAccounts').resourceType",
            json!("storageAccounts"),
        ),
        (
            "createArray(copyIndex(), copyIndex(2), copyIndex('l'), copyIndex('l', 1))",
            json!([3, 5, 7, 8]),
        ),
        ("deployment()", json!("Deployment")),
    ]);
    refused(&[
        (
            "resourceId('Microsoft.Storage/storageAccounts', 'a', 'b')",
            "the type 'Microsoft.Storage/storageAccounts' requires '1' resource name argument(s). Please see https://aka.ms/arm-resource-functions/#resourceid",
        ),
        (
            "resourceId('a', 'b')",
            "function requires fully qualified resource type",
        ),
        (
            "resourceId('Microsoft.Storage/storageAccounts', 1)",
            "The provided value is of type 'Integer'",
        ),
        ("pickZones('Microsoft.Nothing', 'x', 'eastus')", "could not be found"),
    ]);
}

#[test]
fn lambdas() {
    check(&[
        (
            "filter(range(0, 5), lambda('x', greater(lambdaVariables('x'), 2)))",
            json!([3, 4]),
        ),
        (
            "map(createArray('a', 'b'), lambda('x', 'i', concat(lambdaVariables('x'), lambdaVariables('i'))))",
            json!(["a0", "b1"]),
        ),
        (
            "mapValues(createObject('a', 1), lambda('v', add(lambdaVariables('v'), 1)))",
            json!({"a": 2}),
        ),
        (
            "reduce(range(1, 4), 0, lambda('sum', 'x', add(lambdaVariables('sum'), lambdaVariables('x'))))",
            json!(10),
        ),
        (
            "sort(createArray(3, 1, 2), lambda('a', 'b', less(lambdaVariables('a'), lambdaVariables('b'))))",
            json!([1, 2, 3]),
        ),
        (
            "groupBy(createArray('ab', 'ac', 'b'), lambda('x', first(lambdaVariables('x'))))",
            json!({"a": ["ab", "ac"], "b": ["b"]}),
        ),
        (
            "toObject(createArray('a', 'b'), lambda('x', lambdaVariables('x')), lambda('x', toUpper(lambdaVariables('x'))))",
            json!({"a": "A", "b": "B"}),
        ),
        (
            "map(range(0, 2), lambda('x', map(range(0, 2), lambda('y', add(lambdaVariables('x'), lambdaVariables('y'))))))",
            json!([[0, 1], [1, 2]]),
        ),
    ]);
    refused(&[
        ("filter(createArray(1), 'x')", "at position '2' to be a lambda function"),
        (
            "filter(createArray(1), lambda('x', 1))",
            "a value of type 'Boolean'. The value is of type 'Integer'",
        ),
        ("lambdaVariables('x')", "The lambda variable 'x' is not found"),
        ("lambda('x', 1)", "is not expected at this location"),
        (
            "toObject('a')",
            "requires between 2 and 3 argument(s) while 1 were provided",
        ),
        (
            "reduce(range(0, 10000), createArray(), lambda('s', 'x', createArray(lambdaVariables('s'))))",
            "larger or deeper",
        ),
        (
            "reduce(range(0, 10000), 'a', lambda('s', 'x', concat(lambdaVariables('s'), lambdaVariables('s'))))",
            "larger or deeper",
        ),
        (
            "length(map(range(0, 10000), lambda('x', length(map(range(0, 100), lambda('y', add(1, 1)))))))",
            "exceeded the limit",
        ),
    ]);
}

#[test]
fn names_and_steps() {
    check(&[
        ("parameters('p').a[1].B", json!("c")),
        ("parameters('p')['A'][0]", json!(1)),
        ("parameters('p').?x.?y", json!(null)),
        ("parameters('p').a[?9]", json!(null)),
        ("VARIABLES('v')", json!("v")),
        ("my.twice('ab')", json!("abab")),
    ]);
    refused(&[
        (
            "parameters('p').x",
            "The language expression property 'x' doesn't exist, available properties are 'A, n'.",
        ),
        (
            "parameters('p').a[9]",
            "The language expression property array index '9' is out of bounds.",
        ),
        ("parameters('p').a.b", "property name must be an integer"),
        ("parameters('p')[0]", "property name must be a string"),
        ("nothing('x')", "The template function 'nothing' is not valid."),
        ("my.nothing('x')", "The template function 'my.nothing' is not valid."),
        ("my.twice(1)", "expects its parameter 'x' to be of type 'string'"),
        ("my.twice()", "requires 1 argument(s) while 0 were provided"),
        ("my.forever('x')", "deeper than '16' levels"),
        (
            "my.outside('x')",
            "The template function 'variables' is not expected at this location.",
        ),
    ]);
}

#[test]
fn every_function_is_in_one_category_once_and_in_order() {
    let mut names = BTreeSet::new();
    for function in CATEGORIES.iter().flat_map(|category| category.iter()) {
        assert!(names.insert(function.name.to_ascii_lowercase()), "{}", function.name);
        assert!(function.required <= function.takes.len(), "{}", function.name);
    }
    for category in CATEGORIES {
        let folded: Vec<String> = category.iter().map(|own| own.name.to_ascii_lowercase()).collect();
        assert!(folded.is_sorted(), "{folded:?}");
    }
}

/// Any tree: calls of real functions with arguments of every kind.
fn any_expression() -> impl Strategy<Value = Expression> {
    let mut names: Vec<String> = CATEGORIES
        .iter()
        .flat_map(|category| category.iter())
        .map(|own| own.name.to_owned())
        .collect();
    names.extend(
        [
            "if",
            "parameters",
            "variables",
            "copyIndex",
            "utcNow",
            "resourceId",
            "reference",
            "listKeys",
            "map",
            "reduce",
            "sort",
            "filter",
            "groupBy",
            "toObject",
            "mapValues",
            "lambda",
            "lambdaVariables",
            "extensionResourceId",
            "deployment",
        ]
        .map(str::to_owned),
    );
    let leaf = prop_oneof![
        prop::sample::select(vec![
            "",
            "a",
            "p",
            "x",
            "Microsoft.Network/virtualNetworks",
            "10.0.0.0/8",
            "2016-01-01",
            "P1D",
            "{0}",
            "it's",
            "é𝄞"
        ])
        .prop_map(|text| Expression::Text(text.to_owned())),
        "\\PC{0,8}".prop_map(Expression::Text),
        prop_oneof![-3_i64..20, any::<i64>()].prop_map(Expression::Number),
    ];
    leaf.prop_recursive(5, 40, 4, move |inner| {
        let step = prop_oneof![
            ("[a-zA-Z_][a-zA-Z0-9_]{0,4}", any::<bool>()).prop_map(|(name, safe)| Step::Member { name, safe }),
            (inner.clone(), any::<bool>()).prop_map(|(index, safe)| Step::Index { index, safe }),
        ];
        (
            prop::option::weighted(0.05, Just("my".to_owned())),
            prop::sample::select(names.clone()),
            prop::collection::vec(inner, 0..4),
            prop::collection::vec(step, 0..2),
        )
            .prop_map(|(namespace, name, args, steps)| {
                Expression::Call(Call {
                    namespace,
                    name,
                    args,
                    steps,
                })
            })
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, ..ProptestConfig::default() })]

    #[test]
    fn the_evaluator_never_panics_and_gives_the_same_twice(expression in any_expression()) {
        let once = Evaluator::new(&Plain).value(&expression);
        let twice = Evaluator::new(&Plain).value(&expression);
        prop_assert_eq!(once, twice);
    }

    #[test]
    fn what_is_printed_reads_back_as_the_same_tree(expression in any_expression()) {
        prop_assert_eq!(parse(&expression.to_string()), Ok(expression));
    }

    #[test]
    fn no_text_makes_the_parser_panic(text in "[a-z0-9'().,\\[\\]? é-]{0,40}") {
        if let Ok(expression) = parse(&text) {
            prop_assert_eq!(parse(&expression.to_string()), Ok(expression));
        }
    }
}
