//! What a document is, and what is asked for in it.
//!
//! ```text
//! text ─ recognised by its content, or as somebody insists
//!   ├ clusters_api       bodies of clusters/create and clusters/edit
//!   ├ jobs_api           jobs/create, jobs/reset, runs/submit, answers of jobs/get
//!   ├ pipelines_api      bodies of pipelines
//!   ├ instance_pools_api bodies of instance-pools/create
//!   ├ terraform_plan     terraform show -json
//!   └ bundle             databricks.yml, and what `bundle validate -o json` makes of it
//!         └─► Reading: requests, resources, problems
//! ```

use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::api::{self, Api};
use super::bundle::{self, BundleOptions, Files};
use super::clusters_api::Form;
use super::reading::Reading;
pub use super::recognition::DocumentKind;
use super::recognition::{Part, ambiguous, is_state, not_as_asked, recognised};
use super::terraform_plan;
use crate::model::diagnostic::{Diagnostic, json_message};
use crate::model::json_text::{JsonText, items, members};
use crate::model::strict_json::{self, Keys, is_twice};

/// How documents are read.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ReadOptions {
    /// Whether requests for clusters may be partial.
    pub form: Form,
    /// What every document is; else each is recognised.
    pub kind: Option<DocumentKind>,
    /// Target and variables of bundles.
    pub bundle: BundleOptions,
}

/// Reads a document. `files` gives a bundle what it includes.
pub fn read(source: &str, text: &str, files: &dyn Files, options: &ReadOptions) -> Reading {
    let mut reading = unlinked(source, text, files, options);
    if reading.is_empty() {
        reading.problems.0.push(no_compute(source, 1));
    }
    reading.link();
    reading
}

fn unlinked(source: &str, text: &str, files: &dyn Files, options: &ReadOptions) -> Reading {
    let content = text.trim_start_matches('\u{feff}').trim_start();
    if content.is_empty() {
        let found = Diagnostic::error("request::empty", source, "expected a request, found nothing");
        return Reading::of(found.hint("is the command before it broken? an empty file asks for nothing"));
    }
    let looks_like_json = content.starts_with(['{', '[']);
    let is_plan = match options.kind {
        Some(kind) => kind == DocumentKind::TerraformPlan,
        None => is_plan(content),
    };
    if is_plan && let Some(reading) = terraform_plan::alone(source, text) {
        return reading;
    }
    let is_bundle = match options.kind {
        Some(kind) => kind == DocumentKind::Bundle,
        None => is_yaml(source) || is_bundle(content),
    };
    if is_bundle && !looks_like_json {
        return bundle::read(source, text, files, &options.bundle);
    }
    let json = JsonText::new(source, text);
    let documents = json.documents("request::syntax");
    let mut reader = Reader {
        source,
        json: &json,
        options,
        several: documents.found.len() > 1,
        reading: Reading::default(),
    };
    let no_json = "expected JSON or a databricks.yml; `terraform show -json` prints a plan as JSON";
    let problems = documents
        .problems
        .into_iter()
        .map(|problem| match looks_like_json {
            true => problem,
            false => problem.hint(no_json),
        });
    reader.reading.problems.0.extend(problems);
    for document in documents.found {
        reader.document(document);
    }
    reader.reading
}

fn no_compute(source: &str, line: usize) -> Diagnostic {
    let message = "asks for no compute: there is no cluster, pool or environment in it";
    Diagnostic::warning("request::no-compute", source, message).at(line, 0)
}

/// Whether a name is one of YAML.
fn is_yaml(source: &str) -> bool {
    source.ends_with(".yml") || source.ends_with(".yaml")
}

/// Whether a text that is no JSON has a line of a bundle, near its beginning.
fn is_bundle(content: &str) -> bool {
    const BEGINNING: usize = 64 * 1024;
    let mut read = 0_usize;
    let beginning = content.lines().take_while(|line| {
        read = read.saturating_add(line.len()).saturating_add(1);
        read <= BEGINNING
    });
    let keys = ["bundle:", "resources:", "targets:", "include:"];
    beginning
        .into_iter()
        .any(|line| keys.iter().any(|key| line.starts_with(key)))
}

/// Whether a text begins like a plan: as Terraform prints it, or with its keys sorted.
fn is_plan(content: &str) -> bool {
    match first_key(content) {
        Some("format_version") => true,
        Some("action_invocations" | "applyable" | "checks" | "complete" | "configuration") => {
            content.contains("\"resource_changes\"") && content.contains("\"format_version\"")
        }
        _ => false,
    }
}

/// The first key of an object, if it has no escapes.
fn first_key(content: &str) -> Option<&str> {
    let key = content.strip_prefix('{')?.trim_start().strip_prefix('"')?;
    key.get(..key.find('"')?)
}

struct Reader<'a> {
    source: &'a str,
    json: &'a JsonText<'a>,
    options: &'a ReadOptions,
    /// There are several documents in one text: one per line.
    several: bool,
    reading: Reading,
}

impl<'a> Reader<'a> {
    fn document(&mut self, raw: &'a RawValue) {
        let address = self
            .several
            .then(|| format!("line {}", self.json.line_of(raw.get())));
        if let Some(list) = items(raw) {
            for (i, item) in list.into_iter().enumerate() {
                let i = i.to_string();
                self.object(
                    item,
                    Some(address.as_ref().map_or(i.clone(), |a| format!("{a}.{i}"))),
                );
            }
            return;
        }
        self.object(raw, address);
    }

    /// One object: a list of an answer of the API is taken apart. No API answers with lists of lists.
    fn object(&mut self, raw: &'a RawValue, address: Option<String>) {
        if self
            .options
            .kind
            .is_none_or(|kind| kind != DocumentKind::Pipeline)
            && let Some((key, list)) = listed(raw)
        {
            if let Some(error) = twice(raw) {
                return self.unreadable(raw, &error);
            }
            for (i, item) in list.into_iter().enumerate() {
                let inner = format!("{key}.{i}");
                let address = address.as_ref().map_or(inner.clone(), |a| format!("{a}.{inner}"));
                match listed(item) {
                    Some(_) => self.list_of_lists(item, address),
                    None => self.body(item, Some(address)),
                }
            }
            return;
        }
        self.body(raw, address);
    }

    /// One object that is no list.
    fn body(&mut self, raw: &'a RawValue, address: Option<String>) {
        let kind = self.options.kind;
        if kind == Some(DocumentKind::TerraformPlan) || (kind.is_none() && is_plan(raw.get())) {
            return self.plan(raw);
        }
        let body = match strict_json::read(raw.get()) {
            Ok(body) => body,
            Err(error) => return self.unreadable(raw, &error),
        };
        let none = Map::new();
        let keys = body.as_object().unwrap_or(&none);
        if let Some(problem) = self.no_one_thing(keys) {
            let problem = problem.at(self.json.line_of(raw.get()), 0);
            let problem = problem.path(address.unwrap_or_default());
            self.reading.problems.0.push(problem);
            return;
        }
        let kind = self.options.kind.or_else(|| recognised(keys));
        let api = match kind {
            Some(DocumentKind::TerraformPlan) => return self.plan(raw),
            Some(DocumentKind::Bundle) => {
                let found = bundle::validated(self.source, self.json, raw, body);
                return self.reading.append(found);
            }
            Some(DocumentKind::Job) => Api::Job,
            Some(DocumentKind::Pipeline) => Api::Pipeline,
            Some(DocumentKind::InstancePool) => Api::InstancePool,
            Some(DocumentKind::Cluster) => Api::Cluster(self.options.form),
            None if self.options.form == Form::Partial => Api::Cluster(Form::Partial),
            None => return self.not_recognised(raw, keys, address),
        };
        let place = |pointer: &str| (self.source.to_owned(), self.json.line_at(raw, pointer));
        let before = self.reading.len();
        api::read(api, body, address.clone(), &place, &mut self.reading);
        if self.reading.len() == before {
            let found = no_compute(self.source, self.json.line_of(raw.get()));
            self.reading
                .problems
                .0
                .push(found.path(address.unwrap_or_default()));
        }
    }

    fn plan(&mut self, raw: &RawValue) {
        let found = terraform_plan::part(self.source, self.json, raw.get());
        self.reading.append(found);
    }

    /// What is wrong with a body that has the keys of two kinds, or none of the kind that somebody insists on.
    fn no_one_thing(&self, keys: &Map<String, Value>) -> Option<Diagnostic> {
        let insisted = self.options.kind;
        if let Some((what, expected)) = insisted.and_then(|kind| not_as_asked(keys, kind)) {
            let found: Vec<&str> = keys.keys().take(5).map(String::as_str).collect();
            let found = match found.is_empty() {
                true => "no keys".to_owned(),
                false => format!("the keys {}", found.join(", ")),
            };
            let message = format!("found {found}, expected {what}: one of {}", expected.join(", "));
            let problem = Diagnostic::error("request::not-as-asked", self.source, message);
            return Some(problem.hint("without --as the document's own keys say what it is"));
        }
        let kind = insisted.or_else(|| recognised(keys));
        if matches!(
            kind,
            None | Some(DocumentKind::TerraformPlan | DocumentKind::Bundle)
        ) {
            return None;
        }
        let (one, other) = ambiguous(keys, insisted)?;
        let told = |part: &Part| format!("{} ({})", part.what, part.keys.join(", "));
        let message = format!(
            "found keys of {} beside those of {}: what belongs to the one, the other ignores",
            told(&one),
            told(&other)
        );
        let hint = match insisted {
            None => {
                "take out what does not belong; --as KIND insists, where the other keys ask for no compute"
            }
            Some(_) => "take out what does not belong: it asks for compute that nobody would judge",
        };
        let problem = Diagnostic::error("request::ambiguous", self.source, message);
        Some(problem.hint(hint))
    }

    fn list_of_lists(&mut self, raw: &RawValue, address: String) {
        let message = "found a list in a list, expected a body: no API answers with lists of lists";
        let line = self.json.line_of(raw.get());
        let problem = Diagnostic::error("request::not-a-cluster", self.source, message).at(line, 0);
        let problem = problem
            .path(address)
            .hint("expected one list of bodies, or one body per line");
        self.reading.problems.0.push(problem);
    }

    fn unreadable(&mut self, raw: &RawValue, error: &serde_json::Error) {
        let line = self
            .json
            .line_of(raw.get())
            .saturating_add(error.line())
            .saturating_sub(1);
        let (code, hint) = match is_twice(error) {
            true => (
                "request::duplicate-key",
                "say it once: readers differ in which of the two they take",
            ),
            false => ("request::syntax", "expected JSON"),
        };
        let found = Diagnostic::error(code, self.source, json_message(error)).at(line, error.column());
        self.reading.problems.0.push(found.hint(hint));
    }

    fn not_recognised(&mut self, raw: &RawValue, keys: &Map<String, Value>, address: Option<String>) {
        let line = self.json.line_of(raw.get());
        let found: Vec<&str> = keys.keys().take(5).map(String::as_str).collect();
        let (code, message, hint) = match is_state(keys) {
            true => (
                "request::state-not-plan",
                "found a Terraform state, expected a plan: a state says what there is, not what is wanted"
                    .to_owned(),
                "`terraform plan -out plan.bin`, then `terraform show -json plan.bin`",
            ),
            false => (
                "request::not-a-cluster",
                match found.is_empty() {
                    true => "nothing that asks for compute: expected an object with keys".to_owned(),
                    false => format!(
                        "nothing that asks for compute: found the keys {}",
                        found.join(", ")
                    ),
                },
                "expected a body of the Clusters, Jobs, Pipelines or Instance Pools API, a Terraform plan, or a bundle; \
                 --as KIND insists",
            ),
        };
        let problem = Diagnostic::error(code, self.source, message).at(line, 0);
        let problem = problem.path(address.unwrap_or_default()).hint(hint);
        self.reading.problems.0.push(problem);
    }
}

impl Reading {
    /// Nothing but a problem.
    pub fn of(problem: Diagnostic) -> Reading {
        Reading {
            problems: problem.into(),
            ..Reading::default()
        }
    }
}

/// The list of an answer such as `{"clusters": [...], "next_page_token": "..."}`.
fn listed(raw: &RawValue) -> Option<(&'static str, Vec<&RawValue>)> {
    const LISTS: [&str; 5] = ["clusters", "jobs", "instance_pools", "requests", "statuses"];
    let object = members(raw)?;
    let around = |key: &str| key.ends_with("page_token") || key == "has_more";
    let key = LISTS.into_iter().find(|key| object.contains_key(*key))?;
    if object.keys().any(|other| other != key && !around(other)) {
        return None;
    }
    Some((key, items(object.get(key)?)?))
}

/// The error of an object in which a key stands twice. Its members are read on their own.
fn twice(raw: &RawValue) -> Option<serde_json::Error> {
    serde_json::from_str::<Keys>(raw.get()).err().filter(is_twice)
}

#[cfg(test)]
mod tests;
