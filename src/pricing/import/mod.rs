//! Price books made of what vendors publish: pages of the Azure Retail Prices API, offer files of the AWS Price List with the
//! history of spot prices, pages of the Cloud Billing Catalog API, tables of Databricks prices.
//!
//! What comes in are texts with their names, what goes out is a [`Draft`] with an account of what was left out. The order
//! of the texts changes nothing. Nothing is guessed: of two rows that contradict each other neither is taken, and where
//! one row is wrong there is no book.

pub mod account_prices;
pub mod aws;
pub mod azure_retail;
pub(in crate::pricing) mod databricks_meter;
mod fields;
pub mod gcp;
mod list_price_rows;
pub mod list_prices;
mod periods;

use std::collections::BTreeMap;
use std::sync::Arc;

use super::book_draft::Draft;
use crate::model::diagnostic::Diagnostic;
use crate::model::money::Currency;
use crate::model::period::Instant;
use crate::model::rows;

/// A text to import from.
#[derive(Debug, Clone, Copy)]
pub struct Input<'a> {
    /// Its name, as diagnostics give it.
    pub source: &'a str,
    /// Its content.
    pub text: &'a str,
}

/// A table to import from.
pub struct Source {
    /// Its name, as diagnostics give it.
    pub name: String,
    /// Its bytes.
    pub input: rows::Input,
}

/// What is expected of the texts, and what the book says of them.
#[derive(Debug, Clone)]
pub struct Expected {
    /// The currency that every row must be in.
    pub currency: Currency,
    /// When the texts were fetched.
    pub retrieved: Instant,
}

/// A book and what became of the other rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Imported {
    /// The book.
    pub draft: Draft,
    /// How many rows were read.
    pub rows: usize,
    /// How many rows were left out, by reason.
    pub left_out: BTreeMap<LeftOut, usize>,
    /// What to look at.
    pub warnings: Vec<Diagnostic>,
}

/// Why a row is not in the book.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum LeftOut {
    /// Neither virtual machines nor Azure Databricks.
    OtherService,
    /// Another region than those that were asked for.
    OtherRegion,
    /// Another cloud than the one that was asked for.
    OtherCloud,
    /// A reservation, or a price for development and tests.
    NotConsumption,
    /// A machine with a licence of Windows.
    Windows,
    /// A machine of Cloud Services.
    CloudServices,
    /// A host of one's own.
    DedicatedHost,
    /// A product whose name does not end in `Series`.
    NotASeries,
    /// The forerunner of spot.
    LowPriority,
    /// A row without size or region.
    NoSizeOrRegion,
    /// A machine that costs nothing: the price is missing.
    PriceZero,
    /// A free trial, or what is not billed.
    FreeTrial,
    /// A price from some quantity on.
    Tier,
    /// A meter of Databricks whose SKU is not known, by its name in small letters.
    UnknownMeter(String),
    /// A regional SKU of a region whose spelling is not known, by its code.
    UnknownRegion(String),
    /// A unit that no meter has, in small letters.
    OtherUnit(String),
    /// No machine: a disk, an address, traffic.
    NotAMachine,
    /// Neither a region nor one of its zones: a local zone, an outpost.
    OtherLocation,
    /// Another system than Linux, by its name in small letters.
    OtherSystem(String),
    /// A machine on a host of one's own.
    OtherTenancy,
    /// A machine with software that is paid with it.
    PreInstalledSoftware,
    /// A machine with a licence.
    Licence,
    /// Another use of a machine than running it: reserved capacity, a dedicated host.
    NotBoxUsage,
    /// Another availability zone than those that were asked for.
    OtherZone,
    /// A machine that the file has no price on demand for.
    NoOnDemandPrice,
    /// Cores or memory of machines that are put together freely, or stand on a host of one's own.
    NotPredefined,
    /// Cores or memory of a family of which no node type is known, by its name.
    NoNodeType(String),
    /// The price that the meter has then anyway: told before, by an earlier row or for another region.
    Repeated,
}

impl LeftOut {
    /// The stable name of the reason.
    pub fn as_str(&self) -> &'static str {
        match self {
            LeftOut::OtherService => "other_service",
            LeftOut::OtherRegion => "other_region",
            LeftOut::OtherCloud => "other_cloud",
            LeftOut::NotConsumption => "not_consumption",
            LeftOut::Windows => "windows",
            LeftOut::CloudServices => "cloud_services",
            LeftOut::DedicatedHost => "dedicated_host",
            LeftOut::NotASeries => "not_a_series",
            LeftOut::LowPriority => "low_priority",
            LeftOut::NoSizeOrRegion => "no_size_or_region",
            LeftOut::PriceZero => "price_zero",
            LeftOut::FreeTrial => "free_trial",
            LeftOut::Tier => "tier",
            LeftOut::UnknownMeter(_) => "unknown_meter",
            LeftOut::UnknownRegion(_) => "unknown_region",
            LeftOut::OtherUnit(_) => "other_unit",
            LeftOut::NotAMachine => "not_a_machine",
            LeftOut::OtherLocation => "other_location",
            LeftOut::OtherSystem(_) => "other_system",
            LeftOut::OtherTenancy => "other_tenancy",
            LeftOut::PreInstalledSoftware => "pre_installed_software",
            LeftOut::Licence => "licence",
            LeftOut::NotBoxUsage => "not_box_usage",
            LeftOut::OtherZone => "other_zone",
            LeftOut::NoOnDemandPrice => "no_on_demand_price",
            LeftOut::NotPredefined => "not_predefined",
            LeftOut::NoNodeType(_) => "no_node_type",
            LeftOut::Repeated => "repeated",
        }
    }

    /// What the reason is about, where one reason has many.
    pub fn of(&self) -> Option<&str> {
        match self {
            LeftOut::UnknownMeter(of)
            | LeftOut::UnknownRegion(of)
            | LeftOut::OtherUnit(of)
            | LeftOut::OtherSystem(of)
            | LeftOut::NoNodeType(of) => Some(of),
            _ => None,
        }
    }
}

/// Where a row stands.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Spot {
    source: Arc<str>,
    line: usize,
    /// `Items.3`; `rows.3`; empty where the line says all.
    path: String,
}

impl Spot {
    fn error(&self, code: &'static str, message: impl Into<String>) -> Diagnostic {
        self.placed(Diagnostic::error(code, &*self.source, message))
    }

    fn warning(&self, code: &'static str, message: impl Into<String>) -> Diagnostic {
        self.placed(Diagnostic::warning(code, &*self.source, message))
    }

    fn placed(&self, diagnostic: Diagnostic) -> Diagnostic {
        diagnostic.at(self.line, 0).path(self.path.clone())
    }
}

/// `prices.json:12 Items.3`.
impl std::fmt::Display for Spot {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.source, self.line)?;
        match self.path.as_str() {
            "" => Ok(()),
            path => write!(f, " {path}"),
        }
    }
}

/// Adds one to a reason.
fn count(left_out: &mut BTreeMap<LeftOut, usize>, reason: LeftOut) {
    let n = left_out.entry(reason).or_default();
    *n = n.saturating_add(1);
}

/// Rows in another currency than the expected one, told once per text and currency.
#[derive(Debug, Default)]
struct OtherCurrencies(BTreeMap<(Arc<str>, String), Spot>);

impl OtherCurrencies {
    /// Remembers the first row of a currency in a text.
    fn add(&mut self, currency: &str, spot: &Spot) {
        let key = (Arc::clone(&spot.source), currency.to_owned());
        let first = self.0.entry(key).or_insert_with(|| spot.clone());
        if *spot < *first {
            *first = spot.clone();
        }
    }

    fn diagnostics(self, expected: Currency) -> impl Iterator<Item = Diagnostic> {
        self.0.into_iter().map(move |((_, found), spot)| {
            spot.error(
                "price::currency",
                format!("found `{found}`, expected `{expected}`"),
            )
            .hint("a book has one currency: name it with --currency, and give files of that currency only")
        })
    }
}

/// The diagnostic where no row is left.
fn nothing(source: Option<&str>, rows: usize) -> Diagnostic {
    let source = source.unwrap_or("prices");
    Diagnostic::error(
        "price::nothing",
        source,
        format!("none of {rows} rows is a price that a book can hold"),
    )
    .hint("tollgate reads Linux machines, on demand and spot, and DBUs; see pricing/README.md")
}
