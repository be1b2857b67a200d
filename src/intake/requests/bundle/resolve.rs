//! References in values: `${var.x}`, `${bundle.target}`, `${workspace.host}`.
//!
//! A value that is nothing but a reference gets the value with its type; inside text it becomes text. What nobody knows
//! (look-ups, ids of resources, who deploys) stays as it is written, and is unknown to those who read it.

use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::node::{Data, Node, Place, below};
use super::variables::Variable;
use crate::model::diagnostic::Diagnostic;
use crate::model::suggest;

/// References that may follow each other: a variable in the default of a variable, and so on.
const MAX_CHAIN: usize = 32;
/// Deepest nesting of what references put together.
const MAX_DEPTH: usize = 80;
/// Deepest recursion, a reference inside the value of a reference included.
const MAX_RECURSION: usize = 256;
/// Values and bytes of text that references may put in, all together: variables that name each other ten times grow like
/// aliases.
const MAX_SIZE: usize = 4_000_000;
/// Times that one text is read again, since a reference may be built from references.
const MAX_ROUNDS: usize = 4;

/// Puts values in the place of references.
pub struct Resolver<'a> {
    /// The bundle, of which `bundle` and `workspace` are read.
    root: &'a Node,
    variables: &'a BTreeMap<String, Variable>,
    /// What references were found to be; none for what is not known.
    known: BTreeMap<String, Option<Known>>,
    /// References that are being followed.
    open: Vec<String>,
    recursion: usize,
    left: usize,
    is_full: bool,
    told: BTreeSet<(Place, String)>,
    /// What is wrong.
    pub problems: Vec<Diagnostic>,
}

/// What a reference was found to be.
#[derive(Clone)]
struct Known {
    node: Arc<Node>,
    size: usize,
}

impl<'a> Resolver<'a> {
    /// Over a bundle and its variables.
    pub fn new(root: &'a Node, variables: &'a BTreeMap<String, Variable>) -> Resolver<'a> {
        Resolver {
            root,
            variables,
            known: BTreeMap::new(),
            open: Vec::new(),
            recursion: 0,
            left: MAX_SIZE,
            is_full: false,
            told: BTreeSet::new(),
            problems: Vec::new(),
        }
    }

    /// The same value without the references that are known. `path` is where it is.
    pub fn resolve(&mut self, node: &Node, path: &str) -> Node {
        self.resolve_at(node, path, 0)
    }

    fn resolve_at(&mut self, node: &Node, path: &str, depth: usize) -> Node {
        if depth > MAX_DEPTH || self.recursion > MAX_RECURSION {
            self.tell(
                &node.place,
                path,
                "bundle::too-large",
                format!("variables nest values deeper than {MAX_DEPTH} levels"),
                "variables that hold each other may be meant the other way round",
            );
            return Node::scalar(Value::Null, &node.place);
        }
        self.recursion = self.recursion.saturating_add(1);
        let resolved = self.resolve_inside(node, path, depth);
        self.recursion = self.recursion.saturating_sub(1);
        resolved
    }

    fn resolve_inside(&mut self, node: &Node, path: &str, depth: usize) -> Node {
        let deeper = depth.saturating_add(1);
        let data = match &node.data {
            Data::List(items) => Data::List(
                items
                    .iter()
                    .enumerate()
                    .map(|(i, item)| self.resolve_at(item, &below(path, &i.to_string()), deeper))
                    .collect(),
            ),
            Data::Map(members) => Data::Map(
                members
                    .iter()
                    .map(|(key, item)| (key.clone(), self.resolve_at(item, &below(path, key), deeper)))
                    .collect(),
            ),
            Data::Scalar(Value::String(text)) if text.contains("${") => {
                return self.text(text, &node.place, path, depth);
            }
            scalar => scalar.clone(),
        };
        Node {
            data,
            place: node.place.clone(),
        }
    }

    fn text(&mut self, text: &str, place: &Place, path: &str, depth: usize) -> Node {
        let mut text = text.to_owned();
        for _ in 0..MAX_ROUNDS {
            if let Some(reference) = whole(&text) {
                let reference = reference.to_owned();
                return match self.taken(&reference, place, path) {
                    Some(found) => self.put(found, place, path, depth),
                    None => Node::scalar(text, place),
                };
            }
            let replaced = self.inside(&text, place, path);
            if replaced == text {
                break;
            }
            text = replaced;
        }
        Node::scalar(text, place)
    }

    /// A found value in the place of a reference: a scalar stands where the reference does, what a map or a list holds
    /// where it is written.
    fn put(&mut self, mut found: Node, place: &Place, path: &str, depth: usize) -> Node {
        found.place = place.clone();
        if depth.saturating_add(levels(&found)) > MAX_DEPTH {
            return self.resolve_at(&found, path, depth);
        }
        found
    }

    /// The text with every reference replaced that is a scalar.
    fn inside(&mut self, text: &str, place: &Place, path: &str) -> String {
        let (mut result, mut rest) = (String::new(), text);
        while let Some(start) = rest.find("${") {
            let (before, from) = rest.split_at(start);
            result.push_str(before);
            let reference = from.strip_prefix("${").and_then(named).map(str::to_owned);
            let found = match &reference {
                Some(reference) => self
                    .taken(reference, place, path)
                    .and_then(|node| match node.data {
                        Data::Scalar(Value::String(text)) => Some(text),
                        Data::Scalar(Value::Null) | Data::List(_) | Data::Map(_) => None,
                        Data::Scalar(other) => Some(other.to_string()),
                    }),
                None => None,
            };
            let length = reference.map_or(2, |name| name.len().saturating_add(3));
            let (written, after) = from.split_at(length);
            result.push_str(found.as_deref().unwrap_or(written));
            rest = after;
        }
        result.push_str(rest);
        result
    }

    /// What a reference is, as long as there is room for it.
    fn taken(&mut self, reference: &str, place: &Place, path: &str) -> Option<Node> {
        let found = self.known_as(reference, place, path)?;
        match self.left.checked_sub(found.size) {
            Some(left) => {
                self.left = left;
                Some((*found.node).clone())
            }
            // Told once: everything that follows finds no room either.
            None if self.is_full => None,
            None => {
                self.is_full = true;
                self.tell(
                    place,
                    path,
                    "bundle::too-large",
                    format!("variables make more than {MAX_SIZE} values and bytes of text"),
                    "variables that name each other several times grow without end",
                );
                None
            }
        }
    }

    fn known_as(&mut self, reference: &str, place: &Place, path: &str) -> Option<Known> {
        if let Some(known) = self.known.get(reference) {
            return known.clone();
        }
        if self.open.iter().any(|open| open == reference) {
            let mut circle: Vec<&str> = self.open.iter().map(String::as_str).collect();
            circle.drain(..circle.iter().position(|open| *open == reference).unwrap_or(0));
            let message = format!(
                "a circle of references: {} leads back to {reference}",
                circle.join(", then ")
            );
            self.tell(
                place,
                path,
                "bundle::cyclic-variable",
                message,
                "give one of them a value of its own",
            );
            return None;
        }
        if self.open.len() >= MAX_CHAIN {
            self.tell(
                place,
                path,
                "bundle::too-large",
                format!("more than {MAX_CHAIN} references that lead to each other"),
                "give the variable its value with fewer steps",
            );
            return None;
        }
        self.open.push(reference.to_owned());
        let found = self.looked_up(reference, place, path).map(|node| Known {
            size: node.size(),
            node: Arc::new(node),
        });
        self.open.pop();
        self.known.insert(reference.to_owned(), found.clone());
        found
    }

    fn looked_up(&mut self, reference: &str, place: &Place, path: &str) -> Option<Node> {
        let steps: Vec<String> = steps(reference);
        let steps: Vec<&str> = steps.iter().map(String::as_str).collect();
        let (start, rest, at) = match steps.as_slice() {
            ["var", name, rest @ ..] | ["variables", name, "value", rest @ ..] => {
                let variable = self.variables.get(*name);
                match variable {
                    Some(Variable::Given(node)) => (node, rest, format!("variables.{name}")),
                    Some(Variable::Lookup | Variable::Missing) => return None,
                    None => {
                        self.undefined(name, place, path);
                        return None;
                    }
                }
            }
            [section @ ("bundle" | "workspace"), rest @ ..] => {
                (self.root.get(section)?, rest, (*section).to_owned())
            }
            _ => return None,
        };
        let is_variable = at.starts_with("variables.");
        let mut node = start;
        let resolved;
        let mut at = at;
        for step in rest {
            if node.text().is_some_and(|text| text.contains("${")) {
                resolved = self.resolve_at(node, &at, 0);
                if resolved.text().is_some() {
                    // What it is hangs on something that is not known.
                    return None;
                }
                let found = resolved.at(rest_from(rest, step)).cloned();
                return self.found(found, is_variable, reference, place, path);
            }
            match node.step(step) {
                Some(inner) => node = inner,
                None => return self.found(None, is_variable, reference, place, path),
            }
            at = below(&at, step);
        }
        Some(self.resolve_at(node, &at, 0)).filter(|node| !node.is_null())
    }

    /// A part of a variable that is not there is a slip of the pen; of `bundle` and `workspace` the CLI knows more than we.
    fn found(
        &mut self,
        found: Option<Node>,
        is_variable: bool,
        reference: &str,
        place: &Place,
        path: &str,
    ) -> Option<Node> {
        if found.is_none() && is_variable {
            let message = format!("`${{{reference}}}` leads to nothing");
            let hint = "name a member that the variable's value has";
            self.tell(place, path, "bundle::undefined-variable", message, hint);
        }
        found
    }

    fn undefined(&mut self, name: &str, place: &Place, path: &str) {
        let names: Vec<&str> = self.variables.keys().map(String::as_str).collect();
        let hint = suggest::hint(name, &names, |all| match all {
            "" => format!("define `{name}` in `variables`"),
            all => format!("the bundle defines {all}"),
        });
        let message = format!("`${{var.{name}}}` names a variable that is not defined");
        self.tell(place, path, "bundle::undefined-variable", message, &hint);
    }

    /// Tells what is wrong, once for each place.
    fn tell(&mut self, place: &Place, path: &str, code: &'static str, message: String, hint: &str) {
        if self.told.insert((place.clone(), message.clone())) {
            self.problems.push(place.error(code, path, message).hint(hint));
        }
    }
}

/// The steps from one of them on.
fn rest_from<'s>(all: &[&'s str], from: &str) -> Vec<&'s str> {
    let start = all.iter().position(|step| std::ptr::eq(*step, from)).unwrap_or(0);
    all.iter().skip(start).copied().collect()
}

fn levels(node: &Node) -> usize {
    let below = match &node.data {
        Data::Scalar(_) => 0,
        Data::List(items) => items.iter().map(levels).max().unwrap_or(0),
        Data::Map(members) => members.values().map(levels).max().unwrap_or(0),
    };
    below.saturating_add(1)
}

/// The reference that a whole text is.
pub fn whole(text: &str) -> Option<&str> {
    let inner = text.strip_prefix("${")?;
    let name = named(inner)?;
    (inner.len() == name.len().saturating_add(1)).then_some(name)
}

/// The reference that stands before a closing brace: `a.b-c[0].d_e`.
fn named(rest: &str) -> Option<&str> {
    let name = rest.get(..rest.find('}')?)?;
    let is_part = |c: char| c.is_ascii_alphanumeric() || "._-[]".contains(c);
    let begins = name.starts_with(|c: char| c.is_ascii_alphabetic());
    (begins && name.chars().all(is_part)).then_some(name)
}

/// `var.list[0].x` as steps.
pub fn steps(reference: &str) -> Vec<String> {
    reference
        .split(['.', '['])
        .map(|step| step.trim_end_matches(']').to_owned())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::BundleOptions;
    use super::*;
    use crate::model::document::Document;
    use serde_json::json;

    /// What `in` is after everything was put in, and what was told: code, line, path.
    fn resolved(text: &str) -> (Value, Vec<(&'static str, usize, String)>) {
        let root = Node::of(&Document::parse("b.yml", text).unwrap());
        let mut problems = Vec::new();
        let variables = super::super::variables::variables(
            root.get("variables").cloned(),
            None,
            None,
            &BundleOptions::default(),
            "b.yml",
            &mut problems,
        );
        let mut resolver = Resolver::new(&root, &variables);
        let found = resolver.resolve(root.get("in").unwrap(), "in");
        problems.append(&mut resolver.problems);
        let told = problems.into_iter().map(|p| (p.code, p.line, p.path)).collect();
        (found.value(), told)
    }

    #[test]
    fn a_whole_value_keeps_its_type_and_inside_text_it_is_text() {
        let (found, told) = resolved(
            "bundle: {name: b, target: dev}\nvariables:\n  n: {default: 4}\n  t: {default: 'x-${var.n}'}\n  \
             m: {type: complex, default: {k: {d: '${var.t}'}, l: [1, 2], s: '${var.m.l[1]}'}}\n  id: {lookup: {cluster: c}}\n  \
             alias: {default: '${var.m}'}\n  env: {default: n}\n\
             in:\n  a: ${var.n}\n  b: '${var.n} of ${bundle.name}'\n  c: ${var.m}\n  d: ${var.m.k.d}\n  e: ${var.id}\n  \
             f: ${workspace.current_user.short_name}-${bundle.target}\n  g: ${resources.jobs.j.id}\n  h: ${var.alias.l[0]}\n  \
             i: ${var.${var.env}}\n  j: 'no ${ reference} ${'\n  k: '${var.m} inside'\n",
        );
        assert_eq!(
            found,
            json!({"a": 4, "b": "4 of b", "c": {"k": {"d": "x-4"}, "l": [1, 2], "s": 2}, "d": "x-4", "e": "${var.id}",
                "f": "${workspace.current_user.short_name}-dev", "g": "${resources.jobs.j.id}", "h": 1, "i": 4,
                "j": "no ${ reference} ${", "k": "${var.m} inside"})
        );
        assert_eq!(told, []);
    }

    #[test]
    fn what_leads_nowhere_is_told_where_it_stands() {
        let (found, told) = resolved(
            "variables:\n  a: {default: '${var.b}'}\n  b: {default: 'x ${var.a}'}\n  m: {default: {k: 1}}\n  none:\n\
             in:\n  a: ${var.a}\n  b: ${var.zzz}\n  c: ${var.m.q}\n  d: ${var.none}\n",
        );
        assert_eq!(found["d"], "${var.none}");
        let codes: Vec<_> = told
            .iter()
            .map(|(code, line, path)| (*code, *line, path.as_str()))
            .collect();
        assert_eq!(
            codes,
            [
                ("bundle::variable-without-value", 5, "variables.none"),
                ("bundle::cyclic-variable", 3, "variables.b"),
                ("bundle::undefined-variable", 8, "in.b"),
                ("bundle::undefined-variable", 9, "in.c"),
            ]
        );
    }

    #[test]
    fn what_grows_without_end_is_bounded() {
        let of = |line: &dyn Fn(usize) -> String, n: usize| {
            let lines: String = (1..n).map(line).collect();
            resolved(&format!(
                "variables:\n  a0: {{default: xxxxxxxxxx}}\n{lines}in: ${{var.a{}}}\n",
                n - 1
            ))
            .1
        };
        let ten = |reference: String| vec![reference; 10];
        let lists = of(
            &|i| {
                format!(
                    "  a{i}: {{default: [{}]}}\n",
                    ten(format!("'${{var.a{}}}'", i - 1)).join(", ")
                )
            },
            12,
        );
        assert_eq!(lists[0].0, "bundle::too-large");
        let texts = of(
            &|i| {
                format!(
                    "  a{i}: {{default: '{}'}}\n",
                    ten(format!("${{var.a{}}}", i - 1)).concat()
                )
            },
            12,
        );
        assert_eq!(texts[0].0, "bundle::too-large");
        let chain = of(
            &|i| format!("  a{i}: {{default: '${{var.a{}}}'}}\n", i - 1),
            5_000,
        );
        assert_eq!(chain[0].0, "bundle::too-large");
        let deep = of(
            &|i| format!("  a{i}: {{default: [[[['${{var.a{}}}']]]]}}\n", i - 1),
            30,
        );
        assert_eq!(deep[0].0, "bundle::too-large");
    }
}
