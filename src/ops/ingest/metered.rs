//! Rows that somebody else has metered: gathered, put in order of time, rated at the prices in force, billed.
//!
//! Rows wait in a [`Pile`] until all are read or they take [`ROOM`], and are billed in order of time, whatever the order of the
//! files. A larger telling is billed in several such chunks: the ledger has the same facts, sums and costs, and only their order in
//! it, and so its head, hangs on the order of the files.

use rust_decimal::Decimal;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::num::NonZeroUsize;
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::Arc;

use super::Step;
use super::batch_writer::{Batch, BatchWriter, Written};
use super::lost::{Lost, RowName};
use super::pile::{Pile, RowId, Waiting};
use super::rejects::Rejects;
use super::subjects::{Subjects, narrow};
use crate::databricks::billing_usage::RecordType;
use crate::intake::table::{Rejected, Taken, Taker};
use crate::ledger::fact::SourceRow;
use crate::ledger::rate::{Rated, rate_metered};
use crate::model::ahead::ahead;
use crate::model::charge::PriceInForce;
use crate::model::cost_centre::{Asked, CostCentres};
use crate::model::diagnostic::{Diagnostic, Diagnostics};
use crate::model::meter::{Category, Meter, MeterKind};
use crate::model::period::{Instant, Period, from_unix, rfc3339};
use crate::model::place::Cloud;
use crate::model::rows::Input;
use crate::model::usage::{MeteredUsage, Subject};
use crate::ops::files::TableFile;
use crate::ops::ledger::{diagnose, open};
use crate::pricing::catalogue::Catalogue;
use crate::report::billing_usage::{IngestedUsage, SkuLine};
use crate::store::Database;
use crate::store::journal::Appended;

/// Bytes that rows which wait may take, with whose they are: 800 MiB. Ten million rows of few clusters, or three million of which each
/// has a cluster and a run of its own. What the ledger remembers of names comes on top, some 500 MB at most.
pub(super) const ROOM: usize = 800 << 20;
/// Facts of one transaction.
const BATCH: usize = 50_000;
/// Bytes of a row, about, while it is handed over.
const ROW: usize = 1 << 10;
/// Rows after which progress is told.
const STEP: u64 = 10_000;

/// A row, as far as it decides what is billed and to whom.
pub(super) struct Metered {
    /// Names the row.
    pub resource: String,
    /// Who tells.
    pub source: String,
    pub subject: Subject,
    pub cloud: Cloud,
    pub sku_name: String,
    pub period: Period,
    /// In DBU; negative for a RETRACTION.
    pub quantity: Decimal,
    pub record_type: RecordType,
}

/// How rows are billed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Manner {
    /// Where what was told differently before is corrected: what names a row.
    pub correct: Option<RowName>,
    /// Facts of one transaction, if not the usual number.
    pub batch: Option<NonZeroUsize>,
}

/// Who owes for DBUs of a subject, by the rules.
pub(super) fn team_of_dbus(rules: &CostCentres, subject: &Subject, cloud: Cloud, sku_name: &str) -> String {
    let asked = Asked::of(subject).told(
        Some(&cloud.to_string()),
        Some(Category::Dbu.as_str()),
        Some(sku_name),
    );
    rules.decide(&asked).cost_centre
}

/// Who tells, and of which meter.
struct Kind {
    source: Arc<str>,
    meter: Arc<Meter>,
    /// `AZURE PREMIUM_JOBS_COMPUTE`.
    shown: String,
}

/// Takes rows and bills them.
pub(super) struct Desk<'a, 'w> {
    catalogue: &'a mut Catalogue,
    ledger: PathBuf,
    rejects: &'a mut Rejects<'w>,
    progress: &'a mut dyn FnMut(Step),
    database: Option<Database>,
    files: Vec<Arc<str>>,
    kinds: Vec<Kind>,
    kind_numbers: HashMap<(String, Cloud, String), u32>,
    subjects: Subjects,
    pile: Pile,
    room: usize,
    manner: Manner,
    /// Entries of the ledger when the telling began.
    since: i64,
    /// What the ledger has of the rows that are billed, beside what they tell.
    lost: Lost,
    told: IngestedUsage,
    batches: BTreeMap<Arc<str>, Batch>,
    /// Rows of the instant that is being billed.
    instant: AtOnce,
}

impl<'a, 'w> Desk<'a, 'w> {
    pub fn new(
        catalogue: &'a mut Catalogue,
        ledger: PathBuf,
        rejects: &'a mut Rejects<'w>,
        progress: &'a mut dyn FnMut(Step),
    ) -> Desk<'a, 'w> {
        Desk {
            told: IngestedUsage {
                ledger: ledger.display().to_string(),
                ..IngestedUsage::default()
            },
            catalogue,
            ledger,
            rejects,
            progress,
            database: None,
            files: Vec::new(),
            kinds: Vec::new(),
            kind_numbers: HashMap::new(),
            subjects: Subjects::default(),
            pile: Pile::default(),
            room: ROOM,
            manner: Manner::default(),
            since: 0,
            lost: Lost::default(),
            batches: BTreeMap::new(),
            instant: AtOnce::default(),
        }
    }

    /// Bills in another manner than the usual.
    pub fn in_manner(mut self, manner: Manner) -> Self {
        self.manner = manner;
        self
    }

    /// Puts fewer rows in order at once.
    #[cfg(test)]
    pub fn with_room(mut self, bytes: usize) -> Self {
        self.room = bytes;
        self
    }

    /// Takes the rows of a file, read as its table is and billed as they are told.
    ///
    /// # Errors
    /// What is wrong with a file of something else; what billing says.
    pub fn take_file<T: Send>(
        &mut self,
        file: &TableFile,
        read: impl FnOnce(&str, Input, &mut Taker<'_, T>) -> bool + Send,
        metered: impl Fn(T) -> Metered,
    ) -> Result<(), Diagnostics> {
        self.open_file(&file.source);
        let mut billed = Ok(());
        let (source, input) = (file.source.as_str(), file.open()?);
        // Rows are understood on a thread of their own, while those before are put where they wait.
        let tell = |tell: &mut dyn FnMut(_, usize) -> ControlFlow<()>| {
            read(source, input, &mut |told| tell(told, ROW))
        };
        let is_table = ahead(tell, &mut |told: Result<Taken<T>, Rejected>| {
            match told {
                Err(rejected) => self.reject(rejected),
                Ok(taken) => billed = self.take(taken.line, metered(taken.row)),
            }
            match billed.is_ok() {
                true => ControlFlow::Continue(()),
                false => ControlFlow::Break(()),
            }
        });
        billed?;
        match is_table {
            true => Ok(()),
            false => Err(self.rejects.shown_of(&file.source)),
        }
    }

    /// The rows that follow are of this file.
    fn open_file(&mut self, source: &str) {
        self.files.push(Arc::from(source));
    }

    /// A row that cannot be read.
    fn reject(&mut self, rejected: Rejected) {
        let is_row = usize::from(rejected.row.is_some());
        let rows = &mut self.told.rows;
        rows.read = rows.read.saturating_add(is_row);
        rows.rejected = rows.rejected.saturating_add(is_row);
        self.rejects.reject(rejected);
    }

    /// A row. Where as many wait as are put in order at once, they are billed.
    fn take(&mut self, line: usize, row: Metered) -> Result<(), Diagnostics> {
        self.told.rows.read = self.told.rows.read.saturating_add(1);
        let waiting = Waiting {
            start: row.period.start.timestamp(),
            end: row.period.end.timestamp(),
            id: RowId::new(&row.resource),
            file: narrow(self.files.len().saturating_sub(1)),
            line: narrow(line),
            kind: self.kind(row.source, row.cloud, row.sku_name),
            subject: self.subjects.number(&row.subject),
            record_type: row.record_type,
            quantity: row.quantity,
        };
        self.pile.push(waiting);
        let rows = u64::try_from(self.told.rows.read).unwrap_or(u64::MAX);
        if rows.checked_rem(STEP) == Some(0) {
            (self.progress)(Step::Read(rows));
        }
        match self.pile.bytes().saturating_add(self.subjects.bytes()) >= self.room {
            true => self.bill(),
            false => Ok(()),
        }
    }

    fn kind(&mut self, source: String, cloud: Cloud, sku_name: String) -> u32 {
        let next = narrow(self.kinds.len());
        let (kinds, key) = (&mut self.kinds, (source, cloud, sku_name));
        if let Some(known) = self.kind_numbers.get(&key) {
            return *known;
        }
        kinds.push(Kind {
            source: Arc::from(key.0.as_str()),
            shown: format!("{cloud} {}", key.2),
            meter: Arc::new(Meter {
                cloud,
                kind: MeterKind::Dbu {
                    sku_name: key.2.clone(),
                },
            }),
        });
        self.kind_numbers.insert(key, next);
        next
    }

    /// Bills what waits, and tells what came of all.
    pub fn finish(mut self) -> Result<IngestedUsage, Diagnostics> {
        self.bill()?;
        if let Some(database) = &self.database {
            database.bring_log_in().map_err(|e| diagnose(&self.ledger, &e))?;
        }
        Ok(self.told)
    }

    fn bill(&mut self) -> Result<(), Diagnostics> {
        let pile = std::mem::take(&mut self.pile);
        let clouds: BTreeSet<Cloud> = self.kinds.iter().map(|kind| kind.meter.cloud).collect();
        for cloud in clouds {
            self.catalogue.load(cloud, None)?;
        }
        self.open()?;
        self.look_for_lost(&pile)?;
        let all = u64::try_from(pile.rows()).unwrap_or(u64::MAX);
        if let Some(database) = self.database.take() {
            let correct = self.manner.correct.map(|_| self.since);
            let writer = BatchWriter::begin(database, correct);
            // Where the writer no longer listens, its end says why.
            let _ = self.rows(pile, all, &writer);
            let written = writer.finish().map_err(|e| diagnose(&self.ledger, &e))?;
            self.note_written(written);
        }
        // Numbers of subjects are those of rows that wait, and none does.
        self.subjects = Subjects::default();
        (self.progress)(Step::Billed(all, all));
        Ok(())
    }

    /// Bills rows in order of time, as long as the writer listens.
    fn rows(&mut self, pile: Pile, all: u64, writer: &BatchWriter) -> ControlFlow<()> {
        let (mut done, mut before) = (0_u64, None);
        let mut prices: HashMap<u32, OfMonth> = HashMap::new();
        for row in pile.in_order() {
            done = done.saturating_add(1);
            if done.checked_rem(STEP) == Some(0) {
                (self.progress)(Step::Billed(done, all));
            }
            if let Some(known) = before.as_ref().filter(|known| is_same(known, &row)) {
                self.again(known, &row);
                continue;
            }
            if self.instant.start != Some(row.start) {
                self.leave_instant(writer)?;
                self.instant.start = Some(row.start);
            }
            self.row(&row, &mut prices, writer)?;
            before = Some(row);
        }
        self.leave_instant(writer)?;
        for (source, batch) in std::mem::take(&mut self.batches) {
            listens(writer.write(&source, batch))?;
        }
        ControlFlow::Continue(())
    }

    /// Counts what was written, and tells of rows that take back what nobody told.
    fn note_written(&mut self, written: Written) {
        let Appended {
            new,
            known,
            unpriced,
            corrected,
            withdrawn,
        } = written.appended;
        let told = &mut self.told;
        told.corrected_facts = told.corrected_facts.saturating_add(corrected);
        told.withdrawn_facts = told.withdrawn_facts.saturating_add(withdrawn);
        told.new_facts = told.new_facts.saturating_add(new);
        told.known_facts = told.known_facts.saturating_add(known);
        told.new_unpriced = told.new_unpriced.saturating_add(unpriced);
        self.database = Some(written.database);
        for row in written.without_original {
            self.warn_without_original(&row);
        }
    }

    fn open(&mut self) -> Result<(), Diagnostics> {
        if self.database.is_none() {
            let database = open(&self.ledger)?;
            let head = database.head().map_err(|e| diagnose(&self.ledger, &e))?;
            self.since = head.entries;
            self.database = Some(database);
        }
        Ok(())
    }

    /// Where rows are corrected: what the ledger has of them under other names.
    fn look_for_lost(&mut self, pile: &Pile) -> Result<(), Diagnostics> {
        let (Some(name), Some(database)) = (self.manner.correct, &self.database) else {
            return Ok(());
        };
        let named = |kind: &Kind| (Arc::clone(&kind.source), kind.meter.to_string());
        let kinds: Vec<(Arc<str>, String)> = self.kinds.iter().map(named).collect();
        let lost = Lost::read(database, &kinds, pile, name);
        self.lost = lost.map_err(|e| diagnose(&self.ledger, &e))?;
        Ok(())
    }

    /// A row that is told once more.
    fn again(&mut self, known: &Waiting, row: &Waiting) {
        if known.says(row) {
            self.told.rows.repeated = self.told.rows.repeated.saturating_add(1);
            return;
        }
        let message = format!(
            "the row `{}` says something else at {}:{}; a row is never changed, a correction is another row",
            row.id.text(),
            self.file(known.file),
            known.line
        );
        let problem = self.placed(
            Diagnostic::error("usage::told-differently", "", message),
            row,
            "record_id",
        );
        self.reject_late(
            problem.hint(
                "the first is billed; is one of the files from another account, or edited? what was told earlier is corrected by a \
                 telling of its own, with --correct",
            ),
        );
    }

    /// A row that was read and cannot be billed. What it said is no longer there, but its place is.
    fn reject_late(&mut self, problem: Diagnostic) {
        self.told.rows.rejected = self.told.rows.rejected.saturating_add(1);
        self.rejects.reject(Rejected {
            problems: vec![problem],
            row: Some("null".to_owned()),
        });
    }

    /// A diagnostic at the place of a row.
    fn placed(&self, diagnostic: Diagnostic, row: &Waiting, column: &str) -> Diagnostic {
        let line = usize::try_from(row.line).unwrap_or_default();
        Diagnostic {
            source: self.file(row.file).to_owned(),
            ..diagnostic
        }
        .at(line, 0)
        .path(column)
    }

    fn file(&self, number: u32) -> &str {
        let at = usize::try_from(number).ok();
        at.and_then(|at| self.files.get(at)).map_or("", AsRef::as_ref)
    }

    fn row(
        &mut self,
        row: &Waiting,
        prices: &mut HashMap<u32, OfMonth>,
        writer: &BatchWriter,
    ) -> ControlFlow<()> {
        let at = |n: u32| usize::try_from(n).unwrap_or(usize::MAX);
        let Some(kind) = self.kinds.get(at(row.kind)) else {
            return ControlFlow::Continue(());
        };
        let metered = MeteredUsage {
            resource: row.id.text().into(),
            subject: self.subjects.subject(row.subject),
            meter: Arc::clone(&kind.meter),
            period: Period {
                start: from_unix(row.start),
                end: from_unix(row.end),
            },
            quantity: row.quantity,
        };
        let source = Arc::clone(&kind.source);
        let in_force = prices
            .entry(row.kind)
            .or_default()
            .covering(self.catalogue, &metered);
        let facts = match rate_metered(&metered, in_force) {
            Ok(facts) => facts,
            Err(error) => {
                let problem = Diagnostic::error("usage::rate", "", error.to_string());
                let problem = self.placed(problem, row, "usage_quantity");
                self.reject_late(problem);
                return ControlFlow::Continue(());
            }
        };
        self.told.rows.count(row.record_type);
        let line = match self.told.skus.get_mut(&*kind.shown) {
            Some(line) => line,
            None => self.told.skus.entry(kind.shown.clone()).or_default(),
        };
        add(line, row.quantity, &facts);
        self.instant.note(row, &facts);
        let stood = SourceRow {
            file: self.files.get(at(row.file)).map(Arc::clone).unwrap_or_default(),
            line: row.line,
        };
        let batch = self.batches.entry(Arc::clone(&source)).or_default();
        if let Some(name) = self.manner.correct {
            let meter = metered.meter.to_string();
            let lost = self.lost.of(&source, row, &meter, &facts, name);
            batch.withdrawn.extend(lost);
        }
        batch.rows.extend(facts.iter().map(|_| stood.clone()));
        batch.facts.extend(facts);
        if batch.facts.len() >= self.manner.batch.map_or(BATCH, NonZeroUsize::get) {
            let full = std::mem::take(batch);
            listens(writer.write(&source, full))?;
        }
        ControlFlow::Continue(())
    }

    /// All rows of an instant are seen: a row that takes another back has the one that it takes back among them, or in the ledger.
    fn leave_instant(&mut self, writer: &BatchWriter) -> ControlFlow<()> {
        for (row, first) in std::mem::take(&mut self.instant).unmatched() {
            let at = usize::try_from(row.kind).unwrap_or(usize::MAX);
            if let Some(kind) = self.kinds.get(at) {
                listens(writer.ask(&kind.source, row, first))?;
            }
        }
        ControlFlow::Continue(())
    }

    fn warn_without_original(&mut self, row: &Waiting) {
        let at = usize::try_from(row.kind).unwrap_or(usize::MAX);
        let Some(kind) = self.kinds.get(at) else {
            return;
        };
        let message = format!(
            "`{}` takes back {} of {} from {}, but no row that was told has that quantity, SKU and period",
            row.id.text(),
            -row.quantity,
            kind.meter,
            rfc3339(from_unix(row.start))
        );
        let problem = Diagnostic::warning("usage::no-original", "", message);
        let problem = self.placed(problem, row, "record_type");
        let rows = &mut self.told.rows;
        rows.retraction_without_original = rows.retraction_without_original.saturating_add(1);
        self.rejects.show(problem.hint(
            "it is billed; until the file with its ORIGINAL is told to the same ledger, the sum is too low",
        ));
    }
}

/// Goes on while the writer listens.
fn listens(listens: bool) -> ControlFlow<()> {
    match listens {
        true => ControlFlow::Continue(()),
        false => ControlFlow::Break(()),
    }
}

fn is_same(known: &Waiting, row: &Waiting) -> bool {
    (known.start, &known.id) == (row.start, &row.id)
}

/// Prices of a meter over the days of the rows that were billed last.
#[derive(Default)]
struct OfMonth {
    covered: Option<Period>,
    prices: Vec<PriceInForce>,
}

/// Seconds for which prices are looked up at once: 31 days.
const SPAN: i64 = 31 * 86_400;

impl OfMonth {
    /// Prices that cover the row.
    fn covering(&mut self, catalogue: &Catalogue, row: &MeteredUsage) -> &[PriceInForce] {
        let covers = |known: Period| known.start <= row.period.start && row.period.end <= known.end;
        if !self.covered.is_some_and(covers) {
            let far: Instant = from_unix(row.period.start.timestamp().saturating_add(SPAN));
            let whole = Period {
                start: row.period.start,
                end: far.max(row.period.end),
            };
            self.prices = catalogue.book.in_force(&row.meter, whole);
            self.covered = Some(whole);
        }
        &self.prices
    }
}

fn add(line: &mut SkuLine, quantity: Decimal, facts: &[Rated]) {
    for fact in facts {
        match fact {
            Rated::Charge(charge) => {
                let cost = line
                    .cost_nano
                    .entry(charge.price.currency.to_string())
                    .or_default();
                *cost = cost.saturating_add(charge.cost_nano.into());
            }
            Rated::Unpriced(_) => line.unpriced = line.unpriced.saturating_add(1),
        }
    }
    line.rows = line.rows.saturating_add(1);
    line.dbu = line.dbu.checked_add(quantity).unwrap_or(line.dbu);
}

/// What a row and the one that takes it back have in common: end, meter, subject, quantity.
type Likeness = (i64, u32, u32, Decimal);

/// The rows that begin at one instant, as far as corrections go.
#[derive(Default)]
struct AtOnce {
    start: Option<i64>,
    /// Of each likeness the rows that tell it, without those that take one back.
    balance: HashMap<Likeness, i64>,
    /// Rows that take another back, with the first piece that they became.
    retractions: Vec<(Waiting, Rated)>,
}

impl AtOnce {
    fn note(&mut self, row: &Waiting, facts: &[Rated]) {
        let likeness = likeness(row);
        let balance = self.balance.entry(likeness).or_default();
        match (row.record_type, facts.first()) {
            (RecordType::Retraction, Some(first)) => {
                *balance = balance.saturating_sub(1);
                self.retractions.push((row.clone(), first.clone()));
            }
            _ => *balance = balance.saturating_add(1),
        }
    }

    /// Rows that take back what none of these tells.
    fn unmatched(mut self) -> Vec<(Waiting, Rated)> {
        let mut found = Vec::new();
        for (row, first) in self.retractions {
            if let Some(balance) = self.balance.get_mut(&likeness(&row)).filter(|b| **b < 0) {
                *balance = balance.saturating_add(1);
                found.push((row, first));
            }
        }
        found
    }
}

fn likeness(row: &Waiting) -> Likeness {
    (row.end, row.kind, row.subject, row.quantity.abs().normalize())
}

#[cfg(test)]
mod tests {
    use super::super::rejects::with_rejects;
    use super::*;
    use crate::model::period::parse_instant;
    use crate::ops::ledger::check;
    use crate::ops::prices::catalogue;
    use std::path::Path;

    fn row(id: &str, start: &str, quantity: i64, record_type: RecordType) -> Metered {
        let start = parse_instant(start).unwrap();
        Metered {
            resource: id.to_owned(),
            source: "s".to_owned(),
            subject: Subject::default(),
            cloud: Cloud::Azure,
            sku_name: "PREMIUM_JOBS_COMPUTE".to_owned(),
            period: Period {
                start,
                end: from_unix(start.timestamp() + 3_600),
            },
            quantity: quantity.into(),
            record_type,
        }
    }

    fn rows() -> Vec<Metered> {
        use RecordType::{Original, Restatement, Retraction};
        vec![
            row("a", "2026-05-04T10:00:00Z", 10, Original),
            row("b", "2026-05-04T10:00:00Z", -10, Retraction),
            row("c", "2026-05-04T10:00:00Z", 8, Restatement),
            row("d", "2026-05-04T09:00:00Z", 1, Original),
            row("e", "2026-05-03T09:00:00Z", 2, Original),
        ]
    }

    fn bill(ledger: &Path, rows: Vec<Metered>, room: usize) -> (IngestedUsage, Diagnostics) {
        let mut catalogue = catalogue(&[]).unwrap();
        let told = with_rejects(None, |rejects| {
            let progress = &mut |_| {};
            let desk = Desk::new(&mut catalogue, ledger.to_owned(), rejects, progress);
            let mut desk = desk.with_room(room);
            desk.open_file("f");
            for (line, row) in (1..).zip(rows) {
                desk.take(line, row)?;
            }
            desk.finish()
        });
        told.unwrap()
    }

    /// 10 - 10 + 8 + 1 + 2 = 11 DBU at 0.30 are 3.30.
    #[test]
    fn chunks_bill_the_same_and_one_chunk_has_one_head_in_any_order() {
        let folder = tempfile::tempdir().unwrap();
        let mut heads = Vec::new();
        for (name, room, reversed) in [("all", ROOM, false), ("back", ROOM, true), ("chunks", 1, false)] {
            let ledger = folder.path().join(name);
            let mut rows = rows();
            if reversed {
                rows.reverse();
            }
            let (told, problems) = bill(&ledger, rows, room);
            assert_eq!(problems, Diagnostics::default(), "{name}");
            let line = &told.skus["AZURE PREMIUM_JOBS_COMPUTE"];
            assert_eq!(
                (line.dbu, line.cost_nano["USD"]),
                (11.into(), 3_300_000_000),
                "{name}"
            );
            assert_eq!(told.new_facts, 5);
            let checked = check(&ledger, &mut |_, _| {}).unwrap();
            assert!(checked.findings.is_empty());
            heads.push(checked.head);
        }
        assert_eq!(heads[0], heads[1]);
        assert_ne!(heads[0], heads[2]);
    }

    #[test]
    fn a_row_that_takes_back_what_nobody_told_is_noticed_once() {
        let folder = tempfile::tempdir().unwrap();
        let ledger = folder.path().join("l.db");
        let codes = |problems: &Diagnostics| problems.0.iter().map(|p| (p.code, p.line)).collect::<Vec<_>>();
        let back = |id: &str, quantity| row(id, "2026-05-04T10:00:00Z", quantity, RecordType::Retraction);
        // Of two that take 10 back one has its original, and 9 has none.
        let told = vec![
            row("a", "2026-05-04T10:00:00Z", 10, RecordType::Original),
            back("b", -10),
            back("c", -10),
            back("d", -9),
        ];
        let (counted, problems) = bill(&ledger, told, ROOM);
        assert_eq!(
            codes(&problems),
            [("usage::no-original", 2), ("usage::no-original", 4)]
        );
        assert_eq!(
            (counted.rows.retraction, counted.rows.retraction_without_original),
            (3, 2)
        );
        // The original was told before, to the same ledger; without a price, too.
        let (_, problems) = bill(&ledger, vec![back("b", -10)], ROOM);
        assert_eq!(codes(&problems), []);
        let unpriced = |id: &str, quantity, record_type| Metered {
            sku_name: "NOT_A_SKU".to_owned(),
            ..row(id, "2026-05-04T11:00:00Z", quantity, record_type)
        };
        bill(&ledger, vec![unpriced("x", 7, RecordType::Original)], ROOM);
        let (_, problems) = bill(&ledger, vec![unpriced("y", -7, RecordType::Retraction)], ROOM);
        assert_eq!(codes(&problems), []);
        let (_, problems) = bill(&ledger, vec![unpriced("z", -6, RecordType::Retraction)], ROOM);
        assert_eq!(codes(&problems), [("usage::no-original", 1)]);
    }
}
