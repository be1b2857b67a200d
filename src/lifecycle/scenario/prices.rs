//! Reading prices that change in the course of a scenario.

use std::collections::BTreeSet;

use super::PriceChange;
use super::check::Checker;
use super::form::PriceChangeForm;
use crate::model::document::Document;
use crate::model::exact::parse_decimal;
use crate::model::meter::Meter;
use crate::model::money::UnitPrice;
use crate::model::period::rfc3339;

impl Checker<'_> {
    /// The changes in order of time; a meter has one at an instant.
    pub(super) fn price_changes(
        &mut self,
        document: &Document,
        forms: &[PriceChangeForm],
    ) -> Vec<PriceChange> {
        let mut changes = Vec::with_capacity(forms.len());
        let mut seen = BTreeSet::new();
        for (i, form) in forms.iter().enumerate() {
            let at = format!("/price_changes/{i}");
            let when = self.instant_inside(document, &format!("{at}/at"), &form.at);
            let meter: Option<Meter> = match form.meter.parse() {
                Ok(meter) => Some(meter),
                Err(e) => {
                    self.error(document, &format!("{at}/meter"), "scenario::meter", e.to_string());
                    None
                }
            };
            let unit_price = match parse_decimal(&form.unit_price) {
                Ok(number) => Some(UnitPrice(number.normalize())),
                Err(e) => {
                    self.error(
                        document,
                        &format!("{at}/unit_price"),
                        "price::number",
                        e.to_string(),
                    );
                    None
                }
            };
            let (Some(when), Some(meter), Some(unit_price)) = (when, meter, unit_price) else {
                continue;
            };
            if !seen.insert((when, meter.clone())) {
                let name = format!("{meter}` at `{}", rfc3339(when));
                self.duplicate(document, &at, "price of", &name);
            }
            changes.extend(document.part(&at).map(|document| PriceChange {
                at: when,
                meter,
                unit_price,
                document,
            }));
        }
        changes.sort_by_key(|change| change.at);
        changes
    }
}
