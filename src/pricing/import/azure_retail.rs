//! Pages of the Azure Retail Prices API: prices of Linux machines, on demand and spot, and of DBUs.
//!
//! A page is `{"BillingCurrency", "Items": [...], "NextPageLink", "Count"}`
//! (<https://learn.microsoft.com/rest/api/cost-management/retail-prices/azure-retail-prices>). Which items are taken follows
//! the query that answers with one price per size: type `Consumption`, `productName` ending in `Series`.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::databricks_meter::{DatabricksMeter, databricks_meter};
use super::fields::Fields;
use super::periods::{Start, successive};
use super::{Expected, Imported, Input, LeftOut, OtherCurrencies, count, nothing};
use crate::model::diagnostic::{Diagnostic, Diagnostics};
use crate::model::json_text::{JsonText, items};
use crate::model::meter::{MeterKind, PurchaseOption};
use crate::model::period::{Instant, parse_instant};
use crate::model::place::Cloud;
use crate::pricing::book_draft::{Draft, DraftSource};

/// Makes a book of pages.
///
/// `regions` are those to be read; all where there are none.
///
/// # Errors
/// `price::syntax`, `price::page`, `price::row`, `price::number`, `price::instant`, `price::currency`, `price::conflict`,
/// `price::nothing`; all of them.
pub fn azure_retail(
    inputs: &[Input<'_>],
    expected: &Expected,
    regions: &[String],
) -> Result<Imported, Diagnostics> {
    let mut reader = Reader::new(expected, regions);
    for input in inputs {
        reader.text(input);
    }
    reader.imported(inputs)
}

struct Reader<'e> {
    expected: &'e Expected,
    regions: &'e [String],
    rows: usize,
    starts: Vec<Start>,
    left_out: BTreeMap<LeftOut, usize>,
    currencies: OtherCurrencies,
    links: Links,
    problems: Vec<Diagnostic>,
    warnings: Vec<Diagnostic>,
}

/// Why an item gives no price: it is left out, or it is wrong.
enum Not {
    Taken(LeftOut),
    Right(Diagnostic),
}

impl From<Diagnostic> for Not {
    fn from(wrong: Diagnostic) -> Not {
        Not::Right(wrong)
    }
}

impl<'e> Reader<'e> {
    fn new(expected: &'e Expected, regions: &'e [String]) -> Reader<'e> {
        Reader {
            expected,
            regions,
            rows: 0,
            starts: Vec::new(),
            left_out: BTreeMap::new(),
            currencies: OtherCurrencies::default(),
            links: Links::default(),
            problems: Vec::new(),
            warnings: Vec::new(),
        }
    }

    fn text(&mut self, input: &Input<'_>) {
        let text = JsonText::new(input.source, input.text);
        let source: Arc<str> = Arc::from(input.source);
        let documents = text.documents("price::syntax");
        if documents.found.is_empty() && documents.problems.is_empty() {
            self.problems.push(not_a_page(input.source, 1));
        }
        self.problems.extend(documents.problems);
        for page in documents.found {
            let line = text.line_of(page.get());
            let read = Fields::read(&text, &source, page, String::new()).ok();
            let listed = read.as_ref().and_then(|p| p.value("Items")).and_then(items);
            let (Some(page), Some(listed)) = (read, listed) else {
                self.problems.push(not_a_page(input.source, line));
                continue;
            };
            let currency = match (page.text("BillingCurrency"), page.text("NextPageLink")) {
                (Ok(currency), Ok(next)) => {
                    self.links.add(next.as_deref(), input.source, line);
                    currency
                }
                (currency, next) => {
                    self.problems.extend(currency.err().into_iter().chain(next.err()));
                    continue;
                }
            };
            for (i, item) in listed.into_iter().enumerate() {
                self.rows = self.rows.saturating_add(1);
                let read = Fields::read(&text, &source, item, format!("Items.{i}"));
                match read
                    .map_err(Not::from)
                    .and_then(|item| self.item(&item, currency.as_deref()))
                {
                    Ok(start) => self.starts.extend(start),
                    Err(Not::Taken(reason)) => count(&mut self.left_out, reason),
                    Err(Not::Right(wrong)) => self.problems.push(wrong),
                }
            }
        }
    }

    /// The price of an item; none where its currency is another, which is told for all items together.
    fn item(&mut self, item: &Fields<'_>, of_page: Option<&str>) -> Result<Option<Start>, Not> {
        let service = item.needed("serviceName")?;
        let machine = match service.as_str() {
            "Virtual Machines" => true,
            "Azure Databricks" => false,
            _ => return Err(Not::Taken(LeftOut::OtherService)),
        };
        if item.needed("type")? != "Consumption" {
            return Err(Not::Taken(LeftOut::NotConsumption));
        }
        let region = item.text("armRegionName")?.unwrap_or_default();
        if !self.regions.is_empty() && !self.regions.contains(&region) {
            return Err(Not::Taken(LeftOut::OtherRegion));
        }
        let told = if machine {
            vm(item, region)?
        } else {
            dbu(item, region)?
        };
        let unit = item.needed("unitOfMeasure")?.to_lowercase();
        if !["1 hour", "1 dbu"].contains(&unit.as_str()) {
            return Err(Not::Taken(LeftOut::OtherUnit(unit)));
        }
        let currency = item.text("currencyCode")?.or(of_page.map(str::to_owned));
        let currency = currency.ok_or_else(|| item.spot.error("price::row", "`currencyCode` is missing"))?;
        if currency != self.expected.currency.as_str() {
            self.currencies.add(&currency, &item.spot);
            return Ok(None);
        }
        let price = item.number("retailPrice")?;
        let price = price.ok_or_else(|| item.spot.error("price::row", "`retailPrice` is missing"))?;
        if price.is_sign_negative() {
            return Err(item
                .spot
                .error("price::number", format!("`{price}` is negative"))
                .into());
        }
        if price.is_zero() {
            let reason = if machine {
                LeftOut::PriceZero
            } else {
                LeftOut::FreeTrial
            };
            return Err(Not::Taken(reason));
        }
        let from = item.needed("effectiveStartDate")?;
        let from: Instant =
            parse_instant(&from).map_err(|e| item.spot.error("price::instant", e.to_string()))?;
        if let Some(units) = item.number("tierMinimumUnits")?.filter(|units| !units.is_zero()) {
            let message = format!(
                "a price that holds from {units} units on is not taken: a book has one price for all"
            );
            self.warnings.push(item.spot.warning("price::tier", message));
            return Err(Not::Taken(LeftOut::Tier));
        }
        Ok(Some(Start {
            meter: told.meter,
            told_for: told.told_for,
            from,
            unit_price: price.normalize(),
            spot: item.spot.clone(),
            region: told.region,
        }))
    }

    fn imported(mut self, inputs: &[Input<'_>]) -> Result<Imported, Diagnostics> {
        self.problems
            .extend(self.currencies.diagnostics(self.expected.currency));
        let rows = match successive(self.starts, &mut self.left_out) {
            Ok(rows) => rows,
            Err(conflicts) => {
                self.problems.extend(conflicts);
                Vec::new()
            }
        };
        if rows.is_empty() && self.problems.is_empty() {
            self.problems
                .push(nothing(inputs.first().map(|input| input.source), self.rows));
        }
        self.warnings.extend(self.links.missing());
        if !self.problems.is_empty() {
            self.problems.extend(self.warnings);
            return Err(Diagnostics(self.problems).sorted());
        }
        Ok(Imported {
            draft: Draft {
                name: "azure-retail".to_owned(),
                cloud: Cloud::Azure,
                currency: self.expected.currency,
                source: DraftSource {
                    id: "retail-prices-api",
                    title: "Azure Retail Prices API",
                    retrieved: self.expected.retrieved,
                    note: "retailPrice of type Consumption, Linux; a price holds from its effectiveStartDate until the next one.",
                },
                rows,
            },
            rows: self.rows,
            left_out: self.left_out,
            warnings: Diagnostics(self.warnings).sorted().0,
        })
    }
}

/// The meter of an item, and the regions it is told for and belongs to.
struct Told {
    meter: MeterKind,
    told_for: String,
    region: Option<String>,
}

fn vm(item: &Fields<'_>, region: String) -> Result<Told, Not> {
    let product = item.needed("productName")?;
    let names = [item.text("skuName")?, item.text("meterName")?];
    let named = |end: &str| names.iter().flatten().any(|name| name.ends_with(end));
    let left_out = if product.contains("Windows") {
        Some(LeftOut::Windows)
    } else if product.contains("CloudServices") || product.contains("Cloud Services") {
        Some(LeftOut::CloudServices)
    } else if product.contains("Dedicated Host") {
        Some(LeftOut::DedicatedHost)
    } else if !product.trim_end().ends_with("Series") {
        Some(LeftOut::NotASeries)
    } else if named(" Low Priority") {
        Some(LeftOut::LowPriority)
    } else {
        None
    };
    if let Some(reason) = left_out {
        return Err(Not::Taken(reason));
    }
    let size = item.text("armSkuName")?;
    let (Some(node_type_id), false) = (size, region.is_empty()) else {
        return Err(Not::Taken(LeftOut::NoSizeOrRegion));
    };
    let purchase_option = if named(" Spot") {
        PurchaseOption::Spot
    } else {
        PurchaseOption::OnDemand
    };
    Ok(Told {
        meter: MeterKind::Vm {
            region,
            node_type_id,
            purchase_option,
        },
        told_for: String::new(),
        region: None,
    })
}

fn dbu(item: &Fields<'_>, region: String) -> Result<Told, Not> {
    let name = item.needed("meterName")?.trim().to_lowercase();
    if name.contains("free trial") || name.contains("non-billable") {
        return Err(Not::Taken(LeftOut::FreeTrial));
    }
    match databricks_meter(&name, &region) {
        DatabricksMeter::Everywhere(sku_name) => Ok(Told {
            meter: MeterKind::Dbu { sku_name },
            told_for: region,
            region: None,
        }),
        DatabricksMeter::Regional(sku_name) => Ok(Told {
            meter: MeterKind::Dbu { sku_name },
            told_for: region.clone(),
            region: Some(region),
        }),
        DatabricksMeter::UnknownRegion => Err(Not::Taken(LeftOut::UnknownRegion(region))),
        DatabricksMeter::Unknown => Err(Not::Taken(LeftOut::UnknownMeter(name))),
    }
}

fn not_a_page(source: &str, line: usize) -> Diagnostic {
    Diagnostic::error(
        "price::page",
        source,
        "not a page of the Azure Retail Prices API: no list `Items`",
    )
    .at(line, 0)
    .hint("save the whole answer of https://prices.azure.com/api/retail/prices, one file a page")
}

/// Links to next pages. A list of pages is told by its link without the number of rows to skip; one page of each has no
/// link.
#[derive(Debug, Default)]
struct Links {
    ends: usize,
    /// By list, the page that skips most: number of rows, file, line, link.
    lists: BTreeMap<String, (u64, String, usize, String)>,
}

impl Links {
    fn add(&mut self, next: Option<&str>, source: &str, line: usize) {
        let Some(link) = next else {
            self.ends = self.ends.saturating_add(1);
            return;
        };
        let (list, skip) = without_skip(link);
        let page = (skip, source.to_owned(), line, link.to_owned());
        let furthest = self.lists.entry(list).or_insert_with(|| page.clone());
        if *furthest < page {
            *furthest = page;
        }
    }

    /// The furthest page of each list, where there are more lists than last pages.
    fn missing(&self) -> impl Iterator<Item = Diagnostic> {
        let some = self.lists.len() > self.ends;
        let furthest = self.lists.values().filter(move |_| some);
        furthest.map(|(_, source, line, link)| {
            let message = format!("the list goes on at `{link}`, and no page given here is its last one");
            Diagnostic::warning("price::incomplete", source, message)
                .at(*line, 0)
                .hint("fetch that page and those after it; the last one has an empty NextPageLink")
        })
    }
}

/// A link without its `$skip=100`, and the number.
fn without_skip(link: &str) -> (String, u64) {
    let marks = ["$skip=", "%24skip="];
    let found = marks.iter().find_map(|mark| link.split_once(mark));
    let Some((before, after)) = found else {
        return (link.to_owned(), 0);
    };
    let digits = after.find(|c: char| !c.is_ascii_digit()).unwrap_or(after.len());
    let (number, rest) = after.split_at(digits);
    (format!("{before}{rest}"), number.parse().unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::money::Currency;
    use crate::pricing::price_book::PriceBook;
    use proptest::prelude::*;

    fn expected() -> Expected {
        Expected {
            currency: Currency::USD,
            retrieved: parse_instant("2026-10-01").unwrap(),
        }
    }

    /// A size of a region; `change` are members put in the place of those it has.
    fn vm(price: &str, change: &str) -> String {
        let base = [
            ("currencyCode", "\"USD\""),
            ("tierMinimumUnits", "0"),
            ("retailPrice", price),
            ("armRegionName", "\"westus2\""),
            ("effectiveStartDate", "\"2024-01-01T00:00:00Z\""),
            ("meterName", "\"D4s v5\""),
            ("productName", "\"Virtual Machines Dsv5 Series\""),
            ("skuName", "\"D4s v5\""),
            ("serviceName", "\"Virtual Machines\""),
            ("unitOfMeasure", "\"1 Hour\""),
            ("type", "\"Consumption\""),
            ("armSkuName", "\"Standard_D4s_v5\""),
        ];
        let members: Vec<String> = base.iter().map(|(k, v)| format!("\"{k}\":{v}")).collect();
        // Of a key given twice the last counts.
        format!("{{{}{change}}}", members.join(","))
    }

    fn dbu(price: &str, meter: &str, region: &str, from: &str) -> String {
        let change = format!(
            ",\"serviceName\":\"Azure Databricks\",\"productName\":\"Azure Databricks\",\"meterName\":\"{meter}\",\"skuName\":\"\",\"armSkuName\":\"\",\"armRegionName\":\"{region}\",\"effectiveStartDate\":\"{from}\""
        );
        vm(price, &change)
    }

    fn page(items: &[String], next: &str) -> String {
        format!(
            "{{\"BillingCurrency\":\"USD\",\"Items\":[\n{}\n],\"NextPageLink\":{next},\"Count\":{}}}",
            items.join(",\n"),
            items.len()
        )
    }

    fn import(pages: &[String]) -> Result<Imported, Diagnostics> {
        let names: Vec<String> = (0..pages.len()).map(|i| format!("p{i}.json")).collect();
        let inputs: Vec<Input<'_>> = pages
            .iter()
            .zip(&names)
            .map(|(text, source)| Input { source, text })
            .collect();
        azure_retail(&inputs, &expected(), &[])
    }

    /// What the book says, read back; every row of the pages is in it or counted.
    fn rows(imported: &Imported) -> Vec<String> {
        let draft = &imported.draft;
        let mut book = PriceBook::default();
        book.add("b.json", &draft.text()).unwrap();
        assert_eq!(book.len(), draft.rows.len());
        for row in &draft.rows {
            let meter = crate::model::meter::Meter {
                cloud: draft.cloud,
                kind: row.meter.clone(),
            };
            let same = |e: &crate::pricing::price_book::Effective| {
                (e.from, e.to, e.price.unit_price.0) == (Some(row.from), row.to, row.unit_price)
            };
            assert!(
                book.find(&meter.to_string()).iter().any(|(_, e)| same(e)),
                "{row:?}"
            );
        }
        let left: usize = imported.left_out.values().sum();
        assert_eq!(left + draft.rows.len(), imported.rows);
        let mut rows = Vec::new();
        for (meter, effective) in book.find("") {
            let day = |at: Option<Instant>| at.map_or("-".to_owned(), |at| at.format("%Y-%m-%d").to_string());
            let price = &effective.price.unit_price;
            rows.push(format!(
                "{meter} {price} {} {}",
                day(effective.from),
                day(effective.to)
            ));
        }
        rows
    }

    #[test]
    fn what_is_taken_and_why_the_rest_is_not() {
        let spot = ",\"skuName\":\"D4s v5 Spot\",\"meterName\":\"D4s v5 Spot\"";
        let of = |product: &str| format!(",\"productName\":\"{product}\"");
        let items = [
            vm("0.192", ""),
            vm("8.3E-02", spot),
            vm("0.376", &of("Virtual Machines Dsv5 Series Windows")),
            vm("0.192", &of("Virtual Machines Dsv5 Series Cloud Services")),
            vm("0.192", &of("Virtual Machines Dsv5 Series CloudServices")),
            vm("4.5", &of("Dsv5 Series Dedicated Host")),
            vm("0.192", &of("Virtual Machines A Series Basic")),
            vm("0.04", ",\"skuName\":\"D4s v5 Low Priority\""),
            vm("1100", ",\"type\":\"Reservation\",\"reservationTerm\":\"1 Year\""),
            vm("0.192", ",\"type\":\"DevTestConsumption\""),
            vm("0", ""),
            vm("0.1", ",\"armSkuName\":\"\""),
            vm("0.1", ",\"tierMinimumUnits\":100"),
            vm("0.1", ",\"serviceName\":\"Storage\""),
            vm("0.1", ",\"unitOfMeasure\":\"100 Hours\""),
            dbu(
                "0.55",
                "Premium All-Purpose Photon DBU",
                "eastus",
                "2023-01-01T00:00:00Z",
            ),
            dbu(
                "0.55",
                "Premium All-purpose Photon DBU",
                "westus",
                "2024-01-01T00:00:00Z",
            ),
            dbu(
                "0.45",
                "Premium Automated Serverless Compute DBU",
                "eastus2",
                "2024-01-01T00:00:00Z",
            ),
            dbu(
                "0.45",
                "Premium Automated Serverless Compute DBU",
                "moon",
                "2024-01-01T00:00:00Z",
            ),
            dbu(
                "0",
                "Premium - Free Trial Jobs Compute DBU",
                "eastus",
                "2024-01-01T00:00:00Z",
            ),
            dbu(
                "0",
                "POC Non-Billable Jobs Compute DBU",
                "eastus",
                "2024-01-01T00:00:00Z",
            ),
            dbu(
                "0.1",
                "Premium Something New DBU",
                "eastus",
                "2024-01-01T00:00:00Z",
            ),
        ];
        let imported = import(&[page(&items, "null")]).unwrap();
        assert_eq!(
            rows(&imported),
            [
                "dbu/AZURE/PREMIUM_ALL_PURPOSE_COMPUTE_(PHOTON) 0.55 2023-01-01 -",
                "dbu/AZURE/PREMIUM_JOBS_SERVERLESS_COMPUTE_US_EAST_2 0.45 2024-01-01 -",
                "vm/AZURE/westus2/Standard_D4s_v5/on_demand 0.192 2024-01-01 -",
                "vm/AZURE/westus2/Standard_D4s_v5/spot 0.083 2024-01-01 -",
            ]
        );
        let left: Vec<String> = imported
            .left_out
            .iter()
            .map(|(reason, n)| {
                format!(
                    "{} {}{n}",
                    reason.as_str(),
                    reason.of().map_or(String::new(), |of| format!("{of} "))
                )
            })
            .collect();
        assert_eq!(
            left,
            [
                "other_service 1",
                "not_consumption 2",
                "windows 1",
                "cloud_services 2",
                "dedicated_host 1",
                "not_a_series 1",
                "low_priority 1",
                "no_size_or_region 1",
                "price_zero 1",
                "free_trial 2",
                "tier 1",
                "unknown_meter premium something new dbu 1",
                "unknown_region moon 1",
                "other_unit 100 hours 1",
                "repeated 1",
            ]
        );
        let codes: Vec<_> = imported
            .warnings
            .iter()
            .map(|w| (w.code, w.line, w.path.as_str()))
            .collect();
        assert_eq!(codes, [("price::tier", 14, "Items.12")]);
    }

    #[test]
    fn starts_become_periods_and_what_repeats_is_one() {
        let from = |day: &str| format!(",\"effectiveStartDate\":\"{day}T00:00:00Z\"");
        let items = [
            vm("0.20", &from("2025-01-01")),
            vm("0.19", &from("2024-01-01")),
            vm("0.190", &from("2024-01-01")),
            // The same price again is no new period.
            vm("0.20", &from("2025-06-01")),
        ];
        let imported = import(&[page(&items, "\"\"")]).unwrap();
        assert_eq!(
            rows(&imported),
            [
                "vm/AZURE/westus2/Standard_D4s_v5/on_demand 0.19 2024-01-01 2025-01-01",
                "vm/AZURE/westus2/Standard_D4s_v5/on_demand 0.2 2025-01-01 -",
            ]
        );
        assert_eq!(imported.left_out.get(&LeftOut::Repeated), Some(&2));
    }

    fn codes(pages: &[String]) -> Vec<(&'static str, String, String)> {
        let found = import(pages).unwrap_err();
        found.0.into_iter().map(|d| (d.code, d.source, d.path)).collect()
    }

    #[test]
    fn contradictions_are_told_with_both_rows() {
        let pages = [
            page(&[vm("0.2", "")], "\"\""),
            page(&[vm("1", ",\"serviceName\":\"x\""), vm("0.3", "")], "null"),
        ];
        let found = import(&pages).unwrap_err();
        assert_eq!((found.0.len(), found.0[0].code), (1, "price::conflict"));
        assert!(found.0[0].message.contains("(p0.json:2 Items.0)"), "{found}");
        assert!(found.0[0].message.contains("(p1.json:3 Items.1)"), "{found}");
        // A SKU that has no region, dearer in one of them from some day on.
        let jobs = |price, region, from| dbu(price, "Premium Jobs Compute DBU", region, from);
        let told = codes(&[page(
            &[
                jobs("0.3", "eastus", "2023-01-01T00:00:00Z"),
                jobs("0.4", "brazilsouth", "2024-01-01T00:00:00Z"),
            ],
            "null",
        )]);
        assert_eq!(told[0].0, "price::conflict");
    }

    #[test]
    fn hostile_pages_are_diagnostics() {
        let item = vm("0.2", "");
        for (text, code) in [
            (String::new(), "price::page"),
            ("[]".to_owned(), "price::page"),
            ("{\"Items\": {}}".to_owned(), "price::page"),
            ("[".repeat(100_000), "price::syntax"),
            (
                format!("{{\"Items\":{}{}}}", "[".repeat(50_000), "]".repeat(50_000)),
                "price::row",
            ),
            (
                page(std::slice::from_ref(&item), "\"\"")[..200].to_owned(),
                "price::syntax",
            ),
            (page(&["7".to_owned()], "null"), "price::row"),
            (page(&["{}".to_owned()], "null"), "price::row"),
            (page(std::slice::from_ref(&item), "7"), "price::row"),
            (page(&[vm("\"0.2\"", "")], "null"), "price::row"),
            (page(&[vm("null", "")], "null"), "price::row"),
            (page(&[vm("1e400", "")], "null"), "price::number"),
            (page(&[vm("-0.2", "")], "null"), "price::number"),
            (
                page(&[vm("0.2", ",\"effectiveStartDate\":\"soon\"")], "null"),
                "price::instant",
            ),
            (
                page(&[vm("0.2", ",\"effectiveStartDate\":null")], "null"),
                "price::row",
            ),
            (
                page(&[vm("0.2", ",\"currencyCode\":\"EUR\"")], "null"),
                "price::currency",
            ),
            (page(&[], "null"), "price::nothing"),
        ] {
            let found = codes(&[text]);
            assert_eq!(found[0].0, code, "{found:?}");
        }
    }

    #[test]
    fn a_list_without_its_last_page_is_told() {
        let link =
            |skip: u32| format!("\"https://prices.azure.com:443/api/retail/prices?$filter=x&$skip={skip}\"");
        let warned = |pages: &[String]| {
            import(pages)
                .unwrap()
                .warnings
                .iter()
                .map(|w| w.source.clone())
                .collect::<Vec<_>>()
        };
        let one = |next: &str| page(&[vm("0.2", "")], next);
        assert_eq!(warned(&[one(&link(900)), one(&link(1000))]), ["p1.json"]);
        assert!(warned(&[one(&link(100)), one("\"\""), one(&link(200))]).is_empty());
    }

    proptest! {
        /// Pages in any order make the same bytes.
        #[test]
        fn the_order_of_pages_is_nothing(
            prices in proptest::collection::vec((1_u32..4, 1_u32..5, 0_usize..3), 1..12), turn in 0_usize..12,
        ) {
            let mut pages: Vec<String> = prices
                .iter()
                .map(|(price, year, region)| {
                    let change = format!(
                        ",\"armRegionName\":\"r{region}\",\"effectiveStartDate\":\"202{year}-01-01T00:00:00Z\""
                    );
                    page(&[vm(&format!("0.{price}"), &change)], "null")
                })
                .collect();
            let first = import(&pages);
            pages.reverse();
            let by = turn % pages.len();
            pages.rotate_left(by);
            match (first, import(&pages)) {
                (Ok(one), Ok(other)) => {
                    prop_assert_eq!(one.draft.text(), other.draft.text());
                    prop_assert_eq!(&one.left_out, &other.left_out);
                    rows(&one);
                }
                (Err(one), Err(other)) => prop_assert_eq!(one.0.len(), other.0.len()),
                _ => prop_assert!(false),
            }
        }
    }
}
