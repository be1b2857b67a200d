//! Pages of the Cloud Billing Catalog API, `skus` of Compute Engine: what a core and a GiB of memory of a family cost, put together
//! to what a machine costs.
//!
//! A page is `{"skus": [...], "nextPageToken"}` (<https://cloud.google.com/billing/docs/reference/rest/v1/services.skus/list>). No SKU
//! names a machine type, so its price is its cores times the one price and its GiB times the other, as the vendor bills it.
//! Which family a SKU is of, its description says (`component.rs`). Machines with GPUs or with disks of their own cost more than
//! that, and have no price here.

mod component;
mod machine;
mod sku;

use std::collections::BTreeMap;
use std::sync::Arc;

use self::component::Component;
use self::machine::Machines;
use self::sku::Told;
use super::fields::Fields;
use super::periods::successive;
use super::{Expected, Imported, Input, LeftOut, OtherCurrencies, count, nothing};
use crate::model::diagnostic::{Diagnostic, Diagnostics};
use crate::model::json_text::{JsonText, items};
use crate::model::place::Cloud;
use crate::pricing::book_draft::{Draft, DraftSource};
use crate::pricing::node_rates::NodeRates;

/// Makes a book of pages; its machines are the node types of GCP that the rates know.
///
/// `regions` are those to be read; all where there are none.
///
/// # Errors
/// `price::syntax`, `price::page`, `price::row`, `price::number`, `price::instant`, `price::currency`, `price::conflict`,
/// `price::nothing`; all of them.
pub fn gcp_skus(
    inputs: &[Input<'_>],
    expected: &Expected,
    regions: &[String],
    rates: &NodeRates,
) -> Result<Imported, Diagnostics> {
    let mut reader = Reader {
        expected,
        regions,
        rows: 0,
        machines: Machines::new(rates),
        left_out: BTreeMap::new(),
        currencies: OtherCurrencies::default(),
        pages: Pages::default(),
        problems: Vec::new(),
        warnings: Vec::new(),
    };
    for input in inputs {
        reader.text(input);
    }
    reader.imported(inputs)
}

struct Reader<'e> {
    expected: &'e Expected,
    regions: &'e [String],
    rows: usize,
    machines: Machines<'e>,
    left_out: BTreeMap<LeftOut, usize>,
    currencies: OtherCurrencies,
    pages: Pages,
    problems: Vec<Diagnostic>,
    warnings: Vec<Diagnostic>,
}

/// Pages of lists: a list has one last page.
#[derive(Default)]
struct Pages {
    last: usize,
    others: Vec<(String, usize)>,
}

/// Why a SKU gives no price: it is left out, or it is wrong.
enum Not {
    Taken(LeftOut),
    Right(Diagnostic),
}

impl From<Diagnostic> for Not {
    fn from(wrong: Diagnostic) -> Not {
        Not::Right(wrong)
    }
}

impl Reader<'_> {
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
            let listed = read.as_ref().and_then(|p| p.value("skus")).and_then(items);
            let (Some(page), Some(listed)) = (read, listed) else {
                self.problems.push(not_a_page(input.source, line));
                continue;
            };
            match page.text("nextPageToken") {
                Ok(None) => self.pages.last = self.pages.last.saturating_add(1),
                Ok(Some(_)) => self.pages.others.push((input.source.to_owned(), line)),
                Err(wrong) => self.problems.push(wrong),
            }
            for (i, item) in listed.into_iter().enumerate() {
                self.rows = self.rows.saturating_add(1);
                let read = Fields::read(&text, &source, item, format!("skus.{i}"));
                match read.map_err(Not::from).and_then(|sku| self.sku(&text, &sku)) {
                    Ok(()) => {}
                    Err(Not::Taken(reason)) => count(&mut self.left_out, reason),
                    Err(Not::Right(wrong)) => self.problems.push(wrong),
                }
            }
        }
    }

    fn sku(&mut self, text: &JsonText<'_>, sku: &Fields<'_>) -> Result<(), Not> {
        let category = sku.inner(text, "category")?;
        if category.text("resourceFamily")?.as_deref() != Some("Compute") {
            return Err(Not::Taken(LeftOut::NotAMachine));
        }
        let usage_type = category.needed("usageType")?;
        let Component {
            family,
            part,
            purchase_option,
        } = component::component(&sku.needed("description")?, &usage_type).map_err(Not::Taken)?;
        let named = sku.texts("serviceRegions")?;
        let is_asked_for = |region: &String| self.regions.is_empty() || self.regions.contains(region);
        let regions: Vec<String> = named.into_iter().filter(is_asked_for).collect();
        if regions.is_empty() {
            return Err(Not::Taken(LeftOut::OtherRegion));
        }
        if !self.machines.has_family(&family) {
            return Err(Not::Taken(LeftOut::NoNodeType(family)));
        }
        for told in sku::prices(text, sku, part)? {
            match told {
                Told::Price(price) if price.currency != self.expected.currency.as_str() => {
                    self.currencies.add(&price.currency, &sku.spot);
                }
                Told::Price(price) => {
                    for region in &regions {
                        let line = (family.clone(), region.clone(), purchase_option);
                        self.machines.add(line, part, &price, &sku.spot)?;
                    }
                }
                Told::Free => count(&mut self.left_out, LeftOut::PriceZero),
                Told::Tiers => {
                    let message =
                        "a price that hangs on the quantity is not taken: a book has one price for all";
                    self.warnings.push(sku.spot.warning("price::tier", message));
                    count(&mut self.left_out, LeftOut::Tier);
                }
            }
        }
        Ok(())
    }

    fn imported(mut self, inputs: &[Input<'_>]) -> Result<Imported, Diagnostics> {
        let first = inputs.first().map(|input| input.source);
        self.problems
            .extend(self.currencies.diagnostics(self.expected.currency));
        let (starts, without) = match self.machines.prices() {
            Ok(found) => found,
            Err(wrong) => {
                self.problems.extend(wrong);
                Default::default()
            }
        };
        // What is equal here are machines whose parts began at several times, no rows of the pages.
        let rows = successive(starts, &mut BTreeMap::new()).unwrap_or_else(|conflicts| {
            self.problems.extend(conflicts);
            Vec::new()
        });
        if rows.is_empty() && self.problems.is_empty() {
            self.problems.push(nothing(first, self.rows));
        }
        if self.pages.last == 0
            && let Some((source, line)) = self.pages.others.last()
        {
            let message = "the list goes on: every page given has a `nextPageToken`";
            let warning = Diagnostic::warning("price::incomplete", source.as_str(), message).at(*line, 0);
            self.warnings
                .push(warning.hint("fetch the pages that follow; the last one has no token"));
        }
        if !self.problems.is_empty() {
            self.problems.extend(self.warnings);
            return Err(Diagnostics(self.problems).sorted());
        }
        let source = first.unwrap_or("prices");
        let without = without.into_iter();
        self.warnings
            .extend(without.map(|what| Diagnostic::warning("price::no-machine", source, what)));
        Ok(Imported {
            draft: Draft {
                name: "gcp-skus".to_owned(),
                cloud: Cloud::Gcp,
                currency: self.expected.currency,
                source: DraftSource {
                    id: "cloud-billing-catalog",
                    title: "Cloud Billing Catalog API, skus of Compute Engine",
                    retrieved: self.expected.retrieved,
                    note: "Cores times the price of a core of the family, and GiB of memory times the price of a GiB, OnDemand and Preemptible; from effectiveTime.",
                },
                rows,
            },
            rows: self.rows,
            left_out: self.left_out,
            warnings: Diagnostics(self.warnings).sorted().0,
        })
    }
}

fn not_a_page(source: &str, line: usize) -> Diagnostic {
    let message = "not a page of the Cloud Billing Catalog API: no list `skus`";
    Diagnostic::error("price::page", source, message)
        .at(line, 0)
        .hint("save the whole answer of https://cloudbilling.googleapis.com/v1/services/6F81-5844-456A/skus, one file a page")
}

#[cfg(test)]
mod tests;
