//! One value over another, as the CLI merges files and targets.

use std::collections::BTreeMap;

use super::node::{Data, Node, below};
use crate::model::diagnostic::Diagnostic;

/// Puts `over` over `base`: members of maps are merged, lists are appended, of scalars the second counts; nothing over
/// something leaves it. A map keeps the place it had first.
pub fn merge(base: &mut Node, over: Node, path: &str, problems: &mut Vec<Diagnostic>) {
    if over.is_null() {
        return;
    }
    if base.is_null() {
        *base = over;
        return;
    }
    match (&mut base.data, over.data) {
        (Data::Map(members), Data::Map(others)) => {
            for (key, other) in others {
                match members.get_mut(&key) {
                    Some(member) => merge(member, other, &below(path, &key), problems),
                    None => {
                        members.insert(key, other);
                    }
                }
            }
        }
        (Data::List(items), Data::List(mut others)) => items.append(&mut others),
        (Data::Scalar(value), Data::Scalar(other)) => {
            (*value, base.place) = (other, over.place);
        }
        (_, data) => {
            let over = Node {
                data,
                place: over.place,
            };
            let found = over.place.error(
                "bundle::merge",
                path,
                format!(
                    "found {}, expected {} as in {}:{}, over which it would be merged",
                    over.kind(),
                    base.kind(),
                    base.place.file,
                    base.place.line
                ),
            );
            problems.push(found.hint("give both the same shape"));
        }
    }
}

/// Merges the entries of a list that have the same key, in the order written, and sorts them by it as the CLI does.
/// Entries without a key get the `default`; without one they stay as they are, behind the others.
pub fn by_key(list: &mut Node, key: &str, default: Option<&str>, path: &str, problems: &mut Vec<Diagnostic>) {
    let Some(items) = list.items_mut() else { return };
    let (mut keyed, mut others) = (BTreeMap::<String, Node>::new(), Vec::new());
    for mut item in std::mem::take(items) {
        let named = item.get(key).and_then(Node::text).map(str::to_owned);
        // Labels of a pipeline's clusters are what has a default, and their case does not count.
        let named = match default {
            Some(default) => Some(named.map_or_else(|| default.to_owned(), |text| text.to_ascii_lowercase())),
            None => named,
        };
        let Some(name) = named.filter(|_| item.members().is_some()) else {
            others.push(item);
            continue;
        };
        let place = item.get(key).map_or(&item.place, |node| &node.place).clone();
        if let Some(members) = item.members_mut() {
            members.insert(key.to_owned(), Node::scalar(name.clone(), &place));
        }
        match keyed.get_mut(&name) {
            Some(known) => merge(known, item, &below(path, &name), problems),
            None => {
                keyed.insert(name, item);
            }
        }
    }
    items.extend(keyed.into_values().chain(others));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::document::Document;
    use serde_json::json;

    fn node(source: &str, text: &str) -> Node {
        Node::of(&Document::parse(source, text).unwrap())
    }

    #[test]
    fn maps_merge_lists_are_appended_and_places_follow() {
        let mut base = node("a.yml", "a: 1\nb: {c: [1], d: x}\ne:\nf: [1]\n");
        let over = node("b.yml", "\nb: {c: [2], d: y}\ne: {g: 1}\na:\nf: {}\n");
        let mut problems = Vec::new();
        merge(&mut base, over, "x", &mut problems);
        assert_eq!(
            base.value(),
            json!({"a": 1, "b": {"c": [1, 2], "d": "y"}, "e": {"g": 1}, "f": [1]})
        );
        let at = |pointer: &str| {
            (
                base.place_of(pointer).file.to_string(),
                base.place_of(pointer).line,
            )
        };
        assert_eq!(at("/b"), ("a.yml".to_owned(), 2));
        assert_eq!(
            (at("/b/d"), at("/b/c/1")),
            (("b.yml".to_owned(), 2), ("b.yml".to_owned(), 2))
        );
        let told: Vec<_> = problems
            .iter()
            .map(|p| (p.code, p.line, p.path.as_str()))
            .collect();
        assert_eq!(told, [("bundle::merge", 5, "x.f")]);
    }

    #[test]
    fn entries_with_one_key_are_one() {
        let merged = |text: &str, key: &str, default: Option<&str>| {
            let mut list = node("a.yml", text);
            by_key(&mut list, key, default, "", &mut Vec::new());
            list.value()
        };
        assert_eq!(
            merged(
                "[{k: b, n: 1, l: [1]}, {n: 9}, {k: a}, {k: b, n: 2, l: [2]}]",
                "k",
                None
            ),
            json!([{"k": "a"}, {"k": "b", "n": 2, "l": [1, 2]}, {"n": 9}])
        );
        assert_eq!(
            merged(
                "[{n: 1}, {label: Default, m: 2}, {label: MAINTENANCE}]",
                "label",
                Some("default")
            ),
            json!([{"label": "default", "n": 1, "m": 2}, {"label": "maintenance"}])
        );
    }
}
