//! The first half of an answer: what is filled into the cluster that was asked for.

use serde_json::Value;

use super::attribute::{has_room, is_virtual, list_and_index, read, text, typed, with_index, write};
use super::definition::{Element, Rule};
use super::log_conf;
use super::question::Question;

/// What an element would fill in where its attribute is absent.
#[derive(Debug, Clone, PartialEq)]
pub enum Wish {
    /// Nothing.
    None,
    /// A value; true for `fixed`, false for a default.
    Value(Value, bool),
    /// A version of an alias that the facts do not know.
    UnknownAlias,
}

/// What is filled in (path, value, fixed or not), and the cluster with it.
pub fn supply(question: &Question<'_>) -> (Vec<(String, Value, bool)>, Value) {
    let mut cluster = question.review["cluster"].clone();
    let mut supplied = Vec::new();
    for element in in_order(&question.elements) {
        let Wish::Value(value, fixed) = wish(question, element) else {
            continue;
        };
        let Some(path) = place(question, element, &cluster) else {
            continue;
        };
        write(&mut cluster, &path, value.clone());
        supplied.push((path, value, fixed));
    }
    (supplied, cluster)
}

/// The elements in the order of the definition, except that the entries of a list come in order of index, where the
/// first of them stands.
fn in_order(elements: &[Element]) -> Vec<&Element> {
    let mut ordered = Vec::new();
    let mut seen = Vec::new();
    for element in elements {
        let Some((list, _)) = list_and_index(&element.path) else {
            ordered.push(element);
            continue;
        };
        if seen.contains(&list) {
            continue;
        }
        seen.push(list);
        let mut entries: Vec<(usize, &Element)> = elements
            .iter()
            .filter_map(|entry| Some((list_and_index(&entry.path)?, entry)))
            .filter(|((other, _), _)| *other == list)
            .map(|((_, index), entry)| (index, entry))
            .collect();
        entries.sort_by_key(|(index, _)| *index);
        ordered.extend(entries.into_iter().map(|(_, entry)| entry));
    }
    ordered
}

/// What an element would fill in, whatever the request says about its attribute.
pub fn wish(question: &Question<'_>, element: &Element) -> Wish {
    let path = &element.path;
    let for_any_entry = with_index(path, 0).is_some();
    if question.ignores(element) || question.is_unknown(path) || is_virtual(path) || for_any_entry {
        return Wish::None;
    }
    let (value, fixed) = match (&element.rule, &element.default) {
        (Rule::Fixed(_), _) if question.chooses("missing_fixed", "deny") => return Wish::None,
        (Rule::Fixed(value), _) => (value, true),
        (_, Some(default)) if question.defaults_asked() => (default, false),
        _ => return Wish::None,
    };
    if element.optional && question.chooses("optional_defaults", "leave") {
        return Wish::None;
    }
    if path == "spark_version" && text(value).starts_with("auto:") {
        return match question.alias(&text(value)) {
            Some(keys) => Wish::Value(Value::from(best_key(question, &keys)), fixed),
            None => Wish::UnknownAlias,
        };
    }
    Wish::Value(typed(path, value), fixed)
}

/// The key of an alias that is filled in: the first one, or the first one for GPUs where there are some.
fn best_key(question: &Question<'_>, keys: &[String]) -> String {
    let for_gpus = keys.iter().find(|key| key.contains("-gpu-"));
    let best = for_gpus.filter(|_| question.has_gpus()).or(keys.first());
    best.cloned().unwrap_or_default()
}

/// Where the value of an element would be written; none where something is there, or nothing can be.
fn place(question: &Question<'_>, element: &Element, cluster: &Value) -> Option<String> {
    let path = &element.path;
    if log_conf::is_synthetic(path) {
        return place_in_log_conf(question, path);
    }
    if let Some((list, index)) = list_and_index(path) {
        let reached = read(cluster, list).and_then(|entries| entries.as_array().map(Vec::len));
        if index >= reached.unwrap_or(0) && question.chooses("missing_entries", "deny") {
            return None;
        }
    }
    (read(cluster, path).is_none() && has_room(cluster, path)).then(|| path.clone())
}

/// Logs are filled in as a whole or not at all: the request has none, and both type and path are wished for.
fn place_in_log_conf(question: &Question<'_>, path: &str) -> Option<String> {
    if read(&question.review["cluster"], "cluster_log_conf").is_some() {
        return None;
    }
    let wished = |path: &str| match wish(question, question.element(path)?) {
        Wish::Value(value, _) => Some(value),
        _ => None,
    };
    wished("cluster_log_conf.path")?;
    log_conf::real_path(path, &text(&wished("cluster_log_conf.type")?))
}
