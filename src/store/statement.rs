//! Statement lines: what a vendor says it has billed, the latest telling of each billing period.
//!
//! An export covers one scope and one billing period of a vendor. Told again it changes nothing; a newer one takes the place of
//! the one in force, and how many lines went is kept. Newer is what was exported later, where both say when; otherwise what is told later.

use chrono::NaiveDate;
use rusqlite::{Connection, OptionalExtension, Row, params};
use rust_decimal::Decimal;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::database::Database;
use super::error::{At, StoreError};
use super::query::date;
use crate::model::exact::parse_decimal;
use crate::model::money::Currency;
use crate::model::period::{Instant, Period, SECONDS_PER_DAY, from_unix};
use crate::model::statement::StatementLine;

/// An export, or its part of one billing period.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Export {
    /// `azure`.
    pub vendor: &'static str,
    /// What of the vendor's it covers; empty for all.
    pub scope: String,
    /// First and last day of the billing period.
    pub period: (NaiveDate, NaiveDate),
    /// The files it came in, with the BLAKE3 of their content.
    pub files: Vec<(String, String)>,
    /// BLAKE3 over the files' digests, in order of the digests.
    pub digest: String,
    /// When the vendor made it, if that was said.
    pub exported_at: Option<Instant>,
    /// When it is told.
    pub told_at: Instant,
    /// The lines, each with the place of its file in `files`.
    pub lines: Vec<(usize, StatementLine)>,
    /// Rows of its files that could not be read.
    pub rejected: u64,
}

/// What came of telling an export.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Told {
    /// It holds now; so many lines went.
    InForce {
        /// Lines of the export that it replaced.
        replaced: u64,
    },
    /// It was told before, and nothing changed; it holds, or was replaced since.
    Known {
        /// Whether it holds.
        in_force: bool,
    },
    /// One that was exported later holds; nothing changed.
    Older {
        /// When the one that holds was exported.
        in_force: Instant,
    },
}

/// A line that holds, and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredLine {
    /// Name of its file.
    pub file: String,
    /// What it says.
    pub line: StatementLine,
}

/// The export that holds for a period.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct InForce {
    id: i64,
    exported_at: Option<Instant>,
    lines: i64,
}

impl Database {
    /// Tells an export, whole, durably when this returns.
    ///
    /// # Errors
    /// What the file does not allow; then nothing of it is written.
    pub fn tell_statement(&mut self, export: &Export) -> Result<Told, StoreError> {
        self.in_transaction("writing a statement", |tables, _| {
            tell(tables.connection, tables.path, export)
        })
    }

    /// The lines that hold for days of a period, in order of their exports, as written. A period of whole days.
    ///
    /// # Errors
    /// [`StoreError`] when the file cannot be read.
    pub fn statement_lines(&self, vendor: &str, period: &Period) -> Result<Vec<StoredLine>, StoreError> {
        let doing = "reading a statement";
        let sql = "SELECT f.name, e.period_start, e.period_end, l.day, meter_category, meter_subcategory, meter_name, meter_id, \
                   meter_region, resource_location, resource_id, resource_group, quantity, unit_of_measure, unit_price, \
                   effective_price, cost, currency, charge_type, tags, service_type \
                   FROM statement_line l JOIN statement_export e ON e.id = l.export_id \
                   JOIN statement_file f ON f.export_id = l.export_id AND f.number = l.file \
                   WHERE e.vendor = ?1 AND l.day >= ?2 AND l.day < ?3 ORDER BY l.export_id, l.number";
        let days = |at: Instant| at.timestamp().div_euclid(SECONDS_PER_DAY);
        let mut statement = self.connection.prepare_cached(sql).at(&self.path, doing)?;
        let mut rows = statement
            .query(params![vendor, days(period.start), days(period.end)])
            .at(&self.path, doing)?;
        let mut found = Vec::new();
        while let Some(row) = rows.next().at(&self.path, doing)? {
            found.push(stored(row, &self.path)?);
        }
        Ok(found)
    }

    /// Rows of the exports that hold for days of a period and that could not be read.
    ///
    /// # Errors
    /// [`StoreError`] when the file cannot be read.
    pub fn rejected_statement_rows(&self, vendor: &str, period: &Period) -> Result<u64, StoreError> {
        let sql = "SELECT coalesce(sum(rejected), 0) FROM statement_export \
                   WHERE vendor = ?1 AND period_start < ?3 AND period_end >= ?2 AND replaced_by IS NULL";
        let days = |at: Instant| at.timestamp().div_euclid(SECONDS_PER_DAY);
        let rejected: i64 = self
            .connection
            .query_row(
                sql,
                params![vendor, days(period.start), days(period.end)],
                |row| row.get(0),
            )
            .at(&self.path, "reading a statement")?;
        Ok(u64::try_from(rejected).unwrap_or_default())
    }
}

fn day(date: NaiveDate) -> i64 {
    let midnight = date.and_time(chrono::NaiveTime::MIN).and_utc();
    midnight.timestamp().div_euclid(SECONDS_PER_DAY)
}

fn tell(connection: &Connection, path: &Path, export: &Export) -> Result<Told, StoreError> {
    let doing = "writing a statement";
    let (start, end) = (day(export.period.0), day(export.period.1));
    let place = params![export.vendor, export.scope, start, end];
    let in_force = connection
        .prepare_cached(
            "SELECT id, exported_at, lines FROM statement_export \
             WHERE vendor = ?1 AND scope = ?2 AND period_start = ?3 AND period_end = ?4 AND replaced_by IS NULL",
        )
        .and_then(|mut statement| {
            let row = |row: &Row<'_>| {
                let exported_at: Option<i64> = row.get(1)?;
                Ok(InForce {
                    id: row.get(0)?,
                    exported_at: exported_at.map(from_unix),
                    lines: row.get(2)?,
                })
            };
            statement.query_row(place, row).optional()
        })
        .at(path, doing)?;
    let known: Option<i64> = connection
        .prepare_cached(
            "SELECT max(id) FROM statement_export \
             WHERE vendor = ?1 AND scope = ?2 AND period_start = ?3 AND period_end = ?4 AND digest = ?5",
        )
        .and_then(|mut statement| {
            let values = params![export.vendor, export.scope, start, end, export.digest];
            statement.query_row(values, |row| row.get(0))
        })
        .at(path, doing)?;
    let later = |held: &InForce| {
        export
            .exported_at
            .zip(held.exported_at)
            .map(|(told, held)| told >= held)
    };
    match (in_force, known) {
        (Some(held), Some(id)) if id == held.id => return Ok(Told::Known { in_force: true }),
        // Told before and replaced since: only who says that it was exported later brings it back.
        (Some(held), Some(_)) if later(&held) != Some(true) => return Ok(Told::Known { in_force: false }),
        (Some(held), _) if later(&held) == Some(false) => {
            let in_force = held.exported_at.unwrap_or(export.told_at);
            return Ok(Told::Older { in_force });
        }
        _ => {}
    }
    let replaced = in_force.map_or(0, |held| held.lines);
    if let Some(held) = in_force {
        // Its own number for a moment: the index allows one export in force.
        connection
            .execute(
                "UPDATE statement_export SET replaced_by = ?1 WHERE id = ?1",
                [held.id],
            )
            .and_then(|_| connection.execute("DELETE FROM statement_line WHERE export_id = ?1", [held.id]))
            .at(path, doing)?;
    }
    let id = write(connection, export, replaced).at(path, doing)?;
    if let Some(held) = in_force {
        connection
            .execute(
                "UPDATE statement_export SET replaced_by = ?2 WHERE id = ?1",
                [held.id, id],
            )
            .at(path, doing)?;
    }
    Ok(Told::InForce {
        replaced: u64::try_from(replaced).unwrap_or_default(),
    })
}

/// Writes an export with its files and lines; its id.
fn write(connection: &Connection, export: &Export, replaced: i64) -> Result<i64, rusqlite::Error> {
    let count = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
    connection.execute(
        "INSERT INTO statement_export (vendor, scope, period_start, period_end, digest, exported_at, told_at, lines, rejected, \
         replaced) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
        params![
            export.vendor,
            export.scope,
            day(export.period.0),
            day(export.period.1),
            export.digest,
            export.exported_at.map(|at| at.timestamp()),
            export.told_at.timestamp(),
            count(export.lines.len()),
            i64::try_from(export.rejected).unwrap_or(i64::MAX),
            replaced,
        ],
    )?;
    let id = connection.last_insert_rowid();
    for (number, (name, digest)) in (1_i64..).zip(&export.files) {
        connection.execute(
            "INSERT INTO statement_file (export_id, number, name, digest) VALUES (?1, ?2, ?3, ?4)",
            params![id, number, name, digest],
        )?;
    }
    let mut insert = connection.prepare_cached(
        "INSERT INTO statement_line (export_id, number, file, day, meter_category, meter_subcategory, meter_name, meter_id, \
         meter_region, resource_location, resource_id, resource_group, quantity, unit_of_measure, unit_price, effective_price, \
         cost, currency, charge_type, tags, service_type) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, \
         ?15, ?16, ?17, ?18, ?19, ?20, ?21)",
    )?;
    for (number, (file, line)) in (1_i64..).zip(&export.lines) {
        let tags: serde_json::Map<String, serde_json::Value> = line
            .tags
            .iter()
            .map(|(k, v)| (k.clone(), v.as_str().into()))
            .collect();
        insert.execute(params![
            id,
            number,
            count(file.saturating_add(1)),
            day(line.date),
            line.meter_category,
            line.meter_subcategory,
            line.meter_name,
            line.meter_id,
            line.meter_region,
            line.resource_location,
            line.resource_id,
            line.resource_group,
            line.quantity.to_string(),
            line.unit_of_measure,
            line.unit_price.map(|p| p.to_string()),
            line.effective_price.map(|p| p.to_string()),
            line.cost.to_string(),
            line.currency.as_str(),
            line.charge_type,
            serde_json::Value::Object(tags).to_string(),
            line.service_type,
        ])?;
    }
    Ok(id)
}

fn stored(row: &Row<'_>, path: &Path) -> Result<StoredLine, StoreError> {
    let doing = "reading a statement";
    let text = |column: usize| row.get::<_, String>(column).at(path, doing);
    let number = |column: usize| row.get::<_, i64>(column).at(path, doing);
    let unreadable = |why: String| StoreError::Unreadable {
        path: path.to_owned(),
        place: "`statement_line`".to_owned(),
        why,
    };
    let decimal = |text: String| parse_decimal(&text).map_err(|e| unreadable(e.to_string()));
    let price = |column: usize| -> Result<Option<Decimal>, StoreError> {
        let text: Option<String> = row.get(column).at(path, doing)?;
        text.map(decimal).transpose()
    };
    let tags: BTreeMap<String, String> =
        serde_json::from_str(&text(19)?).map_err(|e| unreadable(e.to_string()))?;
    Ok(StoredLine {
        file: text(0)?,
        line: StatementLine {
            period_start: date(number(1)?),
            period_end: date(number(2)?),
            date: date(number(3)?),
            meter_category: text(4)?,
            meter_subcategory: text(5)?,
            meter_name: text(6)?,
            meter_id: text(7)?,
            meter_region: text(8)?,
            resource_location: text(9)?,
            resource_id: text(10)?,
            resource_group: text(11)?,
            quantity: decimal(text(12)?)?,
            unit_of_measure: text(13)?,
            unit_price: price(14)?,
            effective_price: price(15)?,
            cost: decimal(text(16)?)?,
            currency: Currency::try_from(text(17)?).map_err(|e| unreadable(e.to_string()))?,
            charge_type: text(18)?,
            tags,
            service_type: text(20)?,
        },
    })
}

impl Database {
    /// Every export: what it is called, its files with their digests, and the digest that is stored of them.
    pub(super) fn export_digests(&self) -> Result<Vec<ExportDigest>, StoreError> {
        let doing = "reading statements";
        let named: Vec<(i64, String, String)> = self
            .connection
            .prepare("SELECT id, vendor, digest FROM statement_export ORDER BY id")
            .and_then(|mut s| {
                s.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?
                    .collect()
            })
            .at(&self.path, doing)?;
        let mut found = Vec::with_capacity(named.len());
        for (id, vendor, digest) in named {
            let files: Vec<(String, String)> = self
                .connection
                .prepare_cached(
                    "SELECT name, digest FROM statement_file WHERE export_id = ?1 ORDER BY number",
                )
                .and_then(|mut s| s.query_map([id], |row| Ok((row.get(0)?, row.get(1)?)))?.collect())
                .at(&self.path, doing)?;
            found.push((format!("export {id} of {vendor}"), files, digest));
        }
        Ok(found)
    }
}

/// Its name, its files with their digests, its own digest.
pub(super) type ExportDigest = (String, Vec<(String, String)>, String);

/// The digest of an export from its files, each a name and the BLAKE3 of its content. The same files in another order are the same
/// export.
pub fn digest(files: &[(String, String)]) -> String {
    let digests: BTreeSet<&str> = files.iter().map(|(_, digest)| digest.as_str()).collect();
    let mut all = blake3::Hasher::new();
    for digest in digests {
        all.update(digest.as_bytes());
    }
    all.finalize().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::sample::{at, dec, period};
    use crate::model::statement::tests::line;

    fn export(digest: char, exported_at: Option<&str>, costs: &[&str]) -> Export {
        let lines = costs.iter().map(|cost| {
            let line = StatementLine {
                cost: dec(cost),
                ..line()
            };
            (0, line)
        });
        Export {
            vendor: "azure",
            scope: String::new(),
            period: (line().period_start, line().period_end),
            files: vec![("e.csv".to_owned(), digest.to_string().repeat(64))],
            digest: digest.to_string().repeat(64),
            exported_at: exported_at.map(at),
            told_at: at("2026-10-20"),
            lines: lines.collect(),
            rejected: 0,
        }
    }

    fn costs(database: &Database) -> Vec<String> {
        let lines = database.statement_lines("azure", &period("2026-10-01", "2026-11-01"));
        lines.unwrap().iter().map(|l| l.line.cost.to_string()).collect()
    }

    #[test]
    fn the_latest_export_of_a_period_holds() {
        let mut database = Database::in_memory().unwrap();
        let mut tell = |e: &Export| {
            let told = database.tell_statement(e).unwrap();
            (told, costs(&database))
        };
        let first = export('a', None, &["1", "2.500000000000000001"]);
        let held = vec!["1".to_owned(), "2.500000000000000001".to_owned()];
        assert_eq!(tell(&first), (Told::InForce { replaced: 0 }, held.clone()));
        assert_eq!(tell(&first), (Told::Known { in_force: true }, held));
        let second = export('b', Some("2026-10-03"), &["3"]);
        assert_eq!(
            tell(&second),
            (Told::InForce { replaced: 2 }, vec!["3".to_owned()])
        );
        // The first again: it was replaced, and nobody says that it is newer.
        assert_eq!(
            tell(&first),
            (Told::Known { in_force: false }, vec!["3".to_owned()])
        );
        let older = export('c', Some("2026-10-02"), &["4"]);
        let in_force = at("2026-10-03");
        assert_eq!(tell(&older), (Told::Older { in_force }, vec!["3".to_owned()]));
        let back = export('a', Some("2026-10-04"), &["1"]);
        assert_eq!(tell(&back), (Told::InForce { replaced: 1 }, vec!["1".to_owned()]));
        // Another scope, another period: beside it.
        let other = Export {
            scope: "b".to_owned(),
            ..export('d', None, &["5"])
        };
        assert_eq!(
            tell(&other),
            (
                Told::InForce { replaced: 0 },
                vec!["1".to_owned(), "5".to_owned()]
            )
        );
        let sound = crate::store::check::check(&database, &mut |_, _| ()).unwrap();
        assert_eq!(sound.findings, []);
        assert_eq!(sound.entries, 0, "no entry, no balance");
    }

    #[test]
    fn a_line_reads_back_as_it_was_told() {
        let mut database = Database::in_memory().unwrap();
        let told = StatementLine {
            unit_price: None,
            ..line()
        };
        let mut one = export('a', None, &[]);
        one.lines = vec![(0, told.clone())];
        one.rejected = 3;
        database.tell_statement(&one).unwrap();
        let october = period("2026-10-01", "2026-11-01");
        let found = database.statement_lines("azure", &october).unwrap();
        assert_eq!(
            found,
            [StoredLine {
                file: "e.csv".to_owned(),
                line: told
            }]
        );
        assert_eq!(database.rejected_statement_rows("azure", &october).unwrap(), 3);
        let november = period("2026-11-01", "2026-12-01");
        assert!(database.statement_lines("azure", &november).unwrap().is_empty());
        assert_eq!(database.rejected_statement_rows("azure", &november).unwrap(), 0);
    }
}
