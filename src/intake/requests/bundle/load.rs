//! A bundle's files as one: the root, and what it includes.

use std::collections::{BTreeMap, BTreeSet};

use super::Files;
use super::merge::merge;
use super::node::{Node, Place, below};
use crate::model::diagnostic::{Diagnostic, Diagnostics};
use crate::model::document::{Document, pointer_step};
use crate::model::suggest;

/// Keys that a bundle may have at its top.
const KEYS: [&str; 15] = [
    "artifacts",
    "bundle",
    "environments",
    "experimental",
    "include",
    "permissions",
    "presets",
    "python",
    "resources",
    "run_as",
    "scripts",
    "sync",
    "targets",
    "variables",
    "workspace",
];

/// Keys of which a YAML file must have one to be taken for a bundle.
const MARKS: [&str; 5] = ["bundle", "resources", "targets", "include", "environments"];

/// Reads the root and everything it includes into one tree; what is wrong goes to `problems`. None where the root is no
/// bundle.
pub fn load(source: &str, text: &str, files: &dyn Files, problems: &mut Vec<Diagnostic>) -> Option<Node> {
    let mut known = BTreeMap::new();
    let (mut root, unknown) = parse(source, text, problems)?;
    if !MARKS.iter().any(|key| root.get(key).is_some()) {
        let found: Vec<&str> = root
            .members()
            .into_iter()
            .flatten()
            .take(5)
            .map(|(key, _)| key.as_str())
            .collect();
        let message = format!("no bundle: expected the key `bundle`, found {}", named(&found));
        let problem = root.place.error("bundle::not-a-bundle", "", message);
        problems.push(
            problem.hint("name the `databricks.yml` of a bundle; policies and scenarios are other commands'"),
        );
        return None;
    }
    problems.extend(unknown);
    first_of_each(&mut root, &mut known, problems);
    for path in included(source, &root, files, problems) {
        let text = match files.text(&path) {
            Ok(text) => text,
            Err(found) => {
                problems.extend(found.0);
                continue;
            }
        };
        let Some((mut part, unknown)) = parse(&path, &text, problems) else {
            continue;
        };
        problems.extend(unknown);
        if let Some(include) = part.get("include") {
            let found = include.place.warning(
                "bundle::include-ignored",
                "include",
                "an included file includes nothing: only the root file's `include` counts",
            );
            problems.push(found.hint("name these files in the root file"));
        }
        if let Some(members) = part.members_mut() {
            members.remove("include");
        }
        first_of_each(&mut part, &mut known, problems);
        merge(&mut root, part, "", problems);
    }
    rename_environments(&mut root);
    only_maps(&mut root, problems);
    Some(root)
}

/// Sections that are maps; what is none is told and taken out.
fn only_maps(root: &mut Node, problems: &mut Vec<Diagnostic>) {
    let Some(members) = root.members_mut() else { return };
    for key in ["bundle", "workspace", "resources", "variables", "presets"] {
        if let Some(section) = members.get(key)
            && section.members().is_none()
        {
            if !section.is_null() {
                let message = format!("expected a map, found {}", section.kind());
                problems.push(section.place.error("bundle::wrong-type", key, message));
            }
            members.remove(key);
        }
    }
}

fn named(keys: &[&str]) -> String {
    match keys {
        [] => "no keys".to_owned(),
        keys => format!("the keys {}", keys.join(", ")),
    }
}

/// Parses one file: its values, and what there is to say of keys that nobody knows.
fn parse(source: &str, text: &str, problems: &mut Vec<Diagnostic>) -> Option<(Node, Vec<Diagnostic>)> {
    let document = match source.ends_with(".json") {
        true => Document::parse_json_or_yaml(source, text),
        false => Document::parse_merging(source, text),
    };
    let document = match document {
        Ok(document) => document,
        Err(found) => {
            problems.extend(found.0);
            return None;
        }
    };
    let node = Node::of(&document);
    let Some(members) = node.members() else {
        let message = format!(
            "expected a map of `bundle`, `resources`, `targets`, found {}",
            node.kind()
        );
        problems.push(node.place.error("bundle::wrong-type", "", message));
        return None;
    };
    let unknown = members
        .iter()
        // A key of one's own is where anchors are kept.
        .filter(|(key, _)| !KEYS.contains(&key.as_str()) && !document.is_anchored(&pointer_step("", key)))
        .map(|(key, member)| {
            let found = member
                .place
                .warning("bundle::unknown-key", key, format!("unknown key `{key}`"));
            found.hint(suggest::hint(key, &KEYS, |all| format!("a bundle has {all}")))
        })
        .collect();
    Some((node, unknown))
}

/// Files that `include` names, each once, in the order of their loading.
fn included(source: &str, root: &Node, files: &dyn Files, problems: &mut Vec<Diagnostic>) -> Vec<String> {
    let (mut seen, mut found) = (BTreeSet::from([plain(source)]), Vec::new());
    let Some(include) = root.get("include") else {
        return found;
    };
    if include.members().is_some() || include.text().is_some() {
        let message = format!("expected a list of files, found {}", include.kind());
        problems.push(include.place.error("bundle::wrong-type", "include", message));
    }
    for (i, entry) in include.items().iter().enumerate() {
        let path = below("include", &i.to_string());
        let Some(pattern) = entry.text() else {
            let message = format!("expected the name of a file, found {}", entry.kind());
            problems.push(entry.place.error("bundle::wrong-type", &path, message));
            continue;
        };
        if pattern.starts_with('/') {
            let message = format!("`{pattern}` is an absolute path");
            let problem = entry.place.error("bundle::include-absolute", &path, message);
            problems.push(problem.hint("name files relative to the root file"));
            continue;
        }
        let matching = match files.matching(source, pattern) {
            Ok(matching) => matching,
            Err(Diagnostics(all)) => {
                problems.extend(all);
                continue;
            }
        };
        if matching.is_empty() {
            problems.push(nothing(entry, pattern, &path));
        }
        for file in matching {
            if !seen.insert(plain(&file)) {
                continue;
            }
            if [".yml", ".yaml", ".json"].iter().any(|end| file.ends_with(end)) {
                found.push(file);
            } else {
                let message = format!("`{file}` is no YAML and no JSON file");
                let problem = entry.place.error("bundle::include-not-yaml", &path, message);
                problems.push(problem.hint("include only `.yml`, `.yaml` and `.json`"));
            }
        }
    }
    found
}

fn nothing(entry: &Node, pattern: &str, path: &str) -> Diagnostic {
    match pattern.contains(['*', '?', '[']) {
        true => {
            let message = format!("no file matches `{pattern}`");
            let found = entry
                .place
                .warning("bundle::include-matches-nothing", path, message);
            found.hint("`*` stands for any characters of one folder's names, `**` for no more than that")
        }
        false => {
            let message = format!("there is no file `{pattern}`");
            let found = entry.place.error("bundle::include-missing", path, message);
            found.hint("paths are relative to the root file")
        }
    }
}

/// A path without its `./`.
fn plain(path: &str) -> String {
    let steps = path.split('/').enumerate();
    let kept: Vec<&str> = steps
        .filter(|(i, step)| *step != "." && (*i == 0 || !step.is_empty()))
        .map(|(_, step)| step)
        .collect();
    kept.join("/")
}

/// Takes resources out whose key is taken, by another file or another kind: the CLI has one name for each resource.
fn first_of_each(part: &mut Node, known: &mut BTreeMap<String, Place>, problems: &mut Vec<Diagnostic>) {
    let Some(kinds) = part.get_mut("resources").and_then(Node::members_mut) else {
        return;
    };
    for (kind, resources) in kinds {
        let Some(members) = resources.members_mut() else {
            continue;
        };
        members.retain(|key, resource| {
            let Some(first) = known.get(key) else {
                known.insert(key.clone(), resource.place.clone());
                return true;
            };
            let path = format!("resources.{kind}.{key}");
            let message = format!(
                "`{key}` is defined a second time, first in {}:{}",
                first.file, first.line
            );
            let found = resource.place.error("bundle::resource-twice", &path, message);
            problems.push(found.hint("give every resource a key of its own; targets may override it"));
            false
        });
    }
}

/// `environments` is the old name of `targets`.
fn rename_environments(root: &mut Node) {
    let Some(members) = root.members_mut() else { return };
    if let Some(environments) = members.remove("environments")
        && !members.contains_key("targets")
    {
        members.insert("targets".to_owned(), environments);
    }
}
