//! Azure's actual-cost exports: rows become statement lines.
//!
//! In goes a table, CSV or Parquet as Azure writes it, packed or not; out come the lines, and what is wrong with the other rows. A row that cannot be read hides no other. Columns are
//! found by their names, whatever the case and the agreement; numbers are read from the text as written, exponents included.

use chrono::{Datelike, Months, NaiveDate};
use rust_decimal::Decimal;
use serde_json::Value;
use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::Arc;

use super::table::Rejected;
use crate::model::amount::Amount;
use crate::model::diagnostic::Diagnostic;
use crate::model::exact::parse_json_number;
use crate::model::money::Currency;
use crate::model::rows::{self, Codes, Fault, FaultKind, Input, Told, quoted};
use crate::model::statement::StatementLine;

/// What was read from one export.
#[derive(Debug, Default)]
pub struct Read {
    /// The lines, in the order written.
    pub lines: Vec<StatementLine>,
    /// The other rows, and what is no row: `statement::*`, `file::*`.
    pub rejected: Vec<Rejected>,
    /// Rows that were seen, those with problems too.
    pub seen: usize,
}

/// What a line is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Field {
    PeriodStart,
    PeriodEnd,
    Date,
    Category,
    Subcategory,
    MeterName,
    MeterId,
    MeterRegion,
    Location,
    ResourceId,
    ResourceGroup,
    Quantity,
    UnitOfMeasure,
    UnitPrice,
    EffectivePrice,
    Cost,
    Currency,
    ChargeType,
    Tags,
    AdditionalInfo,
}

/// Fields, and the columns they are found in: small letters, the first that the header has. EA writes `MeterCategory`, MCA
/// `meterCategory`, so that the case says nothing.
///
/// Sources: learn.microsoft.com, dataset-schema "cost-usage-details-ea" (2024-08-01) and "cost-usage-details-mca"
/// (2023-12-01-preview); "mca-understand-your-usage" for the older names of EA (`ConsumedQuantity`, `ResourceRate`,
/// `ExtendedCost`, `InstanceId`); the header of an export of version c360-2025-04 for `Cost` and `BillingCurrency`.
const COLUMNS: &[(Field, &[&str])] = &[
    (Field::PeriodStart, &["billingperiodstartdate"]),
    (Field::PeriodEnd, &["billingperiodenddate"]),
    (Field::Date, &["date", "usagedate", "usagedatetime"]),
    (Field::Category, &["metercategory"]),
    (Field::Subcategory, &["metersubcategory"]),
    (Field::MeterName, &["metername"]),
    (Field::MeterId, &["meterid"]),
    (Field::MeterRegion, &["meterregion"]),
    (Field::Location, &["resourcelocation"]),
    (Field::ResourceId, &["resourceid", "instanceid"]),
    (Field::ResourceGroup, &["resourcegroup", "resourcegroupname"]),
    (Field::Quantity, &["quantity", "consumedquantity"]),
    (Field::UnitOfMeasure, &["unitofmeasure"]),
    (Field::UnitPrice, &["unitprice"]),
    (Field::EffectivePrice, &["effectiveprice", "resourcerate"]),
    (Field::Cost, &["costinbillingcurrency", "cost", "extendedcost"]),
    (
        Field::Currency,
        &["billingcurrency", "billingcurrencycode", "currency"],
    ),
    (Field::ChargeType, &["chargetype"]),
    (Field::Tags, &["tags"]),
    (Field::AdditionalInfo, &["additionalinfo"]),
];

/// Without these an export says nothing that can be compared.
const NEEDED: [Field; 5] = [
    Field::Date,
    Field::Category,
    Field::Quantity,
    Field::Cost,
    Field::Currency,
];

const FORM: &str = "expected an actual-cost export of Azure as CSV or Parquet, with columns `Date`, `MeterCategory`, `Quantity`, `Cost` or \
                    `costInBillingCurrency`, and `BillingCurrency`";

const CODES: Codes = Codes {
    empty: "statement::not-an-export",
    syntax: "statement::syntax",
    not_a_row: "statement::not-an-export",
    what: "an actual-cost export of Azure",
    forms: FORM,
};

/// Reads an export.
pub fn read(source: &str, input: Input) -> Read {
    let mut read = Read::default();
    let mut columns: Option<Columns> = None;
    rows::read_ahead(input, &mut |told| match told {
        Told::Columns(header) => match Columns::of(header.iter()) {
            Ok(found) => {
                columns = Some(found);
                ControlFlow::Continue(())
            }
            Err(message) => read.not_an_export(source, message),
        },
        Told::Row(row) => {
            // JSON names its columns row by row.
            let names = || row.columns().map(Arc::from).collect::<Vec<_>>();
            match &columns {
                Some(columns) => read.row(source, columns, &row),
                None => match Columns::of(names().iter()) {
                    Ok(own) => read.row(source, &own, &row),
                    Err(message) => read.not_an_export(source, message),
                },
            }
        }
        Told::Fault(fault) => read.fault(source, &fault),
    });
    read
}

impl Read {
    fn row(&mut self, source: &str, columns: &Columns, row: &rows::Row) -> ControlFlow<()> {
        self.seen = self.seen.saturating_add(1);
        let mut cells = Row {
            columns,
            row,
            problems: Vec::new(),
        };
        match cells.line() {
            Some(found) if cells.problems.is_empty() => self.lines.push(found),
            _ => {
                let problems = cells.problems.into_iter().map(|(code, column, message)| {
                    let problem = Diagnostic::error(code, source, message);
                    problem.at(row.line, 0).path(column)
                });
                self.rejected.push(Rejected {
                    problems: problems.collect(),
                    row: Some(row.json()),
                });
            }
        }
        ControlFlow::Continue(())
    }

    fn fault(&mut self, source: &str, fault: &Fault) -> ControlFlow<()> {
        self.seen = self.seen.saturating_add(usize::from(fault.row.is_some()));
        let problem = fault.diagnostic(source, &CODES);
        let problem = match fault.kind {
            FaultKind::Syntax => {
                problem.hint("is the export whole? export it again, or fetch the file again")
            }
            _ => problem,
        };
        self.rejected.push(Rejected {
            problems: vec![problem],
            row: fault.row.as_deref().map(quoted),
        });
        ControlFlow::Continue(())
    }

    fn not_an_export(&mut self, source: &str, message: String) -> ControlFlow<()> {
        let problem = Diagnostic::error("statement::not-an-export", source, message);
        self.rejected.push(Rejected {
            problems: vec![problem.at(1, 0).hint(FORM)],
            row: None,
        });
        ControlFlow::Break(())
    }
}

fn first_name(field: Field) -> Option<&'static str> {
    let (_, names) = COLUMNS.iter().find(|(known, _)| *known == field)?;
    names.first().copied()
}

/// In which column each field stands, as the export calls it.
struct Columns(BTreeMap<Field, Arc<str>>);

impl Columns {
    /// # Errors
    /// What an export must have and this has not.
    fn of<'a>(header: impl Iterator<Item = &'a Arc<str>>) -> Result<Columns, String> {
        let header: Vec<&Arc<str>> = header.collect();
        let plain: Vec<String> = header
            .iter()
            .map(|name| name.trim().replace([' ', '_'], "").to_lowercase())
            .collect();
        let place = |name: &&str| plain.iter().position(|known| known == *name);
        let found = COLUMNS.iter().filter_map(|(field, names)| {
            let column = header.get(names.iter().find_map(place)?)?;
            Some((*field, Arc::clone(column)))
        });
        let columns = Columns(found.collect());
        let missing: Vec<&str> = NEEDED
            .into_iter()
            .filter(|field| !columns.0.contains_key(field))
            .filter_map(first_name)
            .collect();
        if missing.is_empty() {
            return Ok(columns);
        }
        let first: Vec<&str> = header.iter().take(5).map(|name| &***name).collect();
        Err(format!(
            "the header `{}...` has no column `{}`",
            first.join(","),
            missing.join("`, `")
        ))
    }
}

type Problem = (&'static str, String, String);

struct Row<'a> {
    columns: &'a Columns,
    row: &'a rows::Row,
    problems: Vec<Problem>,
}

impl Row<'_> {
    /// The line; none where a problem was noted.
    fn line(&mut self) -> Option<StatementLine> {
        let date = self.date(Field::Date);
        let period = self.period(date);
        let quantity = self.number(Field::Quantity);
        let cost = self.number(Field::Cost);
        let unit_price = self.price(Field::UnitPrice);
        let effective_price = self.price(Field::EffectivePrice);
        let currency = self.currency();
        let tags = self.object(Field::Tags);
        let additional = self.object(Field::AdditionalInfo);
        let (period_start, period_end) = period?;
        Some(StatementLine {
            period_start,
            period_end,
            date: date?,
            meter_category: self.text(Field::Category),
            meter_subcategory: self.text(Field::Subcategory),
            meter_name: self.text(Field::MeterName),
            meter_id: self.text(Field::MeterId),
            meter_region: self.text(Field::MeterRegion),
            resource_location: self.text(Field::Location),
            resource_id: self.text(Field::ResourceId),
            resource_group: self.text(Field::ResourceGroup),
            quantity: quantity?,
            unit_of_measure: self.text(Field::UnitOfMeasure),
            unit_price,
            effective_price,
            cost: cost?,
            currency: currency?,
            charge_type: self.text(Field::ChargeType),
            tags,
            service_type: additional.get("ServiceType").cloned().unwrap_or_default(),
        })
    }

    fn cell(&self, field: Field) -> Option<&str> {
        let cell = self.row.text(self.columns.0.get(&field)?)?.trim();
        (!cell.is_empty()).then_some(cell)
    }

    fn text(&self, field: Field) -> String {
        self.cell(field).unwrap_or_default().to_owned()
    }

    fn wrong(&mut self, code: &'static str, field: Field, expected: &str) {
        let found = self.cell(field).map_or("nothing".to_owned(), |text| {
            format!("`{}`", text.chars().take(60).collect::<String>())
        });
        let named = self.columns.0.get(&field).map(|name| &**name);
        let column = named.or(first_name(field)).unwrap_or_default();
        let message = format!("found {found}, expected {expected}");
        self.problems.push((code, column.to_owned(), message));
    }

    fn date(&mut self, field: Field) -> Option<NaiveDate> {
        let found = self.cell(field).and_then(date);
        if found.is_none() {
            self.wrong("statement::column", field, "a date, `03/31/2025` or `2025-03-31`");
        }
        found
    }

    /// The billing period; where the export names none, the calendar month of the date.
    fn period(&mut self, date: Option<NaiveDate>) -> Option<(NaiveDate, NaiveDate)> {
        let named = |row: &mut Self, field| match row.cell(field) {
            Some(_) => row.date(field).map(Some),
            None => Some(None),
        };
        let (start, end) = (named(self, Field::PeriodStart), named(self, Field::PeriodEnd));
        let (start, end, date) = (start?, end?, date?);
        let start = start.or_else(|| date.with_day(1))?;
        let end = end.or_else(|| start.checked_add_months(Months::new(1))?.pred_opt())?;
        if end < start {
            self.wrong(
                "statement::column",
                Field::PeriodEnd,
                "a day that is not before the period's first",
            );
        }
        Some((start, end))
    }

    fn number(&mut self, field: Field) -> Option<Decimal> {
        let number = self.cell(field).and_then(|text| parse_json_number(text).ok());
        let fits = number.filter(|n| Amount::of_decimal(*n).is_ok());
        if fits.is_none() {
            let expected = "a number below 10000000000 with at most 24 decimal places and 28 digits";
            self.wrong("statement::number", field, expected);
        }
        fits
    }

    /// A price may be missing; one that is there must be a number.
    fn price(&mut self, field: Field) -> Option<Decimal> {
        self.cell(field)?;
        self.number(field)
    }

    fn currency(&mut self) -> Option<Currency> {
        let found = self
            .cell(Field::Currency)
            .and_then(|text| Currency::try_from(text.to_owned()).ok());
        if found.is_none() {
            self.wrong(
                "statement::column",
                Field::Currency,
                "three capital letters, `USD`",
            );
        }
        found
    }

    /// A JSON object of texts. Exports of EA leave out its braces.
    fn object(&mut self, field: Field) -> BTreeMap<String, String> {
        let Some(text) = self.cell(field) else {
            return BTreeMap::new();
        };
        let whole = match text.starts_with('{') {
            true => text.to_owned(),
            false => format!("{{{text}}}"),
        };
        let Ok(Value::Object(object)) = serde_json::from_str::<Value>(&whole) else {
            self.wrong(
                "statement::column",
                field,
                "a JSON object, with or without its braces",
            );
            return BTreeMap::new();
        };
        let shown = |value: Value| match value {
            Value::Null => None,
            Value::String(text) => Some(text),
            other => Some(other.to_string()),
        };
        object
            .into_iter()
            .filter_map(|(key, value)| Some((key, shown(value)?)))
            .collect()
    }
}

/// A date as exports write it: `03/31/2025`, month first, or ISO 8601 with or without a time.
fn date(text: &str) -> Option<NaiveDate> {
    let day = text.split(['T', ' ']).next().unwrap_or_default();
    ["%m/%d/%Y", "%Y-%m-%d"]
        .iter()
        .find_map(|form| NaiveDate::parse_from_str(day, form).ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const EA: &str = "BillingPeriodStartDate,BillingPeriodEndDate,Date,MeterCategory,MeterName,Quantity,EffectivePrice,Cost,UnitPrice,\
        BillingCurrency,ResourceLocation,ResourceId,AdditionalInfo,Tags,UnitOfMeasure,ResourceGroup,ChargeType";

    #[test]
    fn both_agreements_say_the_same() {
        let ea = format!(
            "{EA}\n03/01/2025,03/31/2025,03/10/2025,Virtual Machines,D4ds v6,25.235,0.249,6.283515,0.249,USD,eastus,/s/vm,\
             \"{{\"\"ServiceType\"\":\"\"Standard_D4ds_v6\"\"}}\",\"\"\"Vendor\"\": \"\"Databricks\"\",\"\"ClusterId\"\": \"\"c\"\"\",1 Hour,databricks-rg-x,Usage\n"
        );
        let mca = "billingPeriodStartDate,billingPeriodEndDate,date,meterCategory,meterName,quantity,effectivePrice,costInBillingCurrency,\
             unitPrice,billingCurrency,resourceLocation,ResourceId,additionalInfo,tags,unitOfMeasure,resourceGroupName,chargeType\n\
             2025-03-01,2025-03-31,2025-03-10T00:00:00Z,Virtual Machines,D4ds v6,25.235,0.249,6.283515,0.249,USD,eastus,/s/vm,\
             \"\"\"ServiceType\"\":\"\"Standard_D4ds_v6\"\"\",\"{\"\"Vendor\"\": \"\"Databricks\"\", \"\"ClusterId\"\": \"\"c\"\"}\",1 Hour,databricks-rg-x,Usage\n";
        let (ea, mca) = (read("ea.csv", Input::of(ea)), read("mca.csv", Input::of(mca)));
        assert_eq!((ea.rejected.len(), ea.seen), (0, 1));
        assert_eq!(ea.lines, mca.lines);
        let line = &ea.lines[0];
        assert_eq!(line.cost.to_string(), "6.283515");
        assert_eq!(
            (line.cluster_id(), line.service_type.as_str()),
            ("c", "Standard_D4ds_v6")
        );
        assert_eq!(line.period_end.to_string(), "2025-03-31");
    }

    #[test]
    fn what_is_wrong_with_a_row_is_named_and_hides_no_other() {
        let text = "Date,MeterCategory,Quantity,Cost,BillingCurrency,Tags\n\
            13/13/2025,VM,one,1E-26,usd,x\n\
            03/10/2025,VM,8.3E-05,99999999999,USD,\n\
            03/10/2025,VM\n\
            03/10/2025,VM,8.3E-05,0.1,USD,\n";
        let read = read("e.csv", Input::of(text));
        assert_eq!((read.lines.len(), read.seen), (1, 4));
        assert_eq!(read.lines[0].quantity.to_string(), "0.000083");
        assert_eq!(
            read.lines[0].period_end.to_string(),
            "2025-03-31",
            "the month of the date"
        );
        let told: Vec<_> = read
            .rejected
            .iter()
            .flat_map(|rejected| &rejected.problems)
            .map(|p| (p.code, p.line, p.path.as_str()))
            .collect();
        assert_eq!(
            told,
            [
                ("statement::column", 2, "Date"),
                ("statement::number", 2, "Quantity"),
                ("statement::number", 2, "Cost"),
                ("statement::column", 2, "BillingCurrency"),
                ("statement::column", 2, "Tags"),
                ("statement::number", 3, "Cost"),
                ("statement::syntax", 4, ""),
            ]
        );
    }

    proptest! {
        /// Whatever the text, there is an answer.
        #[test]
        fn nothing_panics(text in "\\PC*", row in "[,\"{}:a-z0-9.eE+/-]{0,80}") {
            read("x", Input::of(text));
            read("x", Input::of(format!("{EA}\n{row}\n")));
        }
    }
}
