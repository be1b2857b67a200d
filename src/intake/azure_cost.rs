//! Azure's actual-cost exports as CSV: rows become statement lines.
//!
//! In goes text; out come the lines, and what is wrong with the other rows. A row that cannot be read hides no other. Columns are
//! found by their names, whatever the case and the agreement; numbers are read from the text as written, exponents included.

use chrono::{Datelike, Months, NaiveDate};
use rust_decimal::Decimal;
use serde_json::Value;
use std::collections::BTreeMap;

use crate::model::amount::Amount;
use crate::model::diagnostic::{Diagnostic, Diagnostics};
use crate::model::exact::parse_json_number;
use crate::model::money::Currency;
use crate::model::statement::StatementLine;

/// What was read from one export.
#[derive(Debug, Default)]
pub struct Read {
    /// The lines, in the order written.
    pub lines: Vec<StatementLine>,
    /// What is wrong with other rows: `statement::*`.
    pub problems: Diagnostics,
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

const FORM: &str = "expected an actual-cost export of Azure as CSV, with a header that has `Date`, `MeterCategory`, `Quantity`, \
                    `Cost` or `costInBillingCurrency`, and `BillingCurrency`";

/// Reads an export.
pub fn read(source: &str, text: &str) -> Read {
    let mut read = Read::default();
    let text = text.trim_start_matches('\u{feff}');
    let mut csv = csv::ReaderBuilder::new().from_reader(text.as_bytes());
    let header = match csv.headers() {
        Ok(header) => header.clone(),
        Err(error) => {
            read.problems.0.push(csv_fault(source, &error));
            return read;
        }
    };
    let columns = Columns::of(&header);
    let missing: Vec<&str> = NEEDED
        .into_iter()
        .filter(|field| !columns.0.contains_key(field))
        .filter_map(first_name)
        .collect();
    if !missing.is_empty() {
        let found: Vec<&str> = header.iter().take(5).collect();
        let message = match found.join(",") {
            empty if empty.is_empty() => "found nothing".to_owned(),
            found => format!("the header `{found}...` has no column `{}`", missing.join("`, `")),
        };
        let problem = Diagnostic::error("statement::not-an-export", source, message);
        read.problems.0.push(problem.at(1, 0).hint(FORM));
        return read;
    }
    for record in csv.records() {
        read.seen = read.seen.saturating_add(1);
        let record = match record {
            Ok(record) => record,
            Err(error) => {
                read.problems.0.push(csv_fault(source, &error));
                continue;
            }
        };
        let line = record.position().map_or(0, csv::Position::line);
        let mut row = Row {
            columns: &columns,
            header: &header,
            record: &record,
            problems: Vec::new(),
        };
        match row.line() {
            Some(found) if row.problems.is_empty() => read.lines.push(found),
            _ => {
                for (code, column, message) in row.problems {
                    let problem = Diagnostic::error(code, source, message);
                    let line = usize::try_from(line).unwrap_or_default();
                    read.problems.0.push(problem.at(line, 0).path(column));
                }
            }
        }
    }
    read
}

fn csv_fault(source: &str, error: &csv::Error) -> Diagnostic {
    let line = error.position().map_or(0, csv::Position::line);
    let message = match error.kind() {
        csv::ErrorKind::UnequalLengths {
            expected_len, len, ..
        } => format!("expected {expected_len} columns as in the header, found {len}"),
        _ => error.to_string(),
    };
    Diagnostic::error("statement::syntax", source, message)
        .at(usize::try_from(line).unwrap_or_default(), 0)
        .hint("is the export whole? export it again, or fetch the file again")
}

fn first_name(field: Field) -> Option<&'static str> {
    let (_, names) = COLUMNS.iter().find(|(known, _)| *known == field)?;
    names.first().copied()
}

/// Where each field stands.
struct Columns(BTreeMap<Field, usize>);

impl Columns {
    fn of(header: &csv::StringRecord) -> Columns {
        let plain: Vec<String> = header
            .iter()
            .map(|name| name.trim().replace([' ', '_'], "").to_lowercase())
            .collect();
        let place = |name: &&str| plain.iter().position(|known| known == *name);
        let found = COLUMNS
            .iter()
            .filter_map(|(field, names)| Some((*field, names.iter().find_map(place)?)));
        Columns(found.collect())
    }
}

type Problem = (&'static str, String, String);

struct Row<'a> {
    columns: &'a Columns,
    header: &'a csv::StringRecord,
    record: &'a csv::StringRecord,
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
        let cell = self.record.get(*self.columns.0.get(&field)?)?.trim();
        (!cell.is_empty()).then_some(cell)
    }

    fn text(&self, field: Field) -> String {
        self.cell(field).unwrap_or_default().to_owned()
    }

    fn wrong(&mut self, code: &'static str, field: Field, expected: &str) {
        let found = self.cell(field).map_or("nothing".to_owned(), |text| {
            format!("`{}`", text.chars().take(60).collect::<String>())
        });
        let place = self.columns.0.get(&field).and_then(|at| self.header.get(*at));
        let column = place.or(first_name(field)).unwrap_or_default();
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
        let (ea, mca) = (read("ea.csv", &ea), read("mca.csv", mca));
        assert_eq!((&ea.problems, ea.seen), (&Diagnostics::default(), 1));
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
        let read = read("e.csv", text);
        assert_eq!((read.lines.len(), read.seen), (1, 4));
        assert_eq!(read.lines[0].quantity.to_string(), "0.000083");
        assert_eq!(
            read.lines[0].period_end.to_string(),
            "2025-03-31",
            "the month of the date"
        );
        let told: Vec<_> = read
            .problems
            .0
            .iter()
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
            read("x", &text);
            read("x", &format!("{EA}\n{row}\n"));
        }
    }
}
