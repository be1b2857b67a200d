//! Variables of a bundle and their values: `--var`, else the environment's, else that of the target's file, else the target's, else
//! the default.
//!
//! The order is the CLI's (<https://docs.databricks.com/dev-tools/bundles/variables.html>); its message of a variable without value names
//! the file.

use std::collections::BTreeMap;

use super::node::{Members, Node, Place};
use super::{BundleOptions, Files};
use crate::model::diagnostic::{Diagnostic, Diagnostics};
use crate::model::document::Document;
use crate::model::strict_json;
use crate::model::suggest;

/// The code of a variable to which nobody gives a value.
const WITHOUT_VALUE: &str = "bundle::variable-without-value";

/// What a variable is.
#[derive(Debug, Clone, PartialEq)]
pub enum Variable {
    /// It has a value, in which there may be references.
    Given(Node),
    /// Its value is an id that only the workspace knows.
    Lookup,
    /// It has no value.
    Missing,
}

/// The variables of a bundle by their names; what has no value is told.
pub fn variables(
    defined: Option<Node>,
    of_target: Option<&Node>,
    of_file: Option<&Node>,
    options: &BundleOptions,
    source: &str,
    problems: &mut Vec<Diagnostic>,
) -> BTreeMap<String, Variable> {
    let none = Members::new();
    let defined = defined.as_ref().and_then(Node::members).unwrap_or(&none);
    let over = of_target.and_then(Node::members).unwrap_or(&none);
    let of_file = of_file.and_then(Node::members).unwrap_or(&none);
    let names: Vec<&str> = defined.keys().map(String::as_str).collect();
    let undefined = |name: &str, place: &Place, what: &str| {
        let path = format!("variables.{name}");
        let found = place.error(
            "bundle::undefined-variable",
            &path,
            format!("{what} a variable that is not defined"),
        );
        found.hint(suggest::hint(name, &names, |all| match all {
            "" => format!("define `{name}` in `variables`"),
            all => format!("the bundle defines {all}"),
        }))
    };
    for (name, value) in over {
        if !defined.contains_key(name) {
            problems.push(undefined(name, &value.place, "the target gives a value to"));
        }
    }
    let given = &options.variables;
    for name in given.keys().filter(|name| !defined.contains_key(*name)) {
        problems.push(undefined(name, &Place::whole(source), "--var gives a value to"));
    }
    let mut all = BTreeMap::new();
    for (name, definition) in defined {
        let over = over.get(name).filter(|node| !node.is_null());
        let is_complex = [Some(definition), over]
            .into_iter()
            .flatten()
            .any(|node| node.get("type").and_then(Node::text) == Some("complex"));
        let given = given.get(name).or_else(|| options.environment.get(name));
        let variable = match given {
            Some(text) => from_text(name, text, is_complex, definition, problems),
            None => in_files(name, definition, over, of_file.get(name), is_complex, problems),
        };
        all.insert(name.clone(), variable);
    }
    all
}

/// What `--var` gives: text; for a complex variable JSON.
fn from_text(
    name: &str,
    text: &str,
    is_complex: bool,
    definition: &Node,
    problems: &mut Vec<Diagnostic>,
) -> Variable {
    let place = &definition.place;
    if !is_complex {
        return Variable::Given(Node::scalar(text, place));
    }
    match strict_json::read(text) {
        Ok(value) => Variable::Given(Node::of_json(value, place)),
        Err(_) => {
            let message = "--var gives text to a variable of `type: complex`, expected JSON";
            let found = place.error("bundle::complex-variable", &format!("variables.{name}"), message);
            problems.push(found.hint(format!("--var '{name}={{\"key\": \"value\"}}'")));
            Variable::Missing
        }
    }
}

/// What files give: a lookup asks the workspace whatever they say, else the target's file counts before the bundle.
fn in_files(
    name: &str,
    definition: &Node,
    over: Option<&Node>,
    of_file: Option<&Node>,
    is_complex: bool,
    problems: &mut Vec<Diagnostic>,
) -> Variable {
    let mut told = Vec::new();
    let written = written(name, definition, over, &mut told);
    let of_file = of_file.filter(|node| written != Variable::Lookup && !node.is_null());
    let Some(value) = of_file else {
        problems.append(&mut told);
        return written;
    };
    told.retain(|problem| problem.code != WITHOUT_VALUE);
    problems.append(&mut told);
    from_file(name, value, is_complex, problems)
}

/// The file of a target's values, which the CLI reads beside the bundle; none where there is none.
pub fn file_of(
    source: &str,
    target: &str,
    files: &dyn Files,
    problems: &mut Vec<Diagnostic>,
) -> Option<Node> {
    // A name is no pattern; whose target has such a name has no file.
    if target.contains(['*', '?', '[', '\\']) {
        return None;
    }
    let path = format!(".databricks/bundle/{target}/variable-overrides.json");
    let read = |path: &String| {
        let document = Document::parse_json_or_yaml(path, &files.text(path)?)?;
        Ok(Node::of(&document))
    };
    // A folder that is not there holds no file.
    let found = files.matching(source, &path).ok()?;
    match found.first().map(read)? {
        Ok(node) if node.members().is_some() => Some(node),
        Ok(node) => {
            let message = format!("expected a map of variables, found {}", node.kind());
            problems.push(node.place.error("bundle::wrong-type", "", message));
            None
        }
        Err(Diagnostics(found)) => {
            problems.extend(found);
            None
        }
    }
}

/// What the file gives, which must be of the variable's type.
fn from_file(name: &str, value: &Node, is_complex: bool, problems: &mut Vec<Diagnostic>) -> Variable {
    let message = match (is_complex, value.is_scalar()) {
        (true, true) => format!("expected a map or a list, found {}", value.kind()),
        (false, false) => format!("expected one value, found {}", value.kind()),
        _ => return Variable::Given(value.clone()),
    };
    let found = value
        .place
        .error("bundle::complex-variable", &format!("variables.{name}"), message);
    let hint = "a variable has maps and lists if its definition says `type: complex`, and then nothing else";
    problems.push(found.hint(hint));
    Variable::Missing
}

fn written(name: &str, definition: &Node, over: Option<&Node>, problems: &mut Vec<Diagnostic>) -> Variable {
    let path = format!("variables.{name}");
    if let Some(over) = over {
        match parts(over) {
            Some(Parts { lookup: true, .. }) => return Variable::Lookup,
            Some(Parts {
                default: Some(default),
                ..
            }) => return Variable::Given(default.clone()),
            // Only its type or description.
            Some(_) => {}
            None => return Variable::Given(over.clone()),
        }
    }
    // Of a definition nothing at all is no value, of a target it is an empty one.
    let is_empty = definition.members().is_some_and(Members::is_empty);
    let defined = match is_empty {
        true => Some(Parts::default()),
        false => parts(definition),
    };
    match defined {
        Some(Parts { lookup: true, .. }) => Variable::Lookup,
        Some(Parts {
            default: Some(default),
            ..
        }) => Variable::Given(default.clone()),
        Some(_) => {
            let message = format!("the variable `{name}` has no value");
            let found = definition.place.error(WITHOUT_VALUE, &path, message);
            problems.push(found.hint(format!("--var {name}=VALUE, or give it a `default`")));
            Variable::Missing
        }
        None => {
            let message = format!("expected a map with `default`, found {}", definition.kind());
            problems.push(definition.place.error("bundle::wrong-type", &path, message));
            Variable::Given(definition.clone())
        }
    }
}

#[derive(Default)]
struct Parts<'a> {
    default: Option<&'a Node>,
    lookup: bool,
}

/// A definition's parts; none where the whole is a value.
fn parts(node: &Node) -> Option<Parts<'_>> {
    const KEYS: [&str; 5] = ["default", "description", "lookup", "type", "value"];
    if node.is_null() {
        return Some(Parts::default());
    }
    let members = node.members()?;
    if !members.keys().all(|key| KEYS.contains(&key.as_str())) {
        return None;
    }
    // `type` alone may be a key of a complex value: of a definition it says `complex`.
    if members.is_empty()
        || members
            .get("type")
            .is_some_and(|kind| kind.text() != Some("complex"))
    {
        return None;
    }
    Some(Parts {
        default: node.get("default"),
        lookup: node.get("lookup").is_some(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    /// What the target's file says.
    const FILE: &str =
        "{\"p\": 7, \"q\": {\"x\": 1}, \"r\": [1], \"s\": 1, \"t\": 5, \"u\": null, \"nobody\": 1}";

    fn read(defined: &str, target: &str, given: &[(&str, &str)]) -> (BTreeMap<String, Value>, Vec<String>) {
        let node = |text: &str| Node::of(&Document::parse("b.yml", text).unwrap());
        let given = given.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned()));
        let environment = [("a", "of the environment"), ("nobody", "has it")];
        let options = BundleOptions {
            variables: given.collect(),
            environment: environment.map(|(k, v)| (k.to_owned(), v.to_owned())).into(),
            ..BundleOptions::default()
        };
        let mut problems = Vec::new();
        let read = variables(
            Some(node(defined)),
            Some(&node(target)),
            Some(&node(FILE)),
            &options,
            "b.yml",
            &mut problems,
        );
        let values = read.into_iter().map(|(name, variable)| {
            let value = match variable {
                Variable::Given(node) => node.value(),
                Variable::Lookup => json!("(lookup)"),
                Variable::Missing => json!("(missing)"),
            };
            (name, value)
        });
        let told = problems
            .iter()
            .map(|p| format!("{} {} {}", p.code, p.line, p.path));
        (values.collect(), told.collect())
    }

    #[test]
    fn the_command_line_counts_most_then_the_environment_the_target_and_the_default() {
        let defined = "a: {default: 1}\nb: {default: 2}\nc: {default: 3}\nd: {lookup: {cluster_policy: p}}\n\
                       e:\ni: {}\nf: {type: complex, default: {x: 1, y: 2}}\ng: {description: d}\nh: {type: complex}\n";
        let (values, told) = read(
            defined,
            "b: 20\nc: {default: 30}\nf: {x: 5}\nz: 1\n",
            &[("c", "300"), ("h", "{\"k\": [1]}"), ("y", "1")],
        );
        let expected = [
            ("a", json!("of the environment")),
            ("b", json!(20)),
            ("c", json!("300")),
            ("d", json!("(lookup)")),
            ("e", json!("(missing)")),
            ("f", json!({"x": 5})),
            ("g", json!("(missing)")),
            ("h", json!({"k": [1]})),
            ("i", json!("(missing)")),
        ];
        assert_eq!(values, expected.map(|(k, v)| (k.to_owned(), v)).into());
        assert_eq!(
            told,
            [
                "bundle::undefined-variable 4 variables.z",
                "bundle::undefined-variable 0 variables.y",
                "bundle::variable-without-value 5 variables.e",
                "bundle::variable-without-value 8 variables.g",
                "bundle::variable-without-value 6 variables.i",
            ]
        );
        assert_eq!(
            read("h: {type: complex}\n", "{}", &[("h", "x")]).1,
            ["bundle::complex-variable 1 variables.h"]
        );
    }

    #[test]
    fn the_file_of_a_target_counts_before_what_the_bundle_says() {
        let defined = "p: {default: 1}\nq: {type: complex, default: {}}\nr: {default: x}\ns: {type: complex}\n\
                       t: {lookup: {cluster: c}}\nu: {default: 9}\n";
        let (values, told) = read(defined, "p: 2\n", &[]);
        let expected = [
            ("p", json!(7)),
            ("q", json!({"x": 1})),
            ("r", json!("(missing)")),
            ("s", json!("(missing)")),
            ("t", json!("(lookup)")),
            ("u", json!(9)),
        ];
        assert_eq!(values, expected.map(|(k, v)| (k.to_owned(), v)).into());
        assert_eq!(
            told,
            [
                "bundle::complex-variable 1 variables.r",
                "bundle::complex-variable 1 variables.s"
            ]
        );
        // A definition that is none is told all the same.
        assert_eq!(read("p: 5\n", "{}", &[]).1, ["bundle::wrong-type 1 variables.p"]);
        // What the file alone gives is a value.
        assert_eq!(read("p:\n", "{}", &[]).1, [""; 0]);
        assert_eq!(read("p: {default: 1}\n", "{}", &[("p", "3")]).0["p"], json!("3"));
    }
}
