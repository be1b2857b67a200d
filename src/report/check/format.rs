//! The forms of a check.

use serde::Serialize;
use std::fmt;
use std::str::FromStr;

use super::json::{DecisionJson, ReportJson};
use super::{CheckReport, github, junit, markdown, sarif, text};
use crate::model::place::UnknownName;
use crate::report::decision::Colour;

/// The form of a check.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Format {
    /// For people.
    #[default]
    Text,
    /// For programs: an object per cluster.
    Json,
    /// For programs: one object of the whole check.
    JsonReport,
    /// SARIF 2.1.0.
    Sarif,
    /// JUnit's XML.
    Junit,
    /// A comment on a pull request.
    Markdown,
    /// Commands of a GitHub workflow.
    Github,
}

impl Format {
    /// Every form, by name, with what it is for.
    pub const NAMES: [(&'static str, Format, &'static str); 7] = [
        ("text", Format::Text, "For people"),
        (
            "json",
            Format::Json,
            "For programs: an object per cluster, one per line for several",
        ),
        (
            "json-report",
            Format::JsonReport,
            "For programs: one object of the whole check",
        ),
        ("sarif", Format::Sarif, "SARIF 2.1.0, for code hosts and editors"),
        (
            "junit",
            Format::Junit,
            "JUnit XML, for CI systems that show tests",
        ),
        ("markdown", Format::Markdown, "A comment on a pull request"),
        ("github", Format::Github, "Annotations of a GitHub workflow"),
    ];

    /// `text`, `json`, ...
    pub fn as_str(self) -> &'static str {
        let found = Format::NAMES.iter().find(|(_, format, _)| *format == self);
        found.map_or("text", |(name, ..)| name)
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Format {
    type Err = UnknownName;
    fn from_str(text: &str) -> Result<Self, UnknownName> {
        let found = Format::NAMES.iter().find(|(name, ..)| *name == text);
        found.map(|(_, format, _)| *format).ok_or_else(|| UnknownName {
            what: "format",
            found: text.to_owned(),
            expected: "text, json, json-report, sarif, junit, markdown, github",
        })
    }
}

/// The check in a form. Same check, same text.
///
/// # Errors
/// What the writer of JSON says, which memory alone can cause.
pub fn render(report: &CheckReport<'_>, format: Format, colour: Colour) -> Result<String, serde_json::Error> {
    match format {
        Format::Text => Ok(text::text(report, colour)),
        Format::Json => json(report),
        Format::JsonReport => pretty(&ReportJson::new(report)),
        Format::Sarif => pretty(&sarif::sarif(report)),
        Format::Junit => Ok(junit::junit(report)),
        Format::Markdown => Ok(markdown::markdown(report)),
        Format::Github => Ok(github::github(report)),
    }
}

/// One object is shown for reading, several are a line each.
fn json(report: &CheckReport<'_>) -> Result<String, serde_json::Error> {
    match report.entries.as_slice() {
        [one] if report.problems.0.is_empty() => pretty(&DecisionJson::new(one)),
        several => several.iter().try_fold(String::new(), |out, one| {
            let line = serde_json::to_string(&DecisionJson::new(one))?;
            Ok(out + &line + "\n")
        }),
    }
}

fn pretty(value: &impl Serialize) -> Result<String, serde_json::Error> {
    serde_json::to_string_pretty(value).map(|text| text + "\n")
}
