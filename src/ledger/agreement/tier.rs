//! Volume tiers: what is used above so much in a month has another price.
#![deny(clippy::arithmetic_side_effects)]

use std::sync::Arc;

use super::Part;
use super::uses::{Together, Uses};
use crate::model::agreement::{Tier, VolumeTiers};
use crate::model::charge::{Charge, Price};
use crate::model::exact::Inexact;
use crate::model::period::{Month, Period};

/// Tiers, and how much of the month is counted.
#[derive(Debug)]
pub(super) struct TierCount<'a> {
    tiers: &'a VolumeTiers,
    month: Option<Month>,
    /// In 10^-9 units.
    counted: i128,
}

impl<'a> TierCount<'a> {
    pub fn new(tiers: &'a VolumeTiers) -> TierCount<'a> {
        TierCount {
            tiers,
            month: None,
            counted: 0,
        }
    }

    pub fn speaks_of(&self, charge: &Charge) -> bool {
        self.tiers.period.contains(charge.period.start)
            && self
                .tiers
                .meters
                .iter()
                .any(|pattern| pattern.matches(&charge.meter))
    }

    pub fn apply(&mut self, day: Period, uses: &mut Uses) -> Result<(), Inexact> {
        let month = Month::of(day.start);
        if self.month.replace(month) != Some(month) {
            self.counted = 0;
        }
        for together in uses.together(|charge| self.speaks_of(charge))? {
            let before = self.counted;
            self.counted = before.saturating_add(together.quantity_nano.into());
            if together.quantity_nano > 0 {
                self.reprice(before, &together, uses)?;
            }
        }
        Ok(())
    }

    /// Moves what lies inside each tier to its price.
    fn reprice(&self, before: i128, together: &Together, uses: &mut Uses) -> Result<(), Inexact> {
        let nexts = self
            .tiers
            .tiers
            .iter()
            .skip(1)
            .map(|next| i128::from(next.above_nano));
        let ends = nexts.chain([i128::MAX]);
        for (tier, end) in self.tiers.tiers.iter().zip(ends) {
            let from = before.max(tier.above_nano.into());
            let inside = self.counted.min(end).saturating_sub(from).max(0);
            let inside = i64::try_from(inside).unwrap_or(i64::MAX);
            self.move_to(tier, inside, together, uses)?;
        }
        Ok(())
    }

    fn move_to(
        &self,
        tier: &Tier,
        quantity_nano: i64,
        together: &Together,
        uses: &mut Uses,
    ) -> Result<(), Inexact> {
        if quantity_nano == 0 {
            return Ok(());
        }
        for (place, quantity_nano) in uses.spread(quantity_nano, together)? {
            let Some(usage) = uses.at(place).map(|charge| charge.price.clone()) else {
                continue;
            };
            let unit_price = tier.agreed.unit_price(usage.list())?;
            if unit_price == usage.unit_price {
                continue;
            }
            let price = Price {
                unit_price,
                list_unit_price: Some(usage.list()),
                source: Arc::from(format!("{} on {}", self.tiers.source, usage.source)),
                ..usage
            };
            let parts = [Part::Regular, Part::Tiered];
            let anew = uses.bill_anew(place, quantity_nano, price, &self.tiers.name, parts)?;
            if let Some(charge) = anew {
                uses.add(charge);
            }
        }
        Ok(())
    }
}
