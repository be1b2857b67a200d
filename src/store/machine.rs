//! The machines that there were, with the disks that were added to them.
//!
//! What existed at an instant is found without reading every machine: a machine's `span` is the number of bits of its
//! length in seconds, so that machines of one span that exist at an instant began in the 2^span seconds before it. An
//! index on span and start answers with one short range per span.

use rusqlite::{Row, params};
use std::sync::Arc;

use super::database::Database;
use super::dimension::Dimensions;
use super::error::{At, StoreError};
use super::intern::{Interned, Tables};
use super::told::hold_against;
use super::untagged::as_told_then;
use crate::ledger::terms::subject_line;
use crate::model::machine::{AddedDisk, Machine};
use crate::model::meter::PurchaseOption;
use crate::model::period::{Instant, Period, from_unix, rfc3339};

/// A machine as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredMachine {
    /// Who told it.
    pub source: Arc<str>,
    /// The machine.
    pub machine: Machine,
    /// The disks that had been added to it by the instant asked for, in order of their numbers.
    pub added_disks: Vec<AddedDisk>,
}

const INSERT_MACHINE: &str = "INSERT INTO machine (instance_id, source_id, subject_id, node_type, purchase_option, \
     driver, period_start, period_end, span) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) ON CONFLICT DO NOTHING";

const INSERT_DISK: &str = "INSERT INTO added_disk (instance_id, source_id, number, disk, added) \
     VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT DO NOTHING";

const COLUMNS: &str = "source_id, source.name, instance_id, subject_id, name.name, purchase_option, driver, \
     period_start, period_end";

const JOINED: &str = "machine JOIN source ON source.id = source_id JOIN name ON name.id = node_type";

const DOING: &str = "writing machines";

impl Database {
    /// The pools that machines came from, each with its workspace and its node type, in their order.
    ///
    /// # Errors
    /// [`StoreError`] when the file cannot be read.
    pub fn pools_of_machines(&self) -> Result<Vec<(String, String, String)>, StoreError> {
        let sql = "SELECT DISTINCT workspace, pool, name.name FROM machine JOIN subject ON subject.id = subject_id \
                   JOIN name ON name.id = node_type WHERE pool <> '' ORDER BY 1, 2, 3";
        self.connection
            .prepare_cached(sql)
            .and_then(|mut s| {
                s.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?
                    .collect()
            })
            .at(&self.path, "reading machines")
    }

    /// Writes machines; how many were new.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when one was told differently; then none of them is written.
    pub fn append_machines(&mut self, source: &str, machines: &[Machine]) -> Result<u64, StoreError> {
        self.in_transaction(DOING, |tables, interned| {
            write_machines(tables, interned, source, machines)
        })
    }

    /// Writes added disks; how many were new. Their machines may be told before or after them.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when one was told differently; then none of them is written.
    pub fn append_added_disks(&mut self, source: &str, disks: &[AddedDisk]) -> Result<u64, StoreError> {
        self.in_transaction(DOING, |tables, interned| {
            write_added_disks(tables, interned, source, disks)
        })
    }

    /// Whether anything was ever told of a cluster, be it an event, a machine or what became of it.
    ///
    /// # Errors
    /// [`StoreError`] when the file cannot be read.
    pub fn knows_cluster(&self, cluster_id: &str) -> Result<bool, StoreError> {
        let sql = "SELECT EXISTS (SELECT 1 FROM cluster WHERE cluster_id = ?1) \
                   OR EXISTS (SELECT 1 FROM subject WHERE cluster_id = ?1)";
        self.connection
            .prepare_cached(sql)
            .and_then(|mut statement| statement.query_row([cluster_id], |row| row.get(0)))
            .at(&self.path, "looking up a cluster")
    }

    /// The machines that existed at an instant, in order of source and `instance_id`. A machine's period holds its
    /// start and not its end.
    ///
    /// # Errors
    /// [`StoreError`] when the file cannot be read.
    pub fn machines_at(&self, at: Instant) -> Result<Vec<StoredMachine>, StoreError> {
        let doing = "reading machines";
        let sql = at_sql();
        let mut statement = self.connection.prepare_cached(&sql).at(&self.path, doing)?;
        let mut dimensions = Dimensions::new(&self.connection, &self.path);
        let mut found = Vec::new();
        let now = at.timestamp();
        for span in 0..=MAX_SPAN {
            let longest = 1_i64.checked_shl(span).unwrap_or(i64::MAX);
            let earliest = now.saturating_sub(longest);
            let mut rows = statement
                .query(params![span, earliest, now])
                .at(&self.path, doing)?;
            while let Some(row) = rows.next().at(&self.path, doing)? {
                found.push(self.stored_machine(row, &mut dimensions, at)?);
            }
        }
        found.sort_by(|a, b| (&a.source, &a.machine.instance_id).cmp(&(&b.source, &b.machine.instance_id)));
        Ok(found)
    }

    fn stored_machine(
        &self,
        row: &Row<'_>,
        dimensions: &mut Dimensions<'_>,
        at: Instant,
    ) -> Result<StoredMachine, StoreError> {
        let read = MachineRow::of(row).at(&self.path, "reading machines")?;
        let known = [PurchaseOption::OnDemand, PurchaseOption::Spot];
        let purchase_option = known.into_iter().find(|o| o.as_str() == read.purchase_option);
        let machine = Machine {
            subject: dimensions.subject(read.subject_id)?,
            purchase_option: purchase_option.ok_or_else(|| StoreError::Unreadable {
                path: self.path.clone(),
                place: format!("`machine` {}", read.instance_id),
                why: format!("`{}` is not a purchase option", read.purchase_option),
            })?,
            instance_id: read.instance_id,
            node_type_id: read.node_type_id,
            driver: read.driver,
            period: read.period,
        };
        Ok(StoredMachine {
            added_disks: self.added_disks(read.source_id, &machine.instance_id, at)?,
            source: read.source,
            machine,
        })
    }

    fn added_disks(
        &self,
        source_id: i64,
        instance_id: &Arc<str>,
        at: Instant,
    ) -> Result<Vec<AddedDisk>, StoreError> {
        let sql = "SELECT number, disk, added FROM added_disk WHERE instance_id = ?1 AND source_id = ?2 AND added <= ?3 \
                   ORDER BY number";
        self.connection
            .prepare_cached(sql)
            .and_then(|mut statement| {
                let rows =
                    statement.query_map(params![&**instance_id, source_id, at.timestamp()], |row| {
                        Ok(AddedDisk {
                            instance_id: Arc::clone(instance_id),
                            number: row.get(0)?,
                            disk: row.get(1)?,
                            added: from_unix(row.get(2)?),
                        })
                    })?;
                rows.collect()
            })
            .at(&self.path, "reading added disks")
    }
}

/// The columns of a machine, its subject not yet read.
struct MachineRow {
    source_id: i64,
    source: Arc<str>,
    instance_id: Arc<str>,
    subject_id: i64,
    node_type_id: Arc<str>,
    purchase_option: String,
    driver: bool,
    period: Period,
}

impl MachineRow {
    fn of(row: &Row<'_>) -> Result<MachineRow, rusqlite::Error> {
        Ok(MachineRow {
            source_id: row.get(0)?,
            source: row.get(1)?,
            instance_id: row.get(2)?,
            subject_id: row.get(3)?,
            node_type_id: row.get(4)?,
            purchase_option: row.get(5)?,
            driver: row.get(6)?,
            period: Period {
                start: from_unix(row.get(7)?),
                end: from_unix(row.get(8)?),
            },
        })
    }
}

/// Machines of one span that existed at an instant: span, the instant less 2^span seconds, the instant.
fn at_sql() -> String {
    format!(
        "SELECT {COLUMNS} FROM {JOINED} WHERE span = ?1 AND period_start > ?2 AND period_start <= ?3 \
         AND period_end > ?3"
    )
}

/// Bits of the longest length in seconds.
const MAX_SPAN: u32 = 63;

/// The number of bits of the period's length: 2^span seconds are more than it lasts.
fn span(period: &Period) -> u32 {
    let seconds = u64::try_from(period.seconds()).unwrap_or_default();
    u64::BITS.saturating_sub(seconds.leading_zeros())
}

/// Writes machines into the transaction that is open; how many were new.
pub(super) fn write_machines(
    tables: Tables<'_>,
    interned: &mut Interned,
    source: &str,
    machines: &[Machine],
) -> Result<u64, StoreError> {
    if machines.is_empty() {
        return Ok(0);
    }
    let source_id = interned.source(tables, source)?;
    let mut insert = tables
        .connection
        .prepare_cached(INSERT_MACHINE)
        .at(tables.path, DOING)?;
    let mut new = 0_u64;
    // Neighbours in the key lie on one page.
    let mut sorted: Vec<&Machine> = machines.iter().collect();
    sorted.sort_by(|a, b| a.instance_id.cmp(&b.instance_id));
    for machine in sorted {
        let written = insert.execute(params![
            &*machine.instance_id,
            source_id,
            interned.subject(tables, &machine.subject)?,
            interned.names.name(tables, &machine.node_type_id)?,
            machine.purchase_option.as_str(),
            machine.driver,
            machine.period.start.timestamp(),
            machine.period.end.timestamp(),
            span(&machine.period),
        ]);
        if written.at(tables.path, DOING)? == 1 {
            new = new.saturating_add(1);
        } else {
            hold_against_known(tables, source_id, machine)?;
        }
    }
    Ok(new)
}

fn hold_against_known(tables: Tables<'_>, source_id: i64, told: &Machine) -> Result<(), StoreError> {
    let doing = "reading a machine";
    let sql = format!("SELECT {COLUMNS} FROM {JOINED} WHERE instance_id = ?1 AND source_id = ?2");
    let known = tables
        .connection
        .prepare_cached(&sql)
        .and_then(|mut statement| statement.query_row(params![&*told.instance_id, source_id], MachineRow::of))
        .at(tables.path, doing)?;
    let subject = Dimensions::new(tables.connection, tables.path).subject(known.subject_id)?;
    let told_then = as_told_then(tables, known.subject_id, &told.subject)?;
    hold_against(
        || format!("the machine `{}`", told.instance_id),
        [
            "subject",
            "node_type_id",
            "purchase_option",
            "driver",
            "start",
            "end",
        ],
        [
            subject_line(&subject),
            known.node_type_id.to_string(),
            known.purchase_option,
            known.driver.to_string(),
            rfc3339(known.period.start),
            rfc3339(known.period.end),
        ],
        [
            subject_line(&told_then),
            told.node_type_id.to_string(),
            told.purchase_option.as_str().to_owned(),
            told.driver.to_string(),
            rfc3339(told.period.start),
            rfc3339(told.period.end),
        ],
    )
}

/// Writes added disks into the transaction that is open; how many were new.
pub(super) fn write_added_disks(
    tables: Tables<'_>,
    interned: &mut Interned,
    source: &str,
    disks: &[AddedDisk],
) -> Result<u64, StoreError> {
    if disks.is_empty() {
        return Ok(0);
    }
    let source_id = interned.source(tables, source)?;
    let mut insert = tables
        .connection
        .prepare_cached(INSERT_DISK)
        .at(tables.path, DOING)?;
    let mut new = 0_u64;
    for disk in disks {
        let written = insert.execute(params![
            &*disk.instance_id,
            source_id,
            disk.number,
            &*disk.disk,
            disk.added.timestamp()
        ]);
        if written.at(tables.path, DOING)? == 1 {
            new = new.saturating_add(1);
        } else {
            hold_against_known_disk(tables, source_id, disk)?;
        }
    }
    Ok(new)
}

fn hold_against_known_disk(tables: Tables<'_>, source_id: i64, told: &AddedDisk) -> Result<(), StoreError> {
    let known: (String, i64) = tables
        .connection
        .prepare_cached(
            "SELECT disk, added FROM added_disk WHERE instance_id = ?1 AND source_id = ?2 AND number = ?3",
        )
        .and_then(|mut statement| {
            statement.query_row(params![&*told.instance_id, source_id, told.number], |row| {
                Ok((row.get(0)?, row.get(1)?))
            })
        })
        .at(tables.path, "reading an added disk")?;
    hold_against(
        || {
            format!(
                "the added disk {} of the machine `{}`",
                told.number, told.instance_id
            )
        },
        ["disk", "added"],
        [known.0, rfc3339(from_unix(known.1))],
        [told.disk.to_string(), rfc3339(told.added)],
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::sample::{at, subject};
    use proptest::prelude::*;

    fn machine(id: &str, start: i64, seconds: i64) -> Machine {
        let start = at("2026-10-01").timestamp() + start;
        Machine {
            instance_id: id.into(),
            subject: Arc::new(subject("etl", "nightly")),
            node_type_id: "Standard_DS3_v2".into(),
            purchase_option: PurchaseOption::Spot,
            driver: false,
            period: Period {
                start: from_unix(start),
                end: from_unix(start + seconds),
            },
        }
    }

    fn disk(id: &str, number: u32, added: i64) -> AddedDisk {
        AddedDisk {
            instance_id: id.into(),
            number,
            disk: "P15".into(),
            added: from_unix(at("2026-10-01").timestamp() + added),
        }
    }

    #[test]
    fn a_machine_told_twice_is_one_and_told_differently_a_conflict() {
        let mut database = Database::in_memory().unwrap();
        let one = machine("i-1", 0, 60);
        assert_eq!(
            database.append_machines("s", std::slice::from_ref(&one)).unwrap(),
            1
        );
        assert_eq!(
            database.append_machines("s", std::slice::from_ref(&one)).unwrap(),
            0
        );
        assert_eq!(
            database.append_machines("t", std::slice::from_ref(&one)).unwrap(),
            1,
            "instance ids are those of a source"
        );
        let other = Machine {
            driver: true,
            ..one.clone()
        };
        let error = database
            .append_machines("s", &[machine("i-2", 0, 1), other])
            .unwrap_err();
        assert!(
            matches!(&error, StoreError::Conflict { what, differences }
                if what.contains("i-1") && differences.len() == 1 && differences[0].field == "driver"),
            "{error}"
        );
        let found = database.machines_at(at("2026-10-01")).unwrap();
        let found: Vec<_> = found
            .iter()
            .map(|m| (&*m.source, &*m.machine.instance_id))
            .collect();
        assert_eq!(
            found,
            [("s", "i-1"), ("t", "i-1")],
            "nothing of the refused batch"
        );
        assert_eq!(database.machines_at(at("2026-10-01")).unwrap()[0].machine, one);
    }

    #[test]
    fn a_disk_is_there_from_its_addition_until_its_machine_goes() {
        let mut database = Database::in_memory().unwrap();
        let disks = [disk("i-1", 1, 10), disk("i-1", 2, 20)];
        assert_eq!(database.append_added_disks("s", &disks).unwrap(), 2);
        assert_eq!(database.append_added_disks("s", &disks).unwrap(), 0);
        database.append_machines("s", &[machine("i-1", 0, 60)]).unwrap();
        let numbers = |second: i64| -> Vec<Vec<u32>> {
            let at = from_unix(at("2026-10-01").timestamp() + second);
            let machines = database.machines_at(at).unwrap();
            let disks = machines
                .iter()
                .map(|m| m.added_disks.iter().map(|d| d.number).collect());
            disks.collect()
        };
        assert_eq!(numbers(9), [Vec::<u32>::new()]);
        assert_eq!(numbers(10), [vec![1]]);
        assert_eq!(numbers(59), [vec![1, 2]]);
        assert_eq!(numbers(60), Vec::<Vec<u32>>::new());
        let error = database
            .append_added_disks("s", &[disk("i-1", 1, 11)])
            .unwrap_err();
        assert!(matches!(error, StoreError::Conflict { .. }));
    }

    #[test]
    fn an_instant_is_answered_by_the_index() {
        let database = Database::in_memory().unwrap();
        let plan = database.plan(&at_sql());
        assert!(
            plan.contains(
                "SEARCH machine USING INDEX machine_by_time (span=? AND period_start>? AND period_start<?)"
            ),
            "{plan}"
        );
        assert!(!plan.contains("SCAN"), "{plan}");
    }

    #[test]
    fn a_span_is_longer_than_its_machine() {
        for (seconds, bits) in [(0, 0), (1, 1), (2, 2), (3, 2), (4, 3), (3_600, 12)] {
            assert_eq!(span(&machine("i", 0, seconds).period), bits, "{seconds}");
        }
    }

    proptest! {
        /// The same machines as by looking at each.
        #[test]
        fn those_of_an_instant_are_those_whose_period_holds_it(
            periods in prop::collection::vec((0_i64..5_000, 0_i64..4_000), 0..20),
            asked in prop::collection::vec(0_i64..9_000, 1..5),
        ) {
            let machines: Vec<Machine> = periods
                .iter()
                .enumerate()
                .map(|(n, (start, seconds))| machine(&format!("i-{n:02}"), *start, *seconds))
                .collect();
            let mut database = Database::in_memory().unwrap();
            database.append_machines("s", &machines).unwrap();
            // Every start and end is asked for too.
            let edges = periods.iter().flat_map(|(start, seconds)| [*start, start + seconds]);
            for second in asked.into_iter().chain(edges) {
                let at = from_unix(at("2026-10-01").timestamp() + second);
                let found: Vec<Machine> =
                    database.machines_at(at).unwrap().into_iter().map(|m| m.machine).collect();
                let expected: Vec<Machine> =
                    machines.iter().filter(|m| m.period.contains(at)).cloned().collect();
                prop_assert_eq!(found, expected);
            }
        }
    }
}
