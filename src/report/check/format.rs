//! The forms of a check.

use serde::Serialize;
use std::fmt;
use std::io::{self, Write};
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

/// Writes the check in a form. Same check, same text. Reports of thousands of clusters are long, so what is JSON is never held
/// as a whole.
///
/// # Errors
/// What writing says.
pub fn write(
    report: &CheckReport<'_>,
    format: Format,
    colour: Colour,
    to: &mut impl Write,
) -> io::Result<()> {
    match format {
        Format::Text => to.write_all(text::text(report, colour).as_bytes()),
        Format::Json => json(report, to),
        Format::JsonReport => pretty(&ReportJson::new(report), to),
        Format::Sarif => pretty(&sarif::sarif(report), to),
        Format::Junit => to.write_all(junit::junit(report).as_bytes()),
        Format::Markdown => to.write_all(markdown::markdown(report).as_bytes()),
        Format::Github => to.write_all(github::github(report).as_bytes()),
    }
}

/// One object is shown for reading, several are a line each.
fn json(report: &CheckReport<'_>, to: &mut impl Write) -> io::Result<()> {
    match report.entries.as_slice() {
        [one] if report.problems.0.is_empty() => pretty(&DecisionJson::new(one), to),
        several => several.iter().try_for_each(|one| {
            serde_json::to_writer(&mut *to, &DecisionJson::new(one))?;
            to.write_all(b"\n")
        }),
    }
}

fn pretty(value: &impl Serialize, to: &mut impl Write) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *to, value)?;
    to.write_all(b"\n")
}
