//! Ids: `resourceId` and its kin. Which arguments are subscription, group, type and names is told by counting (ARM 7.6).

use fake_azure_cloud::Guid;
use serde_json::Value;

use super::super::{Ambient, Scope, Trouble};
use super::{expect_count, wrong_type};

/// Calls one of them.
pub(in super::super) fn call(scope: &dyn Scope, name: &str, args: &[Value]) -> Result<Value, Trouble> {
    expect_count(name, 2, usize::MAX, args.len())?;
    if let Some(other) = args.iter().find(|arg| !arg.is_string()) {
        return Err(wrong_type(name, "String", other));
    }
    let words: Vec<&str> = args.iter().filter_map(Value::as_str).collect();
    let folded = name.to_ascii_lowercase();
    let id = match folded.as_str() {
        "extensionresourceid" => {
            let (base, rest) = (words[0], &words[1..]);
            format!("{}/providers/{}", base.trim_end_matches('/'), typed(name, rest, 0)?)
        }
        "tenantresourceid" => format!("/providers/{}", typed(name, &words, 0)?),
        "managementgroupresourceid" => {
            let at = type_place(name, &words, 1)?;
            let group = match at {
                0 => text_of(&scope.ambient(Ambient::ManagementGroup)?, "name"),
                _ => words[0].to_owned(),
            };
            let typed = typed(name, &words, at)?;
            format!("/providers/Microsoft.Management/managementGroups/{group}/providers/{typed}")
        }
        "subscriptionresourceid" => {
            let at = type_place(name, &words, 1)?;
            let subscription = if at == 0 {
                subscription(scope)?
            } else {
                words[0].to_owned()
            };
            format!("/subscriptions/{subscription}/providers/{}", typed(name, &words, at)?)
        }
        _ => {
            let at = type_place(name, &words, 2)?;
            let typed = typed(name, &words, at)?;
            let (own_subscription, group) = match words[..at] {
                [subscription, group] => (Some(subscription), Some(group.to_owned())),
                [one] if Guid::parse(one).is_some() => (Some(one), None),
                [one] => (None, Some(one.to_owned())),
                _ => (None, None),
            };
            let subscription = match own_subscription {
                Some(subscription) => subscription.to_owned(),
                None => subscription(scope)?,
            };
            let group = match group {
                Some(group) => Some(group),
                None => scope
                    .ambient(Ambient::ResourceGroup)
                    .ok()
                    .map(|group| text_of(&group, "name")),
            };
            match group {
                Some(group) => format!("/subscriptions/{subscription}/resourceGroups/{group}/providers/{typed}"),
                None => format!("/subscriptions/{subscription}/providers/{typed}"),
            }
        }
    };
    Ok(Value::from(id))
}

fn subscription(scope: &dyn Scope) -> Result<String, Trouble> {
    Ok(text_of(&scope.ambient(Ambient::Subscription)?, "subscriptionId"))
}

fn text_of(document: &Value, member: &str) -> String {
    document.get(member).and_then(Value::as_str).unwrap_or("").to_owned()
}

/// Which of the first arguments is the type: the first with a slash.
fn type_place(name: &str, words: &[&str], most: usize) -> Result<usize, Trouble> {
    words.iter().take(most + 1).position(|word| word.contains('/')).ok_or_else(|| {
        Trouble::Language(format!(
            "Unable to evaluate template language function '{name}': function requires fully qualified resource type as one of \
             its first '{}' arguments. Please see https://aka.ms/arm-resource-functions/#{} for usage details.",
            most + 1,
            name.to_ascii_lowercase()
        ))
    })
}

/// `Microsoft.Network/virtualNetworks/v/subnets/s` of a type and its names.
fn typed(name: &str, words: &[&str], at: usize) -> Result<String, Trouble> {
    let full_type = words.get(at).copied().unwrap_or("");
    let mut segments = full_type.split('/');
    let mut text = segments.next().unwrap_or("").to_owned();
    let segments: Vec<&str> = segments.collect();
    let names = words.get(at + 1..).unwrap_or(&[]);
    if segments.is_empty() || segments.len() != names.len() {
        return Err(Trouble::Language(format!(
            "Unable to evaluate template language function '{name}': the type '{full_type}' requires '{}' resource name \
             argument(s). Please see https://aka.ms/arm-resource-functions/#{} for usage details.",
            segments.len(),
            name.to_ascii_lowercase()
        )));
    }
    for (segment, name) in segments.iter().zip(names) {
        text.push('/');
        text.push_str(segment);
        text.push('/');
        text.push_str(name);
    }
    Ok(text)
}
