//! The linter: what is wrong with a policy before anybody uses it.
//!
//! In goes a file and what is known of the world; out come findings with their places, and changes of the file that
//! would settle some of them. Files are told apart by what is in them:
//!
//! ```text
//! {"spark_version": {"type": ...}, ...}        a definition
//! {"name": ..., "definition": "{...}", ...}    a policy object of the API, or a list of them
//! policy: ... rules: ...                       a document of ours, whose rules may carry definitions
//! ```
//!
//! Each check is a function over one `Subject` and knows nothing of the others. Codes, severities and explanations
//! are in [`codes`]. No check reads a file, asks the time or shows a secret.

mod attributes;
mod burn;
pub mod codes;
mod document;
mod members;
mod nodes;
mod object;
mod patterns;
mod runtimes;
mod secrets;
mod shape;
mod subject;
mod templates;
mod texts;
mod together;
mod values;
mod walk;
mod workloads;
pub mod world;

use self::subject::Subject;
use self::world::World;
use super::document::PolicyDocument;
use crate::model::diagnostic::{Diagnostic, Diagnostics, Severity};
use crate::model::document::{Document, Place};
use crate::model::finding::Finding;
use crate::model::passage::{File, Passage};
use crate::model::tree::{Node, json, yaml};

/// A check of a definition.
type Check = fn(&Subject<'_>, &mut Vec<Finding>);

/// Every check of a definition.
const CHECKS: &[Check] = &[
    shape::not_a_definition,
    shape::duplicate_key,
    shape::unreadable,
    members::unknown_member,
    members::idle_member,
    members::flag_as_text,
    members::legacy_type,
    attributes::unknown_attribute,
    attributes::legacy_attribute,
    attributes::star_key,
    attributes::mixed_clouds,
    attributes::list_gap,
    values::value_as_text,
    values::impossible_value,
    values::default_breaks_rule,
    values::range_order,
    values::range_open,
    values::range_on_text,
    values::empty_values,
    values::unknown_value,
    values::beyond_api,
    patterns::redundant_anchor,
    patterns::anchored_branch,
    patterns::separator_in_class,
    patterns::unescaped_dot,
    patterns::scala_pinned,
    patterns::matches_nothing,
    together::pool_and_node_type,
    together::pool_or_node_type,
    together::size_twice,
    together::no_size,
    together::defaults_collide,
    together::autoscale_order,
    together::entry_of_two_kinds,
    together::log_path_without_type,
    workloads::cluster_type,
    workloads::virtual_forbidden,
    workloads::dbus_not_a_range,
    workloads::never_terminates,
    workloads::autotermination_on_jobs,
    workloads::breaks_pipelines,
    workloads::required_by_accident,
    nodes::unknown_node_type,
    runtimes::ended,
    runtimes::ended_pattern,
    runtimes::ending,
    runtimes::unknown,
    runtimes::unknown_alias,
    burn::dbus_unreachable,
    secrets::secret,
    templates::unrendered,
];

/// What was found in a file.
#[derive(Debug, Default)]
pub struct Linted {
    /// The findings, sorted by place.
    pub findings: Vec<Finding>,
    /// Files that it names and that hold definitions.
    pub references: Vec<Reference>,
    /// The document, where it is one of ours and can be read.
    pub document: Option<PolicyDocument>,
    /// Its rules whose definition has errors: loading them would only say the same again.
    pub flawed: Vec<usize>,
}

/// A file of a definition, named in a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reference {
    /// The number of the rule that names it.
    pub rule: usize,
    /// As written.
    pub file: String,
    /// Where it is named.
    pub place: Place,
    /// By which setting.
    pub path: String,
}

/// Why a file is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// Somebody named it.
    Named,
    /// It lies in a folder that somebody named: it may be anything.
    Lies,
}

/// Findings so far.
struct Lints<'w> {
    world: &'w World,
    findings: Vec<Finding>,
    references: Vec<Reference>,
    flawed: Vec<usize>,
}

impl Lints<'_> {
    fn check(&mut self, subject: &Subject<'_>) {
        for check in CHECKS {
            check(subject, &mut self.findings);
        }
    }
}

/// What a tree is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Definition,
    Object,
    Objects,
    Listed,
    Document,
}

/// Checks a file; none where it is no policy and nobody said it is one.
///
/// # Errors
/// `document::*` for a text that is neither JSON nor YAML.
pub fn lint(file: &File, reason: Reason, world: &World) -> Result<Option<Linted>, Diagnostics> {
    let whole = file.passage();
    let root = read(&whole)?;
    // A text that holds JSON: what `jq .definition` prints.
    let text = whole.inside(&root);
    let inner = match &text {
        Some(text) => json::parse(&text.text).ok().map(|root| (text, root)),
        None => None,
    };
    let (passage, root) = match &inner {
        Some((passage, root)) => (*passage, root),
        None => (&whole, &root),
    };
    let form = recognise(root);
    if reason == Reason::Lies && form == Form::Definition && !resembles_a_definition(root) {
        return Ok(None);
    }
    let mut lints = Lints {
        world,
        findings: Vec::new(),
        references: Vec::new(),
        flawed: Vec::new(),
    };
    let mut own = None;
    match form {
        Form::Definition => lints.check(&Subject::new(passage, root, "", world)),
        Form::Object => object::policy(&mut lints, passage, root, ""),
        Form::Objects => objects(&mut lints, passage, root.entries(), ""),
        Form::Listed => {
            let list = root.get("policies").map(Node::entries).unwrap_or_default();
            objects(&mut lints, passage, list, "/policies");
        }
        Form::Document => {
            match PolicyDocument::parse(&file.source, &whole.text) {
                Ok(document) => own = Some(document),
                Err(found) if found.0.iter().any(|d| d.code.starts_with("document::")) => return Err(found),
                Err(found) => lints.findings.extend(found.0.into_iter().map(Finding::from)),
            }
            document::document(&mut lints, passage, root);
        }
    }
    let Lints {
        mut findings,
        references,
        flawed,
        ..
    } = lints;
    findings.sort();
    findings.dedup();
    Ok(Some(Linted {
        findings,
        references,
        document: own,
        flawed,
    }))
}

fn objects(lints: &mut Lints<'_>, passage: &Passage<'_>, list: &[Node], pointer: &str) {
    for (i, node) in list.iter().enumerate() {
        object::policy(lints, passage, node, &format!("{pointer}/{i}"));
    }
}

/// Reads JSON strictly, everything else as YAML. What is neither, and looks like JSON, gets the fault of JSON.
fn read(whole: &Passage<'_>) -> Result<Node, Diagnostics> {
    let source = &whole.file.source;
    let looks_like_json = source.ends_with(".json") || whole.text.trim_start().starts_with(['{', '[', '"']);
    if looks_like_json {
        let fault = match json::parse(&whole.text) {
            Ok(root) => return Ok(root),
            Err(fault) => fault,
        };
        // A document of ours may be written in JSON with comments: YAML reads it, and so does everybody else here.
        if let Some(root) = yaml::parse(&whole.text)
            && recognise(&root) == Form::Document
        {
            return Ok(root);
        }
        let code = if fault.depth {
            "document::depth"
        } else {
            "document::syntax"
        };
        let place = whole.place(fault.at);
        let diagnostic = Diagnostic::error(code, source, fault.message).at(place.line, place.column);
        return Err(match fault.hint {
            Some(hint) => diagnostic.hint(hint),
            None => diagnostic,
        }
        .into());
    }
    Document::parse(source, &whole.text)?;
    yaml::parse(&whole.text).ok_or_else(|| {
        Diagnostic::error(
            "document::syntax",
            source,
            "neither JSON nor YAML that can be followed",
        )
        .into()
    })
}

/// Tells by the content what a tree is. An element is an object, so a member that is text or a list belongs to
/// something else.
fn recognise(root: &Node) -> Form {
    let plain = |node: &Node, name: &str| node.get(name).is_some_and(|n| !n.is_object());
    let is_object = |node: &Node| {
        node.get(object::DEFINITION).is_some()
            || node.get(object::OVERRIDES).is_some()
            || plain(node, object::FAMILY)
            || plain(node, "policy_id")
    };
    if plain(root, "rules") || plain(root, "policy") {
        Form::Document
    } else if plain(root, "policies") {
        Form::Listed
    } else if is_object(root) {
        Form::Object
    } else if !root.entries().is_empty() && root.entries().iter().all(is_object) {
        Form::Objects
    } else {
        Form::Definition
    }
}

/// Whether somebody who wrote this may have meant a definition: an element among its members, or an object at an
/// attribute's path.
fn resembles_a_definition(root: &Node) -> bool {
    const MEMBERS: [&str; 6] = [
        "value",
        "values",
        "pattern",
        "minValue",
        "maxValue",
        "defaultValue",
    ];
    let types = tollgate_policy_language::element::TYPES;
    let element = |node: &Node| {
        let typed = node
            .get("type")
            .and_then(Node::text)
            .is_some_and(|t| types.contains(&t));
        typed || (node.is_object() && MEMBERS.iter().any(|name| node.get(name).is_some()))
    };
    root.get("$schema").is_none() && root.members().iter().any(|member| element(&member.value))
}

fn is_error(finding: &Finding) -> bool {
    finding.diagnostic.severity == Severity::Error
}

#[cfg(test)]
mod tests;
