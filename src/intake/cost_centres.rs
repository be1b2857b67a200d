//! Rules for cost centres, as a file says them.
//!
//! A rule that would never decide is an error, not a curiosity: whoever wrote it believes that it does.

use serde_json::{Map, Value};

use crate::model::cost_centre::{Condition, CostCentres, Field, Reach, Rule, Template, reach};
use crate::model::diagnostic::{Diagnostic, Diagnostics};
use crate::model::document::{Document, pointer_step};
use crate::model::schema::OwnSchema;
use crate::model::usage::UNALLOCATED;

/// The JSON Schema of the file.
pub const SCHEMA: &str = include_str!("cost_centres.schema.json");

static HELD_AGAINST: OwnSchema = OwnSchema::new(SCHEMA);

/// Reads rules from a YAML or JSON text.
///
/// # Errors
/// `document::*`, `attribution::schema`, `attribution::name`, `attribution::empty-condition`, `attribution::double`,
/// `attribution::unreachable`; everything that is wrong at once.
pub fn read(source: &str, text: &str) -> Result<CostCentres, Diagnostics> {
    let document = Document::parse(source, text)?;
    HELD_AGAINST.check(&document, "attribution::schema")?;
    let mut reader = Reader {
        document: &document,
        problems: Vec::new(),
    };
    let rules = reader.rules();
    reader.problems_of_reach(&rules);
    if !reader.problems.is_empty() {
        return Err(Diagnostics(reader.problems).sorted());
    }
    let otherwise = document.value.get("otherwise").and_then(Value::as_str);
    Ok(CostCentres {
        rules: rules.into_iter().flatten().collect(),
        otherwise: otherwise.unwrap_or(UNALLOCATED).trim().to_owned(),
    })
}

struct Reader<'a> {
    document: &'a Document,
    problems: Vec<Diagnostic>,
}

impl Reader<'_> {
    /// The rules by their place; none where one cannot be read.
    fn rules(&mut self) -> Vec<Option<Rule>> {
        let rules = self.document.value.get("cost_centres").and_then(Value::as_array);
        let rules = rules.map(Vec::as_slice).unwrap_or_default();
        rules
            .iter()
            .enumerate()
            .map(|(place, rule)| self.rule(place, rule))
            .collect()
    }

    fn rule(&mut self, place: usize, rule: &Value) -> Option<Rule> {
        let pointer = format!("/cost_centres/{place}");
        let before = self.problems.len();
        let text = rule
            .get("cost_centre")
            .and_then(Value::as_str)
            .unwrap_or_default();
        let cost_centre: Option<Template> = match text.parse() {
            Ok(template) => Some(template),
            Err(why) => {
                let problem = self.document.error(
                    "attribution::name",
                    &format!("{pointer}/cost_centre"),
                    format!("expected who owes, found `{text}`: {why}"),
                );
                self.problems
                    .push(problem.hint("name it, or make it of fields: `{tag.team}`"));
                None
            }
        };
        let when = rule.get("when").and_then(Value::as_object);
        let mut conditions = Vec::new();
        for (key, member) in when.into_iter().flatten() {
            self.condition(&format!("{pointer}/when"), key, member, &mut conditions);
        }
        let asks_nothing = cost_centre
            .as_ref()
            .is_some_and(|name| name.fields().next().is_none());
        if conditions.is_empty() && self.problems.len() == before && asks_nothing {
            let at = match when {
                Some(_) => format!("{pointer}/when"),
                None => pointer.clone(),
            };
            let message = "the rule has no condition, so it would hold for everything";
            let problem = self.document.error("attribution::empty-condition", &at, message);
            self.problems
                .push(problem.hint("say who owes for the rest as `otherwise`"));
        }
        Some(Rule {
            cost_centre: cost_centre?,
            conditions,
            line: self.document.place(&pointer).line,
        })
        .filter(|_| self.problems.len() == before)
    }

    fn condition(&mut self, pointer: &str, key: &str, member: &Value, conditions: &mut Vec<Condition>) {
        let at = pointer_step(pointer, key);
        if let ("tag", Value::Object(tags)) = (key, member) {
            return self.tags(&at, tags, conditions);
        }
        // The schema admits no other names.
        let Ok(field) = key.parse() else { return };
        conditions.push(Condition {
            field,
            patterns: self.patterns(&at, member),
        });
    }

    fn tags(&mut self, at: &str, tags: &Map<String, Value>, conditions: &mut Vec<Condition>) {
        if tags.is_empty() {
            self.empty(at, "no tag is named");
        }
        for (name, member) in tags {
            let at = pointer_step(at, name);
            if name.is_empty() {
                self.empty(&at, "the tag has no key");
            }
            conditions.push(Condition {
                field: Field::Tag(name.clone()),
                patterns: self.patterns(&at, member),
            });
        }
    }

    /// One text, or several. What is there never matches the empty text.
    fn patterns(&mut self, at: &str, member: &Value) -> Vec<String> {
        let texts: Vec<&str> = match member {
            Value::Array(items) => items.iter().filter_map(Value::as_str).collect(),
            one => one.as_str().into_iter().collect(),
        };
        if texts.is_empty() {
            self.empty(at, "the list is empty, so nothing could match");
        } else if texts.iter().any(|text| text.trim().is_empty()) {
            self.empty(at, "an empty text matches nothing");
        }
        texts.into_iter().map(|text| text.trim().to_owned()).collect()
    }

    fn empty(&mut self, at: &str, message: &str) {
        let problem = self.document.error("attribution::empty-condition", at, message);
        self.problems
            .push(problem.hint("say what it must be, `*` for anything that is there, or leave it out"));
    }

    /// Rules that can never decide.
    fn problems_of_reach(&mut self, rules: &[Option<Rule>]) {
        let places: Vec<usize> = (0_usize..)
            .zip(rules)
            .filter(|(_, rule)| rule.is_some())
            .map(|(i, _)| i)
            .collect();
        let readable: Vec<Rule> = rules.iter().flatten().cloned().collect();
        let line = |number: usize| readable.get(number).map_or(0, |rule| rule.line);
        for (number, place) in places.iter().enumerate() {
            let problem = match reach(&readable, number) {
                Reach::Open => continue,
                Reach::Double(first) => {
                    let message = format!("the rule says what the rule on line {} says", line(first));
                    self.at_rule("attribution::double", *place, message)
                        .hint("take one of them out")
                }
                Reach::Behind(earlier) => {
                    let lines: Vec<String> = earlier.iter().map(|n| line(*n).to_string()).collect();
                    let message = format!(
                        "the rule can never decide: wherever it holds, the rule on line {} has decided before",
                        lines.join(" or ")
                    );
                    self.at_rule("attribution::unreachable", *place, message)
                        .hint("put it before, or take it out")
                }
            };
            self.problems.push(problem);
        }
    }

    fn at_rule(&self, code: &'static str, place: usize, message: String) -> Diagnostic {
        self.document
            .error(code, &format!("/cost_centres/{place}"), message)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn codes(text: &str) -> Vec<(&'static str, usize, String)> {
        let problems = read("cc.yaml", text).unwrap_err();
        problems.0.into_iter().map(|d| (d.code, d.line, d.path)).collect()
    }

    const EXAMPLE: &str = r#"
cost_centres:
  - cost_centre: data-platform
    when: { tag: { CostCenter: "4711" } }
  - cost_centre: "{tag.team}"
    when: { workspace: [lakehouse, "prod-*"] }
  - cost_centre: science
    when: { owner: "*@science.example.com", policy: shared-compute, cloud: AZURE, meter: [vm, disk] }
"#;

    #[test]
    fn rules_come_in_their_order_with_their_lines() {
        let read = read("cc.yaml", EXAMPLE).unwrap();
        let shown: Vec<(String, usize, usize)> = read
            .rules
            .iter()
            .map(|rule| (rule.cost_centre.to_string(), rule.line, rule.conditions.len()))
            .collect();
        assert_eq!(
            shown,
            [
                ("data-platform".to_owned(), 3, 1),
                ("{tag.team}".to_owned(), 5, 1),
                ("science".to_owned(), 7, 4)
            ]
        );
        assert_eq!(read.otherwise, "unallocated");
        let named = super::read("cc.yaml", &format!("{EXAMPLE}otherwise: \" platform \"\n")).unwrap();
        assert_eq!(named.otherwise, "platform");
    }

    #[test]
    fn everything_wrong_is_told_at_once_with_its_line() {
        let text = r#"
cost_centres:
  - cost_centre: "{team}"
    when: { workspace: "" }
  - cost_centre: a
    when: { tag: {}, owner: [] }
  - cost_centre: b
  - cost_centre: c
    when: {}
  - cost_centre: d
    when: { owner: "x*" }
  - cost_centre: d
    when: { owner: "x*" }
  - cost_centre: e
    when: { owner: xy, pool: p }
"#;
        let at = |code, line, path: &str| (code, line, path.to_owned());
        assert_eq!(
            codes(text),
            [
                at("attribution::name", 3, "cost_centres.0.cost_centre"),
                at("attribution::empty-condition", 4, "cost_centres.0.when.workspace"),
                at("attribution::empty-condition", 6, "cost_centres.1.when.tag"),
                at("attribution::empty-condition", 6, "cost_centres.1.when.owner"),
                at("attribution::empty-condition", 7, "cost_centres.2"),
                at("attribution::empty-condition", 9, "cost_centres.3.when"),
                at("attribution::double", 12, "cost_centres.5"),
                at("attribution::unreachable", 14, "cost_centres.6"),
            ]
        );
    }

    proptest! {
        /// Whatever is in a file, it is rules or diagnostics; and rules that were read can each decide, as far as one can tell.
        #[test]
        fn nothing_panics(
            text in "\\PC*",
            rules in prop::collection::vec(("[a{}.* ]{0,6}", "[a-z_]{0,9}|workspace|owner|tag|cloud", "[\\[\\]{}:,ab* '\"-]{0,9}"), 0..5),
        ) {
            let made: String = rules.iter().map(|(name, key, value)| format!("  - cost_centre: '{name}'\n    when: {{ {key}: {value} }}\n")).collect();
            for text in [text, format!("cost_centres:\n{made}"), format!("cost_centres: [{made}]")] {
                match read("cc.yaml", &text) {
                    Ok(read) => prop_assert!((0..read.rules.len()).all(|n| reach(&read.rules, n) == Reach::Open)),
                    Err(problems) => prop_assert!(problems.has_errors()),
                }
            }
        }
    }

    #[test]
    fn what_the_schema_does_not_admit_is_told_by_it() {
        let text = "cost_centres:\n  - cost_centre: 4711\n    when: { workspace: 7, teem: x, cloud: IBM }\n  - when: { meter: [vm, cpu] }\n";
        let found = codes(text);
        assert!(
            found.iter().all(|(code, ..)| *code == "attribution::schema"),
            "{found:?}"
        );
        assert_eq!(found.len(), 6, "{found:?}");
        assert_eq!(codes("cost_centres: []")[0].0, "attribution::schema");
        assert_eq!(codes("otherwise: x")[0].0, "attribution::schema");
        assert_eq!(codes("cost_centres: [")[0].0, "document::syntax");
    }
}
