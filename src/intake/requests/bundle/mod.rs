//! Asset bundles: `databricks.yml`, and what `databricks bundle validate -o json` makes of it.
//!
//! ```text
//! databricks.yml ─ load: the root and what it includes, one tree; every value knows its file and line
//!   └ target: chosen, merged over it ─ variables: each has a value, or is looked up, or is told
//!       └ resolve: ${var.x}, ${bundle.x}, ${workspace.x} ─ completion: what the CLI adds, merges and leaves out
//!           └ resources: requests and resources  ◄── the JSON of bundle validate
//! ```
//!
//! Both forms give the same requests: same addresses, same bodies, same unknown attributes. Only YAML has the places of
//! what somebody wrote, and only of YAML it is known what nobody wrote (`injected`).
//!
//! Where the CLI's documentation says nothing, or nothing clear:
//!
//! | point | what is done |
//! |---|---|
//! | place of a value that comes from a variable | that of the reference; what a map or list of a variable holds stands where the variable has it |
//! | place of a cluster | where its entry stands first; attributes that a target overrides stand in the target |
//! | place of what the CLI adds | that of the cluster |
//! | several targets, none chosen | an error; the one of one target, or the one with `default: true`, is meant otherwise |
//! | `--var` of a variable of `type: complex` | JSON; the CLI refuses it |
//! | a target gives `default` to a variable that is a `lookup` | the target counts |
//! | `${bundle.x}`, `${workspace.x}` that the files do not have | unknown: the CLI asks the workspace |
//! | `${resources.x.y.id}` | a reference; other attributes are looked up among the bundle's resources |
//! | one key for two resources | an error as in the CLI, whatever their kinds; the first is read |
//! | `include` inside an included file | ignored, with a warning |
//! | tasks and job clusters without a key | not merged: the CLI would make one of them |
//! | `cluster_id` of a target | stands in for the compute of all jobs in every mode, as in the CLI |
//! | prefix and tags of presets on pools, prefix on policies | put on, as on clusters |
//! | tags in characters that a cloud does not allow | stay as they are: the CLI changes them by the workspace's cloud |
//! | empty text | left out, as the CLI does since 1.10 |
//! | local paths (libraries, init scripts, wheels) | stay as written: the CLI makes workspace paths of them |

mod completion;
mod load;
mod merge;
mod node;
mod presets;
mod resolve;
mod resources;
mod shape;
mod target;
mod variables;

use serde_json::Value;
use serde_json::value::RawValue;
use std::collections::BTreeMap;

use self::completion::{Injected, complete};
use self::load::load;
use self::node::{Members, Node};
use self::presets::Presets;
use self::resolve::Resolver;
use self::resources::{Common, KINDS, sorted};
use self::target::choose;
use self::variables::{file_of, variables};
use super::reading::Reading;
use super::request::Surroundings;
use crate::model::diagnostic::{Diagnostic, Diagnostics};
use crate::model::json_text::{JsonText, member, members};
use crate::model::suggest;

/// What a bundle takes from outside.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct BundleOptions {
    /// The target; else the one that says `default: true`, else the only one.
    pub target: Option<String>,
    /// Values of variables (`--var`), over all others.
    pub variables: BTreeMap<String, String>,
    /// Values of variables from the environment (`BUNDLE_VAR_name`), below those and over what is written; of names that
    /// the bundle does not have they say nothing.
    pub environment: BTreeMap<String, String>,
    /// Short name of the user who deploys, for names of development mode; unknown where not given.
    pub user: Option<String>,
}

/// Files beside the one that is read.
pub trait Files {
    /// Paths of the files that a pattern of `include` names, sorted, relative as the pattern is to the file `from`.
    ///
    /// # Errors
    /// A folder that cannot be read.
    fn matching(&self, from: &str, pattern: &str) -> Result<Vec<String>, Diagnostics>;

    /// The text of a file.
    ///
    /// # Errors
    /// `file::*`.
    fn text(&self, path: &str) -> Result<String, Diagnostics>;
}

/// Reads a `databricks.yml` with everything it includes.
pub fn read(source: &str, text: &str, files: &dyn Files, options: &BundleOptions) -> Reading {
    let mut reading = Reading::default();
    let problems = &mut reading.problems.0;
    let Some(mut root) = load(source, text, files, problems) else {
        return reading;
    };
    let Some(target) = choose(&mut root, options.target.as_deref(), problems) else {
        return reading;
    };
    let defined = root.members_mut().and_then(|members| members.remove("variables"));
    let of_file = file_of(source, &target.name, files, problems);
    let variables = variables(
        defined,
        target.variables.as_ref(),
        of_file.as_ref(),
        options,
        source,
        problems,
    );
    if let Some(user) = &options.user {
        deployed_by(&mut root, user);
    }
    let mut resolver = Resolver::new(&root, &variables);
    let mut resolved = |steps: &[&str]| {
        let node = root.at(steps.iter().copied()).filter(|node| !node.is_null())?;
        Some(resolver.resolve(node, &steps.join(".")))
    };
    let mut resources = resolved(&["resources"]).unwrap_or_else(|| Node::empty(&root.place));
    let presets = resolved(&["presets"]);
    let host = resolved(&["workspace", "host"]);
    let compute = resolved(&["bundle", "cluster_id"]);
    problems.append(&mut resolver.problems);
    let is_development = root.at(["bundle", "mode"]).and_then(Node::text) == Some("development");
    let development = is_development.then_some(options.user.as_deref());
    let presets = Presets::of(presets.as_ref(), development, problems);
    let injected = match resources.members_mut() {
        Some(members) => {
            only_maps(members, problems);
            complete(members, &presets, compute.as_ref(), problems)
        }
        None => Injected::new(),
    };
    let common = Common {
        all: &resources.value(),
        around: &Surroundings {
            target: Some(target.name),
            workspace: host.as_ref().and_then(Node::text).and_then(host_of),
            ..Surroundings::default()
        },
        injected: &injected,
    };
    for kind in KINDS {
        let of_kind = resources.get(kind).and_then(Node::members);
        for (key, resource) in of_kind.into_iter().flatten() {
            let place = |pointer: &str| {
                let place = resource.place_of(pointer);
                (place.file.to_string(), place.line)
            };
            common.read(
                (kind, key),
                resource.value(),
                &place,
                Some(resource),
                &mut reading,
            );
        }
    }
    reading
}

/// Who deploys is known: a part of `workspace` that no file has.
fn deployed_by(root: &mut Node, user: &str) {
    let mut at = root;
    for key in ["workspace", "current_user"] {
        let place = at.place.clone();
        let Some(members) = at.members_mut() else { return };
        at = members
            .entry(key.to_owned())
            .or_insert_with(|| Node::empty(&place));
    }
    let place = at.place.clone();
    if let Some(members) = at.members_mut() {
        members.insert("short_name".to_owned(), Node::scalar(user, &place));
    }
}

/// Kinds of resources are maps of maps; what is none is told and taken out. A kind that is nearly one of those that need
/// compute is told, of others there are more with every month.
fn only_maps(kinds: &mut Members, problems: &mut Vec<Diagnostic>) {
    for (kind, of_kind) in kinds.iter_mut() {
        if !KINDS.contains(&kind.as_str()) {
            let hint = suggest::hint(kind, &KINDS, |_| String::new());
            if !hint.is_empty() {
                let path = format!("resources.{kind}");
                let message = format!("unknown kind of resources `{kind}`");
                problems.push(
                    of_kind
                        .place
                        .warning("bundle::unknown-key", &path, message)
                        .hint(hint),
                );
            }
            continue;
        }
        if of_kind.is_null() {
            continue;
        }
        let path = format!("resources.{kind}");
        if of_kind.members().is_none() {
            let message = format!("expected a map of resources, found {}", of_kind.kind());
            problems.push(of_kind.place.error("bundle::wrong-type", &path, message));
        }
        if let Some(members) = of_kind.members_mut() {
            members.retain(|key, resource| {
                if resource.members().is_none() {
                    let message = format!("expected a map, found {}", resource.kind());
                    let path = format!("{path}.{key}");
                    problems.push(resource.place.error("bundle::wrong-type", &path, message));
                }
                resource.members().is_some()
            });
        }
    }
}

/// A host. One that hangs on something unknown stays a template: there is one, and nobody knows which.
fn host_of(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.to_owned())
}

/// Reads what `bundle validate -o json` or `bundle summary -o json` prints.
pub fn validated<'a>(source: &str, json: &JsonText<'a>, raw: &'a RawValue, bundle: Value) -> Reading {
    let mut reading = Reading::default();
    if bundle.get("targets").is_some() {
        let line = json.line_below(raw, ["targets"]);
        let message =
            "a configuration with its targets not merged: what the CLI prints where it stopped with an error";
        let found = Diagnostic::warning("bundle::unmerged", source, message).at(line, 0);
        let found = found.path("targets");
        reading.problems.0.push(
            found.hint("its standard error says what is wrong; no target's values are in what follows"),
        );
    }
    let text = |pointer: &str| bundle.pointer(pointer).and_then(Value::as_str);
    let none = Value::Null;
    let all = bundle.get("resources").unwrap_or(&none);
    let common = Common {
        all,
        around: &Surroundings {
            target: text("/bundle/target").map(str::to_owned),
            workspace: text("/workspace/host").and_then(host_of),
            ..Surroundings::default()
        },
        injected: &Injected::new(),
    };
    for kind in KINDS {
        let parts = member(raw, "resources").and_then(|resources| member(resources, kind));
        let parts = parts.and_then(members).unwrap_or_default();
        for (key, resource) in sorted(all.get(kind)) {
            let Some(part) = parts.get(key).copied() else {
                continue;
            };
            let place = |pointer: &str| (source.to_owned(), json.line_at(part, pointer));
            if resource.is_object() {
                common.read((kind, key), resource.clone(), &place, None, &mut reading);
                continue;
            }
            let found =
                Diagnostic::error("bundle::wrong-type", source, "expected an object").at(place("").1, 0);
            reading
                .problems
                .0
                .push(found.path(format!("resources.{kind}.{key}")));
        }
    }
    reading
}

#[cfg(test)]
mod tests;
