//! Expansion: from what a template lists to the resources that a deployment puts, and in which order (ARM 7.8).

use std::collections::BTreeSet;

use fake_azure_cloud::Guid;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::expression::{Evaluator, Expression, Step, Trouble, inside, is_list, parse};
use super::scope::{Context, CopyIndex, Site, Unread, count_of};
use super::template::{RESOURCES_MAX, member};
use super::violation::{Source, Violation, words};

/// The type of deployments inside deployments.
pub(crate) const DEPLOYMENTS: &str = "Microsoft.Resources/deployments";
/// The type of groups.
const GROUPS: &str = "Microsoft.Resources/resourceGroups";

/// Where a deployment puts things unless a resource says otherwise.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Target {
    /// The subscription.
    pub(crate) subscription: Guid,
    /// The group; none for a deployment at a subscription.
    pub(crate) group: Option<String>,
}

impl Target {
    /// `/subscriptions/{s}[/resourceGroups/{g}]`.
    pub(crate) fn id(&self) -> String {
        match &self.group {
            Some(group) => format!("/subscriptions/{}/resourceGroups/{group}", self.subscription),
            None => format!("/subscriptions/{}", self.subscription),
        }
    }
}

/// One resource of a deployment, loops unrolled.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Planned {
    /// Its place in the template's `resources`: `/0/resources/1`.
    pub(crate) pointer: String,
    /// Line and column.
    pub(crate) place: (u32, u32),
    /// Its symbolic name (languageVersion 2.0).
    pub(crate) symbolic: Option<String>,
    /// The iterations that it is of.
    pub(crate) copies: Vec<CopyIndex>,
    /// `Microsoft.Network/virtualNetworks/subnets`.
    pub(crate) kind: String,
    /// `v/s`.
    pub(crate) name: String,
    /// Its api-version.
    pub(crate) version: String,
    /// Its id.
    pub(crate) id: String,
    /// Where it goes.
    pub(crate) target: Target,
    /// The location, as written.
    pub(crate) location: Option<String>,
    /// Whether it is put at all.
    pub(crate) condition: bool,
    /// Whether it is there already and only read (languageVersion 2.0).
    pub(crate) existing: bool,
    /// Those that must be done before, by index.
    pub(crate) after: Vec<usize>,
}

impl Planned {
    /// Whether it is a deployment inside the deployment.
    pub(crate) fn is_deployment(&self) -> bool {
        self.kind.eq_ignore_ascii_case(DEPLOYMENTS)
    }

    /// Whether it is sent: its condition holds, and it is not only read.
    pub(crate) fn is_sent(&self) -> bool {
        self.condition && !self.existing
    }

    /// The last segment of its name.
    pub(crate) fn short_name(&self) -> &str {
        self.name.rsplit('/').next().unwrap_or(&self.name)
    }
}

/// What is written for a resource, by its place in the template.
pub(crate) fn written<'t>(resources: &'t Value, pointer: &str) -> Option<&'t Value> {
    resources.pointer(pointer)
}

/// All resources of a template, with their order.
///
/// # Errors
///
/// What is wrong with the template, first things first.
pub(crate) fn plan(context: &Context<'_>, source: &Source<'_>, target: &Target) -> Result<Vec<Planned>, Violation> {
    let resources_name = context.template.resources_name().to_owned();
    let mut expansion = Expansion {
        context,
        source,
        target,
        base: format!("/{resources_name}"),
        planned: Vec::new(),
        before: Vec::new(),
        serial: Vec::new(),
    };
    let nothing = Parent {
        kind: "",
        name: "",
        copies: &[],
        target,
    };
    match context.template.resources() {
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                expansion.resource(item, &format!("/{index}"), None, &nothing)?;
            }
        }
        Value::Object(members) => {
            for (name, item) in members {
                expansion.resource(
                    item,
                    &format!("/{}", super::lenient::pointer_segment(name)),
                    Some(name),
                    &nothing,
                )?;
            }
        }
        _ => {}
    }
    expansion.check_duplicates()?;
    expansion.resolve()?;
    let planned = expansion.planned;
    if let Some(index) = find_cycle(&planned) {
        return Err(Violation::validation(format!(
            "Circular dependency detected on resource: '{}'. Please see https://aka.ms/arm-template/#resources for usage details.",
            planned[index].id
        )));
    }
    Ok(planned)
}

/// What a child inherits of the resource that it is written in.
struct Parent<'p> {
    kind: &'p str,
    name: &'p str,
    copies: &'p [CopyIndex],
    target: &'p Target,
}

struct Expansion<'a> {
    context: &'a Context<'a>,
    source: &'a Source<'a>,
    target: &'a Target,
    base: String,
    planned: Vec<Planned>,
    /// `dependsOn` of each, evaluated.
    before: Vec<Vec<String>>,
    /// Batches of serial loops: a resource and those of the batch before.
    serial: Vec<(usize, Vec<usize>)>,
}

impl Expansion<'_> {
    fn resource(
        &mut self,
        item: &Value,
        pointer: &str,
        symbolic: Option<&str>,
        parent: &Parent<'_>,
    ) -> Result<(), Violation> {
        if !item.is_object() {
            let (line, column) = self.place(pointer);
            return Err(Violation::parse(format!(
                "Error converting value {item} to type 'TemplateResource'. Path 'resources', line {line}, position {column}."
            ))
            .at(self.source, &format!("{}{pointer}", self.base)));
        }
        let Some(copy) = member(item, "copy").filter(|copy| !copy.is_null()) else {
            return self
                .instance(item, pointer, symbolic, parent, parent.copies.to_vec())
                .map(|_| ());
        };
        let loop_name = member(copy, "name")
            .and_then(Value::as_str)
            .or(symbolic)
            .unwrap_or("")
            .to_owned();
        if loop_name.is_empty() || member(copy, "count").is_none() {
            return Err(self.invalid(item, pointer, "The copy definition requires a name and a count. Please see https://aka.ms/arm-copy for usage details."));
        }
        let count = count_of(self.context, copy, parent.copies)
            .map_err(|trouble| self.invalid(item, pointer, &words(&trouble)))?;
        let is_serial = member(copy, "mode")
            .and_then(Value::as_str)
            .is_some_and(|mode| mode.eq_ignore_ascii_case("serial"));
        let batch = self.batch_size(item, pointer, copy, count, is_serial)?;
        let mut batches: Vec<Vec<usize>> = vec![Vec::new()];
        for index in 0..count {
            let mut copies = parent.copies.to_vec();
            copies.push(CopyIndex {
                name: loop_name.clone(),
                index,
                of_resource: true,
            });
            let own = self.instance(item, pointer, symbolic, parent, copies)?;
            if batches.last().is_some_and(|last| last.len() >= batch) {
                batches.push(Vec::new());
            }
            if let Some(last) = batches.last_mut() {
                last.push(own);
            }
        }
        if is_serial {
            for pair in batches.windows(2) {
                self.serial.extend(pair[1].iter().map(|own| (*own, pair[0].clone())));
            }
        }
        Ok(())
    }

    fn batch_size(
        &self,
        item: &Value,
        pointer: &str,
        copy: &Value,
        count: i64,
        is_serial: bool,
    ) -> Result<usize, Violation> {
        let Some(written) = member(copy, "batchSize") else {
            return Ok(1);
        };
        let scope = self.context.scope(Site::Head, &[], &Unread);
        let size = Evaluator::new(&scope)
            .document(written)
            .map_err(|trouble| self.invalid(item, pointer, &words(&trouble)))?;
        let fits = size
            .as_i64()
            .filter(|size| is_serial && (1..=count.max(1)).contains(size));
        match fits.and_then(|size| usize::try_from(size).ok()) {
            Some(size) => Ok(size),
            None => Err(self.invalid(
                item,
                pointer,
                &format!(
                    "The batch size {size} of the copy must be an integer between '1' and the copy count '{count}', in mode 'serial'. Please \
                     see https://aka.ms/arm-copy for usage details."
                ),
            )),
        }
    }

    /// One instance, and what is written inside it.
    fn instance(
        &mut self,
        item: &Value,
        pointer: &str,
        symbolic: Option<&str>,
        parent: &Parent<'_>,
        copies: Vec<CopyIndex>,
    ) -> Result<usize, Violation> {
        let text = |name: &str| -> Result<Option<String>, Violation> {
            let scope = self.context.scope(Site::Head, &copies, &Unread);
            match member(item, name).map(|written| Evaluator::new(&scope).document(written)).transpose() {
                Ok(Some(Value::String(text))) => Ok(Some(text)),
                Ok(None | Some(Value::Null)) => Ok(None),
                Ok(Some(other)) => Err(self.invalid(
                    item,
                    pointer,
                    &format!("The {name} property is expected to be a string, and is {other}. Please see https://aka.ms/arm-template/#resources for usage details."),
                )),
                Err(trouble) => Err(self.not_valid(item, pointer, &trouble)),
            }
        };
        let short_kind = text("type")?.filter(|kind| !kind.is_empty());
        let short_name = text("name")?.filter(|name| !name.is_empty());
        let version = text("apiVersion")?;
        let location = text("location")?;
        let Some(short_kind) = short_kind else {
            return Err(self.invalid(item, pointer, "The type property cannot be null or empty. Please see https://aka.ms/arm-template/#resources for usage details."));
        };
        let Some(short_name) = short_name else {
            return Err(self.invalid(item, pointer, "The name property cannot be null or empty. Please see https://aka.ms/arm-template/#resources for usage details."));
        };
        let is_child = !parent.kind.is_empty();
        let is_whole = short_kind
            .to_ascii_lowercase()
            .starts_with(&format!("{}/", parent.kind.to_ascii_lowercase()));
        let kind = if is_child && !is_whole {
            format!("{}/{short_kind}", parent.kind)
        } else {
            short_kind
        };
        let name = if is_child {
            format!("{}/{short_name}", parent.name)
        } else {
            short_name
        };
        let place = self.place(pointer);
        let n_types = kind.split('/').count();
        let n_names = name.split('/').count();
        if n_types < 2 || n_types != n_names + 1 {
            let (line, column) = place;
            return Err(Violation::validation(format!(
                "The template resource '{name}' for type '{kind}' at line '{line}' and column '{column}' has incorrect segment lengths. \
                 A nested resource type must have identical number of segments as its resource name. A root resource type must have \
                 segment length one greater than its resource name. Please see https://aka.ms/arm-template/#resources for usage details."
            ))
            .at(self.source, &format!("{}{pointer}/type", self.base)));
        }
        let Some(version) = version.filter(|version| !version.is_empty()) else {
            return Err(self.invalid(item, pointer, "The apiVersion property cannot be null or empty. Please see https://aka.ms/arm-template/#resources for usage details."));
        };

        let target = self.target_of(item, pointer, &copies, parent, &kind)?;
        let condition = self.condition(item, pointer, &copies)?;
        let before = self.depends_on(item, pointer, &copies)?;
        let index = self.planned.len();
        if index >= RESOURCES_MAX {
            return Err(Violation::validation(format!(
                "The number of template resources limit exceeded. Limit: '{RESOURCES_MAX}' and actual count is larger. Please see \
                 https://aka.ms/arm-template/#resources for usage details."
            )));
        }
        self.planned.push(Planned {
            pointer: pointer.to_owned(),
            place,
            symbolic: symbolic.map(str::to_owned),
            id: id_of(
                &target,
                &kind,
                &name,
                member(item, "scope")
                    .is_some()
                    .then(|| text("scope"))
                    .transpose()?
                    .flatten()
                    .as_deref(),
            ),
            copies: copies.clone(),
            kind: kind.clone(),
            name: name.clone(),
            version,
            target: target.clone(),
            location,
            condition,
            existing: member(item, "existing") == Some(&Value::Bool(true)),
            after: Vec::new(),
        });
        self.before.push(before);

        if let Some(children) = member(item, "resources") {
            let own = Parent {
                kind: &kind,
                name: &name,
                copies: &copies,
                target: &target,
            };
            let children_name = super::template::spelt(item, "resources").unwrap_or("resources");
            match children {
                Value::Array(children) => {
                    for (index, child) in children.iter().enumerate() {
                        self.resource(child, &format!("{pointer}/{children_name}/{index}"), None, &own)?;
                    }
                }
                Value::Null => {}
                other => {
                    return Err(self.invalid(
                        item,
                        pointer,
                        &format!("The resources property is expected to be an array, and is {other}."),
                    ));
                }
            }
        }
        Ok(index)
    }

    /// Where it goes: a deployment inside may name another group or subscription.
    fn target_of(
        &self,
        item: &Value,
        pointer: &str,
        copies: &[CopyIndex],
        parent: &Parent<'_>,
        kind: &str,
    ) -> Result<Target, Violation> {
        let scope = self.context.scope(Site::Head, copies, &Unread);
        let text = |name: &str| match member(item, name)
            .map(|written| Evaluator::new(&scope).document(written))
            .transpose()
        {
            Ok(Some(Value::String(text))) if !text.is_empty() => Ok(Some(text)),
            Ok(_) => Ok(None),
            Err(trouble) => Err(self.not_valid(item, pointer, &trouble)),
        };
        let mut target = parent.target.clone();
        if kind.eq_ignore_ascii_case(DEPLOYMENTS) {
            if let Some(subscription) = text("subscriptionId")? {
                let Some(id) = Guid::parse(&subscription) else {
                    return Err(self.invalid(
                        item,
                        pointer,
                        &format!("The provided subscription identifier '{subscription}' is malformed or invalid."),
                    ));
                };
                target = Target {
                    subscription: id,
                    group: None,
                };
            }
            if let Some(group) = text("resourceGroup")? {
                target.group = Some(group);
            } else if self.target.group.is_some()
                && member(item, "subscriptionId").is_some()
                && member(item, "location").is_none()
            {
                return Err(self.invalid(
                    item,
                    pointer,
                    "The location property is required for a deployment at a subscription.",
                ));
            } else if self.target.group.is_some()
                && member(item, "location").is_some()
                && member(item, "subscriptionId").is_some()
            {
                target.group = None;
            }
        }
        if kind.eq_ignore_ascii_case(GROUPS) {
            target.group = None;
        }
        Ok(target)
    }

    fn condition(&self, item: &Value, pointer: &str, copies: &[CopyIndex]) -> Result<bool, Violation> {
        let Some(written) = member(item, "condition").filter(|written| !written.is_null()) else {
            return Ok(true);
        };
        let scope = self.context.scope(Site::Head, copies, &Unread);
        match Evaluator::new(&scope).document(written) {
            Ok(Value::Bool(holds)) => Ok(holds),
            Ok(Value::String(text)) if text.eq_ignore_ascii_case("true") || text.eq_ignore_ascii_case("false") => {
                Ok(text.eq_ignore_ascii_case("true"))
            }
            Ok(other) => Err(self.invalid(
                item,
                pointer,
                &format!("The condition property is expected to be of type 'Boolean', and is {other}. Please see https://aka.ms/arm-template/#resources for usage details."),
            )),
            Err(trouble) => Err(self.not_valid(item, pointer, &trouble)),
        }
    }

    fn depends_on(&self, item: &Value, pointer: &str, copies: &[CopyIndex]) -> Result<Vec<String>, Violation> {
        let scope = self.context.scope(Site::Head, copies, &Unread);
        let found = match member(item, "dependsOn") {
            None | Some(Value::Null) => return Ok(Vec::new()),
            Some(written) => Evaluator::new(&scope)
                .document(written)
                .map_err(|trouble| self.not_valid(item, pointer, &trouble))?,
        };
        let wrong = || {
            self.invalid(item, pointer, "The dependsOn property is expected to be an array of strings. Please see https://aka.ms/arm-template/#resources for usage details.")
        };
        let Value::Array(entries) = found else {
            return Err(wrong());
        };
        entries
            .into_iter()
            .map(|entry| entry.as_str().map(str::to_owned).ok_or_else(wrong))
            .collect()
    }

    fn place(&self, pointer: &str) -> (u32, u32) {
        self.source.place(&format!("{}{pointer}", self.base))
    }

    /// `The template resource '{n}' at line '{l}' and column '{c}' is not valid: {inner}`
    fn invalid(&self, item: &Value, pointer: &str, inner: &str) -> Violation {
        let name = member(item, "name").and_then(Value::as_str).unwrap_or("");
        let (line, column) = self.place(pointer);
        Violation::validation(format!(
            "The template resource '{name}' at line '{line}' and column '{column}' is not valid: {inner}"
        ))
        .at(self.source, &format!("{}{pointer}", self.base))
    }

    /// The same for an expression that has no value.
    fn not_valid(&self, item: &Value, pointer: &str, trouble: &Trouble) -> Violation {
        let inner = format!(
            "{}. Please see https://aka.ms/arm-template-expressions for usage details.",
            words(trouble)
        );
        self.invalid(item, pointer, &inner).caused_by(trouble)
    }

    fn check_duplicates(&self) -> Result<(), Violation> {
        let mut seen = BTreeSet::new();
        for planned in self.planned.iter().filter(|planned| planned.is_sent()) {
            if !seen.insert(planned.id.to_lowercase()) {
                let (line, column) = planned.place;
                return Err(Violation::validation(format!(
                    "The resource '{}' at line '{line}' and column '{column}' is defined multiple times in a template. Please see \
                     https://aka.ms/arm-template/#resources for usage details.",
                    planned.id
                ))
                .at(self.source, &format!("{}{}", self.base, planned.pointer)));
            }
        }
        Ok(())
    }

    /// Finds what each one comes after.
    fn resolve(&mut self) -> Result<(), Violation> {
        let mut edges: Vec<BTreeSet<usize>> = vec![BTreeSet::new(); self.planned.len()];
        for (index, before) in self.before.iter().enumerate() {
            for entry in before {
                let found = find(&self.planned, entry, &self.planned[index].target);
                if found.is_empty() && !self.is_empty_loop(entry) {
                    return Err(Violation::validation(format!(
                        "The resource '{entry}' is not defined in the template. Please see https://aka.ms/arm-template for usage details."
                    ))
                    .at(self.source, &format!("{}{}/dependsOn", self.base, self.planned[index].pointer)));
                }
                edges[index].extend(found);
            }
            for target in self.implicit(index) {
                edges[index].extend(find(&self.planned, &target, &self.planned[index].target));
            }
        }
        for (own, before) in &self.serial {
            edges[*own].extend(before);
        }
        for (index, mut after) in edges.into_iter().enumerate() {
            // What waits for itself by `dependsOn` is a circle; a reference to itself in its own body is none of the order's.
            let waits_for_itself = self.before[index]
                .iter()
                .any(|entry| find(&self.planned, entry, &self.planned[index].target).contains(&index));
            if !waits_for_itself {
                after.remove(&index);
            }
            self.planned[index].after = after
                .into_iter()
                .filter(|before| self.planned[*before].is_sent())
                .collect();
        }
        Ok(())
    }

    /// A loop that ran no time at all is named by no resource.
    fn is_empty_loop(&self, entry: &str) -> bool {
        fn named(value: &Value, entry: &str) -> bool {
            let items: Vec<&Value> = match value {
                Value::Array(items) => items.iter().collect(),
                Value::Object(members) => members.values().collect(),
                _ => return false,
            };
            items.iter().any(|item| {
                member(item, "copy")
                    .and_then(|copy| member(copy, "name"))
                    .and_then(Value::as_str)
                    .is_some_and(|own| own.eq_ignore_ascii_case(entry))
                    || member(item, "resources").is_some_and(|inner| named(inner, entry))
            })
        }
        let resources = self.context.template.resources();
        named(resources, entry)
            || resources
                .as_object()
                .is_some_and(|members| members.keys().any(|own| own == entry))
    }

    /// What a resource's body refers to: the first arguments of `reference` and `list*`.
    fn implicit(&self, index: usize) -> Vec<String> {
        let planned = &self.planned[index];
        let Some(item) = written(self.context.template.resources(), &planned.pointer) else {
            return Vec::new();
        };
        let mut calls = Vec::new();
        for (name, value) in item.as_object().into_iter().flatten() {
            let is_own = !["resources", "copy", "dependsOn"]
                .iter()
                .any(|other| name.eq_ignore_ascii_case(other));
            if is_own {
                collect_readings(value, &mut calls);
            }
        }
        let scope = self.context.scope(Site::Head, &planned.copies, &Unread);
        let evaluator = Evaluator::new(&scope);
        calls
            .iter()
            .filter_map(|arg| evaluator.value(arg).ok()?.as_str().map(str::to_owned))
            .collect()
    }
}

/// The targets of every `reference` and `list*` in a document.
fn collect_readings(value: &Value, found: &mut Vec<Expression>) {
    match value {
        Value::String(text) => {
            if let Some(Ok(expression)) = inside(text).map(parse) {
                readings(&expression, found);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| collect_readings(item, found)),
        Value::Object(members) => members.values().for_each(|item| collect_readings(item, found)),
        _ => {}
    }
}

fn readings(expression: &Expression, found: &mut Vec<Expression>) {
    let Expression::Call(call) = expression else {
        return;
    };
    let folded = call.name.to_ascii_lowercase();
    let is_reading = call.namespace.is_none() && (folded == "reference" || folded == "references" || is_list(&folded));
    if is_reading {
        found.extend(call.args.first().cloned());
    }
    call.args.iter().for_each(|arg| readings(arg, found));
    for step in &call.steps {
        if let Step::Index { index, .. } = step {
            readings(index, found);
        }
    }
}

/// The resources that a name means: an id, `type/name`, a name, a loop, a symbolic name.
pub(crate) fn find(planned: &[Planned], entry: &str, target: &Target) -> Vec<usize> {
    let folded = entry.trim_end_matches('/').to_lowercase();
    // `resourceId` at a subscription writes a group's id like any other's.
    let folded = folded.replace("/providers/microsoft.resources/resourcegroups/", "/resourcegroups/");
    let full = if folded.starts_with('/') {
        folded.clone()
    } else {
        format!("{}/providers/{folded}", target.id().to_lowercase())
    };
    let all = |holds: &dyn Fn(&Planned) -> bool| -> Vec<usize> {
        planned
            .iter()
            .enumerate()
            .filter(|(_, own)| holds(own))
            .map(|(index, _)| index)
            .collect()
    };
    let attempts: [&dyn Fn(&Planned) -> bool; 5] = [
        &|own| own.symbolic.as_ref().is_some_and(|name| name.to_lowercase() == folded),
        &|own| own.id.to_lowercase() == full,
        &|own| format!("{}/{}", own.kind, own.name).to_lowercase() == folded,
        &|own| {
            own.copies
                .iter()
                .any(|copy| copy.of_resource && copy.name.to_lowercase() == folded)
        },
        &|own| own.name.to_lowercase() == folded,
    ];
    attempts
        .into_iter()
        .map(all)
        .find(|found| !found.is_empty())
        .unwrap_or_default()
}

/// The id of a resource.
pub(crate) fn id_of(target: &Target, kind: &str, name: &str, scope: Option<&str>) -> String {
    let mut segments = kind.split('/');
    let namespace = segments.next().unwrap_or("");
    if kind.eq_ignore_ascii_case(GROUPS) {
        return format!("/subscriptions/{}/resourceGroups/{name}", target.subscription);
    }
    let base = match scope {
        Some(scope) if scope.starts_with('/') => scope.trim_end_matches('/').to_owned(),
        Some(scope) if !scope.is_empty() => format!("{}/providers/{}", target.id(), scope.trim_end_matches('/')),
        _ => target.id(),
    };
    let mut id = format!("{base}/providers/{namespace}");
    for (segment, name) in segments.zip(name.split('/')) {
        id.push('/');
        id.push_str(segment);
        id.push('/');
        id.push_str(name);
    }
    id
}

/// A resource in a circle, if there is one.
fn find_cycle(planned: &[Planned]) -> Option<usize> {
    let mut left: Vec<usize> = planned.iter().map(|own| own.after.len()).collect();
    let mut ready: Vec<usize> = (0..planned.len()).filter(|index| left[*index] == 0).collect();
    let mut n_done = 0;
    while let Some(done) = ready.pop() {
        n_done += 1;
        for (index, own) in planned.iter().enumerate() {
            if own.after.contains(&done) {
                left[index] -= 1;
                if left[index] == 0 {
                    ready.push(index);
                }
            }
        }
    }
    if n_done == planned.len() {
        return None;
    }
    // Walk back from any that is left until one comes again.
    let start = left.iter().position(|count| *count > 0)?;
    let mut seen = vec![start];
    let mut at = start;
    loop {
        at = *planned[at].after.iter().find(|before| left[**before] > 0)?;
        if seen.contains(&at) {
            return Some(at);
        }
        seen.push(at);
    }
}

/// The resources in an order that respects theirs.
pub(crate) fn in_order(planned: &[Planned]) -> Vec<usize> {
    let mut done = vec![false; planned.len()];
    let mut order = Vec::with_capacity(planned.len());
    while let Some(next) =
        (0..planned.len()).find(|index| !done[*index] && planned[*index].after.iter().all(|before| done[*before]))
    {
        done[next] = true;
        order.push(next);
    }
    order
}
