//! The usage file: how long resources run, as far as somebody knows.
//!
//! No document says how long the runs of a job take, or for how many hours a month people work on a cluster. Whoever
//! knows writes it down; a cost per month rests on it, and every report says so.

use rust_decimal::Decimal;
use serde_json::Value;

use crate::model::diagnostic::Diagnostics;
use crate::model::document::Document;
use crate::model::exact::parse_json_number;
use crate::model::glob::matches;
use crate::model::resource::Kind;
use crate::model::schema::OwnSchema;

/// The JSON Schema of the file.
pub const SCHEMA: &str = include_str!("usage_file.schema.json");

static HELD_AGAINST: OwnSchema = OwnSchema::new(SCHEMA);

/// What a usage file says.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct UsageFile {
    /// Of everything that no entry speaks of.
    pub otherwise: Hours,
    /// Entries, in order; of several that speak of a resource the first that says something counts.
    pub entries: Vec<Entry>,
}

/// How long something runs; none where nobody says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Hours {
    /// Hours a month, at most 744.
    pub hours_per_month: Option<Decimal>,
    /// Runs a month.
    pub runs_per_month: Option<Decimal>,
    /// Minutes that a run takes.
    pub minutes_per_run: Option<Decimal>,
}

/// What an entry says of some resources.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Pattern of addresses or names; any where not given.
    pub resource: Option<String>,
    /// Pattern of names of jobs and pipelines.
    pub job: Option<String>,
    /// Kinds; any where empty.
    pub kinds: Vec<Kind>,
    /// How long they run.
    pub hours: Hours,
}

/// What an entry is held against.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Named<'a> {
    /// Where it is in its document.
    pub address: Option<&'a str>,
    /// Its name.
    pub name: Option<&'a str>,
    /// The job or pipeline it belongs to.
    pub job: Option<&'a str>,
    /// What it is.
    pub kind: Kind,
}

impl UsageFile {
    /// Reads a usage file, YAML or JSON.
    ///
    /// # Errors
    /// `document::*`, `hours::schema`; everything that is wrong at once.
    pub fn read(source: &str, text: &str) -> Result<UsageFile, Diagnostics> {
        let document = Document::parse(source, text)?;
        HELD_AGAINST.check(&document, "hours::schema")?;
        let entries = document.value.get("resources").and_then(Value::as_array);
        Ok(UsageFile {
            otherwise: hours(&document.value),
            entries: entries.into_iter().flatten().map(entry).collect(),
        })
    }

    /// What is said of a resource.
    pub fn told(&self, of: &Named<'_>) -> Hours {
        let speaking = self.entries.iter().filter(|entry| entry.speaks_of(of));
        let mut told = Hours::default();
        for hours in speaking.map(|entry| entry.hours).chain([self.otherwise]) {
            // Who says how many hours has said everything.
            if told.hours_per_month.is_some() {
                break;
            }
            let nothing = told == Hours::default();
            if nothing {
                told.hours_per_month = hours.hours_per_month;
            }
            told.runs_per_month = told.runs_per_month.or(hours.runs_per_month);
            told.minutes_per_run = told.minutes_per_run.or(hours.minutes_per_run);
        }
        told
    }
}

impl Entry {
    fn speaks_of(&self, of: &Named<'_>) -> bool {
        let any = |pattern: &Option<String>, texts: [Option<&str>; 2]| match pattern {
            None => true,
            Some(pattern) => texts.into_iter().flatten().any(|text| matches(pattern, text)),
        };
        any(&self.resource, [of.address, of.name])
            && any(&self.job, [of.job, None])
            && (self.kinds.is_empty() || self.kinds.contains(&of.kind))
    }
}

fn entry(value: &Value) -> Entry {
    let text = |key: &str| value.get(key).and_then(Value::as_str).map(str::to_owned);
    let kinds = match value.get("kind") {
        Some(Value::Array(kinds)) => kinds.iter().collect(),
        Some(kind) => vec![kind],
        None => Vec::new(),
    };
    Entry {
        resource: text("resource"),
        job: text("job"),
        kinds: kinds.into_iter().filter_map(|k| Kind::of(k.as_str()?)).collect(),
        hours: hours(value),
    }
}

/// The schema lets numbers through alone, which JSON writes as decimals.
fn hours(value: &Value) -> Hours {
    let number = |key: &str| {
        let number = value.get(key)?.as_number()?;
        parse_json_number(&number.to_string()).ok()
    };
    Hours {
        hours_per_month: number("hours_per_month"),
        runs_per_month: number("runs_per_month"),
        minutes_per_run: number("minutes_per_run"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decimal(text: &str) -> Option<Decimal> {
        text.parse().ok()
    }

    #[test]
    fn the_first_entry_that_says_something_counts() {
        let text = "hours_per_month: 176\nminutes_per_run: 45\nresources:\n  - {job: 'etl-*', minutes_per_run: 12.5}\n  \
                    - {resource: '*.shared', kind: [cluster], hours_per_month: 200}\n  - {kind: instance-pool, hours_per_month: 744}\n";
        let file = UsageFile::read("usage.yaml", text).unwrap();
        let of = |address: &str, job: Option<&str>, kind: Kind| {
            file.told(&Named {
                address: Some(address),
                name: None,
                job,
                kind,
            })
        };
        let etl = of("a.b", Some("etl-nightly"), Kind::JobCluster);
        assert_eq!(
            (etl.minutes_per_run, etl.hours_per_month),
            (decimal("12.5"), None)
        );
        assert_eq!(
            of("r.shared", None, Kind::Cluster).hours_per_month,
            decimal("200")
        );
        assert_eq!(
            of("r.shared", None, Kind::JobCluster).hours_per_month,
            decimal("176")
        );
        assert_eq!(of("p", None, Kind::InstancePool).hours_per_month, decimal("744"));
        assert_eq!(
            UsageFile::default().told(&Named {
                address: None,
                name: None,
                job: None,
                kind: Kind::Cluster
            }),
            Hours::default()
        );
    }

    #[test]
    fn what_is_wrong_is_told_with_its_place() {
        let problems = UsageFile::read(
            "u.yaml",
            "hour_per_month: 1\nresources:\n  - {hours_per_month: 800}\n",
        )
        .unwrap_err();
        let told: Vec<_> = problems.0.iter().map(|d| (d.code, d.line)).collect();
        assert_eq!(
            told,
            [("hours::schema", 1), ("hours::schema", 3), ("hours::schema", 3)]
        );
        for kind in ["clster", "[job-cluster, clster]"] {
            let text = format!("resources:\n  - {{kind: {kind}, hours_per_month: 8}}\n");
            let problems = UsageFile::read("u.yaml", &text).unwrap_err();
            let hints: Vec<_> = problems.0.iter().map(|d| d.hint.as_deref()).collect();
            assert_eq!(hints, [Some("did you mean `cluster`?")]);
        }
    }
}
