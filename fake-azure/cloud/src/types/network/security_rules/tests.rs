//! Rules of security rules.

use expect_test::expect;

use crate::testing::check;

#[test]
fn a_rule_is_written_alone_into_its_group() {
    check(
        "
        put rule g0/ssh
        put nsg g0
        begin put rule g0/ssh
        state nsg g0
        settle
        get rule g0/ssh
        get nsg g0 /properties/securityRules/0/name
        delete rule g0/ssh
        get rule g0/ssh
        ",
        expect![[r#"
            ParentResourceNotFound: Can not perform requested operation on nested resource. Parent resource 'g0' not found.
            ok
            created Updating, operation runs
            Updating
            {"name":"ssh","id":"networkSecurityGroups/g0/securityRules/ssh","etag":"W/\"<guid>\"","properties":{"priority":100,"direction":"Inbound","access":"Allow","protocol":"Tcp","sourcePortRange":"*","destinationPortRange":"22","sourceAddressPrefix":"*","destinationAddressPrefix":"*","provisioningState":"Succeeded"}}
            "ssh"
            ok
            NotFound: Resource networkSecurityGroups/g0/securityRules/ssh not found.
        "#]],
    );
}

#[test]
fn a_priority_lies_between_100_and_4096() {
    check(
        "
        put nsg g0
        put rule g0/r priority=99
        put rule g0/r priority=4097
        put rule g0/r priority=-1
        put rule g0/r priority=100
        put rule g0/r priority=4096
        ",
        expect![[r#"
            ok
            SecurityRuleInvalidPriority: Security rule has invalid Priority. Value provided: 99 Allowed range 100-4096.
            SecurityRuleInvalidPriority: Security rule has invalid Priority. Value provided: 4097 Allowed range 100-4096.
            SecurityRuleInvalidPriority: Security rule has invalid Priority. Value provided: -1 Allowed range 100-4096.
            ok
            ok
        "#]],
    );
}

#[test]
fn a_rule_without_a_priority_has_priority_0() {
    check(
        r#"
        put nsg g0
        put rule g0/r {"properties": {"direction": "Inbound", "access": "Allow", "protocol": "Tcp", "sourcePortRange": "*", "destinationPortRange": "22", "sourceAddressPrefix": "*", "destinationAddressPrefix": "*"}}
        "#,
        expect![[r#"
            ok
            SecurityRuleInvalidPriority: Security rule has invalid Priority. Value provided: 0 Allowed range 100-4096.
        "#]],
    );
}

#[test]
fn two_rules_of_a_direction_have_two_priorities() {
    check(
        "
        put nsg g0 a:100:Inbound:22
        put rule g0/b priority=100
        put rule g0/b priority=100 direction=Outbound
        put rule g0/a priority=100
        put rule g0/b priority=100
        ",
        expect![[r#"
            ok
            SecurityRuleConflict: Security rule b conflicts with rule a. Rules cannot have the same Priority and Direction.
            ok
            ok
            SecurityRuleConflict: Security rule b conflicts with rule a. Rules cannot have the same Priority and Direction.
        "#]],
    );
}

#[test]
fn ports_are_numbers_and_ranges() {
    check(
        "
        put nsg g0
        put rule g0/r port=66600
        put rule g0/r source_port=66600
        put rule g0/r port=90-80
        put rule g0/r port=22,80
        put rule g0/r port=
        put rule g0/r source_port=
        put rule g0/r port=8000-8080
        put rule g0/r port=*
        ",
        expect![[r#"
            ok
            SecurityRuleInvalidPortRange: Security rule has invalid Port range. Value provided: 66600. Value should be an integer OR integer range with '-' delimiter. Valid range 0-65535.
            SecurityRuleInvalidPortRange: Security rule has invalid Port range. Value provided: 66600. Value should be an integer OR integer range with '-' delimiter. Valid range 0-65535.
            SecurityRuleInvalidPortRange: Security rule has invalid Port range. Value provided: 90-80. Value should be an integer OR integer range with '-' delimiter. Valid range 0-65535.
            SecurityRuleInvalidPortRange: Security rule has invalid Port range. Value provided: 22,80. Value should be an integer OR integer range with '-' delimiter. Valid range 0-65535.
            SecurityRuleParameterMissing: Required security rule parameter DestinationPortRange is missing for security rule with Id: networkSecurityGroups/g0/securityRules/r.
            SecurityRuleParameterMissing: Required security rule parameter SourcePortRange is missing for security rule with Id: networkSecurityGroups/g0/securityRules/r.
            ok
            ok
        "#]],
    );
}

#[test]
fn addresses_are_ranges_tags_or_everything() {
    check(
        "
        put nsg g0
        put rule g0/r from=10.0.0.0/42
        put rule g0/r to=10.0.0.0/42
        put rule g0/r from=Nowhere
        put rule g0/r from=
        put rule g0/r from=INTERNET to=VirtualNetwork
        get rule g0/r /properties/sourceAddressPrefix
        put rule g0/r from=Storage.WestUS to=10.1.2.3
        ",
        expect![[r#"
            ok
            SecurityRuleInvalidAddressPrefix: Security rule networkSecurityGroups/g0/securityRules/r has invalid Address prefix. Value provided: 10.0.0.0/42
            SecurityRuleInvalidAddressPrefix: Security rule networkSecurityGroups/g0/securityRules/r has invalid Address prefix. Value provided: 10.0.0.0/42
            SecurityRuleInvalidAddressPrefix: Security rule networkSecurityGroups/g0/securityRules/r has invalid Address prefix. Value provided: Nowhere
            SecurityRuleParameterMissing: Required security rule parameter SourceAddressPrefix is missing for security rule with Id: networkSecurityGroups/g0/securityRules/r.
            ok
            "INTERNET"
            ok
        "#]],
    );
}

#[test]
fn singular_and_plural_exclude_each_other() {
    check(
        "
        version 2017-10-01
        put nsg g0
        put rule g0/r froms=10.0.0.0/8
        put rule g0/r from= froms=10.0.0.0/8,192.168.0.0/16
        get rule g0/r /properties/sourceAddressPrefix /properties/sourceAddressPrefixes /properties/destinationPortRanges
        put rule g0/r ports=22,80
        put rule g0/r port= ports=22,80-90
        put rule g0/r port= ports=22,a
        put rule g0/r from= froms=10.0.0.0/8,Internet
        put rule g0/r to= tos=*
        ",
        expect![[r#"
            ok
            SecurityRuleParameterConflict: Security rule networkSecurityGroups/g0/securityRules/r specifies both SourceAddressPrefix and SourceAddressPrefixes. Only one of them can be specified.
            ok
            - ["10.0.0.0/8","192.168.0.0/16"] []
            SecurityRuleParameterConflict: Security rule networkSecurityGroups/g0/securityRules/r specifies both DestinationPortRange and DestinationPortRanges. Only one of them can be specified.
            ok
            SecurityRuleInvalidPortRange: Security rule has invalid Port range. Value provided: a. Value should be an integer OR integer range with '-' delimiter. Valid range 0-65535.
            SecurityRuleParameterContainsUnsupportedValue: Security rule parameter SourceAddressPrefix for rule with Id networkSecurityGroups/g0/securityRules/r cannot specify existing VIRTUALNETWORK, INTERNET, AZURELOADBALANCER, '*' or system tags. Unsupported value used: Internet.
            SecurityRuleParameterContainsUnsupportedValue: Security rule parameter DestinationAddressPrefix for rule with Id networkSecurityGroups/g0/securityRules/r cannot specify existing VIRTUALNETWORK, INTERNET, AZURELOADBALANCER, '*' or system tags. Unsupported value used: *.
        "#]],
    );
}

#[test]
fn protocol_access_and_direction_are_enumerations() {
    check(
        "
        put nsg g0
        put rule g0/r protocol=Ipx
        put rule g0/r protocol=
        put rule g0/r access=Maybe
        put rule g0/r access=
        put rule g0/r direction=Sideways
        put rule g0/r protocol=TCP access=allow direction=inbound
        get rule g0/r /properties/protocol /properties/access /properties/direction
        put rule g0/r protocol=*
        ",
        expect![[r#"
            ok
            SecurityRuleInvalidProtocol: Security rule has invalid Protocol. Value provided: Ipx Allowed values: Icmp,Tcp,Udp,Esp,Ah,*.
            SecurityRuleParameterMissing: Required security rule parameter Protocol is missing for security rule with Id: networkSecurityGroups/g0/securityRules/r.
            InvalidRequestFormat: Cannot parse the request. <InvalidJson: Error converting value "Maybe" at path 'properties.access'. Expected one of: Allow, Deny.>
            SecurityRuleParameterMissing: Required security rule parameter Access is missing for security rule with Id: networkSecurityGroups/g0/securityRules/r.
            InvalidRequestFormat: Cannot parse the request. <InvalidJson: Error converting value "Sideways" at path 'properties.direction'. Expected one of: Inbound, Outbound.>
            ok
            "TCP" "Allow" "Inbound"
            ok
        "#]],
    );
}

#[test]
fn a_description_has_140_characters() {
    let long = "a".repeat(141);
    let script = format!(
        "put nsg g0\nput rule g0/r description={long}\nput rule g0/r description={}",
        &long[1..]
    );
    check(
        &script,
        expect![[r#"
        ok
        SecurityRuleDescriptionTooLong: Security rule description cannot exceed 140 chars.
        ok
    "#]],
    );
}

#[test]
fn a_rule_waits_for_the_write_of_its_group() {
    check(
        "
        put nsg g0
        begin put rule g0/a
        put rule g0/b priority=110
        begin delete nsg g0
        settle
        put rule g0/b priority=110
        ",
        expect![[r#"
            ok
            created Updating, operation runs
            RetryableError: A retryable error occurred. <RetryableErrorDueToAnotherOperation: Operation PutSecurityRuleOperation (<guid>) is updating resource networkSecurityGroups/g0. The call can be retried in 1 seconds.> [ends by itself]
            RetryableError: A retryable error occurred. <RetryableErrorDueToAnotherOperation: Operation PutSecurityRuleOperation (<guid>) is updating resource networkSecurityGroups/g0. The call can be retried in 1 seconds.> [ends by itself]
            ok
        "#]],
    );
}
