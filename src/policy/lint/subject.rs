//! A definition as the checks see it: its elements, each with the place it is written at.

use serde_json::{Map, Value};
use std::collections::HashMap;
use tollgate_policy_language::{Element, Finding as Judgement, Meanings, Problem, Rule, attribute};

use super::codes;
use super::texts::{is_secret, is_template};
use super::world::World;
use crate::model::diagnostic::Diagnostic;
use crate::model::finding::{Edit, Finding};
use crate::model::passage::Passage;
use crate::model::tree::{Content, Member, Node, Span};

/// A definition, or the overrides of a family, and everything that is needed to judge it.
pub(super) struct Subject<'a> {
    /// The text it stands in.
    pub passage: &'a Passage<'a>,
    /// The whole.
    pub root: &'a Node,
    /// What comes before an attribute's path in the path of a finding: `definition.`.
    pub prefix: String,
    /// Its elements; of two with one path the last one.
    pub entries: Vec<Entry<'a>>,
    /// Elements of the family that these ones are put over.
    pub inherited: Vec<Element>,
    /// What is known of node types and runtimes.
    pub world: &'a World,
}

/// An element of the definition.
pub(super) struct Entry<'a> {
    /// The attribute.
    pub path: &'a str,
    /// Where key and element are written.
    pub member: &'a Member,
    /// The element, or what hinders reading it.
    pub element: Result<Element, Vec<Problem>>,
}

impl<'a> Entry<'a> {
    /// What is written for the attribute.
    pub fn node(&self) -> &'a Node {
        &self.member.value
    }

    /// The values that the element names, with the member each stands in: `value`, `values`, `defaultValue`.
    pub fn scalars(&self) -> Vec<(&'static str, &'a Node, String)> {
        let mut found = Vec::new();
        for name in ["value", "values", "defaultValue"] {
            let Some(node) = self.node().get(name) else {
                continue;
            };
            let nodes = match &node.content {
                Content::List(entries) if name == "values" => entries.iter().collect(),
                _ => vec![node],
            };
            for node in nodes {
                let text = match &node.content {
                    Content::Text(text) | Content::Number(text) => text.clone(),
                    Content::Boolean(set) => set.to_string(),
                    _ => continue,
                };
                if !is_template(&text) {
                    found.push((name, node, text));
                }
            }
        }
        found
    }
}

impl<'a> Subject<'a> {
    /// Reads the elements.
    pub fn new(passage: &'a Passage<'a>, root: &'a Node, prefix: &str, world: &'a World) -> Subject<'a> {
        let mut last: HashMap<&str, usize> = HashMap::new();
        for (i, member) in root.members().iter().enumerate() {
            last.insert(member.name(), i);
        }
        let members = root.members().iter().enumerate();
        let entries = members
            .filter(|(i, member)| last.get(member.name()) == Some(i))
            .map(|(_, member)| Entry {
                path: member.name(),
                element: Element::read(member.name(), &member.value.value()),
                member,
            })
            .collect();
        Subject {
            passage,
            root,
            prefix: prefix.to_owned(),
            entries,
            inherited: Vec::new(),
            world,
        }
    }

    /// Adds the elements of a family, those that are not overridden.
    pub fn over(mut self, family: &Map<String, Value>) -> Subject<'a> {
        self.inherited = family
            .iter()
            .filter(|(path, _)| self.own(path).is_none())
            .filter_map(|(path, element)| Element::read(path, element).ok())
            .collect();
        self
    }

    /// The elements that can be read.
    pub fn read(&self) -> impl Iterator<Item = (&Entry<'a>, &Element)> {
        self.entries
            .iter()
            .filter_map(|entry| Some((entry, entry.element.as_ref().ok()?)))
    }

    /// The entry of a path.
    pub fn own(&self, path: &str) -> Option<&Entry<'a>> {
        self.entries.iter().find(|entry| entry.path == path)
    }

    /// The element of a path, the family's where there is none of our own.
    pub fn element(&self, path: &str) -> Option<&Element> {
        match self.own(path) {
            Some(entry) => entry.element.as_ref().ok(),
            None => self.inherited.iter().find(|element| element.path == path),
        }
    }

    /// Whether every cluster of this policy has the attribute: it is filled in or demanded.
    pub fn surely(&self, path: &str) -> bool {
        self.element(path)
            .is_some_and(|element| element.requires() && !element.target.is_virtual())
    }

    /// Whether the attribute is filled in where a request asks for defaults.
    pub fn fills_in(&self, path: &str) -> bool {
        self.element(path)
            .is_some_and(|element| matches!(element.rule, Rule::Fixed(_)) || element.default.is_some())
    }

    /// Whether no cluster of this policy has the attribute.
    pub fn forbids(&self, path: &str) -> bool {
        self.element(path)
            .is_some_and(|element| matches!(element.rule, Rule::Forbidden))
    }

    /// The workloads that the policy admits, and whether it says so itself. One that admits none has a fault of its
    /// own, and is taken for one that says nothing.
    pub fn cluster_types(&self) -> (Vec<&'static str>, bool) {
        let element = self.element("cluster_type");
        let admitted = |name: &&str| element.is_none_or(|element| fits(element, name));
        let admitted: Vec<&str> = attribute::CLUSTER_TYPES.into_iter().filter(admitted).collect();
        match admitted.as_slice() {
            [] => (attribute::CLUSTER_TYPES.to_vec(), false),
            _ => (admitted, element.is_some()),
        }
    }

    /// A finding at some bytes.
    pub fn found(&self, code: &'static str, at: Span, path: &str, message: impl Into<String>) -> Finding {
        let place = self.passage.place(at.start);
        let diagnostic = Diagnostic {
            severity: codes::severity(code),
            ..Diagnostic::error(code, &self.passage.file.source, message)
        };
        let whole = format!("{}{path}", self.prefix);
        diagnostic
            .at(place.line, place.column)
            .path(whole.trim_end_matches('.'))
            .into()
    }

    /// A finding about an attribute's element as a whole.
    pub fn at(&self, code: &'static str, entry: &Entry<'_>, message: impl Into<String>) -> Finding {
        self.found(code, entry.member.key.span, entry.path, message)
    }

    /// A finding about a member of an element; about the whole where it has no such member.
    pub fn at_member(
        &self,
        code: &'static str,
        entry: &Entry<'_>,
        name: &str,
        message: impl Into<String>,
    ) -> Finding {
        let at = entry.node().get(name).unwrap_or(&entry.member.key);
        self.found(code, at.span, entry.path, message)
    }

    /// A finding about elements that do not go together, shown at the first of them that is written here; none where
    /// all of them are the family's.
    pub fn between(&self, code: &'static str, paths: &[&str], message: impl Into<String>) -> Option<Finding> {
        let entry = paths.iter().find_map(|path| self.own(path))?;
        Some(self.at(code, entry, message))
    }

    /// Puts a word in the place of a text, quotes left alone.
    pub fn reword(&self, node: &Node, word: &str) -> Option<Edit> {
        let letters = self.passage.letters(node)?;
        let (start, end) = (*letters.first()?, *letters.last()?);
        self.passage.edit(Span { start, end }, word)
    }

    /// Puts a word or a number in the place of a text, quotes and all.
    pub fn unquote(&self, node: &Node, word: &str) -> Option<Edit> {
        let quoted = self.passage.raw(node).starts_with(['"', '\'']);
        quoted.then(|| self.passage.edit(node.span, word))?
    }

    /// A value as a message may show it: not at all where it may be a secret, and cut where it is long.
    pub fn shown(&self, path: &str, value: &str) -> String {
        const LONGEST: usize = 80;
        if is_secret(path, value) || value.contains("{{secrets/") {
            return "(not shown)".to_owned();
        }
        let mut text: String = value.chars().take(LONGEST).collect();
        if value.chars().count() > LONGEST {
            text.push_str("...");
        }
        format!("`{}`", text.replace('\n', " "))
    }
}

/// Holds a value against an element. An alias stands for itself only: what it means today is not asked.
pub(super) fn judge(element: &Element, value: &str) -> Judgement {
    let meanings = Meanings {
        alias_holds: &|alias, key| (alias == key).then_some(true),
        enum_aliases: true,
    };
    element.judge(value, &meanings)
}

/// Whether a value satisfies an element; in doubt it does.
pub(super) fn fits(element: &Element, value: &str) -> bool {
    !matches!(judge(element, value), Judgement::Breaks(_))
}
