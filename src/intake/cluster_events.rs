//! Cluster events that really happened: what `POST clusters/events` answers.
//!
//! In goes text: a page (`{"events": [...], "next_page": ...}`), several pages in an array or one after the other, or
//! events in an array or one per line. Out come events, each with its place. Timestamps are milliseconds since 1970;
//! billing counts whole seconds, so they are cut off to seconds, and the milliseconds only keep the order. Types, causes
//! and reasons that this version does not know are kept as text.
//!
//! An event that cannot be read makes its cluster doubtful: a bill without it would be wrong without a word. What does
//! not even say which cluster it is of could be of any.

use serde_json::value::RawValue;
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

pub use super::event_details::{Attributes, RealDetails};
use crate::databricks::event::EventType;
use crate::databricks::fields::{FieldProblem, Fields};
use crate::model::attribute;
use crate::model::diagnostic::{Diagnostic, Diagnostics, json_message};
use crate::model::json_text::{self, JsonText, items, members};
use crate::model::period::{Instant, from_unix};

/// An event that really happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RealEvent {
    /// Which cluster.
    pub cluster_id: Arc<str>,
    /// When, in whole seconds.
    pub at: Instant,
    /// When, in milliseconds since 1970: only the order within a second hangs on it.
    pub at_ms: i64,
    /// What, verbatim.
    pub type_name: String,
    /// What, where this version knows it.
    pub event_type: Option<EventType>,
    /// More about it.
    pub details: RealDetails,
    /// `details` as JSON, keys sorted: equal details are equal texts.
    pub details_text: String,
    /// Where it stands.
    pub place: EventPlace,
}

/// Where an event stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventPlace {
    /// File, or `-`.
    pub source: Arc<str>,
    /// Line, from 1; 0 where there are none.
    pub line: usize,
    /// Where inside the source: `events.3`.
    pub address: String,
    /// The page or list that it was told in, counted through the source.
    pub page: usize,
}

impl EventPlace {
    /// A warning about what stands here.
    pub fn warning(&self, code: &'static str, message: impl Into<String>) -> Diagnostic {
        let found = Diagnostic::warning(code, &*self.source, message).at(self.line, 0);
        found.path(self.address.clone())
    }
}

/// What was read from one source.
#[derive(Debug, Default)]
pub struct Read {
    /// The events, in the order told.
    pub events: Vec<RealEvent>,
    /// What could not be read.
    pub problems: Diagnostics,
    /// Clusters of which an event could not be read, or of which pages are missing.
    pub doubtful: BTreeSet<String>,
    /// Pieces that could not be read and name no cluster.
    pub unattributed: usize,
    /// Types that this version does not know, with how often they occur.
    pub unknown_types: BTreeMap<String, usize>,
}

/// What can be read.
const FORMS: &str = "expected what clusters/events answers: pages with `events`, or events with `cluster_id`, `timestamp` and `type`";

/// Members of a page.
const PAGE: [&str; 5] = [
    "events",
    "next_page",
    "next_page_token",
    "prev_page_token",
    "total_count",
];

/// Earliest and latest timestamp taken, in seconds: 2013, when Databricks was founded, and 2100.
const SECONDS: std::ops::Range<i64> = 1_356_998_400..4_102_444_800;

/// Longest `cluster_id` taken; real ones have 20 characters.
const LONGEST_ID: usize = 128;

/// Reads a source.
pub fn read(source: &str, text: &str) -> Read {
    let json = JsonText::new(source, text);
    let mut reader = Reader {
        source: Arc::from(source),
        json: &json,
        read: Read::default(),
        pages: 0,
        more: BTreeMap::new(),
    };
    if text.trim_start_matches('\u{feff}').trim().is_empty() {
        let problem = Diagnostic::error("event::empty", source, "expected events, found nothing");
        reader.lost(problem.hint(FORMS));
    }
    let documents = json.documents("event::syntax");
    for problem in documents.problems {
        reader.lost(problem);
    }
    let alone = documents.found.len() == 1;
    for document in documents.found {
        let address = match alone {
            true => String::new(),
            false => format!("line {}", json.line_of(document.get())),
        };
        reader.value(document, address, 0);
    }
    reader.finish()
}

/// Reads an event as it was stored.
///
/// # Errors
/// What its details lack; they were readable when they were stored.
pub fn stored(
    source: &Arc<str>,
    cluster_id: &str,
    at: Instant,
    type_name: &str,
    details: &str,
) -> Result<RealEvent, Diagnostic> {
    let wrong = |what: String| {
        let message = format!("the stored event {type_name} of `{cluster_id}` cannot be read: {what}");
        Diagnostic::error("event::stored", &**source, message)
    };
    let object: Map<String, Value> = serde_json::from_str(details).map_err(|e| wrong(json_message(&e)))?;
    let read = super::event_details::read(&object)
        .map_err(|p| wrong(p.first().map(|p| p.message.clone()).unwrap_or_default()))?;
    Ok(RealEvent {
        cluster_id: Arc::from(cluster_id),
        at,
        at_ms: at.timestamp_millis(),
        type_name: type_name.to_owned(),
        event_type: EventType::from_name(type_name),
        details: read,
        details_text: details.to_owned(),
        place: EventPlace {
            source: Arc::clone(source),
            line: 0,
            address: String::new(),
            page: 0,
        },
    })
}

struct Reader<'a> {
    source: Arc<str>,
    json: &'a JsonText<'a>,
    read: Read,
    pages: usize,
    /// Of each cluster the line of its last page, if that says that others follow.
    more: BTreeMap<String, Option<usize>>,
}

impl<'a> Reader<'a> {
    /// Something that could be of any cluster.
    fn lost(&mut self, problem: Diagnostic) {
        self.read.unattributed = self.read.unattributed.saturating_add(1);
        self.read.problems.0.push(problem);
    }

    /// A page, a list of pages or events, an event.
    fn value(&mut self, raw: &'a RawValue, address: String, page: usize) {
        if let Some(items) = items(raw) {
            return self.list(items, &address);
        }
        let Some(members) = members(raw) else {
            return self.event(raw, address, page);
        };
        if !members.keys().all(|k| PAGE.contains(&k.as_str())) {
            return self.event(raw, address, page);
        }
        let before = self.read.events.len();
        match members.get("events") {
            // A cluster without events answers `{}`.
            None => {}
            Some(events) => match items(events) {
                Some(events) => self.list(events, &below(&address, "events")),
                None => self.not_an_event(events, below(&address, "events"), "no list"),
            },
        }
        let next = members.get("next_page").copied().and_then(json_text::members);
        let token = members.get("next_page_token").map(|t| t.get());
        let goes_on = next.is_some() || token.is_some_and(|t| t != "\"\"" && t != "null");
        let line = self.json.line_of(raw.get());
        let named = next.and_then(|n| serde_json::from_str::<String>(n.get("cluster_id")?.get()).ok());
        let first = self.read.events.get(before).map(|e| e.cluster_id.to_string());
        if let Some(cluster_id) = named.or(first) {
            self.more.insert(cluster_id, goes_on.then_some(line));
        }
    }

    fn list(&mut self, items: Vec<&'a RawValue>, address: &str) {
        self.pages = self.pages.saturating_add(1);
        let page = self.pages;
        for (i, item) in items.into_iter().enumerate() {
            self.value(item, below(address, &i.to_string()), page);
        }
    }

    fn not_an_event(&mut self, raw: &RawValue, address: String, found: &str) {
        let message = format!("not a cluster event: found {found}");
        let problem = Diagnostic::error("event::not-an-event", &*self.source, message);
        let problem = problem.at(self.json.line_of(raw.get()), 0).path(address);
        self.lost(problem.hint(FORMS));
    }

    fn event(&mut self, raw: &'a RawValue, address: String, page: usize) {
        let Ok(Value::Object(fields)) = serde_json::from_str::<Value>(raw.get()) else {
            return self.not_an_event(raw, address, "no object");
        };
        let Some(cluster_id) = fields
            .get("cluster_id")
            .and_then(Value::as_str)
            .filter(|id| is_id(id))
        else {
            let found: Vec<&str> = fields.keys().take(5).map(String::as_str).collect();
            let found = format!("no usable `cluster_id` among {}", found.join(", "));
            return self.not_an_event(raw, address, &found);
        };
        let cluster_id: Arc<str> = Arc::from(cluster_id);
        let place = EventPlace {
            source: Arc::clone(&self.source),
            line: self.json.line_of(raw.get()),
            address,
            page,
        };
        match interpret(fields, &cluster_id, place.clone()) {
            Ok(event) => {
                if event.event_type.is_none() {
                    let times = self
                        .read
                        .unknown_types
                        .entry(event.type_name.clone())
                        .or_default();
                    *times = times.saturating_add(1);
                }
                self.read.events.push(event);
            }
            Err(problems) => {
                self.read.doubtful.insert(cluster_id.to_string());
                for problem in problems {
                    let line = self.json.line_below(raw, attribute::steps(&problem.path));
                    let path = below(&place.address, &problem.path);
                    let found = Diagnostic::error(problem.code, &*self.source, problem.message);
                    let mut found = found.at(line, 0).path(path);
                    found.hint = problem.hint;
                    self.read.problems.0.push(found);
                }
            }
        }
    }

    fn finish(mut self) -> Read {
        for (cluster_id, line) in self.more {
            let Some(line) = line else { continue };
            let message =
                format!("the last page of `{cluster_id}` says that others follow, so events are missing");
            let problem = Diagnostic::error("event::more-pages", &*self.source, message).at(line, 0);
            let hint = "ask for its `next_page` and put the answer into the same file, after this one";
            self.read.problems.0.push(problem.hint(hint));
            self.read.doubtful.insert(cluster_id);
        }
        self.read
    }
}

/// What can be a part of the name of a resource.
fn is_id(id: &str) -> bool {
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    !id.is_empty() && id.len() <= LONGEST_ID && id.chars().all(fits)
}

fn interpret(
    mut object: Map<String, Value>,
    cluster_id: &Arc<str>,
    place: EventPlace,
) -> Result<RealEvent, Vec<FieldProblem>> {
    let details = match object.shift_remove("details") {
        None | Some(Value::Null) => Ok(Map::new()),
        Some(Value::Object(details)) => Ok(details),
        Some(_) => Err("expected an object"),
    };
    let mut fields = Fields::new(&object, "");
    let type_name = fields.text("type").filter(|t| !t.is_empty());
    let at_ms = fields.integer("timestamp", 0);
    if type_name.is_none() && fields.problems.iter().all(|p| p.path != "type") {
        fields.push(
            "type",
            "event::field",
            "expected the type of the event".to_owned(),
            None,
        );
    }
    match at_ms {
        Some(ms) if !SECONDS.contains(&ms.div_euclid(1_000)) => {
            let message = format!("found {ms}, expected milliseconds since 1970, between 2013 and 2100");
            let hint = SECONDS
                .contains(&ms)
                .then(|| "these are seconds; clusters/events tells milliseconds".to_owned());
            fields.push("timestamp", "event::timestamp", message, hint);
        }
        None if fields.problems.iter().all(|p| p.path != "timestamp") => {
            let message = "expected milliseconds since 1970".to_owned();
            fields.push("timestamp", "event::field", message, None);
        }
        _ => {}
    }
    let mut problems = fields.problems;
    let (mut read, mut text) = (RealDetails::default(), String::new());
    match details {
        Err(expected) => problems.push(FieldProblem {
            path: "details".to_owned(),
            code: "event::field",
            message: expected.to_owned(),
            hint: None,
        }),
        Ok(details) => {
            match super::event_details::read(&details) {
                Ok(found) => read = found,
                Err(found) => problems.extend(found),
            }
            let mut details = Value::Object(details);
            details.sort_all_objects();
            text = details.to_string();
        }
    }
    match (type_name, at_ms) {
        (Some(type_name), Some(at_ms)) if problems.is_empty() => Ok(RealEvent {
            cluster_id: Arc::clone(cluster_id),
            at: from_unix(at_ms.div_euclid(1_000)),
            at_ms,
            event_type: EventType::from_name(&type_name),
            type_name,
            details: read,
            details_text: text,
            place,
        }),
        _ => Err(problems),
    }
}

/// One step deeper in an address.
fn below(address: &str, step: &str) -> String {
    match (address, step) {
        ("", step) => step.to_owned(),
        (address, "") => address.to_owned(),
        (address, step) => format!("{address}.{step}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const ONE: &str = r#"{"cluster_id": "c-1", "timestamp": 1790000000999, "type": "RUNNING", "details": {"b": 1, "a": 2}}"#;

    fn places(text: &str) -> Vec<(String, usize, usize)> {
        let read = read("e", text);
        assert_eq!(read.problems, Diagnostics::default(), "{text}");
        let place = |e: RealEvent| (e.place.address, e.place.line, e.place.page);
        read.events.into_iter().map(place).collect()
    }

    fn codes(text: &str) -> (Vec<(&'static str, String)>, Vec<String>, usize) {
        let read = read("e", text);
        let told = read.problems.0.into_iter().map(|d| (d.code, d.path)).collect();
        (told, read.doubtful.into_iter().collect(), read.unattributed)
    }

    #[test]
    fn milliseconds_are_cut_off_and_equal_details_are_equal_texts() {
        let read = read("e", ONE);
        let event = &read.events[0];
        assert_eq!(
            (event.at.timestamp(), event.at_ms),
            (1_790_000_000, 1_790_000_000_999)
        );
        assert_eq!(event.details_text, r#"{"a":2,"b":1}"#);
        let again = stored(
            &Arc::from("l.db"),
            "c-1",
            event.at,
            "RUNNING",
            &event.details_text,
        )
        .unwrap();
        assert_eq!(
            (again.details, again.event_type),
            (event.details.clone(), event.event_type)
        );
    }

    #[test]
    fn pages_lists_and_lines_are_all_read() {
        let at = |address: &str, line, page| (address.to_owned(), line, page);
        assert_eq!(places(ONE), [at("", 1, 0)]);
        assert_eq!(
            places(&format!("[{ONE},\n{ONE}]")),
            [at("0", 1, 1), at("1", 2, 1)]
        );
        assert_eq!(
            places(&format!("{ONE}\n{ONE}\n")),
            [at("line 1", 1, 0), at("line 2", 2, 0)]
        );
        let first = format!(
            "{{\"events\": [{ONE}], \"next_page\": {{\"cluster_id\": \"c-1\", \"offset\": 1}}, \"total_count\": 2}}"
        );
        let last = format!("{{\"events\": [{ONE}], \"total_count\": 2}}");
        assert_eq!(
            places(&format!("[{first},\n{last}]")),
            [at("0.events.0", 1, 2), at("1.events.0", 2, 3)]
        );
        assert_eq!(
            places(&format!("{first}\n{last}\n")),
            [at("line 1.events.0", 1, 1), at("line 2.events.0", 2, 2)]
        );
        assert_eq!(places("{}"), []);
        let (told, doubtful, lost) = codes(&first);
        assert_eq!(
            (told, doubtful, lost),
            (
                vec![("event::more-pages", String::new())],
                vec!["c-1".to_owned()],
                0
            )
        );
    }

    #[test]
    fn types_of_tomorrow_are_kept_and_counted() {
        let read = read("e", &ONE.replace("RUNNING", "LEVITATING"));
        assert_eq!(read.problems, Diagnostics::default());
        assert_eq!(
            (read.events[0].event_type, read.events[0].type_name.as_str()),
            (None, "LEVITATING")
        );
        assert_eq!(read.unknown_types.get("LEVITATING"), Some(&1));
    }

    #[test]
    fn what_cannot_be_read_makes_its_cluster_doubtful_or_all() {
        let none = String::new();
        let c = vec!["c-1".to_owned()];
        let path = |p: &str| p.to_owned();
        assert_eq!(codes(" \n"), (vec![("event::empty", none.clone())], vec![], 1));
        assert_eq!(codes("{\"a\":").2, 1);
        assert_eq!(
            codes("[7]"),
            (vec![("event::not-an-event", path("0"))], vec![], 1)
        );
        assert_eq!(codes(&ONE.replace("c-1", "c/1")).2, 1);
        assert_eq!(
            codes("{\"events\": 7}"),
            (vec![("event::not-an-event", path("events"))], vec![], 1)
        );
        let seconds = ONE.replace("000999", "");
        assert_eq!(
            codes(&seconds),
            (vec![("event::timestamp", path("timestamp"))], c.clone(), 0)
        );
        assert_eq!(
            codes(
                &ONE.replace("\"RUNNING\"", "7")
                    .replace("1790000000999", "\"today\"")
            ),
            (
                vec![
                    ("request::wrong-type", path("type")),
                    ("request::wrong-type", path("timestamp"))
                ],
                c.clone(),
                0
            )
        );
        assert_eq!(
            codes("{\"cluster_id\": \"c-1\", \"details\": 7}"),
            (
                vec![
                    ("event::field", path("type")),
                    ("event::field", path("timestamp")),
                    ("event::field", path("details"))
                ],
                c,
                0
            )
        );
    }

    proptest! {
        #[test]
        fn no_text_stops_the_reading(text in "[\\[\\]{}\",:0-9a-z_\\n -]{0,80}") {
            read("e", &text);
        }

        #[test]
        fn no_value_stops_the_reading(
            field in prop::sample::select(vec!["cluster_id", "timestamp", "type", "details", "current_num_workers", "cluster_size", "attributes"]),
            value in prop::sample::select(vec!["null", "-1", "1e400", "9223372036854775807", "\"\"", "[]", "{}", "{\"autoscale\": {\"min_workers\": 9}}", "{\"custom_tags\": 7}"]),
        ) {
            let inside = matches!(field, "current_num_workers" | "cluster_size" | "attributes");
            let text = match inside {
                true => ONE.replace("\"b\": 1", &format!("\"{field}\": {value}")),
                false => ONE.replacen('{', &format!("{{\"{field}\": {value}, "), 1),
            };
            read("e", &text);
        }
    }
}
