//! Offer files and histories of spot prices as JSON, read as they come.
//!
//! An offer file is `{"offerCode", "products": {SKU: product}, "terms": {"OnDemand": {SKU: {ID: term}}}}`
//! (<https://docs.aws.amazon.com/awsaccountbilling/latest/aboutv2/reading-service-price-list-file-for-services.html>). Of the
//! products only those that are taken are kept; everything else passes by.

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;
use std::cell::Cell;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::fmt;
use std::io::{BufReader, Read};
use std::rc::Rc;
use std::sync::Arc;

use super::product::{Machine, Product};
use super::spot::{self, SpotRow};
use super::{Desk, Lines, Price, not_an_offer};
use crate::model::diagnostic::{Diagnostic, json_message};
use crate::model::meter::PurchaseOption;
use crate::pricing::import::{LeftOut, Spot};

/// Reads a file.
pub(super) fn read(source: &Arc<str>, text: Box<dyn Read + Send>, desk: &mut Desk<'_>) {
    let line = Rc::new(Cell::new(1));
    // Byte by byte behind a buffer, so that the line is that of the byte.
    let text = Lines {
        text: BufReader::with_capacity(64 << 10, text),
        line: Rc::clone(&line),
    };
    let mut parser = serde_json::Deserializer::from_reader(text);
    let mut document = Document {
        source,
        line,
        desk,
        offer: Offer::default(),
        is_known: false,
    };
    let read = (&mut document)
        .deserialize(&mut parser)
        .and_then(|()| parser.end());
    let (known, offer) = (document.is_known, document.offer);
    if let Err(error) = read {
        return desk.problems.push(fault(source, &error));
    }
    if !known {
        return desk.problems.push(not_an_offer(source, 1));
    }
    for _ in offer.taken.values().filter(|taken| !taken.is_priced) {
        desk.leave(LeftOut::NoOnDemandPrice);
    }
}

fn fault(source: &str, error: &serde_json::Error) -> Diagnostic {
    let code = match error.classify() {
        serde_json::error::Category::Io => "file::damaged",
        serde_json::error::Category::Data => "price::page",
        _ => "price::syntax",
    };
    Diagnostic::error(code, source, json_message(error)).at(error.line(), error.column())
}

/// What is kept of an offer file.
#[derive(Default)]
struct Offer {
    has_products: bool,
    taken: HashMap<String, TakenProduct>,
}

struct TakenProduct {
    machine: Machine,
    is_priced: bool,
}

struct Document<'d, 'e> {
    source: &'d Arc<str>,
    line: Rc<Cell<usize>>,
    desk: &'d mut Desk<'e>,
    offer: Offer,
    /// Something was in it that is read.
    is_known: bool,
}

/// A term of an offer.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Term {
    effective_date: String,
    price_dimensions: BTreeMap<String, Dimension>,
}

/// What one unit costs.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Dimension {
    #[serde(default)]
    unit: String,
    #[serde(default)]
    begin_range: Option<String>,
    price_per_unit: BTreeMap<String, String>,
}

impl Document<'_, '_> {
    /// Where a text begins that was read just now.
    fn spot(&self, path: String, text: &str) -> Spot {
        let inside = text.bytes().filter(|byte| *byte == b'\n').count();
        Spot {
            source: Arc::clone(self.source),
            line: self.line.get().saturating_sub(inside),
            path,
        }
    }

    /// A part read into its type, or told as wrong.
    fn part<'t, T: Deserialize<'t>>(&mut self, spot: &Spot, text: &'t RawValue) -> Option<T> {
        match serde_json::from_str(text.get()) {
            Ok(part) => Some(part),
            Err(error) => {
                let wrong = spot.error("price::row", json_message(&error));
                self.desk.problems.push(wrong);
                None
            }
        }
    }

    fn product(&mut self, sku: String, text: &RawValue) {
        self.desk.row();
        let spot = self.spot(format!("products.{sku}"), text.get());
        let Some(product) = self.part::<Product>(&spot, text) else {
            return;
        };
        match product.machine(self.desk) {
            Ok(machine) => {
                let is_priced = false;
                self.offer.taken.insert(sku, TakenProduct { machine, is_priced });
            }
            Err(reason) => self.desk.leave(reason),
        }
    }

    /// The terms of a product that is taken.
    fn terms(&mut self, sku: &str, text: &RawValue) {
        let spot = self.spot(format!("terms.OnDemand.{sku}"), text.get());
        let Some(terms) = self.part::<BTreeMap<String, Term>>(&spot, text) else {
            return;
        };
        let Some(taken) = self.offer.taken.get_mut(sku) else {
            return;
        };
        taken.is_priced |= !terms.is_empty();
        let machine = taken.machine.clone();
        for (id, term) in terms {
            let spot = Spot {
                path: format!("{}.{id}", spot.path),
                ..spot.clone()
            };
            self.term(&spot, &machine, &term);
        }
    }

    fn term(&mut self, spot: &Spot, machine: &Machine, term: &Term) {
        let mut dimensions = term.price_dimensions.values();
        let (Some(dimension), None) = (dimensions.next(), dimensions.next()) else {
            return self.desk.tier(spot);
        };
        if dimension.begin_range.as_deref().is_some_and(|begin| begin != "0") {
            return self.desk.tier(spot);
        }
        if dimension.unit != "Hrs" {
            return self.desk.leave(LeftOut::OtherUnit(dimension.unit.to_lowercase()));
        }
        let wanted = self.desk.expected.currency.as_str();
        let wanted = dimension.price_per_unit.get_key_value(wanted);
        let Some((currency, amount)) = wanted.or_else(|| dimension.price_per_unit.first_key_value()) else {
            let wrong = spot.error("price::row", "`pricePerUnit` has no price");
            return self.desk.problems.push(wrong);
        };
        let price = Price {
            region: &machine.region,
            node_type_id: &machine.node_type_id,
            purchase_option: PurchaseOption::OnDemand,
            zone: "",
            currency,
            amount,
            from: &term.effective_date,
        };
        self.desk.price(spot, &price);
    }

    fn spot_row(&mut self, n: usize, text: &RawValue) {
        self.desk.row();
        let spot = self.spot(format!("SpotPriceHistory.{n}"), text.get());
        if let Some(row) = self.part::<SpotRow>(&spot, text) {
            spot::take(self.desk, &spot, &row);
        }
    }
}

impl<'de> DeserializeSeed<'de> for &mut Document<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        from.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for &mut Document<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the object of an offer file of AmazonEC2, or of describe-spot-price-history")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key::<String>()? {
            match key.as_str() {
                "offerCode" => {
                    let code: String = map.next_value()?;
                    if code != "AmazonEC2" {
                        let message = format!("an offer file of `{code}`, expected `AmazonEC2`");
                        return Err(serde::de::Error::custom(message));
                    }
                }
                "products" => {
                    self.is_known = true;
                    self.offer.has_products = true;
                    map.next_value_seed(Each(
                        |sku: String, text: &RawValue| self.product(sku, text),
                        |_: &str| true,
                    ))?;
                }
                "terms" => {
                    if !self.offer.has_products {
                        let message = "expected `products` before `terms`, as the vendor writes them";
                        return Err(serde::de::Error::custom(message));
                    }
                    map.next_value_seed(Terms(self))?;
                }
                "SpotPriceHistory" => {
                    self.is_known = true;
                    map.next_value_seed(SpotRows(self))?;
                }
                "NextToken" => {
                    let token: Option<String> = map.next_value()?;
                    if token.is_some_and(|token| !token.is_empty()) {
                        let message = "the history goes on: it has a `NextToken`";
                        let spot = self.spot(String::new(), "");
                        let warning = spot.warning("price::incomplete", message);
                        let hint = "ask for what follows with --starting-token, and give that file, too";
                        self.desk.warnings.push(warning.hint(hint));
                    }
                }
                _ => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(())
    }
}

/// `terms`: of them only `OnDemand`.
struct Terms<'t, 'd, 'e>(&'t mut Document<'d, 'e>);

impl<'de> DeserializeSeed<'de> for Terms<'_, '_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        from.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Terms<'_, '_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the object `terms` of an offer file")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let document = self.0;
        while let Some(key) = map.next_key::<String>()? {
            if key != "OnDemand" {
                map.next_value::<IgnoredAny>()?;
                continue;
            }
            let taken: HashSet<String> = document.offer.taken.keys().cloned().collect();
            map.next_value_seed(Each(
                |sku: String, text: &RawValue| document.terms(&sku, text),
                |sku: &str| taken.contains(sku),
            ))?;
        }
        Ok(())
    }
}

/// Each member of an object that is wanted, one after the other; the others pass by.
struct Each<T, W>(T, W);

impl<'de, T: FnMut(String, &RawValue), W: Fn(&str) -> bool> DeserializeSeed<'de> for Each<T, W> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        from.deserialize_map(self)
    }
}

impl<'de, T: FnMut(String, &RawValue), W: Fn(&str) -> bool> Visitor<'de> for Each<T, W> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object with a member for each SKU")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key::<String>()? {
            if (self.1)(&key) {
                let text: Box<RawValue> = map.next_value()?;
                (self.0)(key, &text);
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(())
    }
}

/// The rows of a history of spot prices.
struct SpotRows<'t, 'd, 'e>(&'t mut Document<'d, 'e>);

impl<'de> DeserializeSeed<'de> for SpotRows<'_, '_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        from.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for SpotRows<'_, '_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the list `SpotPriceHistory`")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut rows: A) -> Result<(), A::Error> {
        let mut n = 0_usize;
        while let Some(text) = rows.next_element::<Box<RawValue>>()? {
            self.0.spot_row(n, &text);
            n = n.saturating_add(1);
        }
        Ok(())
    }
}
