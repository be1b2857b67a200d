//! Rows of `system.billing.usage`: read, rated at the prices in force, billed.
//!
//! A row is one fact, named by its `record_id`: told again, in the same file or another, it changes nothing. A RETRACTION is a fact
//! of its own with a negative amount, so that the ledger keeps what was told, when it was taken back and what it became; sums
//! are right without anybody having to filter. Rows are billed in order of time, whatever the order of the files.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::path::PathBuf;
use std::sync::Arc;

use crate::databricks::billing_usage::BillingUsage;
use crate::intake::billing_usage::read;
use crate::ledger::rate::{Rated, rate_metered};
use crate::model::charge::PriceInForce;
use crate::model::diagnostic::{Diagnostic, Diagnostics};
use crate::model::meter::{Meter, MeterKind};
use crate::model::period::{Instant, Period};
use crate::model::place::Cloud;
use crate::model::usage::{MeteredUsage, Subject, UNALLOCATED};
use crate::ops::files::TableFile;
use crate::ops::ledger::{diagnose, open};
use crate::pricing::catalogue::Catalogue;
use crate::report::billing_usage::{IngestedUsage, SkuLine};
use crate::store::journal::Appended;

/// Facts of one transaction.
const BATCH: usize = 50_000;

/// What all rows of one telling have in common.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UsageOptions {
    /// The ledger.
    pub ledger: PathBuf,
    /// The tag that names the cost centre.
    pub team_tag: Option<String>,
    /// Names of workspaces by their id; a workspace without one is called by its id.
    pub workspaces: BTreeMap<String, String>,
}

/// Bills the rows that are told. What is wrong with others is in the second part; a caller that shows it tells why they are
/// not billed. `progress` is told rows billed and rows in all.
///
/// # Errors
/// A ledger or a price book that cannot be used, and a row that the ledger knows otherwise (`store::conflict`): what was billed
/// before it stays billed.
pub fn ingest(
    sources: &[TableFile],
    catalogue: &mut Catalogue,
    options: &UsageOptions,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<(IngestedUsage, Diagnostics), Diagnostics> {
    let mut told = IngestedUsage {
        ledger: options.ledger.display().to_string(),
        ..IngestedUsage::default()
    };
    let mut problems = Diagnostics::default();
    let rows = take(sources, &mut told, &mut problems)?;
    let clouds: BTreeSet<Cloud> = rows.values().map(|row| row.usage.cloud).collect();
    for cloud in clouds {
        catalogue.load(cloud, None)?;
    }
    let mut database = open(&options.ledger)?;
    let mut desk = Desk {
        catalogue,
        options,
        whole: period_of(&rows),
        prices: HashMap::new(),
        subjects: HashSet::new(),
        told,
        problems,
    };
    let all = u64::try_from(rows.len()).unwrap_or(u64::MAX);
    let mut done = 0_u64;
    let mut batches: BTreeMap<String, Vec<Rated>> = BTreeMap::new();
    for row in rows.values() {
        let facts = desk.bill(row);
        let source = source_of(&row.usage);
        let batch = batches.entry(source.clone()).or_default();
        batch.extend(facts);
        done = done.saturating_add(1);
        if batch.len() >= BATCH {
            let appended = database.append(&source, batch);
            desk.note(appended.map_err(|e| diagnose(&options.ledger, &e))?);
            batch.clear();
            progress(done, all);
        }
    }
    for (source, batch) in &batches {
        let appended = database.append(source, batch);
        desk.note(appended.map_err(|e| diagnose(&options.ledger, &e))?);
    }
    progress(all, all);
    Ok((desk.told, desk.problems.sorted()))
}

/// A row and where it stands.
struct UsageRow {
    source: String,
    line: usize,
    usage: BillingUsage,
}

/// The rows in order of time, each once.
type Rows = BTreeMap<(Instant, String), UsageRow>;

/// Takes the rows of all files. A file without any row is none of usage, and nothing is billed.
fn take(
    sources: &[TableFile],
    told: &mut IngestedUsage,
    problems: &mut Diagnostics,
) -> Result<Rows, Diagnostics> {
    let mut rows = Rows::new();
    let counts = &mut told.rows;
    for file in sources {
        let mut found = Diagnostics::default();
        let is_usage = read(&file.source, file.open()?, &mut |row| match row {
            Err(rejected) => {
                let is_row = usize::from(rejected.row.is_some());
                counts.read = counts.read.saturating_add(is_row);
                counts.rejected = counts.rejected.saturating_add(is_row);
                found.0.extend(rejected.problems);
            }
            Ok(taken) => {
                counts.read = counts.read.saturating_add(1);
                let row = UsageRow {
                    source: file.source.clone(),
                    line: taken.line,
                    usage: taken.row,
                };
                let key = (row.usage.period.start, row.usage.record_id.clone());
                match rows.entry(key) {
                    Entry::Vacant(place) => {
                        place.insert(row);
                    }
                    Entry::Occupied(known) if known.get().usage == row.usage => {
                        counts.repeated = counts.repeated.saturating_add(1);
                    }
                    Entry::Occupied(known) => {
                        counts.rejected = counts.rejected.saturating_add(1);
                        found.0.push(told_differently(known.get(), &row));
                    }
                }
            }
        });
        if !is_usage {
            return Err(found);
        }
        problems.0.extend(found.0);
    }
    Ok(rows)
}

fn told_differently(known: &UsageRow, row: &UsageRow) -> Diagnostic {
    let message = format!(
        "the row `{}` says something else at {}:{}; a row is never changed, a correction is another row",
        row.usage.record_id, known.source, known.line
    );
    Diagnostic::error("usage::told-differently", &row.source, message)
        .at(row.line, 0)
        .path("record_id")
        .hint("the first is billed; is one of the files from another account, or edited?")
}

/// From the first start to the last end.
fn period_of(rows: &Rows) -> Option<Period> {
    let start = rows.values().map(|row| row.usage.period.start).min()?;
    let end = rows.values().map(|row| row.usage.period.end).max()?;
    Period::new(start, end)
}

/// Who tells: the table of an account.
fn source_of(usage: &BillingUsage) -> String {
    match usage.account_id.as_str() {
        "" => "system.billing.usage".to_owned(),
        account => format!("system.billing.usage/{account}"),
    }
}

/// A meter, with its prices over all that is told.
type Priced = (Arc<Meter>, Vec<PriceInForce>);

/// Bills rows one after the other.
struct Desk<'a> {
    catalogue: &'a Catalogue,
    options: &'a UsageOptions,
    /// What all rows cover: prices of a meter are looked up once.
    whole: Option<Period>,
    prices: HashMap<(String, &'static str), Priced>,
    /// Subjects are shared, so that the ledger meets each once.
    subjects: HashSet<Arc<Subject>>,
    told: IngestedUsage,
    problems: Diagnostics,
}

impl Desk<'_> {
    fn bill(&mut self, row: &UsageRow) -> Vec<Rated> {
        let usage = &row.usage;
        let subject = self.subject(usage);
        let (meter, prices) = self.priced(usage);
        let metered = MeteredUsage {
            resource: usage.record_id.as_str().into(),
            subject,
            meter,
            period: usage.period,
            quantity: usage.usage_quantity,
        };
        match rate_metered(&metered, prices) {
            Ok(facts) => {
                self.told.rows.count(usage.record_type);
                let sku = format!("{} {}", usage.cloud, usage.sku_name);
                self.told
                    .skus
                    .entry(sku)
                    .or_default()
                    .add(usage.usage_quantity, &facts);
                facts
            }
            Err(error) => {
                self.told.rows.rejected = self.told.rows.rejected.saturating_add(1);
                let problem = Diagnostic::error("usage::rate", &row.source, error.to_string());
                self.problems
                    .0
                    .push(problem.at(row.line, 0).path("usage_quantity"));
                Vec::new()
            }
        }
    }

    /// Notes what a transaction has written.
    fn note(&mut self, appended: Appended) {
        let told = &mut self.told;
        told.new_facts = told.new_facts.saturating_add(appended.new);
        told.known_facts = told.known_facts.saturating_add(appended.known);
        told.new_unpriced = told.new_unpriced.saturating_add(appended.unpriced);
    }

    /// The meter of a row, and its prices over all that is told.
    fn priced(&mut self, usage: &BillingUsage) -> (Arc<Meter>, &[PriceInForce]) {
        let (catalogue, whole) = (self.catalogue, self.whole.unwrap_or(usage.period));
        let key = (usage.sku_name.clone(), usage.cloud.as_str());
        let (meter, prices) = self.prices.entry(key).or_insert_with(|| {
            let meter = Meter {
                cloud: usage.cloud,
                kind: MeterKind::Dbu {
                    sku_name: usage.sku_name.clone(),
                },
            };
            let prices = catalogue.book.in_force(&meter, whole);
            (Arc::new(meter), prices)
        });
        (Arc::clone(meter), prices)
    }

    fn subject(&mut self, usage: &BillingUsage) -> Arc<Subject> {
        let tag = self.options.team_tag.as_ref();
        let team = tag
            .and_then(|tag| usage.custom_tags.get(tag))
            .filter(|team| !team.is_empty());
        let workspace = self.options.workspaces.get(&usage.workspace_id);
        let subject = Subject {
            workspace: workspace.unwrap_or(&usage.workspace_id).clone(),
            team: team.map_or(UNALLOCATED, String::as_str).to_owned(),
            cluster_id: usage
                .metadata(&["cluster_id", "warehouse_id", "dlt_pipeline_id", "endpoint_id"])
                .to_owned(),
            cluster_name: usage.metadata(&["endpoint_name"]).to_owned(),
            job_name: usage.metadata(&["job_name", "job_id"]).to_owned(),
            run_id: usage.metadata(&["job_run_id"]).to_owned(),
            pool: usage.metadata(&["instance_pool_id"]).to_owned(),
            owner: usage.identity().to_owned(),
            policy: String::new(),
        };
        match self.subjects.get(&subject) {
            Some(known) => Arc::clone(known),
            None => {
                let shared = Arc::new(subject);
                self.subjects.insert(Arc::clone(&shared));
                shared
            }
        }
    }
}

impl SkuLine {
    fn add(&mut self, quantity: rust_decimal::Decimal, facts: &[Rated]) {
        for fact in facts {
            match fact {
                Rated::Charge(charge) => {
                    let cost = self
                        .cost_nano
                        .entry(charge.price.currency.to_string())
                        .or_default();
                    *cost = cost.saturating_add(charge.list_cost_nano.into());
                }
                Rated::Unpriced(_) => self.unpriced = self.unpriced.saturating_add(1),
            }
        }
        self.rows = self.rows.saturating_add(1);
        self.dbu = self.dbu.checked_add(quantity).unwrap_or(self.dbu);
    }
}
