//! Reconcile: the ledger's month against what vendors say of it.
//!
//! The ledger's sum comes from its roll-ups; what is compared comes from its entries where resources are compared or an invoice
//! rule applies, else from the roll-ups. So the residual is a check of its own.

use chrono::NaiveDate;
use rust_decimal::Decimal;
use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::Arc;

pub use crate::ledger::reconcile::Grain;
pub use crate::ledger::reconcile::invoice_rule::InvoiceRule;

use super::files::TableFile;
use super::ingest::azure_cost::too_large;
use super::ledger::{diagnose, open_read_only};
use crate::databricks::billing_usage::BillingUsage;
use crate::intake::billing_usage::read;
use crate::ledger::rate::{Rated, rate_metered};
use crate::ledger::reconcile::invoice_rule::{Line, under};
use crate::ledger::reconcile::{Item, Unmapped, compare};
use crate::model::amount::{AMOUNT_PLACES, Amount};
use crate::model::charge::{Costs, Price};
use crate::model::diagnostic::{Diagnostic, Diagnostics};
use crate::model::exact::Inexact;
use crate::model::meter::{Category, Meter, MeterKind};
use crate::model::money::Currency;
use crate::model::period::{Instant, Month};
use crate::model::place::Cloud;
use crate::model::statement::{Belonging, StatementLine};
use crate::model::usage::{MeteredUsage, Subject};
use crate::pricing::catalogue::Catalogue;
use crate::pricing::statement_meter::statement_meter;
use crate::report::reconciliation::{Aside, Reconciliation, Sums};
use crate::store::entries::StoredEntry;
use crate::store::{Database, StoreError};

/// What is compared, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReconcileOptions {
    /// The ledger.
    pub ledger: PathBuf,
    /// The month.
    pub month: Month,
    /// How fine.
    pub grain: Grain,
    /// Rules under which our side is recomputed; none is exact.
    pub rules: Vec<InvoiceRule>,
    /// By how much both may be off, all differences without their signs.
    pub tolerance: Decimal,
}

/// Compares the ledger with the stored statement of Azure, where it has lines of the month, and with rows of
/// `system.billing.usage`, where files of them are told. What is wrong with rows is in the second part.
///
/// # Errors
/// `reconcile::nothing` where there is nothing to compare with, `reconcile::currency` where a side is in another currency,
/// `statement::too-large` for sums beyond 128 bits, `store::*`, `usage::*`, `price::*`.
pub fn reconcile(
    options: &ReconcileOptions,
    usage: &[TableFile],
    catalogue: &mut Catalogue,
) -> Result<(Vec<Reconciliation>, Diagnostics), Diagnostics> {
    let database = open_read_only(&options.ledger)?;
    let desk = Desk {
        name: options.ledger.display().to_string(),
        currency: database
            .head()
            .map_err(|e| diagnose(&options.ledger, &e))?
            .currency,
        options,
        database: &database,
    };
    let mut problems = Diagnostics::default();
    let mut found = Vec::new();
    found.extend(desk.azure()?);
    if !usage.is_empty() {
        found.push(desk.usage(usage, catalogue, &mut problems)?);
    }
    if found.is_empty() {
        let message = format!(
            "no statement of {} is kept here, and no rows of usage are told",
            options.month
        );
        return Err(Diagnostic::error("reconcile::nothing", desk.name, message)
            .hint("tell an export with `tollgate ingest azure-cost`, or rows with `--billing-usage`")
            .into());
    }
    Ok((found, problems.sorted()))
}

struct Desk<'a> {
    name: String,
    /// The ledger's.
    currency: Option<Currency>,
    options: &'a ReconcileOptions,
    database: &'a Database,
}

/// What stands beside the ledger, and so which of its costs are compared. Purchases of commitments are no usage and are left out.
#[derive(Debug, Clone, Copy)]
enum Beside {
    /// An invoice: what commitments have paid costs nothing there.
    Invoice,
    /// Usage at contracted prices: it knows no commitments.
    Usage,
}

impl Beside {
    fn price(self, price: &Price) -> Decimal {
        match (self, &price.commitment) {
            (Beside::Invoice, Some(_)) => Decimal::ZERO,
            (Beside::Invoice | Beside::Usage, _) => price.contracted().0,
        }
    }

    fn cost(self, costs: &Costs) -> i64 {
        match self {
            Beside::Invoice => costs.billed_nano,
            Beside::Usage => costs.contracted_nano,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Beside::Invoice => "azure-cost",
            Beside::Usage => "billing-usage",
        }
    }
}

/// One side, ready to be compared.
#[derive(Default)]
struct Theirs {
    items: Vec<Item>,
    unmapped: Vec<Unmapped>,
    sum: Amount,
    aside: Aside,
}

impl Desk<'_> {
    fn store(&self, error: &StoreError) -> Diagnostics {
        diagnose(&self.options.ledger, error)
    }

    fn inexact(&self, error: &Inexact) -> Diagnostics {
        too_large(&self.name, error)
    }

    /// Against Azure's statement: everything of Azure, DBUs too, which Azure bills itself. None without a line of the month.
    fn azure(&self) -> Result<Option<Reconciliation>, Diagnostics> {
        let period = self.options.month.period();
        let lines = self.database.statement_lines("azure", &period);
        let lines = lines.map_err(|e| self.store(&e))?;
        if lines.is_empty() {
            return Ok(None);
        }
        let mut theirs = Theirs::default();
        let mut currencies = BTreeSet::new();
        for stored in &lines {
            let line = &stored.line;
            if line.belonging() != Belonging::Foreign {
                currencies.insert(line.currency.to_string());
            }
            theirs.line(line).map_err(|e| self.inexact(&e))?;
        }
        let currency = self.one_currency(&currencies)?;
        let rejected = self.database.rejected_statement_rows("azure", &period);
        theirs.aside.rejected_rows = rejected.map_err(|e| self.store(&e))?;
        let scope = |meter: &Meter| meter.cloud == Cloud::Azure && !meter.is_commitment();
        self.against((Beside::Invoice, currency), &scope, theirs)
            .map(Some)
    }

    /// Against rows of usage, at our prices: the DBUs of the clouds that the rows tell of.
    fn usage(
        &self,
        files: &[TableFile],
        catalogue: &mut Catalogue,
        problems: &mut Diagnostics,
    ) -> Result<Reconciliation, Diagnostics> {
        let (rows, rejected) = rows_of(files, problems)?;
        let clouds: BTreeSet<Cloud> = rows.values().map(|row| row.usage.cloud).collect();
        for cloud in &clouds {
            catalogue.load(*cloud, None)?;
        }
        let mut theirs = Theirs::default();
        theirs.aside.rejected_rows = rejected;
        let (month, mut currencies) = (self.options.month.period(), BTreeSet::new());
        let subject = Arc::new(Subject::default());
        for row in rows
            .values()
            .filter(|row| row.usage.period.intersection(&month).is_some())
        {
            let usage = &row.usage;
            let meter = Meter {
                cloud: usage.cloud,
                kind: MeterKind::Dbu {
                    sku_name: usage.sku_name.clone(),
                },
            };
            let prices = catalogue.book.in_force(&meter, usage.period);
            let metered = MeteredUsage {
                resource: usage.record_id.as_str().into(),
                subject: Arc::clone(&subject),
                meter: Arc::new(meter),
                period: usage.period,
                quantity: usage.usage_quantity,
            };
            let facts = match rate_metered(&metered, &prices) {
                Ok(facts) => facts,
                Err(error) => {
                    theirs.aside.rejected_rows = theirs.aside.rejected_rows.saturating_add(1);
                    let problem = Diagnostic::error("usage::rate", row.source, error.to_string());
                    problems.0.push(problem.at(row.line, 0).path("usage_quantity"));
                    continue;
                }
            };
            let cluster = usage.metadata(&["cluster_id", "warehouse_id", "dlt_pipeline_id", "endpoint_id"]);
            for fact in facts {
                let taken = theirs.fact(&fact, cluster, self.options.month, &mut currencies);
                taken.map_err(|e| self.inexact(&e))?;
            }
        }
        let currency = self.one_currency(&currencies)?;
        let scope = |meter: &Meter| {
            meter.category() == Category::Dbu
                && !meter.is_commitment()
                && (clouds.is_empty() || clouds.contains(&meter.cloud))
        };
        self.against((Beside::Usage, currency), &scope, theirs)
    }

    /// The one currency of both sides.
    fn one_currency(&self, theirs: &BTreeSet<String>) -> Result<Option<Currency>, Diagnostics> {
        let ours = self.currency.map(|c| c.to_string());
        let all: BTreeSet<&String> = theirs.iter().chain(&ours).collect();
        match all.into_iter().collect::<Vec<_>>().as_slice() {
            [] => Ok(None),
            [one] => Ok(Currency::try_from((*one).clone()).ok()),
            several => {
                let names: Vec<&str> = several.iter().map(|c| c.as_str()).collect();
                let message = format!(
                    "amounts in {} are not compared: nothing is converted here",
                    names.join(" and ")
                );
                Err(Diagnostic::error("reconcile::currency", &self.name, message)
                    .hint("bill into a ledger of the statement's currency, with prices in it (`--prices`)")
                    .into())
            }
        }
    }

    fn against(
        &self,
        (beside, currency): (Beside, Option<Currency>),
        scope: &dyn Fn(&Meter) -> bool,
        mut theirs: Theirs,
    ) -> Result<Reconciliation, Diagnostics> {
        let month = self.options.month;
        // What was used in the month, whenever it was billed.
        let own = self.database.cost_rows(&month.period());
        let late = self.database.late_rows_of(&month.period());
        let (own, late) = (
            own.map_err(|e| self.store(&e))?,
            late.map_err(|e| self.store(&e))?,
        );
        let rows: Vec<_> = own
            .into_iter()
            .chain(late)
            .filter(|row| scope(&row.meter))
            .collect();
        let sum = rows.iter().fold(0_i128, |sum, row| {
            sum.saturating_add(beside.cost(&row.costs).into())
        });
        let unpriced = self.database.unpriced_rows(&month.period());
        let unpriced = unpriced.map_err(|e| self.store(&e))?;
        let here = unpriced.iter().filter(|row| scope(&row.meter));
        theirs.aside.unpriced_here = here.fold(0, |n, row| n.saturating_add(row.usages));
        let mut ours = Ours::default();
        if self.options.grain == Grain::Resource || !self.options.rules.is_empty() {
            let visited = self.database.visit_entries(Some(&month.period()), &mut |stored| {
                ours.entry(&stored, scope, beside).map_err(Unread::Inexact)
            });
            visited.map_err(|e| match e {
                Unread::Store(e) => self.store(&e),
                Unread::Inexact(e) => self.inexact(&e),
            })?;
        } else {
            for row in &rows {
                let cluster = row.subject.cluster_id.as_str();
                let price = beside.price(&row.price);
                let key = (row.day, Arc::from(""), Arc::from(cluster), price);
                let cost_nano = beside.cost(&row.costs);
                ours.add(&row.meter, key, (row.quantity_nano, cost_nano, row.entries));
            }
        }
        self.drawn((beside.name(), currency), sum, ours, theirs)
            .map_err(|e| self.inexact(&e))
    }

    fn drawn(
        &self,
        (against, currency): (&'static str, Option<Currency>),
        sum: i128,
        ours: Ours,
        theirs: Theirs,
    ) -> Result<Reconciliation, Inexact> {
        let options = self.options;
        let (items, rule) = ours.items(&options.rules)?;
        let sums = Sums {
            ledger: Amount::of_nano(sum)?,
            rule,
            statement: theirs.sum,
        };
        let compared = compare(&items, &theirs.items, theirs.unmapped, options.grain)?;
        let tolerance = Amount::of_decimal(options.tolerance)?;
        let what = (against, options.month, currency);
        Reconciliation::new(
            what,
            options.rules.clone(),
            sums,
            compared,
            tolerance,
            theirs.aside,
        )
    }
}

impl Theirs {
    /// A line of Azure's statement.
    fn line(&mut self, line: &StatementLine) -> Result<(), Inexact> {
        let cost = Amount::of_decimal(line.cost)?;
        if line.belonging() == Belonging::Foreign {
            self.aside.foreign_lines = self.aside.foreign_lines.saturating_add(1);
            let sum = self
                .aside
                .foreign_cost
                .entry(line.currency.to_string())
                .or_default();
            *sum = sum.plus(cost)?;
            return Ok(());
        }
        self.sum = self.sum.plus(cost)?;
        let quantity = Amount::of_decimal(line.quantity)?;
        match statement_meter(line) {
            Ok(meter) => self.items.push(Item {
                // DBUs are billed for the workspace, which is no resource of the ledger's.
                resource: match meter.category() {
                    Category::Dbu => Arc::from(""),
                    _ => Arc::from(line.resource_name()),
                },
                meter: Arc::from(meter.to_string()),
                day: line.date,
                cluster: Arc::from(line.cluster_id()),
                quantity,
                price: line.effective_price.or(line.unit_price),
                cost,
                quantity_slack: half_of_last(line.quantity)?,
                cost_slack: half_of_last(line.cost)?,
            }),
            Err(why) => self.unmapped.push(Unmapped {
                meter: format!("{} / {}", line.meter_category, line.meter_name),
                day: line.date,
                resource: line.resource_name().to_owned(),
                quantity,
                cost,
                why,
            }),
        }
        Ok(())
    }

    /// A fact of a row of usage, if it lies in the month.
    fn fact(
        &mut self,
        fact: &Rated,
        cluster: &str,
        month: Month,
        currencies: &mut BTreeSet<String>,
    ) -> Result<(), Inexact> {
        match fact {
            Rated::Charge(charge) if month.period().contains(charge.period.start) => {
                currencies.insert(charge.price.currency.to_string());
                let cost = Amount::of_nano(charge.cost_nano.into())?;
                self.sum = self.sum.plus(cost)?;
                self.items.push(Item {
                    meter: Arc::from(charge.meter.to_string()),
                    day: charge.period.start.date_naive(),
                    resource: Arc::clone(&charge.resource),
                    cluster: Arc::from(cluster),
                    quantity: Amount::of_nano(charge.quantity_nano.into())?,
                    price: Some(charge.price.unit_price.0),
                    cost,
                    quantity_slack: nanos(1)?,
                    cost_slack: nanos(1)?,
                });
            }
            Rated::Unpriced(unpriced) if month.period().contains(unpriced.period.start) => {
                self.aside.unpriced_there = self.aside.unpriced_there.saturating_add(1);
            }
            Rated::Charge(_) | Rated::Unpriced(_) => {}
        }
        Ok(())
    }
}

/// A row of usage, and where it stands.
struct Told<'f> {
    source: &'f str,
    line: usize,
    usage: BillingUsage,
}

/// Rows by start and `record_id`.
type Rows<'f> = BTreeMap<(Instant, String), Told<'f>>;

/// The rows in order of time, each once, and how many could not be read or say something else than another of their id. A
/// file without any row is none of usage, and nothing is compared.
fn rows_of<'f>(files: &'f [TableFile], problems: &mut Diagnostics) -> Result<(Rows<'f>, u64), Diagnostics> {
    let mut rows = Rows::new();
    let mut rejected = 0_u64;
    for file in files {
        let before = problems.0.len();
        let is_usage = read(&file.source, file.open()?, &mut |told| {
            let taken = match told {
                Ok(taken) => taken,
                Err(wrong) => {
                    rejected = rejected.saturating_add(u64::from(wrong.row.is_some()));
                    problems.0.extend(wrong.problems);
                    return ControlFlow::Continue(());
                }
            };
            let (line, usage) = (taken.line, taken.row);
            match rows.entry((usage.period.start, usage.record_id.clone())) {
                Entry::Vacant(place) => {
                    let source = &file.source;
                    place.insert(Told { source, line, usage });
                }
                Entry::Occupied(known) if known.get().usage == usage => {}
                Entry::Occupied(known) => {
                    rejected = rejected.saturating_add(1);
                    let message = format!(
                        "the row `{}` says something else at {}:{}; a row is never changed, a correction is another row",
                        usage.record_id,
                        known.get().source,
                        known.get().line
                    );
                    let problem = Diagnostic::error("usage::told-differently", &file.source, message);
                    problems.0.push(problem.at(line, 0).path("record_id"));
                }
            }
            ControlFlow::Continue(())
        });
        if !is_usage {
            return Err(Diagnostics(problems.0.split_off(before)));
        }
    }
    Ok((rows, rejected))
}

/// Half of a unit of the last place that a vendor has written; numbers written with fewer than two places count as whole
/// hundredths, since zeros at the end are left out.
fn half_of_last(written: Decimal) -> Result<Amount, Inexact> {
    let places = written.scale().max(2).min(AMOUNT_PLACES.saturating_sub(1));
    Amount::of_decimal(Decimal::new(5, places.saturating_add(1)))
}

/// What of a resource's day was rounded once per entry.
fn nanos(entries: u64) -> Result<Amount, Inexact> {
    Amount::of_nano(entries.into())
}

/// Day, resource, cluster, price.
type Key = (NaiveDate, Arc<str>, Arc<str>, Decimal);

/// Why entries cannot be compared.
enum Unread {
    Store(StoreError),
    Inexact(Inexact),
}

impl From<StoreError> for Unread {
    fn from(error: StoreError) -> Unread {
        Unread::Store(error)
    }
}

/// Quantity and cost in nanos, and the entries summed.
type Sum = (i128, i128, u64);

/// Our side: lines as an invoice would have them.
#[derive(Default)]
struct Ours {
    lines: BTreeMap<(Arc<str>, Key), Sum>,
    /// Texts of meters, and whether they count hours: each is written once.
    meters: HashMap<Meter, Arc<str>>,
    hours: BTreeSet<Arc<str>>,
}

impl Ours {
    fn entry(
        &mut self,
        stored: &StoredEntry,
        scope: &dyn Fn(&Meter) -> bool,
        beside: Beside,
    ) -> Result<(), Inexact> {
        let charge = &stored.entry.charge;
        if scope(&charge.meter) {
            let (quantity_nano, cost_nano) = (charge.quantity_nano, charge.cost_nano);
            let costs = charge.price.costs(&charge.meter, quantity_nano, cost_nano)?;
            let key = (
                charge.period.start.date_naive(),
                Arc::clone(&charge.resource),
                Arc::from(charge.subject.cluster_id.as_str()),
                beside.price(&charge.price),
            );
            self.add(&charge.meter, key, (quantity_nano, beside.cost(&costs), 1));
        }
        Ok(())
    }

    fn add(&mut self, meter: &Meter, key: Key, (quantity, cost, entries): (i64, i64, u64)) {
        let text = match self.meters.get(meter) {
            Some(known) => Arc::clone(known),
            None => {
                let text: Arc<str> = Arc::from(meter.to_string());
                self.meters.insert(meter.clone(), Arc::clone(&text));
                if meter.unit() == "hour" {
                    self.hours.insert(Arc::clone(&text));
                }
                text
            }
        };
        let sum = self.lines.entry((text, key)).or_default();
        // Fewer than 2^63 numbers of 64 bits stay inside 128 bits.
        *sum = (
            sum.0.saturating_add(quantity.into()),
            sum.1.saturating_add(cost.into()),
            sum.2.saturating_add(entries),
        );
    }

    /// What is compared, and by how much the rules change its sum.
    fn items(self, rules: &[InvoiceRule]) -> Result<(Vec<Item>, Amount), Inexact> {
        let mut rule = Amount::ZERO;
        let mut items = Vec::with_capacity(self.lines.len());
        for ((meter, (day, resource, cluster, price)), (quantity_nano, cost_nano, entries)) in self.lines {
            let exact = Line {
                quantity_nano,
                cost_nano,
            };
            let hours = self.hours.contains(&meter);
            let line = under(rules, exact, price, hours)?;
            // What a rule has rounded is as coarse as the rule.
            let hundredth = |rounded: bool| match rounded {
                true => half_of_last(Decimal::ZERO),
                false => nanos(entries),
            };
            let cost = Amount::of_nano(line.cost_nano)?;
            rule = rule.plus(cost.minus(Amount::of_nano(cost_nano)?)?)?;
            items.push(Item {
                meter,
                day,
                resource,
                cluster,
                quantity: Amount::of_nano(line.quantity_nano)?,
                price: Some(price),
                cost,
                quantity_slack: hundredth(hours && rules.contains(&InvoiceRule::Hours2))?,
                cost_slack: hundredth(rules.contains(&InvoiceRule::LineCent))?,
            });
        }
        Ok((items, rule))
    }
}
