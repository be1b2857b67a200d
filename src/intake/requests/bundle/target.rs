//! Which target is meant, and what it overrides.

use super::merge::merge;
use super::node::{Data, Node};
use crate::model::diagnostic::Diagnostic;
use crate::model::suggest;

/// What of a target is merged over the same key of the bundle.
const MERGED: [&str; 4] = ["bundle", "workspace", "resources", "presets"];

/// The target that is meant, merged.
#[derive(Debug)]
pub struct Target {
    /// Its name.
    pub name: String,
    /// Its values of variables.
    pub variables: Option<Node>,
}

/// Chooses the target and merges it; none where nobody can say which is meant.
pub fn choose(root: &mut Node, wanted: Option<&str>, problems: &mut Vec<Diagnostic>) -> Option<Target> {
    let targets = match root.members_mut()?.remove("targets") {
        Some(targets) if !targets.is_null() => targets,
        // The CLI makes one, `default`, where there is none.
        _ => Node::empty(&root.place),
    };
    let Data::Map(mut targets_by_name) = targets.data else {
        let message = format!("expected a map of targets, found {}", targets.kind());
        problems.push(targets.place.error("bundle::wrong-type", "targets", message));
        return None;
    };
    let names: Vec<&str> = targets_by_name.keys().map(String::as_str).collect();
    let defaults: Vec<&str> = targets_by_name
        .iter()
        .filter(|(_, target)| target.get("default").is_some_and(is_true))
        .map(|(name, _)| name.as_str())
        .collect();
    let name = match (wanted, names.as_slice(), defaults.as_slice()) {
        (Some(wanted), [], _) if wanted == "default" => wanted,
        (Some(wanted), names, _) if names.contains(&wanted) => wanted,
        (Some(wanted), names, _) => {
            let found = targets.place.error(
                "bundle::unknown-target",
                "targets",
                format!("no target `{wanted}`"),
            );
            problems.push(found.hint(suggest::hint(wanted, names, |all| match all {
                "" => "the bundle has no targets: leave --target out".to_owned(),
                all => format!("the bundle has {all}"),
            })));
            return None;
        }
        (None, [], _) => "default",
        (None, [one], _) | (None, _, [one]) => one,
        (None, names, []) => {
            let message = format!("{} targets and none says `default: true`", names.len());
            let found = targets
                .place
                .error("bundle::no-default-target", "targets", message);
            problems.push(found.hint(format!("--target NAME, one of {}", names.join(", "))));
            return None;
        }
        (None, _, several) => {
            let message = format!(
                "{} targets say `default: true`: {}",
                several.len(),
                several.join(", ")
            );
            let found = targets
                .place
                .error("bundle::several-default-targets", "targets", message);
            problems.push(found.hint("leave it at one of them, or --target NAME"));
            return None;
        }
    };
    let name = name.to_owned();
    let target = targets_by_name
        .remove(&name)
        .unwrap_or_else(|| Node::empty(&targets.place));
    let variables = apply(root, target, &name, problems);
    Some(Target { name, variables })
}

/// `true`, as YAML 1.1 has it too.
pub fn is_true(node: &Node) -> bool {
    match &node.data {
        Data::Scalar(serde_json::Value::Bool(value)) => *value,
        Data::Scalar(serde_json::Value::String(text)) => {
            matches!(
                text.as_str(),
                "true" | "y" | "Y" | "yes" | "Yes" | "YES" | "on" | "On" | "ON"
            )
        }
        _ => false,
    }
}

/// Merges a target; what it says of variables is given back.
fn apply(root: &mut Node, target: Node, name: &str, problems: &mut Vec<Diagnostic>) -> Option<Node> {
    let path = format!("targets.{name}");
    let place = target.place.clone();
    let mut overrides = match target.data {
        Data::Map(members) => members,
        Data::Scalar(serde_json::Value::Null) => Default::default(),
        _ => {
            let message = format!("expected a map, found {}", target.kind());
            problems.push(place.error("bundle::wrong-type", &path, message));
            return None;
        }
    };
    let members = root.members_mut()?;
    for key in MERGED {
        let Some(over) = overrides.remove(key) else {
            continue;
        };
        match members.get_mut(key) {
            Some(base) => merge(base, over, &format!("{path}.{key}"), problems),
            None => {
                members.insert(key.to_owned(), over);
            }
        }
    }
    let variables = overrides.remove("variables");
    let bundle = members
        .entry("bundle".to_owned())
        .or_insert_with(|| Node::empty(&place));
    let bundle = bundle.members_mut()?;
    for (key, of_bundle) in [
        ("mode", "mode"),
        ("git", "git"),
        ("compute_id", "cluster_id"),
        ("cluster_id", "cluster_id"),
    ] {
        if let Some(over) = overrides.remove(key).filter(|node| !node.is_null()) {
            bundle.insert(of_bundle.to_owned(), over);
        }
    }
    if let Some(compute) = bundle.remove("compute_id") {
        bundle.entry("cluster_id".to_owned()).or_insert(compute);
    }
    for key in ["target", "environment"] {
        bundle.insert(key.to_owned(), Node::scalar(name, &place));
    }
    if let Some(mode) = bundle.get("mode").filter(|mode| !is_mode(mode)) {
        let found = mode.text().unwrap_or_else(|| mode.kind()).to_owned();
        let message = format!("unknown mode `{found}`: expected development or production");
        let problem = mode
            .place
            .error("bundle::unknown-mode", &format!("{path}.mode"), message);
        problems.push(
            problem.hint(suggest::hint(&found, &["development", "production"], |all| {
                format!("leave it out, or name one of {all}")
            })),
        );
    }
    variables
}

fn is_mode(mode: &Node) -> bool {
    mode.is_null() || matches!(mode.text(), Some("development" | "production"))
}
