//! The tables `system.billing.list_prices` and `account_prices`: prices of SKUs, with their periods.
//!
//! Read as JSON (an array, `{"rows": [...]}`, or one row a line), as CSV with a header or as Parquet. Rows have `price_start_time`,
//! `price_end_time` (none until further notice), `sku_name`, `cloud`, `currency_code`, `usage_unit` and `pricing`, of which
//! `default` counts: promotions are not list prices.

use rust_decimal::Decimal;
use std::collections::{BTreeMap, BTreeSet};

use super::list_price_rows::{Cells, rows};
use super::{Expected, Imported, LeftOut, OtherCurrencies, Source, Spot, count, nothing};
use crate::model::diagnostic::{Diagnostic, Diagnostics};
use crate::model::exact::{decimal_text, parse_json_number};
use crate::model::meter::MeterKind;
use crate::model::period::{Instant, parse_instant, rfc3339};
use crate::model::place::Cloud;
use crate::pricing::book_draft::{Draft, DraftRow, DraftSource};

/// Which of the two tables it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Table {
    /// `system.billing.list_prices`.
    ListPrices,
    /// `system.billing.account_prices`, what an account has agreed on.
    AccountPrices,
}

/// Makes a book of a table.
///
/// `cloud` is the one whose rows are read; without one, there may be rows of one cloud only.
///
/// # Errors
/// `price::syntax`, `price::row`, `price::number`, `price::instant`, `price::currency`, `price::clouds`, `price::overlap`,
/// `price::nothing`; all of them.
pub fn list_prices(
    sources: Vec<Source>,
    expected: &Expected,
    table: Table,
    cloud: Option<Cloud>,
) -> Result<Imported, Diagnostics> {
    let table_rows = TableRows::read(sources, expected, cloud);
    let clouds = table_rows.clouds();
    let Sorted {
        rows,
        first,
        read,
        left_out,
        warnings,
        mut problems,
    } = table_rows.sorted(expected);
    match (clouds.first(), clouds.len()) {
        (Some(cloud), 1) if problems.is_empty() => Ok(Imported {
            draft: draft(
                table,
                *cloud,
                expected,
                rows.into_iter().map(|(_, row)| row).collect(),
            ),
            rows: read,
            left_out,
            warnings,
        }),
        (_, found) => {
            if found > 1 {
                problems.push(several(first.as_deref(), &clouds));
            } else if problems.is_empty() {
                problems.push(nothing(first.as_deref(), read));
            }
            Err(Diagnostics(problems).sorted())
        }
    }
}

/// The rows of a table of prices, as they were told.
pub(super) struct TableRows {
    told: Vec<Told>,
    first: Option<String>,
    read: usize,
    left_out: BTreeMap<LeftOut, usize>,
    currencies: OtherCurrencies,
    problems: Vec<Diagnostic>,
}

/// The rows in the order of clouds, SKUs and time.
pub(super) struct Sorted {
    pub rows: Vec<(Cloud, DraftRow)>,
    /// The first file.
    pub first: Option<String>,
    /// How many rows were read.
    pub read: usize,
    pub left_out: BTreeMap<LeftOut, usize>,
    pub warnings: Vec<Diagnostic>,
    pub problems: Vec<Diagnostic>,
}

impl TableRows {
    /// Reads them; `cloud` is the one whose rows are read.
    pub fn read(sources: Vec<Source>, expected: &Expected, cloud: Option<Cloud>) -> TableRows {
        let mut reader = Reader {
            expected,
            cloud,
            told: Vec::new(),
            left_out: BTreeMap::new(),
            currencies: OtherCurrencies::default(),
        };
        let (mut read, mut problems) = (0_usize, Vec::new());
        let first = sources.first().map(|source| source.name.clone());
        for source in sources {
            rows(source, &mut |row| {
                read = read.saturating_add(1);
                match row.and_then(|cells| reader.row(&cells)) {
                    Ok(()) => {}
                    Err(wrong) => problems.push(wrong),
                }
            });
        }
        TableRows {
            told: reader.told,
            first,
            read,
            left_out: reader.left_out,
            currencies: reader.currencies,
            problems,
        }
    }

    fn clouds(&self) -> BTreeSet<Cloud> {
        self.told.iter().map(|told| told.cloud).collect()
    }

    /// Puts them in order.
    pub fn sorted(self, expected: &Expected) -> Sorted {
        let (mut left_out, mut problems, mut warnings) = (self.left_out, self.problems, Vec::new());
        problems.extend(self.currencies.diagnostics(expected.currency));
        let rows = periods(self.told, &mut left_out, &mut problems, &mut warnings);
        Sorted {
            rows,
            first: self.first,
            read: self.read,
            left_out,
            warnings,
            problems,
        }
    }
}

fn several(source: Option<&str>, clouds: &BTreeSet<Cloud>) -> Diagnostic {
    let source = source.unwrap_or("prices");
    let names: Vec<&str> = clouds.iter().map(|cloud| cloud.as_str()).collect();
    let message = format!("rows of {}; a book has one cloud", names.join(" and "));
    Diagnostic::error("price::clouds", source, message)
        .hint("import each with --cloud into a book of its own")
}

fn draft(table: Table, cloud: Cloud, expected: &Expected, rows: Vec<DraftRow>) -> Draft {
    let (id, title) = match table {
        Table::ListPrices => ("list-prices", "system.billing.list_prices"),
        Table::AccountPrices => ("account-prices", "system.billing.account_prices"),
    };
    Draft {
        name: format!("{}-{id}", cloud.as_str().to_lowercase()),
        cloud,
        currency: expected.currency,
        source: DraftSource {
            id,
            title,
            retrieved: expected.retrieved,
            note: "pricing.default from price_start_time until price_end_time.",
        },
        rows,
    }
}

/// A price over a time, as one row tells it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Told {
    cloud: Cloud,
    sku_name: String,
    from: Instant,
    to: Option<Instant>,
    unit_price: Decimal,
    spot: Spot,
}

struct Reader<'e> {
    expected: &'e Expected,
    cloud: Option<Cloud>,
    told: Vec<Told>,
    left_out: BTreeMap<LeftOut, usize>,
    currencies: OtherCurrencies,
}

impl Reader<'_> {
    fn row(&mut self, cells: &Cells) -> Result<(), Diagnostic> {
        let wrong = |what: String| cells.spot.error("price::row", what);
        let needed = |name: &str| {
            cells
                .get(name)
                .ok_or_else(|| wrong(format!("`{name}` is missing")))
        };
        let instant =
            |text: &str| parse_instant(text).map_err(|e| cells.spot.error("price::instant", e.to_string()));
        let cloud: Cloud = needed("cloud")?
            .parse()
            .map_err(|e| wrong(format!("`cloud`: {e}")))?;
        if self.cloud.is_some_and(|only| only != cloud) {
            count(&mut self.left_out, LeftOut::OtherCloud);
            return Ok(());
        }
        let unit = needed("usage_unit")?;
        if !unit.eq_ignore_ascii_case("DBU") {
            count(&mut self.left_out, LeftOut::OtherUnit(unit.to_lowercase()));
            return Ok(());
        }
        let currency = needed("currency_code")?;
        if currency != self.expected.currency.as_str() {
            self.currencies.add(currency, &cells.spot);
            return Ok(());
        }
        let sku_name = needed("sku_name")?.to_owned();
        let from = instant(needed("price_start_time")?)?;
        let to = cells.get("price_end_time").map(instant).transpose()?;
        if to.is_some_and(|to| to <= from) {
            return Err(wrong(
                "`price_end_time` is not after `price_start_time`".to_owned(),
            ));
        }
        let price = needed("pricing.default")?;
        let unit_price = parse_json_number(price).map_err(|e| {
            cells
                .spot
                .error("price::number", format!("`pricing.default`: {e}"))
        })?;
        if unit_price.is_zero() {
            count(&mut self.left_out, LeftOut::PriceZero);
            return Ok(());
        }
        if unit_price.is_sign_negative() {
            let message = format!("`pricing.default`: `{unit_price}` is negative");
            return Err(cells.spot.error("price::number", message));
        }
        self.told.push(Told {
            cloud,
            sku_name,
            from,
            to,
            unit_price: unit_price.normalize(),
            spot: cells.spot.clone(),
        });
        Ok(())
    }
}

/// Rows in the order of SKUs and time. What is told twice is one row; two prices at once are an error, a time without a
/// price between two is a warning.
fn periods(
    mut told: Vec<Told>,
    left_out: &mut BTreeMap<LeftOut, usize>,
    problems: &mut Vec<Diagnostic>,
    warnings: &mut Vec<Diagnostic>,
) -> Vec<(Cloud, DraftRow)> {
    told.sort();
    let mut rows = Vec::with_capacity(told.len());
    // The row of the SKU that holds longest so far.
    let mut last: Option<Told> = None;
    for row in told {
        if let Some(before) = last
            .as_ref()
            .filter(|b| (b.cloud, &b.sku_name) == (row.cloud, &row.sku_name))
        {
            let same = |t: &Told| (t.from, t.to, t.unit_price);
            if same(before) == same(&row) {
                count(left_out, LeftOut::Repeated);
                continue;
            }
            match before.to {
                Some(end) if end == row.from => {}
                Some(end) if end < row.from => warnings.push(gap(before, end, &row)),
                _ => problems.push(overlap(before, &row)),
            }
        }
        let priced = DraftRow {
            meter: MeterKind::Dbu {
                sku_name: row.sku_name.clone(),
            },
            from: row.from,
            to: row.to,
            unit_price: row.unit_price,
            region: None,
        };
        rows.push((row.cloud, priced));
        let longer = |before: &Told| {
            before.sku_name == row.sku_name
                && before.cloud == row.cloud
                && before.to.is_none_or(|end| row.to.is_some_and(|to| to < end))
        };
        last = last.filter(longer).or(Some(row));
    }
    rows
}

fn gap(before: &Told, end: Instant, next: &Told) -> Diagnostic {
    let message = format!(
        "{} has no price from {} until {}, between this row and {}",
        next.sku_name,
        rfc3339(end),
        rfc3339(next.from),
        next.spot
    );
    before.spot.warning("price::gap", message)
}

fn overlap(one: &Told, other: &Told) -> Diagnostic {
    let told = |t: &Told| {
        let to = t.to.map_or("further notice".to_owned(), rfc3339);
        format!(
            "{} from {} until {to} ({})",
            decimal_text(t.unit_price),
            rfc3339(t.from),
            t.spot
        )
    };
    let message = format!(
        "{} has two prices at once: {} and {}",
        other.sku_name,
        told(one),
        told(other)
    );
    other
        .spot
        .error("price::overlap", message)
        .hint("neither is taken; give one table of one account")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::money::Currency;
    use crate::model::rows;
    use crate::pricing::price_book::PriceBook;

    fn import(texts: &[&str], cloud: Option<Cloud>) -> Result<Imported, Diagnostics> {
        let source = |(i, text): (usize, &&str)| Source {
            name: format!("f{i}"),
            input: rows::Input::of(*text),
        };
        let sources = texts.iter().enumerate().map(source).collect();
        let expected = Expected {
            currency: Currency::USD,
            retrieved: parse_instant("2026-10-01").unwrap(),
        };
        list_prices(sources, &expected, Table::ListPrices, cloud)
    }

    fn row(from: &str, to: &str, pricing: &str) -> String {
        format!(
            r#"{{"price_start_time":"{from}T00:00:00.000Z","price_end_time":{to},"account_id":"a","sku_name":"PREMIUM_JOBS_COMPUTE","cloud":"AZURE","currency_code":"USD","usage_unit":"DBU","pricing":{pricing}}}"#
        )
    }

    fn told(imported: &Imported) -> Vec<String> {
        let mut book = PriceBook::default();
        book.add("b", &imported.draft.text()).unwrap();
        let rows = imported.draft.rows.iter();
        rows.map(|r| {
            let to =
                r.to.map_or("-".to_owned(), |to| to.format("%Y-%m-%d").to_string());
            format!("{} {} {to}", r.unit_price, r.from.format("%Y-%m-%d"))
        })
        .collect()
    }

    const CSV: &str = "price_start_time,price_end_time,sku_name,cloud,currency_code,usage_unit";
    const END: &str = "\"2024-01-01T00:00:00Z\"";

    #[test]
    fn every_form_says_the_same() {
        let (one, two) = (
            row(
                "2023-01-01",
                END,
                r#"{"default":"0.30","promotional":{"default":"0.1"}}"#,
            ),
            row("2024-01-01", "null", r#"{"default":0.32}"#),
        );
        let csv = format!("{CSV},");
        let of = |pricing: [&str; 2]| {
            format!(
                "2023-01-01T00:00:00Z,2024-01-01T00:00:00+00:00,PREMIUM_JOBS_COMPUTE,AZURE,USD,DBU,{}\n2024-01-01,,PREMIUM_JOBS_COMPUTE,AZURE,USD,DBU,{}\n",
                pricing[0], pricing[1]
            )
        };
        for text in [
            format!("[{one},\n{two}]"),
            format!("{{\"rows\":[{two},{one}]}}"),
            format!("{one}\n{two}\n"),
            format!(
                "{csv}pricing\n{}",
                of([r#""{""default"":""0.30""}""#, r#""{""default"":0.32}""#])
            ),
            format!("{csv}pricing.default\n{}", of(["0.30", "0.32"])),
            format!("{csv}pricing_default\n{}", of(["0.30", "0.32"])),
        ] {
            let imported = import(&[&text], None).unwrap_or_else(|e| panic!("{text}: {e}"));
            assert_eq!(
                told(&imported),
                ["0.3 2023-01-01 2024-01-01", "0.32 2024-01-01 -"],
                "{text}"
            );
        }
        let twice = import(&[&one, &two, &one], None).unwrap();
        assert_eq!(twice.left_out.get(&LeftOut::Repeated), Some(&1));
    }

    #[test]
    fn gaps_are_told_and_overlaps_refused() {
        let price = |p: &str| format!("{{\"default\":\"{p}\"}}");
        let first = row("2023-01-01", END, &price("0.3"));
        let gap = import(&[&first, &row("2024-02-01", "null", &price("0.3"))], None).unwrap();
        assert_eq!(
            gap.warnings
                .iter()
                .map(|w| (w.code, w.source.as_str()))
                .collect::<Vec<_>>(),
            [("price::gap", "f0")]
        );
        for second in [
            row("2023-06-01", "null", &price("0.3")),
            row("2023-01-01", END, &price("0.4")),
        ] {
            let found = import(&[&first, &second], None).unwrap_err();
            assert_eq!(found.0[0].code, "price::overlap");
        }
        // A long row is remembered behind a short one.
        let (short, late) = (
            row("2023-02-01", "\"2023-03-01T00:00:00Z\"", &price("0.3")),
            row("2023-04-01", "null", &price("0.3")),
        );
        assert_eq!(import(&[&first, &short, &late], None).unwrap_err().0.len(), 2);
    }

    #[test]
    fn one_cloud_one_currency_one_unit() {
        let azure = row("2023-01-01", "null", "{\"default\":\"0.3\"}");
        let aws = azure.replace("AZURE", "AWS");
        assert_eq!(
            import(&[&azure, &aws], None).unwrap_err().0[0].code,
            "price::clouds"
        );
        let only = import(&[&azure, &aws], Some(Cloud::Aws)).unwrap();
        assert_eq!(
            (only.draft.name.as_str(), only.left_out.get(&LeftOut::OtherCloud)),
            ("aws-list-prices", Some(&1))
        );
        let other = azure.replace("\"DBU\"", "\"GB\"");
        assert_eq!(
            import(&[&azure, &other], None)
                .unwrap()
                .left_out
                .get(&LeftOut::OtherUnit("gb".to_owned())),
            Some(&1)
        );
        assert_eq!(import(&[&other], None).unwrap_err().0[0].code, "price::nothing");
    }

    #[test]
    fn hostile_tables_are_diagnostics() {
        let row = |pricing: &str| row("2023-01-01", "null", pricing);
        for (text, code) in [
            (String::new(), "price::row"),
            ("[".repeat(100_000), "price::syntax"),
            ("{\"rows\": 7}".to_owned(), "price::row"),
            ("[7]".to_owned(), "price::row"),
            ("{\"rows\": [{}]}".to_owned(), "price::row"),
            (row("{\"default\":null}"), "price::row"),
            (row("[]"), "price::row"),
            (row("{\"default\":\"1e400\"}"), "price::number"),
            (row("{\"default\":\"-1\"}"), "price::number"),
            (row("{\"default\":\"0,30\"}"), "price::number"),
            (
                row("{\"default\":\"0.3\"}").replace("AZURE", "MOON"),
                "price::row",
            ),
            (
                row("{\"default\":\"0.3\"}").replace("USD", "EUR"),
                "price::currency",
            ),
            (
                row("{\"default\":\"0.3\"}").replace("2023-01-01", "soon"),
                "price::instant",
            ),
            (
                row("{\"default\":\"0.3\"}").replace("null", "\"2022-01-01\""),
                "price::row",
            ),
            ("[]".to_owned(), "price::nothing"),
            ("a,b\n1\n".to_owned(), "price::row"),
            (format!("{CSV},pricing\n2023-01-01\n"), "price::syntax"),
            (
                format!("{CSV},pricing\n2023-01-01,,S,AZURE,USD,DBU,\"{{0.30}}\"\n"),
                "price::row",
            ),
            ("PAR1\u{15}\u{4}".to_owned(), "file::damaged"),
        ] {
            let found = import(&[&text], None).unwrap_err();
            assert_eq!(found.0[0].code, code, "{text:.60}: {found}");
        }
    }
}
