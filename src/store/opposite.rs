//! What a ledger knows of the row that another takes back.

use rusqlite::params;

use super::database::Database;
use super::error::{At, StoreError};
use super::real_history::IS_LIVE;
use crate::ledger::fact::FactKey;
use crate::ledger::rate::Rated;
use crate::model::exact::decimal_text;
use crate::model::period::from_unix;

/// Facts that are in force: what was corrected since has no opposite any more.
fn charged() -> String {
    format!(
        "SELECT EXISTS (SELECT 1 FROM entry e JOIN terms t ON t.id = e.terms_id \
         JOIN source o ON o.id = t.source_id JOIN meter m ON m.id = t.meter_id \
         WHERE e.key >= ?1 AND e.key < ?2 AND o.name = ?3 AND m.name = ?4 AND e.period_end = ?5 \
         AND e.quantity_nano = ?6 AND {IS_LIVE})"
    )
}

const UNPRICED: &str = "SELECT EXISTS (SELECT 1 FROM unpriced u JOIN source o ON o.id = u.source_id \
     JOIN meter m ON m.id = u.meter_id WHERE u.key >= ?1 AND u.key < ?2 AND o.name = ?3 AND m.name = ?4 \
     AND u.period_end = ?5 AND u.per_hour IS ?6 AND u.settled_by IS NULL AND u.replaced = 0)";

impl Database {
    /// Whether `source` has told the opposite of a fact: the same meter over the same period, with the quantity negated. Facts that begin
    /// at the same second are looked through.
    ///
    /// # Errors
    /// [`StoreError`] when the file cannot be read.
    pub fn tells_opposite(&self, source: &str, fact: &Rated) -> Result<bool, StoreError> {
        let start = fact.period().start;
        let from = FactKey::floor(start).0;
        let to = FactKey::floor(from_unix(start.timestamp().saturating_add(1))).0;
        let end = fact.period().end.timestamp();
        let found: rusqlite::Result<bool> = match fact {
            Rated::Charge(charge) => self.connection.prepare_cached(&charged()).and_then(|mut s| {
                let quantity = charge.quantity_nano.saturating_neg();
                let meter = charge.meter.to_string();
                s.query_row(params![from, to, source, meter, end, quantity], |row| row.get(0))
            }),
            Rated::Unpriced(unpriced) => self.connection.prepare_cached(UNPRICED).and_then(|mut s| {
                let per_hour = unpriced.per_hour.map(|per_hour| decimal_text(-per_hour));
                let meter = unpriced.meter.to_string();
                s.query_row(params![from, to, source, meter, end, per_hour], |row| row.get(0))
            }),
        };
        found.at(&self.path, "looking for the row that is taken back")
    }
}
