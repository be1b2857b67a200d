//! Bodies of `clusters/create`: one object, an array of them, an object with `clusters`, or one per line.

use serde_json::value::RawValue;
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use tollgate_policy_language::attribute::ATTRIBUTES;

use super::request::Request;
use crate::databricks::cluster_spec::ClusterSpec;
use crate::databricks::fields::FieldProblem;
use crate::model::diagnostic::{Diagnostic, Diagnostics, json_message};
use crate::model::json_text::{JsonText, member};

/// What was read from one source.
#[derive(Debug, Default)]
pub struct Read {
    /// The requests, in the order written.
    pub requests: Vec<Request>,
    /// What could not be read.
    pub problems: Diagnostics,
}

/// Keys of which a create body has at least one; an object with none of them is something else.
const MARKS: [&str; 8] = [
    "spark_version",
    "node_type_id",
    "num_workers",
    "autoscale",
    "instance_pool_id",
    "cluster_name",
    "policy_id",
    "driver_node_type_id",
];

/// How much of a create body there must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Form {
    /// Enough to see that it is one.
    #[default]
    Whole,
    /// Any attribute, or none; but nothing else.
    Partial,
}

/// Whether a key is one of a create body, a policy's own objects share `policy_id` and `name` with it.
fn is_attribute(key: &str) -> bool {
    let first = |path: &str| path.split('.').next() == Some(key);
    key != "policy_id" && ATTRIBUTES.iter().any(|attribute| first(attribute.path))
}

/// Reads a source.
pub fn read(source: &str, text: &str, form: Form) -> Read {
    let mut reader = Reader {
        source,
        text,
        json: JsonText::new(source, text),
        form,
        read: Read::default(),
    };
    let trimmed = text.trim_start_matches('\u{feff}').trim();
    if trimmed.is_empty() {
        reader.problem(
            "request::empty",
            0,
            0,
            "expected a JSON request, found nothing".to_owned(),
        );
        return reader.read;
    }
    match serde_json::from_str::<&RawValue>(trimmed) {
        Ok(raw) => reader.document(raw),
        // Several documents, one per line, or broken text: the lines will tell.
        Err(_) if looks_like_lines(trimmed) => reader.lines(),
        Err(error) => reader.syntax(trimmed, &error),
    }
    reader.read
}

/// The first line is a whole JSON object and there are others.
fn looks_like_lines(text: &str) -> bool {
    let mut lines = text.lines().filter(|l| !l.trim().is_empty());
    let first = lines
        .next()
        .is_some_and(|l| l.trim_start().starts_with('{') && serde_json::from_str::<&RawValue>(l).is_ok());
    first && lines.next().is_some()
}

struct Reader<'a> {
    source: &'a str,
    text: &'a str,
    json: JsonText<'a>,
    form: Form,
    read: Read,
}

impl<'a> Reader<'a> {
    fn document(&mut self, raw: &'a RawValue) {
        if raw.get().starts_with('[') {
            return self.array(raw, "");
        }
        if let Ok(object) = serde_json::from_str::<BTreeMap<String, &RawValue>>(raw.get())
            && let Some(list) = object.get("clusters")
            && list.get().starts_with('[')
        {
            return self.array(list, "clusters.");
        }
        self.request(raw, None);
    }

    fn array(&mut self, raw: &'a RawValue, prefix: &str) {
        match serde_json::from_str::<Vec<&RawValue>>(raw.get()) {
            Ok(items) => {
                for (i, item) in items.into_iter().enumerate() {
                    self.request(item, Some(format!("{prefix}{i}")));
                }
            }
            Err(error) => self.problem(
                "request::syntax",
                self.json.line_of(raw.get()),
                0,
                error.to_string(),
            ),
        }
    }

    fn lines(&mut self) {
        for (i, line) in self.text.lines().enumerate() {
            let number = i.saturating_add(1);
            if line.trim().is_empty() {
                continue;
            }
            match serde_json::from_str::<&RawValue>(line.trim()) {
                Ok(raw) => self.request(raw, Some(format!("line {number}"))),
                Err(error) => self.problem("request::syntax", number, error.column(), json_message(&error)),
            }
        }
    }

    fn syntax(&mut self, trimmed: &str, error: &serde_json::Error) {
        let first = self.json.line_of(trimmed);
        let line = first.saturating_add(error.line()).saturating_sub(1);
        self.problem("request::syntax", line, error.column(), json_message(error));
    }

    /// Whether an object is a create body, or a part of one.
    fn is_cluster(&self, object: &Map<String, Value>) -> bool {
        match self.form {
            Form::Whole => MARKS.iter().any(|mark| object.contains_key(*mark)),
            Form::Partial => object.is_empty() || object.keys().any(|key| is_attribute(key)),
        }
    }

    fn request(&mut self, raw: &'a RawValue, address: Option<String>) {
        let line = self.json.line_of(raw.get());
        let at = |path: &str| match (&address, path) {
            (Some(address), "") => address.clone(),
            (Some(address), path) => format!("{address}.{path}"),
            (None, path) => path.to_owned(),
        };
        let body: Value = match serde_json::from_str(raw.get()) {
            Ok(body) => body,
            Err(error) => return self.problem("request::syntax", line, error.column(), json_message(&error)),
        };
        if let Some(object) = body.as_object()
            && !self.is_cluster(object)
        {
            let found: Vec<&str> = object.keys().take(5).map(String::as_str).collect();
            let message = format!("not a clusters/create body: found the keys {}", found.join(", "));
            let hint = "expected at least one of spark_version, node_type_id, num_workers, autoscale, instance_pool_id";
            let problem = Diagnostic::error("request::not-a-cluster", self.source, message).at(line, 0);
            self.read.problems.0.push(problem.path(at("")).hint(hint));
            return;
        }
        match ClusterSpec::read(&body) {
            Ok(spec) => self.read.requests.push(Request {
                source: self.source.to_owned(),
                line,
                name: spec.cluster_name.clone(),
                address,
                body,
                spec,
            }),
            Err(problems) => {
                for FieldProblem {
                    path,
                    code,
                    message,
                    hint,
                } in problems
                {
                    let found = self.line_of_field(raw, &path).unwrap_or(line);
                    let mut diagnostic = Diagnostic::error(code, self.source, message)
                        .at(found, 0)
                        .path(at(&path));
                    diagnostic.hint = hint;
                    self.read.problems.0.push(diagnostic);
                }
            }
        }
    }

    /// The line of an attribute, found by walking the raw text along the path.
    fn line_of_field(&self, raw: &'a RawValue, path: &str) -> Option<usize> {
        let mut at = raw;
        for step in crate::model::attribute::steps(path) {
            if step.is_empty() {
                break;
            }
            at = member(at, step)?;
        }
        Some(self.json.line_of(at.get()))
    }

    fn problem(&mut self, code: &'static str, line: usize, column: usize, message: String) {
        self.read
            .problems
            .0
            .push(Diagnostic::error(code, self.source, message).at(line, column));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn codes(text: &str) -> Vec<(&'static str, usize, String)> {
        read("x.json", text, Form::Whole)
            .problems
            .0
            .into_iter()
            .map(|d| (d.code, d.line, d.path))
            .collect()
    }

    #[test]
    fn one_many_wrapped_and_line_by_line_are_all_read() {
        let one = r#"{"node_type_id": "a", "num_workers": 1}"#;
        let addresses = |text: &str| -> Vec<(Option<String>, usize)> {
            read("x", text, Form::Whole)
                .requests
                .into_iter()
                .map(|r| (r.address, r.line))
                .collect()
        };
        assert_eq!(addresses(one), [(None, 1)]);
        assert_eq!(
            addresses(&format!("[{one},\n\n{one}]")),
            [(Some("0".to_owned()), 1), (Some("1".to_owned()), 3)]
        );
        assert_eq!(
            addresses(&format!("{{\"clusters\": [\n{one}]}}")),
            [(Some("clusters.0".to_owned()), 2)]
        );
        assert_eq!(
            addresses(&format!("{one}\n\n{one}\n")),
            [(Some("line 1".to_owned()), 1), (Some("line 3".to_owned()), 3)]
        );
    }

    #[test]
    fn bad_input_is_named_by_place_and_does_not_hide_the_good() {
        assert_eq!(codes(""), [("request::empty", 0, String::new())]);
        assert_eq!(
            codes("{\"node_type_id\": \"a\",\n"),
            [("request::syntax", 1, String::new())]
        );
        assert_eq!(
            codes("{\"a\": 1}"),
            [("request::not-a-cluster", 1, String::new())]
        );
        assert_eq!(
            codes("{\"node_type_id\": \"a\",\n \"num_workers\": \"x\"}"),
            [("request::wrong-type", 2, "num_workers".to_owned())]
        );
        let mixed = "{\"node_type_id\": \"a\"}\n{broken\n{\"node_type_id\": 7}\n";
        assert_eq!(read("x", mixed, Form::Whole).requests.len(), 1);
        assert_eq!(codes(mixed).iter().map(|c| c.1).collect::<Vec<_>>(), [2, 3]);
        let deep = "[".repeat(100_000);
        assert_eq!(codes(&deep)[0].0, "request::syntax");
    }
}
