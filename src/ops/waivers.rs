//! Waivers: files and folders of them, read; and how they stand on a day.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::files::{below, has_extension, read_text};
use super::policies::{PolicySource, documents, rules_of};
use crate::model::diagnostic::{Diagnostic, Diagnostics};
use crate::model::period::Instant;
use crate::policy::waiver::{Standing, Waiver, WaiverFile};
use crate::report::waivers::{WaiverRow, WaiverState, WaiversReport};

/// Waivers of several files.
#[derive(Debug, Clone, Default)]
pub struct Waivers {
    files: Vec<WaiverFile>,
}

impl Waivers {
    /// Reads files, and every YAML or JSON file below folders.
    ///
    /// # Errors
    /// `file::*`, what [`WaiverFile::parse`] finds, `waiver::duplicate` for a name that two files have; all of them.
    pub fn read(paths: &[PathBuf]) -> Result<Waivers, Diagnostics> {
        let mut problems = Vec::new();
        let mut files: Vec<WaiverFile> = Vec::new();
        for path in paths {
            match below(path, &is_waivers) {
                Ok(found) => {
                    for file in found {
                        match read_text(&file).and_then(|t| WaiverFile::parse(&t.source, &t.text)) {
                            Ok(read) => {
                                problems.extend(files.iter().flat_map(|earlier| read.duplicates_of(earlier)));
                                files.push(read);
                            }
                            Err(found) => problems.extend(found.0),
                        }
                    }
                }
                Err(found) => problems.extend(found.0),
            }
        }
        match problems.is_empty() {
            true => Ok(Waivers { files }),
            false => Err(Diagnostics(problems).sorted()),
        }
    }

    /// All of them, in the order of files and of their lines.
    pub fn all(&self) -> Vec<Waiver> {
        self.files.iter().flat_map(|file| file.waivers.clone()).collect()
    }

    /// Those that name policies or rules that are not at hand.
    pub fn strangers(&self, rules: &BTreeMap<&str, Vec<&str>>) -> Vec<Diagnostic> {
        self.files.iter().flat_map(|file| file.strangers(rules)).collect()
    }

    /// Holds them against the policies of a source.
    ///
    /// # Errors
    /// `waiver::unknown-policy`, `waiver::unknown-rule`; what reading the policies finds.
    pub fn check_against(&self, source: &PolicySource) -> Result<(), Diagnostics> {
        let documents = documents(source)?;
        let strangers = self.strangers(&rules_of(documents.iter().map(|(_, d)| d)));
        match strangers.is_empty() {
            true => Ok(()),
            false => Err(Diagnostics(strangers).sorted()),
        }
    }

    /// How they stand at an instant, those that expire first before the others; and warnings of those that hold for very long.
    /// One that expires within so many days is about to.
    pub fn standing(&self, at: Instant, within: u32) -> (WaiversReport, Diagnostics) {
        let day = at.date_naive();
        let row = |waiver: &Waiver| {
            let days_left = waiver.days_left(day);
            let state = match waiver.on(day) {
                Standing::Expired => WaiverState::Expired,
                Standing::Early => WaiverState::NotYet,
                Standing::Holds if days_left <= i64::from(within) => WaiverState::Expiring,
                Standing::Holds => WaiverState::Holds,
            };
            WaiverRow {
                waiver: waiver.named.clone(),
                approved: waiver.approved.map(|day| day.to_string()),
                ticket: waiver.ticket.clone(),
                policy: waiver.scope.policy.clone(),
                rule: waiver.scope.rule.clone(),
                state,
                days_left,
            }
        };
        let mut rows: Vec<WaiverRow> = self.files.iter().flat_map(|f| &f.waivers).map(row).collect();
        rows.sort_by(|a, b| (a.days_left, &a.waiver).cmp(&(b.days_left, &b.waiver)));
        let warnings = self.files.iter().flat_map(|file| file.long_ones(day));
        let report = WaiversReport {
            at: day.to_string(),
            within_days: within,
            waivers: rows,
        };
        (report, Diagnostics(warnings.collect()))
    }
}

fn is_waivers(path: &Path) -> bool {
    has_extension(path, &["yaml", "yml", "json"])
}
