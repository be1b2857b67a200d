//! Policy objects of the API: a definition as text, with a name and a limit around it.

use serde_json::{Map, Value};
use tollgate_policy_language::family::{self, CLOUDS, Family};

use super::attributes::cloud_of;
use super::subject::Subject;
use super::texts::is_template;
use super::{Lints, shape};
use crate::model::document::{dotted, pointer_step};
use crate::model::finding::Finding;
use crate::model::passage::Passage;
use crate::model::suggest::hint;
use crate::model::tree::{Content, Node, json};

/// The members that say what a policy is.
pub(super) const DEFINITION: &str = "definition";
/// A file of it, beside a document of ours.
pub(super) const DEFINITION_FILE: &str = "definition_file";
/// The family it takes it from.
pub(super) const FAMILY: &str = "policy_family_id";
/// What it changes of the family's.
pub(super) const OVERRIDES: &str = "policy_family_definition_overrides";
/// A file of that.
pub(super) const OVERRIDES_FILE: &str = "policy_family_definition_overrides_file";

/// Checks one object of the API.
pub(super) fn policy(lints: &mut Lints<'_>, passage: &Passage<'_>, node: &Node, pointer: &str) {
    let read_back = node.get("policy_id").is_some();
    name(lints, passage, node, pointer, read_back);
    max_clusters(lints, passage, node, pointer);
    let has = |name: &str| node.get(name).is_some_and(|n| !is_empty(n));
    let (definition, family) = (has(DEFINITION), has(FAMILY));
    if !definition && !family {
        let message = format!("the policy has neither a `{DEFINITION}` nor a `{FAMILY}`");
        let finding = lints.finding(passage, "lint::no-definition", node, pointer, message);
        lints.findings.push(finding.hint("add one of them"));
    }
    // What the API returns has both: the definition is what it made of the family.
    if definition && family && !read_back {
        let at = node.get(FAMILY).unwrap_or(node);
        let message =
            format!("the policy has a `{DEFINITION}` and a `{FAMILY}`, and the API takes one of them");
        let finding = lints.finding(
            passage,
            "lint::two-definitions",
            at,
            &pointer_step(pointer, FAMILY),
            message,
        );
        lints
            .findings
            .push(finding.hint(format!("write what changes of the family into `{OVERRIDES}`")));
    }
    let merged = node.get(DEFINITION).filter(|_| family);
    sources(lints, passage, node, pointer, Form::Api, merged);
}

/// Whether a definition may be an object, or is text that holds one.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// The API takes text.
    Api,
    /// A document of ours takes both.
    Own,
}

/// Checks the definition and the overrides that an object names. Of a family's policy the definition is
/// Databricks' own work: it is not checked, it tells what the overrides are put over.
pub(super) fn sources(
    lints: &mut Lints<'_>,
    passage: &Passage<'_>,
    node: &Node,
    pointer: &str,
    form: Form,
    merged: Option<&Node>,
) {
    let family = node.get(FAMILY).filter(|n| !is_empty(n));
    if let Some(overrides) = node.get(OVERRIDES).filter(|n| !is_empty(n)) {
        let at = pointer_step(pointer, OVERRIDES);
        if family.is_none() {
            let message = format!("`{OVERRIDES}` needs a `{FAMILY}`");
            let finding = lints.finding(passage, "lint::overrides-without-family", overrides, &at, message);
            lints
                .findings
                .push(finding.hint("name the family, or write a whole definition"));
        }
        let id = family.and_then(Node::text);
        text_or_object(lints, passage, overrides, &at, form, &|subject| {
            let inherited = merged
                .and_then(as_map)
                .or_else(|| id.and_then(|id| definition_of(id, &subject)));
            match inherited {
                Some(inherited) => subject.over(&inherited),
                None => subject,
            }
        });
    }
    // In a document of ours the plugin refuses an unknown one itself.
    if let Some(family) = family.filter(|_| form == Form::Api) {
        known_family(lints, passage, family, &pointer_step(pointer, FAMILY));
    }
    if let Some(definition) = node.get(DEFINITION).filter(|_| merged.is_none()) {
        let at = pointer_step(pointer, DEFINITION);
        text_or_object(lints, passage, definition, &at, form, &|subject| subject);
    }
}

/// Checks a definition that is an object, or text that holds one.
fn text_or_object<'w>(
    lints: &mut Lints<'w>,
    passage: &Passage<'_>,
    node: &Node,
    pointer: &str,
    form: Form,
    complete: &dyn for<'a> Fn(Subject<'a>) -> Subject<'a>,
) {
    let prefix = format!("{}.", dotted(pointer));
    let world = lints.world;
    if let Some(inner) = passage.inside(node) {
        match json::parse(&inner.text) {
            Ok(root) => lints.check(&complete(Subject::new(&inner, &root, &prefix, world))),
            Err(_) if is_template(&inner.text) => {
                let message = "the definition is a template that nobody has filled in".to_owned();
                let finding = lints.finding(passage, "lint::template", node, pointer, message);
                lints
                    .findings
                    .push(finding.hint("lint what is sent to Databricks"));
            }
            Err(fault) => lints.findings.push(shape::syntax(&inner, &fault, pointer)),
        }
        return;
    }
    if form == Form::Api && node.is_object() {
        let message = "the API takes the definition as text that holds JSON, found an object".to_owned();
        let finding = lints.finding(passage, "lint::definition-object", node, pointer, message);
        lints
            .findings
            .push(finding.hint("encode it: `jsonencode(...)`, `json.dumps(...)`, `jq tojson`"));
    }
    lints.check(&complete(Subject::new(passage, node, &prefix, world)));
}

/// The definition of a family for the cloud that the overrides speak of; what all clouds have in common where they
/// speak of none.
fn definition_of(id: &str, overrides: &Subject<'_>) -> Option<Map<String, Value>> {
    let family = Family::find(id)?;
    let cloud = overrides.read().find_map(|(entry, _)| cloud_of(overrides, entry));
    if let Some(cloud) = cloud {
        return Some(family.definition(cloud.as_str()));
    }
    let mut common = family.definition(CLOUDS[0]);
    for cloud in CLOUDS {
        let other = family.definition(cloud);
        common.retain(|path, element| other.get(path) == Some(element));
    }
    Some(common)
}

fn known_family(lints: &mut Lints<'_>, passage: &Passage<'_>, node: &Node, pointer: &str) {
    let id = node.text().unwrap_or_default();
    let ids: Vec<&str> = family::ids().collect();
    if ids.contains(&id) || is_template(id) {
        return;
    }
    let message = format!("no policy family `{id}` is known");
    let finding = lints.finding(passage, "lint::unknown-family", node, pointer, message);
    lints
        .findings
        .push(finding.hint(hint(id, &ids, |all| format!("families: {all}"))));
}

fn name(lints: &mut Lints<'_>, passage: &Passage<'_>, node: &Node, pointer: &str, read_back: bool) {
    const LONGEST: usize = 100;
    let name = node.get("name");
    let message = match name.map(|n| n.text().map(|text| text.chars().count())) {
        None if read_back => return,
        None => "the policy has no `name`".to_owned(),
        Some(Some(1..=LONGEST)) => return,
        Some(Some(n)) => format!("the name has {n} characters, and the API takes 1 to {LONGEST}"),
        Some(None) => "the name is text".to_owned(),
    };
    let at = pointer_step(pointer, "name");
    let finding = lints.finding(passage, "lint::policy-name", name.unwrap_or(node), &at, message);
    lints
        .findings
        .push(finding.hint("give the policy a name that no other one has"));
}

fn max_clusters(lints: &mut Lints<'_>, passage: &Passage<'_>, node: &Node, pointer: &str) {
    let member = "max_clusters_per_user";
    let Some(limit) = node.get(member).filter(|n| n.content != Content::Null) else {
        return;
    };
    let positive = matches!(&limit.content, Content::Number(n) if n.parse::<u64>().is_ok_and(|n| n > 0));
    if !positive {
        let message = format!("`{member}` is a whole number above 0");
        let at = pointer_step(pointer, member);
        let finding = lints.finding(passage, "lint::max-clusters", limit, &at, message);
        lints.findings.push(finding.hint("for no limit leave it out"));
    }
}

fn as_map(node: &Node) -> Option<Map<String, Value>> {
    let value = match node.text() {
        Some(text) => json::parse(text).ok()?.value(),
        None => node.value(),
    };
    match value {
        Value::Object(map) => Some(map),
        _ => None,
    }
}

/// Absent, for an API whose clients send empty text.
pub(super) fn is_empty(node: &Node) -> bool {
    node.content == Content::Null || node.text() == Some("")
}

impl Lints<'_> {
    /// A finding at a node.
    pub(super) fn finding(
        &self,
        passage: &Passage<'_>,
        code: &'static str,
        node: &Node,
        pointer: &str,
        message: String,
    ) -> Finding {
        let path = dotted(pointer);
        Subject::new(passage, node, "", self.world).found(code, node.span, &path, message)
    }
}
