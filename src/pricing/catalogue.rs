//! Everything that is known of prices and rates: the bundled files, and the user's own on top.

use std::collections::HashSet;

use super::bundled;
use super::contract::Contract;
use super::increments::Increments;
use super::node_rates::NodeRates;
use super::price_book::PriceBook;
use crate::model::diagnostic::{Diagnostic, Diagnostics, json_message};
use crate::model::increment::Increment;
use crate::model::meter::Meter;
use crate::model::place::Cloud;

/// Node rates and prices.
#[derive(Debug, Clone, Default)]
pub struct Catalogue {
    /// DBU per hour by node type.
    pub rates: NodeRates,
    /// Money per unit by meter.
    pub book: PriceBook,
    /// How the time of machines is rounded, where no row of the user's own says.
    increments: Increments,
    loaded: HashSet<&'static str>,
    own: Own,
}

/// What the user brought; it wins over what is bundled, whenever that is read.
#[derive(Debug, Clone, Default)]
struct Own {
    rates: NodeRates,
    book: PriceBook,
    increments: Increments,
    contracts: Vec<Contract>,
}

impl Catalogue {
    /// Reads the bundled files of a cloud, and of a region where one is given (all regions otherwise). Files
    /// read before are not read again.
    ///
    /// # Errors
    /// `price::currency` and `price::number` where a contract does not fit the list prices it speaks of.
    pub fn load(&mut self, cloud: Cloud, region: Option<&str>) -> Result<(), Diagnostics> {
        self.load_rates(cloud)?;
        self.load_increments()?;
        for (path, text) in bundled::books(cloud, region) {
            if self.loaded.insert(path) {
                let mut bundled = PriceBook::default();
                bundled.add(path, text)?;
                // A meter stands in one bundled book only, so what is known of it before is our own.
                bundled.override_with(self.own.book.of_meters_in(&bundled));
                bundled.agree(&self.own.contracts)?;
                self.book.replace_with(bundled);
            }
        }
        Ok(())
    }

    /// Reads the bundled node rates of a cloud, and no price.
    ///
    /// # Errors
    /// None in practice: a test reads every bundled file.
    pub fn load_rates(&mut self, cloud: Cloud) -> Result<(), Diagnostics> {
        for (path, text) in bundled::node_rates(cloud) {
            if self.loaded.insert(path) {
                let mut bundled = NodeRates::default();
                bundled.add(path, text)?;
                bundled.override_with(self.own.rates.clone());
                self.rates.override_with(bundled);
            }
        }
        Ok(())
    }

    fn load_increments(&mut self) -> Result<(), Diagnostics> {
        let (path, text) = bundled::INCREMENTS;
        if self.loaded.insert(path) {
            self.increments.add(path, text)?;
        }
        Ok(())
    }

    /// How the time of a meter is rounded for which a machine is billed.
    pub fn increment(&self, meter: &Meter) -> Increment {
        let own = self.own.increments.of(meter);
        own.unwrap_or_else(|| self.increments.of(meter).unwrap_or_default())
    }

    /// Adds a file of the user's own: a price book, node rates, a contract or billing increments, told apart by their top-level
    /// key. Where a book, rates or increments speak of the same meter (and time) as a bundled file, they win; a contract speaks
    /// of all list prices, bundled and own, whenever they are read.
    ///
    /// # Errors
    /// As [`PriceBook::add`], [`NodeRates::add`], [`Contract::parse`], [`Increments::add`] and [`PriceBook::agree`];
    /// `price::kind` for anything else.
    pub fn add_own(&mut self, source: &str, text: &str) -> Result<(), Diagnostics> {
        let value: serde_json::Value = serde_json::from_str(text).map_err(|e| {
            Diagnostic::error("price::syntax", source, json_message(&e)).at(e.line(), e.column())
        })?;
        if value.get("price_book").is_some() {
            self.own.book.add(source, text)?;
            self.book.override_with(self.own.book.clone());
            self.agree()?;
        } else if value.get("node_rates").is_some() {
            self.own.rates.add(source, text)?;
            self.rates.override_with(self.own.rates.clone());
        } else if value.get("contract").is_some() {
            self.own.contracts.push(Contract::parse(source, text)?);
            self.agree()?;
        } else if value.get("billing_increments").is_some() {
            self.own.increments.add(source, text)?;
        } else {
            let message = "neither a price book (key `price_book`) nor node rates (`node_rates`) nor a contract (`contract`) nor billing increments (`billing_increments`)";
            return Err(Diagnostic::error("price::kind", source, message)
                .hint("see pricing/README.md for the four forms")
                .into());
        }
        Ok(())
    }

    /// Lets the contracts speak of list prices that came after them.
    ///
    /// # Errors
    /// As [`PriceBook::agree`].
    pub fn agree(&mut self) -> Result<(), Diagnostics> {
        self.book.agree(&self.own.contracts)
    }

    /// The contracts.
    pub fn contracts(&self) -> &[Contract] {
        &self.own.contracts
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::databricks::sku::jobs_serverless_sku_name;
    use crate::model::period::parse_instant;

    #[test]
    fn every_bundled_file_is_read_and_prices_what_it_should() {
        let mut all = Catalogue::default();
        for cloud in Cloud::ALL {
            all.load(cloud, None).unwrap();
        }
        assert!(all.book.len() > 1_500);
        let at = parse_instant("2026-10-01").unwrap();
        let price = |meter: &str| {
            all.book
                .price_at(&meter.parse().unwrap(), at)
                .map(|p| p.unit_price.to_string())
        };
        assert_eq!(
            price("vm/AZURE/westus2/Standard_DS3_v2/on_demand").as_deref(),
            Some("0.229")
        );
        assert_eq!(
            price("vm/AZURE/westus2/Standard_DS3_v2/spot").as_deref(),
            Some("0.024")
        );
        assert_eq!(price("dbu/AZURE/PREMIUM_JOBS_COMPUTE").as_deref(), Some("0.3"));
        assert_eq!(price("dbu/AZURE/STANDARD_JOBS_COMPUTE"), None);
        assert_eq!(price("dbu/AWS/PREMIUM_JOBS_COMPUTE").as_deref(), Some("0.15"));
    }

    /// The regions of serverless SKUs are those of the bundled books: each name that they sell is made from its region.
    #[test]
    fn serverless_skus_of_the_books_are_named_by_their_regions() {
        let mut seen = 0;
        for cloud in Cloud::ALL {
            for (path, text) in bundled::books(cloud, None) {
                let book: serde_json::Value = serde_json::from_str(text).unwrap();
                for row in book["prices"].as_array().unwrap() {
                    let sku = row["meter"]["sku_name"].as_str().unwrap_or_default();
                    if let Some((tier, _)) = sku.split_once("_JOBS_SERVERLESS_COMPUTE_") {
                        let made =
                            jobs_serverless_sku_name(cloud, row["region"].as_str(), tier.parse().unwrap());
                        assert_eq!(made, sku, "{path}");
                        seen += 1;
                    }
                }
            }
        }
        assert!(seen > 90, "{seen}");
    }

    #[test]
    fn own_increments_win_meter_by_meter() {
        let mut known = Catalogue::default();
        known.load(Cloud::Aws, None).unwrap();
        let text = r#"{"billing_increments":"mine","sources":{"invoice":{}},"increments":[
            {"meters":["vm/AZURE/*"],"increment_seconds":60,"minimum_seconds":300,"source":"invoice"}]}"#;
        known.add_own("mine.json", text).unwrap();
        let billed = |meter: &str| known.increment(&meter.parse().unwrap()).billed(61);
        let minute = |meter: &str| known.increment(&meter.parse().unwrap()).billed(7);
        assert_eq!(billed("vm/AZURE/westus2/Standard_DS3_v2/spot"), 300);
        assert_eq!(minute("vm/AWS/ap-northeast-1/m5.xlarge/on_demand"), 60);
        assert_eq!(minute("disk/AWS/ap-northeast-1/gp3"), 60);
        assert_eq!(minute("vm/GCP/us-east1/n2-standard-4/spot"), 60);
        assert_eq!(minute("disk/AZURE/westus2/E6"), 7);
    }

    #[test]
    fn an_own_book_wins_and_a_region_is_read_alone() {
        let mut own = Catalogue::default();
        own.load(Cloud::Azure, Some("westus2")).unwrap();
        let westus2_only = own.book.len();
        let text = r#"{"price_book":"mine","cloud":"AZURE","currency":"USD","sources":{"contract":{}},"prices":[
            {"meter":{"kind":"dbu","sku_name":"PREMIUM_JOBS_COMPUTE"},"unit":"DBU","unit_price":"0.25","from":"2026-01-01","to":null,"source":"contract"}]}"#;
        own.add_own("mine.json", text).unwrap();
        own.load(Cloud::Azure, None).unwrap();
        assert!(own.book.len() > westus2_only);
        let meter = "dbu/AZURE/PREMIUM_JOBS_COMPUTE".parse().unwrap();
        let price = |at: &str| {
            own.book
                .price_at(&meter, parse_instant(at).unwrap())
                .unwrap()
                .unit_price
                .to_string()
        };
        assert_eq!(
            (price("2025-06-01").as_str(), price("2026-06-01").as_str()),
            ("0.3", "0.25")
        );
        assert_eq!(own.add_own("x", "{}").unwrap_err().0[0].code, "price::kind");
    }
}
